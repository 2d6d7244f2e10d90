"""Requests made up from the OpenAPI document: none meets a fault of ours."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytest.importorskip("schemathesis", reason="schemathesis, which makes requests up, is missing")

import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scripts.web.descriptions import OPERATIONS
from tests.test_web_serving import serving_thread

#: Requests made up an operation and mode.
EXAMPLES = 40

#: Address, method, and whether what is made up fits the document; without any parameter or body
#: there is nothing that could not fit.
WAYS = [
    (path, method, mode)
    for (path, method), (_, parameters) in OPERATIONS.items()
    for mode in GenerationMode
    if mode == GenerationMode.POSITIVE or parameters or method == "POST"
]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def schema(sample_set, tmp_path_factory):
    output = tmp_path_factory.mktemp("schema") / "output"
    shutil.copytree(sample_set, output)  # feedback is kept in it
    with serving_thread(output) as port:
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/api/openapi.json")


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method", "mode"), WAYS)
def test_no_request_meets_a_fault(schema, path: str, method: str, mode: Any):
    operation = schema[path][method]

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()

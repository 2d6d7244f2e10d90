"""The project around the code: environments, lock file, documents, the two programs."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def split_requirement(text: str) -> tuple[str, frozenset[str]]:
    """Split "name>=1,<2" into its name and its bounds."""
    name = re.match(r"[A-Za-z0-9_.-]+", text)
    assert name
    bounds = text[name.end() :].replace(" ", "")
    return name[0].lower(), frozenset(part for part in bounds.split(",") if part)


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_conda_environment_has_the_names_and_bounds_of_pyproject(project):
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = dict(split_requirement(text) for text in listed["dependencies"])
    wanted = dict(
        split_requirement(text)
        for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    )
    assert conda.pop("python") == frozenset([project["requires-python"]])
    assert conda == wanted


EXTRAS = ["dev", "track", "readers", "text", "web", "browser", "taste"]
LOCKS = {"requirements.lock": ["dev"], "requirements-test.lock": EXTRAS}


def read_pins(name: str) -> set[str]:
    """List the lines of a lock that name a package and its version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line.rstrip(" \\") for line in lines if re.match(r"[a-z0-9-]+==", line)}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_pins_every_dependency_with_hashes_and_names_no_host(project, name):
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert "index" not in lock
    extras = [text for extra in LOCKS[name] for text in project["optional-dependencies"][extra]]
    wanted = {split_requirement(text)[0] for text in [*project["dependencies"], *extras]}
    assert wanted <= {pin.split("==")[0] for pin in read_pins(name)}
    for block in re.split(r"\n(?=[a-z0-9])", lock):
        assert "--hash=sha256:" in block, block[:60]


def test_tests_are_collected_without_the_packages_that_are_in_no_lock():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
    loads_torch = [
        path
        for folder in ("scripts", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(r"^(?:import|from) torch\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert loads_torch
    for path in loads_torch:
        text = path.relative_to(ROOT).as_posix()
        assert f"--ignore={text}" in options["ini_options"]["addopts"].split()
        assert ">>> " not in path.read_text(encoding="utf-8")


def test_tests_run_on_the_versions_that_users_get():
    assert read_pins("requirements.lock") <= read_pins("requirements-test.lock")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_name_only_files_that_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    paths = re.findall(r"`((?:scripts|tests|benchmarks|input)/[\w./-]+)`", text)
    for path in {*links, *paths}:
        made_by_the_user = path.startswith(("input/", "benchmarks/scratch"))
        assert made_by_the_user or (ROOT / path).exists(), f"{name} names {path}"


def test_architecture_names_every_module():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "scripts").rglob("*.py")):
        if path.name != "__init__.py":
            assert f"`{path.stem}" in text or f"{path.stem}.py" in text, path


def test_changelog_has_the_version(project):
    assert project["version"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project["version"] in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason(project):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    for requirement in [*project["dependencies"], *extras]:
        name, _ = split_requirement(requirement)
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("program", ["train.py", "music_recommendation.py"])
def test_readme_shows_every_option(program):
    done = subprocess.run(
        [sys.executable, program, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "100", "PATH": ""},
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", done.stdout)) - {"--help"}:
        assert f"`{option}" in readme, option


@pytest.mark.parametrize("program", ["train.py", "music_recommendation.py"])
def test_the_two_programs_define_no_classes(program):
    tree = ast.parse((ROOT / program).read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def test_modules_and_functions_stay_readable():
    long_ones = []
    for path in sorted((ROOT / "scripts").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 300:
            long_ones.append(path.name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                has_doc = ast.get_docstring(node) is not None
                first = node.body[1] if has_doc and len(node.body) > 1 else node.body[0]
                if (node.end_lineno or 0) - first.lineno + 1 > 50:
                    long_ones.append(f"{path.name}:{node.name}")
    assert not long_ones


def test_ci_runs_check_and_test():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make check" in ci
    assert "make test" in ci

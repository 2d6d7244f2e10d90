"""Moodlist's page in a real browser: the server, Chromium, and what a page must never do.

Conventions
-----------
The server is a process of its own on 127.0.0.1 and a free port, as ``--serve`` starts it; Chromium
is the system's, found by its name. A page that is watched must log no error, open no dialog, break
no rule of its Content-Security-Policy and set no ``window.__pwned``; a refused request is an
error in Chromium's log, so tests that mean to be refused say so.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

#: Size of the window: a desk, a phone, the narrowest phone.
DESK, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)

#: Runs before any script of the page.
WATCH = """
window.__pwned = false;
window.__broken = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__broken.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def find_browser() -> str:
    """Find Chromium, or skip."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)} is installed")
    return found


@contextlib.contextmanager
def serve(output: Path, *options: str) -> Iterator[str]:
    """Serve a trained set until the end of the block; gives the server's address."""
    command = [sys.executable, str(PROJECT / "music_recommendation.py"), "--serve", "--port", "0"]
    command += ["--output", str(output), *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    said: list[str] = []
    drain = threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True)
    try:
        for line in process.stdout:
            said.append(line)
            if found := _ADDRESS.search(line):
                drain.start()
                yield found[0]
                break
        else:
            pytest.fail(f"the server did not start: {''.join(said)}")
    finally:
        process.terminate()
        process.wait(20)
        if drain.is_alive():
            drain.join(5)
        process.stdout.close()


@contextlib.contextmanager
def open_browser() -> Iterator[Any]:
    """Hold one Chromium without a window."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="the extra for tests in a browser is missing (playwright)"
    )
    path = find_browser()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page, and all that it must not do.

    Attributes
    ----------
    page : playwright.sync_api.Page
    may_be_refused : bool
        Whether answers with a status of 400 and more are meant.
    """

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        self.may_be_refused = False
        page.set_default_timeout(30_000)
        page.add_init_script(WATCH)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", self._refuse)

    def _hear(self, message: Any) -> None:
        refused = message.text.startswith("Failed to load resource")
        if message.type == "error" and not (refused and self.may_be_refused):
            self.faults.append(f"console: {message.text}")

    def _refuse(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, query: str = "") -> Any:
        """Open the page with a query and wait until it has settled."""
        self.page.goto(f"{self.base}/{query}")
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page

    def check(self) -> None:
        """Fail if the page did what it must not do."""
        seen = self.page.evaluate("[window.__pwned, window.__broken]")
        assert self.faults == []
        assert seen == [False, []]


def settle(page: Any) -> None:
    """Wait until the list that was asked for is there."""
    page.wait_for_selector('#list[aria-busy="false"]')


def titles(page: Any) -> list[str]:
    """Read the list's titles."""
    return page.locator("#songs .title").all_text_contents()


def point_on(page: Any, valence: float, energy: float) -> tuple[float, float]:
    """Find where a place of the plane is in the window, in pixels."""
    box = page.locator("#plane").bounding_box()
    edge = 0.07
    across = (valence + edge) / (1 + 2 * edge)
    up = (energy + edge) / (1 + 2 * edge)
    return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]

"""A real server on a free port, and a real browser to look at it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
PATIENCE_SECONDS = 60
PATIENCE_MS = 1000 * PATIENCE_SECONDS
"""How long whatever a browser is asked for may take, on a machine that does much else."""
LOGS: list[Path] = []
"""What the servers that run write to, to be told where a test of them fails."""

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@dataclass
class Running:
    """A server that a test started: where it answers, and its process."""

    url: str
    process: subprocess.Popen

    def ask(self, path: str, **headers: str) -> bytes:
        request = urllib.request.Request(f"{self.url}/{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.read()

    def stop(self) -> int:
        """Ask it to stop, as Ctrl+C does, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


@contextmanager
def serving(
    data: Path, script: Path = PROJECT / "app.py", base: str = "", port: int = 0, **settings: str
) -> Iterator[Running]:
    """`streamlit run` on this data folder, from when it answers until the end of the block.

    `settings` stand in its environment, not in that of the tests: a server may outlast the one that started it.
    """
    port = port or free_port()
    options = {"server.port": port, "server.headless": "true", "server.baseUrlPath": base}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        *(f"--{k}={v}" for k, v in options.items()),
    ]
    none = {"STREAMLIT_SECRETS_FILES": str(data / "no-secrets.toml")}  # not those of who runs the tests
    environment = {**os.environ, "CX_DATA": str(data), "PYTHONPATH": str(PROJECT), **none, **settings}
    log = data / "server.log"
    with log.open("w") as written:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=written, stderr=written)
    running = Running(f"http://localhost:{port}/{base}".rstrip("/"), process)
    LOGS.append(log)
    try:
        _wait(running, log)
        yield running
    finally:
        LOGS.remove(log)
        if process.poll() is None:
            running.stop()


def _wait(running: Running, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and running.process.poll() is None:
        try:
            running.ask("_stcore/health")
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"The server did not come up:\n{log.read_text()}")


@contextmanager
def browsing(**context):
    """A fresh browser context; options are playwright's: viewport, color_scheme, reduced_motion, locale …"""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield another(chromium, **context)
        finally:
            chromium.close()


def another(browser: Browser, **context) -> BrowserContext:
    """One more viewer with nothing in their browser, who waits as patiently."""
    opened = browser.new_context(**{"viewport": DESKTOP, **context})
    opened.set_default_timeout(PATIENCE_MS)
    return opened


def card(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-card-{name}")


@contextmanager
def offline(page, url: str):
    """Fail at the end of the block if the page asked anything of another host than the server."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield
    assert [one for one in asked if not one.startswith((url, "data:", "blob:"))] == []

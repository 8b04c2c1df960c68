"""How long from the start of the server to its first page, and how much memory it takes: a real server, a real browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from tests.bench import generate
from tests.e2e import browser
from tests.e2e.browser import CHROMIUM, browsing, serving

PATIENCE_SECONDS = 600


class Started(NamedTuple):
    """Seconds until the server answers (it has computed the first page by then), until a browser shows that page with its
    chart (nan without a browser), and the most memory that the server took (MiB)."""

    answers: float
    shows: float
    memory: float


def started(folder: Path) -> Started:
    """Start the dashboard over this folder's data once."""
    browser.PATIENCE_SECONDS = PATIENCE_SECONDS  # a large store takes longer than those of tests
    now = generate.END.isoformat()
    if not CHROMIUM:
        begun = time.perf_counter()
        with serving(folder / "data", CX_NOW=now) as running:
            running.ask("api/health")
            return Started(time.perf_counter() - begun, float("nan"), _memory(running.process.pid))
    with browsing() as context:
        page = context.new_page()
        begun = time.perf_counter()
        with serving(folder / "data", CX_NOW=now) as running:
            running.ask("api/health")
            answered = time.perf_counter() - begun
            page.goto(running.url)
            page.wait_for_selector("canvas", timeout=1000 * PATIENCE_SECONDS)
            return Started(answered, time.perf_counter() - begun, _memory(running.process.pid))


def _memory(process: int) -> float:
    told = Path(f"/proc/{process}/status").read_text().split("VmHWM:")[1]
    return int(told.split()[0]) / 1024

"""How long from an export's rename into the inbox to the changed number in an open browser.

    python -m tests.bench.landing [ROWS] [TIMES]

A demo company, a real server and a real browser; prints the median, least and most of the delays in milliseconds.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page

from cx import clock, demo
from cx.folders import Folders
from cx.ingest import take_in
from cx.store import Store
from tests.e2e.browser import browsing, serving
from tests.given import frame, row

NOTE_CHANGES = """
(label) => {
  const tiles = () => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
    .flatMap((host) => [...(host.shadowRoot?.querySelectorAll(".tile") ?? [])]);
  window.changes = [];
  let last = null;
  const frame = () => {
    const tile = tiles().find((tile) => tile.textContent.includes(label));
    const told = tile?.querySelector(".range")?.textContent;
    if (told && told !== last) { window.changes.push(Date.now()); last = told; }
    requestAnimationFrame(frame);
  };
  frame();
}
"""


def main(rows: int, times: int) -> None:
    """Land `times` exports of `rows` rows each on an open weekly health page."""
    with tempfile.TemporaryDirectory() as folder:
        folders = company(Folders(Path(folder) / "data").make())
        with serving(folders.root) as running, browsing() as context:
            page = context.new_page()
            page.goto(running.url)
            page.wait_for_selector("canvas", timeout=60_000)
            page.wait_for_timeout(3000)
            page.evaluate(NOTE_CHANGES, "Satisfaction (CSAT)")
            page.wait_for_timeout(500)
            delays = [landed(page, folders, rows, turn) for turn in range(times)]
    told = f"median {statistics.median(delays):.0f}, least {min(delays):.0f}, most {max(delays):.0f}"
    print(
        f"{rows} rows, {times} times, from rename to changed number, ms: {told}; load {os.getloadavg()[0]:.1f}"
    )


def company(folders: Folders) -> Folders:
    """The demo company, taken in."""
    made = demo.make(folders.root / "demo", clock.now())
    demo.install_reference(made, folders.reference)
    store = Store.open(folders.store)
    for path in made.exports:
        take_in(store, folders, path)
    store.close()
    return folders


def landed(page: Page, folders: Folders, rows: int, turn: int) -> float:
    """Land one export; the delay in milliseconds until the page shows another number."""
    seen = page.evaluate("window.changes.length")
    now = clock.now()
    monday = datetime.combine(now.date(), datetime.min.time()) - timedelta(days=now.weekday() + 7)
    hour = timedelta(hours=1)
    surveys = [
        row("survey", source="bench", occurred_at=monday + hour * (i * 160 / rows), csat=1 + turn % 5)
        for i in range(rows)
    ]
    draft = folders.inbox / ".landing.part"
    frame(surveys).to_parquet(draft)
    renamed = time.time() * 1000
    draft.rename(folders.inbox / f"landing-{turn}.parquet")
    page.wait_for_function("(seen) => window.changes.length > seen", arg=seen, timeout=60_000)
    page.wait_for_timeout(2500)
    return float(page.evaluate("(seen) => window.changes[seen]", seen)) - renamed


if __name__ == "__main__":
    main(*(int(word) for word in [*sys.argv[1:], "1000", "10"][:2]))

"""Every page's whole set of queries: what a viewer who opens it first makes the store answer.

    python -m tests.bench.pages FOLDER [--turns 5] [--only WORD] [--each]

FOLDER/data holds a store with exports taken in. Each page, and each section of one, is run once as a viewer's script
runs it, with nothing cached; the queries that it asks are recorded and then asked again, alone. Milliseconds are sums
over the set, medians of several turns after one that does not count; CPU is that of all threads. `page` is the CPU of
the whole script, its Python and its charts included.
"""

from __future__ import annotations

import argparse
import logging
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

from cx.folders import PROJECT, Folders
from cx.ingest import catch_up
from cx.query import Query
from cx.store import Store
from cx.ui import live
from tests.bench import company, generate
from tests.bench.measuring import Taken
from tests.bench.recording import recorded

TURNS = 5
PATIENCE_SECONDS = 3600
QUICK_MS = 5000
OUTSIDE = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""Who warns of everything that is done outside of a viewer's script."""
HEALTH = "pages/weekly_health.py"


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as a viewer opens it: its script, and what its link says."""

    name: str
    script: str
    link: dict[str, str | list[str]]


OPENED = (
    Opened("weekly health", HEALTH, {}),
    Opened("weekly health, two years", HEALTH, {"weeks": "104"}),
    Opened("weekly health, one product", HEALTH, {"product": generate.PRODUCTS[0]}),
    Opened("weekly health: actions", HEALTH, {"part": "actions"}),
    Opened("weekly health: loyalty", HEALTH, {"part": "loyalty"}),
    Opened("surges", "pages/surges.py", {}),
    Opened("campaigns", "pages/campaigns.py", {}),
    Opened(
        "campaigns: one opened",
        "pages/campaigns.py",
        {"opened": generate.CAMPAIGNS[150], "beside": generate.CAMPAIGNS[149:151]},
    ),
    Opened("benchmarks", "pages/benchmarks.py", {}),
    *(
        Opened(f"journey: {section}", "pages/journey.py", {"view": section})
        for section in ("funnel", "ideal", "touchpoints", "paths", "channels", "return")
    ),
    Opened("journey: funnel, two years", "pages/journey.py", {"span": "104"}),
    Opened("data", "pages/data.py", {}),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a page's set of queries takes: milliseconds by the wall and of CPU, and each query's by name, the slowest first.

    `page` is the CPU of the whole script.
    """

    name: str
    queries: int
    taken: Taken
    each: tuple[tuple[str, Taken], ...]
    page: float


def costs(folder: Path, turns: int = TURNS, only: str = "") -> Iterator[Cost]:
    """The cost of every page over the store of this folder, one after the other."""
    with serving(folder) as store:
        for opened in OPENED:
            if only in opened.name:
                asked, page = asked_by(store, opened)
                yield _cost(store, opened.name, asked, page, turns)


@contextmanager
def serving(folder: Path) -> Iterator[Store]:
    """The product over this folder's data, at the moment when its exports end; its store."""
    data = folder / "data"
    if not Folders(data).store.exists():
        raise SystemExit(
            f"There is no store at {Folders(data).store}: python -m tests.bench --folder {folder}"
        )
    company.furnish(Folders(data).reference)
    before = {name: os.environ.get(name) for name in ("CX_DATA", "CX_NOW")}
    os.environ.update(CX_DATA=str(data), CX_NOW=generate.END.isoformat())
    try:
        if catch_up(live.server().store, Folders(data)):
            print("the rollups were counted anew")
        yield live.server().store
    finally:
        live.close()
        st.cache_resource.clear()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def asked_by(store: Store, opened: Opened) -> tuple[list[Query], float]:
    """The queries that a page asks with nothing cached, and the CPU milliseconds of its script, of a quick one the second time."""
    with recorded(store) as asked:
        spent = run(opened, before=asked.clear)
        first = [*asked]
        if spent < QUICK_MS:  # the first page pays for what Python loads; of a long one that is nothing
            spent = run(opened, before=asked.clear)
    return first, spent


def run(opened: Opened, before: Callable[[], None]) -> float:
    """Run a page's script with nothing cached; its CPU milliseconds. `before` is called just ahead of it."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE_SECONDS)
    if opened.script == HEALTH:
        for name, value in opened.link.items():
            app.query_params[name] = value
    else:
        app.run()
        app.switch_page(opened.script)
        for name, value in opened.link.items():
            app.query_params[name] = value
    st.cache_resource.clear()
    before()
    cpu = time.process_time()
    app.run()
    spent = 1000 * (time.process_time() - cpu)
    assert not app.exception, (opened.name, app.exception)
    return spent


def costs_apart(folder: Path, turns: int = TURNS) -> list[Cost]:
    """The same in a process of its own, which prints them as they come."""
    with tempfile.TemporaryDirectory() as drafts:
        path = Path(drafts) / "costs"
        start = "from tests.bench import pages; pages.main()"
        command = [sys.executable, "-c", start, str(folder), "--turns", str(turns), "--file", str(path)]
        subprocess.run(command, cwd=PROJECT, check=True)
        return pickle.loads(path.read_bytes())


def _cost(store: Store, name: str, asked: Sequence[Query], page: float, turns: int) -> Cost:
    for query in asked:
        store.run(query)
    rounds = [[_timed(store, query) for query in asked] for _ in range(turns)]
    sums = [Taken(*map(sum, zip(*round, strict=True))) for round in rounds]
    by_query = [Taken.median(times) for times in zip(*rounds, strict=True)]
    return Cost(name, len(asked), Taken.median(sums), _by_name(asked, by_query), page)


def _timed(store: Store, query: Query) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    store.run(query)
    return Taken(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))


def _by_name(asked: Sequence[Query], taken: Sequence[Taken]) -> tuple[tuple[str, Taken], ...]:
    """Queries of one name together, as often as they are asked; the one that costs most first."""
    found: dict[str, list[Taken]] = defaultdict(list)
    for query, one in zip(asked, taken, strict=True):
        found[query.name].append(one)
    named = [
        (f"{name} x{len(each)}" if len(each) > 1 else name, Taken(*map(sum, zip(*each, strict=True))))
        for name, each in found.items()
    ]
    return tuple(sorted(named, key=lambda one: -one[1].cpu))


HEAD = f"{'page':30}{'queries':>8}{'CPU ms':>9}{'ms':>9}{'page':>9} | the three that cost most (CPU ms)"


def line(cost: Cost) -> str:
    """One line of the table."""
    slowest = ", ".join(f"{name} {taken.cpu:.0f}" for name, taken in cost.each[:3])
    return f"{cost.name:30}{cost.queries:8}{cost.taken.cpu:9.1f}{cost.taken.wall:9.1f}{cost.page:9.0f} | {slowest}"


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path)
    words.add_argument("--turns", type=int, default=TURNS)
    words.add_argument("--only", default="", help="only pages with this in their name")
    words.add_argument("--file", type=Path, help="leave the costs here as well")
    words.add_argument("--each", action="store_true", help="every query, not the three that cost most alone")
    given = words.parse_args()
    logging.getLogger(OUTSIDE).disabled = True
    print(HEAD)
    found = []
    for cost in costs(given.folder, given.turns, given.only):
        found.append(cost)
        print(line(cost), flush=True)
        for name, taken in cost.each if given.each else ():
            print(f"{'':30}{'':8}{taken.cpu:9.1f}{taken.wall:9.1f}{'':9} |   {name}")
    if given.file:
        given.file.write_bytes(pickle.dumps(found))
    print(
        f"median of pages {statistics.median(cost.taken.cpu for cost in found):.0f} ms CPU; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()

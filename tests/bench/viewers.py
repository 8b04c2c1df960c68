"""A hundred open pages that refresh live: how soon they show new data, what they cost, and whether the memory stays flat.

    python -m tests.bench.viewers [--pages 100] [--rows 100000] [--versions 5] [--data FOLDER] [--soak RERUNS]

A demo company and a real server, whose cores the viewers share. A viewer speaks what an open page speaks
(tests/bench/viewing.py), and a real browser among them checks that. With --soak they see as many small exports as make
so many reruns: an hour with a new version every five seconds is 72,000 of a hundred pages.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from cx import clock
from cx.folders import Folders
from tests.bench.landing import company
from tests.bench.measuring import machine
from tests.bench.viewing import Viewer, Watched
from tests.e2e.browser import Running, serving

IDLE_SECONDS = 20
CALM_SECONDS = 3.0
"""How long after the last rerun a version's cost is read: what is done after it is of that version too."""
HOUR_RERUNS = 72_000
FLAT_SHARE = 0.05
"""Memory is called flat where an hour would add less than this share of it."""


class Cost(NamedTuple):
    """What the server has used so far: seconds of CPU, MiB of memory, queries, and the version it shows."""

    cpu: float
    memory: float
    queries: int
    version: int


@dataclass
class Served:
    """A server with figures, and the folders that it takes exports from."""

    running: Running
    folders: Folders

    def cost(self, asking: bool = True) -> Cost:
        """What it has used; asking for its figures is itself one query, which is not counted."""
        told = self.running.ask("metrics").decode() if asking else ""
        process = Path(f"/proc/{self.running.process.pid}")
        ticks = (process / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return Cost(
            sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
            resident / 2**20,
            int(_figure(told, "cx_query_seconds_count")),
            int(_figure(told, "cx_store_version")),
        )

    def land(self, rows: int) -> float:
        """Rename an export of so many surveys of last week into the inbox; the moment of that."""
        draft = self.folders.inbox / ".viewers.part"
        surveys(rows).to_parquet(draft)
        renamed = time.time()
        draft.rename(self.folders.inbox / f"viewers-{time.time_ns()}.parquet")
        return renamed


def _figure(told: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", told, re.MULTILINE)
    return float(found[1]) if found else 0


def surveys(rows: int) -> pd.DataFrame:
    """So many surveys of last week, each with an id that was never there."""
    today = datetime.combine(clock.now().date(), datetime.min.time())
    monday, stamp = today - timedelta(days=today.weekday() + 7), time.time_ns()
    return pd.DataFrame(
        {
            "source": "bench",
            "interaction_id": [f"{stamp}-{number}" for number in range(rows)],
            "occurred_at": pd.date_range(monday, periods=rows, freq=timedelta(days=6) / rows).astype(
                "datetime64[us]"
            ),
            "kind": "survey",
            "asked": True,
            "csat": pd.array([1 + stamp % 5] * rows, dtype="Int64"),
        }
    )


class Turn(NamedTuple):
    """One export: seconds from its rename to each page told, and to each page that shows it; what it cost."""

    told: list[float]
    shown: list[float]
    cpu: float
    queries: int


async def turn(served: Served, viewers: Sequence[Viewer], rows: int, calm: float = CALM_SECONDS) -> Turn:
    """Land an export and wait until all show it, and `calm` seconds more."""
    before = served.cost()
    renamed = served.land(rows)
    shown = await asyncio.gather(*(viewer.shows(before.version + 1) for viewer in viewers))
    await asyncio.sleep(calm)
    after = served.cost()
    told = [viewer.heard_at(before.version + 1) for viewer in viewers]
    own = 1  # the first of the two looks at the figures counts for the turn
    return Turn(
        sorted(moment - renamed for moment in told),
        sorted(moment - renamed for moment in shown),
        after.cpu - before.cpu,
        after.queries - before.queries - own,
    )


@asynccontextmanager
async def opened(url: str, pages: int) -> AsyncIterator[list[Viewer]]:
    """So many open pages."""
    viewers = [Viewer(url) for _ in range(pages)]
    try:
        for viewer in viewers:
            await viewer.open()
        yield viewers
    finally:
        await asyncio.gather(*(viewer.close() for viewer in viewers))


async def idle(served: Served, seconds: float) -> float:
    """Seconds of the server's CPU while nothing happens."""
    before = served.cost(asking=False)
    await asyncio.sleep(seconds)
    return served.cost(asking=False).cpu - before.cpu


async def measure(served: Served, pages: int, rows: int, versions: int) -> None:
    """Print what so many pages see and cost, beside one page and none."""
    url = served.running.url
    async with opened(url, 1) as alone:
        await turn(served, alone, 1000)
        one = [await turn(served, alone, rows) for _ in range(versions)]
        say_turns("1 page", one, 1)
    none = await idle(served, IDLE_SECONDS)
    before = served.cost(asking=False).memory
    async with opened(url, pages) as viewers, Watched.open(url) as watched:
        await turn(served, viewers, 1000)
        many = [await turn(served, viewers, rows) for _ in range(versions)]
        say_turns(f"{pages} pages", many, pages)
        some = await idle(served, IDLE_SECONDS)
        after = served.cost(asking=False).memory
        if watched:
            print(f"the real browser among them said {watched.told()}")
    print(f"CPU of {IDLE_SECONDS} idle seconds: {none:.2f} s without a page, {some:.2f} s with {pages}")
    print(f"memory: {before:.0f} MiB before {pages} pages, {after:.0f} MiB after {versions + 1} versions")


def say_turns(name: str, turns: Sequence[Turn], pages: int) -> None:
    """Print the delays and the cost of some exports: from their rename, and from when the first page was told of them."""
    shown = sorted(delay for one in turns for delay in one.shown)
    since = sorted(delay - one.told[0] for one in turns for delay in one.shown)
    cpu = statistics.mean(one.cpu for one in turns)
    print(
        f"{name}: from rename to shown, s: {spread(shown)}; to the first told"
        f" {statistics.median(one.told[0] for one in turns):.2f}, from then to shown: {spread(since)};"
        f" CPU {cpu:.2f} s a version, {1000 * cpu / pages:.1f} ms a viewer;"
        f" queries a version {sorted({one.queries for one in turns})}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def spread(delays: Sequence[float]) -> str:
    """Sorted delays in words."""
    p95 = delays[int(0.95 * (len(delays) - 1))]
    return f"median {statistics.median(delays):.2f}, p95 {p95:.2f}, worst {delays[-1]:.2f}"


async def soak(served: Served, pages: int, reruns: int) -> bool:
    """Have the pages rerun so often, and print how the memory grew; whether it is flat."""
    sampled: list[tuple[int, float]] = []
    async with opened(served.running.url, pages) as viewers:
        with suppress(asyncio.CancelledError):  # stopped with Ctrl+C, it says what it has
            for number in range(-(-reruns // pages)):
                version = served.cost().version
                served.land(10)
                await asyncio.gather(*(viewer.shows(version + 1) for viewer in viewers))
                sampled.append((sum(viewer.reruns for viewer in viewers), served.cost(asking=False).memory))
                if number % 20 == 0:
                    print(f"{sampled[-1][0]} reruns: {sampled[-1][1]:.0f} MiB", flush=True)
    return say_slope(sampled)


def say_slope(sampled: Sequence[tuple[int, float]]) -> bool:
    """Print the growth over the second half of the samples (reruns, MiB): the first fills the caches."""
    half = sampled[len(sampled) // 2 :]
    slope, _ = statistics.linear_regression([reruns for reruns, _ in half], [memory for _, memory in half])
    hour = slope * HOUR_RERUNS
    flat = hour < FLAT_SHARE * half[-1][1]
    print(
        f"{sampled[-1][0]} reruns, {len(sampled)} versions: {sampled[0][1]:.0f} MiB at first, {half[0][1]:.0f} half way,"
        f" {half[-1][1]:.0f} at last; {hour:+.1f} MiB an hour ({HOUR_RERUNS} reruns): {'flat' if flat else 'NOT FLAT'}"
    )
    return flat


def main() -> None:
    """Measure as the command line says."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    given.add_argument("--pages", type=int, default=100)
    given.add_argument("--rows", type=int, default=100_000)
    given.add_argument("--versions", type=int, default=5)
    given.add_argument(
        "--data", type=Path, help="a data folder with the demo company, of which a copy is used"
    )
    given.add_argument("--soak", type=int, metavar="RERUNS", default=0)
    said = given.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders(Path(folder) / "data")
        if said.data:
            shutil.copytree(said.data, folders.root)
        folders.make()
        folders = folders if said.data else company(folders)
        with serving(folders.root, CX_METRICS="1") as running:
            served = Served(running, folders)
            if said.soak:
                flat = asyncio.run(soak(served, said.pages, said.soak))
                raise SystemExit(0 if flat else 1)
            asyncio.run(measure(served, said.pages, said.rows, said.versions))


if __name__ == "__main__":
    main()

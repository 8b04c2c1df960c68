"""How long each view of the journey page takes over many interactions, beside plain DuckDB over the same files.

    python -m tests.bench.journeys [--rows 10000000] [--folder FOLDER]

Generates the exports and lands them, unless the folder holds them already, and prints one table. Milliseconds are
medians of several turns after one that does not count. CPU time is that of all threads: where others use the machine
too, it tells more than the wall does.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from cx.folders import Folders
from cx.ingest import catch_up
from cx.journey import DEFAULT, LEFT
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters, Query
from cx.questions import behind, channels, counts, funnel, paths, returning, touchpoints
from cx.questions.funnel import Period
from cx.store import LONGEST_SECONDS, Store
from tests.bench import generate, peers, stores
from tests.bench.measuring import measured
from tests.bench.peers import Peer

TURNS, PEER_TURNS = 7, 3
SLOW_MS = 200
PERIODS = (13, 104)
"""Weeks: those that the page shows at first, and the most that it offers."""
SPAN = timedelta(days=7 * PERIODS[0] - 1)

EVERYONE = Filters()
NARROWED = {
    "product": Filters(product=(generate.PRODUCTS[0],)),
    "channel": Filters(channel=(generate.CHANNELS[0],)),
    "segment": Filters(segment=(generate.SEGMENTS[0],)),
}
"""A filter by the commonest value of each of these."""
BEHIND = "behind "
"""How the names of those views begin that show interactions, and so read them."""


@dataclass(frozen=True, slots=True)
class View:
    """One thing that the journey page asks, and the plain counterpart that it is measured against."""

    name: str
    ask: partial[Any]
    peer: Peer | None = None


class Recording(Store):
    """A store that remembers what it was asked."""

    asked: list[Query]

    def run(self, query: Query, limit: float = LONGEST_SECONDS) -> pd.DataFrame:
        """Remember, and answer."""
        self.asked = [*getattr(self, "asked", []), query]
        return super().run(query, limit)


def scanned(query: Query) -> set[str]:
    """The tables that a query names. A plan would leave out those that statistics show to hold nothing wanted."""
    return duckdb.connect().get_table_names(re.sub(r"\$\w+", "null", query.sql))


def reads(store: Recording, ask: Callable[[], Any]) -> set[str]:
    """The tables that a question reads."""
    store.asked = []
    ask()
    return {table for query in store.asked for table in scanned(query)}


def views(store: Store, through: date, weeks: int, files: Path) -> list[View]:
    """Every question of the journey page over so many weeks, those narrowed by filters among them."""
    period = Period(through - timedelta(days=7 * weeks - 1), through, through)
    told, days, rows = (store, DEFAULT, EVERYONE), (period.first, period.last), _rows(files)
    return [
        View("funnel", partial(funnel.funnel, *told, period), peers.funnel(rows, period)),
        *(
            View(f"funnel of one {d}", partial(funnel.funnel, store, DEFAULT, one, period))
            for d, one in NARROWED.items()
        ),
        *(View(f"funnel by {d}", partial(funnel.breakdown, *told, period, d)) for d in JOURNEY_DIMENSIONS),
        View("stages, for the ideal", partial(touchpoints.stages, *told, *days)),
        View("touchpoints", partial(touchpoints.touchpoints, *told, *days), peers.touchpoints(rows, period)),
        *(
            View(f"touchpoints, one {d}", partial(touchpoints.touchpoints, store, DEFAULT, one, *days))
            for d, one in NARROWED.items()
        ),
        View("pains of a stage", partial(touchpoints.reasons, store, EVERYONE, "support", *days)),
        View("paths", partial(paths.ways, *told, *days, through), peers.ways(rows, period)),
        View("presence", partial(channels.presence, store, EVERYONE, *days), peers.presence(rows, period)),
        View("hops", partial(channels.hops, store, EVERYONE, *days)),
        View("devices", partial(channels.devices, store, EVERYONE, *days)),
        View("support", partial(channels.support, store, EVERYONE, *days)),
        View("churn", partial(returning.churn, *told, *days, through)),
        *_behind(told, period),
    ]


def _rows(files: Path) -> str:
    return f"read_parquet('{files}/*.parquet')"


def lasting(store: Store, through: date, first: date, files: Path) -> list[View]:
    """What the page asks whatever period is chosen, and the period before that which it shows at first."""
    told, shown = (store, DEFAULT, EVERYONE), Period(through - SPAN, through, through)
    cohorts = peers.cohorts(_rows(files), Period(first, through, through))
    return [
        View("funnel before", partial(funnel.funnel, *told, shown.before(DEFAULT))),
        View("repeat purchase", partial(returning.repeat_purchase, *told, through)),
        View("cohorts", partial(returning.cohorts, store, EVERYONE, through), cohorts),
        View("habits", partial(returning.habits, *told, through)),
        View("through", partial(touchpoints.through, store, DEFAULT)),
        View("choices", partial(paths.choices, store)),
        View("choices of dimensions", partial(counts.choices, store)),
        View("unknown stages", partial(touchpoints.unknown_stages, store, DEFAULT)),
    ]


def _behind(told: tuple[Any, ...], period: Period) -> Iterable[View]:
    cohort = (period.first - timedelta(days=150)).replace(day=1)
    figures = {
        "a stage": behind.Reached(3, lost=False),
        "a loss": behind.Reached(3, lost=True),
        "a step": behind.Step(1, "discover", "research"),
        "a leave": behind.Step(2, "research", LEFT),
        "a cohort": behind.Cell(cohort, 1),
        "a touchpoint": behind.Place("support", "hotline", "web"),
    }
    views = [View(BEHIND + name, partial(behind.behind, *told, period, it)) for name, it in figures.items()]
    surge = behind.Raised("", "late delivery", period.first, period.last)
    return [*views, View(BEHIND + "a surge", partial(behind.raised, told[0], surge))]


def main(rows: int, folder: Path) -> None:
    """Measure everything over so many rows, in this folder."""
    store, files = landed(folder, rows)
    through = touchpoints.through(store, DEFAULT)
    assert through is not None
    for name, asked in (
        *((f"{weeks} weeks", views(store, through, weeks, files)) for weeks in PERIODS),
        ("any period", lasting(store, through, generate.FIRST.date(), files)),
    ):
        print(f"\n{name:26}{'ms':>8}{'CPU ms':>8} |{'plain':>8}{'CPU ms':>8}{'times':>7}{'CPU':>7} | reads")
        for view in asked:
            print(line(store, view), flush=True)
    agree(store, files, through)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, DuckDB {duckdb.__version__}")


def landed(folder: Path, rows: int) -> tuple[Recording, Path]:
    """A store with the exports taken in, and where they lie."""
    print(stores.prepare(folder, rows) or "landed before")
    folders = Folders(folder / "data")
    store = Recording.open(folders.store)
    assert isinstance(store, Recording)
    if catch_up(store, folders):
        print("the rollups were counted anew")
    return store, folder / "exports"


def line(store: Recording, view: View) -> str:
    """One line of the table."""
    tables = ", ".join(sorted(reads(store, view.ask)))
    wall, cpu = measured(view.ask, TURNS)[1]
    slow = f"  OVER {SLOW_MS} ms" if wall > SLOW_MS else ""
    peer = " " * 30
    if view.peer:
        plain, plain_cpu = min(measured(ask, PEER_TURNS)[1] for ask in plainly(view.peer))
        peer = f"{plain:8.0f}{plain_cpu:8.0f}{plain / wall:7.1f}{plain_cpu / cpu:7.1f}"
    return f"{view.name:26}{wall:8.1f}{cpu:8.1f} |{peer} | {tables}{slow}"


def plainly(peer: Peer) -> list[Callable[[], list[tuple[Any, ...]]]]:
    """Each form of a peer, to be run over the files."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set parquet_metadata_cache = true")
    return [lambda sql=sql: connection.execute(sql, peer.values).fetchall() for sql in peer.forms]


def agree(store: Store, files: Path, through: date) -> None:
    """Stop where the funnel does not count what plain SQL counts of the latest rows."""
    for first in (through - SPAN, generate.FIRST.date()):
        period = Period(first, through, through)
        told = funnel.funnel(store, DEFAULT, EVERYONE, period).stages["reached"].astype(int)
        own = tuple(told[list(DEFAULT.required)])
        for ask in plainly(peers.funnel(_rows(files), period, latest=True)):
            assert ask() == [own], (ask(), own)
        print(f"from {first} both count {', '.join(map(str, own))}")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rows", type=int, default=10_000_000)
    words.add_argument("--folder", type=Path)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(given.rows, given.folder or Path(temporary))

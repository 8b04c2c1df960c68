"""Every question of the journey page reads rollups alone; only the rows behind a figure are read from interactions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from cx.folders import Folders
from cx.query import Query
from cx.questions import behind, channels, funnel, paths, returning, touchpoints
from cx.rollups import TABLES
from tests.bench.journeys import BEHIND, Recording, View, lasting, reads, scanned, views
from tests.given import MONDAY, land, row

FIRST = MONDAY.date()
THROUGH = FIRST + timedelta(days=8)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    folders = Folders(tmp_path_factory.mktemp("scans")).make()
    opened = Recording.open(folders.store)
    kinds = ("visit", "order", "contact", "complaint", "survey")
    land(opened, folders, [row(kind, day, customer_id="a") for day, kind in enumerate(kinds)])
    assert isinstance(opened, Recording)
    yield opened
    opened.close()


def asked(store: Recording | None = None) -> list[View]:
    return [*views(store, THROUGH, 1, Path()), *lasting(store, THROUGH, FIRST, Path())]


@pytest.mark.parametrize("place", range(len(asked())), ids=[view.name for view in asked()])
def test_it_reads_rollups_alone(store: Recording, place: int) -> None:
    view = asked(store)[place]
    tables = reads(store, view.ask)
    assert tables, "it was answered without a query"
    assert tables - set(TABLES) == ({"interactions"} if view.name.startswith(BEHIND) else set())


@pytest.mark.parametrize("module", [funnel, paths, touchpoints, channels, returning, behind])
def test_every_question_is_among_them(module: ModuleType) -> None:
    there = {
        question
        for name, question in inspect.getmembers(module, inspect.isfunction)
        if question.__module__ == module.__name__
        and not name.startswith("_")
        and "store" in inspect.signature(question).parameters
    }
    assert there
    assert there <= {view.ask.func for view in asked()}


def test_no_table_escapes() -> None:
    sql = "with r as (select day from r_day where day > $first) select * from r where day in (select day from interactions)"
    assert scanned(Query("", sql)) == {"r_day", "interactions"}

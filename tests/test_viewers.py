"""Many open pages: each version is asked of the store once for all of them, all show it, and an idle page costs next to nothing.

The viewers speak as browsers do (tests/bench/viewing.py) with a real server; `python -m tests.bench.viewers` measures a
hundred of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import streamlit as st

from cx.folders import Folders
from cx.store import Store
from cx.ui import listeners, live
from tests.bench.viewers import Served, Turn, idle, opened, say_slope, turn
from tests.e2e.browser import serving
from tests.given import NOW, land, row

PAGES = 10
ROWS = 50
IDLE_SECONDS = 1.5


class Told(NamedTuple):
    """What two versions cost, seen by one page and by ten; and CPU seconds of the ten while nothing happened."""

    alone: Turn
    together: Turn
    idle: float
    reruns: list[int]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folders = Folders(tmp_path_factory.mktemp("viewed") / "data").make()
    store = Store.open(folders.store)
    kinds = ("order", "contact", "complaint", "visit", "survey")
    land(store, folders, [row(kinds[i % 5], days=-60 + i / 10, customer_id=f"c{i % 40}", csat=None if i % 5 < 4 else 1 + i % 4)
                          for i in range(690)])  # fmt: skip
    store.close()
    with serving(folders.root, CX_NOW=NOW.isoformat(), CX_METRICS="1") as running:
        yield Served(running, folders)


@pytest.fixture(scope="module")
def told(served: Served) -> Told:
    async def look() -> Told:
        url = served.running.url
        async with opened(url, 1) as first:
            await turn(served, first, ROWS, calm=0.2)  # what the server warms when it starts is over
            alone = await turn(served, first, ROWS, calm=0.2)
        async with opened(url, PAGES) as viewers:
            together = await turn(served, viewers, ROWS, calm=0.2)
            reruns = [viewer.reruns for viewer in viewers]
            still = await idle(served, IDLE_SECONDS)
        return Told(alone, together, still, reruns)

    return asyncio.run(look())


def test_a_version_is_asked_of_the_store_once_however_many_pages_show_it(told: Told) -> None:
    assert told.alone.queries > 0
    assert told.together.queries == told.alone.queries


def test_every_page_shows_the_new_version_after_one_rerun(told: Told) -> None:
    assert len(told.together.shown) == PAGES
    assert told.reruns == [2] * PAGES  # the first one opened the page


def test_while_reruns_are_under_way_the_next_page_waits_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "HOLD_SECONDS", 60.0)
    pages, over = listeners.Listeners(lambda: 1), threading.Event()

    def rerun() -> None:
        pages.rerun()
        over.wait(60)

    async def told() -> tuple[int, int]:
        streams = [pages.events() for _ in range(3)]
        for stream in streams:
            assert (await anext(stream)).endswith("data: 1\n\n")
        for _ in range(listeners.AT_ONCE):
            threading.Thread(target=rerun).start()
        hearing = [asyncio.create_task(anext(stream)) for stream in streams]
        telling = asyncio.create_task(pages.tell(2.5))
        await asyncio.sleep(0.2)
        before = sum(one.done() for one in hearing)
        over.set()
        await telling
        assert [*await asyncio.gather(*hearing)] == ["data: 2.5\n\n"] * 3
        return before, len(pages)

    assert asyncio.run(told()) == (1, 3)


def test_pages_are_told_once_their_own_answers_are_there_and_before_those_of_pages_that_fewer_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    told: list[tuple[str, bool]] = []

    async def publish() -> None:
        pages = live.server().pages.events()
        await anext(pages)  # what was there when the page was opened
        hearing = asyncio.create_task(anext(pages))
        live.warm_with(lambda _: told.append(("ahead", hearing.done())),
                       behind=[lambda _: told.append(("behind", hearing.done()))])  # fmt: skip
        await live.server().publish()
        await hearing
        await pages.aclose()

    try:
        asyncio.run(publish())
    finally:
        live.warm_with()
        live.close()
    assert told == [("ahead", False), ("behind", True)]


def test_idle_pages_cost_less_than_one_refresh_of_them(told: Told) -> None:
    assert told.idle < told.together.cpu / 2


def test_nobody_is_counted_as_listening_who_has_left(served: Served, told: Told) -> None:
    assert b"cx_listeners 0.0" in served.running.ask("metrics")


def test_answers_of_old_versions_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setattr(live, "ANEW_VERSIONS", 5)
    asked: list[int] = []

    @st.cache_resource(show_spinner=False)
    def answer(version: int) -> None:
        asked.append(version)

    async def grow() -> None:
        for _ in range(12):
            with live.server().store.transaction():
                pass
            await live.server().publish()

    live.warm_with(answer)
    try:
        asyncio.run(grow())
    finally:
        live.warm_with()
        live.close()
    assert asked == [*range(1, 13)]
    for version in range(1, 13):
        answer(version)
    assert asked[12:] == [*range(1, 10)]  # what was answered since version 10 was still there


def test_an_edit_by_hand_is_told_once_and_never_looks_like_exports_that_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    server = live.server()
    try:
        file = server.folders.reference / "targets.csv"
        told = [server.signal]
        for text in ("metric,from,value,owner\n", "metric,from,value,owner\ncsat,2026-01-01,85,Ann\n"):
            file.write_text(text)
            for _ in range(2):
                server.edited()
            told.append(server.signal)
        server.edits = live.MOST_EDITS - 1
        told.append(server.signal)
    finally:
        live.close()
    assert told == sorted({*told})
    assert told[-1] < server.version + 0.5


@pytest.mark.parametrize(
    ("grown", "flat"),
    [
        pytest.param(0.0, True, id="it stays"),
        pytest.param(-0.001, True, id="it shrinks"),
        pytest.param(0.001, False, id="72 MiB an hour"),
    ],
)
def test_memory_is_called_flat_by_what_an_hour_would_add(grown: float, flat: bool) -> None:
    assert say_slope([(reruns, 500 + grown * reruns) for reruns in range(100, 5000, 100)]) is flat

"""Answers that are kept: asked once however many want them, the last ones only, never those of who sees other rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from cx.access import acting_as
from cx.access.person import NOBODY, Person
from cx.errors import NotAllowed
from cx.query import Filters
from cx.ui.asks import View
from cx.ui.keeping import age, cached

VIEWERS = 8


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def counting(most: int = 4, needs: str = "") -> tuple[Callable[..., int], list[object]]:
    """A function that is kept, and what it was asked for."""
    asked: list[object] = []

    @cached(most, needs)
    def answer(to: object) -> int:
        asked.append(to)
        return len(asked)

    return answer, asked


def test_however_many_want_an_answer_at_once_it_is_asked_for_once() -> None:
    together, asked = threading.Barrier(VIEWERS), []
    slow = threading.Event()

    @cached(4)
    def answer() -> object:
        asked.append(1)
        slow.wait(0.2)
        return object()

    def want() -> object:
        together.wait()
        return answer()

    with ThreadPoolExecutor(VIEWERS) as viewers:
        told = {id(one.result()) for one in [viewers.submit(want) for _ in range(VIEWERS)]}
    assert (len(told), len(asked)) == (1, 1)


@given(wanted=some.lists(some.integers(0, 5)), most=some.integers(1, 4))
def test_the_answers_that_were_wanted_last_are_kept(wanted: list[int], most: int) -> None:
    answer, asked = counting(most)
    kept: list[object] = []
    expected: list[object] = []
    for one in wanted:
        answer(one)
        expected += [] if one in kept else [one]
        kept = [*(other for other in kept if other != one), one][-most:]
    assert asked == expected


def test_an_answer_that_nobody_used_from_one_version_to_the_next_is_let_go_of() -> None:
    answer, asked = counting()
    for _ in range(3):  # it grows old, and is used meanwhile
        answer("used")
        age()
    answer("new")
    age()
    answer("new")
    age()
    answer("used")
    answer("new")
    assert asked == ["used", "new", "used"]


def test_an_answer_that_failed_is_asked_for_again() -> None:
    failing = [True, False]

    @cached(4)
    def answer() -> str:
        if failing.pop(0):
            raise ValueError("once")
        return "told"

    with pytest.raises(ValueError, match="once"):
        answer()
    assert (answer(), answer()) == ("told", "told")


def test_who_sees_other_rows_has_answers_of_their_own() -> None:
    answer, asked = counting()
    seen = [Filters(), Filters(region=("North",)), Filters(product=("North",))]
    told = []
    for _ in range(2):
        for rows in seen:
            with acting_as(Person("someone", "executive", rows)):
                told.append(answer("this"))
    assert (told, len(asked)) == ([1, 2, 3] * 2, 3)


def test_what_is_kept_is_not_told_without_the_right_to_it() -> None:
    answer, asked = counting(needs="undo")
    answer("this")
    for refused in (NOBODY, Person("someone", "executive")):
        with acting_as(refused), pytest.raises(NotAllowed):
            answer("this")
    assert asked == ["this"]


def test_two_views_are_one_where_everything_in_them_is_equal() -> None:
    def view(version: int = 3, region: str = "North", edited: int = 7) -> View:
        files = (("targets.csv", edited, 12),)
        return View(version, Filters(region=(region,)), 52, datetime(2026, 1, 5), files, "en")

    answer, asked = counting(64)
    for one in (view(), view(4), view(region="South"), view(edited=8)):
        assert answer(one) == answer(one)
    answer(view())
    answer(date(2026, 1, 5))
    assert len(asked) == 5


def two_charts() -> None:
    import streamlit as st

    from cx.ui import parts

    specs = st.session_state["specs"]
    with st.container(border=True):
        parts.chart(specs[0], key="one", alt="The first")
    parts.chart(specs[1], key="other", alt="The second")


def test_a_chart_that_others_have_seen_is_drawn_the_same_and_prepared_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared: list[object] = []
    draw = st.vega_lite_chart

    def counted(spec: object, **how: object) -> object:
        prepared.append(spec)
        return draw(spec, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(st, "vega_lite_chart", counted)
    specs = [{"mark": mark, "encoding": {"x": {"field": "n"}}, "data": {"values": [{"n": 1}]}} for mark in ("bar", "line")]  # fmt: skip

    def seen(specs: list[dict[str, object]]) -> list[str]:
        app = AppTest.from_function(two_charts)
        app.session_state["specs"] = specs
        app.run()
        assert not app.exception
        charts = app.get("vega_lite_chart")
        assert len(app.main.children) == 2  # each stands where it was drawn, also within a container
        return [chart.proto.SerializeToString(deterministic=True).hex() for chart in charts]

    first = seen(specs)
    assert len(first) == 2
    assert seen(specs) == first
    assert len(prepared) == 2
    assert seen(specs[::-1]) != first  # another chart under the same key is another chart

"""What was computed of campaigns is kept as long as all that it came from stays, and never longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import lift, reference
from cx.folders import Folders
from cx.lift import Memory
from cx.lift.memory import digest
from cx.questions.campaigns import League, league, picture
from cx.reference import Costs
from cx.store import Store
from tests.given import land, row

DAYS, PRODUCTS = pd.date_range("2025-01-01", periods=120), ("a", "b", "c")
TOLD = pd.DataFrame(
    {"id": ["x", "y"], "start": DAYS[[60, 80]], "end": DAYS[[70, 90]], "products": [("a",), ("a", "b")]}
)
UNITS = np.random.default_rng(7).poisson(40, (3, 120)).astype(float)


class Counting:
    """Lifts, and how often they were computed."""

    def __init__(self) -> None:
        self.times = 0

    def lifts(self, units: np.ndarray[Any, Any], told: pd.DataFrame) -> pd.DataFrame:
        self.times += 1
        return lift.lifts(lift.study(DAYS, PRODUCTS, units, told))


@settings(max_examples=6, deadline=None)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from([0, 65, 85, 119]), st.sampled_from([0.0, 1.0, 40.0, 41.0])
        ),
        max_size=6,
    )
)
def test_with_a_memory_and_without_the_same_is_said(edits: list[tuple[int, int, float]]) -> None:
    memory, units, seen = Memory(most=3), UNITS.copy(), Counting()
    for product, day, sold in [(0, 0, UNITS[0, 0]), *edits]:
        units[product, day] = sold
        told = memory.of(seen.lifts, units, TOLD)
        pd.testing.assert_frame_equal(told, Counting().lifts(units, TOLD), check_exact=True)
    assert seen.times <= len(edits) + 1


def changed(place: tuple[int, ...], by: float) -> np.ndarray[Any, Any]:
    units = UNITS.copy()
    units[place] += by
    return units


@pytest.mark.parametrize(
    ("units", "told", "again"),
    [
        pytest.param(UNITS.copy(), TOLD.copy(), False, id="the same numbers in other arrays"),
        pytest.param(np.asfortranarray(UNITS), TOLD, False, id="the same numbers in another order of memory"),
        pytest.param(changed((2, 119), 1), TOLD, True, id="a unit more on the last day"),
        pytest.param(changed((0, 0), 1e-9), TOLD, True, id="a trace more on the first day"),
        pytest.param(UNITS, TOLD.assign(end=TOLD["end"] + pd.Timedelta(days=1)), True, id="a campaign ends later"),
        pytest.param(UNITS, TOLD.assign(products=[("a",), ("ab",)]), True, id="other products, the same letters"),
        pytest.param(UNITS, TOLD.assign(id=["x", "z"]), True, id="another name"),
        pytest.param(UNITS, TOLD[:1], True, id="a campaign less"),
    ],
)  # fmt: skip
def test_only_what_is_different_is_computed_again(
    units: np.ndarray[Any, Any], told: pd.DataFrame, again: bool
) -> None:
    memory, seen = Memory(), Counting()
    memory.of(seen.lifts, UNITS, TOLD)
    memory.of(seen.lifts, units, told)
    assert seen.times == 1 + again


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param((("a", "b"),), (("ab",),), id="strings"),
        pytest.param(("a", "b"), ("ab", ""), id="where one value ends"),
        pytest.param((np.zeros((2, 3)),), (np.zeros((3, 2)),), id="shapes"),
        pytest.param((np.zeros(1),), (np.zeros(1, np.int64),), id="kinds of number"),
        pytest.param((pd.DataFrame({"a": [1], "b": [2]}),), (pd.DataFrame({"b": [1], "a": [2]}),), id="names"),
        pytest.param((DAYS,), (DAYS[1:],), id="days"),
        pytest.param((0.1 + 0.2,), (0.3,), id="the last bit"),
    ],
)  # fmt: skip
def test_different_things_have_different_digests(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert digest(*one) != digest(*other)
    assert digest(*one) == digest(*one)


def test_the_oldest_answers_are_let_go() -> None:
    memory, seen = Memory(most=2), Counting()
    for first in (0, 1, 0, 2, 0, 1):
        memory.of(seen.lifts, UNITS + first, TOLD)
    assert seen.times == 4


def test_of_many_that_ask_at_once_one_computes() -> None:
    memory, seen, ready = Memory(), Counting(), Barrier(8)

    def ask(_: int) -> pd.DataFrame:
        ready.wait()
        return memory.of(seen.lifts, UNITS, TOLD)

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(ask, range(8)))
    assert seen.times == 1
    assert all(each is told[0] for each in told)


def test_an_error_is_told_and_not_kept() -> None:
    memory, seen = Memory(), Counting()
    for _ in range(2):
        with pytest.raises(ValueError, match="days in a row"):
            memory.of(seen.lifts, UNITS[:2], TOLD)
    assert seen.times == 2


CAMPAIGNS = """id,name,channel,products,starts_on,ends_on,cost,goal
x,Lights,web,Lamp,2026-02-05,2026-02-11,100,
y,Desks,web,Desk,2026-02-16,2026-02-22,,
"""
THROUGH = date(2026, 3, 8)


def sold(days: range, each: int = 1) -> list[dict[str, Any]]:
    return [
        row("order", day + 0.4, product=name, units=each + (day + len(name) + n) % 3, amount=10.0 + n)
        for day in days
        for n, name in enumerate(("Lamp", "Desk", "Chair"))
    ]


def shown(told: League | None) -> dict[str, Any]:
    """All numbers of a league."""
    assert told is not None
    return {
        each.campaign.id: (
            {name: [*table] for name, table in each.lifts.items()},
            each.net,
            each.excess.to_dict(),
            each.reasons.to_dict(),
            each.conversion,
            picture(told, each).to_dict(),
        )
        for each in told.results
    }


@pytest.fixture
def kept(store: Store, folders: Folders) -> tuple[Memory, pd.DataFrame]:
    (folders.reference / "campaigns.csv").write_text(CAMPAIGNS, encoding="utf-8")
    land(store, folders, [*sold(range(-50, 6)), row("complaint", -20.5, product="Lamp")])
    table = reference.campaigns(folders.reference)
    memory = Memory()
    league(store, table, Costs(), THROUGH, memory=memory)
    return memory, table


@pytest.mark.parametrize(
    ("rows", "through"),
    [
        pytest.param(sold(range(7, 8)), THROUGH, id="orders of a day that is not complete"),
        pytest.param(sold(range(-20, -19), 5), THROUGH, id="orders of a day of a campaign"),
        pytest.param([row("complaint", -15.5, product="Desk")], THROUGH, id="a complaint that came late"),
        pytest.param([row("signup", -15.5)], THROUGH, id="a sign-up"),
        pytest.param([], date(2026, 3, 9), id="a day more"),
    ],
)
def test_after_any_landing_a_league_says_what_it_says_without_a_memory(
    store: Store,
    folders: Folders,
    kept: tuple[Memory, pd.DataFrame],
    rows: list[dict[str, Any]],
    through: date,
) -> None:
    memory, table = kept
    if rows:
        land(store, folders, rows)
    with_memory = shown(league(store, table, Costs(), through, memory=memory))
    assert repr(with_memory) == repr(shown(league(store, table, Costs(), through)))


def test_rows_of_today_leave_the_study_as_it_is(
    store: Store, folders: Folders, kept: tuple[Memory, pd.DataFrame]
) -> None:
    memory, table = kept
    before = league(store, table, Costs(), THROUGH, memory=memory)
    land(store, folders, sold(range(7, 8)))
    after = league(store, table, Costs(), THROUGH, memory=memory)
    land(store, folders, sold(range(-20, -19)))
    later = league(store, table, Costs(), THROUGH, memory=memory)
    assert before is not None
    assert after is not None
    assert later is not None
    assert np.isfinite(before.results[0].lifts["units"]["lift"])
    assert after.units is before.units
    assert later.units is not before.units

"""A walk over customers in arrays finds what looking at every row would, in however many batches it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import rollups
from cx.folders import Folders
from cx.journey import DEFAULT
from cx.rollups import walk
from cx.rollups.funnel import within
from cx.rollups.walk import DAY, Walk, firsts, running
from cx.store import Store
from tests.conftest import everything
from tests.given import MONDAY, land, row

LATER = MONDAY + timedelta(days=300)
CENTURY = 36_525 * DAY
EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9), st.booleans()), min_size=1, max_size=40)
"""A customer, a moment, and whether something holds."""


def walked(events: list[tuple[int, int, bool]], unit: int = DAY) -> tuple[Walk, Any]:
    """These events in order, the moments in units; and which hold."""
    whose, moments, holds = (np.array(each) for each in zip(*sorted(events), strict=True))
    columns = {"customer_no": whose, "occurred_at": (moments * unit).astype("datetime64[us]")}
    return Walk(columns, {"kind": pa.array([], pa.string())}, 0), holds


@settings(deadline=None)
@given(EVENTS, st.integers(0, 1))
def test_the_next_and_the_last_are_those_of_the_same_customer(events: list[Any], after: int) -> None:
    told, holds = walked(events)
    rows = np.arange(len(told))
    for at, (coming, gone) in enumerate(
        zip(told.next(holds, rows, after), told.last(holds, rows), strict=True)
    ):
        own = np.flatnonzero((told.customer == told.customer[at]) & holds)
        assert coming == min(own[own >= at + after], default=len(told))
        assert gone == max(own[own < at], default=-1)


@settings(deadline=None)
@given(EVENTS, st.integers(0, 5), st.sampled_from([DAY, 100 * CENTURY]))
def test_a_window_holds_what_is_no_further_away(events: list[Any], window: int, unit: int) -> None:
    """Moments of many centuries do not fit into one number together with the customers: they are told apart in parts."""
    told, _ = walked(events, unit)
    rows = np.arange(len(told))
    for at, begin, end in zip(rows, *within(told, told.at, rows, 0, window * unit), strict=True):
        own, moment = told.customer == told.customer[at], told.at[at]
        inside = np.flatnonzero(own & (told.at >= moment) & (told.at <= moment + window * unit))
        assert [*inside] == [*range(begin, end)]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1000)), max_size=30))
def test_a_running_sum_begins_anew_with_each_run(rows: list[tuple[int, float]]) -> None:
    runs, values = (np.array([row[place] for row in sorted(rows)], dtype=float) for place in (0, 1))
    told = running(values, firsts(runs))
    for run in {*runs}:
        assert [*told[runs == run]] == [*np.cumsum(values[runs == run])]


def test_batches_change_nothing(store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("visit", "order", "contact", "complaint", "order", "cancel", "order")
    rows = [
        row(kind, 20 * n + after, customer_id=f"c{n % 700}", touchpoint="desk", csat=4)
        for n, after in ((n, n % 5) for n in range(1400)) for kind in kinds[: n % 7 + 1]
    ]  # fmt: skip
    land(store, folders, rows, LATER + timedelta(days=30_000))
    whole = everything(store)
    monkeypatch.setattr(walk, "_FEW", 0)
    monkeypatch.setattr(walk, "BATCH", 1000)
    with store.transaction() as cursor:
        cursor.execute("create or replace temp table touched as select customer_no from customers")
        assert len(walk._batches(cursor)) == 3
        rollups.rebuild(cursor, DEFAULT)
    assert everything(store) == whole

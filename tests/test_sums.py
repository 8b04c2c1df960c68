"""Sums over customers are what their own query makes of the rollups by customer, however those came to be."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx import rollups
from cx.folders import Folders
from cx.ingest.forget import forget
from cx.ingest.retention import let_leave
from cx.journey import DEFAULT
from cx.query import Filters
from cx.questions.channels import presence
from cx.questions.funnel import Period, funnel
from cx.rollups.sums import Sums
from cx.store import Store
from tests.conftest import answer
from tests.given import MONDAY, land, row

MANY = 40
"""Customers beside whom one or two are few."""
EVERY = [sums for part in rollups.SUMMED for sums in part.sums(DEFAULT)]

Row = dict[str, Any]


def crowd() -> list[Row]:
    """Many customers, each on days of their own."""
    return [
        row(kind, n + after, customer_id=f"c{n}", channel="web", interaction_id=f"{kind} {n}")
        for n in range(MANY) for after, kind in enumerate(("visit", "order"))
    ]  # fmt: skip


def kept(store: Store, sums: Sums) -> Counter[tuple[Any, ...]]:
    """How often each is told, in however many rows."""
    told: Counter[tuple[Any, ...]] = Counter()
    for *keys, n in answer(store, f"select {', '.join(sums.keys)}, n from {sums.table}"):
        told[tuple(keys)] += n
    return Counter({keys: n for keys, n in told.items() if n})


def counted(store: Store, sums: Sums) -> Counter[tuple[Any, ...]]:
    """The same, counted anew."""
    return Counter({tuple(keys): n for *keys, n in answer(store, sums.of("true"))})


EVENT = st.builds(
    row,
    kind=st.sampled_from(["visit", "order", "contact", "cancel"]),
    days=st.sampled_from([0, 0.5, 1, 3, 14.5, 21, 40, 220]),
    customer_id=st.sampled_from(["c0", "c1", "new"]),
    channel=st.sampled_from(["web", "phone", "store"]),
    device=st.sampled_from(["mobile", None]),
    touchpoint=st.sampled_from(["home page", None]),
)


@settings(max_examples=5, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(st.lists(EVENT, min_size=1, max_size=6), min_size=1, max_size=3), st.booleans())
def test_what_changed_is_taken_off_and_added(emptied: Any, landings: list[list[Row]], forgets: bool) -> None:
    store, folders = emptied()
    later = MONDAY + timedelta(days=400)
    land(store, folders, crowd(), later)
    for rows in landings:
        land(store, folders, rows, later)
    if forgets:
        forget(store, folders, "c1")
    for sums in EVERY:
        assert kept(store, sums) == counted(store, sums), sums.table


@pytest.mark.parametrize(
    ("more", "changed"), [(1, True), (MANY, False)], ids=["of one customer", "of everyone"]
)
def test_only_what_changed_is_written_where_few_are_folded(
    store: Store, folders: Folders, more: int, changed: bool
) -> None:
    land(store, folders, crowd(), MONDAY + timedelta(days=90))
    assert answer(store, "select count(*), min(n) from r_ways") == [(MANY, 1)]
    land(store, folders, [row("cancel", n + 1.5, customer_id=f"c{n}") for n in range(more)],
         MONDAY + timedelta(days=90))  # fmt: skip
    assert answer(store, "select sum(n), count(*) > 40, min(n) from r_ways") == [
        (MANY, changed, -1 if changed else 1)
    ]
    assert kept(store, EVERY[1]) == counted(store, EVERY[1])


@pytest.mark.parametrize("rebuilt", [True, False], ids=["after a rebuild", "after a landing"])
def test_a_customer_counts_once_over_days_whose_rows_have_left(
    store: Store, folders: Folders, rebuilt: bool
) -> None:
    seen = [row("visit", day, customer_id=f"c{n}", channel="web") for n in range(3) for day in (0, 400)]
    last = MONDAY + timedelta(days=440)
    land(store, folders, [*seen, *crowd()], last)
    (folders.reference / "settings.toml").write_text("[privacy]\nkeep_rows_days = 365\n")
    assert let_leave(store, folders, last).rows
    if rebuilt:
        with store.transaction() as cursor:
            rollups.rebuild(cursor, DEFAULT)
    else:
        land(store, folders, [row("visit", 401, customer_id=f"c{n}", channel="web") for n in range(3)], last)
    days = (MONDAY.date(), last.date())
    everyone = funnel(store, DEFAULT, Filters(), Period(*days, last.date())).everyone
    assert everyone == MANY
    assert set(presence(store, Filters(), *days)["active"]) == {MANY}
    for sums in EVERY:
        assert kept(store, sums) == counted(store, sums), sums.table


def test_sums_are_of_what_is_kept_by_customer() -> None:
    assert {sums.table for sums in EVERY} == {*rollups.SUMS}
    assert not {*rollups.SUMS} & {*rollups.BY_CUSTOMER, *rollups.BY_DAY}

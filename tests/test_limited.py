"""Rows that some people may see: their store is the one that these rows alone would have made."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx import limited
from cx.folders import Folders
from cx.ingest import take_in
from cx.ingest.undo import undo
from cx.limited import Limited, Limits
from cx.notes import Surge, note
from cx.query import Filters
from cx.store import Store
from tests.conftest import NOW, ROW, Emptied, answer, everything, write_csv

NORTH = Filters(region=("north",))
REGIONS = {"1": "north", "2": "north", "3": "south", "4": "", "5": "north"}
"""The region of each interaction: it is never said to be of another."""

STATES = st.fixed_dictionaries(
    {
        "interaction_id": st.sampled_from([*REGIONS]),
        "occurred_at": st.integers(0, 3).map(lambda day: str(datetime(2025, 10, 1) + timedelta(days=day))),
        "kind": st.sampled_from(["contact", "order"]),
        "customer_id": st.sampled_from(["a", "b", ""]),
        "stage": st.sampled_from(["", "discover", "purchase"]),
        "csat": st.sampled_from([1, 5, 9]),
        "updated_at": st.sampled_from(["2025-10-06", "2025-10-07"]),
        "consent": st.sampled_from(["", "", "false"]),
    }
)


def row(**columns: object) -> dict[str, object]:
    filled = {"order_id": "o1", "product": "lamp", "units": 1, "amount": 2, "handled_by": "human"}
    return ROW | filled | {"region": REGIONS.get(str(columns.get("interaction_id")), "north")} | columns


def land(store: Store, folders: Folders, rows: list[dict[str, object]], name: str) -> None:
    take_in(store, folders, write_csv(folders.root / f"{name}.csv", rows), NOW)


@settings(max_examples=3, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(st.lists(STATES, min_size=1, max_size=5), min_size=1, max_size=4), st.data())
def test_it_is_the_store_that_these_rows_alone_would_have_made(
    emptied: Emptied, landings: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    store, folders = emptied()
    own, there = Limited(store, NORTH), {}
    for place, states in enumerate(landings):
        rows = [row(**state) for state in states] + [row(interaction_id=f"its own {place}", csat=place)]
        land(store, folders, rows, str(place))
        there[place] = (answer(store, "select max(file_id) from files")[0][0], rows)
        if data.draw(st.booleans(), label="undo one"):
            gone = data.draw(st.sampled_from([*there]), label="which")
            undo(store, folders, str(there.pop(gone)[0]), NOW + timedelta(hours=1))
        if data.draw(st.booleans(), label="look"):
            own.store()
    found = everything(own.store())
    store, folders = emptied()
    for place, (_, rows) in there.items():
        land(store, folders, [one for one in rows if one["region"] == "north"], f"north {place}")
    assert found == everything(store)


def test_what_is_not_to_be_seen_is_not_there_at_all(store: Store, folders: Folders) -> None:
    land(
        store,
        folders,
        [row(interaction_id=id_, customer_id=f"c{id_}", text=f"said {id_}") for id_ in REGIONS],
        "x",
    )
    own = Limited(store, NORTH).store()
    assert answer(own, "select distinct region, text from interactions order by 2") == [
        ("north", f"said {id_}") for id_ in ("1", "2", "5")
    ]
    assert answer(own, "select count(*) from customers") == [(3,)]
    for table in ("files", "refusals", "history", "again", "alert_log", "forgotten"):
        assert answer(own, f"select count(*) from {table}") == [(0,)]


def test_what_people_did_about_surges_of_other_products_is_not_told(store: Store, folders: Folders) -> None:
    land(store, folders, [row()], "x")
    for product in ("lamp", "oven"):
        note(store, Surge(product, "broken", NOW.date()), "acknowledge", "", "ana", NOW)
    own = Limited(store, Filters(product=("lamp",))).store()
    assert answer(own, "select product from surge_log") == [("lamp",)]
    assert len(answer(Limited(store, NORTH).store(), "select product from surge_log")) == 2


@pytest.mark.parametrize(
    "rows", [Filters(product=("none such",)), Filters(region=("'; drop table interactions; --",))]
)
def test_who_sees_no_row_sees_an_empty_store(store: Store, folders: Folders, rows: Filters) -> None:
    land(store, folders, [row()], "x")
    own = Limited(store, rows).store()
    assert answer(own, "select count(*) from interactions") == [(0,)]
    assert answer(store, "select count(*) from interactions") == [(1,)]


def test_many_who_ask_at_once_get_the_newest_rows(store: Store, folders: Folders) -> None:
    limits, counts = Limits(store), []
    for landed in range(1, 4):
        land(store, folders, [row(interaction_id=f"{landed} {n}") for n in range(5)], str(landed))

        def look(region: str) -> None:
            own = limits.store(Filters(region=(region,)))
            counts.append((region, answer(own, "select count(*) from interactions")[0][0]))

        askers = [threading.Thread(target=look, args=(name,)) for name in ("north", "south") * 4]
        for one in askers:
            one.start()
        for one in askers:
            one.join()
        assert {*counts} == {("north", 5 * landed), ("south", 0)}
        counts.clear()


def test_only_so_many_are_held(store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "MOST_STORES", 2)
    land(store, folders, [row()], "x")
    limits = Limits(store)
    first = limits.store(NORTH)
    assert limits.store(NORTH) is first
    for place in range(2):
        limits.store(Filters(region=(f"{place}",)))
    assert limits.store(NORTH) is not first


def test_it_leaves_nothing_on_disk(store: Store, folders: Folders) -> None:
    land(store, folders, [row()], "x")
    before = {path: path.stat().st_size for path in folders.root.rglob("*") if path.is_file()}
    Limited(store, NORTH).store()
    assert {path: path.stat().st_size for path in folders.root.rglob("*") if path.is_file()} == before

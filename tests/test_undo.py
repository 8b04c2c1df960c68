"""Undoing an export: the store is then the one that only the others made, whatever they replaced of each other."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx import rollups
from cx.errors import CannotUndo
from cx.folders import Folders
from cx.ingest import Report, take_in
from cx.ingest.undo import leaving, undo
from cx.journey import DEFAULT
from cx.store import Store
from tests.conftest import NOW, ROW, answer, everything, known_as, write_csv
from tests.killing import begun
from tests.test_upgrade import fresh, old

__all__ = ["fresh", "old"]

Ask = Callable[[str], list[tuple[Any, ...]]]
LATER = NOW + timedelta(hours=1)


def ingest(store: Store, folders: Folders, *rows: dict[str, object], name: str = "x.csv") -> Report:
    return take_in(store, folders, write_csv(folders.root / name, rows), NOW)


def state(day: int, **columns: object) -> dict[str, object]:
    return ROW | {"updated_at": f"2025-10-{day:02}"} | columns


def test_what_an_export_replaced_comes_back(store: Store, folders: Folders, ask: Ask) -> None:
    ingest(store, folders, state(1, csat=2), name="a.csv")
    before = everything(store)
    ingest(store, folders, state(2, csat=5), state(2, interaction_id="2"), name="b.csv")
    told = undo(store, folders, "b.csv", LATER)
    assert (told.rows, told.returning, told.kept) == (2, 1, 0)
    assert everything(store) == before
    assert ask("select csat from interactions") == [(2,)]
    assert ask("select name, undone_at from files order by file_id") == [("a.csv", None), ("b.csv", LATER)]


def test_a_row_that_another_export_said_too_stays(store: Store, folders: Folders, ask: Ask) -> None:
    for name in ("a", "b", "c"):
        ingest(store, folders, state(1), state(1, interaction_id=name), name=f"{name}.csv")
    assert leaving(store, "a.csv").kept == 1
    for name, stay in (("a", ["1", "b", "c"]), ("c", ["1", "b"]), ("b", [])):
        undo(store, folders, f"{name}.csv", LATER)
        assert [row[0] for row in ask("select interaction_id from interactions order by 1")] == stay
    assert ask("select count(*) from again") == [(0,)]


def test_the_same_file_can_land_again(store: Store, folders: Folders, ask: Ask) -> None:
    path = write_csv(folders.root / "x.csv", [ROW, ROW | {"interaction_id": "2", "csat": 9}])
    take_in(store, folders, path, NOW)
    landed = everything(store)
    undo(store, folders, "1", LATER)
    assert ask("select (select count(*) from interactions), (select count(*) from refusals)") == [(0, 0)]
    assert take_in(store, folders, path, NOW).rows_kept == 1
    assert everything(store) == landed
    assert leaving(store, "x.csv").file_id == 2


def test_a_customer_who_came_with_it_alone_leaves_with_it(store: Store, folders: Folders, ask: Ask) -> None:
    ingest(store, folders, ROW | {"customer_id": "ann"}, name="a.csv")
    ingest(
        store,
        folders,
        *(ROW | {"interaction_id": name, "customer_id": name} for name in ("ann", "bob")),
        name="b.csv",
    )
    undo(store, folders, "b.csv", LATER)
    assert ask("select customer_id from customers") == [(known_as("ann"),)]


def test_consent_that_was_withdrawn_stays_withdrawn(store: Store, folders: Folders, ask: Ask) -> None:
    for day, consent in ((1, ""), (2, "true"), (4, "false"), (3, "true")):
        row = state(day, customer_id="ann", text="hello", consent=consent)
        ingest(store, folders, row, name=f"{day}.csv")
    assert ask("select distinct customer_id, text, consent from history") == [(None, None, False)]
    undo(store, folders, "4.csv", LATER)
    assert ask(
        "select customer_id, text, updated_at from interactions left join customers using (customer_no)"
    ) == [(None, None, datetime(2025, 10, 3))]


@pytest.mark.parametrize(
    ("which", "why"),
    [("never.csv", "No export of this name"), ("2", "undone already"), ("bad.csv", "set aside whole")],
)
def test_what_cannot_be_undone_says_why(store: Store, folders: Folders, which: str, why: str) -> None:
    ingest(store, folders, ROW)
    ingest(store, folders, ROW | {"csat": 3}, name="y.csv")
    take_in(store, folders, write_csv(folders.root / "bad.csv", [{"a": 1}]), NOW)
    undo(store, folders, "y.csv", LATER)
    version = store.version
    with pytest.raises(CannotUndo, match=why):
        undo(store, folders, which, LATER)
    assert store.version == version


def test_an_export_of_an_earlier_version_stays_and_one_on_top_of_it_can_be_undone(old: Folders) -> None:
    store = Store.open(old.store)
    with pytest.raises(CannotUndo, match="earlier version"):
        undo(store, old, "1", LATER)
    with store.transaction() as cursor:
        rollups.rebuild(cursor, DEFAULT)
    before = everything(store)
    (changed,) = answer(store, "select source, interaction_id from interactions limit 1")
    row = ROW | dict(zip(("source", "interaction_id"), changed, strict=True))
    ingest(store, old, row | {"occurred_at": "2025-10-09"})
    undo(store, old, "x.csv", LATER)
    assert everything(store) == before
    store.close()


# The law: landings and undone ones, in any order, leave what the others alone would have made.

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["desk", "shop"]),
            "interaction_id": st.sampled_from(["1", "2", "3"]),
            "occurred_at": st.integers(0, 3).map(
                lambda day: str(datetime(2025, 10, 1) + timedelta(days=day))
            ),
            "kind": st.sampled_from(["contact", "order"]),
            "channel": st.just("web"),
            "customer_id": st.sampled_from(["a", "b", ""]),
            "stage": st.sampled_from(["", "discover", "purchase"]),
            "order_id": st.just("o1"),
            "product": st.just("lamp"),
            "units": st.just(1),
            "amount": st.integers(1, 2),
            "handled_by": st.sampled_from(["bot", "human"]),
            "csat": st.sampled_from([1, 5, 9]),
            "updated_at": st.sampled_from(["2025-10-06", "2025-10-07"]),
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=3, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(ROWS, min_size=1, max_size=4), st.lists(st.integers(0, 3), max_size=6))
def test_undone_exports_leave_nothing_behind(emptied, landings, changes) -> None:  # type: ignore[no-untyped-def]
    store, folders = emptied()
    there: dict[int, int] = {}
    for step in [*range(len(landings)), *changes]:
        if step in there:
            undo(store, folders, str(there.pop(step)), LATER)
        elif step < len(landings):
            rows = [*landings[step], ROW | {"interaction_id": f"its own {step}", "csat": step + 4}]
            take_in(store, folders, write_csv(folders.root / f"{step}.csv", rows), NOW)
            there[step] = answer(store, "select max(file_id) from files")[0][0]
    after = held(store)
    with store.transaction() as cursor:
        rollups.rebuild(cursor, DEFAULT)
    assert held(store) == after
    store, folders = emptied()
    for step in sorted(there):
        take_in(store, folders, folders.root / f"{step}.csv", NOW)
    assert held(store) == after


def held(store: Store) -> list[Any]:
    """All rows and figures, and what was refused for its own sake."""
    refused = """
select f.name, r.* exclude (file_id) from refusals r join files f using (file_id)
where not starts_with(rule, 'superseded') order by all"""
    customers = "select distinct customer_id from interactions left join customers using (customer_no) where customer_id is not null order by 1"
    known = answer(store, f"select count(*) from ({customers} ) anti join customers using (customer_id)")
    assert known == [(0,)]
    return [*everything(store), answer(store, refused)]


# Killed at any moment, an export is undone or it is not.

KILLS = 6


def undo_in(root: Path) -> None:
    """What the process that gets killed does."""
    folders = Folders(root)
    store = Store.open(folders.store)
    undo(store, folders, "b.csv", LATER)
    store.close()


def test_killed_at_any_moment_it_is_undone_or_not(tmp_path: Path) -> None:
    calm, before = landed(tmp_path / "calm")
    started = time.monotonic()
    undo_in(calm.root)
    lasts = time.monotonic() - started
    after = held_in(calm)
    assert before != after
    chance, killed, stormy = random.Random(7), 0, tmp_path / "stormy"
    while killed < KILLS:
        shutil.rmtree(stormy, ignore_errors=True)
        folders, _ = landed(stormy)
        victim = begun(undo_in, stormy)
        victim.join(chance.random() * lasts * 1.5)
        victim.kill()
        victim.join()
        killed += victim.exitcode == -9
        assert held_in(folders) in (before, after)


def landed(root: Path) -> tuple[Folders, list[Any]]:
    """Two exports, the second of which replaces rows of the first; and what the store then holds."""
    folders = Folders(root).make()
    store = Store.open(folders.store)
    for name, day, first in (("a.csv", 1, 0), ("b.csv", 2, 100)):
        rows = [
            state(day, interaction_id=n, customer_id=n % 40, csat=n % 5 + 1)
            for n in range(first, first + 200)
        ]
        ingest(store, folders, *rows, name=name)
    store.close()
    return folders, held_in(folders)


def held_in(folders: Folders) -> list[Any]:
    store = Store.open(folders.store)
    try:
        return [*held(store), answer(store, "select name, undone_at is null from files order by 1")]
    finally:
        store.close()

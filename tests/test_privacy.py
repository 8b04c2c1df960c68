"""What is kept of customers: pseudonyms, consent, forgetting, and how long."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import rollups
from cx.errors import BadKey
from cx.folders import Folders
from cx.ingest import Report, archive, take_in
from cx.ingest.forget import Forgotten, forget
from cx.ingest.retention import Left, let_leave
from cx.pseudonyms import LENGTH, Key, pseudonym_of
from cx.query import Query
from cx.store import Store
from tests.conftest import NOW, ROW, Emptied, answer, everything, known_as, write_csv

Ask = Callable[[str], list[tuple[Any, ...]]]
ANN = {"customer_id": "Ann.Lee@mail.com", "segment": "vip", "csat": 2, "text": "The kettle sings falsetto"}


def ingest(store: Store, folders: Folders, *rows: dict[str, object], name: str = "x.csv") -> Report:
    return take_in(store, folders, write_csv(folders.root / name, rows), NOW)


def holding(folders: Folders, *words: str) -> set[str]:
    """The files below the data folder whose bytes, or unpacked values, hold one of these words."""
    found = set()
    for path in folders.root.rglob("*"):
        if (path.is_file() and path.parent != folders.root) or path == folders.store:
            told = path.read_bytes().lower()
            if path.suffix == ".parquet":
                told += pd.read_parquet(path).astype(str).to_csv().lower().encode()
            if any(word.lower().encode() in told for word in words):
                found.add(path.name)
    return found


def in_store(store: Store, *words: str) -> set[str]:
    """The tables with a cell that holds one of these words, capitals or not."""
    tables = [name for (name,) in answer(store, "select table_name from duckdb_tables() where not internal")]
    return {
        table for table in tables
        if any(word.lower() in str(answer(store, f"from {table}")).lower() for word in words)
    }  # fmt: skip


# The key


@pytest.fixture
def own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CX_KEY")


@pytest.mark.usefixtures("own_key")
def test_the_key_is_made_once_and_for_its_owner_alone(folders: Folders) -> None:
    Store.open(folders.store).close()
    key = folders.root / "customer.key"
    first = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    Store.open(folders.store).close()
    assert key.read_text() == first
    assert first.strip() not in str(Key.beside(folders.store))


@pytest.mark.usefixtures("own_key")
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda key: key.unlink(), "is gone"),
        (lambda key: key.write_text("ab" * 32), "not the key that this store was filled with"),
        (lambda key: key.write_text("password"), "does not hold a key"),
        (lambda key: key.write_bytes(b"\xff" * 64), "cannot be read"),
    ],
)
def test_without_its_key_a_store_does_not_open(
    folders: Folders, harm: Callable[[Path], object], said: str
) -> None:
    Store.open(folders.store).close()
    harm(folders.root / "customer.key")
    with pytest.raises(BadKey, match=said):
        Store.open(folders.store)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200))
def test_the_pseudonym_in_sql_is_that_of_a_keyed_hash(emptied: Emptied, customer_id: str) -> None:
    store, _ = emptied()
    told = customer_id if "@" not in customer_id else "".join(c for c in customer_id if c.isascii())
    values = {**store.key.values, "told": told}
    sql = f"select {pseudonym_of('told')} as who from (select cast($told as varchar) as told)"
    assert store.run(Query("pseudonym", sql, values))["who"].iloc[0] == store.key.pseudonym(told)


@pytest.mark.parametrize("spelt", ["ann.lee@mail.com", " Ann.Lee@MAIL.com ", "ANN.LEE@mail.com"])
def test_an_address_is_the_same_customer_however_it_is_spelt(
    store: Store, folders: Folders, ask: Ask, spelt: str
) -> None:
    ingest(store, folders, ROW | {"customer_id": spelt})
    assert ask("select customer_id from interactions left join customers using (customer_no)") == [
        (known_as("ann.lee@mail.com"),)
    ]


def test_ids_stand_in_no_file_that_is_kept(store: Store, folders: Folders) -> None:
    path = write_csv(
        folders.inbox / "x.csv", [ROW | ANN, ROW | {"interaction_id": "2", "customer_id": "4711"}]
    )
    take_in(store, folders, path, NOW)
    assert len(known_as("4711")) == LENGTH
    assert (path.exists(), in_store(store, "ann.lee", "4711")) == (False, set())
    store.close()
    assert holding(folders, "ann.lee", "4711") == set()


def test_an_archived_landing_is_taken_in_as_it_is(store: Store, folders: Folders) -> None:
    ingest(store, folders, ROW | ANN | {"text": "Call me: ann@mail.com"})
    (landing,) = archive.every(folders)
    before = everything(store)
    report = take_in(store, folders, landing / archive.ROWS, NOW)
    assert (report.rows_same, report.notes, report.unused) == (1, (), ())
    assert everything(store) == before


@pytest.mark.usefixtures("own_key")
def test_the_archive_of_another_store_is_refused(store: Store, folders: Folders, tmp_path: Path) -> None:
    other = Folders(tmp_path / "other").make()
    elsewhere = Store.open(other.store)
    ingest(elsewhere, other, ROW | ANN)
    elsewhere.close()
    (landing,) = archive.every(other)
    assert "archive of another store" in take_in(store, folders, landing / archive.ROWS, NOW).reason


# Texts


def test_texts_and_refused_values_are_masked(store: Store, folders: Folders, ask: Ask) -> None:
    said = "Write to ann.lee@mail.com or pay DE89 3704 0044 0532 0130 00"
    ingest(store, folders, ROW | {"text": said}, ROW | {"interaction_id": "2", "csat": said})
    assert ask("select text from interactions") == [("Write to [EMAIL] or pay [IBAN]",)]
    assert ask("select value from refusals") == [("Write to [EMAIL] or pay [IBAN]",)]


def test_texts_are_dropped_where_the_settings_say_so(store: Store, folders: Folders, ask: Ask) -> None:
    (folders.reference / "settings.toml").write_text("[privacy]\ntexts = false\n")
    ingest(store, folders, ROW | ANN)
    assert ask("select text, csat from interactions") == [(None, 2)]
    store.close()
    (folders.root / "x.csv").unlink()
    assert holding(folders, "falsetto") == set()


def test_with_broken_settings_nothing_is_taken_in_until_they_are_mended(
    store: Store, folders: Folders
) -> None:
    path = write_csv(folders.inbox / "x.csv", [ROW])
    (folders.reference / "settings.toml").write_text("[privacy]\ntext = false\n")
    report = take_in(store, folders, path, NOW)
    assert (report.waiting, path.exists()) == (True, True)
    assert "settings.toml" in report.reason
    (folders.reference / "settings.toml").unlink()
    assert take_in(store, folders, path, NOW).rows_kept == 1


# Consent


STATES = [("", 1), ("true", 2), ("false", 3)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("together", [True, False], ids=["one file", "files"])
def test_consent_that_is_withdrawn_takes_every_state_with_it(
    store: Store, folders: Folders, ask: Ask, order: tuple[int, ...], together: bool
) -> None:
    rows = [ROW | ANN | {"consent": STATES[i][0], "updated_at": f"2025-10-0{STATES[i][1]}"} for i in order]
    for n, part in enumerate([rows] if together else [[row] for row in rows]):
        ingest(store, folders, *part, name=f"{n}.csv")
        (folders.root / f"{n}.csv").unlink()
    words = ("ann.lee", "falsetto", "vip", known_as("ann.lee@mail.com"))
    assert ask(
        "select customer_id, segment, csat, consent from interactions left join customers using (customer_no)"
    ) == [(None, None, None, False)]
    assert in_store(store, *words[:3]) == set()
    assert ask("select count(*) from history where coalesce(customer_id, text, segment) is not null") == [
        (0,)
    ]
    store.close()
    assert holding(Folders(folders.root), *words) <= {
        folders.store.name
    }  # deleted bytes leave with `compact`


# Forgetting

SOME = st.lists(
    st.fixed_dictionaries(
        {
            "interaction_id": st.sampled_from("12345678"),
            "customer_id": st.sampled_from(["ann@mail.com", "bob", ""]),
            "kind": st.sampled_from(["contact", "complaint", "visit", "survey"]),
            "csat": st.sampled_from(["1", "5"]),
            "segment": st.sampled_from(["vip", ""]),
        }
    ),
    min_size=1, max_size=8,
)  # fmt: skip
FILLED = {"stage": "research", "reason": "leaks", "asked": "true", "text": "falsetto"}


@settings(max_examples=4, deadline=None)
@given(st.lists(SOME, min_size=1, max_size=3))
def test_forgetting_is_as_if_consent_had_been_refused_from_the_start(
    emptied: Emptied, files: list[list[dict[str, str]]]
) -> None:
    def held(consent: dict[str, str], forgets: bool) -> list[list[tuple[Any, ...]]]:
        store, folders = emptied()
        for n, rows in enumerate(files):
            said = [
                ROW | FILLED | row | {"updated_at": f"2025-10-{n + 1:02} 00:0{i}"}
                | (consent if row["customer_id"] == "ann@mail.com" else {})
                for i, row in enumerate(rows)
            ]  # fmt: skip
            ingest(store, folders, *said, name=f"{n}.csv")
        if forgets:
            forget(store, folders, "ann@mail.com")
        shutil.rmtree(folders.archive)
        assert not (forgets and in_store(store, known_as("ann@mail.com")))
        return everything(store)

    assert held({}, forgets=True) == held({"consent": "false"}, forgets=False)


def test_a_forgotten_customer_is_nowhere_any_more(store: Store, folders: Folders, ask: Ask) -> None:
    rows = [ROW | ANN | {"interaction_id": str(i), "updated_at": f"2025-10-0{i}"} for i in range(1, 4)]
    other = ROW | {"interaction_id": "9", "customer_id": "bob", "text": "Too loud"}
    ingest(store, folders, *rows, other, ROW | ANN | {"interaction_id": "8", "kind": "nonsense"})
    ingest(store, folders, rows[0] | {"updated_at": "2025-10-05"}, name="y.csv")
    for name, content in (("named.csv", "who\nann.lee@mail.com\n"), ("other.csv", "who\nbob\n")):
        (folders.inbox / name).write_text(content)
        take_in(store, folders, folders.inbox / name, NOW)
    for name in ("x.csv", "y.csv"):
        (folders.root / name).unlink()
    counted = """
select day, sum(interactions), (select sum(contacts) from r_day) from r_volume where dimension = '' group by day"""
    volumes = ask(counted)
    told = forget(store, folders, "ann.lee@MAIL.com ")
    assert told == Forgotten(3, 1, 1, 2, ("named.csv",), 1)
    words = ("ann.lee", "falsetto", "vip", known_as("ann.lee@mail.com"))
    assert in_store(store, *words) == set()
    assert ask(counted) == volumes
    assert ask(
        "select customer_id, text from interactions left join customers using (customer_no) where text is not null"
    ) == [(known_as("bob"), "Too loud")]
    store.close()
    assert holding(folders, *words) == set()
    assert sorted(path.name for path in folders.refused.iterdir()) == ["other.csv", "other.csv.txt"]


def test_whoever_was_forgotten_stays_so(store: Store, folders: Folders, ask: Ask) -> None:
    assert forget(store, folders, "ann.lee@mail.com") == Forgotten(0, 0, 0, 0, ())
    ingest(store, folders, ROW | ANN, ROW | {"interaction_id": "2", "customer_id": "bob"})
    assert ask("select customer_id, consent, text from interactions left join customers using (customer_no) order by interaction_id") == [
        (None, False, None), (known_as("bob"), None, None),
    ]  # fmt: skip
    forget(store, folders, "ann.lee@mail.com")
    assert ask("select count(*) from forgotten") == [(1,)]


# How long


OLD, RECENT = date(2024, 1, 20), date(2025, 9, 20)


def journeys(first: int, customers: int = 6) -> list[dict[str, object]]:
    """Visits, orders and complaints of some customers, long ago and lately."""
    walk = (("visit", 0), ("order", 1), ("complaint", 4))
    return [
        ROW | FILLED | {
            "interaction_id": f"{first} {who} {day} {kind}", "customer_id": f"c{who}", "kind": kind, "order_id": f"{day}{who}",
            "product": "lamp", "units": 1, "amount": 10.0 + who, "occurred_at": f"{day + timedelta(days=after + who)} 10:00",
            "csat": who % 5 + 1,
        }
        for who in range(first, first + customers) for day in (OLD, RECENT) for kind, after in walk
    ]  # fmt: skip


def sums(store: Store) -> list[list[tuple[Any, ...]]]:
    """What the pages read."""
    return [sorted(answer(store, f"from {table}"), key=repr) for table in rollups.TABLES]


def keeping(folders: Folders, told: str) -> None:
    (folders.reference / "settings.toml").write_text(f"[privacy]\n{told}\n")


def test_words_leave_and_everything_else_stays(store: Store, folders: Folders, ask: Ask) -> None:
    ingest(store, folders, *journeys(0))
    before = sums(store)
    keeping(folders, "keep_texts_days = 100")
    assert let_leave(store, folders, NOW) == Left(texts=18)
    assert ask("select cast(occurred_at as date) < date '2025-07-01', count(*), count(text) from interactions group by all order by all") == [
        (False, 18, 18), (True, 18, 0),
    ]  # fmt: skip
    (landing,) = archive.every(folders)
    assert pd.read_parquet(landing / archive.ROWS)["text"].notna().sum() == 18
    assert sums(store) == before
    assert let_leave(store, folders, NOW) == Left()


def test_rows_leave_a_month_at_a_time_and_the_sums_stay(store: Store, folders: Folders, ask: Ask) -> None:
    ingest(store, folders, *journeys(0))
    before = sums(store)
    keeping(folders, "keep_rows_days = 365")
    assert let_leave(store, folders, NOW) == Left(rows=18)
    assert ask("select min(occurred_at), count(*) from interactions") == [(datetime(2025, 9, 20, 10), 18)]
    (landing,) = archive.every(folders)
    assert len(pd.read_parquet(landing / archive.ROWS)) == 18
    assert sums(store) == before
    assert ask("select kept_from from meta") == [(datetime(2024, 10, 1),)]
    assert let_leave(store, folders, NOW) == Left()


def test_what_lands_after_rows_left_counts_anew_and_changes_nothing_old(
    store: Store, folders: Folders, ask: Ask
) -> None:
    ingest(store, folders, *journeys(0))
    keeping(folders, "keep_rows_days = 365")
    let_leave(store, folders, NOW)
    old = "select {} from {} where {} < date '2024-10-01' order by all"
    told = [
        table for table in rollups.TABLES if table not in ("r_begun", "r_moves")
    ]  # without days; of spells that go on
    tables = [(table, rollups.frozen.begins(table)) for table in told]
    before = [
        ask(old.format("* exclude (last_day, until, cancelled)" if table == "r_spells" else "*", table, day))
        for table, day in tables
    ]
    late = ROW | {"interaction_id": "late", "occurred_at": "2024-01-20 10:00"}
    again = ROW | FILLED | {"interaction_id": "new", "customer_id": "c0", "kind": "order", "order_id": "n", "product": "lamp",
                            "units": 1, "amount": 5.0, "occurred_at": "2025-10-08 10:00"}  # fmt: skip
    report = ingest(store, folders, late, again, name="y.csv")
    assert [(one.row, one.rule) for one in report.examples] == [(1, "too_old")]
    after = [
        ask(old.format("* exclude (last_day, until, cancelled)" if table == "r_spells" else "*", table, day))
        for table, day in tables
    ]
    assert after == before
    assert ask("select count(*), count(distinct customer_no), min(day) from r_buyers") == [
        (6, 6, datetime(2024, 1, 21))
    ]
    assert ask("select sum(orders) from r_day where day = date '2025-10-08'") == [(1.0,)]
    spells = "select count(*) from r_spells a join r_spells b on a.customer_no = b.customer_no and a.from_day < b.from_day and a.until > b.from_day"
    assert ask(spells) == [(0,)]


def test_a_rebuild_and_an_upgrade_keep_what_can_no_longer_be_counted(store: Store, folders: Folders) -> None:
    ingest(store, folders, *journeys(0))
    keeping(folders, "keep_rows_days = 365")
    let_leave(store, folders, NOW)
    before = sums(store)[: len(rollups.BY_DAY)]
    with store.transaction() as cursor:
        cursor.execute("update meta set shape = 'of an earlier version'")
    store.close()
    again = Store.open(folders.store)
    journey = again.journey
    assert journey is None
    with again.transaction() as cursor:
        from cx.journey import DEFAULT

        rollups.rebuild(cursor, DEFAULT)
    assert sums(again)[: len(rollups.BY_DAY)] == before
    again.close()


def test_refused_rows_and_files_leave_after_their_time(store: Store, folders: Folders) -> None:
    ingest(store, folders, ROW | {"csat": 9})
    (folders.inbox / "bad.csv").write_text("a\n1\n")
    take_in(store, folders, folders.inbox / "bad.csv", NOW)
    (rows,) = folders.archive.glob(f"*/{archive.REFUSED}")
    long_ago = (NOW - timedelta(days=40)).timestamp()
    for path in (rows, *folders.refused.iterdir()):
        os.utime(path, (long_ago, long_ago))
    assert let_leave(store, folders, NOW) == Left(refused=3)
    assert ([*folders.refused.iterdir()], rows.exists()) == ([], False)


def test_an_old_export_that_is_set_aside_today_stays_its_time(store: Store, folders: Folders) -> None:
    path = folders.inbox / "bad.csv"
    path.write_text("a\n1\n")
    os.utime(path, ((NOW - timedelta(days=400)).timestamp(),) * 2)
    take_in(store, folders, path, NOW)
    assert let_leave(store, folders, NOW) == Left()
    assert (folders.refused / "bad.csv").exists()


def test_nothing_of_a_row_is_logged(store: Store, folders: Folders, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ingest(store, folders, ROW | ANN, ROW | ANN | {"interaction_id": "2", "csat": "falsetto"})
        (folders.inbox / "bad.csv").write_text("ann.lee@mail.com,falsetto\n1,2\n")
        take_in(store, folders, folders.inbox / "bad.csv", NOW)
        forget(store, folders, "ann.lee@mail.com")
    assert not [
        word for word in ("ann.lee", "falsetto", known_as("ann.lee@mail.com")) if word in caplog.text.lower()
    ]

"""An export into the store: every rule, the latest state of each row, exactly once, whatever the order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx import rollups
from cx.folders import Folders
from cx.ingest import Refusal, Report, catch_up, explain, take_in, watch
from cx.ingest.check import CODES
from cx.ingest.rules import RULES
from cx.journey import DEFAULT
from cx.store import Store
from tests.conftest import NOW, ROW, answer, everything, known_as, write_csv

Ask = Callable[[str], list[tuple[Any, ...]]]


def ingest(store: Store, folders: Folders, *rows: dict[str, object], name: str = "x.csv") -> Report:
    return take_in(store, folders, write_csv(folders.root / name, rows), NOW)


BROKEN: list[tuple[dict[str, object], tuple[str, str | None, str]]] = [
    ({"source": ""}, ("source", None, "missing")),
    ({"interaction_id": "  "}, ("interaction_id", None, "missing")),
    ({"occurred_at": ""}, ("occurred_at", None, "missing")),
    ({"kind": ""}, ("kind", None, "missing")),
    ({"channel": ""}, ("channel", None, "missing")),
    ({"kind": "order", "product": "lamp", "units": 1, "amount": 2}, ("order_id", None, "missing")),
    ({"kind": "review"}, ("sentiment, csat, nps, text", None, "missing_one_of")),
    ({"kind": "contcat"}, ("kind", "contcat", "not_allowed")),
    ({"device": "fridge"}, ("device", "fridge", "not_allowed")),
    ({"occurred_at": "01.10.2025"}, ("occurred_at", "01.10.2025", "not_a_time")),
    ({"occurred_at": "2025-02-30"}, ("occurred_at", "2025-02-30", "not_a_time")),
    ({"occurred_at": "infinity"}, ("occurred_at", "infinity", "not_a_time")),
    ({"occurred_at": "2025-10-12 14:10:01"}, ("occurred_at", "2025-10-12 14:10:01", "in_the_future")),
    ({"occurred_at": "2025-10-12 12:00 -0500"}, ("occurred_at", "2025-10-12 12:00 -0500", "in_the_future")),
    ({"updated_at": "yesterday"}, ("updated_at", "yesterday", "not_a_time")),
    ({"amount": "1,000"}, ("amount", "1,000", "not_a_number")),
    ({"amount": "nan"}, ("amount", "nan", "not_a_number")),
    ({"amount": "1e999"}, ("amount", "1e999", "not_a_number")),
    ({"amount": "1_000"}, ("amount", "1_000", "not_a_number")),
    ({"amount": "-0.01"}, ("amount", "-0.01", "too_low")),
    ({"resolution_seconds": "-1"}, ("resolution_seconds", "-1", "too_low")),
    ({"units": "3000000000"}, ("units", "3000000000", "too_high")),
    ({"units": "0x10"}, ("units", "0x10", "not_a_number")),
    ({"csat": "4.4"}, ("csat", "4.4", "not_whole")),
    ({"csat": "0"}, ("csat", "0", "off_scale")),
    ({"csat": "6"}, ("csat", "6", "off_scale")),
    ({"nps": "11"}, ("nps", "11", "off_scale")),
    ({"ces": "8"}, ("ces", "8", "off_scale")),
    ({"escalated": "perhaps"}, ("escalated", "perhaps", "not_true_or_false")),
    ({"handled_by": "x" * 200}, ("handled_by", "x" * 80, "not_allowed")),
]  # fmt: skip
UNDERSTOOD = [
    ("occurred_at", "2025-10-01T10:00:00Z", datetime(2025, 10, 1, 10)),
    ("occurred_at", "2025-10-01 10:00:00 -0800", datetime(2025, 10, 1, 18)),
    ("occurred_at", "2025-10-01T10:00:00.5+03:30", datetime(2025, 10, 1, 6, 30, 0, 500_000)),
    ("occurred_at", "2025-10-01", datetime(2025, 10, 1)),
    ("occurred_at", "2025-10-12 14:10:00", datetime(2025, 10, 12, 14, 10)),
    ("csat", "4.0", 4),
    ("nps", "0", 0),
    ("amount", "1e3", 1000.0),
    ("amount", ".5", 0.5),
    ("escalated", "YES", True),
    ("escalated", "0", False),
    ("product", "  lamp ", "lamp"),
    ("product", "  ", None),
    ("text", " so so ", " so so "),
    ("brand", "", "ours"),
    ("brand", "Acme", "Acme"),
]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Report]]:
    """One export of all rows: those that break a rule, each in its place of BROKEN, and then those that are understood."""
    folders = Folders(tmp_path_factory.mktemp("rules")).make()
    store = Store.open(folders.store)
    rows = [ROW | {"interaction_id": f"broken {n}"} | changed for n, (changed, _) in enumerate(BROKEN)]
    rows += [ROW | {"interaction_id": f"{n}", column: told} for n, (column, told, _) in enumerate(UNDERSTOOD)]
    yield store, ingest(store, folders, *rows)
    store.close()


def test_of_each_row_it_is_known_whether_it_was_kept(landed: tuple[Store, Report]) -> None:
    store, report = landed
    counts = (report.rows_read, report.rows_kept, report.rows_refused)
    assert counts == (len(BROKEN) + len(UNDERSTOOD), len(UNDERSTOOD), len(BROKEN))
    assert report.examples == tuple(
        Refusal("x.csv", row, *refused)
        for row, (_, refused) in enumerate(BROKEN[: len(report.examples)], start=1)
    )
    assert len(answer(store, "select * from refusals")) == len(BROKEN)


@pytest.mark.parametrize("place", range(len(BROKEN)), ids=[f"{refused}" for _, refused in BROKEN])
def test_a_row_that_breaks_a_rule_is_refused_with_its_column_value_and_rule(
    landed: tuple[Store, Report], place: int
) -> None:
    told = f"select column_name, value, rule from refusals where file_row = {place + 1}"
    assert answer(landed[0], told) == [BROKEN[place][1]]


@pytest.mark.parametrize(
    "place", range(len(UNDERSTOOD)), ids=[f"{column}: {told}" for column, told, _ in UNDERSTOOD]
)
def test_a_value_is_understood(landed: tuple[Store, Report], place: int) -> None:
    column, _, kept = UNDERSTOOD[place]
    assert answer(landed[0], f"select {column} from interactions where interaction_id = '{place}'") == [
        (kept,)
    ]


def test_every_rule_is_explained_with_what_to_do():
    assert {rule for _, rule in CODES} | {"broken_line"} == set(RULES)
    for column, rule in CODES:
        sentence = explain(rule, column, "9")
        assert sentence.endswith(("?", "."))
        assert "{" not in sentence
    assert explain("not_allowed", "kind", "contcat").endswith("Did you mean 'contact'?")
    assert "1 to 5" in explain("off_scale", "csat", "9")


def test_refused_values_never_hold_personal_data(store: Store, folders: Folders, ask: Ask):
    row = ROW | {"customer_id": "jane@example.org", "text": "call me", "csat": "9"}
    ingest(store, folders, row, ROW | {"kind": "signup", "customer_id": "", "interaction_id": "2"})
    assert ask("select column_name, value from refusals order by file_row") == [
        ("csat", "9"),
        ("customer_id", None),
    ]
    assert "jane" not in str(ask("select * from refusals"))


def test_without_consent_the_row_is_kept_but_nothing_of_the_customer(
    store: Store, folders: Folders, ask: Ask
):
    row = ROW | {"kind": "signup", "customer_id": "jane", "text": "hello", "segment": "vip", "csat": 5}
    consents = enumerate(("true", "false", ""))
    ingest(store, folders, *(row | {"interaction_id": i, "consent": consent} for i, consent in consents))
    assert ask("select customer_id, text, segment, csat from interactions left join customers using (customer_no) order by interaction_id") == [
        (known_as("jane"), "hello", "vip", 5), (None, None, None, None), (known_as("jane"), "hello", "vip", 5),
    ]  # fmt: skip


def test_a_row_without_a_time_of_change_takes_the_files(store: Store, folders: Folders, ask: Ask):
    path = write_csv(folders.root / "x.csv", [ROW])
    os.utime(path, (datetime(2025, 10, 2, 3, tzinfo=UTC).timestamp(),) * 2)
    take_in(store, folders, path, NOW)
    assert ask("select updated_at from interactions") == [(datetime(2025, 10, 2, 3),)]


def test_of_the_same_row_twice_in_a_file_the_latest_is_kept_and_the_other_listed(
    store: Store, folders: Folders, ask: Ask
):
    states = [("2025-10-03", 5), ("2025-10-05", 1), ("2025-10-04", 3)]
    report = ingest(store, folders, *(ROW | {"updated_at": at, "csat": score} for at, score in states))
    assert (report.rows_kept, report.rows_superseded, report.rows_refused) == (1, 2, 0)
    assert ask("select csat, file_row from interactions") == [(1, 2)]
    assert [(r.row, r.value, r.rule) for r in report.examples] == [
        (1, "1", "superseded_in_file"), (3, "1", "superseded_in_file"),
    ]  # fmt: skip


def test_a_later_export_replaces_a_row_and_both_its_days_are_recounted(
    store: Store, folders: Folders, ask: Ask
):
    ingest(store, folders, ROW | {"updated_at": "2025-10-01 11:00"})
    report = ingest(
        store,
        folders,
        ROW
        | {"updated_at": "2025-10-08", "occurred_at": "2025-10-07", "kind": "complaint", "reason": "late"},
    )
    assert (report.rows_kept, report.rows_superseded) == (1, 0)
    assert ask("select kind from interactions") == [("complaint",)]
    assert ask("select day::varchar, contacts, complaints from r_day") == [("2025-10-07", 1, 1)]


def test_an_older_export_does_not_undo_a_newer_one(store: Store, folders: Folders, ask: Ask):
    ingest(store, folders, ROW | {"updated_at": "2025-10-08", "csat": 5})
    report = ingest(store, folders, ROW | {"updated_at": "2025-10-01", "csat": 1}, name="old.csv")
    assert (report.rows_kept, report.rows_superseded) == (0, 1)
    assert report.examples == (Refusal("old.csv", 1, "interaction_id", "1", "superseded_in_store"),)
    assert ask("select csat from interactions") == [(5,)]


def test_the_same_content_under_any_name_changes_nothing(store: Store, folders: Folders, ask: Ask):
    ingest(store, folders, ROW)
    version = store.version
    report = ingest(store, folders, ROW, name="renamed.csv")
    assert report == Report("renamed.csv", already=True)
    assert store.version == version
    assert ask("select count(*) from files") == [(1,)]


def test_rows_that_stand_already_are_not_rewritten(store: Store, folders: Folders, ask: Ask):
    row = ROW | {"updated_at": "2025-10-02"}
    ingest(store, folders, row)
    report = ingest(store, folders, row, row | {"interaction_id": "2"}, name="more.csv")
    assert report.rows_kept == 2
    assert ask("select interaction_id, file_id from interactions order by 1") == [("1", 1), ("2", 2)]


def test_a_file_of_refused_rows_alone_is_in_the_ledger(store: Store, folders: Folders, ask: Ask):
    report = ingest(store, folders, ROW | {"csat": "9"})
    assert (report.rows_kept, report.reason) == (0, "")
    assert ask("select name, rows_read, rows_kept, rows_refused, reason from files") == [
        ("x.csv", 1, 0, 1, None)
    ]
    assert ask("select count(*) from r_volume") == [(0,)]


def test_broken_lines_are_refused_rows(store: Store, folders: Folders, ask: Ask):
    path = write_csv(folders.root / "x.csv", [ROW, ROW | {"interaction_id": "2"}])
    path.write_text(path.read_text() + "desk,3\n")
    report = take_in(store, folders, path, NOW)
    assert (report.rows_read, report.rows_kept, report.rows_refused) == (3, 2, 1)
    assert report.examples == (Refusal("x.csv", 3, "", "2", "broken_line"),)


def test_typed_parquet_is_taken_as_it_is(store: Store, folders: Folders, ask: Ask):
    frame = pd.DataFrame([ROW | {"csat": 4.0, "escalated": True}, ROW | {"interaction_id": "2"}])
    frame["occurred_at"] = pd.to_datetime(frame["occurred_at"]).dt.tz_localize("America/New_York")
    frame.to_parquet(folders.root / "x.parquet")
    assert take_in(store, folders, folders.root / "x.parquet", NOW).rows_kept == 2
    assert ask("select occurred_at, csat, escalated from interactions order by interaction_id") == [
        (datetime(2025, 10, 1, 14), 4, True), (datetime(2025, 10, 1, 14), None, None),
    ]  # fmt: skip


def test_a_column_of_another_type_sets_the_whole_file_aside(store: Store, folders: Folders, ask: Ask):
    columns = {name: [value] for name, value in ROW.items()} | {"amount": [{"value": 1}]}
    parquet.write_table(pa.table(columns), folders.root / "x.parquet")
    report = take_in(store, folders, folders.root / "x.parquet", NOW)
    assert "'amount' holds struct<value: int64>" in report.reason
    assert ask("select count(*) from interactions") == [(0,)]
    assert ask("select reason from files") == [(report.reason,)]


MAPPED = """
name = "tickets"
recognise = ["No", "Opened"]
[columns]
source = { constant = "o'desk" }
interaction_id = "No"
occurred_at = { column = "Opened", format = "%d/%m/%Y %H:%M", time_zone = "America/New_York" }
kind = { column = "Type", values = { "it's bad" = "complaint", spam = "" }, otherwise = "contact" }
channel = "Via"
reason = { column = "Type" }
resolution_seconds = { column = "Hours", unit = "h" }
amount = { column = "Refund", unit = "cents" }
csat = { column = "Mood", values = { good = 5, bad = 1, none = "" } }
updated_at = { column = "Changed", epoch = "ms" }
"""


def test_a_mapping_gives_constants_values_units_formats_and_zones(store: Store, folders: Folders, ask: Ask):
    (folders.reference / "mappings").mkdir()
    (folders.reference / "mappings" / "t.toml").write_text(MAPPED)
    row = {"No": 7, "Opened": "08/03/2025 12:00", "Type": "it's bad", "Via": "web", "Hours": "1.5", "Refund": 250,
           "Mood": "good", "Changed": 1741600000000}  # fmt: skip
    others = [
        {"No": 8, "Opened": "09/03/2025 12:00", "Type": "how?", "Mood": "none"},
        {"No": 9, "Type": "spam"},
        {"No": 10, "Mood": "so so"},
    ]
    report = ingest(store, folders, row, *(row | other for other in others))
    assert report.format == "tickets"
    assert [(r.row, r.column, r.value, r.rule) for r in report.examples] == [
        (3, "kind", None, "missing"), (4, "csat", "so so", "not_a_number"),
    ]  # fmt: skip
    assert ask(
        "select source, occurred_at, kind, resolution_seconds, amount, csat from interactions order by 2"
    ) == [
        ("o'desk", datetime(2025, 3, 8, 17), "complaint", 5400.0, 2.5, 5),
        ("o'desk", datetime(2025, 3, 9, 16), "contact", 5400.0, 2.5, None),  # summer time began
    ]
    assert ask("select distinct updated_at from interactions") == [(datetime(2025, 3, 10, 9, 46, 40),)]


def test_progress_is_told_to_its_end(store: Store, folders: Folders):
    told: list[float] = []
    take_in(
        store, folders, write_csv(folders.root / "x.csv", [ROW]), NOW, lambda phase, done: told.append(done)
    )
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


# The laws: whatever the order and the batches, the store is the same.

ID = st.sampled_from(["1", "2", "3", "4"])
STATES = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["desk", "shop"]),
            "interaction_id": ID,
            "occurred_at": st.integers(0, 96).map(
                lambda hours: str(datetime(2025, 10, 1) + timedelta(hours=hours))
            ),
            "kind": st.sampled_from(["contact", "complaint", "order"]),
            "channel": st.sampled_from(["web", "phone"]),
            "customer_id": st.sampled_from(["a", "b", ""]),
            "stage": st.sampled_from(["", "discover", "research", "purchase"]),
            "reason": st.sampled_from(["late", "broken"]),
            "order_id": st.sampled_from(["o1", "o2"]),
            "product": st.just("lamp"),
            "units": st.integers(1, 3),
            "amount": st.integers(1, 9),
            "handled_by": st.sampled_from(["bot", "human"]),
            "first_response_seconds": st.integers(0, 9),
            "csat": st.sampled_from([1, 5, 9]),
            "updated_at": st.sampled_from(["2025-10-06", "2025-10-07"]),
        }
    ),
    max_size=12,
)
BATCHES = st.lists(st.integers(0, 2), min_size=12, max_size=12)


def taken(store: Store, folders: Folders, states: list[dict[str, object]], batches: list[int]) -> Any:
    """What the store holds after these states came in files, the state at i in the file batches[i]."""
    files = []
    for batch in sorted(set(batches)):
        rows = [state for state, of in zip(states, batches, strict=False) if of == batch]
        if rows:
            files.append(write_csv(folders.root / f"{batch}.csv", rows))
            take_in(store, folders, files[-1], NOW)
    before, version = everything(store), store.version
    assert all(take_in(store, folders, file, NOW).already for file in files)
    assert (everything(store), store.version) == (before, version)
    recount(store)
    assert everything(store) == before
    return before


def recount(store: Store) -> None:
    """Empty the rollups and count everything anew."""
    with store.transaction() as cursor:
        rollups.rebuild(cursor, DEFAULT)


@settings(max_examples=4, deadline=None, suppress_health_check=[*HealthCheck])
@given(STATES, BATCHES, BATCHES, st.randoms(use_true_random=False))
def test_any_order_and_any_batches_give_the_same_store_and_twice_is_once(
    emptied, states, batches, others, chance
):
    shuffled = chance.sample(states, len(states))
    assert taken(*emptied(), states, batches) == taken(*emptied(), shuffled, others)


def test_files_that_land_together_are_counted_once_at_the_end(
    store: Store, folders: Folders, tmp_path: Path
) -> None:
    paths = [
        write_csv(tmp_path / f"{n}.csv", [ROW | {"interaction_id": f"{n} {m}", "customer_id": f"c{m}", "kind": kind,
                                                 "stage": "discover", "reason": "late", "occurred_at": f"2025-10-0{n} 1{m}:00"}
                                          for m, kind in enumerate(("visit", "contact", "complaint"))])
        for n in range(1, 4)
    ]  # fmt: skip
    for path in paths:
        take_in(store, folders, path, NOW, alone=False)
    assert store.counting
    together = Store.open(Folders(tmp_path / "one by one").make().store)
    for path in paths:
        take_in(together, Folders(tmp_path / "one by one"), path, NOW)
    assert everything(store) != everything(together)
    assert catch_up(store, folders)
    assert everything(store) == everything(together)
    assert (store.counting, catch_up(store, folders)) == (False, False)
    together.close()


def test_in_a_large_store_what_is_by_customer_follows_the_sums_by_day(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(folders.inbox / "a.csv", [ROW | {"customer_id": "c1"}])
    os.utime(folders.inbox / "a.csv", (1, 1))
    monkeypatch.setattr("cx.store.LARGE_BYTES", 0)
    stop = threading.Event()
    seen: list[tuple[int, bool]] = []

    def landed(report: Report) -> None:
        seen.append((report.rows_kept, store.counting))
        stop.set()

    watch(store, folders, stop, landed)
    assert seen == [(1, True)]
    assert catch_up(store, folders)
    assert not store.counting

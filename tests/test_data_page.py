"""The data page: reports of exports, rows to mend, gaps, volumes, drift, and the button that undoes."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Iterator
from datetime import date, timedelta
from math import isnan
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import Folders
from cx.ingest import archive, scan, take_in
from cx.ingest.mending import REASON
from cx.ingest.told import lines
from cx.questions import exports
from cx.questions.coverage import coverage, volume
from cx.questions.drift import drift
from cx.questions.freshness import freshness
from cx.store import Store
from cx.telling import data
from cx.ui import live
from cx.words import day
from tests.conftest import NOW, ROW, DemoCompany, answer, close, write_csv
from tests.given import MONDAY, land, row
from tests.test_pages import opened, words


def dropped(store: Store, folders: Folders, name: str, rows: list[dict[str, object]]) -> Path:
    """Put the rows into the inbox and have them taken in; returns what the archive keeps of them."""
    path = write_csv(folders.inbox / name, rows)
    os.utime(path, (time.time() - 60,) * 2)
    assert [report.reason for report in scan(store, folders, NOW)] == [""]
    (kept,) = (path for path in archive.every(folders) if path.name.startswith(name))
    return kept


BAD: list[dict[str, object]] = [
    ROW | {"colour": "red"},
    *(
        ROW | {"interaction_id": f"b{i}", "csat": 9, "reason": "=1+cmd()", "customer_id": "+49"}
        for i in range(5)
    ),
    ROW | {"interaction_id": "late", "occurred_at": "then"},
]


def test_a_landing_is_reported_in_lines_and_beside_its_archived_export(
    store: Store, folders: Folders
) -> None:
    told = json.loads((dropped(store, folders, "x.csv", BAD) / archive.REPORT).read_text())
    assert told["rows"] == {"read": 7, "kept": 1, "replaced": 0, "same": 0, "superseded": 0, "refused": 6}
    assert told["columns_not_used"] == ["colour"]
    assert [(one["column"], one["rule"], one["rows"], len(one["examples"])) for one in told["not_kept"]] == [
        ("csat", "off_scale", 5, 3), ("occurred_at", "not_a_time", 1, 1),
    ]  # fmt: skip


def test_the_lines_count_what_was_replaced_and_what_was_the_same(store: Store, folders: Folders) -> None:
    for name, states in (("a", [("1", 1), ("2", 1)]), ("b", [("1", 2), ("2", 1), ("3", 1)])):
        rows = [ROW | {"interaction_id": id_, "updated_at": f"2025-10-0{day}"} for id_, day in states]
        report = take_in(store, folders, write_csv(folders.root / f"{name}.csv", rows), NOW)
    assert (report.rows_kept, report.rows_replaced, report.rows_same) == (3, 1, 1)
    assert [*lines(report)] == [
        "b.csv: 3 rows kept, 0 superseded, 0 refused",
        "  Of those kept, 1 replaced an earlier state and 1 said what stood already.",
    ]
    assert exports.arrivals(store)[["rows_replaced", "rows_same", "whole"]].values.tolist()[0] == [1, 1, True]


def test_refused_rows_are_mended_and_dropped_again(store: Store, folders: Folders) -> None:
    text = (dropped(store, folders, "x.csv", BAD) / archive.REFUSED).read_text(encoding="utf-8-sig")
    read = [*csv.DictReader(io.StringIO(text))]
    assert [*read[0]] == [*dict.fromkeys(name for one in BAD for name in one), REASON]
    assert (len(read), read[0]["reason"], read[0]["customer_id"]) == (6, "'=1+cmd()", "+49")
    assert "off its scale" in read[0][REASON]
    mended = [one | {"csat": "5", "occurred_at": "2025-10-02"} for one in read]
    report = take_in(store, folders, write_csv(folders.root / "mended.csv", mended), NOW)
    assert (report.rows_kept, report.rows_refused) == (6, 0)
    assert answer(store, "select distinct reason from interactions where reason is not null") == [
        ("=1+cmd()",)
    ]


def test_rows_without_consent_are_not_kept_to_be_mended(store: Store, folders: Folders) -> None:
    bad = [one | {"consent": "false"} for one in BAD]
    assert not (dropped(store, folders, "x.csv", bad) / archive.REFUSED).exists()
    some = [one | {"consent": "false" if i % 2 else ""} for i, one in enumerate(BAD)]
    text = (dropped(store, folders, "y.csv", some) / archive.REFUSED).read_text(encoding="utf-8-sig")
    assert [one["interaction_id"] for one in csv.DictReader(io.StringIO(text))] == ["b1", "b3", "late"]


def contacts(
    days: range, skipped: tuple[int, ...] = (), each: int = 8, source: str = "desk"
) -> list[dict[str, object]]:
    """So many contacts on each day but those skipped."""
    return [row(days=day + n / 24, source=source) for day in days if day not in skipped for n in range(each)]


LAST = 78
"""Days of data in these tests: enough for the weeks that say what is usual."""

AT = MONDAY + timedelta(days=LAST + 0.5)


@pytest.mark.parametrize(
    ("skipped", "each", "missing"),
    [((60,), 12, [60]), ((60, 61), 8, [60, 61]), (tuple(range(5, LAST, 7)), 12, []), ((60,), 8, [])],
    ids=["a day", "two days of few rows", "never on Saturdays", "too little to tell"],
)
def test_gaps_are_days_without_data_where_some_usually_come(
    store: Store, folders: Folders, skipped: tuple[int, ...], each: int, missing: list[int]
) -> None:
    land(
        store,
        folders,
        [*contacts(range(LAST), skipped, each), *contacts(range(LAST + 1), source="other")],
        AT,
    )
    desk = coverage(store, freshness(store, AT))[0]
    assert list(desk.missing) == [(MONDAY + timedelta(days=day)).date() for day in missing]
    assert not desk.silent


def test_a_source_that_stops_is_silent(store: Store, folders: Folders) -> None:
    land(store, folders, [*contacts(range(LAST - 9)), *contacts(range(LAST + 1), source="other")], AT)
    sources = coverage(store, freshness(store, AT))
    assert [source.silent for source in sources] == [True, False]
    arrived = exports.arrivals(store)
    found = data.issues(arrived, sources, drift(store), freshness(store, AT))
    assert found[0].title == "1 source has fallen silent"


@pytest.mark.parametrize(
    ("recent", "verdict"),
    [(10, ""), (11, ""), (20, "more"), (5, "less")],
    ids=["same", "noise", "double", "half"],
)
def test_volume_is_judged_against_the_same_weekdays_before(recent: int, verdict: str) -> None:
    before = [10 + (day * 7) % 5 - 2 for day in range(56)]
    told = volume(pd.Series([*before, *[recent] * 14]))
    assert told is not None
    assert told.verdict == verdict
    assert told.lo < told.usual < told.hi


def test_too_few_weeks_say_nothing_of_volume() -> None:
    assert volume(pd.Series([5] * (14 + 27))) is None


def test_what_drifted_in_the_newest_export_is_found(store: Store, folders: Folders) -> None:
    old = [
        row(days=day / 10, source="desk", channel="phone" if day % 4 else "chat", product="Lamp")
        for day in range(400)
    ]
    land(store, folders, old, AT)
    told = drift(store)
    assert told is not None
    assert not told.compared
    new = [
        row(days=41 + day / 100, source="desk", channel="phone" if day % 8 else "fax") for day in range(160)
    ]
    land(store, folders, new, AT)
    told = drift(store)
    assert told is not None
    found = {(one.what, one.column, one.value): one for one in told.found}
    assert set(found) == {("new", "channel", "fax"), ("share", "channel", "chat"), ("empty", "product", "contact")}  # fmt: skip
    assert isnan(found["new", "channel", "fax"].before)
    assert found["empty", "product", "contact"].now == 100
    assert all(data.found(one).endswith(".") for one in told.found)


def test_more_of_the_same_is_no_drift(store: Store, folders: Folders) -> None:
    for first in (0, 20):
        rows = [row(days=first + n / 20, source="desk", channel=("phone", "chat")[n % 2]) for n in range(400)]
        land(store, folders, rows, AT)
    told = drift(store)
    assert told is not None
    assert told.compared
    assert told.found == ()


# The page itself.


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product over two exports of a desk."""
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", AT.isoformat())
    folders, store = Folders(tmp_path), live.server().store
    land(store, folders, contacts(range(LAST), (60,), 12), AT)
    land(store, folders, [*contacts(range(LAST, LAST + 1)), row(days=LAST, csat=9)], AT)
    yield folders
    close()


def test_the_page_says_first_what_is_wrong(desk: Folders) -> None:
    app = opened("pages/data.py")
    assert app.title[0].value == "Days of data are missing"
    told = words(app)
    assert f"**desk** on 1 day, last on {words_day(60)}" in told
    assert "1 row was refused" in told
    assert "Rows read: 9. Kept: 8; superseded by a later state: 0; refused: 1." in told


def words_day(day: int) -> str:
    return f"{(MONDAY + timedelta(days=day)).date():%-d %B}"


def test_the_button_undoes_the_export_that_is_shown(desk: Folders) -> None:
    app: AppTest = opened("pages/data.py")
    store = live.server().store
    assert answer(store, "select count(*) from interactions where file_id = 2") == [(8,)]
    app.button(key="undo-really-2").click().run()
    assert not app.exception
    assert answer(store, "select count(*) from interactions where file_id = 2") == [(0,)]
    assert answer(store, "select file_id from files where undone_at is not null") == [(2,)]
    assert [button.label for button in app.button] == [f"Undo it: {12 * (LAST - 1)} rows leave"]


def test_the_demo_company_is_well(demo_company: DemoCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    app = opened("pages/data.py")
    close()
    assert app.title[0].value == "The data are complete and as usual"


def test_days_of_the_strip_are_told(store: Store, folders: Folders) -> None:
    land(store, folders, contacts(range(LAST), (60,), 12), AT)
    days, ticks = data.strip_days(coverage(store, freshness(store, AT)))
    gap = days[days["missing"]]
    assert [*gap["day_text"]] == [day(date(2026, 5, 1), year=True)]
    assert (gap["strength"] == 0).all()
    assert len(ticks) == 8

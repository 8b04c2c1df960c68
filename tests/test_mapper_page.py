"""The mapper on the data page: a strange file is looked at, asked about, tried, saved and taken in."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import Folders
from cx.formats import load_mapping
from cx.formats.source import Source
from cx.ingest import scan
from cx.ui import live
from tests.conftest import ROW, answer, close
from tests.given import MONDAY
from tests.test_pages import opened, shown, words

NOW = MONDAY + timedelta(days=9.5)
HEADER = ["Case", "Opened on", "Category", "Via", "Mood", "Hours to solve", "Remarks"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product without any data."""
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    yield Folders(tmp_path)
    close()


def strange(rows: int = 12, day: str = "{:02}/02/2026", **more: str) -> str:
    """A CSV file of cases on days that can be read both ways."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for n in range(1, rows + 1):
        told = more.get("remarks", f"the parcel number {n} came late again")
        writer.writerow(
            [f"C-{n}", day.format(n), "Late parcel", "phone", ("good", "bad")[n % 2], n / 2, told]
        )
    return file.getvalue()


def brought(text: str, name: str = "desk cases 2026.csv") -> AppTest:
    app = opened("pages/data.py")
    app.file_uploader[0].set_value((name, text.encode(), "text/csv")).run()
    assert not app.exception, app.exception
    return app


def select(app: AppTest, label: str) -> object:
    return next(one for one in app.selectbox if one.label == label)


def button(app: AppTest, key: str) -> object:
    return next(one for one in app.button if one.key and one.key.endswith(key))


def taken_in(folders: Folders) -> list[tuple[str, int, int, str]]:
    for path in folders.inbox.iterdir():
        os.utime(path, (time.time() - 60,) * 2)
    reports = scan(live.server().store, folders, NOW)
    return [(report.file, report.rows_kept, report.rows_refused, report.reason) for report in reports]


def test_who_has_only_a_strange_file_can_begin_here(desk: Folders) -> None:
    app = brought(strange())
    assert "No data yet" in words(app)
    assert select(app, "Id of the row (needed)").value == "column:Case"
    assert select(app, "When it happened (needed)").value == "column:Opened on"
    assert select(app, "Reason").value == "column:Category"
    assert select(app, "Channel").value == "column:Via"
    assert select(app, "The customer's words").value == "column:Remarks"


def test_day_and_month_are_asked_for_and_nothing_is_saved_before(desk: Folders) -> None:
    app = brought(strange())
    question = app.radio[0]
    assert question.label == "Is 01/02/2026 the 1 February 2026 or the 2 January 2026?"
    assert question.value is None
    assert button(app, "mapper-save").disabled
    assert [one.value for one in app.info] == ["Say how the moments of 'Opened on' are written."]


def test_from_a_strange_file_to_its_report(desk: Folders) -> None:
    app = brought(strange())
    app.radio[0].set_value(app.radio[0].options and _ways(app)[0]).run()
    select(app, "Satisfaction, 1 to 5").set_value("column:Mood").run()
    assert select(app, "'good' is").value == "4"
    button(app, "-try").click().run()
    assert not app.exception, app.exception
    assert "**12 rows would be kept**" in words(app)
    button(app, "mapper-save").click().run()
    assert not app.exception, app.exception
    assert "was handed to the inbox" in app.success[0].value
    assert taken_in(desk) == [("desk cases 2026.csv", 12, 0, "")]
    found = answer(live.server().store, "select min(occurred_at)::varchar, max(csat), min(csat), max(resolution_seconds) from interactions")  # fmt: skip
    assert found == [("2026-02-01 00:00:00", 4, 2, 12 / 2 * 3600.0)]
    kept = load_mapping(desk.reference / "mappings" / "desk_cases.toml")
    assert kept.sources["occurred_at"] == Source(("Opened on",), formats=("%d/%m/%Y",))
    assert set(kept.recognise) == set(HEADER)


def _ways(app: AppTest) -> list[object]:
    from cx.formats.moments import readings

    return [*readings(["01/02/2026", "02/02/2026"], NOW)]


def test_next_time_it_is_recognised(desk: Folders) -> None:
    app = brought(strange())
    app.radio[0].set_value(_ways(app)[0]).run()
    button(app, "mapper-save").click().run()
    taken_in(desk)
    app = brought(strange(20), "desk cases march.csv")
    assert "recognised as **desk cases**" in words(app)
    button(app, "mapper-take").click().run()
    assert taken_in(desk) == [("desk cases march.csv", 20, 0, "")]


def test_a_mapping_of_that_name_is_only_replaced_when_told(desk: Folders) -> None:
    (folder := desk.reference / "mappings").mkdir(parents=True)
    (folder / "desk_cases.toml").write_text("not sound")
    app = brought(strange(day="{}/12/2025", rows=20))
    assert button(app, "mapper-save").disabled
    app.checkbox[0].check().run()
    button(app, "mapper-save").click().run()
    assert load_mapping(folder / "desk_cases.toml").name == "desk cases"


def test_refusals_are_told_before_anything_is_saved(desk: Folders) -> None:
    app = brought(strange(day="{}/12/2025", rows=20) + "C-99,30/12/2025,Late,phone,good,soon,\n")
    select(app, "Time to the solution").set_value("column:Hours to solve").run()
    button(app, "-try").click().run()
    assert "**20 rows would be kept**, 1 would be refused." in words(app)
    assert "'soon', which is not a number" in shown(app, "mapper-refused")["0"]["why"]["text"]
    assert live.server().store.version == 0


def test_a_file_of_canonical_columns_is_just_taken_in(desk: Folders) -> None:
    app = brought(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n", "ours.csv")
    assert "It has the product's own columns." in words(app)
    button(app, "mapper-take").click().run()
    assert taken_in(desk) == [("ours.csv", 1, 0, "")]


MAPPING = """
name = "{name}"
recognise = ["Case", "Via"]
[columns]
source = {{ constant = "{name}" }}
interaction_id = "Case"
occurred_at = {{ column = "Opened on", format = "%d/%m/%Y" }}
kind = {{ constant = "contact" }}
channel = "Via"
"""


def test_where_two_mappings_fit_it_is_asked_which(desk: Folders) -> None:
    (folder := desk.reference / "mappings").mkdir(parents=True)
    for name in ("north", "south"):
        (folder / f"{name}.toml").write_text(MAPPING.format(name=name))
    app = brought(strange())
    assert app.radio[0].label == "These mappings fit it equally well. Which of them is it?"
    assert not [one for one in app.button if one.key == "mapper-save"]
    app.radio[0].set_value("south.toml").run()
    button(app, "mapper-save").click().run()
    assert taken_in(desk) == [("desk cases 2026.csv", 12, 0, "")]
    assert answer(live.server().store, "select distinct source from interactions") == [("south",)]


@pytest.mark.parametrize("name", ["desk <b>.csv", "~x.csv", ".hidden.csv"])
def test_hostile_cells_and_names_are_text(desk: Folders, name: str) -> None:
    app = brought(
        strange(remarks="<img src=x onerror=alert(1)> ![x](http://x/y) **bold** and more words"), name
    )
    assert "http://x/y)" not in words(app).replace("\\", "§")
    assert app.dataframe[0].value["Remarks"].iloc[0].startswith("<img")


def test_what_cannot_be_read_is_told(desk: Folders) -> None:
    app = brought("PK nonsense", "x.xlsx")
    assert "not a whole Excel workbook" in app.error[0].value.replace("\\", "")


def test_the_upload_leaves_with_the_session(desk: Folders) -> None:
    app = brought(strange())
    folder = Path(app.session_state["mapper"].folder.name)
    assert folder.is_dir()
    app.file_uploader[0].clear().run()
    assert not folder.exists()

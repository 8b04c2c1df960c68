"""A file's columns are recognised, or the answer says what is missing and what is near."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from cx.errors import FileRefused, MappingError
from cx.formats import load_mapping, mappings, open_sheet, recognise

VITAL = ["source", "interaction_id", "occurred_at", "kind"]
SOUND = """
name = "tickets"
recognise = ["Ticket", "Opened"]
[columns]
source = { constant = "desk" }
interaction_id = "Ticket"
occurred_at = "Opened"
kind = { constant = "contact" }
"""


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    (tmp_path / "mappings").mkdir()
    return tmp_path


def mapping_file(reference: Path, text: str, name: str = "tickets.toml") -> Path:
    path = reference / "mappings" / name
    path.write_text(text, encoding="utf-8")
    return path


def test_canonical_columns_are_taken_in_any_case_and_order():
    found = recognise(["Kind", "occurred_at", "SOURCE", "interaction_id", "csat"])
    assert found.name == "canonical"
    assert found.sources["source"].columns == ("SOURCE",)


def test_an_unknown_column_is_noted_with_the_nearest_that_is_free():
    assert recognise([*VITAL, "amuont"]).notes == (
        "The column 'amuont' is not known and was ignored. Did you mean 'amount'?",
    )


def test_a_file_of_no_known_format_is_told_what_it_lacks_and_what_is_near():
    with pytest.raises(FileRefused, match=r"It lacks 'interaction_id' and 'kind'.*'interaction-id'"):
        recognise(["source", "interaction-id", "occurred_at"])


@pytest.mark.parametrize("twin", ["source", "Source"])
def test_a_column_that_stands_twice_is_not_guessed_at(twin: str):
    with pytest.raises(FileRefused, match="'source' stands more than once"):
        recognise([*VITAL, twin])


def test_a_mapping_is_recognised_by_some_of_the_columns(reference: Path):
    mapping_file(reference, SOUND)
    found = recognise(["Subject", "Opened", "Ticket"], "export.csv", reference)
    assert (found.name, found.reads) == ("tickets", ("Ticket", "Opened"))


def test_a_mapping_can_be_for_files_of_a_name(reference: Path):
    mapping_file(reference, SOUND.replace('recognise = ["Ticket", "Opened"]', 'file = "Tickets*.csv"'))
    assert recognise(["Opened", "Ticket"], "tickets-2025.CSV", reference).name == "tickets"
    with pytest.raises(FileRefused):
        recognise(["Opened", "Ticket"], "other.csv", reference)


def test_the_mapping_that_names_more_columns_wins_and_a_tie_is_refused(reference: Path):
    mapping_file(reference, SOUND)
    mapping_file(
        reference, SOUND.replace('"tickets"', '"plus"').replace('"Opened"]', '"Opened", "Plan"]'), "b.toml"
    )
    assert recognise(["Ticket", "Opened", "Plan"], "x.csv", reference).name == "plus"
    mapping_file(reference, SOUND, "twin.toml")
    with pytest.raises(FileRefused, match=r"tickets.toml and twin.toml"):
        recognise(["Ticket", "Opened"], "x.csv", reference)


def test_the_first_spelling_that_is_there_is_read_and_an_absent_column_is_noted(reference: Path):
    mapping_file(
        reference,
        SOUND + 'resolution_seconds = { column = ["Mins", "Minutes"], unit = "min" }\nreason = "Topic"',
    )
    found = recognise(["Ticket", "Opened", "Minutes", "Topics"], "x.csv", reference)
    assert found.sources["resolution_seconds"].columns == ("Minutes",)
    assert found.sources["resolution_seconds"].scale == 60
    assert found.notes == (
        "tickets.toml takes 'reason' from 'Topic', which is not there. Did you mean 'Topics'?",
    )


def test_an_unsound_mapping_stops_neither_canonical_files_nor_other_mappings(reference: Path):
    mapping_file(reference, SOUND)
    mapping_file(reference, "name = ", "broken.toml")
    assert recognise(VITAL, "x.csv", reference).name == "canonical"
    assert recognise(["Ticket", "Opened"], "x.csv", reference).name == "tickets"
    with pytest.raises(MappingError, match=r"broken.toml"):
        recognise(["a"], "x.csv", reference)
    with pytest.raises(MappingError, match=r"broken.toml"):
        mappings(reference)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "tickets"', ""), "name: give a text"),
        (('recognise = ["Ticket", "Opened"]', ""), "recognise: list the columns"),
        (("[columns]", "[colums]"), "colums: it is not known. Did you mean 'columns'?"),
        (('kind = { constant = "contact" }', ""), "columns.kind: every row needs it"),
        (('kind = { constant = "contact" }', 'kind = { constant = "contcat" }'), "'contcat': it is not known. Did you mean 'contact'"),
        (('"contact" }', '"contact", xyz = 1 }'), "columns.kind.xyz: known are column, constant, values and otherwise"),
        (('occurred_at = "Opened"', "occurred_at = 3"), "columns.occurred_at = 3: give the name of a column"),
        (('occurred_at = "Opened"', "occurred_at = {}"), "say either 'column' or 'constant'"),
        (('occurred_at = "Opened"', 'occurred_at = { column = "Opened", format = "%d.%q" }'), "columns.occurred_at.format = '%d.%q'"),
        (('occurred_at = "Opened"', 'occurred_at = { column = "Opened", format = "date" }'), "columns.occurred_at.format = 'date'"),
        (('occurred_at = "Opened"', 'occurred_at = { column = "Opened", format = ["%d.%m.%y", "date"] }'), "columns.occurred_at.format = ['%d.%m.%y', 'date']"),
        (('occurred_at = "Opened"', 'occurred_at = { column = "Opened", format = ["%d.%m.%y", "%d.%m.%y %z"] }'), "let all patterns hold an offset, or none"),
        (('occurred_at = "Opened"', 'occurred_at = { column = "Opened", epoch = "min" }'), "columns.occurred_at.epoch = 'min'"),
        (('occurred_at = "Opened"', 'occurred_at = { column = "Opened", time_zone = "Europe/Berlni" }'), "Did you mean 'europe/berlin'"),
        (('interaction_id = "Ticket"', 'interaction_id = { constant = "1" }'), "each row needs an id of its own"),
        (('occurred_at = "Opened"', 'occurred_at = "Opened"\nresolution_seconds = { column = "h", unit = "hours" }'), "columns.resolution_seconds.unit = 'hours'"),
        (('occurred_at = "Opened"', 'occurred_at = "Opened"\ncsat = { column = "rating", scale = 0.5 }'), "columns.csat.scale"),
        (('occurred_at = "Opened"', 'occurred_at = "Opened"\nsentimnt = "mood"'), "columns.sentimnt: it is not known. Did you mean 'sentiment'"),
    ],
)  # fmt: skip
def test_an_unsound_mapping_names_the_file_the_key_and_what_to_do(
    reference: Path, change: tuple[str, str], told: str
):
    assert change[0] in SOUND
    path = mapping_file(reference, SOUND.replace(*change))
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert str(caught.value).startswith("tickets.toml")
    assert told in str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_and_a_byte_order_mark_are_seen(tmp_path: Path, delimiter: str):
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f'"a{delimiter}b"{delimiter}c\n1{delimiter}\n'.encode())
    sheet = open_sheet(path)
    assert sheet.columns == (f"a{delimiter}b", "c")
    assert sheet.rows(["c", f"a{delimiter}b"]).table.to_pylist() == [{"s0": None, "s1": "1", "file_row": 1}]


def test_broken_lines_are_told_by_number_and_leave_the_numbers_of_the_others(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"two\nlines"\n2\n3,x,y\n4,"say ""hi"""\n', encoding="utf-8")
    rows = open_sheet(path).rows(["a"])
    table = rows.table
    assert [(line.row, line.values) for line in rows.broken] == [(2, 1), (3, 3)]
    assert table.to_pylist() == [{"s0": "1", "file_row": 1}, {"s0": "4", "file_row": 4}]


def test_an_open_quotation_mark_does_not_swallow_rows_silently(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,x\n2,"open\n3,y\n4,z\n', encoding="utf-8")
    with pytest.raises(FileRefused, match="before row 2 is never closed"):
        assert open_sheet(path).rows(["a"]).table


def test_a_mark_for_inches_is_no_open_quotation(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,5" pipe\n2,y\n', encoding="utf-8")
    assert open_sheet(path).rows(["b"]).table["s0"].to_pylist() == ['5" pipe', "y"]


@pytest.mark.parametrize(
    ("values", "held"),
    [
        (pa.array(["a"]).dictionary_encode(), "text"),
        (pa.array([1], pa.uint64()), "whole"),
        (pa.array([1.5]), "decimal"),
        (pa.array([True]), "truth"),
        (pa.array([0], pa.timestamp("ns")), "moment"),
        (pa.array([0], pa.timestamp("us", "Asia/Tehran")), "zoned"),
        (pa.array([{"x": 1}]), "struct<x: int64>"),
    ],
)
def test_parquet_columns_say_what_they_hold(tmp_path: Path, values: pa.Array, held: str):
    parquet.write_table(pa.table({"a": values}), tmp_path / "x.parquet")
    assert open_sheet(tmp_path / "x.parquet").held("a") == held

"""Whatever people drop is read as it stands there, or refused in words."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cx.errors import FileRefused
from cx.folders import Folders
from cx.formats import Rows, Sheet, open_sheet, unique, unpacking
from cx.formats.reading import delimited, nested, readable, workbook
from cx.formats.reading import sheet as sheet_module
from cx.ingest import take_in
from cx.ingest.mending import REASON, refused_rows
from cx.store import Store
from tests.conftest import NOW, ROW, answer, write_csv


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(path: Path) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns of a file, and its rows with their numbers last."""
    with open_sheet(path) as sheet:
        table = sheet.rows(sheet.columns).table
        return sheet.columns, [tuple(row.values()) for row in table.to_pylist()]


def whole(sheet: Sheet, columns: list[str]) -> tuple[Rows, Any]:
    """The rows of these columns, and all of them as a table."""
    rows = sheet.rows(columns)
    return rows, rows.table


def refusal(path: Path) -> str:
    with pytest.raises(FileRefused) as caught, open_sheet(path) as sheet:
        assert sheet.rows(sheet.columns).table
    assert caught.value.file == path.name
    return caught.value.reason


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # the same at every collection


def book(**sheets: list[list[object]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


# Encodings and headers


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_an_encoding_and_a_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str):
    text = f'name{delimiter}preis\n"Zoë{delimiter}b"{delimiter}5 €\n'
    if encoding.endswith("-bom"):
        content = ("\ufeff" + text).encode(encoding.removesuffix("-bom"))
    else:
        content = text.encode(encoding)
    path = written(tmp_path, "x.csv", content)
    assert read(path) == (("name", "preis"), [(f"Zoë{delimiter}b", "5 €", 1)])
    assert bool(open_sheet(path).notes) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,\x81\xe9\n", "not UTF-8 text, nor UTF-16 or Windows-1252"),
        ("a,b\n1,é\n".encode() + b"\xe9\n", "damaged there"),
        ("a,b\n1,é".encode()[:-1], "Windows-1252"),
        (b"a,b\n1,\x00\n", "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-32"), "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "not UTF-8"),
        (",".join("a" * 10_001).encode(), "more than 10,000 columns"),
    ],
)
def test_what_is_no_text_is_refused_in_words(tmp_path: Path, content: bytes, told: str):
    path = written(tmp_path, "x.csv", content)
    if told == "Windows-1252":  # one cut letter, and nothing to tell that it was one
        assert told in open_sheet(path).notes[0]
    else:
        assert told in refusal(path)


def test_damage_far_into_a_file_is_found_across_the_blocks_that_it_is_read_in(tmp_path: Path):
    whole = "a,b\n" + "é" * 700_001 + ",x\n"
    assert read(written(tmp_path, "x.csv", whole.encode()))[1][0][1:] == ("x", 1)
    damaged = whole.encode() + b"1,\xe9\n"
    assert f"byte {len(whole.encode()) + 2}," in refusal(written(tmp_path, "y.csv", damaged))


def test_lines_before_the_header_are_passed_over_and_rows_counted_from_the_header(tmp_path: Path):
    path = written(tmp_path, "x.csv", b"\xef\xbb\xbf\n \r\n;;\nsep=;\na;b\n1;2\n\n3\n4;5\n")
    with open_sheet(path) as sheet:
        rows, table = whole(sheet, ["b"])
    assert (sheet.columns, sheet.delimiter) == (("a", "b"), ";")
    assert table.to_pylist() == [{"s0": "2", "file_row": 1}, {"s0": "5", "file_row": 3}]
    assert [(line.row, line.values) for line in rows.broken] == [(2, 1)]


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path):
    assert open_sheet(written(tmp_path, "x.csv", b"a,, \n")).columns == ("a", "(2)", "(3)")


# In batches

PLACED = st.text(st.sampled_from('ab,"\n\ré '), max_size=12)
RECORDS = st.lists(st.lists(PLACED, min_size=1, max_size=4), max_size=30)


@settings(max_examples=150, deadline=None, suppress_health_check=[*HealthCheck])
@example(
    records=[["", 'aaaaaaaaaaa"', 'aaaaaa"""ééé']] * 2 + [['a"\r\n', "", ""]], block=100, most=1, crlf=True
)
@given(
    records=RECORDS, block=st.sampled_from([16, 40, 100, 1 << 20]), most=st.integers(1, 9), crlf=st.booleans()
)
def test_a_csv_in_many_batches_is_what_a_plain_reader_makes_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    records: list[list[str]],
    block: int,
    most: int,
    crlf: bool,
):
    monkeypatch.setattr(delimited, "_BLOCKS_BYTES", (block, 1 << 20))
    monkeypatch.setattr(sheet_module, "BATCH_ROWS", most)
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n" if crlf else "\n", quoting=csv.QUOTE_ALL)
        writer.writerows([["a", "b", "c"], *records])
    plain = [*enumerate(records, start=1)]
    with open_sheet(path) as sheet:
        rows = sheet.rows(["c", "a"])
        batches = [*rows.batches]
    assert all(0 < batch.num_rows <= most for batch in batches)
    assert [tuple(row.values()) for batch in batches for row in batch.to_pylist()] == [
        (cells[2] or None, cells[0] or None, row) for row, cells in plain if len(cells) == 3
    ]
    assert [(line.row, line.values) for line in rows.broken] == [
        (row, len(cells)) for row, cells in plain if len(cells) != 3
    ]


def test_a_file_is_not_closed_while_it_is_read(tmp_path: Path):
    os.mkfifo(tmp_path / "slow")
    with ThreadPoolExecutor(3) as others:
        writing = others.submit((tmp_path / "slow").open, "wb", 0)
        file = delimited._WholeBreaks(tmp_path / "slow")
        reading = others.submit(file.read, 4)
        while not file._reading.locked():
            time.sleep(0.001)
        closing = others.submit(file.close)
        time.sleep(0.05)
        assert not closing.done()
        with writing.result() as slow:
            slow.write(b"late")
        assert reading.result() == b"late"
        closing.result()
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read(4)


def test_rows_come_in_few_batches_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sheet_module, "BATCH_BYTES", 1 << 20)
    lines = "".join(f"{n},{'x' * 100}\n" for n in range(50_000))
    with open_sheet(written(tmp_path, "x.csv", b"a,b\n" + lines.encode())) as sheet:
        sizes = [batch.nbytes for batch in sheet.rows(["a", "b"]).batches]
    assert max(sizes) <= 1 << 20
    assert len(sizes) <= 2 * sum(sizes) / (1 << 20) + 1


def test_what_is_wrong_far_into_a_file_is_said_when_it_is_met(tmp_path: Path):
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"a": [*range(200_000)]}), buffer, row_group_size=70_000, compression="none")
    content = bytearray(buffer.getvalue())
    at = parquet.read_metadata(io.BytesIO(content)).row_group(2).column(0).dictionary_page_offset
    content[at : at + 60] = bytes(60)
    with open_sheet(written(tmp_path, "x.parquet", bytes(content))) as sheet:
        batches = sheet.rows(["a"]).batches
        assert next(batches)["s0"][0].as_py() == 0
        with pytest.raises(FileRefused, match="not a whole Parquet file"):
            list(batches)


def test_a_column_of_few_values_is_read_as_those_values(tmp_path: Path):
    few = pa.chunked_array([pa.array([name]).dictionary_encode() for name in "ab"])
    parquet.write_table(pa.table({"a": few}), tmp_path / "x.parquet", row_group_size=1)
    assert read(tmp_path / "x.parquet") == (("a",), [("a", 1), ("b", 2)])


def test_columns_of_one_name_are_read_by_their_places(tmp_path: Path):
    parquet.write_table(pa.table([[1], [2], ["c"]], names=["a", "a", "b"]), tmp_path / "x.parquet")
    with open_sheet(tmp_path / "x.parquet") as sheet:
        apart = replace(sheet, columns=unique(sheet.columns))
        assert apart.rows([*apart.columns[::-1]]).table.to_pylist() == [
            {"s0": "c", "s1": 2, "s2": 1, "file_row": 1}
        ]


REFUSED = {2: "two", 60_002: "far", 99_999_999: "not there"}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"a,a\n" + b"".join(b"%d,x\n" % n for n in range(1, 70_001)), "x.csv"),
        (
            "a,a\n".encode("utf-16") + "".join(f"{n},x\n" for n in range(1, 70_001)).encode("utf-16-le"),
            "x.csv",
        ),
    ],
)
def test_refused_rows_are_found_by_their_numbers(tmp_path: Path, content: bytes, name: str):
    with open_sheet(written(tmp_path, name, content)) as sheet:
        rows = refused_rows(sheet, REFUSED)
        assert refused_rows(sheet, {}).empty
    assert [*rows.columns] == ["a", "a", REASON]
    assert rows.values.tolist() == [["2", "x", "two"], ["60002", "x", "far"]]


def test_rows_that_were_gathered_are_there_to_be_read_again(tmp_path: Path):
    with open_sheet(written(tmp_path, "x.csv", b"a,b\n1,x\n2,y\n")) as sheet:
        rows = sheet.rows(["b"])
    assert rows.table == rows.table
    assert rows.table.num_rows == 2


def test_the_share_that_is_done_grows_while_rows_are_read(tmp_path: Path):
    shares: list[float] = []
    lines = b"".join(b"%d,x\n" % n for n in range(300_000))
    with open_sheet(written(tmp_path, "x.csv", b"a,b\n" + lines), shares.append) as sheet:
        opened = len(shares)
        for _ in sheet.rows(["a"]).batches:
            pass
    assert 0 < opened < len(shares)
    assert shares == sorted(shares)
    assert shares[-1] == 1


# JSON


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", '{"id": 1, "via": {"channel": "web"}}\n\n{"id": "b", "tags": ["ü", 2]}\n'),
        ("x.ndjson", '\ufeff{"id": 1, "via": {"channel": "web"}}\r\n\r\n{"id": "b", "tags": ["ü", 2]}'),
        ("x.json", '{"id": 1, "via": {"channel": "web"}}\n\n{"id": "b", "tags": ["ü", 2]}\n'),
    ],
)
def test_json_lines_are_numbered_as_an_editor_does(tmp_path: Path, name: str, content: str):
    columns, rows = read(written(tmp_path, name, content.encode()))
    assert columns == ("id", "via.channel", "tags")
    assert rows == [("1", "web", None, 1), ("b", None, '["ü", 2]', 3)]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ('[{"id": 1}, {"id": 2}]', ["1", "2"]),
        ('{"tickets": [{"id": 1}, {"id": 2}], "count": 2, "tags": ["a"]}', ["1", "2"]),
        ('{\n "tickets": [\n {"id": 1}\n]}', ["1"]),
        ('{"id": 7, "tags": ["a"]}', ["7"]),
        ("[]", None),
    ],
)
def test_a_json_document_holds_a_list_or_is_one_row(tmp_path: Path, content: str, ids: list[str] | None):
    columns, rows = read(written(tmp_path, "x.json", content.encode("utf-16")))
    assert ([row[columns.index("id")] for row in rows] if ids else None) == ids


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("12345678901234567890", "12345678901234567890"), ("1.50", "1.5"), ("true", "true"), ("null", None), ("NaN", None),
        ('""', ""), ("{}", None), ("[]", "[]"), ('"2025-01-02T03:04:05Z"', "2025-01-02T03:04:05Z"), (r'"\ud83d"', "?"),
    ],
)  # fmt: skip
def test_a_json_value_is_told_as_it_is_written(tmp_path: Path, value: str, told: str | None):
    path = written(tmp_path, "x.jsonl", f'{{"a": {value}, "b": 1}}\n{{"a": "text", "b": 2}}\n'.encode())
    columns, rows = read(path)
    assert [dict(zip(columns, row, strict=False)).get("a") for row in rows] == [told, "text"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.jsonl", '{"a": 1}\n{"a": \n', "Line 2 is not JSON"),
        ("x.jsonl", '{"a": 1}\n5\n', "Row 2 is not an object"),
        ("x.jsonl", '{"a": 1, "a": 2}\n', "Line 1 is not JSON"),
        ("x.jsonl", '{"a.b": 1, "a": {"b": 2}}\n', "Row 1 has the same name twice"),
        ("x.jsonl", '{"a":' * 5000, "Line 1 is not JSON"),
        ("x.jsonl", '{"a": ' + "9" * 5000 + "}", "Line 1 is not JSON"),
        ("x.json", '{"a": [{"b": 1}], "c": [{"d": 1}]}', "several lists (a and c)"),
        ("x.json", "5", "no list of objects"),
        ("x.json", "[1, 2]", "Row 1 is not an object"),
        ("x.json", '[{"a": 1}', "not JSON that can be read to its end"),
        ("x.json", "[" * 100_000, "not JSON that can be read to its end"),
        ("x.json", json.dumps([{str(i): 1} for i in range(11_000)]), "more than 10,000 columns"),
    ],
)  # fmt: skip
def test_json_that_is_no_table_is_refused_in_words(tmp_path: Path, name: str, content: str, told: str):
    assert told in refusal(written(tmp_path, name, content.encode()))


def test_a_json_document_that_would_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nested, "DOCUMENT_LIMIT", 8)
    assert "as JSON lines" in refusal(written(tmp_path, "x.json", b'[{"a": 1}]'))


def test_rows_of_many_parts_keep_their_order_and_their_columns(tmp_path: Path):
    lines = "".join(json.dumps({"n": n, f"c{n // 60_000}": n}) + "\n" for n in range(120_000))
    columns, rows = read(written(tmp_path, "x.jsonl", lines.encode()))
    assert columns == ("n", "c0", "c1")
    assert [row[0] for row in rows] == [str(n) for n in range(120_000)]
    assert rows[60_000] == ("60000", None, "60000", 60_001)


# Excel


def test_a_workbook_gives_texts_and_moments_under_the_numbers_of_its_rows(tmp_path: Path):
    rows = [
        [],
        ["id", "at", "day", "mixed", None, "ok"],
        [12345678, datetime(2025, 10, 1, 10, 30), date(2025, 10, 1), datetime(2025, 1, 1), "x", True],
        [],
        [1.5, datetime(2025, 10, 2), None, "soon"],
    ]
    path = written(tmp_path, "x.xlsx", book(empty=[], first=rows, second=[["a"]]))
    columns, found = read(path)
    assert columns == ("id", "at", "day", "mixed", "(5)", "ok")
    assert open_sheet(path).holds == ("text", "moment", "moment", "text", "text", "text")
    assert found == [
        ("12345678", datetime(2025, 10, 1, 10, 30), datetime(2025, 10, 1), "2025-01-01 00:00:00", "x", "true", 1),
        ("1.5", datetime(2025, 10, 2), None, "soon", None, None, 3),
    ]  # fmt: skip
    assert open_sheet(path).notes == ("Only the sheet 'first' was read; 'second' hold rows as well.",)


def test_a_row_beyond_the_header_is_broken(tmp_path: Path):
    with open_sheet(written(tmp_path, "x.xlsx", book(s=[["a"], [1, 2], [3]]))) as sheet:
        rows, table = whole(sheet, ["a"])
    assert [(line.row, line.values) for line in rows.broken] == [(1, 2)]
    assert table.to_pylist() == [{"s0": "3", "file_row": 2}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "locked with a password"),
        (b"PK\x03\x04", "not a whole Excel workbook"),
        (book(s=[["a"]])[:-40], "not a whole Excel workbook"),
        (packed({"a.csv": b"a"}), "not a whole Excel workbook"),
        (book(s=[]), "No sheet of it has rows"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, told: str):
    assert told in refusal(written(tmp_path, "x.xlsx", content))


def test_a_workbook_that_unfolds_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook, "SHEETS_BYTES", 100)
    assert "too large for a workbook" in refusal(written(tmp_path, "x.xlsx", book(s=[["a"], [1]])))


def test_a_row_number_that_excel_cannot_have_is_not_counted_up_to(tmp_path: Path):
    whole = zipfile.ZipFile(io.BytesIO(book(s=[["a"], [1]])))
    parts = {name: whole.read(name) for name in whole.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].replace(b'<row r="2"', b'<row r="99999999999"')
    path = written(tmp_path, "x.xlsx", packed(parts | {"xl/worksheets/sheet1.xml": sheet}))
    assert "more rows or columns" in refusal(path)


# gzip and zip

CSV = b"a,b\n1,x\n2,y\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv.gz", gzipped(CSV)),
        ("X.CSV.GZ", gzipped(CSV.decode().encode("utf-16"))),
        ("x.jsonl.gz", gzipped(b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')),
        ("x.zip", packed({"../../deep/y.csv": CSV, "__MACOSX/._y.csv": b"\0", "readme.txt": b"hello"})),
        ("x.zip", packed({"1.csv": b"a,b\n1,x\n", "2.csv": b"a,b\n2,y\n"})),
        ("x.zip", packed({"1.json": b'[{"a": 1, "b": "x"}]', "2.json": b'[{"b": "y", "a": 2}]'})),
        ("x.zip", packed({"y.xlsx": book(s=[["a", "b"], [1, "x"], [2, "y"]])})),
    ],
)
def test_what_is_packed_is_read_as_what_it_is(tmp_path: Path, name: str, content: bytes):
    path = written(tmp_path, name, content)
    assert readable(path)
    assert read(path) == (("a", "b"), [("1", "x", 1), ("2", "y", 2)])
    assert [*tmp_path.iterdir()] == [path]


def test_broken_lines_of_packed_files_are_counted_on(tmp_path: Path):
    files = {"1.csv": b"a,b\n1\n2,y\n", "2.csv": b"a,b\n3,x\n4\n"}
    with open_sheet(written(tmp_path, "x.zip", packed(files))) as sheet:
        rows, table = whole(sheet, ["a"])
    assert table.to_pylist() == [{"s0": "2", "file_row": 2}, {"s0": "3", "file_row": 3}]
    assert [line.row for line in rows.broken] == [1, 4]
    assert "2 files" in sheet.notes[0]


def locked() -> bytes:
    content = bytearray(packed({"x.csv": CSV}))
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.index(mark) + flags] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.gz", gzipped(CSV), "does not say what is in it"),
        ("x.parquet.gz", gzipped(CSV), "does not say what is in it"),
        ("x.csv.gz", CSV, "not a whole .gz file"),
        ("x.csv.gz", gzipped(CSV)[:-9], "not a whole .gz file"),
        ("x.csv.gz", gzipped(bytes(100 << 20)), "far larger than an export"),
        ("x.zip", packed({"x.csv": bytes(100 << 20)}), "far larger than an export"),
        ("x.zip", packed({"x.csv": CSV})[:-4], "not a whole zip file"),
        ("x.zip", packed({"x.csv": CSV, "more.zip": packed({"x.csv": CSV})}), "another packed file"),
        ("x.zip", packed({"readme.txt": b"hello"}), "no file that can be read"),
        ("x.zip", packed({f"{i}.csv": CSV for i in range(101)}), "more than 100 files"),
        ("x.zip", packed({"1.csv": CSV, "2.csv": b"a,c\n1,2\n"}), "different columns"),
        ("x.zip", packed({"1.csv": b"a,a\n1,2\n", "2.csv": CSV}), "different columns"),
        ("x.zip", locked(), "locked with a password"),
        ("x.txt", CSV, "Only .csv, .tsv, .jsonl"),
    ],
)
def test_a_packed_file_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, told: str
):
    assert told in refusal(written(tmp_path, name, content))


def test_what_was_unpacked_leaves_with_the_sheet_and_with_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(desk))
    with open_sheet(written(tmp_path, "x.csv.gz", gzipped(CSV))) as sheet:
        assert sheet.data.is_file()
    assert refusal(written(tmp_path, "y.csv.gz", gzipped(b"a,b\n1,\x00\n")))
    assert [*desk.iterdir()] == []


def test_the_bounds_of_packed_files_hold_over_all_that_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unpacking, "UNPACKED_LIMIT", 20)
    assert "far larger" in refusal(written(tmp_path, "x.zip", packed({"1.csv": CSV, "2.csv": CSV})))


# Into the store


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def as_csv(rows: list[dict[str, Any]], folder: Path) -> bytes:
    return write_csv(folder / "rows.csv", rows).read_bytes()


ROWS: list[dict[str, Any]] = [
    ROW | {"text": "déjà vu", "csat": "4"},
    ROW | {"interaction_id": "2", "text": "so", "csat": "9"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", lambda folder: as_csv(ROWS, folder)),
        ("u16.csv", lambda folder: as_csv(ROWS, folder).decode().encode("utf-16")),
        ("1252.csv", lambda folder: as_csv(ROWS, folder).decode().encode("cp1252")),
        ("x.csv.gz", lambda folder: gzipped(as_csv(ROWS, folder))),
        ("x.zip", lambda folder: packed({"x.parquet": as_parquet(ROWS)})),
        ("x.jsonl", lambda folder: "\n".join(map(json.dumps, ROWS)).encode()),
        ("x.json", lambda folder: json.dumps({"rows": ROWS}).encode()),
        ("x.xlsx", lambda folder: book(s=[[*ROWS[0]], *([*row.values()] for row in ROWS)])),
    ],
)
def test_every_kind_of_file_lands_alike(
    store: Store, folders: Folders, tmp_path: Path, name: str, content: Callable[[Path], bytes]
):
    shares: list[float] = []
    path = written(tmp_path, name, content(tmp_path))
    report = take_in(store, folders, path, NOW, lambda phase, share: shares.append(share))
    assert (report.file, report.rows_read, report.rows_kept, report.rows_refused) == (name, 2, 1, 1)
    assert [(one.row, one.column, one.value) for one in report.examples] == [(2, "csat", "9")]
    assert answer(store, "select text, csat from interactions") == [("déjà vu", 4)]
    assert shares == sorted(shares)
    assert any("Windows-1252" in note for note in report.notes) == (name == "1252.csv")

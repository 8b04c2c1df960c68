"""Any bytes give rows or a clear refusal: never another error, never half a file in the store.

    CX_FUZZ=20000 python -m pytest tests/test_fuzz.py

tries so many files of each kind; without it, some.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx.errors import FileRefused
from cx.formats import open_sheet
from cx.ingest import Report, take_in
from tests.conftest import NOW, ROW, Emptied, answer

TRIES = int(os.environ.get("CX_FUZZ", "0"))
ROWS = [ROW | {"interaction_id": str(n), "text": f'"Zoë", {n} €'} for n in range(4)]


def tries(some: int) -> settings:
    return settings(max_examples=TRIES or some, deadline=None, suppress_health_check=[*HealthCheck])


def as_csv() -> bytes:
    lines = [",".join(ROWS[0]), *(",".join(json.dumps(cell, ensure_ascii=False).replace('\\"', '""') for cell in row.values()) for row in ROWS)]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


def as_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def as_parquet() -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(ROWS), buffer)
    return buffer.getvalue()


def as_workbook() -> bytes:
    made, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in ([*ROWS[0]], *([*row.values()] for row in ROWS)):
        made.active.append(row)
    made.save(buffer)
    return buffer.getvalue()


def as_zip(kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr("x.csv", as_csv())
        archive.writestr("y.csv", as_csv().replace(b'"1"', b'"8"'))
    return buffer.getvalue()


SOUND: dict[str, list[bytes]] = {
    "x.csv": [as_csv(), as_csv().decode().encode("utf-16"), as_csv().decode().encode("cp1252")],
    "x.tsv": [as_csv().replace(b",", b"\t")],
    "x.jsonl": [as_lines()],
    "x.json": [json.dumps(ROWS).encode(), json.dumps({"tickets": ROWS}).encode(), as_lines()],
    "x.parquet": [as_parquet()],
    "x.xlsx": [as_workbook()],
    "x.csv.gz": [gzip.compress(as_csv())],
    "x.jsonl.gz": [gzip.compress(as_lines())],
    "x.zip": [as_zip(), as_zip(zipfile.ZIP_STORED)],
}
LIKELY = st.sampled_from(
    [b"", b"\x00", b'"', b"\n", b"\r", b",", b";", b"{", b"}", b"[", b"]", b"\xff\xfe", b"\xef\xbb\xbf", b"PK\x03\x04",
     b"\x1f\x8b\x08", b"PAR1", b"\x81", b"\xe9", b"1e999", b"null", b"-", b"\xff" * 8]
)  # fmt: skip
PIECES = st.one_of(LIKELY, st.binary(max_size=40))
ANY = st.lists(PIECES, max_size=20).map(b"".join)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), min_size=1, max_size=4)


def edited(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The content with some bytes cut out and others put in their place."""
    for where, cut, put in edits:
        at = int(where * len(content))
        content = content[:at] + put + content[at + cut :]
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def rows_or_refusal(path: Path) -> None:
    refused = None
    try:
        with open_sheet(path) as sheet:
            rows = sheet.rows([name for name in sheet.columns if sheet.columns.count(name) == 1])
            table = rows.table
    except FileRefused as error:
        refused = error
    if refused is not None:
        assert (refused.file, bool(refused.reason)) == (path.name, True)
        return
    numbers = table["file_row"].to_pylist() + [line.row for line in rows.broken]
    assert len({*numbers}) == len(numbers)
    assert min(numbers, default=1) >= 1


@pytest.mark.parametrize("name", SOUND)
@tries(80)
@given(content=ANY)
def test_any_bytes_give_rows_or_a_refusal(folder: Path, name: str, content: bytes):
    rows_or_refusal(written(folder, name, content))


@pytest.mark.parametrize("name", SOUND)
@tries(150)
@given(data=st.data(), edits=EDITS)
def test_a_damaged_file_gives_rows_or_a_refusal(
    folder: Path, name: str, data: st.DataObject, edits: list[tuple[float, int, bytes]]
):
    rows_or_refusal(written(folder, name, edited(data.draw(st.sampled_from(SOUND[name])), edits)))


@pytest.mark.parametrize("inner", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
@tries(40)
@given(edits=EDITS)
def test_a_workbook_damaged_within_gives_rows_or_a_refusal(
    folder: Path, inner: str, edits: list[tuple[float, int, bytes]]
):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_workbook())) as whole, zipfile.ZipFile(buffer, "w") as damaged:
        for part in whole.namelist():
            content = whole.read(part)
            damaged.writestr(part, edited(content, edits) if part == inner else content)
    rows_or_refusal(written(folder, "x.xlsx", buffer.getvalue()))


@tries(40)
@given(data=st.data(), edits=st.one_of(st.just([]), EDITS))
def test_a_damaged_file_lands_whole_or_not_at_all(
    emptied: Emptied, folder: Path, data: st.DataObject, edits: list[tuple[float, int, bytes]]
):
    store, folders = emptied()
    name = data.draw(st.sampled_from([*SOUND]))
    content = edited(data.draw(st.sampled_from(SOUND[name])), edits)
    report = take_in(store, folders, written(folder, name, content), NOW)
    assert "could not be taken in" not in report.reason
    assert report.rows_read == report.rows_kept + report.rows_superseded + report.rows_refused
    assert answer(store, "select count(*) from interactions") == [(report.rows_kept,)]
    assert answer(store, "select rows_read, rows_kept, rows_refused, reason from files") == [told(report)]
    if not edits:
        assert report.rows_kept >= len(ROWS)


def told(report: Report) -> tuple[int, int, int, str | None]:
    return report.rows_read, report.rows_kept, report.rows_refused, report.reason or None

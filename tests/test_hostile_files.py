"""Files that somebody made to do harm: refused in words, or read as what they are, within bounded memory.

What is merely broken stands in test_reading.py and test_fuzz.py, what is merely large in test_faults_big.py.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import logging
import os
import pickle
import re
import socket
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cx.errors import FileRefused
from cx.folders import PROJECT, Folders
from cx.formats import open_sheet
from cx.formats.reading import bounded
from cx.formats.unpacking import ENTRIES_LIMIT, RATIO_FROM
from cx.ingest import archive, lines, scan, take_in
from cx.store import Store
from cx.ui import live, uploading
from tests.conftest import NOW, ROW, answer, write_csv

CSV = b"source,interaction_id\nx,1\n"
PACKED = gzip.compress(CSV, mtime=0)  # the same at every collection
MEMORY_MB = 600
"""What reading a bomb may add to a process; each of them would take more, most of them gigabytes."""


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def workbook() -> dict[str, bytes]:
    """The parts of a sound workbook of one row, with texts that its cells share."""
    buffer, made = io.BytesIO(), openpyxl.Workbook()
    made.active.append(["source", "interaction_id"])
    made.active.append(["x", "1"])
    made.save(buffer)
    with zipfile.ZipFile(buffer) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def changed(part: str, old: bytes, new: bytes) -> bytes:
    parts = workbook()
    assert old in parts[part]
    return zipped(parts | {part: parts[part].replace(old, new, 1)})


def as_parquet(table: pa.Table, **how: Any) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **how)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(FileRefused) as refused, open_sheet(path) as sheet:
        for _ in sheet.rows(sheet.columns).batches:
            pass
    assert refused.value.file == path.name
    return refused.value.reason


def read(path: Path) -> list[dict[str, Any]]:
    with open_sheet(path) as sheet:
        return sheet.rows(sheet.columns).table.to_pylist()


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# What it says it is, and what it is


def as_workbook() -> bytes:
    return zipped(workbook())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", as_workbook()),
        ("x.csv", as_parquet(pa.table({"a": ["1"]}))),
        ("x.csv", PACKED),
        ("x.csv", b"%PDF-1.7\n\x00\x01"),
        ("x.csv", b"MZ\x90\x00\x03\x00\x00\x00"),
        ("x.csv", b"<!DOCTYPE html><html><script>alert(1)</script></html>"),
        ("x.csv", b'<?xml version="1.0"?><a/>'),
        ("x.xlsx", CSV),
        ("x.xlsx", b"<html><table><tr><td>1</td></tr></table></html>"),
        ("x.xlsx", as_parquet(pa.table({"a": ["1"]}))),
        ("x.json", as_parquet(pa.table({"a": ["1"]}))),
        ("x.jsonl", CSV),
        ("x.parquet", CSV),
        ("x.parquet", as_workbook()),
        ("x.zip", PACKED),
        ("x.csv.gz", zipped({"x.csv": CSV})),
        ("x.csv.gz", gzip.compress(PACKED, mtime=0)),
        ("x.zip", as_workbook()),
    ],
)
def test_a_file_is_what_its_content_is_and_not_what_its_name_says(
    emptied: Callable[[], tuple[Store, Folders]], tmp_path: Path, name: str, content: bytes
) -> None:
    store, folders = emptied()
    report = take_in(store, folders, put(tmp_path, name, content), NOW)
    assert report.reason
    assert "could not be taken in" not in report.reason
    assert answer(store, "select count(*) from interactions") == [(0,)]


# Archives


def entry(name: str, mode: int = 0o644, system: int = 3) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo("x")
    made.filename, made.external_attr, made.create_system = name, mode << 16, system
    return made


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/out.csv",
        "/etc/cron.d/out.csv",
        "C:\\Windows\\out.csv",
        "C:out.csv",
        "..\\..\\out.csv",
        "\\\\host\\share\\out.csv",
        "out.csv\x00.exe.csv",
        "a" * 60_000 + ".csv",
        "a/" * 5_000 + "out.csv",
        "\u202egpj.csv",
        "con.csv",
        "out\n.csv",
    ],
)
def test_no_name_in_an_archive_is_a_path_to_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    desk, buffer = tmp_path / "desk", io.BytesIO()
    desk.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(desk))
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(entry(name), CSV)
    path = put(tmp_path, "x.zip", buffer.getvalue())
    with suppress(FileRefused), open_sheet(path) as sheet:
        there = [made for made in tmp_path.rglob("*") if made.is_file() and made != path]
        assert [made.name for made in there] == ["export.csv"]
        assert all(made.is_relative_to(desk) for made in there)
        assert sheet.rows(sheet.columns).table.num_rows == 1
    assert sorted(tmp_path.rglob("*")) == [desk, path]


def test_a_link_in_an_archive_is_a_text_that_leads_nowhere(tmp_path: Path) -> None:
    secret = put(tmp_path, "secret.csv", b"source,interaction_id\nsecret,1\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(entry("link.csv", stat.S_IFLNK | 0o777), str(secret))
    with open_sheet(put(tmp_path, "x.zip", buffer.getvalue())) as sheet:
        assert sheet.columns == (str(secret),)
        assert not sheet.data.is_symlink()


def lying(size: int) -> bytes:
    """A zip file that says of what it holds that it is so large, in both of the places that say so."""
    content = bytearray(zipped({"x.csv": CSV + b"x,2\n" * 50_000}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        where = content.index(mark) + at
        content[where : where + 4] = struct.pack("<I", size)
    return bytes(content)


def crowded() -> bytes:
    """A zip file that lists far more files than it says, all of them the same."""
    listed = (
        struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0)
        + b"a.txt"
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(listed) * 300_000, 0, 0)
    return listed * 300_000 + end


def overlapping() -> bytes:
    """A zip file whose entries are all one and the same, many times over."""
    whole = zipped({"a.csv": b"source\n" + b"x" * (4 << 20)})
    start = whole.index(b"PK\x01\x02")
    listed, end = whole[start : whole.index(b"PK\x05\x06")], bytearray(whole[whole.index(b"PK\x05\x06") :])
    each = [listed.replace(b"a.csv", f"{at:x}.csv".rjust(5, "f").encode()[-5:]) for at in range(90)]
    end[8:16] = struct.pack("<HHI", len(each), len(each), sum(map(len, each)))
    return whole[:start] + b"".join(each) + bytes(end)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.zip", lying(5), "cut short or damaged"),
        ("x.zip", crowded(), f"more than {ENTRIES_LIMIT:,} files"),
        ("x.xlsx", crowded(), f"more than {ENTRIES_LIMIT:,} files"),
        ("x.zip", overlapping(), ""),
        ("x.zip", zipped({"a.csv": CSV, "b/c.ZIP": zipped({"x.csv": CSV})}), "another packed file"),
        ("x.zip", zipped({"a.csv": CSV, "b.csv.gz": PACKED}), "another packed file"),
        ("x.zip", zipped({"a.csv": zipped({"x.csv": CSV})}), "not UTF-8"),
        ("x.csv.gz", gzip.compress(zipped({"x.csv": CSV}), mtime=0), "not UTF-8"),
        ("x.csv.gz", gzip.compress("é\0".encode() + b"\xff", mtime=0), "not UTF-8"),
        ("x.csv.gz", PACKED * 3 + b"rubbish", "not a whole .gz file"),
    ],
)  # fmt: skip
def test_an_archive_that_lies_is_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    assert told in refusal(put(tmp_path, name, content))


# Workbooks

PARTS = [part for part in workbook() if part.endswith((".xml", ".rels"))]
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(9))
ENTITIES = {
    "a billion laughs": (f"<!DOCTYPE x [{LAUGHS}]>", "&a8;"),
    "a file": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file://{file}">]>', "&e;"),
    "an address": ('<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{port}/e">]>', "&e;"),
    "a definition elsewhere": ('<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd">', ""),
    "parameters": ('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:{port}/e"> %e;]>', ""),
}


@pytest.mark.parametrize("kind", ENTITIES)
def test_no_entity_of_a_workbook_is_unfolded_nor_fetched(tmp_path: Path, kind: str) -> None:
    secret, laugh = put(tmp_path, "secret.txt", b"the secret of this file"), "ha" * 10
    with socket.create_server(("127.0.0.1", 0)) as host:
        declared, used = (one.replace("{file}", str(secret)).replace("{port}", str(host.getsockname()[1])).encode()
                          for one in ENTITIES[kind])  # fmt: skip
        for part in PARTS:
            content = re.sub(rb"^<\?xml[^>]*\?>", b"", workbook()[part])
            end = content.rindex(b"</")
            parts = workbook() | {part: declared + content[:end] + used + content[end:]}
            try:
                told = str(read(put(tmp_path, "x.xlsx", zipped(parts))))
            except FileRefused as error:
                told = error.reason
            assert "the secret" not in told
            assert laugh not in told
        host.setblocking(False)
        with pytest.raises(BlockingIOError):
            host.accept()


# Parquet


class Thrift:
    """Compact thrift, as much of it as the end of a Parquet file needs."""

    I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12

    @staticmethod
    def number(value: int) -> bytes:
        rest, out = value << 1 if value >= 0 else (-value << 1) - 1, b""
        while rest > 0x7F:
            out, rest = out + bytes([rest & 0x7F | 0x80]), rest >> 7
        return out + bytes([rest])

    @classmethod
    def text(cls, value: bytes) -> bytes:
        return cls.number(len(value)).join([b"", b""]) if not value else cls._length(len(value)) + value

    @classmethod
    def _length(cls, value: int) -> bytes:
        out = b""
        while value > 0x7F:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    @classmethod
    def list(cls, items: list[bytes], said: int | None = None) -> bytes:
        return (
            bytes([0xF0 | cls.STRUCT]) + cls._length(len(items) if said is None else said) + b"".join(items)
        )

    @staticmethod
    def struct(fields: dict[int, tuple[int, bytes]]) -> bytes:
        last, out = 0, b""
        for place, (kind, content) in fields.items():
            out, last = out + bytes([(place - last) << 4 | kind]) + content, place
        return out + b"\0"


def column(name: bytes, below: int | None = None) -> bytes:
    told = {} if below is not None else {1: (Thrift.I32, Thrift.number(1))}
    told |= {3: (Thrift.I32, Thrift.number(1)), 4: (Thrift.BINARY, Thrift.text(name))}
    return Thrift.struct(told | ({5: (Thrift.I32, Thrift.number(below))} if below is not None else {}))


def made_by_hand(columns: list[bytes], rows: int = 0, said: int | None = None, note: bytes = b"") -> bytes:
    """A Parquet file of no row groups that says this of itself."""
    told = {
        1: (Thrift.I32, Thrift.number(1)),
        2: (Thrift.LIST, Thrift.list(columns, said)),
        3: (Thrift.I64, Thrift.number(rows)),
        4: (Thrift.LIST, Thrift.list([])),
    }
    pair = {1: (Thrift.BINARY, Thrift.text(b"ARROW:schema")), 2: (Thrift.BINARY, Thrift.text(note))}
    end = Thrift.struct(told | ({5: (Thrift.LIST, Thrift.list([Thrift.struct(pair)]))} if note else {}))
    return b"PAR1" + end + struct.pack("<I", len(end)) + b"PAR1"


ONE = [column(b"schema", 1), column(b"a")]
WHOLE = as_parquet(pa.table({"a": ["1"]}))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(made_by_hand(ONE, rows=2**62), "more rows than a file of its size", id="rows without end"),
        pytest.param(made_by_hand(ONE, said=2**31 - 1), "not a whole Parquet", id="columns without end"),
        pytest.param(made_by_hand([column(b"s", 2**31 - 1), column(b"a")]), "not a whole Parquet", id="children without end"),
        pytest.param(made_by_hand([column(b"s", -1), column(b"a")]), "", id="fewer children than none"),
        pytest.param(made_by_hand([column(b"s", 1)] + [column(b"a", 1)] * 200_000 + [column(b"a")]), "not a whole Parquet", id="nested without end"),
        pytest.param(made_by_hand([column(b"s", 20_000), *(column(b"%d" % n) for n in range(20_000))]), "10,000 columns", id="too many columns"),
        pytest.param(made_by_hand(ONE, note=b"////" * 1000), "not a whole Parquet", id="a schema of rubbish"),
        pytest.param(made_by_hand(ONE, note=base64.b64encode(b"\xff\xff\xff\xff" + struct.pack("<i", 2**31 - 1))), "not a whole Parquet", id="a schema without end"),
        pytest.param(WHOLE[:-8] + struct.pack("<I", 2**32 - 1) + b"PAR1", "not a whole Parquet", id="an end that is longer than the file"),
        pytest.param(WHOLE[:-8] + struct.pack("<I", 0) + b"PAR1", "not a whole Parquet", id="an end of nothing"),
        pytest.param(b"PARE" + WHOLE[4:-4] + b"PARE", "not a whole Parquet", id="encrypted"),
        pytest.param(as_parquet(pa.table({"a": pa.array(["x"]).take(pa.array([0] * 3_000_000))})), "more rows than a file of its size", id="one value for ever"),
        pytest.param(as_parquet(pa.table({"a": ["x" * (RATIO_FROM + 1)]}), compression="zstd", use_dictionary=False), "unfolds to far more", id="one text for ever"),
    ],
)  # fmt: skip
def test_a_parquet_file_that_lies_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    assert told in refusal(put(tmp_path, "x.parquet", content))


class Harm:
    """What a pickle may do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["arrow.py_extension_type", "pandas.period", "arrow.json", "made.up"])
def test_nothing_in_a_parquet_file_is_run(tmp_path: Path, kind: str) -> None:
    harm = tmp_path / "harm"
    about = {"ARROW:extension:name": kind, "ARROW:extension:metadata": pickle.dumps(Harm(harm))}
    field = pa.field("a", pa.string(), metadata=about)
    table = pa.table({"a": ["1"]}, schema=pa.schema([field], metadata={"pandas": pickle.dumps(Harm(harm))}))
    path = put(tmp_path, "x.parquet", as_parquet(table))
    with suppress(FileRefused):
        assert [row["s0"] for row in read(path)] == ["1"]
    assert not harm.exists()


# Small files that would fill the memory

BOMBS: dict[str, Callable[[], bytes]] = {
    "cells.xlsx": lambda: changed("xl/worksheets/sheet1.xml", b"</sheetData>", b"<row>" + b"<c/>" * 5_000_000 + b"</row></sheetData>"),
    "letters.xlsx": lambda: changed("xl/worksheets/sheet1.xml", b"</sheetData>", b"<row><c><v>" + b"1" * (RATIO_FROM - (1 << 20)) + b"</v></c></row></sheetData>"),
    "after.xlsx": lambda: changed("xl/worksheets/sheet1.xml", b"</sheetData>", b"</sheetData>" + b"<a/>" * 5_000_000),
    "book.xlsx": lambda: changed("xl/workbook.xml", b"<sheets>", b"<a/>" * 5_000_000 + b"<sheets>"),
    "styles.xlsx": lambda: changed("xl/styles.xml", b"<cellXfs", b"<a/>" * 5_000_000 + b"<cellXfs"),
    "types.xlsx": lambda: changed("[Content_Types].xml", b"<Override", b"<a/>" * 5_000_000 + b"<Override"),
    "unfolded.xlsx": lambda: changed("xl/worksheets/sheet1.xml", b"</sheetData>", b" " * (RATIO_FROM + 1) + b"</sheetData>"),
    "parts.json.gz": lambda: gzip.compress(b"[" + b"{}," * 6_000_000 + b"{}]", 1),
    "deep.json": lambda: b"[" * 1_000_000,
    "deep.jsonl": lambda: b'{"a":' * 500_000 + b"1" + b"}" * 500_000,
    "columns.csv": lambda: b"a," * 400_000 + b"\n",
    "number.jsonl": lambda: b'{"a": ' + b"9" * 1_000_000 + b"}",
}  # fmt: skip

CHILD = """
import json, resource, sys
from pathlib import Path
from cx.errors import FileRefused
from cx.formats import open_sheet

def refused(path):
    try:
        with open_sheet(path) as sheet:
            for _ in sheet.rows(sheet.columns).batches:
                pass
    except FileRefused as error:
        return error.reason

refused(Path(sys.argv[2]))
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (int(sys.argv[1]) << 20),) * 2)
for path in map(Path, sys.argv[3:]):
    print(json.dumps({"file": path.name, "reason": refused(path)}), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process can be bounded on Linux")
def test_small_files_that_unfold_without_end_are_refused_within_bounded_memory(tmp_path: Path) -> None:
    sound = put(tmp_path, "sound.xlsx", as_workbook())
    paths = [put(tmp_path, name, make()) for name, make in BOMBS.items()]
    assert max(path.stat().st_size for path in paths) < 4 << 20
    command = [sys.executable, "-c", CHILD, str(MEMORY_MB), str(sound), *map(str, paths)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["file"] for one in told] == [*BOMBS], done.stderr
    assert [one["file"] for one in told if not one["reason"]] == []


def test_the_bounds_of_a_workbook_are_those_of_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "ROW", (80_000, 10_000))
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    sheet = changed("xl/worksheets/sheet1.xml", b"</sheetData>", row * 10_000 + b"</sheetData>")
    assert len(read(put(tmp_path, "x.xlsx", sheet))) == 10_001


# Names


@given(
    st.text(max_size=300)
    | st.sampled_from(
        [
            "",
            ".",
            "..",
            "/",
            "\\",
            "a\0b.csv",
            "../../x.csv",
            "..\\x.csv",
            "C:\\x.csv",
            "x." + "y" * 400,
            "é" * 300 + ".csv",
            "\u202ex.csv",
        ]
    )
)
def test_any_name_of_an_upload_is_one_that_a_file_can_have(name: str) -> None:
    plain = uploading._plain(name)
    assert plain == Path(plain).name != ""
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", plain)
    assert not plain.startswith((".", "~"))
    assert not {"/", "\\", "\0"} & {*plain}
    assert len(os.fsencode(plain)) <= 255


def at_rest(path: Path) -> Path:
    os.utime(path, (0, 0), follow_symlinks=False)
    return path


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd", "{folder}", "{file}", "nowhere"])
def test_a_link_in_the_inbox_is_set_aside_and_what_it_leads_to_is_left_alone(
    store: Store, folders: Folders, tmp_path: Path, target: str
) -> None:
    file = write_csv(tmp_path / "theirs.csv", [ROW])
    (folders.inbox / "x.csv").symlink_to(target.format(folder=tmp_path, file=file))
    at_rest(folders.inbox / "x.csv")
    (report,) = scan(store, folders, NOW)
    assert report.reason == "It is a link. Put the file itself here."
    assert (folders.refused / "x.csv").is_symlink()
    assert file.exists()
    assert answer(store, "select count(*) from interactions") == [(0,)]


FORGED = "x\n2026-01-01T00:00:00Z ERROR cx: all is lost\x1b[2J.csv"


def test_no_name_of_a_file_writes_a_line_of_the_log(
    store: Store, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    with store.transaction() as cursor:
        cursor.execute("drop table interactions")
    with caplog.at_level(logging.ERROR):
        take_in(store, folders, write_csv(folders.root / FORGED, [ROW]), NOW)
    assert caplog.messages
    assert not [line for line in caplog.text.splitlines() if line.startswith("2026-01-01T")]
    assert "\x1b" not in caplog.text


def test_no_value_of_a_row_steers_the_terminal_that_it_is_told_on(store: Store, folders: Folders) -> None:
    value = "\x1b]0;mine\x07\x1b[2J\r\u202elate"
    report = take_in(store, folders, write_csv(folders.root / "x.csv", [ROW | {"csat": value}]), NOW)
    (line,) = [line for line in lines(report) if "csat" in line]
    assert "'\\x1b]0;mine\\x07\\x1b[2J\\r\\u202elate'" in line
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    monkeypatch.setenv("CX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    yield Folders(tmp_path / "data").make()
    live.close()


MARKUP = "<img src=x onerror=alert(1)> ![x](http:--h.png) [a](javascript-b) $x$.csv"


def test_a_file_whose_name_is_markup_is_named_as_text(desk: Folders) -> None:
    rows = [
        ROW,
        ROW
        | {
            "interaction_id": "2",
            "csat": "<script>alert(2)</script>",
            "product": "<script>alert(3)</script>",
        },
    ]
    assert take_in(live.server().store, desk, write_csv(desk.root / MARKUP, rows), NOW).rows_refused == 1
    app = AppTest.from_file(str(PROJECT / "pages/data.py"), default_timeout=60).run()
    assert not app.exception
    shown = [
        element.value
        for kind in ("markdown", "caption", "error", "warning", "info", "title")
        for element in app.get(kind)
    ]
    told = "\n".join(map(str, shown))
    assert "onerror" in told
    assert not re.search(r"(?<!\\)<(img|script)|(?<!\\)\]\(|(?<!\\)\$x", told)


# What leaves again


def test_refused_rows_that_are_opened_in_a_spreadsheet_run_nothing(store: Store, folders: Folders) -> None:
    cells = ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://h")']
    rows = [ROW | {"interaction_id": str(at), "text": cell, "csat": cell} for at, cell in enumerate(cells)]
    report = take_in(store, folders, write_csv(folders.root / "x.csv", rows), NOW)
    assert report.rows_refused == len(cells)
    (landed,) = archive.every(folders)
    with (landed / archive.REFUSED).open(encoding="utf-8-sig", newline="") as file:
        written = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in written if re.match(r"[=+\-@\t\r]", cell)]

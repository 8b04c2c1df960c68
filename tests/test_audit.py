"""The log of what was done: who, what and when, and never of which customer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cx.__main__ import main
from cx.access import Person, acting_as, audit
from cx.folders import Folders
from cx.ingest import take_in
from cx.store import Store
from cx.telling import access
from tests.conftest import ROW, answer, even, write_csv

AT = datetime(2026, 11, 30, 23, 59)
ANA = Person("ana@example.com", "support")


def test_the_newest_line_is_told_first_across_months(tmp_path: Path) -> None:
    with acting_as(ANA):
        audit.note(tmp_path, "signed in", now=AT)
        audit.note(tmp_path, "saw", "surge: Lamp", now=AT + timedelta(minutes=2))
    audit.note(tmp_path, "undid", "x.csv", now=AT + timedelta(minutes=3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11.jsonl", "2026-12.jsonl"]
    told = audit.noted(tmp_path)
    assert tuple(told) == audit.COLUMNS
    assert told.values.tolist() == [
        ["2026-12-01T00:02:00", "", "admin", "undid", "x.csv"],
        ["2026-12-01T00:01:00", "ana@example.com", "support", "saw", "surge: Lamp"],
        ["2026-11-30T23:59:00", "ana@example.com", "support", "signed in", ""],
    ]
    assert len(audit.noted(tmp_path, most=2)) == 2


def test_nothing_was_done_where_there_is_no_log(tmp_path: Path) -> None:
    assert audit.noted(tmp_path / "audit").empty


def test_what_is_no_deed_is_not_logged(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        audit.note(tmp_path, "thought")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("broken", ['{"at": "2026-', "", "[1]", "{}", "\x00\n\n"], ids=["cut", "empty", "list", "nothing", "zero"])  # fmt: skip
def test_a_line_that_cannot_be_read_hides_no_other(tmp_path: Path, broken: str) -> None:
    audit.note(tmp_path, "took", "a.csv", AT)
    path = tmp_path / "2026-11.jsonl"
    path.write_text(path.read_text() + broken)
    audit.note(tmp_path, "took", "b.csv", AT)
    assert audit.noted(tmp_path)["what"].tolist() == ["b.csv", "a.csv"]


def test_lines_of_many_writers_do_not_mix(tmp_path: Path) -> None:
    what = [f"{n} " + "x" * n for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        [*pool.map(lambda one: audit.note(tmp_path, "took", one, AT), what)]
    assert sorted(audit.noted(tmp_path)["what"]) == sorted(what)


def test_a_line_is_one_line_whatever_it_is_of(tmp_path: Path) -> None:
    name = 'a"\n{"deed": "signed in"}\u2028\x1b[2J\udc80.csv'
    audit.note(tmp_path, "took", name, AT)
    assert audit.noted(tmp_path)[["deed", "what"]].values.tolist() == [
        ["took", name.replace("\udc80", r"\udc80")]
    ]
    (told,) = access.log_rows(audit.noted(tmp_path), AT)
    assert told["cells"]["deed"]["text"] == "Downloaded"


def test_others_on_the_machine_cannot_read_it(tmp_path: Path) -> None:
    audit.note(tmp_path, "took", "a.csv", AT)
    assert (tmp_path / "2026-11.jsonl").stat().st_mode & 0o077 == 0


@pytest.fixture
def landed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    folders = Folders(tmp_path).make()
    store = Store.open(folders.store)
    take_in(store, folders, write_csv(tmp_path / "x.csv", [ROW | {"customer_id": "jane@example.com"}]))
    store.close()
    return folders


def rows(folders: Folders) -> int:
    store = Store.open(folders.store)
    try:
        return int(answer(store, "select count(*) from interactions")[0][0])
    finally:
        store.close()


def test_what_the_owner_forgets_and_undoes_is_logged_without_saying_of_whom(
    landed: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "jane@example.com", "--yes"]) == 0
    assert main(["undo", "x.csv", "--yes"]) == 0
    told = audit.noted(landed.audit)
    assert told[["who", "deed", "what"]].values.tolist() == [
        ["", "undid", "x.csv"],
        ["", "forgot", "rows 1, refused 0, landings 1, files 0"],
        ["", "forgot", "begun"],
    ]
    assert all("jane" not in path.read_text() for path in landed.audit.iterdir())
    capsys.readouterr()
    assert main(["audit", "--days", "1"]) == 0
    shown = even(capsys.readouterr().out)
    assert "The owner" in shown
    assert "Undid an export" in shown


@pytest.mark.parametrize("command", [["undo", "x.csv", "--yes"], ["forget", "jane@example.com", "--yes"]])
def test_what_cannot_be_logged_is_not_done(
    landed: Folders, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    landed.audit.write_text("no folder")
    assert main(command) == 2
    assert "cannot be written" in even(capsys.readouterr().out)
    assert rows(landed) == 1
    store = Store.open(landed.store)
    assert answer(store, "select count(*) from forgotten") == [(0,)]
    store.close()


def test_an_old_line_is_not_of_the_last_days(landed: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note(landed.audit, "took", "long-ago\x1b[2J[red].csv", datetime(2020, 1, 1))
    assert main(["audit", "--days", "1"]) == 0
    assert "long-ago" not in capsys.readouterr().out
    assert main(["audit", "--days", "1000000000"]) == 0
    assert r"long-ago\x1b[2J[red].csv" in even(capsys.readouterr().out)
    assert json.loads((landed.audit / "2020-01.jsonl").read_text())["deed"] == "took"

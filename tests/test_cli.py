"""The command line: what it prints and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cx import demo
from cx.__main__ import _holds_rows, main
from cx.folders import PROJECT, Folders
from cx.store import Store
from tests.conftest import DemoCompany, write_csv
from tests.given import land, row

CONTACT = {"source": "desk", "occurred_at": "2026-03-02 10:00:00", "kind": "contact", "channel": "phone"}
WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cx", *arguments]
    environment = {**os.environ, "CX_DATA": str(folder), **WIDE}
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_ingest_reports_each_file_and_names_what_it_refused(tmp_path: Path) -> None:
    rows = [{**CONTACT, "interaction_id": "1", "csat": "4"}, {**CONTACT, "interaction_id": "2", "csat": "9"}]
    good = write_csv(tmp_path / "good.csv", rows)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    ended = run(tmp_path / "data", "ingest", str(good), str(broken))
    assert ended.returncode == 1
    assert "good.csv: 1 row kept, 0 superseded, 1 refused" in ended.stdout
    assert "row 2, csat:" in ended.stdout
    assert "Set aside broken.parquet:" in ended.stdout
    again = run(tmp_path / "data", "ingest", str(good))
    assert (again.returncode, "taken in before, nothing changed" in again.stdout) == (0, True)


def test_ingest_hands_its_files_to_the_process_that_owns_the_store(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "data").make()
    store = Store.open(folders.store)
    export = write_csv(tmp_path / "export.csv", [{**CONTACT, "interaction_id": "1"}])
    ended = run(folders.root, "ingest", str(export))
    store.close()
    assert (ended.returncode, [path.name for path in folders.inbox.iterdir()]) == (0, ["export.csv"])
    assert "1 file is in its inbox" in ended.stdout


def test_doctor_finds_a_sound_installation_sound(tmp_path: Path) -> None:
    ended = run(tmp_path / "data", "doctor")
    assert ended.returncode == 0, ended.stdout
    assert "0 interactions from 0 exports" in ended.stdout


def test_doctor_names_the_cell_that_is_wrong(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "data").make()
    (folders.reference / "targets.csv").write_text(
        "metric,from,value,owner\ncsat,2026-01-01,lots,Ann\n", encoding="utf-8"
    )
    ended = run(folders.root, "doctor")
    assert ended.returncode == 1
    assert "targets.csv, row 1, column value: 'lots' is not a number" in ended.stdout


@pytest.mark.parametrize("arguments", [["demonstrate"], ["ingest"]])
def test_an_unknown_command_is_answered_with_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m cx" in capsys.readouterr().err


def test_no_command_is_answered_with_every_command_and_what_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 0
    told = capsys.readouterr().out
    assert all(f"\n    {name} " in told for name in ("demo", "ingest", "watch", "doctor"))


@pytest.mark.parametrize("rows", [0, 1])
def test_a_demo_of_another_week_stays_where_rows_may_be_of_it(tmp_path: Path, rows: int) -> None:
    folders = Folders(tmp_path).make()
    store = Store.open(folders.store)
    for _ in range(rows):
        land(store, folders, [row()])
    store.close()
    assert _holds_rows(folders) is bool(rows)


def test_a_demo_is_made_once_and_never_mixed_with_another(
    demo_company: DemoCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(
        demo_company.folders.root, tmp_path, ignore=shutil.ignore_patterns("demo"), dirs_exist_ok=True
    )
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "made.json").write_text(json.dumps(demo._made(demo_company.now, demo.SEED)))
    monkeypatch.setenv("CX_NOW", (demo_company.now + timedelta(weeks=1)).isoformat())
    again = run(tmp_path, "demo")
    assert again.returncode == 0
    assert "stays as it is" in again.stdout
    assert "rows kept" not in again.stdout

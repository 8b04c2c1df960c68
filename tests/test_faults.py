"""Bad files, an inbox that is written to meanwhile, and a process that is killed: nothing lost, nothing doubled."""

from __future__ import annotations

import logging
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cx.folders import Folders
from cx.ingest import Report, archive, files_under, hand_over, scan, take_in, watch
from cx.ingest.inbox import Settling
from cx.store import Store
from tests.conftest import NOW, ROW, answer, everything, write_csv
from tests.killing import begun

Ask = Callable[[str], list[tuple[Any, ...]]]
ORDER = ROW | {"kind": "order", "order_id": "o", "product": "lamp", "units": 1, "amount": 1.0}


def parquet(path: Path, **columns: object) -> Path:
    pd.DataFrame([ORDER | columns]).to_parquet(path)
    return path


def at_rest(path: Path) -> Path:
    """As if it had been written a while ago."""
    os.utime(path, (time.time() - 60,) * 2, follow_symlinks=False)
    return path


def half_parquet(inbox: Path) -> None:
    whole = parquet(inbox / "bad.parquet").read_bytes()
    (inbox / "bad.parquet").write_bytes(whole[: len(whole) // 2])


def link(inbox: Path) -> None:
    (inbox / "bad.csv").symlink_to(write_csv(inbox.parent / "elsewhere.csv", [ROW]))


def utf16_without_a_mark(inbox: Path) -> None:
    (inbox / "bad.csv").write_bytes(write_csv(inbox / "bad.csv", [ROW]).read_text().encode("utf-16-le"))


def no_encoding(inbox: Path) -> None:
    (inbox / "bad.csv").write_bytes(write_csv(inbox / "bad.csv", [ROW]).read_bytes() + b"\x81\n")


def no_rights(inbox: Path) -> None:
    write_csv(inbox / "bad.csv", [ROW]).chmod(0)
    if os.access(inbox / "bad.csv", os.R_OK):
        pytest.skip("this user may read every file")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda inbox: (inbox / "bad.csv").touch(), "It is empty"),
        (lambda inbox: (inbox / "bad.parquet").touch(), "It is empty"),
        (half_parquet, "not a whole Parquet file"),
        (lambda inbox: parquet(inbox / "bad.parquet", amount={"value": 1}), "'amount' holds struct"),
        (
            lambda inbox: parquet(inbox / "bad.parquet", occurred_at=1759312800),
            "'occurred_at' holds whole numbers",
        ),
        (lambda inbox: write_csv(inbox / "bad.csv", [{"a": 1, "kinds": 2}]), "It lacks"),
        (lambda inbox: (inbox / "bad.csv").write_text("\n\n"), "It lacks"),
        (lambda inbox: (inbox / "bad.csv").write_text('source,kind\n"open'), "It lacks"),
        (utf16_without_a_mark, "not UTF-8"),
        (no_encoding, "not UTF-8"),
        (lambda inbox: (inbox / "bad.xlsx").write_bytes(b"PK\x03\x04"), "not a whole Excel workbook"),
        (lambda inbox: (inbox / "bad.docx").write_bytes(b"PK\x03\x04"), "Only .csv, .tsv, .jsonl"),
        (lambda inbox: (inbox / "bad").mkdir(), "It is a folder"),
        (link, "It is a link"),
        (lambda inbox: os.mkfifo(inbox / "bad.csv"), "It is not a file"),
        (no_rights, "may not be read"),
    ],
)
def test_a_bad_file_is_set_aside_with_the_reason_and_the_good_one_beside_it_is_taken_in(
    store: Store, folders: Folders, ask: Ask, spoil: Callable[[Path], object], reason: str
):
    spoil(folders.inbox)
    write_csv(folders.inbox / "good.csv", [ROW])
    bad = next(path for path in folders.inbox.iterdir() if path.name.startswith("bad"))
    for path in folders.inbox.iterdir():
        at_rest(path)
    reports = {report.file: report for report in scan(store, folders, NOW)}
    assert reason in reports[bad.name].reason
    assert reports["good.csv"].rows_kept == 1
    assert sorted(path.name for path in folders.refused.iterdir()) == [bad.name, f"{bad.name}.txt"]
    assert reports[bad.name].reason in (folders.refused / f"{bad.name}.txt").read_text()
    assert [path.name[:8] for path in archive.every(folders)] == ["good.csv"]
    assert ask("select name, reason from files where reason is not null") == [
        (bad.name, reports[bad.name].reason)
    ]
    assert scan(store, folders, NOW) == []


def test_an_unexpected_failure_is_logged_without_the_rows_and_sets_the_file_aside(
    store: Store, folders: Folders, ask: Ask, caplog: pytest.LogCaptureFixture
):
    with store.transaction() as cursor:
        cursor.execute(
            "alter table interactions rename column text to words"
        )  # no such column: the merge fails
    at_rest(write_csv(folders.inbox / "x.csv", [ROW | {"text": "call 555 0100"}]))
    with caplog.at_level(logging.ERROR):
        (report,) = scan(store, folders, NOW)
    assert "could not be taken in" in report.reason
    assert "x.csv" in caplog.text
    assert "555" not in caplog.text
    assert ask("select count(*) from interactions") == [(0,)]
    assert (folders.refused / "x.csv").exists()


def test_nothing_in_the_archive_or_among_the_refused_is_overwritten(store: Store, folders: Folders):
    for i in range(3):
        at_rest(write_csv(folders.inbox / "x.csv", [ROW | {"csat": i + 1}]))
        scan(store, folders, NOW)
    assert [path.name[:7] for path in archive.every(folders)] == ["x.csv ("] * 3
    for _ in range(3):
        at_rest(write_csv(folders.inbox / "bad.csv", [{"a": 1}]))
        scan(store, folders, NOW)
    set_aside = [path.name for path in folders.refused.iterdir() if path.suffix == ".csv"]
    assert sorted(set_aside) == ["bad (2).csv", "bad (3).csv", "bad.csv"]


def test_a_set_aside_file_is_tried_again_once_a_mapping_fits(store: Store, folders: Folders):
    path = write_csv(folders.root / "x.csv", [{"No": 1, "Opened": "2025-10-01"}])
    assert take_in(store, folders, path, NOW).reason
    (folders.reference / "mappings").mkdir()
    (folders.reference / "mappings" / "m.toml").write_text(
        'name = "m"\nrecognise = ["No"]\n[columns]\nsource = { constant = "s" }\ninteraction_id = "No"\n'
        'occurred_at = "Opened"\nkind = { constant = "contact" }\nchannel = { constant = "web" }\n'
    )
    assert take_in(store, folders, path, NOW).rows_kept == 1


def test_a_file_outside_the_inbox_is_not_moved(store: Store, folders: Folders, tmp_path: Path):
    good, bad = write_csv(tmp_path / "x.csv", [ROW]), write_csv(tmp_path / "y.csv", [{"a": 1}])
    assert take_in(store, folders, good, NOW).rows_kept == 1
    assert take_in(store, folders, bad, NOW).reason
    assert good.exists()
    assert bad.exists()
    assert take_in(store, folders, tmp_path / "none.csv", NOW).reason == "There is no such file."


def test_what_is_on_its_way_is_left_alone(store: Store, folders: Folders):
    for name in (".x.csv", "~x.csv", "x.csv.tmp", "x.csv.part", "x.csv.crdownload"):
        at_rest(write_csv(folders.inbox / name, [ROW]))
    write_csv(folders.inbox / "fresh.csv", [ROW])
    half_parquet(folders.inbox)
    assert scan(store, folders, NOW) == []
    assert len([*folders.inbox.iterdir()]) == 7


def test_a_whole_parquet_file_is_ready_at_once(store: Store, folders: Folders):
    parquet(folders.inbox / "x.parquet")
    assert [report.rows_kept for report in scan(store, folders, NOW)] == [1]


def test_a_file_that_is_written_to_while_it_is_taken_in_waits_until_it_is_at_rest(
    store: Store, folders: Folders, ask: Ask
):
    path = at_rest(write_csv(folders.inbox / "x.csv", [ROW]))
    settling = Settling()

    def write_more(phase: str, done: float) -> None:
        if done == 0.5 and path.stat().st_mtime < time.time() - 30:
            path.write_text(path.read_text() + ",".join((ROW | {"interaction_id": "2"}).values()) + "\n")

    assert scan(store, folders, NOW, write_more, settling) == []
    assert ask("select count(*) from interactions") == [(0,)]
    again: list[Report] = []
    patience = time.monotonic() + 20
    while not again and time.monotonic() < patience:
        again = scan(store, folders, NOW, write_more, settling)
        time.sleep(0.1)
    assert [report.rows_kept for report in again] == [2]
    assert not path.exists()
    assert ask("select count(*), count(distinct interaction_id) from interactions") == [(2, 2)]


def test_files_under_folders_and_handing_over(folders: Folders, tmp_path: Path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    one, two = (write_csv(tmp_path / "in" / name, [ROW]) for name in ("a.csv", "deep/b.CSV"))
    (tmp_path / "in" / "notes.txt").touch()
    assert files_under([tmp_path / "in", tmp_path / "in" / "notes.txt"]) == [
        one,
        two,
        tmp_path / "in" / "notes.txt",
    ]
    assert [hand_over(one, folders).name for _ in range(2)] == ["a.csv", "a (2).csv"]
    assert one.exists()
    assert sorted(path.name for path in folders.inbox.iterdir()) == ["a (2).csv", "a.csv"]


def test_watching_takes_in_what_lands_and_survives_a_bad_file_and_a_lost_inbox(
    store: Store, folders: Folders, ask: Ask
):
    stop, reports = threading.Event(), []
    watching = threading.Thread(target=watch, args=(store, folders, stop, reports.append))
    watching.start()

    def wait_for(count: int) -> None:
        until = time.monotonic() + 20
        while len(reports) < count and time.monotonic() < until:
            time.sleep(0.02)

    try:
        parquet(folders.inbox / ".x.tmp").rename(folders.inbox / "x.parquet")
        at_rest(write_csv(folders.inbox / "bad.csv", [{"a": 1}]))
        wait_for(2)
        shutil.rmtree(folders.inbox)
        time.sleep(0.8)  # long enough for the watcher to look and find nothing
        folders.make()
        with (folders.inbox / "slow.csv").open("w") as file:  # written bit by bit, ingested once, whole
            file.write(",".join(ROW) + "\n")
            for i in range(6):
                file.write(",".join((ROW | {"interaction_id": f"slow {i}"}).values()) + "\n")
                file.flush()
                time.sleep(0.2)
        wait_for(3)
    finally:
        stop.set()
        watching.join(10)
    assert not watching.is_alive()
    assert [(report.file, report.rows_kept) for report in sorted(reports, key=lambda report: report.file)] == [
        ("bad.csv", 0), ("slow.csv", 6), ("x.parquet", 1),
    ]  # fmt: skip


# Killed at any moment, the store opens again and ends up as if nothing had happened.

FILES, ROWS, KILLS = 8, 300, 4


def exports(folder: Path) -> list[Path]:
    """Files whose rows overlap, each with later states of rows of the one before."""
    folder.mkdir()
    return [write_csv(folder / f"{i:02}.csv", _overlapping(i)) for i in range(FILES)]


def _overlapping(file: int) -> list[dict[str, object]]:
    first = file * ROWS // 2
    return [
        ORDER | {"interaction_id": f"{n}", "order_id": f"{n // 3}", "amount": n % 7 + file, "updated_at": f"2025-10-{file + 1:02} 00:00",
                 "occurred_at": f"2025-09-{n % 25 + 1:02} 10:00", "csat": (n + file) % 6}
        for n in range(first, first + ROWS)
    ]  # fmt: skip


def ingest_all(root: Path) -> None:
    """What the process that gets killed does: open the store and take in all that is in the inbox."""
    folders = Folders(root)
    store = Store.open(folders.store)
    for path in sorted(folders.inbox.iterdir()):
        take_in(store, folders, path, NOW)
    store.close()


def held(root: Path) -> list[Any]:
    """All that the store holds but for arrival times."""
    store = Store.open(Folders(root).store)
    ledger = [
        "select name, sha256, rows_read, rows_kept, rows_superseded, rows_refused from files",
        "select file_row, column_name, value, rule from refusals",
    ]
    try:
        archived = [
            (path.name, pd.read_parquet(path / archive.ROWS)) for path in archive.every(Folders(root))
        ]
        rows = [(name, frame.astype(str).values.tolist()) for name, frame in archived]
        return [rows, *everything(store), *(sorted(answer(store, query), key=repr) for query in ledger)]
    finally:
        store.close()


def filled(root: Path, files: list[Path]) -> Folders:
    """Folders with these files in the inbox and nothing else."""
    shutil.rmtree(root, ignore_errors=True)
    folders = Folders(root).make()
    for file in files:
        shutil.copy2(file, folders.inbox)
    return folders


def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(tmp_path: Path):
    files = exports(tmp_path / "exports")
    calm = filled(tmp_path / "calm", files)
    started = time.monotonic()
    ingest_all(calm.root)
    lasts = time.monotonic() - started
    undisturbed = held(calm.root)
    chance, killed = random.Random(7), 0
    while killed < KILLS:
        stormy, patience = filled(tmp_path / "stormy", files), lasts / 4
        while any(stormy.inbox.iterdir()):
            victim = begun(ingest_all, stormy.root)
            victim.join(None if killed >= KILLS else chance.random() * patience)
            victim.kill()
            victim.join()
            killed += victim.exitcode == -9
            patience *= 1.2  # a busy machine may need long even to begin
            Store.open(stormy.store).close()
        assert held(stormy.root) == undisturbed


def test_a_version_grows_only_with_what_is_committed(store: Store, folders: Folders, tmp_path: Path):
    reports: list[Report] = []
    for i, rows in enumerate(([ROW], [ROW], [ROW | {"interaction_id": "2"}])):
        reports.append(take_in(store, folders, write_csv(tmp_path / f"{i}.csv", rows), NOW))
    assert [report.already for report in reports] == [False, True, False]
    assert store.version == 2

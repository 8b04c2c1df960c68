"""A disk that is full: it is said in words, nothing is half, and it goes on by itself once there is room."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cx.__main__ import main
from cx.errors import BadBackup, StoreBroken, StoreUnwritable
from cx.folders import Folders
from cx.ingest import archive, back_up, rebuild, take_in, watch
from cx.store import Store
from cx.ui.taking import Taking
from tests.conftest import NOW, ROW, answer, even, write_csv

SIZE_MB = 24
KB = 1000


class Disk:
    """A small file system of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self._ballast = root, root / "ballast"

    def fill(self, leave: int) -> None:
        """Fill it but for so many bytes."""
        about = os.statvfs(self.root)
        self._ballast.write_bytes(bytes(max(about.f_bavail * about.f_frsize - leave, 0)))

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    root = tmp_path / "disk"
    root.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(root)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")
    yield Disk(root)
    subprocess.run(["umount", "-l", str(root)], check=True)


def export(path: Path, rows: int, first: int = 0) -> Path:
    return write_csv(
        path, [ROW | {"interaction_id": str(first + n), "customer_id": f"c{n}"} for n in range(rows)]
    )


def held(store: Store) -> list[tuple[object, ...]]:
    return [
        *answer(store, "select count(*) from interactions"),
        *answer(store, "select name, reason from files order by 1"),
    ]


@pytest.mark.parametrize("leave", [0, 300 * KB], ids=["at once", "when it is committed"])
def test_an_export_waits_until_there_is_room(disk: Disk, tmp_path: Path, leave: int) -> None:
    folders = Folders(disk.root / "data").make()
    store = Store.open(folders.store)
    take_in(store, folders, export(tmp_path / "a.csv", 20), NOW)
    landing = export(folders.inbox / "b.csv", 3000, 100)
    disk.fill(leave)
    before = (held(store), [path.name for path in archive.every(folders)])
    report = take_in(store, folders, landing, NOW)
    assert report.waiting
    assert report.reason.startswith("There is no room on the disk to take it in. It waits where it is")
    assert (held(store), [path.name for path in archive.every(folders)]) == before
    assert [path.name for path in folders.inbox.iterdir()] == ["b.csv"]
    assert [*folders.refused.iterdir()] == []
    disk.make_room()
    assert take_in(store, folders, landing, NOW).rows_kept == 3000
    store.close()
    store = Store.open(folders.store)
    assert held(store) == [(3020,), ("a.csv", None), ("b.csv", None)]
    assert [len([*folder.iterdir()]) for folder in (folders.inbox, folders.refused)] == [0, 0]
    store.close()


def test_what_watches_the_inbox_says_so_and_goes_on_by_itself(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    folders = Folders(disk.root / "data").make()
    store, landed = Store.open(folders.store), threading.Event()
    taking = Taking(lambda stop: watch(store, folders, stop, lambda report: landed.set()), pauses=(0.2, 0.4))
    export(folders.inbox / "a.csv", 3000)
    disk.fill(0)
    with caplog.at_level(logging.ERROR):
        taking.start()
        assert comes(lambda: taking.down)  # pages then say that exports are not being taken in
    assert "a.csv: There is no room on the disk" in caplog.text
    disk.make_room()
    assert landed.wait(30)
    taking.end()
    assert held(store) == [(3000,), ("a.csv", None)]
    store.close()


def comes(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


def test_the_command_line_the_doctor_and_a_backup_say_it(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = Folders(disk.root / "data").make()
    store = Store.open(folders.store)
    take_in(store, folders, export(tmp_path / "a.csv", 20), NOW)
    disk.fill(0)
    with pytest.raises(BadBackup, match=r"No backup could be written .*; nothing is left of it"):
        back_up(store, folders, disk.root / "backups", NOW)
    store.close()
    assert [*(disk.root / "backups").iterdir()] == []
    monkeypatch.setenv("CX_DATA", str(folders.root))
    assert main(["ingest", str(export(tmp_path / "b.csv", 3000, 100))]) == 1
    assert "There is no room on the disk" in even(capsys.readouterr().out)
    assert main(["doctor"]) == 1
    assert "nearly full: 0.0 GB free" in even(capsys.readouterr().out)


def test_a_store_that_could_not_be_made_is_made_once_there_is_room(disk: Disk) -> None:
    folders = Folders(disk.root / "data").make()
    disk.fill(0)
    with pytest.raises(StoreUnwritable, match="make room on the disk"):
        Store.open(folders.store)
    disk.make_room()
    try:
        store = Store.open(folders.store)
    except StoreBroken:  # the engine left the beginning of a file; this is what is said to mend it
        rebuild(folders)
        store = Store.open(folders.store)
    assert held(store) == [(0,)]
    store.close()

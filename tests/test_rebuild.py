"""A store made anew from the archive is the one that was lost; a backup is one committed version."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx import notes
from cx.__main__ import main
from cx.errors import BadBackup, BadKey, StoreBroken, StoreBusy, StoreUnwritable
from cx.folders import Folders
from cx.ingest import Backup, back_up, forget, rebuild, restore, take_in, undo, would_lose
from cx.ingest.retention import let_leave
from cx.store import Store
from tests.conftest import NOW, ROW, answer, even, everything, known_as, write_csv

Damage = Callable[[Path], object]

DAMAGES: dict[str, Damage] = {
    "emptied": lambda path: path.write_bytes(b""),
    "rubbish": lambda path: path.write_bytes(b"rubbish " * 5000),
    "cut short": lambda path: os.truncate(path, 20000),
    "a page overwritten": lambda path: overwrite(path, 12288, 4096),
}

LEDGER = """
select name, size, sha256, format, arrived_at, rows_read, rows_kept, rows_superseded, rows_refused, rows_replaced, rows_same,
  cast(unused as varchar) from files where reason is null and undone_at is null order by arrived_at, name"""


def overwrite(path: Path, place: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * length)


def row(name: object, **columns: object) -> dict[str, object]:
    return ROW | {"interaction_id": str(name), "customer_id": f"c{name}"} | columns


def landed(folders: Folders) -> None:
    """Three exports: one with a refused row, one that replaces a row and is undone, one that replaces and repeats."""
    store = Store.open(folders.store)
    for name, rows in (
        ("a.csv", [row(1), row(2, text="call 030 1234567"), row(3, csat=9)]),
        ("b.csv", [row(1, csat=1, updated_at="2025-10-02")]),
        (
            "c.csv",
            [row(1, csat=5, updated_at="2025-10-03"), row(2, text="call 030 1234567"), row(4, unknown=1)],
        ),
    ):
        take_in(store, folders, write_csv(folders.root / name, rows), NOW)
    undo(store, folders, "b.csv", NOW)
    store.close()


def held(folders: Folders) -> list[Any]:
    store = Store.open(folders.store)
    try:
        counts = "select column_name, rule, count(*) from refusals group by all order by all"
        return [*everything(store), *[answer(store, sql) for sql in (LEDGER, counts)]]
    finally:
        store.close()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=[*DAMAGES])
def test_a_broken_store_says_so_and_is_rebuilt_with_the_same_numbers(
    folders: Folders, damage: Damage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    landed(folders)
    before = held(folders)
    damage(folders.store)
    with pytest.raises(StoreBroken, match="cx rebuild"):
        Store.open(folders.store)
    monkeypatch.setenv("CX_DATA", str(folders.root))
    assert main(["doctor"]) == 1
    assert main(["rebuild"]) == 0
    assert "2 landings of the archive: 3 interactions" in capsys.readouterr().out.replace("\n", " ")
    assert held(folders) == before
    assert (folders.root / "cx.duckdb.broken").exists()
    store = Store.open(folders.store)
    assert take_in(store, folders, folders.root / "a.csv", NOW).already
    store.close()


def test_what_is_set_aside_is_never_overwritten(folders: Folders) -> None:
    landed(folders)
    for name in ("cx.duckdb.broken", "cx.duckdb.broken.2"):
        told = rebuild(folders)
        assert told.aside is not None
        assert told.aside.name == name
    assert sorted(path.name for path in folders.root.glob("cx.duckdb*")) == [
        "cx.duckdb", "cx.duckdb.broken", "cx.duckdb.broken.2",
    ]  # fmt: skip


def test_undone_twice_a_rebuilt_store_gives_back_what_was_replaced(folders: Folders) -> None:
    landed(folders)
    rebuild(folders)
    store = Store.open(folders.store)
    undo(store, folders, "c.csv", NOW)
    assert answer(store, "select interaction_id, csat from interactions order by 1") == [
        ("1", None),
        ("2", None),
    ]
    store.close()


def test_notes_marks_and_the_first_day_come_along_from_a_store_that_can_be_read(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed(folders)
    store = Store.open(folders.store)
    notes.note(store, notes.Surge("lamp", "broken", date(2025, 10, 1)), "note", "seen", "Ann", NOW)
    forget(store, folders, "c1")
    kept = [answer(store, f"select * from {table}") for table in ("surge_log", "forgotten")]
    store.close()
    rebuild(folders)
    store = Store.open(folders.store)
    assert [answer(store, f"select * from {table}") for table in ("surge_log", "forgotten")] == kept
    store.close()


def test_a_customer_who_was_forgotten_stays_so_where_nothing_can_be_read(folders: Folders) -> None:
    landed(folders)
    store = Store.open(folders.store)
    forget(store, folders, "c1")
    store.close()
    folders.store.write_bytes(b"rubbish")
    rebuild(folders)
    store = Store.open(folders.store)
    take_in(store, folders, write_csv(folders.root / "d.csv", [row(9, customer_id="c1")]), NOW)
    assert (known_as("c1"),) not in answer(
        store, "select customer_id from interactions left join customers using (customer_no)"
    )
    store.close()


def test_what_would_be_lost_is_said_and_asked(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    landed(folders)
    (folders.reference / "settings.toml").write_text("[privacy]\nkeep_rows_days = 30\n")
    store = Store.open(folders.store)
    let_leave(store, folders, NOW + timedelta(days=100))
    store.close()
    (lost,) = would_lose(folders)[:1]
    assert "2025" in lost
    monkeypatch.setenv("CX_DATA", str(folders.root))
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    assert main(["rebuild"]) == 1
    assert not (folders.root / "cx.duckdb.broken").exists()


def test_another_key_and_an_open_store_are_refused(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    landed(folders)
    store = Store.open(folders.store)
    with pytest.raises(StoreBusy):
        rebuild(folders)
    store.close()
    folders.store.write_bytes(b"rubbish")
    monkeypatch.setenv("CX_KEY", str(folders.root / "gone.key"))
    with pytest.raises(BadKey, match="gone"):
        rebuild(folders)
    assert not (folders.root / "gone.key").exists()


# The law: whatever landed, in whatever batches, was undone or forgotten: the archive gives it back.

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["desk", "shop"]),
            "interaction_id": st.sampled_from(["1", "2", "3"]),
            "occurred_at": st.sampled_from(["2025-10-01", "2025-10-02"]),
            "kind": st.sampled_from(["contact", "order"]),
            "channel": st.just("web"),
            "customer_id": st.sampled_from(["c1", "c2", ""]),
            "stage": st.sampled_from(["", "discover", "purchase"]),
            "order_id": st.just("o1"),
            "product": st.just("lamp"),
            "units": st.just(1),
            "amount": st.integers(1, 2),
            "handled_by": st.sampled_from(["bot", "human"]),
            "csat": st.sampled_from([1, 5, 9]),
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=3, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(ROWS, min_size=1, max_size=4), st.integers(0, 5), st.booleans())
def test_the_archive_gives_everything_back(landings: Any, undone: int, forgets: bool) -> None:
    with tempfile.TemporaryDirectory() as root:
        folders = Folders(Path(root)).make()
        store, paths = Store.open(folders.store), []
        for step, rows in enumerate(landings):
            # Each state of its own time: which of two of the same time is the later one, their content settles.
            timed = [
                one | {"updated_at": f"2025-10-{6 + step:02} 10:00:{n:02}"} for n, one in enumerate(rows)
            ]
            own = row(f"own {step}", customer_id="c1")
            paths.append(write_csv(folders.root / f"{step}.csv", [*timed, own]))
            take_in(store, folders, paths[-1], NOW + timedelta(minutes=step))
        if undone < len(paths):
            undo(store, folders, f"{undone}.csv", NOW)
            paths.pop(undone)
        if forgets:
            forget(store, folders, "c1")
        store.close()
        before = held(folders)
        os.truncate(folders.store, 20000)
        rebuild(folders)
        assert held(folders) == before
        store = Store.open(folders.store)
        assert all(take_in(store, folders, path, NOW).already for path in paths)
        store.close()


# Backups.


def test_a_backup_made_while_exports_land_is_one_committed_version(folders: Folders, tmp_path: Path) -> None:
    store = Store.open(folders.store)
    versions, done = [everything(store)], threading.Event()

    def land() -> None:
        try:
            for step in range(5):
                rows = [row(f"{step}-{n}", csat=n % 5 + 1) for n in range(30)]
                take_in(store, folders, write_csv(folders.root / f"{step}.csv", rows), NOW)
                versions.append(everything(store))
        finally:
            done.set()

    landing = threading.Thread(target=land)
    landing.start()
    made: list[Backup] = []
    while not done.wait(0.1) or not made:
        made.append(back_up(store, folders, tmp_path / "backups", datetime(2025, 10, 12)))
    landing.join()
    store.close()
    assert len({one.path for one in made}) == len(made)
    for one in (made[0], made[len(made) // 2], made[-1]):
        other = Folders(tmp_path / "other").make()
        assert restore(other, Path(one.path), over=True).rows == one.rows
        restored = held(other)
        assert restored[: len(versions[0])] in versions
        rebuild(other)
        assert held(other) == restored
    assert not [*(tmp_path / "backups").glob("*.part")]


def test_the_key_is_in_a_backup_only_where_it_is_asked_for(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CX_KEY")
    landed(folders)
    before = held(folders)
    monkeypatch.setenv("CX_DATA", str(folders.root))
    for name, options in (("without", []), ("with", ["--with-key"])):
        assert main(["backup", str(tmp_path / name), *options]) == 0
    (without,), (whole,) = (list((tmp_path / name).iterdir()) for name in ("without", "with"))
    assert not (without / "customer.key").exists()
    assert (whole / "customer.key").stat().st_mode & 0o777 == 0o600
    other = Folders(tmp_path / "other")
    monkeypatch.setenv("CX_DATA", str(other.root))
    assert main(["restore", str(without)]) == 2
    assert "is gone. Put it back" in even(capsys.readouterr().out)
    assert main(["restore", str(whole)]) == 0
    assert held(other) == before
    assert (other.root / "customer.key").stat().st_mode & 0o777 == 0o600


def test_restore_refuses_what_is_no_backup_and_data_that_are_there(folders: Folders, tmp_path: Path) -> None:
    landed(folders)
    store = Store.open(folders.store)
    made = Path(back_up(store, folders, tmp_path / "backups", NOW).path)
    store.close()
    with pytest.raises(BadBackup, match="--yes"):
        restore(folders, made)
    restore(folders, made, over=True)
    assert {"cx.duckdb.before", "archive.before", "reference.before"} <= {
        path.name for path in folders.root.iterdir()
    }
    os.truncate(made / "cx.duckdb", 5000)
    for path in (made, tmp_path):
        with pytest.raises(BadBackup):
            restore(folders, path, over=True)


def test_a_backup_that_cannot_be_written_says_why(store: Store, folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadBackup, match="Not a directory"):
        back_up(store, folders, tmp_path / "file", NOW)


# A store that may not be written.


def open_as_nobody(path: Path, told: Any) -> None:
    """What a process without rights sees; root may write everything."""
    if os.getuid() == 0:
        os.setuid(65534)
    try:
        Store.open(path)
    except Exception as error:
        told.send((type(error).__name__, str(error)))


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_store_that_may_not_be_written_says_so(kind: str) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        Store.open(root / "cx.duckdb").close()
        (root / "cx.duckdb").chmod(0o444 if kind == "file" else 0o666)
        root.chmod(0o777 if kind == "file" else 0o555)
        spawns = multiprocessing.get_context("spawn")
        told, theirs = spawns.Pipe(duplex=False)
        child = spawns.Process(target=open_as_nobody, args=(root / "cx.duckdb", theirs))
        child.start()
        assert told.poll(60), f"it said nothing and ended with {child.exitcode}"
        name, message = told.recv()
        child.join()
        assert name == StoreUnwritable.__name__
        assert "rights" in message
    finally:
        root.chmod(0o755)
        shutil.rmtree(root)

"""Many small files in the inbox at once: all are taken in, and none takes much longer than the first."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from cx.folders import Folders
from cx.ingest import archive, watch
from cx.ingest.inbox import Settling
from cx.store import Store
from tests.conftest import ROW, answer, write_csv

FILES, ROWS = 30, 5
GROWS = 2.5
"""How many times as much work a file of the last third may be as one of the first."""


def fill(inbox: Path, files: int) -> None:
    """So many exports of a few rows, of other days and customers each."""
    for number in range(files):
        rows = [
            ROW | {"interaction_id": f"{number} {n}", "customer_id": f"c{number % 500} {n}",
                   "occurred_at": f"2025-{number % 9 + 1:02}-{number % 28 + 1:02} 10:00"}
            for n in range(ROWS)
        ]  # fmt: skip
        path = write_csv(inbox / f"{number:05}.csv", rows)
        os.utime(path, (time.time() - 60,) * 2)


def watched(store: Store, folders: Folders, files: int) -> list[float]:
    """Watch the inbox until so many files were taken in; returns the CPU seconds that each took, in their order."""
    stop, seconds = threading.Event(), list[float]()
    before = time.process_time()

    def taken_in(report: object) -> None:
        nonlocal before
        now = time.process_time()
        seconds.append(now - before)
        before = now
        if len(seconds) == files:
            stop.set()

    watch(store, folders, stop, taken_in)
    return seconds


def growth(seconds: Sequence[float]) -> float:
    """How many times as much work a file of the last third is as one of the first."""
    third = len(seconds) // 3
    return median(seconds[-third:]) / median(seconds[:third])


def test_all_of_them_are_taken_in_and_the_last_as_fast_as_the_first(store: Store, folders: Folders) -> None:
    fill(folders.inbox, FILES)
    seconds = watched(store, folders, FILES)
    assert growth(seconds) < GROWS
    assert answer(store, "select count(*), count(distinct interaction_id) from interactions") == [
        (FILES * ROWS,) * 2
    ]
    assert answer(store, "select count(*), count(reason), min(rows_kept) from files") == [(FILES, 0, ROWS)]
    assert len([*archive.every(folders)]) == FILES
    assert [*folders.inbox.iterdir()] == []


def test_looking_at_a_full_inbox_takes_as_long_for_each_file(tmp_path: Path) -> None:
    def seconds(files: int) -> float:
        inbox = tmp_path / str(files)
        inbox.mkdir()
        for number in range(files):
            (inbox / f"{number}.csv").touch()
        settling = Settling()
        settling.ready(inbox)
        times = []
        for _ in range(3):
            started = time.process_time()
            settling.ready(inbox)
            times.append(time.process_time() - started)
        return min(times) / files

    assert seconds(4000) < 3 * seconds(400)

"""A clock that is set forward and back while the inbox is watched: nothing is taken half, and nothing is stuck."""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cx.folders import Folders
from cx.ingest import Report, archive, scan, take_in, watch
from cx.ingest.inbox import REST_SECONDS, Settling
from cx.store import Store
from tests.conftest import NOW, ROW, answer, write_csv

HOUR = 3600.0


class Clock:
    """The clock of this process and of the files that it writes; the one that nobody sets goes on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch, self._true, self.ahead = patch, time.time, 0.0
        patch.setattr(time, "time", lambda: self._true() + self.ahead)
        self.jump(0)

    def jump(self, seconds: float) -> None:
        self.ahead += seconds
        self._patch.setenv("CX_NOW", (datetime(2026, 3, 1) + timedelta(seconds=self.ahead)).isoformat())

    def write(self, path: Path, number: int, first: bool) -> None:
        """Write one more row, as a program that exports bit by bit."""
        row = ROW | {"interaction_id": f"{path.stem} {number}"}
        with path.open("a") as file:
            file.write(",".join(ROW) + "\n" if first else "")
            file.write(",".join(row.values()) + "\n")
        os.utime(path, (self._true() + self.ahead,) * 2)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize("jumps", [[HOUR], [-HOUR], [24 * HOUR, -48 * HOUR, 72 * HOUR]], ids=["forth", "back", "to and fro"])  # fmt: skip
def test_a_file_that_is_being_written_is_taken_in_whole_and_once(
    store: Store, folders: Folders, clock: Clock, jumps: list[float]
) -> None:
    stop, reports = threading.Event(), list[Report]()
    watching = threading.Thread(target=watch, args=(store, folders, stop, reports.append))
    watching.start()
    try:
        for number in range(8):
            clock.write(folders.inbox / "slow.csv", number, first=not number)
            time.sleep(0.1)
            if number < len(jumps):
                clock.jump(jumps[number])
                time.sleep(0.3)
        clock.write(folders.inbox / "next.csv", 0, first=True)
        until = time.monotonic() + 20
        while len(reports) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert watching.is_alive()
    finally:
        stop.set()
        watching.join(20)
    told = sorted((report.file, report.rows_kept, report.reason) for report in reports)
    assert told == [("next.csv", 1, ""), ("slow.csv", 8, "")]
    assert [*folders.inbox.iterdir()] == []


def test_a_file_that_was_just_written_does_not_look_old_after_a_jump(folders: Folders, clock: Clock) -> None:
    settling = Settling()
    clock.write(folders.inbox / "x.csv", 0, first=True)
    assert settling.ready(folders.inbox) == []
    clock.jump(HOUR)
    assert settling.ready(folders.inbox) == []
    time.sleep(REST_SECONDS)
    assert settling.ready(folders.inbox) == [folders.inbox / "x.csv"]


def test_a_file_from_the_future_is_not_stuck(store: Store, folders: Folders, clock: Clock) -> None:
    clock.jump(24 * HOUR)
    clock.write(folders.inbox / "x.csv", 0, first=True)
    clock.jump(-24 * HOUR)
    settling, reports, until = Settling(), list[Report](), time.monotonic() + 20
    while not reports and time.monotonic() < until:
        reports = scan(store, folders, None, None, settling)
        time.sleep(0.1)
    assert [report.rows_kept for report in reports] == [1]


def test_rows_that_a_slow_clock_refused_are_told_and_come_in_once_it_is_right(
    store: Store, folders: Folders
) -> None:
    rows = [ROW, ROW | {"interaction_id": "2", "occurred_at": str(NOW)}]
    path = write_csv(folders.root / "x.csv", rows)
    report = take_in(store, folders, path, NOW - timedelta(days=3))
    assert (report.rows_kept, report.rows_refused) == (1, 1)
    assert "still to come" in report.examples[0].sentence()
    assert take_in(store, folders, path, NOW).already  # what was refused of it is beside the archive
    (landed,) = archive.every(folders)
    assert take_in(store, folders, landed / archive.REFUSED, NOW).rows_kept == 1
    assert answer(store, "select count(*), count(distinct interaction_id) from interactions") == [(2, 2)]

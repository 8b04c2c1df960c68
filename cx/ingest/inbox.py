"""The folder where exports land: which files are ready, taking them in, and watching for more."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import watchfiles

from cx import clock
from cx.errors import StoreUnwritable
from cx.folders import Folders
from cx.formats.reading import COLUMNAR, complete, readable
from cx.ingest import remote
from cx.ingest.intake import catch_up, no_room, put, take_in
from cx.ingest.merge import Progress
from cx.ingest.report import Report
from cx.ingest.retention import let_leave
from cx.ingest.shown import shown
from cx.store import Store

log = logging.getLogger(__name__)

REST_SECONDS = 0.6
"""A file that was not written to for so long is taken to be complete."""

BROKEN_REST_SECONDS = 1.5
"""The same for a Parquet file without its end, a last line without its end, and a folder: they may well be on their way."""

SHOWN_SECONDS = 20.0
"""While many files are taken in, what has landed so far is counted so often."""

_WAKE_MS = 250
_PASSING = (".tmp", ".part", ".crdownload")


class Settling:
    """Remembers how the inbox looked, to tell a file at rest from one that is being written."""

    def __init__(self) -> None:
        self._looked: dict[Path, tuple[tuple[int, int], float]] = {}
        self._stuck: dict[Path, tuple[int, int]] = {}
        self._ahead = _ahead()

    def ready(self, inbox: Path) -> list[Path]:
        """The files that can be taken in now, by name."""
        there = {path for path in _listed(inbox) if not passing(path)}
        self._looked = {path: looked for path, looked in self._looked.items() if path in there}
        self._stuck = {path: state for path, state in self._stuck.items() if path in there}
        return [path for path in sorted(there) if self._at_rest(path)]

    def dealt_with(self, path: Path, state: tuple[int, int] | None) -> None:
        """Leave this file alone, should it still be there, until it looks other than it did then."""
        if state is not None:
            self._stuck[path] = state

    def _at_rest(self, path: Path) -> bool:
        state = _state(path)
        if state is None or self._stuck.get(path) == state:
            return False
        if path.suffix.lower() in COLUMNAR and path.is_file() and complete(path):
            return True
        before, since = self._looked.get(path, (None, 0.0))
        if before != state:
            since = time.monotonic()
            self._looked[path] = (state, since)
        # A clock that was set forward meanwhile makes every file look old.
        jumped = max(_ahead() - self._ahead, 0.0)
        quiet = max(time.monotonic() - since, time.time() - state[1] / 1e9 - jumped)
        unsure = path.suffix.lower() in COLUMNAR or path.is_dir() or not _ends_a_line(path)
        return quiet >= (BROKEN_REST_SECONDS if unsure else REST_SECONDS)


def _ahead() -> float:
    """How far the clock of the day is ahead of the one that nobody sets."""
    return time.time() - time.monotonic()


def passing(path: Path) -> bool:
    """Whether the name says that the file is not meant to be taken in (yet)."""
    return path.name.startswith((".", "~")) or path.name.lower().endswith(_PASSING)


def scan(
    store: Store,
    folders: Folders,
    now: datetime | None = None,
    progress: Progress | None = None,
    settling: Settling | None = None,
) -> list[Report]:
    """Take in everything in the inbox that is ready; what is still being written is left for the next time."""
    taken_in = _taken_in(store, folders, settling or Settling(), now, progress)
    return [report for report in taken_in if not report.waiting]


def watch(store: Store, folders: Folders, stop: threading.Event, on_report: Callable[[Report], None]) -> None:
    """Take in whatever lands in the inbox, and any edit of the reference tables, until `stop` is set.

    One bad file never ends it. Meanwhile what is new at the sources elsewhere is fetched into the inbox. Raises
    StoreUnwritable where the disk is full; what landed waits in the inbox.
    """
    folders.make()
    # A thread of its own: a host that hangs must not keep the inbox waiting.
    threading.Thread(target=remote.keep_fetching, args=(folders, stop), name="cx-fetch", daemon=True).start()
    settling = Settling()
    seen: object = None
    looked: object = None
    aged: object = None
    for _ in _wakes(folders.inbox, stop):
        before, looked = looked, _reference(folders)
        at_rest = seen is None or looked == before  # an edit may still be being saved
        if looked != seen and at_rest:
            _take_up(store, folders, first=seen is None)
            seen = looked
        if (today := (clock.now().date(), seen)) != aged:
            _age(store, folders)
            aged = today
        for report in _taken_in(store, folders, settling, None, None):
            if report.waiting and report.reason == no_room():
                log.error("%s: %s", shown(report.file), report.reason)
                raise StoreUnwritable(report.reason)
            if not report.waiting:
                on_report(report)
            if stop.is_set():
                return


def _reference(folders: Folders) -> tuple[object, ...]:
    """How the tables that a person edits look now."""
    return tuple((path.name, _state(path)) for path in sorted(folders.reference.glob("*.*")))


def _take_up(store: Store, folders: Folders, first: bool) -> None:
    """Count anew for another journey; after any other edit the new version that open pages wait for is enough."""
    try:
        if not catch_up(store, folders) and not first:
            with store.transaction():
                pass
    except Exception as error:  # the inbox must be watched on
        log.error("the edited reference tables could not be taken up: %s", type(error).__name__)


def _age(store: Store, folders: Folders) -> None:
    """Let what is too old leave: once a day, and after each edit of the settings."""
    try:
        if left := let_leave(store, folders, clock.now()):
            log.info("too old: %d texts, %d rows, %d refused files left", left.texts, left.rows, left.refused)
    except Exception as error:  # the inbox must be watched on
        log.error("what is too old could not be removed: %s", type(error).__name__)


def files_under(paths: Iterable[Path]) -> list[Path]:
    """These files, and for a folder the exports in it, by name."""
    return [file for path in paths for file in (_exports_in(path) if path.is_dir() else [path])]


def hand_over(file: Path, folders: Folders) -> Path:
    """Copy a file into the inbox, where it appears complete or not at all; returns where it lies."""
    folders.make()
    if file.parent.resolve() == folders.inbox.resolve():
        return file
    passing_name = folders.inbox / f".{file.name}.{time.time_ns()}.part"
    shutil.copy2(file, passing_name)
    return put(passing_name, folders.inbox, file.name)


def _exports_in(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if readable(path))
    return sorted(path for path in found if path.is_file() and not passing(path))


def _taken_in(
    store: Store, folders: Folders, settling: Settling, now: datetime | None, progress: Progress | None
) -> Iterator[Report]:
    ready = settling.ready(folders.inbox)
    alone, counted = len(ready) == 1, time.monotonic()
    for path in ready:
        before = _state(path)
        report = take_in(store, folders, path, now, progress, alone=alone)
        if not report.waiting:
            settling.dealt_with(path, before)
        yield report
        if not alone and time.monotonic() - counted > SHOWN_SECONDS:
            catch_up(store, folders)
            counted = time.monotonic()
    if ready:
        catch_up(store, folders)


def _listed(inbox: Path) -> list[Path]:
    """What is in the inbox; nothing where it is gone or, on another machine, out of reach for a while."""
    try:
        return list(inbox.iterdir())
    except OSError:
        _make_again(inbox)
        return []


def _make_again(inbox: Path) -> None:
    with suppress(OSError):
        inbox.mkdir(parents=True, exist_ok=True)


def _wakes(inbox: Path, stop: threading.Event) -> Iterator[None]:
    """Now, at every change of the folder, and several times a second, so that a missed change costs little."""
    yield
    while not stop.is_set():
        try:
            changes = watchfiles.watch(
                inbox, watch_filter=None, stop_event=stop, debounce=50, step=10, rust_timeout=_WAKE_MS,
                yield_on_timeout=True, recursive=False,
            )  # fmt: skip
            for _ in changes:
                yield
        except OSError as error:
            log.error("the inbox cannot be watched: %s", type(error).__name__)
            stop.wait(1)
            _make_again(inbox)
            yield


def _ends_a_line(path: Path) -> bool:
    if not path.is_file():  # a pipe would wait for its writer; it is refused when it is taken in
        return True
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() in (b"\n", b"\r")
    except OSError:  # empty, or not to be read: said when it is taken in
        return True


def _state(path: Path) -> tuple[int, int] | None:
    try:
        about = path.lstat()
    except OSError:
        return None
    size = 0 if stat.S_ISDIR(about.st_mode) else about.st_size
    return size, about.st_mtime_ns

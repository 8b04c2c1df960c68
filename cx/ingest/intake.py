"""One file from its path to its report, and to the folder where it belongs afterwards."""

from __future__ import annotations

import errno
import hashlib
import itertools
import logging
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cx import clock, reference, rollups
from cx.errors import BadReference, CxError, FileRefused
from cx.folders import Folders
from cx.ingest import archive
from cx.ingest.landing import Landing, WrittenTo, journey_of, state_of
from cx.ingest.merge import Arrival, Progress, record_set_aside, seen
from cx.ingest.report import Report
from cx.ingest.shown import shown
from cx.logs import place
from cx.query import Query
from cx.store import Store
from cx.words import t

log = logging.getLogger(__name__)

_TOLD_BEFORE = """
select count(*) as n from files
where sha256 = $sha256 and name = $name and reason = $reason and arrived_at >= $came_at"""


def take_in(
    store: Store,
    folders: Folders,
    path: Path,
    now: datetime | None = None,
    progress: Progress | None = None,
    alone: bool = True,
) -> Report:
    """Take in one export. A file in the inbox leaves it, set aside whole for refused/; others stay put.

    `now` is the moment of arrival (naive UTC); `progress` is told each phase and the share done (0 to 1). Whatever
    is wrong with the file is said in the report, not raised. Of files that land together none is `alone`; call `catch_up`
    after the last.
    """
    moment = now or clock.now()
    before = state_of(path)
    if before is None:
        return Report(path.name, reason=t("There is no such file."))
    try:
        texts = reference.settings(folders.reference).privacy.texts
    except BadReference as error:  # whether words may be kept is not known
        return Report(path.name, reason=str(error), waiting=True)
    tell = progress or (lambda phase, done: None)
    started = time.monotonic()
    report = _attempt(store, folders, path, moment, tell, texts, alone)
    if not report.waiting and _is_in(folders.inbox, path) and state_of(path) == before:
        _put_away(folders, path, report)
    return replace(report, seconds=time.monotonic() - started)


def catch_up(store: Store, folders: Folders) -> bool:
    """Count what waits to be counted: everything where the company's journey is no longer the one that the rollups were
    folded for, else the days and the customers of files that landed together. True where there was something."""
    journey = journey_of(store, folders)
    same = journey == store.journey
    if same and not store.counting:
        return False
    with store.transaction() as cursor:
        rollups.catch_up(cursor, journey) if same else rollups.rebuild(cursor, journey)
    return True


def put(path: Path, folder: Path, name: str = "") -> Path:
    """Move a file into a folder under a name that is free there; nothing is ever overwritten, whoever else writes there.

    A process that is killed leaves the whole file there, or nothing.
    """
    for target in _names(folder, name or path.name):
        with suppress(FileExistsError):
            _appear(path, target)
            path.unlink(missing_ok=True)
            return target
    raise AssertionError("there is always another name")


def no_room() -> str:
    """Why a file waits in the inbox while the disk is full."""
    return t(
        "There is no room on the disk to take it in. It waits where it is; make room, and it is taken in."
    )


def _attempt(
    store: Store, folders: Folders, path: Path, now: datetime, progress: Progress, texts: bool, alone: bool
) -> Report:
    arrival, before = Arrival(path.name, 0, "", now), state_of(path)
    try:
        progress(t("Reading"), 0.0)
        archive.settle(store, folders)
        arrival = _arrival(path)
        if seen(store, arrival):
            return Report(path.name, already=True)
        return Landing(store, folders, path, arrival, before, now, progress, texts, alone).report()
    except Exception as error:
        if waits := _waits_for(path, before, error):
            return Report(path.name, reason=waits, waiting=True)
        reason = _why(path, error)
        _set_aside(store, folders, path, arrival, reason, now)
        return Report(path.name, reason=reason)


def _waits_for(path: Path, before: object, error: Exception) -> str:
    """What has to happen before the file can be read; '' where it was read as it is, and there is something wrong with it."""
    after = state_of(path)
    if after is None:
        return t("There is no such file.")
    if isinstance(error, WrittenTo) or after != before:
        return t("It was written to while it was read. Try again.")
    return no_room() if any(map(_is_of_the_disk, _behind(error))) else ""


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_the_disk(error: BaseException) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "No space left on device" in str(error)


def _why(path: Path, error: Exception) -> str:
    """What is wrong with the file, in words."""
    if isinstance(error, FileRefused):
        return error.reason
    if isinstance(error, CxError):
        return str(error)
    # Only where it happened: the message may quote a customer's words.
    log.error("%s: %s", shown(path.name), place(error))
    return t(
        "It could not be taken in ({error}); nothing of it was kept. The log says where it failed.",
        error=type(error).__name__,
    )


def _set_aside(
    store: Store, folders: Folders, path: Path, arrival: Arrival, reason: str, now: datetime
) -> None:
    """Enter it in the ledger, once: a process may have been killed before the file left the inbox."""
    try:
        if not (_is_in(folders.inbox, path) and _told_before(store, path, arrival, reason)):
            record_set_aside(store, arrival, "", reason, now)
    except Exception as error:
        log.error("%s: the ledger could not be written: %s", shown(arrival.name), type(error).__name__)


def _told_before(store: Store, path: Path, arrival: Arrival, reason: str) -> bool:
    """Whether the ledger has this from after the file came: dropped again, the same content is told again."""
    came_at = datetime.fromtimestamp(path.lstat().st_ctime, UTC).replace(tzinfo=None)
    values = {"sha256": arrival.sha256, "name": arrival.name, "reason": reason, "came_at": came_at}
    return bool(store.run(Query("told before", _TOLD_BEFORE, values))["n"].iloc[0])


def _is_in(folder: Path, path: Path) -> bool:
    return path.parent.resolve() == folder.resolve()


def _arrival(path: Path) -> Arrival:
    """Look at the file and hash its content. Raises FileRefused where it is not a file that can be read."""
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        raise FileRefused(path.name, t("It is a link. Put the file itself here."))
    if stat.S_ISDIR(about.st_mode):
        raise FileRefused(path.name, t("It is a folder. Put the files themselves here."))
    if not stat.S_ISREG(about.st_mode):
        raise FileRefused(path.name, t("It is not a file."))
    if about.st_size == 0:
        raise FileRefused(path.name, t("It is empty. Export it again."))
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError as error:
        raise FileRefused(path.name, t("It may not be read; change its access rights.")) from error
    changed_at = datetime.fromtimestamp(about.st_mtime, UTC).replace(tzinfo=None)
    return Arrival(path.name, about.st_size, digest, changed_at)


def _put_away(folders: Folders, path: Path, report: Report) -> None:
    """Take a file out of the inbox: what was refused whole is set aside, of the others the archive has what stays."""
    try:
        if not report.reason:
            path.unlink()
            return
        target = next(name for name in _names(folders.refused, path.name) if not _is_taken(name))
        # The reason first: a process that is killed leaves nothing there that does not say why.
        _note(target).write_text(f"{report.file}\n{report.reason}\n", encoding="utf-8")
        _move(path, target)
        os.utime(target, follow_symlinks=False)  # it is kept so long from now on, however old the export is
    except OSError as error:
        log.error("%s: it could not be moved out of the inbox: %s", shown(path.name), type(error).__name__)


def _note(target: Path) -> Path:
    return target.with_name(f"{target.name}.txt")


def _is_taken(target: Path) -> bool:
    """Whether a file that was set aside has this name, or that of its reason. A reason without its file is none."""
    return os.path.lexists(target) or os.path.lexists(_note(_note(target)))


def _move(path: Path, target: Path) -> None:
    """Move a file or a folder to where nothing is: at one stroke, also to another file system."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        draft = target.with_name(f".{target.name}.part")
        shutil.move(path, draft)
        draft.rename(target)


def _appear(path: Path, target: Path) -> None:
    """Have a file under another name, whole from the first moment. Raises FileExistsError where something is there."""
    try:
        target.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        target.touch(exist_ok=False)
        path.replace(target)


def _names(folder: Path, name: str) -> Iterator[Path]:
    """This name, 'name (2)' and so on, in a folder."""
    plain = Path(name)
    yield folder / name
    for count in itertools.count(2):
        yield folder / f"{plain.stem} ({count}){plain.suffix}"

"""One sound file into the store, and what stays of it into the archive."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from cx import reference
from cx.errors import BadReference
from cx.folders import Folders
from cx.formats import Sheet, open_sheet, recognise
from cx.ingest import archive, mending, reshape, told
from cx.ingest.check import refuse_drifted
from cx.ingest.merge import Arrival, Export, Progress, merge
from cx.ingest.report import Report
from cx.ingest.tables import is_benchmarks, keep_benchmarks
from cx.journey import DEFAULT, Journey
from cx.store import Cursor, Store
from cx.words import t

log = logging.getLogger(__name__)

READING = 0.5
"""The share of taking a file in that is done once its rows have been read and checked."""


class WrittenTo(Exception):
    """The file changed while it was read; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A file of a content that is new. `before` is how it looked before it was hashed; `texts`: whether customers' words are
    kept at all; `alone`: no other one lands with it."""

    store: Store
    folders: Folders
    path: Path
    arrival: Arrival
    before: object
    now: datetime
    progress: Progress
    texts: bool
    alone: bool

    def report(self) -> Report:
        """Take it in. Raises what is wrong with it, and WrittenTo."""
        with open_sheet(self.path, lambda share: self.progress(t("Reading"), share * READING)) as sheet:
            if is_benchmarks(sheet):
                return keep_benchmarks(self.store, self.folders, sheet.data, self.arrival, self.now)
            try:
                return self._merged(sheet)
            except duckdb.OutOfMemoryException:
                return self._merged(sheet, roomy=True)

    def _merged(self, sheet: Sheet, roomy: bool = False) -> Report:
        export = self._understood(sheet)
        beside = _Beside(self, sheet, archive.draft(self.folders, self.arrival.sha256))
        journey = journey_of(self.store, self.folders)
        try:
            return merge(self.store, export, journey, self.now, self.progress, beside, roomy)
        finally:
            archive.settle(self.store, self.folders)

    def _understood(self, sheet: Sheet) -> Export:
        ours = archive.is_ours(self.path, self.store.key)
        found = recognise(sheet.columns, self.path.name, self.folders.reference)
        shaped, format, rows = reshape.read(sheet, found)
        format = replace(format, notes=(*sheet.notes, *format.notes))
        refuse_drifted(shaped, format)
        mended = mending.as_it_was(shaped, rows)
        return Export(self.arrival, shaped, format, mended, ours, self.texts, self.alone)


@dataclass(frozen=True, slots=True)
class _Beside:
    """The archive, for one landing of a sheet."""

    landing: Landing
    sheet: Sheet
    draft: Path

    @property
    def rows(self) -> Path:
        """Where the rows that are understood are kept."""
        return self.draft / archive.ROWS

    def keep(self, cursor: Cursor, file_id: int, report: Report) -> None:
        """Keep what became of the export, and what was refused; the last look at whether the file is still the same."""
        if state_of(self.landing.path) != self.landing.before:
            raise WrittenTo
        told.write(report, self.draft / archive.REPORT, self._export(file_id))
        mending.write(cursor, file_id, self.sheet, self.draft / archive.REFUSED)

    def _export(self, number: int) -> dict[str, object]:
        arrival, arrived_at = self.landing.arrival, self.landing.now.isoformat()
        return {"number": number, "size": arrival.size, "sha256": arrival.sha256, "arrived_at": arrived_at}

    def withdraw(self, cursor: Cursor, file_ids: Sequence[int]) -> None:
        """Take from earlier landings whose consent is withdrawn by now."""
        archive.withdraw(cursor, self.landing.folders, file_ids)


def journey_of(store: Store, folders: Folders) -> Journey:
    """The company's journey; where its file cannot be understood, the one that the rollups were folded for."""
    try:
        return reference.journey(folders.reference)
    except BadReference as error:
        log.error("%s", error)
        return store.journey or DEFAULT


def state_of(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written to or replaced; None where there is none."""
    try:
        now = path.lstat()
    except OSError:
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns

"""A file in the inbox that holds no interactions but a table that a person keeps: the benchmarks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from cx import reference
from cx.folders import Folders
from cx.formats import Sheet
from cx.ingest.merge import Arrival, record_table
from cx.ingest.report import Report
from cx.reference import BENCHMARKS, OPEN, SAME_BENCHMARK
from cx.store import Store

FORMAT = "benchmarks"


def is_benchmarks(sheet: Sheet) -> bool:
    """Whether the file has the columns that every table of benchmarks fills."""
    return bool(sheet.delimiter) and {*BENCHMARKS} - OPEN <= {*sheet.columns}


def keep_benchmarks(store: Store, folders: Folders, path: Path, arrival: Arrival, now: datetime) -> Report:
    """Merge the file into data/reference/benchmarks.csv: of the same measure, competitor, period and source the later row stands.

    Raises BadReference, and leaves the table as it is, where a row of the file or of the table cannot be understood.
    """
    said = pd.read_csv(path, dtype=str, usecols=["metric"], keep_default_na=False, encoding="utf-8-sig")
    landed = reference.sound_benchmarks(path)
    before = reference.benchmarks(folders.reference)
    both = pd.concat([frame for frame in (before, landed) if len(frame)] or [landed])
    _write(folders.reference, both.drop_duplicates(SAME_BENCHMARK, keep="last"))
    report = Report(arrival.name, FORMAT, len(said), len(landed), len(said) - len(landed))
    record_table(store, arrival, report, now)
    return report


def _write(folder: Path, table: pd.DataFrame) -> None:
    """Swap the new table in: it is there whole or not at all."""
    draft = folder / ".benchmarks.csv.part"
    table.to_csv(draft, index=False, lineterminator="\n")
    draft.replace(folder / "benchmarks.csv")

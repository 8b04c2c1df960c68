"""The most memory that reading a file takes, and taking it in: each measured in a process of its own.

    python -m tests.bench.reading [ROWS]

Prints rows for CSV, Parquet, JSON lines and packed CSV: the file's size, seconds, and the highest resident memory, of
which a process that has only started takes the share that `start` says. `read` reads the file batch by batch;
`ingest` takes it into an empty store.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.csv as arrow_csv
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet

from cx import clock
from cx.folders import Folders
from cx.formats import open_sheet, recognise
from cx.ingest import take_in
from cx.store import Store
from tests.bench import generate

ROWS = 1_000_000
STEPS = ("start", "read", "ingest")


def main(rows: int) -> None:
    """Measure every kind of file."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{rows:,} rows; load {os.getloadavg()[0]:.1f}\n")
        print("| file | MB | step | seconds | peak memory, MiB |\n|---|---|---|---|---|")
        for path in files(Path(folder), rows):
            for step in STEPS:
                seconds, most = measured(path, step)
                size = path.stat().st_size / 1e6
                print(f"| {path.name} | {size:.0f} | {step} | {seconds:.1f} | {most:.0f} |", flush=True)


def files(folder: Path, rows: int) -> list[Path]:
    """The same interactions as each kind of file."""
    quarters = generate.write(folder / "quarters", rows)
    table = dataset.dataset([str(path) for path in quarters]).head(rows)
    paths = [folder / name for name in ("x.csv", "x.parquet", "utf16.csv", "x.csv.gz", "x.jsonl")]
    arrow_csv.write_csv(table, paths[0])
    parquet.write_table(table, paths[1])
    with paths[0].open(encoding="utf-8") as source, paths[2].open("w", encoding="utf-16") as target:
        shutil.copyfileobj(source, target)
    with paths[0].open("rb") as plain, gzip.open(paths[3], "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed)
    with paths[4].open("w") as lines:
        for batch in table.to_batches(10_000):
            lines.writelines(json.dumps(row, default=str) + "\n" for row in batch.to_pylist())
    return paths


def measured(path: Path, step: str) -> tuple[float, float]:
    """Seconds and the highest resident memory (MiB) of this step in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.reading", step, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(told[0]), float(told[1])


def do(step: str, path: Path) -> None:
    """Do one step with this file, and print its seconds and the highest resident memory."""
    began = time.monotonic()
    if step == "read":
        read(path)
    elif step == "ingest":
        ingest(path)
    print(time.monotonic() - began, peak())


def peak() -> float:
    """The highest resident memory of this process, MiB (Linux; what getrusage says includes the process that began it)."""
    told = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(told.split()[0]) / 1024


def read(path: Path) -> None:
    """All that the format asks for, batch by batch, none of which is kept."""
    with open_sheet(path) as sheet:
        batches = sheet.rows(recognise(sheet.columns, path.name).reads).batches
        assert sum(batch.num_rows for batch in batches) > 0


def ingest(path: Path) -> None:
    """Take the file into a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders(Path(folder) / "data").make()
        store = Store.open(folders.store)
        report = take_in(store, folders, path, clock.now())
        assert report.rows_kept > 0.9 * report.rows_read > 0, report
        store.close()


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STEPS:
        do(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ROWS)

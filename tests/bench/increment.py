"""What an increment takes of the time of a full count, on a distributed engine.

    python -m tests.bench.increment [--rows 1000000] [--folder FOLDER] [--address sc://HOST:PORT]

Generates three years of exports, one a quarter. Counts all but the last; then upon that once its last quarter has come, but for its
last day, and once that day has come; and everything anew. Compares every rollup of both. Exit code 1: something differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow.compute as pc
from pyarrow import parquet

from cx.engine import command, running
from cx.engine.settings import Settings
from cx.engine.versions import Version
from cx.folders import Folders
from tests.bench import generate
from tests.bench.engine import NOW, told
from tests.sail import sailing

WRITTEN = (NOW - timedelta(days=1)).timestamp()
"""When the exports were written, as if: a file of a time still to come is read again."""


def main() -> int:
    """Count upon what was counted, and everything; compare, print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--folder", type=Path, help="where exports are kept, for the next time")
    words.add_argument("--address", default="", help="an engine that runs already")
    given = words.parse_args()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        exports = (given.folder or root) / "exports"
        if not exports.exists():
            generate.write(exports, given.rows)
        here = None if given.address else stack.enter_context(sailing())
        engine = Engine(here.address, here.process.pid) if here else Engine(given.address)
        return compared(root, sorted(exports.glob("*.parquet")), engine)


@dataclass(frozen=True)
class Engine:
    """Where an engine listens, and its process where it is of this machine."""

    address: str
    process: int = 0

    def cpu(self) -> float:
        """Seconds of CPU that it has taken so far, as far as that can be told."""
        if not self.process:
            return 0.0
        told = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def compared(root: Path, quarters: Sequence[Path], engine: Engine) -> int:
    """Count part by part and at once; 1 where a rollup of both differs."""
    raw, address = root / "raw", engine.address
    raw.mkdir()
    parts, whole = (Folders(root / name).make() for name in ("parts", "whole"))
    by_parts = Settings("spark", address, str(raw), str(root / "rollups"), 60)
    at_once = Settings("spark", address, str(raw), str(root / "rollups at once"), 60)
    quarter, day = apart(quarters[-1], root)
    made(engine, "all quarters but the last", by_parts, parts, quarters[:-1])
    made(engine, "the last quarter, but for its last day", by_parts, parts, [quarter])
    last = made(engine, "its last day", by_parts, parts, [day])
    shutil.copy(parts.root / "customer.key", whole.root)
    command.serve(at_once, whole, made(engine, "everything", at_once, whole, []), quiet)
    command.serve(by_parts, parts, last, quiet)
    return told(whole, parts)


def made(engine: Engine, name: str, settings: Settings, folders: Folders, exports: Sequence[Path]) -> Version:
    """The version once these exports have come, and how long each step took."""
    for path in exports:
        shutil.copy(path, settings.raw)
        os.utime(Path(settings.raw) / path.name, (WRITTEN, WRITTEN))
    started, cpu = time.perf_counter(), engine.cpu()
    steps = [("Start", started)]

    def step(phase: str, done: float) -> None:
        steps.append((phase, time.perf_counter()))

    version = running.make(settings, folders, NOW, step)
    steps.append(("", time.perf_counter()))
    each = ", ".join(f"{phase} {after - at:.1f} s" for (phase, at), (_, after) in pairwise(steps))
    taken = f"{time.perf_counter() - started:.1f} s, {engine.cpu() - cpu:.1f} s of CPU"
    print(f"{name}: {taken}. {version.counted()} ({each})", flush=True)
    return version


def apart(export: Path, folder: Path) -> tuple[Path, Path]:
    """An export without its last day, and that day."""
    rows = parquet.read_table(export)
    last = pc.max(rows["occurred_at"]).as_py().replace(hour=0, minute=0, second=0, microsecond=0)
    is_last = pc.greater_equal(rows["occurred_at"], last)
    parts = folder / export.name, folder / f"{export.stem}-last-day.parquet"
    for path, condition in zip(parts, (pc.invert(is_last), is_last), strict=True):
        parquet.write_table(rows.filter(condition), path)
    return parts


def quiet(phase: str, done: float) -> None:
    """Nobody looks on."""


if __name__ == "__main__":
    sys.exit(main())

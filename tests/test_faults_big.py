"""Files far larger than an export: refused in words, or read piece by piece within bounded memory.

Here of some hundred megabytes; `python -m tests.bench.faults big` does it with 10 GiB.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cx.folders import PROJECT
from tests.conftest import ROW

SIZE = 128 << 20
MEMORY_MB = 400
"""What reading may add to a process, however large the file is."""

CHILD = """
import json, resource, sys, time
from pathlib import Path
from cx.folders import Folders
from cx.ingest import take_in
from cx.store import Store

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

folders = Folders(Path(sys.argv[1])).make()
store = Store.open(folders.store)
take_in(store, folders, Path(sys.argv[2]))
for path in sys.argv[3:]:
    before, started = peak(), time.monotonic()
    report = take_in(store, folders, Path(path))
    told = {"file": report.file, "reason": report.reason, "kept": report.rows_kept, "added": peak() - before}
    print(json.dumps({**told, "seconds": time.monotonic() - started}))
"""


def taken_in(root: Path, paths: list[Path]) -> list[dict[str, Any]]:
    """Take these in, one after another, in a process of its own: what each report says, and the MB it added at its peak."""
    small = root / "small.csv"
    small.write_text(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n")
    command = [sys.executable, "-c", CHILD, str(root / "data"), str(small), *map(str, paths)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def zeros(path: Path, size: int) -> Path:
    """A file of nothing but zeros, which takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def begun_well(path: Path, size: int) -> Path:
    """A CSV file whose first row is sound and whose rest is zeros, as a disk leaves a file after a crash."""
    path.write_text(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n")
    with path.open("r+b") as file:
        file.truncate(size)
    return path


def parquet(path: Path, size: int) -> Path:
    """A Parquet file that is sound, with a hole between its rows and the part at its end that says where they are."""
    pd.DataFrame([ROW | {"interaction_id": f"p {n}"} for n in range(5)]).astype(
        {"occurred_at": "datetime64[us]"}
    ).to_parquet(path)
    whole = path.read_bytes()
    end = int.from_bytes(whole[-8:-4], "little") + 8
    with path.open("wb") as file:
        file.write(whole[:-end])
        file.seek(size - end)
        file.write(whole[-end:])
    return path


def long_rows(path: Path, size: int, name: str = "c") -> Path:
    """A sound CSV file of that size, of rows with a megabyte each that nothing asked for."""
    filler = b"x" * (1 << 20)
    with path.open("wb") as file:
        file.write((",".join(ROW) + ",filler\n").encode())
        for number in range(size >> 20):
            row = ROW | {"interaction_id": f"{name} {number}"}
            file.write((",".join(row.values()) + ",").encode() + filler + b"\n")
    return path


def bomb(path: Path, size: int) -> Path:
    """Zeros, packed."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return path


NO_TEXT, NO_PARQUET = "It is not UTF-8 text", "It is not a whole Parquet file"
REFUSED = {
    "zeros.csv": (zeros, NO_TEXT),
    "zeros.jsonl": (zeros, NO_TEXT),
    "zeros.json": (zeros, NO_TEXT),
    "zeros.parquet": (zeros, NO_PARQUET),
    "zeros.xlsx": (zeros, "It is not a whole Excel workbook"),
    "zeros.zip": (zeros, "It is not a whole zip file"),
    "begun.csv": (begun_well, NO_TEXT),
    "bomb.csv.gz": (bomb, "Unpacked it is far larger than an export should be"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    root = tmp_path_factory.mktemp("big")
    paths = [make(root / name, SIZE) for name, (make, _) in REFUSED.items()]
    paths += [parquet(root / "hole.parquet", SIZE), long_rows(root / "long.csv", SIZE // 4)]
    return {one["file"]: one for one in taken_in(root, paths)}


@pytest.mark.parametrize("name", [*REFUSED])
def test_what_is_no_export_is_refused_in_words(told: dict[str, dict[str, Any]], name: str) -> None:
    assert told[name]["reason"].startswith(REFUSED[name][1])
    assert told[name]["kept"] == 0


def test_what_is_sound_is_read(told: dict[str, dict[str, Any]]) -> None:
    assert [told[name]["reason"] for name in ("hole.parquet", "long.csv")] == ["", ""]
    assert [told[name]["kept"] for name in ("hole.parquet", "long.csv")] == [5, SIZE // 4 >> 20]


def test_memory_is_bounded(told: dict[str, dict[str, Any]]) -> None:
    assert sum(one["added"] for one in told.values()) < MEMORY_MB

"""Who is named in files as they came: rows that were refused, and files that were set aside whole."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from cx.errors import CxError
from cx.folders import Folders
from cx.formats import open_sheet

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_CHUNK = 1 << 20
_PACKED = (".gz", ".zip", ".xlsx", ".parquet", ".pq")


def set_aside(folders: Folders, customer_id: str) -> list[Path]:
    """The files set aside whole that name this customer, and those that are too broken to look into."""
    files = sorted(path for path in folders.refused.glob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if _names(path, customer_id)]


def without(rows: Path, customer_id: str) -> int:
    """Take the rows out of a CSV file of refused rows that name this customer; how many there were."""
    named = _mention(customer_id)
    fresh, stay, left = rows.with_name(f".{rows.name}.part"), -1, 0
    with (
        rows.open(encoding="utf-8-sig", newline="") as source,
        fresh.open("w", encoding="utf-8-sig", newline="") as target,
    ):
        written = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for cells in csv.reader(source):
            if any(map(named, cells)):
                left += 1
            else:
                stay += 1
                written.writerow(cells)
    fresh.replace(rows) if left else fresh.unlink()
    if not stay:  # but for the header
        rows.unlink()
    return left


def _names(path: Path, customer_id: str) -> bool:
    named = _mention(customer_id)
    try:
        with open_sheet(path) as sheet:
            if any(map(named, sheet.columns)):
                return True
            for batch in sheet.rows(sheet.columns).batches:
                for column in batch.columns[:-1]:
                    if any(named(str(cell)) for cell in column.unique().to_pylist() if cell is not None):
                        return True
            return False
    except (CxError, OSError):
        return path.suffix.lower() in _PACKED or _in_bytes(path, customer_id)


def _mention(customer_id: str) -> Callable[[str], bool]:
    """Whether a cell names the customer: it is the id, or it holds it as a word where it is too long to be chance."""
    told = customer_id.strip()
    within = re.compile(rf"(?<!\w){re.escape(told)}(?!\w)", re.IGNORECASE)
    if len(told) < 5:
        return lambda cell: cell.strip().casefold() == told.casefold()
    return lambda cell: within.search(cell) is not None


def _in_bytes(path: Path, customer_id: str) -> bool:
    """Whether the bytes of a file that cannot be read hold the id, in any usual encoding."""
    wanted = [customer_id.strip().lower().encode(encoding) for encoding in _ENCODINGS]
    longest = max(map(len, wanted))
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(_CHUNK):
            block = before + chunk.lower()
            if any(each in block for each in wanted):
                return True
            before = block[-longest:]
    return False

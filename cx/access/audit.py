"""Who signed in, saw single interactions, took, changed and forgot what: a log that is only ever added to.

One line of JSON for each, in data/audit/, a file for each month. It tells which figure or export was meant, never what a
customer said or who they were. Where it cannot be written, what was to be logged does not happen.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pandas as pd

from cx import clock
from cx.access.person import person
from cx.words import mark

DEEDS = {
    "signed in": mark("Signed in"),
    "refused": mark("Was refused"),
    "saw": mark("Saw single interactions"),
    "took": mark("Downloaded"),
    "changed": mark("Changed"),
    "dropped": mark("Dropped an export"),
    "undid": mark("Undid an export"),
    "forgot": mark("Forgot a person"),
    "signed out": mark("Signed out"),
}
COLUMNS = ("at", "who", "role", "deed", "what")
"""When (UTC), the address that they signed in with, the role that they had, one of DEEDS, and what it was done to."""

MOST_SHOWN = 10_000


def note(folder: Path, deed: str, what: str = "", now: datetime | None = None) -> None:
    """Add a line for who acts now. Raises OSError where it cannot be written, KeyError for a deed that is none."""
    DEEDS[deed]
    one, at = person(), now or clock.now()
    line = {
        "at": at.isoformat(timespec="seconds"),
        "who": one.name,
        "role": one.role,
        "deed": deed,
        "what": what,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y-%m}.jsonl"
    # Half a character, as names of files may have, is no UTF-8: it is written as JSON escapes it.
    whole = (json.dumps(line, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
    # One write at the end of the file: lines of several processes do not mix.
    out = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        whole = _ended(out) + whole
        if os.write(out, whole) != len(whole):
            raise OSError(f"{path} is not whole")
    finally:
        os.close(out)


def _ended(log: int) -> bytes:
    """What ends a last line that was cut short, as by a full disk: it must not swallow the next one."""
    size = os.fstat(log).st_size
    return b"\n" if size and os.pread(log, 1, size - 1) != b"\n" else b""


def noted(folder: Path, most: int = MOST_SHOWN) -> pd.DataFrame:
    """The newest lines, the last one first, with COLUMNS; a line that was cut short is left out."""
    lines: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.jsonl"), reverse=True):
        # By its own ends of lines alone: a file may be named with others, which must not hide that it was taken.
        text = path.read_bytes().decode(errors="replace")
        lines += reversed([line for line in map(_read, text.split("\n")) if line])
        if len(lines) >= most:
            break
    return pd.DataFrame(lines[:most], columns=[*COLUMNS]).fillna("")


def _read(line: str) -> dict[str, str]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    known = {name: told[name] for name in COLUMNS if name in told} if isinstance(told, dict) else {}
    return {name: str(value).encode(errors="backslashreplace").decode() for name, value in known.items()}

"""Whether someone edited a file of data/reference/."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cx.reference.views import VIEWS_FILE

Edited = tuple[object, ...]
"""The state of the files: equal to another one where nothing was edited between the two."""


def edited(folder: Path) -> Edited:
    """Name, time and size of every file that a figure may depend on: any edit, and any file that came or went, makes another."""
    found: list[object] = []
    for path in sorted(folder.glob("*.*")):
        if path.name == VIEWS_FILE or path.name.startswith("."):  # the latter are drafts of a file
            continue
        with suppress(OSError):  # an editor may just be swapping it
            about = path.stat()
            found.append((path.name, about.st_mtime_ns, about.st_size))
    return tuple(found)

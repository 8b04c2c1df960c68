"""How much room the data take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cx.folders import Folders


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes of the store (with its log), and of the files in the archive, the inbox and among the refused."""

    store: int
    archive: int
    inbox: int
    refused: int


def storage(folders: Folders) -> Storage:
    """What lies there now."""
    log = folders.store.with_name(f"{folders.store.name}.wal")
    store = sum(_size(path) for path in (folders.store, log))
    return Storage(store, *(_below(folder) for folder in (folders.archive, folders.inbox, folders.refused)))


def _below(folder: Path) -> int:
    return sum(_size(path) for path in folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size if not path.is_dir() else 0
    except OSError:  # just gone
        return 0

"""Where the product keeps its files: one root, `data/` of the project unless CX_DATA says otherwise."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders below one root; `store` is the database file itself."""

    root: Path

    @classmethod
    def default(cls) -> Folders:
        """The folders that this process works in: $CX_DATA, or data/ of the project."""
        return cls(Path(os.environ.get("CX_DATA") or PROJECT / "data").resolve())

    @property
    def inbox(self) -> Path:
        """Exports land here."""
        return self.root / "inbox"

    @property
    def archive(self) -> Path:
        """Exports that were taken in are kept here."""
        return self.root / "archive"

    @property
    def refused(self) -> Path:
        """Exports that were set aside whole, each beside a .txt that says why."""
        return self.root / "refused"

    @property
    def reference(self) -> Path:
        """Tables that a person edits: campaigns, targets, benchmarks, settings, mappings."""
        return self.root / "reference"

    @property
    def store(self) -> Path:
        """The DuckDB file."""
        return self.root / "cx.duckdb"

    @property
    def server(self) -> Path:
        """How to reach the server that owns the store; readable by its owner only."""
        return self.root / "server.json"

    def make(self) -> Folders:
        """Make the folders that are missing."""
        for folder in (self.inbox, self.archive, self.refused, self.reference):
            folder.mkdir(parents=True, exist_ok=True)
        return self


def python() -> str:
    """The Python of this installation, as a person in the project's folder types it."""
    running = Path(sys.executable)
    return str(running.relative_to(PROJECT)) if running.is_relative_to(PROJECT) else "python"

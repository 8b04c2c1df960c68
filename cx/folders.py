"""Where the product keeps its files: one root, `data/` of the project unless CX_DATA says otherwise.

Exports may land in a folder elsewhere, such as a share that other systems write to: CX_INBOX.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from cx.errors import InboxMissing
from cx.words import t

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders below one root; `store` is the database file itself. `elsewhere` is the inbox that CX_INBOX names."""

    root: Path
    elsewhere: Path | None = None

    @classmethod
    def default(cls) -> Folders:
        """The folders that this process works in: $CX_DATA, or data/ of the project; $CX_INBOX, or inbox/ of those."""
        inbox = os.environ.get("CX_INBOX")
        root = Path(os.environ.get("CX_DATA") or PROJECT / "data").resolve()
        return cls(root, Path(inbox).resolve() if inbox else None)

    @property
    def inbox(self) -> Path:
        """Exports land here."""
        return self.elsewhere or self.root / "inbox"

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
    def fetched(self) -> Path:
        """What was fetched from buckets and web servers, so that it is not fetched again."""
        return self.root / "fetched.json"

    @property
    def forgotten(self) -> Path:
        """The marks of customers who were forgotten, for a store that is made anew."""
        return self.root / "forgotten.txt"

    @property
    def audit(self) -> Path:
        """Who signed in, saw, took and changed what, a file for each month."""
        return self.root / "audit"

    @property
    def server(self) -> Path:
        """How to reach the server that owns the store; readable by its owner only."""
        return self.root / "server.json"

    def make(self) -> Folders:
        """Make the folders that are missing. Raises InboxMissing for an inbox elsewhere: a share may be unmounted."""
        if self.elsewhere and not (
            self.elsewhere.is_dir() and os.access(self.elsewhere, os.R_OK | os.W_OK | os.X_OK)
        ):
            raise InboxMissing(
                t("The inbox {folder} (CX_INBOX) is not there or cannot be written; make it, mount it, or change its rights.",
                  folder=self.elsewhere)
            )  # fmt: skip
        for folder in (self.inbox, self.archive, self.refused, self.reference):
            folder.mkdir(parents=True, exist_ok=True)
        return self


def python() -> str:
    """The Python of this installation, as a person in the project's folder types it."""
    running = Path(sys.executable)
    return str(running.relative_to(PROJECT)) if running.is_relative_to(PROJECT) else "python"

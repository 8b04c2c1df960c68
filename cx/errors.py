"""Every error that the product raises, in one family.

    CxError
    ├── UnknownName        a name that the model does not have; says the nearest one
    ├── FileRefused        a whole export was set aside: unreadable, of no known format, drifted types
    ├── MappingError       a mapping file that does not say what it must
    ├── BadReference       a row of data/reference/ that cannot be understood
    ├── BadJourney         a journey of stages that cannot be walked (cx.journey)
    ├── BadWeek            a week that is no week, is not over, or has no data (cx.brief)
    ├── BadNote            a note on a surge that says too little
    ├── CannotUndo         an export that cannot be undone, or that never landed
    ├── BadKey             the key of the customers' pseudonyms is gone, another, or not to be read
    ├── InboxMissing       the inbox that CX_INBOX names is not there, or cannot be written
    ├── OutOfReach         a bucket or web server that exports are fetched from cannot be read
    ├── EngineError        a distributed engine that cannot do its part, and why (cx.engine.errors)
    ├── QueryError         a query failed; carries its name and its full SQL
    │   └── QueryTooLong   a query was stopped, as it ran longer than it may
    ├── StoreBusy          another process owns the store
    ├── StoreBroken        the store's file is not whole, or no store at all
    ├── StoreUnwritable    the store may not be written
    ├── NotAllowed         something that takes a right which whoever looks does not have (cx.access)
    ├── NotLogged          something that is to be logged, where the log cannot be written; it does not happen
    ├── OpenToOthers       the server would answer other machines, and asks nobody who they are (cx.ui.listening)
    ├── CannotSignIn       people are to sign in, and what is configured for it is not whole (cx.ui.providers)
    └── BadBackup          a backup that cannot be made, or not be put back

A message says what was wrong, where, and what to do. No message carries a customer's words or address.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from cx.words import number, t


class CxError(Exception):
    """Base of the family: catch this to catch everything the product raises on purpose."""


class UnknownName(CxError):
    """A name that is not in the vocabulary, answered with the nearest that is."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        super().__init__(t("There is no {what} called '{name}'.", what=what, name=name) + hint(name, known))
        self.name = name


class FileRefused(CxError):
    """An export that was set aside whole; nothing of it reached the store."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


class MappingError(CxError):
    """A mapping file (TOML) that names an unknown column or leaves out what it must say."""


class BadReference(CxError):
    """A row of a file in data/reference/ that cannot be understood: names file, row, column and value."""


class CannotUndo(CxError):
    """An export that cannot be undone; nothing was changed."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


class BadNote(CxError):
    """A note on a surge that lacks what it must say; nothing was written down."""


class NotAllowed(CxError):
    """Something that takes a right which whoever looks does not have; nothing was shown or done."""


class NotLogged(CxError):
    """Something that is to be logged, where the log cannot be written; nothing was shown or done."""


class BadKey(CxError):
    """The key that customers are pseudonymised with is not the one of the store, or cannot be read."""


class InboxMissing(CxError):
    """The folder that CX_INBOX names is not there or cannot be written; nothing lands."""


class OutOfReach(CxError):
    """A source elsewhere cannot be read: told by its address, without credentials."""


class QueryError(CxError):
    """A query that the engine refused, with the query's name and its full SQL."""

    def __init__(self, name: str, sql: str, reason: str) -> None:
        super().__init__(t("The query '{name}' failed: {reason}", name=name, reason=reason) + f"\n{sql}")
        self.name = name
        self.sql = sql


class QueryTooLong(QueryError):
    """A query that was stopped after `seconds`, the longest that it may run."""

    def __init__(self, name: str, sql: str, seconds: float) -> None:
        super().__init__(
            name, sql, t("it took longer than {seconds} s and was stopped.", seconds=number(seconds))
        )
        self.seconds = seconds


class StoreBusy(CxError):
    """Another process has the store open; it is the one to ask."""


class StoreBroken(CxError):
    """The store's file cannot be read: cut short, overwritten, or no store at all. The archive can make it anew."""


class StoreUnwritable(CxError):
    """The store's file or folder may not be written, by its rights or because the disk is mounted so."""


class BadBackup(CxError):
    """A backup that cannot be made, or that cannot be put in place; what is there stays as it is."""


def hint(name: str, known: Iterable[str]) -> str:
    """Name the nearest known names, as a sentence to append, or the empty string where nothing is near."""
    near = get_close_matches(name.lower(), [*known], n=3, cutoff=0.55)
    return (
        " " + t("Did you mean {names}?", names=t(" or ").join(f"'{name}'" for name in near)) if near else ""
    )

"""A customer is forgotten: what they did still counts, but nothing says any more that it was they who did it.

Their rows become as if they had refused consent, in the store, in the states that an undo would bring back and in the
archive; refused rows and files that name them leave. The store is then written anew, so that no byte of it holds what
was deleted. A mark of them stays that only the key could make: later exports that name them count in volumes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pyarrow.compute as pc

from cx import rollups
from cx.folders import Folders
from cx.ingest import archive, naming
from cx.ingest.history import not_kept
from cx.ingest.landing import journey_of
from cx.pseudonyms import forgotten_mark
from cx.query import Query
from cx.store import Cursor, Store
from cx.words import t, tn

_OF = "customer_id = $who"

_TOUCHED = f"create or replace temp table touched as select customer_no from customers where {_OF}"

_THEIRS = f"customer_no in (select customer_no from customers where {_OF})"
_DAYS = f"select distinct cast(occurred_at as date) from interactions where {_THEIRS}"
_SOURCES = f"select distinct source from interactions where {_THEIRS}"
_COUNT = f"select count(*) from interactions where {_THEIRS}"
_KNOWN = "select count(*) from customers where customer_id = $who"
_EARLIER = f"select count(*) from history where {_OF}"

_ANONYMOUS = (
    f"update interactions set {not_kept('interactions')} where {_THEIRS}",
    f"update history set {not_kept('history')} where {_OF}",
    f"delete from customers where {_OF}",
    f"""
insert into forgotten
select mark from (select {forgotten_mark("$who")} as mark) anti join forgotten using (mark)""",
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done: `rows` and `earlier` states of rows that no longer say whose they are, `refused` rows and `files`
    set aside that left, `landings` whose archive was written anew, and whether they had been one of the `customers`."""

    rows: int
    earlier: int
    refused: int
    landings: int
    files: tuple[str, ...]
    customers: int = 0

    def as_data(self) -> dict[str, object]:
        """As JSON can carry it."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Forgotten:
        """From what `as_data` said."""
        return cls(**{**data, "files": tuple(data["files"])})

    def in_words(self) -> str:
        """What was done, in sentences."""
        sentences = [
            tn("{n} row no longer says whose it is.", "{n} rows no longer say whose they are.", self.rows),
            tn("{n} landing in the archive was written anew.", "{n} landings in the archive were written anew.", self.landings),
        ]  # fmt: skip
        if self.refused:
            sentences.append(
                tn("{n} refused row was removed.", "{n} refused rows were removed.", self.refused)
            )
        if self.files:
            sentences.append(
                tn("{n} file that had been set aside was removed.", "{n} files that had been set aside were removed.",
                   len(self.files))
            )  # fmt: skip
        if not (self.rows or self.earlier or self.refused or self.landings or self.files):
            sentences = [
                t("The customer is no longer known here. No row of theirs was kept here either.")
                if self.customers
                else t("Nobody of this id is known here; from now on nothing will say who they are.")
            ]
        return " ".join(sentences)


def forget(store: Store, folders: Folders, customer_id: str) -> Forgotten:
    """Forget a customer, by the id or address that exports give. Safe to repeat; then there is nothing left to do."""
    who = store.key.pseudonym(customer_id)
    refused = _out_of_refused(folders, customer_id)
    rows, earlier, customers = _out_of_store(store, folders, who)
    remember(store, folders)
    landings = sum(
        [archive.rewrite(path / archive.ROWS, partial(_without, who)) for path in archive.every(folders)]
    )
    files = naming.set_aside(folders, customer_id)
    for path in files:
        path.unlink()
        path.with_name(f"{path.name}.txt").unlink(missing_ok=True)
    store.compact()
    return Forgotten(rows, earlier, refused, landings, tuple(path.name for path in files), customers)


def remember(store: Store, folders: Folders) -> None:
    """Keep the marks beside the store as well, for one that is made anew."""
    known = store.run(Query("marks", "select mark from forgotten"))["mark"]
    marks = sorted({*known, *remembered(folders)})
    if marks:
        draft = folders.forgotten.with_name(f".{folders.forgotten.name}.part")
        draft.write_text("".join(f"{mark}\n" for mark in marks), encoding="ascii")
        draft.replace(folders.forgotten)


def remembered(folders: Folders) -> list[str]:
    """The marks that are kept beside the store."""
    return folders.forgotten.read_text(encoding="ascii").split() if folders.forgotten.exists() else []


def _out_of_store(store: Store, folders: Folders, who: str) -> tuple[int, int, int]:
    """Rows, and earlier states of rows, that were made anonymous, and the customers (one or none) that left."""
    with store.transaction() as cursor:
        rows, earlier, customers = (_one(cursor, sql, who) for sql in (_COUNT, _EARLIER, _KNOWN))
        days, sources = (_all(cursor, sql, who) for sql in (_DAYS, _SOURCES))
        cursor.execute(_TOUCHED, {"who": who})
        for statement in _ANONYMOUS:
            cursor.execute(statement, {"who": who})
        rollups.drop_customers(cursor)
        rollups.refresh(cursor, days, sources, journey_of(store, folders))
    return rows, earlier, customers


def _without(who: str, table: Any) -> Any:
    return archive.anonymous(table, pc.fill_null(pc.equal(table["customer_id"], who), False))


def _out_of_refused(folders: Folders, customer_id: str) -> int:
    """Take the rows that name this customer out of the refused rows of each landing; how many there were."""
    return sum(
        naming.without(path / archive.REFUSED, customer_id)
        for path in archive.every(folders)
        if (path / archive.REFUSED).exists()
    )


def _one(cursor: Cursor, sql: str, who: str) -> int:
    return int(cursor.execute(sql, {"who": who}).fetchall()[0][0])


def _all(cursor: Cursor, sql: str, who: str) -> list[Any]:
    return [value for (value,) in cursor.execute(sql, {"who": who}).fetchall()]

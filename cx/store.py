"""The store: one DuckDB file, one process that owns it, a fresh cursor for every query.

A DuckDB connection shared between threads silently mixes up their results; a cursor of its own for each query
does not. `version` grows by one with every commit and is what every cache is keyed by.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pandas as pd

from cx import journey, masking, rollups
from cx.deadlines import Deadlines
from cx.errors import (
    CxError,
    QueryError,
    QueryTooLong,
    StoreBroken,
    StoreBusy,
    StoreUnwritable,
)
from cx.journey import Journey
from cx.model import COLUMNS, KEPT
from cx.pseudonyms import Key, pseudonym_of
from cx.query import Query, heard
from cx.words import t

Cursor = duckdb.DuckDBPyConnection

_STATES = ",\n  ".join(f"{column.name} {column.type}" for column in COLUMNS.values())
_INTERACTIONS = ",\n  ".join(f"{name} {COLUMNS[name].type}" for name in KEPT)

SCHEMA = f"""
create table if not exists interactions (
  {_INTERACTIONS},
  customer_no INTEGER,
  file_id INTEGER,
  file_row BIGINT
);
create table if not exists customers (customer_no INTEGER, customer_id VARCHAR);
create table if not exists files (
  file_id INTEGER, name VARCHAR, size BIGINT, sha256 VARCHAR, format VARCHAR, arrived_at TIMESTAMP,
  rows_read BIGINT, rows_kept BIGINT, rows_superseded BIGINT, rows_refused BIGINT, reason VARCHAR,
  rows_replaced BIGINT, rows_same BIGINT, unused VARCHAR[], undone_at TIMESTAMP
);
create table if not exists history (
  {_STATES},
  file_id INTEGER,
  file_row BIGINT
);
create table if not exists again (
  file_id INTEGER, file_row BIGINT, source VARCHAR, interaction_id VARCHAR, of_file INTEGER
);
create table if not exists refusals (
  file_id INTEGER, file_row BIGINT, column_name VARCHAR, value VARCHAR, rule VARCHAR
);
create table if not exists forgotten (mark VARCHAR);
create table if not exists surge_log (
  noted_at TIMESTAMP, who VARCHAR, product VARCHAR, reason VARCHAR, onset DATE, action VARCHAR, value VARCHAR
);
create table if not exists alert_log (
  noted_at TIMESTAMP, message VARCHAR, decided_at TIMESTAMP, rule VARCHAR, address VARCHAR, kind VARCHAR, about VARCHAR[],
  counts BIGINT[], state VARCHAR, tries INTEGER, title VARCHAR, body VARCHAR, said VARCHAR
);
create table if not exists meta (version BIGINT, shape VARCHAR, journey VARCHAR, key VARCHAR, kept_from DATE);
insert into meta select 0, '', '', '', null where not exists (from meta);
{rollups.SCHEMA}
"""
"""interactions: the canonical columns, with the customer's number for who it was, and the file and row that each came
from. customers: the pseudonym of each number. files: the
ledger, one row for every export that arrived (`reason` is set where it was set aside whole, `undone_at` where its rows
left again; `rows_replaced` is empty where a version before undo took it in). history: the states of rows that lost to a
later one, which stand again when that one's export is undone. again: rows that said what a row of another export had
said already, and which export that was. refusals: every row that was not kept. forgotten: by what a customer who was forgotten is known again (see
cx.pseudonyms). surge_log: what people did about surges, only ever added to. alert_log: the same of messages, a
row for each thing that became known of one (see cx.alerts). meta: the version, the shape of the tables,
the journey that the rollups were folded for, the fingerprint of the key of the pseudonyms, and the first day of which
rows are kept (empty: all). Every customer_id is a pseudonym, every text is masked."""

LEAST_MEMORY, MOST_MEMORY = 300_000_000, 3_000_000_000
"""Bytes that the engine may hold: as many as the file has above the least, so that a small store stays a small process."""

LONGEST_SECONDS = 60.0
"""How long one query may run: longer than any page waits for one, short enough that a slip ends by itself."""

LARGE_BYTES = 500_000_000
"""A store of more bytes is a large one."""

HEALTH_SECONDS = 5.0
"""The same for the question whether the store answers at all."""

_deadlines = Deadlines()

SHAPE = hashlib.sha256(SCHEMA.encode()).hexdigest()

_LEDGER = {"rows_replaced": "BIGINT", "rows_same": "BIGINT", "unused": "VARCHAR[]", "undone_at": "TIMESTAMP"}
_MISSING = [
    *(
        f"alter table if exists {table} add column if not exists {column.name} {column.type}"
        for table in ("interactions", "history")
        for column in COLUMNS.values()
    ),
    *(f"alter table files add column if not exists {name} {type_}" for name, type_ in _LEDGER.items()),
]

UPGRADE = (
    *_MISSING,
    "alter table interactions add column if not exists customer_no INTEGER",
    "alter table meta add column if not exists shape VARCHAR",
    "alter table meta add column if not exists journey VARCHAR",
    "alter table meta add column if not exists key VARCHAR",
    "alter table meta add column if not exists kept_from DATE",
    SCHEMA,
    """
insert into customers
select (select coalesce(max(customer_no), 0) from customers) + row_number() over (order by customer_id), customer_id
from (select distinct customer_id from interactions where customer_id is not null and customer_no is null)""",
    """
update interactions set customer_no = c.customer_no from customers c
where c.customer_id = interactions.customer_id and interactions.customer_no is null""",
    "alter table interactions drop column customer_id",
    "update meta set shape = $shape, journey = ''",
)
"""From a store that an earlier version made to one of this shape. Its rollups are left to be
recounted, as `journey` says; those of days whose interactions have left stay."""

_UNDER_PSEUDONYMS = tuple(
    f"update {table} set customer_id = {pseudonym_of('customer_id')} where customer_id is not null"
    for table in ("history", "customers")
)


class _Gate:
    """Lets any number through at once, or shuts until all are out and keeps the others waiting."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._shut = False

    @contextmanager
    def open(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._shut)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        with self._changed:
            self._shut = True
            self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._changed:
                self._shut = False
                self._changed.notify_all()


class Store:
    """An open store. Safe to use from many threads: each query and each transaction takes its own cursor.

    `held` is how many bytes it may hold where it is in memory alone.
    """

    def __init__(self, connection: Cursor, path: Path, key: Key, held: int = 0) -> None:
        self._connection = connection
        self._held = held
        self._writing = threading.Lock()
        self._asking = _Gate()
        self.path = path
        self.key = key
        self.on_query: Callable[[float], None] | None = None
        self.version: int = self._read_version()

    def _measured(self, seconds: float) -> None:
        if self.on_query:
            self.on_query(seconds)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store at this path, making it where it is missing.

        Raises StoreBusy if another process has it, StoreBroken where its file cannot be read, StoreUnwritable where it
        may not be written, and BadKey where the key of its pseudonyms is not beside it.
        """
        _refuse_unwritable(path)
        connection = _connected(path)
        try:
            return cls(connection, path, _bring_up_to_shape(connection, path))
        except duckdb.Error as error:
            connection.close()
            if _is_damage(error):
                raise unopened(path, error) from error
            raise
        except BaseException:
            connection.close()
            raise

    @classmethod
    def in_memory(cls, like: Store) -> Store:
        """A store of this shape without rows, under the same pseudonyms, that leaves nothing on disk."""
        connection = duckdb.connect(
            ":memory:", config={"temp_directory": "", "memory_limit": f"{MOST_MEMORY}B"}
        )
        connection.execute(SCHEMA)
        connection.execute("update meta set shape = $shape, key = $key",
                           {"shape": SHAPE, "key": like.key.fingerprint})  # fmt: skip
        return cls(connection, like.path, like.key, MOST_MEMORY)

    def close(self) -> None:
        """Close the file; the store is not usable afterwards."""
        self._connection.close()

    def run(self, query: Query, limit: float = LONGEST_SECONDS) -> pd.DataFrame:
        """Answer a query as a frame. Raises QueryError with the query's name and SQL, QueryTooLong after `limit` seconds."""
        heard(query)
        started = time.perf_counter()
        with self._cursor() as cursor:
            try:
                with _deadlines.within(limit, cursor.interrupt):
                    return cursor.execute(query.sql, dict(query.values) or None).df()
            except duckdb.InterruptException as error:
                raise QueryTooLong(query.name, query.sql, limit) from error
            except duckdb.Error as error:
                if _is_damage(error):
                    raise unopened(self.path, error) from error
                raise QueryError(query.name, query.sql, _without_values(str(error))) from error
            finally:
                self._measured(time.perf_counter() - started)

    @contextmanager
    def moment(self) -> Iterator[Cursor]:
        """A cursor that sees the store as it is now, however long it asks, and writes nothing."""
        with self._cursor() as cursor:
            cursor.execute("begin transaction read only")
            try:
                yield cursor
            finally:
                cursor.execute("rollback")

    def answers(self) -> bool:
        """Whether a query gets its answer, within HEALTH_SECONDS of the engine's time."""
        try:
            self._read_version(HEALTH_SECONDS)
        except (QueryError, duckdb.Error):
            return False
        return True

    @contextmanager
    def transaction(self, roomy: bool = False, aside: bool = False) -> Iterator[Cursor]:
        """One change of the store: all of it and one step of the version, or nothing. Writers wait for each other.

        What does not fit in memory goes to disk; where even that does not do (the engine says so), try `roomy`. What no
        answer rests on is written `aside`: the version stays.
        """
        with self._writing, self._cursor() as cursor:
            self._limit(cursor, roomy)
            cursor.execute("begin")
            try:
                yield cursor
                if not aside:
                    cursor.execute("update meta set version = version + 1")
                cursor.execute("commit")
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has rolled back already
                    cursor.execute("rollback")
                raise
        self.version = self._read_version()

    def _limit(self, cursor: Cursor, roomy: bool) -> None:
        size = self._held or (
            MOST_MEMORY if roomy else min(LEAST_MEMORY + self.path.stat().st_size, MOST_MEMORY)
        )
        with suppress(duckdb.OutOfMemoryException):  # more than that is in use; it will be less
            cursor.execute(f"set memory_limit = '{size}B'")

    def compact(self) -> None:
        """Write the store anew, so that nothing of what was deleted is left in its file. Everyone waits meanwhile."""
        draft = self.path.with_name(f".{self.path.name}.compact")
        with self._writing, self._asking.closed():
            _copy(self._connection, draft)
            self._connection.close()
            draft.replace(self.path)
            self._connection = _connected(self.path)

    @contextmanager
    def copied(self, to: Path) -> Iterator[None]:
        """A copy of the store in a new file. Nobody writes while this is open, so that what is taken from beside the store
        fits the copy; everybody may ask."""
        with self._writing:
            with self._cursor() as cursor:
                _copy(cursor, to)
            yield

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        with self._asking.open():
            cursor = self._connection.cursor()
            try:
                cursor.execute("set TimeZone = 'UTC'")
                yield cursor
            finally:
                cursor.close()

    @property
    def large(self) -> bool:
        """Whether what is counted by customer had better follow a landing than keep its sums by day waiting."""
        return self.path.stat().st_size > LARGE_BYTES

    @property
    def counting(self) -> bool:
        """Whether some of the rollups wait to be folded."""
        sql = "select journey = '' or exists (from uncounted) or exists (from unfolded) as waits from meta"
        return bool(self.run(Query("counting", sql))["waits"].iloc[0])

    @property
    def journey(self) -> Journey | None:
        """The journey that the rollups were folded for; None where they wait to be rebuilt."""
        told = str(self.run(Query("journey", "select journey from meta"))["journey"].iloc[0])
        return journey.from_told(told) if told else None

    def _read_version(self, limit: float = LONGEST_SECONDS) -> int:
        frame = self.run(Query("version", "select version from meta"), limit)
        return int(frame["version"].iloc[0])


def _connected(path: Path) -> Cursor:
    fresh = not path.exists()
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        reason = unopened(path, error)
        if fresh and not isinstance(reason, StoreBusy):  # half of a file, for which there was no room
            path.unlink(missing_ok=True)
        raise reason from error
    connection.execute("set TimeZone = 'UTC'")
    # The log is written into the file when it has grown to this; each smaller export would else wait for that.
    connection.execute("set checkpoint_threshold = '256MB'")
    return connection


def unopened(path: Path, error: duckdb.Error) -> CxError:
    """Why the engine did not open a store, and what to do."""
    said = str(error).replace(str(path), "").lower()
    if "lock on file" in said:
        return StoreBusy(t("{file} is open in another process; ask that one, or stop it first.", file=path))
    if any(words in said for words in ("permission denied", "read-only file system", "no space left")):
        return _unwritable(path)
    return StoreBroken(
        t("{file} cannot be read: it was cut short or overwritten, or it is no store. Stop the dashboard and run: python -m "
          "cx rebuild. It makes the store anew from the archive and keeps this file beside it.", file=path)
    )  # fmt: skip


def _without_values(said: str) -> str:
    """What the engine said, without the values that it quotes: they may be a customer's words."""
    return re.sub(r"'(?:[^']|'')*'", "'…'", said)


def _is_damage(error: duckdb.Error) -> bool:
    said = str(error)
    return "Corrupt database file" in said or "Could not read enough bytes" in said


def _refuse_unwritable(path: Path) -> None:
    """Raise StoreUnwritable where the store, or the log that is written beside it, could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path) from error
    if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise _unwritable(path)


def _unwritable(path: Path) -> StoreUnwritable:
    return StoreUnwritable(
        t("{file} cannot be written. Change the owner or the rights of the file and its folder, or make room on the disk.",
          file=path)
    )  # fmt: skip


def _copy(connection: Cursor, to: Path) -> None:
    """Write everything that the store holds into a new file."""
    to.unlink(missing_ok=True)
    (name,) = connection.execute("select current_database()").fetchall()[0]
    connection.execute("attach $file as copied", {"file": str(to)})
    try:
        connection.execute(f"copy from database {_quoted(name)} to copied")
    finally:
        connection.execute("detach copied")


def _bring_up_to_shape(connection: Cursor, path: Path) -> Key:
    """Make the tables of a new store, or mend those of an earlier version; returns the key of its pseudonyms."""
    found = connection.execute("select count(*) from duckdb_tables() where table_name = 'meta'").fetchall()
    if not found[0][0]:
        key = Key.beside(path)
        connection.execute("begin")
        connection.execute(SCHEMA)
        connection.execute("update meta set shape = $shape, journey = $journey, key = $key",
                           {"shape": SHAPE, "journey": journey.DEFAULT.told(), "key": key.fingerprint})  # fmt: skip
        connection.execute("commit")
        return key
    columns = [
        name for (name,) in connection.execute("select name from pragma_table_info('meta')").fetchall()
    ]
    known = connection.execute("select key from meta").fetchall()[0][0] if "key" in columns else None
    key = Key.beside(path, known or "")
    if "shape" not in columns or connection.execute("select shape from meta").fetchall() != [(SHAPE,)]:
        _upgrade(connection, key, under_pseudonyms=bool(known))
    return key


def _upgrade(connection: Cursor, key: Key, under_pseudonyms: bool) -> None:
    rollup = "select table_name from duckdb_tables() where starts_with(table_name, 'r_')"
    connection.execute("begin")
    tables = [table for (table,) in connection.execute(rollup).fetchall()]
    for table in tables:
        connection.execute(f"alter table {table} rename to was_{table}")
    for statement in UPGRADE:
        connection.execute(statement, {"shape": SHAPE} if "$shape" in statement else None)
    rollups.carry_over(connection, tables)
    if not under_pseudonyms:
        for statement in _UNDER_PSEUDONYMS:
            connection.execute(statement, key.values)
        _mask_texts(connection)
        connection.execute("update meta set key = $key", {"key": key.fingerprint})
    connection.execute("commit")


def _mask_texts(connection: Cursor) -> None:
    """Mask what names a person in the texts that an earlier version kept as they came."""
    for table in ("interactions", "history"):
        said = connection.execute(f"select distinct text from {table} where text is not null").df()["text"]
        masks = pd.DataFrame({"said": said, "masked": masking.masked([*said])})
        connection.register("masks", masks[masks["said"] != masks["masked"]])
        connection.execute(f"update {table} set text = masks.masked from masks where text = masks.said")
        connection.unregister("masks")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

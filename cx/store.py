"""The store: one DuckDB file, one process that owns it, a fresh cursor for every query.

A DuckDB connection shared between threads silently mixes up their results; a cursor of its own for each query
does not. `version` grows by one with every commit and is what every cache is keyed by.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from cx import rollups
from cx.errors import QueryError, StoreBusy
from cx.model import COLUMNS
from cx.query import Query

Cursor = duckdb.DuckDBPyConnection

_INTERACTIONS = ",\n  ".join(f"{column.name} {column.type}" for column in COLUMNS.values())

SCHEMA = f"""
create table if not exists interactions (
  {_INTERACTIONS},
  file_id INTEGER,
  file_row BIGINT
);
create table if not exists files (
  file_id INTEGER, name VARCHAR, size BIGINT, sha256 VARCHAR, format VARCHAR, arrived_at TIMESTAMP,
  rows_read BIGINT, rows_kept BIGINT, rows_superseded BIGINT, rows_refused BIGINT, reason VARCHAR
);
create table if not exists refusals (
  file_id INTEGER, file_row BIGINT, column_name VARCHAR, value VARCHAR, rule VARCHAR
);
create table if not exists meta (version BIGINT);
insert into meta select 0 where not exists (from meta);
{rollups.SCHEMA}
"""
"""interactions: the canonical columns, and the file and row that each came from. files: the ledger, one row for
every export that arrived (`reason` is set where it was set aside whole). refusals: every row that was not kept."""


class Store:
    """An open store. Safe to use from many threads: each query and each transaction takes its own cursor."""

    def __init__(self, connection: Cursor, path: Path) -> None:
        self._connection = connection
        self._writing = threading.Lock()
        self.path = path
        self.version: int = self._read_version()

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store at this path, making it where it is missing. Raises StoreBusy if another process has it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise StoreBusy(
                    f"{path} is open in another process; ask that one, or stop it first."
                ) from error
            raise
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(SCHEMA)
        return cls(connection, path)

    def close(self) -> None:
        """Close the file; the store is not usable afterwards."""
        self._connection.close()

    def run(self, query: Query) -> pd.DataFrame:
        """Answer a query as a frame. Raises QueryError with the query's name and SQL."""
        with self._cursor() as cursor:
            try:
                return cursor.execute(query.sql, dict(query.values) or None).df()
            except duckdb.Error as error:
                raise QueryError(query.name, query.sql, str(error)) from error

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """One change of the store: all of it and one step of the version, or nothing. Writers wait for each other."""
        with self._writing, self._cursor() as cursor:
            cursor.execute("begin")
            try:
                yield cursor
                cursor.execute("update meta set version = version + 1")
                cursor.execute("commit")
            except BaseException:
                cursor.execute("rollback")
                raise
        self.version = self._read_version()

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        cursor = self._connection.cursor()
        try:
            cursor.execute("set TimeZone = 'UTC'")
            yield cursor
        finally:
            cursor.close()

    def _read_version(self) -> int:
        frame = self.run(Query("version", "select version from meta"))
        return int(frame["version"].iloc[0])

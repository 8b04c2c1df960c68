"""Two stores compared, rollup by rollup: whatever made them, the same rows with the same values of the same types.

Customers are numbered in the order in which they came; so whose a row is, is told by the pseudonym.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from cx import rollups

DIGITS = 12
"""Digits to which sums of fractions are compared, where the order in which they were added shows in the last ones."""


@dataclass(frozen=True)
class Compared:
    """One rollup in both stores: its rows, and how many rows of each the other does not have."""

    table: str
    rows: int
    missing: int
    added: int

    @property
    def same(self) -> bool:
        return not (self.missing or self.added)


def compared(left: Path, right: Path, exactly: bool = True) -> list[Compared]:
    """Every rollup of two stores. Unless `exactly`, fractions are the same where DIGITS digits of them are."""
    with _both(left, right) as both:
        return [_compared(both, table, exactly) for table in rollups.TABLES]


def differing(left: Path, right: Path, exactly: bool = True) -> dict[str, tuple[int, int]]:
    """The rollups that are not the same, and by how many rows on each side."""
    return {one.table: (one.missing, one.added) for one in compared(left, right, exactly) if not one.same}


@contextmanager
def _both(left: Path, right: Path) -> Iterator[Any]:
    with duckdb.connect() as connection:
        for name, path in (("a", left), ("b", right)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        yield connection


def _compared(both: Any, table: str, exactly: bool) -> Compared:
    rows = {side: _rows(both, side, table, exactly) for side in "ab"}
    (n, told), other = (both.execute(_fingerprint(rows[side])).fetchall()[0] for side in "ab")
    if (n, told) == other:
        return Compared(table, n, 0, 0)
    missing, added = (
        _one(both, f"select count(*) from (({rows[one]}) except all ({rows[other]}))")
        for one, other in ("ab", "ba")
    )
    return Compared(table, n, missing, added)


def _fingerprint(rows: str) -> str:
    """How many rows there are, and the sum of their hashes: equal where they are the same in whatever order."""
    return f"select count(*), sum(hash(row_of)::hugeint) from ({rows}) row_of"


def _rows(both: Any, side: str, table: str, exactly: bool) -> str:
    found = both.execute(
        "select column_name, data_type from duckdb_columns() where database_name = $side and table_name = $table "
        "order by column_index",
        {"side": side, "table": table},
    ).fetchall()
    if table in rollups.SUMS:
        keys = ", ".join(name for name, _ in found if name != "n")
        return f"select {keys}, sum(n) as n from {side}.{table} group by all having sum(n) <> 0"
    cells = ", ".join(_cell(name, type_, exactly) for name, type_ in found)
    whose = (
        f"left join {side}.customers c on c.customer_no = t.customer_no"
        if "customer_no" in dict(found)
        else ""
    )
    return f"select {cells} from {side}.{table} t {whose}"


def _cell(name: str, type_: str, exactly: bool) -> str:
    if name == "customer_no":
        return "c.customer_id"
    # Negative and positive zero are equal, and no sum of ours tells them apart.
    return f"t.{name}" if exactly or type_ != "DOUBLE" else f"printf('%.{DIGITS}g', t.{name} + 0.0) as {name}"


def _one(both: Any, sql: str) -> int:
    return int(both.execute(sql).fetchall()[0][0])

"""Sums of what is known of each customer, for whoever asks about all: how often the same was told, whoever it was of.

Each is defined by a query over the rollups by customer, and nothing else. When customers are folded anew, what they
were counted as before is taken off and what they are counted as now is added, so a sum may be told in several rows;
`n` of all rows of the same keys together is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cx.rollups.walk import Executes

MOST_CHANGED = 0.1
"""Where more customers than this share are folded, or where so much was added, the sums are counted anew."""


@dataclass(frozen=True, slots=True)
class Sums:
    """A rollup of sums: its keys, in the order in which it is kept, and the query for keys and n. In the query `$whose`
    stands for the condition under which a customer is counted."""

    table: str
    keys: tuple[str, ...]
    query: str

    def of(self, whose: str) -> str:
        """The query for some customers."""
        return self.query.replace("$whose", whose)


_TOUCHED = "customer_no in (select customer_no from touched)"


def many(cursor: Executes) -> bool:
    """Whether so many customers are touched that counting anew is less work than telling what changed."""
    touched, known = cursor.execute(
        "select (select count(*) from touched), (select count(*) from customers)"
    ).fetchall()[0]
    return bool(touched > MOST_CHANGED * known)


def take_off(cursor: Executes, every: Iterable[Sums]) -> None:
    """Remember what the customers in `touched` are counted as; `add` then tells what changed."""
    for sums in every:
        keys = ", ".join(sums.keys)
        cursor.execute(f"""
create or replace temp table was_{sums.table} as
with told({keys}, n) as ({sums.of(_TOUCHED)}) select {keys}, -n as n from told""")


def add(cursor: Executes, every: Sequence[Sums]) -> None:
    """After the fold of these customers: write what changed since `take_off`."""
    for sums in every:
        keys = ", ".join(sums.keys)
        cursor.execute(f"""
insert into {sums.table} ({keys}, n)
with told({keys}, n) as ({sums.of(_TOUCHED)})
select {keys}, cast(sum(n) as integer) from (select * from told union all select * from was_{sums.table})
group by {keys} having sum(n) <> 0 order by {keys}""")
        cursor.execute(f"drop table was_{sums.table}")
        _tidy(cursor, sums)


def recount(cursor: Executes, every: Iterable[Sums]) -> None:
    """Count everything anew."""
    for sums in every:
        keys = ", ".join(sums.keys)
        cursor.execute(f"delete from {sums.table}")
        cursor.execute(f"""
insert into {sums.table} ({keys}, n)
with told({keys}, n) as ({sums.of("true")}) select {keys}, n from told order by {keys}""")


def _tidy(cursor: Executes, sums: Sums) -> None:
    """Make one row of each key's, where much was taken off."""
    off, rows = cursor.execute(
        f"select count(case when n < 0 then 1 end), count(*) from {sums.table}"
    ).fetchall()[0]
    if off > MOST_CHANGED * rows:
        keys = ", ".join(sums.keys)
        cursor.execute(f"""
create or replace temp table tidy as
select {keys}, cast(sum(n) as integer) as n from {sums.table} group by {keys} having sum(n) <> 0 order by {keys}""")
        cursor.execute(f"delete from {sums.table}")
        cursor.execute(f"insert into {sums.table} ({keys}, n) select {keys}, n from tidy")
        cursor.execute("drop table tidy")

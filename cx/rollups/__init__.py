"""What pages read instead of interactions: sums by day, and what is known of each customer's way.

daily        sums by day and dimension; recomputed for the days and sources that a file touched
brands       opinions by day, of us and of other brands
support      contacts by hour and those that wait, units by version
walk         the interactions of the customers touched, each customer's in order: what the next ones are folded from
funnel       attempts at the journey, each with how far it got
paths        visits to the journey, each with its steps and channels
buyers       customers who ordered: when they came back, when they were lost, what they met at first
ratings      ratings that customers gave, each with what they did afterwards; their orders by day
touchpoints  sums by day at each touchpoint, and each contact with where its customer had been last
frozen       what stays of days whose interactions have left

What is counted by customer is refolded whole for each customer touched, so it never depends on the order in which
exports came. Every statement is in the part of SQL that other engines share.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cx.journey import Journey
from cx.rollups import brands, buyers, daily, frozen, funnel, paths, ratings, support, touchpoints, walk
from cx.rollups.daily import BINS_PER_E, HISTOGRAMS, PARTS
from cx.rollups.walk import Executes

__all__ = [
    "BINS_PER_E", "HISTOGRAMS", "PARTS", "SCHEMA", "TABLES", "carry_over", "drop_customers", "fold", "rebuild", "refresh",
]  # fmt: skip

BY_DAY = (*daily.TABLES, *touchpoints.BY_DAY, *support.TABLES, *brands.TABLES)
BY_CUSTOMER = (*funnel.TABLES, *paths.TABLES, *buyers.TABLES, *ratings.TABLES, *touchpoints.BY_CUSTOMER)
TABLES = (*BY_DAY, *BY_CUSTOMER)
SCHEMA = "create table if not exists unfolded (customer_no INTEGER);" + "".join(
    part.SCHEMA for part in (daily, funnel, paths, buyers, ratings, touchpoints, support, brands)
)
"""unfolded: the customers of whom interactions have landed and whose rollups were not folded since."""


def refresh(
    cursor: Executes, days: Sequence[date], sources: Sequence[str], journey: Journey, now: bool = True
) -> None:
    """Bring every rollup up to date: for these days and sources, and the customers in the temporary table `touched`.

    Without `now`, the customers wait in the table `unfolded` until the next refresh or `fold`: of many exports that land
    together each customer is folded once. Where the journey is another than the one that they were folded for, all
    rollups are rebuilt.
    """
    if cursor.execute("select journey from meta").fetchall() != [(journey.told(),)]:
        rebuild(cursor, journey)
        return
    daily.refresh(cursor, days, sources)
    touchpoints.refresh(cursor, days, sources, journey)
    support.refresh(cursor, days, sources)
    brands.refresh(cursor, days, sources)
    cursor.execute("insert into unfolded select customer_no from touched")
    if now:
        fold(cursor, journey)


def fold(cursor: Executes, journey: Journey) -> None:
    """Fold the customers who wait to be."""
    cursor.execute("create or replace temp table touched as select distinct customer_no from unfolded")
    cursor.execute("delete from unfolded")
    _fold(cursor, journey)


def rebuild(cursor: Executes, journey: Journey) -> None:
    """Recount everything from the interactions, as if they had come in one file; what they are gone of stays as it is."""
    for table in TABLES:
        frozen.thaw(cursor, table)
    cursor.execute("update meta set journey = $journey", {"journey": journey.told()})
    cursor.execute("create or replace temp table touched as select customer_no from customers")
    refresh(cursor, _all(cursor, "cast(occurred_at as date)"), _all(cursor, "source"), journey)


def drop_customers(cursor: Executes) -> None:
    """Let everything leave that is counted by customer, of those in the temporary table `touched`."""
    for table in BY_CUSTOMER:
        cursor.execute(f"delete from {table} where customer_no in (select customer_no from touched)")


def carry_over(cursor: Executes, tables: Sequence[str]) -> None:
    """Bring what stays for good from tables of an earlier shape, renamed to `was_...`, into those of today."""
    columns = "select column_name from duckdb_columns() where table_name = $table"
    for table in tables:
        names = [
            {name for (name,) in cursor.execute(columns, {"table": each}).fetchall()} for each in (table, f"was_{table}")
        ]  # fmt: skip
        if shared := ", ".join(sorted(names[0] & names[1])):
            cursor.execute(
                f"insert into {table} ({shared}) select {shared} from was_{table} where {frozen.begins(table)} < $kept_from",
                {"kept_from": frozen.kept_from(cursor)},
            )
        cursor.execute(f"drop table was_{table}")


def _all(cursor: Executes, what: str) -> list[Any]:
    return [value for (value,) in cursor.execute(f"select distinct {what} from interactions").fetchall()]


def _fold(cursor: Executes, journey: Journey) -> None:
    for table in BY_CUSTOMER:
        frozen.thaw(cursor, table, "select customer_no from touched")
    walk.lay_out(cursor, journey, frozen.places(cursor))
    for part in (funnel, paths, buyers, ratings, touchpoints):
        part.fold(cursor, journey)
        frozen.not_twice(cursor)
    walk.clear(cursor)

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

What is counted by customer is refolded whole for each customer touched, so it never depends on the order in which
exports came. Every statement is in the part of SQL that other engines share.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cx.journey import Journey
from cx.rollups import brands, buyers, daily, funnel, paths, ratings, support, touchpoints, walk
from cx.rollups.daily import BINS_PER_E, HISTOGRAMS, PARTS
from cx.rollups.walk import Executes

__all__ = ["BINS_PER_E", "HISTOGRAMS", "PARTS", "SCHEMA", "TABLES", "rebuild", "refresh"]

BY_DAY = (*daily.TABLES, *touchpoints.BY_DAY, *support.TABLES, *brands.TABLES)
BY_CUSTOMER = (*funnel.TABLES, *paths.TABLES, *buyers.TABLES, *ratings.TABLES, *touchpoints.BY_CUSTOMER)
TABLES = (*BY_DAY, *BY_CUSTOMER)
SCHEMA = "".join(
    part.SCHEMA for part in (daily, funnel, paths, buyers, ratings, touchpoints, support, brands)
)


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str], journey: Journey) -> None:
    """Bring every rollup up to date: for these days and sources, and the customers in the temporary table `touched`.

    Where the journey is another than the one that they were folded for, all of them are rebuilt.
    """
    if cursor.execute("select journey from meta").fetchall() != [(journey.told(),)]:
        rebuild(cursor, journey)
        return
    daily.refresh(cursor, days, sources)
    touchpoints.refresh(cursor, days, sources, journey)
    support.refresh(cursor, days, sources)
    brands.refresh(cursor, days, sources)
    _fold(cursor, journey)


def rebuild(cursor: Executes, journey: Journey) -> None:
    """Recount everything from the interactions, as if they had come in one file."""
    for table in TABLES:
        cursor.execute(f"delete from {table}")
    cursor.execute("update meta set journey = $journey", {"journey": journey.told()})
    cursor.execute("create or replace temp table touched as select customer_no from customers")
    refresh(cursor, _all(cursor, "cast(occurred_at as date)"), _all(cursor, "source"), journey)


def _all(cursor: Executes, what: str) -> list[Any]:
    return [value for (value,) in cursor.execute(f"select distinct {what} from interactions").fetchall()]


def _fold(cursor: Executes, journey: Journey) -> None:
    for table in BY_CUSTOMER:
        cursor.execute(f"delete from {table} where customer_no in (select customer_no from touched)")
    walk.lay_out(cursor, journey)
    for part in (funnel, paths, buyers, ratings, touchpoints):
        part.fold(cursor, journey)
    walk.clear(cursor)

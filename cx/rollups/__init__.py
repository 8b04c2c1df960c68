"""What pages read instead of interactions: sums by day, and what is known of each customer's way.

daily        sums by day and dimension; recomputed for the days and sources that a file touched
slices       the same over all dimensions, and over all but one
volume       interactions by day and source, in all and by the values of each dimension
brands       opinions by day, of us and of other brands
support      contacts by hour and those that wait, units by version
walk         the interactions of the customers touched, each customer's in order: what the next ones are folded from
funnel       attempts at the journey, each with how far it got
paths        visits to the journey, each with its steps and channels
buyers       customers who ordered: when they came back, when they were lost, what they met at first
ratings      ratings that customers gave, each with what they did afterwards; their orders by day
touchpoints  sums by day at each touchpoint, and each contact with where its customer had been last
sums         sums of what is counted by customer, for questions about everyone
frozen       what stays of days whose interactions have left
earlier      what is taken over from rollups of an earlier shape

What is counted by customer is refolded whole for each customer touched, so it never depends on the order in which
exports came. It is walked in arrays; all else is SQL, in the part of it that other engines share.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cx.journey import DEFAULT, Journey, from_told
from cx.rollups import (
    brands,
    buyers,
    daily,
    earlier,
    frozen,
    funnel,
    paths,
    ratings,
    slices,
    sums,
    support,
    touchpoints,
    volume,
    walk,
)
from cx.rollups.daily import BINS_PER_E, HISTOGRAMS, PARTS, added, total
from cx.rollups.slices import shortest
from cx.rollups.walk import Executes

__all__ = [
    "BINS_PER_E", "BY_CUSTOMER", "BY_DAY", "HISTOGRAMS", "PARTS", "SCHEMA", "SUMS", "TABLES", "added", "carry_over", "catch_up",
    "drop_customers", "fold", "fold_touched", "rebuild", "recount", "refresh", "shortest", "total",
]  # fmt: skip

BY_DAY = (*daily.TABLES, *slices.TABLES, *volume.TABLES, *touchpoints.BY_DAY, *support.TABLES, *brands.TABLES)
BY_CUSTOMER = (*funnel.TABLES, *paths.TABLES, *buyers.TABLES, *ratings.TABLES, *touchpoints.BY_CUSTOMER)
SUMMED = (funnel, paths, buyers, touchpoints)
SUMS = tuple(told.table for part in SUMMED for told in part.sums(DEFAULT))
TABLES = (*BY_DAY, *BY_CUSTOMER, *SUMS)
SCHEMA = """
create table if not exists uncounted (day DATE, source VARCHAR);
create table if not exists unfolded (customer_no INTEGER);
""" + "".join(
    part.SCHEMA
    for part in (daily, slices, volume, funnel, paths, buyers, ratings, touchpoints, support, brands)
)
"""uncounted: days and sources of which interactions changed, and whose sums by day were not counted since. unfolded: the
same for customers."""

_UNCOUNTED = """
insert into uncounted select day, source from (select unnest($days) as day) days, (select unnest($sources) as source) sources"""


def refresh(
    cursor: Executes,
    days: Sequence[date],
    sources: Sequence[str],
    journey: Journey,
    by_day: bool = True,
    by_customer: bool = True,
) -> None:
    """Bring every rollup up to date: for these days and sources, and the customers in the temporary table `touched`.

    What is not wanted at once, by day or by customer, waits for the next refresh or `catch_up`: of many exports that
    land together each day and each customer is counted once. Where the journey is another than the one that they were
    folded for, all rollups are rebuilt.
    """
    if cursor.execute("select journey from meta").fetchall() != [(journey.told(),)]:
        rebuild(cursor, journey)
        return
    cursor.execute(_UNCOUNTED, {"days": [*days], "sources": [*sources]})
    cursor.execute("insert into unfolded select customer_no from touched")
    if by_day:
        _count(cursor, journey)
    if by_customer:
        fold(cursor, journey)


def catch_up(cursor: Executes, journey: Journey) -> None:
    """Count what waits to be counted, by day and by customer."""
    _count(cursor, journey)
    fold(cursor, journey)


def _count(cursor: Executes, journey: Journey) -> None:
    days, sources = (_distinct(cursor, what, "uncounted") for what in ("day", "source"))
    cursor.execute("delete from uncounted")
    also, sources_too = daily.reached(cursor, days, sources)
    for some in daily.in_parts(cursor, also):
        daily.refresh(cursor, some, sources_too)
        slices.refresh(cursor, some, sources_too)
    for some in daily.in_parts(cursor, days):
        touchpoints.refresh(cursor, some, sources, journey)
        support.refresh(cursor, some, sources)
        brands.refresh(cursor, some, sources)
        volume.refresh(cursor, some, sources)


def fold(cursor: Executes, journey: Journey, anew: bool = False) -> None:
    """Fold the customers who wait to be; where `anew`, what is summed of them is counted anew of everyone."""
    cursor.execute("create or replace temp table touched as select distinct customer_no from unfolded")
    cursor.execute("delete from unfolded")
    every = _sums(journey)
    anew = anew or sums.many(cursor)
    if not anew:
        sums.take_off(cursor, every)
    for table in BY_CUSTOMER:
        frozen.thaw(cursor, table, "select customer_no from touched")
    fold_touched(cursor, journey)
    sums.recount(cursor, every) if anew else sums.add(cursor, every)
    cursor.execute("drop table touched")


def rebuild(cursor: Executes, journey: Journey) -> None:
    """Recount everything from the interactions, as if they had come in one file; what they are gone of stays as it is."""
    for table in (*BY_DAY, *BY_CUSTOMER):
        frozen.thaw(cursor, table)
    cursor.execute("update meta set journey = $journey", {"journey": journey.told()})
    cursor.execute("create or replace temp table touched as select customer_no from customers")
    days, sources = (
        _distinct(cursor, what, "interactions") for what in ("cast(occurred_at as date)", "source")
    )
    refresh(cursor, days, sources, journey, by_customer=False)
    fold(cursor, journey, anew=True)


def drop_customers(cursor: Executes) -> None:
    """Let everything leave that is counted by customer, of those in the temporary table `touched`."""
    told = cursor.execute("select journey from meta").fetchall()[0][0]
    every = _sums(from_told(told)) if told else []
    sums.take_off(cursor, every)
    for table in BY_CUSTOMER:
        cursor.execute(f"delete from {table} where customer_no in (select customer_no from touched)")
    sums.add(cursor, every)


def carry_over(cursor: Executes, tables: Sequence[str]) -> None:
    """Bring what stays for good from tables of an earlier shape, renamed to `was_...`, into those of today."""
    earlier.carry_over(cursor, tables, (*BY_DAY, *BY_CUSTOMER))


def recount(cursor: Executes, journey: Journey) -> None:
    """Count anew what is summed of all that was folded by customer."""
    sums.recount(cursor, _sums(journey))


def _sums(journey: Journey) -> list[sums.Sums]:
    return [told for part in SUMMED for told in part.sums(journey)]


def _distinct(cursor: Executes, what: str, table: str) -> list[Any]:
    found = cursor.execute(f"select distinct {what} as value from {table} order by value").fetchall()
    return [value for (value,) in found]


def fold_touched(cursor: Executes, journey: Journey) -> None:
    """Fold the customers in the temporary table `touched`, of whom the rollups by customer know nothing yet."""
    for walked in walk.walks(cursor, journey, frozen.places(cursor)):
        funnel.fold(cursor, walked, journey)
        paths.fold(cursor, walked, journey)
        ratings.fold(cursor, walked, buyers.fold(cursor, walked, journey))
        touchpoints.fold(cursor, walked, journey)
    if (since := frozen.kept_from(cursor)) != date.min:
        frozen.not_twice(cursor)
        for part in (funnel, ratings):
            part.kept_since(cursor, since)

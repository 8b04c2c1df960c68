"""Attempts at the journey, by the field's windowFunnel rule.

An interaction at the first stage opens an attempt. From there the attempt takes the first interaction at the next
stage that every customer passes, from there the first at the one after, as long as each comes within the window of
the opening; ties are settled by time, then stage. An optional stage is reached from the last stage before it that
every customer passes, and no stage after it waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from cx.journey import MOST_STAGES, Journey
from cx.model import JOURNEY_DIMENSIONS as DIMENSIONS
from cx.rollups.daily import bin_of
from cx.rollups.walk import Executes, columns

LATER = range(1, MOST_STAGES)
"""Positions of the stages after the first."""

TABLES = ("r_attempts",)
SCHEMA = f"""
create table if not exists r_attempts (
  customer_no INTEGER, place INTEGER, day DATE, opened_at TIMESTAMP, {columns()}, revenue DOUBLE,
  {", ".join(f"gap_{position} SMALLINT" for position in LATER)},
  ever SMALLINT,
  {", ".join(f"prev_{position} DATE" for position in (0, *LATER))}
);
"""
"""place: of the opening among all that the customer did. gap_n: the time since the stage before n, as a bin of 1 %; empty
where the attempt did not reach stage n. ever: the time from the opening to the customer's next interaction at the last
stage that everyone passes, whatever lies between and however late; BEFORE where there was one before the opening only. prev_n: the day on which the customer had opened an attempt before
that reached stage n, so that among attempts of some days the first of each customer is found without looking at the
others: it is the one whose prev_n lies before these days. revenue: what the customer ordered in the window."""

BEFORE = -1


def fold(cursor: Executes, journey: Journey) -> None:
    """Write the attempts of the customers in `walked`."""
    cursor.execute(_ahead(journey))
    cursor.execute(_attempts(journey))
    cursor.execute("drop table ahead")


def _ahead(journey: Journey) -> str:
    """For each interaction the place of the first one at each later stage, counted from itself on."""
    later = range(1, len(journey.stages))
    nexts = (f"min(case when position = {n} then place end) over rest as next_{n}" for n in later)
    at_last = f"position = {journey.required[-1]}"
    return f"""
create or replace temp table ahead as
select customer_no, place, position, day, occurred_at, {", ".join(DIMENSIONS)},
  {_lines(nexts)},
  min(case when {at_last} then occurred_at end) over rest as last_at,
  max(case when {at_last} then 1 else 0 end) over whole as was_there,
  sum(case when kind = 'order' then amount else 0 end) over in_window as revenue
from walked
window
  rest as (partition by customer_no order by place rows between current row and unbounded following),
  whole as (partition by customer_no),
  in_window as (
    partition by customer_no order by occurred_at
    range between current row and interval {journey.window_days} day following
  )"""


def _attempts(journey: Journey) -> str:
    later = range(1, len(journey.stages))
    gaps = (f"{_bin(f's{journey.before(n)}.occurred_at', f's{n}.occurred_at')} as gap_{n}" for n in later)
    steps = (
        f"left join ahead s{n} on s{n}.customer_no = s0.customer_no and s{n}.place = s{journey.before(n)}.next_{n}"
        f" and s{n}.occurred_at <= s0.occurred_at + interval {journey.window_days} day"
        for n in later
    )
    prevs = [f"{_before(n)} as prev_{n}" for n in (0, *later)]
    return f"""
insert into r_attempts (
  customer_no, place, day, opened_at, {", ".join(DIMENSIONS)}, revenue,
  {", ".join(f"gap_{n}" for n in later)}, ever,
  {", ".join(f"prev_{n}" for n in (0, *later))}
)
with attempts as (
  select s0.customer_no, s0.place, s0.day, s0.occurred_at as opened_at, {", ".join(f"s0.{name}" for name in DIMENSIONS)},
    s0.revenue,
    {_lines(gaps)},
    coalesce({_bin("s0.occurred_at", "s0.last_at")}, case when s0.was_there = 1 then {BEFORE} end) as ever
  from ahead s0
  {" ".join(steps)}
  where s0.position = 0
)
select *,
  {_lines(prevs)}
from attempts
window earlier as (
  partition by customer_no order by place rows between unbounded preceding and 1 preceding
)
order by day"""


def _before(n: int) -> str:
    reached = "day" if n == 0 else f"case when gap_{n} is not null then day end"
    return f"max({reached}) over earlier"


def _bin(since: str, until: str) -> str:
    seconds = f"date_diff('second', {since}, {until})"
    return f"cast({bin_of(seconds)} as smallint)"


def _lines(parts: Iterable[str]) -> str:
    return ",\n  ".join(parts)

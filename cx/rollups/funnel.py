"""Attempts at the journey, by the field's windowFunnel rule.

An interaction at the first stage opens an attempt. From there the attempt takes the first interaction at the next
stage that every customer passes, from there the first at the one after, as long as each comes within the window of
the opening; ties are settled by time, then stage. An optional stage is reached from the last stage before it that
every customer passes, and no stage after it waits for it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from cx.journey import MOST_STAGES, Journey
from cx.rollups.daily import BINS_PER_E
from cx.rollups.sums import Sums
from cx.rollups.walk import (
    DAY,
    NEVER,
    NONE,
    SECOND,
    Executes,
    Floats,
    Ints,
    Walk,
    columns,
    dates,
    numbers,
    write,
)

LATER = range(1, MOST_STAGES)
"""Positions of the stages after the first."""

TABLES = ("r_attempts",)
SCHEMA = f"""
create table if not exists r_attempts (
  customer_no INTEGER, place INTEGER, day DATE, second INTEGER, micro INTEGER, {columns()}, revenue DOUBLE,
  reached SMALLINT, {", ".join(f"gap_{position} SMALLINT" for position in LATER)}, ever SMALLINT, before DATE
);
create table if not exists r_firsts (
  stage TINYINT, day DATE, before DATE, bin SMALLINT, n INTEGER
);
"""
"""r_attempts: place: of the opening among all that the customer did; second and micro: when on its day. reached: a bit
for each stage that the attempt reached, bit 0 always. gap_n: the time since the stage before n, as a bin of 1 %; empty
where the attempt did not reach stage n. ever: the time from the opening to the customer's next interaction at the last
stage that everyone passes, whatever lies between and however late; BEFORE where there was one before the opening only.
before: the day of the customer's attempt before this, or NEVER. revenue: what the customer ordered in the window.

r_firsts: how many attempts reached a stage on a day, by the day of the customer's attempt before that reached it too. So
the customers of some days are found without looking at any: a customer's first attempt of these days is the one whose
`before` lies ahead of them. One that follows another on its own day is never the first and left out. bin: of gap_n, and
of `ever` for stage 0."""

BEFORE = -1


def sums(journey: Journey) -> tuple[Sums, ...]:
    """How r_firsts is counted from the attempts."""
    later = range(1, len(journey.stages))
    reached = (f"case when gap_{n} is not null then day end" for n in later)
    before = (
        f"coalesce(max({day}) over earlier, {NEVER}) as before_{n}" for n, day in enumerate(("day", *reached))
    )
    bins = ("ever", *(f"gap_{n}" for n in later))
    each = (
        f"select {n}, day, before_{n}, {bin_}, count(*) from attempts where {bin_} is not null and before_{n} < day group by all"
        for n, bin_ in enumerate(bins)
    )
    firsts = f"""
with attempts as (
  select day, {", ".join(bins)}, {", ".join(before)}
  from r_attempts where $whose
  window earlier as (partition by customer_no order by place rows between unbounded preceding and 1 preceding)
)
{" union all ".join(each)}"""
    return (Sums("r_firsts", ("stage", "day", "before", "bin"), firsts),)


_BEFORE = f"""
update r_attempts set before = earlier.day
from (
  select customer_no, max(day) as day from r_attempts semi join touched using (customer_no)
  where day < $kept_from group by customer_no
) earlier
where earlier.customer_no = r_attempts.customer_no and r_attempts.day >= $kept_from and r_attempts.before = {NEVER}"""


def fold(cursor: Executes, walk: Walk, journey: Journey) -> None:
    """Write the attempts of the customers walked."""
    rows = np.flatnonzero(walk["position"] == 0)
    if not len(rows):
        return
    at = walk.at[rows]
    ways = {0: rows, **_ways(walk, journey, rows)}
    reached = sum((ways[n] < len(walk)).astype(np.int16) << n for n in ways)
    gaps = {f"gap_{n}": _gaps(walk, ways[journey.before(n)], ways[n]) for n in ways if n}
    day = walk.day[rows]
    write(
        cursor,
        "r_attempts",
        {
            "customer_no": walk.customer[rows], "place": walk.place(rows), "day": dates(day),
            "second": at % DAY // SECOND, "micro": at % SECOND, **walk.texts(rows), "revenue": _revenue(walk, journey, rows),
            "reached": reached, **{name: numbers(gap) for name, gap in gaps.items()},
            "ever": numbers(_ever(walk, journey, rows)), "before": dates(_before(walk, rows, day)),
        },
        np.argsort(day, kind="stable"),
    )  # fmt: skip


def _ways(walk: Walk, journey: Journey, rows: Any) -> dict[int, Ints]:
    """For each later stage the interaction by which an attempt reached it; len(walk) where it did not."""
    at = np.append(walk.at, np.iinfo(np.int64).max)
    closes = walk.at[rows] + journey.window_days * DAY
    found: dict[int, Ints] = {0: rows}
    for n in range(1, len(journey.stages)):
        since = found[journey.before(n)]
        there = since < len(walk)
        taken = np.full(len(rows), len(walk))
        taken[there] = walk.next(walk["position"] == n, since[there])
        found[n] = np.where(at[taken] <= closes, taken, len(walk))
    del found[0]
    return found


def _gaps(walk: Walk, since: Ints, until: Ints) -> Ints:
    gaps = np.full(len(since), NONE)
    there = until < len(walk)
    gaps[there] = bins(walk.at[since[there]], walk.at[until[there]])
    return gaps


def bins(since: Ints, until: Ints) -> Ints:
    """The bins of the times between these moments, in whole seconds of the clock."""
    told: Ints = np.floor(BINS_PER_E * np.log(1 + (until // SECOND - since // SECOND))).astype(np.int64)
    return told


def _ever(walk: Walk, journey: Journey, rows: Any) -> Ints:
    there = walk["position"] == journey.required[-1]
    ever = _gaps(walk, rows, walk.next(there, rows))
    earlier = (ever == NONE) & (walk.last(there, rows) >= 0)
    return np.where(earlier, BEFORE, ever)


def _before(walk: Walk, rows: Any, day: Ints) -> Ints:
    same = np.append(False, walk.number[rows[1:]] == walk.number[rows[:-1]])
    never = int(np.datetime64(NEVER.split("'")[1], "D").astype(np.int64))
    return np.where(same, np.append(never, day[:-1]), never)


def _revenue(walk: Walk, journey: Journey, rows: Any) -> Floats:
    """What was ordered from the moment of each of these on, within the window."""
    spent = np.append(np.where(walk.kind("order"), walk["amount"], 0.0), 0.0)
    bounds = np.stack(within(walk, walk.at, rows, 0, journey.window_days * DAY), axis=1)
    told: Floats = np.add.reduceat(spent, bounds.ravel())[::2]
    return told


def within(walk: Walk, times: Ints, rows: Any, since: int, until: int) -> tuple[Ints, Ints]:
    """Where a customer's interactions of some time around each of these begin, and where they end."""
    least, span = int(times.min()), int(times.max() - times.min()) + abs(since) + abs(until) + 1
    at_once = max(2**62 // span, 1)
    begin, end = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    whose = walk.number[rows]
    for first in range(0, len(walk.starts), at_once):
        from_, to = (np.searchsorted(whose, number) for number in (first, first + at_once))
        edges = [*walk.starts, len(walk)]
        low, high = edges[first], edges[min(first + at_once, len(walk.starts))]
        keys = (walk.number[low:high] - first) * span + (times[low:high] - least)
        asked = keys[rows[from_:to] - low]
        begin[from_:to] = np.searchsorted(keys, asked + since) + low
        end[from_:to] = np.searchsorted(keys, asked + until, "right") + low
    return begin, end


def kept_since(cursor: Executes, kept_from: date) -> None:
    """Tell of the attempts before among interactions that have left."""
    cursor.execute(_BEFORE, {"kept_from": kept_from})

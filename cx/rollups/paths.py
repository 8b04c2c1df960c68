"""Visits to the journey: a customer's interactions with no long pause between them, as steps from stage to stage.

Interactions that follow each other at one stage are one step. A visit belongs to the day, and to the product,
channel and so on, of its first interaction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx.journey import Journey
from cx.rollups.sums import Sums
from cx.rollups.walk import DAY, NEVER, Executes, Flags, Ints, Walk, columns, dates, firsts, write

MOST_STEPS = 8
"""Steps of a visit that are kept one by one; `steps` counts all."""
STEP_BITS = 4
"""Bits of `way` that tell a step: the position of its stage and one."""

BETWEEN = chr(31)
"""Stands between the channels of a visit: what text files call a unit separator."""
HOPPED = "contains(used, chr(31))"
"""Whether a visit used several channels, in SQL."""
PRESENT = "unnest(list_append(string_split(used, chr(31)), ''))"
"""The channels that a visit used, in SQL; '' comes with each, so that it tells the visit itself."""

TABLES = ("r_visits",)
SCHEMA = f"""
create table if not exists r_visits (
  customer_no INTEGER, visit INTEGER, day DATE, last_day DATE, {columns()}, next_channel VARCHAR, used VARCHAR,
  steps SMALLINT, way BIGINT, contacts INTEGER, orders INTEGER
);
create table if not exists r_ways (
  day DATE, way BIGINT, n INTEGER
);
create table if not exists r_turns (
  day DATE, channel VARCHAR, next_channel VARCHAR, hopped BOOLEAN, device VARCHAR, ordered BOOLEAN, n INTEGER
);
create table if not exists r_present (
  day DATE, before DATE, used VARCHAR, n INTEGER
);
create table if not exists r_begun (
  campaign VARCHAR, device VARCHAR, n INTEGER
);
"""
"""r_visits: visit is the place of its first interaction among all of the customer; way holds the positions of the stages
of its first steps, the first step in the lowest bits (see step); used are its channels, with BETWEEN
between them; next_channel is the first that is
not the visit's own. r_ways, r_turns, r_begun: how many visits there are alike. r_present: how many visits of a day used a
channel, or ('') are there at all, by the day of the visit before in which the same customer did; see r_firsts."""


def sums(journey: Journey) -> tuple[Sums, ...]:
    """How the sums are counted from the visits."""
    return (
        Sums("r_ways", ("day", "way"), "select day, way, count(*) from r_visits where $whose group by all"),
        Sums("r_turns", ("day", "channel", "next_channel", "hopped", "device", "ordered"), f"""
select day, channel, next_channel, {HOPPED}, device, orders > 0, count(*) from r_visits where $whose group by all"""),
        Sums("r_present", ("day", "used", "before"), f"""
with present as (
  select customer_no, day, {PRESENT} as used from r_visits where $whose
),
since as (
  select day, used, coalesce(lag(day) over (partition by customer_no, used order by day), {NEVER}) as before from present
)
select day, used, before, count(*) from since where before < day group by all"""),
        Sums("r_begun", ("campaign", "device"), """
select campaign, device, count(*) from r_visits where $whose group by all"""),
    )  # fmt: skip


def step(number: int) -> str:
    """One more than the position of the stage of a step, in SQL; 0 where there is no such step."""
    return f"((way >> {STEP_BITS * (number - 1)}) & {2**STEP_BITS - 1})"


def positions(way: int) -> list[int]:
    """The positions that a way tells."""
    told = [(way >> STEP_BITS * step) % 2**STEP_BITS for step in range(MOST_STEPS)]
    return [position - 1 for position in told if position]


def fold(cursor: Executes, walk: Walk, journey: Journey) -> None:
    """Write the visits of the customers walked."""
    rows = np.flatnonzero(walk["position"] >= 0)
    if not len(rows):
        return
    starts = _starts(walk, rows, journey)
    first = rows[starts]
    visit = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(rows)))
    turns = _turns(walk, rows, starts, visit)
    steps, way = _ways(walk, rows, starts, visit)
    day = walk.day[first]
    write(
        cursor,
        "r_visits",
        {
            "customer_no": walk.customer[first], "visit": walk.place(first), "day": dates(day),
            "last_day": dates(walk.day[rows[np.append(starts[1:], len(rows)) - 1]]), **walk.texts(first),
            "next_channel": walk.text("channel", turns), "used": _used(walk, rows, visit, len(starts)),
            "steps": steps, "way": way,
            "contacts": np.add.reduceat(walk.kind("contact", "complaint")[rows].astype(np.int64), starts),
            "orders": _orders(walk, rows, visit, len(starts)),
        },
        np.argsort(day, kind="stable"),
    )  # fmt: skip


def _starts(walk: Walk, rows: Any, journey: Journey) -> Ints:
    """Where visits begin, among these rows."""
    at, whose = walk.at[rows], walk.number[rows]
    begins = np.ones(len(rows), bool)
    begins[1:] = (whose[1:] != whose[:-1]) | (at[1:] - at[:-1] > journey.pause_days * DAY)
    return np.flatnonzero(begins)


def _turns(walk: Walk, rows: Any, starts: Ints, visit: Ints) -> Ints:
    """The first interaction by another channel than that of the visit; -1 is none."""
    channel = walk["channel"][rows]
    own = channel[starts][visit]
    other = (own >= 0) & (channel >= 0) & (channel != own)
    first = np.minimum.reduceat(np.where(other, rows, len(walk)), starts)
    return np.where(first < len(walk), first, -1)


def _ways(walk: Walk, rows: Any, starts: Ints, visit: Ints) -> tuple[Ints, Ints]:
    """How many steps each visit has, and the first ones in one number."""
    position = walk["position"][rows].astype(np.int64)
    begins: Flags = np.append(True, position[1:] != position[:-1])
    begins[starts] = True
    counted = np.cumsum(begins)
    number: Ints = counted - counted[starts][visit]
    told = np.where(begins & (number < MOST_STEPS), position + 1, 0) << STEP_BITS * np.minimum(
        number, MOST_STEPS - 1
    )
    return np.add.reduceat(begins.astype(np.int64), starts), np.add.reduceat(told, starts)


def _used(walk: Walk, rows: Any, visit: Ints, visits: int) -> pa.Array:
    """The channels of each visit."""
    named = len(walk.names["channel"]) or 1
    channel = walk["channel"][rows]
    both = np.sort(visit[channel >= 0] * named + channel[channel >= 0])
    both = both[firsts(both)]
    ends = np.searchsorted(both, np.arange(visits + 1) * named).astype(np.int32)
    texts = walk.names["channel"].take(pa.array(both % named))
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), texts), BETWEEN)


def _orders(walk: Walk, rows: Any, visit: Ints, visits: int) -> Ints:
    """How many orders each visit holds, each counted once."""
    order = walk["order_id"][rows].astype(np.int64)
    told = walk.kind("order")[rows] & (order >= 0)
    both = np.sort(visit[told] * (len(walk.names["order_id"]) or 1) + order[told])
    once = both[firsts(both)]
    return np.bincount(once // (len(walk.names["order_id"]) or 1), minlength=visits)

"""Customers who ordered: their first and second order, their months, the times that they stayed, what they met at first.

An order is a distinct order_id, however many lines it has; its day is that of its first line. All that is kept of a
customer carries the product, channel and so on of the first line of the first order, so that each customer stands in
one cohort alone and customers may be added over cohorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cx.journey import Journey
from cx.rollups.sums import Sums
from cx.rollups.walk import NONE, Executes, Floats, Ints, Walk, columns, dates, firsts, running, write

HABIT_DAYS = 90
"""Days before the first order from which on what the customer met is kept."""
LANDMARK_DAYS = 14
"""Days after the first order up to which it is kept. The customers who came back and those who did not are told apart
only after that day: were it kept longer, those who came back would have met more for having come back."""

TABLES = ("r_buyers", "r_returns", "r_spells", "r_habits")
SCHEMA = f"""
create table if not exists r_buyers (
  customer_no INTEGER, day DATE, {columns()}, second_day DATE, orders INTEGER, revenue DOUBLE
);
create table if not exists r_returns (
  customer_no INTEGER, cohort DATE, month SMALLINT, {columns()}, orders INTEGER, revenue DOUBLE, before DOUBLE
);
create table if not exists r_spells (
  customer_no INTEGER, from_day DATE, last_day DATE, until DATE, cancelled BOOLEAN, nth INTEGER, {columns()}
);
create table if not exists r_habits (
  customer_no INTEGER, day DATE, touchpoint VARCHAR, met_channel VARCHAR, met_stage VARCHAR
);
create table if not exists r_outcomes (
  day DATE, early BOOLEAN, again BOOLEAN, n INTEGER
);
create table if not exists r_moves (
  from_day DATE, last_day DATE, until DATE, cancelled BOOLEAN, anew BOOLEAN, n INTEGER
);
create table if not exists r_met (
  day DATE, outcome TINYINT, touchpoint VARCHAR, met_channel VARCHAR, met_stage VARCHAR, n INTEGER
);
"""
"""r_buyers, r_habits: day is that of the first order, second_day that of the second.
r_returns: one row for each calendar month with an order, counted from that of the first order; before is the revenue
of the months before it. r_spells: one row for each unbroken time as a customer, from its first order to its last;
until is the day on which the customer counts as lost, by then or by a cancellation. r_met: how many buyers met the same,
by the day of the first order and their outcome: AGAIN, LEFT, or EARLY where they came back by the landmark. r_outcomes: how
many buyers ordered again by the landmark (early), and within repeat_days (again). r_moves: how many spells are alike; anew
are those that are not the customer's first."""

AGAIN, LEFT, EARLY = 1, 0, -1

OUTCOME = f"""case when second_day - b.day <= {LANDMARK_DAYS} then {EARLY}
    when second_day - b.day <= $repeat_days then {AGAIN} else {LEFT} end"""
"""What came of a buyer b, in SQL."""
MOVES = "select from_day, last_day, until, cancelled, nth > 1 as anew, {n} as n from r_spells"
"""Spells as r_moves counts them."""


def outcomes(n: str) -> str:
    """Buyers as r_outcomes counts them, in SQL."""
    return f"""
select day, coalesce(second_day - day <= {LANDMARK_DAYS}, false) as early,
  coalesce(second_day - day <= $repeat_days, false) as again, {n} as n
from r_buyers"""


def sums(journey: Journey) -> tuple[Sums, ...]:
    """How the sums are counted from the buyers."""
    outcome = OUTCOME.replace("$repeat_days", str(journey.repeat_days))
    outcomes_ = outcomes("count(*)").replace("$repeat_days", str(journey.repeat_days))
    return (
        Sums("r_outcomes", ("day", "early", "again"), f"{outcomes_} where $whose group by all"),
        Sums("r_moves", ("from_day", "last_day", "until", "cancelled", "anew"),
             f"{MOVES.format(n='count(*)')} where $whose group by all"),
        Sums("r_met", ("day", "outcome", "touchpoint", "met_channel", "met_stage"), f"""
with of_buyers as (select customer_no, b.day, {outcome} as outcome from r_buyers b where $whose),
met as (select * exclude (day) from r_habits where $whose)
select day, outcome, touchpoint, met_channel, met_stage, count(*)
from met join of_buyers using (customer_no) group by all"""),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of some customers, one after the other.

    first: the interaction that is an order's first line; revenue: of all its lines; cancels: the cancellations before it,
    next_cancel: the day of the next one; starts: where each customer's begin; number: counts the customers from 0.
    """

    first: Ints
    revenue: Floats
    cancels: Ints
    next_cancel: Ints
    day: Ints
    starts: Ints
    number: Ints

    def later(self, nth: int) -> tuple[Any, Ints]:
        """The customers who have another order so many after the first, and where it stands."""
        lengths = np.diff(self.starts, append=len(self.first))
        return lengths > nth, self.starts[lengths > nth] + nth


def lines(walk: Walk) -> tuple[Ints, Floats]:
    """The first line of each order, and the revenue of all its lines."""
    rows = np.flatnonzero(walk.kind("order"))
    named = len(walk.names["order_id"]) + 1
    _, first, which = np.unique(
        walk.number[rows] * named + walk["order_id"][rows] + 1, return_index=True, return_inverse=True
    )
    revenue: Floats = np.bincount(which, walk["amount"][rows], len(first)).astype(float)
    order = np.argsort(first)
    begun: Ints = rows[first[order]]
    return begun, revenue[order]


def _ordered(walk: Walk) -> Orders:
    first, revenue = lines(walk)
    cancels = walk.kind("cancel")
    so_far: Ints = np.cumsum(cancels, dtype=np.int64)
    coming = walk.next(cancels, first)
    day = np.append(walk.day, NONE)
    starts = firsts(walk.number[first])
    return Orders(
        first, revenue, so_far[first], day[np.where(coming < len(walk), coming, -1)], walk.day[first], starts,
        np.repeat(np.arange(len(starts)), np.diff(starts, append=len(first))),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spells:
    """Unbroken times as a customer: whose (a place in the walk's customers), the first day, and the day of the loss."""

    whose: Ints
    since: Ints
    until: Ints

    def kept(self, whose: Ints, day: Ints) -> Ints:
        """Until when each of these was a customer on a day; NONE where they were not."""
        if not len(self.whose):
            return np.full(len(day), NONE)
        least = min(int(self.since.min()), int(day.min(initial=0)))
        span = max(int(self.since.max()), int(day.max(initial=0))) - least + 1
        last = (
            np.searchsorted(self.whose * span + self.since - least, whose * span + day - least, "right") - 1
        )
        until = np.where((last >= 0) & (self.whose[last] == whose), self.until[last], NONE)
        return np.where(day < until, until, NONE)


def fold(cursor: Executes, walk: Walk, journey: Journey) -> Spells:
    """Write the buyers among the customers walked; returns the times that they stayed."""
    orders = _ordered(walk)
    if not len(orders.first):
        return Spells(*np.empty((3, 0), np.int64))
    _buyers(cursor, walk, orders)
    _returns(cursor, walk, orders)
    _habits(cursor, walk, orders)
    return _spells(cursor, walk, orders, journey.lost_days)


def _buyers(cursor: Executes, walk: Walk, orders: Orders) -> None:
    first = orders.first[orders.starts]
    second = np.full(len(first), NONE)
    again, place = orders.later(1)
    second[again] = orders.day[place]
    write(
        cursor,
        "r_buyers",
        {
            "customer_no": walk.customer[first], "day": dates(walk.day[first]), **walk.texts(first),
            "second_day": dates(second), "orders": np.diff(orders.starts, append=len(orders.first)),
            "revenue": np.add.reduceat(orders.revenue, orders.starts),
        },
        np.argsort(walk.day[first], kind="stable"),
    )  # fmt: skip


def _returns(cursor: Executes, walk: Walk, orders: Orders) -> None:
    """Orders by calendar month, and what was spent in the months before."""
    first = orders.first[orders.starts][orders.number]
    month, cohort = (
        day.astype("datetime64[D]").astype("datetime64[M]") for day in (orders.day, walk.day[first])
    )
    starts = firsts(orders.number, month)
    revenue = np.add.reduceat(orders.revenue, starts)
    before = running(revenue, firsts(orders.number[starts])) - revenue
    begun = cohort[starts].astype("datetime64[D]").astype(np.int64)
    write(
        cursor,
        "r_returns",
        {
            "customer_no": walk.customer[first[starts]], "cohort": dates(begun),
            "month": (month - cohort)[starts].astype(np.int64), **walk.texts(first[starts]),
            "orders": np.diff(starts, append=len(orders.first)), "revenue": revenue, "before": before,
        },
        np.argsort(begun, kind="stable"),
    )  # fmt: skip


def _spells(cursor: Executes, walk: Walk, orders: Orders, lost_days: int) -> Spells:
    begins = np.ones(len(orders.first), bool)
    begins[1:] = (orders.day[1:] > orders.day[:-1] + lost_days) | (orders.cancels[1:] > orders.cancels[:-1])
    begins[orders.starts] = True
    starts = np.flatnonzero(begins)
    last = orders.day[np.append(starts[1:], len(orders.first)) - 1]
    cancel, lost = np.maximum.reduceat(orders.next_cancel, starts), last + lost_days
    cancelled = (cancel != NONE) & (cancel < lost)
    spells = np.cumsum(begins)
    day, number = orders.day[starts], orders.number[starts]
    first, until = orders.first[orders.starts][number], np.where(cancelled, cancel, lost)
    write(
        cursor,
        "r_spells",
        {
            "customer_no": walk.customer[first], "from_day": dates(day), "last_day": dates(last),
            "until": dates(until), "cancelled": cancelled,
            "nth": (spells - spells[orders.starts][orders.number] + 1)[starts], **walk.texts(first),
        },
        np.argsort(day, kind="stable"),
    )  # fmt: skip
    return Spells(walk.number[first], day, until)


def _habits(cursor: Executes, walk: Walk, orders: Orders) -> None:
    """What each buyer met. Orders and cancellations are the return and the loss themselves, not what led to them."""
    ordered = np.full(len(walk.starts), NONE)
    ordered[walk.number[orders.first[orders.starts]]] = orders.day[orders.starts]
    first = ordered[walk.number]
    met = (first != NONE) & (walk.day >= first - HABIT_DAYS) & (walk.day <= first + LANDMARK_DAYS)
    met &= ~walk.kind("order", "cancel")
    what = ("touchpoint", "channel", "stage")
    met &= np.logical_or.reduce([walk[name] >= 0 for name in what])
    rows = np.flatnonzero(met)
    key = walk.number[rows]
    for name in what:
        key = key * (len(walk.names[name]) + 1) + walk[name][rows] + 1
    rows = rows[np.unique(key, return_index=True)[1]]
    write(
        cursor,
        "r_habits",
        {
            "customer_no": walk.customer[rows], "day": dates(first[rows]), "touchpoint": walk.text("touchpoint", rows),
            "met_channel": walk.text("channel", rows), "met_stage": walk.text("stage", rows),
        },
    )  # fmt: skip

"""The ratings that customers gave, each with what they did afterwards; and their orders by day.

A rating is a score of CSAT or NPS on any interaction; its day is that of the interaction. An order is a distinct
order_id, as for `buyers`: all of it counts on the day of its first line. `after` and `before` go by the moment, and reach
as many whole days on or back; a rated order itself lies before its rating.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from cx.model import DIMENSIONS
from cx.rollups import buyers
from cx.rollups.walk import NONE, Executes, Floats, Ints, Walk, columns, dates, firsts, running, write

HORIZONS = (90, 180, 365)
"""Days after a rating for which revenue is counted."""
MEASURES = ("nps", "csat")
"""The scores that are ratings."""

_REVENUES = tuple(f"{side}_{days}" for days in HORIZONS for side in ("revenue", "before"))

TABLES = ("r_ratings", "r_orders", "r_first_met")
SCHEMA = f"""
create table if not exists r_ratings (
  customer_no INTEGER, place INTEGER, day DATE, measure VARCHAR, score INTEGER, {columns(DIMENSIONS)},
  would_forgive BOOLEAN, would_trust BOOLEAN,
  next_order DATE, next_complaint DATE, next_answer DATE, would_recommend BOOLEAN, kept_until DATE,
  {columns(_REVENUES, "DOUBLE")}
);
create table if not exists r_orders (
  customer_no INTEGER, day DATE, revenue DOUBLE
);
create table if not exists r_first_met (
  customer_no INTEGER, day DATE, touchpoint VARCHAR
);
"""
"""r_ratings: place puts a customer's ratings in order; next_...: the day of the next one, next_answer that of the next
answer to NPS, and would_recommend whether it was 9 or 10; kept_until: the day on which the customer counts as lost (see
r_spells), empty for those who were no customers at the rating; revenue_n and before_n: what was spent in the n days after
and before. r_first_met: the first touchpoint of each buyer before the first order, where one is named; day is
that of the order."""

_KEPT_UNTIL = """
update r_ratings set kept_until = s.until
from r_spells s
where s.customer_no = r_ratings.customer_no and s.from_day <= r_ratings.day and r_ratings.day < s.until
  and r_ratings.kept_until is null and r_ratings.day >= $kept_from
  and r_ratings.customer_no in (select customer_no from touched)"""


def fold(cursor: Executes, walk: Walk, spells: buyers.Spells) -> None:
    """Write the ratings and orders of the customers walked, who stayed for these spells."""
    first, revenue = buyers.lines(walk)
    spent = np.zeros(len(walk))
    spent[first] = revenue
    rated = {measure: walk[measure] >= 0 for measure in MEASURES}
    rows = np.flatnonzero(walk.kind("order", "complaint") | np.logical_or.reduce([*rated.values()]))
    if len(rows):
        so_far = running(spent[rows], firsts(walk.number[rows]))
        spans = _spent(walk, rows, so_far)
        for measure, told in rated.items():
            here = np.flatnonzero(told[rows])
            told_of = {name: each[here] for name, each in spans.items()}
            _ratings(cursor, walk, measure, rows[here], told_of, first, spells)
    _orders(cursor, walk, first, revenue)
    _first_met(cursor, walk, first)


def _spent(walk: Walk, rows: Ints, so_far: Floats) -> dict[str, Floats]:
    """Revenue within so many days of each of these, as differences of the revenue so far, which never falls.

    Rounded, so that the same amount after and before is the same whatever was spent earlier.
    """
    span = int(np.ptp(walk.day)) + 2 * max(HORIZONS) + 2
    keys = walk.number[rows] * span + walk.day[rows] - walk.day.min()
    own = walk.number[rows]
    found = {}
    for days in HORIZONS:
        last = np.searchsorted(keys, keys + days, "right") - 1
        earlier = np.searchsorted(keys, keys - days - 1, "right") - 1
        gone = np.where((earlier >= 0) & (own[earlier] == own), so_far[earlier], 0.0)
        found[f"revenue_{days}"] = _rounded(so_far[last] - so_far)
        found[f"before_{days}"] = _rounded(so_far - gone)
    return found


def _rounded(money: Floats) -> Floats:
    told: Floats = np.floor(money * 1e4 + 0.5) / 1e4
    return told


def _ratings(
    cursor: Executes,
    walk: Walk,
    measure: str,
    rows: Ints,
    spans: dict[str, Floats],
    orders: Ints,
    spells: buyers.Spells,
) -> None:
    if not len(rows):
        return
    ordered = np.zeros(len(walk), bool)
    ordered[orders] = True
    answered = walk["nps"] >= 0
    answer = walk.next(answered, rows, 1)
    nps = np.append(walk["nps"], -1)[answer]
    write(
        cursor,
        "r_ratings",
        {
            "customer_no": walk.customer[rows], "place": walk.place(rows), "day": dates(walk.day[rows]),
            "measure": pa.array(np.full(len(rows), measure)), "score": walk[measure][rows],
            **walk.texts(rows, DIMENSIONS), **{name: _flags(walk[name][rows]) for name in ("would_forgive", "would_trust")},
            "next_order": _days(walk, walk.next(ordered, rows, 1)),
            "next_complaint": _days(walk, walk.next(walk.kind("complaint"), rows, 1)), "next_answer": _days(walk, answer),
            "would_recommend": pa.array(nps >= 9, mask=nps < 0), **spans,
            "kept_until": dates(spells.kept(walk.number[rows], walk.day[rows])),
        },
        np.argsort(walk.day[rows], kind="stable"),
    )  # fmt: skip


def _days(walk: Walk, rows: Ints) -> pa.Array:
    return dates(np.append(walk.day, NONE)[rows])


def _flags(told: Any) -> pa.Array:
    return pa.array(told > 0, mask=told < 0)


def _orders(cursor: Executes, walk: Walk, first: Ints, revenue: Floats) -> None:
    starts = firsts(walk.number[first], walk.day[first])
    if len(starts):
        day = walk.day[first[starts]]
        write(
            cursor,
            "r_orders",
            {
                "customer_no": walk.customer[first[starts]],
                "day": dates(day),
                "revenue": np.add.reduceat(revenue, starts),
            },
            np.argsort(day, kind="stable"),
        )


def _first_met(cursor: Executes, walk: Walk, orders: Ints) -> None:
    ordered = walk.next(walk.kind("order"), walk.starts)
    met = walk.next(walk["touchpoint"] >= 0, walk.starts)
    before = (ordered < len(walk)) & (met < ordered)
    write(
        cursor,
        "r_first_met",
        {
            "customer_no": walk.customer[met[before]],
            "day": dates(walk.day[ordered[before]]),
            "touchpoint": walk.text("touchpoint", met[before]),
        },
    )


def kept_since(cursor: Executes, kept_from: date) -> None:
    """Tell it of those whose spell began among interactions that have left."""
    cursor.execute(_KEPT_UNTIL, {"kept_from": kept_from})

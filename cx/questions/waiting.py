"""What support has before it now: today by the hour, contacts that wait, and how soon they are answered.

A source that never says when it replied (a public complaints register) has no backlog: its contacts are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from cx import stats
from cx.kpis import kpi
from cx.query import Filters, Query, where
from cx.questions.counts import count
from cx.stats import Change, Estimate
from cx.store import Store

USUAL_WEEKS = 8
"""The same weekday of so many weeks before says what an hour usually brings."""

REPLY = kpi("first_response")
REPLY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Backlog:
    """Contacts that wait for a human: unanswered, the moment of the oldest (None where none waits), and unsolved.

    usual: how many were begun on a usual day, to tell a backlog from a busy morning.
    """

    unanswered: int
    oldest: datetime | None
    unsolved: int
    usual: float


@dataclass(frozen=True, slots=True)
class Reply:
    """The median time to the first reply of the last REPLY_DAYS days, and its change from as many days before."""

    now: Estimate
    change: Change


def hours(store: Store, filters: Filters, day: date) -> pd.DataFrame:
    """The 24 hours of a day: hour, n (contacts), usual, lo and hi (the middle 80 % of the same weekday before)."""
    first = day - timedelta(weeks=USUAL_WEEKS)
    kept = where(filters.only(("channel",)), first, day)
    sql = f"""
select day, cast(date_part('hour', hour) as integer) as hour, sum(contacts) as n
from r_hours where {kept.sql} group by all"""
    table = store.run(Query("contacts by hour", sql, kept.values))
    table["day"] = pd.to_datetime(table["day"]).dt.date
    wide = (
        table.pivot_table(index="hour", columns="day", values="n", aggfunc="sum").reindex(range(24)).fillna(0)
    )
    before = [day - timedelta(weeks=back) for back in range(1, USUAL_WEEKS + 1)]
    usual = wide.reindex(columns=[each for each in before if each in set(table["day"])])
    told = pd.DataFrame({"hour": range(24), "n": wide[day].to_numpy() if day in wide else np.zeros(24)})
    if usual.shape[1]:
        told["usual"] = usual.mean(axis=1).to_numpy()
        told[["lo", "hi"]] = usual.quantile([0.1, 0.9], axis=1).T.to_numpy()
    return told.reindex(columns=["hour", "n", "usual", "lo", "hi"])


def backlog(store: Store, filters: Filters, through: datetime) -> Backlog:
    """What waits when the data end."""
    kept = where(filters.only(("channel",)))
    sql = f"""
with answering as (
  select source from r_hours group by source having sum(to_humans) > sum(unanswered)
)
select coalesce(sum(unanswered), 0) as unanswered, min(case when unanswered > 0 then waits_since end) as oldest,
  coalesce(sum(unsolved), 0) as unsolved,
  coalesce(sum(case when day > $since and day < $today then to_humans end), 0) / {7 * USUAL_WEEKS}.0 as usual
from r_hours where source in (select source from answering) and {kept.sql}"""
    today = through.date()
    values = {**kept.values, "today": today, "since": today - timedelta(weeks=USUAL_WEEKS)}
    row = store.run(Query("backlog", sql, values)).iloc[0]
    oldest = None if pd.isna(row["oldest"]) else row["oldest"].to_pydatetime()
    return Backlog(int(row["unanswered"]), oldest, int(row["unsolved"]), float(row["usual"]))


def reply(store: Store, filters: Filters, last: date) -> Reply:
    """How soon contacts of the last days are answered; those that wait still are not in it."""
    spans = [
        (last - timedelta(days=back + REPLY_DAYS - 1), last - timedelta(days=back))
        for back in (0, REPLY_DAYS)
    ]
    now, before = (_median(store, filters, first, end) for first, end in spans)
    return Reply(now, stats.change(REPLY, now, before))


def _median(store: Store, filters: Filters, first: date, last: date) -> Estimate:
    hist = count(store, filters, "all", first, last).hist
    return stats.quantile(hist[hist["measure"] == REPLY.parts[0]], REPLY.quantile)

"""Through when the data run: of each source, and therefore of each measure.

A measure is complete for a period only when every source that carries it has delivered to the period's end. A
source that speaks rarely is given more time before its silence counts as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd

from cx import rollups
from cx.kpis import KPIS, Kpi
from cx.query import Query
from cx.store import Store

LOOK_BACK = timedelta(weeks=8)
GRACE = timedelta(hours=6)
"""A last event this close before midnight still counts as a whole day: nights are quiet."""
TYPICAL_GAPS = 5
"""A source may be silent for this many of its own typical gaps before it counts as behind."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source: its newest row, on how many of the days of LOOK_BACK it spoke, and which measures it carries."""

    name: str
    last_at: datetime
    active_days: int
    span_days: int
    carries: frozenset[str]

    @property
    def delivered(self) -> datetime:
        """The moment up to which the source is taken to have delivered."""
        typical_gap = self.span_days / self.active_days - 1
        return self.last_at + GRACE + timedelta(days=TYPICAL_GAPS * typical_gap)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the data run, as of `now`."""

    sources: tuple[Source, ...]
    now: datetime

    @property
    def empty(self) -> bool:
        """True where the store holds no row of the company's own."""
        return not self.sources

    @property
    def through(self) -> datetime:
        """The newest moment that any source has delivered."""
        return max(source.last_at for source in self.sources)

    def behind(self, kpi: Kpi, end: datetime) -> tuple[str, ...]:
        """The sources of this measure that have not delivered up to `end`; empty where it is complete."""
        end = end + timedelta(days=kpi.settle_days)
        carrying = [source for source in self.sources if kpi.name in source.carries]
        return tuple(source.name for source in carrying if min(self.now, source.delivered) < end)

    def complete(self, kpi: Kpi, week: date) -> bool:
        """True where the week that starts on this Monday is over and every source of the measure has delivered it."""
        return self.now >= end_of(week) and not self.behind(kpi, end_of(week))

    def last_week(self) -> date:
        """The Monday of the last week that is over and whose end the data have reached."""
        reached = min(self.now, self.through + GRACE)
        return monday(reached.date()) - timedelta(weeks=1)


def freshness(store: Store, now: datetime) -> Freshness:
    """How far each source has delivered, and which measures it carries."""
    carried = ",\n  ".join(
        f"sum({_carrier(kpi)}) > 0 as {kpi.name}" for kpi in KPIS.values() if kpi.family != "quantile"
    )
    recent = "day > (select max(day) from r_day) - cast($days as integer)"
    sql = f"""
select source, max(last_at) as last_at, count(distinct day) as active_days,
  max(day) - min(day) + 1 as span_days,
  {carried}
from r_day where {recent} group by source order by source"""
    days = {"days": LOOK_BACK.days}
    frame = store.run(Query("freshness", sql, days))
    timed_sql = f"select distinct source, measure from r_hist where {recent}"
    timed = store.run(Query("sources of durations", timed_sql, days))
    durations = timed.groupby("source")["measure"].agg(set).to_dict()
    return Freshness(
        tuple(_source(row, durations.get(row["source"], set())) for _, row in frame.iterrows()), now
    )


def monday(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def end_of(week: date) -> datetime:
    """The moment at which the week that starts on this Monday is over."""
    return datetime.combine(week + timedelta(weeks=1), time.min)


def _carrier(kpi: Kpi) -> str:
    part = kpi.parts[-1] if kpi.family != "rate" else kpi.parts[0]
    assert part in rollups.PARTS
    return part


def _source(row: pd.Series, durations: set[str]) -> Source:
    timed = {kpi.name for kpi in KPIS.values() if kpi.family == "quantile" and kpi.parts[0] in durations}
    counted = {name for name in KPIS if name in row.index and row[name]}
    newest = row["last_at"].to_pydatetime()
    return Source(
        row["source"], newest, int(row["active_days"]), int(row["span_days"]), frozenset(timed | counted)
    )

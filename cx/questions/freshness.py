"""Through when the data run: of each source, and therefore of each measure.

A measure is complete for a period only when every source that carries it has delivered to the period's end. A
source that speaks rarely is given more time before its silence counts as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from cx import rollups
from cx.kpis import EXPOSURE_DAYS, KPIS, Kpi
from cx.query import Query, midnight
from cx.store import Store

LOOK_BACK = timedelta(weeks=8)
GRACE = timedelta(hours=6)
"""A last event this close before midnight still counts as a whole day: nights are quiet."""
TYPICAL_GAPS = 5
"""A source may be silent for this many of its own typical gaps before it counts as behind."""

LAST_OF_DAY = timedelta(hours=23, minutes=59)

ENOUGH = 0.95
"""A measure waits for its largest sources, as many as hold this share of its counts, and not for a few stray rows."""
LONGEST_GRACE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Source:
    """One source: its newest row, on how many of the days of LOOK_BACK it spoke, and which measures it carries.

    A source that writes days and no times is taken to end with its last day.
    """

    name: str
    last_at: datetime
    active_days: int
    span_days: int
    carries: frozenset[str]

    @property
    def delivered(self) -> datetime:
        """The moment up to which the source is taken to have delivered."""
        typical_gap = self.span_days / max(self.active_days, 1) - 1
        return self.last_at + min(GRACE + timedelta(days=TYPICAL_GAPS * typical_gap), LONGEST_GRACE)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the data run, as of `now`; `orders_since` is the first day with an order, None where there is none."""

    sources: tuple[Source, ...]
    now: datetime
    orders_since: date | None = None

    @property
    def empty(self) -> bool:
        """True where the store holds no row of the company's own."""
        return not self.sources

    @property
    def through(self) -> datetime:
        """The newest moment that any source has delivered."""
        return max(source.last_at for source in self.sources)

    def behind(self, kpi: Kpi, end: date) -> tuple[str, ...]:
        """The sources of this measure that have not delivered up to the start of day `end`; empty where all have."""
        settled = midnight(end + timedelta(days=kpi.settle_days))
        carrying = [source for source in self.sources if kpi.name in source.carries]
        return tuple(source.name for source in carrying if min(self.now, source.delivered) < settled)

    def complete(self, kpi: Kpi, week: date) -> bool:
        """True where the week that starts on this Monday is over and every source of the measure has delivered it."""
        end = week + timedelta(weeks=1)
        return self.now >= midnight(end) and not self.behind(kpi, end)

    def covers(self, kpi: Kpi, week: date) -> bool:
        """False for weeks of which the orders that a measure counts, or divides by, are known in part only."""
        if kpi.family not in ("rate", "total"):
            return True
        lead = timedelta(days=EXPOSURE_DAYS - 1 if "exposure" in kpi.parts else 0)
        return self.orders_since is not None and week >= self.orders_since + lead

    @property
    def last_day(self) -> date:
        """The last day that is over and whose end the data have reached."""
        return min(self.now, self.through + GRACE).date() - timedelta(days=1)

    def last_week(self) -> date:
        """The Monday of the last week that is over and whose end the data have reached."""
        return monday(self.last_day + timedelta(days=1)) - timedelta(weeks=1)


def freshness(store: Store, now: datetime) -> Freshness:
    """How far each source has delivered, and which measures it carries."""
    recent = "day > (select max(day) from r_volume) - cast($days as integer)"
    days: dict[str, object] = {"days": LOOK_BACK.days}
    volume = f"""
select source, max(last_at) as last_at, bool_and(last_at = day) filter ({recent}) as dated, count(distinct day) filter ({recent}) as active_days,
  coalesce(max(day) filter ({recent}) - min(day) filter ({recent}) + 1, 0) as span_days
from r_volume where dimension = '' group by source order by source"""
    counted = store.run(Query("freshness", volume, days)).set_index("source")
    shares = _parts(store, recent, days).reindex(counted.index).pipe(lambda parts: parts / parts.sum())
    carries = {kpi.name: _carriers(kpi, shares) for kpi in KPIS.values()}
    since = store.run(Query("first order", "select min(day) as day from r_day_all where orders > 0"))[
        "day"
    ].iloc[0]
    return Freshness(
        tuple(_source(row, carries) for row in counted.itertuples()),
        now,
        None if pd.isna(since) else since.date(),
    )


def _parts(store: Store, recent: str, values: dict[str, object]) -> pd.DataFrame:
    """The parts that each source has of late, by source; those of durations among them."""
    sums = ", ".join(f"{rollups.added(part)} as {part}" for part in rollups.PARTS)
    sql = f"select source, {sums} from r_day_all where {recent} group by source"
    counted = store.run(Query("parts by source", sql, values)).set_index("source")
    timed_sql = f"select source, measure, sum(n) as n from r_hist_all where {recent} group by all"
    timed = store.run(Query("sources of durations", timed_sql, values))
    return counted.join(
        timed.pivot_table(index="source", columns="measure", values="n", aggfunc="sum"), how="outer"
    )


def monday(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def _carriers(kpi: Kpi, shares: pd.DataFrame) -> set[str]:
    """The sources that hold a share worth waiting for of what a measure counts, or of the base that it divides by."""
    parts = [{"exposure": "units"}.get(part, part) for part in kpi.parts]
    counted = parts if kpi.family == "rate" else parts[-1:]
    found: set[str] = set()
    for part in [part for part in counted if part in shares]:
        falling = shares[part].fillna(0).sort_values(ascending=False)
        before = falling.cumsum() - falling
        found |= set(falling.index[(falling > 0) & (before < ENOUGH)])
    return found


def _source(row: Any, carries: dict[str, set[str]]) -> Source:
    kpis = frozenset(name for name, sources in carries.items() if row.Index in sources)
    last_at = row.last_at.to_pydatetime() + (LAST_OF_DAY if row.dated is True else timedelta(0))
    return Source(row.Index, last_at, int(row.active_days), int(row.span_days), kpis)

"""Counting: the additive parts of every measure, by week, by day or by one dimension, for any filters.

Everything that the health page says is derived from these counts; they are read from the rollups, never from the
interactions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from cx import rollups, stats
from cx.errors import UnknownName
from cx.kpis import BASE_DIMENSIONS, EXPOSURE_DAYS, Kpi
from cx.model import DIMENSIONS
from cx.query import Filters, Query, where
from cx.store import Store

_TIMES = {"week": "cast(date_trunc('week', day) as date)", "day": "day", "all": "'all'"}
KEYS = {**_TIMES, **{name: f"coalesce({name}, '')" for name in DIMENSIONS}}
"""What counts can be grouped by. A dimension that a row leaves empty is the group ''."""

_SUMS = ", ".join(f"sum({name}) as {name}" for name in rollups.PARTS)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by one key over some days.

    parts: key and one column a part. base: key, orders and exposure, counted without the filters and the key that a
    base does not share (see Kpi.base_dimensions). hist: key, measure, bin, n.
    """

    key: str
    parts: pd.DataFrame
    base: pd.DataFrame
    hist: pd.DataFrame

    def estimates(self, kpi: Kpi) -> pd.DataFrame:
        """The measure for every key: key, value, lo, hi, n."""
        if kpi.family == "quantile":
            measured = self.hist[self.hist["measure"] == kpi.parts[0]]
            return stats.quantiles(measured, ["key"], kpi.quantile)
        parts = self.of(kpi)
        return pd.concat([parts[["key"]], stats.estimate(kpi, parts)], axis=1)

    def of(self, kpi: Kpi) -> pd.DataFrame:
        """The parts of one measure, by key; the base of a rate is the one that it shares."""
        if kpi.family != "rate":
            return self.parts[["key", *kpi.parts]].reset_index(drop=True)
        base = self.base[["key", kpi.parts[1]]]
        if self.key in _TIMES or self.key in kpi.base_dimensions:
            return base.merge(self.parts[["key", kpi.parts[0]]], on="key", how="outer").fillna(0.0)
        return self.parts[["key", kpi.parts[0]]].assign(**{kpi.parts[1]: base[kpi.parts[1]].sum()})


def count(store: Store, filters: Filters, key: str, first: date, last: date) -> Counts:
    """Count every part by `key` (one of KEYS) over the days first to last, both included."""
    if key not in KEYS:
        raise UnknownName("grouping", key, KEYS)
    return Counts(
        key,
        store.run(_parts(filters, key, first, last)),
        store.run(_base(filters, key, first, last)),
        store.run(_hist(filters, key, first, last)),
    )


def complaints(store: Store, filters: Filters, first: date, last: date) -> pd.DataFrame:
    """Complaints by week and reason: week, reason, n."""
    kept = where(filters, first, last)
    sql = f"""
select {KEYS["week"]} as week, coalesce(reason, '') as reason, sum(n) as n
from r_complaints where {kept.sql} group by all order by all"""
    return store.run(Query("complaints by reason", sql, kept.values))


def choices(store: Store) -> dict[str, list[str]]:
    """The values that each dimension takes in the company's own rows, most used first."""
    found: dict[str, list[str]] = {}
    for name in DIMENSIONS:
        sql = f"select {name} as value from r_day where {name} is not null group by 1 order by sum(interactions) desc, 1"
        found[name] = store.run(Query(f"choices of {name}", sql))["value"].tolist()
    return found


def _parts(filters: Filters, key: str, first: date, last: date) -> Query:
    kept = where(filters, first, last)
    sql = f"""
select {KEYS[key]} as key, {_SUMS}
from r_day where {kept.sql} group by 1 order by 1"""
    return Query(f"parts by {key}", sql, kept.values)


def _hist(filters: Filters, key: str, first: date, last: date) -> Query:
    kept = where(filters, first, last)
    sql = f"""
select {KEYS[key]} as key, measure, bin, sum(n) as n
from r_hist where {kept.sql} group by all order by all"""
    return Query(f"histograms by {key}", sql, kept.values)


def _base(filters: Filters, key: str, first: date, last: date) -> Query:
    """Orders and exposure. A unit sold exposes its buyer evenly over EXPOSURE_DAYS, from the day of the sale on."""
    kept = where(filters.only(BASE_DIMENSIONS), first - timedelta(days=EXPOSURE_DAYS - 1), last)
    group = KEYS[key] if key in BASE_DIMENSIONS else "''"
    shown = KEYS[key] if key in _TIMES else "sold_by"
    sql = f"""
with sold as (
  select day, {group} as sold_by, sum(units) as units, sum(orders) as orders
  from r_day where {kept.sql} group by 1, 2
),
spread as (
  select cast(day + cast(later as integer) as date) as day, sold_by,
    units / {EXPOSURE_DAYS}.0 as exposure,
    case when later = 0 then orders else 0 end as orders
  from sold, range({EXPOSURE_DAYS}) as days(later)
)
select {shown} as key, sum(orders) as orders, sum(exposure) as exposure
from spread where day >= $base_from and day <= $last_day group by 1 order by 1"""
    return Query(f"base by {key}", sql, {**kept.values, "base_from": first})

"""Counting: the additive parts of every measure, by week, by day or by one dimension, for any filters.

Everything that the health page says is derived from these counts; they are read from the rollups, never from the
interactions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from cx import rollups, stats
from cx.errors import UnknownName
from cx.kpis import BASE_DIMENSIONS, EXPOSURE_DAYS, Kpi
from cx.model import DIMENSIONS
from cx.query import Filters, Query, where
from cx.store import Store

_TIMES = {"week": "cast(date_trunc('week', day) as date)", "day": "day", "all": "cast('all' as varchar)"}
KEYS = {**_TIMES, **{name: f"coalesce({name}, '')" for name in DIMENSIONS}}
"""What counts can be grouped by. A dimension that a row leaves empty is the group ''."""


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


_NO_BASE = pd.DataFrame(columns=["key", "orders", "exposure"])
_NO_HIST = pd.DataFrame(columns=["key", "measure", "bin", "n"])


def count(store: Store, filters: Filters, key: str, first: date, last: date) -> Counts:
    """Count every part by `key` (one of KEYS) over the days first to last, both included."""
    return count_each(store, filters, (key,), first, last)[key]


def count_each(
    store: Store,
    filters: Filters,
    keys: Sequence[str],
    first: date,
    last: date,
    measures: Collection[Kpi] | None = None,
) -> dict[str, Counts]:
    """Count every part by each of these keys apart, in one pass over the days first to last, both included.

    With `measures`, only what these are made of is counted: without a rate no base, without a duration no histogram.
    """
    for key in keys:
        if key not in KEYS:
            raise UnknownName("grouping", key, KEYS)
    wanted = {part for kpi in measures for part in kpi.parts} if measures is not None else {*rollups.PARTS}
    rated = measures is None or any(kpi.family == "rate" for kpi in measures)
    timed = measures is None or wanted & {*rollups.HISTOGRAMS}
    parts = store.run(_parts(filters, keys, first, last, [name for name in rollups.PARTS if name in wanted]))
    base = store.run(_base(filters, keys, first, last)) if rated else None
    hist = store.run(_hist(filters, keys, first, last)) if timed else None
    return {
        key: Counts(
            key,
            _of(parts, key),
            _NO_BASE if base is None else _of(base, _base_key(key)),
            _NO_HIST if hist is None else _of(hist, key),
        )
        for key in keys
    }


def complaints(store: Store, filters: Filters, first: date, last: date) -> pd.DataFrame:
    """Complaints by week and reason: week, reason, n."""
    kept = where(filters, first, last)
    sql = f"""
select {KEYS["week"]} as week, coalesce(reason, '') as reason, sum(n) as n
from {rollups.shortest("r_complaints", filters.chosen())} where {kept.sql} group by all order by all"""
    return store.run(Query("complaints by reason", sql, kept.values))


def choices(store: Store) -> dict[str, list[str]]:
    """The values that each dimension takes in the company's own rows, most used first."""
    sql = """
select dimension, value, sum(interactions) as n from r_volume where value <> ''
group by dimension, value order by n desc, value"""
    table = store.run(Query("choices", sql))
    return {name: [*table.loc[table["dimension"] == name, "value"]] for name in DIMENSIONS}


def _parts(filters: Filters, keys: Sequence[str], first: date, last: date, parts: Sequence[str]) -> Query:
    kept = where(filters, first, last)
    sums = ", ".join(f"{rollups.added(name)} as {name}" for name in parts)

    def by(key: str) -> str:
        return f"""
select {_keyed(key)}, {sums}
from {_table("r_day", filters.chosen(), key)} where {kept.sql} group by {KEYS[key]}"""

    return Query(f"parts by {', '.join(keys)}", _each(keys, by), kept.values)


def _hist(filters: Filters, keys: Sequence[str], first: date, last: date) -> Query:
    kept = where(filters, first, last)

    def by(key: str) -> str:
        return f"""
select {_keyed(key)}, measure, bin, sum(n) as n
from {_table("r_hist", filters.chosen(), key)} where {kept.sql} group by {KEYS[key]}, measure, bin"""

    return Query(f"histograms by {', '.join(keys)}", _each(keys, by), kept.values)


def _base(filters: Filters, keys: Sequence[str], first: date, last: date) -> Query:
    """Orders and exposure. A unit sold exposes its buyer evenly over EXPOSURE_DAYS, from the day of the sale on."""
    narrowing = filters.only(BASE_DIMENSIONS)
    kept = where(narrowing, first - timedelta(days=EXPOSURE_DAYS - 1), last)
    shared = [*dict.fromkeys(_base_key(key) for key in keys)]

    def by(key: str) -> str:
        sold_by = f", {key}" if key in BASE_DIMENSIONS else ""
        return f"""
select {_keyed(key)}, {rollups.added("orders")} as orders, sum(units) / {EXPOSURE_DAYS}.0 as exposure
from (
  select cast(day + cast(later as integer) as date) as day{sold_by}, units,
    case when later = 0 then orders else 0 end as orders
  from (
    select day{sold_by}, sum(units) as units, {rollups.added("orders")} as orders
    from {_table("r_day", narrowing.chosen(), key)} where {kept.sql} group by all
  ) sold, range({EXPOSURE_DAYS}) as days(later)
) spread
where day >= $base_from and day <= $last_day group by {KEYS[key]}"""

    return Query(f"base by {', '.join(shared)}", _each(shared, by), {**kept.values, "base_from": first})


def _table(table: str, filtered: Iterable[str], key: str) -> str:
    """The shortest rollup that has the sums of this one for these filters, by this key."""
    return rollups.shortest(table, {*filtered, key} & {*DIMENSIONS})


def _each(keys: Sequence[str], by: Callable[[str], str]) -> str:
    """What `by` asks by each key apart, in one query."""
    return "\nunion all by name\n".join(map(by, keys))


def _keyed(key: str) -> str:
    """A key as a column of its own, and beside it that a row is grouped by it."""
    return f"{KEYS[key]} as key_{key}, true as by_{key}"


def _base_key(key: str) -> str:
    """What the base of a rate is grouped by where its events are grouped by this key."""
    return key if key in _TIMES or key in BASE_DIMENSIONS else "all"


def _of(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """The rows that are grouped by this key, in its order, with the key in a column of that name."""
    rows = table[table[f"by_{key}"].notna()].rename(columns={f"key_{key}": "key"})
    kept = [name for name in rows.columns if not name.startswith(("key_", "by_"))]
    return rows[kept].sort_values("key", kind="stable", ignore_index=True)

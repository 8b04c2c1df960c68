"""Channels: where customers are, who hops between them, mobile against desktop, and how often each needs support.

Customers are counted apart for every question, never added up. What is told of visits is told of whole visits: a filter
by channel, product and so on keeps those that began there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta

import pandas as pd

from cx import stats
from cx.kpis import JOURNEY_KPIS, Kpi, kpi
from cx.model import DIMENSIONS, JOURNEY_DIMENSIONS
from cx.query import Filters, Query, Where, where
from cx.questions.counts import Counts, count_each
from cx.rollups.paths import HOPPED, PRESENT
from cx.store import Store

VISITS_FILTERED_BY = JOURNEY_DIMENSIONS
"""The filters that narrow presence, hops and devices; all others are left aside."""
SUPPORT_FILTERED_BY = DIMENSIONS
"""The filters that narrow support."""

PRESENCE, HOPPING, ORDERING = (JOURNEY_KPIS[name] for name in ("presence", "hopping", "ordering"))
SUPPORT = (kpi("contact_rate"), kpi("containment"), kpi("bot_escalation"))


@dataclass(frozen=True, slots=True)
class Hops:
    """How many visits hop (HOPPING), and the usual turns: channel, next_channel, visits, share (percent of all turns)."""

    row: stats.Estimate
    turns: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Devices:
    """Visits by device: device, visits, ordered, and ORDERING's value, lo, hi, n, base. `change`: mobile less desktop."""

    table: pd.DataFrame
    change: stats.Change


@dataclass(frozen=True, slots=True)
class Support:
    """SUPPORT's measures in all and by channel, with what changed from the equally long period before.

    Columns: kpi, key ('all', or the channel), value, lo, hi, n, base, before, and those of stats.Change, its bounds as
    amount_lo and amount_hi.
    """

    whole: pd.DataFrame
    by_channel: pd.DataFrame


def presence(store: Store, filters: Filters, first: date, last: date) -> pd.DataFrame:
    """Distinct customers by channel in the visits begun in these days: channel, customers, active, and PRESENCE.

    A customer with several channels is at each of them, so shares add up to more than 100.
    """
    kept, days = _visits(filters, first, last)
    if kept:
        sql = f"""
with visits as (select customer_no, {PRESENT} as used from r_visits where {days.sql}),
counted as (select used, count(distinct customer_no) as n from visits group by used)"""
    else:
        sql = f"""
with counted as (
  select used, cast(sum(n) as bigint) as n from r_present
  where {days.sql} and before < $first_day group by used having sum(n) > 0
)"""
    sql += """
select used as channel, n as customers, (select n from counted where used = '') as active
from counted where used <> '' order by customers desc, channel"""
    table = store.run(Query("customers by channel", sql, days.values))
    return pd.concat([table, stats.estimate(PRESENCE, table)], axis=1)


def _visits(filters: Filters, first: date, last: date) -> tuple[bool, Where]:
    """Whether visits are narrowed by more than their days, and all the conditions on them."""
    kept = filters.only(VISITS_FILTERED_BY)
    return bool(kept.chosen()), where(kept, first, last)


_TURNS = f"select *, {HOPPED} as hopped, orders > 0 as ordered, 1 as n from r_visits"


def hops(store: Store, filters: Filters, first: date, last: date) -> Hops:
    """How many of the visits begun in these days hop between channels, and from where to where they turn first."""
    kept, days = _visits(filters, first, last)
    sql = f"""
select channel, next_channel, cast(sum(n) as bigint) as visits, sum(case when hopped then n else 0 end) as hopped
from {f"({_TURNS}) visits" if kept else "r_turns"} where {days.sql}
group by channel, next_channel having sum(n) > 0 order by visits desc, channel, next_channel"""
    table = store.run(Query("turns between channels", sql, days.values))
    turns = table.dropna(subset=["next_channel"]).drop(columns="hopped").reset_index(drop=True)
    turns["share"] = 100 * turns["visits"] / max(turns["visits"].sum(), 1)
    (row,) = stats.estimate(HOPPING, table[["hopped", "visits"]].sum().to_frame().T).itertuples(index=False)
    return Hops(stats.Estimate(*row), turns)


def devices(
    store: Store, filters: Filters, first: date, last: date, limits: stats.SmallSamples | None = None
) -> Devices:
    """How often visits of each device hold an order, and whether mobile is really apart from desktop. '' is unknown."""
    kept, days = _visits(filters, first, last)
    sql = f"""
select coalesce(device, '') as device, cast(sum(n) as bigint) as visits,
  cast(sum(case when ordered then n else 0 end) as bigint) as ordered
from {f"({_TURNS}) visits" if kept else "r_turns"} where {days.sql}
group by coalesce(device, '') having sum(n) > 0 order by visits desc, device"""
    table = store.run(Query("visits by device", sql, days.values))
    table = pd.concat([table, stats.estimate(ORDERING, table)], axis=1)
    rows = {row.device: row for row in table.itertuples()}
    both = "mobile" in rows and "desktop" in rows
    change = stats.change(ORDERING, rows["mobile"], rows["desktop"], limits) if both else None
    return Devices(table, change or stats.Change.unknown())


def support(
    store: Store, filters: Filters, first: date, last: date, limits: stats.SmallSamples | None = None
) -> Support:
    """How often customers need support and how much of it bots contain, against the equally long period before."""
    kept, back = filters.only(SUPPORT_FILTERED_BY), last - first + timedelta(days=1)
    keys = ("all", "channel")
    now, before = (
        count_each(store, kept, keys, first - shift, last - shift, SUPPORT) for shift in (timedelta(0), back)
    )
    return Support(*(_changes(now[key], before[key], limits) for key in keys))


def _changes(now: Counts, before: Counts, limits: stats.SmallSamples | None) -> pd.DataFrame:
    return pd.concat([_changed(measure, now, before, limits) for measure in SUPPORT], ignore_index=True)


def _changed(measure: Kpi, now: Counts, before: Counts, limits: stats.SmallSamples | None) -> pd.DataFrame:
    """One measure by key with its change; keys with nothing to divide by in both periods are left out."""
    keys = sorted({key for counts in (now, before) for key in counts.of(measure)["key"]})
    own, old = (stats.estimate(measure, _parts(measure, counts, keys)) for counts in (now, before))
    some = (own["base"] > 0) | (old["base"] > 0)
    own, old = own[some], old[some]
    pairs = zip(own.itertuples(), old.itertuples(), strict=True)
    changes = [asdict(stats.change(measure, *pair, limits)) for pair in pairs]
    told = pd.DataFrame(changes, columns=[f.name for f in fields(stats.Change)], index=own.index)
    told = told.rename(columns={"lo": "amount_lo", "hi": "amount_hi"})
    table = pd.concat([own, old["value"].rename("before"), told], axis=1)
    return table.rename_axis("key").reset_index().assign(kpi=measure.name)


def _parts(measure: Kpi, counts: Counts, keys: list[str]) -> pd.DataFrame:
    """The parts by key, zero where a period has none; every key of a rate is over the whole base."""
    parts = counts.of(measure).set_index("key").reindex(keys, fill_value=0.0)
    if measure.family == "rate":
        parts[measure.parts[1]] = counts.base[measure.parts[1]].sum()
    return parts

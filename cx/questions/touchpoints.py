"""The touchpoints of each stage: what happens there, how it feels, what hurts, and what customers came for.

A touchpoint is told with its channel, so that an unhappy one on a small channel does not hide behind a large happy one.
Every figure is read from the sums by touchpoint and from r_contacts. A dimension that a row leaves empty is the group ''.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cx import stats
from cx.journey import Journey
from cx.kpis import JOURNEY_KPIS, Kpi, kpi
from cx.query import Filters, Query, where
from cx.rollups.touchpoints import AIMED, ANOTHER_PLACE, ANOTHER_STAGE, MOVED, PARTS, RAISED, TOUCHES, Touch
from cx.store import Store

FILTERED_BY = ("product", "channel", "segment")
"""The filters that narrow these figures; all others are left aside, as r_touch does not know them."""

PLACE = ("stage", "touchpoint", "channel")
TOP = 3
"""Reasons and goals that are told of each touchpoint."""
ALIVE_DAYS = 90
"""A stage that delivered nothing for so long is waited for no more."""

CONTACTS_AFTER = JOURNEY_KPIS["contacts_after"]

MEASURES: dict[str, Kpi] = {
    "csat": kpi("csat"),
    "ces": kpi("ces"),
    "sentiment": kpi("sentiment"),
    "gap": kpi("expectation_gap"),
    "contact_rate": CONTACTS_AFTER,
}
"""The measures of a touchpoint, each by the prefix of its columns: _value, _lo, _hi, _n, _base."""

_JUDGED_BY = {"csat": 1, "sentiment": 2}
"""What a touchpoint is judged by, the first that has enough answers; how many times as wide as a share its scale is."""


def touchpoints(
    store: Store,
    journey: Journey,
    filters: Filters,
    first: date,
    last: date,
    limits: stats.SmallSamples | None = None,
) -> pd.DataFrame:
    """One row for each stage, touchpoint and channel: interactions, MEASURES, reasons, goals, and whether it is unhappy.

    reasons: up to TOP (reason, n), of contacts made there and of those made elsewhere that are traced back to it.
    goals: up to TOP (goal, n, percent reached). judged_by: the measure in which it is set against all other
    touchpoints of its stage together, '' where nothing has enough answers; apart, apart_lo, apart_hi: how far it is
    from them in points, below zero where it is worse; unhappy: that is more than chance. The unhappy ones stand
    first, and of all the ones that are furthest below.
    """
    parts = _parts(store, filters, first, last)
    raised, goals = _raised(store, filters, PLACE, first, last), _goals(store, filters, first, last)
    places = list(parts[list(PLACE)].itertuples(index=False, name=None))
    told = pd.DataFrame(
        {"reasons": _lists(places, raised[raised["reason"] != ""]), "goals": _lists(places, goals)},
        index=parts.index,
        dtype=object,
    )
    table = pd.concat([parts[list(PLACE)], _measured(parts), told, _judged(parts, limits)], axis=1)
    return _worst_first(table, journey)


def stages(store: Store, journey: Journey, filters: Filters, first: date, last: date) -> pd.DataFrame:
    """The same measures by stage: stage, interactions, MEASURES; the stages of the journey in order, then all others."""
    sums = _parts(store, filters, first, last).groupby("stage")[_SUMMED].sum()
    others = [stage for stage in sums.index if stage not in journey.ids]
    parts = sums.reindex([*journey.ids, *others], fill_value=0.0).rename_axis("stage").reset_index()
    return pd.concat([parts[["stage"]], _measured(parts)], axis=1)


def reasons(store: Store, filters: Filters, stage: str, first: date, last: date) -> pd.DataFrame:
    """Pain points of a stage: reason, n, share (percent of all n), before (n in the equally long period before).

    Counted are contacts and complaints made at the stage, and those made at another by customers who were last at
    this one in the 7 days before. Most first; reason '' is what no reason was given for.
    """
    back = last - first + timedelta(days=1)
    now, before = (
        _raised(store, filters, ("stage",), first - shift, last - shift) for shift in (timedelta(0), back)
    )
    columns = [table[table["stage"] == stage].set_index("reason")["n"] for table in (now, before)]
    table = pd.concat(columns, axis=1, keys=["n", "before"]).fillna(0).astype("int64")
    table["share"] = 100 * table["n"] / max(table["n"].sum(), 1)
    found = table.rename_axis("reason").reset_index()[["reason", "n", "share", "before"]]
    return found.sort_values(["n", "before", "reason"], ascending=[False, False, True], ignore_index=True)


def unknown_stages(store: Store, journey: Journey) -> pd.DataFrame:
    """Stages of interactions that the journey does not name: stage, n; '' counts those at no stage. Most first."""
    sql = """
select coalesce(stage, '') as stage, cast(sum(interactions) as bigint) as n
from r_touch_all where not list_contains($known, coalesce(stage, ''))
group by coalesce(stage, '') having sum(interactions) > 0 order by n desc, stage"""
    return store.run(Query("unknown stages", sql, {"known": list(journey.ids)}))


def through(store: Store, journey: Journey) -> date | None:
    """The last day that every later stage of the journey has delivered: cohorts are judged up to it.

    A stage is waited for where it delivered in the last ALIVE_DAYS of the data. It is never the newest day itself,
    which may go on. None where there are no interactions.
    """
    found = store.run(
        Query("stages through", "select stage, max(day) as day from r_touch_all group by stage")
    )
    if found.empty:
        return None
    days: dict[str, date] = dict(zip(found["stage"], pd.to_datetime(found["day"]).dt.date, strict=True))
    newest = max(days.values())
    later = (days[stage] for stage in journey.ids[1:] if stage in days)
    alive = (day for day in later if day > newest - timedelta(days=ALIVE_DAYS))
    return min([newest - timedelta(days=1), *alive])


_SUMMED = [*PARTS, "contacts_after"]
_PLACED = ", ".join(f"coalesce({name}, '') as {name}" for name in PLACE)
_ONE_BY_ONE = f"""(
  select day, from_stage as stage, from_touchpoint as touchpoint, from_channel as channel, from_product as product,
    from_segment as segment, reason, {MOVED} as moved, 1 as n
  from r_contacts where from_day is not null
) traced"""


def _is_narrow(filters: Filters) -> bool:
    return bool(filters.only(("product", "segment")).chosen())


def _table(touch: Touch, filters: Filters) -> str:
    """The shortest rollup that knows what these filters narrow."""
    return touch.table if _is_narrow(filters) else f"{touch.table}_all"


def _traced(filters: Filters) -> str:
    """The contacts that are traced back to a place: stage, touchpoint, channel, reason, moved, n."""
    return _ONE_BY_ONE if _is_narrow(filters) else "r_traced"


def _parts(store: Store, filters: Filters, first: date, last: date) -> pd.DataFrame:
    """Every part by PLACE, and the contacts that are traced back to it."""
    kept = where(filters.only(FILTERED_BY), first, last)
    here = f"r_touch_all where {kept.sql}"
    if _is_narrow(filters):
        each = " union all by name ".join(
            f"select {', '.join(PLACE)}, {', '.join(touch.parts)} from {touch.table} where {kept.sql}"
            for touch in TOUCHES
        )
        here = f"({each}) each"
    sql = f"""
with here as (
  select {_PLACED}, {", ".join(f"coalesce(sum({name}), 0) as {name}" for name in PARTS)}
  from {here} group by all
),
after as (
  select {_PLACED}, cast(sum(n) as bigint) as contacts_after
  from {_traced(filters)} where {kept.sql} group by all
)
select here.*, coalesce(after.contacts_after, 0) as contacts_after
from here left join after
  on after.stage = here.stage and after.touchpoint = here.touchpoint and after.channel = here.channel
order by here.stage, here.touchpoint, here.channel"""
    return store.run(Query("parts by touchpoint", sql, kept.values)).astype(dict.fromkeys(_SUMMED, float))


def _raised(store: Store, filters: Filters, by: Sequence[str], first: date, last: date) -> pd.DataFrame:
    """Contacts by place and reason: made there, or made elsewhere and traced back to there; so each counts once there."""
    kept = where(filters.only(FILTERED_BY), first, last)
    keys = ", ".join(f"coalesce({name}, '') as {name}" for name in (*by, "reason"))
    elsewhere = f"moved >= {ANOTHER_PLACE if 'touchpoint' in by else ANOTHER_STAGE}"
    sql = f"""
with raised as (
  select stage, touchpoint, channel, reason, contacts as n
  from {_table(RAISED, filters)} where contacts > 0 and {kept.sql}
  union all
  select stage, touchpoint, channel, reason, n
  from {_traced(filters)} where {elsewhere} and {kept.sql}
)
select {keys}, cast(sum(n) as bigint) as n
from raised group by all having sum(n) > 0 order by n desc, reason"""
    return store.run(Query("contacts by reason", sql, kept.values))


def _goals(store: Store, filters: Filters, first: date, last: date) -> pd.DataFrame:
    kept = where(filters.only(FILTERED_BY), first, last)
    sql = f"""
select {_PLACED}, goal, cast(sum(goals) as bigint) as n, 100.0 * sum(goals_reached) / sum(goals) as reached
from {_table(AIMED, filters)} where goals > 0 and {kept.sql} group by all order by n desc, goal"""
    return store.run(Query("goals by touchpoint", sql, kept.values))


def _lists(places: list[tuple[str, ...]], table: pd.DataFrame) -> list[list[tuple[object, ...]]]:
    """For each place the first TOP rows of the table that are its own, without the place."""
    found: dict[tuple[str, ...], list[tuple[object, ...]]] = {place: [] for place in places}
    for row in table.groupby(list(PLACE)).head(TOP).itertuples(index=False, name=None):
        found.setdefault(row[: len(PLACE)], []).append(row[len(PLACE) :])
    return [found[place] for place in places]


def _measured(parts: pd.DataFrame) -> pd.DataFrame:
    told = [stats.estimate(measure, parts).add_prefix(f"{prefix}_") for prefix, measure in MEASURES.items()]
    return pd.concat([parts["interactions"].astype("int64"), *told], axis=1)


def _judged(parts: pd.DataFrame, limits: stats.SmallSamples | None) -> pd.DataFrame:
    """Each touchpoint against all others of its stage together: judged_by, apart, apart_lo, apart_hi, unhappy."""
    others = parts.groupby("stage")[_SUMMED].transform("sum") - parts[_SUMMED]
    names, changes = [""] * len(parts), [stats.Change.unknown()] * len(parts)
    for name in _JUDGED_BY:
        both = (stats.estimate(MEASURES[name], table).itertuples() for table in (parts, others))
        for at, (own, rest) in enumerate(zip(*both, strict=True)):
            change = stats.change(MEASURES[name], own, rest, limits)
            if not names[at] and change.verdict in ("real", "noise"):
                names[at], changes[at] = name, change
    return pd.DataFrame(
        {
            "judged_by": pd.Series(names, dtype=object),
            "apart": pd.Series([change.amount for change in changes], dtype=float),
            "apart_lo": pd.Series([change.lo for change in changes], dtype=float),
            "apart_hi": pd.Series([change.hi for change in changes], dtype=float),
            "unhappy": pd.Series([c.verdict == "real" and c.good is False for c in changes], dtype=bool),
        }
    )


def _worst_first(table: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """Unhappy ones first, furthest below first; what nothing sets apart in the order of the journey, most used first."""
    places = {stage: place for place, stage in enumerate(journey.ids)}
    order = pd.DataFrame(
        {
            "calm": ~table["unhappy"],
            "apart": table["apart"] / table["judged_by"].map(_JUDGED_BY),
            "stage": table["stage"].map(places).fillna(np.inf),
            "used": -table["interactions"],
        }
    )
    return table.loc[order.sort_values(list(order), kind="stable").index].reset_index(drop=True)

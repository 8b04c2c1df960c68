"""One campaign in depth: whom it reached, by which channels they answered, what changed around it, and what they said later.

Whom a campaign brought is told by the interactions that carry its id. Where no order does, they are taken to be all who
bought its products on its days (`Scope.by_id` says which).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from cx import stats
from cx.journey import Journey
from cx.kpis import JOURNEY_KPIS, KPIS
from cx.query import Filters, Query
from cx.questions import carrying
from cx.questions.campaigns import AROUND_DAYS
from cx.questions.carrying import RATINGS, Scope
from cx.questions.converting import CONVERSION
from cx.questions.counts import count_each
from cx.reference import products
from cx.stats import Change, Estimate, SmallSamples
from cx.store import Store

SOON_DAYS = 30
"""Ordering again is told for so many days, sooner than the journey's repeat_days allow."""
PHASES = ("before", "during", "after")
MEASURES = tuple(
    KPIS[name] for name in ("units", "orders", "revenue", "complaint_rate", "csat", "nps", "contact_rate")
)
SHARE, REPEAT = JOURNEY_KPIS["order_share"], JOURNEY_KPIS["repeat"]


@dataclass(frozen=True, slots=True)
class Phase:
    """The 28 days before, the campaign, or the 28 days after: its days so far of all its days, and each measure.

    Units, orders and revenue are a day; the others as everywhere.
    """

    days: int
    of: int
    measures: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Set:
    """One measure of the buyers that a campaign brought, beside the other buyers of the same days."""

    brought: Estimate
    others: Estimate
    change: Change
    too_young: int = 0
    others_too_young: int = 0


def scope(store: Store, campaign: Any, through: date) -> Scope:
    """What a campaign covers."""
    told = Scope(
        campaign,
        products(campaign.products),
        campaign.starts_on,
        min(campaign.ends_on, through),
        through,
        False,
    )
    if not told.begun:
        return told
    known = store.run(carrying.carries(told))
    return Scope(told.campaign, told.products, told.first, told.last, through, bool(known["n"].iloc[0]))


def segments(store: Store, told: Scope, limits: SmallSamples) -> pd.DataFrame:
    """Orders by segment: segment, orders, before, now and usual (Estimates of the share in percent), change; most first.

    Now are the orders that carry the campaign's id, or else all of its products on its days; before, those of its
    products in the 12 weeks ahead of it.
    """
    table = store.run(carrying.segments(told)).set_index("segment")
    if told.by_id:
        carried = store.run(carrying.response(told)).groupby("segment")["orders"].sum()
        table = table.drop(columns="orders").join(carried, how="outer").fillna(0.0)
    table = table[(table["orders"] > 0) | (table["before"] > 0)].sort_values(
        "orders", ascending=False, kind="stable"
    )
    now, usual = (_shares(table[name]) for name in ("orders", "before"))
    changes = [stats.change(SHARE, one, other, limits) for one, other in zip(now, usual, strict=True)]
    return table[["orders", "before"]].assign(now=now, usual=usual, change=changes).reset_index()


def channels(store: Store, journey: Journey | None, told: Scope) -> pd.DataFrame:
    """What carries the campaign's id, by channel: channel, visits, signups, orders, revenue, conversion, too_young.

    Conversion (an Estimate in percent) is that of the attempts which began with a visit that carries it.
    """
    table = (
        store.run(carrying.response(told))
        .groupby("channel")[["visits", "signups", "orders", "revenue"]]
        .sum()
    )
    query = carrying.attempts(told, journey) if journey else None
    tried = store.run(query).set_index("channel") if query else pd.DataFrame(columns=["n", "k", "young"])
    table = table.join(tried, how="outer").fillna(0).astype(float)
    parts = table[["k", "n"]].set_axis(list(CONVERSION.parts), axis=1)
    rows = [Estimate(*row) for row in stats.estimate(CONVERSION, parts).itertuples(index=False)]
    table = table.assign(
        conversion=pd.Series(rows, index=table.index, dtype=object), too_young=table["young"].astype(int)
    )
    return table.sort_values(["orders", "visits"], ascending=False).reset_index()[
        ["channel", "visits", "signups", "orders", "revenue", "conversion", "too_young"]
    ]


def phases(store: Store, told: Scope) -> dict[str, Phase]:
    """The campaign's products before, during and after it; a phase that has not begun is absent."""
    ends = told.campaign.ends_on
    spans = {
        "before": (told.first - timedelta(days=AROUND_DAYS), told.first - timedelta(days=1)),
        "during": (told.first, ends),
        "after": (ends + timedelta(days=1), ends + timedelta(days=AROUND_DAYS)),
    }
    return {
        name: _phase(store, told, first, last)
        for name, (first, last) in spans.items()
        if first <= told.through
    }


def ratings(store: Store, told: Scope, limits: SmallSamples) -> dict[str, Set]:
    """CSAT and NPS of the buyers that it brought, from their order on for 28 days, beside other buyers of its days."""
    table = store.run(carrying.rated(told)).set_index("brought")
    parts = table.reindex([True, False], fill_value=0).fillna(0)
    return {kpi.name: _set(*_rows(stats.estimate(kpi, parts)), kpi, limits) for kpi in RATINGS}


def again(store: Store, journey: Journey, told: Scope, limits: SmallSamples) -> dict[int, Set]:
    """By days: who ordered again so soon after their first order ever, of those whom the campaign brought and of others.

    Only customers whose first order fell on the campaign's days count, and only those for whom so many days are over.
    """
    found = {}
    for days in dict.fromkeys((SOON_DAYS, journey.repeat_days)):
        table = (
            store.run(carrying.ordered_again(told, days))
            .set_index("brought")
            .reindex([True, False], fill_value=0)
        )
        brought, others = _rows(stats.estimate(REPEAT, table))
        young = table["too_young"].astype(int)
        found[days] = _set(brought, others, REPEAT, limits, int(young[True]), int(young[False]))
    return found


def asked(told: Scope, journey: Journey | None) -> tuple[Query, ...]:
    """The queries behind all this, to be shown."""
    of_journeys = (
        (carrying.attempts(told, journey), carrying.ordered_again(told, journey.repeat_days))
        if journey
        else ()
    )
    return tuple(
        filter(
            None,
            (
                carrying.carries(told),
                carrying.response(told),
                carrying.segments(told),
                *of_journeys,
                carrying.rated(told),
            ),
        )
    )


def _phase(store: Store, told: Scope, first: date, last: date) -> Phase:
    until = min(last, told.through)
    days = (until - first).days + 1
    counts = count_each(store, Filters(product=told.products), ("all",), first, until, MEASURES)["all"]
    measures = {}
    for kpi in MEASURES:
        rows = counts.estimates(kpi)
        row = rows.iloc[0] if len(rows) else None
        if row is not None:
            size = days if kpi.family == "total" else 1
            measures[kpi.name] = Estimate(*(float(row[name]) for name in ("value", "lo", "hi", "n", "base")))
            measures[kpi.name] = measures[kpi.name]._replace(value=measures[kpi.name].value / size)
    return Phase(days, (last - first).days + 1, measures)


def _shares(orders: pd.Series) -> list[Estimate]:
    parts = pd.DataFrame({"orders": orders, "all_orders": float(orders.sum())})
    return [Estimate(*row) for row in stats.estimate(SHARE, parts).itertuples(index=False)]


def _rows(table: pd.DataFrame) -> tuple[Estimate, Estimate]:
    one, other = (Estimate(*row) for row in table[list(Estimate._fields)].itertuples(index=False))
    return one, other


def _set(
    brought: Estimate, others: Estimate, kpi: Any, limits: SmallSamples, young: int = 0, others_young: int = 0
) -> Set:
    return Set(brought, others, stats.change(kpi, brought, others, limits), young, others_young)

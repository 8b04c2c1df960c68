"""What each campaign brought: its lift in sales beside the complaints that came with it, and what is left.

The counterfactual and the excess come from `cx.lift`, conversion from `converting`; here stand only what they are fed
with and what is kept of them. What is said of one campaign is `judging`, one in depth is `brought`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from cx import lift, rollups
from cx.kpis import KPIS
from cx.lift import Lags, Memory, Study
from cx.query import Filters, Query
from cx.questions.converting import Converted, asked, from_counts, within
from cx.questions.counts import count_each
from cx.questions.judging import Excess, Facts, Net, Result, met
from cx.reference import Costs, products
from cx.stats import Floats, SmallSamples
from cx.store import Store

__all__ = [
    "AROUND_DAYS",
    "COMPLAINTS",
    "OUTCOMES",
    "SIGNUPS",
    "League",
    "Net",
    "Result",
    "complaints",
    "league",
    "picture",
]

OUTCOMES = ("units", "orders", "revenue")
"""What a lift is told of, by product. Sign-ups have no product and stand apart."""
SIGNUPS = "signups"
AROUND_DAYS = 28
"""Days before a campaign, and after it, that its picture shows."""
COMPLAINTS = KPIS["complaint_rate"]


@dataclass(frozen=True, slots=True)
class League:
    """All campaigns, the latest first, what their pictures are drawn from, the lag between sale and complaint by reason
    (the median in days; nan where complaints do not follow sales), and the queries that were asked."""

    results: list[Result]
    units: Study
    through: date
    lags: Mapping[str, float]
    asked: tuple[Query, ...]

    def of(self, campaign: str) -> Result:
        """The result of the campaign with this id."""
        return next(result for result in self.results if result.campaign.id == campaign)


def league(
    store: Store,
    campaigns: pd.DataFrame,
    costs: Costs,
    through: date,
    limits: SmallSamples | None = None,
    memory: Memory | None = None,
) -> League | None:
    """Judge every campaign by the days up to the last complete one; None where there are no campaigns or no sales.

    With a memory only that is computed anew whose days, or campaigns, are not as they were.
    """
    sold = store.run(_sold(through))
    if sold.empty or campaigns.empty:
        return None
    kept = memory or Memory()
    days = pd.date_range(sold["day"].min(), through, freq="D")
    names = tuple(sorted(sold["product"].unique()))
    panels = {name: _panel(sold, name, names, days) for name in OUTCOMES}
    told = _told(campaigns)
    studied = {name: kept.of(_studied, days, names, panel, told) for name, panel in panels.items()}
    alone = told.assign(products=[()] * len(told))
    studied[SIGNUPS] = kept.of(_studied, days, (SIGNUPS,), _signups(store, days), alone)
    reasons, counts = _complained(store, days, names)
    learned, beyond = kept.of(_beyond, days, names, reasons, counts, panels["units"], told)
    facts = Facts(
        {name: lifts for name, (_, lifts) in studied.items()},
        _converted(store, told, through, limits or SmallSamples(), kept),
        beyond,
        _prices(panels, names, told),
        met(campaigns),
        costs,
    )
    latest = campaigns.sort_values("starts_on", ascending=False)
    results = [facts.result(row) for row in latest.itertuples()]
    journey = store.journey
    queries = (
        _sold(through),
        _signed_up(days),
        _complained_of(days, names),
        asked(journey, through) if journey else None,
    )
    return League(
        results, studied["units"][0], through, _medians(reasons, learned), tuple(filter(None, queries))
    )


def _studied(
    days: pd.DatetimeIndex, names: tuple[str, ...], panel: Floats, told: pd.DataFrame
) -> tuple[Study, dict[str, Any]]:
    """All campaigns by one outcome, and the lift of each by its id."""
    study = lift.study(days, names, panel, told)
    table = lift.lifts(study)
    return study, {name: table.loc[place] for place, name in enumerate(table["id"])}


def _beyond(
    days: pd.DatetimeIndex,
    names: tuple[str, ...],
    reasons: tuple[str, ...],
    counts: Floats,
    units: Floats,
    told: pd.DataFrame,
) -> tuple[Lags, dict[str, Excess]]:
    """The lags from sale to complaint, and the excess of each campaign by its id."""
    learned = lift.lags(units, counts)
    exposed = lift.exposure(units, counts, learned)
    table = lift.excess(days, names, reasons, counts, units, told, exposed)
    return learned, {str(name): Excess.of(rows) for name, rows in table.groupby("id", sort=False)}


def _converted(
    store: Store, told: pd.DataFrame, through: date, limits: SmallSamples, kept: Memory
) -> Mapping[str, Converted]:
    query = asked(store.journey, through) if store.journey else None
    if not store.journey or query is None:
        return {}
    return kept.of(from_counts, store.run(query), told, through, within(store.journey), limits)


def picture(told: League, result: Result) -> pd.DataFrame:
    """The days around a campaign: day, phase, observed, expected (units it would have sold without it), lo, hi."""
    try:
        days = lift.counterfactual(told.units, result.campaign.id)
    except KeyError:
        return pd.DataFrame(columns=["day", "phase", "observed", "expected", "lo", "hi"])
    first, last = (
        pd.Timestamp(edge) + timedelta(days=shift)
        for edge, shift in ((result.campaign.starts_on, -AROUND_DAYS), (result.campaign.ends_on, AROUND_DAYS))
    )
    return days[(days["day"] >= first) & (days["day"] <= last)].reset_index(drop=True)


def complaints(store: Store, result: Result, through: date) -> pd.DataFrame:
    """Complaints for each 1,000 units exposed, as everywhere, by day around a campaign: day, n, value, lo, hi, exposure."""
    campaign = result.campaign
    first = campaign.starts_on - timedelta(days=AROUND_DAYS)
    last = min(campaign.ends_on + timedelta(days=AROUND_DAYS), through)
    sold = Filters(product=products(campaign.products))
    counts = count_each(store, sold, ("day",), first, last, [COMPLAINTS])["day"]
    table = counts.estimates(COMPLAINTS).rename(columns={"key": "day", "base": "exposure"})
    by_day = (
        table.assign(day=pd.to_datetime(table["day"])).set_index("day").reindex(pd.date_range(first, last))
    )
    return by_day.fillna({"n": 0.0, "exposure": 0.0}).rename_axis("day").reset_index()


def _sold(through: date) -> Query:
    return Query("sales by day and product", f"""
select day, product, cast(sum(units) as double) as units, {rollups.added("orders")} as orders, {rollups.added("revenue")} as revenue
from r_day_product where day <= $through and units > 0 and product is not null group by all order by all""", {"through": through})  # fmt: skip


def _signed_up(days: pd.DatetimeIndex) -> Query:
    return Query("sign-ups by day", """
select day, cast(sum(signups) as double) as n from r_volume where dimension = '' and day >= $first and day <= $last group by day""",
                 {"first": days[0].date(), "last": days[-1].date()})  # fmt: skip


def _complained_of(days: pd.DatetimeIndex, products: tuple[str, ...]) -> Query:
    return Query("complaints by day, product and reason", """
select day, product, coalesce(reason, '') as reason, cast(sum(n) as double) as n
from r_complaints_product where day >= $first and day <= $last and list_contains($products, product) group by all""",
                 {"first": days[0].date(), "last": days[-1].date(), "products": list(products)})  # fmt: skip


def _signups(store: Store, days: pd.DatetimeIndex) -> Floats:
    table = store.run(_signed_up(days))
    by_day = table.assign(day=pd.to_datetime(table["day"])).set_index("day")["n"]
    return np.asarray(by_day.reindex(days, fill_value=0.0), dtype=float)[None, :]


def _panel(table: pd.DataFrame, name: str, products: tuple[str, ...], days: pd.DatetimeIndex) -> Floats:
    wide = table.assign(day=pd.to_datetime(table["day"])).pivot_table(
        index="product", columns="day", values=name, aggfunc="sum"
    )
    return np.asarray(wide.reindex(index=list(products), columns=days).fillna(0.0), dtype=float)


def _complained(
    store: Store, days: pd.DatetimeIndex, products: tuple[str, ...]
) -> tuple[tuple[str, ...], Floats]:
    """The reasons, and the complaints by product, reason and day."""
    table = store.run(_complained_of(days, products))
    reasons = tuple(sorted(table["reason"].unique())) or ("",)
    counts = np.zeros((len(products), len(reasons), len(days)))
    keys = ((products, table["product"]), (reasons, table["reason"]), (days, pd.to_datetime(table["day"])))
    counts[tuple(pd.Index(names).get_indexer(told) for names, told in keys)] = table["n"]
    return reasons, counts


def _medians(reasons: tuple[str, ...], learned: Lags) -> dict[str, float]:
    follows = np.where(learned.betas > 0, learned.medians, np.nan)
    return dict(zip(reasons, follows.tolist(), strict=True))


def _told(campaigns: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "id": campaigns["id"], "start": pd.to_datetime(campaigns["starts_on"]), "end": pd.to_datetime(campaigns["ends_on"]),
        "products": [*map(products, campaigns["products"])],
    })  # fmt: skip


def _prices(panels: dict[str, Floats], products: tuple[str, ...], told: pd.DataFrame) -> dict[str, float]:
    """What a unit of each campaign's products costs on average."""
    prices = {}
    for row in told.itertuples():
        mine = np.isin(products, row.products) if row.products else np.ones(len(products), bool)
        units = panels["units"][mine].sum()
        prices[row.id] = float(panels["revenue"][mine].sum() / units) if units else 0.0
    return prices

"""What each campaign brought: its lift in sales beside the complaints that came with it, and what is left.

The counterfactual and the excess come from `cx.lift`; here stand only what they are fed with and the money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from cx import lift
from cx.lift import Study
from cx.query import Query
from cx.reference import Costs
from cx.stats import Floats
from cx.store import Store

OUTCOMES = ("units", "orders", "revenue")
"""What a lift is told of, by product. Sign-ups have no product and stand apart."""
SIGNUPS = "signups"
AROUND_DAYS = 28
"""Days before a campaign, and after it, that its picture shows."""


@dataclass(frozen=True, slots=True)
class Net:
    """What is left of a campaign in money, each with its range: the gain in revenue, what the complaints cost, and both
    less the campaign's own cost."""

    gain: tuple[float, float, float]
    complaints: tuple[float, float, float]
    net: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Result:
    """One campaign: its row of campaigns.csv, its lift by outcome (rows of `lift.lifts`), the excess of complaints (of all
    reasons, and by reason, most first), the net result, and the verdict as a code."""

    campaign: Any
    lifts: Mapping[str, Any]
    excess: Any
    reasons: pd.DataFrame
    net: Net
    verdict: str


@dataclass(frozen=True, slots=True)
class League:
    """All campaigns, the latest first, and what their pictures are drawn from."""

    results: list[Result]
    units: Study
    through: date


def league(store: Store, campaigns: pd.DataFrame, costs: Costs, through: date) -> League | None:
    """Judge every campaign by the days up to the last complete one; None where there are no campaigns or no sales."""
    sold = _sold(store, through)
    if sold.empty or campaigns.empty:
        return None
    days = pd.date_range(sold["day"].min(), through, freq="D")
    products = tuple(sorted(sold["product"].unique()))
    panels = {name: _panel(sold, name, products, days) for name in OUTCOMES}
    told = _told(campaigns)
    studies = {name: lift.study(days, products, panel, told) for name, panel in panels.items()}
    studies[SIGNUPS] = lift.study(
        days, (SIGNUPS,), _signups(store, days), told.assign(products=[()] * len(told))
    )
    lifts = {name: lift.lifts(study).set_index("id", drop=False) for name, study in studies.items()}
    beyond = _excess(store, days, products, panels["units"], told)
    prices = _prices(panels, products, told)
    results = [
        _result(row, {name: table.loc[row.id] for name, table in lifts.items()},
                beyond[beyond["id"] == row.id], prices[row.id], costs)
        for row in campaigns.sort_values("starts_on", ascending=False).itertuples()
    ]  # fmt: skip
    return League(results, studies["units"], through)


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
    """Complaints for each 1,000 units sold in the 14 days before, around a campaign: day, n, units, rate (nan without)."""
    campaign = result.campaign
    products = _products(campaign.products)
    first = campaign.starts_on - timedelta(days=AROUND_DAYS)
    last = min(campaign.ends_on + timedelta(days=AROUND_DAYS), through)
    of_products = " and list_contains($products, product)" if products else ""
    values = {"first": first, "last": last, **({"products": list(products)} if products else {})}
    table = store.run(Query("complaints around a campaign", f"""
with sold as (
  select day, sum(units) as units from r_day
  where day > $first - 14 and day <= $last{of_products} group by day
),
days as (select cast(unnest(generate_series(cast($first as timestamp), cast($last as timestamp), interval 1 day)) as date) as day),
complained as (
  select day, sum(n) as n from r_complaints where day >= $first and day <= $last{of_products} group by day
)
select d.day, coalesce(max(c.n), 0) as n, coalesce(sum(s.units), 0) as units
from days d left join complained c on c.day = d.day left join sold s on s.day > d.day - 14 and s.day <= d.day
group by d.day order by d.day""", values))  # fmt: skip
    return table.assign(rate=1000 * table["n"] / table["units"].where(table["units"] > 0))


def _sold(store: Store, through: date) -> pd.DataFrame:
    return store.run(Query("sales by day and product", """
select day, product, cast(sum(units) as double) as units, sum(orders) as orders, sum(revenue) as revenue
from r_day where day <= $through and units > 0 and product is not null group by all order by all""", {"through": through}))  # fmt: skip


def _signups(store: Store, days: pd.DatetimeIndex) -> Floats:
    table = store.run(Query("sign-ups by day", """
select day, cast(sum(signups) as double) as n from r_day where day >= $first and day <= $last group by day""",
                            {"first": days[0].date(), "last": days[-1].date()}))  # fmt: skip
    by_day = table.assign(day=pd.to_datetime(table["day"])).set_index("day")["n"]
    return np.asarray(by_day.reindex(days, fill_value=0.0), dtype=float)[None, :]


def _panel(table: pd.DataFrame, name: str, products: tuple[str, ...], days: pd.DatetimeIndex) -> Floats:
    wide = table.assign(day=pd.to_datetime(table["day"])).pivot_table(
        index="product", columns="day", values=name, aggfunc="sum"
    )
    return np.asarray(wide.reindex(index=list(products), columns=days).fillna(0.0), dtype=float)


def _excess(
    store: Store, days: pd.DatetimeIndex, products: tuple[str, ...], units: Floats, told: pd.DataFrame
) -> pd.DataFrame:
    table = store.run(Query("complaints by day, product and reason", """
select day, product, coalesce(reason, '') as reason, cast(sum(n) as double) as n
from r_complaints where day >= $first and day <= $last and list_contains($products, product) group by all""",
                            {"first": days[0].date(), "last": days[-1].date(), "products": list(products)}))  # fmt: skip
    reasons = tuple(sorted(table["reason"].unique())) or ("",)
    counts = np.zeros((len(products), len(reasons), len(days)))
    at = [{name: place for place, name in enumerate(names)} for names in (products, reasons)]
    for row in table.itertuples():
        counts[at[0][row.product], at[1][row.reason], (pd.Timestamp(row.day) - days[0]).days] = row.n
    return lift.excess(days, products, reasons, counts, units, told)


def _told(campaigns: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "id": campaigns["id"], "start": pd.to_datetime(campaigns["starts_on"]), "end": pd.to_datetime(campaigns["ends_on"]),
        "products": [_products(products) for products in campaigns["products"]],
    })  # fmt: skip


def _products(told: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(told or "").split(";") if part.strip())


def _prices(panels: dict[str, Floats], products: tuple[str, ...], told: pd.DataFrame) -> dict[str, float]:
    """What a unit of each campaign's products costs on average."""
    prices = {}
    for row in told.itertuples():
        mine = np.isin(products, row.products) if row.products else np.ones(len(products), bool)
        units = panels["units"][mine].sum()
        prices[row.id] = float(panels["revenue"][mine].sum() / units) if units else 0.0
    return prices


def _result(campaign: Any, lifts: dict[str, Any], beyond: pd.DataFrame, price: float, costs: Costs) -> Result:
    whole = beyond[beyond["reason"].isna()].iloc[0]
    reasons = beyond[beyond["reason"].notna()].sort_values("excess", ascending=False, ignore_index=True)
    return Result(campaign, lifts, whole, reasons, _net(campaign, lifts["revenue"], whole, price, costs),
                  lift.verdict(lifts["units"], whole))  # fmt: skip


def _net(campaign: Any, revenue: Any, beyond: Any, price: float, costs: Costs) -> Net:
    """The ranges add up as if both ends came together: wider than 95 %, never narrower."""
    each = costs.contact + costs.refund_rate * price
    gain = tuple(costs.margin * float(revenue[name]) for name in ("lift", "lift_lo", "lift_hi"))
    cost = tuple(each * float(beyond[name]) for name in ("excess", "lo", "hi"))
    own = 0.0 if campaign.cost is None or isnan(campaign.cost) else float(campaign.cost)
    net = (gain[0] - cost[0] - own, gain[1] - cost[2] - own, gain[2] - cost[1] - own)
    return Net((gain[0], gain[1], gain[2]), (cost[0], cost[1], cost[2]), net)

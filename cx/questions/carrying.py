"""The queries about one campaign: the interactions that carry its id, and the customers who bought on its days.

Interactions are read only where no rollup knows the id, and only those of the campaign's days and of a few weeks around.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cx import rollups
from cx.journey import Journey
from cx.kpis import KPIS
from cx.model import OURS
from cx.query import Query, midnight
from cx.questions.campaigns import AROUND_DAYS
from cx.questions.converting import converts, within

BEFORE_DAYS = 84
"""Days before a campaign whose orders say which segments are usual."""
RATED_DAYS = 28
"""Ratings count from a customer's order on until so many days after it."""
RATINGS = (KPIS["csat"], KPIS["nps"])


@dataclass(frozen=True, slots=True)
class Scope:
    """The campaign, its days so far, and whether orders carry its id; `through` is the last complete day."""

    campaign: Any
    products: tuple[str, ...]
    first: date
    last: date
    through: date
    by_id: bool

    @property
    def begun(self) -> bool:
        """Whether a day of it is over."""
        return self.first <= self.last

    @property
    def alone(self) -> bool:
        """Whether there are others to compare with: without ids, a campaign of all products has brought everyone."""
        return not self.by_id and not self.products


def _days(told: Scope, ahead: int = 0, later: int = 0) -> dict[str, object]:
    """Plain bounds on the time of interactions: the campaign's days, and so many around them."""
    return {
        "since": midnight(told.first - timedelta(days=ahead)),
        "until": midnight(told.last + timedelta(days=later + 1)),
    }


def _by(told: Scope) -> tuple[str, dict[str, object]]:
    """The condition under which an order was brought by the campaign, over interactions."""
    if told.by_id:
        return "campaign_id = $campaign", {"campaign": told.campaign.id}
    return (
        ("list_contains($products, product)", {"products": list(told.products)})
        if told.products
        else ("true", {})
    )


def carries(told: Scope) -> Query:
    """How many orders on its days carry the campaign's id: n."""
    return Query("orders that carry the campaign's id", f"""
select count(*) as n from interactions
where campaign_id = $campaign and kind = 'order' and brand = '{OURS}' and occurred_at >= $since and occurred_at < $until""",
                 {"campaign": told.campaign.id, **_days(told)})  # fmt: skip


def response(told: Scope) -> Query:
    """What carries the campaign's id, by channel and segment: an order counts at the channel and segment of each of its lines, once."""
    return Query("what carries the campaign's id", f"""
select coalesce(channel, '') as channel, coalesce(segment, '') as segment,
  count(case when kind = 'visit' then 1 end) as visits,
  count(case when kind = 'signup' then 1 end) as signups,
  count(distinct case when kind = 'order' then source || '/' || order_id end) as orders,
  {rollups.total("amount", "kind = 'order'")} as revenue
from interactions
where campaign_id = $campaign and brand = '{OURS}' and occurred_at >= $since and occurred_at < $until
group by all order by all""", {"campaign": told.campaign.id, **_days(told, AROUND_DAYS, AROUND_DAYS)})  # fmt: skip


def attempts(told: Scope, journey: Journey) -> Query | None:
    """Attempts that began with the campaign, by channel: n, k (of them converted), young; None where the journey has no orders."""
    condition = converts(journey)
    if condition is None:
        return None
    seconds = 86400 * within(journey)
    return Query("journeys that began with the campaign", f"""
select coalesce(channel, '') as channel, count(case when day <= $counted_to then 1 end) as n,
  count(case when day <= $counted_to and {condition} then 1 end) as k, count(case when day > $counted_to then 1 end) as young
from r_attempts where campaign = $campaign and day >= $first and day <= $last group by all order by all""",
                 {"campaign": told.campaign.id, "first": told.first - timedelta(days=AROUND_DAYS),
                  "last": min(told.last + timedelta(days=AROUND_DAYS), told.through),
                  "counted_to": told.through - timedelta(days=within(journey)), "within_seconds": seconds})  # fmt: skip


def segments(told: Scope) -> Query:
    """Orders of the campaign's products by segment, on its days and before."""
    of_products = " and list_contains($products, product)" if told.products else ""
    products = {"products": list(told.products)} if told.products else {}
    known = ("segment", "product") if told.products else ("segment",)
    return Query("orders by segment", f"""
select coalesce(segment, '') as segment,
  {rollups.total("orders", "day >= $first")} as orders,
  {rollups.total("orders", "day < $first")} as before
from {rollups.shortest("r_day", known)} where day >= $since and day <= $last{of_products} group by all order by all""",
                 {"first": told.first, "last": told.last, "since": told.first - timedelta(days=BEFORE_DAYS), **products})  # fmt: skip


_RATING_PARTS = [part for kpi in RATINGS for part in kpi.parts]


def rated(told: Scope) -> Query:
    """Ratings by whether the campaign brought who gave them."""
    brought, values = _by(told)
    return Query("ratings of those who bought", f"""
with buyers as (
  select customer_no, bool_or({brought}) as brought,
    coalesce(min(case when {brought} then occurred_at end), min(occurred_at)) as bought_at
  from interactions
  where kind = 'order' and brand = '{OURS}' and customer_no is not null and occurred_at >= $since and occurred_at < $until
  group by customer_no
)
select coalesce(brought, false) as brought, {", ".join(f"{rollups.PARTS[part]} as {part}" for part in _RATING_PARTS)}
from interactions join buyers using (customer_no)
where brand = '{OURS}' and (csat is not null or nps is not null)
  and occurred_at >= $since and occurred_at < $rated_until
  and occurred_at > bought_at and occurred_at <= bought_at + interval {RATED_DAYS} day
group by all""", {**values, **_days(told), "rated_until": midnight(min(told.last + timedelta(days=RATED_DAYS), told.through) + timedelta(days=1))})  # fmt: skip


def ordered_again(told: Scope, days: int) -> Query:
    """Of first orders, from the rollup of buyers; it holds the campaign and the product of the first line."""
    brought, values = _by(told)
    return Query("ordered again", f"""
select coalesce({brought.replace("campaign_id", "campaign")}, false) as brought,
  count(case when day <= $mature then 1 end) as customers,
  count(case when day <= $mature and second_day - day <= $days then 1 end) as again,
  count(case when day > $mature then 1 end) as too_young
from r_buyers where day >= $first and day <= $last group by all order by all""",
                 {**values, "days": days, "mature": told.through - timedelta(days=days), "first": told.first, "last": told.last})  # fmt: skip

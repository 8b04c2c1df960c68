"""What support and marketing watch by day and hour: contacts that wait, units by version, what each campaign brought.

All are sums, refreshed for the same days and sources as `daily`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from cx.model import OURS
from cx.rollups.daily import PARTS as DAILY
from cx.rollups.walk import Executes, columns

_CONTACT = "kind in ('contact', 'complaint')"
_TO_HUMANS = f"{_CONTACT} and (handled_by is null or handled_by = 'human' or escalated)"
"""Contacts that a human is to answer."""

HOURLY = {
    "contacts": DAILY["contacts"],
    "complaints": DAILY["complaints"],
    "to_humans": f"cast(sum(case when {_TO_HUMANS} then 1 else 0 end) as bigint)",
    "unanswered": f"cast(sum(case when {_TO_HUMANS} and first_response_seconds is null then 1 else 0 end) as bigint)",
    "unsolved": f"""cast(sum(case when {_TO_HUMANS} and resolution_seconds is null
    and resolved_first_contact is distinct from true then 1 else 0 end) as bigint)""",
}
"""Counts by the hour in which a contact began. unanswered and unsolved are of those that a human is to answer."""

CAMPAIGN_PARTS = (
    "visits", "signups", "orders", "units", "revenue", "contacts", "complaints", "csat_satisfied", "csat_answers",
    "nps_promoters", "nps_detractors", "nps_answers",
)  # fmt: skip
_CAMPAIGN_KEYS = ("campaign", "product", "channel", "segment", "region")

TABLES = ("r_hours", "r_versions", "r_campaigns")
SCHEMA = f"""
create table if not exists r_hours (
  day DATE, hour TIMESTAMP, source VARCHAR, channel VARCHAR, {", ".join(f"{name} BIGINT" for name in HOURLY)},
  waits_since TIMESTAMP
);
create table if not exists r_versions (
  day DATE, source VARCHAR, product VARCHAR, version VARCHAR, units BIGINT
);
create table if not exists r_campaigns (
  day DATE, source VARCHAR, {columns(_CAMPAIGN_KEYS)},
  {", ".join(f"{name} {'DOUBLE' if 'as double' in DAILY[name] else 'BIGINT'}" for name in CAMPAIGN_PARTS)}
);
"""
"""waits_since: when the oldest unanswered contact of the hour came in."""

_TOUCHED = f"""
from interactions
where brand = '{OURS}' and occurred_at >= $first and occurred_at < $after_last
  and cast(occurred_at as date) in (select unnest($days)) and source in (select unnest($sources))"""

_HOURS = f"""
insert into r_hours
select cast(occurred_at as date) as day, date_trunc('hour', occurred_at) as hour, source, channel,
  {", ".join(HOURLY.values())},
  min(case when {_TO_HUMANS} and first_response_seconds is null then occurred_at end)
{_TOUCHED} and {_CONTACT}
group by all order by day"""

_VERSIONS = f"""
insert into r_versions
select cast(occurred_at as date) as day, source, product, version, cast(sum(units) as bigint)
{_TOUCHED} and kind = 'order' and version is not null
group by all order by day"""

_CAMPAIGNS = f"""
insert into r_campaigns
with prepared as (
  select *, cast(occurred_at as date) as day, campaign_id as campaign,
    case when kind = 'order' then 1.0 / count(*) over (
      partition by kind, source, order_id, cast(occurred_at as date)
    ) end as order_share
  {_TOUCHED} and campaign_id is not null
)
select day, source, {", ".join(_CAMPAIGN_KEYS)},
  {", ".join(DAILY[name] for name in CAMPAIGN_PARTS)}
from prepared group by all order by day"""


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> None:
    """Recompute these sums of these sources for these days."""
    if not days:
        return
    kept = {"days": list(days), "sources": list(sources)}
    for table in TABLES:
        cursor.execute(
            f"delete from {table} where day in (select unnest($days)) and source in (select unnest($sources))",
            kept,
        )
    bounds = {"first": min(days), "after_last": max(days) + timedelta(days=1)}
    for statement in (_HOURS, _VERSIONS, _CAMPAIGNS):
        cursor.execute(statement, {**kept, **bounds})

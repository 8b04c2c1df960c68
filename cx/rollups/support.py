"""What support watches by the hour, contacts that wait among it, and the units sold by version. All are sums by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cx.model import OURS
from cx.rollups.daily import CONTACT, OF_DAYS, PARTS, count, of_days, typed
from cx.rollups.walk import Executes

_TO_HUMANS = f"{CONTACT} and (handled_by is null or handled_by = 'human' or escalated)"
"""Contacts that a human is to answer."""
_UNANSWERED = f"{_TO_HUMANS} and first_response_seconds is null"

HOURLY = {
    "contacts": PARTS["contacts"],
    "complaints": PARTS["complaints"],
    "to_humans": count(_TO_HUMANS),
    "unanswered": count(_UNANSWERED),
    "unsolved": count(
        f"{_TO_HUMANS} and resolution_seconds is null and resolved_first_contact is distinct from true"
    ),
}
"""Counts by the hour in which a contact began. unanswered and unsolved are of those that a human is to answer."""

TABLES = ("r_hours", "r_versions")
SCHEMA = f"""
create table if not exists r_hours (
  day DATE, hour TIMESTAMP, source VARCHAR, channel VARCHAR, {typed(HOURLY)}, waits_since TIMESTAMP
);
create table if not exists r_versions (
  day DATE, source VARCHAR, product VARCHAR, version VARCHAR, units BIGINT
);
"""
"""waits_since: when the oldest unanswered contact of the hour came in."""

_HOURS = f"""
insert into r_hours
select cast(occurred_at as date) as day, date_trunc('hour', occurred_at) as hour, source, channel,
  {", ".join(HOURLY.values())},
  min(case when {_UNANSWERED} then occurred_at end)
from interactions where brand = '{OURS}' and {OF_DAYS} and {CONTACT}
group by all order by day"""

_VERSIONS = f"""
insert into r_versions
select cast(occurred_at as date) as day, source, product, version, {PARTS["units"]}
from interactions where brand = '{OURS}' and {OF_DAYS} and kind = 'order' and version is not null
group by all order by day"""


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> None:
    """Recompute these sums of these sources for these days."""
    if not days:
        return
    values = of_days(cursor, TABLES, days, sources)
    for statement in (_HOURS, _VERSIONS):
        cursor.execute(statement, values)

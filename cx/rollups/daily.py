"""Additive sums by day: the parts that every measure is made of, and the SQL that counts them.

Only the company's own rows are counted. Every part is a sum, so that any days and any dimensions may be added up
and a rate derived when it is read. Days are days of UTC. The days that a file touched are recomputed whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from cx.model import DIMENSIONS, OURS
from cx.rollups.walk import Executes, columns

BINS_PER_E = 100
"""A histogram bin of a duration is 1 % wide: a quantile read from it is right to within half a percent."""


def count(condition: str) -> str:
    """The number of rows for which a condition holds."""
    return f"cast(sum(case when {condition} then 1 else 0 end) as bigint)"


def _sum(amount: str, condition: str = "true", kind: str = "double") -> str:
    return f"cast(coalesce(sum(case when {condition} then {amount} end), 0) as {kind})"


CONTACT = "kind in ('contact', 'complaint')"
_ANSWERED = "(csat is not null or nps is not null or ces is not null)"
_UNASSISTED = f"{CONTACT} and handled_by in ('bot', 'self_service')"
_PAIRED = "csat is not null and expectation is not null"

PARTS: dict[str, str] = {
    "nps_promoters": count("nps >= 9"),
    "nps_detractors": count("nps <= 6"),
    "nps_answers": count("nps is not null"),
    "csat_satisfied": count("csat >= 4"),
    "csat_answers": count("csat is not null"),
    "ces_sum": _sum("ces"),
    "ces_squares": _sum("ces * ces"),
    "ces_answers": count("ces is not null"),
    "asked": count(f"asked or {_ANSWERED}"),
    "answered": count(_ANSWERED),
    "fcr_solved": count(f"{CONTACT} and resolved_first_contact"),
    "fcr_contacts": count(f"{CONTACT} and resolved_first_contact is not null"),
    "contacts": count(CONTACT),
    "complaints": count("kind = 'complaint'"),
    "unassisted": count(_UNASSISTED),
    "contained": count(f"{_UNASSISTED} and not coalesce(escalated, false) and not came_back"),
    "bot_contacts": count(f"{CONTACT} and handled_by = 'bot'"),
    "bot_escalated": count(f"{CONTACT} and handled_by = 'bot' and escalated"),
    "goals": count("goal is not null and goal_reached is not null"),
    "goals_reached": count("goal is not null and goal_reached"),
    "finds": count("goal = 'find' and goal_reached is not null"),
    "finds_reached": count("goal = 'find' and goal_reached"),
    "texts": count("text is not null"),
    "texts_scored_written": count("text is not null and sentiment is not null"),
    "texts_scored": count("sentiment is not null"),
    "texts_positive": count("sentiment = 'positive'"),
    "texts_negative": count("sentiment = 'negative'"),
    "gap_sum": _sum("csat - expectation", _PAIRED),
    "gap_squares": _sum("(csat - expectation) * (csat - expectation)", _PAIRED),
    "gap_answers": count(_PAIRED),
    "orders": _sum("order_share", "kind = 'order'"),
    "orders_referred": _sum("order_share", "kind = 'order' and order_referred = 1"),
    "units": _sum("units", "kind = 'order'", "bigint"),
    "revenue": _sum("amount", "kind = 'order'"),
    "signups": count("kind = 'signup'"),
    "interactions": "cast(count(*) as bigint)",
}
"""Every additive part, as an aggregate over the rows that `refresh` prepares."""

HISTOGRAMS = ("first_response_seconds", "resolution_seconds")
"""Durations whose quantiles are wanted; each is kept as counts in bins of equal width of its logarithm."""

_KEYS = ("day", "source", *DIMENSIONS)


def typed(parts: Mapping[str, str]) -> str:
    """The columns of these parts in a table's definition."""
    return ", ".join(f"{name} {'DOUBLE' if 'as double' in sql else 'BIGINT'}" for name, sql in parts.items())


def bin_of(seconds: str) -> str:
    """The bin of a duration."""
    return f"floor({BINS_PER_E} * ln(1 + {seconds}))"


SCHEMA = f"""
create table if not exists r_day (
  day DATE, source VARCHAR, {columns(DIMENSIONS)}, {typed(PARTS)}, last_at TIMESTAMP
);
create table if not exists r_hist (
  day DATE, source VARCHAR, {columns(DIMENSIONS)}, measure VARCHAR, bin INTEGER, n BIGINT
);
create table if not exists r_complaints (
  day DATE, source VARCHAR, {columns(DIMENSIONS)}, version VARCHAR, reason VARCHAR, n BIGINT
);
"""

_PARTS_SQL = ",\n  ".join(f"{sql} as {name}" for name, sql in PARTS.items())

_REFRESHED = "day in (select unnest($days)) and source in (select unnest($sources))"

OF_DAYS = """occurred_at >= $first and occurred_at < $after_last
    and cast(occurred_at as date) in (select unnest($days)) and source in (select unnest($sources))"""
"""The interactions of the days and sources that `of_days` binds. Plain bounds stand beside the list of days: a list alone
would miss the table's zone maps."""

_PREPARED = f"""
with contacts as (
  select source, interaction_id,
    lead(occurred_at) over (partition by customer_id order by occurred_at, source, interaction_id) as next_at
  from interactions
  where {CONTACT} and brand = '{OURS}' and customer_id is not null
    and occurred_at >= $first and occurred_at < $after_next
    and cast(occurred_at as date) in (select unnest($days_and_next))
),
prepared as (
  select cast(i.occurred_at as date) as day, i.*,
    coalesce(c.next_at <= i.occurred_at + interval 1 day, false) as came_back,
    case when i.kind = 'order' then 1.0 / count(*) over line_of_order end as order_share,
    max(case when i.referred then 1 else 0 end) over line_of_order as order_referred
  from interactions i
  left join contacts c on c.source = i.source and c.interaction_id = i.interaction_id
  where i.brand = '{OURS}' and i.occurred_at >= $first and i.occurred_at < $after_next
    and cast(i.occurred_at as date) in (select unnest($days)) and i.source in (select unnest($sources))
  window line_of_order as (partition by i.kind, i.source, i.order_id, cast(i.occurred_at as date))
)"""
# Rows are written in the order of their days, so that a question about some days can skip all others by zone maps.
# Each order counts once however many lines it has: its lines share it out, so orders stay additive by product. What
# is said of the whole order may stand on its first line only.
# The time bounds are plain values beside the list of days: a list alone would miss the table's zone maps.

_DAY = f"""
insert into r_day {_PREPARED}
select {", ".join(_KEYS)},
  {_PARTS_SQL},
  max(occurred_at) as last_at
from prepared group by {", ".join(_KEYS)} order by day"""

_HIST = f"""
insert into r_hist {_PREPARED}
select {", ".join(_KEYS)}, $measure as measure,
  cast({bin_of("$measure_of")} as integer) as bin,
  cast(count(*) as bigint) as n
from prepared where {CONTACT} and $measure_of is not null
group by {", ".join(_KEYS)}, bin order by day"""

_COMPLAINTS = f"""
insert into r_complaints {_PREPARED}
select {", ".join(_KEYS)}, version, reason, cast(count(*) as bigint) as n
from prepared where kind = 'complaint'
group by {", ".join(_KEYS)}, version, reason order by day"""

TABLES = ("r_day", "r_hist", "r_complaints")


_ANSWERED_BY_MACHINES = f"""
select distinct source from interactions
where {_UNASSISTED} and occurred_at >= $first and occurred_at < $after_next"""


def of_days(
    cursor: Executes, tables: Sequence[str], days: Sequence[date], sources: Sequence[str]
) -> dict[str, object]:
    """Empty these rollups for these days and sources; returns what OF_DAYS binds to count them anew."""
    return {
        **_emptied(cursor, tables, days, sources),
        "first": min(days),
        "after_last": max(days) + timedelta(days=1),
    }


def _emptied(
    cursor: Executes, tables: Sequence[str], days: Sequence[date], sources: Sequence[str]
) -> dict[str, object]:
    kept = {"days": list(days), "sources": list(sources)}
    for table in tables:
        cursor.execute(f"delete from {table} where {_REFRESHED}", kept)
    return kept


def refresh(cursor: Executes, touched: Sequence[date], sources: Sequence[str]) -> None:
    """Recompute the rollups of these sources for the days touched, and for the day before each.

    A contact of any source may end the containment of one that a bot of another source had answered up to a day
    earlier, so sources with such contacts are recomputed along.
    """
    days = sorted({day - timedelta(days=back) for day in touched for back in (0, 1)})
    if not days:
        return
    bounds = {"first": days[0], "after_next": days[-1] + timedelta(days=2)}
    machines = [source for (source,) in cursor.execute(_ANSWERED_BY_MACHINES, bounds).fetchall()]
    values = {
        **bounds,
        **_emptied(cursor, TABLES, days, sorted({*sources, *machines})),
        "days_and_next": sorted({day + timedelta(days=on) for day in days for on in (0, 1)}),
    }
    cursor.execute(_DAY, values)
    cursor.execute(_COMPLAINTS, values)
    for measure in HISTOGRAMS:
        sql = _HIST.replace("$measure_of", measure)
        cursor.execute(sql, {**values, "measure": measure})

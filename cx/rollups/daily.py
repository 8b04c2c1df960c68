"""Additive sums by day: the parts that every measure is made of, and the SQL that counts them.

Only the company's own rows are counted. Every part is a sum, so that any days and any dimensions may be added up
and a rate derived when it is read. Days are days of UTC. The days that a file touched are recomputed whole, some at a
time, so that they lie together and questions about some days can skip the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from cx.model import DIMENSIONS, OURS
from cx.rollups.walk import Executes, columns

BINS_PER_E = 100
"""A histogram bin of a duration is 1 % wide: a quantile read from it is right to within half a percent."""


def count(condition: str) -> str:
    """The number of rows for which a condition holds."""
    return f"cast(count(case when {condition} then 1 end) as bigint)"


def _wholes(number: str, condition: str = "true", kind: str = "double") -> str:
    """The sum of whole numbers."""
    return f"cast(coalesce(sum(case when {condition} then {number} end), 0) as {kind})"


def total(amount: str, condition: str = "true") -> str:
    """The sum of fractions, the same in whatever order they are added: what is whole of each and what is not (in 1e-12) are
    whole numbers, which add up exactly. Rounded to 1e-6, so that three thirds are one and cents are cents."""
    small = f"{condition} and abs({amount}) < {_COUNTED_EXACTLY}"
    whole = _exactly(f"floor({amount})", small)
    part = _exactly(f"floor(({amount} - floor({amount})) * 1e12 + 0.5)", small)
    beyond = f"sum(case when {condition} and abs({amount}) >= {_COUNTED_EXACTLY} then {amount} end)"
    return f"cast(({whole} * 1e6 + floor({part} / 1e6 + 0.5)) / 1e6 + cast(coalesce({beyond}, 0) as double) as double)"


def _exactly(whole: str, condition: str) -> str:
    return f"cast(coalesce(sum(case when {condition} then cast({whole} as decimal(18, 0)) end), 0) as double)"


_COUNTED_EXACTLY = "9e15"
"""Up to here a double tells whole numbers apart. What is beyond is no money."""


CONTACT = "kind in ('contact', 'complaint')"
_ANSWERED = "(csat is not null or nps is not null or ces is not null)"
_UNASSISTED = f"{CONTACT} and handled_by in ('bot', 'self_service')"
_PAIRED = "csat is not null and expectation is not null"

_OPINIONS = {
    "nps_promoters": count("nps >= 9"),
    "nps_detractors": count("nps <= 6"),
    "nps_answers": count("nps is not null"),
    "csat_satisfied": count("csat >= 4"),
    "csat_answers": count("csat is not null"),
    "ces_sum": _wholes("ces"),
    "ces_squares": _wholes("ces * ces"),
    "ces_answers": count("ces is not null"),
    "asked": count(f"asked or {_ANSWERED}"),
    "answered": count(_ANSWERED),
    "goals": count("goal is not null and goal_reached is not null"),
    "goals_reached": count("goal is not null and goal_reached"),
    "finds": count("goal = 'find' and goal_reached is not null"),
    "finds_reached": count("goal = 'find' and goal_reached"),
    "texts": count("text is not null"),
    "texts_scored_written": count("text is not null and sentiment is not null"),
    "texts_scored": count("sentiment is not null"),
    "texts_positive": count("sentiment = 'positive'"),
    "texts_negative": count("sentiment = 'negative'"),
    "gap_sum": _wholes("csat - expectation", _PAIRED),
    "gap_squares": _wholes("(csat - expectation) * (csat - expectation)", _PAIRED),
    "gap_answers": count(_PAIRED),
}
_SAYS = f"({_ANSWERED} or coalesce(asked, false) or goal is not null or text is not null or sentiment is not null)"
"""Whether a row says anything that _OPINIONS count."""

_CONTACTS = {
    "fcr_solved": count(f"{CONTACT} and resolved_first_contact"),
    "fcr_contacts": count(f"{CONTACT} and resolved_first_contact is not null"),
    "contacts": count(CONTACT),
    "complaints": count("kind = 'complaint'"),
    "unassisted": count(_UNASSISTED),
    "contained": count(f"{_UNASSISTED} and not coalesce(escalated, false) and not came_back"),
    "bot_contacts": count(f"{CONTACT} and handled_by = 'bot'"),
    "bot_escalated": count(f"{CONTACT} and handled_by = 'bot' and escalated"),
}
_ORDERS = {
    "orders": total("order_share", "kind = 'order'"),
    "orders_referred": total("order_share", "kind = 'order' and order_referred = 1"),
    "units": _wholes("units", "kind = 'order'", "bigint"),
    "revenue": total("amount", "kind = 'order'"),
}
PARTS: dict[str, str] = {**_OPINIONS, **_CONTACTS, **_ORDERS}
"""Every additive part, as an aggregate over the rows that can have it."""

FRACTIONS = ("orders", "orders_referred", "revenue")
"""Parts that are not whole: see `total`."""

HISTOGRAMS = ("first_response_seconds", "resolution_seconds")
"""Durations whose quantiles are wanted; each is kept as counts in bins of equal width of its logarithm."""


def typed(parts: Mapping[str, str]) -> str:
    """The columns of these parts in a table's definition."""
    return ", ".join(f"{name} {_type(sql).upper()}" for name, sql in parts.items())


def summed(name: str, sql: str) -> str:
    """The sum of a part that has been counted by more, of the part's own type."""
    return total(name) if name in FRACTIONS else f"cast(sum({name}) as {_type(sql)})"


def added(name: str) -> str:
    """The sum of one of PARTS where rows of a rollup are read: the same in whatever order they lie."""
    return total(name) if name in FRACTIONS else f"sum({name})"


def _type(sql: str) -> str:
    return "double" if "as double" in sql else "bigint"


def bin_of(seconds: str) -> str:
    """The bin of a duration."""
    return f"floor({BINS_PER_E} * ln(1 + {seconds}))"


TABLES = ("r_day", "r_hist", "r_complaints")
SCHEMA = f"""
create table if not exists r_day (
  day DATE, source VARCHAR, {columns(DIMENSIONS)}, {typed(PARTS)}
);
create table if not exists r_hist (
  day DATE, source VARCHAR, {columns(DIMENSIONS)}, measure VARCHAR, bin INTEGER, n BIGINT
);
create table if not exists r_complaints (
  day DATE, source VARCHAR, {columns(DIMENSIONS)}, version VARCHAR, reason VARCHAR, n BIGINT
);
"""
"""r_day has no rows for interactions that no part counts. r_hist: one row for each of HISTOGRAMS and each bin that has any."""

REFRESHED = "day in (select unnest($days)) and source in (select unnest($sources))"
"""The rows of a rollup that are of the days and sources that `of_days` binds."""

OF_DAYS = """occurred_at >= $first and occurred_at < $after_last
    and cast(occurred_at as date) in (select unnest($days)) and source in (select unnest($sources))"""
"""The interactions of the days and sources that `of_days` binds. Plain bounds stand beside the list of days: a list alone
would miss the table's zone maps."""

_KEYS = ", ".join(("source", *DIMENSIONS))
_BY_DAY = f"cast(occurred_at as date), {_KEYS}"
_READ = """occurred_at, source, interaction_id, product, channel, segment, region, stage, kind, order_id, csat, nps, ces, asked, goal,
goal_reached, text, sentiment, expectation, resolved_first_contact, handled_by, escalated, referred, units, amount"""
_OURS = f"brand = '{OURS}' and {OF_DAYS}"

# A contact is not contained where the same customer makes another one within a day. That may be the day after, and of
# any source.
_CONTACTS_AND_NEXT = f"""(
  select *, customer_no is not null and coalesce(next_at <= occurred_at + interval 1 day, false) as came_back
  from (
    select {_READ}, customer_no,
      lead(occurred_at) over (partition by customer_no order by occurred_at, source, interaction_id) as next_at
    from interactions
    where {CONTACT} and brand = '{OURS}' and occurred_at >= $first and occurred_at < $after_next
      and cast(occurred_at as date) in (select unnest($days_and_next))
  ) followed
  where {OF_DAYS}
) contacts"""

# Each order counts once however many lines it has: its lines share it out, so orders stay additive by product. What
# is said of the whole order may stand on its first line only.
_ORDERS_SHARED = f"""(
  select {_READ}, 1.0 / count(*) over line_of_order as order_share,
    max(case when referred then 1 else 0 end) over line_of_order as order_referred
  from interactions where kind = 'order' and {_OURS}
  window line_of_order as (partition by source, order_id, cast(occurred_at as date))
) orders"""

_OTHERS = f"""(
  select * from interactions where kind not in ('contact', 'complaint', 'order') and {_SAYS} and {_OURS}
) others"""


def _sums(rows: str, parts: Mapping[str, str]) -> str:
    """Write these parts of these rows; they have none of the others."""
    return f"""
insert into r_day
select {_BY_DAY}, {", ".join(parts.get(name, "0") for name in PARTS)}
from {rows} group by {_BY_DAY}"""


_DAY = (
    _sums(_CONTACTS_AND_NEXT, {**_OPINIONS, **_CONTACTS}),
    _sums(_ORDERS_SHARED, {**_OPINIONS, **_ORDERS}),
    _sums(_OTHERS, _OPINIONS),
)
"""Each row that has any part is counted by one of these: most parts are of rows of some kinds alone."""

_HIST = f"""
insert into r_hist
select {_BY_DAY}, $measure as measure, cast({bin_of("$measure_of")} as integer) as bin, cast(count(*) as bigint) as n
from interactions where {CONTACT} and $measure_of is not null and {_OURS}
group by {_BY_DAY}, bin"""

_COMPLAINTS = f"""
insert into r_complaints
select {_BY_DAY}, version, reason, cast(count(*) as bigint) as n
from interactions where kind = 'complaint' and {_OURS}
group by {_BY_DAY}, version, reason"""

_ANSWERED_BY_MACHINES = f"""
select distinct source from interactions
where {_UNASSISTED} and occurred_at >= $first and occurred_at < $after_next"""

_ROWS = "select count(*) from interactions where occurred_at >= $first and occurred_at < $after_next"

AT_ONCE = 1_000_000
"""Interactions that are counted at once, about: as many as the groups of which fit in memory well."""


def of_days(
    cursor: Executes, tables: Sequence[str], days: Sequence[date], sources: Sequence[str]
) -> dict[str, object]:
    """Empty these rollups for these days and sources; returns what OF_DAYS binds to count them anew."""
    kept = {"days": list(days), "sources": list(sources)}
    for table in tables:
        cursor.execute(f"delete from {table} where {REFRESHED}", kept)
    return {**kept, "first": min(days), "after_last": max(days) + timedelta(days=1)}


def reached(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> tuple[list[date], list[str]]:
    """The days and the sources whose sums may change where these did.

    A contact of any source may end the containment of one that a bot of another source had answered up to a day
    earlier, so the day before each is counted along, and so are sources with such contacts.
    """
    also = sorted({day - timedelta(days=back) for day in days for back in (0, 1)})
    machines = cursor.execute(_ANSWERED_BY_MACHINES, _bounds(also)).fetchall() if also else []
    return also, sorted({*sources, *(source for (source,) in machines)})


def in_parts(cursor: Executes, days: Sequence[date]) -> Iterator[list[date]]:
    """The days in their order, as many together as have about AT_ONCE interactions."""
    rows = cursor.execute(_ROWS, _bounds(days)).fetchall()[0][0] if days else 0
    each = -(-len(days) // max(-(-rows // AT_ONCE), 1))
    yield from ([*days[at : at + each]] for at in range(0, len(days), max(each, 1)))


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> None:
    """Recompute the sums of these sources for these days."""
    values = of_days(cursor, TABLES, days, sources)
    after = sorted({day + timedelta(days=on) for day in days for on in (0, 1)})
    next_too = {**values, **_bounds(days), "days_and_next": after}
    for statement in (*_DAY, _COMPLAINTS):
        cursor.execute(statement, next_too if "$days_and_next" in statement else values)
    for measure in HISTOGRAMS:
        cursor.execute(_HIST.replace("$measure_of", measure), {**values, "measure": measure})


def _bounds(days: Sequence[date]) -> dict[str, object]:
    return {"first": days[0], "after_next": days[-1] + timedelta(days=2)}

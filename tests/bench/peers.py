"""What the journey page asks, as plain DuckDB over `rows` (export files, or a table): the fastest SQL that was found.

The peer is favoured: its rows are taken as they stand, without checks and without leaving out those that were replaced
later, and it counts less than the page shows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cx.journey import DEFAULT
from cx.query import midnight
from cx.questions.funnel import Period

_STAGE_OF_KIND = " ".join(
    f"when '{kind}' then '{stage.id}'" for stage in DEFAULT.stages for kind in stage.kinds
)
STAGE = f"coalesce(stage, case kind {_STAGE_OF_KIND} end)"
_PLACE = f"list_position({[*DEFAULT.ids]}, {STAGE})"
_REQUIRED = [DEFAULT.ids[place] for place in DEFAULT.required]
_WINDOW = f"interval {DEFAULT.window_days} day"


class Peer(NamedTuple):
    """Ways to write one question, of which the fastest counts, and the values bound in each."""

    forms: tuple[str, ...]
    values: dict[str, Any]


def _events(rows: str, columns: str, latest: bool = False) -> str:
    """The rows of known customers from `first` to `end`; customers as numbers, which are quicker to compare."""
    if latest:
        rows = f"""(
    select * from {rows} where occurred_at >= $first and occurred_at < $end
    qualify row_number() over (partition by source, interaction_id order by updated_at desc) = 1
  )"""
    return f"""
events as materialized (
  select hash(customer_id) as customer, occurred_at as moment, {columns}
  from {rows}
  where occurred_at >= $first and occurred_at < $end and customer_id is not null
    and not (kind = 'survey' and csat is null and nps is null and ces is null)
)"""


def funnel_bounds(period: Period) -> tuple[datetime, datetime, datetime]:
    """When the openings of these days begin and end that have had their whole window, and when the last window ends."""
    last = period.counted_to(DEFAULT)
    later = (timedelta(days=1), timedelta(days=DEFAULT.window_days + 1))
    return midnight(period.first), midnight(last + later[0]), midnight(last + later[1])


def funnel(rows: str, period: Period, latest: bool = False) -> Peer:
    """Customers who reached each stage that every customer passes, by the windowFunnel rule.

    `latest` leaves out rows that were replaced later, after all.
    """
    values = dict(zip(("first", "after", "end"), funnel_bounds(period), strict=True))
    events = _events(rows, f"{STAGE} as stage", latest)
    return Peer((_by_nearest(events), _by_lists(events)), values)


def _by_nearest(events: str) -> str:
    """From each opening to the nearest later row of the next stage, stage by stage."""
    steps = [
        f"o0 as (select customer, moment as opened, moment from events where stage = '{_REQUIRED[0]}' and moment < $after)"
    ]
    steps += [
        f"""
o{n} as (
  select o.customer, o.opened, e.moment from o{n - 1} o
  asof join (select customer, moment from events where stage = '{stage}') e on e.customer = o.customer and e.moment >= o.moment
  where e.moment <= o.opened + {_WINDOW}
)"""
        for n, stage in enumerate(_REQUIRED[1:], start=1)
    ]  # fmt: skip
    counts = (f"(select count(distinct customer) from o{n})" for n in range(len(_REQUIRED)))
    return f"with {events}, {', '.join(steps)}\nselect {', '.join(counts)}"


def _by_lists(events: str) -> str:
    """One row a customer with the times of each stage as a list, each opening followed through them."""
    later = range(1, len(_REQUIRED))
    lists = [f"list(moment) filter (stage = '{_REQUIRED[0]}' and moment < $after) as l0"]
    lists += [f"list(moment) filter (stage = '{_REQUIRED[n]}') as l{n}" for n in later]
    steps = [
        f"""
w{n} as (
  select *, list_transform(a{n - 1}, lambda x, i:
    list_min(list_filter(l{n}, lambda y: y >= x and y <= l0[i] + {_WINDOW}))) as a{n}
  from w{n - 1}
)"""
        for n in later
    ]
    counts = (f"count(list_min(a{n}))" for n in later)
    return f"""
with {events}, customers as (select {", ".join(lists)} from events group by customer),
w0 as (select *, l0 as a0 from customers where l0 is not null), {", ".join(steps)}
select count(*), {", ".join(counts)} from w{len(_REQUIRED) - 1}"""


def touchpoints(rows: str, period: Period) -> Peer:
    """What happens at each touchpoint and how it feels, without the contacts that follow."""
    sql = f"""
select {STAGE} as stage, touchpoint, channel, count(*) as n,
  count(*) filter (csat >= 4), count(csat), sum(ces), sum(ces * ces), count(ces),
  count(*) filter (sentiment = 'positive'), count(*) filter (sentiment = 'negative'), count(sentiment),
  count(*) filter (kind in ('contact', 'complaint')), count(*) filter (goal_reached), count(goal_reached)
from {rows} where occurred_at >= $first and occurred_at < $end
group by all"""
    return Peer((sql,), _days(period))


def presence(rows: str, period: Period) -> Peer:
    """Distinct customers by channel."""
    sql = f"with {_events(rows, 'channel')} select channel, count(distinct customer) from events group by channel"
    return Peer((sql,), _days(period))


def ways(rows: str, period: Period) -> Peer:
    """Visits by their first eight steps."""
    sql = f"""
with {_events(rows, f"{_PLACE} as place")},
after as (
  select *, moment > lag(moment) over along + interval {DEFAULT.pause_days} day as paused, lag(place) over along as before
  from events window along as (partition by customer order by moment, place)
),
numbered as (
  select *, count(*) filter (coalesce(paused, true)) over (partition by customer order by moment, place
    rows unbounded preceding) as visit
  from after
),
visits as (
  select list(place order by moment, place) filter (coalesce(paused, true) or place <> before) as steps
  from numbered group by customer, visit
)
select steps[:8] as way, count(*) from visits group by way"""
    return Peer((sql,), _days(period))


def cohorts(rows: str, whole: Period) -> Peer:
    """Customers and revenue by the month of the first order and the months since."""
    sql = f"""
with {_events(rows, "amount, kind").replace("customer_id is not null", "customer_id is not null and kind = 'order'")},
orders as (
  select customer, amount, date_trunc('month', moment) as month,
    date_trunc('month', min(moment) over (partition by customer)) as cohort
  from events
)
select cohort, date_diff('month', cohort, month) as later, count(distinct customer), sum(amount)
from orders group by all"""
    return Peer((sql,), _days(whole))


def _days(period: Period) -> dict[str, Any]:
    return {"first": midnight(period.first), "end": midnight(period.last + timedelta(days=1))}

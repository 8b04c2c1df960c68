"""What happens at each touchpoint, and the contacts that follow it.

r_touch has sums by day, as `daily` has, by touchpoint, reason and goal. It leaves the region out on purpose: with it
the rollup would be about as large as the interactions. r_contacts is folded by customer: each contact, with the
place where the customer had been last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS as DIMENSIONS
from cx.model import OURS
from cx.rollups.daily import CONTACT, OF_DAYS, count, of_days, typed
from cx.rollups.daily import PARTS as DAILY
from cx.rollups.walk import SILENT, Executes, columns

ATTRIBUTION_DAYS = 7
"""A contact is traced back to what its customer did at most so many days before, to the second."""

_AFTERMATH = "kind in ('contact', 'complaint', 'return')"

_SAME_AS_BY_DAY = (
    "csat_satisfied", "csat_answers", "ces_sum", "ces_squares", "ces_answers", "texts_scored", "texts_positive",
    "texts_negative", "gap_sum", "gap_squares", "gap_answers", "contacts", "complaints", "goals", "goals_reached",
)  # fmt: skip

PARTS: dict[str, str] = {
    "interactions": count(f"not {SILENT}"),
    "exposed": count(f"customer_no is not null and not {SILENT} and not {_AFTERMATH}"),
    **{name: DAILY[name] for name in _SAME_AS_BY_DAY},
}
"""The additive parts of r_touch. interactions: without the surveys that nobody answered. exposed: those that a contact
can be traced back to, being of a known customer and no contact, complaint or return themselves."""

_KEYS = ("stage", "channel", "touchpoint", "product", "segment", "reason", "goal")

FROM = ("stage", "channel", "touchpoint", "product", "segment")
"""What is kept of the place that a contact is traced back to, each as from_..."""

COARSE = tuple(name for name in _KEYS if name not in ("product", "segment"))

BY_DAY = ("r_touch", "r_touch_all")
BY_CUSTOMER = ("r_contacts",)
SCHEMA = f"""
create table if not exists r_touch (
  day DATE, source VARCHAR, {columns(_KEYS)}, {typed(PARTS)}
);
create table if not exists r_touch_all (
  day DATE, source VARCHAR, {columns(COARSE)}, {typed(PARTS)}
);
create table if not exists r_contacts (
  customer_no INTEGER, day DATE, {columns(DIMENSIONS)}, stage VARCHAR, touchpoint VARCHAR, kind VARCHAR, reason VARCHAR,
  from_day DATE, {columns(tuple(f"from_{name}" for name in FROM))}
);
"""
"""r_touch_all: r_touch over all products and segments, a fraction as long. r_contacts: one row for each contact or complaint of a known customer; from_day is empty where it follows nothing."""

_PARTS_SQL = ",\n  ".join(f"{sql} as {name}" for name, sql in PARTS.items())

# An unanswered survey is no interaction, but words or a goal that came with it count as they do by day. The time
# bounds are plain values beside the list of days: a list alone would miss the table's zone maps.
_TOUCH = f"""
insert into r_touch
with stage_of_kind as (
  select unnest($kinds) as kind, unnest($stages) as kind_stage
),
staged as (
  select cast(i.occurred_at as date) as day, coalesce(i.stage, k.kind_stage) as at_stage, i.*
  from interactions i
  left join stage_of_kind k on k.kind = i.kind
  where i.brand = '{OURS}' and {OF_DAYS}
)
select day, source, at_stage, {", ".join(_KEYS[1:])},
  {_PARTS_SQL}
from staged
where not ({SILENT} and sentiment is null and goal_reached is null)
group by day, source, at_stage, {", ".join(_KEYS[1:])} order by day"""

_TOUCH_ALL = f"""
insert into r_touch_all
select day, source, {", ".join(COARSE)}, {", ".join(f"sum({name}) as {name}" for name in PARTS)}
from r_touch where day in (select unnest($days)) and source in (select unnest($sources))
group by day, source, {", ".join(COARSE)} order by day"""

_CONTACTS = f"""
insert into r_contacts
with behind as (
  select *,
    max(case when not {_AFTERMATH} then place end) over (
      partition by customer_no order by place rows between unbounded preceding and 1 preceding
    ) as last_place
  from walked
)
select c.customer_no, c.day, {", ".join(f"c.{name}" for name in DIMENSIONS)}, c.stage, c.touchpoint, c.kind, c.reason,
  w.day, {", ".join(f"w.{name}" for name in FROM)}
from behind c
left join walked w on w.customer_no = c.customer_no and w.place = c.last_place
  and w.occurred_at >= c.occurred_at - interval {ATTRIBUTION_DAYS} day
where c.{CONTACT} order by c.day"""


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str], journey: Journey) -> None:
    """Recompute the sums by touchpoint of these sources for these days."""
    if not days:
        return
    values = of_days(cursor, BY_DAY, days, sources)
    named = {"kinds": [*journey.stage_of_kind], "stages": [*journey.stage_of_kind.values()]}
    cursor.execute(_TOUCH, {**values, **named})
    cursor.execute(_TOUCH_ALL, {"days": list(days), "sources": list(sources)})


def fold(cursor: Executes, journey: Journey) -> None:
    """Write the contacts of the customers in `walked`, each with where its customer had been last."""
    cursor.execute(_CONTACTS)

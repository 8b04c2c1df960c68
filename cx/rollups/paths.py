"""Visits to the journey: a customer's interactions with no long pause between them, as steps from stage to stage.

Interactions that follow each other at one stage are one step. A visit belongs to the day, and to the product,
channel and so on, of its first interaction.
"""

from __future__ import annotations

from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS as DIMENSIONS
from cx.rollups.walk import Executes, columns

MOST_STEPS = 8
"""Steps of a visit that are kept one by one; `steps` counts all."""

STEPS = tuple(f"step_{n}" for n in range(1, MOST_STEPS + 1))

TABLES = ("r_visits", "r_visit_channels")
SCHEMA = f"""
create table if not exists r_visits (
  customer_no INTEGER, visit INTEGER, day DATE, last_day DATE, {columns()}, next_channel VARCHAR,
  channels SMALLINT, steps SMALLINT, {columns(STEPS, "TINYINT")}, contacts INTEGER, orders INTEGER
);
create table if not exists r_visit_channels (
  customer_no INTEGER, day DATE, {columns()}, used VARCHAR
);
"""
"""r_visits: visit is the place of its first interaction among all of the customer; step_n holds the position of a stage in the journey; next_channel is the first that is not the visit's own.
r_visit_channels: one row for each channel used in a visit."""

_NUMBERED = """
create or replace temp table numbered as
with after as (
  select *, lag(occurred_at) over along as before_at, lag(position) over along as before_position
  from walked where position is not null
  window along as (partition by customer_no order by place)
),
begun as (
  select *, coalesce(occurred_at > before_at + interval $pause day, true) as begins from after
)
select *, max(case when begins then place end)
  over (partition by customer_no order by place rows unbounded preceding) as visit
from begun"""

_VISITS = f"""
insert into r_visits
with placed as (
  select *,
    row_number() over in_visit as nth,
    sum(case when begins or position <> before_position then 1 else 0 end) over in_visit as step,
    first_value(channel) over in_visit as own_channel
  from numbered
  window in_visit as (partition by customer_no, visit order by place rows unbounded preceding)
),
turned as (
  select *, min(case when channel <> own_channel then nth end) over (partition by customer_no, visit) as turns_at
  from placed
)
select customer_no, visit, min(day), max(day),
  {", ".join(f"max(case when nth = 1 then {name} end)" for name in DIMENSIONS)},
  max(case when nth = turns_at then channel end),
  cast(count(distinct channel) as smallint),
  cast(max(step) as smallint),
  {", ".join(f"cast(max(case when step = {n} then position end) as tinyint)" for n in range(1, MOST_STEPS + 1))},
  cast(sum(case when kind in ('contact', 'complaint') then 1 else 0 end) as integer),
  cast(count(distinct case when kind = 'order' then order_id end) as integer)
from turned group by customer_no, visit order by min(day)"""

_CHANNELS = f"""
insert into r_visit_channels
select distinct v.customer_no, v.day, {", ".join(f"v.{name}" for name in DIMENSIONS)}, n.channel
from numbered n
join r_visits v on v.customer_no = n.customer_no and v.visit = n.visit
where n.channel is not null order by v.day"""


def fold(cursor: Executes, journey: Journey) -> None:
    """Write the visits of the customers in `walked`."""
    cursor.execute(_NUMBERED.replace("$pause", str(journey.pause_days)))
    cursor.execute(_VISITS)
    cursor.execute(_CHANNELS)
    cursor.execute("drop table numbered")

"""Customers who ordered: their first and second order, their months, the times that they stayed, what they met at first.

An order is a distinct order_id, however many lines it has; its day is that of its first line. All that is kept of a
customer carries the product, channel and so on of the first line of the first order, so that each customer stands in
one cohort alone and customers may be added over cohorts.
"""

from __future__ import annotations

from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS as DIMENSIONS
from cx.rollups.walk import Executes, columns

HABIT_DAYS = 90
"""Days before the first order from which on what the customer met is kept."""
LANDMARK_DAYS = 14
"""Days after the first order up to which it is kept. The customers who came back and those who did not are told apart
only after that day: were it kept longer, those who came back would have met more for having come back."""

TABLES = ("r_buyers", "r_returns", "r_spells", "r_habits")
SCHEMA = f"""
create table if not exists r_buyers (
  customer_no INTEGER, day DATE, {columns()}, second_day DATE, orders INTEGER, revenue DOUBLE
);
create table if not exists r_returns (
  customer_no INTEGER, cohort DATE, month SMALLINT, {columns()}, orders INTEGER, revenue DOUBLE, before DOUBLE
);
create table if not exists r_spells (
  customer_no INTEGER, from_day DATE, last_day DATE, until DATE, cancelled BOOLEAN, nth INTEGER, {columns()}
);
create table if not exists r_habits (
  customer_no INTEGER, day DATE, {columns()}, second_day DATE,
  touchpoint VARCHAR, met_channel VARCHAR, met_stage VARCHAR
);
"""
"""r_buyers, r_habits: day is that of the first order, second_day that of the second.
r_returns: one row for each calendar month with an order, counted from that of the first order; before is the revenue
of the months before it. r_spells: one row for each unbroken time as a customer, from its first order to its last;
until is the day on which the customer counts as lost, by then or by a cancellation."""

_FIRST = ", ".join(f"first_{name}" for name in DIMENSIONS)

# `cancels` counts the cancellations before an order, so it grows between two orders where one lies between them.
_ORDERED = f"""
create or replace temp table ordered as
with lines as (
  select customer_no, place, day, kind, {", ".join(DIMENSIONS)},
    row_number() over in_order as line,
    sum(amount) over (partition by customer_no, kind, order_id) as revenue,
    sum(case when kind = 'cancel' then 1 else 0 end) over so_far as cancels,
    min(case when kind = 'cancel' then day end) over from_here as next_cancel
  from walked where kind in ('order', 'cancel')
  window
    in_order as (partition by customer_no, kind, order_id order by place),
    so_far as (partition by customer_no order by place rows between unbounded preceding and current row),
    from_here as (partition by customer_no order by place rows between current row and unbounded following)
)
select customer_no, day, next_cancel, cancels, coalesce(revenue, 0) as revenue,
  row_number() over along as nth,
  lag(day) over along as day_before,
  lag(cancels) over along as cancels_before,
  lead(day) over along as day_after,
  first_value(day) over along as first_day,
  {", ".join(f"first_value({name}) over along as first_{name}" for name in DIMENSIONS)}
from lines where kind = 'order' and line = 1
window along as (partition by customer_no order by place)"""

_BUYERS = f"""
insert into r_buyers
select customer_no, first_day, {_FIRST},
  max(case when nth = 1 then day_after end),
  cast(count(*) as integer),
  cast(sum(revenue) as double)
from ordered group by customer_no, first_day, {_FIRST}"""

_RETURNS = f"""
insert into r_returns
with monthly as (
  select customer_no, cast(date_trunc('month', first_day) as date) as cohort,
    (extract(year from day) - extract(year from first_day)) * 12
      + extract(month from day) - extract(month from first_day) as month,
    {_FIRST}, count(*) as orders, sum(revenue) as revenue
  from ordered group by all
)
select customer_no, cohort, cast(month as smallint), {_FIRST}, cast(orders as integer), cast(revenue as double),
  cast(coalesce(sum(revenue) over (
    partition by customer_no order by month rows between unbounded preceding and 1 preceding
  ), 0) as double)
from monthly"""

_SPELLS = f"""
insert into r_spells
with numbered as (
  select *, sum(case when nth = 1 or day > cast(day_before + $lost as date) or cancels > cancels_before then 1 else 0 end)
    over (partition by customer_no order by nth rows between unbounded preceding and current row) as spell
  from ordered
),
spells as (
  select customer_no, spell, min(day) as from_day, max(day) as last_day, max(next_cancel) as cancel_day, {_FIRST}
  from numbered group by customer_no, spell, {_FIRST}
),
ends as (select *, cast(last_day + $lost as date) as lost_day from spells)
select customer_no, from_day, last_day,
  case when cancel_day < lost_day then cancel_day else lost_day end,
  coalesce(cancel_day < lost_day, false),
  cast(spell as integer), {_FIRST}
from ends"""

# Orders and cancellations are the return and the loss themselves, not what led to them.
_HABITS = f"""
insert into r_habits
select distinct o.customer_no, o.first_day, {", ".join(f"o.first_{name}" for name in DIMENSIONS)}, o.day_after,
  w.touchpoint, w.channel, w.stage
from ordered o
join walked w on w.customer_no = o.customer_no
  and w.day >= cast(o.first_day - interval {HABIT_DAYS} day as date)
  and w.day <= cast(o.first_day + interval {LANDMARK_DAYS} day as date)
where o.nth = 1 and w.kind not in ('order', 'cancel') and coalesce(w.touchpoint, w.channel, w.stage) is not null"""


def fold(cursor: Executes, journey: Journey) -> None:
    """Write the buyers among the customers in `walked`."""
    cursor.execute(_ORDERED)
    cursor.execute(_BUYERS)
    cursor.execute(_RETURNS)
    cursor.execute(_SPELLS.replace("$lost", f"interval {journey.lost_days} day"))
    cursor.execute(_HABITS)
    cursor.execute("drop table ordered")

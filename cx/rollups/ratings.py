"""The ratings that customers gave, each with what they did afterwards; and their orders by day.

A rating is a score of CSAT or NPS on any interaction; its day is that of the interaction. An order is a distinct
order_id, as for `buyers`: all of it counts on the day of its first line. `after` and `before` go by the moment, and reach
as many whole days on or back; a rated order itself lies before its rating.
"""

from __future__ import annotations

from cx.journey import Journey
from cx.model import DIMENSIONS
from cx.rollups.walk import Executes, columns

HORIZONS = (90, 180, 365)
"""Days after a rating for which revenue is counted."""
MEASURES = ("nps", "csat")
"""The scores that are ratings."""

_REVENUES = tuple(f"{side}_{days}" for days in HORIZONS for side in ("revenue", "before"))

TABLES = ("r_ratings", "r_orders", "r_first_met")
SCHEMA = f"""
create table if not exists r_ratings (
  customer_no INTEGER, place INTEGER, day DATE, measure VARCHAR, score INTEGER, {columns(DIMENSIONS)},
  would_forgive BOOLEAN, would_trust BOOLEAN,
  next_order DATE, next_complaint DATE, next_answer DATE, would_recommend BOOLEAN, kept_until DATE,
  {columns(_REVENUES, "DOUBLE")}
);
create table if not exists r_orders (
  customer_no INTEGER, day DATE, revenue DOUBLE
);
create table if not exists r_first_met (
  customer_no INTEGER, day DATE, touchpoint VARCHAR
);
"""
"""r_ratings: place puts a customer's ratings in order; next_...: the day of the next one, next_answer that of the next
answer to NPS, and would_recommend whether it was 9 or 10; kept_until: the day on which the customer counts as lost (see
r_spells), empty for those who were no customers at the rating; revenue_n and before_n: what was spent in the n days after
and before. r_first_met: the first touchpoint of each buyer before the first order, where one is named; day is
that of the order."""

_LATER = "(partition by customer_no order by place rows between 1 following and unbounded following)"


def _revenues(days: int) -> str:
    """Revenue within so many days of the rating, as differences of the revenue so far, which never falls.

    Rounded, so that the same amount after and before is the same whatever was spent earlier.
    """
    return f"""
  round(max(so_far) over (
    partition by customer_no order by day range between unbounded preceding and interval {days} day following
  ) - so_far, 4) as revenue_{days},
  round(so_far - coalesce(max(so_far) over (
    partition by customer_no order by day range between unbounded preceding and interval {days + 1} day preceding
  ), 0), 4) as before_{days}"""


_FOLLOWED = f"""
create or replace temp table followed as
with lines as (
  select *,
    row_number() over (partition by customer_no, kind, order_id order by place) as line,
    sum(amount) over (partition by customer_no, kind, order_id) as of_order
  from walked where kind in ('order', 'complaint') or csat is not null or nps is not null
),
orders as (
  select *, case when kind = 'order' and line = 1 then coalesce(of_order, 0) end as revenue from lines
),
running as (
  select *, sum(coalesce(revenue, 0)) over (
    partition by customer_no order by place rows between unbounded preceding and current row
  ) as so_far
  from orders
)
select *,
  min(case when revenue is not null then day end) over {_LATER} as next_order,
  min(case when kind = 'complaint' then day end) over {_LATER} as next_complaint,
  min(case when nps is not null then day end) over {_LATER} as next_answer,
  min(case when nps is not null then place end) over {_LATER} as answer_place,
  min(case when nps >= 9 then place end) over {_LATER} as promoter_place,
  {",".join(map(_revenues, HORIZONS))}
from running"""

_RATINGS = f"""
insert into r_ratings
select f.customer_no, f.place, f.day, '$measure', f.$measure, {", ".join(f"f.{name}" for name in DIMENSIONS)},
  f.would_forgive, f.would_trust, f.next_order, f.next_complaint, f.next_answer,
  case when f.answer_place is not null then coalesce(f.promoter_place = f.answer_place, false) end,
  s.until, {", ".join(f"f.{name}" for name in _REVENUES)}
from followed f
left join r_spells s on s.customer_no = f.customer_no and s.from_day <= f.day and f.day < s.until
where f.$measure is not null order by f.day"""

_ORDERS = """
insert into r_orders
select customer_no, day, cast(sum(revenue) as double) from followed
where revenue is not null group by customer_no, day order by day"""

_FIRST_MET = """
insert into r_first_met
with met as (
  select customer_no, place, touchpoint,
    min(case when kind = 'order' then place end) over (partition by customer_no) as ordered_at,
    min(case when kind = 'order' then day end) over (partition by customer_no) as day,
    min(case when touchpoint is not null then place end) over (partition by customer_no) as met_at
  from walked
)
select customer_no, day, touchpoint from met where place = met_at and place < ordered_at"""


def fold(cursor: Executes, journey: Journey) -> None:
    """Write the ratings and orders of the customers in `walked`; after `buyers`, whose spells it reads."""
    cursor.execute(_FOLLOWED)
    for measure in MEASURES:
        cursor.execute(_RATINGS.replace("$measure", measure))
    cursor.execute(_ORDERS)
    cursor.execute(_FIRST_MET)
    cursor.execute("drop table followed")

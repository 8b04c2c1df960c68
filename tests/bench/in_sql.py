"""The questions in SQL, for DuckDB and for ClickHouse, over a relation `rows` with the latest state of each row.

Where both understand the same words they get the same; what each has of its own that is faster, it gets: ClickHouse
windowFunnel, DuckDB the as-of joins and lists of `tests.bench.peers`. Of several forms the fastest counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from cx.journey import DEFAULT
from tests.bench import peers
from tests.bench.spans import DAYS_90, EVER, PHASES, QUARTER, RATED, SOLD, WEEKS, YEAR, Span

SILENT = "(kind = 'survey' and csat is null and nps is null and ces is null)"
STAGE = peers.STAGE
REQUIRED = [DEFAULT.ids[place] for place in DEFAULT.required]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What two engines say differently. `quantiles`: two exact quantiles of a column as a list, by rank ceil(n q)."""

    quantiles: str
    lag: str
    arg_min: str


DUCKDB = Dialect(
    "quantile_disc({}, [0.5, 0.9])", "lag({}) over (partition by customer_id order by occurred_at)", "arg_min"
)
# ClickHouse takes the rank floor(n q) + 1; a level that is a hair lower gives ceil(n q).
CLICKHOUSE = Dialect(
    "quantilesExact(0.499999999, 0.899999999)({})",
    "any({}) over (partition by customer_id order by occurred_at rows between 1 preceding and 1 preceding)",
    "argMin",
)


def weekly(dialect: Dialect) -> str:
    """All that the weekly health is made of, by week."""
    return f"""
select cast(date_trunc('week', occurred_at) as date) as week,
  {_n("nps >= 9", "nps_promoters")}, {_n("nps <= 6", "nps_detractors")}, count(nps) as nps_answers,
  {_n("csat >= 4", "csat_satisfied")}, count(csat) as csat_answers, sum(ces) as ces_sum, count(ces) as ces_answers,
  {_n("asked or csat is not null or nps is not null or ces is not null", "asked")},
  {_n("csat is not null or nps is not null or ces is not null", "answered")},
  {_n("kind in ('contact', 'complaint') and resolved_first_contact", "fcr_solved")},
  {_n("kind in ('contact', 'complaint') and resolved_first_contact is not null", "fcr_contacts")},
  {_n("kind in ('contact', 'complaint')", "contacts")}, {_n("kind = 'complaint'", "complaints")},
  {_n("goal is not null and goal_reached is not null", "goals")}, {_n("goal is not null and goal_reached", "goals_reached")},
  {_n("goal = 'find' and goal_reached is not null", "finds")}, {_n("goal = 'find' and goal_reached", "finds_reached")},
  {_n("sentiment = 'positive'", "texts_positive")}, {_n("sentiment = 'negative'", "texts_negative")},
  count(sentiment) as texts_scored,
  sum(units) filter (where kind = 'order') as units, sum(amount) filter (where kind = 'order') as revenue,
  count(distinct order_id) filter (where kind = 'order') as orders,
  {dialect.quantiles.format("resolution_seconds")} as times
from rows where brand = 'ours' and {_within(WEEKS)} group by week"""


def complaints() -> str:
    """Complaints by day, product and reason, and units sold by day and product."""
    return f"""
select cast(occurred_at as date) as day, product, coalesce(reason, '') as reason,
  {_n("kind = 'complaint'", "complaints")}, sum(units) filter (where kind = 'order') as units
from rows where kind in ('complaint', 'order') and {_within(EVER)} group by all"""


def window_funnel() -> str:
    """Customers who reached each stage that every customer passes, in ClickHouse's own words.

    Openings of the days that have had their window, and everything else to the end of the last one's window.
    """
    first, after, end = peers.funnel_bounds(DAYS_90)
    opens = f"at_stage = '{REQUIRED[0]}'"
    stages = ", ".join(f"at_stage = '{stage}'" for stage in REQUIRED)
    counts = ", ".join(f"countIf(level >= {n + 1})" for n in range(len(REQUIRED)))
    return f"""
select {counts} from (
  select windowFunnel({DEFAULT.window_days * 86_400_000_000})(at, {stages}) as level
  from (
    select cityHash64(customer_id) as customer, toUInt64(toUnixTimestamp64Micro(assumeNotNull(occurred_at))) as at, {STAGE} as at_stage
    from rows where occurred_at >= {_moment(first)} and occurred_at < {_moment(end)} and customer_id is not null and brand = 'ours'
      and not {SILENT} and ({STAGE} <> '{REQUIRED[0]}' or occurred_at < {_moment(after)})
  ) group by customer having countIf({opens}) > 0
)"""


def touchpoints() -> str:
    """What happens at each touchpoint and how it feels."""
    return f"""
select {STAGE} as at_stage, coalesce(touchpoint, '') as place, coalesce(channel, '') as way,
  {_n(f"not {SILENT}", "interactions")},
  {_n("csat >= 4", "satisfied")}, count(csat) as csat_n, sum(ces) as ces_sum, count(ces) as ces_n,
  {_n("sentiment = 'positive'", "positive")}, {_n("sentiment = 'negative'", "negative")}, count(sentiment) as sentiment_n
from rows where brand = 'ours' and {_within(QUARTER)} group by all"""


def presence(dialect: Dialect) -> str:
    """Distinct customers by channel, in the visits that began in these days.

    A visit begins where there was nothing in the days of a pause before: so much more is looked at.
    """
    before, pause = _moment(QUARTER.since, -DEFAULT.pause_days), f"interval {DEFAULT.pause_days} day"
    return f"""
with events as (
  select customer_id, occurred_at, channel, {dialect.lag.format("occurred_at")} as last_at
  from rows
  where brand = 'ours' and customer_id is not null and not {SILENT} and occurred_at >= {before}
),
begun as (
  select customer_id, channel, max(case when last_at is null or occurred_at > last_at + {pause} then occurred_at end)
    over (partition by customer_id order by occurred_at) as began
  from events
)
select channel, count(distinct customer_id) as customers
from begun where began >= {_moment(QUARTER.since)} and began < {_moment(QUARTER.until)} and channel is not null
group by channel"""


def cohorts() -> str:
    """Customers who ordered and revenue, by the month of the first order and the months since."""
    return """
with orders as (
  select customer_id, date_trunc('month', occurred_at) as month, sum(amount) as revenue
  from rows where kind = 'order' and customer_id is not null group by all
),
born as (select customer_id, min(month) as cohort from orders group by customer_id)
select cast(cohort as date) as cohort, date_diff('month', cohort, month) as month, count(*) as active, sum(revenue) as revenue
from orders join born using (customer_id) group by all"""


def campaign() -> str:
    """A campaign's products before, during and after it."""
    named = ", ".join(f"'{product}'" for product in SOLD)
    phases = " ".join(
        f"when occurred_at < {_moment(span.until)} then '{name}'" for name, span in PHASES.items()
    )
    whole = Span(PHASES["before"].first, PHASES["after"].last)
    return f"""
select case {phases} end as phase,
  sum(units) filter (where kind = 'order') as units, sum(amount) filter (where kind = 'order') as revenue,
  count(distinct order_id) filter (where kind = 'order') as orders, {_n("kind = 'complaint'", "complaints")},
  {_n("kind in ('contact', 'complaint')", "contacts")}, {_n("csat >= 4", "satisfied")}, count(csat) as csat_answers,
  {_n("nps >= 9", "promoters")}, {_n("nps <= 6", "detractors")}, count(nps) as nps_answers
from rows where brand = 'ours' and product in ({named}) and {_within(whole)} group by phase"""


def voices() -> str:
    """Opinions of us and of others, in the sources that tell of both."""
    opinion = "(kind = 'review' or sentiment is not null or csat is not null or nps is not null)"
    return f"""
with told as (
  select source, brand, count(*) as n, {_n("sentiment = 'positive'", "positive")},
    {_n("sentiment = 'negative'", "negative")}, count(sentiment) as scored
  from rows where {opinion} and {_within(YEAR)} group by source, brand
)
select * from told where source in (select source from told group by source having count(*) > 1)"""


def loyalty(dialect: Dialect) -> str:
    """Customers by the group of their first NPS rating, and those who ordered again within ninety days."""
    return f"""
with rated as (
  select customer_id, min(occurred_at) as rated_at, {dialect.arg_min}(nps, occurred_at) as score
  from rows where nps is not null and customer_id is not null and {_within(RATED)} group by customer_id
),
orders as (
  select customer_id, occurred_at as ordered_at
  from rows where kind = 'order' and customer_id is not null and occurred_at >= {_moment(RATED.since)}
),
followed as (
  select r.score as score, r.rated_at as rated_at, o.ordered_at as ordered_at
  from rated r asof left join orders o on o.customer_id = r.customer_id and o.ordered_at > r.rated_at
)
select case when score >= 9 then 'promoters' when score >= 7 then 'passives' else 'detractors' end as "group",
  count(*) as customers,
  {_n("ordered_at > rated_at and date_diff('day', cast(rated_at as date), cast(ordered_at as date)) <= 90", "bought_again")}
from followed group by all"""


def _n(condition: str, name: str) -> str:
    return f"count(*) filter (where {condition}) as {name}"


def _within(span: Span) -> str:
    return f"occurred_at >= {_moment(span.since)} and occurred_at < {_moment(span.until)}"


def _moment(at: object, days: int = 0) -> str:
    moved = f" + interval {days} day" if days > 0 else f" - interval {-days} day" if days else ""
    return f"(timestamp '{at}'{moved})" if moved else f"timestamp '{at}'"

"""How much there is: the company's own interactions by day and source, in all and by the values of each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cx.model import DIMENSIONS, OURS
from cx.rollups.daily import OF_DAYS, count, of_days
from cx.rollups.walk import Executes

ALL = ""
"""The dimension of the rows that count everything."""

TABLES = ("r_volume",)
SCHEMA = """
create table if not exists r_volume (
  day DATE, source VARCHAR, dimension VARCHAR, value VARCHAR, interactions BIGINT, signups BIGINT, last_at TIMESTAMP
);
"""
"""dimension: one of DIMENSIONS, or ALL. value: what the interactions have there, empty where they have nothing. last_at:
the latest of them."""


def _volume(dimension: str) -> str:
    value = dimension or "cast(null as varchar)"
    return f"""
insert into r_volume
select cast(occurred_at as date) as day, source, '{dimension}' as dimension, {value} as value,
  cast(count(*) as bigint), {count("kind = 'signup'")}, max(occurred_at)
from interactions where brand = '{OURS}' and {OF_DAYS}
group by cast(occurred_at as date), source{f", {dimension}" if dimension else ""}"""


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> None:
    """Count these sources anew for these days."""
    values = of_days(cursor, TABLES, days, sources)
    for dimension in (ALL, *DIMENSIONS):
        cursor.execute(_volume(dimension), values)

"""Opinions by day, of the company itself and of other brands: the one rollup that counts rows of others.

Only rows that say what somebody thinks are counted (a scored text, a rating, a review), for every brand alike, so
that shares of what is said compare. The question leaves out the sources that tell of one brand only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cx.model import OURS
from cx.rollups.daily import OF_DAYS, of_days, typed
from cx.rollups.daily import PARTS as DAILY
from cx.rollups.walk import Executes, columns

_SAME_AS_BY_DAY = (
    "nps_promoters", "nps_detractors", "nps_answers", "csat_satisfied", "csat_answers", "texts_scored",
    "texts_positive", "texts_negative",
)  # fmt: skip

PARTS: dict[str, str] = {
    "said": "cast(count(*) as bigint)",
    **{name: DAILY[name] for name in _SAME_AS_BY_DAY},
}
"""The additive parts of r_brands; said: the opinions themselves."""

_KEYS = ("source", "brand", "channel", "reason")
_OPINION = "(kind = 'review' or sentiment is not null or csat is not null or nps is not null)"

TABLES = ("r_brands",)
SCHEMA = f"""
create table if not exists r_brands (
  day DATE, {columns(_KEYS)}, {typed(PARTS)}
);
"""

_BRANDS = f"""
insert into r_brands
select cast(occurred_at as date) as day, source, coalesce(brand, '{OURS}') as brand, channel, reason,
  {", ".join(PARTS.values())}
from interactions where {OF_DAYS} and {_OPINION}
group by all order by day"""


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> None:
    """Recompute the opinions of these sources for these days."""
    if days:
        cursor.execute(_BRANDS, of_days(cursor, TABLES, days, sources))

"""What stays of days whose interactions have left: rows of the rollups that begin before meta.kept_from.

Folding a customer anew sees only what they did since. So what began before is neither deleted nor counted again: a customer
who first ordered then does not become a new one.
"""

from __future__ import annotations

from datetime import date

from cx.rollups.walk import Executes

BEGINS = {"r_returns": "cohort", "r_spells": "from_day"}
"""By which column a row belongs to a day, where it is not `day`."""

ONCE = ("r_buyers", "r_returns", "r_habits", "r_first_met")
"""Tables that tell of a customer's first order: whoever is in the part that stays is not put into them again."""

_RELAPSED = """
update r_spells set last_day = fresh.last_day, until = fresh.until, cancelled = fresh.cancelled
from (
  select f.customer_no, f.from_day, max(f.last_day) as last_day, max(f.until) as until, max_by(f.cancelled, f.until) as cancelled
  from r_spells f semi join touched using (customer_no) where f.from_day >= $kept_from and f.nth = 1 group by all
) fresh
where r_spells.customer_no = fresh.customer_no and r_spells.from_day < $kept_from and r_spells.until >= fresh.from_day"""

_SAME_SPELL = """
delete from r_spells where from_day >= $kept_from and nth = 1 and customer_no in (
  select old.customer_no from r_spells old semi join touched using (customer_no)
  where old.from_day < $kept_from and old.until >= r_spells.from_day
)"""


_PLACES_A_MONTH = 100_000
"""More interactions than a customer has in a month."""


def kept_from(cursor: Executes) -> date:
    """The first day of which interactions are kept."""
    told = cursor.execute("select kept_from from meta").fetchall()[0][0]
    return told or date.min


def places(cursor: Executes) -> int:
    """How many places in each customer's order are left to interactions that are gone: more for each month that is."""
    since = kept_from(cursor)
    return 0 if since == date.min else (12 * (since.year - 1970) + since.month) * _PLACES_A_MONTH


def begins(table: str) -> str:
    """The column by which a row of this rollup belongs to a day."""
    return BEGINS.get(table, "day")


def thaw(cursor: Executes, table: str, customers: str = "") -> None:
    """Delete what is to be counted anew: of these customers (SQL), or of all."""
    theirs = f" and customer_no in ({customers})" if customers else ""
    cursor.execute(
        f"delete from {table} where {begins(table)} >= $kept_from{theirs}", {"kept_from": kept_from(cursor)}
    )


def not_twice(cursor: Executes) -> None:
    """After the customers in `touched` were folded: take out what tells once more of what stayed."""
    since = kept_from(cursor)
    if since == date.min:
        return
    for statement in (_RELAPSED, _SAME_SPELL):
        cursor.execute(statement, {"kept_from": since})
    for table in ONCE:
        column = begins(table)
        cursor.execute(
            f"""
delete from {table} where {column} >= $kept_from and customer_no in (
  select old.customer_no from {table} old semi join touched using (customer_no) where old.{column} < $kept_from
)""",
            {"kept_from": since},
        )

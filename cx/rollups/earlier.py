"""Rollups of an earlier shape: what stays of them for good is taken over, everything else is counted anew.

Only rows of days whose interactions have left stay (see `frozen`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cx.model import DIMENSIONS
from cx.rollups import frozen
from cx.rollups.slices import SLICES
from cx.rollups.volume import ALL
from cx.rollups.walk import NEVER, Executes

SPLIT = {
    "r_felt": "r_touch",
    "r_raised": "r_touch",
    "r_aimed": "r_touch",
    "r_raised_all": "r_touch_all",
    "r_aimed_all": "r_touch_all",
    **{one.name: one.of for one in SLICES},
}
"""Tables that were part of another, by that other."""

_STEPS = " + ".join(f"coalesce((step_{n} + 1)::bigint << {4 * (n - 1)}, 0)" for n in range(1, 9))
_GAPS = " + ".join(f"case when gap_{n} is not null then {1 << n} else 0 end" for n in range(1, 12))

TOLD = {
    "r_visits": {
        "way": ("step_1", _STEPS),
        "used": ("channels", """(
  select coalesce(string_agg(distinct c.used, chr(31) order by c.used), '') from was_r_visit_channels c
  where c.customer_no = was_r_visits.customer_no and c.day = was_r_visits.day
)"""),
    },
    "r_attempts": {
        "second": ("opened_at", "cast(date_diff('second', cast(day as timestamp), opened_at) as integer)"),
        "micro": ("opened_at", "cast(epoch_us(opened_at) % 1000000 as integer)"),
        "reached": ("opened_at", f"1 + {_GAPS}"),
        "before": ("prev_0", f"coalesce(prev_0, {NEVER})"),
    },
}  # fmt: skip
"""Columns of today that are told by others of before: which one must have been there, and how."""


def carry_over(cursor: Executes, tables: Sequence[str], today: Sequence[str]) -> None:
    """Bring what stays for good from these tables, renamed to `was_...`, into those of today."""
    for table in today:
        origin = SPLIT.get(table, table) if table not in tables else table
        if origin in tables:
            _carry(cursor, table, f"was_{origin}")
    if "r_day" in tables and "signups" in _columns(cursor, "was_r_day"):
        for dimension in (ALL, *DIMENSIONS):
            cursor.execute(_volume(dimension), {"kept_from": frozen.kept_from(cursor)})
    for table in tables:
        cursor.execute(f"drop table was_{table}")


def _volume(dimension: str) -> str:
    """The volume of the days that stay, which sums by day once told along."""
    return f"""
insert into r_volume
select day, source, '{dimension}', {dimension or "cast(null as varchar)"}, interactions, signups, last_at
from was_r_day where day < $kept_from"""


def _carry(cursor: Executes, table: str, origin: str) -> None:
    now, then = ([*_columns(cursor, name)] for name in (table, origin))
    told = {name: name for name in now if name in then}
    for name, (needs, sql) in TOLD.get(table, {}).items():
        if name not in then and needs in then:
            told[name] = sql
    day = frozen.begins(table)
    if day in told:
        cursor.execute(
            f"insert into {table} ({', '.join(told)}) select {', '.join(told.values())} from {origin} where {day} < $kept_from",
            {"kept_from": frozen.kept_from(cursor)},
        )


def _columns(cursor: Executes, table: str) -> list[str]:
    found = cursor.execute(
        "select column_name from duckdb_columns() where table_name = $table order by column_index",
        {"table": table},
    )
    return [name for (name,) in found.fetchall()]

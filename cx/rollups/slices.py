"""Shorter rollups beside those by day: the same sums over all dimensions but one, or over all of them.

With many dimensions a sum by day is hardly shorter than the interactions. Most questions ask for one dimension at most,
and read these instead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from cx.model import DIMENSIONS
from cx.rollups import daily
from cx.rollups.walk import Executes

_COUNT = {"n": "cast(count(*) as bigint)"}


@dataclass(frozen=True, slots=True)
class Slice:
    """A rollup of another one: by day, source and `keys` (each with its type), the sums of `parts`."""

    name: str
    of: str
    dimensions: tuple[str, ...]
    keys: dict[str, str]
    parts: dict[str, str]

    @property
    def schema(self) -> str:
        """The definition of its table."""
        keys = "".join(f", {name} {type_}" for name, type_ in self.keys.items())
        return f"create table if not exists {self.name} (day DATE, source VARCHAR{keys}, {daily.typed(self.parts)});\n"

    @property
    def sql(self) -> str:
        """The statement that fills it for the days and sources that it binds."""
        keys = ", ".join(("day", "source", *self.keys))
        sums = ", ".join(daily.summed(name, sql) for name, sql in self.parts.items())
        return f"""
insert into {self.name}
select {keys}, {sums}
from {self.of} where day >= $first and day < $after_last and {daily.REFRESHED}
group by {keys}"""


def _of_day(dimensions: tuple[str, ...]) -> Slice:
    name = f"r_day_{dimensions[0] if dimensions else 'all'}"
    return Slice(name, "r_day", dimensions, dict.fromkeys(dimensions, "VARCHAR"), daily.PARTS)


SLICES = (
    _of_day(()),
    *(_of_day((name,)) for name in DIMENSIONS),
    Slice("r_hist_all", "r_hist", (), {"measure": "VARCHAR", "bin": "INTEGER"}, _COUNT),
    Slice("r_complaints_all", "r_complaints", (), {"reason": "VARCHAR"}, _COUNT),
    Slice(
        "r_complaints_product",
        "r_complaints",
        ("product",),
        {"product": "VARCHAR", "reason": "VARCHAR"},
        _COUNT,
    ),
)
TABLES = tuple(one.name for one in SLICES)
SCHEMA = "".join(one.schema for one in SLICES)


def shortest(table: str, dimensions: Collection[str]) -> str:
    """The shortest rollup that has the sums of this one by these dimensions, and others by none."""
    fitting = [one for one in SLICES if one.of == table and {*dimensions} <= {*one.dimensions}]
    return min(fitting, key=lambda one: len(one.dimensions)).name if fitting else table


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str]) -> None:
    """Recompute them of these sources for these days, after `daily`."""
    values = daily.of_days(cursor, TABLES, days, sources)
    for one in SLICES:
        cursor.execute(one.sql, values)

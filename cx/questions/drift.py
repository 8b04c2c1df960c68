"""What is new in the values of the newest export: beside the same sources' rows of other exports in the half year before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any, Literal

import pandas as pd

from cx.query import Query
from cx.store import Store

VALUED = ("kind", "channel", "product", "reason")
"""Columns whose values are looked at one by one."""

FILLED = (
    "customer_id", "product", "channel", "segment", "region", "reason", "order_id", "amount", "csat", "nps", "ces",
    "sentiment", "first_response_seconds", "resolution_seconds", "resolved_first_contact", "handled_by", "text",
)  # fmt: skip
"""Columns of which it is looked at how often they are empty."""

BEFORE = timedelta(weeks=26)
ENOUGH, FAR, POINTS, EMPTIER = 50, 5.0, 5.0, 20.0
"""Rows on both sides; standard errors; points of a value's share; points of a column's empty share."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that drifted: a value never seen `new`, a value's `share`, or an `empty` column (of rows of one kind, in
    `value`). Shares in percent of the `rows` looked at; those before are NaN where the value is new."""

    what: Literal["new", "share", "empty"]
    source: str
    column: str
    value: str
    rows: int
    now: float
    before: float


@dataclass(frozen=True, slots=True)
class Drift:
    """The newest export that kept rows, and what drifted in it; `compared` is False where nothing stands before it."""

    file: str
    compared: bool
    found: tuple[Found, ...]


_NEWEST = """
select file_id, name from files
where reason is null and undone_at is null and rows_kept > 0 and format <> 'benchmarks' order by file_id desc limit 1"""

_SPAN = """
select list(distinct source) as sources, min(occurred_at) as first, max(occurred_at) as last
from interactions where file_id = $file_id"""

_BESIDE = "occurred_at between $since and $last and source in (select unnest($sources))"

_VALUES = f"""
select source, {", ".join(VALUED)}, {", ".join(f"grouping({name}) as g_{name}" for name in VALUED)},
  count(*) filter (file_id = $file_id) as now, count(*) filter (file_id <> $file_id) as before
from interactions where {_BESIDE}
group by grouping sets ({", ".join(f"(source, {name})" for name in VALUED)})"""

_FILLED = ", ".join(f"count({'customer_no' if name == 'customer_id' else name}) as {name}" for name in FILLED)

_EMPTY = f"""
select source, kind, file_id = $file_id as here, count(*) as n, {_FILLED}
from interactions where {_BESIDE} group by all"""


def drift(store: Store) -> Drift | None:
    """What drifted in the newest export; None where none kept a row."""
    newest = store.run(Query("newest export", _NEWEST))
    if newest.empty:
        return None
    file_id = int(newest["file_id"].iloc[0])
    span = store.run(Query("its span", _SPAN, {"file_id": file_id})).iloc[0]
    if pd.isna(span["first"]):
        return Drift(str(newest["name"].iloc[0]), False, ())
    beside = _values(file_id, span)
    values = store.run(Query("values of the newest export", _VALUES, beside))
    empty = store.run(Query("empty columns of the newest export", _EMPTY, beside))
    found = [*_new_or_moved(values), *_emptier(empty)]
    return Drift(str(newest["name"].iloc[0]), bool(values["before"].sum()), tuple(found))


def _values(file_id: int, span: pd.Series) -> dict[str, object]:
    first: datetime = span["first"].to_pydatetime()
    return {"file_id": file_id, "sources": [*span["sources"]], "since": first - BEFORE, "last": span["last"].to_pydatetime()}  # fmt: skip


def _new_or_moved(values: pd.DataFrame) -> list[Found]:
    found = []
    for column in VALUED:
        own = values[(values[f"g_{column}"] == 0) & values[column].notna()]
        for source, told in own.groupby("source"):
            now, before = int(told["now"].sum()), int(told["before"].sum())
            if before >= ENOUGH:
                found += [
                    one
                    for row in told.itertuples()
                    if (one := _judged(str(source), column, row, now, before))
                ]
    return sorted(found, key=lambda one: (one.what, -one.now))


def _judged(source: str, column: str, row: Any, now: int, before: int) -> Found | None:
    value = str(getattr(row, column))
    if row.now and not row.before:
        return Found("new", source, column, value, int(row.now), 100 * row.now / now, float("nan"))
    if now >= ENOUGH and _apart(row.now, now, row.before, before, POINTS):
        return Found("share", source, column, value, now, 100 * row.now / now, 100 * row.before / before)
    return None


def _emptier(empty: pd.DataFrame) -> list[Found]:
    found = []
    for (source, kind), told in empty.groupby(["source", "kind"]):
        sides = {bool(row.here): row for row in told.itertuples()}
        if len(sides) < 2 or min(sides[True].n, sides[False].n) < ENOUGH:
            continue
        here, there = sides[True], sides[False]
        for column in FILLED:
            now, before = here.n - getattr(here, column), there.n - getattr(there, column)
            if now / here.n > before / there.n and _apart(now, here.n, before, there.n, EMPTIER):
                found.append(Found("empty", str(source), column, str(kind), int(here.n), 100 * now / here.n, 100 * before / there.n))  # fmt: skip
    return found


def _apart(k: int, n: int, other_k: int, other_n: int, points: float) -> bool:
    """Whether two shares lie further apart than chance, and far enough to matter."""
    pooled = (k + other_k) / (n + other_n)
    error = sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / n + 1 / other_n))
    apart = abs(k / n - other_k / other_n)
    return apart > FAR * error and 100 * apart >= points

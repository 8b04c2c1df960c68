"""The demo's rows as exports: what each system would have known at the end of each period, as Parquet.

A ticket that was open when an export was made stands in it unsolved, and again, solved and rated, in the next.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cx.demo.rows import MOMENTS, moments, numbered
from cx.demo.story import WARM_UP_DAYS, Calendar
from cx.model import COLUMNS

EXPORTS = {"shop": 4, "web": 4, "support": 6, "surveys": 4, "reviews": 2}
"""How many exports each source makes in the two years."""

_LATE: dict[str, dict[str, tuple[str, ...]]] = {
    "support": {
        "replied": ("first_response_seconds",),
        "solved": ("resolution_seconds", "resolved_first_contact", "asked"),
        "rated": ("csat", "ces"),
    },
    "surveys": {"rated": ("csat", "nps", "ces", "expectation", "text", "sentiment")},
}
"""Which columns of a source are filled only once a moment has come."""

_ARROW = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
          "TIMESTAMP": pa.timestamp("us")}  # fmt: skip
_PANDAS = {"INTEGER": "Int32", "BOOLEAN": "boolean", "DOUBLE": "float64"}


def dated(rows: pd.DataFrame, source: str, calendar: Calendar) -> pd.DataFrame:
    """The rows of a source from the first day on, in order of time, each with its id."""
    rows = rows[(rows["at"] >= WARM_UP_DAYS)].sort_values("at", kind="stable", ignore_index=True)
    ids = numbered(source[:2] + "-", np.arange(len(rows)))
    return rows.assign(source=source, interaction_id=ids, occurred_at=moments(rows["at"], calendar))


def write(rows: pd.DataFrame, source: str, calendar: Calendar, folder: Path) -> list[Path]:
    """Write a source's exports into the folder. Returns their paths, oldest first."""
    paths = []
    cuts = _cuts(EXPORTS[source], calendar)
    for since, until in zip([0.0, *cuts], cuts, strict=False):
        last_day = calendar.zero + timedelta(days=int(until - 1e-6))
        path = folder / f"{source}-{last_day:%Y-%m-%d}.parquet"
        pq.write_table(as_table(_news(rows, source, since, until, calendar)), path, compression="zstd")
        paths.append(path)
    return paths


def as_table(rows: pd.DataFrame) -> pa.Table:
    """Canonical columns with the model's types; a column that no row fills is left out."""
    chosen = [
        column for column in COLUMNS.values() if column.name in rows and rows[column.name].notna().any()
    ]
    typed = {
        c.name: rows[c.name].astype(_PANDAS[c.type]) if c.type in _PANDAS else rows[c.name] for c in chosen
    }
    schema = pa.schema([(column.name, _ARROW[column.type]) for column in chosen])
    return pa.Table.from_pandas(
        pd.DataFrame(typed), schema=schema, preserve_index=False
    ).replace_schema_metadata()


def as_known(rows: pd.DataFrame, source: str, until: float, calendar: Calendar) -> pd.DataFrame:
    """The rows as the source knew them at this moment (days since zero), with when it last changed them."""
    seen = rows.copy()
    changed = rows["at"].to_numpy(dtype=float)
    for moment, columns in _LATE.get(source, {}).items():
        when = rows[moment].to_numpy(dtype=float)
        come = when <= until
        changed = np.where(come, np.maximum(changed, when), changed)
        for column in columns:
            seen[column] = seen[column].where(come)
    return seen.assign(updated_at=moments(pd.Series(changed), calendar))


def _news(rows: pd.DataFrame, source: str, since: float, until: float, calendar: Calendar) -> pd.DataFrame:
    """The rows that came or changed after one export and not after the next."""
    stamps = rows[[name for name in MOMENTS if name in rows]].to_numpy(dtype=float)
    changed = ((stamps > since) & (stamps <= until)).any(axis=1)
    return as_known(rows[changed & (stamps[:, 0] <= until)].reset_index(drop=True), source, until, calendar)


def _cuts(count: int, calendar: Calendar) -> list[float]:
    """The moments at which exports were made, in days since zero: midnights, and at last `through` itself."""
    midnights = np.linspace(WARM_UP_DAYS, calendar.end, count + 1)[1:-1].astype(int)
    return [*midnights.astype(float).tolist(), calendar.end]

"""Rows for tests: given these interactions, what does the product say?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from cx import ingest
from cx.folders import Folders
from cx.model import COLUMNS
from cx.store import Store

MONDAY = datetime(2026, 3, 2)
NOW = datetime(2026, 3, 11, 12)
_numbers = count(1)
_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "Int64",
    "DOUBLE": "Float64",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "datetime64[us]",
}


SHORT_STAGES = """
[[stage]]
id = "see"
[[stage]]
id = "try"
[[stage]]
id = "ask"
optional = true
kinds = ["contact"]
[[stage]]
id = "buy"
kinds = ["order"]
"""
"""The stages of a short journey, as journey.toml says them."""


def row(kind: str = "contact", days: float = 0.5, **columns: Any) -> dict[str, Any]:
    """One interaction, so many days after MONDAY, with whatever its kind must fill filled in."""
    filled: dict[str, Any] = {"source": "test", "interaction_id": f"id-{next(_numbers)}", "kind": kind}
    needed = {
        "order": {"order_id": filled["interaction_id"], "product": "Lamp", "units": 1, "amount": 10.0},
        "contact": {"channel": "phone"},
        "complaint": {"channel": "phone", "reason": "broken"},
        "visit": {"stage": "discover"},
        "survey": {"asked": True},
    }
    return {**filled, "occurred_at": MONDAY + timedelta(days=days), **needed.get(kind, {}), **columns}


HIDDEN = ["customer_id", "segment", "asked", "csat", "nps", "ces", "sentiment", "expectation", "would_forgive",
          "would_trust", "text"]  # fmt: skip
"""What is not kept of a row without consent."""


def as_kept(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of an export, without what is not kept of those without consent."""
    refused = table["consent"].eq(False).fillna(False).astype(bool)
    shown = [name for name in HIDDEN if name in table]
    return table.assign(**{name: table[name].mask(refused) for name in shown})


def frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows as a frame with the canonical types."""
    table = pd.DataFrame([dict(given) for given in rows])
    return table.astype({name: _TYPES[COLUMNS[name].type] for name in table.columns})


def land(
    store: Store, folders: Folders, rows: Iterable[Mapping[str, Any]], now: datetime = NOW
) -> ingest.Report:
    """Take the rows in the way a user's export comes in: as a Parquet file."""
    path = Path(folders.root) / f"given-{next(_numbers)}.parquet"
    frame(rows).to_parquet(path)
    return ingest.take_in(store, folders, path, now=now)

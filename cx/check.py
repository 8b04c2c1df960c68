"""What a scheduler asks: which complaint surges are there now? As rows of plain values, for text and JSON alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from cx import reference
from cx.folders import Folders
from cx.questions import surging
from cx.questions.freshness import freshness
from cx.store import Store


def surges(store: Store, folders: Folders, now: datetime) -> list[dict[str, Any]]:
    """The surges that are not over, what to do first on top: product ('' for all), reason, since, state, observed,
    expected, lo, hi, evidence, campaigns (ids that fit) and through (the last complete day)."""
    fresh = freshness(store, now)
    if fresh.empty:
        return []
    told = surging.watch(store, fresh.last_day)
    fits = surging.fitting(told, reference.tables(folders.reference).campaigns)
    return [
        _row(row, fit) | {"through": told.through.isoformat()}
        for row, fit in zip(told.found.itertuples(), fits, strict=True)
        if row.state != "over"
    ]


def _row(row: Any, fit: list[str]) -> dict[str, Any]:
    return {
        "product": row.product, "reason": row.reason, "since": pd.Timestamp(row.onset).date().isoformat(),
        "state": row.state, "observed": int(row.observed), "expected": round(float(row.expected), 1),
        "lo": int(row.lo), "hi": int(row.hi), "evidence": round(float(row.evidence), 1), "campaigns": fit,
    }  # fmt: skip

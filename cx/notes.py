"""What people did about a surge: noted once, seen by everyone, never taken back. The latest of each action counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from cx.errors import UnknownName
from cx.query import Query
from cx.store import Store

ACTIONS = ("acknowledge", "owner", "note", "mute", "cause")
"""acknowledge: somebody has seen it. owner: who is on it. note: a remark. mute: until a day (empty: no longer).
cause: what is known to be behind it."""

LONGEST = 2000
"""Characters of a note that are kept."""


@dataclass(frozen=True, slots=True)
class Surge:
    """Which surge: its product ('' for a whole reason), its reason, and the day on which it began."""

    product: str
    reason: str
    onset: date


def note(store: Store, surge: Surge, action: str, value: str, who: str, moment: datetime) -> None:
    """Write down what somebody did about a surge. Raises UnknownName for another action than ACTIONS."""
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS)
    with store.transaction() as cursor:
        cursor.execute(
            "insert into surge_log values ($moment, $who, $product, $reason, $onset, $action, $value)",
            {"moment": moment, "who": who.strip()[:80], "product": surge.product, "reason": surge.reason,
             "onset": surge.onset, "action": action, "value": value.strip()[:LONGEST]},
        )  # fmt: skip


def noted(store: Store) -> pd.DataFrame:
    """Everything that was noted, oldest first: noted_at, who, product, reason, onset, action, value."""
    table = store.run(Query("notes on surges", "select * from surge_log order by noted_at, rowid"))
    return table.assign(onset=pd.to_datetime(table["onset"]).dt.date)

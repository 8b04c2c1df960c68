"""What people did about a surge: noted once, seen by everyone, never taken back. The latest of each action counts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from cx.errors import BadNote, UnknownName
from cx.query import Query
from cx.store import Store
from cx.words import t

ACTIONS = ("acknowledge", "owner", "note", "mute", "cause")
"""acknowledge: somebody has seen it. owner: who is on it. note: a remark. mute: until a day (empty: no longer).
cause: what is known to be behind it."""

LONGEST = 2000
"""Characters of a note that are kept."""
SAME_DAYS = 14
"""An onset may be put some days earlier or later as days go by: notes on one so near are notes on the same surge."""


@dataclass(frozen=True, slots=True)
class Surge:
    """Which surge: its product ('' for a whole reason), its reason, and the day on which it began."""

    product: str
    reason: str
    onset: date

    def same(self, other: Surge) -> bool:
        """Whether both are one surge, though its onset was put on another day."""
        near = abs((self.onset - other.onset).days) <= SAME_DAYS
        return near and (self.product, self.reason) == (other.product, other.reason)


def note(store: Store, surge: Surge, action: str, value: str, who: str, moment: datetime) -> None:
    """Write down what somebody did about a surge.

    Raises UnknownName for another action than ACTIONS, and BadNote without a name or where `mute` is no day.
    """
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS)
    who, value = who.strip()[:80], value.strip()[:LONGEST]
    if not who:
        raise BadNote(t("Write your name as well, so that colleagues know whom to ask."))
    if action == "mute" and value and _day(value) is None:
        raise BadNote(
            t("'{value}' is no day; write it like 2026-03-31, or nothing to end muting.", value=value)
        )
    with store.transaction() as cursor:
        cursor.execute(
            "insert into surge_log values ($moment, $who, $product, $reason, $onset, $action, $value)",
            {"moment": moment, "who": who, "product": surge.product, "reason": surge.reason,
             "onset": surge.onset, "action": action, "value": value},
        )  # fmt: skip


def noted(store: Store) -> pd.DataFrame:
    """Everything that was noted, oldest first: noted_at, who, product, reason, onset, action, value."""
    table = store.run(Query("notes on surges", "select * from surge_log order by noted_at, rowid"))
    return table.assign(onset=pd.to_datetime(table["onset"]).dt.date)


def on(log: pd.DataFrame, surge: Surge) -> pd.DataFrame:
    """What of this log was noted on one surge."""
    told = (Surge(row.product, row.reason, row.onset) for row in log.itertuples())
    return log[pd.Series([surge.same(other) for other in told], index=log.index, dtype=bool)]


def latest(log: pd.DataFrame) -> dict[str, Any]:
    """The latest note of each action."""
    return {row.action: row for row in log.itertuples()}


def muted(told: dict[str, Any], today: date) -> bool:
    """Whether somebody muted it until a day that has not passed."""
    until = _day(told["mute"].value) if "mute" in told else None
    return until is not None and until >= today


def _day(value: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(value)
    return None

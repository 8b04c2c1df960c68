"""The queue of surges as a team works on it: each with what surrounds it, the campaigns that fit, and what was noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from cx import notes
from cx.notes import Surge
from cx.questions import surging
from cx.questions.surging import Around, Watch
from cx.store import Store


@dataclass(frozen=True, slots=True)
class Entry:
    """One surge of the queue: the detector's row, what surrounds it, the names of the campaigns that fit, what was noted
    last (by action), and whether it is muted today."""

    row: Any
    around: Around
    campaigns: tuple[str, ...]
    noted: Mapping[str, Any]
    muted: bool

    @property
    def surge(self) -> Surge:
        """Which surge it is."""
        return surge_of(self.row)

    @property
    def live(self) -> bool:
        """Whether somebody should look at it: neither over nor muted."""
        return self.row.state != "over" and not self.muted


def surge_of(row: Any) -> Surge:
    """Which surge a row of Watch.found is."""
    return Surge(row.product, row.reason, pd.Timestamp(row.onset).date())


def queue(store: Store, told: Watch, campaigns: pd.DataFrame, today: date) -> list[Entry]:
    """The surges, what to do first on top; muted ones last."""
    log, fits = notes.noted(store), surging.fitting(told, campaigns)
    names = dict(zip(campaigns["id"], campaigns["name"], strict=True))
    entries = []
    for row, fit in zip(told.found.itertuples(), fits, strict=True):
        noted = notes.latest(notes.on(log, surge_of(row)))
        around = surging.around(store, row)
        entries.append(
            Entry(row, around, tuple(names[name] for name in fit), noted, notes.muted(noted, today))
        )
    return sorted(entries, key=lambda entry: entry.muted)


def find(entries: Sequence[Entry], surge: Surge) -> Entry | None:
    """The entry of this surge, its onset put on another day since or not; None where it is no longer told."""
    alike = [entry for entry in entries if entry.surge.same(surge)]
    return min(alike, key=lambda entry: abs(entry.surge.onset - surge.onset), default=None)

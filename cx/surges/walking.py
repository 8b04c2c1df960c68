"""Day by day over a panel: from nothing, from a baseline that was kept, or from what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from cx.surges.judging import judge
from cx.surges.lags import exposure, learn
from cx.surges.panels import Panel
from cx.surges.rates import recount
from cx.surges.settings import EVERY, FIRST_LEARNING, RELEARN_DAYS, STOP_DAYS, Day
from cx.surges.state import Baseline, Days, Scan


def scan(panel: Panel, first: Day, last: Day | None = None) -> Scan:
    """What is said of each day from `first` to `last` (both included; to the panel's end where not given)."""
    shown = panel if last is None else panel.until(pd.Timestamp(last) + pd.Timedelta(days=1))
    return newest(baseline(shown, first), shown)


def baseline(panel: Panel, upto: Day) -> Baseline:
    """What the days before `upto` teach. The slow part: keep it while those days do not change."""
    return _taught(Baseline.empty(panel), panel.until(upto))


def _taught(base: Baseline, before: Panel) -> Baseline:
    for _ in _walk(base, before):
        pass
    return base


class Memory:
    """Scans that remember what the days of long ago taught, as long as these days stay as they are.

    An export that brings the latest days costs these days only; as days go by the memory goes on from where it was.
    Safe to use from many threads.
    """

    def __init__(self) -> None:
        self._base: Baseline | None = None
        self._digest = b""
        self._busy = Lock()

    def scan(self, panel: Panel, first: Day) -> Scan:
        """What is said of each day from `first` to the panel's end: the same as `scan` says."""
        before = panel.until(first)
        with self._busy:
            base = self._base if self._knows(before) else None
            self._base = base = _taught(base or Baseline.empty(before), before)
            self._digest = before.digest()
        return newest(base, panel)

    def _knows(self, before: Panel) -> bool:
        """Whether what was learned was learned from the first of these days."""
        seen = self._base.seen if self._base else 0
        return 0 < seen <= len(before.days) and before.first(seen).digest() == self._digest


def newest(base: Baseline, panel: Panel) -> Scan:
    """What is said of the days of a panel after those of its baseline, which stays as it is. The fast part.

    Raises ValueError if the panel has other products or reasons than the baseline, or no day more.
    """
    if base.counted.shape != panel.complaints.shape[:2] or base.seen >= len(panel.days):
        raise ValueError("The panel must have the products and reasons of its baseline, and later days.")
    base = deepcopy(base)
    first = base.seen
    said = list(_walk(base, panel))
    arrays = {name: np.stack([row[name] for row in said]) for name in said[0]}
    return Scan(panel.days[first:], (*panel.products, EVERY), panel.reasons, base.lags, **arrays)


def _walk(base: Baseline, panel: Panel) -> Iterator[dict[str, Any]]:
    """Day by day from where the baseline ends to the panel's end; the baseline goes along."""
    if base.seen >= len(panel.days):
        return
    days = Days.of(panel, base.lags)
    later = np.zeros((len(panel.days) - base.seen, *base.surging.shape[1:]), bool)
    base.surging = np.concatenate([base.surging[: base.seen], later])
    for at in range(base.seen, len(panel.days)):
        if at >= max(FIRST_LEARNING, min(2 * base.learned_at, base.learned_at + RELEARN_DAYS)):
            base.lags, base.learned_at = learn(panel, panel.days[at]), at
            days.exposure = exposure(panel, base.lags)
            recount(base, days, at - STOP_DAYS)
        yield judge(base, days, at)
        base.seen = at + 1

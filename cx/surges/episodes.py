"""Alarms of one series told as a surge: since when, how strong, growing or easing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx.stats import TAIL, Floats
from cx.surges.chance import quantile
from cx.surges.judging import gain
from cx.surges.settings import EVERY, MULTIPLE, STOP_DAYS, WEEK
from cx.surges.state import Scan

EPISODE_GAP = 7
"""Alarms of one series with fewer days between them than this are one surge; as many without an alarm end it."""
TOLD = ("product", "reason", "onset", "alarm_day", "last_day", "state", "evidence", "observed", "expected")


def surges(scan: Scan) -> pd.DataFrame:
    """One row a surge, the strongest first; product EVERY where a whole reason surges, which is told once.

    `onset` is where the evidence begins, `alarm_day` when it sufficed, `last_day` the last one in alarm. From onset to
    last day: `observed`, `expected` with `lo` and `hi` (95 %), and the `excess` with its bounds. An excess that was told
    because it is large is, on average, somewhat too large. `state` is of the scan's last day: 'new' since that day or
    the one before, 'growing', 'easing', or 'over' after a week without alarm.
    """
    alarm = scan.alarm
    told = [
        _told(scan, product, reason, first, last)
        for product, reason in zip(*np.nonzero(alarm.any(0)), strict=True)
        for first, last in _episodes(alarm[:, product, reason])
    ]
    found = pd.DataFrame(told, columns=[*TOLD, "spread"])
    expected, spread = (found[name].to_numpy(dtype=float) for name in ("expected", "spread"))
    lo, hi = (quantile(q, expected, spread) for q in (TAIL, 1 - TAIL))
    beyond = {"excess": expected, "excess_lo": hi, "excess_hi": lo}
    excess = {name: found["observed"] - bound for name, bound in beyond.items()}
    found = found.drop(columns="spread").assign(lo=lo, hi=hi, **excess)
    found[["excess_lo", "excess_hi"]] = found[["excess_lo", "excess_hi"]].clip(lower=0)
    within = [_told_by_all(row, found) for row in found.itertuples()]
    return found[~np.array(within, bool)].sort_values("evidence", ascending=False, ignore_index=True)


def _episodes(alarm: NDArray[np.bool_]) -> list[tuple[int, int]]:
    at = np.flatnonzero(alarm)
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > EPISODE_GAP)
    return list(zip(at[np.r_[0, breaks + 1]].tolist(), at[np.r_[breaks, len(at) - 1]].tolist(), strict=True))


def _told(scan: Scan, product: int, reason: int, first: int, last: int) -> tuple[Any, ...]:
    onset = _onset(scan, product, reason, first, last)
    span = np.s_[onset : last + 1, product, reason]
    state = _state(scan.evidence[:, product, reason], first, last)
    whose, when = (
        (scan.products[product], scan.reasons[reason]),
        (scan.days[onset], scan.days[first], scan.days[last]),
    )
    counts = scan.complaints[span].sum(), scan.expected[span].sum()
    return (*whose, *when, state, scan.evidence[span].max(), *counts, scan.spread_7[last, product, reason])


def _onset(scan: Scan, product: int, reason: int, first: int, last: int) -> int:
    """Where a surge as strong as it is from the alarm on most likely began; the alarm's own window only says that there is one."""
    start, end = max(0, first - STOP_DAYS + 1), min(last, first + WEEK - 1)
    span = np.s_[start : end + 1, product, reason]
    complaints, expected = scan.complaints[span], scan.expected[span]
    since = slice(first - start, None)
    multiple = max(MULTIPLE, complaints[since].sum() / max(expected[since].sum(), 1e-9))
    gains = gain(complaints, expected, 1 / np.maximum(scan.spread_7[span], 1e-9), multiple)
    later = gains[::-1].cumsum()[::-1]
    return start + int(np.argmax(later[: first - start + 1]))


def _state(evidence: Floats, first: int, last: int) -> str:
    today = len(evidence) - 1
    if today - last >= EPISODE_GAP:
        return "over"
    if today - first <= 1:
        return "new"
    return "easing" if last < today or evidence[today] < evidence[today - 2] else "growing"


def _told_by_all(row: Any, found: pd.DataFrame) -> bool:
    """Whether a product's surge is no more than that of its whole reason at the time."""
    if row.product == EVERY:
        return False
    whole = found[(found["product"] == EVERY) & (found["reason"] == row.reason)]
    meets = (whole["onset"] <= row.last_day) & (whole["last_day"] >= row.onset)
    return bool(
        (meets & (row.observed * whole["expected"] < MULTIPLE * whole["observed"] * row.expected)).any()
    )

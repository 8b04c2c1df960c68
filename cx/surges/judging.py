"""One day judged: expected, evidence, alarm. Arrays run [product, reason], all products together in one row more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cx.stats import Floats
from cx.surges.rates import count, learn_spread, rate_of, spread_of
from cx.surges.settings import (
    LEAST_EVIDENCE,
    LEAST_FACTOR,
    MOST_EVIDENCE,
    MULTIPLE,
    MULTIPLE_OF_ALL,
    SHRINK,
    SLOW,
    SLOW_OF_ALL,
    STOP_DAYS,
    WEEK,
    Ints,
)
from cx.surges.state import KEPT, Baseline, Days


def judge(base: Baseline, days: Days, at: int) -> dict[str, Any]:
    """What is said of one day. Arrays [product, reason] with all products together in one row more."""
    if at >= STOP_DAYS:
        count(base, days, at - STOP_DAYS)
    spread_day, spread_week = spread_of(base)
    rate, doubt = rate_of(base)
    recent, slot, week = base.recent, at % KEPT, np.arange(at - WEEK + 1, at + 1) % KEPT
    alone, live = rate * days.exposure[at], days.live[at][:, None]
    usual = _usual(days.complaints[at], alone, (spread_day + spread_week)[:-1])
    # Whatever one product alone has too much of is not its whole reason's.
    together = (usual * live).sum(0) - ((usual - alone) * live).max(0, initial=0)
    recent["y"][slot] = _with_all(days.complaints[at], together)
    recent["alone"][slot] = _with_all(alone, (alone * live).sum(0))
    factor = _reason_factor(recent, week, usual, alone, live, (spread_day / WEEK + spread_week)[:-1])
    pace = (base.pace[0] + SHRINK) / (base.pace[1] + SHRINK)
    recent["mean"][slot] = _with_all(alone * factor, recent["alone"][slot, -1] * pace)
    recent["doubt"][slot] = _with_all(doubt, 1 / (1 + base.counted.sum(0)))
    slow = spread_week + recent["doubt"][slot] + _strangeness(base, days, at)
    expected, k = (
        recent["mean"][slot],
        1 / (spread_day + slow + _row_of_all(SLOW - 1, SLOW_OF_ALL - 1, alone) * spread_week),
    )
    scored = _with_all(np.broadcast_to(live, alone.shape), live.any()) & (expected > 0)
    recent["gain"][slot] = np.where(
        scored, gain(recent["y"][slot], expected, k, _row_of_all(MULTIPLE, MULTIPLE_OF_ALL, alone)), 0.0
    )
    evidence, window = _evidence(recent["gain"][np.arange(at, at - STOP_DAYS, -1) % KEPT])
    observed_7, expected_7 = recent["y"][week].sum(0), recent["mean"][week].sum(0)
    level = threshold(expected_7 / WEEK)
    _mark(base.surging, at, window, scored & (evidence >= level))
    learn_spread(base, at - STOP_DAYS, spread_day)
    uneven = (recent["mean"][week] ** 2).sum(0) / np.maximum(expected_7, 1e-9) ** 2
    return {
        "complaints": recent["y"][slot].copy(),
        "expected": expected.copy(),
        "observed_7": observed_7,
        "expected_7": expected_7,
        "spread_7": spread_day * uneven + slow,
        "evidence": evidence,
        "threshold": level,
        "window": window,
        "scored": scored,
    }


def _with_all(series: Any, together: Any) -> Any:
    return np.concatenate([series, np.broadcast_to(together, (1, series.shape[1]))])


def _usual(complaints: Floats, expected: Floats, spread: Floats) -> Floats:
    """Complaints, cut where one series goes far beyond what it may be by chance: it must not speak for its reason."""
    most = expected + 3 * np.sqrt(expected + spread * expected**2) + 1
    return np.asarray(np.minimum(complaints, most))


def _reason_factor(
    recent: dict[str, Floats],
    week: Ints,
    usual: Floats,
    alone: Floats,
    live: NDArray[np.bool_],
    spread: Floats,
) -> Floats:
    """How far the reason runs above or below its baseline on this day for the other products [product, reason].

    The day's own ratio is drawn to the ratio of the week, and that one to 1. A series that stays as it was while the
    others have almost nothing, as on days that were only partly delivered, is no surge: hence the lower limit.
    """
    alone_7 = recent["alone"][week, :-1].sum(0)
    usual_7 = _usual(recent["y"][week, :-1].sum(0), alone_7, spread) * live
    of_week = (_others(usual_7) + SHRINK) / (_others(alone_7 * live) + SHRINK)
    of_day = (_others(usual * live) + SHRINK * of_week) / (_others(alone * live) + SHRINK)
    return np.asarray(np.maximum(of_day, LEAST_FACTOR))


def _row_of_all(series: float, together: float, like: Floats) -> Floats:
    return np.asarray(_with_all(np.full((len(like), 1), series), together))


def _others(values: Floats) -> Floats:
    return np.asarray(np.maximum(values.sum(0) - values, 0.0))


def _strangeness(base: Baseline, days: Days, at: int) -> Floats:
    """Squared relative error from an exposure far off that of the baseline: the elasticity is known only roughly."""
    lately = days.exposure[max(0, at - WEEK + 1) : at + 1].mean(0)
    usual = base.exposed / np.maximum(base.weight, 1e-9)
    known = (lately > 0) & (usual > 0)
    ratio = np.divide(lately, usual, out=np.ones_like(lately), where=known)
    return np.asarray(_with_all((0.25 * np.log(ratio)) ** 2, 0.0))


def gain(complaints: Floats, expected: Floats, k: Floats, multiple: Any = MULTIPLE) -> Floats:
    """The evidence of one day, in nats: ln of how much likelier its count is at a multiple of the expected rate.

    Counts are negative binomial with variance expected + expected^2 / k.
    """
    odds = np.log((k + multiple * expected) / (k + expected))
    return np.asarray(complaints * np.log(multiple) - (complaints + k) * odds)


def _evidence(gains: Floats) -> tuple[Floats, Ints]:
    """The greatest sum over the last days, newest first, and over how many of them."""
    sums = gains.cumsum(0)
    return sums.max(0), sums.argmax(0) + 1


def threshold(expected: Floats) -> Floats:
    """The evidence from which there is an alarm, by the expected complaints a day: fewer counts chance upon fewer values."""
    return np.clip(7.3 + 0.85 * np.log(np.maximum(expected, 1e-9)), LEAST_EVIDENCE, MOST_EVIDENCE)


def _mark(surging: NDArray[np.bool_], at: int, window: Ints, alarm: NDArray[np.bool_]) -> None:
    for back in range(min(STOP_DAYS, at + 1)):
        surging[at - back] |= alarm & (window > back)

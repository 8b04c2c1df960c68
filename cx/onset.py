"""When a change began: the day that best parts a series into a before and an after."""

from __future__ import annotations

import numpy as np

from cx.stats import Floats

LEAST_DAYS = 2
"""A before and an after each span at least this many days: one odd day is no beginning."""


def onset(numerators: Floats, weights: Floats, sign: float) -> int | None:
    """The place of the first day after the split at which the mean rises most, or with a negative `sign` falls most.

    Each day's value is numerator over weight; where nothing is weighed (a plain total) each day weighs alike. It is
    the classic cumulative-sum statistic, whose maximum does not depend on the scale of the noise. None where there
    are too few days or nothing moved that way.
    """
    sizes = weights if weights.any() else np.ones(len(numerators))
    total, size = numerators.sum(), sizes.sum()
    if len(numerators) < 2 * LEAST_DAYS or not size:
        return None
    before = sizes.cumsum()[LEAST_DAYS - 1 : -LEAST_DAYS]
    drift = numerators.cumsum()[LEAST_DAYS - 1 : -LEAST_DAYS] - total * before / size
    spread = np.sqrt(before * (size - before))
    distance = np.divide(-np.sign(sign) * drift, spread, out=np.zeros(len(drift)), where=spread > 0)
    return int(distance.argmax()) + LEAST_DAYS if distance.max() > 1e-12 else None

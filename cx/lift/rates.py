"""How many complaints the units explain, from quiet days on both sides."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cx.lift.panels import faded, mean_of_days
from cx.lift.settings import CLEAR, RATE_HALF, SURGING, UNUSUAL, Mask
from cx.stats import Floats


class Rates(NamedTuple):
    """Complaints and exposure by product, reason and day, with their weighted sums before and after each day;
    `plain` are the complaints with what is expected on the days of a surge."""

    complaints: Floats
    plain: Floats
    exposed: Floats
    ahead: Floats
    back: Floats
    prior: Floats


def rates_of(complaints: Floats, exposed: Floats, quiet: Mask) -> Rates:
    """Exposure scaled by what each day brought to quiet products; campaigns and surges weigh little in the sums."""
    prior = _prior(complaints, exposed)
    weight = np.where(quiet, 1.0, SURGING)[:, None] * np.ones_like(complaints)
    calm = weight
    for _ in range(2):
        due = exposed * _local(complaints, exposed, calm, prior)
        told = (calm == 1) & quiet[:, None]
        shared = ((complaints * told).sum(0) + 30) / ((due * told).sum(0) + 30)
        week, week_due = 7 * _week(complaints), 7 * _week(due * shared)
        beyond = (week - week_due - 1) / np.sqrt(week_due + 0.03 * week_due**2)
        calm = np.where(beyond > UNUSUAL, SURGING, weight)
    keep, exposed = 0.5 ** (1 / RATE_HALF), exposed * shared
    both = np.stack([complaints, exposed]) * calm
    ahead, back = faded(both, keep), faded(both[..., ::-1], keep)[..., ::-1]
    return Rates(
        complaints,
        np.where(beyond > CLEAR, np.minimum(complaints, due * shared), complaints),
        exposed,
        ahead,
        back,
        prior,
    )


def _prior(complaints: Floats, exposed: Floats) -> Floats:
    """What a series would be expected to be by its reason and its product."""
    seen, due = complaints.sum(2), exposed.sum(2)
    reason = seen.sum(0) / np.maximum(due.sum(0), 1e-9)
    product = seen.sum(1) / np.maximum(due @ reason, 1e-9)
    prior: Floats = reason * np.clip(product, 0.1, 10)[:, None]
    return prior


def _local(complaints: Floats, exposed: Floats, weight: Floats, prior: Floats) -> Floats:
    """Each day's rate by the weighted days on both sides."""
    keep = 0.5 ** (1 / RATE_HALF)
    both = np.stack([complaints, exposed]) * weight
    seen, due = faded(both, keep) + faded(both[..., ::-1], keep)[..., ::-1] - both
    rate: Floats = (seen + 1) / (due + 1 / np.maximum(prior, 1e-12)[..., None])
    return rate


def _week(x: Floats) -> Floats:
    week: Floats = mean_of_days(x.reshape(-1, x.shape[-1]), -3, 3).reshape(x.shape)
    return week

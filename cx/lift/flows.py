"""Which units complaints of each reason can come from: the lag and the elasticity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cx.stats import Floats
from cx.surges.lags import kernel, lagged
from cx.surges.settings import BLOCK_DAYS, ELASTICITIES, LAG_MEANS, LEAST_SELLING_DAYS


class Lags(NamedTuple):
    """How complaints of each reason follow the units sold: by a gamma kernel of this mean (days), to the power of beta."""

    means: Floats
    betas: Floats

    @property
    def medians(self) -> Floats:
        """Days after the sale by which half of the complaints that follow it have come."""
        return np.array([np.searchsorted(kernel(mean).cumsum(), 0.5) + 0.5 for mean in self.means])


def lags(units: Floats, complaints: Floats) -> Lags:
    """The lags under which complaints [product, reason, day] within 8 weeks are most likely; beta 0: units play no part.

    A product that is still in its launch teaches nothing.
    """
    _, reasons, days = complaints.shape
    age = (units > 0).cumsum(1).clip(max=1).cumsum(1)
    taught = complaints * ((age >= LEAST_SELLING_DAYS) | (units[:, :1] > 0))[:, None]
    edges = np.arange(0, days, BLOCK_DAYS)
    totals = np.add.reduceat(taught, edges, axis=2)
    best, means, betas = np.full(reasons, -np.inf), np.full(reasons, LAG_MEANS[0]), np.zeros(reasons)
    for lag in LAG_MEANS:
        flow = np.log(_lagged(units, lag))
        direct = np.einsum("prt,pt->r", taught, flow)
        for beta in ELASTICITIES:
            blocks = np.log(np.add.reduceat(np.exp(beta * flow), edges, axis=1))
            score = beta * direct - np.einsum("prb,pb->r", totals, blocks)
            better = score > best + 1e-9
            best, means, betas = (
                np.where(better, new, old) for new, old in ((score, best), (lag, means), (beta, betas))
            )
    return Lags(means, betas)


def exposure(units: Floats, complaints: Floats, learned: Lags | None = None) -> Floats:
    """Units [product, day] as [product, reason, day] of those that complaints can come from, by each reason's lag."""
    told = learned or lags(units, complaints)
    flows = {lag: _lagged(units, lag) for lag in {*told.means.tolist()}}
    each = [flows[lag] ** beta for lag, beta in zip(told.means.tolist(), told.betas.tolist(), strict=True)]
    exposed: Floats = np.stack(each, axis=1)
    return exposed


def _lagged(units: Floats, lag: float) -> Floats:
    """The units of the days before, weighted by a gamma kernel of shape 2; the first day stands for those before it."""
    weights = kernel(lag)
    padded = np.concatenate([np.repeat(units[:, :1], len(weights), 1), units], 1)
    flow = lagged(padded, weights)[:, 1:]
    least = 1e-3 * max(float(units.mean()), 1e-9)
    floored: Floats = np.maximum(flow, least)
    return floored

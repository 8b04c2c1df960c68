"""What a walk remembers, what it is given, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx.stats import TAIL, Floats
from cx.surges.chance import mid_p, quantile
from cx.surges.lags import Lags, exposure, unlearned
from cx.surges.panels import Panel
from cx.surges.settings import LEAST_SELLING_DAYS, STOP_DAYS, WEEK, Ints


@dataclass(frozen=True)
class Scan:
    """What is said of each series on each day: arrays [day, product, reason]; the last product, EVERY, is a whole reason.

    `complaints` and `expected` are of the day, `observed_7` and `expected_7` of the seven days up to it. `spread_7` is
    the squared relative error of what is expected beyond Poisson. `evidence` is in nats, `window` the days over which
    it is greatest. `scored` is False in a launch and before anything was sold.
    """

    days: pd.DatetimeIndex
    products: tuple[str, ...]
    reasons: tuple[str, ...]
    lags: Lags
    complaints: Floats
    expected: Floats
    observed_7: Floats
    expected_7: Floats
    spread_7: Floats
    evidence: Floats
    threshold: Floats
    window: Ints
    scored: NDArray[np.bool_]

    @property
    def alarm(self) -> NDArray[np.bool_]:
        """Where the evidence has reached its threshold."""
        return self.scored & (self.evidence >= self.threshold)

    def p_value(self) -> Floats:
        """The mid-p of the seven days: how often chance alone gives as many complaints or more."""
        p = mid_p(self.observed_7, self.expected_7, self.spread_7)
        return np.where(self.scored, p, 1.0)

    def bounds(self) -> tuple[Floats, Floats]:
        """Between which two numbers of complaints seven days fall by chance in 95 of 100 cases."""
        lo, hi = (quantile(q, self.expected_7, self.spread_7) for q in (TAIL, 1 - TAIL))
        return lo, hi

    def frame(self, series: bool = True) -> pd.DataFrame:
        """One row for each day, product and reason: all that a page shows of it; `excess` is observed beyond expected.

        Without `series` the products are left out and only whole reasons stay.
        """
        part = np.s_[:, :-1] if series else np.s_[:, -1:]
        lo, hi = (bound[part] for bound in self.bounds())
        observed, expected = self.observed_7[part], self.expected_7[part]
        names = self.products[:-1] if series else self.products[-1:]
        days, products, reasons = len(self.days), len(names), len(self.reasons)
        product_at = np.tile(np.repeat(np.arange(products), reasons), days)
        columns = {
            "observed": observed,
            "expected": expected,
            "lo": lo,
            "hi": hi,
            "p": self.p_value()[part],
            "evidence": self.evidence[part],
            "threshold": self.threshold[part],
            "window": self.window[part],
            "alarm": self.alarm[part],
            "scored": self.scored[part],
            "excess": observed - expected,
            "excess_lo": np.maximum(observed - hi, 0),
            "excess_hi": np.maximum(observed - lo, 0),
        }
        return pd.DataFrame(
            {
                "day": np.repeat(self.days.to_numpy(), products * reasons),
                "product": pd.Categorical.from_codes(product_at, list(names)),
                "reason": pd.Categorical.from_codes(
                    np.tile(np.arange(reasons), days * products), list(self.reasons)
                ),
                **{name: values.ravel() for name, values in columns.items()},
            }
        )


KEPT = STOP_DAYS + WEEK


@dataclass
class Baseline:
    """All that is remembered of the first `seen` days of a panel: enough to go on from there.

    `counted`, `exposed`, `weight` are the fading sums of complaints, exposure and days [product, reason] up to 14 days
    before; `pace` [2, reason] faster ones of what all products had and would have had by their own rates; `moments` those
    of the scatter around what was expected; `recent` the last 21 days, in turn; `surging` the
    days within surges [day, product, reason].
    """

    seen: int
    lags: Lags
    learned_at: int
    counted: Floats
    exposed: Floats
    weight: Floats
    pace: Floats
    moments: Floats
    recent: dict[str, Floats]
    surging: NDArray[np.bool_]

    @classmethod
    def empty(cls, panel: Panel) -> Baseline:
        """Before the first day."""
        products, reasons, _ = panel.complaints.shape
        recent = {
            name: np.zeros((KEPT, products + 1, reasons)) for name in ("y", "alone", "mean", "gain", "doubt")
        }
        counted, exposed, weight = np.zeros((3, products, reasons))
        pace, moments = np.zeros((2, reasons)), np.zeros((2, 2, products + 1, reasons))
        surging = np.zeros((0, products + 1, reasons), bool)
        return cls(0, unlearned(panel), 0, counted, exposed, weight, pace, moments, recent, surging)


@dataclass
class Days:
    """A panel made ready for a walk: complaints, exposure [day, product, reason], and who is past the launch [day, product]."""

    panel: Panel
    complaints: Floats
    exposure: Floats
    live: NDArray[np.bool_]

    @classmethod
    def of(cls, panel: Panel, lags: Lags) -> Days:
        """The days of this panel under these lags."""
        complaints = np.ascontiguousarray(panel.complaints.transpose(2, 0, 1)).astype(float)
        live = panel.selling_days.T >= LEAST_SELLING_DAYS
        return cls(panel, complaints, exposure(panel, lags), live)

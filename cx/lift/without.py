"""What would have been sold without a campaign, day by day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx.lift.fitting import deviations
from cx.lift.lifted import holds
from cx.lift.panels import Panel
from cx.lift.settings import AFTERMATH
from cx.lift.studies import Study


def counterfactual(study: Study, campaign: str) -> pd.DataFrame:
    """One campaign by day: day, phase ('before', 'during', 'after', 'later'), observed, expected, lo, hi, in units.

    Expected is what its products would sell without it and without those that it meets; stock-outs are in neither.
    Raises KeyError for a campaign of which nothing is known.
    """
    (place,) = (
        np.flatnonzero(study.campaigns["id"] == campaign)[:1]
        if (study.campaigns["id"] == campaign).any()
        else (-1,)
    )
    mine = [(case, fit) for knot in study.knots
            for group, case, fit in zip(knot.groups, knot.cases, knot.fits, strict=True) if holds(group, place)]  # fmt: skip
    if not mine:
        raise KeyError(campaign)
    observed, expected, variance = np.zeros((3, len(study.days)))
    for case, fit in mine:
        observed[case.days] += case.sold
        expected[case.days] += fit.expected
        variance[case.days] += (fit.expected * deviations(case, study.learned, fit)) ** 2
    common = np.flatnonzero(np.bincount(np.concatenate([case.days for case, _ in mine])) == len(mine))
    half = study.learned.widen * np.sqrt(variance) / np.maximum(expected, 1e-9)
    frame = pd.DataFrame({"day": study.days, "phase": _phase(study.panel, place, len(study.days)), "observed": observed,
                          "expected": expected, "lo": expected * np.exp(-half), "hi": expected * np.exp(half)})  # fmt: skip
    return frame.iloc[common].reset_index(drop=True)


def _phase(panel: Panel, place: int, count: int) -> list[str]:
    bounds = [panel.starts[place], panel.ends[place] + 1, panel.ends[place] + 1 + AFTERMATH]
    return [
        ("before", "during", "after", "later")[int(at)]
        for at in np.searchsorted(bounds, np.arange(count), "right")
    ]

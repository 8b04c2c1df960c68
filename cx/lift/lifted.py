"""The lift of each campaign with its interval, and what is to be said with it."""

from __future__ import annotations

from math import nan
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cx.lift.cases import Case
from cx.lift.knots import Group, Knot
from cx.lift.settings import AFTERMATH, APART, FEW_DAYS, LEAST_DAYS, LEAST_PLACEBOS, TELLING
from cx.lift.studies import Study
from cx.stats import Floats


def lifts(study: Study) -> pd.DataFrame:
    """One row for each campaign, by start; everything in units of the outcome unless said otherwise.

    id; lift, lift_lo, lift_hi over its days so far; observed, counterfactual (what would have been sold without it but
    with the others); percent, percent_lo, percent_hi over the counterfactual; aftermath, aftermath_lo, aftermath_hi in
    the 10 days after; unidentified and with_whom (ids); controls (products), left_out (product-days of stock-outs);
    notes: 'no sales', 'too few days', 'not started', 'running', 'aftermath open', 'few days before', 'stock-out',
    'launch', 'no controls', 'few placebos'. Where nothing can be said the numbers are nan.
    """
    rows = [_blank(study, c) for c in range(len(study.campaigns))]
    for knot in study.knots:
        for c in [c for c, after in knot.effects if not after]:
            rows[c] |= _row(study, knot, c)
    table = pd.DataFrame(rows, columns=[*_COLUMNS])
    return table.astype({"unidentified": bool, "controls": int, "left_out": int})


_COLUMNS = ("id", "lift", "lift_lo", "lift_hi", "observed", "counterfactual", "percent", "percent_lo", "percent_hi",
            "aftermath", "aftermath_lo", "aftermath_hi", "unidentified", "with_whom", "controls", "left_out", "notes")  # fmt: skip


def _blank(study: Study, c: int) -> dict[str, Any]:
    early = study.panel.starts[c] >= len(study.days)
    nothing = {"unidentified": False, "with_whom": (), "controls": 0, "left_out": 0}
    return {"id": study.campaigns["id"][c], **nothing, "notes": ("not started" if early else "no sales",)}


def _row(study: Study, knot: Knot, c: int) -> dict[str, Any]:
    cases = [case for group, case in zip(knot.groups, knot.cases, strict=True) if holds(group, c)]
    told = {
        "controls": max(case.controls_n for case in cases),
        "left_out": sum(case.left_out for case in cases),
    }
    notes = _notes(study, cases, c)
    if notes[:1] == ("too few days",):
        return {**told, "notes": notes}
    arms = np.array([0, -1, 1]) * study.learned.widen
    share, later = _share(knot, (c, False)), _share(knot, (c, True))
    lift, percent = share.sold * -np.expm1(-share.at(arms)), 100 * np.expm1(share.at(arms))
    aftermath = later.sold * -np.expm1(-later.at(arms))
    whom = _rivals(knot, c, share)
    return told | {
        **_three("lift", lift), **_three("percent", percent), **_three("aftermath", aftermath),
        "observed": share.sold, "counterfactual": share.sold - lift[0], "unidentified": bool(whom),
        "with_whom": tuple(study.campaigns["id"][d] for d in whom), "notes": notes,
    }  # fmt: skip


def _three(name: str, values: Floats) -> dict[str, float]:
    return dict(zip((name, f"{name}_lo", f"{name}_hi"), values.tolist(), strict=True))


def holds(group: Group, c: int) -> bool:
    """Whether the campaign ran for this group."""
    return any((c, False) in cell for cell in group.active)


class Share(NamedTuple):
    """What a campaign or its aftermath did to its cells in sum: what was sold there, its log effect and deviation."""

    sold: float
    effect: float
    deviation: float

    def at(self, arms: Floats) -> Floats:
        """The effect so many deviations off."""
        return self.effect + arms * self.deviation


def _share(knot: Knot, effect: tuple[int, bool]) -> Share:
    if effect not in knot.place:
        return Share(0.0, 0.0, 0.0)
    place = knot.place[effect]
    at = knot.effect_of == place
    sold, without = knot.sold[at], knot.sold[at] * np.exp(-knot.mean[at])
    if not without.sum() > 0:
        return Share(float(sold.sum()), nan, nan)
    deviation = np.sqrt(knot.cov[place, place])
    return Share(float(sold.sum()), float(np.log(sold.sum() / without.sum())), float(deviation))


def _rivals(knot: Knot, c: int, share: Share) -> list[int]:
    """Other campaigns without which this one's effect would be known far better; none where it can be told apart."""
    place, others = knot.place[c, False], [d for d, after in knot.effects if d != c and not after]
    if not others or share.deviation < TELLING:
        return []
    weights = knot.weights[knot.effect_of == place]
    if not share.deviation**2 > APART * weights**2 @ knot.alone(c):
        return []
    deviations = np.sqrt(np.diag(knot.cov))
    return [d for d in others if knot.cov[place, knot.place[d, False]] < -0.5 * share.deviation * deviations[knot.place[d, False]]]  # fmt: skip


def _notes(study: Study, cases: list[Case], c: int) -> tuple[str, ...]:
    panel, last = study.panel, len(study.days) - 1
    sells, start, end = panel.members[c], max(panel.starts[c], 0), panel.ends[c]
    told = {
        "too few days": all(case.train.sum() < LEAST_DAYS for case in cases),
        "running": end > last,
        "aftermath open": end <= last < end + AFTERMATH,
        "few days before": min(case.before for case in cases) < FEW_DAYS,
        "stock-out": panel.out[sells, start : end + 1].any(),
        "launch": panel.young[sells, start : end + 1].any(),
        "no controls": not any(case.controls_n for case in cases),
        "few placebos": study.placebos < LEAST_PLACEBOS,
    }
    return tuple(note for note, holds in told.items() if holds)

"""What may be said of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from scipy.special import ndtri

from cx.lift.settings import EARLY
from cx.stats import TAIL

Verdict = Literal[
    "more orders", "worse product", "both", "too early to say", "cannot be told apart", "no effect seen"
]


def verdict(lift: Mapping[str, Any], beyond: Mapping[str, Any] | None = None, judged: int = 1) -> Verdict:
    """What may be said of a campaign by its row of `lifts` and its row for all reasons of `excess`, by their intervals.

    `judged`: how many campaigns are judged at once. Their intervals are widened so that all verdicts hold together at
    95 % (Bonferroni); of ten campaigns that did no harm one would else be blamed every fourth time. While a campaign
    runs, or may still be felt, only an excess that is beyond doubt is told already: a product that got worse will not
    wait for the end.
    """
    open_ = bool(EARLY & {*lift["notes"]}) or (beyond is not None and not beyond["complete"])
    worse = beyond is not None and _least(beyond["excess"], beyond["lo"], judged) > 0
    if open_ and (lift["unidentified"] or not worse):
        return "too early to say"
    if lift["unidentified"]:
        return "cannot be told apart"
    if _least(lift["lift"], lift["lift_lo"], judged) > 0:
        return "both" if worse else "more orders"
    return "worse product" if worse else "no effect seen"


def _least(value: float, lo: float, judged: int) -> float:
    """The lower end of a 95 % interval, as one of so many that are to hold together."""
    return float(value - (value - lo) * ndtri(1 - TAIL / judged) / ndtri(1 - TAIL))

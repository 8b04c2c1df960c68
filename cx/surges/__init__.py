"""Complaint surges: more complaints than the units sold explain, by product and reason, day by day.

Complaints follow sales by days, so volume alone may raise them. The expected number of a day is a Gamma-Poisson rate
times the exposure of the day: the units sold before, weighed by a lag that is learned for each reason from the
company's own data. A surge is evidence, in nats, that complaints run at twice that rate for the last 1 to 14 days.

    panel -> learn -> baseline (days of long ago; keep it) -> newest (the last days) -> surges -> attribution

    settings     the constants                     rates      the rate and how widely counts scatter
    panels       complaints and units as arrays    judging    one day judged
    lags         from sale to complaint            walking    day by day, and what is remembered
    state        what a walk remembers and says    chance     negative binomial chances
    episodes     alarms told as surges             attributing   campaigns that fit

Everything that is said of a day follows from that day and those before it. Arrays in a walk run [day, product, reason].
Sources: the scan is a likelihood ratio for a change of a negative binomial rate (Lai 1995, Hoehle and Paul 2008), the
rate is the conjugate Gamma-Poisson one, its overdispersion by moments.
"""

from __future__ import annotations

from cx.surges.attributing import attribution
from cx.surges.chance import mid_p, quantile
from cx.surges.episodes import EPISODE_GAP, TOLD, surges
from cx.surges.judging import gain, threshold
from cx.surges.lags import KERNELS, Lags, learn
from cx.surges.panels import Panel, from_counts, panel
from cx.surges.settings import (
    EVERY,
    HALF_LIFE,
    LAG_DAYS,
    LAG_MEANS,
    LEAST_EVIDENCE,
    LEAST_SELLING_DAYS,
    MONDAY,
    MOST_EVIDENCE,
    MULTIPLE,
    STOP_DAYS,
    SUNDAY,
    WEEK,
    YEARS,
    Day,
    Ints,
)
from cx.surges.state import Baseline, Scan
from cx.surges.walking import Memory, baseline, newest, scan

__all__ = [
    "EPISODE_GAP",
    "EVERY",
    "HALF_LIFE",
    "KERNELS",
    "LAG_DAYS",
    "LAG_MEANS",
    "LEAST_EVIDENCE",
    "LEAST_SELLING_DAYS",
    "MONDAY",
    "MOST_EVIDENCE",
    "MULTIPLE",
    "STOP_DAYS",
    "SUNDAY",
    "TOLD",
    "WEEK",
    "YEARS",
    "Baseline",
    "Day",
    "Ints",
    "Lags",
    "Memory",
    "Panel",
    "Scan",
    "attribution",
    "baseline",
    "from_counts",
    "gain",
    "learn",
    "mid_p",
    "newest",
    "panel",
    "quantile",
    "scan",
    "surges",
    "threshold",
]

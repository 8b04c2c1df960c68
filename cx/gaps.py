"""How far ahead or behind: our figure against another company's, what may be compared, and whether the gap closes.

Pure arithmetic over figures; where they come from is the business of `questions.benchmarks`. A figure is compared only
with ours of the same measure, method and period. What may not be compared keeps the reason instead of a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import hypot, inf, isfinite, isnan, nan
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from cx import stats
from cx.kpis import Kpi
from cx.model import OURS
from cx.stats import TAIL, Change, Estimate, SmallSamples

MANY = 1e12
"""The n of a figure whose margin is known and whose n is not: large enough to need no correction for a small sample."""
LEAST_POINTS = 4
"""Periods that a pace is told from."""
HORIZON = timedelta(days=3650)
"""A gap that would take longer than this to close does not close at this pace."""

METHODS = {
    "nps": "answers of 0 to 10",
    "detractors": "answers of 0 to 10",
    "csat": "top two of five",
    "ces": "mean of 1 to 7",
    "fcr": "no repeat on the same issue",
    "first_response": "median calendar time",
    "first_response_p90": "p90 calendar time",
    "resolution": "median calendar time",
    "resolution_p90": "p90 calendar time",
    "complaint_rate": "complaints per 1,000 units sold",
    "contact_rate": "contacts per 1,000 orders",
    "sentiment": "positive minus negative texts",
    "negative_share": "negative texts of scored texts",
    "expectation_gap": "mean of satisfaction minus expectation",
}
"""How we measure. A figure is alike where its method begins so; details may follow after a comma."""
SYSTEM = "from records"
"""How we measure whatever stands not in METHODS."""

_SCALES = {"ces": (1.0, 7.0), "expectation_gap": (-4.0, 4.0)}
_PERIOD = re.compile(r"(\d{4})(?:-(?:Q([1-4])|H([12])|(\d\d)))?")

Why = Literal["", "missing", "industry", "method", "not ours", "small", "old"]
Stand = Literal["ahead", "behind", "not told apart", "not judged"]
Way = Literal["too short", "no trend", "closing", "not closing", "widening"]


@dataclass(frozen=True, slots=True)
class Period:
    """Some days, both ends included, as they were written."""

    text: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Figure:
    """What is known of another company, and where from. `told` has the unit of the KPI."""

    competitor: str
    period: Period
    told: Estimate
    method: str = ""
    source: str = ""
    licence: str = ""
    retrieved_on: date | None = None
    industry: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside ours of the same period. `why` says why no gap may be told; 'old' ones still have one. A figure of
    another industry is no peer's."""

    figure: Figure
    ours: Estimate
    gap: Change
    why: Why
    peer: bool = True


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a gap is heading: its trend in the gap's unit for each 30 days, with its interval, and when it would be none."""

    way: Way
    trend: float = nan
    lo: float = nan
    hi: float = nan
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where we stand in one measure, with the newest figure of each competitor.

    leader: the best of all, OURS where that is us; `to_leader` is then our lead over the next. industry: the mean of the
    others in the same period, each counting alike; without peers its value is nan. history: by competitor, oldest
    first. figures: everything that is known, the newest first. measured_in: the source whose rows were counted on both
    sides, '' where the figures are published ones.
    """

    kpi: Kpi
    measured_in: str
    period: Period
    ours: Estimate
    latest: dict[str, Compared]
    leader: str
    to_leader: Change
    industry: Estimate
    peers: int
    to_industry: Change
    history: dict[str, list[Compared]] = field(default_factory=dict)
    figures: tuple[Compared, ...] = ()

    @property
    def id(self) -> str:
        """A name for links."""
        return f"{self.kpi.name}@{self.measured_in}" if self.measured_in else self.kpi.name


NOTHING = Estimate(nan, nan, nan, 0.0, 0.0)


def period(text: str) -> Period:
    """The days of '2026', '2026-H1', '2026-Q3' or '2026-05'. Raises ValueError for anything else."""
    found = _PERIOD.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    year, quarter, half, month = found.groups()
    start, months = 1, 12
    for told, size in ((quarter, 3), (half, 6), (month, 1)):
        if told:
            start, months = size * (int(told) - 1) + 1, size
    first = date(int(year), start, 1)
    after = (pd.Timestamp(first) + pd.DateOffset(months=months)).date()
    return Period(text.strip(), first, after - timedelta(days=1))


def method_of(kpi: Kpi) -> str:
    """How we measure this."""
    return METHODS.get(kpi.name, SYSTEM)


def alike(kpi: Kpi, method: str) -> bool:
    """Whether a figure measured so may be set beside ours: its method begins as ours does, details may follow."""
    ours, theirs = method_of(kpi).casefold(), method.strip().casefold()
    return theirs.startswith(ours) and theirs[len(ours) :].lstrip()[:1] in ("", ",", ";", "(", ":")


def bounds(kpi: Kpi) -> tuple[float, float]:
    """The least and the largest value that the measure can take, in its unit."""
    scales = {
        "share": (0.0, kpi.scale),
        "balance": (-kpi.scale, kpi.scale),
        "rate": (0.0, inf),
        "quantile": (0.0, inf),
    }
    return _SCALES.get(kpi.name) or scales.get(kpi.family, (-inf, inf))


def published(kpi: Kpi, value: float, n: float, margin: float) -> Estimate:
    """A published figure with its 95 % interval: value +- margin, or else the widest one that n answers (of a rate: n units or
    orders) can leave; without either, or for a median without its margin, none."""
    if isnan(value):
        return NOTHING
    if not isnan(margin):
        return Estimate(value, value - margin, value + margin, *((MANY, inf) if isnan(n) else (n, n)))
    parts = None if isnan(n) else _parts(kpi, value, n)
    if parts is None:
        return Estimate(value, nan, nan, *((MANY, inf) if isnan(n) else (n, n)))
    (row,) = stats.estimate(kpi, pd.DataFrame([dict(zip(kpi.parts, parts, strict=True))])).itertuples()
    return Estimate(value, row.lo, row.hi, n, n)


def _parts(kpi: Kpi, value: float, n: float) -> tuple[float, ...] | None:
    """Counts that give this value. Where it does not say how answers spread, they lie as far apart as they can."""
    share = value / kpi.scale
    if kpi.family in ("share", "rate"):
        return share * n, n
    if kpi.family == "balance":
        return n * (1 + share) / 2, n * (1 - share) / 2, n
    if kpi.family == "mean" and kpi.name in _SCALES:
        low, high = _SCALES[kpi.name]
        return value * n, value * value * n + (value - low) * (high - value) * (n - 1), n
    return None


def compare(kpi: Kpi, figure: Figure, ours: Estimate, since: date, industry: str, limits: SmallSamples) -> Compared:  # fmt: skip
    """A figure beside ours of its period, or the reason why not. Periods that ended before `since` are old."""
    peer = figure.industry.casefold() in ("", industry.casefold()) if industry else True
    why = _why_not(kpi, figure, ours, peer, limits)
    gap = Change.unknown() if why else stats.change(kpi, ours, figure.told, limits)
    return Compared(figure, ours, gap, why or ("old" if figure.period.last < since else ""), peer)


def _why_not(kpi: Kpi, figure: Figure, ours: Estimate, peer: bool, limits: SmallSamples) -> Why:
    if isnan(figure.told.value):
        return "missing"
    if not alike(kpi, figure.method):
        return "method"
    if not peer:
        return "industry"
    if isnan(ours.value):
        return "not ours"
    return "small" if min(ours.base, figure.told.base) < limits.no_score else ""


def stand(gap: Change) -> Stand:
    """A gap in a word: told apart only where its interval leaves out zero."""
    if gap.verdict == "real" and gap.good is not None:
        return "ahead" if gap.good else "behind"
    return "not told apart" if gap.verdict in ("real", "noise") else "not judged"


def standing(
    kpi: Kpi,
    compared: Sequence[Compared],
    limits: SmallSamples,
    measured_in: str = "",
    past: Sequence[Compared] | None = None,
) -> Standing | None:
    """Where we stand by these figures of one measure; None where there are none of our industry.

    `past` are the figures that the history is told from, where they are others than these.
    """
    peers = [each for each in compared if each.peer]
    if not peers:
        return None
    names = dict.fromkeys(each.figure.competitor for each in peers)
    latest = {name: _newest(_of(name, peers)) for name in names}
    fit = [each for each in latest.values() if not each.why]
    now = max(fit or latest.values(), key=lambda each: each.figure.period.last)
    period_ = now.figure.period
    same = [each.figure.told for each in fit if each.figure.period == period_]
    industry = mean(same)
    name, to_leader = _leader(kpi, fit)
    return Standing(
        kpi, measured_in, period_, now.ours, latest, name, to_leader, industry, len(same),
        stats.change(kpi, now.ours, industry, limits),
        {name: [each for each in _of(name, peers if past is None else past) if each.why in ("", "old")] for name in names},
        tuple(sorted(compared, key=lambda each: each.figure.period.last, reverse=True)),
    )  # fmt: skip


def mean(told: Sequence[Estimate]) -> Estimate:
    """The mean of companies, each counting alike, with the interval that theirs make; nan where there are none."""
    if not told:
        return NOTHING
    value = sum(each.value for each in told) / len(told)
    below, above = (hypot(*(each.value - each[place] for each in told)) / len(told) for place in (1, 2))
    return Estimate(value, value - below, value + above, MANY, min(each.base for each in told))


def pace(points: Sequence[tuple[date, Change]]) -> Pace:
    """Where a gap is heading, by a straight line through its periods, each weighing by how well it is known.

    The interval of the trend is the wider of the one that the gaps' own intervals give and the one that their scatter
    gives. A gap closes only where that interval leaves out zero and the line leads to none.
    """
    known = [(day, gap) for day, gap in points if isfinite(gap.amount)]
    if len(known) < LEAST_POINTS or len({day for day, _ in known}) < LEAST_POINTS:
        return Pace("too short")
    last = max(day for day, _ in known)
    x = np.array([(day - last).days / 30 for day, _ in known])
    y = np.array([gap.amount for _, gap in known])
    errors = np.array([(gap.hi - gap.lo) / 2 for _, gap in known]) / ndtri(1 - TAIL)
    sure = bool(np.isfinite(errors).all() and (errors > 0).all())
    weights = errors**-2 if sure else np.ones_like(x)
    centre, middle = np.average(x, weights=weights), np.average(y, weights=weights)
    width = float((weights * (x - centre) ** 2).sum())
    trend = float((weights * (x - centre) * (y - middle)).sum()) / width
    level = middle - trend * centre
    scatter = float((weights * (y - level - trend * x) ** 2).sum()) / (len(x) - 2)
    half = stdtrit(len(x) - 2, 1 - TAIL) * (scatter / width) ** 0.5
    if sure:
        half = max(half, ndtri(1 - TAIL) / width**0.5)
    return _heading(float(level), trend, float(half), last)


def _heading(level: float, trend: float, half: float, last: date) -> Pace:
    lo, hi = trend - half, trend + half
    if lo <= 0 <= hi:
        return Pace("no trend", trend, lo, hi)
    if level * trend >= 0:
        return Pace("widening", trend, lo, hi)
    wait = timedelta(days=min(-level / trend * 30, 2 * HORIZON.days))
    if wait > HORIZON:
        return Pace("not closing", trend, lo, hi)
    return Pace("closing", trend, lo, hi, last + wait)


def _of(competitor: str, compared: Sequence[Compared]) -> list[Compared]:
    mine = [each for each in compared if each.figure.competitor == competitor]
    return sorted(mine, key=lambda each: each.figure.period.last)


def _newest(told: Sequence[Compared]) -> Compared:
    """The newest figure that may be compared, or else the newest of all."""
    return [*(each for each in told if each.why), *(each for each in told if not each.why)][-1]


def _leader(kpi: Kpi, fit: Sequence[Compared]) -> tuple[str, Change]:
    """The best of all by how far each is from ours of the same period, and the gap to it; where that is us, our lead."""
    if not fit:
        return "", Change.unknown()
    sign = 1 if kpi.better == "up" else -1
    best = max(fit, key=lambda each: sign * (each.figure.told.value - each.ours.value))
    ahead = sign * (best.figure.told.value - best.ours.value) > 0
    return (best.figure.competitor if ahead else OURS), best.gap

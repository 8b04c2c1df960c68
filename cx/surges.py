"""Complaint surges: more complaints than the units sold explain, by product and reason, day by day.

Complaints follow sales by days, so volume alone may raise them. The expected number of a day is a Gamma-Poisson rate
times the exposure of the day: the units sold before, weighed by a lag that is learned for each reason from the
company's own data. A surge is evidence, in nats, that complaints run at twice that rate for the last 1 to 14 days.

    panel -> learn -> baseline (days of long ago; keep it) -> newest (the last days) -> surges -> attribution

Everything that is said of a day follows from that day and those before it. Arrays in a walk run [day, product, reason].
Sources: the scan is a likelihood ratio for a change of a negative binomial rate (Lai 1995, Hoehle and Paul 2008), the
rate is the conjugate Gamma-Poisson one, its overdispersion by moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from math import log
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import betainc, ndtri

from cx.stats import TAIL, Floats

Ints = NDArray[np.int64]
Day: TypeAlias = date | pd.Timestamp

LAG_MEANS = (0.5, 2.0, 4.0, 7.0, 10.0, 14.0, 20.0)
"""The mean days from sale to complaint that are tried for a reason."""
ELASTICITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""How strongly complaints follow units: 1 in step with them, 0 not at all."""
LAG_DAYS = 64
"""Units sold longer ago than this bear no complaint."""
EVEN_DAYS = 14
"""Until a lag has been learned the units of this many days count alike."""
BLOCK_DAYS = 56
"""A lag is learned from how complaints fall within blocks of eight weeks: slower changes teach nothing about it."""
LEARNING_BLOCKS, LEARNING_COMPLAINTS, LEARNING_GAIN = 2, 300, 2.0
"""With fewer blocks or complaints, or if no lag explains more than the even days (in nats), a reason has none of its own."""
FIRST_LEARNING, RELEARN_DAYS = 14, 91
"""Days of data at the first learning; it is repeated as they double, and from then on every quarter."""
LEAST_SELLING_DAYS = 42
"""A younger product is in its launch: it is not scored and teaches no lag."""

STOP_DAYS = 14
"""The baseline ends this long before the day that is judged, so that a surge does not feed it; also the longest window."""
HALF_LIFE, SPREAD_HALF_LIFE = 60.0, 180.0
"""Days after which a day weighs half: in the rate, and in how widely counts scatter around it."""
SURGE_WEIGHT, SURGE_CAP, SURGE_MEMORY = 0.25, 28, 84
"""The weight of a surging day in the baseline, for at most so many days in so many: what lasts longer is the new normal."""
WEEK = 7
MULTIPLE = 2.0
"""The surge that is looked for: complaints at twice the expected rate."""
MULTIPLE_OF_ALL, PACE_HALF_LIFE = 1.5, 21.0
"""Of a whole reason less is looked for, but held against a shorter past: seasons move all of its products alike."""
SLOW, SLOW_OF_ALL = 0.6, 5.0
"""How much of the slow scatter counts on each day; in the many complaints of a whole reason it is all the scatter there is."""
SHRINK = 30.0
"""The complaints by which the factor of a whole reason is drawn to one."""
YEARS = 10.0
"""One false alarm in so many years of a series is accepted."""
LEAST_EVIDENCE, MOST_EVIDENCE = 3.0, log(365.25 * YEARS)
"""An alarm needs evidence, in nats, between these: the more, the larger the counts."""
TYPICAL_SPREAD = 0.2
"""The squared relative scatter of daily counts beyond Poisson that weights are chosen for."""
LEAST_FACTOR = 0.6
"""What the other products lack lowers the expectation of one by no more than this."""
CUT = 3.5
"""Beyond so many standard deviations a count teaches no more about scatter: it may be a surge that no one saw."""
EVERY = ""
"""The name of the product that stands for all of them."""

SUNDAY, MONDAY = 6, 0


# ------------------------------------------------------------------------------------------------- the panel


@dataclass(frozen=True)
class Panel:
    """Complaints [product, reason, day] and units sold [product, day] on every day from the first to the last.

    `units` is None where no sales are known: exposure is then constant. `holidays` says which days the company's
    calendar names.
    """

    days: pd.DatetimeIndex
    products: tuple[str, ...]
    reasons: tuple[str, ...]
    complaints: Ints
    units: Floats | None
    holidays: NDArray[np.bool_]

    def until(self, day: Day) -> Panel:
        """The panel as it was before `day`, which itself is left out."""
        return self.first(int(self.days.searchsorted(pd.Timestamp(day))))

    def first(self, n: int) -> Panel:
        """The first so many days of the panel."""
        units = None if self.units is None else self.units[:, :n]
        return replace(
            self,
            days=self.days[:n],
            complaints=self.complaints[:, :, :n],
            units=units,
            holidays=self.holidays[:n],
        )

    def digest(self) -> bytes:
        """What tells two panels apart, in 32 bytes."""
        told = sha256(repr((self.days[:1], self.products, self.reasons, self.units is None)).encode())
        for values in (self.complaints, self.exposed, self.holidays):
            told.update(values.tobytes())
        return told.digest()

    @cached_property
    def exposed(self) -> Floats:
        """Units sold [product, day]; one each day where no sales are known."""
        return np.ones(self.complaints.shape[::2]) if self.units is None else self.units

    @cached_property
    def selling_days(self) -> Ints:
        """How many days each product has sold [product, day], from its first sale and its first complaint on.

        A product's first complaint may be the day on which someone began to count them.
        """
        complained = np.maximum.accumulate(self.complaints.sum(1) > 0, axis=1)
        return ((self.exposed > 0) & complained).cumsum(1)

    @cached_property
    def settled(self) -> NDArray[np.bool_]:
        """Where a product is past its launch [product, day]; one that sold from the first fortnight on had it before."""
        old = self.selling_days[:, : min(EVEN_DAYS, len(self.days))].any(1, keepdims=True)
        return (self.selling_days >= LEAST_SELLING_DAYS) | (old & (self.selling_days > 0))

    @cached_property
    def day_types(self) -> Ints:
        """0 to 6 for Monday to Sunday [day]; a holiday on which the desk was shut is a Sunday, the next day a Monday."""
        weekdays = self.days.day_of_week.to_numpy().astype(np.int64)
        types, totals = weekdays.copy(), self.complaints.sum(0)
        for at in np.flatnonzero(self.holidays):
            if _looks_like_sunday(totals, weekdays, int(at)):
                types[at] = SUNDAY
                if at + 1 < len(types) and types[at + 1] != SUNDAY:
                    types[at + 1] = MONDAY
        return np.asarray(types)


def _looks_like_sunday(totals: Ints, weekdays: Ints, at: int) -> bool:
    """Whether a day's complaints [reason, day] are nearer to those of the last Sundays than to its own weekday's.

    Calendars name both bank holidays and days on which a shop sells most; only the former shut a desk.
    """
    past = np.arange(max(0, at - 8 * WEEK), at)
    sundays, same = (totals[:, past[weekdays[past] == kind]] for kind in (SUNDAY, weekdays[at]))
    if not sundays.shape[1] or not same.shape[1]:
        return True
    usual, shut = same.mean(1) + 0.5, sundays.mean(1) + 0.5
    # Square roots make counts of any size alike in spread.
    today = np.sqrt(totals[:, at] + 0.5)
    return bool(((today - np.sqrt(shut)) ** 2).sum() <= ((today - np.sqrt(usual)) ** 2).sum())


def panel(frame: pd.DataFrame, holidays: pd.DataFrame | None = None) -> Panel:
    """A panel out of one long frame (day, product, reason, complaints, units); the units stand on each of the reasons."""
    units = frame[["day", "product", "units"]] if "units" in frame else None
    return from_counts(frame, units, holidays)


def from_counts(
    complaints: pd.DataFrame,
    units: pd.DataFrame | None = None,
    holidays: pd.DataFrame | Iterable[Any] | None = None,
    until: Day | None = None,
) -> Panel:
    """A panel out of complaints (day, product, reason, complaints) and units (day, product, units); gaps are zeros.

    Leave out with `until` what is not yet complete: today, and the days on which complaints are still being booked;
    that day and all after it are dropped. Units of a product stand once for each day, or repeat.
    """
    frames = [complaints] if units is None else [complaints, units]
    days = _span([frame["day"] for frame in frames])
    product_codes, products = _codes([frame["product"] for frame in frames])
    (reason_codes,), reasons = _codes([complaints["reason"]])
    shape = (len(products), len(reasons), len(days))
    at = np.ravel_multi_index((product_codes[0], reason_codes, _offsets(complaints["day"], days)), shape)
    counts = np.bincount(at, complaints["complaints"].to_numpy(dtype=float), int(np.prod(shape)))
    sold = None
    if units is not None:
        sold = np.zeros((len(products), len(days)))
        sold[product_codes[1], _offsets(units["day"], days)] = units["units"].to_numpy(dtype=float)
    named = holidays["day"] if isinstance(holidays, pd.DataFrame) else list(holidays or ())
    whole = Panel(
        days,
        products,
        reasons,
        counts.reshape(shape).astype(np.int64),
        sold,
        days.isin(pd.DatetimeIndex(named)),
    )
    return whole if until is None else whole.until(until)


def _span(columns: list[pd.Series]) -> pd.DatetimeIndex:
    ends = [pd.Timestamp(edge) for column in columns if len(column) for edge in (column.min(), column.max())]
    return pd.date_range(min(ends), max(ends), freq="D") if ends else pd.DatetimeIndex([])


def _offsets(column: pd.Series, days: pd.DatetimeIndex) -> Ints:
    dates = pd.to_datetime(column).to_numpy().astype("datetime64[D]")
    return np.asarray(
        (dates - days[0].to_datetime64().astype("datetime64[D]")).astype(np.int64)
        if len(dates)
        else dates.astype(np.int64)
    )


def _codes(columns: list[pd.Series]) -> tuple[list[Ints], tuple[str, ...]]:
    kinds = [column.astype("category") for column in columns]
    names = sorted({str(name) for kind in kinds for name in kind.cat.categories})
    place = {name: at for at, name in enumerate(names)}
    tables = [np.array([place[str(name)] for name in kind.cat.categories], dtype=np.int64) for kind in kinds]
    return [table[kind.cat.codes.to_numpy()] for table, kind in zip(tables, kinds, strict=True)], tuple(names)


# ------------------------------------------------------------------------------------------------- the lag


@dataclass(frozen=True)
class Lags:
    """How the complaints of each reason follow sales: the mean lag in days (nan where not learned), elasticity, day factors.

    `learned` is False where there was too little to learn from: the units of the last 14 days then count alike.
    """

    reasons: tuple[str, ...]
    kernel: Ints
    beta: Floats
    learned: NDArray[np.bool_]
    factors: Floats

    @property
    def days(self) -> Floats:
        """The mean lag of each reason in days; nan where complaints do not follow sales, or no lag has been learned."""
        return np.where(self.beta > 0, np.array([*LAG_MEANS, np.nan])[self.kernel], np.nan)

    def frame(self) -> pd.DataFrame:
        """One row a reason: reason, days (mean lag), beta, learned."""
        return pd.DataFrame(
            {"reason": self.reasons, "days": self.days, "beta": self.beta, "learned": self.learned}
        )


def _kernels() -> Floats:
    """The lag distributions that are tried [kernel, day]: gammas of shape 2, and last the even one."""
    x = np.arange(LAG_DAYS) + 0.5
    gammas = [x * np.exp(-2 * x / (mean + 0.5)) for mean in LAG_MEANS]
    rows = np.array([*gammas, np.arange(LAG_DAYS) < EVEN_DAYS], dtype=float)
    return np.asarray(rows / rows.sum(1, keepdims=True))


KERNELS = _kernels()
EVEN = len(KERNELS) - 1


def _smoothed(panel: Panel, kernels: Iterable[int] = range(len(KERNELS))) -> dict[int, Floats]:
    """ln of the lag-weighted units [product, day] by kernel, above a fiftieth of the product's mean so far."""
    units = panel.exposed
    before = np.repeat(units[:, :1], LAG_DAYS - 1, axis=1)
    padded = np.concatenate([before, units], axis=1)
    mean = units.cumsum(1) / np.maximum((units.cumsum(1) > 0).cumsum(1), 1)
    floor = np.maximum(mean / 50, 1e-9)
    return {
        at: np.log(np.maximum(lfilter(KERNELS[at], [1.0], padded)[:, LAG_DAYS - 1 :], floor))
        for at in kernels
    }


def learn(panel: Panel, until: Day | None = None) -> Lags:
    """The lag, the elasticity and the day factors of each reason, from the days before `until`."""
    seen = panel if until is None else panel.until(until)
    if len(seen.days) < FIRST_LEARNING:
        return _unlearned(seen)
    grid = _Blocks.of(seen)
    enough = (grid.complaints >= LEARNING_COMPLAINTS) & (len(grid.kinds) >= LEARNING_BLOCKS)
    tried = [(EVEN, float(seen.units is not None))]
    if seen.units is None or not enough.any():
        enough = np.zeros(len(seen.reasons), bool)
    else:
        tried += [(kernel, beta) for kernel in range(EVEN) for beta in ELASTICITIES]
    smoothed = _smoothed(seen, {kernel for kernel, _ in tried})
    fits = [grid.fit(smoothed[kernel], beta) for kernel, beta in tried]
    scores = np.array([score for score, _ in fits])
    learned = enough & (scores.max(0) >= scores[0] + LEARNING_GAIN)
    best = np.where(learned, scores.argmax(0), 0)
    kernel, beta = np.array(tried)[best].T
    factors = np.array([fits[at][1][reason] for reason, at in enumerate(best)])
    return Lags(seen.reasons, kernel.astype(np.int64), beta, learned, factors)


def _unlearned(panel: Panel) -> Lags:
    n = len(panel.reasons)
    beta = np.full(n, float(panel.units is not None))
    return Lags(panel.reasons, np.full(n, EVEN), beta, np.zeros(n, bool), np.ones((n, 7)))


@dataclass(frozen=True)
class _Blocks:
    """Complaints in blocks of eight weeks, ready to be held against many exposures."""

    kinds: Floats
    by_type: Floats
    by_block: Floats
    by_day: Floats
    counted: NDArray[np.bool_]
    complaints: Floats

    @classmethod
    def of(cls, panel: Panel) -> _Blocks:
        """The latest whole blocks; one of fewer weeks where there is no whole one yet."""
        blocks, weeks = max(1, len(panel.days) // BLOCK_DAYS), len(panel.days) // WEEK
        n = blocks * min(BLOCK_DAYS, weeks * WEEK)
        counted = panel.settled[:, -n:]
        y = _settled(panel.complaints[:, :, -n:] * counted[:, None], blocks)
        kinds = np.eye(7)[panel.day_types[-n:]]
        by_block = y.reshape(*y.shape[:2], blocks, -1).sum(3).transpose(0, 2, 1).astype(float)
        return cls(
            kinds.reshape(blocks, -1, 7),
            y.sum(0) @ kinds,
            by_block,
            y,
            counted,
            panel.complaints[:, :, -n:].sum((0, 2)),
        )

    def fit(self, ln_units: Floats, beta: float) -> tuple[Floats, Floats]:
        """Log likelihood [reason] and day factors [reason, type] of one lag and elasticity.

        Within a block the complaints of a series fall on its days in proportion to exposure (a multinomial), so the
        rate of the block drops out.
        """
        ln_x = beta * ln_units[:, -self.counted.shape[1] :]
        x = np.where(self.counted, np.exp(ln_x), 0.0).reshape(len(ln_x), *self.kinds.shape[:2])
        exposure = np.einsum("pbt,btd->pbd", x, self.kinds, optimize=True)
        factors = np.ones_like(self.by_type)
        for _ in range(4):
            total = np.maximum(exposure @ factors.T, 1e-300)
            expected = np.einsum("pbr,pbd->rd", self.by_block / total, exposure, optimize=True)
            factors = (self.by_type + 5 * factors.mean(1, keepdims=True)) / (expected + 5)
            factors /= factors.mean(1, keepdims=True)
        total = np.maximum(exposure @ factors.T, 1e-300)
        score = np.einsum("prt,pt->r", self.by_day, ln_x, optimize=True)
        return score + (self.by_type * np.log(factors)).sum(1) - (self.by_block * np.log(total)).sum(
            (0, 1)
        ), factors


def _settled(complaints: Ints, blocks: int) -> Floats:
    """Complaints as they teach a lag: a surge is cut down to twice the median week of its block, and many count for less.

    The daily variance of a series grows faster than its mean; without the weight the largest would drown the others.
    """
    weeks = complaints.reshape(*complaints.shape[:2], blocks, -1, WEEK).sum(4)
    median = np.median(weeks, axis=3, keepdims=True)
    kept = np.minimum(1, (2 * median + 3 * np.sqrt(median) + 2) / np.maximum(weeks, 1))
    settled = complaints * np.repeat(kept.reshape(*complaints.shape[:2], -1), WEEK, axis=2)
    return np.asarray(settled / (1 + TYPICAL_SPREAD * settled.mean(2, keepdims=True)))


def _exposure(panel: Panel, lags: Lags) -> Floats:
    """Exposure [day, product, reason]: lag-weighted units to the power of the elasticity, times the day factor.

    It is 0 before a product's first day.
    """
    smoothed = _smoothed(panel, set(lags.kernel.tolist()))
    started = (panel.selling_days > 0).T
    exposure = np.empty((len(panel.days), len(panel.products), len(panel.reasons)))
    for at, (kernel, beta, factors) in enumerate(zip(lags.kernel, lags.beta, lags.factors, strict=True)):
        exposure[:, :, at] = np.exp(beta * smoothed[kernel].T) * started * factors[panel.day_types][:, None]
    return exposure


# ------------------------------------------------------------------------------------------------- the walk


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
        return cls(0, _unlearned(panel), 0, counted, exposed, weight, pace, moments, recent, surging)


@dataclass
class _Days:
    """A panel made ready for a walk: complaints, exposure [day, product, reason], and who is past the launch [day, product]."""

    panel: Panel
    complaints: Floats
    exposure: Floats
    live: NDArray[np.bool_]

    @classmethod
    def of(cls, panel: Panel, lags: Lags) -> _Days:
        complaints = np.ascontiguousarray(panel.complaints.transpose(2, 0, 1)).astype(float)
        live = panel.selling_days.T >= LEAST_SELLING_DAYS
        return cls(panel, complaints, _exposure(panel, lags), live)


def scan(panel: Panel, first: Day, last: Day | None = None) -> Scan:
    """What is said of each day from `first` to `last` (both included; to the panel's end where not given)."""
    shown = panel if last is None else panel.until(pd.Timestamp(last) + pd.Timedelta(days=1))
    return newest(baseline(shown, first), shown)


def baseline(panel: Panel, upto: Day) -> Baseline:
    """What the days before `upto` teach. The slow part: keep it while those days do not change."""
    return _taught(Baseline.empty(panel), panel.until(upto))


def _taught(base: Baseline, before: Panel) -> Baseline:
    for _ in _walk(base, before):
        pass
    return base


class Memory:
    """Scans that remember what the days of long ago taught, as long as these days stay as they are.

    An export that brings the latest days costs these days only; as days go by the memory goes on from where it was.
    Safe to use from many threads.
    """

    def __init__(self) -> None:
        self._base: Baseline | None = None
        self._digest = b""
        self._busy = Lock()

    def scan(self, panel: Panel, first: Day) -> Scan:
        """What is said of each day from `first` to the panel's end: the same as `scan` says."""
        before = panel.until(first)
        with self._busy:
            base = self._base if self._knows(before) else None
            self._base = base = _taught(base or Baseline.empty(before), before)
            self._digest = before.digest()
        return newest(base, panel)

    def _knows(self, before: Panel) -> bool:
        """Whether what was learned was learned from the first of these days."""
        seen = self._base.seen if self._base else 0
        return 0 < seen <= len(before.days) and before.first(seen).digest() == self._digest


def newest(base: Baseline, panel: Panel) -> Scan:
    """What is said of the days of a panel after those of its baseline, which stays as it is. The fast part.

    Raises ValueError if the panel has other products or reasons than the baseline, or no day more.
    """
    if base.counted.shape != panel.complaints.shape[:2] or base.seen >= len(panel.days):
        raise ValueError("The panel must have the products and reasons of its baseline, and later days.")
    base = deepcopy(base)
    first = base.seen
    said = list(_walk(base, panel))
    arrays = {name: np.stack([row[name] for row in said]) for name in said[0]}
    return Scan(panel.days[first:], (*panel.products, EVERY), panel.reasons, base.lags, **arrays)


def _walk(base: Baseline, panel: Panel) -> Iterator[dict[str, Any]]:
    """Day by day from where the baseline ends to the panel's end; the baseline goes along."""
    if base.seen >= len(panel.days):
        return
    days = _Days.of(panel, base.lags)
    later = np.zeros((len(panel.days) - base.seen, *base.surging.shape[1:]), bool)
    base.surging = np.concatenate([base.surging[: base.seen], later])
    for at in range(base.seen, len(panel.days)):
        if at >= max(FIRST_LEARNING, min(2 * base.learned_at, base.learned_at + RELEARN_DAYS)):
            base.lags, base.learned_at = learn(panel, panel.days[at]), at
            days.exposure = _exposure(panel, base.lags)
            _recount(base, days, at - STOP_DAYS)
        yield _judge(base, days, at)
        base.seen = at + 1


def _weights(surging: NDArray[np.bool_], many: NDArray[np.bool_]) -> Floats:
    """How much a day counts in the baseline: less within a surge, unless too many days before it were within one."""
    return np.where(surging & ~many, SURGE_WEIGHT, 1.0)


def _recount(base: Baseline, days: _Days, end: int) -> None:
    """The fading sums over the days before `end`, anew: a lag learned anew changes all exposure."""
    first = max(0, end - int(8 * HALF_LIFE))
    fading = 0.5 ** (np.arange(end - first)[::-1] / HALF_LIFE)
    running = base.surging[:end, :-1].cumsum(0, dtype=np.int16)
    running[SURGE_MEMORY:] -= running[:-SURGE_MEMORY].copy()
    weight = _weights(base.surging[first:end, :-1], running[first:] > SURGE_CAP) * fading[:, None, None]
    x = days.exposure[first:end]
    base.counted = (weight * days.complaints[first:end]).sum(0)
    base.exposed = (weight * x).sum(0)
    base.weight = (weight * (x > 0)).sum(0)


def _count(base: Baseline, days: _Days, at: int) -> None:
    """Let one more day into the fading sums."""
    within = base.surging[max(0, at - SURGE_MEMORY + 1) : at + 1, :-1].sum(0, dtype=np.int16)
    fade, weight = 0.5 ** (1 / HALF_LIFE), _weights(base.surging[at, :-1], within > SURGE_CAP)
    base.counted = fade * base.counted + weight * days.complaints[at]
    base.exposed = fade * base.exposed + weight * days.exposure[at]
    base.weight = fade * base.weight + weight * (days.exposure[at] > 0)
    together = [base.recent[name][at % KEPT, -1] for name in ("y", "alone")]
    calm = np.where(base.surging[at, -1], SURGE_WEIGHT, 1.0)
    base.pace = 0.5 ** (1 / PACE_HALF_LIFE) * base.pace + calm * np.array(together)


def _rate(base: Baseline) -> tuple[Floats, Floats]:
    """The Gamma-Poisson rate [product, reason] and its squared relative error.

    The mean of the prior is the rate of the reason times how much its product complains at all.
    """
    reason = (base.counted.sum(0) + 0.5) / np.maximum(base.exposed.sum(0), 1e-9)
    product = (base.counted.sum(1) + 1) / ((reason * base.exposed).sum(1) + 1)
    prior = reason * product[:, None]
    weight = _prior_weight(base.counted, prior * base.exposed)
    shape = weight + base.counted
    return shape / (weight / prior + base.exposed), 1 / shape


def _prior_weight(counted: Floats, expected: Floats) -> Floats:
    """The complaints that the prior of each reason weighs: one, or fewer where products scatter more widely around it.

    Many reasons exist for some products only; for these the prior is far too low, and must not hold the rate down.
    """
    trust = 1 / (1 + expected) ** 2
    scatter = (trust * ((counted - expected) ** 2 - expected)).sum(0) + 1
    return np.asarray(1 / np.maximum(scatter / ((trust * expected**2).sum(0) + 1), 1))


def _spread(base: Baseline) -> tuple[Floats, Floats]:
    """The squared relative scatter of days, and the slow one of weeks, beyond Poisson; each series drawn to its reason."""
    day, week = (_shrunk(moment, least) for moment, least in zip(base.moments, (0.02, 0.005), strict=True))
    return day, week


def _shrunk(moment: Floats, least: float) -> Floats:
    above, weight = moment
    pooled = np.maximum((above[:-1].sum(0) + 10) / (weight[:-1].sum(0) + 100), least)
    # Half the weight is the information of a moment; between series the scatter differs by some two thirds of itself.
    prior = 1 / (0.43 * pooled**2)
    return np.asarray(np.maximum((above / 2 + prior * pooled) / (weight / 2 + prior), least))


def _judge(base: Baseline, days: _Days, at: int) -> dict[str, Any]:
    """What is said of one day. Arrays [product, reason] with all products together in one row more."""
    if at >= STOP_DAYS:
        _count(base, days, at - STOP_DAYS)
    spread_day, spread_week = _spread(base)
    rate, doubt = _rate(base)
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
    _learn_spread(base, at - STOP_DAYS, spread_day)
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


def _strangeness(base: Baseline, days: _Days, at: int) -> Floats:
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


def _learn_spread(base: Baseline, at: int, spread_day: Floats) -> None:
    """Let one more day outside of surges, and the week up to it, teach how counts scatter (by moments)."""
    if at < LEAST_SELLING_DAYS:
        return
    recent, slot, week = base.recent, at % KEPT, np.arange(at - WEEK + 1, at + 1) % KEPT
    y, mean, doubt = (recent[name][slot] for name in ("y", "mean", "doubt"))
    y_7, mean_7, squares = (
        recent["y"][week].sum(0),
        recent["mean"][week].sum(0),
        (recent["mean"][week] ** 2).sum(0),
    )
    calm = ~base.surging[at] & (mean > 0)
    calm_7 = calm & ~base.surging[at - WEEK + 1]
    base.moments *= 0.5 ** (1 / SPREAD_HALF_LIFE)
    base.moments[0] += _moment(calm, y, mean, mean + doubt * mean**2, TYPICAL_SPREAD)
    base.moments[1] += _moment(
        calm_7, y_7, mean_7, mean_7 + spread_day * squares + doubt * mean_7**2, TYPICAL_SPREAD / 2
    )


def _moment(calm: NDArray[np.bool_], y: Floats, mean: Floats, variance: Floats, typical: float) -> Floats:
    """Squared scatter beyond a variance, and its weight. What is off by more than some standard deviations is cut."""
    weight = calm / (1 + typical * mean) ** 2
    squared = np.minimum((y - mean) ** 2, CUT**2 * (mean + 1.5 * typical * mean**2) + 1)
    return np.stack([weight * (squared - variance), weight * mean**2])


# ------------------------------------------------------------------------------------------------- chance


def mid_p(observed: Floats, expected: Floats, spread: Floats) -> Floats:
    """P(Y > y) + P(Y = y) / 2 for a negative binomial of variance expected + spread * expected^2."""
    k = 1 / np.maximum(spread, 1e-9)
    share = expected / (k + expected)
    reached = np.where(observed > 0, betainc(np.maximum(observed, 1), k, share), 1.0)
    return np.asarray((betainc(observed + 1, k, share) + reached) / 2)


def quantile(q: float, expected: Floats, spread: Floats) -> Floats:
    """The least count that is reached with a chance of at least q; as scipy's nbinom.ppf, many times faster."""
    k = 1 / np.maximum(spread, 1e-9).ravel()
    mean = expected.ravel()
    share = mean / (k + mean)
    precision = np.sqrt(np.maximum(mean / (1 + mean / k), 1e-6))
    guess = 1 - 1 / (9 * precision**2) + ndtri(q) / (3 * precision)
    count = np.floor(mean * np.maximum(guess, 0.0) ** 3)

    def reached(count: Floats, where: Ints) -> NDArray[np.bool_]:
        return np.asarray((count >= 0) & (1 - betainc(np.maximum(count, 0) + 1, k[where], share[where]) >= q))

    todo = np.arange(len(count))
    while len(todo):
        enough = reached(count[todo], todo)
        count[todo[~enough]] += 1
        too_many = enough & reached(count[todo] - 1, todo)
        count[todo[too_many]] -= 1
        todo = todo[~enough | too_many]
    return np.asarray(count.reshape(expected.shape))


# ------------------------------------------------------------------------------------------------- what is told

EPISODE_GAP = 7
"""Alarms of one series with fewer days between them than this are one surge; as many without an alarm end it."""
TOLD = ("product", "reason", "onset", "alarm_day", "last_day", "state", "evidence", "observed", "expected")


def surges(scan: Scan) -> pd.DataFrame:
    """One row a surge, the strongest first; product EVERY where a whole reason surges, which is told once.

    `onset` is where the evidence begins, `alarm_day` when it sufficed, `last_day` the last one in alarm. From onset to
    last day: `observed`, `expected` with `lo` and `hi` (95 %), and the `excess` with its bounds. An excess that was told
    because it is large is, on average, somewhat too large. `state` is of the scan's last day: 'new' since that day or
    the one before, 'growing', 'easing', or 'over' after a week without alarm.
    """
    alarm = scan.alarm
    told = [
        _told(scan, product, reason, first, last)
        for product, reason in zip(*np.nonzero(alarm.any(0)), strict=True)
        for first, last in _episodes(alarm[:, product, reason])
    ]
    found = pd.DataFrame(told, columns=[*TOLD, "spread"])
    expected, spread = (found[name].to_numpy(dtype=float) for name in ("expected", "spread"))
    lo, hi = (quantile(q, expected, spread) for q in (TAIL, 1 - TAIL))
    beyond = {"excess": expected, "excess_lo": hi, "excess_hi": lo}
    excess = {name: found["observed"] - bound for name, bound in beyond.items()}
    found = found.drop(columns="spread").assign(lo=lo, hi=hi, **excess)
    found[["excess_lo", "excess_hi"]] = found[["excess_lo", "excess_hi"]].clip(lower=0)
    within = [_told_by_all(row, found) for row in found.itertuples()]
    return found[~np.array(within, bool)].sort_values("evidence", ascending=False, ignore_index=True)


def _episodes(alarm: NDArray[np.bool_]) -> list[tuple[int, int]]:
    at = np.flatnonzero(alarm)
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > EPISODE_GAP)
    return list(zip(at[np.r_[0, breaks + 1]].tolist(), at[np.r_[breaks, len(at) - 1]].tolist(), strict=True))


def _told(scan: Scan, product: int, reason: int, first: int, last: int) -> tuple[Any, ...]:
    onset = _onset(scan, product, reason, first, last)
    span = np.s_[onset : last + 1, product, reason]
    state = _state(scan.evidence[:, product, reason], first, last)
    whose, when = (
        (scan.products[product], scan.reasons[reason]),
        (scan.days[onset], scan.days[first], scan.days[last]),
    )
    counts = scan.complaints[span].sum(), scan.expected[span].sum()
    return (*whose, *when, state, scan.evidence[span].max(), *counts, scan.spread_7[last, product, reason])


def _onset(scan: Scan, product: int, reason: int, first: int, last: int) -> int:
    """Where a surge as strong as it is from the alarm on most likely began; the alarm's own window only says that there is one."""
    start, end = max(0, first - STOP_DAYS + 1), min(last, first + WEEK - 1)
    span = np.s_[start : end + 1, product, reason]
    complaints, expected = scan.complaints[span], scan.expected[span]
    since = slice(first - start, None)
    multiple = max(MULTIPLE, complaints[since].sum() / max(expected[since].sum(), 1e-9))
    gains = gain(complaints, expected, 1 / np.maximum(scan.spread_7[span], 1e-9), multiple)
    later = gains[::-1].cumsum()[::-1]
    return start + int(np.argmax(later[: first - start + 1]))


def _state(evidence: Floats, first: int, last: int) -> str:
    today = len(evidence) - 1
    if today - last >= EPISODE_GAP:
        return "over"
    if today - first <= 1:
        return "new"
    return "easing" if last < today or evidence[today] < evidence[today - 2] else "growing"


def _told_by_all(row: Any, found: pd.DataFrame) -> bool:
    """Whether a product's surge is no more than that of its whole reason at the time."""
    if row.product == EVERY:
        return False
    whole = found[(found["product"] == EVERY) & (found["reason"] == row.reason)]
    meets = (whole["onset"] <= row.last_day) & (whole["last_day"] >= row.onset)
    return bool(
        (meets & (row.observed * whole["expected"] < MULTIPLE * whole["observed"] * row.expected)).any()
    )


COMPANION = 7
"""Another of the campaign's products with the same complaint speaks for it as strongly as so many days of better fit."""
USUAL_ONSET, LATEST_ONSET, ONSET_ERROR = 7, 14, 2
"""A campaign's trouble shows about a week after its start and within two, or within the reason's mean lag if that is longer."""


def attribution(found: pd.DataFrame, campaigns: pd.DataFrame, lags: Lags | None = None) -> list[list[str]]:
    """For each surge (product, reason, onset, alarm_day) the campaigns that fit, the likeliest first; often none.

    A campaign (campaign_id, start, products) fits that sells the product, had begun when the alarm came, and began
    before the onset by no more than the lag allows; an onset is known to within some days. Where several fit, those
    come first whose other products are in `found` with the same reason at the time, then those with the likelier onset;
    they cannot be told apart for sure: show them all. A whole reason has none.
    """
    selling: dict[str, list[Any]] = {}
    for campaign in campaigns.itertuples():
        for product in campaign.products:
            selling.setdefault(str(product), []).append(campaign)
    means = {} if lags is None else dict(zip(lags.reasons, lags.days, strict=True))
    alarms = dict(list(found.groupby(["product", "reason"], observed=True)["alarm_day"]))

    def fitting(row: Any) -> list[str]:
        latest = np.fmax(LATEST_ONSET, means.get(str(row.reason), 0))
        began = [
            (c, (row.onset - c.start).days)
            for c in selling.get(str(row.product), ())
            if c.start <= row.alarm_day
        ]
        fit = [(c, abs(days - USUAL_ONSET)) for c, days in began if -ONSET_ERROR <= days <= latest]
        if len(fit) > 1:
            fit = [(c, off - COMPANION * _companions(alarms, c, row)) for c, off in fit]
        return [
            str(c.campaign_id) for c, _ in sorted(fit, key=lambda each: (each[1], str(each[0].campaign_id)))
        ]

    return [fitting(row) for row in found.itertuples()]


def _companions(alarms: dict[Any, Any], campaign: Any, row: Any) -> int:
    """How many other products of the campaign came into alarm for the same reason in the fortnight up to this alarm."""
    first, last = row.alarm_day - pd.Timedelta(days=STOP_DAYS), row.alarm_day
    others = ((product, row.reason) for product in campaign.products if product != row.product)
    return sum(bool(alarms[key].between(first, last).any()) for key in others if key in alarms)

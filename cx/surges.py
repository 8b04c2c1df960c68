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

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import betainc, ndtri

from cx.stats import TAIL, Floats

Ints = NDArray[np.int64]
Day = date | pd.Timestamp

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
LEARNING_COMPLAINTS = 300
LEARNING_BLOCKS = 2
RELEARN_DAYS = 56
LEAST_SELLING_DAYS = 42
"""A younger product is in its launch: it is not scored and teaches no lag."""

STOP_DAYS = 14
"""The baseline ends this long before the day that is judged, so that a surge does not feed it; also the longest window."""
HALF_LIFE = 60.0
SPREAD_HALF_LIFE = 180.0
SURGE_WEIGHT = 0.25
SURGE_CAP, SURGE_MEMORY = 28, 84
"""At most so many days in so many weigh less: what lasts longer is the new normal."""
WEEK = 7
MULTIPLE = 2.0
"""The surge that is looked for: complaints at twice the expected rate."""
SHRINK = 30.0
"""The complaints by which a factor of the whole reason is drawn to one."""
YEARS = 10.0
"""One false alarm in so many years of a series is accepted."""

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
        n = int(self.days.searchsorted(pd.Timestamp(day)))
        units = None if self.units is None else self.units[:, :n]
        return replace(
            self, days=self.days[:n], complaints=self.complaints[:, :, :n], units=units, holidays=self.holidays[:n]
        )

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
    def day_types(self) -> Ints:
        """0 to 6 for Monday to Sunday [day]; a holiday on which the desk was shut is a Sunday, the next day a Monday."""
        weekdays = self.days.dayofweek.to_numpy().astype(np.int64)
        types, totals = weekdays.copy(), self.complaints.sum(0)
        for at in np.flatnonzero(self.holidays):
            if _looks_like_sunday(totals, weekdays, at):
                types[at] = SUNDAY
                if at + 1 < len(types) and types[at + 1] != SUNDAY:
                    types[at + 1] = MONDAY
        return types


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
        days, products, reasons, counts.reshape(shape).astype(np.int64), sold, days.isin(pd.DatetimeIndex(named))
    )
    return whole if until is None else whole.until(until)


def _span(columns: list[pd.Series]) -> pd.DatetimeIndex:
    ends = [pd.Timestamp(edge) for column in columns if len(column) for edge in (column.min(), column.max())]
    return pd.date_range(min(ends), max(ends), freq="D") if ends else pd.DatetimeIndex([])


def _offsets(column: pd.Series, days: pd.DatetimeIndex) -> Ints:
    dates = pd.to_datetime(column).to_numpy().astype("datetime64[D]")
    return (dates - days[0].to_datetime64().astype("datetime64[D]")).astype(np.int64) if len(dates) else dates.astype(np.int64)


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

    def frame(self) -> pd.DataFrame:
        """One row a reason: reason, days (mean lag), beta, learned."""
        means = np.array([*LAG_MEANS, np.nan])[self.kernel]
        return pd.DataFrame({"reason": self.reasons, "days": means, "beta": self.beta, "learned": self.learned})


def _kernels() -> Floats:
    """The lag distributions that are tried [kernel, day]: gammas of shape 2, and last the even one."""
    x = np.arange(LAG_DAYS) + 0.5
    gammas = [x * np.exp(-2 * x / (mean + 0.5)) for mean in LAG_MEANS]
    rows = np.array([*gammas, np.arange(LAG_DAYS) < EVEN_DAYS], dtype=float)
    return rows / rows.sum(1, keepdims=True)


KERNELS = _kernels()
EVEN = len(KERNELS) - 1


def _smoothed(panel: Panel, kernels: Iterable[int] = range(len(KERNELS))) -> dict[int, Floats]:
    """ln of the lag-weighted units [product, day] by kernel, above a fiftieth of the product's mean so far."""
    units = panel.exposed
    before = np.repeat(units[:, :1], LAG_DAYS - 1, axis=1)
    padded = np.concatenate([before, units], axis=1)
    mean = units.cumsum(1) / np.maximum((units.cumsum(1) > 0).cumsum(1), 1)
    floor = np.maximum(mean / 50, 1e-9)
    return {at: np.log(np.maximum(lfilter(KERNELS[at], [1.0], padded)[:, LAG_DAYS - 1 :], floor)) for at in kernels}


def learn(panel: Panel, until: Day | None = None) -> Lags:
    """The lag, the elasticity and the day factors of each reason, from the days before `until`."""
    seen = panel if until is None else panel.until(until)
    blocks = len(seen.days) // BLOCK_DAYS
    if not blocks:
        return _unlearned(seen)
    grid = _Blocks.of(seen, blocks)
    smoothed = _smoothed(seen)
    tried = [(kernel, beta) for kernel in smoothed for beta in (ELASTICITIES if kernel != EVEN else (1.0,))]
    if seen.units is None:
        tried = [(EVEN, 0.0)]
    fits = [grid.fit(smoothed[kernel], beta) for kernel, beta in tried]
    score = np.array([fit[0] for fit in fits])
    enough = (grid.complaints >= LEARNING_COMPLAINTS) & (blocks >= LEARNING_BLOCKS) & (seen.units is not None)
    best = np.where(enough, score[:-1].argmax(0) if len(tried) > 1 else 0, len(tried) - 1)
    kernel, beta = (np.array(column)[best] for column in zip(*tried, strict=True))
    factors = np.array([fits[at][1][reason] for reason, at in enumerate(best)])
    return Lags(seen.reasons, kernel.astype(np.int64), beta.astype(float), enough, factors)


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

    @classmethod
    def of(cls, panel: Panel, blocks: int) -> _Blocks:
        n = blocks * BLOCK_DAYS
        counted = panel.selling_days[:, -n:] >= LEAST_SELLING_DAYS
        y = panel.complaints[:, :, -n:] * counted[:, None]
        kinds = np.eye(7)[panel.day_types[-n:]]
        by_block = y.reshape(*y.shape[:2], blocks, BLOCK_DAYS).sum(3).transpose(0, 2, 1).astype(float)
        return cls(kinds.reshape(blocks, BLOCK_DAYS, 7), y.sum(0) @ kinds, by_block, y.astype(float), counted)

    @property
    def complaints(self) -> Floats:
        return self.by_type.sum(1)

    def fit(self, ln_units: Floats, beta: float) -> tuple[Floats, Floats]:
        """Log likelihood [reason] and day factors [reason, type] of one lag and elasticity.

        Within a block the complaints of a series fall on its days in proportion to exposure (a multinomial), so the
        rate of the block drops out.
        """
        ln_x = beta * ln_units[:, -self.counted.shape[1] :]
        x = np.where(self.counted, np.exp(ln_x), 0.0).reshape(len(ln_x), len(self.kinds), BLOCK_DAYS)
        exposure = np.einsum("pbt,btd->pbd", x, self.kinds, optimize=True)
        factors = np.ones_like(self.by_type)
        for _ in range(4):
            total = np.maximum(exposure @ factors.T, 1e-300)
            expected = np.einsum("pbr,pbd->rd", self.by_block / total, exposure, optimize=True)
            factors = (self.by_type + 5 * factors.mean(1, keepdims=True)) / (expected + 5)
            factors /= factors.mean(1, keepdims=True)
        total = np.maximum(exposure @ factors.T, 1e-300)
        score = np.einsum("prt,pt->r", self.by_day, ln_x, optimize=True)
        return score + (self.by_type * np.log(factors)).sum(1) - (self.by_block * np.log(total)).sum((0, 1)), factors


def _exposure(panel: Panel, lags: Lags) -> Floats:
    """Exposure [day, product, reason]: the lag-weighted units to the power of the elasticity, times the day factor."""
    smoothed = _smoothed(panel, set(lags.kernel.tolist()))
    return np.stack(
        [
            np.exp(beta * smoothed[kernel].T) * factors[panel.day_types][:, None]
            for kernel, beta, factors in zip(lags.kernel, lags.beta, lags.factors, strict=True)
        ],
        axis=2,
    )


# ------------------------------------------------------------------------------------------------- the walk


@dataclass(frozen=True)
class Scan:
    """What is said of each series on each day: arrays [day, product, reason]; the last product is 'all of them'.

    `complaints` and `expected` are of the day; `observed_7`, `expected_7` of seven days up to it, with `spread_7` the
    squared relative error of what is expected. `evidence` is in nats, `window` the days over which it is greatest.
    `scored` is False for a launch and where nothing was yet sold.
    """

    days: pd.DatetimeIndex
    products: tuple[str, ...]
    reasons: tuple[str, ...]
    complaints: Floats
    expected: Floats
    observed_7: Floats
    expected_7: Floats
    spread_7: Floats
    evidence: Floats
    threshold: Floats
    window: Floats
    scored: NDArray[np.bool_]

    @property
    def alarm(self) -> NDArray[np.bool_]:
        return self.scored & (self.evidence >= self.threshold)


@dataclass
class Baseline:
    """All that is remembered of the days before `seen`: enough to go on from there."""

    seen: int
    shape: tuple[int, int]
    lags: Lags | None = None
    counted: Floats = field(init=False)
    exposed: Floats = field(init=False)
    days: Floats = field(init=False)
    moments: Floats = field(init=False)
    recent: dict[str, Floats] = field(init=False)
    surging: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        products, reasons = self.shape
        self.counted, self.exposed, self.days = np.zeros((3, products, reasons))
        self.moments = np.zeros((4, products + 1, reasons))
        self.recent = {name: np.zeros((KEPT, products + 1, reasons)) for name in ("y", "mean", "raw", "gain", "a7")}
        self.surging = np.zeros((0, products + 1, reasons), bool)


KEPT = STOP_DAYS + WEEK
KAPPA = 1.0
DAILY = True
WINLR = False
PSI7W = 0.6
CAPSD = 5.0


def scan(panel, first=None, last=None, base=None):
    T = len(panel.days)
    P, R = len(panel.products), len(panel.reasons)
    first = 0 if first is None else int(panel.days.searchsorted(pd.Timestamp(first)))
    base = Baseline(0, (P, R)) if base is None else deepcopy(base)
    Y = np.ascontiguousarray(panel.complaints.transpose(2, 0, 1)).astype(float)
    age = panel.selling_days.T
    out = {k: [] for k in ("complaints", "expected", "observed_7", "expected_7", "spread_7", "evidence", "threshold", "window", "scored")}
    x = None
    for t in range(base.seen, T):
        if t % RELEARN_DAYS == 0 and t >= LEARNING_BLOCKS * BLOCK_DAYS and (t + RELEARN_DAYS > first) or base.lags is None:
            base.lags = learn(panel.until(panel.days[max(t, first if base.lags is None else t)]))
            x = _exposure(panel, base.lags) * (age[:, :, None] > 0)
            _recount(base, Y, x, t)
        if x is None:
            x = _exposure(panel, base.lags) * (age[:, :, None] > 0)
        row = step(base, Y, x, age, t)
        if t >= first:
            for k, v in row.items():
                out[k].append(v)
    return Scan(panel.days[first:], (*panel.products, ""), panel.reasons, **{k: np.array(v) for k, v in out.items()})


def _weights(surging, i):
    """Weight of day i"""
    many = surging[max(0, i - SURGE_MEMORY + 1) : i + 1].sum(0) > SURGE_CAP
    return np.where(surging[i] & ~many, SURGE_WEIGHT, 1.0)


def _recount(base, Y, x, t):
    end = t - STOP_DAYS   # days < end counted
    base.counted[:], base.exposed[:], base.days[:] = 0, 0, 0
    d = 0.5 ** (1 / HALF_LIFE)
    for i in range(max(0, end - 420), end):
        _count(base, Y, x, i, d)


def _count(base, Y, x, i, d):
    w = _weights(base.surging, i)[:-1]
    base.counted = base.counted * d + w * Y[i]
    base.exposed = base.exposed * d + w * x[i]
    base.days = base.days * d + w * (x[i] > 0)


def step(base, Y, x, age, t):
    d = 0.5 ** (1 / HALF_LIFE)
    P, R = base.shape
    i = t - STOP_DAYS
    if i >= 0:
        _count(base, Y, x, i, d)
    a, b = base.counted, base.exposed
    rr = (a.sum(0) + 0.5) / np.maximum(b.sum(0), 1e-9)
    effect = (a.sum(1) + 1) / ((rr * b).sum(1) + 1)
    m0 = rr * effect[:, None]
    A = KAPPA + a
    rate = A / (KAPPA / m0 + b)
    raw = rate * x[t]
    y = Y[t]
    r = base.recent
    slot = t % KEPT
    week = np.arange(t - WEEK + 1, t + 1) % KEPT
    psi1, psi7 = _spread(base)
    # cap
    sd = np.sqrt(raw + raw**2 * (psi1 + psi7)[:-1])
    capped = np.minimum(y, raw + 3 * sd + 1)
    r["raw"][slot, :-1] = raw
    r["raw"][slot, -1] = raw.sum(0)
    r["y"][slot, :-1] = y
    r["y"][slot, -1] = capped.sum(0)
    live = (age[t] >= LEAST_SELLING_DAYS)
    raw7 = r["raw"][week].sum(0)
    S7 = r["y"][week].sum(0)
    sd7 = np.sqrt(raw7 + raw7**2 * (psi1 / 7 + psi7))
    cap7 = np.minimum(S7, raw7 + 3 * sd7 + 1)[:-1] * live[:, None]
    raw7l = raw7[:-1] * live[:, None]
    c7 = (cap7.sum(0) - cap7 + SHRINK) / (raw7l.sum(0) - raw7l + SHRINK)
    if DAILY:
        cd = capped * live[:, None]
        rd = raw * live[:, None]
        c = (cd.sum(0) - cd + SHRINK * c7) / (rd.sum(0) - rd + SHRINK)
    else:
        c = c7
    mean = r["mean"][slot]
    mean[:-1] = raw * c
    mean[-1] = raw.sum(0)
    mu7 = r["mean"][week].sum(0)
    Aall = np.concatenate([A, A.sum(0, keepdims=True)])
    r["a7"][slot] = 1 / Aall
    x7 = x[max(0, t - 6) : t + 1].mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where((x7 > 0) & (b > 0), 0.25 * np.log(x7 * base.days / b), 0.0)
    far = np.concatenate([np.nan_to_num(far) ** 2, np.zeros((1, R))])
    inv = psi1 + PSI7W * psi7 + 1 / Aall + far
    scored = np.concatenate([np.repeat(live[:, None], R, 1), np.full((1, R), t >= LEAST_SELLING_DAYS)]) & (mean > 0)
    r["gain"][slot] = np.where(scored, _gain(r["y"][slot], mean, 1 / inv), 0.0)
    back = np.arange(t, t - STOP_DAYS, -1) % KEPT
    if WINLR:
        Sw = r["y"][back].cumsum(0); Mw = r["mean"][back].cumsum(0); M2 = (r["mean"][back] ** 2).cumsum(0)
        iw = psi1 * M2 / np.maximum(Mw, 1e-9) ** 2 + PSI7W * psi7 + 1 / Aall + far
        sums = np.where(scored, _gain(Sw, Mw, 1 / iw), 0.0)
    else:
        sums = r["gain"][back].cumsum(0)
    window = sums.argmax(0) + 1
    evidence = sums.max(0)
    day = mu7 / 7
    threshold = np.clip(7.3 + 0.85 * np.log(np.maximum(day, 1e-9)), 3, np.log(365.25 * YEARS))
    alarm = scored & (evidence >= threshold)
    flags = np.zeros((1, P + 1, R), bool)
    flags[0] = alarm
    base.surging = np.concatenate([base.surging, flags]) if len(base.surging) <= t else base.surging
    base.surging[t] = alarm
    for back_ in range(1, STOP_DAYS):
        if t - back_ >= 0:
            base.surging[t - back_] |= alarm & (window > back_)
    _learn_spread(base, t)
    spread7 = psi1 * (r["mean"][week] ** 2).sum(0) / np.maximum(mu7, 1e-9) ** 2 + psi7 + 1 / Aall + far
    base.seen = t + 1
    return dict(complaints=r["y"][slot].copy(), expected=mean.copy(), observed_7=S7, expected_7=mu7, spread_7=spread7,
                evidence=evidence, threshold=threshold, window=window, scored=scored)


def _gain(y, mean, k):
    return y * np.log(MULTIPLE) - (y + k) * np.log((k + MULTIPLE * mean) / (k + mean))


def _learn_spread(base, t):
    i = t - STOP_DAYS
    if i < LEAST_SELLING_DAYS:
        return
    r = base.recent
    y, mu, ia = r["y"][i % KEPT], r["mean"][i % KEPT], r["a7"][i % KEPT]
    week = np.arange(i - 6, i + 1) % KEPT
    y7, mu7, sq7 = r["y"][week].sum(0), r["mean"][week].sum(0), (r["mean"][week] ** 2).sum(0)
    use = ~base.surging[i] & (mu > 0)
    m = base.moments
    psi1, _ = _spread(base)
    decay = 0.5 ** (1 / SPREAD_HALF_LIFE)
    v = use / (1 + 0.2 * mu) ** 2
    v7 = (use & ~base.surging[i - 6]) / (1 + 0.1 * mu7) ** 2
    cap = lambda y, mu, p: np.minimum((y - mu) ** 2, CAPSD**2 * (mu + p * mu**2) + 1)
    m *= decay
    m[0] += v * (cap(y, mu, 0.3) - mu - mu**2 * ia)
    m[1] += v * mu**2
    m[2] += v7 * (cap(y7, mu7, 0.2) - mu7 - psi1 * sq7 - mu7**2 * ia)
    m[3] += v7 * mu7**2


def _spread(base):
    out = []
    for num, den, least in ((base.moments[0], base.moments[1], 0.02), (base.moments[2], base.moments[3], 0.005)):
        pooled = np.maximum((num[:-1].sum(0) + 0.1 * 100) / (den[:-1].sum(0) + 100), least)
        prior = 1 / (0.43 * pooled**2)
        out.append(np.maximum((num / 2 + prior * pooled) / (den / 2 + prior), least))
    return out


def midp(observed, expected, spread):
    """P(Y > y) + P(Y = y)/2"""
    k = 1 / np.maximum(spread, 1e-9)
    p = expected / (k + expected)
    above = betainc(observed + 1, k, p)
    at_least = np.where(observed > 0, betainc(np.maximum(observed, 1), k, p), 1.0)
    return (above + at_least) / 2


def quantile(q, expected, spread):
    """smallest y with P(Y<=y) >= q, exact"""
    k = 1 / np.maximum(spread, 1e-9)
    p = expected / (k + expected)
    var = expected + expected**2 * spread
    alpha = np.maximum(expected**2 / np.maximum(var, 1e-12), 1e-6)
    z = ndtri(q)
    y = np.maximum(np.floor(expected * np.maximum(1 - 1 / (9 * alpha) + z / (3 * np.sqrt(alpha)), 0) ** 3), 0)
    cdf = lambda y: np.where(y < 0, 0.0, 1 - betainc(np.maximum(y, 0) + 1, k, p))
    todo = np.arange(y.size)
    y, k, p = y.ravel(), k.ravel(), p.ravel()
    up = np.ones(y.size, bool)
    for _ in range(200):
        c = 1 - betainc(y[todo] + 1, k[todo], p[todo])
        low = c < q
        lower = np.where(y[todo] > 0, 1 - betainc(np.maximum(y[todo], 1), k[todo], p[todo]), 0.0)
        high = ~low & (y[todo] > 0) & (lower >= q)
        y[todo] += low.astype(float) - high
        todo = todo[low | high]
        if not len(todo):
            break
    return y.reshape(expected.shape)

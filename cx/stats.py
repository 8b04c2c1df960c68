"""From counts to numbers: the value of a measure, its 95 % interval, and what may be said of a change.

Every interval comes from the counts beneath a number, never from the spread of a series. `base` is what smallness is
judged by: the answers beneath a score, but the orders or units beneath a rate, since no complaint at all over 5,000
units is a good estimate and not a small sample. A sum is no sample: its base is infinite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, hypot, inf, isnan, log, nan, sqrt
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik, gammaincinv, ndtri, stdtrit

from cx.kpis import Kpi

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats, Floats]
Verdict = Literal["real", "noise", "too few", "no interval"]

TAIL = 0.025
"""What a 95 % interval leaves out on each side."""
BINS_PER_E = 100
"""The bins of a duration's histogram, as the rollups count them: floor(100 ln(1 + seconds)). A test holds the two equal."""


class Row(Protocol):
    """One estimate, however it is held: an Estimate, or a row of a frame that `estimate` or `quantiles` gave."""

    @property
    def value(self) -> float:
        """In the unit of the KPI; nan without data."""

    @property
    def lo(self) -> float:
        """The lower bound; nan without an interval."""

    @property
    def hi(self) -> float:
        """The upper bound; nan without an interval."""

    @property
    def n(self) -> float:
        """What was counted."""


class Estimate(NamedTuple):
    """A value with its 95 % interval, in the unit of the KPI; nan where there is no data or no interval."""

    value: float
    lo: float
    hi: float
    n: float
    base: float


@dataclass(frozen=True, slots=True)
class SmallSamples:
    """Below `hide` nothing is shown, below `no_score` no score, below `small` the score carries a warning."""

    hide: int = 5
    no_score: int = 10
    small: int = 30


@dataclass(frozen=True, slots=True)
class Change:
    """What moved from one period to the next, and whether it is more than chance.

    `amount`, `lo` and `hi` are in points (the KPI's unit) or in percent, as `kind` says. 'new' is something after
    nothing: no amount, and `lo` is the least growth. 'none' means that a period has no data. `good` is None where
    the value stands still or neither way is better; it speaks of direction only, so read it together with `verdict`.
    """

    amount: float
    lo: float
    hi: float
    kind: Literal["points", "percent", "new", "none"]
    verdict: Verdict
    good: bool | None

    @classmethod
    def unknown(cls) -> Change:
        """The change where one of the periods has nothing to compare."""
        return cls(nan, nan, nan, "none", "too few", None)


def estimate(kpi: Kpi, parts: pd.DataFrame) -> pd.DataFrame:
    """One row for each row of `parts`, with its index: value, lo, hi, n, base. A ratio over nothing is nan.

    Raises ValueError for a quantile, which is read from a histogram (`quantiles`), and KeyError for a missing part.
    """
    if kpi.family == "quantile":
        raise ValueError(f"'{kpi.name}' is read from a histogram: call quantiles instead of estimate.")
    columns = [parts[name].astype(float).fillna(0).to_numpy() for name in kpi.parts]
    with np.errstate(divide="ignore", invalid="ignore"):
        value, lo, hi = (kpi.scale * bound for bound in _FAMILIES[kpi.family](*columns))
    # Rounding alone could leave a value of 100 % just outside an interval that ends there.
    lo, hi = np.minimum(lo, value), np.maximum(hi, value)
    n = columns[0] if kpi.family in ("rate", "total") else columns[-1]
    base = np.full(len(n), inf) if kpi.family == "total" else columns[-1]
    return pd.DataFrame({"value": value, "lo": lo, "hi": hi, "n": n, "base": base}, index=parts.index)


def quantile(hist: pd.DataFrame, q: float) -> Estimate:
    """The q-quantile of one histogram (bin, n) in seconds, with its interval by order statistics."""
    if not hist["n"].sum() > 0:
        return Estimate(nan, nan, nan, 0.0, 0.0)
    (row,) = quantiles(hist.assign(_one=0), ["_one"], q).itertuples(index=False)
    return Estimate(row.value, row.lo, row.hi, row.n, row.base)


def quantiles(hist: pd.DataFrame, keys: Sequence[str], q: float) -> pd.DataFrame:
    """The q-quantile of every group of a histogram (keys, bin, n): keys, value, lo, hi, n, base; in seconds.

    The value is the inner point of the bin that holds the order statistic, the bounds are outer edges of theirs. They
    are nan where n is too small for a 95 % interval: under 6 for a median, under 36 for a p90.
    """
    kept = hist[hist["n"] > 0].sort_values([*keys, "bin"], kind="stable")
    group = kept.groupby([*keys], dropna=False, sort=False).ngroup().to_numpy()
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    running = kept["n"].to_numpy(dtype=float).cumsum()
    before = np.concatenate([[0.0], running])[starts]
    n = np.diff(np.append(before, running[-1:]))
    bins = kept["bin"].to_numpy(dtype=float)

    def bin_of(rank: Floats) -> Floats:
        exists = (rank >= 1) & (rank <= n)
        at = np.searchsorted(running, before + np.where(exists, rank, 1))
        return np.where(exists, bins[at], nan)

    low, high = (
        bin_of(_binomial(TAIL, n, q)),
        bin_of(_binomial(1 - TAIL, n, q) + 1),
    )
    both = np.where(np.isnan(low + high), nan, 1.0)
    lo, hi = np.expm1(low / BINS_PER_E) * both, np.expm1((high + 1) / BINS_PER_E) * both
    value = seconds(bin_of(np.maximum(np.ceil(n * q - 1e-9), 1)))
    return kept[[*keys]].iloc[starts].assign(value=value, lo=lo, hi=hi, n=n, base=n).reset_index(drop=True)


def _binomial(p: float, n: Floats, q: float) -> Floats:
    """The least count that so many trials of chance q stay at or below with a probability of p at least."""
    count: Floats = np.clip(np.ceil(bdtrik(p, n, q)), 0, n)
    for _ in range(2):  # the continuous inverse may round to a neighbour
        count = np.where((count > 0) & (bdtr(count - 1, n, q) >= p), count - 1, count)
        count = np.where(bdtr(count, n, q) < p, count + 1, count)
    return count


def seconds(bins: Any) -> Any:
    """The inner point of histogram bins, in seconds."""
    return np.expm1((bins + 0.5) / BINS_PER_E)


def shown(
    base: float, limits: SmallSamples | None = None
) -> Literal["no data", "hidden", "too few", "small", "ok"]:
    """How much of an estimate may be shown; hand it the `base` of its row."""
    limits = limits or SmallSamples()
    if isnan(base) or base <= 0:
        return "no data"
    if base < limits.hide:
        return "hidden"
    if base < limits.no_score:
        return "too few"
    return "small" if base < limits.small else "ok"


def change(kpi: Kpi, now: Row, before: Row, limits: SmallSamples | None = None) -> Change:
    """The change of one measure between two periods, with an interval made from the two intervals (MOVER).

    A change is real where the interval leaves out zero. Measures read in percent are compared on the log scale.
    """
    if isnan(now.value) or isnan(before.value):
        return Change.unknown()
    kind: Literal["points", "percent", "new"] = kpi.change
    if kpi.change == "points":
        amount, lo, hi = _points(kpi, now, before)
    elif now.value > 0 and before.value > 0:
        amount, lo, hi = _percent(now, before)
    else:
        amount, lo, hi = _from_or_to_zero(now, before)
        kind = "new" if now.value > 0 else "percent"
    few = min(_base(now), _base(before)) < (limits or SmallSamples()).no_score
    return Change(amount, lo, hi, kind, _verdict(kpi, lo, hi, few), _good(kpi, now.value - before.value))


def target(kpi: Kpi, row: Row, target_value: float) -> Literal["met", "missed", "near", "no data"]:
    """Whether a value meets its target; 'near' where the interval holds the target, so that chance decides.

    Where neither way is better a target is a level to keep: outside of the interval it is missed.
    """
    if isnan(row.value):
        return "no data"
    if row.lo <= target_value <= row.hi:
        return "near"
    ahead = row.value - target_value
    return "met" if ahead == 0 or _good(kpi, ahead) else "missed"


def _share(k: Floats, n: Floats) -> Bounds:
    """Wilson's interval."""
    some = np.where(n > 0, n, nan)
    p, squared = np.clip(k, 0, n) / some, ndtri(1 - TAIL) ** 2 / some
    centre, half = p + squared / 2, np.sqrt(squared * (p * (1 - p) + squared / 4))
    return (
        k / some,
        np.maximum(centre - half, 0) / (1 + squared),
        np.minimum((centre + half) / (1 + squared), 1),
    )


def _balance(plus: Floats, minus: Floats, n: Floats) -> Bounds:
    """Adjusted Wald: three more answers, a quarter of them plus and a quarter minus, and so honest at the edges."""
    some = np.where(n > 0, n, nan)
    p, d = (plus + 0.75) / (some + 3), (minus + 0.75) / (some + 3)
    half = ndtri(1 - TAIL) * np.sqrt((p + d - (p - d) ** 2) / (some + 3))
    return (plus - minus) / some, np.maximum(p - d - half, -1), np.minimum(p - d + half, 1)


def _mean(total: Floats, squares: Floats, n: Floats) -> Bounds:
    """The t interval. Equal answers give one of no width; a single answer gives none."""
    some = np.where(n > 0, n, nan)
    several = np.where(n > 1, n, nan)
    variance = np.maximum(squares - total**2 / some, 0) / (several - 1)
    half = stdtrit(several - 1, 1 - TAIL) * np.sqrt(variance / several)
    return total / some, total / some - half, total / some + half


def _rate(k: Floats, base: Floats) -> Bounds:
    """Garwood's exact Poisson interval; the base is taken as known and may be fractional."""
    some = np.where(base > 0, base, nan)
    lo = np.where(k > 0, gammaincinv(np.maximum(k, 1e-9), TAIL), 0.0)
    return k / some, lo / some, gammaincinv(k + 1, 1 - TAIL) / some


def _total(total: Floats) -> Bounds:
    none = np.full(len(total), nan)
    return total, none, none


_FAMILIES: dict[str, Any] = {
    "share": _share,
    "balance": _balance,
    "mean": _mean,
    "rate": _rate,
    "total": _total,
}


def _mover(now: tuple[float, float, float], before: tuple[float, float, float]) -> tuple[float, float]:
    """The interval of now - before out of (value, lo, hi) of each: each bound leans on the arms that pull its way."""
    (x, x_lo, x_hi), (y, y_lo, y_hi) = now, before
    return x - y - hypot(x - x_lo, y_hi - y), x - y + hypot(x_hi - x, y - y_lo)


def _points(kpi: Kpi, now: Row, before: Row) -> tuple[float, float, float]:
    amount = now.value - before.value
    lo, hi = _mover(arms(kpi, now), arms(kpi, before))
    # The adjusted centres of a balance can differ by less than, or even against, the plain scores that a reader
    # sees: a change is never told as real against its own sign.
    return (amount, nan, nan) if isnan(lo + hi) else (amount, min(lo, amount), max(hi, amount))


def arms(kpi: Kpi, row: Row) -> tuple[float, float, float]:
    """Value and bounds; a balance is compared by its adjusted score and its full half-width, before any clamping."""
    if kpi.family != "balance":
        return row.value, row.lo, row.hi
    centre = row.value * row.n / (row.n + 3)
    half = max(centre - row.lo, row.hi - centre)
    return centre, centre - half, centre + half


def _percent(now: Row, before: Row) -> tuple[float, float, float]:
    amount = 100 * (now.value / before.value - 1)
    lo, hi = _mover(logs(now), logs(before))
    return amount, 100 * expm1(lo), 100 * expm1(hi) if hi < 700 else inf


def logs(row: Row) -> tuple[float, float, float]:
    """Value and bounds on the log scale, on which measures that change in percent are compared."""
    value, lo, hi = (
        log(bound) if bound > 0 else -inf if bound <= 0 else nan for bound in (row.value, row.lo, row.hi)
    )
    return value, lo, hi


def _from_or_to_zero(now: Row, before: Row) -> tuple[float, float, float]:
    """Where a logarithm fails, the bounds of the ratio by MOVER-R; they leave out 1 just when a difference leaves out 0."""
    x_lo, x_hi, x, y_lo, y_hi, y = now.lo, now.hi, now.value, before.lo, before.hi, before.value
    if isnan(x_lo + y_lo):
        return (nan if x > 0 else 0.0 if y == 0 else -100.0), nan, nan
    if y == 0:
        least = sqrt(x_lo * (2 * x - x_lo)) / y_hi
        return (nan if x > 0 else 0.0), 100 * (least - 1), inf
    pull = y_lo * (2 * y - y_lo)
    return -100.0, -100.0, 100 * (x_hi / sqrt(pull) - 1) if pull > 0 else inf


def _base(row: Row) -> float:
    base = getattr(row, "base", row.n)
    return 0.0 if isnan(base) else float(base)


def _verdict(kpi: Kpi, lo: float, hi: float, few: bool) -> Verdict:
    if few and kpi.family != "total":
        return "too few"
    if isnan(lo) or isnan(hi):
        return "no interval"
    return "real" if lo > 0 or hi < 0 else "noise"


def _good(kpi: Kpi, moved: float) -> bool | None:
    if not kpi.better or moved == 0:
        return None
    return bool(moved > 0) == (kpi.better == "up")

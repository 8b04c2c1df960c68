"""Units by product and day, with who was in a campaign, out of stock, or new: what all else is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cx.lift.nonnegative import nonnegative
from cx.lift.settings import AFTERMATH, HALF_LIFE, HOLIDAY, YOUNG, Ints, Mask
from cx.stats import Floats


@dataclass(frozen=True)
class Panel:
    """An outcome by product and day, and which products each campaign sells from which day to which, as places."""

    units: Floats
    kinds: Ints
    starts: Ints
    ends: Ints
    members: Mask

    @cached_property
    def busy(self) -> Mask:
        """Days of a campaign or its aftermath."""
        busy = np.zeros(self.units.shape, bool)
        for start, end, sells in zip(self.starts, self.ends, self.members, strict=True):
            busy[sells, max(start, 0) : max(end + AFTERMATH + 1, 0)] = True
        return busy

    @cached_property
    def selling(self) -> Mask:
        """From a product's first sale to its last."""
        sold = self.units > 0
        since: Mask = np.logical_or.accumulate(sold, 1)
        until: Mask = np.logical_or.accumulate(sold[:, ::-1], 1)[:, ::-1]
        both: Mask = since & until
        return both

    @cached_property
    def young(self) -> Mask:
        """The first days of a product that was not yet on sale when the history begins."""
        first = np.where((self.units > 0).any(1), (self.units > 0).argmax(1), self.units.shape[1])
        young: Mask = (first[:, None] > 0) & (np.arange(self.units.shape[1]) < first[:, None] + YOUNG)
        return young

    @cached_property
    def out(self) -> Mask:
        """Stock-outs: hardly any sale for days, between weeks of many."""
        usual = np.fmin(mean_of_days(self.units, -42, -15), mean_of_days(self.units, 15, 42))
        low = (mean_of_days(self.units, -1, 1) < 0.3 * usual) & (self.units < 0.5 * usual)
        return low & (3 * usual > 15 * self.grain)

    @cached_property
    def grain(self) -> float:
        """Variance over mean where little is sold: about 1 for counts, about a price for revenue."""
        if self.units.shape[1] <= 7:
            return 1.0
        level = mean_of_days(self.units, -14, 14)[:, 7:].mean(1)
        step = ((self.units[:, 7:] - self.units[:, :-7]) ** 2 / 2).mean(1)
        mean, variance = level[(level > 0) & (step > 0)], step[(level > 0) & (step > 0)]
        if not len(mean):
            return 1.0
        _, grain = nonnegative(np.column_stack([np.ones(len(mean)), 1 / mean]), variance / mean**2)
        return float(max(grain, 0.01 * (variance / mean).min()))

    @cached_property
    def free(self) -> Mask:
        """Days that tell how a product sells without campaign."""
        return ~self.busy & ~self.out & self.selling

    @cached_property
    def level(self) -> Floats:
        """What a product sells around a day without campaign."""
        return smoothed(self.units, self.free, HALF_LIFE)

    @cached_property
    def wave(self) -> Floats:
        """The share by which a day lies off its level; 0 where nothing is known."""
        known = self.free & ~self.young & (self.level > 0)
        ratio = np.divide(self.units, self.level, out=np.ones_like(self.level), where=known)
        return np.where(known, np.clip(ratio, 0, 4) - 1, 0.0)

    @cached_property
    def precision(self) -> Floats:
        """How much a product's day tells of its share."""
        mean = self.level.mean(1)
        return np.where(mean > 0, 1 / (0.03 + self.grain / np.maximum(mean, 1e-9)), 0)

    @cached_property
    def tide(self) -> Floats:
        """The day's wave of all products."""
        weight = self.precision[:, None] * (self.wave != 0)
        tide: Floats = (weight * self.wave).sum(0) / np.maximum(weight.sum(0), 1e-9)
        return tide

    @cached_property
    def likeness(self) -> Floats:
        """The correlation of the products' waves, less the wave of all."""
        own = np.where(self.wave != 0, self.wave - self.tide, 0)
        own /= np.maximum(np.sqrt((own**2).sum(1, keepdims=True)), 1e-9)
        return own @ own.T

    @cached_property
    def filled(self) -> Floats:
        """Units, with level and tide on the days that are not free."""
        return np.where(self.free, self.units, self.level * (1 + self.tide))


def mean_of_days(x: Floats, first: int, last: int) -> Floats:
    """The mean over the days first..last from each day that exist; nan where none does."""
    total = np.concatenate([np.zeros((len(x), 1)), x.cumsum(1)], 1)
    day = np.arange(x.shape[1])
    a, b = np.clip(day + first, 0, len(day)), np.clip(day + last + 1, 0, len(day))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = (total[:, b] - total[:, a]) / (b - a)
    return mean


def smoothed(x: Floats, known: Mask, half_life: float) -> Floats:
    """The exponentially weighted mean of the known days on both sides; 0 where there is none."""
    keep = 0.5 ** (1 / half_life)

    def both(y: Floats) -> Floats:
        return faded(y, keep) + faded(y[..., ::-1], keep)[..., ::-1] - y

    weight = both(known.astype(float))
    return np.divide(both(np.where(known, x, 0)), weight, out=np.zeros(x.shape), where=weight > 1e-6)


def faded(x: Floats, keep: float) -> Floats:
    """The running sum of which each day keeps a share."""
    from scipy.signal import lfilter  # only here: the server starts a second sooner without it

    faded: Floats = lfilter([1], [1, -keep], x, axis=-1)
    return faded


def panel_of(days: pd.DatetimeIndex, names: Any, units: Floats, table: pd.DataFrame, holidays: Any) -> Panel:
    """The panel of these units [product, day] under the campaigns of `table`."""
    kinds = days.dayofweek.to_numpy().astype(np.int64)
    kinds[days.isin(pd.DatetimeIndex(holidays))] = HOLIDAY
    sells = [
        np.isin(names, [*each]) if len(each) else np.ones(len(names), bool) for each in table["products"]
    ]
    starts, ends = (
        (pd.DatetimeIndex(table[name]) - days[0]).days.to_numpy().astype(np.int64)
        for name in ("start", "end")
    )
    return Panel(
        units.astype(float), kinds, starts, ends, np.array(sells, bool).reshape(len(table), len(names))
    )

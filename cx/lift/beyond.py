"""The excess of complaints of each campaign, by reason, with its interval from stretches without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import NamedTuple

import numpy as np
import pandas as pd

from cx.lift.flows import exposure
from cx.lift.nonnegative import nonnegative
from cx.lift.panels import Panel, panel_of
from cx.lift.placebos import quiet_cells
from cx.lift.rates import Rates, rates_of
from cx.lift.settings import AFTERMATH, LEAST_PLACEBOS, SETTLING, TAIL_DAYS, WINDOWS, Ints
from cx.stats import Floats


def _beyond(
    rates: Rates, group: Ints, first: int, last: int, plain: bool = False
) -> tuple[Floats, Floats, Floats]:
    """By reason: complaints of the days first..last, what the exposure explains, and its part that is uncertain, squared."""
    days = rates.complaints.shape[2]
    told = np.zeros((2, len(group), rates.complaints.shape[1]))
    if first > 0:
        told += rates.ahead[..., first - 1][:, group]
    if last + SETTLING < days:
        told += rates.back[..., last + SETTLING][:, group]
    rate = (told[0] + 1) / (told[1] + 1 / np.maximum(rates.prior[group], 1e-12))
    due = rate * rates.exposed[group, :, first : last + 1].sum(2)
    seen = (rates.plain if plain else rates.complaints)[group, :, first : last + 1].sum((0, 2))
    return seen, due.sum(0), (due**2 / (told[0] + 1)).sum(0)


def excess(
    days: pd.DatetimeIndex,
    products: Sequence[str],
    reasons: Sequence[str],
    complaints: Floats,
    units: Floats,
    campaigns: pd.DataFrame,
    exposed: Floats | None = None,
) -> pd.DataFrame:
    """Complaints beyond what the units sold explain, from a campaign's start to 14 days after its end.

    One row for each campaign and reason, and one with reason None for all: id, reason, observed, expected, excess,
    lo, hi, complete (the 14 days are over). `complaints` is [product, reason, day]; `exposed`, of the same shape and
    any scale, is the exposure that the detector learned, or else it is learned here. The interval is as wide, and as
    lopsided, as what was found in days and products without campaign. nan where no day has come yet.
    """
    order = np.argsort(np.array([*products], dtype=str), kind="stable")
    complaints, units = complaints[order].astype(float), units[order].astype(float)
    table = campaigns.sort_values(["start", "end", "id"], ignore_index=True)
    panel = panel_of(days, np.array([*products], dtype=object)[order], units, table, ())
    after = replace(panel, ends=panel.ends + TAIL_DAYS + SETTLING - AFTERMATH)
    rates = rates_of(
        complaints, exposure(units, complaints) if exposed is None else exposed[order], ~after.busy
    )
    windows = [(np.flatnonzero(sells), max(int(start), 0), min(int(end) + TAIL_DAYS, len(days) - 1))
               for sells, start, end in zip(panel.members, panel.starts, panel.ends, strict=True)]  # fmt: skip
    strays = _strays(panel, rates)
    told = [_bounds(*_beyond(rates, group, first, last), *strays) if len(group) and first <= last
            else np.full((5, len(reasons) + 1), nan) for group, first, last in windows]  # fmt: skip
    each = len(reasons) + 1
    values = np.concatenate(told, axis=1) if told else np.zeros((len(_EXCESS), 0))
    return pd.DataFrame(
        {
            "id": np.repeat(table["id"].to_numpy(), each),
            "reason": [*reasons, None] * len(table),
            **dict(zip(_EXCESS, values, strict=True)),
            "complete": np.repeat(panel.ends + TAIL_DAYS < len(days), each),
        }
    )


_EXCESS = ("observed", "expected", "excess", "lo", "hi")


class Strays(NamedTuple):
    """How far quiet windows stray from expectation: sizes of the variance's parts, and the half-width in deviations."""

    sizes: Floats
    widen: float


_UNTRIED = Strays(np.array([1.5, 0.05, 1.0]), 1.96)


def _strays(panel: Panel, rates: Rates) -> tuple[float, Strays, Strays]:
    """The usual share of expectation seen in quiet windows, and how far they stray by reason and in all."""
    last = panel.units.shape[1] - 1
    found = [np.stack(_beyond(rates, group, cell[0], min(cell[-1] + TAIL_DAYS, last), plain=True))
             for group, cell in quiet_cells(panel, WINDOWS)]  # fmt: skip
    if len(found) < LEAST_PLACEBOS:
        return 1.0, _UNTRIED, _UNTRIED
    each = np.stack(found)
    total = each.sum(2, keepdims=True)
    usual = _weighted_median(each[:, 0] / np.maximum(each[:, 1], 1e-9), each[:, 1])
    return usual, _settled(each, usual), _settled(total, usual)


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, axis=None, kind="stable")
    passed = weights.ravel()[order].cumsum()
    return float(values.ravel()[order][np.searchsorted(passed, passed[-1] / 2)])


def _settled(found: Floats, usual: float) -> Strays:
    """The variance's parts by NNLS, and the 95 % conformal quantile of what strays beyond them."""
    seen, due, unsure = (found[:, k].ravel() for k in range(3))
    parts, off = np.column_stack([due, due**2, unsure]), np.abs(seen - usual * due)
    weight = 1 / (due + 0.02 * due**2 + unsure + 0.5)
    sizes = nonnegative(parts * weight[:, None], off**2 * weight)
    return Strays(sizes, max(1.96, float(np.quantile(off / np.sqrt(parts @ sizes + 0.5), 0.95))))


def _bounds(
    seen: Floats, due: Floats, unsure: Floats, usual: float, by_reason: Strays, in_all: Strays
) -> Floats:
    """The five columns for each reason, then for all."""

    def told(x: Floats, m: Floats, u: Floats, strays: Strays) -> Floats:
        half = strays.widen * np.sqrt(np.column_stack([m, m**2, u]) @ strays.sizes + 0.5)
        return np.stack([x, usual * m, x - usual * m, x - usual * m - half, x - usual * m + half])

    summed = [part.sum(keepdims=True) for part in (seen, due, unsure)]
    return np.concatenate(
        [told(seen, due, unsure, by_reason), told(summed[0], summed[1], summed[2], in_all)], 1
    )

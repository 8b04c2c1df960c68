"""What moved a measure: its change, split exactly over the groups of one dimension.

Every measure is read as a sum of contributions, one a group, beside the group's weight in the whole. A group's part
of the change is then its own change at its mean weight (`rate`), and the shift of its weight towards a better or
worse group than the whole (`mix`). Whatever the family, the parts add up to the change of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np
import pandas as pd

from cx import stats
from cx.kpis import Kpi
from cx.stats import Floats, SmallSamples

COLUMNS = ["group", "before", "now", "n_before", "n_now", "rate", "mix", "total", "verdict", "groups"]


@dataclass(frozen=True, slots=True)
class _Period:
    """One period by group: the estimates, and what each group contributes to the whole, with which weight."""

    estimates: pd.DataFrame
    contribution: Floats
    weight: Floats


def split(
    kpi: Kpi,
    before: pd.DataFrame,
    now: pd.DataFrame,
    limits: SmallSamples | None = None,
    base: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """The change of a KPI by group, the largest part first: COLUMNS, in the unit of the KPI.

    Frames hold one row a group: `group` and the KPI's parts; for a quantile `group`, `bin`, `n`. `base` is the base
    of a rate (before, now) where all groups share it. Groups under `limits.hide` stand together in one row whose
    group is None and whose `groups` says how many they are. Where a period has no data, the parts are nan.
    """
    limits = limits or SmallSamples()
    before, now, names = _numbered(before, now)
    merged = _too_small(kpi, before, now, len(names), limits, base)
    to = np.arange(len(names))
    to[merged] = merged[0] if merged else 0
    before, now = (frame.assign(group=to[frame["group"]]) for frame in (before, now))
    then, later = _periods(kpi, before, now, len(names), base)
    if merged:
        names[merged[0]] = None
    table = _parts(then, later).assign(group=pd.Series(names, dtype=object), groups=1)
    table["verdict"] = _verdicts(kpi, then, later, limits)
    table.loc[merged[:1], "groups"] = len(merged)
    empty = (table["n_before"] == 0) & (table["n_now"] == 0) & (table["total"].fillna(0) == 0)
    return table[~empty].sort_values("total", key=abs, ascending=False, kind="stable", ignore_index=True)[
        COLUMNS
    ]


def ratio(kpi: Kpi, parts: pd.DataFrame) -> tuple[Floats, Floats]:
    """A KPI as numerators over weights, row by row; times `kpi.scale` their quotient is the value. Not for quantiles.

    A total has no weights: they are all zero.
    """
    columns = [parts[name].astype(float).fillna(0).to_numpy() for name in kpi.parts]
    if kpi.family == "balance":
        return columns[0] - columns[1], columns[2]
    return columns[0], np.zeros(len(parts)) if kpi.family == "total" else columns[-1]


def _numbered(before: pd.DataFrame, now: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[object]]:
    """Both frames with numbers for groups, and the groups' names; an empty name is a group like any other."""
    labels = [*before["group"].astype(object), *now["group"].astype(object)]
    codes, names = pd.factorize(pd.Series(labels, dtype=object), use_na_sentinel=False)
    first = len(before)
    return before.assign(group=codes[:first]), now.assign(group=codes[first:]), list(names)


def _too_small(
    kpi: Kpi,
    before: pd.DataFrame,
    now: pd.DataFrame,
    count: int,
    limits: SmallSamples,
    base: tuple[float, float] | None,
) -> list[int]:
    """The groups to merge: those below the limit, and the next smallest until what is merged could be shown itself.

    A group that is absent from a period is not small there: an empty cell has nothing to hide.
    """
    each = [_sizes(kpi, frame, count, base and base[i]) for i, frame in enumerate((before, now))]
    sizes = pd.concat(each, axis=1, keys=["before", "now"])
    small = ((sizes > 0) & (sizes < limits.hide)).any(axis=1)
    if not small.any():
        return []
    least = sizes.where(sizes > 0).min(axis=1)
    order = (
        pd.DataFrame({"small": ~small, "least": least}).sort_values(["small", "least"], kind="stable").index
    )
    running = sizes.loc[order].cumsum()
    enough = ((running >= limits.hide) | (running == 0)).all(axis=1).to_numpy(copy=True)
    enough[: small.sum() - 1] = False
    return list(order[: enough.argmax() + 1 if enough.any() else len(order)])


def _sizes(kpi: Kpi, frame: pd.DataFrame, count: int, base: float | None) -> pd.Series:
    """What each group's smallness is judged by (see `stats`)."""
    if kpi.family == "quantile":
        return frame.groupby("group")["n"].sum().reindex(range(count), fill_value=0)
    if kpi.family == "total":
        return pd.Series(inf, index=range(count))
    return _summed(kpi, frame, count, base)[kpi.parts[-1]]


def _estimates(kpi: Kpi, frame: pd.DataFrame, count: int, base: float | None) -> pd.DataFrame:
    """The estimate of every group from 0 to count - 1; nothing counted means nan and an n of 0."""
    if kpi.family == "quantile":
        found = stats.quantiles(frame, ["group"], kpi.quantile).set_index("group").reindex(range(count))
        return found.fillna({"n": 0.0, "base": 0.0})
    return stats.estimate(kpi, _summed(kpi, frame, count, base))


def _summed(kpi: Kpi, frame: pd.DataFrame, count: int, base: float | None) -> pd.DataFrame:
    if base is not None:
        frame = frame.assign(**{kpi.parts[1]: 0.0})
    sums = frame.groupby("group")[[*kpi.parts]].sum().astype(float).reindex(range(count), fill_value=0.0)
    return sums if base is None else sums.assign(**{kpi.parts[1]: float(base)})


def _periods(
    kpi: Kpi, before: pd.DataFrame, now: pd.DataFrame, count: int, base: tuple[float, float] | None
) -> tuple[_Period, _Period]:
    if kpi.family == "quantile":
        return _quantile_periods(kpi, before, now, count)
    then, later = (_period(kpi, frame, count, base and base[i]) for i, frame in enumerate((before, now)))
    return then, later


def _period(kpi: Kpi, frame: pd.DataFrame, count: int, base: float | None) -> _Period:
    sums = _summed(kpi, frame, count, base)
    numerators, weights = ratio(kpi, sums)
    whole = 1.0 if kpi.family == "total" else weights.sum() if base is None else base
    shares = np.zeros(count) if base is not None else weights / (whole or nan)
    return _Period(stats.estimate(kpi, sums), kpi.scale * numerators / (whole or nan), shares)


def _quantile_periods(
    kpi: Kpi, before: pd.DataFrame, now: pd.DataFrame, count: int
) -> tuple[_Period, _Period]:
    """A quantile has no parts, but the share of contacts that lie beyond it has (Firpo, Fortin and Lemieux).

    The share is taken over every threshold from the one quantile to the other, each counting alike: a contact counts 0
    at or below the lower quantile, 1 at or above the upper, and its place in between. At each such threshold the
    share moves the way the quantile does, so it can be scaled to the quantile's change without ever dividing by
    zero. Where the quantile stands still, every part is 0.
    """
    ends = [stats.quantile(frame, kpi.quantile).value for frame in (before, now)]
    if isnan(sum(ends)):
        places = [nan, nan]
    else:
        places = [round(np.log1p(end) * stats.BINS_PER_E - 0.5) for end in ends]
    low, high = min(places), max(places)
    sums = [_beyond(frame, count, low, high) for frame in (before, now)]
    shares = [(far / (n.sum() or nan), n / (n.sum() or nan)) for far, n in sums]
    moved = shares[1][0].sum() - shares[0][0].sum()
    factor = nan if isnan(sum(ends)) else (ends[1] - ends[0]) / moved if low != high else 0.0
    then, later = (
        _Period(_estimates(kpi, frame, count, None), factor * far, weight)
        for frame, (far, weight) in zip((before, now), shares, strict=True)
    )
    return then, later


def _beyond(hist: pd.DataFrame, count: int, low: float, high: float) -> tuple[Floats, Floats]:
    """By group: contacts counted by how far from bin `low` to bin `high` they lie, and contacts."""
    places = np.clip((hist["bin"] - low) / ((high - low) or 1), 0, 1)
    sums = (
        pd.DataFrame({"group": hist["group"], "far": places * hist["n"], "n": hist["n"]})
        .groupby("group")
        .sum()
    )
    sums = sums.astype(float).reindex(range(count), fill_value=0.0)
    return sums["far"].to_numpy(), sums["n"].to_numpy()


def _parts(then: _Period, later: _Period) -> pd.DataFrame:
    """Split each group's part into rate and mix, from means over both periods: swapping them only turns the signs."""
    shift = later.weight - then.weight
    whole = (then.contribution.sum() + later.contribution.sum()) / 2
    total = later.contribution - then.contribution - shift * whole
    with np.errstate(divide="ignore", invalid="ignore"):
        own = [np.where(p.weight > 0, p.contribution / p.weight, nan) for p in (then, later)]
    # A group seen in one period only has not changed by itself: it came or went with its one rate.
    typical = pd.DataFrame(own).mean().fillna(whole).to_numpy()
    mix = shift * (typical - whole)
    table = pd.DataFrame({"rate": total - mix, "mix": mix, "total": total})
    for name, period in (("before", then), ("now", later)):
        table[name], table[f"n_{name}"] = (
            period.estimates["value"].to_numpy(),
            period.estimates["n"].to_numpy(),
        )
    return table


def _verdicts(kpi: Kpi, then: _Period, later: _Period, limits: SmallSamples) -> list[str]:
    rows = zip(later.estimates.itertuples(), then.estimates.itertuples(), strict=True)
    return [stats.change(kpi, now, before, limits).verdict for now, before in rows]

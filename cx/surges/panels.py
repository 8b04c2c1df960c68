"""Complaints and units by day, as arrays without gaps: what the detector is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx.stats import Floats
from cx.surges.settings import EVEN_DAYS, LEAST_SELLING_DAYS, MONDAY, SUNDAY, WEEK, Day, Ints


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

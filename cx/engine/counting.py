"""Every statement that counts by day, in order, as the product runs them, and the tables that they fill.

The statements are not written down twice: the product's own refresh runs against a cursor that only notes what it is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cx.journey import Journey
from cx.rollups import brands, daily, slices, support, touchpoints, volume


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in the product's dialect, with the values that it binds."""

    sql: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class _Notes:
    """A cursor that notes what it is told, and does nothing."""

    told: list[Statement] = field(default_factory=list)

    def execute(self, query: str, parameters: Any = None) -> _Notes:
        """Note one statement."""
        self.told.append(Statement(query, dict(parameters or {})))
        return self

    def register(self, view_name: str, python_object: object) -> None:
        """Nothing is registered by what counts by day."""
        raise AssertionError(view_name)

    def unregister(self, view_name: str) -> None:
        """Nothing is registered by what counts by day."""
        raise AssertionError(view_name)


_A_DAY = date(2000, 1, 1)


def statements(journey: Journey) -> list[Statement]:
    """What counts all days, in the order in which one statement reads what another has written. The day and the source that
    they bind stand for all."""
    notes, days, sources = _Notes(), [_A_DAY], [""]
    daily.refresh(notes, days, sources)
    slices.refresh(notes, days, sources)
    touchpoints.refresh(notes, days, sources, journey)
    support.refresh(notes, days, sources)
    brands.refresh(notes, days, sources)
    volume.refresh(notes, days, sources)
    return notes.told

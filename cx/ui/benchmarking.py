"""Asking for the benchmarks page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from typing import Any

from cx import against, gaps, words
from cx.gaps import Pace, Standing
from cx.model import OURS
from cx.questions import benchmarks
from cx.questions.benchmarks import Board
from cx.telling import rivals, values
from cx.ui import asks, filters, link, live
from cx.ui.asks import SPECS, VIEWS, View
from cx.ui.keeping import cached
from cx.words import t

OVER = (13, 26, 52, 104)
DEFAULT_OVER = 52


def restore() -> None:
    """Take up what the link says of this page."""
    link.restore(("over", "standing", "rival"))


def over() -> int:
    """A choice of how many weeks are compared; what is older is told as old."""
    offered = {str(weeks): weeks for weeks in OVER}
    return offered[
        filters.one("over", t("Period"), [*offered], lambda weeks: t("{n} wk", n=weeks), str(DEFAULT_OVER))
    ]


def rival(one: Standing) -> str:
    """A choice of the competitor whose gap is drawn over time, the leader first; '' where there is none."""
    known = [name for name, told in one.history.items() if told]
    ordered = sorted(known, key=lambda name: name != one.leader)
    return filters.one("rival", t("Competitor"), ordered, values.plain_text) if ordered else ""


@cached(VIEWS)
def board(view: View) -> Board:
    """Where we stand in everything that can be compared."""
    told = asks.tables(view.edited, view.language)
    fresh = asks.fresh(view.version, view.at)
    return benchmarks.board(live.store(), told.benchmarks, fresh, told.settings, view.weeks)


def matrix(board: Board) -> list[dict[str, Any]]:
    """Every gap of the matrix, as it is downloaded."""
    return [
        {"measure": one.kpi, "measured_in": one.measured_in, "competitor": name, "ours": told.ours, "theirs": told.figure.told,
         "gap": told.gap, "period": told.figure.period.text, "not_compared_because": told.why}
        for one in board.standings for name, told in one.latest.items()
    ]  # fmt: skip


def companies(one: Standing) -> list[dict[str, Any]]:
    """The figure of each company in one measure, as it is downloaded."""
    others = {name: told.figure.told for name, told in one.latest.items() if not told.why}
    return [{"company": name, "": told} for name, told in {OURS: one.ours, **others}.items()]


def pace(one: Standing, rival: str) -> Pace:
    """Where the gap to this competitor is heading."""
    return gaps.pace([(told.figure.period.last, told.gap) for told in one.history.get(rival, [])])


@cached(SPECS)
def points(view: View, standing: str) -> dict[str, Any]:
    """Us and each competitor in one measure, as a frozen chart."""
    words.use(view.language)
    one = _of(view, standing)
    size = words.duration_unit(one.ours.value)[0] if one.kpi.is_duration else 1
    told = rivals.companies(one, lambda amount: amount / size)
    return against.points(told, rivals.points_titles())


@cached(SPECS)
def gap(view: View, standing: str, rival: str) -> dict[str, Any]:
    """The gap to one competitor over time, as a frozen chart."""
    words.use(view.language)
    one = _of(view, standing)
    told = rivals.history(one, rival)
    return against.gap(told, rivals.gap_titles(), t("Level"), rivals.gap_written(one))


def _of(view: View, standing: str) -> Standing:
    found = board(view).of(standing)
    assert found is not None, "a measure is opened from the matrix"
    return found

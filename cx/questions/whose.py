"""Whose a figure of the journey page is, found in the rollups that the figure itself was read from, and when they did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cx.journey import LEFT, OPEN, Journey
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters, where
from cx.questions.funnel import Period
from cx.questions.returning import later
from cx.rollups.paths import MOST_STEPS
from cx.rollups.paths import step as step_of


@dataclass(frozen=True, slots=True)
class Reached:
    """The customers who reached a stage, or who reached the one before and not this one."""

    position: int
    lost: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The visits that took this step: from a stage to a stage, LEFT or OPEN; or came to `origin` where target is ''."""

    step: int
    origin: str
    target: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The customers of a cohort (first of a month) who ordered so many months later."""

    cohort: date
    month: int


def who(
    journey: Journey, filters: Filters, period: Period, figure: Reached | Step | Cell
) -> tuple[str, dict[str, Any], date]:
    """SQL for customer_no, since and until; its values; and the last day that `until` may be."""
    if isinstance(figure, Reached):
        return _of_stage(journey, filters, period, figure)
    if isinstance(figure, Step):
        return _of_step(journey, filters, period, figure)
    return _of_cell(filters, figure)


_OPENED = "cast(day as timestamp) + to_microseconds(second * 1000000::bigint + micro)"


def _of_stage(
    journey: Journey, filters: Filters, period: Period, figure: Reached
) -> tuple[str, dict[str, Any], date]:
    last = period.counted_to(journey)
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, last)
    window = timedelta(days=journey.window_days)
    having = "true"
    if figure.position > 0 and not figure.lost:
        having = f"count(gap_{figure.position}) > 0"
    elif figure.position > 0:
        before = journey.before(figure.position)
        passed = f"count(gap_{before}) > 0 and " if before else ""
        having = f"{passed}count(gap_{figure.position}) = 0"
    sql = f"""
select customer_no, min({_OPENED}) as since, max({_OPENED}) + $window as until
from r_attempts where {kept.sql} group by customer_no having {having}"""
    return sql, {**kept.values, "window": window}, last + window + timedelta(days=1)


def _of_step(
    journey: Journey, filters: Filters, period: Period, figure: Step
) -> tuple[str, dict[str, Any], date]:
    kept = where(filters.only(JOURNEY_DIMENSIONS), period.first, period.last)
    conditions, told = [kept.sql], {**kept.values}
    for step, stage in ((figure.step, figure.origin), (figure.step + 1, figure.target)):
        if stage in (LEFT, OPEN):
            resting = "<=" if stage == LEFT else ">"
            conditions += [
                f"{step_of(step - 1)} > 0",
                f"{step_of(step)} = 0",
                f"last_day {resting} $at_rest",
            ]
            told["at_rest"] = period.through - timedelta(days=journey.pause_days)
        elif stage and step <= MOST_STEPS:
            conditions.append(f"{step_of(step)} = $step_{step}")
            told[f"step_{step}"] = journey.ids.index(stage) + 1
    sql = f"""
select customer_no, day as since, last_day + interval 1 day - interval 1 microsecond as until
from r_visits where {" and ".join(conditions)}"""
    return sql, told, period.through


def _of_cell(filters: Filters, figure: Cell) -> tuple[str, dict[str, Any], date]:
    kept = where(filters.only(JOURNEY_DIMENSIONS))
    first, after = (later(figure.cohort, figure.month + more) for more in (0, 1))
    sql = f"""
select customer_no, cast($first_day as timestamp) as since, cast($after as timestamp) - interval 1 microsecond as until
from r_returns where {kept.sql} and cohort = $cohort and month = $month"""
    values = {
        **kept.values,
        "cohort": figure.cohort,
        "month": figure.month,
        "first_day": first,
        "after": after,
    }
    return sql, values, after

"""The interactions behind a figure of the journey page: of which customers, and when. A thousand at most.

Only this question reads interactions; whose they are is found in the rollups that the figure itself was read from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from cx.journey import LEFT, OPEN, Journey
from cx.model import JOURNEY_DIMENSIONS, OURS
from cx.query import Filters, Query, midnight, where
from cx.questions.funnel import Period
from cx.questions.returning import later
from cx.questions.surging import UNSTATED
from cx.rollups.paths import MOST_STEPS
from cx.rollups.paths import step as step_of
from cx.rollups.walk import SILENT
from cx.store import Store

SHOWN = 1000
"""Interactions that are shown at most."""


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


@dataclass(frozen=True, slots=True)
class Place:
    """What happened at a touchpoint; '' is what rows leave empty."""

    stage: str
    touchpoint: str
    channel: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The complaints about a reason, of one product (UNSTATED among them) or ('') of all, on these days."""

    product: str
    reason: str
    first: date
    last: date


Figure = Reached | Step | Cell | Place


@dataclass(frozen=True, slots=True)
class Behind:
    """Up to SHOWN interactions, with customers by number; `more` where there are others."""

    rows: pd.DataFrame
    more: bool


def behind(store: Store, journey: Journey, filters: Filters, period: Period, figure: Figure) -> Behind:
    """The interactions behind a figure, those of the latest customers first and each customer's in order."""
    if isinstance(figure, Place):
        return _shown(store, _at_place(journey, filters, period, figure))
    return _shown(store, _theirs(*_who(journey, filters, period, figure)))


def raised(store: Store, told: Raised) -> Behind:
    """The complaints behind a surge, the newest first."""
    own = "i.kind = 'complaint' and coalesce(i.reason, '') = $reason"
    values: dict[str, Any] = {"reason": told.reason}
    if told.product:
        own, values = (
            f"{own} and coalesce(i.product, '{UNSTATED}') = $product",
            {**values, "product": told.product},
        )
    return _shown(store, _newest("complaints behind a surge", own, values, told.first, told.last))


def _shown(store: Store, query: Query) -> Behind:
    found = store.run(query)
    return Behind(found.head(SHOWN), len(found) > SHOWN)


def _newest(name: str, own: str, values: dict[str, Any], first: date, last: date) -> Query:
    """The newest interactions of these days for which a condition holds."""
    sql = f"""
select {_COLUMNS} from interactions i
where i.brand = '{OURS}' and i.occurred_at >= $first_day and i.occurred_at < $end and {own}
order by i.occurred_at desc, i.interaction_id limit {SHOWN + 1}"""
    return Query(name, sql, {**values, "first_day": midnight(first), "end": _end(last)})


def _end(last: date) -> datetime:
    return midnight(last + timedelta(days=1))


_COLUMNS = """i.occurred_at, i.customer_no as customer, i.kind, i.stage, i.channel, i.touchpoint, i.product, i.reason,
  i.csat, i.nps, i.text, i.source"""


def _theirs(who: str, values: dict[str, Any], last: date) -> Query:
    """Interactions of these customers from `since` to `until`. The outer bounds are plain values, for the zone maps."""
    sql = f"""
with who as ({who} order by since desc, customer_no limit {SHOWN + 1})
select {_COLUMNS}
from interactions i join who on who.customer_no = i.customer_no
where i.brand = '{OURS}' and i.occurred_at >= $first_day and i.occurred_at < $end
  and i.occurred_at >= who.since and i.occurred_at <= who.until
order by who.since desc, i.customer_no, i.occurred_at, i.interaction_id limit {SHOWN + 1}"""
    return Query("interactions behind", sql, {**values, "end": _end(last)})


def _who(
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


def _at_place(journey: Journey, filters: Filters, period: Period, figure: Place) -> Query:
    """Interactions at a touchpoint, the newest first; rows that name no stage stand at that of their kind."""
    kinds = journey.stage_of_kind
    own = " ".join(f"when '{kind}' then $stage_of_{kind}" for kind in kinds)
    narrowed = filters.only(("product", "segment")).chosen()
    also = "".join(f" and list_contains($f_{name}, i.{name})" for name in narrowed)
    stage = f"coalesce(i.stage, case i.kind {own} end, '')" if own else "coalesce(i.stage, '')"
    here = f"{stage} = $stage and coalesce(i.touchpoint, '') = $touchpoint and coalesce(i.channel, '') = $channel"
    values: dict[str, Any] = {
        "stage": figure.stage,
        "touchpoint": figure.touchpoint,
        "channel": figure.channel,
        **{f"stage_of_{kind}": stage_id for kind, stage_id in kinds.items()},
        **{f"f_{name}": list(chosen) for name, chosen in narrowed.items()},
    }
    name, own = "interactions at a touchpoint", f"{here} and not {SILENT}{also}"
    return _newest(name, own, values, period.first, period.last)

"""What happens at each touchpoint, and the contacts that follow it.

Sums by day, as `daily` has: how much happens at a touchpoint, how it felt, what was raised there, what customers came
for. Each is told by product and segment, and once over all of them, which is a fraction as long. The region is left out
on purpose: with it the rollups would be about as large as the interactions. r_contacts is folded by customer: each
contact, with the place where the customer had been last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cx.journey import Journey
from cx.model import JOURNEY_DIMENSIONS as DIMENSIONS
from cx.model import OURS
from cx.rollups.daily import CONTACT, OF_DAYS, REFRESHED, count, of_days, summed, typed
from cx.rollups.daily import PARTS as DAILY
from cx.rollups.sums import Sums
from cx.rollups.walk import DAY, NONE, SILENT, Executes, Walk, columns, dates, write

ATTRIBUTION_DAYS = 7
"""A contact is traced back to what its customer did at most so many days before, to the second."""

_AFTER = ("contact", "complaint", "return")
_AFTERMATH = f"kind in {_AFTER}"

_PLACE = ("stage", "channel", "touchpoint")
_OF = ("product", "segment")


@dataclass(frozen=True, slots=True)
class Touch:
    """Sums at each touchpoint, product and segment: additive parts, by what besides, and of which interactions."""

    table: str
    parts: dict[str, str]
    by: str = ""
    of: str = "true"

    @property
    def keys(self) -> tuple[str, ...]:
        """What the sums are told by, the day, the source, the product and the segment besides."""
        return (*_PLACE, *((self.by,) if self.by else ()))


_FELT = (
    "csat_satisfied", "csat_answers", "ces_sum", "ces_squares", "ces_answers", "texts_scored", "texts_positive",
    "texts_negative", "gap_sum", "gap_squares", "gap_answers",
)  # fmt: skip

HAPPENED = Touch("r_touch", {
    "interactions": count(f"not {SILENT}"),
    "exposed": count(f"customer_no is not null and not {SILENT} and not {_AFTERMATH}"),
})  # fmt: skip
"""interactions: without the surveys that nobody answered. exposed: those that a contact can be traced back to, being of a
known customer and no contact, complaint or return themselves."""
FELT = Touch(
    "r_felt",
    {name: DAILY[name] for name in _FELT},
    "",
    "coalesce(csat, ces) is not null or sentiment is not null",
)
RAISED = Touch("r_raised", {name: DAILY[name] for name in ("contacts", "complaints")}, "reason", CONTACT)
AIMED = Touch(
    "r_aimed",
    {name: DAILY[name] for name in ("goals", "goals_reached")},
    "goal",
    "goal is not null and goal_reached is not null",
)
TOUCHES = (HAPPENED, FELT, RAISED, AIMED)

PARTS = {name: sql for touch in TOUCHES for name, sql in touch.parts.items()}
"""The additive parts of all of them."""

FROM = ("stage", "channel", "touchpoint", "product", "segment")
"""What is kept of the place that a contact is traced back to, each as from_..."""

OVER_ALL = {HAPPENED.table: PARTS, RAISED.table: RAISED.parts, AIMED.table: AIMED.parts}
"""Which sums there are over all products and segments as well, in a table of their own, with which parts."""

BY_DAY = (*(touch.table for touch in TOUCHES), *(f"{table}_all" for table in OVER_ALL))
BY_CUSTOMER = ("r_contacts",)
SCHEMA = (
    "".join(
        f"""
create table if not exists {touch.table} (day DATE, source VARCHAR, {columns((*touch.keys, *_OF))}, {typed(touch.parts)});
"""
        for touch in TOUCHES
    )
    + "".join(
        f"""
create table if not exists {touch.table}_all (
  day DATE, source VARCHAR, {columns(touch.keys)}, {typed(OVER_ALL[touch.table])}
);
"""
        for touch in TOUCHES
        if touch.table in OVER_ALL
    )
    + f"""
create table if not exists r_contacts (
  customer_no INTEGER, day DATE, {columns(DIMENSIONS)}, stage VARCHAR, touchpoint VARCHAR, kind VARCHAR, reason VARCHAR,
  from_day DATE, {columns(tuple(f"from_{name}" for name in FROM))}
);
create table if not exists r_traced (
  day DATE, {columns(_PLACE)}, reason VARCHAR, moved TINYINT, n INTEGER
);
"""
)
"""r_touch: how much happens, and over all (r_touch_all) how it is as well. r_felt: how it felt. r_raised: contacts and complaints by reason. r_aimed: goals. r_contacts:
one row for each contact or complaint of a known customer; from_day is empty where it follows nothing. r_traced: how many
of them are traced back to a place, by how far the customer had moved from there: to ANOTHER_STAGE, to ANOTHER_PLACE of the same
stage, or not at all (HERE)."""

HERE, ANOTHER_PLACE, ANOTHER_STAGE = 0, 1, 2

_FAR = " or ".join(f"coalesce({name}, '') <> coalesce(from_{name}, '')" for name in _PLACE)
MOVED = f"""case when coalesce(stage, '') <> coalesce(from_stage, '') then {ANOTHER_STAGE}
    when {_FAR} then {ANOTHER_PLACE} else {HERE} end"""
"""How far the customer had moved, in SQL over r_contacts."""


def sums(journey: Journey) -> tuple[Sums, ...]:
    """How r_traced is counted from the contacts."""
    places = ", ".join(f"from_{name}" for name in _PLACE)
    return (
        Sums("r_traced", ("day", *_PLACE, "reason", "moved"), f"""
select day, {places}, reason, {MOVED} as moved, count(*) from r_contacts where from_day is not null and $whose group by all"""),
    )  # fmt: skip


# An unanswered survey is no interaction, but words or a goal that came with it count as they do by day. The time
# bounds are plain values beside the list of days: a list alone would miss the table's zone maps.
_STAGED = f"""
create or replace temp table staged_touches as
with stage_of_kind as (
  select unnest($kinds) as of_kind, unnest($stages) as kind_stage
)
select cast(i.occurred_at as date) as day, coalesce(i.stage, k.kind_stage) as stage, i.source, i.channel, i.touchpoint,
  i.product, i.segment, i.reason, i.goal, i.goal_reached, i.kind, i.customer_no, i.csat, i.nps, i.ces, i.sentiment,
  i.expectation
from interactions i
left join stage_of_kind k on k.of_kind = i.kind
where i.brand = '{OURS}' and {OF_DAYS} and not ({SILENT} and sentiment is null and goal_reached is null)"""


def _counted(touch: Touch) -> str:
    keys = ", ".join(("day", "source", *touch.keys, *_OF))
    parts = ", ".join(f"{sql} as {name}" for name, sql in touch.parts.items())
    return f"insert into {touch.table} select {keys}, {parts} from staged_touches where {touch.of} group by {keys} order by day"


def _over_all(touch: Touch) -> str:
    """Out of what was counted by product and segment; the parts of one that holds them all out of every other."""
    keys, parts = ", ".join(("day", "source", *touch.keys)), OVER_ALL[touch.table]
    origins = (other for other in TOUCHES if other.parts.keys() <= parts.keys())
    each = " union all ".join(
        f"select {keys}, {', '.join(name if name in other.parts else f'0 as {name}' for name in parts)} "
        f"from {other.table} where {REFRESHED}"
        for other in origins
    )
    sums = ", ".join(f"{summed(name, sql)} as {name}" for name, sql in parts.items())
    return f"insert into {touch.table}_all select {keys}, {sums} from ({each}) parts group by {keys} order by day"


def refresh(cursor: Executes, days: Sequence[date], sources: Sequence[str], journey: Journey) -> None:
    """Recompute the sums by touchpoint of these sources for these days."""
    if not days:
        return
    values = of_days(cursor, BY_DAY, days, sources)
    named = {"kinds": [*journey.stage_of_kind], "stages": [*journey.stage_of_kind.values()]}
    cursor.execute(_STAGED, {**values, **named})
    for touch in TOUCHES:
        cursor.execute(_counted(touch))
    for touch in TOUCHES:
        if touch.table in OVER_ALL:
            cursor.execute(_over_all(touch), {"days": list(days), "sources": list(sources)})
    cursor.execute("drop table staged_touches")


def fold(cursor: Executes, walk: Walk, journey: Journey) -> None:
    """Write the contacts of the customers walked, each with where its customer had been last."""
    rows = np.flatnonzero(walk.kind("contact", "complaint"))
    if not len(rows):
        return
    last = walk.last(~walk.kind(*_AFTER), rows)
    last[(last >= 0) & (walk.at[last] < walk.at[rows] - ATTRIBUTION_DAYS * DAY)] = -1
    write(
        cursor,
        "r_contacts",
        {
            "customer_no": walk.customer[rows], "day": dates(walk.day[rows]),
            **walk.texts(rows, (*DIMENSIONS, "stage", "touchpoint", "kind", "reason")),
            "from_day": dates(np.where(last >= 0, walk.day[last], NONE)), **walk.texts(last, FROM, "from_"),
        },
        np.argsort(walk.day[rows], kind="stable"),
    )  # fmt: skip

"""The interactions behind a figure of the journey page: of which customers, and when. A thousand at most.

Only this question reads interactions; whose they are is found in the rollups that the figure itself was read from. Where an
engine counted those, it is asked for the interactions as well, and what landed here since is set beside its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from cx.engine.asking import Elsewhere, Served
from cx.journey import Journey
from cx.model import OURS
from cx.query import Filters, Query, midnight
from cx.questions.funnel import Period
from cx.questions.surging import UNSTATED
from cx.questions.whose import Cell, Reached, Step, who
from cx.rollups.walk import SILENT
from cx.store import Store

__all__ = ["SHOWN", "Behind", "Cell", "Figure", "Place", "Raised", "Reached", "Step", "behind", "raised"]

SHOWN = 1000
"""Interactions that are shown at most."""


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
    """Up to SHOWN interactions, with customers by number; `more` where there are others. `served`: of which version of an
    engine some of them are."""

    rows: pd.DataFrame
    more: bool
    served: Served | None = None


def behind(
    store: Store,
    journey: Journey,
    filters: Filters,
    period: Period,
    figure: Figure,
    elsewhere: Elsewhere | None = None,
) -> Behind:
    """The interactions behind a figure, those of the latest customers first and each customer's in order.

    Raises EngineError where some lie `elsewhere` and cannot be had.
    """
    if isinstance(figure, Place):
        return _latest(store, *_at_place(journey, filters, figure), period.first, period.last, elsewhere)
    theirs, values, last = who(journey, filters, period, figure)
    own = store.run(_theirs(theirs, values, last))
    if elsewhere is None:
        return _shown(own, _IN_ORDER)
    whose = store.run(Query("whose interactions", f"{theirs} {_FIRST_OF_THEM}", values))
    if whose.empty or whose["since"].min() >= elsewhere.served.end:
        return _shown(own, _IN_ORDER)
    listed = {name: whose[name].tolist() for name in ("customer_no", "since", "until")}
    first = min(moment.to_pydatetime() for moment in listed["since"])
    return _joined(own, _theirs(_LISTED, {**listed, "first_day": first}, last), _IN_ORDER, elsewhere)


def raised(store: Store, told: Raised, elsewhere: Elsewhere | None = None) -> Behind:
    """The complaints behind a surge, the newest first. Raises EngineError where some lie `elsewhere` and cannot be had."""
    own = "i.kind = 'complaint' and coalesce(i.reason, '') = $reason"
    values: dict[str, Any] = {"reason": told.reason}
    if told.product:
        own, values = (
            f"{own} and coalesce(i.product, '{UNSTATED}') = $product",
            {**values, "product": told.product},
        )
    return _latest(store, "complaints behind a surge", own, values, told.first, told.last, elsewhere)


def _latest(
    store: Store,
    name: str,
    own: str,
    values: dict[str, Any],
    first: date,
    last: date,
    elsewhere: Elsewhere | None,
) -> Behind:
    """The newest interactions of these days for which a condition holds."""
    query = _newest(name, own, values, first, last)
    found = store.run(query)
    if elsewhere is None or midnight(first) >= elsewhere.served.end:
        return _shown(found, _NEWEST_FIRST)
    return _joined(found, query, _NEWEST_FIRST, elsewhere)


def _joined(own: pd.DataFrame, asked: Query, order: dict[str, bool], elsewhere: Elsewhere) -> Behind:
    """The store's own interactions and those that lie elsewhere, which are none of the same."""
    theirs = elsewhere.run(asked)
    found = pd.concat([part for part in (theirs, own) if not part.empty] or [own])
    found = found.sort_values([*order], ascending=[*order.values()], ignore_index=True)
    return _shown(found, order, elsewhere.served)


def _shown(found: pd.DataFrame, order: dict[str, bool], served: Served | None = None) -> Behind:
    """What is shown of them: not what they are only sorted by."""
    rows = found.drop(columns=[name for name in order if name not in _SHOWN])
    return Behind(rows.head(SHOWN), len(rows) > SHOWN, served)


def _newest(name: str, own: str, values: dict[str, Any], first: date, last: date) -> Query:
    """The newest interactions of these days for which a condition holds."""
    sql = f"""
select {_COLUMNS}
from interactions i
where i.brand = '{OURS}' and i.occurred_at >= $first_day and i.occurred_at < $end and {own}
order by {_by(_NEWEST_FIRST)} limit {SHOWN + 1}"""
    return Query(name, sql, {**values, "first_day": midnight(first), "end": _end(last)})


def _end(last: date) -> datetime:
    return midnight(last + timedelta(days=1))


def _by(order: dict[str, bool]) -> str:
    return ", ".join(name if rising else f"{name} desc" for name, rising in order.items())


_SHOWN = (
    "occurred_at", "customer", "kind", "stage", "channel", "touchpoint", "product", "reason", "csat", "nps", "text", "source",
)  # fmt: skip
_COLUMNS = """i.occurred_at, i.customer_no as customer, i.kind, i.stage, i.channel, i.touchpoint, i.product, i.reason,
  i.csat, i.nps, i.text, i.source, i.interaction_id"""

_NEWEST_FIRST = {"occurred_at": False, "interaction_id": True, "source": True}
_IN_ORDER = {"since": False, "customer": True, "occurred_at": True, "interaction_id": True, "source": True}
"""By which columns interactions are sorted, and whether from the least of it on."""

_FIRST_OF_THEM = f"order by since desc, customer_no limit {SHOWN + 1}"
_LISTED = "select unnest($customer_no) as customer_no, unnest($since) as since, unnest($until) as until"
"""Customers who were found already, where the rollups that they were found in are not."""


def _theirs(whose: str, values: dict[str, Any], last: date) -> Query:
    """Interactions of these customers from `since` to `until`. The outer bounds are plain values, for the zone maps."""
    sql = f"""
with who as ({whose} {_FIRST_OF_THEM})
select {_COLUMNS}, who.since
from interactions i join who on who.customer_no = i.customer_no
where i.brand = '{OURS}' and i.occurred_at >= $first_day and i.occurred_at < $end
  and i.occurred_at >= who.since and i.occurred_at <= who.until
order by {_by(_IN_ORDER)} limit {SHOWN + 1}"""
    return Query("interactions behind", sql, {**values, "end": _end(last)})


def _at_place(journey: Journey, filters: Filters, figure: Place) -> tuple[str, str, dict[str, Any]]:
    """The name, the condition and its values for what happened at a touchpoint; rows that name no stage stand at that of their
    kind."""
    kinds = journey.stage_of_kind
    own = " ".join(f"when '{kind}' then $stage_of_{kind}" for kind in kinds)
    narrowed = filters.only(("product", "segment")).chosen()
    also = "".join(f" and i.{name} in (select unnest($f_{name}) as {name})" for name in narrowed)
    stage = f"coalesce(i.stage, case i.kind {own} end, '')" if own else "coalesce(i.stage, '')"
    here = f"{stage} = $stage and coalesce(i.touchpoint, '') = $touchpoint and coalesce(i.channel, '') = $channel"
    values: dict[str, Any] = {
        "stage": figure.stage,
        "touchpoint": figure.touchpoint,
        "channel": figure.channel,
        **{f"stage_of_{kind}": stage_id for kind, stage_id in kinds.items()},
        **{f"f_{name}": list(chosen) for name, chosen in narrowed.items()},
    }
    return "interactions at a touchpoint", f"{here} and not {SILENT}{also}", values

"""Touchpoints, paths and channels in words and tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cx.journey import LEFT, OPEN, Journey
from cx.kpis import Kpi, kpi
from cx.query import Filters
from cx.questions.behind import Place, Step
from cx.questions.channels import HOPPING, ORDERING, PRESENCE, SUPPORT, Devices, Hops, Support
from cx.questions.funnel import CONVERSION
from cx.questions.paths import RETURNS
from cx.questions.touchpoints import FILTERED_BY, MEASURES
from cx.stats import Change, Estimate, SmallSamples
from cx.telling import cells
from cx.telling.funnel import names
from cx.telling.shapes import Cell, Column, Row, parts_of, row_id
from cx.telling.values import change, dimension_label, group, label, plain_text, tone, value_text, verdict
from cx.words import enumeration, number, t, tn

MOST_ROWS = 14


def touchpoint_columns(table: pd.DataFrame) -> list[Column]:
    """The columns of a stage's touchpoints; a measure that none of them has is left out."""
    measured = [name for name in MEASURES if (table[f"{name}_base"] > 0).any()]
    return [
        {"id": "touchpoint", "label": t("Touchpoint"), "kind": "text"},
        {"id": "interactions", "label": t("Interactions"), "kind": "number"},
*(_measure_column(name, MEASURES[name]) for name in measured),
        {"id": "apart", "label": t("Against the others"), "kind": "chip",
         "note": t("Satisfaction, or else sentiment, against all other touchpoints of the stage")},
        {"id": "reasons", "label": t("Raised most"), "kind": "text"},
    ]  # fmt: skip


def _measure_column(name: str, measure: Kpi) -> Column:
    return {"id": name, "label": label(measure), "kind": "number", "note": t(measure.meaning)}


def touchpoint_rows(table: pd.DataFrame, limits: SmallSamples) -> list[Row]:
    """A row for each touchpoint and channel, the unhappy ones first."""
    rows = []
    for told in table.head(MOST_ROWS).itertuples():
        found: dict[str, Cell] = {
            "touchpoint": Cell(text=_named(told.touchpoint), note=_named(told.channel)),
            "interactions": cells.count(told.interactions),
            "reasons": Cell(
                text=enumeration([f"{_named(name)} ({number(n)})" for name, n in told.reasons[:2]])
            ),
        }
        found |= {name: _measured(name, told, limits) for name in MEASURES}
        if told.judged_by:
            found["apart"] = _apart(kpi(told.judged_by), told)
        rows.append(Row(id=row_id(told.touchpoint, told.channel), cells=found, choosable=True))
    return rows


def place_ids(table: pd.DataFrame) -> list[str]:
    """The ids of these touchpoints' rows."""
    return [row_id(told.touchpoint, told.channel) for told in table.itertuples()]


def place(stage: str, row: str) -> Place:
    """The touchpoint that a row's id tells."""
    touchpoint, channel = parts_of(row)
    return Place(stage, touchpoint, channel)


def place_name(row: str) -> str:
    """A touchpoint and its channel by name."""
    touchpoint, channel = parts_of(row)
    return t("{touchpoint} ({channel})", touchpoint=_named(touchpoint), channel=_named(channel))


def not_filtered(filters: Filters) -> str:
    """What the table shows, and which of the chosen filters it cannot follow."""
    told = t("Unhappy ones first, however small: against the others of the stage, beyond chance.")
    left_out = [dimension_label(name) for name in filters.chosen() if name not in FILTERED_BY]
    if not left_out:
        return told
    return t("{told} It is not filtered by {dimensions}.", told=told, dimensions=enumeration(left_out))


def pains_caption() -> str:
    """What the pain points count."""
    return t("Contacts and complaints made here, and those made elsewhere within 7 days of being here.")


def needs(table: pd.DataFrame) -> str:
    """What customers came to a stage for, and how many of them reached it."""
    goals: dict[str, list[float]] = {}
    for told in table["goals"]:
        for goal, n, reached in told:
            sums = goals.setdefault(goal, [0.0, 0.0])
            sums[0], sums[1] = sums[0] + n, sums[1] + n * reached / 100
    if not goals:
        return ""
    most = sorted(goals.items(), key=lambda goal: -goal[1][0])[:3]
    told = [t("{goal} ({n}, reached by {share} %)", goal=plain_text(goal), n=number(n), share=number(100 * reached / n))
            for goal, (n, reached) in most if n]  # fmt: skip
    return t("What customers came for: {goals}.", goals=enumeration(told))


def stage_figures(told: Any, limits: SmallSamples) -> list[tuple[str, Cell]]:
    """The measures of a whole stage, each with its name."""
    return [(label(measure), _measured(name, told, limits)) for name, measure in MEASURES.items()]


def pain_columns() -> list[Column]:
    """The columns of the reasons that customers raise."""
    return [
        {"id": "reason", "label": t("Pain point"), "kind": "text"},
        {"id": "n", "label": t("Contacts"), "kind": "bar"},
        {"id": "before", "label": t("In the period before"), "kind": "number"},
    ]


def pain_rows(table: pd.DataFrame) -> list[Row]:
    """A row for each reason, most first."""
    most = max(float(table["n"].max()), 1.0) if len(table) else 1.0
    return [
        Row(id=row_id("reason", told.reason), cells={
            "reason": Cell(text=_named(told.reason)),
            "n": Cell(text=number(told.n), note=f"{number(told.share)}%", share=told.n / most),
            "before": cells.count(told.before),
        })
        for told in table.head(MOST_ROWS).itertuples()
    ]  # fmt: skip


def drawn(journey: Journey, links: pd.DataFrame) -> pd.DataFrame:
    """The links with the words and the order that their picture needs."""
    called = _called(journey)
    rank = {name: place for place, name in enumerate([*journey.ids, OPEN, LEFT])}
    told = [
        _link(called[row.origin], row.target, called[row.target], row.back, row.n)
        for row in links.itertuples()
    ]
    return links.assign(
        origin_name=links["origin"].map(called),
        target_name=links["target"].map(called),
        rank=links["origin"].map(rank),
        target_rank=links["target"].map(rank),
        told=told,
    )


def _link(origin: str, target: str, target_name: str, back: bool, n: int) -> str:
    if target == LEFT:
        return tn("{n} visit ended at {origin}.", "{n} visits ended at {origin}.", n, origin=origin)
    if target == OPEN:
        return tn(
            "{n} visit is at {origin}, under way.", "{n} visits are at {origin}, under way.", n, origin=origin
        )
    if back:
        return tn("{n} visit went back from {origin} to {target}.", "{n} visits went back from {origin} to {target}.",
                  n, origin=origin, target=target_name)  # fmt: skip
    return tn("{n} visit went from {origin} to {target}.", "{n} visits went from {origin} to {target}.",
              n, origin=origin, target=target_name)  # fmt: skip


def alt() -> str:
    """The picture of the ways, for who cannot see it."""
    return t("The ways that customers take from stage to stage; the table beneath holds the same steps")


def paths(visits: int, back: Estimate) -> str:
    """How many visits there were, and how many went back."""
    if not visits:
        return t("No visit to the journey in the period.")
    return tn("{n} visit to the journey.", "{n} visits to the journey; {share} go back to an earlier stage.", visits,
              share=value_text(RETURNS, back.value))  # fmt: skip


def link_columns() -> list[Column]:
    """The columns of the steps."""
    return [
        {"id": "step", "label": t("Step"), "kind": "text"},
        {"id": "n", "label": t("Visits"), "kind": "bar"},
        {"id": "kind", "label": t("Way"), "kind": "text"},
    ]


def link_rows(journey: Journey, links: pd.DataFrame) -> list[Row]:
    """A row for each step, most taken first."""
    table = drawn(journey, links).sort_values("n", ascending=False).head(MOST_ROWS)
    most = float(table["n"].max()) if len(table) else 1.0
    return [
        Row(id=row_id(told.step, told.origin, told.target), choosable=True, cells={
            "step": Cell(text=t("{step}. {origin} → {target}", step=number(told.step), origin=told.origin_name,
                                target=told.target_name)),
            "n": Cell(text=number(told.n), share=told.n / most),
            "kind": Cell(text=_way(told.target, told.back)),
        })
        for told in table.itertuples()
    ]  # fmt: skip


def step_ids(links: pd.DataFrame) -> set[str]:
    """The ids of these steps, and of the stages and ends that stand between them."""
    rows = [*links.itertuples()]
    steps = {row_id(told.step, told.origin, told.target) for told in rows}
    begins = {row_id(told.step, told.origin, "") for told in rows}
    return steps | begins | {row_id(told.step + 1, told.target, "") for told in rows}


def step(row: str) -> Step:
    """The step that a row's id tells."""
    place_, origin, target = parts_of(row)
    return Step(int(place_), origin, target)


def step_name(journey: Journey, told: Step) -> str:
    """A step, or one of its ends, by the names of its stages."""
    called = _called(journey)
    if not told.target:
        return t("{stage} at step {step}", stage=called[told.origin], step=number(told.step))
    return t("{origin} → {target}", origin=called[told.origin], target=called[told.target])


def habits_caption(journey: Journey, landmark: int) -> str:
    """Who is compared with whom, and that it is no cause."""
    return t(
        "Customers whose second order came from {landmark} to {days} days after the first, beside those who had none by then; touchpoints up to "
        "{landmark} days after the first order. A comparison, not a cause.",
        landmark=number(landmark), days=number(journey.repeat_days),
    )  # fmt: skip


def _called(journey: Journey) -> dict[str, str]:
    return {**names(journey), LEFT: t("Left"), OPEN: t("Under way")}


def _way(target: str, back: bool) -> str:
    return {LEFT: t("leaves"), OPEN: t("under way")}.get(target, t("goes back") if back else t("goes on"))


def presence_rows(table: pd.DataFrame, limits: SmallSamples) -> list[Row]:
    """A row for each channel with the customers who used it."""
    return [
        Row(id=str(told.channel), cells={
            "channel": Cell(text=_named(told.channel)),
            "customers": cells.bar(cells.count(told.customers), told.value, told.lo, told.hi),
            "share": cells.estimate(PRESENCE, told, told.base, limits),
        })
        for told in table.head(MOST_ROWS).itertuples()
    ]  # fmt: skip


def presence_columns() -> list[Column]:
    """The columns of the channels."""
    return [
        {"id": "channel", "label": t("Channel"), "kind": "text"},
        {"id": "customers", "label": t("Customers"), "kind": "bar"},
        {"id": "share", "label": t("Of all active"), "kind": "number"},
    ]


def hopping(told: Hops, limits: SmallSamples) -> str:
    """How many visits change channel."""
    row = cells.estimate(HOPPING, told.row, told.row.base, limits)
    if row["text"] == "–":
        return t("Too few visits to tell how many use two channels or more.")
    return t(
        "{share} of visits use two channels or more ({interval}).",
        share=row["text"],
        interval=row.get("note", ""),
    )


def hop_columns() -> list[Column]:
    """The columns of the changes of channel."""
    return [
        {"id": "turn", "label": t("First change"), "kind": "text"},
        {"id": "n", "label": t("Visits"), "kind": "bar"},
    ]


def hop_rows(told: Hops) -> list[Row]:
    """A row for each usual change of channel."""
    most = float(told.turns["visits"].max()) if len(told.turns) else 1.0
    return [
        Row(id=row_id(turn.channel, turn.next_channel), cells={
            "turn": Cell(text=t("{origin} → {target}", origin=_named(turn.channel), target=_named(turn.next_channel))),
            "n": Cell(text=number(turn.visits), note=f"{number(turn.share)}%", share=turn.visits / most),
        })
        for turn in told.turns.head(MOST_ROWS).itertuples()
    ]  # fmt: skip


def device_columns() -> list[Column]:
    """The columns of the devices."""
    return [
        {"id": "device", "label": t("Device"), "kind": "text"},
        {"id": "visits", "label": t("Visits"), "kind": "number"},
        {
            "id": "ordered",
            "label": label(ORDERING),
            "kind": "number",
            "note": t(ORDERING.meaning),
            "main": True,
        },
    ]


def device_rows(told: Devices, limits: SmallSamples) -> list[Row]:
    """A row for each device."""
    return [
        Row(id=row_id("device", row.device), cells={
            "device": Cell(text=group("device", row.device)),
            "visits": cells.count(row.visits),
            "ordered": cells.estimate(ORDERING, row, row.base, limits),
        })
        for row in told.table.itertuples()
    ]  # fmt: skip


def mobile(told: Change) -> str:
    """Mobile against desktop, in a sentence."""
    if told.kind == "none":
        return t("There is nothing to compare mobile with desktop by.")
    return t(
        "Mobile against desktop: {change}. {verdict}", change=change(ORDERING, told), verdict=verdict(told)
    )


def support_columns() -> list[Column]:
    """The columns of how often customers need support: each measure, and its change."""
    return [
        {"id": "channel", "label": t("Channel"), "kind": "text"},
        *(column for measure in SUPPORT for column in _with_change(measure)),
    ]


def _with_change(measure: Kpi) -> list[Column]:
    return [
        {"id": measure.name, "label": label(measure), "kind": "number", "note": t(measure.meaning)},
        {"id": f"{measure.name}_change", "label": t("Change"), "kind": "chip", "note": t("Against the period before")},
    ]  # fmt: skip


def support_rows(told: Support, limits: SmallSamples) -> list[Row]:
    """A row for all channels together, and one for each."""
    rows: dict[str, dict[str, Cell]] = {}
    whole = told.whole.assign(row="all")
    apart = told.by_channel.assign(row=[row_id("channel", name) for name in told.by_channel["key"]])
    for row in pd.concat([whole, apart]).itertuples():
        measure = kpi(row.kpi)
        moved = Change(row.amount, row.amount_lo, row.amount_hi, row.kind, row.verdict, row.good)
        name = t("All channels") if row.row == "all" else _named(row.key)
        found = rows.setdefault(row.row, {"channel": Cell(text=name)})
        found[measure.name] = cells.estimate(measure, row, row.base, limits)
        found[f"{measure.name}_change"] = cells.moved(measure, moved)
    return [Row(id=name, cells=found) for name, found in rows.items()]


def habit_columns() -> list[Column]:
    """The columns of what those who bought again met."""
    return [
        {"id": "met", "label": t("Met around the first order"), "kind": "text"},
        {"id": "again", "label": t("Of those who bought again"), "kind": "number"},
        {"id": "left", "label": t("Of those who did not"), "kind": "number"},
        {"id": "difference", "label": t("Difference"), "kind": "chip"},
    ]


def habit_rows(table: pd.DataFrame, measure: Kpi) -> list[Row]:
    """A row for each touchpoint, the clearest differences first."""
    rows = []
    for told in table.head(MOST_ROWS).itertuples():
        moved = Change(told.difference, told.lo, told.hi, "points", told.verdict, None)
        rows.append(Row(id=row_id(told.touchpoint, told.channel, told.stage), cells={
            "met": Cell(text=_named(told.touchpoint), note=_named(told.channel)),
            "again": Cell(text=value_text(measure, told.share_again), note=t("{n} of {all}", n=number(told.again), all=number(told.again_n))),
            "left": Cell(text=value_text(measure, told.share_left), note=t("{n} of {all}", n=number(told.left), all=number(told.left_n))),
            "difference": {**cells.moved(measure, moved), "note": _between(told.lo, told.hi)},
        }))  # fmt: skip
    return rows


def _between(lo: float, hi: float) -> str:
    return t("{low} to {high}", low=number(lo, 1), high=number(hi, 1)) if lo == lo else ""


def _measured(name: str, told: Any, limits: SmallSamples) -> Cell:
    value, lo, hi, n, base = (
        float(getattr(told, f"{name}_{end}")) for end in ("value", "lo", "hi", "n", "base")
    )
    return cells.estimate(MEASURES[name], Estimate(value, lo, hi, n, base), base, limits)


def _apart(measure: Kpi, told: Any) -> Cell:
    moved = Change(
        told.apart,
        told.apart_lo,
        told.apart_hi,
        "points",
        "real" if told.unhappy else "noise",
        told.apart > 0,
    )
    chip = cells.moved(measure, moved)
    if told.unhappy:
        return {**chip, "note": t("unhappy")}
    return Cell(text=change(CONVERSION, moved), tone=tone(moved), note="")


def _named(name: str | None) -> str:
    return name or t("Not stated")

"""Whom a campaign brought, by which channels, and what they did later, in words and tables."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

import pandas as pd

from cx.kpis import Kpi
from cx.questions.brought import REPEAT, SHARE, Set
from cx.questions.carrying import RATED_DAYS, RATINGS, Scope
from cx.questions.converting import CONVERSION, WITHIN_DAYS
from cx.stats import SmallSamples
from cx.telling import cells
from cx.telling.campaign import MOST, estimated
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import group, label
from cx.words import number, t, tn


def segment_columns() -> list[Column]:
    """The columns of the segments."""
    return [
        {"id": "segment", "label": t("Segment"), "kind": "text"},
        {"id": "now", "label": t("Share of its orders"), "kind": "bar"},
        {"id": "usual", "label": t("In the 12 weeks before"), "kind": "number"},
        {"id": "change", "label": t("Change"), "kind": "chip"},
    ]


def segment_rows(table: pd.DataFrame, limits: SmallSamples) -> list[Row]:
    """A row for each segment."""
    return [Row(id=row.segment or "-", cells={
        "segment": Cell(text=group("segment", row.segment), note=tn("{n} order", "{n} orders", round(row.orders))),
        "now": cells.bar(cells.estimate(SHARE, row.now, row.now.base, limits), row.now.value, row.now.lo, row.now.hi),
        "usual": cells.estimate(SHARE, row.usual, row.usual.base, limits),
        "change": cells.moved(SHARE, row.change),
    }) for row in table.head(MOST).itertuples()]  # fmt: skip


def segment_caption(told: Scope) -> str:
    """Which orders the segments are of."""
    if told.by_id:
        return t(
            "Orders that carry the campaign's id, against orders of its products in the 12 weeks before."
        )
    return t("No order carries the campaign's id: all orders of its products on its days, against the 12 weeks before.")  # fmt: skip


def channel_columns() -> list[Column]:
    """The columns of the response by channel."""
    labels = {"visits": t("Visits"), "signups": t("Sign-ups"), "orders": t("Orders"), "revenue": t("Revenue")}
    counts: list[Column] = [{"id": name, "label": told, "kind": "number"} for name, told in labels.items()]
    return [
        {"id": "channel", "label": t("Channel"), "kind": "text"},
        *counts,
        {"id": "conversion", "label": t("Conversion"), "kind": "number", "note": tn(
            "Journeys that began with it and reached an order within {n} day", "Journeys that began with it and reached an order within {n} days", WITHIN_DAYS)},
    ]  # fmt: skip


def channel_rows(table: pd.DataFrame, limits: SmallSamples) -> list[Row]:
    """A row for each channel."""
    return [Row(id=row.channel or "-", cells={
        "channel": Cell(text=group("channel", row.channel)),
        **{name: cells.count(getattr(row, name)) for name in ("visits", "signups", "orders", "revenue")},
        "conversion": _with_young(estimated(CONVERSION, row.conversion, limits), int(row.too_young)),
    }) for row in table.head(MOST).itertuples()]  # fmt: skip


def _with_young(cell: Cell, young: int) -> Cell:
    early = tn("{n} too young", "{n} too young", young) if young else ""
    return Cell(**{**cell, "note": " · ".join(part for part in (cell.get("note", ""), early) if part)})


def later_columns() -> list[Column]:
    """The columns of what the buyers that it brought did later."""
    return [
        {"id": "measure", "label": t("Measure"), "kind": "text"},
        {"id": "brought", "label": t("Brought by it"), "kind": "number", "main": True},
        {"id": "others", "label": t("Other buyers"), "kind": "number"},
        {"id": "change", "label": t("Difference"), "kind": "chip"},
    ]


def later_rows(rated: Mapping[str, Set], again: Mapping[int, Set], limits: SmallSamples) -> list[Row]:
    """A row for each score, and one for each time in which a customer may order again."""
    rows = [_later(kpi.name, label(kpi), kpi, rated[kpi.name], limits) for kpi in RATINGS]
    return rows + [
        _later(f"again-{days}", tn("Ordered again within {n} day", "Ordered again within {n} days", days), REPEAT, told, limits)
        for days, told in again.items()
    ]  # fmt: skip


def _later(name: str, said: str, kpi: Kpi, told: Set, limits: SmallSamples) -> Row:
    low, high = number(told.change.lo, 1), number(told.change.hi, 1)
    between = "" if isnan(told.change.lo + told.change.hi) or told.change.verdict == "too few" else t("{low} to {high}", low=low, high=high)  # fmt: skip
    chip = cells.moved(kpi, told.change)
    if told.change.verdict == "too few":
        chip = Cell(text="–", note=t("Too early") if not told.brought.n and told.too_young else t("Too few"))
    return Row(id=name, cells={
        "measure": Cell(text=said),
        "brought": _with_young(estimated(kpi, told.brought, limits), told.too_young),
        "others": _with_young(estimated(kpi, told.others, limits), told.others_too_young),
        "change": Cell(**{**chip, "note": " · ".join(part for part in (chip.get("note", ""), between) if part)}),
    })  # fmt: skip


def later_caption(told: Scope) -> str:
    """Who was brought, who the others are, and for how long their ratings count."""
    rated = tn(
        "Ratings count to {n} day after the order.", "Ratings count to {n} days after the order.", RATED_DAYS
    )
    if told.by_id:
        who = t("Brought: customers whose order carries its id. Others: all who ordered on the same days without it. For ordering again, "
                "only customers whose very first order it was.")  # fmt: skip
    elif told.alone:
        who = t(
            "No order carries the campaign's id and it sells everything, so there is nobody to compare with."
        )
    else:
        who = t("No order carries the campaign's id: those who bought its products on its days stand for those it brought, the others "
                "bought something else.")  # fmt: skip
    return f"{who} {rated}"

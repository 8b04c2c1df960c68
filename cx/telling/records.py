"""What lies beneath the figures, as rows of tables: single interactions, refused rows, how far each source runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from cx.engine.asking import Served
from cx.ingest import explain
from cx.questions.freshness import Source
from cx.telling.mapping import KINDS
from cx.telling.shapes import Cell, Column, Row, row_id
from cx.telling.values import group
from cx.words import day, mark, moment, t

_SCORES = {"csat": mark("CSAT"), "nps": mark("NPS")}


def of_engine(served: Served) -> str:
    """Where interactions are from that the store does not hold."""
    return t("Those through {day} are from the engine (version {name}), which keeps no words of customers.",
             day=day(served.through, year=True), name=served.name)  # fmt: skip


def columns(interactions: pd.DataFrame) -> list[Column]:
    """The columns of single interactions; one that all of them leave empty is left out."""
    found = {name for name in interactions if interactions[name].notna().any()}
    every: list[tuple[Column, set[str]]] = [
        ({"id": "when", "label": t("When"), "kind": "text"}, {"occurred_at"}),
        ({"id": "what", "label": t("What"), "kind": "text"}, {"kind"}),
        ({"id": "about", "label": t("About"), "kind": "text"}, {"product", "reason"}),
        ({"id": "score", "label": t("Score"), "kind": "number"}, {*_SCORES}),
        ({"id": "words", "label": t("Words (masked)"), "kind": "prose"}, {"text"}),
        ({"id": "source", "label": t("Source"), "kind": "text"}, {"source"}),
    ]
    return [column for column, told_by in every if told_by & found]


def rows(interactions: pd.DataFrame, now: datetime) -> list[Row]:
    """A row for each interaction, known by what it is, so that one which arrives above changes none of the others."""
    seen: Counter[str] = Counter()
    told = []
    for one in interactions.astype(object).where(interactions.notna(), None).to_dict("records"):
        known = row_id(one["occurred_at"], one["customer"], one["kind"], one["touchpoint"])
        seen[known] += 1
        told.append(Row(id=row_id(known, seen[known]), cells=_cells(one, now)))
    return told


def _cells(one: dict[str, Any], now: datetime) -> dict[str, Cell]:
    customer = one["customer"]
    scores = [f"{t(label)} {int(one[name])}" for name, label in _SCORES.items() if one[name] is not None]
    stage = group("stage", one["stage"]) if one["stage"] else ""
    about = [part for part in (one["product"], one["reason"]) if part] or [""]
    where = [part for part in (stage, one["channel"], one["touchpoint"]) if part]
    return {
        "when": Cell(
            text=moment(one["occurred_at"], now),
            note=t("Customer {number}", number=int(customer)) if customer is not None else "",
        ),
        "what": Cell(
            text=t(KINDS[one["kind"]]) if one["kind"] in KINDS else one["kind"], note=" · ".join(where)
        ),
        "about": Cell(text=about[0], note=" · ".join(about[1:])),
        "score": Cell(text=" · ".join(scores)),
        "words": Cell(text=one["text"] or ""),
        "source": Cell(text=one["source"] or ""),
    }


def refused_columns() -> list[Column]:
    """The columns of refused rows."""
    return [
        {"id": "row", "label": t("Row"), "kind": "text"},
        {"id": "column", "label": t("Column"), "kind": "text"},
        {"id": "what", "label": t("What to do"), "kind": "prose"},
    ]


def refused_rows(refused: pd.DataFrame) -> list[Row]:
    """A row for each cell that was not kept, with its sentence."""
    return [
        Row(
            id=str(place),
            cells={
                "row": Cell(text=t("Row {number}", number=row.file_row)),
                "column": Cell(text=row.column_name),
                "what": Cell(text=explain(row.rule, row.column_name, row.value)),
            },
        )
        for place, row in enumerate(refused.itertuples())
    ]


def source_columns() -> list[Column]:
    """The columns of how far each source runs."""
    return [
        {"id": "source", "label": t("Source"), "kind": "text"},
        {"id": "through", "label": t("Through"), "kind": "text"},
    ]


def source_rows(sources: Sequence[Source], now: datetime) -> list[Row]:
    """A row for each source, the one that delivered last first."""
    newest_first = sorted(sources, key=lambda source: source.last_at, reverse=True)
    return [
        Row(
            id=one.name, cells={"source": Cell(text=one.name), "through": Cell(text=moment(one.last_at, now))}
        )
        for one in newest_first
    ]

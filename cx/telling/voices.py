"""What is said of us and of other brands, in tables."""

from __future__ import annotations

from typing import Any

from cx import words
from cx.kpis import BENCHMARKED, Kpi
from cx.model import OURS
from cx.questions.benchmarks import VOICE, Voice
from cx.stats import Estimate, SmallSamples
from cx.telling import cells
from cx.telling.benchmarks import company
from cx.telling.shapes import Cell, Column, Row
from cx.words import number, t, tn


def voice_columns() -> list[Column]:
    """The columns of what is said of each brand."""
    return [
        {"id": "brand", "label": t("Brand"), "kind": "text"},
        {"id": "voice", "label": t("Share of voice"), "kind": "bar"},
        {"id": "sentiment", "label": t("Sentiment"), "kind": "number", "note": t("Share of positive minus share of negative texts")},
        {"id": "negative", "label": t("Negative share"), "kind": "number", "main": True},
    ]  # fmt: skip


def voice_rows(told: Voice, limits: SmallSamples) -> list[Row]:
    """A row for each brand, us first."""
    return [_voice_row(row, limits) for row in told.brands.itertuples()]


def _voice_row(row: Any, limits: SmallSamples) -> Row:
    def shown(kpi: Kpi, told: Estimate) -> Cell:
        return cells.estimate(kpi, told, told.base, limits)

    voice = cells.bar(shown(VOICE, row.voice), row.voice.value, row.voice.lo, row.voice.hi)
    told = Row(
        id=row.brand,
        cells={
            "brand": Cell(text=company(row.brand), note=_opinions(row)),
            "voice": voice,
            "sentiment": shown(BENCHMARKED["sentiment"], row.sentiment),
            "negative": shown(BENCHMARKED["negative_share"], row.negative),
        },
    )
    return told if row.brand == OURS else Row(**told, tone="neutral")


def _opinions(row: Any) -> str:
    told = tn("{n} opinion", "{n} opinions", int(row.n))
    return (
        t("{opinions}, nearly all since {day}", opinions=told, day=words.short_day(row.late))
        if row.late
        else told
    )


def reason_columns(told: Voice) -> list[Column]:
    """A column for each brand, us first."""
    brands: list[Column] = [
        {"id": f"of {name}", "label": company(name), "kind": "heat"} for name in told.brands["brand"]
    ]
    return [{"id": "reason", "label": t("Reason"), "kind": "text"}, *brands]


def reason_rows(told: Voice, limits: SmallSamples) -> list[Row]:
    """The negative texts of each reason, in percent of all texts of the brand."""
    enough = {row.brand: row.negative.base >= limits.no_score for row in told.brands.itertuples()}
    most = max((told.reasons[name].max() for name, there in enough.items() if there), default=0.0)
    return [
        Row(
            id=str(row["reason"]),
            cells={
                "reason": Cell(text=row["reason"]),
                **{f"of {name}": _heat(row[name], most) if there else Cell(text="–", aria=t("Too few")) for name, there in enough.items()},
            },
        )
        for _, row in told.reasons.iterrows()
    ]  # fmt: skip


def _heat(share: float, most: float) -> Cell:
    return Cell(text=f"{number(share, 1)}%", share=share / most if most else 0.0)

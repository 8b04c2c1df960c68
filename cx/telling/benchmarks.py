"""Where we stand against others, in words, tables and the texts of charts."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from cx import gaps
from cx.gaps import Compared, Standing
from cx.kpis import Kpi
from cx.model import OURS
from cx.questions.benchmarks import Board
from cx.stats import Change, Estimate, SmallSamples
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import change, label, plain_text, tone, value_text
from cx.words import enumeration, mark, number, signed, t, tn

STANDS = {
    "ahead": mark("ahead"),
    "behind": mark("behind"),
    "not told apart": mark("not told apart"),
    "not judged": mark("no interval"),
}
WHYS = {
    "missing": (mark("no figure"), mark("There is no figure; that is no zero.")),
    "industry": (mark("other industry"), mark("Another industry: shown, not compared.")),
    "method": (
        mark("other method"),
        mark("Measured otherwise than ours ({ours}), so the two are not compared."),
    ),
    "not ours": (mark("none of ours"), mark("We have no figure of our own for that period.")),
    "small": (mark("small sample"), mark("Too few answers on a side to compare.")),
    "old": (mark("old"), mark("It is from before the period chosen.")),
}
"""Why there is no gap: for a cell, and as a sentence."""


def company(name: str) -> str:
    """A competitor as it is spelt, or ourselves."""
    return t("Us") if name == OURS else name


def measure(standing: Standing) -> str:
    """The measure, and where both sides were counted if they were."""
    name = label(standing.kpi)
    return (
        t("{measure} in {source}", measure=name, source=standing.measured_in)
        if standing.measured_in
        else name
    )


def title(board: Board) -> str:
    """How we stand against the industry, as a headline."""
    strong, weak = _sides(board)
    judged = sum(bool(standing.peers) for standing in board.standings)
    if not board.standings:
        return t("No benchmarks yet")
    if not judged:
        return t("Nothing here can be compared with us")
    if strong and weak:
        return t("Ahead of the industry on {ahead}, behind on {behind} of {n} measures",
                 ahead=number(len(strong)), behind=number(len(weak)), n=number(judged))  # fmt: skip
    if strong:
        return tn("Ahead of the industry on {ahead} of {n} measure", "Ahead of the industry on {ahead} of {n} measures", judged, ahead=number(len(strong)))  # fmt: skip
    if weak:
        return tn("Behind the industry on {behind} of {n} measure", "Behind the industry on {behind} of {n} measures", judged, behind=number(len(weak)))  # fmt: skip
    return t("Not told apart from the industry")


def summary(board: Board) -> str:
    """Strengths, weaknesses and the leaders that we are behind, in sentences (Markdown)."""
    if not board.standings:
        return t("Write what you know of competitors into data/reference/benchmarks.csv, or drop such a file into the inbox. Interactions "
                 "that name the brand of others are compared by themselves.")  # fmt: skip
    strong, weak = _sides(board)
    trailing = [standing for standing in board.standings
                if standing.leader not in ("", OURS) and gaps.stand(standing.to_leader) == "behind"]  # fmt: skip
    told = [
        t("Strengths: **{measures}**.", measures=_names(strong)) if strong else "",
        t("Weaknesses: **{measures}**.", measures=_names(weak)) if weak else "",
        t("Behind the leader beyond chance: {gaps}.", gaps=enumeration([_trailing(one) for one in trailing])) if trailing else "",
    ]  # fmt: skip
    return " ".join(part for part in told if part) or t("No difference is larger than chance would make it.")


def _sides(board: Board) -> tuple[list[Standing], list[Standing]]:
    ahead, behind = (
        [one for one in board.standings if gaps.stand(one.to_industry) == side]
        for side in ("ahead", "behind")
    )
    return ahead, behind


def _names(standings: Sequence[Standing]) -> str:
    return enumeration([plain_text(measure(standing)) for standing in standings])


def _trailing(standing: Standing) -> str:
    return t("{measure} ({leader}, {gap})", measure=plain_text(measure(standing)), leader=plain_text(standing.leader),
             gap=size(standing.kpi, standing.to_leader))  # fmt: skip


def size(kpi: Kpi, gap: Change) -> str:
    """How large a gap is, whichever way it lies."""
    if isnan(gap.amount):
        return t("new") if gap.kind == "new" else "–"
    if gap.kind == "percent":
        return t("{size} %", size=number(abs(gap.amount), 1 if abs(gap.amount) < 10 else 0))
    told = number(abs(gap.amount), kpi.digits)
    return t("{size} pts", size=told) if kpi.scale == 100 else told


# The matrix.


def columns(board: Board) -> list[Column]:
    """Measures against us, the leader, the industry and each competitor."""
    each: list[Column] = [{"id": f"of {name}", "label": name, "kind": "chip"} for name in board.competitors]
    return [
        {"id": "measure", "label": t("Measure"), "kind": "text"},
        {"id": "ours", "label": t("Us"), "kind": "number", "main": True},
        {"id": "leader", "label": t("Leader"), "kind": "text", "note": t("The best of all, us included; beneath, our gap to it or our lead over the next")},
        {"id": "industry", "label": t("Industry"), "kind": "chip", "note": t("The mean of the others, each counting alike, without us")},
        *each,
    ]  # fmt: skip


def rows(board: Board, limits: SmallSamples, weeks: int) -> list[Row]:
    """A row for each measure; each gap is ours less theirs."""
    return [
        Row(id=one.id, choosable=True, cells=_cells(one, board, limits, weeks)) for one in board.standings
    ]


def _cells(one: Standing, board: Board, limits: SmallSamples, weeks: int) -> dict[str, Cell]:
    when = one.period.text or tn("last {n} week", "last {n} weeks", weeks)
    competitors = {f"of {name}": _against(one, one.latest.get(name)) for name in board.competitors}
    return {
        "measure": Cell(text=label(one.kpi), note=t("in {source}, {when}", source=one.measured_in, when=when) if one.measured_in else when),
        "ours": cells.estimate(one.kpi, one.ours, one.ours.base, limits),
        "leader": _leader(one),
        "industry": _industry(one),
        **competitors,
    }  # fmt: skip


def _leader(one: Standing) -> Cell:
    if not one.leader:
        return Cell(text="–", aria=t("Nothing to compare"))
    word = t(STANDS[gaps.stand(one.to_leader)])
    note = t("{word} by {gap}", word=word, gap=size(one.kpi, one.to_leader)) if gaps.stand(one.to_leader) in ("ahead", "behind") else word  # fmt: skip
    if one.leader == OURS:
        return Cell(text=t("Us"), tone=tone(one.to_leader), note=note)
    return Cell(text=one.leader, tone=tone(one.to_leader), note=note)


def _industry(one: Standing) -> Cell:
    if not one.peers:
        return Cell(text="–", note=t("no peers"))
    return chip(one.kpi, one.to_industry, one.industry)


def _against(one: Standing, told: Compared | None) -> Cell:
    if told is None:
        return Cell(text="–", aria=t("No figure"))
    if told.why:
        return Cell(text="–", note=t(WHYS[told.why][0]), aria=why(one.kpi, told))
    return chip(one.kpi, told.gap, told.figure.told)


def chip(kpi: Kpi, gap: Change, theirs: Estimate) -> Cell:
    """A gap as a chip, beneath it where it leaves us and the other value."""
    word = t(STANDS[gaps.stand(gap)])
    text = change(kpi, gap)
    return Cell(
        text=t("Level") if text == t("No change") else text or "–",
        tone=tone(gap),
        note=t("{word} · {value}", word=word, value=value_text(kpi, theirs.value)),
        aria=between(kpi, gap),
    )


def between(kpi: Kpi, gap: Change) -> str:
    """The interval of a gap in words."""
    if isnan(gap.lo) or isnan(gap.hi):
        return t("without an interval")
    digits = 0 if gap.kind == "percent" else kpi.digits
    unit = "%" if gap.kind == "percent" else ""
    return t("95 % interval {low} to {high}{unit}", low=signed(gap.lo, digits), high=signed(gap.hi, digits), unit=unit)  # fmt: skip


def why(kpi: Kpi, told: Compared) -> str:
    """Why a figure is not compared, as a sentence."""
    return t(WHYS[told.why][1], ours=gaps.method_of(kpi)) if told.why else ""

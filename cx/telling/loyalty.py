"""Loyalty in words and tables: what followed the ratings, what is at stake, who the best customers are."""

from __future__ import annotations

from math import inf, isnan
from typing import Any

from cx import loyalty, words
from cx.kpis import Kpi
from cx.loyalty import Stake
from cx.questions.best import YEAR, Profile
from cx.questions.loyalty import HORIZONS, OUTCOMES, SPENT, Rated
from cx.stats import Change, Estimate, SmallSamples
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row, row_id
from cx.telling.values import dimension_label, group, interval, label, plain_text
from cx.words import mark, number, signed, t, tn

MEASURE_LABELS = {"nps": mark("NPS"), "csat": mark("CSAT")}
GROUP_LABELS = {
    "promoters": mark("Promoters (9-10)"),
    "passives": mark("Passives (7-8)"),
    "detractors": mark("Detractors (0-6)"),
    "very_good": mark("Very good (5)"),
    "good": mark("Good (4)"),
    "fair": mark("Fair (3)"),
    "poor": mark("Poor (2)"),
    "very_poor": mark("Very poor (1)"),
}
ATTRIBUTE_LABELS = {
    "channel": mark("Channel of the first order"),
    "device": mark("Device of the first order"),
    "product": mark("First product"),
    "touchpoint": mark("First touchpoint"),
    "nps": mark("NPS answer"),
    "csat": mark("CSAT answer"),
}
MOST_ATTRIBUTES = 12
_STATED = ("would_forgive", "would_trust")
_WORDS = {"real": mark("Real"), "noise": mark("Noise"), "too few": mark("Too few"), "no interval": ""}


def rated_caption(told: Rated, weeks: int, horizon: int) -> str:
    """Who is counted, and who is too young for it."""
    who = tn(
        "{n} customer who rated in these {weeks} weeks, once each, by the first rating.",
        "{n} customers who rated in these {weeks} weeks, once each, by the first rating.",
        told.customers, weeks=number(weeks),
    )  # fmt: skip
    young = tn(
        "{n} is left out: {days} days have not passed since.",
        "{n} are left out: {days} days have not passed since.",
        told.young[horizon], days=number(horizon),
    )  # fmt: skip
    return f"{who} {young}" if told.young[horizon] else who


def nothing_old(told: Rated, horizon: int) -> str:
    """That no rating is old enough, and what to do; empty where one is."""
    if any(told.worth(horizon, name).n for name in told.groups):
        return ""
    if not told.customers:
        return t("No customer rated in these weeks.")
    return t("No rating of these weeks is {days} days old yet. Choose fewer days, or a longer period.", days=number(horizon))  # fmt: skip


def rated_columns(told: Rated) -> list[Column]:
    """A column for each thing that customers did; what no survey asks has none."""
    asked: list[Column] = [
        {"id": kpi.name, "label": label(kpi), "kind": "number", "note": t(kpi.meaning)}
        for kpi in _shown(told)
    ]
    return [
        {"id": "group", "label": t("Rating"), "kind": "text"},
        {"id": "customers", "label": t("Customers"), "kind": "number"},
        *asked,
    ]


def rated_rows(told: Rated, horizon: int, limits: SmallSamples) -> list[Row]:
    """A row for each group, the best first, and the best less the worst."""
    rows = [
        Row(id=name, cells={
            "group": Cell(text=t(GROUP_LABELS[name])),
            "customers": cells.count(told.worth(horizon, name).n),
            **{kpi.name: _estimate(kpi, told.rows[horizon, name, kpi.name], limits, told.worth(horizon, name).n) for kpi in _shown(told)},
        })
        for name in told.groups
    ]  # fmt: skip
    apart = {kpi.name: _apart(kpi, told.apart[horizon, kpi.name]) for kpi in _shown(told)}
    return [*rows, Row(id="apart", cells={"group": _best_less_worst(told), **apart})]


def rated_summary(told: Rated, horizon: int) -> str:
    """Where the best group really differs from the worst, in a sentence (Markdown)."""
    best, *_, worst = (t(GROUP_LABELS[name]) for name in told.groups)
    moved = {kpi: told.apart[horizon, kpi.name] for kpi in (*_shown(told), SPENT)}
    real = [
        t("{measure} ({difference})", measure=label(kpi), difference=cells.points(kpi, change.amount))
        for kpi, change in moved.items() if change.verdict == "real"
    ]  # fmt: skip
    if real:
        return t("Between {best} and {worst} more than chance: {real}.", best=best, worst=worst,
                 real=words.enumeration(real))  # fmt: skip
    if all(change.verdict == "too few" for change in moved.values()):
        return t("Too few ratings to compare {best} with {worst}.", best=best, worst=worst)
    return t("Between {best} and {worst} nothing differs by more than chance.", best=best, worst=worst)


def rated_notes(told: Rated, horizon: int) -> str:
    """What the figures do not say."""
    notes = [
        t("The last row is the best group less the worst; each column is judged on its own."),
        t("A rating often follows an order, which lowers the share that spends more in every group: compare the groups, not the level."),
    ]  # fmt: skip
    if not any(told.rows[horizon, name, "spent_more"].n for name in told.groups):
        notes.append(t("Orders are not known for as many days before any of these ratings, so who spent more cannot be told."))  # fmt: skip
    if not any(told.asked(name) for name in _STATED):
        notes.append(t("No survey here asks whether customers would forgive or trust (columns would_forgive, would_trust)."))  # fmt: skip
    return " ".join(notes)


def worth_columns() -> list[Column]:
    """Revenue by horizon."""
    later: list[Column] = [
        {"id": str(days), "label": t("In {days} days", days=number(days)), "kind": "number"}
        for days in HORIZONS
    ]
    return [{"id": "group", "label": t("Rating"), "kind": "text"}, *later]


def worth_rows(told: Rated, limits: SmallSamples) -> list[Row]:
    """What each group spent afterwards, how far the best is above the worst, and what one point goes with."""
    rows = [
        Row(id=name, cells={
            "group": Cell(text=t(GROUP_LABELS[name])),
            **{str(days): _estimate(SPENT, told.worth(days, name), limits, 0) for days in HORIZONS},
        })
        for name in told.groups
    ]  # fmt: skip
    apart = {str(days): _apart(SPENT, told.apart[days, SPENT.name]) for days in HORIZONS}
    slopes = {str(days): _slope(told.slopes[days], limits) for days in HORIZONS}
    point = Cell(
        text=t("One point of {measure}", measure=t(MEASURE_LABELS[told.measure])), note=t("goes with")
    )
    return [
        *rows,
        Row(id="apart", cells={"group": _best_less_worst(told), **apart}),
        Row(id="slope", cells={"group": point, **slopes}),
    ]  # fmt: skip


def worth_notes(told: Rated, horizon: int, limits: SmallSamples) -> str:
    """That this is no proof, and whether the slope rests on a few large customers."""
    parts = []
    if young := {days: n for days, n in told.young.items() if n}:
        listed = [t("{n} at {days} days", n=number(n), days=number(days)) for days, n in young.items()]
        parts.append(t("Too young, and left out: {listed}.", listed=words.enumeration(listed)))
    plain, capped = told.slopes[horizon], told.capped[horizon]
    if loyalty.verdict(plain, limits) != "too few" and not isnan(capped.lo):
        parts.append(
            t("Were the top 1 % of customers capped, a point would go with {value} in {days} days ({low} to {high}).",
              value=signed(capped.value, SPENT.digits), days=number(horizon), low=number(capped.lo, SPENT.digits), high=number(capped.hi, SPENT.digits))
        )  # fmt: skip
    return " ".join(parts)


def warning() -> str:
    """Why nobody may read a cause out of this."""
    return t(
        "An association, not a cause: whoever likes us rates higher and spends more for reasons of their own. It does not show that "
        "a better rating would bring the money."
    )  # fmt: skip


def stake_columns() -> list[Column]:
    """The columns of what is at stake."""
    return [
        {"id": "group", "label": t("Latest rating"), "kind": "text"},
        {"id": "customers", "label": t("Customers now"), "kind": "number"},
        {"id": "each", "label": t("Each below the group above"), "kind": "number"},
        {"id": "total", "label": t("At stake"), "kind": "number", "main": True},
    ]


def stake_rows(told: Rated, stakes: dict[str, Stake], whole: Estimate | None) -> list[Row]:
    """A row for each lower group, and all of them together."""
    rows = [
        Row(id=name, cells={
            "group": Cell(text=t(GROUP_LABELS[name])),
            "customers": cells.count(told.now[name]),
            "each": _each(stakes[name].each) if name in stakes else Cell(text="–", note=t("Too few")),
            "total": Cell(text=_between(stakes[name].total)) if name in stakes else Cell(text="–"),
        })
        for name in told.groups[1:]
    ]  # fmt: skip
    if whole is not None:
        all_ = {"group": Cell(text=t("Together")), "customers": cells.count(whole.n)}
        rows.append(Row(id="together", cells={**all_, "total": Cell(text=_between(whole))}))
    return rows


def stake_caption(horizon: int) -> str:
    """How it is counted."""
    return t(
        "Customers by their latest rating, times the revenue in {days} days that sets them apart from the group above; as a range.",
        days=number(horizon),
    )  # fmt: skip


def stake_notes() -> str:
    """What a range from 0 means, and why the sum is no sum."""
    return t(
        "A range that begins at 0 may be nothing at all. Together is one estimate of its own, not the rows added up. It would come only if "
        "the difference came with the rating, which nobody knows."
    )  # fmt: skip


def profile_caption(told: Profile) -> str:
    """Who the best are, and with whom they are compared."""
    return tn(
        "{n} customer: the top tenth by revenue of the last {days} days ({worth} or more) among those who ordered at least twice, beside all "
        "{others} other buyers of that time.",
        "{n} customers: the top tenth by revenue of the last {days} days ({worth} or more) among those who ordered at least twice, beside all "
        "{others} other buyers of that time.",
        told.best, days=number(YEAR), worth=number(told.worth), others=number(told.buyers - told.best),
    )  # fmt: skip


def profile_columns() -> list[Column]:
    """The columns of the profile."""
    return [
        {"id": "attribute", "label": t("Attribute"), "kind": "text"},
        {"id": "best", "label": t("Of the best"), "kind": "number"},
        {"id": "others", "label": t("Of the others"), "kind": "number"},
        {"id": "lift", "label": t("Times as common"), "kind": "chip"},
    ]


def profile_rows(told: Profile) -> list[Row]:
    """A row for each attribute, the surest first."""
    return [
        Row(id=row_id(row.attribute, row.value), cells={
            "attribute": Cell(text=_value(row), note=_attribute(row.attribute)),
            "best": _share(row.share_best, row.best, row.best_n),
            "others": _share(row.share_others, row.others, row.others_n),
            "lift": _lift(row),
        })
        for row in told.table.head(MOST_ATTRIBUTES).itertuples()
    ]  # fmt: skip


def profile_summary(told: Profile) -> str:
    """What is more common among the best, in a sentence (Markdown)."""
    real = told.table[(told.table["verdict"] == "real") & (told.table["lift"] > 1)]
    if real.empty:
        return t("Nothing that is known of the best customers sets them apart from the others by more than chance.")  # fmt: skip
    named = [
        t("{value} ({attribute})", value=plain_text(_value(row)), attribute=_attribute(row.attribute))
        for row in real.head(4).itertuples()
    ]
    return t("More common among the best: {named}.", named=words.enumeration(named))


def profile_notes(told: Profile) -> str:
    """How many were looked at, and what may be chance."""
    return tn(
        "{n} attribute was looked at; those too few customers have are left out.",
        "{n} attributes were looked at; those too few customers have are left out. Real is judged over all of them together: of those called real, "
        "about one in twenty may still be chance. The interval beneath each is its own.",
        told.looked_at,
    ) + " " + t("Who has been a customer for longer could spend more, and the first touchpoint is the first that the data know.")  # fmt: skip


def _shown(told: Rated) -> list[Kpi]:
    return [kpi for kpi in OUTCOMES if kpi.name not in _STATED or told.asked(kpi.name)]


def _estimate(kpi: Kpi, row: Estimate, limits: SmallSamples, everyone: float) -> Cell:
    """A figure with its interval, and its n where it is not of everyone in the group."""
    cell = cells.estimate(kpi, row, row.base, limits)
    if cell["text"] == "–" or row.n == everyone:
        return cell
    return Cell(text=cell["text"], note=t("{interval} · {n}", interval=cell["note"], n=t("n {n}", n=number(row.n))))  # fmt: skip


def _best_less_worst(told: Rated) -> Cell:
    return Cell(text=t("Difference"), note=t("best less worst"))


def _apart(kpi: Kpi, moved: Change) -> Cell:
    if moved.verdict == "too few" or isnan(moved.amount):
        return Cell(text="–", note=t("Too few"))
    return _difference(cells.points(kpi, moved.amount), interval(kpi, _row(moved)), moved.verdict)


def _row(moved: Change) -> Estimate:
    return Estimate(moved.amount, moved.lo, moved.hi, inf, inf)


def _slope(row: Estimate, limits: SmallSamples) -> Cell:
    verdict = loyalty.verdict(row, limits)
    if verdict == "too few" or isnan(row.value):
        return Cell(text="–", note=t("Too few"))
    return _difference(signed(row.value, SPENT.digits), interval(SPENT, row), verdict)


def _difference(text: str, between: str, verdict: str) -> Cell:
    told = t(_WORDS[verdict]) if _WORDS[verdict] else ""
    return Cell(text=text, note=" · ".join(part for part in (between, told) if part))


def _each(row: Estimate) -> Cell:
    return Cell(text=number(row.value, SPENT.digits), note=interval(SPENT, row))


def _between(row: Estimate) -> str:
    if isnan(row.lo):
        return "–"
    return t("{low} to {high}", low=number(row.lo), high=number(row.hi)) if row.hi > 0 else number(0)


def _share(share: float, n: float, of: float) -> Cell:
    return Cell(text=f"{number(share, 1)}%", note=t("{n} of {all}", n=number(n), all=number(of)))


def _lift(row: Any) -> Cell:
    verdict = t(_WORDS[row.verdict])
    if isnan(row.lift):
        return Cell(text=t("Only the best"), note=verdict)
    high = "∞" if row.hi == inf else number(row.hi, 2)
    between = t("{low} to {high}", low=number(row.lo, 2), high=high)
    return Cell(
        text=t("× {factor}", factor=number(row.lift, 2)), tone="neutral", note=f"{between} · {verdict}"
    )


def _value(row: Any) -> str:
    return t(GROUP_LABELS[row.value]) if row.attribute in MEASURE_LABELS else group(row.attribute, row.value)


def _attribute(name: str) -> str:
    return t(ATTRIBUTE_LABELS[name]) if name in ATTRIBUTE_LABELS else dimension_label(name)

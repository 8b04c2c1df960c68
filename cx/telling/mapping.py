"""The words by which a person tells the columns of an unknown file: what each is, and what is asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from cx.formats import Format
from cx.formats.moments import Reading, apart, span
from cx.formats.suggesting import Seen
from cx.ingest import explain
from cx.ingest.trying import Tried
from cx.model import COLUMNS
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import plain_text
from cx.words import day, mark, number, t, tn

TITLES = {
    "source": mark("The system it comes from"),
    "interaction_id": mark("Id of the row"),
    "occurred_at": mark("When it happened"),
    "kind": mark("What happened"),
    "customer_id": mark("Customer"),
    "product": mark("Product"),
    "channel": mark("Channel"),
    "text": mark("The customer's words"),
    "reason": mark("Reason"),
    "csat": mark("Satisfaction, 1 to 5"),
    "nps": mark("Likely to recommend, 0 to 10"),
    "ces": mark("Ease, 1 to 7"),
    "sentiment": mark("Sentiment"),
    "order_id": mark("Order"),
    "units": mark("Units"),
    "amount": mark("Amount"),
    "first_response_seconds": mark("Time to the first response"),
    "resolution_seconds": mark("Time to the solution"),
    "stage": mark("Stage of the journey"),
    "device": mark("Device"),
    "touchpoint": mark("Page, form or desk"),
    "version": mark("Version of the product"),
    "brand": mark("Company (yours or a competitor)"),
    "campaign_id": mark("Campaign"),
    "segment": mark("Segment"),
    "region": mark("Region"),
    "language": mark("Language"),
    "asked": mark("A survey was sent"),
    "expectation": mark("Expected beforehand, 1 to 5"),
    "would_forgive": mark("Would buy again after a bad experience"),
    "would_trust": mark("Would trust us"),
    "resolved_first_contact": mark("Solved at the first contact"),
    "handled_by": mark("Answered first by"),
    "escalated": mark("Handed on"),
    "referred": mark("Came by a recommendation"),
    "goal": mark("What the customer came to do"),
    "goal_reached": mark("The goal was reached"),
    "consent": mark("Consent"),
    "updated_at": mark("When it was last changed"),
}
"""Canonical column -> what a person calls it."""

KINDS = {
    "visit": mark("Visit"),
    "signup": mark("Sign-up"),
    "order": mark("Order"),
    "delivery": mark("Delivery"),
    "return": mark("Return"),
    "contact": mark("Contact"),
    "complaint": mark("Complaint"),
    "survey": mark("Survey"),
    "review": mark("Review"),
    "cancel": mark("Cancellation"),
}
CODED = {
    "true": mark("Yes"),
    "false": mark("No"),
    "negative": mark("Negative"),
    "neutral": mark("Neutral"),
    "positive": mark("Positive"),
    "mobile": mark("Mobile"),
    "desktop": mark("Desktop"),
    "tablet": mark("Tablet"),
    "other": mark("Other device"),
    "self_service": mark("Self-service"),
    "bot": mark("A bot"),
    "human": mark("A person"),
}
UNITS = {
    "ms": mark("milliseconds"),
    "s": mark("seconds"),
    "min": mark("minutes"),
    "h": mark("hours"),
    "d": mark("days"),
    "money": mark("whole money, such as 12.50"),
    "cents": mark("cents, such as 1250"),
}
_ORDERS = {
    "dmy": mark("The day comes first: {examples}"),
    "mdy": mark("The month comes first: {examples}"),
    "ymd": mark("The year comes first: {examples}"),
    "ydm": mark("The year comes first, then the day: {examples}"),
}
_CLIPPED, _EXAMPLES = 48, 3


def title(name: str, needed: bool = False) -> str:
    """What a canonical column is called, and whether the rows need it."""
    return t("{title} (needed)", title=t(TITLES[name])) if needed else t(TITLES[name])


def code(value: str) -> str:
    """A canonical value in the viewer's language; '' stands for nothing."""
    words = {**KINDS, **CODED}
    return t(words[value]) if value in words else value or t("Nothing")


def clipped(value: str) -> str:
    """The beginning of a value, on one line."""
    one = " ".join(value.split())
    return one if len(one) <= _CLIPPED else f"{one[: _CLIPPED - 1]}…"


def examples(column: Seen) -> str:
    """Some values of a column, for a place that understands Markdown."""
    if not column.values:
        return t("This column is empty.")
    told = " · ".join(plain_text(clipped(value)) for value in column.values[:_EXAMPLES])
    empty = 1 - column.filled / max(column.rows, 1)
    return (
        t("{values} ({share} % are empty)", values=told, share=number(100 * empty)) if empty >= 0.01 else told
    )


def question(values: Sequence[str], ways: Sequence[Reading]) -> str:
    """Which of several readings is meant, asked by an example of the file."""
    value = _told_apart(values, ways)[0]
    readings = t(" or ").join(t("the {day}", day=_day(way.read(value))) for way in ways)
    return t("Is {value} {readings}?", value=plain_text(value), readings=readings)


def way(values: Sequence[str], ways: Sequence[Reading], reading: Reading) -> str:
    """One answer to that question: what examples of the file mean then."""
    told = [t("{value} is {day}", value=plain_text(value), day=_day(reading.read(value)))
            for value in _told_apart(values, ways)]  # fmt: skip
    return t(_ORDERS[reading.order], examples=", ".join(told))


def read_as(values: Sequence[str], reading: Reading) -> str:
    """How moments are read, and from when to when they run then."""
    found = span(values, reading)
    if found is None:
        return ""
    value = next(value for value in values if reading.read(value))
    return t("Read as {pattern}: {value} is {day}. They run from {first} to {last}.",
             pattern=plain_text(_pattern(reading)), value=plain_text(value), day=_day(reading.read(value)),
             first=_day(found[0]), last=_day(found[1]))  # fmt: skip


def off_scale(name: str, column: Seen) -> str:
    """That a column's values are not those of a scale or a list, and what to do."""
    limits, numbers = COLUMNS[name], column.numbers
    if limits.high is None or not numbers:
        return t("Say what each of its values means.")
    return t("'{title}' runs from {low} to {high}, this column from {least} to {most}. Say what each value means; it is never stretched.",
             title=t(TITLES[name]), low=number(limits.low or 0), high=number(limits.high), least=_plain(min(numbers)),
             most=_plain(max(numbers)))  # fmt: skip


def recognised(format: Format) -> str:
    """Which format a file was recognised as."""
    if format.name == "canonical":
        return t("It has the product's own columns. It can be taken in as it is.")
    return t("It was recognised as **{name}**. It can be taken in as it is.", name=plain_text(format.name))


def result(tried: Tried, whole: bool) -> str:
    """How many rows would be kept."""
    refused = tn("{n} would be refused.", "{n} would be refused.", tried.read - tried.kept)
    kept = tn(
        "**{n} row would be kept**, {rest}", "**{n} rows would be kept**, {rest}", tried.kept, rest=refused
    )
    return kept if whole else t("Of the first {n} rows: {kept}", n=number(tried.read), kept=kept)


def kept_rows(tried: Tried, names: Sequence[str]) -> pd.DataFrame:
    """The first rows as they would be kept, under the words for their columns."""
    return tried.rows[list(names)].rename(columns={name: t(TITLES[name]) for name in names})


def refusal_columns() -> list[Column]:
    """Why rows would be refused."""
    return [
        {"id": "why", "label": t("Why, and what to do"), "kind": "prose"},
        {"id": "rows", "label": t("Rows"), "kind": "number", "main": True},
    ]


def refusal_rows(tried: Tried) -> list[Row]:
    """A row for each reason, the commonest first."""
    told = tried.refused
    values = [None if pd.isna(value) else str(value) for value in told["value"]]
    return [
        Row(
            id=str(place),
            cells={"why": Cell(text=explain(rule, column, value)), "rows": Cell(text=number(rows))},
        )
        for place, (rule, column, value, rows) in enumerate(
            zip(told["rule"], told["column"], values, told["rows"], strict=True)
        )
    ]


def _told_apart(values: Sequence[str], ways: Sequence[Reading]) -> Sequence[str]:
    return apart(values, ways) or values[:1]


def _day(moment: datetime | None) -> str:
    return day(moment.date(), year=True) if moment else t("no day")


def _pattern(reading: Reading) -> str:
    if reading.epoch is not None:
        return t(
            "{unit} since 1970", unit=t(UNITS[reading.epoch]) if reading.epoch in UNITS else t("microseconds")
        )
    words = {"d": t("day"), "m": t("month"), "y": t("year")}
    return t(" – ").join(words[letter] for letter in reading.order)


def _plain(value: float) -> str:
    return number(value, 0 if value.is_integer() else 1)

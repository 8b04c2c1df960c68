"""Who has access and who did what, in words and tables; and what the log calls the things that things are done to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

import pandas as pd

from cx.access.audit import DEEDS
from cx.access.people import FILE, Grant, People
from cx.access.roles import ACTS, PAGES, ROLES
from cx.notes import Surge
from cx.query import Filters
from cx.questions.behind import Figure
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import dimension_label, plain_text
from cx.words import enumeration, mark, moment, number, t, tn

RECENT = timedelta(days=7)
"""What was done is summed up for so long."""

PAGE_TITLES = {
    "weekly_health": mark("Weekly health"),
    "surges": mark("Surges"),
    "campaigns": mark("Campaigns"),
    "benchmarks": mark("Benchmarks"),
    "journey": mark("Journey"),
    "data": mark("Data"),
    "people": mark("People"),
}


def figure(one: Figure, filters: Filters) -> str:
    """What the log calls a figure of the journey whose interactions were opened; the same in every language."""
    told = ", ".join(f"{name} {value}" for name, value in asdict(one).items())
    chosen = "".join(f"; {name} {', '.join(values)}" for name, values in filters.chosen().items())
    return f"journey: {type(one).__name__.lower()} ({told}){chosen}"


def surge(one: Surge) -> str:
    """What the log calls a surge; the same in every language."""
    return f"surge: {one.product or 'all products'}, {one.reason or 'not stated'}, {one.onset}"


def title(told: People) -> str:
    """The headline."""
    if not told.grants:
        return t("Nobody has a role yet")
    return tn("{n} grant gives access", "{n} grants give access", len(told.grants))


def summary(log: pd.DataFrame, now: datetime) -> str:
    """What was done lately, as a sentence."""
    lately = log[log["at"].astype(str) >= (now - RECENT).isoformat()]
    done = lately["deed"].value_counts().to_dict()
    done["signed in"] = lately.loc[lately["deed"] == "signed in", "who"].nunique()
    told = [say(int(done[name])) for name, say in _LATELY.items() if done.get(name)]
    if not told:
        return t("Nothing that is logged was done in the last {days} days.", days=number(RECENT.days))
    return t("In the last {days} days: {told}.", days=number(RECENT.days), told=enumeration(told))


_LATELY: dict[str, Callable[[int], str]] = {
    "signed in": lambda n: tn("{n} person signed in", "{n} people signed in", n),
    "refused": lambda n: tn("somebody was refused {n} time", "somebody was refused {n} times", n),
    "saw": lambda n: tn("single interactions were opened {n} time", "single interactions were opened {n} times", n),
    "took": lambda n: tn("{n} file was downloaded", "{n} files were downloaded", n),
    "changed": lambda n: tn("{n} change was made", "{n} changes were made", n),
}  # fmt: skip


def none_yet() -> str:
    """What is said where no grant is written down."""
    return t("Write {file} into the folder of the reference tables, as docs/roles.md shows; whoever signs in without a role sees nothing.",
             file=f"`{FILE}`")  # fmt: skip


def grant_columns() -> list[Column]:
    """Whom, which role, which rows."""
    return [
        {"id": "whom", "label": t("Whom"), "kind": "text"},
        {"id": "role", "label": t("Role"), "kind": "text"},
        {"id": "rows", "label": t("Rows"), "kind": "text"},
    ]


def grant_rows(told: People) -> list[Row]:
    """A row for each grant, in the order in which they hold."""
    return [Row(id=str(place), cells=_grant(one)) for place, one in enumerate(told.grants)]


def _grant(one: Grant) -> dict[str, Cell]:
    rows = [f"{dimension_label(name)}: {enumeration(values)}" for name, values in one.rows.chosen().items()]
    return {
        "whom": Cell(text=one.email or one.group, note=t("one person") if one.email else t("a group")),
        "role": Cell(text=t(ROLES[one.role].title)),
        "rows": Cell(text="; ".join(rows) or t("All")),
    }


def role_columns() -> list[Column]:
    """The role, what it is for, what it sees, what it may do."""
    return [
        {"id": "role", "label": t("Role"), "kind": "text"},
        {"id": "for", "label": t("What it is for"), "kind": "prose"},
        {"id": "sees", "label": t("Sees"), "kind": "prose"},
        {"id": "may", "label": t("May"), "kind": "prose"},
    ]


def role_rows() -> list[Row]:
    """A row for each role."""
    return [
        Row(id=name, cells={
            "role": Cell(text=t(one.title)),
            "for": Cell(text=t(one.meaning)),
            "sees": Cell(text=" · ".join(t(PAGE_TITLES[page]) for page in PAGES if page in one.pages)),
            "may": Cell(text=" · ".join(t(right) for act, right in ACTS.items() if one.may(act))),
        })
        for name, one in ROLES.items()
    ]  # fmt: skip


def log_columns() -> list[Column]:
    """When, who, what."""
    return [
        {"id": "when", "label": t("When"), "kind": "text"},
        {"id": "who", "label": t("Who"), "kind": "text"},
        {"id": "deed", "label": t("Did what"), "kind": "text"},
        {"id": "what", "label": t("To what"), "kind": "prose"},
    ]


def log_rows(log: pd.DataFrame, now: datetime) -> list[Row]:
    """A row for each line of the log, of which the newest is the first."""
    return [
        Row(id=str(place), cells={
            "when": Cell(text=_moment(str(line.at), now)),
            "who": Cell(text=who(str(line.who)), note=t(ROLES[str(line.role)].title) if line.role in ROLES else t("no role")),
            "deed": Cell(text=deed(str(line.deed))),
            "what": Cell(text=str(line.what)),
        })
        for place, line in enumerate(log.itertuples())
    ]  # fmt: skip


def _moment(at: str, now: datetime) -> str:
    """When it was; as it stands in a line that somebody else wrote."""
    with suppress(ValueError):
        return moment(datetime.fromisoformat(at).replace(tzinfo=None), now)
    return at


def deed(name: str) -> str:
    """One of DEEDS as a reader sees it."""
    return t(DEEDS[name]) if name in DEEDS else name


def who(name: str) -> str:
    """Somebody as the log names them; whoever was at the machine itself has no address."""
    return name or t("The owner")


def named(name: str) -> str:
    """The same where Markdown would be read."""
    return plain_text(who(name))

"""A message in words: the sentences of the pages, as plain text, with a link to the page and its filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cx.alerts import events
from cx.alerts.answers import Answers, Week
from cx.alerts.facts import Event, Facts, Message
from cx.kpis import kpi
from cx.query import Filters
from cx.questions.health import WEEK, Tile
from cx.reference.alerts import Alerts, Rule
from cx.telling import surges, values, week
from cx.telling.runs import unmarked
from cx.words import day, moment, t, tn


@dataclass(frozen=True, slots=True)
class Words:
    """What is sent: a title, and sentences with a link in lines of their own."""

    title: str
    body: str


def words(answers: Answers, told: Alerts, facts: Facts, message: Message) -> Words:
    """The message as it is sent."""
    rule = next(rule for rule in told.rules if rule.name == message.rule)
    if message.kind in ("resolved", "ended"):
        title, sentences, where = _over(rule, [*message.counts])
        return Words(title, _body(told, sentences, where))
    found = [event for event in facts.events if event.key in message.counts and _by(event, rule)]
    title, sentences, where = _BEGUN[rule.on](answers, found)
    if message.kind == "again":
        sentences = [*sentences, t("It has at least doubled since it was told last.")]
    return Words(title, _body(told, sentences, where))


def a_test() -> Words:
    """What a person sends to try an address."""
    return Words(t("A test of the dashboard"), t("Alerts on customer experience can reach you here."))


def _by(event: Event, rule: Rule) -> bool:
    return event.on == rule.on and event.about.get("rule", rule.name) == rule.name


def _body(told: Alerts, sentences: Sequence[str], where: str) -> str:
    link = [f"{told.url}{where}"] if told.url else []
    return "\n".join([*(unmarked(one) for one in sentences if one), *link])


Begun = tuple[str, list[str], str]
"""A title, sentences (Markdown), and the page with what is chosen on it."""


def _surging(answers: Answers, found: Sequence[Event]) -> Begun:
    watch = found[0].of[2]
    entries = [answers.entry(row, fit) for row, fit, _ in (event.of for event in found)]
    sentences = [surges.summary([entry], watch) for entry in entries]
    chosen = {"surge": surges.entry_id(entries[0])} if len(entries) == 1 else {}
    through = t("Data through {day}.", day=day(watch.through))
    return unmarked(surges.title(entries)), [*sentences, through], _page("/surges", chosen)


def _moved(answers: Answers, found: Sequence[Event]) -> Begun:
    its: Week = found[0].of[0]
    if found[0].about.get("scope") == "week":
        title = unmarked(week.title(its.headline, its.monday, its.monday + WEEK))
        return title, [week.summary(its.headline)], _page("/", {}, its.filters)
    told = [tile for event in found for tile in event.of[1]]
    title = (
        f"{values.label(told[0].kpi)}: {values.verdict(told[0].change)}".rstrip(".")
        if len(told) == 1
        else t("{n} measures moved by more than normal variation", n=len(told))
    )
    return title, [_figures(tile) for tile in told], _page("/", {"measure": told[0].kpi.name}, its.filters)


def _missed(answers: Answers, found: Sequence[Event]) -> Begun:
    its: Week = found[0].of[0]
    told = [event.of[1][0] for event in found]
    title = (
        t("{measure} misses its target", measure=values.label(told[0].kpi))
        if len(told) == 1
        else tn("{n} measure misses its target", "{n} measures miss their targets", len(told))
    )
    return title, [_figures(tile) for tile in told], _page("/", {"measure": told[0].kpi.name}, its.filters)


def _figures(tile: Tile) -> str:
    """A measure in its week: value, interval, n, change, and its target."""
    shown = week.tile(tile)
    figure = (
        f"{shown['value']} {shown['unit']}".strip()
        if tile.kpi.is_duration
        else f"{shown['value']}{shown['unit']}"
    )
    first = t("{measure}, week of {day}: {value} ({range}).", measure=values.label(tile.kpi), day=day(tile.week),
              value=figure, range=shown["range"] or t("n {n}", n=int(tile.row.n)))  # fmt: skip
    moved = t("{change} on the week before.", change=shown["chip"]) if shown["chip"] else ""
    aim = f"{week.target(tile.kpi, tile.target)[0]}." if tile.target else ""
    return " ".join(part for part in (first, moved, values.verdict(tile.change), aim) if part)


def _late(answers: Answers, found: Sequence[Event]) -> Begun:
    sources = [event.of for event in found]
    title = (
        t("{source} is late", source=sources[0].name)
        if len(sources) == 1
        else tn("{n} source is late", "{n} sources are late", len(sources))
    )
    sentences = [
        t("Nothing has come from {source} since {moment}; by its own rhythm it is overdue.",
          source=values.plain_text(source.name), moment=moment(source.last_at))
        for source in sources
    ]  # fmt: skip
    return title, sentences, "/data"


def _weekly(answers: Answers, found: Sequence[Event]) -> Begun:
    its: Week = found[0].of
    title = t("The week of {day}: {verdict}", day=day(its.monday),
              verdict=unmarked(week.title(its.headline, its.monday, its.monday)))  # fmt: skip
    return title, [week.summary(its.headline)], _page("/", {}, its.filters)


_BEGUN: dict[str, Callable[[Answers, Sequence[Event]], Begun]] = {
    "surge": _surging,
    "kpi": _moved,
    "target": _missed,
    "freshness": _late,
    "brief": _weekly,
}


def _over(rule: Rule, keys: Sequence[str]) -> Begun:
    names = [events.parts(key) for key in keys]
    if rule.on == "surge":
        told = [surges.problem(_Problem(product, reason)) for _, product, reason in names]
        title = (
            t("Over: {problem}", problem=told[0])
            if len(told) == 1
            else tn("{n} problem is over", "{n} problems are over", len(told))
        )
        said = [t("{problem}: complaints run as the units sold explain again.", problem=values.plain_text(one)) for one in told]  # fmt: skip
        return title, said, "/surges"
    if rule.on == "target":
        measures = [values.label(kpi(name)) for _, name, _ in names]
        title = (
            t("{measure} meets its target again", measure=measures[0])
            if len(measures) == 1
            else tn(
                "{n} measure meets its target again", "{n} measures meet their targets again", len(measures)
            )
        )
        return title, [t("{measure} meets its target again.", measure=one) for one in measures], _page("/", {"measure": names[0][1]}, rule.filters)  # fmt: skip
    sources = [name for _, name in names]
    title = (
        t("{source} delivers again", source=sources[0])
        if len(sources) == 1
        else tn("{n} source delivers again", "{n} sources deliver again", len(sources))
    )
    return title, [t("{source} delivers again.", source=values.plain_text(one)) for one in sources], "/data"


@dataclass(frozen=True, slots=True)
class _Problem:
    product: str
    reason: str


def _page(path: str, chosen: dict[str, Any], filters: Filters | None = None) -> str:
    asked = {**chosen, **(filters.chosen() if filters else {})}
    return f"{path}?{urlencode(asked, doseq=True)}" if asked else path

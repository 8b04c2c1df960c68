"""Rules and what was sent, in words, for the page and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import time, timedelta

from cx import words
from cx.alerts.facts import Sent
from cx.kpis import kpi
from cx.reference.alerts import Alerts, Rule
from cx.telling.shapes import Cell, Column, Row, Tone
from cx.telling.values import dimension_label, label
from cx.words import enumeration, mark, number, t, tn

ON = {
    "surge": mark("Complaint surges"),
    "kpi": mark("A measure that gets worse"),
    "target": mark("A target that is missed"),
    "freshness": mark("A source that is late"),
    "brief": mark("The weekly brief"),
}
KINDS = {
    "alert": mark("Alert"),
    "again": mark("It has grown"),
    "resolved": mark("It is over"),
    "test": mark("Test"),
}
STATES: Mapping[str, tuple[str, Tone]] = {
    "sent": (mark("Sent"), "good"),
    "begun": (mark("On its way"), "neutral"),
    "refused": (mark("Not taken, tried again"), "bad"),
    "failed": (mark("Not delivered"), "bad"),
    "unknown": (mark("Not known whether it arrived"), "bad"),
}
_DAYS = (mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"), mark("Saturday"), mark("Sunday"))  # fmt: skip
MOST = 20
"""Messages that are shown."""


def about(rule: Rule) -> str:
    """What a rule is about, and what it is narrowed to."""
    narrowed = [
        *rule.product, *rule.reason, *(label(kpi(name)) for name in rule.measure), *rule.source,
        *(f"{dimension_label(name)} {', '.join(chosen)}" for name, chosen in rule.filters.chosen().items()),
    ]  # fmt: skip
    what = t(ON[rule.on])
    return t("{what}: {narrowed}", what=what, narrowed=enumeration(narrowed)) if narrowed else what


def when(rule: Rule) -> str:
    """When a rule speaks and when it does not."""
    told = []
    if rule.on == "brief":
        told.append(t("{day} from {time}", day=t(_DAYS[rule.day]), time=_clock(rule.at)))
        told.append(
            t("only when there is something to say") if rule.only_when == "something" else t("always")
        )
    else:
        told.append(t("not again within {span}", span=_span(rule.cool_down)))
    if rule.least > 1:
        told.append(t("from {n} on", n=number(rule.least)))
    if rule.cause:
        told.append(t("after a campaign") if rule.cause == "campaign" else t("after a release"))
    if rule.better:
        told.append(t("also when it gets better"))
    if rule.resolved:
        told.append(t("also when it is over"))
    if rule.quiet:
        told.append(t("quiet from {begin} to {end}", begin=_clock(rule.quiet[0]), end=_clock(rule.quiet[1])))
    return "; ".join(told)


def rule_columns() -> list[Column]:
    """The columns of the rules."""
    return [
        {"id": "rule", "label": t("Rule"), "kind": "text"},
        {"id": "to", "label": t("Who"), "kind": "text"},
        {"id": "when", "label": t("When"), "kind": "text"},
    ]


def rule_rows(told: Alerts, missing: Iterable[str]) -> list[Row]:
    """A row for each rule; addresses that are not in the secrets are named."""
    nowhere = {*missing}
    return [
        Row(id=rule.name, cells={
            "rule": Cell(text=rule.name, note=about(rule)),
            "to": Cell(text=enumeration(rule.to), tone="bad" if nowhere & {*rule.to} else "neutral",
                       note=t("no address") if nowhere & {*rule.to} else ""),
            "when": Cell(text=when(rule)),
        }) for rule in told.rules
    ]  # fmt: skip


def sent_columns() -> list[Column]:
    """The columns of the messages."""
    return [
        {"id": "when", "label": t("When"), "kind": "text"},
        {"id": "to", "label": t("Who"), "kind": "text"},
        {"id": "said", "label": t("Said"), "kind": "text"},
        {"id": "state", "label": t("State"), "kind": "chip"},
    ]


def sent_rows(told: Sequence[Sent], told_by: Alerts) -> list[Row]:
    """A row for each message, the newest first, with times by the clock of the rules."""
    return [
        _row(told_by, sent, sent.said or t(KINDS[sent.message.kind]), STATES[sent.state])
        for sent in _shown(told)
    ]


def replay_columns() -> list[Column]:
    """The columns of what would have been sent."""
    return [one for one in sent_columns() if one["id"] != "state"]


def replay_rows(told: Sequence[Sent], told_by: Alerts) -> list[Row]:
    """A row for each message that would have been sent, the newest first, with its sentences."""
    return [_row(told_by, sent, _sentences(sent)) for sent in _shown(told)]


def _row(told_by: Alerts, sent: Sent, note: str, state: tuple[str, Tone] | None = None) -> Row:
    cells: dict[str, Cell] = {
        "when": Cell(text=_moment(told_by, sent), note=told_by.zone.key),
        "to": Cell(text=sent.message.address, note=sent.message.rule),
        "said": Cell(text=sent.title, note=note),
    }
    if state:
        cells["state"] = Cell(text=t(state[0]), tone=state[1])
    return Row(id=sent.message.id, cells=cells)


def _sentences(sent: Sent) -> str:
    """Its body without the link."""
    return " ".join(line for line in sent.body.splitlines() if "://" not in line)


def replayed(told: Sequence[Sent], days: int) -> str:
    """How many messages would have been sent, and to whom."""
    if not told:
        return tn("In the last {n} day nothing would have been sent.", "In the last {n} days nothing would have been sent.", days)  # fmt: skip
    each = {name: sum(sent.message.address == name for sent in told) for name in dict.fromkeys(sent.message.address for sent in told)}  # fmt: skip
    listed = enumeration([t("{n} to {who}", n=number(n), who=who) for who, n in each.items()])
    sent = tn("{n} message would have been sent", "{n} messages would have been sent", len(told))
    return tn("In the last {n} day {sent}: {each}.", "In the last {n} days {sent}: {each}.", days, sent=sent, each=listed)  # fmt: skip


def trouble(name: str, sent: Sent) -> str:
    """That an address did not take its last message, and why."""
    return t("{name}: {state}: {why}.", name=name, state=t(STATES[sent.state][0]), why=sent.said)


def no_address(name: str, variable: str) -> str:
    """That the secrets do not say where messages to this name go, and what to do."""
    return t("{name}: no address; keep it in .streamlit/secrets.toml under [alerts] or in {variable}.",
             name=name, variable=variable)  # fmt: skip


def rule_lines(told: Alerts) -> list[str]:
    """A line for each rule."""
    return [t("{rule} ({about}), to {who}: {when}", rule=rule.name, about=about(rule), who=enumeration(rule.to),
              when=when(rule)) for rule in told.rules]  # fmt: skip


def sent_lines(told: Iterable[Sent], told_by: Alerts) -> list[str]:
    """The lines of messages: when and to whom, the title, the sentences."""
    return [
        line
        for sent in told
        for line in (
            t("{when}, {rule}, to {who}: {title}", when=_moment(told_by, sent), rule=sent.message.rule,
              who=sent.message.address, title=sent.title),
            *(f"    {one}" for one in sent.body.splitlines()),
        )
    ]  # fmt: skip


def _shown(told: Sequence[Sent]) -> list[Sent]:
    said = [sent for sent in told if sent.message.kind != "ended"]
    return sorted(said, key=lambda sent: sent.message.at, reverse=True)


def _moment(told: Alerts, sent: Sent) -> str:
    return words.moment(told.local(sent.message.at)).removesuffix(" UTC")


def _clock(value: time) -> str:
    return value.strftime("%H:%M")


def _span(value: timedelta) -> str:
    """Hours up to two days, then days."""
    seconds = value.total_seconds()
    told, unit = words.duration(seconds)
    return t("{value} {unit}", value=told.removesuffix(".0"), unit=unit)

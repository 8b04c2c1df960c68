"""What the command line and the doctor ask, answered by whoever has the store open: as plain values, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cx import clock
from cx.alerts import addresses, log, telling
from cx.alerts.addresses import Secrets
from cx.alerts.deciding import decide
from cx.alerts.facts import Sent
from cx.alerts.parting import parts
from cx.alerts.replay import replay
from cx.alerts.round import Post, in_words, troubles
from cx.folders import Folders
from cx.limited import Limits
from cx.reference.alerts import FILE, Alerts, alerts
from cx.store import Store
from cx.words import t


def standing(store: Store, folders: Folders, secrets: Secrets) -> dict[str, Any]:
    """The rules, what is wrong with them, and what would be sent now."""
    told = alerts(folders.reference)
    lines = telling.rule_lines(told) or [t("No alert: {file} holds no rule; see docs/alerts.md.", file=folders.reference / FILE)]  # fmt: skip
    wrong = [*told.problems, *wrong_addresses(log.latest(store), told, secrets)]
    due = due_now(store, folders, told, secrets) if told.rules else []
    now = telling.sent_lines(due, told) or ([t("Nothing is to be sent now.")] if told.rules else [])
    return {"lines": [*lines, "", *now] if now else lines, "wrong": wrong}


def due_now(store: Store, folders: Folders, told: Alerts, secrets: Secrets) -> list[Sent]:
    """The messages that would be sent now."""
    sent, due = log.latest(store), []
    for seen, part in parts(told, folders, Limits(store)):
        answers, found = Post(store, folders, secrets, seen=seen).look(part)
        decided = decide(part, found, sent, clock.now())
        due += [in_words(answers, part, found, message) for message in decided if message.kind != "ended"]
    return due


def replayed(store: Store, folders: Folders, days: int) -> dict[str, Any]:
    """What would have been sent over the last days."""
    told = alerts(folders.reference)
    sent = replay(Limits(store), folders, told, clock.now(), days)
    return {
        "lines": [*telling.sent_lines(sent, told), telling.replayed(sent, days)],
        "wrong": [*told.problems],
    }


def tested(store: Store, folders: Folders, secrets: Secrets, name: str) -> dict[str, Any]:
    """Send one test message to an address."""
    sent = Post(store, folders, secrets).test(name)
    if sent.state == "sent":
        return {"lines": [t("A test message went to {name}.", name=name)], "wrong": []}
    return {"lines": [], "wrong": [telling.trouble(name, sent)]}


def wrong_addresses(sent: Iterable[Sent], told: Alerts, secrets: Secrets) -> list[str]:
    """The addresses that are not in the secrets, and those that did not take their last message."""
    nowhere = missing(told, secrets)
    failing = {name: last for name, last in troubles(sent).items() if name in told.names}
    return [
        *(telling.no_address(name, addresses.variable(name)) for name in nowhere),
        *(telling.trouble(name, last) for name, last in failing.items() if name not in nowhere),
    ]


def missing(told: Alerts, secrets: Secrets) -> list[str]:
    """The names of rules behind which there is no address."""
    return [name for name in told.names if not addresses.address(name, secrets)]

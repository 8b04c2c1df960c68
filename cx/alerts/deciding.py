"""Which messages to send now: from the rules, what there is to say, what was sent before, and the moment. Nothing is asked here.

One address is told one thing once, whichever rules name it, until it is over; again only where it has at least doubled and
the cool-down has passed. What the quiet hours held back is said after them, if it still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cx.alerts.facts import Event, Facts, Kind, Message, Sent
from cx.query import Filters
from cx.reference.alerts import ENDING, Alerts, Rule

GROWN = 2.0
"""What was told is told again where its count has at least so many times what it had."""

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 1800))
"""After each refusal, how long until the next try; after the last one it has failed."""


def wants(rule: Rule, event: Event) -> bool:
    """Whether this rule is about this event. What an event does not name, such as one product, concerns all of them."""
    chosen = {"product": rule.product, "reason": rule.reason, "measure": rule.measure, "source": rule.source}
    return (
        rule.on == event.on
        and (event.worse or rule.better)
        and event.count >= (0 if rule.only_when == "always" else rule.least)
        and event.about.get("rule", rule.name) == rule.name
        and all(event.about.get(name, values[0]) in values for name, values in chosen.items() if values)
        and (not rule.cause or rule.cause in event.causes)
        and event.about.get("filters", "") == repr_of(rule.filters)
        and event.about.get("scope", "") == ("" if rule.measure or rule.on != "kpi" else "week")
    )


def repr_of(filters: Filters) -> str:
    """Filters in one text, as the events made for them carry it."""
    chosen = filters.chosen()
    return "; ".join(f"{name}={','.join(sorted(values))}" for name, values in sorted(chosen.items()))


def decide(told: Alerts, facts: Facts, log: Iterable[Sent], now: datetime) -> list[Message]:
    """The messages that are due at `now` (naive UTC), for each rule and address the begun before the over."""
    known, local = _Known.of(log), told.local(now).time()
    found: list[Message] = []
    for rule in told.rules:
        if rule.silent(local):
            continue
        for address in rule.to:
            due = list(_due(rule, address, facts, known, now))
            known.taken |= {(address, key) for _, counts in due for key in counts}
            found += [_message(rule, address, kind, counts, now) for kind, counts in due]
    return found


def retries(told: Alerts, log: Iterable[Sent], now: datetime) -> list[Sent]:
    """The refused messages whose next try is due; the oldest first."""
    local, rules = told.local(now).time(), {rule.name: rule for rule in told.rules}
    due = []
    for sent in log:
        rule = rules.get(sent.message.rule)
        waits = sent.state == "refused" and sent.since + PAUSES[max(sent.tries, 1) - 1] <= now
        if waits and rule and sent.message.address in rule.to and not rule.silent(local):
            due.append(sent)
    return sorted(due, key=lambda sent: sent.message.at)


def open_keys(log: Iterable[Sent]) -> frozenset[str]:
    """The keys of what some address was told of and not yet that it is over."""
    known = _Known.of(log)
    return frozenset(key for address, key in known.last if known.open(address, key))


@dataclass(slots=True)
class _Known:
    """For each address and key the last alert, and when it was over last; `taken` are those of this moment."""

    last: dict[tuple[str, str], Sent]
    over: dict[tuple[str, str], datetime]
    taken: set[tuple[str, str]]

    @classmethod
    def of(cls, log: Iterable[Sent]) -> _Known:
        known = cls({}, {}, set())
        for sent in sorted(log, key=lambda one: one.message.at):
            for key in sent.message.counts:
                place = (sent.message.address, key)
                if sent.message.kind in ("alert", "again"):
                    known.last[place] = sent
                elif sent.message.kind != "test":
                    known.over[place] = sent.message.at
        return known

    def open(self, address: str, key: str) -> bool:
        """Whether the address was told that it began, and nothing since. A message that failed told nobody."""
        last, over = self.last.get((address, key)), self.over.get((address, key))
        return last is not None and last.state != "failed" and (over is None or over < last.message.at)


def _due(
    rule: Rule, address: str, facts: Facts, known: _Known, now: datetime
) -> Iterator[tuple[Kind, Mapping[str, int]]]:
    begun: dict[Kind, dict[str, int]] = {"alert": {}, "again": {}}
    for event in facts.events:
        if wants(rule, event) and (address, event.key) not in known.taken:
            kind = _kind(rule, address, event, known, now)
            if kind:
                begun[kind][event.key] = event.count
    yield from ((kind, counts) for kind, counts in begun.items() if counts)
    if rule.on in ENDING and (ended := _ended(rule, address, facts, known)):
        yield ("resolved" if rule.resolved else "ended"), ended


def _kind(rule: Rule, address: str, event: Event, known: _Known, now: datetime) -> Kind | None:
    """Whether the event is to be said as begun or as grown; None where it was said, or may not be said yet."""
    last = known.last.get((address, event.key))
    if last is None:
        return "alert"
    if now - last.message.at < rule.cool_down:
        return None
    if not known.open(address, event.key):
        return "alert"
    grown = event.count >= GROWN * max(last.message.counts[event.key], 1)
    return "again" if grown and rule.on in ENDING else None


def _ended(rule: Rule, address: str, facts: Facts, known: _Known) -> dict[str, int]:
    """What this rule told this address of, which arrived, and is over now."""
    return {
        key: 0
        for (where, key), last in known.last.items()
        if where == address
        and last.message.rule == rule.name
        and last.arrived
        and key in facts.over
        and (address, key) not in known.taken
        and known.open(address, key)
    }


def _message(rule: Rule, address: str, kind: Kind, counts: Mapping[str, int], now: datetime) -> Message:
    told: Sequence[str] = (rule.name, address, kind, now.isoformat(), *sorted(counts))
    return Message(
        sha256("\n".join(told).encode()).hexdigest()[:16], now, rule.name, address, kind, dict(counts)
    )

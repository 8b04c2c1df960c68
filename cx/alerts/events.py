"""What there is to say at a moment, from the answers that the pages give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from cx.alerts.answers import Answers
from cx.alerts.deciding import repr_of
from cx.alerts.facts import Event, Facts
from cx.query import Filters
from cx.questions import surging
from cx.questions.coverage import SILENT
from cx.questions.freshness import Freshness, monday
from cx.questions.health import WEEK, Tile
from cx.reference.alerts import Alerts, Rule
from cx.surges import EVERY

_SEPARATOR = "\x1f"

BRIEF_DAYS = 2
"""A brief that could not go at its hour goes within so many days, or not at all."""

Found = Iterator[Event | str]
"""Events, and keys of what is over."""


def key(on: str, *parts: str) -> str:
    """The key of something to say."""
    return _SEPARATOR.join((on, *parts))


def parts(told: str) -> list[str]:
    """What `key` put together."""
    return told.split(_SEPARATOR)


def facts(
    answers: Answers, told: Alerts, now: datetime, open_: Iterable[str], only: Iterable[str] | None = None
) -> Facts:
    """What these rules may want to say at `now` (naive UTC), and which of the `open_` keys are over.

    `only` these kinds of rules are asked about, or all of them.
    """
    fresh = answers.fresh(now)
    if fresh.empty:
        return Facts()
    rules = [rule for rule in told.rules if rule.on in (_FOUND if only is None else {*only})]
    found = [
        one
        for kind in dict.fromkeys(rule.on for rule in rules)
        for one in _FOUND[kind](answers, told, [rule for rule in rules if rule.on == kind], fresh, {*open_})
    ]
    events = {event.key: event for event in found if isinstance(event, Event)}
    over = frozenset(one for one in found if isinstance(one, str)) - events.keys()
    # A brief has one key for all who get it, yet each rule has its own hour: so all of them stand.
    return Facts(tuple(event for event in found if isinstance(event, Event)), over)


def _surges(answers: Answers, told: Alerts, rules: list[Rule], fresh: Freshness, open_: set[str]) -> Found:
    watch = answers.watch(fresh.last_day)
    if not watch.watched:
        return
    fits = surging.fitting(watch, answers.tables.campaigns)
    kept: set[str] = set()
    for row, fit in zip(watch.found.itertuples(), fits, strict=True):
        if row.state == "over":
            continue
        kept.add(key("surge", row.product, row.reason))
        if row.product == EVERY:  # it holds the products within it
            kept |= {one for one in open_ if parts(one)[0] == "surge" and parts(one)[2] == row.reason}
        if answers.muted(row, fresh.now):
            continue
        causes = {"campaign"} if fit else set()
        if any(rule.cause == "release" for rule in rules) and answers.around(row).release:
            causes.add("release")
        about = {"product": row.product, "reason": row.reason}
        named = {name: value for name, value in about.items() if value or name == "reason"}
        yield Event(key("surge", row.product, row.reason), "surge", int(row.observed), True, named,
                    frozenset(causes), (row, fit, watch))  # fmt: skip
    yield from (one for one in open_ if parts(one)[0] == "surge" and one not in kept)


def _changes(answers: Answers, told: Alerts, rules: list[Rule], fresh: Freshness, open_: set[str]) -> Found:
    for filters in dict.fromkeys(rule.filters for rule in rules):
        week = answers.week(fresh, filters)
        tiles = [tile for tile in week.tiles if tile.moved and tile.change.good is not None]
        named, monday_ = _named(filters), week.monday.isoformat()
        for tile in tiles:
            about = {"measure": tile.kpi.name, **named}
            yield Event(key("kpi", tile.kpi.name, named.get("filters", ""), monday_), "kpi", int(tile.row.n),
                        not tile.change.good, about, of=(week, [tile]))  # fmt: skip
        if first := [tile for tile in tiles if tile.kpi.headline]:
            worse = any(not tile.change.good for tile in first)
            yield Event(key("kpi", "", named.get("filters", ""), monday_), "kpi", max(int(tile.row.n) for tile in first),
                        worse, {"scope": "week", **named}, of=(week, first))  # fmt: skip


def _targets(answers: Answers, told: Alerts, rules: list[Rule], fresh: Freshness, open_: set[str]) -> Found:
    for filters in dict.fromkeys(rule.filters for rule in rules):
        week, named = answers.week(fresh, filters), _named(filters)
        for tile in week.tiles:
            its = key("target", tile.kpi.name, named.get("filters", ""))
            if _status(tile) == "missed":
                about = {"measure": tile.kpi.name, **named}
                yield Event(its, "target", int(tile.row.n), True, about, of=(week, [tile]))
            elif _status(tile) == "met" and its in open_:
                yield its


def _status(tile: Tile) -> str:
    return tile.target.status if tile.target else ""


def _sources(answers: Answers, told: Alerts, rules: list[Rule], fresh: Freshness, open_: set[str]) -> Found:
    for source in fresh.sources:
        its = key("freshness", source.name)
        if fresh.now - source.delivered > SILENT:
            yield Event(its, "freshness", 1, True, {"source": source.name}, of=source)
        elif its in open_:
            yield its


def _briefs(answers: Answers, told: Alerts, rules: list[Rule], fresh: Freshness, open_: set[str]) -> Found:
    for rule in rules:
        local = told.local(fresh.now)
        day = monday(local.date()) + timedelta(days=rule.day)
        due = datetime.combine(day, rule.at)
        if due > local:
            due -= WEEK
        first = monday(due.date()) - WEEK
        if local - due >= timedelta(days=BRIEF_DAYS) or fresh.last_week() != first:
            continue
        week = answers.week(fresh, rule.filters)
        yield Event(key("brief", first.isoformat()), "brief", _things(answers, fresh, week.tiles), True,
                    {"rule": rule.name}, of=week)  # fmt: skip


def _things(answers: Answers, fresh: Freshness, tiles: list[Tile]) -> int:
    """How many things a brief has to say: headline measures that moved or miss their target, and surges."""
    first = [tile for tile in tiles if tile.kpi.headline]
    watch = answers.watch(fresh.last_day)
    live = 0 if not watch.watched else int((watch.found["state"] != "over").sum())
    moved = sum((tile.moved and tile.change.good is not None) or _status(tile) == "missed" for tile in first)
    return moved + live


def _named(filters: Filters) -> dict[str, str]:
    told = repr_of(filters)
    return {"filters": told} if told else {}


_FOUND: dict[str, Callable[[Answers, Alerts, list[Rule], Freshness, set[str]], Found]] = {
    "surge": _surges,
    "kpi": _changes,
    "target": _targets,
    "freshness": _sources,
    "brief": _briefs,
}

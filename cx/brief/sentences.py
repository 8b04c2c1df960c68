"""The sentences of a brief: those of the page's headline, each with what it rests on, then what surges and what a campaign did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import isnan
from typing import Any

from cx import words
from cx.brief.asking import Material
from cx.brief.shapes import MOST_SENTENCES, Sentence
from cx.kpis import kpi
from cx.questions.campaigns import Result
from cx.questions.counts import count
from cx.questions.headline import ORIGIN_DAYS, Origin
from cx.questions.health import WEEK, Tile, reasons
from cx.stats import shown
from cx.telling import campaigns, surges, week
from cx.telling.runs import runs, unmarked
from cx.telling.values import change, group, interval, label, plain, value_text
from cx.words import number, t, tn

RECENT = 4 * WEEK
"""A campaign that ended longer before the week is no news of it."""
LAST_DAY = timedelta(days=6)
NO_BREAK = "\u00a0"
MOST_MEASURES = 2
"""Of those that a sentence counts, so many stand beneath it; the tiles show all."""


def sentences(told: Material) -> tuple[Sentence, ...]:
    """Five at most, in the order of the page; what surges, and what the latest campaign did, where there is room left."""
    found = [Sentence(runs(text), evidence) for text, evidence in [*_headline(told), *_beyond(told)] if text]
    return tuple(found[:MOST_SENTENCES])


def _headline(told: Material) -> Iterator[tuple[str, str]]:
    """The sentences of the page's summary, one by one, with their evidence."""
    evidence = (_moved, _missed, _comes_from, _began, _grew)
    for text, rests_on in zip(week.sentences(told.headline), evidence, strict=True):
        yield text, rests_on(told) if text else ""


def _moved(told: Material) -> str:
    tiles = _tiles(told, _moving(told))
    return _listed(told, [f"{_figure(tile)} {change(tile.kpi, tile.change)}".strip() for tile in tiles])


def _moving(told: Material) -> list[str]:
    """The measures that moved, the one of the chart first; where none did, all that are known."""
    headline, first = told.headline, leading(told)
    names = [*headline.worse, *headline.better]
    if not names:
        names = [tile.kpi.name for tile in told.tiles if tile.kpi.headline and not isnan(tile.row.value)]
    return sorted(names, key=lambda name: name != first)


def _missed(told: Material) -> str:
    """Those first of which the sentence before does not speak."""
    before = _moving(told)[:MOST_MEASURES]
    names = sorted(told.headline.missed, key=lambda name: name in before)
    figures = [
        t("{figure}, target {target}", figure=_figure(tile), target=plain(tile.kpi, tile.target.value))
        for tile in _tiles(told, names)
        if tile.target
    ]
    return _listed(told, figures)


def _comes_from(told: Material) -> str:
    """The group's own figure, in the week and in the one before."""
    origin = told.headline.origin
    if origin is None:
        return ""
    now, before = (
        _of_group(told, origin, first, first + LAST_DAY) for first in (told.week, told.week - WEEK)
    )
    name = group(origin.dimension, origin.group)
    return _dated(told, [t("{group}: {now}; the week before {before}", group=name, now=now, before=before)])


def _began(told: Material) -> str:
    """The group's own figure since that day, and in the days before it in which the day was sought."""
    origin, last = told.headline.origin, told.week + LAST_DAY
    if origin is None or origin.began is None:
        return ""
    first = last - timedelta(days=ORIGIN_DAYS - 1)
    since = _of_group(told, origin, origin.began, last)
    before = _of_group(told, origin, first, origin.began - timedelta(days=1))
    days = (origin.began - first).days
    name = group(origin.dimension, origin.group)
    figures = tn("{group}: {since} since; {before} on the day before", "{group}: {since} since; {before} in the {n} days before",
                 days, group=name, since=since, before=before)  # fmt: skip
    return _dated(told, [figures])


def _of_group(told: Material, origin: Origin, first: date, last: date) -> str:
    """The measure of the group in which a change sits, over these days."""
    narrowed = replace(told.health.filters, **{origin.dimension: (origin.group,)})
    table = count(told.health.store, narrowed, "all", first, last).estimates(origin.kpi)
    row = next(table.itertuples(), None)
    seen = row is not None and shown(row.base, told.tables.settings.small_samples) in ("small", "ok")
    return _value(origin.kpi, row) if seen else t("too few answers")


def _grew(told: Material) -> str:
    """How many complaints of each reason there were, where the change began."""
    origin = told.headline.origin
    if origin is None:
        return ""
    narrowed = replace(told.health.filters, **{origin.dimension: (origin.group,)})
    table = reasons(told.health.store, narrowed, told.week).set_index("reason")
    name = group(origin.dimension, origin.group)
    return _dated(told, [
        tn("{group}, {reason}: {n} complaint, {before} the week before", "{group}, {reason}: {n} complaints, {before} the week before",
           int(table.at[reason, "now"]), group=name, reason=reason, before=number(table.at[reason, "before"]))
        for reason in origin.reasons
    ])  # fmt: skip


def _beyond(told: Material) -> Iterator[tuple[str, str]]:
    """What surges, and what the latest campaign did; nothing where there is nothing to say."""
    through = t("through {day}", day=words.short_day(told.through).replace(" ", NO_BREAK))
    if told.entries:
        row = told.entries[0].row
        yield (
            _sentence(surges.title(told.entries)),
            _also(f"{surges.problem(row)}: {surges.observed(row)}", through),
        )
    recent = [one for one in begun(told) if one.campaign.ends_on > told.week - RECENT]
    if recent:
        evidence = unmarked(campaigns.summary(recent))
        yield _sentence(campaigns.title(recent)), _also(evidence, through)


def _also(evidence: str, through: str) -> str:
    return f"{evidence.removesuffix('.')} · {through}"


def _sentence(headline: str) -> str:
    return t("{headline}.", headline=headline)


def begun(told: Material) -> list[Result]:
    """The campaigns that have begun, the latest first."""
    results = told.league.results if told.league else []
    return [result for result in results if "not started" not in result.lifts["units"]["notes"]]


def _tiles(told: Material, names: Sequence[str]) -> list[Tile]:
    tiles = {tile.kpi.name: tile for tile in told.tiles}
    return [tiles[name] for name in names]


def _listed(told: Material, figures: Sequence[str]) -> str:
    """The first of these figures, how many more there are, and through when."""
    more = len(figures) - MOST_MEASURES
    rest = [tn("{n} more below", "{n} more below", more)] if more > 0 else []
    return _dated(told, [*figures[:MOST_MEASURES], *rest])


def _dated(told: Material, figures: Sequence[str]) -> str:
    return " · ".join([*figures, t("week to {day}", day=_until(told))])


def _figure(tile: Tile) -> str:
    return f"{label(tile.kpi)} {_value(tile.kpi, tile.row)}"


def _value(measure: Any, row: Any) -> str:
    """A value with its interval and n."""
    value, between = value_text(measure, row.value), interval(measure, row)
    if not between:
        return value
    return t("{value} ({interval}, n {n})", value=value, interval=between, n=number(row.n))


def _until(told: Material) -> str:
    return words.short_day(told.week + LAST_DAY).replace(" ", NO_BREAK)


def leading(told: Material) -> str:
    """The measure that matters most this week: where the headline's change sits most, else one that moved or misses its target."""
    headline = told.headline
    if headline.origin:
        return headline.origin.kpi.name
    first = [*headline.worse, *headline.better, *headline.missed]
    carried = [tile.kpi.name for tile in told.tiles if not isnan(tile.row.value)]
    return kpi((first or carried or [told.tiles[0].kpi.name])[0]).name

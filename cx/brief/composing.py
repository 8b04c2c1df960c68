"""From answers to what a brief says."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cx import charts, words
from cx.brief.asking import Material
from cx.brief.sentences import leading, sentences
from cx.brief.shapes import Brief, Chart, Sentence
from cx.brief.tables import tables
from cx.brief.weeks import named
from cx.kpis import kpi
from cx.query import Filters
from cx.telling import plots, week
from cx.telling.runs import Run, runs
from cx.telling.values import dimension_label, group, label
from cx.words import enumeration, t

HEIGHT = 232
"""Of the chart, in pixels."""
LEAST_WEEKS = 2
"""With a value, that make a trend."""


def compose(told: Material | None, now: datetime, counting: bool = False) -> Brief:
    """The brief on these answers; None stands for a store without a row, or one whose figures wait to be counted.

    It then says so in words, as it does where no week is over yet.
    """
    if counting:
        return _blank(None, now, t("Counting anew"), t("The data are there, and their figures are being counted anew. Ask for the brief again in a while."), ())  # fmt: skip
    if told is None:
        return _blank(None, now, t("No data yet"), t("No export has been taken in. A brief needs one week of data that is over."), ())  # fmt: skip
    foot = (_through(told), _made(now))
    if not told.tiles or all(tile.row.n == 0 for tile in told.tiles):
        return _unfinished(told, now, foot)
    chart = _chart(told, leading(told))
    return Brief(
        words.language(), words.right_to_left(), told.week, now, _above(told.week), _scope(told.health.filters),
        runs(week.title(told.headline, told.week, now.date())),
        sentences(told), tuple(week.strips(told.tiles)[0]), chart, tables(told), (*foot, meaning()),
    )  # fmt: skip


def meaning() -> str:
    """What a coloured change means."""
    return t("An arrow in colour is a change beyond normal variation (95 %): orange for the worse, green for the better. Grey is within it. "
             "Ranges are 95 % intervals, n is how many they rest on.")  # fmt: skip


def _blank(monday: date | None, now: datetime, title: str, sentence: str, foot: tuple[str, ...]) -> Brief:
    told = (Sentence((Run(sentence),), ""),)
    above = _above(monday) if monday else t("Weekly CX brief")
    return Brief(
        words.language(), words.right_to_left(), monday, now, above, "", (Run(title),), told, (), None, (),
        foot or (_made(now),),
    )  # fmt: skip


def _unfinished(told: Material, now: datetime, foot: tuple[str, ...]) -> Brief:
    """What is said where there is nothing of the week: a choice that leaves nothing over, or a first week that still runs."""
    if told.health.filters.chosen():
        sentence = t("No interaction of these weeks has all the chosen values: {values}.", values=_chosen(told.health.filters))  # fmt: skip
        return _blank(told.week, now, t("Nothing matches these filters"), sentence, foot)
    ends = words.day(told.week + timedelta(days=13), year=True)
    sentence = t("The data have not reached the end of their first week, {day}. A brief is made of weeks that are over.", day=ends)  # fmt: skip
    return _blank(None, now, t("No whole week of data yet"), sentence, foot)


def _chart(told: Material, name: str) -> Chart | None:
    """The trend of one measure up to the week, as the page draws it; None where there is no line to draw."""
    measure, health = kpi(name), told.health
    weeks = health.trend(measure)
    known = weeks.loc[weeks["value"].notna() & (weeks["week"] <= health.week), "week"]
    if len(known) < LEAST_WEEKS:
        return None
    frame, size, written = plots.trend(measure, weeks[weeks["week"].between(known.iloc[0], health.week)])
    campaigns, actions = told.tables.campaigns, plots.actions(measure, told.actions)
    if told.past:  # what came after the week was not known in it
        campaigns = campaigns[campaigns["starts_on"] <= told.through]
        actions = actions[actions["on"] <= told.through]
    targets = plots.targets(measure, health.targets(measure), size)
    ahead = plots.forecast(health.ahead(measure), size)
    spec = charts.trend(frame, campaigns, targets, plots.trend_titles(), written, actions, ahead)
    return Chart(label(measure), t(measure.meaning), plots.trend_alt(measure), spec | {"height": HEIGHT})


def _above(monday: date) -> str:
    return t("Weekly CX brief, week of {day} ({week})", day=words.day(monday, year=True), week=named(monday))


def _scope(filters: Filters) -> str:
    if not filters.chosen():
        return ""
    return t("Measures of {values} only; surges, campaigns and actions are of the whole company.", values=_chosen(filters))  # fmt: skip


def _chosen(filters: Filters) -> str:
    return enumeration([
        t("{dimension} {value}", dimension=dimension_label(name), value=enumeration([group(name, value) for value in values]))
        for name, values in filters.chosen().items()
    ])  # fmt: skip


def _through(told: Material) -> str:
    if told.fresh.empty:
        return ""
    return t("Data through {moment}.", moment=words.moment(told.fresh.through))


def _made(now: datetime) -> str:
    return t("Made {moment}.", moment=words.moment(now))

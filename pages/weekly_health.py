"""Weekly health: how is the experience of our customers this week, what moved, is it real or noise, and why?"""

from datetime import date

import streamlit as st

from cx import clock
from cx.kpis import kpi
from cx.telling import computed, plots, values
from cx.ui import acting, annotating, asks, briefing, filters, loyal, page, parts, tiles
from cx.ui.asks import View
from cx.words import day, t


@st.fragment
@page.in_words
def body() -> None:
    if (now := page.shown()) is None:
        return
    with page.bar(now):
        weeks = filters.period()
        chosen = filters.choose(asks.choices(now.version))
        briefing.button(View.of(now.version, chosen, weeks))
    view = now.view(chosen, weeks)
    with parts.waiting("weekly_health"):
        told, _ = asks.week(view)
    if not told:
        parts.nothing_to_show(chosen, now.fresh)
        return
    monday = told[0].week
    page.head(
        *asks.said(view, clock.now().date()),
        t("Weekly CX health, week of {day}", day=day(monday, year=True)),
    )
    selected = filters.measure([tile.kpi.name for tile in told])
    first, rest = asks.written_strips(view)
    tiles.kpi_strip(first, selected, "kpi", filters.choose_measure)
    with st.expander(t("All measures"), key="more"):
        tiles.kpi_strip(rest, selected, "kpi_more", filters.choose_measure)
    part = filters.part()
    if part == "loyalty":
        loyal.section(view)
    elif part == "actions":
        acting.section(view)
    else:
        _detail(view, selected, monday)


def _detail(view: View, name: str, monday: date) -> None:
    measure = kpi(name)
    left, right = st.columns([5, 3], gap="medium")
    with left, parts.card("trend", values.label(measure), t(measure.meaning)) as frame:
        parts.chart(asks.trend(view, name), key=f"trend-{name}", alt=plots.trend_alt(measure))
        frame.tell(view, lambda: asks.health(view).trend(measure), lambda: asks.standing(view, name), [measure],
                   of=[lambda: asks.trend(view, name)], file=f"trend-{name}")  # fmt: skip
        for sentence in asks.heading(view, name, clock.now().date()):
            st.caption(sentence)
        annotating.notes(view)
    with right, parts.card("movers", t("What moved it"), plots.movers_caption(measure)) as frame:
        dimension = filters.split()
        frame.tell(view, lambda: asks.health(view).movers(measure, dimension), computed.movers, [measure],
                   of=[lambda: asks.movers(view, name, dimension)], file=f"movers-{name}-{dimension}")  # fmt: skip
        if (spec := asks.movers(view, name, dimension)) is None:
            parts.nothing(
                t(
                    "Nothing to compare by {dimension} in these two weeks.",
                    dimension=values.dimension_label(dimension),
                )
            )
        else:
            parts.chart(spec, key=f"movers-{name}-{dimension}", alt=plots.movers_alt(measure, dimension))
    with parts.card("reasons", t("What customers complain about"), plots.reasons_caption(monday)) as frame:
        parts.reasons(asks.reasons(view), len(asks.complaints(view)))
        frame.tell(view, lambda: asks.complaints(view), computed.reasons, of=[lambda: asks.complaints(view)])


filters.restore()
body()

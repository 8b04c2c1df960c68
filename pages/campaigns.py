"""Campaigns: what did each lift, net of the complaints that it caused?"""

from datetime import date

import streamlit as st

from cx.questions.campaigns import League, Result
from cx.questions.since_start import MOST
from cx.ui import asks, campaigning, filters, link, page, parts, table
from cx.ui.asks import View
from cx.ui.explained import explained
from cx.ui.telling import assumed, beside, brought, campaign, campaigns
from cx.ui.telling.values import plain_text
from cx.words import t


@st.fragment
@page.in_words
def body() -> None:
    if (now := page.shown()) is None:
        return
    with page.bar(now.fresh):
        pass
    view, through = now.view(), now.fresh.last_day
    told = campaigning.league(view, through)
    page.head(campaigns.title(told.results if told else []), campaigns.summary(told.results if told else []))
    if not told:
        return
    chosen = link.first("opened")
    caption = t("Lift with its 95 % interval, the latest first. Choose one to open it.")
    with parts.card("league", t("All campaigns"), caption):
        table.show(
            campaigns.columns(),
            campaigns.rows(told.results),
            "table-league",
            t("Campaigns"),
            chosen,
            lambda one: link.toggle("opened", one),
        )
        explained(
            "league",
            assumed.of_league(told, asks.tables(view.edited, view.language).settings.costs),
            told.asked,
        )
    for result in told.results:
        if result.campaign.id == chosen:
            _opened(view, through, told, result)
    if len(told.results) > 1:
        _beside(view, through, told)


def _opened(view: View, through: date, told: League, result: Result) -> None:
    name = result.campaign.name
    if reason := campaign.unopened(result, through):
        with parts.card("unopened", plain_text(name), campaigns.ran(result.campaign)):
            st.markdown(reason)
        return
    _charts(view, through, result)
    caption = t("{name}, from its start to 14 days after its end, by reason.", name=name)
    with parts.card("excess", t("Complaints beyond what the units explain"), caption):
        rows = campaign.reason_rows(result.reasons)
        table.show(campaign.reason_columns(), rows, "table-excess", t("Excess by reason"))
        st.caption(" ".join(assumed.assumed(result, told.lags)))
        st.caption(f"{campaigns.converted(result.conversion)} {campaigns.notes(result)}".strip())
    _around(view, through, result)


def _charts(view: View, through: date, result: Result) -> None:
    name, of = result.campaign.name, (view, through, result.campaign.id)
    left, right = st.columns(2, gap="medium")
    caption = t("Bars: sold. Line and band: what would have been sold without it.")
    with left, parts.card("sales", t("Units sold"), caption):
        parts.chart(campaigning.sales(*of), "chart-sales", t("Units sold around {name}", name=name))
    caption = t("Of the units sold in the 14 days before. Line: the days before it.")
    with right, parts.card("complained", t("Complaints per 1,000 units"), caption):
        parts.chart(campaigning.complaints(*of), "chart-complained", t("Complaints around {name}", name=name))


def _around(view: View, through: date, result: Result) -> None:
    told, limits = campaigning.opened(view, through, result.campaign.id), campaigning.limits(view)
    caption = t("The campaign's products in the 28 days before it, while it ran, and in the 28 days after.")
    with parts.card("phases", t("Before, during and after"), caption):
        rows = campaign.phase_rows(told.phases, limits)
        table.show(campaign.phase_columns(told.phases), rows, "table-phases", t("Before, during and after"))
    with parts.card("later", t("The buyers that it brought"), brought.later_caption(told.scope)):
        if not told.scope.alone:
            rows = brought.later_rows(told.ratings, told.again, limits)
            table.show(brought.later_columns(), rows, "table-later", t("The buyers that it brought"))
    left, right = st.columns(2, gap="medium")
    with left, parts.card("segments", t("Whom it reached"), brought.segment_caption(told.scope)):
        rows = brought.segment_rows(told.segments, limits)
        table.show(brought.segment_columns(), rows, "table-segments", t("Segments reached"))
    with (
        right,
        parts.card("channels", t("How they answered"), t("What carries the campaign's id, by channel.")),
    ):
        if told.channels.empty:
            st.caption(t("Nothing carries the campaign's id, so no answer can be laid to a channel."))
        else:
            rows = brought.channel_rows(told.channels, limits)
            table.show(brought.channel_columns(), rows, "table-channels", t("Response by channel"))
    explained("campaign", assumed.of_campaign(), told.asked)


def _beside(view: View, through: date, told: League) -> None:
    named = campaigns.names(told.results)
    caption = t("Everything since each one's start, by days since it. Choose two or more.")
    with parts.card("beside", t("Campaigns beside each other"), caption):
        chosen = _several(named)
        if not chosen:
            return
        lines = campaigning.beside(view, through, chosen)
        if lines.empty:
            st.caption(t("Nothing is known yet of the days of these campaigns."))
            return
        left, right = st.columns(2, gap="medium")
        charts = (("percent", t("Units beyond what was expected")), ("rate", t("Complaints per 1,000 units")))
        for side, (measure, title) in zip((left, right), charts, strict=True):
            with side:
                st.subheader(title, anchor=False)
                parts.chart(campaigning.lines(view, through, chosen, measure), f"chart-{measure}", title)
        results = [told.of(name) for name in chosen]
        rows = beside.beside_rows(lines, results, named, campaigning.limits(view))
        table.show(beside.beside_columns(), rows, "table-beside", t("Campaigns beside each other"))
        st.caption(beside.meeting(results))
        explained("beside", assumed.of_lines(), ())


def _several(named: dict[str, str]) -> tuple[str, ...]:
    known = [name for name in link.chosen("beside") if name in named][:MOST]
    key, changed = link.widget("beside", known, lambda values: [*values])  # type: ignore[misc]
    chosen = st.multiselect(
        t("Campaigns"), [*named], format_func=lambda name: named.get(name, name), key=key, on_change=changed,
        max_selections=MOST, placeholder=t("Choose campaigns"), label_visibility="collapsed",
    )  # fmt: skip
    return tuple(chosen)


filters.restore()
link.restore(("beside",))
body()

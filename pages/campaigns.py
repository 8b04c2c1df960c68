"""Campaigns: what did each lift, net of the complaints that it caused?"""

from datetime import date

import streamlit as st

from cx.questions.campaigns import League, Result
from cx.questions.since_start import MOST
from cx.telling import assumed, beside, brought, campaign, campaigns
from cx.telling.values import plain_text
from cx.ui import asks, campaigning, filters, link, page, parts, table
from cx.ui.asks import View
from cx.ui.frame import Frame, Rows
from cx.words import t


@st.fragment
@page.in_words
def body() -> None:
    if (now := page.shown()) is None:
        return
    with page.bar(now):
        pass
    view, through = now.view(), now.fresh.last_day
    with parts.waiting("campaigns"):
        told = campaigning.league(view, through)
    page.head(campaigns.title(told.results if told else []), campaigns.summary(told.results if told else []))
    if not told:
        return
    chosen = link.one("opened", [result.campaign.id for result in told.results])
    caption = t("Lift with its 95 % interval, the latest first. Choose one to open it.")
    with parts.card("league", t("All campaigns"), caption) as frame:
        table.show(
            campaigns.columns(),
            campaigns.rows(told.results),
            "table-league",
            t("Campaigns"),
            chosen,
            lambda one: link.toggle("opened", one),
        )
        costs = asks.tables(view.edited, view.language).settings.costs
        frame.tell(view, lambda: told.results, lambda: assumed.of_league(told, costs), asked=told.asked, file="campaigns")  # fmt: skip
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
    _charts(view, through, told, result)
    caption = t("{name}, from its start to 14 days after its end, by reason.", name=name)
    with parts.card("excess", t("Complaints beyond what the units explain"), caption) as frame:
        _tell(frame, view, told, lambda: result.reasons, f"excess-{result.campaign.id}")
        rows = campaign.reason_rows(result.reasons)
        table.show(campaign.reason_columns(), rows, "table-excess", t("Excess by reason"))
        st.caption(" ".join(assumed.assumed(result, told.lags)))
        st.caption(f"{campaigns.converted(result.conversion)} {campaigns.notes(result)}".strip())
    _around(view, through, result)


def _tell(frame: Frame, view: View, told: League, rows: Rows, file: str) -> None:
    """What stands behind a card whose figures come from the judgement of all campaigns."""
    costs = asks.tables(view.edited, view.language).settings.costs
    frame.tell(view, rows, lambda: assumed.of_league(told, costs), asked=told.asked, file=file)


def _charts(view: View, through: date, told: League, result: Result) -> None:
    name, of = result.campaign.name, (view, through, result.campaign.id)
    left, right = st.columns(2, gap="medium")
    caption = t("Bars: sold. Line and band: what would have been sold without it.")
    with left, parts.card("sales", t("Units sold"), caption) as frame:
        _tell(frame, view, told, lambda: campaigning.days(*of), f"units-{result.campaign.id}")
        parts.chart(campaigning.sales(*of), "chart-sales", t("Units sold around {name}", name=name))
    caption = t("Of the units sold in the 14 days before. Line: the days before it.")
    with right, parts.card("complained", t("Complaints per 1,000 units"), caption) as frame:
        frame.tell(view, lambda: campaigning.complained(*of), assumed.of_campaign, of=[lambda: campaigning.complained(*of)],
                   file=f"complaints-{result.campaign.id}")  # fmt: skip
        parts.chart(campaigning.complaints(*of), "chart-complained", t("Complaints around {name}", name=name))


def _around(view: View, through: date, result: Result) -> None:
    told, limits = campaigning.opened(view, through, result.campaign.id), campaigning.limits(view)

    def tell(frame: Frame, what: str, rows: Rows) -> None:
        frame.tell(view, rows, assumed.of_campaign, asked=told.asked, file=f"{what}-{result.campaign.id}")

    caption = t("The campaign's products in the 28 days before it, while it ran, and in the 28 days after.")
    with parts.card("phases", t("Before, during and after"), caption) as frame:
        tell(frame, "phases", lambda: [{"phase": name, "": one} for name, one in told.phases.items()])
        rows = campaign.phase_rows(told.phases, limits)
        table.show(campaign.phase_columns(told.phases), rows, "table-phases", t("Before, during and after"))
    with parts.card("later", t("The buyers that it brought"), brought.later_caption(told.scope)) as frame:
        tell(frame, "buyers", lambda: [
            *({"measure": name, "": one} for name, one in told.ratings.items()),
            *({"measure": "ordered_again", "within_days": days, "": one} for days, one in told.again.items()),
        ])  # fmt: skip
        if not told.scope.alone:
            rows = brought.later_rows(told.ratings, told.again, limits)
            table.show(brought.later_columns(), rows, "table-later", t("The buyers that it brought"))
    left, right = st.columns(2, gap="medium")
    with left, parts.card("segments", t("Whom it reached"), brought.segment_caption(told.scope)) as frame:
        tell(frame, "segments", lambda: told.segments)
        rows = brought.segment_rows(told.segments, limits)
        table.show(brought.segment_columns(), rows, "table-segments", t("Segments reached"))
    with (
        right,
        parts.card(
            "channels", t("How they answered"), t("What carries the campaign's id, by channel.")
        ) as frame,
    ):
        tell(frame, "channels", lambda: told.channels)
        if told.channels.empty:
            parts.nothing(t("Nothing carries the campaign's id, so no answer can be laid to a channel."))
        else:
            rows = brought.channel_rows(told.channels, limits)
            table.show(brought.channel_columns(), rows, "table-channels", t("Response by channel"))


def _beside(view: View, through: date, told: League) -> None:
    named = campaigns.names(told.results)
    caption = t("Everything since each one's start, by days since it. Choose two or more.")
    with parts.card("beside", t("Campaigns beside each other"), caption) as frame:
        chosen = _several(named)
        if not chosen:
            return
        lines = campaigning.beside(view, through, chosen)
        if lines.empty:
            parts.nothing(t("Nothing is known yet of the days of these campaigns."))
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
        frame.tell(
            view, lambda: lines, assumed.of_lines, of=[lambda: campaigning.beside(view, through, chosen)]
        )


def _several(named: dict[str, str]) -> tuple[str, ...]:
    known = link.offered("beside", named)[:MOST]
    key, changed = link.widget("beside", known, lambda values: [*values])  # type: ignore[misc]
    chosen = st.multiselect(
        t("Campaigns"), [*named], format_func=lambda name: named.get(name, name), key=key, on_change=changed,
        max_selections=MOST, placeholder=t("Choose campaigns"), label_visibility="collapsed",
    )  # fmt: skip
    return tuple(chosen)


filters.restore()
link.restore(("beside",))
body()

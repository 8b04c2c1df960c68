"""Campaigns: what did each lift, net of the complaints that it caused?"""

from datetime import date

import streamlit as st

from cx import clock
from cx.query import Filters
from cx.questions.campaigns import Result
from cx.ui import asks, campaigning, filters, link, live, parts, table
from cx.ui.asks import View
from cx.ui.telling import campaigns
from cx.words import t


@st.fragment
def body() -> None:
    version = live.version()
    fresh = asks.fresh(version, clock.hour())
    if fresh.empty:
        parts.counting() if asks.counting() else parts.welcome()
        return
    view = View.of(version, Filters(), 0)
    told = campaigning.league(view, fresh.last_day)
    results = told.results if told else []
    parts.problems(asks.tables(view.edited, view.language))
    with st.container(horizontal=True, horizontal_alignment="right", key="bar"):
        parts.freshness(fresh)
    with st.container(gap="xxsmall", key="head"):
        st.title(campaigns.title(results), anchor=False)
        st.markdown(campaigns.summary(results))
    if not results:
        return
    chosen = (link.chosen("opened") or [""])[0]
    with parts.card(
        "league",
        t("All campaigns"),
        t("Lift with its 95 % interval, the latest first. Choose one to open it."),
    ):
        table.show(
            campaigns.columns(), campaigns.rows(results), "table-league", t("Campaigns"), chosen, _open
        )
    for result in results:
        if result.campaign.id == chosen:
            _opened(view, fresh.last_day, result)


def _open(chosen: str) -> None:
    link.choose("opened", [] if link.chosen("opened") == [chosen] else [chosen])


def _opened(view: View, through: date, result: Result) -> None:
    name = result.campaign.name
    left, right = st.columns(2, gap="medium")
    with (
        left,
        parts.card(
            "sales", t("Units sold"), t("Bars: sold. Line and band: what would have been sold without it.")
        ),
    ):
        parts.chart(
            campaigning.sales(view, through, result.campaign.id),
            "chart-sales",
            t("Units sold around {name}", name=name),
        )
    with (
        right,
        parts.card(
            "complained",
            t("Complaints per 1,000 units"),
            t("Of the units sold in the 14 days before. Line: the mean before it."),
        ),
    ):
        parts.chart(
            campaigning.complaints(view, through, result.campaign.id),
            "chart-complained",
            t("Complaints around {name}", name=name),
        )
    with parts.card(
        "excess",
        t("Complaints beyond what the units explain"),
        t("From its start to 14 days after its end, by reason."),
    ):
        table.show(
            campaigns.reason_columns(),
            campaigns.reason_rows(result.reasons),
            "table-excess",
            t("Excess by reason"),
        )
        st.caption(campaigns.assumed(result))


filters.restore()
body()

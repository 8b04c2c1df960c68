"""Asking for the campaigns page, once for all viewers: one cached answer for each version, as `asks` does it."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from cx import words
from cx.expected import against_expected
from cx.questions import campaigns
from cx.questions.campaigns import League, Result
from cx.ui import asks, live
from cx.ui.asks import SPECS, View
from cx.ui.telling import campaigns as told_campaigns


@st.cache_resource(max_entries=4, show_spinner=False)
def league(view: View, through: date) -> League | None:
    """All campaigns, judged."""
    tables = asks.tables(view.edited, view.language)
    return campaigns.league(live.server().store, tables.campaigns, tables.settings.costs, through)


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def sales(view: View, through: date, campaign: str) -> dict[str, Any]:
    """Units sold around a campaign against what would have been sold without it, as a frozen chart."""
    words.use(view.language)
    told, result = _of(view, through, campaign)
    steps = told_campaigns.sales(campaigns.picture(told, result), result)
    titles = told_campaigns.sales_titles()
    return against_expected(
        steps, told_campaigns.shade(result), titles, told_campaigns.written, told_campaigns.DAY
    )


@st.cache_resource(max_entries=SPECS, show_spinner=False)
def complaints(view: View, through: date, campaign: str) -> dict[str, Any]:
    """Complaints for each 1,000 units around a campaign, on the same days, as a frozen chart."""
    words.use(view.language)
    _, result = _of(view, through, campaign)
    steps = told_campaigns.complaints(campaigns.complaints(live.server().store, result, through), result)
    titles = told_campaigns.complaint_titles()
    return against_expected(
        steps, told_campaigns.shade(result), titles, told_campaigns.written, told_campaigns.DAY
    )


def _of(view: View, through: date, campaign: str) -> tuple[League, Result]:
    told = league(view, through)
    assert told is not None, "a campaign is opened from the league"
    return told, next(result for result in told.results if result.campaign.id == campaign)

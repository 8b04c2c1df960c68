"""The loyalty part of the weekly health: asked once for all viewers, and shown as cards."""

from __future__ import annotations

from datetime import date

import streamlit as st

from cx.query import Filters
from cx.questions import best, loyalty
from cx.questions.best import Profile
from cx.questions.loyalty import HORIZONS, MEASURES, OUTCOMES, SPENT, Rated
from cx.stats import SmallSamples
from cx.telling import computed
from cx.telling import loyalty as telling
from cx.ui import asks, filters, journeys, live, parts, table
from cx.ui.asks import VIEWS, View
from cx.ui.keeping import cached
from cx.words import number, t, tn


@cached(VIEWS)
def rated(view: View, measure: str) -> Rated:
    """What customers did after they rated."""
    days = journeys.period(view)
    asked = (live.store(), view.filters, days.first, days.last, days.through)
    return loyalty.by_rating(*asked, measure, _limits(view))


@cached(VIEWS)
def profile(version: int, chosen: Filters, through: date, limits: SmallSamples) -> Profile:
    """The ideal customer's profile; no period narrows it."""
    return best.profile(live.store(), chosen, through, limits)


def section(view: View) -> None:
    """Loyalty by the rating given, the revenue at stake, and the ideal customer."""
    if journeys.through(view.version) is None:
        parts.nothing(t("No customer rated in these weeks."))
        return
    with st.container(horizontal=True, gap="small"):
        measure = filters.one("rated", t("Rating"), MEASURES, lambda name: t(telling.MEASURE_LABELS[name]))
        days = filters.one("after", t("Days after the rating"), [str(days) for days in HORIZONS], _days)
    told, horizon = rated(view, measure), int(days)
    _outcomes(view, told, horizon)
    left, right = st.columns([5, 3], gap="medium")
    with left:
        _worth(view, told, horizon)
    with right:
        _stake(view, told, horizon)
    _profile(view)


def _outcomes(view: View, told: Rated, horizon: int) -> None:
    with parts.card("loyalty", t("What customers did after they rated"),
                    telling.rated_caption(told, view.weeks, horizon)) as frame:  # fmt: skip
        frame.tell(view, lambda: told.of(horizon), computed.rated, OUTCOMES, of=[lambda: rated(view, told.measure)],
                   file=f"after-{told.measure}-{horizon}")  # fmt: skip
        if nothing := telling.nothing_old(told, horizon):
            parts.nothing(nothing)
            return
        st.markdown(telling.rated_summary(told, horizon))
        table.show(telling.rated_columns(told), telling.rated_rows(told, horizon, _limits(view)), "table-loyalty",
                   t("What customers did within {days} days of their rating", days=number(horizon)))  # fmt: skip
        st.caption(telling.rated_notes(told, horizon))


def _worth(view: View, told: Rated, horizon: int) -> None:
    caption = t("Mean revenue of a customer after the rating, with its 95 % interval.")
    with parts.card("worth", t("What they spent afterwards"), caption) as frame:
        frame.tell(view, lambda: [one for one in told.of(horizon) if one["measure"] == SPENT.name], computed.rated, [SPENT],
                   of=[lambda: rated(view, told.measure)])  # fmt: skip
        parts.warning(telling.warning())
        table.show(telling.worth_columns(), telling.worth_rows(told, _limits(view)), "table-worth",
                   t("Revenue of each group after the rating"))  # fmt: skip
        st.caption(telling.worth_notes(told, horizon, _limits(view)))


def _stake(view: View, told: Rated, horizon: int) -> None:
    with parts.card("stake", t("Revenue at stake"), telling.stake_caption(horizon)) as frame:
        stakes, whole = loyalty.at_stake(told, horizon, _limits(view))
        frame.tell(view, lambda: stakes, computed.rated, [SPENT], of=[lambda: rated(view, told.measure)])
        if whole is None:
            parts.nothing(telling.nothing_old(told, horizon) or t("Too few ratings to compare the groups."))
            return
        table.show(telling.stake_columns(), telling.stake_rows(told, stakes, whole), "table-stake",
                   t("Revenue at stake by the group of the latest rating"))  # fmt: skip
        st.caption(telling.stake_notes())


def _profile(view: View) -> None:
    told = _profiled(view)
    if told.table.empty:
        with parts.card("best", t("The ideal customer"), t("What sets the best customers apart from the others.")):  # fmt: skip
            parts.nothing(
                t("Too few customers came back in the last {days} days to tell.", days=number(best.YEAR))
            )
        return
    with parts.card("best", t("The ideal customer"), telling.profile_caption(told)) as frame:
        frame.tell(view, lambda: told.table, measures=[best.HELD], of=[lambda: _profiled(view)])
        st.markdown(telling.profile_summary(told))
        table.show(telling.profile_columns(), telling.profile_rows(told), "table-best",
                   t("Attributes of the best customers beside the others"))  # fmt: skip
        parts.more(len(told.table) - telling.MOST_ATTRIBUTES)
        st.caption(telling.profile_notes(told))


def _profiled(view: View) -> Profile:
    return profile(view.version, view.filters, journeys.period(view).through, _limits(view))


def _days(days: str) -> str:
    return tn("{n} day", "{n} days", int(days))


def _limits(view: View) -> SmallSamples:
    return asks.tables(view.edited, view.language).settings.small_samples

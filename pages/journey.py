"""Journey: where do customers stumble, what would the ideal journey be, and who comes back?"""

import streamlit as st

from cx import clock
from cx.ui import asks, filters, journeys, live, parts
from cx.ui.asks import Comparison, View
from cx.ui.sections import SECTIONS
from cx.ui.telling import funnel


@st.fragment
def body() -> None:
    version = live.version()
    fresh = asks.fresh(version, clock.hour())
    if fresh.empty or journeys.through(version) is None:
        parts.counting() if asks.counting() else parts.welcome()
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="bar"
    ):
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            weeks = filters.span()
            chosen = filters.choose(journeys.choices(version), asks.campaign_names())
        parts.freshness(fresh)
    view = View.of(version, chosen, weeks)
    parts.problems(asks.tables(view.edited, view.language))
    parts.warning(funnel.unknown(journeys.unknown_stages(version)))
    shape, (told, _), gaps = (
        journeys.journey(version),
        journeys.funnel(view, Comparison("")),
        journeys.gaps(view),
    )
    with st.container(gap="xxsmall", key="head"):
        st.caption(funnel.who(shape, told, journeys.begun(view)))
        st.title(funnel.title(shape, told, gaps), anchor=False)
        st.markdown(funnel.summary(shape, told, gaps))
    SECTIONS[filters.view()](view)


filters.restore()
body()

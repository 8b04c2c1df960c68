"""Data: through when do the data run, what arrived, and what was refused?"""

import streamlit as st

from cx import clock
from cx.ui import asks, filters, live, parts
from cx.ui.telling import values
from cx.words import t


@st.fragment
def body() -> None:
    version = live.version()
    arrived = asks.arrivals(version)
    if arrived.empty:
        parts.welcome()
        return
    with st.container(gap="xxsmall", key="head"):
        st.title(t("Data"), anchor=False)
        st.markdown(t("Drop exports into the inbox; what became of each is told here."))
    fresh = asks.fresh(version, clock.hour())
    left, right = st.columns([2, 6], gap="medium")
    with (
        left,
        parts.card(
            "sources", t("Through when the data run"), t("The newest moment that each source has delivered.")
        ),
    ):
        parts.sources(fresh)
    with (
        right,
        parts.card("exports", t("Exports"), t("Newest first. Choose one to see the rows that were refused.")),
    ):
        chosen = parts.exports(arrived)
    if chosen is not None:
        with parts.card("refused", t("Rows that were not kept"), values.plain_text(chosen["name"])):
            parts.refusals(asks.refusals(version, int(chosen["file_id"])), chosen)


filters.restore()
body()

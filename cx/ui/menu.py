"""The quiet menu at the end of a card's heading: downloads, a chart as a table, and how the figures are computed.

What it holds is made when it is opened, and a file when its button is clicked.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cx.telling import formulas
from cx.ui import asks, downloads, explained, keeping, rights
from cx.ui.frame import Frame
from cx.words import t

_AS_TABLES = "as-tables"


def menu(frame: Frame) -> None:
    """Draw the button, and what it opens."""
    with st.popover(
        t("More about {card}", card=frame.title), icon=":material/more_horiz:", type="tertiary",
        key=f"more-{frame.name}", on_change="rerun",
    ) as opened:  # fmt: skip
        if opened.open:
            with st.container(key=f"told-{frame.name}"):
                _downloads(frame)
                _computed(frame)
                if frame.also:
                    frame.also()


def as_table(key: str) -> bool:
    """Whether this viewer reads the chart as a table."""
    return key in _as_tables()


def _downloads(frame: Frame) -> None:
    if frame.offered is None:
        return
    if rights.may("download", *frame.takes):
        name = frame.file or frame.name
        st.markdown(t("**Download**"))
        with st.container(horizontal=True, gap="xsmall", key=f"downloads-{frame.name}"):
            downloads.rows(frame.offered, name, frame.title, frame.takes)
            for place, spec in enumerate([*frame.charts.values(), *frame.pictures]):
                downloads.picture(spec, f"{name}-{place + 1}" if place else name)
    if frame.charts:
        _table_switch([*frame.charts])


def _computed(frame: Frame) -> None:
    if frame.view is None:
        return
    sentences, queries = [*frame.computed(), *formulas.measures(frame.measures)], frame.asked()
    if not sentences and not queries:
        return
    version, at = frame.view.version, frame.view.at
    last = keeping.asked(lambda: asks.fresh(version, at))
    st.markdown(t("**How it is computed**"))
    explained.explained(
        sentences,
        formulas.rests_on(asks.fresh(version, at), frame.measures),
        sorted(queries, key=lambda query: query in last),
    )


def _as_tables() -> set[str]:
    shown: set[str] = st.session_state.setdefault(_AS_TABLES, set())
    return shown


def _table_switch(charts: Sequence[str]) -> None:
    key = f"as-table-{charts[0]}"

    def switch() -> None:
        (_as_tables().update if st.session_state[key] else _as_tables().difference_update)(charts)

    # The switch is forgotten while the menu is shut; what was chosen is not.
    st.session_state[key] = as_table(charts[0])
    st.toggle(t("Show as table"), key=key, on_change=switch)

"""The pieces that pages are made of: cards, charts, tables, the freshness of the data, greetings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from cx import clock, downloads
from cx.engine.errors import EngineError
from cx.errors import NotAllowed, NotLogged, QueryError, QueryTooLong, StoreBroken
from cx.query import Filters
from cx.questions.behind import Behind
from cx.questions.freshness import Freshness
from cx.reference import Tables
from cx.telling import records, tabled, values, week
from cx.ui import menu, rights, table
from cx.ui.frame import Frame, charted, framing, rest_on
from cx.ui.table import Table
from cx.vega import Spec
from cx.words import moment, number, t, tn

SKELETON_PIXELS = 420
MOST_DRAWN = 128
"""How many charts are kept as they are drawn."""
SHOWN, MORE, REFUSED = 20, 50, 50
"""Single records that are shown at first (a phone shows each as a block) and at each click more, and refused rows."""
_AWAITED = "awaited"


@contextmanager
def card(name: str, title: str, caption: str) -> Iterator[Frame]:
    """A hairline card with a heading, its menu, and one line that says what it shows.

    Where the viewer may not see what it would hold, or an engine that has it is out of reach, it says so instead.
    """
    frame = Frame(name, title)
    with st.container(border=True, key=f"card-{name}", height="stretch", gap="xsmall"):
        st.header(title, anchor=False)
        more = st.container(key=f"menu-{name}")
        st.caption(caption)
        with framing(frame):
            try:
                yield frame
            except (NotAllowed, NotLogged, EngineError) as error:
                (nothing if isinstance(error, NotAllowed) else wrong)(str(error))
                return
        if not frame.empty:
            with more:
                menu.menu(frame)


def chart(spec: Spec, key: str, alt: str) -> None:
    """A frozen chart, or what it says as a table where the viewer asked for that; the key lets the browser keep it through an update."""
    charted(key, spec)
    if menu.as_table(key):
        table.show(*tabled.of_chart(spec), f"table-of-{key}", alt)
    else:
        _drawn(spec, key, alt)


@st.cache_resource(max_entries=MOST_DRAWN, show_spinner=False, hash_funcs={dict: id})
def _drawn(spec: Spec, key: str, alt: str) -> Spec:
    """Draw a chart; for all others who see the very same one, Streamlit replays what this made of it.

    The specification is kept beside that, so that no other can take its id."""
    st.vega_lite_chart(spec, key=key, alt=alt, width="stretch")
    return spec


def freshness(fresh: Freshness, sources: Table) -> None:
    """Through when the data run: one line, and each source behind a click."""
    with st.popover(t("Data through {moment}", moment=moment(fresh.through)), icon=":material/sensors:"):
        st.caption(t("Each source, and the newest moment that it has delivered."))
        table.draw(sources, "table-freshness", t("Sources and their newest moment"))


def refusals(rows: pd.DataFrame, export: pd.Series) -> None:
    """The refused rows of one export, each with its sentence."""
    if rows.empty:
        st.caption(values.plain_text(export["reason"]) or t("Every row was kept."))
        return
    first = rows.head(REFUSED)
    table.show(records.refused_columns(), records.refused_rows(first), "table-refused", t("Rows that were not kept"))  # fmt: skip
    if len(first) < export["rows_refused"] + export["rows_superseded"]:
        st.caption(t("The first {n} are shown.", n=number(len(first))))


def reasons(told: Table, count: int) -> None:
    """Complaints by reason with their change and twelve weeks of history; `count` is how many reasons there are."""
    if not count:
        nothing(t("No complaints in this week."))
        return
    table.draw(told, "table-reasons", t("Complaints by reason in the week and the week before"))
    more(count - week.MOST_REASONS)


def nothing(sentence: str) -> None:
    """Why there is nothing to show in a card, in its place."""
    st.caption(sentence)


def wrong(sentence: str) -> None:
    """What went wrong, and what to do."""
    st.error(sentence, icon=":material/error:")


@contextmanager
def waiting(name: str) -> Iterator[None]:
    """A skeleton where the page will stand, while a viewer waits for it for the first time; an update keeps what is shown."""
    place, awaited = st.empty(), st.session_state.setdefault(_AWAITED, set())
    if name in awaited:
        yield
        return
    with place.container(), st.skeleton(height=SKELETON_PIXELS):
        yield
    place.empty()  # otherwise its container would leave a gap, which the next run closes
    awaited.add(name)


def problems(tables: Tables) -> None:
    """What is wrong with a table that a person edits; the page goes on without it."""
    for problem in tables.problems:
        wrong(problem)


def not_taken_in() -> None:
    """That the thread which takes exports in has ended; it is started again by itself."""
    st.warning(t("Exports are not being taken in right now; what landed waits in the inbox. It is tried again by itself, and "
                 "python -m cx doctor says what to mend."), icon=":material/warning:")  # fmt: skip


def failed(error: QueryError) -> None:
    """That some figures could not be had, in place of them."""
    if isinstance(error, QueryTooLong):
        told = t("This took longer than {seconds} s and was stopped. Show fewer weeks, choose a filter, or try again in a while.",
                 seconds=number(error.seconds))  # fmt: skip
    else:
        told = t("These figures could not be computed. The log says which query failed ('{name}').", name=error.name)  # fmt: skip
    wrong(told)


def broken(error: StoreBroken) -> None:
    """That the store is damaged where the page's figures are, and what mends it."""
    wrong(str(error))


def counting() -> None:
    """What a store says whose figures are being counted anew."""
    st.title(t("Counting"), anchor=False)
    st.markdown(
        t("The data are there. Their figures are being counted, once; this page then shows them by itself.")
    )


def more(hidden: int) -> None:
    """That a table is longer than what it shows."""
    if hidden > 0:
        st.caption(tn("{n} more is not shown.", "{n} more are not shown.", hidden))


def nothing_to_show(chosen: Filters, fresh: Freshness) -> None:
    """What a view says that has no figure at all: its filters leave nothing over, or no day is over yet."""
    if chosen.chosen():
        st.title(t("Nothing matches these filters"), anchor=False)
        st.markdown(t("No interaction of these weeks has all the chosen values. Clear a filter to see more."))
        return
    st.title(t("No whole day of data yet"), anchor=False)
    st.markdown(
        t("The data run through {moment}. Figures are shown for days (of UTC) that are over.",
          moment=moment(fresh.through))
    )  # fmt: skip


def warning(sentence: str) -> None:
    """Something that the viewer should mend; nothing where there is nothing to say."""
    if sentence:
        st.warning(sentence, icon=":material/warning:")


def interactions(told: Behind, name: str) -> None:
    """The interactions behind a figure, masked, and a button that downloads them."""
    rest_on(lambda: told.rows, name, "single")
    if told.served:
        st.caption(records.of_engine(told.served))
    if told.rows.empty:
        nothing(t("There are no interactions of known customers behind this."))
        return
    counted = tn(
        "The first {n} interaction; there are more.", "The first {n} interactions; there are more.", len(told.rows)
    ) if told.more else tn("{n} interaction.", "{n} interactions.", len(told.rows))  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(counted)
        if rights.may("download"):
            file = f"{name}.csv"
            st.download_button(
                t("Download CSV"), data=rights.taken(file, lambda: downloads.csv(told.rows), "single"), file_name=file,
                mime="text/csv", icon=":material/download:", on_click="ignore", key=f"download-{name}",
            )  # fmt: skip
    shown = st.session_state.setdefault(f"shown-{name}", SHOWN)
    first = told.rows.head(shown)
    table.show(records.columns(first), records.rows(first, clock.now()), "table-behind", t("Interactions behind the figure"))  # fmt: skip
    if len(told.rows) > shown:
        _show_more(name, len(told.rows) - shown)


def _show_more(name: str, hidden: int) -> None:
    def show() -> None:
        st.session_state[f"shown-{name}"] += MORE

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(t("Show more"), icon=":material/expand_more:", key=f"more-behind-{name}", on_click=show)
        more(hidden)

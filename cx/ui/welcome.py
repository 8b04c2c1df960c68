"""What an empty store says: look around with a demo company, or bring your own exports, and what comes next."""

from __future__ import annotations

import streamlit as st

from cx.access import told
from cx.errors import CxError
from cx.folders import Folders
from cx.telling.values import plain_text
from cx.ui import asks, doors, mapping, parts, rights
from cx.ui.demo_making import Making, making
from cx.ui.speaking import speak
from cx.words import t

LOOK_SECONDS = 1.0
"""How often a page looks how far the demo company is; what has arrived comes by the live push."""


def show(version: int) -> None:
    """Two ways to begin, right here; the page fills by itself when the first data arrive."""
    with st.container(key="head", gap="small"):
        st.title(t("No data yet"), anchor=False)
        st.markdown(
            t("Choose how to begin. Every page fills by itself as soon as data arrive; nothing to reload.")
        )
    _nothing_usable(version)
    left, right = st.columns(2, gap="medium")
    with (
        left,
        parts.card(
            "demo", t("Look around with a demo company"), t("To see every page at work within a minute.")
        ),
    ):
        _demo()
    with right, parts.card("own", t("Bring your own exports"), t("To see your own customers' experience.")):
        st.markdown(t("Exports of Zendesk, Shopify, Qualtrics and others are known as they come. Of any other table you say once "
                      "which column is which."))  # fmt: skip
        brought = mapping.bring()
        st.caption(t("Or put them here, by hand or from a nightly job:"))
        st.code(str(Folders.default().inbox), language=None)
    if brought is None:
        mapping.about(None)
    else:
        with parts.card("brought", plain_text(brought.path.name), t("What it is, before it is taken in.")):
            mapping.about(brought)
    _next()


def no_journey() -> None:
    """What the journey page says where there are data, but none that a journey can be followed in."""
    with st.container(key="head", gap="small"):
        st.title(t("No journey to follow yet"), anchor=False)
        st.markdown(t("Data are there, but none that names customers and what they did. Bring visits, orders, deliveries or contacts "
                      "that carry a customer's id, and this page fills by itself."))  # fmt: skip
    _to_data(t("See what arrived"))


def _nothing_usable(version: int) -> None:
    """Where exports came and none of their rows could be used, this is said before all else."""
    if not asks.arrivals(version).empty:
        parts.warning(t("Exports have arrived, but no row of them is in the figures."))
        _to_data(t("See what became of them"))


def _to_data(label: str) -> None:
    st.page_link(doors.file("data"), label=label, icon=":material/database:")


def _demo() -> None:
    st.markdown(t("Two years of an invented coffee company: campaigns that sold, products that failed, and what customers said. "
                  "Nothing of it is real. It is deleted with the data folder."))  # fmt: skip
    st.markdown("\n".join(f"- {question}" for question in (
        t("What made satisfaction fall last week?"),
        t("Which product has a problem, and since when?"),
        t("Which campaign sold more and brought complaints with it?"),
    )))  # fmt: skip
    if not rights.may("upload"):
        parts.nothing(told.refused("upload"))
        return
    busy = making(Folders.default()).progress().phase in ("making", "taking in")
    st.fragment(_button, run_every=LOOK_SECONDS if busy else None)()


def _button() -> None:
    speak()
    made = making(Folders.default())
    now = made.progress()
    if now.phase == "failed":
        parts.wrong(t("The demo company could not be made: {reason}", reason=plain_text(now.told)))
    if now.phase in ("idle", "failed"):
        label = t("Make the demo company") if now.phase == "idle" else t("Try again")
        if st.button(label, icon=":material/play_arrow:", key="make-demo"):
            _start(made)
        return
    st.progress(now.done, now.told)


def _start(made: Making) -> None:
    try:
        rights.does("upload", "dropped", "demo company")
        made.start()
    except CxError as error:
        parts.wrong(plain_text(str(error)))
        return
    st.rerun()


def _next() -> None:
    steps = (
        (t("1. It lands and is checked"), t("Each export is recognised by its columns. A row that cannot be used is named, with what to "
                                            "mend.")),
        (t("2. The pages fill by themselves"), t("Health of the week, surges, campaigns, the journey: within seconds, on every page that "
                                                 "is open.")),
        (t("3. You make it yours"), t("Set targets and campaigns in {folder}, and send colleagues the link of a page.",
                                      folder=f"`{Folders.default().reference}`")),
    )  # fmt: skip
    with parts.card("next", t("What comes next"), t("Whichever way you begin.")):
        for column, (title, told) in zip(st.columns(3, gap="medium"), steps, strict=True):
            with column:
                st.subheader(title, anchor=False)
                st.markdown(told)

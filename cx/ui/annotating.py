"""Writing down what happened, for everyone: a form beneath a trend, and what was written with a way to take it out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st

from cx import clock, reference
from cx.errors import CxError
from cx.folders import Folders
from cx.reference import Annotation
from cx.telling import plots
from cx.telling.values import plain_text
from cx.ui import asks, live, parts, rights
from cx.ui.asks import View
from cx.words import t

MOST = 30
"""Annotations that are listed; older ones stand in the file."""
_WRONG, _WHO = "annotation-wrong", "annotation-by"


def notes(view: View) -> None:
    """A button that opens the form and the list."""
    told = asks.tables(view.edited, view.language).annotations
    # Always the same words: with others it would be another popover, and shut.
    with st.popover(t("Notes"), icon=":material/flag:", type="tertiary", key="annotations", on_change="rerun") as opened:  # fmt: skip
        if opened.open:
            with st.container(key="told-annotations"):
                if rights.may("annotate"):
                    _form(view)
                elif not told:
                    parts.nothing(t("Nothing is written down yet."))
                for place, one in enumerate(sorted(told, reverse=True)[:MOST]):
                    _listed(place, one)
                parts.more(len(told) - MOST)


def _form(view: View) -> None:
    today = clock.now().date()
    with st.form("annotation", border=False):
        st.text_input(t("What happened"), max_chars=reference.LONGEST_TEXT, key="annotation-text")
        left, right = st.columns(2, gap="small")
        left.date_input(t("Day"), today, key="annotation-on")
        right.date_input(
            t("Until"), None, key="annotation-until", help=t("Only where it lasted for more than a day.")
        )
        st.selectbox(
            t("Product"), ["", *asks.choices(view.version)["product"]], key="annotation-product",
            format_func=lambda name: name or t("All products"),
        )  # fmt: skip
        rights.signature(t("Your name"), "annotation-who", 80, st.session_state.get(_WHO, ""))
        st.form_submit_button(t("Write it down"), icon=":material/edit_note:", on_click=_write)
    if wrong := st.session_state.pop(_WRONG, ""):
        parts.wrong(plain_text(wrong))


def _write() -> None:
    said: dict[str, Any] = {
        name: st.session_state[f"annotation-{name}"] for name in ("text", "on", "until", "product")
    }
    who = rights.signed(st.session_state.get("annotation-who", ""))
    on: date | None = said["on"]
    if on is None:
        st.session_state[_WRONG] = t("Say on which day it happened.")
        return
    made = Annotation(on, said["until"] or on, said["text"], said["product"] or "", who)
    if _tried(lambda: _annotate(made)):
        st.session_state["annotation-text"] = ""
        st.session_state[_WHO] = who


def _annotate(made: Annotation) -> None:
    rights.does("annotate", "changed", f"annotations: {made.on}")
    reference.annotate(Folders.default().reference, made)


def _listed(place: int, one: Annotation) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
    ):
        st.markdown(f"{plain_text(one.text)}  \n:small[{plain_text(plots.noted(one))}]", width="stretch")
        if rights.may("annotate"):
            st.button(
                t("Delete"), type="tertiary", icon=":material/delete:", key=f"annotation-delete-{place}", on_click=_delete,
                args=(one,),
            )  # fmt: skip


def _delete(one: Annotation) -> None:
    _tried(lambda: _unannotate(one))


def _unannotate(one: Annotation) -> None:
    rights.does("annotate", "changed", f"annotations: {one.on}, deleted")
    reference.unannotate(Folders.default().reference, one)


def _tried(edit: Callable[[], None]) -> bool:
    """Whether the file could be changed; every open page is told of it, or this viewer of what is wrong."""
    try:
        edit()
    except CxError as error:
        st.session_state[_WRONG] = str(error)
        return False
    live.server().edited()
    return True

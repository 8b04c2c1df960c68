"""The button that hands out the brief of the week: one page for executives, with the figures of the open page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cx import brief, clock, words
from cx.ui import asks, campaigning, rights, surging
from cx.ui.asks import View
from cx.words import t

_KINDS = {"pdf": ("PDF", "application/pdf"), "html": ("HTML", "text/html")}


def button(view: View) -> None:
    """Offer the brief of a view; it is made when somebody downloads it."""
    if not rights.may("download"):
        return
    with st.popover(t("Brief"), icon=":material/description:", key="brief"):
        st.caption(t("The last week that is over on one page, to print or to send on. Takes a few seconds."))
        week = brief.named(asks.fresh(view.version, view.at).last_week())
        for kind, (label, mime) in _KINDS.items():
            file = f"brief-{week}.{kind}"
            st.download_button(
                label, data=rights.taken(file, partial(printed, view, kind)), file_name=file, mime=mime,
                icon=":material/download:", on_click="ignore", key=f"brief-{kind}", width="stretch",
            )  # fmt: skip


def printed(view: View, kind: str) -> bytes:
    """The brief of a view as a file of this kind, made of the very answers that the pages show."""
    words.use(view.language)  # a download is answered outside of the viewer's script
    fresh, tables = asks.fresh(view.version, view.at), asks.tables(view.edited, view.language)
    told = brief.gathered(
        fresh, tables, asks.health(view), asks.week(view),
        (surging.watch(view.version, fresh.last_day), surging.queue(view, fresh.last_day)),
        campaigning.league(view, fresh.last_day),
    )  # fmt: skip
    return brief.printed(brief.compose(told, clock.now()), kind)

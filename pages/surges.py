"""Surges: which product has a problem now, since when, how bad, what came before it, and who is on it?"""

import streamlit as st

from cx import clock
from cx.errors import CxError
from cx.notes import ACTIONS
from cx.questions import surging as surging_
from cx.questions.queue import Entry
from cx.questions.surging import SHARES_BY
from cx.telling import computed, surges
from cx.telling.values import dimension_label
from cx.ui import asks, filters, link, page, parts, rights, surging, table
from cx.ui.asks import View
from cx.words import t


@st.fragment
@page.in_words
def body() -> None:
    if (now := page.shown()) is None:
        return
    with page.bar(now):
        pass
    view, through = now.view(), surging.last_day(now.version)
    with parts.waiting("surges"):
        entries, told = surging.queue(view, through), surging.watch(now.version, through)
    page.head(surges.title(entries), surges.summary(entries, told))
    named = link.first("surge")
    chosen = surges.opened(entries, named)
    caption = t("What to look at first on top. Choose one to open it.")
    with parts.card("queue", t("The queue"), caption) as frame:
        if entries:
            table.show(
                surges.columns(), surges.rows(entries), "table-queue", t("Complaint surges"),
                surges.entry_id(chosen) if chosen else "", lambda one: link.toggle("surge", one),
            )  # fmt: skip
        else:
            parts.nothing(surges.calm(told.watched))
        frame.tell(view, lambda: told.found, surges.computed, asked=surging_.asked(through), file="surges")
    if chosen:
        _opened(view, chosen)
    elif named:
        st.info(t("The surge of this link is no longer in the queue."))
    _now(view)


def _opened(view: View, entry: Entry) -> None:
    through, surge = surging.last_day(view.version), entry.surge
    with parts.card("surge", surges.heading(entry.row), surges.observed(entry.row)) as frame:
        frame.tell(
            view, lambda: surging.days(view, through, surge), surges.computed, asked=surging_.asked(through)
        )
        parts.chart(surging.picture(view, through, surge), "chart-surge", surges.observed(entry.row))
        st.caption(surges.lag(surging.watch(view.version, through), entry.row))
        if rights.may("single"):
            worded = surging.worded(view, through, surge)
            st.caption(surges.said(surging.said(view, through, surge)) if worded else surges.wordless())
    left, right = st.columns([3, 2], gap="medium")
    with (
        left,
        parts.card(
            "split",
            t("Where it comes from"),
            t("Complaints of the surge, and the share in the 12 weeks before."),
        ) as frame,
    ):
        dimension = filters.one("surge_by", t("By"), SHARES_BY, dimension_label)
        shares = surging.shares(view, through, surge, dimension)
        frame.tell(view, lambda: shares, of=[lambda: surging.shares(view, through, surge, dimension)],
                   file=f"surge-by-{dimension}")  # fmt: skip
        table.show(
            surges.share_columns(dimension),
            surges.share_rows(dimension, shares),
            "table-shares",
            t("Where it comes from"),
        )
    with (
        right,
        parts.card(
            "notes", t("Who is on it"), t("Seen by everyone at once; nothing is ever taken back.")
        ) as frame,
    ):
        frame.tell(view, lambda: surging.log(view.version, surge), file="surge-notes")
        if rights.may("acknowledge"):
            _note(entry)
        _noted(view.version, entry)
    with parts.card("behind", t("The complaints behind it"), t("The newest first.")) as frame:
        parts.interactions(surging.behind(view, through, surge), "surge")
        frame.tell(view, of=[lambda: surging.behind(view, through, surge)])


def _note(entry: Entry) -> None:
    who = rights.signature(t("Your name"), "who")
    action = st.selectbox(
        t("What"), ACTIONS, format_func=lambda name: t(surges.ACTIONS[name]), key="note-action"
    )
    if action == "mute":
        until = st.date_input(t("Until"), None, min_value=clock.now().date(), key="note-until",
                              help=t("The last day that it stays muted. An empty one ends muting."))  # fmt: skip
        value = until.isoformat() if until else ""
    else:
        value = st.text_input(t("Said"), key="note-value")
    if st.button(t("Write it down"), icon=":material/edit_note:"):
        try:
            surging.note(entry.surge, action, value, who)
        except CxError as error:
            parts.wrong(str(error))
        else:
            st.session_state.pop("note-value", None)
            st.rerun(scope="fragment")


def _noted(version: int, entry: Entry) -> None:
    noted = surging.log(version, entry.surge)
    if noted.empty:
        if not rights.may("acknowledge"):
            parts.nothing(t("Nothing was noted yet."))
    else:
        table.show(surges.log_columns(), surges.log_rows(noted), "table-log", t("What was noted"))


def _now(view: View) -> None:
    through = asks.fresh(view.version, view.at).through
    title, caption = surges.today_title(through, clock.now()), surges.today(through.date(), through)
    with parts.card("today", title, caption) as frame:
        frame.tell(view, lambda: surging.hours(view.version, view.at), computed.today, of=[
            lambda: surging.today(view.version, view.at, view.language), lambda: surging.waits(view.version, view.at)
        ])  # fmt: skip
        st.caption(surges.backlog(*surging.waits(view.version, view.at), through))
        parts.chart(
            surging.today(view.version, view.at, view.language), "chart-today", t("Contacts by the hour")
        )


filters.restore()
body()

"""People: who has access to what, and who saw, took and changed what?"""

import pandas as pd
import streamlit as st

from cx import clock
from cx.access.people import People
from cx.errors import BadReference, NotAllowed
from cx.query import Filters
from cx.telling import access
from cx.telling.values import plain_text
from cx.ui import auditing, live, page, parts, table
from cx.ui.asks import View
from cx.words import t


@st.fragment
@page.in_words
def body() -> None:
    view = View.of(live.version(), Filters(), 0)
    try:
        told, log = _granted(), auditing.log()
    except NotAllowed as error:
        parts.nothing(str(error))
        return
    page.head(access.title(told), access.summary(log, clock.now()))
    _access(view, told)
    _log(view, log)
    with parts.card("roles", t("Roles"), t("What each role sees, and what it may do there.")):
        table.show(access.role_columns(), access.role_rows(), "table-roles", t("Roles and their rights"))


def _granted() -> People:
    """The grants as far as they can be read; what is wrong with them is told above them."""
    try:
        return auditing.granted()
    except BadReference as error:
        parts.wrong(plain_text(str(error)))
        return People()


def _access(view: View, told: People) -> None:
    caption = t("The first grant of somebody's own address holds, or else the first of a group of theirs.")
    with parts.card("access", t("Who has access"), caption) as frame:
        if not told.grants:
            parts.nothing(access.none_yet())
            return
        frame.tell(view, file="access")
        table.show(access.grant_columns(), access.grant_rows(told), "table-access", t("Grants of access"))


def _log(view: View, log: pd.DataFrame) -> None:
    caption = t("The newest first. Which figure or file it was, never what a customer said or who they were.")
    with parts.card("audit", t("What was done"), caption) as frame:
        if log.empty:
            parts.nothing(t("Nothing has been done yet that is logged."))
            return
        found = auditing.narrowed(log)
        frame.tell(view, lambda: found, file="audit")
        if found.empty:
            parts.nothing(t("Nothing matches."))
            return
        first = found.head(auditing.shown())
        table.show(access.log_columns(), access.log_rows(first, clock.now()), "table-audit", t("What was done, and by whom"))  # fmt: skip
        if hidden := len(found) - len(first):
            st.button(t("Show more"), icon=":material/expand_more:", key="audit-more", on_click=auditing.show_more)  # fmt: skip
            parts.more(hidden)


body()

"""Before any page: who is it? Whoever is not signed in is asked to; whoever has no role is told whom to ask.

Nothing is asked of the store until somebody with a role has come in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st

from cx.access import ROLES, Person, person
from cx.telling.values import plain_text
from cx.ui import signing
from cx.ui.providers import UNNAMED
from cx.words import t

STYLE = Path(__file__).with_name("gate.css")
LONGEST_SECONDS = 24 * 3600
_log = logging.getLogger(__name__)


def entered() -> bool:
    """Whether whoever looks may go on to a page; if not, what is said instead has been drawn."""
    if not signing.asked():
        return True
    signing.begin()
    told, one = signing.claims(), signing.viewer()
    signing.drawn_for(one)
    if not told:
        _ask(signing.settings().providers)  # type: ignore[union-attr]
        return False
    _end_in_time(told)
    if trouble := signing.trouble():
        _log.error("nobody can come in: %s", trouble)
        _refuse(t("Nobody can come in just now"), t("Who has access cannot be read. Whoever runs the dashboard finds in its log "
                "what to mend."))  # fmt: skip
    elif not _logged(told, one):
        _refuse(t("Nobody can come in just now"), t("Who comes in is to be logged, and the log cannot be written. Tell whoever "
                "runs the dashboard."))  # fmt: skip
    elif not one.role:
        _refuse(t("No access yet"), _why(one), one.name)
    else:
        return True
    return False


def closed(home: str) -> None:
    """Say that whoever looks does not see this page, and lead them to the start."""
    one = person()
    with st.container(gap="xxsmall", key="head"):
        st.title(t("This page is not open to you"), anchor=False)
        st.markdown(
            t(
                "Your role, {role}, does not see it. Whoever runs the dashboard gives out roles.",
                role=_role(one),
            )
            if one.name
            else t("It tells who has access, where people sign in. Here nobody has to.")
        )
    st.page_link(home, label=t("To the start"), icon=":material/arrow_forward:")


def account() -> None:
    """Who is signed in, and the way out; nothing where nobody signs in."""
    if not signing.asked():
        return
    one = person()
    with st.popover(
        t("Account"), icon=":material/account_circle:", type="tertiary", key="account"
    ), st.container(width=280, gap="small"):  # fmt: skip
        st.text(one.name)
        st.caption(t("Role: {role}", role=_role(one)))
        _way_out()


def _ask(providers: tuple[str, ...]) -> None:
    told = (
        t("Your session is over. Sign in again to go on where you were.")
        if signing.lapsed()
        else t("Sign in with your company's account.")
    )
    with _frame(t("Customer experience"), told):
        for name in providers:
            label = (
                t("Sign in")
                if name == UNNAMED
                else t("Sign in with {provider}", provider=plain_text(name.capitalize()))
            )
            if st.button(label, key=f"sign-in-{name}", icon=":material/login:", width="stretch"):
                st.login(name)


def _why(one: Person) -> str:
    if not one.name:
        return t(
            "Your provider does not stand for an e-mail address of yours. Ask whoever runs the dashboard."
        )
    return t("You are signed in, and have no role here. Ask whoever runs the dashboard to give you one, and tell them this address:")  # fmt: skip


def _refuse(title: str, told: str, name: str = "") -> None:
    with _frame(title, told):
        if name:
            st.text(name)
        _way_out()


def _way_out() -> None:
    if st.button(t("Sign out"), key="sign-out", icon=":material/logout:", width="stretch"):
        try:
            signing.end(signing.claims())
        except OSError as error:
            _log.error("a sign-out could not be logged: %s", error.strerror)
        st.logout()


@contextmanager
def _frame(title: str, told: str) -> Iterator[None]:
    st.html(STYLE)
    with st.container(border=True, key="gate"):
        st.title(title, anchor=False)
        st.markdown(told)
        yield


def _logged(told: Mapping[str, Any], one: Person) -> bool:
    try:
        signing.note(told, "signed in" if one.role else "refused")
    except OSError as error:
        _log.error("nobody can come in, as it cannot be logged: %s", error.strerror)
        return False
    return True


def _end_in_time(told: Mapping[str, Any]) -> None:
    """Have an open page that nothing else runs anew ask once the sign-in is over."""
    left = max(1.0, min(signing.until(told) - time.time(), LONGEST_SECONDS)) + 1
    st.fragment(_over, run_every=left)()


def _over() -> None:
    if signing.changed():
        st.rerun()


def _role(one: Person) -> str:
    return t(ROLES[one.role].title) if one.role else t("none")

"""The views that were given a name: listed, opened, saved, renamed and deleted from one menu on every page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cx import clock, reference
from cx.errors import CxError
from cx.folders import Folders
from cx.reference import SavedView
from cx.telling.values import plain_text
from cx.ui import doors, link, parts, rights
from cx.ui.speaking import speak
from cx.words import t

_TURN, _CHANGES = "views-turn", "views-changes"
MANY = 7
"""From so many views on, the list scrolls within itself."""


@st.fragment
def menu() -> None:
    """The saved views behind one button; they are read when it is opened."""
    speak()
    turn = st.session_state.setdefault(_TURN, 0)  # the menu closes when a view is opened
    opened = st.popover(
        t("Views"), icon=":material/bookmark:", type="tertiary", key=f"views-{turn}", on_change="rerun"
    )
    if opened.open:
        with opened, st.container(width=300, gap="small"):
            _list()


def _list() -> None:
    saved, wrong = reference.views(Folders.default().reference)
    known = [view for view in saved if view.page in doors.PLACES]
    shown = [view for view in known if rights.sees(view.page)]
    with st.container(
        height=280 if len(shown) >= MANY else "content", border=False, gap="xxsmall", key="views"
    ):
        for place, view in enumerate(shown):
            if st.button(_told(view), key=f"view-{place}", type="tertiary", width="stretch"):
                _open(view)
        if not shown:
            st.caption(
                t("No view is saved yet. Save what you see now: everyone here finds it under its name.")
                if rights.may("annotate")
                else t("No view is saved yet.")
            )
    _trouble(wrong, [view for view in saved if view not in known])
    if rights.may("annotate"):
        _save()
        if shown:
            _change([view.name for view in shown])


def _told(view: SavedView) -> str:
    about = [t(doors.PLACES[view.page].title), view.by]
    return f"{plain_text(view.name)} :gray[{' · '.join(plain_text(one) for one in about if one)}]"


def _open(view: SavedView) -> None:
    """Show this view as it was saved; nothing of what is chosen now is left, but the door."""
    st.session_state[_TURN] += 1
    door = {link.DOOR: [doors.current()]} if doors.current() else {}
    query = {**door, **link.today(view.query)}
    link.start(query)
    st.switch_page(doors.file(view.page), query_params=query)


def _save() -> None:
    anew = st.session_state.get(_CHANGES, 0)
    with st.form("view-save", border=False):
        name = st.text_input(
            t("Name of the view shown now"), key=f"view-name-{anew}", max_chars=reference.LONGEST_NAME
        )
        by = rights.signature(t("Your name (may be left out)"), "view-by", 60)
        if st.form_submit_button(t("Save this view"), icon=":material/bookmark_add:"):
            query = {one: st.query_params.get_all(one) for one in st.query_params if one != link.DOOR}
            view = SavedView(name, link.page() or doors.HOME, query, by, clock.now())
            _do(lambda: _kept(view))


def _kept(view: SavedView) -> None:
    rights.does("annotate", "changed", f"views: {view.name}")
    reference.save_view(Folders.default().reference, view)


def _renamed(name: str, to: str) -> None:
    rights.does("annotate", "changed", f"views: {name}, now {to}")
    reference.rename_view(Folders.default().reference, name, to)


def _deleted(name: str) -> None:
    rights.does("annotate", "changed", f"views: {name}, deleted")
    reference.delete_view(Folders.default().reference, name)


def _change(names: list[str]) -> None:
    anew = st.session_state.get(_CHANGES, 0)
    with st.expander(t("Rename or delete"), key="view-change"):
        which = st.selectbox(t("View"), names, None, key=f"view-which-{anew}", placeholder=t("Choose a view"))
        to = st.text_input(t("New name"), key=f"view-to-{anew}", max_chars=reference.LONGEST_NAME)
        with st.container(horizontal=True, gap="small"):
            renamed = st.button(t("Rename"), key="view-rename", disabled=which is None)
            deleted = st.button(
                t("Delete for everyone"), key="view-delete", icon=":material/delete:", disabled=which is None
            )
        if which is not None and renamed:
            _do(lambda: _renamed(which, to))
        if which is not None and deleted:
            _do(lambda: _deleted(which))


def _do(change: Callable[[], None]) -> None:
    try:
        change()
    except CxError as error:
        parts.wrong(plain_text(str(error)))
        return
    st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1  # what was typed is done with
    st.rerun(scope="fragment")


def _trouble(wrong: list[str], elsewhere: list[SavedView]) -> None:
    """What is wrong with the file: told here, where it matters, and the other views are there all the same."""
    for told in wrong:
        st.caption(f":orange[{plain_text(told)}]")
    for view in elsewhere:
        st.caption(
            t("The view '{name}' leads to a page that is not there: {page}", name=plain_text(view.name), page=plain_text(view.page))
        )  # fmt: skip

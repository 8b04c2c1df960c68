"""The pages of the dashboard, and its three front doors: who comes in by which, where they start, what they see first.

A door changes the start and the order of the pages, never a number. It is chosen once, and remembered by a cookie
of the viewer's browser that holds its name and nothing else; a link may name one (door=support), for that visit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.navigation.page import Page

from cx.ui import link, live, rights
from cx.words import mark, t

HERE = Path(__file__).parent

COOKIE, NONE = "cx_door", "none"
"""The cookie's name, and what it says where the viewer wants to be asked no more."""


class Place(NamedTuple):
    """A page: its title and icon. Its file in pages/ and its address are called by the name it has here."""

    title: str
    icon: str


PLACES = {
    "weekly_health": Place(mark("Weekly health"), ":material/monitor_heart:"),
    "surges": Place(mark("Surges"), ":material/notifications_active:"),
    "campaigns": Place(mark("Campaigns"), ":material/campaign:"),
    "benchmarks": Place(mark("Benchmarks"), ":material/leaderboard:"),
    "journey": Place(mark("Journey"), ":material/route:"),
    "data": Place(mark("Data"), ":material/database:"),
    "people": Place(mark("People"), ":material/shield_person:"),
}
"""By name, in the order in which a viewer without a door sees them. The first is also at the bare address."""

HOME = next(iter(PLACES))


class Door(NamedTuple):
    """A way in: its pages, the first of which it starts on, before all others; and what is chosen there at the start."""

    title: str
    icon: str
    pages: tuple[str, ...]
    chosen: Mapping[str, tuple[str, ...]]


DOORS = {
    "executive": Door(
        mark("Executive"), ":material/monitor_heart:", ("weekly_health", "benchmarks", "campaigns", "surges"),
        {"part": ("week",), "weeks": ("26",)},
    ),
    "support": Door(
        mark("Support"), ":material/support_agent:", ("surges", "weekly_health", "journey"),
        {"surge_by": ("channel",), "weeks": ("13",), "measure": ("complaint_rate",), "view": ("touchpoints",)},
    ),
    "marketing": Door(
        mark("Marketing"), ":material/campaign:", ("campaigns", "journey", "benchmarks", "surges"),
        {"weeks": ("26",), "measure": ("orders",), "span": ("13",), "by": ("campaign",)},
    ),
}  # fmt: skip
"""What each door means; the names and values of `chosen` are those of links."""

_DOOR, _ASKED, _THROUGH = link.DOOR, "door-asked", "door-through"


def pages() -> list[Page]:
    """The pages in the order of the viewer's door. Those that they may not see are not listed, and `gate.closed` is drawn there."""
    return [
        st.Page(file(name), title=t(place.title), icon=place.icon, default=name == HOME,
                visibility="visible" if rights.sees(name) else "hidden")
        for name, place in sorted(PLACES.items(), key=lambda item: _order(item[0]))
    ]  # fmt: skip


def open_to_viewer(page: str) -> bool:
    """Whether the viewer may see the page of this address below the base path."""
    return rights.sees(page or HOME)


def file(name: str) -> str:
    """The file of a page, as `st.switch_page` takes it."""
    return f"pages/{name}.py"


def _order(name: str) -> tuple[int, int]:
    first = DOORS[current()].pages if current() else ()
    return (first.index(name) if name in first else len(first), [*PLACES].index(name))


def recall() -> None:
    """Take up the door that the link names, or else the one that the browser remembers; call it before the pages are listed."""
    named = st.query_params.get(_DOOR, "")
    if _DOOR not in st.session_state:
        remembered = st.context.cookies.get(COOKIE, "")
        st.session_state[_ASKED] = named in DOORS or remembered in (*DOORS, NONE)
        st.session_state[_DOOR] = next((one for one in (named, remembered) if one in DOORS), "")


def current() -> str:
    """The viewer's door; '' where none was chosen."""
    return str(st.session_state.get(_DOOR, ""))


def enter(begun: bool) -> None:
    """Go where the door leads: at once where it has just been chosen, or where a session begins at the bare address.

    Any other link stays where it is. Call it when the pages are listed and before the page runs.
    """
    bare = begun and link.page() == "" and {*st.query_params} <= {_DOOR}
    through = st.session_state.pop(_THROUGH, False)
    if current() and (bare or through):
        _start(DOORS[current()])
    elif current() and link.moved() and not begun:
        link.keep(_DOOR, [current()])
        if link.page() == "":  # a link to it must not lead a colleague to the page of another door
            link.keep("part", link.chosen("part") or ["week"])


def _start(door: Door) -> None:
    query = {_DOOR: [current()], **{name: [*values] for name, values in door.chosen.items()}}
    link.start(query)
    first = next(filter(rights.sees, door.pages), HOME)
    if first != (link.page() or HOME):
        st.switch_page(file(first), query_params=query)


def ask() -> None:
    """One calm line that offers the doors, until one is chosen or the line is dismissed."""
    if not _asking():
        return
    with st.container(key="ask-door"):
        _offer("ask-door-choice", t("Start as:"), dismiss=t("Do not ask again"))


def menu() -> None:
    """The door that is chosen, and a way to change it."""
    if _asking():
        return
    title = t(DOORS[current()].title) if current() else t("Start as")
    # By its own key for each door, for the one that was opened closes when another is chosen.
    key = f"door-{current() or NONE}"
    with st.popover(title, icon=":material/door_open:", type="tertiary", key=key), st.container(width=280):
        st.caption(
            t(
                "Where the dashboard begins for you, and the order of its pages. The numbers are the same for everyone."
            )
        )
        _offer("door-choice", t("Start as:"), none=t("No preference"))


def _asking() -> bool:
    """Whether the viewer has yet to say by which door they come in, or that they would rather not."""
    return not current() and not st.session_state.get(_ASKED)


def _offer(key: str, label: str, dismiss: str = "", none: str = "") -> None:
    def chosen() -> None:
        name = str(st.session_state[key].chosen)
        st.session_state[_ASKED] = True
        st.session_state[_DOOR] = name if name in DOORS else ""
        st.session_state[_THROUGH] = name in DOORS
        if name not in DOORS:
            link.choose(_DOOR, [])

    doors = [{"id": name, "title": t(door.title)} for name, door in DOORS.items()]
    data = {
        "label": label, "doors": [*doors, {"id": NONE, "title": none}] if none else doors, "dismiss": dismiss, "none": NONE,
        "current": current() or NONE, "cookie": COOKIE, "path": live.base_path() or "/",
    }  # fmt: skip
    _choice(data=data, key=key, on_chosen_change=chosen)


_choice = st.components.v2.component(
    "cx_doors",
    html='<div class="doors" role="group"></div>',
    css=(HERE / "doors.css").read_text(encoding="utf-8"),
    js=(HERE / "doors.js").read_text(encoding="utf-8"),
)

"""The end of the navigation's line, the same on every page: the viewer's door, the saved views, the page's link, and who is signed in."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cx.ui import bookmarks, doors, gate, link
from cx.words import t

HERE = Path(__file__).parent


def bar() -> None:
    """Draw it; call it once in app.py, on every page."""
    with st.container(
        key="share", horizontal=True, width="content", gap="xxsmall", vertical_alignment="center"
    ):
        doors.menu()
        bookmarks.menu()
        copy_link()
        gate.account()


def copy_link() -> None:
    """A button that copies the address of the page, with all that is chosen on it."""
    data = {
        "label": t("Copy link"),
        "copied": t("Copied"),
        "by_hand": t("The link, to be copied by hand"),
        # The bare address leads everyone to the page of their own door.
        "page": "part=week" if link.page() == "" else "",
    }
    _copy(data=data, key="copy-link", width="content")


_copy = st.components.v2.component(
    "cx_copy_link",
    html='<div class="copy"><button type="button">'
    '<svg viewBox="0 0 20 20" aria-hidden="true"><path class="chain" d="M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-1 1'
    'M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1-1"/><path class="done" d="m4 10.5 4 4 8-9"/></svg>'
    '<span class="label"></span></button><span role="status"></span><input type="text" readonly hidden></div>',
    css=(HERE / "sharing.css").read_text(encoding="utf-8"),
    js=(HERE / "sharing.js").read_text(encoding="utf-8"),
)

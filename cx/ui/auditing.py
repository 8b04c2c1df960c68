"""Asking for the admins' page: who has access, and the log of what was done. Nothing of it is kept for other viewers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cx.access import audit
from cx.access.people import People, people
from cx.folders import Folders
from cx.telling import access
from cx.ui import rights
from cx.words import t

SHOWN, MORE = 30, 100
"""Lines of the log that are shown at first, and at each click more."""
_KEY = "audit-shown"


def granted() -> People:
    """Who has access. Raises NotAllowed, and BadReference where access.toml cannot be understood."""
    rights.needs("audit")
    return people(Folders.default().reference)


def log() -> pd.DataFrame:
    """The log, the newest first. Raises NotAllowed."""
    rights.needs("audit")
    return audit.noted(Folders.default().audit)


def narrowed(whole: pd.DataFrame) -> pd.DataFrame:
    """What is left of the log once the viewer chose what was done, and by whom. The link does not tell of whom."""
    done, names = {*whole["deed"].astype(str)}, sorted({*whole["who"].astype(str)})
    with st.container(horizontal=True, gap="small", key="audit-filters"):
        deed = st.selectbox(
            t("What was done"), [name for name in audit.DEEDS if name in done], None, access.deed, key="audit-deed",
            placeholder=t("Everything"),
        )  # fmt: skip
        who = st.selectbox(t("By whom"), names, None, access.named, key="audit-who", placeholder=t("Everyone"))  # fmt: skip
    found = whole if deed is None else whole[whole["deed"] == deed]
    return found if who is None else found[found["who"] == who]


def shown() -> int:
    """How many lines of the log the viewer has asked for."""
    return int(st.session_state.get(_KEY, SHOWN))


def show_more() -> None:
    """Show more of them from now on."""
    st.session_state[_KEY] = shown() + MORE

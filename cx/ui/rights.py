"""What whoever looks may do: asked where it is done, and written down before it is.

Pages ask `may` to leave out what would be refused. What keeps it from being done is `needs`, in the function that does it: a
page that forgets to ask shows a sentence in its card. On one's own machine everything is allowed, and nothing is logged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from cx.access import audit, person, told
from cx.access.person import acting_as
from cx.errors import NotAllowed, NotLogged
from cx.folders import Folders
from cx.ui import signing
from cx.words import t

T = TypeVar("T")
_SEEN = "rights-seen"


def may(*acts: str) -> bool:
    """Whether whoever looks has all these rights (see `cx.access.roles.ACTS`)."""
    return all(person().may(act) for act in acts)


def needs(*acts: str) -> None:
    """Raise NotAllowed, which says what is lacking, where whoever looks has not all these rights."""
    for act in acts:
        if not may(act):
            raise NotAllowed(told.refused(act))


def does(act: str, deed: str, what: str) -> None:
    """Ask for a right, then log that it is used: call it before what it is used for. Raises NotAllowed, NotLogged."""
    needs(act)
    note(deed, what)


def note(deed: str, what: str) -> None:
    """Log what somebody who signed in is about to do. Raises NotLogged: then it must not happen."""
    if not person().name:
        return
    try:
        audit.note(Folders.default().audit, deed, what)
    except OSError as error:
        raise NotLogged(
            t("This is to be logged and the log cannot be written, so it was not done ({reason}). Tell whoever keeps the "
              "dashboard running.", reason=error.strerror or type(error).__name__)
        ) from error  # fmt: skip


def saw(what: str) -> None:
    """Ask for the right to single interactions, and log once in a session that these are seen. Raises NotAllowed, NotLogged."""
    needs("single")
    seen: set[tuple[str, str]] = st.session_state.setdefault(_SEEN, set())
    if (one := (person().name, what)) not in seen:
        note("saw", what)
        seen.add(one)


def taken(file: str, make: Callable[[], T], *acts: str) -> Callable[[], T]:
    """What makes a file that is downloaded, as whoever looks now: a file is made outside of their script.

    It asks for the right to download and for these, and logs the file's name before it is made.
    """
    one = person()

    def made() -> T:
        with acting_as(one):
            needs("download", *acts)
            note("took", file)
            return make()

    return made


def signed(typed: str) -> str:
    """Under which name something is written: the address of whoever signed in, or else what they typed."""
    return person().name or typed


def signature(label: str, key: str, longest: int | None = None, typed: str = "") -> str:
    """Ask for the viewer's name where nobody signed in; under which name they write."""
    if person().name:
        return signed("")
    return st.text_input(label, typed, max_chars=longest, key=key)


def sees(page: str) -> bool:
    """Whether a page is listed for whoever looks; who has access is told where people sign in, and nowhere else."""
    return person().sees(page) and (page != "people" or signing.asked())

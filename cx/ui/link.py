"""What a viewer chose: kept in the link and across pages, by names that are the same in every language.

Streamlit's own binding of a widget to the link writes the words that the viewer sees; a link that is passed on must
mean the same to a colleague who reads another language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

_KEPT, _PAGE, _MOVED = "chosen", "page", "moved"


def arrived(page: str) -> None:
    """Say which page the viewer is on; call it once in app.py, before the page runs."""
    moved = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE], st.session_state[_MOVED] = page, moved


def restore(names: Iterable[str]) -> None:
    """Bring the link and what was chosen on another page together; the link is right where both speak.

    Where the viewer stays on the page, the link alone is right: Back has taken out of it what was chosen last.
    """
    kept, moved = _kept(), st.session_state.get(_MOVED, True)
    for name in names:
        st.session_state.pop(_key(name), None)  # so that its widget starts at what is chosen
        if name in st.query_params:
            kept[name] = st.query_params.get_all(name)
        elif moved and kept.get(name):
            st.query_params[name] = kept[name]
        else:
            kept.pop(name, None)


def chosen(name: str) -> list[str]:
    """The values chosen for this name; empty where nothing was."""
    return _kept().get(name, [])


def first(name: str) -> str:
    """The first value chosen for this name; '' where nothing was."""
    return (chosen(name) or [""])[0]


def toggle(name: str, value: str) -> None:
    """Choose this value alone, or nothing where it was chosen already."""
    choose(name, [] if chosen(name) == [value] else [value])


def choose(name: str, values: Sequence[str]) -> None:
    """Choose these values from now on; none takes the name out of the link."""
    _kept()[name] = list(values)
    if values:
        st.query_params[name] = list(values)
    elif name in st.query_params:
        del st.query_params[name]


def widget(name: str, value: object, told: Callable[[object], list[str]]) -> tuple[str, Callable[[], None]]:
    """A key for a widget that starts at this value, and a callback that writes what it was changed to."""
    key = _key(name)
    if key not in st.session_state:
        st.session_state[key] = value
    return key, lambda: choose(name, told(st.session_state[key]))


def forget(name: str) -> None:
    """Choose nothing, and let the widget start anew."""
    choose(name, [])
    st.session_state.pop(_key(name), None)


def _key(name: str) -> str:
    return f"choose_{name}"


def _kept() -> dict[str, list[str]]:
    kept: dict[str, list[str]] = st.session_state.setdefault(_KEPT, {})
    return kept

"""What a viewer chose: kept in the link and across pages, by names that are the same in every language.

Streamlit's own binding of a widget to the link writes the words that the viewer sees; a link that is passed on must
mean the same to a colleague who reads another language.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import streamlit as st

from cx.telling.values import plain_text
from cx.words import t

RENAMED: dict[str, str] = {}
"""Names in links of earlier versions, and what they are called now. A name that changes is written here, for ever."""
RENAMED_VALUES: dict[str, dict[str, str]] = {}
"""By today's name: values in links of earlier versions, and what they are called now."""

DOOR = "door"
"""The name by which a link says through which front door the viewer came."""

_KEPT, _PAGE, _MOVED = "chosen", "page", "moved"
_OPENED, _UNDERSTOOD, _IGNORED = "opened-with", "understood", "ignored"
_LONGEST = 40


def arrived(page: str) -> bool:
    """Say which page the viewer is on; call it once in app.py, before the page runs. True where a session begins with it."""
    begun = _PAGE not in st.session_state
    if begun:
        _opened()
    moved = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE], st.session_state[_MOVED] = page, moved
    return begun


def page() -> str:
    """The page that the viewer is on, as `arrived` was told; '' before that."""
    return str(st.session_state.get(_PAGE, ""))


def moved() -> bool:
    """Whether this run of the script is the first on the page that it shows."""
    return bool(st.session_state.get(_MOVED, True))


def _opened() -> None:
    """Take up the link that the viewer came by: what earlier versions called otherwise is called as today."""
    brought = {name: st.query_params.get_all(name) for name in st.query_params}
    told = today(brought)
    if told != brought:
        st.query_params.from_dict(told)
    st.session_state[_OPENED] = told


def today(query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """A link's names and values as this version calls them; where both an old and a new name stand, the new one counts."""
    told: dict[str, list[str]] = {}
    for name, values in query.items():
        now = RENAMED.get(name, name)
        if now == name or now not in query:
            told[now] = [RENAMED_VALUES.get(now, {}).get(value, value) for value in values]
    return told


def restore(names: Iterable[str]) -> None:
    """Bring the link and what was chosen on another page together; the link is right where both speak.

    Where the viewer stays on the page, the link alone is right: Back has taken out of it what was chosen last.
    """
    kept, back = _kept(), {}
    for name in names:
        _understood().add(name)
        st.session_state.pop(_key(name), None)  # so that its widget starts at what is chosen
        if name in st.query_params:
            kept[name] = st.query_params.get_all(name)
        elif moved() and kept.get(name):
            back[name] = kept[name]
        else:
            kept.pop(name, None)
    if back:
        st.query_params.update(back)  # at once: each change is a step of the browser's Back


def chosen(name: str) -> list[str]:
    """The values chosen for this name; empty where nothing was."""
    return _kept().get(name, [])


def offered(name: str, values: Collection[str]) -> list[str]:
    """The values chosen for this name that are among these; what the opened link asks for beyond them is told."""
    for value in chosen(name):
        if value not in values and value in st.session_state.get(_OPENED, {}).get(name, []):
            st.session_state.setdefault(_IGNORED, []).append((name, value))
    return [value for value in chosen(name) if value in values]


def one(name: str, values: Collection[str]) -> str:
    """The first value chosen for this name that is among these, as `offered` tells it; '' where there is none."""
    return (offered(name, values) or [""])[0]


def note(known: Mapping[str, Collection[str]]) -> None:
    """Say, once, what the opened link asks for that is not known here; call it in app.py after the page has run.

    `known` has the values of the names that no page looks at.
    """
    for name, values in known.items():
        offered(name, values)
    opened: dict[str, list[str]] = st.session_state.pop(_OPENED, {})
    left_out = st.session_state.pop(_IGNORED, [])
    strange = [
        (name, value) for name, values in opened.items() if name not in _understood() for value in values
    ]
    if asked := dict.fromkeys([*left_out, *strange]):
        told = ", ".join(plain_text(f"{name}={value}"[:_LONGEST]) for name, value in asked)
        st.toast(t("The link asks for something that is not known here and was left out: {what}", what=told),
                 icon=":material/link_off:", duration="long")  # fmt: skip


def start(query: Mapping[str, Sequence[str]]) -> None:
    """Choose this and nothing else, in place of all that was chosen before."""
    for name in _kept():
        st.session_state.pop(_key(name), None)
    st.session_state[_KEPT] = {name: [*values] for name, values in query.items()}
    st.query_params.from_dict(query)


def keep(name: str, values: Sequence[str]) -> None:
    """Have these values stand in the link as soon as the page restores this name."""
    _kept()[name] = list(values)


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


def _understood() -> set[str]:
    understood: set[str] = st.session_state.setdefault(_UNDERSTOOD, set())
    return understood

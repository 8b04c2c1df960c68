"""Signing in by the company's own provider (OIDC): what .streamlit/secrets.toml says of it, and who has signed in.

Without [auth] there nobody signs in, and the server answers its own machine alone. With it everyone does, and what is not
whole in it ends the server at its start: a sign-in that lets everyone in by a slip of the pen is none. It is read once, so
that nothing written later opens a server that runs. Who somebody is, Streamlit keeps in a signed cookie; how long that
holds, and whether it was given back, is decided here.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeGuard

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from cx.access import NOBODY, Person, audit
from cx.access.people import FILE, People, people
from cx.access.person import acting_as, known_by
from cx.errors import BadReference
from cx.folders import Folders
from cx.ui.providers import Settings, configured

EARLY_SECONDS = 300
"""By so much the provider's clock may be ahead of this machine's."""
MOST_REMEMBERED = 100_000
SECONDS = 3600

_CLAIMS = ("iss", "sub", "aud", "iat", "nonce", "provider")
"""What tells one sign-in from every other."""
_DRAWN_FOR = "drawn-for"
_noted: dict[tuple[str, str], None] = {}
_ended: dict[str, None] = {}
_lock = threading.Lock()


@cache
def settings() -> Settings | None:
    """What was configured when the server began; None where nobody signs in. Raises CannotSignIn."""
    return configured()


def asked() -> bool:
    """Whether whoever comes has to sign in. Raises CannotSignIn."""
    return settings() is not None


def begin() -> None:
    """Have everything that is asked from now on be asked as whoever signed in, where people do. Raises CannotSignIn."""
    if asked():
        known_by(viewer)


def viewer() -> Person:
    """Who looks: nobody outside of a viewer's own script."""
    return who(claims())


def who(told: Mapping[str, Any]) -> Person:
    """Who has these claims, as access.toml has it now; nobody where it cannot be understood."""
    try:
        return _people().person(told) if told else NOBODY
    except BadReference:
        return NOBODY


def trouble() -> str:
    """What is wrong in access.toml; '' where it can be understood."""
    try:
        _people()
    except BadReference as error:
        return str(error)
    return ""


def drawn_for(one: Person) -> None:
    """Say for whom the page is being drawn."""
    st.session_state[_DRAWN_FOR] = one


def changed() -> bool:
    """Whether whoever looks is no longer who the page was drawn for: signed out, or with another role or other rows."""
    return asked() and st.session_state.get(_DRAWN_FOR) != viewer()


def claims() -> Mapping[str, Any]:
    """What the provider told of the viewer; empty where they are not signed in, or no longer."""
    if get_script_run_ctx() is None:
        return {}
    told: Mapping[str, Any] = st.user.to_dict()
    return told if _stands(told) else {}


def lapsed() -> bool:
    """Whether the viewer was signed in, and is no longer."""
    told: Mapping[str, Any] = st.user.to_dict()
    return bool(told.get("is_logged_in")) and not _stands(told)


def brought(cookies: Mapping[str, str]) -> Mapping[str, Any]:
    """The same of whoever sends a request with these cookies, outside of any script."""
    try:
        signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
        told = json.loads(signed) if signed else {}
    except (ValueError, UnicodeError):
        return {}
    return told if isinstance(told, dict) and _stands(told) else {}


def until(told: Mapping[str, Any]) -> float:
    """The moment (Unix time) from which these claims are worth nothing; 0 where they do not say since when they hold."""
    rules, begun, end = settings(), told.get("iat"), told.get("exp")
    if rules is None or not _number(begun):
        return 0.0
    own = float(begun) + rules.hours * SECONDS
    return min(own, float(end) if _number(end) else 0.0) if rules.as_token else own


def note(told: Mapping[str, Any], deed: str) -> None:
    """Write down, once for a sign-in, that somebody signed in or was refused. Raises OSError where that cannot be written."""
    with _lock:
        if (one := (_which(told), deed)) in _noted:
            return
        audit.note(Folders.default().audit, deed)
        _remember(_noted, one)


def end(told: Mapping[str, Any]) -> None:
    """Let this sign-in be over, in every window and wherever its cookie was taken. Raises OSError where it cannot be logged."""
    one = _which(told)
    with _lock:
        if not told or one in _ended:
            return
        _remember(_ended, one)
    with acting_as(who(told)):
        audit.note(Folders.default().audit, "signed out")


def _stands(told: Mapping[str, Any]) -> bool:
    rules, begun = settings(), told.get("iat")
    return (
        rules is not None
        and told.get("is_logged_in") is True
        and told.get("provider") in rules.providers
        and _number(begun)
        and float(begun) - EARLY_SECONDS <= time.time() < until(told)
        and _which(told) not in _ended
    )


def _which(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([told.get(name) for name in _CLAIMS]).encode()).hexdigest()


def _number(told: object) -> TypeGuard[float]:
    return isinstance(told, int | float) and not isinstance(told, bool)


def _remember(those: dict[Any, None], one: object) -> None:
    those[one] = None
    while len(those) > MOST_REMEMBERED:
        del those[next(iter(those))]


def _people() -> People:
    folder = Folders.default().reference
    try:
        about = (folder / FILE).stat()
    except OSError:
        return people(folder)
    return _read(folder, (about.st_mtime_ns, about.st_size, about.st_ino))


@lru_cache(maxsize=4)
def _read(folder: Path, _stamp: tuple[int, ...]) -> People:
    return people(folder)

"""What is refused before anything of the server looks at it, whoever asks.

It stands first among the routes, and takes what is to be refused; everything else goes on to those after it. Streamlit
asks for a known Host on its websocket alone, takes any local page for a trusted origin, and looks its own address up on
the internet when a foreign one comes.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, URLPath
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from cx.ui import listening, signing
from cx.words import mark, t

CLOSED = ("_stcore/metrics", "_stcore/agent", "_stcore/script-health-check")
"""What Streamlit says of its inside, and its way for programs to use the pages."""

NAMELESS = ("api", "_stcore/health")
"""Answered under any name of the host: they say nothing, or ask for a secret. Monitors ask by number."""

FILES = {"media": "download", "_stcore/upload_file": "upload"}
"""Files that a page hands out or takes, and the right that this is."""

SIGNING_OUT = ("auth/logout",)

_OWN_SITE = ("same-origin", "none")
_READING = ("GET", "HEAD", "OPTIONS")
_FRAMES = ("iframe", "frame", "embed", "object")


class Refusal(NamedTuple):
    """A status of HTTP, and what to do, in words."""

    status: int
    told: str


ELSEWHERE = Refusal(
    403,
    mark("This dashboard answers its own machine only. Whoever runs it can change that: docs/operations.md."),
)
UNKNOWN = Refusal(
    421,
    mark("This dashboard is not known under this name. Whoever runs it can name it in server.allowedHosts."),
)
FOREIGN = Refusal(403, mark("Another site asked for this. Open the dashboard itself, and try again there."))
FRAMED = Refusal(403, mark("Another site shows this within its own page. Open the dashboard itself."))
SIGNED_OUT = Refusal(403, mark("Sign in first, with an account that may do this."))
NOTHING = Refusal(404, mark("There is nothing here."))


class Guard(BaseRoute):
    """The route of all that is refused, below a base path."""

    def __init__(self, base: str) -> None:
        self._base = base

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """All of what is refused, and nothing else."""
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        refused = _refused(scope, self._base)
        return (Match.FULL, {"refused": refused}) if refused else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse it: a page in words, a websocket by closing it before it is open."""
        if scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
            return
        status, told = scope["refused"]
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        await PlainTextResponse(f"{t(told)}\n", status, headers)(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """It has no address of its own."""
        raise NoMatchFound(name, path_params)


def _refused(scope: Scope, base: str) -> Refusal | None:
    headers = Headers(scope=scope)
    path = str(scope["path"]).removeprefix(base).lstrip("/")
    if not (_came_from_here(scope) or listening.open_to_others()):
        return ELSEWHERE
    if not (_under(path, NAMELESS) or all(map(is_host_allowed, headers.getlist("host") or [""]))):
        return UNKNOWN
    if (scope["type"] == "websocket" or scope["method"] not in _READING) and not _of_this_site(headers):
        return FOREIGN
    if _under(path, SIGNING_OUT) and headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        return FOREIGN
    if not _let_in(path, headers):
        return SIGNED_OUT
    if _framed(headers) and not st.get_option("client.allowedOrigins"):
        return FRAMED
    return NOTHING if _under(path, CLOSED) else None


def _let_in(path: str, headers: Headers) -> bool:
    """Whether who asks may: files that pages handed out and take are for those who signed in and have the right to them."""
    act = next((act for place, act in FILES.items() if _under(path, (place,))), None)
    if act is None or not signing.asked():
        return True
    return signing.who(signing.brought(cookie_parser(headers.get("cookie", "")))).may(act)


def _came_from_here(scope: Scope) -> bool:
    """Whether the connection came in by an address that only this machine can reach: loopback, or a socket in a folder."""
    where = scope.get("server")
    return where is not None and (where[1] is None or listening.own(str(where[0])))


def _under(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _framed(headers: Headers) -> bool:
    """Whether a page of another site asks for this to be shown within it, as browsers tell where they trust the connection."""
    return (
        headers.get("sec-fetch-dest") in _FRAMES
        and headers.get("sec-fetch-site", "same-origin") != "same-origin"
    )


def _of_this_site(headers: Headers) -> bool:
    """Whether no browser asks, or a page of this very host and port, or of an origin that server.corsAllowedOrigins names."""
    origin, host = headers.get("origin"), headers.get("host", "")
    if origin is None or origin in st.get_option("server.corsAllowedOrigins"):
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False

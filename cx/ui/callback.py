"""The addresses by which a browser goes to the provider and comes back: Streamlit's own, and what they leave out.

Somebody who followed a link and had to sign in comes back to that link, with its filters; Streamlit leads all to the start.
The identity cookie holds for as long as the sign-in does, and travels by https alone where people come by it. Whoever signs
out is signed out in every window.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from streamlit.web.server.starlette.starlette_auth_routes import create_auth_routes
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from cx.access.roles import PAGES
from cx.errors import CxError
from cx.ui import signing

COOKIE = "cx_target"
"""Where somebody was when they went to sign in, for as long as that takes."""
TARGET_SECONDS = 600
LONGEST = 3000

Endpoint = Callable[[Request], Awaitable[Response]]
_log = logging.getLogger(__name__)


def routes(base: str) -> list[BaseRoute]:
    """Streamlit's three addresses of sign-in, and what is done beside."""
    wrappers: dict[str, Callable[[Endpoint, str], Endpoint]] = {
        "login": _leaving,
        "logout": _ending,
        "oauth2callback": _returning,
    }
    streamlits = {route.path.rpartition("/")[2]: route for route in create_auth_routes(base)}
    return [
        Route(streamlits[name].path, wrap(streamlits[name].endpoint, base), methods=["GET"])
        for name, wrap in wrappers.items()
    ]


def target(address: str, base: str) -> str:
    """The page and the filters of an address of this site, put together anew; '' where it leads to no page of the dashboard.

    Only the names of pages and the pairs of the query are taken over, so it leads nowhere else, whatever it was made of.
    """
    try:
        found = urlsplit(address)
        pairs = parse_qsl(found.query, max_num_fields=200)
    except ValueError:
        return ""
    page = found.path.removeprefix(f"{base}/") if found.path.startswith(f"{base}/") else None
    if page is None or page not in ("", *PAGES):
        return ""
    query = f"?{urlencode(pairs)}" if pairs else ""
    told = f"{base}/{page}{query}"
    return told if len(told) <= LONGEST else f"{base}/{page}"


def _leaving(streamlits: Endpoint, base: str) -> Endpoint:
    async def leave(request: Request) -> Response:
        response = await streamlits(request)
        came_from = request.headers.get("referer", "")
        if signing.asked() and _same_site(came_from, request) and (told := target(came_from, base)):
            response.set_cookie(COOKIE, quote(told, safe=""), TARGET_SECONDS, path=base or "/", httponly=True, samesite="lax",
                                secure=_encrypted())  # fmt: skip
        return response

    return leave


def _returning(streamlits: Endpoint, base: str) -> Endpoint:
    async def come_back(request: Request) -> Response:
        response = await streamlits(request)
        kept = request.cookies.get(COOKIE)
        if signing.asked() and kept is not None:
            told = unquote(kept)
            # A target of another origin is none: see `target`, which takes no host over.
            response.headers["location"] = target(told, base) or response.headers["location"]
            response.delete_cookie(COOKIE, path=base or "/")
        _hold(response)
        return response

    return come_back


def _ending(streamlits: Endpoint, base: str) -> Endpoint:
    async def sign_out(request: Request) -> Response:
        if told := signing.brought(request.cookies):
            try:
                await asyncio.to_thread(signing.end, told)
            except (CxError, OSError) as error:
                _log.error("a sign-out could not be logged: %s", type(error).__name__)
        return await streamlits(request)

    return sign_out


def _same_site(address: str, request: Request) -> bool:
    try:
        return urlsplit(address).netloc.lower() == request.headers.get("host", "").lower() != ""
    except ValueError:
        return False


def _encrypted() -> bool:
    rules = signing.settings()
    return rules is not None and rules.encrypted


def _hold(response: Response) -> None:
    """Have the browser keep who somebody is for as long as the sign-in holds, and send it by https alone where they come by it."""
    if (rules := signing.settings()) is None:
        return
    age = f"Max-Age={int(rules.hours * signing.SECONDS)}"
    response.raw_headers[:] = [
        (name, _kept(value.decode("latin-1"), age, rules.encrypted).encode("latin-1") if name == b"set-cookie" else value)
        for name, value in response.raw_headers
    ]  # fmt: skip


def _kept(cookie: str, age: str, encrypted: bool) -> str:
    if not cookie.startswith(USER_COOKIE_NAME) or re.search(r"Max-Age=0\b", cookie, re.IGNORECASE):
        return cookie
    told = re.sub(r"Max-Age=\d+", age, cookie, flags=re.IGNORECASE)
    return f"{told}; Secure" if encrypted else told

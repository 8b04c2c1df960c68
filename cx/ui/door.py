"""The door of the running server for the command line of the user who owns the data.

The server writes down where it is and a secret, in a file that only its owner can read; a request that carries
the secret is answered (the asking side is `cx.owner`).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from cx.access import OWNER, acting_as
from cx.owner import TOKEN_HEADER

EVERYWHERE = ("", "0.0.0.0", "::")  # bound to every address: the local one is among them

_token = secrets.token_urlsafe(32)


def route(path: str, answer: Callable[..., dict[str, Any]], *, told: bool = False) -> Route:
    """A route that answers the bearer of the secret with this, as JSON, and everyone else with 403.

    Where it is `told` something, it takes a POST, and passes the fields of its JSON on.
    """

    async def answered(request: Request) -> JSONResponse:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), _token.encode()):
            return JSONResponse({"error": "This is for the owner of the data."}, status_code=403)
        fields = await request.json() if told else {}
        with acting_as(OWNER):
            told_back = await asyncio.to_thread(answer, **fields)
        return JSONResponse(told_back, headers={"cache-control": "no-store"})

    return Route(path, answered, methods=["POST" if told else "GET"])


@contextmanager
def announced(file: Path, base: str) -> Iterator[None]:
    """Keep the file that tells the owner's command line where the server is, for as long as this is open."""
    told = {"url": _url(base), "token": _token, "pid": os.getpid()}
    _write_for_owner(file, json.dumps(told))
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            file.unlink()


def _url(base: str) -> str:
    address = str(st.get_option("server.address") or "")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    host = "localhost" if address in EVERYWHERE else f"[{address}]" if ":" in address else address
    return f"{scheme}://{host}:{st.get_option('server.port')}{base}"


def _write_for_owner(file: Path, text: str) -> None:
    """Write the file whole, readable by its owner alone from its first byte."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
    draft.replace(file)

"""Asking the server that owns the store, from another process of the same user."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from cx.folders import Folders

TOKEN_HEADER = "X-CX-Owner"
PATIENCE_SECONDS = 5.0


def asks(folders: Folders, what: str = "doctor") -> dict[str, Any] | None:
    """What the running server says of its store, or of its surges ('check'); None where no server runs on these folders."""
    try:
        told = json.loads(folders.server.read_text(encoding="utf-8"))
        request = Request(f"{told['url']}/api/{what}", headers={TOKEN_HEADER: told["token"]})
        direct = build_opener(ProxyHandler({}))
        with direct.open(request, timeout=PATIENCE_SECONDS) as answer:
            answered: dict[str, Any] = json.load(answer)
            return answered
    except (OSError, URLError, ValueError, KeyError):
        return None

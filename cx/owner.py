"""Asking the server that owns the store, from another process of the same user."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from cx.folders import Folders

TOKEN_HEADER = "X-CX-Owner"
PATIENCE_SECONDS = 5.0
LONGER_SECONDS = 600.0
"""For what changes the store, and may have to wait for an export that is being taken in."""


def asks(
    folders: Folders, what: str = "doctor", told: Mapping[str, object] | None = None
) -> dict[str, Any] | None:
    """What the running server says of its store, of its surges ('check'), or of what it is `told` to do ('undo', 'forget').

    None where no server runs on these folders.
    """
    try:
        door = json.loads(folders.server.read_text(encoding="utf-8"))
        body = None if told is None else json.dumps(told).encode()
        request = Request(f"{door['url']}/api/{what}", body, {TOKEN_HEADER: door["token"]})
        direct = build_opener(ProxyHandler({}))
        patience = PATIENCE_SECONDS if told is None else LONGER_SECONDS
        with direct.open(request, timeout=patience) as answer:
            answered: dict[str, Any] = json.load(answer)
            return answered
    except (OSError, URLError, ValueError, KeyError):
        return None

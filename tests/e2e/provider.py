"""A real OIDC provider on this machine, and secrets that have people sign in by it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import oidc_provider_mock
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

COOKIE = "_streamlit_user"
SECRET = "a secret that only this test knows, of length"
SECRETS = """
[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "{secret}"
client_id = "cx"
client_secret = "marked-client-secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@contextmanager
def providing(*addresses: str, **claims: Mapping[str, Any]) -> Iterator[str]:
    """The address of a provider that knows these people by a click each; `claims`: what else it tells of one, by their subject."""
    people = [oidc_provider_mock.User(sub=one, claims={"email": one}) for one in addresses]
    people += [oidc_provider_mock.User(sub=sub, claims=dict(told)) for sub, told in claims.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


def secrets(path: Path, url: str, provider: str = "http://localhost:9", more: str = "") -> str:
    """Write secrets for a dashboard at this address; where they are."""
    path.write_text(SECRETS.format(url=url, provider=provider, secret=SECRET) + more)
    return str(path)


def cookie(url: str, email: str, hours_ago: float = 0, secret: str = SECRET, **more: Any) -> str:
    """The value of the identity cookie that somebody has who signed in so long ago."""
    begun = time.time() - 3600 * hours_ago
    told = {"email": email, "sub": email, "iss": "i", "iat": begun, "exp": begun + 3600, "provider": "default",
            "is_logged_in": True, "origin": url, **more}  # fmt: skip
    return create_signed_value(secret, COOKIE, json.dumps(told)).decode()

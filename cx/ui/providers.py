"""[auth] and [access] of .streamlit/secrets.toml: which providers people sign in by, and for how long. No message has a value of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import streamlit as st
from streamlit.auth_util import is_authlib_installed
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from cx.errors import CxError
from cx.words import t

UNNAMED = "default"
"""What Streamlit calls the provider whose settings stand in [auth] itself."""
NEEDED = ("client_id", "client_secret", "server_metadata_url")
SHORTEST_SECRET = 32
"""Characters of cookie_secret: whoever guesses it can be anyone."""
HOURS = 12.0
"""How long a sign-in holds where [access] says nothing else: a working day."""
CALLBACK = "oauth2callback"

_SHARED = ("client_kwargs",)
_ACCESS = ("hours", "as_token")


class CannotSignIn(CxError):
    """People are to sign in, and what is configured for it is not whole."""


class Settings(NamedTuple):
    """By which providers people sign in ('default' is the unnamed one), where they come back to, and for how many hours it holds;
    `as_token`: no longer than the provider's own token says."""

    providers: tuple[str, ...]
    redirect_uri: str
    hours: float
    as_token: bool

    @property
    def encrypted(self) -> bool:
        """Whether browsers come by https."""
        return self.redirect_uri.startswith("https:")


def configured() -> Settings | None:
    """What the secrets say; None where they have no [auth]. Raises CannotSignIn where they cannot be read, and as `read`."""
    return read(_secrets())


def read(told: Mapping[str, Any]) -> Settings | None:
    """What these secrets say of sign-in; None where they have no [auth]. Raises CannotSignIn with all that is missing or wrong."""
    if "auth" not in told and "access" not in told:
        return None
    auth, access = _table(told, "auth"), _table(told, "access")
    if wrong := [*_wrong_auth(auth), *_wrong_access(access), *_wrong_around()]:
        raise CannotSignIn(
            t("People are to sign in, and what the secrets say of it is not whole. Nothing was started. What is wrong: {wrong} "
              "docs/sharing.md shows it whole.", wrong=" ".join(wrong))
        )  # fmt: skip
    hours = access.get("hours", HOURS)
    return Settings(_providers(auth), _address(auth), float(hours), access.get("as_token", False))


def _secrets() -> Mapping[str, Any]:
    try:
        return st.secrets.to_dict()
    except StreamlitSecretNotFoundError as error:
        if not any(Path(file).exists() for file in _files()):
            return {}
        place = re.search(r"line \d+, column \d+|end of document", str(error))
        why = place.group() if place else t("it is no file of settings")
    except (OSError, UnicodeError, TypeError) as error:
        why = getattr(error, "strerror", "") or type(error).__name__
    raise CannotSignIn(
        t("{files} cannot be read ({why}), so it is not known whether people have to sign in. Nothing was started.",
          files=", ".join(_files()), why=why)
    )  # fmt: skip


def _files() -> list[str]:
    return [str(file) for file in st.get_option("secrets.files")]


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    return found if isinstance(found, Mapping) else {"": found}


def _providers(auth: Mapping[str, Any]) -> tuple[str, ...]:
    named = [name for name, told in auth.items() if isinstance(told, Mapping) and name not in _SHARED]
    return (UNNAMED, *named) if any(key in auth for key in NEEDED) or not named else tuple(named)


def _address(auth: Mapping[str, Any]) -> str:
    told = auth.get("redirect_uri", "")
    return told.replace("{port}", str(st.get_option("server.port"))) if isinstance(told, str) else ""


def _wrong_auth(auth: Mapping[str, Any]) -> Iterator[str]:
    for name in _providers(auth):
        section = f"auth.{name}" if name != UNNAMED or isinstance(auth.get(name), Mapping) else "auth"
        of_it = auth[name] if section != "auth" else auth
        if missing := [key for key in NEEDED if not (isinstance(of_it.get(key), str) and of_it[key].strip())]:
            yield t("[{section}] lacks {keys}.", section=section, keys=", ".join(missing))
        elif not _sound(_split(of_it["server_metadata_url"])):
            yield t("server_metadata_url of [{section}] is to begin with https://, or to be on this machine.", section=section)  # fmt: skip
        if "_" in name:
            yield t("[{section}]: a provider's name may hold no underscore.", section=section)
    secret = auth.get("cookie_secret", "")
    if not isinstance(secret, str) or len(secret.strip()) < SHORTEST_SECRET:
        yield t("cookie_secret of [auth] is missing or shorter than {n} characters.", n=SHORTEST_SECRET)
    yield from _wrong_address(_address(auth))


def _wrong_address(told: str) -> Iterator[str]:
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    path = f"/{base}/{CALLBACK}" if base else f"/{CALLBACK}"
    if not told:
        yield t("redirect_uri of [auth] is missing.")
        return
    found = _split(told)
    if not _sound(found):
        yield t("redirect_uri of [auth] is to begin with https://, or with http://localhost.")
    elif (found.path, found.query, found.fragment) != (path, "", ""):
        yield t("redirect_uri of [auth] is to end with {path}.", path=path)
    elif not is_host_allowed(found.netloc):
        yield t("server.allowedHosts does not hold the name in redirect_uri of [auth].")


def _wrong_access(access: Mapping[str, Any]) -> Iterator[str]:
    for key in access:
        if key not in _ACCESS:
            yield t(
                "[access] has no setting called '{key}'; it has {known}.", key=key, known=", ".join(_ACCESS)
            )
    hours, as_token = access.get("hours", HOURS), access.get("as_token", False)
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= 24 * 30:
        yield t("hours of [access] is to be a number above 0 and up to {n}.", n=24 * 30)
    if not isinstance(as_token, bool):
        yield t("as_token of [access] is to be true or false.")


def _wrong_around() -> Iterator[str]:
    if not is_authlib_installed():
        yield t("The package Authlib is not installed; it is in requirements.txt.")
    if st.get_option("server.trustedUserHeaders"):
        # They override what the provider told, and anyone can send a header.
        yield t("server.trustedUserHeaders takes whatever a request says of its sender; leave it out.")


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _sound(found: SplitResult) -> bool:
    """Whether nobody on the way can read what goes to this address."""
    host = found.hostname or ""
    return bool(host) and (found.scheme == "https" or (found.scheme == "http" and _own(host)))


def _own(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

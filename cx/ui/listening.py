"""Whom the server answers: its own machine, unless people have to sign in, or it is said in plain words that others are meant.

Where nobody signs in, whoever reaches the server sees everything and may change it. So it does not start where it would
listen for other machines, and a connection that came in by another address than loopback is refused (`cx.ui.guard`).
"""

from __future__ import annotations

import logging
import os
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import streamlit as st

from cx.errors import CxError
from cx.ui import signing
from cx.words import t

VARIABLE = "CX_OPEN_TO_ALL"
MEANT = "I know that everyone who reaches this address sees and changes everything"
"""What the variable says, word for word, where it is meant."""

EVERYWHERE = "0.0.0.0"
"""Where Streamlit listens when no address is set: on every one that the machine has, of IPv6 as well."""

_log = logging.getLogger(__name__)


class OpenToOthers(CxError):
    """The server would answer other machines, and nothing asks who they are."""


def refuse_others() -> None:
    """Raises OpenToOthers where other machines could reach the server, nobody has to sign in and nobody said that this is meant.

    Raises CannotSignIn where people are to sign in and cannot.
    """
    address = str(st.get_option("server.address") or EVERYWHERE)
    if signing.asked() or own(address):
        return
    if not meant():
        raise OpenToOthers(
            t(
                "It would listen on {address}, which other machines can reach, and there is no sign-in: whoever reaches it "
                "sees and changes everything. Nothing was started. Leave server.address at localhost; have people sign in "
                '(docs/sharing.md); or, where this is meant, set {variable}="{meant}".',
                address=address,
                variable=VARIABLE,
                meant=MEANT,
            )
        )
    _log.warning(
        "listening on %s without sign-in: everyone who reaches it sees and changes everything", address
    )


def open_to_others() -> bool:
    """Whether other machines are answered: people sign in, or it was said that everyone is meant."""
    return signing.asked() or meant()


def meant() -> bool:
    """Whether it was said that everyone may see and change everything."""
    return os.environ.get(VARIABLE, "").strip().rstrip(".") == MEANT


def own(address: str) -> bool:
    """Whether this address, by number or by name, is one that only this machine can reach; False where that is not known."""
    try:
        found = socket.getaddrinfo(address.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(_loopback(str(where[0])) for *_, where in found)


def _loopback(number: str) -> bool:
    address: IPv4Address | IPv6Address = ip_address(number.partition("%")[0])
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (inner or address).is_loopback

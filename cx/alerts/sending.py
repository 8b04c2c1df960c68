"""The delivery of one message to one address, by apprise: taken, refused, or nobody knows.

Only what was refused for sure is tried again. So a message that got lost in between may be missed, and none comes twice:
a connection that broke off after the message went counts as unknown. apprise's own retries are off, as it repeats both.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from cx.alerts.facts import State
from cx.words import t

APP = "CX dashboard"
_NOBODY = re.compile(
    r"refused|newconnectionerror|failed to establish|nameresolution|name or service|no route to host|network is unreachable"
    r"|connecttimeout|connect timeout|certificate verify|nodename nor servname|temporary failure in name",
    re.IGNORECASE,
)
"""What says that the connection never came about."""
_STATUS = re.compile(r"\berror=(\d{3})\b|\((\d{3}), b['\"]|: \((\d{3}),")
"""The status with which a web or mail server answered, in the words of apprise and of smtplib."""
_QUOTES = re.compile(r"payload|^response details", re.IGNORECASE)
"""Lines that quote the message itself, or whatever a server wrote."""
_MAYBE = {408, 502, 504, 520, 522, 524}
"""A server in between gave up: whether the one behind it took the message is not known."""
_UNREACHED = 300
"""From this status on a server has not taken a message."""


class Outcome(NamedTuple):
    """What became of a message, and why, in words without the address."""

    state: State
    said: str = ""


def deliver(url: str, title: str, body: str, files: Sequence[Path] = ()) -> Outcome:
    """Send this once. Never raises; says of what went wrong only what holds no secret."""
    try:
        return _delivered(url, title, body, files)
    except Exception as error:
        return Outcome("unknown", t("it broke off ({error}); it may have arrived and is not sent again", error=type(error).__name__))  # fmt: skip


def _delivered(url: str, title: str, body: str, files: Sequence[Path]) -> Outcome:
    import apprise

    hushed()
    asset = apprise.AppriseAsset(
        app_id=APP, app_desc=APP, app_url="", image_url_mask="", image_url_logo="", theme="",
        async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY,
    )  # fmt: skip
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        return Outcome("failed", t("apprise does not understand the address; see docs/alerts.md"))
    service.retry = 0
    sender = apprise.Apprise(service, asset=asset)
    result = sender.notify(body, title, body_format=apprise.NotifyFormat.TEXT.value,
                           attach=[str(path) for path in files] or None, log_level=logging.DEBUG)  # fmt: skip
    if result:
        return Outcome("sent")
    return judged([entry.message for entry in result.logs()])


def judged(heard: Iterable[str]) -> Outcome:
    """What apprise's own words say of a message that it could not deliver."""
    lines = [line for line in heard if not _QUOTES.search(line)]
    if any(line.startswith("Sent ") for line in lines):
        return Outcome("unknown", t("it reached some of its recipients and not all; it is not sent again"))
    codes = [int(next(filter(None, found))) for line in lines for found in _STATUS.findall(line)]
    if codes and codes[-1] >= _UNREACHED and codes[-1] not in _MAYBE:
        return Outcome("refused", t("the server answered with status {code}", code=codes[-1]))
    if not codes and any(_NOBODY.search(line) for line in lines):
        return Outcome("refused", t("no server answers there"))
    return Outcome("unknown", t("the connection broke off; it may have arrived and is not sent again"))


def hushed() -> None:
    """Keep what would log addresses from every log of this process."""
    for name in ("apprise", "requests_oauthlib", "oauthlib"):
        logging.getLogger(name).propagate = False
    # Its own capture, which `judged` reads, hears of causes on this level only; nobody else hears of anything.
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    for name in ("urllib3", "smtplib"):
        if logging.getLogger(name).level < logging.WARNING:
            logging.getLogger(name).setLevel(logging.WARNING)

"""What each key of a rule may say: how it is read, and on which kinds of rules it means something.

Every reader raises ValueError, in words that follow the key's name. None quotes what may be an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cx.errors import hint
from cx.kpis import KPIS
from cx.model import DIMENSIONS
from cx.query import Filters
from cx.words import t

KINDS = ("surge", "kpi", "target", "freshness", "brief")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_NAME = re.compile(r"[\w-]+")
LONGEST_NAME = 80


def text(value: object) -> str:
    """A short text of one line."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME or "\n" in value:
        raise ValueError(t("must be a short text in quotes"))
    if "://" in value:
        raise ValueError(_secret())
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    """One text or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(text(one) for one in listed))


def names(value: object) -> tuple[str, ...]:
    """Names of addresses, one at least."""
    told = texts(value)
    if not told:
        raise ValueError(t('must name one address at least, such as ["support-lead"]'))
    for name in told:
        if not _NAME.fullmatch(name):
            raise ValueError(_secret())
    return told


def _secret() -> str:
    return t("must be a name such as support-lead, not an address: keep the address in .streamlit/secrets.toml under [alerts], "
             "or in the environment as CX_ALERT_SUPPORT_LEAD")  # fmt: skip


def one_of(known: Iterable[str]) -> Callable[[object], str]:
    """A reader of one of these words."""
    words = tuple(known)

    def parse(value: object) -> str:
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        told = text(value) if isinstance(value, str) else str(value)[:LONGEST_NAME]
        raise ValueError(
            t("is '{value}'; it must be one of {known}.", value=told, known=", ".join(words)) + hint(told, words)
        )  # fmt: skip

    return parse


def measures(value: object) -> tuple[str, ...]:
    """One measure or a list of them, by their names."""
    parse = one_of(KPIS)
    return tuple(parse(one) for one in texts(value))


def filters(value: object) -> Filters:
    """A table of dimensions with the values chosen."""
    if not isinstance(value, dict):
        raise ValueError(t('must be a table, such as { segment = "Office" }'))
    for name in value:
        one_of(DIMENSIONS)(name)
    return Filters(**{name: texts(chosen) for name, chosen in value.items()})


def whole(value: object) -> int:
    """A whole number from 1 on."""
    if type(value) is not int or value < 1:
        raise ValueError(t("must be a whole number from 1 on"))
    return value


def truth(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(t("must be true or false"))
    return value


def clock(value: object) -> time:
    """A time of day."""
    try:
        return time.fromisoformat(value.strip() if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(t('must be a time of day, such as "07:30"')) from error


def hours(value: object) -> tuple[time, time]:
    """From a time of day to another, which may be the next morning."""
    begin, dash, end = str(value).partition("-")
    try:
        told = clock(begin), clock(end)
    except ValueError as error:
        raise ValueError(t('must be two times of day, such as "20:00-07:00"')) from error
    if not dash or told[0] == told[1]:
        raise ValueError(t('must be two times of day that differ, such as "20:00-07:00"'))
    return told


def span(value: object) -> timedelta:
    """A length of time in minutes, hours or days."""
    found = re.fullmatch(r"(\d{1,4}) ?([mhd])", value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(t('must be a length of time, such as "24h", "30m" or "7d"'))
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def weekday(value: object) -> int:
    """A day of the week; 0 is Monday."""
    return DAYS.index(one_of(DAYS)(value))


def url(value: object) -> str:
    """The address of the dashboard, without a slash at its end."""
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise ValueError(t('must be the address of the dashboard, such as "https://cx.example.org"'))
    return str(value).rstrip("/")


def zone(value: object) -> ZoneInfo:
    """A time zone by its name."""
    if not isinstance(value, str) or value not in available_timezones():
        known = hint(str(value), (name.lower() for name in available_timezones()))
        raise ValueError(t('must be a time zone, such as "Europe/Berlin".') + known)
    return ZoneInfo(value)


@dataclass(frozen=True, slots=True)
class Key:
    """How a key is read, and the kinds of rules on which it means something (none: all)."""

    parse: Callable[[object], Any]
    kinds: tuple[str, ...] = ()


KEYS = {
    "name": Key(text),
    "on": Key(one_of(KINDS)),
    "to": Key(names),
    "product": Key(texts, ("surge",)),
    "reason": Key(texts, ("surge",)),
    "cause": Key(one_of(("campaign", "release")), ("surge",)),
    "measure": Key(measures, ("kpi", "target")),
    "filters": Key(filters, ("kpi", "target")),
    "source": Key(texts, ("freshness",)),
    "least": Key(whole, ("surge", "kpi", "target")),
    "quiet": Key(hours),
    "cool_down": Key(span, ("surge", "kpi", "target", "freshness")),
    "resolved": Key(truth, ("surge", "target", "freshness")),
    "better": Key(truth, ("kpi",)),
    "day": Key(weekday, ("brief",)),
    "at": Key(clock, ("brief",)),
    "only_when": Key(one_of(("something", "always")), ("brief",)),
}
"""By their names."""

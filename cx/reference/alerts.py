"""The rules of alerts.toml: of what is somebody told, who, and when not.

    url = "https://cx.example.org"     # where the dashboard is, for the links in messages
    zone = "Europe/Berlin"             # of the hours below; UTC where it is not said
    quiet = "20:00-07:00"              # of every rule that has no quiet hours of its own

    [[rule]]
    name = "Problems in products"
    on = "surge"
    to = ["support-lead"]              # names; their addresses stand in the secrets, never here

A rule that cannot be understood is told by its name and left out; the others stand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cx.errors import BadReference, hint
from cx.query import Filters
from cx.reference import rule_keys as read
from cx.words import enumeration, t

FILE = "alerts.toml"
ENDING = ("surge", "target", "freshness")
"""What lasts until it is over; a week's change and a brief are said once."""
_TOP: dict[str, Callable[[object], Any]] = {"url": read.url, "zone": read.zone, "quiet": read.hours}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is `on`, what of that, and who is told (`to`: names of addresses).

    Nothing chosen means all: products and reasons of surges, measures, sources. `filters` narrow a measure. `least` is the
    fewest complaints or answers that are worth a message. From `quiet[0]` to `quiet[1]` (local time) nothing is
    sent. The same is not said to the same address again within `cool_down`. `resolved`: also say that it is over;
    `better`: also say what got better; `cause`: only surges that a 'campaign' or a 'release' came before. A brief goes on `day`
    (0 is Monday) from the hour `at` on; `always` also where there is nothing to say.
    """

    name: str
    on: str
    to: tuple[str, ...]
    product: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    measure: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    least: int = 1
    quiet: tuple[time, time] | None = None
    cool_down: timedelta = timedelta(hours=24)
    resolved: bool = False
    better: bool = False
    cause: str = ""
    day: int = 0
    at: time = time(8)
    only_when: str = "something"

    def silent(self, local: time) -> bool:
        """Whether this time of day lies in the quiet hours, which may run over midnight."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        return begin <= local < end if begin < end else local >= begin or local < end


@dataclass(frozen=True, slots=True)
class Alerts:
    """The rules that stand, and what is wrong with the others; `url` is the base of links, '' where it is not said."""

    rules: tuple[Rule, ...] = ()
    url: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    problems: tuple[str, ...] = ()

    def local(self, moment: datetime) -> datetime:
        """A moment (naive UTC) by the clock of the rules."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all addresses that rules send to, each once."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.to))

    def only(self, names: Collection[str]) -> Alerts:
        """The rules as far as they send to these addresses."""
        kept = [replace(rule, to=tuple(name for name in rule.to if name in names)) for rule in self.rules]
        return replace(self, rules=tuple(rule for rule in kept if rule.to))


def alerts(folder: Path) -> Alerts:
    """What alerts.toml says; no file is no rule. What is wrong is told among the `problems`."""
    path = folder / FILE
    if not path.exists():
        return Alerts()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Alerts(problems=(t("{file} cannot be read: {reason}", file=FILE, reason=error),))
    problems = [_unknown(name) for name in told if name not in (*_TOP, "rule")]
    url, zone, quiet = (_top(told, name, parse, problems) for name, parse in _TOP.items())
    rules: list[Rule] = []
    listed = told.get("rule", [])
    for place, row in enumerate(listed if isinstance(listed, list) else [listed], start=1):
        try:
            rules.append(_rule(row, quiet, [rule.name for rule in rules]))
        except ValueError as error:
            problems.append(_wrong(row, place, error))
    return Alerts(tuple(rules), url or "", zone or ZoneInfo("UTC"), tuple(problems))


def sound(folder: Path) -> Alerts:
    """The same for who wants to know whether all of it stands. Raises BadReference with everything that is wrong."""
    told = alerts(folder)
    if told.problems:
        raise BadReference(" ".join(told.problems))
    return told


def _unknown(name: str) -> str:
    return (
        t("{file}: '{name}' is not known; each rule begins with [[rule]].", file=FILE, name=name)
        + hint(name, (*_TOP, "rule"))
    )  # fmt: skip


def _top(told: Mapping[str, Any], name: str, parse: Callable[[object], Any], problems: list[str]) -> Any:
    try:
        return parse(told[name]) if name in told else None
    except ValueError as error:
        problems.append(t("{file}: {name} {reason}", file=FILE, name=name, reason=error))
        return None


def _wrong(row: object, place: int, error: ValueError) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    which = f"'{name}'" if isinstance(name, str) and name and "://" not in name else str(place)
    return t("{file}, rule {rule}: {reason}", file=FILE, rule=which, reason=error)


def _rule(row: object, quiet: object, names: list[str]) -> Rule:
    """Raises ValueError, in words, where the rule says too little, too much or what is not known."""
    if not isinstance(row, dict):
        raise ValueError(t("is not a table; begin it with [[rule]]"))
    if missing := [name for name in ("name", "on", "to") if name not in row]:
        raise ValueError(t("{names} is missing; say it", names=enumeration(missing)))
    on = str(_said("on", row["on"]))
    for key in row:
        if key not in read.KEYS:
            raise ValueError(
                t("'{key}' is not known; take it out or mend it.", key=key) + hint(key, read.KEYS)
            )
        if (meant := read.KEYS[key].kinds) and on not in meant:
            raise ValueError(
                t("{key} means nothing on = \"{on}\", only on {kinds}; take it out",
                  key=key, on=on, kinds=enumeration([f'"{kind}"' for kind in meant]))
            )  # fmt: skip
    told: dict[str, Any] = {"quiet": quiet} | {key: _said(key, value) for key, value in row.items()}
    if told["name"] in names:
        raise ValueError(t("another rule has this name already; give it its own"))
    return Rule(**told)


def _said(key: str, value: object) -> object:
    try:
        return read.KEYS[key].parse(value)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from error

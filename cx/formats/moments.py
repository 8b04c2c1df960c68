"""How the moments of a column are written: every reading that fits all of its values.

A day and a month are never guessed: where more than one order fits, all of them are given, and a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cx.formats.source import MICROSECONDS_IN

JUNK = 0.02
"""The share of values that may be no moment at all, such as a header that stands again at the end."""

_CLOCK = r"(?P<gap> |T|, )?(?P<clock>\d{1,2}:\d\d)(?P<seconds>:\d\d)?(?P<parts>\.\d{1,6})?(?P<half> ?[AaPp][Mm])?(?P<offset> ?[+-]\d\d:?\d\d)?"
_WEEKDAY = r"(?P<weekday>[A-Z][a-z]{2}, ?)?"
_YEAR = r"(?P<year>\d{4}|\d\d)"
_DATES = (
    (re.compile(rf"{_WEEKDAY}\d{{1,2}}(?P<mark>[-/.])\d{{1,2}}(?P=mark){_YEAR}(?:{_CLOCK})?"), ("dmy", "mdy", "ymd")),
    (re.compile(rf"(?P<year>\d{{4}})(?P<mark>[-/.])\d{{1,2}}(?P=mark)\d{{1,2}}(?:{_CLOCK})?"), ("ymd", "ydm")),
    (re.compile(r"(?P<year>\d{4})(?P<mark>)\d{4}"), ("ymd",)),
    (re.compile(rf"{_WEEKDAY}\d{{1,2}}(?P<mark>[-/. ])(?P<name>[A-Za-z]{{3,9}})(?P=mark){_YEAR}(?:{_CLOCK})?"), ("dmy",)),
    (re.compile(rf"{_WEEKDAY}(?P<name>[A-Za-z]{{3,9}})(?P<mark> )\d{{1,2}}(?P<comma>,?) {_YEAR}(?:{_CLOCK})?"), ("mdy",)),
)  # fmt: skip
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?)?")
_COUNT = re.compile(r"(\d{9,10}(\.\d+)?|\d{12,13}|\d{15,16})")
_START, _EARLIEST, _LATEST = map(datetime.fromisoformat, ("1970-01-01", "1990-01-01", "2100-01-01"))


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a column of moments: a strptime `format`, an `epoch` (a key of MICROSECONDS_IN), or else ISO 8601.

    `order` is that of year, month and day ('dmy'); `zoned` where the values carry their own offset from UTC.
    """

    order: str = ""
    format: str = ""
    epoch: str | None = None
    zoned: bool = False

    def read(self, text: str) -> datetime | None:
        """The moment that a text says (naive UTC where it has an offset, or as written); None where it says none."""
        try:
            if self.epoch is not None:
                return _START + timedelta(microseconds=float(text) * MICROSECONDS_IN[self.epoch])
            read = datetime.strptime(text, self.format) if self.format else _iso(text)  # noqa: DTZ007
        except (ValueError, OverflowError):
            return None
        return read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read


def readings(values: Sequence[str], latest: datetime) -> tuple[Reading, ...]:
    """Every reading that fits all of these values but for junk, likeliest first; more than one means that it must be asked.

    A two-digit year that comes first is only believed where no value is later than `latest` then.
    """
    told = [*dict.fromkeys(value.strip() for value in values if value.strip())]
    for group in (_counts(told), [Reading("ymd", zoned=zoned) for zoned in (False, True)]):
        fitting = [reading for reading in group if _fits_all(reading, told)]
        if fitting:
            return (_zoned(fitting[0], told),)
    candidates = [*dict.fromkeys(reading for value in told for reading in _candidates(value))]
    sound = [value for value in told if any(reading.read(value) for reading in candidates)]
    if not sound or len(told) - len(sound) > JUNK * len(told):
        return ()
    fitting = [reading for reading in candidates if all(map(reading.read, sound))]
    by_order: dict[str, Reading] = {}
    for reading in fitting:
        if reading.order in ("dmy", "mdy") or "%Y" in reading.format or _past(reading, sound, latest):
            by_order.setdefault(reading.order, reading)
    if "ymd" in by_order:
        by_order.pop("ydm", None)  # nobody who begins with the year goes on with the day
    return tuple(by_order.values())


def mixed(values: Sequence[str]) -> bool:
    """Whether these are moments that no single order of day and month fits."""
    told = [*dict.fromkeys(value.strip() for value in values if value.strip())]
    candidates = [*dict.fromkeys(reading for value in told for reading in _candidates(value))]
    sound = [value for value in told if any(reading.read(value) for reading in candidates)]
    enough = bool(sound) and len(told) - len(sound) <= JUNK * len(told)
    return enough and not any(all(map(reading.read, sound)) for reading in candidates)


def apart(values: Sequence[str], ways: Sequence[Reading], most: int = 3) -> tuple[str, ...]:
    """Values that these readings take for different moments, spread over them all; any that they read where there is none."""
    read = [(value, {reading.read(value) for reading in ways}) for value in dict.fromkeys(values)]
    sound = [(value, found) for value, found in read if None not in found]
    telling = [value for value, found in sound if len(found) > 1] or [value for value, _ in sound]
    step = max(1, len(telling) // most)
    return tuple(telling[::step][:most])


def span(values: Sequence[str], reading: Reading) -> tuple[datetime, datetime] | None:
    """The earliest and the latest moment; None where nothing is read."""
    found = [moment for value in values if (moment := reading.read(value.strip()))]
    return (min(found), max(found)) if found else None


def _iso(text: str) -> datetime:
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+").replace(" -", "-"))  # fmt: skip


def _zoned(reading: Reading, values: Sequence[str]) -> Reading:
    """The ISO reading, told apart by whether its values carry their offset."""
    if reading.epoch is not None:
        return reading
    marked = [bool(re.search(r":\d[\d.]* ?(Z|UTC|[+-]\d\d(:?\d\d)?)$", value)) for value in values]
    return Reading("ymd", zoned=2 * sum(marked) > len(marked))


def _counts(values: Sequence[str]) -> list[Reading]:
    if not all(map(_COUNT.fullmatch, values)):
        return []
    ways = [Reading(epoch=unit) for unit in MICROSECONDS_IN]
    return [way for way in ways if all((at := way.read(v)) and _EARLIEST < at < _LATEST for v in values)]


def _fits_all(reading: Reading, values: Sequence[str]) -> bool:
    wrong, allowed = 0, JUNK * len(values)
    for value in values:
        wrong += reading.read(value) is None
        if wrong > allowed:
            return False
    return bool(values)


def _past(reading: Reading, values: Sequence[str], latest: datetime) -> bool:
    return all((at := reading.read(value)) is not None and at <= latest for value in values)


def _candidates(value: str) -> tuple[Reading, ...]:
    return _of_shape(re.sub(r"\d", "1", value))


@cache
def _of_shape(shape: str) -> tuple[Reading, ...]:
    """The readings for values that look like this, their digits apart."""
    found: list[Reading] = []
    for pattern, orders in _DATES:
        if match := pattern.fullmatch(shape):
            parts = {"name": "", "comma": "", "weekday": "", "clock": "", **match.groupdict()}
            found += [reading for order in orders for reading in _written(order, parts)]
    return tuple(found)


def _written(order: str, parts: dict[str, str | None]) -> list[Reading]:
    mark, year = parts["mark"] or "", parts["year"] or ""
    months = ("%b", "%B") if parts["name"] else ("%m",)
    clock, offset = _clock(parts), bool(parts["clock"] and parts["offset"])
    weekday = "%a" + parts["weekday"][3:] if parts["weekday"] else ""
    made = []
    for month in months:
        letters = {"d": "%d", "m": month, "y": "%Y" if len(year) == 4 else "%y"}
        date = mark.join(letters[letter] for letter in order)
        if parts["name"] and order == "mdy":
            date = f"{month} %d{parts['comma']} {letters['y']}"
        made.append(Reading(order, weekday + date + clock, zoned=offset))
    return made


def _clock(parts: dict[str, str | None]) -> str:
    if not parts["clock"]:
        return ""
    half = parts["half"] or ""
    written = f"{parts['gap'] or ''}{'%I' if half else '%H'}:%M"
    written += ":%S" if parts["seconds"] else ""
    written += ".%f" if parts["parts"] else ""
    written += half[:-2] + "%p" if half else ""
    offset = parts["offset"] or ""
    return written + (" %z" if offset.startswith(" ") else "%z" if offset else "")

"""Every word, number and date that a user reads passes through here (gettext and Babel).

`t` and `tn` translate whole sentences; `mark` names a sentence that is translated later, when it is shown.
The language is a context variable: each viewer's script runs in its own context. Its code may carry, after a slash,
whose way of writing numbers the reader is used to: 'en/de' is English with 1.234,5.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

LOCALES = Path(__file__).with_name("locales")
_language: ContextVar[str] = ContextVar("language", default="en")

MINUTE, HOUR, DAY = 60, 3600, 86400
MINUS = "\u2212"


_LIKE = ("en_GB", "en_IN", "de", "fr", "de_CH", "sv")
"""One locale of each common way of writing numbers: readers who write them alike share what is kept for them."""


def use(language: str) -> None:
    """Speak this language (a code such as 'en', 'fa' or 'en/de') in the current context from here on."""
    _language.set(language)


def language() -> str:
    """The code of the language that the current context speaks, with whose numbers where they are not its own."""
    return _language.get()


@cache
def spoken_to(reader: str) -> str:
    """The code for a reader whose browser names this locale ('de-DE'): the sentences of 'en', their own numbers."""
    try:
        theirs = Locale.parse(reader, sep="-")
    except (ValueError, UnknownLocaleError):
        return "en"
    like = next((name for name in _LIKE if _sample(Locale.parse(name)) == _sample(theirs)), str(theirs))
    return "en" if like == "en_GB" else f"en/{like}"


def _sample(of: Locale) -> str:
    return str(format_decimal(-1234567.5, locale=of))


def locale() -> Locale:
    """Babel's locale of the current language; a bare 'en' means international English (days before months)."""
    return _locales(language())[0]


@cache
def _locales(code: str) -> tuple[Locale, Locale]:
    """Those of the words and of the numbers."""
    words, _, numbers = code.partition("/")
    of_words = Locale.parse("en_GB" if words == "en" else words)
    return of_words, Locale.parse(numbers) if numbers else of_words


def right_to_left() -> bool:
    """Whether the current language is read from right to left."""
    return bool(locale().text_direction == "rtl")


def mark(message: str) -> str:
    """Mark a sentence for the catalogue without translating it yet."""
    return message


@cache
def _catalogue(code: str) -> NullTranslations:
    return translation("cx", LOCALES, languages=[code.partition("/")[0]], fallback=True)


def t(message: str, **values: object) -> str:
    """Translate a whole sentence and fill in its {named} values."""
    return _catalogue(language()).gettext(message).format(**values)


def tn(one: str, many: str, n: int, **values: object) -> str:
    """Translate a sentence that counts: the language's own plural form for n, filled in ({n} is there)."""
    text = _catalogue(language()).ngettext(one, many, n)
    return text.format(n=number(n), **values)


def number(value: float, digits: int = 0) -> str:
    """A number with this many decimals, grouped as the reader is used to, with the minus sign of typography."""
    of, pattern = _written(language(), digits)
    text = format_decimal(round(value, digits) + 0.0, format=pattern, locale=of)
    return text.replace("-", MINUS)


@cache
def _written(code: str, digits: int) -> tuple[Locale, str]:
    """Whose numbers a language code asks for, and their pattern with so many decimals."""
    of = _locales(code)[1]
    grouped = str(of.decimal_formats[None].pattern).partition(".")[0]
    return of, grouped + ("." + "0" * digits if digits else "")


def signed(value: float, digits: int = 0) -> str:
    """A number that always carries its sign, except where it rounds to nothing."""
    text = number(value, digits)
    return f"+{text}" if round(value, digits) > 0 else text


def duration(seconds: float, like: float | None = None) -> tuple[str, str]:
    """A duration as (number, unit), in the unit that a person would choose for it, or for one `like` that."""
    size, unit = duration_unit(seconds if like is None else like)
    value = seconds / size
    return number(value, 0 if size == 1 or (size == MINUTE and value >= 10) else 1), unit


def duration_unit(seconds: float) -> tuple[int, str]:
    """The unit in which a person would say a duration of this length: its size in seconds, and its sign."""
    if seconds < 90:
        return 1, t("s")
    if seconds < 90 * MINUTE:
        return MINUTE, t("min")
    return (HOUR, t("h")) if seconds < 48 * HOUR else (DAY, t("days"))


def day(value: date, year: bool = False) -> str:
    """A day as a person says it: '12 October', with the year if asked."""
    if year:
        return format_date(value, "long", locale=locale())
    return format_skeleton("MMMMd", _moment(value), locale=locale())


def short_day(value: date) -> str:
    """A day for an axis or a table: '12 Oct'."""
    return format_skeleton("MMMd", _moment(value), locale=locale())


def month(value: date) -> str:
    """A month of a year, for a table: 'Oct 2026'."""
    return format_skeleton("yMMM", _moment(value), locale=locale())


def moment(value: datetime, beside: datetime | None = None) -> str:
    """A moment in UTC: 'Mon 12 Oct, 14:05 UTC'; with its year where it is beside one of another year."""
    told = (
        "EEE d MMM, HH:mm 'UTC'" if beside is None or beside.year == value.year else "d MMM yyyy, HH:mm 'UTC'"
    )
    return format_datetime(value, told, locale=locale())


def ago(age: timedelta) -> str:
    """How long ago, in one rounded unit: '7 s', '12 min', '3 h', '4 days'."""
    seconds = max(age.total_seconds(), 0)
    size, unit = duration_unit(seconds)
    return t("{value} {unit}", value=number(int(seconds / size)), unit=unit)


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)


def enumeration(parts: Sequence[str]) -> str:
    """Some names in a row: 'a, b and c'."""
    return format_list(list(parts), locale=locale()) if parts else ""

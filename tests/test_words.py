"""Numbers, durations and days as a reader sees them."""

from datetime import date, datetime, timedelta

import pytest

from cx import words


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [(1234567, 0, "1,234,567"), (0.05, 1, "0.1"), (-3.25, 2, "−3.25"), (-0.04, 1, "0.0"), (82.66, 1, "82.7")],
)
def test_number(value: float, digits: int, told: str) -> None:
    assert words.number(value, digits) == told


@pytest.mark.parametrize(
    ("browser", "code", "told"),
    [
        ("en-US", "en", "−1,234,567.5"),
        ("en-GB", "en", "−1,234,567.5"),
        ("de-DE", "en/de", "−1.234.567,5"),
        ("it-IT", "en/de", "−1.234.567,5"),
        ("fr-FR", "en/fr", "−1\u202f234\u202f567,5"),
        ("hi-IN", "en/en_IN", "−12,34,567.5"),
        ("de-CH", "en/de_CH", "−1’234’567.5"),
        ("", "en", "−1,234,567.5"),
        ("xx-nowhere", "en", "−1,234,567.5"),
    ],
)
def test_numbers_are_written_as_the_reader_s_browser_writes_them(browser: str, code: str, told: str) -> None:
    assert words.spoken_to(browser) == code
    before = words.language()
    try:
        words.use(code)
        assert words.number(-1234567.5, 1) == told
        assert words.t("Reason") == "Reason"
        assert words.day(date(2026, 10, 12)) == "12 October"
    finally:
        words.use(before)


@pytest.mark.parametrize(("value", "told"), [(3, "+3"), (-3, "−3"), (0, "0"), (0.2, "0")])
def test_signed(value: float, told: str) -> None:
    assert words.signed(value) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, ("0", "s")),
        (89, ("89", "s")),
        (90, ("1.5", "min")),
        (3600, ("60", "min")),
        (9720, ("2.7", "h")),
        (3 * 86400, ("3.0", "days")),
    ],
)
def test_duration(seconds: float, told: tuple[str, str]) -> None:
    assert words.duration(seconds) == told


def test_days() -> None:
    assert words.day(date(2026, 10, 12), year=True) == "12 October 2026"
    assert words.day(date(2026, 11, 9)) == "9 November"
    assert words.short_day(date(2026, 10, 12)) == "12 Oct"
    assert words.moment(datetime(2026, 10, 12, 14, 5)) == "Mon 12 Oct, 14:05 UTC"
    assert words.moment(datetime(2020, 10, 12, 14, 5), datetime(2026, 1, 1)) == "12 Oct 2020, 14:05 UTC"
    assert words.ago(timedelta(seconds=7)) == "7 s"


def test_plural_and_names() -> None:
    assert words.tn("{n} row", "{n} rows", 1) == "1 row"
    assert words.tn("{n} row of {file}", "{n} rows of {file}", 1200, file="a.csv") == "1,200 rows of a.csv"
    assert words.enumeration(["a", "b", "c"]) == "a, b and c"

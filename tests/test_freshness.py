"""Through when the data run, and which week is therefore the one to report."""

from datetime import date, datetime, timedelta

import pytest

from cx.folders import Folders
from cx.kpis import kpi
from cx.questions.freshness import freshness
from cx.store import Store
from tests.given import MONDAY, land, row

FIRST_WEEK = MONDAY.date()


def daily(source: str, until: float, **columns: object) -> list[dict[str, object]]:
    return [row(days=day + 0.1, source=source, **columns) for day in range(int(until))] + [
        row(days=until, source=source, **columns)
    ]


@pytest.mark.parametrize(
    ("until", "now", "week"),
    [
        (9.5, 9.6, FIRST_WEEK),
        (6.99, 7.2, FIRST_WEEK),
        (6.8, 7.2, FIRST_WEEK),
        (6.99, 6.995, FIRST_WEEK - timedelta(weeks=1)),
        (6.5, 9.0, FIRST_WEEK - timedelta(weeks=1)),
        (4.0, 30.0, FIRST_WEEK - timedelta(weeks=1)),
    ],
    ids=[
        "running week",
        "Monday morning",
        "quiet Sunday evening",
        "Sunday night, not over",
        "Sunday half delivered",
        "stale",
    ],
)
def test_the_week_to_report(store: Store, folders: Folders, until: float, now: float, week: date) -> None:
    land(store, folders, daily("desk", until), now=MONDAY + timedelta(days=40))
    assert freshness(store, MONDAY + timedelta(days=now)).last_week() == week


@pytest.mark.parametrize(
    ("hours", "last"),
    [((0, 0, 0), 2), ((0, 7, 0), 1)],
    ids=["days and no times end with their last day", "a row at midnight by chance is no whole day"],
)
def test_exports_that_write_days_alone(
    store: Store, folders: Folders, hours: tuple[int, ...], last: int
) -> None:
    land(store, folders, [row(days=day + hour / 24) for day, hour in enumerate(hours)])
    assert freshness(store, MONDAY + timedelta(days=9)).last_day == FIRST_WEEK + timedelta(days=last)


def test_a_measure_waits_for_every_source_that_carries_it(store: Store, folders: Folders) -> None:
    now = MONDAY + timedelta(days=9)
    land(store, folders, [*daily("desk", 8.5), *daily("survey", 4.5, csat=5)], now=now)
    fresh = freshness(store, now)
    assert fresh.behind(kpi("csat"), FIRST_WEEK + timedelta(weeks=1)) == ("survey",)
    assert not fresh.complete(kpi("csat"), FIRST_WEEK)
    assert (
        fresh.complete(kpi("contact_rate"), FIRST_WEEK) is False
    )  # the survey source's rows are contacts too
    assert fresh.behind(kpi("nps"), FIRST_WEEK + timedelta(weeks=1)) == ()


def test_a_source_that_speaks_rarely_is_given_time(store: Store, folders: Folders) -> None:
    now = MONDAY + timedelta(days=16)
    weekly = [row("review", days=day, source="reviews", brand="ours", csat=4) for day in (0.5, 7.5)]
    land(store, folders, [*daily("desk", 15.5), *weekly], now=now)
    assert freshness(store, now).behind(kpi("csat"), FIRST_WEEK + timedelta(weeks=2)) == ()


def test_containment_settles_a_day_later(store: Store, folders: Folders) -> None:
    land(store, folders, daily("bot", 7.2, handled_by="bot"), now=MONDAY + timedelta(days=9))
    fresh = freshness(store, MONDAY + timedelta(days=7.3))
    assert fresh.complete(kpi("bot_escalation"), FIRST_WEEK)
    assert not fresh.complete(kpi("containment"), FIRST_WEEK)


def test_an_empty_store_is_empty(store: Store) -> None:
    assert freshness(store, datetime(2026, 3, 1)).empty


def test_a_rate_waits_for_its_base_too(store: Store, folders: Folders) -> None:
    now = MONDAY + timedelta(days=9)
    orders = [row("order", days=day, source="shop") for day in (0.1, 1.1, 2.1, 3.1, 4.5)]
    land(store, folders, [*daily("desk", 8.5), *orders], now=now)
    assert freshness(store, now).behind(kpi("contact_rate"), FIRST_WEEK + timedelta(weeks=1)) == ("shop",)


def test_nobody_waits_for_a_source_of_a_few_stray_rows(store: Store, folders: Folders) -> None:
    now = MONDAY + timedelta(days=9)
    land(store, folders, [*daily("desk", 8.5, csat=4), *[row(days=8.4, source="desk", csat=4) for _ in range(30)],
                          row(days=2.5, source="stray", csat=1)], now=now)  # fmt: skip
    assert freshness(store, now).behind(kpi("csat"), FIRST_WEEK + timedelta(weeks=1)) == ()


def test_many_small_sources_are_waited_for_together(store: Store, folders: Folders) -> None:
    now = MONDAY + timedelta(days=9)
    branches = [row(days=2.5 + i / 100, source=f"branch {i}", csat=4) for i in range(30)]
    land(store, folders, [*branches, *daily("branch 0", 8.5)], now=now)
    assert len(freshness(store, now).behind(kpi("csat"), FIRST_WEEK + timedelta(weeks=1))) >= 27


def test_a_source_that_fell_silent_is_still_told(store: Store, folders: Folders) -> None:
    now = MONDAY + timedelta(days=90)
    land(store, folders, [*daily("desk", 89.5), row(days=1.5, source="silent")], now=now)
    sources = {source.name: source.last_at for source in freshness(store, now).sources}
    assert sources["silent"] == MONDAY + timedelta(days=1.5)

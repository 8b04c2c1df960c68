"""The surge detector on exports that no one here made: what rises there is told; a rhythm, or a beginning, is not."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cx import check, surges
from cx.folders import Folders
from cx.ingest import take_in
from cx.questions import surging
from cx.store import Store
from cx.surges import EVERY, Panel
from tests.conftest import write_csv
from tests.test_real_exports import MAPPINGS, Ask, ingest, real

FIRST_WEEK, WEEKS = date(2015, 1, 5), 8
"""The whole weeks of the finance complaints: before them stands a holiday, after them fewer and fewer are published."""
HALF_YEAR, WORLDS = 182, 4
ALPHA = 0.01
Series = tuple[str, str]


# ---------------------------------------------------------------------------- finance: the weekday cycle


def day_of(told: str) -> date:
    return datetime.strptime(told, "%m/%d/%Y").date()


@pytest.fixture(scope="module")
def counts() -> Counter[tuple[str, str, date]]:
    """Finance complaints by product, reason and day, by a plain reading of the file."""
    with real("cfpb_2015q1/complaints.csv").open(encoding="utf-8", newline="") as file:
        return Counter(
            (row["Product"], row["Issue"], day_of(row["Date received"]))
            for row in csv.DictReader(file)
            if row["Issue"]
        )


def weekly(counts: Counter[tuple[str, str, date]], series: Series) -> list[int]:
    """Complaints of each of the WEEKS: whole ones, so that no rhythm of the week is in them."""
    days = {day: n for (*whose, day), n in counts.items() if tuple(whose) == series}
    starts = [FIRST_WEEK + timedelta(weeks=week) for week in range(WEEKS)]
    return [sum(days.get(start + timedelta(days=n), 0) for n in range(7)) for start in starts]


def chance(before: list[int], week: int) -> float:
    """How often a week has as many if its rate is that of the weeks before it: a negative binomial, as the rate is not known."""
    n = len(before)
    return float(stats.nbinom.sf(week - 1, sum(before) + 0.5, n / (n + 1)))


def test_finance_complaints_tell_what_rose_by_whole_weeks_and_nothing_else(
    store: Store, folders: Folders, counts: Counter[tuple[str, str, date]]
) -> None:
    ingest(store, folders, real("cfpb_2015q1/complaints.csv"))
    told = surging.watch(store, max(day for *_, day in counts))
    assert (told.scan is not None, told.units_known) == (True, False)
    first_scored = FIRST_WEEK + timedelta(weeks=4)
    tries = len({whose[:2] for whose in counts}) * (WEEKS - 4)
    for surge in told.found.itertuples():
        weeks = weekly(counts, (surge.product, surge.reason))
        place = (surge.onset.date() - FIRST_WEEK).days // 7
        assert surge.onset.date() >= first_scored
        assert min(chance(weeks[:place], week) for week in weeks[place:]) < ALPHA / tries
    assert told.found[["product", "reason"]].to_numpy().tolist() == [
        ["Credit card", "Closing/Cancelling account"]
    ]


@pytest.fixture(scope="module")
def rhythms(counts: Counter[tuple[str, str, date]]) -> list[Panel]:
    """Half-years in which nothing lives but the weekday cycle of each reason: the level of each series stays as it is."""
    products = sorted({product for product, _, _ in counts})
    reasons = sorted({reason for _, reason, _ in counts})
    level, cycle = np.zeros((len(products), len(reasons))), np.zeros((len(reasons), 7))
    for (product, reason, day), n in counts.items():
        if FIRST_WEEK <= day < FIRST_WEEK + timedelta(weeks=WEEKS):
            level[products.index(product), reasons.index(reason)] += n / WEEKS
            cycle[reasons.index(reason), day.weekday()] += n
    cycle /= np.maximum(cycle.sum(1, keepdims=True), 1)
    days = pd.date_range(FIRST_WEEK, periods=HALF_YEAR)
    mean = level[:, :, None] * cycle[:, days.day_of_week]
    rng, never = np.random.default_rng(15), np.zeros(HALF_YEAR, bool)
    return [
        Panel(days, tuple(products), tuple(reasons), rng.poisson(mean), None, never) for _ in range(WORLDS)
    ]


def test_the_weekday_cycle_alone_gives_no_alarm(rhythms: list[Panel]) -> None:
    told, series_years = [], 0.0
    for panel in rhythms:
        scan = surges.scan(panel, panel.days[surges.LEAST_SELLING_DAYS])
        told.append(surges.surges(scan))
        series_years += panel.complaints.any(2).sum() * len(scan.days) / 365.25
    found = pd.concat(told)
    assert series_years > 100
    assert len(found) <= 0.1 * series_years
    # Where alarms fall on certain weekdays, the cycle has made them.
    by_weekday = [Counter(pd.Timestamp(day).day_of_week for day in found["alarm_day"])[n] for n in range(7)]
    of_complaints = [
        sum(p.complaints[:, :, p.days.day_of_week == weekday].sum() for p in rhythms) for weekday in range(7)
    ]
    share = np.array(of_complaints) / sum(of_complaints)
    assert stats.chisquare(by_weekday, share * len(found)).pvalue > 0.001


def test_a_rule_that_does_not_know_the_week_is_fooled_by_it(rhythms: list[Panel]) -> None:
    total = pd.Series(rhythms[0].complaints.sum((0, 1)), rhythms[0].days).astype(float)
    scatter = total.shift(1).rolling(28).std() / np.sqrt(5)
    blamed = total[total > total.shift(1).rolling(28).mean() + scatter]
    assert len(blamed) > len(total) / 3


def test_a_reason_that_few_products_have_is_expected_at_its_own_level(rhythms: list[Panel]) -> None:
    panel = rhythms[0]
    scan = surges.scan(panel, panel.days[84])
    observed, expected = (each[:, :-1].sum(0) for each in (scan.complaints, scan.expected))
    few = (observed >= 60) & ((panel.complaints.sum(2) > 0).sum(0) <= 2)
    assert few.sum() > 20
    ratio = expected[few] / observed[few]
    assert 0.9 < np.median(ratio) < 1.1
    assert ratio.min() > 0.7


def test_a_surge_within_the_cycle_is_found_within_a_week(rhythms: list[Panel]) -> None:
    panel, began = rhythms[0], 140
    series: Series = "Money transfers", "Other transaction issues"
    at = panel.products.index(series[0]), panel.reasons.index(series[1])
    complaints = panel.complaints.copy()
    complaints[*at, began : began + 14] += np.random.default_rng(1).poisson(3.0, 14)
    found = surges.surges(surges.scan(replace(panel, complaints=complaints), panel.days[100]))
    mine = found[(found["product"] == series[0]) & (found["reason"] == series[1])]
    (alarm,) = mine["alarm_day"]
    assert 0 <= (alarm - panel.days[began]).days <= 7


# ---------------------------------------------------------------------------- telecom: three days in June


def put_right(told: str) -> date:
    """The day that the README of the samples says: a first number of 12 or less is the month."""
    first, second, year = map(int, told.split("-"))
    month, day = (first, second) if first <= 12 else (second, first)
    return date(2000 + year, month, day)


def test_telecom_surge_is_found_by_its_second_day_and_no_sooner(
    store: Store, folders: Folders, tmp_path: Path
) -> None:
    path = real("comcast_complaints/complaints.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    by_day = Counter(put_right(row["Date"]) for row in rows)
    june = {n: date(2015, 6, n) for n in range(1, 31)}
    before = [by_day[june[23] - timedelta(days=n)] for n in range(1, 31)]
    assert ([by_day[june[n]] for n in (23, 24, 25)], np.median(before)) == ([190, 218, 98], 24.5)
    shutil.copytree(MAPPINGS, folders.reference / "mappings")

    def told(day: date) -> list[Any]:
        """What the watch tells when the export of this day has come, and nothing later is known."""
        export = tmp_path / f"{day}.csv"
        write_csv(export, [row for row in rows if put_right(row["Date"]) <= day])
        report = take_in(store, folders, export)
        assert (report.rows_refused, report.reason) == (0, "")
        return [*surging.watch(store, day).found.itertuples()]

    assert [told(day) for day in (date(2015, 5, 20), june[3], june[11])] == [[], [], []]
    # A rise to nearly twice as many began on the 12th; the three days stand within it.
    rise, calm = ([by_day[june[12] + timedelta(days=n)] for n in span] for span in (range(11), range(-30, 0)))
    assert np.mean(rise) > 1.5 * np.mean(calm)
    (of_rise,) = told(june[22])
    (surge,) = told(june[24])
    assert (surge.state, surge.last_day.date()) == ("growing", june[24])
    assert surge.onset.date() == of_rise.onset.date() == june[12]
    assert surge.observed == of_rise.observed + 190 + 218
    assert surge.observed > surge.hi > surge.expected > surge.lo
    assert surge.evidence > 3 * of_rise.evidence
    # A scheduler is told that night: an export that writes days and no times ends with its last day.
    (row,) = check.surges(store, folders, datetime.combine(june[25], time.min))
    assert (row["state"], row["through"]) == ("growing", june[24].isoformat())


def test_telecom_days_are_put_right(store: Store, folders: Folders, ask: Ask) -> None:
    path = real("comcast_complaints/complaints.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        by_day = Counter(str(put_right(row["Date"])) for row in csv.DictReader(file))
    report = ingest(store, folders, path)
    assert (report.rows_kept, report.rows_refused, report.reason) == (2224, 0, "")
    assert dict(ask("select day::varchar, sum(complaints)::bigint from r_day group by day")) == by_day
    months = Counter[str]()
    for day, n in by_day.items():
        months[day[:7]] += n
    assert (months, len(by_day)) == ({"2015-04": 545, "2015-05": 399, "2015-06": 1280}, 91)


# ---------------------------------------------------------------------------- airlines: where collecting begins

OWN = (MAPPINGS / "airline_tweets.toml").read_text(encoding="utf-8").replace(
    'brand = { column = "airline", values = { United = "ours" } }', 'product = "airline"'
)  # fmt: skip
BEGAN = {"American": date(2015, 2, 18)}
"""One airline is collected days later than the others, and in earnest from the 22nd on."""


@pytest.fixture
def airlines(folders: Folders) -> Folders:
    """All six airlines are the company's own, each a product."""
    assert 'product = "airline"' in OWN
    (folders.reference / "mappings").mkdir()
    (folders.reference / "mappings" / "airlines.toml").write_text(OWN, encoding="utf-8")
    return folders


def tweets(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["tweet_id"] != "tweet_id"]


def earlier(rows: Iterable[dict[str, str]], days: int = 84) -> list[dict[str, object]]:
    """A steady past of the airlines that were collected from the start: the rows of their first four days, over and over."""
    first = date(2015, 2, 17)
    base = [row for row in rows if row["airline"] not in BEGAN
            and first <= date.fromisoformat(row["tweet_created"][:10]) < first + timedelta(days=4)]  # fmt: skip
    rng = np.random.default_rng(3)
    picked = rng.integers(0, len(base), int(len(base) * days / 4))
    back = rng.integers(1, days, len(picked))
    return [
        {
            **base[at],
            "tweet_id": f"earlier-{n}",
            "tweet_created": f"{first - timedelta(days=int(ago))} 12:00:00 -0800",
        }
        for n, (at, ago) in enumerate(zip(picked, back, strict=True))
    ]


def test_where_collecting_begins_there_is_no_surge(store: Store, airlines: Folders, tmp_path: Path) -> None:
    path = real("airline_tweets/Tweets.csv")
    rows = tweets(path)
    negative = Counter((row["airline"], row["tweet_created"][:10]) for row in rows if row["airline_sentiment"] == "negative")  # fmt: skip
    american = [negative["American", f"2015-02-{day}"] for day in range(18, 24)]
    assert american == [1, 0, 1, 1, 762, 826]
    assert take_in(store, airlines, path).reason == ""
    for day in range(17, 25):
        assert surging.watch(store, date(2015, 2, day)).found.empty

    history = tmp_path / "earlier.csv"
    write_csv(history, earlier(rows))
    assert take_in(store, airlines, history).rows_refused == 0
    # The snow of the 22nd and 23rd is told of the airlines that have a past; the one that just began has none.
    found = [surging.watch(store, date(2015, 2, day)).found for day in (21, 22, 23, 24)]
    told = [set(table["product"]) for table in found]
    assert "American" not in set().union(*told)
    assert told[1] | told[2]
    assert told[0] <= {EVERY, *(row["airline"] for row in rows)}

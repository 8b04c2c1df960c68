"""Exports that no one here made, taken in through a mapping and compared with a plain reading of the same file."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cx.folders import PROJECT, Folders
from cx.ingest import Report, take_in
from cx.store import Store

DATA = PROJECT.parent / "shared" / "data"
MAPPINGS = Path(__file__).with_name("mappings")
Ask = Callable[[str], list[tuple[Any, ...]]]


def real(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not beside this checkout ({DATA})")
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ingest(store: Store, folders: Folders, path: Path) -> Report:
    shutil.copytree(MAPPINGS, folders.reference / "mappings")
    return take_in(store, folders, path)


def in_utc(moment: str) -> datetime:
    at = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S %z")
    return (at - at.utcoffset()).replace(tzinfo=None)


def test_airline_tweets(store: Store, folders: Folders, ask: Ask):
    path = real("airline_tweets/Tweets.csv")
    rows = read(path)
    header_again = [i for i, row in enumerate(rows, 1) if row["tweet_id"] == "tweet_id"]
    tweets = [row for row in rows if row["tweet_id"] != "tweet_id"]
    unique = {row["tweet_id"]: row for row in tweets}

    report = ingest(store, folders, path)

    # Refused: only the header, which stands once more as the last row and holds no time.
    assert header_again == [len(rows)] == [14641]
    assert ask("select file_row, column_name, rule from refusals where rule not like 'superseded%'") == [
        (14641, "occurred_at", "not_a_time")
    ]
    # Superseded: 155 tweets stand twice (the file gives no time of change, so which copy stays is settled by content).
    assert (report.rows_read, report.rows_kept, report.rows_superseded, report.rows_refused) == (
        14641,
        14485,
        155,
        1,
    )
    assert len(unique) == 14485
    brand = Counter("ours" if row["airline"] == "United" else row["airline"] for row in unique.values())
    assert Counter(dict(ask("select brand, count(*) from interactions group by brand"))) == brand
    by_day = Counter((row["airline"], str(in_utc(row["tweet_created"]).date())) for row in unique.values())
    sql = "select case brand when 'ours' then 'United' else brand end, occurred_at::date::varchar, count(*) from interactions group by all"
    assert {(airline, day): n for airline, day, n in ask(sql)} == by_day


def test_airline_sentiment_and_reasons(store: Store, folders: Folders, ask: Ask):
    path = real("airline_tweets/Tweets.csv")
    copies: dict[str, set[tuple[str, str]]] = {}
    for row in read(path)[:-1]:
        copies.setdefault(row["tweet_id"], set()).add((row["airline_sentiment"], row["negativereason"]))
    ingest(store, folders, path)
    kept = {
        tweet: (sentiment, reason or "")
        for tweet, sentiment, reason in ask("select interaction_id, sentiment, reason from interactions")
    }
    assert kept.keys() == copies.keys()
    assert all(kept[tweet] in told for tweet, told in copies.items())
    assert (
        sum(len(told) > 1 for told in copies.values()) < 120
    )  # all others have but one thing to compare with
    sure = {tweet: told for tweet, told in copies.items() if len({sentiment for sentiment, _ in told}) == 1}
    expected = Counter(sentiment for told in sure.values() for sentiment, _ in list(told)[:1])
    assert Counter(kept[tweet][0] for tweet in sure) == expected
    assert sum(expected.values()) > 14_000
    kinds = dict(ask("select sentiment, string_agg(distinct kind) from interactions group by sentiment"))
    assert kinds == {"negative": "complaint", "neutral": "review", "positive": "review"}


def test_united_is_what_the_rollups_count(store: Store, folders: Folders, ask: Ask):
    path = real("airline_tweets/Tweets.csv")
    united = {row["tweet_id"]: row for row in read(path)[:-1] if row["airline"] == "United"}
    days = Counter(str(in_utc(row["tweet_created"]).date()) for row in united.values())
    ingest(store, folders, path)
    assert (
        dict(
            ask(
                "select day::varchar, sum(interactions)::bigint from r_volume where dimension = '' group by day"
            )
        )
        == days
    )


def test_finance_complaints(store: Store, folders: Folders, ask: Ask):
    path = real("cfpb_2015q1/complaints.csv")
    rows = read(path)
    # Refused: two complaints without an issue; a complaint needs its reason.
    without = [(i, "reason", "missing") for i, row in enumerate(rows, 1) if not row["Issue"]]
    told = [row for row in rows if row["Issue"]]

    report = ingest(store, folders, path)

    assert (report.rows_read, report.rows_kept, report.rows_superseded, report.rows_refused) == (
        28156,
        28154,
        0,
        2,
    )
    assert ask("select file_row, column_name, rule from refusals order by 1") == without
    expected = Counter(
        (row["Product"], datetime.strptime(row["Date received"], "%m/%d/%Y").date()) for row in told
    )
    found = {(product, datetime.strptime(day, "%Y-%m-%d").date()): n for product, day, n in ask(
        "select product, day::varchar, sum(complaints)::bigint from r_day group by all")}  # fmt: skip
    assert found == expected
    days = {day for _, day in found}
    assert (min(days), max(days) - min(days)) == (datetime(2015, 1, 1).date(), timedelta(days=77))

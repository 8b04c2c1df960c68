"""Six airlines as 14,640 people tweeted of them, with each in turn as us, against a plain count of the same file."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime
from math import hypot, sqrt
from pathlib import Path

import pytest

from cx.folders import Folders
from cx.gaps import stand
from cx.ingest import take_in
from cx.model import OURS
from cx.questions import benchmarks
from cx.questions.benchmarks import Board
from cx.questions.freshness import freshness
from cx.reference import Settings
from cx.reference import benchmarks as table
from cx.store import Store
from tests.conftest import answer
from tests.test_real_exports import MAPPINGS, read, real

TWEETS = "airline_tweets/Tweets.csv"
PUBLISHED = {
    "United": (3822, 68.9), "US Airways": (2913, 77.7), "American": (2759, 71.0),
    "Southwest": (2420, 49.0), "Delta": (2222, 43.0), "Virgin America": (504, 35.9),
}  # fmt: skip
"""Tweets and negative share as the file has them, with the 155 tweets of American that stand in it twice."""
Z = 1.959963984540054


def taken_in(folders: Folders, us: str) -> Store:
    """A store of the tweets in which this airline is us: the mapping says so."""
    target = folders.reference / "mappings"
    shutil.copytree(MAPPINGS, target)
    mapping = target / "airline_tweets.toml"
    told = mapping.read_text(encoding="utf-8").replace('United = "ours"', f'"{us}" = "ours"')
    mapping.write_text(told, encoding="utf-8")
    store = Store.open(folders.store)
    report = take_in(store, folders, real(TWEETS))
    assert (report.rows_kept, report.rows_superseded, report.rows_refused) == (14485, 155, 1)
    return store


def board_of(store: Store, folders: Folders) -> Board:
    fresh = freshness(store, datetime(2015, 2, 26, 12))
    return benchmarks.board(store, table(folders.reference), fresh, Settings(), 13)


def plain(store: Store) -> dict[str, tuple[int, int]]:
    """Negative tweets and tweets of each airline, counted in the file; of a tweet that stands twice, the copy that was kept."""
    kept = dict(answer(store, "select interaction_id, sentiment from interactions"))
    rows = {row["tweet_id"]: row for row in read(real(TWEETS)) if row["tweet_id"] != "tweet_id"}
    twice = Counter(row["tweet_id"] for row in read(real(TWEETS)))
    n, negative = Counter[str](), Counter[str]()
    for id, row in rows.items():
        n[row["airline"]] += 1
        negative[row["airline"]] += (kept[id] if twice[id] > 1 else row["airline_sentiment"]) == "negative"
    return {name: (negative[name], n[name]) for name in n}


def wilson(k: int, n: int) -> tuple[float, float, float]:
    p = k / n
    middle, half = (
        (p + Z * Z / (2 * n)) / (1 + Z * Z / n),
        Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n),
    )
    return p, middle - half, middle + half


def newcombe(us: tuple[int, int], them: tuple[int, int]) -> tuple[float, float, float]:
    (p, p_lo, p_hi), (q, q_lo, q_hi) = wilson(*us), wilson(*them)
    return p - q, p - q - hypot(p - p_lo, q_hi - q), p - q + hypot(p_hi - p, q - q_lo)


def test_the_file_says_what_was_published_of_it() -> None:
    rows = [row for row in read(real(TWEETS)) if row["tweet_id"] != "tweet_id"]
    n = Counter(row["airline"] for row in rows)
    negative = Counter(row["airline"] for row in rows if row["airline_sentiment"] == "negative")
    assert {name: (n[name], round(100 * negative[name] / n[name], 1)) for name in n} == PUBLISHED


@pytest.mark.parametrize("us", [*PUBLISHED])
def test_each_airline_in_turn_as_us(folders: Folders, us: str) -> None:
    store = taken_in(folders, us)
    counted = plain(store)
    told = board_of(store, folders).of("negative_share@twitter")
    store.close()
    assert told is not None

    # The shares: as published, but for the tweets of American that stand twice in the file and once here.
    known = {us: told.ours, **{name: each.figure.told for name, each in told.latest.items()}}
    assert {name: (round(one.n * one.value / 100), one.n) for name, one in known.items()} == counted
    for name, (n, share) in PUBLISHED.items():
        assert (known[name].n, round(known[name].value, 1)) == (n, share) or name == "American"
    assert known["American"].n == 2759 - 155

    # The gap to each, and to the leader, with its interval.
    for name, each in told.latest.items():
        expected = [100 * part for part in newcombe(counted[us], counted[name])]
        assert [each.gap.amount, each.gap.lo, each.gap.hi] == pytest.approx(expected)
        assert stand(each.gap) == ("not told apart" if expected[1] <= 0 <= expected[2] else "ahead" if expected[0] < 0 else "behind")  # fmt: skip
    best = min(counted, key=lambda name: counted[name][0] / counted[name][1])
    assert (told.leader, best) == (OURS if us == "Virgin America" else "Virgin America", "Virgin America")
    other = best if us != best else "Delta"
    expected = [100 * part for part in newcombe(counted[us], counted[other])]
    assert [told.to_leader.amount, told.to_leader.lo, told.to_leader.hi] == pytest.approx(expected)

    # The industry without us.
    others = [counted[name][0] / counted[name][1] for name in counted if name != us]
    assert (told.peers, told.industry.value) == (5, pytest.approx(100 * sum(others) / 5))


def test_reasons_and_voices_by_airline(folders: Folders, tmp_path: Path) -> None:
    store = taken_in(folders, "Delta")
    (voice,) = board_of(store, folders).voices
    kept = answer(store, "select brand, reason, sentiment from interactions")
    store.close()
    n = Counter(brand for brand, _, _ in kept)
    assert {row.brand: int(row.n) for row in voice.brands.itertuples()} == n
    assert voice.brands["brand"].iloc[0] == OURS
    assert [row.voice.value for row in voice.brands.itertuples()] == pytest.approx(
        [100 * n[brand] / 14485 for brand in voice.brands["brand"]]
    )
    negative = Counter((brand, reason) for brand, reason, mood in kept if mood == "negative" and reason)
    most = Counter(reason for _, reason in negative.elements()).most_common(1)[0][0]
    found = voice.reasons.set_index("reason")
    for reason in found.index:
        for brand in n:
            assert found.loc[reason, brand] == pytest.approx(100 * negative[brand, reason] / n[brand])
    assert most == "Customer Service Issue"
    assert most in found.index[:2]


def test_an_airline_that_was_collected_late_says_so(folders: Folders) -> None:
    store = taken_in(folders, "United")
    (voice,) = board_of(store, folders).voices
    store.close()
    late = {row.brand: row.late for row in voice.brands.itertuples() if row.late}
    assert {brand: day.isoformat() for brand, day in late.items()} == {"American": "2015-02-22"}

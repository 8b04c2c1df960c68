"""Benchmarks: the table and the inbox, both sides counted in one source, and the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from cx import gaps, reference, rollups
from cx.errors import BadReference
from cx.folders import PROJECT, Folders
from cx.gaps import Standing
from cx.ingest import take_in
from cx.kpis import BENCHMARKED
from cx.model import OURS
from cx.questions import benchmarks
from cx.questions.benchmarks import Board
from cx.questions.freshness import freshness
from cx.reference import BENCHMARKS, Settings
from cx.store import Store
from cx.ui import live
from tests.conftest import DemoCompany, answer
from tests.given import MONDAY, NOW, land, row
from tests.test_pages import opened, words

HEADER = ",".join(BENCHMARKS)
SOUND = "csat,Rival,2026-Q1,70,900,,top two of five,a study,CC BY 4.0,2026-04-02,coffee"
LATER = datetime(2026, 6, 3, 12)


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def asked(store: Store, folders: Folders, now: datetime = NOW, weeks: int = 52, industry: str = "") -> Board:
    told = reference.benchmarks(folders.reference)
    return benchmarks.board(store, told, freshness(store, now), Settings(industry=industry), weeks)


def of(board: Board, id: str) -> Standing:
    found = board.of(id)
    assert found is not None
    return found


# The table.


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("cast,Rival,2026-Q1,70,900,,m,s,l,2026-04-02,", "row 2, column metric: 'cast' There is no measure called 'cast'"),
        ("orders,Rival,2026-Q1,70,900,,m,s,l,2026-04-02,", "row 2, column metric: 'orders'"),
        ("csat,Rival,spring,70,900,,m,s,l,2026-04-02,", "row 2, column period: 'spring' is no period"),
        ("csat,Rival,2026-Q1,700,900,,m,s,l,2026-04-02,", "row 2, column value: '700.0' is out of range"),
        ("csat,Rival,2026-Q1,lots,900,,m,s,l,2026-04-02,", "row 2, column value: 'lots' is not a number"),
        ("csat,Rival,2026-Q1,70,0,,m,s,l,2026-04-02,", "row 2, column n: '0.0'"),
        ("csat,Rival,2026-Q1,70,900,-1,m,s,l,2026-04-02,", "row 2, column margin: '-1.0' is below 0"),
        ("csat,Rival,2026-Q1,70,900,,m,,l,2026-04-02,", "row 2, column source: '' is empty"),
        ("csat,Rival,2026-Q1,70,900,,m,s,,2026-04-02,", "row 2, column licence: '' is empty"),
        ("csat,Rival,2026-Q1,70,900,,m,s,l,soon,", "row 2, column retrieved_on: 'soon' is not a day"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_by_row_column_and_value(tmp_path: Path, cells: str, told: str) -> None:
    write(tmp_path / "benchmarks.csv", SOUND, cells)
    with pytest.raises(BadReference) as refused:
        reference.benchmarks(tmp_path)
    assert f"benchmarks.csv, {told}" in str(refused.value)


def test_what_may_be_left_empty(tmp_path: Path) -> None:
    assert reference.benchmarks(tmp_path).empty
    write(tmp_path / "benchmarks.csv", "csat,Rival,2026-Q1,,,,top two of five,s,l,2026-04-02,")
    (told,) = reference.benchmarks(tmp_path).itertuples()
    assert pd.isna(told.value)
    assert pd.isna(told.n)
    assert pd.isna(told.margin)


def test_a_later_row_of_the_same_figure_replaces_the_earlier(tmp_path: Path) -> None:
    write(
        tmp_path / "benchmarks.csv", SOUND, SOUND.replace(",70,", ",71,"), SOUND.replace("a study", "another")
    )
    assert sorted(reference.benchmarks(tmp_path)["value"]) == [70.0, 71.0]


def test_the_table_that_the_docs_show_is_sound(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    shown = re.search(r"```csv\n(.+?)```", page, re.DOTALL)
    assert shown
    (tmp_path / "benchmarks.csv").write_text(shown[1], encoding="utf-8")
    table = reference.benchmarks(tmp_path)
    assert all(gaps.alike(BENCHMARKED[one.metric], one.method) for one in table.itertuples())
    assert len(table) == 2
    assert all(method in page for method in (*gaps.METHODS.values(), gaps.SYSTEM))


def test_the_settings_may_name_our_industry(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('industry = "coffee"\n[small_samples]\nhide = 3\n', encoding="utf-8")
    assert reference.settings(tmp_path).industry == "coffee"
    path.write_text("industry = 5\n", encoding="utf-8")
    with pytest.raises(BadReference, match="industry must be a text"):
        reference.settings(tmp_path)


# The same through the inbox.


def test_a_table_in_the_inbox_becomes_the_benchmarks(store: Store, folders: Folders) -> None:
    landed = write(folders.inbox / "from-an-agency.csv", SOUND, SOUND.replace("Rival", "Other"))
    report = take_in(store, folders, landed, now=NOW)
    assert (report.format, report.rows_read, report.rows_kept, report.reason) == ("benchmarks", 2, 2, "")
    assert not landed.exists()
    more = write(folders.inbox / "more.csv", SOUND.replace(",70,", ",75,"), SOUND.replace("Q1", "Q2"))
    version = store.version
    take_in(store, folders, more, now=NOW)
    table = reference.benchmarks(folders.reference)
    told = {(one.competitor, one.period): one.value for one in table.itertuples()}
    assert told == {("Rival", "2026-Q1"): 75.0, ("Other", "2026-Q1"): 70.0, ("Rival", "2026-Q2"): 70.0}
    assert store.version > version  # open pages hear of it
    assert answer(store, "select count(*) from interactions") == [(0,)]
    again = write(folders.inbox / "again.csv", SOUND, SOUND.replace("Rival", "Other"))
    assert take_in(store, folders, again, now=NOW).already


def test_a_bad_row_in_the_inbox_sets_the_file_aside_and_keeps_the_table(
    store: Store, folders: Folders
) -> None:
    take_in(store, folders, write(folders.inbox / "good.csv", SOUND), now=NOW)
    bad = write(
        folders.inbox / "bad.csv", SOUND.replace("Rival", "Other"), SOUND.replace(",70,", ",seventy,")
    )
    report = take_in(store, folders, bad, now=NOW)
    assert "bad.csv, row 2, column value: 'seventy' is not a number" in report.reason
    assert (folders.refused / "bad.csv").exists()
    assert reference.benchmarks(folders.reference)["competitor"].tolist() == ["Rival"]


def test_other_files_are_still_exports(store: Store, folders: Folders) -> None:
    path = folders.inbox / "half.csv"
    path.write_text("metric,competitor,period\ncsat,Rival,2026-Q1\n", encoding="utf-8")
    assert "It lacks" in take_in(store, folders, path, now=NOW).reason


# Ours beside published figures.


def rated(days: float, satisfied: int, others: int) -> list[dict[str, Any]]:
    return [row("survey", days, csat=5 if place < satisfied else 2) for place in range(satisfied + others)]


def test_a_published_figure_meets_ours_of_the_same_days(store: Store, folders: Folders) -> None:
    """March belongs to the figure of March, April to that of April."""
    land(store, folders, rated(-60, 1, 0) + rated(5, 48, 32) + rated(40, 10, 70) + rated(80, 1, 0), now=LATER)
    write(
        folders.reference / "benchmarks.csv",
        "csat,Rival,2026-03,80,70,,top two of five,a study,l,2026-04-02,",
        "csat,Rival,2026-04,80,70,,top two of five,a study,l,2026-05-02,",
    )
    now, before = (told for told in of(asked(store, folders, LATER), "csat").figures)
    assert (now.ours.value, before.ours.value) == (12.5, 60.0)
    assert (-before.gap.hi, -before.gap.lo) == pytest.approx((5.24, 33.39), abs=0.005)  # Newcombe's example


def test_days_that_ours_do_not_reach_are_no_figure(store: Store, folders: Folders) -> None:
    land(store, folders, rated(3, 40, 10), now=LATER)
    row_of = "csat,Rival,{},80,70,,top two of five,a study,l,2026-04-02,"
    write(
        folders.reference / "benchmarks.csv",
        *(row_of.format(when) for when in ("2025", "2026-Q1", "2026-Q3")),
    )
    told = {each.figure.period.text: each.why for each in of(asked(store, folders, LATER), "csat").figures}
    assert told == {"2025": "not ours", "2026-Q1": "not ours", "2026-Q3": "not ours"}


def test_a_study_that_measured_us_too_is_compared_with_that(store: Store, folders: Folders) -> None:
    land(store, folders, rated(3, 40, 10), now=LATER)
    row_of = "fcr,{},2025,{},400,,{},a study,l,2026-01-09,"
    write(
        folders.reference / "benchmarks.csv",
        row_of.format(OURS, 66, "no repeat on the same issue"),
        row_of.format("Rival", 70, "no repeat on the same issue"),
    )
    (told,) = of(asked(store, folders, LATER), "fcr").figures
    assert (told.figure.competitor, told.ours.value, told.gap.amount) == ("Rival", 66.0, pytest.approx(-4.0))


def test_the_usual_industry_is_ours_unless_the_settings_say_another(store: Store, folders: Folders) -> None:
    land(store, folders, rated(-60, 1, 0) + rated(5, 48, 32) + rated(80, 1, 0), now=LATER)
    row_of = "csat,{},2026-03,80,70,,top two of five,a study,l,2026-04-02,{}"
    rivals = (("A", "coffee"), ("B", "coffee"), ("C", "grocery"))
    write(folders.reference / "benchmarks.csv", *(row_of.format(*each) for each in rivals))
    assert set(of(asked(store, folders, LATER), "csat").latest) == {"A", "B"}
    assert set(of(asked(store, folders, LATER, industry="grocery"), "csat").latest) == {"C"}


# Both sides counted in one source.


def said(
    brand: str, n: int, negative: int, source: str = "forum", days: float = 1.9, **more: Any
) -> list[dict[str, Any]]:
    told = [
        row("review", days, brand=brand, source=source, sentiment="negative" if place < negative else "positive",
            **({"reason": "late"} if place < negative else {}), **more)
        for place in range(n)
    ]  # fmt: skip
    return told


def test_both_sides_are_counted_in_the_same_source(store: Store, folders: Folders) -> None:
    rows = said(OURS, 80, 32) + said("Rival", 70, 14) + said(OURS, 500, 0, source="our own survey")
    land(store, folders, rows)
    board = asked(store, folders)
    told = of(board, "negative_share@forum")
    gap = told.latest["Rival"].gap
    assert (told.ours.value, told.ours.n) == (40.0, 80.0)
    assert (gap.amount, gap.lo, gap.hi) == pytest.approx((20.0, 5.24, 33.39), abs=0.005)
    assert (told.leader, gaps.stand(told.to_leader)) == ("Rival", "behind")
    assert [voice.source for voice in board.voices] == ["forum"]
    (voice,) = board.voices
    assert voice.brands["brand"].tolist() == [OURS, "Rival"]
    assert [one.value for one in voice.brands["voice"]] == pytest.approx([100 * 80 / 150, 100 * 70 / 150])
    assert voice.reasons.to_dict("records") == [{"reason": "late", OURS: 40.0, "Rival": 20.0}]


def test_days_before_the_period_do_not_count(store: Store, folders: Folders) -> None:
    land(
        store,
        folders,
        said(OURS, 20, 20)
        + said("Rival", 20, 0)
        + said(OURS, 20, 0, days=-200)
        + said("Rival", 20, 20, days=-200),
    )
    assert of(asked(store, folders, weeks=13), "negative_share@forum").ours.value == 100.0
    assert of(asked(store, folders, weeks=104), "negative_share@forum").ours.value == 50.0


def test_a_brand_that_was_collected_late_says_so(store: Store, folders: Folders) -> None:
    both = [one for days in range(-20, 9) for one in said(OURS, 3, 1, days=days + 0.5)]
    late = [one for days in range(0, 9) for one in said("Rival", 9, 3, days=days + 0.5)]
    land(store, folders, both + late)
    (voice,) = asked(store, folders).voices
    assert voice.brands["late"].tolist() == [None, MONDAY.date()]


def test_few_opinions_are_not_compared(store: Store, folders: Folders) -> None:
    land(store, folders, said(OURS, 80, 32) + said("Rival", 9, 1))
    told = of(asked(store, folders), "negative_share@forum")
    assert (told.latest["Rival"].why, told.leader, told.peers) == ("small", "", 0)


def test_a_source_of_one_brand_is_no_comparison(store: Store, folders: Folders) -> None:
    land(store, folders, said(OURS, 80, 32) + said("Rival", 40, 3, source="elsewhere"))
    board = asked(store, folders)
    assert (board.standings, board.voices) == ((), ())


@given(
    opinions=some.lists(
        some.tuples(some.sampled_from([OURS, "A", "B"]), some.sampled_from(["x", "y"]), some.integers(0, 3),
                    some.sampled_from([None, "negative", "neutral", "positive"]), some.integers(1, 5)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rollup_counts_what_a_walk_over_the_rows_counts(tmp_path: Path, opinions: list[Any]) -> None:
    folders = Folders(tmp_path).make()
    store = Store.open(folders.store)
    with store.transaction() as cursor:
        for table in ("interactions", "customers", "files", "refusals", *rollups.TABLES):
            cursor.execute(f"delete from {table}")
    rows = [row("review", day + 0.5, brand=brand, source=source, sentiment=mood, csat=score)
            for brand, source, day, mood, score in opinions]  # fmt: skip
    for part in (rows[::2], rows[1::2]):  # in two files, so that days are counted again
        if part:
            land(store, folders, part)
    found = answer(
        store,
        "select brand, source, sum(said)::int, sum(texts_negative)::int, sum(csat_satisfied)::int from r_brands group by all",
    )
    expected: dict[tuple[str, str], list[int]] = {}
    for brand, source, _, mood, score in opinions:
        counted = expected.setdefault((brand, source), [0, 0, 0])
        for place, holds in enumerate((True, mood == "negative", score >= 4)):
            counted[place] += holds
    assert {(brand, source): counts for brand, source, *counts in found} == expected
    store.close()


# The page.


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    yield Folders(tmp_path)
    live.close()
    st.cache_resource.clear()


def told(app: Any) -> str:
    """Everything on the page: what Streamlit shows, and what its tables are given."""
    return words(app) + "\n" + "\n".join(str(block.proto) for block in app.get("bidi_component"))


def test_the_demo_company_against_its_competitors(company: DemoCompany) -> None:
    app = opened("pages/benchmarks.py")
    assert "the industry" in app.title[0].value
    text = words(app)
    assert "Strengths:" in text
    assert "Bluewave Coffee" in text
    for shown in (
        "All measures",
        "The gap over time",
        "Where the figures come from",
        "What is said in reviews",
    ):
        assert shown in text


def test_every_shipped_figure_has_its_source_on_the_page(company: DemoCompany) -> None:
    table = reference.benchmarks(company.folders.reference)
    for metric, figures in table.groupby("metric"):
        text = told(opened("pages/benchmarks.py", standing=str(metric)))
        for one in figures.itertuples():
            assert one.source in text
            assert one.licence in text
            assert one.competitor in text


def test_real_figures_of_others_are_cited_and_not_compared(company: DemoCompany) -> None:
    fresh = freshness(live.server().store, company.now)
    board = benchmarks.board(
        live.server().store, reference.benchmarks(company.folders.reference), fresh, Settings(), 52
    )
    whys = {
        (one.figure.competitor, one.why)
        for standing in board.standings
        for one in standing.figures
        if "http" in one.figure.source
    }
    assert whys == {
        ("US grocers, mean", "industry"),
        ("US consumer payments, mean", "industry"),
        ("United States, all industries", "method"),
    }
    assert not any(name.startswith(("US ", "United")) for name in board.competitors)


def test_without_benchmarks_the_page_says_what_to_do(empty: Folders) -> None:
    land(live.server().store, empty, rated(1, 20, 20))
    app = opened("pages/benchmarks.py")
    assert app.title[0].value == "No benchmarks yet"
    assert "benchmarks.csv" in words(app)


def test_what_cannot_be_compared_is_no_headline(empty: Folders) -> None:
    land(live.server().store, empty, rated(1, 20, 20))
    write(empty.reference / "benchmarks.csv", SOUND)
    app = opened("pages/benchmarks.py")
    assert app.title[0].value == "Nothing here can be compared with us"
    assert "We have no figure of our own for that period." in words(app)


def test_a_broken_table_is_named(empty: Folders) -> None:
    land(live.server().store, empty, rated(1, 20, 20))
    write(empty.reference / "benchmarks.csv", SOUND.replace(",70,", ",lots,"))
    assert "benchmarks.csv, row 1, column value: 'lots'" in opened("pages/benchmarks.py").error[0].value


def test_names_in_a_link_that_are_none_change_nothing(company: DemoCompany) -> None:
    app = opened("pages/benchmarks.py", standing="happiness", rival="Nobody", over="7")
    assert "the industry" in app.title[0].value


def test_retrieved_on_is_a_day(tmp_path: Path) -> None:
    write(tmp_path / "benchmarks.csv", SOUND)
    assert reference.benchmarks(tmp_path)["retrieved_on"].tolist() == [date(2026, 4, 2)]

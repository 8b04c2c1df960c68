"""The brief: the same words and numbers as the page, on one page of A4, whatever the store holds and whatever names are."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path

import pandas as pd
import pypdf
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cx import brief
from cx.__main__ import main
from cx.brief.shapes import MOST_SENTENCES, Brief
from cx.brief.weeks import named
from cx.folders import PROJECT, Folders
from cx.ingest import catch_up
from cx.query import Filters
from cx.questions.headline import Headline, headline
from cx.questions.health import Tile
from cx.store import Store
from cx.telling import week as in_words
from cx.telling.runs import Run, plain, runs
from cx.ui import asks, briefing, live
from cx.ui.asks import DEFAULT_WEEKS, View
from cx.words import number
from tests.conftest import DemoCompany, even
from tests.e2e.browser import serving
from tests.given import MONDAY, land, row
from tests.test_health import ask, balance, of_week, rows_of, share

A4_POINTS = (595, 842)
HOSTILE = [
    "<script>alert(1)</script>",
    "#panic() $x^2$ *bold* `code` @ref",
    "</svg>&amp;{{ 7*7 }}{% raw %}",
    "a\\nb \\ ]] ))",
]
FOREIGN = "قهوه‌ساز بزرگ ☕ 😀 Größe №5"


@dataclass(frozen=True)
class Printed:
    """The demo company's brief: what it says, both files, and what the page says."""

    told: Brief
    pdf: bytes
    html: str
    tiles: list[Tile]
    headline: Headline


@pytest.fixture(scope="module")
def demo(demo_company: DemoCompany) -> Printed:
    store = Store.open(demo_company.folders.store)
    try:
        told = brief.brief(store, demo_company.folders, demo_company.now)
        health = ask(store, demo_company, weeks=DEFAULT_WEEKS)
        tiles = health.tiles()
        page = tiles, headline(health, tiles)
    finally:
        store.close()
    return Printed(told, brief.printed(told, "pdf"), brief.printed(told, "html").decode(), *page)


def text_of(pdf: bytes) -> str:
    """The text of a PDF that is one page of A4, its white space made even."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 1
    assert tuple(round(float(side)) for side in pages[0].mediabox[2:]) == A4_POINTS
    return even(pages[0].extract_text())


def shown(html: str) -> str:
    """What a reader of the HTML sees."""
    return even(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))))


def test_verdict_tiles_and_sentences_are_those_of_the_page(demo: Printed, demo_company: DemoCompany) -> None:
    verdict = demo.headline
    assert plain(demo.told.title) == in_words.title(verdict, demo.tiles[0].week, demo_company.now.date())
    assert [*demo.told.tiles] == in_words.strips(demo.tiles)[0]
    summary = plain(runs(in_words.summary(verdict)))
    assert " ".join(plain(one.told) for one in demo.told.sentences).startswith(summary)
    assert 1 <= len(demo.told.sentences) <= MOST_SENTENCES
    assert all(one.evidence for one in demo.told.sentences)


def test_two_figures_are_those_of_the_raw_rows(demo: Printed, demo_company: DemoCompany) -> None:
    assert demo.told.week is not None
    week = of_week(rows_of(demo_company), demo.told.week)
    csat, nps = week["csat"].dropna().astype(float), week["nps"].dropna().astype(float)
    figures = {tile["id"]: (tile["value"], tile["range"].split(" · ")[1]) for tile in demo.told.tiles}
    assert figures["csat"] == (number(share(csat >= 4), 1), f"n {number(len(csat))}")
    assert figures["nps"] == (number(balance(nps >= 9, nps <= 6), 1), f"n {number(len(nps))}")


def test_one_page_holds_every_sentence_with_its_evidence_and_the_sections(demo: Printed) -> None:
    for text in (text_of(demo.pdf), shown(demo.html)):
        for one in demo.told.sentences:
            assert even(plain(one.told)).replace(" .", ".") in text.replace(" .", ".")
            assert even(one.evidence) in text
        for table in demo.told.tables:
            assert table.title in text
            assert all(row[0].get("text", "") in text for row in table.rows)
        assert all(even(sentence) in text for sentence in demo.told.foot)


def test_the_demo_companys_brief_tells_its_story(demo: Printed) -> None:
    surges, campaigns, late = demo.told.tables
    assert "Aroma One" in surges.rows[0][0]["text"]
    assert "One for Everyone" in campaigns.rows[0][0]["text"]
    assert late.rows
    assert demo.told.chart is not None


def test_the_page_hands_out_the_brief_of_what_it_shows(
    demo_company: DemoCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    try:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60).run()
        assert not app.exception
        view = View.of(live.version(), Filters(), DEFAULT_WEEKS)
        handed = shown(briefing.printed(view, "html").decode())
        assert app.title[0].value in handed
        assert all(tile["range"] in handed for tile in asks.strips(view)[0])
        north = briefing.printed(replace(view, filters=Filters(region=("North",))), "html").decode()
        assert "Measures of Region North only" in shown(north)
    finally:
        live.close()
        st.cache_resource.clear()


def test_the_html_stands_on_its_own(demo: Printed) -> None:
    assert not re.search(r"<(script|link|iframe|img|object)\b|@import", demo.html)
    assert not re.search(r"""(?:src|href|action)\s*=\s*["']?(?!#)""", demo.html)
    assert {each[:5] for each in re.findall(r"url\(([^)]*)\)", demo.html)} <= {"data:", "#ligh", "#dark"}
    assert {*re.findall(r"https?://[^\"' ]*", demo.html)} <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # fmt: skip
    assert "prefers-color-scheme: dark" in demo.html
    ids = re.findall(r'\bid="([^"]+)"', demo.html)
    assert len(ids) == len({*ids})
    assert {*re.findall(r"url\(#([^)]+)\)", demo.html)} <= {*ids}


def named_everywhere(told: Brief, name: str) -> Brief:
    """The brief with this name wherever a name of the company can stand."""
    sentences = (replace(told.sentences[0], told=(Run("From "), Run(name, True)), evidence=f"{name}: 7"),)
    tables = tuple(
        replace(table, told=(Run(name),), rows=(({"text": name, "note": name},) * len(table.headings),))
        for table in told.tables
    )
    return replace(told, sentences=sentences, tables=tables, scope=name, title=(Run(name),))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(demo: Printed, name: str) -> None:
    told = named_everywhere(demo.told, name)
    page, text = brief.printed(told, "html").decode(), text_of(brief.printed(told, "pdf"))
    assert text.count(even(name)) >= 10
    assert shown(page).count(even(name)) >= 10
    assert "<script" not in page
    assert "49" not in even(page[page.index("<h1>") : page.index("</h1>")])


def test_a_name_in_any_script_is_set(demo: Printed) -> None:
    told = named_everywhere(demo.told, FOREIGN)
    assert brief.printed(told, "html").decode().count(FOREIGN) >= 10
    assert text_of(brief.printed(told, "pdf")).count("Größe №5") >= 10


def test_the_longest_names_and_fullest_tables_stay_on_one_page(demo: Printed) -> None:
    long = named_everywhere(demo.told, "Very long names of products and campaigns " * 8)
    full = replace(
        long,
        sentences=long.sentences * MOST_SENTENCES,
        tables=tuple(replace(table, rows=table.rows * 3, more="More. " * 30) for table in long.tables),
    )
    assert "Very long names" in text_of(brief.printed(full, "pdf"))


def test_reading_from_right_to_left_is_set_on_one_page(demo: Printed) -> None:
    told = replace(demo.told, language="fa", rtl=True)
    text_of(brief.printed(told, "pdf"))
    assert '<html lang="fa" dir="rtl">' in brief.printed(told, "html").decode()


@pytest.mark.parametrize(
    ("markdown", "read"),
    [
        pytest.param("a **b** c", (Run("a "), Run("b", True), Run(" c")), id="strong"),
        pytest.param(r"a\*\*b\_", (Run("a**b_"),), id="what is escaped is text"),
        pytest.param(r"**\<b\>**\\", (Run("<b>", True), Run("\\")), id="both"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_what_is_told_as_markdown_is_read_as_text(markdown: str, read: tuple[Run, ...]) -> None:
    assert runs(markdown) == read


# The weeks.


def weekly(count: int, first: int = 0, answers: int = 60) -> list[dict[str, object]]:
    """Answers in so many weeks from MONDAY on; every fourth is unhappy."""
    return [
        row("survey", days=7 * (first + week) + 6.9 - each % 7, csat=5 if each % 4 else 1, customer_id=f"c{each}")
        for week in range(count)
        for each in range(answers)
    ]  # fmt: skip


Landed = Callable[[list[dict[str, object]], datetime], None]


@pytest.fixture
def landed(store: Store, folders: Folders) -> Landed:
    def landing(rows: list[dict[str, object]], now: datetime) -> None:
        land(store, folders, rows, now=now)
        catch_up(store, folders)

    return landing


def test_an_earlier_week_is_told_by_its_own_numbers(store: Store, folders: Folders, landed: Landed) -> None:
    now = MONDAY + timedelta(days=28.5)
    landed([*weekly(2), *weekly(2, first=2, answers=120)], now)
    then, last = brief.brief(store, folders, now, "2026-W11"), brief.brief(store, folders, now)
    assert (then.week, last.week) == (date(2026, 3, 9), date(2026, 3, 23))
    assert [tile["range"].split(" · ")[1] for told in (then, last) for tile in told.tiles] == [
        "n 60",
        "n 120",
    ]
    assert [then.tables[0].title, last.tables[0].title] == ["Complaint surges then", "Complaint surges now"]
    assert "it keeps no past" in then.tables[2].note
    assert then.chart is not None
    weeks = then.chart.spec["datasets"]["weeks"].to_pylist()
    assert [pd.Timestamp(one["week"], unit="ms").date() for one in weeks] == [
        date(2026, 3, 2),
        date(2026, 3, 9),
    ]
    assert brief.file_name(then, "pdf") == "brief-2026-W11.pdf"


@pytest.mark.parametrize(
    ("week", "why"),
    [
        pytest.param("2026-W14", "The week 2026-W14 is not over yet", id="running"),
        pytest.param("2026-W12", "There are no data of the week 2026-W12.", id="a gap"),
        pytest.param("1999-W01", "There are no data of the week 1999-W01.", id="long ago"),
        pytest.param("2026-W60", "'2026-W60' is no week; write it like 2026-W46.", id="no such week"),
        pytest.param("last", "'last' is no week", id="no week at all"),
    ],
)
def test_a_week_that_is_not_there_is_answered_with_those_that_are(
    store: Store, folders: Folders, landed: Landed, week: str, why: str
) -> None:
    now = MONDAY + timedelta(days=28.5)
    landed([*weekly(2, answers=5), *weekly(1, first=3, answers=5)], now)
    with pytest.raises(brief.BadWeek, match=re.escape(why)) as raised:
        brief.brief(store, folders, now, week)
    assert str(raised.value).endswith("There are 2026-W10 to 2026-W11 and 2026-W13.")


def test_an_empty_store_a_first_week_and_a_single_row_are_told_in_words(
    store: Store, folders: Folders, landed: Landed
) -> None:
    now = MONDAY + timedelta(days=2.5)
    assert "No data yet" in printed_text(brief.brief(store, folders, now))
    with pytest.raises(brief.BadWeek, match="No week of the data is over yet"):
        brief.brief(store, folders, now, "2026-W10")
    landed([row("survey", csat=5, customer_id="c")], now)
    told = printed_text(brief.brief(store, folders, now))
    assert "The data have not reached the end of their first week, 8 March 2026." in told
    landed([row("survey", days=6.9, csat=5, customer_id="c")], MONDAY + timedelta(days=7.5))
    one = brief.brief(store, folders, MONDAY + timedelta(days=7.5))
    assert "Too little data to compare the week" in printed_text(one)
    assert one.chart is None
    nothing = brief.brief(store, folders, MONDAY + timedelta(days=7.5), filters=Filters(channel=("fax",)))
    assert "Nothing matches these filters" in printed_text(nothing)


def printed_text(told: Brief) -> str:
    return text_of(brief.printed(told, "pdf"))


def test_a_week_is_named_as_the_calendar_does() -> None:
    assert [named(day) for day in (date(2025, 12, 29), date(2026, 12, 28))] == ["2026-W01", "2026-W53"]


# The command.


def test_the_command_writes_what_it_is_asked_for_with_a_server_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders, now = Folders(tmp_path / "data").make(), MONDAY + timedelta(days=14.5)
    monkeypatch.setenv("CX_DATA", str(folders.root))
    monkeypatch.setenv("CX_NOW", now.isoformat())
    monkeypatch.setenv("COLUMNS", "200")
    store = Store.open(folders.store)
    land(store, folders, weekly(2), now=now)
    store.close()
    alone, served = tmp_path / "alone", tmp_path / "served"
    assert main(["brief", "--format", "both", "--out", str(alone)]) == 0
    with serving(folders.root):
        assert main(["brief", "--week", "2026-W11", "--format", "both", "--out", str(served)]) == 0
        assert main(["brief", "--week", "2026-W20", "--out", str(served)]) == 2
    names = ["brief-2026-W11.html", "brief-2026-W11.pdf"]
    assert [sorted(path.name for path in folder.iterdir()) for folder in (alone, served)] == [names, names]
    pages = [text_of((folder / names[1]).read_bytes()) for folder in (alone, served)]
    assert pages[0] == pages[1]
    assert "There are 2026-W10 to 2026-W11." in even(capsys.readouterr().out)
    Store.open(folders.store).close()


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path / "data"))
    (tmp_path / "file").touch()
    assert main(["brief", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written: File exists." in even(capsys.readouterr().out)

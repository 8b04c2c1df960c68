"""The queue of surges: what the demo company's truths say is found, and nothing else is blamed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from cx import notes, reference
from cx.__main__ import main
from cx.errors import BadNote
from cx.folders import Folders
from cx.notes import Surge
from cx.query import Filters
from cx.questions import surging
from cx.questions.behind import Raised, raised
from cx.questions.queue import Entry
from cx.questions.waiting import backlog, hours
from cx.store import Store
from cx.telling import surges
from cx.telling.shapes import row_id
from tests.conftest import DemoCompany, close
from tests.given import MONDAY, NOW, land, row
from tests.test_pages import opened, words


def day(told: str) -> date:
    return date.fromisoformat(told)


def found_by(store: Store, demo: DemoCompany, through: date) -> list[tuple[Any, list[str]]]:
    told = surging.watch(store, through)
    fits = surging.fitting(told, reference.campaigns(demo.folders.reference))
    return list(zip(told.found.itertuples(), fits, strict=True))


def test_the_defect_is_found_within_a_week_with_its_reason_and_its_campaign(
    demo_store: Store, demo_company: DemoCompany, truths: Any
) -> None:
    defect = truths["defect"]
    through = demo_company.now.date() - timedelta(days=1)
    (surge, fits), *others = found_by(demo_store, demo_company, through)
    assert (surge.product, surge.reason) == (defect["product"], defect["reason"])
    assert others == []
    assert surge.alarm_day.date() <= day(defect["began"]) + timedelta(days=7)
    assert abs((surge.onset.date() - day(defect["began"])).days) <= 2
    assert fits == [defect["campaign"]]
    assert surge.observed > surge.hi > surge.expected > surge.lo


def test_a_surge_without_a_campaign_is_blamed_on_none(
    demo_store: Store, demo_company: DemoCompany, truths: Any
) -> None:
    (lone,) = truths["surges_without_campaign"]
    told = found_by(demo_store, demo_company, day(lone["began"]) + timedelta(days=10))
    assert [(surge.product, surge.reason, fits) for surge, fits in told] == [
        (lone["product"], lone["reason"], [])
    ]


def test_a_campaign_that_only_sold_more_is_not_blamed(
    demo_store: Store, demo_company: DemoCompany, truths: Any
) -> None:
    (campaign,) = (told for told in truths["campaigns"] if told["id"] == truths["volume_only"])
    for after in (7, 14, 21):
        told = found_by(demo_store, demo_company, day(campaign["starts_on"]) + timedelta(days=after))
        assert [surge for surge, fits in told if surge.product in campaign["products"]] == []


def test_what_surrounds_a_surge(demo_store: Store, demo_company: DemoCompany, truths: Any) -> None:
    through = demo_company.now.date() - timedelta(days=1)
    surge = next(surging.watch(demo_store, through).found.itertuples())
    told = surging.around(demo_store, surge)
    assert told.concentrated is not None
    assert (told.concentrated.dimension, told.concentrated.value, told.release) == ("version", "2.1", "2.1")
    files = [pd.read_parquet(path) for path in demo_company.demo.exports if "support" in path.name]
    rows = pd.concat(files).drop_duplicates(["source", "interaction_id"], keep="last")
    mine = rows[(rows["kind"] == "complaint") & (rows["product"] == surge.product) & (rows["reason"] == surge.reason)
                & rows["occurred_at"].between(surge.onset, surge.last_day + timedelta(days=1))]  # fmt: skip
    assert surge.observed == len(mine)
    assert told.customers == mine.loc[mine["consent"].fillna(True).astype(bool), "customer_id"].nunique()
    by_channel = surging.shares(demo_store, surge, "channel").set_index("group")["n"]
    assert by_channel.to_dict() == mine["channel"].value_counts().to_dict()
    behind = raised(
        demo_store, Raised(surge.product, surge.reason, surge.onset.date(), surge.last_day.date())
    )
    assert len(behind.rows) == len(mine)


def test_a_scheduler_is_told(
    demo_company: DemoCompany,
    truths: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    assert main(["check", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    defect = truths["defect"]
    assert (told["product"], told["reason"], told["campaigns"]) == (
        defect["product"],
        defect["reason"],
        [defect["campaign"]],
    )


def test_a_scheduler_is_told_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    assert main(["check"]) == 0


def test_nothing_yet_is_no_surge(store: Store) -> None:
    told = surging.watch(store, date(2026, 3, 10))
    assert (told.scan, len(told.found), told.units_known) == (None, 0, False)


def company(defect: dict[str, Any], sold: bool) -> list[dict[str, Any]]:
    """150 days of complaints about two reasons, and a defect in the last ten."""
    rows = [
        row("complaint", day + 0.3, reason=reason, product="Lamp")
        for day in range(-150, 8)
        for reason in ("noise", "late")
    ]
    rows += [row("complaint", day + 0.1 * n, **defect) for day in range(-2, 8) for n in range(6)]
    return rows + [row("order", day + 0.5, units=40) for day in range(-150, 8) if sold]  # fmt: skip


@pytest.mark.parametrize("sold", [True, False], ids=["sales known", "sales unknown"])
@pytest.mark.parametrize("product", ["Lamp", None], ids=["of a product", "of none"])
def test_complaints_are_watched_whatever_they_name(
    store: Store, folders: Folders, product: str | None, sold: bool
) -> None:
    usual = [row("complaint", day + 0.2, reason="leaks", product=product) for day in range(-150, 8, 4)]
    land(store, folders, [*company({"product": product, "reason": "leaks"}, sold), *usual])
    (surge,) = surging.watch(store, date(2026, 3, 9)).found.itertuples()
    assert (surge.product, surge.reason) == (product or surging.UNSTATED, "leaks")
    assert surge.observed >= 55
    behind = raised(store, Raised(surge.product, "leaks", surge.onset.date(), surge.last_day.date()))
    assert len(behind.rows) == surge.observed
    assert surging.shares(store, surge, "channel")["n"].sum() == surge.observed


@pytest.mark.parametrize(
    ("days", "found"), [((0,), 0), ((3,), 0), ((20, 3, -5), 1), ((15,), None), ((), None)]
)
def test_a_link_still_opens_a_surge_whose_onset_moved(days: tuple[int, ...], found: int | None) -> None:
    entries = [
        Entry(
            SimpleNamespace(product="Lamp", reason="leaks", onset=SURGE.onset + timedelta(days=shift)),
            None, (), {}, False,
        )
        for shift in days
    ]  # type: ignore[arg-type]  # fmt: skip
    told = surges.opened(entries, row_id("Lamp", "leaks", SURGE.onset))
    assert told is (None if found is None else entries[found])


@pytest.mark.parametrize("link", ["", "Lamp", "Lamp\x1fleaks\x1fsoon", "\x1f\x1f\x1f"])
def test_a_link_that_names_no_surge_opens_none(link: str) -> None:
    assert surges.opened([], link) is None


SURGE = Surge("Lamp", "leaks", date(2026, 3, 4))


def test_notes_are_kept_in_order_and_nothing_is_taken_back(store: Store) -> None:
    before = store.version
    for minute, (action, value) in enumerate((("owner", "Ann"), ("mute", "2026-04-01"), ("owner", "Bob"))):
        notes.note(store, SURGE, action, value, "Ann ", NOW + timedelta(minutes=minute))
    log = notes.noted(store)
    assert log[["action", "value"]].to_numpy().tolist() == [
        ["owner", "Ann"],
        ["mute", "2026-04-01"],
        ["owner", "Bob"],
    ]
    assert set(log["who"]) == {"Ann"}
    assert store.version == before + 3


def test_an_unknown_action_is_answered_with_the_nearest(store: Store) -> None:
    with pytest.raises(Exception, match="Did you mean 'owner'"):
        notes.note(store, SURGE, "owners", "", "Ann", NOW)


@pytest.mark.parametrize(
    ("action", "value", "who", "told"),
    [
        ("mute", "next week", "Ann", "'next week' is no day; write it like 2026-03-31"),
        ("owner", "Bob", " ", "Write your name as well"),
    ],
)
def test_a_note_that_says_too_little_is_not_kept(
    store: Store, action: str, value: str, who: str, told: str
) -> None:
    with pytest.raises(BadNote, match=told):
        notes.note(store, SURGE, action, value, who, NOW)
    assert notes.noted(store).empty


@pytest.mark.parametrize(
    ("until", "muted"),
    [(["2026-03-11"], True), (["2026-03-10"], False), (["2026-03-20", ""], False), (["soon"], False), ([], False)],
)  # fmt: skip
def test_muted_until_a_day(store: Store, until: list[str], muted: bool) -> None:
    for minute, value in enumerate(until):
        with store.transaction() as cursor:  # as any version may have written it
            cursor.execute(
                "insert into surge_log values ($at, 'Ann', 'Lamp', 'leaks', $onset, 'mute', $value)",
                {"at": NOW + timedelta(minutes=minute), "onset": SURGE.onset, "value": value},
            )
    told = notes.latest(notes.on(notes.noted(store), SURGE))
    assert notes.muted(told, NOW.date()) is muted


@pytest.mark.parametrize(
    ("product", "reason", "shift", "same"),
    [("Lamp", "leaks", 14, True), ("Lamp", "leaks", -14, True), ("Lamp", "leaks", 15, False),
     ("Lamp", "noise", 0, False), ("Desk", "leaks", 0, False)],
)  # fmt: skip
def test_notes_stay_with_their_surge_where_its_onset_moves(
    store: Store, product: str, reason: str, shift: int, same: bool
) -> None:
    notes.note(store, Surge(product, reason, SURGE.onset + timedelta(days=shift)), "note", "seen", "Ann", NOW)
    assert len(notes.on(notes.noted(store), SURGE)) == same


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        pytest.param([], "No data yet", id="no data"),
        pytest.param([row("complaint", 1)], "No complaint surge now", id="one complaint"),
        pytest.param([row("order", 1), row("order", 2)], "No complaint surge now", id="orders only"),
    ],
)
def test_the_page_with_little_data(
    store: Store, folders: Folders, rows: list[dict[str, Any]], title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rows:
        land(store, folders, rows)
    store.close()
    monkeypatch.setenv("CX_DATA", str(folders.root))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    assert opened("pages/surges.py").title[0].value == title
    close()


@pytest.mark.parametrize(
    ("contacts", "waits"),
    [
        pytest.param([{}, {"first_response_seconds": 60}], 1, id="one was answered"),
        pytest.param([{}, {}], 0, id="a source that never says when it answers has no backlog"),
        pytest.param([{"handled_by": "bot"}, {"first_response_seconds": 60}], 0, id="what a bot keeps waits for nobody"),
        pytest.param([{"handled_by": "bot", "escalated": True}, {"first_response_seconds": 60}], 1, id="handed to a human"),
    ],
)  # fmt: skip
def test_backlog(store: Store, folders: Folders, contacts: list[dict[str, Any]], waits: int) -> None:
    land(store, folders, [row("contact", 1.5 + place / 10, **told) for place, told in enumerate(contacts)])
    told = backlog(store, Filters(), NOW)
    assert told.unanswered == waits
    assert told.oldest == (MONDAY + timedelta(days=1.5) if waits else None)


def test_hours_stand_against_the_same_weekday_before(store: Store, folders: Folders) -> None:
    today = [row("contact", 7.5, channel="phone")] * 1
    before = [row("contact", 0.5 + 0.001 * n, channel="phone") for n in range(4)]
    land(store, folders, [*today, *before])
    told = hours(store, Filters(), (MONDAY + timedelta(days=7)).date()).set_index("hour")
    assert (told.loc[12, "n"], told.loc[12, "usual"], told.loc[11, "n"]) == (1, 4, 0)


def test_the_page_tells_the_surge(
    demo_company: DemoCompany, truths: Any, monkeypatch: pytest.MonkeyPatch, demo_store: Store
) -> None:
    surge = next(surging.watch(demo_store, demo_company.now.date() - timedelta(days=1)).found.itertuples())
    demo_store.close()
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    app = opened("pages/surges.py", surge=f"{surge.product}\x1f{surge.reason}\x1f{surge.onset.date()}")
    text = words(app)
    assert app.title[0].value == "Aroma One: complaints about leaks are surging"
    assert "for the units sold we would expect" in text
    assert "after the campaign One for Everyone." in text
    assert "Words that stand out: " in text
    assert "wait for a first reply" in text
    close()

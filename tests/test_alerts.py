"""Which messages are sent when: laws over any rules and any days; and what the demo company's own days say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import reference
from cx.__main__ import main
from cx.alerts.answers import Answers, Past
from cx.alerts.deciding import GROWN, decide, open_keys, repr_of, wants
from cx.alerts.events import facts, key
from cx.alerts.facts import Event, Facts, Message, Sent
from cx.alerts.replay import replay
from cx.limited import Limits
from cx.query import Filters
from cx.questions import surging
from cx.questions.freshness import freshness
from cx.reference.alerts import Alerts, Rule
from cx.store import Store
from cx.telling.runs import unmarked
from tests.conftest import DemoCompany, answer, close, even
from tests.given import MONDAY, land, row
from tests.test_pages import opened

START = datetime(2026, 3, 2)
KEYS = ("a", "b", "c")
QUIETS = (None, (time(20), time(7)), (time(9), time(17)))

rules = st.lists(
    st.builds(
        lambda to, product, least, quiet, hours, resolved: Rule(
            "", "surge", to, product, least=least, quiet=quiet, cool_down=timedelta(hours=hours), resolved=resolved
        ),
        st.sampled_from([("x",), ("y",), ("x", "y")]), st.sampled_from([(), ("a",), ("a", "b")]), st.integers(1, 20),
        st.sampled_from(QUIETS), st.sampled_from([1, 24, 72]), st.booleans(),
    ), min_size=1, max_size=3,
).map(lambda made: tuple(replace(rule, name=f"r{place}") for place, rule in enumerate(made)))  # fmt: skip
standing = st.sampled_from(["over", "unknown", *range(1, 60, 6)])
"""What is known of a key: that it is over, nothing, or so many complaints."""
hours = st.lists(st.tuples(st.integers(1, 12), st.tuples(*[standing] * 3)), min_size=3, max_size=40)
fates = st.lists(st.sampled_from(["sent", "sent", "unknown", "refused", "failed"]), min_size=1, max_size=7)


class Moment(NamedTuple):
    at: datetime
    found: Facts
    sent: list[Message]
    before: list[Sent]


def seen(standings: tuple[Any, ...]) -> Facts:
    told = dict(zip(KEYS, standings, strict=True))
    events = [Event(one, "surge", n, True, {"product": one}) for one, n in told.items() if isinstance(n, int)]
    return Facts(tuple(events), frozenset(one for one, n in told.items() if n == "over"))


def lived(told: Alerts, days: list[Any], outcomes: list[str]) -> list[Moment]:
    """What is sent as the hours go by."""
    moments, log, at = [], [], START
    for step, standings in days:
        at += timedelta(hours=step)
        found = seen(standings)
        messages = decide(told, found, log, at)
        moments.append(Moment(at, found, messages, [*log]))
        for message in messages:
            state = "noted" if message.kind == "ended" else outcomes[len(log) % len(outcomes)]
            log.append(Sent(message, state, at))  # type: ignore[arg-type]
        assert decide(told, found, log, at) == []
    return moments


def of(told: Alerts, message: Message) -> Rule:
    return next(rule for rule in told.rules if rule.name == message.rule)


@settings(max_examples=150)
@given(rules, hours, fates)
def test_no_address_is_told_twice_of_one_thing_within_the_cool_down_nor_anything_in_quiet_hours(
    made: tuple[Rule, ...], days: list[Any], outcomes: list[str]
) -> None:
    told = Alerts(made)
    begun: dict[tuple[str, str], list[datetime]] = {}
    for moment in lived(told, days, outcomes):
        for message in moment.sent:
            assert not of(told, message).silent(moment.at.time())
            for one in message.counts if message.kind in ("alert", "again") else ():
                begun.setdefault((message.address, one), []).append(moment.at)
    shortest = {address: min(rule.cool_down for rule in made if address in rule.to) for address, _ in begun}
    for (address, _), times in begun.items():
        assert all(later - earlier >= shortest[address] for earlier, later in combinations(times, 2))


@settings(max_examples=150)
@given(rules, hours, fates)
def test_only_what_a_rule_wants_is_told_and_its_end_only_after_it_arrived(
    made: tuple[Rule, ...], days: list[Any], outcomes: list[str]
) -> None:
    told = Alerts(made)
    for moment in lived(told, days, outcomes):
        events = {event.key: event for event in moment.found.events}
        for message in moment.sent:
            rule = of(told, message)
            if message.kind in ("alert", "again"):
                assert all(
                    wants(rule, events[one]) and events[one].count >= rule.least for one in message.counts
                )
                continue
            assert message.kind == ("resolved" if rule.resolved else "ended")
            for one in message.counts:
                before = [sent for sent in moment.before if sent.message.address == message.address
                          and one in sent.message.counts]  # fmt: skip
                last = before[-1]
                assert one in moment.found.over
                assert (last.message.kind in ("alert", "again"), last.arrived) == (True, True)


@given(rules, hours, fates)
def test_the_same_days_give_the_same_messages(
    made: tuple[Rule, ...], days: list[Any], outcomes: list[str]
) -> None:
    told = Alerts(made)
    assert [one.sent for one in lived(told, days, outcomes)] == [
        one.sent for one in lived(told, days, outcomes)
    ]


RULE = Rule("r", "surge", ("x",), cool_down=timedelta(hours=24), resolved=True)


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        pytest.param([(1, 10), (24, 11), (24, 12)], ["alert"], id="once for as long as it lasts"),
        pytest.param(
            [(1, 10), (24, 20), (24, 39), (24, 40)], ["alert", "again", "again"], id="again as it doubles"
        ),
        pytest.param([(1, 10), (1, 40)], ["alert"], id="not within the cool-down"),
        pytest.param(
            [(1, 10), (1, "over"), (1, 10), (24, 10)], ["alert", "resolved", "alert"], id="over and back"
        ),
        pytest.param([(1, 10), (1, "unknown"), (24, 10)], ["alert"], id="not known is not over"),
        pytest.param([(1, "over"), (1, "over")], [], id="no end of what was not told"),
    ],
)
def test_what_is_said_as_it_begins_grows_and_ends(days: list[Any], kinds: list[str]) -> None:
    steps = [(step, (told, "unknown", "unknown")) for step, told in days]
    sent = [message for moment in lived(Alerts((RULE,)), steps, ["sent"]) for message in moment.sent]
    assert [message.kind for message in sent] == kinds
    assert GROWN == 2


def test_what_the_quiet_hours_held_back_is_said_after_them_if_it_still_holds() -> None:
    told = Alerts((replace(RULE, quiet=(time(20), time(7))),))
    steps = [(21, (10, 10, "unknown")), (9, (10, "unknown", "unknown")), (1, (10, "unknown", "unknown"))]
    sent = [
        (moment.at.hour, [*message.counts])
        for moment in lived(told, steps, ["sent"])
        for message in moment.sent
    ]
    assert sent == [(7, ["a"])]


def test_two_rules_for_one_address_are_one_message() -> None:
    told = Alerts((RULE, replace(RULE, name="second", product=("a",))))
    assert [message.rule for message in decide(told, seen((10, "unknown", "unknown")), [], START)] == ["r"]


@pytest.mark.parametrize(
    ("event", "rule", "wanted"),
    [
        ({"worse": False}, {}, False),
        ({"worse": False}, {"better": True}, True),
        ({"causes": frozenset({"release"})}, {"cause": "campaign"}, False),
        ({"causes": frozenset({"campaign"})}, {"cause": "campaign"}, True),
        ({"about": {"reason": "late"}}, {"product": ("Lamp",)}, True),
        ({"about": {"product": "Sofa"}}, {"product": ("Lamp",)}, False),
        ({"about": {"filters": "segment=Office"}}, {}, False),
        ({"about": {"filters": "segment=Office"}}, {"filters": Filters(segment=("Office",))}, True),
    ],
    ids=["good news", "good news asked for", "another cause", "its cause", "all products", "another product",
         "narrowed", "narrowed alike"],
)  # fmt: skip
def test_a_rule_is_about_what_it_names(event: dict[str, Any], rule: dict[str, Any], wanted: bool) -> None:
    assert wants(replace(RULE, **rule), replace(Event("k", "surge", 5), **event)) is wanted


def test_a_source_is_late_by_its_own_rhythm_and_delivers_again(store: Store, folders: Any) -> None:
    told = Alerts((Rule("late", "freshness", ("x",), resolved=True),))
    land(store, folders, [row("contact", days) for days in range(20)], MONDAY + timedelta(days=30))
    for day, late, over in ((20, 0, 1), (23, 1, 0)):
        answers = Answers(store, reference.tables(folders.reference), told.rules)
        its = key("freshness", "test")
        found = facts(answers, told, MONDAY + timedelta(days=day), [its])
        assert ([event.key for event in found.events], found.over) == ([its] * late, frozenset([its] * over))


TOLD = Alerts(
    (
        Rule("Surges", "surge", ("lead",), quiet=(time(20), time(7)), resolved=True),
        Rule("After a campaign", "surge", ("marketing",), cause="campaign"),
        Rule("The week", "kpi", ("boss",)),
        Rule("Late", "freshness", ("lead",)),
    ),
    url="https://cx.example.org",
)


@pytest.fixture(scope="module")
def replayed(demo_store: Store, demo_company: DemoCompany) -> list[Sent]:
    return replay(Limits(demo_store), demo_company.folders, TOLD, demo_company.now, 90)


def test_earlier_days_are_answered_as_on_that_day(demo_store: Store, demo_company: DemoCompany) -> None:
    tables = reference.tables(demo_company.folders.reference)
    today = demo_company.now.date()
    past = Past(demo_store, tables, TOLD.rules, today - timedelta(days=60), demo_company.now)
    for back in (60, 33, 4, 1):
        through = today - timedelta(days=back)
        told, was = past.watch(through).found, surging.watch(demo_store, through).found
        order = ["product", "reason", "onset"]
        assert told.sort_values(order, ignore_index=True).equals(was.sort_values(order, ignore_index=True))
    fresh = past.fresh(datetime.combine(today, time()))
    now = freshness(demo_store, demo_company.now)
    assert (fresh.last_day, fresh.last_week()) == (now.last_day, now.last_week())


def test_the_last_90_days_tell_of_the_defect_once_to_each_and_of_its_campaign(
    replayed: list[Sent], truths: Any
) -> None:
    defect = truths["defect"]
    its = key("surge", defect["product"], defect["reason"])
    told = [sent for sent in replayed if its in sent.message.counts]
    first = {
        name: next(sent for sent in told if sent.message.address == name) for name in ("lead", "marketing")
    }
    began = date.fromisoformat(defect["began"])
    for name, sent in first.items():
        assert sent.message.kind == "alert"
        assert began < sent.message.at.date() <= began + timedelta(days=8)
        assert [one for one in told if one.message.address == name and one.message.kind == "alert"] == [sent]
        assert f"{defect['product']}: complaints about {defect['reason']} are surging" in sent.title
        assert "for the units sold we would expect" in sent.body
        assert "https://cx.example.org/surges?surge=" in sent.body
    lone = {key("surge", one["product"], one["reason"]) for one in truths["surges_without_campaign"]}
    assert [
        sent for sent in replayed if sent.message.address == "marketing" and lone & {*sent.message.counts}
    ] == []


def test_what_would_have_been_sent_is_sent_at_most_so_often_and_never_in_quiet_hours(
    replayed: list[Sent],
) -> None:
    assert {sent.message.address for sent in replayed} >= {"lead", "marketing", "boss"}
    assert [
        sent for sent in replayed if sent.message.rule == "Surges" and not 7 <= sent.message.at.hour < 20
    ] == []
    weeks = [sent for sent in replayed if sent.message.rule == "The week"]
    assert {sent.message.at.weekday() for sent in weeks[1:]} == {0}
    assert [sent.title for sent in weeks if "improved" in sent.title or "steady" in sent.title] == []


def test_no_message_holds_a_customers_words_or_name(
    replayed: list[Sent], demo_store: Store, demo_company: DemoCompany
) -> None:
    said = "\n".join(f"{sent.title}\n{sent.body}" for sent in replayed)
    texts = answer(demo_store, "select distinct text from interactions where text is not null")
    assert [text for (text,) in texts if text in said] == []
    assert [name for (name,) in answer(demo_store, "select customer_id from customers") if name in said] == []
    assert "**" not in said
    assert "\\" not in said


def test_the_command_line_says_what_the_rules_are_and_what_they_would_have_sent(
    demo_company: DemoCompany, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], replayed: list[Sent],
    demo_store: Store,
) -> None:  # fmt: skip
    demo_store.close()
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    path = demo_company.folders.reference / "alerts.toml"
    assert main(["alerts"]) == 0
    assert "holds no rule" in even(capsys.readouterr().out)
    path.write_text('[[rule]]\nname = "Surges"\non = "surge"\nto = "lead"\nleast = 5\n', encoding="utf-8")
    try:
        assert main(["alerts"]) == 1
        told = even(capsys.readouterr().out)
        assert "Surges (Complaint surges), to lead: not again within 24 h; from 5 on" in told
        assert "are surging" in told
        assert "Wrong lead: no address" in told
        assert main(["alerts", "--test", "30"]) == 0
        assert "In the last 30 days" in even(capsys.readouterr().out)
        assert main(["alerts", "--send", "nobody"]) == 1
        assert "CX_ALERT_NOBODY" in even(capsys.readouterr().out)
        app = opened("pages/data.py")
        assert [block.value for block in app.warning if "lead: no address" in unmarked(block.value)]
        app.button("alerts-would").click().run()
        assert not app.exception
        assert [block.value for block in app.caption if "In the last 90 days" in block.value]
    finally:
        path.unlink()
        close()


def test_filters_are_told_apart_by_what_they_choose() -> None:
    one, other = Filters(segment=("b", "a"), region=("x",)), Filters(region=("x",), segment=("a", "b"))
    assert repr_of(one) == repr_of(other) != repr_of(Filters(segment=("a",)))


def test_what_is_open_is_what_arrived_or_is_on_its_way() -> None:
    message = Message("1", START, "r", "x", "alert", {"k": 1})
    assert open_keys([Sent(message, "refused", START)]) == {"k"}
    assert open_keys([Sent(message, "failed", START)]) == frozenset()

"""What is told to people who see only some rows: to each their own, whoever asked before them, on pages, paper and by message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cx import brief
from cx.access import OWNER, Person, acting_as
from cx.access.people import FILE, asking, people
from cx.alerts.parting import parts
from cx.alerts.replay import replay
from cx.errors import BadReference, NotAllowed
from cx.query import Filters
from cx.questions.behind import Reached
from cx.reference.alerts import alerts
from cx.ui import asks, journeys, live
from cx.ui.asks import View
from tests.conftest import DemoCompany, answer

SOUTH, NORTH = (
    Person(f"{name}@example.com", "analyst", Filters(region=(name,))) for name in ("South", "North")
)
COUNTS_ONLY = Person("eve@example.com", "executive")
GRANTS = """
[[grant]]
email = "south@example.com"
role = "executive"
region = ["South"]
alerts = ["south"]
[[grant]]
email = "all@example.com"
role = "executive"
"""
RULES = """
[[rule]]
name = "Week"
on = "brief"
to = ["south", "all"]
"""


def view(**filters: tuple[str, ...]) -> View:
    return View.of(live.server().version, Filters(**filters), 26)


def tiles(one: Person, **filters: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """Of each measure of the week the value and the n that this person is shown."""
    with acting_as(one):
        return {
            tile.kpi.name: (round(tile.row.value, 6), round(tile.row.n, 6))
            for tile in asks.week(view(**filters))[0]
            if tile.row.n > 0
        }


def test_each_is_shown_what_the_filter_would_show_and_nobody_anothers(company: DemoCompany) -> None:
    whole = tiles(OWNER)
    south, north = (tiles(OWNER, region=(name,)) for name in ("South", "North"))
    assert len({repr(told) for told in (whole, south, north)}) == 3
    for _ in range(2):  # the second time from what is kept
        assert tiles(SOUTH) == south
        assert tiles(NORTH) == north
        assert tiles(OWNER) == whole
    assert tiles(SOUTH, region=("North",)) == {}


def test_the_choices_of_filters_name_what_is_seen_and_nothing_else(company: DemoCompany) -> None:
    with acting_as(SOUTH):
        assert asks.choices(live.server().version)["region"] == ["South"]
        assert journeys.choices(live.server().version)["region"] == ["South"]


def test_single_interactions_are_of_these_rows_alone(company: DemoCompany) -> None:
    def regions(one: Person) -> set[str]:
        """Of what is shown to this person behind the funnel's first stage."""
        with acting_as(one):
            shown = journeys._behind(view(), Reached(0, False)).rows
        theirs = {*zip(shown["occurred_at"], shown["customer"], strict=True)}
        sql = "select occurred_at, customer_no, region from interactions where customer_no is not null"
        return {
            region for at, customer, region in answer(live.server().store, sql) if (at, customer) in theirs
        }

    assert regions(SOUTH) == {"South"}
    assert regions(OWNER) > {"South"}


def test_nobody_without_a_role_is_answered(company: DemoCompany) -> None:
    with acting_as(Person("who@example.com", "")), pytest.raises(NotAllowed):
        asks.fresh(live.server().version, view().at)


def test_who_sees_counts_alone_cannot_single_anybody_out(company: DemoCompany) -> None:
    (product, campaign), *_ = answer(
        live.server().store,
        "select product, campaign_id from interactions where customer_no is not null and product is not null "
        "and campaign_id is not null group by all having count(distinct customer_no) between 1 and 4",
    ) or [(None, None)]
    alone = {"product": (product,), "campaign": (campaign,)}
    assert tiles(COUNTS_ONLY, region=("South",))
    if product:
        assert view(**alone)
        with acting_as(COUNTS_ONLY), pytest.raises(NotAllowed, match="fewer than 5 customers"):
            view(**alone)


@pytest.fixture
def granted(company: DemoCompany) -> Iterator[DemoCompany]:
    folder = company.folders.reference
    (folder / FILE).write_text(GRANTS)
    (folder / "alerts.toml").write_text(RULES)
    yield company
    (folder / FILE).unlink()
    (folder / "alerts.toml").unlink()


def test_paper_and_messages_tell_of_these_rows_alone(granted: DemoCompany) -> None:
    folders, store = granted.folders, live.server().store
    limits, told = live.server().limits, alerts(folders.reference)
    names = {part.names: seen.rows for seen, part in parts(told, folders, limits)}
    assert names == {("south",): SOUTH.rows, ("all",): Filters()}
    south, whole = (limits.seen(asking(folders.reference, who).rows) for who in ("South@example.com", ""))
    narrowed = brief.brief(store, folders, granted.now, filters=SOUTH.rows)
    theirs = brief.brief(south.store, folders, granted.now, rows=south.rows)
    assert [tile["value"] for tile in theirs.tiles] == [tile["value"] for tile in narrowed.tiles]
    assert [tile["value"] for tile in theirs.tiles] != [
        tile["value"] for tile in brief.brief(whole.store, folders, granted.now).tiles
    ]
    sent = replay(limits, folders, told, granted.now, 8)
    bodies = {one.message.address: one.body for one in sent}
    assert bodies["south"] != bodies["all"]


def test_where_access_toml_cannot_be_understood_nobody_is_told_anything(granted: DemoCompany) -> None:
    (granted.folders.reference / FILE).write_text("[[grant]\n")
    with pytest.raises(BadReference):
        [*parts(alerts(granted.folders.reference), granted.folders, live.server().limits)]


@pytest.mark.parametrize(
    ("email", "role"),
    [("south@example.com", "executive"), ("ALL@example.com", "executive"), ("no@example.com", "")],
)
def test_whom_the_grants_give_which_role(granted: DemoCompany, email: str, role: str) -> None:
    assert people(granted.folders.reference).known(email).role == role


def test_a_command_asks_as_somebody_who_has_a_role(granted: DemoCompany) -> None:
    with pytest.raises(NotAllowed, match="no@example"):
        asking(granted.folders.reference, "no@example.com")

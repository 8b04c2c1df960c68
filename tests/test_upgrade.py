"""A store of the release before the journey: it opens, keeps what it holds, and counts as a fresh one does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from cx.folders import Folders
from cx.ingest.intake import catch_up
from cx.journey import DEFAULT
from cx.model import COLUMNS
from cx.store import Store
from tests.conftest import answer, everything, known_as
from tests.given import MONDAY, land, row

LATER = MONDAY + timedelta(days=60)
BEFORE = """
create table interactions (
  source VARCHAR, interaction_id VARCHAR, occurred_at TIMESTAMP, customer_id VARCHAR, kind VARCHAR, stage VARCHAR,
  channel VARCHAR, touchpoint VARCHAR, product VARCHAR, version VARCHAR, brand VARCHAR, campaign_id VARCHAR,
  segment VARCHAR, region VARCHAR, language VARCHAR, reason VARCHAR, order_id VARCHAR, units INTEGER, amount DOUBLE,
  asked BOOLEAN, csat INTEGER, nps INTEGER, ces INTEGER, sentiment VARCHAR, expectation INTEGER,
  first_response_seconds DOUBLE, resolution_seconds DOUBLE, resolved_first_contact BOOLEAN, handled_by VARCHAR,
  escalated BOOLEAN, referred BOOLEAN, goal VARCHAR, goal_reached BOOLEAN, consent BOOLEAN, text VARCHAR,
  updated_at TIMESTAMP, file_id INTEGER, file_row BIGINT
);
create table files (
  file_id INTEGER, name VARCHAR, size BIGINT, sha256 VARCHAR, format VARCHAR, arrived_at TIMESTAMP,
  rows_read BIGINT, rows_kept BIGINT, rows_superseded BIGINT, rows_refused BIGINT, reason VARCHAR
);
create table refusals (file_id INTEGER, file_row BIGINT, column_name VARCHAR, value VARCHAR, rule VARCHAR);
create table meta (version BIGINT);
insert into meta values (7);
create table r_day (
  day DATE, source VARCHAR, product VARCHAR, channel VARCHAR, segment VARCHAR, region VARCHAR, stage VARCHAR,
  nps_promoters BIGINT, nps_detractors BIGINT, nps_answers BIGINT, csat_satisfied BIGINT, csat_answers BIGINT,
  ces_sum DOUBLE, ces_squares DOUBLE, ces_answers BIGINT, asked BIGINT, answered BIGINT, fcr_solved BIGINT,
  fcr_contacts BIGINT, contacts BIGINT, complaints BIGINT, unassisted BIGINT, contained BIGINT, bot_contacts BIGINT,
  bot_escalated BIGINT, goals BIGINT, goals_reached BIGINT, finds BIGINT, finds_reached BIGINT, texts BIGINT,
  texts_scored_written BIGINT, texts_scored BIGINT, texts_positive BIGINT, texts_negative BIGINT, gap_sum DOUBLE,
  gap_squares DOUBLE, gap_answers BIGINT, orders DOUBLE, orders_referred DOUBLE, units BIGINT, revenue DOUBLE,
  interactions BIGINT, last_at TIMESTAMP
);
create table r_hist (
  day DATE, source VARCHAR, product VARCHAR, channel VARCHAR, segment VARCHAR, region VARCHAR, stage VARCHAR,
  measure VARCHAR, bin INTEGER, n BIGINT
);
create table r_complaints (
  day DATE, source VARCHAR, product VARCHAR, channel VARCHAR, segment VARCHAR, region VARCHAR, stage VARCHAR,
  reason VARCHAR, n BIGINT
);
insert into r_complaints (day, source, reason, n) values ('2026-03-02', 'test', 'stale', 99);
"""
"""The tables as that release made them, and a figure of its own that has to go."""

ROWS = [
    row("visit", 0, customer_id="ann", stage="discover", channel="web"),
    row("visit", 1, customer_id="ann", stage="research", channel="web"),
    row("order", 2, customer_id="ann", channel="app"),
    row("order", 40, customer_id="ann", channel="app"),
    row("complaint", 3, customer_id="ann", csat=2),
    row("visit", 1, customer_id="bob", stage="discover"),
    row("contact", 5, text="Write to [EMAIL]"),
]


@pytest.fixture
def fresh(folders: Folders) -> Folders:
    """A store of today that took the rows in."""
    store = Store.open(folders.store)
    report = land(store, folders, ROWS, LATER)
    assert report.rows_kept == len(ROWS)
    store.close()
    return folders


@pytest.fixture
def old(fresh: Folders, tmp_path: Path) -> Folders:
    """A store of the release before with the same rows, and with its ledger."""
    made = Folders(tmp_path / "old").make()
    connection = duckdb.connect(str(made.store))
    connection.execute(BEFORE)
    connection.execute(f"attach '{fresh.store}' as today (read_only)")
    for table in ("interactions", "files"):  # with ids as that release kept them, and texts
        names = ", ".join(
            name
            for (name,) in connection.execute(f"select name from pragma_table_info('{table}')").fetchall()
        )
        held = {"interactions": "today.interactions left join today.customers using (customer_no)"}
        connection.execute(
            f"insert into {table} ({names}) select {names} from {held.get(table, 'today.files')}"
        )
    for name in ("ann", "bob"):
        connection.execute("update interactions set customer_id = $name where customer_id = $known",
                           {"name": name, "known": known_as(name)})  # fmt: skip
    connection.execute("update interactions set text = 'Write to ann@mail.com' where text is not null")
    connection.close()
    return made


def opened(folders: Folders) -> Store:
    return Store.open(folders.store)


def test_it_opens_and_keeps_its_interactions(fresh: Folders, old: Folders) -> None:
    held = [name for name in COLUMNS if name != "device"]
    query = f"select {', '.join(held)}, file_id, file_row from interactions left join customers using (customer_no)"
    query += " order by interaction_id"
    now, before = opened(fresh), opened(old)
    assert answer(before, query) == answer(now, query)
    assert answer(before, "select count(*) from interactions where device is not null") == [(0,)]
    ledger = "select name, sha256, rows_read, rows_kept, reason from files"
    assert answer(before, ledger) == answer(now, ledger)
    assert before.version == 7
    now.close()
    before.close()


def test_its_customers_get_numbers(old: Folders) -> None:
    store = opened(old)
    assert answer(store, "select customer_id from customers order by 1") == [
        *sorted((known_as(name),) for name in ("ann", "bob"))
    ]
    named = """
select customer_id, count(*) from interactions left join customers using (customer_no)
group by all order by all nulls last"""
    ann, bob = known_as("ann"), known_as("bob")
    assert answer(store, named) == [*sorted([(ann, 5), (bob, 1)]), (None, 1)]
    store.close()


def test_its_figures_wait_to_be_counted_and_are_then_those_of_a_fresh_store(
    fresh: Folders, old: Folders
) -> None:
    now, before = opened(fresh), opened(old)
    assert before.journey is None
    assert answer(before, "select count(*) from r_complaints") == [(0,)]
    assert catch_up(before, old)
    assert before.journey == DEFAULT
    assert everything(before) == everything(now)
    assert not catch_up(before, old)
    now.close()
    before.close()


def test_an_export_that_lands_first_has_everything_counted(fresh: Folders, old: Folders) -> None:
    more = [row("visit", 6, customer_id="cay", stage="discover"), row("order", 7, customer_id="bob")]
    now, before = opened(fresh), opened(old)
    for store, folders in ((now, fresh), (before, old)):
        assert land(store, folders, more, LATER).rows_kept == len(more)
    assert everything(before) == everything(now)
    now.close()
    before.close()


def test_opening_it_again_changes_nothing(old: Folders) -> None:
    store = opened(old)
    catch_up(store, old)
    first = (store.version, everything(store), answer(store, "select * from customers order by all"))
    store.close()
    store = opened(old)
    assert (store.version, everything(store), answer(store, "select * from customers order by all")) == first
    assert store.journey == DEFAULT
    store.close()

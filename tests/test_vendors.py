"""Exports as people have them: each is recognised, and its rows become the interactions that stand beside it here."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx.errors import FileRefused
from cx.folders import PROJECT, Folders
from cx.formats import open_sheet, recognise
from cx.formats.vendors import VENDORS
from cx.formats.vendors.vendor import Vendor
from cx.ingest import Report, reshape, take_in
from cx.model import COLUMNS
from cx.store import Store
from tests.conftest import known_as, write_csv
from tests.test_real_exports import real as sample

WRITTEN = Path(__file__).with_name("vendors")
Ask = Callable[[str], list[tuple[Any, ...]]]

DAY = "2025-10-01"

EXPECTED = {
    "zendesk_report.csv": ("zendesk tickets", """
interaction_id | occurred_at      | customer_id     | kind      | channel | touchpoint | reason   | asked | csat | first_response_seconds | resolution_seconds | resolved_first_contact
101            | 2025-10-01 08:00 | ann@example.com | complaint | email   | Desk A     | Broken   | True  | 5    | 1800.0                 | 14400.0            | True
102            | 2025-10-01 07:00 | bo@example.com  | contact   | web     | Desk A     | Question | True  | 1    | 900.0                  | 86400.0            | False
103            | 2025-10-01 10:00 | cy@example.com  | contact   | phone   | Desk B     | Delivery | True  |      |                        |                    |
"""),
    "zendesk_tickets.jsonl": ("zendesk tickets", """
interaction_id | occurred_at      | customer_id | kind    | channel | asked | csat | first_response_seconds | resolution_seconds | text
35436          | 2025-09-20 22:55:29 | 20978392    | contact | chat    | True  | 5    | 720.0                  | 5400.0             | It is broken
"""),
    "zendesk_ratings.csv": ("zendesk satisfaction ratings", """
interaction_id | occurred_at      | customer_id | kind   | asked | csat | text
rating-62      | 2025-10-01 10:00 | 7881        | survey | True  | 5    | Great
rating-63      | 2025-10-01 11:00 | 7882        | survey | True  |      |
"""),
    "freshdesk.csv": ("freshdesk tickets", """
interaction_id | occurred_at      | customer_id     | kind      | channel | product | reason    | csat | first_response_seconds | resolution_seconds
501            | 2025-10-01 08:00 | ann@example.com | complaint | web     | Lamp    | Complaint | 2    | 1800.0                 | 43200.0
502            | 2025-10-01 09:00 | bo@example.com  | contact   | phone   | Lamp    | Question  | 5    | 5400.0                 | 45000.0
"""),
    "hubspot_tickets.csv": ("hubspot tickets", """
interaction_id | occurred_at      | kind      | channel | reason        | first_response_seconds | resolution_seconds | text                   | updated_at
9001           | 2025-10-01 08:00 | contact   | chat    | PRODUCT_ISSUE | 1800.0                 | 14400.0            | It broke               | 2025-10-02 00:00
9002           | 2025-10-01 09:00 | complaint | web     | complaint     |                        |                    | Complaint about a lamp | 2025-10-02 09:00
"""),
    "hubspot_feedback.csv": ("hubspot feedback", """
interaction_id                   | occurred_at      | kind   | channel | csat | nps | ces | sentiment | text
feedback-1                       | 2025-10-01 08:00 | survey | email   |      | 9   |     | positive  | Lovely
feedback-2                       | 2025-10-01 08:00 | survey | web     | 5    |     |     |           |
feedback-3                       | 2025-10-01 08:00 | survey | web     | 3    |     |     |           |
feedback-4                       | 2025-10-01 08:00 | survey | web     | 1    |     |     |           |
feedback-5                       | 2025-10-01 08:00 | survey | email   |      |     | 6   |           | Easy
5dd8b0d2563b9e950c48926b8d3b0644 | 2025-10-01 09:00 | survey | web     | 5    |     |     |           |
"""),
    "intercom.jsonl": ("intercom conversations", """
interaction_id | occurred_at      | customer_id     | kind    | channel | asked | csat | first_response_seconds | resolution_seconds | resolved_first_contact | handled_by | escalated
147            | 2025-10-01 08:00 | ann@example.com | contact | chat    | True  | 4    | 300.0                  | 7200.0             | True                   |            |
149            | 2025-10-01 08:00 | l1              | contact | chat    |       |      | 60.0                   |                    |                        | bot        | True
"""),
    "salesforce_api.csv": ("salesforce cases", """
interaction_id | occurred_at      | customer_id     | kind      | channel | reason    | resolution_seconds | escalated | text     | updated_at
00001001       | 2025-10-01 08:00 | ann@example.com | complaint | phone   | Complaint | 7200.0             | True      | It broke | 2025-10-02 10:00
"""),
    "salesforce_report.csv": ("salesforce cases", """
interaction_id | occurred_at      | kind    | channel | reason       | resolution_seconds | text
00001003       | 2025-10-01 08:00 | contact | chat    | Installation | 9000.0             | Lamp
00001004       | 2025-10-24 13:05 | contact | email   |              |                    | Lamp
"""),
    "shopify.csv": ("shopify orders", """
interaction_id | occurred_at      | customer_id     | kind   | channel | product | campaign_id | region | order_id | units | amount | file_row
#1001-L1       | 2025-10-01 08:00 | ann@example.com | order  | web     | Lamp    | WELCOME     | DE     | #1001    | 2     | 18.0   | 1
#1001-T1       | 2025-10-01 08:00 | ann@example.com | order  | web     | Table   | WELCOME     | DE     | #1001    | 1     | 27.0   | 2
#1002-L1       | 2025-10-02 08:00 | bo@example.com  | order  | store   | Lamp    |             | FR     | #1002    | 1     | 20.0   | 3
#1002-return   | 2025-10-03 08:00 | bo@example.com  | return | store   | Lamp    |             | FR     | #1002    | 1     | 20.0   | 3
#1003-L1       | 2025-10-02 09:00 | cy@example.com  | order  | app     | Lamp    |             | FR     | #1003    | 2     | 40.0   | 4
#1003-return   | 2025-10-02 09:00 | cy@example.com  | return | app     | Lamp    |             | FR     | #1003    |       | 10.0   | 4
"""),
    "google_play.csv": ("google play reviews", """
interaction_id                        | occurred_at      | kind   | product         | version | brand | language | csat | text           | updated_at
gp:AOq                                | 2025-10-01 08:00 | review | com.example.app | 1.2     | ours  | en       | 2    | Slow/It hangs  | 2025-10-02 08:00
made-5719d68dec3ac34ade63a889311cc79f | 2025-10-01 09:00 | review | com.example.app | 1.2     | ours  | de       | 5    |                | 2025-10-01 09:00
"""),
    "app_store.jsonl": ("app store reviews", """
interaction_id | occurred_at      | kind   | brand | region | csat | text
0000-1         | 2025-10-01 08:00 | review | ours  | USA    | 4    | Fine/Does it
"""),
    "qualtrics.csv": ("qualtrics responses", """
interaction_id | occurred_at         | customer_id     | kind   | channel | language | asked | csat | nps | ces | text     | file_row
R_1            | 2025-10-01 08:05:01 | ann@example.com | survey | email   | en       | True  | 4    | 10  | 7   | All good | 3
R_2            | 2025-10-01 09:05:01 | bo@example.com  | survey | web     | de       | True  | 1    | 3   | 2   |          | 4
R_5            | 2025-10-01 10:05:01 |                 | survey | web     | en       | True  |      |     |     |          | 7
"""),
    "surveymonkey.csv": ("surveymonkey responses", """
interaction_id | occurred_at      | customer_id     | kind   | asked | csat | nps | text   | file_row
114            | 2025-10-24 08:05 | ann@example.com | survey | True  | 5    | 9   | Thanks | 2
115            | 2025-10-01 21:05 |                 | survey | True  | 1    | 0   |        | 3
"""),
}  # fmt: skip
"""A written export -> its format, and the interactions that it becomes ('/' for a line break, seconds where there are any)."""

LEFT_OUT = {
    "zendesk_report.csv": [
        "1 deleted record was left out.",
        "1 record that was merged into another was left out.",
    ],
    "zendesk_tickets.jsonl": ["1 deleted record was left out."],
    "zendesk_ratings.csv": ["1 record of a customer who was not asked was left out."],
    "freshdesk.csv": ["1 record marked as spam was left out."],
    "intercom.jsonl": ["1 conversation that the company began was left out."],
    "salesforce_api.csv": ["1 deleted record was left out."],
    "qualtrics.csv": [
        "2 rows below the header that explain it were left out.",
        "1 preview was left out.",
        "1 unfinished response was left out.",
    ],
    "surveymonkey.csv": ["1 row below the header that explains it was left out."],
}
REFUSED = {"zendesk_report.csv": [(6, "first_response_seconds", "not_a_number")]}


def table(text: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """A table with bars -> its column names and its rows, customers under their pseudonyms."""
    names, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    if "customer_id" in names:
        place = names.index("customer_id")
        rows = [[*row[:place], row[place] and known_as(row[place]), *row[place + 1 :]] for row in rows]
    return names, sorted(tuple(row) for row in rows)


def shown(value: Any) -> str:
    """A value as the tables above write it."""
    if isinstance(value, datetime):
        return str(value).removesuffix(":00")
    return "" if value is None else str(value).replace("\n", "/")


def kept(ask: Ask, names: Sequence[str]) -> list[tuple[str, ...]]:
    rows = ask(f"select {', '.join(names)} from interactions left join customers using (customer_no)")
    return sorted(tuple(map(shown, row)) for row in rows)


def real(name: str) -> Path:
    return sample(f"vendor/{name}")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counts(report: Report) -> tuple[int, int, int, int]:
    assert report.reason == ""
    return report.rows_read, report.rows_kept, report.rows_superseded, report.rows_refused


@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_becomes_these_interactions(name: str, store: Store, folders: Folders, ask: Ask):
    format, rows = EXPECTED[name]
    names, expected = table(rows)
    report = take_in(store, folders, WRITTEN / f"written_{name}")
    refused = REFUSED.get(name, [])
    assert (report.format, report.reason) == (format, "")
    assert kept(ask, names) == expected
    assert counts(report) == (len(expected) + len(refused), len(expected), 0, len(refused))
    assert ask("select file_row, column_name, rule from refusals") == refused
    assert [note for note in report.notes if "left out" in note] == LEFT_OUT.get(name, [])


CELLS = st.sampled_from(
    ["", "0", "-1", "1e99", "9999999999", "1759305600000", "24/10/2025", "99/99/9999 99:99", "2025-13-45", "12:34:56",
     "0:0:0:0", "NaN", "true", "Good", "deleted", "'; drop table x", '{"ImportId": 1}', "[]", "{", '[{"key": 1}]', "é\U0001f600"]
) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_cells_hold_every_record_is_told(vendor: Vendor, tmp_path: Path, data: st.DataObject):
    header = [spellings.split()[0] for spellings in vendor.fields.values()]
    header = [column for place, column in enumerate(header) if column not in header[:place]]
    cells = data.draw(
        st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), min_size=1, max_size=6)
    )
    path = write_csv(tmp_path / "x.csv", [dict(zip(header, ["x", *row[1:]], strict=True)) for row in cells])
    sheet = open_sheet(path)
    _, format, rows = reshape.read(sheet, recognise(sheet.columns, path.name))
    told = sum(int(note.split()[0]) for note in format.notes if "left out" in note)
    assert len({*rows.table["file_row"].to_pylist()}) + told == len(cells)


def test_every_format_stands_in_the_docs():
    told = (PROJECT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [vendor.name for vendor in VENDORS if f"`{vendor.name}`" not in told] == []


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_what_a_format_names_is_there(vendor: Vendor):
    assert {*vendor.signature, *vendor.needs} <= {*vendor.fields}
    assert {*vendor.sources} <= {*COLUMNS}
    header = [vendor.fields[name].split()[0] for name in vendor.signature + vendor.needs]
    assert recognise(header).name == vendor.name
    assert recognise([column.replace("_", " ").title() for column in header]).name == vendor.name


def test_a_file_that_two_formats_fit_equally_is_asked_about():
    header = ["hs_survey_type", "hs_submission_timestamp", "hs_value",
              "Package Name", "Review Submit Date and Time", "Star Rating"]  # fmt: skip
    with pytest.raises(
        FileRefused, match=r"'hubspot feedback' and 'google play reviews' alike.*mapping file"
    ):
        recognise(header, "x.csv")


def test_a_mapping_of_ones_own_goes_before_a_built_in_format(tmp_path: Path):
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "own.toml").write_text(
        'name = "own"\nrecognise = ["Package Name"]\n[columns]\nsource = { constant = "play" }\n'
        'interaction_id = "Review Link"\noccurred_at = "Review Submit Date and Time"\nkind = { constant = "review" }'
    )
    header = ["Package Name", "Review Submit Date and Time", "Star Rating", "Review Link"]
    assert recognise(header, "x.csv").name == "google play reviews"
    assert recognise(header, "x.csv", tmp_path).name == "own"


def test_a_day_and_a_month_are_told_by_the_file_or_not_at_all(
    store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    def case(number: int, opened: str) -> dict[str, object]:
        return {"Case Number": number, "Status": "New", "Case Origin": "Web", "Date/Time Opened": opened}

    sure = take_in(store, folders, write_csv(tmp_path / "a.csv", [case(1, "01/10/2025 08:00"), case(2, "24/10/2025 09:00")]))  # fmt: skip
    unsure = take_in(store, folders, write_csv(tmp_path / "b.csv", [case(3, "01/10/2025 08:00")]))
    both = take_in(store, folders, write_csv(tmp_path / "c.csv", [case(4, "24/10/2025"), case(5, "10/24/2025")]))  # fmt: skip
    assert [report.rows_kept for report in (sure, unsure, both)] == [2, 0, 0]
    assert {refusal.rule for refusal in (*unsure.examples, *both.examples)} == {"not_a_time"}
    assert kept(ask, ["interaction_id", "occurred_at"]) == [("1", "2025-10-01 08:00"), ("2", "2025-10-24 09:00")]  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the later one first"])
def test_a_later_export_replaces_an_order_and_brings_its_return(
    order: tuple[int, int], store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    first = read(WRITTEN / "written_shopify.csv")
    later = [dict(row) for row in first]
    later[0] |= {"Cancelled at": "2025-10-04 10:00:00 +0200", "Refunded Amount": "50.00"}
    for i in order:
        path = write_csv(tmp_path / f"{i}.csv", (first, later)[i])
        os.utime(path, (1.7e9 + i, 1.7e9 + i))
        take_in(store, folders, path)
    lines = "select kind, product, units, amount from interactions where order_id = '#1001' order by 1, 2"
    assert ask(lines) == [("order", "Lamp", 2, 18.0), ("order", "Table", 1, 27.0), ("return", None, 3, 50.0)]
    assert ask("select count(*) from interactions") == [(7,)]


def test_the_made_up_id_of_a_review_stays_when_its_stars_change(
    store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    review = read(WRITTEN / "written_google_play.csv")[1]
    changed = {"Star Rating": 1, "Review Last Update Date and Time": "2025-10-05T00:00:00Z"}
    take_in(store, folders, write_csv(tmp_path / "a.csv", [review]))
    take_in(store, folders, write_csv(tmp_path / "b.csv", [review | changed]))
    assert ask("select csat from interactions") == [(1,)]


def test_a_question_that_cannot_be_told_is_named_and_no_survey_counts_as_unanswered(
    store: Store, folders: Folders, ask: Ask
):
    report = take_in(store, folders, real("qualtrics/sample.csv"))
    assert counts(report) == (1, 1, 0, 0)
    assert "Not used: 'Q1'. A mapping file can say what these are." in report.notes
    assert ask("select interaction_id, occurred_at, asked, text, language, file_row from interactions") == [
        ("R_2YPOQ602ER1jkf1", datetime(2017, 7, 18, 8, 28, 48), False, "Hello World!", "de", 3)
    ]


def test_responses_without_the_rows_below_the_header_lose_none(
    store: Store, folders: Folders, tmp_path: Path
):
    mended = read(WRITTEN / "written_qualtrics.csv")[2:4]
    report = take_in(store, folders, write_csv(tmp_path / "mended.csv", mended))
    assert counts(report) == (2, 2, 0, 0)


def test_qualtrics_legacy(store: Store, folders: Folders, ask: Ask):
    report = take_in(store, folders, real("qualtrics/sample_legacy.csv"))
    assert (report.format, counts(report)) == ("qualtrics responses (legacy)", (1, 1, 0, 0))
    assert ask("select interaction_id, occurred_at, text from interactions") == [
        ("R_2YPOQ602ER1jkf1", datetime(2017, 7, 18, 8, 28, 48), "Hello World!")
    ]


def test_zendesk_warehouse_tickets(store: Store, folders: Folders, ask: Ask):
    path = real("zendesk/ticket_data.csv")
    standing = [row for row in read(path) if row["status"] != "deleted"]
    report = take_in(store, folders, path)
    assert (report.format, report.notes) == ("zendesk tickets", ("2 deleted records were left out.",))
    assert counts(report) == (len(standing), len(standing), 0, 0)
    columns = ["interaction_id", "occurred_at", "customer_id", "channel", "updated_at"]
    assert kept(ask, columns) == sorted(
        (row["id"], row["created_at"].removesuffix(":00"), known_as(row["requester_id"]), row["via_channel"], row["updated_at"].removesuffix(":00"))
        for row in standing
    )  # fmt: skip


def test_zendesk_warehouse_tickets_with_types_and_flat_metrics(
    store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    tickets = pa.table({
        "id": pa.array([1, 2], pa.int64()),
        "requester_id": pa.array([7, 8], pa.int64()),
        "subject": ["a", "b"],
        "status": ["solved", "open"],
        "via_channel": ["web", "api"],
        "created_at": pa.array([datetime(2025, 10, 1, 8), datetime(2025, 10, 1, 9)], pa.timestamp("us", "Asia/Tehran")),
        "updated_at": pa.array([datetime(2025, 10, 2), datetime(2025, 10, 2)], pa.timestamp("ns")),
        "reply_time_in_minutes_calendar": pa.array([12, None], pa.int32()),
        "reply_time_in_minutes_business": pa.array([3, None], pa.int32()),
        "full_resolution_time_in_minutes_calendar": [90.0, None],
        "satisfaction_rating_score": ["bad", "unoffered"],
    })  # fmt: skip
    parquet.write_table(tickets, tmp_path / "tickets.parquet")
    assert counts(take_in(store, folders, tmp_path / "tickets.parquet")) == (2, 2, 0, 0)
    names, expected = table("""
interaction_id | occurred_at      | customer_id | channel | csat | asked | first_response_seconds | resolution_seconds
1              | 2025-10-01 08:00 | 7           | web     | 1    | True  | 720.0                  | 5400.0
2              | 2025-10-01 09:00 | 8           | api     |      |       |                        |
""")
    assert kept(ask, names) == expected


@pytest.mark.parametrize("name", ["comment", "chat", "field_history"])
def test_tables_that_hold_no_tickets_are_not_taken_for_them(name: str, store: Store, folders: Folders):
    report = take_in(store, folders, real(f"zendesk/ticket_{name}_data.csv"))
    assert "no mapping fits its columns" in report.reason


def test_hubspot_warehouse_tickets(store: Store, folders: Folders, ask: Ask):
    path = real("hubspot/ticket_data.csv")
    rows = read(path)
    report = take_in(store, folders, path)
    assert (report.format, counts(report)) == ("hubspot tickets", (25, 25, 0, 0))
    expected = {}
    for row in rows:
        replied, began = row["property_first_agent_reply_date"], row["property_createdate"]
        waited = replied and (datetime.fromisoformat(replied) - datetime.fromisoformat(began)).total_seconds()
        expected[row["id"]] = waited or None
    assert dict(ask("select interaction_id, first_response_seconds from interactions")) == expected
    # Closed before it was created, or in the same second: noted down afterwards, so no time to resolve.
    assert ask("select interaction_id from interactions where resolution_seconds is not null") == [("350123456",)]  # fmt: skip


def test_hubspot_tickets_under_the_labels_of_their_table(
    store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    ticket = {"Ticket ID": 5, "Ticket name": "Lamp", "Create date": "2025-10-01 08:00", "Close date": "2025-10-01 09:00",
              "Ticket status": "Closed", "Priority": "Low", "Source": "Email"}  # fmt: skip
    report = take_in(store, folders, write_csv(tmp_path / "tickets.csv", [ticket]))
    assert (report.format, counts(report)) == ("hubspot tickets", (1, 1, 0, 0))
    assert ask("select channel, resolution_seconds, text from interactions") == [("email", 3600.0, "Lamp")]


def test_intercom_history_ends_in_the_latest_state(store: Store, folders: Folders, ask: Ask):
    path = real("intercom/conversation_history_data.csv")
    report = take_in(store, folders, path)
    assert (report.format, counts(report)) == ("intercom conversations", (9, 2, 7, 0))
    active = {row["id"]: row["updated_at"] for row in read(path) if row["_fivetran_active"] == "true"}
    found = ask("select interaction_id, updated_at, channel from interactions")
    assert {one: str(at) for one, at, _ in found} == active
    assert {channel for *_, channel in found} == {"chat"}


def test_shopify_orders_of_a_real_shop_in_the_form_of_its_export(
    store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    """The shop's tables, joined to rows as its CSV has them."""
    lines = read(real("shopify/shopify_order_line_data.csv"))
    orders = {row["id"]: row for row in read(real("shopify/shopify_order_data.csv"))}
    rows: list[dict[str, object]] = []
    for line in lines:
        order = orders.pop(line["order_id"], None)
        told = {} if order is None else {
            "Email": order["email"], "Subtotal": order["subtotal_price"], "Total": order["total_price"],
            "Created at": order["created_at"], "Source": order["source_name"]}  # fmt: skip
        rows.append({"Name": line["order_id"], **told, "Lineitem quantity": line["quantity"],
                     "Lineitem name": line["name"], "Lineitem price": line["price"]})  # fmt: skip
    known = {row["Name"] for row in rows if "Email" in row}
    rows = [row for row in rows if row["Name"] in known]
    assert len(rows) >= 3
    report = take_in(store, folders, write_csv(tmp_path / "orders.csv", rows))
    assert counts(report) == (len(rows), len(rows), 0, 0)
    subtotals = {str(row["Name"]): float(str(row["Subtotal"])) for row in rows if "Email" in row}
    found = dict(ask("select order_id, sum(amount) from interactions group by 1"))
    assert found == {name: pytest.approx(amount, abs=0.01) for name, amount in subtotals.items()}


def test_surveymonkey_without_dates_says_what_it_lacks(store: Store, folders: Folders):
    report = take_in(store, folders, real("surveymonkey/star_wars.csv"))
    assert "'surveymonkey responses', but without 'end date'" in report.reason


def test_surveymonkey_with_two_header_rows_and_blank_headers(
    store: Store, folders: Folders, tmp_path: Path, ask: Ask
):
    """The real responses, with the dates that a newer export has."""
    lines = real("surveymonkey/star_wars.csv").read_text(encoding="cp1252", errors="replace").splitlines()
    dated = [f"{'End Date' if i == 0 else '' if i == 1 else '10/24/2025 10:00'},{line}" for i, line in enumerate(lines)]  # fmt: skip
    path = tmp_path / "star_wars.csv"
    path.write_text("\n".join(dated), encoding="utf-8")
    report = take_in(store, folders, path)
    assert counts(report) == (len(lines) - 2, len(lines) - 2, 0, 0)
    assert "1 row below the header that explains it was left out." in report.notes
    unread = next(note for note in report.notes if note.startswith("Not used"))
    assert unread.count("Please select all that apply.") == 1
    assert ask("select distinct kind, asked from interactions") == [("survey", False)]


LAMP = {"item_id": "L1", "item_name": "Lamp", "price": 10.0, "quantity": 2}
TABLE = {"item_id": "T1", "item_name": None, "price": 30.0, "quantity": None}


def event(name: str, second: int, user: str | None = "u1", **told: Any) -> dict[str, Any]:
    """An event as the export nests it."""
    parameters = {"ga_session_id": 7, "page_location": "https://example.com/"} if user else {}
    return {
        "event_date": "20251001",
        "event_timestamp": 1759305600000000 + second * 1_000_000,
        "event_name": name,
        "event_params": [
            {"key": key, "value": {"string_value": value if isinstance(value, str) else None,
                                   "int_value": value if isinstance(value, int) else None}}
            for key, value in parameters.items()
        ],
        "user_id": None,
        "user_pseudo_id": user,
        "privacy_info": {"analytics_storage": "Yes" if user else "No"},
        "traffic_source": {"name": "autumn"},
        "device": {"category": "mobile"},
        "platform": "WEB",
        "geo": {"country": "Germany"},
        "ecommerce": {"transaction_id": told.get("order"), "refund_value": told.get("refunded")},
        "items": told.get("items", []),
    }  # fmt: skip


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_ga4_events(form: str, store: Store, folders: Folders, tmp_path: Path, ask: Ask):
    events = [
        event("session_start", 0), event("page_view", 1), event("view_item", 60, items=[LAMP]),
        event("purchase", 120, order="T-1", items=[LAMP, TABLE]), event("purchase", 121, order="T-1", items=[LAMP]),
        event("user_engagement", 130), event("page_view", 180, user=None),
        event("refund", 240, order="T-1", refunded=5.0), event("purchase", 300, order="T-2"),
    ]  # fmt: skip
    path = tmp_path / f"events.{form}"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist(events), path)
    else:
        path.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    report = take_in(store, folders, path)
    names, expected = table("""
occurred_at         | customer_id | kind   | stage    | order_id | product | units | amount | consent | region  | campaign_id | file_row
2025-10-01 08:00    | u1          | visit  | discover |          |         |       |        | True    | Germany | autumn      | 1
2025-10-01 08:01    | u1          | visit  | compare  |          |         |       |        | True    | Germany | autumn      | 3
2025-10-01 08:02    | u1          | order  |          | T-1      | Lamp    | 2     | 20.0   | True    | Germany | autumn      | 4
2025-10-01 08:02    | u1          | order  |          | T-1      | T1      | 1     | 30.0   | True    | Germany | autumn      | 4
2025-10-01 08:03    |             | visit  | discover |          |         |       |        | False   | Germany | autumn      | 7
2025-10-01 08:04    | u1          | return |          | T-1      |         |       | 5.0    | True    | Germany | autumn      | 8
""")
    assert kept(ask, names) == expected
    assert counts(report) == (7, 6, 0, 1)
    assert ask("select file_row, column_name, rule from refusals") == [(9, "product", "missing")]
    assert set(report.notes) == {
        "1 event that is no step of a journey was left out.",
        "1 record that stands twice was left out.",
        "1 event of a visit that is counted already was left out.",
    }


def test_ga4_day_that_is_rewritten_replaces_itself(store: Store, folders: Folders, tmp_path: Path, ask: Ask):
    for name, bought in (("a.parquet", LAMP), ("b.parquet", LAMP | {"quantity": 3})):
        parquet.write_table(pa.Table.from_pylist([event("page_view", 0), event("purchase", 60, order="T-1", items=[bought])]), tmp_path / name)  # fmt: skip
        take_in(store, folders, tmp_path / name)
    assert ask("select kind, units, amount from interactions order by 1") == [("order", 3, 30.0), ("visit", None, None)]  # fmt: skip


def test_play_reviews_in_utf_16(store: Store, folders: Folders, tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_text((WRITTEN / "written_google_play.csv").read_text(encoding="utf-8"), encoding="utf-16")
    assert counts(take_in(store, folders, path)) == (2, 2, 0, 0)


def test_of_an_export_in_the_inbox_the_archive_keeps_what_was_understood(store: Store, folders: Folders):
    shutil.copy(WRITTEN / "written_freshdesk.csv", folders.inbox / "tickets.csv")
    take_in(store, folders, folders.inbox / "tickets.csv")
    assert [*folders.inbox.iterdir()] == []
    (kept,) = folders.archive.glob("tickets.csv (*)")
    assert sorted(path.name for path in kept.iterdir()) == ["report.json", "rows.parquet"]

"""Qualtrics: responses (CSV). Below the header stand the questions' words and, but in legacy exports, their import ids.

A legacy export names its columns V1, V2 ... and says in the row below what they are.
"""

from __future__ import annotations

import json
import re

from cx.formats.source import Format, Head, Source
from cx.formats.vendors.sql import email, mapped, moments
from cx.formats.vendors.survey import Question, settled
from cx.formats.vendors.vendor import Vendor, columns_of, letters

_ABOUT = """startdate enddate status ipaddress progress durationinseconds finished recordeddate responseid recipientlastname
recipientfirstname recipientemail externalreference locationlatitude locationlongitude distributionchannel userlanguage
responseset name externaldatareference emailaddress locationaccuracy"""
_CHANNELS = {"anonymous": "web", "gl": "web", "qr": "qr code"}
_DROPPED = """case
    when file_row in ({header}) then 'header'
    when lower(trim(status)) in ('1', '2', '9', '17', 'survey preview', 'survey test') then 'preview'
    when lower(trim(status)) in ('8', '12', 'spam') then 'spam'
    when lower(trim(finished)) in ('0', 'false') then 'unfinished'
  end"""
_COLUMNS = f"""{moments(occurred_at="coalesce(recorded, ended)")},
  {email("coalesce(address, person)")} as customer_id, lower(locale) as language, {mapped("via", _CHANNELS)} as channel"""


def _settle(found: Format, head: Head) -> Format:
    assert found.reshape is not None
    started = found.reshape.fields["started"] or ""
    below = [row for row in head[:2] if re.match(r"\s*[^\s\d]", row.get(started) or "")]
    rest = head[len(below) :]
    questions = []
    for field, column in found.reshape.fields.items():
        if column is None or not field.startswith("c") or not field[1:].isdigit():
            continue
        asks = (below[0].get(column) or column) if below else column
        if _is_question(column, asks):
            answers = tuple(answer for row in rest if (answer := row.get(column)))
            questions.append(Question(field, column, asks, answers, _is_open(below, column)))
    header = ", ".join(str(row["file_row"]) for row in below) or "0"
    return settled(found, questions, _DROPPED.format(header=header), _COLUMNS)


def _is_question(column: str, asks: str) -> bool:
    known = {*_ABOUT.split()}
    derived = column.lower().endswith(("_nps_group", " - topics")) or column.startswith("(")
    return not (letters(column) in known or letters(asks) in known or derived)


def _is_open(below: Head, column: str) -> bool | None:
    if len(below) < 2:
        return None
    try:
        return str(json.loads(below[1].get(column) or "{}").get("ImportId", "")).endswith("_TEXT")
    except (ValueError, AttributeError):
        return None


_SOURCES = columns_of(
    "occurred_at customer_id language channel",
    source="qualtrics",
    kind="survey",
    interaction_id=Source(("id",)),
)

RESPONSES = Vendor(
    "qualtrics responses",
    ("started", "ended", "id", "finished"),
    {
        "id": "response_id",
        "started": "start_date",
        "ended": "end_date",
        "recorded": "recorded_date",
        "status": "status",
        "finished": "finished",
        "person": "external_reference external_data_reference",
        "address": "recipient_email",
        "locale": "user_language",
        "via": "distribution_channel",
    },
    _SOURCES,
    settle=_settle,
)

LEGACY = Vendor(
    "qualtrics responses (legacy)",
    ("id", "set", "status", "started", "ended", "finished"),
    {
        "id": "V1",
        "set": "V2",
        "person": "V4",
        "address": "V5",
        "status": "V7",
        "started": "V8",
        "ended": "V9",
        "finished": "V10",
        "recorded": "recorded_date",
        "locale": "user_language",
        "via": "distribution_channel",
    },
    _SOURCES,
    settle=_settle,
)

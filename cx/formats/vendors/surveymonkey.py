"""SurveyMonkey: responses (CSV). Below the header stand the options; a question with several has blank headers after its own."""

from __future__ import annotations

from cx.formats.source import Format, Head, Source
from cx.formats.vendors.sql import email, moments
from cx.formats.vendors.survey import Question, settled
from cx.formats.vendors.vendor import Vendor, columns_of, letters

_ABOUT = """respondentid collectorid startdate enddate datecreated datemodified ipaddress emailaddress firstname lastname
customdata1 customvalue languagecode responsestatus collectorname"""
_COLUMNS = f"""{moments(occurred_at="coalesce(ended, started)")},
  {email("coalesce(address, custom)")} as customer_id, lower(locale) as language"""


def _settle(found: Format, head: Head) -> Format:
    assert found.reshape is not None
    respondent = found.reshape.fields["id"] or ""
    below = head[:1] if head and not head[0].get(respondent) else []
    questions, asked = [], ""
    for i, (field, column) in enumerate(_cells(found), 1):
        asked = asked if column == f"({i})" else column or ""
        if letters(asked) in _ABOUT.split():
            continue
        option = (below[0].get(column) or "") if below else ""
        answers = tuple(answer for row in head[len(below) :] if (answer := row.get(column)))
        is_open = option == "Open-Ended Response" or None
        questions.append(Question(field, asked, f"{asked} {option}", answers, is_open))
    header = str(below[0]["file_row"]) if below else "0"
    return settled(found, questions, f"case when file_row in ({header}) then 'header' end", _COLUMNS)


def _cells(found: Format) -> list[tuple[str, str]]:
    """Every column of the file, in its order, with the field that holds it."""
    assert found.reshape is not None
    fields = found.reshape.fields.items()
    return [(name, column) for name, column in fields if name[1:].isdigit() and column is not None]


RESPONSES = Vendor(
    "surveymonkey responses",
    ("id",),
    {
        "id": "respondent_id",
        "started": "start_date date_created",
        "ended": "end_date date_modified",
        "address": "email_address",
        "custom": "custom_data_1",
        "locale": "language_code",
    },
    columns_of(
        "occurred_at customer_id language",
        source="surveymonkey",
        kind="survey",
        interaction_id=Source(("id",)),
    ),
    needs=("ended",),
    settle=_settle,
)

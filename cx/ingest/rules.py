"""Why a row was not kept, in words, and what to do about it."""

from __future__ import annotations

from cx.errors import hint
from cx.ingest.shown import shown
from cx.model import COLUMNS
from cx.words import enumeration, mark, number, t

_SENTENCES = {
    "missing": mark("'{column}' is empty, and a row of this kind needs it. Fill it in the source, or map it."),
    "missing_one_of": mark("One of {column} must be filled. Fill one in the source, or map it."),
    "not_a_number": mark("'{column}' is '{value}', which is not a number. Write it with digits and a decimal point."),
    "not_whole": mark("'{column}' is '{value}', which is not a whole number. Map each value to one that is."),
    "not_a_time": mark("'{column}' is '{value}', which is not a time. Write 2025-10-12 14:05:00, or map its format."),
    "not_true_or_false": mark("'{column}' is '{value}'. Write true or false, or map the values."),
    "not_allowed": mark("'{column}' is '{value}', which is not one of {allowed}. Correct it, or map the values."),
    "too_low": mark("'{column}' is '{value}', less than {low}. Give it without a sign; money given back is a row of kind 'return'."),
    "too_high": mark("'{column}' is '{value}', more than can be counted. Correct it in the source."),
    "off_scale": mark("'{column}' is '{value}', off its scale of {low} to {high}. Map each answer to that scale."),
    "in_the_future": mark("'{column}' is '{value}', which is still to come. Times are in UTC: is its time zone right?"),
    "too_old": mark("'{column}' is '{value}', older than the rows that are kept (keep_rows_days in settings.toml)."),
    "superseded_in_file": mark("The same row ('{value}') stands later in the file or again, and that one was kept."),
    "superseded_in_store": mark("A later state of this row ('{value}') was taken in before, and that one was kept."),
    "broken_line": mark("The line has {value} values, not as many as there are columns. Look for a stray delimiter or quotation mark."),
}  # fmt: skip
RULES = tuple(_SENTENCES)
"""The codes of all rules."""


def explain(rule: str, column: str, value: str | None) -> str:
    """What was wrong with a row and what to do, in the viewer's language."""
    known = COLUMNS.get(column)
    allowed = known.allowed if known else ()
    sentence = t(
        _SENTENCES[rule],
        column=enumeration(column.split(", ")),
        value=shown(value or ""),
        allowed=enumeration(allowed),
        low=number(known.low) if known and known.low is not None else "",
        high=number(known.high) if known and known.high is not None else "",
    )
    return sentence + hint(value, allowed) if value and allowed else sentence

"""Which questions of a survey ask for a recommendation, for satisfaction, for ease, or for words.

A question is read by what it asks and by its answers together; any other is told by name, so that a mapping can follow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cx.formats.source import Format, Reshape, Source
from cx.formats.vendors.sql import mapped
from cx.words import enumeration, mark, t

_LABELS = {
    f"{how} {which}": score
    for score, how, which in (
        ("5", "extremely", "satisfied"), ("5", "very", "satisfied"), ("4", "somewhat", "satisfied"),
        ("2", "somewhat", "dissatisfied"), ("1", "very", "dissatisfied"), ("1", "extremely", "dissatisfied"),
    )
} | {"satisfied": "4", "neither satisfied nor dissatisfied": "3", "neutral": "3", "dissatisfied": "2"}  # fmt: skip

_ASKS = {
    "nps": (re.compile("recommend", re.I), {str(i) for i in range(11)}),
    "csat": (re.compile("satisf", re.I), {str(i) for i in range(1, 6)} | {*_LABELS}),
    "ces": (re.compile(r"\b(easy|easier|ease|effort)\b", re.I), {str(i) for i in range(1, 8)}),
}
"""A score -> what its question says, and the answers that it may have (in lower case)."""
_LEADING = re.compile(r"^(\d+)(?:\.0+)?(?:\s*[-–:=].*)?$")
_OPEN = re.compile(r"comment|tell us|your (own )?words|describe|feedback|anything else|free text|^why", re.I)

READ_AS = {
    "nps": mark("'{question}' was read as the recommendation, 0 to 10 (nps)."),
    "csat": mark("'{question}' was read as the satisfaction, 1 to 5 (csat)."),
    "ces": mark("'{question}' was read as the ease, 1 to 7 (ces)."),
    "text": mark("'{question}' was read as the customer's own words (text)."),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question: the field that holds its answers, its name, what it asks, some answers; `open` where it says that it
    asks for words (None where the export does not tell)."""

    field: str
    name: str
    asks: str
    answers: tuple[str, ...]
    open: bool | None = None

    def role(self) -> str | None:
        """The canonical column that it fills, or None."""
        said = {_answer(answer) for answer in self.answers}
        for score, (words, allowed) in _ASKS.items():
            if self.open is not True and words.search(self.asks) and said <= allowed:
                return score
        wordy = any(re.search("[^0-9.]", answer) for answer in self.answers)
        is_open = self.open if self.open is not None else bool(wordy and _OPEN.search(self.asks))
        return "text" if is_open else None


def _answer(answer: str) -> str:
    told = _LEADING.match(answer.strip())
    return told[1] if told else answer.strip().lower()


def settled(found: Format, questions: Sequence[Question], dropped: str, columns: str) -> Format:
    """The format of a survey with these questions. `dropped` and `columns` are SQL: why a row is left out, and more columns."""
    assert found.reshape is not None
    roles: dict[str, list[Question]] = {}
    unread = []
    for question in questions:
        role = question.role()
        if role is None or (role != "text" and role in roles):
            unread.append(question.name)
        else:
            roles.setdefault(role, []).append(question)
    scored = any(role in _ASKS for role in roles)
    told = [f"{_sql(role, asked)} as {role}" for role, asked in roles.items()]
    sources = {
        **found.sources,
        **{role: Source((role,)) for role in roles},
        "asked": Source(constant="true" if scored else "false"),
    }
    sql = f"select *, {dropped} as dropped, {', '.join([columns, *told])} from fields"
    used = {*re.findall(r"\w+", sql), *(column for source in sources.values() for column in source.columns)}
    fields = {name: column for name, column in found.reshape.fields.items() if name in used}
    return replace(
        found,
        sources=sources,
        notes=(*found.notes, *_notes(roles, unread)),
        reshape=Reshape(fields, sql),
        settle=None,
    )


def _sql(role: str, asked: Sequence[Question]) -> str:
    if role == "text":
        cells = ", ".join(f"nullif(trim({question.field}), '')" for question in asked)
        return f"nullif(concat_ws(chr(10), {cells}), '')"
    cell = asked[0].field
    leading = f"nullif(regexp_extract({cell}, '^\\s*(\\d+)(\\.0+)?(\\s*[-–:=].*)?\\s*$', 1), '')"
    return f"coalesce({leading}, {mapped(cell, _LABELS)})"


def _notes(roles: dict[str, list[Question]], unread: Sequence[str]) -> list[str]:
    notes = [t(READ_AS[role], question=question.name) for role, asked in roles.items() for question in asked]
    if unread:
        names = enumeration([f"'{name}'" for name in dict.fromkeys(unread)])
        notes.append(t("Not used: {names}. A mapping file can say what these are.", names=names))
    return notes

"""Every rule that a row must meet, taken from the model, and the SQL that stages a file's rows under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from cx import masking
from cx.errors import FileRefused
from cx.formats import Format, Sheet, Source
from cx.ingest import casts
from cx.model import ALWAYS, COLUMNS, KINDS, Column
from cx.pseudonyms import LENGTH, forgotten_mark, pseudonym_of
from cx.words import t

CLIPPED = 80
"""Characters of a refused value that are kept."""

TOLERANCE = timedelta(minutes=5)
"""How far ahead of this clock a source's clock may run."""

LARGEST_INTEGER = 2**31 - 1

_ACCEPTS = {
    "VARCHAR": ("text", "whole"),
    "INTEGER": ("text", "whole", "decimal"),
    "DOUBLE": ("text", "whole", "decimal"),
    "BOOLEAN": ("text", "whole", "truth"),
    "TIMESTAMP": ("text", "moment", "zoned"),
}
_NOT_OF_TYPE = {
    "INTEGER": "not_a_number",
    "DOUBLE": "not_a_number",
    "BOOLEAN": "not_true_or_false",
    "TIMESTAMP": "not_a_time",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One way for a row to be wrong: the column to blame, the rule's code, and the condition in SQL.

    In conditions, said_x is what the file says for column x and x is the value that was understood.
    """

    column: str
    rule: str
    condition: str


def _of_column(column: Column) -> Iterator[Problem]:
    name = column.name
    if name in ALWAYS:
        yield Problem(name, "missing", f"said_{name} is null")
    if column.type in _NOT_OF_TYPE:
        yield Problem(name, _NOT_OF_TYPE[column.type], f"{name} is null and said_{name} is not null")
    if column.allowed:
        yield Problem(name, "not_allowed", f"{name} not in ({', '.join(map(casts.quote, column.allowed))})")
    if column.type == "INTEGER":
        yield Problem(name, "not_whole", f"{name} <> floor({name})")
    if column.low is not None and column.high is not None:
        yield Problem(name, "off_scale", f"{name} not between {column.low!r} and {column.high!r}")
    elif column.low is not None:
        yield Problem(name, "too_low", f"{name} < {column.low!r}")
    if column.type == "INTEGER" and column.high is None:
        yield Problem(name, "too_high", f"{name} > {LARGEST_INTEGER}")
    if name in ("occurred_at", "updated_at"):
        yield Problem(name, "in_the_future", f"{name} > $latest")
    if name == "occurred_at":
        yield Problem(name, "too_old", f"{name} < $kept_from")


def _of_kinds() -> Iterator[Problem]:
    for kind in KINDS.values():
        is_kind = f"kind = {casts.quote(kind.name)}"
        for name in kind.needs:
            yield Problem(name, "missing", f"{is_kind} and {name} is null")
        if kind.needs_one_of:
            none = " and ".join(f"{name} is null" for name in kind.needs_one_of)
            yield Problem(", ".join(kind.needs_one_of), "missing_one_of", f"{is_kind} and {none}")


PROBLEMS = (*(problem for column in COLUMNS.values() for problem in _of_column(column)), *_of_kinds())
"""Every problem, in the order in which they are looked for; a row is refused for the first that it has."""

IN_FILE, IN_STORE = len(PROBLEMS), len(PROBLEMS) + 1
"""Problems that only a comparison with other rows can find: a later state of the row stands in the file, the store."""

CODES = (
    *((problem.column, problem.rule) for problem in PROBLEMS),
    ("interaction_id", "superseded_in_file"),
    ("interaction_id", "superseded_in_store"),
)
"""Problem -> the column and the rule that are told of it."""


def refuse_drifted(sheet: Sheet, format: Format) -> None:
    """Raise FileRefused where a column holds a type that its canonical column cannot take."""
    for name, source in format.sources.items():
        held = _held(sheet, source)
        accepts = _ACCEPTS[COLUMNS[name].type]
        if source.epoch is not None:
            accepts = ("text", "whole", "decimal")
        elif not source.as_written:
            accepts = ("text", "whole", "decimal", "truth")
        if held not in accepts:
            reason = t(
                "The column '{column}' holds {held}, which is no {type} for '{name}'. Export it again with that type, "
                "or as text.",
                column=source.columns[0], held=_words(held), type=_words(COLUMNS[name].type), name=name,
            )  # fmt: skip
            raise FileRefused(sheet.path.name, reason)


def _words(type_: str) -> str:
    words = {
        "whole": t("whole numbers"),
        "decimal": t("numbers with decimals"),
        "truth": t("true or false"),
        "moment": t("times"),
        "zoned": t("times"),
        "text": t("text"),
        "VARCHAR": t("text"),
        "INTEGER": t("whole number"),
        "DOUBLE": t("number"),
        "BOOLEAN": t("true or false"),
        "TIMESTAMP": t("time"),
    }
    return words.get(type_, type_)


def _held(sheet: Sheet, source: Source) -> str:
    return "text" if source.constant is not None else sheet.held(source.columns[0])


_MASKED = "masked"
"""The column that `masked` adds."""


def masked(rows: Any, format: Format, texts: bool = True) -> Any:
    """Rows as they were read (an Arrow table), with customers' own words masked in a column of their own; without any
    where `texts` are not kept."""
    source = format.sources.get("text")
    cells: list[str | None] = [None] * rows.num_rows
    if texts and source is not None and source.columns:
        said = rows.column(format.reads.index(source.columns[0])).cast(pa.string())
        cells = masking.masked(said.to_pylist())
    return rows.append_column(_MASKED, pa.array(cells, pa.string()))


def staging(sheet: Sheet, format: Format, ours: bool = False, forgotten: bool = False) -> str:
    """SQL over `export` (rows as `masked` gives them), and `forgotten` where anybody was, that gives each row as it is understood: file_row, the canonical
    columns, problem (see PROBLEMS; empty where the row is sound) and value (what stood in the column to blame).

    Binds $latest (the latest moment believed), $kept_from (the first), $file_time (for rows that do not say when they
    last changed), and $inner and $outer of the key. Where the file is `ours`, its customers are under pseudonyms already.
    """
    cells = {column: f"s{i}" for i, column in enumerate(format.reads)}
    said, understood = [], []
    for column in COLUMNS.values():
        source = format.sources.get(column.name, Source(constant=""))
        held = _held(sheet, source)
        cell = cells[source.columns[0]] if source.columns else ""
        if column.name == "text":
            cell, held = _MASKED, "text"
        absent = column.name not in format.sources
        telling = "cast(null as varchar)" if absent else casts.said(column, source, cell, held)
        said.append(f"{telling} as said_{column.name}")
        understood.append(f"{_understood(column, source, held)} as {column.name}")
    return f"""
with told as (
  select file_row, {_lines(said)}
  from export
),
understood as (
  select file_row, {_lines(f"said_{name}" for name in COLUMNS)}, {_lines(understood)}
  from told
),
checked as (
  select *, case {" ".join(f"when {p.condition} then {i}" for i, p in enumerate(PROBLEMS))} end as problem,
    {_pseudonym(ours)} as who
  from understood
)
select file_row, {_lines(map(_kept, COLUMNS.values()))},
  cast(problem as integer) as problem,
  left({_refused_value()}, {CLIPPED}) as value
from {_marked() if forgotten else "(select *, cast(null as varchar) as mark from checked) checked"}"""


def _marked() -> str:
    return f"checked left join forgotten on forgotten.mark = {forgotten_mark('who')}"


def _pseudonym(ours: bool) -> str:
    if not ours:
        return pseudonym_of("customer_id")
    known = f"regexp_full_match(customer_id, '[0-9a-f]{{{LENGTH}}}')"
    return f"case when {known} then customer_id else {pseudonym_of('customer_id')} end"


def _lines(parts: Iterator[str] | Sequence[str] | map[str]) -> str:
    return ",\n    ".join(parts)


def _understood(column: Column, source: Source, held: str) -> str:
    value = casts.value(column, source, f"said_{column.name}", held)
    return f"coalesce({value}, {casts.quote(column.default)})" if column.default else value


def _kept(column: Column) -> str:
    """What is stored: of its type; no row without a time of its last change; nothing of a customer without consent."""
    value = column.name
    if column.name == "customer_id":
        value = "who"
    if column.name == "consent":
        value = "consent and mark is null"
    if column.name == "updated_at":
        value = f"coalesce({value}, $file_time)"
    if column.consented:
        value = f"case when consent is distinct from false and mark is null then {value} end"
    return f"try_cast({value} as {column.type}) as {column.name}"


def _refused_value() -> str:
    """What stood in the column to blame; never what is personal."""
    arms = [
        f"when {i} then cast(said_{problem.column} as varchar)"
        for i, problem in enumerate(PROBLEMS)
        if not problem.rule.startswith("missing") and not COLUMNS[problem.column].personal
    ]
    return f"case problem {' '.join(arms)} end"

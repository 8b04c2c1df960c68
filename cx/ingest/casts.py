"""SQL that turns one cell of an export into the canonical value of its column.

Nothing is guessed: what cannot be understood becomes NULL, and the checks see that there was something. Names are
our own; constants, value maps, formats and zones are quoted.
"""

from __future__ import annotations

from cx.formats import Source
from cx.formats.source import MICROSECONDS_IN
from cx.model import Column

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_ISO = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T].*)?"
_OFFSET = r":[0-9.]+ ?([zZ]|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
_TRUE, _FALSE = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"


def quote(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def said(column: Column, source: Source, cell: str, held: str) -> str:
    """What the cell says, after the value map: text, or the typed value itself where that is kept as it is."""
    if source.constant is not None:
        return quote(source.constant)
    if held == "decimal":
        cell = f"case when isnan(cast({cell} as double)) then null else {cell} end"
    if held != "text" and source.as_written and column.type != "VARCHAR":
        return cell
    text = _text(column, cell)
    if source.values or source.otherwise is not None:
        return f"nullif({_mapped(source, text)}, '')"
    return text


def value(column: Column, source: Source, said: str, held: str) -> str:
    """The canonical value of what was said: its column's type, but a DOUBLE for whole numbers, and NULL where it is none."""
    typed = held != "text" and source.as_written
    if column.type in ("INTEGER", "DOUBLE"):
        return _number(source, said, typed)
    if column.type == "BOOLEAN":
        return _truth(said, held if typed else "text")
    if column.type == "TIMESTAMP":
        return _moment(source, said, held if typed else "text")
    return said


def _text(column: Column, cell: str) -> str:
    text = f"cast({cell} as varchar)"
    said = f"nullif(trim({text}), '')"
    return f"case when {said} is not null then {text} end" if column.name == "text" else said


def _mapped(source: Source, text: str) -> str:
    arms = " ".join(f"when {quote(told)} then {quote(meant)}" for told, meant in source.values.items())
    rest = (
        text
        if source.otherwise is None
        else f"case when {text} is not null then {quote(source.otherwise)} end"
    )
    return f"case {text} {arms} else {rest} end" if arms else rest


def _number(source: Source, said: str, typed: bool) -> str:
    number = (
        f"cast({said} as double)"
        if typed
        else f"case when regexp_full_match({said}, '{_NUMBER}') then try_cast({said} as double) end"
    )
    scaled = number if source.scale == 1 else f"({number}) * cast({source.scale!r} as double)"
    return f"case when isfinite({scaled}) then {scaled} end"


def _truth(said: str, held: str) -> str:
    if held == "truth":
        return said
    low = f"lower(cast({said} as varchar))"
    return f"case when {low} in {_TRUE} then true when {low} in {_FALSE} then false end"


def _moment(source: Source, said: str, held: str) -> str:
    if source.epoch is not None:
        return _since_1970(said, MICROSECONDS_IN[source.epoch])
    if held == "zoned":
        return f"cast(timezone('UTC', {said}) as timestamp)"
    if held == "moment":
        return _in_zone(f"cast({said} as timestamp)", source)
    if source.formats:
        parsed = f"try_strptime({said}, [{', '.join(map(quote, source.formats))}])"
        zoned = "%z" in source.formats[0].lower()
        return f"cast(timezone('UTC', {parsed}) as timestamp)" if zoned else _in_zone(parsed, source)
    return _iso(source, said)


def _since_1970(said: str, microseconds: float) -> str:
    count = f"round(try_cast(cast({said} as varchar) as double) * {microseconds!r})"
    return f"case when abs({count}) < 4e15 then make_timestamp(cast({count} as bigint)) end"


def _iso(source: Source, said: str) -> str:
    # '2015-02-24 11:35:52 -0800' is understood only without the blank before its offset.
    closed = f"regexp_replace({said}, ' ([+-][0-9]{{2}}(:?[0-9]{{2}})?)$', '\\1')"
    utc = f"cast(timezone('UTC', try_cast({closed} as timestamptz)) as timestamp)"
    if source.time_zone is not None:
        local = _in_zone(f"try_cast({said} as timestamp)", source)
        utc = f"case when regexp_matches({said}, '{_OFFSET}') then {utc} else {local} end"
    return f"case when regexp_full_match({said}, '{_ISO}') then {utc} end"


def _in_zone(local: str, source: Source) -> str:
    if source.time_zone is None:
        return local
    return f"cast(timezone('UTC', timezone({quote(source.time_zone)}, {local})) as timestamp)"

"""Phrases of SQL that several formats share. Each takes SQL and gives SQL; the names in it are ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SLASHED = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}"
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %H:%M")


def _patterns(days: str) -> str:
    years = ("%Y", "%y")
    return ", ".join(f"'{days}/{year}{clock}'" for year in years for clock in _CLOCKS)


def moments(**columns: str) -> str:
    """Moments as ISO text: `moments(occurred_at="created")` reads the field created.

    ISO stays, and seconds or milliseconds since 1970 are counted. Of '10/24/2025' the file tells which is the day: where no
    cell of these columns has a number above 12 it stays as it is, to be refused, for a day and a month are never guessed.
    """
    first, second = (_greatest(columns.values(), part) for part in (1, 2))
    return ", ".join(f"{_moment(cell, first, second)} as {name}" for name, cell in columns.items())


def _greatest(cells: Iterable[str], part: int) -> str:
    """The greatest first or second number of all slashed dates in the file."""
    parts = [f"try_cast(regexp_extract({cell}, '{_SLASHED}', {part}) as int)" for cell in cells]
    return f"(select max(greatest({', '.join(parts)})) from fields)"


def _moment(cell: str, first: str, second: str) -> str:
    counted = f"regexp_full_match({cell}, '\\d{{9,10}}(\\.\\d+)?|\\d{{12,13}}(\\.0+)?')"
    count = f"try_cast({cell} as double)"
    micros = f"cast(round({count} * case when {count} < 1e11 then 1e6 else 1e3 end) as bigint)"
    slashed = f"regexp_replace(trim({cell}), '^(\\d+)[/.-](\\d+)[/.-]', '\\1/\\2/')"
    return f"""case
    when {counted} then cast(make_timestamp({micros}) as varchar)
    when regexp_matches({cell}, '{_SLASHED}') and {first} > 12 and {second} <= 12
      then coalesce(cast(try_strptime({slashed}, [{_patterns("%d/%m")}]) as varchar), {cell})
    when regexp_matches({cell}, '{_SLASHED}') and {second} > 12 and {first} <= 12
      then coalesce(cast(try_strptime({slashed}, [{_patterns("%m/%d")}]) as varchar), {cell})
    else {cell} end"""


def seconds_between(start: str, end: str) -> str:
    """Seconds from one ISO text to another; NULL where the end does not lie after the start: it was noted afterwards."""
    clocks = [f"try_cast({one} as timestamptz)" for one in (start, end)]
    return f"case when {clocks[1]} > {clocks[0]} then epoch({clocks[1]}) - epoch({clocks[0]}) end"


def hours(cell: str) -> str:
    """A duration in hours, written as a number or as '12:34:56', in seconds; anything else stays as it is."""
    parts = [f"try_cast(split_part({cell}, ':', {i}) as double)" for i in (1, 2, 3)]
    clock = f"{parts[0]} * 3600 + {parts[1]} * 60 + coalesce({parts[2]}, 0)"
    return f"""case
    when regexp_full_match({cell}, '\\d+:\\d{{1,2}}(:\\d{{1,2}})?') then cast({clock} as varchar)
    else coalesce(cast(try_cast({cell} as double) * 3600 as varchar), {cell}) end"""


def mapped(cell: str, values: Mapping[str, str]) -> str:
    """The cell in lower case, with known values replaced and unknown ones as they are."""
    arms = " ".join(f"when '{told}' then '{meant}'" for told, meant in values.items())
    return f"case lower(trim({cell})) {arms} else lower(trim({cell})) end"


def kind_of(*cells: str) -> str:
    """'complaint' where one of these cells speaks of a complaint, else 'contact'."""
    told = " or ".join(f"{cell} ilike '%complain%'" for cell in cells)
    return f"case when {told} then 'complaint' else 'contact' end"


def without_markup(cell: str) -> str:
    """A text without its HTML tags."""
    return f"trim(regexp_replace({cell}, '<[^>]*>', ' ', 'g'))"


def made_id(*cells: str) -> str:
    """A stable id of a row that has none: a hash of what tells it from others."""
    told = ", ".join(f"coalesce({cell}, '')" for cell in cells)
    return f"md5(concat_ws(chr(31), {told}))"


def email(cell: str) -> str:
    """An address as it is compared: without blanks, in lower case; an id stays as it is."""
    return f"lower(trim({cell}))"

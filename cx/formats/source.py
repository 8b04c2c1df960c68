"""Where each canonical column comes from: the one shape that every format, canonical or mapped, is brought to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

SECONDS_IN = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Units of a duration, in seconds."""

MICROSECONDS_IN = {"s": 1e6, "ms": 1e3, "us": 1.0}
"""Units of a moment that is counted from 1970 in UTC, in microseconds."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one canonical column comes from.

    `columns` are spellings of the source column, of which the first that the file has is read; or there is a
    `constant`. `values` turns known values into canonical ones ('' into nothing); a value that it lacks becomes
    `otherwise`, or stays as it is. `scale` multiplies a number. `formats` (strptime; the first that fits a
    cell), `epoch` (a key of MICROSECONDS_IN) and `time_zone` say how a moment is written; without them it is ISO 8601,
    in UTC.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    scale: float = 1.0
    formats: tuple[str, ...] = ()
    epoch: str | None = None
    time_zone: str | None = None

    @property
    def as_written(self) -> bool:
        """True where a typed value may be taken as it is, without passing through text."""
        return self.constant is None and not self.values and self.otherwise is None and not self.formats


@dataclass(frozen=True, slots=True)
class Reshape:
    """SQL that makes rows of a file's rows, for exports whose rows are not interactions as they stand.

    `fields`: a name in the SQL -> the file's column, or None where the file lacks it (NULL). `sql` selects from the
    table `fields` (file_row and the fields, all as text; what is nested is JSON). It gives file_row, the row that a person
    finds in the file; `dropped`, why a record is left out (a key of cx.ingest.reshape.DROPPED) or NULL; and the
    columns that the format's sources name. Rows with one file_row come from one record.
    """

    fields: Mapping[str, str | None]
    sql: str


Head = Sequence[Mapping[str, str | None]]
"""The first rows of a file: column -> cell, for exports that tell of their questions below the header."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one file is understood: canonical column -> source, each source down to the one column that is there.

    With `reshape`, the sources name columns of its result. `settle` gives the format that stands once the rows have
    been seen; it may raise FileRefused.
    """

    name: str
    sources: Mapping[str, Source]
    notes: tuple[str, ...] = ()
    reshape: Reshape | None = None
    settle: Callable[[Head], Format] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the file that are read, each once."""
        if self.reshape is not None:
            return tuple(dict.fromkeys(column for column in self.reshape.fields.values() if column))
        return tuple(dict.fromkeys(column for source in self.sources.values() for column in source.columns))

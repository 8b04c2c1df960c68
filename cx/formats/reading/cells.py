"""Rows that come one by one, of columns that are known only at the end: kept on disk, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from cx.formats.reading.sheet import Broken, Rows, Sheet, Told, Workspace, named, schema_of

_PART_CELLS = 1_000_000
_PART_ROWS = 50_000
_PART_LETTERS = 16_000_000
_ROW = "row"


class Cells:
    """Collects rows of texts. A column is a place; all of a column in `moments` and not in `texts` are moments."""

    def __init__(self, workspace: Workspace) -> None:
        self.places: dict[str, int] = {}
        self.moments: set[int] = set()
        self.texts: set[int] = set()
        self.broken: list[Broken] = []
        self._workspace = workspace
        self._waiting: list[tuple[int, Mapping[int, str]]] = []
        self._letters = 0
        self._parts: list[Path] = []

    def place(self, column: str) -> int:
        """The place of this column, which may be new. Raises FileRefused where there are too many."""
        if column not in self.places:
            self.places[column] = len(self.places)
            if len(self.places) % 1000 == 1:
                named([*self.places])
        return self.places[column]

    def add(self, row: int, cells: Mapping[int, str]) -> None:
        """Keep a row: its number in the file, and the text at each place that is not empty."""
        self._waiting.append((row, cells))
        self._letters += sum(map(len, cells.values()))
        most = min(_PART_ROWS, _PART_CELLS // max(len(self.places), 1))
        if len(self._waiting) >= most or self._letters >= _PART_LETTERS:
            self._write()

    def sheet(self, path: Path, header: Sequence[str] = (), notes: tuple[str, ...] = ()) -> Sheet:
        """What was collected, as a sheet; `header` names the places where they are not named yet."""
        self._write()
        columns = named(header or [*self.places])
        dated = self.moments - self.texts
        holds = tuple("moment" if place in dated else "text" for place in range(len(columns)))
        return Sheet(path, columns, holds, notes=notes, data=path, reader=self._rows)

    def _write(self) -> None:
        if not self._waiting:
            return
        used = sorted({place for _, cells in self._waiting for place in cells})
        columns = {str(place): _texts([cells.get(place) for _, cells in self._waiting]) for place in used}
        numbers = pa.array([row for row, _ in self._waiting], pa.int64())
        self._parts.append(self._workspace.file("part.parquet"))
        parquet.write_table(pa.table({_ROW: numbers, **columns}), self._parts[-1])
        self._waiting, self._letters = [], 0

    def _rows(self, places: Sequence[int], told: Told) -> Rows:
        dated = self.moments - self.texts
        schema = schema_of(pa.timestamp("us") if place in dated else pa.string() for place in places)
        return Rows(schema, self._batches(places, schema, told), self.broken)

    def _batches(self, places: Sequence[int], schema: Any, told: Told) -> Iterator[Any]:
        for done, part in enumerate(self._parts, start=1):
            yield from _part(part, places).cast(schema).to_batches()
            told(done / len(self._parts))


def _texts(values: list[str | None]) -> Any:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half of a character, as JSON may hold it
        whole = [value and value.encode("utf-8", "replace").decode("utf-8") for value in values]
        return pa.array(whole, pa.string())


def _part(path: Path, places: Sequence[int]) -> Any:
    with parquet.ParquetFile(path) as file:
        there = {*file.schema_arrow.names}
        table = file.read(columns=[_ROW, *(str(place) for place in places if str(place) in there)])
    nothing = pa.nulls(table.num_rows, pa.string())
    cells = [table[str(place)] if str(place) in there else nothing for place in places]
    return pa.table([*cells, table[_ROW]], schema=schema_of([pa.string()] * len(places)))

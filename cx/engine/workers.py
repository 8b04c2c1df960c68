"""What the engine's Python workers run: the product's own reading and checking of an export, and its folds by customer.

Nothing here knows of Spark: rows come and go as Arrow. Every value that a row ends up with, every refusal and every
fold is therefore that of the product on one machine, to the last bit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from cx import rollups
from cx.engine import shapes
from cx.engine.storage import Place, fetched
from cx.engine.versions import SHAPE
from cx.errors import CxError
from cx.formats import Format, Sheet, open_sheet, recognise
from cx.ingest import archive, mending, reshape
from cx.ingest.check import CODES, TOLERANCE, masked, refuse_drifted, staging
from cx.ingest.history import content
from cx.journey import Journey
from cx.model import COLUMNS
from cx.pseudonyms import Key
from cx.words import t

BROKEN = len(CODES)
"""The problem of a line that could not be read as a row."""
REFUSED, READ = -1, -2
"""Problems that tell of a file instead of a row: it was refused whole; it was read, and `why` says what of it."""

AHEAD = tuple(place for place, (_, rule) in enumerate(CODES) if rule == "in_the_future")
"""Problems that pass with time."""

CHECKED = {
    "file_no": "INTEGER", "file_row": "BIGINT", **{column.name: column.type for column in COLUMNS.values()},
    "said": "VARCHAR", "problem": "INTEGER", "why": "VARCHAR",
}  # fmt: skip
"""A row as it was understood: of which file, what it says, a hash of that, and what is wrong with it (see cx.ingest.check)."""

_ROWS = f"""
select cast($file_no as integer) as file_no, s.file_row, {
    ", ".join(
        "case when s.problem is null and s.text is not null then '' end as text"
        if name == "text"
        else f"case when s.problem is null then s.{name} end as {name}"
        for name in COLUMNS
    )
}, case when s.problem is null then {content("s")} end as said, s.problem, cast(null as varchar) as why
from checked s"""

NEEDED = (
    "customer_no", "occurred_at", "interaction_id", "stage", "kind", "source", "channel", "touchpoint", "product", "segment",
    "region", "campaign_id", "device", "reason", "order_id", "amount", "csat", "nps", "ces", "would_forgive", "would_trust", "brand",
)  # fmt: skip
"""The columns of interactions that customers are folded from."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How exports are read: as on the product's own machine, with its key, its mappings and whom it was told to forget.

    now: the moment of the run (naive UTC); texts: whether customers' words are kept there; mappings: the files of
    reference/mappings/ by name.
    """

    key: Key
    now: datetime
    texts: bool = True
    marks: Sequence[str] = ()
    mappings: Mapping[str, str] = field(default_factory=dict)

    def rows(self, files: Iterable[Any]) -> Iterator[Any]:
        """The checked rows of these files (batches of file_no, address, changed_at), in batches of CHECKED."""
        for batch in files:
            for file in batch.to_pylist():
                yield from self._read(file["file_no"], file["address"], file["changed_at"])

    def _read(self, number: int, address: str, changed_at: datetime) -> Iterator[Any]:
        try:
            with fetched(address) as path, self._reference() as reference, open_sheet(path) as sheet:
                yield from self._sheet(number, path, sheet, reference, min(changed_at, self.now))
        except (CxError, OSError) as error:
            yield from _about(number, REFUSED, str(error))

    def _sheet(
        self, number: int, path: Path, sheet: Sheet, reference: Path, changed_at: datetime
    ) -> Iterator[Any]:
        ours = archive.is_ours(path, self.key)
        shaped, format, rows = reshape.read(sheet, recognise(sheet.columns, path.name, reference))
        refuse_drifted(shaped, format)
        rows, read = mending.as_it_was(shaped, rows), 0
        with _desk() as desk:
            sql = staging(shaped, format, ours, bool(self.marks))
            for batch in rows.batches:
                read += batch.num_rows
                yield from self._checked(desk, sql, number, format, batch, changed_at)
        broken = [{"file_no": number, "file_row": line.row, "problem": BROKEN} for line in rows.broken]
        yield from pa.Table.from_pylist(broken, shapes.arrow(CHECKED)).to_batches()
        told = {"format": format.name, "read": read + len(broken), "sha256": _hash(path)}
        yield from _about(number, READ, json.dumps(told))

    def _checked(
        self, desk: Any, sql: str, number: int, format: Format, batch: Any, changed_at: datetime
    ) -> Iterator[Any]:
        values = {
            "latest": self.now + TOLERANCE,
            "kept_from": date.min,
            "file_time": changed_at,
            **self.key.values,
        }
        desk.register("export", masked(pa.table(batch), format, self.texts))
        if self.marks:
            desk.register("forgotten", pa.table({"mark": [*self.marks]}))
        desk.register("checked", desk.sql(sql, params=values).to_arrow_table())
        found = desk.sql(_ROWS, params={"file_no": number}).to_arrow_table()
        yield from found.cast(shapes.arrow(CHECKED)).to_batches()

    @contextmanager
    def _reference(self) -> Iterator[Path]:
        """A folder with the mappings."""
        with TemporaryDirectory(prefix="cx-mappings-") as folder:
            mappings = Path(folder) / "mappings"
            mappings.mkdir()
            for name, text in self.mappings.items():
                (mappings / name).write_text(text, encoding="utf-8")
            yield Path(folder)


def reading(how: Reading) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What turns files into their checked rows."""

    def rows(files: Iterable[Any]) -> Iterator[Any]:
        yield from how.rows(files)

    return rows


def folding(journey: Journey) -> Callable[[Any], Any]:
    """What turns interactions of some customers (all of each, in the columns NEEDED) into their rows of every rollup by
    customer, beside each other."""

    def fold(interactions: Any) -> Any:
        with _desk() as desk:
            desk.execute(rollups.SCHEMA)
            desk.execute("create table meta as select cast(null as date) as kept_from")
            desk.register("rows", interactions)
            desk.execute(f"create table interactions as select {', '.join(NEEDED)} from rows")
            desk.execute("create table touched as select distinct customer_no from interactions")
            rollups.fold_touched(desk, journey)
            return desk.sql(_beside()).to_arrow_table().cast(shapes.arrow(shapes.folded()))

    return fold


def _beside() -> str:
    """The rows of all rollups by customer in one table."""
    parts = []
    for table in rollups.BY_CUSTOMER:
        own = {shapes.beside(name, type_): name for name, type_ in shapes.tables()[table].items()}
        cells = (
            f"'{table}'" if name == shapes.OF_TABLE else own.get(name, f"cast(null as {type_})")
            for name, type_ in shapes.folded().items()
        )
        names = (f"{cell} as {name}" for cell, name in zip(cells, shapes.folded(), strict=True))
        parts.append(f"select {', '.join(names)} from {table}")
    return " union all ".join(parts)


@contextmanager
def _desk() -> Iterator[Any]:
    """A database in memory, of one thread: the engine runs as many workers as there are cores."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        yield connection


def _about(number: int, problem: int, why: str) -> list[Any]:
    told = [{"file_no": number, "problem": problem, "why": why}]
    batches: list[Any] = pa.Table.from_pylist(told, shapes.arrow(CHECKED)).to_batches()
    return batches


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def trying(shape: str) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What finds out whether a worker can do what it will be asked to: one text for each trouble."""

    def troubles(places: Iterable[Any]) -> Iterator[Any]:
        for batch in places:
            for one in batch.to_pylist():
                yield pa.RecordBatch.from_pydict({"trouble": pa.array(_troubles(one, shape), pa.string())})

    return troubles


def _troubles(places: Mapping[str, str], shape: str) -> list[str]:

    if shape != SHAPE:
        return [t("The engine's workers run another version of the dashboard. Install this one there.")]
    try:
        seen = Place(places["raw"]).exports()
        Place(places["rollups"]).told(".tried")
    except CxError as error:
        return [t("The engine's workers: {reason}", reason=error)]
    if not seen or Place(places["rollups"]).told(".tried") is None:
        return [t("The engine's workers do not see {raw} or {rollups} as this machine does. Both must be storage that all share.",
                  raw=places["raw"], rollups=places["rollups"])]  # fmt: skip
    return []

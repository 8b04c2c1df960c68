"""What stays of an export beside the store: a folder in data/archive/ for each landing.

    tickets.csv (3fa9c1d2e4b5)/
        rows.parquet   the rows as they were understood, in the canonical columns, each with its row of the export: customers
                       under pseudonyms, texts masked
        refused.csv    the rows that were refused, as the export had them, to be mended; only where there are any
        report.json    what became of it

The export itself does not stay: it names people. A folder is named after the export and the
hash of its content. It is written before the store commits and appears afterwards, so
that it is there exactly when the store has the rows, whenever the process is killed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from cx.errors import FileRefused
from cx.folders import Folders
from cx.model import CONSENTED
from cx.pseudonyms import Key
from cx.query import Query
from cx.store import Cursor, Store
from cx.words import t

ROWS, REFUSED, REPORT = "rows.parquet", "refused.csv", "report.json"

_KEY = b"cx.key"
"""Under this the metadata of ROWS has the fingerprint of the key of its pseudonyms."""
_BATCH_ROWS = 50_000
_NAME_BYTES = 200

_LANDED = "select name from files where sha256 = $sha256 and reason is null and undone_at is null"

_CONTENTS = "select sha256 from files where file_id in (select unnest($file_ids))"


def draft(folders: Folders, sha256: str) -> Path:
    """An empty folder for what will stay of the export of this content."""
    path = _drafts(folders) / sha256
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def signed(key: Key) -> dict[bytes, bytes]:
    """The metadata of ROWS that say with which key its pseudonyms were made."""
    return {_KEY: key.fingerprint.encode()}


def settle(store: Store, folders: Folders) -> None:
    """Let the drafts appear whose rows the store has, and remove the others."""
    for path in [*_drafts(folders).glob("*")]:
        landed = store.run(Query("landed", _LANDED, {"sha256": path.name}))
        if len(landed) and (path / ROWS).exists():
            _move(path, folders.archive, f"{_clipped(str(landed['name'].iloc[0]))} ({_short(path.name)})")
        else:
            shutil.rmtree(path, ignore_errors=True)


def of(folders: Folders, sha256: str) -> Path | None:
    """The folder of a landing, where it is still there."""
    return next(folders.archive.glob(f"* ({_short(sha256)})"), None)


def refused(folders: Folders, sha256: str) -> Path | None:
    """The refused rows of a landing, to be mended; None where there are none, or no longer."""
    path = of(folders, sha256)
    return path / REFUSED if path is not None and (path / REFUSED).exists() else None


def every(folders: Folders) -> Iterator[Path]:
    """The folders of all landings, also of those that were undone."""
    for folder in (folders.archive, undone(folders)):
        yield from sorted(path for path in folder.glob("*") if (path / ROWS).exists())


def waiting(folders: Folders, sha256: str) -> Path | None:
    """The draft of a landing that has not appeared yet: its process was killed just then, or is at it."""
    path = _drafts(folders) / sha256
    return path if (path / ROWS).exists() else None


def put_by(folders: Folders, sha256: str) -> None:
    """Move the folder of a landing that was undone to the others of its kind."""
    if (path := of(folders, sha256)) is not None:
        _move(path, undone(folders), path.name)


def key_of(rows: Path) -> str:
    """The fingerprint of the key of a Parquet file's pseudonyms; empty where it is not of an archive."""
    told: bytes = (parquet.read_metadata(rows).metadata or {}).get(_KEY, b"")
    return told.decode()


def is_ours(path: Path, key: Key) -> bool:
    """Whether a file is of the archive, so that its customers are under pseudonyms already.

    Raises FileRefused where they were made with another key.
    """
    if path.suffix.lower() not in (".parquet", ".pq"):
        return False
    told = key_of(path)
    if told and told != key.fingerprint:
        reason = t(
            "It is from the archive of another store, whose customers go by other pseudonyms. Bring the export itself."
        )
        raise FileRefused(path.name, reason)
    return bool(told)


def rewrite(rows: Path, change: Callable[[Any], Any]) -> bool:
    """Write a Parquet file anew with each of its batches changed; True where one was. The file is whole at any moment."""
    fresh, changed = rows.with_name(f".{rows.name}.part"), False
    with (
        parquet.ParquetFile(rows) as file,
        parquet.ParquetWriter(fresh, file.schema_arrow, compression="zstd") as out,
    ):
        for batch in file.iter_batches(_BATCH_ROWS):
            table = pa.table(batch)
            other = change(table)
            changed = changed or other is not table
            out.write_table(other)
    fresh.replace(rows) if changed else fresh.unlink()
    return changed


def anonymous(table: Any, theirs: Any) -> Any:
    """The rows of a table, without whose they are where `theirs` (a column of truths) says so."""
    if not pc.any(theirs).as_py():
        return table
    for name in [*CONSENTED, "consent"]:
        place = table.column_names.index(name)
        instead = pa.scalar(False if name == "consent" else None, table.schema.field(place).type)
        table = table.set_column(place, name, pc.if_else(theirs, instead, table[name]))
    return table


def withdraw(cursor: Cursor, folders: Folders, file_ids: Sequence[int]) -> None:
    """Make the rows of the temporary table `withdrawn` anonymous in the landings of these exports."""
    for (sha256,) in cursor.execute(_CONTENTS, {"file_ids": [*file_ids]}).fetchall():
        if (path := of(folders, sha256)) is not None:
            withdraw_from(cursor, path / ROWS)


def withdraw_from(cursor: Cursor, rows: Path) -> None:
    """Make the rows of the temporary table `withdrawn` anonymous in this file."""
    sql = "select source || chr(31) || interaction_id as key from withdrawn"
    keys = cursor.sql(sql).to_arrow_table()["key"]

    def change(table: Any) -> Any:
        said = pc.binary_join_element_wise(table["source"], table["interaction_id"], chr(31))
        refused = pc.fill_null(pc.equal(table["consent"], False), False)
        return anonymous(table, pc.and_not(pc.is_in(said, value_set=keys), refused))

    rewrite(rows, change)


def _move(path: Path, folder: Path, name: str) -> None:
    """Move a landing, in the place of one of the same name, which is of the same content."""
    folder.mkdir(exist_ok=True)
    shutil.rmtree(folder / name, ignore_errors=True)
    path.rename(folder / name)


def _clipped(name: str) -> str:
    """As much of a name as leaves room for more in the name of a file."""
    return name.encode()[:_NAME_BYTES].decode(errors="ignore")


def _short(sha256: str) -> str:
    return sha256[:12]


def undone(folders: Folders) -> Path:
    """Where the folders of landings that were undone are."""
    return folders.archive / "undone"


def _drafts(folders: Folders) -> Path:
    return folders.archive / ".drafts"

"""The rows of an export that were refused, in its own columns and with the reason: to be mended and dropped again."""

from __future__ import annotations

import csv
import hashlib
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cx.errors import CxError
from cx.folders import Folders
from cx.formats import Rows, Sheet, open_sheet
from cx.ingest.rules import explain
from cx.query import Query
from cx.store import Store

REASON = "why_refused"
"""The last column of the file: what was wrong with the row, and what to do."""

_REFUSED = """
select file_row, column_name, value, rule from refusals
where file_id = $file_id and not starts_with(rule, 'superseded') and rule <> 'broken_line' order by file_row"""

# A spreadsheet would run what begins so as a formula; a plain number does no harm, and is left to be read again.
_FORMULA = re.compile(r"^[=+\-@\t\r](?![\d.,]*$)")


def archived(store: Store, folders: Folders, file_id: int) -> Path | None:
    """The export itself, where the archive still has it."""
    sql = "select name, size, sha256 from files where file_id = $file_id"
    name, size, sha256 = store.run(Query("an export", sql, {"file_id": file_id})).iloc[0]
    plain = Path(str(name))
    numbered = re.compile(rf"{re.escape(plain.stem)}( \(\d+\))?{re.escape(plain.suffix)}")
    for path in sorted(folders.archive.glob("*")):
        if numbered.fullmatch(path.name) and path.stat().st_size == size and _sha256(path) == sha256:
            return path
    return None


def refused_rows(store: Store, folders: Folders, file_id: int) -> pd.DataFrame | None:
    """The refused rows as the file has them, with REASON as the last column; None where it cannot be read any more.

    Lines that have more or fewer values than columns are not among them.
    """
    path = archived(store, folders, file_id)
    if path is None:
        return None
    refused = store.run(Query("refused rows of an export", _REFUSED, {"file_id": file_id}))
    try:
        with open_sheet(path) as sheet:
            table = sheet.rows(sheet.columns).table.to_pandas().set_index("file_row")
    except CxError:
        return None
    why: dict[int, list[str]] = {}
    for row in refused[refused["file_row"].isin(table.index)].itertuples():
        why.setdefault(row.file_row, []).append(explain(row.rule, row.column_name, _text(row.value)))
    rows = table.loc[[*why]].set_axis([*sheet.columns], axis="columns").reset_index(drop=True)
    rows.insert(len(rows.columns), REASON, [" ".join(told) for told in why.values()], allow_duplicates=True)
    return rows


def as_it_was(sheet: Sheet, rows: Rows) -> Rows:
    """The rows read of a file that was downloaded here and mended: without the ' that kept a spreadsheet from running them."""
    if REASON not in sheet.columns:
        return rows
    table = rows.table
    for place, name in enumerate(table.column_names):
        if pa.types.is_string(table.schema.field(place).type):
            table = table.set_column(
                place, name, pc.replace_substring_regex(table[name], r"^'([=+\-@\t\r])", r"\1")
            )
    return Rows(table, rows.broken)


def as_csv(rows: pd.DataFrame) -> bytes:
    """The rows as a CSV file, in UTF-8 with its mark. Text that a spreadsheet would run stands behind a ' there."""
    safe = rows.map(lambda cell: f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell)
    text: str = safe.to_csv(index=False, quoting=csv.QUOTE_ALL, na_rep="")
    return text.encode("utf-8-sig")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

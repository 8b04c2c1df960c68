"""The states of rows that lost to a later one: kept, so that undoing an export gives back what it had replaced.

A state that lost is in `history` with the file and row that brought it. A row that says what stands already is not
written again; `again` notes that its file said so too, and takes a few bytes.
"""

from __future__ import annotations

from cx.model import COLUMNS
from cx.store import Cursor

NAMES = ", ".join(COLUMNS)


def content(table: str) -> str:
    """SQL for a hash of all that a row says: settles which of two states of the same time is the later one."""
    cells = ", ".join(f"coalesce(cast({table}.{name} as varchar), chr(30))" for name in COLUMNS)
    return f"md5(concat_ws(chr(31), {cells}))"


def _lost(table: str, withdrawn: str) -> str:
    """The columns of a state that lost; nothing personal where the one that stands withdraws consent."""
    cells = {name: f"{table}.{name}" for name in COLUMNS}
    for name, column in COLUMNS.items():
        if column.personal:
            cells[name] = f"case when not {withdrawn} then {table}.{name} end"
    cells["consent"] = f"{table}.consent and not {withdrawn}"
    return ", ".join(f"{cell} as {name}" for name, cell in cells.items())


_AGAIN = """
insert into again
select $file_id, s.file_row, s.source, s.interaction_id, i.file_id
from stored join interactions i on i.rowid = stored.stored_row join staged s on s.rowid = stored.staged_row
where same"""

_LATE = f"""
insert into history ({NAMES}, file_id, file_row)
select {_lost("s", "stored.withdrawn")}, $file_id, s.file_row
from stored join staged s on s.rowid = stored.staged_row where later"""

_REPLACED = f"""
insert into history ({NAMES}, file_id, file_row)
select {_lost("i", "(s.consent is not distinct from false)")}, i.file_id, i.file_row
from stored join interactions i on i.rowid = stored.stored_row join staged s on s.rowid = stored.staged_row
where not later and not same"""

_WITHDRAWN = f"""
update history set consent = false, {", ".join(f"{name} = null" for name, each in COLUMNS.items() if each.personal)}
from staged s
where s.problem is null and s.consent = false
  and history.source = s.source and history.interaction_id = s.interaction_id"""


def keep(cursor: Cursor, file_id: int) -> None:
    """Keep what the rows of `staged` are about to replace, and those of its rows that come too late.

    Consent that is withdrawn takes who it was and their words from the earlier states as well; no undo brings them back.
    """
    for statement in (_AGAIN, _LATE):
        cursor.execute(statement, {"file_id": file_id})
    for statement in (_REPLACED, _WITHDRAWN):
        cursor.execute(statement)

"""The states of rows that lost to a later one: kept, so that undoing an export gives back what it had replaced.

A state that lost is in `history` with the file and row that brought it. A row that says what stands already is not
written again; `again` notes that its file said so too, and takes a few bytes.
"""

from __future__ import annotations

from cx.model import COLUMNS, CONSENTED, KEPT
from cx.store import Cursor

NAMES = ", ".join(COLUMNS)


def _cells(table: str, customers: str = "") -> str:
    """The columns of a row; where it has its customer's number alone, who that is stands in `customers`."""
    return ", ".join(f"{(name in KEPT and table) or customers or table}.{name}" for name in COLUMNS)


def content(table: str, customers: str = "") -> str:
    """SQL for a hash of all that a row says: settles which of two states of the same time is the later one."""
    cells = _cells(table, customers).split(", ")
    told = ", ".join(f"coalesce(cast({cell} as varchar), chr(30))" for cell in cells)
    return f"md5(concat_ws(chr(31), {told}))"


# Whose latest state, of all that are known now, refuses consent.
_WITHDRAWN = """
create or replace temp table withdrawn as
select s.source, s.interaction_id from staged s
where s.consent = false and s.row not in (select row from lost)
union
select i.source, i.interaction_id from stored join interactions i on i.rowid = stored.stored_row
where later and i.consent = false"""

_HOLDING = """
with told as (
  select i.source, i.interaction_id, i.file_id from interactions i semi join withdrawn using (source, interaction_id)
  where i.consent is distinct from false
)
select file_id from told
union select a.file_id from again a semi join told on told.source = a.source and told.interaction_id = a.interaction_id
union select h.file_id from history h semi join withdrawn using (source, interaction_id)
where h.consent is distinct from false"""


def not_kept(table: str) -> str:
    """What is set in a row of this table whose customer refused consent."""
    names = [
        "customer_no" if name == "customer_id" and table == "interactions" else name for name in CONSENTED
    ]
    return ", ".join(["consent = false", *(f"{name} = null" for name in names)])


def _not_kept(table: str) -> str:
    return f"""
update {table} set {not_kept(table)} from withdrawn w
where {table}.source = w.source and {table}.interaction_id = w.interaction_id and {table}.consent is distinct from false"""


_AGAIN = """
insert into again
select $file_id, s.file_row, s.source, s.interaction_id, i.file_id
from stored join interactions i on i.rowid = stored.stored_row join staged s on s.row = stored.row
where same"""

_LATE = f"""
insert into history ({NAMES}, file_id, file_row)
select {_cells("s")}, $file_id, s.file_row
from stored join staged s on s.row = stored.row where later"""

_REPLACED = f"""
insert into history ({NAMES}, file_id, file_row)
select {_cells("i", "c")}, i.file_id, i.file_row
from stored join interactions i on i.rowid = stored.stored_row left join customers c on c.customer_no = i.customer_no
where not later and not same"""


def withdraw(cursor: Cursor) -> list[int]:
    """Take who it was and their words from every state of the rows whose latest one refuses consent; no undo brings them
    back. They are left in the temporary table `withdrawn`; returns the exports that had said more of them."""
    cursor.execute(_WITHDRAWN)
    holding = [file_id for (file_id,) in cursor.execute(_HOLDING).fetchall()]
    for table in ("history", "interactions"):
        cursor.execute(_not_kept(table))
    return holding


def keep(cursor: Cursor, file_id: int) -> None:
    """Keep what the rows of `staged` are about to replace, and those of its rows that come too late."""
    for statement in (_AGAIN, _LATE):
        cursor.execute(statement, {"file_id": file_id})
    cursor.execute(_REPLACED)

"""A version of the rollups into the store that the dashboard opens: made beside it, and switched in once it is whole.

Pages then read it as they read what was counted here. To the store it is as if the interactions had left by the rules of
retention: their figures stay as they are, and what lands here must be of later days.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from cx import reference, rollups
from cx.engine import asking, shapes, versions
from cx.engine.errors import EngineError
from cx.engine.storage import Place
from cx.engine.versions import Version
from cx.folders import Folders
from cx.ingest.forget import remember, remembered
from cx.ingest.rebuilding import carry, fresh, look, opened, switch
from cx.journey import Journey
from cx.query import Query
from cx.rollups import frozen
from cx.store import Cursor, Store
from cx.words import number, t

Progress = Callable[[str, float], None]

_OWN = "select count(*) from interactions"
_FILLED = ("interactions", "history", "again", "files", "refusals", "customers", *rollups.TABLES)
"""What a version takes the place of. What people noted, who was forgotten and what was sent stays."""
_SERVED = "select count(*) from meta where kept_from is not null and not exists (from interactions) and not exists (from files)"


def would_replace(folders: Folders) -> list[str]:
    """What the store here holds that a version of the engine takes the place of, in sentences."""
    return _leaving(_asked(folders.store, _OWN)) if folders.store.exists() else []


def would_replace_in(store: Store) -> list[str]:
    """The same of a store that a running dashboard has open."""
    return _leaving(int(store.run(Query("rows", _OWN)).iloc[0, 0]))


def _leaving(rows: int) -> list[str]:
    if not rows:
        return []
    return [
        t("The store here holds {n} interactions of its own. They leave: their exports must be among those that the engine reads.",
          n=number(rows))
    ]  # fmt: skip


def load(root: Place, version: Version, folders: Folders, progress: Progress) -> Path | None:
    """Serve a version. Returns where the store of before is kept: nothing is kept of one that an earlier version made.

    Raises StoreBusy where a server has the store.
    """
    journey = reference.journey(folders.reference)
    with opened(folders) as old:
        from_engine = folders.store.exists() and bool(_asked(folders.store, _SERVED))
        draft = fresh(folders.store.with_name(f".{folders.store.name}.engine"))
        store = Store.open(draft)
        try:
            carry(store, old, remembered(folders))
            with store.transaction(roomy=True) as cursor:
                _fill(cursor, versions.folder(root, version.name), progress)
                progress(t("Counting"), 0.95)
                _tell(cursor, version, journey)
            remember(store, folders)
        finally:
            store.close()
    aside = switch(draft, folders.store, "before")
    if aside is not None and from_engine:
        aside.unlink()
        return None
    return aside


def put(root: Place, version: Version, store: Store, folders: Folders) -> None:
    """Serve a version from a store that a running dashboard has open: in one step of the store's version, so that no page sees
    half of it."""
    journey = reference.journey(folders.reference)
    with store.transaction(roomy=True) as cursor:
        for table in _FILLED:
            cursor.execute(f"delete from {table}")
        _fill(cursor, versions.folder(root, version.name), lambda phase, done: None)
        _tell(cursor, version, journey)


def _fill(cursor: Cursor, place: Place, progress: Progress) -> None:
    every = (*rollups.BY_DAY, *rollups.BY_CUSTOMER)
    for done, table in enumerate(every):
        progress(t("Loading"), 0.9 * done / len(every))
        columns = shapes.tables()[table]
        if table in rollups.BY_CUSTOMER:
            told = {name: shapes.beside(name, type_) for name, type_ in columns.items()}
            _insert(cursor, place.below("folded", f"{shapes.OF_TABLE}={table}"), table, told)
        else:
            _insert(cursor, place.below(table), table, {name: name for name in columns})
    _insert(
        cursor, place.below("customers"), "customers", {name: name for name in ("customer_no", "customer_id")}
    )


def _insert(cursor: Cursor, place: Place, table: str, columns: dict[str, str]) -> None:
    """Rows of a day lie together, so that a question about some days can skip the others."""
    if (found := place.parquet()) is None:
        return
    scanned = found.scanner(columns=[*columns.values()]).to_reader()
    cursor.register("counted", scanned)
    day = "customer_no" if table == "customers" else frozen.begins(table)
    cursor.execute(
        f"insert into {table} ({', '.join(columns)}) select {', '.join(columns.values())} from counted order by {columns[day]}"
    )
    cursor.unregister("counted")


def _tell(cursor: Cursor, version: Version, journey: Journey) -> None:
    rollups.recount(cursor, journey)
    cursor.execute("update meta set journey = $journey, kept_from = $kept_from",
                   {"journey": journey.told(), "kept_from": version.through + timedelta(days=1)})  # fmt: skip
    asking.tell(cursor, version.name, version.through)


def _asked(path: Path, sql: str) -> Any:
    with look(path) as connection:
        try:
            return connection.execute(sql).fetchall()[0][0]
        except duckdb.Error as error:
            raise EngineError(
                t("{file} is of an earlier version. Start the dashboard once, then stop it.", file=path)
            ) from error

"""What the running server does for the command line of the user who owns the data: see `cx.ui.door` and `cx.owner`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from starlette.routing import BaseRoute

from cx.folders import Folders
from cx.store import Store
from cx.ui import door


class Owner(Protocol):
    """Who has the store open, and the folders around it."""

    store: Store
    folders: Folders


def routes(base: str, running: Callable[[], Owner]) -> list[BaseRoute]:
    """The addresses below `base` that answer the owner alone."""

    def of_it(answer: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        return lambda **told: answer(running(), **told)

    return [
        door.route(f"{base}/api/damage", of_it(_damage), told=True),
        door.route(f"{base}/api/check", of_it(_check)),
        door.route(f"{base}/api/undo", of_it(_undo), told=True),
        door.route(f"{base}/api/forget", of_it(_forget), told=True),
        door.route(f"{base}/api/backup", of_it(_backup), told=True),
    ]


def _damage(running: Owner) -> dict[str, object]:
    from cx.doctor import damage

    return {"damage": damage(running.store)}


def _check(running: Owner) -> dict[str, object]:
    from cx import check, clock

    return {"surges": check.surges(running.store, running.folders, clock.now())}


def _undo(running: Owner, which: str, really: bool) -> dict[str, object]:
    from cx import clock
    from cx.errors import CannotUndo
    from cx.ingest import leaving, undo

    try:
        told = (
            undo(running.store, running.folders, which, clock.now())
            if really
            else leaving(running.store, which)
        )
    except CannotUndo as error:
        return {"file": error.file, "why_not": error.reason}
    return told.as_data()


def _forget(running: Owner, customer: str) -> dict[str, object]:
    from cx.ingest import forget

    return forget(running.store, running.folders, customer).as_data()


def _backup(running: Owner, folder: str, with_key: bool) -> dict[str, object]:
    from cx import clock
    from cx.errors import BadBackup
    from cx.ingest import back_up

    try:
        return back_up(running.store, running.folders, Path(folder), clock.now(), with_key).as_data()
    except BadBackup as error:
        return {"why_not": str(error)}

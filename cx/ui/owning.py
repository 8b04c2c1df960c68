"""What the running server does for the command line of the user who owns the data: see `cx.ui.door` and `cx.owner`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from starlette.routing import BaseRoute

from cx.folders import Folders
from cx.limited import Limits
from cx.store import Store
from cx.ui import door


class Owner(Protocol):
    """Who has the store open, and the folders around it."""

    store: Store
    limits: Limits
    folders: Folders

    def secrets(self) -> Mapping[str, str]:
        """The addresses of alerts, by their names."""


def routes(base: str, running: Callable[[], Owner]) -> list[BaseRoute]:
    """The addresses below `base` that answer the owner alone."""

    def of_it(answer: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        return lambda **told: answer(running(), **told)

    return [
        door.route(f"{base}/api/damage", of_it(_damage), told=True),
        door.route(f"{base}/api/check", of_it(_check)),
        door.route(f"{base}/api/brief", of_it(_brief), told=True),
        door.route(f"{base}/api/undo", of_it(_undo), told=True),
        door.route(f"{base}/api/forget", of_it(_forget), told=True),
        door.route(f"{base}/api/backup", of_it(_backup), told=True),
        door.route(f"{base}/api/alerts", of_it(_alerts), told=True),
        door.route(f"{base}/api/engine", of_it(_engine), told=True),
        door.route(f"{base}/api/addresses", of_it(_addresses)),
    ]


def _damage(running: Owner) -> dict[str, object]:
    from cx.doctor import damage

    return {"damage": damage(running.store)}


def _check(running: Owner) -> dict[str, object]:
    from cx import check, clock

    return {"surges": check.surges(running.store, running.folders, clock.now())}


def _brief(running: Owner, week: str, kinds: Sequence[str], whose: str = "") -> dict[str, object]:
    from cx import brief, clock
    from cx.access.people import asking
    from cx.errors import BadReference, NotAllowed

    try:
        seen = running.limits.seen(asking(running.folders.reference, whose).rows)
        files = brief.files(seen, running.folders, clock.now(), week, kinds)
    except (brief.BadWeek, BadReference, NotAllowed) as error:
        return {"why_not": str(error)}
    return {"files": {name: b64encode(file).decode() for name, file in files.items()}}


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


def _engine(running: Owner, rollups: str, version: str) -> dict[str, object]:
    """Serve a version of the rollups that an engine made; without one, tell only what would leave."""
    from cx.engine import command

    return command.switched(running.store, running.folders, rollups, version)


def _alerts(running: Owner, days: int, send: str) -> dict[str, object]:
    from cx.alerts import asked

    if send:
        return asked.tested(running.store, running.folders, running.secrets, send)
    if days:
        return asked.replayed(running.store, running.folders, days)
    return asked.standing(running.store, running.folders, running.secrets)


def _addresses(running: Owner) -> dict[str, object]:
    from cx.alerts import asked, log
    from cx.reference.alerts import alerts

    told = alerts(running.folders.reference)
    return {"wrong": asked.wrong_addresses(log.latest(running.store), told, running.secrets)}

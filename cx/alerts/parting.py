"""Rules by who is told: what goes to an address of somebody who sees only some rows is made of those rows alone."""

from __future__ import annotations

from collections.abc import Iterator

from cx.access.people import people
from cx.folders import Folders
from cx.limited import Limits, Seen
from cx.query import Filters
from cx.reference.alerts import Alerts


def parts(told: Alerts, folders: Folders, limits: Limits) -> Iterator[tuple[Seen, Alerts]]:
    """What each part of the addresses may be told of, and the rules as far as they send to them.

    Raises BadReference where access.toml cannot be understood: then nobody is told anything.
    """
    granted = people(folders.reference)
    names: dict[Filters, list[str]] = {}
    for name in told.names:
        names.setdefault(granted.rows_of(name), []).append(name)
    for rows, theirs in names.items():
        yield limits.seen(rows), told.only(theirs)

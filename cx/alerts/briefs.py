"""The weekly brief on paper, as a file that goes with its message."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from cx import clock
from cx.alerts import events
from cx.folders import Folders
from cx.limited import Seen
from cx.logs import place

_log = logging.getLogger(__name__)


@contextmanager
def files(seen: Seen, folders: Folders, keys: Iterable[str]) -> Iterator[tuple[Path, ...]]:
    """The briefs that these keys name, as files to attach for as long as this is open; none where there are none.

    A brief that cannot be printed is no reason to keep its sentences back.
    """
    weeks = [date.fromisoformat(told[1]) for told in map(events.parts, keys) if told[0] == "brief"]
    if not weeks:
        yield ()
        return
    with TemporaryDirectory(prefix="cx-brief-") as folder:
        yield tuple(path for week in weeks for path in _printed(seen, folders, week, Path(folder)))


def _printed(seen: Seen, folders: Folders, week: date, into: Path) -> Iterator[Path]:
    try:
        from cx import brief  # what prints it is heavy

        told = brief.brief(seen.store, folders, clock.now(), brief.named(week), rows=seen.rows)
        path = into / brief.file_name(told, "pdf")
        path.write_bytes(brief.printed(told, "pdf"))
        yield path
    except Exception as error:
        _log.error("the brief could not be printed: %s", place(error))

"""The brief: one page for executives on one week, as PDF for paper and as HTML that stands on its own.

`asking` asks the very questions that the pages ask, `composing` makes words and numbers of the answers with the very
functions of `cx.telling`, `setting` puts them on paper. Nothing is computed here that a page would compute otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cx import reference
from cx.brief.asking import ask, gathered
from cx.brief.composing import compose
from cx.brief.shapes import Brief
from cx.brief.weeks import BadWeek, named, parsed
from cx.folders import Folders
from cx.limited import Seen
from cx.query import Filters
from cx.questions.freshness import freshness
from cx.store import Store

__all__ = [
    "WEEKS",
    "BadWeek",
    "Brief",
    "brief",
    "compose",
    "file_name",
    "files",
    "gathered",
    "named",
    "printed",
]

WEEKS = 52
"""How many weeks the trend shows, as on the page."""


def brief(
    store: Store,
    folders: Folders,
    now: datetime,
    week: str = "",
    filters: Filters | None = None,
    weeks: int = WEEKS,
    rows: Filters | None = None,
) -> Brief:
    """The brief of a week such as '2026-W46', or else of the last one that is over, as the store tells it now.

    Where `rows` are chosen the store holds these alone, and the tables beside it tell of them alone.
    Raises BadWeek for a week that is not over, or of which there are no data.
    """
    fresh, tables = freshness(store, now), reference.tables(folders.reference).seen_with(rows or Filters())
    if fresh.empty and not week:
        return compose(None, now, counting=store.counting)
    told = ask(
        store, fresh, tables, parsed(store, fresh, week) if week else None, filters or Filters(), weeks
    )
    return compose(told, now)


def files(seen: Seen, folders: Folders, now: datetime, week: str, kinds: Sequence[str]) -> dict[str, bytes]:
    """The brief of all that is seen in these kinds, by file name. Raises BadWeek as `brief` does."""
    told = brief(seen.store, folders, now, week, rows=seen.rows)
    return {file_name(told, kind): printed(told, kind) for kind in kinds}


def file_name(told: Brief, kind: str) -> str:
    """What the brief's file is called: 'brief-2026-W46.pdf'."""
    return f"brief-{named(told.week)}.{kind}" if told.week else f"brief.{kind}"


def printed(told: Brief, kind: str) -> bytes:
    """The brief as a file of this kind, 'pdf' or 'html'."""
    from cx.brief import setting  # heavy, and needed only by who prints

    return setting.pdf(told) if kind == "pdf" else setting.html(told).encode()

"""The views that viewers gave a name: a page with what was chosen on it, shared by everyone on the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

import pandas as pd

from cx.errors import BadReference
from cx.reference.reading import bad, replace
from cx.words import t

VIEWS = ("name", "page", "query", "by", "made_at")
VIEWS_FILE = "views.csv"
LONGEST_NAME, LONGEST_QUERY, MOST_VIEWS = 80, 4000, 500
_PLAIN = re.compile(r"[a-z][a-z_]{0,30}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_writing = Lock()


class SavedView(NamedTuple):
    """A view with a name: its page, what is chosen on it as in a link, by whom and when (UTC) it was saved."""

    name: str
    page: str
    query: dict[str, list[str]]
    by: str
    made_at: datetime


def views(folder: Path) -> tuple[list[SavedView], list[str]]:
    """The saved views by their names, and what is wrong with the rows that could not be understood."""
    path, found, wrong = folder / VIEWS_FILE, [], []
    try:
        raw = _raw(path)
    except BadReference as error:
        return [], [str(error)]
    for row, told in enumerate(raw.to_dict("records"), start=1):
        try:
            found.append(_view(path, row, told))
        except BadReference as error:
            wrong.append(str(error))
    return sorted(found, key=lambda view: view.name.casefold()), wrong


def save_view(folder: Path, view: SavedView) -> None:
    """Add a view. Raises BadReference where it has no name or one that is taken, and leaves the file as it is."""
    made = {"name": _named(view.name), "page": view.page, "query": urlencode(view.query, doseq=True),
            "by": _line(view.by), "made_at": view.made_at.isoformat(timespec="seconds")}  # fmt: skip

    def added(raw: pd.DataFrame) -> pd.DataFrame:
        _free(raw, made["name"])
        if len(raw) >= MOST_VIEWS:
            raise BadReference(t("There are too many saved views; delete some first."))
        return pd.concat([raw, pd.DataFrame([made])], ignore_index=True)

    _change(folder, added)


def rename_view(folder: Path, name: str, to: str) -> None:
    """Give a view another name. Raises BadReference as `save_view` does."""

    def renamed(raw: pd.DataFrame) -> pd.DataFrame:
        its = raw["name"].str.strip() == name
        _free(raw[~its], new := _named(to))
        return raw.assign(name=raw["name"].mask(its, new))

    _change(folder, renamed)


def delete_view(folder: Path, name: str) -> None:
    """Take a view out; nothing where there is none of that name."""
    _change(folder, lambda raw: raw[raw["name"].str.strip() != name])


def _change(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Write the file anew from what it holds now; rows that cannot be understood stay in it as they are."""
    with _writing:
        replace(folder, VIEWS_FILE, change(_raw(folder / VIEWS_FILE)), _raw)


def _raw(path: Path) -> pd.DataFrame:
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=str) for name in VIEWS})
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadReference(t("{file} cannot be read: {reason}", file=path.name, reason=error)) from error
    if missing := [name for name in VIEWS if name not in raw.columns]:
        raise BadReference(t("{file} has no column {columns}; add it to the header.", file=path.name, columns=", ".join(missing)))  # fmt: skip
    return raw


def _view(path: Path, row: int, told: dict[str, str]) -> SavedView:
    told = {name: told[name].strip() for name in VIEWS}

    def wrong(column: str, reason: str) -> BadReference:
        return bad(path, row, column, told[column][:LONGEST_NAME], reason)

    if not told["name"] or _UNSEEN.search(told["name"]) or len(told["name"]) > LONGEST_NAME:
        raise wrong("name", t("is no name; write one line of at most {n} letters", n=LONGEST_NAME))
    if not _PLAIN.fullmatch(told["page"]):
        raise wrong("page", t("is no page; write its name, such as weekly_health"))
    if (query := _query(told["query"])) is None:
        raise wrong("query", t("is not the end of a link, such as region=North&weeks=26"))
    try:
        made_at = datetime.fromisoformat(told["made_at"])
    except ValueError as error:
        raise wrong("made_at", t("is not a moment; write it like 2026-03-31T09:00:00")) from error
    return SavedView(told["name"], told["page"], query, told["by"], made_at)


def _query(text: str) -> dict[str, list[str]] | None:
    """The names and values of a link's end; None where it is none."""
    if not text:
        return {}
    try:
        told = parse_qs(text, keep_blank_values=True, strict_parsing=True, max_num_fields=200)
    except ValueError:
        return None
    return told if len(text) <= LONGEST_QUERY and all(_PLAIN.fullmatch(name) for name in told) else None


def _named(name: str) -> str:
    told = _line(name)
    if not told:
        raise BadReference(t("Give it a name."))
    if len(told) > LONGEST_NAME:
        raise BadReference(t("The name is too long; {n} letters at most.", n=LONGEST_NAME))
    return told


def _line(text: str) -> str:
    return " ".join(_UNSEEN.sub(" ", text).split())


def _free(raw: pd.DataFrame, name: str) -> None:
    if name.casefold() in set(raw["name"].str.strip().str.casefold()):
        raise BadReference(t("There is a view called '{name}' already; choose another name.", name=name))

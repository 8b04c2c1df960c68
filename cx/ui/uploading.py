"""The file that a viewer brings: kept in a folder of the session while it is looked at, and removed with it."""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from cx import clock
from cx.errors import FileRefused, MappingError
from cx.formats import Format, Mapping, Source, recognise
from cx.formats.suggesting import suggest
from cx.formats.writing import half_known, tied
from cx.ingest.shown import without
from cx.ingest.tables import is_benchmarks
from cx.ingest.trying import Look, Tried, look
from cx.ui import live, rights

_KEY = "mapper"
_LONGEST = 100
"""Bytes of its name that are kept, and of its ending."""


@dataclass
class Upload:
    """A file that the viewer brought, and what was found out about it.

    `found` is its format where it is known, `tied` the mappings that fit it alike; `why` says what keeps it from being
    recognised, `failed` what kept its mapping from being saved or the file from being handed on; `tried` is the last result, and of what choices.
    """

    id: str
    folder: TemporaryDirectory[str]
    path: Path
    looked: Look | None = None
    found: Format | None = None
    tied: list[Mapping] = field(default_factory=list)
    why: str = ""
    failed: str = ""
    suggested: Mapped[str, str] = field(default_factory=dict)
    tried: tuple[Mapped[str, Source], Tried] | None = None


def upload(brought: Any) -> Upload | None:
    """What is known of the file that was brought; looked at once. Raises NotAllowed."""
    rights.needs("upload")
    known: Upload | None = st.session_state.get(_KEY)
    if known is not None and brought is not None and brought.file_id == known.id:
        return known
    drop()
    if brought is None:
        return None
    folder = TemporaryDirectory(prefix="cx-upload-", ignore_cleanup_errors=True)
    path = Path(folder.name) / _plain(brought.name)
    path.write_bytes(brought.getbuffer())
    made = st.session_state[_KEY] = Upload(brought.file_id, folder, path)
    _look_at(made, live.server().folders.reference)
    return made


def drop() -> None:
    """Forget the file, and remove it."""
    known: Upload | None = st.session_state.pop(_KEY, None)
    if known is not None:
        known.folder.cleanup()


def _plain(name: str) -> str:
    """A name that the inbox takes, that no folder stands in, and that a file can have: short, and of letters that show."""
    path = Path(Path(without(name).replace("\\", "/")).name.lstrip(".~") or "export.csv")
    return _clipped(path.stem) + _clipped(path.suffix)


def _clipped(text: str) -> str:
    return text.encode()[:_LONGEST].decode(errors="ignore")


def _look_at(upload: Upload, reference: Path) -> None:
    try:
        looked = look(upload.path)
    except FileRefused as error:
        upload.why = error.reason
        return
    columns, file = looked.sheet.columns, upload.path.name
    try:
        upload.found = (
            Format("benchmarks", {}) if is_benchmarks(looked.sheet) else recognise(columns, file, reference)
        )
    except FileRefused as error:
        upload.why = error.reason if half_known(columns) else ""
    except MappingError as error:
        upload.why = str(error)
    upload.tied = tied(columns, file, reference)
    upload.suggested = suggest(looked.columns, clock.now())
    upload.looked = looked

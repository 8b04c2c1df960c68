"""Asking for the data page, once for all viewers; and the buttons that mend a download or undo an export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from cx import clock, ingest, words
from cx.errors import CannotUndo, CxError
from cx.ingest import Leaving, archive
from cx.ingest.undo import why_not
from cx.questions import coverage as coverage_
from cx.questions import drift as drift_
from cx.questions import exports
from cx.questions import privacy as privacy_
from cx.questions.coverage import Source
from cx.questions.drift import Drift
from cx.questions.privacy import Kept
from cx.strip import strip
from cx.telling import data, values
from cx.ui import asks, link, live, rights
from cx.ui.asks import VIEWS
from cx.ui.keeping import cached
from cx.words import t, tn

CHOSEN = "export"
_LEFT_OUT = "…"


def restore() -> None:
    """Take up what the link says of this page."""
    link.restore((CHOSEN,))


@cached(VIEWS)
def coverage(version: int, at: datetime) -> list[Source]:
    """How each source delivers."""
    return coverage_.coverage(live.store(), asks.fresh(version, at))


@cached(4)
def kept(version: int) -> Kept:
    """What is kept of customers."""
    return privacy_.kept(live.store())


@cached(4)
def drift(version: int) -> Drift | None:
    """What drifted in the newest export."""
    return drift_.drift(live.store())


@cached(VIEWS)
def picture(version: int, at: datetime, language: str) -> dict[str, Any]:
    """Which source spoke on which day, as a frozen chart."""
    words.use(language)
    days, ticks = data.strip_days(coverage(version, at))
    return strip(days, ticks, data.strip_titles())


def reasons(version: int, file_id: int) -> pd.DataFrame:
    """Why rows of an export were not kept; what stood in them is left out for who may not see it."""
    told = _reasons(version, file_id)
    return told if rights.may("undo") else told.assign(value=_LEFT_OUT)


@cached(VIEWS)
def _reasons(version: int, file_id: int) -> pd.DataFrame:
    return exports.reasons(live.store(), file_id)


def refusals(version: int, file_id: int) -> pd.DataFrame:
    """The refused rows of one export, with what stood in them. Raises NotAllowed."""
    rights.needs("undo")
    return asks.refusals(version, file_id)


@cached(VIEWS)
def _leaving(version: int, file_id: int) -> Leaving:
    return ingest.leaving(live.store(), str(file_id))


def chosen(arrived: pd.DataFrame) -> pd.Series:
    """The export that the viewer chose; else the newest of which rows were refused or that was set aside, else the newest."""
    ids = arrived["file_id"].astype(str)
    told = arrived[ids == link.one(CHOSEN, ids.to_list())]
    wrong = arrived[arrived["undone_at"].isna() & ((arrived["rows_refused"] > 0) | (arrived["reason"] != ""))]
    return next(
        rows.iloc[0] for rows in (told, wrong, arrived[arrived["undone_at"].isna()], arrived) if len(rows)
    )


def choose(file_id: str) -> None:
    """Choose this export from now on."""
    link.choose(CHOSEN, [file_id])


def mend(version: int, row: Mapping[Any, Any]) -> None:
    """A button that downloads the refused rows, where the export is still there to take them from and the viewer may."""
    if not row["rows_refused"] or not pd.isna(row["undone_at"]) or not rights.may("undo", "download"):
        return
    file_id = int(row["file_id"])
    path = archive.refused(live.server().folders, str(row["sha256"]))
    if path is None:
        st.caption(t("None of the refused rows can be mended, or they were too old to be kept."))
        return
    file = f"{row['name']}.refused.csv"
    st.download_button(
        t("Download the refused rows"), data=rights.taken(file, path.read_bytes, "undo"), file_name=file, mime="text/csv",
        icon=":material/download:", on_click="ignore", key=f"mend-{file_id}",
        help=t("In the file's own columns, with the reason as the last one. Mend them and put the file into the inbox."),
    )  # fmt: skip


def undo(version: int, row: Mapping[Any, Any]) -> None:
    """A button that undoes the export, once the viewer has read what leaves; or why it cannot be undone; nothing for who may
    not undo."""
    if not rights.may("undo"):
        return
    if told := why_not(row):
        st.caption(told)
        return
    file_id = int(row["file_id"])
    try:
        leaving = _leaving(version, file_id)
    except CannotUndo as error:  # the store is ahead of what is shown
        st.caption(error.reason)
        return
    with st.popover(t("Undo this export"), icon=":material/undo:", key=f"undo-{file_id}"):
        st.markdown(values.plain_text(leaving.in_words()))
        st.caption(t("The figures are then as if it had never landed. The same file can land again."))
        label = tn("Undo it: {n} row leaves", "Undo it: {n} rows leave", leaving.rows)
        st.button(label, key=f"undo-really-{file_id}", on_click=_really, args=(file_id, str(row["name"])))


def _really(file_id: int, name: str) -> None:
    server = live.server()
    try:
        rights.does("undo", "undid", name)
        ingest.undo(server.store, server.folders, str(file_id), clock.now())
    except CxError as error:  # such as that another viewer was faster
        st.toast(values.plain_text(str(error)), icon=":material/error:")

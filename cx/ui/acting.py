"""The actions part of the weekly health: what is late, what came of what is finished, and the roadmap to edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from cx import clock, reference
from cx.errors import BadReference, CxError
from cx.folders import Folders
from cx.kpis import KPIS
from cx.questions import actions as asking
from cx.questions.actions import Action, Effect
from cx.stats import SmallSamples
from cx.telling import actions as telling
from cx.telling import computed
from cx.telling.values import label
from cx.ui import asks, live, parts, rights, table
from cx.ui.asks import VIEWS, View
from cx.ui.keeping import cached
from cx.words import t

_DRAFT, _EDITOR = "actions-draft", "actions-editor"
_DAYS = ("start", "due", "done_on")


@cached(VIEWS)
def effects(version: int, at: object, edited: tuple[object, ...], language: str) -> list[Effect]:
    """What came of each finished action; no filter narrows it."""
    told = asks.tables(edited, language)
    fresh = asks.fresh(version, clock.hour())
    return asking.effects(live.store(), fresh, asking.actions(told.actions), told.settings.small_samples)


def section(view: View) -> None:
    """The actions: late, finished, planned, and all of them to edit."""
    told = asks.tables(view.edited, view.language)
    actions, limits = asking.actions(told.actions), told.settings.small_samples
    late = asking.late(actions, clock.now().date())
    finished = effects(view.version, view.at, view.edited, view.language)
    if actions:
        st.markdown(telling.summary(actions, late, finished))
    if late:
        with parts.card(
            "late", t("What is late"), t("Due and not finished, or to be started and still planned.")
        ) as frame:
            frame.tell(view, lambda: late, file="actions-late")
            table.show(
                telling.late_columns(), telling.late_rows(late), "table-late", t("Actions that are late")
            )
    if finished:
        _finished(view, finished, limits)
    _plan(view, actions)


def _finished(view: View, finished: list[Effect], limits: SmallSamples) -> None:
    with parts.card("finished", t("Did the measure move?"), telling.effects_caption()) as frame:
        measures = {one.action.kpi.name: one.action.kpi for one in finished}
        frame.tell(view, lambda: finished, computed.effects, [*measures.values()], file="actions-finished",
                   of=[lambda: effects(view.version, view.at, view.edited, view.language)])  # fmt: skip
        table.show(telling.effect_columns(), telling.effect_rows(finished, limits), "table-effects",
                   t("Finished actions with their measure before and after"))  # fmt: skip
        st.caption(telling.effects_notes(finished))


def _plan(view: View, actions: list[Action]) -> None:
    with parts.card("plan", t("The roadmap"), t("What is planned and running, by its due date.")) as frame:
        frame.tell(view, lambda: actions, file="actions")
        rows = telling.plan_rows(actions)
        if rows:
            table.show(telling.plan_columns(), rows, "table-plan", t("Actions that are not finished"))
        elif not actions:
            parts.nothing(
                t(
                    "No action is written down yet. Add the first one below: what, who, until when, for which measure."
                )
                if rights.may("edit")
                else t("No action is written down yet.")
            )
        if rights.may("edit"):
            with st.expander(t("Edit the actions"), icon=":material/edit:", expanded=not actions):
                _editor()


def _editor() -> None:
    """All actions to edit. What is typed stays until it is saved or thrown away, whatever happens to the file meanwhile."""
    folder = Folders.default().reference
    try:
        draft = _draft(folder)
    except BadReference:
        st.caption(t("The file must be mended before it can be edited here."))
        return
    edited = st.data_editor(
        draft["table"],
        hide_index=True,
        num_rows="dynamic",
        key=_key(draft),
        column_config=_columns(),
    )
    if reference.seen(folder) != draft["since"]:
        parts.warning(
            t(
                "Someone changed the actions since you began to edit. Throw your edits away to see what they are now."
            )
        )
    with st.container(horizontal=True, gap="small"):
        save = st.button(t("Save the actions"), icon=":material/save:", key="actions-save")
        st.button(t("Throw the edits away"), icon=":material/undo:", key="actions-undo", on_click=_discard)
    if save:
        _save(edited, draft["since"])


def _save(edited: pd.DataFrame, since: str) -> None:
    try:
        rights.does("edit", "changed", "actions")
        reference.write_actions(Folders.default().reference, edited, since)
    except CxError as error:
        parts.wrong(str(error))
        return
    live.server().edited()
    _discard()
    st.rerun()


def _draft(folder: Any) -> dict[str, Any]:
    """The table as the viewer began to edit it, and what the file held then; the file's own while nothing was typed."""
    kept = st.session_state.get(_DRAFT)
    if kept and (_touched(kept) or reference.seen(folder) == kept["since"]):
        return dict(kept)
    since = reference.seen(folder)
    fresh = {
        "table": _editable(reference.written_actions(folder)),
        "since": since,
        "turn": (kept or {}).get("turn", 0) + 1,
    }
    st.session_state[_DRAFT] = fresh
    return fresh


def _touched(draft: Mapping[str, Any]) -> bool:
    typed = st.session_state.get(_key(draft)) or {}
    return any(typed.get(name) for name in ("edited_rows", "added_rows", "deleted_rows"))


def _key(draft: Mapping[str, Any]) -> str:
    return f"{_EDITOR}-{draft['turn']}"


def _discard() -> None:
    kept = st.session_state.get(_DRAFT)
    if kept:
        st.session_state[_DRAFT] = {**kept, "since": None, "turn": kept["turn"] + 1}


def _editable(written: pd.DataFrame) -> pd.DataFrame:
    days = {name: pd.to_datetime(written[name]) for name in _DAYS}
    texts = {
        name: written[name].astype("object")
        for name in written
        if name not in days and name not in ("target", "cost")
    }
    return written.assign(**days, **texts)


def _columns() -> dict[str, Any]:
    text, day = st.column_config.TextColumn, st.column_config.DateColumn
    return {
        "what": text(t("Action"), required=True, width="large"),
        "owner": text(t("Owner")),
        "department": text(t("Department")),
        "channel": text(t("Channel"), help=t("Narrows the measure to this channel, where that has a meaning.")),
        "start": day(t("Start"), required=True),
        "due": day(t("Due"), required=True),
        "kpi": st.column_config.SelectboxColumn(t("Measure"), options=[*KPIS], required=True, format_func=_measure),
        "target": st.column_config.NumberColumn(t("Target"), help=t("In the unit of the measure; durations in seconds.")),
        "cost": st.column_config.NumberColumn(t("Cost"), min_value=0.0),
        "state": st.column_config.SelectboxColumn(
            t("State"), options=[*reference.STATES], required=True, default="planned", format_func=_state
        ),
        "done_on": day(t("Done on"), help=t("The day it was finished, where that is not its due date.")),
    }  # fmt: skip


def _measure(name: object) -> str:
    return label(KPIS[str(name)]) if name in KPIS else str(name)


def _state(name: object) -> str:
    return t(telling.STATE_LABELS[str(name)]) if name in telling.STATE_LABELS else str(name)

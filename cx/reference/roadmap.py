"""Where the company wants its measures to be, and what it does to get them there: targets and actions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd

from cx.errors import BadReference, CxError, UnknownName
from cx.gaps import bounds
from cx.kpis import kpi
from cx.reference.reading import bad, replace, table
from cx.words import t

TARGETS = {"metric": str, "from": date, "value": float, "owner": str, "floor": float, "stretch": float, "segment": str}  # fmt: skip
ACTIONS = {"what": str, "owner": str, "department": str, "channel": str, "start": date, "due": date, "kpi": str,
           "target": float, "cost": float, "state": str, "done_on": date}  # fmt: skip
STATES = ("planned", "running", "done", "stopped")
_OPEN_TARGET = {"owner", "floor", "stretch", "segment"}
_OPEN_ACTION = {"owner", "department", "channel", "target", "cost", "done_on"}
_ACTIONS_FILE = "actions.csv"
_writing = Lock()

Wrong = tuple[str, str]
"""The column that is wrong, and what is wrong with it."""


def targets(folder: Path) -> pd.DataFrame:
    """The targets, by the day they hold from: metric (a KPI's name), from, value, owner, floor, stretch, segment.

    Values are in the KPI's unit; floor and stretch may be missing (nan), and segment '' means all customers.
    """
    path = folder / "targets.csv"
    frame = table(path, TARGETS, _OPEN_TARGET)
    _sound(path, frame, _wrong_target)
    same = frame.duplicated(["metric", "from", "segment"])
    for row in frame.index[same]:
        raise bad(path, row + 1, "from", frame["from"][row], t("stands in it twice for this measure and segment; keep one row"))  # fmt: skip
    told = frame.astype({"floor": float, "stretch": float})
    return told.sort_values("from", kind="stable", ignore_index=True)


def actions(folder: Path) -> pd.DataFrame:
    """The actions in the file's order: see ACTIONS; columns that a person added follow. done_on is due where it is left empty.

    target is in the KPI's unit, cost in money; both may be missing (nan).
    """
    found = written_actions(folder)
    done_on = [_done_on(row) for row in found.itertuples()]
    return found.assign(done_on=pd.Series(done_on, index=found.index, dtype=object))


def written_actions(folder: Path) -> pd.DataFrame:
    """The actions as they stand in the file, to be edited."""
    return _sound_actions(folder / _ACTIONS_FILE)


def seen(folder: Path) -> str:
    """What actions.csv holds now, as a text that another content does not have; '' where there is no file."""
    path = folder / _ACTIONS_FILE
    return sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def write_actions(folder: Path, edited: pd.DataFrame, since: str) -> None:
    """Replace the actions by these, where the file still is what `seen` said when they were read.

    Raises BadReference, and leaves the file as it is, where an action is unsound or the file has changed meanwhile.
    """
    blank = edited.isna() | edited.apply(lambda column: column.astype("string").str.strip().eq(""))
    with _writing:
        if seen(folder) != since:
            raise BadReference(
                t("{file} was changed meanwhile; nothing was saved. Look at what it says now, and edit that.",
                  file=_ACTIONS_FILE)
            )  # fmt: skip
        replace(folder, _ACTIONS_FILE, edited[~blank.all(axis=1)], _sound_actions)


def _sound_actions(path: Path) -> pd.DataFrame:
    frame = table(path, ACTIONS, _OPEN_ACTION, others=True)
    _sound(path, frame, _wrong_action)
    return frame.astype({"target": float, "cost": float})


def _sound(path: Path, frame: pd.DataFrame, wrong: Any) -> None:
    for row, told in enumerate(frame.to_dict("records"), start=1):
        for column, reason in wrong(told):
            raise bad(path, row, column, told[column], reason)


def _wrong_target(told: dict[str, Any]) -> Iterator[Wrong]:
    yield from _wrong_measure("metric", told)
    yield from (
        found for name in ("value", "floor", "stretch") for found in _out_of_range("metric", name, told)
    )
    better, value = kpi(told["metric"]).better, told["value"]
    for name, sign in (("floor", -1), ("stretch", 1)):
        if pd.isna(told[name]):
            continue
        if not better:
            yield name, t("has no meaning where neither way is better; leave it empty")
        elif (told[name] - value) * (sign if better == "up" else -sign) < 0:
            yield name, _disorder(name)


def _disorder(name: str) -> str:
    if name == "floor":
        return t("is better than the target; a floor is what it must not fall behind")
    return t("is worse than the target; a stretch is what lies beyond it")


def _wrong_action(told: dict[str, Any]) -> Iterator[Wrong]:
    yield from _wrong_measure("kpi", told)
    yield from _out_of_range("kpi", "target", told)
    if told["state"] not in STATES:
        yield "state", str(UnknownName("state", told["state"], STATES))
    if told["due"] < told["start"]:
        yield "due", t("is before start; swap them or mend the date")
    if pd.notna(told["cost"]) and told["cost"] < 0:
        yield "cost", t("is below 0; leave it empty where it is not known")
    if pd.notna(told["done_on"]) and told["state"] != "done":
        yield "done_on", t("is filled in, but the state is not done; change one of them")
    if pd.notna(told["done_on"]) and told["done_on"] < told["start"]:
        yield "done_on", t("is before start; swap them or mend the date")


def _wrong_measure(column: str, told: dict[str, Any]) -> Iterator[Wrong]:
    try:
        kpi(told[column])
    except CxError as error:
        yield column, str(error)


def _out_of_range(measure: str, column: str, told: dict[str, Any]) -> Iterator[Wrong]:
    low, high = bounds(kpi(told[measure]))
    if pd.notna(told[column]) and not low <= told[column] <= high:
        yield column, t("is out of range; this measure runs from {low} to {high}", low=f"{low:g}", high=f"{high:g}")  # fmt: skip


def _done_on(row: Any) -> date | None:
    finished: date = row.due if pd.isna(row.done_on) else row.done_on
    return finished if row.state == "done" else None

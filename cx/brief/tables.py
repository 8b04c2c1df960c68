"""The sections below the chart: what surges, what campaigns brought, which actions are late. Cells as the pages tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cx import words
from cx.brief.asking import Material
from cx.brief.sentences import begun
from cx.brief.shapes import Heading, Table
from cx.telling import actions, campaigns, surges
from cx.telling.runs import runs
from cx.telling.shapes import Cell, Column, Row
from cx.words import t, tn

MOST_ROWS = 3
_SURGES, _CAMPAIGNS, _ACTIONS = (
    ("problem", "state", "observed", "before", "owner"),
    ("campaign", "verdict", "units", "excess", "net"),
    ("what", "owner", "due", "late"),
)


def tables(told: Material) -> tuple[Table, ...]:
    """Surges, campaigns and actions, each with the row that says that there is none."""
    return _surges(told), _campaigns(told), _actions(told)


def _surges(told: Material) -> Table:
    rows = surges.rows(told.entries)
    headline = surges.title(told.entries) if told.entries else ""
    empty = surges.calm(told.watched)
    note = t("As of {day}; owners as they are noted today.", day=words.short_day(told.through)) if told.past else t(
        "Through {day}.", day=words.short_day(told.through))  # fmt: skip
    title = t("Complaint surges then") if told.past else t("Complaint surges now")
    return _table(title, headline, surges.columns(), rows, _SURGES, empty, note)


def _campaigns(told: Material) -> Table:
    results = begun(told)
    headline = campaigns.title(results) if results else ""
    empty = t("No campaign has begun.")
    note = t("Through {day}.", day=words.short_day(told.through))
    rows = campaigns.rows(results[:MOST_ROWS])
    table = _table(
        t("The latest campaigns"), headline, _named(campaigns.columns()), rows, _CAMPAIGNS, empty, note
    )
    return replace(table, more=_meaning()) if rows else table


def _named(columns: Sequence[Column]) -> list[Column]:
    """The columns with names that need no explanation beside them."""
    names = {"units": t("Extra units"), "excess": t("Extra complaints")}
    return [Column(**{**column, "label": names.get(column["id"], column["label"])}) for column in columns]


def _meaning() -> str:
    return t("Extra is beyond what would have been sold without the campaign, and beyond what those units explain. "
             "Net result: revenue gained, less what the complaints and the campaign cost.")  # fmt: skip


def _actions(told: Material) -> Table:
    rows, today = actions.late_rows(told.late), words.short_day(told.fresh.now.date())
    empty = t("No action is late.") if told.actions else t("No action is written down.")
    note = (
        t("As the plan stands on {day}: it keeps no past.", day=today)
        if told.past
        else t("On {day}.", day=today)
    )
    return _table(t("Actions that are late"), "", actions.late_columns(), rows, _ACTIONS, empty, note)


def _table(title: str, headline: str, columns: Sequence[Column], rows: Sequence[Row], kept: Sequence[str],
           empty: str, note: str) -> Table:  # fmt: skip
    by_id: Mapping[str, Column] = {column["id"]: column for column in columns}
    headings = tuple(Heading(by_id[name]["label"], by_id[name]["kind"] == "number") for name in kept)
    cells = tuple(tuple(row["cells"].get(name, Cell(text="")) for name in kept) for row in rows[:MOST_ROWS])
    hidden = len(rows) - MOST_ROWS
    more = tn("{n} more is not shown.", "{n} more are not shown.", hidden) if hidden > 0 else ""
    return Table(title, runs(headline), headings, cells, empty if not rows else "", more, note)

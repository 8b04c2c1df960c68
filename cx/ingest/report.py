"""What became of one export."""

from __future__ import annotations

from dataclasses import dataclass, field

from cx.ingest.rules import explain


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not kept. `value` is clipped, and never personal; `rule` is a key of `explain`."""

    file: str
    row: int
    column: str
    value: str | None
    rule: str

    def sentence(self) -> str:
        """What was wrong and what to do, in the viewer's language."""
        return explain(self.rule, self.column, self.value)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for which rows were not kept: how many, and the first few of them."""

    column: str
    rule: str
    rows: int
    examples: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one export: rows_read = rows_kept + rows_superseded + rows_refused.

    Of the rows kept, rows_replaced took the place of an earlier state of theirs, and rows_same said what stood already.
    `unused` are the columns of the file that nothing was taken from, `reasons` tell of every row that was not kept.

    `reason` is set where the file was set aside whole, `already` where its content was taken in before, `waiting`
    where it was still being written and nothing was done yet. `examples` are the first rows that were not kept, `seconds`
    how long it took.
    """

    file: str
    format: str = ""
    rows_read: int = 0
    rows_kept: int = 0
    rows_superseded: int = 0
    rows_refused: int = 0
    reason: str = ""
    already: bool = False
    waiting: bool = False
    examples: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    rows_replaced: int = 0
    rows_same: int = 0
    reasons: tuple[Reason, ...] = ()
    unused: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

"""What became of an export, told: as lines for the console, and as a file beside its archived rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cx.ingest.report import Reason, Report
from cx.words import enumeration, number, t, tn


def lines(report: Report) -> Iterator[str]:
    """The report of an export that was taken in, line by line; the lines after the first are indented."""
    kept = tn("{file}: {n} row kept", "{file}: {n} rows kept", report.rows_kept, file=report.file)
    rest = t("{superseded} superseded, {refused} refused", superseded=number(report.rows_superseded),
             refused=number(report.rows_refused))  # fmt: skip
    yield f"{kept}, {rest}"
    if report.rows_replaced or report.rows_same:
        yield "  " + t(
            "Of those kept, {replaced} replaced an earlier state and {same} said what stood already.",
            replaced=number(report.rows_replaced), same=number(report.rows_same),
        )  # fmt: skip
    for reason in report.reasons:
        yield from _of(reason)
    if report.unused:
        columns = enumeration([f"'{column}'" for column in report.unused])
        yield "  " + t("Columns not used: {columns}.", columns=columns)
    # A note of the format about a column that it does not use is told by the line above.
    yield from (
        f"  {note}" for note in report.notes if not any(f"'{name}'" in note for name in report.unused)
    )


def _of(reason: Reason) -> Iterator[str]:
    for refusal in reason.examples:
        row = t("row {row}, {column}", row=refusal.row, column=refusal.column)
        yield f"  {row}: {refusal.sentence()}"
    if more := reason.rows - len(reason.examples):
        yield "  " + tn("and {n} more row for this reason", "and {n} more rows for this reason", more)


def as_data(report: Report) -> dict[str, Any]:
    """The report as its file says it. Values of refused rows are clipped, and none is personal."""
    counts = ("read", "kept", "replaced", "same", "superseded", "refused")
    return {
        "file": report.file,
        "format": report.format,
        "taken_in_before": report.already,
        "rows": {name: getattr(report, f"rows_{name}") for name in counts},
        "columns_not_used": [*report.unused],
        "not_kept": [
            {
                "column": reason.column,
                "rule": reason.rule,
                "rows": reason.rows,
                "what_to_do": reason.examples[0].sentence(),
                "examples": [{"row": one.row, "value": one.value} for one in reason.examples],
            }
            for reason in report.reasons
        ],
        "notes": [*report.notes],
    }


def write(report: Report, path: Path, export: Mapping[str, object]) -> None:
    """Write the report's file, with what the ledger says of the export itself."""
    path.write_text(
        json.dumps(as_data(report) | {"export": export}, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )

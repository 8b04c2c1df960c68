"""An export file into the store: exactly once, checked row by row, in one transaction.

casts      what a cell says -> SQL that gives its canonical value
check      every rule that a row must meet, from the model -> the staged rows, each with what is wrong with it
rules      what is wrong, in words, and what to do
merge      staged rows -> interactions, rollups, ledger and refusals: all or nothing
tables     a file that is no export but a table of data/reference/
intake     one file from its path to its report
inbox      the folder where exports land: what is ready, and watching it
"""

from cx.ingest.inbox import files_under, hand_over, passing, scan, watch
from cx.ingest.intake import adopt, take_in
from cx.ingest.report import Refusal, Report
from cx.ingest.rules import explain

__all__ = [
    "Refusal",
    "Report",
    "adopt",
    "explain",
    "files_under",
    "hand_over",
    "passing",
    "scan",
    "take_in",
    "watch",
]

"""An export file into the store: exactly once, checked row by row, in one transaction.

casts      what a cell says -> SQL that gives its canonical value
check      every rule that a row must meet, from the model -> rows as they are understood, each with what is wrong with it
staged     the sound rows of an export, in the file that its archive keeps
joining    staged rows -> interactions: of each row the latest state stands
rules      what is wrong, in words, and what to do
merge      an export into interactions, archive, rollups, ledger and refusals: all or nothing
history    the states of rows that lost to a later one, kept for undo
undo       an export's rows leave, as if it had never come
told       the report of an export as lines and as a file
mending    the rows that were refused, as a file to mend and drop again
tables     a file that is no export but a table of data/reference/
archive    what stays of an export beside the store
landing    one sound file into the store and the archive
intake     one file from its path to its report
forget     a customer is forgotten
naming     who is named in files as they came
retention  what is older than the settings allow leaves
rebuilding a store made anew from the archive
backups    a backup while the data are in use, and a backup put back
trying     an export tried out, before it is taken in
remote     exports fetched from buckets and web servers
inbox      the folder where exports land: what is ready, and watching it
"""

from cx.ingest.backups import Backup, back_up, forgotten_since, restore
from cx.ingest.forget import Forgotten, forget
from cx.ingest.inbox import files_under, hand_over, passing, scan, watch
from cx.ingest.intake import catch_up, take_in
from cx.ingest.rebuilding import rebuild, would_lose
from cx.ingest.report import Refusal, Report
from cx.ingest.rules import explain
from cx.ingest.told import lines
from cx.ingest.undo import Leaving, leaving, undo

__all__ = [
    "Backup",
    "Forgotten",
    "Leaving",
    "Refusal",
    "Report",
    "back_up",
    "catch_up",
    "explain",
    "files_under",
    "forget",
    "forgotten_since",
    "hand_over",
    "leaving",
    "lines",
    "passing",
    "rebuild",
    "restore",
    "scan",
    "take_in",
    "undo",
    "watch",
    "would_lose",
]

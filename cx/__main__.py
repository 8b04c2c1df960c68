"""python -m cx: the dashboard's command line.

One process owns the store. While the server runs, a command that writes hands its files to the inbox and says so,
and a command that reads asks the server.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn
from rich.table import Table

from cx import check, clock, demo, doctor, ingest, logs, owner
from cx.errors import CxError, StoreBusy
from cx.folders import Folders
from cx.ingest import Report, remote
from cx.store import Store
from cx.words import enumeration, number, t, tn

console = Console()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where it did what was asked, 1 where something was refused, 2 where it could not run."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logs.set_up()
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    try:
        return int(options.run(options, Folders.default().make()))
    except CxError as error:
        console.print(f"[bold red]{t('Error')}[/]", end=" ")
        console.print(str(error), markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cx", description=t("Take in exports and look after the store.")
    )
    commands = parser.add_subparsers(title=t("commands"), metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace, Folders], int], what: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what, description=what)
        added.set_defaults(run=run)
        return added

    made = command("demo", _demo, t("Make a demo company, two years of it, and take it in."))
    made.add_argument(
        "--live", action="store_true", help=t("then drop a small export every few seconds, until stopped")
    )
    made.add_argument(
        "--every",
        type=float,
        default=3.0,
        metavar="SECONDS",
        help=t("how often --live drops one (default 3)"),
    )
    made.add_argument("--seed", type=int, default=demo.SEED, help=t("another seed makes another company"))
    taken = command("ingest", _ingest, t("Take in exports: Parquet or CSV files, or folders of them."))
    taken.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    undone = command("undo", _undo, t("Undo an export: its rows leave, as if it had never landed."))
    undone.add_argument("export", metavar="EXPORT", help=t("its file name, or its number on the Data page"))
    undone.add_argument("--yes", action="store_true", help=t("do not ask"))
    forgotten = command(
        "forget", _forget, t("Forget a customer: what they did still counts, who they were is gone.")
    )
    forgotten.add_argument(
        "customer", metavar="CUSTOMER", help=t("the id or the e-mail address that exports name them by")
    )
    forgotten.add_argument("--yes", action="store_true", help=t("do not ask"))
    backed = command(
        "backup", _backup, t("Write a backup into a new folder there, also while the dashboard runs.")
    )
    backed.add_argument("folder", type=Path, metavar="FOLDER")
    backed.add_argument(
        "--with-key", action="store_true", help=t("also the key of the pseudonyms, which else is kept apart")
    )
    restored = command("restore", _restore, t("Put a backup in place; what was there is kept beside it."))
    restored.add_argument("folder", type=Path, metavar="FOLDER", help=t("the folder of one backup"))
    restored.add_argument("--yes", action="store_true", help=t("also where there are data already"))
    rebuilt = command(
        "rebuild", _rebuild, t("Make the store anew from the archive, where its file is broken.")
    )
    rebuilt.add_argument("--yes", action="store_true", help=t("do not ask"))
    command("watch", _watch, t("Take in whatever lands in the inbox, until stopped."))
    command("fetch", _fetch, t("Fetch what is new from the buckets and web servers that sources.toml names."))
    checked = command(
        "check", _check, t("Say which complaint surges there are now; the exit code tells a scheduler.")
    )
    checked.add_argument("--json", action="store_true", help=t("as JSON, one list"))
    command("doctor", _doctor, t("Check the installation, the store and the folders, and say what to mend."))
    return parser


def _demo(options: argparse.Namespace, folders: Folders) -> int:
    status = _make_demo(options.seed, folders)
    if not options.live:
        console.print(t("Now open the dashboard: streamlit run app.py"))
        return status
    console.print(
        t("Dropping a small export every {seconds} s; stop with Ctrl+C.", seconds=number(options.every, 1))
    )
    if not owner.asks(folders):
        console.print(t("No dashboard is running: what is dropped waits in the inbox until one is."))
    while True:
        dropped = demo.trickle(folders.inbox, now=clock.now())
        console.print(f"{clock.now():%H:%M:%S}  {dropped.name}", highlight=False)
        time.sleep(options.every)


def _make_demo(seed: int, folders: Folders) -> int:
    """Make the demo company and take it in, where no other one is there already."""
    folder, now = folders.root / "demo", clock.now()
    if folders.store.exists() and demo.found(folder, now, seed) == "another":
        console.print(
            t("A demo company made in another week or from another seed is here and stays as it is.")
            + " "
            + t("To begin anew, stop the dashboard and delete {folder}.", folder=folders.store),
            highlight=False,
        )
        return 0
    with _progress() as progress:
        made = demo.make(folder, now, seed, progress)
    if installed := demo.install_reference(made, folders.reference):
        files = enumeration(installed)
        console.print(t("Wrote {files} to {folder}.", files=files, folder=folders.reference), highlight=False)
    return _take_in(folders, made.exports)


def _ingest(options: argparse.Namespace, folders: Folders) -> int:
    return _take_in(folders, [path.resolve() for path in options.paths])


def _undo(options: argparse.Namespace, folders: Folders) -> int:
    """Say what would leave, and let it leave once that is confirmed; where a server owns the store, by its hand."""
    told = _undoing(folders, options.export, really=False)
    console.print(told.in_words(), markup=False, highlight=False)
    if not options.yes and console.input(t("Undo it? [y/N] "), markup=False).strip().lower() not in (
        "y",
        "yes",
    ):
        console.print(t("Nothing was changed."))
        return 1
    _undoing(folders, str(told.file_id), really=True)
    console.print(t("Undone. The same file can be taken in again."))
    return 0


def _undoing(folders: Folders, which: str, really: bool) -> ingest.Leaving:
    """What undoing would do, or did. Raises CannotUndo; StoreBusy where a server owns the store and does not answer."""
    answer = owner.asks(folders, "undo", {"which": which, "really": really})
    if answer is not None:
        return ingest.Leaving.of(answer)
    store = Store.open(folders.store)
    try:
        return ingest.undo(store, folders, which, clock.now()) if really else ingest.leaving(store, which)
    finally:
        store.close()


def _forget(options: argparse.Namespace, folders: Folders) -> int:
    """Forget a customer, once that is confirmed; where a server owns the store, by its hand."""
    question = t("Forget this customer for good? No undo brings back who they were. [y/N] ")
    if not options.yes and console.input(question, markup=False).strip().lower() not in ("y", "yes"):
        console.print(t("Nothing was changed."))
        return 1
    answer = owner.asks(folders, "forget", {"customer": options.customer})
    if answer is not None:
        told = ingest.Forgotten.of(answer)
    else:
        store = Store.open(folders.store)
        try:
            told = ingest.forget(store, folders, options.customer)
        finally:
            store.close()
    console.print(told.in_words(), markup=False, highlight=False)
    return 0


def _backup(options: argparse.Namespace, folders: Folders) -> int:
    """Where a server owns the store, by its hand."""
    into = options.folder.resolve()
    answer = owner.asks(folders, "backup", {"folder": str(into), "with_key": options.with_key})
    if answer is not None:
        told = ingest.Backup.of(answer)
    else:
        store = Store.open(folders.store)
        try:
            told = ingest.back_up(store, folders, into, clock.now(), options.with_key)
        finally:
            store.close()
    console.print(told.in_words(), markup=False, highlight=False)
    return 0


def _restore(options: argparse.Namespace, folders: Folders) -> int:
    told = ingest.restore(folders, options.folder.resolve(), over=options.yes)
    console.print(
        tn("Restored: {rows} interactions of {n} export.", "Restored: {rows} interactions of {n} exports.", told.files,
           rows=number(told.rows))
    )  # fmt: skip
    if since := ingest.forgotten_since(folders):
        console.print(
            tn("{n} customer was forgotten after this backup was made. Run python -m cx forget for them again.",
               "{n} customers were forgotten after this backup was made. Run python -m cx forget for each again.", since)
        )  # fmt: skip
    return 0


def _rebuild(options: argparse.Namespace, folders: Folders) -> int:
    """Asks first where a store that can still be read holds what would be lost."""
    losses = ingest.would_lose(folders)
    for sentence in losses:
        console.print(sentence, markup=False, highlight=False)
    question = t("Rebuild all the same? [y/N] ")
    if (
        losses
        and not options.yes
        and console.input(question, markup=False).strip().lower() not in ("y", "yes")
    ):
        console.print(t("Nothing was changed."))
        return 1
    with _progress() as progress:
        told = ingest.rebuild(folders, progress)
    console.print(told.in_words(), markup=False, highlight=False)
    return 0


def _watch(options: argparse.Namespace, folders: Folders) -> int:
    if owner.asks(folders):
        console.print(t("The running dashboard watches {folder} already.", folder=folders.inbox))
        return 0
    store = Store.open(folders.store)
    console.print(t("Watching {folder}; stop with Ctrl+C.", folder=folders.inbox))
    stop = threading.Event()
    try:
        ingest.watch(store, folders, stop, _show)
    finally:
        store.close()
    return 0


def _fetch(options: argparse.Namespace, folders: Folders) -> int:
    """0 where every source could be read and what came was taken in."""
    found = remote.sources(folders.reference)
    if not found:
        console.print(t("{file} names no source.", file=folders.reference / remote.SOURCES), highlight=False)
    fetched = [remote.fetch(folders, source) for source in found]
    for told in fetched:
        console.print(told.in_words(), markup=False, highlight=False)
    landed = [path for told in fetched for path in told.landed]
    status = _take_in(folders, landed) if landed else 0
    return 1 if any(told.trouble for told in fetched) else status


def _check(options: argparse.Namespace, folders: Folders) -> int:
    """0 where nothing surges, 1 where something does."""
    told = owner.asks(folders, "check")
    if told is None:
        store = Store.open(folders.store)
        try:
            ingest.catch_up(store, folders)
            told = {"surges": check.surges(store, folders, clock.now())}
        finally:
            store.close()
    if options.json:
        print(json.dumps(told["surges"], ensure_ascii=False, indent=1))
    for surge in [] if options.json else told["surges"]:
        console.print(_surge(surge), markup=False, highlight=False)
    if not told["surges"] and not options.json:
        console.print(t("No complaint surge now."))
    return 1 if told["surges"] else 0


def _surge(told: dict[str, Any]) -> str:
    campaigns = (
        t("after campaign {names}", names=enumeration(told["campaigns"]))
        if told["campaigns"]
        else t("no campaign fits")
    )
    return t("{product}: {reason}, since {since} ({state}): {observed} where the units sold explain {expected} ({lo} to {hi}); {campaigns}",
             product=told["product"] or t("All products"), reason=told["reason"] or t("Not stated"), since=told["since"],
             state=told["state"], observed=number(told["observed"]), expected=number(told["expected"], 1),
             lo=number(told["lo"]), hi=number(told["hi"]), campaigns=campaigns)  # fmt: skip


def _doctor(options: argparse.Namespace, folders: Folders) -> int:
    findings = doctor.examine(folders)
    table = Table(show_header=False, box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.well else "[red]✗[/]"
        table.add_row(mark, finding.what, escape(finding.told))
    console.print(table)
    return 0 if all(finding.well for finding in findings) else 1


def _take_in(folders: Folders, paths: Sequence[Path]) -> int:
    """Ingest here, or hand copies to the inbox where a server owns the store."""
    files = ingest.files_under(paths)
    try:
        store = Store.open(folders.store)
    except StoreBusy:
        there = [file for file in files if file.is_file() and not ingest.passing(file)]
        for file in there:
            ingest.hand_over(file, folders)
        for file in files:
            if file not in there:
                _show(
                    Report(
                        file.name,
                        reason=t("There is no such file, or its name says that it is not complete."),
                    )
                )
        console.print(
            tn("The dashboard is running and takes it in: {n} file is in its inbox.",
               "The dashboard is running and takes them in: {n} files are in its inbox.", len(there))
        )  # fmt: skip
        return 0 if there == files else 1
    try:
        with _progress() as progress:
            alone = len(files) == 1
            reports = [ingest.take_in(store, folders, file, progress=progress, alone=alone) for file in files]
            progress(t("Counting"), 0.9)
            ingest.catch_up(store, folders)
    finally:
        store.close()
    for report in reports:
        _show(report)
    return 1 if any(report.reason or report.rows_refused for report in reports) else 0


def _show(report: Report) -> None:
    """Say what became of one export, with a few rows for each reason to refuse one."""
    if report.already:
        console.print(
            t("{file}: taken in before, nothing changed.", file=report.file), markup=False, highlight=False
        )
    elif report.reason:
        console.print(f"[yellow]{t('Set aside')}[/]", end=" ")
        console.print(f"{report.file}: {report.reason}", markup=False, highlight=False)
    else:
        for line in ingest.lines(report):
            console.print(line, markup=False, highlight=False)


class _progress:
    """A progress bar for each phase of each file, on a terminal only."""

    def __enter__(self) -> Callable[[str, float], None]:
        """Start drawing; returns the hook that takes a phase and how much of it is done (0 to 1)."""
        self._bars = Progress(SpinnerColumn(), *Progress.get_default_columns(), TimeElapsedColumn(),
                              console=console, transient=True)  # fmt: skip
        self._bars.start()
        self._task = self._bars.add_task("", total=1.0)
        return lambda phase, done: self._bars.update(self._task, description=phase, completed=done)

    def __exit__(self, *_: object) -> None:
        """Stop drawing and clear the line."""
        self._bars.stop()


if __name__ == "__main__":
    sys.exit(main())

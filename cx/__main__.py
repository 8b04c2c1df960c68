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
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn
from rich.table import Table

from cx import check, clock, demo, doctor, ingest, logs, owner
from cx.access import audit
from cx.access.people import asking
from cx.engine import settings as engine
from cx.engine.settings import Settings
from cx.errors import CxError, NotLogged, StoreBusy
from cx.folders import Folders
from cx.ingest import Report, remote
from cx.ingest.shown import shown
from cx.limited import Limits
from cx.store import Store
from cx.words import enumeration, number, t, tn

console = Console()
KINDS = ("pdf", "html")
"""Of files that a brief comes as."""
MOST_DAYS = 36_500
"""How far back the log is asked for at most."""


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
    rebuilt.add_argument(
        "--engine", metavar="ENGINE", help=t("duckdb, or spark: what makes it (default: as cx.toml says)")
    )
    command("watch", _watch, t("Take in whatever lands in the inbox, until stopped."))
    command("fetch", _fetch, t("Fetch what is new from the buckets and web servers that sources.toml names."))
    checked = command(
        "check", _check, t("Say which complaint surges there are now; the exit code tells a scheduler.")
    )
    checked.add_argument("--json", action="store_true", help=t("as JSON, one list"))
    told = command("brief", _brief, t("Write the brief of a week: one page for executives, as PDF or HTML."))
    told.add_argument(
        "--week", default="", metavar="WEEK", help=t("such as 2026-W46 (default: the last one that is over)")
    )
    told.add_argument("--format", choices=[*KINDS, "both"], default="pdf", help=t("default: pdf"))
    told.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help=t("default: this folder"))
    told.add_argument(
        "--as", dest="whose", default="", metavar="EMAIL", help=t("as this person sees it (access.toml)")
    )
    alerted = command("alerts", _alerts, t("Say what the alerts are, and what they would send now."))
    alerted.add_argument(
        "--test", type=int, default=0, metavar="DAYS", help=t("what would have been sent over the last days")
    )
    alerted.add_argument("--send", default="", metavar="NAME", help=t("send a test message to this address"))
    logged = command("audit", _audit, t("Say who signed in, and what each saw, took and changed."))
    logged.add_argument(
        "--days", type=int, default=7, metavar="DAYS", help=t("how many days back (default 7)")
    )
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
    if demo.found(folder, now, seed) == "another" and _holds_rows(folders):
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


def _holds_rows(folders: Folders) -> bool:
    """Whether any interaction is in the store, or may be where nobody can be asked."""
    if not folders.store.exists():
        return False
    try:
        return int((owner.asks(folders) or doctor.opened(folders)).get("rows", 1)) > 0
    except StoreBusy:
        return True


def _ingest(options: argparse.Namespace, folders: Folders) -> int:
    return _take_in(folders, [path.resolve() for path in options.paths])


def _undo(options: argparse.Namespace, folders: Folders) -> int:
    """Say what would leave, and let it leave once that is confirmed; where a server owns the store, by its hand."""
    told = _undoing(folders, options.export, really=False)
    console.print(told.in_words(), markup=False, highlight=False)
    if not (options.yes or _confirmed(t("Undo it? [y/N] "))):
        return 1
    _log(folders, "undid", told.file)
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
    if not (options.yes or _confirmed(question)):
        return 1
    _log(folders, "forgot", "begun")
    answer = owner.asks(folders, "forget", {"customer": options.customer})
    if answer is not None:
        told = ingest.Forgotten.of(answer)
    else:
        store = Store.open(folders.store)
        try:
            told = ingest.forget(store, folders, options.customer)
        finally:
            store.close()
    # Counts, and nothing of whom: the log outlives what is forgotten.
    _log(folders, "forgot", f"rows {told.rows}, refused {told.refused}, landings {told.landings}, files {len(told.files)}")  # fmt: skip
    console.print(told.in_words(), markup=False, highlight=False)
    return 0


def _log(folders: Folders, deed: str, what: str) -> None:
    """Log what the owner does here. Raises NotLogged."""
    try:
        audit.note(folders.audit, deed, what)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotLogged(t("The log in {folder} cannot be written: {reason}.", folder=folders.audit, reason=reason)) from error  # fmt: skip


def _audit(options: argparse.Namespace, folders: Folders) -> int:
    """The log of the last days, the newest first."""
    from cx.telling import access  # only here: every other command begins sooner without it

    now = clock.now()
    log = audit.noted(folders.audit)
    log = log[log["at"] >= (now - timedelta(days=min(options.days, MOST_DAYS))).isoformat()]
    table = Table(show_header=False, box=None, pad_edge=False)
    for line in log.itertuples():
        told = (
            str(line.at),
            access.who(str(line.who)),
            str(line.role),
            access.deed(str(line.deed)),
            str(line.what),
        )
        table.add_row(*map(escape, map(shown, told)))
    console.print(table if len(log) else t("Nothing has been done yet that is logged."))
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
    settings = engine.read(folders, options.engine)
    if settings.elsewhere:
        return _rebuild_elsewhere(options, folders, settings)
    if not _agreed(ingest.would_lose(folders), options.yes):
        return 1
    with _progress() as progress:
        told = ingest.rebuild(folders, progress)
    console.print(told.in_words(), markup=False, highlight=False)
    return 0


def _rebuild_elsewhere(options: argparse.Namespace, folders: Folders, settings: Settings) -> int:
    """What is counted by a distributed engine is served from here."""
    from cx.engine import command  # only here: every other command begins sooner without it

    if not _agreed(command.losses(folders), options.yes):
        return 1
    with _progress() as progress:
        version = command.make(settings, folders, progress)
        told = command.serve(settings, folders, version, progress)
    for sentence in told:
        console.print(sentence, markup=False, highlight=False)
    return 0


def _agreed(losses: Sequence[str], yes: bool) -> bool:
    """Whether a rebuild is wanted although it loses this."""
    for sentence in losses:
        console.print(sentence, markup=False, highlight=False)
    return not losses or yes or _confirmed(t("Rebuild all the same? [y/N] "))


def _confirmed(question: str) -> bool:
    """Whether somebody says yes; where nobody is there to be asked, they do not."""
    try:
        said = console.input(question, markup=False)
    except EOFError:
        said = ""
    if said.strip().lower() in ("y", "yes"):
        return True
    console.print(t("Nothing was changed."))
    return False


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


def _brief(options: argparse.Namespace, folders: Folders) -> int:
    """Write the brief, asked of the server where one owns the store."""
    from cx import brief  # only here: every other command begins sooner without it

    kinds = [*KINDS] if options.format == "both" else [options.format]
    answer = owner.asks(folders, "brief", {"week": options.week, "kinds": kinds, "whose": options.whose})
    if answer is not None:
        if "why_not" in answer:
            raise brief.BadWeek(answer["why_not"])
        files = {name: b64decode(file) for name, file in answer["files"].items()}
    else:
        store = Store.open(folders.store)
        try:
            ingest.catch_up(store, folders)
            seen = Limits(store).seen(asking(folders.reference, options.whose).rows)
            files = brief.files(seen, folders, clock.now(), options.week, kinds)
        finally:
            store.close()
    return _written(options.out, files)


def _written(folder: Path, files: dict[str, bytes]) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            (folder / name).write_bytes(file)
            console.print(
                t("Wrote {file}.", file=folder / name), markup=False, highlight=False, soft_wrap=True
            )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CxError(t("{folder} cannot be written: {reason}.", folder=folder, reason=reason)) from error
    return 0


def _alerts(options: argparse.Namespace, folders: Folders) -> int:
    """0 where all is well, 1 where a rule or an address is not."""
    told = owner.asks(folders, "alerts", {"days": options.test, "send": options.send})
    if told is None:
        told = _alerts_here(options, folders)
    for line in told["lines"]:
        console.print(line, markup=False, highlight=False)
    for line in told["wrong"]:
        console.print(f"[bold red]{t('Wrong')}[/]", end=" ")
        console.print(line, markup=False, highlight=False)
    return 1 if told["wrong"] else 0


def _alerts_here(options: argparse.Namespace, folders: Folders) -> dict[str, Any]:
    from cx.alerts import addresses, asked

    store = Store.open(folders.store)
    try:
        ingest.catch_up(store, folders)
        if options.send:
            return asked.tested(store, folders, addresses.written, options.send)
        if options.test:
            return asked.replayed(store, folders, options.test)
        return asked.standing(store, folders, addresses.written)
    finally:
        store.close()


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
    file = shown(report.file)
    if report.already:
        console.print(
            t("{file}: taken in before, nothing changed.", file=file), markup=False, highlight=False
        )
    elif report.reason:
        console.print(f"[yellow]{t('Set aside')}[/]", end=" ")
        console.print(f"{file}: {report.reason}", markup=False, highlight=False)
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

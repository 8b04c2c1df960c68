"""Exports -> checked rows -> the latest state of each -> rollups, all on the engine, in a new version that counts at the end.

checked        each file by one worker, with the product's own reading and rules
interactions   of each row the latest state, with its customer's number
r_...          sums by day: the product's SQL, in the engine's dialect
folded         what is counted by customer: the product's folds, over all that some customers did

Where exports were only added since the version before, what they do not touch is taken over from it (cx.engine.increment).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from cx import reference
from cx.engine import counting, dialect, increment, latest, shapes, versions, workers
from cx.engine.errors import EngineError
from cx.engine.increment import Before, Touched
from cx.engine.job import Progress, Run
from cx.engine.session import connected, watched, within
from cx.engine.settings import Settings
from cx.engine.storage import Place
from cx.engine.versions import Anew, File, Version
from cx.folders import Folders
from cx.ingest.forget import remembered
from cx.journey import Journey
from cx.pseudonyms import Key
from cx.words import t, tn

ROWS_OF_A_FOLD = 300_000
"""Interactions that one worker folds at once, about; a whole customer's always together. They take some 250 bytes each."""
LEAST_FOLDS = 8

PATIENCE = 120
"""Seconds that workers may take to start, at least."""


def make(settings: Settings, folders: Folders, now: datetime, progress: Progress) -> Version:
    """The version of the rollups that counts, made anew where anything that it is made of has changed.

    Raises EngineError and its kin; whatever was served before stays then.
    """
    settings.complete()
    raw, root = Place.at(settings.raw), Place.at(settings.rollups)
    exports = raw.exports()
    if not exports:
        raise EngineError(t("There is no export in {place}.", place=raw.address))
    how, journey = _how(folders, now), reference.journey(folders.reference)
    terms = versions.terms(journey, how.key.fingerprint, how.texts, how.marks, how.mappings)
    known, basis = versions.current(root), versions.basis(exports, terms)
    if known is not None and known.basis == basis:
        return known
    with connected(settings) as session:
        name = versions.fresh(now)
        run = Run(session, versions.folder(root, name), exports, how, journey, settings.partitions, progress)
        try:
            within(settings.patient(PATIENCE), lambda: _try_out(run, raw, root))
            before = increment.upon(root, known, terms, exports)
            made = watched(settings, lambda: _made(run, before, name, basis, terms))
        except BaseException:
            run.target.remove()
            raise
    versions.publish(root, made)
    return made


def _how(folders: Folders, now: datetime) -> workers.Reading:
    texts = reference.settings(folders.reference).privacy.texts
    mappings = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted((folders.reference / "mappings").glob("*.toml"))
    }
    return workers.Reading(Key.beside(folders.store), now, texts, remembered(folders), mappings)


def _try_out(run: Run, raw: Place, root: Place) -> None:
    """Raise what keeps the workers from their task before any of it is begun."""
    root.tell(".tried", {"by": "cx"})
    asked = run.session.createDataFrame([(raw.address, root.address)], "raw string, rollups string")
    told = asked.mapInArrow(workers.trying(versions.SHAPE), "trouble string").toArrow()
    for trouble in told.column("trouble").to_pylist():
        raise EngineError(trouble)


def _made(run: Run, before: Before | None, name: str, basis: str, terms: str) -> Version:
    files = _read(run, before)
    run.progress(t("Joining"), 0.4)
    interactions, touched = increment.joined(run, before) if before else (latest.joined(run), None)
    made = _told(
        run, files, Version(name, run.how.now.isoformat(), basis, 0, 0, "", terms=terms, anew=_anew(touched))
    )
    run.progress(_counting(touched), 0.55)
    _count(run, interactions, touched)
    run.progress(_folding(touched), 0.75)
    _fold(run, interactions, made.interactions, touched)
    weighs = run.target.weighs()
    return replace(made, weighs={name: weighs[name] for name in weighs if name != versions.WORK})


def _anew(touched: Touched | None) -> Anew | None:
    if touched is None:
        return None
    days = [day.isoformat() for day in touched.counted]
    return Anew(touched.before.version.name, len(touched.before.fresh), days, touched.customers)


def _told(run: Run, files: list[dict[str, Any]], version: Version) -> Version:
    """A version with what became of its exports. Raises EngineError where nothing was kept of any."""
    kept = {row["file_no"]: row["n"] for row in run.rows(_KEPT)}
    if not kept:
        raise EngineError(t("No row of the exports was kept."))
    (known,) = run.rows("select count(*) as n from customers")
    (last,) = run.rows("select cast(max(cast(occurred_at as date)) as string) as day from interactions")
    told = [File(**{**one, "kept": kept.get(number, 0)}) for number, one in enumerate(files)]
    return replace(
        version, interactions=sum(kept.values()), customers=known["n"], last_day=last["day"], files=told
    )


_KEPT = "select file_no, count(*) as n from interactions group by file_no"


def _counting(touched: Touched | None) -> str:
    if touched is None:
        return t("Counting")
    return tn("Counting {n} day", "Counting {n} days", len(touched.counted))


def _folding(touched: Touched | None) -> str:
    if touched is None:
        return t("Folding")
    return tn("Folding {n} customer", "Folding {n} customers", touched.customers)


def _read(run: Run, before: Before | None) -> list[dict[str, Any]]:
    """Check every file that is new; returns what became of each of all. Raises EngineError where one cannot be read: without
    it all would be less than it is."""
    fresh = before.fresh if before else range(len(run.exports))
    run.progress(
        tn("Reading {n} new file", "Reading {n} new files", len(fresh)) if before else t("Reading"), 0.05
    )
    told = [(place, run.exports[place].address, run.exports[place].changed_at) for place in fresh]
    files = run.session.createDataFrame(told, "file_no int, address string, changed_at timestamp_ntz")
    each = files.repartition(len(told)).mapInArrow(
        workers.reading(run.how), shapes.definition(workers.CHECKED)
    )
    run.keep(each, f"{versions.WORK}/checked", "checked")
    read = {one.name: asdict(one) for one in before.version.files} if before else {}
    read |= {one["name"]: one for one in _became(run)}
    return [read[one.name] for one in run.exports]


_WHOLE = "select file_no, problem, why from checked where problem < 0 order by problem desc, file_no"
_REFUSED = f"""
select file_no, count(*) as n, count(case when problem in ({", ".join(map(str, workers.AHEAD))}) then 1 end) as ahead
from checked where problem >= 0 group by file_no"""


def _became(run: Run) -> Iterator[dict[str, Any]]:
    """What became of each file that was read."""
    refused = {row["file_no"]: row for row in run.rows(_REFUSED)}
    for row in run.rows(_WHOLE):
        one = run.exports[row["file_no"]]
        if row["problem"] == workers.REFUSED:
            raise EngineError(
                t("{file} was refused, and nothing was changed: {reason}", file=one.name, reason=row["why"])
            )
        wrong = refused.get(row["file_no"], {"n": 0, "ahead": 0})
        yield {**json.loads(row["why"]), "name": one.name, "size": one.size, "changed_at": one.changed_at.isoformat(),
               "refused": wrong["n"], "ahead": wrong["ahead"]}  # fmt: skip


def _count(run: Run, interactions: Any, touched: Touched | None) -> None:
    """Every rollup by day."""
    if touched:
        if not touched.days:
            increment.copy_days(run, touched)
            return
        increment.see_days(run, interactions, touched)
    for (table, beside), parts in groupby(
        _queries(run.journey), key=lambda query: (query.table, query.beside)
    ):
        frame = run.session.sql(" union all ".join(f"({query.sql})" for query in parts))
        if beside:
            frame.createOrReplaceTempView(table)
            continue
        columns = shapes.tables()[table]
        _keep(run, frame.toDF(*columns).selectExpr(*_typed(columns)), table, touched)


@cache
def _queries(journey: Journey) -> Sequence[dialect.Query]:
    return dialect.translated(counting.statements(journey), shapes.whole_numbers())


def _keep(run: Run, counted: Any, table: str, touched: Touched | None) -> None:
    """Keep a rollup by day; what is counted of it sees the days that were counted."""
    if touched is None:
        run.keep(counted, table)
        return
    whole = run.keep(increment.with_other_days(run, counted, table, touched), table)
    whole.where(increment.among("day", touched.counted)).createOrReplaceTempView(table)


def _typed(columns: dict[str, str]) -> Iterator[str]:
    return (f"cast({name} as {shapes.SPARK[type_]}) as {name}" for name, type_ in columns.items())


def _fold(run: Run, interactions: Any, rows: int, touched: Touched | None) -> None:
    """Every rollup by customer, each customer by one worker."""
    theirs = interactions.where(increment.OURS_AND_WHOSE)
    if touched:
        if not touched.customers:
            increment.copy_customers(run, touched)
            return
        theirs = increment.theirs(run, interactions)
        rows = theirs.count()
    parts = run.partitions or max(LEAST_FOLDS, -(-rows // ROWS_OF_A_FOLD))
    dealt = theirs.selectExpr(*workers.NEEDED, f"pmod(customer_no, {parts}) as part")
    folded = dealt.groupBy("part").applyInArrow(
        workers.folding(run.journey), shapes.definition(shapes.folded())
    )
    if touched:
        folded = increment.with_other_customers(run, folded, touched)
    run.keep(folded, "folded", by=shapes.OF_TABLE)

"""The state of the data in words: what is wrong today, how each source delivers, what became of an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from cx import words
from cx.engine.asking import Served
from cx.ingest import explain
from cx.questions.coverage import RECENT_DAYS, Source, Volume
from cx.questions.drift import Drift, Found
from cx.questions.freshness import Freshness
from cx.questions.privacy import Kept
from cx.questions.storage import Storage
from cx.reference import Privacy
from cx.telling.shapes import Cell, Column, Row
from cx.telling.values import plain_text
from cx.vega import moment as place_of
from cx.words import day, enumeration, mark, moment, number, t, tn

RECENT = timedelta(days=7)
"""An export that was set aside, or had rows refused, is news for so long."""

REFUSED_SHARE = 0.01
"""Rows refused of an export from which on the headline tells of it."""

MOST_SENTENCES, MOST_DRIFTED = 4, 12
NAMES = {
    "kind": mark("kind"), "channel": mark("channel"), "product": mark("product"), "reason": mark("reason"),
}  # fmt: skip


class Issue(NamedTuple):
    """Something that is wrong: a headline, and a sentence of Markdown that says more."""

    title: str
    sentence: str


def issues(
    arrived: pd.DataFrame, sources: Sequence[Source], drift: Drift | None, fresh: Freshness
) -> list[Issue]:
    """What is wrong with the data now, what weighs most first."""
    recent = arrived[arrived["arrived_at"] >= pd.Timestamp(fresh.now) - RECENT]
    found = [
        _aside(recent),
        _silent(sources),
        _gaps(sources),
        _refused(recent),
        _less(sources),
        _drifted(drift),
    ]
    return [issue for issue in found if issue]


def title(found: Sequence[Issue]) -> str:
    """The headline."""
    return found[0].title if found else t("The data are complete and as usual")


def summary(found: Sequence[Issue], sources: Sequence[Source], fresh: Freshness) -> str:
    """The sentences under the headline."""
    more = _more(sources)
    if found:
        return " ".join([*(issue.sentence for issue in found[:MOST_SENTENCES]), more]).strip()
    well = tn("{n} source has delivered through {moment}, without a gap in its last weeks.",
              "{n} sources have delivered through {moment}, without a gap in their last weeks.",
              len(sources), moment=moment(fresh.through))  # fmt: skip
    return f"{well} {more}".strip()


def _more(sources: Sequence[Source]) -> str:
    """More rows than usual are no fault in themselves, but may have been delivered twice."""
    more = [source for source in sources if source.volume and source.volume.verdict == "more"]
    told = [t("**{name}** {change}", name=plain_text(source.name), change=_against(source.volume)) for source in more if source.volume]  # fmt: skip
    return t("More rows than usual over the last {days} days: {told}.", days=RECENT_DAYS, told=enumeration(told)) if told else ""  # fmt: skip


def _aside(recent: pd.DataFrame) -> Issue | None:
    landed = set(recent.loc[recent["reason"] == "", "name"])
    aside = recent[(recent["reason"] != "") & ~recent["name"].isin(landed)]
    if aside.empty:
        return None
    newest = aside.iloc[0]
    return Issue(
        tn("{n} export was set aside whole", "{n} exports were set aside whole", len(aside)),
        t(
            "**{file}** was set aside: {reason}",
            file=plain_text(newest["name"]),
            reason=plain_text(newest["reason"]),
        ),
    )


def _silent(sources: Sequence[Source]) -> Issue | None:
    silent = [source for source in sources if source.silent]
    if not silent:
        return None
    newest = max(source.last_at for source in sources)
    names = [
        t("**{name}** since {moment}", name=plain_text(source.name), moment=moment(source.last_at, newest))
        for source in silent
    ]
    return Issue(
        tn("{n} source has fallen silent", "{n} sources have fallen silent", len(silent)),
        t("Nothing came from {names}.", names=enumeration(names)),
    )


def _gaps(sources: Sequence[Source]) -> Issue | None:
    gaps = [source for source in sources if source.missing and not source.silent]
    if not gaps:
        return None
    told = [
        tn("**{name}** on {n} day, last on {day}", "**{name}** on {n} days, last on {day}", len(source.missing),
           name=plain_text(source.name), day=words.day(source.missing[-1]))
        for source in gaps
    ]  # fmt: skip
    return Issue(t("Days of data are missing"), t("Nothing came from {gaps}, where something usually does.", gaps=enumeration(told)))  # fmt: skip


def _refused(recent: pd.DataFrame) -> Issue | None:
    there = recent[
        recent["undone_at"].isna() & (recent["rows_refused"] > REFUSED_SHARE * recent["rows_read"])
    ]
    if there.empty:
        return None
    worst = there.sort_values("rows_refused", ascending=False).iloc[0]
    return Issue(
        t("Rows of an export were refused"),
        tn("**{file}**: {n} row was refused ({share} of the file).", "**{file}**: {n} rows were refused ({share} of the file).",
           int(worst["rows_refused"]), file=plain_text(worst["name"]), share=_percent(worst["rows_refused"], worst["rows_read"])),
    )  # fmt: skip


def _less(sources: Sequence[Source]) -> Issue | None:
    less = [
        source
        for source in sources
        if source.volume and source.volume.verdict == "less" and not source.silent
    ]
    if not less:
        return None
    told = [t("**{name}** {change}", name=plain_text(source.name), change=_against(source.volume)) for source in less if source.volume]  # fmt: skip
    return Issue(
        tn("{n} source delivers less than usual", "{n} sources deliver less than usual", len(less)),
        t("Over the last {days} days: {told}.", days=RECENT_DAYS, told=enumeration(told)),
    )


def _drifted(drift: Drift | None) -> Issue | None:
    if drift is None or not drift.found:
        return None
    sentence = t(
        "In **{file}**: {first}", file=plain_text(drift.file), first=plain_text(found(drift.found[0]))
    )
    if more := len(drift.found) - 1:
        sentence += " " + tn("{n} more such change.", "{n} more such changes.", more)
    return Issue(t("The newest export is unlike those before"), sentence)


def found(one: Found) -> str:
    """One thing that drifted, as a sentence."""
    column = t(NAMES.get(one.column, one.column))
    if one.what == "new":
        return tn("a {column} never seen before, '{value}', in {n} row of {source}.",
                  "a {column} never seen before, '{value}', in {n} rows of {source}.",
                  one.rows, column=column, value=one.value, source=one.source)  # fmt: skip
    shares = {"now": f"{number(one.now)}%", "before": f"{number(one.before)}%"}
    if one.what == "share":
        return t("'{value}' makes up {now} of {column} in {source}, {before} before.", value=one.value, column=column, source=one.source, **shares)  # fmt: skip
    return t("'{column}' is empty in {now} of the {kind} rows of {source}, in {before} before.", column=column, kind=one.value, source=one.source, **shares)  # fmt: skip


def drift_rows(drift: Drift) -> list[Row]:
    """What drifted, one row each."""
    labels = {"new": t("New value"), "share": t("Other share"), "empty": t("More often empty")}
    return [
        Row(
            id=str(place),
            cells={
                "what": Cell(text=labels[one.what], note=one.source),
                "where": Cell(text=one.column, note=one.value),
                "now": Cell(text=f"{number(one.now, 1)}%", note=tn("of {n} row", "of {n} rows", one.rows) if one.what != "new" else ""),
                "before": Cell(text=t("never") if one.what == "new" else f"{number(one.before, 1)}%"),
            },
        )
        for place, one in enumerate(drift.found[:MOST_DRIFTED])
    ]  # fmt: skip


def drift_columns() -> list[Column]:
    """What drifted, where, and how much."""
    return [
        {"id": "what", "label": t("What"), "kind": "text"},
        {"id": "where", "label": t("Column and value"), "kind": "text"},
        {"id": "now", "label": t("Now"), "kind": "number", "main": True},
        {"id": "before", "label": t("Before"), "kind": "number"},
    ]


def source_columns() -> list[Column]:
    """How each source delivers."""
    return [
        {"id": "source", "label": t("Source"), "kind": "text"},
        {"id": "rows", "label": t("Last {n} days", n=RECENT_DAYS), "kind": "number", "main": True, "note": t("Rows of days that are over")},
        {"id": "usual", "label": t("Usual"), "kind": "number", "note": t("The same weekdays of the eight weeks before, and what 99 of 100 such spans hold")},
        {"id": "change", "label": t("Against usual"), "kind": "chip"},
        {"id": "missing", "label": t("Days missing"), "kind": "chip", "note": t("In the last eight weeks, on weekdays on which it usually speaks")},
    ]  # fmt: skip


def source_rows(sources: Sequence[Source]) -> list[Row]:
    """A row for each source, those with something wrong first."""
    newest = max((source.last_at for source in sources), default=None)
    return [_source_row(source, newest) for source in _ordered(sources)]


def _ordered(sources: Sequence[Source]) -> list[Source]:
    return sorted(sources, key=lambda one: (not one.silent, not one.missing, _verdict(one) != "less"))


def _verdict(source: Source) -> str:
    return source.volume.verdict if source.volume else ""


def _source_row(source: Source, newest: datetime | None) -> Row:
    through = t("through {moment}", moment=moment(source.last_at, newest))
    missing = Cell(text=t("none"), tone="neutral")
    if source.missing:
        missing = Cell(text=number(len(source.missing)), tone="bad", note=t("last {day}", day=words.short_day(source.missing[-1])))  # fmt: skip
    silent = t("silent, {through}", through=through)
    cells = {"source": Cell(text=source.name, note=silent if source.silent else through), "missing": missing}
    if source.volume is None:
        return Row(id=source.name, cells=cells | {"change": Cell(text="–", note=t("too young to say"))})
    told = source.volume
    between = t("{low} to {high}", low=number(told.lo), high=number(told.hi))
    beyond = {"less": t("less than chance"), "more": t("more than chance"), "": t("as usual")}[told.verdict]
    change = Cell(text=_against(told), tone="bad" if told.verdict == "less" else "neutral", note=beyond)
    volume = {
        "rows": Cell(text=number(told.rows)),
        "usual": Cell(text=number(told.usual), note=between),
        "change": change,
    }
    return Row(id=source.name, cells=cells | volume)


def _against(told: Volume) -> str:
    if not told.usual:
        return t("new") if told.rows else "–"
    return f"{words.signed(100 * (told.rows / told.usual - 1))}%"


def strip_days(sources: Sequence[Source]) -> tuple[pd.DataFrame, dict[float, str]]:
    """The days of every source as `cx.strip` takes them, and the Mondays to name."""
    cells = pd.DataFrame(
        [_day(source, row) for source in _ordered(sources) for row in source.days.itertuples()]
    )
    days = sorted({row.day for source in sources for row in source.days.itertuples()})
    ticks = {float(place_of(day)): words.short_day(day) for day in days if day.weekday() == 0}
    return cells, ticks


def _day(source: Source, row: Any) -> dict[str, object]:
    day = row.day.date()
    missing = bool(row.missing)
    usual = max(float(row.usual), 1.0)
    return {
        "source": source.name, "place": float(place_of(day)), "strength": min(row.n / (2 * usual), 1.0), "missing": missing,
        "day_text": words.day(day, year=True), "rows_text": t("none, and some were expected") if missing else number(row.n),
        "usual_text": number(row.usual),
    }  # fmt: skip


def strip_titles() -> dict[str, str]:
    """The words of the strip's tooltip."""
    return {"day": t("Day"), "source": t("Source"), "rows": t("Rows"), "usual": t("Usual on this weekday")}


def export_columns() -> list[Column]:
    """What became of each export."""
    return [
        {"id": "file", "label": t("Export"), "kind": "text"},
        {"id": "read", "label": t("Read"), "kind": "number"},
        {"id": "kept", "label": t("Kept"), "kind": "number", "main": True},
        {"id": "replaced", "label": t("Replaced"), "kind": "number", "note": t("Rows kept that took the place of an earlier state of theirs")},
        {"id": "same", "label": t("As before"), "kind": "number", "note": t("Rows kept that said what stood already")},
        {"id": "superseded", "label": t("Superseded"), "kind": "number", "note": t("Rows of which a later state stands in the file or the store")},
        {"id": "refused", "label": t("Refused"), "kind": "chip"},
    ]  # fmt: skip


def export_rows(arrived: pd.DataFrame) -> list[Row]:
    """A row for each export, the newest first."""
    return [_export_row(row) for _, row in arrived.iterrows()]


def _export_row(row: Mapping[Any, Any]) -> Row:
    when = moment(row["arrived_at"].to_pydatetime())
    told = Row(
        id=str(row["file_id"]),
        choosable=True,
        cells={"file": Cell(text=row["name"], note=f"{when} · {row['format']}")},
    )
    if row["reason"]:
        told["cells"] |= {
            "file": Cell(text=row["name"], note=when),
            "refused": Cell(text=t("set aside"), tone="bad"),
        }
        return told
    names = ("read", "kept", "replaced", "same", "superseded")
    # Nothing where there is none: on a phone each cell is a line of its own.
    told["cells"] |= {name: Cell(text=number(row[f"rows_{name}"])) for name in names if row[f"rows_{name}"]}
    if row["rows_refused"]:
        share = _percent(row["rows_refused"], row["rows_read"])
        told["cells"]["refused"] = Cell(text=number(row["rows_refused"]), tone="bad", note=share)
    if not pd.isna(row["undone_at"]):
        undone = t("undone {moment}", moment=moment(row["undone_at"].to_pydatetime()))
        told["cells"]["file"] = Cell(text=row["name"], note=undone)
        told["muted"] = True
    return told


def became(row: Mapping[Any, Any]) -> str:
    """What became of an export, in sentences."""
    if row["reason"]:
        return plain_text(row["reason"])
    counts = {
        name: number(row[f"rows_{name}"])
        for name in ("read", "kept", "replaced", "same", "superseded", "refused")
    }
    sentences = [
        t(
            "Rows read: {read}. Kept: {kept}; superseded by a later state: {superseded}; refused: {refused}.",
            **counts,
        )
    ]
    if row["rows_replaced"] or row["rows_same"]:
        sentences.append(t("Of those kept, {replaced} replaced an earlier state and {same} said what stood already.", **counts))  # fmt: skip
    if len(row["unused"]):
        columns = enumeration([f"'{column}'" for column in row["unused"]])
        sentences.append(plain_text(t("Columns not used: {columns}.", columns=columns)))
    return " ".join(sentences)


def reason_columns() -> list[Column]:
    """Why rows were not kept."""
    return [
        {"id": "what", "label": t("What was wrong, and what to do"), "kind": "text"},
        {"id": "rows", "label": t("Rows"), "kind": "number", "main": True},
        {"id": "share", "label": t("Of the file"), "kind": "number"},
        {"id": "which", "label": t("First rows"), "kind": "number"},
    ]


def reason_rows(reasons: pd.DataFrame, read: int) -> list[Row]:
    """A row for each reason."""
    return [
        Row(
            id=f"{row.column_name} {row.rule}",
            cells={
                "what": Cell(text=explain(row.rule, row.column_name, row.value)),
                "rows": Cell(text=number(row.n)),
                "share": Cell(text=_percent(row.n, read)),
                "which": Cell(text=", ".join(str(one) for one in row.rows)),
            },
        )
        for row in reasons.itertuples()
    ]


def kept(told: Kept, privacy: Privacy, served: Served | None = None) -> list[str]:
    """What is kept of customers, in sentences; `served` is the version of an engine that is shown."""
    sentences = [
        tn("{n} customer is known, under a pseudonym: a keyed hash in place of the id.",
           "{n} customers are known, under pseudonyms: a keyed hash in place of each id.", told.customers),
        tn("{n} text is kept, with names, addresses and numbers masked on arrival.",
           "{n} texts are kept, with names, addresses and numbers masked on arrival.", told.texts)
        if privacy.texts else t("Customers' own words are not kept."),
    ]  # fmt: skip
    if told.rows:
        sentences.insert(1, tn("{n} row of {rows} ({share}) is of customers who refused consent: it counts in volumes only.",
                               "{n} rows of {rows} ({share}) are of customers who refused consent: they count in volumes only.",
                               told.refused, rows=number(told.rows), share=_percent(told.refused, told.rows)))  # fmt: skip
    if privacy.texts and privacy.keep_texts_days:
        sentences.append(
            tn("Texts leave after {n} day.", "Texts leave after {n} days.", privacy.keep_texts_days)
        )
    if privacy.keep_rows_days:
        sentences.append(
            tn("Interactions leave after {n} day, the sums stay.", "Interactions leave after {n} days, the sums stay.",
               privacy.keep_rows_days)
        )  # fmt: skip
    if told.since:
        sentences.append(_before(told.since, served))
    if told.forgotten:
        sentences.append(tn("{n} customer was forgotten.", "{n} customers were forgotten.", told.forgotten))
    return sentences


def of_engine(served: Served) -> str:
    """Where the figures are from that no export here stands behind."""
    return t("What an engine counted through {day} is shown (version {name}); what became of its exports is in the manifest.json of that version.",
             day=day(served.through, year=True), name=served.name)  # fmt: skip


def _before(since: date, served: Served | None) -> str:
    if served is None or since > served.through + timedelta(days=1):
        return t("Those before {day} have left.", day=day(since, year=True))
    return t(
        "Those before {day} lie with the engine that counted them, without customers' words.",
        day=day(since, year=True),
    )


def stored(told: Storage) -> str:
    """How much room the data take, in one sentence."""
    return t("The store takes {store}, the archive {archive}, the inbox {inbox}, and what was set aside {refused}.",
             store=_bytes(told.store), archive=_bytes(told.archive), inbox=_bytes(told.inbox), refused=_bytes(told.refused))  # fmt: skip


def _bytes(size: int) -> str:
    if size < 1_000_000:
        return t("{n} kB", n=number(size / 1e3))
    return t("{n} MB", n=number(size / 1e6)) if size < 1_000_000_000 else t("{n} GB", n=number(size / 1e9, 1))


def _percent(part: float, whole: float) -> str:
    share = 100 * part / whole if whole else 0.0
    return t("under 0.1%") if 0 < share < 0.1 else f"{number(share, 1)}%"

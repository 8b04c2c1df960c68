"""Surges and what waits, in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from math import isnan
from typing import Any

import pandas as pd

from cx import words
from cx.notes import Surge
from cx.questions.queue import Entry, find
from cx.questions.surging import UNSTATED, Watch, strength
from cx.questions.waiting import REPLY, Backlog, Reply
from cx.reference import products
from cx.salient import Salient
from cx.surges import EPISODE_GAP, HALF_LIFE, LEAST_EVIDENCE, MOST_EVIDENCE, MULTIPLE, STOP_DAYS, YEARS
from cx.telling import cells
from cx.telling.shapes import Cell, Column, Row, parts_of, row_id
from cx.telling.values import change, dimension_label, group, plain_text, value_text, verdict
from cx.vega import DAY_MS, moment
from cx.words import enumeration, mark, number, t, tn

DAY = float(DAY_MS)
STATES = {"new": mark("New"), "growing": mark("Growing"), "easing": mark("Easing"), "over": mark("Over")}
STRENGTHS = {"clear": mark("clear"), "strong": mark("strong"), "very strong": mark("very strong")}
ACTIONS = {
    "acknowledge": mark("Acknowledge"),
    "owner": mark("Owner"),
    "note": mark("Note"),
    "mute": mark("Mute until"),
    "cause": mark("Known cause"),
}


def title(entries: Sequence[Entry]) -> str:
    """What surges now, as a headline."""
    live = [entry for entry in entries if entry.live]
    if not live:
        return t("No complaint surge now")
    if len(live) == 1:
        return _one(live[0].row)
    return tn("{n} problem is surging", "{n} problems are surging", len(live))


def _one(row: Any) -> str:
    reason = plain_text(row.reason or t("Not stated"))
    if not row.product:
        return t("Complaints about {reason} are surging for all products", reason=reason)
    if row.product == UNSTATED:
        return t("Complaints about {reason} are surging", reason=reason)
    return t(
        "{product}: complaints about {reason} are surging", product=plain_text(row.product), reason=reason
    )


def calm(watched: bool) -> str:
    """What there is to say where nothing surges: that it was looked for, or that there are too few weeks to."""
    if not watched:
        return t("Too few weeks of complaints to tell a surge from chance.")
    return t("Complaints run as the units sold explain, for every product and reason.")


def summary(entries: Sequence[Entry], told: Watch) -> str:
    """The first of the queue in sentences, and what the detector could not know (Markdown)."""
    parts = []
    if entries and entries[0].live:
        entry = entries[0]
        parts = [
            f"**{heading(entry.row)}.**",
            observed(entry.row),
            _quality(entry.row),
            _fits(entry),
        ]
    if not told.units_known:
        parts.append(t("No sales are known, so complaints are set against time alone."))
    return " ".join(part for part in parts if part)


def heading(row: Any) -> str:
    """A surge by its product and reason, for a place that understands Markdown."""
    return plain_text(problem(row))


def problem(row: Any) -> str:
    """A surge by its product and reason."""
    reason = row.reason or t("Not stated")
    if not row.product:
        return t("All products: {reason}", reason=reason)
    if row.product == UNSTATED:
        return t("No product stated: {reason}", reason=reason)
    return t("{product}: {reason}", product=row.product, reason=reason)


def observed(row: Any) -> str:
    """What was observed against what was expected, in one sentence."""
    days = (pd.Timestamp(row.last_day) - pd.Timestamp(row.onset)).days + 1
    return tn("{observed} in {n} day; for the units sold we would expect {expected} ({lo} to {hi}).",
              "{observed} in {n} days; for the units sold we would expect {expected} ({lo} to {hi}).", days,
              observed=number(row.observed), expected=number(row.expected), lo=number(row.lo), hi=number(row.hi))  # fmt: skip


def _quality(row: Any) -> str:
    times = row.observed / max(row.expected, 0.5)
    return t("That is {times} times what volume explains.", times=number(times, 1))


def _fits(entry: Entry) -> str:
    day = words.day(entry.surge.onset)
    if entry.campaigns:
        names = enumeration([plain_text(name) for name in entry.campaigns])
        return t(
            "It began {day}, after the campaign {names}.",
            day=day,
            names=names,
        )
    if entry.around.release:
        return t(
            "It began {day}, after release {release}.", day=day, release=plain_text(entry.around.release)
        )
    return t("It began {day}; no campaign or release fits.", day=day)


def columns() -> list[Column]:
    """The columns of the queue."""
    return [
        {"id": "problem", "label": t("Problem"), "kind": "text"},
        {"id": "state", "label": t("State"), "kind": "chip"},
        {"id": "observed", "label": t("Observed and expected"), "kind": "text"},
        {"id": "evidence", "label": t("Evidence"), "kind": "text", "note": t("How much likelier the counts are under a surge, as a logarithm")},
        {"id": "customers", "label": t("Customers"), "kind": "number", "note": t("Known customers who complained; beneath, the revenue that they have brought")},
        {"id": "before", "label": t("What came before"), "kind": "text"},
        {"id": "where", "label": t("Where"), "kind": "text"},
        {"id": "owner", "label": t("Owner"), "kind": "text"},
    ]  # fmt: skip


def rows(entries: Sequence[Entry]) -> list[Row]:
    """A row for each surge."""
    return [
        Row(id=entry_id(entry), choosable=True, muted=entry.muted, cells=_cells(entry)) for entry in entries
    ]


def entry_id(entry: Entry) -> str:
    """One id for a surge, as the link names it."""
    return row_id(entry.surge.product, entry.surge.reason, entry.surge.onset)


def opened(entries: Sequence[Entry], chosen: str) -> Entry | None:
    """The surge that a link names; None where it names none, or one that is no longer told."""
    with suppress(ValueError):
        product, reason, onset = parts_of(chosen)
        return find(entries, Surge(product, reason, date.fromisoformat(onset)))
    return None


def _cells(entry: Entry) -> dict[str, Cell]:
    row, around = entry.row, entry.around
    state = t("Muted") if entry.muted else t(STATES[row.state])
    where = around.concentrated
    return {
        "problem": Cell(text=problem(row), note=t("since {day}", day=words.day(pd.Timestamp(row.onset).date()))),
        "state": Cell(text=state, tone="bad" if row.state in ("new", "growing") and not entry.muted else "neutral"),
        "observed": Cell(text=observed(row)),
        "evidence": Cell(text=t(STRENGTHS[strength(row.evidence)]), note=number(row.evidence, 1)),
        "customers": cells.count(around.customers, t("revenue {amount}", amount=number(around.revenue))),
        "before": Cell(text=_before(entry)),
        "where": Cell(text=_where(where.dimension, where.value), note=t("{share}%, before {before}%", share=number(where.share), before=number(where.before))) if where else Cell(text="–"),
        "owner": Cell(text=str(entry.noted["owner"].value) if "owner" in entry.noted else "–", note=_seen(entry)),
    }  # fmt: skip


def _before(entry: Entry) -> str:
    if entry.campaigns and entry.around.release:
        return t(
            "Campaign {names}; release {release}",
            names=enumeration(entry.campaigns),
            release=entry.around.release,
        )
    if entry.campaigns:
        return t("Campaign {names}", names=enumeration(entry.campaigns))
    return t("Release {release}", release=entry.around.release) if entry.around.release else t("None fits")


def _where(dimension: str, value: str) -> str:
    return t("{dimension} {value}", dimension=dimension_label(dimension), value=group(dimension, value))


def _seen(entry: Entry) -> str:
    seen = entry.noted.get("acknowledge")
    return t("seen by {who}", who=seen.who) if seen is not None else ""


def days(
    table: pd.DataFrame, campaigns: pd.DataFrame, row: Any
) -> tuple[pd.DataFrame, list[dict[str, Any]], float]:
    """The days as their chart takes them, the campaigns of the product as shades, and where the surge began."""
    onset, last = (pd.Timestamp(day).date() for day in (row.onset, row.last_day))
    steps = pd.DataFrame({
        "place": [moment(day) for day in table["day"]],
        "observed": table["observed"], "expected": table["expected"], "lo": table["lo"], "hi": table["hi"],
        "tone": ["bad" if onset <= day <= last else "" for day in table["day"]],
        "open": False,
        "place_text": [words.short_day(day) for day in table["day"]],
        "observed_text": [number(n) for n in table["observed"]],
        "expected_text": _expected(table),
    })  # fmt: skip
    sells = [row.product in products(told) for told in campaigns["products"]]
    shades = [{"name": told.name, "start": moment(told.starts_on), "end": moment(told.ends_on) + DAY_MS}
              for told in campaigns[sells].itertuples()]  # fmt: skip
    return steps, shades, float(moment(onset))


def hours(table: pd.DataFrame, through: datetime) -> pd.DataFrame:
    """The hours of a day as their chart takes them; what is not over yet is open, what has not begun is left empty."""
    begun = table["hour"] <= through.hour
    return pd.DataFrame({
        "place": table["hour"].astype(float),
        "observed": table["n"].where(begun, 0.0), "expected": table["usual"], "lo": table["lo"], "hi": table["hi"],
        "tone": "", "open": table["hour"] >= through.hour,
        "place_text": [f"{hour:02d}" for hour in table["hour"]],
        "observed_text": [number(n) if there else t("not in yet") for n, there in zip(table["n"], begun, strict=True)],
        "expected_text": _expected(table.rename(columns={"usual": "expected"})),
    })  # fmt: skip


def _expected(table: pd.DataFrame) -> list[str]:
    return ["" if isnan(row.expected) else t("{expected} ({lo} to {hi})", expected=number(row.expected, 1), lo=number(row.lo), hi=number(row.hi))
            for row in table.itertuples()]  # fmt: skip


def titles() -> dict[str, str]:
    """The words of the tooltips of a surge's days."""
    return {"place": t("Day"), "observed": t("Complaints"), "expected": t("Expected")}


def hour_titles() -> dict[str, str]:
    """The words of the tooltips of today's hours."""
    return {"place": t("Hour (UTC)"), "observed": t("Contacts"), "expected": t("Usual")}


def began() -> str:
    """The mark where a surge began."""
    return t("Began")


def lag(told: Watch, row: Any) -> str:
    """Which lag between sale and complaint the expected numbers rest on."""
    assert told.scan is not None
    lags = told.scan.lags
    at = lags.reasons.index(row.reason)
    if lags.learned[at] and not isnan(lags.days[at]):
        return t(
            "Expected from the units sold before, with a mean lag of {days} days that was learned from your own data.",
            days=number(lags.days[at], 1),
        )
    return t(
        "Expected from the units sold in the 14 days before, evenly: no lag could be learned for this reason yet."
    )


def share_columns(dimension: str) -> list[Column]:
    """The columns of a surge's shares."""
    return [
        {"id": "group", "label": dimension_label(dimension), "kind": "text"},
        {"id": "n", "label": t("Complaints"), "kind": "bar"},
        {"id": "before", "label": t("Share before"), "kind": "number"},
    ]


def share_rows(dimension: str, table: pd.DataFrame) -> list[Row]:
    """A row for each value."""
    return [Row(id=str(row.group) or "-", cells={
        "group": Cell(text=group(dimension, row.group)),
        "n": Cell(text=number(row.n), note=f"{number(row.share)}%", share=row.share / 100),
        "before": Cell(text=f"{number(row.before)}%"),
    }) for row in table.head(8).itertuples()]  # fmt: skip


def said(found: Sequence[Salient]) -> str:
    """The words that stand out, each with the share of texts that hold it."""
    if not found:
        return t("No word stands out against what customers wrote before.")
    told = [t("{word} ({share}%, before {before}%)", word=plain_text(one.word), share=number(100 * one.share), before=number(100 * one.before))
            for one in found[:8]]  # fmt: skip
    return t("Words that stand out: {words}.", words=enumeration(told))


def wordless() -> str:
    """What is said of a surge where no words are kept."""
    return t("What customers wrote is not kept by the engine that counted this.")


def backlog(told: Backlog, reply: Reply, through: datetime) -> str:
    """What waits, in sentences."""
    waits = tn(
        "{n} contact waits for a first reply.", "{n} contacts wait for a first reply.", told.unanswered
    )
    parts = [waits]
    if told.oldest is not None:
        parts.append(t("The oldest has waited {age}.", age=words.ago(through - told.oldest)))
    if not isnan(reply.now.value):
        parts.append(t("Half of the replies of the last 7 days came within {time} ({change}).",
                       time=value_text(REPLY, reply.now.value), change=change(REPLY, reply.change) or verdict(reply.change)))  # fmt: skip
    return " ".join(parts)


def log_rows(table: pd.DataFrame) -> list[Row]:
    """A row for each note."""
    return [Row(id=str(place), cells={
        "when": Cell(text=words.moment(row.noted_at.to_pydatetime())), "who": Cell(text=row.who or "–"),
        "action": Cell(text=t(ACTIONS[row.action])), "value": Cell(text=row.value or "–"),
    }) for place, row in enumerate(table.itertuples())]  # fmt: skip


def log_columns() -> list[Column]:
    """The columns of the log."""
    return [
        {"id": "when", "label": t("When"), "kind": "text"},
        {"id": "who", "label": t("Who"), "kind": "text"},
        {"id": "action", "label": t("What"), "kind": "text"},
        {"id": "value", "label": t("Said"), "kind": "text"},
    ]


def today_title(through: datetime, now: datetime) -> str:
    """The day that the hours are of: today, unless the data end before it."""
    return t("Today") if through.date() == now.date() else words.day(through.date())


def today(day: date, through: datetime) -> str:
    """What the hours show, and until when."""
    return t("{day} by the hour, against the same weekday of the 8 weeks before. Data through {moment}; the hours after are not in yet.",
             day=words.day(day), moment=words.moment(through))  # fmt: skip


def computed() -> list[str]:
    """How the queue is computed, in sentences (Markdown)."""
    return [
        t("**Expected**: the rate of complaints of a product and reason over its past, a day weighing half after {half} days, times the units "
          "sold before, by the lag from sale to complaint that is learned for each reason. The last {stop} days are left out of the "
          "rate, so that a surge does not hide itself.", half=number(HALF_LIFE), stop=number(STOP_DAYS)),
        t("**Interval**: where 95 of 100 such sums would fall by chance, the uncertainty of the rate and its usual scatter included (negative "
          "binomial)."),
        t("**Evidence**: how much likelier the counts of the last 1 to {stop} days are at {multiple} times the expected rate than at that rate, as "
          "a natural logarithm. A surge is told from {least} on where counts are small, up to {most} where they are large: about one false alarm in "
          "{years} years of a product and reason.", stop=number(STOP_DAYS), multiple=number(MULTIPLE), least=number(LEAST_EVIDENCE), most=number(MOST_EVIDENCE, 1), years=number(YEARS)),
        t("**State**: new on its first two days; growing while the evidence rises, easing when it falls; over after {n} days without an alarm.",
          n=number(EPISODE_GAP)),
        t("**Campaign**: one that sells the product, had begun before the alarm, and began before the onset by no more than the lag allows. "
          "It came before; that is no proof that it was the cause."),
        t("**Where**: the value whose share rose most against the 12 weeks before, if by more than chance."),
    ]  # fmt: skip

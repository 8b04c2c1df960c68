"""The questions that are natural in a data frame, for pandas: over the columns that each wants, read each time.

Each answers what `tests.bench.in_sql` answers, under the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cx.journey import DEFAULT
from tests.bench.spans import EVER, PHASES, QUARTER, SOLD, WEEKS, YEAR, Span

HELPED = ["contact", "complaint"]
SCORES = ["csat", "nps", "ces"]


class Pandas:
    """pandas: the columns that a question needs are read each time, all days of them."""

    def __init__(self, clean: Path) -> None:
        self.clean = clean

    def answers(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """What it answers, by the question's name."""
        return {
            "weekly health": self.weekly, "surges": self.complaints, "touchpoints": self.touchpoints,
            "presence": self.presence, "cohorts": self.cohorts, "campaign": self.campaign, "share of voice": self.voices,
        }  # fmt: skip

    def weekly(self) -> pd.DataFrame:
        """See in_sql.weekly."""
        rows = self._read(
            WEEKS, "kind", *SCORES, "asked", "resolved_first_contact", "goal", "goal_reached", "sentiment", "units", "amount",
            "order_id", "resolution_seconds", ours=True,
        )  # fmt: skip
        at = rows["occurred_at"]
        week = (at.dt.floor("D") - pd.to_timedelta(at.dt.dayofweek, "D")).rename("week")
        kind, helped = rows["kind"], rows["kind"].isin(HELPED)
        answered, solved, reached = (
            rows[SCORES].notna().any(axis=1),
            _true(rows["resolved_first_contact"]),
            _true(rows["goal_reached"]),
        )
        aimed, find, order = (
            rows["goal"].notna() & rows["goal_reached"].notna(),
            rows["goal"] == "find",
            kind == "order",
        )
        parts = {
            **_scores(rows), "ces_sum": rows["ces"], "ces_answers": rows["ces"].notna(),
            "asked": _true(rows["asked"]) | answered, "answered": answered, "fcr_solved": helped & solved,
            "fcr_contacts": helped & rows["resolved_first_contact"].notna(), "contacts": helped, "complaints": kind == "complaint",
            "goals": aimed, "goals_reached": aimed & reached, "finds": aimed & find, "finds_reached": aimed & find & reached,
            **_moods(rows, "texts_", "texts_scored"), **_sold(rows, order),
        }  # fmt: skip
        told = pd.DataFrame(parts).groupby(week).sum()
        told["orders"] = rows[order].groupby(week[order])["order_id"].nunique()
        times = rows["resolution_seconds"].dropna()
        for name, q in (("resolution", 0.5), ("resolution_p90", 0.9)):
            told[name] = _quantile(times, week[times.index], q)
        return told.reset_index()

    def complaints(self) -> pd.DataFrame:
        """See in_sql.complaints."""
        rows = self._read(EVER, "kind", "product", "reason", "units")
        rows = rows[rows["kind"].isin(["complaint", "order"])]
        by = [rows["occurred_at"].dt.floor("D").rename("day"), rows["product"], rows["reason"].fillna("")]
        parts = {
            "complaints": rows["kind"] == "complaint",
            "units": rows["units"].where(rows["kind"] == "order", 0),
        }
        return pd.DataFrame(parts).groupby(by).sum().reset_index()

    def touchpoints(self) -> pd.DataFrame:
        """See in_sql.touchpoints."""
        rows = self._read(QUARTER, "kind", "stage", "touchpoint", "channel", *SCORES, "sentiment", ours=True)
        stage = rows["stage"].fillna(rows["kind"].map(DEFAULT.stage_of_kind)).rename("at_stage")
        by = [stage, rows["touchpoint"].fillna("").rename("place"), rows["channel"].fillna("").rename("way")]
        parts = {
            "interactions": ~_silent(rows), "satisfied": rows["csat"] >= 4, "csat_n": rows["csat"].notna(),
            "ces_sum": rows["ces"], "ces_n": rows["ces"].notna(), **_moods(rows, "", "sentiment_n"),
        }  # fmt: skip
        return pd.DataFrame(parts).groupby(by).sum().reset_index()

    def presence(self) -> pd.DataFrame:
        """See in_sql.presence."""
        pause = pd.Timedelta(days=DEFAULT.pause_days)
        since = QUARTER._replace(first=(QUARTER.since - pause).date(), last=EVER.last)
        rows = self._read(since, "kind", "customer_id", "channel", *SCORES, ours=True)
        events = rows[rows["customer_id"].notna() & ~_silent(rows)].sort_values(
            ["customer_id", "occurred_at"]
        )
        who, at = events["customer_id"], events["occurred_at"]
        began = at.where((who != who.shift()) | (at > at.shift() + pause)).ffill()
        there = events[(began >= QUARTER.since) & (began < QUARTER.until)]
        return there.groupby("channel")["customer_id"].nunique().rename("customers").reset_index()

    def cohorts(self) -> pd.DataFrame:
        """See in_sql.cohorts."""
        rows = self._read(EVER, "kind", "customer_id", "amount")
        rows = rows[(rows["kind"] == "order") & rows["customer_id"].notna()]
        paid = (12 * rows["occurred_at"].dt.year + rows["occurred_at"].dt.month - 1).rename("paid")
        orders = rows.groupby(["customer_id", paid])["amount"].sum().reset_index()
        born = orders.groupby("customer_id")["paid"].transform("min")
        by = [born.rename("cohort"), (orders["paid"] - born).rename("month")]
        told = orders.groupby(by)["amount"].agg(active="size", revenue="sum").reset_index()
        return told.assign(
            cohort=pd.to_datetime({"year": told["cohort"] // 12, "month": told["cohort"] % 12 + 1, "day": 1})
        )

    def campaign(self) -> pd.DataFrame:
        """See in_sql.campaign."""
        whole = Span(PHASES["before"].first, PHASES["after"].last)
        rows = self._read(whole, "kind", "product", "units", "amount", "order_id", "csat", "nps", ours=True)
        rows = rows[rows["product"].isin(SOLD)]
        at, kind, order = rows["occurred_at"], rows["kind"], rows["kind"] == "order"
        named = np.select(
            [at < PHASES[name].until for name in ("before", "during")], ["before", "during"], "after"
        )
        phase = pd.Series(named, rows.index, name="phase")
        scores = _scores(rows).items()
        plain = {"csat_satisfied": "satisfied", "nps_promoters": "promoters", "nps_detractors": "detractors"}
        parts = {
            **_sold(rows, order), "complaints": kind == "complaint", "contacts": kind.isin(HELPED),
            **{plain.get(name, name): part for name, part in scores},
        }  # fmt: skip
        told = pd.DataFrame(parts).groupby(phase).sum()
        return told.assign(orders=rows[order].groupby(phase[order])["order_id"].nunique()).reset_index()

    def voices(self) -> pd.DataFrame:
        """See in_sql.voices."""
        rows = self._read(YEAR, "kind", "source", "brand", "sentiment", "csat", "nps")
        rows = rows[(rows["kind"] == "review") | rows[["sentiment", "csat", "nps"]].notna().any(axis=1)]
        parts = {"n": rows["kind"].notna(), **_moods(rows, "", "scored")}
        told = pd.DataFrame(parts).groupby([rows["source"], rows["brand"]]).sum().reset_index()
        return told[told.groupby("source")["brand"].transform("size") > 1]

    def _read(self, span: Span, *columns: str, ours: bool = False) -> pd.DataFrame:
        wanted = [("occurred_at", ">=", span.since), ("occurred_at", "<", span.until)]
        if ours:
            wanted.append(("brand", "==", "ours"))
        return pd.read_parquet(self.clean, columns=["occurred_at", *columns], filters=wanted)


def _true(values: pd.Series) -> pd.Series:
    return values.fillna(False).astype(bool)


def _silent(rows: pd.DataFrame) -> pd.Series:
    return (rows["kind"] == "survey") & rows[SCORES].isna().all(axis=1)


def _scores(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "nps_promoters": rows["nps"] >= 9, "nps_detractors": rows["nps"] <= 6, "nps_answers": rows["nps"].notna(),
        "csat_satisfied": rows["csat"] >= 4, "csat_answers": rows["csat"].notna(),
    }  # fmt: skip


def _moods(rows: pd.DataFrame, prefix: str, scored: str) -> dict[str, pd.Series]:
    mood = rows["sentiment"]
    return {f"{prefix}{name}": mood == name for name in ("positive", "negative")} | {scored: mood.notna()}


def _sold(rows: pd.DataFrame, order: pd.Series) -> dict[str, pd.Series]:
    return {"units": rows["units"].where(order, 0), "revenue": rows["amount"].where(order, 0)}


def _quantile(values: pd.Series, group: pd.Series, q: float) -> pd.Series:
    """The value of rank ceil(n q) in each group."""
    ordered = pd.DataFrame({"group": group, "value": values}).sort_values(["group", "value"])
    n = ordered.groupby("group").size()
    at = n.cumsum() - n + np.ceil(n * q - 1e-9).astype(int) - 1
    return pd.Series(ordered["value"].to_numpy()[at], n.index)

"""The questions that are natural in a data frame, for polars: lazily, over Parquet.

Each answers what `tests.bench.in_sql` answers, under the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from cx.journey import DEFAULT
from tests.bench.spans import EVER, PHASES, QUARTER, SOLD, WEEKS, YEAR, Span

HELPED = ["contact", "complaint"]
SCORES = ["csat", "nps", "ces"]


class Polars:
    """polars: nothing is read before it is asked for."""

    def __init__(self, clean: Path) -> None:
        import polars

        self.pl: Any = polars
        self.rows = polars.scan_parquet(f"{clean}/*.parquet")

    def answers(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """What it answers, by the question's name."""
        return {
            "weekly health": self.weekly, "surges": self.complaints, "touchpoints": self.touchpoints,
            "presence": self.presence, "cohorts": self.cohorts, "campaign": self.campaign, "share of voice": self.voices,
        }  # fmt: skip

    def weekly(self) -> pd.DataFrame:
        """See in_sql.weekly."""
        c, n = self.pl.col, self._n
        helped, answered = (
            c("kind").is_in(HELPED),
            self.pl.any_horizontal(c(name).is_not_null() for name in SCORES),
        )
        order = c("kind") == "order"
        aimed, find = c("goal").is_not_null() & c("goal_reached").is_not_null(), c("goal") == "find"
        rows = self._ours(WEEKS).group_by(c("occurred_at").dt.truncate("1w").alias("week"))
        return self._told(rows.agg(
            nps_promoters=n(c("nps") >= 9), nps_detractors=n(c("nps") <= 6), nps_answers=c("nps").count(),
            csat_satisfied=n(c("csat") >= 4), csat_answers=c("csat").count(), ces_sum=c("ces").sum(), ces_answers=c("ces").count(),
            asked=n(c("asked").fill_null(False) | answered), answered=n(answered),
            fcr_solved=n(helped & c("resolved_first_contact")), fcr_contacts=n(helped & c("resolved_first_contact").is_not_null()),
            contacts=n(helped), complaints=n(c("kind") == "complaint"), goals=n(aimed), goals_reached=n(aimed & c("goal_reached")),
            finds=n(aimed & find), finds_reached=n(aimed & find & c("goal_reached")), **self._moods("texts_"),
            units=c("units").filter(order).sum(), revenue=c("amount").filter(order).sum(),
            orders=c("order_id").filter(order).drop_nulls().n_unique(),
            resolution=c("resolution_seconds").quantile(0.5, "equiprobable"),
            resolution_p90=c("resolution_seconds").quantile(0.9, "equiprobable"),
        ))  # fmt: skip

    def complaints(self) -> pd.DataFrame:
        """See in_sql.complaints."""
        c = self.pl.col
        rows = self._of(EVER, self.rows.filter(c("kind").is_in(["complaint", "order"])))
        by = [c("occurred_at").dt.date().alias("day"), "product", c("reason").fill_null("")]
        counted = rows.group_by(by).agg(
            complaints=self._n(c("kind") == "complaint"), units=c("units").filter(c("kind") == "order").sum()
        )
        return self._told(counted)

    def touchpoints(self) -> pd.DataFrame:
        """See in_sql.touchpoints."""
        c, n = self.pl.col, self._n
        by = [
            self._stage(),
            *(c(of).fill_null("").alias(name) for of, name in (("touchpoint", "place"), ("channel", "way"))),
        ]
        return self._told(self._ours(QUARTER).group_by(by).agg(
            interactions=n(~self._silent()), satisfied=n(c("csat") >= 4), csat_n=c("csat").count(), ces_sum=c("ces").sum(),
            ces_n=c("ces").count(), **self._moods("", "sentiment_n"),
        ))  # fmt: skip

    def presence(self) -> pd.DataFrame:
        """See in_sql.presence."""
        c, pause = self.pl.col, self.pl.duration(days=DEFAULT.pause_days)
        since = self.pl.lit(QUARTER.since) - pause
        rows = self.rows.filter(
            c("occurred_at") >= since, c("brand") == "ours", c("customer_id").is_not_null(), ~self._silent()
        )
        events = rows.select("customer_id", "channel", at="occurred_at").sort("customer_id", "at")
        fresh = (c("customer_id") != c("customer_id").shift()) | (c("at") > c("at").shift() + pause)
        begun = events.with_columns(began=self.pl.when(fresh.fill_null(True)).then("at").forward_fill())
        there = begun.filter(
            c("began") >= QUARTER.since, c("began") < QUARTER.until, c("channel").is_not_null()
        )
        return self._told(there.group_by("channel").agg(customers=c("customer_id").n_unique()))

    def cohorts(self) -> pd.DataFrame:
        """See in_sql.cohorts."""
        c = self.pl.col
        bought = self.rows.filter(c("kind") == "order", c("customer_id").is_not_null())
        orders = bought.group_by("customer_id", paid=c("occurred_at").dt.truncate("1mo")).agg(
            c("amount").sum()
        )
        dated = orders.with_columns(cohort=c("paid").min().over("customer_id"))
        later = (
            12 * (c("paid").dt.year() - c("cohort").dt.year()) + c("paid").dt.month() - c("cohort").dt.month()
        )
        by = ["cohort", later.cast(self.pl.Int64).alias("month")]
        return self._told(dated.group_by(by).agg(active=self.pl.len(), revenue=c("amount").sum()))

    def campaign(self) -> pd.DataFrame:
        """See in_sql.campaign."""
        c, n = self.pl.col, self._n
        whole = Span(PHASES["before"].first, PHASES["after"].last)
        phase = self.pl.lit("after")
        for name in ("during", "before"):
            phase = (
                self.pl.when(c("occurred_at") < PHASES[name].until).then(self.pl.lit(name)).otherwise(phase)
            )
        order = c("kind") == "order"
        return self._told(self._ours(whole).filter(c("product").is_in(SOLD)).group_by(phase.alias("phase")).agg(
            units=c("units").filter(order).sum(), revenue=c("amount").filter(order).sum(),
            orders=c("order_id").filter(order).drop_nulls().n_unique(), complaints=n(c("kind") == "complaint"),
            contacts=n(c("kind").is_in(HELPED)), satisfied=n(c("csat") >= 4), csat_answers=c("csat").count(),
            promoters=n(c("nps") >= 9), detractors=n(c("nps") <= 6), nps_answers=c("nps").count(),
        ))  # fmt: skip

    def voices(self) -> pd.DataFrame:
        """See in_sql.voices."""
        c = self.pl.col
        opinion = (c("kind") == "review") | self.pl.any_horizontal(
            c(name).is_not_null() for name in ("sentiment", "csat", "nps")
        )
        told = self._of(YEAR, self.rows.filter(opinion)).group_by("source", "brand").agg(
            n=self.pl.len(), **self._moods("", "scored")
        )  # fmt: skip
        return self._told(told.filter(self.pl.len().over("source") > 1))

    def _moods(self, prefix: str, scored: str = "texts_scored") -> dict[str, Any]:
        mood = self.pl.col("sentiment")
        return {f"{prefix}{name}": self._n(mood == name) for name in ("positive", "negative")} | {
            scored: mood.count()
        }

    def _n(self, condition: Any) -> Any:
        return condition.fill_null(False).sum()

    def _stage(self) -> Any:
        kinds = self.pl.col("kind").replace_strict(
            DEFAULT.stage_of_kind, default=None, return_dtype=self.pl.String
        )
        return self.pl.coalesce("stage", kinds).alias("at_stage")

    def _silent(self) -> Any:
        c = self.pl.col
        return (c("kind") == "survey") & self.pl.all_horizontal(c(name).is_null() for name in SCORES)

    def _ours(self, span: Span) -> Any:
        return self._of(span, self.rows.filter(self.pl.col("brand") == "ours"))

    def _of(self, span: Span, rows: Any) -> Any:
        at = self.pl.col("occurred_at")
        return rows.filter(at >= span.since, at < span.until)

    def _told(self, rows: Any) -> pd.DataFrame:
        # Column by column: what polars itself would hand over wants no more than this.
        return pd.DataFrame(rows.collect(engine="streaming").to_dict(as_series=False))

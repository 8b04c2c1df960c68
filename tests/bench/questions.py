"""What both sides are asked: each question of a page as the product answers it, and how answers are set beside each other.

The product is asked through `cx.questions`, over its store. The peers answer in SQL (`in_sql`) or in data frames
(`in_polars`, `in_pandas`), over rows that stand once each in their latest state: what the product does as exports
arrive is spared them. They also count less than its answer holds: no intervals, no exposure, no containment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from cx.journey import DEFAULT
from cx.kpis import KPIS
from cx.query import Filters
from cx.questions import benchmarks, brought, channels, funnel, loyalty, returning, surging, touchpoints
from cx.questions.counts import count
from cx.questions.freshness import Freshness, Source
from cx.reference import BENCHMARKS, Settings
from cx.reference.reading import empty
from cx.store import Store
from tests.bench import generate, in_sql, peers
from tests.bench.spans import CAMPAIGN, DAYS_90, LAST, QUARTER, RATED, THROUGH, WEEKS

EVERYONE = Filters()
FRESH = Freshness((Source("all", generate.END - timedelta(minutes=1), 1, 1, frozenset()),), generate.END)
HORIZON = 90


@dataclass(frozen=True, slots=True)
class Question:
    """`own` asks the product; `told` makes a plain frame of what it says, and `plain` of what a peer says: the `keys`, and
    the same columns. `quantiles` are read from histograms by the product: the same bin will do. `duckdb` and `clickhouse` are
    forms, of which the fastest counts.
    """

    name: str
    page: str
    keys: tuple[str, ...]
    own: Callable[[Store], Any]
    told: Callable[[Any], pd.DataFrame]
    duckdb: tuple[str, ...]
    clickhouse: tuple[str, ...]
    plain: Callable[[pd.DataFrame], pd.DataFrame] = lambda raw: raw
    quantiles: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """Bound in the SQL for DuckDB."""


def _weekly(store: Store) -> Any:
    counts = count(store, EVERYONE, "week", WEEKS.first, WEEKS.last)
    return counts, counts.estimates(KPIS["resolution"]), counts.estimates(KPIS["resolution_p90"])


def _weekly_told(said: Any) -> pd.DataFrame:
    counts, *times = said
    parts = counts.parts.rename(columns={"key": "week"})
    for name, table in zip(("resolution", "resolution_p90"), times, strict=True):
        parts[name] = parts["week"].map(table.set_index("key")["value"])
    return parts


def _weekly_plain(raw: pd.DataFrame) -> pd.DataFrame:
    if "times" not in raw:
        return raw
    times = raw["times"].map(list)
    return raw.assign(resolution=times.str[0], resolution_p90=times.str[1]).drop(columns="times")


def _surges_told(said: Any) -> pd.DataFrame:
    complaints, units = said
    return complaints.merge(units.assign(reason=""), "outer", ["day", "product", "reason"])


def _funnel_told(said: funnel.Funnel) -> pd.DataFrame:
    return (
        said.stages.set_index("stage")
        .loc[in_sql.REQUIRED]
        .reset_index()
        .rename(columns={"reached": "customers"})
    )


def _funnel_plain(raw: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"stage": in_sql.REQUIRED, "customers": raw.iloc[0].to_list()})


def _touchpoints_told(said: pd.DataFrame) -> pd.DataFrame:
    return said.rename(columns={"csat_value": "csat", "ces_value": "ces", "sentiment_value": "sentiment"})


def _touchpoints_plain(raw: pd.DataFrame) -> pd.DataFrame:
    table = raw[raw["interactions"] > 0].rename(
        columns={"at_stage": "stage", "place": "touchpoint", "way": "channel"}
    )
    return table.assign(
        csat=100 * _over(table["satisfied"], table["csat_n"]),
        ces=_over(table["ces_sum"], table["ces_n"]),
        sentiment=100 * _over(table["positive"].astype(float) - table["negative"], table["sentiment_n"]),
    )[
        [
            "stage",
            "touchpoint",
            "channel",
            "interactions",
            "csat",
            "csat_n",
            "ces",
            "ces_n",
            "sentiment",
            "sentiment_n",
        ]
    ]


def _cohorts_told(said: pd.DataFrame) -> pd.DataFrame:
    some = said[said["active"] > 0]
    return some.assign(so_far=some["clv"] * some["customers"])


def _cohorts_plain(raw: pd.DataFrame) -> pd.DataFrame:
    table = raw.sort_values(["cohort", "month"])
    return table.assign(so_far=table.groupby("cohort")["revenue"].cumsum()).drop(columns="revenue")


def _campaign(store: Store) -> Any:
    return brought.phases(store, brought.scope(store, CAMPAIGN, LAST))


def _campaign_told(said: dict[str, brought.Phase]) -> pd.DataFrame:
    return pd.DataFrame([{"phase": name, **_phase(phase)} for name, phase in said.items()])


def _phase(phase: brought.Phase) -> dict[str, float]:
    measured = phase.measures
    sold = {name: measured[name].value * phase.days for name in ("units", "revenue", "orders")}
    raised = {"complaints": measured["complaint_rate"].n, "contacts": measured["contact_rate"].n}
    scores = {name: measured[name].value for name in ("csat", "nps")}
    return sold | raised | scores | {f"{name}_answers": measured[name].n for name in scores}


def _campaign_plain(raw: pd.DataFrame) -> pd.DataFrame:
    csat = 100 * _over(raw["satisfied"], raw["csat_answers"])
    nps = 100 * _over(raw["promoters"].astype(float) - raw["detractors"], raw["nps_answers"])
    return raw.assign(csat=csat, nps=nps).drop(columns=["satisfied", "promoters", "detractors"])


def _voices(store: Store) -> Any:
    return benchmarks.board(store, empty(BENCHMARKS), FRESH, Settings(), 52).voices


def _voices_told(said: Sequence[benchmarks.Voice]) -> pd.DataFrame:
    rows = [
        {"source": voice.source, "brand": row.brand, "n": row.n, "voice": row.voice.value,
         "sentiment": row.sentiment.value, "negative_share": row.negative.value, "scored": row.sentiment.n}
        for voice in said for row in voice.brands.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _voices_plain(raw: pd.DataFrame) -> pd.DataFrame:
    voice = 100 * raw["n"] / raw.groupby("source")["n"].transform("sum")
    sentiment = 100 * _over(raw["positive"].astype(float) - raw["negative"], raw["scored"])
    negative = 100 * _over(raw["negative"], raw["scored"])
    return raw.assign(voice=voice, sentiment=sentiment, negative_share=negative).drop(
        columns=["positive", "negative"]
    )


def _loyalty_told(said: loyalty.Rated) -> pd.DataFrame:
    rows = [(group, said.rows[HORIZON, group, "bought_again"]) for group in said.groups]
    return pd.DataFrame([{"group": group, "customers": row.n, "again": row.value} for group, row in rows])


def _loyalty_plain(raw: pd.DataFrame) -> pd.DataFrame:
    return raw.assign(again=100 * _over(raw["bought_again"], raw["customers"])).drop(columns="bought_again")


def _over(part: pd.Series, base: pd.Series) -> pd.Series:
    return part.astype(float) / base.astype(float).replace(0, np.nan)


_FUNNEL = peers.funnel("rows", DAYS_90)
_DAYS = (QUARTER.first, QUARTER.last)

QUESTIONS = (
    Question("weekly health", "weekly health", ("week",), _weekly, _weekly_told, (in_sql.weekly(in_sql.DUCKDB),),
             (in_sql.weekly(in_sql.CLICKHOUSE),), _weekly_plain, ("resolution", "resolution_p90")),
    Question("surges", "surges", ("day", "product", "reason"), lambda store: [store.run(query) for query in surging.asked(LAST)],
             _surges_told, (in_sql.complaints(),), (in_sql.complaints(),)),
    Question("funnel", "journey", ("stage",), lambda store: funnel.funnel(store, DEFAULT, EVERYONE, DAYS_90), _funnel_told,
             _FUNNEL.forms, (in_sql.window_funnel(),), _funnel_plain, values=_FUNNEL.values),
    Question("touchpoints", "journey", ("stage", "touchpoint", "channel"),
             lambda store: touchpoints.touchpoints(store, DEFAULT, EVERYONE, *_DAYS), _touchpoints_told,
             (in_sql.touchpoints(),), (in_sql.touchpoints(),), _touchpoints_plain),
    Question("presence", "journey", ("channel",), lambda store: channels.presence(store, EVERYONE, *_DAYS), lambda said: said,
             (in_sql.presence(in_sql.DUCKDB),), (in_sql.presence(in_sql.CLICKHOUSE),)),
    Question("cohorts", "journey", ("cohort", "month"), lambda store: returning.cohorts(store, EVERYONE, THROUGH), _cohorts_told,
             (in_sql.cohorts(),), (in_sql.cohorts(),), _cohorts_plain),
    Question("campaign", "campaigns", ("phase",), _campaign, _campaign_told, (in_sql.campaign(),), (in_sql.campaign(),),
             _campaign_plain),
    Question("share of voice", "benchmarks", ("source", "brand"), _voices, _voices_told, (in_sql.voices(),), (in_sql.voices(),),
             _voices_plain),
    Question("loyalty", "weekly health", ("group",),
             lambda store: loyalty.by_rating(store, EVERYONE, *RATED, THROUGH, "nps"), _loyalty_told,
             (in_sql.loyalty(in_sql.DUCKDB),), (in_sql.loyalty(in_sql.CLICKHOUSE),), _loyalty_plain),
)  # fmt: skip

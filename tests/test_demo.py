"""The demo company: every row is canonical, and what it claims to be true is found in its rows by other means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma

from cx import demo, reference
from cx.demo.market import people
from cx.journey import DEFAULT
from cx.kpis import KPIS
from cx.model import ALWAYS, COLUMNS, KINDS, OURS

WEDNESDAY_NOON = datetime(2026, 3, 18, 12)
MONDAY_MORNING = datetime(2026, 10, 12, 9)
SUNDAY_NIGHT = datetime(2025, 8, 10, 23)
KEY = ["source", "interaction_id"]


@dataclass
class Company:
    """A demo as it would stand in a store: the newest version of each row, and the truths."""

    made: demo.Demo
    exported: pd.DataFrame
    rows: pd.DataFrame
    truths: dict
    through: datetime

    @property
    def monday(self) -> pd.Timestamp:
        return pd.Timestamp(self.truths["last_finished_week"])

    @cached_property
    def ours(self) -> pd.DataFrame:
        return self.rows[self.rows["brand"].fillna(OURS) == OURS]

    def week(self, back: int = 0) -> pd.DataFrame:
        start = self.monday - timedelta(weeks=back)
        at = self.ours["occurred_at"]
        return self.ours[(at >= start) & (at < start + timedelta(weeks=1))]


def _company(folder: Path, through: datetime) -> Company:
    made = demo.make(folder, through)
    exported = pd.concat([pd.read_parquet(path) for path in made.exports], ignore_index=True)
    newest = exported.sort_values("updated_at", kind="stable").drop_duplicates(KEY, keep="last")
    return Company(made, exported, newest, json.loads(made.truths.read_text()), through)


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Company:
    return _company(tmp_path_factory.mktemp("wednesday"), WEDNESDAY_NOON)


@pytest.fixture(
    scope="module", params=[None, MONDAY_MORNING, SUNDAY_NIGHT], ids=["wednesday", "monday", "sunday"]
)
def there(request, company, tmp_path_factory) -> Company:
    """The company as it is met on different days of the week, in different seasons."""
    return _company(tmp_path_factory.mktemp("there"), request.param) if request.param else company


def broken_rules(rows: pd.DataFrame) -> list[str]:
    """Every rule of the model that some row breaks."""
    broken = [f"{name} unknown" for name in rows if name not in COLUMNS]
    broken += [f"{name} empty" for name in ALWAYS if rows[name].isna().any()]
    for column in (COLUMNS[name] for name in rows):
        values = rows[column.name].dropna()
        if column.allowed and not values.isin(column.allowed).all():
            broken.append(f"{column.name} not allowed")
        if column.low is not None and (values < column.low).any():
            broken.append(f"{column.name} below {column.low}")
        if column.high is not None and (values > column.high).any():
            broken.append(f"{column.name} above {column.high}")
    for name, of_kind in rows.groupby("kind"):
        needs = KINDS[str(name)]
        broken += [f"{name} without {c}" for c in needs.needs if c not in rows or of_kind[c].isna().any()]
        one_of = [c for c in needs.needs_one_of if c in rows]
        if needs.needs_one_of and of_kind[one_of].isna().all(axis=1).any():
            broken.append(f"{name} without any of {needs.needs_one_of}")
    return broken


def daily(
    rows: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, weight: str | None = None
) -> pd.Series:
    """Rows, or the sum of a column, on each day."""
    days = rows["occurred_at"].dt.floor("D")
    counts = rows.groupby(days)[weight].sum() if weight else rows.groupby(days).size()
    return counts.reindex(pd.date_range(first, last), fill_value=0).astype(float)


def per_lagged_unit(company: Company, product: str, reason: str | None) -> pd.DataFrame:
    """Complaints of each day about a product, and the units sold before it, weighted by the true delay."""
    of_product = company.ours[company.ours["product"] == product]
    first, last = company.ours["occurred_at"].min().floor("D"), pd.Timestamp(company.through).floor("D")
    complaints = of_product[of_product["kind"] == "complaint"]
    if reason is not None:
        complaints = complaints[complaints["reason"] == reason]
    lag = company.truths["lag"]
    edges = gamma.cdf(np.arange(61) - 0.5, lag["shape"], scale=lag["mean_days"] / lag["shape"])
    units = daily(of_product[of_product["kind"] == "order"], first, last, "units")
    exposure = np.convolve(units, np.diff(edges, prepend=0.0))[: len(units)]
    return pd.DataFrame({"n": daily(complaints, first, last), "exposure": exposure}).iloc[60:]


def ratio(frame: pd.DataFrame, first: str, before: str) -> tuple[float, float]:
    """The rate from `first` until `before` over the rate of the quiet days, and the standard error of its logarithm."""
    within = (frame.index >= first) & (frame.index < before)
    inside, outside = frame[within].sum(), frame[~within].sum()
    value = inside["n"] / inside["exposure"] / (outside["n"] / outside["exposure"])
    return float(value), float(np.sqrt(1 / inside["n"] + 1 / outside["n"]))


def whole_weeks(surge: dict, through: datetime) -> str:
    return min(surge["ended"], f"{through:%Y-%m-%d}")


def falls(before: pd.Series, after: pd.Series) -> float:
    """By how many standard errors a share fell."""
    p, q = before.mean(), after.mean()
    return float((p - q) / np.sqrt(p * (1 - p) / len(before) + q * (1 - q) / len(after)))


def test_the_same_seed_and_moment_give_the_same_bytes(company, tmp_path):
    again = demo.make(tmp_path, WEDNESDAY_NOON)
    for there, here in zip(company.made.exports, again.exports, strict=True):
        assert (there.name, there.read_bytes()) == (here.name, here.read_bytes())
    for there, here in zip(company.made.reference, again.reference, strict=True):
        assert there.read_bytes() == here.read_bytes()


def test_another_seed_is_another_company():
    assert not people(7).equals(people(8))


def test_a_demo_made_later_in_the_same_week_only_grows(company, tmp_path):
    later = demo.make(tmp_path, WEDNESDAY_NOON + timedelta(hours=30))
    rows = pd.concat([pd.read_parquet(path, columns=[*KEY, "occurred_at"]) for path in later.exports])
    orders = company.rows.loc[company.rows["kind"] == "order", [*KEY, "occurred_at"]]
    assert later.interactions > company.made.interactions
    assert len(orders.merge(rows.drop_duplicates(), on=[*KEY, "occurred_at"])) == len(orders)


def test_volumes(company):
    rows = company.rows
    assert len(rows) == company.made.interactions
    assert 300_000 <= len(rows) <= 380_000
    assert 10 <= len(company.made.exports) <= 20
    assert rows["occurred_at"].max() <= WEDNESDAY_NOON
    assert rows["updated_at"].max() <= WEDNESDAY_NOON
    assert WEDNESDAY_NOON - rows["occurred_at"].max() < timedelta(hours=1)
    assert rows["occurred_at"].min() - (company.monday - timedelta(weeks=103)) < timedelta(hours=6)


def test_vocabulary(company):
    ours = company.ours
    assert set(company.rows["kind"]) == set(KINDS)
    assert set(ours["stage"].dropna()) == set(DEFAULT.ids)
    assert ours["product"].nunique() == 12
    assert set(ours["channel"].dropna()) == {"web", "app", "store", "phone", "chat"}
    assert ours["segment"].nunique() == ours["region"].nunique() == 4
    assert 10 <= ours.loc[ours["kind"] == "complaint", "reason"].nunique() <= 12
    assert company.rows["brand"].dropna().nunique() == 4


def test_every_row_satisfies_the_model(there):
    assert broken_rules(there.exported) == []


def test_weeks_are_big_enough_to_tell_things_apart(there):
    for back in (1, 4, 8):
        week = there.week(back)
        contacts = week[week["kind"].isin(["contact", "complaint"])]
        assert week["csat"].count() >= 250
        assert week["nps"].count() >= 150
        assert week["ces"].count() >= 120
        assert len(contacts) >= 350
        assert (week["kind"] == "complaint").sum() >= 85
        assert week.loc[week["kind"] == "order", "order_id"].nunique() >= 1300


def test_tickets_come_back_solved_and_rated(company):
    twice = company.exported[company.exported.duplicated(KEY, keep=False)].sort_values("updated_at")
    tickets = twice[twice["source"] == "support"].groupby("interaction_id")
    first, last = tickets.nth(0).set_index("interaction_id"), tickets.nth(-1).set_index("interaction_id")
    assert len(first) >= 50
    assert (last["updated_at"] > first["updated_at"].reindex(last.index)).all()
    assert last["resolution_seconds"].count() > first["resolution_seconds"].count()
    assert last["csat"].count() > first["csat"].count()


def test_journeys_run_forward(company):
    ours = company.ours
    first = ours[ours["order_id"].notna()].groupby(["order_id", "kind"])["occurred_at"].min().unstack()
    delivered = first.dropna(subset=["order", "delivery"])
    assert (delivered["delivery"] > delivered["order"]).all()
    both = first.dropna(subset=["order", "complaint"])
    assert (both["complaint"] > both["order"]).all()
    visitors = ours[ours["kind"] == "visit"].groupby("customer_id")["stage"].nunique()
    orders = ours[ours["kind"] == "order"].groupby("customer_id")["order_id"].nunique()
    assert (visitors >= 3).sum() > 1000
    assert (orders >= 2).mean() > 0.6


def test_customers_who_rate_well_buy_again_sooner(company):
    orders = company.ours[company.ours["kind"] == "order"].groupby("customer_id")["occurred_at"].max()
    answers = company.ours[
        company.ours["nps"].notna() & (company.ours["occurred_at"] < company.monday - timedelta(weeks=20))
    ]
    again = orders.reindex(answers["customer_id"]).to_numpy() > answers["occurred_at"].to_numpy()
    warm, cold = again[answers["nps"] >= 9], again[answers["nps"] <= 6]
    assert falls(pd.Series(warm), pd.Series(cold)) > 1.96


def test_the_defect_multiplies_complaints_per_unit(there):
    defect = there.truths["defect"]
    frame = per_lagged_unit(there, defect["product"], defect["reason"])
    found, error = ratio(frame, defect["began"], whole_weeks(defect, there.through))
    assert abs(np.log(found / defect["multiplier"])) < 3 * error + 0.1


def test_the_surge_alone_belongs_to_no_campaign(there):
    (surge,) = there.truths["surges_without_campaign"]
    frame = per_lagged_unit(there, surge["product"], surge["reason"])
    found, error = ratio(frame, surge["began"], surge["ended"])
    assert abs(np.log(found / surge["multiplier"])) < 3 * error + 0.1
    near = pd.Timestamp(surge["began"]) - timedelta(days=60)
    assert not [c for c in there.truths["campaigns"] if surge["product"] in c["products"]
                and near <= pd.Timestamp(c["ends_on"]) <= pd.Timestamp(surge["ended"])]  # fmt: skip


def test_the_campaign_that_only_sells_brings_more_complaints_but_no_higher_rate(there):
    campaign = next(c for c in there.truths["campaigns"] if c["id"] == there.truths["volume_only"])
    (product,) = campaign["products"]
    after = f"{pd.Timestamp(campaign['ends_on']) + timedelta(days=15):%Y-%m-%d}"
    frame = per_lagged_unit(there, product, None)
    found, error = ratio(frame, campaign["starts_on"], after)
    assert abs(np.log(found)) < 2.5 * error
    complaints, _ = ratio(frame.assign(exposure=1.0), campaign["starts_on"], after)
    assert complaints > 1.2


def test_campaigns_lift_orders_as_they_say(company):
    ours, shop = company.truths["campaigns"], company.ours[company.ours["kind"] == "order"]
    for campaign in ours:
        start, end = (
            pd.Timestamp(campaign["starts_on"]),
            pd.Timestamp(campaign["ends_on"]) + timedelta(days=1),
        )
        sold, at = shop["product"].isin(campaign["products"]), shop["occurred_at"]
        during, before = (at >= start) & (at < end), (at >= start - timedelta(days=28)) & (at < start)
        grew = (sold & during).sum() / (sold & before).sum()
        others = (~sold & during).sum() / (~sold & before).sum()
        assert abs(np.log(grew / others / campaign["lift"])) < 0.3
    assert max(ours, key=lambda c: c["lift"])["id"] == company.truths["defect"]["campaign"]


def test_the_last_finished_week_is_worse_beyond_noise(there):
    before, after = there.week(1), there.week(0)
    assert falls(before["csat"].dropna() >= 4, after["csat"].dropna() >= 4) > 1.96
    n, m = ((week["kind"] == "complaint").sum() for week in (before, after))
    assert np.log(m / n) > 1.96 * np.sqrt(1 / n + 1 / m)
    slow, slower = (np.log(week["first_response_seconds"].dropna()) for week in (before, after))
    assert slower.mean() - slow.mean() > 1.96 * np.sqrt(slow.var() / len(slow) + slower.var() / len(slower))


def test_the_defect_hurts_support_and_delivery_of_its_product(company):
    product = company.truths["defect"]["product"]
    for stage in ("support", "deliver"):
        before, after = (
            week[(week["product"] == product) & (week["stage"] == stage)]
            for week in (pd.concat([company.week(back) for back in range(3, 9)]), company.week(0))
        )
        assert after["csat"].mean() < before["csat"].mean()
        assert (after["sentiment"] == "positive").mean() < (before["sentiment"] == "positive").mean()


def test_the_history_is_calm(company):
    """Week against week, no more than a few of the quiet weeks look like news."""
    weeks = [company.week(back)["csat"].dropna() >= 4 for back in range(2, 40)]
    news = [abs(falls(before, after)) > 1.96 for after, before in pairwise(weeks)]
    assert sum(news) <= 5


def test_reference_tables_can_be_read(company):
    folder = company.made.folder / "reference"
    assert len(reference.campaigns(folder)) == len(company.truths["campaigns"]) == 10
    targets = reference.targets(folder)
    assert set(targets["metric"]) <= {name for name, kpi in KPIS.items() if kpi.headline}
    assert (targets.groupby("metric").size() == 2).sum() == 1
    told = pd.read_csv(folder / "benchmarks.csv")
    assert told[["source", "licence", "retrieved_on"]].notna().all(axis=None)
    benchmarks = told[told["source"].str.startswith("made up for the demo")]
    assert set(benchmarks["metric"]) == {"nps", "csat", "fcr", "complaint_rate", "first_response"}
    assert (benchmarks.groupby(["metric", "competitor"])["period"].nunique() == 4).all()
    assert (benchmarks["n"].notna() | benchmarks["margin"].notna()).all()
    assert (pd.to_datetime(benchmarks["retrieved_on"]) <= WEDNESDAY_NOON).all()


def test_installing_leaves_what_a_person_edited(company, tmp_path):
    assert demo.install_reference(company.made, tmp_path) == [path.name for path in company.made.reference]
    (tmp_path / "targets.csv").write_text("metric,from,value,owner\ncsat,2026-01-01,90,Me\n")
    assert demo.install_reference(company.made, tmp_path) == [
        "campaigns.csv", "benchmarks.csv", "ideal.csv", "actions.csv",
    ]  # fmt: skip
    assert "Me" in (tmp_path / "targets.csv").read_text()


@pytest.mark.parametrize("rows", [1, 40, 400])
def test_a_trickle_is_canonical_and_of_now(tmp_path, rows):
    path = demo.trickle(tmp_path, rows=rows, now=WEDNESDAY_NOON)
    frame = pd.read_parquet(path)
    assert [there.name for there in tmp_path.iterdir()] == [path.name]
    assert len(frame) == rows
    assert broken_rules(frame) == []
    assert frame[["occurred_at", "updated_at"]].max().max() <= WEDNESDAY_NOON
    assert frame["occurred_at"].min() > WEDNESDAY_NOON - timedelta(days=1)
    assert not frame.duplicated(KEY).any()


def test_each_trickle_has_ids_of_its_own(company, tmp_path):
    drops = pd.concat([pd.read_parquet(demo.trickle(tmp_path, now=WEDNESDAY_NOON)) for _ in range(3)])
    assert not drops.duplicated(KEY).any()
    assert not drops["interaction_id"].isin(company.rows["interaction_id"]).any()
    assert set(drops["customer_id"].dropna()) & set(company.rows["customer_id"])


def test_a_trickle_goes_on_in_the_shares_of_the_last_week(company, tmp_path):
    drops = pd.read_parquet(demo.trickle(tmp_path, rows=2000, now=WEDNESDAY_NOON))
    now, then = (rows["kind"].value_counts(normalize=True) for rows in (drops, company.week(0)))
    for kind in ("order", "contact", "survey", "visit"):
        assert 0.6 < now[kind] / then[kind] < 1.6

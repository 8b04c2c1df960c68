"""Loyalty: every figure beside one that a plain walk through the raw rows gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from cx import loyalty, rollups, stats
from cx.folders import Folders
from cx.journey import DEFAULT
from cx.kpis import LOYALTY_KPIS
from cx.loyalty import chances, slope, stake, sure, together
from cx.model import DIMENSIONS, OURS
from cx.query import Filters
from cx.questions.best import ATTRIBUTES, YEAR, profile
from cx.questions.loyalty import GROUPS, HORIZONS, MEASURES, OUTCOMES, Rated, at_stake, by_rating
from cx.rollups.ratings import TABLES
from cx.stats import Estimate, SmallSamples
from cx.store import Store
from cx.telling import loyalty as telling
from tests.conftest import NAMES, DemoCompany, answer, close, everything
from tests.given import land, row
from tests.test_pages import opened, words

START = datetime(2024, 1, 30)
LATER = datetime(2030, 1, 1)
FAR = date(2029, 1, 1)
LOST = DEFAULT.lost_days
Rows = list[dict[str, Any]]
Ask = Callable[[str], list[tuple[Any, ...]]]


# A plain walk through one customer's rows.


def day_of(told: dict[str, Any]) -> date:
    day: date = told["occurred_at"].date()
    return day


def in_order(rows: Rows) -> dict[str, Rows]:
    """Each customer's rows in the order of time, stage and id."""
    stages = {"visit": 0, "survey": 9, "order": 3, "complaint": 5, "contact": 5, "cancel": 6}
    of: dict[str, Rows] = defaultdict(list)
    for told in sorted(rows, key=lambda x: (x["occurred_at"], stages[x["kind"]], x["interaction_id"])):
        of[told["customer_id"]].append(told)
    return of


def orders_of(rows: Rows) -> list[tuple[int, date, float]]:
    """Where each order stands among the rows, its day, and all that it brought."""
    found: dict[str, tuple[int, date, float]] = {}
    for at, told in enumerate(rows):
        if told["kind"] == "order":
            place, day, so_far = found.get(told["order_id"], (at, day_of(told), 0.0))
            found[told["order_id"]] = (place, day, so_far + told["amount"])
    return list(found.values())


def lost_on(rows: Rows, day: date) -> date | None:
    """The day on which whoever is a customer on this day will count as lost."""
    last, until = None, date.min
    for at, told in enumerate(rows):
        cancelled = told["kind"] == "cancel" and last and day_of(told) <= until
        if cancelled:
            if last <= day < day_of(told):
                return day_of(told)
            last, until = None, date.min
        if any(place == at for place, _, _ in orders_of(rows)):
            if last and day_of(told) > until and last <= day < until:
                return until
            last = last if last and day_of(told) <= until else day_of(told)
            until = day_of(told) + timedelta(days=LOST)
    return until if last and last <= day < until else None


def followed(rows: Rows, at: int, measure: str) -> tuple[Any, ...]:
    """All that r_ratings says of the rating that stands at this place of a customer's rows."""
    told, later, orders = rows[at], rows[at + 1 :], orders_of(rows)
    answers = [other for other in later if other.get("nps") is not None]
    complaints = [day_of(other) for other in later if other["kind"] == "complaint"]
    money = []
    for days in HORIZONS:
        on, back = day_of(told) + timedelta(days=days), day_of(told) - timedelta(days=days)
        money.append(round(sum(paid for place, day, paid in orders if place > at and day <= on), 4))
        money.append(round(sum(paid for place, day, paid in orders if place <= at and day >= back), 4))
    return (
        told["customer_id"], day_of(told), measure, told[measure], told.get("segment"),
        next((day for place, day, _ in orders if place > at), None),
        complaints[0] if complaints else None,
        day_of(answers[0]) if answers else None,
        answers[0]["nps"] >= 9 if answers else None,
        lost_on(rows, day_of(told)),
        *money,
    )  # fmt: skip


def walked(rows: Rows) -> list[tuple[Any, ...]]:
    """Every rating of every customer, each customer's in order."""
    return [
        followed(of, at, measure)
        for measure in MEASURES
        for _, of in sorted(in_order(rows).items())
        for at, told in enumerate(of)
        if told.get(measure) is not None
    ]


GAPS = (0, 0, 0.25, 1, 30, 89, 90, 91, LOST - 1, LOST, LOST + 0.5, LOST + 1, 364, 366)
EVENTS = st.tuples(
    st.sampled_from(GAPS),
    st.sampled_from(("order", "order", "line", "survey", "survey", "rated order", "complaint", "cancel", "visit")),
    st.sampled_from((None, 1, 4, 5)),
    st.sampled_from((None, 0, 7, 9, 10)),
    st.sampled_from((0.0, 3.1, 10.0)),
    st.sampled_from(("Home", "Office")),
)  # fmt: skip
HISTORIES = st.lists(st.lists(EVENTS, min_size=1, max_size=8), min_size=6, max_size=14)


def rows_of(histories: Any) -> Rows:
    rows: Rows = []
    for who, events in enumerate(histories):
        days, order_id = 0.5, ""
        for gap, kind, csat, nps, amount, segment in events:
            days += gap
            about = {
                "customer_id": f"c{who:02d}",
                "channel": "web",
                "occurred_at": START + timedelta(days=days),
                "segment": segment,
            }
            scores = {"csat": csat, "nps": nps}
            if kind in ("order", "rated order") or (kind == "line" and not order_id):
                order_id = f"o{len(rows)}"
            if kind in ("order", "line", "rated order"):
                given_ = scores if kind == "rated order" else {}
                rows.append(row("order", order_id=order_id, amount=amount, **about, **given_))
            elif kind in ("survey", "complaint"):
                rows.append(row(kind, **about, **scores))
            else:
                rows.append(row(kind, **about))
    # A survey that nobody answered is nothing that a customer did, so it has no place.
    return [told for told in rows if told["kind"] != "survey" or told["csat"] or told["nps"] is not None]


def first_ratings(
    told: list[tuple[Any, ...]], measure: str, segment: str, last: date
) -> list[tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for rating in told:
        if rating[2] == measure and rating[1] <= last and (not segment or rating[4] == segment):
            found.setdefault(rating[0], rating)
    return list(found.values())


def counted(ratings: list[tuple[Any, ...]], horizon: int, since: date | None) -> dict[str, tuple[int, int]]:
    """What happened, and of how many, among ratings that are old enough."""
    place = 10 + 2 * HORIZONS.index(horizon)

    def within(day: date | None, rating: tuple[Any, ...]) -> bool:
        return day is not None and (day - rating[1]).days <= horizon

    spent = [r for r in ratings if r[place + 1] > 0 and since and (r[1] - since).days >= horizon]
    again = [r for r in ratings if within(r[7], r)]
    stood = [r for r in ratings if r[9]]
    return {
        "bought_again": (sum(within(r[5], r) for r in ratings), len(ratings)),
        "complained": (sum(within(r[6], r) for r in ratings), len(ratings)),
        "recommended": (sum(r[8] for r in again), len(again)),
        "stayed": (sum((r[9] - r[1]).days > horizon for r in stood), len(stood)),
        "spent_more": (sum(r[place] > r[place + 1] for r in spent), len(spent)),
    }


def check(told: Rated, ratings: list[tuple[Any, ...]], since: date | None, through: date) -> None:
    for horizon in HORIZONS:
        old = [r for r in ratings if (through - r[1]).days >= horizon]
        assert told.young[horizon] == len(ratings) - len(old)
        for group, scores in GROUPS[told.measure].items():
            of = [r for r in old if r[3] in scores]
            for name, (k, n) in counted(of, horizon, since).items():
                found = told.rows[horizon, group, name]
                assert found.n == n
                assert found.value == pytest.approx(100 * k / n if n else np.nan, nan_ok=True)
            money = [r[10 + 2 * HORIZONS.index(horizon)] for r in of]
            assert told.worth(horizon, group).n == len(money)
            assert told.worth(horizon, group).value == pytest.approx(
                np.mean(money) if money else np.nan, nan_ok=True
            )


COLUMNS = (
    "customer_id, day, measure, score, segment, next_order, next_complaint, next_answer, would_recommend, kept_until, "
    + ", ".join(f"{side}_{days}" for days in HORIZONS for side in ("revenue", "before"))
)


def in_store(store: Store) -> list[tuple[Any, ...]]:
    sql = f"select {COLUMNS} from r_ratings join customers using (customer_no) order by place"
    found = [
        (NAMES[told[0]], *(cell.date() if isinstance(cell, pd.Timestamp) else cell for cell in told[1:]))
        for told in answer(store, sql)
    ]
    by_customer = sorted(found, key=lambda told: told[0])
    return sorted(by_customer, key=lambda told: told[2], reverse=True)


@settings(max_examples=6, deadline=None, suppress_health_check=[*HealthCheck])
@given(
    HISTORIES,
    st.integers(0, 1500),
    st.integers(0, 900),
    st.sampled_from(MEASURES),
    st.sampled_from(("", "Home")),
)
def test_every_figure_is_what_a_plain_walk_finds(
    emptied: Any, histories: Any, through: int, last: int, measure: str, segment: str
) -> None:
    store, folders = emptied()
    rows = rows_of(histories)
    land(store, folders, rows, LATER)
    ratings = walked(rows)
    assert in_store(store) == ratings
    end, known = START.date() + timedelta(days=last), START.date() + timedelta(days=through)
    filters = Filters(segment=(segment,) if segment else ())
    told = by_rating(store, filters, START.date(), end, known, measure)
    since = min((day for of in in_order(rows).values() for _, day, _ in orders_of(of)), default=None)
    check(told, first_ratings(ratings, measure, segment, min(end, known)), since, known)


@settings(max_examples=2, deadline=None, suppress_health_check=[*HealthCheck])
@given(HISTORIES, st.data())
def test_later_versions_of_rows_leave_what_a_rebuild_gives(emptied: Any, histories: Any, data: Any) -> None:
    store, folders = emptied()
    rows = rows_of(histories)
    changed = [
        {**told, "customer_id": f"c{data.draw(st.integers(0, 5)):02d}"}
        for told in data.draw(st.lists(st.sampled_from(rows), min_size=1, max_size=4, unique_by=id))
    ] if rows else []  # fmt: skip
    latest = {told["interaction_id"]: told for told in (*rows, *changed)}
    for some, hours in ((rows[::2], 0), (changed, 1), (rows[1::2], 0)):
        if some:
            stamped = [{**told, "updated_at": LATER + timedelta(hours=hours)} for told in some]
            land(store, folders, stamped, LATER + timedelta(days=1))
    assert in_store(store) == walked(list(latest.values()))
    found = everything(store)
    with store.transaction() as cursor:
        rollups.rebuild(cursor, DEFAULT)
    assert everything(store) == found


# Given these rows, what is said?


def event(kind: str, days: float, who: str = "a", **columns: Any) -> dict[str, Any]:
    return row(kind, occurred_at=START + timedelta(days=days), customer_id=who, **columns)


def asked(store: Store, measure: str = "nps", through: date = FAR, **filters: Any) -> Rated:
    return by_rating(store, Filters(**filters), START.date(), FAR, through, measure)


def value(told: Rated, group: str, name: str, horizon: int = 90) -> tuple[float, float]:
    found = told.rows[horizon, group, name]
    return found.value, found.n


def test_what_lies_on_the_edge_of_the_days(store: Store, folders: Folders) -> None:
    rows = [event("order", 0, amount=7.0), event("survey", 1, nps=9)]
    rows += [event("order", 91, amount=3.0), event("order", 92, amount=4.0)]
    land(store, folders, rows, LATER)
    told = asked(store)
    assert value(told, "promoters", "bought_again") == (100, 1)
    assert (told.worth(90, "promoters").value, told.worth(180, "promoters").value) == (3.0, 7.0)
    assert value(told, "promoters", "spent_more")[1] == 0, "orders are known for one day before, not 90"
    assert value(told, "detractors", "bought_again")[1] == 0


@pytest.mark.parametrize(
    ("rated_on", "known", "more"),
    [(89, 0, np.nan), (90, 1, 100.0), (91, 0, np.nan)],
    ids=["early", "edge", "late"],
)
def test_who_spent_more_needs_as_many_days_before(
    store: Store, folders: Folders, rated_on: int, known: int, more: float
) -> None:
    """The first order of all stands on day 0: too soon for a rating of day 89, too long ago for one of day 91."""
    rows = [event("order", 0, amount=7.0), event("survey", rated_on, nps=9), event("order", 120, amount=8.0)]
    land(store, folders, rows, LATER)
    assert value(asked(store), "promoters", "spent_more") == (pytest.approx(more, nan_ok=True), known)


def test_an_order_of_two_lines_counts_whole_where_it_began(store: Store, folders: Folders) -> None:
    rows = [event("order", 0, order_id="x", amount=5.0), event("survey", 1, csat=5)]
    land(store, folders, [*rows, event("order", 2, order_id="x", amount=5.0)], LATER)
    told = asked(store, "csat")
    assert value(told, "very_good", "bought_again") == (0, 1)
    assert told.worth(365, "very_good").value == 0


def test_the_first_rating_speaks_and_the_latest_counts_as_now(store: Store, folders: Folders) -> None:
    land(store, folders, [event("survey", 0, nps=10), event("survey", 5, nps=2)], LATER)
    told = asked(store)
    assert told.now == {"promoters": 0, "passives": 0, "detractors": 1}
    assert value(told, "promoters", "recommended") == (0, 1)
    assert told.worth(90, "promoters").n == 1


def test_who_was_no_customer_cannot_stay_and_who_cancels_leaves(store: Store, folders: Folders) -> None:
    rows = [event("survey", 0, "guest", nps=9)]
    rows += [event("order", 0, "gone"), event("survey", 1, "gone", nps=9), event("cancel", 60, "gone")]
    rows += [event("order", 0, "here"), event("survey", 1, "here", nps=9)]
    land(store, folders, rows, LATER)
    assert value(asked(store), "promoters", "stayed") == (50, 2)
    assert value(asked(store), "promoters", "stayed", 180) == (0, 2)


def test_what_a_survey_asks_of_forgiving_and_trust(store: Store, folders: Folders) -> None:
    rows = [event("survey", 0, f"g{n}", csat=5, would_forgive=n > 0, would_trust=True) for n in range(4)]
    rows += [event("survey", 0, f"b{n}", csat=1, would_forgive=False) for n in range(2)]
    land(store, folders, rows, LATER)
    told = asked(store, "csat")
    assert value(told, "very_good", "would_forgive") == (75, 4)
    assert value(told, "very_poor", "would_forgive") == (0, 2)
    assert value(told, "very_poor", "would_trust")[1] == 0
    assert told.asked("would_forgive")
    assert "would_forgive" in {column["id"] for column in telling.rated_columns(told)}


def test_rows_of_other_brands_and_of_nobody_are_no_ratings(store: Store, folders: Folders, ask: Ask) -> None:
    rows = [
        event("review", 0, csat=5, brand="Rival"),
        row("survey", nps=9),
        event("review", 0, csat=4, brand=OURS),
    ]
    land(store, folders, rows, LATER)
    assert ask("select measure, score from r_ratings") == [("csat", 4)]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [event("order", 0)],
        [event("survey", 0, nps=9, csat=5)],
        [event("order", 0), event("order", 9)],
        [event("survey", n / 10, f"c{n}", nps=n % 11, csat=1 + n % 5) for n in range(40)],
    ],
    ids=["nothing", "one order", "one rating", "no ratings", "all young"],
)
def test_too_little_says_so_and_never_fails(store: Store, folders: Folders, rows: Rows, measure: str) -> None:
    if rows:
        land(store, folders, rows, LATER)
    through = (START + timedelta(days=10)).date()
    told = asked(store, measure, through)
    limits = SmallSamples()
    assert at_stake(told, 90) == ({}, None)
    assert {moved.verdict for moved in told.apart.values()} == {"too few"}
    assert telling.nothing_old(told, 90)
    assert len(telling.rated_rows(told, 90, limits)) == len(telling.worth_rows(told, limits)) - 1
    assert telling.worth_notes(told, 90, limits) is not None
    best = profile(store, Filters(), through)
    assert (len(best.table), best.looked_at) == (0, 0)


def test_all_old_and_none_young(store: Store, folders: Folders) -> None:
    rows = [event("survey", 0, f"c{n}", nps=9 if n % 2 else 2) for n in range(60)]
    rows += [event("order", 9, f"c{n}", amount=100.0 + n % 7 if n % 2 else 10.0 + n % 7) for n in range(60)]
    land(store, folders, rows, LATER)
    told = asked(store)
    assert told.young == dict.fromkeys(HORIZONS, 0)
    rows_, whole = at_stake(told, 90)
    assert set(rows_) == {"detractors"}, "passives have no ratings, so promoters are the group above"
    assert whole is not None
    each = rows_["detractors"].each
    assert rows_["detractors"].total.value == pytest.approx(30 * each.value) == pytest.approx(whole.value)
    assert 0 < whole.lo < whole.value < whole.hi
    assert told.apart[90, "spent_after"].verdict == "real"
    assert "Promoters" in telling.rated_summary(told, 90)


# The pure part.

SPENT = LOYALTY_KPIS["spent_after"]
OBSERVED = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 500)), min_size=4, max_size=60)


def by_score(observed: list[tuple[int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(observed, columns=["score", "paid"]).astype(float)
    return frame.assign(squares=frame["paid"] ** 2).groupby("score", as_index=False).agg(
        customers=("paid", "size"), revenue=("paid", "sum"), squares=("squares", "sum")
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(OBSERVED)
def test_the_slope_is_that_of_least_squares_with_hc3(observed: list[tuple[int, int]]) -> None:
    scores, paid = (np.array(column, dtype=float) for column in zip(*observed, strict=True))
    found = slope(by_score(observed))
    if len(set(scores)) < 2:
        assert np.isnan(found.value)
        return
    fitted = sm.OLS(paid, sm.add_constant(scores)).fit()
    assert found.value == pytest.approx(fitted.params[1], abs=1e-6)
    if fitted.get_influence().hat_matrix_diag.max() > 1 - 1e-6:
        assert np.isnan(found.lo)
        return
    lo, hi = fitted.get_robustcov_results("HC3", use_t=True).conf_int()[1]
    assert (found.lo, found.hi) == pytest.approx((lo, hi), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize(
    ("each", "total"),
    [((10, 4, 16), (30, 12, 48)), ((2, -4, 8), (6, 0, 24)), ((-5, -9, -1), (0, 0, 0))],
    ids=["real", "may be nothing", "the lower spend more"],
)
def test_no_claim_is_below_nothing(each: tuple[float, ...], total: tuple[float, ...]) -> None:
    assert stake(3, Estimate(*each, 50, 50)).total[:3] == total


def test_together_is_one_sum_of_the_means() -> None:
    worth = [Estimate(30, 27, 33, 50, 50), Estimate(20, 16, 24, 50, 50), Estimate(5, 3, 7, 50, 50)]
    found = together([9, 4, 2], worth)
    assert found.value == 4 * (30 - 20) + 2 * (20 - 5)
    half = np.sqrt((4 * 3) ** 2 + (2 * 4) ** 2 + (2 * 2) ** 2)
    assert (found.lo, found.hi) == pytest.approx((70 - half, 70 + half))


def test_together_with_two_groups_is_their_difference() -> None:
    best, worst = Estimate(30.0, 25, 36, 50, 50), Estimate(20.0, 18, 23, 50, 50)
    moved = stats.change(SPENT, best, worst)
    found = together([1, 1], [best, worst])
    assert found[:3] == pytest.approx((moved.amount, moved.lo, moved.hi))


def test_chances_and_what_is_sure_of_many() -> None:
    held = np.array([50.0, 30, 3, 0])
    found = chances(held, np.full(4, 100.0), np.array([30.0, 30, 3, 0]), np.full(4, 100.0))
    assert found[0] == pytest.approx(0.003892, abs=1e-6)
    assert found[1] == 1
    assert np.isnan(found[2:]).all(), "too few have it"
    p = np.array([0.001, 0.02, 0.04, np.nan, 0.9])
    assert sure(p).tolist() == [True, True, False, False, False]
    assert sure(np.array([])).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_which_comparisons_are_sure_is_told_as_another_library_does(p: list[float]) -> None:
    expected = multipletests(p, loyalty.FALSE_DISCOVERIES, method="fdr_bh")[0]
    assert sure(np.array(p)).tolist() == expected.tolist()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_of_attributes_that_mean_nothing_hardly_any_is_called_real(seed: int) -> None:
    rng = np.random.default_rng(seed)
    best, others = (rng.binomial(n, 0.3, 400).astype(float) for n in (300, 2700))
    p = chances(best, np.full(400, 300.0), others, np.full(400, 2700.0))
    assert loyalty.sure(p).sum() <= 4 < (p < 0.05).sum()


# The demo company, out of its raw exports.


@pytest.fixture(scope="module")
def raw(demo_company: DemoCompany) -> pd.DataFrame:
    """The newest version of every row of the exports, each customer's in order."""
    table = pd.concat([pd.read_parquet(path) for path in demo_company.demo.exports], ignore_index=True)
    table = table.sort_values("updated_at", kind="stable").drop_duplicates(
        ["source", "interaction_id"], keep="last"
    )
    ours = table[(table["brand"].fillna(OURS) == OURS) & table["customer_id"].notna() & (table["consent"].fillna(True) != False)]  # noqa: E712  # fmt: skip
    return ours.assign(day=ours["occurred_at"].dt.normalize()).sort_values(
        ["occurred_at", "source", "interaction_id"], ignore_index=True
    )


def test_the_figures_of_the_demo_company_are_those_of_its_raw_rows(
    demo_company: DemoCompany, raw: pd.DataFrame
) -> None:
    through = pd.Timestamp(demo_company.now).normalize() - pd.Timedelta(days=1)
    first = through - pd.Timedelta(days=7 * 104 - 1)
    store = Store.open(demo_company.folders.store)
    told = by_rating(store, Filters(), first.date(), through.date(), through.date(), "nps")
    store.close()
    given_ = raw[raw["nps"].notna() & raw["day"].between(first, through)].drop_duplicates("customer_id")
    lines = raw[raw["kind"] == "order"]
    orders = lines.groupby("order_id").agg(
        customer_id=("customer_id", "first"), at=("occurred_at", "min"), paid=("amount", "sum")
    )
    pairs = given_[["customer_id", "occurred_at", "day"]].merge(orders, on="customer_id")
    later = pairs[pairs["at"] > pairs["occurred_at"]]
    for days in HORIZONS:
        span = pd.Timedelta(days=days)
        old = given_[given_["day"] + span <= through]
        assert told.young[days] == len(given_) - len(old)
        paid = later[later["at"].dt.normalize() <= later["day"] + span].groupby("customer_id")["paid"].sum()
        of = old.assign(paid=old["customer_id"].map(paid))
        for group, scores in GROUPS["nps"].items():
            some = of[of["nps"].isin(list(scores))]
            worth, again = told.worth(days, group), told.rows[days, group, "bought_again"]
            assert (worth.n, again.n) == (len(some), len(some))
            assert worth.value == pytest.approx(some["paid"].fillna(0).mean())
            assert again.value == pytest.approx(100 * some["paid"].notna().mean())
            assert worth.lo < worth.value < worth.hi
        assert told.slopes[days].n == len(of)


def test_the_warm_customers_of_the_demo_stay(demo_company: DemoCompany) -> None:
    """The truth of the demo: who is warm rates higher and stays longer."""
    through = demo_company.now.date() - timedelta(days=1)
    store = Store.open(demo_company.folders.store)
    told = by_rating(store, Filters(), through - timedelta(days=727), through, through, "nps")
    store.close()
    assert told.apart[365, "stayed"].verdict == "real"
    assert told.apart[365, "stayed"].amount > 0
    assert telling.rated_summary(told, 365)


def test_the_best_of_the_demo_company_are_those_of_its_raw_rows(
    demo_company: DemoCompany, raw: pd.DataFrame
) -> None:
    through = pd.Timestamp(demo_company.now).normalize() - pd.Timedelta(days=1)
    store = Store.open(demo_company.folders.store)
    told = profile(store, Filters(), through.date())
    store.close()
    lines = raw[(raw["kind"] == "order") & (raw["day"] <= through)]
    order = lines.drop_duplicates("order_id").set_index("order_id")
    order["paid"] = lines.groupby("order_id")["amount"].sum()
    lately = order[order["day"] > through - pd.Timedelta(days=YEAR)].groupby("customer_id")["paid"].sum()
    back = order.groupby("customer_id").size().loc[lately.index] >= 2
    ranks = lately[back].round(6).rank(method="min", ascending=False)
    best = ranks.index[10 * (ranks - 1) < len(ranks)]
    assert (told.buyers, told.best) == (len(lately), len(best))
    assert told.worth == pytest.approx(lately[best].min())
    firsts = order.drop_duplicates("customer_id").set_index("customer_id").loc[lately.index]
    for r in told.table[told.table["attribute"].isin(["segment", "product", "region"])].itertuples():
        has = firsts[r.attribute] == r.value
        chosen = has.index.isin(best)
        assert (r.best, r.others) == (has[chosen].sum(), has[~chosen].sum())
        assert r.lift == pytest.approx((r.best / r.best_n) / (r.others / r.others_n))
        assert r.lo <= r.lift <= r.hi
    assert told.looked_at == len(told.table) > 20
    assert set(told.table["attribute"]) <= set(ATTRIBUTES)
    assert told.table["p"].is_monotonic_increasing


@pytest.mark.parametrize("query", [{}, {"rated": "csat", "after": "365"}, {"weeks": "104", "after": "365"}])
def test_the_page_shows_it(
    demo_company: DemoCompany, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    monkeypatch.setenv("CX_DATA", str(demo_company.folders.root))
    monkeypatch.setenv("CX_NOW", demo_company.now.isoformat())
    app = opened(part="loyalty", **query)
    try:
        assert not app.exception
        told = words(app)
        assert any("An association, not a cause" in told.value for told in app.warning)
        assert "The ideal customer" in told
        assert ("365 days old yet" in told) == (query.get("after") == "365" and "weeks" not in query)
    finally:
        close()


def test_filters_and_the_tables_are_there(store: Store) -> None:
    assert set(TABLES) <= set(rollups.BY_CUSTOMER)
    columns = {name for (name,) in answer(store, "select name from pragma_table_info('r_ratings')")}
    assert set(DIMENSIONS) <= columns
    assert {kpi.name for kpi in OUTCOMES} | {"spent_after", "held"} == set(LOYALTY_KPIS)

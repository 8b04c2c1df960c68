"""Churn and return: each figure beside one that a plain walk through the raw rows gives."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as distributions

from cx import rollups, stats
from cx.folders import Folders
from cx.journey import DEFAULT
from cx.query import Filters
from cx.questions.returning import churn, cohorts, habits, repeat_purchase
from cx.rollups.buyers import HABIT_DAYS, LANDMARK_DAYS
from cx.store import Store
from tests.conftest import NAMES, DemoCompany, answer, everything
from tests.given import land, row

START = datetime(2024, 1, 30)
LATER = datetime(2030, 1, 1)
LOST, RISK, REPEAT = DEFAULT.lost_days, DEFAULT.risk_days, DEFAULT.repeat_days
Ask = Callable[[str], list[tuple[Any, ...]]]
Rows = list[dict[str, Any]]


@dataclass
class Spell:
    from_day: date
    last_day: date
    until: date
    cancelled: bool = False
    ended: bool = False


@dataclass
class Customer:
    """What a plain walk through one customer's rows finds; an order is (day, revenue)."""

    rows: Rows
    orders: dict[str, tuple[date, float]] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    product: str = ""

    def __post_init__(self) -> None:
        for told in self.rows:
            if told["kind"] == "order":
                self._order(told)
            elif told["kind"] == "cancel" and self.spells:
                self._cancel(day_of(told))

    def _order(self, told: dict[str, Any]) -> None:
        self.product = self.product or told["product"]
        known = self.orders.get(told["order_id"])
        day, so_far = known or (day_of(told), 0.0)
        self.orders[told["order_id"]] = (day, so_far + told["amount"])
        if known:
            return
        if not self.spells or self.spells[-1].ended or (day - self.spells[-1].last_day).days > LOST:
            self.spells.append(Spell(day, day, day))
        self.spells[-1].last_day = day
        self.spells[-1].until = day + timedelta(days=LOST)

    def _cancel(self, day: date) -> None:
        spell = self.spells[-1]
        if not spell.ended and day < spell.until:
            spell.until, spell.cancelled = day, True
        spell.ended = True

    @property
    def days(self) -> list[date]:
        return [day for day, _ in self.orders.values()]

    @property
    def second(self) -> date | None:
        return self.days[1] if len(self.days) > 1 else None

    def again_by(self, days: int) -> bool:
        return self.second is not None and (self.second - self.days[0]).days <= days

    def met(self) -> set[tuple[str, str, str]]:
        first = self.days[0]
        return {
            (told["touchpoint"], told["channel"], told["stage"])
            for told in self.rows
            if told["kind"] == "visit" and -HABIT_DAYS <= (day_of(told) - first).days <= LANDMARK_DAYS
        }

    def months(self) -> dict[int, float]:
        found: dict[int, float] = defaultdict(float)
        for day, revenue in self.orders.values():
            found[12 * (day.year - self.days[0].year) + day.month - self.days[0].month] += revenue
        return dict(sorted(found.items()))


def day_of(told: dict[str, Any]) -> date:
    return told["occurred_at"].date()


def walk(rows: Rows) -> dict[str, Customer]:
    """The customers with an order, each walked through in order of time, stage, and id."""
    stages = {"visit": 0, "order": 3, "cancel": 6}
    of: dict[str, Rows] = defaultdict(list)
    for told in sorted(rows, key=lambda x: (x["occurred_at"], stages[x["kind"]], x["interaction_id"])):
        of[told["customer_id"]].append(told)
    return {who: found for who, some in of.items() if (found := Customer(some)).orders}


GAPS = (0, 0, 0.25, 1, 13.75, 14, 15, 30, 89, 90, 91, LOST - 1, LOST, LOST + 0.5, LOST + 1, 400)
EVENTS = st.tuples(
    st.sampled_from(GAPS),
    st.sampled_from(("order", "order", "order", "line", "cancel", "visit")),
    st.sampled_from(("Lamp", "Desk")),
    st.sampled_from(("home", "shop")),
    st.integers(0, 50),
)
HISTORIES = st.lists(st.lists(EVENTS, min_size=1, max_size=7), min_size=8, max_size=24)


def rows_of(histories: list[list[tuple[float, str, str, str, int]]]) -> Rows:
    """The rows of one customer for each history; a 'line' is one more line of the order before it."""
    rows: Rows = []
    for who, events in enumerate(histories):
        days, order_id, about = 0.5, "", {"customer_id": f"c{who}", "channel": "web"}
        for gap, kind, product, touchpoint, amount in events:
            days += gap
            about |= {"occurred_at": START + timedelta(days=days)}
            if kind == "order" or (kind == "line" and not order_id):
                order_id = f"o{len(rows)}"
            if kind in ("order", "line"):
                told = {"order_id": order_id, "product": product, "amount": float(amount), **about}
                rows.append(row("order", **told))
            elif kind == "visit":
                rows.append(row("visit", touchpoint=touchpoint, **about))
            else:
                rows.append(row("cancel", **about))
    return rows


@contextmanager
def fresh() -> Iterator[tuple[Store, Folders]]:
    folders = Folders(Path(mkdtemp())).make()
    store = Store.open(folders.store)
    yield store, folders
    store.close()
    shutil.rmtree(folders.root)


def named(store: Store, table: str, columns: str) -> list[tuple[Any, ...]]:
    sql = f"select customer_id, {columns} from {table} join customers using (customer_no)"
    return sorted(((NAMES[told[0]], *told[1:]) for told in answer(store, sql)), key=repr)


def dated(*cells: Any) -> tuple[Any, ...]:
    """As a frame gives it: days as timestamps."""
    return tuple(pd.Timestamp(cell) if isinstance(cell, date) else cell for cell in cells)


def check_tables(store: Store, walked: dict[str, Customer]) -> None:
    buyers, returns, spells, met = [], [], [], []
    for who, c in walked.items():
        money = sum(revenue for _, revenue in c.orders.values())
        buyers.append(dated(who, c.days[0], c.product, c.second, len(c.orders), money))
        before = 0.0
        for month, revenue in c.months().items():
            returns.append(dated(who, c.days[0].replace(day=1), month, c.product, revenue, before))
            before += revenue
        for nth, s in enumerate(c.spells, 1):
            spells.append(dated(who, s.from_day, s.last_day, s.until, s.cancelled, nth, c.product))
        met += [dated(who, c.days[0], *what) for what in c.met()]
    assert named(store, "r_buyers", "day, product, second_day, orders, revenue") == sorted(buyers, key=repr)
    assert named(store, "r_returns", "cohort, month, product, revenue, before") == sorted(returns, key=repr)
    assert named(store, "r_spells", "from_day, last_day, until, cancelled, nth, product") == sorted(
        spells, key=repr
    )
    assert named(store, "r_habits", "day, touchpoint, met_channel, met_stage") == sorted(met, key=repr)


def check_cohorts(told: pd.DataFrame, walked: list[Customer], through: date) -> None:
    of: dict[date, list[Customer]] = defaultdict(list)
    for c in walked:
        of[c.days[0].replace(day=1)].append(c)
    month_of = {cohort: 12 * (through.year - cohort.year) + through.month - cohort.month for cohort in of}
    assert set(told["cohort"]) == {cohort for cohort, months in month_of.items() if months >= 0}
    assert len(told) == sum(months + 1 for months in month_of.values() if months >= 0)
    for r in told.itertuples():
        worths = [sum(v for m, v in c.months().items() if m <= r.month) for c in of[r.cohort]]
        active = sum(r.month in c.months() for c in of[r.cohort])
        assert (r.customers, r.active) == (len(worths), active)
        assert r.share == pytest.approx(100 * active / len(worths))
        assert r.clv == pytest.approx(np.mean(worths))
        if len(worths) > 1:
            arm = distributions.t.ppf(0.975, len(worths) - 1) * np.std(worths, ddof=1) / len(worths) ** 0.5
            assert (r.clv_lo, r.clv_hi) == pytest.approx((max(r.clv - arm, 0), r.clv + arm), abs=1e-6)
        ends = (pd.Period(r.cohort, "M") + r.month).end_time.date()
        assert r.complete == (ends <= through)


def check_repeat(told: pd.DataFrame, walked: list[Customer], through: date) -> None:
    known = [c for c in walked if c.days[0] <= through]
    old = [c for c in known if (through - c.days[0]).days >= REPEAT]
    again = sum(c.again_by(REPEAT) for c in old)
    (r,) = told.itertuples()
    assert (r.customers, r.again, r.too_young) == (len(old), again, len(known) - len(old))
    assert r.value == pytest.approx(100 * again / len(old) if old else np.nan, nan_ok=True)


def check_churn(told: pd.DataFrame, walked: list[Customer], days: tuple[date, date, date]) -> None:
    """Day by day: who is there on a day is in a spell that has begun and has not ended by its evening."""
    first, last, through = days
    last = min(last, through)
    spells = [(nth, spell) for c in walked for nth, spell in enumerate(c.spells, 1)]

    def there(day: date, nth: int | None = None) -> int:
        return sum(s.from_day <= day < s.until and nth in (None, n) for n, s in spells)

    (r,) = told.itertuples()
    begun = first <= last
    assert r.at_start == (there(first - timedelta(days=1)) if begun else 0)
    assert (r.finished, r.last) == (days[1] <= through, last)
    assert r.active_now == there(through)
    assert r.at_start - r.lost + r.new + r.won_back - r.came_and_went == (there(last) if begun else 0)
    started = Counter(nth > 1 for nth, s in spells if first <= s.from_day <= last)
    assert (r.new, r.won_back) == (started[False], started[True])
    gone = [s for _, s in spells if s.from_day < first <= s.until <= last]
    assert (r.lost, r.cancelled) == (len(gone), sum(s.cancelled for s in gone))
    assert r.churn == pytest.approx(100 * r.lost / r.at_start if r.at_start else np.nan, nan_ok=True)
    assert r.churn + r.retention == pytest.approx(100 if r.at_start else np.nan, nan_ok=True)
    idle = [s for _, s in spells if s.from_day <= through < s.until and (through - s.last_day).days >= RISK]
    assert r.at_risk_now == len(idle)


def check_habits(told: pd.DataFrame, walked: list[Customer], through: date) -> None:
    old = [c for c in walked if (through - c.days[0]).days >= REPEAT and not c.again_by(LANDMARK_DAYS)]
    sides = [[c for c in old if c.again_by(REPEAT) is again] for again in (True, False)]
    counts = [Counter(what for c in side for what in c.met()) for side in sides]
    found = {(r.touchpoint, r.channel, r.stage): r for r in told.itertuples()}
    assert set(found) == set(counts[0]) | set(counts[1])
    for what, r in found.items():
        assert (r.again, r.left) == (counts[0][what], counts[1][what])
        assert (r.again_n, r.left_n) == tuple(map(len, sides))
        if all(sides):
            assert r.difference == pytest.approx(100 * (r.again / r.again_n - r.left / r.left_n))


DAYS = st.integers(0, 900).map(lambda n: START.date() + timedelta(days=n))


@settings(max_examples=6, deadline=None)
@given(HISTORIES, DAYS, DAYS, st.integers(0, 400), st.sampled_from(((), ("Lamp",), ("Desk", "None"))))
def test_every_figure_is_what_a_plain_walk_finds(
    histories: Any, through: date, first: date, days: int, products: tuple[str, ...]
) -> None:
    rows = rows_of(histories)
    filters, last = Filters(product=products, stage=("support",)), first + timedelta(days=days)
    with fresh() as (store, folders):
        land(store, folders, rows, LATER)
        walked = walk(rows)
        check_tables(store, walked)
        kept = [c for c in walked.values() if not products or c.product in products]
        check_cohorts(cohorts(store, filters, through), kept, through)
        check_repeat(repeat_purchase(store, DEFAULT, filters, through), kept, through)
        check_churn(churn(store, DEFAULT, filters, first, last, through), kept, (first, last, through))
        check_habits(habits(store, DEFAULT, filters, through), kept, through)


@settings(max_examples=3, deadline=None)
@given(HISTORIES, st.data())
def test_later_versions_of_rows_leave_what_a_rebuild_gives(histories: Any, data: Any) -> None:
    rows = rows_of(histories)
    changed = [
        {
            **told,
            "customer_id": f"c{data.draw(st.integers(0, 9))}",
            "occurred_at": told["occurred_at"] + timedelta(days=gap),
        }
        for told in data.draw(st.lists(st.sampled_from(rows), min_size=1, max_size=4, unique_by=id))
        for gap in [data.draw(st.sampled_from(GAPS))]
    ]
    latest = {told["interaction_id"]: told for told in (*rows, *changed)}
    with fresh() as (store, folders):
        for some, updated in ((rows[::2], 0), (changed, 1), (rows[1::2], 0)):
            if some:
                stamp = LATER + timedelta(hours=updated)
                land(
                    store,
                    folders,
                    [{**told, "updated_at": stamp} for told in some],
                    LATER + timedelta(days=1),
                )
        found = everything(store)
        check_tables(store, walk(list(latest.values())))
        with store.transaction() as cursor:
            rollups.rebuild(cursor, DEFAULT)
        assert everything(store) == found


def event(kind: str, days: float, who: str = "a", **columns: Any) -> dict[str, Any]:
    return row(kind, occurred_at=START + timedelta(days=days), customer_id=who, **columns)


def order(days: float, who: str = "a", **columns: Any) -> dict[str, Any]:
    return event("order", days, who, **columns)


@pytest.mark.parametrize(
    ("rows", "spells"),
    [
        ([order(0)], [(0, 0, LOST, False)]),
        ([order(0.1), order(LOST + 0.9)], [(0, LOST, 2 * LOST, False)]),
        ([order(0), order(LOST + 1)], [(0, 0, LOST, False), (LOST + 1, LOST + 1, 2 * LOST + 1, False)]),
        ([order(0), event("cancel", 5)], [(0, 0, 5, True)]),
        ([order(0.1), event("cancel", 0.2)], [(0, 0, 0, True)]),
        ([event("cancel", 0), order(1)], [(1, 1, LOST + 1, False)]),
        ([order(0), event("cancel", 5), order(6)], [(0, 0, 5, True), (6, 6, LOST + 6, False)]),
        ([order(0), event("cancel", LOST)], [(0, 0, LOST, False)]),
        ([order(0), order(9, order_id="x"), order(12, order_id="x")], [(0, 9, LOST + 9, False)]),
    ],
    ids=["one", "at the limit", "beyond it", "cancelled", "same day", "before", "back", "late", "two lines"],
)
def test_spells(store: Store, folders: Folders, ask: Ask, rows: Rows, spells: list[tuple[Any, ...]]) -> None:
    land(store, folders, rows, LATER)
    found = ask(
        f"""select from_day - date '{START.date()}', last_day - date '{START.date()}',
        until - date '{START.date()}', cancelled from r_spells order by nth"""
    )
    assert found == spells


@pytest.mark.parametrize(
    ("again", "through", "expected"),
    [
        (REPEAT, REPEAT, (1, 1, 0)),
        (REPEAT, REPEAT - 1, (0, 0, 1)),
        (REPEAT + 1, REPEAT + 1, (1, 0, 0)),
        (0, REPEAT, (1, 1, 0)),
    ],
)
def test_repeat_days_are_counted_whole(
    store: Store, folders: Folders, again: int, through: int, expected: tuple[int, ...]
) -> None:
    land(store, folders, [order(0.9), order(again + 0.95)], LATER)
    told = repeat_purchase(store, DEFAULT, Filters(), START.date() + timedelta(days=through))
    assert tuple(told.loc[0, ["customers", "again", "too_young"]]) == expected


def test_months_are_those_of_the_calendar(store: Store, folders: Folders) -> None:
    land(store, folders, [order(1.999), order(2), order(0, who="b")], LATER)
    told = cohorts(store, Filters(), date(2024, 2, 28))
    assert told[["month", "customers", "active", "complete"]].to_numpy().tolist() == [
        [0, 2, 2, True],
        [1, 2, 1, False],
    ]
    assert cohorts(store, Filters(), date(2024, 2, 29))["complete"].tolist() == [True, True]
    assert set(told["cohort"]) == {date(2024, 1, 1)}


def test_a_period_is_cut_at_the_last_known_day(store: Store, folders: Folders) -> None:
    land(store, folders, [order(0), order(10, who="b")], LATER)
    day = START.date() + timedelta(days=LOST)
    (cut,) = churn(store, DEFAULT, Filters(), day, day + timedelta(days=30), day).itertuples()
    assert (cut.at_start, cut.lost, cut.churn, cut.finished, cut.last) == (2, 1, 50.0, False, day)
    assert (cut.active_now, cut.at_risk_now) == (1, 1)
    (unbegun,) = churn(
        store, DEFAULT, Filters(), day + timedelta(days=5), day + timedelta(days=9), day
    ).itertuples()
    assert (unbegun.at_start, unbegun.finished) == (0, False)
    assert np.isnan(unbegun.churn)


def test_every_move_of_a_period_is_told_apart(store: Store, folders: Folders) -> None:
    ways: dict[str, Rows] = {
        "stays": [order(0), order(100)],
        "cancels": [order(0), event("cancel", 105)],
        "cancels late": [order(0), event("cancel", 170)],
        "fades": [order(0)],
        "new": [order(110)],
        "comes and goes": [order(110), event("cancel", 120)],
        "won back": [order(0), event("cancel", 50), order(150)],
        "gone before": [order(0), event("cancel", 99)],
    }
    land(store, folders, [{**told, "customer_id": who} for who, rows in ways.items() for told in rows], LATER)
    first, last = (START.date() + timedelta(days=days) for days in (100, LOST))
    (told,) = churn(store, DEFAULT, Filters(), first, last, last).itertuples()
    assert (told.at_start, told.lost, told.cancelled, told.came_and_went) == (4, 3, 2, 1)
    assert (told.new, told.won_back, told.active_now) == (2, 1, 3)
    assert (told.churn, told.retention) == pytest.approx((75, 25))
    assert told.churn_lo + told.retention_hi == pytest.approx(100)


def test_first_orders_are_narrowed_to_a_period(store: Store, folders: Folders) -> None:
    land(
        store, folders, [order(0), order(3), order(10, who="b"), event("visit", 9, "b", channel="app")], LATER
    )
    first, through = START.date() + timedelta(days=5), START.date() + timedelta(days=999)
    told = repeat_purchase(store, DEFAULT, Filters(), through, first)
    assert tuple(told.loc[0, ["customers", "again"]]) == (1, 0)
    assert repeat_purchase(store, DEFAULT, Filters(), through, last=first).loc[0, "again"] == 1
    met = habits(store, DEFAULT, Filters(), through, first)
    assert met[["touchpoint", "channel", "left", "left_n"]].to_numpy().tolist() == [["", "app", 1, 1]]


@pytest.mark.parametrize(
    ("met", "counts"),
    [
        (event("visit", 0, touchpoint="t"), True),
        (event("visit", -HABIT_DAYS, touchpoint="t"), True),
        (event("visit", -HABIT_DAYS - 1, touchpoint="t"), False),
        (event("visit", LANDMARK_DAYS + 0.9, touchpoint="t"), True),
        (event("visit", LANDMARK_DAYS + 1, touchpoint="t"), False),
        (event("cancel", 3, touchpoint="t"), False),
        (order(0, touchpoint="t"), False),
    ],
)
def test_habits_end_at_the_landmark(
    store: Store, folders: Folders, ask: Ask, met: dict[str, Any], counts: bool
) -> None:
    land(store, folders, [order(0), met], LATER)
    assert bool(ask("select * from r_habits")) == counts


def test_real_differences_stand_first(store: Store, folders: Folders) -> None:
    rows = []
    for n in range(60):
        rows += [order(0, f"{n}"), event("visit", -1, f"{n}", touchpoint="early" if n < 30 else "other")]
        rows += [order(100, f"{n}")] if n < 30 else []
        rows += [event("visit", 2, f"{n}", touchpoint="noise")] if n % 2 else []
        rows += [event("visit", 20, f"{n}", touchpoint="too late")] if n < 30 else []
    land(store, folders, rows, LATER)
    told = habits(store, DEFAULT, Filters(), START.date() + timedelta(days=999))
    assert told["touchpoint"].tolist() == ["early", "other", "noise"]
    assert told["verdict"].tolist() == ["real", "real", "noise"]
    assert told["difference"].tolist() == [100, -100, 0]
    few = habits(
        store, DEFAULT, Filters(), START.date() + timedelta(days=999), limits=stats.SmallSamples(no_score=31)
    )
    assert set(few["verdict"]) == {"too few"}


def test_nothing_gives_nothing(store: Store) -> None:
    day = START.date()
    assert cohorts(store, Filters(), day).empty
    assert habits(store, DEFAULT, Filters(), day).empty
    assert np.isnan(repeat_purchase(store, DEFAULT, Filters(), day).loc[0, "value"])
    assert churn(store, DEFAULT, Filters(), day, day, day).loc[0, "at_start"] == 0


@pytest.mark.parametrize(("n", "within"), [(200, 0.04), (1000, 0.02)])
def test_the_interval_of_what_a_customer_is_worth_is_that_of_a_bootstrap(
    store: Store, folders: Folders, n: int, within: float
) -> None:
    random = np.random.default_rng(n)
    many = 1 + random.poisson(1.5, n)
    rows = [
        order(40 * nth, f"{who}", amount=float(amount))
        for who in range(n)
        for nth, amount in enumerate(random.lognormal(3, 1, many[who]))
    ]
    land(store, folders, rows, LATER)
    worth = pd.DataFrame(rows).groupby("customer_id")["amount"].sum().to_numpy()
    means = [worth[random.integers(0, n, n)].mean() for _ in range(4000)]
    told = cohorts(store, Filters(), date(2029, 1, 1)).iloc[-1]
    assert told["clv"] == pytest.approx(worth.mean())
    for bound, percent in (("clv_lo", 2.5), ("clv_hi", 97.5)):
        assert abs(told[bound] - np.percentile(means, percent)) < within * told["clv"]


def test_the_demo_companys_cohorts_hold_each_buyer_once(demo_company: DemoCompany) -> None:
    table = pd.concat([pd.read_parquet(path) for path in demo_company.demo.exports], ignore_index=True)
    table["updated_at"] = table["updated_at"].fillna(table["occurred_at"])
    table = table.sort_values("updated_at", kind="stable")
    table = table.drop_duplicates(["source", "interaction_id"], keep="last")
    table = table[table["kind"].eq("order") & ~table["consent"].eq(False).fillna(False)]
    table = table[table["customer_id"].notna() & (table["occurred_at"] <= demo_company.now)]
    through = demo_company.now.date() - timedelta(days=1)
    store = Store.open(demo_company.folders.store)
    told = cohorts(store, Filters(), through)
    met = habits(store, DEFAULT, Filters(), through)
    by_product = [cohorts(store, Filters(product=(name,)), through) for name in table["product"].unique()]
    store.close()
    last = told.groupby("cohort").tail(1)
    assert last["customers"].sum() == table["customer_id"].nunique()
    assert (last["clv"] * last["customers"]).sum() == pytest.approx(table["amount"].sum())
    assert (
        sum(part.loc[part["month"] == 0, "customers"].sum() for part in by_product) == last["customers"].sum()
    )
    assert told.loc[told["month"] == 0, "share"].eq(100).all()
    assert told.groupby("cohort")["clv"].is_monotonic_increasing.all()
    assert (met["again_n"] > met["left_n"]).all()

"""The bench over a small company: the product and its peers answer alike, and what it says of costs can be trusted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cx.folders import Folders
from cx.query import Query
from cx.store import Store
from tests.bench import aims, company, generate, pages, stores, tables
from tests.bench.agreeing import apart
from tests.bench.answers import OWN, PEERS, QUERIES, Answer, answered_apart, answers, there
from tests.bench.measuring import Taken, measured
from tests.bench.questions import QUESTIONS, Question
from tests.bench.recording import recorded
from tests.bench.runs import Measured
from tests.bench.starting import Started

pytest.importorskip("polars", reason="needs the peers: pip install -r requirements-bench.txt")

ROWS = 20_000
NAMES = [question.name for question in QUESTIONS]
IN_SQL = [who for who in PEERS if "DuckDB" in who or "chdb" in who]
APART = [who for who in PEERS if "chdb" in who]
IN_FRAMES = {"weekly health", "surges", "touchpoints", "presence", "cohorts", "campaign", "share of voice"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports, a store and the peers' rows."""
    at = tmp_path_factory.mktemp("bench")
    generate.write(at / "exports", ROWS)
    (at / "public").mkdir()
    company.opinions(at / "public" / company.OPINIONS, ROWS)
    company.furnish(Folders(at / "data").make().reference)
    landed = stores.land(at)
    assert landed.rows > ROWS * 0.95
    stores.lay_out(at)
    return at


@pytest.fixture(scope="module")
def own(folder: Path) -> dict[str, Answer]:
    return answers(OWN, folder, 1)


@pytest.mark.parametrize("who", PEERS)
def test_a_peer_answers_as_the_product_does(folder: Path, own: dict[str, Answer], who: str) -> None:
    if not there(who):
        pytest.skip("needs a peer: pip install -r requirements-bench.txt")
    # ClickHouse can be opened in one place of a process only.
    found = (answered_apart if who in APART else answers)(who, folder, 1)
    assert set(found) == (set(NAMES) if who in IN_SQL else IN_FRAMES)
    told = {question.name: apart(question, own[question.name].told, found[question.name].told)
            for question in QUESTIONS if question.name in found}  # fmt: skip
    assert {name: differs for name, differs in told.items() if differs} == {}


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_every_question_has_something_to_say(own: dict[str, Answer], question: Question) -> None:
    told = own[question.name].told
    assert len(told) >= 3
    assert not told[list(question.keys)].duplicated().any()
    assert told.select_dtypes("number").to_numpy().any()


TABLE = pd.DataFrame({"stage": ["a", "b"], "n": [10, 3], "share": [12.5, 1 / 3], "p90": [100.2, 7.0]})
ASKED = Question(
    "of a test", "", ("stage",), lambda store: None, lambda said: said, (), (), quantiles=("p90",)
)


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        pytest.param({}, "", id="the same"),
        pytest.param(
            {"stage": ["b", "a"], "n": [3, 10], "share": [1 / 3, 12.5], "p90": [7.0, 100.2]},
            "",
            id="another order",
        ),
        pytest.param({"n": [11, 3]}, "n at a", id="one more of ten"),
        pytest.param({"share": [12.5, 1 / 3 + 1e-9]}, "", id="a share off by rounding"),
        pytest.param({"share": [12.5, 0.334]}, "share at b", id="a share off by more"),
        pytest.param({"p90": [100.5, 7.0]}, "", id="a quantile within its bin"),
        pytest.param({"p90": [102.5, 7.0]}, "p90 at a", id="a quantile in another bin"),
        pytest.param({"stage": ["a", "c"]}, "other rows", id="another row"),
    ],
)
def test_answers_are_equal_only_where_they_are(changed: dict[str, list[object]], differs: str) -> None:
    told = apart(ASKED, TABLE, TABLE.assign(**changed))
    assert told.startswith(differs) if differs else told == ""


def test_peers_get_the_latest_state_of_each_row_once(folder: Path) -> None:
    rows = pd.read_parquet(folder / "clean")
    raw = pd.concat([pd.read_parquet(path) for path in stores.exports_of(folder)])
    assert not rows.duplicated(["source", "interaction_id"]).any()
    latest = raw.sort_values("updated_at").drop_duplicates(["source", "interaction_id"], keep="last")
    assert len(raw) > len(latest) == len(rows)
    both = rows.merge(latest, on=["source", "interaction_id"], suffixes=("", "_raw"))
    assert (both["updated_at"] == both["updated_at_raw"]).all()
    assert both["amount"].equals(both["amount_raw"])


@pytest.fixture(scope="module")
def costs(folder: Path) -> dict[str, pages.Cost]:
    """Of the pages that tell of benchmarks and of data."""
    return {name: cost for name in ("benchmarks", "data") for cost in pages.costs(folder, 1, name)}


def test_a_page_costs_what_its_queries_cost_together(costs: dict[str, pages.Cost]) -> None:
    for cost in costs.values():
        assert cost.queries > 3
        assert cost.taken.cpu == pytest.approx(sum(taken.cpu for _, taken in cost.each))
        assert [taken.cpu for _, taken in cost.each] == sorted(
            (taken.cpu for _, taken in cost.each), reverse=True
        )
        assert pages.line(cost).startswith(cost.name)


def test_recording_leaves_the_store_as_it_was(store: Store) -> None:
    query = Query("one", "select 1 as n")
    with recorded(store) as asked:
        assert store.run(query)["n"].tolist() == [1]
    store.run(query)
    assert asked == [query]


def test_cpu_time_is_that_of_the_work() -> None:
    _, short, _ = measured(lambda: sum(range(300_000)), 5)
    _, long, turns = measured(lambda: sum(range(3_000_000)), 5)
    assert turns == 5
    assert 4 < long.cpu / short.cpu < 25


def test_tables_show_ratios_to_the_product() -> None:
    def answer(milliseconds: float) -> Answer:
        return Answer(TABLE, Taken(milliseconds, milliseconds), 5)

    own = {who: dict.fromkeys(NAMES, answer(took)) for who, took in ((OWN, 4.0), (QUERIES, 2.0))}
    told = tables.questions({**own, "polars": {NAMES[0]: answer(50.0)}})
    assert f"| {NAMES[0]} (weekly health) | 4.0 | 2.0 | 50 (12.5, 25.0) |" in told
    assert f"| {NAMES[1]} (surges) | 4.0 | 2.0 |  |" in told
    landed = stores.Landed(1_000_000, 20.0, 5.0, 700.0, 30.0)
    said = tables.landing(landed, (300.0, 100.0), Started(2.0, float("nan"), 400.0))
    assert "50,000 rows a second" in said
    assert "3.0 times" in said
    assert "browser" not in said


@pytest.mark.parametrize(
    ("page", "peer", "told"),
    [
        (90.0, 900.0, ["yes"] * 5),
        (110.0, 900.0, ["no", *["yes"] * 4]),
        (90.0, 300.0, ["yes", "no", "yes", "yes", "yes"]),
    ],
    ids=["all", "a page too slow", "a peer too near"],
)
def test_aims_are_reached_or_not(page: float, peer: float, told: list[str]) -> None:
    def answers_of(milliseconds: float) -> dict[str, Answer]:
        return dict.fromkeys(NAMES, Answer(TABLE, Taken(milliseconds, milliseconds), 5))

    cost = pages.Cost("surges", 1, Taken(page, page), (), page)
    found = Measured(
        100,
        None,
        (1, 1),
        Started(1, 1, 1),
        [cost],
        {QUERIES: answers_of(10.0), aims.PLAIN: answers_of(peer)},
        {},
    )
    rows = [line.split(" | ") for line in aims.told(found).splitlines()[2:]]
    assert [row[-1].rstrip(" |") for row in rows] == told

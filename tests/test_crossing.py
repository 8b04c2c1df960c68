"""Filters for those who may see counts only: by no two answers is one person found."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cx.query import Filters
from cx.questions.crossing import singles_out
from cx.store import Store

LEAST = 3
PRODUCTS, REGIONS, DEVICES = ("lamp", "oven", "fan"), ("north", "south", ""), ("mobile", "desktop")
PEOPLE = st.lists(
    st.tuples(
        st.integers(0, 11), st.sampled_from(PRODUCTS), st.sampled_from(REGIONS), st.sampled_from(DEVICES)
    ),
    min_size=6,
    max_size=60,
)
Row = tuple[int, str, str, str]


def chosen(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(lambda told: tuple(sorted(told)))


FILTERS = st.builds(Filters, product=chosen(PRODUCTS), region=chosen(REGIONS[:2]), device=chosen(DEVICES))


def fits(filters: Filters, row: Row) -> bool:
    _, product, region, device = row
    cells = {"product": product, "region": region, "device": device}
    return all(cells[name] in values for name, values in filters.chosen().items())


def fill(store: Store, rows: list[Row]) -> None:
    table = pd.DataFrame(rows, columns=["customer_no", "product", "region", "device"]).replace("", None)
    with store.transaction() as cursor:
        cursor.register("told", table)
        cursor.execute("delete from interactions")
        cursor.execute("insert into interactions by name select * from told")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for rows of any kind, one set after the other."""
    opened = Store.open(tmp_path_factory.mktemp("crossing") / "cx.duckdb")
    yield opened
    opened.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
@given(PEOPLE, st.lists(FILTERS, min_size=2, max_size=8))
def test_what_one_answer_has_more_than_another_is_of_nobody_or_of_enough(
    filled: Store, rows: list[Row], asked: list[Filters]
) -> None:
    fill(filled, rows)
    allowed = [Filters(), *(filters for filters in asked if not singles_out(filled, filters, LEAST))]
    assume(len(allowed) > 1)
    answers = [(filters, {n for n, row in enumerate(rows) if fits(filters, row)}) for filters in allowed]
    for _, wide in answers:
        for _, narrow in answers:
            if narrow <= wide:
                more = {rows[n][0] for n in wide - narrow}
                assert not more or len(more) >= LEAST
    for filters, found in answers:
        people = {rows[n][0] for n in found}
        assert not people or len(people) >= LEAST or not filters.chosen()


MANY = [
    (who, product, region, "mobile") for who in range(4) for product in PRODUCTS[:2] for region in REGIONS[:2]
]


@pytest.mark.parametrize(
    ("rows", "filters", "out"),
    [
        pytest.param(MANY, Filters(), False, id="no filter finds nobody"),
        pytest.param(MANY, Filters(product=("lamp",), region=("north",)), False, id="enough in every part"),
        pytest.param(
            [*MANY, (9, "fan", "north", "mobile")], Filters(product=("fan",)), True, id="one who bought a fan"
        ),
        pytest.param(
            [*MANY, (9, "fan", "north", "mobile")],
            Filters(product=("lamp", "oven")),
            True,
            id="all but that one",
        ),
        pytest.param(
            [*MANY, (9, "fan", "north", "mobile")],
            Filters(product=("lamp",)),
            False,
            id="that one among others",
        ),
        pytest.param(
            [*MANY, (9, "fan", "north", "mobile")],
            Filters(product=("fan", "lamp")),
            True,
            id="that one, with others",
        ),
        pytest.param(MANY, Filters(product=("none such",)), False, id="nobody at all"),
        pytest.param(
            [*MANY, (9, "lamp", "", "mobile")],
            Filters(region=("north", "south")),
            True,
            id="one of no region",
        ),
    ],
)
def test_which_filters_single_people_out(filled: Store, rows: list[Row], filters: Filters, out: bool) -> None:
    fill(filled, rows)
    assert singles_out(filled, filters, LEAST) is out

"""The shorter rollups: they say what the longer ones say, and are read where they know enough."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from cx import rollups
from cx.model import DIMENSIONS
from cx.query import Filters
from cx.questions import counts
from cx.rollups.slices import SLICES, Slice
from cx.store import Store
from tests.conftest import DemoCompany, answer


@pytest.fixture(scope="module")
def store(demo_company: DemoCompany) -> Iterator[Store]:
    opened = Store.open(demo_company.folders.store)
    yield opened
    opened.close()


@pytest.mark.parametrize("sliced", SLICES, ids=lambda sliced: sliced.name)
def test_a_slice_is_the_sum_of_the_rollup_that_it_is_of(store: Store, sliced: Slice) -> None:
    keys = ", ".join(("day", "source", *sliced.keys))
    sums = ", ".join(f"round(sum({part}), 4)" for part in sliced.parts)
    own, whole = (
        answer(store, f"select {keys}, {sums} from {table} group by {keys} order by all nulls first")
        for table in (sliced.name, sliced.of)
    )
    assert own == whole
    assert own


def test_the_volume_is_that_of_the_interactions(store: Store) -> None:
    counted = "cast(count(*) as bigint) as n, count(case when kind = 'signup' then 1 end) as signups, max(occurred_at) as last_at"
    ours = "from interactions where brand = 'ours' group by all order by all nulls first"
    for dimension in ("", *DIMENSIONS):
        told = answer(store, f"""
select day, source, value, interactions, signups, last_at from r_volume
where dimension = '{dimension}' order by all nulls first""")  # fmt: skip
        value = dimension or "null"
        assert told == answer(
            store, f"select cast(occurred_at as date) as day, source, {value} as value, {counted} {ours}"
        )


@pytest.mark.parametrize(
    ("table", "dimensions", "expected"),
    [
        pytest.param("r_day", (), "r_day_all", id="nothing asked"),
        pytest.param("r_day", ("region",), "r_day_region", id="one dimension"),
        pytest.param("r_day", ("region", "channel"), "r_day", id="two dimensions"),
        pytest.param("r_hist", ("product",), "r_hist", id="no slice by it"),
        pytest.param("r_complaints", ("product",), "r_complaints_product", id="complaints by product"),
    ],
)
def test_the_shortest_that_knows_enough_is_read(
    table: str, dimensions: tuple[str, ...], expected: str
) -> None:
    assert rollups.shortest(table, dimensions) == expected


@pytest.mark.parametrize("key", ["week", "channel"])
def test_what_is_told_does_not_depend_on_which_is_read(
    store: Store, demo_company: DemoCompany, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = demo_company.now.date().replace(day=1), demo_company.now.date()
    product = counts.choices(store)["product"][0]
    asked = [Filters(), Filters(product=(product,)), Filters(product=(product,), channel=("web",))]
    told = [counts.count(store, filters, key, first, last) for filters in asked]
    monkeypatch.setattr(rollups, "shortest", lambda table, dimensions: table)
    for filters, found in zip(asked, told, strict=True):
        whole = counts.count(store, filters, key, first, last)
        for name in ("parts", "base", "hist"):
            own, other = (
                getattr(one, name).sort_values([*getattr(one, name).columns[:3]], ignore_index=True)
                for one in (found, whole)
            )
            pd.testing.assert_frame_equal(own, other, check_dtype=False)

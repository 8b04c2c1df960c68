"""Links that nobody would write: every page shows them, in words at most, and the data stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import PROJECT, Folders
from cx.model import DIMENSIONS, JOURNEY_DIMENSIONS
from cx.ui import filters, live
from tests.conftest import close, everything
from tests.given import NOW, land, row

PAGES = ("weekly_health", "surges", "campaigns", "benchmarks", "journey", "data")
NAMES = [
    *dict.fromkeys([*filters._OF_HEALTH, *filters._OF_SURGES, *filters._OF_JOURNEY]),
    *("over", "standing", "rival", "beside", "export"),
]
"""Every name of a link that is not a dimension."""

MANY, LINKED = 10_000, 500
INJECTED = "x'); drop table interactions; --"
ODD = {
    "SQL": INJECTED,
    "SQL in a list": "lamp', 'x']); delete from files; select (['",
    "a name of the engine's": "$f_product",
    "emoji": "🛒👩‍👩‍👧‍👦☕️",
    "right to left": "مصباح \u202eلیمو\u202c",
    "a null byte": "la\x00mp",
    "very long": "a" * 50_000,
    "markup": "<script>alert(1)</script> ![x](http://h/p.png) [a](javascript:b) $x$",
    "nothing": "",
    "a number": "-1e309",
}
HELD = {name: value for name, value in ODD.items() if name not in ("very long", "nothing")}
"""What a company may call its products; the store has interactions of them all."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    """A store whose products, channels, segments, regions and campaigns have these names."""
    with pytest.MonkeyPatch.context() as patch:
        yield from filled(tmp_path_factory.mktemp("odd"), patch)


def filled(root: Path, patch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The product over a folder of its own, with orders, contacts and complaints of all of HELD."""
    patch.setenv("CX_DATA", str(root))
    patch.setenv("CX_NOW", NOW.isoformat())
    store, folders = live.server().store, Folders(root)
    rows = [
        row(kind, day, product=name, channel=name, segment=name, region=name, campaign_id=name, csat=4,
            customer_id=f"c{n}", reason=name if kind == "complaint" else None)
        for n, name in enumerate(HELD.values())
        for kind in ("order", "contact", "complaint")
        for day in (-6.5, -2.5, 0.5, 3.5)
    ]  # fmt: skip
    report = land(store, folders, rows)
    assert report.rows_refused == 0, report
    yield folders
    close()


def opened(page: str, link: dict[str, Any]) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    if page != "weekly_health":
        app.switch_page(f"pages/{page}.py").run()
    return app


DIMENSIONAL = [*dict.fromkeys([*DIMENSIONS, *JOURNEY_DIMENSIONS])]


def links(turn: int) -> dict[str, list[str]]:
    """A link in which each name has another odd value in each turn, and each dimension all of them in another order."""
    values = [*ODD.values()]
    turned = {name: values[(place + turn) % len(values)] for place, name in enumerate(NAMES)}
    order = values[turn % len(values) :] + values[: turn % len(values)]
    return {
        **{name: [value, order[0]] for name, value in turned.items()},
        **dict.fromkeys(DIMENSIONAL, order),
        "shoe_size": order,
        order[0] or "empty": order,
    }


# Before the others, which have a store of their own: this process keeps its answers by version.
def test_ten_thousand_products_are_offered_and_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_DATA", str(tmp_path))
    monkeypatch.setenv("CX_NOW", NOW.isoformat())
    try:
        rows = [row("order", day, product=f"lamp {n:05}") for n in range(MANY) for day in (-2.5, 4.5)]
        assert land(live.server().store, Folders(tmp_path), rows).rows_kept == 2 * MANY
        named = [f"lamp {n:05}" for n in range(0, MANY, MANY // LINKED)]
        app = shows("weekly_health", {"product": named})
        assert app.multiselect(key="choose_product").value == named
        # A link of more than Streamlit reads is as one without filters; so no more than that can be chosen.
        app = shows("weekly_health", {"product": [f"lamp {n:05}" for n in range(MANY)]})
        assert app.multiselect(key="choose_product").value == []
        assert app.multiselect(key="choose_product").proto.max_selections == filters.MOST_CHOSEN
        assert filters.MOST_CHOSEN * len(DIMENSIONAL) + len(NAMES) < LINKED * 2
    finally:
        close()


TURNS = (0, 1)
"""Two turns here; `python -m tests.bench.faults links` does them all."""


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("page", PAGES)
def test_any_link_shows_the_page_and_leaves_the_data_as_they_are(odd: Folders, page: str, turn: int) -> None:
    store = live.server().store
    before = (store.version, everything(store))
    shows(page, links(turn))
    assert (store.version, everything(store)) == before


def shows(page: str, link: dict[str, list[str]]) -> AppTest:
    """The page is there, with a title, and without an exception or an error."""
    app = opened(page, link)
    assert not app.exception, app.exception
    assert app.title
    assert [error.value for error in app.error] == []
    return app


@pytest.mark.parametrize("view", filters.VIEWS)
def test_the_journey_is_filtered_and_split_by_any_name(odd: Folders, view: str) -> None:
    names = [*HELD.values()]
    by = {"against": ["groups"], "group_by": ["product"], "a": names[:1], "b": names[1:2], "by": ["product"]}
    app = shows("journey", {"view": [view], "product": names, **(by if view == "funnel" else {})})
    assert app.multiselect(key="choose_product").value == names


def test_the_health_of_any_product_is_shown(odd: Folders) -> None:
    for name in HELD.values():
        app = shows("weekly_health", {"product": [name], "split": ["product"]})
        assert app.multiselect(key="choose_product").value == [name]

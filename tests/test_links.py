"""Links that were passed on: each opens, in a browser that knows nothing of it, with what its sender chose.

LINKS holds links of this version for ever. A name or a value that changes is written into cx.ui.link.RENAMED or
RENAMED_VALUES; the links here are never rewritten.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from cx.folders import PROJECT, Folders
from cx.ui import link
from tests.conftest import DemoCompany
from tests.test_pages import PATIENCE_SECONDS
from tests.test_pages import empty as empty


def opened(address: str) -> AppTest:
    """The page of this link, in a session of its own."""
    page, _, query = address.partition("?")
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE_SECONDS)
    for name, values in parse_qs(query, keep_blank_values=True).items():
        app.query_params[name] = values
    app.run()
    if page != "/":
        app.switch_page(f"pages{page}.py").run()
    assert not app.exception, app.exception
    return app


def chosen(app: AppTest, name: str) -> Any:
    """What the widget of this name in the link shows."""
    return app.session_state[f"choose_{name}"]


LINKS = [
    pytest.param("/?weeks=26&split=region&region=North&region=South", {"weeks": "26", "split": "region", "region": ["North", "South"]},
                 id="health: weeks, split, filter"),
    pytest.param("/?measure=nps&product=Aroma+One", {"product": ["Aroma One"]}, id="health: measure, product"),
    pytest.param("/?part=loyalty&rated=csat&after=180", {"part": "loyalty", "rated": "csat", "after": "180"}, id="health: loyalty"),
    pytest.param("/?part=actions&weeks=104", {"part": "actions", "weeks": "104"}, id="health: actions"),
    pytest.param("/surges?surge=Aroma+One%1Fleaks%1F2026-03-01&surge_by=region", {"surge_by": "region"}, id="surges: opened, by"),
    pytest.param("/campaigns?beside=K01&beside=K02", {"beside": ["K01", "K02"]}, id="campaigns: beside each other"),
    pytest.param("/benchmarks?over=104&standing=nps&rival=Northpeak", {"over": "104"}, id="benchmarks: period, measure"),
    pytest.param("/journey?view=funnel&span=26&by=region&device=mobile", {"view": "funnel", "span": "26", "by": "region", "device": ["mobile"]},
                 id="journey: funnel"),
    pytest.param("/journey?against=groups&group_by=region&a=South&b=North", {"against": "groups", "group_by": "region", "a": "South", "b": "North"},
                 id="journey: two groups"),
    pytest.param("/journey?open=stage&open=purchase&whose=reached", {"whose": "reached"}, id="journey: opened stage"),
    pytest.param("/journey?view=return&heat=clv", {"view": "return", "heat": "clv"}, id="journey: cohorts"),
    pytest.param("/journey?view=touchpoints&stage_of=support", {"view": "touchpoints", "stage_of": "support"}, id="journey: touchpoints"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "expected"), LINKS)
def test_a_link_opens_with_what_its_sender_chose(
    company: DemoCompany, address: str, expected: dict[str, Any]
) -> None:
    app = opened(address)
    assert {name: chosen(app, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("address", "header"),
    [
        pytest.param("/?measure=nps", "Net promoter score", id="measure"),
        pytest.param("/campaigns?opened=K01", "Units sold", id="campaign"),
        pytest.param("/benchmarks?standing=csat", "Satisfaction", id="benchmark"),
        pytest.param("/data?export=1", "shop", id="export"),
    ],
)
def test_what_was_opened_is_open(company: DemoCompany, address: str, header: str) -> None:
    assert any(told.value.startswith(header) for told in opened(address).header)


@pytest.mark.parametrize(
    ("address", "left_out"),
    [
        pytest.param("/?weeks=26&shoe=42", "shoe=42", id="a name"),
        pytest.param("/?weeks=7&region=Nowhere", "weeks=7, region=Nowhere", id="values"),
        pytest.param(
            "/?split=%3Cb%3E%5Bx%5D(http%3A%2F%2Fh)", r"split=\<b\>\[x\]\(http\://h\)", id="hostile"
        ),
    ],
)
def test_what_a_link_asks_for_that_is_not_known_is_left_out_and_told_once(
    company: DemoCompany, address: str, left_out: str
) -> None:
    app = opened(address)
    assert not app.error
    assert [told.value.partition(": ")[2] for told in app.toast] == [left_out]
    assert not app.run().toast


def test_a_good_link_is_opened_without_a_word(company: DemoCompany) -> None:
    assert not opened("/?weeks=26&region=North&measure=nps&part=week").toast


def test_names_and_values_of_earlier_versions_are_called_as_today(
    company: DemoCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(link.RENAMED, "period", "weeks")
    monkeypatch.setitem(link.RENAMED_VALUES, "weeks", {"half-year": "26"})
    app = opened("/?period=half-year&region=North")
    assert chosen(app, "weeks") == "26"
    assert app.query_params == {"weeks": "26", "region": "North"}
    assert not app.toast
    assert link.today({"period": ["13"], "weeks": ["52"]}) == {"weeks": ["52"]}


def test_an_empty_store_opens_any_link(empty: Folders) -> None:
    for page in ("/", "/surges", "/journey"):
        assert opened(f"{page}?weeks=26&open=stage&open=x&surge=a").title[0].value == "No data yet"

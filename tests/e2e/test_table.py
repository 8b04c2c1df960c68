"""The table in a real browser: what it shows, how it is chosen from, and that a new figure changes nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import DESKTOP, PHONE, browsing, needs_browser, serving
from tests.e2e.table_probe import HOSTILE

pytestmark = needs_browser

PROBE = Path(__file__).with_name("table_probe.py")
READABLE = 4.5
COLOURS = """
cells => cells.map((cell) => [cell.querySelector(".text"), cell.querySelector(".body")])
  .map(([text, body]) => [getComputedStyle(text).color, getComputedStyle(body).backgroundColor])
"""
COUNT_CHANGES = """
(root) => {
  window.changes = 0;
  new MutationObserver((records) => (window.changes += records.length))
    .observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
}
"""
ACCENT = """
(head) => {
  const [line, box] = [getComputedStyle(head, "::before"), head.getBoundingClientRect()];
  return { left: parseFloat(line.left), right: parseFloat(line.right), width: box.width };
}
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with serving(tmp_path_factory.mktemp("served"), PROBE) as running, browsing() as context:
        page = context.new_page()
        page.goto(running.url)
        page.wait_for_selector("text=Chosen buy at step 0")
        yield page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """The one page, as wide, light and left to right again afterwards as it was."""
    yield opened
    opened.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    opened.emulate_media(color_scheme="light")
    opened.evaluate("document.documentElement.removeAttribute('dir')")


def table(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-card-{name} table")


def following(page: Page) -> None:
    """Bring the next figures as a push does: the focus stays where it is."""
    step = int(page.get_by_text("at step").inner_text().split()[-1])
    page.get_by_role("button", name="Next").evaluate("button => button.click()")
    page.wait_for_selector(f"text=at step {step + 1}")


def test_it_is_a_table_to_those_who_hear_it(page: Page) -> None:
    heard = page.get_by_role("table", name="Where we stand")
    assert heard.get_by_role("columnheader").all_inner_texts() == [
        "Measure",
        "Current",
        "Ideal",
        "Gap",
        "In words",
        "Weeks",
    ]
    satisfaction = heard.get_by_role("row", name="Satisfaction")
    assert satisfaction.get_by_role("rowheader").inner_text().strip() == "Satisfaction"
    assert [text.strip() for text in satisfaction.get_by_role("cell").all_inner_texts()][:3] == [
        "82.7",
        "84.0",
        "−1.9",
    ]
    expect(heard.get_by_role("button")).to_have_count(0)


def test_hostile_names_are_text(page: Page) -> None:
    expect(table(page, "funnel").get_by_role("rowheader", name=HOSTILE)).to_have_count(1)
    assert page.evaluate("window.hurt") is None


def test_bars_are_as_long_as_their_shares(page: Page) -> None:
    bars = table(page, "funnel").locator(".fill")
    lengths = [box["width"] for bar in bars.all() if (box := bar.bounding_box())]
    assert [length / lengths[0] for length in lengths] == pytest.approx(
        [1, 62 / 97, 41 / 97, 22 / 97], abs=0.01
    )


def test_a_line_runs_from_zero_with_its_gaps_and_is_said_in_words(page: Page) -> None:
    cell = page.get_by_role("table", name="Where we stand").locator("td.spark").first
    expect(cell).to_have_text(re.compile("Between 0 and 8 a week."))
    assert cell.locator(".line").get_attribute("d") == "M0.00,22.00h0M50.00,31.50L75.00,41.00L100.00,3.00"
    expect(cell.locator(".dot")).to_be_visible()
    expect(table(page, "gaps").locator("td:not(.spark) .plot")).to_have_count(0)


def test_a_click_anywhere_on_a_row_chooses_it(page: Page) -> None:
    table(page, "funnel").get_by_text("▲ 0.5 pts").click()
    page.wait_for_selector("text=Chosen onboard")
    expect(table(page, "funnel").locator("[aria-pressed=true]")).to_have_text(re.compile("Onboard"))


def test_a_cell_of_a_map_is_chosen_by_itself(page: Page) -> None:
    table(page, "cohorts").locator("[data-id='2/3']").click()
    page.wait_for_selector("text=Chosen 2/3")
    table(page, "cohorts").locator("td.blank").first.click()
    table(page, "gaps").get_by_text("82.7").click()
    page.wait_for_selector("text=Chosen 2/3")


@pytest.mark.parametrize(
    ("name", "button", "press"), [("funnel", "buy", "Enter"), ("cohorts", "1/4", "Space")]
)
def test_the_keyboard_alone_chooses(page: Page, name: str, button: str, press: str) -> None:
    chosen = table(page, name).locator(f"[data-id='{button}']")
    chosen.focus()
    page.keyboard.press(press)
    page.wait_for_selector(f"text=Chosen {button} ")
    expect(chosen).to_be_focused()
    expect(chosen).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_phone_scrolls_the_map_and_never_the_page(page: Page, direction: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.evaluate(f"document.documentElement.dir = '{direction}'")
    scroller = page.get_by_role("group", name="Customers kept, by month")
    expect(scroller).to_have_attribute("tabindex", "0")
    main = page.locator("[data-testid=stMain]")
    for block in (page.locator("html"), main, page.locator(".st-key-card-gaps .scroller")):
        assert block.evaluate("block => block.scrollWidth - block.clientWidth") <= 0
    header = table(page, "cohorts").locator("tbody th").first
    before = header.bounding_box()
    scroller.focus()
    page.keyboard.press("ArrowRight" if direction == "ltr" else "ArrowLeft")
    page.wait_for_function("scroller => Math.abs(scroller.scrollLeft) > 10", arg=scroller.element_handle())
    after = header.bounding_box()
    assert before
    assert after
    assert after["x"] == pytest.approx(before["x"], abs=2)


def test_on_a_phone_each_row_is_a_block_that_is_still_a_row(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    satisfaction = page.get_by_role("table", name="Where we stand").get_by_role("row", name="Satisfaction")
    current, ideal = (satisfaction.get_by_role("cell").nth(place).bounding_box() for place in (0, 1))
    assert current
    assert ideal
    assert current["x"] == ideal["x"]
    assert ideal["y"] >= current["y"] + current["height"]
    label = satisfaction.get_by_role("cell").first.evaluate(
        "cell => getComputedStyle(cell, '::before').content"
    )
    assert label.startswith('"Current"')


@pytest.mark.parametrize(("direction", "side"), [("ltr", "left"), ("rtl", "right")])
def test_the_accent_of_the_chosen_row_stands_where_it_begins(page: Page, direction: str, side: str) -> None:
    row = table(page, "funnel").locator("tbody th").first
    row.click()
    expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    page.evaluate(f"document.documentElement.dir = '{direction}'")
    accent = row.evaluate(ACCENT)
    assert accent[side] == 0
    assert accent["left" if side == "right" else "right"] == pytest.approx(accent["width"] - 3, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_strength_of_heat_is_readable(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    ground = page.locator("[data-testid=stApp]")
    expect(ground).to_have_css(
        "background-color", {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 19, 24)"}[scheme]
    )
    cells = table(page, "cohorts").locator("tbody tr:first-child td.measured")
    pairs = cells.evaluate_all(COLOURS)
    assert len({background for _, background in pairs}) == 12
    assert min(contrast(text, background) for text, background in pairs) >= READABLE
    expect(table(page, "cohorts").locator("td.blank .body").first).to_have_css(
        "background-color", "rgba(0, 0, 0, 0)"
    )


def test_new_figures_change_nothing_but_themselves(page: Page) -> None:
    funnel, gaps = table(page, "funnel"), table(page, "gaps")
    funnel.locator("[data-id=onboard]").focus()
    gaps.evaluate(COUNT_CHANGES)
    assert page.evaluate("window.changes") == 0
    funnel.evaluate("root => root.querySelectorAll('tr').forEach((line) => (line.known = line.dataset.key))")
    following(page)
    expect(funnel.locator(".changed")).to_have_text(["61.0%"])
    keys = funnel.locator("tbody tr").evaluate_all(
        "lines => lines.map((line) => [line.known, line.dataset.key])"
    )
    names = [HOSTILE.lower(), "onboard", "buy", "discover"]
    assert keys == [[name, name] for name in names]
    expect(funnel.locator("[data-id=onboard]")).to_be_focused()
    assert page.evaluate("window.changes") == 0


def contrast(one: str, other: str) -> float:
    """The contrast of two computed colours as WCAG counts it, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [float(part) for part in re.findall(r"[\d.]+", colour.removeprefix("color(srgb"))][:3]
    scale = 1 if colour.startswith("color(srgb") else 255
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (p / scale for p in parts)]
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

"""The Sankey picture in a real browser: what is clicked reaches Python, and names stay text."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import DESKTOP, PHONE, browsing, needs_browser, offline, serving

pytestmark = needs_browser

PROBE = Path(__file__).with_name("flow_probe.py")
HOSTILE = "<img src=x onerror=alert(1)>"
NODE, BACK = "path[fill='var(--st-primary-color)']", "path[fill='var(--st-orange-color)']"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("flow"), PROBE) as started:
        yield started


@pytest.fixture(scope="module")
def page(running):
    """One page for all; whatever it asked of another host, and every script that a name got to run, is a failure."""
    alerts = []
    with browsing(color_scheme="light", reduced_motion="reduce") as context:
        opened = context.new_page()
        opened.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        with offline(opened, running.url):
            shown(opened, running.url)
            yield opened
    assert alerts == []


def shown(page, url):
    page.goto(url)
    page.wait_for_selector(f".echarts-container {NODE}")
    page.wait_for_selector("text=Clicks 0")


def middle(page, selector):
    box = page.locator(f".echarts-container {selector}").first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def again(page, times):
    page.get_by_role("button", name="Again").click()
    page.wait_for_selector(f"text=again {times} times")


def test_a_click_reaches_python_once_and_the_picture_stays(page):
    page.evaluate("window.kept = document.querySelector('.echarts-container svg')")
    page.mouse.click(*middle(page, NODE))
    page.wait_for_selector("text=Clicks 1, chosen (1, 'aware', '')")
    link = middle(page, BACK)
    page.mouse.click(*link)
    page.wait_for_selector("text=Clicks 2, chosen (2, 'try', 'aware')")
    page.mouse.click(*link)
    page.wait_for_selector("text=Clicks 3, chosen (2, 'try', 'aware')")
    again(page, 1)
    again(page, 2)
    assert page.locator("text=Clicks 3,").count() == 1
    assert page.evaluate(
        "window.kept.isConnected && window.kept === document.querySelector('.echarts-container svg')"
    )


def test_the_picture_has_a_text_alternative(page):
    expect(page.get_by_role("img", name="How customers move")).to_be_visible()


def test_a_name_is_text_whatever_it_holds(page):
    assert HOSTILE[4:] not in page.locator(".echarts-container").inner_html()
    labels = [label.strip() for label in page.locator(".echarts-container text").all_text_contents()]
    assert labels[labels.index("620 <img src=x") + 1] == "onerror=alert(1)>"
    page.mouse.move(*middle(page, BACK))
    page.wait_for_selector(f"text=60 went from {HOSTILE} to Awareness.")
    assert page.locator(".echarts-container img").count() == 0


def test_light_and_dark_need_no_run(page):
    colour = f'getComputedStyle(document.querySelector("{NODE}")).fill'
    assert page.evaluate(colour) == "rgb(29, 95, 208)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{colour} === 'rgb(76, 141, 246)'")
    page.emulate_media(color_scheme="light")


def test_a_phone_shows_fewer_steps_and_cuts_nothing(page):
    wide = page.locator(f".echarts-container {NODE}").count()
    page.set_viewport_size(PHONE)
    page.wait_for_function(f'document.querySelectorAll(".echarts-container {NODE}").length < {wide}')
    inside = page.locator(".echarts-container").bounding_box()
    for text in page.locator(".echarts-container text").all():
        box = text.bounding_box()
        assert inside["x"] <= box["x"]
        assert box["x"] + box["width"] <= inside["x"] + inside["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(DESKTOP)


def test_from_right_to_left_the_first_step_stands_right_and_its_label_left_of_it(page, running):
    shown(page, f"{running.url}/?rtl=1")
    page.add_style_tag(content=".stApp { direction: rtl; }")
    boxes = [node.bounding_box()["x"] for node in page.locator(f".echarts-container {NODE}").all()]
    label = page.locator(".echarts-container text", has_text="1,000 Awareness").bounding_box()
    assert max(boxes) - 40 < label["x"] + label["width"] < max(boxes)

"""From a commit to changed pixels: the push, on every page, through reloads and restarts."""

import json
import statistics
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from cx.ui import live
from tests.e2e.browser import browsing, free_port, needs_browser, serving

pytestmark = needs_browser

PROBE = Path(__file__).with_name("probe.py")
BUMPS = 10

WATCH_EVERY_FRAME = """
() => {
  const seen = (window.seen = { versions: {}, frames: 0, missing: 0 });
  const frame = () => {
    const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
    const tiles = hosts.flatMap((host) => [...host.shadowRoot.querySelectorAll(".tile")]);
    const canvas = document.querySelector("[data-testid=stVegaLiteChart] canvas");
    const text = document.body.innerText.match(/Shown (\\d+)/);
    seen.frames += 1;
    const whole = tiles.length === 3 && tiles.every((tile) => tile.offsetHeight > 50) && canvas?.offsetHeight > 50;
    if (!whole || !text) seen.missing += 1;
    if (text) seen.versions[text[1]] ??= Date.now();
    requestAnimationFrame(frame);
  };
  frame();
}
"""


@contextmanager
def probe(tmp_path, base="", path=""):
    with serving(tmp_path, PROBE, base) as running, browsing() as context:
        page = context.new_page()
        page.goto(f"{running.url}/{path}")
        page.wait_for_selector("canvas")
        page.wait_for_selector("text=Shown")
        yield running, page


def bump(running) -> int:
    return json.loads(running.ask("api/bump"))["version"]


def listeners(running) -> int:
    return json.loads(running.ask("api/listeners"))["listeners"]


def comes_to(page, version):
    page.wait_for_selector(f"text=Shown {version} ")


@pytest.mark.parametrize(("base", "path"), [("", ""), ("cx", "second")])
def test_a_commit_reaches_the_page_and_nothing_vanishes_meanwhile(tmp_path, base, path):
    with probe(tmp_path, base, path) as (running, page):
        page.wait_for_timeout(500)
        page.evaluate(WATCH_EVERY_FRAME)
        committed = {}
        for _ in range(BUMPS):
            version = bump(running)
            committed[version] = time.time() * 1000
            comes_to(page, version)
            page.wait_for_timeout(1000 * live.GAP_SECONDS + 200)
        seen = page.evaluate("seen")
    delays = sorted(seen["versions"][str(version)] - then for version, then in committed.items())
    print(f"\ncommit to text, ms: median {statistics.median(delays):.0f}, least {delays[0]:.0f}, most {delays[-1]:.0f};"
          f" frames {seen['frames']}, missing {seen['missing']}")  # fmt: skip
    assert seen["missing"] == 0
    assert statistics.median(delays) < 100 * live.HEARTBEAT_SECONDS


def test_a_page_that_was_left_does_not_go_on_listening(tmp_path):
    with probe(tmp_path) as (running, page):
        for name in ("second", "first", "second"):
            page.click(f"[data-testid=stTopNavLink]:has-text('{name}')")
            page.wait_for_selector(f"text=on {name}")
            comes_to(page, bump(running))
        page.wait_for_timeout(200)
        assert listeners(running) == 1
        page.goto("about:blank")
        until = time.monotonic() + 10
        while listeners(running) and time.monotonic() < until:
            time.sleep(0.05)
        assert listeners(running) == 0


def test_a_choice_of_tile_survives_a_push(tmp_path):
    with probe(tmp_path) as (running, page):
        page.locator(".tile").nth(0).click()
        page.wait_for_selector("text=chosen nps")
        comes_to(page, bump(running))
        assert page.locator(".tile[aria-pressed=true] .label").all_inner_texts() == ["nps"]


def test_the_page_comes_back_to_life_after_a_restart(tmp_path):
    port = free_port()
    with browsing() as context:
        page = context.new_page()
        with serving(tmp_path, PROBE, port=port) as running:
            page.goto(running.url)
            comes_to(page, bump(running))
            page.wait_for_timeout(200)
            running.stop()
        with serving(tmp_path, PROBE, port=port) as running:
            version = bump(running)
            comes_to(page, version)
            comes_to(page, bump(running))


def test_where_events_are_refused_a_heartbeat_does(tmp_path):
    with serving(tmp_path, PROBE) as running, browsing() as context:
        context.route("**/api/live", lambda route: route.fulfill(status=404))
        page = context.new_page()
        page.goto(running.url)
        page.wait_for_selector("text=Shown")
        comes_to(page, bump(running))

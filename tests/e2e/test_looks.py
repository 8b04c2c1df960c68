"""How the parts of all pages look: against pictures that were looked at, in light, in the dark and on a phone.

The pictures are of the parts with made-up numbers, so that no change of the data changes them. Where a part is meant to
look different, look at the new ones and keep them: `CX_KEEP_LOOKS=1 python -m pytest -n 0 tests/e2e/test_looks.py`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.browser import PHONE, browsing, needs_browser, serving

pytestmark = needs_browser

LOOKS = Path(__file__).with_name("looks")
PARTS = {
    "head": ".st-key-head",
    "tiles": ".st-key-tiles",
    "chart": ".st-key-card-chart",
    "table": ".st-key-card-table",
    "empty": ".st-key-card-empty",
    "states": ".st-key-states",
}
MODES = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE},
}
FAR, MOST = 40, 0.004
"""A pixel differs where a colour is this far off; so much of a picture may, for another machine draws letters otherwise."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("parts"), Path(__file__).with_name("parts_probe.py")) as running:
        yield running.url


@pytest.fixture(scope="module", params=MODES)
def seen(request: pytest.FixtureRequest, url: str) -> Iterator[tuple[str, Page]]:
    with browsing(
        reduced_motion="reduce", locale="en-GB", timezone_id="UTC", **MODES[request.param]
    ) as context:
        page = context.new_page()
        page.goto(url)
        expect(page.locator(".st-key-card-chart canvas")).to_be_visible()
        expect(page.locator(".st-key-card-table tbody tr")).to_have_count(3)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(600)
        yield request.param, page


@pytest.mark.parametrize("part", PARTS)
def test_a_part_looks_as_it_was_kept(seen: tuple[str, Page], part: str) -> None:
    mode, page = seen
    kept = LOOKS / f"{part}-{mode}.png"
    shot = page.locator(PARTS[part]).first.screenshot(animations="disabled", caret="hide")
    if os.environ.get("CX_KEEP_LOOKS"):
        LOOKS.mkdir(exist_ok=True)
        kept.write_bytes(shot)
    assert kept.exists(), f"no picture of it was kept: {kept.name}"
    before, now = (
        np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), int) for one in (kept.read_bytes(), shot)
    )
    assert now.shape == before.shape
    differs = (np.abs(now - before).max(axis=2) > FAR).mean()
    assert differs <= MOST, f"{differs:.2%} of {kept.name} look different"


def test_another_look_is_seen(seen: tuple[str, Page]) -> None:
    mode, page = seen
    table = page.locator(PARTS["empty"]).first
    table.evaluate("card => { card.style.background = 'orange' }")
    kept = Image.open(LOOKS / f"empty-{mode}.png").convert("RGB")
    now = Image.open(io.BytesIO(table.screenshot(animations="disabled"))).convert("RGB")
    table.evaluate("card => { card.style.background = '' }")
    assert (np.abs(np.asarray(now, int) - np.asarray(kept, int)).max(axis=2) > FAR).mean() > MOST

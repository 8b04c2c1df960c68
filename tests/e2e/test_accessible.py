"""Every page for those who hear it, who have no mouse, and who hold a phone: axe-core, the Tab key, the width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import DESKTOP, PHONE, needs_browser

pytestmark = needs_browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
AUDIT = """async () => {
  const rules = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
  const told = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return told.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`));
}"""

PAGES = {
    "weekly health": ("", "trend"),
    "loyalty": ("?part=loyalty", "loyalty"),
    "actions": ("?part=actions", "late"),
    "surges": ("surges", "queue"),
    "campaigns": ("campaigns?opened=K09&beside=K08&beside=K09", "beside"),
    "benchmarks": ("benchmarks", "matrix"),
    "journey": ("journey", "funnel"),
    "ideal": ("journey?view=ideal", "ideal"),
    "touchpoints": ("journey?view=touchpoints", "touchpoints"),
    "paths": ("journey?view=paths", "paths"),
    "channels": ("journey?view=channels", "presence"),
    "return": ("journey?view=return", "cohorts"),
    "data": ("data", "sources"),
}
"""Where each stands, and a card that is there once it is drawn."""
ALSO_DARK = ("weekly health", "surges", "campaigns", "journey", "data")
"""Those of every kind of part, which are looked at in the dark as well."""

# What can be reached by Tab, also within the components' own trees. A group of choices is one stop: arrows go on from there.
REACHABLE = """() => {
  const found = [], groups = [], stop = "a[href],button,input,select,textarea,summary,[tabindex]";
  const walk = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) walk(one.shadowRoot);
      if (!one.matches(stop) || one.tabIndex < 0 || one.disabled) continue;
      if (!one.checkVisibility({ visibilityProperty: true }) || one.closest("[inert],[aria-hidden=true]")) continue;
      const group = one.closest("[role=radiogroup],[role=tablist],[role=toolbar]");
      const known = group ? groups.indexOf(group) : -1;
      if (known < 0) groups.push(group ?? one);
      one.dataset.reach = known < 0 ? groups.length - 1 : known;
      if (known < 0) found.push([one.tabIndex, (one.getAttribute("aria-label") || one.innerText || one.outerHTML).trim().slice(0, 80)]);
    }
  };
  walk(document);
  return found;
}"""
FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return null;
  const around = [...(at.parentElement?.children ?? [])];
  for (let one = at, up = 0; one && up < 6; one = one.parentElement, up += 1) around.push(one);
  const own = getComputedStyle(at);
  const ringed = own.boxShadow !== "none" || (own.outlineStyle !== "none" && parseFloat(own.outlineWidth) > 0);
  const look = () => around.map((one) => {
    const told = getComputedStyle(one);
    return [told.outlineStyle, told.outlineWidth, told.boxShadow, told.borderColor, told.backgroundColor].join();
  }).join(";");
  const focused = look();
  at.blur();
  // A grid draws its own, a field shows its caret, and the page itself is the whole of what can be seen.
  const visible = ringed || look() !== focused || at.matches("canvas,input,textarea,[data-testid=stMain]");
  at.focus({ focusVisible: true, preventScroll: true });
  return { reach: at.dataset.reach ?? null, visible, what: (at.getAttribute("aria-label") || at.innerText || at.outerHTML).slice(0, 80) };
}"""


def shown(page: Page, name: str) -> None:
    path, card = PAGES[name]
    page.goto(f"/{path}")
    expect(page.locator(f".st-key-card-{card}")).to_be_visible()
    page.wait_for_load_state("networkidle")


def audited(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: list[str] = page.evaluate(AUDIT)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_nothing_keeps_anyone_from_reading_a_page(looking: Page, name: str) -> None:
    shown(looking, name)
    assert audited(looking) == []
    try:
        looking.emulate_media(color_scheme="dark")
        looking.set_viewport_size(PHONE)  # type: ignore[arg-type]
        looking.wait_for_timeout(300)
        if name in ALSO_DARK:
            assert audited(looking) == []
        for block in (looking.locator("html"), looking.locator("[data-testid=stMain]")):
            assert block.evaluate("block => block.scrollWidth - block.clientWidth") <= 0
    finally:
        looking.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        looking.emulate_media(color_scheme="light")


def test_the_audit_finds_what_is_wrong(looking: Page) -> None:
    shown(looking, "benchmarks")
    looking.locator("h1").evaluate("title => title.insertAdjacentHTML('afterend', '<button></button>')")
    assert [one.split(":")[0] for one in audited(looking)] == ["button-name"]


@pytest.mark.parametrize("name", ["weekly health", "campaigns", "data"])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(looking: Page, name: str) -> None:
    shown(looking, name)
    offered: list[Any] = looking.evaluate(REACHABLE)
    assert all(order == 0 for order, _ in offered), "an order of its own is not the order of reading"
    looking.evaluate("document.activeElement?.blur?.()")
    reached: set[int] = set()
    unseen: list[str] = []
    for _ in range(2 * len(offered)):
        looking.keyboard.press("Tab")
        at = looking.evaluate(FOCUSED)
        if at is None or (at["reach"] is not None and int(at["reach"]) in reached):
            break
        if at["reach"] is None:  # a block that scrolls
            continue
        reached.add(int(at["reach"]))
        if not at["visible"]:
            unseen.append(at["what"])
    missed = [label for n, (_, label) in enumerate(offered) if n not in reached]
    assert (missed, unseen) == ([], [])

"""What axe-core (`make lint` installs it, beside the linters) finds wrong with a page under WCAG 2.2, A and AA."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.gates.sources import ROOT

CORE = ROOT / "scripts/lint/node_modules/axe-core/axe.min.js"
WIDTHS = ((360, 640), (1280, 800))
RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"],
})).violations.flatMap(({ id, nodes }) =>
  nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html.slice(0, 120)}`))"""


@cache
def core() -> str:
    return CORE.read_text(encoding="utf-8")


def violations(page: Page, widths: Any = WIDTHS) -> list[str]:
    """Each as "rule: where what", on a phone's width and on a desk's; the page keeps the last of them."""
    page.wait_for_load_state()  # its colours too
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(core() + "; null")  # not as a script of the page: its policy would refuse that
    found: dict[str, None] = {}
    for width, height in widths:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")  # nothing lies under the bar that stays
        found |= dict.fromkeys(f"{width} px, {one}" for one in page.evaluate(RUN))
    return list(found)

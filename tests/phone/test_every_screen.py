"""Every screen of the phone without a violation of WCAG 2.2 A and AA, on its own width and on a desk's."""

from __future__ import annotations

import re

import pytest

from tests.axe import violations
from tests.gates.sources import ROOT
from tests.phone.phone import Phone
from tests.phone.village import ROUND

pytestmark = [pytest.mark.phone, pytest.mark.further]
OF_HOUSEHOLD = f"{ROUND}/ho-0"
# Each address that leads to a screen of its own, and the screen; an interview's come after it was begun.
SCREENS = {
    "#/": "home",
    f"#/h/{OF_HOUSEHOLD}": "household",
    "#/new": "new-household",
    f"#/none/{OF_HOUSEHOLD}": "no-interview",
    f"#/propose/{OF_HOUSEHOLD}": "propose",
    "#/settings": "settings",
    "#/queue": "queue",
    "#/room": "room",
    "#/carry": "carry",
    "#/pin": "pin-change",
}
# Of a list that this office has not; its own test asks the same of it (tests/phone/test_supports.py).
ELSEWHERE = {"support"}
# Stand before everything else, or come only of something that went wrong.
OTHERS = {
    "welcome",
    "lock",
    "pin-new",
    "pin-forgot",
    "trouble",
    "elsewhere",
    "sent",
    "missed",
    "kinds-missing",
    "preview-missing",
}
OF_INTERVIEW = {"": "overview", "/check": "check", "/result": "result", "/s/thong_tin_ho": "section"}


def shown(phone: Phone, address: str, screen: str) -> list[str]:
    phone.page.evaluate("address => { location.hash = address }", address)
    phone.page.wait_for_selector(f"[data-screen={screen}]")
    if screen == "propose":
        phone.page.locator("input[name=what][value=died]").check()
        phone.page.locator("[data-part=people] input").first.check()
    return [f"{screen}: {one}" for one in violations(phone.page)]


def test_no_screen_has_a_violation(phone: Phone) -> None:
    found = [one for address, screen in SCREENS.items() for one in shown(phone, address, screen)]
    phone.begin("ho-0")
    draft = phone.page.evaluate("location.hash.split('/')[2]")
    for more, screen in OF_INTERVIEW.items():
        found += shown(phone, f"#/d/{draft}{more}", screen)
    assert found == [], "\n".join(found)


def test_every_screen_is_named() -> None:
    templates = ROOT.glob("survey/web/templates/phone/**/*.html")
    there = {name for path in templates for name in re.findall(r'data-screen="([\w-]+)"', path.read_text("utf-8"))}
    assert there == {*SCREENS.values(), *OF_INTERVIEW.values()} | OTHERS | ELSEWHERE

"""A household's page in a real Chromium: an act is seen, done and undone by hand, also on a narrow screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from survey.terms import Action
from tests.chromium import width_of
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_desk_in_chromium import desk
from tests.world import COMMUNE

__all__ = ["desk"]
pytestmark = pytest.mark.phone


@pytest.fixture
def work(field: Any) -> Field:
    made: Field = field(3)
    made.send(made.entry(0, CASES[0]))
    made.decide(made.sent[0], Action.ACCEPT)
    return made


def _as_if_it_were_well(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, status=200)


@pytest.fixture
def widths(desk: Page) -> Iterator[Any]:
    """`widths(name)`: the page fits a small phone and a desk's screen; a picture of each where PICTURES says."""

    def look(name: str) -> None:
        desk.wait_for_load_state()  # words may be there before the styles are
        for width in (360, 1280):
            desk.set_viewport_size({"width": width, "height": 800})
            assert width_of(desk) <= width, (name, width)
            if folder := os.environ.get("PICTURES"):
                desk.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)

    yield look


def test_a_household_is_merged_and_the_merge_is_undone(desk: Page, work: Field, widths: Any) -> None:
    desk.goto(f"/desk/{COMMUNE}/households/{work.households[0]}")
    for part in desk.locator("#acts ~ details summary").all():
        part.click()
    widths("household")
    desk.locator("details", has_text="Gộp vào hộ khác").locator("input[name=other]").fill("03757-01-002")
    desk.locator("details", has_text="Gộp vào hộ khác").get_by_role("button").click()
    expect(desk.locator("h1")).to_contain_text("Sẽ thay đổi: Gộp hộ")
    expect(desk.locator("main")).to_contain_text("ra khỏi danh sách, các máy sẽ được báo")
    widths("what-would-happen")
    desk.get_by_role("button", name="Ghi vào sổ").click()  # without a reason the browser itself asks for one
    expect(desk.locator("h1")).to_contain_text("Sẽ thay đổi")
    desk.locator("#reason").fill("hai hộ là một, họp thôn ngày 20/11")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    expect(desk.locator("[role=status]")).to_contain_text("Đã ghi")
    expect(desk.locator("h1 .tag")).to_have_text("Đã gộp vào hộ khác")
    widths("merged")
    desk.locator(".story li").first.get_by_role("button", name="Hoàn tác…").click()
    desk.locator("#reason").fill("gộp nhầm")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    expect(desk.locator("h1 .tag")).to_have_text("Đang có trong danh sách")
    expect(desk.locator(".story li.undone b")).to_have_text("Gộp hộ")
    widths("undone")


def test_a_refusal_names_the_rule_and_the_way_out(desk: Page, work: Field, widths: Any) -> None:
    desk.route("**/households/*", _as_if_it_were_well)  # a browser complains of each 409
    desk.goto(f"/desk/{COMMUNE}/households/{work.households[0]}")
    desk.locator("details summary", has_text="Gộp vào hộ khác").click()
    desk.locator("details", has_text="Gộp vào hộ khác").locator("input[name=other]").fill("03757-01-001")
    desk.locator("details", has_text="Gộp vào hộ khác").get_by_role("button").click()
    expect(desk.locator("[role=alert]")).to_contain_text("Không gộp một hộ với chính hộ đó")
    widths("refused")

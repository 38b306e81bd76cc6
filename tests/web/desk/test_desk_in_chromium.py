"""The desk in a real Chromium: keys, a narrow screen, a policy that refuses whatever is inline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from survey.terms import Action
from tests.chromium import page_of, width_of
from tests.serving import serving
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE

PAGES = ["", "queue", "queue?state=returned", "households", "report", "exports", "phones"]
pytestmark = pytest.mark.phone


@pytest.fixture
def work(field: Any) -> Field:
    made: Field = field(8)
    for number in range(6):
        made.send(made.entry(number, CASES[number]))
    made.decide(made.sent[0], Action.ACCEPT)
    made.decide(made.sent[1], Action.RETURN)
    return made


@pytest.fixture
def desk(app: Any, work: Field, chromium: Browser) -> Iterator[Page]:
    """A window of 1280 × 800 in which the supervisor is signed in; it must not complain about anything."""
    complaints: list[str] = []
    with serving(app) as port:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=f"http://localhost:{port}")
        page = page_of(context, "supervisor", complaints)
        yield page
        context.close()
    assert complaints == []


def arrives(desk: Page, place: str, words: str) -> None:
    """The page with `words` at `place` is there, its keys too."""
    expect(desk.locator(place).first).to_contain_text(words)
    desk.wait_for_load_state("load")


def test_a_queue_is_worked_off_with_the_keyboard(desk: Page, work: Field) -> None:
    desk.goto(f"/desk/{COMMUNE}/queue")
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    expect(desk.locator(":focus")).to_have_text("Lò Văn Đông")
    desk.keyboard.press("Enter")
    arrives(desk, "h1", "03757-01-003")
    desk.keyboard.press("j")
    arrives(desk, "h1", "03757-01-004")
    desk.keyboard.press("a")
    desk.keyboard.press("Enter")
    arrives(desk, "[role=status]", "Đã duyệt phiếu 03757-01-004")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    arrives(desk, "h1", "03757-01-003")
    desk.keyboard.press("r")
    desk.keyboard.type("jark: xem lại")  # letters in a box are letters
    desk.get_by_role("button", name="Trả lại kèm góp ý").click()
    expect(desk.locator("[role=status]").first).to_contain_text("Đã trả phiếu 03757-01-003")


def test_a_comment_stands_where_the_eye_is(desk: Page, work: Field) -> None:
    desk.goto(f"/desk/{COMMUNE}/queue")
    desk.locator("tbody th a").first.click()
    row = desk.locator("tr[id='q-nha_o/tuong']")
    row.locator("summary").click()
    row.locator("textarea").fill("Xem lại tường")
    desk.get_by_role("button", name="Trả lại kèm góp ý").click()
    expect(desk.locator("[role=status]").first).to_contain_text("Đã trả phiếu")
    desk.goto(f"/desk/{COMMUNE}/queue?state=returned")
    desk.locator("tbody tr", has_text="03757-01-003").locator("a").click()
    expect(desk.locator(".log")).to_contain_text("Xem lại tường")


def test_no_page_is_wider_than_a_small_phone(desk: Page, work: Field) -> None:
    desk.set_viewport_size({"width": 360, "height": 640})
    submission = work.submission(work.sent[2])
    for path in [*PAGES, f"records/{submission.id}"]:
        desk.goto(f"/desk/{COMMUNE}/{path}")
        expect(desk.locator("h1")).to_be_visible()
        assert width_of(desk) <= 360, path


def test_the_language_can_be_switched(desk: Page, work: Field) -> None:
    desk.goto(f"/desk/{COMMUNE}/report")
    desk.get_by_role("button", name="English").click()
    expect(desk.locator("h1")).to_have_text("Poor and near-poor households, and what they lack")
    expect(desk.locator("html")).to_have_attribute("lang", "en")

"""A phone whose sign-in is ended from another place keeps its drafts and says what to do; and the pages for that."""

from __future__ import annotations

import time
from base64 import b32decode
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from survey.accounts.factor import STEP, code_at
from tests import world
from tests.axe import violations
from tests.chromium import BROWSER, width_of
from tests.phone.phone import PATIENCE, Phone, Server
from tests.phone.test_sync import refuse

pytestmark = pytest.mark.phone
DRAFT = "thong_tin_ho/dia_chi"


@pytest.fixture
def desk(playwright: Playwright, server: Server) -> Iterator[Page]:
    """A supervisor's browser in the office."""
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN").new_page()
    page.set_default_timeout(PATIENCE)
    sign_in(page, server)
    page.wait_for_url("**/desk/**")
    yield page
    browser.close()


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/login")
    page.fill("[name=username]", "supervisor")
    page.fill("[name=password]", world.PASSWORD)
    page.press("[name=password]", "Enter")


def look(page: Page) -> None:
    """No violation, and no wider than a small phone or a desk's screen."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert width_of(page) <= width, (page.url, width)
        assert violations(page) == [], (page.url, width)


def test_a_phone_that_was_ended_keeps_its_drafts_says_what_to_do_and_sends(
    phone: Phone, server: Server, desk: Page
) -> None:
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    phone.answer(DRAFT, "Đầu bản, cạnh suối")
    phone.saved()

    desk.goto(f"{server.address}/accounts/")
    desk.get_by_role("link", name="Người thử enumerator", exact=True).click()
    desk.get_by_role("link", name="Các nơi người này đang đăng nhập").click()
    expect(desk.locator("[data-session]")).to_have_count(1)
    look(desk)
    desk.get_by_role("button", name="Kết thúc lần đăng nhập này").click()
    expect(desk.locator("[data-session]")).to_have_count(0)

    phone.begin("ho-0")
    refuse(phone)
    phone.go_home()
    notice = phone.page.locator("[data-notice=sign-in]")
    notice.wait_for()
    assert "đăng nhập" in notice.inner_text().lower()
    assert phone.counts() == {"saved": 2, "unsent": 1, "received": 0}
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    assert phone.value(DRAFT) == "Đầu bản, cạnh suối"
    phone.go_home()
    notice.locator("[data-action=sign-in]").click()
    phone.sign_in()
    phone.synced()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 1}

    desk.reload()
    expect(desk.locator("[data-session]")).to_have_count(1)
    for address in ("/account/sessions", "/account/factor", "/account/password"):
        desk.goto(f"{server.address}{address}")
        look(desk)


def test_a_second_factor_is_set_up_and_asked_for(server: Server, desk: Page) -> None:
    desk.goto(f"{server.address}/account/password")
    desk.get_by_role("link", name="Xác thực hai bước khi đăng nhập").click()
    secret = b32decode(desk.locator(".password-made").inner_text().replace(" ", ""))
    desk.fill("[name=code]", code_at(secret, int(time.time()) // STEP))
    desk.get_by_role("button", name="Thiết lập").click()
    expect(desk.locator("ol .password-made")).to_have_count(10)
    look(desk)
    recovery = desk.locator("ol .password-made").first.inner_text()
    desk.goto(f"{server.address}/account/factor")
    look(desk)
    desk.get_by_role("button", name="Đăng xuất").click()
    desk.wait_for_url("**/login")
    sign_in(desk, server)
    desk.wait_for_url("**/login/code*")
    look(desk)
    desk.fill("[name=code]", recovery)
    desk.press("[name=code]", "Enter")
    desk.wait_for_url("**/desk/**")

"""The pages of a round in a real Chromium: no wider than a small phone, nothing a policy refuses, a commune closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import page_of, width_of
from tests.interviews import ROUND, entry, over_nobody, push
from tests.serving import serving
from tests.working import work
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = [pytest.mark.phone, pytest.mark.usefixtures("small_round")]
PAGES = {
    "supervisor": [f"/rounds/{ROUND}/{COMMUNE}/", f"/desk/{COMMUNE}/", f"/desk/{COMMUNE}/report", "/rounds/"],
    "province": [f"/rounds/{ROUND}", f"/rounds/{ROUND}/{OTHER_COMMUNE}/", "/desk/"],
    "admin": [f"/rounds/{ROUND}", f"/rounds/{ROUND}/cancel", f"/rounds/{ROUND}/edit", "/rounds/new"],
}


@pytest.fixture
def signed_in(app: Any, chromium: Browser) -> Iterator[Callable[[str], Any]]:
    complaints: list[str] = []

    @contextmanager
    def sign_in(name: str) -> Iterator[Page]:
        with serving(app) as port:
            context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=f"http://localhost:{port}")
            page = page_of(context, name, complaints)
            page.wait_for_url("**/desk/**")
            yield page
            context.close()

    yield sign_in
    assert complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_a_round_is_wider_than_a_small_phone(signed_in: Any, login_as: Any, name: str) -> None:
    push(login_as("enumerator"), entry("ho-1"))
    with signed_in(name) as page:
        page.set_viewport_size({"width": 360, "height": 640})
        for path in PAGES[name]:
            page.goto(path)
            expect(page.locator("h1")).to_be_visible()
            assert width_of(page) <= 360, path


def test_a_commune_is_closed_and_its_figures_say_that_they_are_provisional(
    app: Any, signed_in: Any, session: Any, login_as: Any
) -> None:
    with signed_in("supervisor") as page:
        page.goto(f"/rounds/{ROUND}/{COMMUNE}/")
        button = page.get_by_role("button", name="Đóng đợt ở xã, phường này")
        expect(button).to_be_disabled()
        over_nobody(session)
        session.commit()
        page.reload()
        button.click()
        page.wait_for_url("**/jobs/*")
        work(app)
        done = page.locator("[role=status]").first  # the page looks again by itself
        expect(done).to_contain_text("Bước tiếp theo là tỉnh duyệt kết quả", timeout=30_000)
        page.get_by_role("link", name="Xem kết quả").click()
        expect(page.locator("[aria-current=step]")).to_contain_text("Đã đóng")
        page.goto(f"/desk/{COMMUNE}/report")
        expect(page.locator("main")).to_contain_text("Số liệu tạm tính")

"""Long work in a real Chromium: whoever uploads a list is led to its preview and its result by the page alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import chromium, page_of, playwright, width_of  # noqa: F401 - fixtures
from tests.register.test_importing import HOUSEHOLDS, VILLAGES
from tests.serving import serving
from tests.web.office.test_jobs import ask, under_way
from tests.working import work

pytestmark = pytest.mark.phone


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def page(app: Any, chromium: Browser, request: Any) -> Iterator[Page]:  # noqa: F811
    complaints: list[str] = []
    with serving(app) as port:
        context = chromium.new_context(
            viewport={"width": 360, "height": 640}, base_url=f"http://localhost:{port}",
            java_script_enabled=request.param,
        )  # fmt: skip
        made = page_of(context, "supervisor", complaints)
        made.wait_for_url("**/desk/**")
        yield made
        context.close()
    assert complaints == []


def test_a_list_is_uploaded_looked_at_and_imported(app: Any, page: Page) -> None:
    page.goto("/register/import/")
    page.locator("summary").first.click()
    for name, text in (("villages", VILLAGES), ("households", HOUSEHOLDS)):
        given = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.set_input_files(f"[name={name}]", given)  # type: ignore[arg-type]
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator("[data-job=queued]")).to_be_visible()
    work(app)
    page.wait_for_url("**/register/import/seen/**")  # the page looked again by itself
    expect(page.get_by_text("Hộ: 3 mới, 0 đã có")).to_be_visible()
    page.get_by_role("button", name="Nạp", exact=True).click()
    expect(page.locator("[data-job=queued]")).to_be_visible()
    work(app)
    expect(page.get_by_text("Đã thêm 2 thôn, bản và 3 hộ.")).to_be_visible()


def test_no_page_of_jobs_is_wider_than_a_small_phone(app: Any, page: Page, clock: Any) -> None:
    runs, waits = under_way(app, word="loading", done=1200, total=7500), ask(app)
    clock.advance(minutes=5)
    for path in (f"/jobs/{runs}", f"/jobs/{waits}", "/jobs/"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert width_of(page) <= 360, path

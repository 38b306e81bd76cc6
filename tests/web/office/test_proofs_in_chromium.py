"""The sheet of a closing and the log of acts in a real Chromium: no wider than a small phone, printed on A4."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import page_of, width_of
from tests.interviews import ROUND, accept_all
from tests.serving import serving
from tests.working import led
from tests.world import COMMUNE

pytestmark = [pytest.mark.phone, pytest.mark.usefixtures("small_round")]
SHEET = f"/rounds/{ROUND}/{COMMUNE}/proof"


def test_the_sheet_and_the_log_fit_a_phone_a_desk_and_paper(
    app: Any, chromium: Browser, login_as: Any, session: Any, tmp_path: Path
) -> None:
    accept_all(session, login_as, COMMUNE)
    assert (
        led(login_as("supervisor"), login_as("supervisor").post(f"/rounds/{ROUND}/{COMMUNE}/close")).status_code == 200
    )
    complaints: list[str] = []
    with serving(app) as port:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=f"http://localhost:{port}")
        page = page_of(context, "province", complaints)
        page.wait_for_url("**/desk/**")
        flow = (f"/rounds/{ROUND}/flow", "1 xã, phường chưa được tính")
        for path, words in ((SHEET, "TẠM TÍNH"), flow, ("/audit/", "Nhật ký thao tác")):
            for width, height in ((360, 640), (1280, 800)):
                page.set_viewport_size({"width": width, "height": height})
                page.goto(path)
                expect(page.locator("main")).to_contain_text(words)
                assert width_of(page) <= width, (path, width)
                if folder := os.environ.get("LOOK"):
                    page.screenshot(path=f"{folder}/{path.strip('/').replace('/', '-')}-{width}.png", full_page=True)
        page.goto(SHEET)
        drawn = page.evaluate("document.querySelector('.proof-foot img').naturalWidth")
        assert drawn > 100  # the code is there
        printed = page.pdf(prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        Path(os.environ.get("LOOK") or tmp_path, "sheet.pdf").write_bytes(printed)
        if folder := os.environ.get("LOOK"):  # as on paper: A4 across
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 1032, "height": 703})
            page.screenshot(path=f"{folder}/print.png", full_page=True)
            page.emulate_media(media="screen")
        page.goto("/audit/")
        page.select_option("#act", "round_closed")
        page.get_by_role("button", name="Xem").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        context.close()
    assert complaints == []

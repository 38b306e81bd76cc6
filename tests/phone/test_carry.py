"""A phone without network: its interviews go by hand, sealed, and the receipts come back by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests import world
from tests.chromium import BROWSER
from tests.phone.phone import OPENED, PIN, Phone, Server
from tests.phone.test_sync import refuse
from tests.phone.test_without_network import entries

pytestmark = pytest.mark.phone


@pytest.fixture
def desk(playwright: Playwright, server: Server) -> Iterator[Page]:
    """A supervisor's browser; opened while the server runs."""
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN", accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{server.address}/login?next=/exchange/")
    page.fill("[name=username]", "supervisor")
    page.fill("[name=password]", world.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/exchange/")
    yield page
    browser.close()


def lose_network(phone: Phone) -> None:
    """What the phone keeps for later is there; then nothing answers any more."""
    phone.until("async () => Boolean(await caches.match('/later.html'))")
    phone.context.set_offline(True)


def interview(phone: Phone, household: str) -> None:
    phone.begin(household)
    refuse(phone)


def open_carry(phone: Phone) -> None:
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.click("[data-screen=settings] [data-action=carry]")
    phone.page.wait_for_selector("[data-screen=carry]")


def state(phone: Phone) -> str:
    """Of the finished interview that stands."""
    phone.page.wait_for_selector("[data-screen=sent]")
    return phone.page.get_attribute("[data-screen=sent]", "data-state") or ""


def see_first(phone: Phone) -> str:
    sent = phone.page.evaluate(f"{OPENED} return (await store.outbox()).map(({{ id }}) => id).sort()[0] }}", PIN)
    phone.page.evaluate("id => { location.hash = '#/sent/' + id }", sent)
    return state(phone)


def test_interviews_go_out_as_a_file_and_their_receipts_come_back(
    phone: Phone, server: Server, desk: Page, tmp_path: Path
) -> None:
    lose_network(phone)
    interview(phone, "ho-0")
    interview(phone, "ho-1")
    open_carry(phone)
    assert "2 phiếu chưa có biên nhận" in phone.page.inner_text("[data-part=count]")
    with phone.page.expect_download() as waiting:
        phone.page.click("[data-action=carry-file]")
    bundle = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(bundle)
    assert bundle.suffix == ".shb" and "ho-0" not in bundle.name
    assert "Lò".encode() not in bundle.read_bytes()
    phone.page.get_by_text("2 phiếu đã chép ra").wait_for()
    phone.go_home()
    assert phone.counts() == {"saved": 2, "unsent": 2, "received": 0}
    assert see_first(phone) == "unsent"
    assert "Đã chép ra, niêm phong lúc" in phone.page.inner_text("[data-part=sent-words]")

    desk.set_input_files("[name=bundles]", bundle)
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")
    assert [desk.inner_text(f"[data-count={name}]") for name in ("new", "known")] == ["2", "0"]
    with desk.expect_download() as waiting:
        desk.click("[data-action=receipts]")
    receipts = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(receipts)

    open_carry(phone)
    forged = tmp_path / "gia.json"
    said = json.loads(receipts.read_bytes())
    said["content"]["results"].pop()
    forged.write_text(json.dumps(said), encoding="utf-8")
    phone.page.set_input_files("[data-action=take-file]", forged)
    phone.page.get_by_text("không có chữ ký của máy chủ").wait_for()
    assert "2 phiếu chưa có biên nhận" in phone.page.inner_text("[data-part=count]")
    phone.page.set_input_files("[data-action=take-file]", receipts)
    phone.page.get_by_text("Vừa xác nhận đã nhận: 2 phiếu").wait_for()
    phone.page.get_by_text("Mọi phiếu đã có biên nhận").wait_for()
    phone.go_home()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}
    assert see_first(phone) == "received"

    phone.go_home()
    phone.context.set_offline(False)
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}
    assert len(entries(server)) == 2


@pytest.mark.further
def test_the_network_comes_before_the_carrier_and_nothing_is_doubled(
    phone: Phone, server: Server, desk: Page, tmp_path: Path
) -> None:
    lose_network(phone)
    interview(phone, "ho-0")
    open_carry(phone)
    with phone.page.expect_download() as waiting:
        phone.page.click("[data-action=carry-file]")
    bundle = tmp_path / "a.shb"
    waiting.value.save_as(bundle)
    phone.go_home()
    phone.context.set_offline(False)
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    desk.set_input_files("[name=bundles]", bundle)
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")
    assert [desk.inner_text(f"[data-count={name}]") for name in ("new", "known")] == ["0", "1"]
    assert len(entries(server)) == 1


@pytest.mark.further
def test_codes_go_from_screen_to_screen_as_text(phone: Phone, server: Server, desk: Page) -> None:
    lose_network(phone)
    interview(phone, "ho-0")
    open_carry(phone)
    phone.page.click("[data-action=carry-codes]")
    phone.page.wait_for_selector("[data-part=codes]:not([hidden])")
    phone.page.click("[data-action=halt]")
    total = int(phone.page.inner_text("[data-part=place]").split("/")[1])
    phone.page.click("[data-part=codes] summary")
    frames = set()
    for _ in range(total):
        frames.add(phone.page.inner_text("[data-part=text]"))
        assert phone.page.locator("[data-part=squares]").get_attribute("d")
        phone.page.click("[data-action=step]")
        phone.page.click("[data-action=halt]")
    assert len(frames) == total
    desk.fill("[name=codes]", "\n".join(frames))
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")
    assert desk.inner_text("[data-count=new]") == "1"

    desk.click("[data-codes] summary")
    shown = desk.locator("[data-codes] img")
    assert shown.evaluate_all("all => all.filter(one => !one.hidden).length") == 1
    codes = desk.locator("[data-codes] [data-frame]").evaluate_all("all => all.map(one => one.dataset.frame)")
    phone.page.click("section:last-of-type summary")
    phone.page.fill("[data-screen=carry] textarea", "\n".join(codes[1:]))
    phone.page.click("[data-action=take-lines]")
    if len(codes) > 1:
        phone.page.get_by_text("Còn thiếu mã: 1").wait_for()
    phone.page.fill("[data-screen=carry] textarea", "\n".join(codes))
    phone.page.click("[data-action=take-lines]")
    phone.page.get_by_text("Vừa xác nhận đã nhận: 1 phiếu").wait_for()
    phone.go_home()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert len(entries(server)) == 1


# This Chromium has neither a camera nor a reader of codes: a reader that sees what a test shows it, one code a look.
CAMERA = """
  window.BarcodeDetector = class { async detect() { return [{ rawValue: (window.sees ?? []).shift() ?? "" }] } }
  navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream()
"""
SEES = "codes => { window.sees = codes }"


@pytest.mark.further
def test_codes_are_read_by_the_camera_on_both_sides(phone: Phone, server: Server, desk: Page) -> None:
    desk.add_init_script(CAMERA)
    desk.reload()
    phone.context.add_init_script(CAMERA)
    lose_network(phone)
    phone.reload()
    interview(phone, "ho-0")
    open_carry(phone)
    phone.page.evaluate("window.sees = []")
    phone.page.click("[data-action=carry-codes]")
    phone.page.wait_for_selector("[data-part=codes]:not([hidden])")
    phone.page.locator("[data-action=speed]").select_option("2")
    total = int(phone.page.inner_text("[data-part=place]").split("/")[1])
    frames: dict[str, None] = {}
    while len(frames) < total:  # the loop shows them by itself, for ever
        text = phone.page.locator("[data-part=text]").text_content() or ""
        if text in frames:
            phone.until("text => document.querySelector('[data-part=text]').textContent !== text", text)
        frames[text] = None
    desk.evaluate(SEES, ["nothing of ours", *frames, *frames])
    desk.click("[data-action=scan]")
    desk.get_by_text("Đã đủ mã").wait_for()
    assert desk.input_value("[name=codes]").split("\n") == list(frames)
    assert desk.locator("[data-scan] video").is_hidden()
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")

    codes = desk.locator("[data-codes] [data-frame]").evaluate_all("all => all.map(one => one.dataset.frame)")
    phone.page.evaluate(SEES, [*codes[::-1], *codes])
    phone.page.click("[data-action=scan-receipts]")
    phone.page.get_by_text("Vừa xác nhận đã nhận: 1 phiếu").wait_for()
    assert phone.page.locator("[data-screen=carry] video").is_hidden()
    assert phone.page.locator("[data-part=codes]").is_hidden(), "there is nothing left to show"
    phone.go_home()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}


@pytest.mark.further
def test_a_share_sheet_that_does_not_take_the_file_leaves_it_in_the_downloads(phone: Phone, server: Server) -> None:
    phone.context.add_init_script("""
      navigator.canShare = () => true
      navigator.share = async () => { throw new DOMException('no', window.refusal) }
    """)
    lose_network(phone)
    phone.reload()
    interview(phone, "ho-0")
    open_carry(phone)
    phone.page.evaluate("window.refusal = 'AbortError'")  # somebody closed the sheet: nothing was handed on
    phone.page.click("[data-action=carry-file]")
    phone.until("() => !document.querySelector('[data-action=carry-file]').disabled")
    assert phone.page.inner_text("[data-part=carried]") == ""
    phone.page.evaluate("window.refusal = 'NotAllowedError'")  # this browser shares no such file
    with phone.page.expect_download() as waiting:
        phone.page.click("[data-action=carry-file]")
    assert waiting.value.suggested_filename.endswith(".shb")
    phone.page.get_by_text("1 phiếu đã chép ra").wait_for()


@pytest.mark.further
def test_a_phone_that_never_heard_the_key_says_what_to_do(phone: Phone, server: Server) -> None:
    """A phone of an earlier release that has had no contact since."""
    lose_network(phone)
    interview(phone, "ho-0")
    without_key = "const { escrow, ...hello } = await store.get('hello'); await store.set('hello', hello)"
    phone.page.evaluate(f"{OPENED} {without_key} }}", PIN)
    open_carry(phone)
    phone.page.click("[data-action=carry-file]")
    phone.page.get_by_text("Máy này chưa có khoá của máy chủ").wait_for()

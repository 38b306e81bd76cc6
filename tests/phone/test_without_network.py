"""A week in a village without network."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.phone.phone import Phone, Server

pytestmark = pytest.mark.phone


def entries(server: Server) -> list[dict[str, Any]]:
    """What the server holds, as received."""
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        rows = database.execute("SELECT content FROM submission ORDER BY received_at")
        return [json.loads(content) for (content,) in rows]


def test_the_app_starts_lists_and_finds_households_when_the_server_is_gone(phone: Phone, server: Server) -> None:
    server.stop()
    phone.reload()
    phone.page.wait_for_selector("[data-household=ho-0]")
    phone.page.fill("[data-action=search]", "ca thi doi")
    phone.until("() => document.querySelectorAll('[data-part=households] [data-household]').length === 1")
    assert "Cà Thị Đôi" in phone.page.inner_text("[data-part=households]")
    assert phone.page.locator("[data-household=ho-4]").count() == 0  # another enumerator's village


def test_every_answer_survives_the_browser_being_killed(phone: Phone, server: Server) -> None:
    server.stop()
    phone.begin()
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/dong_y", "co")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.section("thanh_vien[2]")
    phone.answer("thanh_vien[2]/the_bhyt", "khong")
    phone.question("thanh_vien[2]/cccd").locator("input").press_sequentially("0141820")
    phone.saved()
    phone.kill()
    phone.switch_on()
    phone.open()
    assert phone.counts()["saved"] == 1
    phone.begin()
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/dong_y") == "co"
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == "Quàng Thị Xuân"
    phone.section("thanh_vien[2]")
    assert phone.value("thanh_vien[2]/the_bhyt") == "khong"
    assert phone.value("thanh_vien[2]/cccd") == "0141820"
    phone.section("thanh_vien[1]")
    assert phone.value("thanh_vien[1]/the_bhyt") == ""  # last year's answer is only suggested
    assert phone.question("thanh_vien[1]/the_bhyt").locator("[data-action=same]").is_visible()


@pytest.mark.further
def test_the_pictures_of_the_latrines_are_there_offline(phone: Phone, server: Server, tmp_path: Path) -> None:
    server.stop()
    phone.begin()
    phone.section("dien_nuoc")
    pictures = phone.question("dien_nuoc/loai_nha_tieu").locator("label img")
    phone.until(
        "() => [...document.querySelectorAll('.choice img')].filter(image => image.naturalWidth === 240).length === 8"
    )
    assert len({picture.get_attribute("alt") for picture in pictures.all()}) == 8
    phone.page.screenshot(path=str(tmp_path / "latrines.png"), full_page=True)  # for a person to look at
    phone.answer("dien_nuoc/loai_nha_tieu", "dao_be_ngoi")
    assert phone.value("dien_nuoc/loai_nha_tieu") == "dao_be_ngoi"


# What the counts of the home screen were at any moment when it said that a talk had ended well, and one was not sent.
WATCH_THE_LINE_OF_TRUTH = """() => {
  window.contradictions = []
  const sync = () => document.querySelector("[data-part=sync]").dataset
  const { runs } = sync()
  const count = (name) => document.querySelector(`[data-count=${name}]`).textContent
  new MutationObserver(() => {
    const isSent = sync().state === "idle" && sync().runs !== runs
    if (isSent && count("unsent") !== "0") window.contradictions.push(`${count("unsent")} ${count("received")}`)
  }).observe(document.querySelector("[data-screen=home]"), { subtree: true, childList: true, attributes: true })
}"""


def test_an_interview_made_offline_is_sent_with_its_photo_and_its_receipt_kept(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    server.stop()
    phone.begin()
    phone.section("thong_tin_ho")
    phone.fill_in()
    phone.page.screenshot(path=str(tmp_path / "nha.png"), full_page=True)  # taller than a photo may be
    phone.section("xac_nhan")
    photo = phone.question("xac_nhan/anh_nha")
    photo.locator("[data-action=photo]").set_input_files(str(tmp_path / "nha.png"))
    photo.locator("[data-part=picture]").wait_for()
    assert (
        photo.locator("[data-part=picture]").evaluate("image => image.decode().then(() => image.naturalHeight)") <= 1024
    )
    for number in range(1, 7):
        phone.section(f"thanh_vien[{number}]")
        phone.fill_in()
    phone.finish_answers()
    phone.finalise()
    assert phone.page.get_attribute("[data-screen=sent]", "data-state") == "unsent"
    phone.go_home()
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    server.start()
    phone.page.evaluate(WATCH_THE_LINE_OF_TRUTH)
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert phone.page.evaluate("contradictions") == []
    (entry,) = entries(server)
    assert entry["household_id"] == "ho-0"
    assert len(entry["answers"]["thanh_vien"]) == 6
    (photo_sent,) = entry["files"]
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        assert database.execute("SELECT sha256, media_type FROM attachment").fetchall() == [
            (photo_sent["sha256"], "image/jpeg")
        ]
    phone.page.check("[name=show][value=done]", force=True)
    phone.page.click("[data-household=ho-0] >> nth=0")
    phone.page.click("[data-action=sent]")
    phone.page.wait_for_selector("[data-screen=sent][data-state=received]")


def test_signing_out_warns_of_what_is_not_sent_and_deletes_nothing(phone: Phone, server: Server) -> None:
    phone.begin()
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    phone.go_home()
    phone.page.click("[data-action=settings]")
    phone.page.click("[data-action=sign-out]")
    assert "1" in phone.page.inner_text("#dialog [data-part=words]")
    phone.page.click("#dialog [data-action=yes]")
    phone.page.wait_for_selector("[data-screen=welcome]")
    # Another person on this phone sees his own village and nothing of the first one's.
    phone.enrol("enumerator-2")
    assert phone.counts()["saved"] == 0
    assert phone.page.locator("[data-household=ho-0]").count() == 0
    phone.page.click("[data-action=settings]")
    phone.page.click("[data-action=sign-out]")
    phone.page.click("#dialog [data-action=yes]")
    phone.page.wait_for_selector("[data-screen=welcome]")
    phone.enrol()
    phone.begin()
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == "Quàng Thị Xuân"


def test_a_full_phone_says_so_and_keeps_the_answer_until_there_is_room(phone: Phone) -> None:
    phone.begin()
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    # Chromium's own switch for a small quota has no effect on localhost: the disk is full as IndexedDB would say it.
    phone.page.evaluate(
        "() => { window.add = IDBObjectStore.prototype.add;"
        " IDBObjectStore.prototype.add = () => { throw new DOMException('full', 'QuotaExceededError') } }"
    )
    phone.answer("thong_tin_ho/dia_chi", "Cuối bản")
    phone.page.wait_for_selector("#dialog[open]")
    assert phone.page.get_attribute("[data-part=saved]", "data-saved") == "failed"
    phone.page.evaluate("() => { IDBObjectStore.prototype.add = window.add }")
    phone.page.click("#dialog [data-action=yes]")
    phone.saved()
    phone.reload()
    phone.question("thong_tin_ho/dia_chi").wait_for()
    assert phone.value("thong_tin_ho/dia_chi") == "Cuối bản"


@pytest.mark.further
def test_english_is_there_without_network_and_says_so_where_it_is_not(phone: Phone, server: Server) -> None:
    phone.until("async () => Boolean(await caches.match('/language/en.html'))")
    server.stop()
    phone.reload()
    phone.page.wait_for_selector("[data-screen=home]")
    phone.page.click("[data-action=settings]")
    phone.page.locator("input[name=language][value=en]").check(force=True)
    phone.page.get_by_text("Size of the letters").wait_for()
    phone.reload()
    phone.page.get_by_text("Size of the letters").wait_for()
    phone.page.locator("input[name=language][value=vi]").check(force=True)
    phone.page.get_by_text("Cỡ chữ").wait_for()
    phone.page.evaluate("""async () => {
      for (const name of await caches.keys()) await (await caches.open(name)).delete('/language/en.html')
    }""")
    phone.reload()
    phone.page.locator("input[name=language][value=en]").click(force=True)
    phone.page.wait_for_selector("[data-part=language-missing]:not([hidden])")
    assert phone.page.locator("input[name=language][value=vi]").is_checked()

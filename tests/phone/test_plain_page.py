"""The way to the interviews when the app does not start: a page without any module of it, and what the office makes of
the file."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.phone.phone import KEPT, Phone, Server
from tests.phone.test_carry import desk  # noqa: F401 - a fixture
from tests.phone.test_release_whole import PUSH, STANDS, accept, broken, release, with_photo
from tests.phone.test_seeds import FETCHED
from tests.phone.test_without_network import entries

pytestmark = pytest.mark.phone

ROWS = """async () => {
  const found = []
  for (const { name } of await indexedDB.databases()) {
    const open = indexedDB.open(name)
    await new Promise(done => (open.onsuccess = done))
    for (const store of open.result.objectStoreNames) {
      const all = open.result.transaction(store).objectStore(store).getAllKeys()
      await new Promise(done => (all.onsuccess = done))
      found.push([name, open.result.version, store, JSON.stringify(all.result)])
    }
    open.result.close()
  }
  return found.sort()
}"""


def counted(phone: Phone, name: str) -> str:
    return phone.page.locator(f"section[lang=vi] [data-count={name}]").inner_text()


@pytest.mark.further
def test_interviews_leave_a_phone_whose_app_is_dead_and_arrive_at_the_office(
    phone: Phone,
    server: Server,
    desk: Page,  # noqa: F811
    tmp_path: Path,
) -> None:
    phone.until(f"() => {KEPT}")
    phone.context.route(PUSH, lambda route: route.abort())  # the office is there, nothing gets through
    server.stop()
    with_photo(phone)
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    phone.go_home()
    release(server, static=broken(tmp_path, "throw new Error('planted')"))
    assert phone.page.evaluate(FETCHED) == "installed"
    accept(phone)
    server.stop()
    phone.page.locator("#stuck [lang=vi] a[href='/plain.html']").click()
    assert phone.page.locator(STANDS).count() == 0
    before = phone.page.evaluate(ROWS)
    phone.page.locator("section[lang=vi] [data-plain=take]").click()
    link = phone.page.locator("section[lang=vi] a[download]")
    link.wait_for()
    assert (counted(phone, "entries"), counted(phone, "drafts")) == ("1", "1")
    with phone.page.expect_download() as waiting:
        link.click()
    bundle = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(bundle)
    assert re.fullmatch(r"so-ho-\d{8}-\w{6}-\w{4}\.shb", bundle.name)
    assert "Quàng".encode() not in bundle.read_bytes() and b"ho-1" not in bundle.read_bytes()
    assert phone.page.evaluate(ROWS) == before  # nothing on the phone was changed
    planted = [error for error in phone.errors if "planted" not in error]
    assert planted == []
    phone.errors.clear()

    server.start()
    desk.reload()
    desk.set_input_files("[name=bundles]", bundle)
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")
    said = {name: desk.locator(f"[data-count={name}]").inner_text() for name in ("new", "known", "begun")}
    assert said == {"new": "1", "known": "0", "begun": "1"}
    assert desk.locator("[data-count=incomplete], [data-count=held], [data-count=damaged]").count() == 0
    [one] = entries(server)
    assert one["household_id"] == "ho-0" and one["answers"]["xac_nhan"]["anh_nha"]
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM attachment").fetchone() == (1,)


def test_a_phone_that_never_was_enrolled_is_told_that_there_is_nothing_and_gets_no_empty_database(
    new_phone: Phone, server: Server
) -> None:
    new_phone.page.goto(f"{server.address}/plain.html")
    new_phone.page.locator("section[lang=en] [data-plain=take]").click()
    for language, words in {"vi": "không có phiếu nào", "en": "There is no interview"}.items():
        expect(new_phone.page.locator(f"section[lang={language}] [data-plain=nothing]")).to_contain_text(words)
    assert new_phone.page.evaluate(ROWS) == []
    new_phone.enrol()  # the app's own databases can still be made

"""Two windows of one browser, and a new release."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.phone.phone import Phone, Server

pytestmark = pytest.mark.phone

# The interview's screen is shown twice at once: by the tap, and by the end of a sync.
BEGIN_AS_A_SYNC_ENDS = """() => {
  addEventListener('hashchange', () => dispatchEvent(new HashChangeEvent('hashchange')), { once: true })
  document.querySelector('[data-action=interview]').click()
}"""

# The releases that the worker keeps; room that is kept back for full phones lies beside them.
RELEASES = "caches.keys().then(names => names.filter(name => name.startsWith('so-ho-')))"


def test_an_interview_open_in_one_window_is_taken_over_whole_by_another(phone: Phone) -> None:
    phone.begin()
    address = phone.page.url
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    first, second = phone.page, phone.watch(phone.context.new_page())
    second.goto(address)
    second.wait_for_selector("[data-screen=elsewhere]")  # the PIN is not asked twice: the first tab lends the key
    second.click("[data-action=take-over]")
    second.wait_for_selector("[data-screen=overview]")
    first.wait_for_selector("[data-screen=elsewhere]")
    phone.page = second
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == "Quàng Thị Xuân"
    phone.answer("thong_tin_ho/dia_chi", "Đầu bản")
    phone.saved()
    first.click("[data-action=take-over]")
    phone.page = first
    phone.page.wait_for_selector("[data-screen=section], [data-screen=overview]")
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/dia_chi") == "Đầu bản"


@pytest.mark.further
def test_an_interview_begun_as_a_sync_ends_is_not_taken_for_another_windows(phone: Phone) -> None:
    phone.page.click("[data-household=ho-0] >> nth=0")
    phone.page.wait_for_selector("[data-screen=household]")
    phone.page.evaluate(BEGIN_AS_A_SYNC_ENDS)
    phone.page.wait_for_selector("[data-screen=overview], [data-screen=elsewhere]")
    assert phone.page.locator("[data-screen=overview]").count() == 1


def test_a_new_release_waits_for_the_open_interview_and_for_a_tap(phone: Phone, server: Server) -> None:
    kept = phone.page.evaluate(RELEASES)
    phone.begin()
    phone.section("thong_tin_ho")
    server.stop()
    server.start(release="ban-moi")
    phone.page.evaluate("navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => true)")
    phone.until("() => navigator.serviceWorker.getRegistration().then(one => one.waiting !== null)")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    other = phone.watch(phone.context.new_page())
    other.goto(phone.address)
    other.wait_for_selector("[data-screen=home]")
    assert other.locator("[data-notice=release]").count() == 0  # an interview is open in the other window
    other.close()
    phone.go_home()
    phone.page.wait_for_selector("[data-notice=release]")
    with phone.page.expect_navigation():
        phone.page.click("[data-action=update]")
    phone.unlock()
    phone.page.wait_for_selector("[data-screen=home]")
    phone.until(f"() => {RELEASES}.then(names => names.join() === 'so-ho-ban-moi')")
    assert kept != ["so-ho-ban-moi"]
    phone.begin()
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == "Quàng Thị Xuân"


@pytest.mark.further
def test_a_page_that_no_worker_has_in_its_care_asks_for_one(phone: Phone) -> None:
    """So stands a page that was on its way while the first worker woke; reloading past the worker makes one."""
    phone.until("() => navigator.serviceWorker.controller")
    with phone.page.expect_navigation():
        phone.context.new_cdp_session(phone.page).send("Page.reload", {"ignoreCache": True})
    phone.unlock()
    phone.until("() => navigator.serviceWorker.controller")
    phone.page.wait_for_selector("[data-screen=home]")
    expect(phone.page.locator("[data-notice=not-offline]")).to_have_count(0)


def test_a_release_that_arrives_in_part_leaves_the_one_before_whole(phone: Phone, server: Server) -> None:
    kept = phone.page.evaluate(RELEASES)
    server.stop()
    server.start(release="ban-hong")
    # The line breaks at one file of the new release.
    phone.context.route("**/modules.json", lambda route: route.abort())
    phone.page.evaluate(
        "navigator.serviceWorker.getRegistration().then(one => one.update()).then(one => new Promise(done => {"
        " const worker = one.installing; if (!worker || worker.state === 'redundant') return done(true);"
        " worker.addEventListener('statechange', () => worker.state === 'redundant' && done(true)) }))"
    )
    server.stop()
    phone.reload()
    phone.page.wait_for_selector("[data-household=ho-0]")
    assert phone.page.evaluate(RELEASES) == kept


JOURNAL = """async account => {
  const open = indexedDB.open(`so-ho-${account}`)
  await new Promise(done => (open.onsuccess = done))
  const all = open.result.transaction('journal').objectStore('journal').getAll()
  await new Promise(done => (all.onsuccess = done))
  open.result.close()
  return all.result.length
}"""


def test_an_interview_begun_by_mistake_is_discarded_after_one_question_and_its_journal_stays(phone: Phone) -> None:
    phone.begin()
    address = phone.page.url
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    first, second = phone.page, phone.watch(phone.context.new_page())
    second.goto(phone.address)
    phone.page = second
    second.click("[data-part=open-list] [data-household=ho-0]")
    second.click("[data-action=discard]")
    second.wait_for_selector("#dialog[open]")
    databases = second.evaluate("indexedDB.databases().then(all => all.map(one => one.name))")
    (account,) = [name.removeprefix("so-ho-") for name in databases if name.startswith("so-ho-")]
    steps = second.evaluate(JOURNAL, account)
    assert steps > 0
    assert "1 câu trả lời" in second.inner_text("#dialog")
    second.click("#dialog [data-action=no]")
    second.click("[data-action=discard]")
    second.click("#dialog [data-action=yes]")
    second.wait_for_selector("[data-screen=home]")
    assert phone.counts()["saved"] == 0
    first.wait_for_selector("[data-screen=home]")  # the window that had it open no longer writes to it
    first.goto(address)
    first.wait_for_selector("[data-screen=home]")
    assert second.evaluate(JOURNAL, account) == steps + 1  # the last of them says that it was discarded
    phone.begin()
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == ""

"""Photos on a bad line: what arrived is not sent again, what cannot go says why, and nothing holds up anything else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, Route, expect

from tests.chromium import width_of
from tests.phone.conftest import Enrolled
from tests.phone.line import Line
from tests.phone.phone import Phone, Server
from tests.phone.test_media import built, upload  # noqa: F401 - a fixture
from tests.pictures import noise

pytestmark = pytest.mark.phone
PHOTO = noise("PNG", 800, 600)  # drawn anew by the phone: about 350 kB
SLOW = """Object.defineProperty(navigator, 'connection', {
  get: () => ({ effectiveType: '2g', type: 'cellular', saveData: false })
})"""


@pytest.fixture
def line(server: Server, ports: Iterator[int]) -> Iterator[Line]:
    """The office moves to another port, and all that the phone says goes by a line that can break."""
    asked, moved = server.port, next(ports)
    server.stop()
    server.port = moved
    server.start()
    made = Line(asked, moved)
    yield made
    made.stop()


@pytest.fixture
def phone(playwright: Playwright, enrolled: Enrolled, line: Line, profile: Path) -> Iterator[Phone]:
    made = Phone(playwright, profile, f"http://localhost:{enrolled.port}")
    made.open()
    made.synced()
    yield made
    made.switch_off()
    assert made.errors == []


def photographed(phone: Phone, household: str = "ho-0", data: bytes = PHOTO, *, says_right: bool = False) -> None:
    """An interview with one photo, finished; the phone goes home and begins to send."""
    phone.begin(household, says_right=says_right)
    phone.section("hinh")
    photo = phone.question("hinh/anh")
    photo.locator("[data-action=photo]").set_input_files(upload("a.png", "image/png", data))
    photo.locator("img.picture").wait_for()
    phone.saved()
    phone.finish_answers()
    phone.finalise()
    phone.go_home()


def at_the_server(server: Server) -> list[int]:
    """The sizes of the photos that the server has."""
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        return [size for (size,) in database.execute("SELECT size FROM attachment")]


def count(server: Server, table: str) -> int:
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def stopped(phone: Phone, why: str) -> None:
    phone.page.wait_for_selector(f"[data-part=sync][data-state=wait][data-why={why}]")


def nudge(phone: Phone) -> None:
    """There is network again: the phone talks with the office by itself, whether or not it was about to."""
    phone.page.evaluate("dispatchEvent(new Event('online'))")


def queue(phone: Phone) -> None:
    phone.page.click("[data-screen=home] [data-action=queue]")
    phone.page.wait_for_selector("[data-screen=queue]")


def test_a_line_cut_in_a_photo_goes_on_where_it_stopped(phone: Phone, line: Line, server: Server) -> None:
    line.breaks_after(280_000)  # the record and two of the photo's parts get through
    photographed(phone)
    phone.page.wait_for_selector("[data-part=sync][data-state=wait]")
    (partial,) = (server.folder / "uploads").iterdir()
    there = partial.stat().st_size
    assert there >= 128 * 1024
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    line.mend()
    before = line.up
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    (size,) = at_the_server(server)
    assert line.up - before < size - there + 40_000  # the rest of the photo, and the talk around it
    assert not list((server.folder / "uploads").iterdir())


@pytest.mark.further
def test_a_server_killed_in_a_photo_loses_none_of_it(phone: Phone, line: Line, server: Server) -> None:
    line.breaks_after(280_000)
    photographed(phone)
    phone.page.wait_for_selector("[data-part=sync][data-state=wait]")
    server.stop()
    server.start(release="ban-moi")  # and it comes back with a new release
    line.mend()
    before = line.up
    phone.sync()
    (size,) = at_the_server(server)
    assert line.up - before < size
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}


@pytest.mark.further
def test_a_session_that_ends_among_the_photos_asks_to_sign_in_and_goes_on_after(
    phone: Phone, line: Line, server: Server
) -> None:
    line.breaks_after(280_000)
    photographed(phone)
    phone.page.wait_for_selector("[data-part=sync][data-state=wait]")
    phone.context.clear_cookies()
    line.mend()
    phone.page.click("[data-action=sync]")
    phone.page.wait_for_selector("[data-notice=sign-in]")
    (partial,) = (server.folder / "uploads").iterdir()
    there = partial.stat().st_size
    assert there >= 128 * 1024
    queue(phone)
    expect(phone.page.locator("[data-part=standing][data-why=sign_in]")).to_contain_text("đăng nhập")
    expect(phone.page.locator("[data-screen=queue] [data-action=sync]")).to_be_hidden()
    phone.page.click("[data-screen=queue] [data-action=sign-in]")
    before = line.up
    phone.sign_in()
    phone.synced()
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    (size,) = at_the_server(server)
    assert line.up - before < size - there + 60_000


@pytest.mark.further
def test_photos_wait_for_wi_fi_while_answers_and_small_pictures_go(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    phone.context.add_init_script(SLOW)
    phone.open()
    phone.synced()
    phone.page.evaluate("location.hash = '#/queue'")
    phone.page.locator("[data-action=only-wifi]").check(force=True)
    photographed(phone)
    phone.until("() => document.querySelector('[data-part=sync]').textContent.includes('Wi-Fi')")
    assert (count(server, "submission"), count(server, "thumbnail"), at_the_server(server)) == (1, 1, [])
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    queue(phone)
    expect(phone.page.locator("[data-why=wifi]")).to_have_count(1)
    phone.page.screenshot(path=str(tmp_path / "queue.png"))
    assert width_of(phone.page) <= 360
    phone.page.click("[data-action=send-photos]")
    phone.page.locator("[data-part=standing][data-why=none]").wait_for()
    assert len(at_the_server(server)) == 1
    assert count(server, "thumbnail") == 0


def test_a_captive_portal_is_named_and_the_queue_says_what_to_do(phone: Phone, server: Server) -> None:
    page = "<h1>Wi-Fi quán nước</h1>"
    phone.context.route("**/api/v1/**", lambda route: route.fulfill(status=200, content_type="text/html", body=page))
    photographed(phone)
    stopped(phone, "portal")
    expect(phone.page.locator("[data-part=sync]")).to_contain_text("đăng nhập")
    queue(phone)
    expect(phone.page.locator("[data-why=portal]")).to_have_count(1)
    away = {"Location": "http://login.example/"}
    phone.context.route("**/api/v1/**", lambda route: route.fulfill(status=302, headers=away))
    with phone.page.expect_request("**/api/v1/hello"):
        nudge(phone)
    expect(phone.page.locator("[data-part=standing][data-why=portal]")).to_contain_text("đăng nhập")
    phone.context.unroute("**/api/v1/**")
    phone.page.locator("[data-part=standing][data-why=portal]").wait_for()
    nudge(phone)
    phone.page.locator("[data-part=standing][data-why=none]").wait_for()
    assert len(at_the_server(server)) == 1


@pytest.mark.further
def test_a_photo_that_the_server_refuses_stays_says_why_and_holds_up_no_other(phone: Phone, server: Server) -> None:
    problem = {"problem": {"code": "media_type", "title": "?", "next": "?", "detail": None}}
    refused: list[str] = []

    def refuse(route: Route) -> None:
        if not refused or route.request.url == refused[0]:
            refused[:] = [route.request.url]
            route.fulfill(status=415, headers={"X-So-Ho": "1"}, json=problem)
        else:
            route.continue_()

    phone.context.route("**/api/v1/uploads/*", refuse)
    photographed(phone, "ho-0")
    phone.synced()
    photographed(phone, "ho-1", noise("PNG", 640, 480))
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    assert phone.counts() == {"saved": 2, "unsent": 1, "received": 1}
    queue(phone)
    expect(phone.page.locator("[data-why=media_type]")).to_have_count(1)
    phone.context.unroute("**/api/v1/uploads/*")
    phone.page.click("[data-screen=queue] [data-action=sync]")
    phone.page.locator("[data-part=standing][data-why=none]").wait_for()
    assert len(at_the_server(server)) == 2


SPOIL = """async () => {
  const name = (await indexedDB.databases()).map(one => one.name).find(name => name.startsWith('so-ho-'))
  const db = await new Promise(done => { const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result) })
  const rows = await new Promise(done => {
    const ask = db.transaction('files').objectStore('files').getAll()
    ask.onsuccess = () => done(ask.result)
  })
  const store = db.transaction('files', 'readwrite').objectStore('files')
  await new Promise(done => {
    store.put({ ...rows[0], bytes: new Blob([new Uint8Array(rows[0].size)]) }).onsuccess = done
  })
  db.close()
}"""


@pytest.mark.further
def test_a_photo_that_the_phone_itself_spoilt_is_never_sent_and_is_said(
    phone: Phone, line: Line, server: Server
) -> None:
    line.breaks_after(0)
    photographed(phone)
    phone.page.evaluate(SPOIL)
    line.mend()
    phone.page.click("[data-action=sync]")
    phone.until("() => document.querySelector('[data-part=sync]').dataset.state === 'idle'")
    expect(phone.page.locator("[data-part=sync]")).to_contain_text("không gửi được")  # once the counts are drawn
    queue(phone)
    expect(phone.page.locator("[data-why=file_damaged]")).to_have_count(1)
    assert (count(server, "submission"), at_the_server(server)) == (1, [])
    assert phone.page.locator("[data-part=causes]").inner_text().count("hỏng") == 1


def zeroed(route: Route) -> None:
    """A proxy that carries each part on, as long as it was, and nothing of what was in it."""
    length = int(route.request.headers.get("content-length") or len(route.request.post_data_buffer or b"") or 64 * 1024)
    route.continue_(post_data=bytes(length))


@pytest.mark.further
def test_a_photo_damaged_on_its_way_stays_says_so_and_goes_again_by_itself(phone: Phone, server: Server) -> None:
    spoilt: list[str] = []

    def spoil(route: Route) -> None:
        spoilt.append(route.request.method)
        zeroed(route)

    phone.context.route("**/api/v1/uploads/*", spoil)
    photographed(phone)
    phone.until("() => document.querySelector('[data-part=sync]').dataset.state === 'idle'")
    assert spoilt
    assert (count(server, "submission"), at_the_server(server)) == (1, [])
    assert not list((server.folder / "uploads").iterdir())
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    queue(phone)
    expect(phone.page.locator("[data-why=hash_mismatch]")).to_contain_text("hỏng trên đường")
    phone.context.unroute("**/api/v1/uploads/*")
    phone.go_home()
    nudge(phone)
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    assert len(at_the_server(server)) == 1


@pytest.mark.further
def test_parts_cut_short_on_their_way_are_made_up_for(phone: Phone, server: Server) -> None:
    cut: list[bytes] = []

    def shorten(route: Route) -> None:
        body = route.request.post_data_buffer
        assert body
        cut.append(body)
        route.continue_(post_data=body[: len(body) // 2 + 1])

    phone.context.route("**/api/v1/uploads/*", shorten)
    photographed(phone)
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    assert len(cut) > 2
    assert len(at_the_server(server)) == 1


YEAR = 365 * 86_400_000
WRONG_CLOCK = """Date = class extends Date {
  constructor(...said) { said.length ? super(...said) : super(Date.now()) }
  static now() { return super.now() + OFF }
}"""


@pytest.mark.further
@pytest.mark.parametrize("off", [YEAR, -YEAR])
def test_a_phone_whose_clock_is_a_year_off_sends_and_says_that_its_clock_is_wrong(
    phone: Phone, line: Line, server: Server, off: int
) -> None:
    phone.context.add_init_script(WRONG_CLOCK.replace("OFF", str(off)))
    phone.open()
    phone.synced()
    phone.page.wait_for_selector("[data-notice=clock]")
    photographed(phone, says_right=True)
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    phone.page.wait_for_selector("[data-notice=clock]")
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        ((finalised, received),) = database.execute("SELECT finalised_at_said, received_at FROM submission")
        ((skew,),) = database.execute("SELECT clock_skew_seconds FROM device")
        ((state,),) = database.execute("SELECT state FROM submission_status")
    assert state == "quarantined"  # until somebody says on which day it was
    assert (finalised[:4] > received[:4]) == (off > 0)  # kept as the phone says it; the server goes by its own
    assert abs(skew * 1000 - off) < 60_000
    line.breaks_after(0)
    phone.page.click("[data-action=sync]")
    stopped(phone, "clock")  # with HTTPS this is how it shows: no certificate is of such a day


REGISTERED = """const register = SyncManager.prototype.register
globalThis.registered = []
SyncManager.prototype.register = function (tag) { registered.push(tag); return register.call(this, tag) }"""


def wakened(phone: Phone) -> None:
    """The browser finds that there is network and tells the worker of the page (Background Sync)."""
    session = phone.context.new_cdp_session(phone.page)
    known: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda said: known.extend(said["registrations"]))
    session.send("ServiceWorker.enable")
    phone.until("() => navigator.serviceWorker.controller")
    registration = next(one["registrationId"] for one in known if not one["isDeleted"])
    phone.page.evaluate("() => { navigator.serviceWorker.onmessage = ({ data }) => { globalThis.woken = data } }")
    about = {"origin": phone.address, "registrationId": registration, "tag": "so-ho", "lastChance": False}
    session.send("ServiceWorker.dispatchSyncEvent", about)
    phone.until("() => globalThis.woken === 'send'")


def test_the_browser_wakes_the_phone_once_for_each_time_that_the_network_goes(phone: Phone, server: Server) -> None:
    phone.context.add_init_script(REGISTERED)
    phone.context.grant_permissions(["background-sync", "geolocation"])
    phone.open()
    phone.synced()
    busy = {"problem": {"code": "busy", "title": "?", "next": "?", "detail": None}}
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503, headers={"X-So-Ho": "1", "Retry-After": "3600"}, json=busy)

    phone.context.route("**/api/v1/**", refuse)
    photographed(phone)
    stopped(phone, "busy")
    assert (len(asked), phone.page.evaluate("registered")) == (1, [])  # a busy server is left alone
    phone.context.unroute("**/api/v1/**")
    phone.context.set_offline(True)
    phone.page.click("[data-action=sync]")
    stopped(phone, "offline")
    phone.page.click("[data-action=sync]")
    phone.until("() => document.querySelector('[data-part=sync]').dataset.state === 'wait'")
    assert phone.page.evaluate("navigator.serviceWorker.ready.then(() => registered)") == ["so-ho"]
    phone.context.set_offline(False)
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")


@pytest.mark.further
def test_what_the_browser_wakes_the_phone_for_is_sent(phone: Phone, server: Server) -> None:
    busy = {"problem": {"code": "busy", "title": "?", "next": "?", "detail": None}}
    later = {"X-So-Ho": "1", "Retry-After": "3600"}
    phone.context.route("**/api/v1/**", lambda route: route.fulfill(status=503, headers=later, json=busy))
    photographed(phone)
    stopped(phone, "busy")  # nothing else would wake it within the hour
    phone.context.unroute("**/api/v1/**")
    wakened(phone)
    phone.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    assert len(at_the_server(server)) == 1

"""A release counts when every file of it is what the server meant, and when it starts. Else the one before is served,
and the interviews can be reached without the app's code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Playwright, Request, Route, expect

from tests.gates.sources import ROOT
from tests.phone.phone import KEPT, Phone, Server
from tests.phone.test_seeds import FETCHED
from tests.phone.test_sync import refuse
from tests.phone.test_windows import RELEASES
from tests.pictures import noise

pytestmark = pytest.mark.phone

MODULES = "/modules.json"
PAGE = "<!doctype html><title>Bảo trì</title><p>Hệ thống đang bảo trì, xin quay lại sau."
FORMER = Path(__file__).with_name("worker_107c36a.js")  # keeps whatever is answered
STANDS = "html[data-ready='1']"


def maintained(route: Route) -> None:
    """A page in the place of the file, as a proxy gives it while the server is being mended."""
    route.fulfill(status=200, content_type="text/html; charset=utf-8", body=PAGE)


def led_away(route: Route) -> None:
    route.fulfill(status=302, headers={"Location": "/login"})


def of_another_type(route: Route) -> None:
    """The right bytes: a browser would not run them."""
    route.fulfill(response=route.fetch(), headers={"Content-Type": "text/plain"})


def cut_short(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(status=200, content_type=answer.headers["content-type"], body=answer.body()[:-1])


def of_another_release(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(status=200, content_type=answer.headers["content-type"], body=answer.body() + b"\n")


FAULTS = [maintained, led_away, of_another_type, cut_short, of_another_release]


def release(server: Server, name: str = "", static: Path | None = None) -> None:
    """The office comes back with another release: the same files under another name, or other files."""
    server.stop()
    shutil.rmtree(server.folder / "static", ignore_errors=True)
    if static:
        shutil.copytree(static, server.folder / "static")
    server.start(release=name)


def broken(tmp_path: Path, code: str) -> Path:
    """A release whose first module is `code` and then what it was."""
    static = shutil.copytree(ROOT / "static", tmp_path / "broken")
    main = static / "app" / "shell" / "main.js"
    main.write_text(f"{code}\n{main.read_text()}")
    return static


def accept(phone: Phone) -> None:
    """Home → the notice of a new release → a tap."""
    phone.go_home()
    phone.page.wait_for_selector("[data-notice=release]")
    with phone.page.expect_navigation():
        phone.page.click("[data-action=update]")


def unsent(phone: Phone, server: Server) -> None:
    """One interview finished that nobody else has."""
    server.stop()
    phone.begin("ho-0")
    refuse(phone)
    phone.go_home()
    assert phone.counts()["unsent"] == 1


def counted(fault: Callable[[Route], None], asked: list[str]) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        asked.append(route.request.url)
        fault(route)

    return answer


@pytest.mark.further
def test_a_release_with_a_file_that_is_not_ours_is_no_release(phone: Phone, server: Server) -> None:
    kept = phone.page.evaluate(RELEASES)
    release(server, "ban-moi")
    for file, fault in [*((MODULES, fault) for fault in FAULTS), ("/", maintained), ("/static/style.css", led_away)]:
        asked: list[str] = []
        phone.context.route(f"{server.address}{file}", counted(fault, asked))
        said = phone.page.evaluate(FETCHED)
        phone.context.unroute_all()
        assert (bool(asked), said) == (True, "redundant"), f"{file} {fault.__name__}"
        assert phone.page.evaluate(RELEASES) == kept
    assert phone.page.evaluate(FETCHED) == "installed"  # a good line: asked for again, and whole
    accept(phone)
    phone.unlock()
    phone.page.wait_for_selector("[data-screen=home]")
    phone.until(f"() => {RELEASES}.then(names => names.join() === 'so-ho-ban-moi')")
    server.stop()
    phone.reload()
    phone.page.wait_for_selector("[data-household=ho-0]")


PHOTO = "xac_nhan/anh_nha"


def with_photo(phone: Phone) -> None:
    phone.begin("ho-0")
    phone.section("xac_nhan")
    photo = phone.question(PHOTO)
    taken = {"name": "nha.jpg", "mimeType": "image/jpeg", "buffer": noise("JPEG", 300, 200)}
    photo.locator("[data-action=photo]").set_input_files(files=[taken])  # type: ignore[list-item]
    photo.locator("img.picture").wait_for()
    phone.section("thong_tin_ho")
    phone.fill_in()
    for number in range(1, 7):
        phone.section(f"thanh_vien[{number}]")
        phone.fill_in()
    phone.finish_answers()
    phone.finalise()


LATER = ("/static/app/sync/files.lazy.js", "/later.html", "/language/en.html")
AWAY = (maintained, led_away, cut_short)


@pytest.mark.further
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(AWAY, id="one_each"),
        *(pytest.param((one,) * 3, id=one.__name__, marks=pytest.mark.journey) for one in AWAY),
    ],
)
def test_a_file_that_follows_later_is_asked_for_again_until_it_is_ours(
    new_phone: Phone, server: Server, faults: tuple[Callable[[Route], None], ...]
) -> None:
    phone = new_phone
    for address, fault in zip(LATER, faults, strict=True):
        phone.context.route(re.compile(re.escape(address)), fault)
    phone.page.goto(phone.address)
    phone.page.click("[data-action=sign-in]")
    phone.sign_in()
    phone.synced()
    phone.until("() => navigator.serviceWorker.controller")
    with_photo(phone)
    phone.page.wait_for_selector("[data-screen=sent]")
    phone.go_home()
    assert phone.counts()["unsent"] == 1
    kept = "address => caches.match(address).then(found => !found)"
    for address in LATER:
        phone.until(kept, address)
    phone.context.unroute_all()
    phone.page.click("[data-action=sync]")
    expect(phone.page.locator("[data-count=unsent]")).to_have_text("0")
    phone.until(f"() => {KEPT}")
    phone.page.evaluate("location.hash = '#/queue'")
    phone.page.wait_for_selector("[data-screen=queue]")


def spoil(phone: Phone, *addresses: str) -> None:
    """What a worker that asks nothing kept of a maintenance page."""
    phone.page.evaluate(
        """async ([addresses, page]) => {
          const [name] = (await caches.keys()).filter(name => name.startsWith('so-ho-'))
          const cache = await caches.open(name)
          const how = { headers: { 'Content-Type': 'text/html; charset=utf-8' } }
          for (const address of addresses) await cache.put(address, new Response(page, how))
        }""",
        [list(addresses), PAGE],
    )


@pytest.fixture
def former(server: Server, playwright: Playwright, tmp_path: Path) -> Any:
    """A phone that has the worker of a release from before there were hashes."""
    with urlopen(f"{server.address}/sw.js") as answer:
        served = answer.read().decode()
    [files] = re.findall(r"^const FILES = (.*)$", served, re.M)
    rest, modules = (json.load(urlopen(f"{server.address}/{name}.json")) for name in ("rest", "modules"))
    lists = {"FILES": [*json.loads(files), *modules], "KINDS": list(rest)}
    lines = ['const VERSION = "cu"', *(f"const {name} = {json.dumps(files)}" for name, files in lists.items())]
    server.stop()
    (server.folder / "sw.js").write_text("\n".join([*lines, FORMER.read_text()]))
    server.start()
    phone = Phone(playwright, tmp_path / "former", server.address)
    phone.enrol()
    assert phone.page.evaluate(RELEASES) == ["so-ho-cu"]
    yield phone
    phone.switch_off()


def renewed(server: Server) -> None:
    """The office has this release's worker now."""
    server.stop()
    (server.folder / "sw.js").unlink()
    server.start()


ONLY_NEW = f"() => {RELEASES}.then(names => names.length === 1 && names[0] !== 'so-ho-cu')"


def test_a_phone_with_a_former_worker_updates_by_a_tap(former: Phone, server: Server) -> None:
    renewed(server)
    assert former.page.evaluate(FETCHED) == "installed"
    accept(former)
    former.unlock()
    former.page.wait_for_selector("[data-screen=home]")
    former.until(ONLY_NEW)
    former.until(f"() => {KEPT}")
    assert former.errors == []


@pytest.mark.further
@pytest.mark.parametrize("spoilt", [pytest.param("/static/app/engine/record.js", marks=pytest.mark.journey), "/"])
def test_an_app_that_a_former_worker_left_dead_opens_again_with_its_interviews(
    former: Phone, server: Server, spoilt: str
) -> None:
    phone = former
    unsent(phone, server)
    spoil(phone, spoilt)
    phone.page.goto(phone.address)
    assert phone.page.locator(STANDS).count() == 0
    renewed(server)
    phone.page.reload()  # a dead page cannot ask: the browser looks for a newer worker by itself
    phone.until(ONLY_NEW)
    phone.open()
    assert phone.counts()["saved"] == 1
    phone.synced()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}


RENAMED = """async () => {
  const [name] = (await caches.keys()).filter(name => name.startsWith('so-ho-'))
  const cache = await caches.open(name)
  for (const request of await cache.keys())
    if (/\\.(rare|lazy)\\./.test(request.url) || request.url.endsWith('/rest.json')) await cache.delete(request)
  const how = { headers: { 'Content-Type': 'text/javascript' } }
  await cache.put(`/static/app/${'kinds'}/lines.js`, new Response('export {}', how))
}"""


@pytest.mark.further
def test_a_phone_whose_files_had_other_names_has_all_of_them_after_the_update(former: Phone, server: Server) -> None:
    """Release 0.1 named them otherwise: an interview that is open offline may need any of them."""
    phone = former
    server.stop()
    with_photo(phone)
    phone.page.evaluate(RENAMED)
    renewed(server)
    phone.go_home()
    assert phone.page.evaluate(FETCHED) == "installed"
    phone.context.route(re.compile(r"\.(rare|lazy)\.js|/rest\.json"), lambda route: route.abort())  # no second chance
    accept(phone)
    phone.unlock()
    server.stop()
    phone.until(ONLY_NEW)
    listed = "caches.match('/rest.json').then(kept => kept.json()).then(Object.keys)"
    kept = f"() => {listed}.then(all => Promise.all(all.map(one => caches.match(one)))).then(all => all.every(Boolean))"
    phone.until(kept)
    phone.page.evaluate("location.hash = '#/queue'")
    phone.page.wait_for_selector("[data-screen=queue]")


@pytest.mark.further
def test_what_a_former_worker_kept_wrongly_beside_the_shell_is_replaced(former: Phone, server: Server) -> None:
    phone = former
    server.stop()
    spoil(phone, "/static/app/sync/files.lazy.js", "/static/icons/icon.svg")
    with_photo(phone)
    renewed(server)
    phone.go_home()
    assert phone.page.evaluate(FETCHED) == "installed"
    # The page that stands is the former release's: it gets no wrong file any more.
    phone.until("() => caches.match('/static/app/sync/files.lazy.js', { cacheName: 'so-ho-cu' }).then(found => !found)")
    accept(phone)
    phone.unlock()
    expect(phone.page.locator("[data-count=unsent]")).to_have_text("0")
    phone.until(ONLY_NEW)
    types = "address => caches.match(address).then(found => found.headers.get('Content-Type').split(';')[0])"
    assert phone.page.evaluate(types, "/static/app/sync/files.lazy.js") == "text/javascript"
    assert phone.page.evaluate(types, "/static/icons/icon.svg") == "image/svg+xml"


PUSH = "**/api/v1/push"
STUCK = "#stuck [lang={}] [data-stuck={}]"


def test_a_release_that_does_not_start_falls_back_to_the_one_before(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    unsent(phone, server)
    phone.context.route(PUSH, lambda route: route.abort())  # the office is there, nothing gets through
    [before] = phone.page.evaluate(RELEASES)
    release(server, static=broken(tmp_path, "throw new Error('planted')"))
    assert phone.page.evaluate(FETCHED) == "installed"
    accept(phone)
    for language, words in {"vi": "Sổ Hộ chưa mở được", "en": "Sổ Hộ has not opened"}.items():
        expect(phone.page.locator(STUCK.format(language, "failed"))).to_contain_text(words)
    assert len(phone.page.evaluate(RELEASES)) == 2  # the one before is still there
    server.stop()
    phone.page.reload()  # it fails a second time
    expect(phone.page.locator(STUCK.format("vi", "failed"))).to_be_visible()
    phone.until("() => caches.match('/releases').then(kept => kept.json()).then(({ before }) => !before)")
    phone.page.locator(STUCK.format("vi", "again")).click()
    phone.page.wait_for_selector(STANDS)
    phone.unlock()
    assert phone.counts()["unsent"] == 1
    assert phone.page.locator("[data-notice=release]").count() == 1  # the newer one can be tried again
    planted = [error for error in phone.errors if "planted" in error]
    assert planted == phone.errors
    phone.errors.clear()
    phone.context.unroute(PUSH)
    # A mended release comes: it is offered, starts, and is the only one that stays.
    release(server)
    phone.page.evaluate("navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => true)")
    phone.until("() => navigator.serviceWorker.getRegistration().then(one => one.waiting !== null)")
    accept(phone)
    phone.unlock()
    phone.until(f"() => {RELEASES}.then(names => names.length === 1)")
    expect(phone.page.locator("[data-count=unsent]")).to_have_text("0")


@pytest.mark.further
def test_the_release_before_is_opened_at_once_by_a_tap_and_the_newer_one_tried_again_by_another(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    [before] = phone.page.evaluate(RELEASES)
    release(server, static=broken(tmp_path, "if (!localStorage.mended) throw new Error('planted')"))
    assert phone.page.evaluate(FETCHED) == "installed"
    accept(phone)
    phone.page.locator(STUCK.format("vi", "back")).click()
    phone.page.wait_for_selector(STANDS)
    phone.unlock()
    serving = "() => caches.match('/releases').then(kept => kept.json()).then(({ serving }) => serving)"
    assert phone.page.evaluate(serving) == before
    phone.synced()
    phone.page.evaluate("localStorage.mended = 1")
    accept(phone)
    phone.unlock()
    phone.until(f"() => {RELEASES}.then(names => names.length === 1 && names[0] !== '{before}')")
    phone.errors.clear()


@pytest.mark.further
def test_a_release_whose_first_screen_behind_the_lock_fails_falls_back_too(
    phone: Phone, server: Server, tmp_path: Path
) -> None:
    static = broken(tmp_path, "")
    home = static / "app" / "shell" / "screens" / "home.js"
    home.write_text(home.read_text().replace('stamp("home")', 'stamp("nowhere")'))
    release(server, static=static)
    assert phone.page.evaluate(FETCHED) == "installed"
    accept(phone)
    for _ in range(2):
        phone.page.wait_for_selector("[data-screen=lock]")
        phone.unlock()
        phone.page.wait_for_selector("[data-screen=trouble]")
        expect(phone.page.locator(STUCK.format("vi", "failed"))).to_be_visible()
        phone.page.click("[data-screen=trouble] [data-action=retry]")
    phone.page.wait_for_selector("[data-screen=lock]")
    phone.unlock()
    phone.page.wait_for_selector("[data-screen=home]")
    assert phone.errors == []


@pytest.mark.further
def test_who_is_told_that_the_app_has_not_opened_is_told_no_more_once_it_stands(phone: Phone) -> None:
    phone.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => dispatchEvent(new CustomEvent('so-ho', { detail: 'failed' })))"
    )
    phone.page.reload()
    phone.page.wait_for_selector(STANDS)
    expect(phone.page.locator("#stuck [data-stuck=failed]").first).to_be_attached()
    expect(phone.page.locator("#stuck")).to_be_hidden()
    phone.unlock()


def test_a_browser_that_is_too_old_is_told_so_in_two_languages(new_phone: Phone, server: Server) -> None:
    new_phone.page.add_init_script("delete Promise.any")
    new_phone.page.goto(server.address)
    for language, words in {"vi": "Trình duyệt này quá cũ", "en": "This browser is too old"}.items():
        expect(new_phone.page.locator(STUCK.format(language, "old"))).to_contain_text(words)
    assert new_phone.page.locator("[data-stuck=failed]:visible").count() == 0


def test_at_the_first_visit_each_byte_of_the_app_comes_once(new_phone: Phone, server: Server) -> None:
    ended: list[Request] = []  # of the page or of its worker
    new_phone.context.on("requestfinished", lambda asked: ended.append(asked))
    new_phone.page.goto(server.address)
    new_phone.page.wait_for_selector("[data-screen=welcome]")
    assert new_phone.page.evaluate("navigator.serviceWorker.controller !== null")
    # The screen stands before the browser has told the test of each end; a question to the server may be broken off.
    fetched = set(new_phone.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)"))
    files = {address for address in fetched if "/static/" in address}
    while not files <= {asked.url for asked in ended}:
        new_phone.context.wait_for_event("requestfinished")
    came = [(urlsplit(asked.url).path, asked.sizes()["responseBodySize"]) for asked in ended]
    loaded = [path for path, size in came if size > 0]
    assert {"/", "/modules.json", "/static/style.css", "/static/plain/start.js"} <= set(loaded)
    assert sorted(loaded) == sorted(set(loaded))
    alone = [path for path in loaded if path.startswith("/static/app/")]
    assert all(path.endswith(".lazy.js") for path in alone)
    assert len([path for path, _ in came if path.startswith("/static/app/")]) > 50  # which the worker gave


@pytest.mark.further
def test_a_page_whose_worker_cannot_be_had_starts_all_the_same(new_phone: Phone, server: Server) -> None:
    for broken in ("**/sw.js", "**/modules.json"):
        new_phone.context.route(broken, lambda route: route.abort())
        new_phone.page.goto(server.address)
        new_phone.page.wait_for_selector("[data-screen=welcome]")
        assert not new_phone.page.evaluate("navigator.serviceWorker.controller")
        new_phone.context.unroute(broken)
        new_phone.page.goto("about:blank")

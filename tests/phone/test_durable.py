"""What the browser may do to a phone: clear its storage, refuse to keep it, run out of room. Nothing goes unsaid."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from tests.phone.phone import KEPT, OPENED, PIN, Phone, Server
from tests.phone.test_sync import refuse
from tests.pictures import noise

pytestmark = pytest.mark.phone

PICTURES = os.environ.get("DUR_PICTURES", "")  # a folder for pictures of each new screen, to be looked at


def look(phone: Phone, name: str) -> None:
    if PICTURES:
        phone.page.screenshot(path=str(Path(PICTURES) / f"dur-{name}.png"), full_page=True)


def browser(phone: Phone) -> CDPSession:
    return phone.context.new_cdp_session(phone.page)


def clear(phone: Phone, kinds: str) -> None:
    """What the browser does in its settings, or by itself on a full phone."""
    phone.page.goto("about:blank")
    browser(phone).send("Storage.clearDataForOrigin", {"origin": phone.address, "storageTypes": kinds})


def give_room(phone: Phone, left: int) -> None:
    """The disk has room for `left` bytes more. Chromium's estimate, as on a real phone, does not say so. Its IndexedDB
    goes on with what it heard before for half a minute: so the phone is switched off and on."""
    at = phone.page.url
    phone.switch_off()
    phone.switch_on()
    devtools, origin = browser(phone), {"origin": phone.address}
    used = devtools.send("Storage.getUsageAndQuota", origin)["usage"]
    devtools.send("Storage.overrideQuotaForOrigin", origin | {"quotaSize": used + left})
    phone.open(at)


def interview(phone: Phone, household: str) -> None:
    phone.begin(household)
    refuse(phone)


def enrolled_again(phone: Phone) -> None:
    """With its storage the phone lost what shows that its sign-in is its own: one signs in anew and chooses a code."""
    phone.page.click("[data-screen=welcome] [data-action=sign-in]")
    phone.sign_in()
    phone.synced()


def missed(page: Page) -> list[str]:
    """Whom the screen of lost interviews names."""
    page.evaluate("location.hash = '#/missed'")
    page.wait_for_selector("[data-screen=missed] [data-missed]")
    return page.locator("[data-missed] [data-action=household]").all_inner_texts()


DEVICE = "() => import('/static/app/store/device.js').then(({ Device }) => new Device().get('device_id'))"


@pytest.fixture
def loaded(phone: Phone, server: Server) -> Phone:
    """A phone with one interview finished and one under way, that the server was never told of."""
    phone.until(f"() => {KEPT}")
    server.stop()
    interview(phone, "ho-0")
    phone.begin("ho-1")
    phone.go_home()
    assert phone.counts() == {"saved": 2, "unsent": 1, "received": 0}
    return phone


def test_a_cleared_phone_says_what_it_lost_also_without_network_and_then_whose(loaded: Phone, server: Server) -> None:
    phone = loaded
    device = phone.page.evaluate(DEVICE)
    clear(phone, "indexeddb")
    phone.page.goto(phone.address)  # the office is gone: the app comes from the phone
    notice = phone.page.locator("[data-screen=welcome] [data-notice=cleared]")
    notice.wait_for()
    assert "1 phiếu chưa được nhận và 1 phỏng vấn chưa xong" in notice.inner_text()
    assert [words.split(" lúc ")[0] for words in notice.locator("li").all_inner_texts()] == [
        "Một phiếu làm xong",
        "Một phỏng vấn đang dở bắt đầu",
    ]
    look(phone, "cleared-offline")
    phone.page.reload()
    notice.wait_for()  # still said the next time
    server.start()
    phone.page.reload()
    enrolled_again(phone)
    assert phone.page.evaluate(DEVICE) == device  # the office knows it as the same phone
    shown = phone.page.locator("[data-notice=missed]")
    expect(shown).to_contain_text("2 phiếu đã mất")
    expect(shown).to_contain_text("Lò Văn Đức, Cà Thị Đôi")
    look(phone, "missed-home")
    assert missed(phone.page) == ["Lò Văn Đức", "Cà Thị Đôi"]
    look(phone, "missed")
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        [(unsent,)] = database.execute("SELECT unsent FROM device WHERE id = ?", [device])
    assert [(one["household_id"], "gone" in one, "open" in one) for one in json.loads(unsent)] == [
        ("ho-0", True, False),
        ("ho-1", True, True),
    ]
    # Interviewed again: it goes from the list.
    phone.page.click("[data-missed] >> text=Cà Thị Đôi")
    phone.page.click("[data-screen=household] [data-action=interview]")
    phone.page.wait_for_selector("[data-screen=overview]")
    refuse(phone)
    phone.page.wait_for_selector("[data-screen=sent][data-state=received]")
    assert missed(phone.page) == ["Lò Văn Đức"]


def test_storage_cleared_under_an_open_page_is_noticed_at_the_next_tap(loaded: Phone, server: Server) -> None:
    phone = loaded
    browser(phone).send("Storage.clearDataForOrigin", {"origin": phone.address, "storageTypes": "indexeddb"})
    phone.page.click("[data-household=ho-2] >> nth=0")
    notice = phone.page.locator("[data-notice=cleared]")
    expect(notice).to_contain_text("1 phiếu chưa được nhận và 1 phỏng vấn chưa xong")


def test_a_phone_with_nothing_to_lose_is_told_so_and_one_that_signed_out_is_not_called_cleared(
    phone: Phone, server: Server
) -> None:
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.click("[data-action=sign-out]")
    phone.page.click("#dialog [data-action=yes]")
    phone.page.wait_for_selector("[data-screen=welcome] [data-action=retry][hidden]", state="attached")
    assert phone.page.locator("[data-notice=cleared]").count() == 0
    clear(phone, "indexeddb")
    server.stop()
    phone.page.goto(phone.address)
    expect(phone.page.locator("[data-notice=cleared]")).to_contain_text("Không có phiếu nào đang chờ gửi")


@pytest.mark.further
def test_a_phone_cleared_whole_is_asked_whether_it_was_the_one_that_held_them(phone: Phone, server: Server) -> None:
    def hold_back(route: Route) -> None:
        """The entries do not arrive, that the phone has them does."""
        said = route.request.post_data_json
        named = [{"id": one["id"], "household_id": one["household_id"]} for one in said["entries"]]
        held = [*said.get("unsent", []), *named]
        route.continue_(post_data=json.dumps(said | {"entries": [], "unsent": held, "brief": False}))

    phone.context.route("**/api/v1/push", hold_back)
    interview(phone, "ho-0")
    phone.page.wait_for_selector("[data-screen=sent][data-state=refused]")
    phone.context.unroute("**/api/v1/push")
    clear(phone, "all")
    phone.page.goto(phone.address)
    phone.page.wait_for_selector("[data-screen=welcome]")
    assert phone.page.locator("[data-notice=cleared]").count() == 0  # it cannot know
    phone.enrol()
    asked = phone.page.locator("[data-notice=elsewhere]")
    expect(asked).to_contain_text("còn giữ 1 phiếu: Lò Văn Đức")
    look(phone, "elsewhere")
    asked.locator("[data-action=was-this]").click()
    expect(phone.page.locator("[data-notice=missed]")).to_contain_text("1 phiếu đã mất")
    phone.sync()
    assert missed(phone.page) == ["Lò Văn Đức"]
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        held = [json.loads(unsent) for (unsent,) in database.execute("SELECT unsent FROM device")]
    assert [one["household_id"] for items in held for one in items if "gone" in one] == ["ho-0"]
    phone.go_home()
    assert asked.count() == 0


@pytest.mark.further
def test_who_still_has_the_other_phone_says_so_once(phone: Phone, server: Server) -> None:
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        database.execute("UPDATE device SET id = 'may-khac', unsent = ?", ['[{"id": "e-1", "household_id": "ho-3"}]'])
    clear(phone, "all")
    phone.enrol()
    phone.page.click("[data-notice=elsewhere] [data-action=was-other]")
    phone.sync()
    assert phone.page.locator("[data-notice=elsewhere], [data-notice=missed]").count() == 0
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        [(unsent,)] = database.execute("SELECT unsent FROM device WHERE id = 'may-khac'")
    assert "gone" not in unsent


# Room


HELD = "async () => Boolean(await caches.match('/reserve') && await caches.match('/early'))"
HAS_LEFT = """async name => !(await caches.match(name))"""


def take_photo(phone: Phone, width: int) -> Locator:
    """Of noise, which no JPEG makes smaller; the same width is the same photo."""
    phone.section("xac_nhan")
    photo = phone.question("xac_nhan/anh_nha")
    taken = {"name": "nha.jpg", "mimeType": "image/jpeg", "buffer": noise("JPEG", width, 1000)}
    photo.locator("[data-action=photo]").set_input_files(files=[taken])  # type: ignore[list-item]
    return photo


@pytest.mark.further
def test_work_stops_before_the_phone_is_full_and_what_is_open_is_finished(phone: Phone, server: Server) -> None:
    phone.until(f"() => {KEPT}")
    phone.until(HELD)
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/dong_y", "co")
    phone.saved()
    give_room(phone, 100_000)
    # A photo finds no room, and gets what is held back for photos: it is kept, and it is said that room is short.
    take_photo(phone, 1100).locator("img.picture").wait_for()
    phone.saved()
    phone.go_home()
    expect(phone.page.locator("[data-notice=room][data-room=low]")).to_contain_text("Máy sắp hết chỗ")
    phone.until(HAS_LEFT, "/early")
    look(phone, "room-low")
    # The rest is filled by something else: an answer gets the reserve, and nothing new is begun any more.
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    give_room(phone, 0)
    phone.answer("thong_tin_ho/nguoi_tra_loi", "Quàng Thị Xuân")
    phone.saved()
    phone.until(HAS_LEFT, "/reserve")
    give_room(phone, 4_000_000)  # some is left, too little to put the reserve back
    photo = take_photo(phone, 1200)
    expect(photo.locator("[data-part=status]")).to_contain_text("Chưa giữ được: máy sắp hết chỗ")
    photo.scroll_into_view_if_needed()
    look(phone, "photo-refused")
    phone.go_home()
    expect(phone.page.locator("[data-notice=room][data-room=full]")).to_contain_text("Máy đã đầy")
    look(phone, "room-full")
    phone.page.click("[data-household=ho-2] >> nth=0")
    phone.page.click("[data-screen=household] [data-action=interview]")
    phone.page.wait_for_selector("[data-screen=room] [data-room=full]")
    look(phone, "room")
    assert phone.page.locator("[data-screen=room] a[href='#/carry']").count() == 1
    # What is open is finished and sent.
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == "Quàng Thị Xuân"
    refuse(phone)
    phone.page.wait_for_selector("[data-screen=sent][data-state=received]")
    # Room again: everything is put back, and interviews are begun.
    give_room(phone, 60_000_000)
    phone.begin("ho-2")
    phone.until(HELD)


KEPT_PHOTO = f"""{OPENED}
  const [{{ entry, missing }}] = await store.outbox()
  const file = await store.file(entry.files[0].sha256)
  return {{ size: file.blob?.size ?? null, isProved: Boolean(file.receipt), missing: missing.length }} }}"""


@pytest.mark.further
def test_photos_that_the_server_has_make_room_and_their_receipts_stay(phone: Phone, server: Server) -> None:
    phone.begin("ho-0")
    phone.section("xac_nhan")
    photo = phone.question("xac_nhan/anh_nha")
    taken = {"name": "nha.jpg", "mimeType": "image/jpeg", "buffer": noise("JPEG", 600, 400)}
    photo.locator("[data-action=photo]").set_input_files(files=[taken])  # type: ignore[list-item]
    photo.locator("img.picture").wait_for()
    phone.section("thong_tin_ho")
    phone.fill_in()
    for number in range(1, 7):
        phone.section(f"thanh_vien[{number}]")
        phone.fill_in()
    phone.finish_answers()
    server.stop()
    phone.finalise()
    phone.page.evaluate("location.hash = '#/room'")
    phone.page.wait_for_selector("[data-screen=room]")
    assert phone.page.locator("[data-action=free]").is_hidden()  # nobody else has it
    server.start()
    phone.page.click("[data-screen=room] [data-action=sync]")
    phone.page.click("[data-screen=room] [data-action=free]")
    phone.page.click("#dialog [data-action=yes]")
    expect(phone.page.locator("[data-screen=room] [data-part=photos]")).to_contain_text("Chưa ảnh nào bỏ được")
    assert phone.page.evaluate(KEPT_PHOTO, PIN) == {"size": None, "isProved": True, "missing": 0}
    phone.go_home()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}


# Kept for good


@pytest.mark.further
def test_the_browsers_answer_is_asked_for_once_shown_and_told_to_the_office(phone: Phone, server: Server) -> None:
    phone.page.add_init_script(
        "window.asked = 0; navigator.storage.persist = async () => { window.asked++; return window.agrees ?? false }"
    )
    phone.reload()
    phone.page.evaluate("location.hash = '#/settings'")
    room = phone.page.locator("[data-screen=settings] [data-part=room-now]")
    expect(room.locator("[data-persisted=no]")).to_be_visible()
    interview(phone, "ho-0")
    interview(phone, "ho-1")
    assert phone.page.evaluate("window.asked") == 1  # once, when the first interview was begun
    phone.page.evaluate("location.hash = '#/settings'")
    expect(room.locator("[data-persisted=refused]")).to_contain_text("Trình duyệt chưa đồng ý")
    assert room.locator("[data-part=install-how], [data-action=install]").locator("visible=true").count() == 1
    room.scroll_into_view_if_needed()
    look(phone, "settings-refused")
    phone.go_home()
    phone.sync()
    assert storage_of(server) == {"short": False, "persisted": False, "asked": True, "installed": False}
    # On a tap it is asked again, and this time the browser agrees.
    phone.page.evaluate(
        "window.agrees = true; navigator.storage.persisted = async () => Boolean(window.agrees && window.asked > 1)"
    )
    phone.page.evaluate("location.hash = '#/settings'")
    room.locator("[data-action=persist]").click()
    expect(room.locator("[data-persisted=yes]")).to_contain_text("✓")
    assert room.locator("[data-action=persist]").is_hidden()
    look(phone, "settings-persisted")
    phone.go_home()
    phone.sync()
    assert storage_of(server) == {"short": False, "persisted": True, "asked": True, "installed": False}


def storage_of(server: Server) -> dict[str, Any]:
    """What the office was told last."""
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        [(told,)] = database.execute("SELECT storage FROM device")
    found: dict[str, Any] = json.loads(told)
    assert found.pop("used") > 0 and found.pop("quota") > 0
    return found


def test_a_browser_that_can_install_the_app_is_offered_in_the_settings(phone: Phone) -> None:
    """The browser's own question stands outside the page: here it is only seen that it was put."""
    phone.page.evaluate(
        "const event = new Event('beforeinstallprompt', { cancelable: true });"
        "event.prompt = async () => { window.prompted = true }; window.dispatchEvent(event)"
    )
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.click("[data-screen=settings] [data-action=install]")
    phone.until("() => window.prompted")
    expect(phone.page.locator("[data-action=install]")).to_be_hidden()

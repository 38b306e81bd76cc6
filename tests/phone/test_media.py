"""Photos, drawings, sound, films, files and codes on a phone: kept, played, sent, removed when nothing names them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Playwright
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from models import Attachment
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.rounds.rounds import open_round
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.chromium import width_of
from tests.databases import Fill
from tests.phone import village
from tests.phone.phone import EVENTS, OPENED, PIN, WIDTH, Phone, Server
from tests.pictures import picture

pytestmark = pytest.mark.phone
SOURCE = Path(__file__).with_name("ghi_chep.md")
# No real person: the last six digits of the number are 000000, which no card carries.
CARD = "014079000000|050000000|Lò Văn Thử Nghiệm|02011979|Nam|Bản Thử, Mường Khiêng|01052021"
ODD_CARD = "014179000000||Quàng Thị Thử|02011980|Nam||"
MEDIA = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
DETECTOR = """window.BarcodeDetector = class { async detect() { return [{ rawValue: window.sees ?? "" }] } }"""
NO_DETECTOR = "delete window.BarcodeDetector"
FILES = """async () => {
  const names = (await indexedDB.databases()).map(one => one.name).filter(name => name.startsWith('so-ho-'))
  const db = await new Promise(done => { const ask = indexedDB.open(names[0]); ask.onsuccess = () => done(ask.result) })
  const keys = await new Promise(done => {
    const ask = db.transaction('files').objectStore('files').getAllKeys()
    ask.onsuccess = () => done(ask.result)
  })
  db.close()
  return keys
}"""


def build(session: Session) -> None:
    world.build(session)
    now = datetime.now(UTC)
    source = SOURCE.read_text(encoding="utf-8")
    form = publish(session, compile_workbook(source, {}), source, now)
    for number, head in enumerate(village.HEADS):
        import_household(
            session,
            commune_id=world.COMMUNE,
            household_id=f"ho-{number}",
            village_id=world.VILLAGE,
            head_name=head,
            now=now,
        )  # fmt: skip
    open_round(
        session, round_id=village.ROUND, title="Ghi chép 2026", year=2026, form=form,
        **world.season(session, now), now=now,
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(filled: Callable[[Fill], Path]) -> Path:
    return filled(build)


class Camera(Phone):
    """A phone whose camera and microphone give a made picture and tone."""

    def switch_on(self) -> None:
        launch = self.playwright.chromium.launch_persistent_context
        kept = self.playwright.chromium

        def with_media(*args: Any, **named: Any) -> Any:
            return launch(*args, **named | {"args": MEDIA, "permissions": ["camera", "microphone"]})

        kept.launch_persistent_context = with_media  # type: ignore[method-assign]
        try:
            super().switch_on()
        finally:
            kept.launch_persistent_context = launch  # type: ignore[method-assign]
        self.context.add_init_script(DETECTOR)


PHONE = Camera


@pytest.fixture
def asked(playwright: Playwright, server: Server, profile: Path) -> Iterator[Phone]:
    """A phone with an interview open."""
    made = Camera(playwright, profile, server.address)
    made.open()
    made.synced()
    made.begin("ho-0")
    yield made
    made.switch_off()
    assert made.errors == []


@pytest.fixture
def asked_too(used_phone: Phone) -> Phone:
    """An interview of another household on the phone of the test before."""
    used_phone.begin(next(used_phone.households))
    return used_phone


def upload(name: str, media_type: str, data: bytes) -> Any:
    return {"name": name, "mimeType": media_type, "buffer": data}


def stroke(phone: Phone, path: str) -> None:
    pad = phone.question(path).locator("canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    phone.page.mouse.move(box["x"] + 20, box["y"] + 20)
    phone.page.mouse.down()
    phone.page.mouse.move(box["x"] + 90, box["y"] + 60, steps=4)
    phone.page.mouse.up()


def settled(phone: Phone, count: int) -> list[str]:
    """The files on the phone, once there are this many."""
    phone.until(f"async count => (await ({FILES})()).length === count", count)
    return list(phone.page.evaluate(FILES))


@pytest.mark.further
def test_a_photo_taken_anew_leaves_one_on_the_phone_and_a_discarded_record_none(asked: Phone) -> None:
    asked.section("hinh")
    photo = asked.question("hinh/anh")
    photo.locator("[data-action=photo]").set_input_files(upload("a.png", "image/png", picture("PNG", 1200, 900)))
    photo.locator("img.picture").wait_for()
    assert photo.locator("img.picture").evaluate("one => [one.naturalWidth, one.naturalHeight]") == [800, 600]
    [first] = settled(asked, 1)
    photo.locator("[data-action=choose]").set_input_files(upload("b.png", "image/png", picture("PNG", 600, 900)))
    asked.until(
        f"async first => {{ const all = await ({FILES})(); return all.length === 1 && all[0] !== first }}", first
    )
    taken = asked.question("hinh/chup")
    assert not taken.locator("[data-action=choose]").is_visible()
    assert taken.locator("[data-action=photo]").get_attribute("capture") == "environment"
    taken.locator("[data-action=photo]").set_input_files(upload("b.png", "image/png", picture("PNG", 300, 300)))
    settled(asked, 2)
    taken.locator("[data-action=clear]").click()
    settled(asked, 1)
    photo.locator("[data-action=photo]").set_input_files(upload("a.png", "image/png", b"<svg/>"))
    asked.until(
        "() => document.body.innerText.includes('Xin chụp lại') || document.body.innerText.includes('chụp ảnh khác')"
    )
    asked.saved()
    asked.go_home()
    asked.page.click("[data-household='ho-0'] >> nth=0")
    asked.page.click("[data-action=discard]")
    asked.page.click("#dialog [data-action=yes]")
    settled(asked, 0)


def test_one_draws_on_white_and_on_a_photo_takes_back_and_goes_on(asked: Phone) -> None:
    asked.section("hinh")
    stroke(asked, "hinh/so_do")
    settled(asked, 1)
    sketch = asked.question("hinh/so_do")
    sketch.locator(".tools label").nth(1).click()
    stroke(asked, "hinh/so_do")
    sketch.locator("[data-action=done]").click()
    sketch.locator("img.picture").wait_for()
    assert not sketch.locator("canvas").is_visible()
    sketch.locator("[data-action=draw]").click()
    sketch.locator("canvas").wait_for()
    stroke(asked, "hinh/so_do")
    sketch.locator("[data-action=undo]").click()
    sketch.locator("[data-action=clear]").click()
    settled(asked, 0)
    marked = asked.question("hinh/ghi_len")
    marked.locator("[data-action=photo]").set_input_files(upload("a.png", "image/png", picture("PNG", 400, 300)))
    marked.locator("canvas").wait_for()
    [plain] = settled(asked, 1)
    stroke(asked, "hinh/ghi_len")
    asked.until(
        f"async plain => {{ const all = await ({FILES})(); return all.length === 1 && all[0] !== plain }}", plain
    )
    assert width_of(asked.page) <= WIDTH
    marked.locator("[data-action=done]").click()
    marked.locator("img.picture").wait_for()


@pytest.mark.further
def test_sound_is_recorded_paused_kept_and_arrives_with_film_and_file_at_the_desk(asked: Phone, server: Server) -> None:
    asked.section("tieng")
    sound = asked.question("tieng/loi_ke")
    sound.locator("[data-action=record]").click()
    sound.locator("[data-state=recording]").wait_for()
    sound.get_by_text("0:01", exact=True).wait_for()
    sound.locator("[data-action=pause]").click()
    sound.locator("[data-state=paused]").wait_for()
    sound.locator("[data-action=pause]").click()
    sound.locator("[data-state=recording]").wait_for()
    sound.locator("[data-action=stop]").click()
    sound.locator("audio").wait_for()
    assert sound.locator("audio").evaluate("one => one.src.startsWith('blob:')")
    film = b"\x1aE\xdf\xa3" + b"\0" * 100
    asked.question("tieng/phim").locator("[data-action=choose]").set_input_files(upload("p.webm", "video/webm", film))
    document = asked.question("tieng/van_ban")
    assert "8 MB" in document.locator("[data-part=limit]").inner_text()
    document.locator("[data-action=choose]").set_input_files(
        upload("lon.pdf", "application/pdf", b"%PDF-" + b"x" * 9_000_000)
    )
    asked.until("() => document.body.innerText.includes('8,6 MB')")
    document.locator("[data-action=choose]").set_input_files(upload("rong.pdf", "application/pdf", b""))
    document.locator("[data-action=choose]").set_input_files(
        upload("quyết định.pdf", "application/pdf", "%PDF-1.7 thử".encode())
    )
    document.get_by_text("quyết định.pdf").wait_for()
    settled(asked, 3)
    asked.saved()
    asked.section("hinh")  # and back: what was kept is shown again
    asked.section("tieng")
    sound.locator("audio").wait_for()
    document.get_by_text("quyết định.pdf").wait_for()
    asked.check()
    asked.finalise()
    asked.go_home()
    asked.sync()
    engine = create_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine) as session:
        kinds = {row.sha256: row.media_type for row in session.scalars(select(Attachment))}
    engine.dispose()
    assert kinds[hashlib.sha256(film).hexdigest()] == "video/webm"
    assert kinds[hashlib.sha256("%PDF-1.7 thử".encode()).hexdigest()] == "application/pdf"
    assert {"audio/webm", "video/webm", "application/pdf"} <= set(kinds.values())
    assert asked.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert set(asked.page.evaluate(FILES)) >= set(kinds)  # kept here until the round is closed


def test_a_recording_under_way_is_kept_when_one_leaves_the_screen(asked: Phone) -> None:
    asked.section("tieng")
    sound = asked.question("tieng/loi_ke")
    sound.locator("[data-action=record]").click()
    sound.get_by_text("0:01", exact=True).wait_for()
    asked.section("hinh")
    settled(asked, 1)
    asked.section("tieng")
    sound.locator("audio").wait_for()


def scan(phone: Phone, path: str, text: str) -> None:
    phone.page.evaluate("text => { window.sees = text }", text)
    phone.question(path).locator("[data-action=scan]").click()


def test_a_code_is_scanned_or_typed(asked_too: Phone) -> None:
    asked = asked_too
    asked.section("tieng")
    scan(asked, "tieng/ma_tu", "PA-000-1")
    asked.page.wait_for_selector("#dialog:not([open])", state="attached")
    asked.until("() => document.querySelector(\".question[data-path='tieng/ma_tu'] input\").value === 'PA-000-1'")
    asked.answer("tieng/ma_tu", "PA-000-2")
    asked.saved()
    asked.section("hinh")
    asked.section("tieng")
    asked.question("tieng/ma_tu").locator("input").wait_for()
    assert asked.value("tieng/ma_tu") == "PA-000-2"


def add_person(phone: Phone) -> None:
    phone.section("nguoi")
    phone.page.click("[data-action=add]")
    phone.page.wait_for_selector("[data-screen=section][data-place^='nguoi[']")
    phone.question("nguoi[1]/cccd").locator("input").wait_for()


def test_a_citizen_card_fills_its_person_and_asks_before_it_writes_over_an_answer(asked_too: Phone) -> None:
    asked = asked_too
    add_person(asked)
    scan(asked, "nguoi[1]/cccd", "https://example.org/")
    asked.page.get_by_text("không phải mã của thẻ").wait_for()
    asked.page.evaluate("text => { window.sees = text }", CARD)
    asked.page.get_by_text("Đã đọc thẻ.").wait_for()
    assert asked.value("nguoi[1]/cccd") == "014079000000"
    assert asked.value("nguoi[1]/ho_ten") == "Lò Văn Thử Nghiệm"
    assert asked.value("nguoi[1]/gioi_tinh") == "nam"
    asked.answer("nguoi[1]/ho_ten", "LÒ VĂN THỬ NGHIỆM")  # capitals are no difference
    scan(asked, "nguoi[1]/cccd", CARD)
    asked.page.get_by_text("Đã đọc thẻ.").wait_for()
    assert asked.value("nguoi[1]/ho_ten") == "LÒ VĂN THỬ NGHIỆM"
    scan(asked, "nguoi[1]/cccd", ODD_CARD)
    rows = asked.page.locator("#dialog .card-rows li")
    rows.first.wait_for()
    assert rows.count() == 3
    asked.page.click("#dialog [data-action=no]")
    assert asked.value("nguoi[1]/ho_ten") == "LÒ VĂN THỬ NGHIỆM"
    scan(asked, "nguoi[1]/cccd", ODD_CARD)
    asked.page.click("#dialog [data-action=yes]")
    asked.page.get_by_text("không khớp giới tính").wait_for()
    asked.page.get_by_text("không khớp năm sinh").wait_for()
    assert asked.value("nguoi[1]/ho_ten") == "Quàng Thị Thử"
    asked.saved()
    journal = json.dumps(asked.events(), ensure_ascii=False)
    assert "014079000000" in journal
    assert "Mường Khiêng" not in journal and "050000000" not in journal and "|" not in journal


@pytest.mark.further
def test_a_number_is_typed_where_the_browser_reads_no_codes(asked: Phone) -> None:
    asked.context.add_init_script(NO_DETECTOR)
    asked.reload()
    asked.page.wait_for_selector("[data-screen=overview]")
    add_person(asked)
    question = asked.question("nguoi[1]/cccd")
    assert not question.locator("[data-action=scan]").is_visible()
    question.get_by_text("không quét được mã").wait_for()
    asked.answer("nguoi[1]/cccd", "014079000000")
    # A reader that types like a keyboard is read like a camera.
    asked.answer("nguoi[1]/cccd", CARD)
    question.locator("input").blur()
    asked.page.get_by_text("Đã đọc thẻ.").wait_for()
    assert asked.value("nguoi[1]/ho_ten") == "Lò Văn Thử Nghiệm"
    asked.saved()
    assert "050000000" not in json.dumps(asked.events())


def test_a_camera_that_is_not_allowed_is_said_in_words(asked_too: Phone) -> None:
    asked = asked_too
    asked.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    asked.section("tieng")
    asked.question("tieng/ma_tu").locator("[data-action=scan]").click()
    asked.page.get_by_text("chưa được phép dùng máy ảnh").wait_for()
    asked.question("tieng/loi_ke").locator("[data-action=record]").click()
    asked.page.get_by_text("chưa được phép dùng micrô").wait_for()
    assert asked.question("tieng/loi_ke").locator("[data-action=take]").count() == 1
    asked.page.evaluate("delete navigator.mediaDevices.getUserMedia")  # the phone goes on to the next test


def recording(phone: Phone, least: str) -> Any:
    """The question about what was told, being recorded for so long."""
    phone.section("tieng")
    sound = phone.question("tieng/loi_ke")
    sound.locator("[data-action=record]").click()
    sound.get_by_text(least, exact=True).wait_for()
    return sound


def pieces(phone: Phone) -> list[dict[str, Any]]:
    return [event["value"] for event in phone.events() if event["op"] == "piece"]


LASTS = f"""{OPENED}
  const {{ value }} = events.filter(({{ op, path }}) => op === 'set' && path === 'tieng/loi_ke').at(-1)
  const {{ blob }} = await store.file(value)
  return (await new AudioContext().decodeAudioData(await blob.arrayBuffer())).duration
}}"""


def lasts(phone: Phone) -> float:
    """Seconds of what was recorded, decoded whole as a player does."""
    seconds: float = phone.page.evaluate(LASTS, PIN)
    return seconds


@pytest.fixture
def battery(playwright: Playwright, server: Server, profile: Path) -> Iterator[Camera]:
    """A phone with an interview open, whose battery may fall out."""
    made = Camera(playwright, profile, server.address)
    made.open()
    made.synced()
    made.begin("ho-0")
    yield made
    made.switch_off()
    assert made.errors == []


def fallen_out(phone: Camera) -> Any:
    """SIGKILL, switched on again: the question about what was told."""
    address = phone.page.url
    phone.kill()
    with suppress(Error):
        phone.switch_off()
    phone.switch_on()
    phone.open(address)
    phone.section("tieng")
    return phone.question("tieng/loi_ke")


@pytest.mark.further
def test_a_phone_that_dies_while_it_records_has_what_was_said_and_goes_on_from_there(battery: Camera) -> None:
    recording(battery, "0:07")
    battery.until(f"async count => (await ({FILES})()).length >= count", 2)
    battery.saved()
    sound = fallen_out(battery)
    sound.get_by_text("Bản ghi dở 0:0").wait_for()
    kept = pieces(battery)
    assert len(kept) >= 2
    assert kept[-1]["ms"] >= 5_000
    sound.locator("[data-action=go-on]").click()
    sound.locator("[data-state=recording]").wait_for()
    second = "({ op, value }) => op === 'piece' && value.run === 1"
    battery.until(f"async pin => (await ({EVENTS})(pin)).some({second})", PIN)
    sound = fallen_out(battery)  # and once more
    sound.get_by_text("Bản ghi dở 0:").wait_for()
    assert {one["run"] for one in pieces(battery)} == {0, 1}
    sound.locator("[data-action=keep-rest]").click()
    sound.locator("audio").wait_for()
    assert lasts(battery) >= 7
    settled(battery, 1)  # the pieces are gone, the recording is there
    battery.reload()
    battery.section("tieng")
    sound = battery.question("tieng/loi_ke")
    sound.locator("audio").wait_for()
    assert not sound.locator("[data-part=rest]").is_visible()


@pytest.mark.further
def test_what_is_left_of_a_recording_is_discarded_on_a_tap_and_goes_with_its_interview(battery: Camera) -> None:
    recording(battery, "0:04")
    battery.until(f"async count => (await ({FILES})()).length >= count", 1)
    battery.saved()
    sound = fallen_out(battery)
    sound.locator("[data-action=drop-rest]").click()
    sound.locator("[data-action=record]").wait_for()
    settled(battery, 0)
    recording(battery, "0:04")
    battery.until(f"async count => (await ({FILES})()).length >= count", 1)
    battery.saved()
    fallen_out(battery)
    battery.go_home()
    battery.page.click("[data-household='ho-0'] >> nth=0")
    battery.page.click("[data-action=discard]")
    battery.page.click("#dialog [data-action=yes]")
    battery.page.wait_for_selector("[data-screen=home]")
    settled(battery, 0)


@pytest.mark.further
def test_what_nobody_decided_on_is_kept_when_the_interview_is_finished(battery: Camera, server: Server) -> None:
    recording(battery, "0:04")
    battery.until(f"async count => (await ({FILES})()).length >= count", 1)
    battery.saved()
    fallen_out(battery)
    battery.check()
    battery.finalise()
    battery.go_home()
    battery.sync()
    battery.until("() => document.querySelector('[data-count=received]').textContent === '1'")
    engine = create_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine) as session:
        assert [row.media_type for row in session.scalars(select(Attachment))] == ["audio/webm"]
    engine.dispose()


def test_no_piece_of_a_recording_lies_on_the_disk_in_plain(asked: Phone) -> None:
    recording(asked, "0:04")
    asked.until(f"async count => (await ({FILES})()).length >= count", 1)
    rows = asked.page.evaluate(
        """async () => {
          const names = (await indexedDB.databases()).map(one => one.name).filter(name => name.startsWith('so-ho-'))
          const opened = indexedDB.open(names[0])
          const db = await new Promise(done => { opened.onsuccess = () => done(opened.result) })
          const all = name => new Promise(done => {
            const ask = db.transaction(name).objectStore(name).getAll()
            ask.onsuccess = () => done(ask.result)
          })
          const [files, journal] = [await all('files'), await all('journal')]
          db.close()
          const begins = async ({ bytes }) => [...new Uint8Array(await bytes.slice(0, 4).arrayBuffer())]
          return [files.map(Object.keys), await Promise.all(files.map(begins)), journal.map(Object.keys)]
        }"""
    )
    keys, head, journal = rows
    assert all("blob" not in one and "sealed" in one for one in keys)
    assert [0x1A, 0x45, 0xDF, 0xA3] not in head
    assert all({"op", "value", "events"}.isdisjoint(one) for one in journal)


@pytest.mark.further
def test_the_phone_does_not_lock_while_somebody_speaks_and_a_lock_keeps_what_was_said(asked: Phone) -> None:
    asked.page.evaluate(
        """async () => {
          const { Device } = await import('/static/app/store/device.js')
          await new Device().set('idle', 7 / 60)  // seconds, as minutes
        }"""
    )
    asked.reload()
    sound = recording(asked, "0:12")  # longer than anybody has touched it
    assert sound.locator("[data-state=recording]").count() == 1
    sound.locator("[data-action=pause]").click()
    asked.page.wait_for_selector("[data-screen=lock]")  # nobody speaks any more
    asked.unlock()
    asked.section("tieng")
    sound.locator("audio").wait_for()
    assert lasts(asked) >= 11
    settled(asked, 1)


@pytest.mark.further
def test_a_microphone_that_is_taken_away_is_said_and_what_was_said_is_kept(asked: Phone) -> None:
    asked.page.evaluate(
        """() => {
          const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices)
          devices.getUserMedia = async wanted => (window.heard = await real(wanted))
        }"""
    )
    sound = recording(asked, "0:01")
    asked.page.evaluate("() => heard.getTracks().forEach(track => track.stop())")
    sound.locator("audio").wait_for()
    sound.get_by_text("Bản ghi bị ngắt").wait_for()
    settled(asked, 1)


@pytest.mark.further
def test_a_phone_that_fills_up_while_it_records_stops_says_so_and_keeps_what_there_is(asked: Phone) -> None:
    sound = recording(asked, "0:04")
    asked.until(f"async count => (await ({FILES})()).length >= count", 1)
    asked.page.evaluate(
        """() => {
          const put = IDBObjectStore.prototype.put
          IDBObjectStore.prototype.put = function (...row) {
            if (this.name === 'files' && window.isFull) throw new DOMException('', 'QuotaExceededError')
            return put.apply(this, row)
          }
          window.isFull = true
        }"""
    )
    sound.locator("[data-state=rest]").wait_for()
    assert "hết chỗ" in sound.locator("[data-part=status]").inner_text()
    asked.page.evaluate("() => { window.isFull = false }")
    sound.locator("[data-action=keep-rest]").click()
    sound.locator("audio").wait_for()
    assert lasts(asked) >= 2
    settled(asked, 1)

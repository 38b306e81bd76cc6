"""What a lost phone tells whoever finds it, and that its owner loses nothing by the lock (docs/vault.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import world
from tests.phone import village
from tests.phone.phone import OPENED, PIN, STANDS, Phone, Server
from tests.phone.test_sync import refuse
from tests.phone.test_without_network import entries
from tests.pictures import noise

pytestmark = pytest.mark.phone

TYPED, CCCD = "Mùa Thị Dợ Thử", "014190000000"
# Of the register, of last year's answers, of what is typed here.
SECRETS = [*village.HEADS[:4], "Quàng Thị Xuân", "Lò Thị Bua", "Cạnh nhà văn hoá", TYPED, CCCD, "lo van duc"]
NEW_PIN = "730264"

# Every row of every database, every file of every cache and the small stores, as text; bytes as Latin-1.
DUMP = """async () => {
  const asked = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const latin = bytes => Array.from(bytes, byte => String.fromCharCode(byte)).join('')
  const said = []
  const tell = async value => {
    if (value instanceof Blob) said.push(latin(new Uint8Array(await value.arrayBuffer())))
    else if (ArrayBuffer.isView(value)) said.push(latin(value))
    else if (value && typeof value === 'object') for (const pair of Object.entries(value).flat()) await tell(pair)
    else said.push(String(value))
  }
  for (const { name } of await indexedDB.databases()) {
    const db = await asked(indexedDB.open(name))
    for (const store of db.objectStoreNames) {
      const kept = db.transaction(store).objectStore(store)
      await tell(await Promise.all([asked(kept.getAllKeys()), asked(kept.getAll())]))
    }
    db.close()
  }
  await tell([{ ...localStorage }, { ...sessionStorage }, document.title, location.href, history.state])
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) said.push(request.url, await (await cache.match(request)).text())
  }
  return said.join('\\n')
}"""


def in_page(phone: Phone) -> str:
    return str(phone.page.evaluate(DUMP))


def shown_in(text: str, secrets: Iterable[str] = SECRETS) -> list[str]:
    """Which secrets stand in a text; bytes were read as Latin-1."""
    return [one for one in secrets if one in text or one.encode().decode("latin-1") in text]


def on_disk(folder: Path, secrets: Iterable[str | bytes]) -> dict[str, list[str]]:
    """Which secrets stand in which files of a profile, as a forensic reader would look: UTF-8, UTF-16 and bytes."""
    wanted: dict[str, list[bytes]] = {
        repr(one)[:40]: [one] if isinstance(one, bytes) else [one.encode(), one.encode("utf-16-le")] for one in secrets
    }
    found = {}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        seen = [name for name, forms in wanted.items() if any(form in content for form in forms)]
        if seen:
            found[str(path.relative_to(folder))] = seen
    return found


def lock_now(phone: Phone) -> None:
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.click("[data-action=lock-now]")
    phone.page.wait_for_selector("[data-screen=lock]")


def try_pin(phone: Phone, pin: str) -> None:
    phone.page.fill("[data-screen=lock] [name=pin]", pin)
    phone.page.click("[data-screen=lock] form button")


CHANGED = "[data-screen=pin-change] [data-part=done]:not([hidden])"


def change_code(phone: Phone, before: str = PIN) -> None:
    """On the screen that changes it, to NEW_PIN."""
    for name, pin in (("before", before), ("pin", NEW_PIN), ("again", NEW_PIN)):
        phone.page.fill(f"[data-screen=pin-change] [name={name}]", pin)
    phone.page.click("[data-screen=pin-change] form button")


def wrong_pins(phone: Phone, count: int) -> None:
    for number in range(count):
        try_pin(phone, f"9{number}8{number}71")
        phone.page.wait_for_selector("[data-part=fault]:not([hidden])")
        expect(phone.page.locator("[data-screen=lock] [data-part=status]")).to_have_text("")


def ask_name(phone: Phone, household: str = "ho-0") -> None:
    """Of a family: a name that nobody else has."""
    phone.begin(household)
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", TYPED)
    phone.saved()


def ask_with_photo(phone: Phone, tmp_path: Path) -> None:
    """Of a family: a name and a number that nobody else has, and a photo."""
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/dong_y", "co")
    phone.answer("thong_tin_ho/nguoi_tra_loi", TYPED)
    (tmp_path / "nha.jpg").write_bytes(noise("JPEG", 300, 200))  # no two pieces of it are alike
    phone.section("xac_nhan")
    photo = phone.question("xac_nhan/anh_nha")
    photo.locator("[data-action=photo]").set_input_files(str(tmp_path / "nha.jpg"))
    photo.locator("img").wait_for()
    phone.section("thanh_vien[2]")
    phone.answer("thanh_vien[2]/cccd", CCCD)
    phone.saved()


PHOTO = f"""{OPENED}
  const [hash] = JSON.stringify(events).match(/[0-9a-f]{{64}}/)
  return Array.from(new Uint8Array(await (await store.file(hash)).blob.arrayBuffer()))
}}"""


def test_a_lost_phone_shows_no_name_no_number_and_no_photo(new_phone: Phone, server: Server, tmp_path: Path) -> None:
    phone = new_phone
    phone.enrol()
    ask_with_photo(phone, tmp_path)
    photo = bytes(phone.page.evaluate(PHOTO, PIN))
    assert photo.startswith(b"\xff\xd8") and len(photo) > 2000
    middle = [photo[at : at + 48] for at in (len(photo) // 3, len(photo) // 2, len(photo) - 200)]
    phone.begin("ho-1")
    refuse(phone)  # a finished one, sent and received
    phone.go_home()
    phone.page.fill("[data-action=search]", "lo van duc")
    phone.sync()
    text = in_page(phone)
    assert shown_in(text) == []
    assert not any(part.decode("latin-1") in text for part in middle)
    assert "ra_soat_ho" in text and village.ROUND in text, "the dump looks at too little to mean anything"
    lock_now(phone)
    assert shown_in(phone.page.content()) == []
    assert shown_in(in_page(phone)) == []
    phone.switch_off()
    assert on_disk(phone.profile, [*SECRETS, *middle]) == {}
    assert on_disk(phone.profile, ["Người thử enumerator"]) != {}, "the disk is not where it is looked for"
    phone.switch_on()


def test_wrong_codes_earn_waits_that_no_reload_and_no_clock_shortens(phone: Phone, server: Server) -> None:
    server.stop()
    lock_now(phone)
    wrong_pins(phone, 5)
    button = phone.page.locator("[data-screen=lock] form button")
    expect(button).to_be_disabled()
    expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile(r"0:[0-3]\d"))
    phone.context.clock.install(time="2031-01-01T00:00:00Z")  # years later, says the phone
    phone.page.reload()
    expect(button).to_be_disabled()
    assert phone.page.evaluate("new Date().getFullYear()") == 2031
    expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile(r"0:[0-3]\d"))
    phone.context.clock.run_for(31_000)
    expect(button).to_be_enabled()
    wrong_pins(phone, 1)
    expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile(r"(1:00|0:5\d)"))  # the waits grow
    phone.context.clock.run_for(61_000)
    expect(button).to_be_enabled()
    try_pin(phone, PIN)
    phone.page.wait_for_selector("[data-screen=settings]")


def recover(phone: Phone) -> None:
    """From the screen of a forgotten code, with network, to a new code."""
    phone.page.wait_for_selector("[data-screen=pin-forgot][data-state=again]")
    phone.page.click("[data-action=sign-in]")
    phone.page.fill("[name=username]", "enumerator")
    phone.page.fill("[name=password]", world.PASSWORD)
    phone.page.click("form .button")
    phone.page.wait_for_selector("[data-screen=pin-forgot][data-state=choose]")
    phone.page.fill("[name=pin]", NEW_PIN)
    phone.page.fill("[name=again]", NEW_PIN)
    phone.page.click("[data-screen=pin-forgot] form button")
    phone.page.wait_for_selector("[data-screen=home]")


def test_who_forgot_the_code_signs_in_again_and_every_record_is_still_there(phone: Phone, server: Server) -> None:
    ask_name(phone)
    server.stop()
    phone.begin("ho-1")
    refuse(phone)
    lock_now(phone)
    assert "1 phiếu chưa gửi" in phone.page.inner_text("[data-screen=lock]")
    phone.page.click("[data-action=forgot]")
    phone.page.wait_for_selector("[data-screen=pin-forgot][data-state=offline]")  # and says where to go
    server.start()
    phone.page.click("[data-action=retry]")
    recover(phone)
    phone.synced()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 1}
    assert len(entries(server)) == 1
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == TYPED
    phone.page.reload()
    phone.page.wait_for_selector("[data-screen=lock]")
    wrong_pins(phone, 1)  # only now: what is typed next is the former code
    try_pin(phone, PIN)
    expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile("chưa đúng"))
    try_pin(phone, NEW_PIN)
    phone.page.wait_for_selector("[data-screen=section]")


def another_escrow_key(phone: Phone, server: Server) -> None:
    """The office has another one, and the phone has heard of it."""
    server.stop()
    [key] = server.folder.rglob("escrow.key")
    key.unlink()  # the server makes another
    server.start()
    phone.go_home()
    phone.sync()


RING = """async () => {
  const { Device } = await import('/static/app/store/device.js')
  const device = new Device()
  const account = await device.get('account')
  return device.get(`ring ${account}`)
}"""


@pytest.mark.further
def test_after_the_office_changed_its_key_a_forgotten_code_is_mended_still(phone: Phone, server: Server) -> None:
    ask_name(phone)
    former = phone.page.evaluate(RING)["escrow_id"]
    another_escrow_key(phone, server)
    lock_now(phone)
    phone.unlock()  # the code that opens the ring wraps it to the new key as well, when the app stands already
    phone.until(f"async former => (await ({RING})()).escrow_id !== former", former)
    lock_now(phone)
    phone.page.click("[data-action=forgot]")
    recover(phone)
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == TYPED


# What wraps a ring is held when it wraps to the office, the first time only, until window.go() is called; and each
# time that a ring is put on the disk is counted.
HOLD_WRAPPING = """() => {
  const { put } = IDBObjectStore.prototype
  window.rings = 0
  IDBObjectStore.prototype.put = function (value, key) {
    if (String(key).startsWith('ring ')) window.rings += 1
    return key === undefined ? put.call(this, value) : put.call(this, value, key)
  }
  const { wrapKey } = SubtleCrypto.prototype
  const gone = new Promise(resolve => { window.go = resolve })
  window.held = new Promise(resolve => {
    SubtleCrypto.prototype.wrapKey = async function (format, key, wrapper, how) {
      if (how.name !== 'RSA-OAEP') return wrapKey.call(this, format, key, wrapper, how)
      SubtleCrypto.prototype.wrapKey = wrapKey
      resolve(true)
      await gone
      return wrapKey.call(this, format, key, wrapper, how)
    }
  })
}"""


@pytest.mark.further
def test_a_ring_that_is_wrapped_anew_meanwhile_gives_way_to_the_code_that_was_chosen(
    phone: Phone, server: Server
) -> None:
    former = phone.page.evaluate(RING)["escrow_id"]
    another_escrow_key(phone, server)
    phone.page.evaluate(HOLD_WRAPPING)
    lock_now(phone)
    phone.unlock()
    phone.page.evaluate("window.held")  # a slow phone: it is at it still
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.click("[data-action=change-pin]")
    change_code(phone)
    phone.page.wait_for_selector(CHANGED)
    chosen = phone.page.evaluate(RING)
    assert chosen["escrow_id"] != former
    phone.page.evaluate("window.go()")
    phone.until("() => window.rings === 2")
    lock_now(phone)
    try_pin(phone, NEW_PIN)
    phone.page.wait_for_selector(STANDS)
    assert phone.page.evaluate(RING)["salt"] == chosen["salt"]


@pytest.mark.further
def test_two_people_share_a_phone_and_neither_sees_the_others_households(phone: Phone, server: Server) -> None:
    ask_name(phone)
    lock_now(phone)
    phone.page.click("[data-action=other]")
    phone.page.click("#dialog [data-action=yes]")
    phone.page.wait_for_selector("[data-screen=welcome]")
    phone.page.click("[data-action=sign-in]")
    phone.page.fill("[name=username]", "enumerator-2")
    phone.page.fill("[name=password]", world.PASSWORD)
    phone.page.click("form .button")
    phone.page.wait_for_selector("[data-screen=pin-new]")
    phone.choose_pin(NEW_PIN)
    phone.page.wait_for_selector("[data-screen=home]")
    phone.synced()
    assert phone.counts()["saved"] == 0
    second = phone.page.inner_text("[data-part=households]")
    assert village.HEADS[4] in second and not any(head in second for head in village.HEADS[:4])
    assert shown_in(phone.page.content(), [*village.HEADS[:4], TYPED]) == []
    lock_now(phone)
    try_pin(phone, PIN)  # the first one's code is nothing here
    expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile("chưa đúng"))
    phone.page.click("[data-action=other]")
    phone.page.click("#dialog [data-action=yes]")
    phone.page.wait_for_selector("[data-screen=welcome]")
    phone.page.click("[data-action=sign-in]")
    phone.sign_in("enumerator")
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == TYPED
    assert shown_in(in_page(phone)) == []


def test_an_interview_that_is_open_when_the_phone_locks_itself_loses_nothing(phone: Phone, server: Server) -> None:
    server.stop()
    phone.context.clock.install()
    phone.reload()
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/nguoi_tra_loi", TYPED)
    phone.context.clock.fast_forward(4 * 60_000)
    phone.page.keyboard.press("Shift")  # somebody is still there
    phone.context.clock.fast_forward(4 * 60_000)
    phone.question("thong_tin_ho/nguoi_tra_loi").wait_for()
    phone.context.clock.fast_forward(61_000)
    phone.page.wait_for_selector("[data-screen=lock]")
    assert shown_in(phone.page.content()) == []
    phone.unlock()
    phone.page.wait_for_selector("[data-screen=section][data-place=thong_tin_ho]")  # where it was
    assert phone.value("thong_tin_ho/nguoi_tra_loi") == TYPED


def test_the_code_is_changed_and_the_time_until_it_locks_is_chosen(phone: Phone) -> None:
    phone.page.evaluate("location.hash = '#/settings'")
    phone.page.locator("[name=idle][value='1']").check(force=True)
    phone.page.click("[data-action=change-pin]")
    change_code(phone, "999999")
    expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile("chưa đúng"))
    phone.page.fill("[data-screen=pin-change] [name=before]", PIN)
    for pin, words in (("123456", "dễ đoán"), ("12", "ngắn")):
        phone.page.fill("[data-screen=pin-change] [name=pin]", pin)
        phone.page.click("[data-screen=pin-change] form button")
        expect(phone.page.locator("[data-part=fault]")).to_have_text(re.compile(words))
    phone.page.fill("[data-screen=pin-change] [name=pin]", NEW_PIN)
    phone.page.click("[data-screen=pin-change] form button")
    phone.page.wait_for_selector(CHANGED)
    phone.page.click("[data-action=home]")
    lock_now(phone)
    try_pin(phone, NEW_PIN)
    phone.page.wait_for_selector("[data-screen=settings]")
    assert phone.page.locator("[name=idle][value='1']").is_checked()


def test_locking_one_window_locks_the_others(phone: Phone) -> None:
    second = phone.watch(phone.context.new_page())
    second.goto(phone.address)
    second.wait_for_selector("[data-screen=home]")  # lent by the first window
    lock_now(phone)
    second.wait_for_selector("[data-screen=lock]")
    phone.unlock()
    second.wait_for_selector("[data-screen=home]")


def test_what_was_still_being_read_when_it_was_locked_is_no_trouble(phone: Phone) -> None:
    phone.page.evaluate(
        """() => import('/static/app/store/sealing.js').then(({ Locked }) => {
          setTimeout(() => Promise.reject(new Locked()))
          return new Promise(done => addEventListener('unhandledrejection', () => setTimeout(done)))
        })"""
    )
    assert phone.errors == []
    expect(phone.page.locator("[data-screen=home]")).to_be_visible()


# What an earlier release kept

BUILDER = (Path(__file__).parents[1] / "faults" / "schema_1.js").read_text(encoding="utf-8")
BUILD = (
    """async events => {
  const { contentHash, sha256 } = await import('/static/app/canonical.js')
  const { Device } = await import('/static/app/store/device.js')
"""
    + re.sub(r"^import .*$", "", BUILDER, flags=re.M).replace("export ", "")
    + """
  const account = await new Device().get('account')
  const content = await rows({ account, events })
  const open = indexedDB.open(`so-ho-${account}`)
  await new Promise(done => (open.onsuccess = done))
  const kept = await new Promise(done => {
    const ask = open.result.transaction('meta').objectStore('meta').get('hello')
    ask.onsuccess = () => done(ask.result)
  })
  open.result.close()
  content.meta.hello = kept
  content.meta.cursor = 0
  for (const row of [...content.households, ...content.drafts]) row.village_id = kept.villages[0].id
  await new Promise(done => (indexedDB.deleteDatabase(`so-ho-${account}`).onsuccess = done))
  await build(indexedDB, account, content)
}"""
)
COUNT = """async () => {
  const account = (await indexedDB.databases()).map(one => one.name).find(name => name.startsWith('so-ho-'))
  const open = indexedDB.open(account)
  await new Promise(done => (open.onsuccess = done))
  const all = open.result.transaction('journal').objectStore('journal').getAll()
  await new Promise(done => (all.onsuccess = done))
  const { version } = open.result
  open.result.close()
  return [version, all.result.length, all.result.filter(row => row.sealed).length]
}"""
OLD = ["Lò Văn Đức", "Quàng Thị Xuân", "014079000123", "Mùa Thị Dợ", "bytes of the photo"]


def earlier(phone: Phone, events: int) -> None:
    """A phone as a release before the vault left it: signed in, everything in plain, no PIN."""
    phone.page.goto(phone.address)
    phone.page.click("[data-action=sign-in]")
    phone.page.fill("[name=username]", "enumerator")
    phone.page.fill("[name=password]", world.PASSWORD)
    phone.page.click("form .button")
    phone.page.wait_for_selector("[data-screen=pin-new]")
    phone.until("() => navigator.serviceWorker.controller")
    phone.page.evaluate(BUILD, events)
    phone.page.reload()
    phone.page.wait_for_selector("[data-screen=pin-new]")
    assert phone.page.evaluate(COUNT) == [1, events + 2, 0]
    assert set(OLD) <= set(shown_in(in_page(phone), OLD))


def assert_kept(phone: Phone, events: int) -> None:
    assert phone.page.evaluate(COUNT) == [2, events + 2, events + 2]
    assert shown_in(in_page(phone), OLD) == []
    assert phone.counts()["saved"] == 2
    answers = {event["path"]: event["value"] for event in phone.events()}
    assert answers[f"thanh_vien[1]/ghi_chu_{events - 1}"] == f"Quàng Thị Xuân {events - 1}"


@pytest.mark.further
def test_what_an_earlier_release_kept_in_plain_is_sealed_when_the_first_code_is_chosen(
    new_phone: Phone, server: Server
) -> None:
    earlier(new_phone, 40)
    server.stop()
    new_phone.choose_pin()
    new_phone.page.wait_for_selector("[data-screen=home]")
    assert_kept(new_phone, 40)
    server.start()
    new_phone.page.click("[data-action=sync]")
    new_phone.page.wait_for_selector("[data-count=unsent]")
    new_phone.until("() => document.querySelector('[data-part=sync]').dataset.state !== 'busy'")
    (entry,) = entries(server)  # what it had finished before is sent as it was
    assert entry["answers"]["thanh_vien"] == [{"ho_ten": "Quàng Thị Xuân"}]


@pytest.mark.further
def test_a_phone_that_dies_while_it_seals_goes_on_where_it_stopped(new_phone: Phone, server: Server) -> None:
    events = 3000
    earlier(new_phone, events)
    server.stop()
    new_phone.choose_pin()
    new_phone.until("() => /[1-9]\\d*\\D+\\d/.test(document.querySelector('[data-part=status]')?.textContent ?? '')")
    new_phone.kill()
    new_phone.switch_on()
    new_phone.page.goto(new_phone.address)
    new_phone.page.wait_for_selector("[data-screen=lock]")
    version, all_rows, sealed = new_phone.page.evaluate(COUNT)
    assert version == 2 and all_rows == events + 2 and sealed < events, "it was not killed in the middle"
    new_phone.unlock()
    new_phone.page.wait_for_selector("[data-screen=home]")
    assert_kept(new_phone, events)


# One bit of the box of this row is another.
SPOIL = """async ([name, store, key]) => {
  const asked = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const db = await asked(indexedDB.open(name))
  const rows = db.transaction(store, 'readwrite').objectStore(store)
  const row = (await asked(rows.getAll())).find(one => one.household_id === key)
  row.sealed[20] ^= 1
  await asked(rows.put(row))
  db.close()
}"""


@pytest.mark.further
def test_a_record_that_the_disk_spoilt_is_told_and_takes_no_other_with_it(phone: Phone, server: Server) -> None:
    server.stop()
    phone.begin("ho-0")
    refuse(phone)
    phone.go_home()
    ask_name(phone, "ho-1")
    phone.go_home()
    [name] = [one["name"] for one in phone.page.evaluate("indexedDB.databases()") if one["name"] != "so-ho"]
    for store, household in (("outbox", "ho-0"), ("drafts", "ho-1"), ("households", "ho-2")):
        phone.page.evaluate(SPOIL, [name, store, household])
    phone.reload()
    phone.page.wait_for_selector("[data-household=ho-3]")
    assert phone.page.locator("[data-household=ho-2]").count() == 0  # until the next talk with the server
    expect(phone.page.locator("[data-part=notices]")).to_contain_text("không còn đọc được phiếu")
    phone.page.click("[data-household=ho-1]")
    expect(phone.page.locator("[data-part=left]")).to_contain_text("Hãy xoá phiếu dở")
    server.start()
    phone.go_home()
    phone.sync()
    phone.page.wait_for_selector("[data-household=ho-2]")
    assert entries(server) == []
    phone.begin("ho-0")  # it can be asked again

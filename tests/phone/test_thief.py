"""Who took a locked phone and looks past its app: a tab of its browser, its cookies in another client."""

from __future__ import annotations

from playwright.sync_api import APIRequestContext, Playwright

from tests.phone.phone import Phone, Server
from tests.phone.test_vault import SECRETS, lock_now, shown_in

# The row in which the private half lies sealed goes.
FORGET_PROOF = """async () => {
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise(done => { const r = indexedDB.open(name); r.onsuccess = () => done(r.result) })
    const meta = db.transaction('meta', 'readwrite').objectStore('meta')
    meta.delete('proof')
    await new Promise(done => meta.transaction.oncomplete = done)
    db.close()
  }
}"""
DOOR = ("hello", "register?cursor=0", "households", "supports")


def test_a_tab_of_a_locked_phone_shows_nothing_of_the_register(phone: Phone, server: Server) -> None:
    lock_now(phone)
    for address in DOOR:
        tab = phone.context.new_page()
        answer = tab.goto(f"{server.address}/api/v1/{address}")
        assert answer is not None and answer.status == 404, address
        assert shown_in(tab.content(), [*SECRETS, "ho-0"]) == [], address
        tab.close()
    page = phone.context.new_page()
    page.goto(f"{server.address}/account/sessions")
    assert "/login" in page.url  # the phone's session opens no page


def ask_as_the_thief(phone: Phone, server: Server, context: APIRequestContext) -> dict[str, tuple[int, str]]:
    """What another client that brings the phone's cookies is told, as the app asks and without."""
    brought = "; ".join(f"{one['name']}={one['value']}" for one in phone.context.cookies())
    told = {}
    for address in DOOR:
        answer = context.get(
            f"{server.address}/api/v1/{address}", headers={"Cookie": brought, "Sec-Fetch-Mode": "cors"}
        )
        told[address] = answer.status, answer.text()
    return told


def test_the_cookies_of_a_locked_phone_tell_another_client_nothing(
    phone: Phone, server: Server, playwright: Playwright
) -> None:
    client = playwright.request.new_context()
    lock_now(phone)
    phone.page.wait_for_load_state("networkidle")
    told = ask_as_the_thief(phone, server, client)
    assert {address: status for address, (status, _said) in told.items()} == {
        "hello": 200, "register?cursor=0": 401, "households": 401, "supports": 401,
    }  # fmt: skip
    for address, (_status, said) in told.items():
        assert shown_in(said, [*SECRETS, "ho-0", "Người thử", "enumerator"]) == [], address
    phone.unlock()
    phone.go_home()
    phone.sync()  # who opens it is told everything again, by the same sign-in
    phone.begin("ho-0")
    client.dispose()


def test_a_phone_whose_key_was_lost_asks_to_sign_in_and_keeps_its_interviews(phone: Phone, server: Server) -> None:
    phone.page.evaluate(FORGET_PROOF)
    phone.reload()
    phone.page.wait_for_selector("[data-notice=sign-in]")
    phone.page.click("[data-notice=sign-in] [data-action=sign-in]")
    phone.sign_in()
    phone.synced()

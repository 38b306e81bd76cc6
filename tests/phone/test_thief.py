"""Who took a locked phone and looks past its app: a tab of its browser, its cookies in another client."""

from __future__ import annotations

from tests.phone.phone import Phone, Server
from tests.phone.test_vault import SECRETS, lock_now, shown_in

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

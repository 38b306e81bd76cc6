"""A phone's session opens no page, a desk's no phone's door, and nothing of the phone's door shows in a tab."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models import Account
from survey.accounts import sessions
from survey.accounts.accounts import find_account
from survey.terms import Role, SessionKind
from survey.web.security import PHONE, PUBLIC
from survey.web.strangers import Buckets
from tests.web.test_access import OWN, verb_of, walked
from tests.web.test_login import sign_in
from tests.web.test_sessions import code_of, row_of
from tests.world import NOW

REGISTER = "/api/v1/register"
IN_A_TAB = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}


def browser_of(app: Flask, account: Account, kind: SessionKind) -> Any:
    """A browser that holds one session, of that kind, in every cookie that it has: also where a thief would put it."""
    with Session(app.extensions["engine"]) as writing, writing.begin():
        _row, text = sessions.begin(writing, account, NOW, kind=kind)
    browser: Any = app.test_client()
    browser.set_cookie(PHONE, text, path="/")
    if kind != SessionKind.PHONE:  # what is signed cannot be made out of a phone's
        with browser.session_transaction() as cookie:
            cookie["sid"] = text
    return browser


@pytest.mark.parametrize("kind", [SessionKind.PHONE, SessionKind.DESK, SessionKind.HALF])
@pytest.mark.parametrize("role", [Role.ENUMERATOR, Role.ADMIN])
def test_each_route_by_the_kind_of_its_session(
    app: Flask, session: Any, small_round: str, role: Role, kind: SessionKind
) -> None:
    app.extensions["strangers"] = Buckets(burst=10_000)  # more at once than a stranger is answered
    account = find_account(session, OWN[role][0])
    assert account is not None
    session.rollback()
    browser = browser_of(app, account, kind)
    for endpoint, method, address in walked(app):
        if verb_of(app, endpoint) == PUBLIC or "export" in address:
            continue
        answer = browser.open(address, method=method)
        is_phones = address.startswith("/api/")
        is_open = kind == SessionKind.PHONE if is_phones else kind == SessionKind.DESK
        if is_open or (endpoint == "sync.form_file" and kind == SessionKind.DESK):  # pictures of a questionnaire
            assert answer.status_code != 401, (endpoint, method)
        elif is_phones or method not in ("GET", "HEAD"):
            assert answer.status_code == 401, (endpoint, method)
        else:
            assert (answer.status_code, (answer.location or "").split("?")[0]) == (302, "/login"), (endpoint, method)


def test_a_tab_on_any_address_of_the_phones_door_shows_nothing(app: Flask, login_as: Any, small_round: str) -> None:
    browser = login_as("enumerator")
    assert browser.get(REGISTER).status_code == 200
    for endpoint, method, address in walked(app):
        if address.startswith("/api/") and verb_of(app, endpoint) != PUBLIC:
            answer = browser.open(address, method=method, headers=IN_A_TAB)
            assert answer.status_code == 404, (method, address)
            assert method == "HEAD" or answer.json["problem"]["code"] == "not_found", address


def test_the_way_leads_to_the_kind_and_one_does_not_end_the_other(client: Any, session: Any) -> None:
    assert sign_in(client, "supervisor").location == "/desk/"
    desk = row_of(session, "supervisor")
    assert (desk.kind, client.get("/desk/").status_code) == (SessionKind.DESK, 302)
    assert code_of(client.get(REGISTER)) == (401, "session_expired")
    assert client.get("/login").status_code == 302  # at the desk
    signed = sign_in(client, "supervisor", address="/login?next=/", look="/login?next=/")
    assert signed.location == "/"
    assert client.get(REGISTER).status_code == client.get("/account/sessions").status_code == 200
    assert client.get("/login?next=/").status_code == 302
    session.rollback()
    session.refresh(desk)
    assert desk.why is None


def test_signing_out_ends_both(app: Flask, client: Any, session: Any) -> None:
    sign_in(client, "supervisor")
    sign_in(client, "supervisor", address="/login?next=/", look="/login?next=/")
    client.csrf = client.get("/api/v1/hello").json["csrf"]
    thief: Any = app.test_client()
    thief.set_cookie(PHONE, client.get_cookie(PHONE).value, path="/")
    assert thief.get(REGISTER).status_code == 200
    assert client.post("/logout").status_code == 303
    assert client.get_cookie(PHONE) is None
    assert thief.get(REGISTER).status_code == client.get(REGISTER).status_code == 401
    assert client.get("/account/sessions").status_code == 302


def test_a_desk_on_a_phone_that_was_withdrawn_ends_with_it(client: Any, session: Any) -> None:
    sign_in(client, "enumerator")
    sign_in(client, "enumerator", look="/login?next=/account/sessions", address="/login?next=/account/sessions")
    token = client.get("/api/v1/hello").json["csrf"]
    body = {"device": {"id": "may-1"}, "entries": []}
    assert client.post("/api/v1/push", json=body, headers={"X-CSRF-Token": token}).status_code == 200
    session.rollback()
    assert {one.device for one in session.query(sessions.SessionRow)} == {"may-1"}


def test_who_is_signed_in_to_the_app_is_told_why_the_desk_asks_once_more(app: Flask, session: Any) -> None:
    account, words = find_account(session, OWN[Role.SUPERVISOR][0]), "Mời nhập lại mật khẩu"
    assert account is not None
    session.rollback()
    phone = browser_of(app, account, SessionKind.PHONE)
    assert words in phone.get("/login?next=/desk/").text
    assert phone.get("/login?next=/").status_code == 302  # onward to the app
    assert words not in app.test_client().get("/login?next=/desk/").text

"""Guessing passwords at the door: what a stranger cannot stop, what the owner is told, how it ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from models import AuditEvent, KnownBrowser, SessionRow, SignInTries
from survey.accounts import accounts
from survey.accounts.guessing import MadeUpNames
from survey.accounts.turns import Turns
from survey.web.strangers import Buckets
from tests.commands.test_commands import run
from tests.web.office.test_accounts import account_id
from tests.web.test_login import sign_in
from tests.world import PASSWORD

GUESSERS = [f"10.0.{at}.1" for at in range(40)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is looked at without its 26 ms: who may try is asked here."""
    monkeypatch.setattr(type(accounts._hasher), "verify", lambda _self, _hash, typed: _right(typed))


def _right(typed: str) -> bool:
    if typed != PASSWORD:
        raise accounts.VerifyMismatchError
    return True


@pytest.fixture
def memory(app: Flask) -> Flask:
    app.extensions.update(made_up_names=MadeUpNames(), made_up_tries=Buckets(1, 60))
    return app


def new(app: Flask) -> Any:
    return app.test_client()


def again(client: Any, name: str, password: str = PASSWORD) -> int:
    """Signing in once more on a device whose session is over."""
    client.delete_cookie("so_ho")
    client.delete_cookie("so_ho_phone")
    return int(sign_in(client, name, password).status_code)


def guess(app: Flask, name: str, times: int) -> list[int]:
    """Tries of strangers, each from another address, on devices that nobody knows."""
    return [
        sign_in(new(app), name, "sai", environ_overrides={"REMOTE_ADDR": GUESSERS[at % 40]}).status_code
        for at in range(times)
    ]


def count(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)))


def test_a_stranger_stops_no_known_phone_and_a_new_one_waits_and_is_told_why(
    memory: Flask, client: Any, session: Any, clock: Any
) -> None:
    assert sign_in(client, "enumerator").status_code == 303
    assert guess(memory, "enumerator", 8) == [422] * 3 + [429] * 5
    assert again(client, "enumerator") == 303  # at once
    assert guess(memory, "enumerator", 4) == [422] * 3 + [429]
    phone = new(memory)
    waits = sign_in(phone, "enumerator")
    assert (waits.status_code, waits.headers["Retry-After"]) == (429, "30")
    assert "thiết bị" in waits.text and "1 phút" in waits.text
    clock.advance(seconds=30)
    assert sign_in(phone, "enumerator").status_code == 303
    assert count(session, KnownBrowser) == 2


def test_names_that_nobody_has_stop_nobody_and_leave_nothing(memory: Flask, client: Any, session: Any) -> None:
    told = [sign_in(client, f"bịa-{at}", "sai").status_code for at in range(70)]
    assert told == [422] * 70  # beyond the sixtieth its password is not looked at
    assert sign_in(client, "enumerator").status_code == 303  # from the same address, a new phone
    assert count(session, SignInTries) == 1
    assert session.scalars(select(AuditEvent.verb)).all() == ["signed_in"]
    assert sign_in(new(memory), "bịa", "sai").status_code == 422
    memory.extensions["made_up_tries"] = Buckets(1, 60)
    assert [sign_in(new(memory), "bịa", "sai").status_code for _ in range(3)] == [422, 422, 429]


def test_after_a_hundred_wrong_ones_a_known_phone_a_supervisor_or_the_operator_ends_it(
    memory: Flask, client: Any, session: Any, login_as: Any
) -> None:
    sign_in(client, "enumerator")
    one = account_id(session, "enumerator")

    def a_hundred() -> None:
        session.get_one(SignInTries, one).failures = 100
        session.get_one(SignInTries, one).last = session.get_one(SessionRow, session.scalar(select(SessionRow.id))).made
        session.commit()
        refused = sign_in(new(memory), "enumerator")
        assert refused.status_code == 429 and "100" in refused.text

    a_hundred()
    assert again(client, "enumerator") == 303
    assert sign_in(new(memory), "enumerator").status_code == 303
    a_hundred()
    office = login_as("supervisor")
    assert "Cho thiết bị mới đăng nhập" in office.get(f"/accounts/{one}").text
    assert login_as("supervisor-other").post(f"/accounts/{one}/new-devices").status_code == 404
    assert login_as("enumerator").post(f"/accounts/{one}/new-devices").status_code == 403
    assert office.post(f"/accounts/{one}/new-devices").status_code == 303
    assert "Cho thiết bị mới đăng nhập" not in office.get(f"/accounts/{one}").text
    assert sign_in(new(memory), "enumerator").status_code == 303
    a_hundred()
    assert run(memory, "account", "let-in", "enumerator")[0] == 0
    assert run(memory, "account", "let-in", "khong-co")[0] == 1
    assert sign_in(new(memory), "enumerator").status_code == 303
    session.rollback()
    assert list(session.scalars(select(AuditEvent.verb))).count("new_devices_let_in") == 2


def test_the_owner_is_told_what_others_tried_until_it_was_read(memory: Flask, session: Any, login_as: Any) -> None:
    desk = new(memory)
    assert sign_in(desk, "supervisor").status_code == 303
    assert again(desk, "supervisor", "gõ nhầm") == 422
    assert again(desk, "supervisor") == 303
    assert "gõ sai mật khẩu" not in desk.get("/account/sessions").text  # one's own slip on one's own desk
    guess(memory, "supervisor", 3)
    page = desk.get("/account/sessions").text
    assert "3 lần" in page and "gõ sai mật khẩu" in page
    assert "gõ sai mật khẩu" not in login_as("admin").get("/account/sessions").text
    token = re.search(r'action="/account/tries".*?name="csrf_token" value="([^"]+)', page, re.S)
    assert token
    read = desk.post("/account/tries", data={"csrf_token": token[1], "next": "/account/sessions"})
    assert (read.status_code, read.location) == (303, "/account/sessions")
    assert "gõ sai mật khẩu" not in desk.get("/account/sessions").text
    elsewhere = desk.post("/account/tries", data={"csrf_token": token[1], "next": "//evil.example"})
    assert elsewhere.location == "/account/password"


@pytest.mark.parametrize("username", ["enumerator", "supervisor", "province", "admin"])
def test_five_wrong_passwords_within_a_session_end_it(login_as: Any, session: Any, username: str) -> None:
    browser, other = login_as(username), login_as(username)
    new_one = {"current": "sai", "password": "chiều nay nắng to", "again": "chiều nay nắng to"}
    told = [browser.post("/account/password", data=new_one).status_code for _ in range(6)]
    assert told == [422] * 4 + [401] * 2
    assert [one.get("/api/v1/hello").status_code for one in (browser, other)] == [401, 200]
    session.rollback()
    assert [row.why for row in session.scalars(select(SessionRow)) if row.why] == ["guessed"]
    assert "session_tried_out" in session.scalars(select(AuditEvent.verb)).all()


def test_the_cookie_of_a_device_is_closed_to_scripts_and_pages(client: Any) -> None:
    [cookie] = [one for one in sign_in(client, "enumerator").headers.getlist("Set-Cookie") if "so_ho_known" in one]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/login" in cookie
    https = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/login"}}
    client.delete_cookie("so_ho")
    client.delete_cookie("so_ho_phone")
    under_https = sign_in(client, "enumerator", **https).headers.getlist("Set-Cookie")
    assert all("Secure" in one for one in under_https if "so_ho_known" in one) and len(under_https) > 1


def test_a_crowd_is_told_to_come_back_and_that_it_counts_for_nothing(
    memory: Flask, client: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, "enumerator")
    monkeypatch.setattr(accounts, "_turns", Turns(1, first=1, others=0))  # as many strangers wait as may
    refused = sign_in(new(memory), "enumerator")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert "không tính là nhập sai" in refused.text
    assert again(client, "enumerator") == 303
    session.rollback()
    assert session.scalars(select(SignInTries.failures)).all() == [0]


@pytest.mark.parametrize(
    ("password", "said"),
    [("ngắn", "12 ký tự"), ("aaaaaaaaaaaa", "lặp"), ("Bản Nà Ca 2026", "tên"), ("matkhau123456", "nhiều người")],
)
def test_a_weak_new_password_is_refused_with_what_to_do(login_as: Any, password: str, said: str) -> None:
    browser = login_as("enumerator")
    if said == "tên":
        password = "Người thử enumerator"
    told = browser.post("/account/password", data={"current": PASSWORD, "password": password, "again": password})
    assert told.status_code == 422 and said in told.text

"""Signing in: who gets in, what is said to who does not, when a session ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from models import AuditEvent
from survey.accounts.accounts import find_account, set_password
from tests.world import PASSWORD


def sign_in(
    client: Any, username: str, password: str = PASSWORD, address: str = "/login", look: str = "/login", **kwargs: Any
) -> Any:
    """`look`: the address whose form is filled in."""
    page = client.get(look, base_url=kwargs.get("base_url")).text
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)', page)
    assert token
    fields = {"csrf_token": token.group(1), "username": username, "password": password}
    return client.post(address, data=fields, **kwargs)


@pytest.mark.parametrize(
    ("username", "home"),
    [("enumerator", "/"), ("supervisor", "/desk/"), ("province", "/desk/"), ("admin", "/desk/")],
)
def test_each_role_arrives_where_its_work_is(client: Any, username: str, home: str) -> None:
    answer = sign_in(client, username)
    assert (answer.status_code, answer.location) == (303, home)


@pytest.mark.thorough
def test_a_name_typed_with_capitals_and_spaces_is_the_same_name(client: Any) -> None:
    assert sign_in(client, " Enumerator ").status_code == 303


def test_a_wrong_password_and_an_unknown_name_read_the_same(client: Any) -> None:
    wrong, unknown = sign_in(client, "enumerator", "sai"), sign_in(client, "không-có", "sai")
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in wrong.text
    assert re.sub(r'value="[^"]*"', "", wrong.text) == re.sub(r'value="[^"]*"', "", unknown.text)


def test_a_name_with_a_nul_is_only_a_wrong_name(client: Any) -> None:
    assert sign_in(client, "enum\x00erator").status_code == 422


def test_sign_in_leads_on_to_the_page_that_was_asked_for(client: Any) -> None:
    assert sign_in(client, "enumerator", address="/login?next=/%3Fx").location == "/?x"


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_to_another_site(client: Any, address: str) -> None:
    assert sign_in(client, "enumerator", address=f"/login?next={address}").location == "/"


def test_a_sign_in_without_its_token_is_refused_in_vietnamese(client: Any) -> None:
    answer = client.post("/login", data={"username": "enumerator", "password": PASSWORD})
    assert answer.status_code == 403
    assert "Trang này đã mở quá lâu" in answer.text


def test_a_new_password_ends_the_sessions_made_with_the_old_one(login_as: Any, session: Any) -> None:
    browser = login_as("supervisor")
    assert browser.get("/api/v1/hello").status_code == 200
    set_password(find_account(session, "supervisor"), "mật khẩu mới")
    session.commit()
    answer = browser.get("/api/v1/hello")
    assert (answer.status_code, answer.json["problem"]["code"]) == (401, "session_expired")


def test_a_supervisors_session_ends_after_a_working_day_an_enumerators_lasts_two_weeks(
    login_as: Any, clock: Any
) -> None:
    supervisor, enumerator = login_as("supervisor"), login_as("enumerator")
    clock.advance(hours=13)
    assert supervisor.get("/api/v1/hello").status_code == 401
    assert enumerator.get("/api/v1/hello").status_code == 200


def test_the_session_cookie_is_closed_to_scripts_and_other_sites(client: Any) -> None:
    cookie = next(c for c in sign_in(client, "enumerator").headers.getlist("Set-Cookie") if c.startswith("so_ho="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie


def test_under_https_every_cookie_is_kept_from_plain_http(client: Any) -> None:
    site = "https://localhost"
    answer = sign_in(client, "supervisor", base_url=site, headers={"Referer": f"{site}/login"})
    assert answer.status_code == 303
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_signing_out_closes_the_session(login_as: Any) -> None:
    browser = login_as("enumerator")
    assert browser.post("/logout").location == "/login"
    assert browser.get("/api/v1/hello").status_code == 401


def test_sign_ins_are_logged_without_what_was_typed(client: Any, session: Any) -> None:
    sign_in(client, "enumerator", "lộ mật khẩu")
    sign_in(client, "enumerator")
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.verb)).all()
    assert [(e.verb, e.subject, e.detail) for e in events] == [("sign_in_failed", "", None), ("signed_in", "", None)]


def test_english_is_one_press_away_and_stays(client: Any, login_as: Any) -> None:
    browser = login_as("supervisor")
    assert browser.post("/language", data={"lang": "en", "next": "/login"}).location == "/login"
    assert 'lang="en"' in browser.get("/nothing").text
    assert 'lang="vi"' in client.get("/nothing").text

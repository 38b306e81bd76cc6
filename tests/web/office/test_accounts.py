"""Accounts: who is let in, for which villages, and that a phone learns of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from models import AuditEvent
from survey.accounts.accounts import find_account, password_matches, villages_of
from tests.world import PASSWORD, VILLAGE, VILLAGE_2


def account_id(session: Any, username: str) -> str:
    session.rollback()
    found = find_account(session, username)
    assert found is not None
    return str(found.id)


def test_a_supervisor_adds_an_enumerator_whose_password_is_shown_once(login_as: Any, session: Any) -> None:
    fields = {"display_name": "Lò Thị Thử", "username": "Ban-Moi", "villages": [VILLAGE, VILLAGE_2]}
    answer = login_as("supervisor").post("/accounts/new", data=fields)
    shown = re.search(r'class="password-made">([a-z0-9-]+)<', answer.text)
    assert shown
    made = find_account(session, "ban-moi")
    assert made is not None
    assert (made.role, made.place_id, villages_of(session, made)) == ("enumerator", "03757", [VILLAGE, VILLAGE_2])
    assert password_matches(made.password_hash, shown.group(1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "enumerator"}, "Tên đăng nhập này đã có người dùng."),
        ({"username": "có dấu cách"}, "Chỉ dùng chữ của một loại"),
        ({"username": "bản½"}, "Chỉ dùng chữ của một loại"),  # kept as "bản1⁄2"
        ({"display_name": ""}, "Hãy nhập họ và tên."),
        ({"display_name": "a\x00b"}, "Có ký tự không lưu được."),
        ({"villages": ["03664-01"]}, ""),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(login_as: Any, changes: dict[str, Any], words: str) -> None:
    fields: dict[str, Any] = {"display_name": "Lò Thị Thử", "username": "ban-moi", "villages": [VILLAGE]}
    answer = login_as("supervisor").post("/accounts/new", data=fields | changes)
    assert answer.status_code == 422
    assert words in answer.text


def test_an_administrator_adds_a_supervisor(login_as: Any, session: Any) -> None:
    fields = {"display_name": "Cán bộ", "username": "can-bo", "role": "supervisor", "place": "03664"}
    assert login_as("admin").post("/accounts/new", data=fields).status_code == 200
    assert account_id(session, "can-bo")
    wrong = {**fields, "username": "can-bo-2", "place": "14"}
    assert "Mã này không phù hợp với vai trò." in login_as("admin").post("/accounts/new", data=wrong).text


def test_a_village_that_changes_hands_leaves_one_phone_and_reaches_the_other(
    login_as: Any, session: Any, small_round: str
) -> None:
    losing, gaining, supervisor = login_as("enumerator"), login_as("enumerator-2"), login_as("supervisor")
    before = losing.get("/api/v1/register?cursor=0").json["cursor"]
    own = gaining.get("/api/v1/register?cursor=0").json
    for username, villages in (("enumerator", []), ("enumerator-2", [VILLAGE, VILLAGE_2])):
        fields = {"display_name": "Người thử", "villages": villages}
        assert supervisor.post(f"/accounts/{account_id(session, username)}", data=fields).status_code == 303
    told = losing.get(f"/api/v1/register?cursor={before}").json["entries"]
    assert [(entry["household_id"], entry["gone"]) for entry in told] == [
        ("ho-1", True),
        ("ho-2", True),
        ("ho-3", True),
    ]
    news = gaining.get(f"/api/v1/register?cursor={own['cursor']}").json["entries"]
    assert [entry["household_id"] for entry in news] == ["ho-1", "ho-2", "ho-3"]
    assert all("gone" not in entry for entry in news)


def test_a_new_password_ends_the_sessions_and_those_of_a_closed_account_only_deliver(
    login_as: Any, session: Any
) -> None:
    enumerator, supervisor = login_as("enumerator"), login_as("supervisor")
    address = f"/accounts/{account_id(session, 'enumerator')}"
    assert supervisor.post(f"{address}/password").status_code == 200
    assert enumerator.get("/api/v1/hello").status_code == 401
    again = login_as("enumerator")
    assert supervisor.post(f"{address}/active", data={"active": "0"}).status_code == 303
    assert again.get("/api/v1/hello").json["revoked"] is True
    assert again.get("/api/v1/register").status_code == 403
    assert supervisor.post(f"{address}/active", data={"active": "1"}).status_code == 303
    assert again.get("/api/v1/hello").status_code == 401
    assert login_as("enumerator").get("/api/v1/hello").status_code == 200


@pytest.mark.parametrize("username", ["enumerator-other", "supervisor-2", "admin", "province"])
def test_a_supervisor_does_not_see_accounts_that_are_not_hers(login_as: Any, session: Any, username: str) -> None:
    browser, address = login_as("supervisor"), f"/accounts/{account_id(session, username)}"
    assert browser.get(address).status_code == 404
    assert browser.post(f"{address}/password").status_code == 404
    assert browser.post(f"{address}/active", data={"active": "0"}).status_code == 404
    assert f">{username}<" not in browser.get("/accounts/").text


def test_nobody_closes_the_account_they_are_using(login_as: Any, session: Any) -> None:
    address = f"/accounts/{account_id(session, 'admin')}/active"
    assert login_as("admin").post(address, data={"active": "0"}).status_code == 409


def test_everybody_changes_their_own_password(login_as: Any, session: Any) -> None:
    browser, other = login_as("enumerator"), login_as("enumerator")
    new = {"current": PASSWORD, "password": "một câu dễ nhớ", "again": "một câu dễ nhớ"}
    assert browser.post("/account/password", data=new | {"current": "sai"}).status_code == 422
    assert browser.post("/account/password", data=new | {"again": "khác"}).status_code == 422
    assert browser.post("/account/password", data=new | {"password": "ngắn", "again": "ngắn"}).status_code == 422
    assert browser.post("/account/password", data=new).status_code == 200
    assert browser.get("/account/sessions").status_code == 200  # the desk goes on; a phone signs in with the new one
    assert [one.get("/api/v1/hello").status_code for one in (browser, other)] == [401, 401]


def test_changes_of_accounts_are_logged(login_as: Any, session: Any) -> None:
    address = f"/accounts/{account_id(session, 'enumerator')}"
    login_as("supervisor").post(f"{address}/password")
    session.rollback()
    [event] = session.scalars(select(AuditEvent)).all()
    assert (event.verb, event.subject, event.detail) == ("password_reset", address.removeprefix("/accounts/"), None)


def test_the_page_of_an_account_is_about_that_account(login_as: Any, session: Any) -> None:
    """Not about the reader's own, whose name stands at the head of every page."""
    found = account_id(session, "enumerator")
    page = login_as("supervisor").get(f"/accounts/{found}").text
    assert "<h1>Người thử enumerator</h1>" in page
    assert f'action="/accounts/{found}/password"' in page and f'action="/accounts/{found}/active"' in page
    made = login_as("supervisor").post(f"/accounts/{found}/password").text
    assert "<h1>Mã đăng nhập lần đầu của Người thử enumerator</h1>" in made and "<strong>enumerator</strong>" in made

"""The second factor: codes of RFC 6238, enrolment, signing in with it, recovery, and who may take it off whom."""

from __future__ import annotations

import re
from base64 import b32decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import AuditEvent, RecoveryCode, SecondFactor, ServerState, SessionRow
from survey.accounts import accounts, factor, four_eyes
from survey.accounts.accounts import find_account
from survey.accounts.demo import DEMO, mark
from survey.accounts.seals import Seals
from tests.commands.test_commands import run
from tests.conftest import Browser
from tests.web.desk.test_devices import report
from tests.web.office.test_accounts import account_id
from tests.web.test_login import sign_in
from tests.world import NOW, PASSWORD, Role, account


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, eight_digits: str) -> None:
    """Appendix B, SHA-1; a code of six digits is the end of one of eight."""
    assert factor.code_at(b"12345678901234567890", seconds // 30) == eight_digits[-6:]


def test_a_clock_may_be_one_step_off_and_no_code_is_taken_twice() -> None:
    secret, here = b"12345678901234567890", int(NOW.timestamp()) // 30
    for off, step in ((-2, None), (-1, here - 1), (0, here), (1, here + 1), (2, None)):
        assert factor.step_of(secret, factor.code_at(secret, here + off), NOW, 0) == step
    assert factor.step_of(secret, factor.code_at(secret, here), NOW, here) is None
    assert factor.step_of(secret, "không phải số", NOW, 0) is None


def secret_on(page: str) -> bytes:
    text = re.search(r'class="password-made">([A-Z2-7 ]+)<', page)
    assert text
    return b32decode(text[1].replace(" ", ""))


def code_of(secret: bytes, now: datetime) -> str:
    return factor.code_at(secret, int(now.timestamp()) // 30)


def enrol(browser: Any, now: datetime) -> tuple[bytes, list[str]]:
    page = browser.get("/account/factor").text
    secret, box = secret_on(page), re.search(r'name="box" type="hidden" value="([^"]+)', page)
    assert box and "data:image/svg+xml" in page
    done = browser.post("/account/factor", data={"box": box[1], "code": code_of(secret, now), "password": PASSWORD})
    assert done.status_code == 200, done.text
    codes = re.findall(r'class="password-made">([a-z2-9-]{11})<', done.text)
    assert len(codes) == 10
    return secret, codes


def type_code(client: Any, code: str) -> Any:
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)', client.get("/login/code").text)
    return client.post("/login/code", data={"csrf_token": token[1] if token else "", "code": code})


def test_whoever_has_a_factor_signs_in_with_password_and_code(
    client: Any, login_as: Any, session: Any, clock: Any
) -> None:
    secret, _codes = enrol(login_as("supervisor"), clock.now)
    clock.advance(minutes=1)
    answer = sign_in(client, "supervisor")
    assert (answer.status_code, answer.location) == (303, "/login/code")
    assert client.get("/api/v1/hello").status_code == 401  # the password alone opens nothing
    assert client.get("/account/sessions").status_code == 302
    wrong = type_code(client, "000000" if code_of(secret, clock.now) != "000000" else "000001")
    assert (wrong.status_code, "chưa đúng" in wrong.text) == (422, True)
    right = type_code(client, code_of(secret, clock.now))
    assert (right.status_code, right.location) == (303, "/desk/")
    assert client.get("/account/sessions").status_code == 200
    session.rollback()
    rows = session.scalars(select(SessionRow).order_by(SessionRow.made, SessionRow.kind)).all()
    assert [(one.kind, one.why, one.factor_at is not None) for one in rows[1:]] == [
        ("desk", None, True), ("half", "replaced", False),
    ]  # fmt: skip
    verbs = session.scalars(select(AuditEvent.verb)).all()
    assert verbs.count("signed_in") == 1 and "factor_failed" in verbs


def test_a_code_is_taken_once_and_five_wrong_ones_are_enough(client: Any, login_as: Any, clock: Any) -> None:
    secret, codes = enrol(login_as("supervisor"), clock.now)
    sign_in(client, "supervisor")
    assert type_code(client, code_of(secret, clock.now)).status_code == 422  # it enrolled with that one
    clock.advance(seconds=30)
    used = code_of(secret, clock.now)
    assert type_code(client, used).status_code == 303
    for _ in range(2):  # signed in anew with the password: the count goes on
        client.delete_cookie("so_ho")
        sign_in(client, "supervisor")
        for _ in range(2):
            assert type_code(client, used).status_code == 422
    client.delete_cookie("so_ho")
    sign_in(client, "supervisor")
    assert type_code(client, used).status_code == 422
    refused = type_code(client, codes[0])
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    other: Any = client.application.test_client()
    sign_in(other, "supervisor")
    for _ in range(3):
        assert type_code(other, used).status_code == 422
    refused = type_code(other, codes[0])
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert "thiết bị" in refused.text


def test_a_code_is_awaited_for_ten_minutes(client: Any, login_as: Any, clock: Any) -> None:
    secret, _codes = enrol(login_as("admin"), clock.now)
    sign_in(client, "admin")
    clock.advance(minutes=10)
    assert client.get("/login/code").status_code == 303
    assert client.post("/login/code", data={"code": code_of(secret, clock.now)}).status_code in (303, 403)
    assert client.get("/api/v1/hello").status_code == 401


def test_a_recovery_code_opens_once_in_whatever_spelling(client: Any, login_as: Any, session: Any, clock: Any) -> None:
    browser = login_as("province")
    _secret, codes = enrol(browser, clock.now)
    for typed, status in ((codes[0].upper().replace("-", " "), 303), (codes[0], 422), (codes[1], 303)):
        one: Any = client.application.test_client()
        sign_in(one, "province")
        assert type_code(one, typed).status_code == status
    session.rollback()
    kept = session.scalars(select(RecoveryCode)).all()
    assert sum(row.used is not None for row in kept) == 2
    assert not {row.mac for row in kept} & {code.replace("-", "") for code in codes}
    assert "Còn 8 mã khôi phục" in browser.get("/account/factor").text
    made = browser.post("/account/factor/codes", data={"code": codes[2]})
    assert made.status_code == 200
    late: Any = client.application.test_client()
    sign_in(late, "province")
    assert type_code(late, codes[3]).status_code == 422  # void since there are new ones


def test_the_secret_is_sealed_and_of_its_account_alone(app: Flask, login_as: Any, session: Any, clock: Any) -> None:
    secret, _codes = enrol(login_as("supervisor"), clock.now)
    row = session.scalars(select(SecondFactor)).one()
    assert secret.hex() not in row.box
    seals = Seals(app.config["INDEX_KEY"])
    assert seals.unseal(row.box, f"second factor {row.account_id}") == secret
    assert seals.unseal(row.box, f"second factor {account_id(session, 'admin')}") is None
    assert seals.unseal("không phải hộp", "") is None


def test_a_box_of_another_account_enrols_nothing(login_as: Any, session: Any, clock: Any) -> None:
    page = login_as("admin").get("/account/factor").text
    box = re.search(r'name="box" type="hidden" value="([^"]+)', page)
    assert box
    thief = login_as("enumerator")
    data = {"box": box[1], "code": code_of(secret_on(page), clock.now)}
    assert thief.post("/account/factor", data=data).status_code == 400
    assert thief.post("/account/factor", data=data | {"box": ""}).status_code == 400
    assert session.scalars(select(SecondFactor)).all() == []


def test_an_open_desk_is_not_enough_to_set_one_up(login_as: Any, session: Any, clock: Any) -> None:
    browser = login_as("supervisor")
    clock.advance(minutes=16)
    page = browser.get("/account/factor").text
    box = re.search(r'name="box" type="hidden" value="([^"]+)', page)
    assert box
    data = {"box": box[1], "code": code_of(secret_on(page), clock.now)}
    assert browser.post("/account/factor", data=data).status_code == 422
    assert browser.post("/account/factor", data=data | {"password": "sai mật khẩu"}).status_code == 422
    assert session.scalars(select(SecondFactor)).all() == []
    session.rollback()
    assert browser.post("/account/factor", data=data | {"password": PASSWORD}).status_code == 200


def test_setting_it_up_ends_what_was_begun_without(login_as: Any, clock: Any) -> None:
    here, there = login_as("supervisor"), login_as("supervisor")
    enrol(here, clock.now)
    assert [one.get("/api/v1/hello").status_code for one in (here, there)] == [200, 401]


# Who needs one, since when


@pytest.fixture
def asked(session: Any) -> None:
    """A real place, which was updated now; the accounts of the world are of before."""
    session.delete(session.get_one(ServerState, DEMO))
    session.add(ServerState(key="factor_since", value=NOW.isoformat()))
    session.commit()


@pytest.mark.parametrize("username", ["enumerator", "supervisor", "province", "admin"])
def test_it_is_asked_of_supervisors_and_above_after_fourteen_days(
    login_as: Any, session: Any, clock: Any, small_round: str, asked: None, username: str
) -> None:
    clock.advance(days=14, seconds=-1)
    browser: Browser = login_as(username)
    page = browser.get("/account/password")
    told = "hai bước trước" in page.text or "07/12/2026" in page.text
    assert (page.status_code, told) == (200, username != "enumerator")
    assert browser.get("/api/v1/register").status_code == 200
    clock.advance(seconds=1)
    register = browser.get("/api/v1/register")
    if username == "enumerator":
        assert register.status_code == 200
        return
    assert (register.status_code, register.json["problem"]["code"]) == (403, "factor_needed")
    there = browser.get("/rounds/")
    assert (there.status_code, there.location) == (303, "/account/factor")
    assert browser.post("/accounts/new").status_code == 403 if username != "province" else True
    assert browser.get("/account/sessions").status_code == 200
    assert report(browser)["revoked"] is False  # what a phone holds is delivered all the same
    enrol(browser, clock.now)
    assert browser.get("/rounds/").status_code == 200


def test_a_new_account_needs_it_at_once_and_a_demo_asks_nobody(
    login_as: Any, session: Any, clock: Any, asked: None
) -> None:
    clock.advance(minutes=1)
    account(session, "supervisor-3", Role.SUPERVISOR, "03757")
    find_account(session, "supervisor-3").created_at = clock.now
    session.commit()
    browser = login_as("supervisor-3")
    assert browser.get("/rounds/").location == "/account/factor"
    mark(session)
    session.commit()
    assert browser.get("/rounds/").status_code == 200
    assert "bản dùng thử" in browser.get("/account/factor").text


# Who takes it off whom


def test_a_lost_factor_is_taken_off_by_who_does_not_know_the_password(login_as: Any, session: Any, clock: Any) -> None:
    lost = login_as("enumerator")
    enrol(lost, clock.now)
    one = account_id(session, "enumerator")
    office, other = login_as("supervisor"), login_as("supervisor-2")
    assert "Gỡ xác thực hai bước" in office.get(f"/accounts/{one}").text
    assert office.post(f"/accounts/{one}/password").status_code == 200
    clock.advance(minutes=1)
    refused = office.post(f"/accounts/{one}/factor/reset")
    assert refused.status_code == 403 and "mật khẩu" in refused.text
    assert login_as("supervisor-other").post(f"/accounts/{one}/factor/reset").status_code == 404
    assert other.post(f"/accounts/{one}/factor/reset").status_code == 303
    assert session.scalars(select(SecondFactor)).all() == []
    session.rollback()
    clock.advance(minutes=1)
    assert other.post(f"/accounts/{one}/password").status_code == 403  # nor the other way round
    assert office.post(f"/accounts/{one}/password").status_code == 200


def test_once_the_owner_chose_a_password_whoever_reset_it_may_help_again(
    login_as: Any, session: Any, clock: Any
) -> None:
    one, office = account_id(session, "enumerator"), login_as("supervisor")
    office.post(f"/accounts/{one}/password")
    session.rollback()
    accounts.set_password(find_account(session, "enumerator"), PASSWORD)
    session.commit()
    clock.advance(minutes=1)
    owner = login_as("enumerator")
    fields = {"current": PASSWORD, "password": "một câu của riêng tôi", "again": "một câu của riêng tôi"}
    assert owner.post("/account/password", data=fields).status_code == 200
    session.rollback()
    session.add(SecondFactor(account_id=one, box="x", last_step=0, made=NOW))
    session.commit()
    assert office.post(f"/accounts/{one}/factor/reset").status_code == 403  # nobody confirmed that it is the owner's
    session.rollback()
    four_eyes.enrolled(session, find_account(session, "enumerator"), clock())
    four_eyes.hand_over(session, one, None, clock())
    session.commit()
    assert office.post(f"/accounts/{one}/factor/reset").status_code == 303
    assert office.post(f"/accounts/{one}/factor/reset").status_code == 404  # there is none any more


def test_its_owner_takes_it_off_with_a_code_and_the_operator_by_a_command(
    app: Flask, login_as: Any, session: Any, clock: Any
) -> None:
    browser = login_as("enumerator")
    _secret, codes = enrol(browser, clock.now)
    assert browser.post("/account/factor", data={"code": codes[1]}).status_code == 409  # there is one
    assert browser.post("/account/factor/remove", data={"code": "123"}).status_code == 422
    assert browser.post("/account/factor/remove", data={"code": codes[0]}).status_code == 303
    assert browser.post("/account/factor/codes", data={"code": codes[1]}).status_code == 409
    assert session.scalars(select(RecoveryCode)).all() == []
    session.rollback()
    assert run(app, "account", "factor-reset", "enumerator")[0] == 1
    enrol(browser, clock.now)
    assert run(app, "account", "factor-reset", "enumerator")[0] == 0
    assert browser.get("/api/v1/hello").status_code == 401
    assert session.scalars(select(SecondFactor)).all() == []


def test_the_commands_list_and_end_sessions(app: Flask, login_as: Any) -> None:
    one, two = login_as("enumerator"), login_as("admin")
    code, said = run(app, "account", "sessions", "enumerator")
    assert (code, len(said.splitlines()), "2026-11-23T02:00:00.000Z" in said) == (0, 1, True)
    assert run(app, "account", "end-sessions")[0] == 2
    assert run(app, "account", "end-sessions", "khong-co")[0] == 1
    assert run(app, "account", "end-sessions", "enumerator")[0] == 0
    assert [each.get("/api/v1/hello").status_code for each in (one, two)] == [401, 200]
    assert run(app, "account", "end-sessions", "--everybody")[0] == 0
    assert two.get("/api/v1/hello").status_code == 401
    assert run(app, "account", "sessions", "enumerator") == (0, "")


def test_a_time_far_off_is_a_step_too() -> None:
    late = datetime(2100, 1, 1, tzinfo=UTC)
    step = int(late.timestamp()) // 30
    assert factor.step_of(b"x" * 20, factor.code_at(b"x" * 20, step), late, step - 1) == step < 2**31
    assert late - NOW > timedelta(days=1)

"""Sessions as rows: what ends them, what a copied cookie is worth, which phone they are of, what earlier cookies do."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event, select

from models import AuditEvent, CollectToken, Device, Round, RoundCommune, ServerState, SessionRow, Submission
from survey.accounts import sessions
from survey.accounts.access_keys import hash_of
from survey.accounts.accounts import deactivate, find_account, set_password
from survey.collect import keys as collect_keys
from survey.terms import SessionEnd, SessionKind
from survey.web.office.sign_ins import browser_name
from tests.conftest import Browser
from tests.interviews import ROUND, entry
from tests.web.desk.test_devices import report, revoke
from tests.web.office.test_accounts import account_id
from tests.web.test_login import sign_in
from tests.world import COMMUNE, NOW, PASSWORD

WITHDRAWN = "Sổ Hộ đã ngừng trên máy này, hoặc tài khoản đã ngừng dùng."
ROLES = ("enumerator", "supervisor", "province", "admin")


def row_of(session: Any, username: str = "enumerator") -> SessionRow:
    """The account's last session."""
    session.rollback()
    query = select(SessionRow).where(SessionRow.account_id == account_id(session, username))
    found: SessionRow = session.scalars(query.order_by(SessionRow.made.desc())).first()
    return found


def copied(app: Flask, browser: Any) -> Any:
    """Another client with the same cookie."""
    twin: Any = app.test_client()
    name = app.config["SESSION_COOKIE_NAME"]
    twin.set_cookie(name, browser.get_cookie(name).value)
    twin.csrf = browser.csrf
    return twin


def again(client: Any, username: str) -> None:
    """Sign in where somebody is signed in: in a tab that stood open."""
    token = re.search(r'name="csrf_token" value="([^"]+)', client.get("/login?next=/account/sessions").text)
    assert token
    fields = {"csrf_token": token[1], "username": username, "password": PASSWORD}
    assert client.post("/login", data=fields).status_code == 303


def code_of(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.json["problem"]["code"] if answer.status_code >= 400 else None


def test_signing_out_ends_the_session_and_a_copy_of_its_cookie(app: Flask, login_as: Any, session: Any) -> None:
    browser = login_as("supervisor")
    twin = copied(app, browser)
    assert twin.get("/api/v1/hello").status_code == 200
    assert browser.post("/logout").status_code == 303
    assert code_of(twin.get("/api/v1/hello")) == (401, "session_expired")
    assert twin.get("/desk/").status_code == 302
    assert row_of(session, "supervisor").why == SessionEnd.SIGNED_OUT
    assert [one.verb for one in session.scalars(select(AuditEvent))] == ["signed_out"]


def test_the_row_holds_a_hash_and_the_cookie_names_nobody(client: Any, session: Any) -> None:
    sign_in(client, "enumerator")
    phone, row = client.get_cookie("so_ho_phone"), row_of(session)
    assert len(phone.value) == 43 and row.token_hash == hash_of(phone.value)  # 256 bits in base64
    assert (phone.http_only, phone.same_site, phone.max_age) == (True, "Strict", 14 * 24 * 3600)
    assert (row.kind, row.device, row.made, row.password_at) == (SessionKind.PHONE, None, NOW, NOW)
    assert row.ends - row.made == timedelta(days=14)
    sign_in(client, "supervisor", look="/login?next=/desk/")
    with client.session_transaction() as cookie:
        held = dict(cookie)
    desk = row_of(session, "supervisor")
    assert desk.token_hash == hash_of(held["sid"])
    assert set(held) - {"csrf_token"} == {"sid"}  # not permanent: it goes with the browser
    assert (desk.kind, desk.ends - desk.made) == (SessionKind.DESK, timedelta(hours=12))


STATES = ("live", "ended", "replaced", "over", "password", "send", "closed", "half", "unknown")


@pytest.mark.parametrize("state", STATES)
def test_each_role_and_route_by_the_state_of_its_session(
    app: Flask, login_as: Any, session: Any, clock: Any, small_round: str, state: str
) -> None:
    """A page, what phones are told, what they may deliver."""
    for username in ROLES:
        browser = login_as(username)
        row, account = row_of(session, username), find_account(session, username)
        assert account is not None
        if state in ("ended", "replaced"):
            row.ended, row.why = NOW, state
        elif state == "over":
            row.made, row.ends = NOW - timedelta(hours=2), NOW
        elif state == "password":
            set_password(account, "một câu khác hẳn")
        elif state in ("send", "half"):
            row.kind = state
        elif state == "closed":
            deactivate(account)
        elif state == "unknown":
            session.delete(row)
        session.commit()
        page, told = browser.get("/account/sessions").status_code, browser.get("/api/v1/register")
        pushed = browser.post("/api/v1/push", json={"device": {"id": f"may-{username}"}, "entries": []})
        if state == "live":
            assert (page, told.status_code, pushed.status_code, pushed.json["revoked"]) == (200, 200, 200, False)
        elif state in ("send", "closed"):
            assert (page, code_of(told), pushed.json["revoked"]) == (302, (403, "revoked"), True), username
        else:
            assert page == 302
            assert code_of(told) == code_of(pushed) == (401, "session_expired"), username


def test_a_sign_in_takes_the_place_of_the_one_before_and_is_the_same_phone(client: Any, session: Any) -> None:
    sign_in(client, "enumerator")
    first = row_of(session)
    first.device = "may-1"
    session.commit()
    again(client, "enumerator")
    rows = session.scalars(select(SessionRow).execution_options(populate_existing=True)).all()
    assert {(one.device, one.why) for one in rows} == {("may-1", "replaced"), ("may-1", None)}
    again(client, "enumerator-2")
    assert row_of(session, "enumerator-2").device is None
    assert [one.why for one in session.scalars(select(SessionRow).where(SessionRow.why.is_(None)))] == [None]


def test_a_withdrawn_phone_stays_one_when_it_signs_in_again_and_is_told(
    client: Any, login_as: Any, session: Any, small_round: str
) -> None:
    sign_in(client, "enumerator")
    client.csrf = None
    row = row_of(session)
    row.device = "may-1"
    session.add(Device(id="may-1", account_id=row.account_id, last_contact_at=NOW, unsent=[]))
    session.commit()
    assert revoke(session, login_as("supervisor")).status_code == 303
    assert sign_in(client, "enumerator").status_code == 303
    assert row_of(session).device == "may-1"
    assert client.get("/api/v1/hello").json["revoked"] is True
    assert WITHDRAWN in client.get("/login").text


def test_when_it_was_last_heard_of_is_written_seldom_and_never_by_the_page(
    app: Flask, login_as: Any, session: Any, clock: Any
) -> None:
    written: list[str] = []
    engine = app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", lambda *said: written.append(said[2]))
    browser = login_as("supervisor")
    for minutes, seen in ((9, NOW), (2, NOW + timedelta(minutes=11)), (3, NOW + timedelta(minutes=11))):
        clock.advance(minutes=minutes)
        written.clear()
        answer = browser.get("/account/sessions")
        assert answer.status_code == 200
        assert not [one for one in written if one.startswith(("UPDATE", "INSERT"))]
        answer.close()  # what comes after the answer is out
        assert row_of(session, "supervisor").seen == seen
    revoked_at = row_of(session, "supervisor")
    assert revoked_at.ended is None


def test_a_phone_is_bound_once_and_each_other_name_counts_against_it(
    login_as: Any, session: Any, small_round: str
) -> None:
    browser = login_as("enumerator")
    report(browser, device="may-1")
    report(browser, entry("ho-1"), device="may-2")
    row = row_of(session)
    assert (row.device, row.said) == ("may-1", ["may-2"])
    assert session.scalars(select(Submission.device_id)).one() == "may-1"
    account = account_id(session, "enumerator")
    assert session.get_one(Device, ("may-2", account)).reported_by == "may-1"
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/phones/{account}/may-2").text
    assert "tên khác của một máy đã biết" in page
    assert revoke(session, login_as("supervisor"), device="may-2").status_code == 303
    assert browser.get("/api/v1/register").status_code == 403
    assert "Chỉ gửi phiếu" in login_as("supervisor").get(f"/accounts/{account}/sessions").text


def test_eight_made_up_names_hide_no_phone(login_as: Any, session: Any, small_round: str) -> None:
    browser = login_as("enumerator")
    for number in range(9):
        assert report(browser, device=f"bia-{number}")["revoked"] is False
    assert report(browser, entry("ho-1"), device="may-1")["revoked"] is True  # the tenth name: it only delivers
    assert browser.get("/api/v1/register").status_code == 403
    row = row_of(session)
    assert (row.kind, row.device, len(row.said)) == (SessionKind.SEND, "bia-0", 8)
    assert "session_narrowed" in set(session.scalars(select(AuditEvent.verb)))


def test_a_report_never_stands_in_the_place_of_what_another_phone_said(
    login_as: Any, session: Any, small_round: str
) -> None:
    honest, other = login_as("enumerator"), login_as("enumerator")
    report(honest, device="may-2", unsent=[{"id": "e-1", "household_id": "ho-1"}])
    report(other, device="may-1")
    report(other, device="may-2", unsent=[])
    session.rollback()
    phone = session.get_one(Device, ("may-2", account_id(session, "enumerator")))
    assert (phone.reported_by, [one["id"] for one in phone.unsent]) == (None, ["e-1"])


def test_one_ends_ones_own_sign_ins(login_as: Any, session: Any) -> None:
    here, there, third = (login_as("enumerator") for _ in range(3))
    ids = {}
    for name, browser in (("here", here), ("there", there)):
        text = browser.get("/account/sessions").text
        ids[name] = text.split("thiết bị này")[0].rpartition('data-session="')[2].partition('"')[0]
    assert here.get("/account/sessions").text.count("data-session=") == 3
    assert here.post(f"/account/sessions/{ids['there']}/end").status_code == 303
    assert there.get("/api/v1/hello").status_code == 401
    assert third.get("/api/v1/hello").status_code == 200
    assert here.post("/account/sessions/end").status_code == 303
    assert (third.get("/api/v1/hello").status_code, here.get("/api/v1/hello").status_code) == (401, 200)
    assert login_as("enumerator-2").post(f"/account/sessions/{ids['here']}/end").status_code == 404
    [this] = [one for one in session.scalars(select(SessionRow)) if one.ended is None and one.said == []][-1:]
    assert here.post(f"/account/sessions/{this.id}/end").status_code in (303, 404)


def test_who_looks_after_an_account_sees_and_ends_its_sign_ins(login_as: Any, session: Any) -> None:
    phone, second = login_as("enumerator"), login_as("enumerator")
    account = account_id(session, "enumerator")
    page = f"/accounts/{account}/sessions"
    row = row_of(session)
    for stranger in ("supervisor-other", "enumerator-2"):
        for answer in (login_as(stranger).get(page), login_as(stranger).post(f"{page}/{row.id}/end"),
                       login_as(stranger).post(f"{page}/end")):  # fmt: skip
            assert answer.status_code in (403, 404)
    office = login_as("supervisor")
    assert office.get(page).text.count("data-session=") == 2
    assert office.post(f"{page}/{'x' * 16}/end").status_code == 404
    assert office.post(f"{page}/{row.id}/end").status_code == 303
    assert sorted(one.get("/api/v1/hello").status_code for one in (phone, second)) == [200, 401]
    assert login_as("admin").post(f"{page}/end").status_code == 303
    assert [one.get("/api/v1/hello").status_code for one in (phone, second)] == [401, 401]


# Cookies of before


def legacy(app: Flask, session: Any, username: str = "enumerator", made: datetime = NOW, **more: Any) -> Any:
    """A browser that an earlier release signed in."""
    account = find_account(session, username)
    assert account is not None
    browser: Any = app.test_client()
    with browser.session_transaction() as cookie:
        cookie.permanent = True
        cookie.update(account=account.id, epoch=account.session_epoch, since=made.isoformat(), csrf_token="0" * 40)
        cookie.update(more)
    browser.csrf = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps("0" * 40)
    return browser


@pytest.fixture
def updated(session: Any, clock: Any) -> None:
    """The place was updated an hour ago, when phones were in the field."""
    session.add(ServerState(key="sessions_since", value=NOW.isoformat()))
    session.commit()
    clock.advance(hours=1)


def test_a_phone_in_the_field_goes_on_for_its_fourteen_days(
    app: Flask, session: Any, clock: Any, small_round: str, updated: None
) -> None:
    browser = legacy(app, session, made=NOW - timedelta(days=3))
    assert browser.get("/api/v1/hello").json["revoked"] is False
    assert report(browser, entry("ho-1"))["results"][0]["outcome"] == "stored"
    row = row_of(session)
    assert (row.device, row.made, row.ends) == ("may-1", NOW - timedelta(days=3), NOW + timedelta(days=11))
    clock.advance(days=10)
    assert report(browser)["revoked"] is False
    clock.advance(days=1)
    assert code_of(browser.get("/api/v1/hello")) == (401, "session_expired")
    assert session.scalars(select(SessionRow)).all() == [row]


def test_a_cookie_of_before_is_ended_with_its_copies(
    app: Flask, session: Any, login_as: Any, small_round: str, updated: None
) -> None:
    for how in ("signed out", "ended", "all ended"):
        browser = legacy(app, session, made=NOW - timedelta(days=1, minutes=len(how)))
        twin = copied(app, browser)
        report(twin)
        if how == "signed out":
            assert browser.post("/logout").status_code == 303
        else:
            address = f"/accounts/{account_id(session, 'enumerator')}/sessions"
            one = f"/{row_of(session).id}" if how == "ended" else ""
            assert login_as("supervisor").post(f"{address}{one}/end").status_code == 303
        assert [one.get("/api/v1/hello").status_code for one in (browser, twin)] == [401, 401], how
        session.rollback()


def test_no_cookie_of_before_is_made_after_the_update(app: Flask, session: Any, clock: Any, updated: None) -> None:
    """Who stole session.key cannot write one for today, and none at all once the last of them is over."""
    assert legacy(app, session, made=NOW + timedelta(minutes=1)).get("/api/v1/hello").status_code == 401
    old = legacy(app, session, made=NOW)
    assert old.get("/api/v1/hello").status_code == 200
    clock.advance(days=14)
    assert old.get("/api/v1/hello").status_code == 401


@pytest.mark.parametrize(
    "broken", [{"since": "khi nào"}, {"since": None}, {"since": "2026-11-23"}, {"account": 7}, {"epoch": "0"}]
)
def test_a_cookie_of_before_that_is_none_signs_nobody_in(
    app: Flask, session: Any, updated: None, broken: dict[str, Any]
) -> None:
    assert legacy(app, session, **broken).get("/api/v1/hello").status_code == 401


def test_a_new_place_takes_no_cookie_of_before(app: Flask, session: Any) -> None:
    assert legacy(app, session).get("/api/v1/hello").status_code == 401


# Keys for Collect


def key_of(session: Any, username: str = "enumerator") -> tuple[CollectToken, Any]:
    account = find_account(session, username)
    assert account is not None
    made, _text = collect_keys.make_token(session, account, account, NOW)
    session.commit()
    return made, account


def holds(session: Any, made: CollectToken, account: Any, at: datetime) -> bool:
    session.rollback()
    return collect_keys.is_valid(session, made, account, at)


def test_a_key_for_collect_ends_thirty_days_after_its_round_closed(session: Any, small_round: str) -> None:
    made, account = key_of(session)
    assert (made.round_id, collect_keys.ends_at(session, made, account)) == (ROUND, None)
    there = session.get_one(RoundCommune, (COMMUNE, ROUND))
    there.state, there.closed_at = "closed", NOW
    session.commit()
    assert holds(session, made, account, NOW + timedelta(days=29))
    assert not holds(session, made, account, NOW + timedelta(days=30))


def test_a_key_of_a_cancelled_round_and_one_of_none_end_too(session: Any, small_round: str) -> None:
    made, account = key_of(session)
    there = session.get_one(RoundCommune, (COMMUNE, ROUND))
    there.state, there.opened_at = "cancelled", None
    session.commit()
    last = collect_keys.ends_at(session, made, account)
    assert last is not None and last - timedelta(days=31) == datetime.fromisoformat(
        f"{session.get_one(Round, ROUND).closes_on}T00:00:00+07:00"
    )
    other, account = key_of(session)
    assert (other.round_id, other.expires_at) == (None, NOW + timedelta(days=30))


@pytest.mark.parametrize("how", ["password", "phone", "everything", "closed"])
def test_a_key_for_collect_ends_with_what_it_rests_on(login_as: Any, session: Any, small_round: str, how: str) -> None:
    report(login_as("enumerator"), device="may-1")
    made, account = key_of(session)
    assert holds(session, made, account, NOW)
    office, page = login_as("supervisor"), f"/accounts/{account.id}"
    said = {"confirmed": "1", "active": "0"}
    if how == "phone":
        revoke(session, office)
    else:
        name = {"password": "password", "everything": "sessions/end", "closed": "active"}[how]
        assert office.post(f"{page}/{name}", data=said).status_code in (200, 303)
    assert not holds(session, made, account, NOW)


def test_a_key_is_made_by_who_typed_the_password_just_now(login_as: Any, session: Any, clock: Any) -> None:
    browser: Browser = login_as("enumerator")
    clock.advance(minutes=16)
    for typed, said in (("", "Hãy nhập mật khẩu"), ("sai mật khẩu", "Mật khẩu hiện nay chưa đúng")):
        refused = browser.post("/account/collect", data={"autosend": "off", "password": typed})
        assert (refused.status_code, said in refused.text) == (422, True)
    assert session.scalars(select(CollectToken)).all() == []
    session.rollback()
    made = browser.post("/account/collect", data={"autosend": "off", "password": PASSWORD})
    assert made.status_code == 200
    assert row_of(session).password_at == clock.now
    assert browser.post("/account/collect", data={"autosend": "off"}).status_code == 200  # typed just now


def test_rows_of_sessions_long_over_are_forgotten(session: Any, login_as: Any) -> None:
    login_as("enumerator")
    ends = row_of(session).ends
    sessions.forget(session, ends + sessions.KEPT)
    assert row_of(session) is not None
    sessions.forget(session, ends + sessions.KEPT + timedelta(seconds=1))
    session.commit()
    assert row_of(session) is None


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
         "Chrome, Android"),
        ("Mozilla/5.0 (Linux; Android 13; SM-A135F) AppleWebKit/537.36 SamsungBrowser/23.0 Chrome/115.0 Safari/537.36",
         "Samsung Internet, Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
         "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_as_people_call_it(agent: str, named: str) -> None:
    assert browser_name(agent) == named

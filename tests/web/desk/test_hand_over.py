"""A new account until it is its owner's, and a commune whose one supervisor made every account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from models import Account, AuditEvent, Round
from survey.accounts.accounts import find_account
from survey.evidence.signing import Signer
from survey.rounds import closing
from survey.terms import RegisterState, SubmissionState
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_review import page_of, post, state_of
from tests.web.test_factor import code_of, enrol, type_code
from tests.web.test_login import sign_in
from tests.world import COMMUNE, NOW, VILLAGE

OWN = "suối chảy qua bản em"


@pytest.fixture
def work(field: Any) -> Field:
    """Two households, and a commune with one supervisor."""
    made: Field = field(2)
    made.account("supervisor-2").active = False
    made.session.commit()
    return made


def made_by(browser: Any, **fields: Any) -> str:
    """A new account of the first village; the code of its first sign-in."""
    given = {"display_name": "Lò Thị Thử", "username": "ban-moi", "villages": [VILLAGE]} | fields
    shown = re.search(r'class="password-made">([a-z0-9-]+)<', browser.post("/accounts/new", data=given).text)
    assert shown
    return shown.group(1)


def choose(client: Any, password: str = OWN, again: str | None = None) -> Any:
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)', client.get("/login/own-password").text)
    assert token
    fields = {"csrf_token": token.group(1), "password": password, "again": again or password}
    return client.post("/login/own-password", data=fields)


def handed_over(browser: Any, work: Field, username: str, **fields: str) -> Any:
    work.session.rollback()
    found = find_account(work.session, username)
    assert found is not None
    return browser.post(f"/accounts/{found.id}/hand-over", data=fields)


def test_a_new_account_from_its_maker_to_its_owner(
    work: Field, login_as: Any, client: Any, app: Any, clock: Any
) -> None:
    desk, province = login_as("supervisor"), login_as("province")
    code = made_by(desk)
    work.send(work.entry(0, CASES[0]), by="ban-moi")  # its maker could have

    answer = sign_in(client, "ban-moi", code)
    assert (answer.status_code, answer.location) == (303, "/login/own-password")
    assert client.get("/api/v1/hello").status_code == 401  # nothing is opened with the code
    assert handed_over(province, work, "ban-moi", spoken="y").status_code == 409  # nobody has chosen a password yet
    assert "Hãy đặt mật khẩu khác với mã" in choose(client, code).text
    assert choose(client, "ngắn").status_code == choose(client, OWN, "khác").status_code == 422
    assert (choose(client).status_code, client.get("/api/v1/hello").status_code) == (303, 200)
    assert client.get("/login/own-password").status_code == 303  # once
    assert "chưa đúng" in sign_in(app.test_client(), "ban-moi", code).text  # the code is used up

    clock.advance(minutes=5)
    assert post(desk, work, "accept").status_code == 409
    page = page_of(desk, work)
    assert 'value="accept"' not in page and "Người thử supervisor" in page and "cấp tỉnh quyết định" in page
    assert handed_over(desk, work, "ban-moi", spoken="y").status_code == 409  # not by who made it
    assert "Chờ cán bộ thứ hai xác nhận" in desk.get("/accounts/").text
    assert "Lò Thị Thử" in province.get("/accounts/hand-overs").text
    assert handed_over(province, work, "ban-moi").status_code == 422  # without having spoken
    assert handed_over(province, work, "ban-moi", spoken="y").status_code == 303
    assert "Lò Thị Thử" not in province.get("/accounts/hand-overs").text
    work.session.rollback()
    verbs = work.session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.startswith("account_"))).all()
    assert sorted(verbs) == ["account_created", "account_enrolled", "account_handed_over"]

    work.send(work.entry(1, CASES[1]), by="ban-moi", at=clock.now)
    assert (post(desk, work, "accept", 1).status_code, state_of(work, 1)) == (303, SubmissionState.ACCEPTED)
    assert post(desk, work, "accept", 0).status_code == 409  # what came before stays the province's
    assert post(province, work, "accept", 0).status_code == 303


def test_a_commune_whose_one_supervisor_made_every_account_is_closed(work: Field, login_as: Any) -> None:
    desk, province = login_as("supervisor"), login_as("province")
    made_by(desk)
    work.send(work.entry(0, CASES[0]), by="ban-moi")
    work.send(work.entry(1, CASES[1]), by="supervisor")  # nor does anybody accept their own
    assert {post(desk, work, "accept", number).status_code for number in (0, 1)} == {409}
    home = province.get("/desk/").text
    assert "Xã, phường mà không ai được duyệt" in home and "2 phiếu" in home
    assert "2 phiếu đang chờ mà không ai" in desk.get(f"/desk/{COMMUNE}/").text
    listed = province.get(f"/desk/{COMMUNE}/four-eyes").text
    assert all(work.submission(entry_id).id in listed for entry_id in work.sent)
    for number in (0, 1):
        assert 'value="accept"' in page_of(province, work, number)
        assert post(province, work, "accept", number).status_code == 303
    assert [work.register(number).state for number in (0, 1)] == [RegisterState.ACCEPTED] * 2
    work.session.rollback()
    survey_round = work.session.get_one(Round, work.round_id)
    assert closing.breaks(work.session, survey_round, COMMUNE) == []
    closing.close_communes(work.session, survey_round, [COMMUNE], NOW, prover=Signer(b"p" * 32))


def test_the_province_decides_on_nothing_else(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0]))
    province = login_as("province")
    for action in ("accept", "return"):
        assert post(province, work, action, comment="xem lại").status_code == 409
    assert 'name="action"' not in page_of(province, work)
    assert "không ai được duyệt" not in province.get("/desk/").text
    assert province.post(f"/desk/{COMMUNE}/held/judge").status_code == 409
    assert state_of(work) == SubmissionState.SUBMITTED


def test_what_was_accepted_by_who_knew_a_password_is_told_in_the_report(work: Field, login_as: Any) -> None:
    desk, province = login_as("supervisor"), login_as("province")
    made_by(desk)
    work.send(work.entry(0, CASES[0]), by="ban-moi")
    assert "đã biết mật khẩu" not in desk.get(f"/desk/{COMMUNE}/report").text
    assert province.post("/accounts/four-eyes", data={"rule": "shown"}).status_code == 303
    assert login_as("supervisor").post("/accounts/four-eyes", data={"rule": "shown"}).status_code == 403
    assert province.post("/accounts/four-eyes", data={"rule": "gì đó"}).status_code == 400
    assert post(desk, work, "accept").status_code == 303
    assert "đã biết mật khẩu" in desk.get(f"/desk/{COMMUNE}/report").text
    assert work.submission(work.sent[0]).id in province.get(f"/desk/{COMMUNE}/four-eyes").text


def test_the_province_makes_accounts_of_its_communes_alone(work: Field, login_as: Any) -> None:
    province = login_as("province")
    made_by(province, role="supervisor", place=COMMUNE, villages=[])
    for fields in ({"place": "00001"}, {"place": "14"}, {"place": ""}, {"place": "00259"}):
        given = {"display_name": "A", "username": "b", "role": "supervisor"} | fields
        assert province.post("/accounts/new", data=given).status_code == 422, fields
    for role in ("province", "admin"):
        given = {"display_name": "A", "username": "b", "role": role, "place": "14"}
        assert province.post("/accounts/new", data=given).status_code == 422
    work.session.rollback()
    of_others = work.session.scalars(
        select(Account).where(Account.username.in_(["province", "province-other", "admin"]))
    )
    assert {province.get(f"/accounts/{one.id}").status_code for one in of_others} == {404}
    assert "supervisor-other" in province.get("/accounts/").text  # of another commune of the province


def test_a_code_for_an_account_with_a_second_factor_does_not_go_around_it(
    work: Field, login_as: Any, client: Any, clock: Any
) -> None:
    secret, _codes = enrol(login_as("enumerator"), clock.now)
    address = f"/accounts/{work.account('enumerator').id}/password"
    code = re.search(r'class="password-made">([a-z0-9-]+)<', login_as("supervisor").post(address).text)
    assert code
    assert sign_in(client, "enumerator", code.group(1)).location == "/login/code"
    before = client.get("/login/own-password")
    assert (before.status_code, before.location) == (303, "/login/code")
    clock.advance(minutes=1)
    assert type_code(client, code_of(secret, clock.now)).location == "/login/own-password"
    assert (choose(client).status_code, client.get("/api/v1/hello").status_code) == (303, 200)

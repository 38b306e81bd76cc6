"""A round on its pages: who sees what is left, who takes which step, and what the others are told."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import RegisterEntry, Round, RoundCommune, RoundRequest
from survey.rounds import closing
from tests.interviews import ROUND, accept_all, entry, push
from tests.web.office.test_rounds import FIELDS
from tests.working import led, work
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
PAGE, HERE, THERE = f"/rounds/{ROUND}", f"/rounds/{ROUND}/{COMMUNE}", f"/rounds/{ROUND}/{OTHER_COMMUNE}"


def states(session: Session) -> dict[str, str]:
    session.rollback()
    query = select(RoundCommune).where(RoundCommune.round_id == ROUND)
    return {row.commune_id: row.state for row in session.scalars(query)}


def test_a_supervisor_sees_what_is_left_with_the_way_to_mend_it(login_as: Any) -> None:
    supervisor = login_as("supervisor")
    assert supervisor.get(PAGE).location.endswith(f"/{COMMUNE}/")
    page = supervisor.get(f"{HERE}/").text
    assert f'<a href="/desk/{COMMUNE}/households?state=to_visit&amp;round={ROUND}">4 hộ chưa đến</a>' in page.replace(
        f"round={ROUND}&amp;state=to_visit", f"state=to_visit&amp;round={ROUND}"
    )
    assert "disabled" in page
    assert "còn 21 ngày" in page
    refused = supervisor.post(f"{HERE}/close")
    assert refused.status_code == 409
    assert "<li>4 hộ chưa đến</li>" in refused.text


def test_every_link_of_an_obstacle_leads_somewhere(login_as: Any, session: Session) -> None:
    push(login_as("enumerator"), entry("ho-1"), entry("ho-2"), entry("ho-2"))
    supervisor = login_as("supervisor")
    page = supervisor.get(f"{HERE}/").text
    links = [part.split('"')[0].replace("&amp;", "&") for part in page.split('<li><a href="')[1:]]
    mended = [link for link in links if ROUND in link and link.startswith("/desk")]
    assert len(mended) >= 3
    shown = page.split('<ul class="chips">')[1:]  # the households of each obstacle, by number
    named = [link.split('"')[0] for part in shown for link in part.split("</ul>")[0].split('href="')[1:]]
    assert len(named) == 6  # two not visited, two to review, two held
    mended += named
    for link in mended:
        assert supervisor.get(link).status_code == 200, link


def test_a_commune_closes_the_province_accepts_and_reopens_with_a_reason(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    supervisor, province = login_as("supervisor"), login_as("province")
    assert province.post(f"{PAGE}/accept", data={"commune": COMMUNE}).status_code == 409  # not closed yet
    assert led(supervisor, supervisor.post(f"{HERE}/close")).status_code == 200
    assert states(session)[COMMUNE] == "closed"
    assert supervisor.post(f"{HERE}/reopen", data={"reason": "sót"}).status_code == 403
    assert "Số liệu tạm tính" in supervisor.get(f"/desk/{COMMUNE}/report").text
    assert province.post(f"{PAGE}/accept", data={"commune": COMMUNE}).status_code == 303
    assert states(session)[COMMUNE] == "accepted"
    assert "Số liệu tạm tính" not in supervisor.get(f"/desk/{COMMUNE}/report").text
    for reason in ("", " ", "a\0b", "x" * 501):
        assert province.post(f"{HERE}/reopen", data={"reason": reason}).status_code == 409
    assert states(session)[COMMUNE] == "accepted"
    assert province.post(f"{HERE}/reopen", data={"reason": "sót một hộ"}).status_code == 303
    assert (states(session)[COMMUNE], states(session)[OTHER_COMMUNE]) == ("open", "open")
    page = supervisor.get(f"{HERE}/").text
    assert "sót một hộ" in page
    assert "Người thử province" in page


def test_another_area_is_as_if_it_did_not_exist(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    assert login_as("supervisor-other").post(f"{HERE}/close").status_code == 404
    stranger = login_as("province-other")
    assert stranger.post(f"{PAGE}/accept", data={"commune": COMMUNE}).status_code == 404
    assert stranger.post(f"{HERE}/reopen", data={"reason": "x"}).status_code == 404
    assert login_as("province").post(f"{PAGE}/accept", data={}).status_code == 409
    assert set(states(session).values()) == {"open"}


def test_whoever_is_ready_is_closed_together_and_the_late_one_stays_open(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    assert led(login_as("province"), login_as("province").post(f"{PAGE}/close-ready")).status_code == 200
    found = states(session)
    assert (found[COMMUNE], found[OTHER_COMMUNE]) == ("closed", "open")
    page = login_as("province").get(PAGE).text
    assert f'value="{COMMUNE}"' in page
    assert "1 hộ chưa đến" in page


def test_one_that_cannot_be_closed_after_all_keeps_no_other_open(
    login_as: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something came in after it was counted."""
    accept_all(session, login_as, COMMUNE)
    monkeypatch.setattr(closing, "ready_to_close", lambda *_: [OTHER_COMMUNE, COMMUNE])
    province = login_as("province")
    answer = led(province, province.post(f"{PAGE}/close-ready"))
    found = states(session)
    assert (found[COMMUNE], found[OTHER_COMMUNE]) == ("closed", "open")
    assert "chưa đóng được" in answer.text


def test_what_is_still_taken_over_stands_in_the_way_of_closing_again(
    app: Flask, login_as: Any, session: Session
) -> None:
    accept_all(session, login_as, COMMUNE)
    assert led(login_as("supervisor"), login_as("supervisor").post(f"{HERE}/close")).status_code == 200
    assert login_as("province").post(f"{HERE}/reopen", data={"reason": "x"}).status_code == 303
    supervisor = login_as("supervisor")
    assert "1 việc đang chạy để cập nhật" in supervisor.get(f"{HERE}/").text
    assert supervisor.post(f"{HERE}/close").status_code == 409
    work(app)
    assert led(supervisor, supervisor.post(f"{HERE}/close")).status_code == 200


def test_a_mistaken_round_is_previewed_and_cancelled(login_as: Any, session: Session) -> None:
    push(login_as("enumerator"), entry("ho-1"))
    admin = login_as("admin")
    assert "1 phiếu đã nhận vẫn được giữ" in admin.get(f"{PAGE}/cancel").text
    assert admin.post(f"{PAGE}/cancel", data={"reason": ""}).status_code == 409
    assert set(states(session).values()) == {"open"}
    assert admin.post(f"{PAGE}/cancel", data={"reason": "mở nhầm năm"}).status_code == 303
    assert set(states(session).values()) == {"cancelled"}
    assert "Đã huỷ" in admin.get("/rounds/").text
    assert "Đợt này đã huỷ rồi." in admin.get(f"{PAGE}/cancel").text
    assert "Đợt rà soát đã bị huỷ" in login_as("supervisor").get(f"/desk/{COMMUNE}/held?round={ROUND}").text
    assert "Chưa có đợt" in login_as("supervisor").get(f"/desk/{COMMUNE}/").text


def test_title_and_days_are_changed_and_what_does_not_fit_is_said(login_as: Any, session: Session) -> None:
    admin = login_as("admin")
    fields = {"title": "Tên mới", "opens_on": "2026-09-01", "closes_on": "2026-12-20"}
    assert admin.post(f"{PAGE}/edit", data=fields | {"closes_on": "2026-08-01"}).status_code == 422
    assert (
        admin.post(f"{PAGE}/edit", data=fields | {"closes_on": "2027-02-01"}).status_code == 409
    )  # the standard's end
    assert admin.post(f"{PAGE}/edit", data=fields).status_code == 303
    session.rollback()
    assert session.get_one(Round, ROUND).title == "Tên mới"
    assert "20/12/2026" in login_as("supervisor").get(f"{HERE}/").text


def test_one_commune_is_given_other_days_and_the_others_keep_theirs(login_as: Any, session: Session) -> None:
    admin = login_as("admin")
    fields = {"opens_on": "2026-09-01", "closes_on": "2026-12-25"}
    assert f"{PAGE}/{COMMUNE}/days" in admin.get(f"{PAGE}/{COMMUNE}/").text
    assert "2026-12-14" in admin.get(f"{PAGE}/{COMMUNE}/days").text
    wrong = admin.post(f"{PAGE}/{COMMUNE}/days", data=fields | {"closes_on": "2026-08-01"})
    assert (wrong.status_code, "Ngày kết thúc trước ngày bắt đầu." in wrong.text) == (422, True)
    assert admin.post(f"{PAGE}/{COMMUNE}/days", data=fields | {"closes_on": "2027-02-01"}).status_code == 409
    assert admin.post(f"{PAGE}/{COMMUNE}/days", data=fields).status_code == 303
    assert login_as("province").post(f"{PAGE}/{COMMUNE}/days", data=fields).status_code == 403
    session.rollback()
    days = {row.commune_id: row.closes_on.isoformat() for row in session.scalars(select(RoundCommune))}
    assert days.pop(COMMUNE) == "2026-12-25"
    assert set(days.values()) == {"2026-12-14"}
    told = login_as("enumerator").get("/api/v1/hello").json["rounds"]
    assert [one["closes_on"] for one in told] == ["2026-12-25"]


def test_an_ad_hoc_round_takes_papers_and_stands_beside_the_periodic_one(login_as: Any, session: Session) -> None:
    admin, supervisor = login_as("admin"), login_as("supervisor")
    opened = admin.post("/rounds/new", data=FIELDS | {"communes": [COMMUNE], "opens_on": "2026-11-15"})
    assert opened.status_code == 303
    round_id = opened.location.rsplit("/", 1)[1]
    desk = supervisor.get(f"/desk/{COMMUNE}/").text
    assert "Rà soát định kỳ 2026 <span" in desk
    assert "Đợt khác cũng đang mở ở đây" in desk
    assert FIELDS["title"] in desk
    papers = f"/rounds/{round_id}/{COMMUNE}/requests"
    assert "trong 15 ngày" in supervisor.get(papers).text
    code = session.scalars(select(RegisterEntry)).first() and "03757-01-001"
    fields = {"code": code, "asked_by": "Lò Văn Đông", "asked_on": "2026-11-16", "reason": "mất mùa"}
    for wrong, words in (
        ({"code": "03757-01-999"}, "Không có hộ nào của xã, phường mang mã này."),
        ({"asked_on": "2027-01-01"}, "Ngày này chưa đến."),
        ({"reason": ""}, "Hãy nhập lý do."),
    ):
        answer = supervisor.post(papers, data=fields | wrong)
        assert (answer.status_code, words in answer.text) == (422, True), wrong
    assert "không có hộ nào đang chờ" in supervisor.get(papers).text
    old = supervisor.post(papers, data=fields | {"asked_on": "2019-11-16"})
    assert (old.status_code, "cũ hơn kỳ rà soát định kỳ gần nhất" in old.text) == (409, True)
    assert supervisor.post(papers, data=fields).status_code == 303
    assert supervisor.post(papers, data=fields).status_code == 409
    page = supervisor.get(papers).text  # entered on 23/11 in a round that opened on 15/11
    assert page.count("08/12/2026 · còn 15 ngày") == 2  # of the one that waits longest, and its own
    assert "Hạn quyết định: 08/12/2026" in page
    assert "Lò Văn Đông" in supervisor.get(papers).text
    session.rollback()
    request_id = session.scalars(select(RoundRequest.id)).one()
    assert "Phiếu A: chưa làm" in supervisor.get(papers).text
    result = {"passed": "no", "found_on": "2026-11-18", "found_by": "Quàng Văn Thử", "reason": "như giấy"}
    for wrong, words in (
        ({"passed": ""}, "Hãy chọn kết quả."),
        ({"found_on": "2026-11-15"}, "Ngày này phải nằm trong khoảng từ ngày trên giấy đến hôm nay."),
        ({"reason": "a\0"}, "Có ký tự không lưu được."),
    ):
        answer = supervisor.post(f"{papers}/{request_id}/quick", data=result | wrong)
        assert (answer.status_code, words in answer.text) == (422, True), wrong
    assert supervisor.post(f"{papers}/{request_id}/quick", data=result).status_code == 303
    assert "Phiếu A: không rà soát tiếp" in supervisor.get(papers).text
    assert supervisor.post(f"{papers}/{request_id}/quick", data=result | {"passed": "yes"}).status_code == 303
    assert supervisor.post(f"{papers}/khong-co/quick", data=result).status_code == 404
    assert supervisor.post(f"{papers}/{request_id}/back", data={"reason": "nhầm hộ"}).status_code == 303
    assert "đã rút: nhầm hộ" in supervisor.get(papers).text
    assert supervisor.post(f"/rounds/{ROUND}/{COMMUNE}/requests", data=fields).status_code == 409
    assert login_as("province").post(papers, data=fields).status_code == 403


def test_a_planned_round_is_opened_on_its_page(login_as: Any, session: Session) -> None:
    admin = login_as("admin")
    opened = admin.post("/rounds/new", data=FIELDS | {"kind": "dinh_ky", "year": "2027", "plan": "y"})
    page = opened.location
    assert "Mở ở 120 xã, phường dự kiến" in admin.get(page).text
    answer = admin.post(f"{page}/start")
    assert answer.status_code == 303
    led(admin, answer)
    assert "120" in admin.get(page).text
    session.rollback()
    new = session.scalars(select(Round.id).where(Round.year == 2027)).one()
    assert len(session.scalars(select(RegisterEntry).where(RegisterEntry.round_id == new)).all()) == 5

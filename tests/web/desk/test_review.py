"""The supervisor's work: the queue, a record with its reasons, and decisions that the phone learns of."""

from __future__ import annotations

import re
from copy import deepcopy
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from models import CommuneCounter, SubmissionEvent, SubmissionStatus
from survey.problems import Problem
from survey.submissions.derive import rebuild
from survey.terms import Action, RegisterState, SubmissionState
from tests import pictures
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, OTHER_COMMUNE

POOR = next(case for case in CASES if case.household_class == "ho_ngheo")


@pytest.fixture
def sent(field: Any) -> Field:
    """Three households, the first interviewed and found poor."""
    work: Field = field(3, done=one_is_poor)
    return work


def one_is_poor(work: Field) -> None:
    work.send(work.entry(0, POOR))


def page_of(browser: Any, work: Field, number: int = 0, query: str = "") -> str:
    submission = work.submission(work.sent[number])
    answer = browser.get(f"/desk/{COMMUNE}/records/{submission.id}{query}")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def post(browser: Any, work: Field, action: str, number: int = 0, query: str = "", **fields: str) -> Any:
    submission = work.submission(work.sent[number])
    seen = fields.pop("seen", str(work.seen(submission.id)))
    return browser.post(
        f"/desk/{COMMUNE}/records/{submission.id}{query}", data={"action": action, "seen": seen, **fields}
    )


def state_of(work: Field, number: int = 0) -> str:
    work.session.rollback()
    work.session.expire_all()
    submission = work.submission(work.sent[number])
    return work.session.get_one(SubmissionStatus, (COMMUNE, submission.id)).state


def test_the_record_says_why_the_household_is_poor(sent: Field, login_as: Any) -> None:
    page = page_of(login_as("supervisor"), sent)
    assert "Hộ nghèo" in page
    assert f"B1 {POOR.b1:.0f} điểm, B2 {POOR.b2:.0f} điểm" in page
    assert "Nguồn nước sinh hoạt" in page
    assert "Nước khe, mó không được bảo vệ" in page
    assert "Quàng Thị Ước: " in page
    english = login_as("supervisor")
    english.post("/language", data={"lang": "en"})
    assert "Poor household" in page_of(english, sent)


def test_accepting_counts_the_household_and_the_phone_hears_of_it(sent: Field, login_as: Any) -> None:
    before = sent.register(0).change
    answer = post(login_as("supervisor"), sent, "accept")
    assert answer.status_code == 303
    entry = sent.register(0)
    assert entry.state == RegisterState.ACCEPTED
    assert entry.change > before
    assert entry.change == sent.session.get_one(CommuneCounter, COMMUNE).value
    event = sent.session.scalars(select(SubmissionEvent).order_by(SubmissionEvent.seq.desc())).first()
    assert event is not None
    assert (event.action, event.to_state, event.account_id) == ("accept", "accepted", sent.account("supervisor").id)


def test_returning_carries_the_comments_to_the_phone(sent: Field, login_as: Any) -> None:
    remark = {"remark:thanh_vien[2]/the_bhyt": "Hỏi lại thẻ", "remark:khong/co": "x", "comment": "Xem lại điểm B1"}
    assert post(login_as("supervisor"), sent, "return", **remark).status_code == 303
    assert sent.register(0).state == RegisterState.RETURNED
    event = sent.session.scalars(select(SubmissionEvent).where(SubmissionEvent.action == "return")).one()
    assert event.comments == [
        {"path": None, "text": "Xem lại điểm B1"},
        {"path": "thanh_vien[2]/the_bhyt", "text": "Hỏi lại thẻ"},
    ]
    assert "Hỏi lại thẻ" in page_of(login_as("supervisor"), sent)
    pulled = login_as("enumerator").get("/api/v1/register?cursor=0&limit=100").get_json()
    [mine] = [entry for entry in pulled["entries"] if entry["household_id"] == sent.households[0]]
    assert mine["state"] == "returned"
    assert [comment["text"] for comment in mine["returned"]["comments"]] == ["Xem lại điểm B1", "Hỏi lại thẻ"]


def test_returning_without_a_word_is_refused_on_the_page(sent: Field, login_as: Any) -> None:
    answer = post(login_as("supervisor"), sent, "return", comment="  ")
    assert answer.status_code == 422
    assert "Hãy ghi góp ý" in answer.get_data(as_text=True)
    assert state_of(sent) == SubmissionState.SUBMITTED


def test_who_surveyed_does_not_accept(sent: Field, login_as: Any) -> None:
    sent.send(sent.entry(1, POOR), by="supervisor")
    browser = login_as("supervisor")
    assert "Bạn đã tự rà soát hộ này" in page_of(browser, sent, 1)
    assert 'value="accept"' not in page_of(browser, sent, 1)
    assert post(browser, sent, "accept", 1).status_code == 409
    assert state_of(sent, 1) == SubmissionState.SUBMITTED
    assert post(login_as("supervisor-2"), sent, "accept", 1).status_code == 303
    assert state_of(sent, 1) == SubmissionState.ACCEPTED


@pytest.mark.parametrize("who", ["supervisor-other", "province", "enumerator", "admin"])
def test_nobody_else_decides(sent: Field, login_as: Any, who: str) -> None:
    assert post(login_as(who), sent, "accept").status_code in (403, 404, 409)
    assert state_of(sent) == SubmissionState.SUBMITTED
    if who == "province":
        assert 'name="action"' not in page_of(login_as(who), sent)


def test_a_record_of_another_commune_is_not_there(sent: Field, login_as: Any) -> None:
    submission = sent.submission(sent.sent[0])
    assert login_as("supervisor-other").get(f"/desk/{OTHER_COMMUNE}/records/{submission.id}").status_code == 404
    assert login_as("supervisor").get(f"/desk/{COMMUNE}/records/nothing").status_code == 404


def test_two_supervisors_do_not_decide_over_each_other(sent: Field, login_as: Any) -> None:
    seen = str(sent.seen(sent.submission(sent.sent[0]).id))
    assert post(login_as("supervisor"), sent, "return", comment="Xem lại", seen=seen).status_code == 303
    late = post(login_as("supervisor-2"), sent, "accept", seen=seen, comment="Đã xem kỹ")
    assert late.status_code == 409
    assert "Người khác vừa quyết định phiếu này" in late.get_data(as_text=True)
    assert "Đã xem kỹ" in late.get_data(as_text=True)
    assert state_of(sent) == SubmissionState.RETURNED


def test_an_accepted_record_can_be_reopened_and_accepted_again(sent: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    for action, state in (("accept", "accepted"), ("reopen", "submitted"), ("accept", "accepted")):
        assert post(browser, sent, action).status_code == 303
        assert state_of(sent) == state


def test_a_forged_step_is_refused(sent: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    assert post(browser, sent, "discard", comment="x").status_code == 409  # nothing is wrong with it
    for step in ("receive", "supersede", "pass_over", "quarantine", "attach"):
        assert post(browser, sent, step).status_code == 400
    browser.csrf = None
    assert post(browser, sent, "accept").status_code in (400, 403)
    assert state_of(sent) == SubmissionState.SUBMITTED


def test_a_record_without_a_class_cannot_be_accepted(sent: Field, login_as: Any) -> None:
    entry = sent.entry(1, POOR)
    del entry["answers"]["nha_o"], entry["answers"]["thu_nhap"]["b1_nhap"]  # the house alone leaves the class certain
    assert sent.send(entry).held
    browser = login_as("supervisor")
    page = page_of(browser, sent, 1)
    assert "Câu trả lời thiếu hoặc không hợp lệ" in page
    assert "Tường nhà" in page
    assert post(browser, sent, "release", 1).status_code == 303
    assert 'value="accept"' not in page_of(browser, sent, 1)
    assert post(browser, sent, "accept", 1).status_code == 409
    assert state_of(sent, 1) == SubmissionState.SUBMITTED


def test_a_refusal_is_accounted_for_and_takes_no_class_away(sent: Field, login_as: Any) -> None:
    entry = sent.entry(1, POOR)
    context = {name: entry["answers"][name] for name in ("ma_ho", "khu_vuc", "vung", "cach_b1", "ngay_ra_soat")}
    refusal = {"thong_tin_ho": {"dong_y": "khong", "ly_do_tu_choi": "Đang có tang"}}
    assert not sent.send(entry | {"answers": context | refusal}).held
    before = sent.household(1).current_class
    browser = login_as("supervisor")
    assert "Gia đình chưa đồng ý trả lời" in page_of(browser, sent, 1)
    assert post(browser, sent, "accept", 1).status_code == 303
    sent.session.rollback()
    assert sent.register(1).state == "accepted"
    assert sent.household(1).current_class == before is not None


def test_choosing_one_of_two_interviews_passes_over_the_other_and_can_be_undone(sent: Field, login_as: Any) -> None:
    assert sent.send(sent.entry(0, CASES[1])).held
    assert (state_of(sent, 0), state_of(sent, 1)) == ("quarantined", "quarantined")
    assert (sent.register(0).state, sent.register(0).submission_id) == ("received", None)
    browser = login_as("supervisor")
    assert "Hộ này đã có phiếu khác đang chờ" in page_of(browser, sent, 1)
    assert post(browser, sent, "release", 1).status_code == 303
    assert (state_of(sent, 0), state_of(sent, 1)) == ("superseded", "submitted")
    assert sent.register(0).submission_id == sent.submission(sent.sent[1]).id
    assert post(browser, sent, "restore", 0).status_code == 303  # it was the wrong one
    assert (state_of(sent, 0), state_of(sent, 1)) == ("quarantined", "quarantined")
    assert post(browser, sent, "release", 0).status_code == 303
    assert (state_of(sent, 0), state_of(sent, 1)) == ("submitted", "superseded")


def test_a_second_interview_does_not_push_out_an_accepted_one(sent: Field, login_as: Any) -> None:
    sent.decide(sent.sent[0], Action.ACCEPT)
    assert sent.send(sent.entry(0, CASES[1])).held
    browser = login_as("supervisor")
    assert post(browser, sent, "release", 1).status_code == 409
    assert (state_of(sent, 0), state_of(sent, 1)) == ("accepted", "quarantined")
    assert post(browser, sent, "reopen", 0).status_code == 303
    assert (state_of(sent, 0), state_of(sent, 1)) == ("quarantined", "quarantined")  # undecided again
    assert post(browser, sent, "release", 1).status_code == 303
    assert (state_of(sent, 0), state_of(sent, 1)) == ("superseded", "submitted")


def test_who_surveyed_does_not_decide_between_their_own_interview_and_anothers(sent: Field, login_as: Any) -> None:
    sent.send(sent.entry(0, CASES[1]), by="supervisor")
    browser = login_as("supervisor")
    assert post(browser, sent, "release", 1).status_code == 409
    assert post(browser, sent, "discard", 0, comment="Không đúng").status_code == 409
    assert (state_of(sent, 0), state_of(sent, 1)) == ("quarantined", "quarantined")
    assert post(browser, sent, "discard", 1, comment="Tôi hỏi nhầm hộ").status_code == 303  # one's own may give way
    assert (state_of(sent, 0), state_of(sent, 1)) == ("submitted", "discarded")


def test_what_is_returned_leaves_the_other_waiting_for_the_mended_one(sent: Field, login_as: Any) -> None:
    sent.send(sent.entry(0, CASES[1]))
    browser = login_as("supervisor")
    assert post(browser, sent, "return", 0, comment="Hỏi lại").status_code == 303
    assert (state_of(sent, 0), state_of(sent, 1), sent.register(0).state) == ("returned", "quarantined", "returned")
    assert sent.send(sent.entry(0, CASES[2], replaces=sent.sent[0])).held
    states = [state_of(sent, number) for number in range(3)]
    assert (states, sent.register(0).state) == (["superseded", "quarantined", "quarantined"], "received")
    assert post(browser, sent, "restore", 0).status_code == 409  # mended is not passed over


def test_what_no_form_can_read_is_shown_as_it_came_and_can_be_set_aside(sent: Field, login_as: Any) -> None:
    odd = sent.entry(1, POOR, form={"id": "ra_soat_ho", "version": "1999"}, answers={"<b>": "\ud83d", "deep": [[[]]]})
    assert sent.send(odd).held
    browser = login_as("supervisor")
    page = page_of(browser, sent, 1)
    assert "&lt;b&gt;" in page
    assert 'value="release"' not in page
    assert post(browser, sent, "release", 1).status_code == 409
    assert post(browser, sent, "discard", 1, comment=" ").status_code == 422
    assert post(browser, sent, "discard", 1, comment="Hỏi lại hộ").status_code == 303
    assert state_of(sent, 1) == SubmissionState.DISCARDED
    assert post(browser, sent, "restore", 1).status_code == 303
    assert state_of(sent, 1) == SubmissionState.QUARANTINED


def test_an_entry_for_no_household_of_ours_is_found_in_the_queue(sent: Field, login_as: Any) -> None:
    assert sent.send(sent.entry(1, POOR, household_id="khong-co")).held
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/queue?state=quarantined&village=-").get_data(as_text=True)
    assert "Không có hộ này trong danh sách" in page
    assert "Không có hộ này trong danh sách" in page_of(login_as("supervisor"), sent, 1)


def test_every_decision_can_be_rebuilt_from_the_log(sent: Field, login_as: Any) -> None:
    sent.send(sent.entry(0, CASES[1]))
    browser = login_as("supervisor")
    post(browser, sent, "release", 1)
    post(browser, sent, "accept", 1)
    sent.session.rollback()
    before = {(s.submission_id, s.state) for s in sent.session.scalars(select(SubmissionStatus))}
    change = sent.register(0).change
    rebuild(sent.session)
    assert {(s.submission_id, s.state) for s in sent.session.scalars(select(SubmissionStatus))} == before
    assert sent.register(0).change == change


def test_answers_stand_beside_last_years_and_changes_are_marked(field: Any, login_as: Any) -> None:
    work: Field = field(1)
    entry = work.entry(0, POOR)
    before = deepcopy(work.register(0).opening_answers)
    entry["answers"] = deepcopy(before) | {"ma_ho": entry["answers"]["ma_ho"]}
    entry["answers"]["nha_o"]["dien_tich"] = before["nha_o"]["dien_tich"] + 10
    moved_out = entry["answers"]["thanh_vien"].pop(1)
    entry["answers"]["thong_tin_ho"]["so_khau_khai"] -= 1
    work.send(entry)
    page = page_of(login_as("supervisor"), work)
    [line] = re.findall(r'<tr id="q-nha_o/dien_tich" class="change-changed">(.*?)</tr>', page, re.S)
    assert str(entry["answers"]["nha_o"]["dien_tich"]) in line
    assert str(before["nha_o"]["dien_tich"]) in line
    assert re.search(rf'change-gone">{moved_out["ho_ten"]}', page)
    # Those who were behind the one who left have not changed.
    assert not re.search(r'<tr id="q-thanh_vien\[2\]/[^"]*" class="change-(changed|added|gone)', page)
    only = page_of(login_as("supervisor"), work, query="?only=changes")
    assert "q-nha_o/dien_tich" in only
    assert "q-nha_o/tuong" not in only


def test_a_confirmed_warning_is_shown_with_its_reason(sent: Field, login_as: Any) -> None:
    entry = sent.entry(1, POOR)
    entry["answers"]["thanh_vien"][0]["cccd"] = "014199001234"  # another sex and year than answered
    entry["confirmed"] = {"thanh_vien[1]/cccd": "Đã xem giấy tờ gốc"}
    sent.send(entry)
    page = page_of(login_as("supervisor"), sent, 1)
    assert "Đã xem giấy tờ gốc" in page
    assert "cảnh báo" in page


def test_names_are_found_without_tones_and_never_stand_in_an_address(sent: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    for wanted in ("lo van dong 2", "LÒ VĂN ĐÔNG 2", "dong 2", "03757-01-002"):
        found = browser.post(f"/desk/{COMMUNE}/search", data={"wanted": wanted}).get_data(as_text=True)
        assert "03757-01-002" in found, wanted
        assert "03757-01-003" not in found
    assert "Không có hộ nào" in browser.post(f"/desk/{COMMUNE}/search", data={"wanted": "%"}).get_data(as_text=True)
    for path in ("", "queue", "households", "report", "exports", "phones"):
        page = browser.get(f"/desk/{COMMUNE}/{path}").get_data(as_text=True)
        assert not [
            link for link in re.findall(r'(?:href|action)="([^"]*)"', page) if re.search("Dong|Đông|L%C3%B2", link)
        ]


def test_the_queue_counts_by_state_and_village(sent: Field, login_as: Any) -> None:
    sent.send(sent.entry(1, CASES[1]))
    sent.decide(sent.sent[1], Action.RETURN)
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/queue").get_data(as_text=True)
    counts = dict(re.findall(r"state=(\w+)[^>]*>\s*[^<]*<b class=\"count\">(\d+)</b>", page))
    assert (counts["submitted"], counts["returned"], counts["accepted"]) == ("1", "1", "0")
    village = login_as("supervisor").get(f"/desk/{COMMUNE}/queue?village=03757-02").get_data(as_text=True)
    assert "Không có phiếu nào" in village


def test_after_a_decision_the_queue_goes_on_where_it_was(sent: Field, login_as: Any) -> None:
    answer = post(login_as("supervisor"), sent, "accept", query="?state=submitted&village=03757-01")
    assert answer.status_code == 303
    assert answer.location.startswith(f"/desk/{COMMUNE}/queue?")
    assert "village=03757-01" in answer.location
    page = login_as("supervisor").get(answer.location).get_data(as_text=True)
    assert "Đã duyệt phiếu 03757-01-001" in page


def test_phones_tell_what_they_still_hold(sent: Field, login_as: Any) -> None:
    device = {"id": "d-1", "label": "Android", "app_version": "1", "clock": "2026-11-23T02:10:00Z", "in_progress": 1}
    unsent = [{"id": f"e{n}", "household_id": sent.households[n]} for n in range(3)]
    answer = login_as("enumerator").post("/api/v1/push", json={"device": device, "unsent": unsent, "entries": []})
    assert answer.status_code == 200
    for path, words in (("phones", "3 phiếu"), ("", "3 phiếu còn trên máy của Người thử enumerator")):
        assert words in login_as("supervisor").get(f"/desk/{COMMUNE}/{path}").get_data(as_text=True)
    assert "lệch 10 phút" in login_as("supervisor").get(f"/desk/{COMMUNE}/phones").get_data(as_text=True)


def test_a_photo_is_shown_to_its_own_commune_only(sent: Field, login_as: Any) -> None:
    picture = pictures.picture("JPEG")
    name = sha256(picture).hexdigest()
    file = {"path": "xac_nhan/anh_nha", "sha256": name, "size": len(picture), "type": "image/jpeg"}
    sent.send(sent.entry(1, POOR, files=[file]))
    browser = login_as("supervisor")
    assert "chưa nhận được" in page_of(browser, sent, 1)
    login_as("enumerator").put(f"/api/v1/files/{name}?commune={COMMUNE}", data=picture, content_type="image/jpeg")
    assert f"photos/{name}" in page_of(browser, sent, 1)
    with browser.get(f"/desk/{COMMUNE}/photos/{name}") as answer:
        assert (answer.data, answer.mimetype) == (picture, "image/jpeg")
        assert "private" in answer.headers["Cache-Control"]
    assert login_as("supervisor-other").get(f"/desk/{OTHER_COMMUNE}/photos/{name}").status_code == 404
    assert browser.get(f"/desk/{COMMUNE}/photos/{'0' * 64}").status_code == 404


def test_deciding_twice_at_the_door_of_the_function_is_a_conflict(sent: Field) -> None:
    sent.decide(sent.sent[0], Action.ACCEPT)
    with pytest.raises(Problem, match="not_allowed_now"):
        sent.decide(sent.sent[0], Action.ACCEPT)


@pytest.mark.miscounts
def test_a_child_of_last_year_who_is_not_in_the_interview_is_pointed_out(sent: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    assert "Cần xem kỹ" not in page_of(browser, sent)
    entry = sent.register(0)
    child = {"ho_ten": "Lò Thị <Lả>", "gioi_tinh": "nu", "nam_sinh": 2018}
    entry.opening_answers = entry.opening_answers | {"thanh_vien": [*entry.opening_answers["thanh_vien"], child]}
    sent.session.commit()
    page = page_of(browser, sent)
    assert "Cần xem kỹ" in page
    assert "không có trong phiếu này: Lò Thị &lt;Lả&gt;." in page
    assert "tách ngày" not in page

"""Held interviews: why, what next; judged again once the cause is mended, attached to their household, discarded and
taken back, one by one or many of one reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from models import (
    AccountVillage,
    Household,
    Receipt,
    RegisterEntry,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from survey.questionnaires.published import publish
from survey.rounds.closing import close_round
from survey.submissions.derive import rebuild
from survey.xlsform.compile import compile_workbook
from tests.poverty.households import BESIDE
from tests.web.desk.field import CASES, FORM, SOURCE, Field
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

HELD = f"/desk/{COMMUNE}/held"


@pytest.fixture
def work(field: Any) -> Field:
    made: Field = field(3)
    return made


def stands(work: Field, number: int) -> tuple[str, str | None, str | None]:
    work.session.rollback()
    work.session.expire_all()
    status = work.session.get_one(SubmissionStatus, (COMMUNE, work.submission(work.sent[number]).id))
    return status.state, status.reason, status.household_id


def record(work: Field, number: int) -> str:
    return f"/desk/{COMMUNE}/records/{work.submission(work.sent[number]).id}"


def attach(browser: Any, work: Field, number: int, household_id: str, **fields: Any) -> Any:
    seen = fields.pop("seen", work.seen(work.submission(work.sent[number]).id))
    return browser.post(f"{record(work, number)}/attach", data={"household": household_id, "seen": seen, **fields})


def page_of(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return str(answer.get_data(as_text=True))


def test_what_is_held_is_listed_by_reason_with_its_next_step(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0], household_id="khong-co"))
    work.send(work.entry(1, CASES[0], form={"id": FORM.id, "version": "0"}))
    work.send(work.entry(2, CASES[0]))
    work.send(work.entry(2, CASES[1]))
    page = page_of(login_as("province"), HELD)
    counts = dict(re.findall(r'reason=(\w+)[^>]*>[^<]*<b class="count">(\d+)</b>', page))
    assert counts == {"unknown_household": "1", "unknown_form": "1", "two_interviews": "2"}
    for words in ("Hãy tìm đúng hộ rồi gắn phiếu", "bấm xét lại phiếu", "chưa ai quyết định lấy phiếu nào"):
        assert words in page
    assert page.count("/beside/") == 2
    assert 'name="entry"' not in page
    one = page_of(login_as("supervisor"), HELD + "?reason=unknown_form")
    assert one.count('name="entry"') == 1
    assert page_of(login_as("supervisor"), HELD + "?reason=two_interviews").count('name="entry"') == 0
    assert login_as("supervisor").get(HELD + "?reason=nothing").status_code == 404
    assert login_as("supervisor-other").get(HELD).status_code == 404
    assert login_as("province").post(f"{HELD}/judge").status_code == 409  # somebody here may


def test_an_unknown_version_is_judged_again_once_it_is_published(work: Field, login_as: Any) -> None:
    for number in (0, 0, 1):
        work.send(work.entry(number, CASES[0], form={"id": FORM.id, "version": "2026.0"}))
    browser = login_as("supervisor")
    assert browser.post(HELD + "/judge").status_code == 303
    assert stands(work, 0)[:2] == ("quarantined", "unknown_form")
    older = compile_workbook(SOURCE.replace(FORM.version, "2026.0"), BESIDE)
    publish(work.session, older, SOURCE, NOW)
    work.session.commit()
    answer = browser.post(HELD + "/judge")
    assert "done=3&left=0" in answer.location
    assert "3 phiếu không còn bị giữ vì lý do đó" in page_of(browser, answer.location)
    # Two of one household come to the same as if they had arrived now.
    assert [stands(work, number)[:2] for number in range(3)] == [
        ("quarantined", "two_interviews"), ("quarantined", "two_interviews"), ("submitted", None),
    ]  # fmt: skip
    assert work.register(0).state == work.register(1).state == "received"


def test_a_village_assigned_later_frees_what_came_from_it(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0]), by="enumerator-2")
    browser = login_as("supervisor")
    page = page_of(browser, record(work, 0))
    assert "Xét lại" in page
    assert browser.post(record(work, 0) + "/judge").location.endswith("judged=0")
    work.session.rollback()  # to write upon what the app has written since
    work.session.add(AccountVillage(account_id=work.account("enumerator-2").id, village_id=VILLAGE))
    work.session.commit()
    assert browser.post(record(work, 0) + "/judge").location.endswith("judged=1")
    assert stands(work, 0)[:2] == ("submitted", None)


def test_an_entry_of_no_household_is_attached_and_stays_as_it_came(work: Field, login_as: Any) -> None:
    sent = work.entry(0, CASES[0], household_id="khong-co")
    work.send(sent)
    before = work.submission(work.sent[0])
    content, receipt = before.content, work.session.scalars(select(Receipt.body)).one()
    browser = login_as("supervisor")
    assert "Gắn vào hộ" in page_of(browser, record(work, 0))
    assert "Lò Văn Đông" in page_of(browser, record(work, 0) + "/attach")
    found = browser.post(record(work, 0) + "/attach/find", data={"wanted": "03757-01-002"}).get_data(as_text=True)
    assert work.households[1] in found
    assert work.households[2] not in found
    answer = attach(browser, work, 0, work.households[1], words="Nhầm mã hộ")
    assert answer.status_code == 303
    assert stands(work, 0) == ("submitted", None, work.households[1])
    assert (work.register(1).state, work.register(1).submission_id) == ("received", before.id)
    after = work.submission(work.sent[0])
    assert (after.content, after.household_id) == (content, "khong-co")
    assert work.session.scalars(select(Receipt.body)).one() == receipt
    page = page_of(browser, record(work, 0))
    assert "03757-01-002" in page
    assert "Nhầm mã hộ" in page
    # The same bytes again are the same entry, and derived rows come out the same from the log.
    assert work.send(sent).held
    rebuild(work.session)
    work.session.commit()
    assert stands(work, 0) == ("submitted", None, work.households[1])
    assert work.register(1).submission_id == before.id


def test_an_attachment_can_be_taken_back_and_meets_what_is_there(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0]))
    work.send(work.entry(0, CASES[1]))
    browser = login_as("supervisor")
    assert attach(browser, work, 1, work.households[1]).status_code == 303  # the second was another household's
    assert (stands(work, 0)[:2], stands(work, 1)[:2]) == (("submitted", None), ("submitted", None))
    assert work.register(0).submission_id == work.submission(work.sent[0]).id
    assert "Bỏ gắn" in page_of(browser, record(work, 1) + "/attach")
    assert attach(browser, work, 1, "").status_code == 303
    assert (stands(work, 0)[1], stands(work, 1)[1]) == ("two_interviews", "two_interviews")
    assert (work.register(0).state, work.register(1).state) == ("received", "to_visit")


def test_a_new_household_that_is_an_old_one_leaves_the_register_and_the_phone_hears_of_it(
    work: Field, login_as: Any
) -> None:
    new = {"village_id": VILLAGE, "head_name": "Lò Văn Đông"}
    work.send(work.entry(0, CASES[0], household_id="tim-thay", new_household=new))
    phone = login_as("enumerator")
    told = phone.get("/api/v1/register?cursor=0&limit=100").json
    assert "tim-thay" in [entry["household_id"] for entry in told["entries"]]
    browser = login_as("supervisor")
    assert "gắn lại vào đúng hộ" in page_of(browser, record(work, 0))
    assert attach(browser, work, 0, work.households[2]).status_code == 303
    assert stands(work, 0) == ("submitted", None, work.households[2])
    left = work.session.get_one(Household, (COMMUNE, "tim-thay"))
    assert (left.state, left.same_as) == ("duplicate", work.households[2])
    assert work.session.get(RegisterEntry, (COMMUNE, work.round_id, "tim-thay")) is None
    later = phone.get(f"/api/v1/register?cursor={told['cursor']}&limit=1").json
    entries = [*later["entries"]]
    while later["more"]:
        later = phone.get(f"/api/v1/register?cursor={later['cursor']}&limit=1").json
        entries += later["entries"]
    assert {entry["household_id"]: entry.get("state", "gone") for entry in entries} == {
        "tim-thay": "gone", work.households[2]: "received",
    }  # fmt: skip
    assert attach(browser, work, 0, "").status_code == 303  # it was a new one after all
    work.session.rollback()  # to see what the office did
    assert work.session.get(RegisterEntry, (COMMUNE, work.round_id, "tim-thay")).state == "received"
    assert work.session.get_one(Household, (COMMUNE, "tim-thay")).state == "present"
    again = phone.get(f"/api/v1/register?cursor={later['cursor']}&limit=100").json["entries"]
    assert {entry["household_id"]: entry.get("state", "gone") for entry in again} == {
        "tim-thay": "received", work.households[2]: "to_visit",
    }  # fmt: skip


def test_an_attachment_is_a_decision_like_another(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0], household_id="khong-co"), by="supervisor")
    work.send(work.entry(1, CASES[0], confirmed="x"))
    browser = login_as("supervisor")
    assert attach(browser, work, 0, work.households[0]).status_code == 409  # one's own
    assert browser.get(record(work, 0) + "/attach").status_code == 409
    second = login_as("supervisor-2")
    assert attach(second, work, 0, "nothing").status_code == 404
    assert attach(second, work, 0, "nothing\0").status_code == 400
    assert attach(second, work, 0, work.households[0], seen=9).status_code == 409
    assert attach(second, work, 1, work.households[0]).status_code == 409  # nobody can read it
    assert attach(second, work, 0, work.households[0]).status_code == 303
    assert attach(second, work, 0, work.households[0]).status_code == 409  # it stands there
    assert attach(login_as("province"), work, 0, work.households[1]).status_code == 409  # somebody here may
    other = login_as("supervisor-other")
    submission = work.submission(work.sent[0]).id
    for commune_id in (COMMUNE, OTHER_COMMUNE):
        address = f"/desk/{commune_id}/records/{submission}/attach"
        assert other.get(address).status_code == 404
        assert other.post(address, data={"household": "", "seen": 1}).status_code == 404


def test_many_of_one_reason_are_released_or_discarded_together(work: Field, login_as: Any) -> None:
    for number in range(3):
        work.send(work.entry(number, CASES[0]), by="enumerator-2")
    ids = [work.submission(entry_id).id for entry_id in work.sent]
    browser, here = login_as("supervisor"), HELD + "?reason=outside_area"
    assert browser.post(here, data={"action": "discard", "words": "x"}).status_code == 422
    refused = browser.post(here, data={"action": "discard", "entry": ids[:1], "words": " "})
    assert (refused.status_code, "Hãy ghi lý do" in refused.get_data(as_text=True)) == (422, True)
    assert f'value="{ids[0]}" aria-label="Chọn phiếu của Lò Văn Đông" checked' in refused.get_data(as_text=True)
    assert browser.post(here, data={"action": "accept", "entry": ids}).status_code == 400
    assert browser.post(here, data={"action": "release", "entry": [*ids, "nothing"]}).status_code == 404
    answer = browser.post(here, data={"action": "discard", "entry": ids[:1], "words": "Không phải thôn của ông ấy"})
    assert "done=1&left=0" in answer.location
    answer = browser.post(here, data={"action": "release", "entry": ids})
    assert "done=2&left=1" in answer.location
    assert "1 phiếu để nguyên" in page_of(browser, answer.location)
    assert [stands(work, number)[0] for number in range(3)] == ["discarded", "submitted", "submitted"]
    event = work.session.scalars(select(SubmissionEvent).where(SubmissionEvent.action == "discard")).one()
    assert event.comments == [{"path": None, "text": "Không phải thôn của ông ấy"}]
    assert work.session.scalars(select(Submission).where(Submission.id == ids[0])).one().content


def test_two_interviews_are_never_decided_in_bulk(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0]))
    work.send(work.entry(0, CASES[1]))
    ids = [work.submission(entry_id).id for entry_id in work.sent]
    for action in ("release", "discard"):
        data = {"action": action, "entry": ids, "words": "x"}
        answer = login_as("supervisor").post(HELD + "?reason=two_interviews", data=data)
        assert "done=0&left=2" in answer.location
    assert stands(work, 0)[:2] == stands(work, 1)[:2] == ("quarantined", "two_interviews")


def test_what_is_taken_back_in_a_closed_round_moves_nothing(work: Field, login_as: Any) -> None:
    work.send(work.entry(0, CASES[0]))
    work.send(work.entry(0, CASES[1]))
    browser = login_as("supervisor")
    seen = work.seen(work.submission(work.sent[1]).id)
    assert browser.post(record(work, 1), data={"action": "discard", "seen": seen, "comment": "x"}).status_code == 303
    work.session.rollback()  # to see what the office did
    for number in (1, 2):
        work.send(work.entry(number, CASES[0]))
    for number in (0, 2, 3):
        seen = work.seen(work.submission(work.sent[number]).id)
        assert browser.post(record(work, number), data={"action": "accept", "seen": seen}).status_code == 303
    work.session.rollback()
    close_round(work.session, work.session.get_one(Round, work.round_id), NOW)
    work.session.commit()
    seen = work.seen(work.submission(work.sent[1]).id)
    assert browser.post(record(work, 1), data={"action": "restore", "seen": seen}).status_code == 303
    assert stands(work, 0)[0] == "accepted"
    assert stands(work, 1)[:2] == ("quarantined", "two_interviews")
    seen = work.seen(work.submission(work.sent[1]).id)
    assert browser.post(record(work, 1), data={"action": "release", "seen": seen}).status_code == 409


def test_an_unreadable_entry_shows_its_text_and_no_markup_of_its_own(work: Field, login_as: Any) -> None:
    work.send({"id": "a", "commune_id": COMMUNE, "x": "<script>alert(1)</script>\u202e\x00", "answers": 7})
    page = page_of(login_as("supervisor"), record(work, 0))
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "\x00" not in page
    assert "Phiếu sai cấu trúc" in page_of(login_as("supervisor"), HELD)

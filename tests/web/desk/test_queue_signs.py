"""Signs in the queue: what is worth a second look stands on the row in words, and the shelf can be narrowed to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from models import Household, RegisterEntry, RegisterEvent, Submission, SubmissionStatus
from survey.members import members_in
from survey.register import event_log
from survey.register.event_log import Done
from survey.review import queue, register_acts
from survey.review.signs import Sign, Signs, children_gone, classes, may_bear, signs_of, split_lately, turns
from survey.submissions.content import clock_of, content_of
from survey.submissions.standing import interviews_of
from survey.terms import Action, SubmissionState
from tests.pages import text_of
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_household import act
from tests.world import COMMUNE, NOW

QUEUE = f"/desk/{COMMUNE}/queue"
TODAY = {"started_at": "2026-11-23T01:10:00.000Z", "finalised_at": "2026-11-23T01:42:00.000Z"}
CHILD = "Lò Thị Hằng"
SPLIT, CHILDREN, TURNS = "mới tách hộ", "trẻ em vắng trong phiếu", "lúc nghèo, lúc không"


@pytest.fixture
def work(field: Callable[..., Field], login_as: Any) -> Field:
    """Four interviews: of a household that was split, of one whose child is not in it, of one that was not poor, was,
    and is not again, and of one of which there is nothing to say. Each has the members of last year."""
    work, browser = field(4), login_as("supervisor")
    lived = register_acts.known_of(work.session, work.household(0)).people.members(work.households[0])
    assert act(browser, work, "split", 0, member=lived[1].name).status_code == 303
    for household_class in ("ho_ngheo", "khong_ngheo"):
        assert act(browser, work, "correct", 2, household_class=household_class).status_code == 303
    for number in range(4):
        entry = work.entry(number, CASES[0], **TODAY)
        if number == 1:
            members = entry["answers"]["thanh_vien"]
            entry["answers"]["thanh_vien"] = [one for one in members if one["ho_ten"] != CHILD]
            assert len(entry["answers"]["thanh_vien"]) == len(members) - 1
        work.send(entry)
    work.session.rollback()
    return work


def marks(page: Any) -> dict[str, set[str]]:
    """The signs of each row, by the household's number."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page.text[page.text.index("<tbody>") :], re.DOTALL)
    said = [
        (re.findall(r'<td class="number">(.*?)</td>', row)[0], set(re.findall(r'tag-quiet">(.*?)<', row)))
        for row in rows
    ]
    return {code: {unescape(word) for word in words} & {SPLIT, CHILDREN, TURNS} for code, words in said}


def test_the_row_says_the_sign_and_the_shelf_is_narrowed_to_it(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    assert marks(browser.get(QUEUE)) == {
        "03757-01-001": {SPLIT}, "03757-01-002": {CHILDREN}, "03757-01-003": {TURNS}, "03757-01-004": set(),
    }  # fmt: skip
    for sign, code, word in (
        ("split", "03757-01-001", SPLIT), ("children", "03757-01-002", CHILDREN), ("turns", "03757-01-003", TURNS)
    ):  # fmt: skip
        page = browser.get(f"{QUEUE}?sign={sign}")
        assert marks(page) == {code: {word}}
        assert f"{word} × (" in text_of(page)
        address = unescape(re.findall(r'<th scope="row"><a href="([^"]*)"', page.text)[0])
        assert f"sign={sign}" in address
        assert code in browser.get(address).text
    nothing = browser.get(f"{QUEUE}?sign=split&state=accepted")
    assert "Không có phiếu nào." in text_of(nothing)
    assert browser.get(f"{QUEUE}?sign=khac").status_code == 404


def test_each_record_says_its_sign_in_whole_words(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    told = [text_of(browser.get(f"/desk/{COMMUNE}/records/{work.submission(one).id}")) for one in work.sent]
    words = (
        "Hộ này được tách ngày 23/11/2026", f"Trẻ em có tên năm trước nhưng không có trong phiếu này: {CHILD}.",
        "Hộ này đã 2 lần vào hoặc ra khỏi danh sách hộ nghèo, hộ cận nghèo.",
    )  # fmt: skip
    for number, page in enumerate(told):
        assert [one in page for one in words] == [number == at for at in range(3)]


def slowly(work: Field, submission: Submission) -> Signs:
    """As a household's whole story says, folded for it alone."""
    session, household_id = work.session, str(submission.household_id)
    entry = session.get(RegisterEntry, (COMMUNE, work.round_id, household_id))
    around = event_log.events_around(session, COMMUNE, [household_id])
    counted = [one for one in interviews_of(session, COMMUNE, [household_id]) if one.household_id == household_id]
    day = clock_of(session, submission).today
    now = members_in(content_of(submission).get("answers"))
    return Signs(
        split_lately(around, household_id, day),
        children_gone(members_in(entry.opening_answers if entry else None), now, day.year),
        turns(classes(around, counted, household_id)),
    )


def compare(work: Field) -> dict[str, Signs]:
    """What the queue says of all interviews, after asking that each is as its story says, by one sign too."""
    session = work.session
    submissions = session.scalars(select(Submission)).all()
    ids = [one.id for one in submissions]
    found = signs_of(session, COMMUNE, ids)
    assert found == {one.id: told for one in submissions if (told := slowly(work, one))}
    for sign in Sign:
        bearing = {id for id, told in found.items() if sign in told.found}
        assert {id for id, told in signs_of(session, COMMUNE, ids, sign).items() if sign in told.found} == bearing
        may = select(SubmissionStatus.submission_id).where(SubmissionStatus.commune_id == COMMUNE, may_bear(sign))
        assert bearing <= set(session.scalars(may))
    return found


def test_many_are_told_as_each_by_itself(work: Field) -> None:
    found = compare(work)
    assert {sign for one in found.values() for sign in one.found} == set(Sign)
    assert signs_of(work.session, COMMUNE, []) == {}
    assert signs_of(work.session, COMMUNE, ["khong-co"]) == {}


def test_whatever_was_accepted_corrected_and_undone_they_are_told_alike(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    for sent in work.sent:
        work.decide(sent, Action.ACCEPT)
        compare(work)
    assert act(browser, work, "correct", 3, household_class="khong_ngheo").status_code == 303
    [new] = work.session.scalars(select(Household.id).where(Household.id.not_in(work.households)))
    assert new
    compare(work)
    event = work.session.scalars(select(RegisterEvent).filter_by(kind="split")).one()
    register_acts.undo(work.session, COMMUNE, event.seq, Done(work.account("supervisor").id, NOW, "Nhầm"))
    work.session.commit()
    assert not [one for one in compare(work).values() if one.split_on]


def test_a_shelf_goes_on_within_the_filter(work: Field) -> None:
    shelf = queue.Shelf(COMMUNE, work.round_id, SubmissionState.SUBMITTED, sign=Sign.TURNS)
    [third] = queue.bearing(work.session, shelf).ids
    assert third == work.submission(work.sent[2]).id
    assert queue.beside(work.session, shelf, third) == (None, None)
    assert queue.beside(work.session, shelf, work.submission(work.sent[3]).id) == (None, third)


def test_of_a_long_shelf_it_is_said_how_far_it_was_looked_through(
    work: Field, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as("supervisor")
    words = "Chỉ mới xem 2 phiếu chờ lâu nhất để lọc dấu hiệu này."
    monkeypatch.setattr(queue, "MOST_ASKED", 2)
    assert words in text_of(browser.get(f"{QUEUE}?sign=children"))
    assert words not in text_of(browser.get(QUEUE))
    for sign in ("turns", "split"):  # the tables alone say of which it may be: of one each
        assert words not in text_of(browser.get(f"{QUEUE}?sign={sign}"))
    monkeypatch.setattr(queue, "MOST_ASKED", 4)
    assert words not in text_of(browser.get(f"{QUEUE}?sign=children"))

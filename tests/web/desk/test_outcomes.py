"""At the desk: what a phone said of a household is confirmed by another person, or sent back; with the act on the
register where there is one."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from models import (
    Household,
    HouseholdOutcome,
    OutcomeDecision,
    RegisterEntry,
    RegisterEvent,
    Round,
    RoundCommune,
)
from survey.outcome_steps import LEAVING
from survey.outcomes import cases
from survey.reports.report import report
from survey.reports.selection import Condition
from survey.review.outcomes import ACT_OF, waiting
from survey.rounds import accounting, closing, log
from survey.submissions.log import Act
from survey.terms import Action, OutcomeKind, RegisterState, RoundAction
from tests.interviews import ROUND, entry, outcome, push
from tests.pages import text_of
from tests.review.test_review_and_rebuild import decide as decide_interview
from tests.web.phone.test_outcomes import told
from tests.world import COMMUNE, NOW, VILLAGE

pytestmark = pytest.mark.usefixtures("small_round")
SHELF = f"/desk/{COMMUNE}/outcomes"


def address(session: Any, sent: dict[str, Any]) -> str:
    session.rollback()
    row = session.scalars(select(HouseholdOutcome).where(HouseholdOutcome.entry_id == sent["id"])).one()
    return f"{SHELF}/{row.id}"


def seen(browser: Any, where: str) -> str:
    return re.search(r'name="seen" value="(\w+)"', browser.get(where).text)[1]  # type: ignore[index]


def decide(browser: Any, where: str, action: str, reason: str = "", **more: str) -> Any:
    given = {"action": action, "seen": more.pop("seen", None) or seen(browser, where), "reason": reason}
    return browser.post(where, data=given | more)


def shown_then_done(browser: Any, where: str, **more: str) -> Any:
    """Confirm, with the act on the register that the page shows first."""
    shown = decide(browser, where, "confirm", "cả nhà đã mất", since="2026-11-23", **more)
    assert shown.status_code == 200, text_of(shown)
    form = shown.text[shown.text.rindex("<form method") :]
    hidden = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}
    return browser.post(where, data=hidden | {"reason": "cả nhà đã mất"})


def confirmed(session: Any) -> dict[str, OutcomeKind]:
    session.rollback()
    return cases.confirmed(session, COMMUNE, ROUND)


def test_each_kind_that_leaves_the_register_has_its_act() -> None:
    assert set(ACT_OF) == LEAVING


def test_an_outcome_is_listed_with_who_when_why_and_confirmed_by_another(login_as: Any, session: Any) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome()
    push(phone, sent)
    where = address(session, sent)
    listed = text_of(desk.get(SHELF))
    for words in ("Vắng nhà, đã đến nhiều lần", "Người thử enumerator", "Hàng xóm nói", "03757-01-001", "3 lần đến"):
        assert words in listed, words
    told_all = text_of(desk.get(where))
    for words in ("10:20 18/11/2026", "10:20 22/11/2026", "21.45, 103.7", "09:00 23/11/2026"):
        assert words in told_all, words
    assert "1 Không có phiếu, chờ xác nhận" in text_of(desk.get(f"/desk/{COMMUNE}/"))
    assert decide(desk, where, "confirm").status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.ABSENT}
    assert told(phone) == {
        "entry_id": sent["id"], "kind": "absent", "state": "confirmed", "at": "2026-11-23T02:00:00.000Z",
        "by": "Người thử supervisor", "words": "",
    }  # fmt: skip
    assert "Người thử supervisor" in text_of(desk.get(f"{SHELF}?state=confirmed"))
    household = text_of(desk.get(f"/desk/{COMMUNE}/households/ho-1"))
    for words in ("Vắng nhà", "Người thử enumerator – Báo lý do không rà soát được hộ",
                  "Người thử supervisor – Hộ không phỏng vấn được: Xác nhận"):  # fmt: skip
        assert words in household, words
    assert session.get(Household, (COMMUNE, "ho-1")).state == "present"  # support is decided by people


def test_the_data_file_has_the_ends_that_were_confirmed_and_if_asked_what_is_not_yet(
    login_as: Any, session: Any
) -> None:
    phone, desk = login_as("enumerator"), login_as("supervisor")
    gone, away = outcome(kind="died_out"), outcome("ho-2", said={"place": "21.45 103.7 0 12"})
    push(phone, gone, away)

    def rows(query: str = "") -> list[dict[str, str]]:
        answer = desk.get(f"/desk/{COMMUNE}/exports/no_interview.csv{query}").get_data().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(answer, newline="")))

    def told_of(row: dict[str, str], *names: str) -> tuple[str, ...]:
        return tuple(row[name] for name in names)

    assert rows() == []  # a word that nobody confirmed is no end
    assert shown_then_done(desk, address(session, gone)).status_code == 303
    [end] = rows()
    assert told_of(end, "household_id", "household_code", "entry_id", "outcome", "outcome_state", "provisional") == (
        "ho-1", "03757-01-001", gone["id"], "died_out", "confirmed", "0",
    )  # fmt: skip
    assert told_of(end, "state", "village_id", "household_class", "visits", "said_by", "decided_by") == (
        "", VILLAGE, "", "3", "enumerator", "supervisor",  # it left the list with the act
    )  # fmt: skip
    assert end["said_at"] == gone["finalised_at"]
    assert end["received_at"] == end["decided_at"] == NOW.isoformat(timespec="seconds")
    waiting_too = rows("?state=all")
    assert [told_of(row, "household_id", "outcome", "outcome_state", "provisional") for row in waiting_too] == [
        ("ho-1", "died_out", "confirmed", "0"),
        ("ho-2", "absent", "waiting", "1"),
    ]
    assert told_of(waiting_too[1], "state", "position", "decided_by") == ("to_visit", "21.45 103.7 0 12", "")
    assert decide(desk, address(session, away), "send_back", "Hãy đến buổi tối").status_code == 303
    back = rows("?state=all")[1]
    assert told_of(back, "outcome_state", "provisional", "decision_reason") == ("sent_back", "1", "Hãy đến buổi tối")
    interview = entry("ho-2")
    push(phone, interview)
    decide_interview(session, interview["id"], Action.ACCEPT)
    session.commit()
    assert [row["household_id"] for row in rows("?state=all")] == ["ho-1"]


def test_it_is_sent_back_with_words_that_the_phone_shows_and_can_be_taken_up_again(login_as: Any, session: Any) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome()
    push(phone, sent)
    where = address(session, sent)
    assert decide(desk, where, "send_back").status_code == 409  # without a word nobody knows what to do
    assert decide(desk, where, "send_back", "Tối chủ nhà có nhà, hãy đến sau 18 giờ").status_code == 303
    assert (told(phone)["state"], told(phone)["words"]) == ("sent_back", "Tối chủ nhà có nhà, hãy đến sau 18 giờ")
    again = outcome()
    push(phone, again)
    assert (told(phone)["entry_id"], told(phone)["state"]) == (again["id"], "waiting")
    assert decide(desk, where, "take_back", "gửi nhầm").status_code == 303
    session.rollback()
    assert [row.action for row in session.scalars(select(OutcomeDecision))] == ["send_back", "take_back"]


def test_nobody_decides_on_their_own_nor_the_province_nor_another_commune(login_as: Any, session: Any) -> None:
    desk, sent = login_as("supervisor"), outcome()
    push(desk, sent)  # a supervisor visits households too
    where = address(session, sent)
    assert "người khác quyết định" in text_of(desk.get(where))
    token = seen(login_as("supervisor-2"), where)
    assert "chính mình" in text_of(decide(desk, where, "confirm", seen=token))
    assert confirmed(session) == {}
    assert login_as("supervisor-other").get(where).status_code == 404
    assert decide(login_as("province"), where, "confirm", seen=token).status_code == 409  # somebody there may
    assert decide(login_as("supervisor-2"), where, "confirm").status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.ABSENT}


def test_who_died_out_leaves_the_register_with_the_confirmation_and_comes_back_with_the_undoing(
    login_as: Any, session: Any
) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome(kind="died_out")
    push(phone, sent)
    where = address(session, sent)
    shown = decide(desk, where, "confirm", "cả nhà đã mất", since="2026-11-23")
    assert "Không còn ai sống" in text_of(shown) and confirmed(session) == {}  # nothing is done yet
    assert session.scalars(select(RegisterEvent).where(RegisterEvent.kind == "died_out")).first() is None
    assert shown_then_done(desk, where).status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.DIED_OUT}
    event = session.scalars(select(RegisterEvent).where(RegisterEvent.kind == "died_out")).one()
    assert session.scalars(select(OutcomeDecision)).one().event_seq == event.seq
    assert session.get(Household, (COMMUNE, "ho-1")).state == "died_out"
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")) is None
    assert "hoàn tác" in text_of(decide(desk, where, "take_back", "nhầm hộ")).lower()
    page = f"/desk/{COMMUNE}/households/ho-1"
    undone = desk.post(f"{page}/undo/{event.seq}")
    basis = re.search(r'name="basis" value="(\w+)"', undone.text)[1]  # type: ignore[index]
    assert desk.post(f"{page}/undo/{event.seq}", data={"basis": basis, "reason": "nhầm hộ"}).status_code == 303
    assert confirmed(session) == {}
    assert session.get(Household, (COMMUNE, "ho-1")).state == "present"
    assert told(phone)["state"] == "waiting"
    assert shown_then_done(desk, where).status_code == 303  # and it may be confirmed after all
    assert confirmed(session) == {"ho-1": OutcomeKind.DIED_OUT}


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_household_that_is_brought_back_waits_for_a_decision_again(
    login_as: Any, session: Any, by_itself: bool
) -> None:
    """Whether it left with the confirmation, or had left before by an act of its own."""
    desk, sent = login_as("supervisor"), outcome(kind="test")
    push(login_as("enumerator"), sent)
    where, page = address(session, sent), f"/desk/{COMMUNE}/households/ho-1"
    if by_itself:
        shown = desk.post(page, data={"kind": "test", "since": "2026-11-23"})
        basis = re.search(r'name="basis" value="(\w+)"', shown.text)[1]  # type: ignore[index]
        off = {"kind": "test", "since": "2026-11-23", "basis": basis, "reason": "hộ thử"}
        assert desk.post(page, data=off).status_code == 303
        assert "Hộ thử" in text_of(desk.get(where))
        assert decide(desk, where, "confirm").status_code == 303
    else:
        assert shown_then_done(desk, where).status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.TEST}
    shown = desk.post(page, data={"kind": "restore", "since": "2026-11-23"})
    basis = re.search(r'name="basis" value="(\w+)"', shown.text)[1]  # type: ignore[index]
    back = {"kind": "restore", "since": "2026-11-23", "basis": basis, "reason": "hộ có thật"}
    assert desk.post(page, data=back).status_code == 303
    assert confirmed(session) == {}  # it is to be visited, and nobody silently counts it as done
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")).state == "to_visit"


def test_a_closed_round_stays_as_it_was_decided(login_as: Any, session: Any) -> None:
    desk, sent = login_as("supervisor"), outcome(kind="died_out")
    push(login_as("enumerator"), sent)
    assert shown_then_done(desk, address(session, sent)).status_code == 303
    session.rollback()
    log.take(session, session.get(RoundCommune, (COMMUNE, ROUND)), RoundAction.CLOSE, Act(None, NOW))
    session.commit()
    event = session.scalars(select(RegisterEvent).where(RegisterEvent.kind == "died_out")).one()
    undo = f"/desk/{COMMUNE}/households/ho-1/undo/{event.seq}"
    basis = re.search(r'name="basis" value="(\w+)"', desk.post(undo).text)[1]  # type: ignore[index]
    assert desk.post(undo, data={"basis": basis, "reason": "nhầm hộ"}).status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.DIED_OUT}


@pytest.mark.parametrize(
    ("kind", "state", "more"),
    [
        ("test", "test", {}),
        ("split", "dissolved", {}),
        ("merged", "merged", {"other": "03757-01-002"}),
        ("duplicate", "duplicate", {"other": "03757-01-002"}),
    ],
)
def test_each_kind_leads_to_its_act(login_as: Any, session: Any, kind: str, state: str, more: dict[str, str]) -> None:
    desk, sent = login_as("supervisor"), outcome(kind=kind)
    push(login_as("enumerator"), sent)
    where = address(session, sent)
    if more:
        assert decide(desk, where, "confirm", "x", since="2026-11-23", other="03757-01-099").status_code == 409
        itself = decide(desk, where, "confirm", "x", since="2026-11-23", other="03757-01-001")
        assert itself.status_code == 409
    assert shown_then_done(desk, where, **more).status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind(kind)}
    assert session.get(Household, (COMMUNE, "ho-1")).state == state


def test_an_interview_accepted_later_wins_and_both_are_shown(login_as: Any, session: Any) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome()
    push(phone, sent)
    where = address(session, sent)
    decide(desk, where, "confirm")
    [result] = push(phone, entry("ho-1"))
    assert result["outcome"] == "stored"
    assert "đã được rà soát trong đợt này" in text_of(desk.get(where))
    assert confirmed(session) == {}  # what it says now hangs on who looks at the interview
    found = desk.get(f"/desk/{COMMUNE}/").text
    record = re.search(rf"/desk/{COMMUNE}/records/[\w-]+", desk.get(f"/desk/{COMMUNE}/households/ho-1").text)
    assert record is not None and found
    page = desk.get(record[0]).text
    token = re.search(r'name="seen"[^>]* value="(\d+)"', page) or re.search(r'value="(\d+)"[^>]*name="seen"', page)
    assert token is not None
    accepted = desk.post(record[0], data={"action": "accept", "seen": token[1], "comment": ""})
    assert accepted.status_code in (302, 303), text_of(accepted)
    assert confirmed(session) == {}
    assert told(phone) is None
    second = outcome()
    push(phone, second)
    refused = decide(desk, address(session, second), "confirm")
    assert refused.status_code == 409 and "phiếu đã duyệt" in text_of(refused)


def test_two_phones_that_say_different_things_are_shown_side_by_side(login_as: Any, session: Any) -> None:
    desk, first, second = login_as("supervisor"), outcome(), outcome(kind="moved_away")
    push(login_as("enumerator"), first)
    push(login_as("supervisor-2"), second)
    where, other = address(session, first), address(session, second)
    stale = seen(desk, where)
    assert "Đã chuyển đi nơi khác" in text_of(desk.get(where))
    assert decide(desk, other, "confirm").status_code == 303
    assert decide(desk, where, "confirm", seen=stale).status_code == 409  # it rests on something else now
    refused = decide(desk, where, "confirm")
    assert refused.status_code == 409 and "lý do khác" in text_of(refused)
    assert confirmed(session) == {"ho-1": OutcomeKind.MOVED_AWAY}


def test_what_is_held_is_confirmed_once_that_is_mended(login_as: Any, session: Any) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome("ho-4")  # of another's village
    push(phone, sent)
    where = address(session, sent)
    assert "Ngoài địa bàn được giao" in text_of(desk.get(SHELF))
    assert decide(desk, where, "confirm").status_code == 409
    assert confirmed(session) == {}
    assert decide(desk, where, "send_back", "Hộ này của bản khác").status_code == 303
    mended = outcome("ho-4")
    push(login_as("enumerator-2"), mended)
    assert decide(desk, address(session, mended), "confirm").status_code == 303
    assert confirmed(session) == {"ho-4": OutcomeKind.ABSENT}
    unread = outcome(no_interview=7)
    push_odd = login_as("enumerator")
    push_odd.is_of_a_phone = False
    push(push_odd, unread)
    assert desk.get(address(session, unread)).status_code == 200


def test_a_closed_commune_takes_no_decision_that_counts(login_as: Any, session: Any) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome()
    push(phone, sent)
    where = address(session, sent)
    log.take(session, session.get(RoundCommune, (COMMUNE, ROUND)), RoundAction.CLOSE, Act(None, NOW))
    session.commit()
    assert "đã đóng" in text_of(decide(desk, where, "confirm"))
    late = outcome("ho-2")
    push(phone, late)
    assert decide(desk, address(session, late), "send_back", "Đợt đã đóng").status_code == 303
    assert confirmed(session) == {}


def test_progress_counts_them_and_closing_asks_for_the_rest_alone(login_as: Any, session: Any) -> None:
    phone, desk = login_as("enumerator"), login_as("supervisor")
    away, dead, waiting = outcome("ho-1"), outcome("ho-2", "died_out"), outcome("ho-3", "refused")
    push(phone, away, dead, waiting)
    decide(desk, address(session, away), "confirm")
    assert shown_then_done(desk, address(session, dead)).status_code == 303
    session.rollback()
    found = report(session, Condition(ROUND, (COMMUNE,)), by_village=True)
    village = next(one for one in found.places if one.place_id == VILLAGE)
    assert (village.register, village.said, village.settled, village.outstanding) == (2, 1, 1, 1)
    assert village.outcomes == {OutcomeKind.ABSENT: 1, OutcomeKind.DIED_OUT: 1}
    assert (found.total.outstanding, found.total.states[RegisterState.TO_VISIT]) == (2, 3)
    page = text_of(desk.get(f"/desk/{COMMUNE}/"))
    assert "Vắng nhà, đã đến nhiều lần: 1" in page and "Không còn ai sống: 1" in page

    left = closing.obstacles_by_commune(session, session.get(Round, ROUND), [COMMUNE])
    assert [tuple(one) for one in left[COMMUNE]] == [("not_visited", 1), ("outcome_unconfirmed", 1)]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"action": "fly", "seen": "x"},
        {"action": "confirm"},
        {"action": "confirm", "seen": "x" * 99},
        {"action": "confirm", "seen": "x", "since": "hôm qua"},
        {"action": "confirm", "seen": "x", "other": "\u202e"},
    ],
)
def test_bad_input_is_refused_in_words(login_as: Any, session: Any, given: dict[str, str]) -> None:
    desk, sent = login_as("supervisor"), outcome(kind="duplicate")
    push(login_as("enumerator"), sent)
    answer = desk.post(address(session, sent), data=given)
    assert answer.status_code in (400, 409), text_of(answer)
    assert desk.get(f"{SHELF}/khong-co").status_code == 404
    assert desk.get(f"{SHELF}?state=bay").status_code == 200
    assert confirmed(session) == {}


@pytest.mark.parametrize("kind", sorted(LEAVING))
def test_in_a_trial_the_confirmation_is_the_end_and_the_register_stays(login_as: Any, session: Any, kind: str) -> None:
    session.get_one(Round, ROUND).trial = True
    session.commit()
    desk, sent = login_as("supervisor"), outcome(kind=kind)
    push(login_as("enumerator"), sent)
    where = address(session, sent)
    assert 'name="since"' not in desk.get(where).text  # nothing is written down
    assert decide(desk, where, "confirm").status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind(kind)}
    assert session.get_one(Household, (COMMUNE, "ho-1")).state == "present"
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")) is not None
    written = select(RegisterEvent).where(RegisterEvent.kind == ACT_OF[OutcomeKind(kind)].value)
    assert session.scalars(written).all() == []
    found = accounting.transitions(session, session.get_one(Round, ROUND), COMMUNE)
    assert {one.household_id: one.state for one in found}["ho-1"] == kind
    assert decide(desk, where, "take_back", "nhầm hộ").status_code == 303
    assert confirmed(session) == {}


def test_what_waits_is_counted_from_what_stands(login_as: Any, session: Any) -> None:
    phone, desk, first, second = login_as("enumerator"), login_as("supervisor"), outcome("ho-1"), outcome("ho-2")
    push(phone, first, second)
    where = address(session, first)
    decide(desk, where, "confirm")
    session.rollback()
    assert waiting(session, COMMUNE, ROUND) == 1
    decide(desk, where, "take_back", "nhầm hộ")
    session.rollback()
    assert waiting(session, COMMUNE, ROUND) == 2
    interview = entry("ho-2")
    push(phone, interview)
    decide_interview(session, interview["id"], Action.ACCEPT)
    session.rollback()
    assert waiting(session, COMMUNE, ROUND) == 1  # who was interviewed after all is nobody's work any more


@pytest.mark.parametrize(
    ("times", "warned"),
    [
        ((), True),
        (("2026-11-22T03:20:00.000Z", "2026-11-22T03:20:05.000Z", "2026-11-22T03:21:00.000Z"), True),
        (("2026-11-18T03:20:00.000Z", "2026-11-20T03:20:00.000Z", "2025-11-22T03:20:00.000Z"), True),
        (("2026-11-22T03:20:00.000Z", "2026-11-18T03:20:00.000Z", "2026-11-18T05:20:00.000Z"), False),
    ],
)
def test_nobody_in_without_three_visits_is_told_to_who_decides(
    login_as: Any, session: Any, times: tuple[str, ...], warned: bool
) -> None:
    sent = outcome(said={"attempts": [{"at": at, "place": None} for at in times]})
    assert push(login_as("enumerator"), sent)[0]["outcome"] == "stored"
    page = text_of(login_as("supervisor").get(address(session, sent)))
    assert ("Chưa ghi đủ ba lần đến" in page) is warned

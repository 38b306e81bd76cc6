"""What a phone proposes goes the way of an interview: exactly once, never refused, never lost; it becomes a request."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import (
    AccountVillage,
    ChangeDecision,
    ChangeRequest,
    Device,
    Household,
    Proposal,
    ProposalAnswer,
    Receipt,
    RegisterEvent,
    RoundCommune,
    Submission,
)
from survey.accounts.accounts import find_account
from survey.problems import Problem
from survey.register.event_log import Done
from survey.review import proposals, requests
from survey.review.proposals import MOST_WAITING
from survey.rounds import log
from survey.submissions.log import Act
from survey.terms import Action, RequestVerdict, RoundAction
from tests.examples import examples
from tests.gates.sources import ROOT
from tests.interviews import content_hash, entry, envelope, push
from tests.review.test_persons import MOTHER, codes
from tests.review.test_review_and_rebuild import decide as decide_interview
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

CASES = json.loads((ROOT / "tests/cases/proposals.json").read_text(encoding="utf-8"))
pytestmark = pytest.mark.usefixtures("small_round")


def proposal(household_id: str = "ho-1", kind: str = "died", person: str | None = MOTHER, **changes: Any) -> Any:
    said: dict[str, Any] = {"kind": kind, "person": person, "effective_on": "2026-11-23", "given": {}, "base": {}}
    return {
        "id": str(uuid4()),
        "commune_id": COMMUNE,
        "round_id": "dot-2026",
        "household_id": household_id,
        "proposal": said | {"reason": "Có giấy chứng tử"} | changes.pop("said", {}),
        "files": [],
        "finalised_at": "2026-11-22T03:21:00.000Z",
    } | changes


def corrected(household_id: str = "ho-1", **given: str) -> Any:
    base = {"head": "Lò Văn Đông", "address": ""}
    said = {"given": given, "base": {key: base.get(key, "") for key in given}}
    return proposal(household_id, "correct", None, said=said)


@pytest.fixture
def asked(session: Session, login_as: Any) -> Any:
    """The enumerator's phone; the first household was interviewed, so that its members are known."""
    browser, sent = login_as("enumerator"), entry()
    push(browser, sent)
    decide_interview(session, sent["id"], Action.ACCEPT)
    return browser


def rows(session: Session, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)) or 0)


def told(browser: Any, household_id: str = "ho-1") -> Any:
    entries = browser.get("/api/v1/register").json["entries"]
    return next(one["proposals"] for one in entries if one["household_id"] == household_id)


def decide(session: Session, verdict: RequestVerdict, reason: str = "") -> None:
    session.rollback()
    [waiting] = requests.undecided(session, COMMUNE)
    account = find_account(session, "supervisor")
    assert account is not None
    seen = requests.standing(session, waiting, NOW).basis
    requests.decide(session, COMMUNE, waiting.id, verdict, Done(account.id, NOW, reason), seen=seen)
    session.commit()


def test_it_is_kept_as_it_came_answered_by_a_receipt_and_becomes_a_request(asked: Any, session: Session) -> None:
    assert "proposals" in asked.get("/api/v1/hello").json["offers"]
    sent = proposal()
    [result] = push(asked, sent)
    assert (result["id"], result["outcome"], result["reason"], result["missing_files"]) == (
        sent["id"], "stored", None, [],
    )  # fmt: skip
    assert json.loads(result["receipt"]["body"])["content_hash"] == content_hash(sent)
    row = session.scalars(select(Proposal)).one()
    assert json.loads(row.content) == sent
    assert (row.kind, row.household_id, row.held_for, row.rule) == ("died", "ho-1", None, None)
    made = session.scalars(select(ChangeRequest)).one()
    assert (made.kind, made.person_id, made.reason, made.effective_on.isoformat()) == (
        "died", codes(session)[MOTHER], "Có giấy chứng tử", "2026-11-23",
    )  # fmt: skip
    enumerator = find_account(session, "enumerator")
    assert enumerator is not None and made.account_id == enumerator.id
    assert MOTHER in codes(session)  # nothing is written down before somebody decides


def test_the_same_again_is_one_row_one_request_and_the_very_same_receipt(asked: Any, session: Session) -> None:
    sent = proposal()
    first = push(asked, sent)
    assert push(asked, sent, sent) == first * 2
    assert rows(session, Proposal) == rows(session, ProposalAnswer) == rows(session, ChangeRequest) == 1
    question = {"id": sent["id"], "content_hash": content_hash(sent), "commune_id": COMMUNE}
    assert asked.post("/api/v1/receipts", json={"entries": [question]}).json["results"] == first


def test_another_phone_that_says_the_same_is_a_second_witness(asked: Any, login_as: Any, session: Session) -> None:
    push(asked, corrected(head="Lò Văn Hòa"))
    push(login_as("supervisor"), corrected(head="lò  văn hoà"))  # the same name, otherwise spelt
    made = session.scalars(select(ChangeRequest)).one()
    names = [one.name for one in requests.witnesses(session, made)]
    assert len(names) == 2 and names[0] != names[1]
    assert rows(session, Receipt) == 3


def test_another_value_for_the_same_field_is_a_conflict(asked: Any, login_as: Any, session: Session) -> None:
    push(asked, corrected(head="Lò Văn Hòa"))
    push(login_as("supervisor"), corrected(head="Lò Văn Hà"), corrected(address="Bản Na Ca, nhà số 4"))
    session.rollback()
    waiting = requests.undecided(session, COMMUNE)
    assert len(waiting) == 3
    assert len(requests.contradicted(waiting)) == 2


def test_a_base_that_was_overtaken_is_shown_again_with_what_it_is_now(asked: Any, session: Session) -> None:
    sent = corrected(head="Lò Văn Hòa")
    sent["proposal"]["base"]["head"] = "Chủ hộ cũ"  # the phone had not heard of the interview
    push(asked, sent)
    session.rollback()
    [made] = requests.undecided(session, COMMUNE)
    assert requests.standing(session, made, NOW).since == {"head": ("Chủ hộ cũ", "Lò Văn Đông")}
    push(asked, corrected("ho-2", head="Lò Văn Ba"))


def test_the_phone_is_told_what_became_of_it(asked: Any, session: Session, clock: Any) -> None:
    before = asked.get("/api/v1/register").json["cursor"]
    sent = proposal()
    push(asked, sent)
    assert [(one["entry_id"], one["kind"], one["state"], one["words"]) for one in told(asked)] == [
        (sent["id"], "died", "waiting", "")
    ]
    assert asked.get(f"/api/v1/register?cursor={before}").json["entries"]  # heard with the next pull
    decide(session, RequestVerdict.REFUSED, "Bà vẫn khoẻ, tôi vừa gặp")
    [one] = told(asked)
    assert (one["state"], one["words"]) == ("refused", "Bà vẫn khoẻ, tôi vừa gặp")
    assert one["by"]
    clock.advance(minutes=1)  # the newest comes first
    again = proposal()
    push(asked, again)
    decide(session, RequestVerdict.ACCEPTED)
    states = {one["entry_id"]: one["state"] for one in told(asked)}
    assert states == {again["id"]: "accepted", sent["id"]: "refused"}
    assert MOTHER not in codes(session)
    entries = asked.get("/api/v1/register").json["entries"]
    mine = next(one for one in entries if one["household_id"] == "ho-1")
    assert MOTHER not in json.dumps(mine["last_answers"], ensure_ascii=False)


def test_the_phone_is_told_that_what_was_written_down_is_undone(asked: Any, session: Session) -> None:
    push(asked, corrected(head="Lò Văn Hòa"))
    decide(session, RequestVerdict.ACCEPTED)
    assert told(asked)[0]["state"] == "accepted"
    account, act = find_account(session, "supervisor"), session.scalars(select(ChangeDecision.act)).one()
    written = session.scalars(select(RegisterEvent).filter_by(act=act)).one()
    assert account is not None
    before = asked.get("/api/v1/register").json["cursor"]
    requests.undo(session, COMMUNE, written.seq, Done(account.id, NOW, "Ghi nhầm hộ"))
    session.commit()
    assert asked.get(f"/api/v1/register?cursor={before}").json["entries"]  # heard with the next pull
    [one] = told(asked)
    assert (one["state"], one["words"], one["by"]) == ("undone", "Ghi nhầm hộ", account.display_name)


def test_what_another_has_proposed_as_well_is_not_one_persons_to_take_back(
    asked: Any, login_as: Any, session: Session
) -> None:
    push(login_as("supervisor"), corrected(head="Lò Văn Hòa"))
    push(asked, corrected(head="Lò Văn Hoà"))
    with pytest.raises(Problem, match="request_witnessed"):
        decide(session, RequestVerdict.WITHDRAWN)
    session.rollback()
    assert told(asked)[0]["state"] == "waiting"
    push(login_as("supervisor"), corrected("ho-2", head="Lò Văn Ba"))
    [alone] = requests.undecided(session, COMMUNE, "ho-2")
    requests.decide(session, COMMUNE, alone.id, RequestVerdict.WITHDRAWN, Done(alone.account_id, NOW, ""))


def test_who_finds_a_phone_fills_no_list_of_what_is_to_be_decided(asked: Any, login_as: Any, session: Session) -> None:
    asked.is_of_a_phone = False
    for _ in range(2):
        results = push(asked, *(corrected("ho-2", head=f"Lò Văn {number}") for number in range(MOST_WAITING)))
    assert {one["reason"]["code"] for one in results} == {"proposal_many"}
    assert all(one["receipt"] and one["reason"]["next"] for one in results)
    assert (rows(session, Proposal), rows(session, ChangeRequest)) == (2 * MOST_WAITING, MOST_WAITING)
    [other, another] = [
        push(asked, corrected("ho-3", head="Lò Văn Ba")),
        push(login_as("supervisor"), corrected(head="A")),
    ]
    assert (other[0]["outcome"], another[0]["outcome"]) == ("stored", "stored")


def test_another_account_is_told_nothing_of_it(asked: Any, login_as: Any, session: Session) -> None:
    push(asked, proposal())
    colleague = find_account(session, "enumerator-2")
    assert colleague is not None
    session.add(AccountVillage(account_id=colleague.id, village_id=VILLAGE))
    session.commit()
    assert told(asked) and told(login_as("enumerator-2")) == []


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("outside_area", {"household_id": "ho-4"}),
        ("outside_area", {"household_id": "ho-5", "commune_id": OTHER_COMMUNE}),
        ("unknown_household", {"household_id": "chua-tung-co"}),
        ("outside_area", {"kind": "correct", "person": None, "said": {"given": {"village": VILLAGE_2}}}),
        ("outside_area", {"kind": "correct", "person": None, "said": {"given": {"village": "không có"}}}),
        ("bad_shape", {"kind": "correct", "person": None, "said": {"given": {"class": "giàu"}}}),
        ("register_changes_nothing", {"kind": "correct", "person": None, "said": {"given": {"class": "ho_ngheo"}}}),
        ("outside_area", {"kind": "transferred", "said": {"given": {"household": "ho-4"}}}),
        ("register_not_there", {"kind": "transferred", "said": {"given": {"household": "chua-tung-co"}}}),
        ("register_not_there", {"kind": "transferred"}),
        ("person_lives_there", {"kind": "transferred", "said": {"given": {"household": "ho-1"}}}),
        ("proposal_where", {"kind": "transferred", "said": {"given": {"where": "Bản Hốc, nhà ông Pâng"}}}),
        ("bad_shape", {"kind": "transferred", "said": {"given": {"where": "x", "commune": OTHER_COMMUNE}}}),
        ("bad_shape", {"kind": "transferred", "said": {"given": {"where": ["x"]}}}),
        ("bad_shape", {"said": {"kind": "split"}}),
        ("bad_shape", {"said": {"effective_on": "hôm qua"}}),
        ("bad_shape", {"said": {"given": {"head": ["a"]}}}),
        ("bad_shape", {"person": None}),
        ("bad_shape", {"proposal": "mất"}),
        ("too_large", {"said": {"reason": "x" * 30_000}}),
        ("register_future", {"said": {"effective_on": "2027-01-01"}}),
        ("person_unclear", {"person": "Người Không Có"}),
        ("register_not_there", {"kind": "correct", "person": None,
                                "said": {"effective_on": "1999-01-01", "given": {"address": "Nhà số 4"}}}),
        ("register_not_there", {"said": {"effective_on": "1999-01-01"}}),
        ("register_reason_needed", {"said": {"reason": ""}}),
        ("register_nothing_given", {"kind": "correct", "person": None}),
        ("register_changes_nothing", {"kind": "correct", "person": None, "said": {"given": {"village": VILLAGE}}}),
        ("person_number_wrong", {"kind": "person", "said": {"given": {"number": "12"}}}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_kept_and_told_in_a_sentence(
    asked: Any, session: Session, reason: str, sent: dict[str, Any]
) -> None:
    [held, good] = push(asked, proposal(**sent), corrected("ho-2", head="Lò Văn Ba"))
    assert (held["outcome"], held["reason"]["code"]) == ("held", reason)
    assert held["reason"]["title"] and held["reason"]["next"] and held["receipt"]
    assert good["outcome"] == "stored"
    assert rows(session, Proposal) == 2
    assert rows(session, ChangeRequest) == 1
    assert push(asked, proposal(**sent))[0]["reason"]["code"] == reason


def test_whom_the_phone_knows_by_another_code_is_found_by_the_name_that_it_showed(asked: Any, session: Session) -> None:
    [known, nobody] = push(
        asked,
        proposal(person="ma-cu-1", said={"base": {"name": MOTHER}}),
        proposal(person="ma-cu-2", said={"base": {"name": "Ai Đó"}}),
    )
    assert (known["outcome"], nobody["reason"]["code"]) == ("stored", "person_unclear")
    assert session.scalars(select(ChangeRequest.person_id)).one() == codes(session)[MOTHER]


def test_a_closed_commune_is_no_hindrance(asked: Any, session: Session) -> None:
    """Somebody dies between two rounds."""
    row = session.get_one(RoundCommune, (COMMUNE, "dot-2026"))
    log.take(session, row, RoundAction.CLOSE, Act(None, NOW))
    session.commit()
    [first, second] = push(asked, proposal(), corrected(head="Lò Văn Hòa") | {"round_id": "dot-nao"})
    assert (first["outcome"], second["outcome"]) == ("stored", "stored")


def test_one_that_was_held_becomes_a_request_once_that_is_mended(asked: Any, session: Session) -> None:
    sent = proposal("ho-2", "died", "Lò Thị Mới")
    push(asked, sent)
    [held] = proposals.held(session, COMMUNE)
    assert (held.rule, held.said.person) == ("person_unclear", "Lò Thị Mới")
    assert told(asked, "ho-2")[0]["state"] == "held"
    with pytest.raises(Problem, match="person_unclear"):
        proposals.try_again(session, COMMUNE, held.row.id, NOW)
    session.rollback()
    coming = proposal("ho-2", "joined", None, said={"given": {"name": "Lò Thị Mới", "sex": "nu"},
                                                    "effective_on": "2026-11-23"})  # fmt: skip
    push(asked, coming)
    decide(session, RequestVerdict.ACCEPTED)
    made = proposals.try_again(session, COMMUNE, held.row.id, NOW)
    session.commit()
    assert requests.find(session, COMMUNE, made).kind == "died"
    assert proposals.held(session, COMMUNE) == []
    assert {one["kind"]: one["state"] for one in told(asked, "ho-2")} == {"died": "waiting", "joined": "accepted"}
    with pytest.raises(Problem, match="proposal_answered"):
        proposals.try_again(session, COMMUNE, held.row.id, NOW)


def test_one_that_was_held_is_set_aside_with_words_for_the_phone(asked: Any, session: Session) -> None:
    push(asked, proposal("ho-2", "died", "Ai Đó"))
    account = find_account(session, "supervisor")
    [held] = proposals.held(session, COMMUNE)
    assert account is not None
    with pytest.raises(Problem, match="register_reason_needed"):
        proposals.set_aside(session, COMMUNE, held.row.id, Done(account.id, NOW, "  "))
    session.rollback()
    proposals.set_aside(session, COMMUNE, held.row.id, Done(account.id, NOW, "Hộ này không có ai tên đó"))
    session.commit()
    [one] = told(asked, "ho-2")
    assert (one["state"], one["words"]) == ("refused", "Hộ này không có ai tên đó")
    assert proposals.held(session, COMMUNE) == []


def test_an_id_that_was_used_for_something_else_holds_it(asked: Any, session: Session) -> None:
    first = corrected("ho-2", head="Lò Văn Ba")
    [_, reused] = push(asked, first, corrected("ho-3", head="Lò Văn Bốn") | {"id": first["id"]})
    assert reused["reason"]["code"] == "id_reused"
    interview = entry("ho-2")
    push(asked, interview)
    [again] = push(asked, corrected("ho-3", head="Lò Văn Bốn") | {"id": interview["id"]})
    assert again["reason"]["code"] == "id_reused"
    held, *_ = proposals.held(session, COMMUNE)
    assert proposals.try_again(session, COMMUNE, held.row.id, NOW)  # a person has seen that


def test_what_a_phone_still_holds_is_settled_when_it_arrives(asked: Any, session: Session) -> None:
    sent = corrected("ho-2", head="Lò Văn Ba")
    asked.post("/api/v1/push", json=envelope(unsent=[{"id": sent["id"], "household_id": "ho-2"}]))
    gone = asked.post("/api/v1/push", json=envelope()).json["gone"]
    assert [one["id"] for one in gone] == [sent["id"]]
    push(asked, sent)
    assert asked.post("/api/v1/push", json=envelope()).json["gone"] == []
    session.rollback()
    assert session.scalars(select(Device)).one().unsent == []


def test_an_interview_with_a_stray_word_is_an_interview(asked: Any, session: Session) -> None:
    asked.is_of_a_phone = False
    [result] = push(asked, entry("ho-2") | {"proposal": None})
    assert result["outcome"] == "stored"
    assert (rows(session, Submission), rows(session, Proposal)) == (2, 0)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["why"])
def test_the_phone_and_the_server_find_the_same_fault(asked: Any, session: Session, case: dict[str, Any]) -> None:
    """tests/static/interview/proposal.test.js asks the phone's."""
    said = {key: value for key, value in case["said"].items() if key not in ("kind", "person")}
    household_id = case.get("household", "ho-1")
    sent = proposal(household_id, case["said"]["kind"], case["said"].get("person"), said=said)
    [result] = push(asked, sent)
    assert (result["reason"] or {}).get("code") == case["fault"]


TEXT = st.text(max_size=6) | st.sampled_from(["\u0000", "\ud83d", "x" * 600, MOTHER, VILLAGE, "2026-11-23", "died"])
LEAF = st.none() | st.booleans() | st.integers() | TEXT
JSON = st.recursive(LEAF, lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXT, one, max_size=3), max_leaves=6)
PARTS = st.sampled_from(["kind", "person", "effective_on", "given", "base", "reason"])


@pytest.mark.thorough
@settings(
    max_examples=examples(12),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(said=st.lists(st.dictionaries(PARTS, JSON, max_size=4), min_size=3, max_size=6))
def test_anything_is_stored_and_answered(asked: Any, session: Session, said: list[Any]) -> None:
    asked.is_of_a_phone = False
    sent = [proposal(said=one) for one in said]
    answer = asked.post("/api/v1/push", data=json.dumps(envelope(*sent)), content_type="application/json")
    assert answer.status_code == 200, answer.text
    assert [one["id"] for one in answer.json["results"]] == [one["id"] for one in sent]
    known = set(session.scalars(select(Proposal.entry_id)))
    session.rollback()
    assert {one["id"] for one in sent} <= known


def test_somebody_goes_to_another_household_of_the_phone(asked: Any, session: Session) -> None:
    base = {"name": MOTHER, "household": "Lò Văn Hai · 03757-01-002"}
    said = {"given": {"household": "ho-2", "relation": "bo_me"}, "base": base}
    sent = proposal(kind="transferred", said=said)
    assert push(asked, sent)[0]["outcome"] == "stored"
    made = session.scalars(select(ChangeRequest)).one()
    assert (made.kind, made.other_id, made.given) == ("transferred", "ho-2", {"relation": "bo_me"})
    assert (made.person_id, made.household_id) == (codes(session)[MOTHER], "ho-1")
    decide(session, RequestVerdict.ACCEPTED)
    assert MOTHER in codes(session, "ho-2") and MOTHER not in codes(session)
    assert [(one["kind"], one["state"]) for one in told(asked)] == [("transferred", "accepted")]


def test_one_place_contradicts_another_and_what_the_office_did_meanwhile_is_shown(
    asked: Any, login_as: Any, session: Session
) -> None:
    push(asked, proposal(kind="transferred", said={"given": {"household": "ho-2"}}))
    push(login_as("supervisor"), proposal(kind="transferred", said={"given": {"household": "ho-3"}}))
    push(login_as("supervisor-2"), proposal(kind="transferred", said={"given": {"household": "ho-2"}}))
    session.rollback()
    waiting = requests.undecided(session, COMMUNE)
    assert (len(waiting), len(requests.contradicted(waiting))) == (2, 2)
    assert sorted(len(requests.witnesses(session, one)) for one in waiting) == [1, 2]
    first, second = sorted(waiting, key=lambda one: one.other_id or "")
    account = find_account(session, "supervisor-2")
    assert account is not None
    requests.decide(session, COMMUNE, first.id, RequestVerdict.ACCEPTED, Done(account.id, NOW, ""))
    session.commit()
    stands = requests.standing(session, second, NOW)
    assert (stands.plan.rule, stands.since) == ("person_not_member", {"home": ("ho-1", "ho-2")})


def test_last_years_class_is_mended_for_the_round_and_this_years_wins(asked: Any, session: Session) -> None:
    entries = asked.get("/api/v1/register").json["entries"]
    assert {one["household_id"]: one["last_class"] for one in entries}["ho-2"] == "ho_ngheo"
    given = {"given": {"class": "ho_can_ngheo"}, "base": {"class": "ho_ngheo"}}
    sent = proposal("ho-2", "correct", None, said=given)
    assert push(asked, sent)[0]["outcome"] == "stored"
    made = session.scalars(select(ChangeRequest)).one()
    assert made.effective_on == NOW.date()  # it was written into the register today, and not before
    decide(session, RequestVerdict.ACCEPTED)
    entries = asked.get("/api/v1/register").json["entries"]
    mine = next(one for one in entries if one["household_id"] == "ho-2")
    assert (mine["last_class"], mine["context"]["phan_loai_nam_truoc"]) == ("ho_can_ngheo", "ho_can_ngheo")
    assert [one["state"] for one in mine["proposals"]] == ["accepted"]


def test_last_years_class_holds_since_before_the_round(asked: Any, session: Session) -> None:
    """So an interview of the round that is accepted later is not overwritten, though it was made before."""
    entered = session.scalars(select(RegisterEvent).filter_by(household_id="ho-2", kind="enter")).one()
    session.execute(
        update(RegisterEvent)
        .filter_by(commune_id=COMMUNE, seq=entered.seq)
        .values(effective_on=date(2025, 12, 1))
        .execution_options(synchronize_session=False)
    )
    session.commit()
    push(asked, proposal("ho-2", "correct", None, said={"given": {"class": "ho_can_ngheo"}}))
    assert session.scalars(select(ChangeRequest.effective_on)).one() == date(2026, 8, 31)
    decide(session, RequestVerdict.ACCEPTED)
    interview = entry("ho-2")
    push(asked, interview)
    decide_interview(session, interview["id"], Action.ACCEPT)
    session.rollback()
    household = session.get_one(Household, (COMMUNE, "ho-2"))
    assert household.current_class == "ho_ngheo"
    entries = asked.get("/api/v1/register").json["entries"]
    assert next(one for one in entries if one["household_id"] == "ho-2")["last_class"] == "ho_can_ngheo"


def where(said: str = "Tổ 1, nhà bà Năm", **given: str) -> Any:
    return proposal(kind="transferred", said={"given": {"where": said} | given})


def test_where_somebody_went_is_looked_up_by_a_person(asked: Any, session: Session) -> None:
    push(asked, where(), where("Hà Nội"))
    second, first = sorted(proposals.held(session, COMMUNE), key=lambda one: str(one.said.given["where"]))
    assert (first.rule, first.said.given["where"]) == ("proposal_where", "Tổ 1, nhà bà Năm")
    assert {one["state"] for one in told(asked)} == {"held"}
    for nowhere in ("", "99-99-99", "03757-01-099", "03664-01-099", "99999-01-001"):
        with pytest.raises(Problem, match="register_not_there"):
            proposals.gone_to(session, COMMUNE, nowhere)
    there = session.get_one(Household, (COMMUNE, "ho-4"))
    found = proposals.gone_to(session, COMMUNE, there.code)
    made = proposals.try_again(session, COMMUNE, first.row.id, NOW, found)
    assert requests.find(session, COMMUNE, made).other_id == "ho-4"
    left = proposals.try_again(session, COMMUNE, second.row.id, NOW, proposals.as_left)
    assert requests.find(session, COMMUNE, left).kind == "left"
    session.commit()
    assert {one["state"] for one in told(asked)} == {"waiting"}
    assert len(requests.contradicted(requests.undecided(session, COMMUNE))) == 2


def test_to_another_commune_the_province_decides(asked: Any, session: Session) -> None:
    push(asked, where())
    [held] = proposals.held(session, COMMUNE)
    there = session.get_one(Household, (OTHER_COMMUNE, "ho-5"))
    found = proposals.gone_to(session, COMMUNE, there.code)
    id = proposals.try_again(session, COMMUNE, held.row.id, NOW, found)
    made, who = requests.find(session, COMMUNE, id), {}
    assert (made.other_id, made.given) == ("ho-5", {"commune": OTHER_COMMUNE})
    for name in ("supervisor", "province"):
        who[name] = find_account(session, name)
        assert who[name] is not None
        assert requests.decides(requests.reach_of(session, who[name]), made) is (name == "province")
    requests.decide(session, COMMUNE, id, RequestVerdict.ACCEPTED, Done(who["province"].id, NOW, ""))
    session.commit()
    assert MOTHER not in codes(session)
    assert [one["state"] for one in told(asked)] == ["accepted"]

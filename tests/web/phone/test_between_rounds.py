"""Between two rounds a phone is told its households as they are now, and what it proposes of them becomes a request."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import (
    Account,
    AccountVillage,
    ChangeRequest,
    FormVersion,
    Household,
    Proposal,
    RegisterEntry,
    Round,
    RoundCommune,
)
from survey.accounts.accounts import find_account, villages_of
from survey.calendar.standing import open_ids
from survey.devices.pull import proposals_of
from survey.members import members_in
from survey.register.entries import import_household
from survey.register.event_log import Done
from survey.register.last_year import address_in, with_address
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.rounds import closing, log, proof, proof_file
from survey.rounds import requests as papers
from survey.rounds.rounds import open_round
from survey.submissions.derive import rebuild
from survey.submissions.log import Act
from survey.terms import B1Method, HouseholdClass, HouseholdState, RegisterKind, RequestVerdict, RoundAction, RoundKind
from tests.interviews import ANSWERS, ROUND, accept_all, entry, push
from tests.review.test_persons import MOTHER
from tests.rounds.test_proof import KEY
from tests.web.phone.test_proposals import decide, proposal
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")
MINE = ["ho-1", "ho-2", "ho-3"]


def stop(session: Session, commune_id: str = COMMUNE) -> None:
    """The round is over in a commune, however that came."""
    log.take(session, session.get_one(RoundCommune, (commune_id, ROUND)), RoundAction.CLOSE, Act(None, NOW))
    session.commit()


def mark(browser: Any) -> Any:
    return browser.get("/api/v1/hello").json["households"]


def listed(browser: Any, query: str = "") -> Any:
    return browser.get(f"/api/v1/households{query}").json


def ids(browser: Any) -> list[str]:
    return sorted(one["household_id"] for one in listed(browser)["entries"])


def free(*args: Any, **changes: Any) -> Any:
    """A proposal as a phone makes it of a household that no round asks for."""
    return {key: value for key, value in proposal(*args, **changes).items() if key != "round_id"}


def account_of(session: Session, username: str) -> Account:
    found = find_account(session, username)
    assert found is not None
    return found


def test_while_a_round_is_open_there_is_no_such_list(login_as: Any) -> None:
    browser = login_as("enumerator")
    assert mark(browser) is None
    assert listed(browser) == {"generation": listed(browser)["generation"], "mark": None, "more": False, "entries": []}


def test_between_two_rounds_it_is_the_households_of_now_and_register_tells_none(
    login_as: Any, session: Session
) -> None:
    browser = login_as("enumerator")
    stop(session)
    session.get_one(Household, (COMMUNE, "ho-2")).head_name = "Chủ hộ mới"
    session.commit()
    answer = listed(browser)
    assert answer["mark"] == mark(browser) and not answer["more"]
    assert sorted(one["household_id"] for one in answer["entries"]) == MINE
    [one] = [one for one in answer["entries"] if one["household_id"] == "ho-2"]
    assert (one["head_name"], one["village_id"], one["last_class"], one["proposals"]) == (
        "Chủ hộ mới", VILLAGE, "ho_ngheo", [],
    )  # fmt: skip
    # A phone of 0.2.0 asks for the register alone: there all of them are gone.
    register = browser.get("/api/v1/register").json["entries"]
    assert {one["household_id"]: one["gone"] for one in register} == dict.fromkeys(MINE, True)


def test_who_lives_there_is_told_and_nothing_of_how(login_as: Any, session: Session) -> None:
    stop(session)
    [one] = [one for one in listed(login_as("enumerator"))["entries"] if one["household_id"] == "ho-1"]
    names = [person["ho_ten"] for person in ANSWERS["thanh_vien"]]
    assert [person["ho_ten"] for person in one["last_answers"]["thanh_vien"]] == names
    assert {key for person in one["last_answers"]["thanh_vien"] for key in person} <= {
        "ma_nk", "ho_ten", "gioi_tinh", "quan_he", "ngay_sinh", "thang_sinh", "nam_sinh", "cccd",
    }  # fmt: skip
    assert set(one["last_answers"]) <= {"thanh_vien", "thong_tin_ho"}


def test_it_comes_in_parts_and_begins_anew_when_it_became_another(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    first = listed(browser, "?limit=2")
    rest = listed(browser, f"?mark={first['mark']}&skip=2&limit=2")
    assert (first["more"], rest["more"]) == (True, False)
    assert [one["household_id"] for one in first["entries"] + rest["entries"]] == MINE
    session.get_one(Household, (COMMUNE, "ho-1")).head_name = "Chủ hộ mới"
    session.commit()
    anew = listed(browser, f"?mark={first['mark']}&skip=2&limit=2")
    assert anew["mark"] == mark(browser) != first["mark"]
    assert [one["household_id"] for one in anew["entries"]] == MINE[:2]
    assert listed(browser, f"?mark={anew['mark']}&skip=99")["entries"] == []


@pytest.mark.parametrize("query", ["?skip=-1", "?skip=x", "?limit=1e9", "?limit=99999999999"])
def test_a_question_that_cannot_be_read_is_answered_in_a_sentence(login_as: Any, query: str) -> None:
    browser = login_as("enumerator")
    browser.is_of_a_phone = False
    answer = browser.get(f"/api/v1/households{query}")
    assert (answer.status_code, answer.json["problem"]["code"]) == (400, "bad_request")


def test_nobody_is_told_more_than_in_a_round(login_as: Any, session: Session) -> None:
    """The same households as the register told: of the account's villages, of its commune, that are there."""
    during = {name: register_of(login_as(name)) for name in ("enumerator", "enumerator-2", "supervisor", "province")}
    stop(session)
    stop(session, OTHER_COMMUNE)
    assert {name: ids(login_as(name)) for name in during} == during
    assert during["enumerator"] == MINE and during["supervisor"] == []


def register_of(browser: Any) -> list[str]:
    return sorted(one["household_id"] for one in browser.get("/api/v1/register").json["entries"])


def test_a_village_that_was_taken_and_a_household_that_left_are_told_no_more(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    desk = account_of(session, "supervisor")
    off = Wish(RegisterKind.DISSOLVE, "ho-3", NOW.date())
    register_acts.carry_out(session, COMMUNE, off, Done(desk.id, NOW, "Đã giải thể"))
    session.commit()
    assert ids(browser) == MINE[:2]
    session.execute(delete(AccountVillage).where(AccountVillage.account_id == account_of(session, "enumerator").id))
    session.commit()
    assert (mark(browser), ids(browser)) == (None, [])
    mine = account_of(session, "enumerator")
    session.add(AccountVillage(account_id=mine.id, village_id=VILLAGE_2))
    session.commit()
    assert ids(browser) == ["ho-4"]


def test_a_withdrawn_account_is_told_nothing(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    assert mark(browser)
    account_of(session, "enumerator").active = False
    session.commit()
    assert mark(browser) is None
    assert browser.get("/api/v1/households").json["problem"]["code"] == "revoked"


def test_beside_an_ad_hoc_round_it_is_those_for_whom_no_paper_came(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    made = open_round(
        session, round_id="dot-tx", title="Thường xuyên", year=2026, form=session.scalars(select(FormVersion)).one(),
        opens_on=date(2026, 11, 1), closes_on=date(2026, 12, 31), b1_method=B1Method.TOTAL, now=NOW,
        kind=RoundKind.AD_HOC,
    )  # fmt: skip
    session.commit()
    assert ids(browser) == MINE
    paper = {"asked_by": "Lò Văn Đông", "asked_on": NOW.date(), "reason": "Mới bị cháy nhà"}
    papers.ask(session, made, COMMUNE, "ho-1", **paper, now=NOW)
    session.commit()
    assert (ids(browser), told_in(browser, "dot-tx")) == (MINE[1:], ["ho-1"])


def told_in(browser: Any, round_id: str) -> list[str]:
    entries = browser.get("/api/v1/register").json["entries"]
    return [one["household_id"] for one in entries if one["round_id"] == round_id and not one.get("gone")]


def test_what_is_told_becomes_a_request_and_the_phone_hears_of_it(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    before = mark(browser)
    sent = free(person=MOTHER, said={"base": {"name": MOTHER}})
    [result] = push(browser, sent)
    assert (result["outcome"], result["reason"]) == ("stored", None)
    assert push(browser, sent) == [result]
    assert session.scalars(select(Proposal.held_for)).one() is None
    assert session.scalars(select(ChangeRequest.kind)).one() == "died"
    made = session.scalars(select(ChangeRequest.id)).one()
    assert MOTHER in login_as("supervisor").get(f"/desk/{COMMUNE}/requests/{made}").text
    assert mark(browser) != before
    assert states(browser) == {sent["id"]: "waiting"}
    decide(session, RequestVerdict.ACCEPTED)
    assert states(browser) == {sent["id"]: "accepted"}
    told = json.dumps(next(one for one in listed(browser)["entries"] if one["household_id"] == "ho-1"))
    assert json.dumps(MOTHER) not in told


def states(browser: Any, household_id: str = "ho-1") -> dict[str, str]:
    [one] = [one for one in listed(browser)["entries"] if one["household_id"] == household_id]
    return {said["entry_id"]: said["state"] for said in one["proposals"]}


def test_a_commune_that_never_had_a_round_may_tell_as_well(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    import_household(
        session, commune_id=COMMUNE, household_id="ho-moi", village_id=VILLAGE, head_name="Lò Văn Mới", now=NOW,
        base_class=HouseholdClass.NOT_POOR,
    )  # fmt: skip
    session.commit()
    assert ids(browser) == [*MINE, "ho-moi"]
    [result] = push(browser, free("ho-moi", "correct", None, said={"given": {"address": "Nhà số 4"}}))
    assert result["outcome"] == "stored"


def test_the_closed_round_and_its_proof_stay_as_they_are(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=KEY)
    session.commit()
    browser = login_as("enumerator")
    [result] = push(browser, free(person=MOTHER, said={"base": {"name": MOTHER}}))
    assert result["outcome"] == "stored"
    decide(session, RequestVerdict.ACCEPTED)
    assert list(states(browser).values()) == ["accepted"]
    session.expire_all()
    found = proof.latest(session, ROUND, COMMUNE)
    assert found is not None
    assert proof.differences(session, found) == []  # what `round verify --against-database` asks
    assert proof_file.verify(proof.file_of(session, [found])).faults == []
    late = entry("ho-2")  # an interview of it is late all the same
    assert push(browser, late)[0]["reason"]["code"] == "round_closed"
    session.rollback()
    rebuild(session)
    assert proof.differences(session, found) == []


def slowly(session: Session, username: str) -> list[dict[str, Any]]:
    """All that the list tells, each household read whole."""
    session.rollback()
    account = account_of(session, username)
    rows = session.scalars(
        select(Household).where(
            Household.commune_id == account.place_id,
            Household.village_id.in_(villages_of(session, account)),
            Household.state == HouseholdState.PRESENT,
            Household.id.not_in(
                select(RegisterEntry.household_id).where(
                    RegisterEntry.commune_id == account.place_id,
                    RegisterEntry.round_id.in_(open_ids(str(account.place_id))),
                )
            ),
        )
    )
    told = []
    for row in sorted(rows, key=lambda one: (one.code, one.id)):
        members = [
            {key: one[key] for key in ("ma_nk", "ho_ten", "quan_he", "cccd") if one.get(key) is not None}
            for one in members_in(row.current_answers)
        ]
        answers = with_address({"thanh_vien": members} if members else {}, address_in(row.current_answers))
        told.append({
            "household_id": row.id, "village_id": row.village_id, "code": row.code, "head_name": row.head_name,
            "last_class": row.current_class, "last_answers": answers or None,
            "proposals": proposals_of(session, account, [row.id]).get(row.id, []),
        })  # fmt: skip
    return told


def test_by_pages_it_is_what_reading_all_of_it_says_whatever_happens(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    stop(session)
    account = account_of(session, "supervisor").id
    seen: dict[str | None, list[dict[str, Any]]] = {}

    def compare() -> None:
        said = mark(browser)
        for size in (1, 2, 100):
            parts, more = [], True
            while more:
                answer = listed(browser, f"?mark={said}&skip={len(parts)}&limit={size}")
                assert answer["mark"] == said
                parts, more = parts + answer["entries"], answer["more"]
            assert parts == slowly(session, "enumerator")
        assert said not in seen, "another list has another mark"
        assert mark(browser) == said
        seen[said] = parts

    def act(kind: RegisterKind, household_id: str, **given: Any) -> None:
        wish = Wish(kind, household_id, NOW.date(), given=given)
        register_acts.carry_out(session, COMMUNE, wish, Done(account, NOW, "Gia đình báo"))
        session.commit()

    compare()
    act(RegisterKind.CORRECT, "ho-1", head="Lò Văn Khác")
    compare()
    act(RegisterKind.CORRECT, "ho-2", address="Nhà số 9")
    compare()
    push(browser, free(said={"base": {"name": MOTHER}}))
    assert any(one["proposals"] for one in slowly(session, "enumerator"))
    compare()
    act(RegisterKind.MOVE, "ho-3", village=VILLAGE_2)
    compare()
    act(RegisterKind.DIED_OUT, "ho-2")
    compare()

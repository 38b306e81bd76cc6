"""Changes that one asks for and another decides: each fault that such systems had to mend is a test of its name
(shared notes on other systems, §9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import ChangeDecision, ChangeRequest, Household, Place, RegisterEvent
from survey.accounts.accounts import find_account
from survey.problems import Problem
from survey.register.entries import import_household
from survey.register.event_log import Done
from survey.register.places import add_village
from survey.review import register_acts, requests
from survey.review.register_acts import Wish
from survey.submissions.derive import rebuild
from survey.terms import Action, Area, HouseholdClass, RegisterKind, RequestVerdict
from tests.interviews import ANSWERS, entry, push
from tests.review.test_persons import MOTHER, codes
from tests.review.test_register_acts import TODAY, do, last, wish
from tests.review.test_review_and_rebuild import decide as decide_interview
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

K, V = RegisterKind, RequestVerdict
pytestmark = pytest.mark.usefixtures("small_round")


@pytest.fixture
def mother(session: Session, login_as: Any) -> str:
    """A member of the first household, that was asked; her code."""
    sent = entry()
    push(login_as("enumerator"), sent)
    decide_interview(session, sent["id"], Action.ACCEPT)
    return codes(session)[MOTHER]


def by(session: Session, username: str = "supervisor", reason: str = "gia đình báo") -> Done:
    account = find_account(session, username)
    assert account is not None
    return Done(account.id, NOW, reason)


def ask(session: Session, one: Wish, username: str = "supervisor") -> str:
    session.rollback()
    made = requests.ask(session, COMMUNE, one, by(session, username)).id
    session.commit()
    return made


def decide(session: Session, id: str, verdict: V = V.ACCEPTED, username: str = "supervisor-2", **more: Any) -> None:
    session.rollback()
    requests.decide(session, COMMUNE, id, verdict, by(session, username), **more)
    session.commit()


def about(kind: RegisterKind, person: str, **given: Any) -> Wish:
    return Wish(kind, "ho-1", TODAY, given.pop("other", None), given, person)


def shown(session: Session, id: str) -> requests.Standing:
    session.rollback()
    return requests.standing(session, requests.find(session, COMMUNE, id), NOW)


def refusal(session: Session, act: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Problem) as refused:
        act(session, *args, **more)
    session.rollback()
    return refused.value.code


def refused_to_ask(session: Session, one: Wish, **more: Any) -> str:
    return refusal(session, requests.ask, COMMUNE, one, by(session, **more))


def refused_to_accept(session: Session, id: str, **more: Any) -> str:
    return refusal(session, requests.decide, COMMUNE, id, V.ACCEPTED, by(session, "supervisor-2"), **more)


def events(session: Session) -> int:
    session.rollback()
    return len(session.scalars(select(RegisterEvent)).all())


@pytest.mark.parametrize("kind", sorted(requests.ROUTES))
def test_every_kind_has_a_route_and_says_what_it_may(kind: RegisterKind) -> None:
    assert kind in requests.GIVEN
    assert requests.verb_for(kind, {}) == requests.ROUTES[kind]


def test_the_field_that_changes_routes_a_request(session: Session, mother: str) -> None:
    name = shown(session, ask(session, about(K.PERSON, mother, name="Quàng Thị Ươi")))
    number = shown(session, ask(session, about(K.PERSON, mother, number="014188000001")))
    assert (name.verb, number.verb) == (requests.MEMBERS, requests.IDENTITY)
    assert requests.verb_for(K.TRANSFERRED, {"commune": "03664"}) == requests.ACROSS
    assert shown(session, ask(session, wish(K.MERGE, other="ho-2"))).verb == requests.HOUSEHOLDS


def test_what_was_asked_for_is_written_down_in_the_transaction_that_decides(session: Session, mother: str) -> None:
    id, known = ask(session, about(K.DIED, mother)), events(session)
    assert events(session) == known
    decide(session, id, seen=shown(session, id).basis)
    decision = session.get_one(ChangeDecision, (COMMUNE, id))
    event = last(session)
    assert (event.kind, event.person_id, event.act, event.account_id) == (
        "died", mother, decision.act, decision.account_id,
    )  # fmt: skip
    assert MOTHER not in codes(session)
    assert shown(session, id).decision is not None
    assert requests.undecided(session, COMMUNE) == []


@pytest.mark.parametrize(
    ("one", "given"),
    [
        (K.BORN, {"name": "Lò Thị Mới"}),
        (K.LEFT, {}),
        (K.TRANSFERRED, {"other": "ho-2"}),
        (K.HEAD, {}),
        (K.SPLIT, {"members": [MOTHER]}),
        (K.MERGE, {"other": "ho-2"}),
        (K.DISSOLVE, {}),
        (K.PERSON, {"number": "014188000001"}),
    ],
)
def test_each_kind_is_asked_for_and_decided(session: Session, mother: str, one: RegisterKind, given: Any) -> None:
    whom = mother if one in (K.LEFT, K.TRANSFERRED, K.HEAD, K.PERSON) else None
    made = Wish(one, "ho-1", TODAY, given.get("other"), {k: v for k, v in given.items() if k != "other"}, whom)
    id = ask(session, made)
    if one is K.PERSON:  # an identity number
        assert refused_to_accept(session, id) == "forbidden"
    decide(session, id, username="province" if one is K.PERSON else "supervisor-2", seen=shown(session, id).basis)
    assert last(session).kind == one


# --- the ten faults ------------------------------------------------------------------------------------------------


def test_the_requester_renames_the_field_to_dodge_a_conflict(session: Session, mother: str) -> None:
    first = ask(session, about(K.PERSON, mother, year="1988"))
    assert (
        refusal(session, requests.ask, COMMUNE, about(K.PERSON, mother, birth_year="1989"), by(session))
        == "bad_request"
    )
    assert refused_to_ask(session, about(K.PERSON, mother, nam_sinh=1989)) == "bad_request"
    second = ask(
        session, about(K.PERSON, mother, year="1988", month="5")
    )  # a birth is one field, in however many parts
    assert [one.id for one in shown(session, second).conflicts] == [first]


def test_the_value_is_edited_after_it_was_submitted(session: Session, mother: str) -> None:
    one = about(K.PERSON, mother, name="Quàng Thị Ươi")
    given = dict(one.given)
    id = ask(session, Wish(one.kind, one.household_id, one.effective_on, None, given, mother))
    given["name"] = "Ai Đó"
    decide(session, id)
    assert last(session).payload["said"] == {"ho_ten": "Quàng Thị Ươi"}
    # Nothing of ours changes a request: another value is another request.
    assert not [name for name in dir(requests) if name in ("edit", "change", "update")]


def test_a_throw_away_edit_is_added_so_that_likeness_falls(session: Session, mother: str) -> None:
    first = ask(session, about(K.PERSON, mother, name="Quàng Thị Ươi"))
    second = ask(session, about(K.PERSON, mother, name="Quàng Thị Ươi", year="1988", sex="nu", relation="vo_chong"))
    assert [one.id for one in shown(session, second).conflicts] == [first]
    assert [one.id for one in shown(session, first).conflicts] == [second]


def test_the_requester_applies_his_own_request(session: Session, mother: str) -> None:
    id, known = ask(session, about(K.DIED, mother)), events(session)
    for verdict in (V.ACCEPTED, V.REFUSED):
        assert refusal(session, requests.decide, COMMUNE, id, verdict, by(session)) == "request_own"
    assert refusal(session, requests.decide, COMMUNE, id, V.WITHDRAWN, by(session, "supervisor-2")) == "forbidden"
    nobody = Done(None, NOW, "lệnh")
    assert refusal(session, requests.decide, COMMUNE, id, V.ACCEPTED, nobody) == "forbidden"
    assert events(session) == known
    made = requests.find(session, COMMUNE, id)
    own = {"commune_id": COMMUNE, "request_id": id, "asked_by": made.account_id, "account_id": made.account_id}
    session.add(ChangeDecision(**own, verdict="accepted", reason="", at=NOW, act="x"))
    with pytest.raises(IntegrityError):  # the database itself refuses it
        session.flush()
    session.rollback()


def test_a_change_that_writes_nothing_is_not_reported_as_applied(session: Session, mother: str) -> None:
    id = ask(session, about(K.PERSON, mother, year="1988"))
    do(session, about(K.PERSON, mother, year="1988"))  # somebody wrote the same meanwhile
    known = events(session)
    assert refused_to_accept(session, id) == ("register_changes_nothing")
    assert events(session) == known
    assert session.get(ChangeDecision, (COMMUNE, id)) is None
    again = about(K.PERSON, mother, year="1988")
    assert refused_to_ask(session, again) == "register_changes_nothing"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"number": "14188000001"}, "person_number_wrong"),
        ({"number": "01418800000O"}, "person_number_wrong"),
        ({"year": "mười"}, "person_birth_wrong"),
        ({"name": "\u200b\u0007"}, "person_name_missing"),
        ({"sex": "khác"}, "bad_request"),
    ],
)
def test_what_cannot_be_read_is_not_let_through_raw(session: Session, mother: str, given: Any, rule: str) -> None:
    assert refused_to_ask(session, about(K.PERSON, mother, **given)) == rule
    assert session.scalars(select(ChangeRequest)).all() == []
    id = ask(session, about(K.PERSON, mother, number="014 188 000 001", name="  Quàng   Thị Ươi "))
    assert requests.find(session, COMMUNE, id).given == {"number": "014188000001", "name": "Quàng Thị Ươi"}


def test_white_space_or_case_does_not_hide_an_edit(session: Session, mother: str) -> None:
    ask(session, about(K.PERSON, mother, name="Quàng Thị Hoà"))
    for same in ("quàng thị hòa", " QUÀNG  THỊ HOÀ ", "Qua\u0300ng Thị Hoà"):
        assert refused_to_ask(session, about(K.PERSON, mother, name=same)) == "request_same"
    ask(session, about(K.PERSON, mother, name="Quàng Thị Hoa"))  # the tone is another name


@pytest.mark.parametrize("verdict", [V.REFUSED, V.WITHDRAWN, V.ACCEPTED])
def test_the_flag_of_a_conflict_clears_when_the_other_is_decided(session: Session, mother: str, verdict: V) -> None:
    first, second = (ask(session, about(K.PERSON, mother, name=name)) for name in ("Quàng Thị Một", "Quàng Thị Hai"))
    assert shown(session, second).conflicts
    decide(session, first, verdict, "supervisor" if verdict is V.WITHDRAWN else "supervisor-2")
    assert shown(session, second).conflicts == []


def test_an_automatic_run_does_not_undo_what_a_person_decided(session: Session, mother: str) -> None:
    refused, waits = ask(session, about(K.DIED, mother)), ask(session, about(K.PERSON, mother, year="1988"))
    decide(session, refused, V.REFUSED)
    known = events(session)
    rebuild(session)
    session.commit()
    assert events(session) == known
    assert [one.id for one in requests.undecided(session, COMMUNE)] == [waits]
    assert session.get_one(ChangeDecision, (COMMUNE, refused)).verdict == "refused"
    assert refusal(session, requests.decide, COMMUNE, refused, V.ACCEPTED, by(session, "supervisor-2")) == (
        "request_decided"
    )


def test_what_was_taken_back_or_undone_can_be_asked_for_again(session: Session, mother: str) -> None:
    one = about(K.PERSON, mother, number="014188000001")
    decide(session, ask(session, one), V.WITHDRAWN, "supervisor")
    decide(session, ask(session, one), V.REFUSED, "province")
    id = ask(session, one)
    decide(session, id, V.ACCEPTED, "province")
    register_acts.undo(session, COMMUNE, last(session).seq, by(session))
    session.commit()
    decide(session, ask(session, one), V.ACCEPTED, "province")


# --- what changed since --------------------------------------------------------------------------------------------


def test_only_what_its_kind_reads_makes_somebody_look_again(session: Session, mother: str) -> None:
    id = ask(session, about(K.PERSON, mother, year="1988"))
    seen = shown(session, id).basis
    do(session, wish(K.CORRECT, address="Số 7"))
    do(session, about(K.PERSON, mother, name="Quàng Thị Ươi"))
    assert (shown(session, id).since, shown(session, id).basis) == ({}, seen)
    do(session, about(K.PERSON, mother, year="1977"))
    assert shown(session, id).since == {"nam_sinh": (None, 1977)}
    assert refused_to_accept(session, id, seen=seen) == "conflict"
    decide(session, id, seen=shown(session, id).basis)
    assert last(session).payload == {"said": {"nam_sinh": 1988}}


def test_a_request_that_cannot_be_any_more_is_refused_with_the_rule(session: Session, mother: str) -> None:
    id = ask(session, about(K.LEFT, mother))
    do(session, about(K.DIED, mother))
    assert shown(session, id).plan.rule == "person_dead"
    assert refused_to_accept(session, id) == "person_dead"
    decide(session, id, V.REFUSED)


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (wish(K.MOVE, village="03757-02"), "bad_request"),
        (wish(K.MERGE, other="ho-1"), "register_itself"),
        (wish(K.DISSOLVE, on=TODAY + timedelta(days=1)), "register_future"),
        (wish(K.DISSOLVE, address="x"), "bad_request"),
    ],
)
def test_what_cannot_be_is_not_asked_for(session: Session, one: Wish, rule: str) -> None:
    assert refused_to_ask(session, one) == rule
    assert refused_to_ask(session, wish(K.DISSOLVE), reason=" ") == "register_reason_needed"
    assert refusal(session, requests.ask, COMMUNE, wish(K.DISSOLVE), by(session, "enumerator")) == "forbidden"
    assert refusal(session, requests.decide, COMMUNE, "khong-co", V.ACCEPTED, by(session)) == "not_found"


def test_a_refusal_says_why_and_is_decided_once(session: Session, mother: str) -> None:
    id = ask(session, about(K.DIED, mother))
    other = by(session, "supervisor-2", reason="")
    assert refusal(session, requests.decide, COMMUNE, id, V.REFUSED, other) == "register_reason_needed"
    decide(session, id, V.REFUSED)
    assert refusal(session, requests.decide, COMMUNE, id, V.WITHDRAWN, by(session)) == "request_decided"
    assert session.get_one(Household, (COMMUNE, "ho-1")).state == "present"


# --- where it is written -------------------------------------------------------------------------------------------


def far_household(session: Session) -> str:
    """A commune of another province, with a household."""
    far = session.scalars(select(Place).where(Place.kind == "commune", Place.parent_id == "11")).first()
    assert far is not None
    add_village(session, far.id, 1, "Bản Xa", "Bản", Area.RURAL)
    session.flush()
    import_household(
        session, commune_id=far.id, household_id="xa-1", village_id=f"{far.id}-01", head_name="Lò Văn Xa", now=NOW,
        base_class=HouseholdClass.POOR, base_answers=ANSWERS,
    )  # fmt: skip
    session.commit()
    return far.id


def test_nobody_asks_for_or_decides_what_is_written_in_another_province(session: Session, mother: str) -> None:
    far = far_household(session)
    known = events(session)
    one = about(K.TRANSFERRED, mother, other="xa-1", commune=far)
    assert refused_to_ask(session, one) == "register_not_there"
    near = ask(session, about(K.TRANSFERRED, mother, other="ho-5", commune=OTHER_COMMUNE))
    made = requests.find(session, COMMUNE, near)  # one that came some other way
    raw = {"id": "far", "kind": "transferred", "household_id": "ho-1", "other_id": "xa-1", "person_id": mother}
    raw |= {"effective_on": TODAY, "given": {"commune": far}, "read": {}, "reason": "x", "at": NOW}
    session.add(ChangeRequest(commune_id=COMMUNE, account_id=made.account_id, **raw))
    session.commit()
    for who in ("province", "province-other"):
        assert refusal(session, requests.decide, COMMUNE, "far", V.ACCEPTED, by(session, who)) == "forbidden"
    assert events(session) == known
    assert refusal(session, requests.decide, COMMUNE, near, V.ACCEPTED, by(session, "province-other")) == "forbidden"
    decide(session, near, username="province")


def test_a_role_does_not_reach_beyond_its_area(session: Session, mother: str) -> None:
    id = ask(session, about(K.DIED, mother))
    for who in ("supervisor-other", "province-other"):
        assert refused_to_ask(session, about(K.LEFT, mother), username=who) == "forbidden"
        assert refusal(session, requests.decide, COMMUNE, id, V.ACCEPTED, by(session, who)) == "forbidden"


def test_who_is_named_and_who_is_given_by_code_are_the_same_person(session: Session, mother: str) -> None:
    died = ask(session, about(K.DIED, mother))
    split = ask(session, wish(K.SPLIT, members=[MOTHER], head=MOTHER))
    assert requests.find(session, COMMUNE, split).given == {"members": [mother], "head": mother}
    assert [one.id for one in shown(session, split).conflicts] == [died]
    assert refused_to_ask(session, wish(K.SPLIT, members=[mother], head=mother)) == "request_same"
    decide(session, split, seen=shown(session, split).basis)
    assert (last(session).payload["head"], last(session).payload["persons"]) == (MOTHER, [mother])


def test_what_contradicts_it_since_it_was_shown_is_shown_first(session: Session, mother: str) -> None:
    first = ask(session, about(K.PERSON, mother, year="1988"))
    seen = shown(session, first).basis
    second = ask(session, about(K.PERSON, mother, year="1989"))
    assert refused_to_accept(session, first, seen=seen) == "conflict"
    waiting = requests.undecided(session, COMMUNE)
    assert requests.contradicted(waiting) == {first, second}
    assert requests.contradicted(waiting[:1]) == set()
    decide(session, first, seen=shown(session, first).basis)

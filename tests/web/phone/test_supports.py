"""What a phone tells of supports: exactly once, never refused, never lost; held with its rule where one speaks against
it; and what a phone is told of them before."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Fund, Household, Receipt, Support, SupportAnswer, SupportClaim, SupportEntry
from survey.problems import PROBLEMS
from survey.programmes import versions
from survey.programmes.versions import WantedServes
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.support_terms import SupportOrigin
from survey.supports import from_phones, giving
from survey.supports.giving import Given
from survey.terms import HouseholdClass, Indicator, RegisterKind
from tests.examples import examples
from tests.given import SAID, blind, by, enter_catalogue, open_fund, support
from tests.interviews import accept_all, content_hash, entry, envelope, push
from tests.review.test_persons import MOTHER, codes
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")


@pytest.fixture
def phone(session: Session, login_as: Any) -> Any:
    """The enumerator's, of a province that has kinds and projects."""
    enter_catalogue(session)
    return login_as("enumerator")


def rows(session: Session, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)) or 0)


def told(browser: Any, query: str = "") -> Any:
    return browser.get(f"/api/v1/supports{query}").json


def mark(browser: Any) -> Any:
    return browser.get("/api/v1/hello").json["supports"]


def rule(result: Any) -> tuple[str, str | None]:
    return result["outcome"], result["reason"] and result["reason"]["code"]


def give(session: Session, household_id: str = "ho-1", kind: str = "nha_o", **said: Any) -> Support:
    given = Given(COMMUNE, kind, "ct2026", "1", date(2026, 11, 1), household_id, **said)
    made = giving.give(session, given, SupportOrigin.DESK, by(session), blind)
    session.commit()
    return made


def test_it_is_kept_as_it_came_answered_by_a_receipt_and_written_down(phone: Any, session: Session) -> None:
    assert "supports" in phone.get("/api/v1/hello").json["offers"]
    sent = support()
    [result] = push(phone, sent)
    assert (result["id"], *rule(result), result["missing_files"]) == (sent["id"], "stored", None, [])
    assert json.loads(result["receipt"]["body"])["content_hash"] == content_hash(sent)
    row = session.scalars(select(SupportEntry)).one()
    assert json.loads(row.content) == sent
    made = session.scalars(select(Support)).one()
    assert (made.household_id, made.kind, made.programme, made.project, made.given_on.isoformat()) == (
        "ho-1", "nha_o", "ct2026", "1", "2026-11-20",
    )  # fmt: skip
    assert (made.amount, made.document, made.origin, made.household_class, made.exception) == (
        40_000_000, "QĐ 15/QĐ-UBND", "phone", "ho_ngheo", "",
    )  # fmt: skip
    assert session.scalars(select(SupportAnswer)).one().support_id == made.id
    claim = session.scalars(select(SupportClaim)).one()
    assert (claim.benefit_group, claim.subject, claim.window_key) == ("nha_o", "h:ho-1", "life")


def test_the_same_again_is_one_row_one_support_and_the_very_same_receipt(phone: Any, session: Session) -> None:
    sent = support()
    first = push(phone, sent)
    assert push(phone, sent, sent) == first * 2
    assert rows(session, SupportEntry) == rows(session, SupportAnswer) == rows(session, Support) == 1
    asked = {"id": sent["id"], "content_hash": content_hash(sent), "commune_id": COMMUNE}
    answer = phone.post("/api/v1/receipts", json={"entries": [asked]}).json
    assert answer["results"] == first


def test_the_same_benefit_again_is_held_with_the_rule_and_receipted(phone: Any, session: Session) -> None:
    give(session, kind="nha_o_tinh")  # another kind of the same benefit
    [result] = push(phone, support())
    assert rule(result) == ("held", "support_given") and result["receipt"]["signature"]
    assert rows(session, Support) == 1 and rows(session, SupportEntry) == rows(session, Receipt) == 1
    [held] = from_phones.held(session, COMMUNE)
    assert (held.rule, held.household and held.household.id, held.said.kind) == ("support_given", "ho-1", "nha_o")
    [sent] = told(phone)["sent"]
    assert (sent["state"], sent["kind"], sent["day"]) == ("held", "nha_o", "2026-11-20")
    assert sent["words"] and sent["words"] != PROBLEMS["support_given"].title  # in Vietnamese


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"programme": "tinh", "project": "a", "day": "2026-05-31"}, "support_before_project"),
        ({"programme": "qd90", "project": "5", "day": "2026-01-01"}, "support_after_project"),
        ({"day": "2026-11-24"}, "register_future"),
        ({"kind": "the_bhyt"}, "support_person_needed"),
        ({"kind": "the_bhyt", "person": "khong-co-ai"}, "person_unclear"),
        ({"person": "khong-co-ai"}, "support_whole_household"),
        ({"kind": "khong_co"}, "support_kind_unknown"),
        ({"project": "9"}, "support_project_unknown"),
    ],
)
def test_each_rule_holds_it_and_refuses_nothing(phone: Any, session: Session, said: Any, code: str) -> None:
    [result] = push(phone, support(said=said))
    assert rule(result) == ("held", code) and result["receipt"]
    assert rows(session, Support) == 0 and rows(session, SupportEntry) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"household_id": "ho-4"}, "outside_area"),
        ({"household_id": "khong-co"}, "unknown_household"),
        ({"said": {"day": "hôm qua"}}, "bad_shape"),
        ({"said": {"amount": 1.5}}, "bad_shape"),
        ({"said": {"amount": 0}}, "bad_shape"),
        ({"said": {"amount": True}}, "bad_shape"),
        ({"said": {"quantity": -2}}, "bad_shape"),
        ({"said": {"document": "hai\ndòng"}}, "bad_shape"),
        ({"said": {"note": "x" * 501}}, "bad_shape"),
        ({"said": {"person": "x" * 121}}, "bad_shape"),
        ({"date_doubted": "behind"}, "doubtful_date"),
    ],
)
def test_what_an_interview_is_held_for_holds_a_support_too(
    phone: Any, session: Session, changes: Any, code: str
) -> None:
    phone.is_of_a_phone = False
    [result] = push(phone, support(**changes))
    assert rule(result) == ("held", code)
    assert rows(session, Support) == 0 and rows(session, SupportEntry) == 1


def test_above_the_balance_it_is_held_and_moves_nothing(phone: Any, session: Session) -> None:
    fund = open_fund(session, 60)
    assert [rule(one) for one in push(phone, support(), support("ho-2"))] == [
        ("stored", None), ("held", "fund_not_enough"),
    ]  # fmt: skip
    session.rollback()
    assert session.get_one(Fund, fund).balance == 20_000_000
    [paid] = session.scalars(select(Support))
    assert (paid.fund_id, paid.fund_seq) == (fund, 2)


def test_after_a_death_that_was_written_down_since(phone: Any, session: Session, login_as: Any) -> None:
    mother = codes(session)[MOTHER]
    wish = Wish(RegisterKind.DIED, "ho-1", date(2026, 11, 23), person_id=mother)
    register_acts.carry_out(session, COMMUNE, wish, by(session))
    session.commit()
    before, after = (
        support(kind="the_bhyt", said={"person": mother, "day": day}) for day in ("2026-11-22", "2026-11-23")
    )
    assert [rule(one) for one in push(phone, after, before)] == [("held", "person_dead"), ("stored", None)]


def test_a_phone_is_told_kinds_projects_and_what_was_given(phone: Any, session: Session) -> None:
    mother = codes(session)[MOTHER]
    before = mark(phone)
    give(session, kind="nha_o_tinh", amount=40_000_000, quantity=1)
    give(session, kind="the_bhyt", person=mother)
    give(session, "ho-4")  # of a village of another enumerator
    answer = told(phone)
    assert answer["mark"] == mark(phone) != before and not answer["more"]
    assert {one["code"]: one["window"] for one in answer["kinds"]}["the_bhyt"] == "calendar_year"
    assert [(one["programme"], one["project"], one["until"]) for one in answer["projects"]] == [
        ("ct2026", "1", "2030-12-31"), ("qd90", "5", "2025-12-31"), ("tinh", "a", None),
    ]  # fmt: skip
    named = ("household_id", "person", "benefit_group", "window_key")
    assert [tuple(one[name] for name in named) for one in answer["given"]] == [
        ("ho-1", None, "nha_o", "life"), ("ho-1", mother, "bhyt", "2026"),
    ]  # fmt: skip
    assert [(one["amount"], one["quantity"]) for one in answer["given"]] == [(40_000_000, 1), (None, None)]
    part = told(phone, f"?mark={answer['mark']}&skip=1&limit=1")
    assert (part["given"], part["more"]) == (answer["given"][1:], False)
    assert [part[name] for name in ("kinds", "projects", "needs", "sent")] == [[], [], [], []]
    assert told(phone, "?mark=khac&skip=1&limit=1")["given"] == answer["given"][:1]


def test_it_hears_what_became_of_what_it_sent(phone: Any, session: Session) -> None:
    give(session)
    again, other = support(), support("ho-2")
    push(phone, again, other)
    session.rollback()
    [held] = from_phones.held(session, COMMUNE)
    from_phones.refuse(session, COMMUNE, held.row.id, by(session, reason="Đã nhận năm nay"))
    [kept] = session.scalars(select(Support).where(Support.household_id == "ho-2"))
    giving.reverse(session, COMMUNE, kept.id, by(session, reason="Ghi nhầm hộ"))
    session.commit()
    states = {one["entry_id"]: (one["state"], one["words"], one["by"]) for one in told(phone)["sent"]}
    name = "Người thử supervisor"
    assert states == {
        again["id"]: ("refused", "Đã nhận năm nay", name), other["id"]: ("reversed", "Ghi nhầm hộ", name),
    }  # fmt: skip


def test_without_a_kind_there_is_no_list(login_as: Any) -> None:
    browser = login_as("enumerator")
    assert mark(browser) is None
    answer = told(browser)
    assert (answer["mark"], answer["kinds"], answer["given"], answer["sent"]) == (None, [], [], [])


def test_with_answers_it_is_an_interview_whatever_else_it_carries(phone: Any, session: Session) -> None:
    phone.is_of_a_phone = False
    push(phone, entry() | {"support": support()["support"]})
    assert rows(session, SupportEntry) == 0


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["kind", "programme", "project", "person", "day", "amount", "document"]), ODD))
def test_whatever_a_phone_sends_is_kept_and_answered(phone: Any, said: Any) -> None:
    phone.is_of_a_phone = False
    answer = phone.post("/api/v1/push", data=json.dumps(envelope(support(said=said))), content_type="application/json")
    assert answer.status_code == 200 and answer.json["results"][0]["receipt"]


def test_a_household_of_another_commune_counts_as_well(phone: Any, session: Session) -> None:
    """It keeps its id when it moves, and with it what it was given."""
    given = Given(OTHER_COMMUNE, "nha_o", "ct2026", "1", date(2026, 11, 1), "ho-5")
    giving.give(session, given, SupportOrigin.DESK, by(session, "supervisor-other"), blind)
    move = Wish(RegisterKind.MOVE, "ho-5", date(2026, 11, 23), given={"village": "03757-01", "commune": COMMUNE})
    register_acts.carry_out(session, OTHER_COMMUNE, move, by(session, "province"))
    session.commit()
    assert session.get(Household, (COMMUNE, "ho-5")) is not None
    assert [one["household_id"] for one in told(phone)["given"]] == ["ho-5"]
    [result] = push(phone, support("ho-5", said={"programme": "tinh", "project": "a"}))
    assert rule(result) == ("held", "support_given")


def test_a_person_lets_it_stand_as_an_exception_or_not(phone: Any, session: Session) -> None:
    give(session)
    push(phone, support(said={"amount": None}))
    session.rollback()
    [held] = from_phones.held(session, COMMUNE)
    enumerator = Done(held.row.account_id, NOW, "chính tôi")
    for done, code in ((by(session, reason=""), "register_reason_needed"), (enumerator, "request_own")):
        with pytest.raises(Exception) as refused:
            from_phones.accept(session, COMMUNE, held.row.id, done, blind)
        assert getattr(refused.value, "code", None) == code
        session.rollback()
    made = from_phones.accept(session, COMMUNE, held.row.id, by(session, reason="Nhà cháy, làm lại"), blind)
    session.commit()
    row = session.get_one(Support, (COMMUNE, made))
    assert (row.exception, row.origin, row.account_id) == ("Nhà cháy, làm lại", "phone", held.row.account_id)
    assert rows(session, SupportClaim) == 1 and from_phones.count_held(session, [COMMUNE]) == {}
    [sent] = told(phone)["sent"]
    assert (sent["state"], sent["by"]) == ("accepted", "Người thử supervisor")


def test_a_member_may_be_named_where_the_list_has_no_codes(phone: Any, session: Session) -> None:
    mother = codes(session)[MOTHER]
    [result] = push(phone, support(said={"kind": "the_bhyt", "person": MOTHER}))
    assert rule(result) == ("stored", None)
    assert [one["person"] for one in told(phone)["given"]] == [mother]
    session.rollback()
    assert session.scalars(select(Support)).one().person_id == mother


def test_a_phone_is_told_what_its_households_lack_and_which_projects_serve_that(
    phone: Any, session: Session, login_as: Any
) -> None:
    serves = [
        WantedServes(programme="ct2026", project="1", indicator=Indicator.TELECOM, **SAID),
        WantedServes(
            programme="ct2026", project="1", indicator=Indicator.WATER, classes=(HouseholdClass.POOR,), **SAID
        ),
        WantedServes(programme="qd90", project="5", indicator=Indicator.INSURANCE, **SAID),  # over since 2025
    ]
    versions.write(session, serves, by(session, "province"))
    session.commit()
    assert {(one["programme"], one["project"]): one["serves"] for one in told(phone)["projects"]} == {
        ("ct2026", "1"): [
            {"indicator": "nuoc", "classes": ["ho_ngheo"]}, {"indicator": "vien_thong", "classes": []},
        ],
        ("qd90", "5"): [], ("tinh", "a"): [],
    }  # fmt: skip
    before = mark(phone)
    push(phone, entry("ho-1"))
    assert (told(phone)["needs"], mark(phone)) == ([], before)  # it waits for a person
    push(phone, entry("ho-2", {"mang": "co"}))
    push(phone, entry("ho-3", {"mang": "co", "thanh_vien": [{"ho_ten": "Lò Thị Ba", "tuoi": 41, "the_bhyt": "co"}]}))
    accept_all(session, login_as, COMMUNE)
    assert mark(phone) != before
    assert told(phone)["needs"] == [
        {"household_id": "ho-1", "class": "ho_ngheo", "lacks": ["bhyt", "vien_thong"]},
        {"household_id": "ho-2", "class": "ho_can_ngheo", "lacks": ["bhyt"]},
    ]  # ho-3 lacks nothing, the others are another enumerator's

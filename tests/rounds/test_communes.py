"""A round commune by commune: each on its own, locked upwards, and nothing half done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import (
    Account,
    FormVersion,
    RegisterEntry,
    Round,
    RoundCommune,
    RoundStep,
    StartRow,
    Submission,
    SubmissionStatus,
)
from survey.calendar.standing import not_accepted, state_of
from survey.problems import Problem
from survey.review.decide import decide as decide_on
from survey.rounds import cancelling, closing, editing, log, rounds
from survey.submissions.derive import rebuild
from survey.submissions.log import last_step
from survey.terms import Action, CommuneState, RoundKind
from tests.examples import examples
from tests.interviews import HOUSEHOLDS, ROUND, entry, over_nobody, push
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")


@contextmanager
def refused(code: str) -> Iterator[Any]:
    with pytest.raises(Problem) as refusal:
        yield refusal
    assert refusal.value.code == code


def the_round(session: Session) -> Round:
    session.rollback()
    return session.get_one(Round, ROUND)


def state(session: Session, commune_id: str) -> CommuneState | None:
    return state_of(session, ROUND, commune_id)


def send_all(login_as: Any, *households: str) -> list[dict[str, Any]]:
    """Interviews of these, each sent by whoever goes there."""
    of = {"ho-4": ("enumerator-2", COMMUNE, "thanh_thi"), "ho-5": ("enumerator-other", OTHER_COMMUNE, "thanh_thi")}
    sent = []
    for household in households:
        who, commune_id, area = of.get(household, ("enumerator", COMMUNE, "nong_thon"))
        one = entry(household, answers={"khu_vuc": area}, commune_id=commune_id)
        push(login_as(who), one)
        sent.append(one)
    return sent


def decide(session: Session, entry_id: str, action: Action, comment: str | None = None) -> None:
    submission = session.scalars(select(Submission).where(Submission.entry_id == entry_id)).one()
    name = "supervisor" if submission.commune_id == COMMUNE else "supervisor-other"
    account = session.scalars(select(Account).where(Account.username == name)).one()
    said = [{"path": None, "text": comment}] if comment else []
    decide_on(
        session, account, submission.commune_id, submission.id, action,
        seen=last_step(session, submission).seq, comments=said, now=NOW,
    )  # fmt: skip


def accept_all(session: Session, sent: list[dict[str, Any]]) -> None:
    for one in sent:
        decide(session, one["id"], Action.ACCEPT)
    session.commit()


def test_a_commune_is_closed_while_another_is_late(login_as: Any, session: Session) -> None:
    accept_all(session, send_all(login_as, *HOUSEHOLDS[:4]))
    survey_round = the_round(session)
    left = closing.obstacles_by_commune(session, survey_round, [COMMUNE, OTHER_COMMUNE])
    assert {key: [tuple(one) for one in found] for key, found in left.items()} == {
        COMMUNE: [], OTHER_COMMUNE: [("not_visited", 1)],
    }  # fmt: skip
    with refused("round_not_ready") as refusal:
        closing.close_communes(session, survey_round, [COMMUNE, OTHER_COMMUNE], NOW)
    assert refusal.value.detail["communes"] == {OTHER_COMMUNE: [["not_visited", 1]]}
    survey_round = the_round(session)
    closing.close_communes(session, survey_round, [COMMUNE], NOW)
    session.commit()
    assert (state(session, COMMUNE), state(session, OTHER_COMMUNE)) == (CommuneState.CLOSED, CommuneState.OPEN)
    assert survey_round.state == "open"
    browser, other = login_as("enumerator"), login_as("enumerator-other")
    assert all("gone" in told for told in browser.get("/api/v1/register?cursor=0").json["entries"])
    assert [told["household_id"] for told in other.get("/api/v1/register?cursor=0").json["entries"]] == ["ho-5"]
    assert [login.get("/api/v1/hello").json["rounds"][0]["state"] for login in (browser, other)] == ["closed", "open"]
    [late] = push(browser, entry("ho-2"))
    assert late["reason"]["code"] == "round_closed"
    [taken] = push(other, entry("ho-5", answers={"khu_vuc": "thanh_thi"}, commune_id=OTHER_COMMUNE))
    assert taken["reason"] is None


def test_the_province_accepts_only_what_is_closed_and_only_a_reopening_leads_back(
    login_as: Any, session: Session
) -> None:
    sent = send_all(login_as, *HOUSEHOLDS[:4])
    accept_all(session, sent)
    with refused("round_step"):
        closing.accept_communes(session, the_round(session), [COMMUNE], NOW)
    survey_round = the_round(session)
    closing.close_communes(session, survey_round, [COMMUNE], NOW)
    session.commit()
    assert not_accepted(session, ROUND, [COMMUNE, OTHER_COMMUNE]) == {COMMUNE, OTHER_COMMUNE}
    with refused("round_locked"):
        decide(session, sent[0]["id"], Action.REOPEN)
    session.rollback()
    closing.accept_communes(session, survey_round, [COMMUNE], NOW)
    session.commit()
    assert not_accepted(session, ROUND, [COMMUNE, OTHER_COMMUNE]) == {OTHER_COMMUNE}
    with refused("reason_needed"):
        closing.reopen_commune(session, survey_round, COMMUNE, "  ", NOW)
    assert state(session, COMMUNE) is CommuneState.ACCEPTED
    closing.reopen_commune(session, the_round(session), COMMUNE, "sót một hộ", NOW)
    session.commit()
    told = login_as("enumerator").get("/api/v1/register?cursor=0").json["entries"]
    assert {one["household_id"] for one in told if "gone" not in one} == set(HOUSEHOLDS[:3])
    decide(session, sent[0]["id"], Action.REOPEN)
    session.commit()
    assert [step.action for step in log.history(session, survey_round, COMMUNE)] == [
        "open", "close", "accept", "reopen",
    ]  # fmt: skip
    with refused("round_not_ready"):
        closing.close_communes(session, survey_round, [COMMUNE], NOW)


@pytest.mark.thorough
def test_a_mistaken_round_is_cancelled_and_what_was_received_is_kept(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    sent = [*send_all(login_as, *HOUSEHOLDS[:3]), entry("ho-1")]
    push(browser, sent[-1])  # two of one household
    decide(session, sent[1]["id"], Action.RETURN, "xem lại")
    session.commit()
    before = session.scalars(select(Submission.content).order_by(Submission.id)).all()
    survey_round = the_round(session)
    assert cancelling.preview(session, survey_round).held == 4
    with refused("reason_needed"):
        cancelling.cancel(session, survey_round, " ", NOW)
    cancelling.cancel(session, survey_round, "mở nhầm năm", NOW)
    session.commit()
    statuses = session.execute(select(SubmissionStatus.state, SubmissionStatus.reason)).all()
    assert {tuple(one) for one in statuses} == {("quarantined", "round_cancelled")}
    assert session.scalars(select(Submission.content).order_by(Submission.id)).all() == before
    assert all("gone" in told for told in browser.get("/api/v1/register?cursor=0").json["entries"])
    assert browser.get("/api/v1/hello").json["rounds"][0]["state"] == "closed"
    [late] = push(browser, entry("ho-2"))
    assert (late["reason"]["code"], late["reason"]["title"]) == ("round_cancelled", "Đợt rà soát đã bị huỷ")
    assert survey_round.state == "closed"
    with refused("round_step"):
        cancelling.cancel(session, the_round(session), "lần nữa", NOW)
    session.rollback()
    rebuild(session)
    log.rebuild(session)
    assert not any(session.is_modified(one) for one in session.dirty)


def test_a_round_with_an_accepted_interview_is_not_cancelled_and_says_where(login_as: Any, session: Session) -> None:
    accept_all(session, send_all(login_as, "ho-1", "ho-5"))
    survey_round = the_round(session)
    with refused("round_has_accepted") as refusal:
        cancelling.cancel(session, survey_round, "mở nhầm", NOW)
    assert refusal.value.detail == {"accepted": {COMMUNE: 1, OTHER_COMMUNE: 1}}
    assert state(session, COMMUNE) is CommuneState.OPEN


def test_a_cancelled_round_makes_way_for_the_right_one(session: Session) -> None:
    form = session.get_one(FormVersion, ("phieu_thu", "1"))
    days = {"opens_on": date(2026, 9, 1), "closes_on": date(2026, 12, 14)}
    again: dict[str, Any] = {"title": "Lại", "year": 2026, "form": form, "now": NOW, **days}
    with refused("round_exists"):
        rounds.open_round(session, **again)
    cancelling.cancel(session, the_round(session), "mở nhầm", NOW)
    opened = rounds.open_round(session, **again)
    assert state_of(session, opened.id, COMMUNE) is CommuneState.OPEN


def test_a_year_that_was_reviewed_is_opened_again_and_never_a_second_time(session: Session) -> None:
    there = "03646"  # nobody lives there yet
    first = the_round(session)
    closing.close_communes(session, first, [there], NOW)
    cancelling.cancel(session, first, "chỉ một xã", NOW, communes=[OTHER_COMMUNE])
    form = session.get_one(FormVersion, ("phieu_thu", "1"))
    days = {"opens_on": date(2026, 9, 1), "closes_on": date(2026, 12, 14)}
    again: dict[str, Any] = {"title": "Lại", "year": 2026, "form": form, "now": NOW, **days}
    session.commit()
    for accepted in (False, True):
        if accepted:
            closing.accept_communes(session, first, [there], NOW)
        session.commit()
        with refused("round_exists"):
            rounds.open_round(session, **again, communes=[there])
        session.rollback()
    elsewhere = rounds.open_round(session, **again, communes=[OTHER_COMMUNE], round_id="khac")
    with refused("round_exists"):  # nor does it come there later
        rounds.start(session, elsewhere, [there], NOW)
    session.rollback()
    for beside in ({"kind": RoundKind.AD_HOC}, {"year": 2025}):
        rounds.open_round(session, **again | beside, communes=[there])
    trial = rounds.open_round(session, **again, trial=True, communes=[there])
    cancelling.cancel(session, trial, "thử xong", NOW)
    session.commit()
    closing.reopen_commune(session, first, there, "sót hộ", NOW)  # the way out that is named
    assert state(session, there) is CommuneState.OPEN


def test_a_round_over_chosen_communes_reaches_no_other(login_as: Any, session: Session) -> None:
    cancelling.cancel(session, the_round(session), "làm lại", NOW)
    form = session.get_one(FormVersion, ("phieu_thu", "1"))
    opened = rounds.open_round(
        session, title="Riêng", year=2026, form=form, opens_on=date(2026, 9, 1), closes_on=date(2026, 12, 14),
        now=NOW, communes=[OTHER_COMMUNE],
    )  # fmt: skip
    session.commit()
    entries = session.scalars(select(RegisterEntry.commune_id).where(RegisterEntry.round_id == opened.id)).all()
    assert entries == [OTHER_COMMUNE]
    names = [one["id"] for one in login_as("enumerator").get("/api/v1/hello").json["rounds"] if one["state"] == "open"]
    assert names == []
    [held] = push(login_as("enumerator"), entry("ho-1", round_id=opened.id))
    assert held["reason"]["code"] == "round_closed"


def test_a_commune_that_is_loaded_later_joins_a_round_by_an_act(session: Session) -> None:
    """Its households stand in no round by themselves: `round start` with its code takes them in, frozen as they are."""
    session.execute(delete(RoundStep).where(RoundStep.commune_id == OTHER_COMMUNE))
    session.execute(delete(RoundCommune).where(RoundCommune.commune_id == OTHER_COMMUNE))
    session.execute(delete(RegisterEntry).where(RegisterEntry.commune_id == OTHER_COMMUNE))
    session.execute(delete(StartRow).where(StartRow.commune_id == OTHER_COMMUNE))
    session.commit()
    assert rounds.start(session, the_round(session), [OTHER_COMMUNE], NOW) == [OTHER_COMMUNE]
    session.commit()
    assert state(session, OTHER_COMMUNE) is CommuneState.OPEN
    listed = session.scalars(select(RegisterEntry.household_id).where(RegisterEntry.commune_id == OTHER_COMMUNE))
    assert list(listed) == ["ho-5"]
    with refused("round_step"):
        rounds.start(session, the_round(session), [OTHER_COMMUNE], NOW)
    with refused("not_found"):
        rounds.start(session, the_round(session), ["99999"], NOW)


def test_a_planned_round_is_heard_of_when_it_begins(login_as: Any, session: Session) -> None:
    cancelling.cancel(session, the_round(session), "làm lại", NOW)
    form = session.get_one(FormVersion, ("phieu_thu", "1"))
    planned = rounds.open_round(
        session, title="Sau", year=2026, form=form, opens_on=date(2026, 9, 1), closes_on=date(2026, 12, 14), now=NOW,
        plan=True,
    )  # fmt: skip
    session.commit()
    browser = login_as("enumerator")
    assert planned.id not in [one["id"] for one in browser.get("/api/v1/hello").json["rounds"]]
    assert tuple(closing.obstacles(session, planned)[0]) == ("not_begun", 120)
    assert rounds.start(session, planned, [COMMUNE], NOW) == [COMMUNE]
    session.commit()
    assert browser.get("/api/v1/hello").json["rounds"][0]["id"] == planned.id
    told = browser.get("/api/v1/register?cursor=0").json["entries"]
    assert len([one for one in told if one["round_id"] == planned.id and "gone" not in one]) == 3
    with refused("round_step"):
        rounds.start(session, planned, [COMMUNE], NOW)


@pytest.mark.thorough
def test_the_days_of_an_open_round_change_and_hold_what_was_interviewed(login_as: Any, session: Session) -> None:
    send_all(login_as, "ho-1")  # on 22 November
    survey_round = the_round(session)
    words: dict[str, Any] = {"title": "Đổi tên", "now": NOW}
    for days, code in (
        ((date(2026, 11, 23), date(2026, 12, 14)), "round_days_taken"),
        ((date(2026, 9, 1), date(2026, 11, 21)), "round_days_taken"),
        ((date(2026, 9, 1), date(2027, 1, 31)), "standard_period"),
    ):
        with refused(code):
            editing.edit(session, survey_round, opens_on=days[0], closes_on=days[1], **words)
        survey_round = the_round(session)
        assert (survey_round.title, survey_round.closes_on) == ("Rà soát định kỳ 2026", date(2026, 12, 14))
    with pytest.raises(ValueError, match="title"):
        editing.edit(session, survey_round, title=" ", opens_on=date(2026, 9, 1), closes_on=date(2026, 9, 2), now=NOW)
    editing.edit(session, survey_round, opens_on=date(2026, 11, 1), closes_on=date(2026, 12, 20), **words)
    session.commit()
    told = login_as("enumerator").get("/api/v1/hello").json["rounds"][0]
    assert (told["title"], told["opens_on"], told["closes_on"]) == ("Đổi tên", "2026-11-01", "2026-12-20")
    editing.edit(
        session, survey_round, opens_on=date(2026, 11, 1), closes_on=date(2026, 12, 25), communes=[COMMUNE], **words
    )
    session.commit()
    days_of = [
        login_as(who).get("/api/v1/hello").json["rounds"][0]["closes_on"] for who in ("enumerator", "enumerator-other")
    ]
    assert days_of == ["2026-12-25", "2026-12-20"]


ACTS = st.tuples(
    st.sampled_from(["close", "close_all", "accept", "reopen", "cancel", "edit", "start"]),
    st.sampled_from([[COMMUNE], [OTHER_COMMUNE], [COMMUNE, OTHER_COMMUNE]]),
    st.sampled_from(["vì sao", ""]),
)


def rows(session: Session) -> list[tuple[Any, ...]]:
    found = session.execute(select(RoundCommune.__table__).order_by(RoundCommune.commune_id)).all()
    steps = session.execute(select(RoundStep.__table__).order_by(RoundStep.commune_id, RoundStep.seq)).all()
    return [tuple(one) for one in [*found, *steps]]


@settings(
    max_examples=examples(12), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(acts=st.lists(ACTS, min_size=1, max_size=7))
def test_any_sequence_of_acts_keeps_each_commune_in_one_state_and_a_refusal_changes_nothing(
    session: Session, acts: list[tuple[str, list[str], str]]
) -> None:
    """On a round in which nothing was asked: what is closed has no household, so all steps can be taken."""
    session.rollback()
    over_nobody(session)
    for table in (RoundStep, RoundCommune):  # two communes are enough
        session.execute(delete(table).where(table.commune_id.not_in([COMMUNE, OTHER_COMMUNE])))
    survey_round = session.get_one(Round, ROUND)
    session.flush()  # refused acts roll back to here
    for number, (name, communes, reason) in enumerate(acts):
        now = NOW + timedelta(hours=number)
        before = rows(session)
        point = session.begin_nested()
        try:
            if name == "close":
                closing.close_communes(session, survey_round, communes, now)
            elif name == "close_all":
                closing.close_round(session, survey_round, now)
            elif name == "accept":
                closing.accept_communes(session, survey_round, communes, now)
            elif name == "reopen":
                closing.reopen_commune(session, survey_round, communes[0], reason, now)
            elif name == "cancel":
                cancelling.cancel(session, survey_round, reason, now, communes=communes)
            elif name == "edit":
                editing.edit(
                    session, survey_round, title="Đợt", opens_on=date(2026, 9, 1),
                    closes_on=date(2026, 12, 1 + number), now=now, communes=communes,
                )  # fmt: skip
            else:
                rounds.start(session, survey_round, communes, now)
            session.flush()  # the CHECKs look at it
            point.commit()
        except Problem as problem:
            point.rollback()
            session.expire_all()
            assert problem.status in (404, 409)
            assert rows(session) == before
        log.rebuild(session)
        assert not any(session.is_modified(one) for one in session.dirty)
        stands = [CommuneState(row.state) for row in log.rows_of(session, survey_round)]
        assert len(stands) == 2
        under_way = {CommuneState.PLANNED, CommuneState.OPEN}
        assert (survey_round.state == "open") == (not under_way.isdisjoint(stands))
    session.rollback()


@pytest.mark.parametrize(
    "values",
    [
        {"state": "accepted"},
        {"state": "closed"},
        {"state": "planned"},
        {"state": "anything"},
        {"closes_on": date(2026, 8, 1)},
        {"closed_at": NOW},
        {"accepted_at": NOW},
        {"opened_at": None},
    ],
)
def test_the_database_refuses_a_state_that_cannot_be(session: Session, values: dict[str, Any]) -> None:
    row = session.get_one(RoundCommune, (COMMUNE, ROUND))
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    "values",
    [
        {"action": "close", "to_state": "accepted"},
        {"action": "reopen", "to_state": "open"},
        {"action": "cancel", "to_state": "cancelled", "reason": "  "},
        {"action": "plan", "to_state": "planned"},
        {"action": "close", "to_state": "closed", "seq": 1, "commune_id": "03646", "round_id": ROUND},
    ],
)
def test_the_database_refuses_a_step_that_cannot_be(session: Session, values: dict[str, Any]) -> None:
    session.add(RoundStep(**({"commune_id": COMMUNE, "round_id": ROUND, "seq": 2, "reason": "", "at": NOW} | values)))
    with pytest.raises(IntegrityError):
        session.flush()


def test_of_two_who_open_a_round_at_once_the_second_is_refused(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other comes after it was looked whether the commune is free, and before it is held. On SQLite nobody can, who
    writes has the file: there it is done in the same transaction."""
    there, form = "03646", session.get_one(FormVersion, ("phieu_thu", "1"))
    days = {"opens_on": date(2026, 9, 1), "closes_on": date(2026, 12, 14)}
    given: dict[str, Any] = {"title": "Lại", "year": 2025, "form": form, "now": NOW, **days}
    other_id = rounds.open_round(session, **given, communes=[OTHER_COMMUNE]).id
    session.commit()
    engine, lock = session.get_bind(), rounds.lock_commune
    is_alone = engine.dialect.name == "sqlite"

    def lock_later(mine: Session, commune_id: str) -> int:
        monkeypatch.setattr(rounds, "lock_commune", lock)
        with nullcontext(mine) if is_alone else Session(engine) as other:
            rounds.start(other, other.get_one(Round, other_id), [there], NOW)
            other.flush() if is_alone else other.commit()
        return lock(mine, commune_id)

    monkeypatch.setattr(rounds, "lock_commune", lock_later)
    with refused("round_exists"):
        rounds.open_round(session, **given, communes=[there])
    session.rollback()
    under_way = select(RoundCommune.round_id).where(RoundCommune.commune_id == there, RoundCommune.round_id != ROUND)
    assert list(session.scalars(under_way)) == ([] if is_alone else [other_id])

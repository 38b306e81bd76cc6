"""Whatever a commune writes down while a round runs, it can be closed, its flow adds up, and its proof holds."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import OF_COUNTED, Assessment, Household, RegisterEntry, Round, StartRow, Submission
from survey.evidence import proof_keys
from survey.evidence.signing import Signer
from survey.problems import Problem
from survey.reports.report import report
from survey.reports.selection import Basis, Condition
from survey.review import register_acts
from survey.rounds import accounting, closing, proof, proof_file
from survey.rounds.end_states import COUNTED
from survey.rounds.joined_flow import joined_flow
from survey.rounds.proof_file import Anchor
from survey.tallies import bases
from survey.terms import Action, CountBase, EndState, HouseholdClass, Origin, RegisterState
from tests.examples import examples
from tests.interviews import ROUND, accept_all, entry, push
from tests.review.test_any_acts import BY, any_wish
from tests.review.test_review_and_rebuild import decide
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")
KEY = Signer(b"p" * 32)
WHO = {VILLAGE: "enumerator", VILLAGE_2: "enumerator-2"}


def write_down(session: Session, chance: Random, number: int) -> Counter[str]:
    """So many acts of any kind, of which some are undone; what is refused changes nothing."""
    done: Counter[str] = Counter()
    for _try in range(number * 4):
        if done.total() == number:
            break
        session.rollback()
        wish = any_wish(chance, session)
        try:
            register_acts.carry_out(session, COMMUNE, wish, BY)
        except Problem:
            session.rollback()
            continue
        session.commit()
        done[wish.kind.value] += 1
    return done


def visit(session: Session, login_as: Any, chance: Random, share: float) -> None:
    """Some of those who are left are asked, with answers that lead to different classes."""
    session.rollback()
    left = (
        select(RegisterEntry)
        .filter_by(commune_id=COMMUNE, state=RegisterState.TO_VISIT)
        .order_by(RegisterEntry.household_id)
    )
    for row in session.scalars(left).all():
        if chance.random() < share:
            said = {"diem_b1": chance.choice([132, 132, 200]), "mang": chance.choice(["co", "khong"])}
            said |= {"khu_vuc": "nong_thon" if row.village_id == VILLAGE else "thanh_thi"}
            push(login_as(WHO[row.village_id]), entry(row.household_id, said))


def discard_what_is_held(session: Session) -> None:
    """Interviews of households that are no longer there: a person says that they count for nothing."""
    session.rollback()
    for one in closing.breaks(session, session.get_one(Round, ROUND), COMMUNE):
        if one.code == "held":
            entry_id = session.scalars(select(Submission.entry_id).filter_by(id=one.submission_id)).one()
            decide(session, entry_id, Action.DISCARD, "hộ không còn")


def adds_up(line: list[int]) -> bool:
    start, *changes, end = line
    return end == start - sum(changes[:3]) + sum(changes[3:])


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(examples(2)))
def test_after_any_acts_a_round_closes_with_a_flow_that_adds_up(session: Session, login_as: Any, seed: int) -> None:
    chance = Random(seed)
    write_down(session, chance, 5)
    visit(session, login_as, chance, 0.7)
    write_down(session, chance, 5)
    bases_add_up(session)
    accept_all(session, login_as, COMMUNE)
    write_down(session, chance, 4)
    accept_all(session, login_as, COMMUNE)  # who was met since
    discard_what_is_held(session)
    session.rollback()
    survey_round = session.get_one(Round, ROUND)
    assert closing.obstacles_by_commune(session, survey_round, [COMMUNE]).get(COMMUNE, []) == []
    bases_add_up(session)
    closing.close_communes(session, survey_round, [COMMUNE], NOW, prover=KEY)
    session.commit()
    made = proof.latest(session, ROUND, COMMUNE)
    assert made is not None
    assert proof.differences(session, made) == []
    found = proof_file.verify(proof.file_of(session, [made]), Anchor(proof_keys.fingerprint(KEY.public_key)))
    assert (found.faults, found.is_known) == ([], True)
    counts = json.loads(made.body)["counts"]
    assert counts["start"] + counts["met"] == sum(number for of in counts["states"].values() for number in of.values())
    flow = json.loads(made.body)["flow"]
    lines = [both[unit] for place in (flow["commune"], *flow["villages"].values()) for both in place.values()
             for unit in ("households", "persons")]  # fmt: skip
    assert [line for line in lines if not adds_up(line)] == []
    assert joined_flow(session, survey_round, [COMMUNE]).whole == flow["commune"]
    for measure in COUNTED:
        households, persons = (flow["commune"][measure.value][unit] for unit in ("households", "persons"))
        assert [households[0], persons[0]] == began_with(session, measure.value)
        assert [households[-1], persons[-1]] == ended_with(session, measure.value)


def bases_add_up(session: Session) -> None:
    """start + met = the end states + who has none yet; listed = the four states; accepted = its three parts. Counted
    one by one, as report, closing and proof never do."""
    session.rollback()
    survey_round = session.get_one(Round, ROUND)
    every = accounting.transitions(session, survey_round, COMMUNE)
    began = set(session.scalars(select(StartRow.household_id).filter_by(commune_id=COMMUNE, round_id=ROUND)))
    start, met = ({one.household_id for one in every if one.origin is origin} for origin in Origin)
    assert start == began
    assert not start & met
    ends = Counter(one.state for one in every)
    assert len(start) + len(met) == sum(ends[end] for end in EndState) + ends[None] == len(every)
    listed = session.execute(
        select(RegisterEntry.state, RegisterEntry.submission_id).filter_by(commune_id=COMMUNE, round_id=ROUND)
    ).all()
    judged = {one.submission_id: one for one in session.scalars(select(Assessment).filter_by(commune_id=COMMUNE))}
    accepted = [judged.get(row.submission_id) for row in listed if row.state == RegisterState.ACCEPTED]
    classified = sum(one is not None and one.household_class is not None for one in accepted)
    refused = sum(one is not None and one.household_class is None and one.refused for one in accepted)
    tally = report(session, Condition(ROUND, (COMMUNE,)), by_village=True).total
    assert tally.register == len(listed) == sum(tally.states[one] for one in RegisterState)
    assert tally.number(Basis.FINAL, CountBase.ACCEPTED) == len(accepted)
    parts = {base: tally.number(Basis.FINAL, base) for base in bases.PARTS}
    assert list(parts.values()) == [classified, refused, len(accepted) - classified - refused]
    assert parts == closing.accepted_parts(session, ROUND, COMMUNE)
    assert sum(tally.figure(Basis.FINAL, one).households for one in HouseholdClass) == classified


def began_with(session: Session, household_class: str) -> list[int]:
    """The households and persons of a class on the list that was frozen when the round began."""
    rows = session.scalars(select(StartRow).filter_by(commune_id=COMMUNE, round_id=ROUND)).all()
    of = [one for one in rows if one.household_class == household_class]
    return [len(of), sum(one.persons or 0 for one in of)]


def ended_with(session: Session, household_class: str) -> list[int]:
    """Those whose interview came to that class, of who is on the round's list."""
    found = (
        select(func.count(), func.coalesce(func.sum(Assessment.persons), 0))
        .select_from(RegisterEntry)
        .join(Assessment, OF_COUNTED)
        .join(Household, Household.id == RegisterEntry.household_id)
        .where(RegisterEntry.commune_id == COMMUNE, RegisterEntry.round_id == ROUND)
        .where(Household.commune_id == COMMUNE, Household.state == "present")
        .where(Assessment.household_class == household_class)
    )  # fmt: skip
    return [int(each) for each in session.execute(found).one()]

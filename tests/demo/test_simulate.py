"""Invented communes of any size: what is stored is what the real way in would have stored, the same at every making."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import Engine, Text, func, select, type_coerce
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import (
    Account,
    Assessment,
    AuditEvent,
    Base,
    CommuneCounter,
    Deprivation,
    Household,
    HouseholdOutcome,
    Member,
    Receipt,
    RegisterEntry,
    RegisterEvent,
    RosterRow,
    Round,
    RoundCommune,
    StartRow,
    Submission,
)
from models.database import open_engine
from survey.canonical import canonical
from survey.demo import shapes, simulate, stories, year
from survey.demo.answers import DemoHousehold
from survey.demo.commands import simulate as command
from survey.demo.living import make_living
from survey.demo.people import Family
from survey.demo.shapes import make_shape
from survey.demo.year import marry_and_die
from survey.evidence.signing import Signer
from survey.intake.envelope import read_entry
from survey.problems import Problem
from survey.register import event_log
from survey.review import outcomes
from survey.rounds import accounting, log, proof, proof_file
from survey.rounds.end_states import COLUMNS, flows
from survey.rounds.freezing import indicators_of_import
from survey.submissions.derive import rebuild
from survey.terms import Area, HouseholdClass, OutcomeState
from tests.poverty.households import household_form
from tests.world import NOW

pytestmark = pytest.mark.thorough
SIGNER = Signer(Ed25519PrivateKey.generate().private_bytes_raw())
COMMUNES, HOUSEHOLDS, ROUNDS, SHAPES, SEED = 2, 130, 2, 40, 21
EVENTS = {"enter", "died", "married_in", "married_out", "died_out", "duplicate", "merge", "identified", "move", "split"}
OUTCOMES = {"absent", "refused", "moved_away", "not_found", "died_out", "duplicate"}


def make(engine: Engine, seed: int, households: int = HOUSEHOLDS) -> simulate.Simulated:
    """Few households to which everything happens: of the shares that are made otherwise it would need thousands."""
    with pytest.MonkeyPatch.context() as patched:
        often = {fate: max(2_500, min(60 * share, 60_000)) for fate, share in stories.SHARES.items()}
        patched.setattr(stories, "SHARES", often | {stories.Fate.TOLD: 60_000})
        often = {kind: max(2_500, 8 * share) for kind, share in simulate.WITHOUT_INTERVIEW.items()}
        patched.setattr(simulate, "WITHOUT_INTERVIEW", often)
        patched.setattr(shapes, "FALLS_BACK", 1.0)
        patched.setattr(year, "BRINGS_HOME", 0.5)
        patched.setattr(simulate, "OF_VILLAGE", 20)  # of both areas, with others to move to
        return _made(engine, seed, households)


def _made(engine: Engine, seed: int, households: int) -> simulate.Simulated:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        said, seasons, form = simulate.begin(session, NOW, communes=COMMUNES, rounds_back=ROUNDS, seed=seed)
    made = simulate.make_shapes(form, SHAPES, seed, seasons)
    filled = []
    for commune_id, share in zip(said.communes, simulate.shares(households, COMMUNES), strict=True):
        with Session(engine, expire_on_commit=False) as session, session.begin():
            filled.append(simulate.fill(session, commune_id, share, made, seasons, SIGNER, seed))
    for step in simulate.years(filled, seasons):
        with Session(engine, expire_on_commit=False) as session, session.begin():
            step(session)
    with Session(engine) as session:
        simulate.count(session, said)
    return said


@pytest.fixture(scope="module")
def simulated(databases: Any) -> Iterator[tuple[Engine, simulate.Simulated]]:
    url = databases.empty()
    engine = open_engine(url)
    upgrade(engine)
    yield engine, make(engine, SEED)
    engine.dispose()
    databases.drop(url)


@pytest.fixture
def there(simulated: tuple[Engine, simulate.Simulated]) -> Iterator[Session]:
    with Session(simulated[0]) as session:
        yield session


def everything(session: Session) -> dict[str, list[str]]:
    """Every row of every table, JSON read: the order of its keys says nothing; nor how often anybody had a turn."""
    found = {}
    for table in Base.metadata.sorted_tables:
        rows = session.execute(select(*(one for one in table.c if one is not CommuneCounter.__table__.c.turns))).all()
        found[table.name] = sorted(json.dumps(list(row), sort_keys=True, default=str) for row in rows)
    return found


def test_rebuild_changes_nothing(there: Session) -> None:
    before = everything(there)
    there.expunge_all()
    log.rebuild(there)
    assert rebuild(there) == there.scalar(select(func.count()).select_from(Submission))
    there.flush()
    after = everything(there)
    there.rollback()
    assert {name for name in before if before[name] != after[name]} == set()


def test_the_register_is_whole_and_its_log_chained(there: Session, simulated: Any) -> None:
    assert [event_log.broken(there, one) for one in simulated[1].communes] == [None, None]
    for commune_id in simulated[1].communes:
        events = there.scalars(select(RegisterEvent).filter_by(commune_id=commune_id).order_by(RegisterEvent.seq)).all()
        written = [event.at for event in events]
        assert written == sorted(written)  # as a log is: what was known when, its numbers tell
        entered = {event.household_id for event in events if event.kind == "enter"}
        entered |= {event.other_id for event in events if event.kind == "split" and event.other_id}
        assert entered == set(there.scalars(select(Household.id).filter_by(commune_id=commune_id)))
    counted = [there.scalar(select(func.count()).select_from(one)) for one in (Member, Submission)]
    assert [simulated[1].persons, simulated[1].interviews] == counted
    assert simulated[1].households == there.scalar(select(func.count(Household.id.distinct()))) > HOUSEHOLDS


def test_everything_happens_that_happens_in_a_register(there: Session) -> None:
    assert set(there.scalars(select(RegisterEvent.kind))) >= EVENTS
    assert set(there.scalars(select(HouseholdOutcome.kind))) == OUTCOMES
    without_a_reason = there.scalars(select(RegisterEvent).where(RegisterEvent.reason.is_(None))).all()
    assert {event.kind for event in without_a_reason} == {"enter"}  # of who came from another commune it is the move's


def test_nobody_is_met_who_was_told_under_another_code(there: Session) -> None:
    """Who was told to be born or to have married is the one whom the next interview lists."""
    coming = select(RegisterEvent).where(RegisterEvent.kind.in_(["born", "married_in"]))
    met = set(there.scalars(select(RosterRow.person_id)))
    told = [event.person_id for event in there.scalars(coming)]
    assert told
    assert set(told) <= met
    assert set(there.scalars(select(type_coerce(RosterRow.doubts, Text)))) == {"[]"}


def test_a_head_who_died_has_an_heir(there: Session) -> None:
    """Told to the commune, the register names the heir and the next interview finds them head, without the dead."""
    died = there.scalars(select(RegisterEvent).filter_by(kind="died")).all()
    succeeded = [one for one in died if "head" in one.payload]
    assert succeeded
    for event in succeeded:
        interviews = (
            select(Submission).join(Round, Round.id == Submission.round_id).order_by(Round.year)
            .where(Submission.household_id == event.household_id, Round.opens_on > event.effective_on)
        )  # fmt: skip
        found = there.scalars(interviews).first()
        assert found is not None
        members = json.loads(found.content)["answers"]["thanh_vien"]
        heads = [(one["ma_nk"], one["ho_ten"]) for one in members if one["quan_he"] == "chu_ho"]
        judged = there.get_one(Assessment, (found.commune_id, found.id))
        assert heads == [(event.payload["head"], judged.head_name)]
        assert event.person_id not in {one["ma_nk"] for one in members}


def test_a_head_of_whose_death_nobody_told_is_found_out_by_the_interview(there: Session) -> None:
    told = set(there.scalars(select(RegisterEvent.household_id).where(RegisterEvent.kind != "enter")))
    others = [one for one in there.scalars(select(Household)) if one.id not in told]
    changed = [one for one in others if one.head_name != one.base_head_name]
    assert changed
    for one in changed:
        members = select(Member).filter_by(commune_id=one.commune_id, household_id=one.id)
        names = {member.full_name: member.values["quan_he"] for member in there.scalars(members)}
        assert (names[one.head_name], one.base_head_name in names) == ("chu_ho", False)


def test_every_interview_has_one_head_and_no_mistake(there: Session) -> None:
    for one in there.scalars(select(Submission)):
        members = json.loads(one.content)["answers"]["thanh_vien"]
        assert [member["quan_he"] for member in members].count("chu_ho") == 1
    problems = there.scalars(select(Assessment.problems))
    assert {one["severity"] for each in problems for one in each} <= {"warning"}
    assert 1 in set(there.scalars(select(Assessment.persons)))  # somebody who lives alone


@pytest.mark.parametrize(
    ("kin", "heir", "then"),
    [
        ([("vo_chong", "nu", 60), ("con", "nam", 35), ("dau_re", "nu", 33)], 0, ["chu_ho", "con", "dau_re"]),
        ([("con", "nu", 30), ("con", "nam", 35), ("dau_re", "nu", 33)], 1, ["chu_ho", "anh_chi_em", "vo_chong"]),
        ([("con", "nu", 30), ("con", "nu", 35), ("bo_me", "nu", 80)], 1, ["chu_ho", "anh_chi_em", "ong_ba"]),
        ([("con", "nu", 10), ("bo_me", "nu", 70), ("bo_me", "nam", 75)], 2, ["chu_ho", "chau", "vo_chong"]),
    ],
)
def test_the_eldest_of_the_nearest_kin_is_head_then(kin: list[Any], heir: int, then: list[str]) -> None:
    day = date(2025, 10, 1)
    family = Family(Random(1), "thai", 0.5, day)
    family.add("chu_ho", "nam", 50, "Lò")
    for relation, sex, age in kin:
        family.add(relation, sex, age, "Lò")
    household = DemoHousehold("h", 1, list(family.members), make_living(Random(1), 0.5, 4, urban=False))
    expected = family.members[1 + heir]
    dead = marry_and_die(NobodyByChance(), household, day, head_dies=True)
    assert (dead, household.head.id) == ([family.members[0].id], expected.id)
    assert [one.relation for one in household.members] == then


def test_a_head_without_an_heir_lives_on() -> None:
    day = date(2025, 10, 1)
    family = Family(Random(1), "thai", 0.5, day)
    family.add("chu_ho", "nam", 50, "Lò")
    family.add("chau", "nu", 12, "Lò")
    household = DemoHousehold("h", 1, list(family.members), make_living(Random(1), 0.5, 2, urban=False))
    assert marry_and_die(NobodyByChance(), household, day, head_dies=True) == []
    assert household.members == family.members


class NobodyByChance(Random):
    def random(self) -> float:
        return 0.999


def test_what_is_written_down_at_once_is_what_the_form_says_of_it() -> None:
    """Last year's indicators of a household that was entered are those that freezing a round would find."""
    form, seasons = household_form(), [(date(2024, 9, 1), date(2024, 12, 14)), (date(2025, 9, 1), date(2025, 12, 14))]
    shape = make_shape(form, 3, Area.RURAL, 1, seasons)
    answers = json.loads(shape.base_answers.of({}))
    for number, (opens, _) in enumerate(seasons):
        assert json.loads(shape.base_indicators(number)) == indicators_of_import(answers, form, opens)


def test_an_outcome_is_as_a_phone_would_have_said_it_and_decided_by_another(there: Session) -> None:
    for one in there.scalars(select(HouseholdOutcome)):
        entry = read_entry(json.loads(one.content))
        assert (entry.faults, entry.odd, entry.content.hash, entry.content.text) == (
            (),
            False,
            one.content_hash,
            one.content,
        )
        assert entry.no_interview is not None
        assert (entry.no_interview.kind, entry.no_interview.reason) == (one.kind, one.reason)
        assert (list(entry.no_interview.attempts), entry.finalised_at) == (one.attempts, one.said_at)
        heard = outcomes.find(there, one.commune_id, one.id)
        assert heard.said.state is OutcomeState.CONFIRMED
        assert heard.last is not None
        assert heard.last.by != one.account_id
        assert not outcomes.lacks_visits(there, heard)
        receipt = there.get_one(Receipt, (one.commune_id, one.entry_id, one.content_hash))
        assert SIGNER.sign_text(receipt.body).signature == receipt.signature
    done = there.scalars(select(AuditEvent.subject).where(AuditEvent.verb == "outcome.confirm"))
    assert set(done) == set(there.scalars(select(HouseholdOutcome.id)))


def test_every_round_is_accepted_in_every_commune_with_every_household(there: Session) -> None:
    assert set(there.scalars(select(RoundCommune.state))) == {"accepted"}
    assert set(there.scalars(select(Round.state))) == {"closed"}
    assert [one.year for one in there.scalars(select(Round).order_by(Round.year))] == [2024, 2025]
    assert there.scalar(select(func.count()).select_from(RegisterEntry)) > HOUSEHOLDS * (ROUNDS - 0.5)
    without = select(RegisterEntry.household_id).where(RegisterEntry.state != "accepted")
    assert set(there.scalars(without)) <= set(there.scalars(select(HouseholdOutcome.household_id)))
    changes = select(RegisterEntry.commune_id, RegisterEntry.change)
    assert max(Counter(there.execute(changes).all()).values()) == 1


def test_every_round_is_proved_with_all_households_at_its_beginning(there: Session, simulated: Any) -> None:
    proofs = []
    begun = Counter(there.execute(select(StartRow.round_id, StartRow.commune_id)).all())
    for survey_round in there.scalars(select(Round)).all():
        for commune_id in simulated[1].communes:
            proofs.append(proof.make(there, survey_round, commune_id, SIGNER, NOW))
    there.flush()
    found = proof_file.verify(proof.file_of(there, proofs))
    assert (found.holds, found.faults) == (True, [])
    assert sorted(body["counts"]["start"] for body in found.bodies) == sorted(begun.values())
    assert [proof.differences(there, one) for one in proofs] == [[]] * (COMMUNES * ROUNDS)
    there.rollback()


def test_the_flow_adds_up_and_every_way_is_gone(there: Session, simulated: Any) -> None:
    gone: Counter[int] = Counter()
    for survey_round in there.scalars(select(Round)).all():
        for commune_id in simulated[1].communes:
            found = accounting.transitions(there, survey_round, commune_id)
            assert None not in {one.state for one in found}
            for line in flows(found, lambda _village: "commune")["commune"].values():
                assert line.households.holds
                assert line.persons.holds
                gone.update({column: abs(number) for column, number in line.households.columns.items()})
    assert {column for column, number in gone.items() if number} == set(COLUMNS)


def test_a_round_opens_with_what_the_one_before_found(there: Session) -> None:
    first, second = there.scalars(select(Round.id).order_by(Round.year))
    for entry in there.scalars(select(RegisterEntry).where(RegisterEntry.round_id == second)):
        former = there.get(RegisterEntry, (entry.commune_id, first, entry.household_id))
        if former is None or former.submission_id is None:
            continue
        found = there.get_one(Assessment, (entry.commune_id, former.submission_id))
        rows = there.scalars(select(Deprivation).where(Deprivation.submission_id == former.submission_id))
        assert entry.opening_class == found.household_class
        assert entry.opening_indicators == {row.indicator: int(row.deprived) for row in rows}
        assert len(entry.opening_indicators) == 12


def test_what_came_is_hashed_and_signed_as_it_would_have_been(there: Session) -> None:
    for one in there.scalars(select(Submission).limit(20)):
        assert (canonical(json.loads(one.content)).hash, canonical(json.loads(one.content)).text) == (
            one.content_hash, one.content,
        )  # fmt: skip
        receipt = there.get_one(Receipt, (one.commune_id, one.entry_id, one.content_hash))
        assert SIGNER.sign_text(receipt.body).signature == receipt.signature


def test_nobody_is_told_by_a_mark_and_nobody_can_be_real(there: Session) -> None:
    for table in Base.metadata.sorted_tables:
        for row in there.execute(select(table)):
            assert not re.search("Zq[a-z]+qZ", str(tuple(row))), table.name
    numbers = [(one.commune_id, one.values.get("cccd")) for one in there.scalars(select(Member))]
    given = [one for one in numbers if one[1]]
    assert all(str(number).startswith("999") for _, number in given)
    assert max(Counter(given).values()) == 1


def test_classes_are_spread_and_every_one_judged(there: Session) -> None:
    classes = Counter(there.scalars(select(Assessment.household_class)))
    assert set(classes) == set(HouseholdClass)
    assert set(there.scalars(select(Assessment.illustrative))) == {False}
    assert set(there.scalars(select(Assessment.phone_agrees))) == {True}


def test_the_same_seed_makes_the_same_people_and_answers(databases: Any, simulated: Any) -> None:
    def told(engine: Engine) -> list[Any]:
        with Session(engine) as session:
            people = select(Household.code, Household.head_name, Household.current_class).order_by(Household.code)
            hashes = select(Submission.content_hash).order_by(Submission.content_hash)
            said = select(HouseholdOutcome.content_hash).order_by(HouseholdOutcome.content_hash)
            every = [*session.scalars(hashes), *session.scalars(said)]
            return [tuple(row) for row in session.execute(people)] + every

    url = databases.empty()
    engine = open_engine(url)
    upgrade(engine)
    make(engine, SEED)
    assert told(engine) == told(simulated[0])
    engine.dispose()
    databases.drop(url)


def test_real_data_is_never_joined(there: Session) -> None:
    with pytest.raises(Problem, match="conflict"):
        simulate.begin(there, NOW, communes=1, rounds_back=1, seed=1)
    there.rollback()


def test_the_command_refuses_a_place_that_has_accounts(app: Flask, session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(Account))
    result = app.test_cli_runner().invoke(command, ["--households", "10"])
    assert result.exit_code == 1
    assert "cơ sở dữ liệu trống" in result.output
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Account)) == before

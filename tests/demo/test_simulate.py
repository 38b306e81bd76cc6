"""Invented communes of any size: what is stored is what the real way in would have stored, the same at every making."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import (
    Account,
    Assessment,
    Base,
    CommuneCounter,
    Deprivation,
    Household,
    Member,
    Receipt,
    RegisterEntry,
    RegisterEvent,
    Round,
    RoundCommune,
    Submission,
)
from models.database import open_engine
from survey.canonical import canonical
from survey.demo import simulate
from survey.demo.commands import simulate as command
from survey.evidence.signing import Signer
from survey.problems import Problem
from survey.register import event_log
from survey.rounds import log, proof, proof_file
from survey.submissions.derive import rebuild
from survey.terms import HouseholdClass
from tests.world import NOW

pytestmark = pytest.mark.thorough
SIGNER = Signer(Ed25519PrivateKey.generate().private_bytes_raw())
COMMUNES, HOUSEHOLDS, ROUNDS = 2, 130, 2


def make(engine: Engine, seed: int, households: int = HOUSEHOLDS) -> simulate.Simulated:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        said, seasons, form = simulate.begin(session, NOW, communes=COMMUNES, rounds_back=ROUNDS, seed=seed)
    shapes = simulate.make_shapes(form, 16, seed, seasons)
    for commune_id, share in zip(said.communes, simulate.shares(households, COMMUNES), strict=True):
        with Session(engine, expire_on_commit=False) as session, session.begin():
            simulate.fill(session, commune_id, share, shapes, seasons, SIGNER, seed, said)
    return said


@pytest.fixture(scope="module")
def simulated(databases: Any) -> Iterator[tuple[Engine, simulate.Simulated]]:
    url = databases.empty()
    engine = open_engine(url)
    upgrade(engine)
    yield engine, make(engine, 7)
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
    assert rebuild(there) == HOUSEHOLDS * ROUNDS
    there.flush()
    after = everything(there)
    there.rollback()
    assert {name for name in before if before[name] != after[name]} == set()


def test_the_register_is_whole_and_its_log_chained(there: Session, simulated: Any) -> None:
    assert [event_log.broken(there, one) for one in simulated[1].communes] == [None, None]
    counted = [there.scalar(select(func.count()).select_from(one)) for one in (Household, RegisterEvent, Submission)]
    assert counted == [HOUSEHOLDS, HOUSEHOLDS, HOUSEHOLDS * ROUNDS]
    assert simulated[1].persons == there.scalar(select(func.count()).select_from(Member))


def test_every_round_is_accepted_in_every_commune_with_every_household(there: Session) -> None:
    assert set(there.scalars(select(RoundCommune.state))) == {"accepted"}
    assert set(there.scalars(select(Round.state))) == {"closed"}
    assert [one.year for one in there.scalars(select(Round).order_by(Round.year))] == [2024, 2025]
    assert there.scalar(select(func.count()).select_from(RegisterEntry)) == HOUSEHOLDS * ROUNDS
    assert set(there.scalars(select(RegisterEntry.state))) == {"accepted"}
    changes = select(RegisterEntry.commune_id, RegisterEntry.change)
    assert max(Counter(there.execute(changes).all()).values()) == 1


def test_every_round_is_proved_with_all_households_at_its_beginning(there: Session, simulated: Any) -> None:
    proofs = []
    for survey_round in there.scalars(select(Round)).all():
        for commune_id in simulated[1].communes:
            proofs.append(proof.make(there, survey_round, commune_id, SIGNER, NOW))
    there.flush()
    found = proof_file.verify(proof.file_of(there, proofs))
    assert (found.holds, found.faults) == (True, [])
    assert {body["counts"]["start"] for body in found.bodies} == {HOUSEHOLDS // COMMUNES}
    assert [proof.differences(there, one) for one in proofs] == [[]] * (COMMUNES * ROUNDS)
    there.rollback()


def test_a_round_opens_with_what_the_one_before_found(there: Session) -> None:
    first, second = there.scalars(select(Round.id).order_by(Round.year))
    for entry in there.scalars(select(RegisterEntry).where(RegisterEntry.round_id == second).limit(20)):
        former = there.get_one(RegisterEntry, (entry.commune_id, first, entry.household_id))
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
            return [tuple(row) for row in session.execute(people)] + list(session.scalars(hashes))

    url = databases.empty()
    engine = open_engine(url)
    upgrade(engine)
    make(engine, 7)
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

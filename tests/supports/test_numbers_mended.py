"""A member's identity number that was typed wrong and mended: whoever has that number in truth loses nothing by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from survey.register.event_log import Done
from survey.supports import giving, reading
from survey.terms import PlanMeasure
from tests.given import blind
from tests.supports import test_numbers
from tests.supports.test_counted import counted
from tests.supports.test_numbers import (
    FATHER,
    HERE,
    ONE,
    TODAY,
    TWO,
    job,
    number,
    refusal,
    taken,
    to_member,
    to_worker,
)
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
catalogue, acts = test_numbers.catalogue, test_numbers.acts


def test_the_true_owner_of_a_number_that_was_mended_is_given_it(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, TWO)  # typed wrong
    mother = to_member(session, next(acts))
    assert refusal(to_worker, session, next(acts), OTHER_COMMUNE, TWO) == ("support_given", [mother.id])
    number(session, HERE, ONE)
    worker = to_worker(session, next(acts), OTHER_COMMUNE, TWO)
    assert mother.person_number == blind(ONE)
    assert taken(session) == {f"p:{mother.person_id}": mother.id, "n:băm-1": mother.id, "n:băm-2": worker.id}
    for one in (mother, worker):
        line = reading.one(session, one.commune_id, one.id)
        assert line is not None and not line.is_double
    assert refusal(to_worker, session, next(acts)) == ("support_given", [mother.id])  # hers by her own number now


def test_looking_at_it_before_it_is_saved_writes_nothing(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, TWO)
    mother = to_member(session, next(acts))
    number(session, HERE, ONE)
    worker = giving.Worker("Ai Đó", "1990", blind(TWO))
    one = giving.Given(OTHER_COMMUNE, "the_bhyt", "ct2026", "1", mother.given_on, worker=worker)
    found = giving.examine(session, one, TODAY, blind)
    assert (found.rule, list(found.earlier)) == (None, [])
    assert mother.person_number == blind(TWO) and not session.dirty


def test_a_number_that_still_stands_is_in_the_way(session: Session, acts: Iterator[Done]) -> None:
    """What was mended is of another member: hers is what it was."""
    number(session, HERE, ONE)
    mother = to_member(session, next(acts))
    number(session, HERE, TWO, FATHER)
    assert refusal(to_worker, session, next(acts), OTHER_COMMUNE) == ("support_given", [mother.id])


def test_a_number_that_moved_to_another_member_is_the_others(session: Session, acts: Iterator[Done]) -> None:
    """It was the father's: he is given his card as a member, and then it is he who has it."""
    number(session, HERE, ONE)
    mother = to_member(session, next(acts))
    number(session, HERE, TWO)
    number(session, HERE, ONE, FATHER)
    father = to_member(session, next(acts), HERE, FATHER)
    assert refusal(to_worker, session, next(acts), OTHER_COMMUNE) == ("support_given", [father.id])
    giving.reverse(session, COMMUNE, father.id, next(acts))
    worker = to_worker(session, next(acts), OTHER_COMMUNE)
    assert taken(session) == {f"p:{mother.person_id}": mother.id, "n:băm-2": mother.id, "n:băm-1": worker.id}


def test_both_are_counted_where_the_number_was_mended(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, TWO)
    to_member(session, next(acts), **job(3))
    number(session, HERE, ONE)
    to_worker(session, next(acts), OTHER_COMMUNE, TWO, **job(4))
    session.commit()
    share = counted(session, PlanMeasure.JOBS_OF_POOR, place="14")[-1]
    assert (share.numerator, share.denominator) == (1, 2)

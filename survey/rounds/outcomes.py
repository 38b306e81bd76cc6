"""What people said became of households without an interview, as a closing counts it: the one place that reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Round
from survey.outcome_steps import OPEN
from survey.outcomes import cases
from survey.terms import EndState, OutcomeState

Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Unasked:
    """The households without an interview, by commune: of which a second person confirmed what became of them, and
    which wait for that."""

    confirmed: Mapping[str, Collection[str]]
    waiting: Mapping[str, Collection[str]]


def confirmed(session: Session, round_id: str, commune_id: str) -> dict[str, EndState]:
    """What a second person confirmed, by household."""
    found = cases.confirmed(session, commune_id, round_id)
    return {household_id: EndState(kind.value) for household_id, kind in found.items()}


def unasked(session: Session, survey_round: Round, communes: Collection[str]) -> Unasked:
    """Of the households on the round's list in `communes`."""
    found: dict[OutcomeState, dict[str, set[str]]] = {OutcomeState.CONFIRMED: {}, OutcomeState.WAITING: {}}
    for case in cases.of_rounds(session, survey_round.id, communes):
        state = case.standing.state
        if case.interview in OPEN and state in found and case.of.household_id:
            found[state].setdefault(case.of.commune_id, set()).add(case.of.household_id)
    return Unasked(found[OutcomeState.CONFIRMED], found[OutcomeState.WAITING])


def is_of(
    households: Mapping[str, Collection[str]],
    commune_id: InstrumentedAttribute[str],
    household_id: InstrumentedAttribute[str],
) -> ColumnElement[bool]:
    """Whether a row, by its two columns, is of one of `households`."""
    return or_(false(), *(and_(commune_id == one, household_id.in_(those)) for one, those in households.items()))

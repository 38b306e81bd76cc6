"""Where each round stands in a commune: what every room asks that takes, tells or counts an interview."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from models import RegisterEntry, Round, RoundCommune, RoundRequest, RoundStep
from survey.round_steps import Standing, Step, stands_after
from survey.terms import CommuneState, RoundAction, RoundKind


class Days(NamedTuple):
    """The first and the last day that a round has in a commune."""

    opens_on: date
    closes_on: date

    @property
    def length(self) -> int:
        return (self.closes_on - self.opens_on).days + 1

    def passed(self, today: date) -> int:
        """How many of them are over by the end of yesterday."""
        return min(max((today - self.opens_on).days, 0), self.length)

    def even_pace(self, expected: int, today: date) -> int:
        """How many of `expected` are done by the end of yesterday at an even pace; all after the last day."""
        return expected * self.passed(today) // self.length


# What a query over register entries joins `RoundCommune` by.
OF_ENTRY: ColumnElement[bool] = and_(
    RoundCommune.commune_id == RegisterEntry.commune_id, RoundCommune.round_id == RegisterEntry.round_id
)


def standing(session: Session, round_id: str | None, commune_id: str) -> RoundCommune | None:
    """Where the round stands in the commune; None when it never was to be there, or there is no such round."""
    return session.get(RoundCommune, (commune_id, round_id)) if round_id else None


def state_of(session: Session, round_id: str | None, commune_id: str) -> CommuneState | None:
    found = standing(session, round_id, commune_id)
    return CommuneState(found.state) if found else None


def is_open(session: Session, round_id: str | None, commune_id: str) -> bool:
    """Whether interviews of the commune are taken in the round, and decided on."""
    return state_of(session, round_id, commune_id) is CommuneState.OPEN


def days_of(session: Session, survey_round: Round, commune_id: str) -> Days:
    """The days of a round in a commune; the round's own where it never was to be there."""
    found = standing(session, survey_round.id, commune_id) or survey_round
    return Days(found.opens_on, found.closes_on)


def open_ids(commune_id: str) -> Select[str]:
    """The ids of the rounds that are open in a commune, as a query."""
    return select(RoundCommune.round_id).where(
        RoundCommune.commune_id == commune_id, RoundCommune.state == CommuneState.OPEN.value
    )


def open_in(session: Session, commune_id: str, kind: RoundKind | None = None) -> list[Round]:
    """The rounds that are open in a commune (of one kind), by id."""
    query = (
        select(Round)
        .join(RoundCommune, RoundCommune.round_id == Round.id)
        .where(RoundCommune.commune_id == commune_id, RoundCommune.state == CommuneState.OPEN.value)
        .order_by(Round.id)
    )
    return list(session.scalars(query.where(Round.kind == kind.value) if kind else query))


def standing_request(commune_id: Any, round_id: Any, household_id: Any) -> Select[str]:
    """The papers that ask for a household in an ad-hoc round, were not taken back, and were not answered with no by the
    quick identification; each is a value or a column."""
    return select(RoundRequest.id).where(
        RoundRequest.commune_id == commune_id,
        RoundRequest.round_id == round_id,
        RoundRequest.household_id == household_id,
        RoundRequest.taken_back_at.is_(None),
        RoundRequest.quick_passed.is_not(False),
    )


def not_accepted(session: Session, round_id: str, communes: Collection[str], at: datetime | None = None) -> set[str]:
    """Those of `communes` whose figures are provisional: the province has not accepted them in the round, or had not
    by an instant."""
    if at is not None:
        then = standings_at(session, round_id, communes, at)
        return {one for one in communes if one not in then or then[one].state is not CommuneState.ACCEPTED}
    accepted = select(RoundCommune.commune_id).where(
        RoundCommune.round_id == round_id, RoundCommune.state == CommuneState.ACCEPTED.value
    )
    return set(communes) - set(session.scalars(accepted))


def standings_at(session: Session, round_id: str, communes: Collection[str], at: datetime) -> dict[str, Standing]:
    """Where a round stood at an instant in some communes, by the log of its steps; one in which it was not yet to be is
    not among them."""
    steps = select(RoundStep).where(
        RoundStep.round_id == round_id, RoundStep.commune_id.in_(sorted(communes)), RoundStep.at <= at
    )
    taken: dict[str, list[Step]] = {}
    for row in session.scalars(steps.order_by(RoundStep.commune_id, RoundStep.seq)):
        step = Step(RoundAction(row.action), row.at, row.account_id, row.reason, row.opens_on, row.closes_on)
        taken.setdefault(row.commune_id, []).append(step)
    found = {commune_id: stands_after(those) for commune_id, those in taken.items()}
    return {commune_id: one for commune_id, one in found.items() if one is not None}

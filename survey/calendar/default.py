"""Which round is meant where nobody names one: the one rule, for phones, desk, files, import and Collect alike.

It is the periodic round of the year that is open there. What is opened beside it or later takes its place nowhere by
itself: an ad-hoc round (thường xuyên) and a trial stand beside it, and next year's waits for its year.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Round, RoundCommune
from survey.terms import CommuneState, RoundKind


class Known(NamedTuple):
    """A round, and where it stands in some of the communes asked about."""

    round: Round
    states: frozenset[CommuneState]

    @property
    def is_open(self) -> bool:
        return CommuneState.OPEN in self.states

    @property
    def is_begun(self) -> bool:
        return self.states != {CommuneState.PLANNED}

    @property
    def is_cancelled(self) -> bool:
        return self.states == {CommuneState.CANCELLED}


def rank(one: Known, today: date) -> tuple[bool, bool, bool, bool, bool, int, int, str]:
    """The smallest is meant: what counts and was not taken back, periodic before ad-hoc, no trial, of this year or
    before, open there, then the nearest year, the later beginning."""
    found = one.round
    return (
        one.is_cancelled,
        found.kind != RoundKind.PERIODIC,
        found.trial,
        found.year > today.year,
        not one.is_open,
        abs(today.year - found.year),
        -found.opens_on.toordinal(),
        found.id,
    )


def rounds_in(session: Session, communes: Collection[str] | None, today: date) -> list[Known]:
    """The rounds that are or were to be in any of `communes` (None: anywhere), the one that is meant first."""
    query = select(RoundCommune.round_id, RoundCommune.state).distinct()
    if communes is not None:
        query = query.where(RoundCommune.commune_id.in_(sorted(communes)))
    states: dict[str, set[CommuneState]] = {}
    for round_id, state in session.execute(query):
        states.setdefault(round_id, set()).add(CommuneState(state))
    found = session.scalars(select(Round).where(Round.id.in_(sorted(states)))) if states else ()
    known = [Known(one, frozenset(states[one.id])) for one in found]
    return sorted(known, key=lambda one: rank(one, today))


def meant(
    session: Session,
    communes: Collection[str] | None,
    today: date,
    *,
    form_id: str | None = None,
    is_open: bool = False,
) -> Round | None:
    """The round that is meant in `communes` (None: anywhere): one asked with `form_id`, one that `is_open` there."""
    for one in rounds_in(session, communes, today):
        if (form_id is None or one.round.form_id == form_id) and (one.is_open or not is_open):
            return one.round
    return None

"""Of which classes a household was in the rounds before one: whether it is poor again, or for the first time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from models import RegisterEntry, Round
from models.database import chunks
from survey.terms import RegisterState


def classes_before(
    session: Session, survey_round: Round, commune_id: str, households: Collection[str] | None = None
) -> dict[str, list[str]]:
    """Of each household of the commune (or of those named), as the rounds before this one stand today. Kept with its
    place on the list (`once`), since an earlier round may be opened again and mended when this one has long been
    decided."""
    earlier = (
        select(
            RegisterEntry.household_id,
            RegisterEntry.opening_class,
            RegisterEntry.household_class,
            RegisterEntry.state,
        )
        .join(Round, Round.id == RegisterEntry.round_id)
        .where(
            RegisterEntry.commune_id == commune_id,
            Round.id != survey_round.id,
            Round.opens_on < survey_round.opens_on,
            ~Round.trial,
        )
    )
    of = RegisterEntry.household_id
    named = [true()] if households is None else [of.in_(chunk) for chunk in chunks(households)]
    found: dict[str, set[str]] = defaultdict(set)
    for those in named:
        for id, opening, became, state in session.execute(earlier.where(those)):
            found[id] |= {one for one in (opening, became if state == RegisterState.ACCEPTED else None) if one}
    return {id: sorted(those) for id, those in found.items()}

"""The list that a round begins with in a commune, frozen as rows that never change: what every count starts from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import insert, select, true
from sqlalchemy.orm import Session

from models import OF_COUNTED, Assessment, RegisterEntry, Round, StartRow
from models.database import chunks
from survey.register.last_year import members_in
from survey.terms import RegisterState


def freeze(session: Session, round_id: str, commune_id: str) -> None:
    """Keep the households that stand on the round's register now as the ones that it began with."""
    session.flush()  # the entries just made are read next
    once = classes_before(session, session.get_one(Round, round_id), commune_id)
    entries = select(RegisterEntry).filter_by(commune_id=commune_id, round_id=round_id)
    rows = [
        {
            "commune_id": commune_id,
            "round_id": round_id,
            "household_id": entry.household_id,
            "village_id": entry.village_id,
            "household_class": entry.opening_class,
            # Nobody listed is not nobody there.
            "persons": len(members_in(entry.opening_answers)) or None,
            "once": once.get(entry.household_id, []),
        }
        for entry in session.scalars(entries.order_by(RegisterEntry.household_id))
    ]
    if rows:
        session.execute(insert(StartRow), rows)


def classes_before(
    session: Session, survey_round: Round, commune_id: str, households: Collection[str] | None = None
) -> dict[str, list[str]]:
    """Of which classes each household (or those named) was in the rounds before this one, as they stand today. Kept
    with the list, since an earlier round may be opened again and mended when this one has long been decided."""
    earlier = (
        select(RegisterEntry.household_id, RegisterEntry.opening_class, Assessment.household_class, RegisterEntry.state)
        .join(Round, Round.id == RegisterEntry.round_id)
        .outerjoin(Assessment, OF_COUNTED)
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

"""The households of a cell of tables 2 and 3: who a commune proved to have come, gone or stayed so.

The proof of the closing names each household by its leaf; the same arithmetic that made the cell says which leaves make
it. So as many stand here as the cell counts, and of the persons as many.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, ProofLeaf, Round
from models.database import chunks
from survey.rounds.end_states import Transition, flows
from survey.rounds.joined_flow import proved
from survey.rounds.proof_file import transition_of
from survey.terms import EndState, HouseholdClass, LeafPart

MEASURES = {2: HouseholdClass.POOR, 3: HouseholdClass.NEAR_POOR}


class FlowCell(NamedTuple):
    """`number`: of the table; `village_id` None: the line of the whole commune."""

    commune_id: str
    number: int
    column: int
    in_persons: bool
    village_id: str | None = None
    either: bool = False  # columns 6 and 7, which nobody can tell apart, stand together in 7


class Moved(NamedTuple):
    """`counts`: as how many households or persons it stands in the cell; `before`, `after`: its classes."""

    household_id: str
    counts: int
    state: EndState | None
    before: HouseholdClass | None
    after: HouseholdClass | None
    code: str = ""
    head_name: str = ""
    village_id: str = ""


def moved(session: Session, survey_round: Round, cell: FlowCell) -> list[Moved]:
    """Those of a cell, by code. Nobody where the commune is not closed with a proof."""
    found = {one.household_id: one for one in _counted(session, survey_round, cell)}
    known: dict[str, tuple[str, str, str]] = {}
    for chunk in chunks(found):
        query = select(Household.id, Household.code, Household.head_name, Household.village_id)
        query = query.where(Household.commune_id == cell.commune_id, Household.id.in_(chunk))
        known |= {id: (code, name, village) for id, code, name, village in session.execute(query)}
    named = []
    for one in found.values():
        code, head_name, village_id = known.get(one.household_id, ("", "", ""))
        named.append(one._replace(code=code, head_name=head_name, village_id=village_id))
    return sorted(named, key=lambda one: (one.code, one.household_id))


def _counted(session: Session, survey_round: Round, cell: FlowCell) -> Iterator[Moved]:
    place = cell.village_id or cell.commune_id
    for one in transitions(session, survey_round, cell.commune_id):
        lines = flows([one], lambda village: village if cell.village_id else cell.commune_id)
        both = lines.get(place, {}).get(MEASURES[cell.number])
        if both is None:
            continue
        columns = (both.persons if cell.in_persons else both.households).columns
        counts = columns[cell.column] + (columns[6] if cell.either and cell.column == 7 else 0)
        if counts:
            before = one.start.household_class if one.start else one.came_as
            after = one.end.household_class if one.end else None
            yield Moved(one.household_id, counts, one.state, before, after)


def transitions(session: Session, survey_round: Round, commune_id: str) -> Iterator[Transition]:
    """What the commune's last closing proved of each household; none while it is open."""
    _, proofs = proved(session, survey_round, [commune_id])
    for made in proofs.values():
        query = select(ProofLeaf.household_id, ProofLeaf.leaf).filter_by(
            commune_id=made.commune_id, round_id=made.round_id, revision=made.revision, part=LeafPart.END.value
        )
        for household_id, leaf in session.execute(query):
            yield transition_of(json.loads(leaf), household_id)

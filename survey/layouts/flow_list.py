"""The households of a cell of tables 2 and 3: who a commune proved to have come, gone or stayed so.

The proof of the closing names each household by its leaf; the same arithmetic that made the cell says which leaves make
it. So as many stand here as the cell counts, and of the persons as many.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, ProofLeaf, Round
from models.database import chunks
from survey.rounds.end_states import Flows, Transition, flows, joined, netted
from survey.rounds.joined_flow import proved, told_of_several
from survey.rounds.proof_file import transition_of
from survey.terms import EndState, HouseholdClass, HouseholdState, LeafPart

MEASURES = {2: HouseholdClass.POOR, 3: HouseholdClass.NEAR_POOR}


class FlowCell(NamedTuple):
    """`number`: of the table; `village_id` None: the line of the whole commune; `commune_id` "": of all communes
    together, `between`: of who moved from one of them to another."""

    commune_id: str
    number: int
    column: int
    in_persons: bool
    village_id: str | None = None
    either: bool = False  # columns 6 and 7, which nobody can tell apart, stand together in 7
    between: bool = False

    def counts(self, both: Flows) -> int:
        """How many stand in it, of a line."""
        columns = (both.persons if self.in_persons else both.households).columns
        return columns[self.column] + (columns[6] if self.either and self.column == 7 else 0)


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
    commune_id: str = ""


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
        named.append(one._replace(code=code, head_name=head_name, village_id=village_id, commune_id=cell.commune_id))
    return sorted(named, key=lambda one: (one.code, one.household_id))


def _counted(session: Session, survey_round: Round, cell: FlowCell) -> Iterator[Moved]:
    place = cell.village_id or cell.commune_id
    for one in transitions(session, survey_round, cell.commune_id):
        lines = flows([one], lambda village: village if cell.village_id else cell.commune_id)
        both = lines.get(place, {}).get(MEASURES[cell.number])
        if both is None:
            continue
        if counts := cell.counts(both):
            yield _moved(one, counts)


def _moved(one: Transition, counts: int) -> Moved:
    before = one.start.household_class if one.start else one.came_as
    return Moved(one.household_id, counts, one.state, before, one.end.household_class if one.end else None)


def moved_between(session: Session, survey_round: Round, communes: Collection[str], cell: FlowCell) -> list[Moved]:
    """Who moved from one of `communes` to another and stands in the lines of both, and otherwise in the line of all of
    them: with what is to be added to the sum of the lines. With the code and village of where it is now."""
    found = {}
    for household_id, told in told_of_several(session, survey_round, communes).items():
        if counts := cell.counts(netted({household_id: told}, "")[MEASURES[cell.number]]):
            found[household_id] = _moved(joined(told)[0], counts)
    named: dict[str, Household] = {}
    for chunk in chunks(found):
        query = select(Household).where(Household.id.in_(chunk), Household.commune_id.in_(communes))
        there = sorted(session.scalars(query), key=lambda one: one.state == HouseholdState.PRESENT)
        named |= {one.id: one for one in there}  # where it lives comes last
    made = [
        one._replace(code=at.code, head_name=at.head_name, village_id=at.village_id, commune_id=at.commune_id)
        if (at := named.get(id)) else one
        for id, one in found.items()
    ]  # fmt: skip
    return sorted(made, key=lambda one: (one.code, one.household_id))


def transitions(
    session: Session, survey_round: Round, commune_id: str, at: datetime | None = None
) -> Iterator[Transition]:
    """What the commune's last closing proved of each household, by an instant (None: now); none while it is open."""
    _, proofs = proved(session, survey_round, [commune_id], at)
    for made in proofs.values():
        query = select(ProofLeaf.household_id, ProofLeaf.leaf).filter_by(
            commune_id=made.commune_id, round_id=made.round_id, revision=made.revision, part=LeafPart.END.value
        )
        for household_id, leaf in session.execute(query):
            yield transition_of(json.loads(leaf), household_id)

"""The flow of an area whose communes are proved one by one: what each proved, added up, and moves between them netted.

A household that moved from one of them to another stands in column 4 there and 8 here, and in neither for the area:
its leaves in the proofs of both are read as one. Only communes that are closed, with the proof of that closing, are
counted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, ProofLeaf, RegisterEntry, Round, RoundCommune, RoundProof, StartRow
from models.database import chunks
from survey.calendar.standing import standings_at
from survey.clocks import instant
from survey.round_steps import Standing
from survey.rounds import log
from survey.rounds.end_states import COUNTED, Flows, Transition, netted
from survey.rounds.proof import IS_CLOSED, latest_of
from survey.rounds.proof_file import read, transition_of, written
from survey.terms import CommuneState, HouseholdState, LeafPart

_ELSEWHERE = (HouseholdState.MOVED.value, HouseholdState.WITHDRAWN.value)  # there once, or not after all


@dataclass
class JoinedFlow:
    """`communes`, `villages`: the lines of each as it was proved; `whole`: of the area (all as `proof_file.written`).
    `missing`: communes of the round that are not counted, by where they stand: not closed, or closed without a proof of
    it; `provisional`: counted, and not accepted by the province. `moved`: households that more than one commune told
    of."""

    communes: dict[str, dict[str, Any]] = field(default_factory=dict)
    villages: dict[str, dict[str, Any]] = field(default_factory=dict)
    whole: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, CommuneState] = field(default_factory=dict)
    provisional: list[str] = field(default_factory=list)
    moved: int = 0
    trial: bool = False
    illustrative: bool = False


def joined_flow(
    session: Session, survey_round: Round, communes: Collection[str], at: datetime | None = None
) -> JoinedFlow:
    """The flow of a round in `communes`, as one area, as it was proved by an instant (None: now). Those where it never
    was to be, was cancelled, or has nobody are none of it."""
    found, proofs = proved(session, survey_round, communes, at)
    whole = {measure: Flows() for measure in COUNTED}
    for lines in found.communes.values():
        for measure, both in read(lines).items():
            whole[measure].add(both)
    told = _told_twice(session, survey_round, proofs)
    for measure, both in netted(told, "").items():
        whole[measure].add(both)
    found.whole, found.moved = written(whole), len(told)
    return found


def proved(
    session: Session, survey_round: Round, communes: Collection[str], at: datetime | None = None
) -> tuple[JoinedFlow, dict[str, RoundProof]]:
    """What each of `communes` proved by an instant, not yet added up, and by what; which of them are not counted."""
    found, proofs = JoinedFlow(), {}
    settled = log.settled(session, survey_round.id, StartRow, RegisterEntry)
    rows = _stood(session, survey_round, communes, at)
    closed = [commune_id for commune_id, row in rows.items() if row.state in IS_CLOSED]
    made_of = latest_of(session, survey_round.id, closed, at)
    for commune_id, row in rows.items():
        if row.state == CommuneState.CANCELLED:
            continue
        made = made_of.get(commune_id)
        body = json.loads(made.body) if made is not None else None
        if made is not None and body is not None and _is_of_closing(row, body):
            proofs[commune_id] = made
            found.provisional += [commune_id] if row.state == CommuneState.CLOSED else []
            found.communes[commune_id] = body["flow"]["commune"]
            found.villages |= body["flow"]["villages"]
            found.trial, found.illustrative = found.trial or body["trial"], found.illustrative or body["illustrative"]
        elif commune_id in settled:
            found.missing[commune_id] = CommuneState(row.state)
    return found, proofs


def _stood(
    session: Session, survey_round: Round, communes: Collection[str], at: datetime | None
) -> Mapping[str, RoundCommune | Standing]:
    """By commune, in order, where the round stands or stood."""
    rows = {row.commune_id: row for row in log.rows_of(session, survey_round) if row.commune_id in set(communes)}
    if at is None:
        return rows
    then = standings_at(session, survey_round.id, communes, at)
    return {commune_id: then[commune_id] for commune_id in rows if commune_id in then}


def _is_of_closing(row: RoundCommune | Standing, body: dict[str, Any]) -> bool:
    """Whether a proof is of the closing as it stands: the commune may have been closed again without one."""
    return bool(body["closed_at"] == (instant(row.closed_at) if row.closed_at else None))


def told_of_several(
    session: Session, survey_round: Round, communes: Collection[str], at: datetime | None = None
) -> dict[str, list[Transition]]:
    """By household, what each of several of `communes` proved of it; one that a single commune knows is not among
    them."""
    return _told_twice(session, survey_round, proved(session, survey_round, communes, at)[1])


def _told_twice(session: Session, survey_round: Round, proofs: dict[str, RoundProof]) -> dict[str, list[Transition]]:
    """By household, what the proofs tell of those that stand in more than one: whoever moved is off one register. Where
    it is now comes last."""
    left: set[tuple[str, str]] = set()
    for chunk in chunks(proofs):
        moved = select(Household.commune_id, Household.id).where(
            Household.commune_id.in_(chunk), Household.state.in_(_ELSEWHERE)
        )
        left |= {(row.commune_id, row.id) for row in session.execute(moved)}
    off = {id for _, id in left}
    told: dict[str, list[Transition]] = {}
    for chunk in chunks(off):
        leaves = select(ProofLeaf).where(
            ProofLeaf.round_id == survey_round.id, ProofLeaf.household_id.in_(chunk), ProofLeaf.part == LeafPart.END
        )
        of_chunk = session.scalars(leaves.order_by(ProofLeaf.commune_id)).all()
        for leaf in sorted(of_chunk, key=lambda one: (one.commune_id, one.household_id) not in left):
            proof = proofs.get(leaf.commune_id)
            if proof is not None and proof.revision == leaf.revision:
                transition = transition_of(json.loads(leaf.leaf), leaf.household_id)
                told.setdefault(leaf.household_id, []).append(transition)
    return {household_id: those for household_id, those in told.items() if len(those) > 1}

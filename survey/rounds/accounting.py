"""The households of a round in a commune, read as what `end_states` takes: the one reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OF_COUNTED, Assessment, Household, RegisterEntry, RegisterGone, Round, StartRow
from models.database import chunks
from survey.calendar.standing import standing_request
from survey.members import members_in
from survey.register import event_log, ledger
from survey.rounds import outcomes
from survey.rounds.end_states import Facts, Interviewed, Side, Transition, transition
from survey.terms import EndState, HouseholdClass, HouseholdState, RegisterKind, RegisterState, RoundKind

_BACK = (RegisterKind.RESTORE, RegisterKind.UNMERGE)


def transitions(session: Session, survey_round: Round, commune_id: str, until: int | None = None) -> list[Transition]:
    """What became of each household of the commune, by their codes. `until`: as the register's log said when this event
    was its last, which is what a closed commune was closed with; None: as it says now."""
    said = outcomes.confirmed(session, survey_round.id, commune_id)
    return [transition(one) for one in facts(session, survey_round, commune_id, said, until)]


def facts(
    session: Session,
    survey_round: Round,
    commune_id: str,
    confirmed: Mapping[str, EndState],
    until: int | None = None,
) -> list[Facts]:
    """Each household that the round began with there or that was met in it, by code. `confirmed`: the outcomes of those
    that were not interviewed."""
    start = start_of(session, survey_round, commune_id)
    entries = {row.household_id: row for row in _entries(session, survey_round, commune_id)}
    gone = _gone(session, survey_round, commune_id)
    households = _households(session, commune_id, {*start, *entries, *gone})
    known = [one for one in event_log.events_of(session, commune_id) if until is None or one.seq <= until]
    register = ledger.fold(known).households
    openings = gone | entries
    # What was decided does not follow an earlier round that is opened again later.
    arrived, once = _history(households, known, {id: one.once for id, one in openings.items()})
    found = []
    for household_id, household in households.items():
        entry = entries.get(household_id)
        standing = register.get(household_id)  # None: its entering was undone
        state = standing.state if standing is not None else HouseholdState.WITHDRAWN
        taken_back = survey_round.kind == RoundKind.AD_HOC and entry is None and household_id not in start
        if taken_back and state is HouseholdState.PRESENT:
            continue  # nobody asks for it any more
        opening = openings.get(household_id)
        side = start.get(household_id)
        if side is not None and opening is not None:  # what was corrected of last year since
            side = side._replace(household_class=_class(opening.opening_class))
        found.append(
            Facts(
                household_id,
                household.code,
                entry.village_id if entry is not None else (standing or household).village_id,
                state,
                side,
                RegisterState(entry.state) if entry is not None else None,
                _interviewed(entry),
                confirmed.get(household_id),
                _class(opening.opening_class) if opening is not None else None,
                household_id in arrived,
                once.get(household_id, frozenset()),
                bool(survey_round.standard),
            )
        )
    return sorted(found, key=lambda one: (one.code, one.household_id))


def start_of(session: Session, survey_round: Round, commune_id: str) -> dict[str, Side]:
    """A periodic round's list was frozen when it opened; of an ad-hoc one it is the papers that ask."""
    own = {"commune_id": commune_id, "round_id": survey_round.id}
    if survey_round.kind == RoundKind.PERIODIC:
        frozen = session.scalars(select(StartRow).filter_by(**own))
        return {row.household_id: Side(row.village_id, _class(row.household_class), row.persons) for row in frozen}
    found: dict[str, Side] = {}
    gone, entries = select(RegisterGone).filter_by(**own), select(RegisterEntry).filter_by(**own)
    left, listed = (  # others are asked no further
        standing_request(commune_id, survey_round.id, column).exists()
        for column in (RegisterGone.household_id, RegisterEntry.household_id)
    )
    rows: list[RegisterGone | RegisterEntry] = [
        *session.scalars(gone.where(left).order_by(RegisterGone.change)),
        *session.scalars(entries.where(listed)),
    ]
    for row in rows:
        persons = len(members_in(row.opening_answers)) or None
        found[row.household_id] = Side(row.village_id, _class(row.opening_class), persons)
    return found


def _entries(session: Session, survey_round: Round, commune_id: str) -> Iterable[Any]:
    return session.execute(
        select(
            RegisterEntry.household_id,
            RegisterEntry.village_id,
            RegisterEntry.state,
            RegisterEntry.opening_class,
            RegisterEntry.once,
            Assessment.submission_id,
            Assessment.household_class,
            Assessment.persons,
            Assessment.refused,
        )
        .outerjoin(Assessment, OF_COUNTED)
        .where(RegisterEntry.commune_id == commune_id, RegisterEntry.round_id == survey_round.id)
    )


def _gone(session: Session, survey_round: Round, commune_id: str) -> dict[str, RegisterGone]:
    """Of each household that left a list of the round, the last."""
    rows = select(RegisterGone).filter_by(commune_id=commune_id, round_id=survey_round.id)
    return {row.household_id: row for row in session.scalars(rows.order_by(RegisterGone.change))}


def _households(session: Session, commune_id: str, ids: Iterable[str]) -> dict[str, Household]:
    found: dict[str, Household] = {}
    for chunk in chunks(ids):
        rows = select(Household).where(Household.commune_id == commune_id, Household.id.in_(chunk))
        found |= {one.id: one for one in session.scalars(rows)}
    return found


def _history(
    ids: Iterable[str], known: Sequence[ledger.Event], before: Mapping[str, Iterable[str]]
) -> tuple[set[str], dict[str, frozenset[HouseholdClass]]]:
    """Who came by a move from another commune, by a split or back onto the register; and of which classes each was, as
    the events `known` tell, and `before` of earlier rounds."""
    wanted, arrived = set(ids), set()
    once: dict[str, set[HouseholdClass]] = {}

    def was(household_id: str | None, said: Any) -> None:
        if household_id in wanted and (named := _class(said)) is not None:
            once.setdefault(str(household_id), set()).add(named)

    for event in ledger.live(known):
        if event.kind in _BACK:
            arrived.add(event.household_id)
        elif event.enters:
            came = event.kind is RegisterKind.SPLIT or "from" in event.payload
            arrived |= {event.enters} if came else set()
            was(event.enters, event.payload.get("class"))
        elif event.kind is RegisterKind.CORRECT:
            was(event.household_id, event.payload.get("class"))
    for household_id, those in before.items():
        for one in those:
            was(household_id, one)
    return arrived, {household_id: frozenset(those) for household_id, those in once.items()}


def _interviewed(row: Any) -> Interviewed | None:
    if row is None or row.submission_id is None:
        return None
    return Interviewed(_class(row.household_class), row.persons, row.refused)


def _class(said: str | None) -> HouseholdClass | None:
    return HouseholdClass(said) if said else None

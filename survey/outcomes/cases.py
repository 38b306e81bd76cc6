"""Which outcome households have in a round: what was said, decided and interviewed, read in one query and folded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from models import (
    Household,
    HouseholdOutcome,
    OutcomeDecision,
    RegisterEntry,
    RegisterEvent,
    Round,
    RoundCommune,
    SubmissionStatus,
)
from survey.outcome_steps import LEAVING, Decision, Said, Standing, standing
from survey.terms import (
    CommuneState,
    OutcomeAction,
    OutcomeKind,
    OutcomeState,
    QuarantineReason,
    RegisterKind,
    RegisterState,
)

_R = RegisterKind
# By these a household is on the list again or at another place; by these it leaves: undone, it is back.
_COMING = (_R.MOVE, _R.RESTORE, _R.UNMERGE)
_GOING = (_R.MOVE, _R.MERGE, _R.DISSOLVE, _R.DIED_OUT, _R.DUPLICATE, _R.TEST)


class Of(NamedTuple):
    """A household in a round of a commune."""

    commune_id: str
    round_id: str | None
    household_id: str | None


@dataclass(frozen=True)
class Case:
    """`said` in the order of arrival; `interview`: where the household stands in the round by its interviews, None
    where it is not on the round's list (any more). `village_id`: where it is, or was when it left; `returned_at`: when
    its interview was sent back to be mended, None where none was."""

    of: Of
    said: tuple[Said, ...]
    interview: RegisterState | None
    village_id: str | None
    returned_at: datetime | None = None

    @property
    def interviewed(self) -> bool:
        return self.interview is RegisterState.ACCEPTED

    @property
    def standing(self) -> Standing:
        return standing(self.said, interviewed=self.interviewed, since=self.returned_at)

    @property
    def counted(self) -> Said | None:
        """What is counted of it: what stands, but nothing confirmed while an interview waits for a person to look at
        it."""
        stands = self.standing
        return None if self.interview is RegisterState.RECEIVED and stands.confirmed else stands.which

    @property
    def confirmed(self) -> OutcomeKind | None:
        """The end state of the household in the round; none while an interview waits for a person to look at it."""
        which = self.counted
        return which.kind if which is not None and which.state is OutcomeState.CONFIRMED else None

    @property
    def sent_back(self) -> Said | None:
        """What was sent back last, where nothing else stands and no interview was sent back after it."""
        found = [one for one in self.said if one.state is OutcomeState.SENT_BACK and one.is_after(self.returned_at)]
        return found[-1] if found and self.standing.which is None else None

    @property
    def told(self) -> Said | None:
        """What is to be told of the household without an interview: what stands, else what was sent back last."""
        return None if self.interviewed else self.standing.which or self.sent_back

    def one(self, outcome_id: str) -> Said:
        return next(one for one in self.said if one.id == outcome_id)


def confirmed(session: Session, commune_id: str, round_id: str) -> dict[str, OutcomeKind]:
    """The end states of a round in a commune that are no interviews, by household: each was said by one person and
    confirmed by another. A household whose interview was accepted, or waits for a person, is none of them."""
    found = of_round(session, commune_id, round_id)
    return {case.of.household_id or "": kind for case in found if (kind := case.confirmed)}


def of_round(session: Session, commune_id: str, round_id: str) -> list[Case]:
    """Each household of which something was said in a round."""
    return _cases(session, HouseholdOutcome.commune_id == commune_id, HouseholdOutcome.round_id == round_id)


def of_rounds(session: Session, round_id: str, communes: Collection[str]) -> list[Case]:
    """The same for several communes at once."""
    return _cases(session, HouseholdOutcome.commune_id.in_(communes), HouseholdOutcome.round_id == round_id)


def of_some(session: Session, commune_id: str, round_id: str, household_ids: Collection[str]) -> list[Case]:
    """The same of some households alone."""
    given = (HouseholdOutcome.commune_id == commune_id, HouseholdOutcome.round_id == round_id)
    return _cases(session, *given, HouseholdOutcome.household_id.in_(household_ids)) if household_ids else []


def heard_of(session: Session, commune_id: str, round_id: str) -> set[str]:
    """The households of which something was said in a round, as it names them: not all are known."""
    said = select(HouseholdOutcome.household_id).where(
        HouseholdOutcome.commune_id == commune_id,
        HouseholdOutcome.round_id == round_id,
        HouseholdOutcome.household_id.is_not(None),
    )
    return {id for id in session.scalars(said) if id is not None}


def heard_in(session: Session, commune_id: str, household_id: str) -> list[str]:
    """The rounds in which something was said of a household, of those that there are."""
    said = select(HouseholdOutcome.round_id).where(
        HouseholdOutcome.commune_id == commune_id, HouseholdOutcome.household_id == household_id
    )
    return list(session.scalars(select(Round.id).where(Round.id.in_(said)).order_by(Round.id)))


def of_households(session: Session, commune_id: str, household_ids: Collection[str]) -> dict[Of, Case]:
    """Of some households, in whatever round."""
    given = (HouseholdOutcome.commune_id == commune_id, HouseholdOutcome.household_id.in_(household_ids))
    return {case.of: case for case in _cases(session, *given)} if household_ids else {}


def of_outcome(session: Session, row: HouseholdOutcome) -> Case:
    """The household and round that an outcome is of; one that could not be read is a case of its own."""
    if row.household_id is None or row.round_id is None:
        [case] = _cases(session, HouseholdOutcome.commune_id == row.commune_id, HouseholdOutcome.id == row.id)
        return case
    [case] = _cases(
        session,
        HouseholdOutcome.commune_id == row.commune_id,
        HouseholdOutcome.round_id == row.round_id,
        HouseholdOutcome.household_id == row.household_id,
    )
    return case


def _cases(session: Session, *given: ColumnElement[bool]) -> list[Case]:
    return _folded(session.execute(_WHAT_WAS_SAID.where(*given)).all())


def _came_since() -> ColumnElement[bool]:
    """Whether it was written down since the decision that the household came onto the list or lives elsewhere. What was
    entered at that very instant came before: a household is decided on once it is there."""
    event, taken_back = aliased(RegisterEvent), aliased(RegisterEvent)
    return (
        select(event.seq)
        .outerjoin(taken_back, and_(taken_back.commune_id == event.commune_id, taken_back.seq == event.voids))
        .where(
            event.commune_id == HouseholdOutcome.commune_id,
            event.household_id == HouseholdOutcome.household_id,
            or_(
                and_(event.kind == RegisterKind.ENTER, event.at > OutcomeDecision.at),
                and_(or_(event.kind.in_(_COMING), taken_back.kind.in_(_GOING)), event.at >= OutcomeDecision.at),
            ),
        )
        .correlate(HouseholdOutcome, OutcomeDecision)
        .exists()
    )


_undoing = aliased(RegisterEvent)
# Put together once: a page asks it more than once, and that takes longer than the answer.
_WHAT_WAS_SAID = (
    select(
        HouseholdOutcome,
        OutcomeDecision,
        _undoing.seq,
        RoundCommune.state,
        RegisterEntry.state,
        func.coalesce(RegisterEntry.village_id, Household.village_id),
        _came_since(),
        Round.trial,
        SubmissionStatus.updated_at,
    )
    .outerjoin(
        OutcomeDecision,
        and_(
            OutcomeDecision.commune_id == HouseholdOutcome.commune_id,
            OutcomeDecision.outcome_id == HouseholdOutcome.id,
        ),
    )
    .outerjoin(
        _undoing,
        and_(_undoing.commune_id == OutcomeDecision.commune_id, _undoing.voids == OutcomeDecision.event_seq),
    )
    .outerjoin(
        RoundCommune,
        and_(
            RoundCommune.commune_id == HouseholdOutcome.commune_id,
            RoundCommune.round_id == HouseholdOutcome.round_id,
        ),
    )
    .outerjoin(Round, Round.id == HouseholdOutcome.round_id)
    .outerjoin(
        RegisterEntry,
        and_(
            RegisterEntry.commune_id == HouseholdOutcome.commune_id,
            RegisterEntry.round_id == HouseholdOutcome.round_id,
            RegisterEntry.household_id == HouseholdOutcome.household_id,
        ),
    )
    .outerjoin(
        SubmissionStatus,
        and_(
            SubmissionStatus.commune_id == RegisterEntry.commune_id,
            SubmissionStatus.submission_id == RegisterEntry.submission_id,
            RegisterEntry.state == RegisterState.RETURNED,
        ),
    )
    .outerjoin(
        Household,
        and_(Household.commune_id == HouseholdOutcome.commune_id, Household.id == HouseholdOutcome.household_id),
    )
    .options(defer(HouseholdOutcome.content))  # as it came: read by who looks at one
    .order_by(HouseholdOutcome.received_at, HouseholdOutcome.id, OutcomeDecision.seq)
)


def _folded(
    rows: Sequence[
        Row[
            HouseholdOutcome,
            OutcomeDecision | None,
            int | None,
            str | None,
            str | None,
            str | None,
            bool,
            bool | None,
            datetime | None,
        ]
    ],
) -> list[Case]:
    said: dict[Of, dict[str, HouseholdOutcome]] = {}
    decided: dict[str, list[Decision]] = {}
    places: dict[Of, tuple[RegisterState | None, str | None, datetime | None]] = {}
    for row, decision, undoing, stands, state, village_id, came_since, trial, returned_at in rows:
        of = Of(row.commune_id, row.round_id, row.household_id)
        said.setdefault(of, {})[row.id] = row
        places[of] = RegisterState(state) if state else None, village_id, returned_at
        if decision is not None:
            # Over when the household is back on the list, by whatever way, or when the act was undone while the round
            # is open: a closed one stays as it was decided. One that moved since is to be visited where it is now.
            # In a trial nothing leaves the register, so that being on the list says nothing.
            is_open, leaves = stands == CommuneState.OPEN, row.kind in LEAVING and not trial
            is_back = state is not None and (leaves or (is_open and came_since))
            is_undone = leaves and undoing is not None and is_open
            undone = decision.action == OutcomeAction.CONFIRM and (is_back or is_undone)
            step = Decision(OutcomeAction(decision.action), decision.account_id, decision.at, decision.reason, undone)
            decided.setdefault(row.id, []).append(step)
    return [
        Case(of, tuple(_read(row, decided.get(row.id, ())) for row in found.values()), *places[of])
        for of, found in said.items()
    ]


def _read(row: HouseholdOutcome, decisions: Iterable[Decision]) -> Said:
    return Said(
        row.id,
        OutcomeKind(row.kind) if row.kind else None,
        row.account_id,
        row.received_at,
        QuarantineReason(row.held_for) if row.held_for else None,
        tuple(decisions),
    )

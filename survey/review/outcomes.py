"""What people at the desk do with an outcome that a phone said: look at all that speaks for and against it, confirm it
or send it back. Where the register has an act for it, both are done in one go: the act is shown first."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from models import Account, Household, HouseholdOutcome, OutcomeDecision, Round
from models.commune_counter import lock_commune
from models.database import rows_by_id
from survey.accounts import four_eyes
from survey.accounts.accounts import holder_of, names_of
from survey.calendar.standing import days_of, is_open
from survey.clocks import day_of, read_instant
from survey.evidence import audit
from survey.intake.envelope import read_entry
from survey.intake.outcomes import follow
from survey.intake.triage import Judge
from survey.outcome_steps import Decision, Said, objection
from survey.outcomes.cases import Case, of_households, of_outcome, of_round
from survey.problems import Problem
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish, one_line
from survey.submissions.evaluated_first import evaluated_first
from survey.terms import HouseholdState, OutcomeAction, OutcomeKind, OutcomeState, QuarantineReason, RegisterKind

_K, _R = OutcomeKind, RegisterKind
# What is written into the register with a confirmation. The others end the round and leave the household on the
# register: who is away, refused or was not found is one still, and a move to another commune is the province's.
ACT_OF: dict[OutcomeKind, RegisterKind] = {
    _K.DIED_OUT: _R.DIED_OUT,
    _K.SPLIT: _R.DISSOLVE,
    _K.MERGED: _R.MERGE,
    _K.DUPLICATE: _R.DUPLICATE,
    _K.TEST: _R.TEST,
}

# A rule of this product, no legal figure: as the phone asks for (static/app/interview/outcome.lazy.js).
VISITS, APART = 3, timedelta(hours=2)


@dataclass(frozen=True)
class Heard:
    """An outcome with what a person needs who decides: `case`: what else was said and asked of the household; `by`: who
    said it, `decided_by`: who decided; `survey_round` None: it names none that is known."""

    row: HouseholdOutcome
    case: Case
    by: str
    household: Household | None
    survey_round: Round | None
    decided_by: str | None

    @property
    def said(self) -> Said:
        return self.case.one(self.row.id)

    @property
    def last(self) -> Decision | None:
        return self.said.last

    @property
    def is_off(self) -> bool:
        """Whether the household has left the register already."""
        return self.household is not None and self.household.state != HouseholdState.PRESENT

    @property
    def act(self) -> RegisterKind | None:
        """What a confirmation writes into the register; None: nothing. What is tried out never reaches the register."""
        is_trial = self.survey_round is not None and self.survey_round.trial
        return ACT_OF.get(self.said.kind) if self.said.kind and not self.is_off and not is_trial else None

    @property
    def others(self) -> list[Said]:
        """What else was said of the household in the round and was not sent back."""
        return [one for one in self.case.said if one.id != self.row.id and one.state is not OutcomeState.SENT_BACK]

    @property
    def seen(self) -> str:
        """What a decision rests on: another one, another outcome or another interview makes it another."""
        told = [f"{one.id} {len(one.decisions)} {one.state}" for one in self.case.said]
        return hashlib.sha256("|".join([*told, str(self.case.interview)]).encode()).hexdigest()[:16]


def find(session: Session, commune_id: str, outcome_id: str) -> Heard:
    """Raises not_found."""
    row = session.get(HouseholdOutcome, (commune_id, outcome_id))
    if row is None:
        raise Problem("not_found")
    [found] = _all_heard(session, commune_id, [(outcome_id, of_outcome(session, row))])
    return found


def lacks_visits(session: Session, heard: Heard) -> bool:
    """Whether nobody was in by fewer visits than are asked for: at different times, within the days of the round."""
    if heard.said.kind is not OutcomeKind.ABSENT or heard.survey_round is None:
        return False
    days = days_of(session, heard.survey_round, heard.row.commune_id)
    counting: list[datetime] = []
    for at in sorted(at for one in heard.row.attempts if (at := read_instant(one["at"]))):
        is_within = days.opens_on <= day_of(at) <= days.closes_on
        if is_within and (not counting or at - counting[-1] >= APART):
            counting.append(at)
    return len(counting) < VISITS


@dataclass(frozen=True)
class Shelf:
    """The outcomes of a round in a state, the oldest first; `counts`: how many there are in each state."""

    found: Sequence[Heard]
    counts: dict[OutcomeState, int]


def shelf(session: Session, commune_id: str, round_id: str, state: OutcomeState) -> Shelf:
    """Those that name no round that is known are in each round."""
    every = _said_in(session, commune_id, round_id)
    counted = Counter(case.one(id).state for id, case in every)
    found = _all_heard(session, commune_id, [(id, case) for id, case in every if case.one(id).state is state])
    return Shelf(found, {one: counted[one] for one in OutcomeState})


def _said_in(session: Session, commune_id: str, round_id: str) -> list[tuple[str, Case]]:
    """Each outcome of a round by its id, and those that name none."""
    cases = [(said.id, case) for case in of_round(session, commune_id, round_id) for said in case.said]
    of_none = select(HouseholdOutcome).where(HouseholdOutcome.commune_id == commune_id, _names_no_round())
    return cases + [(row.id, of_outcome(session, row)) for row in session.scalars(of_none)]


def waiting(session: Session, commune_id: str, round_id: str) -> int:
    """How many wait for a person, but for those of households that were interviewed after all."""
    found = _said_in(session, commune_id, round_id)
    return sum(case.one(id).state is OutcomeState.WAITING and not case.interviewed for id, case in found)


def of_household(session: Session, commune_id: str, household_id: str) -> list[Heard]:
    """All that was ever said of a household, the newest first."""
    cases = of_households(session, commune_id, [household_id]).values()
    return _all_heard(session, commune_id, [(said.id, case) for case in cases for said in case.said])[::-1]


@evaluated_first
def decide(
    session: Session,
    account: Account,
    commune_id: str,
    outcome_id: str,
    action: OutcomeAction,
    done: Done,
    *,
    seen: str,
    wish: Wish | None = None,
    basis: str | None = None,
) -> None:
    """Take a decision; `seen`: see `Heard.seen`. `wish`, `basis`: the act on the register that was shown with it.

    Raises Problem: not_found, conflict, own_outcome, round_locked, outcome_held, what `objection` says, and the rule
    that stands against the act."""
    lock_commune(session, commune_id)
    heard = find(session, commune_id, outcome_id)
    reason = one_line(done.reason or "")
    if heard.seen != seen:
        raise Problem("conflict")
    check(session, account, heard, action, replace(done, reason=reason))
    event_seq = None
    if action is OutcomeAction.CONFIRM and heard.act is not None:
        if wish is None or wish.kind is not heard.act:
            raise Problem("bad_request")
        event_seq = register_acts.carry_out(session, commune_id, wish, done, seen=basis).halves[0].events[0].seq
    row = session.get_one(HouseholdOutcome, (commune_id, outcome_id))
    session.add(
        OutcomeDecision(
            commune_id=commune_id,
            outcome_id=outcome_id,
            seq=len(heard.said.decisions) + 1,
            action=action.value,
            reason=reason,
            account_id=account.id,
            at=done.at,
            event_seq=event_seq,
        )
    )
    session.flush()  # what stands is read from it
    follow(session, row)
    detail = {"commune": commune_id, "household": row.household_id}
    audit.record(session, done.at, account.id, f"outcome.{action}", outcome_id, detail)


def check(session: Session, account: Account, heard: Heard, action: OutcomeAction, done: Done) -> None:
    """Raises the Problem that stands against a decision by `account`; an act on the register is asked by itself."""
    interviewed = heard.case.interviewed
    rule = objection(heard.case.said, heard.said, action, account.id, done.reason or "", interviewed=interviewed)
    rule = rule or stands_against(session, account, heard, done.at)
    rule = rule or _locked(session, heard, action)
    if rule is not None:
        raise Problem(rule)
    if action is OutcomeAction.CONFIRM:
        _check_held(session, heard, done.at)


def stands_against(session: Session, account: Account, heard: Heard, now: datetime) -> str | None:
    """What stands against a decision by `account`; see `four_eyes.objection`."""
    return four_eyes.objection(session, account, heard.row.commune_id, came(heard), now)


def came(heard: Heard) -> four_eyes.Came:
    return four_eyes.Came(heard.row.account_id, heard.row.received_at, heard.row.device_id)


def _locked(session: Session, heard: Heard, action: OutcomeAction) -> str | None:
    """In a commune where the round is closed nobody changes what counts; what never counted may be sent back. A
    confirmation that came with an act ends with the act."""
    counts = action is not OutcomeAction.SEND_BACK or heard.row.held_for is None
    if counts and heard.survey_round is not None and not is_open(session, heard.row.round_id, heard.row.commune_id):
        return "round_locked"
    if action is OutcomeAction.TAKE_BACK and heard.said.state is OutcomeState.CONFIRMED:
        stands = select(OutcomeDecision.event_seq).where(
            OutcomeDecision.commune_id == heard.row.commune_id,
            OutcomeDecision.outcome_id == heard.row.id,
            OutcomeDecision.seq == len(heard.said.decisions),
        )
        return "outcome_act_stands" if session.scalar(stands) is not None else None
    return None


def _check_held(session: Session, heard: Heard, now: datetime) -> None:
    """What it was held for must be mended; that another thing came under its id, the person has seen."""
    if heard.row.held_for in (None, QuarantineReason.ID_REUSED):
        return
    sender = session.get_one(Account, heard.row.account_id)
    judge = Judge(session, sender, holder_of(session, sender), heard.row.commune_id, now)
    still = judge.judge_outcome(read_entry(json.loads(heard.row.content)))
    if still is not None and not (heard.is_off and still is QuarantineReason.UNKNOWN_HOUSEHOLD):
        raise Problem("outcome_held")


def _names_no_round() -> ColumnElement[bool]:
    return and_(
        HouseholdOutcome.held_for.is_not(None),
        or_(HouseholdOutcome.round_id.is_(None), HouseholdOutcome.round_id.not_in(select(Round.id))),
    )


def _all_heard(session: Session, commune_id: str, said: Iterable[tuple[str, Case]]) -> list[Heard]:
    """Outcomes by their ids, the oldest first; a shelf may hold hundreds, so that rows are read many at once."""
    cases = dict(said)
    rows = rows_by_id(session, HouseholdOutcome, commune_id, cases)
    households = rows_by_id(
        session, Household, commune_id, {row.household_id for row in rows.values() if row.household_id}
    )
    in_rounds = select(Round).where(Round.id.in_({row.round_id for row in rows.values() if row.round_id}))
    rounds = {one.id: one for one in session.scalars(in_rounds)}
    last = {id: case.one(id).last for id, case in cases.items()}
    names = names_of(session, {*(row.account_id for row in rows.values()), *(one.by for one in last.values() if one)})
    return [
        Heard(
            row,
            cases[row.id],
            names[row.account_id],
            households.get(row.household_id or ""),
            rounds.get(row.round_id or ""),
            names[decided.by] if (decided := last[row.id]) else None,
        )
        for row in sorted(rows.values(), key=lambda row: (row.received_at, row.id))
    ]

"""What phones proposed and what becomes of it: a request like any other, one more witness of one that waits already, or
something that a person looks at, because the register would not take it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Account, ChangeDecision, Household, Proposal, ProposalAnswer
from models.commune_counter import lock_commune
from survey.accounts.accounts import holder_of, names_of
from survey.evidence import audit
from survey.intake import proposals
from survey.intake.envelope import Entry, read_entry
from survey.intake.proposed import Proposed
from survey.intake.triage import Judge
from survey.names import name_key
from survey.problems import Problem
from survey.register.event_log import Done
from survey.register.ledger import Folded
from survey.review import person_acts, register_acts, requests
from survey.review.register_acts import Wish, one_line
from survey.terms import RegisterKind

MOST_WAITING = 20  # of one account about one household: whoever finds a phone fills no list of what is to be decided


@dataclass(frozen=True)
class Held:
    """A proposal that could become no request when it came. `rule`: what stands against it, as a code of
    `survey.problems`; None: `row.held_for` says it."""

    row: Proposal
    by: str
    household: Household | None
    said: Proposed

    @property
    def rule(self) -> str | None:
        return self.row.rule


def take_up(
    session: Session, commune_id: str, household_id: str, said: Proposed, account_id: str, now: datetime
) -> str:
    """The request that a proposal speaks for: a new one, or one that asks for the same already. The caller holds the
    commune's lock. Raises what stands against it."""
    if _waiting(session, commune_id, household_id, account_id) >= MOST_WAITING:
        raise Problem("proposal_many")  # before anything is tried: who waits for the commune's lock waits for this
    wish, done = _wish(session, commune_id, household_id, said), Done(account_id, now, said.reason)
    made = requests.prepare(session, commune_id, wish, done)
    same = requests.same_as(session, made)
    if same is not None:
        return same.id
    made.read = _as_shown(made.read, said)
    return requests.write(session, made, done).id


def _waiting(session: Session, commune_id: str, household_id: str, account_id: str) -> int:
    """How many proposals of an account about a household speak for a request that nobody has decided."""
    mine = (ProposalAnswer.commune_id == Proposal.commune_id) & (ProposalAnswer.proposal_id == Proposal.id)
    decided = (ChangeDecision.commune_id == ProposalAnswer.commune_id) & (
        ChangeDecision.request_id == ProposalAnswer.request_id
    )
    query = select(func.count()).select_from(Proposal).join(ProposalAnswer, mine).outerjoin(ChangeDecision, decided)
    return (
        session.scalar(
            query.where(
                Proposal.commune_id == commune_id,
                Proposal.household_id == household_id,
                Proposal.account_id == account_id,
                ProposalAnswer.request_id.is_not(None),
                ChangeDecision.request_id.is_(None),
            )
        )
        or 0
    )


def _wish(session: Session, commune_id: str, household_id: str, said: Proposed) -> Wish:
    household = session.get(Household, (commune_id, household_id))
    if household is None or said.kind is None or said.effective_on is None:
        raise Problem("not_found")
    person_id = None
    if said.person is not None:
        person_id = _person(register_acts.known_of(session, household), household.id, said)
    return Wish(said.kind, household.id, said.effective_on, None, dict(said.given), person_id)


def _person(known: Folded, household_id: str, said: Proposed) -> str:
    """Whom a proposal is about: by the code that the phone's list has, else by the name that it showed."""
    wanted = said.person or ""
    if known.people.who(wanted) is None and said.base.get("name"):
        wanted = said.base["name"]
    return person_acts.find(known, household_id, wanted)


def _as_shown(read: dict[str, object], said: Proposed) -> dict[str, object]:
    """What a request rests on, as the phone showed it: where the register says something else by then, who decides is
    shown both."""
    names = person_acts.GIVEN if said.kind is RegisterKind.PERSON else {}
    shown = {names.get(key, key): value for key, value in said.base.items()}
    return read | {
        key: value for key, value in shown.items() if key in read and name_key(str(read[key] or "")) != name_key(value)
    }


def held(session: Session, commune_id: str, start: int = 0, most: int | None = None) -> list[Held]:
    """Those that wait for a person and are no request, the oldest first; `most` of them, from `start` on."""
    query = select(Proposal).where(_is_held(commune_id)).order_by(Proposal.received_at, Proposal.id)
    return _all_held(session, list(session.scalars(query.offset(start).limit(most))))


def count_held(session: Session, commune_id: str) -> int:
    return session.scalar(select(func.count()).select_from(Proposal).where(_is_held(commune_id))) or 0


def _is_held(commune_id: str) -> ColumnElement[bool]:
    answered = select(ProposalAnswer.proposal_id).where(
        ProposalAnswer.commune_id == Proposal.commune_id, ProposalAnswer.proposal_id == Proposal.id
    )
    return (Proposal.commune_id == commune_id) & ~answered.exists()


def find(session: Session, commune_id: str, proposal_id: str) -> Held:
    """Raises not_found; proposal_answered for one that waits no more."""
    row = session.get(Proposal, (commune_id, proposal_id))
    if row is None:
        raise Problem("not_found")
    if session.get(ProposalAnswer, (commune_id, proposal_id)) is not None:
        raise Problem("proposal_answered")
    return _all_held(session, [row])[0]


def person_of(session: Session, one: Held) -> str | None:
    """The name of whom it is about, where the register knows the code."""
    if one.household is None or one.said.person is None:
        return None
    found = register_acts.known_of(session, one.household).people.who(one.said.person)
    return found.name if found is not None else None


def try_again(session: Session, commune_id: str, proposal_id: str, now: datetime) -> str:
    """The request that it became, now that what stood against it is mended. Raises what still does."""
    lock_commune(session, commune_id)
    row = find(session, commune_id, proposal_id).row
    sender, entry = session.get_one(Account, row.account_id), _entry(row)
    judge = Judge(session, sender, holder_of(session, sender), commune_id, now)
    if judge.judge_proposal(entry) is not None:  # of an id that was used before it says nothing: a person has seen it
        raise Problem("proposal_held")
    request_id = take_up(session, commune_id, str(row.household_id), entry.proposal or Proposed(), sender.id, now)
    proposals.answer(session, row, now, request_id=request_id)
    proposals.tell_phones(session, commune_id, row.household_id)
    return request_id


def set_aside(session: Session, commune_id: str, proposal_id: str, done: Done) -> None:
    """A person says to who proposed it why nothing comes of it. Raises register_reason_needed."""
    lock_commune(session, commune_id)
    row, reason = find(session, commune_id, proposal_id).row, one_line(done.reason or "")
    if not reason:
        raise Problem("register_reason_needed")
    proposals.answer(session, row, done.at, reason=reason, account_id=done.account_id)
    proposals.tell_phones(session, commune_id, row.household_id)
    detail = {"commune": commune_id, "proposal": proposal_id}
    audit.record(session, done.at, done.account_id, "proposal.set_aside", row.household_id or proposal_id, detail)


def _all_held(session: Session, rows: Sequence[Proposal]) -> list[Held]:
    names = names_of(session, {row.account_id for row in rows})
    return [
        Held(
            row,
            names[row.account_id],
            session.get(Household, (row.commune_id, row.household_id)) if row.household_id else None,
            _entry(row).proposal or Proposed(),
        )
        for row in rows
    ]


def _entry(row: Proposal) -> Entry:
    return read_entry(json.loads(row.content))

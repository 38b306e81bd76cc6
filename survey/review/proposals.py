"""What phones proposed and what becomes of it: a request like any other, one more witness of one that waits already, or
something that a person looks at, because the register would not take it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Account, ChangeDecision, Household, Proposal, ProposalAnswer
from models.commune_counter import lock_commune
from survey.accounts.accounts import holder_of, names_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.intake import proposals
from survey.intake.envelope import Entry, read_entry
from survey.intake.proposed import Proposed
from survey.intake.triage import Judge
from survey.names import name_key
from survey.problems import Problem
from survey.register.event_log import Done
from survey.register.ledger import Folded
from survey.review import household_story, person_acts, register_acts, requests
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
    wish, done = _wish(session, commune_id, household_id, said, day_of(now)), Done(account_id, now, said.reason)
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


def _wish(session: Session, commune_id: str, household_id: str, said: Proposed, today: date) -> Wish:
    household = session.get(Household, (commune_id, household_id))
    if household is None or said.kind is None or said.effective_on is None:
        raise Problem("not_found")
    known = register_acts.known_of(session, household)
    person_id = _person(known, household.id, said) if said.person is not None else None
    given = {key: value for key, value in said.given.items() if key not in ("household", "where")}
    other_id, on = None, said.effective_on
    if said.kind is RegisterKind.TRANSFERRED:
        other_id = _other(session, str(given.get("commune") or commune_id), said)
    elif "class" in given and on <= today:
        on = min(on, register_acts.day_of_last_class(session, household, known.households.get(household.id)))
    return Wish(said.kind, household.id, on, other_id, given, person_id)


def _other(session: Session, commune_id: str, said: Proposed) -> str:
    """The household where somebody lives now. Raises proposal_where while words alone say it; register_not_there."""
    household_id = str(said.given.get("household") or "")
    if not household_id and said.given.get("where"):
        raise Problem("proposal_where")
    if session.get(Household, (commune_id, household_id)) is None:
        raise Problem("register_not_there")
    return household_id


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


def named_in(session: Session, one: Held) -> dict[str, str]:
    """What it says by codes, in words: the names of people, the number and head of a household."""
    if one.household is None:
        return {}
    people = register_acts.known_of(session, one.household).people
    codes = [one.said.person or "", *(value for value in one.said.given.values() if isinstance(value, str))]
    named = {code: found.name for code in codes if (found := people.who(code)) is not None}
    there = session.get(Household, (one.row.commune_id, str(one.said.given.get("household") or "")))
    return named | ({there.id: f"{there.code} {there.head_name}"} if there is not None else {})


# What a person makes of a proposal that cannot stand as it came.
Mending = Callable[[Proposed], Proposed]


def as_it_came(said: Proposed) -> Proposed:
    return said


def gone_to(session: Session, commune_id: str, wanted: str) -> Mending:
    """A transfer whose household stood in words: to the one of this number, here or in another commune. Raises
    register_not_there."""
    there = commune_id
    try:
        try:
            household = household_story.find_other(session, commune_id, wanted)
        except Problem as refusal:
            if refusal.code != "register_other_commune":
                raise
            there = str(refusal.detail["commune"])
            household = household_story.find(session, there, wanted)
    except Problem as refusal:
        raise Problem("register_not_there") from refusal
    found = {"household": household.id} | ({"commune": there} if there != commune_id else {})
    return lambda said: replace(said, given=dict(said.given) | found)


def as_left(said: Proposed) -> Proposed:
    """A transfer to where no register of ours is: the person moved away."""
    return replace(said, kind=RegisterKind.LEFT, given={key: said.given[key] for key in ("head",) if key in said.given})


def try_again(
    session: Session,
    commune_id: str,
    proposal_id: str,
    now: datetime,
    mended: Mending = as_it_came,
) -> str:
    """The request that it became, now that what stood against it is mended, by a person (`mended`) or by time. Raises
    what still does."""
    lock_commune(session, commune_id)
    row = find(session, commune_id, proposal_id).row
    sender, entry = session.get_one(Account, row.account_id), _entry(row)
    judge = Judge(session, sender, holder_of(session, sender), commune_id, now)
    if judge.judge_proposal(entry) is not None:  # of an id that was used before it says nothing: a person has seen it
        raise Problem("proposal_held")
    said = mended(entry.proposal or Proposed())
    request_id = take_up(session, commune_id, str(row.household_id), said, sender.id, now)
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

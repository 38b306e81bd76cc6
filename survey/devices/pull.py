"""What a phone is told of the register: every change of its villages' households once, in the order of the changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select, true
from sqlalchemy.orm import Session, aliased, defer

from models import (
    Account,
    ChangeDecision,
    FormerVillage,
    Household,
    HouseholdOutcome,
    Proposal,
    ProposalAnswer,
    RegisterEntry,
    RegisterEvent,
    RegisterGone,
    Round,
    RoundCommune,
    Submission,
    SubmissionEvent,
)
from survey.accounts.accounts import names_of, villages_of
from survey.accounts.assignments import assigned
from survey.calendar.standing import OF_ENTRY
from survey.clocks import instant
from survey.outcome_steps import Said
from survey.outcomes.cases import Case, Of, of_households
from survey.register.entries import context_of_entry
from survey.register.places import periods_at, region_of
from survey.submissions.content import answers_of
from survey.terms import Action, CommuneState, ProposalState, RegisterState, RequestVerdict

LIMIT = 200
MOST_PROPOSALS = 10  # of a household


class Chunk(NamedTuple):
    """`cursor`: where the next chunk begins; `more`: whether there is one; `entries`: as in docs/sync.md."""

    cursor: int
    more: bool
    entries: list[dict[str, Any]]


def pull(session: Session, account: Account, cursor: int, limit: int, today: date) -> Chunk:
    """The register entries of the account's villages that changed after `cursor`; those of villages that it lost,
    of rounds that are not open in the commune, and what left the register, as gone."""
    commune_id = account.place_id
    villages = set(villages_of(session, account))
    lost = set(session.scalars(select(FormerVillage.village_id).where(FormerVillage.account_id == account.id)))
    limit = max(1, min(limit, LIMIT))
    query = (
        select(RegisterEntry, Household, Round, RoundCommune.state)
        .join(
            Household,
            (Household.commune_id == RegisterEntry.commune_id) & (Household.id == RegisterEntry.household_id),
        )
        .join(Round, Round.id == RegisterEntry.round_id)
        .join(RoundCommune, OF_ENTRY)
        .where(
            RegisterEntry.commune_id == commune_id,
            RegisterEntry.change > cursor,
            RegisterEntry.village_id.in_(sorted(villages | lost)),
        )
        .order_by(RegisterEntry.change)
        .limit(limit + 1)
    )
    rows = session.execute(query).all() if villages | lost else []
    periods = periods_at(session, villages, today)
    told = [entry.household_id for entry, *_ in rows[:limit]]
    said = _outcomes(session, commune_id or "", of_households(session, commune_id or "", told))
    given = assigned(session, commune_id or "", told)
    proposed = proposals_of(session, account, told)
    region = region_of(session, commune_id, today) if commune_id else None
    changes = [
        _gone(entry)
        if entry.village_id not in villages or state != CommuneState.OPEN
        else _told(session, entry, household, context_of_entry(survey_round, household, entry, periods, region))
        | {"outcome": said.get(Of(entry.commune_id, entry.round_id, entry.household_id))}
        | {"assigned": _assigned(given.get(entry.household_id), account)}
        | {"proposals": proposed.get(entry.household_id, [])}
        for entry, household, survey_round, state in rows[:limit]
    ]
    left = select(RegisterGone).where(
        RegisterGone.commune_id == commune_id,
        RegisterGone.change > cursor,
        RegisterGone.village_id.in_(sorted(villages | lost)),
    )
    gone = session.scalars(left.order_by(RegisterGone.change).limit(limit + 1)).all() if villages | lost else []
    # Both lists are in the order of the changes: what one of them has beyond its limit comes after all that is told.
    waiting = sorted([*changes, *map(_gone, gone[:limit])], key=lambda change: change["change"])
    entries = waiting[:limit]
    more = len(rows) + len(gone) > limit
    return Chunk(entries[-1]["change"] if entries else cursor, more, entries)


def _assigned(account_id: str | None, account: Account) -> str | None:
    """Whom a household was given to: "you", "other", None: nobody in particular."""
    return None if account_id is None else "you" if account_id == account.id else "other"


def _outcomes(session: Session, commune_id: str, cases: Mapping[Of, Case]) -> dict[Of, dict[str, Any]]:
    """What stands of households without an interview; of what was only sent back, the last with the words of who did
    it. An accepted interview leaves nothing to be said."""
    found = {of: which for of, case in cases.items() if (which := case.told) is not None and which.kind is not None}
    ids = [which.id for which in found.values()]
    sent = select(HouseholdOutcome.id, HouseholdOutcome.entry_id).where(
        HouseholdOutcome.commune_id == commune_id, HouseholdOutcome.id.in_(ids)
    )
    entry_ids = {row.id: row.entry_id for row in session.execute(sent)}
    names = names_of(session, {which.last.by for which in found.values() if which.last})
    return {of: _outcome(which, entry_ids[which.id], names) for of, which in found.items()}


def _outcome(which: Said, entry_id: str, names: Mapping[str, str]) -> dict[str, Any]:
    last = which.last
    return {
        "entry_id": entry_id,
        "kind": which.kind.value if which.kind else None,
        "state": which.state.value,
        "at": instant(last.at if last else which.at),
        "by": names.get(last.by, "") if last else "",
        "words": last.reason if last else "",
    }


def proposals_of(
    session: Session, account: Account, told: Sequence[str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """What an account proposed of households (None: of all) and what became of it, the newest first, of each the last
    ones."""
    of_it = (ProposalAnswer.commune_id == Proposal.commune_id) & (ProposalAnswer.proposal_id == Proposal.id)
    decided = (ChangeDecision.commune_id == ProposalAnswer.commune_id) & (
        ChangeDecision.request_id == ProposalAnswer.request_id
    )
    query = (
        select(Proposal, ProposalAnswer, ChangeDecision)
        .outerjoin(ProposalAnswer, of_it)
        .outerjoin(ChangeDecision, decided)
        .where(
            Proposal.commune_id == account.place_id,
            Proposal.account_id == account.id,
            true() if told is None else Proposal.household_id.in_(told),
            Proposal.kind.is_not(None),
        )
        .order_by(Proposal.received_at.desc(), Proposal.entry_id.desc())  # UUIDv7: by time
        .options(defer(Proposal.content))
    )
    rows = session.execute(query).all() if told is None or told else []
    undone = _undone(session, account, {decision.act for _, _, decision in rows if decision and decision.act})
    steps = [one for _, answer, decision in rows for one in (answer, decision) if one is not None]
    names = names_of(session, {one.account_id for one in (*steps, *undone.values()) if one.account_id})
    found: dict[str, list[dict[str, Any]]] = {}
    for row, answer, decision in rows:
        mine = found.setdefault(str(row.household_id), [])
        if len(mine) < MOST_PROPOSALS:
            void = undone.get(decision.act or "") if decision else None
            mine.append(_proposal(row, answer, decision, void, names))
    return found


def _undone(session: Session, account: Account, acts: set[str]) -> dict[str, RegisterEvent]:
    """By the act, the event that undid it."""
    void = aliased(RegisterEvent)
    its = (void.commune_id == RegisterEvent.commune_id) & (void.voids == RegisterEvent.seq)
    query = select(RegisterEvent.act, void).join(void, its)
    query = query.where(RegisterEvent.commune_id == account.place_id, RegisterEvent.act.in_(acts))
    return {row.act: row[1] for row in session.execute(query)} if acts else {}


def _proposal(
    row: Proposal,
    answer: ProposalAnswer | None,
    decision: ChangeDecision | None,
    undone: RegisterEvent | None,
    names: Mapping[str, str],
) -> dict[str, Any]:
    last = undone or decision or (answer if answer is not None and answer.request_id is None else None)
    state = ProposalState.WAITING if answer is not None else ProposalState.HELD
    if undone is not None:
        state = ProposalState.UNDONE
    elif last is not None:
        is_accepted = decision is not None and decision.verdict == RequestVerdict.ACCEPTED
        state = ProposalState.ACCEPTED if is_accepted else ProposalState.REFUSED
    return {
        "entry_id": row.entry_id,
        "kind": row.kind,
        "state": state.value,
        "at": instant(last.at if last is not None else row.received_at),
        "by": names.get(last.account_id or "", "") if last is not None else "",
        "words": (last.reason or "") if last is not None else "",
    }


def _gone(entry: RegisterEntry | RegisterGone) -> dict[str, Any]:
    return {"household_id": entry.household_id, "round_id": entry.round_id, "gone": True, "change": entry.change}


def _told(session: Session, entry: RegisterEntry, household: Household, context: dict[str, Any]) -> dict[str, Any]:
    return {
        "household_id": household.id,
        "round_id": entry.round_id,
        "village_id": entry.village_id,
        "code": household.code,
        "head_name": household.head_name,
        "state": entry.state,
        "change": entry.change,
        "last_class": entry.opening_class,
        "context": context,
        "last_answers": entry.opening_answers,
        "returned": _returned(session, entry) if entry.state == RegisterState.RETURNED else None,
    }


def _returned(session: Session, entry: RegisterEntry) -> dict[str, Any] | None:
    """What the supervisor sent back, and the words that came with it."""
    key = (SubmissionEvent.commune_id == entry.commune_id) & (SubmissionEvent.submission_id == entry.submission_id)
    row = session.execute(
        select(SubmissionEvent, Submission, Account.display_name)
        .join(
            Submission,
            (Submission.commune_id == SubmissionEvent.commune_id) & (Submission.id == SubmissionEvent.submission_id),
        )
        .outerjoin(Account, Account.id == SubmissionEvent.account_id)
        .where(key, SubmissionEvent.action == Action.RETURN.value)
        .order_by(SubmissionEvent.seq.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    event, submission, by = row
    return {
        "entry_id": submission.entry_id,
        "at": instant(event.at),
        "by": by or "",
        "answers": answers_of(session, submission) or {},
        "comments": event.comments or [],
    }

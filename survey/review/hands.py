"""Who had a hand in a household: who interviewed it, who reviewed and decided, who changed it or asked for a change.

Of what people did, as it is kept with what they did it to. Who only looked at the page is not written down anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import ChangeDecision, ChangeRequest, Proposal, ProposalAnswer, Submission, SubmissionEvent
from models.database import chunks
from survey.accounts.accounts import names_of
from survey.evidence.acts import REVIEW
from survey.review.outcomes import Heard
from survey.terms import Action

INTERVIEWED, SAID, PROPOSED = "interviewed", "outcome.said", "proposal.sent"
# What the program does by itself with what arrives; the interview itself stands for the rest of it.
BY_ITSELF = (Action.RECEIVE, Action.QUARANTINE)


class Hand(NamedTuple):
    """What somebody did. `account_id` None: typed at the server; `verb`: one of those above, or as the log of acts has
    it."""

    at: datetime
    account_id: str | None
    verb: str


def hands(
    session: Session,
    commune_id: str,
    household_id: str,
    written: Iterable[Hand],
    interviews: Sequence[Submission],
    heard: Sequence[Heard],
) -> list[tuple[Hand, str | None]]:
    """Each with the name of who did it, the newest first. `written`: what was written into the register of it."""
    found = [
        *written,
        *(Hand(one.received_at, one.account_id, INTERVIEWED) for one in interviews),
        *_reviewed(session, commune_id, [one.id for one in interviews]),
        *_asked(session, commune_id, household_id),
        *_proposed(session, commune_id, household_id),
    ]
    for one in heard:
        found.append(Hand(one.row.received_at, one.row.account_id, SAID))
        found += [Hand(each.at, each.by, f"outcome.{each.action}") for each in one.said.decisions]
    names = names_of(session, {one.account_id for one in found})
    newest = sorted(found, key=lambda one: (one.at, one.verb), reverse=True)
    return [(one, names.get(one.account_id or "")) for one in newest]


def _reviewed(session: Session, commune_id: str, submission_ids: Sequence[str]) -> Iterator[Hand]:
    for chunk in chunks(submission_ids):
        rows = select(SubmissionEvent.at, SubmissionEvent.account_id, SubmissionEvent.action).where(
            SubmissionEvent.commune_id == commune_id,
            SubmissionEvent.submission_id.in_(chunk),
            SubmissionEvent.action.not_in([one.value for one in BY_ITSELF]),
        )
        for at, account_id, action in session.execute(rows):
            yield Hand(at, account_id, REVIEW + action)


def _asked(session: Session, commune_id: str, household_id: str) -> Iterator[Hand]:
    """Who asked for a change of it, and who decided."""
    of_it = (ChangeDecision.commune_id == ChangeRequest.commune_id) & (ChangeDecision.request_id == ChangeRequest.id)
    rows = (
        select(ChangeRequest.at, ChangeRequest.account_id, ChangeDecision)
        .outerjoin(ChangeDecision, of_it)
        .where(ChangeRequest.commune_id == commune_id)
        .where(or_(ChangeRequest.household_id == household_id, ChangeRequest.other_id == household_id))
    )
    for at, account_id, decision in session.execute(rows):
        yield Hand(at, account_id, "request.asked")
        if decision is not None:
            yield Hand(decision.at, decision.account_id, f"request.{decision.verdict}")


def _proposed(session: Session, commune_id: str, household_id: str) -> Iterator[Hand]:
    """Who proposed a change from a phone, and who set it aside; what became a request of its own stands there."""
    of_it = (ProposalAnswer.commune_id == Proposal.commune_id) & (ProposalAnswer.proposal_id == Proposal.id)
    of_request = (ChangeRequest.commune_id == Proposal.commune_id) & (ChangeRequest.id == ProposalAnswer.request_id)
    rows = (
        select(Proposal.received_at, Proposal.account_id, ProposalAnswer, ChangeRequest.account_id)
        .outerjoin(ProposalAnswer, of_it)
        .outerjoin(ChangeRequest, of_request)
        .where(Proposal.commune_id == commune_id, Proposal.household_id == household_id)
    )
    for at, account_id, answer, asked_by in session.execute(rows):
        if asked_by != account_id:
            yield Hand(at, account_id, PROPOSED)
        if answer is not None and answer.request_id is None:
            yield Hand(answer.at, answer.account_id, "proposal.set_aside")

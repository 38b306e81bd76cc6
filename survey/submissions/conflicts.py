"""The submissions of a household in a round beside each other: who waits for whom, after each event.

`lifecycle.settle` decides; here its facts are read and its steps logged, one event each. A submission stands in the
group of the household that it is of (as attached by a person, else as it says), and is bound to those that bear its
entry id with other content, of whatever household of the commune. Another commune's are not looked at: a commune's
records are whole in themselves, wherever they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Submission, SubmissionEvent, SubmissionStatus
from survey.calendar.standing import is_open
from survey.submissions import log
from survey.submissions.content import content_of
from survey.submissions.lifecycle import CONTESTED, MOST_COMPARED, OUT, Candidate, settle
from survey.submissions.log import Act
from survey.terms import Action, QuarantineReason, SubmissionState


class Group(NamedTuple):
    """A household in a round."""

    household_id: str
    round_id: str


def group_of(session: Session, submission: Submission) -> Group | None:
    """Where a submission stands; None when it names no household or round. One that just arrived has no status yet."""
    status = session.get(SubmissionStatus, (submission.commune_id, submission.id))
    household_id = status.household_id if status is not None else submission.household_id
    return Group(household_id, submission.round_id) if household_id and submission.round_id else None


def in_group(session: Session, commune_id: str, group: Group) -> list[tuple[Submission, SubmissionStatus]]:
    """The submissions of a household in a round, in the order of their arrival."""
    rows = session.execute(
        _joined(commune_id)
        .where(SubmissionStatus.household_id == group.household_id, Submission.round_id == group.round_id)
        .order_by(Submission.received_at, Submission.id)
    )
    return [(submission, status) for submission, status in rows]


def rivals(session: Session, submission: Submission) -> list[tuple[Submission, SubmissionStatus]]:
    """The others of its household and round that are not out of the way."""
    group = group_of(session, submission)
    found = in_group(session, submission.commune_id, group) if group else []
    return [(other, status) for other, status in found if other.id != submission.id and status.state not in OUT]


def twins(session: Session, submission: Submission) -> list[tuple[Submission, SubmissionStatus]]:
    """What bears the same entry id with other content in the commune and is not out of the way."""
    rows = session.execute(
        _joined(submission.commune_id).where(
            Submission.entry_id == submission.entry_id,
            Submission.content_hash != submission.content_hash,
            SubmissionStatus.state.not_in([state.value for state in OUT]),
        )
    )
    return [(other, status) for other, status in rows]


def held_beside(session: Session, submission: Submission, group: Group) -> QuarantineReason | None:
    """What a sound submission that arrives, or is judged again, is held for because of the others of its household. Of
    more than `MOST_COMPARED` none is looked at: whoever sends a hundred of one household makes nobody wait."""
    if _is_crowded(session, submission.commune_id, group, submission) or _has_many_twins(session, submission):
        return QuarantineReason.TOO_MANY
    others = [_standing(session, *row) for row in in_group(session, submission.commune_id, group)]
    own = _fresh(session, submission)
    steps = settle([one for one in others if one.id != submission.id] + [own])
    return next((step.reason for step in steps if step.id == submission.id), None)


def settle_around(
    session: Session, submission: Submission, act: Act, *more: Group | None, arrives: bool = False
) -> None:
    """Bring to rest what a step on `submission` moves: its group, those of its twins, and `more` (the one it left). In
    a round that is closed in the commune nothing moves any more. `arrives`: no person decided on it; where many wait
    already nothing is moved then, for each of them waits for a person."""
    commune_id = submission.commune_id
    beside = [] if arrives and _has_many_twins(session, submission) else twins(session, submission)
    met = {group_of(session, one) for one in (submission, *(twin for twin, _ in beside))}
    waiting = {group for group in (*met, *more) if group is not None and is_open(session, group.round_id, commune_id)}
    while waiting:
        group = min(waiting)
        waiting.remove(group)
        if arrives and _is_crowded(session, commune_id, group):
            continue
        steps = settle([_standing(session, *row) for row in in_group(session, commune_id, group)])
        for step in steps:
            moved = session.get_one(Submission, (commune_id, step.id))
            log.step(session, moved, step.action, act, reason=step.reason)
            if step.action is Action.SUPERSEDE:  # who shared its id is free of it now
                waiting |= {found for twin, _ in twins(session, moved) if (found := group_of(session, twin))}


def vouched(session: Session, submission: Submission) -> set[str]:
    """The twins that a person knew of when this one was released: nobody need decide on them again."""
    details = session.scalars(
        select(SubmissionEvent.detail).where(
            SubmissionEvent.commune_id == submission.commune_id,
            SubmissionEvent.submission_id == submission.id,
            SubmissionEvent.action == Action.RELEASE.value,
            SubmissionEvent.detail.is_not(None),
        )
    )
    return {name for detail in details if detail for name in detail.split()}


def vouching(found: Iterable[tuple[Submission, SubmissionStatus]]) -> str | None:
    """The detail of a release that speaks for a submission over its twins."""
    return " ".join(sorted(submission.id for submission, _ in found)) or None


def _is_crowded(session: Session, commune_id: str, group: Group, besides: Submission | None = None) -> bool:
    """Whether so many undecided ones stand in a group, `besides` left aside, that another is not compared with them."""
    most = MOST_COMPARED if besides is not None else MOST_COMPARED + 1
    status = SubmissionStatus
    undecided = select(status.submission_id).where(
        status.commune_id == commune_id,
        status.household_id == group.household_id,
        status.round_id == group.round_id,
        (status.state == SubmissionState.SUBMITTED.value)
        | (status.state == SubmissionState.QUARANTINED.value) & status.reason.in_([one.value for one in CONTESTED]),
    )
    if besides is not None:
        undecided = undecided.where(status.submission_id != besides.id)
    return len(session.scalars(undecided.limit(most)).all()) == most


def _has_many_twins(session: Session, submission: Submission) -> bool:
    return len(session.scalars(_twin_ids(submission).limit(MOST_COMPARED)).all()) == MOST_COMPARED


def _twin_ids(submission: Submission) -> Select[Any]:
    counts = select(SubmissionStatus.submission_id).where(
        OF_SUBMISSION, SubmissionStatus.state.not_in([state.value for state in OUT])
    )
    return select(Submission.id).where(  # by the entry: joined, SQLite begins with all states of the commune
        Submission.commune_id == submission.commune_id,
        Submission.entry_id == submission.entry_id,
        Submission.content_hash != submission.content_hash,
        counts.correlate(Submission).exists(),
    )


def _joined(commune_id: str) -> Select[Submission, SubmissionStatus]:
    return (
        select(Submission, SubmissionStatus)
        .join(SubmissionStatus, OF_SUBMISSION)
        .where(Submission.commune_id == commune_id)
    )


def _standing(session: Session, submission: Submission, status: SubmissionStatus) -> Candidate:
    reason = QuarantineReason(status.reason) if status.reason else None
    standing = Candidate(submission.id, submission.entry_id, SubmissionState(status.state), reason)
    bound = standing.undecided or standing.state is SubmissionState.RETURNED
    return _with_ties(session, submission, standing) if bound else standing


def _fresh(session: Session, submission: Submission) -> Candidate:
    return _with_ties(session, submission, Candidate(submission.id, submission.entry_id, SubmissionState.SUBMITTED))


def _with_ties(session: Session, submission: Submission, standing: Candidate) -> Candidate:
    replaces = content_of(submission).get("replaces")
    known = set(session.scalars(_twin_ids(submission)))
    return Candidate(
        standing.id,
        standing.entry_id,
        standing.state,
        standing.reason,
        replaces if isinstance(replaces, str) else None,
        bool(known - vouched(session, submission)) if known else False,
    )

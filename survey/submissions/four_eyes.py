"""Which interviews the rule of four eyes touches: those that wait and nobody in the commune may decide on, and those
that were accepted by hands that were on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Account, CollectToken, PasswordKnown, Place, Submission, SubmissionEvent
from models import SubmissionStatus as Status
from models.database import chunks
from survey.accounts.four_eyes import Came, Hands, Rule, hands_of, rule_of
from survey.terms import Action, Role, SubmissionState

_WAITING = (SubmissionState.SUBMITTED.value, SubmissionState.QUARANTINED.value)


class Unkept(NamedTuple):
    """An accepted interview whose accepter had a hand in it, by the names of the two accounts."""

    submission_id: str
    author: str
    accepter: str
    at: datetime


def blocked(session: Session, communes: Sequence[str], round_id: str, now: datetime) -> dict[str, list[str]]:
    """The interviews by commune that wait in a round and that no supervisor there may decide on, the longest waiting
    first."""
    supervisors, rules = _supervisors(session, communes), _rules(session, communes)
    touched = _touched(session, communes)
    known = hands_of(session, {one for every in touched.values() for one in every})
    found: dict[str, list[str]] = {}
    for commune_id in communes:
        of_commune = Of(commune_id, supervisors[commune_id], touched[commune_id])
        hands = replace(known, rule=rules[commune_id])
        waiting = [
            (came.at, submission_id)
            for submission_id, came in _waiting(session, of_commune, hands, round_id, now)
            if all(hands.objection(one, came, now) for one in of_commune.supervisors)
        ]
        if waiting:
            found[commune_id] = [submission_id for _, submission_id in sorted(waiting)]
    return found


def unkept(session: Session, communes: Sequence[str], round_id: str) -> dict[str, list[Unkept]]:
    """The interviews by commune that were accepted in a round by whoever had a hand in them, whatever the rule was."""
    hands = hands_of(session, {one for every in _touched(session, communes).values() for one in every})
    authors = _with_others(hands)
    found: dict[str, list[Unkept]] = {}
    for commune_id, submission_id, came, accepter, at in _accepted(session, communes, round_id, authors):
        if hands.unkept(accepter, came, at):
            names = session.get_one(Account, came.account_id), session.get_one(Account, accepter)
            one = Unkept(submission_id, names[0].display_name, names[1].display_name, at)
            found.setdefault(commune_id, []).append(one)
    return found


def _supervisors(session: Session, communes: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {one: [] for one in communes}
    for chunk in chunks(communes):
        query = select(Account.place_id, Account.id).where(
            Account.place_id.in_(chunk), Account.role == Role.SUPERVISOR, Account.active
        )
        for commune_id, account_id in session.execute(query):
            found[str(commune_id)].append(account_id)
    return found


def _rules(session: Session, communes: Sequence[str]) -> dict[str, Rule]:
    provinces: dict[str, str | None] = {}
    for chunk in chunks(communes):
        rows = session.execute(select(Place.id, Place.parent_id).where(Place.id.in_(chunk)))
        provinces |= {commune_id: province_id for commune_id, province_id in rows}  # noqa: C416 - dict() needs tuples
    rules = {one: rule_of(session, one) for one in set(provinces.values())}
    return {commune_id: rules[province] for commune_id, province in provinces.items()}


def _touched(session: Session, communes: Sequence[str]) -> dict[str, set[str]]:
    """By commune its supervisors and the accounts that somebody else has ever known a password of."""
    found = {commune_id: set(every) for commune_id, every in _supervisors(session, communes).items()}
    known = select(Account.place_id, Account.id).join(PasswordKnown, PasswordKnown.account_id == Account.id)
    keys = select(Account.place_id, Account.id).join(CollectToken, CollectToken.account_id == Account.id)
    for chunk in chunks(communes):
        for query in (known, keys.where(CollectToken.made_by != CollectToken.account_id)):
            for commune_id, account_id in session.execute(query.where(Account.place_id.in_(chunk)).distinct()):
                found[str(commune_id)].add(account_id)
    return found


def _with_others(hands: Hands) -> set[str]:
    """Whose interviews somebody else can have had a hand in."""
    return {one for one, known in hands.known.items() if known} | {
        known.by for every in hands.known.values() for known in every
    }


_COLUMNS = Submission.commune_id, Submission.id, Submission.account_id, Submission.received_at, Submission.device_id
_WAITS = select(*_COLUMNS).join(Status, OF_SUBMISSION).where(Status.state.in_(_WAITING))


class Of(NamedTuple):
    """A commune, who reviews there, and whose accounts somebody else may hold (`_touched`)."""

    commune_id: str
    supervisors: list[str]
    touched: set[str]


def _waiting(session: Session, commune: Of, hands: Hands, round_id: str, now: datetime) -> Iterator[tuple[str, Came]]:
    """What waits in a round and can be blocked: where nobody reviews all of it, else what came by an account that each
    supervisor there is or could hold, before its hand-over where that is over."""
    there = _WAITS.where(Status.round_id == round_id, Status.commune_id == commune.commune_id)
    if not commune.supervisors:
        yield from (_read(row)[1:] for row in session.execute(there))
        return
    ends = _may_be_blocked(commune, hands, now)
    still = [one for one, end in ends.items() if end is None]
    over = {one: end for one, end in ends.items() if end is not None}
    if still:
        yield from (_read(row)[1:] for row in session.execute(there.where(Submission.account_id.in_(still))))
    if over:
        before = Submission.received_at < max(over.values())
        rows = session.execute(there.where(Submission.account_id.in_(over), before))
        yield from (_read(row)[1:] for row in rows)


def _may_be_blocked(commune: Of, hands: Hands, now: datetime) -> dict[str, datetime | None]:
    """The accounts whose interviews each of the supervisors is or could have been behind, and until when (None:
    still)."""
    held = {one: hands.on(one, now) for one in commune.supervisors}
    found: dict[str, datetime | None] = {}
    for author in sorted(commune.touched):
        if all(one == author or mine & _ever(hands, author) for one, mine in held.items()):
            ends = [known.until for known in hands.known[author]]
            lasts = author in commune.supervisors or hands.rule is Rule.FOR_GOOD or not ends or None in ends
            found[author] = None if lasts else max(end for end in ends if end is not None)
    return found


def _ever(hands: Hands, author: str) -> set[str]:
    """Everybody who could have acted as the account at any time, by whatever way."""
    found, asked = {author}, [author]
    while asked:
        fresh = {known.by for known in hands.known.get(asked.pop(), ())} - found
        found |= fresh
        asked += fresh
    return found


def _read(row: Any) -> tuple[str, str, Came]:
    return row.commune_id, row.id, Came(row.account_id, row.received_at, row.device_id)


def _accepted(
    session: Session, communes: Sequence[str], round_id: str, authors: Collection[str]
) -> Iterator[tuple[str, str, Came, str, datetime]]:
    """The accepted interviews of these authors, with who accepted them last and when."""
    last = (
        select(func.max(SubmissionEvent.seq))
        .where(
            SubmissionEvent.commune_id == Submission.commune_id,
            SubmissionEvent.submission_id == Submission.id,
            SubmissionEvent.action == Action.ACCEPT.value,
        )
        .correlate(Submission)
        .scalar_subquery()
    )
    of_it = and_(
        SubmissionEvent.commune_id == Submission.commune_id,
        SubmissionEvent.submission_id == Submission.id,
        SubmissionEvent.seq == last,
    )
    query = (
        select(*_COLUMNS, SubmissionEvent.account_id.label("accepter"), SubmissionEvent.at)
        .join(Status, OF_SUBMISSION)
        .join(SubmissionEvent, of_it)
        .where(Status.round_id == round_id, Status.state == SubmissionState.ACCEPTED.value)
        .order_by(SubmissionEvent.at, Submission.id)
    )
    for chunk in chunks(communes) if authors else ():
        for some in chunks(sorted(authors)):
            rows = query.where(Status.commune_id.in_(chunk), Submission.account_id.in_(some))
            for row in session.execute(rows):
                if row.accepter is not None:
                    yield *_read(row), row.accepter, row.at

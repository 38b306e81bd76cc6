"""Four eyes: who interviews and who accepts are two people, not only two accounts.

Whoever makes an account, or sets its password anew, knows a password of it: until it is *handed over* they could have
been at the phone. Handed over it is once its owner has chosen a password with the code of the first sign-in, and a
second person, who knew none, has spoken with the owner and confirms it. Until then both accounts have the same *hands*,
and so do accounts of accounts: whoever made the enumerator's and the supervisor's account holds both. An interview is
decided on by hands that were not on it when it came.

Who types at the server (the operator) is no hand: what an operator could do, docs/security.md says. What was known
before the rule was (`four_eyes_since`) blocks nothing and is shown beside what was accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, CollectToken, PasswordKnown, Place, ServerState
from models.database import chunks
from survey.access import may
from survey.accounts.accounts import holder_of, where_is
from survey.evidence import audit
from survey.problems import Problem
from survey.terms import Role

_SINCE, _RULE = "four_eyes_since", "four_eyes."  # of ServerState; the second with the province's code
COLLECT = "collect:"  # how the name of a phone begins that came by ODK Collect
CONFIRMING = {Role.SUPERVISOR, Role.PROVINCE, Role.ADMIN}


class Rule(StrEnum):
    """What a province has blocked: what came before the hand-over; of whomever ever made or reset the account; nothing,
    all of it is only shown."""

    UNTIL_HANDED_OVER = "until_handed_over"
    FOR_GOOD = "for_good"
    SHOWN = "shown"


class Came(NamedTuple):
    """What somebody is to decide on: by whose account it came, when, from which phone."""

    account_id: str
    at: datetime
    device_id: str = ""


class Known(NamedTuple):
    """`by` knew a password from `since` until before `until` (None: still). `key`: only what opens the way of ODK
    Collect."""

    by: str
    since: datetime
    until: datetime | None
    key: bool = False


@dataclass(frozen=True)
class Hands:
    """Who knew a password of whose account when. `begun`: since when the rule is; what was known before does not
    block."""

    known: Mapping[str, Collection[Known]] = field(default_factory=dict)
    begun: datetime | None = None
    rule: Rule = Rule.UNTIL_HANDED_OVER

    def on(self, account_id: str, at: datetime, *, collect: bool = False) -> frozenset[str]:
        """Everybody who could have acted as the account then, its owner among them."""
        return self._on(account_id, at, collect, self._blocks)

    def ever_on(self, account_id: str, at: datetime, *, collect: bool = False) -> frozenset[str]:
        """The same by what the rule would be everywhere and always: for what is shown."""
        return self._on(account_id, at, collect, lambda one, at: one.until is None or at < one.until)

    def _on(self, account_id: str, at: datetime, collect: bool, holds: object) -> frozenset[str]:
        found, asked = {account_id}, [account_id]
        while asked:
            one_account = asked.pop()
            for one in self.known.get(one_account, ()):
                through_key = not one.key or (collect and one_account == account_id)
                if one.by not in found and one.since <= at and through_key and holds(one, at):  # type: ignore[operator]
                    found.add(one.by)
                    asked.append(one.by)
        return frozenset(found)

    def _blocks(self, one: Known, at: datetime) -> bool:
        if self.rule is Rule.SHOWN or (self.begun is not None and one.since < self.begun):
            return False
        return self.rule is Rule.FOR_GOOD or one.until is None or at < one.until

    def objection(self, decider_id: str, came: Came, now: datetime) -> str | None:
        """What stands against a decision by `decider_id`, as a code of `survey.problems`."""
        if decider_id == came.account_id:
            return "own_interview"
        collect = came.device_id.startswith(COLLECT)
        shared = self.on(decider_id, now) & self.on(came.account_id, came.at, collect=collect)
        return "password_known" if shared else None

    def unkept(self, decider_id: str, came: Came, at: datetime) -> bool:
        """Whether who decided at `at` had a hand in what came, whatever the rule was then."""
        collect = came.device_id.startswith(COLLECT)
        return bool(self.ever_on(decider_id, at) & self.ever_on(came.account_id, came.at, collect=collect))


def hands_of(session: Session, ids: Iterable[str], rule: Rule = Rule.UNTIL_HANDED_OVER) -> Hands:
    """What is known of these accounts, and of those of whoever knew their passwords."""
    found: dict[str, list[Known]] = {}
    asked = set(ids)
    while asked:
        found |= {one: [] for one in asked}
        for chunk in chunks(sorted(asked)):
            for row in session.scalars(select(PasswordKnown).where(PasswordKnown.account_id.in_(chunk))):
                found[row.account_id].append(Known(row.known_by, row.since, row.until))
            keys = select(CollectToken).where(
                CollectToken.account_id.in_(chunk), CollectToken.made_by != CollectToken.account_id
            )
            for key in session.scalars(keys):
                found[key.account_id].append(Known(key.made_by, key.made_at, key.revoked_at, key=True))
        asked = {one.by for known in found.values() for one in known} - found.keys()
    begun = session.get(ServerState, _SINCE)
    return Hands(found, datetime.fromisoformat(begun.value) if begun else None, rule)


def are_one(session: Session, one: str, other: str, now: datetime, *, acted: datetime | None = None) -> bool:
    """Whether one person may be behind two accounts where a matter needs two: `other` acted at `acted` (None: now)."""
    hands = hands_of(session, [one, other])
    return bool(hands.on(one, now) & hands.on(other, acted or now))


def rule_of(session: Session, province_id: str | None) -> Rule:
    """What a province has blocked."""
    state = session.get(ServerState, f"{_RULE}{province_id}")
    return Rule(state.value) if state is not None else Rule.UNTIL_HANDED_OVER


def set_rule(session: Session, by: Account, rule: Rule, now: datetime) -> None:
    """A province's officer says what is blocked there. Raises `forbidden` for anybody else."""
    if by.role != Role.PROVINCE:
        raise Problem("forbidden")
    before = rule_of(session, by.place_id)
    session.merge(ServerState(key=f"{_RULE}{by.place_id}", value=rule.value))
    detail = {"before": before.value, "rule": rule.value}
    audit.record(session, now, by.id, "four_eyes_set", by.place_id or "", detail)


def in_commune(session: Session, commune_id: str, ids: Iterable[str]) -> Hands:
    """The hands of accounts and of the commune's supervisors, under the rule of its province."""
    commune = session.get(Place, commune_id)
    rule = rule_of(session, commune.parent_id if commune else None)
    return hands_of(session, {*ids, *(one.id for one in supervisors_of(session, commune_id))}, rule)


def supervisors_of(session: Session, commune_id: str) -> list[Account]:
    """Who reviews in a commune and is there."""
    query = select(Account).where(Account.place_id == commune_id, Account.role == Role.SUPERVISOR, Account.active)
    return list(session.scalars(query.order_by(Account.display_name, Account.id)))


def who_may(session: Session, commune_id: str, came: Came, now: datetime) -> list[Account]:
    """The supervisors of the commune who may decide on it. Nobody: the province does."""
    hands = in_commune(session, commune_id, [came.account_id])
    there = supervisors_of(session, commune_id)
    return [one for one in there if hands.objection(one.id, came, now) is None]


def objection(session: Session, decider: Account, commune_id: str, came: Came, now: datetime) -> str | None:
    """What stands against a decision on an interview or outcome by `decider`: `own_interview`, `password_known`, or of
    the province `somebody_may` where somebody in the commune may decide."""
    found = in_commune(session, commune_id, [came.account_id, decider.id]).objection(decider.id, came, now)
    if found is None and decider.role == Role.PROVINCE and who_may(session, commune_id, came, now):
        return "somebody_may"
    return found


def made(session: Session, account: Account, by: Account, now: datetime) -> None:
    """`by` made the account or set its password anew, and knows the code of its first sign-in."""
    if by.id == account.id:
        return
    known = PasswordKnown(
        id=str(uuid4()), account_id=account.id, known_by=by.id, since=now, enrolled=None, until=None, confirmed_by=None
    )
    session.add(known)


def awaits_owner(session: Session, account: Account) -> bool:
    """Whether the account's password is a code that somebody else has seen: its owner chooses another first."""
    return any(row.enrolled is None for row in _open(session, account.id))


def enrolled(session: Session, account: Account, now: datetime) -> None:
    """The owner has chosen a password."""
    for row in _open(session, account.id):
        row.enrolled = row.enrolled or now
    audit.record(session, now, account.id, "account_enrolled", account.id)


@dataclass(frozen=True)
class Waiting:
    """An account that is not handed over. `makers`: the names of who knew a password; `stands`: None where the reader
    may confirm it now, else a code of `survey.problems`."""

    account: Account
    since: datetime
    enrolled: datetime | None
    makers: tuple[str, ...]
    stands: str | None


def waiting(session: Session, reader: Account, now: datetime) -> list[Waiting]:
    """The accounts within the reader's reach that are not handed over: who waits longest first."""
    rows: dict[str, list[PasswordKnown]] = {}
    begun = _begun(session)
    query = select(PasswordKnown).where(PasswordKnown.until.is_(None)).order_by(PasswordKnown.since, PasswordKnown.id)
    for row in session.scalars(query):
        if begun is None or row.since >= begun:
            rows.setdefault(row.account_id, []).append(row)
    names = {row.known_by for known in rows.values() for row in known} | rows.keys()
    people = {one.id: one for chunk in chunks(sorted(names)) for one in _accounts(session, chunk)}
    hands = hands_of(session, {*names, reader.id})
    return [
        Waiting(
            people[account_id],
            known[-1].since,
            None if any(row.enrolled is None for row in known) else known[-1].enrolled,
            tuple(dict.fromkeys(people[row.known_by].display_name for row in known)),
            _stands(hands, reader, account_id, known, now),
        )
        for account_id, known in rows.items()
        if people[account_id].active and _reaches(session, reader, people[account_id])
    ]


def hand_over(session: Session, account_id: str, by: Account | None, now: datetime) -> None:
    """A second person has spoken with the owner, who has chosen a password. `by` None: at the server.

    Raises Problem: not_found (out of reach, or nothing waits), not_enrolled, password_known (of who knew one, or shares
    hands with who did)."""
    account = session.get(Account, account_id, with_for_update=True)  # pressed twice: the second finds nothing
    rows = _open(session, account_id)
    if account is None or not rows or (by is not None and not _reaches(session, by, account)):
        raise Problem("not_found")
    if by is not None:
        hands = hands_of(session, [account_id, by.id, *(row.known_by for row in rows)])
        stands = _stands(hands, by, account_id, rows, now)
    else:
        stands = "not_enrolled" if any(row.enrolled is None for row in rows) else None
    if stands is not None:
        raise Problem(stands)
    known = select(PasswordKnown).where(PasswordKnown.account_id == account_id, PasswordKnown.until.is_(None))
    for row in session.scalars(known):  # what was known before the rule is over with it
        row.until, row.confirmed_by = now, by.id if by else None
    audit.record(session, now, by.id if by else None, "account_handed_over", account_id)


def _stands(hands: Hands, by: Account, account_id: str, rows: Iterable[PasswordKnown], now: datetime) -> str | None:
    whose = hands.on(account_id, now).union(*(hands.on(row.known_by, now) for row in rows))
    if hands.on(by.id, now) & whose:
        return "password_known"
    return "not_enrolled" if any(row.enrolled is None for row in rows) else None


def _reaches(session: Session, reader: Account, account: Account) -> bool:
    """Whether `reader` is a second person for `account`: the supervisor for enumerators of the commune, the province's
    officers for all there and each other, an administrator for all."""
    if reader.role not in CONFIRMING or reader.id == account.id:
        return False
    if reader.role == Role.SUPERVISOR:
        return account.role == Role.ENUMERATOR and account.place_id == reader.place_id
    where = where_is(session, account.place_id) if account.place_id else None
    return reader.role == Role.ADMIN or (where is not None and may(holder_of(session, reader), "account.manage", where))


def _open(session: Session, account_id: str) -> list[PasswordKnown]:
    """What is known of the account now and counts under the rule."""
    begun = _begun(session)
    query = select(PasswordKnown).where(PasswordKnown.account_id == account_id, PasswordKnown.until.is_(None))
    return [row for row in session.scalars(query) if begun is None or row.since >= begun]


def _begun(session: Session) -> datetime | None:
    state = session.get(ServerState, _SINCE)
    return datetime.fromisoformat(state.value) if state else None


def _accounts(session: Session, ids: Collection[str]) -> list[Account]:
    return list(session.scalars(select(Account).where(Account.id.in_(ids))))

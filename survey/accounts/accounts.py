"""Accounts and the area each one reaches. Whatever is fetched for an account goes through here."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AccountVillage, FormerVillage, Place, RegisterEntry
from models.commune_counter import next_change
from models.database import chunks
from survey.access import VERBS, Holder, Scope, Where
from survey.accounts.turns import Turns
from survey.problems import Problem
from survey.terms import PlaceKind, Role
from survey.text import normal

ROLES_MADE_BY = {
    Role.ENUMERATOR: (),
    Role.SUPERVISOR: (Role.ENUMERATOR,),
    Role.PROVINCE: (Role.ENUMERATOR, Role.SUPERVISOR),
    Role.ADMIN: tuple(Role),
}
_NAME = re.compile(r"[\w.-]{1,60}\Z")
# argon2id as OWASP names it for servers (Password Storage Cheat Sheet): 26 ms of one core here. A hash names its own,
# so these may change: `is_outdated`.
MEMORY, PASSES, LANES = 19 * 1024, 2, 1  # KiB, times over it, threads
AT_ONCE, PATIENCE = 2, 5  # passwords worked on at one time, and seconds until one more is told that the server is busy
# Who is known here waits before strangers; of these fewer than the server has threads (`scripts/serving.py`), so that
# a crowd that guesses leaves some for all other work.
WAITING, STRANGERS_WAITING = 20, 4
_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES)
_turns = Turns(AT_ONCE, first=WAITING, others=STRANGERS_WAITING)


def fold(username: str) -> str:
    """The one spelling of a username: NFKC, lower case, no spaces around. "Ban-Na-Ca " is "ban-na-ca"."""
    return normal("NFKC", username).strip().casefold()


def can_be_username(name: str) -> bool:
    """Letters of one script, digits, full stops and hyphens, 60 at most, in the spelling that is kept. Asked where a
    name is made: one that is there already goes on."""
    folded = fold(name)
    return _NAME.match(folded) is not None and len(_scripts(folded)) <= 1


def _scripts(text: str) -> set[str]:
    """The scripts of what is no ASCII digit or sign, as Unicode's names of the characters begin: LATIN, CYRILLIC."""
    letters = (one for one in text if one not in "0123456789._-" and not unicodedata.combining(one))
    return {unicodedata.name(one, "").split(" ")[0] for one in letters}


def hash_password(password: str) -> str:
    """argon2id, over the NFC spelling: one keyboard composes "ạ", another sends two characters. Raises `busy`, and what
    argon2 raises when it gets no memory (`lacks.py`)."""
    with _a_turn(first=True):
        return _hasher.hash(normal("NFC", password))


def password_matches(password_hash: str, password: str, *, first: bool = True) -> bool:
    """Whether they belong together; `first`: not for a stranger. Raises as `hash_password` does: what could not be
    worked out is no answer."""
    try:
        with _a_turn(first=first):
            return _hasher.verify(password_hash, normal("NFC", password))
    except (VerifyMismatchError, InvalidHashError, UnicodeEncodeError):
        return False
    except VerificationError as error:
        if str(error) == "Decoding failed":  # what is stored is no hash: no password belongs to it
            return False
        raise


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


@contextmanager
def _a_turn(*, first: bool) -> Iterator[None]:
    """Each takes MEMORY: what is done at once is bounded, whoever comes."""
    if not _turns.take(PATIENCE, first=first):
        raise Problem("busy", retry_after=2)
    try:
        yield
    finally:
        _turns.give()


def find_account(session: Session, username: str) -> Account | None:
    return session.scalar(select(Account).where(Account.username == fold(username)))


def where_is(session: Session, place_id: str) -> Where | None:
    """The province, commune and village ids of a place; None when there is no such place."""
    place = session.get(Place, place_id) if place_id.isprintable() else None
    if place is None:
        return None
    if place.kind == PlaceKind.PROVINCE:
        return Where(province_id=place.id)
    if place.kind == PlaceKind.COMMUNE:
        return Where(province_id=place.parent_id, commune_id=place.id)
    commune = session.get(Place, place.parent_id)
    return Where(commune.parent_id if commune else None, place.parent_id, place.id)


def holder_of(session: Session, account: Account) -> Holder:
    """The account as `survey.access.may` needs it."""
    area = (where_is(session, account.place_id) if account.place_id else None) or Where()
    return Holder(Role(account.role), area, frozenset(villages_of(session, account)))


def villages_of(session: Session, account: Account) -> list[str]:
    """Ids of the villages assigned to an enumerator, in order; none for the other roles."""
    if account.role != Role.ENUMERATOR:
        return []
    query = select(AccountVillage.village_id).where(AccountVillage.account_id == account.id)
    return sorted(session.scalars(query))


def villages_of_all(session: Session, found: Collection[Account]) -> dict[str, list[str]]:
    """The same of many accounts, by their ids."""
    villages: dict[str, list[str]] = {account.id: [] for account in found}
    of_field = [account.id for account in found if account.role == Role.ENUMERATOR]
    for chunk in chunks(of_field):
        query = select(AccountVillage).where(AccountVillage.account_id.in_(chunk)).order_by(AccountVillage.village_id)
        for row in session.scalars(query):
            villages[row.account_id].append(row.village_id)
    return villages


def communes_of(session: Session, account: Account, verb: str) -> list[str]:
    """Ids of the communes in which `account` has `verb`: the filter for every list that the desk shows."""
    scope = VERBS[verb].get(Role(account.role))
    communes = select(Place.id).where(Place.kind == PlaceKind.COMMUNE).order_by(Place.id)
    if scope is Scope.ALL:
        return list(session.scalars(communes))
    if scope is Scope.PROVINCE:
        return list(session.scalars(communes.where(Place.parent_id == account.place_id)))
    if scope in (Scope.COMMUNE, Scope.VILLAGES) and account.place_id:
        return list(session.scalars(communes.where(Place.id == account.place_id)))
    return []


def create_account(
    session: Session,
    *,
    username: str,
    display_name: str,
    role: Role,
    password: str,
    now: datetime,
    place_id: str | None = None,
    villages: Iterable[str] = (),
    language: str = "vi",
) -> Account:
    """A new account. Raises `conflict` when the name is taken, ValueError when a name cannot be one or the
    area does not fit the role."""
    name = fold(username)
    if not can_be_username(name) or not display_name.strip() or not display_name.isprintable():
        raise ValueError("an account needs a name of letters, digits, full stops and hyphens, and a person's name")
    if find_account(session, name) is not None:
        raise Problem("conflict")
    _check_area(session, role, place_id)
    account = Account(
        id=str(uuid4()),
        username=name,
        display_name=normal("NFC", display_name).strip(),
        role=role.value,
        place_id=place_id,
        password_hash=hash_password(password),
        language=language,
        active=True,
        session_epoch=0,
        created_at=now,
    )
    session.add(account)
    session.flush()  # its villages refer to it
    assign_villages(session, account, villages)
    return account


def set_password(account: Account, password: str) -> None:
    """A new password; every session made with the old one ends."""
    account.password_hash = hash_password(password)
    account.session_epoch += 1


def deactivate(account: Account, active: bool = False) -> None:
    """Close (or open again) an account. The sessions of a closed one may only deliver what its phone still holds, into
    quarantine; opened again, it is signed in with its password as if they had ended."""
    account.active = active
    if active:
        account.session_epoch += 1


def assign_villages(session: Session, account: Account, villages: Iterable[str]) -> None:
    """Make `villages` the account's villages.

    The register entries of villages gained or lost move to the end of the commune's changes, so that the account's
    phone hears of them at its next pull: gained ones whole, lost ones as gone.
    """
    wanted, had = set(villages), set(villages_of(session, account))
    if account.role != Role.ENUMERATOR:
        return
    for village_id in sorted(had - wanted):
        session.delete(session.get(AccountVillage, (account.id, village_id)))
        session.merge(FormerVillage(account_id=account.id, village_id=village_id))
    for village_id in sorted(wanted - had):
        where = where_is(session, village_id)
        if where is None or where.village_id is None or where.commune_id != account.place_id:
            raise ValueError(f"not a village of the account's commune: {village_id}")
        session.add(AccountVillage(account_id=account.id, village_id=village_id))
        former = session.get(FormerVillage, (account.id, village_id))
        if former is not None:
            session.delete(former)
    if account.place_id and wanted != had:
        _touch(session, account.place_id, wanted ^ had)


def _touch(session: Session, commune_id: str, villages: set[str]) -> None:
    query = select(RegisterEntry).where(
        RegisterEntry.commune_id == commune_id, RegisterEntry.village_id.in_(sorted(villages))
    )
    for entry in session.scalars(query.order_by(RegisterEntry.household_id)):
        entry.change = next_change(session, commune_id)


def _check_area(session: Session, role: Role, place_id: str | None) -> None:
    kind = {Role.PROVINCE: PlaceKind.PROVINCE, Role.ADMIN: None}.get(role, PlaceKind.COMMUNE)
    place = session.get(Place, place_id) if place_id else None
    if (place.kind if place else None) != kind:
        raise ValueError(f"an account of role {role} needs a {kind or 'blank'} place")


def accounts_in_reach(session: Session, account: Account) -> list[Account]:
    """The accounts that `account` looks after: an administrator all, a province's officer
    those of its communes, a supervisor the commune's enumerators."""
    query = select(Account).order_by(Account.role, Account.display_name, Account.username)
    if account.role == Role.ADMIN:
        return list(session.scalars(query))
    if account.role == Role.PROVINCE:
        communes = select(Place.id).where(Place.kind == PlaceKind.COMMUNE, Place.parent_id == account.place_id)
        return list(session.scalars(query.where(Account.place_id.in_(communes))))
    if account.role != Role.SUPERVISOR or account.place_id is None:
        return []
    return list(
        session.scalars(query.where(Account.place_id == account.place_id, Account.role == Role.ENUMERATOR.value))
    )


def names_of(session: Session, ids: Collection[str | None]) -> dict[str, str]:
    """The names of accounts, by id."""
    query = select(Account.id, Account.display_name).where(Account.id.in_([one for one in ids if one]))
    return {id: name for id, name in session.execute(query)}  # noqa: C416 - dict() needs tuples


def new_password() -> str:
    """A password to be read out once and typed on a phone: no letter that looks like another."""
    return "-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4)) for _ in range(3))

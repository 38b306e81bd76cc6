"""The households that no round asks for: between two rounds all of an account's villages, beside an ad-hoc round those
for whom no paper came. Somebody dies there too, and the phone tells the commune so.

They stand in no list of a round, so a phone that does not ask for them, of an earlier release, has none. They are few
and seldom others: one list with a mark. Whoever has the list of this mark has all of it. The mark is of what the rows
hold as they are kept, and nothing of them is read but what is told: a phone asks for it with every talk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, select, type_coerce
from sqlalchemy.orm import Session

from models import Account, Household, RegisterEntry
from survey.accounts.accounts import villages_of
from survey.calendar.standing import open_ids
from survey.canonical import ascii_text
from survey.devices.pull import proposals_of
from survey.members import BIRTH, CODE, NAME, NUMBER, RELATION, SEX, members_in
from survey.register.last_year import MEMBERS, address_in, with_address
from survey.terms import HouseholdState

# As kept: the answers as text, which costs nothing to read.
_KEPT = (
    Household.id, Household.village_id, Household.code, Household.head_name, Household.current_class,
    type_coerce(Household.current_answers, Text).label("answers"),
)  # fmt: skip
WHO = (CODE, NAME, SEX, RELATION, *BIRTH, NUMBER)  # what a change is told by: nothing of how somebody lives


class Listed(NamedTuple):
    """`mark`: another one for another list, None for none; `ids`: of all that are on it, in its order."""

    mark: str | None
    ids: list[str]


def listed(session: Session, account: Account) -> Listed:
    """Those of the villages that the account visits, as the register has them now. The mark is another one too when
    something of their answers is that is not told; a phone then fetches a list that it has."""
    rows = session.execute(_rows(session, account, *_KEPT).order_by(Household.code, Household.id)).all()
    if not rows:
        return Listed(None, [])
    ids = [row[0] for row in rows]
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update("\0".join([one or "" for one in row]).encode())
    proposed = proposals_of(session, account)
    hashed.update(ascii_text([(id, proposed[id]) for id in ids if id in proposed]).encode())
    return Listed(hashed.hexdigest()[:32], ids)


def entries_of(session: Session, account: Account, household_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Some households of the list in its order, as in docs/sync.md."""
    here = Household.commune_id == account.place_id, Household.id.in_(household_ids)
    rows = session.scalars(select(Household).where(*here).order_by(Household.code, Household.id)).all()
    proposed = proposals_of(session, account, household_ids)
    return [_told(row) | {"proposals": proposed.get(row.id, [])} for row in rows]


def _rows(session: Session, account: Account, *columns: Any) -> Select[Any]:
    commune_id = account.place_id or ""
    in_a_round = (
        select(RegisterEntry.household_id)
        .where(
            RegisterEntry.commune_id == Household.commune_id,
            RegisterEntry.household_id == Household.id,
            RegisterEntry.round_id.in_(open_ids(commune_id)),
        )
        .exists()
    )
    return select(*columns).where(
        Household.commune_id == commune_id,
        Household.village_id.in_(villages_of(session, account)),
        Household.state == HouseholdState.PRESENT.value,
        ~in_a_round,
    )


def _told(row: Household) -> dict[str, Any]:
    return {
        "household_id": row.id,
        "village_id": row.village_id,
        "code": row.code,
        "head_name": row.head_name,
        "last_class": row.current_class,
        "last_answers": _known(row.current_answers),
    }


def _known(answers: Any) -> dict[str, Any] | None:
    """Who lives there and where, of what the household said last."""
    members = [{key: one[key] for key in WHO if one.get(key) is not None} for one in members_in(answers)]
    known = {MEMBERS: members} if members else {}
    return with_address(known, address_in(answers)) or None

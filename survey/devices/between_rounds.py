"""The households that no round asks for: between two rounds all of an account's villages, beside an ad-hoc round those
for whom no paper came. Somebody dies there too, and the phone tells the commune so.

They stand in no list of a round, so a phone that does not ask for them, of an earlier release, has none. They are few
and seldom others: one list with a mark. Whoever has the list of this mark has all of it.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, RegisterEntry
from survey.accounts.accounts import villages_of
from survey.calendar.standing import open_ids
from survey.canonical import ascii_text
from survey.devices.pull import proposals_of
from survey.register.last_year import MEMBERS, address_in, members_in, with_address
from survey.register.persons import BIRTH, CODE, NAME, NUMBER, RELATION, SEX
from survey.terms import HouseholdState

WHO = (CODE, NAME, SEX, RELATION, *BIRTH, NUMBER)  # what a change is told by: nothing of how somebody lives


class Listed(NamedTuple):
    """`mark`: another one for another list, None for none; `entries`: as in docs/sync.md."""

    mark: str | None
    entries: list[dict[str, Any]]


def listed(session: Session, account: Account) -> Listed:
    """Those of the villages that the account visits, as the register has them now."""
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
    query = select(Household).where(
        Household.commune_id == commune_id,
        Household.village_id.in_(villages_of(session, account)),
        Household.state == HouseholdState.PRESENT.value,
        ~in_a_round,
    )
    rows = session.scalars(query.order_by(Household.code, Household.id)).all()
    proposed = proposals_of(session, account, [row.id for row in rows])
    entries = [_told(row) | {"proposals": proposed.get(row.id, [])} for row in rows]
    return Listed(hashlib.sha256(ascii_text(entries).encode()).hexdigest()[:32] if entries else None, entries)


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

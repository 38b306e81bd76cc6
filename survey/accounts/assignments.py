"""Who visits which household of a village: given one by one, or shared evenly among its enumerators."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Account, AccountVillage, Household, HouseholdAssignment, RegisterEntry
from models.commune_counter import lock_commune, next_changes
from models.database import chunks
from survey.evidence import audit
from survey.problems import Problem
from survey.terms import Role


def share(household_ids: Sequence[str], account_ids: Sequence[str]) -> dict[str, str]:
    """Households evenly among people, neighbours by number to the same one; nobody has two more than another."""
    count = len(household_ids)
    return {id: account_ids[place * len(account_ids) // count] for place, id in enumerate(household_ids)}


def enumerators_of(session: Session, commune_id: str) -> dict[str, list[Account]]:
    """The active enumerators of each village of a commune, by name."""
    rows = session.execute(
        select(AccountVillage.village_id, Account)
        .join(Account, Account.id == AccountVillage.account_id)
        .where(Account.place_id == commune_id, Account.active, Account.role == Role.ENUMERATOR.value)
        .order_by(Account.display_name, Account.id)
    )
    found: dict[str, list[Account]] = {}
    for village_id, account in rows:
        found.setdefault(village_id, []).append(account)
    return found


def assigned(session: Session, commune_id: str, household_ids: Collection[str] | None = None) -> dict[str, str]:
    """Whom households were given to last (of some, or all of a commune); those of nobody are left out."""
    last = select(func.max(HouseholdAssignment.seq)).where(HouseholdAssignment.commune_id == commune_id)
    if household_ids is not None:
        last = last.where(HouseholdAssignment.household_id.in_(household_ids))
    query = select(HouseholdAssignment).where(
        HouseholdAssignment.commune_id == commune_id,
        HouseholdAssignment.seq.in_(last.group_by(HouseholdAssignment.household_id)),
        HouseholdAssignment.account_id.is_not(None),
    )
    return {row.household_id: row.account_id for row in session.scalars(query) if row.account_id}


def assign(session: Session, commune_id: str, wanted: Mapping[str, str | None], by: Account, now: datetime) -> int:
    """Give households to people (None: to nobody in particular); how many are another's now. Phones hear of it.

    Raises not_found for a household that is not of the commune, `assignee_elsewhere` for who does not visit its
    village."""
    lock_commune(session, commune_id)
    here = {
        one.id: one
        for chunk in chunks(wanted)
        for one in session.scalars(select(Household).filter_by(commune_id=commune_id).where(Household.id.in_(chunk)))
    }
    if len(here) < len(wanted):
        raise Problem("not_found")
    people = {village: {one.id for one in found} for village, found in enumerators_of(session, commune_id).items()}
    for household_id, account_id in wanted.items():
        if account_id is not None and account_id not in people.get(here[household_id].village_id, ()):
            raise Problem("assignee_elsewhere")
    before = assigned(session, commune_id)
    changed = {id: to for id, to in sorted(wanted.items()) if before.get(id) != to}
    if not changed:
        return 0
    seqs = dict(zip(changed, next_changes(session, commune_id, len(changed)), strict=True))
    for household_id, seq in seqs.items():
        session.add(
            HouseholdAssignment(
                commune_id=commune_id,
                seq=seq,
                household_id=household_id,
                account_id=changed[household_id],
                by=by.id,
                at=now,
            )
        )
    for chunk in chunks(changed):
        entries = select(RegisterEntry).filter_by(commune_id=commune_id).where(RegisterEntry.household_id.in_(chunk))
        for entry in session.scalars(entries):
            entry.change = seqs[entry.household_id]
    audit.record(session, now, by.id, "households_assigned", commune_id, {"households": len(changed)})
    return len(changed)

"""Who visits a village that becomes another: said before it is done, and as before when that is undone.

Who visits a village goes on visiting its households where they lie then. An account belongs to a commune: of a village
that goes to another one nobody sees or sends anything more, and the new commune assigns somebody. Whom a change took
its village from stands with it ("left"), and to whom it gave another one ("came").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AccountVillage, PlaceEvent
from survey.accounts.accounts import assign_villages, villages_of
from survey.borders.villages import MOVING, Change, Tried
from survey.terms import PlaceChange

_C = PlaceChange
Visit = tuple[str, str]  # account, village


@dataclass(frozen=True)
class Visits:
    """What a change of villages would give to people, and take from them."""

    gained: frozenset[Visit] = frozenset()
    lost: frozenset[Visit] = frozenset()

    @property
    def basis(self) -> tuple[list[Visit], list[Visit]]:
        return sorted(self.gained), sorted(self.lost)


def remembering(session: Session, change: Change) -> Change:
    """A change as it is written down: with whom its undoing gives the village back to, and from whom it takes one."""
    if change.kind not in (*MOVING, _C.REZONED):
        return change
    here = _visitors(session, [change.village_id])
    left = set() if change.kind is _C.SPLIT else here
    came = here - _visitors(session, [str(change.other_id)]) if change.kind in MOVING else set()
    return replace(change, payload={**change.payload, "left": sorted(left), "came": sorted(came)})


def visits(
    session: Session, changes: Iterable[Change], tried: Mapping[str, Tried], moved: Iterable[tuple[str, str]]
) -> Visits:
    """Who would visit what. `moved`: the villages that households lie in, before and after."""
    over = {id for one in tried.values() for id in one.changed if one.after.there(id) is None}
    gained: set[Visit] = set()
    lost = {(id, village) for village in over for id in _visitors(session, [village])}
    leading = {(before, after) for before, after in moved if before in over}
    for change in changes:
        if change.kind in MOVING:
            leading.add((change.village_id, str(change.other_id)))
        elif change.kind is _C.VOID:
            undone = session.get_one(PlaceEvent, (change.commune_id, change.voids))
            gained |= {(id, undone.village_id) for id in undone.payload.get("left", ())}
            lost |= {(id, str(undone.other_id)) for id in undone.payload.get("came", ())}
    gained |= {(id, after) for before, after in leading for id in _visitors(session, [before])}
    return Visits(frozenset(gained), frozenset(lost))


def _visitors(session: Session, village_ids: Iterable[str]) -> set[str]:
    return set(session.scalars(select(AccountVillage.account_id).where(AccountVillage.village_id.in_(village_ids))))


def follow(session: Session, made: Visits) -> None:
    """Bring who visits what to it. An account that belongs to another commune by now is left alone."""
    for account_id in sorted({id for id, _ in made.gained | made.lost}):
        account = session.get_one(Account, account_id)
        gained = {village for id, village in made.gained if id == account_id and _is_of(account, village)}
        lost = {village for id, village in made.lost if id == account_id}
        assign_villages(session, account, ({*villages_of(session, account)} - lost) | gained)


def _is_of(account: Account, village_id: str) -> bool:
    return village_id.rsplit("-", 1)[0] == account.place_id


def leaving(session: Session, made: Visits) -> list[Account]:
    """Who would visit nothing more of what they visit, by name: those that can sign in."""
    ids = {id for id, _ in made.lost} - {id for id, _ in made.gained}
    query = select(Account).where(Account.id.in_(ids), Account.active)
    return list(session.scalars(query.order_by(Account.display_name, Account.username)))

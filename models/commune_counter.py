"""The writers of a commune take turns, and each change of its households has a number."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import CommuneCounter


def lock_commune(session: Session, commune_id: str) -> int:
    """Hold the commune's counter until the transaction ends: whoever changes this commune's records waits here. Returns
    the number of this turn: one more than `turn_of` said when nobody had a turn in between."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = {"commune_id": commune_id, "value": 0, "turns": 0}
    session.execute(insert(CommuneCounter).values(fresh).on_conflict_do_nothing())
    turn = (
        update(CommuneCounter)
        .where(CommuneCounter.commune_id == commune_id)
        .values(turns=CommuneCounter.turns + 1)
        .returning(CommuneCounter.turns)
    )
    return session.execute(turn).scalar_one()


def turn_of(session: Session, commune_id: str) -> int:
    """The commune's last turn. Asked before anything is read of the commune: what is read then holds for as long as
    the next turn is the one after."""
    return session.scalar(select(CommuneCounter.turns).where(CommuneCounter.commune_id == commune_id)) or 0


def next_change(session: Session, commune_id: str) -> int:
    """The commune's next change number; the commune stays locked until the transaction ends."""
    [number] = next_changes(session, commune_id, 1)
    return number


def next_changes(session: Session, commune_id: str, count: int) -> range:
    """The same for `count` changes at once, in their order."""
    bump = (
        update(CommuneCounter)
        .where(CommuneCounter.commune_id == commune_id)
        .values(value=CommuneCounter.value + count, turns=CommuneCounter.turns + 1)
        .returning(CommuneCounter.value)
    )
    value = session.scalar(bump)
    if value is None:
        lock_commune(session, commune_id)
        value = session.scalar(bump)
    if value is None:
        raise LookupError(f"no such commune: {commune_id}")
    return range(value - count + 1, value + 1)

"""The writers of a commune take turns, and each change of its households has a number."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import CommuneCounter


def lock_commune(session: Session, commune_id: str) -> None:
    """Hold the commune's counter until the transaction ends: whoever changes this commune's records waits here."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(CommuneCounter).values(commune_id=commune_id, value=0).on_conflict_do_nothing())
    session.execute(
        update(CommuneCounter).where(CommuneCounter.commune_id == commune_id).values(value=CommuneCounter.value)
    )


def next_change(session: Session, commune_id: str) -> int:
    """The commune's next change number; the commune stays locked until the transaction ends."""
    [number] = next_changes(session, commune_id, 1)
    return number


def next_changes(session: Session, commune_id: str, count: int) -> range:
    """The same for `count` changes at once, in their order."""
    bump = (
        update(CommuneCounter)
        .where(CommuneCounter.commune_id == commune_id)
        .values(value=CommuneCounter.value + count)
        .returning(CommuneCounter.value)
    )
    value = session.scalar(bump)
    if value is None:
        lock_commune(session, commune_id)
        value = session.scalar(bump)
    if value is None:
        raise LookupError(f"no such commune: {commune_id}")
    return range(value - count + 1, value + 1)

"""The log of what was done: who, when, what, to which account or place; never anybody's personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from models import AuditEvent


def record(
    session: Session, now: datetime, account_id: str | None, verb: str, subject: str = "", detail: Any = None
) -> None:
    """Append one event. `subject` is an id or a code; `detail` is small JSON."""
    session.add(
        AuditEvent(id=str(uuid4()), at=now, account_id=account_id, verb=verb, subject=subject[:120], detail=detail)
    )

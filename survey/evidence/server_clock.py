"""The server's own clock, held against what phones say of theirs, what is stored, and the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Device
from survey.clocks import Doubt, ServerFacts, doubt_of_server

LATELY = timedelta(days=2)  # what phones said of their clocks before that says nothing of the server's clock now


def doubt_now(session: Session, now: datetime, database: datetime | None = None) -> Doubt | None:
    """In which way the server's clock must be wrong at what it calls `now`; None when nothing speaks against it.
    `database`: what a database with a clock of its own calls now."""
    rows = session.execute(
        select(Device.account_id, Device.clock_skew_seconds)
        .where(
            Device.last_contact_at > now - LATELY,
            Device.last_contact_at <= now,
            Device.clock_skew_seconds.is_not(None),
        )
        .order_by(Device.last_contact_at)
    )
    skews = {account_id: timedelta(seconds=skew or 0) for account_id, skew in rows}  # the last phone of each person
    newest = session.scalar(select(func.max(Device.last_contact_at)))
    return doubt_of_server(now, ServerFacts(list(skews.values()), newest, database))

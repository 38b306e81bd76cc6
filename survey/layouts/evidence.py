"""What a workbook says of the register that its figures are of: how far each commune's log goes, and its writers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.commune_counter import turn_of
from survey.register import event_log


def register_of(session: Session, communes: Iterable[str], at: datetime | None = None) -> dict[str, list[Any]]:
    """By commune: the number of the last event, the hash of the chain there, and the last turn of its writers: while
    that stands, nothing of the commune was changed. `at`: the end of the chain as of an instant that is over."""
    return {one: [*event_log.end_of(session, one, at), turn_of(session, one)] for one in communes}

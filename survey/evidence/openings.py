"""Who opened which household, for the log of acts: a page that reads stays one that reads.

What was opened waits in the process and is written down in groups by a thread of its own; a database that is busy is
asked again, and nobody waits for it. What a process that is killed had not written yet, a second of it, is lost: what
must not go out without a trace (a file, a list of names) is `put_down` instead.
"""

from __future__ import annotations

import atexit
import logging
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import HouseholdOpening

OPENED = "household.opened"
AGAIN = timedelta(hours=1)  # the same page of the same household by the same person is one opening
GROUPED = 1.0  # seconds in which a group gathers
MOST = 10_000  # openings that wait for a busy database, and that are remembered to tell one from the next
log = logging.getLogger(__name__)


class Opening(NamedTuple):
    """`page`: by the name of its view, what of the household was looked at."""

    account_id: str
    commune_id: str
    household_id: str
    page: str


class Openings:
    """Of one process. `writes`: a thread of its own writes; without, `write` is to be called (tests)."""

    def __init__(self, engine: Engine, *, writes: bool = True) -> None:
        self._engine, self._writes = engine, writes
        self._lock, self._there = Lock(), Event()
        self.grouped, self.written = GROUPED, Event()  # `written`: since it was last cleared a group was
        self._last: dict[Opening, datetime] = {}
        self._waiting: list[tuple[datetime, Opening]] = []
        self._thread: Thread | None = None

    def note(self, one: Opening, now: datetime) -> None:
        """Somebody was shown a page of a household."""
        with self._lock:
            if now - self._last.get(one, now - AGAIN) < AGAIN:
                return
            if len(self._last) >= MOST:
                self._last = {each: at for each, at in self._last.items() if now - at < AGAIN / 2}
            self._last[one] = now
            self._waiting.append((now, one))
            if self._writes and self._thread is None:
                self._thread = Thread(target=self._go_on, name="openings", daemon=True)
                self._thread.start()
                atexit.register(self.write)
        self._there.set()

    def write(self) -> bool:
        """Put down what waits; whether the database took it."""
        with self._lock:
            group, self._waiting = self._waiting, []
        if not group:
            return True
        try:
            with Session(self._engine) as session, session.begin():
                session.add_all(
                    HouseholdOpening(id=str(uuid4()), at=at, **one._asdict()) for at, one in group
                )  # fmt: skip
        except SQLAlchemyError:
            with self._lock:
                left = max(len(group) + len(self._waiting) - MOST, 0)
                self._waiting = (group + self._waiting)[left:]
            if left:
                log.error("%s openings of households could not be written down", left)
            return False
        return True

    def _go_on(self) -> None:
        while True:
            self._there.wait()
            self._there.clear()
            Event().wait(self.grouped)
            if self.write():
                self.written.set()
            else:
                self._there.set()

"""A queue of threads: who comes first has the first turn.

It only makes the waiting fair. What keeps two writers apart is the database's own lock, so a turn that does not come in
time is no error: the thread goes on without it and the database decides.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Event, Lock

from sqlalchemy import Engine

WAY = 0.15  # seconds


def give_way(engine: Engine) -> None:
    """Between two of many transactions of one process. Processes that write to SQLite stand in no line: who waits looks
    again every tenth of a second, and would never find the file free of one that writes on and on."""
    if engine.dialect.name == "sqlite":
        time.sleep(WAY)


class Turns:
    """One turn at a time, in the order of asking."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._line: deque[Event] = deque()  # the first has the turn

    @property
    def length(self) -> int:
        """How many stand in the line, who has the turn included."""
        return len(self._line)

    def take(self, patience: float) -> Event:
        """Wait for the turn, `patience` seconds at most; what is returned must be given back, turn or not."""
        mine = Event()
        with self._lock:
            self._line.append(mine)
            self._call_first()
        mine.wait(patience)
        return mine

    def give(self, mine: Event) -> None:
        """The turn is over: the next one's begins."""
        with self._lock:
            self._line.remove(mine)
            self._call_first()

    def _call_first(self) -> None:
        if self._line:
            self._line[0].set()

"""Turns at work that takes much memory: so many at one time, so many waiting, and who goes first. Knows no accounts."""

from __future__ import annotations

from threading import Condition


class Turns:
    """`at_once` at one time. Two queues, each with its length (`first`, `others`): whoever stands in the first is next,
    so that a crowd in the other keeps nobody waiting there for longer than the work under way."""

    def __init__(self, at_once: int, *, first: int, others: int) -> None:
        self._free, self._most = at_once, {True: first, False: others}
        self._waiting = {True: 0, False: 0}
        self._changed = Condition()

    def take(self, patience: float, *, first: bool) -> bool:
        """Whether a turn came within `patience` seconds; at once False where the queue is full."""
        with self._changed:
            if self._waiting[first] >= self._most[first]:
                return False
            self._waiting[first] += 1
            came = self._changed.wait_for(
                lambda: self._free > 0 and (first or self._waiting[True] == 0), timeout=patience
            )
            self._waiting[first] -= 1
            self._free -= came
            self._changed.notify_all()  # the other queue may be next now
            return came

    def give(self) -> None:
        """The turn is over."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

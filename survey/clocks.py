"""Whether the day that an interview says of itself can be right, and whether the server's own clock can.

Ages, school years and with them the class hang on that day. `doubt` is the one decision about it, on the phone before
an interview begins (static/app/clock.js) and at each door of the server; both read tests/cases/clocks.md. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
RELEASED = date(2026, 11, 1)  # of this program: before that day no clock that runs it can be right
TOLERANCE = timedelta(days=1)  # a clock may be so far off: a wrong time zone, a phone that is set by hand
LATE = timedelta(days=31)  # a round may end so much later than its last day says
NOTICED = timedelta(minutes=5)  # a phone that is off by more is named to its supervisor
FEWEST = 3  # phones of different people that together may say that the server is wrong


class Doubt(StrEnum):
    """In which way a clock must be wrong."""

    BEHIND = "behind"
    AHEAD = "ahead"


@dataclass(frozen=True)
class Bounds:
    """What is known around an interview. `opens`, `closes`: the days of its round; `since`: it was later than
    then; `until`: it was over by then (the receipt), None on the phone; `skew`: how far ahead of the server the phone
    was when they met."""

    opens: date | None = None
    closes: date | None = None
    since: datetime | None = None
    until: datetime | None = None
    skew: timedelta = timedelta(0)


def doubt(said: date | datetime, bounds: Bounds) -> Doubt | None:
    """Why `said` (an instant, or a day in Việt Nam) cannot be when the interview was; None when it can."""
    begins, ends = _span(said)
    if bounds.since is not None and ends < bounds.since - TOLERANCE:
        return Doubt.BEHIND
    if bounds.opens is not None and day_of(ends) < bounds.opens - TOLERANCE:
        return Doubt.BEHIND
    if bounds.until is not None and begins > bounds.until + TOLERANCE:
        return Doubt.AHEAD
    if bounds.until is None and bounds.closes is not None and day_of(begins) > bounds.closes + LATE:
        return Doubt.AHEAD
    return _by_skew(ends, bounds)


def _by_skew(said: datetime, bounds: Bounds) -> Doubt | None:
    """The clock was wrong when the phone met the server. It was so at the interview too, if the day comes out possible
    once the difference is taken away; else somebody has set the clock in between."""
    if abs(bounds.skew) <= TOLERANCE:
        return None
    true = said - bounds.skew
    too_early = (bounds.since is not None and true < bounds.since) or (
        bounds.opens is not None and day_of(true) < bounds.opens - TOLERANCE
    )
    if too_early or (bounds.until is not None and true > bounds.until + TOLERANCE):
        return None
    return Doubt.AHEAD if bounds.skew > timedelta(0) else Doubt.BEHIND


def _span(said: date | datetime) -> tuple[datetime, datetime]:
    """The first and the last instant of what was said."""
    if isinstance(said, datetime):
        return said, said
    begins = datetime.combine(said, time(0), HERE)
    return begins, begins + timedelta(days=1, milliseconds=-1)


def day_of(moment: datetime) -> date:
    """The day in Việt Nam."""
    return moment.astimezone(HERE).date()


def end_of(day: date) -> datetime:
    """The last instant of a day in Việt Nam."""
    return datetime.combine(day + timedelta(days=1), time(0), HERE).astimezone(UTC) - timedelta(microseconds=1)


def seconds_of(skew: timedelta | None) -> int | None:
    """A difference as a column holds it; None for none, and for one that no clock of this age can have."""
    seconds = None if skew is None else int(skew.total_seconds())
    return seconds if seconds is not None and abs(seconds) < 2**31 else None


def is_noticed(skew_seconds: int | None) -> bool:
    """Whether a phone's clock is off by so much that its supervisor is told."""
    return abs(skew_seconds or 0) > NOTICED.total_seconds()


def read_instant(text: Any) -> datetime | None:
    """An aware instant from ISO 8601 text, or None. In the first and the last year there is no room to reckon."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) and len(text) <= 40 else None
        found = moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and 1 < found.year < 9999 else None


def read_said(text: Any) -> date | datetime | None:
    """A day or an instant as a questionnaire's `today`, `start` or `end` holds it, or None."""
    try:
        found = date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else read_instant(text)
    except ValueError:
        return None
    return found if found is not None and 1 < found.year < 9999 else None


@dataclass(frozen=True)
class ServerFacts:
    """What bears on the server's own clock. `skews`: how far each phone that called lately was ahead of it, one of each
    person; `newest`: the latest time that is stored; `database`: the database's clock, None where it is the same."""

    skews: Sequence[timedelta] = ()
    newest: datetime | None = None
    database: datetime | None = None


def doubt_of_server(now: datetime, facts: ServerFacts) -> Doubt | None:
    """In which way the server's clock must be wrong; None when nothing speaks against it.

    Phones that called lately decide, where there are enough of them: more than half of them off to the same side by
    nearly the same means that it is the server that is off; else what is stored in the future was stored while it was.
    """
    if day_of(now) < RELEASED - TOLERANCE:
        return Doubt.BEHIND
    if facts.database is not None and abs(facts.database - now) > TOLERANCE:
        return Doubt.BEHIND if facts.database > now else Doubt.AHEAD
    if len(facts.skews) >= FEWEST:
        middle = timedelta(seconds=median(skew.total_seconds() for skew in facts.skews))
        alike = [one for one in facts.skews if abs(one - middle) <= TOLERANCE]
        if abs(middle) > TOLERANCE and len(alike) * 2 > len(facts.skews):
            return Doubt.BEHIND if middle > timedelta(0) else Doubt.AHEAD
        return None
    return Doubt.BEHIND if facts.newest is not None and facts.newest > now + TOLERANCE else None


def instant(moment: datetime) -> str:
    """ "2026-11-23T02:00:00.000Z": how the protocol writes an instant."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

"""How a round moves in one commune: a table, pure.

planned ─► open ─► closed ─► accepted        Each commune on its own: a late one holds up no other.
    │        │  ▲     │           │          Locked upwards: what the province accepted, or the commune closed,
    ▼        ▼  └─────┴─ reopen ──┘          the province opens again, with the reason.
  cancelled ◄─────────┘

Where it stands is a fold of its steps (`stands_after`), which are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from survey.terms import CommuneState, RoundAction

_S, _A = CommuneState, RoundAction

STEPS: dict[tuple[CommuneState | None, RoundAction], CommuneState] = {
    (None, _A.PLAN): _S.PLANNED,
    (None, _A.OPEN): _S.OPEN,
    (_S.PLANNED, _A.OPEN): _S.OPEN,
    (_S.PLANNED, _A.DATES): _S.PLANNED,
    (_S.PLANNED, _A.CANCEL): _S.CANCELLED,
    (_S.OPEN, _A.DATES): _S.OPEN,
    (_S.OPEN, _A.CLOSE): _S.CLOSED,
    (_S.OPEN, _A.CANCEL): _S.CANCELLED,
    (_S.CLOSED, _A.ACCEPT): _S.ACCEPTED,
    (_S.CLOSED, _A.REOPEN): _S.OPEN,
    (_S.CLOSED, _A.CANCEL): _S.CANCELLED,  # only where nothing was accepted: nobody lived there
    (_S.ACCEPTED, _A.REOPEN): _S.OPEN,
}
# A step back says why.
REASONED = frozenset({_A.REOPEN, _A.CANCEL})
# There an interview is taken, and decided on.
UNDER_WAY = frozenset({_S.PLANNED, _S.OPEN})


class StepRefused(Exception):
    """A step that the table refuses; `code` is one of `survey.problems`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Step:
    """A line of the log. `opens_on`, `closes_on`: given when the step sets the days."""

    action: RoundAction
    at: datetime
    account_id: str | None = None
    reason: str = ""
    opens_on: date | None = None
    closes_on: date | None = None


@dataclass(frozen=True)
class Standing:
    """Where a round stands in a commune, since when and by whom."""

    state: CommuneState
    opens_on: date
    closes_on: date
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    accepted_at: datetime | None = None
    accepted_by: str | None = None


def next_state(state: CommuneState | None, action: RoundAction, reason: str = "") -> CommuneState:
    """The state after `action`. Raises `StepRefused`."""
    following = STEPS.get((state, action))
    if following is None:
        raise StepRefused("round_step")
    if action in REASONED and not reason.strip():
        raise StepRefused("reason_needed")
    return following


def after(standing: Standing | None, step: Step) -> Standing:
    """Where it stands after one more step. Raises `StepRefused`, and ValueError for a first step without days."""
    state = next_state(standing.state if standing else None, step.action, step.reason)
    opens_on = step.opens_on or (standing.opens_on if standing else None)
    closes_on = step.closes_on or (standing.closes_on if standing else None)
    if opens_on is None or closes_on is None or closes_on < opens_on:
        raise ValueError("a round needs a first day, and a last one that is not before it")
    found = Standing(state, opens_on, closes_on, standing.opened_at if standing else None)
    match step.action:
        case _A.OPEN:
            return replace(found, opened_at=step.at)
        case _A.CLOSE:
            return replace(found, closed_at=step.at, closed_by=step.account_id)
        case _A.ACCEPT if standing:
            closed = replace(found, closed_at=standing.closed_at, closed_by=standing.closed_by)
            return replace(closed, accepted_at=step.at, accepted_by=step.account_id)
    return found


def stands_after(steps: Iterable[Step]) -> Standing | None:
    """Where a round stands after all its steps, in their order; None before the first."""
    standing = None
    for step in steps:
        standing = after(standing, step)
    return standing

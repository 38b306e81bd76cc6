"""What became of a household without an interview: a fold of what was said and what was decided. Pure.

waiting ─► confirmed      One person says it, another decides. Nothing is erased: a decision is taken back by a later
   │ ▲        │           one. An accepted interview wins over every outcome, whichever came first.
   │ └────────┴─ take back
   ▼ │
sent back                 While an interview is sent back to be mended, the later word counts: what was said and decided
                          before that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from survey.terms import OutcomeAction, OutcomeKind, OutcomeState, QuarantineReason, RegisterState

_S, _A = OutcomeState, OutcomeAction

STEPS: dict[tuple[OutcomeState, OutcomeAction], OutcomeState] = {
    (_S.WAITING, _A.CONFIRM): _S.CONFIRMED,
    (_S.WAITING, _A.SEND_BACK): _S.SENT_BACK,
    (_S.CONFIRMED, _A.TAKE_BACK): _S.WAITING,
    (_S.SENT_BACK, _A.TAKE_BACK): _S.WAITING,
}
# A household that one of these is confirmed of is none of the register's any more; of the others it is one still.
LEAVING = frozenset(
    {OutcomeKind.DIED_OUT, OutcomeKind.SPLIT, OutcomeKind.MERGED, OutcomeKind.DUPLICATE, OutcomeKind.TEST}
)
# Where the household stands by its interviews while none stands in the place of what was said.
OPEN = (RegisterState.TO_VISIT, RegisterState.RETURNED)
# Who sends back or takes back says why.
REASONED = frozenset({_A.SEND_BACK, _A.TAKE_BACK})


class Decision(NamedTuple):
    """`undone`: the household came back onto the list since, and it counts no more."""

    action: OutcomeAction
    by: str
    at: datetime
    reason: str = ""
    undone: bool = False


@dataclass(frozen=True)
class Said:
    """An outcome as it arrived, with what was decided about it, in order."""

    id: str
    kind: OutcomeKind | None
    by: str
    at: datetime
    held_for: QuarantineReason | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def state(self) -> OutcomeState:
        state = _S.WAITING
        for one in self.decisions:
            state = STEPS.get((state, one.action), state) if not one.undone else state
        return state

    @property
    def last(self) -> Decision | None:
        """The decision that counts now; None while it waits."""
        counting = [one for one in self.decisions if not one.undone]
        return counting[-1] if counting and self.state is not _S.WAITING else None

    @property
    def counts(self) -> bool:
        """Whether it says something of the household: one that is held does so only once somebody confirmed it."""
        return self.state is _S.CONFIRMED or (self.state is _S.WAITING and self.held_for is None)

    @property
    def stands_since(self) -> datetime:
        return self.last.at if self.last else self.at

    def is_after(self, since: datetime | None) -> bool:
        return since is None or self.stands_since > since


@dataclass(frozen=True)
class Standing:
    """Which outcome a household has in a round: `which`, None without one. `beside`: the others that count."""

    which: Said | None
    beside: tuple[Said, ...] = ()

    @property
    def state(self) -> OutcomeState | None:
        return self.which.state if self.which else None

    @property
    def confirmed(self) -> OutcomeKind | None:
        """The end state of the household in the round, where somebody confirmed one."""
        return self.which.kind if self.which and self.which.state is _S.CONFIRMED else None

    @property
    def is_disputed(self) -> bool:
        """Whether people said different things of it."""
        return self.which is not None and any(one.kind is not self.which.kind for one in self.beside)


def standing(said: Iterable[Said], *, interviewed: bool, since: datetime | None = None) -> Standing:
    """What stands, whatever order it came in. `interviewed`: an interview of the household was accepted; `since`: when
    one was sent back to be mended."""
    if interviewed:
        return Standing(None)
    found = sorted((one for one in said if one.counts and one.is_after(since)), key=_weight)
    return Standing(found[-1], tuple(found[:-1])) if found else Standing(None)


def _weight(one: Said) -> tuple[bool, datetime, str]:
    """A confirmed one before any that waits, the later one before the earlier."""
    return one.state is _S.CONFIRMED, one.stands_since, one.id


def objection(
    said: Sequence[Said], which: Said, action: OutcomeAction, by: str, reason: str, *, interviewed: bool
) -> str | None:
    """What stands against a decision, as a code of `survey.problems`; None when it may be taken."""
    if by == which.by:
        return "own_outcome"
    if (which.state, action) not in STEPS:
        return "not_allowed_now"
    if action in REASONED and not reason.strip():
        return "reason_needed"
    if action is not _A.CONFIRM:
        return None
    if which.kind is None:
        return "not_allowed_now"
    if interviewed:
        return "outcome_interviewed"
    return "outcome_other" if any(one.state is _S.CONFIRMED for one in said if one is not which) else None

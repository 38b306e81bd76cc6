"""How a submission moves, and what is made of one that arrives: tables first, pure (imports the terms only).

arrives ─► submitted ─► accepted
    │       │  ▲  ▲        │
    │       ▼  │  └─reopen─┘         At most one submission of a household in a round is *live*
    │     returned ─► superseded     (submitted, returned, accepted).
    ▼                                Two that nobody has decided between both wait: `settle`.
quarantined ─► submitted / returned / superseded (another counts) / discarded ─► quarantined again

**The order of arrival decides nothing.** `verdict` looks at an entry alone: what it says, and what the office knows of
its form, round, household and sender. What an entry is beside others of its household is `settle`'s: a function of how
they stand, whichever came first. Only what a person decided (accepted, returned, chose, discarded) has a before and an
after: an accepted interview stays so when another arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from survey.terms import Action, QuarantineReason, RegisterState, SubmissionState

_S, _A, _Q = SubmissionState, Action, QuarantineReason

TRANSITIONS: dict[tuple[SubmissionState | None, Action], SubmissionState] = {
    (None, _A.RECEIVE): _S.SUBMITTED,
    (None, _A.QUARANTINE): _S.QUARANTINED,
    (_S.SUBMITTED, _A.ACCEPT): _S.ACCEPTED,
    (_S.SUBMITTED, _A.RETURN): _S.RETURNED,
    (_S.SUBMITTED, _A.QUARANTINE): _S.QUARANTINED,  # another interview of the household came
    (_S.SUBMITTED, _A.ATTACH): _S.QUARANTINED,  # to be judged as one of that household
    (_S.RETURNED, _A.REOPEN): _S.SUBMITTED,
    (_S.RETURNED, _A.SUPERSEDE): _S.SUPERSEDED,  # mended by a newer one
    (_S.RETURNED, _A.PASS_OVER): _S.SUPERSEDED,
    (_S.RETURNED, _A.QUARANTINE): _S.QUARANTINED,  # its round was cancelled: nobody mends it any more
    (_S.ACCEPTED, _A.REOPEN): _S.SUBMITTED,
    (_S.QUARANTINED, _A.QUARANTINE): _S.QUARANTINED,  # held for another reason now
    (_S.QUARANTINED, _A.RELEASE): _S.SUBMITTED,
    (_S.QUARANTINED, _A.RETURN): _S.RETURNED,
    (_S.QUARANTINED, _A.ATTACH): _S.QUARANTINED,
    (_S.QUARANTINED, _A.DATE): _S.QUARANTINED,  # to be judged as one of that day
    (_S.QUARANTINED, _A.DISCARD): _S.DISCARDED,
    (_S.QUARANTINED, _A.PASS_OVER): _S.SUPERSEDED,
    (_S.DISCARDED, _A.RESTORE): _S.QUARANTINED,
    (_S.SUPERSEDED, _A.RESTORE): _S.QUARANTINED,  # one that was passed over; not one that was mended
}
LIVE = {_S.SUBMITTED: RegisterState.RECEIVED, _S.RETURNED: RegisterState.RETURNED, _S.ACCEPTED: RegisterState.ACCEPTED}
OUT = frozenset({_S.SUPERSEDED, _S.DISCARDED})  # stands in nobody's way

# Held for what others there are, not for what the entry is: a person compares and decides.
CONTESTED = frozenset({_Q.ID_REUSED, _Q.ALREADY_ACCEPTED, _Q.TWO_INTERVIEWS, _Q.TOO_MANY})
MOST_COMPARED = 20  # undecided interviews of a household with which one that arrives is compared; beyond, it is held
# Held for these, an entry cannot be counted for a household as it is: its cause has to be mended, or it is discarded.
NEVER_RELEASED = frozenset(
    {
        _Q.BAD_SHAPE, _Q.TOO_LARGE, _Q.UNKNOWN_FORM, _Q.ROUND_CLOSED, _Q.ROUND_CANCELLED, _Q.UNKNOWN_HOUSEHOLD,
        _Q.OUTSIDE_STANDARD,
    }
)  # fmt: skip
# Held for these, an entry does not count before a person has found of which day it is (Action.DATE): ages and the class
# hang on it. Releasing it as it is would take the phone's word (`review.decide` refuses).
UNDATED = frozenset({_Q.FUTURE_DATE, _Q.DOUBTFUL_DATE, _Q.SERVER_CLOCK})
UNREADABLE = frozenset({_Q.BAD_SHAPE, _Q.TOO_LARGE})
# What may have been mended here since: form published, village assigned, household listed, the server's clock set.
# A standard's period may have been prolonged, as in 2025.
JUDGED_AGAIN = UNDATED | {
    _Q.UNKNOWN_FORM, _Q.UNKNOWN_HOUSEHOLD, _Q.OUTSIDE_AREA, _Q.ROUND_CLOSED, _Q.OUTSIDE_STANDARD, _Q.BAD_ANSWERS,
    _Q.TOO_MUCH,
}  # fmt: skip
# What a page offers as a button; the others follow by themselves, or have a form of their own.
DECISIONS = (_A.ACCEPT, _A.RELEASE, _A.RETURN, _A.REOPEN, _A.DISCARD, _A.RESTORE)


class NotAllowed(Exception):
    """An action that the tables refuse; `code` is one of `survey.problems`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def next_state(
    state: SubmissionState | None,
    action: Action,
    *,
    reason: QuarantineReason | None = None,
    own_interview: bool = False,
    commented: bool = False,
    passed_over: bool = False,
) -> SubmissionState:
    """The state after `action`. Raises `NotAllowed`.

    `reason`: why it is held now, None when this program and no person takes the step; `own_interview`: who acts is who
    surveyed; `commented`: a comment was given; `passed_over`: a person chose another in its place.
    """
    following = TRANSITIONS.get((state, action))
    if following is None or (state is _S.SUPERSEDED and not passed_over):
        raise NotAllowed("not_allowed_now")
    if action in (_A.RELEASE, _A.RETURN) and (reason in NEVER_RELEASED or reason is _Q.ALREADY_ACCEPTED):
        raise NotAllowed("not_allowed_now")
    if action is _A.ATTACH and reason in UNREADABLE:
        raise NotAllowed("not_allowed_now")
    if action in (_A.ACCEPT, _A.RELEASE, _A.ATTACH, _A.DATE) and own_interview:
        raise NotAllowed("own_interview")
    if action in (_A.RETURN, _A.DISCARD) and not commented:
        raise NotAllowed("comment_needed")
    return following


def allowed(
    state: SubmissionState,
    *,
    reason: QuarantineReason | None = None,
    own_interview: bool = False,
    passed_over: bool = False,
) -> list[Action]:
    """The decisions open to a person now, for the page that offers them."""
    found = []
    for action in DECISIONS:
        try:
            next_state(
                state, action, reason=reason, own_interview=own_interview, commented=True, passed_over=passed_over
            )
        except NotAllowed:
            continue
        found.append(action)
    return found


@dataclass(frozen=True)
class Known:
    """What the office knows that bears on an entry, whatever else it has of the household."""

    permitted: bool = True  # the account's role may submit interviews
    inside_area: bool = True  # … there
    round_open: bool = True  # in its commune
    round_cancelled: bool = False  # there
    form_known: bool = True
    household_known: bool = True  # on the register, or found in the field by this entry
    standard_holds: bool = True  # the round's standard was in force on the day of the interview


@dataclass(frozen=True)
class Incoming:
    """What is to be known of the entry itself."""

    well_shaped: bool = True
    too_large: bool = False
    in_future: bool = False
    date_doubted: bool = False
    server_doubted: bool = False  # its day stands against the server's clock, and that is in doubt
    answers_valid: bool = True
    too_much: bool = False  # the rules of its form cost more than may be run


# In the order in which they are told: the first that holds is the reason.
REASONS: tuple[tuple[QuarantineReason, Callable[[Known, Incoming], bool]], ...] = (
    (_Q.TOO_LARGE, lambda known, incoming: incoming.too_large),
    (_Q.BAD_SHAPE, lambda known, incoming: not incoming.well_shaped),
    (_Q.REVOKED, lambda known, incoming: not known.permitted),
    (_Q.OUTSIDE_AREA, lambda known, incoming: not known.inside_area),
    (_Q.ROUND_CANCELLED, lambda known, incoming: known.round_cancelled),
    (_Q.ROUND_CLOSED, lambda known, incoming: not known.round_open),
    (_Q.UNKNOWN_HOUSEHOLD, lambda known, incoming: not known.household_known),
    (_Q.UNKNOWN_FORM, lambda known, incoming: not known.form_known),
    (_Q.SERVER_CLOCK, lambda known, incoming: incoming.server_doubted),
    (_Q.FUTURE_DATE, lambda known, incoming: incoming.in_future),
    (_Q.DOUBTFUL_DATE, lambda known, incoming: incoming.date_doubted),
    (_Q.OUTSIDE_STANDARD, lambda known, incoming: not known.standard_holds),
    (_Q.TOO_MUCH, lambda known, incoming: incoming.too_much),
    (_Q.BAD_ANSWERS, lambda known, incoming: not incoming.answers_valid),
)


def verdict(known: Known, incoming: Incoming) -> QuarantineReason | None:
    """What an entry by itself is held for; None when nothing stands against it but perhaps another (`settle`)."""
    return next((reason for reason, holds in REASONS if holds(known, incoming)), None)


def is_contested(state: str, reason: str | None) -> bool:
    """Whether it is held only because another interview stands beside it, and nobody has decided between them."""
    return state == _S.QUARANTINED and reason in CONTESTED


@dataclass(frozen=True)
class Candidate:
    """A submission of a household in a round as it stands. `replaces`: the entry that it says it mends; `id_reused`:
    another content came under its entry id, and nobody has decided between the two."""

    id: str
    entry_id: str
    state: SubmissionState
    reason: QuarantineReason | None = None
    replaces: str | None = None
    id_reused: bool = False

    @property
    def undecided(self) -> bool:
        """Sound, and nobody has decided on it yet."""
        return self.state is _S.SUBMITTED or is_contested(self.state, self.reason)


@dataclass(frozen=True)
class Step:
    """A step that follows by itself."""

    id: str
    action: Action
    reason: QuarantineReason | None = None


def settle(household: Sequence[Candidate]) -> list[Step]:
    """The steps that bring the submissions of one household in one round to rest; none when they are.

    A returned one gives way to the one that mends it. One undecided interview alone waits for review; beside an
    accepted one it is held; two or more undecided ones, or one beside a returned one that it does not mend, are held,
    all of them. What is accepted, returned, passed over or discarded, and what is held for a fault of its own, is left
    alone. The order of `household` does not matter: who came when there were `MOST_COMPARED` already bears another word
    for the same waiting, until they are fewer.
    """
    undecided = [one for one in household if one.undecided]
    standing = [*undecided, *(one for one in household if one.state is _S.RETURNED)]
    mended = {
        one.id
        for one in household
        if one.state is _S.RETURNED and any(by.replaces == one.entry_id and by.id != one.id for by in standing)
    }
    accepted = any(one.state is _S.ACCEPTED for one in household)
    others = len([one for one in standing if one.id not in mended]) > 1
    steps = [Step(one.id, _A.SUPERSEDE) for one in household if one.id in mended]
    for one in undecided:
        reason = _Q.ID_REUSED if one.id_reused else _Q.ALREADY_ACCEPTED if accepted else None
        reason = reason or (_Q.TWO_INTERVIEWS if others else None)
        if one.reason is _Q.TOO_MANY and len(undecided) > MOST_COMPARED:
            continue  # which of those words it bears decides nothing while a person has not chosen
        if reason is not one.reason:
            steps.append(Step(one.id, _A.QUARANTINE if reason else _A.RELEASE, reason))
    return steps


def register_state(household: Sequence[tuple[SubmissionState, QuarantineReason | None]]) -> RegisterState:
    """Where a household stands in a round by its submissions: one that is sound was received, even while it waits for
    a person who compares it with another."""
    live = [LIVE[state] for state, _ in household if state in LIVE]
    contested = any(is_contested(state, reason) for state, reason in household)
    return live[0] if live else RegisterState.RECEIVED if contested else RegisterState.TO_VISIT

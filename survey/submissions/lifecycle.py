"""How a submission moves, and what is made of one that arrives: tables first, pure (imports the terms only).

arrives ─► submitted ─► accepted
    │       │  ▲  ▲        │
    │       ▼  │  └─reopen─┘         At most one submission of a household in a round is *live*
    │     returned ─► superseded     (submitted, returned, accepted); a mended one supersedes
    ▼                                the returned one, a released one the one that was live.
quarantined ─► submitted / returned / superseded
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from survey.terms import Action, QuarantineReason, RegisterState, SubmissionState

_S, _A, _Q = SubmissionState, Action, QuarantineReason

TRANSITIONS: dict[tuple[SubmissionState | None, Action], SubmissionState] = {
    (None, _A.RECEIVE): _S.SUBMITTED,
    (None, _A.QUARANTINE): _S.QUARANTINED,
    (_S.SUBMITTED, _A.ACCEPT): _S.ACCEPTED,
    (_S.SUBMITTED, _A.RETURN): _S.RETURNED,
    (_S.SUBMITTED, _A.SUPERSEDE): _S.SUPERSEDED,
    (_S.RETURNED, _A.REOPEN): _S.SUBMITTED,
    (_S.RETURNED, _A.SUPERSEDE): _S.SUPERSEDED,
    (_S.ACCEPTED, _A.REOPEN): _S.SUBMITTED,
    (_S.QUARANTINED, _A.RELEASE): _S.SUBMITTED,
    (_S.QUARANTINED, _A.RETURN): _S.RETURNED,
    (_S.QUARANTINED, _A.SUPERSEDE): _S.SUPERSEDED,
}
LIVE = {_S.SUBMITTED: RegisterState.RECEIVED, _S.RETURNED: RegisterState.RETURNED, _S.ACCEPTED: RegisterState.ACCEPTED}

# Held for these, an entry cannot be counted for a household: it can only be set aside (superseded).
NEVER_RELEASED = frozenset({_Q.BAD_SHAPE, _Q.TOO_LARGE, _Q.UNKNOWN_FORM, _Q.ROUND_CLOSED, _Q.UNKNOWN_HOUSEHOLD})


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
) -> SubmissionState:
    """The state after `action`. Raises `NotAllowed`.

    `reason`: why it is held now; `own_interview`: who acts is who surveyed; `commented`: a comment was given.
    """
    following = TRANSITIONS.get((state, action))
    if following is None:
        raise NotAllowed("not_allowed_now")
    if action in (_A.RELEASE, _A.RETURN) and reason in NEVER_RELEASED:
        raise NotAllowed("not_allowed_now")
    if action in (_A.ACCEPT, _A.RELEASE) and own_interview:
        raise NotAllowed("own_interview")
    if action is _A.RETURN and not commented:
        raise NotAllowed("comment_needed")
    return following


def allowed(
    state: SubmissionState, *, reason: QuarantineReason | None = None, own_interview: bool = False
) -> list[Action]:
    """The actions open to a person now, for the page that offers them."""
    found = []
    for start, action in TRANSITIONS:
        if start is not state:
            continue
        try:
            next_state(state, action, reason=reason, own_interview=own_interview, commented=True)
        except NotAllowed:
            continue
        if action is not _A.SUPERSEDE or state is _S.QUARANTINED:  # else only a newer entry supersedes
            found.append(action)
    return found


@dataclass(frozen=True)
class Live:
    """The submission that counts for a household in a round."""

    entry_id: str
    state: SubmissionState


@dataclass(frozen=True)
class Known:
    """What the server knows that bears on an entry."""

    permitted: bool = True  # the account's role may submit interviews
    inside_area: bool = True  # … there
    id_reused: bool = False  # another content came under this id
    round_open: bool = True
    form_known: bool = True
    household_known: bool = True  # on the register, or found in the field by this entry
    live: Live | None = None


@dataclass(frozen=True)
class Incoming:
    """What is to be known of the entry itself."""

    well_shaped: bool = True
    too_large: bool = False
    in_future: bool = False
    answers_valid: bool = True
    replaces: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`reason`: held for it, None when stored; `supersedes`: the live submission gives way to this one."""

    reason: QuarantineReason | None
    supersedes: bool = False


def _other_interview(known: Known, incoming: Incoming) -> bool:
    return known.live is not None and not _mends(known, incoming)


def _mends(known: Known, incoming: Incoming) -> bool:
    live = known.live
    return live is not None and live.state is _S.RETURNED and live.entry_id == incoming.replaces


# In the order in which they are told: the first that holds is the reason.
REASONS: tuple[tuple[QuarantineReason, Callable[[Known, Incoming], bool]], ...] = (
    (_Q.TOO_LARGE, lambda known, incoming: incoming.too_large),
    (_Q.BAD_SHAPE, lambda known, incoming: not incoming.well_shaped),
    (_Q.ID_REUSED, lambda known, incoming: known.id_reused),
    (_Q.REVOKED, lambda known, incoming: not known.permitted),
    (_Q.OUTSIDE_AREA, lambda known, incoming: not known.inside_area),
    (_Q.ROUND_CLOSED, lambda known, incoming: not known.round_open),
    (_Q.UNKNOWN_HOUSEHOLD, lambda known, incoming: not known.household_known),
    (_Q.UNKNOWN_FORM, lambda known, incoming: not known.form_known),
    (_Q.FUTURE_DATE, lambda known, incoming: incoming.in_future),
    (
        _Q.ALREADY_ACCEPTED,
        lambda known, incoming: known.live is not None and known.live.state is _S.ACCEPTED,
    ),
    (_Q.TWO_INTERVIEWS, _other_interview),
    (_Q.BAD_ANSWERS, lambda known, incoming: not incoming.answers_valid),
)


def verdict(known: Known, incoming: Incoming) -> Verdict:
    """Whether an entry is stored for review or held, and whether it takes the place of a returned one.

    A mended entry that is itself held supersedes nothing: the returned one goes on asking for a mend.
    """
    for reason, holds in REASONS:
        if holds(known, incoming):
            return Verdict(reason)
    return Verdict(None, supersedes=_mends(known, incoming))

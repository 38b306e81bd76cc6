"""Of which households of a round a figure is: each base once, with what it must add up to. Pages, files and commands
count by these, so a number stands for the same households everywhere (tests/web/desk/test_bases.py opens them all).

- listed: on the round's list now = the four states of the list
- start, met, ended: on the list that was frozen, met later, with an end (`rounds/end_states.py`);
  start + met = the end states + who has none yet
- accepted: the interview that counts is accepted = classified + refused + no_class
- received: it waits for a person; provisional, never added to the accepted = the same three of its own
- classified: of those, with a class = the three classes; what a class and a lack are a share of
- refused, no_class: without one; who did not agree to answer, and of whom an answer is missing
- known, of an indicator or dimension: of the classified, who is known to lack it or not to (`deprivations.lack_of`);
  the others are told beside it and stay in the denominator
- recognised: with a decision (Mẫu 02). None is kept yet: every class is provisional
- applicable, of an indicator: of the classified, where somebody of that age lives (`deprivations.asked_of`). Told
  beside a share and never what it divides by: the questionnaire's rules make an indicator 0 where nobody does, and such
  a household counts as one that does not lack it, as in the ministry's shares, which divide by all households of a
  class. Kept of this year alone.

Who rests on the illustrative points is a part of accepted (or received), never a base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func

from models import RegisterEntry
from survey.terms import CountBase, RegisterState


class Share(NamedTuple):
    """`number` out of `denominator`; `unknown`: those of the whole of whom nobody knows, who stay in it."""

    number: int
    denominator: int
    unknown: int = 0

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None when there is nothing to divide by, or somebody is not known."""
        return self.number / self.denominator if self.denominator and not self.unknown else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between what the share lies, whatever is true of those who are not known."""
        if not self.denominator:
            return None
        return self.number / self.denominator, (self.number + self.unknown) / self.denominator


PARTS = (CountBase.CLASSIFIED, CountBase.REFUSED, CountBase.NO_CLASS)  # of the accepted, and of the received

_WHOLES = {CountBase.ACCEPTED: RegisterState.ACCEPTED, CountBase.RECEIVED: RegisterState.RECEIVED}
_CLASS = RegisterEntry.household_class
_PARTS: Mapping[CountBase, ColumnElement[bool]] = {
    CountBase.CLASSIFIED: _CLASS.is_not(None),
    CountBase.REFUSED: and_(_CLASS.is_(None), RegisterEntry.refused.is_(True)),
    CountBase.NO_CLASS: and_(_CLASS.is_(None), func.coalesce(RegisterEntry.refused, False).is_(False)),
}


PART = case(*((_PARTS[one], one.value) for one in PARTS))  # the same as `part_of` says


def part_of(household_class: str | None, refused: bool | None) -> CountBase:
    """Which of `PARTS` an interview is; without an assessment (None, None) it has no class."""
    if household_class is not None:
        return CountBase.CLASSIFIED
    return CountBase.REFUSED if refused else CountBase.NO_CLASS


def of(base: CountBase, within: CountBase = CountBase.ACCEPTED) -> ColumnElement[bool]:
    """Whether a register entry is of `base`: accepted, received, or a part of the one that `within` names."""
    if base in _WHOLES:
        return RegisterEntry.state == _WHOLES[base].value
    return and_(of(within), _PARTS[base])


def illustrative(within: CountBase = CountBase.ACCEPTED) -> ColumnElement[bool]:
    """Of those: whose B1 rests on points that are not official."""
    return and_(of(within), func.coalesce(RegisterEntry.illustrative, False).is_(True))

"""The base `resident`: how many households and persons live in a place on a day, by what was entered and confirmed.

A number stands when another account than the one that entered it confirmed it. Of a place the one of the latest day
stands, of one day the one that was entered last; what was refused, taken back or taken out again never does. Places
below a place need not add up to it: the difference is told, and neither number is changed. Where nobody entered the
whole, the sum of its parts stands for it, if each of them has a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, ResidentCount, ResidentStep, Round
from models.database import chunks
from survey.register.places import names_in, over_in
from survey.residents.two_eyes import state_after
from survey.terms import PlaceKind, ResidentState

OLDEST = timedelta(days=366)  # before a round opens: what is older says nothing of its places any more


class Numbers(NamedTuple):
    """None: nobody knows it. Kinh and the other ethnic groups (`dtts`) leave over who is of neither."""

    households: int | None
    persons: int | None = None
    kinh_households: int | None = None
    dtts_households: int | None = None
    kinh_persons: int | None = None
    dtts_persons: int | None = None

    @property
    def other_households(self) -> int | None:
        """Of neither: foreign, or not known."""
        return _rest(self.households, self.kinh_households, self.dtts_households)

    @property
    def other_persons(self) -> int | None:
        return _rest(self.persons, self.kinh_persons, self.dtts_persons)


def _rest(whole: int | None, *parts: int | None) -> int | None:
    known = [one for one in parts if one is not None]
    return whole - sum(known) if whole is not None and len(known) == len(parts) else None


@dataclass(frozen=True)
class Entered:
    """What was entered of a place, and what became of it."""

    count: ResidentCount
    steps: Sequence[ResidentStep] = ()

    @property
    def state(self) -> ResidentState:
        return state_after(step.action for step in self.steps)

    @property
    def numbers(self) -> Numbers:
        return Numbers(*(getattr(self.count, name) for name in Numbers._fields))

    @property
    def people(self) -> list[str]:
        """Who entered it, and who did what with it."""
        return [self.count.account_id, *(step.account_id for step in self.steps)]


@dataclass(frozen=True)
class Window:
    """Numbers of which days are meant, both included."""

    since: date
    until: date


def window_of(survey_round: Round) -> Window:
    """Those that a round's rates may divide by: from a year before it opens to the end of its year, as of which yearly
    figures are told."""
    until = max(date(survey_round.year, 12, 31), survey_round.closes_on)
    return Window(survey_round.opens_on - OLDEST, until)


def entered_of(session: Session, places: Iterable[str], at: datetime | None = None) -> dict[str, list[Entered]]:
    """By place, the latest first, of what was written down by an instant (None: now); a place of which nothing was
    entered is not among them."""
    found: dict[str, list[Entered]] = {}
    for chunk in chunks(set(places)):
        steps: dict[tuple[str, int], list[ResidentStep]] = {}
        taken = select(ResidentStep).where(ResidentStep.place_id.in_(chunk)).order_by(ResidentStep.number)
        counts = select(ResidentCount).where(ResidentCount.place_id.in_(chunk))
        if at is not None:
            taken, counts = taken.where(ResidentStep.at <= at), counts.where(ResidentCount.at <= at)
        for step in session.scalars(taken):
            steps.setdefault((step.place_id, step.seq), []).append(step)
        latest = counts.order_by(ResidentCount.place_id, ResidentCount.as_of.desc(), ResidentCount.seq.desc())
        for count in session.scalars(latest):
            one = Entered(count, steps.get((count.place_id, count.seq), ()))
            found.setdefault(count.place_id, []).append(one)
    return found


def standing(entered: Iterable[Entered], window: Window) -> Entered | None:
    """The number that stands, of those as `entered_of` has them."""
    for one in entered:
        if one.state is ResidentState.CONFIRMED and window.since <= one.count.as_of <= window.until:
            return one
    return None


def standing_in(
    session: Session, places: Iterable[str], window: Window, at: datetime | None = None
) -> dict[str, Entered]:
    """By place; who has none, or had none by an instant, is not among them."""
    found = {place_id: standing(those, window) for place_id, those in entered_of(session, places, at).items()}
    return {place_id: one for place_id, one in found.items() if one is not None}


def parts_of(session: Session, place_id: str, day: date) -> list[str]:
    """The communes of a province, or the villages that a commune has on a day."""
    place = session.get_one(Place, place_id)
    if place.kind == PlaceKind.PROVINCE:
        communes = select(Place.id).where(Place.parent_id == place_id, Place.kind == PlaceKind.COMMUNE)
        return list(session.scalars(communes.order_by(Place.id)))
    if place.kind == PlaceKind.VILLAGE:
        return []
    over = over_in(session, [place_id], day)
    return [one for one in names_in(session, [place_id], day) if one not in over and one != place_id]


@dataclass(frozen=True)
class Difference:
    """The whole as it was entered, and what its parts come to."""

    measure: str  # of `Numbers`
    whole: int
    parts: int


@dataclass(frozen=True)
class Whole:
    """A place with its parts. `own`: what stands of itself; `missing`: parts of which nothing stands; `numbers`: its
    own, else the sum of the parts, None of a measure that one of them lacks."""

    own: Entered | None
    parts: Mapping[str, Entered]
    missing: Sequence[str]

    @property
    def sums(self) -> Numbers | None:
        """What the parts come to; None when there are none, or one of them has no number."""
        if self.missing or not self.parts:
            return None
        return summed([one.numbers for one in self.parts.values()])

    @property
    def numbers(self) -> Numbers | None:
        return self.own.numbers if self.own is not None else self.sums

    @property
    def differences(self) -> list[Difference]:
        if self.own is None or self.sums is None:
            return []
        both = zip(Numbers._fields, self.own.numbers, self.sums, strict=True)
        return [
            Difference(measure, whole, parts)
            for measure, whole, parts in both
            if whole is not None and parts is not None and whole != parts
        ]


def summed(those: Sequence[Numbers]) -> Numbers:
    """What places come to together; a measure that one of them lacks is not known. At least one place."""
    known = [_sum([one[at] for one in those]) for at in range(len(Numbers._fields))]
    return Numbers(known[0] or 0, *known[1:])


def _sum(those: Sequence[int | None]) -> int | None:
    known = [one for one in those if one is not None]
    return sum(known) if len(known) == len(those) else None


def whole(session: Session, place_id: str, parts: Sequence[str], window: Window, at: datetime | None = None) -> Whole:
    found = standing_in(session, [place_id, *parts], window, at)
    there = {one: found[one] for one in parts if one in found}
    return Whole(found.get(place_id), there, [one for one in parts if one not in found])

"""What a measure came to in a round, by the sums of places and the confirmed residents.

Only of a round that every commune meant has closed: while a review is under way the poor who are found so far, over
all residents, would be a poverty rate far too low. Each figure names what it is out of; where there is nothing to
divide by, or somebody is not known, there is no value but why. Until classes are recognised by decision it is
provisional, and illustrative where a class rests on points that are no official ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Round, RoundCommune
from survey.plan.judging import Figure, When
from survey.plan.measures import DTTS, RESIDENT, Definition, definition
from survey.residents import residents
from survey.tallies.deprivations import MEASURES
from survey.tallies.places import ALL, Basis, Group, work
from survey.tallies.sums import Sums, by_part, minorities
from survey.terms import CommuneState, FigureStatus, PlanMeasure, RoundKind

FOUR = Decimal("0.0001")
_CLOSED = (CommuneState.CLOSED, CommuneState.ACCEPTED)
Parts = defaultdict[str, Sums]  # by part of the communes ("": all of them); nothing where nobody is counted


@dataclass(frozen=True)
class Counted:
    """A figure of a round, or (`round_id` None) of supports and models that are written down, under `kinds` of them.
    `why`: a code of `words.UNCOUNTED` where it has no value, with `missing` of `all`; `bounds`: between what a share
    lies, whatever is true of those who are not known."""

    figure: Figure
    round_id: str | None
    numerator: int | None = None
    denominator: int | None = None
    why: str | None = None
    missing: int = 0
    all: int = 0
    bounds: tuple[Decimal, Decimal] | None = None
    kinds: tuple[str, ...] = ()


class _Missing(NamedTuple):
    why: str
    missing: int = 0
    all: int = 0


class Counting:
    """Reads each round of each set of communes once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._sums: dict[tuple[str, tuple[str, ...]], Parts] = {}
        self._residents: dict[tuple[str, str, tuple[str, ...]], residents.Numbers | _Missing] = {}
        self._rounds: dict[tuple[str, ...], list[tuple[Round, int]]] = {}

    def of(self, measure: PlanMeasure, place_id: str, communes: Sequence[str], years: Collection[int]) -> list[Counted]:
        """Of each year's periodic round, in the place or in some communes of it; none where nothing counts it."""
        wanted = definition(measure)
        if not wanted.is_of_round:
            return []
        chosen = tuple(sorted(communes))
        return [
            self._in(wanted, place_id, chosen, one, closed)
            for one, closed in self._rounds_of(chosen)
            if one.year in years
        ]

    def _rounds_of(self, communes: tuple[str, ...]) -> list[tuple[Round, int]]:
        """The last periodic round of each year, with how many of the communes have closed it."""
        if communes not in self._rounds:
            rows = select(Round, RoundCommune.state).join(RoundCommune, RoundCommune.round_id == Round.id)
            rows = rows.where(
                Round.trial.is_(False), Round.kind == RoundKind.PERIODIC.value,
                RoundCommune.commune_id.in_(communes), RoundCommune.state != CommuneState.CANCELLED.value,
            )  # fmt: skip
            closed: dict[str, tuple[Round, int]] = {}
            for one, state in self.session.execute(rows):
                known = closed.get(one.id, (one, 0))[1]
                closed[one.id] = one, known + (state in _CLOSED)
            ordered = sorted(closed.values(), key=lambda one: (one[0].opens_on, one[0].id))
            self._rounds[communes] = list({one.year: (one, number) for one, number in ordered}.values())
        return self._rounds[communes]

    def _in(
        self, wanted: Definition, place_id: str, communes: tuple[str, ...], survey_round: Round, closed: int
    ) -> Counted:
        if closed < len(communes):
            missing = _Missing("not_closed", len(communes) - closed, len(communes))
            return _told(survey_round, FigureStatus.PROVISIONAL, missing)
        sums = self._sums_of(survey_round.id, communes)
        is_illustrative = sums[ALL].of(f"{Basis.FINAL.value}.illustrative").households > 0
        status = FigureStatus.ILLUSTRATIVE if is_illustrative else FigureStatus.PROVISIONAL
        if wanted.is_proxy:
            return _steady(wanted, sums, survey_round, status)
        if wanted.dimension is not None:
            return _lacking(wanted, sums, survey_round, status)
        numerator = _of_classes(wanted, sums)
        if wanted.numerator == RESIDENT or wanted.denominator is not None:
            numbers = self._residents_of(place_id, communes, survey_round)
            denominator = _households(numbers, wanted)
            if isinstance(denominator, _Missing):
                return _told(survey_round, status, denominator)
            if wanted.numerator == RESIDENT:
                return _value(survey_round, FigureStatus.REPORTED, denominator, None)
            return _divided(survey_round, status, numerator, denominator)
        if isinstance(numerator, _Missing):
            return _told(survey_round, status, numerator)
        return _value(survey_round, status, numerator, None)

    def _sums_of(self, round_id: str, communes: tuple[str, ...]) -> Parts:
        key = round_id, communes
        if key not in self._sums:
            self._sums[key] = defaultdict(lambda: Sums({}), by_part(self.session, round_id, communes))
        return self._sums[key]

    def _residents_of(
        self, place_id: str, communes: tuple[str, ...], survey_round: Round
    ) -> residents.Numbers | _Missing:
        """Of the place as it was entered for itself where all of it is meant; else what the communes add up to."""
        key = survey_round.id, place_id, communes
        if key not in self._residents:
            self._residents[key] = self._read_residents(place_id, communes, survey_round)
        return self._residents[key]

    def _read_residents(
        self, place_id: str, communes: tuple[str, ...], survey_round: Round
    ) -> residents.Numbers | _Missing:
        window = residents.window_of(survey_round)
        parts = residents.parts_of(self.session, place_id, survey_round.closes_on)
        if communes == (place_id,) or set(parts) == set(communes):
            whole = residents.whole(self.session, place_id, parts, window)
            return whole.numbers or _Missing("no_resident", len(whole.missing) or 1, len(parts) or 1)
        found = residents.standing_in(self.session, communes, window)
        if len(found) < len(communes):
            return _Missing("no_resident", len(communes) - len(found), len(communes))
        return residents.summed([one.numbers for one in found.values()])


def _households(numbers: residents.Numbers | _Missing, wanted: Definition) -> int | _Missing:
    """What the measure divides by, of the residents."""
    if isinstance(numbers, _Missing):
        return numbers
    of_group = wanted.denominator == f"{RESIDENT}.{DTTS}"
    households = numbers.dtts_households if of_group else numbers.households
    return _Missing("no_dtts") if households is None else households


def _of_classes(wanted: Definition, sums: Parts) -> int | _Missing:
    if wanted.group != DTTS:
        return sums[ALL].of_class(Basis.FINAL, *wanted.classes).households
    unknown = sums[f"{Group.PEOPLE.value}."].of_class(Basis.FINAL, *wanted.classes).households
    if unknown:
        return _Missing("people_unknown", unknown)
    return minorities(sums).of_class(Basis.FINAL, *wanted.classes).households


def _lacking(wanted: Definition, sums: Parts, survey_round: Round, status: FigureStatus) -> Counted:
    """Of the classified of the review: a dimension is asked of nobody else."""
    [dimension] = [one for one in MEASURES if one.kind == "dimension" and one.term is wanted.dimension]
    lack, unknown = (one.households for one in sums[ALL].lacks(Basis.FINAL, dimension, *wanted.classes))
    whole = sums[ALL].classified(Basis.FINAL).households
    return _share(survey_round, status, lack, unknown, whole)


def _steady(wanted: Definition, sums: Parts, survey_round: Round, status: FigureStatus) -> Counted:
    """Of those of the classes with somebody able to work; an estimate, whatever the classes rest on."""
    has, none, unknown = (
        sum(sums[ALL].of(work(one.value, letter)).households for one in wanted.classes) for letter in "10-"
    )
    status = status if status is FigureStatus.ILLUSTRATIVE else FigureStatus.ESTIMATED
    return _share(survey_round, status, has, unknown, has + none + unknown)


def _share(survey_round: Round, status: FigureStatus, part: int, unknown: int, whole: int) -> Counted:
    """A share of which some are not known lies between two bounds and has no value."""
    if unknown and whole:
        found = _told(survey_round, status, _Missing("unknown_answers", unknown, whole))
        return replace(found, bounds=(rate(part, whole), rate(part + unknown, whole)))
    return _divided(survey_round, status, part, whole)


def _divided(survey_round: Round, status: FigureStatus, numerator: int | _Missing, denominator: int) -> Counted:
    if isinstance(numerator, _Missing):
        return _told(survey_round, status, numerator)
    if not denominator or numerator > denominator:
        why = _Missing("above_whole" if denominator else "empty", numerator, denominator)
        return _told(survey_round, status, why)
    found = _value(survey_round, status, numerator, denominator)
    return replace(found, figure=replace(found.figure, value=rate(numerator, denominator)))


def rate(numerator: int, denominator: int) -> Decimal:
    """In hundreds, to the four decimals that a plan keeps."""
    return (Decimal(numerator * 100) / Decimal(denominator)).quantize(FOUR, ROUND_HALF_EVEN)


def _value(survey_round: Round, status: FigureStatus, numerator: int, denominator: int | None) -> Counted:
    figure = Figure(When(survey_round.year), Decimal(numerator), status)
    return Counted(figure, survey_round.id, numerator, denominator)


def _told(survey_round: Round, status: FigureStatus, why: _Missing) -> Counted:
    return Counted(Figure(When(survey_round.year), None, status), survey_round.id, None, None, *why)

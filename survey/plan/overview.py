"""A plan as it is read: each target with its figures, entered and counted, how it stands, and its drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy.orm import Session

from models import Place, PlanPlaceSet, PlanTarget
from survey.plan import figures, targets
from survey.plan.counting import Counted, Counting
from survey.plan.drawing import Drawing, draw
from survey.plan.figures import Entered
from survey.plan.judging import Aim, Figure, Trend, Verdict, judge, trend
from survey.plan.measures import Definition, definition
from survey.terms import FigureStatus, PlaceKind, PlanMeasure


@dataclass(frozen=True)
class Known:
    """A figure with where it comes from: one that was entered, or one that is counted."""

    figure: Figure
    entered: Entered | None = None
    counted: Counted | None = None
    is_used: bool = False


class Asked(NamedTuple):
    """Of what figures are asked: a measure in `communes` of the place, out of `every` commune of it. `stands`: what was
    entered for the place."""

    measure: PlanMeasure
    place_id: str
    place_set: str
    every: tuple[str, ...]
    communes: tuple[str, ...]
    years: range
    stands: Sequence[Entered]


class Counts(Protocol):
    """What counts figures of something else than a round (`supports/counted.py`)."""

    def of(self, asked: Asked) -> list[Counted]: ...


@dataclass(frozen=True)
class Row:
    """A target as it stands. `versions`: it and what it was before, the latest first."""

    target: PlanTarget
    versions: Sequence[PlanTarget]
    place_set: PlanPlaceSet | None
    definition: Definition
    aim: Aim
    known: Sequence[Known]
    verdict: Verdict
    trend: Trend | None
    drawing: Drawing | None

    @property
    def measure(self) -> PlanMeasure:
        return PlanMeasure(self.target.measure)


@dataclass(frozen=True)
class Plan:
    """Of one place. `rows`: by plan; `entered`: all figures that were, `stands`: those that stand."""

    place_id: str
    rows: Mapping[str, Sequence[Row]]
    sets: Mapping[str, PlanPlaceSet]
    entered: Sequence[Entered]
    stands: Sequence[Entered]


def plan_of(session: Session, place_id: str, *beside: Counts) -> Plan:
    """The targets of a province or commune. `beside`: what counts figures that no round does."""
    place = session.get_one(Place, place_id)
    is_province = place.kind == PlaceKind.PROVINCE
    sets = targets.sets_of(session, place_id)
    entered = figures.entered_of(session, [place_id])
    stands = figures.standing(entered)
    counting = Counting(session)
    every = list(session.scalars(targets.communes_in(place_id))) if is_province else [place_id]
    found: dict[str, list[Row]] = {}
    for versions in targets.targets_of(session, [place_id]):
        target = versions[0]
        place_set = sets.get(target.place_set) if target.place_set else None
        communes = place_set.communes if place_set else every
        years = range(target.base_year, target.year + 1)
        measure = PlanMeasure(target.measure)
        asked = Asked(measure, place_id, target.place_set, tuple(every), tuple(communes), years, stands)
        counted = counting.of(measure, place_id, communes, years) if communes else []
        counted += [figure for one in beside for figure in one.of(asked)] if communes else []
        own = [
            one for one in stands if one.row.measure == target.measure and one.row.place_set == target.place_set
        ]  # fmt: skip
        found.setdefault(target.plan, []).append(_row(versions, place_set, own, counted))
    return Plan(place_id, found, sets, entered, stands)


def _row(
    versions: Sequence[PlanTarget], place_set: PlanPlaceSet | None, own: Sequence[Entered], counted: Sequence[Counted]
) -> Row:
    target = versions[0]
    aim = targets.aim_of(target, place_set)
    known = [Known(one.figure, counted=one) for one in counted]
    known += [Known(Figure(one.when, one.row.value, FigureStatus(one.row.status)), entered=one) for one in own]
    known.sort(key=lambda one: (one.figure.when, list(FigureStatus).index(one.figure.status)))
    those = [one.figure for one in known]
    verdict = judge(aim, those)
    known = [Known(one.figure, one.entered, one.counted, one.figure is verdict.figure) for one in known]
    drawing = draw(verdict.path, those, verdict.figure)
    what = definition(target.measure)
    return Row(target, versions, place_set, what, aim, known, verdict, trend(those), drawing)

"""What each measure of a plan is: of whom, out of whom, in which unit, and whether the product can count it. Pure.

A closed list: a plan names a measure and never a formula, so a figure means the same in every plan. The numerators and
denominators are the bases of `tallies/bases.py`; a name behind a dot is a group of it. Jobs, training, work abroad and
models are counted of what is written down of supports and models (`supports/counted.py`). Of steady work no interview
asks how steady it is: what is counted is a proxy and says so (`members.steady_work_in`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from survey.support_terms import ProjectKind, SupportCount
from survey.terms import CountBase, Dimension, HouseholdClass, PlanMeasure, PlanUnit, TargetKind

RESIDENT, CLASSIFIED, DTTS = CountBase.RESIDENT.value, CountBase.CLASSIFIED.value, "dtts"
_POOR, _NEAR_POOR = HouseholdClass.POOR, HouseholdClass.NEAR_POOR


class Definition(NamedTuple):
    """`classes`, `dimension`: of whom, where a round counts it; `group`: "" or the ethnic minorities; `is_proxy`: it
    stands for what nobody asks; `denominator`: None of a number that is no share; `support`: which supports count it;
    `models`: the models of which kinds do."""

    numerator: str
    denominator: str | None
    unit: PlanUnit
    classes: tuple[HouseholdClass, ...] = ()
    dimension: Dimension | None = None
    group: str = ""
    is_proxy: bool = False
    support: SupportCount | None = None
    models: tuple[ProjectKind, ...] = ()

    @property
    def is_of_round(self) -> bool:
        """Whether a review counts it; else what was given does."""
        return self.support is None and not self.models


def _rate(numerator: str, *classes: HouseholdClass, group: str = "", base: str = RESIDENT) -> Definition:
    return Definition(numerator, base, PlanUnit.PERCENT, classes, group=group)


def _number(numerator: str, *classes: HouseholdClass, group: str = "") -> Definition:
    return Definition(numerator, None, PlanUnit.HOUSEHOLDS, classes, group=group)


def _persons(support: SupportCount, numerator: str) -> Definition:
    return Definition(numerator, None, PlanUnit.PERSONS, support=support)


def _models(numerator: str, *kinds: ProjectKind) -> Definition:
    return Definition(numerator, None, PlanUnit.MODELS, models=kinds)


_LACKS = {
    PlanMeasure(f"lack_{one.value}"): Definition(
        f"lack.{one.value}", CLASSIFIED, PlanUnit.PERCENT, tuple(HouseholdClass), dimension=one
    )
    for one in Dimension
}
DEFINITIONS: Mapping[PlanMeasure, Definition] = _LACKS | {
    PlanMeasure.POVERTY_RATE: _rate("poor", _POOR),
    PlanMeasure.NEAR_POOR_RATE: _rate("near_poor", _NEAR_POOR),
    PlanMeasure.MULTIDIMENSIONAL: _rate("poor+near_poor", _POOR, _NEAR_POOR),
    PlanMeasure.DTTS_OF_GROUP: _rate("poor.dtts", _POOR, group=DTTS, base=f"{RESIDENT}.{DTTS}"),
    PlanMeasure.DTTS_OF_ALL: _rate("poor.dtts", _POOR, group=DTTS),
    PlanMeasure.POOR: _number("poor", _POOR),
    PlanMeasure.NEAR_POOR: _number("near_poor", _NEAR_POOR),
    PlanMeasure.DTTS_POOR: _number("poor.dtts", _POOR, group=DTTS),
    PlanMeasure.DTTS_NEAR_POOR: _number("near_poor.dtts", _NEAR_POOR, group=DTTS),
    PlanMeasure.RESIDENT: _number(RESIDENT),
    PlanMeasure.STEADY_WORK: Definition(
        "steady_work", "poor+near_poor.able_to_work", PlanUnit.PERCENT, (_POOR, _NEAR_POOR), is_proxy=True
    ),
    PlanMeasure.JOBS: _persons(SupportCount.JOBS, "connected"),
    PlanMeasure.JOBS_OF_POOR: Definition(
        "connected.poor+near_poor+newly_escaped",
        "connected",
        PlanUnit.PERCENT,
        (_POOR, _NEAR_POOR),
        support=SupportCount.JOBS,
    ),
    PlanMeasure.TRAINED: _persons(SupportCount.TRAINED, "trained"),
    PlanMeasure.ABROAD: _persons(SupportCount.ABROAD, "abroad"),
    PlanMeasure.MODELS: _models("models", ProjectKind.LIVESTOCK, ProjectKind.CROPS, ProjectKind.CRAFTS),
    PlanMeasure.PILOTS: _models("pilots", ProjectKind.TOURISM, ProjectKind.STARTUP),
}


def definition(measure: str) -> Definition:
    return DEFINITIONS[PlanMeasure(measure)]


def may_be(measure: str, kind: TargetKind) -> bool:
    """Whether a target of a measure can be meant so: shares are never added up, and only a share is one."""
    is_share = definition(measure).unit is PlanUnit.PERCENT
    return kind in (TargetKind.LEVEL, TargetKind.FALL) or (kind is TargetKind.SHARE) == is_share

"""The households of a round of which indices are made: the accepted interviews, commune by commune, each by its narrow
row (`tallies/facts.py`).

A review visits the listed and the applicants, not everybody: what is counted here is the *reviewed*, and a share of
them is no poverty rate of a province. Only one commune's rows are held at a time; a province comes to as many patterns
of lacks as occur.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import HouseholdFact
from survey.calendar.standing import state_of
from survey.members import PEOPLE, SEX
from survey.poverty.indices import Household, Identification, Passage, Pattern, Population, Rule, Unit
from survey.tallies import bases
from survey.tallies.deprivations import INDICATORS
from survey.tallies.facts import lacks_in
from survey.terms import CommuneState, CountBase, HouseholdClass, RegisterState

TWELFTHS = {one.value: Fraction(1, len(INDICATORS)) for one in INDICATORS}  # the decree's: each counts the same


class By(StrEnum):
    """Groups of which each household is in one."""

    COMMUNE = "commune"
    VILLAGE = "village"
    ETHNICITY = "ethnicity"  # of the head
    SEX = "sex"  # of the head
    CLASS = "class"


ASKED_OF_HEAD = {By.ETHNICITY: PEOPLE, By.SEX: SEX}


class Measured(NamedTuple):
    """An accepted interview. `group`: None where it is not known; `counted`: the lacks as its questionnaire adds them
    up."""

    household_id: str
    household: Household
    group: str | None
    household_class: HouseholdClass | None
    counted: int | None
    standard: str
    illustrative: bool

    @property
    def part(self) -> CountBase:
        """Which part of the accepted it is."""
        return bases.part_of(self.household_class, self.household.refused)


def measured(session: Session, round_id: str, commune_id: str, by: By | None = None) -> Iterator[Measured]:
    """The accepted interviews of a commune, by their facts: no answer is read."""
    of = HouseholdFact
    statement = select(
        of.household_id, of.village_id, of.household_class, of.persons, of.refused, of.lacks, of.deprived_count,
        of.standard, of.illustrative, of.people, of.sex,
    ).where(
        of.commune_id == commune_id, of.round_id == round_id, of.state == RegisterState.ACCEPTED.value
    )  # fmt: skip
    patterns: dict[tuple[str | None, str | None], tuple[Pattern, HouseholdClass | None]] = {}  # few occur
    for row in session.execute(statement):
        of_lacks = row.lacks, row.household_class
        if of_lacks not in patterns:
            named = HouseholdClass(row.household_class) if row.household_class else None
            poor = named is HouseholdClass.POOR if named is not None else None
            patterns[of_lacks] = Pattern(lacks_in(row.lacks), poor), named
        pattern, household_class = patterns[of_lacks]
        yield Measured(
            row.household_id,
            Household(pattern, row.persons or 0, bool(row.refused)),
            _group(by, commune_id, row),
            household_class,
            row.deprived_count,
            row.standard or "",
            bool(row.illustrative),
        )


def _group(by: By | None, commune_id: str, row: Any) -> str | None:
    """Of the group that it is in; None where that is not known, or nothing was asked for."""
    match by:
        case By.COMMUNE:
            return commune_id
        case By.VILLAGE:
            return str(row.village_id)
        case By.CLASS:
            return row.household_class
        case By.ETHNICITY:
            return row.people
        case By.SEX:
            return row.sex
    return None


@dataclass
class Reviewed:
    """What the accepted interviews of a round come to: `parts` of them, which add up to `accepted`. `groups`: by what
    was asked for, else all under None. `communes`: with an accepted interview; `provisional`: those of them whose
    result the province has not accepted."""

    rule: Rule
    unit: Unit
    groups: dict[str | None, Population] = field(default_factory=dict)
    parts: Counter[CountBase] = field(default_factory=Counter)
    illustrative: int = 0
    standards: Counter[str] = field(default_factory=Counter)
    communes: set[str] = field(default_factory=set)
    provisional: list[str] = field(default_factory=list)
    lacks_of_poor: Counter[int | None] = field(default_factory=Counter)  # of complete cases, as the form adds them up

    def add(self, one: Measured) -> None:
        self.groups.setdefault(one.group, Population(self.unit)).add(one.household)
        self.parts[one.part] += 1
        self.illustrative += one.illustrative
        self.standards[one.standard] += 1
        if one.household_class is HouseholdClass.POOR and self.rule.is_complete(one.household.pattern):
            self.lacks_of_poor[one.counted] += 1

    @property
    def whole(self) -> Population:
        return sum(self.groups.values(), Population(self.unit))

    @property
    def accepted(self) -> int:
        return self.parts.total()

    @property
    def mean_lacks(self) -> Fraction | None:
        """How many indicators a poor household lacks, as table 4 of the ministry has it."""
        number = self.lacks_of_poor.total()
        return Fraction(sum((lacks or 0) * of for lacks, of in self.lacks_of_poor.items()), number) if number else None

    @property
    def checks_itself(self) -> bool:
        """Whether 12·A is that mean: by law, in households, where each indicator weighs the same."""
        by_law = self.rule.identification is Identification.LAW and self.unit is Unit.HOUSEHOLDS
        return by_law and dict(self.rule.weights) == TWELFTHS


def reviewed(
    session: Session, round_id: str, communes: Iterable[str], rule: Rule, unit: Unit, by: By | None = None
) -> Reviewed:
    found = Reviewed(rule, unit)
    for commune_id in communes:
        before = found.accepted
        for one in measured(session, round_id, commune_id, by):
            found.add(one)
        if found.accepted == before:
            continue
        found.communes.add(commune_id)
        if state_of(session, round_id, commune_id) is not CommuneState.ACCEPTED:
            found.provisional.append(commune_id)
    return found


def passage(
    session: Session, earlier_id: str, later_id: str, communes: Iterable[str], rule: Rule, unit: Unit
) -> Passage:
    """Two rounds household by household. Who went to another commune left here and joined there."""
    found = Passage(rule, unit)
    for commune_id in communes:
        then, now = (
            {one.household_id: one.household for one in measured(session, round_id, commune_id)}
            for round_id in (earlier_id, later_id)
        )
        found.add(then, now)
    return found

"""Who lacks what, and which projects serve that: of a household, and of a commune by village and project.

Lacks are those of the facts that the round counts (`tallies/facts.py`), so a figure here is of the same households as
in the report. What a family asks for stands beside it, never instead: a wish is no lack and a lack is no wish. Whom
nobody knows about is told, and is neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import Assessment, Deprivation, Household, HouseholdFact, Project, Serves
from models.database import chunks
from survey.programmes.catalogue import Catalogue
from survey.tallies.deprivations import INDICATORS
from survey.tallies.facts import COUNTED, lacks_in
from survey.terms import HouseholdClass, Indicator, RegisterState

WISHES = "nhu_cau"  # as the questionnaire names what a family asks for
Key = tuple[str, str]  # programme and code of a project


class Serving(NamedTuple):
    """A project for a lack. `is_here` None: nobody entered of which communes it is."""

    project: Project
    serves: Serves
    is_here: bool | None
    is_policy: bool

    @property
    def key(self) -> Key:
        return self.project.programme, self.project.code

    def is_for(self, household_class: str | None) -> bool:
        """Whether it is for households of a class; one without a class only where any is served."""
        return not self.serves.classes or household_class in self.serves.classes


@dataclass(frozen=True)
class Offers:
    """What serves which indicator in a commune on a day."""

    day: date
    by_indicator: Mapping[Indicator, Sequence[Serving]]

    def of(self, indicator: Indicator, household_class: str | None) -> list[Serving]:
        return [one for one in self.by_indicator.get(indicator, ()) if one.is_for(household_class)]

    @property
    def projects(self) -> dict[Key, Project]:
        """By key, in the order of programme and code."""
        found = {one.key: one.project for those in self.by_indicator.values() for one in those}
        return dict(sorted(found.items()))

    def unserved(self, indicator: Indicator) -> bool:
        """Whether no project of a programme serves it; a policy outside a programme is none."""
        return all(one.is_policy for one in self.by_indicator.get(indicator, ()))


def project_words(one: Project) -> str:
    """A project with its number, as pages, lists and choices name it."""
    number = one.sub_number or one.number
    return f"{number}. {one.name}" if number else one.name


def offers(catalogue: Catalogue, commune_id: str, day: date) -> Offers:
    found: dict[Indicator, list[Serving]] = defaultdict(list)
    for serves, project, is_here in catalogue.serving(commune_id, day):
        found[Indicator(serves.indicator)].append(Serving(project, serves, is_here, catalogue.is_policy(project)))
    return Offers(day, found)


# --- a commune: by village and project -------------------------------------------------------------------------------


@dataclass
class Count:
    """Households and the persons in them."""

    households: int = 0
    persons: int = 0

    def add(self, households: int, persons: int) -> None:
        self.households += households
        self.persons += persons


@dataclass
class Needs:
    """Of a commune in a round: who of some classes lacks what. `projects`: by village and project, households with a
    lack that it serves; `unserved`: with a lack that no project serves, by village; `unknown`: of whom an answer to it
    is missing; `waiting`: how many of all rest on an interview that waits for a person."""

    lacking: dict[Indicator, Count] = field(default_factory=lambda: {one: Count() for one in Indicator})
    unknown: dict[Indicator, int] = field(default_factory=lambda: dict.fromkeys(Indicator, 0))
    projects: dict[tuple[str, Key], Count] = field(default_factory=lambda: defaultdict(Count))
    unserved: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    households: int = 0
    waiting: int = 0

    def of_project(self, key: Key) -> int:
        return sum(count.households for (_, other), count in self.projects.items() if other == key)


def needs_of(
    session: Session, commune_id: str, round_id: str, offered: Offers, classes: Collection[HouseholdClass]
) -> Needs:
    """Counted of the few patterns of lacks that occur, not of households one by one."""
    found, one = Needs(), HouseholdFact
    rows = (
        select(one.village_id, one.household_class, one.state, one.lacks, func.count(), func.sum(one.persons))
        .where(one.commune_id == commune_id, one.round_id == round_id, *_counted(classes))
        .group_by(one.village_id, one.household_class, one.state, one.lacks)
    )
    for village_id, household_class, state, lacks, households, persons in session.execute(rows):
        alike = (village_id, household_class or "", state or "", lacks or "")
        _add(found, offered, alike, households, int(persons or 0))
    return found


def _counted(classes: Collection[HouseholdClass]) -> list[ColumnElement[bool]]:
    one = HouseholdFact
    return [
        one.state.in_([state.value for state in COUNTED]),
        one.lacks.is_not(None),
        one.household_class.in_(sorted(known.value for known in classes)),
    ]


def _add(found: Needs, offered: Offers, alike: tuple[str, str, str, str], households: int, persons: int) -> None:
    village_id, household_class, state, letters = alike
    found.households += households
    found.waiting += households if state == RegisterState.RECEIVED else 0
    served: set[Key] = set()
    is_unserved = False
    for indicator, lack in zip(INDICATORS, lacks_in(letters), strict=True):
        if lack is None:
            found.unknown[indicator] += households
        if lack:
            found.lacking[indicator].add(households, persons)
            those = {one.key for one in offered.of(indicator, household_class) if not one.is_policy}
            served |= those
            is_unserved = is_unserved or not those
    for key in served:
        found.projects[village_id, key].add(households, persons)
    if is_unserved:
        found.unserved[village_id].add(households, persons)


# --- households one by one -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """Which households: of a village, with a lack that a project serves, or with one lack."""

    classes: tuple[HouseholdClass, ...]
    village_id: str | None = None
    project: Key | None = None
    indicator: Indicator | None = None


@dataclass(frozen=True)
class Lack:
    """`members`: whose answers it rests on, by name; none where it is the household's."""

    indicator: Indicator
    members: Sequence[str]
    serving: Sequence[Serving]


@dataclass(frozen=True)
class Row:
    household_id: str
    code: str
    head_name: str
    village_id: str
    household_class: HouseholdClass | None
    state: RegisterState
    submission_id: str | None
    persons: int | None
    lacks: Sequence[Lack]
    wishes: Sequence[str]  # codes of the questionnaire's choices


def _matching(wanted: Wanted, offered: Offers) -> list[ColumnElement[bool]]:
    one = HouseholdFact
    found = _counted(wanted.classes)
    if wanted.village_id is not None:
        found.append(one.village_id == wanted.village_id)
    if wanted.indicator is not None:
        found.append(_lacks(wanted.indicator))
    elif wanted.project is not None:
        serving = [
            (indicator, each) for indicator, those in offered.by_indicator.items() for each in those
            if each.key == wanted.project
        ]  # fmt: skip
        found.append(
            or_(*(_served(indicator, each) for indicator, each in serving)) if serving else one.lacks.is_(None)
        )
    else:
        found.append(one.lacks.contains("1"))
    return found


def _lacks(indicator: Indicator) -> ColumnElement[bool]:
    return func.substr(HouseholdFact.lacks, INDICATORS.index(indicator) + 1, 1) == "1"


def _served(indicator: Indicator, serving: Serving) -> ColumnElement[bool]:
    classes = serving.serves.classes
    return and_(_lacks(indicator), HouseholdFact.household_class.in_(classes)) if classes else _lacks(indicator)


def count(session: Session, commune_id: str, round_id: str, offered: Offers, wanted: Wanted) -> int:
    one = HouseholdFact
    own = (one.commune_id == commune_id, one.round_id == round_id)
    return session.scalar(select(func.count()).select_from(one).where(*own, *_matching(wanted, offered))) or 0


def listed(
    session: Session, commune_id: str, round_id: str, offered: Offers, wanted: Wanted, offset: int, limit: int
) -> list[Row]:
    """A page of them, by village and number."""
    one = HouseholdFact
    rows = (
        select(
            one.household_id, one.village_id, one.household_class, one.state, one.lacks, one.submission_id,
            one.persons, Household.code, Household.head_name,
        )
        .join(Household, and_(Household.commune_id == one.commune_id, Household.id == one.household_id))
        .where(one.commune_id == commune_id, one.round_id == round_id, *_matching(wanted, offered))
        .order_by(one.village_id, Household.code, one.household_id)
        .offset(offset).limit(limit)
    )  # fmt: skip
    found = session.execute(rows).all()
    interviews = [row.submission_id for row in found if row.submission_id]
    whose, wishes = _whose(session, commune_id, interviews), _wishes(session, commune_id, interviews)
    return [
        Row(
            row.household_id, row.code, row.head_name, row.village_id,
            HouseholdClass(row.household_class) if row.household_class else None, RegisterState(row.state),
            row.submission_id, row.persons,
            list(_lacks_of(row.lacks, row.household_class, whose.get(row.submission_id, {}), offered)),
            wishes.get(row.submission_id, ()),
        )
        for row in found
    ]  # fmt: skip


def every(session: Session, commune_id: str, round_id: str, offered: Offers, wanted: Wanted) -> Iterator[Row]:
    """All of them, some hundreds at a time."""
    step, offset = 500, 0
    while rows := listed(session, commune_id, round_id, offered, wanted, offset, step):
        yield from rows
        offset += step


def _lacks_of(
    letters: str, household_class: str | None, whose: Mapping[str, Sequence[str]], offered: Offers
) -> Iterator[Lack]:
    for indicator, lack in zip(INDICATORS, lacks_in(letters), strict=True):
        if lack:
            yield Lack(indicator, whose.get(indicator, ()), offered.of(indicator, household_class))


def _whose(session: Session, commune_id: str, interviews: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """By interview and indicator, the names of the members whose answers a lack rests on."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    one = Deprivation
    for chunk in chunks(list(interviews)):
        rows = select(one.submission_id, one.indicator, one.because).where(
            one.commune_id == commune_id, one.submission_id.in_(chunk), one.deprived
        )
        for submission_id, indicator, because in session.execute(rows):
            names = [said["member"] for said in because or () if isinstance(said, dict) and said.get("member")]
            found[submission_id][indicator] = list(dict.fromkeys(names))
    return found


def _wishes(session: Session, commune_id: str, interviews: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    one = Assessment
    for chunk in chunks(list(interviews)):
        rows = select(one.submission_id, one.values).where(one.commune_id == commune_id, one.submission_id.in_(chunk))
        for submission_id, values in session.execute(rows):
            found[submission_id] = tuple(wishes_in(values))
    return found


def wishes_in(values: Any) -> list[str]:
    """What a family asked for, as codes, wherever the questionnaire has the question."""
    if not isinstance(values, dict):
        return []
    said = values.get(WISHES)
    if isinstance(said, str | list):
        return said.split() if isinstance(said, str) else [one for one in said if isinstance(one, str)]
    return next((found for one in values.values() if (found := wishes_in(one))), [])


def of_household(
    lacks: Mapping[Indicator, bool], household_class: str | None, offered: Offers
) -> list[tuple[Indicator, list[Serving]]]:
    """The lacks of one household with what serves each."""
    return [(one, offered.of(one, household_class)) for one in Indicator if lacks.get(one)]

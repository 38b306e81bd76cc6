"""What households lack, by the interviews that count: the twelve indicators and six dimensions, as they are counted.

Of each household one of three is said: it lacks, it does not, nobody knows; the three add up to all households. Nobody
knows where no interview counts, or an answer is missing; of a dimension as long as one of its indicators is not known
and none of them is lacking (`lack_of`, for every page and last year's as well): to call that "does not lack" would be
a word that nobody said, and would lower the rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Deprivation
from models.database import chunks
from survey.terms import DIMENSION_OF, Dimension, Indicator

Lacks = tuple[bool | None, ...]  # in the order of the indicators
INDICATORS = tuple(Indicator)
UNKNOWN: Lacks = (None,) * len(INDICATORS)


# Whom an indicator asks about, in full years from and to, as the rows of the questionnaire have it; of work whoever is
# of working age. The others ask about the household.
AGES: Mapping[Indicator, tuple[int, float]] = {
    Indicator.NUTRITION: (0, 15),
    Indicator.INSURANCE: (6, inf),
    Indicator.ADULT_EDUCATION: (16, 30),
    Indicator.CHILD_SCHOOLING: (3, 15),
    Indicator.TELECOM: (6, inf),
}
OF_PERSONS = (Indicator.JOB, *AGES)
_AGE, _WORKING_AGE = "tuoi", "tuoi_ld"


def asked_of(members: Sequence[Mapping[str, Any]], lacks: Lacks) -> Lacks:
    """Of each indicator whether somebody lives there whom it asks about; None: nobody knows, since an age is missing or
    nobody is listed. What is lacked was asked, whatever reading made it so."""
    return tuple(
        True if lack or one not in OF_PERSONS else _of_members(one, members)
        for one, lack in zip(INDICATORS, lacks, strict=True)
    )


def _of_members(indicator: Indicator, members: Sequence[Mapping[str, Any]]) -> bool | None:
    return lack_of(_is_asked(indicator, one) for one in members) if members else None


def _is_asked(indicator: Indicator, member: Mapping[str, Any]) -> bool | None:
    said = member.get(_WORKING_AGE if indicator is Indicator.JOB else _AGE)
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    first, last = AGES.get(indicator, (1, 1))
    return first <= int(said) <= last if isfinite(said) else None


def lack_of(lacks: Iterable[bool | None]) -> bool | None:
    """Whether a household lacks one of some indicators; None: not known."""
    found = set(lacks)
    return True if True in found else None if None in found else False


def said_lacks(said: Mapping[str, Any] | None) -> Lacks:
    """Of each indicator, what was frozen as {"viec_lam": 1, …}."""
    known = said or {}
    return tuple(None if known.get(one.value) is None else bool(known[one.value]) for one in INDICATORS)


def indicators_of(dimension: Dimension) -> tuple[Indicator, ...]:
    return tuple(one for one in Indicator if DIMENSION_OF[one] is dimension)


class Measure(NamedTuple):
    """The dimension and the indicator "viec_lam" are spelt alike: a count is kept under kind and term."""

    kind: str
    term: Dimension | Indicator

    def of(self, lacks: Lacks) -> bool | None:
        """Whether a household lacks it; None: not known."""
        return lack_of(lacks[at] for at in _PLACES[self])


MEASURES = tuple(  # each dimension with its indicators
    measure
    for dimension in Dimension
    for measure in (
        Measure("dimension", dimension),
        *(Measure("indicator", one) for one in indicators_of(dimension)),
    )
)
_PLACES = {  # by identity: terms compare as text
    measure: [at for at, one in enumerate(INDICATORS) if measure.term is one or measure.term is DIMENSION_OF[one]]
    for measure in MEASURES
}


@dataclass
class Spread:
    """How many lack one measure (True), do not (False), are not known (None)."""

    households: dict[bool | None, int] = field(default_factory=lambda: {True: 0, False: 0, None: 0})
    persons: dict[bool | None, int] = field(default_factory=lambda: {True: 0, False: 0, None: 0})

    def add(self, lack: bool | None, households: int, persons: int) -> None:
        self.households[lack] += households
        self.persons[lack] += persons


@dataclass
class Lacking:
    """A place: what is lacked, measure by measure. `unlisted`: households whose persons are not known; they count as
    none among the persons."""

    spreads: dict[Measure, Spread] = field(default_factory=lambda: {measure: Spread() for measure in MEASURES})
    households: int = 0
    persons: int = 0
    unlisted: int = 0

    def add(self, lacks: Lacks, households: int, persons: int, unlisted: int) -> None:
        self.households += households
        self.persons += persons
        self.unlisted += unlisted
        for measure, spread in self.spreads.items():
            spread.add(measure.of(lacks), households, persons)


def lacks_of(session: Session, commune_id: str, submission_ids: Iterable[str]) -> dict[str, Lacks]:
    """By interview, what it says of each indicator."""
    places = {one.value: at for at, one in enumerate(INDICATORS)}
    found: dict[str, list[bool | None]] = {}
    for chunk in chunks(set(submission_ids)):
        rows = select(Deprivation.submission_id, Deprivation.indicator, Deprivation.deprived).where(
            Deprivation.commune_id == commune_id, Deprivation.submission_id.in_(chunk)
        )
        for submission_id, indicator, deprived in session.execute(rows):
            found.setdefault(submission_id, [None] * len(INDICATORS))[places[indicator]] = deprived
    kept: dict[Lacks, Lacks] = {}  # few patterns occur
    return {id: kept.setdefault(tuple(those), tuple(those)) for id, those in found.items()}

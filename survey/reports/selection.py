"""Which households of a round a figure counts, and the list behind it.

One `Condition` is both: a figure of the report carries the condition that its link opens, and the list page filters by
it. So the two cannot tell different stories; `tests/web/desk/test_reports.py` opens every link and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from models import AssessmentReading, Deprivation, Household, HouseholdFact, RegisterEntry
from survey.tallies import bases
from survey.tallies.deprivations import INDICATORS, indicators_of, lack_of, said_lacks
from survey.tallies.places import Basis
from survey.terms import CountBase, Dimension, HouseholdClass, Indicator, RegisterState

STATE_OF = {Basis.FINAL: RegisterState.ACCEPTED, Basis.PROVISIONAL: RegisterState.RECEIVED}
INTERVIEWED = {Basis.FINAL: CountBase.ACCEPTED, Basis.PROVISIONAL: CountBase.RECEIVED}


class Condition(NamedTuple):
    """Households of one round within `communes` (what the reader may see), narrowed step by step.

    `reading` narrows to households whose class hangs on that reading of the texts.
    `basis` None: every household of the register. `base` narrows to one of `tallies/bases.py`, on the basis;
    `illustrative` to those of it whose points are not official; `household_class` to one class. `indicator` or
    `dimension` narrows to households deprived in it, or, with `unknown`, to those of whom nobody knows. Classes and
    indicators are read on `basis`; without one, as they are this round. `told`: a word of `tallies/told.py` that is
    said of a household, `?` for any letter and `*` for any end; `people`: of the head ("-": not known).
    """

    round_id: str
    communes: tuple[str, ...]
    village_id: str | None = None
    state: RegisterState | None = None
    basis: Basis | None = None
    household_class: HouseholdClass | None = None
    base: CountBase | None = None
    illustrative: bool = False
    indicator: Indicator | None = None
    dimension: Dimension | None = None
    unknown: bool = False
    reading: str | None = None
    told: str | None = None
    people: str | None = None

    def narrowed(self, **changes: object) -> Condition:
        return self._replace(**changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ListedHousehold:
    """A row of the list: identity, where it stands, class last year and now."""

    commune_id: str
    village_id: str
    household_id: str
    code: str
    head_name: str
    state: RegisterState
    opening_class: HouseholdClass | None
    submission_id: str | None
    household_class: HouseholdClass | None
    illustrative: bool


def lack_before(opening_indicators: dict[str, object] | None, keys: Sequence[Indicator]) -> bool | None:
    """Whether last year's indicators show a lack in any of `keys`; None: not known."""
    lacks = dict(zip(INDICATORS, said_lacks(opening_indicators), strict=True))
    return lack_of(lacks[key] for key in keys)


Rows = Select[*tuple[Any, ...]]


def entered(statement: Rows, condition: Condition) -> Rows:
    """`statement` over the register entries of the condition's round and places."""
    statement = statement.where(
        RegisterEntry.round_id == condition.round_id, RegisterEntry.commune_id.in_(condition.communes)
    )
    if condition.village_id is not None:
        statement = statement.where(RegisterEntry.village_id == condition.village_id)
    return statement


def _restrictions(session: Session, condition: Condition) -> list[ColumnElement[bool]]:
    opening = condition.basis is Basis.OPENING
    found: list[ColumnElement[bool]] = []
    state = condition.state or (STATE_OF.get(condition.basis) if condition.basis else None)
    if state is not None:
        found.append(RegisterEntry.state == state.value)
    within = INTERVIEWED.get(condition.basis or Basis.FINAL, CountBase.ACCEPTED)
    if condition.base is not None:
        found.append(_opening(condition.base) if opening else bases.of(condition.base, within))
    if condition.illustrative:
        found.append(bases.illustrative(within))
    if condition.household_class is not None:
        class_now = RegisterEntry.opening_class if opening else RegisterEntry.household_class
        found.append(class_now == condition.household_class.value)
    if condition.reading is not None:
        found.append(_hanging(condition.reading))
    if condition.told is not None or condition.people is not None:
        found.append(_told(condition))
    keys: tuple[Indicator, ...] = ()
    if condition.indicator is not None:
        keys = (condition.indicator,)
    elif condition.dimension is not None:
        keys = indicators_of(condition.dimension)
    if keys:
        found.append(_opening_lack(session, condition, keys) if opening else _lack(condition, keys))
    return found


def _opening(base: CountBase) -> ColumnElement[bool]:
    """Of last year only who had a class is told."""
    return RegisterEntry.opening_class.is_not(None) if base is CountBase.CLASSIFIED else false()


def _hanging(reading: str) -> ColumnElement[bool]:
    return (
        select(AssessmentReading.value)
        .where(
            AssessmentReading.commune_id == RegisterEntry.commune_id,
            AssessmentReading.submission_id == RegisterEntry.submission_id,
            AssessmentReading.reading == reading,
        )
        .exists()
    )


def _told(condition: Condition) -> ColumnElement[bool]:
    of = HouseholdFact
    own = (
        of.commune_id == RegisterEntry.commune_id,
        of.round_id == RegisterEntry.round_id,
        of.household_id == RegisterEntry.household_id,
    )
    found = select(of.household_id).where(*own)
    if condition.told is not None:
        escaped = condition.told.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        word = escaped.replace("?", "_").replace("*", "%")
        found = found.where(literal(" ").concat(of.told).concat(" ").like(f"% {word} %", escape="!"))
    if condition.people is not None:
        found = found.where(of.people.is_(None) if condition.people == "-" else of.people == condition.people)
    return found.exists()


def _lack(condition: Condition, keys: Sequence[Indicator]) -> ColumnElement[bool]:
    """As `lack_of` says it, of the rows that are kept: what is not known has none."""
    known = (
        Deprivation.commune_id == RegisterEntry.commune_id,
        Deprivation.submission_id == RegisterEntry.submission_id,
        Deprivation.indicator.in_([key.value for key in keys]),
    )
    lacking = select(Deprivation.indicator).where(*known, Deprivation.deprived).exists()
    if not condition.unknown:
        return lacking
    number = select(func.count()).select_from(Deprivation).where(*known).correlate(RegisterEntry).scalar_subquery()
    return and_(~lacking, number < len(keys))


def _opening_lack(session: Session, condition: Condition, keys: Sequence[Indicator]) -> ColumnElement[bool]:
    """Last year's indicators are JSON text, which the two databases take apart differently: few patterns occur, so they
    are taken apart here and asked for whole."""
    patterns = session.scalars(
        entered(select(RegisterEntry.opening_indicators).select_from(RegisterEntry), condition)
        .where(RegisterEntry.opening_indicators.is_not(None))
        .distinct()
    )
    wanted = None if condition.unknown else True
    found = RegisterEntry.opening_indicators.in_([one for one in patterns if lack_before(one, keys) is wanted])
    return or_(found, RegisterEntry.opening_indicators.is_(None)) if condition.unknown else found


def count(session: Session, condition: Condition) -> int:
    """How many households meet `condition`."""
    statement = entered(select(func.count()).select_from(RegisterEntry), condition)
    return session.scalar(statement.where(*_restrictions(session, condition))) or 0


def listed(session: Session, condition: Condition, offset: int, limit: int) -> list[ListedHousehold]:
    """A page of the households that meet `condition`, by village and code."""
    statement = entered(
        select(
            RegisterEntry.commune_id,
            RegisterEntry.village_id,
            RegisterEntry.household_id,
            Household.code,
            Household.head_name,
            RegisterEntry.state,
            RegisterEntry.opening_class,
            RegisterEntry.submission_id,
            RegisterEntry.household_class,
            RegisterEntry.illustrative,
        ).join_from(
            RegisterEntry,
            Household,
            and_(Household.commune_id == RegisterEntry.commune_id, Household.id == RegisterEntry.household_id),
        ),
        condition,
    )
    rows = session.execute(
        statement.where(*_restrictions(session, condition))
        .order_by(RegisterEntry.commune_id, RegisterEntry.village_id, Household.code, RegisterEntry.household_id)
        .offset(offset)
        .limit(limit)
    )
    return [
        ListedHousehold(
            row.commune_id,
            row.village_id,
            row.household_id,
            row.code,
            row.head_name,
            RegisterState(row.state),
            HouseholdClass(row.opening_class) if row.opening_class else None,
            row.submission_id,
            HouseholdClass(row.household_class) if row.household_class else None,
            bool(row.illustrative),
        )
        for row in rows
    ]

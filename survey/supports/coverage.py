"""Who lacked something in a round, who of them was served by a project that serves it, and what the next round found.

Served is whom a support of such a project was given to from the first day of the round until the first of the next (or
today). What the next round found is what followed: served and not served stand side by side, and nobody can say from
that what a support did. Of whom the next round knows nothing is told, and is neither better nor worse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, HouseholdFact, Round, RoundCommune, Support, SupportClaim, SupportReversal
from models.database import chunks
from survey.programmes.catalogue import Catalogue
from survey.tallies.deprivations import INDICATORS
from survey.tallies.facts import lacks_in
from survey.terms import CommuneState, HouseholdClass, Indicator, RegisterState, RoundKind

_Fact = tuple[str, HouseholdClass, str]  # village, class, lacks
_RANK = {one: number for number, one in enumerate(HouseholdClass)}  # poor, near-poor, neither


@dataclass
class Followed:
    """Of some who lacked an indicator: how many, and what the next round found of them."""

    households: int = 0
    still: int = 0
    improved: int = 0
    unknown: int = 0


@dataclass
class Classes:
    """Of some households: into which class they went since."""

    households: int = 0
    better: int = 0
    same: int = 0
    worse: int = 0
    unknown: int = 0


def lacking(next_lack: bool | None) -> str:
    """What became of a lack, as a field of `Followed`."""
    return "unknown" if next_lack is None else "still" if next_lack else "improved"


def moving(before: HouseholdClass, after: HouseholdClass | None) -> str:
    """What became of a class, as a field of `Classes`."""
    if after is None:
        return "unknown"
    return "same" if _RANK[after] == _RANK[before] else "better" if _RANK[after] > _RANK[before] else "worse"


class Cell(NamedTuple):
    """A figure of the tables: of those who lacked `indicator` (None: any), served in it (in one of their lacks) or not.
    `then`: what the next round found, a field of `Followed` (of `Classes`); "households": whatever it found."""

    indicator: Indicator | None
    served: bool
    then: str = "households"


@dataclass(frozen=True)
class Waiting:
    """A household with lacks: of `Coverage.waiting` those that nothing was given for yet."""

    household_id: str
    village_id: str
    household_class: HouseholdClass
    lacks: Sequence[Indicator]


@dataclass
class Coverage:
    """`indicators`: by indicator, served (True) and not; `classes`: of households with a lack, with any of them served,
    and with none; `waiting`: those with a lack that was not served; `later`: the next round, None while there is none;
    `since`, `until`: in which days supports count."""

    since: date
    until: date
    later: Round | None
    indicators: dict[Indicator, dict[bool, Followed]] = field(
        default_factory=lambda: {one: {True: Followed(), False: Followed()} for one in Indicator}
    )
    classes: dict[bool, Classes] = field(default_factory=lambda: {True: Classes(), False: Classes()})
    waiting: list[Waiting] = field(default_factory=list)


def next_round(session: Session, commune_id: str, survey_round: Round) -> Round | None:
    """The periodic round of the commune that comes after, where one was opened."""
    rows = select(Round).join(RoundCommune, RoundCommune.round_id == Round.id)
    later = rows.where(
        RoundCommune.commune_id == commune_id, Round.year > survey_round.year, Round.trial.is_(False),
        Round.kind == RoundKind.PERIODIC.value,
        RoundCommune.state.not_in([CommuneState.PLANNED.value, CommuneState.CANCELLED.value]),
    )  # fmt: skip
    return session.scalars(later.order_by(Round.year, Round.opens_on, Round.id)).first()


def coverage_of(
    session: Session, catalogue: Catalogue, commune_id: str, survey_round: Round, today: date,
    classes: Collection[HouseholdClass],
) -> Coverage:  # fmt: skip
    """Of a commune, over the accepted interviews of a round."""
    return by_village(session, catalogue, commune_id, survey_round, today, classes)[0]


def by_village(
    session: Session, catalogue: Catalogue, commune_id: str, survey_round: Round, today: date,
    classes: Collection[HouseholdClass],
) -> tuple[Coverage, dict[str, Coverage]]:  # fmt: skip
    """Of a commune, and of each of its villages in which a poor household lacked something."""
    found, villages = _nobody(session, commune_id, survey_round, today), dict[str, Coverage]()
    for known in _known(session, catalogue, commune_id, survey_round, found, classes):
        village = villages.setdefault(known.one.village_id, Coverage(found.since, found.until, found.later))
        cells = list(known.cells())
        for each in (found, village):
            _add(each, known, cells)
    return found, villages


def households_of(
    session: Session, catalogue: Catalogue, commune_id: str, survey_round: Round, today: date,
    classes: Collection[HouseholdClass], cell: Cell,
) -> list[Waiting]:  # fmt: skip
    """Those whom a figure of `coverage_of` counts, with all of their lacks."""
    within = _nobody(session, commune_id, survey_round, today)
    return [
        known.one for known in _known(session, catalogue, commune_id, survey_round, within, classes)
        if cell in known.cells()
    ]  # fmt: skip


def _nobody(session: Session, commune_id: str, survey_round: Round, today: date) -> Coverage:
    later = next_round(session, commune_id, survey_round)
    return Coverage(survey_round.opens_on, min(later.opens_on, today) if later else today, later)


class _Known(NamedTuple):
    """Of a household with lacks: in which it was served, and what the next round found of it."""

    one: Waiting
    got: set[Indicator]
    after: _Fact | None

    def cells(self) -> Iterator[Cell]:
        """The figures that it counts in."""
        then = dict(zip(INDICATORS, lacks_in(self.after[2]), strict=True)) if self.after else {}
        told = [Cell(one, one in self.got, lacking(then.get(one))) for one in self.one.lacks]
        became = moving(self.one.household_class, self.after[1] if self.after else None)
        for cell in (*told, Cell(None, not self.got.isdisjoint(self.one.lacks), became)):
            yield from (cell, cell._replace(then="households"))


def _known(
    session: Session, catalogue: Catalogue, commune_id: str, survey_round: Round, within: Coverage,
    classes: Collection[HouseholdClass],
) -> Iterator[_Known]:  # fmt: skip
    before = _facts(session, commune_id, survey_round.id)
    after = _facts(session, commune_id, within.later.id) if within.later else {}
    served = _served(session, catalogue, commune_id, survey_round.id, within)
    for household_id, (village_id, household_class, letters) in before.items():
        lacks = [one for one, lack in zip(INDICATORS, lacks_in(letters), strict=True) if lack]
        if household_class in classes and lacks:
            one = Waiting(household_id, village_id, household_class, lacks)
            yield _Known(one, served.get(household_id, set()), after.get(household_id))


def _facts(session: Session, commune_id: str, round_id: str) -> dict[str, _Fact]:
    """Of the accepted interviews with a class."""
    one = HouseholdFact
    rows = select(one.household_id, one.village_id, one.household_class, one.lacks).where(
        one.commune_id == commune_id, one.round_id == round_id, one.state == RegisterState.ACCEPTED.value,
        one.household_class.is_not(None), one.lacks.is_not(None),
    )  # fmt: skip
    return {
        id: (village, HouseholdClass(kind or ""), lacks or "") for id, village, kind, lacks in session.execute(rows)
    }


def _add(found: Coverage, known: _Known, cells: Sequence[Cell]) -> None:
    for cell in cells:
        of = found.classes[cell.served] if cell.indicator is None else found.indicators[cell.indicator][cell.served]
        setattr(of, cell.then, getattr(of, cell.then) + 1)
    left = [indicator for indicator in known.one.lacks if indicator not in known.got]
    if left:
        found.waiting.append(replace(known.one, lacks=left))


def _served(
    session: Session, catalogue: Catalogue, commune_id: str, round_id: str, within: Coverage
) -> dict[str, set[Indicator]]:
    """By household, which indicators what it was given in those days serves: given to it or a member, wherever it
    lived, or to a household that it is heir to."""
    serves: dict[tuple[str, str], set[Indicator]] = defaultdict(set)
    for one in catalogue.serves:
        serves[one.programme, one.project].add(Indicator(one.indicator))
    listed = select(HouseholdFact.household_id).where(
        HouseholdFact.commune_id == commune_id, HouseholdFact.round_id == round_id
    )
    undone = (
        select(SupportReversal.support_id)
        .where(SupportReversal.commune_id == Support.commune_id, SupportReversal.support_id == Support.id)
        .exists()
    )
    days = (Support.given_on >= within.since, Support.given_on <= within.until, ~undone)
    of, claim = Support, SupportClaim
    own = select(of.household_id, of.programme, of.project).where(of.household_id.in_(listed), *days)
    heirs = (
        select(claim.household_id, of.programme, of.project)
        .join(of, (of.commune_id == claim.commune_id) & (of.id == claim.support_id))
        .where(claim.household_id.in_(listed), *days)
    )
    found: dict[str, set[Indicator]] = defaultdict(set)
    for query in (own, heirs):
        for household_id, programme, project in session.execute(query):
            found[str(household_id)] |= serves[programme, project]
    return found


def named(session: Session, commune_id: str, rows: Sequence[Waiting]) -> list[tuple[Waiting, Any]]:
    """A page of those that wait, each with its household."""
    found: dict[str, Household] = {}
    for chunk in chunks([one.household_id for one in rows]):
        known = select(Household).where(Household.commune_id == commune_id, Household.id.in_(chunk))
        found |= {one.id: one for one in session.scalars(known)}
    return [(one, found[one.household_id]) for one in rows if one.household_id in found]

"""Where the reviewed houses of a round stand, drawn without any map of others: houses, villages, a scale.

Of many houses only the villages are drawn, each at the middle of its houses; one village's are drawn one by one. A
house that lies far from all others is most likely a position taken wrongly: it is named and not drawn, or it would
shrink everything else to a point.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, floor, log10, radians
from typing import NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from models import Household, HouseholdFact
from survey.positions import Position, kilometres, middle
from survey.terms import HouseholdClass, RegisterState

MOST = 1500  # houses that are drawn one by one
FAR = 40.0  # km from the middle of all: farther than a commune of the province reaches
WIDTH, TALLEST, MARGIN = 1000.0, 1200.0, 50.0  # of the drawing
_NARROWEST = 0.5  # km: of less nothing is enlarged
_A_DEGREE = 111.195  # km of latitude, on the mean sphere


@dataclass(frozen=True)
class House:
    commune_id: str
    household_id: str
    village_id: str
    code: str
    head_name: str
    household_class: HouseholdClass | None
    position: Position


class Point(NamedTuple):
    """On the drawing: from its left, from its top."""

    x: float
    y: float


@dataclass(frozen=True)
class Village:
    """The houses of a village that have a position; `position`: their middle. `without`: accepted households that have
    none."""

    place_id: str
    commune_id: str
    position: Position | None
    classes: Counter[HouseholdClass | None]
    without: int

    @property
    def houses(self) -> int:
        return self.classes.total()

    def number(self, household_class: HouseholdClass) -> int:
        return self.classes[household_class]


@dataclass(frozen=True)
class Sheet:
    """A drawing. `houses` and `spots` (villages) with where they stand on it; `far`: houses that are not drawn;
    `scale`: kilometres of a line that is `line` long."""

    houses: Sequence[tuple[House, Point]]
    spots: Sequence[tuple[Village, Point]]
    villages: Sequence[Village]
    far: Sequence[House]
    height: float
    scale: float
    line: float


def houses_of(
    session: Session, round_id: str, communes: Sequence[str], village_id: str | None = None
) -> tuple[list[House], Counter[tuple[str, str]]]:
    """The accepted households with a position, by commune, village and code; and of each (commune, village) how many
    have none."""
    of = HouseholdFact
    where = [of.commune_id.in_(communes), of.round_id == round_id, of.state == RegisterState.ACCEPTED.value]
    where += [of.village_id == village_id] if village_id is not None else []
    here = and_(Household.commune_id == of.commune_id, Household.id == of.household_id)
    rows = session.execute(
        select(
            of.commune_id, of.household_id, of.village_id, of.household_class, of.latitude, of.longitude,
            Household.code, Household.head_name,
        ).join(Household, here).where(*where).order_by(of.commune_id, of.village_id, Household.code, of.household_id)
    )  # fmt: skip
    found: list[House] = []
    without: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.latitude is None:
            without[row.commune_id, row.village_id] += 1
            continue
        household_class = HouseholdClass(row.household_class) if row.household_class else None
        found.append(
            House(
                row.commune_id, row.household_id, row.village_id, row.code, row.head_name, household_class,
                Position(row.latitude, row.longitude),
            )
        )  # fmt: skip
    return found, without


def sheet(houses: Sequence[House], without: Counter[tuple[str, str]]) -> Sheet:
    """The drawing of some houses; each by itself where they are not too many."""
    centre = middle([one.position for one in houses]) if houses else Position(0, 0)
    far: list[House] = []
    near: list[House] = []
    for one in houses:
        (far if kilometres(one.position, centre) > FAR else near).append(one)
    villages = _villages(near, without)
    paper = _Paper([one.position for one in near])
    each = near if len(near) <= MOST else []
    return Sheet(
        houses=[(one, paper.at(one.position)) for one in each],
        spots=[(one, paper.at(one.position)) for one in villages if one.position is not None],
        villages=villages,
        far=far,
        height=paper.height,
        scale=paper.scale,
        line=paper.scale * paper.per_km,
    )


def _villages(houses: Sequence[House], without: Counter[tuple[str, str]]) -> list[Village]:
    found: defaultdict[tuple[str, str], list[House]] = defaultdict(list)
    for one in houses:
        found[one.commune_id, one.village_id].append(one)
    return [
        Village(
            village_id,
            commune_id,
            middle([one.position for one in those]) if (those := found.get((commune_id, village_id), [])) else None,
            Counter(one.household_class for one in those),
            without[commune_id, village_id],
        )
        for commune_id, village_id in sorted({*found, *without})
    ]


class _Paper:
    """Positions onto the drawing: north is up, a kilometre is as long in each direction."""

    def __init__(self, positions: Sequence[Position]) -> None:
        self.centre = middle(positions) if positions else Position(0, 0)
        self._across = _A_DEGREE * cos(radians(self.centre.latitude))
        flat = [self._flat(one) for one in positions] or [Point(0, 0)]
        self._west, self._north = min(one.x for one in flat), min(one.y for one in flat)
        wide = max(max(one.x for one in flat) - self._west, _NARROWEST)
        tall = max(max(one.y for one in flat) - self._north, _NARROWEST)
        self.per_km = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / tall)
        self.height = round(tall * self.per_km + 2 * MARGIN, 1)
        self._left = (WIDTH - wide * self.per_km) / 2
        self.scale = _round_length(WIDTH / 4 / self.per_km)

    def _flat(self, one: Position) -> Point:
        """Kilometres east and south of the middle."""
        return Point(
            (one.longitude - self.centre.longitude) * self._across,
            (self.centre.latitude - one.latitude) * _A_DEGREE,
        )

    def at(self, one: Position) -> Point:
        flat = self._flat(one)
        return Point(
            round((flat.x - self._west) * self.per_km + self._left, 1),
            round((flat.y - self._north) * self.per_km + MARGIN, 1),
        )


def _round_length(most: float) -> float:
    """The longest of 1, 2, 5, 10, 20 … that is no more than `most`."""
    ten = 10.0 ** floor(log10(most))
    return next(step * ten for step in (5, 2, 1) if step * ten <= most)

"""The official flow between two days or of a round, by place, in the borders of any day.

Both sides of a household are of `submissions/register_table.py`: between two days the register as of each, of a round
the sides as its communes proved them, on the land that the register's and the villages' logs say they lie on. The
columns are those of `end_states`: a move is nothing where both ends lie in one place, and columns 4 and 8 where they do
not; what so stands in two places and in neither for the whole is a line of its own, so that all lines add up.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ProofLeaf, Round, RoundProof
from survey.clocks import day_of, read_instant
from survey.problems import Problem
from survey.register import event_log
from survey.register.ledger import fold
from survey.rounds.end_states import COUNTED, Flows, Side, Transition, flows, joined
from survey.rounds.joined_flow import JoinedFlow, proved
from survey.rounds.proof_file import transition_of
from survey.submissions.register_table import (
    Ground,
    Key,
    Land,
    Level,
    Named,
    Row,
    Table,
    grounds,
    in_order,
    names_on,
    states,
    tied,
)
from survey.terms import HouseholdClass, LeafPart, Origin

_OUT = "out"


@dataclass
class Line:
    """A place. `classless`, `unlisted`: of the households there at the start and at the end, those without a class, who
    stand in neither table, and those whose persons are not known, who count as none."""

    flows: dict[HouseholdClass, Flows] = field(default_factory=lambda: {one: Flows() for one in COUNTED})
    classless: list[int] = field(default_factory=lambda: [0, 0])
    unlisted: dict[HouseholdClass, list[int]] = field(default_factory=lambda: {one: [0, 0] for one in COUNTED})

    def add(self, other: Line, sign: int = 1) -> None:
        for measure, both in other.flows.items():
            self.flows[measure].add(both, sign)
            self.unlisted[measure] = [
                a + sign * b for a, b in zip(self.unlisted[measure], other.unlisted[measure], strict=True)
            ]
        self.classless = [a + sign * b for a, b in zip(self.classless, other.classless, strict=True)]


class Lying(NamedTuple):
    """Where a side lies, and in which commune of today. Who does not lie `within` the communes that are asked about is
    in no line, and moved here or away where the other side lies within."""

    land: Land
    commune_id: str
    is_within: bool


class Lands:
    """A name for each land on which sides lie: the flow knows a place by a text."""

    def __init__(self) -> None:
        self.known: list[Lying] = []
        self._names: dict[Lying, str] = {}

    def name(self, lying: Lying) -> str:
        if lying not in self._names:
            self._names[lying] = str(len(self.known))
            self.known.append(lying)
        return self._names[lying]


@dataclass(frozen=True)
class Flowing:
    """`round`: what is to be known of a round's communes, None between two days."""

    transitions: Sequence[Transition]
    lands: Lands
    places: Named
    round: JoinedFlow | None = None

    def lines(self, level: Level) -> dict[Key, Line]:
        """By place."""
        keys = [one.land.at(level) if one.is_within else None for one in self.lands.known]
        found = self._by(keys)
        return {key: found[key] for key in in_order(found)}

    def whole(self) -> Line:
        return self._by([() if one.is_within else None for one in self.lands.known]).get((), Line())

    def between(self, level: Level) -> Line:
        """What makes the lines of the places add up to the whole: who moved from one to another stands in both."""
        found = self.whole()
        for line in self.lines(level).values():
            found.add(line, -1)
        return found

    def unplaced(self) -> dict[str, int]:
        """As `Table.unplaced`: households of which a side lies on land whose former commune nobody entered."""
        of = [one.commune_id if one.is_within and one.land.commune is None else None for one in self.lands.known]
        sides = ({of[int(side.village_id)] for side in (one.start, one.end) if side} for one in self.transitions)
        found = Counter(commune_id for those in sides for commune_id in those if commune_id is not None)
        return dict(sorted(found.items())) if self.places.borders else {}

    def _by(self, keys: Sequence[Key | None]) -> dict[Key, Line]:
        names = {key: str(at) for at, key in enumerate(dict.fromkeys(key for key in keys if key is not None))}
        of = [_OUT if key is None else names[key] for key in keys]
        counted = flows(self.transitions, lambda land: of[int(land)])
        lines = {name: Line(counted[name]) if name in counted else Line() for name in names.values()}
        for one in self.transitions:
            for at, side in enumerate((one.start, one.end)):
                line = lines.get(of[int(side.village_id)]) if side is not None else None
                if side is None or line is None:
                    continue
                line.classless[at] += side.household_class is None
                if side.household_class in COUNTED and side.persons is None:
                    line.unlisted[HouseholdClass(side.household_class)][at] += 1
        return {key: lines[name] for key, name in names.items() if name in counted}


def between_days(
    session: Session, communes: Collection[str], today: date, since: date, day: date, borders: date | None = None
) -> Flowing:
    """From the register as of `since` to that as of `day`, in the `borders` of a day (None: of `day`). Raises
    `borders_not_loaded`, `flow_backward`."""
    if since > day:
        raise Problem("flow_backward")
    read = tied(session, communes)
    before, after = states(session, read, today, [since, day], borders=borders or day, with_lacks=False)
    return between(before, after, communes)


def between(before: Table, after: Table, communes: Collection[str]) -> Flowing:
    """From one table to another, of one kind of borders. Pure."""
    lands = Lands()

    def side(row: Row | None) -> Side | None:
        if row is None:
            return None
        of = row.commune_today if after.borders else row.land.commune
        name = lands.name(Lying(row.land, row.commune_today, of in communes))
        return Side(name, row.household_class, row.persons)

    found = []
    for start, end in paired(before.rows, after.rows):
        row = end or start
        if row is None:
            continue
        at = row.commune_id, row.household_id
        first = start or row
        was = before.standings.get((first.commune_id, first.household_id))
        is_ = after.standings.get(at)
        found.append(
            Transition(
                row.household_id, row.code, Origin.START if start else Origin.MET, None, side(start), side(end),
                _class(is_.came_as if is_ else None), is_ is not None and is_.arrived,
                frozenset(HouseholdClass(one) for one in (was.once if was else ())),
            )
        )  # fmt: skip
    return Flowing(found, lands, after)


def paired(before: Iterable[Row], after: Iterable[Row]) -> list[tuple[Row | None, Row | None]]:
    """Each household at both ends: in the register of its commune, else in that of another to which it moved."""
    ends = {(one.commune_id, one.household_id): one for one in after}
    found: list[tuple[Row | None, Row | None]] = []
    left: list[Row] = []
    for start in before:
        end = ends.pop((start.commune_id, start.household_id), None)
        if end is None:
            left.append(start)
        else:
            found.append((start, end))
    came: dict[str, list[Row]] = {}
    for end in ends.values():
        came.setdefault(end.household_id, []).append(end)
    for start in left:
        there = came.get(start.household_id)
        found.append((start, there.pop() if there else None))
    return found + [(None, one) for those in came.values() for one in those]


def of_round(
    session: Session, survey_round: Round, communes: Collection[str], today: date, borders: date | None = None
) -> Flowing:
    """As the communes proved it (None: in the borders in which they did). Raises `borders_not_loaded`."""
    wanted = tied(session, communes) if borders is not None else set(communes)
    told, proofs = proved(session, survey_round, wanted)
    told.trial = told.trial or survey_round.trial
    lands, names, sides = Lands(), dict[str, str](), list[Transition]()
    land, of_before = grounds(session, {*proofs, *told.missing}, today, borders)  # elsewhere is nobody
    for commune_id, ground in land.items():
        names |= names_on(session, ground, borders or today)
        if commune_id in proofs:
            at = _Sides(session, ground, survey_round, proofs[commune_id], lands, communes)
            sides += [at.of(one) for one in _leaves(session, proofs[commune_id])]
    return Flowing(joined(sides), lands, Named(names, of_before), told)


class _Sides:
    """Where the households of a commune lay when a round opened there, and when it closed: in the village that its
    proof says, on the land that the log tells."""

    def __init__(
        self, session: Session, ground: Ground, survey_round: Round, made: RoundProof, lands: Lands,
        communes: Collection[str],
    ) -> None:  # fmt: skip
        self.ground, self.lands, self.communes = ground, lands, communes
        body = json.loads(made.body)
        opened, closed = (read_instant(body[name]) for name in ("opened_at", "closed_at"))
        self.days = (
            day_of(opened) if opened is not None else survey_round.opens_on,
            day_of(closed) if closed is not None else survey_round.closes_on,
        )
        events = event_log.events_of(session, ground.commune_id) if ground.borders is not None else []
        self.words = [fold(events, day=day).households for day in self.days]

    def of(self, one: Transition) -> Transition:
        start, end = (self._side(at, one.household_id, side) for at, side in enumerate((one.start, one.end)))
        return replace(one, start=start, end=end)

    def _side(self, at: int, household_id: str, side: Side | None) -> Side | None:
        if side is None:
            return None
        return side._replace(village_id=self.lands.name(self._lying(at, household_id, side.village_id)))

    def _lying(self, at: int, household_id: str, village_id: str) -> Lying:
        ground, day = self.ground, self.days[at]
        if ground.borders is None:
            here = ground.commune_id
            return Lying(Land(None, here, village_id), here, here in self.communes)
        word, since = self.words[at].get(household_id), day
        if word is not None and ground.lies_in(word.id, word.village_id, word.village_since, day) == village_id:
            village_id, since = word.village_id, word.village_since
        land = ground.land(household_id, village_id, since, day)
        today = ground.commune_on(household_id, village_id, since, ground.today)[0]
        return Lying(land, today, (today if ground.former is not None else land.commune) in self.communes)


def _leaves(session: Session, made: RoundProof) -> list[Transition]:
    rows = select(ProofLeaf.household_id, ProofLeaf.leaf).where(
        ProofLeaf.commune_id == made.commune_id, ProofLeaf.round_id == made.round_id,
        ProofLeaf.revision == made.revision, ProofLeaf.part == LeafPart.END,
    )  # fmt: skip
    found = session.execute(rows.order_by(ProofLeaf.position))
    return [transition_of(json.loads(leaf), household_id) for household_id, leaf in found]


def _class(named: str | None) -> HouseholdClass | None:
    return HouseholdClass(named) if named else None

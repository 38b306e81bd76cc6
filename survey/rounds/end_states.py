"""What became of each household of a round, and the flow that adds up. Pure: rows in, rows out.

Each household that the round began with in a commune, and each that was met during it, is in exactly one end state, or
in none, which is what breaks the proof (`end_state`).

The flow is that of the official tables 2 and 3 (shared/domain/report_templates.csv, rows no. 2 and 3; the columns by
transition in codes_transition.csv), `end = 1-2-3-4+5+6+7+8` in households and in persons:

| column | poor (table 2) | near-poor (table 3) |
|---|---|---|
| 1 | at the start | at the start |
| 2 | became near-poor | became neither |
| 3 | became neither | became poor |
| 4 | less otherwise: members changed, died out, moved away, split, merged | the same |
| 5 | near-poor became poor | poor became near-poor |
| 6 | poor again, after having been so once | near-poor again |
| 7 | new | new |
| 8 | more otherwise: moved here, split, merged | the same |

Births and deaths in a household that stays in its class are persons of columns 8 and 4. A move is nothing where both
ends lie in one place, and columns 4 and 8 where they do not: so villages add up to the commune by themselves only where
nobody moved between them.

No paper that was found says of which class a household is that refused or was absent: it stays what it was, as on the
register (submissions/standing.py), and the sheet counts such households by their end state beside the flow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from survey.outcome_steps import OPEN
from survey.terms import EndState, HouseholdClass, HouseholdState, Origin, RegisterState

_E, _H, _C = EndState, HouseholdState, HouseholdClass

# What the register says of a household that is off it. One whose entering was undone never was to be found.
OF_REGISTER: Mapping[HouseholdState, EndState] = {
    _H.MERGED: _E.MERGED,
    _H.DISSOLVED: _E.SPLIT,
    _H.DIED_OUT: _E.DIED_OUT,
    _H.DUPLICATE: _E.DUPLICATE,
    _H.TEST: _E.TEST,
    _H.MOVED: _E.MOVED_AWAY,
    _H.WITHDRAWN: _E.NOT_FOUND,
}
STAYS = frozenset({_E.DONE, _E.REFUSED, _E.ABSENT})  # the household is there at the end
OVERTAKEN = frozenset({_E.REFUSED, _E.ABSENT, _E.NOT_FOUND})  # by an interview that came about all the same
COUNTED = (_C.POOR, _C.NEAR_POOR)  # what the two tables are of
COLUMNS = range(1, 10)
_LEFT_TO: Mapping[tuple[HouseholdClass, HouseholdClass], int] = {
    (_C.POOR, _C.NEAR_POOR): 2,
    (_C.POOR, _C.NOT_POOR): 3,
    (_C.NEAR_POOR, _C.NOT_POOR): 2,
    (_C.NEAR_POOR, _C.POOR): 3,
}


class Side(NamedTuple):
    """A household at the start or at the end. `persons` None: nobody had listed them."""

    village_id: str
    household_class: HouseholdClass | None
    persons: int | None


@dataclass(frozen=True)
class Interviewed:
    """The accepted interview that counts."""

    household_class: HouseholdClass | None
    persons: int
    refused: bool


@dataclass(frozen=True)
class Facts:
    """A household of a round as rows tell it. `start`: on the list that the round began with; `village_id`: where it is
    now; `came_as`: its class when it came onto the round's list; `arrived`: by a move from another commune, a split, or
    back onto the register; `once`: classes that it was of in earlier years; `outcome`: confirmed by a second person;
    `classifies`: whether the round's standard gives classes at all."""

    household_id: str
    code: str
    village_id: str
    register: HouseholdState
    start: Side | None = None
    listed: RegisterState | None = None
    interview: Interviewed | None = None
    outcome: EndState | None = None
    came_as: HouseholdClass | None = None
    arrived: bool = False
    once: frozenset[HouseholdClass] = frozenset()
    classifies: bool = True

    @property
    def origin(self) -> Origin:
        return Origin.START if self.start is not None else Origin.MET


@dataclass(frozen=True)
class Transition:
    """A household from the start to the end; `state` None: nobody can say yet what became of it."""

    household_id: str
    code: str
    origin: Origin
    state: EndState | None
    start: Side | None
    end: Side | None
    came_as: HouseholdClass | None = None
    arrived: bool = False
    once: frozenset[HouseholdClass] = frozenset()


def end_state(facts: Facts) -> EndState | None:
    """The one end state of a household; None while it is in none, or in two that contradict each other."""
    if facts.register is not _H.PRESENT:
        return OF_REGISTER[facts.register]
    if facts.listed is RegisterState.ACCEPTED and facts.interview is not None:
        if facts.outcome is not None and facts.outcome not in OVERTAKEN:
            return None
        if facts.interview.refused:
            return _E.REFUSED
        return _E.DONE if facts.interview.household_class is not None or not facts.classifies else None
    return facts.outcome if facts.listed in OPEN else None


def transition(facts: Facts) -> Transition:
    state = end_state(facts)
    end = None
    if state is _E.DONE and facts.interview is not None:
        end = Side(facts.village_id, facts.interview.household_class, facts.interview.persons)
    elif state in STAYS:
        before = facts.start
        was = before.household_class if before is not None else facts.came_as
        end = Side(facts.village_id, was, before.persons if before is not None else None)
    return Transition(
        facts.household_id, facts.code, facts.origin, state, facts.start, end, facts.came_as, facts.arrived, facts.once
    )


@dataclass
class Flow:
    """A line of a table. `columns` 1 to 9; `unknown`: households whose persons at the start nobody had listed: they
    count as none there."""

    columns: Counter[int] = field(default_factory=Counter)
    unknown: int = 0

    @property
    def holds(self) -> bool:
        one = self.columns
        return one[9] == one[1] - one[2] - one[3] - one[4] + one[5] + one[6] + one[7] + one[8]

    def row(self) -> list[int]:
        return [self.columns[column] for column in COLUMNS]


@dataclass
class Flows:
    """A place's line of one class, in both measures."""

    households: Flow = field(default_factory=Flow)
    persons: Flow = field(default_factory=Flow)

    def add(self, other: Flows, sign: int = 1) -> None:
        """Add the line of another place, or take it off."""
        for mine, its in ((self.households, other.households), (self.persons, other.persons)):
            for column in COLUMNS:
                mine.columns[column] += sign * its.columns[column]
            mine.unknown += sign * its.unknown


def flows(transitions: Iterable[Transition], place_of: Callable[[str], str]) -> dict[str, dict[HouseholdClass, Flows]]:
    """The lines of both tables by place; `place_of`: which place of the wanted level a village lies in."""
    found: dict[str, dict[HouseholdClass, Flows]] = {}
    for one in transitions:
        places = [place_of(side.village_id) if side is not None else None for side in (one.start, one.end)]
        for place in sorted({place for place in places if place is not None}):
            line = found.setdefault(place, {measure: Flows() for measure in COUNTED})
            start = one.start if places[0] == place else None
            end = one.end if places[1] == place else None
            for measure in COUNTED:
                _count(line[measure], measure, one, start, end)
    return found


def joined(transitions: Iterable[Transition]) -> list[Transition]:
    """Those of several communes as one of the area: a household that moved from one to another within it is one. Where
    each told an end, that of where it went to is its end; where each had it at the start too, that comes last."""
    found: dict[str, Transition] = {}
    for one in transitions:
        other = found.get(one.household_id)
        if other is None:
            found[one.household_id] = one
            continue
        first, last = sorted((other, one), key=lambda each: (each.start is None, each.end is not None))
        end = last.end if last.end is not None else first.end
        found[one.household_id] = Transition(
            one.household_id, last.code, first.origin, last.state, first.start, end, first.came_as,
            first.arrived or last.arrived, first.once | last.once,
        )  # fmt: skip
    return list(found.values())


def netted(told: Mapping[str, Sequence[Transition]], place: str) -> dict[HouseholdClass, Flows]:
    """What is to be added to the sum of the communes' lines for the line of `place`, which they make up. `told`: by
    household, what each of them said of it; one that a single commune knows makes no difference."""
    found = {measure: Flows() for measure in COUNTED}
    for those in told.values():
        if len(those) < 2:
            continue
        for one, sign in [*((one, 1) for one in joined(those)), *((one, -1) for one in those)]:
            for measure, both in flows([one], lambda _village: place).get(place, {}).items():
                found[measure].add(both, sign)
    return found


def _count(line: Flows, measure: HouseholdClass, one: Transition, start: Side | None, end: Side | None) -> None:
    was = start is not None and start.household_class is measure
    will = end is not None and end.household_class is measure
    before = (start.persons or 0) if was and start is not None else 0
    after = (end.persons or 0) if will and end is not None else 0
    if was:
        _add(line, 1, before)
        line.persons.unknown += start is not None and start.persons is None
    if will:
        _add(line, 9, after)
    if was and will:
        line.persons.columns[4] += max(before - after, 0)
        line.persons.columns[8] += max(after - before, 0)
    elif was:
        to = end.household_class if end is not None else None
        _add(line, _LEFT_TO.get((measure, to), 4) if to is not None else 4, before)
    elif will:
        _add(line, _entered(measure, one, start), after)


def _entered(measure: HouseholdClass, one: Transition, start: Side | None) -> int:
    """The column by which a household came to be of a class."""
    if start is None and (one.start is not None or one.arrived or one.came_as is measure):
        return 8  # from another place, or it came as what it is
    if start is not None and start.household_class in COUNTED:
        return 5
    return 6 if measure in one.once else 7


def came_by(measure: HouseholdClass, one: Transition) -> int | None:
    """The column by which a household came to be of the class that it is of at the end; None: it was at the start."""
    if one.start is not None and one.start.household_class is measure:
        return None
    return _entered(measure, one, one.start)


def _add(line: Flows, column: int, persons: int) -> None:
    line.households.columns[column] += 1
    line.persons.columns[column] += persons

"""Who lives where: the persons of a register, each under a code that never changes. Pure: the part of the fold in
`ledger.py` that is about persons, by the answers that say who somebody is.

A person has one household or none, so nobody is in two at a time. Whom an interview of a household lists is its member
since that day; who is missing there has left it, and why is not known until somebody says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from survey.members import BIRTH, CODE, DAY, HEAD, MONTH, NAME, NUMBER, PEOPLE, RELATION, SEX, YEAR
from survey.terms import PersonState

SAID = (CODE, NAME, SEX, RELATION, *BIRTH, PEOPLE, NUMBER)  # what is known of a person, as the questionnaire names it
_S = PersonState


@dataclass(frozen=True)
class Row:
    """A member as a list or an interview has them. `person_id`: who it is; `doubts`: whom else it may be;
    `is_kept`: whether that was written down."""

    position: int
    said: Mapping[str, Any] = field(compare=False)
    person_id: str = ""
    doubts: tuple[str, ...] = ()
    is_kept: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Person:
    """A person on a day. `household_id`: where they live or lived last; `place`: among the members there; `row`: where
    they were last listed; `came_by`: the merges that brought them, each with the household and the relation before;
    `same_as`: whose code names them now; `doubts`: who they may be."""

    id: str
    said: Mapping[str, Any]
    household_id: str
    since: date
    met_on: date
    state: PersonState = _S.MEMBER
    place: int = 0
    row: tuple[str, int] = ("", 0)
    came_by: tuple[tuple[str, Any], ...] = ()
    same_as: str | None = None
    doubts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.said.get(NAME) or "")

    @property
    def is_head(self) -> bool:
        return self.said.get(RELATION) == HEAD


def said_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a member's answers what says who it is."""
    return {key: values[key] for key in SAID if values.get(key) not in (None, "")}


def is_number(text: str) -> bool:
    """Whether it has the form of an identity number."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def without_relation(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of somebody but for the kinship to a head: of another household's it is not known."""
    return {key: value for key, value in said.items() if key != RELATION}


def is_before_birth(said: Mapping[str, Any], day: date) -> bool:
    """Whether a day lies before the birth, as far as that is known."""
    known: list[int] = []
    for key in (YEAR, MONTH, DAY):
        if not isinstance(said.get(key), int):
            break
        known.append(said[key])
    return (day.year, day.month, day.day)[: len(known)] < tuple(known)


@dataclass
class People:
    """Everybody who was ever met, and who ever lived in which household."""

    known: dict[str, Person] = field(default_factory=dict)
    homes: dict[str, dict[str, None]] = field(default_factory=dict)

    def who(self, person_id: str | None) -> Person | None:
        """Whom a code names now."""
        found = self.known.get(person_id or "")
        while found is not None and found.same_as is not None:
            found = self.known.get(found.same_as)
        return found

    def members(self, household_id: str) -> list[Person]:
        """Who lives in a household, the head first."""
        found = (self.known[id] for id in self.homes.get(household_id, ()))
        here = [one for one in found if one.household_id == household_id and one.state is _S.MEMBER]
        return sorted(here, key=lambda one: (not one.is_head, one.place))

    def former(self, household_id: str) -> list[Person]:
        """Who was met in a household and lives there no more; those of another code are left out."""
        here = {one.id for one in self.members(household_id)}
        return [
            self.known[id] for id in self.homes.get(household_id, ()) if id not in here and not self.known[id].same_as
        ]

    def head_of(self, household_id: str, head_name: str) -> Person | None:
        """Who is head: by the relation, else by the name alone."""
        members = self.members(household_id)
        found = [one for one in members if one.is_head] or [one for one in members if one.name == head_name]
        return found[0] if found else None

    # --- what happens ----------------------------------------------------------------------------------------------

    def list_all(
        self,
        household_id: str,
        rows: Sequence[Row],
        day: date,
        source: str,
        is_home: Callable[[str], bool] = lambda _household_id: False,
    ) -> list[tuple[str, str]]:
        """A household's members are these and nobody else. `is_home`: whether another household is on the register:
        whoever is a member there came there by something that was written down, and no list takes them away. Returns
        the rules against some of them, each with the code."""
        against: list[tuple[str, str]] = []
        listed = {row.person_id for row in rows}
        present: set[str] = set()
        for row in rows:
            known = self.who(row.person_id)
            if known is not None and known.id != row.person_id and known.id in listed | present:
                against.append(("person_two_of_one", row.person_id))  # said to be one, and here are both
                known = replace(self.known[row.person_id], state=_S.MISSING, same_as=None)
            if known is not None and known.state is _S.DEAD:
                against.append(("person_dead", known.id))
                continue
            lives_elsewhere = known is not None and known.state is _S.MEMBER and known.household_id != household_id
            if known is not None and lives_elsewhere and is_home(known.household_id):
                against.append(("person_lives_elsewhere", known.id))
                continue
            one = known or Person(row.person_id, {}, household_id, day, day, doubts=row.doubts)
            stays = one.household_id == household_id and one.state is _S.MEMBER
            self._put(
                replace(
                    one,
                    said={**one.said, **row.said},
                    household_id=household_id,
                    since=one.since if stays else day,
                    state=_S.MEMBER,
                    place=row.position,
                    row=(source, row.position),
                    came_by=one.came_by if stays else (),
                )
            )
            present.add(one.id)
        for one in self.members(household_id):
            if one.id not in present:
                self._put(replace(one, state=_S.MISSING, since=day))
        return against

    def come(self, household_id: str, person_id: str, said: Mapping[str, Any], day: date) -> None:
        """Somebody is born there, comes there, or comes back."""
        known = self.who(person_id)
        one = known or Person(person_id, {}, household_id, day, day)
        self._settle(replace(one, said={**one.said, **said}, state=_S.MEMBER, came_by=()), household_id, day)

    def leave(self, person_id: str, state: PersonState, day: date) -> None:
        one = self.known[person_id]
        self._put(replace(one, state=state, since=day))

    def transfer(self, person_id: str, household_id: str, said: Mapping[str, Any], day: date) -> None:
        one = self.known[person_id]
        kept = without_relation(one.said)
        moved = replace(one, said={**kept, **said}, state=_S.MEMBER, came_by=())
        self._settle(moved, household_id, day)

    def split(self, household_id: str, new_id: str, leaving: Iterable[str], head_name: str, day: date) -> None:
        """Some go to a new household; `leaving`: their codes, or their names where a log has only those."""
        wanted = list(leaving)
        going = [one for one in self.members(household_id) if one.id in wanted or one.name in wanted]
        for one in going:
            self.transfer(one.id, new_id, {RELATION: one.said.get(RELATION)} if not one.is_head else {}, day)
        self.name_head(new_id, head_name)

    def brought(self, household_id: str, into: str) -> list[Person]:
        """Those whom a merge brought from a household and who live there still."""
        return [one for one in self.members(into) if one.came_by and one.came_by[-1][0] == household_id]

    def merge(self, household_id: str, into: str) -> None:
        """Whoever lives there lives in the other household; how they are kin to its head is not known yet."""
        last = max((one.place for one in self.members(into)), default=-1)
        for number, one in enumerate(self.members(household_id), 1):
            kept = without_relation(one.said)
            came_by = (*one.came_by, (household_id, one.said.get(RELATION)))
            moved = replace(one, said=kept, household_id=into, came_by=came_by, place=last + number)
            self._put(moved)

    def unmerge(self, household_id: str, into: str) -> None:
        """Those whom the merge brought go back; who came since stays."""
        for one in self.brought(household_id, into):
            relation = one.came_by[-1][1]
            said = without_relation(one.said)
            said |= {RELATION: relation} if relation is not None else {}
            self._put(replace(one, said=said, household_id=household_id, came_by=one.came_by[:-1]))

    def make_head(self, household_id: str, person_id: str) -> None:
        for one in self.members(household_id):
            said = without_relation(one.said)
            if one.id == person_id:
                self._put(replace(one, said=said | {RELATION: HEAD}))
            elif one.is_head:
                self._put(replace(one, said=said))

    def name_head(self, household_id: str, name: str) -> None:
        """The member of this name is head, where exactly one has it."""
        named = [one for one in self.members(household_id) if one.name == name]
        if len(named) == 1:
            self.make_head(household_id, named[0].id)

    def correct(self, person_id: str, said: Mapping[str, Any]) -> None:
        one = self.known[person_id]
        now = {key: value for key, value in {**one.said, **said}.items() if value not in (None, "")}
        self._put(replace(one, said=now))

    def identify(self, person_id: str, other_id: str | None) -> None:
        """The person under this code is that other person; None: nobody who was known."""
        one, other = self.known[person_id], self.who(other_id)
        self._put(replace(one, doubts=()))
        if other is None:
            return
        lives = one.state is _S.MEMBER
        if lives or other.state is not _S.MEMBER:
            moved = replace(
                other, said={**other.said, **one.said}, state=one.state if other.state is not _S.DEAD else other.state,
                household_id=one.household_id, since=one.since, place=one.place, row=one.row, came_by=one.came_by,
            )  # fmt: skip
            self._put(moved)
        self._put(replace(one, doubts=(), state=_S.SAME, same_as=other.id))

    def _settle(self, one: Person, household_id: str, day: date) -> None:
        place = max((each.place for each in self.members(household_id)), default=-1) + 1
        self._put(replace(one, household_id=household_id, since=day, place=place))

    def _put(self, one: Person) -> None:
        self.known[one.id] = one
        self.homes.setdefault(one.household_id, {})[one.id] = None

"""What the villages of a commune are, and where that leaves a household: changes, folded. Pure.

As with households (`register/ledger.py`), a change has a day since which it holds and a number under which it was
written down, the fold goes by (day, number), and what is undone is passed over. A village's code is for good: what is
written of one that was merged means what it was merged into, and what was split off can be told apart again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from survey.names import name_key
from survey.terms import Area, PlaceChange

_C = PlaceChange
MOVING = (_C.MERGED, _C.SPLIT)  # by which households lie in another village without having moved


@dataclass(frozen=True)
class Change:
    """One line of the log. `payload`: found {"name", "division", "area"; of one that came from another commune "origin"
    and "from"}; renamed {"name", "division"}; area {"area"}; rezoned {"commune"}; split as found, and "households": who
    lies in the new one; former {"former": the code of a former commune, None: not known}."""

    seq: int
    kind: PlaceChange
    commune_id: str
    village_id: str
    effective_on: date
    payload: Mapping[str, Any] = field(default_factory=dict, compare=False)
    other_id: str | None = None
    voids: int | None = None

    @property
    def place(self) -> tuple[date, int]:
        return self.effective_on, self.seq


@dataclass(frozen=True)
class Village:
    """A village on a day. `until`: since when it is no more, `into`: what it is a part of then, or its code in another
    commune; `origin`: what it was split off from, or its code in the commune that it came from; `former`: the code of
    the former commune that somebody entered for it."""

    id: str
    commune_id: str
    name: str
    division: str
    area: Area | None
    since: date
    until: date | None = None
    into: str | None = None
    origin: str | None = None
    former: str | None = None

    @property
    def is_there(self) -> bool:
        return self.until is None


@dataclass(frozen=True)
class Failing:
    change: Change
    rule: str


@dataclass
class Villages:
    """`history`: what each was since which day, in order; `taken_in`: what was merged into each, and when."""

    known: dict[str, Village] = field(default_factory=dict)
    history: dict[str, list[tuple[date, Village]]] = field(default_factory=dict)
    taken_in: dict[str, list[tuple[date, str]]] = field(default_factory=dict)
    failing: list[Failing] = field(default_factory=list)

    def there(self, village_id: str) -> Village | None:
        one = self.known.get(village_id)
        return one if one is not None and one.is_there else None

    def in_commune(self, commune_id: str) -> list[Village]:
        """Those that are there, by code."""
        found = [one for one in self.known.values() if one.commune_id == commune_id and one.is_there]
        return sorted(found, key=lambda one: one.id)

    def named(self, commune_id: str, name: str) -> list[Village]:
        key = name_key(name)
        return [one for one in self.in_commune(commune_id) if name_key(one.name) == key]

    def put(self, one: Village, day: date) -> None:
        if self.known.get(one.id) != one:
            self.known[one.id] = one
            self.history.setdefault(one.id, []).append((day, one))


def live(changes: Iterable[Change], seqs: Mapping[str, int] | None = None) -> list[Change]:
    """Those that nobody has undone, in the order in which they hold; `seqs`: by commune, what was written down by then
    (of a commune that is not named all)."""
    known = [one for one in changes if seqs is None or one.seq <= seqs.get(one.commune_id, one.seq)]
    voided = {(one.commune_id, one.voids) for one in known}
    found = [one for one in known if one.kind is not _C.VOID and (one.commune_id, one.seq) not in voided]
    return sorted(found, key=lambda one: (*one.place, one.commune_id))


def fold(changes: Iterable[Change], *, day: date | None = None, seqs: Mapping[str, int] | None = None) -> Villages:
    """The villages as of `day`, as was known then; None: of all days. What fails its precondition changes nothing."""
    found = Villages()
    for one in live(changes, seqs):
        if day is not None and one.effective_on > day:
            continue
        rule = objection(found, one)
        if rule is not None:
            found.failing.append(Failing(one, rule))
        else:
            _apply(found, one)
    return found


def objection(found: Villages, change: Change) -> str | None:
    """The rule that stands against a change, as a code of `survey.problems`; None when it may come."""
    one, other = found.known.get(change.village_id), found.known.get(change.other_id or "")
    if change.kind is _C.FOUND:
        return "place_there_already" if one is not None else None
    if change.other_id == change.village_id:
        return "place_itself"
    if one is None:
        return "place_not_there"
    if not one.is_there:
        return "place_over"
    if change.kind is _C.MERGED:
        return _against_merge(found, one, other)
    if change.kind is _C.SPLIT:
        return "place_there_already" if other is not None else _against_name(found, one, change, but=None)
    if change.kind is _C.RENAMED:
        return _against_name(found, one, change, but=one.id)
    return None


def _against_merge(found: Villages, one: Village, other: Village | None) -> str | None:
    if other is None:
        return "place_not_there"
    if other.commune_id != one.commune_id:
        return "place_other_commune"
    if other.is_there:
        return None
    return "place_cycle" if survivor(found, other.id) == one.id else "place_target_over"


def _against_name(found: Villages, one: Village, change: Change, but: str | None) -> str | None:
    """Lists name villages: two of one name in a commune could not be told apart."""
    same = [each for each in found.named(one.commune_id, str(change.payload.get("name"))) if each.id != but]
    return "place_name_taken" if same else None


def survivor(found: Villages, village_id: str) -> str:
    """What a code names now: itself, or what it is a part of."""
    one = found.known.get(village_id)
    while one is not None and one.into is not None:
        village_id, one = one.into, found.known.get(one.into)
    return village_id


def _apply(found: Villages, change: Change) -> None:
    given, day = change.payload, change.effective_on
    if change.kind is _C.FOUND:
        found.put(_made(change.village_id, change.commune_id, given, day), day)
        return
    one = found.known[change.village_id]
    if change.kind is _C.RENAMED:
        found.put(replace(one, name=given["name"], division=given.get("division") or one.division), day)
    elif change.kind is _C.AREA:
        found.put(replace(one, area=Area(given["area"])), day)
    elif change.kind is _C.FORMER:
        found.put(replace(one, former=given.get("former")), day)
    elif change.kind is _C.SPLIT:
        found.put(_made(str(change.other_id), one.commune_id, {**given, "origin": one.id}, day), day)
    else:
        found.put(replace(one, until=day, into=change.other_id), day)
        if change.kind is _C.MERGED:
            found.taken_in.setdefault(str(change.other_id), []).append((day, one.id))


def _made(village_id: str, commune_id: str, given: Mapping[str, Any], day: date) -> Village:
    area = Area(given["area"]) if given.get("area") else None
    return Village(
        village_id, commune_id, given["name"], given["division"], area, day,
        origin=given.get("origin"), former=given.get("former"),
    )  # fmt: skip


@dataclass(frozen=True)
class Period:
    since: date
    until: date | None
    name: str
    division: str
    area: Area | None


def periods(found: Villages, village_id: str) -> list[Period]:
    """What a village was called, and whether it was urban, one time after another."""
    by_day = dict(found.history.get(village_id, ()))  # of one day what was written down last
    made: list[Period] = []
    for day, one in by_day.items():
        last = made[-1] if made else None
        if last is not None and one.is_there and (last.name, last.division, last.area) == (
            one.name, one.division, one.area
        ):  # fmt: skip
            continue
        if last is not None:
            made[-1] = replace(last, until=day)
        if one.is_there:
            made.append(Period(day, None, one.name, one.division, one.area))
    return made


@dataclass(frozen=True)
class Tried:
    """What would follow if changes were added: `own`: those of them that cannot be; `broken`: what could not stand any
    more; `changed`: each village that would be another, before and after."""

    own: list[Failing]
    broken: list[Failing]
    changed: dict[str, tuple[Village | None, Village | None]]
    before: Villages
    after: Villages

    @property
    def rule(self) -> str | None:
        if self.own:
            return self.own[0].rule
        return "place_rests_on_it" if self.broken else None if self.changed else "register_changes_nothing"


def attempt(changes: Sequence[Change], added: Sequence[Change]) -> Tried:
    """The difference that `added` would make, on any day. What failed before and fails still is nobody's fault of
    now."""
    before, after = fold(changes), fold([*changes, *added])
    failed, own = {one.change for one in before.failing}, set(added)
    newly = [one for one in after.failing if one.change not in failed]
    ids = sorted({*before.known, *after.known})
    different = [id for id in ids if before.history.get(id) != after.history.get(id)]
    return Tried(
        [one for one in newly if one.change in own],
        [one for one in newly if one.change not in own],
        {id: (before.known.get(id), after.known.get(id)) for id in different},
        before,
        after,
    )


# Where a household lies


def lies_in(changes: Iterable[Change], household_id: str, village_id: str, since: date, day: date | None = None) -> str:
    """The village that a household lies in on `day` (None: now) of which `village_id` was written down for `since`. Of
    what was written down for a village that was no more by then, what it was merged into is meant. `changes`: as
    `live` has them."""
    for one in changes:
        if one.village_id != village_id or (day is not None and one.effective_on > day):
            continue
        if (
            one.kind is _C.MERGED
            or one.kind is _C.SPLIT
            and since <= one.effective_on
            and household_id in one.payload["households"]
        ):
            village_id = str(one.other_id)
    return village_id


def in_borders(
    known: Villages, changes: Iterable[Change], household_id: str, village_id: str, since: date, day: date
) -> str:
    """The village whose land of `day` a household lies on, as `lies_in` is told of it. One that was made later is what
    it came from by then, one that went to another commune by then has its code there."""
    village_id = lies_in(changes, household_id, village_id, since, day)
    at = known.known.get(village_id)
    while at is not None and at.into is not None and at.until is not None and at.until <= day:
        village_id = lies_in(changes, household_id, at.into, at.until, day)
        at = known.known.get(village_id)
    while at is not None and at.origin is not None and at.since > day:
        village_id, at = at.origin, known.known.get(at.origin)
    return village_id


def former_of(known: Villages, village_id: str, since: date, alone: Mapping[str, str]) -> str | None:
    """The former commune of a household of which `village_id` was written down for `since`; None: not known. `alone`:
    of communes that consist of one former commune alone, which. Who came to a village that had taken in one of another
    former commune by then may lie in either."""
    found, wanted = set(), [village_id]
    while wanted:
        village_id = wanted.pop()
        found.add(former_of_village(known, village_id, alone))
        wanted += [other for day, other in known.taken_in.get(village_id, ()) if day <= since]
    return found.pop() if len(found) == 1 else None


def former_of_village(known: Villages, village_id: str, alone: Mapping[str, str]) -> str | None:
    """As entered, else that of what the village came from, else the only one that its commune has."""
    one = known.known.get(village_id)
    while one is not None:
        if one.former is not None:
            return one.former
        if one.origin is None or one.origin not in known.known:
            return alone.get(one.commune_id) if one.origin is None else None
        one = known.known[one.origin]
    return None

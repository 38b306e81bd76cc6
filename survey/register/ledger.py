"""What a register is: events and accepted interviews, folded into the state of each household. Pure.

Nothing is ever taken out of the log. Each event has a day since which it holds and a number under which it was written
down; the fold goes through them by (day, number), so that what holds later wins, and of two that hold since one day the
one written down later. An accepted interview stands at the day of the interview, not of the decision.

A kind of event is a *precondition* and an *apply*; there are no inverses: what is undone is voided, and the fold passes
over it. Whether something can be undone, or written down for a past day, is one question: would the precondition of
another fail then?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from survey.register.persons import People, Person, Row, is_before_birth
from survey.terms import HouseholdState, PersonState, RegisterKind

_K, _H = RegisterKind, HouseholdState
ENDED_BY = {_K.DISSOLVE: _H.DISSOLVED, _K.DIED_OUT: _H.DIED_OUT, _K.TEST: _H.TEST}
RESTORED_FROM = frozenset({*ENDED_BY.values(), _H.DUPLICATE})
CORRECTED = ("head", "village", "address", "class")  # what a correction may name
COMING = frozenset({_K.BORN, _K.JOINED, _K.MARRIED_IN})
LEAVING = {_K.DIED: PersonState.DEAD, _K.LEFT: PersonState.LEFT, _K.MARRIED_OUT: PersonState.MARRIED}
OF_PERSON = frozenset({*COMING, *LEAVING, _K.TRANSFERRED, _K.PERSON, _K.HEAD, _K.IDENTIFIED})
CHANGES_MEMBERS = OF_PERSON | {_K.SPLIT, _K.MERGE, _K.UNMERGE}  # after which others live in a household


@dataclass(frozen=True)
class Event:
    """One line of the log. `payload` by kind: see `APPLY`; `rows`: the members with which a household is entered."""

    seq: int
    kind: RegisterKind
    household_id: str
    effective_on: date
    payload: Mapping[str, Any] = field(default_factory=dict, compare=False)
    other_id: str | None = None
    voids: int | None = None
    person_id: str | None = None
    rows: tuple[Row, ...] = field(default=(), compare=False)

    @property
    def place(self) -> tuple[Any, ...]:
        return self.effective_on, self.seq, 0, "", ""

    @property
    def enters(self) -> str:
        """The household that it brings onto the register; "" for most."""
        return self.household_id if self.kind is _K.ENTER else self.other_id or "" if self.kind is _K.SPLIT else ""


@dataclass(frozen=True)
class Interview:
    """An accepted interview that counts. `after`: the number of the last event written down before it was accepted."""

    submission_id: str
    household_id: str
    day: date
    after: int
    accepted_at: datetime
    head_name: str = ""
    household_class: str | None = None
    round_id: str | None = None
    rows: tuple[Row, ...] = ()

    @property
    def place(self) -> tuple[Any, ...]:
        return self.day, self.after, 1, self.accepted_at.isoformat(), self.submission_id


@dataclass(frozen=True)
class Standing:
    """A household on a day. `address`: None: as its answers say; `submission_id`: the interview that it was last found
    in; `same_as`: what it was merged into, or is a duplicate of; `village_since`: of when the word for its village is
    (what became of that village since, `villages.lies_in` says); `came_as`: its class when it was entered; `arrived`:
    by a move from another commune, a split, or back onto the register; `once`: the classes that it was of by then."""

    id: str
    code: str
    village_id: str
    head_name: str
    household_class: str | None
    entered_on: date
    address: str | None = None
    state: HouseholdState = _H.PRESENT
    same_as: str | None = None
    submission_id: str | None = None
    village_since: date = field(default=date.min, compare=False)
    came_as: str | None = field(default=None, compare=False)
    arrived: bool = field(default=False, compare=False)
    once: frozenset[str] = field(default=frozenset(), compare=False)


Item = Event | Interview
Households = dict[str, Standing]


@dataclass(frozen=True)
class Failing:
    """What cannot stand beside the rest, and the rule. `person_id`: whom an interview lists against it: the rest of
    the interview counts."""

    item: Item
    rule: str
    person_id: str | None = None


@dataclass
class Folded:
    households: Households = field(default_factory=dict)
    failing: list[Failing] = field(default_factory=list)
    people: People = field(default_factory=People)

    def is_present(self, household_id: str) -> bool:
        one = self.households.get(household_id)
        return one is not None and one.state is _H.PRESENT

    def head_of(self, household_id: str) -> Person | None:
        """Who is head of a household, by the relation or by the name that the household has."""
        one = self.households.get(household_id)
        return self.people.head_of(household_id, one.head_name if one is not None else "")

    def survivor(self, household_id: str) -> str:
        """Whom a household's code names now: itself, or what it was merged into."""
        at = self.households.get(household_id)
        while at is not None and at.state is _H.MERGED and at.same_as is not None:
            household_id, at = at.same_as, self.households.get(at.same_as)
        return household_id


def fold(
    events: Iterable[Event],
    interviews: Iterable[Interview] = (),
    *,
    day: date | None = None,
    seq: int | None = None,
) -> Folded:
    """Each household as of `day`, as was known when `seq` was written down; None: as is known now, of all days.

    What fails its precondition changes nothing and is named."""
    known = [event for event in events if seq is None or event.seq <= seq]
    voided = {event.voids for event in known}
    items: list[Item] = [event for event in known if event.kind is not _K.VOID and event.seq not in voided]
    items += [one for one in interviews if seq is None or one.after < seq]
    found = Folded()
    early: dict[str, list[Interview]] = {}  # older than the day on which their household was written into the register
    for item in sorted((one for one in items if day is None or one.place[0] <= day), key=lambda one: one.place):
        if isinstance(item, Interview):
            if item.household_id not in found.households:
                early.setdefault(item.household_id, []).append(item)
            else:
                _apply_interview(found, item)
            continue
        rule = objection(found, item)
        if rule is not None:
            found.failing.append(Failing(item, rule))
            continue
        apply(found, item)
        for before in early.pop(item.enters, ()):
            _apply_interview(found, before)
    found.failing += [Failing(one, "register_not_there") for left in early.values() for one in left]
    return found


def standing_on(events: Sequence[Event], household_id: str, day: date) -> Standing | None:
    """What was written down of a household by `day`; the village is as it was written down. Before it was entered: as
    it was entered, with what was corrected since; it may have been asked by then. None when nobody entered it."""
    entered = [event.effective_on for event in live(events) if event.enters == household_id]
    if entered and day < entered[0]:
        day, events = entered[0], [event for event in events if event.kind is not _K.MOVE]
    return fold(events, day=day).households.get(household_id)


def overriding(events: Sequence[Event], interviews: Iterable[Interview], one: Interview) -> Event | None:
    """The correction since which a household is of another class than an accepted interview of it found, whenever that
    is accepted; None where none is, or where a later interview says it anew before."""
    own: list[Item] = [each for each in interviews if each.household_id == one.household_id]
    own += [
        event
        for event in live(events)
        if event.kind is _K.CORRECT and event.household_id == one.household_id and event.payload.get("class")
    ]
    for item in sorted((each for each in own if each.place > one.place), key=lambda each: each.place):
        if isinstance(item, Interview):
            return None
        if item.payload["class"] != one.household_class:
            return item
    return None


def classes_told(events: Sequence[Event], interviews: Iterable[Interview], household_id: str) -> list[tuple[date, str]]:
    """Since which day a household was told to be of which class, in the order in which that holds: by the lists it came
    with, corrections and interviews. `interviews`: of this household."""
    said: list[tuple[tuple[Any, ...], str]] = []
    for event in live(events):
        given = event.payload.get("class")
        named = event.enters or event.household_id
        if given and named == household_id:
            said.append((event.place, str(given)))
    said += [(one.place, one.household_class) for one in interviews if one.household_class]
    return [(place[0], household_class) for place, household_class in sorted(said)]


def households_in(events: Iterable[Event]) -> set[str]:
    """Every household that events name."""
    return {id for event in events for id in (event.household_id, event.other_id) if id}


def live(events: Sequence[Event]) -> list[Event]:
    """Those that nobody has undone, in the order in which they were written down."""
    voided = {event.voids for event in events}
    return [event for event in events if event.kind is not _K.VOID and event.seq not in voided]


def objection(found: Folded, event: Event) -> str | None:
    """The rule that stands against an event in a state, as a code of `survey.problems`; None when it may come."""
    if event.kind in OF_PERSON:
        return _against_person(found, event)
    if event.kind is _K.ENTER:
        there = found.households.get(event.household_id)  # one that moved to another commune may come back from there
        return "register_there_already" if there is not None and there.state is not _H.MOVED else None
    if event.other_id == event.household_id:
        return "register_itself"
    one = found.households.get(event.household_id)
    if one is None:
        return "register_not_there"
    if event.kind is _K.UNMERGE:
        return _against_unmerge(found, one, event.other_id)
    if event.kind is _K.RESTORE:
        return None if one.state in RESTORED_FROM else "register_not_ended"
    if one.state is not _H.PRESENT:
        return "register_ended"
    if event.kind is _K.SPLIT:
        return _against_split(found, event)
    if event.other_id is not None:  # a merge, a duplicate
        return _against_target(found, event.household_id, event.other_id)
    return None


def _against_unmerge(found: Folded, one: Standing, into: str | None) -> str | None:
    """Whoever is head of the household that stays does not go back: who is head there then is said first, never
    guessed."""
    if one.state is not _H.MERGED or one.same_as != into or into is None:
        return "register_not_merged"
    head = found.head_of(into)
    return "person_head_goes" if head is not None and head in found.people.brought(one.id, into) else None


def _against_person(found: Folded, event: Event) -> str | None:
    """A person is met before anything happens to them, is born first and dies last, and comes from somewhere."""
    household, target = found.households.get(event.household_id), found.households.get(event.other_id or "")
    one = found.people.who(event.person_id)
    is_head = event.kind is _K.HEAD
    if event.other_id == event.household_id and event.kind is _K.TRANSFERRED:
        return "person_lives_there"
    if household is None or (event.other_id and target is None):
        return "register_not_there"
    if (is_head or event.kind in COMING) and household.state is not _H.PRESENT:
        return "register_ended"
    if event.kind is _K.TRANSFERRED and target is not None and target.state is not _H.PRESENT:
        return "register_target_ended"
    if one is None:
        given = event.payload.get("said") or {}
        if event.kind not in COMING:
            return "person_not_there"
        return "person_before_birth" if is_before_birth(given, event.effective_on) else None
    if is_before_birth({**one.said, **(event.payload.get("said") or {})}, event.effective_on):
        return "person_before_birth"
    lives_here = one.household_id == household.id and one.state is PersonState.MEMBER
    if event.kind is _K.IDENTIFIED:
        return _against_identity(found, event)
    if event.kind is _K.PERSON:
        return None
    if one.state is PersonState.DEAD:
        return "person_dead"
    if event.kind in COMING:
        return "person_born_already" if event.kind is _K.BORN else _against_return(found, one)
    if is_head:
        return None if lives_here else "person_not_member"
    is_gone = one.state is not PersonState.MEMBER and event.kind in LEAVING
    return None if one.household_id == household.id and (lives_here or is_gone) else "person_not_member"


def _against_return(found: Folded, one: Person) -> str | None:
    """Nobody comes who is a member of a household that is on the register."""
    home = found.households.get(one.household_id)
    lives = one.state is PersonState.MEMBER and home is not None and home.state is _H.PRESENT
    return "person_lives_elsewhere" if lives else None


def _against_identity(found: Folded, event: Event) -> str | None:
    other_id = event.payload.get("as")
    one, other = found.people.known.get(event.person_id or ""), found.people.who(other_id)
    if one is None or (other_id and other is None):
        return "person_not_there"
    if one.same_as is not None or other is None:
        return "person_same_already" if one.same_as is not None else None
    if other.id == one.id:
        return "person_itself"
    both_live = one.state is other.state is PersonState.MEMBER and one.household_id == other.household_id
    return "person_two_of_one" if both_live and one.row[0] == other.row[0] else None


def _against_split(found: Folded, event: Event) -> str | None:
    if event.other_id in found.households:
        return "register_there_already"
    if event.payload.get("staying") == 0:
        return "register_nobody_stays"
    if event.payload.get("staying") is not None and not event.payload.get("leaving"):
        return "register_nobody_goes"
    return None


def _against_target(found: Folded, household_id: str, target_id: str) -> str | None:
    target = found.households.get(target_id)
    if target is None:
        return "register_not_there"
    if target.state is _H.PRESENT:
        return None
    return "register_cycle" if found.survivor(target_id) == household_id else "register_target_ended"


def apply(found: Folded, event: Event) -> None:
    """Bring an event that nothing stands against into a state."""
    if event.kind in OF_PERSON:
        _apply_person(found, event)
        return
    APPLY[event.kind](found.households, event)
    people, given = found.people, event.payload
    if event.kind is _K.ENTER and event.rows:
        people.list_all(event.household_id, event.rows, event.effective_on, f"enter {event.seq}")
    elif event.kind is _K.SPLIT:
        leaving = given.get("persons") or given.get("leaving") or ()
        people.split(event.household_id, str(event.other_id), leaving, given["head"], event.effective_on)
    elif event.kind is _K.MERGE:
        people.merge(event.household_id, str(event.other_id))
    elif event.kind is _K.UNMERGE:
        people.unmerge(event.household_id, str(event.other_id))
    elif event.kind is _K.CORRECT and given.get("head"):
        people.name_head(event.household_id, given["head"])


def _apply_person(found: Folded, event: Event) -> None:
    people, given, household_id = found.people, event.payload, event.household_id
    person_id = event.person_id or ""
    if event.kind is not _K.IDENTIFIED and (now := people.who(person_id)) is not None:
        person_id = now.id
    said = given.get("said") or {}
    if event.kind in COMING:
        people.come(household_id, person_id, said, event.effective_on)
    elif event.kind in LEAVING:
        people.leave(person_id, LEAVING[event.kind], event.effective_on)
    elif event.kind is _K.TRANSFERRED and event.other_id is None:
        people.leave(person_id, PersonState.MOVED, event.effective_on)
    elif event.kind is _K.TRANSFERRED:
        people.transfer(person_id, str(event.other_id), said, event.effective_on)
    elif event.kind is _K.PERSON:
        _correct_person(found, people.known[person_id], said)
    elif event.kind is _K.IDENTIFIED:
        people.identify(person_id, given.get("as"))
    heir = people.who(person_id if event.kind is _K.HEAD else given.get("head"))
    if heir is not None and heir.household_id == household_id and heir.state is PersonState.MEMBER:
        people.make_head(household_id, heir.id)
        found.households[household_id] = replace(found.households[household_id], head_name=heir.name)


def _correct_person(found: Folded, one: Person, said: Mapping[str, Any]) -> None:
    """A head's name is the household's."""
    household = found.households[one.household_id]
    head = found.head_of(household.id)
    found.people.correct(one.id, said)
    if head is not None and head.id == one.id:
        found.households[household.id] = replace(household, head_name=found.people.known[one.id].name)


def _enter(households: Households, event: Event) -> None:
    _come(households, event, event.household_id, "from" in event.payload)


def _split(households: Households, event: Event) -> None:
    _come(households, event, str(event.other_id), arrived=True)


def _come(households: Households, event: Event, id: str, arrived: bool) -> None:
    given = event.payload
    named = given.get("class")
    households[id] = Standing(
        id, given["code"], given["village"], given["head"], named, event.effective_on, given.get("address"),
        village_since=event.effective_on, came_as=named, arrived=arrived, once=_classes(frozenset(), named),
    )  # fmt: skip


def _classes(once: frozenset[str], named: str | None) -> frozenset[str]:
    return once | {named} if named else once


def _correct(households: Households, event: Event) -> None:
    fields = {"head": "head_name", "village": "village_id", "address": "address", "class": "household_class"}
    changes: dict[str, Any] = {fields[key]: value for key, value in event.payload.items() if key in fields}
    since: dict[str, Any] = {"village_since": event.effective_on} if "village_id" in changes else {}
    if "household_class" in changes:
        since["once"] = _classes(households[event.household_id].once, changes["household_class"])
    _change(households, event, **changes, **since)


def _move(households: Households, event: Event) -> None:
    if event.payload.get("commune"):
        _change(households, event, state=_H.MOVED)
    else:
        moved: dict[str, Any] = {"village_id": event.payload["village"], "village_since": event.effective_on}
        _change(
            households, event, **moved, **({"address": event.payload["address"]} if "address" in event.payload else {})
        )


def _end(households: Households, event: Event) -> None:
    _change(households, event, state=ENDED_BY[event.kind])


def _same(households: Households, event: Event) -> None:
    state = _H.MERGED if event.kind is _K.MERGE else _H.DUPLICATE
    _change(households, event, state=state, same_as=event.other_id)


def _come_back(households: Households, event: Event) -> None:
    _change(households, event, state=_H.PRESENT, same_as=None, arrived=True)


def _change(households: Households, event: Event, **changes: Any) -> None:
    households[event.household_id] = replace(households[event.household_id], **changes)


# `payload`: enter and split {"code", "village", "head", "class", "address"}, a split also {"leaving": names, "persons":
# their codes, "staying": how many, None when not known}; correct: what of `CORRECTED` is otherwise; move {"village",
# "address"} or {"commune"}. Of a person: {"said": by the questions of `persons.SAID`, "head": who is head then}, a
# transfer to another commune {"commune", "household"}, an identification {"as": the code of whom, None: of nobody}.
APPLY: dict[RegisterKind, Callable[[Households, Event], None]] = {
    _K.ENTER: _enter,
    _K.CORRECT: _correct,
    _K.MOVE: _move,
    _K.SPLIT: _split,
    _K.MERGE: _same,
    _K.UNMERGE: _come_back,
    _K.DISSOLVE: _end,
    _K.DIED_OUT: _end,
    _K.DUPLICATE: _same,
    _K.TEST: _end,
    _K.RESTORE: _come_back,
}


def _apply_interview(found: Folded, interview: Interview) -> None:
    one = found.households[interview.household_id]
    if one.state is not _H.PRESENT:
        found.failing.append(Failing(interview, "register_ended"))
        return
    found.households[one.id] = replace(
        one,
        head_name=interview.head_name or one.head_name,
        household_class=interview.household_class,
        address=None,
        submission_id=interview.submission_id,
        once=_classes(one.once, interview.household_class),
    )
    if interview.rows:
        against = found.people.list_all(
            one.id, interview.rows, interview.day, interview.submission_id, found.is_present
        )
        found.failing += [Failing(interview, rule, person_id) for rule, person_id in against]


@dataclass(frozen=True)
class Tried:
    """What would follow if events were added: `own`: those of them that cannot be; `broken`: what else could not stand
    any more; `changed`, `people`: each household and each person that would be another, before and after. A household
    is another, too, when its members are, or when it would have been on the day of an act: a later interview may say
    anew what a correction names, and last year's class is another all the same. `then`: that day, before and after."""

    own: list[Failing]
    broken: list[Failing]
    changed: dict[str, tuple[Standing | None, Standing | None]]
    people: dict[str, tuple[Person | None, Person | None]] = field(default_factory=dict)
    then: dict[str, tuple[date, Standing | None, Standing | None]] = field(default_factory=dict)

    @property
    def rule(self) -> str | None:
        """Why it is refused; None when it may be done."""
        if self.own:
            return self.own[0].rule
        return "register_rests_on_it" if self.broken else None if self.changed else "register_changes_nothing"


def attempt(events: Sequence[Event], interviews: Sequence[Interview], added: Sequence[Event]) -> Tried:
    """The difference that `added` would make. What failed before and fails still is nobody's fault of now."""
    before, after = fold(events, interviews), fold([*events, *added], interviews)
    failed, own = {one.item.place for one in before.failing}, {one.seq for one in added}
    newly = [one for one in after.failing if one.item.place not in failed]
    mine = [one for one in newly if isinstance(one.item, Event) and one.item.seq in own]
    ids = sorted({*before.households, *after.households})
    sides = {id: (before.households.get(id), after.households.get(id)) for id in ids}
    people = _others(before.people, after.people)
    homes = {one.household_id for both in people.values() for one in both if one is not None}
    then = _then(events, interviews, added)
    return Tried(
        mine,
        [one for one in newly if one not in mine],
        {id: (was, will) for id, (was, will) in sides.items() if was != will or id in homes or id in then},
        people,
        then,
    )


def _then(
    events: Sequence[Event], interviews: Sequence[Interview], added: Sequence[Event]
) -> dict[str, tuple[date, Standing | None, Standing | None]]:
    """What `added` would correct or move, or no more, on the day since which that was said."""
    undone = {event.voids for event in added}
    acts = [*added, *(event for event in events if event.seq in undone)]
    found = {}
    for event in acts:
        if event.kind in (_K.CORRECT, _K.MOVE):
            sides = (fold(known, interviews, day=event.effective_on) for known in (events, [*events, *added]))
            was, will = (each.households.get(event.household_id) for each in sides)
            if was != will:
                found[event.household_id] = event.effective_on, was, will
    return found


def _others(before: People, after: People) -> dict[str, tuple[Person | None, Person | None]]:
    ids = sorted({*before.known, *after.known})
    sides = {id: (before.known.get(id), after.known.get(id)) for id in ids}
    return {id: (was, will) for id, (was, will) in sides.items() if was != will}

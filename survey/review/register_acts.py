"""What a person writes into the register: tried first, shown with all that rests on it, then done in one go.

`plan` and `plan_undo` read and change nothing: the difference is that of two folds (`register/ledger.py`). `carry_out`
and `undo` make the plan again once nobody else writes, append its events and bring what follows to them
(`register_effects.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, Place, PlaceEvent, RegisterEvent
from models.commune_counter import lock_commune
from survey.borders.villages import lies_in
from survey.calendar.standing import days_of, open_in
from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem
from survey.register import event_log, last_year, places
from survey.register.event_log import Done
from survey.register.ledger import (
    OF_PERSON,
    Event,
    Folded,
    Interview,
    Standing,
    Tried,
    attempt,
    fold,
    households_in,
    live,
)
from survey.register.persons import Person, without_relation
from survey.register.places import coming_code
from survey.review import person_acts, register_effects
from survey.submissions.evaluated_first import evaluated_first
from survey.submissions.standing import interviews_of
from survey.supports import claims
from survey.terms import HouseholdClass, HouseholdState, RegisterKind
from survey.text import plain_name

MAX_REASON = 500
EVIDENCE = "list"  # in a payload: the file by which something was corrected, and the job that did it
OF_TWO = frozenset({RegisterKind.MERGE, RegisterKind.UNMERGE, RegisterKind.DUPLICATE})  # which name another household


@dataclass(frozen=True)
class Wish:
    """What somebody wants to write down. `given`: correct: "head", "village", "address", "class"; move: "village",
    "address", "commune" (another one); merge: "commune", where the other household lives in another one; split: "head",
    "members" (codes or names of those who go), "address"; of a person, whose code is `person_id` (None: somebody new):
    see `person_acts.read`. `new_id`: under which who is new, a person or the household that a split makes, is known
    from then on; None: under one that is made."""

    kind: RegisterKind
    household_id: str
    effective_on: date
    other_id: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    person_id: str | None = None
    new_id: str | None = None

    def there(self, commune_id: str) -> str:
        """The commune of where it leads: another one where it names one."""
        return str(self.given.get("commune") or commune_id)

    def communes(self, commune_id: str) -> set[str]:
        """Those that it writes in."""
        return {commune_id, self.there(commune_id)}


@dataclass(frozen=True)
class Half:
    """The part of an act that lies in one commune."""

    commune_id: str
    events: tuple[Event, ...]
    tried: Tried
    known: tuple[Event, ...]
    interviews: tuple[Interview, ...]


@dataclass(frozen=True)
class Plan:
    """What would be done. `rule`: why it is refused; `basis`: what it rests on, for a decision on what was seen."""

    halves: tuple[Half, ...]
    rule: str | None

    @property
    def basis(self) -> str:
        said = [
            f"{half.commune_id} {[one.seq for one in half.known]} {[one.submission_id for one in half.interviews]}"
            for half in self.halves
        ]
        return hashlib.sha256("|".join(said).encode()).hexdigest()[:16]

    @property
    def changed(self) -> dict[tuple[str, str], tuple[Standing | None, Standing | None]]:
        """Each household that would be another, by commune and id."""
        return {(half.commune_id, id): sides for half in self.halves for id, sides in half.tried.changed.items()}

    @property
    def people(self) -> dict[tuple[str, str], tuple[Person | None, Person | None]]:
        """Each person that would be another, by commune and code."""
        return {(half.commune_id, id): sides for half in self.halves for id, sides in half.tried.people.items()}

    @property
    def broken(self) -> list[tuple[str, Event | Interview]]:
        """What could not stand any more, by commune."""
        return [(half.commune_id, one.item) for half in self.halves for one in half.tried.broken]


def known_of(session: Session, household: Household, day: date | None = None) -> Folded:
    """What is known of a household and of all that share people with it, as of `day`; None: of all days."""
    known = event_log.events_around(session, household.commune_id, [household.id])
    around = households_in(known) | {household.id}
    folded = fold(known, interviews_of(session, household.commune_id, around), day=day)
    changes = places.moving_in(session, household.commune_id)
    folded.households = places.settled(folded.households, changes, day)
    return folded


def day_of_last_class(session: Session, household: Household, standing: Standing | None) -> date:
    """Since when last year's class holds: before the round that is open, so that the class which an interview of this
    round finds comes after it; and not before it was last written down. The last of all days where no round is open."""
    begun = [days_of(session, one, household.commune_id).opens_on for one in open_in(session, household.commune_id)]
    if not begun or standing is None:
        return date.max
    events = live(event_log.events_around(session, household.commune_id, [household.id]))
    corrected = [one.effective_on for one in events if one.household_id == household.id and "class" in one.payload]
    return max(min(begun) - timedelta(days=1), standing.entered_on, *corrected)


def plan(session: Session, commune_id: str, wish: Wish, today: date) -> Plan:
    """What writing `wish` down would do. Raises not_found; what else stands against it is the plan's `rule`."""
    household = session.get(Household, (commune_id, wish.household_id))
    other = session.get(Household, (wish.there(commune_id), wish.other_id)) if wish.other_id else None
    if household is None or (wish.other_id and other is None):
        raise Problem("not_found")
    into = None
    if wish.kind is RegisterKind.MERGE and wish.given.get("commune") and other is not None:
        # One that lives in another commune: it moves there, and is merged there, in one act.
        into, given = other.id, {"commune": other.commune_id, "village": other.village_id}
        wish = replace(wish, kind=RegisterKind.MOVE, other_id=None, given=given)
    if wish.kind is RegisterKind.UNMERGE and wish.other_id is None:
        wish = replace(wish, other_id=household.same_as)
    rule, events = _read(session, household, wish)
    if wish.effective_on > today:
        rule = "register_future"
    seq = event_log.last_seq(session, commune_id)
    halves = [_try(session, commune_id, [replace(one, seq=seq + place) for place, one in enumerate(events, 1)])]
    if wish.given.get("commune") and not rule:
        halves.append(_arrival(session, household, wish, halves[0], into))
    rule = rule or next((half.tried.rule for half in halves if half.tried.rule), None)
    return Plan(tuple(halves), rule or _against_where(session, halves, today))


def plan_together(
    session: Session, commune_id: str, household_ids: Sequence[str], on: date, there: str, village_id: str, today: date
) -> Plan:
    """What it would do if households moved to another commune with their whole village, `village_id` there."""
    if not household_ids:
        return Plan((), None)
    seq = event_log.last_seq(session, commune_id)
    move = {"village": village_id, "commune": there}
    leaving = _try(
        session,
        commune_id,
        [Event(seq + at, RegisterKind.MOVE, id, on, move) for at, id in enumerate(household_ids, 1)],
    )
    then = fold(leaving.known, leaving.interviews, day=on)
    seq, entered = event_log.last_seq(session, there), []
    for at, id in enumerate(household_ids, 1):
        payload = _entered_there(session, session.get_one(Household, (commune_id, id)), then, there, village_id)
        if session.get(Household, (there, id)) is None:
            payload["code"] = f"{village_id}-{at:03d}"
        rows = event_log.rows_entered(payload, id, seq + at)
        entered.append(Event(seq + at, RegisterKind.ENTER, id, on, payload, rows=rows))
    halves = (leaving, _try(session, there, entered))
    rule = "register_future" if on > today else next((half.tried.rule for half in halves if half.tried.rule), None)
    return Plan(halves, rule)


def plan_several(session: Session, commune_id: str, wishes: Sequence[Wish], today: date) -> Plan:
    """As `plan`, of several wishes about one household within its commune, each on top of those before."""
    [household_id] = {wish.household_id for wish in wishes}
    household = session.get(Household, (commune_id, household_id))
    if household is None or any(wish.communes(commune_id) != {commune_id} for wish in wishes):
        raise Problem("not_found")
    seq = event_log.last_seq(session, commune_id)
    rules = ["register_future" for wish in wishes if wish.effective_on > today]
    events: list[Event] = []
    for wish in wishes:
        rule, made = _read(session, household, wish)
        rules += [rule] if rule else []
        events += [replace(one, seq=seq + len(events) + place) for place, one in enumerate(made, 1)]
    half = _try(session, commune_id, events)
    return Plan((half,), next(iter(rules), half.tried.rule) or _against_where(session, [half], today))


def plan_undo(session: Session, commune_id: str, seq: int, today: date, *, whole: bool = False) -> Plan:
    """What undoing an event would do, and everything else that is undone with it. `whole`: of households that moved
    with their village, that is undone as well."""
    row = session.get(RegisterEvent, (commune_id, seq))
    if row is None:
        raise Problem("not_found")
    rows = undone_together(session, row)
    voided = select(RegisterEvent.voids).filter_by(commune_id=commune_id, voids=seq)
    rule = "register_undoing" if row.kind == RegisterKind.VOID else None
    rule = "register_undone" if session.scalars(voided).first() is not None else rule
    with_village = select(PlaceEvent.seq).where(PlaceEvent.act == row.act).limit(1)
    if rule is None and not whole and session.scalars(with_village).first() is not None:
        rule = "place_undo_there"
    halves = []
    for commune in sorted({one.commune_id for one in rows}):
        first = event_log.last_seq(session, commune) + 1
        voids = [
            Event(first + place, RegisterKind.VOID, one.household_id, today, {}, one.other_id, one.seq, one.person_id)
            for place, one in enumerate(one for one in rows if one.commune_id == commune)
        ]
        halves.append(_try(session, commune, voids))
    # What was without effect may be undone too.
    rules = [half.tried.rule for half in halves if half.tried.rule not in (None, "register_changes_nothing")]
    rule = rule or next(iter(rules), None)
    return Plan(tuple(halves), rule or (None if whole else _against_where(session, halves, today)))


def _against_where(session: Session, halves: Sequence[Half], today: date) -> str | None:
    """Nobody comes to lie in a village that is no more, by whatever is written down or undone: one that went to another
    commune has its households there."""
    for half in halves:
        coming = [
            after
            for before, after in half.tried.changed.values()
            if after is not None
            and after.state is HouseholdState.PRESENT
            and (before is None or (before.state, before.village_id) != (after.state, after.village_id))
        ]
        moving = places.moving_in(session, half.commune_id) if coming else []
        ids = {lies_in(moving, one.id, one.village_id, one.village_since) for one in coming}
        if ids - places.periods_at(session, ids, today).keys():
            return "place_over"
    return None


def undone_together(session: Session, row: RegisterEvent) -> list[RegisterEvent]:
    """What an event is undone with: all that was done in one go. A list brings thousands in one go, and each of them
    came by itself."""
    if row.kind == RegisterKind.ENTER and "from" not in row.payload:
        return [row]
    return list(session.scalars(select(RegisterEvent).filter_by(act=row.act).order_by(RegisterEvent.seq)))


@evaluated_first
def carry_out(session: Session, commune_id: str, wish: Wish, done: Done, *, seen: str | None = None) -> Plan:
    """Write a wish down; `seen`: the basis of the plan that a person was shown. Raises the plan's `rule`, and conflict
    when something else is there to be seen."""
    take_turn(session, wish.communes(commune_id))
    return _do(session, plan(session, commune_id, wish, day_of(done.at)), done, seen)


@evaluated_first
def carry_out_together(session: Session, commune_id: str, wishes: Sequence[Wish], done: Done) -> Plan:
    """Write wishes about one household down in one act; as `carry_out`."""
    take_turn(session, {commune_id})
    return _do(session, plan_several(session, commune_id, wishes, day_of(done.at)), done, None)


@evaluated_first
def undo(session: Session, commune_id: str, seq: int, done: Done, *, seen: str | None = None) -> Plan:
    """Undo an event with all that is undone with it; as `carry_out`."""
    row = session.get(RegisterEvent, (commune_id, seq))
    take_turn(session, {commune_id, *(one.commune_id for one in (undone_together(session, row) if row else ()))})
    return _do(session, plan_undo(session, commune_id, seq, day_of(done.at)), done, seen)


def take_turn(session: Session, communes: set[str]) -> None:
    """Nobody else writes in any of them, and nothing that was read before counts."""
    for commune_id in sorted(communes):
        if session.get(Place, commune_id) is None:
            raise Problem("not_found")
        lock_commune(session, commune_id)
    session.flush()  # so that nothing of ours is forgotten
    session.expire_all()


def _do(session: Session, made: Plan, done: Done, seen: str | None) -> Plan:
    said = one_line(done.reason or "")
    rule = made.rule or (None if said else "register_reason_needed")
    if rule is not None:
        raise Problem(rule)
    if seen is not None and seen != made.basis:
        raise Problem("conflict")
    do_planned(session, made, replace(done, reason=said, act=str(uuid4())))
    return made


def do_planned(session: Session, made: Plan, done: Done) -> None:
    """Write a plan down that nothing stands against; the caller holds the locks."""
    for half in made.halves:
        for event in half.events:
            _write(session, half.commune_id, event, done)
            detail = {"commune": half.commune_id, "seq": event.seq}
            detail |= {"household": event.household_id} if event.person_id else {}
            detail |= {"other": event.other_id} if event.other_id else {}
            subject = event.person_id or event.household_id
            audit.record(session, done.at, done.account_id, f"register.{event.kind}", subject, detail)
        register_effects.follow(session, half.commune_id, half.tried.changed, done)
    claims.follow(session, [event for half in made.halves for event in half.events])


def one_line(text: str) -> str:
    """A reason or an address as it is kept: without line breaks and control characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:MAX_REASON]


def _try(session: Session, commune_id: str, events: Sequence[Event]) -> Half:
    ids = households_in(events)
    known = event_log.events_around(session, commune_id, ids, {one.person_id for one in events if one.person_id})
    interviews = interviews_of(session, commune_id, households_in(known) | ids)
    return Half(commune_id, tuple(events), attempt(known, interviews, events), tuple(known), tuple(interviews))


def _read(session: Session, household: Household, wish: Wish) -> tuple[str | None, list[Event]]:
    """The rule against the words of a wish, and the events that it comes to (their numbers come later)."""
    kind, given = wish.kind, wish.given
    if kind in OF_PERSON:
        return _read_of_person(session, household, wish)
    payload: dict[str, Any] = {}
    rule = None
    if kind is RegisterKind.CORRECT:
        payload = {key: given[key] for key in ("head", "village", "address", "class") if given.get(key) is not None}
        rule = "register_nothing_given" if not payload else None
    elif kind is RegisterKind.MOVE:
        payload = {key: given[key] for key in ("village", "address", "commune") if given.get(key)}
        rule = "register_nothing_given" if "village" not in payload else None
    elif kind is RegisterKind.SPLIT:
        rule, payload = _split(session, household, wish)
    elif kind in (RegisterKind.MERGE, RegisterKind.UNMERGE) and wish.other_id is None:
        rule = "register_not_there" if kind is RegisterKind.MERGE else "register_not_merged"
    elif kind is RegisterKind.RESTORE and household.state == HouseholdState.MOVED:
        rule = "register_across"  # it is on the register of the other commune
    elif kind is RegisterKind.RESTORE and household.state == HouseholdState.WITHDRAWN:
        kind, payload = RegisterKind.ENTER, _entered_with(session, household)
        rule = "register_across" if "from" in payload else None
    elif kind in (RegisterKind.ENTER, RegisterKind.VOID):
        rule = "not_allowed_now"
    if "village" in payload and not _is_in(session, payload["village"], payload.get("commune") or household.commune_id):
        rule = rule or "register_village_unknown"
    if "head" in payload and not plain_name(str(payload["head"])).strip():
        rule = rule or "register_nothing_given"
    if payload.get("class") and payload["class"] not in list(HouseholdClass):
        rule = rule or "bad_request"
    if "head" in payload:
        payload["head"] = plain_name(" ".join(str(payload["head"]).split()))
    if "address" in payload:
        payload["address"] = one_line(str(payload["address"]))[:200]
    if rule is not None:
        return rule, []
    other_id = (
        (wish.new_id or str(uuid4())) if kind is RegisterKind.SPLIT else wish.other_id if kind in OF_TWO else None
    )
    rows = event_log.rows_entered(payload, household.id, 0) if kind is RegisterKind.ENTER else ()
    return None, [Event(0, kind, household.id, wish.effective_on, payload, other_id, rows=rows)]


def _read_of_person(session: Session, household: Household, wish: Wish) -> tuple[str | None, list[Event]]:
    then = known_of(session, household, wish.effective_on)
    rule, payload = person_acts.read(then, wish.kind, household.id, wish.person_id, wish.effective_on, wish.given)
    across = bool(wish.given.get("commune"))
    if wish.kind is RegisterKind.TRANSFERRED and wish.other_id is None:
        rule = rule or "register_not_there"
    if across and wish.kind is RegisterKind.TRANSFERRED:
        payload |= {"commune": wish.given["commune"], "household": wish.other_id}
    if rule is not None:
        return rule, []
    other_id = wish.other_id if wish.kind is RegisterKind.TRANSFERRED and not across else None
    person_id = wish.person_id or wish.new_id or str(uuid4())
    return None, [Event(0, wish.kind, household.id, wish.effective_on, payload, other_id, person_id=person_id)]


def _entered_with(session: Session, household: Household) -> dict[str, Any]:
    """What a household was last entered with, to enter it again: its coming onto the register was undone."""
    known = event_log.events_around(session, household.commune_id, [household.id])
    entered = next(one for one in reversed(known) if one.enters == household.id)
    kept = {key: said for key, said in entered.payload.items() if key not in ("leaving", "staying", "persons")}
    return kept | ({"persons": [[row.person_id, row.said] for row in entered.rows]} if entered.rows else {})


def _split(session: Session, household: Household, wish: Wish) -> tuple[str | None, dict[str, Any]]:
    known = known_of(session, household, wish.effective_on)
    people, wanted = known.people.members(household.id), list(dict.fromkeys(wish.given.get("members") or ()))
    leaving = [one for one in people if one.id in wanted or one.name in wanted]
    members = [one.name for one in people]
    going = [next((one.name for one in leaving if one.id == each), each) for each in wanted]
    head = str(wish.given.get("head") or "") or (going[0] if going else "")
    head = next((one.name for one in leaving if one.id == head), head)
    staying = [one for one in people if one not in leaving]
    then = known.households.get(household.id)
    village_id = then.village_id if then else household.village_id
    payload = {
        "code": coming_code(session, village_id),
        "village": village_id,
        "head": head,
        "class": then.household_class if then else None,
        "leaving": going,
        "staying": len(staying) if members else None,
    }
    payload |= {"persons": [one.id for one in leaving]} if leaving else {}
    if household.current_answers is not None:
        payload["answers"] = last_year.of_members(household.current_answers, going)
    if wish.given.get("address"):
        payload["address"] = wish.given["address"]
    if members and set(going) - set(members):
        return "register_member_unknown", payload
    if members and not going:
        return "register_nobody_goes", payload
    if members and not staying:
        return "register_nobody_stays", payload
    if members and household.head_name in going:
        return "register_head_goes", payload
    return ("register_nothing_given" if not head.strip() else None), payload


def _is_in(session: Session, village_id: Any, commune_id: str) -> bool:
    village = session.get(Place, village_id) if isinstance(village_id, str) else None
    return village is not None and village.parent_id == commune_id


def _arrival(session: Session, household: Household, wish: Wish, leaving: Half, into: str | None) -> Half:
    """The other half of a move to another commune: the household is entered there as it is; one that comes back, under
    the number that it had there. `into`: what it is merged into there."""
    commune_id, village_id = str(wish.given["commune"]), str(wish.given.get("village"))
    seq = event_log.last_seq(session, commune_id)
    then = fold(leaving.known, leaving.interviews, day=wish.effective_on)
    if wish.kind is RegisterKind.TRANSFERRED:
        return _coming(session, household, wish, then.people.who(wish.person_id), seq)
    payload = _entered_there(session, household, then, commune_id, village_id)
    if wish.given.get("address"):
        payload["address"] = one_line(str(wish.given["address"]))[:200]
    rows = event_log.rows_entered(payload, household.id, seq + 1)
    came = [Event(seq + 1, RegisterKind.ENTER, household.id, wish.effective_on, payload, rows=rows)]
    if into is not None:
        came.append(Event(seq + 2, RegisterKind.MERGE, household.id, wish.effective_on, {}, into))
    return _try(session, commune_id, came)


def _entered_there(
    session: Session, household: Household, then: Folded, commune_id: str, village_id: str
) -> dict[str, Any]:
    """What a household is entered with in another commune, as it was when it left."""
    there = session.get(Household, (commune_id, household.id))
    before, members = then.households.get(household.id), then.people.members(household.id)
    payload: dict[str, Any] = {
        "code": there.code if there is not None else coming_code(session, village_id),
        "village": village_id,
        "head": before.head_name if before else household.head_name,
        "class": before.household_class if before else household.current_class,
        "from": household.commune_id,
    }
    if household.current_answers is not None:
        payload["answers"] = household.current_answers
    return payload | ({"persons": [[one.id, dict(one.said)] for one in members]} if members else {})


def _coming(session: Session, household: Household, wish: Wish, one: Person | None, seq: int) -> Half:
    """The other half of a transfer to another commune: the person joins the household there, under the same code."""
    said = without_relation(one.said if one else {})
    said |= person_acts.said_of(wish.given)[1]
    payload = {"said": said, "from": household.commune_id, "left": household.id}
    joined = Event(
        seq + 1, RegisterKind.JOINED, str(wish.other_id), wish.effective_on, payload, person_id=wish.person_id
    )
    return _try(session, str(wish.given["commune"]), [joined])


def _write(session: Session, commune_id: str, event: Event, done: Done) -> None:
    """An event, and first the row of the household that it brings onto the register."""
    if event.enters:
        register_effects.add(session, commune_id, event, done)
    event_log.append(
        session,
        commune_id,
        event.kind,
        event.household_id,
        event.effective_on,
        done,
        other_id=event.other_id,
        payload=dict(event.payload) | ({EVIDENCE: dict(done.evidence)} if done.evidence else {}),
        voids=event.voids,
        person_id=event.person_id,
    )

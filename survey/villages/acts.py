"""What a person writes down about a village: tried first, shown with all that rests on it, then done in one go.

As with households (`register_acts.py`): `plan` and `plan_undo` read and change nothing, `carry_out` and `undo` make
the plan again once nobody else writes. A village that goes to another commune takes its households along, each moved in
both registers as any other that moves there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    OF_SUBMISSION,
    Assessment,
    Household,
    Place,
    PlaceEvent,
    RegisterEvent,
    Round,
    Submission,
    SubmissionStatus,
)
from survey.borders import villages
from survey.borders.former_communes import last_borders
from survey.borders.villages import Change, Tried, Villages
from survey.calendar.standing import open_ids
from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem
from survey.register import event_log, ledger, places
from survey.register.entries import context_of_village
from survey.register.event_log import Done
from survey.review import register_acts, register_effects
from survey.review.register_acts import one_line, take_turn
from survey.submissions.content import clock_of
from survey.submissions.derive import class_under, derive_told_otherwise
from survey.submissions.lifecycle import OUT
from survey.terms import Area, HouseholdClass, HouseholdState, PlaceChange, PlaceKind, SubmissionState
from survey.text import plain_name
from survey.villages import visiting
from survey.villages.area import Judged, interviews_there
from survey.villages.visiting import Visits

_C = PlaceChange
ASKED_FOR = (_C.RENAMED, _C.MERGED, _C.SPLIT, _C.REZONED, _C.AREA, _C.FORMER)


@dataclass(frozen=True)
class Wish:
    """What somebody wants to write down. `given`: renamed "name", "division"; merged "other"; split "name", "division",
    "area" (as the village's unless given), "households" (ids of those that lie in the new one); rezoned "commune"; area
    "area"; former "former" (a code; "" takes back what was entered)."""

    kind: PlaceChange
    village_id: str
    effective_on: date
    given: Mapping[str, Any] = field(default_factory=dict)

    def communes(self, commune_id: str) -> set[str]:
        return {commune_id, str(self.given.get("commune") or commune_id)}


class Moved(NamedTuple):
    """A household that would lie in another village."""

    commune_id: str
    household_id: str
    code: str
    head_name: str
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """What would be done. `rule`: why it is refused; `resting`: households that lie in a village that would be no more;
    `lines`: the communes in which another income line may count for somebody; `register`: how its households come to
    another commune, or back; `visits`: who would visit what."""

    changes: tuple[Change, ...]
    tried: Mapping[str, Tried]  # by commune
    moved: tuple[Moved, ...] = ()
    judged: tuple[Judged, ...] = ()
    lines: tuple[str, ...] = ()
    resting: tuple[Moved, ...] = ()
    register: register_acts.Plan | None = None
    visits: Visits = Visits()
    rule: str | None = None
    heads: tuple[tuple[str, int, int], ...] = ()  # of the logs that it rests on

    @property
    def others(self) -> list[Judged]:
        """The interviews that would be of another class."""
        return [one for one in self.judged if one.before != one.after]

    @property
    def villages(self) -> list[tuple[villages.Village | None, villages.Village | None]]:
        return [sides for one in self.tried.values() for sides in one.changed.values()]

    @property
    def broken(self) -> list[Change]:
        return [one.change for tried in self.tried.values() for one in tried.broken]

    @property
    def basis(self) -> str:
        said = (
            self.heads, self.changes, [dict(one.payload) for one in self.changes], self.moved, self.visits.basis,
        )  # fmt: skip
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def plan(session: Session, commune_id: str, wish: Wish, today: date) -> Plan:
    """What writing `wish` down would do. Raises not_found; what else stands against it is the plan's `rule`."""
    village = session.get(Place, wish.village_id)
    if village is None or village.kind != PlaceKind.VILLAGE or village.parent_id != commune_id:
        raise Problem("not_found")
    known = places.changes_in(session, [commune_id])
    then = villages.fold(known, day=wish.effective_on)
    rule, changes = _read(session, commune_id, wish, then)
    if wish.effective_on > today:
        rule = "register_future"
    if rule is not None:
        return Plan((), {}, rule=rule, heads=_heads(session, wish.communes(commune_id)))
    numbers = {one: places.last_change(session, one) for one in wish.communes(commune_id)}
    changes = [visiting.remembering(session, replace(one, seq=numbers[one.commune_id] + 1)) for one in changes]
    made = _tried(session, changes)
    if wish.kind is _C.REZONED and all(one.rule is None for one in made.tried.values()):
        return _with_register(made, _moving(session, commune_id, changes, today))
    return made


def plan_undo(session: Session, commune_id: str, seq: int, today: date) -> Plan:
    """What undoing a change would do, and everything else that is undone with it."""
    row = session.get(PlaceEvent, (commune_id, seq))
    if row is None:
        raise Problem("not_found")
    rows = _undone_together(session, row)
    heads = _heads(session, {one.commune_id for one in rows})
    voided = select(PlaceEvent.voids).filter_by(commune_id=commune_id, voids=seq)
    if row.kind == _C.VOID:
        return Plan((), {}, rule="register_undoing", heads=heads)
    if session.scalars(voided).first() is not None:
        return Plan((), {}, rule="register_undone", heads=heads)
    changes = [
        Change(places.last_change(session, one.commune_id) + 1, _C.VOID, one.commune_id, one.village_id, today,
               {}, one.other_id, one.seq)
        for one in rows
    ]  # fmt: skip
    made = _tried(session, changes)
    moves = session.scalars(
        select(RegisterEvent).filter_by(act=row.act, commune_id=commune_id).order_by(RegisterEvent.seq).limit(1)
    ).first()
    stands = all(one.rule in (None, "register_changes_nothing") for one in made.tried.values())
    if moves is None or not stands:
        return made
    return _with_register(made, register_acts.plan_undo(session, commune_id, moves.seq, today, whole=True))


def carry_out(
    session: Session, commune_id: str, wish: Wish, done: Done, *, seen: str | None = None, judging: bool = True
) -> Plan:
    """Write a wish down; `seen`: the basis of the plan that a person was shown. Not `judging`: the caller has the
    interviews judged again that rest on it. Raises the plan's `rule`, and conflict when something else is there to be
    seen."""
    take_turn(session, wish.communes(commune_id))
    return _do(session, plan(session, commune_id, wish, day_of(done.at)), done, seen, judging)


def undo(
    session: Session, commune_id: str, seq: int, done: Done, *, seen: str | None = None, judging: bool = True
) -> Plan:
    """Undo a change with all that is undone with it; as `carry_out`."""
    row = session.get(PlaceEvent, (commune_id, seq))
    take_turn(session, {commune_id, *(one.commune_id for one in (_undone_together(session, row) if row else ()))})
    return _do(session, plan_undo(session, commune_id, seq, day_of(done.at)), done, seen, judging)


def new_former(session: Session, commune_id: str, former: Mapping[str, str]) -> list[Change]:
    """What entering which former commune each village lies in comes to. Raises conflict when one is no more."""
    known = villages.fold(places.changes_in(session, [commune_id]))
    made = []
    for village_id, code in sorted(former.items()):
        one = known.there(village_id)
        if one is None:
            raise Problem("conflict")
        if one.former != code:
            made.append(Change(0, _C.FORMER, commune_id, village_id, one.since, {"former": code}))
    return made


def enter_former(session: Session, commune_id: str, former: Mapping[str, str], done: Done) -> int:
    """Enter of many villages at once which former commune each lies in; returns of how many that is new."""
    take_turn(session, {commune_id})
    made = new_former(session, commune_id, former)
    done = replace(done, reason=one_line(done.reason or "") or None)
    for change in made:
        places.append(session, change, done)
    audit.record(session, done.at, done.account_id, "village.former", commune_id, {"villages": len(made)})
    return len(made)


def _undone_together(session: Session, row: PlaceEvent) -> list[PlaceEvent]:
    """A list brings many villages in one go, and each of them came by itself; so with what is entered from a list."""
    if row.kind in (_C.FOUND, _C.FORMER) and "origin" not in row.payload:
        return [row]
    return list(session.scalars(select(PlaceEvent).filter_by(act=row.act).order_by(PlaceEvent.commune_id)))


def _heads(session: Session, communes: set[str]) -> tuple[tuple[str, int, int], ...]:
    return tuple((one, places.last_change(session, one), event_log.last_seq(session, one)) for one in sorted(communes))


# What a wish comes to


def _read(session: Session, commune_id: str, wish: Wish, then: Villages) -> tuple[str | None, list[Change]]:
    """The rule against the words of a wish, and the changes that it comes to (their numbers come later)."""
    one = then.known.get(wish.village_id)
    if one is None or not one.is_there:
        return "place_not_there" if one is None else "place_over", []
    given, kind, other = wish.given, wish.kind, None
    name = plain_name(" ".join(str(given.get("name") or "").split()))[:120].strip()
    division = plain_name(" ".join(str(given.get("division") or "").split()))[:40].strip() or one.division
    payload: dict[str, Any] = {}
    day = wish.effective_on
    if kind in (_C.RENAMED, _C.SPLIT):
        if not name:
            return "register_nothing_given", []
        payload = {"name": name, "division": division}
    if kind is _C.MERGED:
        other = str(given.get("other") or "")
        if not other:
            return "register_nothing_given", []
    elif kind is _C.SPLIT:
        rule = _against_split(session, commune_id, wish)
        if rule is not None:
            return rule, []
        area = given.get("area") or (one.area.value if one.area else None)
        if area not in (None, *(each.value for each in Area)):
            return "bad_request", []
        other = _next_village(session, commune_id)
        payload |= {"area": area, "households": sorted(set(given["households"]))}
    elif kind is _C.FORMER:
        code = str(given.get("former") or "") or None
        if code is not None and code not in {each.code for each in former_of_commune(session, commune_id)}:
            return "place_former_unknown", []
        payload, day = {"former": code}, one.since
    elif kind is _C.AREA:
        if given.get("area") not in list(Area):
            return "register_nothing_given", []
        payload = {"area": given["area"]}
    elif kind is _C.REZONED:
        return _rezoned(session, commune_id, wish, one)
    elif kind is not _C.RENAMED:
        return "not_allowed_now", []
    return None, [Change(0, kind, commune_id, wish.village_id, day, payload, other)]


def former_of_commune(session: Session, commune_id: str) -> list[Any]:
    """The former communes whose land belongs to a commune, by code."""
    province_id = session.get_one(Place, commune_id).parent_id or ""
    borders = last_borders(session, province_id)
    return sorted(borders.of_commune.get(commune_id, []), key=lambda one: one.code) if borders else []


def alone_in(session: Session, commune_id: str) -> dict[str, str]:
    """Of a commune that consists of one former commune alone, which."""
    borders = last_borders(session, session.get_one(Place, commune_id).parent_id or "")
    return borders.alone if borders else {}


def _rezoned(session: Session, commune_id: str, wish: Wish, one: villages.Village) -> tuple[str | None, list[Change]]:
    target = session.get(Place, str(wish.given.get("commune") or ""))
    here = session.get_one(Place, commune_id)
    if target is None or target.kind != PlaceKind.COMMUNE or target.parent_id != here.parent_id:
        return "place_other_commune" if wish.given.get("commune") else "register_nothing_given", []
    if target.id == commune_id:
        return "register_changes_nothing", []
    new = _next_village(session, target.id)
    given = {
        "name": one.name,
        "division": one.division,
        "area": one.area.value if one.area else None,
        "origin": one.id,
        "from": commune_id,
    }
    there = villages.fold(places.changes_in(session, [target.id]), day=wish.effective_on)
    if there.named(target.id, one.name):
        return "place_name_taken", []
    return None, [
        Change(0, _C.REZONED, commune_id, one.id, wish.effective_on, {"commune": target.id}, new),
        Change(0, _C.FOUND, target.id, new, wish.effective_on, given),
    ]


def _next_village(session: Session, commune_id: str) -> str:
    """The code that a commune would give next; none is given twice."""
    numbers = [int(id.rsplit("-", 1)[1]) for id in places.villages_in(session, commune_id)]
    return f"{commune_id}-{max(numbers, default=0) + 1:02d}"


def _against_split(session: Session, commune_id: str, wish: Wish) -> str | None:
    going = set(wish.given.get("households") or ())
    here = {one.id for one in households_on(session, commune_id, wish.village_id, wish.effective_on)}
    if not going:
        return "place_nobody_goes"
    if going - here:
        return "place_household_elsewhere"
    return "place_nobody_stays" if going == here else None


def households_on(session: Session, commune_id: str, village_id: str, day: date) -> list[ledger.Standing]:
    """The households of a village that were on the register on `day`, by number."""
    changes = places.moving_in(session, commune_id)
    near = _near(session, commune_id, sorted(_reached([village_id], changes)))
    events = event_log.events_around(session, commune_id, near)
    then = places.settled(ledger.fold(events, day=day).households, changes, day)
    found = [one for one in then.values() if one.village_id == village_id and one.state is HouseholdState.PRESENT]
    return sorted(found, key=lambda one: one.code)


def _near(session: Session, commune_id: str, village_ids: Sequence[str]) -> list[str]:
    """Ids of the households that may ever have lain in some villages: those that do, or that moved."""
    lying = select(Household.id).where(Household.commune_id == commune_id, Household.village_id.in_(village_ids))
    moved = select(RegisterEvent.household_id).where(
        RegisterEvent.commune_id == commune_id, RegisterEvent.kind.in_(["move", "correct", "void"])
    )
    return sorted({*session.scalars(lying), *session.scalars(moved)})


# What it would do


def _tried(session: Session, changes: list[Change]) -> Plan:
    communes = {one.commune_id for one in changes}
    tried, moved, resting, judged, lines = {}, [], [], [], []
    for commune_id in sorted(communes):
        known = places.changes_in(session, [commune_id])
        own = [one for one in changes if one.commune_id == commune_id]
        one = tried[commune_id] = villages.attempt(known, own)
        here = _moved(session, commune_id, [*own, *one.changed], villages.live(known), villages.live([*known, *own]))
        stay = [each for each in here if one.after.there(each.after) is not None]
        resting += [each for each in here if one.after.there(each.after) is None]
        moved += [each for each in stay if each.before != each.after]
        sides = villages.live(known), villages.live([*known, *own])
        near = _reached([*own, *one.changed], [*sides[0], *sides[1]])
        if one.rule is None and _has_two_lines(one, near):
            lines.append(commune_id)
            judged += _judged(session, commune_id, one, near, *sides)
    rule = next((one.rule for one in tried.values() if one.rule), None)
    # What was without effect may be undone too.
    if rule == "register_changes_nothing" and all(one.kind is _C.VOID for one in changes):
        rule = None
    if resting:
        rule = rule or "place_rests_on_it"
    visits = visiting.visits(session, changes, tried, [(one.before, one.after) for one in moved])
    heads = _heads(session, communes)
    return Plan(
        tuple(changes), tried, tuple(moved), tuple(judged), tuple(lines), tuple(resting), visits=visits, rule=rule,
        heads=heads,
    )  # fmt: skip


def _with_register(made: Plan, register: register_acts.Plan) -> Plan:
    """With what the registers write: who goes to another commune rests on nothing here any more."""
    going = {(half.commune_id, event.household_id) for half in register.halves for event in half.events}
    resting = tuple(one for one in made.resting if (one.commune_id, one.household_id) not in going)
    rule = register.rule or ("place_rests_on_it" if resting else None)
    return replace(made, register=register, resting=resting, rule=rule)


def _moved(
    session: Session, commune_id: str, others: Sequence[Change | str], before: list[Change], after: list[Change]
) -> list[Moved]:
    """The households that lie in the villages that would be others, or where those lead, and where each would lie."""
    near = _reached(others, [*before, *after])
    lying = select(Household).where(Household.commune_id == commune_id, Household.village_id.in_(near))
    rows = {one.id: one for one in session.scalars(lying.order_by(Household.code))}
    if not rows:
        return []
    said = ledger.fold(event_log.events_around(session, commune_id, rows)).households
    was, will = (places.settled(said, changes) for changes in (before, after))
    return [
        Moved(commune_id, id, row.code, row.head_name, was[id].village_id, will[id].village_id)
        for id, row in rows.items()
        if id in said and row.state == HouseholdState.PRESENT
    ]


def _reached(others: Sequence[Change | str], changes: Sequence[Change]) -> set[str]:
    """The villages that changes are about, and all where these lead."""
    near = {one for one in others if isinstance(one, str)}
    for one in others:
        near |= {one.village_id, one.other_id or one.village_id} if isinstance(one, Change) else set()
    for one in sorted(changes, key=lambda each: each.place):
        near |= {str(one.other_id)} if one.kind in villages.MOVING and one.village_id in near else set()
    return near


def _has_two_lines(tried: Tried, ids: set[str]) -> bool:
    """Whether some of these villages are, or were, urban, and some rural."""
    sides = tried.before, tried.after
    return len({one.area for found in sides for id in ids for _, one in found.history.get(id, ())}) > 1


def _judged(
    session: Session, commune_id: str, tried: Tried, ids: set[str], before: list[Change], after: list[Change]
) -> list[Judged]:
    """The interviews of open rounds that count and of which the village, one of `ids`, would have another area on their
    day, with the class then."""
    near = set(_near(session, commune_id, sorted(ids)))
    rows = session.execute(
        select(Submission, SubmissionStatus.state, Assessment.household_class, Household)
        .join(SubmissionStatus, OF_SUBMISSION)
        .join(Assessment, (Assessment.commune_id == Submission.commune_id)
              & (Assessment.submission_id == Submission.id))
        .join(Household, (Household.commune_id == SubmissionStatus.commune_id)
              & (Household.id == SubmissionStatus.household_id))
        .where(Submission.commune_id == commune_id, SubmissionStatus.state.not_in([one.value for one in OUT]),
               Submission.round_id.in_(open_ids(commune_id)))
        .order_by(Household.code, Submission.id)
    ).all()  # fmt: skip
    found = []
    for submission, state, named, household in rows:
        if household.id not in near:
            continue
        day, survey_round = clock_of(session, submission).today, session.get_one(Round, submission.round_id)
        events = event_log.events_around(session, commune_id, [household.id])
        sides = [
            _area_on(all_of, places.lain_on(events, changes, household.id, day), day)
            for changes, all_of in ((before, tried.before), (after, tried.after))
        ]
        if sides[0] is sides[1] or sides[1] is None:
            continue
        told = context_of_village(session, commune_id, household.village_id, survey_round, day)
        will = class_under(session, submission, told | {"khu_vuc": sides[1].value})
        was = HouseholdClass(named) if named else None
        found.append(Judged(submission.id, household.code, SubmissionState(state), day, was, will))
    return found


def _area_on(found: Villages, village_id: str | None, day: date) -> Area | None:
    lasting = [one for since, one in found.history.get(village_id or "", ()) if since <= day]
    return lasting[-1].area if lasting else None


def _moving(session: Session, commune_id: str, changes: Sequence[Change], today: date) -> register_acts.Plan:
    """How the households of a village come to the other commune: each moves there on that day."""
    left, new = changes
    here = households_on(session, commune_id, left.village_id, left.effective_on)
    return register_acts.plan_together(
        session, commune_id, [one.id for one in here], left.effective_on, new.commune_id, new.village_id, today
    )


# Done


def _do(session: Session, made: Plan, done: Done, seen: str | None, judging: bool) -> Plan:
    said = one_line(done.reason or "")
    rule = made.rule or (None if said else "register_reason_needed")
    if rule is not None:
        raise Problem(rule)
    if seen is not None and seen != made.basis:
        raise Problem("conflict")
    done = replace(done, reason=said, act=str(uuid4()))
    for change in made.changes:
        row = places.append(session, change, done)
        detail = {"commune": change.commune_id, "seq": row.seq, "households": len(made.moved)}
        audit.record(session, done.at, done.account_id, f"village.{change.kind}", change.village_id, detail)
    for commune_id, tried in made.tried.items():
        places.follow(session, commune_id, tried.changed)
    visiting.follow(session, made.visits)
    for commune_id in made.tried:
        here = [one for one in made.moved if one.commune_id == commune_id]
        events = event_log.events_around(session, commune_id, [one.household_id for one in here])
        said_of = ledger.fold(events).households
        sides = {one.household_id: (said_of[one.household_id], said_of[one.household_id]) for one in here}
        register_effects.follow(session, commune_id, sides, done)
        if judging and commune_id in made.lines:
            derive_told_otherwise(session, commune_id, interviews_there(session, commune_id))
    if made.register is not None and made.register.halves:
        register_acts.do_planned(session, made.register, done)
    return made

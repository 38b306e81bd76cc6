"""What rests on a household that a plan would make another: its places in rounds, its interviews, their classes.

Only reads: a person sees this before anything is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    OF_SUBMISSION,
    Assessment,
    Household,
    RegisterEntry,
    Round,
    RoundCommune,
    RoundProof,
    Submission,
    SubmissionStatus,
)
from survey.calendar.standing import OF_ENTRY, days_of, is_open, open_ids, open_in
from survey.clocks import day_of
from survey.members import DAY, MONTH, NAME, NUMBER, RELATION, SEX, YEAR
from survey.register import event_log, places
from survey.register.entries import context_of_village
from survey.register.ledger import Event, Interview, Standing, overriding
from survey.register.persons import Person
from survey.review import register_acts
from survey.review.register_acts import Half, Plan
from survey.submissions.content import clock_of
from survey.submissions.derive import class_under
from survey.submissions.lifecycle import OUT
from survey.submissions.standing import classes_found
from survey.terms import CommuneState, HouseholdClass, HouseholdState, RegisterKind, RegisterState, SubmissionState
from survey.text import N_


class Asked(NamedTuple):
    """An interview of a household. `becomes`: the class under the area that would hold then, where that is another;
    `overridden`: the day since which a correction would hold against the class that it found, or finds once it is
    accepted."""

    submission_id: str
    round_title: str
    state: SubmissionState
    day: date
    household_class: HouseholdClass | None
    is_judged_anew: bool = False
    becomes: HouseholdClass | None = None
    overridden: date | None = None


class ClassWithin(NamedTuple):
    """A class that is written down since a day of an open round, where the interviews say of which class a household
    is: of those before `since` none does any more, also none that is accepted later. `of_last_year`: the day of last
    year's class, where that is an earlier one."""

    round_title: str
    since: date
    of_last_year: date | None


class Place(NamedTuple):
    """A household in an open round. `leaves`: it would not be asked there any more."""

    round_title: str
    state: RegisterState
    leaves: bool


class Decided(NamedTuple):
    """A round that is closed, or accepted by the province (`state`), in which the household has its class: that stays,
    whatever is written down now. `proof`: number and root of the commune's last proof in it, where there is one."""

    round_id: str
    round_title: str
    state: CommuneState
    closed_on: date | None
    household_class: HouseholdClass | None
    proof: tuple[int, str] | None


class PersonEffect(NamedTuple):
    """A person that would be another: `after` None: met by nobody then."""

    person_id: str
    before: Person | None
    after: Person | None

    @property
    def name(self) -> str:
        one = self.before or self.after
        return one.name if one is not None else ""


@dataclass(frozen=True)
class Effect:
    """A household that would be another. `code`: its number, before it has a row too. `then`: the day of a correction
    or a move, and what the household would have been on it, before and after."""

    commune_id: str
    household_id: str
    code: str
    before: Standing | None
    after: Standing | None
    places: tuple[Place, ...] = ()
    interviews: tuple[Asked, ...] = ()
    people: tuple[PersonEffect, ...] = ()
    decided: tuple[Decided, ...] = ()
    within: tuple[ClassWithin, ...] = ()
    then: tuple[date, Standing | None, Standing | None] | None = None


class Broken(NamedTuple):
    """What could not stand any more: an event by its number, or an interview."""

    commune_id: str
    code: str
    kind: RegisterKind | None
    seq: int | None
    submission_id: str | None
    day: date


def effects(session: Session, plan: Plan) -> list[Effect]:
    """Everything that would be another, in the order of the households' numbers."""
    found = []
    for half in plan.halves:
        for id, (before, after) in half.tried.changed.items():
            household = session.get(Household, (half.commune_id, id))
            code = household.code if household else after.code if after else ""
            places = tuple(_places(session, half.commune_id, id, after)) if household else ()
            asked = tuple(_asked(session, half, id)) if household else ()
            people = tuple(_people(half, id))
            decided = tuple(_decided(session, half.commune_id, id)) if household else ()
            within = tuple(_class_within(session, half, household, before)) if household else ()
            then = half.tried.then.get(id)
            found.append(Effect(half.commune_id, id, code, before, after, places, asked, people, decided, within, then))
    return sorted(found, key=lambda one: (one.commune_id, one.code))


def _class_within(session: Session, half: Half, household: Household, before: Standing | None) -> list[ClassWithin]:
    """Trials say nothing of a household."""
    days = [event.effective_on for event in half.events if _says_class(event, household.id)]
    if not days:
        return []
    since, of_last_year = max(days), register_acts.day_of_last_class(session, household, before)
    instead = of_last_year if of_last_year < since else None
    return [
        ClassWithin(one.title, since, instead)
        for one in open_in(session, half.commune_id)
        if not one.trial
        and days_of(session, one, half.commune_id).opens_on <= since
        and session.get(RegisterEntry, (half.commune_id, one.id, household.id)) is not None
    ]


def _says_class(event: Event, household_id: str) -> bool:
    is_it = event.kind is RegisterKind.CORRECT and event.household_id == household_id
    return is_it and bool(event.payload.get("class"))


def _people(half: Half, household_id: str) -> list[PersonEffect]:
    """Who lives or lived in a household and would be another, or elsewhere."""
    effects = [PersonEffect(id, *sides) for id, sides in half.tried.people.items()]
    of_it = [one for one in effects if household_id in {each.household_id for each in (one.before, one.after) if each}]
    return sorted(of_it, key=lambda one: max(each.place for each in (one.before, one.after) if each is not None))


def broken(session: Session, plan: Plan) -> list[Broken]:
    """What stands against it, the newest first: in that order it is undone."""
    found = []
    for commune_id, item in plan.broken:
        household = session.get(Household, (commune_id, item.household_id))
        code = household.code if household else ""
        if isinstance(item, Interview):
            found.append(Broken(commune_id, code, None, None, item.submission_id, item.day))
        else:
            found.append(Broken(commune_id, code, item.kind, item.seq, None, item.effective_on))
    return sorted(found, key=lambda one: (one.day, one.seq or 0), reverse=True)


def interviews(session: Session, commune_id: str, household_id: str) -> list[tuple[Submission, Asked]]:
    """Every interview of a household by its day, whatever became of it."""
    rows = session.execute(
        select(Submission, SubmissionStatus, Round.title)
        .join(SubmissionStatus, OF_SUBMISSION)
        .outerjoin(Round, Round.id == Submission.round_id)
        .where(SubmissionStatus.commune_id == commune_id, SubmissionStatus.household_id == household_id)
    ).all()
    found = []
    for submission, status, title in rows:
        assessment = session.get(Assessment, (commune_id, submission.id))
        named = assessment.household_class if assessment else None
        day = clock_of(session, submission).today
        state = SubmissionState(status.state)
        found.append(
            (submission, Asked(submission.id, title or "", state, day, HouseholdClass(named) if named else None))
        )
    return sorted(found, key=lambda one: (one[1].day, one[0].id))


def _places(session: Session, commune_id: str, household_id: str, after: Standing | None) -> list[Place]:
    rows = session.execute(
        select(RegisterEntry.state, Round.title)
        .join(Round, Round.id == RegisterEntry.round_id)
        .where(
            RegisterEntry.commune_id == commune_id,
            RegisterEntry.household_id == household_id,
            Round.id.in_(open_ids(commune_id)),
        )
        .order_by(Round.year, Round.id)
    ).all()
    leaves = after is None or after.state is not HouseholdState.PRESENT
    return [Place(title, RegisterState(state), leaves) for state, title in rows]


def _decided(session: Session, commune_id: str, household_id: str) -> list[Decided]:
    closed = RoundCommune.state.in_([CommuneState.CLOSED.value, CommuneState.ACCEPTED.value])
    rows = session.execute(
        select(Round.id, Round.title, RoundCommune.state, RoundCommune.closed_at, RegisterEntry.household_class)
        .select_from(RegisterEntry)
        .join(Round, Round.id == RegisterEntry.round_id)
        .join(RoundCommune, OF_ENTRY)
        .where(RegisterEntry.commune_id == commune_id, RegisterEntry.household_id == household_id, closed)
        .order_by(Round.year, Round.id)
    ).all()
    proofs = _last_proofs(session, commune_id, [row.id for row in rows]) if rows else {}
    return [
        Decided(
            id, title, CommuneState(state), day_of(closed_at) if closed_at is not None else None,
            HouseholdClass(household_class) if household_class else None, proofs.get(id),
        )
        for id, title, state, closed_at, household_class in rows
    ]  # fmt: skip


def _last_proofs(session: Session, commune_id: str, round_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Number and root of a commune's last proof in each of the rounds that has one."""
    made = (
        select(RoundProof.round_id, RoundProof.revision, RoundProof.anchor)
        .where(RoundProof.commune_id == commune_id, RoundProof.round_id.in_(round_ids))
        .order_by(RoundProof.revision)
    )
    return {round_id: (revision, root) for round_id, revision, root in session.execute(made)}


def _asked(session: Session, half: Half, household_id: str) -> list[Asked]:
    """With the class that each would be of, where the village that it was in by then has another area, and with what
    holds against it. What a round decided that is not open any more stays."""
    found = []
    says_class = any(_says_class(event, household_id) for event in half.events)
    for submission, asked in interviews(session, half.commune_id, household_id):
        told = _told(session, half, household_id, submission, asked.day)
        now: Any = session.get(Assessment, (half.commune_id, submission.id))
        decided = not is_open(session, submission.round_id, half.commune_id)
        same = decided or now is None or not told or told.get("khu_vuc") in (None, now.values.get("khu_vuc"))
        if not same:
            asked = asked._replace(is_judged_anew=True, becomes=class_under(session, submission, told))
        if says_class:
            asked = asked._replace(overridden=_overridden(session, half, household_id, submission, asked))
        found.append(asked)
    return found


def _overridden(session: Session, half: Half, household_id: str, submission: Submission, asked: Asked) -> date | None:
    """The day since which what is written down now would hold against the class of an interview: of one that says
    already what the household is, or of one that waits and would, were it accepted."""
    known = [*half.known, *half.events]
    one = _counted(session, half.interviews, submission, asked.state, household_id, asked.household_class, known)
    by = overriding(known, half.interviews, one) if one is not None else None
    return by.effective_on if by is not None and by in half.events else None


def overridden_by(
    session: Session, submission: Submission, status: SubmissionStatus, named: str | None
) -> Event | None:
    """The correction that holds against the class (`named`) of an interview, or would once it is accepted."""
    if status.household_id is None:
        return None
    known = event_log.events_around(session, submission.commune_id, [status.household_id])
    interviews = classes_found(session, submission.commune_id, [status.household_id])
    state = SubmissionState(status.state)
    one = _counted(session, interviews, submission, state, status.household_id, named, known)
    return overriding(known, interviews, one) if one is not None else None


def _counted(
    session: Session, interviews: Sequence[Interview], submission: Submission, state: SubmissionState,
    household_id: str, named: str | None, known: Sequence[Event],
) -> Interview | None:  # fmt: skip
    """An interview as it counts, or would if it were accepted now; None for one that never will."""
    counts = next((one for one in interviews if one.submission_id == submission.id), None)
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    waits = state not in OUT and state is not SubmissionState.ACCEPTED
    if counts is not None or not waits or survey_round is None or survey_round.trial:
        return counts
    last, day = max((event.seq for event in known), default=0), clock_of(session, submission).today
    return Interview(submission.id, household_id, day, last, submission.received_at, household_class=named)


def _told(session: Session, half: Half, household_id: str, submission: Submission, day: date) -> dict[str, str | None]:
    """What the register would say of the day of an interview."""
    events: Sequence[Event] = (*half.known, *half.events)
    changes = places.moving_in(session, half.commune_id)
    village_id = places.lain_on(events, changes, household_id, day)
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    if village_id is None or survey_round is None:
        return {}
    return context_of_village(session, half.commune_id, village_id, survey_round, day)


FIELDS = {  # of a standing, as people read them
    "code": N_("Household number"),
    "state": N_("On the register"),
    "same_as": N_("The other household"),
    "head_name": N_("Head of the household"),
    "village_id": N_("Village"),
    "address": N_("Address"),
    "household_class": N_("Class"),
}


PERSON_FIELDS = {  # of what is known of a person, as people read it
    "state": N_("In the household"),
    "household_id": N_("Household"),
    NAME: N_("Full name"),
    "birth": N_("Born"),
    SEX: N_("Sex"),
    RELATION: N_("Relation to the head of household"),
    NUMBER: N_("Identity number"),
    "same_as": N_("The same as"),
}


def birth_of(one: Person) -> str:
    """As far as it is known: 05/03/1980, 03/1980, 1980."""
    year, month, day = (one.said.get(key) for key in (YEAR, MONTH, DAY))
    if not isinstance(year, int):
        return ""
    parts = [f"{part:02d}" for part in (day, month) if isinstance(part, int)] if isinstance(month, int) else []
    return "/".join([*parts, str(year)])


def person_differences(effect: PersonEffect) -> list[Difference]:
    found = []
    for name in PERSON_FIELDS:
        before, after = (_of_person(one, name) if one is not None else None for one in effect[1:])
        if before != after:
            found.append(Difference(name, before, after))
    return found


def _of_person(one: Person, name: str) -> Any:
    if name == "birth":
        return birth_of(one) or None
    return getattr(one, name) if name in ("state", "household_id", "same_as") else one.said.get(name)


class Difference(NamedTuple):
    """A field of a household or a person before and after; None: not known, or nobody."""

    field: str
    before: Any
    after: Any


def differences(effect: Effect) -> list[Difference]:
    return _differences(effect.before, effect.after)


def differences_then(effect: Effect) -> list[Difference]:
    """What was another on the day of the act, and has been said anew since."""
    if effect.then is None:
        return []
    now = {one.field for one in differences(effect)}
    return [one for one in _differences(*effect.then[1:]) if one.field not in now]


def _differences(before: Standing | None, after: Standing | None) -> list[Difference]:
    found = []
    for name in FIELDS:
        was, will = (getattr(one, name) if one is not None else None for one in (before, after))
        if was != will:
            found.append(Difference(name, was, will))
    return found

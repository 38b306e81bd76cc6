"""A round in a commune as it stood at an instant: its facts, made of what was written down by then.

The logs say it: what was received and decided of each interview (`submission_event`), what became of the register
(`register_event`, `place_event`), where the round stood (`round_step`). A round that was closed by then is as its
closing left it, whatever the register said later: so the register is read as of the closing. What an interview was
judged to be is what it is judged to be now, unless something that bears on it was written down later; then it is judged
again under what was known, by the same rules. Nothing is written.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    AuditEvent,
    Household,
    PlaceEvent,
    RegisterEntry,
    RegisterEvent,
    RegisterGone,
    Round,
    Submission,
    SubmissionEvent,
)
from models.database import chunks
from survey.borders import villages
from survey.borders.villages import Change, Villages
from survey.calendar.standing import standings_at
from survey.poverty import assess as poverty
from survey.questionnaires.published import load_form
from survey.register import event_log, places
from survey.register.entries import context_of_village
from survey.register.ledger import Event, Interview, fold
from survey.round_steps import Standing
from survey.submissions.content import clock_when, clocks_of, dated_at, told_names
from survey.submissions.derive import judged_then
from survey.submissions.lifecycle import LIVE, register_state
from survey.submissions.standing import interviews_of
from survey.tallies import facts
from survey.tallies.deprivations import INDICATORS
from survey.tallies.facts import Fact
from survey.terms import (
    Action,
    CommuneState,
    HouseholdState,
    QuarantineReason,
    RegisterKind,
    RegisterState,
    SubmissionState,
)

IS_HELD = (CommuneState.OPEN, CommuneState.CLOSED, CommuneState.ACCEPTED)


class Status(NamedTuple):
    """Where a submission stood, and of which household it was."""

    submission_id: str
    household_id: str | None
    round_id: str | None
    state: SubmissionState
    reason: QuarantineReason | None
    since: datetime


class Home(NamedTuple):
    """Of a household on the register: its number, and the village that it lay in."""

    code: str
    village_id: str


@dataclass(frozen=True)
class Then:
    """`facts`: of the round's list, by household; `homes`: of all that were on the register."""

    facts: Mapping[str, Fact]
    homes: Mapping[str, Home]


def of_round(session: Session, survey_round: Round, commune_id: str, at: datetime) -> Then | None:
    """The facts of a round in a commune at an instant; None where it was not being held (yet, or any more)."""
    stood = standings_at(session, survey_round.id, [commune_id], at).get(commune_id)
    if stood is None or stood.state not in IS_HELD:
        return None
    return _Reading(session, survey_round, commune_id, at, stood).then()


def statuses_at(session: Session, commune_id: str, at: datetime) -> dict[str, Status]:
    """By submission, of all that had come by then."""
    attached: dict[str, str] = {}
    last: dict[str, Any] = {}
    of = SubmissionEvent
    rows = select(of.submission_id, of.action, of.to_state, of.reason, of.household_id, of.at).where(
        of.commune_id == commune_id, of.at <= at
    )
    for row in session.execute(rows.order_by(of.submission_id, of.seq)):
        last[row.submission_id] = row
        if row.action == Action.ATTACH and row.household_id is not None:
            attached[row.submission_id] = row.household_id
    said = select(Submission.id, Submission.household_id, Submission.round_id).where(
        Submission.commune_id == commune_id, Submission.received_at <= at
    )
    found = {}
    for id, household_id, round_id in session.execute(said):
        if (event := last.get(id)) is not None:
            state = SubmissionState(event.to_state)
            held = state is SubmissionState.QUARANTINED and event.reason
            reason = QuarantineReason(event.reason) if held else None
            found[id] = Status(id, attached.get(id, household_id), round_id, state, reason, event.at)
    return found


class _Reading:
    """What was known of a commune. `register`: until when its register counts."""

    def __init__(self, session: Session, survey_round: Round, commune_id: str, at: datetime, stood: Standing) -> None:
        self.session, self.commune_id, self.at = session, commune_id, at
        self.round, self.stood = _round_at(session, survey_round, at), stood
        self.has_moved = self.round is not survey_round
        is_open = stood.state is CommuneState.OPEN
        self.register = at if is_open or stood.closed_at is None else stood.closed_at
        self.last_event = event_log.end_of(session, commune_id, self.register)[0]
        self.statuses = statuses_at(session, commune_id, at)

    def then(self) -> Then:
        homes, by_household = self.homes(), defaultdict[str, list[Status]](list)
        for one in self.statuses.values():
            if one.round_id == self.round.id and one.household_id is not None:
                by_household[one.household_id].append(one)
        opened = {id: one for id, one in self._opened().items() if id in homes}
        live, accepted = dict[str, Status](), set[str]()
        states = dict[str, RegisterState]()
        for household_id in opened:
            those = sorted(by_household[household_id], key=lambda one: one.submission_id)
            those.sort(key=lambda one: one.since, reverse=True)
            states[household_id] = register_state([(one.state, one.reason) for one in those])
            if counts := next((one for one in those if one.state in LIVE), None):
                live[household_id] = counts
                accepted |= {counts.submission_id} if states[household_id] is RegisterState.ACCEPTED else set()
        judged = self._judged([one for one in live.values() if one.submission_id in accepted])
        found = {}
        for household_id, opening_class in opened.items():
            counts = live.get(household_id)
            more = judged.get(counts.submission_id, {}) if counts is not None else {}
            found[household_id] = Fact(
                household_id, homes[household_id].village_id, states[household_id].value,
                opening_class=self._opening_class(household_id, opening_class), **more,
            )  # fmt: skip
        return Then(found, homes)

    # --- the register

    @cached_property
    def later(self) -> dict[str, list[str]]:
        """By household, the kinds of what was written down of it later."""
        of, found = RegisterEvent, defaultdict[str, list[str]](list)
        rows = select(of.kind, of.household_id, of.other_id).where(
            of.commune_id == self.commune_id, of.seq > self.last_event
        )
        for kind, *named in self.session.execute(rows):
            for household_id in named:
                if household_id is not None:
                    found[household_id].append(kind)
        return found

    @cached_property
    def last_changes(self) -> dict[str, int]:
        """How far the logs of the villages went, of the commune and of those that its villages came from."""
        of, found = PlaceEvent, dict[str, int]()
        by_then = or_(of.at.is_(None), of.at <= self.register)
        communes = {one.commune_id for one in self.changes}
        for commune_id, seq in self.session.execute(
            select(of.commune_id, of.seq).where(of.commune_id.in_(sorted(communes)), by_then).order_by(of.seq)
        ):
            found[commune_id] = seq
        return {one: found.get(one, 0) for one in communes}

    @cached_property
    def changes(self) -> list[Change]:
        """All that is known by now of the villages."""
        return places.changes_in(self.session, [self.commune_id])

    @property
    def have_villages_changed(self) -> bool:
        return any(one.seq > self.last_changes[one.commune_id] for one in self.changes)

    @cached_property
    def villages(self) -> Villages:
        return villages.fold(self.changes, seqs=self.last_changes)

    @cached_property
    def moving(self) -> list[Change]:
        """Those that were known by which households lie elsewhere without having moved."""
        known = villages.live(self.changes, self.last_changes)
        return [one for one in known if one.commune_id == self.commune_id and one.kind in villages.MOVING]

    @cached_property
    def events(self) -> list[Event]:
        return [one for one in event_log.events_of(self.session, self.commune_id) if one.seq <= self.last_event]

    def homes(self) -> dict[str, Home]:
        """Who was on the register, and where."""
        if not self.later and not self.have_villages_changed:
            of = Household
            here = select(of.id, of.code, of.village_id).where(
                of.commune_id == self.commune_id, of.state == HouseholdState.PRESENT.value
            )
            return {id: Home(code, village_id) for id, code, village_id in self.session.execute(here)}
        folded = fold(self.events, self.interviews).households
        return {
            id: Home(one.code, one.village_id)
            for id, one in places.settled(folded, self.moving).items() if one.state is HouseholdState.PRESENT
        }  # fmt: skip

    @cached_property
    def interviews(self) -> list[Interview]:
        """Those that said by then what a household is, with the class that each found. Who its members were is read
        where it bears on who was on the register: when a merged household was to be taken out again."""
        accepted = {id: one for id, one in self.statuses.items() if one.state is SubmissionState.ACCEPTED}
        found = []
        of = RegisterEvent
        numbers = select(of.at, of.seq).where(of.commune_id == self.commune_id)
        written = sorted((at, seq) for at, seq in self.session.execute(numbers))
        for chunk in chunks(accepted):
            rows = self.session.execute(
                select(
                    Submission.id, Submission.finalised_at_said, Submission.received_at, Assessment.household_class
                )
                .join(Assessment, (Assessment.commune_id == Submission.commune_id)
                      & (Assessment.submission_id == Submission.id))
                .join(Round, Round.id == Submission.round_id)
                .where(Submission.commune_id == self.commune_id, Submission.id.in_(chunk),
                       ~Assessment.refused, ~Round.trial)
            ).all()  # fmt: skip
            clocks = clocks_of(self.session, self.commune_id, rows)
            for row in rows:
                status = accepted[row.id]
                before = bisect_left(written, (status.since, 0))
                after = max((seq for _at, seq in written[:before]), default=0) if before else 0
                found.append(Interview(
                    row.id, str(status.household_id), clocks[row.id].today, after, status.since,
                    household_class=row.household_class, round_id=status.round_id,
                ))  # fmt: skip
        if any(one.kind is RegisterKind.UNMERGE for one in self.events):
            whole = interviews_of(self.session, self.commune_id, {one.household_id for one in found})
            rows_of = {one.submission_id: one.rows for one in whole}
            found = [replace(one, rows=rows_of.get(one.submission_id, ())) for one in found]
        return found

    # --- the round's list

    def _opened(self) -> dict[str, str | None]:
        """Who is on the list, or was once, with last year's class as it is kept."""
        found: dict[str, str | None] = {}
        of_round = {"commune_id": self.commune_id, "round_id": self.round.id}
        for table in (RegisterGone, RegisterEntry):
            rows = select(table.household_id, table.opening_class).filter_by(**of_round).order_by(table.change)
            for household_id, opening_class in self.session.execute(rows):
                found[household_id] = opening_class
        return found

    def _opening_class(self, household_id: str, kept: str | None) -> str | None:
        """What last year's class was known to be; it is otherwise by now only where it was corrected later, or that was
        taken back."""
        if not {RegisterKind.CORRECT.value, RegisterKind.VOID.value} & set(self.later.get(household_id, ())):
            return kept
        events = [
            one for one in event_log.events_around(self.session, self.commune_id, [household_id])
            if one.seq <= self.last_event
        ]  # fmt: skip
        opens_on = self.stood.opens_on
        earlier = [one for one in self.interviews if one.round_id != self.round.id and one.day < opens_on]
        one = fold(events, earlier).households.get(household_id)
        return one.household_class if one is not None else kept

    # --- what was judged

    def _judged(self, accepted: Sequence[Status]) -> dict[str, dict[str, Any]]:
        """By interview what a fact says of it."""
        ids = [one.submission_id for one in accepted]
        found = dict[str, dict[str, Any]]()
        for chunk in chunks(ids):
            found |= facts.judged(self.session, self.commune_id, list(chunk))
        doubtful = self._to_look_at(accepted)
        for one in accepted:
            if one.submission_id in doubtful:
                found[one.submission_id] = self._judged_again(one, found[one.submission_id])
        return found

    def _to_look_at(self, accepted: Sequence[Status]) -> set[str]:
        """Those of which something was written down later that may bear on what they are judged to be."""
        if self.have_villages_changed or self.has_moved:
            return {one.submission_id for one in accepted}
        of = SubmissionEvent
        rows = select(of.submission_id).where(
            of.commune_id == self.commune_id, of.at > self.at,
            or_(of.action == Action.ATTACH.value, of.visited_on.is_not(None),
                of.reason == QuarantineReason.SERVER_CLOCK.value),
        )  # fmt: skip
        found = set(self.session.scalars(rows))
        later = set(self.later)
        return {one.submission_id for one in accepted if one.submission_id in found or one.household_id in later}

    def _judged_again(self, status: Status, kept: dict[str, Any]) -> dict[str, Any]:
        submission = self.session.get_one(Submission, (self.commune_id, status.submission_id))
        form = load_form(self.session, submission.form_id, submission.form_version)
        if form is None:
            return kept
        when = dated_at(self.session, submission, self.at)
        told = dict[str, str | None]()
        if told_names(form):
            told = self._told(str(status.household_id), clock_when(submission, when).today)
        found = judged_then(self.session, submission, self.round, told, when)
        if found is None:
            return kept
        evaluation, judged = found
        said = {one.indicator: one.deprived for one in judged.indicators}
        lacks = tuple(said.get(one) for one in INDICATORS)
        hanging = (kept.get("hangs") or "").split()
        own = facts.of_assessment(_Judged.of(judged, self.round.standard), evaluation.values, lacks, hanging)
        return {"submission_id": status.submission_id} | own

    def _told(self, household_id: str, day: date) -> dict[str, str | None]:
        """What the register said then of the village that a household lay in on a day."""
        events = [
            one for one in event_log.events_around(self.session, self.commune_id, [household_id])
            if one.seq <= self.last_event
        ]  # fmt: skip
        village_id = places.lain_on(events, self.moving, household_id, day)
        if village_id is None:
            return {}
        told = context_of_village(self.session, self.commune_id, village_id, self.round, day)
        periods = villages.periods(self.villages, village_id)
        then = next((one for one in periods if one.since <= day and (one.until is None or day < one.until)), None)
        return told | {"khu_vuc": then.area.value if then is not None and then.area is not None else None}


class _Judged(NamedTuple):
    """What was made of a record, by the names of an assessment's columns."""

    household_class: str | None
    refused: bool
    illustrative: bool
    persons: int
    b1_points: float | None
    standard: str | None
    deprived_count: int | None

    @classmethod
    def of(cls, one: poverty.Assessment, standard: str) -> _Judged:
        named = one.household_class.value if one.household_class is not None else None
        return cls(named, one.refused, one.illustrative, one.persons, one.b1, standard, one.deprived_count)


def _round_at(session: Session, survey_round: Round, at: datetime) -> Round:
    """The round with the version of its questionnaire that it had; itself where that is the one of now."""
    moves = select(AuditEvent).where(
        AuditEvent.verb == "round_moved", AuditEvent.subject == survey_round.id, AuditEvent.at > at
    )
    first = session.scalars(moves.order_by(AuditEvent.at)).first()
    if first is None or first.detail["from"] == survey_round.form_version:
        return survey_round
    names = [one.key for one in Round.__table__.columns]
    return Round(**{name: getattr(survey_round, name) for name in names} | {"form_version": first.detail["from"]})

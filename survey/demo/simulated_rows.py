"""What comes from the households of a simulated commune, as rows: what the real way in would have stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from json.encoder import encode_basestring_ascii
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from models import (
    Assessment,
    AssessmentReading,
    AuditEvent,
    Deprivation,
    Household,
    HouseholdOutcome,
    Member,
    OutcomeDecision,
    Receipt,
    RegisterEntry,
    RegisterEvent,
    RosterRow,
    Round,
    StartRow,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from models.base import Base
from models.many_rows import insert_many, insert_values
from survey.canonical import ascii_text, canonical
from survey.clocks import HERE, instant
from survey.demo.shapes import CODE, COMMUNE, ENTRY, HOUSEHOLD, ROUND, Visit, uuid4_of
from survey.demo.work import WITHOUT_INTERVIEW, uuid7
from survey.evidence.signing import Signer
from survey.terms import Action, OutcomeAction, OutcomeKind, Role, SubmissionState

VISITS = (4, 2, 0)  # days before it is said that nobody was there at any of them


@dataclass(frozen=True)
class Season:
    round: Round
    opens: date
    closes: date


@dataclass
class Rows:
    """What is to be inserted, by table, in the order in which they refer to each other: rows by the names of their
    columns, and of the tables with many to a household (`_MANY`) the values alone."""

    by_model: dict[type[Base], list[dict[str, Any]]] = field(default_factory=dict)
    values: dict[type[Base], list[tuple[Any, ...]]] = field(default_factory=dict)

    def add(self, model: type[Base], **row: Any) -> None:
        self.by_model.setdefault(model, []).append(row)

    def add_many(self, model: type[Base], rows: Iterable[tuple[Any, ...]]) -> None:
        self.values.setdefault(model, []).extend(rows)

    def insert(self, session: Session) -> None:
        for model in _ORDER:
            if model in _MANY:
                insert_values(session, model, _MANY[model], self.values.pop(model, []))
            else:
                insert_many(session, model, self.by_model.pop(model, []))


_MANY: dict[type[Base], tuple[str, ...]] = {
    Deprivation: ("commune_id", "submission_id", "indicator", "dimension", "deprived", "because"),
    RosterRow: ("commune_id", "submission_id", "household_id", "position", "person_id", "doubts"),
    Member: ("commune_id", "household_id", "position", "full_name", "values"),
}


_ORDER: tuple[type[Base], ...] = (
    Household, RegisterEvent, Submission, SubmissionEvent, SubmissionStatus, Assessment, Deprivation,
    AssessmentReading, HouseholdOutcome, OutcomeDecision, AuditEvent, Receipt, RegisterEntry, StartRow, RosterRow,
    Member,
)  # fmt: skip


@dataclass
class House:
    """A household under its own names; `marks` by the marks of its shape."""

    commune_id: str
    id: str
    village_id: str
    marks: dict[str, str]

    def __post_init__(self) -> None:
        self.marks |= {HOUSEHOLD: self.id, COMMUNE: self.commune_id}

    @cached_property
    def kept(self) -> dict[str, str]:
        """As they stand within JSON."""
        return {mark: encode_basestring_ascii(value)[1:-1] for mark, value in self.marks.items()}

    @property
    def code(self) -> str:
        return self.marks[CODE]

    def called(self, name: str) -> str:
        return self.marks.get(name, name)


@dataclass
class Desk:
    """Writes down what a commune's people send and decide. `workers`: the ids of their accounts."""

    commune_id: str
    workers: dict[Role, str]
    random: Random
    signer: Signer
    generation: str
    rows: Rows = field(default_factory=Rows)

    def interview(self, house: House, season: Season, visit: Visit) -> str:
        """Sent in the evening and accepted the next; returns its id. Who its members are is left to the caller."""
        own = {ENTRY: uuid7(self.random, visit.finalised), ROUND: season.round.id}
        kept, judged = house.kept, visit.judged
        hashed = hashlib.sha256(visit.hashed.of(house.marks | own).encode()).hexdigest()
        submission_id = uuid4_of(self.random)
        of = {"commune_id": self.commune_id, "submission_id": submission_id}
        received, accepted = at(visit.day, 18), at(visit.day + timedelta(days=1), 20)
        self.rows.add(
            Submission, commune_id=self.commune_id, id=submission_id, entry_id=own[ENTRY], content_hash=hashed,
            content=visit.content.of(kept | own), household_id=house.id, round_id=season.round.id,
            form_id=season.round.form_id, form_version=season.round.form_version,
            account_id=self.workers[Role.ENUMERATOR], device_id=device(self.commune_id), received_at=received,
            clock_skew_seconds=0, **visit.said,
        )  # fmt: skip
        for seq, (action, state, role, when) in enumerate((
            (Action.RECEIVE, SubmissionState.SUBMITTED, Role.ENUMERATOR, received),
            (Action.ACCEPT, SubmissionState.ACCEPTED, Role.SUPERVISOR, accepted),
        ), 1):  # fmt: skip
            self.rows.add(
                SubmissionEvent, **of, id=uuid4_of(self.random), seq=seq, action=action.value, to_state=state.value,
                reason=None, detail=None, comments=None, household_id=None, visited_on=None,
                account_id=self.workers[role], at=when,
            )  # fmt: skip
        self.rows.add(
            SubmissionStatus, **of, household_id=house.id, round_id=season.round.id, received_at=received,
            state=SubmissionState.ACCEPTED.value, reason=None, updated_at=accepted,
        )  # fmt: skip
        self.rows.add(
            Assessment, **of, standard=season.round.standard, household_class=visit.found, b1_points=judged.b1,
            b2_points=judged.b2, deprived_count=judged.deprived_count, illustrative=judged.illustrative,
            refused=judged.refused, persons=judged.persons, problems=visit.problems.of(kept),
            phone_agrees=visit.agrees, head_name=house.called(visit.head), values=visit.values.of(kept),
        )  # fmt: skip
        self.rows.add_many(
            Deprivation,
            [
                (self.commune_id, submission_id, indicator, dimension, is_deprived, because.of(kept))
                for indicator, dimension, is_deprived, because in visit.deprived
            ],
        )
        for reading, value, other in visit.readings:
            self.rows.add(AssessmentReading, **of, reading=reading, value=value, household_class=other)
        self._receipt(own[ENTRY], hashed, received)
        return submission_id

    def no_interview(self, house: House, season: Season, day: date, kind: OutcomeKind) -> None:
        """Said in the evening of the day, confirmed the next; nothing is written into the register."""
        entry = entry_of(self.random, house, season, day, kind)
        content, outcome_id = canonical(entry), uuid4_of(self.random)
        said, received, decided = entry["no_interview"], at(day, 18), at(day + timedelta(days=1), 20)
        self.rows.add(
            HouseholdOutcome, commune_id=self.commune_id, id=outcome_id, entry_id=entry["id"],
            content_hash=content.hash, content=content.text, household_id=house.id, round_id=season.round.id,
            kind=kind.value, reason=said["reason"], attempts=ascii_text(said["attempts"]), place=None,
            account_id=self.workers[Role.ENUMERATOR], device_id=device(self.commune_id),
            said_at=entry["finalised_at"], received_at=received, clock_skew_seconds=0, held_for=None,
        )  # fmt: skip
        by = self.workers[Role.SUPERVISOR]
        self.rows.add(
            OutcomeDecision, commune_id=self.commune_id, outcome_id=outcome_id, seq=1,
            action=OutcomeAction.CONFIRM.value, reason="", account_id=by, at=decided, event_seq=None,
        )  # fmt: skip
        self.rows.add(
            AuditEvent, id=uuid4_of(self.random), at=decided, account_id=by, verb=f"outcome.{OutcomeAction.CONFIRM}",
            subject=outcome_id, detail=ascii_text({"commune": self.commune_id, "household": house.id}),
        )  # fmt: skip
        self._receipt(entry["id"], content.hash, received)

    def _receipt(self, entry_id: str, hashed: str, when: datetime) -> None:
        body = {"content_hash": hashed, "entry_id": entry_id, "files": []}
        text = ascii_text(body | {"generation": self.generation, "server_time": instant(when)})
        signed = self.signer.sign_text(text)  # nothing in it is written otherwise by RFC 8785
        self.rows.add(
            Receipt, commune_id=self.commune_id, entry_id=entry_id, content_hash=hashed, body=signed.body,
            signature=signed.signature, made_at=when,
        )  # fmt: skip


def entry_of(random: Random, house: House, season: Season, day: date, kind: OutcomeKind) -> dict[str, Any]:
    """Why a household has no interview, as a phone sends it (docs/sync.md)."""
    visits = [at(day - timedelta(days=before), 16) for before in VISITS] if kind is OutcomeKind.ABSENT else []
    attempts = [{"at": instant(one), "place": None} for one in visits]
    return {
        "id": uuid7(random, at(day, 17)),
        "commune_id": house.commune_id,
        "round_id": season.round.id,
        "household_id": house.id,
        "no_interview": {"kind": kind.value, "reason": WITHOUT_INTERVIEW[kind], "attempts": attempts, "place": None},
        "files": [],
        "finalised_at": instant(at(day, 17)),
    }


def device(commune_id: str) -> str:
    return f"simulate-{commune_id}"


@cache
def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), HERE).astimezone(UTC)

"""Communes of any size with past rounds that are over: for benches, demonstrations and drills. Nobody in them exists.

Every household is one of some hundred shapes (`shapes.py`) under other names, so a minute suffices for 30,000; what is
stored is what the real way in would have stored, and `rebuild` changes nothing. The same seed makes the same people,
numbers, answers and classes; salts, receipts and the ids of what the server writes itself are new each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from json.encoder import encode_basestring_ascii
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    AccountVillage,
    Assessment,
    AssessmentReading,
    CommuneCounter,
    Deprivation,
    Device,
    FormVersion,
    Household,
    Member,
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
from models.commune_counter import lock_commune
from models.many_rows import insert_many
from survey.accounts.accounts import create_account
from survey.canonical import ascii_text
from survey.clocks import day_of, instant
from survey.demo.accounts import PASSWORD, PROVINCE, REGION, SIMULATED_ADMIN, invented_village, title_of
from survey.demo.answers import HERE
from survey.demo.load import questionnaire
from survey.demo.names import THAI, family_name, full_name
from survey.demo.shapes import (
    CODE,
    COMMUNE,
    ENTRY,
    HOUSEHOLD,
    ROUND,
    Shape,
    Visit,
    make_shape,
    marks_of,
    uuid4_of,
)  # fmt: skip
from survey.demo.work import uuid7
from survey.evidence.lineage import generation
from survey.evidence.signing import Signer
from survey.form.form import Form
from survey.problems import Problem
from survey.register import event_log
from survey.register.places import add_village, load_province, taken_all
from survey.rounds import closing, log, rounds
from survey.submissions.log import Act
from survey.terms import (
    Action,
    Area,
    B1Method,
    HouseholdState,
    RegisterState,
    Role,
    RoundAction,
    SubmissionState,
)  # fmt: skip

SHAPES = 160
OF_VILLAGE = 90  # households
AT_ONCE = 2000  # are written: all of a large commune would not find room in memory
OPENS, CLOSES = (9, 1), (12, 14)


@dataclass
class Simulated:
    """How much was made; `rounds`: their ids, the oldest first."""

    communes: list[str]
    rounds: list[str]
    households: int = 0
    persons: int = 0
    interviews: int = 0


@dataclass
class Rows:
    """What is to be inserted, by table, in the order in which they refer to each other."""

    by_model: dict[type[Base], list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, model: type[Base], **row: Any) -> None:
        self.by_model.setdefault(model, []).append(row)

    def insert(self, session: Session) -> None:
        for model in _ORDER:
            insert_many(session, model, self.by_model.pop(model, []))


_ORDER: tuple[type[Base], ...] = (
    Household, RegisterEvent, Submission, SubmissionEvent, SubmissionStatus, Assessment, Deprivation,
    AssessmentReading, Receipt, RegisterEntry, StartRow, RosterRow, Member,
)  # fmt: skip


@dataclass(frozen=True)
class Season:
    round: Round
    opens: date
    closes: date


def begin(
    session: Session, now: datetime, *, communes: int, rounds_back: int, seed: int
) -> tuple[Simulated, list[Season], Form]:
    """The province, the questionnaire and the rounds, planned. Raises `conflict` where anybody has an account or a
    household is there: what is made must never stand beside real data; `not_found` for more communes than there are,
    and what stands against a round of so long ago."""
    for there in (select(Account.id), select(Household.id)):
        if session.scalar(there.limit(1)) is not None:
            raise Problem("conflict")
    chosen = load_province(session, PROVINCE, region=REGION)[:communes]
    if len(chosen) < communes:
        raise Problem("not_found")
    form, version = questionnaire(session, now)
    today = day_of(now)
    last = today.year - (today <= date(today.year, *CLOSES))
    random = Random(f"{seed} rounds")
    seasons = []
    for year in range(last - rounds_back + 1, last + 1):
        seasons.append(_planned(session, version, year, chosen, uuid4_of(random)))
    username, name = SIMULATED_ADMIN
    create_account(session, username=username, display_name=name, role=Role.ADMIN, password=PASSWORD, now=now)
    return Simulated(chosen, [one.round.id for one in seasons]), seasons, form


def _planned(session: Session, version: FormVersion, year: int, communes: list[str], round_id: str) -> Season:
    opens, closes = date(year, *OPENS), date(year, *CLOSES)
    survey_round = rounds.open_round(
        session, title=title_of(year), year=year, form=version, opens_on=opens, closes_on=closes,
        now=_at(opens, 7), b1_method=B1Method.TOTAL, round_id=round_id, communes=communes, plan=True,
    )  # fmt: skip
    return Season(survey_round, opens, closes)


def make_shapes(form: Form, households: int, seed: int, seasons: list[Season]) -> dict[Area, list[Shape]]:
    days = [(one.opens, one.closes) for one in seasons]
    number = max(4, min(SHAPES, households))
    made = {Area.RURAL: number - number // 4, Area.URBAN: number // 4}
    return {area: [make_shape(form, at, area, seed, days) for at in range(count)] for area, count in made.items()}


def fill(
    session: Session, commune_id: str, households: int, shapes: dict[Area, list[Shape]], seasons: list[Season],
    signer: Signer, seed: int, said: Simulated,
) -> None:  # fmt: skip
    """One commune from its villages to the acceptance of its last round."""
    lock_commune(session, commune_id)
    seasons = [replace(one, round=session.get_one(Round, one.round.id)) for one in seasons]
    random = Random(f"{seed} {commune_id}")
    entered = _at(seasons[0].opens - timedelta(days=40), 9)
    villages = _villages(session, commune_id, households, random)
    workers = _accounts(session, commune_id, [id for id, _ in villages], random, entered)
    done = event_log.Done(workers[Role.SUPERVISOR].id, entered)
    commune = _Commune(session, commune_id, seasons, signer, random, workers, done, generation(session))
    for at in range(households):
        village_id, area = villages[at // OF_VILLAGE]
        commune.add(village_id, at % OF_VILLAGE + 1, random.choice(shapes[area]))
        if at % AT_ONCE == AT_ONCE - 1 or at == households - 1:
            commune.write()
    commune.close()
    said.households += households
    said.persons += commune.persons
    said.interviews += households * len(seasons)


def shares(households: int, communes: int) -> Iterator[int]:
    """How many households each commune has."""
    for at in range(communes):
        yield households // communes + (at < households % communes)


@dataclass
class _Commune:
    session: Session
    commune_id: str
    seasons: list[Season]
    signer: Signer
    random: Random
    workers: dict[Role, Account]
    done: event_log.Done  # the entering of its households
    generation: str
    persons: int = 0
    change: int = 0
    rows: Rows = field(default_factory=Rows)
    events: list[tuple[str, str]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def add(self, village_id: str, number: int, shape: Shape) -> None:
        code, id = f"{village_id}-{number:03d}", uuid4_of(self.random)
        marks = marks_of(shape, self.random, self.taken)
        marks |= {CODE: code, HOUSEHOLD: id, COMMUNE: self.commune_id}
        kept = {mark: encode_basestring_ascii(value)[1:-1] for mark, value in marks.items()}
        base = shape.base_answers.of(kept)
        head = marks[shape.head]
        before = _Before(shape.base_class, base, shape.base_indicators, head, shape.base_persons)
        for season, visit in zip(self.seasons, shape.visits, strict=True):
            before = self._visit(id, village_id, season, visit, marks, kept, before)
        rest = ascii_text({"class": shape.base_class, "code": code, "head": head, "village": village_id})
        self.events.append((id, f'{{"answers":{base},{rest[1:]}'))
        self.codes.append(code)
        self.rows.add(
            Household, commune_id=self.commune_id, id=id, code=code, village_id=village_id, base_head_name=head,
            base_class=shape.base_class, base_answers=base, head_name=before.head, current_class=before.household_class,
            current_answers=before.answers, current_submission_id=before.submission_id, created_by_entry=None,
            created_at=self.done.at, state=HouseholdState.PRESENT.value, same_as=None,
        )  # fmt: skip
        for position, (name, values) in enumerate(shape.visits[-1].members, 1):
            self.persons += 1
            self.rows.add(
                Member, commune_id=self.commune_id, household_id=id, position=position,
                full_name=marks.get(name, name), values=values.of(kept),
            )  # fmt: skip

    def _visit(
        self, id: str, village_id: str, season: Season, visit: Visit, marks: dict[str, str], kept: dict[str, str],
        before: _Before,
    ) -> _Before:  # fmt: skip
        own = {ENTRY: uuid7(self.random, visit.finalised), ROUND: season.round.id}
        content, answers = visit.content.of(kept | own), visit.answers.of(kept)
        hashed = hashlib.sha256(visit.hashed.of(marks | own).encode()).hexdigest()
        submission_id, judged = uuid4_of(self.random), visit.judged
        of = {"commune_id": self.commune_id, "submission_id": submission_id}
        received, accepted = _at(visit.day, 18), _at(visit.day + timedelta(days=1), 20)
        self.rows.add(
            Submission, commune_id=self.commune_id, id=submission_id, entry_id=own[ENTRY], content_hash=hashed,
            content=content, household_id=id, round_id=season.round.id, form_id=season.round.form_id,
            form_version=season.round.form_version, account_id=self.workers[Role.ENUMERATOR].id,
            device_id=_device(self.commune_id), received_at=received, clock_skew_seconds=0, **visit.said,
        )  # fmt: skip
        for seq, (action, state, role, at) in enumerate((
            (Action.RECEIVE, SubmissionState.SUBMITTED, Role.ENUMERATOR, received),
            (Action.ACCEPT, SubmissionState.ACCEPTED, Role.SUPERVISOR, accepted),
        ), 1):  # fmt: skip
            self.rows.add(
                SubmissionEvent, **of, id=uuid4_of(self.random), seq=seq, action=action.value, to_state=state.value,
                reason=None, detail=None, comments=None, household_id=None, visited_on=None,
                account_id=self.workers[role].id, at=at,
            )  # fmt: skip
        self.rows.add(
            SubmissionStatus, **of, household_id=id, state=SubmissionState.ACCEPTED.value, reason=None,
            updated_at=accepted,
        )  # fmt: skip
        found = judged.household_class.value if judged.household_class else None
        head = marks.get(visit.head, visit.head)
        self.rows.add(
            Assessment, **of, standard=season.round.standard, household_class=found, b1_points=judged.b1,
            b2_points=judged.b2, deprived_count=judged.deprived_count, illustrative=judged.illustrative,
            refused=judged.refused, persons=judged.persons, problems=visit.problems.of(kept),
            phone_agrees=visit.agrees, head_name=head, values=visit.values.of(kept),
        )  # fmt: skip
        for indicator, (dimension, is_deprived, because) in visit.deprived.items():
            self.rows.add(
                Deprivation, **of, indicator=indicator, dimension=dimension, deprived=is_deprived,
                because=because.of(kept),
            )  # fmt: skip
        for reading, value, other in visit.readings:
            self.rows.add(AssessmentReading, **of, reading=reading, value=value, household_class=other)
        for position, person in enumerate(visit.codes):
            self.rows.add(
                RosterRow, **of, household_id=id, position=position, person_id=marks.get(person, person), doubts="[]"
            )
        self._receipt(own[ENTRY], hashed, received)
        self.change += 1
        self.rows.add(
            RegisterEntry, commune_id=self.commune_id, round_id=season.round.id, household_id=id,
            village_id=village_id, state=RegisterState.ACCEPTED.value, opening_class=before.household_class,
            opening_answers=before.answers, opening_indicators=before.indicators, once=ascii_text(sorted(before.once)),
            submission_id=submission_id, change=self.change,
        )  # fmt: skip
        self.rows.add(
            StartRow, commune_id=self.commune_id, round_id=season.round.id, household_id=id, village_id=village_id,
            household_class=before.household_class, persons=before.persons or None,
        )  # fmt: skip
        once = before.once | {one for one in (before.household_class, found) if one}
        return _Before(found, answers, visit.indicators, head, visit.persons, submission_id, once)

    def _receipt(self, entry_id: str, hashed: str, at: datetime) -> None:
        body = {"content_hash": hashed, "entry_id": entry_id, "files": []}
        text = ascii_text(body | {"generation": self.generation, "server_time": instant(at)})
        signed = self.signer.sign_text(text)  # nothing in it is written otherwise by RFC 8785
        self.rows.add(
            Receipt, commune_id=self.commune_id, entry_id=entry_id, content_hash=hashed, body=signed.body,
            signature=signed.signature, made_at=at,
        )  # fmt: skip

    def write(self) -> None:
        """Write down what was added since the last time."""
        self.rows.by_model[RegisterEvent] = event_log.entered_as_kept(
            self.commune_id, self.events, day_of(self.done.at), self.done,
            generation=self.generation, after=event_log.end_of(self.session, self.commune_id),
        )  # fmt: skip
        self.events = []
        self.rows.insert(self.session)

    def close(self) -> None:
        """Take the rounds' steps, each when it was taken."""
        session = self.session
        taken_all(session, self.codes)
        session.get_one(CommuneCounter, self.commune_id).value = self.change
        for season in self.seasons:
            [row] = log.rows_of(session, season.round, [self.commune_id])
            log.take(session, row, RoundAction.OPEN, Act(None, _at(season.opens, 7)))
            session.flush()  # whether anything stands in the way is asked of where it is open
            if closing.obstacles_by_commune(session, season.round, [self.commune_id])[self.commune_id]:
                raise RuntimeError("a simulated round cannot be closed")
            supervisor = self.workers[Role.SUPERVISOR].id
            log.take(session, row, RoundAction.CLOSE, Act(supervisor, _at(season.closes, 16)))
            session.flush()  # the steps are numbered
            log.take(session, row, RoundAction.ACCEPT, Act(None, _at(season.closes + timedelta(days=10), 9)))
            log.derive_state(session, season.round)


@dataclass(frozen=True)
class _Before:
    """What is known of a household when a round opens."""

    household_class: str | None
    answers: str
    indicators: str
    head: str
    persons: int
    submission_id: str | None = None
    once: frozenset[str] = frozenset()  # classes of the rounds before


def _villages(session: Session, commune_id: str, households: int, random: Random) -> list[tuple[str, Area]]:
    found = []
    for number in range(1, -(-households // OF_VILLAGE) + 1):
        name, division, area = invented_village(random, number)
        found.append((add_village(session, commune_id, number, name, division, area), area))
    return found


def _accounts(
    session: Session, commune_id: str, villages: list[str], random: Random, now: datetime
) -> dict[Role, Account]:
    """Who interviews and who reviews there. The password is that of the demo: one hash serves all."""
    known = session.scalars(select(Account).where(Account.role == Role.ADMIN.value)).one()
    found = {}
    for role, name in ((Role.ENUMERATOR, "rsv"), (Role.SUPERVISOR, "can-bo")):
        account = Account(
            id=uuid4_of(random), username=f"{name}-{commune_id}", role=role.value, place_id=commune_id,
            display_name=full_name(random, THAI, "nam", family_name(random, THAI), set()),
            password_hash=known.password_hash, language=known.language, active=True, session_epoch=known.session_epoch,
            created_at=now,
        )  # fmt: skip
        session.add(account)
        found[role] = account
    session.flush()  # what they do refers to them
    own = found[Role.ENUMERATOR].id
    session.add_all(AccountVillage(account_id=own, village_id=village_id) for village_id in villages)
    device = {"label": "Android · Chrome 120", "app_version": "simulate", "last_contact_at": now, "unsent": []}
    session.add(Device(id=_device(commune_id), account_id=own, clock_skew_seconds=0, **device))
    session.flush()  # submissions come from it
    return found


def _device(commune_id: str) -> str:
    return f"simulate-{commune_id}"


@cache
def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), HERE).astimezone(UTC)

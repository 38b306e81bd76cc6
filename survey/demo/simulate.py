"""Communes of any size with past rounds that are over: for benches, demonstrations and drills. Nobody in them exists.

Every household is one of some hundred shapes (`shapes.py`) under other names, so a minute suffices for 30,000; what is
stored is what the real way in would have stored (`simulated_rows.py`), and `rebuild` changes nothing. To a few
something happens that is written into the register: they go the real way (`stories.py`). The same seed makes the same
people, numbers, answers and classes; salts, receipts and the ids of what the server writes itself are new each time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Account,
    AccountVillage,
    CommuneCounter,
    Device,
    FormVersion,
    Household,
    Member,
    RegisterEntry,
    RegisterEvent,
    RosterRow,
    StartRow,
    Submission,
)
from models.commune_counter import lock_commune
from models.many_rows import at_hand
from survey.accounts.accounts import create_account
from survey.accounts.demo import DEMO, PASSWORD, mark
from survey.canonical import ascii_text
from survey.clocks import day_of
from survey.demo.accounts import PROVINCE, REGION, SIMULATED_ADMIN, invented_village, title_of
from survey.demo.load import questionnaire
from survey.demo.names import THAI, family_name, full_name
from survey.demo.shapes import CODE, Shape, Visit, make_shape, marks_of, twin_of, uuid4_of
from survey.demo.simulated_rows import Desk, House, Season, at, device
from survey.demo.stories import Fate, Stories, fate_of
from survey.evidence.lineage import generation
from survey.evidence.signing import Signer
from survey.form.form import Form
from survey.problems import Problem
from survey.register import event_log
from survey.register.places import TWO_LEVELS_SINCE, add_village, load_province, taken_all
from survey.rounds import rounds
from survey.tallies import places as tallies
from survey.terms import Area, B1Method, HouseholdState, OutcomeKind, RegisterState, Role

SHAPES = 160
OF_VILLAGE = 90  # households
AT_ONCE = 2000  # are written: all of a large commune would not find room in memory
OPENS, CLOSES = (9, 1), (12, 14)

# Of a hundred thousand households, how many a round does not interview. Invented: no figure of any office or paper.
WITHOUT_INTERVIEW = {
    OutcomeKind.ABSENT: 600,
    OutcomeKind.REFUSED: 200,
    OutcomeKind.MOVED_AWAY: 200,
    OutcomeKind.NOT_FOUND: 100,
}
FOR_GOOD = (OutcomeKind.MOVED_AWAY, OutcomeKind.NOT_FOUND)  # no later round finds them either


@dataclass
class Simulated:
    """How much was made; `rounds`: their ids, the oldest first."""

    communes: list[str]
    rounds: list[str]
    households: int = 0
    persons: int = 0
    interviews: int = 0


@contextmanager
def seldom_swept() -> Iterator[None]:
    """Within it Python seldom looks for circles among what it keeps: whole years of a commune lie there, and all that
    was imported, and a look at it for every few hundred rows takes a tenth of the time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def begin(
    session: Session, now: datetime, *, communes: int, rounds_back: int, seed: int
) -> tuple[Simulated, list[Season], Form]:
    """The province, the questionnaire and the rounds, planned. Raises `conflict` where anybody has an account or a
    household is there: what is made must never stand beside real data; `not_found` for more communes than there are,
    and what stands against a round of so long ago."""
    for there in (select(Account.id), select(Household.id)):
        if session.scalar(there.limit(1)) is not None:
            raise Problem("conflict")
    mark(session)
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
    admin = create_account(session, username=username, display_name=name, role=Role.ADMIN, password=PASSWORD, now=now)
    admin.demo = DEMO
    return Simulated(chosen, [one.round.id for one in seasons]), seasons, form


def _planned(session: Session, version: FormVersion, year: int, communes: list[str], round_id: str) -> Season:
    opens, closes = date(year, *OPENS), date(year, *CLOSES)
    survey_round = rounds.open_round(
        session, title=title_of(year), year=year, form=version, opens_on=opens, closes_on=closes,
        now=at(opens, 7), b1_method=B1Method.TOTAL, round_id=round_id, communes=communes, plan=True,
    )  # fmt: skip
    return Season(survey_round, opens, closes)


def make_shapes(form: Form, households: int, seed: int, seasons: list[Season]) -> dict[Area, list[Shape]]:
    days = [(one.opens, one.closes) for one in seasons]
    number = max(4, min(SHAPES, households))
    made = {Area.RURAL: number - number // 4, Area.URBAN: number // 4}
    return {area: [make_shape(form, each, area, seed, days) for each in range(count)] for area, count in made.items()}


@dataclass
class Commune:
    """One that was filled: its desk, and those of its households that the real way is gone for."""

    desk: Desk
    stories: Stories


Step = Callable[[Session], None]


def fill(
    session: Session, commune_id: str, households: int, shapes: dict[Area, list[Shape]], seasons: Sequence[Season],
    signer: Signer, seed: int,
) -> Commune:  # fmt: skip
    """A commune with its villages and people, and all rounds of the households to which nothing happens but those."""
    lock_commune(session, commune_id)
    at_hand(session)
    random = Random(f"{seed} {commune_id}")
    entered = at(seasons[0].opens - timedelta(days=40), 9)
    villages = _villages(session, commune_id, households, random, day_of(entered))
    workers = _accounts(session, commune_id, [id for id, _ in villages], random, entered)
    desk = Desk(commune_id, workers, random, signer, generation(session))
    done = event_log.Done(workers[Role.SUPERVISOR], entered)
    filling = _Filling(session, desk, Stories(desk, villages), seasons, done)
    for number in range(households):
        village_id, area = villages[number // OF_VILLAGE]
        filling.add(village_id, area, number % OF_VILLAGE + 1, random.choice(shapes[area]))
        if number % AT_ONCE == AT_ONCE - 1 or number == households - 1:
            filling.write()
    for season in seasons:
        tallies.rebuild(session, commune_id, season.round.id)
    taken_all(session, filling.codes)
    session.get_one(CommuneCounter, commune_id).value = filling.change
    return Commune(desk, filling.stories)


def years(communes: Sequence[Commune], seasons: Sequence[Season]) -> Iterator[Step]:
    """What happens in all communes in the order of time, to be done one after another, each in its own transaction."""
    for number, season in enumerate(seasons):
        for one in communes:
            yield partial(one.stories.open, season=season, number=number)
        for one, other in zip(communes, [*communes[1:], *communes[:1]], strict=True):
            yield partial(one.stories.leave, other=other.stories, season=season, number=number)
        for one in communes:
            yield partial(one.stories.close, season=season, number=number)


def count(session: Session, said: Simulated) -> None:
    said.households = session.scalar(select(func.count(Household.id.distinct()))) or 0
    said.persons, said.interviews = (
        session.scalar(select(func.count()).select_from(table)) or 0 for table in (Member, Submission)
    )


def shares(households: int, communes: int) -> Iterator[int]:
    """How many households each commune has."""
    for each in range(communes):
        yield households // communes + (each < households % communes)


@dataclass(frozen=True)
class _Before:
    """What is known of a household when a round opens; `visit`: in which it was found last, `once`: its classes in the
    rounds before."""

    household_class: str | None
    answers: str
    head: str
    persons: int
    visit: Visit | None = None
    submission_id: str | None = None
    once: frozenset[str] = frozenset()


@dataclass
class _Filling:
    session: Session
    desk: Desk
    stories: Stories
    seasons: Sequence[Season]
    done: event_log.Done  # the entering of its households
    change: int = 0
    events: list[tuple[str, str]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    twins: dict[str, int] = field(default_factory=dict)  # by village

    def add(self, village_id: str, area: Area, number: int, shape: Shape) -> None:
        random = self.desk.random
        marks = marks_of(shape, random, self.taken)
        house = House(self.desk.commune_id, uuid4_of(random), village_id, marks | {CODE: _code(village_id, number)})
        fate, since = fate_of(shape, random, len(self.seasons))
        self._live(house, shape, since)
        if fate is None:
            return
        one = self.stories.add(house, area, shape, fate, since)
        if fate in (Fate.TWIN_MERGED, Fate.TWIN_SAID):
            self.twins[village_id] = self.twins.get(village_id, 0) + 1
            again = twin_of(shape, marks, random, self.taken)
            again[CODE] = _code(village_id, OF_VILLAGE + self.twins[village_id])
            twin = House(self.desk.commune_id, uuid4_of(random), village_id, again)
            self._live(twin, shape, since)
            self.stories.add(twin, area, shape, fate, since, twin_of=one)

    def _live(self, house: House, shape: Shape, since: int) -> None:
        """Its rounds up to the season `since` which something happens to it."""
        head, base = house.marks[shape.head], shape.base_answers.of(house.kept)
        before = _Before(shape.base_class, base, head, shape.base_persons)
        gone: OutcomeKind | None = None
        for number, season in enumerate(self.seasons[:since]):
            is_told = since == len(self.seasons)  # nothing else happens to it
            said = gone or (self._without_interview(shape, before, number) if is_told else None)
            gone = said if said in FOR_GOOD else None
            before = self._round(house, season, number, shape, before, said)
        rest = {"class": shape.base_class, "code": house.code, "head": head, "village": house.village_id}
        self.events.append((house.id, f'{{"answers":{base},{ascii_text(rest)[1:]}'))
        self.codes.append(house.code)
        rows, of = self.desk.rows, {"commune_id": house.commune_id}
        rows.add(
            Household, **of, id=house.id, code=house.code, village_id=house.village_id, base_head_name=head,
            base_class=shape.base_class, base_answers=base, head_name=before.head, current_class=before.household_class,
            current_answers=before.answers, current_submission_id=before.submission_id, created_by_entry=None,
            created_at=self.done.at, state=HouseholdState.PRESENT.value, same_as=None,
        )  # fmt: skip
        rows.add_many(
            Member,
            [
                (house.commune_id, house.id, position, house.called(name), values.of(house.kept))
                for position, (name, values) in enumerate(before.visit.members if before.visit else (), 1)
            ],
        )

    def _without_interview(self, shape: Shape, before: _Before, number: int) -> OutcomeKind | None:
        """Whom a later round interviews again is in the class of before then, as its answers say."""
        others = 100_000 - sum(WITHOUT_INTERVIEW.values())
        [kind] = self.desk.random.choices([None, *WITHOUT_INTERVIEW], [others, *WITHOUT_INTERVIEW.values()])
        is_last = number == len(self.seasons) - 1
        same = shape.visits[number].found == before.household_class
        return kind if kind in FOR_GOOD or is_last or same else None

    def _round(
        self, house: House, season: Season, number: int, shape: Shape, before: _Before, said: OutcomeKind | None
    ) -> _Before:
        rows, desk, visit = self.desk.rows, self.desk, shape.visits[number]
        of = {"commune_id": house.commune_id, "round_id": season.round.id, "household_id": house.id}
        submission_id = None
        if said is not None:
            desk.no_interview(house, season, visit.day, said)
        else:
            submission_id = desk.interview(house, season, visit)
            rows.add_many(
                RosterRow,
                [
                    (house.commune_id, submission_id, house.id, position, house.called(person), "[]")
                    for position, person in enumerate(visit.codes)
                ],
            )
        self.change += 1
        rows.add(
            RegisterEntry, **of, village_id=house.village_id,
            state=(RegisterState.TO_VISIT if said else RegisterState.ACCEPTED).value,
            opening_class=before.household_class, opening_answers=before.answers,
            opening_indicators=before.visit.indicators if before.visit else shape.base_indicators(number),
            once=ascii_text(sorted(before.once)), submission_id=submission_id,
            household_class=visit.found if submission_id else None,
            refused=visit.judged.refused if submission_id else None,
            illustrative=visit.judged.illustrative if submission_id else None, change=self.change,
        )  # fmt: skip
        rows.add(
            StartRow, **of, village_id=house.village_id, household_class=before.household_class,
            persons=before.persons or None,
        )  # fmt: skip
        once = before.once | {one for one in (before.household_class, visit.found if submission_id else None) if one}
        if submission_id is None:
            return replace(before, once=once)
        return _Before(
            visit.found, visit.answers.of(house.kept), house.called(visit.head), visit.persons, visit, submission_id,
            once,
        )  # fmt: skip

    def write(self) -> None:
        """Write down what was added since the last time."""
        commune_id, rows = self.desk.commune_id, self.desk.rows
        rows.by_model[RegisterEvent] = event_log.entered_as_kept(
            commune_id, self.events, day_of(self.done.at), self.done,
            generation=self.desk.generation, after=event_log.end_of(self.session, commune_id),
        )  # fmt: skip
        self.events = []
        rows.insert(self.session)


def _code(village_id: str, number: int) -> str:
    return f"{village_id}-{number:03d}"


def _villages(
    session: Session, commune_id: str, households: int, random: Random, since: date
) -> list[tuple[str, Area]]:
    """As old as their households at least."""
    found, since = [], min(since, TWO_LEVELS_SINCE)
    for number in range(1, -(-households // OF_VILLAGE) + 1):
        name, division, area = invented_village(random, number)
        found.append((add_village(session, commune_id, number, name, division, area, since), area))
    return found


def _accounts(session: Session, commune_id: str, villages: list[str], random: Random, now: datetime) -> dict[Role, str]:
    """Who interviews and who reviews there. The password is that of the demo: one hash serves all."""
    known = session.scalars(select(Account).where(Account.role == Role.ADMIN.value)).one()
    found = {}
    for role, name in ((Role.ENUMERATOR, "rsv"), (Role.SUPERVISOR, "can-bo")):
        account = Account(
            id=uuid4_of(random), username=f"{name}-{commune_id}", role=role.value, place_id=commune_id,
            display_name=full_name(random, THAI, "nam", family_name(random, THAI), set()),
            password_hash=known.password_hash, language=known.language, active=True, session_epoch=known.session_epoch,
            created_at=now, demo=DEMO,
        )  # fmt: skip
        session.add(account)
        found[role] = account
    session.flush()  # what they do refers to them
    own = found[Role.ENUMERATOR].id
    session.add_all(AccountVillage(account_id=own, village_id=village_id) for village_id in villages)
    phone = {"label": "Android · Chrome 120", "app_version": "simulate", "last_contact_at": now, "unsent": []}
    session.add(Device(id=device(commune_id), account_id=own, clock_skew_seconds=0, **phone))
    session.flush()  # submissions come from it
    return {role: account.id for role, account in found.items()}

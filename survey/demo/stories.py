"""The few households of a simulated commune to which something happens that is written into the register.

Between two rounds people tell the commune who was born, married or died, a list turns out to name a family twice; in a
round a son has set up house, a family moves to another commune, old people have died. All of it is written by the real
acts, and what follows is derived as it always is; so these cost some hundred times as much as the others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, HouseholdOutcome, Round
from models.commune_counter import lock_commune
from survey.demo.people import Person
from survey.demo.shapes import CODE, Change, Shape, Visit, uuid4_of
from survey.demo.simulated_rows import Desk, House, Season, at, device, entry_of
from survey.demo.work import LISTED_TWICE, TOLD_THE_COMMUNE, WITHOUT_INTERVIEW
from survey.intake.envelope import read_entry
from survey.intake.receive import receive
from survey.questionnaires.published import load_form
from survey.register.event_log import Done
from survey.review import outcomes
from survey.review.register_acts import Wish, carry_out, carry_out_together
from survey.rounds import closing, log
from survey.rounds.freezing import KnownOpening, freeze
from survey.submissions.derive import derive_household
from survey.submissions.log import Act
from survey.terms import Area, OutcomeAction, OutcomeKind, RegisterKind, Role, RoundAction

TOLD_BEFORE = 20  # days before a round opens
SEEN_AFTER, LEAVES_AFTER = 2, 3  # days after it opened, when nobody is interviewed yet


class Fate(StrEnum):
    """What happens to a household, once in all years."""

    TOLD = "told"  # the commune is told who came and who went since the last round
    SPLIT = "split"
    MOVE = "move"  # to another village
    LEAVE = "leave"  # for another commune
    TWIN_MERGED = "twin_merged"  # it was listed twice, and the commune found out
    TWIN_SAID = "twin_said"  # and an enumerator did
    DIED_OUT = "died_out"
    HEIR = "heir"  # the commune is told that its head died, and who is head now


# Of a hundred thousand households to which it may happen, to how many it does in a year. Invented, like all of this: no
# figure of any office or paper, and fewer than there are in life, of which most is found out by the interviews.
SHARES = {
    Fate.TOLD: 600,
    Fate.SPLIT: 2_000,
    Fate.MOVE: 20,
    Fate.LEAVE: 20,
    Fate.TWIN_MERGED: 15,
    Fate.TWIN_SAID: 15,
    Fate.DIED_OUT: 300,
    Fate.HEIR: 4_000,
}


def fate_of(shape: Shape, random: Random, seasons: int) -> tuple[Fate | None, int]:
    """What happens to a household of the shape, and the season since which; most have none."""
    for season in range(seasons):
        for fate, share in SHARES.items():
            if random.randrange(100_000) < share and _may(fate, shape, season):
                return fate, season
    return None, seasons


def _may(fate: Fate, shape: Shape, season: int) -> bool:
    if fate is Fate.TOLD:
        return bool(_told(shape, season))
    if fate is Fate.HEIR:
        return any(change.heir for change in shape.changes[season])
    if fate is Fate.SPLIT:
        return season in shape.set_up
    return fate is not Fate.DIED_OUT or len(shape.codes_before(season)) <= 2


def _told(shape: Shape, season: int) -> list[Change]:
    """Of who came and who went those of whom the commune is told; a son's own household it finds in the round."""
    return [change for change in shape.changes[season] if change.kind is not RegisterKind.SPLIT]


@dataclass
class Story:
    """`since`: the season in which it happens; `twin_of`: whose second listing it is."""

    house: House
    area: Area
    shape: Shape
    fate: Fate | None
    since: int
    visits: list[Visit] = field(default_factory=list)  # from `since` on
    twin_of: Story | None = None
    is_early: bool = False  # before the round, not in it
    is_over: bool = False  # it is off the register

    def visit(self, season: int) -> Visit:
        return self.visits[season - self.since]

    def said_in(self, season: int) -> OutcomeKind | None:
        """Why it is not interviewed any more."""
        if season != self.since:
            return None
        if self.fate is Fate.DIED_OUT:
            return OutcomeKind.DIED_OUT
        return OutcomeKind.DUPLICATE if self.twin_of and self.fate is Fate.TWIN_SAID else None


@dataclass
class Stories:
    """Of one commune. `villages`: with their areas."""

    desk: Desk
    villages: list[tuple[str, Area]]
    known: list[Story] = field(default_factory=list)

    def add(
        self, house: House, area: Area, shape: Shape, fate: Fate, since: int, twin_of: Story | None = None
    ) -> Story:
        early = self.desk.random.random() < 0.5
        self.known.append(Story(house, area, shape, fate, since, shape.visits[since:], twin_of, early))
        return self.known[-1]

    def open(self, session: Session, season: Season, number: int) -> None:
        """What happened before the round, its opening, and what people see when they begin."""
        survey_round = self._begin(session, season)
        before, seen = season.opens - timedelta(days=TOLD_BEFORE), season.opens + timedelta(days=SEEN_AFTER)
        for one in self._of(number, is_new=True):
            self._happens(session, one, number, before, is_early=True)
        [row] = log.rows_of(session, survey_round, [self.desk.commune_id])
        log.take(session, row, RoundAction.OPEN, Act(None, at(season.opens, 7)))
        session.flush()  # who comes from now on comes into it
        listed = self._of(number)
        if listed:
            form = load_form(session, survey_round.form_id, survey_round.form_version)
            ids = [one.house.id for one in listed]
            freeze(session, survey_round, self.desk.commune_id, _openings(listed, number), form, ids)
        for one in self._of(number, is_new=True):
            self._happens(session, one, number, seen, is_early=False)

    def leave(self, session: Session, other: Stories, season: Season, number: int) -> None:
        """Who moves to the other commune while the round is under way in both."""
        day = season.opens + timedelta(days=LEAVES_AFTER)
        for one in self._of(number, is_new=True) if other is not self else ():
            village_id = other.village_for(one)
            if one.fate is not Fate.LEAVE or village_id is None:
                continue
            given = {"village": village_id, "commune": other.desk.commune_id}
            self._write(session, Wish(RegisterKind.MOVE, one.house.id, day, given=given))
            one.house, one.fate = other.house(session, one.house.id, village_id, one.house.marks), None
            self.known.remove(one)
            other.known.append(one)

    def close(self, session: Session, season: Season, number: int) -> None:
        """The interviews, what is said of those without one, and the steps to the end of the round."""
        survey_round = self._begin(session, season)
        commune_id, there = self.desk.commune_id, self._of(number)
        asked = [one for one in there if one.said_in(number) is None]
        for one in asked:
            self.desk.interview(one.house, season, one.visit(number))
        self.desk.rows.insert(session)
        for one in asked:
            derive_household(session, commune_id, one.house.id, survey_round.id)
            session.flush()  # whether anything stands in the way is asked next
        for one in sorted(there, key=lambda each: each.visit(number).day):
            if kind := one.said_in(number):
                self._said(session, one, season, one.visit(number).day, kind)
                one.is_over = True
        if closing.obstacles_by_commune(session, survey_round, [commune_id])[commune_id]:
            raise RuntimeError("a simulated round cannot be closed")
        [row] = log.rows_of(session, survey_round, [commune_id])
        log.take(session, row, RoundAction.CLOSE, Act(self.desk.workers[Role.SUPERVISOR], at(season.closes, 16)))
        session.flush()  # the steps are numbered
        log.take(session, row, RoundAction.ACCEPT, Act(None, at(season.closes + timedelta(days=10), 9)))
        log.derive_state(session, survey_round)

    def village_for(self, one: Story) -> str | None:
        """Another village for a household, of the same area: its income line stays."""
        found = [id for id, area in self.villages if area is one.area and id != one.house.village_id]
        return self.desk.random.choice(found) if found else None

    def house(self, session: Session, id: str, village_id: str, marks: dict[str, str]) -> House:
        """A household that came onto the register here, under the number that it got."""
        code = session.get_one(Household, (self.desk.commune_id, id)).code
        return House(self.desk.commune_id, id, village_id, marks | {CODE: code})

    def _begin(self, session: Session, season: Season) -> Round:
        lock_commune(session, self.desk.commune_id)
        return session.get_one(Round, season.round.id)

    def _of(self, number: int, *, is_new: bool = False) -> list[Story]:
        """Those that are on the register in a season; `is_new`: to which something happens in it."""
        there = [one for one in self.known if one.since <= number and not one.is_over]
        return [one for one in there if one.since == number] if is_new else there

    def _happens(self, session: Session, one: Story, number: int, day: date, *, is_early: bool) -> None:
        if one.fate in (Fate.TOLD, Fate.HEIR) and is_early:
            self._tell(session, one, number, day)
        elif one.fate is Fate.TWIN_MERGED and one.twin_of and is_early:
            self._merge(session, one, one.twin_of, number, day)
        elif one.fate is Fate.SPLIT and one.is_early is is_early:
            self._split(session, one, number, day)
        elif one.fate is Fate.MOVE and one.is_early is is_early and (village_id := self.village_for(one)):
            self._write(session, Wish(RegisterKind.MOVE, one.house.id, day, given={"village": village_id}))
            one.house.village_id = village_id

    def _tell(self, session: Session, one: Story, number: int, day: date) -> None:
        for kind, name, heir in _told(one.shape, number):
            person = one.shape.people[name]
            code = one.house.called(person.id)
            if kind not in (RegisterKind.BORN, RegisterKind.MARRIED_IN):
                given = {"head": one.house.called(one.shape.people[heir].id)} if heir else {}
                self._write(session, Wish(kind, one.house.id, day, person_id=code, given=given))
            elif person.born < day:
                given = _given(one.house, name, person)
                self._write(session, Wish(kind, one.house.id, day, given=given, new_id=code))

    def _merge(self, session: Session, twin: Story, one: Story, number: int, day: date) -> None:
        """Everybody of the second listing is somebody of the first."""
        self._write(session, Wish(RegisterKind.MERGE, twin.house.id, day, other_id=one.house.id), LISTED_TWICE)
        wishes = [
            Wish(
                RegisterKind.IDENTIFIED, one.house.id, day, person_id=twin.house.called(code),
                given={"as": one.house.called(code)},
            )
            for code in one.shape.codes_before(number)
        ]  # fmt: skip
        carry_out_together(session, self.desk.commune_id, wishes, self._done(day, LISTED_TWICE))
        twin.is_over = True

    def _split(self, session: Session, one: Story, number: int, day: date) -> None:
        own = one.shape.set_up[number]
        code = one.house.called(one.shape.people[own.head].id)
        wish = Wish(
            RegisterKind.SPLIT, one.house.id, day, given={"head": code, "members": [code]},
            new_id=uuid4_of(self.desk.random),
        )  # fmt: skip
        self._write(session, wish)
        house = self.house(session, str(wish.new_id), one.house.village_id, one.house.marks)
        self.known.append(Story(house, one.area, one.shape, None, number, own.visits))

    def _said(self, session: Session, one: Story, season: Season, day: date, kind: OutcomeKind) -> None:
        """A village head says it in the evening, the commune confirms it the next with the act that goes with it."""
        commune_id, desk = self.desk.commune_id, self.desk
        sender, by = (
            session.get_one(Account, desk.workers[role]) for role in (Role.ENUMERATOR, Role.SUPERVISOR)
        )  # fmt: skip
        entry = read_entry(json.loads(json.dumps(entry_of(desk.random, one.house, season, day, kind))))
        receive(session, sender, device(commune_id), [entry], at(day, 18), desk.signer, skew=timedelta(0))
        heard = outcomes.find(
            session, commune_id,
            session.scalars(select(HouseholdOutcome.id).filter_by(commune_id=commune_id, entry_id=entry.id)).one(),
        )  # fmt: skip
        assert heard.act is not None
        other_id = one.twin_of.house.id if one.twin_of else None
        decided = day + timedelta(days=1)
        wish = Wish(heard.act, one.house.id, decided, other_id=other_id)
        done = Done(by.id, at(decided, 20), WITHOUT_INTERVIEW[kind])
        outcomes.decide(session, by, commune_id, heard.row.id, OutcomeAction.CONFIRM, done, seen=heard.seen, wish=wish)

    def _write(self, session: Session, wish: Wish, reason: str = TOLD_THE_COMMUNE) -> None:
        carry_out(session, self.desk.commune_id, wish, self._done(wish.effective_on, reason))

    def _done(self, day: date, reason: str) -> Done:
        return Done(self.desk.workers[Role.SUPERVISOR], at(day, 10), reason)


def _given(house: House, name: str, person: Person) -> dict[str, Any]:
    said = {"name": house.called(name), "sex": person.sex, "relation": person.relation, "number": None}
    if person.cccd:
        said["number"] = house.called(person.cccd)
    born = person.born
    return said | {"day": born.day, "month": born.month, "year": born.year}


def _openings(those: list[Story], number: int) -> dict[str, KnownOpening]:
    """What last year said of households, as their shapes were judged: nobody asks the questionnaire again."""
    if number:
        return {}
    return {
        one.house.id: KnownOpening(
            None, one.shape.base_answers.of(one.house.kept), json.loads(one.shape.base_indicators(0))
        )
        for one in those
    }

"""The whole story of a household: what happened to it, of which class it was, who had a hand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Assessment, Deprivation, Household, RegisterEntry, RegisterEvent, Round, Submission
from models.database import chunks
from survey.problems import Problem
from survey.register import event_log
from survey.register.ledger import Event, Folded, Interview, Standing
from survey.register.persons import Person
from survey.review import outcomes, register_acts, register_preview, requests
from survey.review.hands import Hand, hands
from survey.review.outcomes import Heard
from survey.review.register_preview import Asked
from survey.terms import HouseholdClass, Indicator, RegisterKind, RoundState, SubmissionState

_NUMBER = re.compile(r"([0-9]{5})-[0-9]+-[0-9]+", re.ASCII)  # of a household, as it is printed


@dataclass(frozen=True)
class Line:
    """An event. `said`: of its payload what people read; `other`: the other household; `undone_by`: the number of the
    undoing."""

    seq: int
    kind: RegisterKind
    effective_on: date
    at: datetime
    by: str | None
    account_id: str | None
    reason: str | None
    said: Mapping[str, Any]
    household: Household
    other: Household | None
    voids: int | None
    undone_by: int | None
    communes: tuple[str, ...]  # where undoing it would write
    person: Person | None = None  # whom it is about, as known now
    lost_to: str | None = None  # the rule that stands against it since an interview was accepted: it has no effect

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of it to be undone."""
        return self.kind is RegisterKind.VOID or self.undone_by is not None

    @property
    def is_of_province(self) -> bool:
        """Whether the province takes it back, and not the commune."""
        return len(self.communes) > 1 or requests.is_of_province(self.kind, self.said)


@dataclass(frozen=True)
class Judged:
    """What an accepted interview came to. `lacks`: an indicator that is not in it is not known; `illustrative`: the
    points of B1 rest on a table that is not official."""

    b1: float | None
    b2: float | None
    illustrative: bool
    lacks: Mapping[Indicator, bool]


@dataclass(frozen=True)
class Year:
    """A round that the household was asked in, or is to be: of which class it was before and is now. `entry` None: it
    stands on the round's list no more, yet an interview of it was accepted there."""

    round: Round
    entry: RegisterEntry | None
    interview: Asked | None
    judged: Judged | None = None

    @property
    def before(self) -> HouseholdClass | None:
        """Its class on the start list, as it was frozen."""
        return HouseholdClass(self.entry.opening_class) if self.entry and self.entry.opening_class else None


@dataclass(frozen=True)
class Contradiction:
    """An accepted interview lists somebody against what is known: told on the pages of both households."""

    interview: Interview
    listed_in: Household
    person: Person
    lives_in: Household
    rule: str


@dataclass(frozen=True)
class Story:
    household: Household
    lines: Sequence[Line]  # the newest first
    interviews: Sequence[Asked]
    years: Sequence[Year]
    standing: Standing | None  # what it was on the day that is asked about; None: not on the register
    members: Sequence[Person]
    former: Sequence[Person]  # who was met there and lives there no more
    same_as: Household | None
    survivor: Household | None  # whom its code names now, where that is another
    merged: Sequence[Household]  # those that were merged into it, or are its duplicates
    outcomes: Sequence[Heard]  # what was said of it without an interview, the newest first
    contradictions: Sequence[Contradiction] = ()
    hands: Sequence[tuple[Hand, str | None]] = ()  # what each did, and their names, the newest first


def find(session: Session, commune_id: str, wanted: str) -> Household:
    """By its id or its number; raises not_found, also where several bear the number."""
    known = session.get(Household, (commune_id, wanted))
    query = select(Household).where(Household.commune_id == commune_id, Household.code == wanted)
    found = [known] if known is not None else list(session.scalars(query.limit(2)))
    if len(found) != 1:
        raise Problem("not_found")
    return found[0]


def find_other(session: Session, commune_id: str, wanted: str) -> Household:
    """The other household of an act within the commune. Raises as `find`, and `register_other_commune` for the number
    of another commune, by its form alone: nobody learns here who lives there."""
    try:
        return find(session, commune_id, wanted)
    except Problem as refusal:
        number = _NUMBER.fullmatch(wanted)
        if number is None or number[1] == commune_id:
            raise
        raise Problem("register_other_commune", detail={"other": wanted, "commune": number[1]}) from refusal


def story(session: Session, commune_id: str, household_id: str, as_of: date | None = None) -> Story:
    """`as_of`: with the state and the members of that day, as is known now. Raises not_found."""
    household = session.get(Household, (commune_id, household_id))
    if household is None:
        raise Problem("not_found")
    interviews = register_preview.interviews(session, commune_id, household_id)
    asked = [one for _, one in interviews]
    same = select(Household).where(Household.commune_id == commune_id, Household.same_as == household_id)
    now = register_acts.known_of(session, household)
    folded = now if as_of is None else register_acts.known_of(session, household, as_of)
    survivor = folded.survivor(household_id)
    lines = _lines(session, household, now)
    heard = outcomes.of_household(session, commune_id, household_id)
    written = [Hand(line.at, line.account_id, f"register.{line.kind}") for line in lines]
    return Story(
        household,
        lines,
        asked,
        _years(session, household, interviews),
        folded.households.get(household_id),
        folded.people.members(household_id),
        folded.people.former(household_id),
        session.get(Household, (commune_id, household.same_as)) if household.same_as else None,
        session.get(Household, (commune_id, survivor)) if survivor != household_id else None,
        session.scalars(same.order_by(Household.code)).all(),
        heard,
        contradictions(session, commune_id, household_id, folded),
        hands(session, commune_id, household_id, written, [one for one, _ in interviews], heard),
    )


def contradictions(session: Session, commune_id: str, household_id: str, known: Folded) -> list[Contradiction]:
    """Where somebody stands in an interview who cannot be a member by it, of the household asked or of their own."""
    found = []
    for one in known.failing:
        person = known.people.known.get(one.person_id or "")
        if not isinstance(one.item, Interview) or person is None:
            continue
        asked_id, home_id = one.item.household_id, person.household_id
        if household_id in (asked_id, home_id):
            listed, lives = (session.get_one(Household, (commune_id, id)) for id in (asked_id, home_id))
            found.append(Contradiction(one.item, listed, person, lives, one.rule))
    return found


def lines(session: Session, household: Household) -> list[Line]:
    """The events that name a household, the newest first."""
    return _lines(session, household, register_acts.known_of(session, household))


def _lines(session: Session, household: Household, known: Folded) -> list[Line]:
    around = event_log.rows_around(session, household.commune_id, [household.id])
    return lines_of(session, [row for row in around if household.id in (row.household_id, row.other_id)], known)


def lines_of(session: Session, rows: Sequence[RegisterEvent], known: Folded) -> list[Line]:
    """Events as they are read, the newest first; `known`: what they come to."""
    undone = {row.voids: row.seq for row in rows}
    communes: dict[str, set[str]] = {}
    for chunk in chunks({row.act for row in rows}):
        acts = select(RegisterEvent.act, RegisterEvent.commune_id).where(RegisterEvent.act.in_(chunk)).distinct()
        for act, commune_id in session.execute(acts):
            communes.setdefault(act, set()).add(commune_id)
    return [_line(session, row, undone, communes[row.act], known) for row in reversed(rows)]


def rule_against_undoing(session: Session, line: Line, today: date) -> str | None:
    """Why an event cannot be undone now; None when it can. It is tried: dear for a whole story, and no page asks."""
    if line.is_over:
        return "register_undone"
    return register_acts.plan_undo(session, line.household.commune_id, line.seq, today).rule


def _line(
    session: Session, row: RegisterEvent, undone: Mapping[int | None, int], communes: Iterable[str], known: Folded
) -> Line:
    by = session.get(Account, row.account_id) if row.account_id else None
    return Line(
        row.seq,
        RegisterKind(row.kind),
        row.effective_on,
        row.at,
        by.display_name if by else None,
        row.account_id,
        row.reason,
        row.payload,
        session.get_one(Household, (row.commune_id, row.household_id)),
        session.get(Household, (row.commune_id, row.other_id)) if row.other_id else None,
        row.voids,
        undone.get(row.seq),
        tuple(sorted(communes)),
        known.people.who(row.person_id),
        next((one.rule for one in known.failing if isinstance(one.item, Event) and one.item.seq == row.seq), None),
    )


def _years(session: Session, household: Household, interviews: Sequence[tuple[Submission, Asked]]) -> list[Year]:
    """The rounds of its start lists, then those that it was taken off again after an interview, the newest first."""
    rows = session.execute(
        select(Round, RegisterEntry)
        .join(RegisterEntry, RegisterEntry.round_id == Round.id)
        .where(RegisterEntry.commune_id == household.commune_id, RegisterEntry.household_id == household.id)
    ).all()
    accepted = [pair for pair in interviews if pair[1].state is SubmissionState.ACCEPTED]
    judged = _judged(session, household.commune_id, [one.submission_id for _, one in accepted])
    by_id = {one.submission_id: one for _, one in interviews}
    years = []
    for survey_round, entry in rows:
        one = by_id.get(entry.submission_id or "")
        years.append(Year(survey_round, entry, one, judged.get(one.submission_id) if one else None))
    listed = {survey_round.id for survey_round, _ in rows}
    for submission, one in accepted:
        left = None if submission.round_id in listed else session.get(Round, submission.round_id)
        if left is not None:
            years.append(Year(left, None, one, judged[one.submission_id]))
    return sorted(years, key=lambda one: (-one.round.year, one.round.state != RoundState.OPEN, one.round.id))


def _judged(session: Session, commune_id: str, submission_ids: Sequence[str]) -> dict[str, Judged]:
    """Of interviews whose assessments were read before, so that all of a household's cost one query."""
    lacks: dict[str, dict[Indicator, bool]] = {id: {} for id in submission_ids}
    for chunk in chunks(submission_ids):
        rows = select(Deprivation.submission_id, Deprivation.indicator, Deprivation.deprived).where(
            Deprivation.commune_id == commune_id, Deprivation.submission_id.in_(chunk)
        )
        for submission_id, indicator, deprived in session.execute(rows):
            lacks[submission_id][Indicator(indicator)] = deprived
    found = {}
    for id, known in lacks.items():
        one = session.get_one(Assessment, (commune_id, id))
        found[id] = Judged(one.b1_points, one.b2_points, one.illustrative, known)
    return found

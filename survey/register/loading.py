"""What a plan without mistakes and open questions comes to, written onto the register in short transactions.

`rows_of` makes plain rows of a plan (they outlive a process as JSON), `parts` cuts them, `write` writes one part. The
first brings the villages and takes the numbers of all households, if the register is as it was when the plan was made.
From then on nothing that others write can stand against the rest, so a load that has begun is brought to its end, and
never taken back halfway: an undoing would leave thousands of households in the log as entered and withdrawn, and the
list could not come again. A commune's writers wait for one part, not for thirty thousand rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import Household, Place, PlacePeriod, RegisterEntry, RegisterEvent
from models.commune_counter import lock_commune, next_changes
from survey.calendar.standing import open_in
from survey.clocks import day_of
from survey.evidence import audit
from survey.evidence.lineage import generation
from survey.register import event_log
from survey.register.places import add_village, taken_all
from survey.register.plan import Basis, Plan
from survey.register.remembered_words import remember
from survey.tallies.places import follow
from survey.terms import Area, HouseholdState, RegisterState, RoundKind

IN_ONE = 100  # households of one transaction, a tenth of a second
AGAIN = 3  # how often a plan is made anew because the register changed meanwhile


class Changed(Exception):
    """The register is not as it was when the plan was made."""


@dataclass(frozen=True)
class Rows:
    """What is new: `households` with "id", "code", "village", "head", "class", "answers"; `words`: kind, word,
    meaning."""

    commune_id: str
    basis: list[str]
    villages: list[dict[str, Any]]
    households: list[dict[str, Any]]
    words: list[list[str]]
    counts: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Part(NamedTuple):
    """Households from `start` to before `stop`. The first has none: it prepares the rest."""

    start: int
    stop: int
    total: int


def basis_of(session: Session, commune_id: str) -> Basis:
    households = select(func.count(), func.max(Household.created_at)).where(Household.commune_id == commune_id)
    villages = (select(func.count()).select_from(PlacePeriod).join(Place, Place.id == PlacePeriod.place_id)).where(
        Place.parent_id == commune_id
    )
    counts = (*session.execute(households).one(), session.scalar(villages))
    return Basis(counts, generation(session), event_log.end_of(session, commune_id))


def rows_of(plan: Plan) -> Rows:
    """ValueError when the plan has mistakes or open questions."""
    if plan.mistakes or plan.open_questions:
        raise ValueError("a plan with mistakes or open questions is not carried out")
    villages = [
        {"number": int(one.id.rsplit("-", 1)[1]), "name": one.name, "division": one.division, "area": one.area.value}
        for one in plan.new_villages
        if one.area is not None
    ]
    households = [
        {
            "id": one.id,
            "code": one.code,
            "village": one.village_id,
            "head": one.head,
            "class": one.household_class.value if one.household_class else None,
            "answers": one.base_answers,
        }
        for one in plan.new_households
    ]
    words = [[kind, word, meaning] for (kind, word), meaning in plan.words.items()]
    return Rows(plan.commune_id, _told(plan.basis), villages, households, words, plan.counts())


def parts(rows: Rows, entered: int | None = None) -> Iterator[Part]:
    """The parts that are left when so many households are there; None: not begun."""
    total = len(rows.households)
    if entered is None:
        yield Part(0, 0, total)
    for start in range(entered or 0, total, IN_ONE):
        yield Part(start, min(start + IN_ONE, total), total)


def write(session: Session, rows: Rows, part: Part, done: event_log.Done) -> None:
    """Write one part. Raises Changed from the first, when the plan does not hold any more."""
    lock_commune(session, rows.commune_id)
    if part.stop == 0:
        if _told(basis_of(session, rows.commune_id)) != rows.basis:
            raise Changed
        for village in rows.villages:
            add_village(session, rows.commune_id, **village | {"area": Area(village["area"])}, done=done)
        taken_all(session, (one["code"] for one in rows.households))
        words = {(kind, word): meaning for kind, word, meaning in rows.words}
        remember(session, rows.commune_id, words, done.at, done.account_id)
    else:
        _enter(session, rows.commune_id, rows.households[part.start : part.stop], done)
    if part.stop == part.total and (rows.villages or rows.households):
        audit.record(session, done.at, done.account_id, "register.imported", rows.commune_id, rows.counts)


def carry_out(session: Session, plan: Plan, now: datetime, account_id: str | None = None) -> None:
    """All parts in one transaction, where nobody waits. ValueError when the plan has mistakes or open questions."""
    rows, done = rows_of(plan), event_log.Done(account_id, now)
    for part in parts(rows):
        write(session, rows, part, done)


def load(
    transaction: Callable[[], AbstractContextManager[Session]],
    reading: Callable[[], AbstractContextManager[Session]],
    made: Plan,
    make: Callable[[Session], Plan],
    done: event_log.Done,
) -> Plan:
    """Carry a plan out part by part, made again where the register changed meanwhile. Returns the plan that counted:
    nothing was done when it has mistakes or open questions."""
    for _time in range(AGAIN):
        if made.mistakes or made.open_questions:
            return made
        rows = rows_of(made)
        try:
            for part in parts(rows):
                with transaction() as session:
                    write(session, rows, part, done)
            return made
        except Changed:
            with reading() as session:
                made = make(session)
    raise Changed


def _told(basis: Basis) -> list[str]:
    """As JSON keeps it."""
    return [str(one) for one in (*basis.counts, basis.generation, *basis.log_end)]


def _enter(session: Session, commune_id: str, given: list[dict[str, Any]], done: event_log.Done) -> None:
    """New households with the events by which they come onto the register, and their entries in open rounds."""
    households = [
        {
            "commune_id": commune_id,
            "id": one["id"],
            "code": one["code"],
            "village_id": one["village"],
            "base_head_name": one["head"],
            "base_class": one["class"],
            "base_answers": one["answers"],
            "head_name": one["head"],
            "current_class": one["class"],
            "current_answers": one["answers"],
            "created_at": done.at,
            "state": HouseholdState.PRESENT.value,
        }
        for one in given
    ]
    session.execute(insert(Household), households)
    entered = [(one["id"], _payload(one)) for one in given]
    events = event_log.entered(
        commune_id, entered, day_of(done.at), done,
        generation=generation(session), after=event_log.end_of(session, commune_id),
    )  # fmt: skip
    columns = [one.name for one in RegisterEvent.__table__.columns]
    session.execute(insert(RegisterEvent), [{name: getattr(event, name) for name in columns} for event in events])
    for survey_round in open_in(session, commune_id, RoundKind.PERIODIC):
        _ask_in(session, commune_id, households, survey_round.id)


def _payload(one: dict[str, Any]) -> dict[str, Any]:
    payload = {key: one[key] for key in ("code", "village", "head", "class")}
    return payload | ({} if one["answers"] is None else {"answers": one["answers"]})


def _ask_in(session: Session, commune_id: str, households: list[dict[str, Any]], round_id: str) -> None:
    """All new households' entries in a round at once, each with a change number of its own."""
    entries = [
        {
            "commune_id": commune_id,
            "round_id": round_id,
            "household_id": row["id"],
            "village_id": row["village_id"],
            "state": RegisterState.TO_VISIT.value,
            "opening_class": row["current_class"],
            "opening_answers": row["current_answers"],
            "change": change,
        }
        for row, change in zip(households, next_changes(session, commune_id, len(households)), strict=True)
    ]
    session.execute(insert(RegisterEntry), entries)
    follow(session, commune_id, round_id, [row["id"] for row in households])

"""Numbers of residents entered, confirmed by another, refused, taken back, taken out again; nothing is changed or
deleted. The caller has asked whether the account may do this there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Place, ResidentCount, ResidentStep
from survey.clocks import day_of
from survey.problems import Problem
from survey.register.event_log import Done
from survey.residents.residents import Entered, Numbers, entered_of
from survey.residents.two_eyes import may_follow
from survey.submissions import register_table
from survey.submissions.register_table import Level
from survey.terms import ResidentAction, ResidentState, ResidentStatus

EARLIEST = date(2000, 1, 1)
MOST = 100_000_000  # more than live in the country
MAX_SOURCE = 500


@dataclass(frozen=True)
class Given:
    """What somebody says of a place."""

    place_id: str
    as_of: date
    numbers: Numbers
    status: ResidentStatus
    source: str


def faults(given: Given, today: date) -> Iterator[tuple[str, str]]:
    """What cannot be: the field and a code of `csv_rows.SENTENCES`."""
    one = given.numbers
    if given.as_of > today:
        yield "as_of", "day_ahead"
    if one.persons is not None and one.households is not None and one.persons < one.households:
        yield "persons", "persons_below_households"
    for unit in ("households", "persons"):
        whole, kinh, dtts = (getattr(one, name) for name in (unit, f"kinh_{unit}", f"dtts_{unit}"))
        if (kinh is None) != (dtts is None):
            yield f"dtts_{unit}", "one_part_missing"
        elif kinh is not None and dtts is not None and whole is None:
            yield unit, "whole_missing"
        elif kinh is not None and dtts is not None and kinh + dtts > whole:
            yield f"dtts_{unit}", "parts_above_whole"


def enter(session: Session, given: Sequence[Given], done: Done) -> None:
    """Write down what was said, all in one act; another account confirms it. Raises `residents_wrong`, `bad_request`
    where nobody entered it."""
    if done.account_id is None:
        raise Problem("bad_request")
    today = day_of(done.at)
    for one in given:
        if list(faults(one, today)) or one.numbers.households is None or not one.source.strip():
            raise Problem("residents_wrong")
    last = _last(session, [one.place_id for one in given])
    for one in given:
        last[one.place_id] += 1
        count = ResidentCount(
            place_id=one.place_id, seq=last[one.place_id], act=done.act, as_of=one.as_of, status=one.status.value,
            source=one.source.strip()[:MAX_SOURCE], account_id=done.account_id, at=done.at, **one.numbers._asdict(),
        )  # fmt: skip
        session.add(count)


def _last(session: Session, places: Iterable[str]) -> dict[str, int]:
    """The last number of each place; whoever else enters something of them waits."""
    ids = held(session, places)
    found = dict.fromkeys(ids, 0)
    rows = select(ResidentCount.place_id, func.max(ResidentCount.seq)).where(ResidentCount.place_id.in_(ids))
    found |= {place_id: seq for place_id, seq in session.execute(rows.group_by(ResidentCount.place_id))}  # noqa: C416 - dict() needs tuples
    return found


def held(session: Session, places: Iterable[str]) -> list[str]:
    """Hold the places until the transaction ends; whoever else writes of them waits. Raises not_found when one of them
    is none."""
    ids = sorted(set(places))
    query = select(Place.id).where(Place.id.in_(ids)).order_by(Place.id).with_for_update()
    found = list(session.scalars(query))
    if len(found) < len(ids):
        raise Problem("not_found")
    return found


def decide(session: Session, place_id: str, seq: int, action: ResidentAction, done: Done) -> None:
    """Confirm, refuse, take back or take out. Raises `not_found`, `not_allowed_now`, `own_residents` where who entered
    it would confirm it, `register_reason_needed`."""
    if done.account_id is None:
        raise Problem("bad_request")
    held(session, [place_id])
    one = next((one for one in entered_of(session, [place_id]).get(place_id, ()) if one.count.seq == seq), None)
    if one is None:
        raise Problem("not_found")
    _step(session, one, action, done)


def _step(session: Session, one: Entered, action: ResidentAction, done: Done) -> None:
    may_follow(one.state, action, one.count.account_id == done.account_id, done.reason)
    step = ResidentStep(
        place_id=one.count.place_id, seq=one.count.seq, number=len(one.steps) + 1, entered_by=one.count.account_id,
        action=action.value, reason=(done.reason or "").strip()[:MAX_SOURCE], account_id=done.account_id, at=done.at,
    )  # fmt: skip
    session.add(step)


def places_of(session: Session, act: str) -> list[str]:
    """Of which places something was entered in one act."""
    return sorted(set(session.scalars(select(ResidentCount.place_id).where(ResidentCount.act == act))))


def confirm_all(session: Session, act: str, places: Iterable[str], done: Done) -> int:
    """Confirm what still waits of one act in `places`; how many there were. Raises `not_found` when nothing does,
    `own_residents`."""
    reach = set(places)
    ids = [one for one in places_of(session, act) if one in reach]
    held(session, ids)
    waiting = [
        one for those in entered_of(session, ids).values() for one in those
        if one.count.act == act and one.state is ResidentState.WAITING
    ]  # fmt: skip
    if not waiting:
        raise Problem("not_found")
    for one in waiting:
        _step(session, one, ResidentAction.CONFIRM, done)
    return len(waiting)


def declared(session: Session, commune_id: str, as_of: date, source: str, today: date) -> list[Given]:
    """A commune and its villages as the register has them on a day, which the commune says to be all who live there.
    Persons are not known where of one household nobody listed them; of which ethnic group they are is left open."""
    found = register_table.state(session, [commune_id], today, day=as_of, with_lacks=False)
    tallies = {commune_id: found.total()}
    tallies |= {str(key[-1]): one for key, one in found.counts(Level.VILLAGE).items() if key[1] == commune_id}
    return [
        Given(
            place_id, as_of, Numbers(tally.total, None if tally.unlisted else tally.persons), ResidentStatus.REGISTER,
            source,
        )
        for place_id, tally in tallies.items()
    ]  # fmt: skip

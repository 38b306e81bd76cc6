"""Who had which benefit in which window, as the register knows them now: derived of supports, of reversals and of the
register's log, and made again whenever one of them moves on.

A support takes up its benefit for everybody who is heir to it: a household that was merged, and what it was merged
into; of one that was split since, both. Of two supports that come to take up the same (their households were merged
since) the first that was written down has it, and the other is told as given twice; nobody takes it back by itself.

A person's number is taken up as well, by a keyed hash: who was given it as a worker outside the register and as a
member of a household was given it twice. Of two members with one number one is written wrong; none loses by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Household, Support, SupportClaim, SupportReversal
from models.database import chunks
from survey.programmes.catalogue import catalogue_of
from survey.register.event_log import naming
from survey.register.ledger import Event, households_in, live
from survey.residents.entering import held
from survey.support_terms import SupportSubject, SupportWindow
from survey.supports.rules import Rule, window_key
from survey.terms import RegisterKind

_K = RegisterKind
_LINKS = (_K.SPLIT, _K.MERGE, _K.UNMERGE, _K.IDENTIFIED)


class Taken(NamedTuple):
    """What a support takes up: once each province-wide."""

    benefit_group: str
    subject: str
    window_key: str
    household_id: str | None


class Whom(NamedTuple):
    """To whom something was given. `number`: the keyed hash of the identity number of a worker outside the register, or
    of a member as the register knew it."""

    household_id: str | None
    person_id: str | None = None
    number: str | None = None


def of_household(household_id: str) -> str:
    return f"h:{household_id}"


def of_person(person_id: str) -> str:
    return f"p:{person_id}"


def of_number(index: str) -> str:
    return f"n:{index}"


def rules_of(session: Session, province_id: str) -> dict[str, Rule]:
    """By kind, as they stand."""
    kinds = catalogue_of(session, province_id).kinds.values()
    return {one.code: Rule(one.benefit_group, SupportSubject(one.subject), SupportWindow(one.once_in)) for one in kinds}


def takes(session: Session, rule: Rule | None, whom: Whom, given_on: date, programme: str) -> list[Taken]:
    """What a support takes up, by the rule of its kind; nothing where the kind is given as often as it is needed, or
    is withdrawn."""
    key = window_key(rule.window, given_on, programme) if rule is not None else None
    if rule is None or key is None:
        return []
    is_of_person = rule.subject is SupportSubject.PERSON
    subjects: list[tuple[str, str | None]] = []
    if whom.number and (is_of_person or whom.household_id is None):
        subjects.append((of_number(whom.number), None))  # of no household: phones are not told it
    if whom.household_id is not None and is_of_person:
        codes = _codes_of(session, whom.household_id, whom.person_id)
        subjects += [(of_person(code), whom.household_id) for code in codes]
    elif whom.household_id is not None:
        subjects += [(of_household(id), id) for id in sorted(heirs_of(session, whom.household_id, given_on))]
    return [Taken(rule.benefit_group, subject, key, household_id) for subject, household_id in subjects]


def _taken_by(session: Session, one: Support, rule: Rule | None) -> list[Taken]:
    whom = Whom(one.household_id, one.person_id, one.worker_number or one.person_number)
    return takes(session, rule, whom, one.given_on, one.programme)


def heirs_of(session: Session, household_id: str, given_on: date) -> set[str]:
    """To whom that counts what a household was given on a day: itself, what it was merged into, what was split off
    since."""
    return _heirs(_linked(session, {household_id}), household_id, given_on)


def _heirs(links: Iterable[Event], household_id: str, given_on: date) -> set[str]:
    came_by: dict[str, str] = {household_id: ""}
    for event in sorted(links, key=lambda one: one.place):
        other = event.other_id
        if event.household_id not in came_by or other is None:
            continue
        is_split = event.kind is _K.SPLIT and event.effective_on >= given_on
        if is_split or event.kind is _K.MERGE:
            came_by.setdefault(other, event.household_id if event.kind is _K.MERGE else "")
        elif event.kind is _K.UNMERGE and came_by.get(other) == event.household_id:
            del came_by[other]
    return set(came_by)


def _codes_of(session: Session, household_id: str, person_id: str | None) -> list[str]:
    """The code of a person, and those of whom it was found to be one."""
    if person_id is None:
        return []
    codes, waiting = {person_id}, [person_id]
    communes = session.scalars(select(Household.commune_id).where(Household.id == household_id)).all()
    while waiting:
        code = waiting.pop()
        for commune_id in communes:
            for event in live(naming(session, commune_id, [code])):
                other = event.payload.get("as") if event.kind is _K.IDENTIFIED and event.person_id == code else None
                if isinstance(other, str) and other and other not in codes:
                    codes.add(other)
                    waiting.append(other)
    return sorted(codes)


def _linked(session: Session, household_ids: set[str]) -> list[Event]:
    """The splits and merges that hold and by which these households are kin to others, in all communes."""
    found: dict[tuple[str, int], Event] = {}
    asked: set[str] = set()
    wanted = set(household_ids)
    while wanted:
        for commune_id, ids in _communes_of(session, wanted).items():
            events = [event for event in live(naming(session, commune_id, ids)) if event.kind in _LINKS]
            found |= {(commune_id, event.seq): event for event in events}
        asked |= wanted
        wanted = {id for one in found.values() for id in (one.household_id, one.other_id) if id} - asked
    return list(found.values())


def _communes_of(session: Session, household_ids: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for chunk in chunks(household_ids):
        for commune_id, id in session.execute(
            select(Household.commune_id, Household.id).where(Household.id.in_(chunk))
        ):
            found.setdefault(commune_id, []).append(id)
    return found


def own_of(taken: Iterable[Taken]) -> list[Taken]:
    """Of what a support takes up, that which can be nobody else's: all but the number of a member, which may be
    another's that was written wrong."""
    known = list(taken)
    return [one for one in known if one.household_id is not None] or known


def owners(session: Session, province_id: str, taken: Sequence[Taken]) -> list[SupportClaim]:
    """The claims that stand in the way, of supports that were written down before. A number stands in the way of a
    member where it is a worker's outside the register."""
    own = own_of(taken)
    found = []
    for chunk in chunks({one.subject for one in taken}):
        query = (
            select(SupportClaim, Support.household_id)
            .join(Support, (Support.commune_id == SupportClaim.commune_id) & (Support.id == SupportClaim.support_id))
            .where(SupportClaim.province_id == province_id, SupportClaim.subject.in_(chunk))
        )
        for row, household_id in session.execute(query):
            known = Taken(row.benefit_group, row.subject, row.window_key, None)
            is_in_the_way = known in {
                one._replace(household_id=None) for one in (taken if household_id is None else own)
            }
            found += [row] if is_in_the_way else []
    return found


def claim(session: Session, one: Support, taken: Sequence[Taken]) -> bool:
    """Take it up for a support that is being written down, in a province that is held; whether all that can be nobody
    else's was free. What another has stays with that one."""
    made = _claim(session, one, taken)
    own, missed = {each.subject for each in own_of(taken)}, {each.subject for each in taken} - made
    if missed - own and one.person_number:  # the first of the members who have it is to be the one that `remake` finds
        _settle(session, one.province_id, numbered(session, one.province_id, {one.person_number}))
    return own <= made


def _claim(session: Session, one: Support, taken: Sequence[Taken]) -> set[str]:
    """The subjects that were free."""
    if not taken:
        return set()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    of_all = {"province_id": one.province_id, "commune_id": one.commune_id, "support_id": one.id}
    statement = insert(SupportClaim).values([of_all | each._asdict() for each in taken])
    return set(session.scalars(statement.on_conflict_do_nothing().returning(SupportClaim.subject)))


def hold(session: Session, province_id: str) -> None:
    """Whoever else writes supports of the province waits, in whichever commune."""
    held(session, [province_id])


def settle(session: Session, household_ids: Iterable[str], person_ids: Iterable[str] = ()) -> None:
    """Make the claims again of supports that bear on some households and persons, after an act in the register; the
    caller holds their communes. The first that was written down has each. Which number they have is not of the
    register, so whoever else has it keeps what they have."""
    _settle_all(session, _bearing_on(session, household_ids, person_ids))


def release(session: Session, one: Support) -> None:
    """The same after a support was taken back, of all who may have it now; the caller holds its commune."""
    homes, persons = [one.household_id] if one.household_id else [], [one.person_id] if one.person_id else []
    found = {(each.commune_id, each.id): each for each in _bearing_on(session, homes, persons)}
    number = one.worker_number or one.person_number
    if number is not None:
        found |= {(each.commune_id, each.id): each for each in numbered(session, one.province_id, {number})}
    _settle_all(session, list(found.values()))


def _bearing_on(session: Session, household_ids: Iterable[str], person_ids: Iterable[str]) -> list[Support]:
    homes = set(household_ids)
    homes |= {id for one in _linked(session, homes) for id in (one.household_id, one.other_id) if id}
    return _standing(session, homes, set(person_ids))


def _settle_all(session: Session, found: Sequence[Support]) -> None:
    for province_id in sorted({one.province_id for one in found}):
        hold(session, province_id)
        _settle(session, province_id, [one for one in found if one.province_id == province_id])


def follow(session: Session, events: Sequence[Event]) -> None:
    """After acts in the register, whose communes the caller holds: who is heir to what may be others now."""
    told = [one for one in events if one.kind in (*_LINKS, _K.VOID)]
    if told:
        settle(session, households_in(told), {one.person_id for one in told if one.person_id})


def _standing(session: Session, household_ids: set[str], person_ids: set[str]) -> list[Support]:
    """Supports of these, those that were taken back too: what they took up becomes free."""
    found: dict[tuple[str, str], Support] = {}
    for column, ids in ((Support.household_id, household_ids), (Support.person_id, person_ids)):
        for chunk in chunks(ids):
            for row in session.scalars(select(Support).where(column.in_(chunk))):
                found[row.commune_id, row.id] = row
    return list(found.values())


def numbered(session: Session, province_id: str, numbers: Iterable[str]) -> list[Support]:
    """Supports of whoever has one of these numbers, in a province: workers outside the register, and members."""
    found: list[Support] = []
    for chunk in chunks(set(numbers)):
        has_it = Support.worker_number.in_(chunk) | Support.person_number.in_(chunk)
        found += session.scalars(select(Support).where(has_it, Support.province_id == province_id))
    return list({(one.commune_id, one.id): one for one in found}.values())


def settle_numbers(session: Session, province_id: str, numbers: Iterable[str]) -> None:
    """The same of whoever has some numbers, in a province that is held."""
    _settle(session, province_id, numbered(session, province_id, numbers))


def _settle(session: Session, province_id: str, supports: Sequence[Support]) -> None:
    for one in supports:
        session.execute(delete(SupportClaim).filter_by(commune_id=one.commune_id, support_id=one.id))
    gone = _reversed(session, supports)
    rules = rules_of(session, province_id)
    for one in sorted(supports, key=lambda each: (each.at, each.exception != "", each.id)):
        if (one.commune_id, one.id) not in gone:
            _claim(session, one, _taken_by(session, one, rules.get(one.kind)))


def _reversed(session: Session, supports: Sequence[Support]) -> set[tuple[str, str]]:
    of = SupportReversal
    ids = {one.id for one in supports}
    rows = (session.execute(select(of.commune_id, of.support_id).where(of.support_id.in_(c))) for c in chunks(ids))
    return {(commune_id, id) for each in rows for commune_id, id in each}


def provinces(session: Session) -> list[str]:
    """What `remake` is to be asked of."""
    return list(session.scalars(select(Support.province_id).distinct().order_by(Support.province_id)))


def remake(session: Session, province_id: str) -> None:
    """All claims of a province, made again; after the kinds' rules were changed too."""
    hold(session, province_id)
    session.execute(delete(SupportClaim).where(SupportClaim.province_id == province_id))
    _settle(session, province_id, session.scalars(select(Support).filter_by(province_id=province_id)).all())

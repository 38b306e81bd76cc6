"""One person, one household: what a search for persons in two households found, and what a person said of it.

A search reads every present household of its communes, compares (`likeness.py`) and writes down the pairs. A person
decides, sees both sides, and is not asked again while what was compared stays as it is. "The same" is followed by a
merge, which is an act of its own; a person who lives in one of the two is put right in an interview.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, defer

from models import Alike, AlikeVerdict, Household
from models.commune_counter import lock_commune
from models.database import chunks
from survey.canonical import canonical
from survey.members import NAME, members_in
from survey.names import name_key
from survey.problems import Problem
from survey.register.last_year import MEMBER_COLUMNS
from survey.register.likeness import HouseholdPair, Likeness, Listed, Told, pairs, to_nobody
from survey.terms import HouseholdState, LikenessVerdict

_YEAR, _MONTH, _DAY, _SEX, _NUMBER = (
    MEMBER_COLUMNS[column][0] for column in ("birth_year", "birth_month", "birth_day", "sex", "cccd")
)


@dataclass(frozen=True)
class Search:
    """What was found among the households of some communes; `persons`: how many were compared."""

    communes: tuple[str, ...]
    persons: int
    found: tuple[Alike, ...]


@dataclass(frozen=True)
class Question:
    """A pair that is asked about or was: the two households, who is like whom in what, what was said last of it."""

    alike: Alike
    one: Household
    other: Household
    said: AlikeVerdict | None

    @property
    def persons(self) -> list[tuple[Listed, Listed, list[Likeness]]]:
        ours, theirs = people_in(self.one), people_in(self.other)
        return [
            (_listed(self.one, ours[at]), _listed(self.other, theirs[place]), [Likeness(kind) for kind in kinds])
            for at, place, kinds in self.alike.persons
            if at < len(ours) and place < len(theirs)
        ]

    @property
    def is_as_found(self) -> bool:
        """Whether the persons at these places are still those that the search compared."""
        return _compared(self.one, self.other, self.alike.persons) == self.alike.compared

    @property
    def verdict(self) -> LikenessVerdict | None:
        return LikenessVerdict(self.said.verdict) if self.said else None

    @property
    def is_open(self) -> bool:
        """Nobody has said anything, or not of what stands there now."""
        return self.said is None or self.said.verdict == LikenessVerdict.ASKED_AGAIN or not self._is_of_this

    @property
    def was_said_of_other_values(self) -> bool:
        return self.said is not None and not self._is_of_this

    @property
    def _is_of_this(self) -> bool:
        return self.said is not None and self.said.compared == self.alike.compared


def people_in(household: Household) -> list[dict[str, Any]]:
    """Its members as last known; of one without any, the head."""
    return members_in(household.current_answers) or [{NAME: household.head_name}]


def search(
    session: Session, communes: Sequence[str], now: datetime, read: Told = to_nobody, compared: Told = to_nobody
) -> Search:
    """Compare the present households of `communes` with each other. Reads alone: see `keep`. `read` hears how many of
    the communes were read, then `compared` how many of their persons were gone through."""
    places = array("l")  # of each person among the members of their household

    def everybody() -> Iterator[Listed]:
        for household in _present(session, communes, read):
            for place, member in enumerate(people_in(household)):
                places.append(place)
                yield _listed(household, member)

    kept: dict[tuple[str, str], Alike] = {}
    for pair in pairs(everybody(), told=compared):
        one = _alike(session, pair, places, now)
        # Where two communes gave one id, a pair of ids is told once: the strongest.
        if one.household_id != one.other_id:
            kept.setdefault((one.household_id, one.other_id), one)
    return Search(tuple(communes), len(places), tuple(kept.values()))


def keep(session: Session, made: Search) -> None:
    """Put what a search found in the place of what an earlier one found among the same communes."""
    for commune_id in to_keep(session, made):
        keep_of(session, made, commune_id)


def to_keep(session: Session, made: Search) -> list[str]:
    """The communes of whose households a pair was found, now or by an earlier search: `keep_of` each, in any order."""
    earlier = select(Alike.commune_id).where(
        Alike.commune_id.in_(made.communes), Alike.other_commune_id.in_(made.communes)
    )
    return sorted({*session.scalars(earlier.distinct()), *(one.commune_id for one in made.found)})


def keep_of(session: Session, made: Search, commune_id: str) -> None:
    """The same for the pairs whose first household lives in one commune: nobody waits for those of a province."""
    found = {(one.household_id, one.other_id): one for one in made.found if one.commune_id == commune_id}
    for one in sorted({commune_id, *(one.other_commune_id for one in found.values())}):
        lock_commune(session, one)
    of_it = (Alike.commune_id == commune_id) & Alike.other_commune_id.in_(made.communes)
    session.execute(delete(Alike).where(of_it))
    # The same pair may stand there from when one of the two lived in another commune.
    for chunk in chunks(household_id for household_id, _ in found):
        for old in session.scalars(select(Alike).where(Alike.household_id.in_(chunk))).all():
            if (old.household_id, old.other_id) in found:
                session.delete(old)
    session.flush()  # deleted before the new ones come
    session.add_all(found.values())


def found_among(session: Session, communes: Sequence[str]) -> list[Alike]:
    """What the last search kept of the pairs among `communes`, the strongest first."""
    query = select(Alike).where(Alike.commune_id.in_(communes), Alike.other_commune_id.in_(communes))
    return list(session.scalars(query.order_by(Alike.strength.desc(), Alike.household_id, Alike.other_id)))


def questions(session: Session, communes: Sequence[str], *, across: bool = False) -> list[Question]:
    """The pairs of `communes`, the strongest first: those within one commune, or (`across`) those of two communes that
    are both among them. A pair of which a household has left the register is no question any more."""
    query = select(Alike).where(Alike.commune_id.in_(communes), Alike.other_commune_id.in_(communes))
    query = query.where((Alike.commune_id != Alike.other_commune_id) == across)
    found = session.scalars(query.order_by(Alike.strength.desc(), Alike.household_id, Alike.other_id)).all()
    said = _said(session, found)
    asked = (_question(session, alike, said.get((alike.household_id, alike.other_id))) for alike in found)
    return [one for one in asked if one.one.state == one.other.state == HouseholdState.PRESENT]


def elsewhere(session: Session, commune_id: str) -> int:
    """How many pairs of the commune have their other household in another one: for the level above both."""
    here = or_(Alike.commune_id == commune_id, Alike.other_commune_id == commune_id)
    return session.scalar(select(func.count()).where(here, Alike.commune_id != Alike.other_commune_id)) or 0


def find(session: Session, household_id: str, other_id: str, communes: Sequence[str]) -> Question:
    """The pair, if both households lie in `communes`; raises not_found."""
    alike = session.get(Alike, (household_id, other_id))
    if alike is None or not {alike.commune_id, alike.other_commune_id} <= set(communes):
        raise Problem("not_found")
    return _question(session, alike, _said(session, [alike]).get((household_id, other_id)))


def say(
    session: Session,
    question: Question,
    verdict: LikenessVerdict,
    now: datetime,
    account_id: str | None,
    *,
    compared: str,
    reason: str = "",
) -> None:
    """Write down what a person says of a pair. Raises `conflict` when the households are not as they were shown
    (`compared`), and `likeness_contradicts` when it stands against what was said of the others: of three households of
    which two pairs are one, the third pair is no two."""
    alike = question.alike
    for commune_id in sorted({alike.commune_id, alike.other_commune_id}):
        lock_commune(session, commune_id)
    if compared != alike.compared or not question.is_as_found:
        raise Problem("conflict")
    if _contradicts(session, alike, verdict):
        raise Problem("likeness_contradicts")
    session.add(
        AlikeVerdict(
            household_id=alike.household_id,
            other_id=alike.other_id,
            seq=_last_seq(session, alike) + 1,
            commune_id=alike.commune_id,
            other_commune_id=alike.other_commune_id,
            verdict=verdict.value,
            compared=alike.compared,
            reason=reason,
            account_id=account_id,
            at=now,
        )
    )


def _present(session: Session, communes: Sequence[str], read: Told) -> Iterator[Household]:
    """A commune at a time, so that a province does not lie in memory with its answers."""
    for number, commune_id in enumerate(communes):
        read(number, len(communes))
        here = select(Household).where(
            Household.commune_id == commune_id, Household.state == HouseholdState.PRESENT.value
        )
        here = here.order_by(Household.id).options(defer(Household.base_answers))
        yield from session.scalars(here.execution_options(yield_per=500))


def _listed(household: Household, member: dict[str, Any]) -> Listed:
    number = str(member.get(_NUMBER) or "")
    return Listed(
        household=_key(household),
        commune=household.commune_id,
        name=str(member.get(NAME) or ""),
        year=_whole(member.get(_YEAR), 1850, 2200),
        month=_whole(member.get(_MONTH), 1, 12),
        day=_whole(member.get(_DAY), 1, 31),
        sex=str(member.get(_SEX) or ""),
        number=number if len(number) == 12 else "",
        village=household.village_id,
    )


def _key(household: Household) -> str:
    """By commune and id: two communes may have numbered alike."""
    return f"{household.commune_id} {household.id}"


def _of_key(session: Session, key: str) -> Household:
    commune_id, _, household_id = key.partition(" ")
    return session.get_one(Household, (commune_id, household_id))


def _whole(value: Any, least: int, most: int) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and least <= value <= most else 0


def _alike(session: Session, pair: HouseholdPair, places: Sequence[int], now: datetime) -> Alike:
    pair_of = (_of_key(session, pair.one), _of_key(session, pair.other))
    one, other = sorted(pair_of, key=lambda each: (each.id, each.commune_id))
    swapped = one is not pair_of[0]
    persons = []
    for alike in pair.persons:
        ours, theirs = (alike.other, alike.one) if swapped else (alike.one, alike.other)
        persons.append([places[ours], places[theirs], [kind.value for kind in alike.likenesses]])
    return Alike(
        household_id=one.id,
        other_id=other.id,
        commune_id=one.commune_id,
        other_commune_id=other.commune_id,
        strength=round(pair.strength, 3),
        persons=persons,
        compared=_compared(one, other, persons),
        found_at=now,
    )


def _compared(one: Household, other: Household, persons: Sequence[Any]) -> str:
    """A hash of the values that the persons were compared by; how a name is spelt does not change it. "" when one of
    them is not there any more."""
    ours, theirs = people_in(one), people_in(other)
    if any(at >= len(ours) or place >= len(theirs) for at, place, _ in persons):
        return ""
    values = sorted([_values(ours[at]), _values(theirs[place])] for at, place, _ in persons)
    return canonical(values).hash


def _values(member: dict[str, Any]) -> list[str]:
    return [
        name_key(str(member.get(NAME) or "")),
        *(str(member.get(key) or "") for key in (_YEAR, _MONTH, _DAY, _SEX, _NUMBER)),
    ]


def _question(session: Session, alike: Alike, said: AlikeVerdict | None) -> Question:
    return Question(
        alike,
        session.get_one(Household, (alike.commune_id, alike.household_id)),
        session.get_one(Household, (alike.other_commune_id, alike.other_id)),
        said,
    )


def _said(session: Session, found: Sequence[Alike]) -> dict[tuple[str, str], AlikeVerdict]:
    """What was said last of each pair, wherever its households lived then."""
    said: dict[tuple[str, str], AlikeVerdict] = {}
    for chunk in chunks({alike.household_id for alike in found}):
        rows = select(AlikeVerdict).where(AlikeVerdict.household_id.in_(chunk)).order_by(AlikeVerdict.seq)
        said |= {(row.household_id, row.other_id): row for row in session.scalars(rows)}
    return said


def _last_seq(session: Session, alike: Alike) -> int:
    of_pair = (AlikeVerdict.household_id == alike.household_id) & (AlikeVerdict.other_id == alike.other_id)
    return session.scalar(select(func.max(AlikeVerdict.seq)).where(of_pair)) or 0


def _contradicts(session: Session, alike: Alike, verdict: LikenessVerdict) -> bool:
    """Whether two households that others make one would be two, or two that are said to be two would become one."""
    last = {pair: row.verdict for pair, row in _around(session, alike).items()}
    last[alike.household_id, alike.other_id] = verdict.value
    same: dict[str, set[str]] = defaultdict(set)
    for (one, other), said in last.items():
        if said == LikenessVerdict.ONE:
            same[one].add(other)
            same[other].add(one)
    return any(said == LikenessVerdict.TWO and other in _cluster(same, one) for (one, other), said in last.items())


def _around(session: Session, alike: Alike) -> dict[tuple[str, str], AlikeVerdict]:
    """What was said last of every pair that hangs together with this one, wherever its households live."""
    found: dict[tuple[str, str], AlikeVerdict] = {}
    asked: set[str] = set()
    wanted = {alike.household_id, alike.other_id}
    while wanted:
        for chunk in chunks(wanted):
            named = or_(AlikeVerdict.household_id.in_(chunk), AlikeVerdict.other_id.in_(chunk))
            for row in session.scalars(select(AlikeVerdict).where(named).order_by(AlikeVerdict.seq)):
                found[row.household_id, row.other_id] = row
        asked |= wanted
        wanted = {household for pair in found for household in pair} - asked
    return found


def _cluster(same: dict[str, set[str]], start: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for other in same.get(waiting.pop(), set()) - found:
            found.add(other)
            waiting.append(other)
    return found

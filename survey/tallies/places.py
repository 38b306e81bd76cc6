"""What the facts of a place come to: sums of households and persons, kept for each village and each commune.

Every change of a fact is a signed difference to the sums of its places, written in the transaction of what it follows
from; so one more accepted interview costs the same in a hamlet and in a province, and a page adds up a row a place.
`differing` counts all anew and names what is not so.

Keys of the sums, each [households, persons]; who of a household is not listed counts as no person:

    state.STATE                       on the list, where it stands
    BASIS.CLASS                       of a class; `final`, `provisional` (waiting for a person) or `opening` (last year)
    BASIS.CLASS.unlisted              of these, whose persons are not known
    final.CLASS.lacks.NUMBER.UNKNOWN  of these, who lack so many of the indicators, and of so many nobody knows
    BASIS.CLASS.KIND.TERM             of these, who lack an indicator or dimension (KIND)
    BASIS.CLASS.KIND.TERM.unknown     of these, of whom nobody knows that
    final.CLASS.indicator.TERM.asked.LETTER  of these, where nobody lives whom an indicator asks about (0), or nobody
                                      knows it (-); with all others somebody does
    BASIS.PART                        interviewed without a class: `refused`, `no_class`
    BASIS.illustrative                interviewed, by points that are no official ones
    BASIS.hangs.READING               interviewed, the class hangs on a reading of the texts
    final.CLASS.work.LETTER           accepted and of a class, with somebody able to work: who has steady work (1), has
                                      none (0), is not known (-)
    final.CLASS.head.PEOPLE           of these, by the people of the head (`-`: not known)
    final.CLASS.WORD                  of these, what the tables ask more, by the words of `told.py`; of some words the
                                      persons are those that it is said of
    flow.BEFORE.CLASS                 accepted and of a class, that were of class BEFORE last year (`none`: of none)
    outcome.KIND                      without an interview: confirmed, also of who left the list with it
    outcome.waiting                   said, and it waits for a second person
    outcome.settled                   confirmed and on the list, with no interview to decide on

Groups of households (by people and sex of the head, by area) are summed up apart, of the classes alone, and not of what
waits for a person: that changes with each push.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Row, Text, select, type_coerce
from sqlalchemy.orm import Session

from models import HouseholdFact, HouseholdOutcome, PlaceTally, RegisterEntry, Round, RoundCommune
from models.database import chunks
from models.many_rows import insert_many
from survey.outcome_steps import OPEN
from survey.outcomes import cases
from survey.tallies import facts, told
from survey.tallies.bases import part_of
from survey.tallies.deprivations import INDICATORS, MEASURES, Measure
from survey.tallies.facts import Fact
from survey.terms import CountBase, Indicator, OutcomeState, RegisterState

ALL = ""  # the part of a place that is all of it
Counts = dict[str, list[int]]
_COLUMNS = [getattr(HouseholdFact, name) for name in Fact._fields]


class Group(StrEnum):
    """By what households are grouped; each is in one of a group, or nobody knows in which."""

    PEOPLE = "people"  # of the head
    SEX = "sex"  # of the head
    AREA = "area"


class Basis(StrEnum):
    """What a figure rests on."""

    FINAL = "final"  # accepted this round
    PROVISIONAL = "provisional"  # received this round, not yet accepted
    OPENING = "opening"  # last year, as frozen when the round opened


@cache  # all there are: some hundreds
def measured(basis: Basis, household_class: str, measure: Measure | None = None, unknown: bool = False) -> str:
    """The key of a class, or of who of it lacks (`unknown`: of whom nobody knows) something."""
    lack = f".{measure.kind}.{measure.term.value}" if measure else ""
    return f"{basis.value}.{household_class}{lack}{'.unknown' if unknown else ''}"


def flow(before: str | None, household_class: str) -> str:
    """The key of who came from one class to another."""
    return f"flow.{before or 'none'}.{household_class}"


def _lacking(household_class: str) -> str:
    return f"{measured(Basis.FINAL, household_class)}.lacks."


def work(household_class: str, letter: str) -> str:
    """The key of those of a class of whom `letter` says whether somebody able has steady work."""
    return f"{measured(Basis.FINAL, household_class)}.work.{letter}"


@cache
def not_asked(household_class: str, indicator: Indicator, letter: str) -> str:
    """The key of those of a class where nobody lives whom an indicator asks about ("0"), or nobody knows it ("-")."""
    return f"{measured(Basis.FINAL, household_class)}.indicator.{indicator.value}.asked.{letter}"


@lru_cache(maxsize=2_000)  # few of all ways occur
def _not_asked(household_class: str, asked: str) -> tuple[str, ...]:
    return tuple(
        not_asked(household_class, one, letter) for one, letter in zip(INDICATORS, asked, strict=False) if letter != "1"
    )


def lacks_of_each(counts: Counts, household_class: str) -> Iterator[tuple[int, int, int]]:
    """Of the accepted of a class: (how many indicators they lack, of how many nobody knows, households)."""
    of = _lacking(household_class)
    for key, (households, _persons) in counts.items():
        if key.startswith(of):
            lacks, unknown = key.removeprefix(of).split(".")
            yield int(lacks), int(unknown), households


def outcome(kind: str) -> str:
    """The key of what became of who has no interview."""
    return f"outcome.{kind}"


WAITING, SETTLED = outcome(OutcomeState.WAITING.value), outcome("settled")


def counted(fact: Fact) -> Iterator[tuple[str, str, int]]:
    """What a household adds to its places: (part, key, persons), each of one household."""
    yield from _of_outcome(fact)
    if fact.state is None:
        return
    yield ALL, f"state.{fact.state}", 0
    before = _groups(people=fact.opening_people, sex=fact.opening_sex)
    yield from _of_class(Basis.OPENING, before, fact.opening_class, fact.opening_lacks, fact.opening_persons)
    if fact.state not in facts.COUNTED:
        return
    basis = Basis.FINAL if fact.state == RegisterState.ACCEPTED else Basis.PROVISIONAL
    persons = fact.persons or 0
    part = part_of(fact.household_class, fact.refused)
    if part is not CountBase.CLASSIFIED:
        yield ALL, f"{basis.value}.{part.value}", persons
    if fact.illustrative:
        yield ALL, f"{basis.value}.illustrative", persons
    for reading in (fact.hangs or "").split():
        yield ALL, f"{basis.value}.hangs.{reading}", persons
    if basis is Basis.FINAL and fact.household_class is not None:
        yield ALL, flow(fact.opening_class, fact.household_class), persons
        lacks = facts.lacks_in(fact.lacks)
        yield ALL, f"{_lacking(fact.household_class)}{lacks.count(True)}.{lacks.count(None)}", persons
        for key in _not_asked(fact.household_class, fact.asked or ""):
            yield ALL, key, persons
        if fact.work is not None:
            yield ALL, work(fact.household_class, fact.work), persons
        if fact.told is not None:
            of_class = measured(basis, fact.household_class)
            yield ALL, f"{of_class}.head.{fact.people or '-'}", persons
            for word, number in told.counted(fact.told, persons):
                yield ALL, f"{of_class}.{word}", number
    now = _groups(people=fact.people, sex=fact.sex, area=fact.area) if basis is Basis.FINAL else [ALL]
    yield from _of_class(basis, now, fact.household_class, fact.lacks, fact.persons)


def _of_outcome(fact: Fact) -> Iterator[tuple[str, str, int]]:
    if fact.outcome_state == OutcomeState.WAITING:
        yield ALL, WAITING, 0
    elif fact.outcome is not None:
        yield ALL, outcome(fact.outcome), 0
        if fact.state in OPEN:
            yield ALL, SETTLED, 0


def _groups(**said: str | None) -> list[str]:
    return [ALL, *(f"{group}.{value or ''}" for group, value in said.items())]


def _of_class(
    basis: Basis, parts: Iterable[str], household_class: str | None, lacks: str | None, persons: int | None
) -> Iterator[tuple[str, str, int]]:
    if household_class is None:
        return
    keys = _keys(basis, household_class, lacks)
    for part in parts:
        for key in keys:
            yield part, key, persons or 0
        if persons is None:
            yield part, f"{measured(basis, household_class)}.unlisted", 0


@lru_cache(maxsize=20_000)  # few of all ways to lack occur
def _keys(basis: Basis, household_class: str, lacks: str | None) -> tuple[str, ...]:
    """Those of a class and of what is lacked."""
    known = [measured(basis, household_class)]
    said = facts.lacks_in(lacks)
    for measure in MEASURES:
        lack = measure.of(said)
        known += [measured(basis, household_class, measure, unknown=lack is None)] if lack is not False else []
    return tuple(known)


class _Sums:
    """Differences to the sums of places: by (place, part), by key, households and persons."""

    def __init__(self, commune_id: str) -> None:
        self.commune_id = commune_id
        self.households: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.persons: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(self, fact: Fact | None, sign: int = 1) -> None:
        if fact is None:
            return
        for part, key, persons in counted(fact):
            for place in (fact.village_id, self.commune_id):
                self.households[place, part][key] += sign
                self.persons[place, part][key] += sign * persons

    def counts(self) -> dict[tuple[str, str], Counts]:
        """Without what is zero."""
        found: dict[tuple[str, str], Counts] = {}
        for of, households in self.households.items():
            persons = self.persons[of]
            kept = {key: [number, persons[key]] for key, number in households.items() if number or persons[key]}
            if kept:
                found[of] = kept
        return found


def follow(session: Session, commune_id: str, round_id: str, household_ids: Iterable[str]) -> None:
    """Bring facts and sums to what stands in the round for some households of a commune, whatever changed of them. The
    caller holds the commune."""
    ids = sorted(set(household_ids))
    session.flush()  # the lines as they are by now
    rows, now = _rows(session, commune_id, round_id, ids), facts.of_list(session, commune_id, round_id, ids)
    sums, new = _Sums(commune_id), []
    for id in ids:
        row, is_now = rows.get(id), now.get(id)
        was = _fact(row) if row is not None else None
        if was == is_now:
            continue
        sums.add(was, -1)
        sums.add(is_now)
        if row is None and is_now is not None:
            new.append({"commune_id": commune_id, "round_id": round_id, **is_now._asdict()})
        elif row is not None and is_now is None:
            session.delete(row)
        elif row is not None and is_now is not None:
            for name, value in is_now._asdict().items():
                setattr(row, name, value)
    insert_many(session, HouseholdFact, new)
    _add(session, commune_id, round_id, sums.counts())


def follow_heard(session: Session, commune_id: str, round_id: str) -> None:
    """The same of all households of which something was said: whether that holds hangs on where the round stands in the
    commune."""
    follow(session, commune_id, round_id, cases.heard_of(session, commune_id, round_id))


def follow_household(session: Session, commune_id: str, household_id: str) -> None:
    """The same of a household in each round in which something was said of it: whether that holds, and where, hangs on
    what the register says since."""
    for round_id in cases.heard_in(session, commune_id, household_id):
        follow(session, commune_id, round_id, [household_id])


def _rows(session: Session, commune_id: str, round_id: str, household_ids: Sequence[str]) -> dict[str, HouseholdFact]:
    own = HouseholdFact.commune_id == commune_id, HouseholdFact.round_id == round_id
    found: dict[str, HouseholdFact] = {}
    for chunk in chunks(household_ids):
        query = select(HouseholdFact).where(*own, HouseholdFact.household_id.in_(chunk))
        found |= {row.household_id: row for row in session.scalars(query)}
    return found


def _fact(row: HouseholdFact) -> Fact:
    return Fact(*(getattr(row, name) for name in Fact._fields))


def _add(
    session: Session, commune_id: str, round_id: str, differences: Mapping[tuple[str, str], Mapping[str, list[int]]]
) -> None:
    """Move the sums by (place, part), all read at once and written at once."""
    if not differences:
        return
    own = PlaceTally.commune_id == commune_id, PlaceTally.round_id == round_id
    places = {place_id for place_id, _part in differences}
    query = select(PlaceTally).where(*own, PlaceTally.place_id.in_(sorted(places)))
    parts = {part for _place_id, part in differences}
    rows = {(row.place_id, row.part): row for row in session.scalars(query.where(PlaceTally.part.in_(sorted(parts))))}
    for (place_id, part), difference in sorted(differences.items()):
        row = rows.get((place_id, part))
        if row is None:
            row = PlaceTally(
                commune_id=commune_id, round_id=round_id, place_id=place_id, part=part, counts={}, revision=0
            )
            session.add(row)
        row.counts, row.revision = _moved(row.counts, difference), row.revision + 1


def _moved(counts: Counts, difference: Mapping[str, list[int]]) -> Counts:
    found = dict(counts)
    for name, (households, persons) in difference.items():
        was = found.pop(name, (0, 0))
        total = [was[0] + households, was[1] + persons]
        if any(total):
            found[name] = total
    return found


def kept(session: Session, commune_id: str, round_id: str) -> dict[str, Fact]:
    """The facts that are kept of a round in a commune, by household."""
    own = (HouseholdFact.commune_id == commune_id, HouseholdFact.round_id == round_id)
    return {row[0]: Fact(*row) for row in session.execute(select(*_COLUMNS).where(*own))}


def rebuild(session: Session, commune_id: str, round_id: str) -> None:
    """Make the facts and sums of a round in a commune again; what is as it must be stays untouched. The caller holds
    the commune."""
    of = {"commune_id": commune_id, "round_id": round_id}
    every = {*kept(session, commune_id, round_id)}
    every |= {*session.scalars(select(RegisterEntry.household_id).filter_by(**of))}
    every |= cases.heard_of(session, commune_id, round_id)
    follow(session, commune_id, round_id, every)
    add_up(session, commune_id, round_id)


def add_up(session: Session, commune_id: str, round_id: str) -> None:
    """Make the sums again of the facts that are there, with those of who is off the list by now, or of whom something
    was said. The caller holds the commune."""
    of = {"commune_id": commune_id, "round_id": round_id}
    listed = select(RegisterEntry.household_id).filter_by(**of)
    left_over = select(HouseholdFact.household_id).filter_by(**of).where(HouseholdFact.household_id.not_in(listed))
    heard = cases.heard_of(session, commune_id, round_id)
    follow(session, commune_id, round_id, {*session.scalars(left_over), *heard})
    session.flush()  # the sums as they are by now
    right = summed(commune_id, kept(session, commune_id, round_id).values())
    for row in session.scalars(select(PlaceTally).filter_by(**of)).all():
        counts = right.pop((row.place_id, row.part), None)
        if counts is None and row.counts:
            row.counts, row.revision = {}, row.revision + 1
        elif counts is not None and row.counts != counts:
            row.counts, row.revision = counts, row.revision + 1
    for (place_id, part), counts in sorted(right.items()):
        session.add(PlaceTally(**of, place_id=place_id, part=part, counts=counts, revision=1))


def summed(commune_id: str, those: Iterable[Fact]) -> dict[tuple[str, str], Counts]:
    """By place and part, what facts of a commune come to."""
    sums = _Sums(commune_id)
    for fact in those:
        sums.add(fact)
    return sums.counts()


def of_round(
    session: Session,
    round_id: str,
    communes: Sequence[str],
    *,
    by_village: bool,
    village_id: str | None = None,
    part: str = ALL,
) -> Iterator[tuple[str, str, Counts]]:
    """(commune, place, counts) of each place of `communes` where something is counted: the villages (of them one), or
    the communes themselves."""
    of = PlaceTally
    places = (
        [of.place_id == village_id]
        if village_id is not None
        else [of.place_id != of.commune_id if by_village else of.place_id == of.commune_id]
    )
    statement = select(of.commune_id, of.place_id, of.counts).where(
        of.commune_id.in_(communes), of.round_id == round_id, of.part == part, *places
    )
    for commune_id, place_id, counts in session.execute(statement.order_by(of.commune_id, of.place_id)):
        if counts:
            yield commune_id, place_id, counts


def of_communes(session: Session, round_id: str, communes: Sequence[str]) -> Sequence[Row[str, str]]:
    """(part, counts) of each commune as a whole and of its groups; the counts as the text that is kept."""
    of = PlaceTally
    own = (of.commune_id.in_(communes), of.round_id == round_id, of.place_id == of.commune_id)
    as_kept = type_coerce(of.counts, Text())
    return session.execute(select(of.part, as_kept).where(*own).order_by(of.part, of.commune_id)).all()


def unfilled(session: Session) -> list[tuple[str, str]]:
    """(commune, round) whose list was never counted: of a database from before there were facts."""
    of = RoundCommune
    listed, summed = (
        select(table.commune_id).where(table.commune_id == of.commune_id, table.round_id == of.round_id).exists()
        for table in (RegisterEntry, PlaceTally)
    )
    rows = session.execute(
        select(of.commune_id, of.round_id).where(listed, ~summed).order_by(*of.__table__.primary_key)
    )
    return [(commune_id, round_id) for commune_id, round_id in rows]


def lists(session: Session) -> list[tuple[str, str]]:
    """(commune, round) of which there are lines, facts or sums, or something was said."""
    of = HouseholdOutcome
    queries = [select(table.commune_id, table.round_id) for table in (RegisterEntry, HouseholdFact, PlaceTally)]
    queries.append(select(of.commune_id, Round.id).join(Round, Round.id == of.round_id))  # of a round that is known
    found: set[tuple[str, str]] = set()
    for query in queries:
        rows = session.execute(query.distinct())
        found |= {(commune_id, round_id) for commune_id, round_id in rows}
    return sorted(found)


class Differing(NamedTuple):
    """What is kept and not so. `household_id`: of a fact; `place_id`, `part`: of a sum, with the keys that differ."""

    household_id: str | None = None
    place_id: str | None = None
    part: str | None = None
    what: tuple[str, ...] = ()


def differing(session: Session, commune_id: str, round_id: str) -> list[Differing]:
    """Count a round anew in a commune and say what is kept otherwise: nothing on a healthy database. Reads alone."""
    before, now = kept(session, commune_id, round_id), facts.of_list(session, commune_id, round_id)
    found = []
    for id in sorted({*before, *now}):
        was, is_now = before.get(id), now.get(id)
        if was is None or is_now is None:
            found.append(Differing(household_id=id, what=("missing" if was is None else "left over",)))
        elif was != is_now:
            names = [name for name, a, b in zip(Fact._fields, was, is_now, strict=True) if a != b]
            found.append(Differing(household_id=id, what=tuple(names)))
    right = summed(commune_id, now.values())
    rows: Mapping[tuple[str, str], Any] = {
        (row.place_id, row.part): row.counts
        for row in session.scalars(select(PlaceTally).filter_by(commune_id=commune_id, round_id=round_id))
    }
    for place_id, part in sorted({*right, *rows}):
        a, b = right.get((place_id, part), {}), rows.get((place_id, part), {})
        keys = sorted(key for key in {*a, *b} if a.get(key) != b.get(key))
        if keys:
            found.append(Differing(place_id=place_id, part=part, what=tuple(keys)))
    return found

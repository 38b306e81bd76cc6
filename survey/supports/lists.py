"""A list of supports of a commune as an office has it (CSV or .xlsx) → what is to be written down, or what stands
against it by row and column; and its writing. The headings of the pattern stand in `support_list.csv`.

Cells are read as those of a list of households are (`register/list_records.py`): titles, totals, former letters, lost
zeros. A row names its household by its code, by the identity number of who was given it, or by village and head. Unlike
a list of households it is not all or nothing: a row against which a rule stands is named and left out, the others may
be written down.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, Support, SupportReversal
from survey.clocks import day_of
from survey.members import CODE, NAME, NUMBER, members_in
from survey.names import name_key
from survey.numbers import whole_number
from survey.problems import PROBLEMS, Problem
from survey.programmes.catalogue import catalogue_of
from survey.register.csv_rows import FORMULA, Mistake, folded
from survey.register.event_log import Done
from survey.register.importing import villages_there
from survey.register.list_people import number_in
from survey.register.list_records import Record, Records, read_records, village_in
from survey.register.list_villages import Villages
from survey.register.plan import Note
from survey.register.questions import Asked, Example, Option, Question
from survey.residents.resident_list import written_day
from survey.support_terms import MAX_DOCUMENT, MAX_NOTE, MOST_MONEY, MOST_PIECES, SupportOrigin, SupportSubject
from survey.supports.claims import Taken, own_of
from survey.supports.giving import Blind, Given, examine, fund_for, give, province_of
from survey.terms import HouseholdState

MOST_WORDS = 120  # characters of a cell that names somebody or something
_UNITS = frozenset({"d", "dong", "vnd"})  # behind an amount, folded


@dataclass(frozen=True)
class Whole:
    """What holds for all rows that say nothing of it; `project`: programme/code."""

    kind: str = ""
    project: str = ""
    given_on: date | None = None


@dataclass(frozen=True)
class Sound:
    """A row that may be written down, and in words to whom and what."""

    row: int
    given: Given
    code: str
    head: str
    person: str
    kind: str
    project: str
    fund: str


@dataclass(frozen=True)
class Left:
    """A row that is left out: its cells under the headings of `headings(full=True)`, and why."""

    row: int
    cells: list[str]
    mistakes: list[Mistake]


@dataclass(frozen=True)
class Read:
    """`faults`: for which no row is looked at; `notes`, `assumed`: how the file was read."""

    sound: list[Sound] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    faults: list[Mistake] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # headings that mean nothing here
    notes: list[Note] = field(default_factory=list)
    assumed: list[Question] = field(default_factory=list)


@cache
def _columns() -> list[dict[str, str]]:
    with Path(__file__).with_name("support_list.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def headings(*, full: bool = False) -> list[str]:
    """Of the pattern; `full`: with those by which an office's own list names a household."""
    return [one["heading"] for one in _columns() if full or one["pattern"]]


@cache
def _meanings() -> dict[str, str]:
    """The headings, folded, of what only a list of supports has → meaning."""
    found: dict[str, str] = {}
    for one in _columns():
        if one["pattern"]:
            found |= dict.fromkeys((folded(one["heading"]), *filter(None, one["also"].split("|"))), one["column"])
    return found


def read_list(
    session: Session, commune_id: str, file: str, data: bytes, now: datetime, whole: Whole, blind: Blind,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Read:  # fmt: skip
    """Look at each row as a desk would; nothing is written. `blind`: as of `giving.examine`; `tell`: called with how
    many rows are looked at, of how many."""
    asked = Asked({}, accepts=True)
    records = read_records({file: data}, asked, _meanings())
    found = Read(notes=records.notes, assumed=[], faults=list(records.mistakes))
    if not found.faults and not records.records:
        found.faults.append(Mistake(file, 0, "", "empty"))
    if found.faults:
        return found
    found.unknown.extend(header for sheet in records.sheets for header in sheet.found.unknown)
    reader = _Reader(session, commune_id, records, asked, now, whole, blind)
    for at, record in enumerate(records.records):
        sound = reader.row(record)
        mistakes = reader.mistakes_of(record)
        if sound is not None and not mistakes:
            found.sound.append(sound)
        else:
            cells = [record.get(one["column"]) for one in _columns()]
            found.left.append(Left(record.number, cells, mistakes))
        tell(at + 1, len(records.records))
    found.assumed.extend(asked.questions.values())
    return found


class _Register:
    """The households of a commune, to be looked up as a list names them."""

    def __init__(self, session: Session, commune_id: str) -> None:
        self.by_code: dict[str, Household] = {}
        self.by_head: dict[tuple[str, str], list[Household]] = defaultdict(list)  # village, name
        self.by_number: dict[str, list[tuple[Household, dict[str, Any]]]] = defaultdict(list)
        self.members: dict[str, list[dict[str, Any]]] = {}
        for one in session.scalars(select(Household).where(Household.commune_id == commune_id)):
            self.by_code[one.code] = one
            self.members[one.id] = members_in(one.current_answers)
            if one.state != HouseholdState.PRESENT:
                continue
            self.by_head[one.village_id, name_key(one.head_name)].append(one)
            for member in self.members[one.id]:
                if member.get(NUMBER):
                    self.by_number[str(member[NUMBER])].append((one, member))


class _Reader:
    def __init__(
        self, session: Session, commune_id: str, records: Records, asked: Asked, now: datetime, whole: Whole,
        blind: Blind,
    ) -> None:  # fmt: skip
        self.blind = blind
        self.session, self.commune_id, self.asked, self.whole = session, commune_id, asked, whole
        self.today = day_of(now)
        self.catalogue = catalogue_of(session, province_of(session, commune_id))
        self.register = _Register(session, commune_id)
        self.villages = Villages(commune_id, villages_there(session, commune_id, now), False, asked, may_add=False)
        self.title = village_in(records.titles)
        self.taken: dict[Taken | Given, int] = {}
        self.told: dict[int, int] = {}  # of each sheet, how many mistakes are of rows before
        for record in records.records:
            self.villages.hear_of(record, self._village(record))

    def mistakes_of(self, record: Record) -> list[Mistake]:
        """What was found against this row since the one before."""
        known = record.sheet.mistakes
        start = self.told.get(id(record.sheet), 0)
        self.told[id(record.sheet)] = len(known)
        return [one for one in known[start:] if one.row == record.number]

    def row(self, record: Record) -> Sound | None:
        given = self._given(record)
        if given is None:
            return None
        given = replace(given, fund_id=fund_for(self.session, given))
        one = examine(self.session, given, self.today, self.blind, self.catalogue)
        if one.rule is not None or one.household is None or one.kind is None or one.project is None:
            record.wrong("", "refused", why=PROBLEMS[one.rule or "support_wrong"].title)
            return None
        given = replace(given, household_id=one.household.id, person=one.person.id if one.person else None)
        keys: list[Taken | Given] = [*own_of(one.taken), given]
        first = next((self.taken[each] for each in keys if each in self.taken), None)
        if first is not None:
            record.wrong("", "twice", first=first)
            return None
        if is_written(self.session, given):
            record.wrong("", "refused", why=PROBLEMS["support_listed"].title)
            return None
        self.taken |= dict.fromkeys(keys, record.number)
        return Sound(
            record.number, given, one.household.code, one.household.head_name, one.person.name if one.person else "",
            one.kind.label, one.project.name, one.fund.name if one.fund else "",
        )  # fmt: skip

    def _given(self, record: Record) -> Given | None:
        """What a row says; None where it does not say enough, which is told."""
        before = len(record.sheet.mistakes)
        for column, most in (("document", MAX_DOCUMENT), ("note", MAX_NOTE), ("person", MOST_WORDS)):
            _check_words(record, column, most)
        kind = self._of(record, "kind", self.whole.kind, self._kinds())
        programme, project = self._project(record)
        given_on = self._day(record)
        amount, quantity = _whole(record, "amount", MOST_MONEY), _whole(record, "quantity", MOST_PIECES)
        number = number_in(record, self.asked)
        household = self._household(record, number)
        if len(record.sheet.mistakes) > before or household is None or given_on is None:
            return None
        person = self._person(record, household, number, kind)
        if len(record.sheet.mistakes) > before:
            return None
        return Given(
            self.commune_id, kind, programme, project, given_on, household.id, person or None, amount=amount,
            quantity=quantity, document=record.get("document"), note=record.get("note"),
        )  # fmt: skip

    def _kinds(self) -> dict[str, str]:
        return {one.code: one.label for one in self.catalogue.kinds.values()}

    def _project(self, record: Record) -> tuple[str, str]:
        whole_programme, _, whole_project = self.whole.project.partition("/")
        names = {code: one.name for code, one in self.catalogue.programmes.items()}
        programme = self._of(record, "programme", whole_programme, names)
        known = {code: one.name for (at, code), one in self.catalogue.projects.items() if at == programme}
        return programme, self._of(record, "project", whole_project, known) if programme in names else ""

    def _of(self, record: Record, column: str, whole: str, known: Mapping[str, str]) -> str:
        """A code of those that are known, written as the code or as its name; what holds for the whole list where the
        row says nothing."""
        said = record.get(column)
        if not said:
            if not whole:
                record.wrong(column, "blank")
            return whole
        if said in known:
            return said
        named = [code for code, name in known.items() if folded(name) == folded(said)]
        if len(named) != 1:
            record.wrong(column, "not_one_of", value=said[:MOST_WORDS], known=", ".join(sorted(known)))
        return named[0] if len(named) == 1 else said

    def _day(self, record: Record) -> date | None:
        said = record.get("given_on")
        found = written_day(said) if said else self.whole.given_on
        if found is None:
            record.wrong("given_on", "no_day" if said else "blank", value=said[:40])
        return found

    def _village(self, record: Record) -> str:
        return record.get("village") or record.heading or self.title

    def _household(self, record: Record, number: str) -> Household | None:
        """By its code, by the number of one of its members, or by village and head."""
        code = record.get("code")
        if code:
            found = self.register.by_code.get(code)
            if found is None:
                record.wrong("code", "no_such_code")
            return found
        of_number = self.register.by_number.get(number, []) if number else []
        if len({home.id for home, _ in of_number}) == 1:
            return of_number[0][0]
        head, village = record.head or record.person or record.get("person"), self._village(record)
        village_id = self.villages.of(record, village) if village else ""
        if not head or not village_id:
            record.wrong("", "no_key")
            return None
        named = self.register.by_head.get((village_id, name_key(head)), [])
        if len(named) != 1:
            record.wrong("", "several_known" if named else "matches_nobody")
            return None
        return named[0]

    def _person(self, record: Record, household: Household, number: str, kind: str) -> str:
        """Who was given it: a code, or the name as it is written; "" for the whole household. A number and a name that
        do not belong together are nobody's."""
        said = record.get("person")
        known = self.catalogue.kinds.get(kind)
        is_of_person = known is not None and known.subject == SupportSubject.PERSON
        if not is_of_person:
            return said
        name = said or record.person
        members = self.register.members[household.id]
        if number:
            numbered = [one for one in members if str(one.get(NUMBER) or "") == number]
            others = [one for home, one in self.register.by_number.get(number, []) if home.id != household.id]
            alike = [one for one in numbered if not name or name in (one.get(CODE), one.get(NAME))
                     or name_key(name) == name_key(str(one[NAME]))]  # fmt: skip
            if (numbered and not alike) or (others and not numbered):
                record.wrong("cccd", "number_of_other")
                return ""
            if alike:
                return str(alike[0].get(CODE) or alike[0][NAME])
        named = [one for one in members if name_key(str(one[NAME])) == name_key(name)] if name else []
        return str(named[0].get(CODE) or named[0][NAME]) if len(named) == 1 else name


def _check_words(record: Record, column: str, most: int) -> None:
    said = record.get(column)
    if FORMULA.match(said):
        record.wrong(column, "formula")
    elif not said.isprintable():
        record.wrong(column, "unprintable")
    elif len(said) > most:
        record.wrong(column, "too_long", limit=most)


def _whole(record: Record, column: str, most: int) -> int | None:
    said = record.get(column)
    head, _, unit = said.rpartition(" ")
    number = whole_number(head if head and folded(unit) in _UNITS else said) if said else None
    if said and (number is None or not 1 <= number <= most):
        record.wrong(column, "not_a_number", low=1, high=most)
    return number


def is_written(session: Session, given: Given) -> bool:
    """Whether just this is written down and stands: of a kind that is given as often as it is needed nothing else says
    that a list was brought twice."""
    undone = select(SupportReversal.support_id).where(
        SupportReversal.commune_id == Support.commune_id, SupportReversal.support_id == Support.id
    )
    same = select(Support.id).where(
        Support.household_id == given.household_id, Support.commune_id == given.commune_id,
        Support.kind == given.kind, Support.programme == given.programme, Support.project == given.project,
        Support.given_on == given.given_on, Support.person_id.is_not_distinct_from(given.person),
        Support.amount.is_not_distinct_from(given.amount), Support.quantity.is_not_distinct_from(given.quantity),
        Support.document == given.document, Support.note == given.note, ~undone.exists(),
    )  # fmt: skip
    return session.scalar(same.limit(1)) is not None


def write_row(session: Session, given: Given, done: Done, blind: Blind) -> str | None:
    """Write down what was seen; the rule that stands against it by now, None where it is written."""
    if is_written(session, given):
        return "support_listed"
    try:
        with session.begin_nested():  # a fund that was too small has moved nothing
            give(session, given, SupportOrigin.LIST, done, blind)
    except Problem as problem:
        return problem.code
    return None


def as_cells(one: Sound) -> list[str]:
    """What may be written down, as the row of a list that reads the same again."""
    given = one.given
    return [
        one.code, given.kind, given.programme, given.project, given.person or "", f"{given.given_on:%d/%m/%Y}",
        str(given.amount or ""), str(given.quantity or ""), given.document, given.note, "", "", "",
    ]  # fmt: skip


def as_json(found: Read) -> dict[str, Any]:
    """Small plain values; `of_json` reads them."""
    made = asdict(found)
    for one in made["sound"]:
        one["given"]["given_on"] = one["given"]["given_on"].isoformat()
    return made


def of_json(said: Mapping[str, Any]) -> Read:
    sound = [
        Sound(**one | {"given": Given(**one["given"] | {"given_on": date.fromisoformat(one["given"]["given_on"])})})
        for one in said["sound"]
    ]
    left = [Left(one["row"], one["cells"], [Mistake(**each) for each in one["mistakes"]]) for one in said["left"]]
    assumed = [
        Question(**one | {"options": [Option(**each) for each in one["options"]],
                          "examples": [Example(**each) for each in one["examples"]]})
        for one in said["assumed"]
    ]  # fmt: skip
    return Read(
        sound, left, [Mistake(**one) for one in said["faults"]], list(said["unknown"]),
        [Note(**one) for one in said["notes"]], assumed,
    )  # fmt: skip

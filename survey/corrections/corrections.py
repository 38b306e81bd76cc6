"""Many households corrected by one list: compared with the register, looked at, then written down one by one.

`Now` is what a commune's register says, in the cells of a list; `plan` finds what of a list is otherwise and tries it;
`apply` writes one household's down, as its page would, if nobody was there before. What one person may not write
(`requests.py`) is asked for. Each household's correction is an act of its own, undone on its page or with the list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household
from survey.clocks import day_of
from survey.corrections.list_corrections import (
    ADDRESS,
    BIRTH,
    CLASS_FIELD,
    HEAD,
    NAME,
    OF_HOUSEHOLD,
    OF_PERSON,
    VILLAGE,
    Reader,
    ReadList,
    Said,
    plain,
)
from survey.members import DAY, MONTH, NUMBER, RELATION, SEX, YEAR
from survey.members import HEAD as RELATION_OF_HEAD
from survey.names import name_key
from survey.problems import PROBLEMS, Problem
from survey.register import event_log, importing, last_year
from survey.register.csv_rows import Mistake
from survey.register.event_log import Done
from survey.register.ledger import Folded, Standing, fold, households_in
from survey.register.persons import Person
from survey.register.plan import Note
from survey.register.questions import Asked, Question
from survey.register.remembered_words import remembered
from survey.review import register_acts, requests
from survey.review.register_acts import Plan, Wish
from survey.submissions.evaluated_first import evaluated_first
from survey.submissions.standing import interviews_of
from survey.terms import HouseholdState, RegisterKind

Both = list[str]  # before, after
_OF_PERSON = {"sex": SEX, "relation": RELATION, "number": NUMBER}


@dataclass(frozen=True)
class Correction:
    """What a list corrects of one household: field → before and after; the same of its members by their codes."""

    household_id: str
    code: str
    household: Mapping[str, Both] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, Both]] = field(default_factory=dict)

    def wishes(self, day: date) -> list[Wish]:
        """What is written down: who is head and who somebody is first, since a household goes by its head's name."""
        found = []
        for person_id, both in self.people.items():
            if both.get("relation", ["", ""])[1] == RELATION_OF_HEAD:
                found.append(Wish(RegisterKind.HEAD, self.household_id, day, person_id=person_id))
        for person_id, both in self.people.items():
            given = _given(both)
            if given:
                found.append(Wish(RegisterKind.PERSON, self.household_id, day, given=given, person_id=person_id))
        if self.household:
            given = {name: after for name, (_, after) in self.household.items()}
            found.append(Wish(RegisterKind.CORRECT, self.household_id, day, given=given))
        return found

    def asked(self, day: date) -> list[Wish]:
        """What is only asked for: identity numbers, on which the province decides."""
        return [
            Wish(RegisterKind.PERSON, self.household_id, day, given={"number": both["number"][1]}, person_id=person_id)
            for person_id, both in self.people.items()
            if "number" in both
        ]


def _given(both: Mapping[str, Both]) -> dict[str, Any]:
    said: dict[str, Any] = {name: both[name][1] for name in (NAME, "sex", "relation") if name in both}
    if said.get("relation") == RELATION_OF_HEAD:
        del said["relation"]
    parts = both[BIRTH][1].split("-") if BIRTH in both else []
    return said | dict(zip(("year", "month", "day"), map(int, parts), strict=False))


@dataclass
class ListPlan:
    """What a list would correct, or the mistakes and open questions for which it corrects nothing. `unchanged`: rows
    that change nothing; `waiting`: numbers that are asked for already."""

    commune_id: str
    day: date
    corrections: list[Correction]
    mistakes: list[Mistake]
    unknown_columns: list[tuple[str, str]]
    questions: list[Question]
    notes: list[Note]
    words: dict[tuple[str, str], str]
    rows: int
    unchanged: int
    waiting: int

    @property
    def open_questions(self) -> list[Question]:
        return [question for question in self.questions if question.is_open]

    def faults(self) -> list[tuple[str, int]]:
        return Counter(mistake.code for mistake in self.mistakes).most_common()

    def counts(self) -> dict[str, int]:
        """Rows and households, and how often each field is corrected: "of_head", "of_number"."""
        fields = Counter(f"of_{name}" for one in self.corrections for name in one.household)
        fields.update(f"of_{name}" for one in self.corrections for both in one.people.values() for name in both)
        return {
            "rows": self.rows,
            "unchanged": self.unchanged,
            "waiting": self.waiting,
            "households": len(self.corrections),
            "asked": sum(len(one.asked(self.day)) for one in self.corrections),
            **{f"of_{name}": fields[f"of_{name}"] for name in (*OF_HOUSEHOLD, *OF_PERSON)},
        }


class Now:
    """A commune's register as it is, in the cells of a list."""

    def __init__(self, session: Session, commune_id: str) -> None:
        self.households = {
            one.id: one for one in session.scalars(select(Household).where(Household.commune_id == commune_id))
        }
        events = event_log.events_of(session, commune_id)
        self.folded = fold(events, interviews_of(session, commune_id, households_in(events)))

    def household(self, id: str) -> dict[str, str]:
        return cells_of(self.folded.households.get(id), self.households[id])

    def members(self, id: str) -> list[Person]:
        return self.folded.people.members(id)

    @cached_property
    def by_code(self) -> dict[str, Household]:
        return {one.code: one for one in self.households.values()}

    @cached_property
    def by_head(self) -> dict[tuple[str, str], list[Household]]:
        """Those on the register, by village and the key of their head's name."""
        found: dict[tuple[str, str], list[Household]] = {}
        for one in self.households.values():
            if one.state == HouseholdState.PRESENT:
                found.setdefault((one.village_id, name_key(one.head_name)), []).append(one)
        return found


def cells_of(standing: Standing | None, household: Household) -> dict[str, str]:
    """A household in the cells of a list."""
    address = standing.address if standing is not None else None
    return {
        HEAD: plain(standing.head_name if standing else household.head_name),
        VILLAGE: standing.village_id if standing else household.village_id,
        ADDRESS: plain(last_year.address_in(household.current_answers) if address is None else address),
        CLASS_FIELD: (standing.household_class if standing else household.current_class) or "",
    }


def cells_of_person(one: Person) -> dict[str, str]:
    said = {name: str(one.said.get(key) or "") for name, key in _OF_PERSON.items()}
    return {NAME: plain(one.name), BIRTH: birth_of(one)} | said


def birth_of(one: Person) -> str:
    """As far as it is known, as a list says it: 1980-03-05, 1980-03, 1980."""
    parts = []
    for key, width in ((YEAR, 4), (MONTH, 2), (DAY, 2)):
        if not isinstance(one.said.get(key), int):
            break
        parts.append(f"{one.said[key]:0{width}}")
    return "-".join(parts)


def plan(
    session: Session,
    commune_id: str,
    files: Mapping[str, bytes],
    now: datetime,
    day: date,
    answers: Mapping[str, str],
    accepts_proposals: bool = False,
) -> ListPlan:
    """What a list would correct, each since `day`, with these answers to its questions."""
    asked, form = Asked(answers, accepts_proposals), importing.questionnaire(session, commune_id, now)
    villages = importing.villages_there(session, commune_id, now)
    reader = Reader(commune_id, villages, form, remembered(session, commune_id), day_of(now))
    read = reader.read(files, asked)
    found = _Compared(read, Now(session, commune_id))
    corrections, waiting = _tried(session, commune_id, found, day, day_of(now))
    return ListPlan(
        commune_id,
        day,
        corrections,
        read.all_mistakes(),
        read.unknown,
        list(asked.questions.values()),
        read.notes,
        read.words,
        rows=len(read.records.records),
        unchanged=read.unchanged + found.unchanged,
        waiting=waiting,
    )


class _Compared:
    """The rows of a list beside the register: each household that they correct, with the first row that does."""

    def __init__(self, read: ReadList, now: Now) -> None:
        self._now = now
        self._said: dict[tuple[str, str, str], tuple[Said, str]] = {}  # household, person, field
        self.found: dict[str, tuple[Said, dict[str, Both], dict[str, dict[str, Both]]]] = {}
        self.unchanged = 0
        above: Household | None = None
        sheet = None
        for row in read.rows:
            above = above if row.record.sheet is sheet else None
            sheet = row.record.sheet
            above = self._household_of(row, above)
            told = len(sheet.mistakes)
            if above is not None and not self._take(row, above) and len(sheet.mistakes) == told:
                self.unchanged += 1
        for id, (row, household, people) in self.found.items():
            self._check_heads(row, self._now.households[id], household, people)

    # --- which household, which member ---

    def _household_of(self, row: Said, above: Household | None) -> Household | None:
        now = self._now
        if row.code or row.id:
            one = now.households.get(row.id) or now.by_code.get(row.code)
            return self._present(row, one, "no_such_code", "code" if row.code else "id")
        if not row.head:
            if above is None:
                row.wrong(HEAD, "no_key")
            return above
        if not row.village:
            row.wrong(VILLAGE, "no_key")
            return None
        like = now.by_head.get((row.village, name_key(row.head)), [])
        like = [one for one in like if self._may_be_born(row, one)]
        if len(like) > 1:
            row.wrong(HEAD, "several_known")
            return None
        return self._present(row, like[0] if like else None, "matches_nobody", HEAD)

    @staticmethod
    def _present(row: Said, one: Household | None, code: str, column: str) -> Household | None:
        if one is None:
            row.wrong(column, code)
        elif one.state != HouseholdState.PRESENT:
            row.wrong(column, "household_ended", known=one.code)
            return None
        return one

    def _may_be_born(self, row: Said, household: Household) -> bool:
        """Whether the head of a household may have the birth that a row says, as far as both are known."""
        head = self._now.folded.head_of(household.id)
        known, said = birth_of(head) if head is not None else "", row.birth.iso()
        return known.startswith(said) or said.startswith(known)

    def _member_of(self, row: Said, household: Household) -> Person | None:
        """Whom a row is about: by the code, else by the number, else by the name and, of several, the birth."""
        members = self._now.members(household.id)
        head = self._now.folded.head_of(household.id)
        if row.person_code:
            found = [one for one in members if one.id == row.person_code]
        elif not row.person and head is not None:  # a list of heads
            found = [head]
        else:
            number = row.cells["number"]
            numbered = [one for one in members if number and one.said.get(NUMBER) == number]
            named = [one for one in members if name_key(one.name) == name_key(row.person)]
            born = [one for one in named if row.cells[BIRTH] and birth_of(one) == row.cells[BIRTH]]
            named = born if len(named) > 1 and born else named
            found = list({one.id: one for one in (*numbered, *named)}.values()) if numbered else named
        if len(found) != 1:
            row.wrong(NAME, "person_two" if found else "person_unknown", known=household.code)
            return None
        return found[0]

    # --- what it says otherwise ---

    def _take(self, row: Said, household: Household) -> bool:
        """Take in what a row says; whether anything of it is otherwise."""
        of_household = {name: row.cells[name] for name in OF_HOUSEHOLD if row.cells[name]}
        of_person = {name: row.cells[name] for name in OF_PERSON if row.cells[name]}
        if row.was is None and not (row.record.get("new_head") or row.code or row.id):
            of_household.pop(HEAD, None)  # by which it was found
        if row.was is None and not (row.record.get("new_village") or row.code or row.id):
            of_household.pop(VILLAGE, None)
        if row.was is not None:
            of_household, of_person = ({name: said for name, said in cells.items() if name in row.was}
                                       for cells in (of_household, of_person))  # fmt: skip
        _, changes, people = self.found.setdefault(household.id, (row, {}, {}))
        before = len(changes) + sum(map(len, people.values()))
        mine = self._changes(row, household, "", self._now.household(household.id), of_household)
        changes |= mine
        one = self._member_of(row, household) if of_person and self._is_of_member(row, household) else None
        if one is not None:
            people.setdefault(one.id, {}).update(self._changes(row, household, one.id, cells_of_person(one), of_person))
        return len(changes) + sum(map(len, people.values())) > before

    def _is_of_member(self, row: Said, household: Household) -> bool:
        """What a row says of the head of a household whose members nobody knows, it says to find the household by."""
        if self._now.members(household.id) or row.was is not None or row.person_code:
            return True
        return not row.is_of_head or (bool(row.person) and name_key(row.person) != name_key(household.head_name))

    def _changes(
        self, row: Said, household: Household, person_id: str, now: Mapping[str, str], said: Mapping[str, str]
    ) -> dict[str, Both]:
        found: dict[str, Both] = {}
        for name, text in said.items():
            first = self._said.setdefault((household.id, person_id, name), (row, text))
            if not _is_same(name, first[1], text, exactly=False):
                row.wrong(name, "corrected_otherwise", first=first[0].record.number)
            elif not _is_same(name, now[name], text, exactly=row.was is not None):
                if row.was is not None and not row.is_as_marked(name, now[name]):
                    row.wrong(name, "overtaken", known=household.code)
                elif name == BIRTH and now[name].count("-") > text.count("-"):
                    row.wrong(name, "birth_shorter")
                elif first[0] is row:
                    found[name] = [now[name], text]
        return found

    def _check_heads(
        self, row: Said, household: Household, changes: Mapping[str, Both], people: Mapping[str, Mapping[str, Both]]
    ) -> None:
        """Whoever is head no more leaves the household to another one, and to one alone."""
        relations = [both["relation"] for both in people.values() if "relation" in both]
        come = sum(after == RELATION_OF_HEAD for _, after in relations)
        if come > 1:
            row.wrong("relation", "two_heads", known=household.code)
        elif any(before == RELATION_OF_HEAD for before, _ in relations) and not come and HEAD not in changes:
            row.wrong("relation", "head_goes", known=household.code)


def _is_same(name: str, now: str, text: str, *, exactly: bool) -> bool:
    """Whether a cell says what is known: of a list of one's own names go by their key, and a year alone is that year
    of a whole date."""
    if exactly or now == text:
        return now == text
    if name in (HEAD, NAME, ADDRESS):
        return name_key(now) == name_key(text)
    return name == BIRTH and now.startswith(f"{text}-")


def _tried(
    session: Session, commune_id: str, compared: _Compared, day: date, today: date
) -> tuple[list[Correction], int]:
    """The corrections that may be, in the order of the households' codes, and how many numbers are asked for already.
    What stands against one is a mistake of its row."""
    asked_for = {
        (one.person_id, one.given.get("number"))
        for one in requests.undecided(session, commune_id)
        if one.kind == RegisterKind.PERSON
    }
    found, waiting = [], 0
    for id, (row, household, people) in compared.found.items():
        kept: dict[str, Mapping[str, Both]] = {}
        for person_id, both in people.items():
            if "number" in both and (person_id, both["number"][1]) in asked_for:
                both = {name: one for name, one in both.items() if name != "number"}
                waiting += 1
            kept |= {person_id: both} if both else {}
        one = Correction(id, compared._now.households[id].code, household, kept)
        if not household and not kept:
            continue
        rule = next(filter(None, (made.rule for made in plans(session, commune_id, one, day, today))), None)
        if rule is not None:
            row.wrong("", "refused", why=PROBLEMS[rule].title)
        found.append(one)
    return sorted(found, key=lambda one: one.code), waiting


def plans(session: Session, commune_id: str, one: Correction, day: date, today: date) -> list[Plan]:
    """What it would do: what is written down together, and each thing that is asked for."""
    wishes = one.wishes(day)
    made = [register_acts.plan_several(session, commune_id, wishes, today)] if wishes else []
    return made + [register_acts.plan(session, commune_id, wish, today) for wish in one.asked(day)]


class Came(StrEnum):
    """What became of one correction."""

    DONE, OVERTAKEN, REFUSED = "done", "overtaken", "refused"


@evaluated_first
def apply(session: Session, commune_id: str, one: Correction, day: date, done: Done) -> Came:
    """Write one household's correction down, and ask for what another decides: unless somebody was there before."""
    register_acts.take_turn(session, {commune_id})
    household = session.get_one(Household, (commune_id, one.household_id))
    if not _stands(register_acts.known_of(session, household), household, one):
        return Came.OVERTAKEN
    try:
        with session.begin_nested():  # whole or not at all: of one that is left out nothing was written or asked for
            _write_down(session, commune_id, one, day, done)
    except Problem:
        return Came.REFUSED
    return Came.DONE


def _write_down(session: Session, commune_id: str, one: Correction, day: date, done: Done) -> None:
    if wishes := one.wishes(day):
        register_acts.carry_out_together(session, commune_id, wishes, done)
    for wish in one.asked(day):
        try:
            requests.ask(session, commune_id, wish, done)
        except Problem as refusal:
            if refusal.code != "request_same":
                raise


def _stands(known: Folded, household: Household, one: Correction) -> bool:
    """Whether everything that it corrects is still what it was when the list was read."""
    cells = cells_of(known.households.get(household.id), household)
    members = {person.id: cells_of_person(person) for person in known.people.members(household.id)}
    return (
        household.state == HouseholdState.PRESENT
        and all(cells[name] == before for name, (before, _) in one.household.items())
        and all(
            id in members and members[id][name] == both[0] for id, said in one.people.items()
            for name, both in said.items()
        )
    )  # fmt: skip

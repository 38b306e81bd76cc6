"""What the commune police wrote into a list (`police_list.py`), beside the register; its differences as requests.

A row whose cells cannot be is left out and named; the others count. Nothing here changes the register: a difference is
asked for as by hand (`review/requests.py`), and another account decides. What was asked for already, or was decided
since the list was made, is not asked for again, so a list may come back as often as it likes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ChangeDecision, ChangeRequest, Household
from survey.clocks import day_of, instant
from survey.corrections.corrections import Now, cells_of_person
from survey.corrections.list_corrections import BIRTH, NAME, plain
from survey.corrections.police_list import FIELDS, KNOWN, REMARK, RIGHT, VERDICT, is_ours, made_at, was
from survey.corrections.police_list import HEADINGS as LISTED
from survey.corrections.register_list import CODE, HEADINGS, MARK, PERSON
from survey.evidence.lineage import generations
from survey.names import name_key
from survey.problems import PROBLEMS, Problem
from survey.register import tables
from survey.register.births import UNREADABLE, Birth, read_birth
from survey.register.csv_rows import FORMULA, LONGEST, Mistake, folded
from survey.register.event_log import Done
from survey.register.known_words import SEXES
from survey.register.persons import Person, is_number
from survey.review import register_acts, requests
from survey.review.register_acts import Wish
from survey.terms import HouseholdState, PersonState, RegisterKind, RequestVerdict

RIGHT_WORDS = {"dung", "d", "right", "r", "true"}
WRONG_WORDS = {"sai", "s", "wrong", "w", "false"}
HOUSEHOLD_LEFT, NOBODY = "household_left", "nobody"  # why somebody is gone, beside the states of a person
MOST_REMARK = 300
_HEADER_WITHIN = 12  # rows
_SEPARATORS = re.compile(r"[\s.'’-]+")
_PARTS = ("year", "month", "day")
_NEEDED = (CODE, PERSON, *FIELDS, VERDICT, *RIGHT.values(), MARK)


@dataclass(frozen=True)
class Line:
    """A row that says something. `fields`: of each that is otherwise, what the list was made from, what the register
    says now and what the police say; `why`: why nothing can be asked for; `made`: when the list was made."""

    row: int
    household_id: str
    code: str
    person_id: str
    name: str
    made: str
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    remark: str = ""
    why: str = ""

    def wishes(self, day: date) -> list[Wish]:
        """Who somebody is, and apart from it the number, on which the province decides."""
        said = {name: both[-1] for name, both in self.fields.items()}
        given: dict[str, Any] = {name: said[name] for name in (NAME, "sex") if name in said}
        given |= dict(zip(_PARTS, map(int, said[BIRTH].split("-")), strict=False)) if BIRTH in said else {}
        parts = [given] if given else []
        parts += [{"number": said["number"]}] if "number" in said else []
        return [Wish(RegisterKind.PERSON, self.household_id, day, given=one, person_id=self.person_id) for one in parts]


@dataclass
class Checked:
    """A list beside the register. `differs` can be asked for; `overtaken`: the register says something else by now than
    the list was made from; `gone`: who is no member on the register any more; `remarks`: what a person must read.
    `right`, `unchecked`: rows; `agreed`, `waiting`, `decided`: cells that the register says already, that are asked for
    already, and that were decided since the list was made. `left`: rows with a mistake, their cells in the columns
    of `HEADINGS`."""

    file: str
    rows: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    differs: list[Line] = field(default_factory=list)
    overtaken: list[Line] = field(default_factory=list)
    gone: list[Line] = field(default_factory=list)
    remarks: list[Line] = field(default_factory=list)
    right: int = 0
    unchecked: int = 0
    agreed: int = 0
    waiting: int = 0
    decided: int = 0
    left: list[tuple[int, list[str]]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        return {
            "rows": self.rows,
            "right": self.right,
            "unchecked": self.unchecked,
            "differs": len(self.differs),
            "wrong": len({one.row for one in self.mistakes}),
            "gone": len(self.gone),
            "overtaken": len(self.overtaken),
            "remarks": len(self.remarks),
            "agreed": self.agreed,
            "waiting": self.waiting,
            "decided": self.decided,
        }

    @property
    def is_refused(self) -> bool:
        """Whether the file as a whole is none that can be held against this register."""
        return any(mistake.row == 0 or mistake.code in ("missing_column", "column_twice") for mistake in self.mistakes)

    def faults(self) -> list[tuple[str, int]]:
        return Counter(mistake.code for mistake in self.mistakes).most_common()


def check(session: Session, commune_id: str, file: str, data: bytes, now: datetime) -> Checked:
    """Read a list that came back and hold it against the register; nothing is written."""
    found = Checked(file)
    rows = list(_rows(file, data, found.mistakes))
    servers = generations(session)
    ours = [row for row in rows if is_ours(servers, commune_id, row.code, row.person_id, row.text(MARK))]
    found.rows = len(rows)
    if rows and not ours:
        others = {row.code[:5] for row in rows if re.fullmatch(r"[0-9]{5}-.+", row.code)} - {commune_id}
        found.mistakes.append(
            Mistake(file, 0, "", "police_other_commune", {"other": min(others), "commune": commune_id})
            if len(others) == 1 else Mistake(file, 0, "", "police_not_ours")
        )  # fmt: skip
        return found
    taken = {id(row) for row in ours}
    for row in rows:
        if id(row) not in taken:
            row.wrong(MARK, "police_row")
    _Checking(session, commune_id, Now(session, commune_id), found, now).take(ours)
    found.mistakes.sort(key=lambda one: one.row)
    wrong = {one.row for one in found.mistakes}
    found.left = [(row.number, [row.text(name) for name in LISTED]) for row in rows if row.number in wrong]
    return found


# --- the file ------------------------------------------------------------------------------------------------------


@dataclass
class _Row:
    """`headings`: column → as it stands in the file."""

    file: str
    number: int
    cells: Mapping[str, tables.Cell]
    headings: Mapping[str, str]
    mistakes: list[Mistake]

    def text(self, column: str) -> str:
        cell = self.cells.get(column)
        return plain(f"{cell:%d/%m/%Y}" if isinstance(cell, date) else "" if cell is None else str(cell))

    @property
    def code(self) -> str:
        return self.text(CODE)

    @property
    def person_id(self) -> str:
        return self.text(PERSON)

    def wrong(self, column: str, code: str, **values: object) -> None:
        self.mistakes.append(Mistake(self.file, self.number, self.headings.get(column, ""), code, values))


def _rows(file: str, data: bytes, mistakes: list[Mistake]) -> Iterator[_Row]:
    try:
        found = tables.read_apart(data).tables
    except tables.Unreadable as refusal:
        mistakes.append(Mistake(file, 0, "", refusal.code, refusal.values))
        return
    known = [(table, header) for table in found if (header := _header(table)) is not None]
    if not known:
        mistakes.append(Mistake(file, 0, "", "police_no_list"))
    for table, (at, columns) in known:
        headings = {name: str(table.cell(at, column)) for column, name in columns}
        missing = [HEADINGS.get(name, name) for name in _NEEDED if name not in headings]
        twice = [headings[name] for name, count in Counter(name for _, name in columns).items() if count > 1]
        mistakes += [Mistake(file, at, name, "missing_column") for name in missing]
        mistakes += [Mistake(file, at, name, "column_twice") for name in twice]
        if missing or twice:
            continue
        for number, cells in table.rows.items():
            said = {name: cells[column] for column, name in columns if column < len(cells)}
            if number <= at or not any(cell not in (None, "") for cell in said.values()):
                continue
            row = _Row(file, number, said, headings, mistakes)
            if any((number, column) in table.without_value for column, _ in columns):
                row.wrong("", "formula")
            yield row


def _header(table: tables.Table) -> tuple[int, list[tuple[int, str]]] | None:
    """The row of the headings, and which column says what."""
    for number in list(table.rows)[:_HEADER_WITHIN]:
        names = [(at, KNOWN.get(folded(str(cell or "")), "")) for at, cell in enumerate(table.rows[number])]
        columns = [(at, name) for at, name in names if name]
        if {PERSON, MARK} <= {name for _, name in columns}:
            return number, columns
    return None


def _sent(row: _Row, name: str, today: date) -> str:
    """What a cell of the register's own columns holds, however a spreadsheet shows it by now."""
    text = row.text(name)
    if name == BIRTH:
        return _birth(row, BIRTH, today).iso()
    if name == "sex":
        return SEXES.get(folded(text), text)
    if name == "number" and re.fullmatch(r"[0-9]{9,11}", text):
        return text.zfill(12)
    return text


def _birth(row: _Row, column: str, today: date) -> Birth:
    cell, text = row.cells.get(column), row.text(column)
    return read_birth(text if isinstance(cell, str) else cell, folded(text), today)


# --- beside the register -------------------------------------------------------------------------------------------


class _Checking:
    def __init__(self, session: Session, commune_id: str, register: Now, found: Checked, now: datetime) -> None:
        self._session, self._commune_id, self._register, self._found = session, commune_id, register, found
        self._today = day_of(now)
        self._asked = _Asked(session, commune_id)

    def take(self, rows: Sequence[_Row]) -> None:
        first: dict[str, int] = {}
        said: list[tuple[_Row, Person, Line]] = []
        for row in rows:
            if first.setdefault(row.person_id, row.number) != row.number:
                row.wrong(PERSON, "police_twice", first=first[row.person_id])
            elif (line := self._line(row)) is not None:
                person = self._register.folded.people.known[row.person_id]
                said.append((row, person, line))
        numbers = self._numbers(line for _, _, line in said)
        for row, person, line in said:
            if self._may_be(row, person, line, numbers):
                self._sort(row, line)

    def _line(self, row: _Row) -> Line | None:
        """What a row says otherwise than the list did, for those who are there; None where nothing is to be held
        against the register."""
        told = len(row.mistakes)
        for name in FIELDS:
            if not was(row.text(MARK), row.code, row.person_id, name, _sent(row, name, self._today)):
                row.wrong(name, "police_shifted")
        said = {name: text for name in FIELDS if (text := self._said(row, name))}
        remark, verdict = self._remark(row), self._verdict(row)
        if len(row.mistakes) > told:
            return None
        line = self._there(row, remark)
        if line.why:
            self._found.gone.append(line)
            return None
        sent = {name: _sent(row, name, self._today) for name in FIELDS}
        fields = {name: [sent[name], text] for name, text in said.items() if not _is_same(name, sent[name], text)}
        if verdict is None and not said and not remark:
            self._found.unchecked += 1
            return None
        if verdict is True and fields:
            row.wrong(VERDICT, "police_both")
            return None
        if verdict is False and not said and not remark:
            row.wrong(VERDICT, "police_wrong_how")
            return None
        if verdict is True:
            self._found.right += 1
        if not fields:
            self._found.agreed += len(said)
            self._found.remarks += [line] if remark else []
            return None
        return replace(line, fields=fields)

    def _there(self, row: _Row, remark: str) -> Line:
        """Whom a row is about, and where; `why` says that it is nobody on the register any more."""
        one = self._register.folded.people.known.get(row.person_id)
        household = self._register.households.get(one.household_id) if one is not None else None
        why = ""
        if one is None:
            why = NOBODY
        elif one.state is not PersonState.MEMBER:
            why = one.state.value
        elif household is None or household.state != HouseholdState.PRESENT:
            why = HOUSEHOLD_LEFT
        return Line(
            row.number,
            household.id if household is not None else "",
            household.code if household is not None else row.code,
            row.person_id,
            plain(one.name) if one is not None else row.text(NAME),
            made_at(row.text(MARK)).isoformat(),
            remark=remark,
            why=why,
        )

    # --- what the police wrote ---

    def _said(self, row: _Row, name: str) -> str:
        """What is right as a column says it; "" where it is blank, or wrong."""
        column = RIGHT[name]
        text = row.text(column)
        if not text:
            return ""
        if FORMULA.match(text) or len(text) > LONGEST or not text.isprintable():
            code = "formula" if FORMULA.match(text) else "unprintable" if len(text) <= LONGEST else "too_long"
            row.wrong(column, code, limit=LONGEST)
            return ""
        return {NAME: self._name, BIRTH: self._day, "sex": self._sex, "number": self._number}[name](row, column, text)

    @staticmethod
    def _name(_row: _Row, _column: str, text: str) -> str:
        """The population database prints names in capitals; the register does not."""
        return " ".join(word.capitalize() for word in text.split()) if text.isupper() else text

    def _day(self, row: _Row, column: str, text: str) -> str:
        birth = _birth(row, column, self._today)
        if birth.doubt or birth.month_first or not birth.year:
            row.wrong(column, "not_a_date" if birth.doubt in ("", UNREADABLE) else "no_such_day", value=text[:40])
            return ""
        return birth.iso()

    @staticmethod
    def _sex(row: _Row, column: str, text: str) -> str:
        found = SEXES.get(folded(text), "")
        if not found:
            row.wrong(column, "police_sex")
        return found

    @staticmethod
    def _number(row: _Row, column: str, text: str) -> str:
        digits = _SEPARATORS.sub("", text)
        if is_number(digits):
            return digits
        row.wrong(column, "not_cccd")
        return ""

    @staticmethod
    def _remark(row: _Row) -> str:
        text = row.text(REMARK)
        if FORMULA.match(text) or not text.isprintable() or len(text) > MOST_REMARK:
            code = "formula" if FORMULA.match(text) else "too_long" if text.isprintable() else "unprintable"
            row.wrong(REMARK, code, limit=MOST_REMARK)
        return text

    @staticmethod
    def _verdict(row: _Row) -> bool | None:
        word = folded(row.text(VERDICT))
        if word and word not in RIGHT_WORDS | WRONG_WORDS:
            row.wrong(VERDICT, "police_verdict")
        return word in RIGHT_WORDS if word else None

    # --- what of it can be ---

    def _numbers(self, lines: Iterator[Line]) -> dict[str, set[str]]:
        """Who would have which number: number → codes of persons."""
        of: dict[str, str] = {}
        for household in self._register.households.values():
            if household.state == HouseholdState.PRESENT:
                of |= {one.id: cells_of_person(one)["number"] for one in self._register.members(household.id)}
        of |= {line.person_id: line.fields["number"][-1] for line in lines if "number" in line.fields}
        found: dict[str, set[str]] = {}
        for person_id, number in of.items():
            found.setdefault(number, set()).add(person_id)
        return found

    def _may_be(self, row: _Row, person: Person, line: Line, numbers: Mapping[str, set[str]]) -> bool:
        """Whether somebody can be who they would be then: the number fits sex and year, and is nobody else's."""
        would = cells_of_person(person) | {name: both[-1] for name, both in line.fields.items()}
        number, at = would["number"], next(RIGHT[name] for name in reversed(FIELDS) if name in line.fields)
        if {BIRTH, "sex", "number"} & set(line.fields) and is_number(number):
            fit = digits_of(would["sex"], would[BIRTH])
            if fit and number[3:6] != fit:
                row.wrong(at, "police_number_fit", fit=fit)
                return False
        others = numbers.get(number, set()) - {person.id}
        if "number" in line.fields and others:
            known = self._register.folded.people.known[min(others)]
            row.wrong(at, "police_number_other", known=self._register.households[known.household_id].code)
            return False
        return True

    def _sort(self, row: _Row, line: Line) -> None:
        """What of it is another than the register says now, and can be asked for."""
        now = cells_of_person(self._register.folded.people.known[line.person_id])
        differs, overtaken = {}, {}
        for name, (sent, text) in line.fields.items():
            both = [sent, now[name], text]
            if _is_same(name, now[name], text):
                self._found.agreed += 1
            elif not _is_same(name, now[name], sent):
                overtaken[name] = both
            elif name == BIRTH and now[name].count("-") > text.count("-"):
                row.wrong(RIGHT[name], "birth_shorter")
                return
            elif (state := self._asked.before(line, name, text)) is not None:
                self._found.waiting += state == WAITING
                self._found.decided += state == DECIDED
            else:
                differs[name] = both
        asked = replace(line, fields=differs)
        for wish in asked.wishes(self._today):
            rule = register_acts.plan(self._session, self._commune_id, wish, self._today).rule
            if rule is not None:
                row.wrong("", "refused", why=PROBLEMS[rule].title)
                return
        self._found.overtaken += [replace(line, fields=overtaken)] if overtaken else []
        self._found.differs += [asked] if differs else []
        self._found.remarks += [asked] if line.remark and not differs and not overtaken else []


def digits_of(sex: str, birth: str) -> str:
    """Digits 4 to 6 of the identity number of who has this sex and birth: century with sex, and year (NĐ 137/2015
    Đ13, TT 07/2016/TT-BCA Đ7); "" where one of them is not known."""
    if sex not in ("nam", "nu") or not birth:
        return ""
    year = int(birth[:4])
    return f"{(year // 100 - 19) * 2 + (sex == 'nu')}{year % 100:02}"


def _is_same(name: str, known: str, text: str) -> bool:
    return name_key(known) == name_key(text) if name == NAME else known == text


WAITING, DECIDED = "waiting", "decided"


class _Asked:
    """What was asked for of the persons of a commune, by person and field."""

    def __init__(self, session: Session, commune_id: str, person_id: str | None = None) -> None:
        same_commune = ChangeDecision.commune_id == ChangeRequest.commune_id
        query = (
            select(ChangeRequest, ChangeDecision)
            .outerjoin(ChangeDecision, same_commune & (ChangeDecision.request_id == ChangeRequest.id))
            .where(ChangeRequest.commune_id == commune_id, ChangeRequest.kind == RegisterKind.PERSON.value)
        )
        if person_id is not None:
            query = query.where(ChangeRequest.person_id == person_id)
        self._known: dict[tuple[str, str], list[tuple[str, str | None]]] = {}
        for made, decision in session.execute(query):
            if decision is not None and decision.verdict == RequestVerdict.WITHDRAWN:
                continue
            when = instant(decision.at) if decision is not None else None
            for name, text in _given(made.given).items():
                self._known.setdefault((made.person_id or "", name), []).append((text, when))

    def before(self, line: Line, name: str, text: str) -> str | None:
        """Whether the same waits for a decision, or got one since the list was made."""
        made = instant(datetime.fromisoformat(line.made))
        same = [when for said, when in self._known.get((line.person_id, name), ()) if _is_same(name, said, text)]
        if None in same:
            return WAITING
        return DECIDED if any(when is not None and when >= made for when in same) else None


def _given(given: Mapping[str, Any]) -> dict[str, str]:
    """What a request says of a person, in the cells of a list."""
    found = {name: str(given[name]) for name in (NAME, "sex", "number") if given.get(name)}
    parts = []
    for key, width in zip(_PARTS, (4, 2, 2), strict=True):
        if not given.get(key):
            break
        parts.append(f"{int(given[key]):0{width}}")
    return found | ({BIRTH: "-".join(parts)} if parts else {})


# --- asked for -----------------------------------------------------------------------------------------------------


class Came(StrEnum):
    """What became of one difference."""

    ASKED, SAME, OVERTAKEN, REFUSED = "asked", "same", "overtaken", "refused"


def ask(session: Session, commune_id: str, line: Line, done: Done) -> tuple[Came, int]:
    """Ask for what one row says otherwise, unless somebody was there before; with how many requests. `done.reason`:
    why, to which the remark is added."""
    register_acts.take_turn(session, {commune_id})
    household = session.get_one(Household, (commune_id, line.household_id))
    one = register_acts.known_of(session, household).people.known.get(line.person_id)
    if one is None or one.state is not PersonState.MEMBER or household.state != HouseholdState.PRESENT:
        return Came.OVERTAKEN, 0
    now = cells_of_person(one)
    if any(now[name] != known for name, (_, known, _) in line.fields.items()):
        return Came.OVERTAKEN, 0
    asked = _Asked(session, commune_id, line.person_id)
    fields = {name: both for name, both in line.fields.items() if asked.before(line, name, both[-1]) is None}
    reason = f"{done.reason}: {line.remark}" if line.remark else done.reason
    wishes = replace(line, fields=fields, household_id=one.household_id).wishes(day_of(done.at))
    try:
        with session.begin_nested():  # all that one row says, or none of it
            for wish in wishes:
                requests.ask(session, commune_id, wish, replace(done, reason=reason))
    except Problem:
        return Came.REFUSED, 0
    return (Came.ASKED if wishes else Came.SAME), len(wishes)

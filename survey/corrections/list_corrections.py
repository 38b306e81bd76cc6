"""A list of corrections → what each row says, and of whom. Pure: what it is compared with, its caller knows.

A list that was exported from the register carries in each row a mark of what its cells were: only a cell that is
another since says anything, so what the list leaves as it was sets nothing back. Without the mark every cell that is
filled says something, and names are compared by their key. A blank cell says nothing: nothing is taken out by a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from survey.form.form import Form
from survey.members import NUMBER, RELATION, SEX
from survey.names import name_key
from survey.register import last_year
from survey.register.births import Birth
from survey.register.csv_rows import Mistake
from survey.register.known_words import CLASS
from survey.register.list_households import class_of_word
from survey.register.list_people import People, Person
from survey.register.list_records import Record, Records, check_words, read_records, village_in, without_signs
from survey.register.list_villages import Villages
from survey.register.plan import Note, VillageRow
from survey.register.questions import Asked
from survey.text import normal

HEAD, VILLAGE, ADDRESS, CLASS_FIELD = OF_HOUSEHOLD = ("head", "village", "address", "class")
NAME, BIRTH = "name", "birth"
OF_PERSON = (NAME, BIRTH, "sex", "relation", "number")
FIELDS = OF_HOUSEHOLD + OF_PERSON
HEADINGS = {  # folded, that only a list of corrections has → meaning
    **dict.fromkeys(("ma nhan khau", "ma so nhan khau", "person code"), "person"),
    **dict.fromkeys(("chu ho moi", "chu ho dung", "chu ho sua thanh", "ten chu ho moi", "new head"), "new_head"),
    **dict.fromkeys(("thon ban moi", "ban moi", "thon moi", "thon ban dung", "new village"), "new_village"),
    **dict.fromkeys(("dau cua so giu nguyen", "mark of the register leave as it is"), "mark"),
}
_COLUMNS = {  # what a field is told by when something is wrong with it
    HEAD: "head", VILLAGE: "village", ADDRESS: "address", CLASS_FIELD: "class", NAME: "name", BIRTH: "birth",
    "sex": "sex", "relation": "relation", "number": "cccd",
}  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GROUP = 4  # letters of the mark for each cell


@dataclass
class Said:
    """A row. `cells`: field → what it says, "" for nothing; `was`: of a row with a mark, the fields that it changes,
    each with the mark of what it was when it was exported. `head`, `village`: by which it names a household without a
    code, with the `birth` of its head."""

    record: Record
    code: str
    id: str
    person_code: str
    head: str
    village: str
    birth: Birth
    cells: dict[str, str]
    is_of_head: bool = False
    was: dict[str, str] | None = None

    @property
    def person(self) -> str:
        return self.cells[NAME]

    def ways(self, name: str) -> set[str]:
        """What a cell may have been before it was shown: its meaning, or the words that have none."""
        return {self.cells[name], plain(self.record.get(_COLUMNS[name]))}

    def is_as_marked(self, name: str, value: str) -> bool:
        """Whether a value is what stood in the cell when the list was exported; where nothing stood there, any is."""
        group = (self.was or {}).get(name, "")
        return group in ("", mark_of(self.code, self.person_code, name, value))

    def wrong(self, field_: str, code: str, **values: object) -> None:
        column = _COLUMNS.get(field_, field_)
        self.record.wrong(column if column in self.record.sheet.found.columns else "", code, **values)


@dataclass
class ReadList:
    """`rows`: those that say something; `unchanged`: how many are as they were exported; `cleared`: cells that were
    emptied."""

    rows: list[Said]
    unchanged: int
    cleared: int
    records: Records
    words: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def notes(self) -> list[Note]:
        return self.records.notes + ([Note("cleared", {"count": self.cleared})] if self.cleared else [])

    @property
    def unknown(self) -> list[tuple[str, str]]:
        return [(sheet.label, header) for sheet in self.records.sheets for header in sheet.found.unknown]

    def all_mistakes(self) -> list[Mistake]:
        return self.records.mistakes + [
            mistake for sheet in self.records.sheets for mistake in sorted(sheet.mistakes, key=lambda one: one.row)
        ]


@dataclass(frozen=True)
class Reader:
    """What rows are read with."""

    commune_id: str
    villages: Mapping[str, VillageRow]
    form: Form | None
    remembered: Mapping[str, Mapping[str, str]]
    today: date

    def read(self, files: Mapping[str, bytes], asked: Asked) -> ReadList:
        records = read_records(files, asked, HEADINGS)
        made = ReadList([], 0, 0, records)
        if records.mistakes:
            return made
        marked = [record for record in records.records if record.get("mark")]
        was = self._changed(marked, made)
        kept = [
            record
            for record in records.records
            if not record.get("mark") or record.number in was.get(id(record.sheet), {})
        ]
        check_words(kept)
        made.rows = self._said(kept, asked, made.words, records.titles)
        for row in made.rows:
            if row.record.get("mark"):
                row.was = was[id(row.record.sheet)][row.record.number]
                made.cleared += sum(not row.cells[name] for name in row.was)
        return made

    def _changed(self, marked: Sequence[Record], made: ReadList) -> dict[int, dict[int, dict[str, str]]]:
        """Sheet → row → the fields that are not as they were exported. What stands against cells that nobody touched is
        nobody's fault, and they ask nothing."""
        told = {id(sheet): len(sheet.mistakes) for sheet in made.records.sheets}
        found: dict[int, dict[int, dict[str, str]]] = {}
        wrong = []
        for row in self._said(marked, Asked({}, accepts=True), {}, made.records.titles):
            mark = row.record.get("mark")
            kinds = [one for one in (True, False) if mark[:_GROUP] == _key_of(row.code, row.person_code, one)]
            if len(mark) != _GROUP * (len(FIELDS) + 1) or not kinds:
                wrong.append(row)
                continue
            groups = [mark[at : at + _GROUP] for at in range(_GROUP, len(mark), _GROUP)]
            changed = {
                name: group
                for name, group in zip(FIELDS, groups, strict=True)
                if group not in {mark_of(row.code, row.person_code, name, said) for said in row.ways(name)}
            }
            if not kinds[0]:  # of the household it said nothing
                changed |= {name: "" for name in OF_HOUSEHOLD if name in changed}
            if changed:
                found.setdefault(id(row.record.sheet), {})[row.record.number] = changed
            else:
                made.unchanged += 1
        for sheet in made.records.sheets:
            del sheet.mistakes[told[id(sheet)] :]
        for row in wrong:
            row.wrong("mark", "mark_wrong")
        return found

    def _said(
        self, records: Iterable[Record], asked: Asked, words: dict[tuple[str, str], str], titles: list[str]
    ) -> list[Said]:
        records = list(records)
        people = People(self.form, last_year.copied(self.form), asked, self.remembered, self.today)
        villages = Villages(self.commune_id, self.villages, False, asked, may_add=False)
        title = village_in(titles)
        for record in records:
            villages.hear_of(record, record.get("village") or record.heading or title)
        classes = self.remembered.get(CLASS, {})
        found = []
        for person in people.read(records):
            record = person.record
            columns = record.sheet.found.columns
            key = record.get("village") or record.heading or title
            of = {name: villages.of(record, text) if text else "" for name, text in (
                (VILLAGE, key), ("new", record.get("new_village")),
            )}  # fmt: skip
            word = record.get("class")
            named = class_of_word(record, word, asked, classes, words) if word else None
            cells = {
                HEAD: plain(record.get("new_head") if "new_head" in columns else record.head),
                VILLAGE: of["new"] if "new_village" in columns else of[VILLAGE] if record.get("village") else "",
                ADDRESS: plain(record.get("address")),
                CLASS_FIELD: named.value if named else "",
                NAME: plain(_own_name(record)),
                BIRTH: person.birth.iso(),
                "sex": str(person.answers.get(SEX) or ""),
                "relation": str(person.answers.get(RELATION) or ""),
                "number": str(person.answers.get(NUMBER) or ""),
            }
            found.append(_row(record, person, cells, of[VILLAGE]))
        words |= people.words
        return found


def _row(record: Record, person: Person, cells: dict[str, str], village_id: str) -> Said:
    """A row whose household is named by its head where it has no code."""
    columns = record.sheet.found.columns
    is_head = person.relation == "chu_ho" or not _has_names(record) or ("relation" not in columns and not record.head)
    head = record.head or (_own_name(record) if is_head else "")
    is_head = is_head or name_key(record.head) == name_key(_own_name(record))
    birth = person.birth if is_head else Birth()
    return Said(
        record, record.get("code"), record.get("id"), record.get("person"), head, village_id, birth, cells, is_head
    )


def _has_names(record: Record) -> bool:
    """Whether the list has a column of persons' names beside the one of heads."""
    columns = record.sheet.found.columns
    return "name" in columns or "given_name" in columns


def _own_name(record: Record) -> str:
    """The name in that column; "" where it is blank, whatever stands for the head."""
    return record.get("name") or " ".join(filter(None, (record.get("family_name"), record.get("given_name"))))


def plain(text: str) -> str:
    """Words as they are compared with what they were: without signs, in one form, spaces single."""
    return " ".join(normal("NFC", without_signs(" ".join(text.split()))).split())


def mark(code: str, person_code: str, cells: Mapping[str, str], *, is_first: bool) -> str:
    """What stands in a row of an exported list, so that a changed cell is known: letters alone, which no spreadsheet
    takes for anything. `is_first`: whether the row says what the household is."""
    return _key_of(code, person_code, is_first) + "".join(
        mark_of(code, person_code, name, cells.get(name, "")) for name in FIELDS
    )


def mark_of(code: str, person_code: str, name: str, value: str) -> str:
    """Of one cell."""
    return letters_of(_GROUP, code, person_code, name, value)


def letters_of(count: int, *said: str) -> str:
    """A hash of what is said as so many letters; no more than 13."""
    number = int.from_bytes(hashlib.sha256("\n".join(said).encode()).digest()[:8])
    return "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(count))


def _key_of(code: str, person_code: str, is_first: bool) -> str:
    return mark_of(code, person_code, "household" if is_first else "person", "")

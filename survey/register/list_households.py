"""The records of a list → households with their members, as a plan has them; what is in doubt is asked.

A household begins where the list says so: a code of its own, an order number beside rows that have none, a head among
persons with relations; else each row is one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from survey.form.form import Form
from survey.names import bare_key, name_key
from survey.register import last_year
from survey.register.csv_rows import Mistake, folded
from survey.register.known_words import CLASS, LIST_CLASSES, word_key
from survey.register.layout import Found
from survey.register.list_people import People, Person, class_options, tick
from survey.register.list_records import Record, Records, Sheet, check_words, listed, read_records, village_in
from survey.register.list_villages import BEGINS_WITH_ITS_KIND, Villages
from survey.register.plan import Listed, Note, VillageRow
from survey.register.questions import MOST_ALONE, Asked, Example
from survey.terms import HouseholdClass

_TICKED = {
    "is_poor": HouseholdClass.POOR,
    "is_near_poor": HouseholdClass.NEAR_POOR,
    "is_not_poor": HouseholdClass.NOT_POOR,
}
_COUNTED = re.compile(r"([0-9]{1,6}) (ho|khau|nhan khau|nguoi)")
_FOREIGN_CODE = re.compile(r"([0-9]{4,5})-[0-9]+-[0-9]+")  # Excel takes the zero in front away


@dataclass
class Group:
    """The rows of one household; the first is the one by which it is told."""

    people: list[Person]

    @property
    def row(self) -> Record:
        return self.people[0].record

    def first(self, meaning: str) -> str:
        return next((text for one in self.people if (text := one.record.get(meaning))), "")


@dataclass
class Understood:
    """What a list came to."""

    households: list[Listed]
    villages: Villages
    records: Records
    notes: list[Note]
    unknown: list[tuple[str, str]]
    words: dict[tuple[str, str], str]

    def all_mistakes(self) -> list[Mistake]:
        """Those found until now, in the order of the rows; whoever compares with the register finds more."""
        return self.records.mistakes + [
            mistake for sheet in self.records.sheets for mistake in sorted(sheet.mistakes, key=lambda one: one.row)
        ]


def understand(
    files: Mapping[str, bytes],
    commune_id: str,
    villages: Mapping[str, VillageRow],
    is_urban: bool,
    form: Form | None,
    remembered: Mapping[str, Mapping[str, str]],
    asked: Asked,
    today: date,
) -> Understood:
    """What the files of a list say; `remembered`: kind of word → word → meaning in this commune."""
    records = read_records(files, asked)
    places = Villages(commune_id, villages, is_urban, asked)
    unknown = [(sheet.label, header) for sheet in records.sheets for header in sheet.found.unknown]
    if records.mistakes:
        return Understood([], places, records, records.notes, unknown, {})
    check_words(records.records)
    questions = last_year.copied(form)
    people = People(form, questions, asked, remembered, today)
    groups = list(_groups(people.read(records.records), asked))
    builder = _Builder(commune_id, places, form, asked, records, remembered.get(CLASS, {}))
    households = builder.households(groups)
    notes = [*records.notes, *(Note(code, {"count": count}) for code, count in people.counts.items() if count)]
    notes += _check_totals(records, groups, asked)
    sizes = sum(bool(group.first("size")) for group in groups if len(group.people) == 1)
    notes += [Note("size_only", {"count": sizes})] if sizes else []
    return Understood(households, places, records, notes, unknown, people.words | builder.words)


# --- which rows are one household --------------------------------------------------------------------------------


def _groups(people: list[Person], asked: Asked) -> Iterator[Group]:
    by_sheet: dict[int, list[Person]] = defaultdict(list)
    for person in people:
        by_sheet[id(person.record.sheet)].append(person)
    for persons in by_sheet.values():
        columns = persons[0].record.sheet.found.columns
        column = next((one for one in ("code", "id") if one in columns), "")
        groups = _by_code(persons, column, asked) if column else _in_turn(persons, columns, asked)
        for group in groups:
            yield from _of_one_head(group, asked)


def _by_code(persons: list[Person], column: str, asked: Asked) -> list[Group]:
    """Rows of one code in one village, unless they tell that two households were given it: that is asked later on."""
    groups: list[Group] = []
    by_code: dict[tuple[str, str], Group] = {}
    village = ""
    heads_alone = _has_heads_alone(persons[0].record.sheet.found.columns)
    for person in persons:
        village = _village_key(person.record) or village
        code = person.record.get(column)
        group = by_code.get((village, code)) if code else groups[-1] if groups else None
        if group is None:
            joins = False
        elif code:
            joins = _has_its_code(person, group, group is groups[-1], asked)
        else:
            begins = bool(person.record.get("order")) or (heads_alone and not _is_member(person))
            joins = not begins and _joins(person, group, asked)
        if group is None or not joins:
            group = Group([])
            groups.append(group)
            if code:
                by_code[village, code] = group
        group.people.append(person)
    return groups


def _in_turn(persons: list[Person], columns: Mapping[str, int], asked: Asked) -> list[Group]:
    numbered = [bool(one.record.get("order")) for one in persons]
    named_apart = "head" in columns and "name" in columns
    if named_apart:
        begins = [bool(one.record.get("head")) for one in persons]
    elif _has_heads_alone(columns):
        begins = [not _is_member(one) for one in persons]
    elif any(numbered) and not all(numbered):
        begins = numbered
    elif any(one.relation == "chu_ho" for one in persons) and any(_is_member(one) for one in persons):
        begins = [one.relation == "chu_ho" for one in persons]
    else:
        begins = [True] * len(persons)
    counted = _counted_without_number(persons) if begins is numbered else set()
    groups: list[Group] = []
    for at, (person, does_begin) in enumerate(zip(persons, begins, strict=True)):
        if named_apart and groups and does_begin and person.record.head == groups[-1].row.head != "":
            does_begin = bool(person.record.get("order")) and person.relation == "chu_ho"
        if not groups or does_begin or not _joins(person, groups[-1], asked, in_doubt=at in counted):
            groups.append(Group([]))
        groups[-1].people.append(person)
    return groups


def _has_heads_alone(columns: Mapping[str, int]) -> bool:
    """Whether a list names nobody but heads: each of its rows is a household, numbered or not."""
    return "head" in columns and not {"name", "given_name"} & set(columns)


def _is_member(person: Person) -> bool:
    return person.relation not in (None, "chu_ho")


def _is_head(person: Person) -> bool:
    """By relation, or by a tick in the column of heads."""
    return person.relation == "chu_ho" or bool(person.record.get("head") and not person.record.head)


def _village_key(record: Record) -> str:
    return name_key(record.get("village") or record.heading)


def _class_key(texts: Iterable[str]) -> tuple[object, ...]:
    return tuple(LIST_CLASSES.get(folded(text), folded(text)) for text in texts)


def _has_its_code(person: Person, group: Group, is_next: bool, asked: Asked) -> bool:
    """Whether a row with a household's code is a person of it."""
    head, its_head = name_key(person.record.head), name_key(group.row.head)
    if head and its_head and head != its_head:
        return False
    if _is_member(person):
        return True
    if not is_next or (
        _is_head(person) and any(_is_head(one) for one in group.people) and not _is_head(group.people[-1])
    ):
        return False
    return not person.record.get("order") or _is_head(person) or _says_person(person, group, asked)


def _joins(person: Person, above: Group, asked: Asked, in_doubt: bool = False) -> bool:
    """Whether a row that nothing numbers is a person of the household above; whoever says otherwise is asked about."""
    village, its_village = _village_key(person.record), name_key(above.first("village") or above.row.heading)
    columns = ("class", *_TICKED)
    said, its = ([one(column) for column in columns] for one in (person.record.get, above.first))
    is_alike = village in ("", its_village) and (not any(said) or _class_key(said) == _class_key(its))
    is_head = _is_head(person) and not all(_is_member(one) for one in above.people)
    if is_alike and not is_head and (_is_member(person) or not in_doubt):
        return True
    return _says_person(person, above, asked)


def _says_person(person: Person, above: Group, asked: Asked) -> bool:
    question = asked.ask("own_or_above", ("household", "person"), "household")
    question.example(person.record.example(f"{person.name} ~ {above.people[0].name}"))
    return question.taken == "person"


def _counted_without_number(persons: list[Person]) -> set[int]:
    """The rows without an order number that the next number counts all the same: 1, –, 3."""
    found: set[int] = set()
    blank: list[int] = []
    last = 0
    for at, person in enumerate(persons):
        text = person.record.get("order")
        if not text:
            blank.append(at)
            continue
        number = _figure(text)
        if last and number == last + len(blank) + 1:
            found |= set(blank)
        last, blank = number, []
    return found


def _of_one_head(group: Group, asked: Asked) -> Iterator[Group]:
    """The household, or several where somebody says that its heads have one each."""
    heads = [at for at, one in enumerate(group.people) if one.relation == "chu_ho"]
    ends = []
    if len(heads) > 1:
        question = asked.ask("two_heads", ("first", "separate"), "first")
        question.example(group.people[heads[0]].record.example("; ".join(group.people[at].name for at in heads[:4])))
        ends = heads[1:] if question.taken == "separate" else []
    for first, end in zip([0, *ends], [*ends, len(group.people)], strict=True):
        yield Group(group.people[first:end])


# --- what a household is ------------------------------------------------------------------------------------------


class _Builder:
    def __init__(
        self,
        commune_id: str,
        villages: Villages,
        form: Form | None,
        asked: Asked,
        records: Records,
        remembered: Mapping[str, str],
    ) -> None:
        self._commune_id, self._villages, self._form, self._asked = commune_id, villages, form, asked
        self._questions = last_year.copied(form)
        self._titles = records.titles
        self._several_lists = len(records.sheets) > 1
        self._notes = records.notes
        self._remembered = remembered
        self._told: set[int] = set()
        self.words: dict[tuple[str, str], str] = {}

    def households(self, groups: list[Group]) -> list[Listed]:
        places = self._village_texts(groups)
        for group, text in zip(groups, places, strict=True):
            self._villages.hear_of(group.row, text)
        nowhere = sum(not text for text in places)
        found = []
        for group, text in zip(groups, places, strict=True):
            village = (
                self._villages.of(group.row, text) if text else self._villages.any(group.row, " ".join(self._titles))
            )
            found.append(self._household(group, village))
        self._refuse_no_village(nowhere, groups)
        kept = self._tell_apart(found, groups)
        self._keep_members(kept, groups)
        return kept

    def _refuse_no_village(self, nowhere: int, groups: list[Group]) -> None:
        if nowhere and not self._villages.there:
            groups[0].row.sheet.wrong(0, "", "no_village_there")

    def _village_texts(self, groups: list[Group]) -> list[str]:
        texts: list[str] = []
        above: dict[int, str] = {}
        title = village_in(self._titles)
        for group in groups:
            sheet = group.row.sheet
            text = group.first("village") or group.row.heading or self._of_sheet(sheet) or ""
            if not text and "village" not in sheet.found.columns:
                text = group.first("address") if self._is_village(group.first("address")) else title
            elif not text and above.get(id(sheet)):
                question = self._asked.ask("blank_village", ("above", "leave"), "above")
                question.example(group.row.example(f"{group.row.person} → {above[id(sheet)]}"))
                text = above[id(sheet)] if question.taken == "above" else ""
            above[id(sheet)] = text or above.get(id(sheet), "")
            texts.append(text)
        return texts

    def _is_village(self, text: str) -> bool:
        return bool(BEGINS_WITH_ITS_KIND.match(text))

    def _of_sheet(self, sheet: Sheet) -> str:
        """The sheet's name, where it is a village's."""
        name = sheet.found.table.name
        if (
            "village" in sheet.found.columns
            or not name
            or re.fullmatch(r"(sheet|trang tinh|bang|ds|danh sach).*", folded(name))
        ):
            return ""
        if not (self._several_lists or BEGINS_WITH_ITS_KIND.match(name)):
            return ""
        if id(sheet) not in self._told:
            self._told.add(id(sheet))
            self._notes.append(Note("village_of_sheet", {"file": sheet.label}))
        return name

    def _household(self, group: Group, village_id: str) -> Listed:
        head = self._head_of(group)
        row = group.row
        if not head.name:
            row.wrong(_name_column(row.sheet.found), "blank")
        for person in group.people:
            if person is not head and not person.name:
                person.record.wrong(_name_column(row.sheet.found), "blank")
        code = self._code(group)
        address = group.first("address")
        if address and last_year.address_question(self._form) is None:
            address = ""
        name = row.head if row.head and row.get("name") else head.name
        one = Listed(row, village_id, name, code, group.first("id"), self._class(group), address, born=head.birth)
        if not re.fullmatch(r"[0-9A-Za-z-]{0,36}", one.id):
            row.wrong("id", "bad_id")
        return one

    def _head_of(self, group: Group) -> Person:
        """The head among a household's persons; their relations say so from here on."""
        heads = [one for one in group.people if one.relation == "chu_ho"]
        named = name_key(group.row.head) if group.row.get("name") else ""
        if not heads and named:
            heads = [one for one in group.people if name_key(one.name) == named][:1]
        has_relations = any(one.relation for one in group.people)
        for one in heads[1:]:
            one.answers.pop("quan_he", None)
        if not heads and has_relations and len(group.people) > 1:
            question = self._asked.ask("no_head", ("yes", "no"), "yes")
            question.example(group.row.example(group.people[0].name))
            heads = group.people[:1] if question.taken == "yes" else []
        head = heads[0] if heads else group.people[0]
        if "quan_he" in self._questions and (heads or not has_relations):
            head.answers["quan_he"] = "chu_ho"
        return head

    def _code(self, group: Group) -> str:
        code = group.first("code")
        if len(code) > 20:
            group.row.wrong("code", "too_long", limit=20)
        match = _FOREIGN_CODE.fullmatch(code)
        if match and match[1].zfill(5) != self._commune_id:
            group.row.wrong("code", "foreign_commune", other=match[1].zfill(5), commune=self._commune_id)
        return code

    # --- its class ---

    def _class(self, group: Group) -> HouseholdClass | None:
        columns = group.row.sheet.found.columns
        ticked = [_TICKED[one] for one in _TICKED if one in columns and any(tick(p.record, one) for p in group.people)]
        if len(ticked) > 1:
            group.row.wrong("is_poor", "two_classes")
        if ticked:
            return ticked[0]
        text = group.first("class")
        if text:
            return class_of_word(group.row, text, self._asked, self._remembered, self.words)
        if any(one in columns for one in _TICKED):
            return self._asked_class("no_tick", "khong_ngheo", group)
        return self._asked_class("blank_class", "blank", group) if "class" in columns else self._no_class(group)

    def _no_class(self, group: Group) -> HouseholdClass | None:
        """The list has no class: its title may say of whom it is."""
        title = " " + folded(" ".join(self._titles)) + " "
        is_near = "can ngheo" in title
        is_poor = " ho ngheo " in title.replace("can ngheo", "")
        proposed = "ho_can_ngheo" if is_near and not is_poor else "ho_ngheo" if is_poor and not is_near else "blank"
        return self._asked_class("no_class", proposed, group)

    def _asked_class(self, code: str, proposed: str, group: Group) -> HouseholdClass | None:
        question = self._asked.ask(code, class_options(), proposed)
        question.example(group.row.example(group.row.person))
        return _class_of(question.taken)

    # --- households of one name ---

    def _tell_apart(self, households: list[Listed], groups: list[Group]) -> list[Listed]:
        """Ask about those of one name in one village; all stay unless somebody says that they are one."""
        by_name: dict[tuple[str, str], list[int]] = defaultdict(list)
        by_bare: dict[tuple[str, str], list[int]] = defaultdict(list)
        seen: dict[tuple[str, str], int] = {}
        for at, one in enumerate(households):
            if one.id and seen.setdefault(("id", one.id), at) != at:
                one.row.wrong("id", "twice", first=households[seen["id", one.id]].row.number)
            if one.code and seen.setdefault(("code", one.code), at) != at:  # numbered anew on each sheet
                question = self._asked.ask("code_twice", ("blank",), "blank")
                question.example(groups[at].row.example(f"{one.code}, {one.head}"))
                one.code = ""
            if one.head:
                by_name[one.village_id, name_key(one.head)].append(at)
                by_bare[one.village_id, bare_key(one.head)].append(at)
        same = [rows for rows in by_name.values() if len(rows) > 1 and not _are_told_apart(rows, households, groups)]
        dropped = self._ask_which(same, "same_name", households, groups)
        alike = [
            _one_each(rows, households)
            for (_village, bare), rows in by_bare.items()
            if len({name_key(households[at].head) for at in rows}) > 1
            and any(name_key(households[at].head) == bare for at in rows)
        ]
        dropped |= self._ask_which(alike, "alike_name", households, groups)
        return [one for at, one in enumerate(households) if at not in dropped]

    def _ask_which(self, found: list[list[int]], code: str, households: list[Listed], groups: list[Group]) -> set[int]:
        dropped: set[int] = set()
        for rows in found:
            row = groups[rows[0]].row
            about = str(row.number) if len(found) <= MOST_ALONE else ""
            if about and self._several_lists:
                about = f"{row.sheet.found.table.name} {about}"
            question = self._asked.ask(code, ("separate", "one"), "separate", about)
            for at in rows:
                one = households[at]
                said = (one.head, one.born.iso() if one.born else "", one.address)
                question.example(groups[at].row.example(", ".join(filter(None, said))))
            if question.taken == "one":
                dropped |= set(rows[1:])
        return dropped

    # --- its members ---

    def _keep_members(self, households: list[Listed], groups: list[Group]) -> None:
        told = [group for group in groups if len(group.people) > 1 or any(one.has_facts for one in group.people)]
        if not told:
            return
        if not self._questions:
            self._asked.ask("no_form", ("households_only",), "households_only").count = len(told)
            return
        kept = {id(one.row): one for one in households}
        for group in told:
            if id(group.row) in kept:
                kept[id(group.row)].members = [person.answers for person in group.people if person.name]


def class_of_word(
    record: Record, text: str, asked: Asked, remembered: Mapping[str, str], words: dict[tuple[str, str], str]
) -> HouseholdClass | None:
    """The class that a word of a list means; what is not known is asked, and what is learnt goes into `words`."""
    known = LIST_CLASSES.get(folded(text))
    if known is None and word_key(text) in remembered:
        known = HouseholdClass(remembered[word_key(text)])
    if known is not None:
        return known
    if not asked.has_room("word_class", text):
        record.wrong("class", "not_one_of", value=text[:40], known="; ".join(one.vi for one in HouseholdClass))
        return None
    question = asked.ask("word_class", class_options(), None, text, word=text[:60])
    question.example(record.example(record.person))
    if question.answer and question.answer != "blank":
        words[CLASS, text] = question.answer
    return _class_of(question.taken)


def _class_of(taken: str | None) -> HouseholdClass | None:
    return HouseholdClass(taken) if taken and taken != "blank" else None


def _name_column(found: Found) -> str:
    return next((one for one in ("name", "head", "given_name") if one in found.columns), "name")


def _are_told_apart(rows: list[int], households: list[Listed], groups: list[Group]) -> bool:
    """By a code each, an address each, or the identity numbers of their heads."""
    for told in (
        [households[at].code or households[at].id for at in rows],
        [name_key(households[at].address) for at in rows],
        [groups[at].people[0].cccd for at in rows],
    ):
        if all(told) and len(set(told)) == len(told):
            return True
    return False


def _one_each(rows: list[int], households: list[Listed]) -> list[int]:
    """The first row of each spelling, those with tones before the one without."""
    first: dict[str, int] = {}
    for at in rows:
        first.setdefault(name_key(households[at].head), at)
    return sorted(first.values(), key=lambda at: (name_key(households[at].head) == bare_key(households[at].head), at))


# --- totals ----------------------------------------------------------------------------------------------------


def _check_totals(records: Records, groups: list[Group], asked: Asked) -> list[Note]:
    """Whether the totals of each list agree with its rows, since the total before or from its beginning."""
    notes = []
    for sheet in records.sheets:
        mine = [group for group in groups if group.row.sheet is sheet]
        before = 0
        differ = False
        told: list[int] = []
        for row in sheet.found.totals:
            parts = (
                [one for one in mine if before < one.row.number < row],
                [one for one in mine if one.row.number < row],
            )
            compared = [list(_compared(sheet.found, row, part)) for part in parts]
            wrong = min(([text for text, agrees in part if not agrees] for part in compared), key=len)
            before = row
            if not compared[0]:
                words = " | ".join(str(cell) for cell in sheet.found.table.rows[row] if cell is not None)
                bare = asked.ask("totals_bare", ("yes",), "yes")
                bare.example(Example(words[:120], row, sheet.short))
                continue
            told.append(row)
            for text in wrong:
                differ = True
                question = asked.ask("totals", ("go_on",), None)
                question.example(Example(text, row, sheet.short))
        if told:
            code = "totals_unlike" if differ else "total_left_out"
            notes.append(Note(code, {"file": sheet.label, "rows": listed(told)}))
    return notes


def _compared(found: Found, row: int, groups: list[Group]) -> Iterator[tuple[str, bool]]:
    """Each figure of a total beside what the rows come to, and whether they agree."""
    people = sum(len(group.people) for group in groups)
    sizes = [group.first("size") for group in groups]
    persons = sum(_figure(text) for text in sizes) if "size" in found.columns else people
    counted = {
        one: sum(any(tick_of(person.record, one) for person in group.people) for group in groups) for one in _TICKED
    }
    for meaning in (*_TICKED, "size"):
        cell = found.cell(row, meaning)
        expected = counted.get(meaning, persons)
        if re.fullmatch("[0-9]{1,6}", str(cell)):
            yield f"{found.headings[meaning]}: {cell} ≠ {expected}", _figure(str(cell)) == expected
    for cell in found.table.rows[row]:
        for number, unit in _COUNTED.findall(folded(str(cell))) if isinstance(cell, str) else ():
            expected = len(groups) if unit == "ho" else persons
            yield f"{cell} ≠ {expected}", int(number) == expected


def _figure(text: str) -> int:
    """A number of persons; 0 of what is none."""
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 0


def tick_of(record: Record, column: str) -> bool:
    cell = record.cell(column)
    return cell is not None and folded(str(cell)) not in ("", "0", "khong")

"""The persons of a commune's register as a list that the commune police check against the population database.

Each row says who somebody is, has blank columns for what is right, and ends in a mark: when the list was made, which
server and commune and person it is of, and what its cells were. So a row that was shifted against its columns, made up,
or taken from another list is known. It is a mark against mix-ups and no signature: who forges one has asked for what
they could ask for by hand. What the file holds is personal data, and it says so.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from openpyxl import Workbook
from openpyxl.cell.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy.orm import Session

from survey.clocks import day_of
from survey.corrections.corrections import Now, cells_of_person
from survey.corrections.list_corrections import BIRTH, NAME, VILLAGE, letters_of, mark_of
from survey.corrections.register_list import CODE, MARK, PERSON, Words
from survey.corrections.register_list import HEADINGS as OF_REGISTER
from survey.evidence.lineage import generation
from survey.members import PEOPLE
from survey.register import importing
from survey.register.csv_rows import folded
from survey.register.tables import text_cells
from survey.reports.csvfile import Style, written
from survey.terms import HouseholdState
from survey.text import N_

Translate = Callable[[str], str]
Tell = Callable[[int, int], None]
EXPORTED = "register.police_list"  # in the log
REASON = N_("Checked by the commune police")  # why its differences are asked for
FIELDS = (NAME, BIRTH, "sex", "number")  # of which the police say what is right
RIGHT = {name: f"right_{name}" for name in FIELDS}  # the columns of it
VERDICT, REMARK = "verdict", "remark"
HEADINGS = {
    VILLAGE: OF_REGISTER[VILLAGE],
    CODE: OF_REGISTER[CODE],
    PERSON: OF_REGISTER[PERSON],
    NAME: OF_REGISTER[NAME],
    BIRTH: OF_REGISTER[BIRTH],
    "sex": OF_REGISTER["sex"],
    "people": N_("Ethnic group"),
    "number": OF_REGISTER["number"],
    "relation": OF_REGISTER["relation"],
    VERDICT: N_("Right/Wrong"),
    RIGHT[NAME]: N_("Right name"),
    RIGHT[BIRTH]: N_("Right date of birth"),
    RIGHT["sex"]: N_("Right sex"),
    RIGHT["number"]: N_("Right identity number"),
    REMARK: N_("Remark of the police"),
    MARK: OF_REGISTER[MARK],
}
# The headings that are looked for when the list comes back, folded as `csv_rows.folded` has them, in Vietnamese.
FOLDED = {
    VILLAGE: "thon ban", CODE: "ma ho", PERSON: "ma nhan khau", NAME: "ho va ten", BIRTH: "ngay sinh",
    "sex": "gioi tinh", "people": "dan toc", "number": "so cccd", "relation": "quan he voi chu ho",
    VERDICT: "dung sai", RIGHT[NAME]: "ho va ten dung", RIGHT[BIRTH]: "ngay sinh dung", RIGHT["sex"]: "gioi tinh dung",
    RIGHT["number"]: "so dinh danh dung", REMARK: "ghi chu cua cong an", MARK: "dau cua so giu nguyen",
}  # fmt: skip
KNOWN = {word: name for name, heading in HEADINGS.items() for word in (FOLDED[name], folded(heading))}
NOTICE = N_("PERSONAL DATA: for the check by the commune police alone. Do not pass it on; delete it when it is done.")
INSTRUCTIONS = (
    N_("Compare each row with the population database. Write Right or Wrong in the column “Right/Wrong”."),
    N_("A row that is left blank counts as not checked. You may bring a part now and the rest later."),
    N_("Where something is wrong, write what is right in the columns with blue headings, and only what differs."),
    N_("Write a birth as day/month/year, the sex as Male or Female, the identity number with all its 12 digits."),
    N_("Who died, moved away, is not known or stands here twice: write Wrong, and say it in the remark."),
    N_("Say it in the remark as well where the ethnic group or the relation to the head is wrong."),
    N_("Leave the columns on the left and the last column as they are, and add no rows."),
    N_("Rows may be filtered, taken out, and sorted as whole rows."),
    N_("Nothing in here changes the register by itself: each difference becomes a request that another officer decides "
       "on, and on identity numbers the province."),
    N_("This list holds personal data: show it to nobody who does not check it, send it back by a protected way, and "
       "delete your copy when the check is done."),
)  # fmt: skip
_LETTERS, _SEAL, _WHEN = 4, 8, 6  # of a cell, of the row, of the minute at which the list was made
LENGTH = _WHEN + _SEAL + _LETTERS * len(FIELDS)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_GIVEN, _TO_FILL = PatternFill("solid", fgColor="E6E6E6"), PatternFill("solid", fgColor="CFE5F7")
_WIDTHS = {VILLAGE: 18, CODE: 15, PERSON: 12, NAME: 24, BIRTH: 12, "number": 16, "relation": 18, RIGHT[NAME]: 24,
           RIGHT["number"]: 18, REMARK: 34, MARK: 14}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A list as it is handed out: its bytes, and how many stand in it."""

    data: bytes
    people: int
    households: int


def make(
    session: Session, commune_id: str, place: str, kind: str, now: datetime, translate: Translate,
    tell: Tell = lambda _done, _all: None,
) -> Made:  # fmt: skip
    """The list of a commune, called `place`, as "xlsx" or "csv", in the language of `translate`. `tell`: called with
    how many households are written, of how many."""
    listed = list(rows(session, commune_id, now, tell))
    title = translate(N_("List for the commune police: %(place)s, %(day)s")) % {
        "place": place, "day": f"{day_of(now):%d/%m/%Y}",
    }  # fmt: skip
    data = _workbook(title, listed, translate) if kind == "xlsx" else _csv(title, listed, translate)
    return Made(data, len(listed), len({row[list(HEADINGS).index(CODE)] for row in listed}))


def kind_of(path: PurePath) -> str | None:
    """ "xlsx" or "csv" by a file's name; None for any other."""
    kind = path.suffix.lower().removeprefix(".")
    return kind if kind in ("xlsx", "csv") else None


def rows(
    session: Session, commune_id: str, now: datetime, tell: Tell = lambda _done, _all: None
) -> Iterator[list[str]]:
    """Who is a member of a household on the register, a row each, by village and household."""
    words = Words(importing.villages_there(session, commune_id, now), importing.questionnaire(session, commune_id, now))
    register, server = Now(session, commune_id), generation(session)
    present = [one for one in register.households.values() if one.state == HouseholdState.PRESENT]
    for at, one in enumerate(sorted(present, key=lambda each: (each.village_id, each.code))):
        tell(at, len(present))
        village = register.household(one.id)[VILLAGE]
        for person in register.members(one.id):
            cells = cells_of_person(person) | {VILLAGE: village, "people": str(person.said.get(PEOPLE) or "")}
            shown = {name: words.shown(name, text) for name, text in cells.items()}
            shown |= {CODE: one.code, PERSON: person.id}
            shown[MARK] = mark(server, commune_id, one.code, person.id, cells, now)
            yield [shown.get(name, "") for name in HEADINGS]


# --- the mark ------------------------------------------------------------------------------------------------------


def mark(server: str, commune_id: str, code: str, person_id: str, cells: dict[str, str], now: datetime) -> str:
    """Of a row: letters alone, which no spreadsheet takes for anything. `server`: its generation."""
    minute = (now - _EPOCH) // timedelta(minutes=1)
    when = "".join(_ALPHABET[minute // 26**place % 26] for place in range(_WHEN))
    groups = "".join(mark_of(code, person_id, name, cells.get(name, "")) for name in FIELDS)
    return when + _seal(server, commune_id, code, person_id, when + groups) + groups


def made_at(text: str) -> datetime:
    """When the list was made that a mark is of."""
    minute = sum(_ALPHABET.index(letter) * 26**place for place, letter in enumerate(text[:_WHEN]))
    return _EPOCH + timedelta(minutes=minute)


def is_ours(servers: set[str], commune_id: str, code: str, person_id: str, text: str) -> bool:
    """Whether a mark is of this server, commune and person. `servers`: the generations that this server had."""
    if len(text) != LENGTH or set(text) - set(_ALPHABET):
        return False
    seal, rest = text[_WHEN : _WHEN + _SEAL], text[:_WHEN] + text[_WHEN + _SEAL :]
    return any(seal == _seal(one, commune_id, code, person_id, rest) for one in servers)


def was(text: str, code: str, person_id: str, field: str, value: str) -> bool:
    """Whether a cell of a row with this mark held `value` when the list was made."""
    at = _WHEN + _SEAL + _LETTERS * FIELDS.index(field)
    return text[at : at + _LETTERS] == mark_of(code, person_id, field, value)


def _seal(server: str, commune_id: str, code: str, person_id: str, rest: str) -> str:
    return letters_of(_SEAL, "police list", server, commune_id, code, person_id, rest)


# --- the files -----------------------------------------------------------------------------------------------------


def _csv(title: str, listed: Sequence[Sequence[str]], translate: Translate) -> bytes:
    head = [f"{title}. {translate(NOTICE)}"]
    body = [[translate(heading) for heading in HEADINGS.values()], *listed]
    return b"".join(written(head, body, Style.SEMICOLON))


def _workbook(title: str, listed: Sequence[Sequence[str]], translate: Translate) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(translate(N_("Persons to check")))
    sheet.freeze_panes = "A4"
    sheet.print_title_rows = "3:3"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddHeader.center.text = translate(NOTICE).replace("&", "&&")
    columns = list(HEADINGS)
    for number, name in enumerate(columns, 1):
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width, dimension.number_format = _WIDTHS.get(name, 14), "@"  # what is typed keeps its zeros
    last = len(listed) + 3
    for name, choices in ((VERDICT, (N_("Right"), N_("Wrong"))), (RIGHT["sex"], (N_("Male"), N_("Female")))):
        offered = ",".join(translate(one) for one in choices)
        rule = DataValidation(type="list", formula1=f'"{offered}"', allow_blank=True, showErrorMessage=False)
        letter = get_column_letter(columns.index(name) + 1)
        rule.add(f"{letter}4:{letter}{max(last, 4)}")
        sheet.data_validations.append(rule)
    for words in (title, translate(NOTICE)):
        cell = WriteOnlyCell(sheet, words)
        cell.font = Font(bold=True)
        sheet.append([cell])
    to_fill = (VERDICT, *RIGHT.values(), REMARK)
    head = [WriteOnlyCell(sheet, translate(heading)) for heading in HEADINGS.values()]
    for name, cell in zip(columns, head, strict=True):
        cell.font, cell.fill = Font(bold=True), _TO_FILL if name in to_fill else _GIVEN
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.append(head)
    for row in listed:
        sheet.append(text_cells(sheet, row))
    _instructions(book, title, translate)
    done = io.BytesIO()
    book.save(done)
    return done.getvalue()


def _instructions(book: Workbook, title: str, translate: Translate) -> None:
    sheet = book.create_sheet(translate(N_("How to fill it in")))
    sheet.column_dimensions["A"].width = 100
    for at, words in enumerate((title, translate(NOTICE), *map(translate, INSTRUCTIONS))):
        cell = WriteOnlyCell(sheet, words if at < 2 else f"{at - 1}. {words}")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(bold=at < 2)
        sheet.append([cell])

"""Where the list stands in a sheet: titles above it, a header of one to three rows, records, totals, signatures. Pure.

A sheet is taken apart and nothing of it is dropped unseen: each row is a record, a village's heading, a total, or left
out and told with its number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from survey.names import name_key
from survey.register.csv_rows import folded
from survey.register.known_words import LIST_CLASSES
from survey.register.tables import Cell, Table

SEARCHED = 40  # rows in which the header is looked for
DEEPEST = 3  # rows of a header
# A column's meaning → the headings it goes by, folded.
MEANINGS: dict[str, set[str]] = {
    "order": {"ho so", "stt", "tt", "so tt", "so thu tu", "no", "tt ho", "stt ho", "so tt ho"},
    "head": {
        "chu ho", "ten chu ho", "ho ten chu ho", "ho va ten chu ho", "head of household", "head name", "ho ten ch",
        "ho va ten ch", "ten ch", "chu ho ho va ten", "ho va ten nguoi dung dau ho",
    },
    "name": {
        "ho va ten", "ho ten", "name", "full name", "ho va ten thanh vien", "ho ten thanh vien", "thanh vien",
        "ten thanh vien", "ho va ten thanh vien trong ho", "ho va ten cac thanh vien", "ho chu dem va ten",
        "ho ten thanh vien ho", "ho va ten nhan khau", "ten nhan khau", "ho va ten chu ho va thanh vien",
        "ho va ten cac thanh vien trong ho", "ho ten chu ho va cac thanh vien", "ho va ten chu ho thanh vien",
    },
    "family_name": {"ho", "ho dem", "ho va dem", "ho va ten dem", "ho lot", "ho chu dem", "ho va chu dem"},
    "given_name": {"ten", "ten goi"},
    "village": {
        "thon", "ban", "thon ban", "so thon", "ten thon", "ten ban", "ten thon ban", "village", "village number",
        "village name", "dia chi ban", "dia chi thon", "dia chi thon ban", "dia chi thon ban tieu khu", "ma thon",
        "ma ban", "ma thon ban", "to dan pho", "thon ban to dan pho", "ten thon ban to dan pho", "khu dan cu",
        "tieu khu", "ban tieu khu", "thon to", "thon xom", "xom", "ap", "thon ban tieu khu", "noi cu tru thon ban",
        "thon ban khu pho", "ban tieu khu to dan pho", "thon ban tdp", "thon tdp", "to ban", "dia ban",
        "don vi thon ban",
    },
    "former_commune": {
        "xa cu", "ten xa cu", "thuoc xa cu", "xa phuong cu", "phuong cu", "xa truoc sap nhap", "xa truoc day",
        "xa truoc khi sap nhap", "xa", "xa phuong", "ten xa", "don vi hanh chinh cu", "thuoc xa", "xa thi tran cu",
        "don vi cu", "former commune",
    },
    "code": {"ma ho", "ma so ho", "so ho", "household code", "ma ho gia dinh", "ma so ho gia dinh", "ma dinh danh ho"},
    "id": {"household id", "dinh danh ho"},
    "class": {
        "loai", "phan loai", "phan loai nam truoc", "class last year", "ket qua nam truoc", "phan loai ho", "loai ho",
        "doi tuong",
        "class", "ho ngheo can ngheo", "ket qua ra soat", "ket qua phan loai", "ket qua", "dien ho", "thuoc dien",
        "phan loai ho nam truoc", "ho ngheo ho can ngheo", "loai doi tuong", "phan loai ho ngheo",
    },
    "is_poor": {"ho ngheo", "ngheo", "hn"},
    "is_near_poor": {"ho can ngheo", "can ngheo", "hcn"},
    "is_not_poor": {
        "ho khong ngheo", "khong ngheo", "kn", "khong thuoc ho ngheo can ngheo", "ho khong thuoc dien ngheo",
        "khong thuoc ho ngheo ho can ngheo", "hkn",
    },
    "address": {"dia chi", "noi o", "cho o", "noi o hien nay", "address", "cho o hien nay", "noi cu tru"},
    "size": {"so khau", "so nhan khau", "nhan khau", "so nguoi", "tong so khau", "khau", "so nguoi trong ho"},
    "sex": {"gioi tinh", "nam hay nu", "gender", "sex", "phai", "gioi", "nam nu"},
    "relation": {
        "quan he", "quan he voi chu ho", "relation to head", "relation", "qh voi chu ho", "qh", "moi quan he",
        "quan he chu ho", "moi quan he voi chu ho", "qh chu ho", "quan he voi ch",
    },
    "birth": {
        "ngay sinh", "ngay thang nam sinh", "birth date", "date of birth", "nam sinh", "ngay thang sinh", "sinh ngay",
        "birth year", "ngay thang nam sinh dd mm yyyy", "ntns", "ngay sinh nam sinh", "sinh nam", "birth",
    },
    "birth_male": {"nam sinh nam", "sinh nam nam", "ngay sinh nam"},
    "birth_female": {"nam sinh nu", "sinh nam nu", "ngay sinh nu"},
    "birth_day": {"ngay", "birth day"},
    "birth_month": {"thang", "thang sinh", "birth month"},
    "ethnic": {"dan toc", "ethnic group", "thanh phan dan toc", "dt"},
    "cccd": {
        "cccd", "so cccd", "can cuoc", "so can cuoc", "so dinh danh", "citizen id", "cmnd", "so cmnd", "cccd cmnd",
        "so cccd cmnd", "cmnd cccd", "so cmnd cccd", "so dinh danh ca nhan", "can cuoc cong dan", "so dinh danh cccd",
        "so can cuoc cong dan", "dinh danh ca nhan", "so cccd ddcn", "ma dinh danh", "ma so dinh danh ca nhan",
        "so cccd so dinh danh", "cccd so dinh danh", "so cccd so dinh danh ca nhan",
    },
}  # fmt: skip
KNOWN = {heading: meaning for meaning, headings in MEANINGS.items() for heading in headings}
IGNORED = {"ghi chu", "note", "notes", "ky ten", "ky nhan", "chu ky"}  # told like any column that is not taken
_PEOPLE = {"head", "name", "given_name"}
_TOTALS = {name_key(word) for word in ("cộng", "tổng", "tổng số", "tổng cộng", "cộng tổng", "total")}
_TOTAL = re.compile("(?:tổng|cộng)(?: |:|$)")
_BARE_TOTALS = {"cong", "tong so", "tong cong", "tong"}
_FIGURE = re.compile("[0-9]")
_SIGNATURE = re.compile(
    r"(?:nguoi lap|lap bieu|nguoi tong hop|tm |tm$|t m |kt |chu tich|pho chu tich|truong (?:thon|ban)|ky ten|noi nhan|"
    r"can bo |ubnd|uy ban nhan dan|ngay \d* ?thang|\w+(?: \w+)? ngay \d* ?thang|ky va ghi|ky ghi|xac nhan|thu truong|"
    r"dai dien|nguoi ghi|nguoi duyet|danh sach nay|luu y|ghi chu|nguoi kiem tra|ke toan)"
)
_VILLAGE = re.compile("(?:bản|thôn|tiểu khu|tổ dân phố|tổ|xóm|ấp|khu|tdp|tk)[ .:]", re.IGNORECASE)
_ROMAN = re.compile(r"(?:[IVXLC]+|[A-Z]|\d+)[.)/\s-]*")
_NUMBERING = re.compile(r"\(?(?:\d{1,2}|[A-Z])\)?")


@dataclass
class Found:
    """A list in a sheet. `columns`: meaning → column; `headings`: meaning → as written; `records`: rows in order, each
    with the village heading above it."""

    table: Table
    columns: dict[str, int]
    headings: dict[str, str]
    unknown: list[str]
    records: list[tuple[int, str]] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)  # rows with words that are no record

    def cell(self, row: int, meaning: str) -> Cell:
        return self.table.cell(row, self.columns[meaning]) if meaning in self.columns else None


def find_list(table: Table, more: Mapping[str, str] = MappingProxyType({})) -> Found | None:
    """The list in a sheet; None when no header is seen. `more`: headings, folded, that only some lists have → meaning;
    such a list may name households by their codes alone."""
    told_by = _PEOPLE | {"code"} if more else _PEOPLE
    best: tuple[tuple[int, int], int, int, dict[str, int], list[str], dict[str, str]] | None = None
    numbers = list(table.rows)[:SEARCHED]
    for at, first in enumerate(numbers):
        for depth in range(1, DEEPEST + 1):
            rows = numbers[at : at + depth]
            if len(rows) < depth or rows[-1] - first >= DEEPEST or (depth > 1 and not _goes_on(table, rows[-1])):
                break
            columns, unknown, headings = _columns(table, rows, more)
            if _names_a_person(table, rows, columns):
                break
            worth = (len(columns), -depth)
            if len(columns) >= 2 and told_by & set(columns) and (best is None or worth > best[0]):
                best = (worth, first, rows[-1], columns, unknown, headings)
    if best is None:
        return None
    _worth, first, last, columns, unknown, headings = best
    last = _last_of_header(table, last, columns)
    found = Found(table, columns, headings, unknown)
    _fill_merged(table, last, columns)
    _sort_rows(found, first, last)
    _take_years_for_births(found)
    return found


def _goes_on(table: Table, row: int) -> bool:
    """Whether a row can be the lower part of a header: words only, none of them a person's or a figure."""
    return all(isinstance(cell, str) and len(cell) < 80 and not cell.isdigit() for cell in table.rows[row] if cell)


def _names_a_person(table: Table, rows: list[int], columns: dict[str, int]) -> bool:
    """Whether what would be a header's lower row has a name where the names are: then it is the first record."""
    below = (table.cell(row, columns[one]) for row in rows[1:] for one in _PEOPLE if one in columns)
    return any(cell is not None and folded(str(cell)) not in KNOWN for cell in below)


def _last_of_header(table: Table, last: int, columns: dict[str, int]) -> int:
    """The header goes on below what told the columns apart as far as the heading of the names is merged downwards."""
    persons = {columns[one] for one in _PEOPLE if one in columns}
    spans = [
        last_row
        for first_row, first, last_row, last_column in table.merged
        if first_row <= last < last_row < first_row + DEEPEST and any(first <= one <= last_column for one in persons)
    ]
    return max([last, *spans])


def _columns(
    table: Table, rows: list[int], more: Mapping[str, str]
) -> tuple[dict[str, int], list[str], dict[str, str]]:
    width = max(len(table.rows[row]) for row in rows)
    paths = [_path(table, rows, column) for column in range(width)]
    found: dict[str, int] = {}
    headings: dict[str, str] = {}
    unknown: list[str] = []
    for column, path in enumerate(paths):
        beside = {folded(other[-1]) for other in paths if len(other) > 1 and other[:-1] == path[:-1]}
        meaning = more.get(folded(" ".join(path))) or _meaning(path, beside)
        if meaning and meaning not in found:
            found[meaning], headings[meaning] = column, " ".join(path)
        elif path:
            unknown.append(" ".join(path)[:60])
    if "given_name" in found and not {"name", "head", "family_name"} & set(found):
        found["name"], headings["name"] = found["given_name"], headings["given_name"]
    if "given_name" not in found or "name" in found:
        found.pop("family_name", None)  # «Hộ», in a list that says the names elsewhere
        found.pop("given_name", None)
    return found, unknown, headings


def _path(table: Table, rows: list[int], column: int) -> list[str]:
    """The headings above a column from the top, one that spans several columns included."""
    path: list[str] = []
    for at, row in enumerate(rows):
        cell = table.cell(row, column)
        if cell is None and at < len(rows) - 1 and any(table.cell(below, column) for below in rows[at + 1 :]):
            cell = _spanning(table, row, column)
        text = " ".join(str(cell).split()) if cell is not None else ""
        if text and (not path or folded(text) != folded(path[-1])):
            path.append(text)
    return path


def _spanning(table: Table, row: int, column: int) -> Cell:
    for first_row, first, last_row, last in table.merged:
        if first_row <= row <= last_row and first <= column <= last:
            return table.cell(first_row, first)
    if table.merged:
        return None
    return next((cell for at in range(column - 1, -1, -1) if (cell := table.cell(row, at)) is not None), None)


def _meaning(path: list[str], beside: set[str]) -> str:
    if not path:
        return ""
    own, above = folded(path[-1]), folded(" ".join(path[:-1]))
    upper = KNOWN.get(above, "")
    if len(path) > 1 and upper == "birth":
        if own in ("nam", "nu") and "nu" in beside:
            return "birth_male" if own == "nam" else "birth_female"
        return {"ngay": "birth_day", "thang": "birth_month", "nam": "birth_year"}.get(own, "birth")
    if len(path) > 1 and upper == "sex" and own in ("nam", "nu"):
        return "is_male" if own == "nam" else "is_female"
    if len(path) == 1 and own in ("nam", "nu"):  # a tick for one or the other, or a year; «Năm» is not «Nam»
        return "is_female" if own == "nu" else "is_male" if name_key(path[-1]) == name_key("nam") else "birth_year"
    ticked = KNOWN.get(own, "") if len(path) > 1 else ""
    if ticked in ("is_poor", "is_near_poor", "is_not_poor"):
        return ticked
    meaning = KNOWN.get(folded(" ".join(path))) or KNOWN.get(own) or upper
    if not meaning:
        bare = folded(re.sub(r"\([^)]{0,60}\)", " ", path[-1]))  # «Số CCCD (12 số)»
        meaning = KNOWN.get(bare, "")
    return "" if own in IGNORED else meaning


def _fill_merged(table: Table, header: int, columns: dict[str, int]) -> None:
    """What is merged over several households' rows holds for each of them."""
    spread = {columns[one] for one in ("village", "former_commune", "class", "code", "address") if one in columns}
    numbers = sorted(table.rows)
    filled: dict[int, int] = {}  # column → its last row that is filled: what is merged over that again says nothing
    for first_row, first, last_row, last in sorted(table.merged):
        value = table.cell(first_row, first)
        if first != last or first not in spread or value is None or first_row <= max(header, filled.get(first, 0)):
            continue
        filled[first] = last_row
        for row in numbers[bisect_right(numbers, first_row) : bisect_right(numbers, last_row)]:
            cells = table.rows[row]
            cells.extend([None] * (first + 1 - len(cells)))
            cells[first] = value


def _sort_rows(found: Found, first: int, last: int) -> None:
    table = found.table
    village = ""
    is_ended = is_signed = False  # below the list is what has no person's facts, after a total or a signature
    head = {row: _header_text(table, row) for row in range(first, last + 1) if row in table.rows}
    for row, cells in table.rows.items():
        if row <= last:
            if row < first:
                found.left_out.append(row)
            continue
        texts = [(column, cell) for column, cell in enumerate(cells) if cell is not None and cell != "-"]
        if not texts or _is_numbering(cells) or _header_text(table, row) in head.values():
            continue
        heading = _village_heading(texts)
        signs = any(isinstance(cell, str) and _SIGNATURE.match(folded(cell)) for _column, cell in texts)
        goes_on = not signs and not is_signed and _is_named_with_village(found, row)
        if _is_total(found, row, texts):
            found.totals.append(row)
            is_ended, is_signed = True, False
        elif heading:
            village, is_ended, is_signed = heading, False, False
        elif not _has_facts(found, row) and ((is_ended and not goes_on) or signs):
            found.left_out.append(row)
            is_ended = True
            is_signed = is_signed or signs
        else:
            found.records.append((row, village))
            is_ended = is_signed = False


def _is_named_with_village(found: Found, row: int) -> bool:
    """Whether a row has a person's name and a village, as after the total of another village."""
    names = (found.cell(row, one) for one in _PEOPLE)
    return any(isinstance(cell, str) for cell in names) and isinstance(found.cell(row, "village"), str)


def _take_years_for_births(found: Found) -> None:
    """«Nam» and «Nữ» may be ticks, or say the year in the one column or the other."""
    columns = found.columns
    if not {"is_male", "is_female"} <= set(columns) or {"birth", "birth_year", "birth_male"} & set(columns):
        return
    cells = [found.cell(row, one) for row, _village in found.records for one in ("is_male", "is_female")]
    if any(isinstance(cell, date) or str(cell)[-4:].isdigit() for cell in cells if cell is not None):
        for tick, birth in (("is_male", "birth_male"), ("is_female", "birth_female")):
            columns[birth] = columns.pop(tick)
            found.headings[birth] = found.headings.pop(tick)


def _header_text(table: Table, row: int) -> tuple[str, ...]:
    return tuple(folded(str(cell)) for cell in table.rows[row] if cell is not None)


def _is_numbering(cells: list[Cell]) -> bool:
    """«(1) (2) (3)» or «A B 1 2» below a header."""
    given = [str(cell) for cell in cells if cell is not None]
    if len(given) < 3 or not all(_NUMBERING.fullmatch(one) for one in given):
        return False
    figures = [int(one.strip("()")) for one in given if one.strip("()").isdigit()]
    return len(figures) >= 2 and figures == list(range(figures[0], figures[0] + len(figures)))


def _is_total(found: Found, row: int, texts: Sequence[tuple[int, Cell]]) -> bool:
    """Whether the row counts others: it says «Cộng» or «Tổng» with its tones («Công» and «Tòng» are names), and of
    nobody a name, a number, a birth, a relation or a class. Without tones the word stands alone with figures."""
    words = [(column, cell) for column, cell in texts if isinstance(cell, str)]
    for column, word in words[:2]:
        if _says_total(word):
            return not _has_figures_of_a_person(found, row) and not _names_somebody(found, row, column)
        if folded(word) in _BARE_TOTALS:
            return not any(other != column and not _FIGURE.search(text) for other, text in words)
    return False


def _says_total(word: str) -> bool:
    return name_key(word.rstrip(" :")) in _TOTALS or bool(_TOTAL.match(word.casefold()))


def _has_figures_of_a_person(found: Found, row: int) -> bool:
    """What no total has; a count («2 hộ», 14) may stand in any column."""
    order, code, cccd = (str(found.cell(row, one) or "") for one in ("order", "code", "cccd"))
    if order[:1].isdigit() or _FIGURE.search(code) or len(cccd) >= 8:
        return True
    births = [found.cell(row, one) for one in ("birth", "birth_year", "birth_male", "birth_female")]
    if any(isinstance(cell, date) or re.search("[0-9]{4}|[0-9]/", str(cell)) for cell in births):
        return True
    words = [found.cell(row, one) for one in ("relation", "class")]
    return any(isinstance(cell, str) and cell != "-" and not _FIGURE.search(cell) for cell in words)


def _names_somebody(found: Found, row: int, column: int) -> bool:
    """Whether a person's name stands beside the word for a total in `column`; where the numbers stand, no name has
    it."""
    if column == found.columns.get("order"):
        return False
    names = [(found.columns[one], found.cell(row, one)) for one in (*_PEOPLE, "family_name") if one in found.columns]
    return any(
        other != column and isinstance(cell, str) and cell != "-" and not _FIGURE.search(cell) and not _says_total(cell)
        for other, cell in names
    )


def _village_heading(texts: Sequence[tuple[int, Cell]]) -> str:
    """The village that a row of its own names: «Bản Nà Xa» alone, or with «I.» before it."""
    said = [str(cell) for _column, cell in texts]
    if len(said) == 2 and _ROMAN.fullmatch(said[0]):
        said = said[1:]
    if len(set(said)) != 1:
        return ""
    text = re.sub(r"^[IVXLC\d]{1,4}[.)/]\s*", "", said[0])
    return text.rstrip(" :") if _VILLAGE.match(text) and not any(isinstance(cell, date) for _c, cell in texts) else ""


def _has_facts(found: Found, row: int) -> bool:
    """Whether the row says of a person what no title or signature says."""
    facts = ("order", "birth", "birth_male", "birth_female", "cccd", "code", "relation")
    told = (found.cell(row, one) for one in facts)
    if any(cell not in (None, "-") and not _SIGNATURE.match(folded(str(cell))) for cell in told):
        return True
    classes = (folded(str(found.cell(row, one))) for one in ("class", "is_poor", "is_near_poor", "is_not_poor"))
    is_classed = any(one in LIST_CLASSES or one in ("x", "v", "1") for one in classes)
    return is_classed or bool(_VILLAGE.match(str(found.cell(row, "village"))))

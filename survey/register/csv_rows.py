"""A CSV that an office saved, read into rows whose mistakes can be named by file, row and column. Pure.

UTF-8 with or without a byte order mark, comma, semicolon or tab, any order of columns, blank rows skipped. A cell that
a spreadsheet would take for a formula is a mistake: it would run on whoever opens an export.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from survey.text import normal, without_tones

MAX_ROWS = 100_000
_FORMULA = re.compile(r"[=+@＝＋＠\t]|[-－](?!\d+([.,]\d+)?$)")
# Vietnamese and English, by code; {…}: what the mistake carries. Never a person's name.
SENTENCES: dict[str, tuple[str, str]] = {
    "not_utf8": (
        "Tệp không ở bảng mã UTF-8. Trong Excel hãy chọn Lưu thành «CSV UTF-8».",
        "The file is not in UTF-8. In Excel choose Save as “CSV UTF-8”.",
    ),
    "unreadable": (
        "Không đọc được từ dòng này, có thể thiếu dấu ngoặc kép.",
        "Cannot be read from here on: a quote may be missing.",
    ),
    "empty": ("Tệp không có dòng nào.", "The file has no rows."),
    "missing_file": ("Thiếu tệp này.", "This file is missing."),
    "too_many_rows": ("Tệp có hơn {limit} dòng.", "The file has more than {limit} rows."),
    "missing_column": ("Thiếu cột này.", "This column is missing."),
    "column_twice": ("Cột này có hai lần.", "This column stands twice."),
    "too_many_cells": ("Dòng có nhiều ô hơn dòng tiêu đề.", "The row has more cells than the header."),
    "blank": ("Ô này phải có nội dung.", "This cell must be filled."),
    "formula": (
        "Ô bắt đầu như một công thức; hãy nhập chữ hoặc số.",
        "The cell begins like a formula; enter plain text.",
    ),
    "unprintable": ("Ô có ký tự không lưu được.", "The cell has a character that cannot be kept."),
    "too_long": ("Dài hơn {limit} ký tự.", "Longer than {limit} characters."),
    "not_one_of": (
        "«{value}» không dùng được; hãy ghi một trong: {known}.",
        "“{value}” is not known; write one of: {known}.",
    ),
    "not_a_number": ("Phải là số từ {low} đến {high}.", "Must be a number from {low} to {high}."),
    "not_cccd": (
        "Phải có đúng 12 chữ số (Excel có thể đã bỏ số 0 ở đầu).",
        "Must have exactly 12 digits (Excel may have dropped a leading 0).",
    ),
    "bad_id": ("Chỉ gồm chữ cái không dấu, chữ số và dấu gạch nối.", "Only unaccented letters, digits and hyphens."),
    "foreign_commune": (
        "Mã này thuộc xã, phường {other}, không phải {commune}.",
        "This code belongs to commune {other}, not {commune}.",
    ),
    "unknown_village": (
        "Không có thôn, bản «{value}» trong xã, phường này.",
        "There is no village “{value}” in this commune.",
    ),
    "ambiguous_village": (
        "Có nhiều thôn, bản tên «{value}»; hãy ghi số.",
        "Several villages are called “{value}”; give the number.",
    ),
    "twice": ("Trùng với dòng {first}.", "The same as row {first}."),
    "same_household": (
        "Cùng thôn, chủ hộ và địa chỉ với dòng {first}; nếu là hai hộ, hãy ghi mã hộ hoặc địa chỉ khác nhau.",
        "Same village, head and address as row {first}; if they are two households, give each a code or an address.",
    ),
    "village_differs": (
        "Thôn, bản này đã có với tên, loại hoặc khu vực khác; nạp tệp không sửa được.",
        "This village is there with another name, kind or area; an import does not change it.",
    ),
    "household_differs": (
        "Hộ này đã có với thôn, chủ hộ hoặc thông tin năm trước khác; nạp tệp không sửa được.",
        "This household is there with another village, head or facts of last year; an import does not change it.",
    ),
    "several_known": (
        "Nhiều hộ đã có khớp với dòng này; hãy ghi mã hộ.",
        "Several households match this row; give the code.",
    ),
    "unknown_household": ("Không có hộ mang mã này.", "There is no household with this code."),
    "no_form": (
        "Chưa công bố mẫu phiếu có cột này; hãy công bố mẫu phiếu trước.",
        "No published questionnaire has this column; publish one first.",
    ),
}


@dataclass(frozen=True)
class Mistake:
    """What is wrong where; `row` as a spreadsheet counts (the header is 1), 0: the file as a whole."""

    file: str
    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: str = "vi") -> str:
        """«households.csv, dòng 7, cột Tên chủ hộ: Ô này phải có nội dung.»"""
        english = language == "en"
        row = f", {'row' if english else 'dòng'} {self.row}" if self.row else ""
        column = f", {'column' if english else 'cột'} {self.column}" if self.column else ""
        return f"{self.file}{row}{column}: {SENTENCES[self.code][english].format(**self.values)}"


def folded(text: str) -> str:
    """How headers and terms are compared: without tones, case and punctuation. "Tên chủ hộ:" is "ten chu ho"."""
    return " ".join(re.sub(r"[\W_]+", " ", without_tones(text)).split())


@dataclass
class CsvRow:
    """One row: `cells` by the column's English name, "" where blank."""

    sheet: CsvSheet
    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, column: str, code: str, **values: object) -> None:
        self.sheet.wrong(self.number, column, code, **values)

    def needed(self, column: str) -> str:
        """The cell; a blank one is a mistake (of one that is not there at all, another mistake is told already)."""
        if self.cells.get(column) == "":
            self.wrong(column, "blank")
        return self.get(column)

    def number_in(self, column: str, low: int, high: int) -> int | None:
        """The cell as a whole number; None when blank or, as a mistake, anything else."""
        text = self.get(column)
        if not text:
            return None
        if re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) and low <= int(float(text)) <= high:
            return int(float(text))
        self.wrong(column, "not_a_number", low=low, high=high)
        return None


class CsvSheet:
    """A file's rows and mistakes. `columns`: English name → the other headers it goes by, folded."""

    def __init__(self, file: str, data: bytes, columns: Mapping[str, set[str]], needed: set[str]) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.unknown: list[str] = []  # headers that mean nothing here
        self.headers: dict[str, str] = {}  # English name → as written in the file
        self.places: list[tuple[int, str]] = []  # of the columns that mean something
        self.rows = list(self._read(data, columns, needed))

    def wrong(self, row: int, column: str, code: str, **values: object) -> None:
        self.mistakes.append(Mistake(self.file, row, self.headers.get(column, column), code, values))

    def _read(self, data: bytes, columns: Mapping[str, set[str]], needed: set[str]) -> Iterator[CsvRow]:
        try:
            text = normal("NFC", data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            self.wrong(0, "", "not_utf8")
            return
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        names: list[str] | None = None
        found = number = 0
        try:
            for number, cells in enumerate(reader, 1):
                if not any(cell.strip() for cell in cells):
                    continue
                if names is None:
                    names = self._header(number, cells, columns, needed)
                    continue
                found += 1
                if found > MAX_ROWS:
                    self.wrong(number, "", "too_many_rows", limit=MAX_ROWS)
                    return
                yield self._row(number, names, cells)
        except csv.Error:
            self.wrong(number + 1, "", "unreadable")
            return
        if names is None:
            self.wrong(0, "", "empty")

    def _header(self, number: int, cells: list[str], columns: Mapping[str, set[str]], needed: set[str]) -> list[str]:
        known = {folded(name): english for english, others in columns.items() for name in {english, *others}}
        names = []
        for cell in cells:
            name = known.get(folded(cell), "")
            if not name and cell.strip():
                self.unknown.append(" ".join(cell.split())[:60])
            elif name in self.headers:
                self.wrong(number, name, "column_twice")
            elif name:
                self.headers[name] = " ".join(cell.split())
            names.append(name)
        self.places = [(at, name) for at, name in enumerate(names) if name]
        for name in sorted(needed - set(self.headers)):
            self.wrong(number, name, "missing_column")
        return names

    def _row(self, number: int, names: list[str], cells: list[str]) -> CsvRow:
        row = CsvRow(self, number, {})
        if any(cell.strip() for cell in cells[len(names) :]):
            row.wrong("", "too_many_cells")
        for at, name in self.places:
            cell = cells[at] if at < len(cells) else ""
            value = cell.strip(" \r\n\xa0")
            if _FORMULA.match(value):
                row.wrong(name, "formula")
                continue
            value = " ".join(value.split())
            if not value.isprintable():
                row.wrong(name, "unprintable")
            elif len(value) > 120:
                row.wrong(name, "too_long", limit=120)
            else:
                row.cells[name] = value
        return row

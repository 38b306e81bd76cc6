"""Tables as an .xlsx: a sheet each as the form has it, and one that says what each figure is, signed.

Formulas are live and each carries the value that was worked out here: a program that only shows would show 0. The
workbook asks for full calculation, so one that calculates does it anew.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from survey.evidence.proof_keys import fingerprint, grouped
from survey.evidence.signing import Signer
from survey.layouts import signing
from survey.layouts.formulas import Origin, Place, Value, as_file, letters
from survey.layouts.grid import Cell, Grid, Holds, Look, Values
from survey.layouts.tables import Book
from survey.layouts.words import Said, Translate
from survey.text import N_

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = re.compile(r'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")?><f>([^<]*)</f><v ?/?>(?:</v>)?</c>')
_THIN = Side(style="thin", color="808080")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD = PatternFill("solid", fgColor="E6F2EF")
_FONT = "Times New Roman"
DEFINITION_SHEET = N_("Definitions")
HEADINGS = {
    "table": N_("Table"), "row": N_("Row"), "column": N_("Column"), "kind": N_("Kind"),
    "definition": N_("Definition and version"), "base": N_("Base"), "value": N_("Value"), "formula": N_("Formula"),
}  # fmt: skip
WORDS = {
    "what": N_(
        "Each figure of the tables with its definition, its base and its value. The values and formulas are "
        "signed; who has "
        "the program checks them by: report verify FILE. A cell that is changed by hand is named there. "
        "Formats, hidden "
        "rows, pictures and print settings are outside of what is signed."
    ),
    "root": N_("Root (SHA-256)"),
    "signature": N_("Signature (Ed25519)"),
    "key": N_("Key of the office"),
    "fingerprint": N_("Fingerprint of the key"),
    "refused": N_("Table %(number)s is not handed out: %(why)s"),
    "body": N_("What is signed"),
}


def written(
    book: Book, register: Mapping[str, Sequence[Any]], signer: Signer, translate: Translate
) -> tuple[bytes, str]:
    """The file, and the root that was signed. Only tables without a fault stand in it; the others are named."""
    file, values = Workbook(), book.values
    file.remove(file.active)
    grids = [one.grid for one in book.whole.values()]
    titles = {one.name: (one.sheet, Origin(one.name, 1, 1)) for one in grids}
    found: dict[str, dict[str, Value]] = {}
    for grid in grids:
        found[grid.sheet] = _sheet(file, grid, values, titles, (book, translate))
    body = signing.body_of(book, register, translate)
    text, signature = signing.sign(body, signer)
    _definitions(file, body, (text, signature, signer.public_key), translate)
    file.calculation.fullCalcOnLoad = True
    file.properties.creator, file.properties.title = "Sổ Hộ", book.scope.survey_round.title
    packed = io.BytesIO()
    file.save(packed)
    return _with_values(packed.getvalue(), [found.get(one.title, {}) for one in file.worksheets]), signing.root_of(text)


def _sheet(
    file: Workbook, grid: Grid, values: Values, titles: Mapping[str, tuple[str, Origin]], of: tuple[Book, Translate]
) -> dict[str, Value]:
    """What each formula of the sheet comes to, by its cell."""
    sheet = file.create_sheet(grid.sheet)
    comes_to: dict[str, Value] = {}
    here = Origin(grid.name, 1, 1)
    for (row, column), cell in grid.cells.items():
        at = sheet.cell(row, column)
        if cell.formula is not None:
            at.value = f"={as_file(cell.formula, here, titles)}"
            comes_to[at.coordinate] = values.of(Place(grid.name, row, column))
        elif isinstance(cell.value, str):
            _text(at, cell.value)
        else:
            at.value = cell.value
        _styled(at, cell)
    for row in range(grid.head[0], grid.body[1] + 1):
        for column in range(1, grid.width + 1):
            sheet.cell(row, column).border = _BOX
    for first_row, first_column, last_row, last_column in grid.merged:
        sheet.merge_cells(None, first_row, first_column, last_row, last_column)
    _shape(sheet, grid)
    last = _signature(sheet, grid, *of)
    width = letters(grid.width)
    file.defined_names.add(DefinedName(grid.name, attr_text=f"{_quoted(grid.sheet)}!$A$1:${width}${grid.height}"))
    sheet.print_area = f"A1:{width}{last}"
    return comes_to


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"


def _text(at: Any, words: str) -> None:
    """Text and nothing else, whatever it begins with."""
    at.value = _UNWRITABLE.sub("", words)
    at.data_type = "s"


def _styled(at: Any, cell: Cell) -> None:
    look = cell.look
    bold = look in (Look.TITLE, Look.HEAD, Look.MARK) or cell.is_total
    size = 14 if look is Look.TITLE else 9 if look in (Look.NOTE, Look.CODE) else 11
    at.font = Font(name=_FONT, size=size, bold=bold, italic=look in (Look.LINE, Look.CODE))
    centred = look in (Look.TITLE, Look.LINE, Look.HEAD, Look.CODE)
    side = "center" if centred else "right" if look in (Look.NUMBER, Look.PER_CENT) else "left"
    at.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
    if look is Look.HEAD:
        at.fill = _HEAD
    if look in (Look.NUMBER, Look.PER_CENT):
        at.number_format = "0.00" if look is Look.PER_CENT and cell.holds is not Holds.TEXT else "#,##0"


def _shape(sheet: Worksheet, grid: Grid) -> None:
    first = grid.width - len(grid.layout.columns)
    for column in range(1, grid.width + 1):
        wide = 6 if column == 1 else 24 if column == 2 else 12 if column <= first else 10.5
        if grid.layout.is_list:
            wide = 26 if grid.layout.columns[column - 1].figure == "member.name" else 9
        sheet.column_dimensions[letters(column)].width = wide
    across = sum(sheet.column_dimensions[letters(column)].width for column in range(1, grid.width + 1))
    for row in range(1, grid.height + 1):
        cell = grid.at(row, 1)
        if cell is not None and isinstance(cell.value, str) and cell.look not in (Look.HEAD, Look.CODE, Look.NAME):
            size = 21 if cell.look is Look.TITLE else 15
            sheet.row_dimensions[row].height = size * (1 + int(len(cell.value) * size / 15 // across))
    sheet.row_dimensions[grid.head[0]].height = 44
    sheet.row_dimensions[grid.head[0] + 1].height = 62
    sheet.freeze_panes = sheet.cell(grid.body[0], first + 1).coordinate
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{grid.head[0]}:{grid.head[1]}"
    sheet.oddFooter.center.text = "&P/&N"


def _signature(sheet: Worksheet, grid: Grid, book: Book, translate: Translate) -> int:
    """Who made it and who signs, below the table; people fill that in, so it is not signed by the key."""
    row, half = grid.height + 2, max(2, grid.width // 2)
    place = book.names.get(book.scope.place_id, book.scope.place_id)
    lines = [
        (row, half + 1, Said("on_the", {"place": place})), (row + 1, 1, Said("made_by")),
        (row + 1, half + 1, Said("head_of")), (row + 2, 1, Said("to_sign")), (row + 2, half + 1, Said("to_sign")),
    ]  # fmt: skip
    for at, column, said in lines:
        cell = sheet.cell(at, column)
        _text(cell, said.sentence(translate))
        cell.font = Font(name=_FONT, size=11, bold=at == row + 1, italic=at != row + 1)
        cell.alignment = Alignment(horizontal="center")
        sheet.merge_cells(None, at, column, at, half if column == 1 else grid.width)
    return row + 7


def _definitions(file: Workbook, body: Mapping[str, Any], signed: tuple[str, str, str], translate: Translate) -> None:
    text, signature, key = signed
    sheet = file.create_sheet(translate(DEFINITION_SHEET))
    for column, width in enumerate((16, 24, 24, 12, 40, 14, 22, 60), 1):
        sheet.column_dimensions[letters(column)].width = width
    sheet.append([None])
    _text(sheet.cell(1, 1), translate(WORDS["what"]))
    sheet.cell(1, 1).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.merge_cells("A1:H1")
    sheet.row_dimensions[1].height = 64
    found = [
        ("root", signing.root_of(text), signing.ROOT), ("signature", signature, signing.SIGNATURE),
        ("key", key, signing.KEY), ("fingerprint", grouped(fingerprint(key)), ""),
    ]  # fmt: skip
    for row, (code, said, name) in enumerate(found, 2):
        _text(sheet.cell(row, 1), translate(WORDS[code]))
        _text(sheet.cell(row, 2), said)
        _named(file, sheet, name, (row, 2, row, 2))
    row = len(found) + 2
    for one in body["refused"]:
        words = translate(WORDS["refused"]) % {"number": one["layout"], "why": " ".join(one["why"])}
        _text(sheet.cell(row, 1), words)
        row += 1
    row += 1
    for column, name in enumerate(signing.LISTED, 1):
        _text(sheet.cell(row, column), translate(HEADINGS[name]))
        sheet.cell(row, column).font, sheet.cell(row, column).fill = Font(bold=True), _HEAD
    first = row + 1
    for row, figure in enumerate(signing.listed(body), first):
        for column, said in enumerate(figure, 1):
            if said:
                _text(sheet.cell(row, column), said)
    _named(file, sheet, signing.DEFINITIONS, (first, 1, max(row, first), len(signing.LISTED)))
    row += 2
    _text(sheet.cell(row, 1), translate(WORDS["body"]))
    parts = signing.pieces(text)
    for at, piece in enumerate(parts, row + 1):
        _text(sheet.cell(at, 1), piece)
    _named(file, sheet, signing.BODY, (row + 1, 1, row + len(parts), 1))
    sheet.print_area = f"A1:H{row - 2}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _named(file: Workbook, sheet: Worksheet, name: str, place: tuple[int, int, int, int]) -> None:
    if name:
        row, column, last_row, last_column = place
        cells = f"${letters(column)}${row}:${letters(last_column)}${last_row}"
        file.defined_names.add(DefinedName(name, attr_text=f"{_quoted(sheet.title)}!{cells}"))


def _with_values(packed: bytes, sheets: Sequence[Mapping[str, Value]]) -> bytes:
    """The file with what each formula comes to: the library writes formulas without."""
    done = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as before, zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            content = before.read(part)
            found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", part.filename)
            if found is not None:
                content = _filled(content.decode(), sheets[int(found[1]) - 1]).encode()
            after.writestr(part.filename, content)
    return done.getvalue()


def _filled(xml: str, comes_to: Mapping[str, Value]) -> str:
    filled = set()

    def cell(found: re.Match[str]) -> str:
        at, style, formula = found.groups()
        filled.add(at)
        value = comes_to[at]
        if isinstance(value, str):
            return f'<c r="{at}"{style or ""} t="str"><f>{formula}</f><v>{escape(value)}</v></c>'
        return f'<c r="{at}"{style or ""}><f>{formula}</f><v>{value!r}</v></c>'

    text = _FORMULA.sub(cell, xml)
    if filled != set(comes_to):
        raise ValueError(f"formulas without a value: {sorted(set(comes_to) - filled)[:5]}")
    return text

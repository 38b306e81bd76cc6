"""A workbook's bytes → its sheets as plain rows, within limits."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import DefinitionData, _md_table_to_ss_structure, get_xlsform

from survey.text import N_
from survey.workbook_bounds import QUESTIONNAIRE, TooMuch, refuse_text, refuse_too_much
from survey.xlsform.faults import Fault, WorkbookError

SOURCE_BYTES = 8 * 1024 * 1024
_HOLDS_TOO_MUCH = {
    "rows": N_("the workbook has more than %(limit)s rows"),
    "cells": N_("the workbook has more than %(limit)s cells"),
    "columns": N_("a sheet has more than %(limit)s columns: delete those that are not used"),
    "letters": N_("the cells hold more than %(limit)s characters together, a text that many share counted for each"),
    "entities": N_("the workbook holds XML entities, which nobody needs: copy the sheets into a new one"),
    "part": N_("the file unpacks to more than a workbook holds: copy the sheets into a new one"),
    "parts": N_("the file unpacks to more than a workbook holds: copy the sheets into a new one"),
}
MOST_ROWS = {"survey": 5_000, "choices": 50_000, "external_choices": 50_000, "settings": 60, "entities": 100}


def read_workbook(source: bytes | str) -> DefinitionData:
    """The sheets of a workbook in .xlsx, CSV or Markdown. Raises `WorkbookError`."""
    bounded(source)
    sheets = dict(_text_sheets(source))
    faults = [
        fault
        for sheet, rows in sheets.items()
        if sheet.lower() in MOST_ROWS or len(sheets) == 1  # the only sheet is the survey, whatever it is called
        for fault in _misplaced(sheet, rows)
    ]
    if faults:
        raise WorkbookError(faults)
    book = _read(source)
    for sheet, most in MOST_ROWS.items():
        if len(getattr(book, sheet) or []) > most:
            template = N_("the table has more than %(limit)s rows")
            raise WorkbookError([Fault.of(sheet, most + 2, None, template, limit=most)])
    return book


def bounded(source: bytes | str) -> None:
    """Raise `WorkbookError` for what holds more than a questionnaire may, before pyxform sees it."""
    if len(source) > SOURCE_BYTES:
        template = N_("the file is larger than %(limit)s MB")
        raise WorkbookError([Fault.of("workbook", None, None, template, limit=SOURCE_BYTES >> 20)])
    try:
        if isinstance(source, str):
            refuse_text(source, QUESTIONNAIRE)
        else:
            refuse_too_much(source, QUESTIONNAIRE)
    except TooMuch as much:
        what, limit = much.args
        raise WorkbookError([Fault.of("workbook", None, None, _HOLDS_TOO_MUCH[what], limit=limit)]) from None


Cells = Sequence[str | None]


def _text_sheets(source: bytes | str) -> Iterator[tuple[str, list[Cells]]]:
    """The sheets of Markdown or CSV cell by cell: pyxform gives rows by heading, and what has none is lost."""
    try:
        text = source if isinstance(source, str) else source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return  # .xlsx, whose reader minds its headings
    if re.search(r"^[^\S\n]*\|", text, re.MULTILINE):
        yield from ((str(name), list(rows or [])) for name, rows in _md_table_to_ss_structure(text).items())
        return
    sheets: dict[str, list[Cells]] = {}
    rows: list[Cells] = []
    try:
        for name, *cells in filter(None, csv.reader(io.StringIO(text, newline=""))):
            rows = sheets.setdefault(name.strip(), []) if name.strip() else rows
            if any(cell.strip() for cell in cells):
                rows.append([cell.strip() for cell in cells])
    except csv.Error:
        return  # told by the reader
    yield from sheets.items()


def _misplaced(sheet: str, rows: list[Cells]) -> Iterator[Fault]:
    """Headings that stand twice, and cells that stand under none."""
    if not rows:
        yield Fault.of(sheet, None, None, N_("the sheet has no row of headings"))
        return
    headings = [" ".join((heading or "").split()) for heading in rows[0]]
    for heading in sorted(heading for heading, times in Counter(headings).items() if heading and times > 1):
        yield Fault.of(sheet, 1, heading, N_("two columns are called “%(name)s”"), name=heading)
    for number, row in enumerate(rows[1:], 2):
        for at, cell in enumerate(row):
            if cell and not (at < len(headings) and headings[at]):
                yield Fault.of(sheet, number, None, N_("“%(cell)s” stands under no heading"), cell=cell)


def _read(source: bytes | str) -> DefinitionData:
    try:
        return get_xlsform(io.BytesIO(source) if isinstance(source, bytes) else source)
    except PyXFormError as error:
        twice = re.search(r"Duplicate column header: (.*)", str(error))
        if twice:
            template = N_("two columns are called “%(name)s”")
            raise WorkbookError([Fault.of("workbook", 1, None, template, name=twice[1].strip())]) from error
        if "was not recognized" in str(error):
            template = N_("this is no workbook: one is .xlsx, .csv or Markdown")
            raise WorkbookError([Fault.of("workbook", None, None, template)]) from error
        template = N_("this is not a workbook that can be read: %(why)s")
        raise WorkbookError([Fault.of("workbook", None, None, template, why=" ".join(str(error).split()))]) from error
    except MemoryError:
        raise
    except Exception as error:  # the readers under pyxform raise whatever their file format does
        template = N_("this is not a workbook that can be read: %(why)s")
        raise WorkbookError([Fault.of("workbook", None, None, template, why=type(error).__name__)]) from error

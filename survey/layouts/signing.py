"""What is signed of a workbook of tables, and how it lies in the file. Pure.

Values are signed, never bytes: Excel writes strings, styles and parts anew whenever it saves. Of each cell of a table
the body says what it holds; a number at 15 significant digits, a text in NFC, a formula in normal form with what it
comes to. The body is canonical JSON (RFC 8785), its SHA-256 the root, both in cells of the sheet of definitions. What a
reader can make of formats, hidden rows, pictures and print settings is outside of what is signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from survey.canonical import canonical_text
from survey.clocks import instant
from survey.evidence.signing import Signer
from survey.layouts.figures import BASE
from survey.layouts.forms import VERSION
from survey.layouts.formulas import Place, canonical
from survey.layouts.grid import Cell, Grid, Holds, Values
from survey.layouts.tables import Book
from survey.layouts.words import Translate
from survey.text import normal

TYPE = "so-ho/report/1"
PIECE = 16_000  # letters of a cell: Excel holds 32,767 units of UTF-16, and a letter has two at most
# By what the parts of the sheet of definitions are found, wherever they were pushed to.
ROOT, SIGNATURE, KEY, BODY, DEFINITIONS = "SoHo_root", "SoHo_signature", "SoHo_key", "SoHo_body", "SoHo_definitions"
LISTED = ("table", "row", "column", "kind", "definition", "base", "value", "formula")  # of a figure, on that sheet
Signed = list[str] | None  # of a cell: what it holds, its value, and of a figure formula, row, column, definition, base


def body_of(book: Book, register: Mapping[str, Sequence[Any]], translate: Translate) -> dict[str, Any]:
    """`register`: of each commune how far its log goes, with the hash of its end, and the turn of its writers."""
    values, scope = book.values, book.scope
    one = scope.survey_round
    return {
        "type": TYPE,
        "made_at": instant(book.made_at),
        "round": {
            "id": one.id, "title": one.title, "kind": one.kind, "year": one.year, "standard": one.standard,
            "trial": one.trial,
        },
        "place": scope.place_id,
        "by": scope.lines,
        "base": BASE.value,
        "definitions": VERSION,
        "marks": [mark.code for mark in book.marks],
        **({"as_of": instant(scope.past.at)} if scope.past is not None else {}),
        "register": {commune_id: list(those) for commune_id, those in sorted(register.items())},
        "tables": [
            {
                "name": made.grid.name, "layout": number, "sheet": made.grid.sheet,
                "cells": _cells(made.grid, values),
            }
            for number, made in sorted(book.whole.items())
        ],
        "refused": [
            {"layout": number, "why": [fault.sentence(translate) for fault in made.faults]}
            for number, made in sorted(book.tables.items()) if made.faults
        ],
    }  # fmt: skip


def _cells(grid: Grid, values: Values) -> list[list[Signed]]:
    return [
        [_signed(grid, values, row, column) for column in range(1, grid.width + 1)] for row in range(1, grid.height + 1)
    ]


def _signed(grid: Grid, values: Values, row: int, column: int) -> Signed:
    cell = grid.at(row, column)
    if cell is None:
        return None
    value = text_of(values.of(Place(grid.name, row, column)))
    if not cell.column:
        return [cell.holds.value, value] if value else None
    return [cell.holds.value, value, cell.formula or "", cell.row, cell.column, definition(cell), cell.base]


def definition(cell: Cell) -> str:
    """Id and version of what a figure is."""
    return f"{cell.figure}@{VERSION}"


def text_of(value: Any) -> str:
    """The canonical form of what a cell holds: "12", "33.3333333333333", a text in NFC; "" for a blank."""
    return normal("NFC", value) if isinstance(value, str) else canonical(value)


def root_of(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def sign(body: Mapping[str, Any], signer: Signer) -> tuple[str, str]:
    """The body as text, and the signature (base64, Ed25519)."""
    text = canonical_text(body)
    return text, signer.sign_text(text).signature


def pieces(text: str) -> list[str]:
    """The body as it lies in cells; none begins or ends with a blank, which a program may take away."""
    found, at = [], 0
    while at < len(text):
        last = min(at + PIECE, len(text))
        while at < last < len(text) and (text[last - 1].isspace() or text[last].isspace()):
            last -= 1
        last = last if last > at else min(at + PIECE, len(text))  # blanks and nothing else
        found.append(text[at:last])
        at = last
    return found


def listed(body: Mapping[str, Any]) -> list[list[str]]:
    """The figures as the sheet of definitions shows them (`LISTED`), which follow from the body."""
    found = []
    for table in body["tables"]:
        for row in table["cells"]:
            for cell in row:
                if cell is not None and len(cell) > 2:
                    holds, value, formula, of, column, what, base = cell
                    found.append([table["name"], of, column, holds, what, base, value, formula])
    return found


def is_number(holds: str) -> bool:
    return holds in (Holds.COUNT, Holds.ENTERED)

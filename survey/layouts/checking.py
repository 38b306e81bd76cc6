"""A workbook of tables checked by anybody who has the program: what in it is not as it was signed. Knows no database.

Tables are found by their names, so rows may be inserted above one, and a sheet may be called otherwise. Within a table
each cell is held against what was signed: a number, a text, a formula in normal form and what the file says it comes
to. A cell that is not signed and has something in it is a stranger, a sheet as well. What stands below a table is for
names, stamps and days.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from survey.canonical import canonical_text
from survey.evidence.proof_keys import fingerprint
from survey.evidence.signing import is_signed
from survey.layouts import signing
from survey.layouts.formulas import NoFormula, Origin, Place, Value, evaluate, letters, normal
from survey.layouts.grid import Holds
from survey.register.tables import Unreadable, refuse_bombs
from survey.text import N_

MOST_BYTES = 32 * 1024 * 1024
MOST_CELLS = 2_000_000  # of a table
AS_NEAR = 1e-9  # to what a formula comes to
NOTHING_CALCULATED = "not_calculated"
SENTENCES = {
    "too_large": N_("The file is too large to be one of these workbooks."),
    "no_workbook": N_("This is no Excel workbook (.xlsx), or it is damaged."),
    "no_signature": N_("Nothing in the workbook is signed: the sheet of definitions is missing, or is not ours."),
    "body_broken": N_("What was signed does not stand in the workbook whole."),
    "signature": N_("The signature is wrong: what was signed is not what stands here."),
    "root": N_("The root on the sheet is not that of what was signed."),
    "key_unknown": N_("It is signed with a key that this office does not know; give its fingerprint: --key."),
    "key_stolen": N_("The key that it is signed with is named as compromised."),
    "sheet_lost": N_("Table %(table)s is lost: its sheet or its name was deleted."),
    "sheet_hidden": N_("The sheet of table %(table)s is hidden."),
    "sheet_added": N_("A sheet that nobody signed."),
    "resized": N_(
        "Table %(table)s has %(found)s rows and columns, %(said)s were signed: some were inserted or deleted."
    ),
    "changed": N_("“%(said)s” was signed, “%(found)s” stands here (%(what)s)."),
    "cleared": N_("“%(said)s” was signed, the cell is empty (%(what)s)."),
    "stray": N_("Nothing was signed here, “%(found)s” stands here."),
    "overwritten": N_("A formula was overwritten by “%(found)s”; signed is %(said)s (%(what)s)."),
    "formula": N_("The formula is otherwise: %(found)s; signed is %(said)s (%(what)s)."),
    "comes_to": N_("The file says that the formula comes to “%(found)s”; it comes to “%(said)s” (%(what)s)."),
    "listed": N_("The sheet of definitions says “%(found)s” of a figure, signed is “%(said)s”."),
    "outside": N_("Formats, hidden rows, pictures and print settings were not looked at: they are not signed."),
    NOTHING_CALCULATED: N_("%(count)s formulas have no value in the file: open it in a program that calculates."),
    "renamed": N_("The sheet of table %(table)s has another name than when it was made."),
}


@dataclass(frozen=True)
class Fault:
    """One of SENTENCES; `sheet`, `cell`: where, "" for the file as a whole."""

    code: str
    sheet: str = ""
    cell: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, translate: Callable[[str], str]) -> str:
        where = " ".join(part for part in (self.sheet, self.cell) if part)
        words = translate(SENTENCES[self.code]) % self.values
        return f"{where}: {words}" if where else words


@dataclass
class Verdict:
    """`body`: what was signed, None where it is none; `root`, `key`: as they were found."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    body: dict[str, Any] | None = None
    root: str = ""
    key: str = ""

    @property
    def holds(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Trust:
    """Keys (base64) that the reader trusts, and those of them that are named as compromised; or a `fingerprint` from
    elsewhere."""

    keys: frozenset[str] = frozenset()
    stolen: frozenset[str] = frozenset()
    fingerprint: str | None = None

    def of(self, key: str) -> str | None:
        """Why a key is not trusted; None where it is."""
        if key in self.stolen:
            return "key_stolen"
        is_known = key in self.keys or (self.fingerprint is not None and _fingerprint(key) == self.fingerprint)
        return None if is_known else "key_unknown"


def _fingerprint(key: str) -> str | None:
    try:
        return fingerprint(key)
    except ValueError:  # no base64
        return None


class _Area(NamedTuple):
    """Where a name points: the sheet and its first and last row and column."""

    sheet: str
    row: int
    column: int
    last_row: int
    last_column: int

    @property
    def size(self) -> tuple[int, int]:
        return self.last_row - self.row + 1, self.last_column - self.column + 1


def verify(content: bytes, trust: Trust) -> Verdict:
    """Never raises: whatever the bytes are, the verdict says."""
    found = Verdict()
    if len(content) > MOST_BYTES:
        found.faults.append(Fault("too_large"))
        return found
    try:
        refuse_bombs(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            formulas, values = (
                load_workbook(io.BytesIO(content), data_only=is_value, keep_links=False) for is_value in (False, True)
            )
    except (Unreadable, MemoryError):
        found.faults.append(Fault("no_workbook"))
        return found
    except Exception:  # noqa: BLE001 - openpyxl raises whatever the file makes it stumble over
        found.faults.append(Fault("no_workbook"))
        return found
    try:
        _File(formulas, values, found).check(trust)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        found.faults.append(Fault("body_broken"))
    return found


class _File:
    def __init__(self, formulas: Any, values: Any, found: Verdict) -> None:
        self.formulas, self.values, self.found = formulas, values, found
        self.uncalculated = 0

    def check(self, trust: Trust) -> None:
        """Raises whatever a file that is none of ours makes it stumble over."""
        text = self._signed(trust)
        if text is None:
            return
        body = json.loads(text)
        if canonical_text(body) != text or body["type"] != signing.TYPE:
            raise ValueError(body["type"])
        self.found.body = body
        self._check_tables(body)
        self.found.notes.append(Fault("outside"))
        if self.uncalculated:
            self.found.notes.append(Fault(NOTHING_CALCULATED, values={"count": self.uncalculated}))

    def _signed(self, trust: Trust) -> str | None:
        """What was signed, if its signature holds."""
        areas = {name: self._area(name) for name in (signing.ROOT, signing.SIGNATURE, signing.KEY, signing.BODY)}
        if any(one is None for one in areas.values()):
            self.found.faults.append(Fault("no_signature"))
            return None
        said = {name: self._text(one) for name, one in areas.items() if one is not None}
        self.found.root, self.found.key = said[signing.ROOT], said[signing.KEY]
        text = said[signing.BODY]
        if not is_signed(self.found.key, text, said[signing.SIGNATURE]):
            self.found.faults.append(Fault("signature"))
            return None
        if signing.root_of(text) != self.found.root:
            self.found.faults.append(Fault("root"))
        distrust = trust.of(self.found.key)
        if distrust is not None:
            self.found.faults.append(Fault(distrust))
        return text

    def _area(self, name: str) -> _Area | None:
        known = self.formulas.defined_names.get(name)
        try:
            [(sheet, cells)] = list(known.destinations) if known is not None else []
            column, row, last_column, last_row = range_boundaries(cells.replace("$", ""))
        except Exception:  # noqa: BLE001 - openpyxl raises whatever the name makes it stumble over
            return None
        if sheet not in self.formulas.sheetnames or None in (column, row, last_column, last_row):
            return None
        area = _Area(sheet, int(row), int(column), int(last_row), int(last_column))
        return area if area.size[0] * area.size[1] <= MOST_CELLS else None

    def _text(self, area: _Area) -> str:
        cells = self.formulas[area.sheet]._cells
        return "".join(
            signing.text_of(_plain(cells.get((row, area.column)))) for row in range(area.row, area.last_row + 1)
        )

    def _check_tables(self, body: Mapping[str, Any]) -> None:
        areas: dict[str, _Area] = {}
        for table in body["tables"]:
            area = self._area(table["name"])
            if area is None:
                self.found.faults.append(Fault("sheet_lost", values={"table": table["layout"]}))
            else:
                areas[table["name"]] = area
        origins = {area.sheet: Origin(name, area.row, area.column) for name, area in areas.items()}
        comes_to = _signed_values(body)
        for table in body["tables"]:
            if table["name"] in areas:
                self._check_table(table, areas[table["name"]], origins, comes_to)
        self._check_listed(body)
        own = (self._area(name) for name in (signing.DEFINITIONS, signing.BODY))
        signed = {area.sheet for area in (*areas.values(), *own) if area is not None}
        for sheet in self.formulas.sheetnames:
            if sheet not in signed:
                self.found.faults.append(Fault("sheet_added", sheet))

    def _check_table(
        self, table: Mapping[str, Any], area: _Area, origins: Mapping[str, Origin], comes_to: Mapping[Place, Value]
    ) -> None:
        sheet, of = self.formulas[area.sheet], {"table": table["layout"]}
        if sheet.sheet_state != "visible":
            self.found.faults.append(Fault("sheet_hidden", area.sheet, values=of))
        if area.sheet != table["sheet"]:
            self.found.notes.append(Fault("renamed", area.sheet, values=of))
        size = (len(table["cells"]), max((len(row) for row in table["cells"]), default=0))
        if area.size != size:
            sizes = {"said": "×".join(map(str, size)), "found": "×".join(map(str, area.size))}
            self.found.faults.append(Fault("resized", area.sheet, values=of | sizes))
            return
        cells, there = sheet._cells, self.values[area.sheet]._cells
        for row, signed in enumerate(table["cells"]):
            for column, said in enumerate(signed):
                place = (area.row + row, area.column + column)
                at = Place(table["name"], row + 1, column + 1)
                self._check_cell(said, (cells.get(place), there.get(place)), area, (at, origins, comes_to))
        for (row, column), cell in cells.items():
            is_below = row > area.last_row
            within = area.row <= row <= area.last_row and area.column <= column <= area.last_column
            if not within and not is_below and _plain(cell) is not None:
                self._wrong("stray", area, (row, column), found=_shown(cell))

    def _check_cell(self, said: Any, found: tuple[Any, Any], area: _Area, of: tuple[Place, Any, Any]) -> None:
        at, origins, comes_to = of
        cell, kept = found
        place = (area.row + at.row - 1, area.column + at.column - 1)
        here, holds = _plain(cell), said[0] if said is not None else Holds.BLANK
        what = f"{said[3]} · {said[4]}" if said is not None and len(said) > 2 else ""
        if holds == Holds.BLANK:
            if here is not None:
                self._wrong("stray", area, place, found=_shown(cell))
            return
        if holds == Holds.FORMULA:
            self._check_formula(said, (cell, _plain(kept)), area, (place, origins, comes_to[at], what))
            return
        is_same = _canonical(here, is_number=signing.is_number(holds)) == said[1]
        if not is_same:
            code = "cleared" if here is None else "changed"
            self._wrong(code, area, place, said=said[1], found=_shown(cell), what=what or "–")

    def _check_formula(
        self, said: Any, found: tuple[Any, Any], area: _Area, of: tuple[tuple[int, int], Any, Value, str]
    ) -> None:
        place, origins, value, what = of
        (cell, kept), text = found, _plain(found[0])
        wrong = partial(self._wrong, area=area, place=place, what=what)
        if not isinstance(text, str) or cell.data_type != "f":
            shown = _shown(cell)
            wrong("overwritten" if text is not None else "cleared", said=_shown_formula(said[2]), found=shown)
            return
        try:
            is_same = normal(text.removeprefix("="), origins[area.sheet], origins) == said[2]
        except NoFormula:
            is_same = False
        if not is_same:
            wrong("formula", said=_shown_formula(said[2]), found=_shown(cell))
        elif kept is None and value != "":
            self.uncalculated += 1
        elif not _is_near(kept, value):
            wrong("comes_to", said=said[1], found=_short(kept))

    def _wrong(self, code: str, area: _Area, place: tuple[int, int], **values: object) -> None:
        cell = f"{letters(place[1])}{place[0]}"
        self.found.faults.append(Fault(code, area.sheet, cell, values))

    def _check_listed(self, body: Mapping[str, Any]) -> None:
        """What the sheet of definitions says of the figures is what was signed of them."""
        area = self._area(signing.DEFINITIONS)
        figures = signing.listed(body)
        if area is None:
            self.found.faults.append(Fault("sheet_lost", values={"table": "«»"}))
            return
        if area.size != (max(1, len(figures)), len(signing.LISTED)):
            sizes = {"said": len(figures), "found": area.size[0], "table": "«»"}
            self.found.faults.append(Fault("resized", area.sheet, values=sizes))
            return
        cells = self.formulas[area.sheet]._cells
        for row, figure in enumerate(figures):
            for column, said in enumerate(figure):
                place = (area.row + row, area.column + column)
                here = signing.text_of(_plain(cells.get(place)))
                if here != said:
                    self._wrong("listed", area, place, said=said, found=_short(here))


def _signed_values(body: Mapping[str, Any]) -> dict[Place, Value]:
    """What each cell comes to by our own working out of the formulas over the other signed cells. Raises ValueError
    where that is not what was signed."""
    signed = {
        Place(table["name"], row, column): cell
        for table in body["tables"]
        for row, cells in enumerate(table["cells"], 1)
        for column, cell in enumerate(cells, 1)
        if cell is not None
    }
    known: dict[Place, Value] = {}
    asked: set[Place] = set()

    def of(place: Place) -> Value:
        cell = signed.get(place)
        if cell is None or cell[0] == Holds.BLANK:
            return None
        if cell[0] != Holds.FORMULA:
            return _number(cell[1]) if signing.is_number(cell[0]) else str(cell[1])
        if place not in known:
            if place in asked:
                raise NoFormula("a circle")
            asked.add(place)
            known[place] = evaluate(cell[2], lambda at: of(at if at.table else at._replace(table=place.table)))
        return known[place]

    found = {place: of(place) for place in signed}
    for place, cell in signed.items():
        if cell[0] == Holds.FORMULA and signing.text_of(found[place]) != cell[1]:
            raise ValueError(place)
    return found


def _number(text: str) -> Value:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _plain(cell: Any) -> Any:
    """What a cell holds; None where it is blank."""
    value = getattr(cell, "value", None)
    return None if value == "" else value


def _canonical(value: Any, *, is_number: bool) -> str | None:
    """As it is signed; None for what is of another kind: a number that was written as text is none."""
    if is_number:
        return signing.text_of(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return signing.text_of(value) if isinstance(value, str) else None


def _is_near(kept: Any, value: Value) -> bool:
    if isinstance(value, str) or value is None:
        return (kept or "") == (value or "")
    if not isinstance(kept, int | float) or isinstance(kept, bool):
        return False
    return abs(kept - value) <= AS_NEAR * max(1.0, abs(value))


def _shown(cell: Any) -> str:
    value = _plain(cell)
    return _short(getattr(value, "text", value))  # an array of formulas has its text there


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:200])


def _shown_formula(text: str) -> str:
    return text[:200]

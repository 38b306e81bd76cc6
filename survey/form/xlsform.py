"""A workbook → `Form`, with errors that a spreadsheet author understands: sheet, row, column, what to do.

pyxform reads the workbook (Markdown, CSV, XLSX) and judges it as XLSForm (https://xlsform.org); what it accepts is
compiled here row by row. The columns that are ours alone are described in docs/form-bundle.md.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from pyxform.builder import create_survey_element_from_dict
from pyxform.errors import PyXFormError
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from survey.form.expression import ExpressionError, parse
from survey.form.form import CONTAINERS, Form, Item, Text, Texts
from survey.form.resolve import CycleError, Names, Reads, Resolution, blank_sums, evaluation_order, resolve


@dataclass(frozen=True)
class Fault:
    """One mistake in a workbook; `row` counts from 1 as the spreadsheet shows it, None when it is not known."""

    sheet: str
    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        where = [f"sheet {self.sheet}"]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column:
            where.append(f"column {self.column}")
        return f"{', '.join(where)}: {self.message}"


class WorkbookError(ValueError):
    """A workbook that cannot be used; `faults` lists every mistake that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


TYPES = {
    "begin group": "group", "begin_group": "group", "begin repeat": "repeat", "begin_repeat": "repeat",
    "text": "text", "string": "text", "integer": "integer", "int": "integer", "decimal": "decimal", "range": "range",
    "date": "date", "time": "time", "datetime": "dateTime", "note": "note",
    "calculate": "calculate", "hidden": "hidden",
    "geopoint": "geopoint", "gps": "geopoint", "location": "geopoint", "geotrace": "geotrace", "geoshape": "geoshape",
    "image": "image", "photo": "image", "audio": "audio", "video": "video", "file": "file", "barcode": "barcode",
    "acknowledge": "acknowledge", "trigger": "acknowledge", "start": "start", "end": "end", "today": "today",
    "username": "username", "deviceid": "deviceid",
    "select_one": "select_one", "select one": "select_one", "select_multiple": "select_multiple",
    "select multiple": "select_multiple", "rank": "rank",
}  # fmt: skip
_END = ("end group", "end_group", "end repeat", "end_repeat")
_RULES = {
    "relevant": "relevant", "relevance": "relevant", "required": "required", "constraint": "constraint",
    "calculation": "calculate", "calculate": "calculate", "warning": "warning", "choice_filter": "choice_filter",
    "read_only": "readonly", "readonly": "readonly",
}  # fmt: skip
_TEXTS = {
    "label": "label", "caption": "label", "hint": "hint", "guidance_hint": "guidance",
    "required_message": "required_message", "constraint_message": "constraint_message",
    "warning_message": "warning_message",
}  # fmt: skip
_PLAIN = {"type", "name", "default", "appearance", "parameters"}
_YES, _NO = {"yes", "true", "true()"}, {"no", "false", "false()"}
_NAME = re.compile(r"[^\W\d][\w.\-]*\Z")
_INSERT = re.compile(r"(\$\{[^}]*\})")
_LANGUAGE_CODE = re.compile(r"\(([^)]+)\)\s*$")


def compile_workbook(source: bytes | str, attachments: dict[str, bytes] | None = None) -> Form:
    """The form of a workbook; `attachments` holds its CSV files by name. Raises `WorkbookError`."""
    form, _ = check_workbook(source, attachments)
    return form


def check_workbook(source: bytes | str, attachments: dict[str, bytes] | None = None) -> tuple[Form, list[Fault]]:
    """The form, and what in it will surprise its author although it may be used. Raises `WorkbookError`."""
    book = _read(source)
    compiler = _Compiler(book, attachments or {})
    try:
        form = compiler.compile()
    except RecursionError:
        raise WorkbookError([Fault("survey", None, None, "groups or expressions are nested too deeply")]) from None
    if not compiler.faults:
        compiler.faults.extend(_judge(book))
    if compiler.faults:
        raise WorkbookError(compiler.faults)
    return form, compiler.advice


def _read(source: bytes | str) -> DefinitionData:
    try:
        return get_xlsform(io.BytesIO(source) if isinstance(source, bytes) else source)
    except PyXFormError as error:
        raise WorkbookError([_fault_of(error)]) from error
    except Exception as error:  # the readers under pyxform raise whatever their file format does
        message = f"this is not a workbook that can be read ({type(error).__name__})"
        raise WorkbookError([Fault("workbook", None, None, message)]) from error


def _judge(book: DefinitionData) -> list[Fault]:
    """What pyxform itself says of the workbook as XLSForm."""
    try:
        survey = create_survey_element_from_dict(workbook_to_json(book, form_name="data", warnings=[]))
        survey.to_xml(validate=False, warnings=[])
    except PyXFormError as error:
        return [_fault_of(error)]
    return []


def _fault_of(error: Exception) -> Fault:
    text = " ".join(str(error).split())
    row = re.search(r"\[row ?: ?(\d+)\]|row '?(\d+)'?", text)
    sheet = re.search(r"'(survey|choices|settings|entities)'", text)
    return Fault(sheet[1] if sheet else "survey", int(row[1] or row[2]) if row else None, None, text)


class _Compiler:
    def __init__(self, book: DefinitionData, attachments: dict[str, bytes]) -> None:
        self.survey: list[dict[str, str]] = book.survey or []
        self.choice_rows: list[dict[str, str]] = book.choices or []
        self.settings: dict[str, str] = (book.settings or [{}])[0]
        self.attachments = attachments
        self.faults: list[Fault] = []
        self.advice: list[Fault] = []
        self.rows: dict[str, int] = {}  # path → row
        self.sources: dict[str, dict[str, str]] = {}  # path → the row's cells
        self.default_language = _language(self.settings.get("default_language", "default"))
        self.languages: list[str] = []

    def fault(self, row: int | None, column: str | None, message: str, sheet: str = "survey") -> None:
        self.faults.append(Fault(sheet, row, column, message))

    def compile(self) -> Form:
        root = Item("", "", "group")
        tables: dict[str, list[dict[str, str]]] = {}
        self.choices = self.read_choices()
        self.read_survey(root, tables)
        columns = {name: frozenset(key for row in rows for key in row) for name, rows in self.choices.items()}
        columns |= {name: frozenset(key for row in rows for key in row) for name, rows in tables.items()}
        order = self.resolve_all(root, Names(root, columns))
        if not any(item.type not in CONTAINERS for item in root.walk() if item is not root):
            self.fault(None, None, "the survey sheet asks nothing")
        form_id = self.settings.get("form_id") or self.settings.get("id_string") or "form"
        return Form(
            id=form_id,
            version=self.settings.get("version", ""),
            title=self.settings.get("form_title") or self.settings.get("title") or form_id,
            languages=self.languages or [self.default_language],
            default_language=self.default_language,
            children=root.children,
            choices=self.choices,
            tables=tables,
            order=order,
        )

    # -- rows → items

    def read_survey(self, root: Item, tables: dict[str, list[dict[str, str]]]) -> None:
        stack: list[tuple[Item, int]] = [(root, 0)]
        for number, row in enumerate(self.survey, 2):
            kind = " ".join(row.get("type", "").split())
            if not kind:
                if any(value.strip() for value in row.values() if isinstance(value, str)):
                    self.fault(number, "type", "the row has no type")
                continue
            if kind in _END:
                wanted = "repeat" if "repeat" in kind else "group"
                if len(stack) == 1 or stack[-1][0].type != wanted:
                    self.fault(number, "type", f"“{kind}” closes nothing: no {wanted} is open here")
                else:
                    stack.pop()
            elif kind in ("csv-external", "xml-external"):
                self.read_table(number, kind, row, tables)
            else:
                item = self.read_item(number, kind, row, stack[-1][0])
                if item is not None and item.type in CONTAINERS:
                    stack.append((item, number))
        for item, number in stack[1:]:
            self.fault(number, "type", f"the {item.type} “{item.name}” is never closed")

    def read_item(self, number: int, kind: str, row: dict[str, str], around: Item) -> Item | None:
        base, _, rest = kind.partition(" ") if kind.startswith(("select_", "rank ")) else (kind, "", "")
        if kind.startswith(("select one ", "select multiple ")):
            base, rest = " ".join(kind.split()[:2]), " ".join(kind.split()[2:])
        known = TYPES.get(base) or TYPES.get(base.lower())
        if known is None:
            self.fault(number, "type", f"the type “{kind}” is not known here")
            return None
        name = row.get("name", "").strip()
        if not name and known == "note":
            name = f"note_{number}"
        if not _NAME.match(name):
            self.fault(
                number, "name", f"“{name}” is no name: letters, digits, _ - . and no space" if name else "missing"
            )
            return None
        if any(sibling.name == name for sibling in around.children):
            self.fault(number, "name", f"“{name}” stands twice in the same group")
        inside = around.path if around.type == "repeat" else around.repeat
        item = Item(name, f"{around.path}/{name}" if around.path else name, known, inside)
        if rest or known in ("select_one", "select_multiple", "rank"):
            item.list = rest.removesuffix(" or_other").strip()
            if item.list not in self.choices:
                self.fault(number, "type", f"there is no list “{item.list}” on the choices sheet")
        around.children.append(item)
        self.rows[item.path], self.sources[item.path] = number, row
        item.appearance = row.get("appearance", "").strip() or None
        item.parameters = dict(p.split("=", 1) for p in row.get("parameters", "").split() if "=" in p)
        for column, cell in row.items():
            if column.partition("::")[0] not in {*_RULES, *_TEXTS, *_PLAIN} and isinstance(cell, str) and cell.strip():
                item.columns[column] = cell.strip()
        return item

    def read_table(self, number: int, kind: str, row: dict[str, str], tables: dict[str, list[dict[str, str]]]) -> None:
        name = row.get("name", "")
        if kind == "xml-external":
            self.fault(number, "type", "xml-external is not supported: use csv-external")
            return
        data = self.attachments.get(f"{name}.csv")
        if data is None:
            self.fault(number, "name", f"the file “{name}.csv” is not attached")
            return
        try:
            rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            self.fault(number, "name", f"“{name}.csv” cannot be read as CSV in UTF-8: {error}")
            return
        for at, cells in enumerate(rows, 2):
            if None in cells or None in cells.values():
                self.faults.append(Fault(f"{name}.csv", at, None, "this row has more or fewer cells than the header"))
                return
        tables[name] = rows

    def read_choices(self) -> dict[str, list[dict[str, Any]]]:
        lists: dict[str, list[dict[str, Any]]] = {}
        for number, row in enumerate(self.choice_rows, 2):
            name = (row.get("list_name") or row.get("list name") or "").strip()
            if not name:
                continue
            choice: dict[str, Any] = {"name": row.get("name", "").strip()}
            if not choice["name"] or " " in choice["name"]:
                self.fault(number, "name", "a choice needs a name without spaces", "choices")
            if any(other["name"] == choice["name"] for other in lists.get(name, [])):
                self.fault(number, "name", f"“{choice['name']}” stands twice in the list “{name}”", "choices")
            for column, cell in row.items():
                head, _, language = column.partition("::")
                if head == "label":
                    choice.setdefault("label", {})[self.language(language)] = cell
                elif column not in ("list_name", "list name", "name"):
                    choice[column] = cell
            lists.setdefault(name, []).append(choice)
        return lists

    def language(self, written: str) -> str:
        code = _language(written.strip()) if written.strip() else self.default_language
        if code not in self.languages:
            self.languages.append(code)
        return code

    # -- cells → trees

    def resolve_all(self, root: Item, names: Names) -> list[tuple[str, list[str], list[str]]]:
        reads: dict[str, Reads] = {}
        for item in root.walk():
            if item is root:
                continue
            row = self.sources[item.path]
            for column, cell in row.items():
                head, _, language = column.partition("::")
                if not isinstance(cell, str) or not cell.strip():
                    continue
                if head in _TEXTS:
                    texts: Texts = item.texts.setdefault(_TEXTS[head], {})
                    texts[self.language(language)] = self.text(item, column, cell, names)
                elif head in _RULES:
                    self.rule(item, column, _RULES[head], cell, names, reads)
                elif head == "default":
                    self.rule(item, column, "default", _default(cell), names, reads)
            self.ours(item, names)
        self.advise_sums(root, names)
        ordered = [(item, reads[item.path].all) for item in root.walk() if item.path in reads]
        try:
            return [(path, *reads[path].split()) for path in evaluation_order(ordered)]
        except CycleError as error:
            self.fault(self.rows.get(error.paths[0]), "calculation", f"these wait for one another: {error}")
            return []

    def advise_sums(self, root: Item, names: Names) -> None:
        for item in root.walk():
            for key, tree in item.rules.items():
                for blank in blank_sums(tree, names):
                    line = (
                        f"sum(${{{blank.name}}}) is blank as soon as one {blank.name} is: make {blank.name} required, "
                        f"or sum only what is there, as sum(${{repeat}}[{blank.name} != '']/{blank.name})"
                    )
                    column = next((c for c in self.sources[item.path] if _RULES.get(c) == key), key)
                    self.advice.append(Fault("survey", self.rows[item.path], column, line))

    def rule(self, item: Item, column: str, key: str, cell: str, names: Names, reads: dict[str, Reads]) -> None:
        text = cell.strip()
        if key in ("required", "readonly") and text.lower() in _NO:
            return
        if key in ("required", "readonly") and text.lower() in _YES:
            text = "true()"
        if key == "calculate" and item.type in CONTAINERS:
            self.fault(self.rows[item.path], column, "a group cannot be calculated")
            return
        row_of = item.list if key == "choice_filter" else None
        found = self.expression(item, column, text, names, row_of)
        if found is None:
            return
        item.rules[key] = found.tree
        if key in ("relevant", "calculate"):
            reads.setdefault(item.path, Reads()).add(found)

    def expression(
        self, item: Item, column: str, text: str, names: Names, row_of: str | None = None
    ) -> Resolution | None:
        try:
            found = resolve(parse(text), item, names, row_of if row_of in names.tables else None)
        except ExpressionError as error:
            where = f" (at character {error.at + 1})" if error.at else ""
            self.fault(self.rows[item.path], column, f"{error}{where}, in: {text}")
            return None
        self.advice.extend(Fault("survey", self.rows[item.path], column, line) for line in found.advice)
        return found

    def text(self, item: Item, column: str, cell: str, names: Names) -> Text:
        parts = [part for part in _INSERT.split(cell) if part]
        if not any(part.startswith("${") for part in parts):
            return cell
        done: list[Any] = []
        for part in parts:
            found = self.expression(item, column, part, names) if part.startswith("${") else None
            done.append(found.tree if found else part)
        return done

    def ours(self, item: Item, names: Names) -> None:
        """The columns `because` and `member_label`, as paths."""
        number = self.rows[item.path]
        if "member_label" in item.columns:
            item.member_label = self.one_path(number, "member_label", item.columns.pop("member_label"), names)
        if "because" in item.columns:
            text = item.columns.pop("because")
            flag, colon, quotes = text.rpartition(":")
            paths = [self.one_path(number, "because", name, names) for name in quotes.split()]
            item.because = {
                "flag": self.one_path(number, "because", flag, names) if colon else None,
                "quotes": [path for path in paths if path],
            }

    def one_path(self, row: int, column: str, written: str, names: Names) -> str | None:
        name = written.strip().removeprefix("${").removesuffix("}")
        found = names.by_name.get(name, [])
        if len(found) != 1:
            self.fault(
                row, column, f"there is no question “{name}”" if not found else f"“{name}” stands more than once"
            )
            return None
        return found[0].path


def _language(written: str) -> str:
    match = _LANGUAGE_CODE.search(written)
    return match[1].strip() if match else written


def _default(cell: str) -> str:
    """A default is an expression when it looks like one, else a text (pyxform's rule, in short)."""
    text = cell.strip()
    if re.search(r"\$\{|\w\(.*\)", text):
        return text
    return f"'{text}'" if "'" not in text else f'"{text}"'

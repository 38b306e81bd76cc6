"""A workbook → `Form`, with errors that a spreadsheet author understands: sheet, row, column, what to do.

`workbook.py` reads the sheets within limits, `rows.py` makes items of rows, and here their expressions become trees.
What compiles is at last judged by pyxform as XLSForm (https://xlsform.org). The columns that are ours alone are
described in docs/form-bundle.md; what of XLSForm is supported, in docs/xlsform.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyxform.builder import create_survey_element_from_dict
from pyxform.errors import PyXFormError
from pyxform.utils import default_is_dynamic
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import DefinitionData

from survey.form import vocabulary
from survey.form.attached import manifest
from survey.form.expression import ExpressionError, parse
from survey.form.fault import N_, Fault, Findings, WorkbookError
from survey.form.form import CONTAINERS, SILENT, Form, Item, Text
from survey.form.resolve import CycleError, Names, Reads, Resolution, blank_sums, evaluation_order, resolve
from survey.form.rows import NO, YES, Cell, Languages, Rows, asked, cells_of
from survey.form.workbook import read_workbook

__all__ = ["Fault", "WorkbookError", "check_workbook", "compile_workbook"]

_INSERT = re.compile(r"(\$\{[^}]*\})")
_ROOT = "data"


def compile_workbook(source: bytes | str, attachments: dict[str, bytes] | None = None) -> Form:
    """The form of a workbook; `attachments` holds its tables and media by name. Raises `WorkbookError`."""
    form, _ = check_workbook(source, attachments)
    return form


def check_workbook(source: bytes | str, attachments: dict[str, bytes] | None = None) -> tuple[Form, list[Fault]]:
    """The form, and what in it will surprise its author although it may be used. Raises `WorkbookError`."""
    book = read_workbook(source)
    compiler = _Compiler(book, attachments or {})
    faults, advice = compiler.findings.faults, compiler.findings.advice
    try:
        form = compiler.compile()
        if not faults:
            faults.extend(_judge(book))
    except RecursionError:
        template = N_("groups or expressions are nested too deeply")
        raise WorkbookError([*faults, Fault.of("survey", None, None, template)]) from None
    if faults:
        raise WorkbookError(faults)
    return form, advice


def _judge(book: DefinitionData) -> list[Fault]:
    """What pyxform itself says of the workbook as XLSForm."""
    try:
        survey = create_survey_element_from_dict(workbook_to_json(book, form_name=_ROOT, warnings=[]))
        survey.to_xml(validate=False, pretty_print=False, warnings=[])
    except PyXFormError as error:
        return [_fault_of(error)]
    return []


def _fault_of(error: Exception) -> Fault:
    text = " ".join(str(error).split())
    row = re.search(r"\[row ?: ?(\d+)\]|row '?(\d+)'?", text)
    sheet = re.search(r"'(survey|choices|settings|entities)'", text)
    number = int(row[1] or row[2]) if row else None
    return Fault.of(sheet[1] if sheet else "survey", number, None, N_("pyxform, which reads XLSForm, says: %(said)s"),
                    said=text)  # fmt: skip


class _Compiler:
    def __init__(self, book: DefinitionData, attachments: dict[str, bytes]) -> None:
        self.book, self.attachments = book, attachments
        self.findings = Findings()
        self.settings = self.read_settings((book.settings or [{}])[0])
        self.languages = Languages(self.settings.get("default_language", "default"))
        duplicates = self.settings.get("allow_choice_duplicates", "").lower() in YES
        self.sheets = Rows(self.findings, self.languages, attachments, duplicates)
        self.reads: dict[str, Reads] = {}

    def compile(self) -> Form:
        root, sheets = Item("", "", "group"), self.sheets
        sheets.read_choices(self.book.choices or [])
        sheets.read_choices(self.book.external_choices or [], "external_choices")
        sheets.read_survey(root, self.book.survey or [])
        columns = {
            name: frozenset(key for row in rows for key in row)
            for name, rows in [*sheets.choices.items(), *sheets.tables.items()]
        }
        self.names = Names(root, columns, self.settings.get("name") or _ROOT)
        order = self.resolve_all(root)
        naming = self.instance_name(root)
        if not any(item.type not in CONTAINERS for item in asked(root)):
            self.findings.fault(None, None, N_("the survey sheet asks nothing"))
        self.advise(root)
        found, form_id = self.languages, self.settings.get("form_id") or "form"
        default = found.default
        if "default_language" not in self.settings and found.found and default not in found.found:
            default = found.found[0]
        return Form(
            id=form_id,
            version=self.settings.get("version", ""),
            title=self.settings.get("title") or form_id,
            languages=found.found or [default],
            default_language=default,
            children=root.children,
            choices=sheets.choices,
            tables=sheets.tables,
            order=order,
            files=manifest(sheets.media, self.attachments),
            instance_name=naming,
            settings={key: self.settings[key] for key in ("style",) if key in self.settings},
        )

    def read_settings(self, row: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for header, _, text in cells_of(dict(row), {}):
            key = "_".join(header.split()).lower()
            if key in vocabulary.SETTINGS:
                found[vocabulary.SETTINGS[key]] = text
            elif key in vocabulary.IDLE_SETTINGS or key.startswith("attribute::"):
                template = N_("the setting “%(name)s” changes nothing here: it is for other programs")
                self.findings.advise(2, header, template, "settings", name=header)
            elif key not in vocabulary.COMMENTS:
                self.findings.advise(2, header, N_("the setting “%(name)s” is not known"), "settings", name=header)
        return found

    # -- cells → trees

    def resolve_all(self, root: Item) -> list[tuple[str, list[str], list[str]]]:
        for item in asked(root):
            self.trigger(item)
            for cell in self.sheets.cells[item.path]:
                self.cell(item, cell)
            self.complete(item)
            self.ours(item)
        ordered = [(item, self.reads[item.path].all) for item in asked(root) if item.path in self.reads]
        try:
            return [(path, *self.reads[path].split()) for path in evaluation_order(ordered)]
        except CycleError as error:
            template = N_("these wait for one another: %(circle)s")
            self.findings.fault(self.sheets.rows.get(error.paths[0]), "calculation", template, circle=str(error))
            return []

    def cell(self, item: Item, cell: Cell) -> None:
        header, (head, language), text = cell
        if head in vocabulary.TEXTS:
            texts = item.texts.setdefault(vocabulary.TEXTS[head], {})
            texts[self.languages.code(language)] = self.text(item, header, text)
        elif head in vocabulary.RULES:
            self.rule(item, header, vocabulary.RULES[head], text)

    def rule(self, item: Item, header: str, key: str, text: str) -> None:
        if key in ("required", "readonly") and text.lower() in NO:
            return
        if key in ("required", "readonly") and text.lower() in YES:
            text = "true()"
        if key == "calculate" and item.type in CONTAINERS:
            self.fault(item, header, N_("a group cannot be calculated"))
            return
        if key == "count" and item.type != "repeat":
            self.fault(item, header, N_("only a repeat has a repeat_count"))
            return
        if key == "choice_filter" and item.list is None:
            self.fault(item, header, N_("only a question with choices has a choice_filter"))
            return
        if key == "default":
            text = self.default(item, text)
        found = self.expression(item, header, text, item.list if key == "choice_filter" else None)
        if found is None:
            return
        item.rules[key] = found.tree
        if key in ("relevant", "count") or (key == "calculate" and not item.trigger):
            self.reads.setdefault(item.path, Reads()).add(found)

    def default(self, item: Item, text: str) -> str:
        """A default is an expression when it looks like one to pyxform, else a text."""
        if default_is_dynamic(text, item.type) and (re.search(r"\$\{|\w\s*\(", text) or _is_sum(text)):
            return text
        return f"'{text}'" if "'" not in text else f'"{text}"' if '"' not in text else _quoted(text)

    def trigger(self, item: Item) -> None:
        cell = next((cell for cell in self.sheets.cells[item.path] if cell.column.head == "trigger"), None)
        if cell is None:
            return
        paths = []
        for part in cell.text.split(","):
            if not re.fullmatch(r"\s*\$\{[^}]+\}\s*", part):
                self.fault(item, cell.header, N_("a trigger names questions: ${name}, with commas between"))
                return
            path = self.one_path(item, cell.header, part)
            if path:
                paths.append(path)
        item.trigger = paths

    def complete(self, item: Item) -> None:
        """What a row of its type must have."""
        known = {cell.column.head for cell in self.sheets.cells[item.path]}
        has_words = bool({"label", "hint"} & item.texts.keys()) or bool(item.media)
        if item.trigger and "calculate" not in item.rules and not {"calculation", "calculate"} & known:
            item.rules["calculate"] = ""  # it is cleared
        if item.type == "calculate" and not {"calculate", "default"} & item.rules.keys() and not (
            {"calculation", "calculate", "default"} & known
        ):  # fmt: skip
            self.fault(item, "calculation", N_("a calculate needs a calculation"))
        elif item.type in CONTAINERS or item.type in SILENT:
            return
        elif not has_words and "calculate" in item.rules:
            item.type = "calculate"  # never drawn: XLSForm
        elif not has_words:
            self.fault(item, "label", N_("a question needs a label, a hint or a picture"))

    def expression(self, item: Item, header: str, text: str, row_of: str | None = None) -> Resolution | None:
        try:
            found = resolve(parse(text), item, self.names, row_of if row_of in self.names.tables else None)
        except ExpressionError as error:
            values: dict[str, Any] = {"of_text": text, **({"of_at": error.at + 1} if error.at else {})}
            self.fault(item, header, error.template, **error.values, **values)
            return None
        number = self.sheets.rows.get(item.path, 2)
        sheet = "survey" if item.path else "settings"
        for template, said in found.advice:
            self.findings.advise(number, header, template, sheet, **said)
        return found

    def text(self, item: Item, header: str, cell: str) -> Text:
        parts = [part for part in _INSERT.split(cell) if part]
        if not any(part.startswith("${") for part in parts):
            return cell
        done: list[Any] = []
        for part in parts:
            found = self.expression(item, header, part) if part.startswith("${") else None
            done.append(found.tree if found else part)
        return done

    def instance_name(self, root: Item) -> Any:
        text = self.settings.get("instance_name")
        if not text:
            return None
        found = self.expression(root, "instance_name", text)
        return found.tree if found else None

    def fault(self, item: Item, header: str, template: str, **values: Any) -> None:
        sheet = "survey" if item.path else "settings"
        self.findings.fault(self.sheets.rows.get(item.path, 2), header, template, sheet, **values)

    # -- our own columns

    def ours(self, item: Item) -> None:
        """The columns `because` and `member_label`, as paths."""
        if "member_label" in item.columns:
            item.member_label = self.one_path(item, "member_label", item.columns.pop("member_label"))
        if "because" in item.columns:
            text = item.columns.pop("because")
            flag, colon, quotes = text.rpartition(":")
            paths = [self.one_path(item, "because", name) for name in quotes.split()]
            item.because = {
                "flag": self.one_path(item, "because", flag) if colon else None,
                "quotes": [path for path in paths if path],
            }

    def one_path(self, item: Item, header: str, written: str) -> str | None:
        name = written.strip().removeprefix("${").removesuffix("}").strip()
        found = self.names.by_name.get(name, [])
        if len(found) != 1:
            template = N_("“%(name)s” stands more than once") if found else N_("there is no question “%(name)s”")
            self.fault(item, header, template, name=name)
            return None
        return found[0].path

    # -- advice

    def advise(self, root: Item) -> None:
        headers = {cell.header: cell.column for cells in self.sheets.cells.values() for cell in cells}
        for header, column in headers.items():
            if not vocabulary.is_known(column.head):
                self.findings.advise(1, header, N_("the column “%(name)s” is not known: nothing reads it"), name=header)
        self.advise_sums(root)
        self.advise_languages(root)

    def advise_sums(self, root: Item) -> None:
        for item in asked(root):
            for key, tree in item.rules.items():
                for blank in blank_sums(tree, self.names):
                    template = N_(
                        "sum(${%(name)s}) is blank as soon as one %(name)s is: make %(name)s required, "
                        "or sum only what is there, as sum(${repeat}[%(name)s != '']/%(name)s)"
                    )
                    cells = self.sheets.cells[item.path]
                    column = next((c.header for c in cells if vocabulary.RULES.get(c.column.head) == key), key)
                    self.findings.advise(self.sheets.rows[item.path], column, template, name=blank.name)

    def advise_languages(self, root: Item) -> None:
        """Labels that one of the languages lacks, a line for each language."""
        for language in self.languages.found if len(self.languages.found) > 1 else []:
            missing = [
                str(self.sheets.rows[item.path])
                for item in asked(root)
                if "label" in item.texts and language not in item.texts["label"]
            ]
            if missing:
                template = N_("in the language “%(language)s” the label is missing (rows %(rows)s)")
                shown = ", ".join(missing[:10]) + (" …" if len(missing) > 10 else "")
                self.findings.advise(int(missing[0]), "label", template, language=language, rows=shown)


def _is_sum(text: str) -> bool:
    """Arithmetic of numbers alone; “bản A - B” is a text, whatever pyxform makes of its hyphen."""
    return bool(re.fullmatch(r"[\d\s.+*()-]+|[\d\s.()]+(div|mod)[\d\s.()]+", text))


def _quoted(text: str) -> str:
    """A text with both kinds of quotes, as XPath 1.0 has to write it."""
    parts = [f"'{part}'" for part in text.split("'")]
    return "concat(" + ", \"'\", ".join(parts) + ")"

"""A workbook → `Form`, with errors that a spreadsheet author understands: sheet, row, column, what to do.

`workbook.py` reads the sheets within limits, `rows.py` makes items of rows, and here their expressions become trees.
What compiles is at last judged by pyxform as XLSForm (https://xlsform.org). The columns that are ours alone are
described in docs/form-bundle.md; what of XLSForm is supported, in docs/xlsform.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyxform.utils import default_is_dynamic
from pyxform.xls2json_backends import DefinitionData

from survey.form.expression import ExpressionError, parse
from survey.form.form import CONTAINERS, NUMBERS, SILENT, Form, Item, Text
from survey.form.record import typed
from survey.text import N_, nearest
from survey.xlsform import vocabulary
from survey.xlsform.cost import dear
from survey.xlsform.faults import SHEETS, Fault, Findings, WorkbookError
from survey.xlsform.pyxform_check import ROOT, judge, judge_entities
from survey.xlsform.reader import read_workbook
from survey.xlsform.resolve import CycleError, Names, Reads, Resolution, blank_sums, evaluation_order, resolve
from survey.xlsform.rows import NAME, NO, YES, Cell, Languages, Rows, asked, cells_of, language_code
from survey.xlsform.tables import manifest, shipped

__all__ = ["Fault", "WorkbookError", "check_workbook", "compile_workbook"]

_PLAIN_ANSWERS = ("date", "time", "dateTime", "geopoint", "geotrace", "geoshape", "acknowledge")
_INSERT = re.compile(r"(\$\{[^}]*(?:\}|\Z))")  # one that does not end takes all the rest


def compile_workbook(source: bytes | str, attachments: dict[str, bytes] | None = None) -> Form:
    """The form of a workbook; `attachments` holds its tables and media by name. Raises `WorkbookError`."""
    form, _ = check_workbook(source, attachments)
    return form


def check_workbook(source: bytes | str, attachments: dict[str, bytes] | None = None) -> tuple[Form, list[Fault]]:
    """The form, and what in it will surprise its author although it may be used. Raises `WorkbookError`."""
    book = read_workbook(source)
    compiler = Compiler(book, shipped() | (attachments or {}))
    faults, advice = compiler.findings.faults, compiler.findings.advice
    try:
        form = compiler.compile()
        faults.extend(judge_entities(book) if faults else judge(book))
    except RecursionError:
        template = N_("groups or expressions are nested too deeply")
        raise WorkbookError([*faults, Fault.of("survey", None, None, template)]) from None
    if faults:
        raise WorkbookError(faults)
    return form, advice


class Compiler:
    def __init__(self, book: DefinitionData, attachments: dict[str, bytes]) -> None:
        self.book, self.attachments = book, attachments
        self.findings = Findings()
        self.settings = self.read_settings((book.settings or [{}])[0])
        self.languages = Languages(self.settings.get("default_language", "default"))
        duplicates = self.settings.get("allow_choice_duplicates", "").lower() in YES
        root_name = self.settings.get("name") or ROOT
        self.sheets = Rows(self.findings, self.languages, attachments, duplicates, root_name)
        self.reads: dict[str, Reads] = {}
        self.outcomes: dict[str, Item] = {}
        self.readers: dict[str, list[tuple[str, list[str]]]] = {}  # path → the columns of its rules, what each reads
        self.calculated_from: dict[str, list[str]] = {}  # path → what its calculation reads
        self.demanded: dict[str, list[str]] = {}  # path → what decides whether it is required, or may be changed
        self.constraints: list[tuple[Item, str, list[str]]] = []  # each with its column and what else it reads

    def compile(self) -> Form:
        root, sheets = Item("", "", "group"), self.sheets
        self.check_sheets()
        self.check_entities()
        for sheet, rows in (("choices", self.book.choices), ("external_choices", self.book.external_choices)):
            if self.has_columns(sheet, "list_name", "name"):
                sheets.read_choices(rows or [], sheet)
            else:
                sheets.unread = True
        if self.has_columns("survey", "type", "name"):
            sheets.read_survey(root, self.book.survey or [])
        columns: dict[str, frozenset[str] | None] = {
            name: frozenset(key for row in rows for key in row)
            for name, rows in [*sheets.choices.items(), *sheets.tables.items()]
        }
        for name in (*sheets.files, *(item.list for item in root.walk() if item.list is not None)):
            columns.setdefault(name, None)
        self.names = Names(root, columns, self.settings.get("name") or ROOT)
        order = self.resolve_all(root)
        naming = self.instance_name(root)
        self.quoted_in_choices()
        nothing = not any(item.type not in CONTAINERS for item in asked(root))
        if nothing and not any(fault.sheet == "survey" for fault in self.findings.faults):
            self.findings.fault(None, None, N_("the survey sheet asks nothing"))
        self.advise(root)
        found, form_id = self.languages, self.settings.get("form_id") or "form"
        default = found.default
        if "default_language" not in self.settings and found.found and default not in found.found:
            default = found.found[0]
        form = Form(
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
            settings={key: self.settings[key] for key in ("style", "standard") if key in self.settings},
        )
        if not self.findings.faults:
            self.check_costs(form)
        return form

    def check_costs(self, form: Form) -> None:
        """What nobody could bear to run is not published."""
        for path, key, template, values in dear(form):
            columns = (cell.header for cell in self.sheets.cells.get(path, []) if _is_rule(cell, key))
            sheet, row = ("survey", self.sheets.rows[path]) if path else ("settings", 2)
            self.findings.fault(row, next(columns, key), template, sheet, **values)

    def check_entities(self) -> None:
        for header in dict.fromkeys(header for row in self.book.entities or [] for header in row):
            if ":" in header:
                template = N_("an entity has no words by language: write “%(name)s”")
                self.findings.fault(1, header, template, "entities", name=header.partition(":")[0])

    def check_sheets(self) -> None:
        """A sheet with a misspelt name is not read, and then nobody misses it but its author."""
        names = list(self.book.sheet_names or [])
        missing = [sheet for sheet in SHEETS if sheet not in map(str.lower, names)]
        for name in names if len(names) > 1 else []:
            meant = nearest(name, missing, 0.8) if name.lower() not in SHEETS else None
            if meant is not None:
                template = N_("this sheet is not read: is “%(near)s” meant?")
                self.findings.fault(None, None, template, name, near=meant)
                self.sheets.unread |= meant == "choices"
        if not self.book.survey and "survey" in missing and names:
            self.findings.fault(None, None, N_("the workbook has no sheet “survey”"))

    def has_columns(self, sheet: str, *wanted: str) -> bool:
        """Whether a sheet that has rows has the columns without which they say nothing."""
        rows = getattr(self.book, sheet) or []
        headers = dict.fromkeys(
            header for row in [*(getattr(self.book, f"{sheet}_header") or []), *rows] for header in row if header
        )
        kinds = {vocabulary.meaning(vocabulary.column(header).head) for header in headers}
        missing = [name for name in wanted if name not in kinds] if rows else []
        for name in missing:
            self.findings.fault(1, name, N_("the column “%(name)s” is missing"), sheet, name=name)
        found: dict[tuple[str, str], str] = {}  # what a heading means, in which language → as it is written
        for header in headers if not missing else ():
            head, language = vocabulary.column(header)
            same = found.setdefault((vocabulary.meaning(head), language_code(language)), header)
            if same != header:
                template = N_("“%(other)s” and “%(name)s” are the same column: leave one")
                self.findings.fault(1, header, template, sheet, name=header, other=same)
        return not missing

    def read_settings(self, row: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for header, _, text in cells_of(dict(row), {}):
            key = "_".join(header.split()).lower()
            if key in vocabulary.SETTINGS:
                found[vocabulary.SETTINGS[key]] = text
                self.check_setting(vocabulary.SETTINGS[key], header, text)
            elif key in vocabulary.IDLE_SETTINGS or key.startswith("attribute::"):
                template = N_("the setting “%(name)s” changes nothing here: it is for other programs")
                self.findings.advise(2, header, template, "settings", name=header)
            elif key not in vocabulary.COMMENTS:
                self.findings.advise(2, header, N_("the setting “%(name)s” is not known"), "settings", name=header)
        return found

    def check_setting(self, name: str, header: str, text: str) -> None:
        if name in vocabulary.YES_OR_NO and text.lower() not in YES | NO:
            template = N_("%(name)s is yes or no, not “%(value)s”")
            self.findings.fault(2, header, template, "settings", name=header, value=text)
        elif name == "name" and not NAME.match(text):
            template = N_("“%(name)s” is no name: letters, digits, _ - . and no space; a letter or _ comes first")
            self.findings.fault(2, header, template, "settings", name=text)
        elif name == "style":
            for word in text.split():
                if word not in vocabulary.STYLES:
                    template = N_("the style “%(word)s” is not known: it changes nothing")
                    self.findings.advise(2, header, template, "settings", word=word)

    # -- cells → trees

    def resolve_all(self, root: Item) -> list[tuple[str, list[str], list[str]]]:
        for item in asked(root):
            self.seed(item)
            self.trigger(item)
            for cell in self.sheets.cells[item.path]:
                self.cell(item, cell)
            self.complete(item)
            self.ours(item)
        ordered = [(item, self.reads[item.path].all) for item in asked(root) if item.path in self.reads]
        triggered = [(item, list(item.trigger)) for item in asked(root) if item.trigger]
        try:
            evaluation_order(triggered)
        except CycleError as error:
            for circle in error.circles:
                self.told(circle, ["trigger"] * len(circle), N_("these set one another off: %(circle)s"))
        try:
            return [(path, *self.reads[path].split()) for path in evaluation_order(ordered)]
        except CycleError as error:
            for circle in error.circles:
                columns = [self.reads_next(circle, at) for at in range(len(circle))]
                self.told(circle, columns, N_("these wait for one another: %(circle)s"))
            return []

    def told(self, circle: list[str], columns: list[str | None], template: str) -> None:
        """A circle, at the first of its rows whose own rule goes round with it."""
        rows = self.sheets.rows
        at = min(range(len(circle)), key=lambda at: (columns[at] is None, rows.get(circle[at], 0)))
        shown = " → ".join([*circle[at:], *circle[: at + 1]])
        self.findings.fault(rows.get(circle[at]), columns[at], template, circle=shown)

    def reads_next(self, circle: list[str], at: int) -> str | None:
        """The column whose rule reads the row that follows in the circle, or what is in it."""
        following = circle[(at + 1) % len(circle)]
        for header, reads in self.readers.get(circle[at], []):
            if any(f"{read}/".startswith(f"{following}/") for read in reads):
                return header
        return None

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
        if key in ("required", "readonly") and re.fullmatch(r"[^\W\d]+", text):
            template = N_("“%(value)s” is neither yes nor no, nor a rule")
            self.fault(item, header, template, value=text)
            return
        if key in ("required", "constraint", "default", "warning") and item.type in CONTAINERS:
            template = N_("a group has no answer: %(name)s changes nothing here")
            self.findings.advise(self.sheets.rows[item.path], header, template, name=header)
        if key == "calculate" and item.type in CONTAINERS:
            self.fault(item, header, N_("a group cannot be calculated"))
            return
        if key == "count" and item.type != "repeat":
            self.fault(item, header, N_("only a repeat has a repeat_count"))
            return
        if key == "choice_filter" and item.list is None and item.type not in vocabulary.CHOOSING:
            self.fault(item, header, N_("only a question with choices has a choice_filter"))
            return
        if key == "default":
            text = self.default(item, header, text)
        found = self.expression(item, header, text, item.list if key == "choice_filter" else None)
        if found is None:
            return
        item.rules[key] = found.tree
        if key in ("required", "readonly"):
            self.demanded.setdefault(item.path, []).extend(read for read in found.reads if read != item.path)
        if key == "constraint":
            self.constraint(item, header, found)
        self.readers.setdefault(item.path, []).append((header, found.reads))
        if key == "calculate" and not item.trigger:
            self.calculated_from[item.path] = found.reads
        if key in ("relevant", "count") or (key == "calculate" and not item.trigger):
            self.reads.setdefault(item.path, Reads()).add(found)

    def constraint(self, item: Item, header: str, found: Resolution) -> None:
        """Noted: what ODK Collect up to 2025.3, which checks an answer before it stores it, would refuse."""
        self.constraints.append((item, header, [path for path in found.reads if path != item.path]))
        if found.looks_back:
            template = N_(
                "ODK Collect up to 2025.3 checks an answer before it stores it: within […] this question is still as "
                "it was. Write its answer as “.” outside the brackets, and within them look at the others only: "
                "position() != position(current()/..)"
            )
            self.findings.advise(self.sheets.rows[item.path], header, template)

    def default(self, item: Item, header: str, text: str) -> str:
        """A default is an expression when it looks like one to pyxform, else an answer."""
        if default_is_dynamic(text, item.type) and (re.search(r"\$\{|\w\s*\(", text) or _is_sum(text)):
            return text
        if item.type == "date":
            text = text.removesuffix(" 00:00:00")  # a cell of .xlsx that is a date
        if item.type == "dateTime":
            text = re.sub(r"(?<=\d) (?=\d\d:)", "T", text)
        kind = "decimal" if item.type == "range" else item.type
        column, rows = "name", self.sheets.choices.get(item.list or "")
        if item.from_file:
            column, rows = item.from_file["value"], self.sheets.tables.get(item.list or "")
        names = text.split() if item.type != "select_one" else [text]
        if (kind in NUMBERS or kind in _PLAIN_ANSWERS) and typed(kind, text) is None:
            template = N_("“%(text)s” is no answer to a question of the type %(type)s")
            self.fault(item, header, template, text=text, type=item.type)
        elif rows is not None and (odd := set(names) - {row.get(column) for row in rows}):
            template = N_("“%(name)s” is no choice of the list “%(list)s”")
            self.fault(item, header, template, name=sorted(odd)[0], list=(item.list or "").removesuffix(" or_other"))
        return f"'{text}'" if "'" not in text else f'"{text}"' if '"' not in text else _quoted(text)

    def seed(self, item: Item) -> None:
        """`seed=${question}`."""
        seed = item.parameters.get("seed", "")
        if seed.startswith("${"):
            self.one_path(item, "parameters", seed)

    def trigger(self, item: Item) -> None:
        cell = next((cell for cell in self.sheets.cells[item.path] if cell.column.head == "trigger"), None)
        if cell is None:
            return
        if item.type in CONTAINERS:
            self.fault(item, cell.header, N_("a group cannot have a trigger"))
            return
        paths = []
        for part in cell.text.split(","):
            if not re.fullmatch(r"\s*\$\{[^}]+\}\s*", part):
                self.fault(item, cell.header, N_("a trigger names questions: ${name}, with commas between"))
                return
            named = self.one(item, cell.header, part)
            if named is None:
                continue
            if named.type in CONTAINERS:
                self.fault(item, cell.header, N_("“%(name)s” is a group: only an answer sets off"), name=named.name)
            elif named.type == "note":
                template = N_("“%(name)s” is a note: it is never answered and sets nothing off")
                self.findings.advise(self.sheets.rows[item.path], cell.header, template, name=named.name)
            paths.append(named.path)
        item.trigger = paths

    def complete(self, item: Item) -> None:
        """What a row of its type must have."""
        known = {cell.column.head for cell in self.sheets.cells[item.path]}
        has_words = bool({"label", "hint"} & item.texts.keys()) or bool(item.media)
        if item.trigger and "calculate" not in item.rules and not {"calculation", "calculate"} & known:
            item.rules["calculate"] = ""  # it is cleared
        if item.type == "background-geopoint" and "trigger" not in known:
            self.fault(item, "trigger", N_("a background-geopoint needs a trigger"))
        if "big-image" in item.media and "image" not in item.media:
            self.fault(item, "big-image", N_("a big-image needs an image beside it"))
        is_default = "default" in known and not isinstance(item.rules.get("default"), str)  # one that is worked out
        if item.type == "calculate" and not (
            "calculate" in item.rules or {"calculation", "calculate"} & known or is_default
        ):  # fmt: skip
            self.fault(item, "calculation", N_("a calculate needs a calculation"))
        elif item.type in CONTAINERS or item.type in SILENT:
            return
        elif not has_words and "calculate" in item.rules:
            item.type = "calculate"  # never drawn: XLSForm
        elif not has_words and item.path not in self.sheets.typeless:
            self.fault(item, "label", N_("a question needs a label, a hint or a picture"))

    def expression(self, item: Item, header: str, text: str, row_of: str | None = None) -> Resolution | None:
        try:
            found = resolve(parse(text), item, self.names, row_of)
            errors = found.errors
        except ExpressionError as error:
            errors = [error]
        for wrong in errors:
            values: dict[str, Any] = {"of_text": text, **({"of_at": wrong.at + 1} if wrong.at else {})}
            self.fault(item, header, wrong.template, **wrong.values, **values)
        if errors:
            return None
        number = self.sheets.rows.get(item.path, 2)
        sheet = "survey" if item.path else "settings"
        for template, said in found.advice:
            self.findings.advise(number, header, template, sheet, **said)
        return found

    def text(self, item: Item, header: str, cell: str) -> Text:
        parts = [part for part in _INSERT.split(cell) if part]
        if any("${" in part and not part.endswith("}") for part in parts):
            self.fault(item, header, N_("after “${” a “}” is missing"))
            return cell
        if not any(part.startswith("${") for part in parts):
            return cell
        done: list[Any] = []
        for part in parts:
            found = self.expression(item, header, part) if part.startswith("${") and part.endswith("}") else None
            done.append(found.tree if found else part)
        return done

    def quoted_in_choices(self) -> None:
        """Words of choices that quote answers: nothing here fills them in."""
        for sheet, number, (header, _, text) in self.sheets.inserted:
            inserted = [part for part in _INSERT.split(text) if part.startswith("${") and part.endswith("}")]
            names = [part[2:-1].strip() for part in inserted]
            unknown = [name for name in names if name not in self.names.by_name]
            for name in unknown:
                self.findings.fault(number, header, N_("there is no question “%(name)s”"), sheet, name=name)
            if not unknown:
                template = N_("the words of a choice quote no answers here: they are shown as they are written")
                self.findings.advise(number, header, template, sheet)

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
        """The columns `because` and `member_label`, as paths; `reading` as it stands."""
        if "member_label" in item.columns:
            item.member_label = self.one_path(item, "member_label", item.columns.pop("member_label"))
            inside = self.names.parents.get(item.member_label or "")
            while inside is not None and inside.type == "group" and inside.path:
                inside = self.names.parents.get(inside.path)
            if item.type != "repeat" or (item.member_label and inside is not item):
                template = N_("member_label stands on a repeat and names a question of that repeat")
                self.fault(item, "member_label", template)
        preload, outcome = item.columns.get("preload"), item.columns.get("outcome")
        if preload is not None and preload not in vocabulary.PRELOADS:
            template = N_("preload is one of %(known)s, not “%(value)s”")
            self.fault(item, "preload", template, known=", ".join(vocabulary.PRELOADS), value=preload)
        if outcome is not None and outcome not in vocabulary.OUTCOMES:
            template = N_("the outcome “%(name)s” is not known: nothing reads it")
            self.findings.advise(self.sheets.rows[item.path], "outcome", template, name=outcome)
        elif outcome is not None and outcome != "indicator":
            first = self.outcomes.setdefault(outcome, item)
            if first is not item:
                template = N_("row %(other_row)s is the outcome “%(name)s” already")
                self.fault(item, "outcome", template, name=outcome, other_row=self.sheets.rows[first.path])
        if "because" in item.columns:
            clauses = [self.clause(item, text) for text in item.columns.pop("because").split(";")]
            item.because = clauses if len(clauses) > 1 or "is" in clauses[0] else clauses[0]
        if "reading" in item.columns and item.columns["reading"] not in self.sheets.choices:
            template = N_("there is no list or file “%(name)s”")
            self.fault(item, "reading", template, name=item.columns["reading"])

    def clause(self, item: Item, text: str) -> dict[str, Any]:
        """`${flag} = 2: ${a} ${b}`: what is quoted where the flag is 2 (1 when no number is given); no flag: always."""
        condition, colon, quotes = text.rpartition(":")
        flag, equal, number = (part.strip() for part in condition.partition("="))
        compared = bool(equal) and number.isdecimal()
        paths = [self.one_path(item, "because", name) for name in quotes.split()]
        return {
            "flag": self.one_path(item, "because", flag if compared else condition) if colon else None,
            "quotes": [path for path in paths if path],
        } | ({"is": int(number)} if compared else {})

    def one_path(self, item: Item, header: str, written: str) -> str | None:
        found = self.one(item, header, written)
        return found.path if found else None

    def one(self, item: Item, header: str, written: str) -> Item | None:
        """The one row of a name, as a column of names gives it: `name` or `${name}`."""
        name = written.strip().removeprefix("${").removesuffix("}").strip()
        found = self.names.by_name.get(name, [])
        if len(found) == 1:
            return found[0]
        near = nearest(name, self.names.by_name) if not found else None
        if found:
            self.fault(item, header, N_("“%(name)s” stands more than once"), name=name)
        elif near is None:
            self.fault(item, header, N_("there is no question “%(name)s”"), name=name)
        else:
            self.fault(item, header, N_("there is no question “%(name)s”: is “%(near)s” meant?"), name=name, near=near)
        return None

    # -- advice

    def advise(self, root: Item) -> None:
        headers = {cell.header: cell.column for cells in self.sheets.cells.values() for cell in cells}
        for header, column in headers.items():
            if not vocabulary.is_known(column.head):
                self.findings.advise(1, header, N_("the column “%(name)s” is not known: nothing reads it"), name=header)
        language = self.settings.get("default_language")
        if language and self.languages.found and self.languages.default not in self.languages.found:
            template = N_("no column is in the default language “%(language)s”")
            self.findings.advise(2, "default_language", template, "settings", language=language)
        if len(self.book.settings or []) > 1:
            self.findings.advise(3, None, N_("only the first row of settings is read"), "settings")
        self.advise_sums(root)
        self.advise_constraints()
        if not self.findings.faults:
            self.advise_demanded(root)
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
                    column = next((cell.header for cell in cells if _is_rule(cell, key)), key)
                    self.findings.advise(self.sheets.rows[item.path], column, template, name=blank.name)

    def advise_constraints(self) -> None:
        """Constraints that read what is only calculated anew once the answer is stored."""
        for item, header, reads in self.constraints:
            for path in reads:
                if item.path in self.behind(path):
                    template = N_(
                        "ODK Collect up to 2025.3 checks an answer before it stores it: “%(name)s” hangs on the answer "
                        "and is still as it was. Write here what it calculates, with “.” for the answer"
                    )
                    name = path.rsplit("/", 1)[-1]
                    self.findings.advise(self.sheets.rows[item.path], header, template, name=name)

    def advise_demanded(self, root: Item) -> None:
        """Questions whose being required hangs on what they decide: fine here, a circle to JavaRosa."""
        rows = []
        for item in asked(root):
            ordered = self.reads[item.path].all if item.path in self.reads else []
            if ordered or item.path in self.demanded:
                rows.append((item, [*ordered, *self.demanded.get(item.path, [])]))
        try:
            evaluation_order(rows)
        except CycleError as error:
            for circle in error.circles:
                at = next((at for at, path in enumerate(circle) if path in self.demanded), 0)
                shown = " → ".join([*circle[at:], *circle[: at + 1]])
                template = N_("ODK Collect opens no form in which these wait for one another: %(circle)s")
                row, column = self.sheets.rows.get(circle[at]), self.reads_next(circle, at)
                self.findings.advise(row, column, template, circle=shown)

    def behind(self, path: str) -> set[str]:
        """The paths that this one is calculated from, over any number of calculations."""
        found: set[str] = set()
        waiting = [path]
        while waiting:
            new = set(self.calculated_from.get(waiting.pop(), [])) - found
            found |= new
            waiting.extend(new)
        return found

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


def _is_rule(cell: Cell, key: str) -> bool:
    return vocabulary.RULES.get(cell.column.head) == key


def _is_sum(text: str) -> bool:
    """Arithmetic of numbers alone; “bản A - B” is a text, whatever pyxform makes of its hyphen."""
    return bool(re.fullmatch(r"[\d\s.+*()-]+|[\d\s.()]+(div|mod)[\d\s.()]+", text))


def _quoted(text: str) -> str:
    """A text with both kinds of quotes, as XPath 1.0 has to write it."""
    parts = [f"'{part}'" for part in text.split("'")]
    return "concat(" + ', "\'", '.join(parts) + ")"

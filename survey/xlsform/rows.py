"""The rows of a workbook → items, lists of choices, tables and files; their expressions are read in `xlsform.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from survey.form.form import CONTAINERS, Item
from survey.text import N_, nearest
from survey.xlsform import vocabulary
from survey.xlsform.faults import Findings
from survey.xlsform.parameters import read_parameters
from survey.xlsform.tables import MEDIA_TYPES, TABLE_ENDINGS, Row, TableError, read_table
from survey.xlsform.vocabulary import Column

NAME = re.compile(r"[^\W\d][\w.\-]*\Z")
_REFERENCE = re.compile(r"\$\{[^}]*\}\Z")
_LOOKED_UP = re.compile(r"pulldata\(\s*(['\"])([^'\"]+)\1")
YES, NO = {"yes", "true", "true()"}, {"no", "false", "false()"}
OTHER = {"vi": "Khác", "en": "Other"}
SPECIFY = {"vi": "Khác, xin ghi rõ", "en": "Specify other"}


class Cell(NamedTuple):
    header: str
    column: Column
    text: str


def cells_of(row: dict[str, Any], columns: dict[str, Column]) -> list[Cell]:
    """The cells of a row that say something."""
    found = []
    for header, value in row.items():
        text = value.strip() if isinstance(value, str) else ""
        if text:
            if header not in columns:
                columns[header] = vocabulary.column(header)
            found.append(Cell(header, columns[header], text))
    return found


class Languages:
    """The languages of a workbook by their codes: “Tiếng Việt (vi)” is vi."""

    def __init__(self, default: str) -> None:
        self.default = language_code(default)
        self.found: list[str] = []

    def code(self, written: str) -> str:
        code = language_code(written) if written else self.default
        if code not in self.found:
            self.found.append(code)
        return code


def language_code(written: str) -> str:
    written = written.strip()
    before, bracket, code = written.removesuffix(")").rpartition(")")[2].partition("(")
    return code.strip() if written.endswith(")") and bracket and code else written


class Rows:
    """Reads the sheets; what is wrong goes to `findings`."""

    def __init__(
        self, findings: Findings, languages: Languages, attachments: dict[str, bytes], duplicates: bool, root_name: str
    ) -> None:
        self.findings, self.languages, self.attachments = findings, languages, attachments
        self.root_name = root_name
        self.duplicates = duplicates  # a list may hold a name twice (allow_choice_duplicates)
        self.columns: dict[str, Column] = {}
        self.rows: dict[str, int] = {}  # path → row
        self.cells: dict[str, list[Cell]] = {}  # path → the row's cells
        self.choices: dict[str, list[dict[str, Any]]] = {}
        self.tables: dict[str, list[Row]] = {}
        self.media: set[str] = set()
        self.others: list[Item] = []  # questions with “or_other”
        self.names: set[tuple[str, str]] = set()  # (group, name)
        self.choice_names: set[tuple[str, str]] = set()  # (list, name)
        self.refused: set[str] = set()  # attachments that were told to be wrong
        self.unread = False  # the lists are not known: their sheet lacks a column
        self.typeless: set[str] = set()  # paths of rows whose type is none
        self.files: dict[str, str] = {}  # table → the file that it is read from
        self.repeats: set[str] = set()
        self.inserted: list[tuple[str, int, Cell]] = []  # words of choices that quote answers: sheet, row, cell

    # -- the choices sheet

    def read_choices(self, rows: Sequence[dict[str, Any]], sheet: str = "choices") -> None:
        for header in dict.fromkeys(header for row in rows for header in row):
            if " " in header and not vocabulary.is_known(vocabulary.column(header).head):
                template = N_("no rule can name the column “%(name)s”: write it without spaces")
                self.findings.advise(1, header, template, sheet, name=header)
        for number, row in enumerate(rows, 2):
            cells = cells_of(row, self.columns)
            heads = {cell.column.head: cell.text for cell in cells}
            name = heads.get("list_name", "")
            if not name:
                if heads:
                    self.findings.advise(number, "list_name", N_("the row belongs to no list"), sheet)
                continue
            choice: dict[str, Any] = {"name": heads.get("name") or heads.get("value") or ""}
            if not choice["name"]:
                self.findings.fault(number, "name", N_("a choice needs a name"), sheet)
            elif " " in choice["name"]:
                template = N_("“%(name)s” is no name of a choice: it may hold no spaces")
                self.findings.fault(number, "name", template, sheet, name=choice["name"])
            known = self.choices.setdefault(name, [])
            if not self.duplicates and choice["name"] and (name, choice["name"]) in self.choice_names:
                template = N_("“%(name)s” stands twice in the list “%(list)s”")
                self.findings.fault(number, "name", template, sheet, name=choice["name"], list=name)
            for cell in cells:
                header, (head, language), text = cell
                if head in ("label", "caption"):
                    if "${" in text:
                        self.inserted.append((sheet, number, cell))
                    choice.setdefault("label", {})[self.languages.code(language)] = text
                elif head in vocabulary.MEDIA:
                    self.medium(number, header, head, text, sheet)
                    choice.setdefault("media", {}).setdefault(head, {})[self.languages.code(language)] = text
                elif head not in ("list_name", "name", "value"):
                    choice[header] = text
            if "label" not in choice and "media" not in choice and sheet == "choices":
                self.findings.advise(number, "label", N_("the choice has no label: its name is shown"), sheet)
            known.append(choice)
            self.choice_names.add((name, choice["name"]))

    def medium(self, number: int, header: str, head: str, file: str, sheet: str = "survey") -> None:
        """A file that is shown or played with a question or a choice."""
        kind = MEDIA_TYPES.get(file.rpartition(".")[2].lower())
        if kind is None:
            template = N_("“%(file)s” is no picture, sound or film that a phone shows (%(known)s)")
            self.findings.fault(number, header, template, sheet, file=file, known=", ".join(MEDIA_TYPES))
        elif not kind.startswith(head.removeprefix("big-") + "/"):
            template = N_("“%(file)s” does not belong into the column %(head)s: it is %(kind)s")
            self.findings.fault(number, header, template, sheet, file=file, head=head, kind=kind)
        elif file not in self.attachments:
            self.not_attached(number, header, file, sheet)
        else:
            self.media.add(file)

    # -- the survey sheet

    def read_survey(self, root: Item, rows: Sequence[dict[str, Any]]) -> None:
        stack: list[tuple[Item, int]] = [(root, 0)]
        for number, row in enumerate(rows, 2):
            cells = cells_of(row, self.columns)
            heads = {vocabulary.PLAIN.get(cell.column.head, cell.column.head): cell for cell in cells}
            if "disabled" in heads and heads["disabled"].text.lower() not in YES | NO:
                header, _, text = heads["disabled"]
                template = N_("%(name)s is yes or no, not “%(value)s”")
                self.findings.fault(number, header, template, name=header, value=text)
            elif "disabled" in heads and heads["disabled"].text.lower() in YES:
                self.findings.advise(number, heads["disabled"].header, N_("the row is disabled: it is left out"))
                continue
            kind = " ".join(heads["type"].text.split()) if "type" in heads else ""
            if not kind:
                if any(cell.column.head not in vocabulary.COMMENTS for cell in cells):
                    self.findings.fault(number, "type", N_("the row has no type"))
                if "name" not in heads:
                    continue
            frame, small = vocabulary.FRAME.match(kind), vocabulary.in_small_letters(kind)
            if small not in (None, kind):
                template = N_("the type “%(kind)s” is written in small letters: %(instead)s")
                self.findings.fault(number, "type", template, kind=kind, instead=small)
            if frame is not None and frame[1].lower() == "end":
                self.close(number, kind, vocabulary.FRAMES[frame[2].lower()], stack)
            elif kind.lower() in vocabulary.EXTERNAL:
                if "name" in heads and ("", heads["name"].text) in self.names:
                    template = N_("“%(name)s” stands twice in the same group")
                    self.findings.fault(number, "name", template, name=heads["name"].text)
                elif "name" in heads:
                    self.names.add(("", heads["name"].text))
                    self.table(number, "name", f"{heads['name'].text}.{kind[:3].lower()}")
                else:
                    self.findings.fault(number, "name", N_("the name is missing"))
            else:
                self.look_up(number, cells)
                item = self.read_item(number, kind, cells, heads, stack[-1][0])
                if item.path in self.typeless and re.match(r"end[ _]", kind, re.IGNORECASE) and len(stack) > 1:
                    stack.pop()  # “end group g”: its author means that
                if item.type in CONTAINERS:
                    stack.append((item, number))
        self.never_closed(stack[1:])
        self.add_others(root)

    def close(self, number: int, kind: str, wanted: str, stack: list[tuple[Item, int]]) -> None:
        """The innermost that is open and of this kind ends here; what is open within it is left open."""
        at = next((at for at in range(len(stack) - 1, 0, -1) if stack[at][0].type == wanted), None)
        if at is None:
            template = N_("“%(kind)s” closes nothing: no %(wanted)s is open here")
            self.findings.fault(number, "type", template, kind=kind, wanted=wanted)
            return
        self.never_closed(stack[at + 1 :])
        if not stack[at][0].children:
            item, begun = stack[at]
            self.findings.advise(begun, "type", N_("nothing stands in “%(name)s”"), name=item.name)
        del stack[at:]

    def never_closed(self, left: list[tuple[Item, int]]) -> None:
        for item, number in left:
            template = N_("the %(kind)s “%(name)s” is never closed")
            self.findings.fault(number, "type", template, kind=item.type, name=item.name)

    def read_item(self, number: int, kind: str, cells: list[Cell], heads: dict[str, Cell], around: Item) -> Item:
        """The item of a row. A wrong row has one too: who refers to it should not be told that it is not there."""
        frame, chosen = vocabulary.FRAME.match(kind), vocabulary.choosing(kind)
        base = (
            vocabulary.FRAMES[frame[2].lower()] if frame
            else chosen[0].removesuffix("_from_file").removesuffix("_external") if chosen
            else vocabulary.TYPES.get(kind.lower())
        )  # fmt: skip
        if base is None and kind:
            self.unknown_type(number, kind)
        elif frame and frame[2].lower() == "loop":
            self.findings.fault(number, "type", N_("loops are not known here: write a repeat"))
        name = self.name(number, base, around, heads["name"].text if "name" in heads else "")
        inside = around.path if around.type == "repeat" else around.repeat
        item = Item(name, f"{around.path}/{name}" if around.path else name, base or "text", inside)
        around.children.append(item)
        self.rows[item.path], self.cells[item.path] = number, cells
        item.appearance = heads["appearance"].text if "appearance" in heads else None
        if base is None:
            self.typeless.add(item.path)
        else:
            read_parameters(item, number, heads, self.findings)
        if "tick_labelset" in item.parameters:
            self.must_be_list(number, "parameters", item.parameters["tick_labelset"])
        if chosen:
            self.offer(item, number, *chosen)
        for header, (head, language), text in cells:
            if head in vocabulary.MEDIA:
                self.medium(number, header, head, text)
                item.media.setdefault(head, {})[self.languages.code(language)] = text
            elif vocabulary.is_carried(head):
                item.columns[header] = text
        return item

    def name(self, number: int, base: str | None, around: Item, written: str) -> str:
        """The name of a row, told when it cannot be one; for one that is taken the row gets another."""
        usual = {"note": f"note_{number}", "audit": "audit"}
        name = written or usual.get(base or "", f"row_{number}")
        template = ""
        if not written and base not in usual:
            template = N_("the name is missing")
        elif not NAME.match(name):
            template = N_("“%(name)s” is no name: letters, digits, _ - . and no space; a letter or _ comes first")
        elif base == "audit" and name != "audit":
            template = N_("the audit is always called “audit”")
        elif (name == "meta" and not around.path) or (base == "repeat" and name == self.root_name):
            template = N_("the form needs the name “%(name)s” for itself")
        elif (around.path, name) in self.names:
            template = N_("“%(name)s” stands twice in the same group")
        elif base == "repeat" and name in self.repeats:
            template = N_("another repeat is called “%(name)s”: each needs a name of its own")
        if template:
            self.findings.fault(number, "name", template, name=name)
        if (around.path, name) in self.names:
            name = f"{name} {number}"
        self.names.add((around.path, name))
        if base == "repeat":
            self.repeats.add(name)
        return name

    def unknown_type(self, number: int, kind: str) -> None:
        glued = re.match(r"(select_one|select_multiple|rank)[_ ]?(.+)", kind)
        if kind in self.choices or (glued and glued[2] in self.choices):
            template = N_("the type “%(kind)s” is not known here: is “%(near)s” meant?")
            meant = f"{glued[1]} {glued[2]}" if glued else f"select_one {kind}"
            self.findings.fault(number, "type", template, kind=kind, near=meant)
            return
        if kind.lower().split()[0] == "osm":
            template = N_("the type “%(kind)s” is not supported: ask for the place with geopoint")
        elif kind.lower().split()[0] in ("cascading_select", "cascading"):
            template = N_("the type “%(kind)s” is not supported: use select_one with a choice_filter")
        else:
            template = N_("the type “%(kind)s” is not known here")
            frames = [f"{end}_{frame}" for end in ("begin", "end") for frame in ("group", "repeat")]
            known = [*vocabulary.TYPES, *(alias for alias, _ in vocabulary.SELECTS), *frames]
            near = nearest(kind, known) or nearest(kind.split()[0], known)
            if near:
                template = N_("the type “%(kind)s” is not known here: is “%(near)s” meant?")
                self.findings.fault(number, "type", template, kind=kind, near=near)
                return
        self.findings.fault(number, "type", template, kind=kind)

    def offer(self, item: Item, number: int, chosen: str, rest: str) -> None:
        """Where the choices of a question come from: a list, a file, or the answers of a repeat."""
        wanted = vocabulary.OR_OTHER.sub("", rest).strip()
        has_other = wanted != rest
        if not wanted:
            template = N_("“%(kind)s” needs a list of the choices sheet: write its name behind")
            if chosen.endswith("_from_file"):
                template = N_("“%(kind)s” needs a file: write its name behind")
            self.findings.fault(number, "type", template, kind=chosen)
        elif chosen.endswith("_from_file"):
            self.from_file(item, number, wanted)
        elif _REFERENCE.match(wanted):
            template = N_(
                "choices made of the answers in a repeat are not known here: ask for the number of the member instead, "
                "or write a list"
            )
            self.findings.fault(number, "type", template)
        else:
            item.list = wanted
            self.must_be_list(number, "type", wanted, "external_choices" if "external" in chosen else "choices")
        if not has_other:
            return
        if any(cell.column.head == "choice_filter" for cell in self.cells[item.path]):
            template = N_("“or_other” and a choice_filter cannot stand together: write “other” into the list")
            self.findings.fault(number, "type", template)
        elif item.type == "rank" or chosen.endswith("_from_file"):
            self.findings.fault(number, "type", N_("“or_other” is for select_one and select_multiple with a list"))
        elif item.list in self.choices:
            self.others.append(item)

    def must_be_list(self, number: int, column: str, name: str, sheet: str = "choices") -> None:
        if name in self.choices or self.unread:
            return
        near = nearest(name, self.choices)
        if near is None:
            template = N_("there is no list “%(list)s” on the %(on)s sheet")
            self.findings.fault(number, column, template, list=name, on=sheet)
        else:
            template = N_("there is no list “%(list)s” on the %(on)s sheet: is “%(near)s” meant?")
            self.findings.fault(number, column, template, list=name, near=near, on=sheet)

    def not_attached(self, number: int, column: str, file: str, sheet: str = "survey") -> None:
        near = nearest(file, self.attachments, 0.9)  # endings alone are no likeness
        if near is None:
            self.findings.fault(number, column, N_("the file “%(file)s” is not attached"), sheet, file=file)
        else:
            template = N_("the file “%(file)s” is not attached: is “%(near)s” meant?")
            self.findings.fault(number, column, template, sheet, file=file, near=near)

    def from_file(self, item: Item, number: int, file: str) -> None:
        stem, _, ending = file.rpartition(".")
        is_map = ending.lower() == "geojson"
        given = item.parameters
        value = given.pop("value", "id" if is_map else "name")
        label = given.pop("label", "title" if is_map else "label")
        item.from_file = {"value": value, "label": label}
        item.list = stem
        rows = self.table(number, "type", file)
        if rows is None:
            return
        if stem in self.choices:
            template = N_("a list of the choices sheet has the name of the file “%(file)s”")
            self.findings.fault(number, "type", template, file=file)
        columns = set().union(*rows) if rows else {value, label}
        for column in (value, label):
            if column not in columns:
                template = N_("“%(file)s” has no column “%(name)s”: say which with value=… label=… in parameters")
                self.findings.fault(number, "parameters", template, file=file, name=column)
        self.check_names(item, number, file, [row.get(value, "") for row in rows] if value in columns else [])
        if item.type != "select_one":
            odd = next((row[value] for row in rows if value in row and len(row[value].split()) != 1), None)
            if odd is not None:
                template = N_("“%(name)s” of the file “%(file)s” cannot be one answer of several: no spaces, please")
                self.findings.fault(number, "type", template, name=odd, file=file)

    def check_names(self, item: Item, number: int, file: str, names: list[str]) -> None:
        """What a file calls its choices."""
        has_filter = any(cell.column.head == "choice_filter" for cell in self.cells[item.path])
        if not all(name.strip() for name in names):
            self.findings.fault(number, "type", N_("in “%(file)s” a choice has no name"), file=file)
        elif not names:
            self.findings.advise(number, "type", N_("“%(file)s” has no rows: nothing can be chosen"), file=file)
        elif len(set(names)) < len(names) and not has_filter and not self.duplicates:
            twice = next(name for name, times in Counter(names).items() if times > 1)
            template = N_("“%(name)s” stands more than once in “%(file)s”: whoever chooses it may mean either")
            self.findings.advise(number, "type", template, name=twice, file=file)

    def table(self, number: int, column: str, file: str) -> list[Row] | None:
        """The rows of an attached table; None when it cannot be used, which has been told."""
        stem, _, ending = file.rpartition(".")
        if self.files.setdefault(stem, file) != file:
            template = N_("“%(file)s” and “%(other)s” differ in their endings only: give one another name")
            self.findings.fault(number, column, template, file=file, other=self.files[stem])
            return None
        if stem in self.tables:
            return self.tables[stem]
        if ending.lower() not in TABLE_ENDINGS:
            template = N_("“%(file)s” is no table: .csv, .geojson or .xml")
            self.findings.fault(number, column, template, file=file)
        elif file not in self.attachments:
            self.not_attached(number, column, file)
        elif file not in self.refused:
            try:
                self.tables[stem] = read_table(file, self.attachments[file])
            except TableError as error:
                self.refused.add(file)
                self.findings.faults.append(error.fault)
        return self.tables.get(stem)

    def look_up(self, number: int, cells: list[Cell]) -> None:
        """The files that `pulldata()` reads need no row of their own."""
        for header, _, text in cells:
            for match in _LOOKED_UP.finditer(text):
                name = match[2].removesuffix(".csv")
                if name not in self.tables and name not in self.choices:
                    self.table(number, header, f"{name}.csv")

    def add_others(self, root: Item) -> None:
        """`or_other`: the choice “other” in the list, and a text question that asks which."""
        parents = {child.path: parent for parent in root.walk() for child in parent.children} if self.others else {}
        codes = self.languages.found or [self.languages.default]
        for item in self.others:
            choices, parent = self.choices[item.list or ""], parents[item.path]
            if all(choice["name"] != "other" for choice in choices):
                # A list of its own: other questions that take from the same one have no “other”.
                item.list = f"{item.list} or_other"
                other = {"name": "other", "label": {code: OTHER.get(code, OTHER["en"]) for code in codes}}
                self.choices[item.list] = [*choices, other]
            name, number = f"{item.name}_other", self.rows[item.path]
            if (parent.path, name) in self.names:
                template = N_("“or_other” adds a question “%(name)s”, but there is one already: rename that one")
                self.findings.fault(number, "type", template, name=name)
                continue
            made = Item(name, f"{parent.path}/{name}" if parent.path else name, "text", item.repeat)
            made.texts["label"] = {code: SPECIFY.get(code, SPECIFY["en"]) for code in codes}
            parent.children.insert(parent.children.index(item) + 1, made)
            rule = f"selected(../{item.name}, 'other')"
            self.rows[made.path], self.cells[made.path] = number, [Cell("type", Column("relevant", ""), rule)]


def asked(root: Item) -> Iterator[Item]:
    """Everything below the form itself."""
    for child in root.children:
        yield from child.walk()

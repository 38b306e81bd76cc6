"""A compiled questionnaire: what is asked, in which order its rules run, and the bundle that phones receive."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from survey.form.expression import Tree, build
from survey.form.patterns import BUILD, without_text
from survey.form.values import Lazy, Node, to_string

Text = str | list[Any]  # a label: text, or text and trees where the sheet had ${…}
Texts = dict[str, Text]  # by language

TEXT_KEYS = ("label", "hint", "guidance", "required_message", "constraint_message", "warning_message")
RULE_KEYS = (
    "relevant", "required", "constraint", "warning", "calculate", "default", "readonly", "choice_filter", "count",
)  # fmt: skip
CONTAINERS = ("group", "repeat")
NUMBERS = ("integer", "decimal", "range")
WORDS = ("text", "hidden", "barcode", "calculate", "audit", "geotrace", "geoshape")  # answers of any length
SILENT = (
    "calculate", "hidden", "start", "end", "today", "username", "deviceid", "email", "phonenumber", "subscriberid",
    "simserial", "audit", "start-geopoint", "background-audio", "background-geopoint",
)  # never drawn  # fmt: skip
POINTS_LABEL = re.compile(r"(item|answer)_label::.+")  # a points table's column of words, for who types points
_MORE = ("list", "appearance", "parameters", "columns", "because", "member_label", "media", "trigger", "from_file")


@dataclass
class Item:
    """A row of the survey sheet: a question, a calculation, a group or a repeat with what is inside."""

    name: str
    path: str  # without instance numbers: "thanh_vien/the_bhyt"
    type: str
    repeat: str | None = None  # path of the nearest repeat around it
    texts: dict[str, Texts] = field(default_factory=dict)
    rules: dict[str, Tree] = field(default_factory=dict)
    appearance: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)  # the sheet's other columns: law, preload, outcome, …
    because: Any = None  # a clause {"flag": path | None, "is": 1, "quotes": [path, …]}, or a list of clauses
    member_label: str | None = None  # of a repeat: the question that names an instance
    media: dict[str, dict[str, str]] = field(default_factory=dict)  # image, audio, video, big-image: by language
    trigger: Sequence[str] = ()  # paths: the calculation is made when one of them changes, and kept
    from_file: dict[str, str] = field(default_factory=dict)  # the columns "value" and "label" of the choices' file
    children: list[Item] = field(default_factory=list)
    list: str | None = None  # name of its choices (last: the name hides the builtin in this class body)

    @property
    def label(self) -> dict[str, str]:
        """The label by language as plain text, an inserted answer shown as “…”."""
        return {language: plain(text) for language, text in self.texts.get("label", {}).items()}

    @cached_property
    def is_kept(self) -> bool:
        """A calculation that is made once, or when a trigger changes: what the phone found is an answer, to be sent
        and not made again."""
        return bool(self.trigger) or _calls_once(self.rules.get("calculate"))

    @property
    def law(self) -> str:
        return self.columns.get("law", "")

    @property
    def clauses(self) -> Sequence[dict[str, Any]]:
        """What is quoted when an indicator is deprived, clause by clause."""
        return self.because if isinstance(self.because, list) else [self.because] if self.because else []

    def walk(self) -> Iterator[Item]:
        yield self
        for child in self.children:
            yield from child.walk()

    def as_json(self) -> dict[str, Any]:
        bundle: dict[str, Any] = {"name": self.name, "type": self.type, **self.texts, **self.rules}
        for key in _MORE:
            if getattr(self, key):
                bundle[key] = getattr(self, key)
        if self.type in CONTAINERS:
            bundle["children"] = [child.as_json() for child in self.children]
        return bundle

    @classmethod
    def from_json(cls, bundle: dict[str, Any], inside: Item | None = None) -> Item:
        path = f"{inside.path}/{bundle['name']}" if inside and inside.path else bundle["name"]
        around = None if inside is None else inside.path if inside.type == "repeat" else inside.repeat
        item = cls(bundle["name"], path, bundle["type"], around)
        item.texts = {key: bundle[key] for key in TEXT_KEYS if key in bundle}
        item.rules = {key: bundle[key] for key in RULE_KEYS if key in bundle}
        for key in _MORE:
            if key in bundle:
                setattr(item, key, bundle[key])
        item.children = [cls.from_json(child, item) for child in bundle.get("children", [])]
        return item


def _calls_once(tree: Tree) -> bool:
    return isinstance(tree, list) and (tree[:2] == ["call", "once"] or any(map(_calls_once, tree)))


def plain(text: Text) -> str:
    """A text without the answers that would be inserted."""
    return text if isinstance(text, str) else "".join(part if isinstance(part, str) else "…" for part in text)


@dataclass
class Form:
    """One version of a questionnaire. `order`: what is evaluated when, each path with what it reads: of
    any place, and of its own repeat instance only."""

    id: str
    version: str
    title: str
    languages: list[str]
    default_language: str
    children: list[Item]
    choices: dict[str, list[dict[str, Any]]]
    tables: dict[str, list[dict[str, str]]]
    order: list[tuple[str, list[str], list[str]]]
    files: dict[str, dict[str, Any]] = field(default_factory=dict)  # attached media: {"sha256", "size", "type"} by name
    instance_name: Tree | None = None
    settings: dict[str, str] = field(default_factory=dict)  # the other settings that matter on a phone

    @cached_property
    def root(self) -> Item:
        return Item("", "", "group", children=self.children)

    def nodes(self) -> Iterator[Item]:
        """Every row in document order."""
        for child in self.children:
            yield from child.walk()

    @cached_property
    def by_path(self) -> dict[str, Item]:
        return {item.path: item for item in self.nodes()}

    def node(self, path: str) -> Item:
        """The row at `path`; KeyError when there is none."""
        return self.by_path[path]

    @property
    def standard(self) -> str:
        """The code of the poverty standard that its class is worked out by ("ND07-2021"); "" when it names none."""
        return self.settings.get("standard", "")

    @cached_property
    def by_outcome(self) -> dict[str, Item]:
        """The rows that hold a result, by their `outcome` column (indicators apart)."""
        found = {item.columns["outcome"]: item for item in self.nodes() if "outcome" in item.columns}
        found.pop("indicator", None)
        return found

    @cached_property
    def indicators(self) -> list[Item]:
        return [item for item in self.nodes() if item.columns.get("outcome") == "indicator"]

    @cached_property
    def members(self) -> Item | None:
        """The repeat whose instances are the household's members: the first that names them, else the first."""
        repeats = [item for item in self.nodes() if item.type == "repeat" and item.repeat is None]
        named = [item for item in repeats if item.member_label]
        return next(iter(named or repeats), None)

    @cached_property
    def readings(self) -> list[Item]:
        """The calculations that hold what the texts leave open (column `reading`): the value in use of each."""
        return [item for item in self.nodes() if item.columns.get("reading") in self.choices and not item.repeat]

    @property
    def make(self) -> Callable[[Tree], Lazy]:
        """What makes functions of its trees."""
        return build

    @cached_property
    def functions(self) -> dict[str, dict[str, Lazy]]:
        """Each row's rules as functions, built once."""
        return {item.path: {key: self.make(tree) for key, tree in item.rules.items()} for item in self.nodes()}

    @cached_property
    def settling(self) -> list[tuple[str, dict[str, Lazy]]]:
        """In the order of evaluation, the rows that a rule opens, counts or calculates, with their rules."""
        wanted = {"relevant", "count", "calculate"}
        return [(path, rules) for path, _, _ in self.order if not wanted.isdisjoint(rules := self.functions[path])]

    @cached_property
    def texts(self) -> dict[str, dict[str, dict[str, list[str | Lazy]]]]:
        """Each row's texts by key and language, as text and functions."""
        return {
            item.path: {
                key: {
                    language: [part if isinstance(part, str) else self.make(part) for part in _parts(text)]
                    for language, text in texts.items()
                }
                for key, texts in item.texts.items()
            }
            for item in self.nodes()
        }

    @cached_property
    def table_roots(self) -> dict[str, Node]:
        """Tables and choice lists as nodes: `instance('t')/root/item/column`."""
        found = {}
        for name, rows in self.rows.items():
            top, root = Node(None, None), Node(None, None)
            top.children["root"] = root
            items = []
            for row in rows:
                item = Node(None, None)
                item.children = {column: Node(None, None, value) for column, value in row.items()}
                for cell in item.children.values():
                    cell.parent = item
                items.append(item)
            root.children["item"] = items
            found[name] = top
        return found

    @cached_property
    def rows(self) -> dict[str, list[dict[str, str]]]:
        """Rows of every table and choice list as strings; a choice's label in the default language."""
        flat = {
            name: [
                {
                    key: plain(value.get(self.default_language, "")) if isinstance(value, dict) else value
                    for key, value in choice.items()
                }
                for choice in choices
            ]
            for name, choices in self.choices.items()
        }
        return {**flat, **self.tables}

    def as_json(self) -> dict[str, Any]:
        """The bundle as it is kept (docs/form-bundle.md)."""
        return {**self._content(), "hash": self.hash}

    @staticmethod
    def for_engine(bundle: dict[str, Any]) -> dict[str, Any]:
        """A bundle as the phone's engine takes it: in the place of each pattern's text the program that it was compiled
        to, and `build`, by which a phone knows that its own was made by another release."""
        trees = [key for key in ("children", "instance_name") if key in bundle]
        return {**bundle, **{key: without_text(bundle[key]) for key in trees}, "build": BUILD}

    @staticmethod
    def for_phones(bundle: dict[str, Any]) -> dict[str, Any]:
        """A bundle as it goes over a weak line: its tables by column (a third of the bytes), without the clauses of its
        rules and the words of its points tables, and of its readings only the value in use: what else is said of them
        is read at the desk."""
        readings: set[str] = set()

        def slim(row: dict[str, Any]) -> dict[str, Any]:
            columns = row.get("columns", {})
            if "reading" in columns:
                readings.add(columns["reading"])
                return {key: row[key] for key in ("name", "type", "calculate") if key in row}
            row = {**row, "columns": {key: value for key, value in columns.items() if key != "law"}}
            if not row["columns"]:
                del row["columns"]
            if "children" in row:
                row["children"] = [slim(child) for child in row["children"]]
            return row

        children = [slim(row) for row in bundle["children"]]
        choices = {name: rows for name, rows in bundle.get("choices", {}).items() if name not in readings}
        tables = {name: _by_column(rows) for name, rows in bundle["tables"].items()}
        rest = {key: value for key, value in bundle.items() if key not in ("order", "choices", "children", "tables")}
        # In this order: gzip looks back 32 kB, and finds the most of what it has seen (2 % of the bytes).
        return {**rest, "order": bundle.get("order", []), "choices": choices, "children": children, "tables": tables}

    @staticmethod
    def in_first_language(bundle: dict[str, Any]) -> dict[str, Any]:
        """A bundle with the words of its default language only, without pictures and sounds, and `partial` true: what a
        first interview needs. The whole follows when the line has nothing more urgent."""
        own, spoken = bundle["default_language"], set(bundle["languages"])

        def said(value: Any) -> Any:
            if isinstance(value, list):
                return [said(one) for one in value]
            if not isinstance(value, dict):
                return value
            if value and own in value and value.keys() <= spoken:  # a text in each language
                return {own: value[own]}
            # (a choice's own column of that name holds a text)
            return {key: said(one) for key, one in value.items() if key != "media" or not isinstance(one, dict)}

        if len(spoken) < 2:
            return bundle
        return {**said(bundle), "languages": [own], "files": {}, "partial": True}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the bundle without its hash: what identifies this version's content."""
        text = json.dumps(self._content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        more = {"files": self.files, "instance_name": self.instance_name, "settings": self.settings}
        return {
            "format": 1,
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "languages": self.languages,
            "default_language": self.default_language,
            "children": [child.as_json() for child in self.children],
            "choices": self.choices,
            "tables": self.tables,
            "order": [list(entry) for entry in self.order],
            **{key: value for key, value in more.items() if value},
        }

    @classmethod
    def from_json(cls, bundle: dict[str, Any]) -> Form:
        """The form of a bundle."""
        return cls(
            id=bundle["id"],
            version=bundle["version"],
            title=bundle["title"],
            languages=bundle["languages"],
            default_language=bundle["default_language"],
            children=[Item.from_json(child) for child in bundle["children"]],
            choices=bundle["choices"],
            tables=bundle["tables"],
            order=[(path, reads, own) for path, reads, own in bundle["order"]],
            files=bundle.get("files", {}),
            instance_name=bundle.get("instance_name"),
            settings=bundle.get("settings", {}),
        )


def row_index(form: Form, table: str, columns: tuple[str, ...]) -> dict[tuple[str, ...], list[Node]]:
    indexes: dict[Any, dict[tuple[str, ...], list[Node]]] = form.__dict__.setdefault("_row_indexes", {})
    if (table, columns) not in indexes:
        index: dict[tuple[str, ...], list[Node]] = {}
        top = form.table_roots.get(table)
        for row in top.children["root"].children["item"] if top is not None else []:
            key = tuple(to_string([row.children[c]]) if c in row.children else "" for c in columns)
            index.setdefault(key, []).append(row)
        indexes[table, columns] = index
    return indexes[table, columns]


def _parts(text: Text) -> list[Any]:
    return [text] if isinstance(text, str) else text


def _by_column(rows: list[dict[str, str]]) -> dict[str, list[str | None]]:
    """Rows as lists by column; null where a row has no such cell."""
    columns = dict.fromkeys(column for row in rows for column in row if not POINTS_LABEL.fullmatch(column))
    return {column: [row.get(column) for row in rows] for column in columns}

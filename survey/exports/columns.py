"""Which columns a data file has, taken from the form: the same form always gives the same names, and the codebook says
what each means.

A column is named by the question's path with `/` written `__`. A question with several answers keeps its own column and
gets one 0/1 column a choice, `path__choice`. Columns that identify the row stand first and bear English names, so that
they never meet a question's.

Stata and SPSS know numbers with words beside them where a form has codes. A code's number is its place in the order in
which the codes of its question were published, version after version: a later version adds numbers and changes none, so
files of two rounds can be put below each other. Both programs allow names of 32 characters and tell no capitals apart
(SPSS); `short_name` follows from the name alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from survey.form.form import Form, Item, Texts, plain
from survey.reports.csvfile import Cell
from survey.text import in_language

_WITHOUT_ANSWER = {"group", "repeat", "note"}
LONGEST_NAME, LONGEST_LABEL = 32, 80  # characters, of Stata (`help limits`); SPSS allows more
_GOOD_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
# Words of the two programs' own languages, in small letters (Stata: `help reswords`; SPSS: rules of variable names).
_RESERVED = frozenset(
    "byte double float if in int long strl using with all and by eq ge gt le lt ne not or to".split()
)  # fmt: skip


class Holds(StrEnum):
    """What the cells of a column are. ANY: a calculation or what a program filled in, known from its cells alone."""

    TEXT = "text"
    NUMBER = "number"
    CODE = "code"  # one of the column's codes
    FLAG = "flag"  # 0 or 1
    DATE = "date"  # "2026-11-01"
    MOMENT = "moment"  # "2026-11-01T03:00:00+00:00", in UTC
    ANY = "any"


_HOLDS = {
    "integer": Holds.NUMBER, "decimal": Holds.NUMBER, "range": Holds.NUMBER, "0/1": Holds.FLAG, "date": Holds.DATE,
    "today": Holds.DATE, "calculate": Holds.ANY, "hidden": Holds.ANY,
}  # fmt: skip


@dataclass(frozen=True)
class Code:
    """An answer of a list: as it is stored, the number that stands for it where codes are numbers, its words by
    language."""

    name: str
    number: int
    label: Mapping[str, str]

    def words(self, language: str) -> str:
        """Its label in `language`, in one line; the code itself where it has none."""
        return " ".join(in_language(self.label, language).split()) or self.name


Codes = tuple[Code, ...]


@dataclass(frozen=True)
class DataColumn:
    """A column of a data file. `choice`: the 0/1 column of one choice; `node` None: one of the fixed columns."""

    name: str
    type: str
    label: Mapping[str, str]
    node: Item | None = None
    choice: str | None = None
    choices: Codes = ()
    law: str = ""

    @property
    def holds(self) -> Holds:
        """What its cells are by its type; what an older version or a damaged record left there is found by reading."""
        if self.type == "select_one":
            return Holds.CODE if self.choices else Holds.TEXT
        if self.type == "dateTime" and self.node is None:
            return Holds.MOMENT
        return _HOLDS.get(self.type, Holds.TEXT)

    @property
    def short_name(self) -> str:
        return short_name(self.name)

    def words(self, language: str) -> str:
        """Its label in `language`, in one line; "" when it has none."""
        return " ".join(in_language(self.label, language).split())

    def short_label(self, language: str) -> str:
        """Its label in at most 80 characters, cut with a "…"."""
        words = self.words(language)
        return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1].rstrip()}…"


def reader(columns: Sequence[DataColumn]) -> Callable[[Any], list[Cell]]:
    """What reads the cells of these questions' columns out of the values of a record, or of one instance of the repeat.
    Each group of the form is gone into once a record, not once a column."""
    groups: dict[tuple[str, ...], int] = {}
    plan = []
    for column in columns:
        *around, name = _steps(column)
        plan.append((groups.setdefault(tuple(around), len(groups)), name, column.choice))

    def read(values: Any) -> list[Cell]:
        inside = [_group(values, steps) for steps in groups]
        return [_cell(inside[place].get(name), choice) for place, name, choice in plan]

    return read


def _steps(column: DataColumn) -> list[str]:
    if column.node is None:
        raise ValueError(f"{column.name} is not a question's column")
    path, repeat = column.node.path, column.node.repeat
    return (path if repeat is None else path.removeprefix(f"{repeat}/")).split("/")


def _group(values: Any, steps: Iterable[str]) -> dict[str, Any]:
    for step in steps:
        values = values.get(step) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def _cell(value: Any, choice: str | None) -> Cell:
    if value is None or value == "":
        return value if choice is None else None
    if choice is not None:
        return int(choice in str(value).split())
    return value if isinstance(value, str | int | float | bool) else str(value)


def short_name(name: str) -> str:
    """The column's name in Stata and SPSS: its own where they allow it, else its beginning and six letters of its
    SHA-256, which are the same in every file."""
    if _GOOD_NAME.fullmatch(name) and name not in _RESERVED and not re.fullmatch(r"str\d+", name):
        return name
    mark = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
    begin = re.sub(r"[^a-z0-9_]", "_", name.lower())[: LONGEST_NAME - len(mark) - 1].strip("_")
    return f"{begin if begin[:1].isalpha() else f'v_{begin}'[: LONGEST_NAME - len(mark) - 1]}_{mark}"


def fixed(name: str, type: str, vi: str, en: str, choices: Codes = ()) -> DataColumn:
    """One of the columns that identify a row."""
    return DataColumn(name, type, {"vi": vi, "en": en}, choices=choices)


def numbers_of(versions: Iterable[Form]) -> dict[str, dict[str, int]]:
    """Of each question (its path) the number of each code, from 1 in the order of publication; `versions`: all of
    every questionnaire, the oldest first, so that it is the same whichever were answered."""
    found: dict[str, dict[str, int]] = {}
    for form in versions:
        for node in form.nodes():
            for choice in form.choices.get(node.list or "", ()):
                of_node = found.setdefault(node.path, {})
                of_node.setdefault(choice["name"], len(of_node) + 1)
    return found


def question_columns(
    forms: Sequence[Form], members: bool, numbers: Mapping[str, Mapping[str, int]] | None = None
) -> list[DataColumn]:
    """The columns of the household's own questions, or of its members', over all `forms`; the first gives the order
    and the words, a later one the columns and codes that it alone has. `numbers`: as of `numbers_of`, or of `forms`."""
    known = numbers_of(forms) if numbers is None else numbers
    found: dict[str, DataColumn] = {}
    for form in forms:
        repeat = form.members.path if members and form.members else None
        if members and repeat is None:
            continue
        for node in form.nodes():
            if node.repeat == repeat and node.type not in _WITHOUT_ANSWER:
                codes = _codes(forms, node.path, known.get(node.path, {}))
                for column in _of_question(form, node, codes):
                    found.setdefault(column.name, column)
    return list(found.values())


def _codes(forms: Sequence[Form], path: str, numbers: Mapping[str, int]) -> Codes:
    found: dict[str, Code] = {}
    for form in forms:
        node = form.by_path.get(path)
        for choice in form.choices.get(node.list or "", ()) if node else ():
            name = choice["name"]
            found.setdefault(name, Code(name, numbers[name], _plain(choice["label"])))
    return tuple(found.values())


def _of_question(form: Form, node: Item, codes: Codes) -> Iterator[DataColumn]:
    name = node.path.replace("/", "__")
    yield DataColumn(name, node.type, node.label, node, choices=codes, law=node.law)
    if node.type == "select_multiple":
        own = {choice["name"] for choice in form.choices.get(node.list or "", ())}
        for code in codes:
            if code.name in own:
                texts = {
                    language: f"{text}: {code.label.get(language, code.name)}" for language, text in node.label.items()
                }
                yield DataColumn(f"{name}__{code.name}", "0/1", texts, node, choice=code.name, law=node.law)


def _plain(label: Texts) -> dict[str, str]:
    return {language: plain(text) for language, text in label.items()}

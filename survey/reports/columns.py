"""Which columns a data file has, taken from the form: the same form always gives the same names, and the codebook says
what each means.

A column is named by the question's path with `/` written `__`. A question with several answers keeps its own column and
gets one 0/1 column a choice, `path__choice`. Columns that identify the row stand first and bear English names, so that
they never meet a question's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from survey.form.form import Form, Item, Texts, plain

_WITHOUT_ANSWER = {"group", "repeat", "note"}
Cell = str | int | float | bool | None
Choices = tuple[tuple[str, dict[str, str]], ...]  # name, label by language


@dataclass(frozen=True)
class DataColumn:
    """A column of a data file. `choice`: the 0/1 column of one choice; `node` None: one of the fixed columns."""

    name: str
    type: str
    label: dict[str, str]
    node: Item | None = None
    choice: str | None = None
    choices: Choices = ()
    law: str = ""

    def cell(self, values: Any) -> Cell:
        """This column's value in `values` (of a record, or of one instance of the repeat)."""
        if self.node is None:
            raise ValueError(f"{self.name} is not a question's column")
        inside = self.node.path if self.node.repeat is None else self.node.path.removeprefix(f"{self.node.repeat}/")
        for step in inside.split("/"):
            values = values.get(step) if isinstance(values, dict) else None
        if self.choice is not None:
            return None if values in (None, "") else int(self.choice in str(values).split())
        return values if values is None or isinstance(values, str | int | float | bool) else str(values)


def fixed(name: str, type: str, vi: str, en: str, choices: Choices = ()) -> DataColumn:
    """One of the columns that identify a row."""
    return DataColumn(name, type, {"vi": vi, "en": en}, choices=choices)


def question_columns(forms: Iterable[Form], members: bool) -> list[DataColumn]:
    """The columns of the household's own questions, or of its members', over all `forms`; the first gives the order."""
    found: dict[str, DataColumn] = {}
    for form in forms:
        repeat = form.members.path if members and form.members else None
        if members and repeat is None:
            continue
        for node in form.nodes():
            if node.repeat == repeat and node.type not in _WITHOUT_ANSWER:
                for column in _of_question(form, node):
                    found.setdefault(column.name, column)
    return list(found.values())


def _of_question(form: Form, node: Item) -> Iterator[DataColumn]:
    name = node.path.replace("/", "__")
    choices = tuple((choice["name"], _plain(choice["label"])) for choice in form.choices.get(node.list or "", ()))
    yield DataColumn(name, node.type, node.label, node, choices=choices, law=node.law)
    if node.type == "select_multiple":
        for choice, label in choices:
            texts = {language: f"{text}: {label.get(language, choice)}" for language, text in node.label.items()}
            yield DataColumn(f"{name}__{choice}", "0/1", texts, node, choice=choice, law=node.law)


def _plain(label: Texts) -> dict[str, str]:
    return {language: plain(text) for language, text in label.items()}

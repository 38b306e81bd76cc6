"""What the law makes of a record: class, points, the twelve indicators, each with its reason.

The rules themselves are rows of the questionnaire (column `law`); this module only reads the rows marked `outcome`,
so that a record can be judged under another standard by evaluating that standard's form version.
⇄ static/app/engine/assessment.js
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from survey.form.form import Form, Item
from survey.form.reading import display, instance_label
from survey.form.record import Evaluation, place_of
from survey.form.values import Node
from survey.terms import Dimension, HouseholdClass, Indicator


@dataclass(frozen=True)
class Because:
    """An answer that made a household deprived: whose (None: the household's), which question, what was answered."""

    member: str | None
    path: str
    label: dict[str, str]
    answer: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {"member": self.member, "path": self.path, "label": self.label, "answer": self.answer}


@dataclass(frozen=True)
class IndicatorResult:
    indicator: Indicator
    dimension: Dimension
    deprived: bool | None  # None while an answer it needs is missing
    because: tuple[Because, ...]


@dataclass(frozen=True)
class Assessment:
    """`household_class` is None while an answer it needs is missing; points as the form counts them."""

    household_class: HouseholdClass | None
    b1: float | None
    b2: float | None
    deprived_count: int | None
    illustrative: bool
    refused: bool  # the household did not agree to answer
    persons: int
    head_name: str
    indicators: tuple[IndicatorResult, ...]


def assess(form: Form, evaluation: Evaluation) -> Assessment:
    """Read the outcome rows of an evaluated record."""

    def number(name: str) -> float | None:
        value = _outcome(form, evaluation, name)
        return value if isinstance(value, float) else None

    count = number("deprived_count")
    return Assessment(
        household_class=class_of(form, evaluation),
        b1=number("b1"),
        b2=number("b2"),
        deprived_count=None if count is None else int(count),
        illustrative=number("illustrative") == 1.0,
        refused=number("refused") == 1.0,
        persons=int(number("persons") or 0),
        head_name=str(_outcome(form, evaluation, "head_name")),
        indicators=tuple(_indicator(form, evaluation, item) for item in form.indicators if item.name in set(Indicator)),
    )


def class_of(form: Form, evaluation: Evaluation) -> HouseholdClass | None:
    """The class alone."""
    named = str(_outcome(form, evaluation, "class"))
    return HouseholdClass(named) if named in set(HouseholdClass) else None


def _outcome(form: Form, evaluation: Evaluation, name: str) -> str | float:
    item = form.by_outcome.get(name)
    nodes = evaluation.nodes.get(item.path, []) if item is not None else []
    return evaluation.value(nodes[0]) if nodes else ""


def _indicator(form: Form, evaluation: Evaluation, item: Item) -> IndicatorResult:
    nodes = evaluation.nodes.get(item.path, [])
    value = evaluation.value(nodes[0]) if nodes else ""
    deprived = None if value == "" else value == 1.0
    because = tuple(_because(form, evaluation, item)) if deprived else ()
    return IndicatorResult(Indicator(item.name), Dimension(item.columns["dimension"]), deprived, because)


def _because(form: Form, evaluation: Evaluation, item: Item) -> list[Because]:
    """The quoted answers, member by member; after them those of the household itself."""
    found: list[tuple[float, Because | None]] = []
    for clause in item.clauses:
        for member, path in _places(form, evaluation, clause):
            order = math.inf if member is None else member.index
            for node in evaluation.nodes.get(path, []):
                if member is None or _instance(node, member.definition.path) is member:
                    name = None if member is None else instance_label(member)
                    found.append((order, _quote(form, node, name)))
    found.sort(key=lambda one: one[0])
    return [quote for _, quote in found if quote is not None]


def _places(form: Form, evaluation: Evaluation, clause: dict[str, Any]) -> Iterator[tuple[Node | None, str]]:
    """Whose answer (None: the household's) is quoted, and the path of its question."""
    flag = clause["flag"]
    repeat = None if flag is None else form.node(flag).repeat
    raised = [None] if flag is None else evaluation.nodes.get(flag, [])
    for node in raised:
        if node is None or evaluation.value(node) == clause.get("is", 1):
            for path in clause["quotes"]:
                inside = node is not None and repeat is not None and path.startswith(repeat + "/")
                yield (_instance(node, repeat) if inside and node is not None else None), path


def _instance(node: Node, repeat: str | None) -> Node | None:
    place: Node | None = node
    while place is not None and (place.definition.path != repeat):
        place = place.parent
    return place


def _quote(form: Form, node: Node, member: str | None) -> Because | None:
    """An answer in words; a question that was not asked is not quoted, one left blank is quoted as blank."""
    if not node.relevant:
        return None
    item = node.definition
    answer = {language: display(form, item, node.value, language) for language in form.languages}
    return Because(member, place_of(node), item.label, answer)

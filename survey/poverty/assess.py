"""What the law makes of a record: class, points, the twelve indicators, each with its reason.

The rules themselves are rows of the questionnaire (column `law`); this module only reads the rows marked `outcome`,
so that a record can be judged under another standard by evaluating that standard's form version.
⇄ record.js `assessment()`
"""

from __future__ import annotations

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

    def outcome(name: str) -> str | float:
        item = form.by_outcome.get(name)
        nodes = evaluation.nodes.get(item.path, []) if item is not None else []
        return evaluation.value(nodes[0]) if nodes else ""

    def number(name: str) -> float | None:
        value = outcome(name)
        return value if isinstance(value, float) else None

    named = str(outcome("class"))
    count = number("deprived_count")
    return Assessment(
        household_class=HouseholdClass(named) if named in set(HouseholdClass) else None,
        b1=number("b1"),
        b2=number("b2"),
        deprived_count=None if count is None else int(count),
        illustrative=number("illustrative") == 1.0,
        refused=number("refused") == 1.0,
        persons=int(number("persons") or 0),
        head_name=str(outcome("head_name")),
        indicators=tuple(_indicator(form, evaluation, item) for item in form.indicators if item.name in set(Indicator)),
    )


def _indicator(form: Form, evaluation: Evaluation, item: Item) -> IndicatorResult:
    nodes = evaluation.nodes.get(item.path, [])
    value = evaluation.value(nodes[0]) if nodes else ""
    deprived = None if value == "" else value == 1.0
    because = tuple(_because(form, evaluation, item)) if deprived else ()
    return IndicatorResult(Indicator(item.name), Dimension(item.columns["dimension"]), deprived, because)


def _because(form: Form, evaluation: Evaluation, item: Item) -> list[Because]:
    """The quoted answers: of each member whose flag is raised, or of the household when the rule names no flag."""
    if item.because is None:
        return []
    flag, quotes = item.because["flag"], item.because["quotes"]
    found: list[Because | None] = []
    if flag is None:
        for path in quotes:
            found.extend(_quote(form, node, None) for node in evaluation.nodes.get(path, []))
        return [quote for quote in found if quote is not None]
    repeat = form.node(flag).repeat
    for raised in evaluation.nodes.get(flag, []):
        if evaluation.value(raised) != 1.0:
            continue
        member = _instance(raised, repeat)
        for path in quotes:
            inside = repeat is not None and path.startswith(repeat + "/")
            nodes = [n for n in evaluation.nodes.get(path, []) if not inside or _instance(n, repeat) is member]
            name = instance_label(member) if inside and member is not None else None
            found.extend(_quote(form, node, name) for node in nodes)
    return [quote for quote in found if quote is not None]


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

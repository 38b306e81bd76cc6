"""A record as a person reads it: labels and answers in words, section by section, for the desk and for reasons."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, cast

from survey.form.expression import Context
from survey.form.form import SILENT, Form, Item
from survey.form.functions import FUNCTIONS
from survey.form.record import Evaluation, filled, place_of
from survey.form.values import Node, number_text, to_number


@dataclass(frozen=True)
class ReadRow:
    """A question and its answer; `raw` is the stored value, "" when it was not answered."""

    path: str
    name: str
    label: str
    answer: str
    raw: str | float


@dataclass
class Instance:
    """One member of a repeat."""

    path: str
    label: str
    rows: list[ReadRow] = field(default_factory=list)


@dataclass
class Section:
    """A top-level group: its own questions, and the members asked in it."""

    path: str
    label: str
    rows: list[ReadRow] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)


def question_of(path: str) -> str:
    """The path of a question in the form, from where it was answered: "tv[2]/ten" → "tv/ten"."""
    return re.sub(r"\[\d+\]", "", path)


def repeat_of(path: str) -> str:
    """Where the members stand, of which one is at `path`: "xa[1]/tv[2]" → "xa[1]/tv"."""
    return re.sub(r"\[\d+\]$", "", path)


def read(form: Form, evaluation: Evaluation, language: str) -> list[Section]:
    """The relevant questions with their answers in words, by section; those outside any group come first."""
    reader = _Reader(form, evaluation, language)
    sections = []
    loose = Section("", form.title)
    for child in evaluation.root.children.values():
        if isinstance(child, list):
            section = Section(child[0].definition.path, reader.label_of(child[0])) if child else None
            for node in child:
                reader.instance(node, section)  # type: ignore[arg-type]
        elif child.definition.type == "group":
            section = Section(child.definition.path, reader.label_of(child))
            reader.fill(child, section)
        else:
            reader.row(child, loose.rows)
            continue
        if section is not None and (section.rows or section.instances):
            sections.append(section)
    return [loose, *sections] if loose.rows else sections


class _Reader:
    def __init__(self, form: Form, evaluation: Evaluation, language: str) -> None:
        self.form, self.evaluation, self.language = form, evaluation, language

    def fill(self, node: Node, section: Section | Instance) -> None:
        if not node.own_relevant:
            return
        for child in node.children.values():
            if isinstance(child, list):
                for one in child:
                    self.instance(one, section)
            elif child.definition.type == "group":
                self.fill(child, section)
            else:
                self.row(child, section.rows)

    def instance(self, node: Node, section: Section | Instance) -> None:
        inner = Instance(place_of(node), instance_label(node))
        self.fill(node, inner)
        if isinstance(section, Section):
            section.instances.append(inner)
        else:
            section.rows.extend(inner.rows)

    def row(self, node: Node, rows: list[ReadRow]) -> None:
        item = node.definition
        if node.relevant and item.type not in (*SILENT, "note") and item.texts.get("label"):
            answer = display(self.form, item, node.value, self.language)
            rows.append(ReadRow(place_of(node), item.name, self.label_of(node), answer, node.value))

    def label_of(self, node: Node) -> str:
        return text_of(self.form, node, "label", self.evaluation, self.language) or node.definition.name


def text_of(form: Form, node: Node, key: str, evaluation: Evaluation, language: str) -> str:
    """A label or hint of a node in `language`, else in the form's own, with the answers it quotes."""
    texts = form.texts[node.definition.path].get(key, {})
    parts = texts.get(language) or texts.get(form.default_language) or next(iter(texts.values()), [])
    return filled(parts, node, evaluation.environment)


def instance_label(node: Node) -> str:
    """What a member is called: the answer to the repeat's `member_label` question, else its number."""
    path = node.definition.member_label
    if path is not None:
        place: Any = node
        for name in path[len(node.definition.path) + 1 :].split("/"):
            place = place.children[name]
        if place.value != "":
            return str(place.value)
    return f"{node.index}"


def display(form: Form, item: Item, value: str | float, language: str) -> str:
    """A stored value as a person reads it: choices by their labels, 23/11/2026, 1.500.000."""
    if value == "":
        return ""
    if item.list is not None:
        labels = {choice["name"]: choice.get("label", {}) for choice in form.choices[item.list]}
        names = str(value).split() if item.type != "select_one" else [str(value)]
        words = [_in(labels.get(name, {}), form, language) or name for name in names]
        if item.type == "rank":
            words = [f"{place}. {word}" for place, word in enumerate(words, 1)]
        return ", ".join(words)
    if isinstance(value, float):
        return number_words(value, language)
    if item.type in LINES:
        return line_words(item.type, value, language)
    return moment_words(value, item.appearance or "") if item.type in _MOMENTS else value


LINES = ("geotrace", "geoshape")


def line_words(kind: str, value: str, language: str) -> str:
    """How long a walked line is, "340 m", or how large an area, "1250 m²", by the functions that forms reckon with."""
    name, unit = ("area", "m²") if kind == "geoshape" else ("distance", "m")
    measure = FUNCTIONS[name](cast(Context, None), [lambda _: value])  # of a text, whatever stands around it
    return f"{number_words(float(math.floor(to_number(measure) + 0.5)), language)} {unit}"


def points_of(value: str) -> int:
    """How many points a line or area has; the one that closes an area is not another."""
    points = [point.strip() for point in value.split(";") if point.strip()]
    return len(points) - (len(points) > 3 and points[0] == points[-1])


_MOMENTS = ("date", "today", "time", "dateTime", "start", "end")
_MOMENT = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d))?(?:^|T|$)(?:(\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


def moment_words(value: str, appearance: str) -> str:
    """23/11/2026, 14:05, 14:05 23/11/2026, as the clock was written; of a date what its appearance asks for."""
    found = _MOMENT.fullmatch(value)
    if found is None:
        return value
    year, month, day, clock, zone = found.groups()
    first = re.search(r"\b(month-)?year\b", appearance)
    parts = [] if year is None else [year] if first and not first[1] else [month, year] if first else [day, month, year]
    return " ".join(filter(None, (clock, "/".join(parts), "UTC" if zone == "Z" else "")))


def number_words(number: float, language: str) -> str:
    """1.500.000,5 in Vietnamese, 1,500,000.5 in English; four digits stay together, for most of them are years."""
    whole, _, fraction = number_text(number).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}" if len(digits) > 4 else digits
    if language != "en":
        grouped = grouped.replace(",", ".")
    point = "." if language == "en" else ","
    return sign + grouped + (point + fraction if fraction else "")


def _in(texts: dict[str, str], form: Form, language: str) -> str:
    return texts.get(language) or texts.get(form.default_language) or next(iter(texts.values()), "")

"""What the texts leave open: each reading with the value in use, and the class that the others would give.

A reading is a calculation of the questionnaire (column `reading`); its values are the list of choices that the column
names. A class that another value would change hangs on that reading, and whoever reviews it must be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from survey.form.form import Form, Item, plain
from survey.form.record import Evaluation, supposing
from survey.form.values import to_string
from survey.poverty.assess import class_of
from survey.terms import HouseholdClass


@dataclass(frozen=True)
class Reading:
    """`value` is in use; `meanings`: every value that it may have, with its words by language."""

    name: str
    question: dict[str, str]
    value: str
    meanings: dict[str, dict[str, str]]
    law: str


@dataclass(frozen=True)
class Hanging:
    """Under `value` of the reading the household would be of this class (None: an answer would be missing)."""

    reading: str
    value: str
    household_class: HouseholdClass | None


def readings(form: Form) -> list[Reading]:
    """The readings of a questionnaire, in its order."""
    return [
        Reading(item.name, item.label, value_in_use(item), _meanings(form, item), item.law) for item in form.readings
    ]


def value_in_use(item: Item) -> str:
    """The value that a reading has in this version: its calculation is a literal."""
    literal = item.rules.get("calculate")
    return to_string(float(literal)) if isinstance(literal, int | float) else str(literal)


def _meanings(form: Form, item: Item) -> dict[str, dict[str, str]]:
    return {
        choice["name"]: {language: plain(text) for language, text in choice["label"].items()}
        for choice in form.choices[item.columns["reading"]]
    }


def hanging(form: Form, evaluation: Evaluation) -> Iterator[Hanging]:
    """Where the class would be another: one reading changed at a time."""
    found = class_of(form, evaluation)
    for item in form.readings:
        for value in _meanings(form, item):
            if value != value_in_use(item):
                with supposing(evaluation, item.path, value):
                    other = class_of(form, evaluation)
                if other != found:
                    yield Hanging(item.name, value, other)

"""docs/xlsform.md names what the converter knows, and the converter knows what it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from survey.xlsform import vocabulary
from survey.xlsform.compile import check_workbook

TEXT = (Path(__file__).parents[2] / "docs" / "xlsform.md").read_text(encoding="utf-8")
NAMED = {word for quoted in re.findall(r"`([^`]+)`", TEXT) for word in quoted.replace("=", "").split()}


@pytest.mark.parametrize("kind", sorted({*vocabulary.TYPES.values(), *vocabulary._SELECTS, *vocabulary.EXTERNAL}))
def test_every_type_is_documented(kind: str) -> None:
    assert kind in NAMED


@pytest.mark.parametrize("name", sorted({name for known in vocabulary.PARAMETERS.values() for name in known}))
def test_every_parameter_is_documented(name: str) -> None:
    assert name in NAMED


@pytest.mark.parametrize("word", sorted({*vocabulary.DEGRADED, *vocabulary.OURS, *vocabulary.MEDIA}))
def test_what_degrades_and_what_is_ours_is_documented(word: str) -> None:
    assert word in NAMED


def book(kind: str, appearance: str = "") -> str:
    """A workbook with one question of this type; with what it needs around it."""
    row = {
        "select_one": "select_one l", "select_multiple": "select_multiple l", "rank": "rank l",
        "select_one_from_file": "select_one_from_file c.csv",
        "select_multiple_from_file": "select_multiple_from_file c.csv",
        "group": "begin_group", "repeat": "begin_repeat",
    }.get(kind, kind)  # fmt: skip
    more = "start=0 end=10 step=1" if kind == "range" else ""
    calculation = "1 + 1" if kind == "calculate" else ""
    lines = [
        "| survey | | | | | | |", "| | type | name | label | appearance | parameters | calculation |",
        f"| | {row} | a | A | {appearance} | {more} | {calculation} |", "| | text | b | B | | | |",
    ]  # fmt: skip
    if kind in ("group", "repeat"):
        lines.append(f"| | end_{kind} | | | | | |")
    lines += ["| choices | | |", "| | list_name | name | label |", "| | l | x | X |", "| | l | y | Y |"]
    lines += ["| settings | | |", "| | form_id | version |", "| | f | 1 |"]
    return "\n".join(lines)


TABLE = {"c.csv": b"name,label\nx,X\n"}
APART = {"select_one_external", "audit", "background-geopoint"}  # with a sheet, a name, a trigger of their own
ASKED = sorted({*vocabulary.TYPES.values(), *vocabulary._SELECTS} - APART)


@pytest.mark.parametrize("kind", [*ASKED, "group", "repeat"])
def test_every_type_compiles(kind: str) -> None:
    form, _ = check_workbook(book(kind), TABLE)
    assert form.node("a").name == "a"


@pytest.mark.parametrize(
    ("kind", "appearance"),
    [(kind, word) for kind, words in vocabulary.APPEARANCES.items() for word in words],
)
def test_every_appearance_is_known_to_the_check(kind: str, appearance: str) -> None:
    _, advice = check_workbook(book(kind, appearance), TABLE)
    assert not [line for line in advice if "appearance" in str(line) and appearance not in vocabulary.DEGRADED]


def test_an_appearance_of_another_type_is_advised_and_not_refused() -> None:
    _, advice = check_workbook(book("text", "likert"), TABLE)
    assert any("likert" in str(line) and line.row == 2 for line in advice)

"""docs/data.md names every file, table and column that goes out: of the data files those that no question gives, of the
feed all."""

from __future__ import annotations

import re

import pytest

from survey.exports import fixed_columns
from survey.exports.columns import DataColumn
from survey.exports.files import CODEBOOK, Kind
from survey.feed.sets import TABLES
from tests.gates.sources import ROOT

TEXT = (ROOT / "docs/data.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    """What stands in backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def columns() -> set[str]:
    groups = [group for name, group in vars(fixed_columns).items() if name.startswith(("OF_", "IDENTITY"))]
    return {one.name for group in groups for one in group if isinstance(one, DataColumn)} | {
        one.name for one in CODEBOOK if isinstance(one, DataColumn)
    }


def missing(text: str) -> list[str]:
    said = named(text)
    found = [f"column {name}" for name in sorted(columns()) if name not in said]
    found += [f"file {kind.value}" for kind in Kind if kind.value not in said]
    for table in TABLES:
        line = next((one for one in text.splitlines() if one.startswith(f"- `{table.of.name}`: ")), "")
        of = named(line)
        found += [f"{table.of.name}.{name}" for name in table.of.names if name not in of]
    return found


def test_the_document_names_each_column() -> None:
    assert len(columns()) > 30
    assert missing(TEXT) == []


@pytest.mark.parametrize("gone", ["household_class", "OpeningClass"])
def test_the_gate_sees_what_is_left_out(gone: str) -> None:
    assert any(one.endswith(gone) for one in missing(TEXT.replace(f"`{gone}`", gone)))


def test_each_language_has_an_example() -> None:
    examples = TEXT.split("## Examples")[1]
    assert {"python", "r", "stata"} <= set(re.findall(r"^```(\w+)$", examples, re.MULTILINE))

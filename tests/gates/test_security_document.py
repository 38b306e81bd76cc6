"""docs/security.md: each threat names a test that is there, or says that none can be."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.gates.sources import ROOT, files

TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
HEAD = ["threat", "measure", "test", "what remains"]
# What no test of this repository can show: who it is, and that this is said in the last column.
UNTESTED = {"Malicious operator"}


@cache
def names() -> str:
    """Every test by its name: functions of pytest, sentences of node."""
    python = "\n".join(
        name
        for path in files("tests/**/*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    )
    return python + "\n".join(path.read_text(encoding="utf-8") for path in files("tests/**/*.test.js"))


def is_test(said: str) -> bool:
    """A path below tests/, the name of a file there, or (a piece of) a test's name."""
    if "/" in said:
        return said.startswith("tests/") and (ROOT / said).exists()
    if re.search(r"\.(py|js)$", said):
        return any(path.name == said for path in files("tests/**/*.*"))
    return len(said) > 8 and said in names()


def rows(text: str) -> list[list[str]]:
    """The cells of each row of each table."""
    return [
        [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]


def faults(text: str) -> list[str]:
    found = []
    for cells in rows(text):
        if cells == HEAD:
            continue
        if len(cells) != len(HEAD):
            found.append(f"{cells[0]}: {len(cells)} cells, not {len(HEAD)}")
            continue
        threat, measure, test, remains = cells
        tests = re.findall(r"`([^`]+)`", test)
        found += [f"{threat}: no test {one}" for one in tests if not is_test(one)]
        if not tests and threat not in UNTESTED:
            found.append(f"{threat}: no test")
        if not measure or not remains:
            found.append(f"{threat}: a cell is blank")
    return found


def test_each_threat_has_a_test() -> None:
    assert len(rows(TEXT)) > 30
    assert faults(TEXT) == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| A | b | `tests/web/test_gone.py` | – |", "no test tests/web/test_gone.py"),
        ("| A | b | `test_gone.py` | – |", "no test test_gone.py"),
        ("| A | b | `what_nobody_ever_tested` | – |", "no test what_nobody_ever_tested"),
        ("| A | b | `docs/security.md` | – |", "no test docs/security.md"),
        ("| A | b | none yet | – |", "no test"),
        ("| A | b | `test_security_document.py` | |", "a cell is blank"),
        ("| A | | `test_security_document.py` | – |", "a cell is blank"),
        ("| A | b |", "2 cells, not 4"),
    ],
)
def test_planted_faults_are_found(row: str, fault: str) -> None:
    assert faults(row) == [f"A: {fault}"]
    assert faults("| A | b | `test_security_document.py` (`each_threat_has_a_test`) | – |") == []

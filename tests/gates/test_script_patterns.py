"""No pattern of the phone or of a page takes longer than its text either: names from the register, answers, codes that
a stranger's phone shows and workbooks' words all go through them. JavaScript's matcher backtracks as Python's does, so
each is taken over into Python's letters and its steps counted by the same matcher (`test_patterns.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gates.sources import JS_TOKEN, SCRIPTS, files, relative
from tests.gates.test_patterns import deep as deep
from tests.gates.test_patterns import worst

BOUNDED = {  # those that grow faster, and how long what they read can be
    r"\B(?=(\d{3})+$)": "the digits of a number: 309",
    r"""(?:^|[;"'\s])color\s*[:=]\s*["']?\s*(#[\da-f]{3,6}|[a-z]+)""": "what a tag says: TAG takes 500 letters",
}
# Letters by what they are, in ranges that say enough of them here.
PROPERTIES = {"L": "a-zà-ỹ", "N": r"\d", "M": "\u0300-\u036f", "Cf": "\u200b-\u200f", "Cc": "\x00-\x1f",
              "Surrogate": "\ud800-\udfff"}  # fmt: skip


def in_python(body: str) -> str:
    """A JavaScript pattern in Python's spelling: properties as ranges, in a class of their own where they stand
    alone."""
    said, is_class, at = "", False, 0
    while at < len(body):
        found = re.compile(r"\\p\{(\w+)\}").match(body, at)
        if found is not None:
            said += PROPERTIES[found[1]] if is_class else f"[{PROPERTIES[found[1]]}]"
            at = found.end()
            continue
        piece = body[at : at + 2] if body[at] == "\\" else body[at]
        if piece == "[" and is_class:
            piece = "\\["
        is_class = piece == "[" or (is_class and piece != "]")
        said += piece
        at += 2 if piece[0] == "\\" and body[at] == "\\" else 1
    return said


def literals(source: str) -> Iterator[tuple[str, str, int]]:
    """(the pattern, its flags, its line)"""
    for found in JS_TOKEN.finditer(source):
        if found["regex"] is not None:
            text = found["regex"].strip()
            body, _, flags = text[1:].rpartition("/")
            yield body, flags, source.count("\n", 0, found.start("regex")) + 1


def patterns() -> Iterator[Any]:
    for path in files(*SCRIPTS):
        for body, flags, line in literals(path.read_text()):
            if body not in BOUNDED:
                yield pytest.param(body, flags, id=f"{relative(path)}:{line}")


def growth(body: str, flags: str) -> str | None:
    said = (re.MULTILINE if "m" in flags else 0) | (re.DOTALL if "s" in flags else 0)
    return worst(in_python(body), said, "match" if "y" in flags else "search")


@pytest.mark.thorough
@pytest.mark.parametrize(("body", "flags"), list(patterns()))
def test_the_steps_of_a_script_s_pattern_grow_with_its_text(body: str, flags: str) -> None:
    assert growth(body, flags) is None


def test_patterns_are_found_at_all() -> None:
    found = [body for path in files(*SCRIPTS) for body, _, _ in literals(path.read_text())]
    assert len(found) > 60
    assert r"^\[(\d+)\](.*)$" in found  # after a parenthesis
    assert any("SH[BR]1" in body for body in found)  # after =
    assert set(BOUNDED) <= set(found)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("body", "flags"),
    [
        (r";? *$", ""),  # the end of a line that was walked: 20,000 spaces took seconds
        (r" *; *", ""),
        (r"^[ \t\r\n]+|[ \t\r\n]+$", "g"),  # what a trim was
        (r"^(#{1,6})\s+(.*?)\s*#*$", ""),
        (r"[\p{L}\p{N}]+\p{M}*[\p{L}\p{N}]+$", "u"),
        (r"[[,]*-[[,]*-", ""),
    ],
)
def test_a_script_s_pattern_that_grows_faster_is_found(body: str, flags: str) -> None:
    assert growth(body, flags) is not None

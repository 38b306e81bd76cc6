"""No pattern of the server takes longer than its text: what strangers send is looked through in a linear number of
steps. The steps are counted by a plain backtracking matcher over the pattern's own tree, so no clock is asked."""

from __future__ import annotations

import ast
import re
import re._parser as parser  # type: ignore[import-not-found]
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from survey.register import former_letters
from tests.gates.sources import PYTHON, files, nodes, relative

ANCHORED = {"match", "fullmatch"}
CALLS = ANCHORED | {"compile", "search", "split", "findall", "finditer", "sub", "subn"}
MOST_STEPS = 30_000
SHORT, TIMES = 10, 4  # a pump of ten, and four times that
MOST_GROWTH = 7  # 4 is linear, 16 quadratic
FLAGS = {"ASCII": re.ASCII, "IGNORECASE": re.IGNORECASE, "MULTILINE": re.MULTILINE, "VERBOSE": re.VERBOSE,
         "DOTALL": re.DOTALL, "S": re.DOTALL, "I": re.IGNORECASE}  # fmt: skip


# --- a matcher that counts -----------------------------------------------------------------------------------------


class Counting:
    """Runs a pattern's tree over a text and counts the letters that it looks at."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.tree = parser.parse(pattern, flags)
        self.lines = bool(self.tree.state.flags & re.MULTILINE)
        self.dots = bool(self.tree.state.flags & re.DOTALL)
        self.steps = 0
        self.groups: dict[int, str] = {}
        self.text = ""

    def count(self, text: str, *, anywhere: bool, whole: bool) -> int:
        self.text, self.steps, at = text, 0, 0
        while at <= len(text):
            end: list[int] = []

            def done(where: int, end: list[int] = end) -> bool:
                if whole and where < len(text):
                    return False
                end.append(where)
                return True

            found = self.run(self.tree.data, 0, at, done)
            if not anywhere:
                break
            at = max(end[0], at + 1) if found else at + 1
        return self.steps

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise OverflowError

    def run(self, ops: list[Any], at: int, where: int, then: Callable[[int], bool]) -> bool:
        if at == len(ops):
            return then(where)
        kind, value = ops[at][0].name, ops[at][1]

        def rest(end: int) -> bool:
            return self.run(ops, at + 1, end, then)

        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repeat(value, where, rest, eager=kind == "MAX_REPEAT")
        if kind == "SUBPATTERN":
            group = value[0]

            def closed(end: int) -> bool:
                if group is not None:
                    self.groups[group] = self.text[where:end]
                return rest(end)

            return self.run(value[-1].data, 0, where, closed)
        if kind == "BRANCH":
            return any(self.run(branch.data, 0, where, rest) for branch in value[1])
        if kind in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"):
            return self.alone(kind, value, where, rest)
        if kind == "AT":
            return self.is_at(value.name, where) and rest(where)
        if kind == "GROUPREF":
            said = self.groups.get(value, "")
            self.step()
            return self.text.startswith(said, where) and rest(where + len(said))
        self.step()
        if where == len(self.text) or not self.is_letter(kind, value, self.text[where]):
            return False
        return rest(where + 1)

    def repeat(self, value: Any, where: int, rest: Callable[[int], bool], *, eager: bool, done: int = 0) -> bool:
        low, high, body = value

        def again(end: int) -> bool:
            if end == where and done >= low:
                return False
            return self.repeat(value, end, rest, eager=eager, done=done + 1)

        def more() -> bool:
            return done < high and self.run(body.data, 0, where, again)

        if done < low:
            return more()
        return (more() or rest(where)) if eager else (rest(where) or more())

    def alone(self, kind: str, value: Any, where: int, rest: Callable[[int], bool]) -> bool:
        """What is matched by itself and never tried another way."""
        end: list[int] = []

        def here(at: int) -> bool:
            end.append(at)
            return True

        if kind in ("ASSERT", "ASSERT_NOT"):
            direction, body = value
            start = where if direction > 0 else where - body.getwidth()[1]
            found = start >= 0 and self.run(body.data, 0, start, here)
            return found == (kind == "ASSERT") and rest(where)
        if kind == "ATOMIC_GROUP":
            return self.run(value.data, 0, where, here) and rest(end[0])
        low, high, body = value
        times = 0
        while times < high and self.run(body.data, 0, where, here):
            if end[-1] == where:
                break
            where, times = end[-1], times + 1
        return times >= low and rest(where)

    def is_at(self, place: str, where: int) -> bool:
        text = self.text
        if place == "AT_BEGINNING":
            return where == 0 or (self.lines and text[where - 1] == "\n")
        if place == "AT_END":
            return where == len(text) or text[where:] == "\n" or (self.lines and text[where] == "\n")
        if place in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            sides = [0 <= at < len(text) and text[at].isalnum() for at in (where - 1, where)]
            return (sides[0] != sides[1]) == (place == "AT_BOUNDARY")
        return where == (0 if place == "AT_BEGINNING_STRING" else len(text))

    def is_letter(self, kind: str, value: Any, letter: str) -> bool:
        if kind == "LITERAL":
            return letter == chr(value)
        if kind == "NOT_LITERAL":
            return letter != chr(value)
        if kind == "ANY":
            return self.dots or letter != "\n"
        return is_member(value, letter)


def is_member(options: list[Any], letter: str) -> bool:
    found = False
    for kind, value in options:
        name = kind.name
        if name == "LITERAL":
            found = found or letter == chr(value)
        elif name == "RANGE":
            found = found or value[0] <= ord(letter) <= value[1]
        elif name == "CATEGORY":
            letter_class = {"DIGIT": letter.isdigit(), "SPACE": letter.isspace(),
                            "WORD": letter.isalnum() or letter == "_"}[value.name.rpartition("_")[2]]  # fmt: skip
            found = found or letter_class != ("_NOT_" in value.name)
    return found != (options[0][0].name == "NEGATE")  # where it stands, it stands first


# --- texts that could hurt it --------------------------------------------------------------------------------------

LETTERS = [chr(one) for one in range(32, 127)] + ["\n", "\t", "ạ", "\x01"]


def sample(ops: Any) -> str:
    """A text that the pattern is likely to match, each repeat taken once or twice."""
    said = ""
    for kind, value in ops:
        name = str(kind)
        if name == "LITERAL":
            said += chr(value)
        elif name in ("NOT_LITERAL", "ANY"):
            said += "x"
        elif name == "IN":
            said += next((letter for letter in LETTERS if is_member(value, letter)), "")
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            said += sample(value[2]) * min(max(value[0], 1), 2)
        elif name == "SUBPATTERN":
            said += sample(value[-1])
        elif name == "ATOMIC_GROUP":
            said += sample(value)
        elif name == "BRANCH":
            said += sample(value[1][0])
        elif name == "GROUPREF":
            said += "'"
    return said


def alphabet(ops: Any) -> set[str]:
    """One letter of each kind that the pattern tells apart."""
    found: set[str] = set()
    for kind, value in ops:
        name = str(kind)
        if name in ("LITERAL", "NOT_LITERAL"):
            found.add(chr(value))
        elif name == "IN":
            found.update([letter for letter in LETTERS if is_member(value, letter)][:2])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            found |= alphabet(value[2])
        elif name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            found |= alphabet(value[-1])
        elif name == "ATOMIC_GROUP":
            found |= alphabet(value)
        elif name == "BRANCH":
            found.update(*(alphabet(branch) for branch in value[1]))
    return found


def attacks(tree: Any) -> Iterator[tuple[str, str]]:
    """(beginning, what is repeated behind it)."""
    said, letters = sample(tree)[:14], sorted(alphabet(tree))[:14]
    for at in range(len(said) + 1):
        for pump in {said[at:end] for end in range(at + 1, min(len(said), at + 4) + 1)} | set(letters):
            yield said[:at], pump
    for letter in letters:
        yield "\x01", letter  # what is trimmed at an end stands in the middle too
    for first in letters[:5]:
        for second in letters[:5]:
            yield "", first + second
            yield said[:1], first + second


def has_loop(ops: Any) -> bool:
    """Whether anything in it may be repeated many times."""
    for kind, value in ops:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and (value[1] > 250 or has_loop(value[2])):
            return True
        inner = value[1] if name == "BRANCH" else [value] if name == "ATOMIC_GROUP" else []
        inner = [value[-1]] if name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT") else inner
        if any(has_loop(one) for one in inner):
            return True
    return False


def worst(pattern: str | bytes, flags: int = 0, call: str = "search") -> str | None:
    """A text under which the steps grow faster than the text; None when none was found."""
    counting = Counting(pattern, flags)
    how: dict[str, bool] = {"anywhere": call not in ANCHORED, "whole": call == "fullmatch"}
    if not has_loop(counting.tree):
        return None
    for beginning, pump in attacks(counting.tree):
        for end in ("\x01", "", "\x01" + sample(counting.tree)[:1]):
            try:
                few = counting.count(beginning + pump * SHORT + end, **how)
                many = counting.count(beginning + pump * SHORT * TIMES + end, **how)
            except OverflowError:
                many, few = MOST_STEPS, 1
            if many > few * MOST_GROWTH and more_and_more(counting, beginning, pump, end, many, how):
                return f"{beginning!r} + {pump!r} * n + {end!r}: {few} steps, then {many}"
    return None


def more_and_more(counting: Counting, beginning: str, pump: str, end: str, many: int, how: dict[str, bool]) -> bool:
    """Whether it grows on, four times the text again: the first step may be one from a match to none."""
    try:
        return counting.count(beginning + pump * SHORT * TIMES * TIMES + end, **how) > many * MOST_GROWTH
    except OverflowError:
        return True


# --- the product's patterns -----------------------------------------------------------------------------------------


def patterns() -> Iterator[Any]:
    """Each pattern that the server writes down, how it is used, and where."""
    for path in files(*PYTHON):
        if "survey/demo" in relative(path):
            continue
        source = path.read_text()
        if not re.search(r"\bre\s*\.", source):  # most files hold none, and to take one apart takes time
            continue
        names = {
            id(node.value): target.id
            for node in nodes(source)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in nodes(source):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args):
                continue
            if not isinstance(node.args[0], ast.Constant):
                continue
            call = node.func.attr
            if call == "compile":
                used = set(re.findall(rf"\b{names.get(id(node), '-')}\.(\w+)\(", source)) & CALLS
                call = "match" if used and used <= ANCHORED else "search"
            flags = 0
            for said in (one for argument in node.args[1:] for one in ast.walk(argument)):
                flags |= FLAGS.get(said.attr, 0) if isinstance(said, ast.Attribute) else 0
            yield pytest.param(node.args[0].value, flags, call, id=f"{relative(path)}:{node.lineno}")


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    """The matcher calls itself for each letter."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(30_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.thorough
@pytest.mark.parametrize(("pattern", "flags", "call"), list(patterns()))
def test_the_steps_of_a_pattern_grow_with_its_text(pattern: str | bytes, flags: int, call: str) -> None:
    assert worst(pattern, flags, call) is None


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("pattern", "flags", "call"),
    [
        (r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL, "search"),  # an envelope's strings
        (r";? *$", 0, "sub"),  # the end of a line that was walked
        (r" *; *", 0, "split"),
        (r"\(([^)]+)\)\s*$", 0, "search"),  # a language in a heading
        (r"\$\{\s*([^}]*?)\s*\}\Z", 0, "match"),
        (r"(\$\{[^}]*\})", 0, "split"),
        (r"^\s*\|", re.MULTILINE, "search"),
        (r"\s*=\s*", 0, "sub"),
        (r"(\d+)(\D*)\Z", 0, "search"),
        (r"(a*)*b", 0, "match"),
        (r"(a|a)*b", 0, "fullmatch"),
    ],
)
def test_a_pattern_that_grows_faster_is_found(pattern: str, flags: int, call: str) -> None:
    assert worst(pattern, flags, call) is not None


# --- patterns that are put together as the program runs --------------------------------------------------------------

MADE = {
    "survey/form/functions.py": "a form's own pattern: what of it may be published is docs/expressions.md",
    "survey/xlsform/resolve.py": "the same, looked at before publication",
    "survey/register/former_letters.py": "of the vowels; it has no loop",
    "survey/text.py": "of the marks that stand in the text; it has no loop without an end",
    "survey/xlsform/pyxform_check.py": "of pyxform's sentences, over 1,000 letters at most",
}


def made_patterns(source: str) -> list[int]:
    """The lines at which a pattern is no literal."""
    return [
        node.lineno
        for node in nodes(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CALLS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.args
        and not isinstance(node.args[0], ast.Constant)
    ]


def test_a_pattern_that_is_no_literal_is_known_with_its_bound() -> None:
    sources = {relative(path): path.read_text() for path in files(*PYTHON)}
    assert {name for name, source in sources.items() if "re." in source and made_patterns(source)} <= set(MADE)


def test_a_pattern_that_is_put_together_is_found() -> None:
    assert made_patterns('import re\nre.compile(f"{a}*b")\nre.match("a", b)\nre.sub(a + "+", "", b)') == [2, 4]


def test_the_vowels_of_former_letters_make_no_loop() -> None:
    assert not has_loop(parser.parse(former_letters._SYLLABLE.pattern))

"""Patterns of regex(): what they match, what is refused by name, and that they are walked in linear time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form import patterns
from survey.form.form import Form
from survey.form.patterns import PatternError, compile_pattern, without_text
from tests.examples import examples

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "patterns.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["pattern"] for case in CASES])
def test_a_pattern_matches_what_java_matches(case: dict[str, Any]) -> None:
    """The table was put to java.util.regex 17 (`Pattern.matches`), which is JavaRosa's and so Collect's."""
    pattern = compile_pattern(case["pattern"])
    assert [text for text in case["matches"] if not pattern.matches(text)] == []
    assert [text for text in case["not"] if pattern.matches(text)] == []


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("a(?!b)", patterns.LOOK_AROUND), ("(?<=a)b", patterns.LOOK_AROUND), (r"(a)\k<a>", patterns.BACK_REFERENCE),
        ("a*+", patterns.POSSESSIVE), ("a{2}+", patterns.POSSESSIVE), ("(?>a)", patterns.POSSESSIVE),
        ("a(?i)b", patterns.FLAG), ("(?P<a>b)", patterns.FLAG), ("(^a)+", patterns.ANCHOR), ("^*", patterns.ANCHOR),
        (r"\Qa\E", patterns.ESCAPE), (r"\x4", patterns.ESCAPE), ("[a&&b]", patterns.NESTED), ("[]a]", patterns.NESTED),
        ("{", patterns.BRACE), ("a{x}", patterns.BRACE), (r"\p{}", patterns.PROPERTY), (r"\p{L", patterns.PROPERTY),
        ("(a{100}){11}", patterns.TOO_LONG), ("(){5000}", patterns.TOO_LONG), ("[a" + r"\p{L}" * 40 + "]", None),
        ("a" * 1001, patterns.TOO_LONG), (r"\p{L}" * 20, patterns.TOO_LONG), ("(" * 99, patterns.TOO_DEEP),
        ("a{99999}", patterns.TOO_LONG), ("(" * 3, patterns.NO_PATTERN), ("a)", patterns.NO_PATTERN),
        ("[a", patterns.NO_PATTERN), ("[z-a]", patterns.NO_PATTERN), (r"[\d-z]", patterns.NO_PATTERN),
        ("a**", patterns.NO_PATTERN), ("*a", patterns.NO_PATTERN), ("a{3,2}", patterns.NO_PATTERN),
        ("\\", patterns.NO_PATTERN),
    ],
)  # fmt: skip
def test_what_is_no_part_of_the_subset_is_refused_by_name(text: str, template: str | None) -> None:
    if template is None:
        assert compile_pattern(text).matches("ấ")
        return
    with pytest.raises(PatternError) as refused:
        compile_pattern(text)
    assert refused.value.template == template
    assert str(refused.value) == template % refused.value.values


def pieces(deep: int) -> st.SearchStrategy[str]:
    plain = st.sampled_from(["a", "b", "[ab]", "[^a]", r"\d", "c", ""])
    if deep == 0:
        return plain
    inner = pieces(deep - 1)
    times = st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({'|'.join(two)})"),
        st.tuples(inner, times).map(lambda two: f"(?:{two[0]}){two[1]}"),
    )


@settings(max_examples=examples(300), derandomize=True, deadline=None)
@given(text=pieces(4), tried=st.lists(st.text("abc1", max_size=6), min_size=5, max_size=5))
def test_any_pattern_means_what_it_means_to_python(text: str, tried: list[str]) -> None:
    pattern = compile_pattern(text)
    for one in tried:
        assert pattern.matches(one) is (re.fullmatch(text, one) is not None), one


def test_states_are_forgotten_when_there_are_too_many() -> None:
    pattern = compile_pattern("[ab]*a[ab]{12}")  # 2^13 sets of places
    text = "".join("ab"[(n * n + n // 3) % 7 % 2] for n in range(4000))
    found = [pattern.matches(text[:length]) for length in range(14, 4000, 97)]
    assert found == [text[length - 13] == "a" for length in range(14, 4000, 97)]
    assert len(pattern._states) <= patterns.MOST_STATES and pattern._moves <= patterns.MOST_MOVES


def test_a_walk_takes_no_more_steps_than_letters_times_places(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    real = patterns._has

    def counted(ranges: patterns.Ranges, code: int) -> bool:
        nonlocal steps
        steps += 1
        return real(ranges, code)

    monkeypatch.setattr(patterns, "_has", counted)
    for text in ("(a+)+$", "(a|a)*(a|aa)*b", "(a?){30}a{30}", "([ab]*c?)*x"):
        steps = 0
        pattern = compile_pattern(text)
        assert not pattern.matches("a" * 2000 + "!")
        assert steps <= 60 * pattern.positions  # the same few sets again and again: looked up, not walked


def test_phones_get_programs_and_no_pattern() -> None:
    tree = ["and", ["call", "regex", ["one", "."], "[a-c]+"], ["call", "regex", "x", ["call", "concat", "a"]]]
    assert without_text(tree) == [
        "and",
        ["call", "regex", ["one", "."], ["pattern", None, [[97, 99]], [0, [0, 2], -1]]],
        ["call", "regex", "x", None],
    ]
    made = Form.for_engine({"children": [{"constraint": tree}], "hash": "x"})
    assert made == {"children": [{"constraint": without_text(tree)}], "hash": "x", "build": patterns.BUILD}

"""One content, one text, one hash; and nothing that JSON text can hold makes it fail."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from survey.canonical import canonical, canonical_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(max_codepoint=0xFFFF)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


def test_the_hash_is_that_of_rfc_8785() -> None:
    """Part of the example in RFC 8785 §3.2.2 and its canonical text."""
    numbers = "[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]"
    value = json.loads(f'{{"numbers": {numbers}, "literals": [null, true, false]}}')
    text = '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    assert canonical(value).hash == hashlib.sha256(text.encode()).hexdigest()
    assert canonical(value).standard


def test_the_order_of_keys_does_not_matter_and_the_content_does() -> None:
    assert canonical({"a": 1, "b": "ế"}) == canonical({"b": "ế", "a": 1})
    assert canonical({"a": 1}).hash != canonical({"a": 2}).hash
    assert canonical({"a": 1.0}).hash == canonical({"a": 1}).hash


@given(JSON | PLAIN)
def test_the_sooner_way_writes_what_the_library_writes(value: Any) -> None:
    try:
        wanted = rfc8785.dumps(value).decode()
    except (rfc8785.CanonicalizationError, UnicodeError):
        with pytest.raises((rfc8785.CanonicalizationError, UnicodeError)):
            canonical_text(value)
    else:
        assert canonical_text(value) == wanted


def test_the_sooner_way_goes_no_further_than_it_agrees() -> None:
    """Keys are sorted by UTF-16 (§3.2.3: a key beyond the first plane before U+FB33), escapes are those of §3.2.2.2."""
    assert canonical_text({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'
    assert canonical_text('\x00\x1f\b\t\n\f\r"\\/\x7f\u2028ế') == '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\x7f\u2028ế"'
    assert canonical_text(2**53 - 1) == "9007199254740991"
    assert canonical_text({"a": (1, 2), "b": 4.50, "c": -0.0}) == '{"a":[1,2],"b":4.5,"c":0}'
    for bad in (2**53, {1: 2}, {None: 1}, object(), {"a": b""}):
        with pytest.raises(rfc8785.CanonicalizationError):
            canonical_text(bad)


@given(JSON)
def test_whatever_arrives_has_a_text_that_reads_back_and_a_hash(value: Any) -> None:
    found = canonical(value)
    assert len(found.hash) == 64
    assert found.text.isascii()
    assert json.dumps(json.loads(found.text), sort_keys=True) == json.dumps(value, sort_keys=True)


def test_what_json_has_no_word_for_is_told_apart() -> None:
    nan, infinity = canonical({"a": float("nan")}), canonical({"a": float("inf")})
    assert not nan.standard and nan.hash != infinity.hash
    assert not canonical("\ud800").standard
    assert not canonical(2**60).standard


def test_nesting_without_end_does_not_break_it() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert len(canonical(deep).hash) == 64

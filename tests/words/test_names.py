"""One name however it is written, and two names where a tone tells them apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.names import bare_key, name_key
from tests.cases.likeness import CASES

SAME, OTHER = CASES["names"]["one"], CASES["names"]["bare"]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_name_has_one_key_however_it_is_written(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_a_tone_or_a_letter_makes_another_name_and_the_weaker_key_finds_it(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
    assert bare_key(one) == bare_key(other)


LETTERS = st.text(st.sampled_from("hoaàạăâ uyđÐ\u0300\u0323\u0302\u0309\u200b'’"), max_size=20)


@given(st.text(max_size=40) | LETTERS)
def test_a_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
    assert bare_key(bare_key(text)) == bare_key(text)

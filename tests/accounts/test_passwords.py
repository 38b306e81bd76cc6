"""What a new password must be: long, and none that is guessed first."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.accounts import passwords
from survey.problems import Problem

NAMES = ["ban-na-ca", "Lò Thị Hương", "Xã Mai Sơn", "Tỉnh Sơn La"]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("mười một ký", "password_short"),
        ("k9#Lx2@qz!4", "password_short"),
        ("a" * 201, "password_long"),
        ("một câu\x00 chỉ mình", "password_unkept"),
        ("aaaaaaaaaaaa", "password_row"),
        ("abcabcabcabc", "password_row"),
        ("123456789012", "password_row"),
        ("qwertyuiop09", "password_row"),
        ("987654321abc", "password_row"),
        ("            ", "password_row"),
        ("Lò Thị Hương", "password_named"),
        ("lothihuong1990", "password_named"),
        ("BanNaCa-2026!", "password_named"),
        ("maison-sonla-26", "password_named"),
        ("password2026!", "password_common"),
        ("passwordpassword", "password_row"),
        ("iloveyou123456", "password_common"),
        ("Mật khẩu 123456", "password_common"),
        ("vietnamvodich1", "password_common"),
        ("Sổ hộ nghèo 26", "password_common"),
    ],
)
def test_what_is_guessed_first_is_refused_with_what_it_is_made_of(password: str, code: str) -> None:
    with pytest.raises(Problem, match=f"^{code}$"):
        passwords.check(password, NAMES)


@pytest.mark.parametrize(
    "password",
    ["chiều nay nắng to", "con trâu đen ăn lá khế", "k9#Lx2@qz!4w", "correct horse battery staple", "7hc5-p2mk-x9dt"],
)
def test_a_sentence_or_a_password_that_the_program_makes_is_taken(password: str) -> None:
    passwords.check(password, NAMES)


def test_names_of_somebody_else_are_only_words() -> None:
    passwords.check("quàng thị lả pom", ["lo-thi-mai"])
    with pytest.raises(Problem, match="password_named"):
        passwords.check("quàng thị lả pom", ["Quàng Thị Lả Pom"])


@given(st.text(max_size=220))
def test_whatever_is_typed_is_taken_or_refused_with_a_reason(password: str) -> None:
    try:
        passwords.check(password, NAMES)
    except Problem as refused:
        assert refused.code.startswith("password_") and refused.status == 422


def test_the_longest_is_judged_quickly() -> None:
    begun = time.process_time()
    for text in ("matkhau" * 28, "ab" * 100, "".join(chr(97 + at * 7 % 26) for at in range(200))):
        try:
            passwords.check(text, NAMES)
        except Problem:
            continue
    assert time.process_time() - begun < 2

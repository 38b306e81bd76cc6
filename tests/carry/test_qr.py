"""The phone's codes are QR codes: bit for bit those of another encoder."""

from __future__ import annotations

import random
from typing import Any

import pytest
import segno
from segno import encoder

from tests.carry.carrying import phone

pytestmark = pytest.mark.thorough

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@pytest.fixture
def by_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """segno 1.6.6 adds a byte of zeroes where the bits end with a byte, which ISO/IEC 18004 §7.4.10 does not."""
    pad = encoder.write_padding_bits
    monkeypatch.setattr(
        encoder, "write_padding_bits", lambda buff, version, length: length % 8 and pad(buff, version, length)
    )


def matrix(text: str, **how: Any) -> list[str]:
    code = segno.make(text, mode="alphanumeric", boost_error=False, micro=False, **how)
    return ["".join(str(int(module)) for module in row) for row in code.matrix]


@pytest.mark.usefixtures("by_the_standard")
def test_every_version_level_and_mask_is_drawn_as_the_standard_says() -> None:
    chance = random.Random(7)
    how = [
        {"level": level, "version": version, "mask": (version + turn) % 8}
        for version in range(1, 21)
        for level in "LM"
        for turn in range(4)
    ]
    texts = ["".join(chance.choices(LETTERS, k=chance.randint(1, 20))) for _ in how]
    drawn = phone("qr", codes=list(zip(texts, how, strict=True)))
    for text, one, rows in zip(texts, how, drawn, strict=True):
        assert rows == matrix(text, version=one["version"], error=one["level"], mask=one["mask"]), (text, one)


@pytest.mark.usefixtures("by_the_standard")
def test_a_full_code_takes_the_smallest_version() -> None:
    room = phone("letters")
    asked = [(("X7" * 2000)[: room[level][version - 1]], level) for level in "LM" for version in (1, 6, 7, 15, 20)]
    drawn = phone("qr", codes=[[text, {"level": level}] for text, level in asked])
    for (text, level), rows in zip(asked, drawn, strict=True):
        masks = [matrix(text, error=level, mask=mask) for mask in range(8)]
        assert rows in masks  # of the same size; each mask reads the same, only more or less easily
    one_more = [[text + "X", {"level": level}] for text, level in asked if len(text) < max(room[level])]
    larger = phone("qr", codes=one_more)
    assert [len(rows) for rows in larger] == [21 + 4, 41 + 4, 45 + 4, 77 + 4] * 2


def test_what_has_no_code_is_refused_and_not_drawn_wrongly() -> None:
    with pytest.raises(AssertionError, match="RangeError"):
        phone("qr", codes=[["chữ", {}]])
    with pytest.raises(AssertionError, match="RangeError"):
        phone("qr", codes=[["A" * 1300, {}]])

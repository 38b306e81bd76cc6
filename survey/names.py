"""When two names are written alike. Pure.

A name is compared by its key, everywhere: lists come from phones, from Excel and from typing by hand, and one person
is "Lò Văn Hoà" in one, "Lò văn Hòa" or "LÒ  VĂN HÒA" in the next. Where the tone stands («oà» or «òa», «uỷ» or «ủy») is
a fashion of spelling, not a difference; the tone itself is one: Hoà and Hoa are two names.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from survey.text import normal, without_tones

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền, sắc, ngã, hỏi, nặng; ˆ ˘ and the horn are letters' own
_ALIKE = str.maketrans({"ð": "đ", "ɖ": "đ", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})


def name_key(name: str) -> str:
    """The key under which a name is compared: case, spaces, Unicode's form, the look-alikes of đ and the place of the
    tone in a syllable make no difference."""
    shown = "".join(letter for letter in normal("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(_syllable(word) for word in shown.casefold().translate(_ALIKE).split())


def bare_key(name: str) -> str:
    """A weaker key for what was typed without tones: "lo van hoa"; two names with one are perhaps the same."""
    return without_tones(name_key(name))


@lru_cache(maxsize=8192)  # names are made of few
def _syllable(word: str) -> str:
    """The syllable with its tone at the end."""
    letters = normal("NFD", word)
    tones = sorted(letter for letter in letters if letter in _TONES)
    return "".join((*(letter for letter in letters if letter not in _TONES), *tones))

"""Unicode's normal forms in a time that grows with the text, whatever stands in it. Pure.

`unicodedata.normalize` sorts the marks behind a letter by insertion: 80 kB of them take it seconds, 4 MB an hour. No
language puts more than a few on one letter; Unicode's own measure for it is 30 (UAX #15, Stream-Safe Text Format).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal

MOST_MARKS = 30  # in a row
_JOINER = "\u034f"  # COMBINING GRAPHEME JOINER: shows nothing, and no mark is sorted past it


def normal(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`text` in the normal form; more than 30 marks in a row are parted by a joiner, as UAX #15 has it."""
    if unicodedata.is_normalized(form, text):
        return text
    # Which letters are marks is asked of those that stand here: all that there are take seconds at every start.
    marks = "".join(sorted(filter(_begins_as_mark, set(text)))) if len(text) > MOST_MARKS else ""
    if marks:
        text = re.sub(f"([{marks}]{{{MOST_MARKS}}})(?=[{marks}])", rf"\1{_JOINER}", text)
    return unicodedata.normalize(form, text)


def _begins_as_mark(letter: str) -> bool:
    """Whether it is a mark, or, as some Tibetan vowels, is taken apart into marks alone."""
    if unicodedata.combining(letter):
        return True
    parts = unicodedata.decomposition(letter)
    return bool(parts) and unicodedata.combining(unicodedata.normalize("NFKD", letter)[0]) > 0


def plain_name(text: str) -> str:
    """A name as a column can hold it: no control characters or halves of characters, 120 at most."""
    return "".join(c for c in text if c.isprintable() and not "\ud800" <= c <= "\udfff")[:120]


def without_tones(text: str) -> str:
    """`text` in lower case without tones and other marks, đ as d, spaces single: "Lò Văn Đông" is "lo van dong"."""
    decomposed = normal("NFD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(plain.replace("đ", "d").split())


def nearest(word: str, known: Iterable[str], likeness: float = 0.75) -> str | None:
    """The known word that a misspelt one probably means."""
    spellings = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower()[:40], spellings, 1, likeness)
    return spellings[near[0]] if near else None


def in_language(text: Any, language: str) -> str:
    """`text` as it is, or its words in `language` where it is kept as {language: words}."""
    if isinstance(text, Mapping):
        return str(text.get(language) or next(iter(text.values()), ""))
    return "" if text is None else str(text)


def N_(message: str) -> str:
    """Marks a message for the catalog; it is translated where it is shown."""
    return message

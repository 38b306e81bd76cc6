"""One text for one content: RFC 8785 (JSON Canonicalization Scheme), and its hash.

An entry is hashed as the phone hashes it. What RFC 8785 has no text for (NaN, integers beyond 2^53, lone surrogates,
nesting without end) can still arrive: it gets a text of our own, so that it can be stored, told apart, and held.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any, NamedTuple

import rfc8785

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ASCII = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_MAX_INTEGER = 2**53 - 1  # RFC 8785 §3.2.2.3: beyond it a number of JavaScript is not exact


class Canonical(NamedTuple):
    """`hash`: SHA-256 in hex; `text`: the content as ASCII JSON; `standard`: whether RFC 8785 knows this content."""

    hash: str
    text: str
    standard: bool


def canonical(value: Any) -> Canonical:
    """The canonical form of any value that JSON text was read into. Never raises."""
    text = ascii_text(value)
    try:
        return Canonical(hashlib.sha256(canonical_text(value).encode()).hexdigest(), text, True)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError, ValueError):
        return Canonical(hashlib.sha256(text.encode()).hexdigest(), text, False)


def canonical_text(value: Any) -> str:
    """RFC 8785. Where that has no text: CanonicalizationError, UnicodeError or RecursionError, as the library says.

    A proof of 3,000 households is written and read again leaf by leaf: what is of text, whole numbers, truth and
    nothing alone the encoder of Python writes alike, in a fifth of the time; all else is left to the library.
    """
    with contextlib.suppress(RecursionError, UnicodeError):
        if _is_plain(value):
            text = _ENCODER.encode(value)
            if len(text.encode("utf-16-le")) == 2 * len(text):  # beyond the first plane keys sort otherwise (§3.2.3)
                return text
    return rfc8785.dumps(value).decode()


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(key) is str for key in value) and all(map(_is_plain, value.values()))
    if kind is list:
        return all(map(_is_plain, value))
    if kind is int:
        return -_MAX_INTEGER <= value <= _MAX_INTEGER
    return kind is str or kind is bool or value is None


def ascii_text(value: Any) -> str:
    """The text alone: whoever needs no hash of RFC 8785 has it many times sooner."""
    try:
        return _ASCII.encode(value)
    except (RecursionError, ValueError, TypeError):
        return json.dumps({"unreadable": type(value).__name__})

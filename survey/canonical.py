"""One text for one content: RFC 8785 (JSON Canonicalization Scheme), and its hash.

An entry is hashed as the phone hashes it. What RFC 8785 has no text for (NaN, integers beyond 2^53, lone surrogates,
nesting without end) can still arrive: it gets a text of our own, so that it can be stored, told apart, and held.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

import rfc8785


class Canonical(NamedTuple):
    """`hash`: SHA-256 in hex; `text`: the content as ASCII JSON; `standard`: whether RFC 8785 knows this content."""

    hash: str
    text: str
    standard: bool


def canonical(value: Any) -> Canonical:
    """The canonical form of any value that JSON text was read into. Never raises."""
    text = ascii_text(value)
    try:
        return Canonical(hashlib.sha256(rfc8785.dumps(value)).hexdigest(), text, True)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError, ValueError):
        return Canonical(hashlib.sha256(text.encode()).hexdigest(), text, False)


def ascii_text(value: Any) -> str:
    """The text alone: whoever needs no hash of RFC 8785 has it many times sooner."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    except (RecursionError, ValueError, TypeError):
        return json.dumps({"unreadable": type(value).__name__})

"""A hash over a list that can be checked leaf by leaf: the tree of RFC 6962 §2.1 (leaf 0x00, node 0x01). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_hash(text: str) -> str:
    """The hash (hex) of a leaf; `text`: canonical JSON (RFC 8785)."""
    return hashlib.sha256(b"\x00" + text.encode()).hexdigest()


def root_of(hashes: Sequence[str]) -> str:
    """The root over leaf hashes in their order; of none, the hash of nothing."""
    if not hashes:
        return hashlib.sha256(b"").hexdigest()
    level = [bytes.fromhex(one) for one in hashes]
    # From below, a last one without a neighbour goes up as it is: the same tree as RFC 6962's splitting from above.
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()

"""Which table or row an address names: `Households`, `Households/$count`, `Rounds('…')` (URL Conventions 4.0, 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from survey.odata.faults import Fault
from survey.odata.filters import read
from survey.odata.model import EntitySet, Row, Value

MOST_LETTERS = 1_000
_NAMED = re.compile(r"(?P<set>[A-Za-z_]\w*)(?:\((?P<key>.*)\))?(?P<rest>/.*)?", re.ASCII | re.DOTALL)
_VALUE = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=\s*)?"
    r"(?:(?P<text>'(?:[^']|'')*')|(?P<date>\d{4}-\d{2}-\d{2})|(?P<number>-?\d+)|(?P<word>true|false))\s*",
    re.ASCII,
)


class Address(NamedTuple):
    """A table; `key`: one row of it; `is_count`: how many rows there are."""

    of: EntitySet
    key: Row | None = None
    is_count: bool = False


def parse(path: str, sets: Mapping[str, EntitySet]) -> Address:
    """What a path below the root names, percent signs already decoded. Raises `Fault`."""
    found = _NAMED.fullmatch(path) if len(path) <= MOST_LETTERS else None
    if found is None:
        raise Fault("path_unsupported" if path.startswith("$") else "no_such_set")
    of = sets.get(found["set"])
    if of is None:
        raise Fault("no_such_set")
    if found["rest"] not in (None, "/", "/$count") or (found["key"] is not None and found["rest"] == "/$count"):
        raise Fault("path_unsupported")
    if found["key"] is not None:
        return Address(of, _key(found["key"], of))
    return Address(of, is_count=found["rest"] == "/$count")


def _key(text: str, of: EntitySet) -> Row:
    """Of a key of one column its value alone will do; the parts of others are named."""
    found: dict[str, Value] = {}
    at = 0
    while True:
        one = _VALUE.match(text, at)
        name = (one["name"] or (of.key[0] if len(of.key) == 1 else "")) if one else ""
        if one is None or name not in of.key or name in found:
            raise Fault("bad_key")
        kind = next(kind for kind in ("text", "date", "number", "word") if one[kind] is not None)
        found[name] = read(kind, one[kind], of.by_name[name])
        at = one.end()
        if at == len(text):
            break
        if text[at] != ",":
            raise Fault("bad_key")
        at += 1
    if set(found) != set(of.key):
        raise Fault("bad_key")
    return found

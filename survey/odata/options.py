"""The query options of a request (URL Conventions 4.0, 5), read against the table that they are about."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from survey.odata.faults import Fault
from survey.odata.filters import Node, parse
from survey.odata.model import EntitySet, Kind, Property, Value

LARGEST_SKIP = 10_000
SERVED = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken", "$format")
NOT_SERVED = ("$expand", "$search", "$apply", "$compute", "$deltatoken", "$id", "$index", "$levels", "$schemaversion")
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_BY = re.compile(r"(?P<name>\w+)(?:\s+(?P<way>asc|desc))?", re.ASCII)


@dataclass(frozen=True)
class Token:
    """Where a page ended: the place of its last row in the table's order, how many rows came of that place, and what
    held when it was read. `part`: what was being read then, `revision`: its number; `size`: rows a page that were
    asked for, 0: none."""

    part: str
    revision: str
    place: tuple[Value, ...]
    done: int = 1
    size: int = 0

    def text(self) -> str:
        place = [one.isoformat() if isinstance(one, date) else one for one in self.place]
        said = json.dumps([self.part, self.revision, place, self.done, self.size], separators=(",", ":"))
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Query:
    """What is asked of a table. `select`: columns in the table's order; `order`: of the key, all upward or all
    downward; `texts`: the options as they were sent."""

    select: tuple[Property, ...]
    is_selected: bool = False
    filter: Node | None = None
    order: tuple[str, ...] = ()
    is_downward: bool = False
    top: int | None = None
    skip: int = 0
    is_counted: bool = False
    token: Token | None = None
    texts: tuple[tuple[str, str], ...] = ()

    def next_options(self, token: Token, left: int | None) -> list[tuple[str, str]]:
        """The options of the next page's address; `left`: rows that are still wanted."""
        kept = [(name, text) for name, text in self.texts if name in ("$select", "$filter", "$orderby", "$format")]
        return [*kept, *([("$top", str(left))] if left is not None else []), ("$skiptoken", token.text())]

    def of(self, node: Node) -> Query:
        return replace(self, filter=node)


def read_options(pairs: Iterable[tuple[str, str]], of: EntitySet) -> Query:
    """The options of an address, decoded, in their order. Names without a $ are a client's own and say nothing here.
    Raises `Fault`."""
    given: dict[str, str] = {}
    for name, text in pairs:
        if not name.startswith("$"):
            continue
        if name in NOT_SERVED:
            raise Fault("option_unsupported", name)
        if name not in SERVED:
            raise Fault("bad_option")
        if name in given:
            raise Fault("option_twice", name)
        given[name] = text
    order, is_downward = _order(given.get("$orderby", ""), of)
    selected = _selected(given.get("$select"), of)
    return Query(
        select=selected or of.properties,
        is_selected=selected is not None,
        filter=parse(given["$filter"], of) if "$filter" in given else None,
        order=order,
        is_downward=is_downward,
        top=_whole(given["$top"], "$top") if "$top" in given else None,
        skip=_skip(given),
        is_counted=_is_counted(given.get("$count")),
        token=read_token(given["$skiptoken"]) if "$skiptoken" in given else None,
        texts=tuple(given.items()),
    )


def _skip(given: Mapping[str, str]) -> int:
    skip = _whole(given.get("$skip", "0"), "$skip")
    if skip > LARGEST_SKIP:
        raise Fault("skip_unsupported", "$skip")
    return skip


def _whole(text: str, name: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise Fault("bad_number", name)
    return int(text)


def _is_counted(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise Fault("bad_count", "$count")
    return text == "true"


def _selected(text: str | None, of: EntitySet) -> tuple[Property, ...] | None:
    if text is None:
        return None
    names = {name.strip() for name in text.split(",")}
    if "*" in names:
        return None
    if not names <= set(of.names):
        raise Fault("no_such_property", "$select")
    return tuple(one for one in of.properties if one.name in names)


def _order(text: str, of: EntitySet) -> tuple[tuple[str, ...], bool]:
    if not text.strip():
        return (), False
    names: list[str] = []
    ways: set[bool] = set()
    for piece in text.split(","):
        one = _BY.fullmatch(piece.strip())
        if one is None:
            raise Fault("bad_orderby" if re.fullmatch(r"[\w\s]*", piece) else "orderby_unsupported", "$orderby")
        if one["name"] not in of.by_name:
            raise Fault("no_such_property", "$orderby")
        names.append(one["name"])
        ways.add(one["way"] == "desc")
    if len(ways) > 1 or not names or tuple(names) != of.sortable[: len(names)]:
        raise Fault("orderby_unsupported", "$orderby")
    return tuple(names), ways.pop()


def read_token(text: str) -> Token:
    """What a $skiptoken says. It is only ever a place to go on from: whoever made it sees no more by it."""
    try:
        said: Any = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        part, revision, place, done, size = said
        known = all(isinstance(one, str | int) for one in place) and len(place) <= 8
        numbers = all(type(one) is int and 0 <= one < 10**9 for one in (done, size))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Fault("bad_token", "$skiptoken") from None
    texts = [part, revision, *(one for one in place if isinstance(one, str))]
    if not (known and numbers and all(isinstance(one, str) and len(one) <= 200 and one.isprintable() for one in texts)):
        raise Fault("bad_token", "$skiptoken")
    if not all(isinstance(one, str) or abs(one) < 2**63 for one in place):
        raise Fault("bad_token", "$skiptoken")
    return Token(part, revision, tuple(place), done, size)


def typed(place: tuple[Value, ...], kinds: Iterable[Kind]) -> tuple[Value, ...]:
    """The place of a token with the types that its columns have. Raises `Fault`."""
    wanted = list(kinds)
    if len(place) != len(wanted):
        raise Fault("bad_token", "$skiptoken")
    found: list[Value] = []
    for one, kind in zip(place, wanted, strict=True):
        if kind is Kind.DATE and isinstance(one, str):
            try:
                found.append(date.fromisoformat(one))
            except ValueError:
                raise Fault("bad_token", "$skiptoken") from None
        elif isinstance(one, int if kind is Kind.INTEGER else str) and not isinstance(one, bool):
            found.append(one)
        else:
            raise Fault("bad_token", "$skiptoken")
    return tuple(found)

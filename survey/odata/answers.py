"""Answers in OData JSON 4.0, written row by row: what is sent of a table never stands in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote

from survey.odata.faults import Fault
from survey.odata.model import NAMESPACE, EntitySet, Kind, Property, Row, Value

VERSION = "4.0"
_CHUNK = 64 * 1024
_SAID_BY_JSON = frozenset({Kind.STRING, Kind.BOOLEAN, Kind.DOUBLE})  # without a type annotation (JSON Format, 4.5.3)
_RANGE = re.compile(r"\s*(?P<type>[\w*+.-]+/[\w*+.-]+)\s*(?P<rest>;.*)?", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Manner:
    """How it is written. `detail`: of the metadata in it; `is_long_as_text`: numbers of more than 53 bits as texts."""

    detail: str = "minimal"
    is_long_as_text: bool = False

    @property
    def media_type(self) -> str:
        long = ";IEEE754Compatible=true" if self.is_long_as_text else ""
        return f"application/json;odata.metadata={self.detail};odata.streaming=true{long};charset=utf-8"


def manner(accept: str, wanted: str | None) -> Manner:
    """By $format, else by the Accept header (Protocol 4.0, 8.2.1; JSON Format, 3). Raises `not_acceptable`."""
    if wanted is not None and wanted.strip().lower() == "json":
        return Manner()
    for kind, given in _ranges(accept if wanted is None else wanted):
        if kind in ("application/json", "application/*", "*/*"):
            detail = given.get("odata.metadata", given.get("metadata", "minimal"))
            long = given.get("ieee754compatible", "false")
            if detail in ("minimal", "full", "none") and given.get("q", "1") not in ("0", "0.0"):
                return Manner(detail, long == "true")
    raise Fault("not_acceptable")


def takes_xml(accept: str, wanted: str | None) -> bool:
    """Whether $metadata can be answered: it is XML, whatever else comes first in the header."""
    if wanted is not None:
        return wanted.strip().lower() in ("xml", "application/xml")
    return any(kind in ("application/xml", "application/*", "*/*") for kind, _ in _ranges(accept))


def _ranges(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for piece in (accept.strip() or "*/*")[:2_000].split(","):
        found = _RANGE.fullmatch(piece)
        if found is not None:
            pairs = (one.partition("=") for one in (found["rest"] or "").split(";"))
            yield found["type"].lower(), {a.strip().lower(): b.strip().lower() for a, _, b in pairs if a.strip()}


def service(root: str, sets: Iterable[EntitySet]) -> str:
    """The service document: which tables there are."""
    listed = [{"name": one.name, "kind": "EntitySet", "url": one.name} for one in sets]
    return json.dumps({"@odata.context": f"{root}$metadata", "value": listed})


def error(code: str, message: str, target: str = "") -> str:
    """An error body (JSON Format 4.0, 19)."""
    return json.dumps({"error": {"code": code, "message": message} | ({"target": target} if target else {})})


def context(root: str, of: EntitySet, selected: Sequence[Property] | None, *, is_one: bool = False) -> str:
    """The context URL of a table or of one of its rows."""
    columns = f"({','.join(one.name for one in selected)})" if selected is not None else ""
    return f"{root}$metadata#{of.name}{columns}{'/$entity' if is_one else ''}"


@dataclass(frozen=True)
class Writer:
    """Writes the rows of a table. `selected`: the columns that were asked for, None: all."""

    root: str
    of: EntitySet
    manner: Manner
    selected: Sequence[Property] | None = None

    def table(
        self, rows: Iterable[Row], count: int | None, following: Callable[[], str | None]
    ) -> Iterator[bytes]:  # fmt: skip
        """A table in pieces. `following`: asked after the last row, the address of the next page."""
        head = ""
        if self.manner.detail != "none":
            head = f'"@odata.context":{json.dumps(context(self.root, self.of, self.selected))},'
        if count is not None:
            head += f'"@odata.count":{self._whole(count)},'
        pieces, size, before = ["{" + head + '"value":['], 0, ""
        for row in rows:
            piece = f"{before}{{{self._members(row)}}}"
            pieces.append(piece)
            before = ",\n"
            size += len(piece)
            if size >= _CHUNK:
                yield "".join(pieces).encode()
                pieces, size = [], 0
        address = following()
        pieces.append("]" + (f',"@odata.nextLink":{json.dumps(address)}' if address else "") + "}")
        yield "".join(pieces).encode()

    def one(self, row: Row) -> str:
        """One row by itself."""
        around = context(self.root, self.of, self.selected, is_one=True)
        head = f'"@odata.context":{json.dumps(around)},' if self.manner.detail != "none" else ""
        return f"{{{head}{self._members(row)}}}"

    def _members(self, row: Row) -> str:
        said = []
        if self.manner.detail == "full":
            said.append(f'"@odata.type":"#{NAMESPACE}.{self.of.entity}"')
            said.append(f'"@odata.id":{json.dumps(key_address(self.of, row))}')
        for one in self.selected if self.selected is not None else self.of.properties:
            value = row[one.name]
            if self.manner.detail == "full" and one.kind not in _SAID_BY_JSON and value is not None:
                said.append(f'"{one.name}@odata.type":"#{one.kind.value.removeprefix("Edm.")}"')
            said.append(f'"{one.name}":{self._value(value, one.kind)}')
        return ",".join(said)

    def _value(self, value: Value, kind: Kind) -> str:
        if value is None:
            return "null"
        if kind is Kind.INTEGER and isinstance(value, int):
            return self._whole(value)
        if kind is Kind.DECIMAL:
            text = f"{Decimal(str(value)):f}"
            return f'"{text}"' if self.manner.is_long_as_text else text
        if isinstance(value, date):
            return f'"{value.isoformat()}"'
        return json.dumps(value)

    def _whole(self, value: int) -> str:
        return f'"{value:d}"' if self.manner.is_long_as_text else f"{value:d}"


def key_address(of: EntitySet, row: Row) -> str:
    """`Households(RoundId='…',HouseholdId='…')`."""
    if len(of.key) == 1:
        return f"{of.name}({_written(row[of.key[0]])})"
    return f"{of.name}({','.join(f'{name}={_written(row[name])}' for name in of.key)})"


def _written(value: Value) -> str:
    if isinstance(value, str):
        return quote("'" + value.replace("'", "''") + "'", safe="'")
    return value.isoformat() if isinstance(value, date) else str(value)

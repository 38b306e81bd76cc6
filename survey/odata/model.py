"""What a feed is made of: tables (entity sets), their columns (properties) and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

NAMESPACE, CONTAINER = "SoHo", "Feed"
Value = str | int | float | bool | date | Decimal | None
Row = Mapping[str, Value]


class Kind(StrEnum):
    """The primitive types that are used (OData CSDL 4.0, 4.4)."""

    STRING = "Edm.String"
    BOOLEAN = "Edm.Boolean"
    INTEGER = "Edm.Int64"
    DOUBLE = "Edm.Double"
    DECIMAL = "Edm.Decimal"
    DATE = "Edm.Date"


NUMBERS = frozenset({Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL})


@dataclass(frozen=True)
class Property:
    """A column. `decimals`: how many a Decimal has at most."""

    name: str
    kind: Kind = Kind.STRING
    is_nullable: bool = True
    decimals: int = 0


@dataclass(frozen=True)
class EntitySet:
    """A table: what it is called, what a row is called, which columns it has, and which of them name a row. `sortable`:
    the columns of the key by which $orderby may go."""

    name: str
    entity: str
    key: tuple[str, ...]
    properties: tuple[Property, ...]
    sortable: tuple[str, ...] = field(default=())

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        return {one.name: one for one in self.properties}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.properties)

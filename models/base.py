"""What all tables share: naming of constraints, aware UTC times, JSON kept as text, states guarded by CHECKs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, MetaData, TableClause, Text, column, table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_DECIMALS = 4  # of a number that is kept exactly


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out. A naive time is a mistake of ours and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JSONText(TypeDecorator[Any]):
    r"""JSON kept as ASCII text: what PostgreSQL's own types refuse (``\u0000``, lone surrogates) is kept."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Exact(TypeDecorator[Decimal]):
    """A number with four decimals, kept as a whole number: 21,66 − 18,66 is 3 and no binary fraction beside it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = value.scaleb(_DECIMALS)
        if scaled != scaled.to_integral_value():
            raise ValueError("a number has four decimals at most")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-_DECIMALS)


def as_kept(model: type[Base]) -> TableClause:
    """The table of a model with JSON as the text that is kept: for many rows whose texts are made or copied already."""
    columns = model.__table__.c
    named = (column(one.name, Text() if isinstance(one.type, JSONText) else one.type) for one in columns)
    return table(model.__tablename__, *named)


def one_of(column: str, terms: type[StrEnum]) -> CheckConstraint:
    """A CHECK that `column` holds a member of `terms`."""
    values = ", ".join(f"'{term.value}'" for term in terms)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")

"""Whether a database has the tables of the models: what a server looks at once, before it serves.

A migration that was changed after a database had run it leaves that database without what came so, at head and broken.
Columns, keys, indexes, uniqueness and CHECKs are held against the models, as the database itself tells them.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Engine,
    ForeignKeyConstraint,
    Inspector,
    Table,
    UniqueConstraint,
    inspect,
)

from models.base import Base
from models.database import reading_engine

Found = dict[str, Any]


def differences(engine: Engine) -> list[str]:
    """What is missing or other than in the models, by name: `register_gone`, `assessment.refused`,
    `ck_submission_event_action_known`. What the database has besides counts where it would refuse a row of ours."""
    with reading_engine(engine).connect() as connection:
        inspector = inspect(connection)
        tables = set(inspector.get_table_names())
        described = _described(inspector)
    said: list[str] = []
    for table in Base.metadata.sorted_tables:
        if table.name not in tables:
            said.append(table.name)
            continue
        found = {kind: every.get((None, table.name)) or [] for kind, every in described.items()}
        for lacks in (_columns, _keys, _indexes, _checks):
            said += lacks(table, found, engine)
    return sorted(said)


def _described(inspector: Inspector) -> Found:
    return {
        "columns": inspector.get_multi_columns(),
        "key": inspector.get_multi_pk_constraint(),
        "foreign": inspector.get_multi_foreign_keys(),
        "indexes": inspector.get_multi_indexes(),
        "unique": inspector.get_multi_unique_constraints(),
        "checks": inspector.get_multi_check_constraints(),
    }


def _columns(table: Table, found: Found, engine: Engine) -> list[str]:
    there = {column["name"]: column for column in found["columns"]}
    said = []
    for column in table.columns:
        one = there.pop(column.name, None)
        same = one is not None and one["nullable"] == column.nullable
        if one is None or not same or one["type"].compile(engine.dialect) != column.type.compile(engine.dialect):
            said.append(f"{table.name}.{column.name}")
    required = [name for name, column in there.items() if not column["nullable"] and column["default"] is None]
    return said + [f"{table.name}.{name}" for name in required]


def _keys(table: Table, found: Found, _engine: Engine) -> list[str]:
    primary = [column.name for column in table.primary_key.columns]
    said = [] if found["key"]["constrained_columns"] == primary else [str(table.primary_key.name)]
    foreign = {
        (*key["constrained_columns"], key["referred_table"], *key["referred_columns"]) for key in found["foreign"]
    }
    unique = {tuple(key["column_names"]) for key in found["unique"]}
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            referred = (element.column.name for element in constraint.elements)
            there = (*constraint.column_keys, constraint.referred_table.name, *referred) in foreign
        elif isinstance(constraint, UniqueConstraint):
            there = tuple(column.name for column in constraint.columns) in unique
        else:
            continue
        said += [] if there else [str(constraint.name)]
    return said


def _indexes(table: Table, found: Found, _engine: Engine) -> list[str]:
    there = {(tuple(index["column_names"]), bool(index["unique"])) for index in found["indexes"]}
    return [
        str(index.name)
        for index in table.indexes
        if (tuple(column.name for column in index.columns), index.unique) not in there
    ]


def _checks(table: Table, found: Found, _engine: Engine) -> list[str]:
    """A CHECK is known by its name, and by the words that it lets in: databases write the rest in their own way."""
    there = {check["name"]: _words(check["sqltext"]) for check in found["checks"]}
    return [
        str(constraint.name)
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
        and there.get(str(constraint.name)) != _words(str(constraint.sqltext))
    ]


def _words(condition: str) -> set[str]:
    """Without numbers: PostgreSQL writes -90 as '-90'::integer."""
    return {word for word in re.findall(r"'([^']*)'", condition) if not re.fullmatch(r"-?[\d.]+", word)}

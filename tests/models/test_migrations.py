"""A migrated database is what the models say, CHECK constraints included (`alembic check` does not look at those)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, inspect

from migrations.upgrade import upgrade
from models import Base
from models.engine import open_engine


def described(engine: Engine) -> dict[str, Any]:
    """Every table by its columns, keys, indexes and CHECKs, in an order that does not depend on how it was made."""
    inspector = inspect(engine)
    return {
        table: {
            "columns": sorted((c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)),
            "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(
                (k["constrained_columns"], k["referred_table"], k["referred_columns"])
                for k in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted((i["name"] or "", i["column_names"], i["unique"]) for i in inspector.get_indexes(table)),
            "unique": sorted(u["column_names"] for u in inspector.get_unique_constraints(table)),
            "checks": sorted((c["name"] or "", c["sqltext"]) for c in inspector.get_check_constraints(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrations_make_exactly_the_tables_of_the_models(databases: Any) -> None:
    urls = databases.empty(), databases.empty()
    migrated, made = (open_engine(url) for url in urls)
    upgrade(migrated)
    Base.metadata.create_all(made)
    try:
        assert described(migrated) == described(made)
    finally:
        for engine, url in ((migrated, urls[0]), (made, urls[1])):
            engine.dispose()
            databases.drop(url)

"""Alembic's way in: on the connection it is handed, else on DATABASE_URL (or the instance's own SQLite database)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from alembic import context
from sqlalchemy import Connection

from models import Base, JSONText, UTCDateTime
from models.database import open_engine

config = context.config


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations name SQL types only: a later change of our own types must not rewrite history."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSONText):
        return "sa.Text()"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_types,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def database_url() -> str:
    instance = Path(os.environ.get("INSTANCE") or Path(__file__).parent.parent / "instance").absolute()
    return (
        config.get_main_option("sqlalchemy.url")
        or os.environ.get("DATABASE_URL")
        or f"sqlite:///{instance / 'so-ho.sqlite3'}"
    )


handed = config.attributes.get("connection")
if handed is not None:
    migrate(handed)
else:
    with open_engine(database_url()).connect() as own:
        migrate(own)
        own.commit()

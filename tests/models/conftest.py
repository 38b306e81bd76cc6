"""What a migrated database is held against, and databases as a migration left them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from migrations.upgrade import FOLDER
from models import Base
from models.database import open_engine
from tests.databases import described


@pytest.fixture(scope="module")
def wanted(databases: Any) -> dict[str, Any]:
    """What the models say, as the database itself tells it."""
    url = databases.empty()
    engine = open_engine(url)
    Base.metadata.create_all(engine)
    try:
        return described(engine)
    finally:
        engine.dispose()
        databases.drop(url)


def migrate(engine: Engine, revision: str, step: Callable[[Config, str], None] = command.upgrade) -> None:
    """Bring a database up to a revision, or with `command.downgrade` back to it."""
    config = Config()
    config.set_main_option("script_location", FOLDER)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        step(config, revision)


@contextmanager
def revisions(databases: Any) -> Iterator[Callable[[str], Engine]]:
    """As `left_at`, for as long as it is open."""
    made: list[tuple[str, Engine]] = []

    def make(revision: str) -> Engine:
        url = databases.empty()
        engine = open_engine(url)
        made.append((url, engine))
        migrate(engine, revision)
        return engine

    yield make
    for url, engine in made:
        engine.dispose()
        databases.drop(url)


@pytest.fixture
def left_at(databases: Any) -> Iterator[Callable[[str], Engine]]:
    """`left_at("0010")`: an empty database of that revision."""
    with revisions(databases) as make:
        yield make

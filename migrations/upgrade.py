"""Bring a database to the newest schema: what `flask --app app migrate` and the tests call."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

FOLDER = str(Path(__file__).parent)


def upgrade(engine: Engine) -> None:
    """Run what has not run yet, in one transaction."""
    config = Config()
    config.set_main_option("script_location", FOLDER)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

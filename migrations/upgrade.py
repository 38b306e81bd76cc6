"""Bring a database to the newest schema: what `flask --app app migrate` and the tests call."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

FOLDER = str(Path(__file__).parent)


def upgrade(engine: Engine) -> None:
    """Run what has not run yet, in one transaction."""
    config = Config()
    config.set_main_option("script_location", FOLDER)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        _forget_passed(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")


def _forget_passed(connection: Connection, history: ScriptDirectory) -> None:
    """Between two days of its history 0006 did not follow 0004: a database may name both as where it stands."""
    stands = set(MigrationContext.configure(connection).get_current_heads())
    for newest in stands if len(stands) > 1 else ():
        passed = {step.revision for step in history.iterate_revisions(newest, "base")} - {newest}
        for revision in passed & stands:
            connection.execute(text("DELETE FROM alembic_version WHERE version_num = :one"), {"one": revision})

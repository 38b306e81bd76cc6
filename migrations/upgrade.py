"""Bring a database to the newest schema: what `flask --app app migrate` and the tests call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

FOLDER = str(Path(__file__).parent)


def upgrade(engine: Engine) -> None:
    """Run what has not run yet, in one transaction. Raises CommandError when rows would name others that are not there;
    then nothing was changed."""
    config = Config()
    config.set_main_option("script_location", FOLDER)
    with engine.connect() as connection, _tables_made_anew(connection), connection.begin():
        config.attributes["connection"] = connection
        _forget_passed(connection, ScriptDirectory.from_config(config))
        stood = MigrationContext.configure(connection).get_current_heads()
        command.upgrade(config, "head")
        if MigrationContext.configure(connection).get_current_heads() != stood:
            _require_whole(connection)


@contextmanager
def _tables_made_anew(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it, dropping it and giving the copy its name. While foreign keys are enforced it
    drops none that other rows name (https://www.sqlite.org/lang_altertable.html#otheralter); within a transaction that
    cannot be changed."""
    if connection.dialect.name != "sqlite":
        yield
        return
    own = connection.connection.cursor()  # a statement of SQLAlchemy's would begin a transaction
    own.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        own.execute("PRAGMA foreign_keys = ON")
        own.close()


def _require_whole(connection: Connection) -> None:
    """What nobody watched over while tables were made anew (a minute in a province)."""
    if connection.dialect.name != "sqlite":
        return
    lost = connection.execute(text('SELECT DISTINCT "table", parent FROM pragma_foreign_key_check')).all()
    if lost:
        names = ", ".join(f"{child} → {parent}" for child, parent in lost)
        raise CommandError(f"rows name others that are not there: {names}")


def _forget_passed(connection: Connection, history: ScriptDirectory) -> None:
    """Between two days of its history 0006 did not follow 0004: a database may name both as where it stands."""
    stands = set(MigrationContext.configure(connection).get_current_heads())
    for newest in stands if len(stands) > 1 else ():
        passed = {step.revision for step in history.iterate_revisions(newest, "base")} - {newest}
        for revision in passed & stands:
            connection.execute(text("DELETE FROM alembic_version WHERE version_num = :one"), {"one": revision})

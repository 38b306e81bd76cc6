"""Databases for the tests: migrated templates, and a fresh copy of one for each test.

PostgreSQL is the one that TEST_POSTGRES_URL names (a superuser's address, any database), else a server of our own,
made with initdb in a temporary folder and stopped at the end. Without its binaries the tests fail, they don't skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from flask import Flask
from sqlalchemy import URL, Dialect, Engine, create_engine, inspect, make_url, text
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models.database import open_engine

Fill = Callable[[Session], object]
Made = TypeVar("Made")
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3


def quick_folder() -> str:
    """Where temporary files are quickest: in memory if there is room. Everything here says fsync, and means it."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return str(MEMORY) if roomy else tempfile.gettempdir()


def _prepare(url: str, fill: Fill) -> None:
    engine = open_engine(url)
    upgrade(engine)
    with Session(engine) as session, session.begin():
        fill(session)
    engine.dispose()


def described(engine: Engine) -> dict[str, Any]:
    """Every table by its columns, keys, indexes and CHECKs, in an order that does not depend on how it was made."""
    inspector = inspect(engine)
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
            ),
            "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(
                (k["constrained_columns"], k["referred_table"], k["referred_columns"])
                for k in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted((i["name"] or "", i["column_names"], i["unique"]) for i in inspector.get_indexes(table)),
            "unique": sorted((u["name"] or "", u["column_names"]) for u in inspector.get_unique_constraints(table)),
            "checks": sorted((c["name"] or "", c["sqltext"]) for c in inspector.get_check_constraints(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def once(app: Flask, session: Session, name: str, lay: Callable[[], Made]) -> Made:
    """What `lay` makes of a test's database, through the app or beside it, is made for the first test that asks and
    copied for the next. What it gives back is the first one's: no row and nothing with a connection."""
    databases, url, engine = app.extensions["databases"], app.config["DATABASE_URL"], app.extensions["engine"]
    is_new = (name,) not in databases.templates
    if is_new:
        databases.made[name] = lay()
    session.close()
    engine.dispose()
    if is_new:
        databases.keep(url, name)
    else:
        databases.become(url, name)
    return databases.made[name]  # type: ignore[no-any-return]


class Statements:
    """SQL that was compiled in one test is not compiled again in the next: an engine keeps it by its own dialect."""

    dialect: Dialect | None = None
    compiled: dict[Any, Any]

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}  # by the name of a template that a test kept

    def share_statements(self, engine: Engine) -> Engine:
        if self.dialect is None:
            engine.connect().close()  # a dialect learns what it speaks with at its first connection
            self.dialect, self.compiled = engine.dialect, {}
        engine.dialect = self.dialect
        return engine.execution_options(compiled_cache=self.compiled)


class SQLite(Statements):
    """Copies of a file."""

    name = "sqlite"

    def __init__(self, folder: Path, fill: Fill) -> None:
        super().__init__()
        self.folder = folder
        self.fill = fill
        self.templates: dict[tuple[Fill | str, ...], str] = {}

    def fresh(self, *more: Fill) -> str:
        """A copy of the template, or of one with more in it, made when it is first asked for."""
        url = self.empty()
        self.become(url, *more)
        return url

    def become(self, url: str, *more: Fill | str) -> None:
        """Put such a copy in the place of the database at `url`, which nobody has open."""
        if more not in self.templates:
            self.templates[more] = self.fresh(*more[:-1]) if more else self.empty()
            _prepare(self.templates[more], more[-1] if more else self.fill)  # type: ignore[arg-type]
        self._copy(self.templates[more], url)

    def keep(self, url: str, name: str) -> None:
        """Let the database at `url`, which nobody has open, be the template of that name."""
        self.templates[name,] = self.empty()
        self._copy(url, self.templates[name,])

    def _copy(self, source: str, url: str) -> None:
        self.drop(url)
        shutil.copyfile(source.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))

    def empty(self) -> str:
        return f"sqlite:///{self.folder / uuid4().hex}.sqlite3"

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)

    def stop(self) -> None:
        pass


class PostgreSQL(Statements):
    """Databases made from a template database."""

    name = "postgresql"

    def __init__(self, folder: Path, fill: Fill) -> None:
        super().__init__()
        given = os.environ.get("TEST_POSTGRES_URL")
        self.server = None if given else Server()
        self.url = make_url((given or self.server.url).replace("postgresql://", "postgresql+psycopg://", 1))  # type: ignore[union-attr]
        self.admin = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with self.admin.connect() as connection:  # copies the files, not page by page through the log
            old = connection.dialect.server_version_info < (15,)  # type: ignore[operator]
        self.strategy = "" if old else "STRATEGY file_copy"
        self.fill = fill
        self.templates: dict[tuple[Fill | str, ...], str] = {}

    def empty(self) -> str:
        url = self._named()
        self._create(url, "template1")
        return url

    def fresh(self, *more: Fill) -> str:
        """A copy of the template, or of one with more in it, made when it is first asked for."""
        url = self._named()
        self.become(url, *more)
        return url

    def become(self, url: str, *more: Fill | str) -> None:
        """Put such a copy in the place of the database at `url`, which nobody has open."""
        if more not in self.templates:
            self.templates[more] = self.fresh(*more[:-1]) if more else self.empty()
            _prepare(self.templates[more], more[-1] if more else self.fill)  # type: ignore[arg-type]
        self.drop(url)
        self._create(url, make_url(self.templates[more]).database or "")

    def keep(self, url: str, name: str) -> None:
        """Let the database at `url`, which nobody has open, be the template of that name."""
        self.templates[name,] = self._named()
        self._create(self.templates[name,], make_url(url).database or "")

    def _named(self) -> str:
        return self.url.set(database=f"test_{uuid4().hex}").render_as_string(hide_password=False)

    def _create(self, url: str, template: str) -> None:
        with self.admin.connect() as connection:
            name = make_url(url).database
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {self.strategy}'))

    def drop(self, url: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)'))

    def stop(self) -> None:
        for template in self.templates.values():
            self.drop(template)
        self.admin.dispose()
        if self.server:
            self.server.stop()


class Server:
    """A PostgreSQL server of our own; durability is off, nothing in it outlives the tests. With a `password` nobody
    comes in without it (SCRAM)."""

    def __init__(self, password: str | None = None) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        which = shutil.which("initdb")
        binaries = found[-1].parent if found else Path(which).parent if which else None
        if binaries is None:
            raise RuntimeError("PostgreSQL is not installed (apt-get install postgresql), nor is TEST_POSTGRES_URL set")
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="so-ho-pg-", dir=quick_folder()))
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres", pwd.getpwnam("postgres").pw_gid)
        way_in = ["-A", "trust"]
        if password is not None:
            kept = self.folder / "password"
            kept.write_text(password + "\n", "utf-8")
            kept.chmod(0o644)
            way_in = ["-A", "scram-sha-256", f"--pwfile={kept}"]
        self._run("initdb", "-D", f"{self.folder}/data", "-U", "test", *way_in, "-E", "UTF8", "--locale=C", "-N")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-k {self.folder} -h 127.0.0.1 -p {port} -c fsync=off -c full_page_writes=off -c max_connections=200"
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")
        self.url = URL.create("postgresql", "test", password, "127.0.0.1", port, "postgres").render_as_string(False)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(
            [str(self.binaries / program), *arguments],
            check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user,  # type: ignore[call-overload]
        )  # fmt: skip

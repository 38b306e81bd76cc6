"""Backup and restore on a PostgreSQL that asks for a password: it opens the database and is told to nobody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from app import create_app
from migrations.upgrade import upgrade
from models.database import open_engine
from survey.web.session import get_engine
from tests.databases import Server
from tests.recipients import identity_file, name_recipients

pytestmark = pytest.mark.postgresql
PASSWORD = "p@ss:wo/rd%41&$HOME 'quoted' \"so\" \\back #x?y=z mật khẩu "
PROGRAMS = ("pg_dump", "pg_restore", "psql")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server(PASSWORD)
    yield made
    made.stop()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PostgreSQL's programs, each of whose calls is written down with its arguments."""
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    folder.mkdir()
    calls.touch()
    for program in PROGRAMS:
        real = shutil.which(program)
        assert real, f"PostgreSQL's {program} is not installed"
        (folder / program).write_text(f'#!/bin/sh\nprintf "%s\\n" "{program}" "$@" >>"{calls}"\nexec {real} "$@"\n')
        (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return calls


def database(server: Server, name: str) -> URL:
    made = make_url(server.url).set(drivername="postgresql+psycopg")
    engine = create_engine(made, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server.url).set(database=name)


def run(url: str, instance: Path, *words: str) -> Result:
    app = create_app({"DATABASE_URL": url, "INSTANCE": instance})
    result = app.test_cli_runner().invoke(args=list(words))
    with app.app_context():
        get_engine().dispose()
    return result


def in_the_address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def in_its_query(url: URL) -> str:
    """The same way in, all of it in the query; and what libpq knows no environment variable for."""
    query = {"host": str(url.host), "port": str(url.port), "user": "test", "password": PASSWORD, "keepalives": "1"}
    return URL.create("postgresql", database=url.database, query=query).render_as_string(hide_password=False)


@pytest.mark.parametrize("written", [in_the_address, in_its_query])
def test_a_backup_is_made_and_put_back_with_a_password_that_no_list_of_processes_shows(
    server: Server, watched: Path, tmp_path: Path, written: Any
) -> None:
    instance, copy = tmp_path / "instance", tmp_path / "copy"
    url = database(server, "so_ho")
    engine = open_engine(written(url))
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO place VALUES ('14', 'province', NULL)"))
    engine.dispose()
    with pytest.raises(OperationalError):
        create_engine(url.set(drivername="postgresql+psycopg", password="another")).connect()
    instance.mkdir()
    name_recipients(instance)
    made = run(written(url), instance, "backup", "make", str(copy))
    assert made.exit_code == 0, made.output
    assert (copy / "so-ho.pgdump.age").stat().st_size > 0
    identity = identity_file(tmp_path)
    tried = run(written(url), instance, "backup", "drill", str(copy), "--identity", identity)
    assert tried.exit_code == 0, tried.output

    other = database(server, "so_ho_2")
    for _ in range(2):  # into an empty place, then over what stands there, which is put aside by a dump
        words = ("backup", "restore", str(copy), "--replace", "--identity", identity)
        done = run(written(other), tmp_path / "instance-2", *words)
        assert done.exit_code == 0, done.output
    engine = open_engine(written(other))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM place")).scalars().all() == ["14"]
    engine.dispose()
    calls = watched.read_text("utf-8")
    assert {program for program in PROGRAMS if program in calls.splitlines()} == set(PROGRAMS)
    for said in (calls, made.output, done.output):
        assert not [piece for piece in (PASSWORD, PASSWORD.strip(), "p@ss", "%40ss", "***") if piece in said]


def test_what_goes_wrong_is_said_in_one_line_without_the_password(server: Server, tmp_path: Path) -> None:
    url = database(server, "so_ho")
    engine = open_engine(in_the_address(url))
    upgrade(engine)
    engine.dispose()
    work = tmp_path / "file"
    work.touch()
    (tmp_path / "instance").mkdir()
    name_recipients(tmp_path / "instance")
    refused = run(in_the_address(url), tmp_path / "instance", "backup", "make", str(work / "copy"))
    assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1), refused.output
    wrong = in_the_address(url.set(password="sai mật khẩu@"))
    with pytest.raises(SystemExit) as ended:
        refused = run(wrong, tmp_path / "instance", "backup", "make", str(tmp_path / "copy"))
        raise SystemExit(refused.output)
    assert "Không mở được cơ sở dữ liệu" in str(ended.value)
    assert not [piece for piece in ("sai mật khẩu", "sai%20", "Traceback") if piece in str(ended.value)]

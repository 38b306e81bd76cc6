"""What every server test stands on: a migrated database with a small Sơn La, a fixed clock, signed-in browsers."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app import create_app
from models import Account, writer_queue
from models.database import reading_engine
from survey.accounts import sessions
from survey.accounts.accounts import find_account
from survey.accounts.escrow import make_key
from survey.web.release import app_version
from survey.web.session import open_database
from tests import statements, world
from tests.databases import PostgreSQL, SQLite, quick_folder
from tests.interviews import ROUND, open_small_round
from tests.protocol import check
from tests.thrift import spare, sweep_seldom
from tests.turns import Watch


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders in memory, and little work that no test asks about."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", quick_folder())
    spare()
    writer_queue.WAY = 0.0  # here nobody else writes; an office of a test is a process of its own and waits as ever
    settings.register_profile("no clock", deadline=None)  # how long an example takes is the machine's business
    settings.load_profile("no clock")
    if NOTES and not CHOSEN:
        config.pluginmanager.register(statements.Noting(Path(NOTES)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What the desk does in Chromium is gone through on SQLite; on PostgreSQL too it is the long way."""
    for item in items:
        if item.get_closest_marker("phone") and item.get_closest_marker("postgresql"):
            item.add_marker("journey")
    if NOTES and CHOSEN:
        statements.select(config, items, Path(NOTES), CHOSEN)


def pytest_collection_finish() -> None:
    sweep_seldom()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """For PostgreSQL only what speaks to a database is read."""
    if NOTES and CHOSEN in ("enough", "rest") and collection_path.suffix == ".py":
        return statements.says_nothing(collection_path, Path(NOTES)) or None
    return None


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes have no place in a test's name: made anew in each worker (gzip carries the time) they would differ."""
    return "bytes" if isinstance(val, bytes) and len(val) > 12 else None


# Of tests/statements.py: where is noted what tests say to SQLite, and which are run by that: enough, the rest, few.
NOTES, CHOSEN = os.environ.get("NOTES"), os.environ.get("CHOSEN")

ON_POSTGRESQL = pytest.param(PostgreSQL, marks=pytest.mark.postgresql)


class Clock:
    """The server's time: stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = world.NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Browser(FlaskClient):
    """A client that sends its CSRF token with every request that writes, as the product's pages do. What it hears below
    /api/ is held against openapi.json."""

    csrf: str | None = None
    is_of_a_phone = True  # what it sends there is held against that too; False for what no phone sends

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if self.csrf and kwargs.get("method") not in (None, "GET", "HEAD"):
            headers = dict(kwargs.pop("headers", None) or {})
            headers.setdefault("X-CSRF-Token", self.csrf)
            kwargs["headers"] = headers
        answer = super().open(*args, **kwargs)
        for one in (*answer.history, answer):
            check(one, kwargs.get("json", kwargs.get("data")), is_of_a_phone=self.is_of_a_phone)
        return answer


@pytest.fixture(scope="session", params=[SQLite, ON_POSTGRESQL], ids=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One kind of database, with a template that holds the world."""
    made = request.param(tmp_path_factory.mktemp("databases"), world.build)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def escrow_key() -> bytes:
    """An escrow key made once, not once a test."""
    return make_key()


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory, escrow_key: bytes) -> Flask:
    """The app with its routes, templates and keys, wired once and not once a test. It has no database."""
    instance = tmp_path_factory.mktemp("wired") / "instance"
    instance.mkdir(mode=0o700)
    (instance / "escrow.key").write_bytes(escrow_key)
    made = create_app({"DATABASE_URL": f"sqlite:///{instance}/none.sqlite3", "INSTANCE": instance, "TESTING": True})
    made.test_client_class = Browser
    with made.test_request_context():
        app_version()
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(databases: Any, tmp_path: Any, clock: Clock, wired: Flask, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The app on a fresh copy of the world, with the small round in it for a test that asks for that."""
    url = databases.fresh(*([open_small_round] if "small_round" in request.fixturenames else []))
    instance = shutil.copytree(wired.instance_path, tmp_path / "instance")
    made = copy.copy(wired)
    made.instance_path = str(instance)
    made.config = copy.copy(wired.config)
    made.config.update(DATABASE_URL=url, INSTANCE=instance, CLOCK=clock)
    made.extensions = dict(wired.extensions)
    made.view_functions = dict(wired.view_functions)
    open_database(made)
    watch = Watch(made.extensions["engine"])
    engine = databases.share_statements(made.extensions["engine"])
    made.extensions.update(engine=engine, reading_engine=reading_engine(engine), databases=databases)
    yield made
    wrong = [] if request.node.get_closest_marker("miscounts") else world.miscounted(made.extensions["reading_engine"])
    made.extensions["engine"].dispose()
    databases.drop(url)
    assert watch.found == [], "bound rows were written without the turn of their commune (tests/turns.py)"
    assert wrong == [], "what is counted is not what stands in the rows (survey/tallies)"


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A Session of the test's own. Commit what the app shall see; `rollback()` to see what it did."""
    # On SQLite a writing transaction would lock the app out from its first read on.
    with Session(app.extensions["reading_engine"]) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser that nobody is signed in with."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def login_as(app: Flask, clock: Clock, request: pytest.FixtureRequest) -> Callable[[str], Browser]:
    """`login_as("supervisor")`: a browser with that account's session. Accounts are named in tests/world.py."""

    def sign_in(username: str) -> Browser:
        with Session(app.extensions["reading_engine"]) as reading:
            account = find_account(reading, username)
            assert account is not None, f"no account {username} in tests/world.py"
        if "session" in request.fixturenames:
            let_write(request.getfixturevalue("session"))
        return browser_of(app, account, clock.now)

    return sign_in


def let_write(session: Session) -> None:
    """Let a test's Session that has only read so far see what is written now: SQLite would refuse its own writing."""
    if not (session.new or session.dirty or session.deleted):
        session.rollback()


def browser_of(app: Flask, account: Account, since: datetime) -> Browser:
    """Somebody who has just signed in."""
    with Session(app.extensions["engine"]) as writing, writing.begin():
        _row, text = sessions.begin(writing, account, since)
    browser: Any = app.test_client()
    with browser.session_transaction() as cookie:
        cookie.permanent = True
        cookie.update(sid=text, csrf_token="0" * 40)
    browser.csrf = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps("0" * 40)
    return browser  # type: ignore[no-any-return]


@pytest.fixture
def small_round(app: Flask) -> str:
    """A round over five households asked with the small questionnaire of tests/interviews.py; its id."""
    return ROUND

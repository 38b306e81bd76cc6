"""A server that can be stopped, and a phone that can be killed. Chromium is required: without it these tests fail."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from pprint import pformat
from typing import NamedTuple
from uuid import uuid4

import pytest
from playwright.sync_api import Error, Playwright
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models.database import open_engine
from tests import chromium
from tests.databases import Fill
from tests.phone import village
from tests.phone.phone import HEIGHT, WIDTH, Phone, Server

playwright = chromium.playwright  # the fixture
FAILED = pytest.StashKey[bool]()


class Enrolled(NamedTuple):
    """An office and a phone that has signed in at it, both switched off: to be copied."""

    office: Path
    profile: Path
    port: int


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fill], Path]:
    """`filled(build)`: a migrated database with what that lays in it, made once for whichever file asks, to be
    copied."""
    made: dict[str, Path] = {}

    def fill(build: Fill) -> Path:
        name = f"{build.__module__}.{build.__qualname__}"
        if name not in made:
            path = made[name] = tmp_path_factory.mktemp("built") / "so-ho.sqlite3"
            engine = open_engine(f"sqlite:///{path}")
            upgrade(engine)
            with Session(engine) as session, session.begin():
                build(session)
            engine.dispose()
        return made[name]

    return fill


@pytest.fixture(scope="module")
def built(filled: Callable[[Fill], Path]) -> Path:
    """The village's. A file that is about another questionnaire has its own."""
    return filled(village.build)


@pytest.fixture(scope="session")
def ports() -> Iterator[int]:
    """Free ports below those that the system hands out: a phone keeps what it knows by address, port and all."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return filter(is_free, itertools.count(20_000 + 200 * worker))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def enrolments() -> dict[Path, Enrolled]:
    return {}


@pytest.fixture(scope="module")
def enrolled(
    playwright: Playwright,
    built: Path,
    ports: Iterator[int],
    enrolments: dict[Path, Enrolled],
    tmp_path_factory: pytest.TempPathFactory,
) -> Enrolled:
    """Once for every database: signing in and fetching every file of the app takes longer than most tests."""
    if built not in enrolments:
        office, profile = tmp_path_factory.mktemp("office"), tmp_path_factory.mktemp("profile")
        shutil.copy(built, office / "so-ho.sqlite3")
        server = Server(office, next(ports))
        server.start()
        phone = Phone(playwright, profile, server.address)
        phone.enrol()
        phone.switch_off()
        server.stop()
        assert phone.errors == []
        enrolments[built] = Enrolled(office, profile, server.port)
    return enrolments[built]


class Handed:
    """The phone that one test of a file hands to the next, with its office: opened when it is first asked for."""

    def __init__(self, playwright: Playwright, enrolled: Enrolled, folder: Path) -> None:
        self.playwright, self.enrolled, self.folder = playwright, enrolled, folder
        self.phone: Phone | None = None
        self.server: Server

    def on(self, kind: type[Phone]) -> Phone:
        """It stands at the list of households, as wide as it was, with the office there."""
        if self.phone is None:
            folder = self.folder / uuid4().hex
            self.server = Server(shutil.copytree(self.enrolled.office, folder / "instance"), self.enrolled.port)
            self.server.start()
            self.phone = kind(
                self.playwright, shutil.copytree(self.enrolled.profile, folder / "profile"), self.server.address
            )
            self.phone.open()
            self.phone.synced()
        if self.server.process is None:
            self.server.start()
        self.phone.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        self.phone.go_home()
        return self.phone

    def put_away(self) -> None:
        if self.phone is not None:
            self.phone.switch_off()
            self.server.stop()
            self.phone = None


@pytest.fixture(scope="module")
def handed(playwright: Playwright, enrolled: Enrolled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    made = Handed(playwright, enrolled, tmp_path_factory.mktemp("handed"))
    yield made
    made.put_away()


@pytest.fixture
def used_phone(handed: Handed, request: pytest.FixtureRequest) -> Iterator[Phone]:
    """A phone that tests of this file before may have interviewed with: to open one costs more than most tests. For a
    test that asks a household of its own, counts nothing and leaves the page as it was; after one that failed the next
    has another."""
    phone = handed.on(getattr(request.module, "PHONE", Phone))
    yield phone
    errors, phone.errors[:] = list(phone.errors), []
    if errors or request.node.stash.get(FAILED, False):
        handed.put_away()
    assert errors == []


@pytest.fixture
def server(enrolled: Enrolled, handed: Handed, tmp_path: Path) -> Iterator[Server]:
    handed.put_away()  # its office has the same port
    folder = shutil.copytree(enrolled.office, tmp_path / "instance")
    made = Server(folder, enrolled.port)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def profile(enrolled: Enrolled, tmp_path: Path) -> Path:
    """What a phone that signed in before has on its disk."""
    return shutil.copytree(enrolled.profile, tmp_path / "profile")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """What stood on the phone when its test failed belongs to the report: a rare fault is seen once."""
    report = yield
    item.stash[FAILED] = call.excinfo is not None
    given = getattr(item, "funcargs", {})
    phone = given.get("phone") or given.get("used_phone")
    if call.when == "call" and call.excinfo is not None and isinstance(phone, Phone):
        try:
            standing = phone.standing()
        except Error as error:
            standing = error
        report.sections.append(("The phone", pformat(standing)))
    return report


@pytest.fixture
def phone(playwright: Playwright, server: Server, profile: Path) -> Iterator[Phone]:
    """A phone that signed in before, opened at the list of households."""
    made = Phone(playwright, profile, server.address)
    made.open()
    made.synced()
    yield made
    made.switch_off()
    assert made.errors == []


@pytest.fixture
def new_phone(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Phone]:
    """A phone that has never seen the app, and takes the time that a PIN takes."""
    made = Phone(playwright, tmp_path / "new-profile", server.address, is_quick=False)
    yield made
    made.switch_off()
    assert made.errors == []

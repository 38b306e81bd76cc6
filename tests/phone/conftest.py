"""A server that can be stopped, and a phone that can be killed. Chromium is required: without it these tests fail."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from typing import NamedTuple

import pytest
from playwright.sync_api import Error, Playwright
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models.database import open_engine
from tests import chromium
from tests.phone import village
from tests.phone.phone import Phone, Server

playwright = chromium.playwright  # the fixture


class Enrolled(NamedTuple):
    """An office and a phone that has signed in at it, both switched off: to be copied."""

    office: Path
    profile: Path
    port: int


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with the village in it, to be copied."""
    path = tmp_path_factory.mktemp("village") / "so-ho.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    with Session(engine) as session, session.begin():
        village.build(session)
    engine.dispose()
    return path


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


@pytest.fixture
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


@pytest.fixture
def server(enrolled: Enrolled, tmp_path: Path) -> Iterator[Server]:
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
    phone = getattr(item, "funcargs", {}).get("phone")
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
    """A phone that has never seen the app."""
    made = Phone(playwright, tmp_path / "new-profile", server.address)
    yield made
    made.switch_off()
    assert made.errors == []

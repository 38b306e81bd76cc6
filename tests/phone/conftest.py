"""A server that can be stopped, and a phone that can be killed. Chromium is required: without it these tests fail."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models.engine import open_engine
from tests.phone import village
from tests.phone.phone import Phone, Server


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


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


@pytest.fixture
def server(built: Path, tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "instance"
    folder.mkdir()
    shutil.copy(built, folder / "so-ho.sqlite3")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Server(folder, port)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def phone(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Phone]:
    made = Phone(playwright, tmp_path / "profile", server.address)
    yield made
    made.switch_off()
    assert made.errors == []

"""One story on both databases: the same acts and interviews, with the same ids and clock, leave the same rows in every
table and are proved by the same root."""

from __future__ import annotations

import json
import os
import random
import zlib
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import create_app
from models import Base, Round, RoundProof, ServerState
from survey.accounts.accounts import find_account
from survey.evidence.signing import Signer
from survey.rounds import closing
from tests import world
from tests.conftest import Browser, browser_of
from tests.databases import PostgreSQL, SQLite
from tests.interviews import ROUND, accept_all, open_small_round
from tests.rounds.test_any_round import discard_what_is_held, visit, write_down
from tests.world import COMMUNE, NOW

KEY = Signer(b"p" * 32)


class Chance:
    """What the system's randomness is taken from: the same ids, salts and blindings each time it is begun anew."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begin(0)
        monkeypatch.setattr(os, "urandom", lambda size: self.source.randbytes(size))
        monkeypatch.setattr(random, "_urandom", lambda size: self.source.randbytes(size))

    def begin(self, seed: int) -> None:
        self.source = Random(seed)


def told(kind: Any, folder: Path, chance: Chance) -> tuple[dict[str, list[Any]], str]:
    """Every row by its table, and the root that is printed with the proof."""

    def begin(session: Session) -> None:
        chance.begin(1)
        world.build(session)
        session.execute(update(ServerState).values(value="mot-may-chu"))

    def open_round(session: Session) -> None:
        chance.begin(2)
        open_small_round(session)

    folder.mkdir()
    instance = folder.parent / "instance"  # with one set of keys
    instance.mkdir(mode=0o700, exist_ok=True)
    databases = kind(folder, begin)
    try:
        url = databases.fresh(open_round)
        app = create_app({"DATABASE_URL": url, "INSTANCE": instance, "TESTING": True, "CLOCK": lambda: NOW})
        app.test_client_class = Browser
        with Session(app.extensions["reading_engine"]) as session:
            chance.begin(3)
            tell(app, session)
            rows = {
                name: sorted(([same(cell) for cell in row] for row in session.execute(select(table))), key=repr)
                for name, table in Base.metadata.tables.items()
            }
            root = session.scalars(select(RoundProof.anchor)).one()
        app.extensions["engine"].dispose()
        return rows, root
    finally:
        databases.stop()


def tell(app: Flask, session: Session) -> None:
    def login_as(name: str) -> Browser:
        account = find_account(session, name)
        assert account is not None
        return browser_of(app, account, NOW)

    story = Random(7)
    visit(session, login_as, story, 0.7)
    write_down(session, story, 6)
    accept_all(session, login_as, COMMUNE)
    write_down(session, story, 4)
    accept_all(session, login_as, COMMUNE)
    discard_what_is_held(session)
    session.rollback()
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=KEY)
    session.commit()


def same(value: Any) -> Any:
    """A cell in the words of neither: an instant in UTC, the hashes that a proof keeps in no order."""
    if isinstance(value, bytes) and value.startswith(b"x"):
        return {table: sorted(rows.items()) for table, rows in json.loads(zlib.decompress(value)).items()}
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@pytest.mark.postgresql
def test_one_story_leaves_the_same_rows_and_root_on_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world._hash_once(world.PASSWORD)  # its salt is drawn once for both
    chance = Chance(monkeypatch)
    (here, root), (there, other) = (told(kind, tmp_path / kind.name, chance) for kind in (SQLite, PostgreSQL))
    assert {name for name in here if here[name] != there[name]} == set()
    assert len(here["register_event"]) > 10
    assert root == other

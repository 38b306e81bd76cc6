"""The office: a folder with the database, files and keys, and the server on it, which can be killed and restored."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import Account
from models.database import open_engine
from survey.accounts import sessions
from survey.accounts.escrow import make_key
from survey.evidence.signing import Signer
from survey.operations.backup import back_up
from survey.operations.restore import restore
from tests import interviews, world
from tests.faults import serve
from tests.faults.serve import CLOCK, DIES_AT_COMMIT, DIES_IN, NEVER, SWITCHES
from tests.recipients import OPERATOR, name_recipients
from tests.thrift import tables_of

DATABASE = "so-ho.sqlite3"

# Each server is forked from one process that has loaded the product and started nothing.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.warm"])


def build(folder: Path) -> None:
    """A migrated database with the small world and round of the tests: to be copied for each seed."""
    folder.mkdir(parents=True)
    engine = open_engine(f"sqlite:///{folder / DATABASE}")
    upgrade(engine)
    with Session(engine) as session, session.begin():
        world.build(session)
        interviews.open_small_round(session)
    engine.dispose()
    (folder / "session.key").write_bytes(b"s" * 32)
    (folder / "escrow.key").write_bytes(make_key())
    (folder / "receipt.key").write_bytes(b"r" * 32)
    name_recipients(folder)


class Office:
    """A copy of `template` in `folder`. Its time begins at world.NOW, whatever day it is."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = Path(shutil.copytree(template, folder / "instance"))
        self.backup = folder / "backup"
        self.switches = PROCESSES.RawArray("q", SWITCHES)
        self.switches[CLOCK] = self.true_ahead = int((world.NOW - datetime.now(UTC)).total_seconds())
        self.spare()
        engine = self._engine()
        self.tables = tables_of(engine)
        engine.dispose()  # a database that somebody has open is not restored
        self.process: ForkServerProcess | None = None
        self.port = 0
        self.release = "release-1"

    # The server

    def start(self) -> None:
        if self.is_up:
            return
        self.stop()
        self.spare()
        started, ours = PROCESSES.Pipe(duplex=False)
        arguments = (self.folder, self.release, self.tables, self.switches, ours)
        self.process = PROCESSES.Process(target=serve.serve, args=arguments, daemon=True)
        self.process.start()
        ours.close()
        self.port = started.recv()

    def stop(self) -> None:
        """SIGKILL: what a power cut is to the office."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None

    def spare(self) -> None:
        """It does not die by itself any more."""
        self.switches[DIES_IN], self.switches[DIES_AT_COMMIT] = NEVER, 0

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.is_alive()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.switches[CLOCK])

    def clock(self, seconds: int) -> None:
        """It is wrong by so much; 0 puts it right."""
        self.switches[CLOCK] = self.true_ahead + seconds

    @property
    def receipt_key(self) -> str:
        """The public key (base64)."""
        return Signer((self.folder / "receipt.key").read_bytes()).public_key

    # The disk

    def back_up(self) -> None:
        """What a nightly job does (`flask backup make`)."""
        name_recipients(self.folder)  # the place may be a copy of another process's, which has other identities
        shutil.rmtree(self.backup, ignore_errors=True)
        back_up(self._engine(), self.folder, self.backup, self.now)

    def restore(self) -> None:
        """The disk died: the last backup is put back (`flask backup restore --replace`). Nobody is signed in then."""
        self.stop()
        restore(self._engine(), self.folder, self.backup, self.now, identities=[OPERATOR], replace=True)
        self.start()

    def _engine(self) -> Engine:
        return open_engine(f"sqlite:///{self.folder / DATABASE}")

    # What people at the desk do

    def changes(self) -> Any:
        """A Session on the office's database, committed at the end."""
        return _changes(f"sqlite:///{self.folder / DATABASE}")

    def ask(self, question: str, *values: Any) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(self.folder / DATABASE, timeout=30)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(question, values).fetchall()

    def cookie(self, username: str) -> str:
        """The cookie of somebody who has just signed in."""
        with self.changes() as session:
            account = session.scalars(select(Account).where(Account.username == username)).one()
            _row, text = sessions.begin(session, account, self.now)
        maker = Flask("cookies")
        maker.secret_key = (self.folder / "session.key").read_bytes()
        signer = SecureCookieSessionInterface().get_signing_serializer(maker)
        kept = {"_permanent": True, "sid": text, "csrf_token": uuid4().hex}
        return f"so_ho={signer.dumps(kept)}"  # type: ignore[union-attr]

    def log(self) -> str:
        """What the server said to its operator."""
        log = self.folder.parent / "log"
        return log.read_text() if log.exists() else ""

    def gone(self) -> set[str]:
        """The ids that it believes to have been lost with a phone's storage."""
        named = [one for row in self.ask("SELECT unsent FROM device") for one in json.loads(row["unsent"])]
        return {one["id"] for one in named if "gone" in one}


class _changes:
    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def __enter__(self) -> Session:
        self.session = Session(self.engine)
        return self.session

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.session.commit()
        self.session.close()
        self.engine.dispose()

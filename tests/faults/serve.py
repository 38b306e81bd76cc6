"""The product in a process of its own that can be hurt from outside, at the point the schedule names.

`SWITCHES` are shared with the suite: numbers that it turns while this process serves.
"""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app import create_app
from scripts.serving import make_server
from survey.accounts import escrow
from tests.thrift import spare, spare_seen_tables

spare()
CLOCK, DIES_IN, DATABASE_FULL, FILES_FULL, DIES_AT_COMMIT = range(5)
SWITCHES = 5
NEVER = -1
BEFORE, AFTER = 1, 2
ROOM = 1_073_741_823  # pages; SQLite's own limit


def serve(folder: Path, release: str, tables: str, switches: Any, started: Connection) -> None:
    """Serve what lies in `folder`, in `tables` that are known to be right, on a port that `started` is told. CLOCK:
    seconds between the machine's time and the office's. DIES_IN: how many things it may still do to its disk before
    SIGKILL. DIES_AT_COMMIT: BEFORE or AFTER the next one."""
    log = os.open(folder.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    url = f"sqlite:///{folder}/so-ho.sqlite3"
    clock = lambda: datetime.now(UTC) + timedelta(seconds=switches[CLOCK])  # noqa: E731
    spare_seen_tables(tables)
    escrow.load_der_private_key = partial(escrow.load_der_private_key, unsafe_skip_rsa_key_validation=True)  # quicker
    app = create_app({"INSTANCE": folder, "DATABASE_URL": url, "CLOCK": clock})
    app.extensions["app_version"] = release
    done = app.test_cli_runner().invoke(args=["migrate"])  # as at each start
    assert done.exit_code == 0, done.output
    _watch_disk(lambda: _step(switches), switches)
    _watch_database(app.extensions["engine"], lambda: _step(switches), switches)
    server = make_server(app, "127.0.0.1", 0)
    started.send(server.effective_port)
    server.run()


def _step(switches: Any) -> None:
    if switches[DIES_IN] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if switches[DIES_IN] > 0:
        switches[DIES_IN] -= 1


def _watch_database(engine: Engine, step: Callable[[], None], switches: Any) -> None:
    """Before each statement, before and after each commit."""

    def limit(connection: Any) -> None:
        raw = connection.connection.cursor()
        used = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count = {used if switches[DATABASE_FULL] else ROOM}")
        raw.close()

    def commits(when: int) -> None:
        if switches[DIES_AT_COMMIT] == when:
            os.kill(os.getpid(), signal.SIGKILL)
        step()

    event.listen(engine, "begin", limit)
    event.listen(engine, "before_cursor_execute", lambda *_: step())
    event.listen(engine, "commit", lambda _: commits(BEFORE))
    event.listen(Session, "after_commit", lambda _: commits(AFTER))


def _watch_disk(step: Callable[[], None], switches: Any) -> None:
    """Before and after each file takes its place. A full disk says so when a file is made (1) or synced (2)."""

    def watched(work: Callable[..., Any], full: int = 0) -> Callable[..., Any]:
        def done(*args: Any, **kwargs: Any) -> Any:
            if full and switches[FILES_FULL] == full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            step()
            result = work(*args, **kwargs)
            step()
            return result

        return done

    os.replace, os.fsync = watched(os.replace), watched(os.fsync, full=2)
    tempfile.mkstemp = watched(tempfile.mkstemp, full=1)

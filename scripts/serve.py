"""Serve Sổ Hộ on this machine: what `make run` does.

Brings the database to the newest schema, loads the demo commune into an empty one, says where to look and with which
accounts, and serves as `scripts/serving.py` says, with a worker of long work beside it. HOST, PORT, INSTANCE and
DATABASE_URL override where.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.cli import ScriptInfo

from app import create_app
from scripts.serving import make_server

ROOT = Path(__file__).resolve().parents[1]


def prepared_app() -> Flask:
    """The app on a migrated database that holds at least the demo commune."""
    app = create_app({"NEW": True})  # whoever runs the demo means a place of its own
    info = ScriptInfo(create_app=lambda: app)
    for command in (["migrate"], ["demo", "--if-empty"]):
        app.cli.main(args=command, prog_name="flask", obj=info, standalone_mode=False)
    return app


def listening_at(host: str, port: int) -> str:
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"  # noqa: S104  # compared, not bound


@contextmanager
def working_beside(app: Flask) -> Iterator[None]:
    """A worker of the app's jobs in a process of its own; it ends with this one, however this one ends."""
    place = {"INSTANCE": str(app.config["INSTANCE"]), "DATABASE_URL": app.config["DATABASE_URL"]}
    command = [sys.executable, "-m", "flask", "--app", "app", "jobs", "work", "--child"]
    worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | place)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def main() -> int:
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    app = prepared_app()
    try:
        server = make_server(app, host, port)
    except OSError as error:
        print(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another: make run PORT=8001", file=sys.stderr)
        return 1
    with working_beside(app):
        print(f"Sổ Hộ: {listening_at(host, port)}   (Ctrl-C: dừng / stop)", flush=True)
        server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

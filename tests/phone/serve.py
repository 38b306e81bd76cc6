"""The product in a process of its own, stopped like a real one."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from waitress.server import create_server

from app import create_app


def serve(folder: Path, port: int, release: str, started: Connection) -> None:
    """Serve what lies in `folder`. Another `release` is a new version of the shell with the same files."""
    app = create_app({"INSTANCE": folder, "DATABASE_URL": f"sqlite:///{folder}/so-ho.sqlite3"})
    if release:
        app.extensions["app_version"] = release
    server = create_server(app, host="127.0.0.1", port=port, threads=8)
    started.send("ready")
    server.run()

"""`python -m tests.phone.serve FOLDER PORT [RELEASE]`: the product in a process of its own, stopped like a real one.

RELEASE names the shell's version: another name is a new release of the same files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from waitress.server import create_server

from app import create_app


def main(folder: str, port: str, release: str = "") -> None:
    app = create_app({"INSTANCE": Path(folder), "DATABASE_URL": f"sqlite:///{folder}/so-ho.sqlite3"})
    if release:
        app.extensions["app_version"] = release
    server = create_server(app, host="127.0.0.1", port=int(port), threads=8)
    print("ready", flush=True)
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])

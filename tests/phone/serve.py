"""The product in a process of its own, stopped like a real one."""

from __future__ import annotations

from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from flask import Flask, Response
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from app import create_app
from scripts.serving import make_server
from survey.accounts import escrow
from survey.web.security import public


class InMemory(BytecodeCache):
    """Templates that this process, or the one it was forked from, has compiled."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = InMemory()


def office(folder: Path) -> Flask:
    """The app on what lies in `folder`: `static` and `sw.js` there are those of another release."""
    app = create_app({"INSTANCE": folder, "DATABASE_URL": f"sqlite:///{folder}/so-ho.sqlite3"})
    app.jinja_env.bytecode_cache = COMPILED
    if (folder / "static").is_dir():
        app.static_folder = str(folder / "static")
    if (folder / "sw.js").is_file():
        former = (folder / "sw.js").read_text()
        app.view_functions["capture.worker"] = public(lambda: Response(former, mimetype="text/javascript"))
    return app


def serve(folder: Path, port: int, release: str, started: Connection) -> None:
    """Serve what lies in `folder`. Another `release` is a new version of the shell with the same files."""
    escrow.load_der_private_key = partial(escrow.load_der_private_key, unsafe_skip_rsa_key_validation=True)  # quicker
    app = office(folder)
    if release:
        app.extensions["app_version"] = release
    server = make_server(app, "127.0.0.1", port)
    started.send("ready")
    server.run()

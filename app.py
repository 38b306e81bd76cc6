"""Sổ Hộ: the whole wiring on one page."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask, Response, jsonify
from sqlalchemy import text
from werkzeug.middleware.proxy_fix import ProxyFix

from survey.demo import commands as demo
from survey.submissions.escrow import Escrow, make_key
from survey.submissions.receipts import Signer
from survey.web import (
    accounts,
    capture,
    collect_keys,
    commands,
    compression,
    desk,
    devices,
    exchange,
    exports,
    language,
    login,
    openrosa,
    points,
    questionnaires,
    register,
    reports,
    review,
    review_compare,
    review_held,
    rounds,
    security,
    session,
    sync,
    uploads,
    vault,
)
from survey.web.security import public

ROOT = Path(__file__).parent
PUSH_LIMIT = 4 * 1024 * 1024
FILE_LIMIT = 8 * 1024 * 1024
BUNDLE_LIMIT = 512 * 1024 * 1024


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """The app. Settings, else the environment, else a folder `instance/` beside this file:

    INSTANCE (folder of database, files, secrets), DATABASE_URL, PROXIES (how many reverse proxies to trust),
    CLOCK (callable → aware UTC datetime), TESTING. The database must have been migrated: `flask --app app migrate`.
    """
    app = Flask(__name__, instance_path=str(_instance(settings)), template_folder="survey/web/templates")
    app.config.update(_configuration(Path(app.instance_path)), **(settings or {}))
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = True  # type: ignore[attr-defined]
    if app.config["PROXIES"]:
        count = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.extensions["signer"] = Signer(app.config["RECEIPT_KEY"])
    app.extensions["escrow"] = Escrow(app.config["ESCROW_KEY"])
    session.init_app(app)
    security.init_app(app)
    language.init_app(app)
    login.init_app(app)
    capture.init_app(app)
    compression.init_app(app)
    for part in (sync, uploads, vault, accounts, rounds, register, collect_keys, exchange):
        app.register_blueprint(part.blueprint)
    openrosa.init_app(app)
    for part in (desk, review, review_held, review_compare, devices, reports, exports, questionnaires, points):
        part.init_app(app)
    commands.init_app(app)
    demo.init_app(app)
    app.add_url_rule("/healthz", view_func=healthz)
    security.check_marks(app)
    return app


@public
def healthz() -> Response:
    """Whether the process serves and its database answers."""
    session.get_session().execute(text("SELECT 1"))
    return jsonify({"status": "ok"})


def _instance(settings: dict[str, Any] | None) -> Path:
    folder = Path((settings or {}).get("INSTANCE") or os.environ.get("INSTANCE") or ROOT / "instance").absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _configuration(instance: Path) -> dict[str, Any]:
    return {
        "INSTANCE": instance,
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{instance / 'so-ho.sqlite3'}",
        "PROXIES": _whole("PROXIES"),
        "SECRET_KEY": _secret(instance / "session.key", lambda: secrets.token_bytes(32)),
        "RECEIPT_KEY": _secret(instance / "receipt.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw()),
        "ESCROW_KEY": _secret(instance / "escrow.key", make_key),
        "SESSION_COOKIE_NAME": "so_ho",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        "MAX_CONTENT_LENGTH": FILE_LIMIT + 1024,
        "PUSH_LIMIT": PUSH_LIMIT,
        "FILE_LIMIT": FILE_LIMIT,
        "BUNDLE_LIMIT": BUNDLE_LIMIT,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form may stay open over a long visit
        "WTF_CSRF_HEADERS": ["X-CSRF-Token", "X-CSRFToken"],
    }


def _whole(name: str) -> int:
    text = os.environ.get(name) or "0"
    if not (text.isascii() and text.isdigit()):
        raise SystemExit(f"{name}={text}: a whole number is wanted.")
    return int(text)


def _secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """A secret made at first start and kept in a file that only its owner reads. It appears whole or not at all:
    neither a crash nor a second process that starts beside this one meets half a key."""
    if not path.exists():
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first: its secret counts
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
    return path.read_bytes()

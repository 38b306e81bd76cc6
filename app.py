"""Sổ Hộ: the whole wiring on one page."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, jsonify
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.middleware.proxy_fix import ProxyFix

from survey.commands import server
from survey.demo import commands as demo
from survey.intake import proposals, supports
from survey.operations.keys import make_missing
from survey.review.proposals import take_up
from survey.supports import from_phones
from survey.web import compression, enrolment, hosts, installation, language, login, security, session, strangers
from survey.web.collect import door, keys
from survey.web.desk import (
    carried,
    compare,
    corrections,
    devices,
    duplicates,
    eyes,
    home,
    household,
    outcomes,
    police,
    quarantine,
    record,
    register_table,
    requests,
    villages,
    workload,
)
from survey.web.feed import door as feed
from survey.web.feed import keys as feed_keys
from survey.web.office import (
    accounts,
    audit,
    factor,
    flows,
    hand_overs,
    jobs,
    points,
    proofs,
    questionnaires,
    readings,
    register_import,
    round_steps,
    rounds,
    sign_ins,
)
from survey.web.phone import shell, sync, uploads, vault
from survey.web.programme import (
    coverage,
    dashboard,
    exports,
    funds,
    house_map,
    layout_days,
    layouts,
    member_lists,
    needs,
    plan,
    programmes,
    project_models,
    reports,
    residents,
    support_lists,
    tasks,
    what_if,
)
from survey.web.programme import (
    supports as support_pages,
)
from survey.web.security import public

ROOT = Path(__file__).parent
PUSH_LIMIT = 4 * 1024 * 1024
FILE_LIMIT = 8 * 1024 * 1024
FILE_QUOTA = 2_000_000_000  # bytes of files that an account may bring within a day: weeks of a busy enumerator
BODY_LIMIT = 9 * 1024 * 1024  # of any request, here and in each proxy; what is larger comes in parts
BUNDLE_LIMIT = 512 * 1024 * 1024


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """The app. Settings, else the environment, else a folder `instance/` beside this file:

    INSTANCE (folder of database, files, secrets), DATABASE_URL, PROXIES (how many reverse proxies to trust),
    TRUSTED_HOSTS (the names under which the server is reached, the one that addresses are made of first; none: any),
    CLOCK (callable → aware UTC datetime), TESTING, NEW (whether the place may be new: its folder and keys are made; so
    unless the environment alone names it, which may be misspelt). The database must have been migrated: `flask --app
    app migrate`. Without settings this is the app to serve: a place that is not whole ends the program in one sentence.
    """
    app = Flask(__name__, instance_path=str(_instance(settings)), template_folder="survey/web/templates")
    language.init_app(app)
    with app.app_context():  # what refuses here says why in words
        _set_up(app, settings)
    hosts.init_app(app)
    strangers.init_app(app)
    security.init_app(app)
    login.init_app(app)
    shell.init_app(app)
    compression.init_app(app)
    for part in (
        sync,
        uploads,
        vault,
        accounts,
        hand_overs,
        enrolment,
        eyes,
        sign_ins,
        factor,
        rounds,
        round_steps,
        proofs,
        flows,
        audit,
        register_import,
        jobs,
        keys,
        feed_keys,
        carried,
    ):
        app.register_blueprint(part.blueprint)
    door.init_app(app)
    feed.init_app(app)
    for part in (
        home,
        record,
        household,
        requests,
        outcomes,
        workload,
        quarantine,
        compare,
        corrections,
        police,
        duplicates,
        devices,
        reports,
        dashboard,
        what_if,
        house_map,
        register_table,
        villages,
        residents,
        plan,
        tasks,
        programmes,
        needs,
        coverage,
        project_models,
        funds,
        layout_days,
        layouts,
        member_lists,
        exports,
        support_pages,
        support_lists,
    ):
        part.init_app(app)
    for part in (questionnaires, points, readings):
        part.init_app(app)
    proposals.takers.are(take_up)
    supports.takers.are(partial(from_phones.take_up, installation.blinded))
    server.init_app(app)
    demo.init_app(app)
    app.add_url_rule("/healthz", view_func=healthz)
    security.check_marks(app)
    if settings is None and _to_serve():
        with app.app_context():
            try:
                installation.require_place()
            finally:
                session.get_engine().dispose()  # whoever serves may fork
    return app


def _set_up(app: Flask, settings: dict[str, Any] | None) -> None:
    """Its settings, its keys, its database."""
    os.umask(0o077)  # whatever is written from here on, by server, worker or command, is its owner's alone
    instance = Path(app.instance_path)
    app.config.update(_configuration(instance, settings), **(settings or {}))
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = True  # type: ignore[attr-defined]
    if app.config["PROXIES"]:
        count = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    if app.config["NEW"]:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_missing(instance)
    installation.take_keys(app)
    session.init_app(app)


@public
def healthz() -> Response:
    """Whether the process serves and its database answers."""
    session.get_session().execute(text("SELECT 1"))
    return jsonify({"status": "ok"})


def _instance(settings: dict[str, Any] | None) -> Path:
    return Path((settings or {}).get("INSTANCE") or os.environ.get("INSTANCE") or ROOT / "instance").absolute()


def _to_serve() -> bool:
    """Not for one of our commands: those say for themselves what they need."""
    command = click.get_current_context(silent=True)
    return command is None or command.info_name == "run"


def _configuration(instance: Path, settings: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "INSTANCE": instance,
        "NEW": settings is not None,
        "TELLS_WHERE": "DATABASE_URL" not in (settings or {}),
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{instance / 'so-ho.sqlite3'}",
        "PROXIES": _whole("PROXIES"),
        "HOSTS": hosts.read_hosts(os.environ.get("TRUSTED_HOSTS") or ""),
        "SESSION_COOKIE_NAME": "so_ho",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
        "MAX_FORM_MEMORY_SIZE": PUSH_LIMIT,  # fields of a form that are no files: codes, a long comment
        "PUSH_LIMIT": PUSH_LIMIT,
        "FILE_LIMIT": FILE_LIMIT,
        "FILE_QUOTA": FILE_QUOTA,
        "BUNDLE_LIMIT": BUNDLE_LIMIT,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form may stay open over a long visit
        "WTF_CSRF_HEADERS": ["X-CSRF-Token", "X-CSRFToken"],
    }


def _whole(name: str) -> int:
    text = os.environ.get(name) or "0"
    if not (text.isascii() and text.isdigit()):
        raise SystemExit(gettext("%(name)s=%(value)s: a whole number is needed.", name=name, value=text))
    return int(text)

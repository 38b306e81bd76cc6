"""The phone's shell: one page, one worker, one manifest; the same bytes for everybody, so that they can be kept.

The worker `static/sw.js` is served at /sw.js (at its own address it would control /static/ only) with this release's
VERSION, FILES and REST in front: the addresses of the shell, each with the SHA-256 of the bytes that are served there
(its modules as one, /modules.json), and the hash of /rest.json, which lists all others. VERSION is a hash of all those:
any change makes a new release, nothing else does.

Scripts and style sheets go out small: without comments and spaces, with short local names (a third of the bytes).
What is in the repository is what runs, and no build step stands between. `make node` runs the modules as they go
out, and tests/gates/test_size.py holds that each of them parses and keeps its imports and exports.
"""

from __future__ import annotations

import json
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request

from survey import terms
from survey.clocks import RELEASED
from survey.web.release import (
    FIRST_LANGUAGE,
    KINDS_PAGE,
    LATER_PAGE,
    MANIFEST,
    MODULES,
    PLAIN_PAGE,
    REST,
    SMALL,
    TYPES,
    app_version,
    bytes_of,
    each_language,
    hashes,
    kind_files,
    later_files,
    shell_files,
    shell_modules,
    small,
    static_folder,
)
from survey.web.security import HEADERS, public

blueprint = Blueprint("capture", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals["each_language"] = each_language
    app.jinja_env.globals["released"] = RELEASED
    app.jinja_env.globals["terms"] = terms  # the official words, for the page
    app.jinja_env.globals["first_language"] = FIRST_LANGUAGE
    app.jinja_env.globals["later_files"] = later_files


@blueprint.get("/")
@public
def page() -> Response:
    """The app. It holds no name, no token, no data."""
    response = _kept("/")
    # The desk shows it in a frame of its own, as the preview of a questionnaire; no other site may.
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = policy
    return response


@blueprint.get("/sw.js")
@public
def worker() -> Response:
    """The service worker of this release."""
    lists = {"VERSION": app_version(), "FILES": hashes(shell_files()), "REST": hashes([REST])[REST]}
    said = "".join(f"const {name} = {json.dumps(value)}\n" for name, value in lists.items())
    response = Response(said + small(static_folder() / "sw.js"), mimetype=SMALL[".js"])
    response.headers["Service-Worker-Allowed"] = "/"
    return _to_be_asked_about(response)


@blueprint.get(MODULES)
@public
def modules() -> Response:
    """Every module of the shell: {address: script}."""
    return _kept(MODULES)


@blueprint.get(REST)
@public
def rest() -> Response:
    """What belongs to this release beside the shell, each address with its hash."""
    return _kept(REST)


@blueprint.get(KINDS_PAGE)
@public
def kinds() -> Response:
    """The templates of the kinds of question that only some questionnaires ask (static/app/delivery.js)."""
    return _kept(KINDS_PAGE)


@blueprint.get(LATER_PAGE)
@public
def later() -> Response:
    """The templates that no first interview needs."""
    return _kept(LATER_PAGE)


@blueprint.get(PLAIN_PAGE)
@public
def plain() -> Response:
    """The way to the interviews on a phone whose app does not start."""
    return _kept(PLAIN_PAGE)


@blueprint.get("/language/<code>.html")
@public
def other_language(code: str) -> Response:
    """Every word of the page in another language than the first."""
    return _kept(f"/language/{code}.html")


@blueprint.get("/static/<any(app, plain):folder>/<path:name>.js")
@public
def module(folder: str, name: str) -> Response:
    """A script of the phone's shell."""
    return _kept(f"/static/{folder}/{name}.js")


@blueprint.get("/static/<any(style, kinds):name>.css")
@public
def style(name: str) -> Response:
    """How the phone's pages look."""
    return _kept(f"/static/{name}.css")


@blueprint.get(MANIFEST)
@public
def manifest() -> Response:
    """What the phone shows when the app is installed."""
    return _kept(MANIFEST)


def _kept(address: str) -> Response:
    """The answer for an address that the phone keeps. Raises 404 for any other."""
    if address not in {*shell_files(), *shell_modules(), *kind_files(), *later_files(), REST}:
        abort(404)
    return _to_be_asked_about(Response(bytes_of(address), mimetype=TYPES.get(Path(address).suffix, "text/html")))


def _to_be_asked_about(response: Response) -> Response:
    """May be kept, must be asked about."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]

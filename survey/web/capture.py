"""The phone's shell: one page, one worker, one manifest; the same bytes for everybody, so that they can be kept.

The worker `static/sw.js` is served at /sw.js (at its own address it would control /static/ only) with this release's
VERSION and FILES in front. VERSION is a hash of all those files: any change makes a new release, nothing else does.

Modules go out without their comments and their spaces (a quarter of the bytes): what is in the repository is what runs,
line for line, and no build step stands between. tests/gates/test_size.py holds that their syntax trees are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import rjsmin
from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request
from flask_babel import force_locale, gettext

from survey import terms
from survey.web.language import LANGUAGES, current_language
from survey.web.security import HEADERS, public

blueprint = Blueprint("capture", __name__)
MANIFEST = "/manifest.webmanifest"
KINDS_PAGE = "/kinds.html"
PRIVATE = "\u01c2"  # a letter to JavaScript, and in none of our scripts


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals["each_language"] = each_language
    app.jinja_env.globals["terms"] = terms  # the official words, for the page


@blueprint.get("/")
@public
def page() -> Response:
    """The app. It holds no name, no token, no data."""
    response = _kept(Response(render_template("app/index.html")))
    # The desk shows it in a frame of its own, as the preview of a questionnaire; no other site may.
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = policy
    return response


@blueprint.get("/sw.js")
@public
def worker() -> Response:
    """The service worker of this release."""
    source = bare(_static() / "sw.js")
    files, kept = json.dumps(["/", MANIFEST, *_files()]), json.dumps([KINDS_PAGE, *_kinds()])
    lists = f'const VERSION = "{app_version()}"\nconst FILES = {files}\nconst KINDS = {kept}'
    response = Response(f"{lists}\n{source}", mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    return _kept(response)


@blueprint.get(KINDS_PAGE)
@public
def kinds() -> Response:
    """The templates of the kinds of question that only some questionnaires ask (static/app/kinds.js)."""
    return _kept(Response(render_template("app/kinds.html")))


@blueprint.get("/static/app/<path:name>.js")
@public
def module(name: str) -> Response:
    """A module of the phone's shell, without its comments."""
    address = f"/static/app/{name}.js"
    if address not in {*_files(), *_kinds()}:
        abort(404)
    return _kept(Response(bare(_path(address)), mimetype="text/javascript"))


@blueprint.get(MANIFEST)
@public
def manifest() -> Response:
    """What the phone shows when the app is installed."""
    sizes = (("192", "any"), ("512", "any"), ("maskable-512", "maskable"))
    icons = [
        {
            "src": f"/static/icons/icon-{name}.png",
            "sizes": f"{name.rpartition('-')[2]}x{name.rpartition('-')[2]}",
            "type": "image/png",
            "purpose": purpose,
        }
        for name, purpose in sizes
        if (_static() / "icons" / f"icon-{name}.png").exists()
    ]
    described = jsonify(
        {
            "id": "/",
            "name": gettext("Sổ Hộ – household review"),
            "short_name": "Sổ Hộ",
            "lang": current_language(),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "orientation": "portrait",
            "theme_color": "#0b6b57",
            "background_color": "#ffffff",
            "icons": icons,
        }
    )
    described.mimetype = "application/manifest+json"
    return _kept(described)


def each_language() -> Iterator[str]:
    """Each language's code in turn; what a template renders meanwhile is in that language."""
    for language in LANGUAGES:
        with force_locale(language):
            yield language


def app_version() -> str:
    """This release: a hash of the shell's files; worked out once a process, or each time while developing."""
    known: str | None = current_app.extensions.get("app_version")
    if known is None or current_app.debug:
        digest = hashlib.sha256(render_template("app/index.html").encode())
        digest.update(bare(_static() / "sw.js").encode())
        digest.update(render_template("app/kinds.html").encode())
        for address in [*_files(), *_kinds()]:
            digest.update(address.encode())
            path = _path(address)
            digest.update(bare(path).encode() if path.suffix == ".js" else path.read_bytes())
        known = current_app.extensions["app_version"] = digest.hexdigest()[:16]
    return known


def bare(path: Path) -> str:
    """A script without comments and without the spaces that mean nothing."""
    return _bare(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=400)
def _bare(path: Path, _changed: int) -> str:
    # rjsmin does not know private names: it would join `a = 1` and `#b = 2` on the next line.
    hidden = path.read_text(encoding="utf-8").replace("#", PRIVATE)
    return str(rjsmin.jsmin(hidden)).replace(PRIVATE, "#")


def _path(address: str) -> Path:
    return _static() / address.removeprefix("/static/")


def _files() -> list[str]:
    """Addresses of the static files that the phone keeps."""
    static = _static()
    found = [
        static / "style.css",
        *static.glob("app/**/*.js"),
        *static.glob("icons/*.svg"),
        *static.glob("icons/*.png"),
    ]
    return sorted(f"/static/{path.relative_to(static).as_posix()}" for path in found if "kinds" not in path.parts)


def _kinds() -> list[str]:
    """Addresses of the static files that a phone keeps once one of its questionnaires needs them."""
    static = _static()
    found = [static / "kinds.css", *static.glob("app/**/kinds/*.js")]
    return sorted(f"/static/{path.relative_to(static).as_posix()}" for path in found)


def _static() -> Path:
    return Path(current_app.static_folder or "")


def _kept(response: Response) -> Response:
    """May be kept, must be asked about."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]

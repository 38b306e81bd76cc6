"""The phone's shell: one page, one worker, one manifest; the same bytes for everybody, so that they can be kept.

The worker `static/sw.js` is served at /sw.js (at its own address it would control /static/ only) with this release's
VERSION and FILES in front. VERSION is a hash of all those files: any change makes a new release, nothing else does.

Scripts and style sheets go out small: without comments and spaces, with short local names (a third of the bytes).
What is in the repository is what runs, and no build step stands between. `make node` runs the modules as they go
out, and tests/gates/test_size.py holds that each of them parses and keeps its imports and exports.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import minify
from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request
from flask_babel import force_locale, gettext

from survey import terms
from survey.submissions.clocks import RELEASED
from survey.web.language import LANGUAGES, current_language
from survey.web.security import HEADERS, public

blueprint = Blueprint("capture", __name__)
MANIFEST = "/manifest.webmanifest"
KINDS_PAGE, LATER_PAGE = "/kinds.html", "/later.html"
FIRST_LANGUAGE = next(iter(LANGUAGES))
SMALL = {".js": "text/javascript", ".css": "text/css"}  # what goes out small, and its type
# The minifier writes Math.trunc(x) as x|0, which is another number for NaN and beyond 2³¹: it does not get to see Math.
MATH, HIDDEN = "Math.", "Math\u01c2."
# Nothing newer than the source may come in: old phones read what we wrote, not what would be shortest today.
minify.config({"js-version": 2017})


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals["each_language"] = each_language
    app.jinja_env.globals["released"] = RELEASED
    app.jinja_env.globals["terms"] = terms  # the official words, for the page
    app.jinja_env.globals["first_language"] = FIRST_LANGUAGE
    app.jinja_env.globals["later_files"] = _later


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
    source = small(_static() / "sw.js")
    files, kept = json.dumps(["/", MANIFEST, *_files()]), json.dumps([KINDS_PAGE, *_kinds(), *_later()])
    lists = f'const VERSION = "{app_version()}"\nconst FILES = {files}\nconst KINDS = {kept}'
    response = Response(f"{lists}\n{source}", mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    return _kept(response)


@blueprint.get(KINDS_PAGE)
@public
def kinds() -> Response:
    """The templates of the kinds of question that only some questionnaires ask (static/app/kinds.js)."""
    return _kept(Response(render_template("app/kinds.html")))


@blueprint.get(LATER_PAGE)
@public
def later() -> Response:
    """The templates that no first interview needs."""
    return _kept(Response(render_template("app/later.html")))


@blueprint.get("/language/<code>.html")
@public
def other_language(code: str) -> Response:
    """Every word of the page in another language than the first."""
    if code not in _other_languages():
        abort(404)
    return _kept(Response(render_template("app/other_language.html", only=code)))


@blueprint.get("/static/app/<path:name>.js")
@public
def module(name: str) -> Response:
    """A module of the phone's shell."""
    return _small(f"/static/app/{name}.js")


@blueprint.get("/static/<any(style, kinds):name>.css")
@public
def style(name: str) -> Response:
    """How the phone's pages look."""
    return _small(f"/static/{name}.css")


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


def each_language(languages: Iterable[str] = LANGUAGES) -> Iterator[str]:
    """Each language's code in turn; what a template renders meanwhile is in that language."""
    for language in languages:
        with force_locale(language):
            yield language


def app_version() -> str:
    """This release: a hash of the shell's files; worked out once a process, or each time while developing."""
    known: str | None = current_app.extensions.get("app_version")
    if known is None or current_app.debug:
        digest = hashlib.sha256(render_template("app/index.html").encode())
        digest.update(small(_static() / "sw.js").encode())
        for page in ("kinds", "later"):
            digest.update(render_template(f"app/{page}.html").encode())
        for code in _other_languages():
            digest.update(render_template("app/other_language.html", only=code).encode())
        for path in _static_files():
            digest.update(str(path).encode())
            file = _static() / path
            digest.update(small(file).encode() if path.suffix in SMALL else file.read_bytes())
        known = current_app.extensions["app_version"] = digest.hexdigest()[:16]
    return known


def small(path: Path) -> str:
    """A script or style sheet that means the same in fewer bytes."""
    return _minified(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=400)
def _minified(path: Path, _changed: int) -> str:
    source = path.read_text(encoding="utf-8").replace(MATH, HIDDEN)
    return str(minify.string(SMALL[path.suffix], source)).replace(HIDDEN, MATH)


def _small(address: str) -> Response:
    if address not in {*_files(), *_kinds(), *_later()}:
        abort(404)
    path = _path(address)
    return _kept(Response(small(path), mimetype=SMALL[path.suffix]))


def _path(address: str) -> Path:
    return _static() / address.removeprefix("/static/")


def _static_files() -> list[Path]:
    """What a phone may keep of the static files, below their folder."""
    static = _static()
    patterns = ("style.css", "kinds.css", "app/**/*.js", "icons/*.svg", "icons/*.png")
    return sorted(path.relative_to(static) for pattern in patterns for path in static.glob(pattern))


def _addresses(wanted: Callable[[Path], bool]) -> list[str]:
    return [f"/static/{path.as_posix()}" for path in _static_files() if wanted(path)]


def _files() -> list[str]:
    """Addresses of the static files that the phone keeps from the beginning."""
    return _addresses(lambda path: not {"kinds", "kinds.css", "later"} & set(path.parts))


def _kinds() -> list[str]:
    """Addresses of the static files that a phone keeps once one of its questionnaires needs them."""
    return _addresses(lambda path: bool({"kinds", "kinds.css"} & set(path.parts)))


def _later() -> list[str]:
    """Addresses that no first interview needs: a phone keeps them after its first sync."""
    languages = [f"/language/{code}.html" for code in _other_languages()]
    return [*languages, LATER_PAGE, *_addresses(lambda path: "later" in path.parts)]


def _other_languages() -> list[str]:
    return [code for code in LANGUAGES if code != FIRST_LANGUAGE]


def _static() -> Path:
    return Path(current_app.static_folder or "")


def _kept(response: Response) -> Response:
    """May be kept, must be asked about."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]

"""The phone's shell: one page, one worker, one manifest; the same bytes for everybody, so that they can be kept.

The worker `static/sw.js` is served at /sw.js (at its own address it would control /static/ only) with this release's
VERSION, FILES and KINDS in front: the addresses that it keeps, each with the SHA-256 of the bytes that are served
there. VERSION is a hash of all those: any change makes a new release, nothing else does.

Scripts and style sheets go out small: without comments and spaces, with short local names (a third of the bytes).
What is in the repository is what runs, and no build step stands between. `make node` runs the modules as they go
out, and tests/gates/test_size.py holds that each of them parses and keeps its imports and exports.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request
from flask_babel import force_locale, gettext

from survey import terms
from survey.clocks import RELEASED
from survey.web.language import LANGUAGES
from survey.web.minified import minified
from survey.web.security import HEADERS, public

blueprint = Blueprint("capture", __name__)
MANIFEST = "/manifest.webmanifest"
KINDS_PAGE, LATER_PAGE, PLAIN_PAGE = "/kinds.html", "/later.html", "/plain.html"
PAGES = {"/": "app/index.html"} | {page: f"app{page}" for page in (KINDS_PAGE, LATER_PAGE, PLAIN_PAGE)}
FIRST_LANGUAGE = next(iter(LANGUAGES))
SMALL = {".js": "text/javascript", ".css": "text/css"}  # what goes out small, and its type
TYPES = SMALL | {".webmanifest": "application/manifest+json"}


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
    response = _kept("/")
    # The desk shows it in a frame of its own, as the preview of a questionnaire; no other site may.
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = policy
    return response


@blueprint.get("/sw.js")
@public
def worker() -> Response:
    """The service worker of this release."""
    lists = {"VERSION": app_version(), "FILES": _hashes(_files()), "KINDS": _hashes([*_kinds(), *_later()])}
    said = "".join(f"const {name} = {json.dumps(value)}\n" for name, value in lists.items())
    response = Response(said + small(_static() / "sw.js"), mimetype=SMALL[".js"])
    response.headers["Service-Worker-Allowed"] = "/"
    return _to_be_asked_about(response)


@blueprint.get(KINDS_PAGE)
@public
def kinds() -> Response:
    """The templates of the kinds of question that only some questionnaires ask (static/app/kinds.js)."""
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


def each_language(languages: Iterable[str] = LANGUAGES) -> Iterator[str]:
    """Each language's code in turn; what a template renders meanwhile is in that language."""
    for language in languages:
        with force_locale(language):
            yield language


def app_version() -> str:
    """This release: a hash of all that the phone keeps, and of the worker that keeps it."""
    known: str | None = current_app.extensions.get("app_version")
    if known is None or current_app.debug:
        said = [small(_static() / "sw.js"), *_hashes([*_files(), *_kinds(), *_later()]).items()]
        known = current_app.extensions["app_version"] = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    return known


def _hashes(addresses: list[str]) -> dict[str, str]:
    """Each address with the SHA-256 (base64) of what is served there: the worker keeps nothing else. Worked out once a
    process, or each time while developing."""
    known: dict[str, str] = current_app.extensions.setdefault("kept_hashes", {})
    if current_app.debug:
        known.clear()
    for address in addresses:
        if address not in known:
            known[address] = b64encode(hashlib.sha256(_bytes_of(address)).digest()).decode()
    return {address: known[address] for address in addresses}


def _bytes_of(address: str) -> bytes:
    """What is served under an address that the phone keeps: the same for everybody, whatever language they chose."""
    with force_locale(FIRST_LANGUAGE):
        if address in PAGES:
            return render_template(PAGES[address]).encode()
        if address.startswith("/language/"):
            return render_template("app/other_language.html", only=Path(address).stem).encode()
        if address == MANIFEST:
            return json.dumps(_manifest(), ensure_ascii=False).encode()
    path = _path(address)
    return small(path).encode() if path.suffix in SMALL else path.read_bytes()


def _manifest() -> dict[str, Any]:
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
    return {
        "id": "/",
        "name": gettext("Sổ Hộ – household review"),
        "short_name": "Sổ Hộ",
        "lang": FIRST_LANGUAGE,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "orientation": "portrait",
        "theme_color": "#0b6b57",
        "background_color": "#ffffff",
        "icons": icons,
    }


def small(path: Path) -> str:
    """A script or style sheet that means the same in fewer bytes."""
    return minified(*_source(path), map(_source, _fetched_with(path)))


def _source(path: Path) -> tuple[str, str]:
    return SMALL[path.suffix], path.read_text(encoding="utf-8")


def _fetched_with(path: Path) -> list[Path]:
    """The scripts and style sheets that a phone fetches together with this one."""
    static = next((folder for folder in path.parents if folder.name == "static"), None)
    return [*static.glob("*.js"), *static.glob("*.css"), *static.glob("[ap]*/**/*.js")] if static else []


def _path(address: str) -> Path:
    return _static() / address.removeprefix("/static/")


def _static_files() -> list[Path]:
    """What a phone may keep of the static files, below their folder."""
    static = _static()
    patterns = ("style.css", "kinds.css", "app/**/*.js", "plain/**/*.js", "icons/*.svg", "icons/*.png")
    return sorted(path.relative_to(static) for pattern in patterns for path in static.glob(pattern))


def _addresses(wanted: Callable[[Path], bool]) -> list[str]:
    return [f"/static/{path.as_posix()}" for path in _static_files() if wanted(path)]


def _files() -> list[str]:
    """Addresses of what the phone keeps from the beginning."""
    static = _addresses(lambda path: not {"kinds", "kinds.css", "later"} & set(path.parts))
    return ["/", MANIFEST, *static]


def _kinds() -> list[str]:
    """Addresses of what a phone keeps once one of its questionnaires needs it."""
    return [KINDS_PAGE, *_addresses(lambda path: bool({"kinds", "kinds.css"} & set(path.parts)))]


def _later() -> list[str]:
    """Addresses that no first interview needs: a phone keeps them after its first sync."""
    languages = [f"/language/{code}.html" for code in _other_languages()]
    return [*languages, LATER_PAGE, PLAIN_PAGE, *_addresses(lambda path: "later" in path.parts)]


def _other_languages() -> list[str]:
    return [code for code in LANGUAGES if code != FIRST_LANGUAGE]


def _static() -> Path:
    return Path(current_app.static_folder or "")


def _kept(address: str) -> Response:
    """The answer for an address that the phone keeps. Raises 404 for any other."""
    if address not in {*_files(), *_kinds(), *_later()}:
        abort(404)
    return _to_be_asked_about(Response(_bytes_of(address), mimetype=TYPES.get(Path(address).suffix, "text/html")))


def _to_be_asked_about(response: Response) -> Response:
    """May be kept, must be asked about."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]

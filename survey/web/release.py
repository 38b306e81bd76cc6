"""What makes up a release on a phone: its files as they go out, each with its hash."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale, gettext

from survey.web.language import LANGUAGES
from survey.web.minified import minified

MANIFEST = "/manifest.webmanifest"
MODULES = "/modules.json"  # the shell's modules in one answer: compressed together they are a quarter smaller
REST = "/rest.json"  # what is not of the shell, each with its hash
KINDS_PAGE, LATER_PAGE, PLAIN_PAGE = "/kinds.html", "/later.html", "/plain.html"
PAGES = {"/": "phone/index.html"} | {page: f"phone{page}" for page in (KINDS_PAGE, LATER_PAGE, PLAIN_PAGE)}
RARE, LAZY = ".rare.js", ".lazy.js"  # what some questionnaires need; what comes after the first sync
FIRST_LANGUAGE = next(iter(LANGUAGES))
SMALL = {".js": "text/javascript", ".css": "text/css"}  # what goes out small, and its type
TYPES = SMALL | {".webmanifest": "application/manifest+json", ".json": "application/json"}


def each_language(languages: Iterable[str] = LANGUAGES) -> Iterator[str]:
    """Each language's code in turn; what a template renders meanwhile is in that language."""
    for language in languages:
        with force_locale(language):
            yield language


def app_version() -> str:
    """This release: a hash of all that the phone keeps, and of the worker that keeps it."""
    known: str | None = current_app.extensions.get("app_version")
    if known is None or current_app.debug:
        said = [small(static_folder() / "sw.js"), *hashes([*shell_files(), *kind_files(), *later_files()]).items()]
        known = current_app.extensions["app_version"] = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    return known


def hashes(addresses: list[str]) -> dict[str, str]:
    """Each address with the SHA-256 (base64) of what is served there: the worker keeps nothing else. Worked out once a
    process, or each time while developing."""
    known: dict[str, str] = current_app.extensions.setdefault("kept_hashes", {})
    if current_app.debug:
        known.clear()
    for address in addresses:
        if address not in known:
            known[address] = b64encode(hashlib.sha256(bytes_of(address)).digest()).decode()
    return {address: known[address] for address in addresses}


def bytes_of(address: str) -> bytes:
    """What is served under an address that the phone keeps: the same for everybody, whatever language they chose."""
    with force_locale(FIRST_LANGUAGE):
        if address in PAGES:
            return render_template(PAGES[address]).encode()
        if address.startswith("/language/"):
            return render_template("phone/other_language.html", only=Path(address).stem).encode()
        if address == MANIFEST:
            return json.dumps(_manifest(), ensure_ascii=False).encode()
    if address == MODULES:
        return json.dumps({one: bytes_of(one).decode() for one in shell_modules()}, ensure_ascii=False).encode()
    if address == REST:
        return json.dumps(hashes([*kind_files(), *later_files()])).encode()
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
        if (static_folder() / "icons" / f"icon-{name}.png").exists()
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


def _fetched_with(path: Path) -> Iterator[Path]:
    """The scripts and style sheets that a phone fetches together with this one; looked for when they are wanted."""
    static = next((folder for folder in path.parents if folder.name == "static"), None)
    if static:
        for pattern in ("*.js", "*.css", "[ap]*/**/*.js"):
            yield from static.glob(pattern)


def _path(address: str) -> Path:
    return static_folder() / address.removeprefix("/static/")


def _static_files() -> list[Path]:
    """What a phone may keep of the static files, below their folder."""
    static = static_folder()
    patterns = ("style.css", "kinds.css", "app/**/*.js", "plain/**/*.js", "icons/*.svg", "icons/*.png")
    return sorted(path.relative_to(static) for pattern in patterns for path in static.glob(pattern))


def _addresses(wanted: Callable[[Path], bool]) -> list[str]:
    return [f"/static/{path.as_posix()}" for path in _static_files() if wanted(path)]


def _is_of_shell(path: Path) -> bool:
    return not path.name.endswith((RARE, LAZY)) and path.name != "kinds.css"


def shell_files() -> list[str]:
    """Addresses of what the phone keeps from the beginning; its modules all under one."""
    return ["/", MANIFEST, MODULES, *_addresses(lambda path: _is_of_shell(path) and path.parts[0] != "app")]


def shell_modules() -> list[str]:
    """Addresses of the modules that are in MODULES. Each is served alone too: to a page that no worker serves."""
    return _addresses(lambda path: _is_of_shell(path) and path.parts[0] == "app")


def kind_files() -> list[str]:
    """Addresses of what a phone keeps once one of its questionnaires needs it."""
    return [KINDS_PAGE, *_addresses(lambda path: path.name.endswith(RARE) or path.name == "kinds.css")]


def later_files() -> list[str]:
    """Addresses that no first interview needs: a phone keeps them after its first sync."""
    languages = [f"/language/{code}.html" for code in _other_languages()]
    return [*languages, LATER_PAGE, PLAIN_PAGE, *_addresses(lambda path: path.name.endswith(LAZY))]


def _other_languages() -> list[str]:
    return [code for code in LANGUAGES if code != FIRST_LANGUAGE]


def static_folder() -> Path:
    return Path(current_app.static_folder or "")

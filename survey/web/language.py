"""Vietnamese unless the reader chose English.

The choice lives in a cookie, so that pages which know no account (the phone's shell, sign-in, errors) follow it too.
The catalog `translations/<language>/LC_MESSAGES/messages.po` is read at start and kept in memory: there is no .mo to
forget.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, g, has_request_context, redirect, request, url_for
from flask_babel import Babel, Domain, get_locale
from werkzeug.wrappers import Response

from survey import terms
from survey.web.security import local_address, public, signed_in_account

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
COOKIE = "lang"
_YEAR = 365 * 24 * 3600

blueprint = Blueprint("language", __name__)


def read_catalogs(folder: Path) -> dict[str, NullTranslations]:
    """Every language's messages. The language of the source, English, needs none."""
    paths = [path for code in LANGUAGES if (path := folder / code / "LC_MESSAGES" / "messages.po").exists()]
    return _read_catalogs(tuple((path, path.stat().st_mtime_ns) for path in paths))


@lru_cache(maxsize=1)
def _read_catalogs(stamped: tuple[tuple[Path, int], ...]) -> dict[str, NullTranslations]:
    """Read once a process, and again when a file has changed."""
    found: dict[str, NullTranslations] = {"en": NullTranslations()}
    for path, _ in stamped:
        with path.open("rb") as file:
            catalog = read_po(file)
        compiled = BytesIO()
        write_mo(compiled, catalog)  # fuzzy ones are left out
        compiled.seek(0)
        found[path.parts[-3]] = Translations(compiled)
    return found


class _InMemory(Domain):
    def __init__(self, catalogs: dict[str, NullTranslations]) -> None:
        super().__init__()
        self.catalogs = catalogs

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        return self.catalogs.get(locale.language if locale else "en", self.catalogs["en"])


class _Babel(Babel):
    in_memory: _InMemory

    @property
    def domain_instance(self) -> _InMemory:
        return self.in_memory


def init_app(app: Flask) -> None:
    babel = _Babel()
    catalogs = read_catalogs(Path(app.root_path) / "translations")
    babel.in_memory = _InMemory(catalogs)
    words = babel.in_memory.get_translations
    app.extensions["words_in"] = lambda language: catalogs.get(language, catalogs["en"]).gettext
    babel.init_app(app, default_locale="vi", default_timezone="Asia/Ho_Chi_Minh", locale_selector=current_language)
    # As flask_babel does it, but for a look at which catalogs there are at each of a page's thousand words.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda said: words().ugettext(said), lambda one, many, number: words().ungettext(one, many, number),
        newstyle=True, pgettext=lambda context, said: words().upgettext(context, said),
        npgettext=lambda context, one, many, number: words().unpgettext(context, one, many, number),
    )  # fmt: skip
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(current_language=current_language, languages=LANGUAGES, terms=terms)


def current_language() -> str:
    """ "vi" or "en": `?lang=` (the phone's page), else the cookie, else Vietnamese. A table asks for each number."""
    if not has_request_context():
        return "vi"
    language: str | None = g.get("language")
    if language is None:
        g.language = language = _wished()
    return language


def _wished() -> str:
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return str(wish)
    return "vi"


def remember(response: Response, language: str) -> Response:
    """Keep the reader's choice in this browser."""
    response.set_cookie(COOKIE, language, max_age=_YEAR, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.post("/language")
@public
def switch() -> Response:
    """Choose the language; the account keeps it for its next phone."""
    language = request.form.get("lang", "vi")
    account = signed_in_account()
    if language not in LANGUAGES:
        language = "vi"
    if account is not None:
        account.language = language
    return remember(redirect(local_address(request.form.get("next")) or url_for("login.page"), 303), language)

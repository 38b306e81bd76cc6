"""The place that a server or a command works on: a database, a folder, the keys in it. It is told, and refused in one
sentence when it is not whole.

A misspelt INSTANCE and a DATABASE_URL that was cut name a place where nothing is. Nothing is made there unless that
was asked for: `migrate --new`, `demo`, or a program that hands `create_app` its settings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from flask_babel import gettext, lazy_gettext
from sqlalchemy import URL, Engine, inspect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from models.database import reading_engine
from models.schema import differences
from survey.accounts.escrow import Escrow, blind
from survey.accounts.seals import Seals
from survey.operations.keys import ESCROW, INDEX, RECEIPT, SESSION, Keys, read_keys, strangers, wanted
from survey.operations.restore import UNFINISHED
from survey.text import N_

NEW_OR_WRONG = lazy_gettext(
    "If this is meant to be a new place, run: flask --app app migrate --new. If not, look again at DATABASE_URL and "
    "INSTANCE."
)
SHOWN = 6  # of what is missing in the tables
_SECRETS = ("password", "sslpassword", "oauth_client_secret")  # what an address may say in its query


def take_keys(app: Flask) -> None:
    """Load the keys that lie in INSTANCE; ends the program when one of the files holds no key."""
    folder = app.config["INSTANCE"]
    try:
        keys = read_keys(Path(folder))
    except ValueError as name:
        said = gettext("%(file)s is damaged. Copy this file again from a backup.", file=f"{folder}/{name}")
        raise SystemExit(said) from None
    except OSError as fault:
        said = gettext("The key %(file)s cannot be read: %(fault)s", file=fault.filename, fault=fault.strerror)
        raise SystemExit(said) from None
    held = keys.content.get
    app.config.update(SECRET_KEY=held(SESSION), RECEIPT_KEY=held(RECEIPT), ESCROW_KEY=held(ESCROW))
    app.config.update(INDEX_KEY=held(INDEX))
    app.extensions.update(keys=keys, signer=keys.signer, escrow=keys.escrow, prover=keys.prover)


def escrow() -> Escrow:
    """The running app's escrow key."""
    found: Escrow = current_app.extensions["escrow"]
    return found


def seals() -> Seals:
    """The running app's boxes and keyed hashes."""
    return Seals(current_app.config["INDEX_KEY"])


def blinded(number: str) -> str:
    """The running app's keyed hash of an identity number."""
    return blind(current_app.config["INDEX_KEY"], number)


def where() -> str:
    """The database, without its passwords, and the folder."""
    folder = current_app.config["INSTANCE"]
    return gettext("%(database)s, folder %(folder)s", database=address(_engine().url), folder=folder)


def address(url: URL) -> str:
    """The address of a database, as DATABASE_URL has it, without its passwords."""
    url = url.set(drivername=url.get_backend_name())
    return url.update_query_dict({name: "***" for name in _SECRETS if name in url.query}).render_as_string()


def tell_where() -> None:
    """Whoever named the place by the environment, or did not name it, is told which it is."""
    if current_app.config["TELLS_WHERE"] and "place_told" not in current_app.extensions:
        print(gettext("Working on: %(place)s", place=where()), file=sys.stderr)
        current_app.extensions["place_told"] = True


def require_place() -> None:
    """All that a server or a command rests on. Looked at once, not by each transaction of a command."""
    if "place_seen" in current_app.extensions:
        return
    require_tables()
    require_whole_restore()
    _require_schema()
    require_known_keys()
    missing = _keys().missing
    if missing:
        raise SystemExit(keys_missing(missing, current_app.config["INSTANCE"]))
    current_app.extensions["place_seen"] = True


def keys_missing(names: list[str], folder: str | Path) -> str:
    keys = gettext("The keys %(keys)s are missing in %(folder)s.", keys=", ".join(names), folder=folder)
    return f"{keys} {NEW_OR_WRONG}"


def require_tables(*, new: bool = False) -> None:
    """The database opens and, unless the place may be `new`, has tables."""
    tell_where()
    engine = _engine()
    file = file_of(engine)
    if not new and file is not None and not file.parent.is_dir():
        raise SystemExit(f"{_cannot_open(where())}. {NEW_OR_WRONG}")
    try:
        if new or file is None or file.exists():  # to open it would make it
            engine.connect().close()
    except DBAPIError:
        raise SystemExit(_cannot_open(address(engine.url))) from None
    if not new and is_empty():
        said = gettext("The database has no table of Sổ Hộ yet: %(place)s.", place=where())
        raise SystemExit(f"{said} {NEW_OR_WRONG}")


def _cannot_open(place: str) -> str:
    return gettext("The database cannot be opened: %(place)s", place=place)


def is_empty() -> bool:
    """Whether there is no table of ours. Of an SQLite database that is not there no file is made."""
    file = file_of(_engine())
    missing = file is not None and not file.exists()
    return missing or not inspect(reading_engine(_engine())).has_table("server_state")


def require_whole_restore() -> None:
    if (Path(current_app.config["INSTANCE"]) / UNFINISHED).exists():
        raise SystemExit(
            gettext("The last restore was cut short. Run it again: flask --app app backup restore FOLDER --replace")
        )


def _require_schema() -> None:
    found = differences(_engine())
    if found:
        shown = ", ".join(found[:SHOWN])
        if len(found) > SHOWN:
            shown = gettext("%(shown)s and %(count)s more places", shown=shown, count=len(found) - SHOWN)
        said = N_(
            "The database does not fit the program, missing or different: %(what)s. Run: flask --app app migrate; if "
            "this is still said, restore the last backup."
        )
        raise SystemExit(gettext(said, what=shown))


def require_known_keys() -> None:
    """No key is there that the database does not know, and none is gone that it knows."""
    folder, keys = current_app.config["INSTANCE"], _keys()
    with Session(reading_engine(_engine())) as session:
        lost = [(name, gettext("is not there")) for name in keys.missing if name in wanted(session)]
        unknown = [(name, gettext("is a key that it does not know")) for name in strangers(session, keys)]
    for name, fault in (lost + unknown)[:1]:
        if name == SESSION:  # in no backup; nothing is lost with it
            said = N_(
                "This database was served with another key session.key: the file in %(folder)s %(fault)s. Look again "
                "at INSTANCE and DATABASE_URL. If it is the right place: flask --app app keys accept session.key; "
                "everybody then signs in again."
            )
            raise SystemExit(gettext(said, folder=folder, fault=fault))
        said = N_(
            "This database was served with another key %(name)s: the file in %(folder)s %(fault)s. Look again at "
            "INSTANCE and DATABASE_URL, or copy %(name)s from a backup. If the former key is lost for good: flask "
            "--app app keys accept %(name)s"
        )
        raise SystemExit(gettext(said, name=name, folder=folder, fault=fault))


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """A database that went away, is locked or has no room ends a command with a sentence, not with a traceback."""
    try:
        yield
    except OperationalError as fault:
        said = gettext("The database cannot do this: %(fault)s", fault=first_line(fault))
        raise SystemExit(said) from None


def first_line(fault: Exception) -> str:
    """What the database said, without the lines after it, which may quote a row."""
    return str(getattr(fault, "orig", None) or fault).strip().partition("\n")[0][:300]


def file_of(engine: Engine) -> Path | None:
    """The file of an SQLite database; None for every other."""
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(name) if name and name != ":memory:" and not name.startswith("file:") else None


def _engine() -> Engine:
    engine: Engine = current_app.extensions["engine"]
    return engine


def _keys() -> Keys:
    keys: Keys = current_app.extensions["keys"]
    return keys

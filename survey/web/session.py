"""One Session a request, and the only `commit()` of the web: success commits, a refusal or a crash rolls back.

A request that reads (GET, HEAD) gets a transaction that cannot write, so that no page waits for who writes, and nobody
for a page. What it leaves behind all the same (who fetched which file) is `put_down`: written after the view in a short
transaction of its own. A refusal that must leave a trace (a failed sign-in) calls `keep_changes()`.
What takes long is no request's work: it is asked for as a job (`survey/jobs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from flask import Flask, Response, current_app, g, request
from flask import session as cookie
from flask_babel import gettext
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from models.database import ReadingSession, open_engine, reading_engine
from models.writer_queue import give_way
from survey.clocks import Doubt
from survey.evidence.openings import Openings
from survey.evidence.server_clock import doubt_now
from survey.web.installation import in_one_sentence, require_place

_READING_METHODS = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    open_database(app)
    app.after_request(_finish)
    app.teardown_appcontext(_close)


def open_database(app: Flask) -> None:
    """The engines of what DATABASE_URL names."""
    try:
        engine = open_engine(app.config["DATABASE_URL"])
    except (ArgumentError, ModuleNotFoundError, ValueError):  # the address may hold a password: it is not repeated
        raise SystemExit(_no_address()) from None
    if "@" in (engine.url.host or ""):  # the end of a password, taken for the name of a machine
        raise SystemExit(_no_address())
    app.extensions["engine"] = engine
    app.extensions["reading_engine"] = reading_engine(engine)
    app.extensions["openings"] = Openings(engine, writes=not app.testing)


def _no_address() -> str:
    return gettext(
        "DATABASE_URL is no address sqlite:///… or postgresql://…; in its password @ is written %(at)s, and %% "
        "%(percent)s.",
        at="%40",
        percent="%25",
    )


def get_engine() -> Engine:
    """The engine of the running app, for commands."""
    engine: Engine = current_app.extensions["engine"]
    return engine


def get_session() -> Session:
    """The request's Session, made when first asked for."""
    if "session" not in g:
        g.session = _reads() if is_reading() else Session(get_engine(), expire_on_commit=False)
    session: Session = g.session
    return session


def is_reading() -> bool:
    """Whether this request only reads."""
    return request.method in _READING_METHODS


def put_down(write: Callable[[Session], object]) -> None:
    """Have `write` put down what this request leaves behind. Of one that writes it is part. Of one that reads it is
    written after the view, in a transaction of its own, and before the answer goes out: no trace, no file."""
    if is_reading():
        g.setdefault("put_down", []).append(write)
    else:
        write(get_session())


def keep_changes() -> None:
    """Commit what this request wrote although its answer is a refusal."""
    g.keep_changes = True


def now() -> datetime:
    """The server's time, aware UTC; `CLOCK` in the settings replaces it."""
    return clock_of(current_app)()


def clock_of(app: Flask) -> Callable[[], datetime]:
    """The app's clock, for who asks it outside of a request too."""
    return app.config.get("CLOCK") or partial(datetime.now, UTC)


def server_doubt() -> Doubt | None:
    """In which way the server's clock must be wrong, None when nothing speaks against it: held against phones, against
    what is stored, and against PostgreSQL's own clock, which may be another machine's."""
    if "server_doubt" in g:  # asked once for each phone of a list
        known: Doubt | None = g.server_doubt
        return known
    session, database = get_session(), None
    if session.get_bind().dialect.name == "postgresql" and not current_app.config.get("CLOCK"):
        database = session.scalar(select(func.clock_timestamp()))
    found = g.server_doubt = doubt_now(session, now(), database)
    return found


@contextmanager
def transaction(dry_run: bool = False) -> Iterator[Session]:
    """A Session for a command: committed at the end, rolled back by an exception. A `dry_run` is the real thing, with
    all that may refuse it, and is rolled back as well: what it says is read before its end."""
    with in_one_sentence():
        require_place()
        with Session(get_engine(), expire_on_commit=False) as session, session.begin() as under_way:
            yield session
            if dry_run:
                under_way.rollback()


@contextmanager
def aside(*, writes: bool = True) -> Iterator[Session]:
    """A short transaction of its own, committed before what takes long; for a request that has none under way."""
    with Session(get_engine(), expire_on_commit=False) if writes else _reads() as session, session.begin():
        yield session


@contextmanager
def one_of_many() -> Iterator[Session]:
    """A transaction of a command that makes one after another: others come in between."""
    with transaction() as session:
        yield session
    give_way(get_engine())


@contextmanager
def reading() -> Iterator[Session]:
    """A Session for a command that only reads: it waits for no writer, and nobody waits for it."""
    with in_one_sentence():
        require_place()
        with _reads() as session:
            yield session


def _reads() -> ReadingSession:
    return ReadingSession(current_app.extensions["reading_engine"], expire_on_commit=False)


def _finish(response: Response) -> Response:
    session: Session | None = g.get("session")
    is_kept = response.status_code < 400 or g.get("keep_changes")
    if session is not None:
        if is_kept:
            try:
                session.commit()
            except Exception as error:  # noqa: BLE001 - the disk may be full only now: nothing was stored
                session.invalidate()  # its transaction may be open still: the pool would hand it to the next
                return _answered_anew(error)
        else:
            session.rollback()
    left_behind: list[Callable[[Session], object]] = g.pop("put_down", [])
    if left_behind and is_kept:
        try:
            with aside() as writing:
                for write in left_behind:
                    write(writing)
        except Exception as error:  # noqa: BLE001 - likewise: what nobody wrote down is not handed out
            return _answered_anew(error)
    return response


def _answered_anew(error: Exception) -> Response:
    """The answer that a view would have given that met this error: with a commit that failed nothing of the one that
    was made is true, its cookie included."""
    abandon()
    g.pop("keep_changes", None)
    before = current_app.session_interface.open_session(current_app, request)
    cookie.clear()
    cookie.update(before or {})
    answer: Response = current_app.make_response(current_app.handle_user_exception(error))
    return current_app.process_response(answer)


def abandon() -> None:
    """Roll back and forget the request's Session; whoever asks next gets a new one."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()


def _close(_error: BaseException | None) -> None:
    abandon()

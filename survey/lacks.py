"""What the machine lacks: memory, room on the disk, file handles, a database that answers.

Whatever happens for want of them says nothing about who asked or what they sent: it is answered by 503 or 507, undone
as a whole, and asked again later. Nothing else may be made of it: no wrong password, no damaged picture, no held entry.
"""

from __future__ import annotations

import errno
import sqlite3

from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError
from cryptography.exceptions import InternalError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from survey.problems import Problem

AGAIN = 10  # seconds until it is worth asking again
_FULL, _BUSY = "storage_full", "busy"
_ERRNO = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL} | dict.fromkeys(
    (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EAGAIN, errno.EIO, errno.EROFS), _BUSY
)
# https://sqlite.org/rescode.html, by the code or, where the driver says none, by SQLite's own words for it.
_SHARED_MEMORY_FULL = 4874  # SQLITE_IOERR_SHMSIZE
_SQLITE = {
    "database or disk is full": (sqlite3.SQLITE_FULL, _FULL),
    "database is locked": (sqlite3.SQLITE_BUSY, _BUSY),
    "database table is locked": (sqlite3.SQLITE_LOCKED, _BUSY),
    "out of memory": (sqlite3.SQLITE_NOMEM, _BUSY),
    "disk I/O error": (sqlite3.SQLITE_IOERR, _BUSY),
    "unable to open database file": (sqlite3.SQLITE_CANTOPEN, _BUSY),
    "locking protocol": (sqlite3.SQLITE_PROTOCOL, _BUSY),
}
_SQLITE_CODES = dict(_SQLITE.values())
# https://www.postgresql.org/docs/current/errcodes-appendix.html: no room; lost or refused connections; short of
# resources; stopped or starting; who waits in vain for another, or is chosen to give way.
_STATES = (
    ("53100", _FULL), ("08", _BUSY), ("53", _BUSY), ("57P0", _BUSY), ("57014", _BUSY), ("58030", _BUSY),
    ("40001", _BUSY), ("40P01", _BUSY), ("55P03", _BUSY),
)  # fmt: skip


def lack_of(error: BaseException | None) -> Problem | None:
    """`storage_full` or `busy` when the error is, or came of, something that the machine lacks; else None. (A full
    SQLite ends its transaction by itself: what is raised is then that a savepoint is gone.)"""
    found: set[str] = set()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found.add(_code(error))
        error = error.__cause__ or error.__context__
    code = _FULL if _FULL in found else _BUSY if _BUSY in found else None
    return Problem(code, retry_after=AGAIN) if code else None


def _code(error: BaseException) -> str:
    if isinstance(error, Problem):
        return error.code
    if isinstance(error, OSError):
        return _ERRNO.get(error.errno or 0, "")
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, DBAPIError):
        return _BUSY if error.connection_invalidated else _code(error.orig) if error.orig else ""
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return next((code for beginning, code in _STATES if state.startswith(beginning)), "")
    if type(error).__module__.partition(".")[0] == "psycopg":  # it never reached the server, or lost it
        return _BUSY if type(error).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout") else ""
    return _BUSY if _is_of_memory(error) else ""


def _of_sqlite(error: sqlite3.Error) -> str:
    number = getattr(error, "sqlite_errorcode", None)
    if number is None:
        return _SQLITE.get(str(error), (0, ""))[1]
    return _FULL if number == _SHARED_MEMORY_FULL else _SQLITE_CODES.get(number & 0xFF, "")


def _is_of_memory(error: BaseException) -> bool:
    """What has no number: no memory for a hash (argon2), for OpenSSL, for a thread; no connection free in time."""
    if isinstance(error, VerificationError):
        return not isinstance(error, VerifyMismatchError)
    if isinstance(error, RuntimeError):
        return str(error) == "can't start new thread"
    return isinstance(error, (MemoryError, HashingError, InternalError, NoConnectionFree))

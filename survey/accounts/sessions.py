"""Sessions as rows: who is signed in where, how it began, how it ends. Which cookie brings it is the web's business.

A session is known by a long random text that lies with who signed in; here is only its SHA-256. It is over when it was
ended, when its time is, and when the account's sessions are (a new password or role: `session_epoch`). Everything that
hangs on a session (a bundle's pass) or on the account's sessions (keys for Collect and the feed) ends with them.

Before sessions were rows all of it stood in a signed cookie. Those go on for as long as they were given then
(`LEGACY`), and get a row as soon as they write something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Engine, delete, inspect, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import Account, ServerState, SessionRow
from survey.accounts.access_keys import hash_of, new_id, new_text
from survey.clocks import read_instant
from survey.evidence import audit
from survey.problems import Problem
from survey.terms import Role, SessionEnd, SessionKind

HOURS = {Role.ENUMERATOR: 24 * 14, Role.SUPERVISOR: 12, Role.PROVINCE: 12, Role.ADMIN: 12}
DESK = timedelta(hours=12)  # the longest day at a desk, whoever's: a desk found open on a phone is none for weeks
LEGACY = timedelta(days=14)  # how long a cookie of before is taken
SEEN = timedelta(minutes=10)  # how exactly it is known when a session was last heard of
FRESH = timedelta(minutes=15)  # since the password was typed: who finds a phone that is signed in does not know it
KEPT = timedelta(days=90)  # after its end, for who looks back
MOST_WRONG = 5  # passwords, codes and keys shown within a session, one after another
MOST_NAMES = 8  # that a session may call itself besides; with another it may only deliver
_SINCE = "sessions_since"  # of ServerState, where there were cookies of before


class SignedIn(NamedTuple):
    """A session that holds, and whose. `named`: the phones that it is known to be of."""

    row: SessionRow
    account: Account
    named: list[str]


def begin(
    session: Session,
    account: Account,
    now: datetime,
    *,
    agent: str = "",
    kind: SessionKind = SessionKind.BOTH,
    lasts: timedelta | None = None,
) -> tuple[SessionRow, str]:
    """A session of who has just typed the password; its text is known here and now, and nowhere later."""
    text = new_text()
    longest = lasts or timedelta(hours=HOURS[Role(account.role)])
    row = SessionRow(
        id=new_id(), account_id=account.id, token_hash=hash_of(text), kind=kind.value, epoch=account.session_epoch,
        device=None, said=[], agent="".join(one for one in agent if one.isprintable())[:200], made=now, seen=now,
        idle_until=None, ends=now + (min(longest, DESK) if kind == SessionKind.DESK else longest), password_at=now,
        factor_at=None, ended=None, why=None, wrong=0,
    )  # fmt: skip
    session.add(row)
    return row, text


def find(session: Session, text: str, now: datetime) -> SignedIn | None:
    """The session of a text; None for one that is over, or never was."""
    row = session.scalar(select(SessionRow).where(SessionRow.token_hash == hash_of(text)))
    if row is None:
        return None
    account = session.get_one(Account, row.account_id)
    return SignedIn(row, account, names_of(row)) if end_of(row, account, now) is None else None


def find_legacy(session: Session, cookie: Mapping[str, Any], now: datetime, *, writes: bool) -> SignedIn | None:
    """The session of a cookie of before, while such are taken. One that was ended since has a row that says so;
    `writes`: the row is made now."""
    state, made = session.get(ServerState, _SINCE), read_instant(cookie.get("since"))
    if state is None or made is None:  # a place that never had such cookies, or none of ours
        return None
    since = datetime.fromisoformat(state.value)
    account = session.get(Account, str(cookie.get("account")))
    if account is None or cookie.get("epoch") != account.session_epoch or made > since or now >= since + LEGACY:
        return None
    row = _legacy_row(session, account, made, [str(one) for one in cookie.get("devices", [])], writes=writes)
    return SignedIn(row, account, names_of(row)) if end_of(row, account, now) is None else None


def _legacy_row(session: Session, account: Account, made: datetime, said: list[str], *, writes: bool) -> SessionRow:
    hashed = hashlib.sha256(f"legacy {account.id} {made.isoformat()}".encode()).hexdigest()
    known = select(SessionRow).where(SessionRow.token_hash == hashed)
    row = session.scalar(known)
    if row is not None:
        return row
    values = {
        "id": hashed[:16], "account_id": account.id, "token_hash": hashed, "kind": SessionKind.BOTH.value,
        "epoch": account.session_epoch, "device": said[0] if said else None, "said": said[1 : 1 + MOST_NAMES],
        "agent": "", "made": made, "seen": made, "ends": made + timedelta(hours=HOURS[Role(account.role)]),
        "password_at": made, "wrong": 0,
    }  # fmt: skip
    if not writes:
        return SessionRow(**values)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(SessionRow).values(values).on_conflict_do_nothing())  # two talks of one phone at once
    return session.scalars(known).one()


def end_of(row: SessionRow, account: Account, now: datetime) -> SessionEnd | None:
    """Why a session is over; None while it holds."""
    if row.why is not None:
        return SessionEnd(row.why)
    if row.epoch != account.session_epoch:
        return SessionEnd.PASSWORD
    return SessionEnd.TIME if now >= min(row.ends, row.idle_until or row.ends) else None


def names_of(row: SessionRow) -> list[str]:
    """The phones that a session is of or said it is: each counts against it, none for it."""
    return [*([row.device] if row.device else []), *row.said]


def bind(session: Session, row: SessionRow, device_id: str, now: datetime) -> str:
    """The phone that a session is of, which a push calls `device_id`: the first name binds it, each other is noted. It
    may not go on naming others until the one that was withdrawn is forgotten."""
    if row.device is None:
        row.device = device_id
    elif device_id != row.device and device_id not in row.said:
        if len(row.said) < MOST_NAMES:
            row.said = [*row.said, device_id]
        elif row.kind != SessionKind.SEND:
            row.kind = SessionKind.SEND.value
            audit.record(session, now, row.account_id, "session_narrowed", row.account_id, {"session": row.id})
    return row.device


def end(session: Session, row: SessionRow, why: SessionEnd, by: Account | None, now: datetime) -> None:
    """End a session; `by`: who did, None for a command at the server. One that is over stays as it is."""
    account = session.get_one(Account, row.account_id)
    if end_of(row, account, now) is None:
        row.ended, row.why = now, why.value
        audit.record(session, now, by.id if by else None, _VERBS[why], account.id, {"session": row.id})


def begun_by(session: Session, account: Account, text: str) -> datetime | None:
    """When a session of the account with this text was begun, which nobody had to end: who brings it knew the password
    here. None for any other text."""
    row = session.scalar(select(SessionRow).where(SessionRow.token_hash == hash_of(text)))
    if row is None or row.account_id != account.id or row.kind == SessionKind.HALF:
        return None
    return None if row.why in (SessionEnd.ENDED, SessionEnd.GUESSED) else row.made


def shown(session: Session, row: SessionRow, right: bool, account: Account, now: datetime) -> None:
    """Count a password, code or key that was shown within a session. Raises `tried_out` with the fifth wrong one, which
    ends it: whoever found a phone or a desk open learns nothing here."""
    session.refresh(row, with_for_update=True)  # several at once come one after another
    row.wrong = 0 if right else row.wrong + 1
    if row.wrong >= MOST_WRONG:
        end(session, row, SessionEnd.GUESSED, account, now)
        raise Problem("tried_out")


_VERBS = {
    SessionEnd.GUESSED: "session_tried_out",
    SessionEnd.SIGNED_OUT: "signed_out",
    SessionEnd.ENDED: "session_ended",
    SessionEnd.REPLACED: "session_replaced",
}


def end_one(session: Session, account_id: str, row_id: str, by: Account, now: datetime) -> None:
    """End a session of an account from another place. Raises `not_found`."""
    row = session.get(SessionRow, row_id) if row_id.isprintable() else None
    if row is None or row.account_id != account_id:
        raise Problem("not_found")
    end(session, row, SessionEnd.ENDED, by, now)


def end_all(session: Session, account: Account, by: Account | None, now: datetime) -> None:
    """End every session of an account, with the passes and keys that hang on them; cookies of before too."""
    for row in holding(session, account, now):
        row.ended, row.why = now, SessionEnd.ENDED.value
    account.session_epoch += 1
    audit.record(session, now, by.id if by else None, "sessions_ended", account.id)


def end_everybodys(session: Session, now: datetime) -> None:
    """End every session that is kept, whoever's; a database of before there were rows has none. Cookies of before end
    with the key that signed them."""
    if inspect(session.connection()).has_table(SessionRow.__tablename__):
        ended = {"ended": now, "why": SessionEnd.ENDED.value}
        session.execute(update(SessionRow).where(SessionRow.ended.is_(None)).values(ended))


def end_others(session: Session, account: Account, but: SessionRow, now: datetime) -> None:
    """End the sessions of an account that were begun with less than the one that goes on; keys stay."""
    for row in holding(session, account, now):
        if row.id != but.id:
            end(session, row, SessionEnd.ENDED, account, now)


def holding(session: Session, account: Account, now: datetime) -> list[SessionRow]:
    """The sessions of an account that hold, the last heard of first."""
    query = select(SessionRow).where(
        SessionRow.account_id == account.id, SessionRow.ended.is_(None), SessionRow.kind != SessionKind.HALF.value
    )
    rows = session.scalars(query.order_by(SessionRow.seen.desc(), SessionRow.id))
    return [row for row in rows if end_of(row, account, now) is None]


def forget(session: Session, now: datetime) -> None:
    """Rows of sessions that were over long ago go."""
    session.execute(delete(SessionRow).where(or_(SessionRow.ends < now - KEPT, SessionRow.ended < now - KEPT)))


def saw(engine: Engine, row_ids: Iterable[str], now: datetime) -> None:
    """Note that sessions were heard of, in a short transaction of its own: a page that reads stays one that reads.
    Nobody waits for it, and when the database is busy it is left to the next time."""
    try:
        with Session(engine) as session, session.begin():
            session.execute(
                update(SessionRow)
                .where(SessionRow.id.in_(list(row_ids)), SessionRow.seen <= now - SEEN)
                .values(seen=now)
            )
    except OperationalError:
        pass

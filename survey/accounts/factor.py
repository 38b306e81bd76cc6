"""The second factor: codes that an app on one's phone shows (TOTP, RFC 6238), and recovery codes on paper.

Six digits by HMAC-SHA-1 over steps of 30 seconds, since that is what every such app can do; a clock may be one step
off, and no code is taken twice. Supervisors and above need one: accounts of before the update within 14 days of it, new
ones at once; enumerators may have one. A demo asks nobody.

Who reset a password may not reset the factor, nor the other way round, until its owner has chosen anew: together they
are the account. Where nobody else is, the operator does it by a command.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from base64 import b32encode
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models import Account, AuditEvent, RecoveryCode, SecondFactor, ServerState
from survey.accounts.demo import is_demo
from survey.accounts.four_eyes import hands_of
from survey.accounts.seals import Seals
from survey.accounts.sessions import end_all
from survey.evidence import audit
from survey.problems import Problem
from survey.terms import Role

STEP, DIGITS, DRIFT = 30, 6, 1  # seconds, digits, steps that a clock may be off
CODES = 10  # for recovery, of 50 bits each
GRACE = timedelta(days=14)
NEEDED = {Role.SUPERVISOR, Role.PROVINCE, Role.ADMIN}
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, none that looks like another
_SINCE = "factor_since"  # of ServerState
ISSUER = "Sổ Hộ"


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226 §5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return str((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def step_of(secret: bytes, typed: str, now: datetime, after: int) -> int | None:
    """The step whose code was typed, later than `after`; None for a wrong code, and for one that was taken before."""
    here = int(now.timestamp()) // STEP
    fits = [
        step
        for step in range(here - DRIFT, here + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), typed.encode())
    ]
    return next((step for step in fits if step > after), None)


def begin(seals: Seals, account: Account) -> str:
    """A new secret for an account to enrol, in a box that its page brings back."""
    return seals.seal(secrets.token_bytes(20), _begun(account))


def shown(seals: Seals, account: Account, box: str) -> tuple[str, str]:
    """(the secret as text, the address in its QR code). Raises `bad_request` for a box that is not the account's."""
    secret = b32encode(_secret(seals, account, box)).decode()
    label = quote(f"{ISSUER}:{account.username}")
    return secret, f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER})}"


def enrol(session: Session, account: Account, seals: Seals, box: str, typed: str, now: datetime) -> list[str] | None:
    """The recovery codes of the factor that is the account's from now on; None for a wrong code."""
    secret = _secret(seals, account, box)
    session.get(Account, account.id, with_for_update=True)  # pressed twice: the second finds the first's
    step = step_of(secret, _digits(typed), now, 0)
    if step is None or has(session, account):
        return None
    session.add(SecondFactor(account_id=account.id, box=seals.seal(secret, _about(account)), last_step=step, made=now))
    audit.record(session, now, account.id, "factor_made", account.id)
    return new_codes(session, account, seals)


def new_codes(session: Session, account: Account, seals: Seals) -> list[str]:
    """Ten new recovery codes, known here and now; those of before are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    made = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(CODES)]
    macs = [seals.mac(_coded(account, one)) for one in made]
    session.add_all(RecoveryCode(account_id=account.id, mac=mac, used=None) for mac in macs)
    return [f"{one[:5]}-{one[5:]}" for one in made]


def codes_left(session: Session, account: Account) -> int:
    """How many recovery codes are unused."""
    query = select(func.count()).where(RecoveryCode.account_id == account.id, RecoveryCode.used.is_(None))
    return session.scalar(query) or 0


def has(session: Session, account: Account) -> bool:
    return session.get(SecondFactor, account.id) is not None


def check(session: Session, account: Account, seals: Seals, typed: str, now: datetime) -> bool:
    """Whether a code of the factor, or an unused recovery code, was typed; it is used by that. A wrong one is written
    down; whoever asks counts it (`guessing.count` at sign-in, `sessions.shown`)."""
    factor = session.get(SecondFactor, account.id, with_for_update=True)  # two at once: one of them is the second
    if factor is None:
        return False
    if _is_code(account, factor, seals, typed, now) or _is_recovery(session, account, seals, typed, now):
        return True
    audit.record(session, now, account.id, "factor_failed", account.id)
    return False


def _is_code(account: Account, factor: SecondFactor, seals: Seals, typed: str, now: datetime) -> bool:
    secret = seals.unseal(factor.box, _about(account))
    step = step_of(secret, _digits(typed), now, factor.last_step) if secret else None
    if step is not None:
        factor.last_step = step
    return step is not None


def _is_recovery(session: Session, account: Account, seals: Seals, typed: str, now: datetime) -> bool:
    plain = "".join(one for one in typed.lower() if one in _LETTERS)
    found = session.get(RecoveryCode, (account.id, seals.mac(_coded(account, plain))), with_for_update=True)
    if found is None or found.used is not None:
        return False
    found.used = now
    audit.record(session, now, account.id, "factor_recovered", account.id)
    return True


def remove(session: Session, account: Account, now: datetime) -> None:
    """Its owner takes it off, who has just shown a code; who needs one must make another."""
    _delete(session, account)
    audit.record(session, now, account.id, "factor_removed", account.id)


def reset(session: Session, account: Account, by: Account | None, now: datetime) -> None:
    """Take the factor off an account whose owner lost phone and codes; its sessions end. `by` None: at the server.
    Raises `factor_and_password` where the same person knows the password, or might."""
    knew = by is not None and _last(session, account, "password_changed", "password_reset", "account_created") == by.id
    if by is not None and (knew or by.id in hands_of(session, [account.id]).on(account.id, now)):
        raise Problem("factor_and_password")
    _delete(session, account)
    end_all(session, account, by, now)
    audit.record(session, now, by.id if by else None, "factor_reset", account.id)


def may_set_password(session: Session, account: Account, by: Account) -> None:
    """Raises `factor_and_password` for who took the factor off and would have the account whole."""
    if _last(session, account, "factor_made", "factor_reset") == by.id and not has(session, account):
        raise Problem("factor_and_password")


def due(session: Session, account: Account) -> datetime | None:
    """When an account without a factor must have one; None for who has one, or needs none."""
    if account.role not in NEEDED or is_demo(session) or has(session, account):
        return None
    since = session.get(ServerState, _SINCE)
    begun = datetime.fromisoformat(since.value) if since else None
    return begun + GRACE if begun and account.created_at <= begun else account.created_at


def _last(session: Session, account: Account, own: str, *others: str) -> str | None:
    """Who did the last of these acts to an account; nobody where the owner did the one that is theirs."""
    query = select(AuditEvent.verb, AuditEvent.account_id).where(
        AuditEvent.subject == account.id, AuditEvent.verb.in_([own, *others])
    )
    last = session.execute(query.order_by(AuditEvent.at.desc(), AuditEvent.id).limit(1)).first()
    return None if last is None or last.verb == own else last.account_id


def _delete(session: Session, account: Account) -> None:
    for table in (RecoveryCode, SecondFactor):
        session.execute(delete(table).where(table.account_id == account.id))


def _secret(seals: Seals, account: Account, box: str) -> bytes:
    secret = seals.unseal(box, _begun(account))
    if secret is None:
        raise Problem("bad_request")
    return secret


def _about(account: Account) -> str:
    return f"second factor {account.id}"


def _begun(account: Account) -> str:
    return f"second factor begun {account.id}"


def _coded(account: Account, code: str) -> str:
    return f"recovery {account.id} {code}"


def _digits(typed: str) -> str:
    return "".join(typed.split())

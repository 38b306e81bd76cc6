"""Accounts, their villages and households, their phones and keys, and the log of what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import Role, SessionEnd, SessionKind


class Account(Base):
    """A person who signs in. `place_id`: an enumerator's or supervisor's commune, a province officer's province."""

    __tablename__ = "account"
    __table_args__ = (one_of("role", Role), CheckConstraint("demo = 'demo'", name="of_the_demo"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    place_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    # A session made under an older epoch is no longer valid: bumped when the password or the role changes.
    session_epoch: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(5), default="vi")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # "demo": everybody knows its password. It refers to the mark of the place, so it is nowhere but in a demo.
    demo: Mapped[str | None] = mapped_column(ForeignKey("server_state.key"))


class AccountVillage(Base):
    """The villages an enumerator is assigned to."""

    __tablename__ = "account_village"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)


class FormerVillage(Base):
    """A village that an enumerator had and lost: its households reach the phone as gone at the next pull."""

    __tablename__ = "former_village"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)


class HouseholdAssignment(Base):
    """Which enumerator visits a household; only ever added to, what was written last holds. `account_id` NULL: nobody
    in particular any more. `seq`: the commune's change number."""

    __tablename__ = "household_assignment"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        Index("ix_household_assignment_household", "commune_id", "household_id", "seq"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    household_id: Mapped[str] = mapped_column(String(36))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class LoginAttempt(Base):
    """A wrong key to the feed, by account name and by address: what its rate limit counts. No key is kept."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_subject_at", "subject", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    subject: Mapped[str] = mapped_column(String(120))  # "name:feed <folded username>" or "from:feed <address>"
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SignInTries(Base):
    """Wrong tries to sign in to an account. `failures`, `last`: from devices that it does not know, since somebody
    signed in; `untold`, `untold_since`: all that its owner has not read of."""

    __tablename__ = "sign_in_tries"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    failures: Mapped[int]
    last: Mapped[datetime | None] = mapped_column(UTCDateTime)
    untold: Mapped[int]
    untold_since: Mapped[datetime | None] = mapped_column(UTCDateTime)


class KnownBrowser(Base):
    """A device on which an account was signed in: the SHA-256 of the text that its cookie brings. `failed`: when its
    last wrong tries were; `wrong`: how many since the last right one."""

    __tablename__ = "known_browser"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    made: Mapped[datetime] = mapped_column(UTCDateTime)
    seen: Mapped[datetime] = mapped_column(UTCDateTime)  # signed in the last time
    failed: Mapped[list[str]] = mapped_column(JSONText)
    wrong: Mapped[int]


class FeedKey(Base):
    """A key with which Excel reads the feed for an account, within an area (`place_id`; NULL: all of the account's) and
    some tables (`sets`). Its text is kept nowhere, only its SHA-256. `epoch`: of the account's sessions when it was
    made; it ends with them."""

    __tablename__ = "feed_key"
    __table_args__ = (
        CheckConstraint("trim(name) <> ''", name="named"),
        CheckConstraint("expires_at > made_at", name="forward"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_by_somebody"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    place_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))
    sets: Mapped[list[str]] = mapped_column(JSONText)
    epoch: Mapped[int]
    generation: Mapped[str] = mapped_column(String(200))  # of the server; a restore ends it too
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))


class SessionRow(Base):
    """Somebody signed in somewhere. The cookie's text is kept nowhere, only its SHA-256. `device`: the phone that it is
    of, bound once, when it first said so; `said`: what it called itself besides, never taken for who it is. `epoch`: of
    the account's sessions when it began; it ends with them. `idle_until` NULL: however long nothing is heard of it."""

    __tablename__ = "session"
    __table_args__ = (
        one_of("kind", SessionKind),
        one_of("why", SessionEnd),
        CheckConstraint("ends > made", name="forward"),
        CheckConstraint("(ended IS NULL) = (why IS NULL)", name="ended_why"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    epoch: Mapped[int]
    device: Mapped[str | None] = mapped_column(String(64))
    said: Mapped[list[str]] = mapped_column(JSONText)
    agent: Mapped[str] = mapped_column(String(200))  # the browser, as it calls itself
    made: Mapped[datetime] = mapped_column(UTCDateTime)
    seen: Mapped[datetime] = mapped_column(UTCDateTime)  # to ten minutes
    idle_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends: Mapped[datetime] = mapped_column(UTCDateTime)
    password_at: Mapped[datetime] = mapped_column(UTCDateTime)
    factor_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended: Mapped[datetime | None] = mapped_column(UTCDateTime)
    why: Mapped[str | None] = mapped_column(String(16))
    # Of a phone's, once its vault has made one: a public key (SPKI, base64). Then the cookie alone is told nothing, but
    # who shows the text of `access_hash` until then; `proven`: the last nonce that was signed with it.
    vault_key: Mapped[str | None] = mapped_column(String(200))
    access_hash: Mapped[str | None] = mapped_column(String(64))
    access_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    proven: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Passwords, codes and keys shown within it that were wrong, since the last right one.
    wrong: Mapped[int] = mapped_column(default=0, server_default="0")


class SecondFactor(Base):
    """The secret that somebody's phone shows codes of (RFC 6238), sealed under the server's key with the account as
    additional data. `last_step`: of the last code that was taken: each is taken once."""

    __tablename__ = "second_factor"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    box: Mapped[str] = mapped_column(String(200))
    last_step: Mapped[int]
    made: Mapped[datetime] = mapped_column(UTCDateTime)


class RecoveryCode(Base):
    """A code in the place of one of the second factor, taken once. Only a keyed hash of it is kept."""

    __tablename__ = "recovery_code"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    mac: Mapped[str] = mapped_column(String(64), primary_key=True)
    used: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PasswordKnown(Base):
    """Somebody else knew a password of an account: whoever made it or set its password anew, from then until it was
    handed over (`accounts/four_eyes.py`). `enrolled`: when its owner chose another. Rows end, and stay."""

    __tablename__ = "password_known"
    __table_args__ = (CheckConstraint("confirmed_by IS NULL OR until IS NOT NULL", name="confirmed_is_over"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    known_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    enrolled: Mapped[datetime | None] = mapped_column(UTCDateTime)
    until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))  # NULL with an end: at the server


class Device(Base):
    """A phone as it last described itself: what it still holds, its clock, its release. Once revoked it may deliver
    what it holds, into quarantine, and is told nothing."""

    __tablename__ = "device"
    __table_args__ = (Index("ix_device_account", "account_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(200), default="")
    app_version: Mapped[str] = mapped_column(String(64), default="")
    last_contact_at: Mapped[datetime] = mapped_column(UTCDateTime)
    clock_skew_seconds: Mapped[int | None]
    unsent: Mapped[Any] = mapped_column(JSONText)  # list of {"id", "household_id"}: finalised, not yet received
    in_progress: Mapped[int] = mapped_column(default=0)
    storage: Mapped[Any] = mapped_column(JSONText, nullable=True)  # {"used", "quota", "persisted"}
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    escrow_id: Mapped[str | None] = mapped_column(String(16))  # the office's key that its own lock is wrapped to
    reported_by: Mapped[str | None] = mapped_column(String(64))  # the phone whose session called itself by this id


class AuditEvent(Base):
    """Sign-ins, exports, changes of accounts: who, when, what, never anybody's personal data."""

    __tablename__ = "audit_event"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    verb: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), default="")
    detail: Mapped[Any] = mapped_column(JSONText, nullable=True)


class HouseholdOpening(Base):
    """Who was shown a page of a household, and when (`evidence/openings.py`)."""

    __tablename__ = "household_opening"
    __table_args__ = (
        Index("ix_household_opening_household", "household_id", "at"),
        Index("ix_household_opening_account", "account_id", "at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    commune_id: Mapped[str] = mapped_column(String(16))
    household_id: Mapped[str] = mapped_column(String(36))
    page: Mapped[str] = mapped_column(String(40))

"""ODK Collect: the keys with which its phones come, and what arrived in parts.

A key's text is kept nowhere, only its SHA-256. `collect_upload` and `collect_file` hold what a split submission has
brought so far; the record itself is a `submission` like every other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime


class CollectToken(Base):
    """A key in the address under which one phone's ODK Collect acts for an account. It ends with the account's sessions
    (`epoch`), and 30 days after its round closed; one that was made in no round has a day (`expires_at`)."""

    __tablename__ = "collect_token"
    __table_args__ = (CheckConstraint("(round_id IS NULL) = (expires_at IS NOT NULL)", name="has_an_end"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    epoch: Mapped[int]
    round_id: Mapped[str | None] = mapped_column(ForeignKey("round.id"))
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_device: Mapped[str] = mapped_column(String(80), default="")  # what the phone called itself then
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))


class CollectUpload(Base):
    """A submission as XML, by its hash: the same in each of its parts. `entry_hash`: the content hash of the record
    made of it, NULL while parts are awaited."""

    __tablename__ = "collect_upload"
    __table_args__ = (Index("ix_collect_upload_account", "account_id", "entry_hash"),)

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    xml_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64))
    xml: Mapped[str] = mapped_column(Text)  # base64 of what came: any encoding, byte for byte
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[str] = mapped_column(String(64))
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    entry_hash: Mapped[str | None] = mapped_column(String(64))


class CollectFile(Base):
    """A file that came with an upload, by the name that the XML gives it. `late`: after the record was made."""

    __tablename__ = "collect_file"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id", "xml_hash"], ["collect_upload.commune_id", "collect_upload.xml_hash"]),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    xml_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    late: Mapped[bool] = mapped_column(default=False)

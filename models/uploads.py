"""Files on their way in parts, and small pictures of those that have not come yet: both go when the whole is here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime


class Upload(Base):
    """A file that comes in parts. How much of it is here is told by its bytes in the instance's folder `uploads`, named
    by `id`, and by nothing else; that it is whole, by its `attachment`."""

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("commune_id", "account_id", "sha256"),
        CheckConstraint("size > 0", name="size_known"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(60))  # as said
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when the phone last began or went on


class Thumbnail(Base):
    """A small picture of one that a submission names and that has not come yet; gone when it comes."""

    __tablename__ = "thumbnail"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)  # of the original
    media_type: Mapped[str] = mapped_column(String(60))
    content: Mapped[bytes] = mapped_column(LargeBinary)

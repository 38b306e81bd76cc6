"""Province → commune → village. A name and being urban hold for a period; an id is for good."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from survey.terms import Area, PlaceKind


class Place(Base):
    """A province ("14"), a commune ("03664") or a village ("03664-01")."""

    __tablename__ = "place"
    __table_args__ = (
        one_of("kind", PlaceKind),
        CheckConstraint("(kind = 'province') = (parent_id IS NULL)", name="parent_unless_province"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"), index=True)


class PlacePeriod(Base):
    """Name, division and area of a place from `valid_from` until before `valid_to` (open when NULL)."""

    __tablename__ = "place_period"
    __table_args__ = (
        one_of("area", Area),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="forward"),
    )

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(120))
    division: Mapped[str] = mapped_column(String(40))  # Tỉnh, Xã, Phường, Bản, Tiểu khu, Tổ dân phố …
    area: Mapped[str | None] = mapped_column(String(16))  # villages only
    region: Mapped[str | None] = mapped_column(String(40))  # of the B1 table; provinces only


class CommuneCounter(Base):
    """The commune's change counter, bumped in the transaction that changes a register entry: a cursor has no gap.
    `turns`: how often a transaction had the commune to itself: while it stands, what was read of the commune holds."""

    __tablename__ = "commune_counter"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
    turns: Mapped[int] = mapped_column(default=0, server_default="0")

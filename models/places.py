"""Province → commune → village. A name and being urban hold for a period; an id is for good.

What happened to a village stands in `place_event`, which is truth and only ever appended to; its periods follow from it
(`survey/borders/villages.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import Area, PlaceChange, PlaceKind


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


class PlaceEvent(Base):
    """What happened to a village of a commune. `effective_on`: since when it holds; `at`: when it was written down,
    NULL where nobody kept that; `act`: what was done in one go, with what stands in `register_event`; `other_id`: what
    it was merged into, what was split off, what it is in another commune; `voids`: what an undoing takes back."""

    __tablename__ = "place_event"
    __table_args__ = (
        one_of("kind", PlaceChange),
        CheckConstraint("seq >= 1", name="from_one"),
        CheckConstraint("(kind = 'void') = (voids IS NOT NULL)", name="void_names_one"),
        CheckConstraint("voids < seq", name="void_looks_back"),
        CheckConstraint("kind = 'void' OR (kind IN ('merged', 'split', 'rezoned')) = (other_id IS NOT NULL)",
                        name="of_two"),
        CheckConstraint("other_id <> village_id", name="not_itself"),
        UniqueConstraint("commune_id", "voids"),
        ForeignKeyConstraint(["commune_id", "voids"], ["place_event.commune_id", "place_event.seq"]),
        Index("ix_place_event_kind", "commune_id", "kind"),
        Index("ix_place_event_act", "act"),
    )  # fmt: skip

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … within the commune
    act: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    other_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))
    effective_on: Mapped[date]
    at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[Any] = mapped_column(JSONText)
    voids: Mapped[int | None]


class FormerCommune(Base):
    """A commune as it was until before `valid_to`, and the commune of after that which its land belongs to; one whose
    land was divided has a row for each. As a table says that somebody loaded, with how sure it is (`status`)."""

    __tablename__ = "former_commune"
    __table_args__ = (CheckConstraint("valid_from IS NULL OR valid_to > valid_from", name="forward"),)

    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    valid_to: Mapped[date] = mapped_column(primary_key=True)
    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    valid_from: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(120))
    district_code: Mapped[str] = mapped_column(String(16))
    district: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(500))


class CommuneCounter(Base):
    """The commune's change counter, bumped in the transaction that changes a register entry: a cursor has no gap.
    `turns`: how often a transaction had the commune to itself: while it stands, what was read of the commune holds."""

    __tablename__ = "commune_counter"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
    turns: Mapped[int] = mapped_column(default=0, server_default="0")

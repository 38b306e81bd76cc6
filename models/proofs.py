"""What a round was opened over in each commune, and the signed proof with which it was closed there.

Rows of these tables are only ever added. `survey/rounds/proof.py` says what a proof binds.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime, one_of
from survey.terms import HouseholdClass, LeafPart


class StartRow(Base):
    """A household of the list that a round began with in a commune, as it stood then. `persons`: of last year's
    answers; NULL where nobody had listed them."""

    __tablename__ = "start_row"
    __table_args__ = (
        one_of("household_class", HouseholdClass),
        CheckConstraint("persons >= 0", name="counted"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    household_class: Mapped[str | None] = mapped_column(String(16))
    persons: Mapped[int | None]


class ProofKey(Base):
    """A key that proofs are signed with, after another (`number` 1, 2, …). `previous`: the key that introduced it (not
    always number - 1: a rotation may have broken off); `by_previous`, `by_itself`: what both signed then; NULL for the
    first, and for one whose predecessor was lost. `compromised_on`: since which day somebody else may have had it, said
    at `compromised_at` under `compromised_by` (the key of then)."""

    __tablename__ = "proof_key"
    __table_args__ = (
        CheckConstraint("number >= 1", name="from_one"),
        CheckConstraint("(by_previous IS NULL) = (by_itself IS NULL)", name="both_sign"),
        CheckConstraint("(by_previous IS NULL) = (previous IS NULL)", name="introduced"),
        CheckConstraint("(compromised_on IS NULL) = (compromised_sig IS NULL)", name="compromise_signed"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_key: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    previous: Mapped[str | None] = mapped_column(String(64))
    by_previous: Mapped[str | None] = mapped_column(String(120))
    by_itself: Mapped[str | None] = mapped_column(String(120))
    compromised_on: Mapped[date | None]
    compromised_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    compromised_by: Mapped[str | None] = mapped_column(String(64))
    compromised_sig: Mapped[str | None] = mapped_column(String(120))


class RoundProof(Base):
    """The proof of a commune's closing: `body` is the signed text, byte for byte; `anchor`: its SHA-256, the root as
    printed. `bound`: the hash of each row that it binds, by table and key (deflated JSON), so that a row which differs
    later can be named."""

    __tablename__ = "round_proof"
    __table_args__ = (CheckConstraint("revision >= 1", name="from_one"),)

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    anchor: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(120))
    public_key: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    bound: Mapped[bytes] = mapped_column(LargeBinary)


class ProofLeaf(Base):
    """A leaf of a proof: its text, which names nobody, and its hash. `blinding`: what hides the contents that the leaf
    commits to; it never leaves, and goes only when all of the household is erased."""

    __tablename__ = "proof_leaf"
    __table_args__ = (
        one_of("part", LeafPart),
        ForeignKeyConstraint(
            ["commune_id", "round_id", "revision"],
            ["round_proof.commune_id", "round_proof.round_id", "round_proof.revision"],
        ),
        Index("ix_proof_leaf_household", "round_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    round_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(8), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 0, 1, … in the tree
    household_id: Mapped[str] = mapped_column(String(36))
    leaf: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    blinding: Mapped[str | None] = mapped_column(String(64))

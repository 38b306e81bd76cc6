"""Programmes, their projects, what these serve, the kinds of support with their rules, funds, and members of models.

Rows are only ever added: what changed is the next version, with who changed it, when and why. A fund's balance alone is
written over, by the statement that asks whether it is enough; it is what its entries add up to (derived).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.support_terms import (
    FundAct,
    MemberAct,
    MemberOutcome,
    ProgrammeKind,
    ProjectKind,
    Provenance,
    SupportCount,
    SupportSubject,
    SupportWindow,
)
from survey.terms import Indicator

_SOURCED = "trim(source) <> '' AND trim(reason) <> ''"


class _Versioned:
    """What each version says of itself. `withdrawn`: it was entered by mistake or holds no more; it is not offered."""

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)  # why it is as it is, or was changed
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Programme(_Versioned, Base):
    """One version of a programme, of the country or of the province; both days included, `until` NULL: not known."""

    __tablename__ = "programme"
    __table_args__ = (
        one_of("kind", ProgrammeKind), one_of("status", Provenance),
        CheckConstraint("version >= 1", name="from_one"),
        CheckConstraint("until >= since", name="forward"),
        CheckConstraint(_SOURCED, name="sourced"),
    )  # fmt: skip

    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    since: Mapped[date]
    until: Mapped[date | None]
    legal_basis: Mapped[str] = mapped_column(Text)


class Project(_Versioned, Base):
    """One version of a project of a programme, or of a model or group within one. `number`, `sub_number`: as the paper
    has them; `within`: the project that a model belongs to, "" of none; `place_set`: the communes that it is for, by
    the plan's name for them, "" for all; `commune_id`: the one commune of a model; `opens`, `ends` NULL: as the
    programme."""

    __tablename__ = "project"
    __table_args__ = (
        one_of("kind", ProjectKind), one_of("status", Provenance),
        CheckConstraint("version >= 1", name="from_one"),
        CheckConstraint("ends >= opens", name="forward"),
        CheckConstraint("commune_id IS NULL OR place_set = ''", name="one_place"),
        CheckConstraint(_SOURCED, name="sourced"),
    )  # fmt: skip

    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(16))
    sub_number: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    within: Mapped[str] = mapped_column(String(32))
    opens: Mapped[date | None]
    ends: Mapped[date | None]
    place_set: Mapped[str] = mapped_column(String(32))
    commune_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))


class Serves(_Versioned, Base):
    """One version of the statement that a project serves an indicator. `place_set` "": wherever the project is;
    `classes` [] : households of any class; `note`: what else it asks, in words."""

    __tablename__ = "serves"
    __table_args__ = (
        one_of("indicator", Indicator), one_of("status", Provenance),
        CheckConstraint("version >= 1", name="from_one"),
        CheckConstraint(_SOURCED, name="sourced"),
    )  # fmt: skip

    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(String(32), primary_key=True)
    project: Mapped[str] = mapped_column(String(32), primary_key=True)
    indicator: Mapped[str] = mapped_column(String(32), primary_key=True)
    place_set: Mapped[str] = mapped_column(String(32))
    classes: Mapped[list[str]] = mapped_column(JSONText)
    note: Mapped[str] = mapped_column(Text)


class SupportKind(_Versioned, Base):
    """One version of a kind of support and its rule: a `benefit_group` is given to one subject once in `once_in`,
    whatever kind of the group and whichever programme; `counts_as`: the figure of the plan that it adds a person to."""

    __tablename__ = "support_kind"
    __table_args__ = (
        one_of("subject", SupportSubject), one_of("once_in", SupportWindow), one_of("counts_as", SupportCount),
        one_of("status", Provenance),
        CheckConstraint("version >= 1", name="from_one"),
        CheckConstraint("counts_as IS NULL OR subject = 'person'", name="persons_counted"),
        CheckConstraint(_SOURCED, name="sourced"),
    )  # fmt: skip

    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    benefit_group: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(16))
    once_in: Mapped[str] = mapped_column(String(16))
    counts_as: Mapped[str | None] = mapped_column(String(16))


class Fund(Base):
    """Money of a project (`project` "": of the whole programme) for a year, of a province or commune; whole đồng.
    `balance`: neither committed nor paid; `committed`: promised, not paid; `entries`: how many there are."""

    __tablename__ = "fund"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="enough"),
        CheckConstraint("committed >= 0", name="committed_enough"),
        CheckConstraint("trim(source) <> '' AND trim(name) <> ''", name="sourced"),
        Index("ix_fund_place_id", "place_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    programme: Mapped[str] = mapped_column(String(32))
    project: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    year: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    balance: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    committed: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    entries: Mapped[int] = mapped_column(default=0, server_default="0")
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class FundEntry(Base):
    """A movement of a fund. `of_seq`: the commitment or payment that it pays or gives back; `reverses`: what it undoes,
    once; `to_balance`, `to_committed`: by how much it moves both."""

    __tablename__ = "fund_entry"
    __table_args__ = (
        one_of("act", FundAct),
        CheckConstraint("amount > 0", name="something"),
        CheckConstraint("abs(to_balance) IN (0, amount) AND abs(to_committed) IN (0, amount)", name="moves_its_amount"),
        CheckConstraint("to_balance <> 0 OR to_committed <> 0", name="moves"),
        CheckConstraint("(act = 'reverse') = (reverses IS NOT NULL)", name="reverses_one"),
        CheckConstraint("of_seq < seq AND reverses < seq", name="of_earlier"),
        CheckConstraint("trim(document) <> ''", name="on_paper"),
        UniqueConstraint("fund_id", "reverses"),
        ForeignKeyConstraint(["fund_id", "of_seq"], ["fund_entry.fund_id", "fund_entry.seq"]),
        ForeignKeyConstraint(["fund_id", "reverses"], ["fund_entry.fund_id", "fund_entry.seq"]),
    )

    fund_id: Mapped[str] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the fund
    act: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    of_seq: Mapped[int | None]
    reverses: Mapped[int | None]
    to_balance: Mapped[int] = mapped_column(BigInteger)
    to_committed: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    document: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ProjectMember(Base):
    """A household, or one person of it, that takes part in a model. `given`: đồng from the programme, `own`: what it
    puts in itself; `what`: what that is for (05 goats)."""

    __tablename__ = "project_member"
    __table_args__ = (
        CheckConstraint("given >= 0 AND own >= 0", name="counted"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        Index("ix_project_member_project", "commune_id", "programme", "project"),
        Index("ix_project_member_household", "commune_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    programme: Mapped[str] = mapped_column(String(32))
    project: Mapped[str] = mapped_column(String(32))
    household_id: Mapped[str] = mapped_column(String(36))
    person_id: Mapped[str | None] = mapped_column(String(64))
    since: Mapped[date]
    given: Mapped[int] = mapped_column(BigInteger)
    own: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ProjectMemberStep(Base):
    """What became of a member, seen on a day: how the model goes a year later, that it left, or that the row was a
    mistake."""

    __tablename__ = "project_member_step"
    __table_args__ = (
        one_of("act", MemberAct), one_of("outcome", MemberOutcome),
        CheckConstraint("number >= 1", name="from_one"),
        CheckConstraint("(act = 'outcome') = (outcome IS NOT NULL)", name="outcome_said"),
        CheckConstraint("act = 'outcome' OR trim(note) <> ''", name="reasoned"),
        ForeignKeyConstraint(["commune_id", "member_id"], ["project_member.commune_id", "project_member.id"]),
    )  # fmt: skip

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    act: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(16))
    day: Mapped[date]
    note: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

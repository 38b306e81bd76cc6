"""Programmes, projects, what they serve and kinds of support, each row with source and status; a change is its next
version. The caller has asked whether the account may do this there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Programme, Project, Serves, SupportKind
from survey.problems import Problem
from survey.programmes.place_sets import communes_in, sets_of
from survey.register.event_log import Done
from survey.residents.entering import held
from survey.support_terms import ProgrammeKind, ProjectKind, Provenance, SupportCount, SupportSubject, SupportWindow
from survey.terms import HouseholdClass, Indicator

MAX_TEXT = 500
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
_CODE = re.compile(r"[0-9A-Za-z._-]{1,32}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What every row says of itself. `seen`: the version that was changed, 0 of a new row."""

    model: ClassVar[type[Any]]
    keys: ClassVar[tuple[str, ...]]
    needed: ClassVar[tuple[str, ...]] = ()

    province_id: str
    status: Provenance
    source: str
    withdrawn: bool = False
    seen: int = 0

    def faults(self) -> Iterator[tuple[str, str]]:
        """What cannot be of itself: the field and a code of `words.SENTENCES`."""
        for name in (*self.needed, "source"):
            if not getattr(self, name).strip():
                yield name, "blank"
        for name in self.keys[1:]:
            text = getattr(self, name)
            if text.strip() and not _CODE.fullmatch(text):
                yield name, "bad_id"

    def refers(self) -> Iterator[tuple[type[Any], tuple[str, ...], str]]:
        """The rows that must stand: model, key, and the field that names it."""
        yield from ()

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(getattr(self, name) for name in self.keys)


@dataclass(frozen=True, kw_only=True)
class WantedProgramme(Wanted):
    model, keys, needed = Programme, ("province_id", "code"), ("code", "name", "legal_basis")

    code: str
    name: str
    kind: ProgrammeKind
    since: date
    until: date | None
    legal_basis: str

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from super().faults()
        yield from _period_faults("since", self.since, "until", self.until)


@dataclass(frozen=True, kw_only=True)
class WantedProject(Wanted):
    model, keys, needed = Project, ("province_id", "programme", "code"), ("programme", "code", "name")

    programme: str
    code: str
    name: str
    kind: ProjectKind = ProjectKind.PROJECT
    number: str = ""
    sub_number: str = ""
    within: str = ""
    opens: date | None = None
    ends: date | None = None
    place_set: str = ""
    commune_id: str | None = None

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from super().faults()
        yield from _period_faults("opens", self.opens, "ends", self.ends)
        if self.commune_id is not None and self.place_set:
            yield "place_set", "one_place"
        if self.within == self.code and self.code:
            yield "within", "not_itself"
        for name in ("number", "sub_number"):
            if len(getattr(self, name)) > 16:
                yield name, "too_long"

    def refers(self) -> Iterator[tuple[type[Any], tuple[str, ...], str]]:
        yield Programme, (self.province_id, self.programme), "programme"
        if self.within:
            yield Project, (self.province_id, self.programme, self.within), "within"


@dataclass(frozen=True, kw_only=True)
class WantedServes(Wanted):
    model, keys = Serves, ("province_id", "programme", "project", "indicator")
    needed = ("programme", "project")

    programme: str
    project: str
    indicator: Indicator
    place_set: str = ""
    classes: tuple[HouseholdClass, ...] = ()
    note: str = ""

    def refers(self) -> Iterator[tuple[type[Any], tuple[str, ...], str]]:
        yield Project, (self.province_id, self.programme, self.project), "project"


@dataclass(frozen=True, kw_only=True)
class WantedKind(Wanted):
    model, keys, needed = SupportKind, ("province_id", "code"), ("code", "label", "benefit_group")

    code: str
    label: str
    benefit_group: str
    subject: SupportSubject
    once_in: SupportWindow
    counts_as: SupportCount | None = None

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from super().faults()
        if self.benefit_group.strip() and not _CODE.fullmatch(self.benefit_group):
            yield "benefit_group", "bad_id"
        if self.counts_as is not None and self.subject is not SupportSubject.PERSON:
            yield "counts_as", "persons_counted"


def _period_faults(low: str, first: date | None, high: str, last: date | None) -> Iterator[tuple[str, str]]:
    for name, day in ((low, first), (high, last)):
        if day is not None and not EARLIEST <= day <= LATEST:
            yield name, "no_day"
    if first is not None and last is not None and last < first:
        yield high, "backward"


def place_faults(session: Session, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """What of a row names nothing that stands: rows above it, a set of communes, a commune."""
    for model, key, name in wanted.refers():
        row = latest(session, model, key)
        if row is None or row.withdrawn:
            yield name, "not_there"
    place_set = getattr(wanted, "place_set", "")
    if place_set and place_set not in sets_of(session, wanted.province_id):
        yield "place_set", "no_set"
    commune_id = getattr(wanted, "commune_id", None)
    if commune_id is not None and commune_id not in set(session.scalars(communes_in(wanted.province_id))):
        yield "commune_id", "not_communes"


def latest(session: Session, model: type[Any], key: Sequence[str]) -> Any:
    """The version of a row that stands, None where there is none."""
    columns = list(model.__table__.primary_key.columns)[: len(key)]
    query = select(model).where(*(column == value for column, value in zip(columns, key, strict=True)))
    return session.scalar(query.order_by(model.version.desc()).limit(1))


def write(session: Session, wanted: Sequence[Wanted], done: Done, *, shipped: bool = False) -> None:
    """Write rows down, each as its next version. `shipped`: with the product, which may name a set of communes that is
    not entered yet. Raises `programme_wrong`, `register_reason_needed`, `not_found` where the province is none,
    `conflict` where somebody changed one meanwhile."""
    if done.account_id is None:
        raise Problem("bad_request")
    reason = (done.reason or "").strip()
    if not reason:
        raise Problem("register_reason_needed")
    held(session, {one.province_id for one in wanted})
    for one in wanted:
        wrong = list(one.faults())
        wrong += [(name, code) for name, code in place_faults(session, one) if not (shipped and code == "no_set")]
        if wrong:
            raise Problem("programme_wrong")
        if _last_version(session, one) != one.seen:
            raise Problem("conflict")
        session.add(_row(one, reason, done))
        session.flush()  # the rows after it may name it


def _last_version(session: Session, wanted: Wanted) -> int:
    key = {name: str(getattr(wanted, name)) for name in wanted.keys}
    return session.scalar(select(func.max(wanted.model.version)).filter_by(**key)) or 0


def _row(wanted: Wanted, reason: str, done: Done) -> Any:
    values = {**vars(wanted), "version": wanted.seen + 1}
    del values["seen"]
    values["source"] = wanted.source.strip()[:MAX_TEXT]
    if isinstance(wanted, WantedServes):
        values["classes"] = [one.value for one in HouseholdClass if one in wanted.classes]
    return wanted.model(**values, reason=reason[:MAX_TEXT], account_id=done.account_id, at=done.at)

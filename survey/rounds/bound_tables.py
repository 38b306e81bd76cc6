"""Which rows the proof of a commune's closing binds, each by its hash: what was asked, decided, and follows from it.

Sessions, when a phone was last heard of, jobs, counters and the log of acts are not among them; nor what a later round
makes of a household. A row is bound with the columns that the closing settles: of a round not its title or state, which
go on elsewhere. The list itself stands in the proof, with the columns and a digest of each table: a column that comes
with a later release is no part of what was proved before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Select, Text, or_, select, type_coerce
from sqlalchemy.orm import Session

from models import (
    Assessment,
    AssessmentReading,
    Attachment,
    Base,
    ChangeDecision,
    ChangeRequest,
    Deprivation,
    FormVersion,
    Household,
    HouseholdOutcome,
    JSONText,
    OutcomeDecision,
    OutcomeFile,
    Place,
    PlaceEvent,
    PlacePeriod,
    Proposal,
    ProposalAnswer,
    Receipt,
    RegisterEntry,
    RegisterEvent,
    RegisterGone,
    RosterRow,
    Round,
    RoundRequest,
    RoundStep,
    Standard,
    StartRow,
    Submission,
    SubmissionEvent,
    SubmissionFile,
    SubmissionStatus,
)
from models.base import UTCDateTime
from survey.evidence.merkle import leaf_hash, root_of

Hashes = dict[str, str]  # of rows, by their keys


class Where(NamedTuple):
    """The closing that is proved."""

    round_id: str
    standard: str
    commune_id: str


@dataclass(frozen=True)
class Bound:
    """A table of which rows are bound. `but`: columns that are not; `grows`: rows may come later, which the proof says
    nothing of; `is_truth`: what is bound never changes, not even when the commune is opened again; `is_late`: a few
    rows that change in nobody's turn of the commune, or in the closing itself: they are read last."""

    table: type[Base]
    which: Callable[[Where], ColumnElement[bool]]
    but: frozenset[str] = frozenset()
    grows: bool = False
    is_truth: bool = False
    is_late: bool = False

    @property
    def name(self) -> str:
        return self.table.__tablename__

    @property
    def columns(self) -> list[str]:
        return sorted(column.name for column in self.table.__table__.columns if column.name not in self.but)


def _own(table: Any) -> Callable[[Where], ColumnElement[bool]]:
    return lambda where: (table.commune_id == where.commune_id) & (table.round_id == where.round_id)


def _sent(where: Where) -> Select[str]:
    return select(Submission.id).where(_own(Submission)(where))


def _of_submission(table: Any) -> Callable[[Where], ColumnElement[bool]]:
    return lambda where: (table.commune_id == where.commune_id) & table.submission_id.in_(_sent(where))


def _attachments(where: Where) -> ColumnElement[bool]:
    named = [
        select(SubmissionFile.sha256).where(_of_submission(SubmissionFile)(where)),
        select(OutcomeFile.sha256).where(_outcome_files(where)),
    ]
    return (Attachment.commune_id == where.commune_id) & or_(*(Attachment.sha256.in_(query) for query in named))


def _receipts(where: Where) -> ColumnElement[bool]:
    entries = select(Submission.entry_id).where(_own(Submission)(where))
    return (Receipt.commune_id == where.commune_id) & Receipt.entry_id.in_(entries)


def _households(where: Where) -> ColumnElement[bool]:
    listed = [select(table.household_id).where(_own(table)(where)) for table in (StartRow, RegisterEntry, RegisterGone)]
    return (Household.commune_id == where.commune_id) & or_(*(Household.id.in_(query) for query in listed))


def _decisions(where: Where) -> ColumnElement[bool]:
    said = select(HouseholdOutcome.id).where(_own(HouseholdOutcome)(where))
    return (OutcomeDecision.commune_id == where.commune_id) & OutcomeDecision.outcome_id.in_(said)


def _outcome_files(where: Where) -> ColumnElement[bool]:
    said = select(HouseholdOutcome.id).where(_own(HouseholdOutcome)(where))
    return (OutcomeFile.commune_id == where.commune_id) & OutcomeFile.outcome_id.in_(said)


def _versions(where: Where) -> ColumnElement[bool]:
    asked = select(Submission.form_version).where(_own(Submission)(where), Submission.form_id == FormVersion.form_id)
    return FormVersion.version.in_(asked)


def _places(where: Where) -> ColumnElement[bool]:
    return or_(Place.id == where.commune_id, Place.parent_id == where.commune_id)


def _of_commune(where: Where) -> ColumnElement[bool]:
    """Those of villages follow from their log."""
    return PlacePeriod.place_id == where.commune_id


BOUND = (
    Bound(Round, lambda where: Round.id == where.round_id,
          frozenset({"title", "state", "opens_on", "closes_on", "form_version"}), is_late=True),
    Bound(StartRow, _own(StartRow), is_truth=True),
    Bound(RegisterEntry, _own(RegisterEntry), frozenset({"change"})),
    Bound(RegisterGone, _own(RegisterGone), frozenset({"change"})),
    Bound(RoundStep, _own(RoundStep), grows=True, is_truth=True, is_late=True),
    Bound(RoundRequest, _own(RoundRequest)),
    Bound(Household, _households,
          frozenset({"village_id", "base_head_name", "base_class", "base_answers", "head_name", "current_class",
                     "current_answers", "current_submission_id", "state", "same_as"})),
    Bound(RegisterEvent, lambda where: RegisterEvent.commune_id == where.commune_id, grows=True, is_truth=True),
    Bound(ChangeRequest, lambda where: ChangeRequest.commune_id == where.commune_id, grows=True, is_truth=True),
    Bound(ChangeDecision, lambda where: ChangeDecision.commune_id == where.commune_id, grows=True, is_truth=True),
    Bound(Proposal, lambda where: Proposal.commune_id == where.commune_id, grows=True, is_truth=True),
    Bound(ProposalAnswer, lambda where: ProposalAnswer.commune_id == where.commune_id, grows=True, is_truth=True),
    Bound(HouseholdOutcome, _own(HouseholdOutcome), grows=True, is_truth=True),
    Bound(OutcomeDecision, _decisions, grows=True, is_truth=True),
    Bound(OutcomeFile, _outcome_files, grows=True, is_truth=True),
    Bound(Submission, _own(Submission), grows=True, is_truth=True),
    Bound(SubmissionEvent, _of_submission(SubmissionEvent), grows=True, is_truth=True),
    Bound(SubmissionFile, _of_submission(SubmissionFile), grows=True),
    Bound(Attachment, _attachments, grows=True, is_truth=True),
    Bound(Receipt, _receipts, grows=True, is_truth=True),
    Bound(SubmissionStatus, _of_submission(SubmissionStatus), grows=True),
    Bound(Assessment, _of_submission(Assessment), grows=True),
    Bound(AssessmentReading, _of_submission(AssessmentReading), grows=True),
    Bound(RosterRow, _of_submission(RosterRow), grows=True),
    Bound(Deprivation, _of_submission(Deprivation), grows=True),
    Bound(Standard, lambda where: Standard.code == where.standard,
          frozenset({"title", "valid_to", "status", "source"}), is_late=True),
    Bound(FormVersion, _versions, frozenset({"retired_at"}), grows=True, is_truth=True, is_late=True),
    Bound(Place, _places, grows=True, is_truth=True, is_late=True),
    Bound(PlaceEvent, lambda where: PlaceEvent.commune_id == where.commune_id, grows=True, is_truth=True, is_late=True),
    Bound(PlacePeriod, _of_commune, frozenset({"valid_to"}), grows=True, is_late=True),
)  # fmt: skip


def rows_now(session: Session, bound: Bound, where: Where, names: Sequence[str] | None = None) -> Hashes:
    """The hash of each row of a table that belongs to the closing, as the database has it now. `names`: of the columns
    that an earlier proof binds, each one that the table has; None: what is bound today."""
    table = bound.table.__table__
    names = bound.columns if names is None else sorted(names)
    # What is kept as JSON is bound as the text that is kept: nothing is read apart for it.
    columns = [
        type_coerce(table.c[name], Text).label(name) if isinstance(table.c[name].type, JSONText) else table.c[name]
        for name in names
    ]
    keys = [column.name for column in table.columns if column.primary_key]
    at = [names.index(key) for key in keys]
    moments = [place for place, name in enumerate(names) if isinstance(table.c[name].type, (UTCDateTime, Date))]
    begins = [f"{',' if place else '{'}{json.dumps(name)}:" for place, name in enumerate(names)]
    found: Hashes = {}
    rows = session.execute(select(*columns).where(bound.which(where)).execution_options(yield_per=500))
    for row in rows:
        said = list(row)
        for place in moments:
            said[place] = _said(said[place])
        text = "".join([part for begin, value in zip(begins, said, strict=True) for part in (begin, _TEXT(value))])
        found["|".join([str(said[place]) for place in at])] = hashlib.sha256(f"{text}}}".encode()).hexdigest()
    return found


# A row is hashed as sorted JSON in ASCII: a commune has a hundred thousand.
_TEXT = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def digest_of(rows: Mapping[str, str]) -> str:
    """One hash over the rows of a table."""
    return root_of([leaf_hash(f"{key} {rows[key]}") for key in sorted(rows)])


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value

"""An entry arrives: exactly once, never refused, never lost.

Every entry is stored as it came and answered with a receipt; `judging` says what it is worth by itself, `standing` what
it is beside others of its household: it goes to review, or is held for a person. Each entry has its own savepoint, so
one that the database cannot take, or that meets a fault of this program, holds up nothing: it is stored again with
nothing but its text, and the fault is in the log. Concurrent pushes of a commune wait for each other at its counter
(see `register.py`); the unique key of `submission` stands behind that.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import select, union
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from models import (
    Account,
    Attachment,
    HouseholdOutcome,
    OutcomeFile,
    Place,
    Proposal,
    Submission,
    SubmissionEvent,
    SubmissionFile,
    SupportEntry,
)
from models.commune_counter import lock_commune
from survey.access import Holder
from survey.accounts.accounts import holder_of
from survey.clocks import seconds_of
from survey.evidence.receipts import entry_receipt, find_receipt
from survey.evidence.signing import SignedReceipt, Signer
from survey.intake import outcomes, proposals, supports
from survey.intake.admit import enter
from survey.intake.envelope import Asked, Entry, NoInterview
from survey.intake.proposed import Proposed
from survey.intake.supported import Supported
from survey.intake.told import Sender, find
from survey.intake.triage import Judge, Judgement
from survey.lacks import lack_of
from survey.submissions.derive import evaluate_for
from survey.submissions.evaluated_first import NotEvaluated, evaluated_first, foresee
from survey.submissions.log import Act
from survey.terms import PlaceKind, QuarantineReason


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: the same for the same content, however often it is sent. `rule`: of a proposal or a
    support, which rule stood against it, as a code of `survey.problems`."""

    said_id: Any
    reason: QuarantineReason | None
    missing_files: list[str]
    receipt: SignedReceipt
    rule: str | None = None

    @property
    def held(self) -> bool:
        return self.reason is not None or self.rule is not None


@evaluated_first
def receive(
    session: Session,
    account: Account,
    device_id: str,
    entries: Sequence[Entry],
    now: datetime,
    signer: Signer,
    *,
    permitted: bool = True,
    skew: timedelta | None = None,
) -> list[Outcome]:
    """Store the entries of one push, in order; returns one outcome for each. Not `permitted` (a key was revoked): each
    is held for it. `skew`: how far ahead the clock of the phone was that sends now, None when it is not known."""
    receptions = _receptions(session, account, device_id, entries, now, signer, permitted, skew)
    for entry, reception in zip(entries, receptions, strict=True):
        reception.foresee(entry)
    # Always in this order, or two pushes could wait for each other.
    for commune_id in sorted({one.commune_id for one in receptions}):
        lock_commune(session, commune_id)
    outcomes = []
    for entry, reception in zip(entries, receptions, strict=True):
        try:
            with session.begin_nested():
                outcome = reception.take(entry)
        except (OperationalError, InterfaceError, NotEvaluated):
            raise  # the database itself fails: nothing is stored, the phone keeps all and repeats
        except Exception as error:  # whatever it is, the entry must not be lost
            if lack_of(error):
                raise  # nor judged by what the machine lacks: the same
            _report(error)
            bare = replace(
                entry, household_id=None, round_id=None, form_id=None, files=(), faults=("unreadable",),
                no_interview=entry.no_interview and NoInterview(None), proposal=entry.proposal and Proposed(),
                support=entry.support and Supported(),
            )  # fmt: skip
            with session.begin_nested():
                outcome = reception.take(bare)
        outcomes.append(outcome)
    return outcomes


def foresee_rules(
    session: Session, account: Account, device_id: str, entries: Sequence[Entry], now: datetime, signer: Signer,
    permitted: bool,
) -> None:  # fmt: skip
    """For who holds locks when it calls `receive`: run the rules of what it is going to bring."""
    receptions = _receptions(session, account, device_id, entries, now, signer, permitted, None)
    for entry, reception in zip(entries, receptions, strict=True):
        reception.foresee(entry)


def _receptions(
    session: Session, account: Account, device_id: str, entries: Sequence[Entry], now: datetime, signer: Signer,
    permitted: bool, skew: timedelta | None,
) -> list[_Reception]:  # fmt: skip
    holder = holder_of(session, account)
    homes = [_home(session, account, entry.commune_id) for entry in entries]
    return [_Reception(session, account, holder, device_id, home, now, signer, permitted, skew) for home in homes]


def received(session: Session, account: Account, asked: Sequence[Asked], signer: Signer) -> list[Outcome]:
    """Of entries of this account that a phone asks for, those that are here: what it was answered, heard or not."""
    at_home = (one._replace(commune_id=_home(session, account, one.commune_id)) for one in asked)
    found = (_outcome(session, signer, one, one.entry_id, account) for one in at_home)
    return [outcome for outcome in found if outcome is not None]


def _report(error: Exception) -> None:
    """Only where and what kind: an exception's text may quote somebody's answers."""
    where = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger(__name__).error("an entry was stored bare: %s\n%s", type(error).__name__, where)


def _home(session: Session, account: Account, named: str | None) -> str:
    """Where an entry is kept: the commune that it names; where there is none such, the account's own place. It follows
    from the content, so that whoever sends it again finds the same row."""
    place = session.get(Place, named) if named else None
    if place is not None and place.kind == PlaceKind.COMMUNE:
        return place.id
    return account.place_id or session.scalars(select(Place.id).order_by(Place.id).limit(1)).one()


@dataclass(frozen=True)
class _Reception:
    session: Session
    account: Account
    holder: Holder
    device_id: str
    commune_id: str
    now: datetime
    signer: Signer
    permitted: bool
    skew: timedelta | None

    def take(self, entry: Entry) -> Outcome:
        known = self.find(entry)
        if known is not None:
            return known
        if entry.proposal is not None:
            return self._store_told(entry, proposals.keep(self.session, self._judge, entry, self._sender))
        if entry.support is not None:
            return self._store_told(entry, supports.keep(self.session, self._judge, entry, self._sender))
        return self._store(entry) if entry.no_interview is None else self._store_outcome(entry)

    def find(self, entry: Entry) -> Outcome | None:
        """What was answered when this very content came before."""
        return _outcome(self.session, self.signer, Asked(self.commune_id, entry.id, entry.content.hash), entry.said_id)

    def foresee(self, entry: Entry) -> None:
        """Run the rules of an interview that is not here yet, before others have to wait."""
        if entry.no_interview or entry.proposal or entry.support:
            return
        try:
            with self.session.begin_nested():
                if self.find(entry) is None:
                    foresee(self.session, partial(self._work_out, entry))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # it comes again when the entry is stored, and is met there
            if lack_of(error):
                raise

    def _work_out(self, entry: Entry) -> None:
        submission, judgement = self._judged(entry)
        evaluate_for(self.session, submission, judgement.record)

    def _judged(self, entry: Entry) -> tuple[Submission, Judgement]:
        """The entry as a row, not stored yet, and what it is worth."""
        submission = self._row(entry)
        return submission, self._judge.judge(entry, submission)

    def _row(self, entry: Entry) -> Submission:
        return Submission(
            commune_id=self.commune_id,
            id=str(uuid4()),
            entry_id=entry.id,
            content_hash=entry.content.hash,
            content=entry.content.text,
            household_id=entry.household_id,
            round_id=entry.round_id,
            form_id=entry.form_id,
            form_version=entry.form_version,
            account_id=self.account.id,
            device_id=self.device_id,
            received_at=self.now,
            started_at_said=entry.started_at,
            finalised_at_said=entry.finalised_at,
            clock_skew_seconds=seconds_of(self.skew),
        )

    def _store(self, entry: Entry) -> Outcome:
        submission, judgement = self._judged(entry)
        self.session.add(submission)
        self.session.flush()  # its files and events refer to it
        for sha256, path in entry.files:
            self.session.add(
                SubmissionFile(commune_id=self.commune_id, submission_id=submission.id, sha256=sha256, path=path)
            )
        reason = enter(self.session, submission, entry, judgement, Act(self.account.id, self.now))
        receipt = self._receipt(entry, [sha256 for sha256, _ in entry.files])
        self.session.flush()  # the files counted next
        return Outcome(entry.said_id, reason, _missing(self.session, self.commune_id, submission.id), receipt)

    def _store_outcome(self, entry: Entry) -> Outcome:
        row = outcomes.keep(self.session, self._judge, entry, self._sender)
        receipt = self._receipt(entry, [sha256 for sha256, _ in entry.files])
        self.session.flush()  # the files counted next
        return Outcome(entry.said_id, _reason(row.held_for), _missing(self.session, self.commune_id, row.id), receipt)

    def _store_told(self, entry: Entry, row: Proposal | SupportEntry) -> Outcome:
        return Outcome(entry.said_id, _reason(row.held_for), [], self._receipt(entry, []), row.rule)

    @property
    def _sender(self) -> Sender:
        return Sender(self.account, self.device_id, seconds_of(self.skew))

    @property
    def _judge(self) -> Judge:
        return Judge(self.session, self.account, self.holder, self.commune_id, self.now, self.permitted)

    def _receipt(self, entry: Entry, files: list[str]) -> SignedReceipt:
        return entry_receipt(self.session, self.signer, self.now, self.commune_id, entry.id, entry.content.hash, files)


def _outcome(
    session: Session, signer: Signer, asked: Asked, said_id: Any, account: Account | None = None
) -> Outcome | None:
    """What became of an entry that came before, of this account where one is given."""
    query = (
        select(Submission, SubmissionEvent)
        .join(
            SubmissionEvent,
            (SubmissionEvent.commune_id == Submission.commune_id)
            & (SubmissionEvent.submission_id == Submission.id)
            & (SubmissionEvent.seq == 1),
        )
        .where(
            Submission.commune_id == asked.commune_id,
            Submission.entry_id == asked.entry_id,
            Submission.content_hash == asked.content_hash,
        )
    )
    first = session.execute(query.where(Submission.account_id == account.id) if account else query).first()
    receipt = find_receipt(session, *asked, signer)
    if receipt is None:
        return None
    if first is None:
        by = account.id if account else None
        said = find(session, HouseholdOutcome, asked, by)
        if said is not None:
            return Outcome(said_id, _reason(said.held_for), _missing(session, asked.commune_id, said.id), receipt)
        told = find(session, Proposal, asked, by) or find(session, SupportEntry, asked, by)
        return Outcome(said_id, _reason(told.held_for), [], receipt, told.rule) if told else None
    return Outcome(said_id, _reason(first[1].reason), _missing(session, asked.commune_id, first[0].id), receipt)


def _reason(code: str | None) -> QuarantineReason | None:
    return QuarantineReason(code) if code else None


def _missing(session: Session, commune_id: str, row_id: str) -> list[str]:
    """The files that an entry names and that are not here; `row_id`: of its submission or outcome."""
    here = select(Attachment.sha256).where(Attachment.commune_id == commune_id)
    named = (
        select(table.sha256).where(table.commune_id == commune_id, of == row_id, table.sha256.not_in(here))
        for table, of in ((SubmissionFile, SubmissionFile.submission_id), (OutcomeFile, OutcomeFile.outcome_id))
    )
    return sorted(session.scalars(union(*named)))

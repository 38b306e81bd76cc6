"""An entry arrives: exactly once, never refused, never lost.

Every entry is stored as it came and answered with a receipt; `lifecycle.verdict` says whether it goes to review or is
held for a person. Each entry has its own savepoint, so one that the database cannot take, or that meets a fault of this
program, holds up nothing: it is stored again with nothing but its text, and the fault is in the log. Concurrent pushes
of a commune wait for each other at its counter (see `register.py`); the unique key of `submission` stands behind that.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from models import Account, Attachment, Place, Round, Submission, SubmissionEvent, SubmissionFile
from survey.access import Holder, Where, has_verb, may
from survey.problems import Problem
from survey.submissions import events
from survey.submissions.accounts import holder_of, where_is
from survey.submissions.envelope import MAX_AHEAD, Entry
from survey.submissions.lifecycle import Incoming, Known, Live, Verdict, next_state, verdict
from survey.submissions.published import load_form
from survey.submissions.rebuild import derive, evaluated, live_submission, moment_of
from survey.submissions.receipts import SignedReceipt, Signer, entry_receipt, find_receipt
from survey.submissions.register import context_of, find_household, found_in_the_field, lock_commune, on_register
from survey.terms import Action, PlaceKind, QuarantineReason, RoundState, SubmissionState

CHECKED_CONTEXT = ("khu_vuc", "vung", "cach_b1")  # decides the line and the points: the phone's word is compared


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: the same for the same content, however often it is sent."""

    said_id: Any
    reason: QuarantineReason | None
    missing_files: list[str]
    receipt: SignedReceipt

    @property
    def held(self) -> bool:
        return self.reason is not None


def receive(
    session: Session,
    account: Account,
    device_id: str,
    entries: Sequence[Entry],
    now: datetime,
    signer: Signer,
    *,
    permitted: bool = True,
) -> list[Outcome]:
    """Store the entries of one push, in order; returns one outcome for each. Not `permitted` (a key was revoked): each
    is held for it."""
    homes = [_home(session, account, entry) for entry in entries]
    for commune_id in sorted(set(homes)):  # always in this order, or two pushes could wait for each other
        lock_commune(session, commune_id)
    holder = holder_of(session, account)
    outcomes = []
    for entry, commune_id in zip(entries, homes, strict=True):
        reception = _Reception(session, account, holder, device_id, commune_id, now, signer, permitted)
        try:
            with session.begin_nested():
                outcome = reception.take(entry)
        except (OperationalError, InterfaceError):
            raise  # the database itself fails: nothing is stored, the phone keeps all and repeats
        except Exception as error:  # noqa: BLE001 - whatever it is, the entry must not be lost
            _report(error)
            bare = replace(entry, household_id=None, round_id=None, form_id=None, files=(), faults=("unreadable",))
            with session.begin_nested():
                outcome = reception.take(bare)
        outcomes.append(outcome)
    return outcomes


def _report(error: Exception) -> None:
    """Only where and what kind: an exception's text may quote somebody's answers."""
    where = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger(__name__).error("an entry was stored bare: %s\n%s", type(error).__name__, where)


def _home(session: Session, account: Account, entry: Entry) -> str:
    """Where an entry is kept: the commune that it names; where there is none such, the account's own place. It follows
    from the content, so that whoever sends it again finds the same row."""
    place = session.get(Place, entry.commune_id) if entry.commune_id else None
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

    def take(self, entry: Entry) -> Outcome:
        known = self._find(entry)
        if known is not None:
            return known
        return self._store(entry)

    def _find(self, entry: Entry) -> Outcome | None:
        """What was answered when this very content came before."""
        first = self.session.execute(
            select(Submission, SubmissionEvent)
            .join(
                SubmissionEvent,
                (SubmissionEvent.commune_id == Submission.commune_id)
                & (SubmissionEvent.submission_id == Submission.id)
                & (SubmissionEvent.seq == 1),
            )
            .where(
                Submission.commune_id == self.commune_id,
                Submission.entry_id == entry.id,
                Submission.content_hash == entry.content.hash,
            )
        ).first()
        receipt = find_receipt(self.session, self.commune_id, entry.id, entry.content.hash, self.signer)
        if first is None or receipt is None:
            return None
        reason = QuarantineReason(first[1].reason) if first[1].reason else None
        return Outcome(entry.said_id, reason, self._missing(first[0].id), receipt)

    def _store(self, entry: Entry) -> Outcome:
        submission = Submission(
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
        )
        judgement, detail = self._judge(entry, submission)
        self.session.add(submission)
        self.session.flush()  # its files and events refer to it
        for sha256, path in entry.files:
            self.session.add(
                SubmissionFile(commune_id=self.commune_id, submission_id=submission.id, sha256=sha256, path=path)
            )
        self._log(entry, submission, judgement, detail)
        files = [sha256 for sha256, _ in entry.files]
        receipt = entry_receipt(
            self.session, self.signer, self.now, self.commune_id, entry.id, entry.content.hash, files
        )
        self.session.flush()  # the files counted next
        return Outcome(entry.said_id, judgement.reason, self._missing(submission.id), receipt)

    def _log(self, entry: Entry, submission: Submission, judgement: Verdict, detail: str | None) -> None:
        if judgement.supersedes and entry.household_id and entry.round_id:
            live = live_submission(self.session, self.commune_id, entry.household_id, entry.round_id)
            if live is not None:
                state = next_state(live[1], Action.SUPERSEDE)
                self._append(live[0].id, Action.SUPERSEDE, state)
                derive(self.session, self.commune_id, live[0].id)
        if judgement.reason is None:
            self._append(submission.id, Action.RECEIVE, next_state(None, Action.RECEIVE))
            admit(self.session, self.commune_id, entry, self.now)
        else:
            state = next_state(None, Action.QUARANTINE)
            self._append(submission.id, Action.QUARANTINE, state, judgement.reason, detail)
        derive(self.session, self.commune_id, submission.id)

    def _append(
        self,
        submission_id: str,
        action: Action,
        state: SubmissionState,
        reason: QuarantineReason | None = None,
        detail: str | None = None,
    ) -> None:
        events.append(
            self.session, self.commune_id, submission_id, action, state,
            at=self.now, account_id=self.account.id, reason=reason, detail=detail,
        )  # fmt: skip

    def _judge(self, entry: Entry, submission: Submission) -> tuple[Verdict, str | None]:
        problems, interviewed_on = self._read_answers(entry, submission)
        incoming = Incoming(
            well_shaped=not entry.faults,
            too_large=entry.too_large,
            in_future=entry.in_future(self.now) or interviewed_on > (self.now + MAX_AHEAD).date().isoformat(),
            answers_valid=not problems and not entry.odd,
            replaces=entry.replaces,
        )
        judgement = verdict(self._known(entry), incoming)
        detail = {
            QuarantineReason.BAD_SHAPE: ", ".join(entry.faults),
            QuarantineReason.BAD_ANSWERS: ", ".join(problems[:20]),
            QuarantineReason.UNKNOWN_FORM: f"{entry.form_id} {entry.form_version}",
        }.get(judgement.reason) if judgement.reason else None  # fmt: skip
        return judgement, detail

    def _known(self, entry: Entry) -> Known:
        household_id, round_id = entry.household_id or "", entry.round_id or ""
        survey_round = self.session.get(Round, round_id) if round_id else None
        village_id, known = self._village(entry)
        live = live_submission(self.session, self.commune_id, household_id, round_id) if known else None
        other = select(Submission.id).where(
            Submission.entry_id == entry.id, Submission.content_hash != entry.content.hash
        )
        return Known(
            permitted=self.permitted and has_verb(self.account.role, "interview.submit"),
            inside_area=self._inside(entry, village_id),
            id_reused=self.session.scalars(other.limit(1)).first() is not None,
            round_open=survey_round is not None and survey_round.state == RoundState.OPEN,
            form_known=self._form_known(entry, survey_round),
            household_known=known,
            live=Live(live[0].entry_id, live[1]) if live else None,
        )

    def _form_known(self, entry: Entry, survey_round: Round | None) -> bool:
        """Whether the entry was asked with the round's questionnaire, in any version that was ever published: a phone
        goes on with the version it has until its next contact, and an open interview to its end."""
        if survey_round is not None and entry.form_id != survey_round.form_id:
            return False
        return load_form(self.session, entry.form_id, entry.form_version) is not None

    def _village(self, entry: Entry) -> tuple[str | None, bool]:
        """The village of the entry's household, and whether there is such a household, or one was found just now."""
        household = find_household(self.session, self.commune_id, entry.household_id)
        if household is not None:
            return household.village_id, True
        found = where_is(self.session, entry.new_household["village_id"]) if entry.new_household else None
        if found is None or found.village_id is None or found.commune_id != self.commune_id:
            return None, False
        return found.village_id, len(entry.household_id or "") <= 36

    def _inside(self, entry: Entry, village_id: str | None) -> bool:
        if entry.commune_id != self.commune_id:  # a commune that does not exist
            return False
        if village_id is None or not has_verb(self.account.role, "interview.submit"):
            return self.holder.area.commune_id == self.commune_id
        where = where_is(self.session, village_id)
        return may(self.holder, "interview.submit", where or Where())

    def _read_answers(self, entry: Entry, submission: Submission) -> tuple[list[str], str]:
        """Paths of answers that fail a hard check (a warning, confirmed or not, is the reviewer's to see), and the day
        of the interview that the form itself holds ("" when it holds none)."""
        done = None if entry.odd or entry.too_large or entry.faults else evaluated(self.session, submission)
        if done is None:
            return [], ""
        form, evaluation = done
        faults = [f"{problem.path} ({problem.kind})" for problem in evaluation.problems if problem.severity == "error"]
        day, _ = moment_of(entry.finalised_at, self.now)
        truth = context_of(self.session, self.commune_id, entry.household_id, entry.round_id, day)
        interviewed_on = ""
        for item in form.children:
            said = evaluation.nodes[item.path][0].value if item.path in evaluation.nodes else ""
            if item.columns.get("preload") == "context" and item.name in CHECKED_CONTEXT:
                if truth.get(item.name) is not None and said != truth[item.name]:
                    faults.append(f"{item.path} (context)")
            elif item.type == "today":
                interviewed_on = str(said)
        return faults, interviewed_on

    def _missing(self, submission_id: str) -> list[str]:
        here = select(Attachment.sha256).where(Attachment.commune_id == self.commune_id)
        named = select(SubmissionFile.sha256).where(
            SubmissionFile.commune_id == self.commune_id,
            SubmissionFile.submission_id == submission_id,
            SubmissionFile.sha256.not_in(here),
        )
        return sorted(self.session.scalars(named))


def admit(session: Session, commune_id: str, entry: Entry, now: datetime) -> None:
    """Make sure that the household of an entry that counts is on the round's register: one found in the field is added
    with the next number of its village. Also for a held entry that is released: `not_allowed_now` when it names no
    household of the commune or no open round."""
    survey_round = session.get(Round, entry.round_id) if entry.round_id else None
    if survey_round is None or survey_round.state != RoundState.OPEN or entry.household_id is None:
        raise Problem("not_allowed_now")
    if find_household(session, commune_id, entry.household_id) is None:
        found = entry.new_household
        where = where_is(session, found["village_id"]) if found else None
        if found is None or where is None or where.commune_id != commune_id or len(entry.household_id) > 36:
            raise Problem("not_allowed_now")
        found_in_the_field(session, commune_id, entry.household_id, found, entry.id, now)
    on_register(session, commune_id, survey_round.id, entry.household_id)

"""What an entry by itself is worth, judged when it arrives and again when the office has mended what it was held for.

The facts are read here, `lifecycle.verdict` decides. Whatever else there is of the household does not matter here: that
is `standing.settle_around`'s, so that the order of arrival decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Account, Round, Submission
from survey.access import Holder, Where, has_verb, may
from survey.submissions.accounts import where_is
from survey.submissions.envelope import MAX_AHEAD, Entry
from survey.submissions.lifecycle import Incoming, Known, verdict
from survey.submissions.published import load_form
from survey.submissions.rebuild import evaluated, moment_of
from survey.submissions.register import context_of, find_household
from survey.terms import QuarantineReason, RoundState

CHECKED_CONTEXT = ("khu_vuc", "vung", "cach_b1")  # decides the line and the points: the phone's word is compared


@dataclass(frozen=True)
class Judgement:
    """`reason`: held for it, None when the entry is sound; `detail`: which form, which answers."""

    reason: QuarantineReason | None
    detail: str | None = None


@dataclass(frozen=True)
class Judge:
    """Judges entries of one account in one commune. Not `permitted` (a key was revoked): each is held for it."""

    session: Session
    account: Account
    holder: Holder
    commune_id: str
    permitted: bool = True

    def judge(self, entry: Entry, submission: Submission, attached_to: str | None = None) -> Judgement:
        """`attached_to`: the household that a person found the entry to be of. Clocks are compared with the instant of
        receipt, so that judging again next week finds a wrong clock as wrong as today."""
        household_id = attached_to or entry.household_id
        problems, interviewed_on = self._read_answers(entry, submission, household_id)
        latest = (submission.received_at + MAX_AHEAD).date().isoformat()
        incoming = Incoming(
            well_shaped=not entry.faults,
            too_large=entry.too_large,
            in_future=entry.in_future(submission.received_at) or interviewed_on > latest,
            answers_valid=not problems and not entry.odd,
        )
        reason = verdict(self._known(entry, household_id, attached_to is not None), incoming)
        details = {
            QuarantineReason.BAD_SHAPE: ", ".join(entry.faults),
            QuarantineReason.BAD_ANSWERS: ", ".join(problems[:20]),
            QuarantineReason.UNKNOWN_FORM: f"{entry.form_id} {entry.form_version}",
        }
        return Judgement(reason, details.get(reason) if reason else None)

    def _known(self, entry: Entry, household_id: str | None, attached: bool) -> Known:
        survey_round = self.session.get(Round, entry.round_id) if entry.round_id else None
        village_id, known = self._village(entry, household_id, attached)
        return Known(
            permitted=self.permitted and has_verb(self.account.role, "interview.submit"),
            inside_area=self._inside(entry, village_id),
            round_open=survey_round is not None and survey_round.state == RoundState.OPEN,
            form_known=self._form_known(entry, survey_round),
            household_known=known,
        )

    def _form_known(self, entry: Entry, survey_round: Round | None) -> bool:
        """Whether the entry was asked with the round's questionnaire, in any version that was ever published: a phone
        goes on with the version it has until its next contact, and an open interview to its end."""
        if survey_round is not None and entry.form_id != survey_round.form_id:
            return False
        return load_form(self.session, entry.form_id, entry.form_version) is not None

    def _village(self, entry: Entry, household_id: str | None, attached: bool) -> tuple[str | None, bool]:
        """The village of the entry's household, and whether there is such a household, or one was found just now."""
        household = find_household(self.session, self.commune_id, household_id)
        if household is not None:
            return household.village_id, True
        found = where_is(self.session, entry.new_household["village_id"]) if entry.new_household else None
        if attached or found is None or found.village_id is None or found.commune_id != self.commune_id:
            return None, False
        return found.village_id, len(household_id or "") <= 36

    def _inside(self, entry: Entry, village_id: str | None) -> bool:
        if entry.commune_id != self.commune_id:  # a commune that does not exist
            return False
        if village_id is None or not has_verb(self.account.role, "interview.submit"):
            return self.holder.area.commune_id == self.commune_id
        where = where_is(self.session, village_id)
        return may(self.holder, "interview.submit", where or Where())

    def _read_answers(self, entry: Entry, submission: Submission, household_id: str | None) -> tuple[list[str], str]:
        """Paths of answers that fail a hard check (a warning, confirmed or not, is the reviewer's to see), and the day
        of the interview that the form itself holds ("" when it holds none)."""
        done = None if entry.odd or entry.too_large or entry.faults else evaluated(self.session, submission)
        if done is None:
            return [], ""
        form, evaluation = done
        faults = [f"{problem.path} ({problem.kind})" for problem in evaluation.problems if problem.severity == "error"]
        day, _ = moment_of(entry.finalised_at, submission.received_at)
        truth = context_of(self.session, self.commune_id, household_id, entry.round_id, day)
        interviewed_on = ""
        for item in form.children:
            said = evaluation.nodes[item.path][0].value if item.path in evaluation.nodes else ""
            if item.columns.get("preload") == "context" and item.name in CHECKED_CONTEXT:
                if truth.get(item.name) is not None and said != truth[item.name]:
                    faults.append(f"{item.path} (context)")
            elif item.type == "today":
                interviewed_on = str(said)
        return faults, interviewed_on

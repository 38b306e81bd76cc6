"""What an entry by itself is worth, judged when it arrives and again when the office has mended what it was held for.

The facts are read here, `lifecycle.verdict` decides. Whatever else there is of the household does not matter here: that
is `standing.settle_around`'s, so that the order of arrival decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from models import Account, Round, Submission
from survey.access import Holder, Where, has_verb, may
from survey.accounts.accounts import where_is
from survey.calendar.standing import days_of, state_of
from survey.clocks import Bounds, Doubt, day_of, doubt, read_instant, read_said
from survey.evidence.server_clock import doubt_now
from survey.form.record import Evaluation
from survey.intake.envelope import Entry
from survey.questionnaires import standards
from survey.questionnaires.published import load_form
from survey.register.entries import find_household, left_with_its_entry
from survey.register.places import named_now, stands
from survey.submissions.content import BY_CLOCK, TOLD, Evaluated, clock_of, content_of, dated, evaluated
from survey.submissions.lifecycle import Incoming, Known, verdict
from survey.terms import CommuneState, HouseholdState, QuarantineReason


@dataclass(frozen=True)
class Judgement:
    """`reason`: held for it, None when the entry is sound; `detail`: which form, which answers; `record`: what it was
    evaluated to, None where it was not, or where what is found makes its day another."""

    reason: QuarantineReason | None
    detail: str | None = None
    record: Evaluated | None = None


@dataclass(frozen=True)
class Judge:
    """Judges entries of one account in one commune, at `now`. Not `permitted` (a key was revoked): each is held for
    it."""

    session: Session
    account: Account
    holder: Holder
    commune_id: str
    now: datetime
    permitted: bool = True

    def judge(self, entry: Entry, submission: Submission, attached_to: str | None = None) -> Judgement:
        """`attached_to`: the household that a person found the entry to be of."""
        household_id = attached_to or entry.household_id
        day = clock_of(self.session, submission).today
        known = self._known(entry, household_id, attached_to is not None, day)
        # Rules are run of a form that an open round asks with, and of nothing that is held whatever they say.
        incoming = Incoming(well_shaped=not entry.faults, too_large=entry.too_large)
        is_read = not entry.odd and verdict(replace(known, standard_holds=True), incoming) is None
        record = evaluated(self.session, submission) if is_read else None
        problems, days = self._read_answers(record, submission, household_id)
        found, of_server = self._doubt(entry, submission, days)
        incoming = replace(
            incoming,
            in_future=found is Doubt.AHEAD,
            date_doubted=found is Doubt.BEHIND,
            server_doubted=of_server,
            answers_valid=not problems and not entry.odd,
            too_much=record is not None and record.evaluation.is_too_much,
        )
        reason = verdict(known, incoming)
        details = {
            QuarantineReason.BAD_SHAPE: ", ".join(entry.faults),
            QuarantineReason.BAD_ANSWERS: ", ".join(problems[:20]),
            QuarantineReason.UNKNOWN_FORM: f"{entry.form_id} {entry.form_version}",
        }
        hangs_on_clock = reason is QuarantineReason.SERVER_CLOCK
        return Judgement(reason, details.get(reason) if reason else None, None if hangs_on_clock else record)

    def judge_outcome(self, entry: Entry) -> QuarantineReason | None:
        """Of an entry that says why there is no interview: what stands against it; the same words as for an interview.
        No age hangs on its day, and no questionnaire was asked. A household is met by an interview alone."""
        entry = replace(entry, new_household=None)
        incoming = Incoming(well_shaped=not entry.faults and not entry.odd, too_large=entry.too_large)
        known = self._known(entry, entry.household_id, attached=False, day=day_of(self.now))
        return verdict(replace(known, form_known=True, standard_holds=True), incoming)

    def judge_support(self, entry: Entry) -> QuarantineReason | None:
        """Of an entry that tells of a support: what stands against it before its own rules are asked. It is of no
        round."""
        known, incoming = self._without_round(entry)
        return verdict(known, replace(incoming, date_doubted=entry.date_doubted))

    def _without_round(self, entry: Entry) -> tuple[Known, Incoming]:
        entry = replace(entry, new_household=None)
        incoming = Incoming(well_shaped=not entry.faults and not entry.odd, too_large=entry.too_large)
        known = self._known(entry, entry.household_id, attached=False, day=day_of(self.now))
        return replace(known, round_open=True, round_cancelled=False, form_known=True, standard_holds=True), incoming

    def judge_proposal(self, entry: Entry) -> QuarantineReason | None:
        """Of an entry that proposes a change: what stands against it before the register is asked. It is of no round:
        somebody dies between two of them."""
        known, incoming = self._without_round(entry)
        said = entry.proposal.given if entry.proposal else {}
        there = find_household(self.session, self.commune_id, str(said.get("household") or ""))
        named = [self._means(str(said["village"]))] if "village" in said else []
        named += [there.village_id] if there is not None else []
        if not all(self._inside(entry, village_id) for village_id in named):
            known = replace(known, inside_area=False)
        return verdict(known, incoming)

    def _known(self, entry: Entry, household_id: str | None, attached: bool, day: date) -> Known:
        survey_round = self.session.get(Round, entry.round_id) if entry.round_id else None
        stands = state_of(self.session, entry.round_id, self.commune_id)
        village_id, known = self._village(entry, household_id, attached)
        return Known(
            permitted=self.permitted and has_verb(self.account.role, "interview.submit"),
            inside_area=self._inside(entry, village_id),
            round_open=stands is CommuneState.OPEN,
            round_cancelled=stands is CommuneState.CANCELLED,
            form_known=self._form_known(entry, survey_round),
            household_known=known,
            standard_holds=survey_round is None or standards.holds_for(self.session, survey_round, day),
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
            comes_back = (
                entry.new_household is not None
                and not attached
                and left_with_its_entry(self.session, household) is not None
                and stands(self.session, household.village_id, day_of(self.now))
            )
            return household.village_id, household.state == HouseholdState.PRESENT or comes_back
        named, day = entry.new_household["village_id"] if entry.new_household else "", day_of(self.now)
        # Of a village that was merged meanwhile: permission is asked of what it is a part of now. One that went to
        # another commune takes nobody in: who was met there is held, for a person who finds the household there.
        is_there = named.isprintable() and stands(self.session, named, day)
        found = where_is(self.session, self._means(named)) if is_there else None
        if attached or found is None or found.village_id is None or found.commune_id != self.commune_id:
            return None, False
        return found.village_id, len(household_id or "") <= 36

    def _means(self, village_id: str) -> str:
        """Of a village that was merged meanwhile: what it is a part of now."""
        return named_now(self.session, village_id, day_of(self.now)) if village_id.isprintable() else village_id

    def _doubt(self, entry: Entry, submission: Submission, days: list[date | datetime]) -> tuple[Doubt | None, bool]:
        """Why the day of the interview is in doubt (a phone that was ahead when it sent, but not of this receipt, is in
        doubt like one that was behind), and whether the server's own clock is instead. Nobody doubts a day that a
        person has confirmed. Clocks are compared with the instant of receipt, so that judging again next week finds a
        wrong clock as wrong as today; where the server was wrong then, with the instant of judging."""
        visited_on, receipt_wrong = dated(self.session, submission)
        if visited_on is not None:
            return None, False
        survey_round = self.session.get(Round, entry.round_id) if entry.round_id else None
        said = [one for one in (read_instant(entry.started_at), read_instant(entry.finalised_at), *days) if one]
        by_round = Bounds(*days_of(self.session, survey_round, self.commune_id)) if survey_round else Bounds()
        skew = timedelta(seconds=0 if receipt_wrong else submission.clock_skew_seconds or 0)
        until = self.now if receipt_wrong else submission.received_at
        by_receipt = replace(by_round, until=until)
        found = _first(said, by_receipt) or (_first(said, replace(by_receipt, skew=skew)) and Doubt.BEHIND)
        if found is not None and not _first(said, by_round) and doubt_now(self.session, self.now) is not None:
            return None, True
        return found or (Doubt.BEHIND if entry.date_doubted else None), False

    def _inside(self, entry: Entry, village_id: str | None) -> bool:
        if entry.commune_id != self.commune_id:  # a commune that does not exist
            return False
        if village_id is None or not has_verb(self.account.role, "interview.submit"):
            return self.holder.area.commune_id == self.commune_id
        where = where_is(self.session, village_id)
        return may(self.holder, "interview.submit", where or Where())

    def _read_answers(
        self, record: Evaluated | None, submission: Submission, household_id: str | None
    ) -> tuple[list[str], list[date | datetime]]:
        """Paths of answers that fail a hard check (a warning, confirmed or not, is the reviewer's to see), and the days
        and instants that the phone's clock gave as answers."""
        if record is None:
            return [], []
        form, evaluation, told = record
        faults = [f"{problem.path} ({problem.kind})" for problem in evaluation.problems if problem.severity == "error"]
        truth = told if find_household(self.session, self.commune_id, household_id) is not None else {}
        carried = content_of(submission).get("answers")
        for item in form.children:
            said = carried.get(item.name) if isinstance(carried, dict) else None
            is_told = item.columns.get("preload") == "context" and item.name in TOLD
            if is_told and truth.get(item.name) not in (None, said):
                faults.append(f"{item.path} (context)")
        return faults, list(_by_clock(evaluation))


def _by_clock(evaluation: Evaluation) -> Iterator[date | datetime]:
    """What the phone's clock gave as answers, wherever the form asks for it."""
    for nodes in evaluation.nodes.values():
        for node in nodes:
            is_asked = node.definition is not None and node.definition.type in BY_CLOCK
            if is_asked and (said := read_said(evaluation.value(node))) is not None:
                yield said


def _first(said: list[date | datetime], bounds: Bounds) -> Doubt | None:
    return next((found for one in said if (found := doubt(one, bounds))), None)

"""Work that has begun in the round: interviews sent, accepted, returned, mended, held; all by the real way in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Account, Device, Round, Submission, SubmissionStatus
from survey.clocks import day_of, instant
from survey.demo.accounts import ACCOUNTS, COMMUNE
from survey.demo.answers import HERE, DemoHousehold, interview
from survey.demo.year import a_year_later
from survey.evidence.signing import Signer
from survey.form.form import Form
from survey.form.record import Evaluation
from survey.intake.envelope import read_entry
from survey.intake.receive import receive
from survey.poverty.assess import assess
from survey.register.entries import context_of
from survey.review.decide import decide
from survey.terms import Action, OutcomeKind, Role

VISITED = {1: 14, 3: 8, 5: 7, 9: 9, 11: 4, 12: 8}  # number of a village → how many of its households, from the first
# What becomes of the interviews, over and over: most are accepted, some wait, a few come back.
COURSE = "accept accept wait accept accept return accept wait accept mend accept hold".split()
REMARKS = (
    "Xin hỏi lại thẻ bảo hiểm y tế của từng người, ghi theo thẻ còn hạn.",
    "Xin đo lại diện tích nhà ở và xem lại loại nhà tiêu.",
    "Xin hỏi lại việc làm của các con đã thôi học.",
)
WITHOUT_INTERVIEW = {  # what a village head says of a household that was not asked
    OutcomeKind.ABSENT: "Hàng xóm nói cả nhà đi làm nương xa.",
    OutcomeKind.REFUSED: "Chủ hộ nói không cần xét, đã giải thích hai lần.",
    OutcomeKind.MOVED_AWAY: "Trưởng bản nói cả nhà đã chuyển đi tỉnh khác.",
    OutcomeKind.NOT_FOUND: "Không ai trong bản biết hộ này.",
    OutcomeKind.DIED_OUT: "Các cụ đã mất, nhà không còn ai.",
    OutcomeKind.DUPLICATE: "Đã có trong danh sách với mã khác.",
}
TOLD_THE_COMMUNE = "Gia đình báo với trưởng bản."
LISTED_TWICE = "Hai lần lập danh sách, cùng một gia đình."
CONFIRMED = "Đã hỏi lại, gia đình nói đúng như vậy."
DAYS_BACK = 10
SUPERVISOR = "can-bo-xa"


@dataclass
class FieldWork:
    session: Session
    form: Form
    round: Round
    accounts: dict[str, Account]
    signer: Signer
    now: datetime
    random: Random = field(default_factory=lambda: Random("field work"))

    def begin(self, by_village: dict[int, list[DemoHousehold]]) -> dict[str, int]:
        """Visit the first households of some villages in the days before now; returns how many records per state."""
        self._phones()
        visits = [(village, household) for village, most in VISITED.items() for household in by_village[village][:most]]
        for number, (village, household) in enumerate(visits):
            day = day_of(self.now) - timedelta(days=DAYS_BACK - number * 8 // len(visits))
            self._visit(village, a_year_later(self.random, household, day), day, COURSE[number % len(COURSE)])
        rows = self.session.execute(select(SubmissionStatus.state, func.count()).group_by(SubmissionStatus.state))
        return dict(rows.all())

    def _visit(self, village: int, household: DemoHousehold, day: date, course: str) -> None:
        entry = self._entry(village, household, day)
        if course == "hold":
            del entry["answers"]["nha_o"]["tuong"]  # a question left out: held until a person has looked
            entry["outcome"] = None
        submission_id = self._send(village, entry, day)
        if course == "accept":
            self._decide(submission_id, Action.ACCEPT, day)
        elif course in ("return", "mend"):
            self._decide(submission_id, Action.RETURN, day, self.random.choice(REMARKS))
        if course == "mend":
            household.living.area += 6
            mended = self._entry(village, household, day + timedelta(days=1), replaces=entry["id"])
            self._decide(self._send(village, mended, day + timedelta(days=1)), Action.ACCEPT, day + timedelta(days=1))

    def _entry(self, village: int, household: DemoHousehold, day: date, replaces: str | None = None) -> dict[str, Any]:
        """The entry as a phone would send it (docs/sync.md)."""
        context = context_of(self.session, COMMUNE, household.id, self.round.id, day)
        answers, evaluation = interview(self.form, household, context, day)
        row, column = divmod(village - 1, 4)  # villages lie apart, the houses of one near each other
        north = 21.48 - 0.03 * row - 0.008 * (column % 2) + self.random.uniform(-0.005, 0.005)
        east = 103.68 + 0.03 * column + 0.01 * (row % 2) + self.random.uniform(-0.006, 0.006)
        answers["xac_nhan"]["vi_tri"] = f"{north:.6f} {east:.6f} 0 {self.random.randint(4, 15)}"
        start = _moment(day, 8) + timedelta(minutes=7 * household.number)
        return {
            "id": uuid7(self.random, start),
            "commune_id": COMMUNE,
            "round_id": self.round.id,
            "household_id": household.id,
            "form": {"id": self.form.id, "version": self.form.version},
            "answers": answers,
            "confirmed": {p.path: CONFIRMED for p in evaluation.problems if p.severity == "warning"},
            "outcome": self._outcome(evaluation),
            "files": [],
            "started_at": instant(start),
            "finalised_at": instant(start + timedelta(minutes=self.random.randint(14, 38))),
            "replaces": replaces,
            "new_household": None,
        }

    def _outcome(self, evaluation: Evaluation) -> dict[str, Any]:
        found = assess(self.form, evaluation)
        return {
            "class": found.household_class,
            "b1": found.b1,
            "b2": found.b2,
            "indicators": {r.indicator.value: int(r.deprived) for r in found.indicators if r.deprived is not None},
        }

    def _send(self, village: int, entry: dict[str, Any], day: date) -> str:
        """Push one entry in the evening of the day; returns our id of it."""
        username = enumerator_of(village)
        outcomes = receive(
            self.session, self.accounts[username], _device(username), [read_entry(entry)], _moment(day, 18), self.signer
        )
        assert len(outcomes) == 1
        query = select(Submission.id).where(Submission.commune_id == COMMUNE, Submission.entry_id == entry["id"])
        return self.session.scalars(query).one()

    def _decide(self, submission_id: str, action: Action, day: date, remark: str | None = None) -> None:
        comments = [{"path": None, "text": remark}] if remark else []
        reviewer = self.accounts[SUPERVISOR]
        at = _moment(day, 20)
        decide(self.session, reviewer, COMMUNE, submission_id, action, seen=1, comments=comments, now=at)

    def _phones(self) -> None:
        for account in ACCOUNTS:
            if account.role is Role.ENUMERATOR:
                self.session.add(
                    Device(
                        id=_device(account.username),
                        account_id=self.accounts[account.username].id,
                        label="Android · Chrome 120",
                        app_version="demo",
                        last_contact_at=_moment(day_of(self.now) - timedelta(days=2), 18),
                        clock_skew_seconds=0,
                        unsent=[],
                        in_progress=0,
                        storage=None,
                    )
                )


def enumerator_of(village: int) -> str:
    """The username of who surveys a village."""
    return next(a.username for a in ACCOUNTS if a.role is Role.ENUMERATOR and village in a.villages)


def uuid7(random: Random, at: datetime) -> str:
    """A UUIDv7 (RFC 9562) of that instant."""
    milliseconds = int(at.timestamp() * 1000)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)))


def _device(username: str) -> str:
    return f"demo-{username}"


def _moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), HERE)

"""A village that was reviewed a year ago, and what the programme has for it: tests/phone/test_supports.py begins here.

Of its three households (CASES of tests/cases/households.md) the first is poor and lacks insurance, water and latrine;
the second is near-poor and lacks water and latrine; the third is poor and lacks all twelve. Project 1 serves water and
latrine and has 10 million đồng, project 2 serves jobs, project 3 neither.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion, Standard, Submission, SubmissionEvent
from survey.accounts.accounts import find_account
from survey.clocks import day_of, instant
from survey.evidence.signing import Signer
from survey.intake.envelope import read_entry
from survey.intake.receive import receive
from survey.plan import targets
from survey.programmes import funds, versions
from survey.programmes.versions import WantedKind, WantedProgramme, WantedProject, WantedServes
from survey.questionnaires.published import Given as Sheet
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.register.event_log import Done
from survey.review import decide as review
from survey.rounds import closing
from survey.rounds.rounds import open_round
from survey.support_terms import (
    FundAct,
    ProgrammeKind,
    Provenance,
    SupportCount,
    SupportOrigin,
    SupportSubject,
    SupportWindow,
)
from survey.supports import giving
from survey.terms import (
    Action,
    B1Method,
    Comparison,
    HouseholdClass,
    Indicator,
    PlanMeasure,
    PlanStatus,
    SourceKind,
    TargetKind,
)
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.given import blind
from tests.poverty.households import BESIDE, WORKBOOK
from tests.web.desk.field import CASES, answers_of
from tests.world import COMMUNE, VILLAGE

ROUND = "dot-truoc"
HEADS = ("Lò Văn Đức", "Cà Văn Đôi", "Quàng Văn Pâng")
FOUND = ("Đúng 140 điểm, ba thiếu hụt", "140 điểm, hai thiếu hụt", "Thiếu hụt cả mười hai, 140 điểm")
SAID: dict[str, Any] = {"status": Provenance.DECIDED, "source": "QĐ 12/QĐ-UBND", "province_id": "14"}


class Kind(NamedTuple):
    code: str
    label: str
    subject: SupportSubject
    window: SupportWindow
    counts_as: SupportCount | None = None


# Eight: above them stands a box to seek in.
KINDS = (
    Kind("be_nuoc", "Bể nước, nhà tiêu", SupportSubject.HOUSEHOLD, SupportWindow.LIFE),
    Kind("dao_tao", "Đào tạo nghề", SupportSubject.PERSON, SupportWindow.PROGRAMME),
    Kind("viec_lam", "Giới thiệu việc làm", SupportSubject.PERSON, SupportWindow.NONE, SupportCount.JOBS),
    Kind("giao_duc", "Hỗ trợ giáo dục", SupportSubject.PERSON, SupportWindow.NONE),
    Kind("nha_o", "Hỗ trợ nhà ở", SupportSubject.HOUSEHOLD, SupportWindow.LIFE),
    Kind("san_xuat", "Hỗ trợ sản xuất", SupportSubject.HOUSEHOLD, SupportWindow.NONE),
    Kind("tin_dung", "Hỗ trợ tín dụng", SupportSubject.HOUSEHOLD, SupportWindow.NONE),
    Kind("the_bhyt", "Thẻ bảo hiểm y tế", SupportSubject.PERSON, SupportWindow.PROGRAMME),
)


def by(session: Session, username: str, now: datetime, reason: str = "theo văn bản") -> Done:
    account = find_account(session, username)
    assert account is not None
    return Done(account.id, now, reason)


def build(session: Session) -> None:
    """The review, the programme with its money and two targets of the commune, a worker from outside who was found a
    job, and a house that the first household was given in spring."""
    world.build(session)
    now = datetime.now(UTC)
    form = questionnaire(session, now)
    review_a_year_ago(session, form, now - timedelta(days=370))
    catalogue(session, now)
    money(session, now)
    plan(session, now)
    today, supervisor = day_of(now), by(session, "supervisor", now)
    house = giving.Given(COMMUNE, "nha_o", "ct", "3", today - timedelta(days=200), "ho-0", amount=40_000_000)
    giving.give(session, house, SupportOrigin.DESK, supervisor, blind)
    worker = giving.Worker("Vì Văn Hặc", "1990", "băm", "Mường La")
    giving.give(
        session,
        giving.Given(COMMUNE, "viec_lam", "ct", "2", today, worker=worker),
        SupportOrigin.DESK,
        supervisor,
        blind,
    )


def questionnaire(session: Session, now: datetime) -> FormVersion:
    source = WORKBOOK.read_text(encoding="utf-8")
    given = Sheet(WORKBOOK.name, SourceKind.MARKDOWN, source.encode(), BESIDE)
    return publish(session, compile_workbook(source, BESIDE), source, now, given=given)


def answers(number: int, day: date) -> dict[str, Any]:
    """What was answered of a household; its head is called by HEADS, each person has a code."""
    case = next(one for one in CASES if one.name == FOUND[number])
    said = answers_of(case, B1Method.TOTAL) | {"ngay_ra_soat": day.isoformat(), "ma_ho": f"{VILLAGE}-{number + 1:03d}"}
    for at, one in enumerate(said["thanh_vien"]):
        one["ma_nk"] = f"nk-{number}-{at}"
    said["thanh_vien"][0]["ho_ten"] = HEADS[number]
    return said


def review_a_year_ago(session: Session, form: FormVersion, now: datetime) -> None:
    """Everybody was interviewed and accepted, the round is closed and the province has accepted it."""
    today = day_of(now)
    for number, head in enumerate(HEADS):
        import_household(
            session, commune_id=COMMUNE, household_id=f"ho-{number}", village_id=VILLAGE, head_name=head,
            now=now - timedelta(days=30), base_class=HouseholdClass.POOR, base_answers=answers(number, today),
        )  # fmt: skip
    session.get_one(Standard, "ND07-2021").valid_to = date(now.year + 5, 12, 31)
    made = open_round(
        session, round_id=ROUND, title="Rà soát năm trước", year=today.year, form=form,
        opens_on=today - timedelta(days=20), closes_on=today + timedelta(days=5), now=now - timedelta(days=20),
        b1_method=B1Method.TOTAL, communes=[COMMUNE],
    )  # fmt: skip
    enumerator, supervisor = find_account(session, "enumerator"), find_account(session, "supervisor")
    assert enumerator is not None
    assert supervisor is not None
    for number in range(len(HEADS)):
        entry = {
            "id": str(uuid4()), "commune_id": COMMUNE, "round_id": ROUND, "household_id": f"ho-{number}",
            "form": {"id": form.form_id, "version": form.version}, "answers": answers(number, today), "confirmed": {},
            "files": [], "started_at": instant(now - timedelta(hours=2)),
            "finalised_at": instant(now - timedelta(hours=1)), "replaces": None, "new_household": None,
        }  # fmt: skip
        receive(session, enumerator, "may-1", [read_entry(entry)], now, Signer(b"r" * 32))
        sent = session.scalars(select(Submission.id).where(Submission.entry_id == entry["id"])).one()
        seen = max(session.scalars(select(SubmissionEvent.seq).where(SubmissionEvent.submission_id == sent)))
        review.decide(session, supervisor, COMMUNE, sent, Action.ACCEPT, seen=seen, comments=[], now=now)
    closing.close_communes(session, made, [COMMUNE], now)
    closing.accept_communes(session, made, [COMMUNE], now)


def catalogue(session: Session, now: datetime) -> None:
    lately = day_of(now - timedelta(days=30))
    wanted: list[Any] = [
        WantedProgramme(
            code="ct", name="Chương trình giảm nghèo", kind=ProgrammeKind.NATIONAL, legal_basis="QĐ 12/QĐ-UBND",
            since=day_of(now - timedelta(days=300)), until=None, **SAID,
        ),
        WantedProject(programme="ct", code="1", name="Dự án 1: Nước sạch, nhà tiêu", opens=lately, **SAID),
        WantedProject(programme="ct", code="2", name="Dự án 2: Việc làm", opens=lately, **SAID),
        WantedProject(programme="ct", code="3", name="Dự án 3: Nhà ở, an sinh", **SAID),
    ]  # fmt: skip
    for project, indicator in (("1", Indicator.WATER), ("1", Indicator.TOILET), ("2", Indicator.JOB)):
        wanted.append(WantedServes(programme="ct", project=project, indicator=indicator, **SAID))
    wanted += [
        WantedKind(
            code=one.code, label=one.label, benefit_group=one.code, subject=one.subject, once_in=one.window,
            counts_as=one.counts_as, **SAID,
        )
        for one in KINDS
    ]  # fmt: skip
    versions.write(session, wanted, by(session, "province", now))


def money(session: Session, now: datetime) -> None:
    """Of the commune, for the first project."""
    done = by(session, "province", now)
    wanted = funds.WantedFund(COMMUNE, "14", "ct", "1", "Vốn nước sạch", day_of(now).year, "QĐ giao vốn")
    made = funds.open_fund(session, wanted, done)
    funds.move(session, made.id, funds.Movement(FundAct.ALLOCATE, 10_000_000, day_of(now), "QĐ giao vốn"), done)


def plan(session: Session, now: datetime) -> None:
    """Two workers with a job this year, and more than half of all of them of poor and near-poor households."""
    year = day_of(now).year
    wanted = [
        targets.Wanted(
            COMMUNE, "12/KH-UBND", code, words, measure, kind, year - 1, None, None, year, comparison, Decimal(value),
            None, PlanStatus.DECIDED, "Kế hoạch của xã",
        )
        for code, words, measure, kind, comparison, value in (
            ("1", "Lao động được kết nối việc làm", PlanMeasure.JOBS, TargetKind.SUM, Comparison.AT_LEAST, 2),
            ("2", "Trong đó người nghèo", PlanMeasure.JOBS_OF_POOR, TargetKind.SHARE, Comparison.MORE, 50),
        )
    ]  # fmt: skip
    targets.write(session, wanted, by(session, "province", now))

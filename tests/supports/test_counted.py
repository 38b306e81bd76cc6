"""What supports and models that are written down come to in the plan: small cases that a reader counts by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from models import Support
from survey.plan import figures
from survey.plan.counting import Counted
from survey.plan.judging import When
from survey.plan.overview import Asked
from survey.programmes import members, versions
from survey.programmes.members import Joining, Step
from survey.programmes.versions import WantedKind, WantedProject
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.support_terms import (
    MemberAct,
    ProjectKind,
    SupportCount,
    SupportOrigin,
    SupportSubject,
    SupportWindow,
)
from survey.supports import giving
from survey.supports.counted import Recorded, same_persons
from survey.supports.escaped import is_newly_escaped, months_before
from survey.supports.giving import Given, Worker
from survey.terms import FigureStatus, PlanMeasure, RegisterKind
from tests.given import SAID, blind, by, enter_catalogue
from tests.review.test_persons import FATHER, MOTHER, codes
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
TODAY = date(2026, 11, 23)
JOBS, SHARE = PlanMeasure.JOBS, PlanMeasure.JOBS_OF_POOR
POOR, NEITHER = "ho_ngheo", "khong_ngheo"


@pytest.fixture(autouse=True)
def catalogue(session: Session) -> None:
    enter_kinds(session)


def enter_kinds(session: Session) -> None:
    """A kind of support that counts as a connection to a job, as often as it is needed; one that counts as training."""
    enter_catalogue(session)
    kinds = [
        WantedKind(
            code=code, label=code, benefit_group=code, subject=SupportSubject.PERSON, once_in=SupportWindow.NONE,
            counts_as=count, **SAID,
        )
        for code, count in (("viec_lam", SupportCount.JOBS), ("hoc_nghe", SupportCount.TRAINED))
    ]  # fmt: skip
    versions.write(session, kinds, by(session, "province"))
    session.commit()


def job(session: Session, month: int, day: int = 15, household: str | None = "ho-1", **said: Any) -> Support:
    """A support of the mother of a household, or of a worker outside the register."""
    commune = said.pop("commune", COMMUNE)
    if household is not None:
        said.setdefault("person", codes(session, household)[MOTHER])
    given = Given(commune, said.pop("kind", "viec_lam"), "ct2026", "1", date(2026, month, day), household, **said)
    done = by(session, "supervisor" if commune == COMMUNE else "supervisor-other")
    made = giving.give(session, given, SupportOrigin.DESK, done, blind)
    session.commit()
    return made


def outside(session: Session, month: int, name: str, number: str | None = None, **said: Any) -> Support:
    return job(session, month, household=None, worker=Worker(name, "1990", number), **said)


def counted(
    session: Session, measure: PlanMeasure = JOBS, *communes: str, year: int = 2026, place: str = COMMUNE
) -> list[Counted]:
    """In some communes of two, or in the one."""
    every = (OTHER_COMMUNE, COMMUNE) if place == "14" else (COMMUNE,)
    stands = figures.standing(figures.entered_of(session, [place]))
    place_set = "ngheo" if communes else ""
    asked = Asked(measure, place, place_set, every, communes or every, range(year, year + 1), stands)
    return Recorded(session, TODAY).of(asked)


def told(found: list[Counted]) -> dict[int, Any]:
    """By month the value, or why there is none."""
    return {one.figure.when.month: one.why or one.figure.value for one in found}


def entered(session: Session, month: int, value: int, measure: PlanMeasure = JOBS, place: str = COMMUNE) -> None:
    given = figures.Given(place, measure, When(2026, month), Decimal(value), FigureStatus.REPORTED, "Báo cáo của Sở")
    figures.enter(session, [given], by(session), shipped=True)
    session.commit()


def four_workers(session: Session) -> None:
    """Two of poor households and two from outside, one of each twice; what was taken back is of a third household."""
    job(session, 3, household="ho-1")
    outside(session, 4, "Vì Văn Hặc", "băm-1")
    job(session, 5, household="ho-1")
    job(session, 5, household="ho-2")
    undone = job(session, 5, household="ho-3")
    giving.reverse(session, COMMUNE, undone.id, by(session, reason="Ghi nhầm"))
    outside(session, 6, "Vì Văn Hặc", "băm-1")
    outside(session, 6, "Cầm Thị Én")
    outside(session, 7, "CẦM  thị én")  # nobody but her has this name, birth and place
    session.commit()


def test_each_person_counts_once_a_year_by_the_first_support(session: Session) -> None:
    four_workers(session)
    assert told(counted(session)) == {3: 1, 4: 2, 5: 3, 6: 4, 7: 4, 8: 4, 9: 4, 10: 4, 11: 4}
    assert {one.figure.status for one in counted(session)} == {FigureStatus.PROVISIONAL}
    assert {one.kinds for one in counted(session)} == {("viec_lam",)}
    assert told(counted(session, PlanMeasure.TRAINED)) == {11: "no_support"}  # nobody knows whether none was trained


def test_the_share_is_of_all_connected(session: Session) -> None:
    four_workers(session)
    found = counted(session, SHARE)
    june = found[3]
    assert told(found) | {7: 0, 8: 0, 9: 0, 10: 0} == {
        3: "no_outside", 4: Decimal(50), 5: Decimal("66.6667"), 6: Decimal(50), 7: 0, 8: 0, 9: 0, 10: 0,
        11: Decimal(50),
    }  # fmt: skip
    assert (june.numerator, june.denominator) == (2, 4)


def test_nothing_written_down_is_no_figure(session: Session) -> None:
    for measure in (JOBS, SHARE, PlanMeasure.ABROAD):
        [one] = counted(session, measure)
        assert (one.figure.value, one.why, one.figure.when) == (None, "no_support", When(2026, 11))
    four_workers(session)
    assert told(counted(session, year=2025)) == {12: "no_support"}  # the year before the first of them
    assert counted(session, year=2027) == []


def test_a_set_of_communes_narrows_who_is_counted_and_not_the_whole(session: Session) -> None:
    session.add(row(session, OTHER_COMMUNE, "ho-5", "p-5", date(2026, 3, 1), POOR))
    session.commit()
    job(session, 3)
    outside(session, 3, "Vì Văn Hặc")
    assert told(counted(session, JOBS, place="14"))[11] == 3
    assert told(counted(session, JOBS, COMMUNE, place="14"))[11] == 2
    both, one = counted(session, SHARE, place="14")[-1], counted(session, SHARE, COMMUNE, place="14")[-1]
    assert (both.numerator, both.denominator) == (2, 3)
    assert (one.numerator, one.denominator) == (1, 3)


def row(session: Session, commune: str, household: str, person: str, day: date, found: str | None) -> Support:
    """As it was written down then: the class of that day stands on it."""
    done = by(session)
    return Support(
        commune_id=commune, id=f"{household}-{person}-{day}", province_id="14", act="a", kind="viec_lam",
        programme="ct2026", project="1", household_id=household, person_id=person, given_on=day, document="", note="",
        household_class=found, origin="desk", exception="", account_id=done.account_id, at=done.at,
    )  # fmt: skip


def test_newly_escaped_count_and_who_is_not_known_leaves_bounds(session: Session) -> None:
    """The first poor; the second poor until this day, and out since; of the third nobody knows what it was before."""
    job(session, 11, 20, household="ho-1")
    outside(session, 11, "Vì Văn Hặc")
    register_acts.carry_out(
        session, COMMUNE, Wish(RegisterKind.CORRECT, "ho-2", TODAY, given={"class": NEITHER}), by(session)
    )
    session.commit()
    assert job(session, 11, 23, household="ho-2").household_class == NEITHER
    [november] = counted(session, SHARE)
    assert (november.numerator, november.denominator, november.figure.value) == (2, 3, Decimal("66.6667"))
    session.add(row(session, COMMUNE, "ho-3", "p-3", date(2026, 11, 1), NEITHER))
    session.commit()
    [november] = counted(session, SHARE)
    assert (november.figure.value, november.why, november.missing, november.all) == (None, "not_known_poor", 1, 4)
    assert november.bounds == (50, 75)


@pytest.mark.parametrize(
    ("told", "day", "expected"),
    [
        ([], date(2026, 3, 1), None),
        ([(date(2025, 12, 1), NEITHER)], date(2026, 3, 1), None),  # what it was 36 months before is not known
        ([(date(2023, 3, 1), NEITHER)], date(2026, 3, 1), False),  # known since just then
        ([(date(2021, 12, 1), NEITHER)], date(2026, 3, 1), False),
        ([(date(2021, 12, 1), POOR), (date(2023, 3, 1), NEITHER)], date(2026, 3, 1), False),  # out for 36 months
        ([(date(2021, 12, 1), POOR), (date(2023, 3, 2), NEITHER)], date(2026, 3, 1), True),
        ([(date(2024, 12, 1), POOR), (date(2025, 12, 1), NEITHER)], date(2026, 3, 1), True),
        ([(date(2021, 12, 1), "ho_can_ngheo"), (date(2025, 12, 1), NEITHER)], date(2026, 3, 1), False),  # never poor
        ([(date(2021, 12, 1), NEITHER), (date(2026, 3, 2), POOR)], date(2026, 3, 1), False),  # later counts for nothing
    ],
)
def test_who_is_newly_escaped(told: list[tuple[date, str]], day: date, expected: bool | None) -> None:
    assert is_newly_escaped(told, day) is expected


def test_months_before_a_day_end_with_their_month() -> None:
    assert months_before(date(2026, 3, 1), 36) == date(2023, 3, 1)
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 1) == date(2025, 12, 15)


def test_an_entered_total_is_the_whole_of_its_month(session: Session) -> None:
    job(session, 3)
    job(session, 5, household="ho-2")
    entered(session, 4, 8)
    found = counted(session, SHARE)
    assert told(found) == {4: Decimal("12.5")}  # nobody knows how many others there were by another month
    assert (found[0].numerator, found[0].denominator) == (1, 8)
    # What is written down is known not to be all; the number that was entered stays the figure.
    assert {one.why for one in counted(session) if one.figure.when.month >= 4} == {"below_entered"}
    assert told(counted(session))[3] == 1
    entered(session, 5, 1)
    assert told(counted(session, SHARE))[5] == "total_too_small"
    entered(session, 6, 0, PlanMeasure.TRAINED)
    assert 6 not in told(counted(session, SHARE))


def test_two_codes_of_one_person_are_one(session: Session) -> None:
    one, other = codes(session)[FATHER], codes(session)[MOTHER]
    job(session, 3, person=one)
    job(session, 3, person=other)
    assert told(counted(session))[3] == 2
    for kind, given in ((RegisterKind.LEFT, {}), (RegisterKind.IDENTIFIED, {"as": one})):
        wish = Wish(kind, "ho-1", TODAY, person_id=other, given=given)
        register_acts.carry_out(session, COMMUNE, wish, by(session))
        session.commit()
    assert same_persons(session, [COMMUNE], {other, one, "p-9"}) == {other: one, one: one, "p-9": "p-9"}
    assert told(counted(session))[3] == 1


def test_a_province_is_summed_and_its_rows_are_not_read(session: Session) -> None:
    """Ten times the supports of the same persons and of as many others: not one statement and not one row more."""

    def heard() -> tuple[int, int]:
        read: list[int] = []

        def hear(context: Any) -> Any:
            result = context.invoke_statement()
            found = result.freeze()
            read.append(len(found.data))
            return found()

        event.listen(session, "do_orm_execute", hear)
        found = [counted(session, measure, place="14") for measure in (JOBS, SHARE)]
        event.remove(session, "do_orm_execute", hear)
        assert found[0][-1].numerator == found[1][-1].denominator
        return len(read), sum(read)

    def add(households: range, days: range) -> None:
        session.add_all(
            row(session, OTHER_COMMUNE, "ho-5", f"p-{one}", date(2026, 3, day), POOR)
            for one in households for day in days
        )  # fmt: skip
        session.commit()

    outside(session, 3, "Vì Văn Hặc", "băm-1")
    add(range(2), range(1, 3))
    before = heard()
    add(range(2), range(3, 20))
    add(range(2, 20), range(1, 10))
    assert heard() == before


# --- models ---------------------------------------------------------------------------------------------------------


def model(session: Session, code: str, kind: ProjectKind, opens: date) -> None:
    wanted = WantedProject(programme="ct2026", code=code, name=code, kind=kind, opens=opens, commune_id=COMMUNE, **SAID)
    versions.write(session, [wanted], by(session, "province"))
    session.commit()


def join(session: Session, code: str, since: date, household: str = "ho-1") -> str:
    joining = Joining("ct2026", code, household, None, since, 1_000_000, 0, "dê", "QĐ 9")
    made = members.join(session, "14", COMMUNE, joining, by(session)).id
    session.commit()
    return made


def test_models_count_once_they_are_open_and_have_a_member(session: Session) -> None:
    assert told(counted(session, PlanMeasure.MODELS)) == {11: "no_model"}
    model(session, "de", ProjectKind.LIVESTOCK, date(2026, 2, 1))
    model(session, "ngo", ProjectKind.CROPS, date(2026, 2, 1))
    model(session, "mat_ong", ProjectKind.LIVESTOCK, date(2026, 9, 1))
    model(session, "homestay", ProjectKind.TOURISM, date(2026, 6, 1))
    assert told(counted(session, PlanMeasure.MODELS)) == {11: "no_model"}  # nobody takes part yet
    join(session, "de", date(2026, 4, 1))
    join(session, "de", date(2026, 3, 1), "ho-2")
    join(session, "homestay", date(2026, 6, 1))
    mistake = join(session, "ngo", date(2026, 3, 1))
    members.tell(session, COMMUNE, mistake, Step(MemberAct.VOID, None, TODAY, "ghi nhầm"), by(session))
    session.commit()
    found = told(counted(session, PlanMeasure.MODELS))
    assert found == {2: 0, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1}
    join(session, "mat_ong", date(2026, 10, 1))
    assert told(counted(session, PlanMeasure.MODELS))[11] == 2
    assert told(counted(session, PlanMeasure.PILOTS)) == dict.fromkeys(range(6, 12), 1)

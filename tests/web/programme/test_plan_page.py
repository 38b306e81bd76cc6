"""The plan's page: figures of two eyes, targets in versions, what a closed round comes to, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Place, PlaceTally, PlanFigure, PlanFigureStep, PlanPlaceSet, PlanTarget, Round
from survey.accounts.accounts import find_account
from survey.clocks import day_of
from survey.plan.counting import Counted, Counting
from survey.plan.overview import plan_of
from survey.register.event_log import Done
from survey.residents import entering
from survey.residents.entering import Given
from survey.residents.residents import Numbers
from survey.supports.counted import Recorded
from survey.terms import FigureStatus, Light, PlanMeasure, ResidentStatus, TargetKind
from tests.pages import text_of
from tests.supports.test_counted import enter_kinds, entered, four_workers
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import closed, reviewed
from tests.web.programme.test_layouts import entered as residents_entered
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

PROVINCE, HERE = "/desk/plan", f"/desk/{COMMUNE}/plan"


def figure(**said: Any) -> dict[str, Any]:
    return {
        "measure": "jobs", "year": "2026", "month": "8", "value": "25.000", "status": "reported",
        "source": "Báo cáo của Sở Nội vụ", **said,
    }  # fmt: skip


def target(**said: Any) -> dict[str, Any]:
    return {
        "plan": "12/KH-UBND", "code": "1", "words": "Tỷ lệ hộ nghèo cuối 2026", "measure": "poverty_rate",
        "kind": "level", "base_year": "2025", "base_value": "8", "base_status": "published", "year": "2026",
        "comparison": "le", "value": "5", "status": "decided", "source": "Kế hoạch của xã", "seen": "0",
        "reason": "giao chỉ tiêu", **said,
    }  # fmt: skip


def test_the_shipped_plan_is_loaded_by_a_button_and_read(login_as: Any, session: Session) -> None:
    province = login_as("province")
    assert "Ở đây chưa có chỉ tiêu nào" in text_of(province.get(PROVINCE))
    assert province.post("/desk/plan/load").status_code == 303
    page = text_of(province.get(PROVINCE))
    for words in (
        "17,83 %", "3,78 điểm phần trăm", "Tỷ lệ hộ nghèo cuối 2022", "trên tổng số hộ dân cư", "14,41 %",
        "Chưa biết số của kế hoạch", "kinhtedothi.vn", "không quá 10,0 %", "Cần đối chiếu lại văn bản",
    ):  # fmt: skip
        assert words in page
    assert '<svg class="plan-picture"' in province.get(PROVINCE).text
    session.rollback()
    assert len(session.scalars(select(PlanTarget)).all()) == 17
    assert login_as("province-other").post("/desk/plan/load").status_code == 404  # of another province
    assert login_as("supervisor").post("/desk/plan/load").status_code == 403
    other = text_of(login_as("province-other").get(PROVINCE))
    assert "287/KH-UBND" not in other


def test_a_figure_stands_when_another_confirmed_it(login_as: Any, session: Session) -> None:
    first, second = login_as("supervisor"), login_as("supervisor-2")
    assert first.post(f"{HERE}/figure", data=figure()).status_code == 303
    decide = {"place": COMMUNE, "seq": "1", "action": "confirm"}
    assert "Chờ người khác xác nhận" in text_of(first.get(HERE))
    assert first.post(f"{HERE}/decide", data=decide).status_code == 409
    assert plan_of(session, COMMUNE).stands == []
    session.rollback()
    assert second.post(f"{HERE}/decide", data=decide | {"place": OTHER_COMMUNE}).status_code == 400
    assert second.post(f"{HERE}/decide", data=decide | {"seq": "2"}).status_code == 404
    assert second.post(f"{HERE}/decide", data=decide).status_code == 303
    [one] = plan_of(session, COMMUNE).stands
    assert (one.row.value, one.row.month, one.row.shipped) == (25000, 8, False)
    session.rollback()
    revoke = decide | {"action": "revoke"}
    assert second.post(f"{HERE}/decide", data=revoke).status_code in (400, 409)  # why?
    assert second.post(f"{HERE}/decide", data=revoke | {"reason": "nhầm năm"}).status_code == 303
    assert "nhầm năm" in text_of(first.get(HERE))
    session.rollback()
    assert [step.action for step in session.scalars(select(PlanFigureStep).order_by(PlanFigureStep.number))] == [
        "confirm", "revoke",
    ]  # fmt: skip
    assert plan_of(session, COMMUNE).stands == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"measure": "jobs_poor_share", "value": "100,01"}, "không bao giờ trên 100"),
        ({"measure": "poverty_rate", "value": "2.040"}, "không bao giờ trên 100"),
        ({"value": "12,5"}, "không có phần lẻ"),
        ({"value": "nhiều"}, "Phải là số từ 0"),
        ({"value": ""}, "phải ghi"),
        ({"year": "2027"}, "chưa đến"),
        ({"year": "1999"}, "không thể thuộc năm này"),
        ({"year": "9" * 30, "status": "forecast"}, "không thể thuộc năm này"),
        ({"month": "13"}, "phải ghi"),
        ({"status": "provisional"}, "chỉ dành cho số do đợt rà soát"),
        ({"status": "x"}, "phải ghi"),
        ({"measure": "1=1"}, "phải ghi"),
        ({"source": "  "}, "phải ghi"),
        ({"place_set": "huyen"}, "Không có nhóm"),
    ],
)
def test_what_a_figure_cannot_be_is_said_and_nothing_is_entered(
    login_as: Any, session: Session, wrong: dict[str, str], words: str
) -> None:
    answer = login_as("supervisor").post(f"{HERE}/figure", data=figure(**wrong))
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert session.scalars(select(PlanFigure)).all() == []


def test_a_target_is_changed_by_a_next_version_with_who_and_why(login_as: Any, session: Session) -> None:
    province, supervisor = login_as("province"), login_as("supervisor")
    assert supervisor.post(f"{HERE}/target", data=target()).status_code == 403
    assert province.post(f"{HERE}/target", data=target(reason="")).status_code == 422
    assert province.post(f"{HERE}/target", data=target()).status_code == 303
    assert province.post(f"{HERE}/target", data=target(value="4", seen="0")).status_code == 409
    assert province.post(f"{HERE}/target", data=target(value="4", seen="1", reason="giao lại")).status_code == 303
    rows = session.scalars(select(PlanTarget).order_by(PlanTarget.version)).all()
    assert [(one.version, one.value, one.reason) for one in rows] == [(1, 5, "giao chỉ tiêu"), (2, 4, "giao lại")]
    answer = province.get(f"{HERE}?plan=12/KH-UBND&change=1")
    assert "“giao lại”" in text_of(answer)
    assert 'name="seen" value="2"' in answer.text
    assert "Tỷ lệ hộ nghèo cuối 2026" in text_of(supervisor.get(HERE))
    assert f"/desk/{COMMUNE}/plan" in province.get(PROVINCE).text  # it has targets of its own


def test_which_communes_are_meant_is_a_list_of_this_province(login_as: Any, session: Session) -> None:
    province = login_as("province")
    said = {
        "code": "ngheo", "name": "Xã nghèo", "since": "2026", "until": "2030", "status": "to_confirm", "seen": "0",
        "source": "Danh sách của tỉnh", "reason": "theo quyết định", "communes": f"{COMMUNE} {OTHER_COMMUNE}",
    }  # fmt: skip
    for wrong in ({"communes": "03757-01"}, {"communes": "x"}, {"until": "2025"}, {"reason": ""}, {"code": "x y"}):
        assert province.post("/desk/plan/places", data=said | wrong).status_code == 422
    assert province.post("/desk/plan/places", data=said).status_code == 303
    assert province.post("/desk/plan/places", data=said).status_code == 409  # there already
    assert province.post("/desk/plan/places", data=said | {"seen": "1", "communes": COMMUNE}).status_code == 303
    session.rollback()
    kept = session.scalars(select(PlanPlaceSet).order_by(PlanPlaceSet.version)).all()
    assert [one.communes for one in kept] == [sorted([COMMUNE, OTHER_COMMUNE]), [COMMUNE]]
    assert province.post("/desk/plan/target", data=target(place_set="ngheo")).status_code == 303
    assert province.post("/desk/plan/target", data=target(code="2", place_set="giau")).status_code == 422


# --- what a round comes to ------------------------------------------------------------------------------------------


def counted(session: Session, measure: PlanMeasure, place: str = COMMUNE, *communes: str) -> Counted:
    session.rollback()
    [found] = Counting(session).of(measure, place, communes or (COMMUNE,), range(2026, 2027))
    return found


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    """Two poor, one near-poor, one not; 50 resident households in two villages."""
    return field(4, done=closed)


def test_rates_of_a_closed_round_divide_by_residents(small: Field, login_as: Any) -> None:
    session = small.session
    found = counted(session, PlanMeasure.POVERTY_RATE)
    assert (found.figure.value, found.numerator, found.denominator) == (4, 2, 50)
    assert found.figure.status is FigureStatus.PROVISIONAL
    assert counted(session, PlanMeasure.MULTIDIMENSIONAL).figure.value == 6
    assert counted(session, PlanMeasure.POOR).figure.value == 2
    assert counted(session, PlanMeasure.RESIDENT).figure.value == 50
    lack = counted(session, PlanMeasure.LACK_WATER)  # three of the four that were reviewed lack 9 or 10
    assert (lack.numerator, lack.denominator, lack.figure.value) == (3, 4, 75)
    session.rollback()
    province = login_as("province")
    assert province.post(f"{HERE}/target", data=target()).status_code == 303
    [row] = plan_of(session, COMMUNE).rows["12/KH-UBND"]
    assert (row.verdict.light, row.verdict.is_soft, row.verdict.missing) == (Light.GREEN, True, -1)
    page = text_of(login_as("supervisor").get(HERE))
    assert "4,00 % = 2/50" in page
    assert "Tạm tính từ số liệu đã ghi" in page
    session.rollback()
    # A fall is not told between what was published and what is provisional.
    fall = target(kind="fall", comparison="ge", value="1", seen="1")
    assert province.post(f"{HERE}/target", data=fall).status_code == 303
    [row] = plan_of(session, COMMUNE).rows["12/KH-UBND"]
    assert (row.verdict.light, row.verdict.why, row.aim.kind) == (Light.GREY, "unlike", TargetKind.FALL)


def test_steady_work_is_an_estimate_of_those_with_somebody_able_to_work(small: Field, login_as: Any) -> None:
    session = small.session
    found = counted(session, PlanMeasure.STEADY_WORK)  # three poor and near-poor, each with somebody on the own farm
    assert (found.figure.value, found.numerator, found.denominator) == (100, 3, 3)
    assert found.figure.status is FigureStatus.ESTIMATED
    # Of one of them the work of all is not known: no value, but between which shares it lies.
    row = session.scalars(select(PlaceTally).filter_by(place_id=COMMUNE, part="")).one()
    counts = dict(row.counts)
    assert counts["final.ho_ngheo.work.1"][0] == 2
    row.counts = counts | {"final.ho_ngheo.work.1": [1, 1], "final.ho_ngheo.work.-": [1, 1]}
    [found] = Counting(session).of(PlanMeasure.STEADY_WORK, COMMUNE, [COMMUNE], range(2026, 2027))
    assert (found.figure.value, found.why, found.bounds) == (None, "unknown_answers", (Decimal("66.6667"), 100))
    session.rollback()
    wanted = target(measure="steady_work", base_value="", base_status="", comparison="ge", value="50")
    assert login_as("province").post(f"{HERE}/target", data=wanted).status_code == 303
    assert "thay cho việc làm bền vững" in text_of(login_as("supervisor").get(HERE))


def test_ethnic_minorities_have_two_denominators(small: Field) -> None:
    session = small.session
    whole = counted(session, PlanMeasure.DTTS_OF_ALL)
    group = counted(session, PlanMeasure.DTTS_OF_GROUP)
    assert (group.why, group.figure.value) == ("no_dtts", None)  # how many live there is not entered
    residents_entered(session, {VILLAGE: Numbers(20, 90, 5, 15), VILLAGE_2: Numbers(30, 120, 25, 5)})
    group = counted(session, PlanMeasure.DTTS_OF_GROUP)
    assert (whole.denominator, group.denominator) == (50, 20)
    assert whole.numerator == group.numerator is not None


def test_a_round_that_is_under_way_or_a_commune_that_has_not_closed_gives_no_rate(
    field: Callable[..., Field], login_as: Any
) -> None:
    session = field(4, done=reviewed).session
    found = counted(session, PlanMeasure.POVERTY_RATE)
    assert (found.figure.value, found.why, found.missing, found.all) == (None, "not_closed", 1, 1)
    session.rollback()
    assert login_as("province").post(f"{HERE}/target", data=target()).status_code == 303
    page = text_of(login_as("supervisor").get(HERE))
    assert "1 trong 1 xã, phường chưa đóng" in page
    assert "Chưa có số liệu nào tính" in page


def test_nothing_to_divide_by_and_more_poor_than_residents_are_named(field: Callable[..., Field]) -> None:
    session = field(4, done=closed).session
    by, other = (find_account(session, name) for name in ("supervisor", "province"))
    assert by is not None
    assert other is not None

    def enter(number: int) -> None:
        done = Done(by.id, NOW)
        given = Given(COMMUNE, date(2026, 11, 1), Numbers(number), ResidentStatus.ESTIMATED, "bài thử")
        entering.enter(session, [given], done)
        session.flush()  # it is confirmed by what stands there
        entering.confirm_all(session, done.act, [COMMUNE], Done(other.id, NOW))
        session.commit()

    enter(1)
    found = counted(session, PlanMeasure.POVERTY_RATE)
    assert (found.figure.value, found.why) == (None, "above_whole")
    enter(0)
    assert counted(session, PlanMeasure.POVERTY_RATE).why == "empty"
    everywhere = session.scalars(select(Place.id).where(Place.parent_id == "14", Place.kind == "commune")).all()
    found = counted(session, PlanMeasure.POVERTY_RATE, "14", *everywhere)
    assert (found.why, found.missing, found.all) == ("not_closed", len(everywhere) - 1, len(everywhere))


def test_a_trial_and_another_year_count_for_nothing(small: Field) -> None:
    session = small.session
    assert Counting(session).of(PlanMeasure.POVERTY_RATE, COMMUNE, [COMMUNE], range(2021, 2023)) == []
    assert Counting(session).of(PlanMeasure.JOBS, COMMUNE, [COMMUNE], range(2026, 2027)) == []
    session.execute(update(Round).values(trial=True))
    session.commit()
    assert Counting(session).of(PlanMeasure.POVERTY_RATE, COMMUNE, [COMMUNE], range(2026, 2027)) == []


def test_a_set_of_communes_needs_the_residents_of_each(small: Field) -> None:
    session = small.session
    found = counted(session, PlanMeasure.POVERTY_RATE, "14", COMMUNE)
    assert (found.why, found.missing, found.all) == ("no_resident", 1, 1)  # villages alone have a number
    residents_entered(session, {COMMUNE: Numbers(40)})
    found = counted(session, PlanMeasure.POVERTY_RATE, "14", COMMUNE)
    assert found.figure.value == Decimal(5)


# --- what supports come to -------------------------------------------------------------------------------------------


def test_what_is_written_down_stands_beside_what_was_entered(small_round: str, session: Session, login_as: Any) -> None:
    enter_kinds(session)
    province, supervisor = login_as("province"), login_as("supervisor")
    jobs = {"base_value": "", "base_status": "", "status": "decided"}
    share = target(code="2", measure="jobs_poor_share", kind="share", comparison="gt", value="50", **jobs)
    assert province.post(f"{HERE}/target", data=share).status_code == 303
    amount = target(code="1", measure="jobs", kind="sum", comparison="ge", value="8", **jobs)
    assert province.post(f"{HERE}/target", data=amount).status_code == 303
    page = text_of(supervisor.get(HERE))
    assert page.count("chưa có hỗ trợ loại này được ghi ở đây") == 2
    assert "0 người" not in page
    four_workers(session)
    answer = supervisor.get(HERE)
    page = text_of(answer)
    for words in (
        "50,00 % = 2/4 người", "4 người (11/2026, tạm tính từ số liệu đã ghi)", "chưa có ai ngoài danh sách",
        "trong vòng 36 tháng", "Theo trí nhớ, cần xác nhận",
    ):  # fmt: skip
        assert words in page, words
    assert f"/desk/{COMMUNE}/supports?year=2026&amp;kind=viec_lam" in answer.text
    # Half is not more than half; four of eight in November are behind the path; both colours are hatched.
    rows = {
        row.target.code: row for row in plan_of(session, COMMUNE, Recorded(session, day_of(NOW))).rows["12/KH-UBND"]
    }
    assert {code: (row.verdict.light, row.verdict.is_soft) for code, row in rows.items()} == {
        "1": (Light.RED, True), "2": (Light.AMBER, True),
    }  # fmt: skip
    # A report of the office knows of more: what is written down is not all of it, and is no figure any more.
    entered(session, 8, 25)
    page = text_of(supervisor.get(HERE))
    assert "Ở đây mới ghi 4, trong khi số đã nhập là 25" in page
    assert "8,00 % = 2/25 người" in page
    assert "25 người (8/2026, cơ quan thực hiện báo cáo)" in page

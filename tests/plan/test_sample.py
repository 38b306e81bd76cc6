"""The plan that is shipped: row by row the numbers of the domain files beside this test, and what becomes of them."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import PlanFigure, PlanTarget
from survey.accounts.accounts import find_account
from survey.numbers import written_number
from survey.plan import figures, sample, targets
from survey.plan.judging import Figure, When, Why, judge, trend
from survey.plan.overview import Row, plan_of
from survey.problems import Problem
from survey.register.event_log import Done
from survey.terms import Comparison, FigureStatus, Light, PlanMeasure, PlanStatus
from tests.world import NOW

HERE = Path(__file__).parent
FORMER = HERE.parent / "borders" / "codes_sonla_former_communes.csv"
STATUS = {
    "verified": PlanStatus.PUBLISHED,
    "EXISTS, NUMBERS NOT FOUND": PlanStatus.TO_ENTER,
    "named as a task, no number": PlanStatus.NO_NUMBER,
}
COUNTS = {
    "poor_households": PlanMeasure.POOR, "near_poor_households": PlanMeasure.NEAR_POOR,
    "dtts_poor_households": PlanMeasure.DTTS_POOR, "dtts_near_poor_households": PlanMeasure.DTTS_NEAR_POOR,
    "near_poor_rate_pct": PlanMeasure.NEAR_POOR_RATE, "total_households_derived": PlanMeasure.RESIDENT,
    "poor_rate_pct_derived": PlanMeasure.POVERTY_RATE,
    "dtts_poor_over_all_households_pct_derived": PlanMeasure.DTTS_OF_ALL,
}  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def compared(text: str) -> tuple[Comparison | None, Decimal | None, Decimal | None]:
    """As the domain file writes a value: "18.66", ">3", "4-5", ""."""
    if text.startswith(">"):
        return Comparison.MORE, Decimal(text[1:]), None
    if "-" in text:
        low, high = text.split("-")
        return Comparison.RANGE, Decimal(low), Decimal(high)
    return None, Decimal(text) if text else None, None


def test_the_targets_are_those_of_the_domain_file_row_by_row() -> None:
    shipped = defaultdict(list)
    for one in sample.shipped_targets():
        shipped[one.words].append(one)
    for row in rows(HERE / "sonla_targets.csv"):
        found = shipped.pop(row["target"])
        assert len(found) == (2 if "DTTS" in row["target"] else 1)  # of the group and of all
        comparison, value, value_to = compared(row["value"])
        for one in found:
            assert (one.plan, one.value, one.value_to) == (row["doc"], value, value_to)
            assert (one.status, one.source) == (STATUS[row["status"]], row["source"])
            assert comparison in (None, one.comparison)
            assert list(targets.faults(one)) == []
    # Beside them, what the plan names without any number.
    assert {one[0].status for one in shipped.values()} == {PlanStatus.NO_NUMBER}
    assert len(shipped) == 2


def test_the_figures_are_those_of_the_domain_files_row_by_row() -> None:
    shipped = {(one.measure, one.when.year, one.status): one for one in sample.shipped_figures()}
    assert len(shipped) == len(sample.shipped_figures())
    for row in rows(HERE / "sonla_poverty_by_year.csv"):
        if row["status"] == "target":
            continue
        measure = PlanMeasure.DTTS_OF_ALL if "DTTS" in row["metric"] else PlanMeasure.POVERTY_RATE
        status = (
            FigureStatus.FORECAST if "forecast" in row["status"]
            else FigureStatus.DOUBTFUL if "DOUBTFUL" in row["status"] else FigureStatus.PUBLISHED
        )  # fmt: skip
        one = shipped.pop((measure, int(row["year_end"]), status))
        assert (one.value, one.source) == (Decimal(row["value_pct"]), row["source"])
    for row in rows(HERE / "sonla_poverty_counts.csv"):
        for column, measure in COUNTS.items():
            status = FigureStatus.DERIVED if "derived" in column else FigureStatus.SECOND_HAND
            one = shipped.pop((measure, int(row["year_end"]), status))
            assert one.value == Decimal(row[column])
            assert one.source in row["source"]
    assert shipped == {}


def test_the_base_and_the_goal_are_figures_of_the_domain_files() -> None:
    by_year = {(row["year_end"], row["metric"]): row["value_pct"] for row in rows(HERE / "sonla_poverty_by_year.csv")}
    first = sample.shipped_targets()[0]
    assert first.base_value == Decimal(by_year["2021", "hộ nghèo (chuẩn 2022-2025)"])
    assert first.value == Decimal(by_year["2022", "hộ nghèo - mục tiêu"])
    [counts] = [row for row in rows(HERE / "sonla_poverty_counts.csv") if row["year_end"] == "2021"]
    assert sample.shipped_targets()[1].base_value == Decimal(counts["dtts_poor_over_all_households_pct_derived"])


def test_the_poor_districts_are_their_communes_of_today_and_to_be_confirmed() -> None:
    [one] = sample.shipped_sets()
    meant = {"Huyện Thuận Châu", "Huyện Sốp Cộp"}
    of_today: dict[str, set[str]] = defaultdict(set)
    for row in rows(FORMER):
        of_today[row["commune_code"]].add(row["former_district"])
    assert set(one.communes) == {commune for commune, districts in of_today.items() if districts & meant}
    assert all(of_today[commune] <= meant for commune in one.communes)  # none of them is mixed
    assert one.status is PlanStatus.TO_CONFIRM


def load(session: Session, username: str = "province") -> sample.Loaded:
    account = find_account(session, username)
    assert account is not None
    loaded = sample.load(session, Done(account.id, NOW))
    session.commit()
    return loaded


def row_of(session: Session, code: str) -> Row:
    return next(one for one in plan_of(session, "14").rows[sample.PLAN] if one.target.code == code)


def test_loading_it_twice_adds_nothing_and_each_target_stands_as_the_published_figures_say(session: Session) -> None:
    assert load(session) == (17, 38, 1)
    assert load(session) == (0, 0, 0)
    level = row_of(session, "01")
    assert (level.verdict.light, level.verdict.is_soft) == (Light.GREEN, True)
    assert level.verdict.figure == Figure(When(2022), Decimal("17.83"), FigureStatus.DERIVED)
    assert level.trend is not None
    # 21,66 → 14,41 → 11,11: slopes -3,625, -3,3 and -10,55/3 between them.
    assert (round(float(level.trend.a_year), 4), level.trend.status) == (-3.5167, FigureStatus.PUBLISHED)
    both = [one.figure for one in level.known if one.figure.when == When(2023)]
    assert [(one.value, one.status.value) for one in both] == [
        (Decimal("14.41"), "published"), (Decimal("14.18"), "derived"),
    ]  # fmt: skip
    fall = row_of(session, "02a")
    assert (fall.verdict.light, fall.verdict.fell) == (Light.GREEN, Decimal("3.78"))
    assert row_of(session, "02b").verdict.why is Why.NO_BASE
    assert row_of(session, "03").verdict.why is Why.NO_BASE
    assert row_of(session, "04").verdict.why is Why.NO_FIGURE
    assert row_of(session, "08").verdict.why is Why.NO_TARGET


def test_of_one_year_the_published_figure_wins(session: Session) -> None:
    load(session)
    level = row_of(session, "01")
    those = [one.figure for one in level.known]
    longer = targets.aim_of(level.target, None)
    found = judge(type(longer)(**(vars(longer) | {"until": When(2023)})), those)
    assert found.figure == Figure(When(2023), Decimal("14.41"), FigureStatus.PUBLISHED)
    assert trend(those) is not None


def test_what_somebody_changed_stays_and_a_figure_taken_out_does_not_come_back(session: Session) -> None:
    load(session)
    account = find_account(session, "province")
    assert account is not None
    changed = sample.shipped_targets()[0]
    wanted = type(changed)(**(vars(changed) | {"value": Decimal(18), "seen": 1}))
    targets.write(session, [wanted], Done(account.id, NOW, "theo văn bản"))
    one = session.scalars(select(PlanFigure).order_by(PlanFigure.seq)).first()
    assert one is not None
    figures.decide(session, "14", one.seq, figures.ResidentAction.REVOKE, Done(account.id, NOW, "sai nguồn"))
    session.commit()
    assert load(session) == (0, 0, 0)
    row = row_of(session, "01")
    assert (row.target.version, row.target.value, len(row.versions)) == (2, 18, 2)
    assert one.seq not in {each.row.seq for each in plan_of(session, "14").stands}
    with pytest.raises(Problem) as refused:  # somebody else had seen the first version
        targets.write(session, [wanted], Done(account.id, NOW, "lần nữa"))
    assert refused.value.code == "conflict"
    session.rollback()
    assert session.scalar(select(func.count()).select_from(PlanTarget)) == 18


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"value": Decimal("100.01")}, ("value", "above_whole")),
        ({"value": Decimal(100)}, None),
        ({"value": Decimal(-1)}, ("value", "not_a_value")),
        ({"base_value": Decimal(2040)}, ("base_value", "above_whole")),
        ({"value": None}, ("value", "value_or_status")),
        ({"status": PlanStatus.TO_ENTER}, ("value", "value_or_status")),
        ({"base_status": None}, ("base_status", "base_status_missing")),
        ({"base_year": 2022}, ("base_year", "base_after")),
        ({"year": 20220}, ("year", "no_year")),
        ({"kind": "sum"}, ("kind", "kind_not_here")),
        ({"kind": "fall"}, ("comparison", "at_least_here")),
        ({"comparison": Comparison.RANGE, "value_to": Decimal(20)}, ("comparison", "range_of_level")),
        ({"comparison": Comparison.RANGE, "kind": "fall"}, ("value_to", "range_backward")),
        ({"comparison": Comparison.RANGE, "kind": "fall", "value_to": Decimal(18)}, ("value_to", "range_backward")),
        ({"measure": PlanMeasure.JOBS, "kind": "share"}, ("kind", "kind_not_here")),
        ({"measure": PlanMeasure.JOBS, "value": Decimal("0.5")}, ("value", "not_whole")),
        ({"code": "a b"}, ("code", "bad_id")),
        ({"source": " "}, ("source", "blank")),
    ],
)  # fmt: skip
def test_what_a_target_cannot_be(changes: dict[str, Any], fault: tuple[str, str] | None) -> None:
    kind = {"kind": targets.TargetKind(changes["kind"])} if "kind" in changes else {}
    one = sample.shipped_targets()[0]
    found = list(targets.faults(type(one)(**(vars(one) | changes | kind))))
    assert found == [] if fault is None else fault in found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18,66", "18.66"), ("18.66", "18.66"), ("25.000", "25000"), ("1.234.567", "1234567"), ("1.234,5", "1234.5"),
        ("25 000", "25000"), ("0", "0"), ("10,2519", "10.2519"), ("10,25191", None), ("1.23.456", None), ("", None),
        ("-1", None), ("1,2,3", None), ("²", None), (",5", None), ("5,", None), ("1e3", None), ("٣", None),
        ("9" * 30, None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_an_office_writes_it(text: str, value: str | None) -> None:
    assert written_number(text) == (None if value is None else Decimal(value))

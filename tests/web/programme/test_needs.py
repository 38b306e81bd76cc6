"""Who lacks what and which projects serve it: four households that a reader follows by hand.

Of FOUND (test_layouts.py): 1 poor, lacks insurance, water, latrine; 2 near-poor, lacks water, latrine; 3 poor, lacks
all twelve; 4 neither, lacks nothing. On 1 June 2025 QĐ 90 runs, with projects for seven of the twelve, none of these
three.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent
from survey.plan import sample
from survey.programmes import needs, shipped, versions
from survey.programmes.catalogue import catalogue_of
from survey.programmes.needs import Wanted
from survey.programmes.versions import WantedProgramme, WantedProject, WantedServes
from survey.support_terms import ProgrammeKind, Provenance
from survey.terms import HouseholdClass, Indicator
from tests.pages import text_of
from tests.programmes.test_shipped import done
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import reviewed
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE

HERE, THEN = f"/desk/{COMMUNE}/needs", date(2025, 6, 1)
POOR = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)
NONE = "chưa có dự án trong chương trình"


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    found = field(4, done=reviewed)
    shipped.load(found.session, "14", done(found.session))
    found.session.commit()
    return found


def found_of(field: Field, day: date = THEN) -> tuple[needs.Offers, needs.Needs]:
    offered = needs.offers(catalogue_of(field.session, "14"), COMMUNE, day)
    return offered, needs.needs_of(field.session, COMMUNE, field.round_id, offered, POOR)


def test_each_lack_meets_the_projects_of_its_day(small: Field) -> None:
    offered, found = found_of(small)
    assert (found.households, found.waiting) == (3, 0)
    assert {one: found.lacking[one].households for one in (Indicator.INSURANCE, Indicator.WATER, Indicator.JOB)} == {
        Indicator.INSURANCE: 2, Indicator.WATER: 3, Indicator.JOB: 1
    }  # fmt: skip
    # Only the third is served, by all projects that serve anything; 1, 2 and 3 have lacks that nothing serves.
    assert {key: found.of_project(("qd90", key)) for key in ("2", "3.2", "4.1", "5", "6.1", "7.1")} == {
        "2": 1, "3.2": 1, "4.1": 1, "5": 1, "6.1": 1, "7.1": 0
    }  # fmt: skip
    assert found.unserved[VILLAGE].households == 3
    assert [one for one in Indicator if offered.unserved(one)] == [
        Indicator.DEPENDANTS, Indicator.INSURANCE, Indicator.CHILD_SCHOOLING, Indicator.WATER, Indicator.TOILET
    ]  # fmt: skip
    _, later = found_of(small, date(2026, 11, 23))  # the programme has ended, the next one's projects are not known
    assert (later.projects, later.unserved[VILLAGE].households) == ({}, 3)


def test_a_project_for_near_poor_households_alone_serves_no_other(small: Field) -> None:
    rows = {
        "province_id": "14", "status": Provenance.DECIDED, "source": "Nghị quyết của tỉnh"
    }  # fmt: skip
    programme = WantedProgramme(
        code="nuoc", name="Nước sạch", kind=ProgrammeKind.PROVINCE, since=date(2026, 1, 1), until=None,
        legal_basis="NQ 1", **rows,
    )  # fmt: skip
    project = WantedProject(programme="nuoc", code="1", name="Bể nước", **rows)
    serves = WantedServes(
        programme="nuoc", project="1", indicator=Indicator.WATER, classes=(HouseholdClass.NEAR_POOR,), **rows
    )
    versions.write(small.session, [programme, project, serves], done(small.session))
    offered, found = found_of(small, date(2026, 11, 23))
    assert found.of_project(("nuoc", "1")) == 1
    wanted = Wanted(POOR, project=("nuoc", "1"))
    [row] = needs.listed(small.session, COMMUNE, small.round_id, offered, wanted, 0, 50)
    assert row.household_class is HouseholdClass.NEAR_POOR
    assert {lack.indicator: len(lack.serving) for lack in row.lacks} == {Indicator.WATER: 1, Indicator.TOILET: 0}


def test_a_policy_outside_a_programme_is_shown_and_is_no_project(small: Field) -> None:
    rows = {"province_id": "14", "status": Provenance.DECIDED, "source": "văn bản"}
    policy = WantedProgramme(
        code="the", name="Chính sách thẻ", kind=ProgrammeKind.POLICY, since=date(2026, 1, 1), until=None,
        legal_basis="văn bản", **rows,
    )  # fmt: skip
    project = WantedProject(programme="the", code="1", name="Thẻ bảo hiểm", **rows)
    serves = WantedServes(programme="the", project="1", indicator=Indicator.INSURANCE, **rows)
    versions.write(small.session, [policy, project, serves], done(small.session))
    offered, found = found_of(small, date(2026, 11, 23))
    assert (offered.unserved(Indicator.INSURANCE), found.projects) == (True, {})
    assert offered.of(Indicator.INSURANCE, "ho_ngheo")[0].is_policy


def test_the_page_says_where_there_is_no_project_and_leads_to_its_households(small: Field, login_as: Any) -> None:
    supervisor = login_as("supervisor")
    today = text_of(supervisor.get(HERE))
    assert "Hộ đã có phiếu thuộc diện này (hộ nghèo, hộ cận nghèo): 3." in today
    assert today.count(NONE) == 12
    page = supervisor.get(f"{HERE}?on={THEN}")
    assert text_of(page).count(NONE) == 5
    assert "chưa rõ có dành cho xã, phường này không" in text_of(page)  # project 5: which communes is not entered
    listed = text_of(supervisor.get(f"{HERE}/households?on={THEN}&project=qd90:4.1"))
    assert "1 hộ" in listed
    assert "4.1. Phát triển giáo dục nghề nghiệp vùng nghèo" in listed
    sample.load(small.session, done(small.session))
    small.session.commit()
    assert "chưa rõ có dành cho" not in text_of(supervisor.get(f"{HERE}?on={THEN}"))


def test_the_list_names_whose_answers_a_lack_rests_on_and_what_is_asked_for(small: Field, login_as: Any) -> None:
    offered, _ = found_of(small)
    rows = needs.listed(
        small.session, COMMUNE, small.round_id, offered, Wanted(POOR, indicator=Indicator.INSURANCE), 0, 50
    )
    assert len(rows) == 2
    for row in rows:
        [lack] = [one for one in row.lacks if one.indicator is Indicator.INSURANCE]
        assert lack.members
        assert set(lack.members) <= {"Lò Văn Đông", "Quàng Thị Ước", "Lò Văn Ký", "Lò Thị Hằng", "Lò Thị Ính"}
    assert needs.wishes_in({"thu_nhap": {"nhu_cau": "nha_o tin_dung"}}) == ["nha_o", "tin_dung"]
    assert needs.wishes_in({"nhu_cau": ["y_te", 7]}) == ["y_te"]
    assert needs.wishes_in({"khac": 3}) == needs.wishes_in(None) == []
    page = text_of(login_as("supervisor").get(f"{HERE}/households?indicator=bhyt"))
    assert rows[0].code in page
    assert "Nguyện vọng của hộ" in page


def test_the_file_has_a_row_a_lack_and_project_and_is_logged(small: Field, login_as: Any) -> None:
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/needs.csv?on={THEN}")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    by_household: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_household.setdefault(row["household_code"], []).append(row)
    # 1: three lacks, 2: two, each without a project; 3: five without, jobs by four projects, adults' education,
    # nutrition, both of housing and both of information by one each.
    assert sorted(len(those) for those in by_household.values()) == [2, 3, 5 + 5 + 1 + 1 + 2 + 2]
    assert sum(row["project"] == NONE for row in rows) == 3 + 2 + 5
    small.session.rollback()
    [told] = [one for one in small.session.scalars(select(AuditEvent)) if one.verb == "export.read"]
    assert told.detail["households"] == 3


def test_another_commune_and_what_is_no_class_are_not_there(small: Field, login_as: Any) -> None:
    supervisor = login_as("supervisor")
    for address in (
        f"/desk/{OTHER_COMMUNE}/needs", f"{HERE}?class=giau", f"{HERE}/households?village=03664-01",
        f"{HERE}/households?indicator=x",
    ):  # fmt: skip
        assert supervisor.get(address).status_code == 404
    for day in ("2025-13-01", "9999-01-01", "0001-01-01", "' or 1=1"):
        assert supervisor.get(f"{HERE}?on={day}").status_code == 400
    nothing = supervisor.get(f"{HERE}/households?project=qd90:9")
    assert "0 hộ" in text_of(nothing)


def test_the_province_reads_lacks_by_commune(small: Field, login_as: Any) -> None:
    page = text_of(login_as("province").get("/desk/needs"))
    assert "Số hộ nghèo, hộ cận nghèo thiếu hụt từng chỉ số" in page


def test_a_household_s_page_names_its_lacks_with_their_projects(small: Field, login_as: Any) -> None:
    supervisor = login_as("supervisor")
    page = text_of(supervisor.get(f"/desk/{COMMUNE}/households/{small.households[0]}"))
    assert page.count(NONE) == 3
    assert "Nguồn nước sinh hoạt" in page
    neither = text_of(supervisor.get(f"/desk/{COMMUNE}/households/{small.households[3]}"))
    assert "không thiếu hụt chỉ số nào" in neither


def test_without_a_round_nothing_breaks(login_as: Any, session: Session) -> None:
    assert "chưa có đợt rà soát nào" in text_of(login_as("province").get("/desk/needs")).lower()
    assert login_as("supervisor").get(HERE).status_code == 200

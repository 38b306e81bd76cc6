"""What is shipped of programmes: row by row the domain files beside this test, and nothing that was made up."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from survey.accounts.accounts import find_account
from survey.plan import sample
from survey.problems import Problem
from survey.programmes import shipped, versions
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.register.event_log import Done
from survey.support_terms import Provenance
from survey.terms import Indicator
from tests.world import NOW

HERE = Path(__file__).parent
KNOWN = {
    "verified": Provenance.VERIFIED,
    "memory": Provenance.MEMORY,
    "project verified; split memory": Provenance.MEMORY,
}
MEANT = {"-": (), "việc làm/thu nhập": ("viec_lam",), "nha_o_*": ("nha_o_chat_luong", "nha_o_dien_tich")}
POOR_DISTRICT, ELSEWHERE = "03757", "03664"  # a commune of the former Thuận Châu; one of no poor district


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def done(session: Session, reason: str | None = "tải bản kèm theo") -> Done:
    account = find_account(session, "province")
    assert account is not None
    return Done(account.id, NOW, reason)


def test_projects_and_what_they_serve_are_those_of_the_domain_file() -> None:
    projects = shipped.shipped_projects("14")
    serves = {(one.project, one.indicator.value): one for one in shipped.shipped_serves("14")}
    domain = rows("ntp_projects_qd90.csv")
    assert [(one.number, one.sub_number, one.name, one.status) for one in projects] == [
        (row["project"], row["sub_project"], row["name"], KNOWN[row["status"]]) for row in domain
    ]
    expected = {}
    for row, project in zip(domain, projects, strict=True):
        said = row["maps_to_dimension"]
        for indicator in MEANT.get(said, tuple(said.split(", "))):
            expected[project.code, indicator] = (KNOWN[row["status"]], row["source"])
    assert {key: (one.status, one.source) for key, one in serves.items()} == expected


def test_five_indicators_have_no_project_and_none_was_made_up() -> None:
    served = {one.indicator for one in shipped.shipped_serves("14")}
    assert set(Indicator) - served == {
        Indicator.DEPENDANTS, Indicator.INSURANCE, Indicator.CHILD_SCHOOLING, Indicator.WATER, Indicator.TOILET
    }  # fmt: skip


def test_each_rule_of_a_kind_is_a_proposal_and_the_six_headings_are_there() -> None:
    kinds = {one.code: one for one in shipped.shipped_kinds("14")}
    assert {row["key"]: row["label"] for row in rows("codes_support.csv")}.items() <= {
        code: one.label for code, one in kinds.items()
    }.items()
    assert {one.status for one in kinds.values()} == {Provenance.PROPOSAL}


def loaded(session: Session) -> Catalogue:
    shipped.load(session, "14", done(session))
    return catalogue_of(session, "14")


def test_loading_it_twice_adds_nothing(session: Session) -> None:
    assert shipped.load(session, "14", done(session)) == (3, 12, 11, 10)
    assert shipped.load(session, "14", done(session)) == (0, 0, 0, 0)


def test_a_project_serves_only_while_its_programme_runs(session: Session) -> None:
    found = loaded(session)
    assert {one.programme for one, _, _ in found.serving(ELSEWHERE, date(2025, 12, 31))} == {"qd90"}
    assert list(found.serving(ELSEWHERE, date(2026, 1, 1))) == []  # of 2026 on no project is known


def test_housing_is_for_poor_districts_alone_and_not_known_before_they_are_entered(session: Session) -> None:
    found, day = loaded(session), date(2025, 6, 1)

    def housing(catalogue: Catalogue, commune: str) -> set[bool | None]:
        return {here for one, _, here in catalogue.serving(commune, day) if one.indicator.startswith("nha_o")}

    assert housing(found, POOR_DISTRICT) == {None}
    sample.load(session, done(session))  # which communes those are comes with the plan
    found = catalogue_of(session, "14")
    assert housing(found, POOR_DISTRICT) == {True}
    assert housing(found, ELSEWHERE) == set()


def test_a_change_is_the_next_version_and_of_two_who_change_one_the_second_is_told(session: Session) -> None:
    loaded(session)
    [kind] = [one for one in shipped.shipped_kinds("14") if one.code == "nha_o"]
    changed = type(kind)(**(vars(kind) | {"label": "Hỗ trợ làm nhà", "status": Provenance.DECIDED, "seen": 1}))
    versions.write(session, [changed], done(session, "theo quyết định của tỉnh"))
    with pytest.raises(Problem) as refused:
        versions.write(session, [changed], done(session, "lần nữa"))
    assert refused.value.code == "conflict"
    stands = catalogue_of(session, "14").kinds["nha_o"]
    assert (stands.version, stands.label, stands.reason) == (2, "Hỗ trợ làm nhà", "theo quyết định của tỉnh")


def test_a_withdrawn_programme_takes_its_projects_along(session: Session) -> None:
    loaded(session)
    [programme] = [one for one in shipped.shipped_programmes("14") if one.code == "qd90"]
    gone = type(programme)(**(vars(programme) | {"withdrawn": True, "seen": 1}))
    versions.write(session, [gone], done(session, "nhập nhầm"))
    found = catalogue_of(session, "14")
    assert (set(found.programmes), found.projects, found.serves) == ({"kh287", "nq257"}, {}, [])

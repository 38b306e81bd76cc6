"""Drafts and points tables of one province are nothing to another's office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, FormDraft, PointsTable
from survey.accounts import four_eyes
from survey.questionnaires.published import Given, publish
from survey.terms import Role, SourceKind
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.commands.test_commands import run
from tests.web.office.test_questionnaires import NEXT, drafted, publish_by_two

POINTS = """
| settings |
| | form_title | form_id | version |
| | Phiếu điểm | phieu_diem | 1 |
| survey |
| | type | name | label | calculation | outcome |
| | csv-external | diem | | | |
| | integer | so_nguoi | Số người | | |
| | calculate | diem_so | | instance('diem')/root/item[item = 'so_nguoi' and answer = string(${so_nguoi})]/points | |
| | calculate | minh_hoa | | if(count(instance('diem')/root/item[status != 'chinh_thuc']) > 0, 1, 0) | illustrative |
"""
TABLE = b"item,answer,region,points,status\nso_nguoi,1,tay_nguyen,5,minh_hoa\n"
START = {"table": "phieu_diem 1 diem", "decision": "Công văn 1", "decided_on": "2026-04-14"}
READ = ("", "/preview", "/preview.json", "/source", "/files/a.csv")
WRITTEN = ("", "/propose", "/withdraw", "/publish", "/delete")
TYPED = ("/begin", "/type", "/upload", "/hand-in", "/correct", "/withdraw/1", "/drop", "/draft")


@pytest.fixture
def table(session: Session, small_round: str) -> None:
    """A questionnaire with a points table is published."""
    assert small_round
    given = Given("phieu_diem.md", SourceKind.MARKDOWN, POINTS.encode(), {"diem.csv": TABLE})
    publish(session, compile_workbook(POINTS, given.files), "", world.NOW, given=given)
    world.account(session, "province-2", Role.PROVINCE, "14")
    session.commit()


@pytest.mark.usefixtures("table")
def test_another_province_finds_no_draft(login_as: Callable[[str], Any], session: Session) -> None:
    ours, theirs = login_as("province"), login_as("province-other")
    draft = drafted(ours, NEXT, ("a.csv", b"a,b\n1,2\n"))
    for path in READ:
        assert theirs.get(draft + path).status_code == 404, path
        assert login_as("supervisor").get(draft + path).status_code == 200, path
    for path in WRITTEN:
        assert theirs.post(draft + path, data={"seen": "x", "looked": "y"}).status_code == 404, path
    assert draft not in theirs.get("/questionnaires/").text
    assert draft in login_as("province-2").get("/questionnaires/").text
    session.rollback()
    assert session.scalars(select(FormDraft.province_id)).all() == ["14"]
    assert publish_by_two(login_as("admin"), login_as("province-2"), draft).status_code == 303


@pytest.mark.usefixtures("table")
def test_an_administrators_draft_is_open_to_every_province(login_as: Callable[[str], Any]) -> None:
    draft = drafted(login_as("admin"))
    assert draft in login_as("province-other").get("/questionnaires/").text
    assert publish_by_two(login_as("province"), login_as("province-other"), draft).status_code == 303


@pytest.mark.usefixtures("table")
def test_at_the_server_the_second_person_is_of_the_drafts_province(
    login_as: Callable[[str], Any], session: Session, app: Flask
) -> None:
    drafted(login_as("province"))
    draft_id = session.scalars(select(FormDraft.id)).one()
    session.rollback()
    assert run(app, "form", "publish", draft_id, "--second", "province-other")[0] == 1
    assert run(app, "form", "publish", draft_id, "--second", "province-2")[0] == 0


@pytest.mark.usefixtures("table")
def test_another_province_finds_no_points_table(login_as: Callable[[str], Any], session: Session) -> None:
    ours, theirs, admin = login_as("province"), login_as("province-other"), login_as("admin")
    address = ours.post("/points/", data=START).location
    for path in ("", "/type", "/blank.xlsx", "/table.csv"):
        assert theirs.get(address + path).status_code == 404, path
    for path in TYPED:
        assert theirs.post(address + path).status_code == 404, path
    assert address not in theirs.get("/points/").text
    for browser in (ours, admin):
        assert browser.post(address + "/begin").status_code == 303
        browser.post(address + "/type?item=1", data={"cell-0": "7"})
        assert browser.post(address + "/hand-in").status_code == 303
    made = admin.post(address + "/draft", data={"base": "1", "version": "2"})
    assert made.status_code == 303
    assert theirs.get(made.location).status_code == 404  # of the table's province, whoever made it
    session.rollback()
    assert [*session.scalars(select(PointsTable.province_id)), *session.scalars(select(FormDraft.province_id))] == [
        "14", "14",
    ]  # fmt: skip


@pytest.mark.usefixtures("table")
def test_one_person_with_two_accounts_types_no_table(login_as: Callable[[str], Any], session: Session) -> None:
    ours, other, admin = login_as("province"), login_as("province-2"), login_as("admin")
    address = ours.post("/points/", data=START).location
    for browser in (ours, other):
        assert browser.post(address + "/begin").status_code == 303
        browser.post(address + "/type?item=1", data={"cell-0": "7"})
    assert ours.post(address + "/hand-in").status_code == 303
    session.rollback()
    accounts = {one.username: one for one in session.scalars(select(Account))}
    four_eyes.made(session, accounts["province-2"], accounts["province"], world.NOW - timedelta(hours=1))
    session.commit()
    answer = other.post(address + "/hand-in")
    assert (answer.status_code, "là một người, không phải hai" in answer.text) == (409, True)
    assert other.post(address + "/withdraw/2").status_code == 303
    assert other.post(address + "/begin").status_code == 409
    assert admin.post(address + "/begin").status_code == 303

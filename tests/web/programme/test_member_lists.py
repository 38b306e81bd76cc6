"""Layouts 14 and 15: a list that a reader follows by hand, who may read it, and what is written down of that."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from models import AuditEvent, Round
from survey.evidence.signing import Signer
from survey.layouts import member_list
from survey.layouts.checking import Trust, verify
from survey.layouts.evidence import register_of
from survey.layouts.member_list import Part
from survey.layouts.tables import Book, Scope
from survey.layouts.workbook import written
from survey.submissions.register_table import Level
from survey.terms import Action
from tests.pages import text_of
from tests.web.desk.field import Field
from tests.web.programme.test_group_tables import FOUND, read_by, reviewed
from tests.web.programme.test_layouts import CASE
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

KEY = Signer(b"p" * 32)
ALL = Part()
AT = f"/desk/{COMMUNE}/tables/members"


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    return field(6, done=reviewed)


def listed(field: Field, number: int, part: Part = ALL, village: str | None = None) -> tuple[Book, list[list[str]]]:
    """The book, and of each line what stands in it, "" for a blank."""
    field.session.rollback()
    scope = Scope(field.session.get_one(Round, field.round_id), village or COMMUNE, (COMMUNE,), Level.VILLAGE, village)
    book, _ = member_list.make(field.session, scope, number, NOW, str, part)
    grid = book.tables[number].grid
    rows = [
        [str(cell.value) if (cell := grid.at(row, column)) is not None else "" for column in range(1, grid.width + 1)]
        for row in range(grid.body[0], grid.body[1] + 1)
    ]
    return book, rows if any(map(any, rows)) else []


def test_who_lives_in_the_poor_households(small: Field) -> None:
    book, rows = listed(small, 15)
    assert book.tables[15].faults == []
    assert len(rows) == 16  # four households of four
    blank = [""] * 7  # local people aside: supports, of which nobody knows what they are to say
    #           no.  of  name            man     woman   people  relation   new again old merit  local unable
    assert rows[0] == ["1", "1", "Lò Văn Đông", "1986", "", "Thái", "Chủ hộ", "", "", "x", "", "", "", *blank[1:]]
    assert rows[1] == ["", "2", "Quàng Thị Ước", "", "1988", "Thái", "Vợ, chồng", *[""] * 12]
    # The second was near-poor, the third neither: nobody knows whether it was poor before.
    came = [row[7:10] for row in rows if row[0]]
    assert came == [["", "", "x"], ["x", "", ""], ["new or again", "", ""], ["", "", "x"]]
    third = rows[8]
    assert (third[0], third[5], third[10], third[12]) == ("3", "Kinh", "x", "x")  # merit, and unable to work
    assert [row[12] for row in rows[8:12]] == ["x", "x", "", ""]
    near = listed(small, 14)[1]
    assert [row[10] for row in near] == ["", "x", "", ""]
    said = {one.code: one.values for one in book.tables[15].notes}
    assert said["list_counts"] == {"households": 4, "persons": 16}


def test_a_part_goes_on_with_its_numbers_and_a_village_is_its_own(small: Field) -> None:
    assert [row[0] for row in listed(small, 15, Part(1, 2))[1]] == ["2", "", "", "", "3", "", "", ""]
    assert len(listed(small, 15, village=VILLAGE)[1]) == 16
    assert listed(small, 15, village=VILLAGE_2)[1] == []


def test_the_list_as_a_workbook_is_signed_and_a_changed_name_is_found(small: Field, login_as: Any) -> None:
    book, _ = listed(small, 15)
    content, _ = written(book, register_of(small.session, [COMMUNE]), KEY, str)
    assert verify(content, Trust(frozenset({KEY.public_key}))).faults == []
    file = load_workbook(io.BytesIO(content))
    name = next(one for row in file["Table 15"].iter_rows() for one in row if one.value == "Lò Văn Đông")
    name.value = "Lò Văn Khác"
    changed = io.BytesIO()
    file.save(changed)
    [fault] = verify(changed.getvalue(), Trust(frozenset({KEY.public_key}))).faults
    assert (fault.code, fault.cell) == ("changed", name.coordinate)
    answer = login_as("supervisor").get(f"{AT}/xlsx?table=14&round={small.round_id}")
    assert load_workbook(io.BytesIO(answer.data)).sheetnames == ["Biểu 14", "Định nghĩa"]


def test_who_looks_is_written_down_and_nobody_s_name_is(small: Field, login_as: Any) -> None:
    for who, code in (("enumerator", 403), ("admin", 403), ("supervisor-other", 404), ("supervisor", 200)):
        assert login_as(who).get(f"{AT}?round={small.round_id}").status_code == code, who
    page = text_of(login_as("province").get(f"{AT}?round={small.round_id}&table=14"))
    assert "Quàng Thị Ước" in page
    assert "Mẫu này chỉ biết qua mã" in page
    small.session.rollback()
    events = small.session.scalars(select(AuditEvent).filter_by(verb="report.members").order_by(AuditEvent.at)).all()
    assert sorted(one.detail["tables"][0] for one in events) == [14, 15]
    assert {one.subject for one in events} == {COMMUNE}
    assert "Lò" not in str([one.detail for one in events])
    browser = login_as("supervisor")
    for wrong in ("?table=8", "?table=15&village=x", "?table=15&page=2", "?round=x"):
        assert browser.get(AT + wrong).status_code == 404, wrong
    assert browser.get(f"/desk/{COMMUNE}/tables/csv?table=15").status_code == 404  # no open file has it
    assert browser.get(f"/desk/{COMMUNE}/tables?table=15").status_code == 404


def test_an_open_commune_s_list_is_seen_and_not_handed_out(field: Callable[..., Field], login_as: Any) -> None:
    def begun(made: Field) -> None:
        made.send(made.entry(0, CASE[FOUND[0][0]]))
        made.decide(made.sent[0], Action.ACCEPT)

    made = field(2, done=begun)
    book, rows = listed(made, 15)
    assert ([one.code for one in book.tables[15].faults], len(rows)) == (["no_flow"], 4)
    assert rows[0][7:10] == ["", "", ""]  # not known before the closing
    answer = login_as("supervisor").get(f"{AT}/xlsx?table=15&round={made.round_id}")
    assert (answer.status_code, "Chưa xuất được biểu này" in text_of(answer)) == (409, True)


def test_another_reading_of_again_refuses_the_list(small: Field) -> None:
    read_by(small.session, "tai_ngheo", "khac")
    assert [one.code for one in listed(small, 15)[0].tables[15].faults] == ["read_otherwise"]

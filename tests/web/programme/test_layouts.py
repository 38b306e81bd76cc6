"""The official tables: a small commune that a reader follows by hand, each cell against SQL, and refusals."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from models import Assessment, AuditEvent, Deprivation, FormerCommune, RegisterEntry, Round
from survey.accounts.accounts import find_account
from survey.borders.villages import Change
from survey.clocks import day_of
from survey.evidence.signing import Signer
from survey.layouts.checking import Trust, verify
from survey.layouts.evidence import register_of
from survey.layouts.flow_list import FlowCell, moved
from survey.layouts.forms import layouts
from survey.layouts.formulas import Place, Value
from survey.layouts.grid import Holds
from survey.layouts.tables import Book, Scope, held_in, make
from survey.layouts.workbook import written
from survey.register import places
from survey.register.event_log import Done
from survey.residents import entering
from survey.residents.entering import Given
from survey.residents.residents import Numbers
from survey.rounds import closing
from survey.submissions.register_table import Level
from survey.terms import Action, Indicator, PlaceChange, ResidentStatus
from tests.layouts.against_sql import Figures, against_sql, figures
from tests.pages import text_of
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2, stand_as_judged

CASE = {case.name: case for case in CASES}
# Household, its class of last year → what was found. Of each four persons, of the third five.
FOUND = (
    ("Đúng 140 điểm, ba thiếu hụt", "ho_ngheo"),  # was poor; lacks 4, 9, 10
    ("140 điểm, hai thiếu hụt", "ho_can_ngheo"),  # was near-poor; lacks 9, 10
    ("Thiếu hụt cả mười hai, 140 điểm", "ho_ngheo"),  # was neither; lacks all twelve
    ("141 điểm, không thiếu hụt", "khong_ngheo"),  # nobody knew its class
)
KEY = Signer(b"p" * 32)
RESIDENTS = {VILLAGE: Numbers(20, 90), VILLAGE_2: Numbers(30, 120)}


def reviewed(field: Field) -> None:
    for number, (name, _) in enumerate(FOUND):
        field.send(field.entry(number, CASE[name]))
        field.decide(field.sent[number], Action.ACCEPT)


def closed(field: Field) -> None:
    reviewed(field)
    survey_round = field.session.get_one(Round, field.round_id)
    closing.close_communes(field.session, survey_round, [COMMUNE], NOW, prover=KEY)
    field.session.commit()
    entered(field.session, RESIDENTS)


def entered(session: Session, numbers: dict[str, Numbers]) -> None:
    by, other = (find_account(session, name) for name in ("supervisor", "province"))
    assert by is not None
    assert other is not None
    given = [
        Given(place_id, date(2025, 12, 31), one, ResidentStatus.PUBLISHED, "Niên giám 2025")
        for place_id, one in numbers.items()
    ]
    done = Done(by.id, NOW)
    entering.enter(session, given, done)
    session.flush()  # it is confirmed by what stands there
    entering.confirm_all(session, done.act, numbers, Done(other.id, NOW))
    session.commit()


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    return field(4, done=closed)


def book_of(field: Field, numbers: Any = range(1, 8), by: Level = Level.VILLAGE, **more: Any) -> Book:
    field.session.rollback()
    survey_round = field.session.get_one(Round, field.round_id)
    place = more.pop("place", COMMUNE if by is Level.VILLAGE else "14")
    communes = tuple(held_in(field.session, survey_round, [COMMUNE, OTHER_COMMUNE]))
    return make(field.session, Scope(survey_round, place, communes, by, **more), numbers, NOW, str)


def line(found: Figures, row: str) -> list[Value]:
    return [value for (of, _), value in found.items() if of == row]


def codes(book: Book, number: int) -> list[str]:
    return [one.code for one in book.tables[number].faults]


def test_the_first_table_by_hand(small: Field) -> None:
    book = book_of(small)
    assert {number: codes(book, number) for number in book.tables} == dict.fromkeys(range(1, 8), [])
    found = figures(book, 1)
    #                              1   2   3  4     5  6    7     8     9  10    11 12           13    14
    assert line(found, VILLAGE) == [20, 90, 2, 10.0, 1, 5.0, None, None, 9, 10.0, 4, 4 / 90 * 100, None, None]
    assert line(found, VILLAGE_2) == [30, 120, 0, 0, 0, 0, None, None, 0, 0, 0, 0, None, None]
    assert line(found, "total") == [50, 210, 2, 4.0, 1, 2.0, None, None, 9, 9 / 210 * 100, 4, 4 / 210 * 100, None, None]


def test_the_flow_by_hand(small: Field) -> None:
    """One stayed poor (from four persons to four), one became poor who was neither: nobody knows of before, so it
    stands in 7. One stayed near-poor."""
    book = book_of(small)
    poor, near = figures(book, 2), figures(book, 3)
    assert line(poor, f"{VILLAGE}.households") == [1, 0, 0, 0, 0, None, 1, 0, 2]
    assert line(poor, "total.persons") == [4, 0, 0, 0, 0, None, 5, 0, 9]
    assert line(near, "total.households") == [1, 0, 0, 0, 0, None, 0, 0, 1]
    assert "no_history" in [one.code for one in book.tables[2].notes]
    # Table 2 column 9 is table 1 column 3, in persons column 9.
    first = figures(book, 1)
    assert (poor["total.households", "9"], poor["total.persons", "9"]) == (first["total", "3"], first["total", "9"])


def test_what_is_lacked_by_hand(small: Field) -> None:
    book = book_of(small)
    four, five, six, seven = (figures(book, number) for number in (4, 5, 6, 7))
    lacks = [2 if number in (4, 9, 10) else 1 for number in range(1, 13)]
    assert line(four, "total") == [2, sum(lacks), *lacks]  # nothing is unknown, so nothing stands beside the form
    assert line(five, VILLAGE) == [2, *(100.0 if one == 2 else 50.0 for one in lacks)]
    assert line(five, VILLAGE_2) == [0, *[""] * 12]  # nobody to divide by is no rate
    assert line(six, VILLAGE) == [1, 2, *(1 if number in (9, 10) else 0 for number in range(1, 13))]
    assert line(seven, "total") == [1, *(100.0 if number in (9, 10) else 0 for number in range(1, 13))]
    assert sum(lacks) / 2 >= 3  # which each of the two is for itself


def test_each_cell_of_a_commune_is_what_sql_says(small: Field) -> None:
    assert against_sql(small.session, book_of(small), [VILLAGE, VILLAGE_2], RESIDENTS) == 3 * (10 + 2 * 27)


def test_a_place_without_residents_has_no_rate_and_is_named(small: Field, login_as: Any) -> None:
    session = small.session
    session.execute(text("DELETE FROM resident_step WHERE place_id = :one"), {"one": VILLAGE_2})
    session.commit()
    book = book_of(small, [1])
    [fault] = book.tables[1].faults
    assert (fault.code, fault.values["places"]) == ("no_residents", "Tiểu khu 2")
    found = figures(book, 1)
    assert line(found, VILLAGE)[:4] == [20, 90, 2, 10.0]
    assert line(found, VILLAGE_2)[:4] == [None, None, 0, ""]  # never 0, never 100 %
    assert line(found, "total")[:4] == [None, None, 2, ""]
    page = text_of(login_as("supervisor").get(f"/desk/{COMMUNE}/tables?table=1"))
    assert "Chưa nhập và xác nhận số hộ dân cư, nhân khẩu: Tiểu khu 2." in page
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/tables/csv?table=1")
    assert (answer.status_code, "Chưa xuất được biểu này" in text_of(answer)) == (409, True)


def test_more_poor_than_residents_is_no_rate_of_two_thousand_per_cent(small: Field) -> None:
    entered(small.session, {VILLAGE: Numbers(2, 90)})
    assert codes(book_of(small, [1]), 1) == ["more_than_all"]


def test_a_whole_that_differs_from_its_parts_is_told_and_divides_by_itself(small: Field) -> None:
    entered(small.session, {COMMUNE: Numbers(60, 210)})
    book = book_of(small, [1])
    assert codes(book, 1) == []
    total = line(figures(book, 1), "total")
    assert total[:4] == [60, 210, 2, 2 / 60 * 100]
    [differs] = [one for one in book.tables[1].notes if one.code == "parts_differ"]
    assert (differs.values["whole"], differs.values["parts"]) == (60, 50)
    holds = {cell.column: cell.holds for cell in book.tables[1].grid.cells.values() if cell.row == "total"}
    assert holds["1"] is Holds.ENTERED  # not made to be the sum
    assert holds["3"] is Holds.FORMULA


def test_each_household_is_held_against_its_class_and_not_their_mean(small: Field) -> None:
    """Fifteen lacks of two poor are a mean of more than three, also when one of them lacks two alone."""
    first = small.submission(small.sent[0]).id
    small.session.execute(
        update(Deprivation).filter_by(submission_id=first, indicator=Indicator.TOILET.value).values(deprived=False)
    )
    stand_as_judged(small.session)
    book = book_of(small, [4, 5, 6])
    assert figures(book, 4)["total", "s"] == 14
    [fault] = book.tables[4].faults
    assert (fault.code, fault.values["codes"]) == ("lacks_broken", small.household(0).code)
    assert codes(book, 5) == ["lacks_broken", "rests_on"]
    assert codes(book, 6) == []
    near = small.submission(small.sent[1]).id
    small.session.execute(update(Deprivation).filter_by(submission_id=near).values(deprived=True))
    stand_as_judged(small.session)
    assert codes(book_of(small, [6]), 6) == ["lacks_broken"]


def test_a_missing_answer_is_counted_beside_and_the_share_lies_between(small: Field) -> None:
    first = small.submission(small.sent[0]).id
    small.session.execute(delete(Deprivation).filter_by(submission_id=first, indicator=Indicator.TOILET.value))
    stand_as_judged(small.session)
    book = book_of(small, [4, 5])
    assert [one.code for one in book.tables[4].notes if one.code == "doubtful"] == ["doubtful"]  # two lacks, one open
    four, five = figures(book, 4), figures(book, 5)
    at = list(Indicator).index(Indicator.TOILET) + 1
    assert (four["total", f"c{at}"], four["total", f"u{at}"], four["total", "t"]) == (1, 1, 2)
    assert five["total", f"c{at}"] == "50,00 – 100,00"
    assert five["total", "c1"] == 50.0


def test_who_was_not_interviewed_keeps_a_class_and_is_told(small: Field) -> None:
    """The flow holds a poor household more than the interviews: one that keeps last year's class."""
    small.session.execute(
        update(Assessment)
        .filter_by(submission_id=small.submission(small.sent[0]).id)
        .values(household_class=None, refused=True)
    )
    stand_as_judged(small.session)
    book = book_of(small, [1])
    assert codes(book, 1) == []
    [kept] = [one for one in book.tables[1].notes if one.code == "kept_class"]
    assert kept.values["count"] == 1
    small.session.execute(
        update(RegisterEntry).filter_by(household_id=small.households[0]).values(opening_class="khong_ngheo")
    )
    stand_as_judged(small.session)
    assert codes(book_of(small, [1]), 1) == ["end_differs"]  # nothing explains it any more


def test_an_open_commune_has_neither_flow_nor_rate(field: Callable[..., Field]) -> None:
    made = field(4, done=reviewed)
    entered(made.session, RESIDENTS)
    book = book_of(made)
    assert codes(book, 1) == ["not_closed"]
    assert codes(book, 2) == codes(book, 3) == ["no_flow"]
    assert set(line(figures(book, 2), "total.households")) == {None}
    assert sorted(book.whole) == [4, 5, 6, 7]


def test_a_province_is_not_whole_while_communes_are_missing(small: Field) -> None:
    book = book_of(small, by=Level.COMMUNE)
    assert all("not_everywhere" in codes(book, number) for number in book.tables)
    assert book.whole == {}
    assert "Phường/Xã" in {cell.value for cell in book.tables[1].grid.cells.values()}  # as the form heads it
    found = figures(book, 2)
    assert line(found, f"{COMMUNE}.households") == [1, 0, 0, 0, 0, None, 1, 0, 2]  # shown all the same


def test_one_village_has_a_table_of_its_own(small: Field) -> None:
    book = book_of(small, place=VILLAGE, village_id=VILLAGE)
    assert {number: codes(book, number) for number in book.tables} == dict.fromkeys(range(1, 8), [])
    assert line(figures(book, 1), "total")[:6] == [20, 90, 2, 10.0, 1, 5.0]
    assert line(figures(book, 2), f"{VILLAGE}.households") == [1, 0, 0, 0, 0, None, 1, 0, 2]


def test_a_page_leads_to_the_households_of_each_figure(small: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    page = browser.get(f"/desk/{COMMUNE}/tables?table=4&round={small.round_id}")
    assert layouts()[4].title in text_of(page)
    assert "TẠM TÍNH" in text_of(page)
    assert "chỉ biết qua danh mục tên cột" not in text_of(page)
    assert "chỉ biết qua danh mục tên cột" in text_of(browser.get(f"/desk/{COMMUNE}/tables?table=6"))
    address = [
        part.split('"')[0].replace("&amp;", "&") for part in page.text.split('href="')
        if "indicator=nuoc" in part.split('"')[0] and "unknown" not in part.split('"')[0]
    ][-1]  # fmt: skip
    listed = text_of(browser.get(address))
    for number in (0, 2):
        assert small.household(number).code in listed
    assert small.household(1).code not in listed


def test_each_figure_of_the_flow_leads_to_its_households(small: Field, login_as: Any) -> None:
    """As many as the cell counts, in the commune and in each village; of persons as many as it counts."""
    book, session = book_of(small, [2, 3]), small.session
    survey_round = session.get_one(Round, small.round_id)
    checked = 0
    for number in (2, 3):
        for at, cell in book.tables[number].grid.cells.items():
            if isinstance(cell.link, FlowCell):
                value = book.values.of(Place(book.tables[number].grid.name, *at))
                found = moved(session, survey_round, cell.link)
                assert sum(one.counts for one in found) == (value or 0), cell
                checked += 1
    assert checked == 2 * 2 * 2 * 8  # tables, the village that has any and the whole, units, columns but the blank 6
    browser = login_as("supervisor")
    page = browser.get(f"/desk/{COMMUNE}/tables?table=2&round={small.round_id}").text
    addresses = [one.split('"')[0].replace("&amp;", "&") for one in page.split('href="')]
    [new] = {one for one in addresses if "column=7" in one and "persons" not in one and "village" not in one}
    listed = text_of(browser.get(new))
    assert [small.household(one).code in listed for one in range(4)] == [False, False, True, False]
    persons = text_of(browser.get(f"{new}&persons=1"))
    assert "Hộ nghèo 5" in persons  # a household of five
    assert browser.get(f"/desk/{COMMUNE}/tables/flow?table=4&column=1").status_code == 404
    assert browser.get(f"/desk/{COMMUNE}/tables/flow?table=2&column=10").status_code == 404
    assert login_as("supervisor-other").get(new).status_code == 404


def test_the_tables_as_csv_have_a_row_a_figure(small: Field, login_as: Any) -> None:
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/tables/csv?table=1&round={small.round_id}")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 3 * 14
    [rate] = [one for one in rows if (one["row"], one["column"]) == ("total", "4")]
    assert (rate["value"], rate["kind"], rate["base"], rate["definition"]) == ("4", "formula", "resident", "1.4@2")
    assert {(one["trial"], one["provisional"]) for one in rows} == {("0", "1")}
    assert {one["heading"] for one in rows} >= {"Tổng hộ dân cư", "Hộ nghèo – Tỷ lệ (%)"}


def test_the_workbook_is_signed_told_in_the_log_and_looks_like_the_form(
    small: Field, login_as: Any, app: Flask
) -> None:
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/tables/xlsx?round={small.round_id}")
    key = app.extensions["prover"].public_key
    found = verify(answer.data, Trust(frozenset({key})))
    assert (found.faults, found.body is not None) == ([], True)
    small.session.rollback()
    [event] = small.session.scalars(select(AuditEvent).filter_by(verb="report.signed")).all()
    assert (event.detail["root"], event.detail["tables"], event.subject) == (found.root, [*range(1, 12)], COMMUNE)
    file = load_workbook(io.BytesIO(answer.data))
    assert file.sheetnames == [*(f"Biểu {number}" for number in range(1, 12)), "Định nghĩa"]
    sheet = file["Biểu 1"]
    assert sheet["A2"].value == layouts()[1].title
    assert "A2:P2" in {str(one) for one in sheet.merged_cells.ranges}
    assert sheet.print_area.startswith("'Biểu 1'!$A$1:$P$")
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "TM. ỦY BAN NHÂN DÂN" in cells
    assert any(str(value).startswith("=IF(C") for value in cells)
    assert file.calculation.fullCalcOnLoad
    values = load_workbook(io.BytesIO(answer.data), data_only=True)["Biểu 1"]
    assert 4 in [cell.value for row in values.iter_rows() for cell in row]  # stored, not left to be calculated


def test_a_trial_says_so_on_every_sheet(small: Field) -> None:
    small.session.execute(update(Round).values(trial=True))
    small.session.commit()
    book = book_of(small)
    content, _ = written(book, register_of(small.session, [COMMUNE]), KEY, str)
    file = load_workbook(io.BytesIO(content))
    for sheet in file.worksheets[:-1]:
        said = [str(sheet.cell(row, 1).value) for row in range(1, 10)]
        assert any(words.startswith("TRIAL – ") for words in said), sheet.title


def test_another_communes_tables_are_not_there(small: Field, login_as: Any) -> None:
    at = f"/desk/{COMMUNE}/tables"
    assert login_as("supervisor-other").get(at).status_code == 404
    browser = login_as("supervisor")
    for wrong in ("?table=99", f"?table=1&village={OTHER_COMMUNE}-01", f"?village={COMMUNE}", "?round=x"):
        assert browser.get(at + wrong).status_code == 404, wrong
    assert browser.get(f"{at}/pdf").status_code == 404
    assert browser.get(f"{at}?table=chữ").status_code == 200


def in_former_borders(field: Field, **of: str) -> None:
    """The communes of before are loaded; of villages it is entered in which they lie."""
    session = field.session
    session.rollback()
    for code, name in (("90001", "Xã Cũ Một"), ("90002", "Xã Cũ Hai")):
        session.merge(
            FormerCommune(
                province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=COMMUNE, valid_from=None, name=name,
                district_code="901", district="Huyện Cũ", status="nguồn thứ cấp", source="bài thử",
            )
        )  # fmt: skip
    for village_id, code in of.items():
        given = {"former": code}
        change = Change(0, PlaceChange.FORMER, COMMUNE, village_id, day_of(NOW), given)
        places.append(session, change, None)
    session.commit()


def test_by_former_communes_a_village_carries_its_own_and_a_mixed_commune_without_is_refused(
    small: Field, login_as: Any
) -> None:
    assert codes(book_of(small, former=True), 4) == ["former_not_loaded"]
    in_former_borders(small, **{VILLAGE: "90001"})
    book = book_of(small, former=True)
    [fault] = book.tables[4].faults
    assert (fault.code, fault.values["places"]) == ("former_missing", "Tiểu khu 2")
    assert book.whole == {}  # no table is handed out in borders that are not known
    in_former_borders(small, **{VILLAGE_2: "90002"})
    book = book_of(small, former=True)
    assert {number: codes(book, number) for number in book.tables} == dict.fromkeys(range(1, 8), [])
    first, poor = figures(book, 1), figures(book, 2)
    assert line(first, "90001")[:6] == [20, 90, 2, 10.0, 1, 5.0]
    assert line(first, "90002")[:4] == [30, 120, 0, 0]
    assert line(first, "total")[:4] == [50, 210, 2, 4.0]
    assert line(poor, "90001.households") == [1, 0, 0, 0, 0, None, 1, 0, 2]
    assert line(figures(book, 4), "90001")[0] == 2
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/tables?table=1&borders=former&round={small.round_id}")
    assert "Xã Cũ Một (Huyện Cũ)" in text_of(page)
    assert "nguồn thứ cấp" in text_of(page)  # how sure these borders are
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/tables/xlsx?borders=former&round={small.round_id}")
    assert "dia-gioi-cu" in answer.headers["Content-Disposition"]
    assert (verify(answer.data, Trust()).body or {})["by"] == "former_commune"


def test_two_villages_of_one_former_commune_are_one_line(small: Field) -> None:
    in_former_borders(small, **{VILLAGE: "90001", VILLAGE_2: "90001"})
    book = book_of(small, former=True)
    assert line(figures(book, 1), "90001") == line(figures(book, 1), "total")
    assert {row for row, _ in figures(book, 1)} == {"90001", "total"}

"""Tables 8 to 13: a small commune that a reader follows by hand, figures against the answers, readings, refusals."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Assessment, PlaceTally, RegisterEntry, Round
from survey.layouts.checking import Trust, verify
from survey.layouts.evidence import register_of
from survey.layouts.formulas import Place, Value
from survey.layouts.tables import Book
from survey.layouts.workbook import written
from survey.questionnaires import readings
from survey.reports import selection
from survey.residents.residents import Numbers
from survey.rounds import closing
from survey.tallies.told import REASONS
from survey.terms import Action, HouseholdClass
from tests.layouts.against_sql import figures
from tests.layouts.office import OFFICE, assert_alike, worked_out_again
from tests.pages import text_of
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import CASE, KEY, book_of, codes, entered, line
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2, stand_as_judged

POOR, NEAR, NOT = "Đúng 140 điểm, ba thiếu hụt", "140 điểm, hai thiếu hụt", "141 điểm, không thiếu hụt"
GROUPS = range(8, 14)
RESIDENTS = {VILLAGE: Numbers(40, 160, 30, 9, 120, 36), VILLAGE_2: Numbers(10, 30, 4, 6, 10, 20)}


def everybody(of: list[dict[str, Any]], **changes: Any) -> None:
    for one in of:
        one.update(changes)


def thai_with_reasons(of: list[dict[str, Any]], answers: dict[str, Any]) -> None:
    answers["thu_nhap"]["nguyen_nhan"] = "von dat"
    of[3]["suy_dinh_duong"] = "khong_biet"


def kinh_with_a_thai_wife(of: list[dict[str, Any]], _: dict[str, Any]) -> None:
    everybody(of, dan_toc="kinh")
    of[1]["dan_toc"] = "thai"


def kinh_who_cannot_work(of: list[dict[str, Any]], answers: dict[str, Any]) -> None:
    everybody(of, dan_toc="kinh")
    for one in of[:2]:
        one["tinh_trang_viec_lam"] = "khong_kha_nang"
        one.pop("loai_viec_lam")
    of[0]["luong_huu"] = "nguoi_co_cong"
    answers["thu_nhap"]["nguyen_nhan"] = "lao_dong om_dau von"


def kinh_with_merit(of: list[dict[str, Any]], _: dict[str, Any]) -> None:
    everybody(of, dan_toc="kinh")
    of[1]["luong_huu"] = "nguoi_co_cong"
    of[0]["tinh_trang_viec_lam"] = "khong_kha_nang"  # one of two
    of[0].pop("loai_viec_lam")


def kinh_woman_of_whom_merit_is_not_known(of: list[dict[str, Any]], _: dict[str, Any]) -> None:
    everybody(of, dan_toc="kinh")
    of[0]["gioi_tinh"] = "nu"
    for one in of[:2]:
        one.pop("luong_huu")
    of[3]["nam_sinh"], of[3]["the_bhyt"] = 2023, "khong"  # three years old: no lack of the household
    of[3].pop("cap_hoc")
    of[3].pop("internet")
    of[3]["dang_di_hoc"] = "khong"  # from three on this is a lack of hers


# Household → its class, and what is otherwise than in the case: four persons each.
FOUND: list[tuple[str, Callable[..., None] | None]] = [
    (POOR, thai_with_reasons),
    (POOR, kinh_with_a_thai_wife),
    (POOR, kinh_who_cannot_work),
    (NEAR, kinh_with_merit),
    (POOR, kinh_woman_of_whom_merit_is_not_known),
    (NOT, None),
]


def reviewed(field: Field) -> None:
    for number, (name, change) in enumerate(FOUND):
        entry = field.entry(number, CASE[name])
        if change is not None:
            change(entry["answers"]["thanh_vien"], entry["answers"])
        field.send(entry)
        field.decide(field.sent[number], Action.ACCEPT)
    survey_round = field.session.get_one(Round, field.round_id)
    closing.close_communes(field.session, survey_round, [COMMUNE], NOW, prover=KEY)
    field.session.commit()
    entered(field.session, RESIDENTS)


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    return field(6, done=reviewed)


def of_column(book: Book, number: int, row: str) -> dict[str, Value]:
    return {column: value for (of, column), value in figures(book, number).items() if of == row}


def read_by(session: Session, name: str, value: str) -> None:
    by = session.scalar(text("SELECT id FROM account WHERE username = 'province'"))
    readings.confirm(session, None, name, value, "Công văn 7/SNNMT", date(2026, 10, 1), NOW, by)
    session.commit()


def test_each_household_stands_once_in_the_first_group_that_it_is_of(small: Field) -> None:
    book = book_of(small, [8])
    assert codes(book, 8) == []
    #  poor: Thái | unable, and with merit | the other two: a Kinh head with a Thái wife, one of whom merit is not known
    households, persons = (of_column(book, 8, f"{VILLAGE}.{unit}") for unit in ("households", "persons"))
    assert [households[str(one)] for one in range(1, 11)] == [4, 1, 1, 0, 2, 1, 0, 0, 1, 0]
    assert [persons[str(one)] for one in range(1, 11)] == [16, 4, 4, 0, 8, 4, 0, 0, 4, 0]
    # Beside the form they overlap: the one who cannot work has merit too. One of the others is not known.
    assert [households[one] for one in ("a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4")] == [1, 1, 1, 1, 0, 0, 1, 0]
    assert set(of_column(book, 8, f"{VILLAGE_2}.households").values()) == {0}
    assert of_column(book, 8, "total.households") == households
    said = {one.code: one.values for one in book.tables[8].notes}
    assert said["group_unknown"]["count"] == said["merit_unknown"]["count"] == 1
    assert [one.code for one in book.tables[8].notes if one.code == "read_so"] == ["read_so"] * 2


def test_a_paper_that_reads_it_otherwise_changes_the_table_and_is_told(small: Field) -> None:
    read_by(small.session, "ho_dtts", "chu_ho_vo_chong")
    read_by(small.session, "khong_lao_dong", "mot_nguoi")
    book = book_of(small, [8, 12])
    total = of_column(book, 8, "total.households")
    assert [total[str(one)] for one in range(1, 11)] == [4, 2, 1, 0, 1, 1, 0, 1, 0, 0]  # one of two is enough
    assert of_column(book, 12, "total")["11"] == 2
    papers = [one.values["paper"] for one in book.tables[8].notes if one.code == "read_by"]
    assert papers == ["Công văn 7/SNNMT"] * 2


def test_households_by_the_people_of_the_head_and_persons_by_their_own(small: Field) -> None:
    book = book_of(small, [9])
    households, persons = (of_column(book, 9, f"total.{unit}") for unit in ("households", "persons"))
    assert [households[one] for one in ("pt", "pk", "pd", "p1", "po", "ct", "ck", "cd")] == [4, 3, 1, 1, 0, 1, 1, 0]
    assert [persons[one] for one in ("pt", "pk", "pd", "p1", "po", "ct", "ck", "cd")] == [16, 11, 5, 5, 0, 4, 4, 0]
    heads = {cell.value for cell in book.tables[9].grid.cells.values()}
    assert {"Thái", "Mông", "Xinh Mun", "Khác", "Tổng DTTS"} <= heads


def test_reasons_overlap_and_the_sheet_says_so(small: Field) -> None:
    total = of_column(book := book_of(small, [10]), 10, "total")
    # von: all four; dat: the first; lao_dong and om_dau: the third
    assert [total["t"], *(total[f"r{one}"] for one in range(1, 9))] == [4, 1, 4, 1, 0, 0, 0, 1, 0]
    [poor, _] = [one.values for one in book.tables[10].notes if one.code == "reasons"]
    assert (poor["named"], poor["households"], poor["silent"]) == (7, 4, 0)


def test_children_and_what_nobody_knows_of_them(small: Field) -> None:
    book = book_of(small, [11])
    total = of_column(book, 11, "total")
    # eight children of poor households: one of three years without a card and not at school, one not weighed
    assert [total[one] for one in ("pt", "pb", "pn", "ph", "ct", "cb")] == [8, 0, 0, 1, 2, 0]
    assert [total[f"pu{one}"] for one in range(1, 6)] == [1, 0, 1, 0, 0]
    read_by(small.session, "bhyt_tre_em", "moi_tuoi")
    assert of_column(book_of(small, [11]), 11, "total")["pb"] == 1


def test_the_rates_of_all_and_of_the_group(small: Field) -> None:
    book = book_of(small, [12, 13])
    assert (codes(book, 12), codes(book, 13)) == ([], [])
    one = of_column(book, 12, VILLAGE)
    #                                                   1   2   3  4     5    6    7   8
    assert [one[str(at)] for at in range(1, 9)] == [40, 30, 9, None, 160, 120, 36, None]
    #                                                    9  10 11 12   13 14 15 16  17  18 19
    assert [one[str(at)] for at in range(9, 20)] == [4, 3, 1, None, 1, 1, 1, 16, 11, 5, None]
    assert (one["20"], one["21"]) == (4 / 40 * 100, 1 / 9 * 100)
    assert (one["u1"], one["u5"], one["u9"], one["u16"]) == (1, 4, 0, 0)  # foreign, or not known
    total = of_column(book, 13, "total")
    assert [total[at] for at in ("1", "3", "9", "11", "13", "14", "20", "21")] == [50, 15, 1, 0, 1, 0, 2.0, 0]


def test_a_missing_or_impossible_minority_is_no_rate(small: Field) -> None:
    entered(small.session, {VILLAGE: Numbers(40, 160), VILLAGE_2: RESIDENTS[VILLAGE_2]})
    book = book_of(small, [1, 12])
    assert (codes(book, 1), codes(book, 12)) == ([], ["no_peoples"])
    assert line(figures(book, 12), VILLAGE)[19:21] == [10.0, ""]
    entered(small.session, {VILLAGE: Numbers(40, 160, 39, 0, 156, 4), VILLAGE_2: RESIDENTS[VILLAGE_2]})
    assert codes(book_of(small, [12]), 12) == ["minority_more_than_all"]


def test_a_sum_that_its_parts_do_not_come_to_is_refused(small: Field) -> None:
    row = small.session.scalars(select(PlaceTally).filter_by(place_id=VILLAGE, part="")).one()
    row.counts = row.counts | {"final.ho_ngheo.head.thai": [3, 12]}
    small.session.commit()
    try:
        book = book_of(small, [9])
        assert codes(book, 9) == []  # what is counted by hand here stays in itself a sum
        row.counts = {key: both for key, both in row.counts.items() if ".who." not in key}
        small.session.commit()
        assert "sums_broken" in codes(book_of(small, [8, 12]), 12)
    finally:
        stand_as_judged(small.session)


def test_each_figure_is_what_the_answers_say(small: Field) -> None:
    session, found = small.session, Counter[tuple[str, str]]()
    query = select(Assessment.values, RegisterEntry.household_class).join(
        RegisterEntry, RegisterEntry.submission_id == Assessment.submission_id
    )
    for values, named in session.execute(query):
        members = values["thanh_vien"]
        head = next(one for one in members if one["quan_he"] == "chu_ho")
        found[named, "households"] += 1
        found[named, "thai"] += head["dan_toc"] == "thai"
        found[named, "thai.persons"] += sum(one["dan_toc"] == "thai" for one in members)
        found[named, "woman"] += head["gioi_tinh"] == "nu"
        found[named, "merit"] += any(one.get("luong_huu") == "nguoi_co_cong" for one in members)
        found[named, "children"] += sum(one["tuoi"] < 16 for one in members)
        found[named, "school"] += sum(one["m_gd_tre_em"] > 0 for one in members)
        for reason in values["thu_nhap"].get("nguyen_nhan", "").split():
            found[named, reason] += 1
    book = book_of(small, GROUPS)
    for one, rows in ((HouseholdClass.POOR, (12, "p")), (HouseholdClass.NEAR_POOR, (13, "c"))):
        number, stem = rows
        table, of = of_column(book, number, "total"), one.value
        assert (table["9"], table["15"], table["13"]) == tuple(
            found[of, what] for what in ("households", "woman", "merit")
        )
        assert of_column(book, 9, "total.households")[f"{stem}1"] == found[of, "thai"]
        assert of_column(book, 9, "total.persons")[f"{stem}1"] == found[of, "thai.persons"]
        children = of_column(book, 11, "total")
        assert (children[f"{stem}t"], children[f"{stem}h"]) == (found[of, "children"], found[of, "school"])
        reasons = of_column(book, 10, "total")
        code = "r" if stem == "p" else "n"
        assert [reasons[f"{code}{at}"] for at in range(1, 9)] == [found[of, one] for one in REASONS]


def test_each_figure_leads_to_its_households(small: Field, login_as: Any) -> None:
    """As many as the figure counts; where it counts persons, the households that they live in."""
    small.session.rollback()
    checked = 0
    book = book_of(small, GROUPS)
    for number, made in book.tables.items():
        for at, cell in made.grid.cells.items():
            if cell.link is None or not cell.row.startswith("total"):
                continue
            found = selection.count(small.session, cell.link)
            is_persons = cell.row.endswith("persons") or cell.figure.endswith(".persons") or number == 11
            value = book.values.of(Place(made.grid.name, *at))
            assert isinstance(value, int)
            assert (found <= value and (found > 0) == (value > 0)) if is_persons else found == value, cell
            checked += 1
    assert checked > 50  # what is zero leads nowhere
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/tables?table=8&round={small.round_id}")
    address = next(
        one.split('"')[0].replace("&amp;", "&") for one in page.text.split('href="') if "told=who.0%3F1" in one
    )  # fmt: skip
    listed = text_of(login_as("supervisor").get(address))
    assert [small.household(one).code in listed for one in range(6)] == [False, False, True, False, False, False]
    assert "theo cách đếm của biểu chính thức" in listed


def test_pages_say_how_little_is_known_of_the_form_and_a_changed_cell_is_found(small: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    for number in GROUPS:
        page = text_of(browser.get(f"/desk/{COMMUNE}/tables?table={number}&round={small.round_id}"))
        assert "Mẫu này chỉ biết qua mã" in page, number
    book = book_of(small, range(1, 14))
    content, root = written(book, register_of(small.session, [COMMUNE]), KEY, str)
    found = verify(content, Trust(frozenset({KEY.public_key})))
    assert ([one.sentence(str) for one in found.faults], found.root) == ([], root)
    file = load_workbook(io.BytesIO(content))
    merit = next(one for row in file["Table 12"].iter_rows(min_row=8) for one in row if one.value == 40)
    merit.value = 41
    changed = io.BytesIO()
    file.save(changed)
    [fault] = verify(changed.getvalue(), Trust(frozenset({KEY.public_key}))).faults
    assert (fault.code, fault.sheet, fault.cell) == ("changed", "Table 12", merit.coordinate)


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.thorough
def test_libreoffice_works_out_the_same(small: Field, tmp_path: Path) -> None:
    content, _ = written(book_of(small, range(1, 14)), register_of(small.session, [COMMUNE]), KEY, str)
    again = worked_out_again(content, tmp_path)
    assert verify(again, Trust(frozenset({KEY.public_key}))).faults == []
    assert_alike(content, again, [f"Table {number}" for number in range(8, 14)])

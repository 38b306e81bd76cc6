"""Lists of supports as offices have them: which row is whose, what is left out and why."""

from __future__ import annotations

from datetime import date
from typing import Any
from unicodedata import normalize

import pytest
from sqlalchemy.orm import Session

from models import Household
from survey.members import members_in
from survey.supports import lists
from survey.supports.lists import Read, Whole
from tests.given import blind, by, enter_catalogue
from tests.register.sheets import workbook
from tests.review.test_persons import MOTHER, codes
from tests.world import COMMUNE, NOW, VILLAGE

pytestmark = pytest.mark.usefixtures("small_round")
TONES = "\u0300\u0301\u0303\u0309\u0323"
NUMBER, LOST = "014190000001", "14190000001"  # Excel drops the zero at the beginning


@pytest.fixture(autouse=True)
def catalogue(session: Session) -> None:
    """The mother of the first household has a number."""
    enter_catalogue(session)
    home = household(session, "ho-1")
    people = [dict(one) for one in members_in(home.current_answers)]
    people[1]["cccd"] = NUMBER
    home.current_answers = {"thanh_vien": people}
    session.commit()


def household(session: Session, id: str) -> Household:
    return session.get_one(Household, (COMMUNE, id))


def mother(session: Session) -> dict[str, Any]:
    return members_in(household(session, "ho-1").current_answers)[1]


def read(session: Session, data: bytes, name: str = "ho-tro.xlsx", **whole: Any) -> Read:
    return lists.read_list(session, COMMUNE, name, data, NOW, Whole(**whole), blind)


def tone_apart(letter: str) -> str:
    """As Windows-1258 has it: ộ is ô and a tone."""
    parts = normalize("NFD", letter)
    tones = "".join(one for one in parts if one in TONES)
    return normalize("NFC", "".join(one for one in parts if one not in TONES)) + tones


def codes_of(found: Read) -> dict[int, set[str]]:
    return {one.row: {each.code for each in one.mistakes} for one in found.left}


def test_an_offices_own_sheet_is_read_with_its_titles_totals_and_lost_zeros(session: Session) -> None:
    """A list of insurance cards: no code of a household anywhere, one kind for all, amounts as numbers."""
    woman, head = mother(session), household(session, "ho-2").head_name
    rows = [
        ["UBND XÃ MƯỜNG LA", "", "", "", ""],
        ["DANH SÁCH CẤP THẺ BẢO HIỂM Y TẾ NĂM 2026", "", "", "", ""],
        ["Bản: Nà Ca", "", "", "", ""],
        ["STT", "Họ và tên", "Số CCCD", "Ngày cấp", "Kinh phí", "Chữ ký"],
        [1, woman["ho_ten"].upper(), int(LOST), date(2026, 11, 20), 1_500_000, "-"],
        [2, head, "-", "20/11/2026", "1.500.000 đồng", None],
        ["", "Tổng cộng", "", "", 3_000_000],
        ["", "", "", "Mường La, ngày 21 tháng 11 năm 2026"],
        ["", "Người lập biểu", "", "TM. UBND XÃ"],
    ]
    found = read(session, workbook({"DS": rows}), kind="the_bhyt", project="ct2026/1")
    assert (found.faults, codes_of(found)) == ([], {6: {"several_known"}})  # three of one village have this head
    [one] = found.sound
    assert (one.row, one.given.household_id, one.given.person, one.given.amount, one.given.given_on) == (
        5, "ho-1", codes(session)[MOTHER], 1_500_000, date(2026, 11, 20),
    )  # fmt: skip
    assert {each.code for each in found.assumed} >= {"cccd_zero"}
    assert found.left[0].cells[lists.headings(full=True).index("Họ tên chủ hộ")] == ""


def test_a_household_is_known_by_village_and_head(session: Session) -> None:
    home = household(session, "ho-4")  # the only one of its village
    number = VILLAGE.rpartition("-")[2]
    rows = [
        ["Thôn, bản", "Họ và tên chủ hộ", "Loại hỗ trợ", "Chương trình", "Dự án", "Ngày hỗ trợ", "Số tiền"],
        [int(home.village_id.rpartition("-")[2]), home.head_name.upper(), "nha_o", "ct2026", "Dự án 1", "20/11/2026",
         40],
        [int(number), "Không Có Ai", "nha_o", "ct2026", "1", "20/11/2026", 40],
    ]  # fmt: skip
    found = read(session, workbook({"DS": rows}))
    assert [(one.given.household_id, one.given.project, one.given.amount) for one in found.sound] == [("ho-4", "1", 40)]
    assert codes_of(found) == {3: {"matches_nobody"}}


@pytest.mark.parametrize("page", ["cp1258", "utf-16"])
def test_a_code_page_of_former_times_is_read(session: Session, page: str) -> None:
    code = household(session, "ho-2").code
    text = "Mã hộ;Loại hỗ trợ (mã);Chương trình (mã);Dự án (mã);Ngày nhận;Ghi chú\r\n"
    text += f"{code};nha_o;ct2026;1;20/11/2026;Hỗ trợ nhà ở đợt hai của bản\r\n"
    data = "".join(map(tone_apart, text)).encode(page)
    found = read(session, data, "ho-tro.csv")
    assert [one.given.household_id for one in found.sound] == ["ho-2"], (found.faults, found.left)


def test_a_number_and_a_name_that_are_two_persons_are_nobody(session: Session) -> None:
    code = household(session, "ho-1").code
    head = ["Mã hộ", "Họ và tên", "Số CCCD", "Ngày nhận"]
    rows = [
        head,
        [code, "Người Khác Hẳn", NUMBER, "20/11/2026"],
        [code, mother(session)["ho_ten"], NUMBER, "20/11/2026"],
        [household(session, "ho-2").code, "", NUMBER, "20/11/2026"],
    ]
    found = read(session, workbook({"DS": rows}), kind="the_bhyt", project="ct2026/1")
    assert [one.row for one in found.sound] == [3]
    assert codes_of(found) == {2: {"number_of_other"}, 4: {"number_of_other"}}


def test_what_stands_against_rows_is_told_and_a_list_brought_twice_is_known(session: Session) -> None:
    code = {id: household(session, id).code for id in ("ho-1", "ho-2", "ho-3", "ho-4")}
    head = [*lists.headings(), "Ký nhận"]
    row = {"Chương trình (mã)": "ct2026", "Dự án (mã)": "1", "Loại hỗ trợ (mã)": "nha_o", "Ngày nhận": "20/11/2026"}
    said = [
        {"Mã hộ": code["ho-1"], "Số tiền (đồng)": "40.000.000"},
        {"Mã hộ": code["ho-1"]},  # the same benefit within the list
        {"Mã hộ": "03757-09-999"},
        {"Mã hộ": code["ho-2"], "Loại hỗ trợ (mã)": "khong_co"},
        {"Mã hộ": code["ho-2"], "Ngày nhận": "31/02/2026"},
        {"Mã hộ": code["ho-2"], "Số tiền (đồng)": "12,5"},
        {"Mã hộ": code["ho-2"], "Ghi chú": "@SUM(1)"},
        {"Mã hộ": code["ho-2"], "Ngày nhận": "20/11/2027"},
        {"Mã hộ": code["ho-3"]},
    ]
    rows = [head, *([(row | one).get(name, "") for name in head] for one in said)]
    found = read(session, workbook({"DS": rows}))
    assert [one.row for one in found.sound] == [2, 10], (found.faults, found.left)
    assert codes_of(found) == {
        3: {"twice"}, 4: {"no_such_code"}, 5: {"not_one_of"}, 6: {"no_day"}, 7: {"not_a_number"}, 8: {"formula"},
        9: {"refused"},
    }  # fmt: skip
    assert found.unknown == [] or found.unknown == ["Ký nhận"]
    again = lists.of_json(lists.as_json(found))
    assert again == found
    assert [lists.write_row(session, one.given, by(session), blind) for one in found.sound] == [None, None]
    assert [lists.write_row(session, one.given, by(session), blind) for one in found.sound] == ["support_listed"] * 2
    session.commit()
    assert read(session, workbook({"DS": rows})).sound == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_table"), (b"PK\x03\x04", "unreadable_workbook"), (b"a,b\n1,2\n", "no_header"),
        ("Mã hộ,Ngày nhận\n".encode(), "empty"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_told(session: Session, data: bytes, code: str) -> None:
    found = read(session, data, "x.csv")
    assert ([one.code for one in found.faults], found.sound, found.left) == ([code], [], [])

"""A list as an office has it: each kind of mess comes out whole, and what is in doubt is asked, never guessed."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from models import AuditEvent, Household, ListWord, PlacePeriod, RegisterEntry
from survey.form.form import Form
from survey.register import importing, loading
from survey.register.event_log import Done
from survey.register.plan import Plan
from survey.web.language import read_catalogs
from tests.interviews import ROUND
from tests.register.sheets import HEADS, TITLED, TITLED_MERGED, csv, workbook
from tests.world import COMMUNE, NOW

VIETNAMESE = read_catalogs(Path(__file__).parents[2] / "translations")["vi"].gettext


def plan(session: Any, data: bytes, name: str = "danh sach.xlsx", **answers: str) -> Plan:
    given = {id.replace("__", ":").replace("_to_", "-"): value for id, value in answers.items()}
    return importing.plan_list(session, COMMUNE, {name: data}, NOW, given)


def accepted(session: Any, data: bytes, **answers: str) -> Plan:
    return importing.plan_list(session, COMMUNE, {"danh sach.xlsx": data}, NOW, answers, accepts_proposals=True)


def load(session: Any, data: bytes, **answers: str) -> Plan:
    made = accepted(session, data, **answers)
    assert [mistake.sentence() for mistake in made.mistakes] == []
    loading.carry_out(session, made, NOW)
    session.commit()
    return made


def heads(made: Plan) -> list[str]:
    return [one.head for one in made.households]


def classes(made: Plan) -> list[str | None]:
    return [one.household_class.value if one.household_class else None for one in made.households]


def born(made: Plan) -> list[str]:
    return [one.born.iso() if one.born else "" for one in made.households]


def asked(made: Plan, code: str) -> list[Any]:
    return [question for question in made.questions if question.code == code]


def codes(made: Plan) -> list[str]:
    return [mistake.code for mistake in made.mistakes]


def notes(made: Plan) -> dict[str, Any]:
    return {note.code: note.values for note in made.notes}


def count(session: Any, table: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(table)))


# --- titles, headers of two rows, totals, signatures ---------------------------------------------------------------


def test_a_list_between_titles_and_signatures_is_found_and_what_is_left_out_is_told(session: Any, form: Form) -> None:
    made = load(session, workbook({"DS hộ": TITLED}, TITLED_MERGED))
    assert heads(made) == ["Lò Văn Thử", "Tòng Văn Cộng"]
    assert (classes(made), made.members) == (["ho_ngheo", "ho_can_ngheo"], 4)
    assert [village.name for village in made.new_villages] == ["Bản Mẫu", "Bản Nháp"]
    head, wife, son = made.households[0].members
    assert (head["gioi_tinh"], wife["gioi_tinh"], son["quan_he"]) == ("nam", "nu", "con")
    assert (head["ngay_sinh"], head["thang_sinh"], head["nam_sinh"]) == (27, 12, 1974)
    assert (wife["quan_he"], wife["dan_toc"], wife["cccd"]) == ("vo_chong", "thai", "014179000002")
    assert notes(made)["left_out"]["rows"] == "1-2, 4, 15-16"
    assert notes(made)["total_left_out"]["rows"] == "13"
    stored = session.scalars(select(Household).where(Household.base_head_name == "Lò Văn Thử")).one()
    assert [member["ho_ten"] for member in stored.base_answers["thanh_vien"]] == [
        "Lò Văn Thử",
        "Lò Thị Nháp",
        "Lò Văn Ví Dụ",
    ]
    assert stored.current_answers == stored.base_answers


def test_the_same_list_as_csv_without_merged_cells_comes_out_the_same(session: Any, form: Form) -> None:
    rows = [[cell.strftime("%d/%m/%Y") if isinstance(cell, date) else cell for cell in row] for row in TITLED]
    width = max(map(len, rows))
    rows = [[*row, *([None] * (width - len(row)))] for row in rows]
    rows[5] = [f'"{cell}"' if cell else None for cell in rows[5]]
    rows[12] = [f'"{cell}"' if cell else None for cell in rows[12]]
    made = accepted(session, csv(rows))
    assert (heads(made), made.members, classes(made)) == (
        ["Lò Văn Thử", "Tòng Văn Cộng"],
        4,
        ["ho_ngheo", "ho_can_ngheo"],
    )
    assert made.households[0].members[1]["gioi_tinh"] == "nu"


def test_totals_that_do_not_agree_hold_the_import_up(session: Any, form: Form) -> None:
    rows = [*TITLED[:12], [None, "Tổng cộng", None, None, None, None, None, None, "3 hộ"]]
    made = accepted(session, workbook({"DS": rows}, TITLED_MERGED))
    (question,) = asked(made, "totals")
    assert question.is_open  # no proposal: rows may be missing
    assert "3 hộ ≠ 2" in question.examples[0].text
    with pytest.raises(ValueError, match="open"):
        loading.carry_out(session, made, NOW)
    assert accepted(session, workbook({"DS": rows}, TITLED_MERGED), totals="go_on").open_questions == []


def test_a_total_of_each_village_is_held_against_its_own_rows(session: Any, form: Form) -> None:
    rows = [
        ["STT", "Họ tên chủ hộ", "Hộ nghèo", "Hộ cận nghèo", "Số khẩu"],
        ["I", "Bản Nà Ca"],
        [1, "Lò Văn A", "x", None, 4],
        [2, "Lò Văn B", None, "x", 3],
        [None, "Cộng bản Nà Ca", 1, 1, 7],
        ["II", "Bản Mẫu"],
        [1, "Lò Văn C", "x", None, 5],
        [None, "Cộng", 1, 0, 5],
        [None, "Tổng cộng", 2, 1, 12],
    ]
    made = accepted(session, workbook({"Sheet1": rows}))
    assert made.open_questions == []
    assert [one.village_id for one in made.households] == ["03757-01", "03757-01", "03757-03"]
    assert classes(made) == ["ho_ngheo", "ho_can_ngheo", "ho_ngheo"]


@pytest.mark.parametrize(
    "rows",
    [
        [["STT", "Họ đệm", "Tên", "Thôn"], [1, "Nguyễn Văn", "Công", "Nà Ca"], [2, "Lò Văn", "Cộng", "Nà Ca"]],
        [["Họ đệm", "Tên", "Thôn"], ["Nguyễn Văn", "Công", "Nà Ca"], ["Lò Văn", "Cộng", "Nà Ca"]],
        [["Họ", "Tên", "Thôn"], ["Tòng", "Văn A", "Nà Ca"], ["Tông", "Văn B", "Nà Ca"]],
        [["Thôn", "Chủ hộ", "Số khẩu"], ["Tông", "Lò Văn A", 4], ["Tổng", "Lò Văn B", 3]],
        [["Chủ hộ", "Thôn", "Năm sinh"], ["Cộng", "Nà Ca", 1970], ["Lò Văn A", "Nà Ca", 1980]],
        [["Chủ hộ", "Thôn", "Phân loại"], ["Cộng", "Nà Ca", "HN"], ["Cong", "Nà Ca", "HN"]],
    ],
)
def test_names_and_villages_that_sound_like_a_total_are_none(session: Any, form: Form, rows: Any) -> None:
    made = plan(session, csv(rows))
    assert len(made.households) == 2
    assert "total_left_out" not in notes(made)


@pytest.mark.parametrize("words", ["Cộng", "Tổng cộng:", "CONG", "Tong so"])
def test_a_total_with_figures_alone_is_one(session: Any, form: Form, words: str) -> None:
    rows = [["STT", "Chủ hộ", "Thôn", "Số khẩu", "Phân loại"], [1, "Lò Văn A", "Nà Ca", 4, "HN"]]
    made = accepted(session, csv([*rows, [None, words, None, 4, "1 hộ"]]))
    assert (heads(made), notes(made)["total_left_out"]["rows"]) == (["Lò Văn A"], "3")


def test_a_total_without_a_figure_is_asked_about(session: Any, form: Form) -> None:
    rows = [["Chủ hộ", "Thôn"], ["Lò Văn A", "Nà Ca"], ["Cộng", None]]
    made = plan(session, csv(rows))
    assert [example.text for question in asked(made, "totals_bare") for example in question.examples] == ["Cộng"]
    assert "total_left_out" not in notes(made)


def test_a_list_goes_on_after_a_total(session: Any, form: Form) -> None:
    rows = [["Chủ hộ", "Thôn", "Số khẩu"], ["Lò Văn A", "Nà Ca", 4], ["Cộng", None, 4]]
    rows += [["Lò Văn B", "Nà Hin", None], ["Lò Văn C", "Nà Hin", 3], ["Cộng", None, 3]]
    rows += [["Người lập", "TM. UBND", None], ["Lò Văn Ký", "Lò Văn Dấu", None]]
    made = plan(session, csv(rows))
    assert heads(made) == ["Lò Văn A", "Lò Văn B", "Lò Văn C"]
    assert notes(made)["left_out"]["rows"] == "7-8"


# --- births --------------------------------------------------------------------------------------------------------


def test_each_spelling_of_a_birth_is_read_and_what_is_in_doubt_is_asked(session: Any, form: Form) -> None:
    given: list[tuple[Any, str]] = [
        (date(1965, 4, 7), "1965-04-07"),
        ("07/04/1965", "1965-04-07"),
        ("7/4/65", "1965-04-07"),
        (23839, "1965-04-07"),
        ("23839", "1965-04-07"),
        (1965, "1965"),
        ("00/00/1965", "1965"),
        ("không nhớ", ""),
        ("04/1965", "1965-04"),
        ("31/02/1990", "1990"),
        (date(2065, 1, 1), ""),
    ]
    rows = [["Mã hộ", "Họ tên", "Ngày sinh", "Quan hệ", "Bản"]]
    rows += [[f"M{at}", f"Lò Văn Số{at}", value, "Chủ hộ", "Bản Nà Ca"] for at, (value, _said) in enumerate(given)]
    made = accepted(session, workbook({"Sheet": rows}))
    assert born(made) == [said for _value, said in given]
    assert {question.code for question in made.questions} >= {"birth_two_digits", "birth_no_such_day", "birth_future"}
    assert [question.count for question in asked(made, "birth_no_such_day")] == [1]
    assert notes(made)["year_only"]["count"] == 2
    other = plan(session, workbook({"Sheet": rows}), birth_two_digits="century", birth_no_such_day="blank")
    assert (born(other)[2], born(other)[9]) == ("1865-04-07", "")


def test_a_column_with_the_month_first_is_asked_about_as_a_whole(session: Any, form: Form) -> None:
    rows = [["Bản", "Chủ hộ", "Ngày sinh"]]
    rows += [["Bản Nà Ca", f"Lò Văn {one}", one] for one in ("12/27/1974", "04/07/1965", "2/13/1980")]
    made = accepted(session, csv(rows))
    assert [question.proposed for question in asked(made, "birth_order")] == ["month_first"]
    assert born(made) == ["1974-12-27", "1965-04-07", "1980-02-13"]
    (question,) = asked(made, "birth_order")
    assert born(accepted(session, csv(rows), **{question.id: "day_first"})) == ["1974", "1965-07-04", "1980"]


def test_days_that_excel_took_for_months_are_asked_about(session: Any, form: Form) -> None:
    days = [date(1965, 4, 7), date(1970, 1, 2), date(1980, 12, 11), "27/02/1983", "18/01/1962"]
    rows = [["Bản", "Chủ hộ", "Ngày sinh"], *(["Bản Nà Ca", f"Lò Văn {at}", day] for at, day in enumerate(days))]
    made = accepted(session, workbook({"Sheet": rows}))
    assert born(made) == ["1965-07-04", "1970-02-01", "1980-11-12", "1983-02-27", "1962-01-18"]
    (question,) = asked(made, "birth_swapped")
    kept = accepted(session, workbook({"Sheet": rows}), **{question.id: "keep"})
    assert born(kept)[:2] == ["1965-04-07", "1970-01-02"]


def test_day_month_and_year_in_columns_of_their_own_are_one_date(session: Any, form: Form) -> None:
    rows = [
        ["STT", "Họ và tên", "Sinh ngày", None, None, "Bản"],
        [None, None, "Ngày", "Tháng", "Năm"],
        [1, "Lò Văn A", 7, 4, 1965, "Bản Nà Ca"],
        [2, "Lò Văn B", None, None, 1970, "Bản Nà Ca"],
    ]
    assert born(accepted(session, workbook({"Sheet": rows}, ["C1:E1"]))) == ["1965-04-07", "1970"]


# --- classes -------------------------------------------------------------------------------------------------------


def test_ticks_are_classes_and_no_tick_is_asked_about_once(session: Any, form: Form) -> None:
    rows = [["TT", "Chủ hộ", "Địa chỉ (bản)", "Hộ nghèo", "Hộ cận nghèo", "Số khẩu", "Ghi chú"]]
    rows += [
        [at, f"Lò Văn {at}", "Bản Nà Ca", poor, near, 4, "-"]
        for at, (poor, near) in enumerate([(None, "x"), (1, None), ("-", "X"), (None, None)], 1)
    ]
    rows.append([None, "Tổng số", None, 1, 2, 16, None])
    made = accepted(session, workbook({"Sheet": rows}))
    assert classes(made) == ["ho_can_ngheo", "ho_ngheo", "ho_can_ngheo", "khong_ngheo"]
    assert [question.count for question in asked(made, "no_tick")] == [1]
    assert made.members == 0
    assert notes(made)["size_only"]["count"] == 4
    assert "total_left_out" in notes(made)
    assert classes(accepted(session, workbook({"Sheet": rows}), no_tick="blank"))[-1] is None


def test_two_ticks_and_words_for_a_tick_are_mistakes(session: Any, form: Form) -> None:
    rows = [["Chủ hộ", "Bản", "Hộ nghèo", "Hộ cận nghèo"]]
    rows += [["Lò Văn A", "Bản Nà Ca", "x", "x"], ["Lò Văn B", "Bản Nà Ca", "chưa rõ", None]]
    made = accepted(session, csv(rows))
    assert codes(made) == ["two_classes", "not_a_tick"]
    assert made.faults() == [("two_classes", 1), ("not_a_tick", 1)]


def test_a_class_nobody_knows_is_asked_and_remembered(session: Any, form: Form) -> None:
    rows = [HEADS, [1, "Lò Văn A", "Bản Nà Ca", "Hộ thoát nghèo"]]
    made = accepted(session, csv(rows))
    (question,) = asked(made, "word_class")
    assert (question.is_open, question.proposed) == (True, None)
    load(session, csv(rows), **{question.id: "khong_ngheo"})
    rows.append([2, "Lò Văn B", "Bản Nà Ca", "HỘ THOÁT NGHÈO"])
    again = accepted(session, csv(rows))
    assert (asked(again, "word_class"), classes(again)) == ([], ["khong_ngheo", "khong_ngheo"])


def test_a_title_proposes_the_class_of_a_list_that_has_none(session: Any, form: Form) -> None:
    rows = [["DANH SÁCH HỘ NGHÈO NĂM 2025"], ["STT", "Chủ hộ", "Bản"], [1, "Lò Văn A", "Bản Nà Ca"]]
    assert classes(accepted(session, workbook({"Sheet": rows}))) == ["ho_ngheo"]
    rows[0] = ["DANH SÁCH HỘ NGHÈO, HỘ CẬN NGHÈO NĂM 2025"]
    assert classes(accepted(session, workbook({"Sheet": rows}))) == [None]


# --- numbers and codes that lost their zeros -----------------------------------------------------------------------


def test_lost_zeros_are_offered_at_once_and_lost_digits_are_never_guessed(session: Any, form: Form) -> None:
    rows = [
        ["STT", "Mã thôn", "Họ tên", "CCCD", "Giới tính"],
        [1, "3757-01", "Lò Văn A", "14083128300", "Nam"],
        [None, "3757-01", "Lò Thị B", "1.41849E+10", "Nữ"],
        [None, "3757-01", "Lò Thị C", "1083128300", "Nữ"],
        [2, "3757-02", "Lò Văn D", "014 083 128 301", "Nam"],
        [None, "3757-02", "Lò Thị E", "123456789", "Nữ"],
    ]
    made = accepted(session, csv(rows, ";", "utf-8-sig", before="sep=;\r\n"))
    numbers = [member.get("cccd") for one in made.households for member in one.members]
    assert numbers == ["014083128300", None, "001083128300", "014083128301", None]
    assert [one.village_id for one in made.households] == ["03757-01", "03757-02"]
    assert {question.code: question.count for question in made.questions if question.code != "no_class"} == {
        "cccd_zero": 2,
        "cccd_lost": 1,
        "cccd_old": 1,
        "village_zero": 2,
    }
    assert made.households[0].row.number == 2  # Excel does not count the line sep=;
    left = plan(session, csv(rows, ";", "utf-8-sig"), cccd_zero="blank", village_zero="keep")
    assert left.households[0].members[0].get("cccd") is None


def test_a_number_that_excel_kept_as_one_is_whole(session: Any, form: Form) -> None:
    rows = [["Chủ hộ", "Bản", "Số CCCD"], ["Lò Văn A", "Bản Nà Ca", 14083128300], ["Lò Văn B", "Bản Nà Ca", "12A"]]
    made = accepted(session, workbook({"Sheet": rows}))
    assert made.households[0].members[0]["cccd"] == "014083128300"
    assert codes(made) == ["not_cccd"]


def test_a_number_that_two_have_is_said(session: Any, form: Form) -> None:
    rows = [["Chủ hộ", "Bản", "Số CCCD"], *([f"Lò Văn {one}", "Bản Nà Ca", "014083128300"] for one in "AB")]
    made = accepted(session, csv(rows))
    assert [question.count for question in asked(made, "cccd_twice")] == [2]


# --- letters and code pages ----------------------------------------------------------------------------------------

TCVN3 = [["STT", "Hä vµ tªn chñ hé", "B¶n", "D©n téc"], [1, "Quµng V¨n Thuû", "B¶n Nµ Ca", "Th¸i"]]
VNI = [["STT", "Hoï vaø teân chuû hoä", "Baûn", "Daân toäc"], [1, "Quaøng Vaên Thuyû", "Baûn Naø Ca", "Thaùi"]]


@pytest.mark.parametrize(("rows", "font"), [(TCVN3, ".VnTime"), (TCVN3, ""), (VNI, "VNI-Times"), (VNI, "")])
def test_letters_of_a_former_font_are_shown_beside_what_they_say(
    session: Any, form: Form, rows: Any, font: str
) -> None:
    made = plan(session, workbook({"Sheet": rows}, font=font))
    (question,) = asked(made, "letters")
    assert question.is_open
    assert any(" → Quàng Văn Thu" in example.text for example in question.examples)
    assert heads(made)[0].startswith("Quàng Văn Thu")
    assert made.households[0].village_id == "03757-01"
    assert made.households[0].members[0]["dan_toc"] == "thai"


def test_unicode_in_a_column_beside_former_letters_stays(session: Any, form: Form) -> None:
    rows = [["STT", "Chủ hộ", "Bản", "Dân tộc"], *([at, "Quµng V¨n Thuû", "Bản Nà Ca", "Thái"] for at in (1, 2, 3))]
    made = plan(session, csv(rows))
    assert heads(made) == ["Quàng Văn Thuỷ"] * 3
    assert made.households[0].members[0]["dan_toc"] == "thai"


def test_capitals_of_a_former_font_and_unicode_beside_it(session: Any, form: Form) -> None:
    rows = [HEADS, [1, "Quµng V¨n Thuû", "Bản Nà Ca", "Hộ nghèo"]]
    assert heads(accepted(session, workbook({"Sheet": rows}, font=".VnTimeH"))) == ["QUÀNG VĂN THUỶ"]


ROWS = [["Bản", "Chủ hộ", "Năm sinh"], ["Bản Nà Ca", "Lò Văn Hoà", 1970]]
COMPOSED = [  # as Windows-1258 has it: some tones are letters of their own
    ["Ba\u0309n", "Chu\u0309 hô\u0323", "Năm sinh"],
    ["Ba\u0309n Nà Ca", "Lo\u0300 Văn Hoà", 1970],
]


@pytest.mark.parametrize(
    ("data", "page"),
    [
        (csv(ROWS), None),
        (csv(ROWS, ";", "utf-8-sig"), None),
        (csv(ROWS, "\t", "utf-16"), None),
        (csv(ROWS, "\t", "utf-16-le"), "utf-16"),
        (csv(COMPOSED, ",", "cp1258"), "cp1258"),
        ("B¶n,Hä tªn chñ hé,N¨m sinh\nB¶n Nµ Ca,Lß V¨n Hoµ,1970\n".encode("latin-1"), "tcvn3"),
    ],
)  # fmt: skip
def test_the_code_page_is_guessed_shown_and_confirmed(session: Any, form: Form, data: bytes, page: str | None) -> None:
    made = plan(session, data, "ds.csv")
    assert heads(made) == ["Lò Văn Hoà"]
    assert made.households[0].village_id == "03757-01"
    found = asked(made, "page")
    assert [question.proposed for question in found] == ([page] if page else [])
    assert all("Lò Văn Hoà" in question.examples[1].text for question in found)
    if page == "cp1258":
        assert heads(plan(session, data, "ds.csv", page="vni")) != ["Lò Văn Hoà"]
        assert codes(plan(session, data, "ds.csv", page="utf-8")) == ["wrong_page"]


# --- names ---------------------------------------------------------------------------------------------------------


def test_names_that_are_one_are_shown_and_none_is_dropped_in_silence(session: Any, form: Form) -> None:
    names = [
        "Lò Văn Hoà",
        "Lò Văn Hòa",
        "LÒ VĂN HÒA",
        "Lo\u0300 Va\u0306n Hoa\u0300",
        "Lò  Văn Hoà ",
        "Lo Van Hoa",
        "Lò Văn Hoa",
    ]
    data = csv([["Thôn", "Chủ hộ", "Năm sinh"], *(["Bản Nà Ca", name, 1970] for name in names)])
    made = plan(session, data)
    (same,), (alike,) = asked(made, "same_name"), asked(made, "alike_name")
    assert (same.count, same.is_open) == (5, True)
    assert [example.row for example in alike.examples] == [2, 8, 7]  # Hoà, Hoa; and without tones last
    assert len(made.households) == 7
    answers = {"same_name__2": "one", "alike_name__2": "separate"}
    assert [one.row.number for one in plan(session, data, **answers).households] == [2, 7, 8]
    load(session, data)
    assert len(plan(session, data).new_households) == 0  # each finds itself again


def test_one_typed_without_tones_is_perhaps_on_the_register(session: Any, form: Form) -> None:
    load(session, csv([HEADS, [1, "Lò Văn Hoà", "Bản Nà Ca", "Hộ nghèo"]]))
    data = csv([HEADS, [1, "LO VAN HOA", "Bản Nà Ca", "Hộ nghèo"]])
    (question,) = asked(plan(session, data), "on_register")
    assert "Lò Văn Hoà" in question.examples[0].text
    assert len(accepted(session, data).new_households) == 1
    assert accepted(session, data, **{question.id: "known"}).new_households == []
    two = csv([HEADS, *([at, "Lò Văn Hòa", "Bản Nà Ca", "Hộ nghèo"] for at in (1, 2))])
    load(session, two)
    assert codes(accepted(session, csv([HEADS, [1, "Lò Văn Hòa", "Bản Nà Ca", "Hộ nghèo"]]))) == ["several_known"]


@pytest.mark.parametrize(("column", "value"), [("Mã hộ", "CU-17"), ("Địa chỉ", "Cạnh suối")])
def test_a_list_with_its_own_codes_or_addresses_does_not_double_the_register(
    session: Any, form: Form, column: str, value: str
) -> None:
    load(session, csv([HEADS, [1, "Lò Văn A", "Bản Nà Ca", "HN"]]))
    data = csv([[*HEADS, column], *([at, "Lò Văn A", "Bản Nà Ca", "HN", f"{value}{at}"] for at in (1, 2))])
    made = plan(session, data)
    (question,) = asked(made, "on_register")  # the second has nobody left to be
    assert (question.is_open, question.proposed) == (True, "known")
    assert "03757-01-001" in question.examples[0].text
    again = accepted(session, data)
    assert (codes(again), len(again.new_households)) == ([], 1)
    assert again.households[0].code == "03757-01-001"
    assert len(accepted(session, data, **{question.id: "new"}).new_households) == 2


def test_those_on_the_register_are_asked_about_together_where_they_are_many(session: Any, form: Form) -> None:
    names = [f"Lò Văn Tên{at}" for at in range(45)]
    load(session, csv([HEADS, *([at, name, "Bản Nà Ca", "HN"] for at, name in enumerate(names))]))
    data = csv([[*HEADS, "Mã hộ"], *([at, name, "Bản Nà Ca", "HN", f"CU-{at}"] for at, name in enumerate(names))])
    made = accepted(session, data)
    assert [question.count for question in asked(made, "on_register")] == [45]
    assert (codes(made), made.new_households) == ([], [])


def test_codes_that_each_village_counts_from_one_are_given_anew(session: Any, form: Form) -> None:
    rows = [["Mã hộ", "Chủ hộ", "Bản"], ["001", "Lò Văn A", "Bản Nà Ca"]]
    load(session, csv(rows))
    other = csv([rows[0], ["001", "Lò Văn B", "Tiểu khu 2"]])
    assert [question.count for question in asked(plan(session, other), "code_twice")] == [1]
    assert [one.code for one in load(session, other).new_households] == ["03757-02-001"]
    assert codes(accepted(session, csv([rows[0], ["001", "Lò Văn C", "Bản Nà Ca"]]))) == ["household_differs"]


def test_a_household_that_is_there_otherwise_is_a_mistake_and_counted(session: Any, form: Form) -> None:
    load(session, csv([HEADS, [1, "Lò Văn A", "Bản Nà Ca", "Hộ nghèo"]]))
    made = accepted(session, csv([HEADS, [1, "Lò Văn A", "Nà Ca", "HCN"], [2, None, "Nà Ca", "HN"]]))
    assert made.faults() == [("household_differs", 1), ("blank", 1)]


# --- a sheet for each village, hidden rows -------------------------------------------------------------------------

HEADER = ["STT", "Họ tên chủ hộ", "Năm sinh", "Phân loại"]


def test_each_village_on_a_sheet_of_its_own(session: Any, form: Form) -> None:
    people = [(1, "Lò Văn A", 1970), (2, "Lò Văn B", 1971)]
    rows = [HEADER, [*people[0], "HN"], HEADER, [*people[1], "Hộ cận nghèo"]]
    data = workbook({"Bản Mẫu": rows, "Nà Ca": rows, "Ghi chú": [["Lập tháng 11"]]}, hidden=[4])
    made = plan(session, data)
    assert [(one.village_id, one.head) for one in made.households] == [
        ("03757-03", "Lò Văn A"),
        ("03757-03", "Lò Văn B"),
        ("03757-01", "Lò Văn A"),
        ("03757-01", "Lò Văn B"),
    ]
    (question,) = asked(made, "hidden_rows")
    assert (question.count, question.is_open) == (2, True)
    assert question.examples[0].words(VIETNAMESE) == "Bản Mẫu, dòng 4: Lò Văn B"
    assert heads(plan(session, data, hidden_rows="leave")) == ["Lò Văn A", "Lò Văn A"]
    assert notes(made)["no_list"]["file"] == "danh sach.xlsx, Ghi chú"


def test_a_hidden_sheet_is_said_and_asked_about(session: Any, form: Form) -> None:
    rows = [HEADER, [1, "Lò Văn A", 1970, "HN"]]
    data = workbook({"Bản Mẫu": rows, "Bản Nháp": rows, "Nguồn": [["a"]]}, hidden_sheets=["Bản Nháp", "Nguồn"])
    made = plan(session, data)
    assert [question.examples[0].text for question in asked(made, "hidden_sheets")] == ["Bản Nháp"]
    assert len(made.households) == 2
    assert len(plan(session, data, hidden_sheets="leave").households) == 1


# --- formulas ------------------------------------------------------------------------------------------------------


def test_formulas_without_a_value_are_said_and_nothing_is_half_loaded(session: Any, form: Form) -> None:
    rows = [["Họ", "Tên", "Họ và tên", "Bản"], ["Lò", "Văn A", '=A2&" "&B2', "Bản Nà Ca"]]
    made = accepted(session, workbook({"Sheet": rows}))
    said = "danh sach.xlsx: 1 công thức (đầu tiên ở ô C2) không có giá trị trong tệp."
    (mistake,) = made.mistakes
    assert mistake.sentence(VIETNAMESE) == f"{said} Hãy mở bằng Excel rồi lưu lại, sau đó thử lại."
    assert made.households == []
    total = [HEADS, [1, "Lò Văn A", "Bản Nà Ca", "HN"], [None, "Cộng", None, "=COUNTA(D2)"]]
    assert codes(accepted(session, workbook({"Sheet": total}))) == []  # no row of a household rests on it


def test_family_and_given_name_in_columns_of_their_own_are_joined(session: Any, form: Form) -> None:
    rows = [["STT", "Họ và đệm", "Tên", "Bản"], [1, "Lò Văn", "A", "Bản Nà Ca"]]
    assert heads(accepted(session, csv(rows))) == ["Lò Văn A"]


# --- kin and peoples -----------------------------------------------------------------------------------------------


def test_words_for_kin_and_peoples_lead_to_the_questionnaires_own(session: Any, form: Form) -> None:
    given = [
        ("Chủ Hộ", "H'Mông", "chu_ho", "mong"),
        ("Vợ chồng", "Hmông", "vo_chong", "mong"),
        ("Con đẻ", "Thái đen", "con", "thai"),
        ("con dâu", "K'Mú", "dau_re", "kho_mu"),
        ("cháu nội", "Khơ mú", "chau", "kho_mu"),
        ("mẹ vợ", "dao", "bo_me", "dao"),
        ("Em ruột", "Sinh Mun", "anh_chi_em", "xinh_mun"),
        ("Con nuôi", "Kinh", "con", "kinh"),
    ]
    rows = [["Mã hộ", "Họ tên", "Quan hệ", "Dân tộc", "Bản"]]
    rows += [["001", f"Lò Văn {at}", kin, people, "Bản Nà Ca"] for at, (kin, people, *_codes) in enumerate(given)]
    made = accepted(session, csv(rows))
    assert [(one["quan_he"], one["dan_toc"]) for one in made.households[0].members] == [
        (kin, people) for *_words, kin, people in given
    ]
    assert {question.code for question in made.questions} == {"no_class"}


def test_a_word_nobody_knows_is_asked_once_and_remembered_by_its_commune(session: Any, form: Form) -> None:
    rows = [["Mã hộ", "Họ tên", "Quan hệ", "Bản"], ["1", "Lò Văn A", "Chủ hộ", "Bản Nà Ca"]]
    rows += [["1", f"Lò Văn {one}", "Con cầu tự", "Bản Nà Ca"] for one in "BC"]
    (question,) = asked(plan(session, csv(rows)), "word_relation")
    assert (question.id, question.count, question.proposed) == ("word_relation:con-cau-tu", 2, None)
    assert len(accepted(session, csv(rows)).open_questions) == 1  # no proposal: nobody is taken for a child unasked
    made = load(session, csv(rows), **{question.id: "con"})
    assert [one.get("quan_he") for one in made.households[0].members] == ["chu_ho", "con", "con"]
    remembered = session.scalars(select(ListWord)).one()
    assert (remembered.commune_id, remembered.kind, remembered.meaning) == (COMMUNE, "relation", "con")
    assert asked(plan(session, csv(rows)), "word_relation") == []
    assert asked(importing.plan_list(session, "03664", {"a.csv": csv(rows)}, NOW, {}), "word_relation") != []


def test_two_heads_are_asked_about(session: Any, form: Form) -> None:
    rows = [["Mã hộ", "Họ tên", "Quan hệ", "Bản"], *(["1", f"Lò Văn {one}", "CH", "Bản Nà Ca"] for one in "AB")]
    made = accepted(session, csv(rows))
    assert asked(made, "two_heads")[0].count == 1
    assert [one.get("quan_he") for one in made.households[0].members] == ["chu_ho", None]


# --- which rows are one household ------------------------------------------------------------------------------------


@pytest.mark.parametrize("middle", [[], ["STT"]])
@pytest.mark.parametrize("member", [[], ["Con"]])
def test_codes_that_each_village_counts_anew_are_households_of_their_own(
    session: Any, form: Form, middle: list[str], member: list[str]
) -> None:
    rows: list[list[Any]] = [["Mã hộ", *middle, "Họ và tên", "Thôn", "Phân loại", "Quan hệ"]]
    for village in ("Nà Ca", "Bản Hin"):
        for code in (1, 2):
            rows.append([code, *[code for _ in middle], f"Lò Văn {code} {village}", village, "HN", "Chủ hộ"])
            rows += [[code, *[None for _ in middle], "Lò Văn Con", village, None, "Con"] for _ in member]
    made = accepted(session, csv(rows))
    assert heads(made) == ["Lò Văn 1 Nà Ca", "Lò Văn 2 Nà Ca", "Lò Văn 1 Bản Hin", "Lò Văn 2 Bản Hin"]
    assert [len(one.members) for one in made.households] == [1 + len(member)] * 4
    assert [question.count for question in asked(made, "code_twice")] == [2]


@pytest.mark.parametrize(
    "rows",
    [
        [["Mã hộ", "Chủ hộ", "Thôn"], *([1, f"Lò Văn {one}", "Nà Ca"] for one in "AB")],
        [["Mã hộ", "Họ tên", "Thôn"], [1, "Lò Văn A", "Nà Ca"], [2, "Lò Văn C", "Nà Ca"], [1, "Lò Văn B", "Nà Ca"]],
        [["Mã hộ", "STT", "Họ tên", "Thôn"], *([1, at, f"Lò Văn {at}", "Nà Ca"] for at in (1, 2))],
        [
            ["Mã hộ", "Họ tên", "Thôn", "Quan hệ"],
            [1, "Lò Văn A", "Nà Ca", "CH"],
            [1, "Lò Thị A", "Nà Ca", "Vợ"],
            [1, "Lò Văn B", "Nà Ca", "CH"],
        ],
    ],
)
def test_a_code_that_comes_again_takes_no_household_away(session: Any, form: Form, rows: Any) -> None:
    made = accepted(session, csv(rows))
    names = [row[rows[0].index("Chủ hộ" if "Chủ hộ" in rows[0] else "Họ tên")] for row in rows[1:]]
    assert heads(made) == [name for name in names if name != "Lò Thị A"]
    assert [question.count for question in asked(made, "code_twice")] == [1]


def test_members_that_are_sorted_away_from_their_head_stay_with_their_code(session: Any, form: Form) -> None:
    rows = [["Mã hộ", "Họ tên", "Thôn", "Quan hệ"], [1, "Lò Văn A", "Nà Ca", "CH"], [2, "Lò Văn B", "Nà Ca", "CH"]]
    rows += [[1, "Lò Thị C", "Nà Ca", "Vợ"], [2, "Lò Thị D", "Nà Ca", "Con"]]
    made = accepted(session, csv(rows))
    assert (heads(made), made.members, made.open_questions) == (["Lò Văn A", "Lò Văn B"], 4, [])


@pytest.mark.parametrize("column", ["STT", "Mã hộ"])
def test_a_blank_number_makes_no_head_a_member(session: Any, form: Form, column: str) -> None:
    rows = [[column, *HEADS[1:]], *([at, f"Lò Văn {at}", "Nà Ca", "HN"] for at in (1, 2, 3, 4))]
    rows[2][0] = None
    made = accepted(session, csv(rows))
    assert (heads(made), made.open_questions) == (["Lò Văn 1", "Lò Văn 2", "Lò Văn 3", "Lò Văn 4"], [])


@pytest.mark.parametrize("column", ["STT", "Mã hộ"])
@pytest.mark.parametrize(
    ("village", "household_class", "relation"),
    [("Tiểu khu 2", None, None), (None, "HCN", None), ("Nà Ca", "HN", "Chủ hộ")],
)
def test_who_may_be_a_household_of_its_own_is_asked_about(
    session: Any, form: Form, column: str, village: str | None, household_class: str | None, relation: str | None
) -> None:
    rows = [[column, "Họ và tên", "Thôn", "Phân loại", "Quan hệ"], [1, "Lò Văn A", "Nà Ca", "HN", "Chủ hộ"]]
    rows += [[None, "Lò Thị B", None, None, "Vợ"], [None, "Lò Văn C", village, household_class, relation]]
    made = plan(session, csv(rows))
    (question,) = asked(made, "own_or_above")
    assert (heads(made), question.is_open, question.examples[0].row) == (["Lò Văn A", "Lò Văn C"], True, 4)
    assert heads(plan(session, csv(rows), own_or_above="person")) == ["Lò Văn A"]


def test_a_row_that_the_next_number_counts_is_asked_about(session: Any, form: Form) -> None:
    rows = [["STT", "Họ và tên", "Thôn", "Phân loại"], *([at, f"Lò Văn {at}", "Nà Ca", "HN"] for at in (1, 2, 3))]
    rows[2][0] = None
    made = accepted(session, csv(rows))
    assert heads(made) == ["Lò Văn 1", "Lò Văn 2", "Lò Văn 3"]
    assert [question.count for question in asked(made, "own_or_above")] == [1]


def test_two_heads_of_one_code_may_be_two_households(session: Any, form: Form) -> None:
    rows = [["Mã hộ", "Họ tên", "Quan hệ", "Bản"], *(["1", f"Lò Văn {one}", "CH", "Bản Nà Ca"] for one in "AB")]
    made = accepted(session, csv(rows), two_heads="separate")
    assert heads(made) == ["Lò Văn A", "Lò Văn B"]
    assert [question.count for question in asked(made, "code_twice")] == [1]


# --- villages ------------------------------------------------------------------------------------------------------


def test_two_villages_of_one_name_are_told_apart_by_the_former_commune(session: Any, form: Form) -> None:
    rows = [["Xã cũ", "Bản", "Chủ hộ"], ["Xã Mường Thử", "Bản 1", "Lò Văn A"], ["Xã Bó Mẫu", "Bản 1", "Lò Văn B"]]
    made = load(session, csv(rows))
    assert [village.name for village in made.new_villages] == ["Bản 1 (Mường Thử)", "Bản 1 (Bó Mẫu)"]
    assert [one.village_id for one in made.households] == ["03757-03", "03757-04"]
    again = accepted(session, csv([*rows, ["Xã Bó Mẫu", "Bản 1", "Lò Văn C"]]))
    assert (again.new_villages, again.households[-1].village_id) == ([], "03757-04")
    alone = accepted(session, csv([["Bản", "Chủ hộ"], ["Bản 1", "Lò Văn D"]]))
    assert [question.code for question in alone.open_questions] in ([], ["village_ambiguous"])


@pytest.mark.parametrize("number", ["3", "03757-03", "3757-03"])
def test_a_new_village_takes_no_number_that_the_list_names(session: Any, form: Form, number: str) -> None:
    rows = [["Bản", "Chủ hộ"], ["Bản Mới", "Lò Văn A"], [number, "Lò Văn B"], ["03757-03", "Lò Văn C"]]
    made = accepted(session, csv(rows))
    assert [one.village_id for one in made.households] == ["03757-04", "03757-03", "03757-03"]
    assert {village.id: village.name for village in made.new_villages} == {"03757-04": "Bản Mới", "03757-03": "Thôn 3"}


def test_an_unknown_village_is_asked_about_and_may_be_one_that_is_there(session: Any, form: Form) -> None:
    data = csv([["Bản", "Chủ hộ"], ["ban na ca", "Lò Văn A"], ["Bản Xa", "Lò Văn B"]])
    near, new = asked(plan(session, data), "village")
    assert (near.proposed, new.proposed) == ("03757-01", "new")
    made = load(session, data, **{new.id: "new", "area": "thanh_thi"})
    assert [one.village_id for one in made.households] == ["03757-01", "03757-03"]
    period = session.scalars(select(PlacePeriod).where(PlacePeriod.place_id == "03757-03")).one()
    assert (period.name, period.division, period.area) == ("Bản Xa", "Bản", "thanh_thi")


def test_a_list_of_unknown_words_without_end_is_no_list(session: Any, form: Form) -> None:
    rows = [
        ["Bản", "Chủ hộ", "Dân tộc", "Phân loại"],
        *([f"B{at}", f"Lò {at}", f"D{at}", f"L{at}"] for at in range(130)),
    ]
    made = accepted(session, csv(rows))
    assert dict(made.faults()) == {"unknown_village": 30, "not_one_of": 60}
    assert len(made.questions) == 301


def test_a_village_that_the_list_does_not_name_is_asked_for(session: Any, form: Form) -> None:
    made = accepted(session, csv([["Mã hộ", "Họ tên", "Năm sinh"], ["1", "Lò Văn A", 1970]]))
    assert [question.id for question in made.open_questions] == ["no_village"]
    titled = [["Bản: Nà Ca"], ["STT", "Chủ hộ", "Năm sinh"], [1, "Lò Văn A", 1970]]
    assert accepted(session, workbook({"Sheet": titled})).households[0].village_id == "03757-01"


@pytest.mark.parametrize("size", ["4¹", "9" * 5000, "½", "bốn"])
def test_a_number_of_persons_that_is_none_breaks_nothing(session: Any, form: Form, size: str) -> None:
    rows = [["Chủ hộ", "Bản", "Số khẩu"], ["Lò Văn A", "Nà Ca", size], ["Cộng", None, 4]]
    made = plan(session, csv(rows))
    assert (heads(made), [question.count for question in asked(made, "totals")]) == (["Lò Văn A"], [1])


LONG = "dài " * 40


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["STT", "Chủ hộ", "Loại"], [None, f"Bản {LONG}", None], [1, "Lò Văn A", "HN"]], "too_long"),
        ([["STT", "Chủ hộ", "Loại"], [None, "Bản \x01Xa", None], [1, "Lò Văn A", "HN"]], "unprintable"),
        ([["Bản: Nà \u200bXa", None, None], ["STT", "Chủ hộ", "Loại"], [1, "Lò Văn A", "HN"]], "unprintable"),
        (
            [["Xã cũ", "Bản", "Chủ hộ"], *([f"Mường {one}{'ă' * 70}", f"Bản {'ă' * 70}", "Lò"] for one in "AB")],
            "too_long",
        ),
        ([["Họ", "Tên", "Bản"], ["Lò " * 30, "Văn " * 20, "Nà Ca"]], "too_long"),
    ],
)
def test_names_that_cannot_be_kept_are_mistakes_wherever_they_come_from(
    session: Any, form: Form, rows: Any, code: str
) -> None:
    assert set(codes(accepted(session, csv(rows)))) == {code}


# --- kinds near these ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "merged", "households", "members"),
    [
        # Classes below one heading, each member named beside the head of its household.
        (
            [
                ["STT", "Chủ hộ", "Họ và tên thành viên", "Thôn", "Phân loại", None],
                [None, None, None, None, "Hộ nghèo", "Hộ cận nghèo"],
                [1, "Lò Văn A", "Lò Văn A", "Nà Ca", "x", None],
                [2, "Lò Văn A", "Lò Thị B", "Nà Ca", None, None],
                [3, "Lò Văn C", "Lò Văn C", "Nà Ca", None, "x"],
            ],
            ["A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:F1"],
            [("Lò Văn A", "ho_ngheo"), ("Lò Văn C", "ho_can_ngheo")],
            2,
        ),
        # Who is the head is a tick; persons are numbered through.
        (
            [
                ["TT", "Họ và tên", "Chủ hộ", "Nam", "Nữ", "Bản", "Loại hộ"],
                [1, "Lò Văn A", "x", 1970, None, "Bản Nà Ca", "HN"],
                [2, "Lò Thị B", None, None, 1975, None, None],
                [3, "Lò Văn C", "x", 1980, None, "Bản Nà Ca", "HCN"],
            ],
            [],
            [("Lò Văn A", "ho_ngheo"), ("Lò Văn C", "ho_can_ngheo")],
            2,
        ),
        # A village's heading over its households, a total below each, no numbers.
        (
            [
                ["Họ tên chủ hộ", "Phân loại", "Ghi chú"],
                ["Bản Nà Ca", None, None],
                ["Lò Văn A", "HN", None],
                ["Cộng: 1 hộ", None, None],
                ["Tiểu khu 2"],
                ["Lò Văn B", "HCN", None],
                ["Cộng: 1 hộ", None, None],
                ["Người lập", "TM. UBND"],
                ["Quàng Văn Ký"],
            ],
            [],
            [("Lò Văn A", "ho_ngheo"), ("Lò Văn B", "ho_can_ngheo")],
            0,
        ),
        # The header again on each page, in two rows; relations tell where a household begins.
        (
            [
                ["Họ và tên", "Năm sinh", None, "Quan hệ", "Bản", "Đối tượng"],
                [None, "Nam", "Nữ", None, None, None],
                ["Lò Văn A", 1970, None, "Chủ hộ", "Nà Ca", "Hộ nghèo"],
                ["Lò Thị B", None, 1975, "Vợ", None, None],
                ["Họ và tên", "Năm sinh", None, "Quan hệ", "Bản", "Đối tượng"],
                [None, "Nam", "Nữ", None, None, None],
                ["Lò Văn C", 1980, None, "Chủ hộ", "Nà Ca", "Hộ cận nghèo"],
            ],
            ["B1:C1"],
            [("Lò Văn A", "ho_ngheo"), ("Lò Văn C", "ho_can_ngheo")],
            2,
        ),
    ],
)
def test_lists_of_kinds_near_these_come_out_whole(
    session: Any, form: Form, rows: Any, merged: Any, households: Any, members: int
) -> None:
    made = accepted(session, workbook({"Sheet1": rows}, merged))
    assert ([mistake.sentence() for mistake in made.mistakes], made.open_questions) == ([], [])
    assert list(zip(heads(made), classes(made), strict=True)) == households
    assert len(made.households[0].members) == members
    assert {one.village_id for one in made.households} <= {"03757-01", "03757-02"}


# --- loading -------------------------------------------------------------------------------------------------------


def test_households_of_a_list_are_visited_in_the_open_round_each_with_a_change_of_its_own(
    session: Any, small_round: str
) -> None:
    rows = [HEADS, *([at, f"Lò Văn Mẫu {at}", "Bản Nà Ca", "HN"] for at in range(1, 5))]
    load(session, csv(rows))
    mine = select(RegisterEntry).join(Household, Household.id == RegisterEntry.household_id)
    entries = session.scalars(mine.where(Household.base_head_name.startswith("Lò Văn Mẫu"))).all()
    assert {(one.round_id, one.state, one.opening_class) for one in entries} == {(ROUND, "to_visit", "ho_ngheo")}
    changes = session.scalars(select(RegisterEntry.change).where(RegisterEntry.commune_id == COMMUNE)).all()
    assert len(set(changes)) == len(changes)
    assert (
        session.scalars(select(AuditEvent).where(AuditEvent.verb == "register.imported")).one().detail["households"]
        == 4
    )


def test_a_plan_is_made_again_when_the_register_changed_meanwhile(session: Any, form: Form) -> None:
    data = csv([HEADS, [1, "Lò Văn A", "Bản Nà Ca", "HN"]])
    made = accepted(session, data)
    load(session, data)
    here = partial(nullcontext, session)
    again = loading.load(here, here, made, lambda now_there: accepted(now_there, data), Done(None, NOW))
    assert (again.new_households, count(session, Household)) == ([], 1)


def test_nothing_is_loaded_while_a_question_is_open(session: Any, form: Form) -> None:
    made = plan(session, csv([HEADS, [1, "Lò Văn A", "Bản Xa", "HN"]]))
    assert [question.id for question in made.open_questions] == ["village:ban-xa", "area"]
    with pytest.raises(ValueError, match="open"):
        loading.carry_out(session, made, NOW)
    here = partial(nullcontext, session)
    loading.load(here, here, made, lambda there: made, Done(None, NOW))
    assert count(session, Household) == 0


def test_without_a_questionnaire_members_are_not_dropped_in_silence(session: Any) -> None:
    made = plan(session, csv([["Bản", "Chủ hộ", "Năm sinh"], ["Bản Nà Ca", "Lò Văn A", 1970]]))
    assert [question.code for question in made.open_questions] == ["no_class", "no_form"]


def test_a_fifth_of_bad_rows_loads_nothing_and_is_counted_by_kind(session: Any, form: Form) -> None:
    rows = [["Bản", "Chủ hộ", "Ngày sinh", "CCCD"]]
    for at in range(100):
        bad = at % 5 == 0
        rows.append(["Bản Nà Ca", f"Lò Văn {at}", "hôm qua" if bad else 1970, "12" if at % 10 == 0 else ""])
    made = accepted(session, csv(rows))
    assert made.faults() == [("not_a_date", 20), ("not_cccd", 10)]
    with pytest.raises(ValueError, match="mistakes"):
        loading.carry_out(session, made, NOW)

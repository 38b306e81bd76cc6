"""A list that corrects households on the register: exported, changed, brought back; and lists as offices have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from io import BytesIO
from random import Random
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ChangeRequest, Household, RegisterEvent
from survey.accounts.accounts import find_account
from survey.corrections import corrections, register_list
from survey.corrections.corrections import Came, Correction, ListPlan
from survey.corrections.list_corrections import OF_HOUSEHOLD, OF_PERSON
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.register.event_log import Done, broken
from survey.register.tables import written as workbook
from survey.reports.csvfile import Style, written
from survey.review import register_acts, requests
from survey.review.register_acts import Wish
from survey.submissions.derive import rebuild
from survey.terms import HouseholdClass, RegisterKind, RequestVerdict
from tests.examples import examples
from tests.poverty.households import household_form
from tests.register.sheets import workbook as any_workbook
from tests.review.test_review_and_rebuild import snapshot
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

TODAY = date(2026, 11, 23)
VI = {
    "Household code": "Mã hộ", "Village": "Thôn, bản", "Head of household": "Chủ hộ", "Address": "Địa chỉ",
    "Class last year": "Phân loại năm trước", "Person code": "Mã nhân khẩu", "Full name": "Họ và tên",
    "Date of birth": "Ngày sinh", "Sex": "Giới tính", "Relation to head": "Quan hệ với chủ hộ",
    "Citizen ID": "Số CCCD", "Mark of the register (leave as it is)": "Dấu của sổ (giữ nguyên)",
}  # fmt: skip
COLUMNS = list(register_list.HEADINGS)
PEOPLE: dict[str, list[dict[str, Any]]] = {  # by code of the household; invented
    "001": [
        {"ho_ten": "Lò Văn Hoà", "gioi_tinh": "nam", "quan_he": "chu_ho", "ngay_sinh": 5, "thang_sinh": 3,
         "nam_sinh": 1980, "cccd": "014080000001"},
        {"ho_ten": "Quàng Thị Ước", "gioi_tinh": "nu", "quan_he": "vo_chong", "nam_sinh": 1984},
        {"ho_ten": "Lò Văn Ký", "gioi_tinh": "nam", "quan_he": "con", "thang_sinh": 9, "nam_sinh": 2011},
    ],
    "002": [{"ho_ten": "Cà Thị  Sen", "gioi_tinh": "nu", "quan_he": "chu_ho", "nam_sinh": 1959}],
    "003": [],
    "004": [
        {"ho_ten": "Lò Văn Hoà", "gioi_tinh": "nam", "quan_he": "chu_ho", "nam_sinh": 1991},
        {"ho_ten": "Lò Văn Hoà", "gioi_tinh": "nam", "quan_he": "con", "nam_sinh": 2015},
    ],
}  # fmt: skip
HEADS = {"003": "Vì Văn Phanh"}


@pytest.fixture
def register(session: Session) -> None:
    publish(session, household_form(), "", NOW)
    for number, people in PEOPLE.items():
        answers: dict[str, Any] = {"thanh_vien": people} if people else {}
        answers |= {"thong_tin_ho": {"dia_chi": "- Cạnh suối"}} if number == "001" else {}
        import_household(
            session, commune_id=COMMUNE, household_id=f"ho-{number}", village_id=VILLAGE,
            head_name=people[0]["ho_ten"] if people else HEADS[number], now=NOW - timedelta(days=9),
            code=f"{VILLAGE}-{number}", base_class=HouseholdClass.POOR if number == "001" else None,
            base_answers=answers or None,
        )  # fmt: skip
    session.commit()


pytestmark = pytest.mark.usefixtures("register")


def exported(session: Session) -> list[list[str]]:
    session.rollback()
    return list(register_list.rows(session, COMMUNE, NOW))


def as_xlsx(rows: list[list[str]], translate: Callable[[str], str] = VI.__getitem__) -> bytes:
    return workbook("DS", register_list.headings(translate), rows, [12] * len(COLUMNS))


def as_csv(rows: list[list[str]]) -> bytes:
    return b"".join(written(register_list.headings(VI.__getitem__), rows, Style.SEMICOLON))


def plan(session: Session, data: bytes, name: str = "sua.xlsx", day: date = TODAY, **answers: str) -> ListPlan:
    session.rollback()
    return corrections.plan(session, COMMUNE, {name: data}, NOW, day, answers)


def own(session: Session, *rows: list[Any]) -> ListPlan:
    return plan(session, any_workbook({"DS": rows}))


def by(session: Session, username: str = "supervisor", **more: Any) -> Done:
    account = find_account(session, username)
    assert account is not None
    return Done(
        account.id, NOW, "biên bản họp thôn", evidence={"file": "sua.xlsx", "sha256": "0" * 64, "job": "j"}, **more
    )


def carry_out(session: Session, made: ListPlan) -> list[Came]:
    assert (made.mistakes, made.open_questions) == ([], [])
    came = [corrections.apply(session, COMMUNE, one, made.day, by(session)) for one in made.corrections]
    session.commit()
    return came


def said(made: ListPlan) -> dict[str, Any]:
    """What is corrected, by code, person and field."""
    return {
        one.code[-3:]: {
            **one.household,
            **{f"{id}.{name}": both for id, people in one.people.items() for name, both in people.items()},
        }
        for one in made.corrections
    }


def faults(made: ListPlan) -> list[tuple[int, str]]:
    return [(one.row, one.code) for one in made.mistakes]


def person(session: Session, number: str, at: int = 0) -> str:
    session.rollback()
    household = session.get_one(Household, (COMMUNE, f"ho-{number}"))
    return register_acts.known_of(session, household).people.members(household.id)[at].id


def edit(rows: list[list[str]], at: int, **cells: str) -> list[list[str]]:
    return [[cells.get(name, cell) if row == at else cell for name, cell in zip(COLUMNS, one, strict=True)]
            for row, one in enumerate(rows)]  # fmt: skip


@pytest.mark.parametrize("form", [as_xlsx, as_csv, lambda rows: as_xlsx(rows, str)], ids=["xlsx", "csv", "English"])
def test_what_was_exported_and_not_changed_corrects_nothing(session: Session, form: Any) -> None:
    rows = exported(session)
    assert len(rows) == 7
    made = plan(session, form(rows), "sua.csv" if form is as_csv else "sua.xlsx")
    assert (made.corrections, made.mistakes, made.questions, made.unchanged) == ([], [], [], 7)
    assert made.unknown_columns == []


EDITS: dict[str, list[str]] = {  # a field → what may be written into its cell
    "head": ["Lò Thị Mới", "LÒ VĂN HOÀ", "Vì Văn Phanh"],
    "village": ["Tiểu khu 2", "Bản Nà Ca", "2"],
    "address": ["Số 7, đường 6", "Cạnh suối"],
    "class": ["Hộ cận nghèo", "Hộ nghèo", "HCN"],
    "name": ["Lò Thị Mới", "Lò Văn Hòa", "Quàng Thị Ước"],
    "birth": ["06/03/1981", "5/3/1980", "01/01/2010"],
    "sex": ["Nam", "Nữ"],
    "relation": ["Con", "Khác"],
    "number": ["014080000009", "014 080 000 001"],
}
MEANS = {
    "Tiểu khu 2": VILLAGE_2, "Bản Nà Ca": VILLAGE, "2": VILLAGE_2, "Hộ cận nghèo": "ho_can_ngheo",
    "HCN": "ho_can_ngheo", "Hộ nghèo": "ho_ngheo", "06/03/1981": "1981-03-06",
    "5/3/1980": "1980-03-05", "01/01/2010": "2010-01-01",
    "Nam": "nam", "Nữ": "nu", "Con": "con", "Khác": "khac", "014 080 000 001": "014080000001",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(examples(25)))
def test_changed_cells_are_exactly_the_corrections(session: Session, seed: int) -> None:
    chance, rows = Random(seed), exported(session)
    now = corrections.Now(session, COMMUNE)
    expected: dict[str, dict[str, list[str]]] = {}
    for at, row in enumerate(rows):
        code, whom = row[0], row[COLUMNS.index("person")]
        fields = (*(OF_HOUSEHOLD if row[1] else ()), *(OF_PERSON if whom else ()))
        for name in chance.sample(fields, chance.choice([0, 0, 1, 2])):
            if name == "relation" and row[COLUMNS.index("relation")] == "Chủ hộ":
                continue
            text = chance.choice(EDITS[name])
            id = now.by_code[code].id
            people = {one.id: corrections.cells_of_person(one) for one in now.members(id)}
            before = (people[whom] if name in OF_PERSON else now.household(id))[name]
            rows = edit(rows, at, **{name: text})
            if (after := MEANS.get(text, text)) != before:
                expected.setdefault(code[-3:], {})[f"{whom}.{name}" if name in OF_PERSON else name] = [before, after]
    chance.shuffle(rows)
    made = plan(session, chance.choice([as_xlsx, as_csv])(rows))
    twice = [one for one in made.questions if one.code == "cccd_twice"]
    if twice:
        made = corrections.plan(session, COMMUNE, {"a": as_xlsx(rows)}, NOW, TODAY, {}, accepts_proposals=True)
    assert (made.mistakes, said(made)) == ([], expected)


def test_it_is_written_down_as_a_page_would_and_undone_household_by_household(session: Session) -> None:
    before = snapshot(session)
    rows = edit(exported(session), 0, address="Số 7", village="Tiểu khu 2", **{"class": "Hộ cận nghèo"})
    rows = edit(edit(rows, 1, name="Quàng Thị Ươi", birth="02/02/1984"), 3, head="Cà Thị Xen")
    made = plan(session, as_xlsx(rows))
    mother = person(session, "001", 1)
    assert carry_out(session, made) == [Came.DONE, Came.DONE]
    events = session.scalars(
        select(RegisterEvent).where(RegisterEvent.reason.is_not(None)).order_by(RegisterEvent.seq)
    ).all()
    assert [(one.kind, one.household_id, one.person_id) for one in events] == [
        ("person", "ho-001", mother), ("correct", "ho-001", None), ("correct", "ho-002", None),
    ]  # fmt: skip
    assert events[0].act == events[1].act != events[2].act
    assert events[1].payload["list"] == {"file": "sua.xlsx", "sha256": "0" * 64, "job": "j"}
    one = session.get_one(Household, (COMMUNE, "ho-001"))
    assert (one.village_id, one.current_class) == (VILLAGE_2, "ho_can_ngheo")
    assert one.current_answers["thong_tin_ho"]["dia_chi"] == "Số 7"
    assert one.current_answers["thanh_vien"][1]["ho_ten"] == "Quàng Thị Ươi"
    assert (broken(session, COMMUNE), "Quàng Thị Ươi" in [row[6] for row in exported(session)]) == (None, True)
    after = snapshot(session)
    rebuild(session)
    assert snapshot(session) == after
    for seq in (events[2].seq, events[0].seq):
        requests.undo(session, COMMUNE, seq, by(session))
    session.commit()
    assert snapshot(session)["household"] == before["household"]


def test_a_number_is_asked_for_and_not_written(session: Session) -> None:
    rows = edit(exported(session), 1, number="014184000002", name="Quàng Thị Ươi")
    made = plan(session, as_xlsx(rows))
    assert (made.counts()["asked"], made.counts()["of_name"], made.counts()["of_number"]) == (1, 1, 1)
    assert carry_out(session, made) == [Came.DONE]
    [asked] = session.scalars(select(ChangeRequest))
    assert (asked.given, asked.person_id, requests.verb_for(RegisterKind.PERSON, asked.given)) == (
        {"number": "014184000002"}, person(session, "001", 1), requests.IDENTITY,
    )  # fmt: skip
    again = plan(session, as_xlsx(rows))
    assert (again.corrections, again.waiting) == ([], 1)
    requests.decide(session, COMMUNE, asked.id, RequestVerdict.ACCEPTED, by(session, "province"))
    session.commit()
    assert plan(session, as_xlsx(rows)).corrections == []


def test_what_was_corrected_since_the_export_is_not_set_back(session: Session) -> None:
    rows = exported(session)
    wish = Wish(RegisterKind.CORRECT, "ho-001", TODAY, given={"head": "Lò Văn Hùng", "address": "Số 1"})
    register_acts.carry_out(session, COMMUNE, wish, by(session))
    session.commit()
    assert plan(session, as_xlsx(rows)).corrections == []
    made = plan(session, as_xlsx(edit(rows, 0, head="Lò Văn Hoá", **{"class": "HCN"})))
    assert faults(made) == [(2, "overtaken")]
    assert plan(session, as_xlsx(edit(rows, 0, address="Số 1"))).corrections == []  # the same by now


def test_what_was_corrected_after_it_was_seen_is_not_overwritten(session: Session) -> None:
    made = plan(session, as_xlsx(edit(edit(exported(session), 0, address="Số 7"), 3, address="Số 8")))
    wish = Wish(RegisterKind.CORRECT, "ho-001", TODAY, given={"address": "Số 1"})
    register_acts.carry_out(session, COMMUNE, wish, by(session))
    session.commit()
    assert carry_out(session, made) == [Came.OVERTAKEN, Came.DONE]
    assert exported(session)[0][3] == "Số 1"


def test_an_office_names_households_by_code_or_by_village_head_and_birth(session: Session) -> None:
    head = ["Bản", "Chủ hộ", "Năm sinh", "Chủ hộ mới", "Địa chỉ"]
    made = own(
        session, head, ["Nà Ca", "LÒ VĂN HÒA", 1991, "", "Số 4"], ["Nà Ca", "Lò văn Hoà", "5/3/1980", "Lò Văn Hoá", ""]
    )
    assert (faults(made), said(made)) == ([], {
        "001": {"head": ["Lò Văn Hoà", "Lò Văn Hoá"]}, "004": {"address": ["", "Số 4"]},
    })  # fmt: skip
    code = f"{VILLAGE}-002"
    made = own(session, ["Mã hộ", "Họ và tên", "Địa chỉ"], [code, "cà thị sen", "Số 2"])
    assert said(made) == {"002": {"address": ["", "Số 2"]}}
    made = own(session, ["Mã hộ", "Chủ hộ", "CCCD", "Năm sinh"], [code, "CÀ THỊ SEN", "014159000003", 1958])
    assert said(made) == {"002": {f"{person(session, '002')}.birth": ["1959", "1958"],
                                  f"{person(session, '002')}.number": ["", "014159000003"]}}  # fmt: skip
    made = own(session, ["Mã hộ", "Địa chỉ"], [f"{VILLAGE}-003", "Số 3"])
    assert said(made) == {"003": {"address": ["", "Số 3"]}}


def test_a_member_is_named_by_code_number_or_name(session: Session) -> None:
    head = ["Mã hộ", "Họ và tên", "Quan hệ", "Năm sinh", "CCCD"]
    one, child = f"{VILLAGE}-001", person(session, "001", 2)
    made = own(session, head, [one, "Lò văn ký", "con", 2012, ""])
    assert faults(made) == [(2, "birth_shorter")]
    made = own(session, head, [one, "Lò văn ký", "con", 2011, ""], ["", "Quàng Thị Ước", "vợ", "7/8/1984", ""])
    assert said(made) == {"001": {f"{person(session, '001', 1)}.birth": ["1984", "1984-08-07"]}}
    made = own(session, head, [one, "Lò văn ký", "cháu", "", ""])
    assert said(made) == {"001": {f"{child}.relation": ["con", "chau"]}}
    made = own(session, head, [one, "Lò Văn Hoàng", "chủ hộ", "", "014080000001"])
    assert said(made) == {"001": {f"{person(session, '001')}.name": ["Lò Văn Hoà", "Lò Văn Hoàng"]}}
    assert faults(own(session, head, [one, "Ai Đó", "con", 2012, ""])) == [(2, "person_unknown")]
    assert faults(own(session, head, [f"{VILLAGE}-004", "Lò Văn Hoà", "con", "", "014080000007"])) == [
        (2, "person_two")
    ]
    assert faults(own(session, head, [one, "Quàng Thị Ước", "vợ", "", "014080000001"])) == [(2, "person_two")]


def test_who_is_head_is_said_in_the_row_of_that_member(session: Session) -> None:
    rows = exported(session)
    made = plan(session, as_xlsx(edit(edit(rows, 0, relation="Vợ, chồng"), 1, relation="Chủ hộ")))
    assert carry_out(session, made) == [Came.DONE]
    assert [row[2] for row in exported(session)][0] == "Quàng Thị Ước"
    session.rollback()
    assert faults(plan(session, as_xlsx(edit(exported(session), 0, relation="Con")))) == [(2, "head_goes")]
    two = edit(edit(exported(session), 1, relation="Chủ hộ"), 2, relation="Chủ hộ")
    assert [code for _, code in faults(plan(session, as_xlsx(two)))] == ["two_heads"]


def test_faults_are_counted_by_kind_and_nothing_is_corrected(session: Session) -> None:
    register_acts.carry_out(session, COMMUNE, Wish(RegisterKind.TEST, "ho-003", TODAY), by(session))
    session.commit()
    good = [[f"{VILLAGE}-001", "", "", "Số 1", "", ""], [f"{VILLAGE}-002", "", "", "Số 2", "", ""]] * 8
    made = own(
        session,
        ["Mã hộ", "Bản", "Chủ hộ", "Địa chỉ", "Phân loại", "Bản mới"],
        *good,
        [f"{VILLAGE}-099", "", "", "Số 9", "", ""],
        ["", "Nà Ca", "Ai Đó", "Số 9", "", ""],
        ["", "Nà Ca", "Lò Văn Hoà", "Số 9", "", ""],
        ["", "", "Cà Thị Sen", "Số 9", "", ""],
        [f"{VILLAGE}-003", "", "", "Số 9", "", ""],
        [f"{VILLAGE}-001", "", "", "Số 7", "", ""],
        ["03664-01-001", "", "", "Số 7", "", ""],
    )
    assert dict(made.faults()) == {
        "no_such_code": 2, "matches_nobody": 1, "several_known": 1, "no_key": 1, "household_ended": 1,
        "corrected_otherwise": 1,
    }  # fmt: skip
    assert made.counts()["unchanged"] == 14
    for one in made.mistakes:
        assert one.sentence().startswith("sua.xlsx, row ")


def test_what_the_register_does_not_take_is_a_fault_of_its_row(session: Session) -> None:
    rows = edit(exported(session), 0, address="Số 7")
    made = plan(session, as_xlsx(rows), day=TODAY - timedelta(days=30))  # before it was entered
    assert faults(made) == [(2, "refused")]
    assert faults(plan(session, as_xlsx(rows), day=TODAY + timedelta(days=1))) == [(2, "refused")]


def test_a_row_that_was_copied_does_not_pass_for_another(session: Session) -> None:
    rows = exported(session)
    copied = edit(rows, 3, code=rows[4][0])
    assert faults(plan(session, as_xlsx(copied))) == [(5, "mark_wrong")]
    cleared = plan(session, as_xlsx(edit(rows, 0, address="", head="Lò Văn Hoá")))
    assert said(cleared) == {"001": {"head": ["Lò Văn Hoà", "Lò Văn Hoá"]}}
    assert [note.code for note in cleared.notes] == ["cleared"]


def test_the_workbook_is_text_and_says_what_it_is(session: Session) -> None:
    sheet = load_workbook(BytesIO(as_xlsx(exported(session)))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(VI.values())
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}


def test_a_correction_is_kept_as_plain_json(session: Session) -> None:
    [one] = plan(session, as_xlsx(edit(exported(session), 1, birth="02/02/1984"))).corrections
    assert Correction(**json.loads(json.dumps(asdict(one)))) == one

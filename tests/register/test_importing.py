"""A commune's own lists become its register: all or nothing, once, with every mistake named."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from models import AuditEvent, Household, Place, PlacePeriod, RegisterEntry, RegisterEvent
from survey.form.form import Form
from survey.register import event_log, importing, loading
from survey.register.places import next_code
from survey.web.language import read_catalogs
from tests.interviews import ROUND
from tests.world import COMMUNE, NOW

VIETNAMESE = read_catalogs(Path(__file__).parents[2] / "translations")["vi"].gettext
VILLAGES = "Số;Tên thôn, bản;Loại;Khu vực\r\n\r\n3;Nà Mẫu;Bản;Nông thôn\r\n4;Bản Thử;;thanh_thi\r\n"
HOUSEHOLDS = (
    "village,head of household,code,class last year,address\n"
    "3,Lò Văn Mẫu,MAU-1,Hộ nghèo,\n"
    "Nà Mẫu,Quàng Thị Thử,MAU-2,ho_can_ngheo,\n"
    "03757-04,Cà Văn Nháp,,Không thuộc hộ nghèo hộ cận nghèo,\n"
)
CLASSES = "Hộ nghèo; Hộ cận nghèo; Không thuộc hộ nghèo, hộ cận nghèo"
TELL_APART = "nếu là hai hộ, hãy ghi mã hộ hoặc địa chỉ khác nhau"
PEOPLES = "Thái; Mông; Mường; Kinh; Dao; Khơ Mú; Xinh Mun; Kháng; La Ha; Lào; Tày; Hoa …"


def files(villages: str | None = VILLAGES, households: str | None = HOUSEHOLDS, members: str | None = None) -> Any:
    given = zip(importing.FILES, (villages, households, members), strict=True)
    return {name: text.encode("utf-8-sig") for name, text in given if text is not None}


def load(session: Any, given: dict[str, bytes]) -> dict[str, int]:
    plan = importing.plan(session, COMMUNE, given, NOW)
    assert [mistake.sentence(VIETNAMESE) for mistake in plan.mistakes] == []
    loading.carry_out(session, plan, NOW)
    session.commit()
    return plan.counts()


def said(session: Any, given: dict[str, bytes], translate: Callable[[str], str] = VIETNAMESE) -> list[str]:
    return [mistake.sentence(translate) for mistake in importing.plan(session, COMMUNE, given, NOW).mistakes]


def count(session: Any, table: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(table)))


def test_villages_and_households_are_there_with_last_years_class(session: Any) -> None:
    counts = load(session, files())
    assert (counts["villages"], counts["households"]) == (2, 3)
    period = session.scalars(select(PlacePeriod).where(PlacePeriod.place_id == "03757-03")).one()
    assert (period.name, period.division, period.area) == ("Bản Nà Mẫu", "Bản", "nong_thon")
    rows = session.scalars(select(Household).order_by(Household.village_id, Household.code)).all()
    assert [(row.code, row.village_id, row.base_head_name, row.current_class) for row in rows] == [
        ("MAU-1", "03757-03", "Lò Văn Mẫu", "ho_ngheo"),
        ("MAU-2", "03757-03", "Quàng Thị Thử", "ho_can_ngheo"),
        ("03757-04-001", "03757-04", "Cà Văn Nháp", "khong_ngheo"),
    ]
    event = session.scalars(select(AuditEvent).where(AuditEvent.verb == "register.imported")).one()
    assert (event.subject, event.detail["households"]) == (COMMUNE, 3)
    assert "Lò" not in str(event.detail)


def test_the_same_files_again_change_nothing_and_a_household_may_be_added_later(session: Any) -> None:
    load(session, files())
    before = {row.id for row in session.scalars(select(Household))}
    counts = load(session, files())
    assert (counts["villages"], counts["households"], counts["households_known"]) == (0, 0, 3)
    assert {row.id for row in session.scalars(select(Household))} == before
    assert count(session, AuditEvent) == 1
    counts = load(session, files(None, HOUSEHOLDS + "4,Cà Văn Thêm,,Hộ nghèo,\n"))
    assert (counts["households"], counts["households_known"]) == (1, 3)
    added = session.scalars(select(Household).where(Household.base_head_name == "Cà Văn Thêm")).one()
    assert added.code == "03757-04-002"


def test_each_household_of_a_list_begins_its_history_and_its_number_is_given_once(session: Any) -> None:
    load(session, files())
    assert event_log.broken(session, COMMUNE) is None
    events = session.scalars(select(RegisterEvent).where(RegisterEvent.commune_id == COMMUNE)).all()
    assert {(event.kind, event.payload["head"], event.payload["code"]) for event in events} == {
        ("enter", "Lò Văn Mẫu", "MAU-1"),
        ("enter", "Quàng Thị Thử", "MAU-2"),
        ("enter", "Cà Văn Nháp", "03757-04-001"),
    }
    assert next_code(session, COMMUNE, "03757-04") == "03757-04-002"
    load(session, files(None, HOUSEHOLDS + "4,Cà Văn Thêm,,Hộ nghèo,\n"))
    assert event_log.broken(session, COMMUNE) is None
    assert next_code(session, COMMUNE, "03757-04") == "03757-04-003"


def test_a_household_whose_head_was_corrected_is_recognised_by_either_name(session: Any) -> None:
    load(session, files())
    session.scalars(select(Household).where(Household.code == "03757-04-001")).one().head_name = "Cà Văn Nhập"
    session.commit()
    for name in ("Cà Văn Nháp", "Cà văn Nhập"):
        counts = load(session, files(None, HOUSEHOLDS.replace("Cà Văn Nháp", name)))
        assert (counts["households"], counts["households_known"]) == (0, 3)


def test_a_household_that_left_the_register_comes_back_by_no_list(session: Any) -> None:
    load(session, files())
    session.scalars(select(Household).where(Household.code == "MAU-1")).one().state = "test"
    session.commit()
    [sentence] = said(session, files())
    assert "đã đưa ra khỏi danh sách (MAU-1)" in sentence


def test_a_household_imported_while_a_round_is_open_is_visited_in_it(session: Any, small_round: str) -> None:
    load(session, files())
    mine = select(RegisterEntry).join(Household, Household.id == RegisterEntry.household_id)
    entry = session.scalars(mine.where(Household.code == "MAU-1")).one()
    assert (entry.round_id, entry.state, entry.opening_class) == (ROUND, "to_visit", "ho_ngheo")
    changes = session.scalars(select(RegisterEntry.change).where(RegisterEntry.commune_id == COMMUNE)).all()
    assert len(set(changes)) == len(changes)


def test_members_and_address_become_answers_that_an_interview_starts_from(session: Any, form: Form) -> None:
    members = (
        "Mã hộ,Họ và tên,Giới tính,Quan hệ,Ngày sinh,Tháng sinh,Năm sinh,Dân tộc,CCCD,Ghi chú\n"
        "MAU-1,Lò Văn Mẫu,Nam,Chủ hộ,05/03/1980,,,Thái,014080000001,x\n"
        "MAU-1,Lò Thị Nháp,nu,con,,,2015,thai,,\n"
    )
    given = files(households=HOUSEHOLDS.replace("Hộ nghèo,", "Hộ nghèo,Cạnh suối"), members=members)
    plan = importing.plan(session, COMMUNE, given, NOW)
    assert plan.unknown_columns == [("members.csv", "Ghi chú")]
    assert load(session, given)["members"] == 2
    answers = session.scalars(select(Household.base_answers).where(Household.code == "MAU-1")).one()
    assert answers["thong_tin_ho"] == {"dia_chi": "Cạnh suối"}
    first, second = answers["thanh_vien"]
    assert (first["gioi_tinh"], first["quan_he"], first["dan_toc"]) == ("nam", "chu_ho", "thai")
    assert (first["ngay_sinh"], first["thang_sinh"], first["nam_sinh"]) == (5, 3, 1980)
    assert first["cccd"] == "014080000001"
    assert (second["ho_ten"], second["nam_sinh"], second["dan_toc"]) == ("Lò Thị Nháp", 2015, "thai")
    assert first["ma_nk"] != second["ma_nk"]
    assert load(session, given)["households"] == 0


def test_every_mistake_is_named_at_once_by_file_row_and_column(session: Any, form: Form) -> None:
    villages = "số,tên,loại,khu vực\n3,Nà Mẫu,Bản,Nông thôn\n3,Bản Hai,Bản,núi\n03664-05,Bản Xa,Bản,Nông thôn\n"
    households = (
        "thôn,chủ hộ,mã hộ,phân loại năm trước\n"
        "3,=1+1,A-1,Hộ nghèo\n"
        "9,Lò Văn A,A-2,giàu\n"
        "3,Lò Văn B,A-2,Hộ nghèo\n"
        "3,Lò Văn C,,Hộ nghèo\n"
        "3,Lò Văn C,,Hộ nghèo\n"
        "3,Lò Văn D,03664-01-001,Hộ nghèo,thừa\n"
    )
    members = "mã hộ,họ và tên,năm sinh,cccd,dân tộc\nA-9,Lò Văn E,1880,14080000001,Thaí\n"
    assert said(session, files(villages, households, members)) == [
        "villages.csv, dòng 3, cột khu vực: «núi» không dùng được; hãy ghi một trong: Nông thôn, Thành thị.",
        "villages.csv, dòng 3, cột số: Trùng với dòng 2.",
        "villages.csv, dòng 4, cột số: Mã này thuộc xã, phường 03664, không phải 03757.",
        "households.csv, dòng 2, cột chủ hộ: Ô bắt đầu như một công thức; hãy nhập chữ hoặc số.",
        "households.csv, dòng 3, cột thôn: Không có thôn, bản «9» trong xã, phường này.",
        f"households.csv, dòng 3, cột phân loại năm trước: «giàu» không dùng được; hãy ghi một trong: {CLASSES}.",
        "households.csv, dòng 4, cột mã hộ: Trùng với dòng 3.",
        f"households.csv, dòng 6, cột chủ hộ: Cùng thôn, chủ hộ và địa chỉ với dòng 5; {TELL_APART}.",
        "households.csv, dòng 7: Dòng có nhiều ô hơn dòng tiêu đề.",
        "households.csv, dòng 7, cột mã hộ: Mã này thuộc xã, phường 03664, không phải 03757.",
        "members.csv, dòng 2, cột năm sinh: Phải là số từ 1900 đến 2026.",
        f"members.csv, dòng 2, cột dân tộc: «Thaí» không dùng được; hãy ghi một trong: {PEOPLES}.",
        "members.csv, dòng 2, cột cccd: Phải có đúng 12 chữ số (Excel có thể đã bỏ số 0 ở đầu).",
        "members.csv, dòng 2, cột mã hộ: Không có hộ mang mã này.",
    ]
    assert said(session, files(None, "village,head,class\n99,A,x\n"), str)[0] == (
        "households.csv, row 2, column village: There is no village “99” in this commune."
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (HOUSEHOLDS.encode("utf-16"), "not_utf8"),
        ("thôn,chủ hộ\n".encode("cp1258", "replace"), "not_utf8"),
        (b"\x89PNG\r\n\x1a\n\xff", "not_utf8"),
        (b"", "empty"),
        (b'village,head,class\n1,"Lo', "unreadable"),
        (b"village,head\n1,Lo\n", "missing_column"),
        (b"village,head,head,class\n1,Lo,Lo,ho_ngheo\n", "column_twice"),
        (b"village,head,class\n1,L\x00o,ho_ngheo\n", "unprintable"),
        (b"village,head,class\n1," + b"x" * 200 + b",ho_ngheo\n", "too_long"),
        (b"village,head,class\n1," + b"x" * 200_000 + b",ho_ngheo\n", "unreadable"),
        (b"village,head,class\n1,\xef\xbc\x9dcmd,ho_ngheo\n", "formula"),
    ],
)
def test_a_file_that_is_none_is_told_and_not_loaded(session: Any, data: bytes, code: str) -> None:
    plan = importing.plan(session, COMMUNE, {"households.csv": data}, NOW)
    assert code in [mistake.code for mistake in plan.mistakes]
    with pytest.raises(ValueError, match="mistakes"):
        loading.carry_out(session, plan, NOW)
    assert count(session, Household) == 0


def test_another_account_of_a_household_that_is_there_is_a_mistake_not_a_change(session: Any) -> None:
    load(session, files())
    changed = HOUSEHOLDS.replace("MAU-1,Hộ nghèo", "MAU-1,Hộ cận nghèo")
    assert ["Hộ này đã có" in sentence for sentence in said(session, files(None, changed))] == [True]
    assert "đã có với tên" in said(session, files(VILLAGES.replace("Nông thôn", "Thành thị")))[0]


def test_a_name_in_decomposed_letters_is_the_same_name(session: Any) -> None:
    load(session, files())
    decomposed = HOUSEHOLDS.replace("Cà", "Ca\u0300").replace("Lò", "Lo\u0300")
    assert load(session, files(None, decomposed))["households"] == 0


@pytest.mark.thorough
def test_fifty_thousand_rows_are_looked_through_in_bounded_time(session: Any) -> None:
    rows = "".join(f"{1 + number % 2},Hộ số {number},,ho_ngheo\n" for number in range(50_000))
    began = time.monotonic()
    plan = importing.plan(session, COMMUNE, files(None, "village,head,code,class\n" + rows), NOW)
    assert (len(plan.new_households), plan.mistakes) == (50_000, [])
    assert len({one.code for one in plan.households}) == 50_000
    assert time.monotonic() - began < 60
    assert count(session, Place) > 0  # and the register was only read
    assert count(session, Household) == 0

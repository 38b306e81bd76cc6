"""The twelve sheets of tests/cases/import, each of one kind of mess, by command and by page: the register that follows
is what `expected.json` says, and what the note beside it calls asked or said is asked and said."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Household, PlacePeriod, RegisterEvent
from survey.questionnaires.published import publish
from tests.commands.test_commands import run
from tests.databases import once
from tests.pages import text_of
from tests.poverty.households import household_form
from tests.web.office.test_register_import import ADDRESS, confirm, proposals, send, upload_of
from tests.working import led
from tests.world import COMMUNE, NOW

FOLDER = Path(__file__).parents[2] / "cases" / "import"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
NA_XA, CO_HA, PHA_TEM, NA_CA, TK_2 = "Bản Nà Xa", "Bản Co Hạ", "Bản Pha Tém", "Bản Nà Ca", "Tiểu khu 2"
TWO, NEW = {"village:ban-na-xa", "village:ban-co-ha", "area"}, {"village:ban-na-xa", "area"}
THREE = TWO | {"village:ban-pha-tem"}
CLASSES = {"HN": "ho_ngheo", "HCN": "ho_can_ngheo", "KN": "khong_ngheo"}
# The households of each sheet by their villages, in its order; 06 and 10 name none, which is asked.
VILLAGES = {
    "01_tieu_de_va_cong.xlsx": [NA_XA, CO_HA, PHA_TEM, NA_XA, CO_HA, PHA_TEM, NA_XA],
    "02_chi_nam_sinh.xlsx": [NA_XA, CO_HA, PHA_TEM, NA_XA, CO_HA],
    "03_danh_dau_x.xlsx": [NA_XA, CO_HA, PHA_TEM] * 2,
    "04_mat_so_khong.csv": [NA_CA, TK_2, "Thôn 3", NA_CA],  # by their codes
    "05_phong_chu_TCVN3.xlsx": [NA_XA, CO_HA, PHA_TEM, NA_XA, CO_HA],
    "06_ngay_sinh.xlsx": [NA_CA] * 14,
    "07_mot_ten.csv": [NA_XA] * 6,
    "08_moi_ban_mot_trang.xlsx": [NA_XA] * 4 + [CO_HA] * 4 + [PHA_TEM] * 4,
    "09_cong_thuc.xlsx": [NA_XA, CO_HA, PHA_TEM],  # once it keeps values
    "10_quan_he_dan_toc.csv": [NA_CA],
    "11_hai_ban_1.csv": ["Bản 1 (Mường Khiêng)", "Bản 1 (Bó Mười)"],
    "12_bang_ma_1258.csv": [NA_XA],
}
ASKED = {
    "01_tieu_de_va_cong.xlsx": THREE,
    "02_chi_nam_sinh.xlsx": THREE,
    "03_danh_dau_x.xlsx": THREE | {"no_tick"},
    "04_mat_so_khong.csv": {"cccd_zero", "cccd_lost", "village_zero", "no_class", "village:03757-03", "area"},
    "05_phong_chu_TCVN3.xlsx": THREE | {"letters:tcvn3", "no_class"},
    "06_ngay_sinh.xlsx": {"birth_two_digits", "birth_no_such_day", "birth_future", "no_village", "no_class"},
    "07_mot_ten.csv": NEW | {"no_class", "same_name:2", "alike_name:2"},
    "08_moi_ban_mot_trang.xlsx": THREE | {"hidden_rows", "same_name:ban-na-xa-2"},
    "09_cong_thuc.xlsx": THREE | {"no_class"},
    "10_quan_he_dan_toc.csv": {"two_heads", "no_village", "no_class"},
    "11_hai_ban_1.csv": {"village:ban-1-muong-khieng", "village:ban-1-bo-muoi", "area", "no_class"},
    "12_bang_ma_1258.csv": NEW | {"page", "no_class"},
}
SAID = {
    "01_tieu_de_va_cong.xlsx": ["không lấy dòng 1-2, 4-5, 36", "dòng 34 là dòng cộng; số cộng khớp với danh sách"],
    "02_chi_nam_sinh.xlsx": ["22 người chỉ có năm sinh; chỉ lấy năm, không thêm ngày, tháng."],
    "03_danh_dau_x.xlsx": ["dòng 8 là dòng cộng; số cộng khớp với danh sách.", "Không lấy số khẩu (6 hộ)"],
    "04_mat_so_khong.csv": ["14083128300 → 014083128300", "dòng 3: 1.41849E+10", "3757-01 → 03757-01"],
    "05_phong_chu_TCVN3.xlsx": ["Danh sách dùng phông chữ cũ (TCVN3", "Quµng V¨n Thuû → Quàng Văn Thuỷ"],
    "06_ngay_sinh.xlsx": ["7/4/65 → 1965-04-07", "31/02/1990 → 1990", "2065-01-01", "1 người được ghi là không rõ"],
    "07_mot_ten.csv": ["dòng 4: LÒ VĂN HÒA, 1970", "dòng 7: Lo Van Hoa, 1970"],
    "08_moi_ban_mot_trang.xlsx": [f"{NA_XA}: thôn, bản lấy theo tên trang tính", f"{PHA_TEM}, dòng 3: Vừ A Dếnh"],
    "09_cong_thuc.xlsx": [],
    "10_quan_he_dan_toc.csv": ["dòng 10: Sồng A Dếnh; Quàng Văn Quý"],
    "11_hai_ban_1.csv": [],
    "12_bang_ma_1258.csv": ["Windows-1258", "Bản Nà Xa | Lò Văn Hoà | 1970"],
}
KIN = {
    "Con đẻ": "con", "con dâu": "dau_re", "Vợ chồng": "vo_chong", "cháu nội": "chau", "Bố đẻ": "bo_me",
    "mẹ vợ": "bo_me", "Em ruột": "anh_chi_em", "Con nuôi": "con", "CH": "chu_ho",
    "Chủ Hộ": None,  # of two heads the first, as was asked
}  # fmt: skip
PEOPLES = {
    "H'Mông": "mong", "Hmông": "mong", "Mông": "mong", "Thái đen": "thai", "Khơ mú": "kho_mu", "K'Mú": "kho_mu",
    "Xinh Mun": "xinh_mun", "Kinh": "kinh", "La Ha": "la_ha", "dao": "dao",
}  # fmt: skip
PEOPLE = {  # where expected.json has no number: heads alone, one household, and a size that names nobody
    "03_danh_dau_x.xlsx": 0, "05_phong_chu_TCVN3.xlsx": 5, "06_ngay_sinh.xlsx": 14, "07_mot_ten.csv": 6,
    "08_moi_ban_mot_trang.xlsx": 12, "10_quan_he_dan_toc.csv": 10, "11_hai_ban_1.csv": 0, "12_bang_ma_1258.csv": 1,
}  # fmt: skip
BORN = {  # what is said in words, with the proposal of what is asked
    "no date: asked": "1990", "unknown": "", "in the future: asked": "",
}  # fmt: skip


class Answered(NamedTuple):
    """What a sheet was asked about, and all that was said of it."""

    asked: set[str]
    said: str


class Row(NamedTuple):
    """A household as the register has it."""

    head: str
    village: str
    household_class: str
    members: list[dict[str, Any]]

    @property
    def born(self) -> str:
        of = next((one for one in self.members if one["ho_ten"] == self.head), {})
        parts = [f"{of[part]:02}" for part in ("nam_sinh", "thang_sinh", "ngay_sinh") if part in of]
        return "-".join(parts)


def by_command(app: Flask, _login_as: Any, path: Path, commune: str = COMMUNE) -> Answered:
    """Loaded with the proposals; the one question without any is answered when it is asked."""
    words = ["register", "import", str(path), "--commune", commune, "--accept-proposals"]
    code, said = run(app, *words)
    asked = set(re.findall(r"^\[(.*?)\]", said, re.MULTILINE))
    if code == 1 and "no_village" in asked:
        assert run(app, *words, "--answer", f"no_village={commune}-01")[0] == 0
    return Answered(asked, " ".join(said.split()))


def by_page(_app: Flask, login_as: Any, path: Path, commune: str = COMMUNE) -> Answered:
    """Looked at, each question answered as proposed, and confirmed."""
    browser = login_as("admin")
    seen = send(browser, path.read_bytes(), path.name, commune)
    asked, said = set[str](), ""
    for _time in range(4):
        said += text_of(seen)
        if f"{ADDRESS}confirm" in seen.text or seen.status_code == 422:
            break
        asked |= {name.removeprefix("q:") for name in re.findall(r'name="(q:[^"]+)"', seen.text)}
        given = {"q:no_village": f"{commune}-01"} | {key: one for key, one in proposals(seen).items() if one}
        answer = browser.post(f"{ADDRESS}answers", data={"upload": upload_of(seen)} | given)
        seen = led(browser, answer)
    if seen.status_code == 200:
        confirm(browser, upload_of(seen))
    return Answered(asked, said)


Way = Callable[..., Answered]
each_way = pytest.mark.parametrize("way", [by_command, by_page], ids=["command", "page"])


@pytest.fixture
def published(app: Flask, session: Session) -> None:
    def lay() -> None:
        publish(session, household_form(), "", NOW)
        session.commit()

    once(app, session, "the household questionnaire, published", lay)


def register(session: Session) -> list[Row]:
    """The households that were loaded, in the order in which they were."""
    session.rollback()
    names = {one.place_id: one.name for one in session.scalars(select(PlacePeriod))}
    entered = select(Household).join(RegisterEvent, RegisterEvent.household_id == Household.id)
    return [
        Row(
            one.base_head_name,
            names[one.village_id],
            one.base_class or "",
            (one.base_answers or {}).get("thanh_vien", []),
        )
        for one in session.scalars(entered.order_by(RegisterEvent.seq))
    ]


@each_way
@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"09_cong_thuc.xlsx"}))
@pytest.mark.usefixtures("published")
def test_each_sheet_comes_out_as_it_should(app: Flask, login_as: Any, session: Session, name: str, way: Way) -> None:
    expected = EXPECTED[name]
    found = way(app, login_as, FOLDER / name)
    assert found.asked == ASKED[name]
    assert [words for words in SAID[name] if words not in found.said] == []
    rows = register(session)
    assert [one.village for one in rows] == VILLAGES[name]
    members = [member for one in rows for member in one.members]
    if "households" in expected:
        assert len(rows) == expected["households"]
    assert len(members) == PEOPLE.get(name, expected.get("people"))
    if "heads" in expected:
        assert [one.head for one in rows] == expected["heads"]
    if "classes" in expected:
        assert [one.household_class for one in rows] == [CLASSES[one] for one in expected["classes"]]
    if isinstance(expected.get("born"), list):
        assert [one.born for one in rows] == [BORN.get(one, one.partition(" ")[0]) for one in expected["born"]]
    elif "born" in expected:
        assert {len(one.born) for one in rows} == {4}
        assert not [one for one in members if {"ngay_sinh", "thang_sinh"} & set(one) or not one["nam_sinh"]]
    if "relations" in expected:
        assert [one.get("quan_he") for one in members] == [KIN[one] for one in expected["relations"]]
        assert [one.get("dan_toc") for one in members] == [PEOPLES[one] for one in expected["ethnic"]]
    if "villages" in expected:
        assert len({one.village for one in rows}) == expected["villages"]
    if "cccd" in expected:
        numbers = [one.get("cccd") for one in members]
        assert numbers.count(None) == 4  # of these only the first digits are left
        assert [one for one in numbers if one and not re.fullmatch("014[0-9]{9}", one)] == []


@each_way
@pytest.mark.usefixtures("published")
def test_formulas_without_values_load_nothing_and_with_kept_values_they_are_taken(
    app: Flask, login_as: Any, session: Session, tmp_path: Path, way: Way
) -> None:
    name = "09_cong_thuc.xlsx"
    found = way(app, login_as, FOLDER / name)
    assert f"{name}: 3 công thức (đầu tiên ở ô C2) không có giá trị trong tệp. Hãy mở bằng Excel rồi lưu lại" in (
        found.said
    )
    assert (found.asked, register(session)) == (set(), [])
    kept = with_kept_values((FOLDER / name).read_bytes(), ["Sồng Văn Quý", "Lường Văn Tỉnh", "Cà A Dếnh"])
    (tmp_path / name).write_bytes(kept)
    found = way(app, login_as, tmp_path / name)
    assert found.asked == ASKED[name]
    rows = register(session)
    assert [one.village for one in rows] == VILLAGES[name]
    assert [one.head for one in rows] == ["Sồng Văn Quý", "Lường Văn Tỉnh", "Cà A Dếnh"]


def with_kept_values(workbook: bytes, values: list[str]) -> bytes:
    """The workbook as Excel keeps it: beside each formula what it came to."""
    made, rest = io.BytesIO(), iter(values)
    with zipfile.ZipFile(io.BytesIO(workbook)) as given, zipfile.ZipFile(made, "w") as written:
        for entry in given.namelist():
            content = given.read(entry).decode()
            if entry == "xl/worksheets/sheet1.xml":
                cell = re.compile(r'<c r="(\w+)">(<f>.*?</f>)<v ?/>')
                content = cell.sub(lambda one: f'<c r="{one[1]}" t="str">{one[2]}<v>{next(rest)}</v>', content)
            written.writestr(entry, content)
    assert next(rest, None) is None
    return made.getvalue()


@each_way
@pytest.mark.parametrize("name", ["06_ngay_sinh.xlsx", "10_quan_he_dan_toc.csv"])
@pytest.mark.usefixtures("published")
def test_a_sheet_without_a_village_waits_in_an_empty_commune_for_its_villages(
    app: Flask, login_as: Any, session: Session, tmp_path: Path, name: str, way: Way
) -> None:
    """No household is outside of a village, and nothing tells which: nobody is asked what cannot be answered."""
    empty = "03646"
    found = way(app, login_as, FOLDER / name, empty)
    assert "xã, phường này chưa có thôn, bản nào; hãy thêm cột thôn, bản" in found.said
    assert "no_village" not in found.asked
    assert session.scalar(select(func.count()).select_from(Household)) == 0
    (tmp_path / "villages.csv").write_text("Số,Tên,Loại,Khu vực\n1,Tổ 1,Tổ dân phố,Thành thị\n", "utf-8")
    code, said = run(app, "register", "import", str(tmp_path), "--commune", empty)
    assert code == 0, said
    assert way(app, login_as, FOLDER / name, empty).asked == ASKED[name]
    assert {one.village for one in register(session)} == {"Tổ 1"}
    assert len(register(session)) == EXPECTED[name].get("households", 1)

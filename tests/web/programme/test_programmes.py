"""The catalogue's pages: the province enters and changes with why, a commune reads, and bad input is told by field."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AuditEvent, Programme, Project, Serves, SupportKind
from survey.programmes import versions
from survey.programmes.catalogue import catalogue_of
from tests.pages import text_of
from tests.world import COMMUNE

HERE = "/desk/programmes"
COMMON = {"status": "decided", "source": "NQ 12/NQ-HĐND", "reason": "theo nghị quyết", "seen": "0"}
ROWS: dict[str, dict[str, Any]] = {
    "programme": {
        "code": "nuoc", "name": "Chương trình nước sạch", "kind": "province", "since": "2026-01-01", "until": "",
        "legal_basis": "NQ 12/NQ-HĐND",
    },
    "project": {
        "programme": "nuoc", "code": "1", "name": "Bể nước", "kind": "project", "within": "", "place_set": "",
        "commune_id": "",
    },
    "serves": {"project": "nuoc:1", "indicator": "nuoc", "place_set": "", "classes": ["ho_ngheo"], "note": ""},
    "kind": {
        "code": "be_nuoc", "label": "Bể nước", "benefit_group": "be_nuoc", "subject": "household", "once_in": "life",
        "counts_as": "",
    },
}  # fmt: skip
MODELS = {"programme": Programme, "project": Project, "serves": Serves, "kind": SupportKind}


def row(what: str, **said: Any) -> dict[str, Any]:
    return ROWS[what] | COMMON | said


def test_what_is_shipped_is_loaded_by_a_button_and_read_with_its_status(login_as: Any) -> None:
    province = login_as("province")
    assert "Chưa nhập chương trình nào" in text_of(province.get(HERE))
    assert province.post(HERE).status_code == 303
    page = text_of(province.get(f"{HERE}?on=2025-06-01"))
    for words in (
        "QĐ 90/QĐ-TTg", "đã kết thúc", "NQ 257/2025/QH15", "Chờ nhập khi có văn bản", "Chưa nhập dự án nào",
        "Phần mềm đề xuất, chưa có căn cứ pháp lý", "chưa nhập các xã, phường", "Theo trí nhớ, cần xác nhận",
    ):  # fmt: skip
        assert words in page
    assert page.count("chưa có dự án trong chương trình") == 5
    reader = login_as("supervisor")
    commune = reader.get(f"/desk/{COMMUNE}/programmes")
    assert "QĐ 90/QĐ-TTg" in text_of(commune)
    assert "Nhập chương trình" not in text_of(commune)
    assert reader.post(HERE).status_code == 403
    assert "QĐ 90/QĐ-TTg" not in text_of(login_as("province-other").get(HERE))


def test_the_four_kinds_of_row_are_entered_changed_and_withdrawn(login_as: Any, session: Session) -> None:
    province = login_as("province")
    for what in ROWS:
        answer = province.post(f"{HERE}/{what}", data=row(what))
        assert (what, answer.status_code) == (what, 303)
    found = catalogue_of(session, "14")
    assert [one.indicator for one in found.serves] == ["nuoc"]
    assert found.serves[0].classes == ["ho_ngheo"]
    session.rollback()
    change = province.get(f"{HERE}/kind?code=be_nuoc")
    assert 'value="Bể nước"' in change.text
    assert province.post(f"{HERE}/kind", data=row("kind", label="Bể chứa", seen="1")).status_code == 303
    assert province.post(f"{HERE}/kind", data=row("kind", label="Khác", seen="1")).status_code == 409  # seen an old one
    gone = row("programme", seen="1", withdrawn="y", reason="nhập nhầm")
    assert province.post(f"{HERE}/programme", data=gone).status_code == 303
    session.rollback()
    found = catalogue_of(session, "14")
    assert (found.programmes, found.projects, found.kinds["be_nuoc"].label) == ({}, {}, "Bể chứa")
    history = text_of(province.get(f"{HERE}/programme?code=nuoc"))
    assert "nhập nhầm" in history
    assert "Lần 2" in history
    session.rollback()
    assert session.scalar(select(func.count()).where(AuditEvent.verb == "programme.set")) == 6


@pytest.mark.parametrize(
    ("what", "wrong", "words"),
    [
        ("programme", {"code": "nước sạch"}, "chữ không dấu"),
        ("programme", {"name": "  "}, "phải ghi"),
        ("programme", {"until": "2025-12-31"}, "không được trước ngày đầu"),
        ("programme", {"since": "0026-01-01"}, "không thể có ngày"),
        ("programme", {"kind": "x"}, "chọn một mục"),
        ("programme", {"source": ""}, "phải ghi"),
        ("programme", {"reason": ""}, "phải ghi"),
        ("programme", {"name": "x" * 301}, "300"),
        ("project", {"programme": "khong_co"}, "Không có mã này"),
        ("project", {"commune_id": COMMUNE, "place_set": "huyen"}, "không chọn cả hai"),
        ("project", {"place_set": "huyen"}, "nhập ở trang Kế hoạch"),
        ("project", {"within": "9"}, "Không có mã này"),
        ("project", {"commune_id": "00001"}, "không phải xã, phường"),
        ("serves", {"project": "x"}, "Không có mã này"),
        ("project", {"ends": "2026-01-01", "opens": "2026-02-01"}, "không được trước ngày đầu"),
        ("serves", {"project": "nuoc:9"}, "Không có mã này"),
        ("serves", {"indicator": "x"}, "chọn một mục"),
        ("kind", {"counts_as": "jobs"}, "một người"),
        ("kind", {"benefit_group": "nhà ở"}, "chữ không dấu"),
        ("kind", {"once_in": ""}, "chọn một mục"),
    ],
)
def test_what_a_row_cannot_be_is_said_and_nothing_is_written(
    login_as: Any, session: Session, what: str, wrong: dict[str, str], words: str
) -> None:
    province = login_as("province")
    for one in ("programme", "project"):
        assert province.post(f"{HERE}/{one}", data=row(one)).status_code == 303
    answer = province.post(f"{HERE}/{what}", data=row(what) | {"code": "moi"} | wrong)
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(MODELS[what])) == (what in ("programme", "project"))


def test_a_row_of_another_kind_or_province_is_not_there(login_as: Any, session: Session) -> None:
    assert login_as("province").get(f"{HERE}/quyen").status_code == 404
    assert login_as("province").post(f"{HERE}/programme", data=row("programme")).status_code == 303
    other = login_as("province-other")
    assert 'value="Chương trình nước sạch"' not in other.get(f"{HERE}/programme?code=nuoc").text
    assert other.post(f"{HERE}/programme", data=row("programme", name="Của tỉnh khác")).status_code == 303
    session.rollback()
    assert versions.latest(session, Programme, ("14", "nuoc")).name == "Chương trình nước sạch"

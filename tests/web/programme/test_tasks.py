"""Tasks of the plan: given with papers and a last day, reported, accepted by another, reminded of when late."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from models import PlanPaper, PlanTask, PlanTaskStep
from survey.plan.tasks import MAX_PAPER, Paper, WantedTask, faults
from tests.conftest import Clock
from tests.pages import text_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

ALL, HERE = "/desk/plan/tasks", f"/desk/{COMMUNE}/plan/tasks"
PDF = "%PDF-1.7 hướng dẫn".encode()
DUE = (NOW + timedelta(days=10)).date()


def task(**said: Any) -> MultiDict[str, Any]:
    """A task as the form sends it; lists are sent many times."""
    values = {
        "title": "Rà soát hộ thiếu nước sạch", "words": "Lập danh sách\ntừng bản", "due": DUE.isoformat(),
        "commune": [COMMUNE], "departments": "", "target": "", "seen": "0", "reason": "theo Kế hoạch 287", **said,
    }  # fmt: skip
    return MultiDict([
        (name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])
    ])  # fmt: skip


def paper(name: str = "Hướng dẫn.pdf", content: bytes = PDF) -> tuple[BytesIO, str]:
    return BytesIO(content), name


def said(action: str, receiver: str = COMMUNE, seen: int = 0, **more: Any) -> dict[str, Any]:
    return {"receiver": receiver, "action": action, "seen": str(seen), "reason": "đã họp các bản", **more}


def test_a_task_is_given_reported_sent_back_and_accepted_by_another(login_as: Any, session: Session) -> None:
    province, commune = login_as("province"), login_as("supervisor")
    given = task(departments="Sở Y tế\n\nSở Nội vụ\n", papers=paper())
    answer = province.post(ALL, data=given, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/plan/tasks/1?done=set")
    here = f"{HERE}/1"
    page = text_of(commune.get(here))
    assert "Rà soát hộ thiếu nước sạch" in page
    assert "Sở Y tế" not in page  # what others received is not the commune's
    assert "Hướng dẫn.pdf" in page

    assert commune.post(f"{here}/report", data=said("progress", share="40")).status_code == 303
    assert "Đang thực hiện 40" in text_of(commune.get(HERE))
    assert commune.post(f"{here}/report", data=said("progress", share="50")).status_code == 409  # seen 0: an old page
    assert commune.post(f"{here}/report", data=said("progress", seen=1, share="100")).status_code == 400
    assert commune.post(f"{here}/report", data=said("done", seen=1)).status_code == 303
    assert commune.post(f"{here}/report", data=said("accept", seen=2)).status_code == 403
    assert "1 báo cáo chờ công nhận" in text_of(province.get("/desk/"))
    assert province.post(f"{ALL}/1/report", data=said("return", seen=2, reason="")).status_code in (400, 409)
    assert province.post(f"{ALL}/1/report", data=said("return", seen=2, reason="thiếu bản Nà")).status_code == 303
    assert "“thiếu bản Nà”" in text_of(commune.get(here))
    assert commune.post(f"{here}/report", data=said("done", seen=3)).status_code == 303
    assert province.post(f"{ALL}/1/report", data=said("accept", seen=4, reason="")).status_code == 303
    assert "Đã hoàn thành" in text_of(commune.get(HERE))
    assert commune.post(f"{here}/report", data=said("done", seen=5)).status_code == 409
    session.rollback()
    steps = session.scalars(select(PlanTaskStep).order_by(PlanTaskStep.seq)).all()
    assert [(one.action, one.share) for one in steps] == [
        ("progress", 40), ("done", None), ("return", None), ("done", None), ("accept", None),
    ]  # fmt: skip

    report = f"{ALL}/1/report"
    assert province.post(report, data=said("done", "Sở Y tế")).status_code == 303
    assert province.post(report, data=said("accept", "Sở Y tế", 6)).status_code == 409  # its own report
    assert province.post(report, data=said("done", "Sở Xây dựng")).status_code == 404


def test_a_paper_is_handed_out_whole_to_those_whom_the_task_reaches(login_as: Any, session: Session) -> None:
    province = login_as("province")
    province.post(
        ALL, data=task(papers=[paper(), paper("Mẫu.docx", b"PK\x03\x04x")]), content_type="multipart/form-data"
    )
    papers = {one.name: one.sha256 for one in session.scalars(select(PlanPaper))}
    assert set(papers) == {"Hướng dẫn.pdf", "Mẫu.docx"}
    session.rollback()
    address = f"{{}}/1/papers/{papers['Hướng dẫn.pdf']}"
    answer = login_as("supervisor").get(address.format(HERE))
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''H")
    assert answer.mimetype == "application/octet-stream"
    for who in ("supervisor-other", "province-other"):
        assert login_as(who).get(address.format(HERE)).status_code == 404
    assert login_as("supervisor-other").get(address.format(f"/desk/{OTHER_COMMUNE}/plan/tasks")).status_code == 404
    assert province.get(f"{ALL}/1/papers/{'0' * 64}").status_code == 404
    kept = task(seen="1", keep=[papers["Mẫu.docx"]], reason="bỏ bản cũ")
    assert province.post(f"{ALL}/1", data=kept).status_code == 303
    page = login_as("supervisor").get(f"{HERE}/1").text
    assert "Mẫu.docx" in page
    assert "Hướng dẫn.pdf" not in page
    assert province.post(f"{ALL}/1", data=task(seen="2", keep=["0" * 64])).status_code == 404


def test_a_task_is_changed_by_a_next_version_and_taken_back(login_as: Any, session: Session) -> None:
    province, commune = login_as("province"), login_as("supervisor")
    province.post(ALL, data=task())
    assert province.post(f"{ALL}/1", data=task(seen="0")).status_code == 409
    assert province.post(f"{ALL}/2", data=task(seen="0")).status_code == 404
    moved = task(seen="1", commune=[COMMUNE, OTHER_COMMUNE], reason="thêm xã")
    assert province.post(f"{ALL}/1", data=moved).status_code == 303
    assert login_as("supervisor-other").get(f"/desk/{OTHER_COMMUNE}/plan/tasks/1").status_code == 200
    assert province.post(f"{ALL}/1", data=task(seen="2", withdrawn="y", reason="đã có việc khác")).status_code == 303
    assert commune.get(f"{HERE}/1").status_code == 404
    assert commune.post(f"{HERE}/1/report", data=said("done")).status_code == 404
    assert "đã có việc khác" in text_of(province.get(ALL))
    assert "“thêm xã”" in text_of(province.get(f"{ALL}/1"))
    session.rollback()
    assert [one.version for one in session.scalars(select(PlanTask).order_by(PlanTask.version))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": "  "}, "phải ghi"),
        ({"due": "2026-13-45"}, "phải ghi"),
        ({"due": (NOW - timedelta(days=1)).date().isoformat()}, "không thể đã qua"),
        ({"due": "2199-01-01"}, "không thể thuộc năm này"),
        ({"commune": []}, "ít nhất một xã, phường hoặc sở, ngành"),
        ({"commune": ["99999"]}, "mã xã, phường của tỉnh này"),
        ({"departments": "x" * 101}, "Mỗi dòng một sở, ngành"),
        ({"departments": COMMUNE}, "ghi bằng tên"),
        ({"target": "287/KH-UBND|99"}, "không có chỉ tiêu này"),
        ({"reason": ""}, "phải ghi"),
        ({"paper": ("x.exe", b"MZ")}, "phải đúng loại"),
        ({"paper": ("x.pdf", b"MZ")}, "phải đúng loại"),
    ],
)
def test_what_a_task_cannot_be_is_said_and_nothing_is_given(
    login_as: Any, session: Session, wrong: dict[str, Any], words: str
) -> None:
    given = {"papers": paper(*wrong["paper"])} if "paper" in wrong else wrong
    answer = login_as("province").post(ALL, data=task(**given), content_type="multipart/form-data")
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert session.scalars(select(PlanTask)).all() == []
    assert session.scalars(select(PlanPaper)).all() == []


def test_a_paper_that_is_too_large_or_one_too_many_is_told(session: Session) -> None:
    wanted = WantedTask("14", "Rà soát", "", DUE, communes=(COMMUNE,), papers=tuple(map(str, range(19))))
    large, small = Paper("x.pdf", PDF + bytes(MAX_PAPER)), Paper("x.pdf", PDF)
    assert list(faults(session, replace(wanted, more=(small,)), NOW.date())) == []
    assert list(faults(session, replace(wanted, more=(large,)), NOW.date())) == [("papers", "paper_large")]
    assert list(faults(session, replace(wanted, more=(small, small)), NOW.date())) == [("papers", "papers_many")]


def test_what_is_late_or_due_soon_is_reminded_of(login_as: Any, clock: Clock, app: Flask) -> None:
    login_as("province").post(ALL, data=task(departments="Sở Y tế"))
    first = f"/desk/{COMMUNE}/"
    assert "Nhiệm vụ của kế hoạch :" not in text_of(login_as("supervisor").get(first))
    clock.now = NOW + timedelta(days=4)
    assert "Nhiệm vụ của kế hoạch : 1 sắp đến hạn" in text_of(login_as("supervisor").get(first))
    clock.now = NOW + timedelta(days=11)
    province, commune = login_as("province"), login_as("supervisor")
    assert "Nhiệm vụ của kế hoạch : 1 quá hạn" in text_of(commune.get(first))
    assert "Nhiệm vụ của kế hoạch : 2 quá hạn" in text_of(province.get("/desk/"))
    assert "Rà soát hộ thiếu nước sạch" in text_of(commune.get(f"{HERE}?show=late"))
    assert "Rà soát hộ thiếu nước sạch" not in text_of(commune.get(f"{HERE}?show=soon"))
    commune.post(f"{HERE}/1/report", data=said("done"))
    assert "quá hạn" not in text_of(commune.get(first))
    told = app.test_cli_runner().invoke(args=["plan", "tasks", "--place", "14", "--late", "--json"])
    assert [(one["name"], one["state"]) for one in json.loads(told.stdout)["tasks"]] == [("Sở Y tế", "open")]

"""A small questionnaire, a round asked with it, and interviews as a phone sends them."""

from __future__ import annotations

import copy
import hashlib
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import (
    OF_SUBMISSION,
    Account,
    HouseholdFact,
    PlaceTally,
    Receipt,
    RegisterEntry,
    RegisterGone,
    StartRow,
    Submission,
    SubmissionEvent,
    SubmissionFile,
    SubmissionStatus,
)
from models.submissions import Assessment, Deprivation
from survey.canonical import canonical
from survey.form.form import Form
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.review.decide import decide
from survey.rounds.rounds import open_round
from survey.submissions.log import last_step
from survey.terms import Action, B1Method, HouseholdClass, RegisterState
from survey.xlsform.compile import compile_workbook
from tests import world

SOURCE = """
| settings |
| | form_title | form_id | version | default_language |
| | Phiếu thử | phieu_thu | 1 | Tiếng Việt (vi) |

| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | required | constraint | calculation | preload | member_label | outcome | dimension | because |
| | today | ngay_ra_soat | | | | | | | | | | |
| | hidden | khu_vuc | | | | | | context | | | | |
| | hidden | cach_b1 | | | | | | context | | | | |
| | integer | diem_b1 | Điểm B1 | B1 points | yes | . >= 0 and . <= 500 | | | | | | |
| | text | ghi_chu | Ghi chú | Notes | | | | | | | | |
| | image | anh_nha | Ảnh nhà | Photo | | | | | | | | |
| | begin_repeat | thanh_vien | Thành viên | Members | | | | | ${ho_ten} | | | |
| | text | ho_ten | Họ và tên | Full name | yes | | | copy | | | | |
| | integer | tuoi | Tuổi | Age | yes | . >= 0 and . < 130 | | | | | | |
| | select_one co_khong | the_bhyt | Có thẻ BHYT? | Insured? | yes | | | | | | | |
| | calculate | m_bhyt | | | | | if(${the_bhyt} = 'khong' and ${tuoi} >= 6, 1, 0) | | | | | |
| | end_repeat | | | | | | | | | | | |
| | select_one co_khong | mang | Có ai dùng Internet không? | Anybody online? | yes | | | | | | | |
| | calculate | so_nguoi | | | | | count(${thanh_vien}) | | | persons | | |
| | calculate | chu_ho | | | | | ${thanh_vien}[position() = 1]/ho_ten | | | head_name | | |
| | calculate | bhyt | Bảo hiểm y tế | Insurance | | | if(count(${thanh_vien}[m_bhyt = 1]) > 0, 1, 0) | | | indicator | y_te | ${m_bhyt}: ${the_bhyt} |
| | calculate | vien_thong | Viễn thông | Telecom | | | if(${mang} = 'khong', 1, 0) | | | indicator | thong_tin | ${mang} |
| | calculate | thieu_hut | | | | | ${bhyt} + ${vien_thong} | | | deprived_count | | |
| | calculate | b1 | | | | | ${diem_b1} | | | b1 | | |
| | calculate | b2 | | | | | 10 * ${thieu_hut} | | | b2 | | |
| | calculate | minh_hoa | | | | | if(${cach_b1} = 'bang_diem', 1, 0) | | | illustrative | | |
| | calculate | phan_loai | | | | | if(${diem_b1} = '', '', if(${diem_b1} > 140, 'khong_ngheo', if(${b2} >= 20, 'ho_ngheo', 'ho_can_ngheo'))) | | | class | | |

| choices |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) |
| | co_khong | co | Có | Yes |
| | co_khong | khong | Không | No |
"""  # noqa: E501 - a table

_compiled: list[Form] = []
HOUSEHOLDS = [f"ho-{number}" for number in range(1, 6)]  # three in VILLAGE, one in VILLAGE_2, one in OTHER_VILLAGE
VILLAGES = [world.VILLAGE, world.VILLAGE, world.VILLAGE, world.VILLAGE_2, world.OTHER_VILLAGE]
ROUND = "dot-2026"
ANSWERS: dict[str, Any] = {
    "ngay_ra_soat": "2026-11-22",
    "khu_vuc": "nong_thon",
    "cach_b1": "nhap_tong",
    "diem_b1": 132,
    "thanh_vien": [
        {"ho_ten": "Lò Văn Đông", "tuoi": 41, "the_bhyt": "co"},
        {"ho_ten": "Quàng Thị Ước", "tuoi": 38, "the_bhyt": "khong"},
    ],
    "mang": "khong",
}


def small_form() -> Form:
    if not _compiled:
        _compiled.append(compile_workbook(SOURCE))
    return _compiled[0]


def open_small_round(session: Session, method: B1Method = B1Method.TOTAL) -> str:
    """Publish the form, add five households, open the round; returns its id."""
    form = publish(session, small_form(), SOURCE, world.NOW)
    for household_id, village_id in zip(HOUSEHOLDS, VILLAGES, strict=True):
        import_household(
            session,
            commune_id=village_id[:5],
            household_id=household_id,
            village_id=village_id,
            head_name="Chủ hộ cũ",
            now=world.NOW,
            base_class=HouseholdClass.POOR,
            base_answers=ANSWERS,
        )
    return open_round(
        session,
        round_id=ROUND,
        title="Rà soát định kỳ 2026",
        year=2026,
        form=form,
        opens_on=date(2026, 9, 1),
        closes_on=date(2026, 12, 14),
        b1_method=method,
        now=world.NOW,
    ).id


def entry(household_id: str = "ho-1", answers: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An interview of a household, finalised a day before it arrives; `answers` replace some of `ANSWERS`."""
    return {
        "id": str(uuid4()),
        "commune_id": world.COMMUNE,
        "round_id": ROUND,
        "household_id": household_id,
        "form": {"id": "phieu_thu", "version": "1"},
        "answers": copy.deepcopy(ANSWERS) | (answers or {}),
        "confirmed": {},
        "outcome": {"class": "ho_ngheo", "b1": 132, "b2": 20, "indicators": {"bhyt": 1, "vien_thong": 1}},
        "files": [],
        "started_at": "2026-11-22T01:10:00.000Z",
        "finalised_at": "2026-11-22T01:42:00.000Z",
        "replaces": None,
        "new_household": None,
    } | changes


def outcome(household_id: str = "ho-1", kind: str = "absent", **changes: Any) -> dict[str, Any]:
    """Why a household has no interview, as a phone says it."""
    attempts = [{"at": f"2026-11-{day}T03:20:00.000Z", "place": "21.45 103.7 0 12"} for day in (18, 20, 22)]
    said = {"kind": kind, "reason": "Hàng xóm nói cả nhà đi làm nương", "attempts": attempts, "place": None}
    return {
        "id": str(uuid4()),
        "commune_id": world.COMMUNE,
        "round_id": ROUND,
        "household_id": household_id,
        "no_interview": said | changes.pop("said", {}),
        "files": [],
        "finalised_at": "2026-11-22T03:21:00.000Z",
    } | changes


def envelope(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "device": {"id": "may-1", "label": "Android", "app_version": "1", "clock": "2026-11-23T02:00:03.000Z"},
        "unsent": [],
        "entries": list(entries),
    } | changes


def push(browser: Any, *entries: Any) -> list[dict[str, Any]]:
    """Send entries; the results of a push that must succeed."""
    answer = browser.post("/api/v1/push", json=envelope(*entries))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json["results"]
    return results


def name_files(browser: Any, *contents: bytes, **changes: Any) -> list[str]:
    """Send an interview that names files with these contents, so that they are kept; which of them are not here."""
    hashes = [hashlib.sha256(content).hexdigest() for content in contents]
    named = [{"path": f"anh_{at}", "sha256": sha256} for at, sha256 in enumerate(hashes)]
    [result] = push(browser, entry(files=named, **changes))
    missing: list[str] = result["missing_files"]
    return missing


def accept_all(session: Session, login_as: Any, *communes: str) -> None:
    """Interview every household that is left in these communes, and accept each interview."""
    who = {
        world.VILLAGE: "enumerator",
        world.VILLAGE_2: "enumerator-2",
        world.OTHER_VILLAGE: "enumerator-other",
    }
    session.rollback()
    entries = session.scalars(
        select(RegisterEntry).where(RegisterEntry.commune_id.in_(communes)).order_by(RegisterEntry.household_id)
    )
    for row in [one for one in entries.all() if one.state == RegisterState.TO_VISIT]:
        area = "nong_thon" if row.village_id == world.VILLAGE else "thanh_thi"
        push(login_as(who[row.village_id]), entry(row.household_id, {"khu_vuc": area}, commune_id=row.commune_id))
    session.rollback()
    waiting = select(Submission).join(SubmissionStatus, OF_SUBMISSION).where(
        SubmissionStatus.commune_id.in_(communes), SubmissionStatus.state == "submitted"
    ).order_by(Submission.entry_id)  # fmt: skip
    for submission in session.scalars(waiting).all():
        name = "supervisor" if submission.commune_id == world.COMMUNE else "supervisor-other"
        decide(
            session, session.scalars(select(Account).where(Account.username == name)).one(), submission.commune_id,
            submission.id, Action.ACCEPT, seen=last_step(session, submission).seq, comments=[], now=world.NOW,
        )  # fmt: skip
    session.commit()


def over_nobody(session: Session) -> None:
    """The round as if no household had been on the register."""
    for table in (RegisterEntry, RegisterGone, StartRow, HouseholdFact, PlaceTally):
        session.execute(delete(table).where(table.round_id == ROUND))


def content_hash(sent: dict[str, Any]) -> str:
    return canonical(sent).hash


def lose(session: Session, entry_id: str) -> None:
    """What a restore from an older copy does to one entry."""
    session.rollback()
    [found] = session.scalars(select(Submission).where(Submission.entry_id == entry_id))
    for table in (Deprivation, Assessment, SubmissionFile, SubmissionStatus, SubmissionEvent):
        session.execute(delete(table).where(table.submission_id == found.id))
    session.execute(delete(Receipt).where(Receipt.entry_id == entry_id))
    session.execute(delete(Submission).where(Submission.id == found.id))
    session.commit()

"""The sheet of a closing: counts, lines that add up, marks that cannot be overlooked; and its file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import AuditEvent, ProofLeaf, Round, RoundProof
from survey.evidence.proof_keys import fingerprint, grouped
from survey.rounds import proof_file
from tests.databases import once
from tests.interviews import ROUND, accept_all
from tests.working import led
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
HERE = f"/rounds/{ROUND}/{COMMUNE}"
SHEET = f"{HERE}/proof"


@pytest.fixture
def closed(app: Flask, login_as: Any, session: Session) -> Any:
    def close() -> None:
        accept_all(session, login_as, COMMUNE)
        supervisor = login_as("supervisor")
        assert led(supervisor, supervisor.post(f"{HERE}/close")).status_code == 200

    once(app, session, "a commune closed at the desk", close)
    return login_as("supervisor")


def test_the_sheet_shows_what_was_signed(closed: Any, app: Any, session: Session) -> None:
    assert f'href="{SHEET}"' in closed.get(f"{HERE}/").text
    page = closed.get(SHEET).text
    made = session.get_one(RoundProof, (COMMUNE, ROUND, 1))
    assert grouped(made.anchor) in page
    assert grouped(fingerprint(app.extensions["prover"].public_key)) in page
    assert "TẠM TÍNH" in page
    assert "THỬ NGHIỆM" not in page
    assert "Người thử supervisor" in page
    assert "Đầu kỳ có 4 hộ trong danh sách" in page
    assert 'Tổng số</th><td class="figure">4</td><td class="figure">0</td></tr>' in page
    assert "Lò Văn Đông" not in page
    assert "data:image/svg" in page
    assert [page.count(f">{name}<") >= 1 for name in ("Bản Nà Ca", "Tiểu khu 2")] == [True, True]


def test_what_the_province_accepted_is_no_longer_provisional(closed: Any, login_as: Any) -> None:
    province = login_as("province")
    assert province.post(f"/rounds/{ROUND}/accept", data={"commune": COMMUNE}).status_code == 303
    page = province.get(SHEET).text
    assert "TẠM TÍNH" not in page
    assert "Người thử province" in page
    assert province.post(f"{HERE}/reopen", data={"reason": "sót"}).status_code == 303
    assert "mở lại" in province.get(SHEET).text


def test_a_trial_says_so_at_the_top_of_its_sheet(login_as: Any, session: Session) -> None:
    session.get_one(Round, ROUND).trial = True
    session.commit()
    accept_all(session, login_as, COMMUNE)
    supervisor = login_as("supervisor")
    assert led(supervisor, supervisor.post(f"{HERE}/close")).status_code == 200
    page = supervisor.get(SHEET).text
    assert "THỬ NGHIỆM" in page
    assert "TẠM TÍNH" not in page
    assert json.loads(supervisor.get(f"{SHEET}/file").data)["proofs"][0]["body"]["trial"] is True
    for name in ("exports/households.csv", "report.csv"):  # every file and sheet says it too
        found = csv.DictReader(io.StringIO(supervisor.get(f"/desk/{COMMUNE}/{name}").data.decode("utf-8-sig")))
        assert {one["trial"] for one in found} == {"1"}, name
    assert "Chạy thử" in supervisor.get(f"/desk/{COMMUNE}/report").text


def test_the_file_is_handed_out_and_that_is_on_record(closed: Any, session: Session) -> None:
    answer = closed.get(f"{SHEET}/file")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="chung-thuc-{COMMUNE}-1.json"'
    assert proof_file.verify(answer.data).holds
    session.rollback()
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.verb == "proof_handed_out"))
    assert event.detail == {"commune": COMMUNE, "revision": 1}


def test_what_is_not_closed_has_no_proof_and_what_was_closed_without_gets_one(
    login_as: Any, session: Session, closed: Any
) -> None:
    other = login_as("supervisor-other")
    there = f"/rounds/{ROUND}/{OTHER_COMMUNE}/proof"
    assert "chưa đóng" in other.get(there).text
    assert other.get(f"{there}/file").status_code == 404
    assert other.post(there).status_code == 409
    assert other.get(SHEET).status_code == 404
    for table in (ProofLeaf, RoundProof):
        session.execute(delete(table))
    session.commit()
    assert "Lập bản chứng thực" in closed.get(SHEET).text
    for _again in range(2):  # never signed twice
        assert led(closed, closed.post(SHEET)).status_code == 200
    session.rollback()
    assert [one.revision for one in session.scalars(select(RoundProof))] == [1]
    assert closed.get("/rounds/khong-co/03757/proof").status_code == 404

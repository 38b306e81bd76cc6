"""A round is moved to a newer version of its questionnaire while phones are in the field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Round
from models.database import open_engine
from survey.questionnaires.published import Given, publish
from survey.rounds.rounds import move_round
from survey.terms import SourceKind
from survey.xlsform.compile import compile_workbook
from tests.phone.phone import Phone, Server
from tests.phone.test_sync import refuse
from tests.phone.test_without_network import entries
from tests.poverty.households import QUESTIONNAIRES

pytestmark = pytest.mark.phone
ASKED = "Gia đình có đồng ý không?"


def move(server: Server) -> None:
    """What the office does on its pages: another version, published and put in place."""
    source = (QUESTIONNAIRES / "ra_soat_ho.md").read_text(encoding="utf-8")
    source = source.replace("| 2026.3 |", "| 2026.4 |").replace(ASKED, "Xin hỏi: gia đình có đồng ý không?")
    tables = {"diem_b1.csv": (QUESTIONNAIRES / "diem_b1.csv").read_bytes()}
    engine = open_engine(f"sqlite:///{server.folder / 'so-ho.sqlite3'}")
    with Session(engine) as session, session.begin():
        given = Given("ra_soat_ho.md", SourceKind.MARKDOWN, source.encode(), tables)
        newer = publish(session, compile_workbook(source, tables), "", datetime.now(UTC), given=given)
        move_round(session, session.scalars(select(Round)).one(), newer, datetime.now(UTC))
    engine.dispose()


def test_an_open_interview_keeps_its_version_and_the_next_one_is_asked_with_the_new(
    phone: Phone, server: Server
) -> None:
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    assert "Xin hỏi" not in phone.question("thong_tin_ho/dong_y").inner_text()
    move(server)
    phone.go_home()
    phone.sync()
    phone.begin("ho-0")
    phone.section("thong_tin_ho")
    assert "Xin hỏi" not in phone.question("thong_tin_ho/dong_y").inner_text()
    refuse(phone)
    phone.go_home()
    phone.begin("ho-1")
    phone.section("thong_tin_ho")
    assert "Xin hỏi" in phone.question("thong_tin_ho/dong_y").inner_text()
    refuse(phone)
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}
    assert [entry["form"]["version"] for entry in entries(server)] == ["2026.3", "2026.4"]

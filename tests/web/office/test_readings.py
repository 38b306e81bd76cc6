"""Readings of the texts: listed, confirmed by a paper, told where a class hangs on them, counted in the report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AssessmentReading, AuditEvent, FormDraft, ReadingConfirmation
from survey.poverty.readings import readings
from survey.questionnaires.published import Given, load_form, publish
from survey.questionnaires.readings import of_tables
from survey.reports.report import report
from survey.reports.selection import Basis, Condition
from survey.submissions.derive import rebuild
from survey.terms import Action, SourceKind
from tests import world
from tests.poverty.households import BESIDE
from tests.web.desk.field import CASES, FORM, SOURCE, Field, open_field
from tests.web.office.test_questionnaires import publish_by_two

PAPER = {"decision": "Công văn 15/SNNMT", "decided_on": "2026-10-02"}
TWO = next(case for case in CASES if case.name == "140 điểm, hai thiếu hụt")


def doubtful(field: Field, number: int) -> dict[str, Any]:
    """Poor because an adult has no insurance: the sources differ on that."""
    entry = field.entry(number, TWO)
    entry["answers"]["thanh_vien"][1]["the_bhyt"] = "khong"
    return entry


def managed(session: Session) -> None:
    given = Given("ra_soat_ho.md", SourceKind.MARKDOWN, SOURCE.encode(), BESIDE)
    publish(session, FORM, "", world.NOW, given=given)
    session.commit()


def test_the_list_has_every_reading_with_its_clause_and_says_that_no_paper_confirms_it(
    session: Session, login_as: Callable[[str], FlaskClient]
) -> None:
    managed(session)
    for who in ("supervisor", "province", "admin"):
        page = login_as(who).get("/readings/").text
        assert page.count('data-reading="') == len(readings(FORM)) + len(of_tables(session)) >= 14 + 4
        assert page.count("chưa xác nhận") >= len(readings(FORM))
        assert "Ai không có bảo hiểm y tế thì hộ thiếu hụt?" in page
        assert "Trẻ em từ đủ 6 đến dưới 16 tuổi" in page
    assert login_as("enumerator").get("/readings/").status_code == 403


def test_a_paper_confirms_the_value_in_use_and_the_log_has_it(
    session: Session, login_as: Callable[[str], FlaskClient]
) -> None:
    managed(session)
    office = login_as("province")
    address = f"/readings/{FORM.id}/hieu_bhyt"
    assert "Mọi người từ đủ 6 tuổi" in office.get(address).text
    assert office.post(address, data=PAPER | {"value": "moi_nguoi"}).status_code == 303
    page = office.get("/readings/").text
    assert "Công văn 15/SNNMT, 02/10/2026" in page
    assert "Lập bản nháp" not in page
    kept = session.scalars(select(ReadingConfirmation)).one()
    assert (kept.form_id, kept.reading, kept.value) == (FORM.id, "hieu_bhyt", "moi_nguoi")
    event = session.scalars(select(AuditEvent).where(AuditEvent.verb == "reading_confirmed")).one()
    assert event.subject == f"{FORM.id} hieu_bhyt"
    assert event.detail == {"value": "moi_nguoi", "decision": "Công văn 15/SNNMT", "decided_on": "2026-10-02"}
    assert event.account_id == kept.account_id


def test_an_export_says_on_which_unconfirmed_readings_each_class_hangs(
    app: Flask, session: Session, login_as: Callable[[str], FlaskClient]
) -> None:
    managed(session)
    field = open_field(app, session, 2)
    field.send(doubtful(field, 0))
    field.send(field.entry(1, TWO))

    def said() -> dict[str, str]:
        answer = login_as("supervisor").get(f"/desk/{world.COMMUNE}/exports/households.csv?state=all")
        rows = csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
        return {row["household_id"]: row["hanging_readings"] for row in rows}

    first, second = said().values()
    assert "hieu_bhyt" in first.split() and "hieu_bhyt" not in second.split()
    assert set(first.split()) <= {one.name for one in readings(FORM)}
    book = login_as("supervisor").get(f"/desk/{world.COMMUNE}/exports/codebook.csv").get_data(as_text=True)
    assert "Ai không có bảo hiểm y tế thì hộ thiếu hụt?" in book
    login_as("province").post(f"/readings/{FORM.id}/hieu_bhyt", data=PAPER | {"value": "moi_nguoi"})
    assert "hieu_bhyt" not in " ".join(said().values()).split()


def test_without_a_paper_nothing_is_confirmed(session: Session, login_as: Callable[[str], FlaskClient]) -> None:
    managed(session)
    office = login_as("admin")
    address = f"/readings/{FORM.id}/hieu_bhyt"
    for wrong in ({"decision": " "}, {"decided_on": "hôm qua"}, {"value": "khong_co"}, {"value": ""}):
        assert office.post(address, data=PAPER | {"value": "moi_nguoi"} | wrong).status_code == 422
    assert session.scalars(select(ReadingConfirmation)).all() == []
    assert office.get(f"/readings/{FORM.id}/khong_co").status_code == 404
    assert office.get("/readings/khac/hieu_bhyt").status_code == 404
    assert login_as("supervisor").post(address, data=PAPER | {"value": "moi_nguoi"}).status_code == 403


@pytest.mark.thorough
def test_a_paper_that_reads_otherwise_makes_the_next_version(
    session: Session, login_as: Callable[[str], FlaskClient]
) -> None:
    managed(session)
    office = login_as("province")
    draft_of = f"/readings/{FORM.id}/draft"
    assert office.post(draft_of, data={"version": "2026.9"}).status_code == 409
    office.post(f"/readings/{FORM.id}/hieu_bhyt", data=PAPER | {"value": "tre_em"})
    office.post(f"/readings/{FORM.id}/tuoi_ld_tu", data=PAPER | {"value": "15"})
    page = office.get("/readings/").text
    assert "Lập bản nháp" in page
    assert office.post(draft_of, data={"version": "năm sau"}).status_code == 422
    assert office.post(draft_of, data={"version": "2026.9"}).status_code == 303
    draft = session.scalars(select(FormDraft)).one()
    assert (draft.version, draft.faults) == ("2026.9", [])
    assert publish_by_two(office, login_as("admin"), f"/questionnaires/drafts/{draft.id}").status_code == 303
    session.rollback()
    form = load_form(session, FORM.id, "2026.9")
    assert form is not None
    found = {one.name: one for one in readings(form)}
    assert (found["hieu_bhyt"].value, found["tuoi_ld_tu"].value) == ("tre_em", "15")
    assert "hiểu theo Công văn 15/SNNMT, ngày 02/10/2026" in found["hieu_bhyt"].law
    page = office.get("/readings/").text
    assert "2026.9" in page
    assert "Lập bản nháp" not in page


def test_the_reviewer_is_told_and_the_queue_finds_it(
    app: Flask, session: Session, login_as: Callable[[str], FlaskClient]
) -> None:
    field = open_field(app, session, 2)
    field.send(doubtful(field, 0))
    field.send(field.entry(1, TWO))
    desk = login_as("supervisor")
    first, second = (field.submission(sent).id for sent in field.sent)
    address = f"/desk/{world.COMMUNE}"
    page = desk.get(f"{address}/records/{first}").text
    assert 'data-reading="hieu_bhyt"' in page
    assert "Hộ cận nghèo" in page[page.index('data-reading="hieu_bhyt"') :][:600]
    assert "data-reading" not in desk.get(f"{address}/records/{second}").text
    queue = desk.get(f"{address}/queue?doubtful=1").text
    assert first in queue
    assert second not in queue
    assert desk.get(f"{address}/queue").text.count("tùy cách hiểu") >= 1

    login_as("province").post(f"/readings/{FORM.id}/hieu_bhyt", data=PAPER | {"value": "moi_nguoi"})
    assert "data-reading" not in desk.get(f"{address}/records/{first}").text
    assert first not in desk.get(f"{address}/queue?doubtful=1").text


def test_the_report_counts_them_by_reading_and_each_number_leads_to_its_households(
    app: Flask, session: Session, login_as: Callable[[str], FlaskClient]
) -> None:
    field = open_field(app, session, 3)
    field.send(doubtful(field, 0))
    field.send(doubtful(field, 1))
    field.send(field.entry(2, TWO))
    field.decide(field.sent[0], Action.ACCEPT)
    for who, address in (("supervisor", f"/desk/{world.COMMUNE}"), ("province", "/desk")):
        desk = login_as(who)
        page = desk.get(f"{address}/report").text
        row = page[page.index('data-reading="hieu_bhyt"') :].split("</tr>")[0]
        assert re.findall(r">(\d+)</a>", row) == ["1", "1"]
        assert page.count('data-reading="') == len(readings(FORM))
        rows = list(csv.DictReader(io.StringIO(desk.get(f"{address}/report.csv").data.decode("utf-8-sig"))))
        total = [one for one in rows if one["measure"] == "reading" and not one["place_id"]]
        counted = {(one["basis"], one["key"]): one["households"] for one in total}
        assert (counted["final", "hieu_bhyt"], counted["provisional", "hieu_bhyt"]) == ("1", "1")
        assert counted["final", "hieu_mai_tam_lop"] == "0"
        listed = desk.get(f"{address}/households?round={field.round_id}&basis=provisional&reading=hieu_bhyt").text
        assert listed.count('<td class="number">') == 1


def test_what_hangs_is_derived_and_made_again(app: Flask, session: Session) -> None:
    field = open_field(app, session, 1)
    field.send(doubtful(field, 0))
    rows = select(AssessmentReading.reading, AssessmentReading.value, AssessmentReading.household_class)
    kept = session.execute(rows).all()
    assert kept == [("hieu_bhyt", "tre_em", "ho_can_ngheo")]
    session.execute(AssessmentReading.__table__.delete())  # type: ignore[attr-defined]
    rebuild(session)
    assert session.execute(rows).all() == kept


def test_a_village_counts_its_own(app: Flask, session: Session) -> None:
    field = open_field(app, session, 2)
    field.send(doubtful(field, 0))
    found = report(session, Condition(field.round_id, (world.COMMUNE,)), by_village=True)
    assert sum(tally.hanging_figure(Basis.PROVISIONAL, "hieu_bhyt").households for tally in found.places) == 1
    assert found.total.hanging_figure(Basis.PROVISIONAL, "hieu_bhyt").households == 1

"""The register as a list that goes out of many households: made by a job, kept a day for who asked, put on record."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models import AuditEvent, Job
from survey.corrections.police_list import HEADINGS
from survey.jobs.worker import KEPT, Task
from survey.work import FOLDER, WRITE_POLICE, WRITE_REGISTER, register_lists
from survey.work.register_lists import Wanted
from tests.pages import text_of
from tests.web.desk.field import Field
from tests.web.desk.test_household import work
from tests.web.desk.test_person import members
from tests.web.desk.test_police import bring, downloaded, write
from tests.working import led, worker_of
from tests.working import work as work_off
from tests.world import COMMUNE, NOW

__all__ = ["work"]
POLICE, CORRECTIONS = f"/desk/{COMMUNE}/police", f"/desk/{COMMUNE}/corrections"


MADE_BY = {WRITE_POLICE: 14, WRITE_REGISTER: 11}  # statements, however many households there are


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_lists, "FEW", 0)


def ask(browser: Any, address: str = f"{POLICE}/list", file: str = "csv") -> str:
    """The id of the job."""
    answer = browser.post(address, data={"file": file})
    assert answer.status_code == 303, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def cells(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def log(work: Field) -> list[tuple[str, dict[str, Any]]]:
    work.session.rollback()
    return [(row.verb, row.detail) for row in work.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


@pytest.mark.parametrize(
    ("page", "address", "at_once", "verb"),
    [
        (POLICE, f"{POLICE}/list", f"{POLICE}/list.csv", "register.police_list"),
        (CORRECTIONS, f"{CORRECTIONS}/register", f"{CORRECTIONS}/register.csv", "register.exported"),
    ],
)
def test_of_many_households_it_is_made_beside_the_pages_and_is_the_same_list(
    work: Field, login_as: Any, monkeypatch: pytest.MonkeyPatch, page: str, address: str, at_once: str, verb: str
) -> None:
    browser = login_as("supervisor")
    before = browser.get(at_once)
    monkeypatch.setattr(register_lists, "FEW", 0)
    refused = browser.get(at_once)
    assert (refused.status_code, at_once in browser.get(page).text) == (409, False)
    shown = led(browser, browser.post(address, data={"file": "csv"}))
    assert "hộ" in text_of(shown)
    [job] = work.session.scalars(select(Job))
    file = browser.get(f"{address}/{job.id}", buffered=True)
    assert file.data == before.data
    assert file.headers["Cache-Control"] == "no-store"
    assert f"{address}/{job.id}" in browser.get(page).text
    [at_last] = [detail for said, detail in log(work) if said == verb and detail.get("job") == job.id]
    assert (at_last["persons"], at_last["households"]) == (job.result["persons"], job.result["households"])
    assert at_last["households"] >= 1
    assert {"export.asked", "export.made"} <= {said for said, _ in log(work)}
    assert members(work)[-1].name not in str(log(work))


def test_it_is_of_who_asked_waits_a_day_and_a_new_one_takes_its_place(
    work: Field, app: Flask, login_as: Any, many: None
) -> None:
    browser = login_as("supervisor")
    job_id = ask(browser)
    assert ask(browser) == job_id  # it is under way
    assert browser.get(f"{POLICE}/list/{job_id}", buffered=True).status_code == 409
    work_off(app)
    assert browser.get(f"{POLICE}/list/{job_id}", buffered=True).status_code == 200
    assert browser.get(f"{CORRECTIONS}/register/{job_id}").status_code == 404  # of another list
    assert login_as("supervisor-2").get(f"{POLICE}/list/{job_id}").status_code == 404
    assert login_as("supervisor-other").get(f"{POLICE}/list/{job_id}").status_code == 404
    assert login_as("province").get(f"{POLICE}/list/{job_id}").status_code == 403
    browser = login_as("supervisor")
    second = ask(browser)
    assert second != job_id
    assert browser.get(f"{POLICE}/list/{job_id}", buffered=True).status_code == 410
    work_off(app)
    assert browser.get(f"{POLICE}/list/{second}", buffered=True).status_code == 200
    assert browser.post(f"{POLICE}/list", data={"file": "pdf"}).status_code == 404
    app.config["CLOCK"] = lambda: NOW + KEPT + timedelta(minutes=1)
    worker_of(app).clean()
    assert list((Path(app.config["INSTANCE"]) / FOLDER).iterdir()) == []


def test_whoever_takes_it_over_makes_it_whole_once(
    work: Field, app: Flask, login_as: Any, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_lists, "TOLD", 1)
    browser = login_as("supervisor")
    job_id, told = ask(browser), Task.tell

    def ended(task: Task, word: str, done: int = 0, total: int | None = None) -> None:
        told(task, word, done, total)
        if done:
            raise SystemExit  # the machine goes down between two households

    monkeypatch.setattr(Task, "tell", ended)
    with pytest.raises(SystemExit):
        worker_of(app).work()
    job = work.session.get_one(Job, job_id)
    assert (job.state, job.done, job.word) == ("queued", 1, "listing")
    monkeypatch.setattr(Task, "tell", told)
    work_off(app)
    work.session.rollback()
    job = work.session.get_one(Job, job_id)
    assert (job.state, job.done, job.total) == ("done", job.result["households"], job.result["households"])
    assert len(cells(browser.get(f"{POLICE}/list/{job_id}", buffered=True))) == 2 + job.result["persons"]
    assert [said for said, _ in log(work)].count("export.made") == 1


@pytest.mark.parametrize("households", [3, 9])
def test_it_takes_as_many_statements_of_nine_households_as_of_three(field: Any, households: int) -> None:
    made: Field = field(households)
    made.session.rollback()
    for what in (WRITE_POLICE, WRITE_REGISTER):
        assert statements(made.session, Wanted(what, COMMUNE, "csv")) == MADE_BY[what]


def statements(session: Session, wanted: Wanted) -> int:
    said: list[str] = []
    engine = session.get_bind()
    listener = lambda _c, _cursor, statement, *_: said.append(statement)  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    try:
        made = register_lists.make(session, wanted, NOW, str)
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    assert made.households >= 3
    return len(said)


def test_rows_that_were_left_out_come_back_as_a_list_to_be_mended(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    book, sheet = downloaded(browser)
    write(sheet, one.id, verdict="Sai", right_number="123", remark="=1+1 theo căn cước")
    shown = bring(browser, book)
    assert "left.csv" in shown.text
    head, row = cells(browser.get(f"{shown.request.path}/left.csv"))
    at = {name: 2 + number for number, name in enumerate(HEADINGS)}
    assert (row[at["person"]], row[at["right_number"]]) == (one.id, "123")
    assert row[0] == str(next(cell.row for line in sheet.iter_rows() for cell in line if cell.value == one.id))
    assert "12" in row[1]  # what a number looks like
    assert ("register.police_left", {"rows": 1}) in log(work)
    row[at["right_number"]], row[at["right_name"]], row[at["remark"]] = "", "Lò Thị Hường", ""
    mended = io.StringIO()
    csv.writer(mended, delimiter=";").writerows([head, row])
    given = io.BytesIO(mended.getvalue().encode("utf-8-sig"))
    again = led(browser, browser.post(POLICE, data={"file": (given, "sua.csv")}))
    assert "1 người có khác biệt" in text_of(again)
    assert "left.csv" not in again.text
    assert login_as("supervisor-2").get(f"{shown.request.path}/left.csv").status_code == 404

"""A list of corrections as jobs: gone on with where a worker stopped, undone as far as nothing newer stands over it."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, Job, RegisterEvent
from survey.corrections import corrections
from survey.jobs.worker import folder_of
from survey.register.entries import import_household
from survey.review import register_acts, requests
from survey.review.register_acts import Wish
from survey.terms import RegisterKind
from survey.work import CORRECT, READ_CORRECTIONS, READ_UNDOING, UNDO_CORRECTIONS
from survey.work import corrections as work
from survey.work.corrections import Upload, keep_why
from tests.corrections.test_corrections import PEOPLE, TODAY, by, register
from tests.register.sheets import workbook
from tests.work.test_killed_worker import asked
from tests.working import worker_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

__all__ = ["register"]
CHILD = {"ho_ten": "Lò Thị Bé", "gioi_tinh": "nu", "quan_he": "con", "ngay_sinh": 22, "thang_sinh": 11,
         "nam_sinh": 2026}  # fmt: skip
pytestmark = pytest.mark.usefixtures("register")


def read(app: Flask, *rows: list[Any], since: date = TODAY) -> str:
    """A list that was read, and the reason given for it."""
    worker, job_id = worker_of(app), asked(app, READ_CORRECTIONS)
    Upload(COMMUNE, "sua.xlsx", workbook({"DS": rows}), since).keep(folder_of(worker.folder, job_id))
    worker.work()
    keep_why(folder_of(worker.folder, job_id), "họp thôn")
    return job_id


def addresses(session: Session) -> list[str]:
    session.rollback()
    now = corrections.Now(session, COMMUNE)
    return [now.household(f"ho-00{number}")["address"] for number in (1, 2, 3)]


def corrected(session: Session) -> list[RegisterEvent]:
    session.rollback()
    query = select(RegisterEvent).where(RegisterEvent.reason == "họp thôn").order_by(RegisterEvent.seq)
    return list(session.scalars(query))


ROWS = [["Mã hộ", "Địa chỉ"], *([f"{VILLAGE}-00{number}", f"Số {number}"] for number in (1, 2, 3))]


def test_what_a_worker_left_is_brought_to_its_end_and_nothing_twice(
    app: Flask, session: Session, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = broken_off(app, monkeypatch, read(app, *ROWS), after=1)
    worker = worker_of(app)
    assert (session.get_one(Job, job_id).state, addresses(session)) == ("queued", ["Số 1", "", ""])
    clock.advance(minutes=5)
    worker.work()
    session.rollback()
    job = session.get_one(Job, job_id)
    assert (job.state, job.result["corrected"], job.result["left_out"]) == ("done", 3, [])
    assert addresses(session) == ["Số 1", "Số 2", "Số 3"]
    assert [(one.household_id, one.payload["list"]["job"]) for one in corrected(session)] == [
        (f"ho-00{number}", job_id) for number in (1, 2, 3)
    ]
    assert len({one.act for one in corrected(session)}) == 3
    assert len({one.at for one in corrected(session)}) == 1


def test_nothing_is_written_for_who_may_not_any_more(app: Flask, session: Session) -> None:
    job_id = asked(app, CORRECT, follows=read(app, *ROWS))
    account = session.scalars(select(Account).where(Account.username == "supervisor")).one()
    account.active = False
    session.commit()
    worker_of(app).work()
    job = session.get_one(Job, job_id)
    assert (job.state, job.problem, corrected(session)) == ("failed", "forbidden", [])


def test_what_something_newer_needs_stays_and_the_rest_is_undone(app: Flask, session: Session) -> None:
    """A child was written down as born on the 22nd, corrected by the list, and died on the 20th."""
    import_household(
        session, commune_id=COMMUNE, household_id="ho-005", village_id=VILLAGE, head_name="Lò Văn Mới",
        now=NOW - timedelta(days=9), code=f"{VILLAGE}-005",
        base_answers={"thanh_vien": [{"ho_ten": "Lò Văn Mới", "quan_he": "chu_ho", "nam_sinh": 1990}, CHILD]},
    )  # fmt: skip
    session.commit()
    head = ["Mã hộ", "Họ và tên", "Quan hệ", "Năm sinh", "Địa chỉ"]
    rows = [[f"{VILLAGE}-005", "Lò Thị Bé", "con", "1/10/2026", ""], [f"{VILLAGE}-001", "", "", "", "Số 1"]]
    job_id = asked(app, CORRECT, follows=read(app, head, *rows, since=date(2026, 11, 15)))
    worker = worker_of(app)
    worker.work()
    assert session.get_one(Job, job_id).result["corrected"] == 2
    child = corrections.Now(session, COMMUNE).members("ho-005")[1]
    died = Wish(RegisterKind.DIED, "ho-005", date(2026, 11, 20), person_id=child.id)
    register_acts.carry_out(session, COMMUNE, died, by(session))
    session.commit()
    seen = asked(app, READ_UNDOING, parameters={"of": job_id})
    worker.work()
    found = session.get_one(Job, seen).result
    assert [len(found["can"]), found["undone"]] == [1, 0]
    assert found["blocked"] == [[f"{VILLAGE}-005", "ho-005", "register_rests_on_it"]]
    keep_why(folder_of(worker.folder, seen), "nhầm danh sách")
    undone = asked(app, UNDO_CORRECTIONS, follows=seen)
    worker.work()
    session.rollback()
    assert session.get_one(Job, undone).result == {"undone": 1, "left_out": [], "of": job_id}
    assert addresses(session)[0] == "Cạnh suối"
    assert session.get_one(Household, (COMMUNE, "ho-005")).head_name == "Lò Văn Mới"


def test_a_list_that_was_lost_in_the_middle_says_what_is_corrected_and_how_to_go_on(
    app: Flask, session: Session, clock: Any, monkeypatch: pytest.MonkeyPatch, login_as: Any
) -> None:
    job_id = broken_off(app, monkeypatch, read(app, *ROWS), after=2)
    assert addresses(session) == ["Số 1", "Số 2", ""]
    worker = worker_of(app)
    shutil.rmtree(folder_of(worker.folder, session.get_one(Job, job_id).follows or ""))
    clock.advance(minutes=5)
    worker.work()
    session.rollback()
    job = session.get_one(Job, job_id)
    assert (job.state, job.problem, job.done, job.total) == ("failed", "list_gone", 2, 3)
    page = login_as("supervisor").get(f"/jobs/{job_id}").text
    assert "Máy chủ không còn giữ danh sách này." in page
    assert "Đã xét 2 trong 3 hộ của danh sách. Những gì đã sửa vẫn giữ nguyên: 2 hộ." in page
    assert "Hoàn tác cả danh sách" in page
    again = asked(app, CORRECT, follows=read(app, *ROWS))
    worker.work()
    session.rollback()
    assert session.get_one(Job, again).result["corrected"] == 1
    assert addresses(session) == ["Số 1", "Số 2", "Số 3"]
    assert undone(app, session, job_id) == 2
    assert addresses(session) == ["Cạnh suối", "", "Số 3"]


@pytest.mark.parametrize("kind", [CORRECT, UNDO_CORRECTIONS])
def test_a_worker_that_died_before_it_told_the_end_is_followed_by_one_that_tells_it(
    app: Flask, session: Session, clock: Any, kind: str
) -> None:
    job_id = asked(app, CORRECT, follows=read(app, *ROWS))
    worker = worker_of(app)
    worker.work()
    if kind == UNDO_CORRECTIONS:
        job_id = undoing(app, job_id)
        worker.work()
    session.rollback()
    job = session.get_one(Job, job_id)
    result = job.result
    assert not folder_of(worker.folder, job.follows or "").exists()
    job.state, job.result, job.ended_at, job.worker, job.free_at = "running", None, None, "another", NOW
    session.commit()
    clock.advance(minutes=5)
    worker.work()
    session.rollback()
    job = session.get_one(Job, job_id)
    assert (job.state, job.result) == ("done", result)


def test_of_a_household_that_is_refused_in_the_middle_nothing_was_written_or_asked_for(
    app: Flask, session: Session, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who brought the list works in another commune by now: numbers cannot be asked for any more, in the middle."""
    rows = [["Mã hộ", "Họ và tên", "Địa chỉ", "Số CCCD"],
            [f"{VILLAGE}-001", PEOPLE["001"][0]["ho_ten"], "Số 1", "014188000011"],
            [f"{VILLAGE}-002", PEOPLE["002"][0]["ho_ten"], "Số 2", "014188000022"],
            [f"{VILLAGE}-003", "", "Số 3", ""]]  # fmt: skip
    job_id = broken_off(app, monkeypatch, read(app, *rows), after=1)
    assert (addresses(session), waiting(session)) == (["Số 1", "", ""], 1)
    account = session.scalars(select(Account).where(Account.username == "supervisor")).one()
    account.place_id = OTHER_COMMUNE
    session.commit()
    clock.advance(minutes=5)
    worker_of(app).work()
    session.rollback()
    job = session.get_one(Job, job_id)
    assert (job.state, job.result["corrected"], job.result["asked"]) == ("done", 2, 1)
    assert job.result["left_out"] == [[f"{VILLAGE}-002", "refused"]]
    assert (addresses(session), waiting(session)) == (["Số 1", "", "Số 3"], 1)
    account.place_id = COMMUNE
    session.commit()
    assert undone(app, session, job_id) == 2
    assert (addresses(session), waiting(session)) == (["Cạnh suối", "", ""], 0)


def broken_off(app: Flask, monkeypatch: pytest.MonkeyPatch, follows: str, after: int) -> str:
    """A list whose worker breaks down once when that many households are written."""
    monkeypatch.setattr(work, "IN_ONE", 1)
    apply, times = corrections.apply, 0

    def break_down_once(*given: Any) -> Any:
        nonlocal times
        times += 1
        came = apply(*given)
        if times == after + 1:
            raise RuntimeError
        return came

    monkeypatch.setattr(corrections, "apply", break_down_once)
    job_id = asked(app, CORRECT, follows=follows)
    worker_of(app).work()
    return job_id


def undoing(app: Flask, job_id: str) -> str:
    """The undoing of a list, looked at and asked for."""
    worker = worker_of(app)
    seen = asked(app, READ_UNDOING, parameters={"of": job_id})
    worker.work()
    keep_why(folder_of(worker.folder, seen), "nhầm danh sách")
    return asked(app, UNDO_CORRECTIONS, follows=seen)


def undone(app: Flask, session: Session, job_id: str) -> int:
    asked_for = undoing(app, job_id)
    worker_of(app).work()
    session.rollback()
    return int(session.get_one(Job, asked_for).result["undone"])


def waiting(session: Session) -> int:
    session.rollback()
    return len(requests.undecided(session, COMMUNE))

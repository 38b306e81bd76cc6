"""A list of supports as jobs: brought, looked at, written down some rows at a time, by whoever goes on; what was left
out comes back as a list."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, Job, Support
from survey.jobs import queue
from survey.programmes import versions
from survey.programmes.versions import WantedKind
from survey.support_terms import SupportSubject, SupportWindow
from survey.supports import lists
from survey.supports.lists import headings
from survey.work import GIVE_SUPPORTS, support_lists
from tests.given import SAID, by, enter_catalogue
from tests.review.test_persons import MOTHER, codes
from tests.web.programme.test_supports import count, give
from tests.working import led, work, worker_of
from tests.world import COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
LIST = f"/desk/{COMMUNE}/supports/list"
HOMES = ("ho-1", "ho-2", "ho-3", "ho-4")


@pytest.fixture
def officer(session: Session, login_as: Any) -> Any:
    enter_catalogue(session)
    return login_as("supervisor")


def row(session: Session, id: str, day: str = "20/11/2026", kind: str = "nha_o") -> str:
    code = session.get_one(Household, (COMMUNE, id)).code
    session.rollback()
    return f"{code};{kind};ct2026;1;;{day};40.000.000;;QĐ 15;"


def brought(officer: Any, *rows: str, **whole: str) -> Any:
    """What was read, on its page."""
    data = "\n".join([";".join(headings()), *rows]).encode()
    given = {"file": (io.BytesIO(data), "ho-tro.csv")} | whole
    return led(officer, officer.post(LIST, data=given, content_type="multipart/form-data"))


def jobs(session: Session, kind: str) -> list[Job]:
    session.rollback()
    return list(session.scalars(select(Job).where(Job.kind == kind).order_by(Job.asked_at)))


def cells(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def test_a_list_is_seen_row_by_row_and_the_sound_rows_are_written_down(
    officer: Any, session: Session, login_as: Any
) -> None:
    assert cells(officer.get(f"{LIST}/pattern.csv"))[0][0].split(",")[0] == headings()[0]
    assert officer.get(f"{LIST}/pattern.xlsx").status_code == 200
    give(session, "ho-3")
    seen = brought(officer, row(session, "ho-1"), row(session, "ho-3"), row(session, "ho-2", "31/02/2026"))
    assert seen.status_code == 200
    assert count(session) == 1
    assert "dòng 3" in seen.text and "dòng 4" in seen.text and "dòng 2" not in seen.text
    address = seen.request.path
    left = officer.get(f"{address}/left.csv")
    assert [one[0] for one in cells(left)] == ["Dòng", "3", "4"]
    session.rollback()
    give(session, "ho-1")  # meanwhile somebody else writes it down
    result = led(officer, officer.post(address))
    assert result.status_code == 200
    [job] = jobs(session, GIVE_SUPPORTS)
    assert (job.state, job.result["given"], job.result["left_out"]) == ("done", 0, [[2, "support_given"]])
    assert [one[0] for one in cells(officer.get(f"{address}/left.csv"))] == ["Dòng", "3", "4", "2"]
    page = officer.get(f"{LIST}/written/{job.id}")
    assert "dòng 2" in page.text and "left.csv" in page.text
    for another in (login_as("supervisor-2"), login_as("admin")):
        for path in (address, f"{address}/left.csv", f"{LIST}/written/{job.id}"):
            assert another.get(path).status_code in (403, 404)


def test_what_was_left_out_is_mended_and_brought_again(officer: Any, session: Session) -> None:
    seen = brought(officer, row(session, "ho-1", "hôm qua"), row(session, "ho-2"))
    led(officer, officer.post(seen.request.path))
    session.rollback()
    _, [_number, _why, *again] = cells(officer.get(f"{seen.request.path}/left.csv"))
    mended = brought(officer, ";".join([*again[:5], "20/11/2026", *again[6:10]]))
    led(officer, officer.post(mended.request.path))
    session.rollback()
    made = session.scalars(select(Support).order_by(Support.household_id)).all()
    assert [(one.household_id, one.amount, one.origin) for one in made] == [
        ("ho-1", 40_000_000, "list"), ("ho-2", 40_000_000, "list"),
    ]  # fmt: skip


def test_a_worker_that_breaks_down_leaves_nothing_half_and_the_next_goes_on(
    app: Flask, officer: Any, session: Session, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four rows, two a transaction; the worker breaks down in its second transaction, after its first row."""
    monkeypatch.setattr(support_lists, "IN_ONE", 2)
    seen = brought(officer, *(row(session, id) for id in HOMES))
    write_row, times = lists.write_row, 0

    def break_down_once(*given: Any) -> Any:
        nonlocal times
        times += 1
        came = write_row(*given)
        if times == 3:
            raise RuntimeError
        return came

    monkeypatch.setattr(lists, "write_row", break_down_once)
    officer.post(seen.request.path)
    worker_of(app).work()
    [job] = jobs(session, GIVE_SUPPORTS)
    assert (job.state, job.done, job.total, count(session)) == ("queued", 2, 4, 2)
    assert "2 trong 4" in officer.get(f"/jobs/{job.id}").text.replace("/", " trong ")
    clock.advance(minutes=5)
    work(app)
    [job] = jobs(session, GIVE_SUPPORTS)
    assert (job.state, job.result["given"], job.result["left_out"]) == ("done", 4, [])
    session.rollback()
    made = session.scalars(select(Support)).all()
    assert sorted(one.household_id or "" for one in made) == list(HOMES)
    assert len({one.act for one in made}) == 1
    assert {one.act for one in made} == {job.result["act"]}


def test_a_list_that_was_stopped_says_what_is_written_and_what_was_not_reached(
    app: Flask, officer: Any, session: Session, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(support_lists, "IN_ONE", 1)
    seen = brought(officer, *(row(session, id) for id in HOMES))
    officer.post(seen.request.path)
    [job] = jobs(session, GIVE_SUPPORTS)
    write_row = lists.write_row

    def stop_meanwhile(session_of_step: Session, *given: Any) -> Any:
        queue.ask_to_stop(session_of_step, session_of_step.get_one(Job, job.id), clock())
        return write_row(session_of_step, *given)

    monkeypatch.setattr(lists, "write_row", stop_meanwhile)
    work(app)
    [job] = jobs(session, GIVE_SUPPORTS)
    assert (job.state, count(session)) == ("cancelled", 1)
    page = officer.get(f"{LIST}/written/{job.id}").text
    assert "3 dòng" in page
    assert [one[0] for one in cells(officer.get(f"{seen.request.path}/left.csv"))][1:] == ["3", "4", "5"]
    assert f"{LIST}/written/{job.id}" in officer.get(f"/jobs/{job.id}").text


def test_there_is_no_longest_list_and_each_transaction_is_short(
    app: Flask, officer: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the 300 rows that one request took: of a kind that is given every day, to one person; of the last 300
    nobody knows the household."""
    daily = WantedKind(
        code="viec_lam", label="Việc làm", benefit_group="viec_lam", subject=SupportSubject.PERSON,
        once_in=SupportWindow.NONE, **SAID,
    )  # fmt: skip
    versions.write(session, [daily], by(session, "province"))
    session.commit()
    code, mother = session.get_one(Household, (COMMUNE, "ho-1")).code, codes(session)[MOTHER]
    session.rollback()
    rows = [f"{code};viec_lam;ct2026;1;{mother};{day}/11/2026;;;;" for day in range(1, 8)]
    rows += [f"03757-09-{number};viec_lam;ct2026;1;;01/11/2026;;;;" for number in range(300)]
    seen = brought(officer, *rows, *rows[:1])
    assert seen.status_code == 200
    assert "trang" in seen.text.lower()
    written: list[int] = []
    write = support_lists.write
    monkeypatch.setattr(support_lists, "write", lambda *given: (written.append(1), write(*given))[1])
    led(officer, officer.post(seen.request.path))
    [job] = jobs(session, GIVE_SUPPORTS)
    assert (job.result["given"], count(session), len(written)) == (7, 7, -(-7 // support_lists.IN_ONE))
    left = cells(officer.get(f"{seen.request.path}/left.csv"))[1:]
    assert [int(one[0]) for one in left] == list(range(9, 310))  # the last is the first once more
    again = brought(officer, *rows[:7])  # the same list once more: nothing else knows it of such a kind
    assert again.status_code == 422
    assert "Đúng khoản hỗ trợ này đã được ghi." in again.text


def test_nothing_is_written_for_who_may_not_any_more(app: Flask, officer: Any, session: Session) -> None:
    seen = brought(officer, row(session, "ho-1"))
    officer.post(seen.request.path)
    account = session.scalars(select(Account).where(Account.username == "supervisor")).one()
    account.active = False
    session.commit()
    work(app)
    [job] = jobs(session, GIVE_SUPPORTS)
    assert (job.state, job.problem, count(session)) == ("failed", "forbidden", 0)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"PK\x03\x04", b"a,b\n1,2\n", "Mã hộ\n".encode()])
def test_what_is_no_list_is_told(officer: Any, session: Session, data: bytes) -> None:
    answer = officer.post(LIST, data={"file": (io.BytesIO(data), "x.csv")}, content_type="multipart/form-data")
    seen = led(officer, answer)
    assert (seen.status_code, 'class="error-summary"' in seen.text, count(session)) == (422, True, 0)
    assert officer.post(seen.request.path).status_code == 409
    assert officer.post(LIST, data={}).status_code == 422

"""Long work on its page: who sees it, how far it is, stopping it, and the way to its result."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AuditEvent, Job
from survey.jobs import queue
from survey.jobs.queue import LEASE
from survey.web.office.jobs import SHOWN
from survey.work import DUPLICATES, LOAD_LIST, OPEN_ROUND, READ_LIST, REOPEN
from tests.commands.test_commands import run
from tests.working import work
from tests.world import COMMUNE, NOW, OTHER_COMMUNE


def ask(app: Flask, kind: str = DUPLICATES, username: str | None = "supervisor", **given: Any) -> str:
    with Session(app.extensions["engine"]) as session, session.begin():
        mine = session.scalar(select(Account.id).where(Account.username == username)) if username else None
        given = {"commune_id": COMMUNE, "parameters": {"communes": [COMMUNE], "of": COMMUNE}} | given
        return queue.ask(session, kind, NOW, account_id=mine, **given).id


def under_way(app: Flask, **far: Any) -> str:
    asked = ask(app)
    with Session(app.extensions["engine"]) as session, session.begin():
        queue.take(session, "w", NOW, {DUPLICATES})
        queue.reach(session, asked, "w", NOW, **{"word": "comparing", "done": 0, "total": None, "cursor": None} | far)
    return asked


def test_who_asked_sees_how_far_it_is_and_is_led_to_its_result(app: Flask, login_as: Any) -> None:
    supervisor = login_as("supervisor")
    asked = ask(app)
    waits = supervisor.get(f"/jobs/{asked}")
    assert (waits.headers["Refresh"], "Đang chờ đến lượt" in waits.text) == ("2", True)
    work(app)
    done = supervisor.get(f"/jobs/{asked}")
    assert "Refresh" not in done.headers
    assert "Đã so 0 người." in done.text
    assert f'href="/desk/{COMMUNE}/duplicates"' in done.text
    assert "Tìm người có tên ở hai hộ" in supervisor.get("/jobs/").text


def test_progress_is_told_in_words_and_figures(app: Flask, login_as: Any) -> None:
    asked = under_way(app, word="loading", done=1200, total=7500)
    page = login_as("supervisor").get(f"/jobs/{asked}").text
    assert "Đang nạp hộ: 1.200 trên 7.500." in page
    assert '<progress max="7500" value="1200">' in page


def test_another_communes_work_does_not_exist_and_the_province_sees_its_own(app: Flask, login_as: Any) -> None:
    asked, of_all = ask(app), ask(app, OPEN_ROUND, "admin", commune_id=None, parameters={"round": "r"})
    there = ask(app, username="supervisor-other", commune_id=OTHER_COMMUNE)
    for username, seen in (
        ("supervisor", {asked}), ("supervisor-2", {asked}), ("supervisor-other", {there}),
        ("province", {asked, there}), ("province-other", set()), ("admin", {asked, of_all, there}),
    ):  # fmt: skip
        browser = login_as(username)
        assert set(re.findall(r'href="/jobs/([\w-]{36})"', browser.get("/jobs/").text)) == seen, username
        for job_id in (asked, of_all, there):
            expected = 200 if job_id in seen else 404
            assert browser.get(f"/jobs/{job_id}").status_code == expected
            if job_id not in seen:
                assert browser.post(f"/jobs/{job_id}/stop").status_code == 404
    assert login_as("enumerator").get("/jobs/").status_code == 403
    assert login_as("admin").get("/jobs/x").status_code == 404


def test_ones_own_is_seen_behind_a_hundred_of_others(app: Flask, login_as: Any) -> None:
    mine = ask(app)
    with Session(app.extensions["engine"]) as session, session.begin():
        for at in range(SHOWN):
            queue.ask(session, DUPLICATES, NOW + LEASE * (at + 1), commune_id=OTHER_COMMUNE)
    assert f'href="/jobs/{mine}"' in login_as("supervisor").get("/jobs/").text


def test_it_is_stopped_once(app: Flask, login_as: Any, session: Session) -> None:
    supervisor, running, waits = login_as("supervisor"), under_way(app), ask(app)
    for job_id, state, words in (
        (running, "running", "Đang dừng lại."),
        (waits, "cancelled", "Chưa có gì thay đổi."),
    ):
        assert supervisor.post(f"/jobs/{job_id}/stop").status_code == 303
        assert session.get_one(Job, job_id).state == state
        assert words in supervisor.get(f"/jobs/{job_id}").text
        session.rollback()
    assert supervisor.post(f"/jobs/{waits}/stop").status_code == 409
    logged = session.scalars(select(AuditEvent.subject).where(AuditEvent.verb == "job_stopped")).all()
    assert sorted(logged) == sorted([running, waits])


def test_it_is_stopped_by_who_may_ask_for_it_and_a_reopening_by_nobody(app: Flask, login_as: Any) -> None:
    load, again = ask(app, LOAD_LIST), ask(app, REOPEN, "province", parameters={"round": "r"})
    stop = ">Dừng việc này</button>"
    for username, job_id, code in (
        ("province", load, 403),
        ("province", again, 409),
        ("supervisor", again, 409),
        ("supervisor-2", load, 303),
    ):
        browser = login_as(username)
        assert (stop in browser.get(f"/jobs/{job_id}").text) == (code == 303)
        assert browser.post(f"/jobs/{job_id}/stop").status_code == code
    code, said = run(app, "jobs", "cancel", again)
    assert (code, "làm cho xong" in said) == (1, True)


def test_half_a_list_is_told_with_the_way_to_the_rest(app: Flask, login_as: Any) -> None:
    load = ask(app, LOAD_LIST)
    with Session(app.extensions["engine"]) as session, session.begin():
        queue.take(session, "w", NOW, {LOAD_LIST})
        queue.reach(session, load, "w", NOW, word="loading", done=200, total=1000, cursor={"entered": 200})
        queue.fail(session, load, "w", NOW, "job_crashed", again=False)
    page = login_as("supervisor").get(f"/jobs/{load}").text
    assert "200 trên 1.000 hộ" in page
    assert "Tải lại đúng danh sách" in page


def test_a_failure_is_told_with_the_next_step(app: Flask, login_as: Any) -> None:
    asked = ask(app, OPEN_ROUND, "admin", commune_id=None, parameters={"round": "no such round"})
    load = ask(app, LOAD_LIST, follows=ask(app, READ_LIST))
    work(app)
    assert "Không làm được" in login_as("supervisor").get(f"/jobs/{load}").text
    assert "data-job=" in login_as("admin").get(f"/jobs/{asked}").text


def test_who_waits_in_vain_is_told_that_nobody_works(app: Flask, login_as: Any, clock: Any) -> None:
    asked = ask(app)
    assert "chưa chạy" not in login_as("supervisor").get(f"/jobs/{asked}").text
    clock.advance(seconds=LEASE.total_seconds())
    supervisor = login_as("supervisor")
    assert "chưa chạy" in supervisor.get(f"/jobs/{asked}").text
    assert "chưa chạy" in supervisor.get("/jobs/").text


def test_the_commands_list_show_and_stop(app: Flask) -> None:
    asked = ask(app, username=None)
    code, said = run(app, "jobs", "list", "--json")
    assert (code, f'"id": "{asked}"' in said, '"state": "queued"' in said) == (0, True, True)
    assert asked in run(app, "jobs", "list")[1]
    assert "kind\tduplicates" in run(app, "jobs", "show", asked)[1]
    assert run(app, "jobs", "cancel", asked) == (0, "Đã dừng\n")
    assert run(app, "jobs", "cancel", asked)[0] == 1
    assert run(app, "jobs", "show", "x")[0] == 1


def test_the_command_does_what_waits(app: Flask, session: Session) -> None:
    asked = ask(app)
    assert run(app, "jobs", "work", "--until-empty")[0] == 0
    assert session.get_one(Job, asked).state == "done"


@pytest.mark.parametrize("kind", [READ_LIST, LOAD_LIST])
def test_work_without_its_files_fails_with_a_code(app: Flask, session: Session, kind: str) -> None:
    asked = ask(app, kind)
    work(app)
    found = session.get_one(Job, asked)
    assert (found.state, found.problem) == ("failed", "list_gone")

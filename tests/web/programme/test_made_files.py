"""Large data files are made beside the pages, and wait a day for who asked, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AuditEvent, Job
from survey.accounts.accounts import find_account
from survey.exports import formats
from survey.jobs import queue
from survey.jobs.worker import KEPT, Task, folder_of
from survey.operations.backup import back_up
from survey.terms import Action
from survey.web.programme import exports as pages
from survey.work import FOLDER, exporting
from tests.pages import text_of
from tests.recipients import name_recipients
from tests.web.desk.field import CASES, Field
from tests.working import work, worker_of
from tests.world import COMMUNE, NOW

PAGE = f"/desk/{COMMUNE}/exports"


@pytest.fixture(autouse=True)
def two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MANY", 2)


@pytest.fixture
def accepted(field: Any) -> Field:
    """Four households, three of them accepted."""
    made: Field = field(4, done=three_accepted)
    return made


def three_accepted(work: Field) -> None:
    for number in range(3):
        work.send(work.entry(number, CASES[number]))
        work.decide(work.sent[number], Action.ACCEPT)


def asked(browser: Any, name: str = "households.dta", page: str = PAGE, query: str = "") -> str:
    """The id of the job that was asked for."""
    answer = browser.post(f"{page}{query}", data={"file": name})
    assert answer.status_code == 303, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def made(browser: Any, **wanted: Any) -> str:
    job_id = asked(browser, **wanted)
    work(browser.application)
    return job_id


def got(browser: Any, job_id: str, **headers: str) -> Any:
    """The answer with its whole body, the file closed as a server closes it."""
    with browser.get(f"/desk/exports/made/{job_id}", headers=headers, buffered=True) as answer:
        return answer


def folder(app: Flask, job_id: str) -> Path:
    return folder_of(Path(app.config["INSTANCE"]) / FOLDER, job_id)


def job_of(session: Session, job_id: str) -> Job:
    session.rollback()
    return session.get_one(Job, job_id, populate_existing=True)


def test_a_file_of_many_households_is_made_by_a_job_and_is_the_one_that_streams(
    app: Flask, accepted: Field, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as("supervisor")
    refused = browser.get(f"{PAGE}/households.dta")
    assert refused.status_code == 409
    assert "Tệp số liệu" in text_of(refused)
    offered = browser.get(PAGE).text
    assert f'<form method="post" action="{PAGE}?' in offered
    assert '<button class="button button-second" name="file" value="so-ho-spss.zip">' in offered
    assert f'href="{PAGE}/codebook.xml?' in offered  # of no household: it streams
    assert browser.get(f"{PAGE}/codebook.xml").status_code == 200
    job_id = made(browser)
    [line] = [one for one in browser.get(PAGE).text.splitlines() if f"/exports/made/{job_id}" in one and "href" in one]
    assert f"households-{COMMUNE}-2026.dta" in line
    answer = got(browser, job_id)
    assert answer.mimetype == "application/x-stata-dta"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=households-{COMMUNE}-2026.dta"
    assert answer.headers["Cache-Control"] == "no-store"
    monkeypatch.setattr(pages, "MANY", 3)  # three are not many now
    assert browser.get(f"{PAGE}/households.dta").get_data() == answer.get_data()
    assert 'name="file"' not in browser.get(PAGE).text


def test_what_is_chosen_on_the_page_is_what_is_written(accepted: Field, login_as: Any) -> None:
    accepted.send(accepted.entry(3, CASES[3]))
    browser = login_as("province")
    query = "?state=all&style=semicolon"
    job_id = made(browser, name="households.csv", page=PAGE, query=query)
    answer = got(browser, job_id)
    assert f"households-{COMMUNE}-2026-tam-tinh.csv" in answer.headers["Content-Disposition"]
    assert answer.get_data().count(b"\r\n") == 1 + 4
    assert answer.get_data().startswith(b"\xef\xbb\xbfround_id;round_year;")


def test_a_download_that_broke_off_goes_on_where_it_was(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    job_id = made(browser)
    whole = got(browser, job_id)
    data, etag = whole.get_data(), whole.headers["ETag"]
    assert etag == f'"{hashlib.sha256(data).hexdigest()}"'  # strong: no W/
    assert whole.headers["Accept-Ranges"] == "bytes"
    rest = got(browser, job_id, **{"Range": "bytes=1000-", "If-Range": etag})
    assert (rest.status_code, rest.get_data()) == (206, data[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{len(data) - 1}/{len(data)}"
    other = got(browser, job_id, **{"Range": "bytes=1000-", "If-Range": '"another file"'})
    assert (other.status_code, other.get_data()) == (200, data)
    beyond = got(browser, job_id, Range=f"bytes={len(data)}-")
    assert beyond.status_code == 416
    assert got(browser, job_id, **{"If-None-Match": etag}).status_code == 304
    with browser.head(f"/desk/exports/made/{job_id}") as head:
        pass
    assert (head.status_code, head.content_length, head.get_data()) == (200, len(data), b"")


def test_only_who_asked_reaches_it_and_only_while_they_may(accepted: Field, session: Session, login_as: Any) -> None:
    browser = login_as("supervisor")
    job_id = made(browser)
    address = f"/desk/exports/made/{job_id}"
    for other in ("supervisor-2", "supervisor-other", "province", "admin"):
        assert login_as(other).get(address).status_code == 404, other
        assert login_as(other).post(f"{address}/remove").status_code == 404, other
    assert login_as("enumerator").get(address).status_code == 403
    account = accepted.account("supervisor")
    account.place_id = "03664"  # another commune is theirs now
    session.commit()
    assert browser.get(address).status_code == 404
    account.place_id, account.active = COMMUNE, False
    session.commit()
    assert browser.get(address).status_code in (302, 303, 401, 403)
    account.active = True
    session.commit()
    assert got(browser, job_id).status_code == 200


def test_who_may_no_more_when_its_turn_comes_gets_no_file(
    app: Flask, accepted: Field, session: Session, login_as: Any
) -> None:
    job_id = asked(login_as("supervisor"))
    accepted.account("supervisor").active = False
    session.commit()
    work(app)
    job = job_of(session, job_id)
    assert (job.state, job.problem) == ("failed", "forbidden")
    assert not folder(app, job_id).exists()


def test_it_waits_a_day_and_is_then_removed(app: Flask, accepted: Field, login_as: Any, clock: Any) -> None:
    browser = login_as("supervisor")
    job_id = made(browser)
    assert folder(app, job_id).joinpath("file").exists()
    assert stat.S_IMODE(folder(app, job_id).joinpath("file").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder(app, job_id).stat().st_mode) == 0o700
    clock.advance(seconds=KEPT.total_seconds())
    browser = login_as("supervisor")
    gone = got(browser, job_id)  # refused though the worker did not come by yet
    assert gone.status_code == 410
    assert job_id not in browser.get(PAGE).text
    clock.advance(seconds=1)
    worker_of(app).clean()
    assert not folder(app, job_id).exists()


def test_it_can_be_removed_before(app: Flask, accepted: Field, session: Session, login_as: Any) -> None:
    browser = login_as("supervisor")
    job_id = asked(browser)
    assert browser.post(f"/desk/exports/made/{job_id}/remove").status_code == 409  # it is being made
    work(app)
    answer = browser.post(f"/desk/exports/made/{job_id}/remove")
    assert answer.location.startswith(f"{PAGE}?round=")
    assert not folder(app, job_id).exists()
    assert got(browser, job_id).status_code == 410
    verbs = session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.like("export.%")).order_by(AuditEvent.at))
    assert sorted(verbs) == ["export.asked", "export.made", "export.removed"]


def test_no_backup_holds_it(app: Flask, accepted: Field, login_as: Any, tmp_path: Path) -> None:
    job_id = made(login_as("supervisor"), name="households.csv")
    content = folder(app, job_id).joinpath("file").read_bytes()
    name_recipients(Path(app.config["INSTANCE"]))
    held = back_up(app.extensions["engine"], Path(app.config["INSTANCE"]), tmp_path / "backup", NOW)["parts"]
    assert held
    assert hashlib.sha256(content).hexdigest() not in [one["sha256"] for one in held.values()]
    assert not any("jobs" in name for name in held)


def test_a_full_disk_is_said_and_leaves_nothing_half(
    app: Flask, accepted: Field, session: Session, login_as: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as("supervisor")
    job_id = asked(browser)

    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting, "sync_to_disk", full)
    for _try in range(queue.TRIES):
        worker_of(app).work()
        assert list(folder(app, job_id).iterdir()) == []
        clock.advance(seconds=60)
    assert job_of(session, job_id).problem == "storage_full"
    said = text_of(browser.get(f"/jobs/{job_id}"))
    assert "Ổ đĩa của máy chủ đã đầy." in said
    assert "Tệp chưa được giữ lại phần nào" in said


def test_it_is_stopped_at_the_next_hundredth_and_nothing_of_it_is_left(
    app: Flask, accepted: Field, session: Session, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as("supervisor")
    job_id, tell, told = asked(browser, name="households.csv"), Task.tell, []

    def tell_then(task: Task, word: str, done: int = 0, total: int | None = None) -> None:
        told.append(done)
        if done == 66:
            assert browser.post(f"/jobs/{job_id}/stop").status_code == 303
        tell(task, word, done, total)

    monkeypatch.setattr(Task, "tell", tell_then)
    work(app)
    assert told == [0, 33, 66]  # three households, each a third
    assert job_of(session, job_id).state == "cancelled"
    assert not folder(app, job_id).exists()
    assert "Tệp chưa được giữ lại phần nào" in text_of(browser.get(f"/jobs/{job_id}"))


def test_what_a_dead_worker_left_is_written_anew(app: Flask, accepted: Field, session: Session, login_as: Any) -> None:
    browser = login_as("supervisor")
    job_id = asked(browser)
    folder(app, job_id).mkdir(parents=True, mode=0o700)
    folder(app, job_id).joinpath("0123456789abcdef.part").write_bytes(b"half a file")
    work(app)
    assert [path.name for path in folder(app, job_id).iterdir()] == ["file"]
    result = job_of(session, job_id).result
    data = folder(app, job_id).joinpath("file").read_bytes()
    assert result == {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "households": 3}


def test_one_account_cannot_fill_the_disk(app: Flask, accepted: Field, login_as: Any, clock: Any) -> None:
    browser = login_as("supervisor")
    jobs = [asked(browser) for _ in range(exporting.MOST)]
    refused = browser.post(PAGE, data={"file": "households.csv"})
    assert refused.status_code == 409
    assert "5 tệp" in text_of(refused)
    asked(login_as("supervisor-2"))  # another's are another's
    work(app)
    assert browser.post(PAGE, data={"file": "households.csv"}).status_code == 409
    browser.post(f"/desk/exports/made/{jobs[0]}/remove")
    asked(browser)
    clock.advance(seconds=KEPT.total_seconds() + 60)
    browser = login_as("supervisor")
    for _ in range(exporting.MOST - 1):  # the one that was not made yet counts
        asked(browser)


def test_who_asked_and_each_download_are_on_record(accepted: Field, session: Session, login_as: Any) -> None:
    browser = login_as("supervisor")
    job_id = made(browser, name="households.csv")
    with browser.head(f"/desk/exports/made/{job_id}"):
        pass
    got(browser, job_id)
    got(browser, job_id, Range="bytes=100-")
    found = session.scalars(select(AuditEvent).where(AuditEvent.verb.like("export.%"))).all()
    account = find_account(session, "supervisor")
    assert isinstance(account, Account)
    assert {(one.account_id, one.subject) for one in found} == {(account.id, COMMUNE)}
    by_verb: dict[str, list[Any]] = {}
    for one in found:
        by_verb.setdefault(one.verb, []).append(one.detail)
    [begun], [written] = by_verb["export.asked"], by_verb["export.made"]
    assert (begun["file"], begun["job"], begun["state"]) == ("households.csv", job_id, "accepted")
    assert (written["households"], len(written["sha256"])) == (3, 64)
    assert sorted(one["from"] for one in by_verb["export.read"]) == [0, 100]
    assert all(one["job"] == job_id for one in by_verb["export.read"])


@pytest.mark.parametrize("name", ["", "../households.csv", "nothing.csv", "households.csv\x00"])
def test_what_is_not_offered_is_not_made(accepted: Field, session: Session, login_as: Any, name: str) -> None:
    assert login_as("supervisor").post(PAGE, data={"file": name}).status_code in (400, 404)
    assert login_as("supervisor").get("/desk/exports/made/nothing").status_code == 404
    assert session.scalars(select(Job)).all() == []


def test_progress_counts_a_format_that_reads_twice_as_twice() -> None:
    offers = formats.offers()
    assert formats.readings(offers["households.csv"]) == 1
    assert formats.readings(offers["households.dta"]) == 2
    assert formats.readings(offers["so-ho.zip"]) == 3
    assert formats.readings(offers["so-ho-spss.zip"]) == 6
    assert formats.readings(offers["no_interview.csv"]) == 0


def test_each_offer_is_made(app: Flask, accepted: Field, session: Session, login_as: Any, clock: Any) -> None:
    browser, offers = login_as("supervisor"), formats.offers()
    for name, offer in offers.items():
        job_id = made(browser, name=name)
        job = job_of(session, job_id)
        assert job.state == "done", (name, job.problem)
        answer = got(browser, job_id)
        assert (answer.mimetype, len(answer.get_data())) == (offer.media_type, job.result["size"]), name
        browser.post(f"/desk/exports/made/{job_id}/remove")
        clock.now = NOW + timedelta(seconds=1)

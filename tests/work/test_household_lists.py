"""What is loaded is what was seen; where the register changed meanwhile it is read again, or refused with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Account, Household, Job
from survey.jobs import queue
from survey.jobs.queue import LEASE
from survey.jobs.worker import folder_of
from survey.register import loading
from survey.register.entries import import_household
from survey.work import ALONE, LOAD_LIST, READ_LIST
from survey.work.household_lists import Upload
from tests.commands.test_commands import run
from tests.register.test_importing import HOUSEHOLDS, VILLAGES
from tests.work.test_killed_worker import asked
from tests.working import worker_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE


@pytest.fixture
def read(app: Flask) -> str:
    """A list that was read and seen."""
    worker, job_id = worker_of(app), asked(app, READ_LIST)
    files = {"villages.csv": VILLAGES.encode(), "households.csv": HOUSEHOLDS.encode()}
    Upload(COMMUNE, files).keep(folder_of(worker.folder, job_id))
    worker.work()
    return job_id


def comes_meanwhile(app: Flask, code: str, head: str) -> None:
    with Session(app.extensions["engine"]) as session, session.begin():
        import_household(
            session, commune_id=COMMUNE, household_id="x", village_id=VILLAGE, head_name=head, now=NOW, code=code
        )


def heads(session: Session) -> list[str]:
    session.rollback()
    return sorted(session.scalars(select(Household.head_name)))


def test_the_files_are_kept_from_others_and_gone_when_it_is_loaded(app: Flask, session: Session, read: str) -> None:
    worker = worker_of(app)
    folder = folder_of(worker.folder, read)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert {path.name for path in folder.iterdir()} == {"given.json", "seen.json", "rows.json"}
    parameters = str(session.get_one(Job, read).parameters) + str(session.get_one(Job, read).result)
    assert "Mẫu" not in parameters
    asked(app, LOAD_LIST, follows=read)
    worker.work()
    assert (folder.exists(), len(heads(session))) == (False, 3)


def test_it_is_read_again_when_somebody_came_meanwhile(app: Flask, session: Session, read: str) -> None:
    comes_meanwhile(app, "03757-01-009", "Lò Thị Khác")
    load = asked(app, LOAD_LIST, follows=read)
    worker_of(app).work()
    assert session.get_one(Job, load).state == "done"
    assert heads(session) == ["Cà Văn Nháp", "Lò Thị Khác", "Lò Văn Mẫu", "Quàng Thị Thử"]


def test_what_does_not_fit_any_more_loads_nothing_and_says_so(app: Flask, session: Session, read: str) -> None:
    comes_meanwhile(app, "MAU-1", "Lò Thị Khác")
    load = asked(app, LOAD_LIST, follows=read)
    worker_of(app).work()
    found: Any = session.get_one(Job, load)
    assert (found.state, found.problem) == ("failed", "list_changed")
    assert heads(session) == ["Lò Thị Khác"]


def test_it_is_stopped_until_the_first_part_and_then_brought_to_its_end(
    app: Flask, session: Session, read: str, clock: Any
) -> None:
    load = asked(app, LOAD_LIST, follows=read)
    with Session(app.extensions["engine"]) as writing, writing.begin():
        queue.take(writing, "dead", clock.now, {LOAD_LIST})
        queue.ask_to_stop(writing, writing.get_one(Job, load), clock.now)
    clock.advance(minutes=5)
    worker_of(app).work()
    assert (session.get_one(Job, load).state, heads(session)) == ("cancelled", [])


def test_the_command_and_a_job_never_load_one_commune_at_once(
    app: Flask, session: Session, read: str, clock: Any, tmp_path: Path
) -> None:
    (tmp_path / "villages.csv").write_text(VILLAGES)
    (tmp_path / "households.csv").write_text(HOUSEHOLDS)
    command = "register", "import", str(tmp_path), "--commune", COMMUNE
    asked(app, LOAD_LIST, follows=read)
    with Session(app.extensions["engine"]) as writing, writing.begin():
        queue.take(writing, "half", clock.now, {LOAD_LIST})
    code, said = run(app, *command)
    assert (code, "đang được nạp" in said, heads(session)) == (1, True, [])
    clock.advance(seconds=LEASE.total_seconds())
    assert worker_of(app).work()
    session.rollback()
    assert run(app, *command)[0] == 0
    states = select(Job.state).where(Job.kind == LOAD_LIST)
    assert (session.scalars(states).all(), len(heads(session))) == (["done", "done"], 3)


def test_while_the_command_loads_a_job_waits(app: Flask, session: Session, read: str, tmp_path: Path) -> None:
    (tmp_path / "villages.csv").write_text(VILLAGES)
    (tmp_path / "households.csv").write_text(HOUSEHOLDS)
    load, write, seen = asked(app, LOAD_LIST, follows=read), loading.write, []

    def beside(*given: Any) -> None:
        with Session(app.extensions["reading_engine"]) as other:
            seen.append(queue.waiting(other, NOW, ALONE))
        write(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loading, "write", beside)
        code, said = run(app, "register", "import", str(tmp_path), "--commune", COMMUNE)
    assert (code, seen) == (0, [False, False]), said
    worker_of(app).work()
    assert (session.get_one(Job, load).problem, len(heads(session))) in ((None, 3), ("list_changed", 3))


@pytest.mark.parametrize("change", [{"active": False}, {"place_id": OTHER_COMMUNE}])
def test_who_may_not_write_there_any_more_loads_nothing_and_sees_nothing(
    app: Flask, session: Session, read: str, login_as: Any, change: dict[str, Any]
) -> None:
    supervisor = login_as("supervisor")
    load = asked(app, LOAD_LIST, follows=read)
    with Session(app.extensions["engine"]) as writing, writing.begin():
        writing.execute(update(Account).where(Account.username == "supervisor").values(change))
    assert supervisor.get(f"/register/import/seen/{read}").status_code != 200
    worker_of(app).work()
    assert (session.get_one(Job, load).problem, heads(session)) == ("forbidden", [])

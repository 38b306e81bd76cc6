"""A worker is killed in the middle of its work (kill -9), and the next one comes to the same end."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Account, AuditEvent, Household, Job, RegisterEntry, RegisterEvent
from models.database import open_engine
from survey.jobs import queue
from survey.jobs.queue import LEASE
from survey.jobs.worker import Worker, folder_of
from survey.register import event_log, loading
from survey.work import FOLDER, KINDS, LOAD_LIST, READ_LIST
from survey.work.household_lists import Upload
from tests.interviews import ROUND
from tests.working import worker_of
from tests.world import COMMUNE, NOW

HOUSEHOLDS = 3 * loading.IN_ONE - 50  # more than two parts


def given() -> Upload:
    villages = "number,name,division,area\n3,Bản Nà Mẫu,Bản,nong_thon\n"
    rows = "".join(f"{2 + at % 2},Lò Văn Mẫu {at},Hộ nghèo\n" for at in range(HOUSEHOLDS))
    return Upload(
        COMMUNE, {"villages.csv": villages.encode(), "households.csv": f"village,head,class\n{rows}".encode()}
    )


def asked(app: Flask, kind: str, **more: Any) -> str:
    with Session(app.extensions["engine"]) as session, session.begin():
        mine = session.scalar(select(Account.id).where(Account.username == "supervisor"))
        job = queue.ask(session, kind, NOW, account_id=mine, commune_id=COMMUNE, **more)
        return job.id


def die_at(url: str, folder: Path, part: int, is_committed: bool) -> None:
    """What a process does that is killed while it writes the part of this number, or right after it."""
    write, number = loading.write, 0

    def write_and_die(*given: Any) -> None:
        nonlocal number
        if is_committed and number == part:
            os.kill(os.getpid(), signal.SIGKILL)
        number += 1
        write(*given)
        if not is_committed and number == part:
            os.kill(os.getpid(), signal.SIGKILL)

    loading.write = write_and_die
    Worker(open_engine(url), folder, KINDS, lambda: NOW).work()


@pytest.mark.thorough
@pytest.mark.parametrize(("part", "is_committed"), [(1, False), (1, True), (3, False), (3, True)])
def test_a_load_whose_worker_was_killed_is_brought_to_its_end(
    app: Flask, session: Session, clock: Any, small_round: str, part: int, is_committed: bool
) -> None:
    worker = worker_of(app)
    read = asked(app, READ_LIST)
    given().keep(folder_of(worker.folder, read))
    worker.work()
    planned = (folder_of(worker.folder, read) / "rows.json").read_text()
    load = asked(app, LOAD_LIST, follows=read)
    folder = Path(app.config["INSTANCE"]) / FOLDER
    arguments = (app.config["DATABASE_URL"], folder, part, is_committed)
    child = multiprocessing.get_context("spawn").Process(target=die_at, args=arguments)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    there = {0: 0, 1: 0, 2: loading.IN_ONE, 3: 2 * loading.IN_ONE}[part if is_committed else part - 1]
    mine = select(func.count()).select_from(Household).where(Household.base_head_name.startswith("Lò Văn Mẫu"))
    assert session.scalar(mine) == there
    assert not worker.work()  # its lease holds
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert worker.work()
    session.rollback()
    found = session.get_one(Job, load)
    assert (found.state, found.result["counts"]["households"], found.done) == ("done", HOUSEHOLDS, HOUSEHOLDS)
    assert session.scalar(mine) == HOUSEHOLDS
    codes = select(Household.id, Household.code).where(Household.base_head_name.startswith("Lò Văn Mẫu"))
    for id, code in session.execute(codes):
        assert f'"id": "{id}", "code": "{code}"' in planned
    events = select(RegisterEvent).where(RegisterEvent.commune_id == COMMUNE)
    mine_only = [event for event in session.scalars(events) if str(event.payload["head"]).startswith("Lò Văn Mẫu")]
    assert (len(mine_only), len({event.act for event in mine_only}), event_log.broken(session, COMMUNE)) == (
        HOUSEHOLDS, 1, None,
    )  # fmt: skip
    asked_in = select(RegisterEntry.change).filter_by(round_id=ROUND, commune_id=COMMUNE)
    entries = session.scalars(asked_in).all()
    assert len(entries) == len(set(entries)) == HOUSEHOLDS + 4
    assert len(session.scalars(select(AuditEvent).where(AuditEvent.verb == "register.imported")).all()) == 1
    assert list(folder.iterdir()) == []

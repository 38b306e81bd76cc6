"""A list that the commune police checked: read and held against the register, then asked for, some persons at a time.

The file lies in the folder of the job that reads it, beside it what was found. Whoever confirms asks for what was seen;
what somebody decided or changed since is left out and told, and nothing is asked for twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from models.commune_counter import lock_commune
from survey.corrections import police_check
from survey.corrections.police_check import Came, Checked, Line
from survey.evidence import audit
from survey.jobs.worker import Task, private
from survey.register.csv_rows import Mistake
from survey.register.event_log import Done
from survey.work.asker import check_asker
from survey.work.household_lists import GIVEN, SEEN, kept

IN_ONE = 5  # persons of one transaction: each reads the households that share people with theirs
VERB = "register.police_asked"  # in the log


@dataclass(frozen=True)
class Upload:
    """The file that came back: its name and content. `reason`: what its requests say first."""

    commune_id: str
    name: str
    data: bytes
    reason: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def check(self, session: Session, now: datetime) -> Checked:
        return police_check.check(session, self.commune_id, self.name, self.data, now)

    def keep(self, folder: Path) -> None:
        given = asdict(self) | {"data": base64.b64encode(self.data).decode()}
        private(folder / GIVEN, json.dumps(given).encode())


def kept_upload(folder: Path) -> Upload:
    """Raises `list_gone` when it is not kept any more."""
    given = kept(folder / GIVEN)
    return Upload(**given | {"data": base64.b64decode(given["data"])})


def kept_checked(folder: Path) -> Checked:
    """Raises `list_gone`."""
    found = kept(folder / SEEN)
    lines = {name: [Line(**one) for one in found[name]] for name in ("differs", "overtaken", "gone", "remarks")}
    return Checked(**found | lines | {"mistakes": [Mistake(**one) for one in found["mistakes"]]})


def read_police(task: Task) -> dict[str, Any]:
    """Hold the list against the register, and keep what was found."""
    task.tell("reading")
    upload = kept_upload(task.folder)
    with task.reading() as session:
        found = upload.check(session, task.now())
    private(task.folder / SEEN, json.dumps(asdict(found)).encode())
    return {"counts": found.counts()}


def ask_police(task: Task) -> dict[str, Any]:
    """Ask for what was seen; what was asked for before it was stopped stays."""
    if task.cursor and task.cursor["at"] == task.total:  # only its end was not told
        return result_of(task.cursor)
    folder = task.folder_of_former()
    upload, lines = kept_upload(folder), kept_checked(folder).differs
    begun = task.cursor or begin(task.now())
    for start in range(begun["at"], len(lines), IN_ONE):
        with task.step() as session:
            check_asker(session, task, task.commune_id or "")
            begun = write(session, upload, lines, start, task.account_id, begun)
            task.reached("asking", begun["at"], len(lines), begun)
    shutil.rmtree(folder, ignore_errors=True)
    return result_of(begun)


def begin(now: datetime) -> dict[str, Any]:
    """How far it is: when it began, at which person, how many requests, and whom it left out."""
    return {"began": now.isoformat(), "at": 0, "asked": 0, "left_out": []}


def write(
    session: Session, upload: Upload, lines: list[Line], start: int, account_id: str | None, begun: dict[str, Any]
) -> dict[str, Any]:
    """Ask for some persons' in one transaction; returns how far it is then."""
    lock_commune(session, upload.commune_id)
    done = Done(account_id, datetime.fromisoformat(begun["began"]), upload.reason)
    if start == 0:
        detail = {"persons": len(lines), "sha256": upload.sha256}
        audit.record(session, done.at, account_id, VERB, upload.commune_id, detail)
    asked, left_out = begun["asked"], list(begun["left_out"])
    part = lines[start : start + IN_ONE]
    for one in part:
        came, requests = police_check.ask(session, upload.commune_id, one, done)
        asked += requests
        left_out += [[one.code, came.value]] if came in (Came.OVERTAKEN, Came.REFUSED) else []
    return begun | {"at": start + len(part), "asked": asked, "left_out": left_out}


def result_of(begun: dict[str, Any]) -> dict[str, Any]:
    """`asked`: how many requests; `left_out`: codes of households of which something was not asked for, and why."""
    return {"asked": begun["asked"], "left_out": begun["left_out"]}

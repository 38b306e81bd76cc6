"""A list of supports: read and looked at row by row, then written down, some rows at a time.

The file lies in the folder of the job that reads it, beside it what was found. Whoever confirms has written down what
was seen, all in one act; a row against which a rule stands by then is left out and told. What was left out stays in the
folder for a day, as a list that can be mended and brought again.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from models.commune_counter import lock_commune
from survey.evidence import audit
from survey.jobs.worker import Task, private
from survey.register.event_log import Done
from survey.supports import lists
from survey.supports.giving import Blind
from survey.supports.lists import Read, Sound, Whole
from survey.work.asker import check_asker
from survey.work.household_lists import GIVEN, SEEN, kept

IN_ONE = 2  # rows of one transaction: each is looked at once more under its household's history, some 30 ms
TOLD = 50  # rows between two words of how far it is
VERB = "support.listed"  # in the log


@dataclass(frozen=True)
class Upload:
    """The file of a list: its name and content, and what holds for its rows that say nothing of it."""

    commune_id: str
    name: str
    data: bytes
    whole: Whole

    def keep(self, folder: Path) -> None:
        whole = self.whole
        said = {
            "commune_id": self.commune_id, "name": self.name, "data": base64.b64encode(self.data).decode(),
            "kind": whole.kind, "project": whole.project,
            "given_on": whole.given_on.isoformat() if whole.given_on else None,
        }  # fmt: skip
        private(folder / GIVEN, json.dumps(said).encode())


def kept_upload(folder: Path) -> Upload:
    """Raises `list_gone` when it is not kept any more."""
    said = kept(folder / GIVEN)
    given_on = date.fromisoformat(said["given_on"]) if said["given_on"] else None
    whole = Whole(said["kind"], said["project"], given_on)
    return Upload(said["commune_id"], said["name"], base64.b64decode(said["data"]), whole)


def kept_read(folder: Path) -> Read:
    """Raises `list_gone`."""
    return lists.of_json(kept(folder / SEEN))


def read_supports(blind: Blind, task: Task) -> dict[str, Any]:
    """Look at each row, and keep what was found. `blind`: makes the keyed hash of an identity number."""
    task.tell("reading")
    upload = kept_upload(task.folder)

    def tell(done: int, of_all: int) -> None:
        if done % TOLD == 0:
            task.tell("looking", done, of_all)

    with task.reading() as session:
        found = lists.read_list(
            session, upload.commune_id, upload.name, upload.data, task.now(), upload.whole, blind, tell
        )
    private(task.folder / SEEN, json.dumps(lists.as_json(found)).encode())
    return {"sound": len(found.sound), "left": len(found.left)}


def give_supports(blind: Blind, task: Task) -> dict[str, Any]:
    """Write down what was seen; what was written before it was stopped stays."""
    if task.cursor and task.cursor["at"] == task.total:  # only its end was not told
        return result_of(task.cursor)
    sound = kept_read(task.folder_of_former()).sound
    begun = task.cursor or begin(task.now())
    for start in range(begun["at"], len(sound), IN_ONE):
        with task.step() as session:
            check_asker(session, task, task.commune_id or "")
            begun = write(session, task.commune_id or "", sound, start, task.account_id, begun, blind)
            task.reached("giving", begun["at"], len(sound), begun)
    return result_of(begun)


def begin(now: datetime) -> dict[str, Any]:
    """How far it is: when it began and in which act, at which row, how many are written, and which it left out."""
    return {"began": now.isoformat(), "act": Done(None, now).act, "at": 0, "given": 0, "left_out": []}


def write(
    session: Session, commune_id: str, sound: list[Sound], start: int, account_id: str | None, begun: dict[str, Any],
    blind: Blind,
) -> dict[str, Any]:  # fmt: skip
    """Write some rows in one transaction; returns how far it is then."""
    lock_commune(session, commune_id)
    done = Done(account_id, datetime.fromisoformat(begun["began"]), act=begun["act"])
    if start == 0:
        audit.record(session, done.at, account_id, VERB, commune_id, {"supports": len(sound), "act": done.act})
    given, left_out = begun["given"], list(begun["left_out"])
    part = sound[start : start + IN_ONE]
    for one in part:
        rule = lists.write_row(session, one.given, done, blind)
        given += rule is None
        left_out += [[one.row, rule]] if rule is not None else []
    return begun | {"at": start + len(part), "given": given, "left_out": left_out}


def result_of(begun: dict[str, Any]) -> dict[str, Any]:
    """`given`: how many are written down; `left_out`: rows that are not, each with the rule; `at`: how many were gone
    through."""
    return {name: begun[name] for name in ("given", "left_out", "act", "at")}

"""A commune's list of households: read into a plan that somebody looks at, then loaded as it was seen.

The files lie in the folder of the job that reads them, with the answers that were given; beside them it leaves what the
page shows and the rows that are to be written. The job that loads follows it and goes by those rows: what is loaded is
what was seen, and a worker that takes over goes on with the same rows. Only where the register changed meanwhile is the
list read again.
"""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from survey.jobs.worker import Task, private
from survey.problems import Problem
from survey.register import importing, loading
from survey.register.event_log import Done
from survey.register.loading import Rows
from survey.register.plan import Plan
from survey.work.asker import check_asker
from survey.work.preview import Preview, preview_of, read_preview

GIVEN, SEEN, ROWS = "given.json", "seen.json", "rows.json"


@dataclass
class Upload:
    """The files of a list (name → content), and what was answered to its questions."""

    commune_id: str
    files: dict[str, bytes]
    answers: dict[str, str] = field(default_factory=dict)

    def plan(self, session: Session, now: datetime) -> Plan:
        if importing.is_list(self.files):
            return importing.plan_list(session, self.commune_id, self.files, now, self.answers)
        return importing.plan(session, self.commune_id, self.files, now)

    def keep(self, folder: Path) -> None:
        files = {name: base64.b64encode(data).decode() for name, data in self.files.items()}
        given = {"commune": self.commune_id, "files": files, "answers": self.answers}
        private(folder / GIVEN, json.dumps(given).encode())


def kept_upload(folder: Path) -> Upload:
    """What was given to a job that reads a list. Raises `list_gone` when it is not kept any more."""
    given = kept(folder / GIVEN)
    files = {name: base64.b64decode(data) for name, data in given["files"].items()}
    return Upload(given["commune"], files, given["answers"])


def kept_preview(folder: Path) -> Preview:
    return read_preview(kept(folder / SEEN))


def read_list(task: Task) -> dict[str, Any]:
    """Make the plan, and keep what is shown of it and what it would write."""
    task.tell("reading")
    upload = kept_upload(task.folder)
    with task.reading() as session:
        made = upload.plan(session, task.now())
    seen = _keep_plan(task.folder, made)
    return {"counts": seen.counts, "mistakes": seen.wrong, "questions": len(seen.questions)}


def load_list(task: Task) -> dict[str, Any]:
    """Write the rows of a plan that was seen. Until the first of them is there it can be stopped; from then on it is a
    matter of seconds, and brought to its end."""
    folder = task.folder_of_former()
    for _time in range(loading.AGAIN):
        if task.cursor and task.cursor["entered"] == task.total:  # only its end was not told
            return {"counts": task.cursor["counts"]}
        rows = Rows(**kept(folder / ROWS))
        begun = task.cursor or _begin(task, rows)
        done = Done(task.account_id, datetime.fromisoformat(begun["at"]), act=begun["act"])
        try:
            for part in loading.parts(rows, begun["entered"]):
                with task.step(may_stop=part.stop == 0) as session:
                    if part.stop == 0:
                        check_asker(session, task, task.commune_id or "")
                    loading.write(session, rows, part, done)
                    task.reached("loading", part.stop, part.total, begun | {"entered": part.stop})
            shutil.rmtree(folder, ignore_errors=True)
            return {"counts": rows.counts}
        except loading.Changed:
            _read_again(task, folder)
    raise Problem("list_changed")


def _begin(task: Task, rows: Rows) -> dict[str, Any]:
    """When it is entered and in which act: the same for all of it, whoever goes on."""
    at = task.now()
    return {"entered": None, "at": at.isoformat(), "act": Done(None, at).act, "counts": rows.counts}


def _read_again(task: Task, folder: Path) -> None:
    task.tell("reading")
    with task.reading() as session:
        made = kept_upload(folder).plan(session, task.now())
    if made.mistakes or made.open_questions:
        raise Problem("list_changed")
    _keep_plan(folder, made)


def _keep_plan(folder: Path, made: Plan) -> Preview:
    seen = preview_of(made)
    private(folder / SEEN, json.dumps(asdict(seen)).encode())
    if seen.is_ready:
        private(folder / ROWS, json.dumps(loading.rows_of(made).as_json()).encode())
    return seen


def kept(path: Path) -> Any:
    """Raises `list_gone` when it is not there any more."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise Problem("list_gone") from None

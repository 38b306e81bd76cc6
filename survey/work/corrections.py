"""A list that corrects households of a commune: read, looked at, written down household by household, undone.

As with a list that is imported the file lies in the folder of the job that reads it, with the answers; beside it are
what the page shows and the corrections that were seen, and whoever confirmed adds why. A correction that somebody came
before is left out and told. The undoing is looked at in the same way: what something newer needs stays, and is named.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ChangeRequest, Household, Job, RegisterEvent
from models.commune_counter import lock_commune
from survey.clocks import day_of, instant
from survey.corrections import corrections
from survey.corrections.corrections import Came, Correction, ListPlan
from survey.evidence import audit
from survey.jobs.worker import Task, private
from survey.problems import Problem
from survey.register.csv_rows import Mistake
from survey.register.event_log import Done
from survey.register.plan import Note
from survey.register.questions import Example, Option, Question
from survey.register.remembered_words import remember
from survey.review import requests
from survey.review.register_acts import EVIDENCE
from survey.submissions.evaluated_first import evaluated_first
from survey.terms import RegisterKind, RequestVerdict
from survey.work.asker import check_asker
from survey.work.household_lists import GIVEN, ROWS, SEEN, kept

WHY = "why.json"
IN_ONE = 3  # households of one transaction: each with an interview is judged again, some tens of milliseconds
MISTAKES = 200  # that are shown one by one


@dataclass
class Upload:
    """The file of a list (name and content), since which day it holds, and what was answered to its questions."""

    commune_id: str
    name: str
    data: bytes
    since: date
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def plan(self, session: Session, now: datetime, accepts_proposals: bool = False) -> ListPlan:
        files = {self.name: self.data}
        return corrections.plan(session, self.commune_id, files, now, self.since, self.answers, accepts_proposals)

    def keep(self, folder: Path) -> None:
        given = {"commune_id": self.commune_id, "name": self.name, "data": base64.b64encode(self.data).decode(),
                 "since": self.since.isoformat(), "answers": self.answers}  # fmt: skip
        private(folder / GIVEN, json.dumps(given).encode())


def kept_upload(folder: Path) -> Upload:
    given = kept(folder / GIVEN)
    return Upload(**given | {"data": base64.b64decode(given["data"]), "since": date.fromisoformat(given["since"])})


@dataclass(frozen=True)
class Seen:
    """What a page shows of a list."""

    counts: dict[str, int]
    mistakes: list[Mistake]
    faults: list[list[Any]]
    questions: list[Question]
    notes: list[Note]
    unknown_columns: list[list[str]]

    @property
    def wrong(self) -> int:
        return sum(number for _, number in self.faults)

    @property
    def is_ready(self) -> bool:
        """Nothing stands against it, and it corrects something."""
        return not self.faults and not self.questions and self.counts["households"] > 0


def seen_of(made: ListPlan) -> Seen:
    return Seen(
        made.counts(),
        made.mistakes[:MISTAKES],
        [list(one) for one in made.faults()],
        made.open_questions,
        made.notes,
        [list(one) for one in made.unknown_columns],
    )


def kept_seen(folder: Path) -> Seen:
    found = kept(folder / SEEN)
    questions = [
        Question(
            **one
            | {
                "options": [Option(**option) for option in one["options"]],
                "examples": [Example(**example) for example in one["examples"]],
            }
        )
        for one in found["questions"]
    ]
    mistakes, notes = [Mistake(**one) for one in found["mistakes"]], [Note(**one) for one in found["notes"]]
    return Seen(**found | {"questions": questions, "mistakes": mistakes, "notes": notes})


@dataclass(frozen=True)
class Rows:
    """What is to be written: each correction, and the words that were learnt (kind, word, meaning)."""

    corrections: list[Correction]
    words: list[list[str]]


def rows_of(made: ListPlan) -> Rows:
    return Rows(made.corrections, [[kind, word, meaning] for (kind, word), meaning in made.words.items()])


def kept_rows(folder: Path) -> Rows:
    found = kept(folder / ROWS)
    return Rows([Correction(**one) for one in found["corrections"]], found["words"])


def keep_why(folder: Path, reason: str) -> None:
    """Why it is done, for the job that does it: words about people do not stand in the table of jobs."""
    private(folder / WHY, json.dumps(reason).encode())


def read_corrections(task: Task) -> dict[str, Any]:
    """Compare the list with the register, and keep what is shown of it and what it would write."""
    task.tell("reading")
    upload = kept_upload(task.folder)
    with task.reading() as session:
        made = upload.plan(session, task.now())
    keep_plan(task.folder, made)
    return {"counts": made.counts(), "mistakes": len(made.mistakes), "questions": len(made.open_questions)}


def keep_plan(folder: Path, made: ListPlan) -> None:
    private(folder / SEEN, json.dumps(asdict(seen_of(made))).encode())
    private(folder / ROWS, json.dumps(asdict(rows_of(made))).encode())


def correct(task: Task) -> dict[str, Any]:
    """Write down what was seen. Until the first household it can be stopped; then it is brought to its end, and undone
    as a whole if it was wrong. Raises `list_gone` where the folder was lost meanwhile: what was written stays, and the
    cursor says what that is."""
    if task.cursor and task.cursor["at_row"] == task.total:  # only its end was not told
        return result_of(task.cursor)
    folder = task.folder_of_former()
    upload, rows, reason = kept_upload(folder), kept_rows(folder), kept(folder / WHY)
    begun = task.cursor or begin(task.now())
    done = done_by(task.id, task.account_id, upload, reason, begun)
    for start in range(begun["at_row"], len(rows.corrections), IN_ONE):
        with task.step(may_stop=start == 0) as session:
            if start == 0:
                check_asker(session, task, task.commune_id or "")
            begun = write(session, upload, rows, start, done, begun)
            task.reached("correcting", begun["at_row"], len(rows.corrections), begun)
    shutil.rmtree(folder, ignore_errors=True)
    return result_of(begun)


def begin(now: datetime) -> dict[str, Any]:
    """How far it is: when it began, at which row, and what became of the rows before."""
    return {"began": now.isoformat(), "at_row": 0, "came": {}, "asked": 0, "left_out": []}


def done_by(job_id: str, account_id: str | None, upload: Upload, reason: str, begun: dict[str, Any]) -> Done:
    evidence = {"file": upload.name, "sha256": upload.sha256, "job": job_id}
    return Done(account_id, datetime.fromisoformat(begun["began"]), reason, evidence=evidence)


def write(
    session: Session, upload: Upload, rows: Rows, start: int, done: Done, begun: dict[str, Any]
) -> dict[str, Any]:
    """Write some households' corrections in one transaction; returns how far it is then."""
    lock_commune(session, upload.commune_id)
    if start == 0:
        words = {(kind, word): meaning for kind, word, meaning in rows.words}
        remember(session, upload.commune_id, words, done.at, done.account_id)
        detail = {"households": len(rows.corrections), "sha256": upload.sha256}
        audit.record(session, done.at, done.account_id, "register.corrected_by_list", upload.commune_id, detail)
    came, left_out = Counter(begun["came"]), list(begun["left_out"])
    part, asked = rows.corrections[start : start + IN_ONE], begun["asked"]
    for one in part:
        became = corrections.apply(session, upload.commune_id, one, upload.since, done)
        came[became.value] += 1
        asked += len(one.asked(upload.since)) if became is Came.DONE else 0
        left_out += [[one.code, became.value]] if became is not Came.DONE else []
    return begun | {"at_row": start + len(part), "came": dict(came), "asked": asked, "left_out": left_out}


def done_so_far(begun: dict[str, Any]) -> int:
    """How many households were corrected, or had it undone."""
    return int(begun["came"].get(Came.DONE, 0))


def result_of(begun: dict[str, Any]) -> dict[str, Any]:
    """`asked`: how many numbers were asked for; `left_out`: codes of the households that were not corrected, and
    why."""
    return {
        "began": begun["began"],
        "corrected": done_so_far(begun),
        "asked": begun["asked"],
        "left_out": begun["left_out"],
    }


# --- undone as a whole -------------------------------------------------------------------------------------------


class Act(NamedTuple):
    """What one household's correction came to. `rule`: why it cannot be undone; "register_undone": it was."""

    seq: int
    household_id: str
    code: str
    rule: str | None


def acts_of(session: Session, job: Job, today: date, account_id: str | None) -> list[Act]:
    """The corrections of a list, the last first, each with what stands against its undoing."""
    of_commune = select(RegisterEvent).where(
        RegisterEvent.commune_id == job.commune_id, RegisterEvent.at >= job.asked_at
    )
    first: dict[str, RegisterEvent] = {}
    for row in session.scalars(of_commune.order_by(RegisterEvent.seq)):
        if row.payload.get(EVIDENCE, {}).get("job") == job.id:
            first.setdefault(row.act, row)
    found = []
    for row in reversed(first.values()):
        plan = requests.plan_undo(session, row.commune_id, row.seq, today, account_id)
        code = session.get_one(Household, (row.commune_id, row.household_id)).code
        found.append(Act(row.seq, row.household_id, code, plan.rule))
    return found


def asked_by(session: Session, job: Job) -> list[ChangeRequest]:
    """What a list asked for and nobody has decided."""
    began = (job.result or job.cursor or {}).get("began")
    waiting = requests.undecided(session, job.commune_id or "")
    return [one for one in waiting if instant(one.at) == _instant(began) and one.account_id == job.account_id]


def _instant(text: str | None) -> str | None:
    return instant(datetime.fromisoformat(text)) if text else None


def read_undoing(task: Task) -> dict[str, Any]:
    """What of a list can be undone (`parameters`: "of", the job that wrote it), and what stands over the rest."""
    task.tell("reading")
    with task.reading() as session:
        job = session.get_one(Job, task.parameters["of"])
        acts = acts_of(session, job, day_of(task.now()), task.account_id)
        asked = asked_by(session, job)
    return undoing_of(acts, asked)


def undoing_of(acts: list[Act], asked: list[ChangeRequest]) -> dict[str, Any]:
    """As small plain values; `blocked`: the code of each household that stays, and the rule."""
    return {
        "can": [one.seq for one in acts if one.rule is None],
        "undone": sum(one.rule == "register_undone" for one in acts),
        "blocked": [
            [one.code, one.household_id, one.rule] for one in acts if one.rule not in (None, "register_undone")
        ],
        "asked": len(asked),
    }


def undo_corrections(task: Task) -> dict[str, Any]:
    """Undo what was seen to be possible, the last correction first; what something newer needs by now stays."""
    folder = task.folder_of_former()
    with task.reading() as session:
        seen = session.get_one(Job, task.follows or "")
        seqs, job_id = list((seen.result or {})["can"]), seen.parameters["of"]
    if task.cursor and task.cursor["at_row"] == task.total:  # only its end was not told
        return undone_of(task.cursor, job_id)
    begun = task.cursor or begin(task.now())
    done = Done(task.account_id, datetime.fromisoformat(begun["began"]), kept(folder / WHY))
    for start in range(begun["at_row"], max(len(seqs), 1), IN_ONE):
        with task.step(may_stop=start == 0) as session:
            if start == 0:
                check_asker(session, task, task.commune_id or "")
                take_back(session, session.get_one(Job, job_id), done)
            begun = undo(session, task.commune_id or "", seqs, start, done, begun)
            task.reached("undoing", begun["at_row"], len(seqs), begun)
    shutil.rmtree(folder, ignore_errors=True)
    return undone_of(begun, job_id)


def undone_of(begun: dict[str, Any], job_id: str) -> dict[str, Any]:
    return {"undone": done_so_far(begun), "left_out": begun["left_out"], "of": job_id}


@evaluated_first
def undo(
    session: Session, commune_id: str, seqs: list[int], start: int, done: Done, begun: dict[str, Any]
) -> dict[str, Any]:
    """Undo some acts in one transaction; returns how far it is then."""
    lock_commune(session, commune_id)
    came, left_out = Counter(begun["came"]), list(begun["left_out"])
    for seq in seqs[start : start + IN_ONE]:
        row = session.get_one(RegisterEvent, (commune_id, seq))
        try:
            requests.undo(session, commune_id, seq, done)
            came[Came.DONE.value] += 1
        except Problem as refusal:
            if refusal.code != "register_undone":
                code = session.get_one(Household, (commune_id, row.household_id)).code
                left_out.append([code, row.household_id, refusal.code])
    return begun | {"at_row": min(start + IN_ONE, len(seqs)), "came": dict(came), "left_out": left_out}


def take_back(session: Session, job: Job, done: Done) -> None:
    """Take back what the list asked for, if it was the same person's; another's, and what a phone has proposed as well,
    waits for who decides."""
    for one in asked_by(session, job):
        is_mine = {one.account_id, *(each.account_id for each in requests.witnesses(session, one))} == {done.account_id}
        if is_mine and one.kind == RegisterKind.PERSON:
            requests.decide(session, one.commune_id, one.id, RequestVerdict.WITHDRAWN, done)

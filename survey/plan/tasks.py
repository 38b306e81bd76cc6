"""Tasks of the plan: the province gives them to communes and departments with a last day and guidance papers; who
received one reports, and another account accepts that or sends it back. Each change of a task is its next version. The
caller has asked whether the account may do this there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import PlanPaper, PlanTarget, PlanTask, PlanTaskStep
from survey.clocks import day_of
from survey.plan.figures import EARLIEST, LATEST, MAX_TEXT
from survey.plan.targets import communes_in
from survey.plan.task_steps import Timing, may_follow, state_after, timing
from survey.problems import Problem
from survey.register.event_log import Done
from survey.residents.entering import held
from survey.terms import TaskAction, TaskState

MOST_DEPARTMENTS, MOST_PAPERS, MAX_PAPER = 50, 20, 5 * 1024 * 1024
MAX_TITLE, MAX_DEPARTMENT, MAX_NAME = 200, 100, 120
# What a guidance paper is, by its first bytes; by what its name ends with, as it is handed out.
_BEGIN = {
    b"%PDF-": (".pdf",),
    b"PK\x03\x04": (".docx", ".xlsx", ".pptx", ".odt", ".ods"),
    b"\xd0\xcf\x11\xe0": (".doc", ".xls", ".ppt"),
    b"\xff\xd8\xff": (".jpg", ".jpeg"),
    b"\x89PNG": (".png",),
}
PAPER_ENDINGS = tuple(sorted(ending for endings in _BEGIN.values() for ending in endings))


@dataclass(frozen=True)
class Paper:
    name: str
    content: bytes

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class WantedTask:
    """A task as somebody gives it. `number` None: a new one; `seen`: the version that was changed, 0 of a new one;
    `papers`: hashes of those that stay; `more`: those that come with it."""

    place_id: str
    title: str
    words: str
    due: date
    communes: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    plan: str = ""
    target_code: str = ""
    papers: tuple[str, ...] = ()
    more: tuple[Paper, ...] = ()
    withdrawn: bool = False
    number: int | None = None
    seen: int = 0


@dataclass(frozen=True)
class Received:
    """A task as it stands with one who received it. `last`: what was done last."""

    task: PlanTask
    receiver: str
    last: PlanTaskStep | None

    @property
    def state(self) -> TaskState:
        return state_after(self.last.action if self.last else None)

    def timing(self, today: date) -> Timing:
        return timing(self.state, self.task.due, today)


def faults(session: Session, wanted: WantedTask, today: date) -> Iterator[tuple[str, str]]:
    """What cannot be: the field and a code of `words.SENTENCES`. A new task's last day has not passed."""
    if not wanted.title.strip():
        yield "title", "blank"
    if not EARLIEST <= wanted.due.year <= LATEST:
        yield "due", "no_year"
    elif wanted.number is None and wanted.due < today:
        yield "due", "due_over"
    if not wanted.communes and not wanted.departments:
        yield "communes", "nobody"
    if wanted.communes and not set(wanted.communes) <= set(session.scalars(communes_in(wanted.place_id))):
        yield "communes", "not_communes"
    if len(wanted.departments) > MOST_DEPARTMENTS or any(len(one) > MAX_DEPARTMENT for one in wanted.departments):
        yield "departments", "departments_long"
    if any(one.isdecimal() for one in wanted.departments):
        yield "departments", "no_name"
    if wanted.target_code and not _is_target(session, wanted):
        yield "target_code", "no_target"
    if len(wanted.papers) + len(wanted.more) > MOST_PAPERS:
        yield "papers", "papers_many"
    for paper in wanted.more:
        if len(paper.content) > MAX_PAPER:
            yield "papers", "paper_large"
        elif not _is_paper(paper):
            yield "papers", "no_paper"


def _is_target(session: Session, wanted: WantedTask) -> bool:
    of = PlanTarget
    same = (of.place_id == wanted.place_id, of.plan == wanted.plan, of.code == wanted.target_code)
    return session.scalar(select(of.code).where(*same).limit(1)) is not None


def _is_paper(paper: Paper) -> bool:
    name = paper.name.lower()
    return any(paper.content.startswith(mark) and name.endswith(endings) for mark, endings in _BEGIN.items())


def give(session: Session, wanted: WantedTask, done: Done) -> int:
    """Write a task down as its next version; its number. Raises `plan_wrong`, `register_reason_needed`, `not_found`
    where the place, the task or a paper that stays is none, `conflict` where somebody changed it meanwhile."""
    if done.account_id is None:
        raise Problem("bad_request")
    if list(faults(session, wanted, day_of(done.at))):
        raise Problem("plan_wrong")
    if not (done.reason or "").strip():
        raise Problem("register_reason_needed")
    held(session, [wanted.place_id])
    last = {one.number: one for one in tasks_of(session, wanted.place_id)}
    number = wanted.number if wanted.number is not None else max(last, default=0) + 1
    former = last.get(number)
    if wanted.number is not None and former is None:
        raise Problem("not_found")
    if (former.version if former else 0) != wanted.seen:
        raise Problem("conflict")
    if not set(wanted.papers) <= set(former.papers if former else ()):
        raise Problem("not_found")
    for paper in wanted.more:
        _keep(session, wanted.place_id, paper, done)
    session.add(PlanTask(
        place_id=wanted.place_id, number=number, version=wanted.seen + 1, title=wanted.title.strip()[:MAX_TITLE],
        words=wanted.words.strip(), plan=wanted.plan, target_code=wanted.target_code,
        communes=sorted(set(wanted.communes)), departments=list(dict.fromkeys(wanted.departments)),
        papers=list(dict.fromkeys([*wanted.papers, *(one.sha256 for one in wanted.more)])), due=wanted.due,
        withdrawn=wanted.withdrawn, reason=(done.reason or "").strip()[:MAX_TEXT], account_id=done.account_id,
        at=done.at,
    ))  # fmt: skip
    return number


def _keep(session: Session, place_id: str, paper: Paper, done: Done) -> None:
    if session.get(PlanPaper, (place_id, paper.sha256)) is None:
        name = paper.name[-MAX_NAME:]
        session.add(PlanPaper(
            place_id=place_id, sha256=paper.sha256, name=name, content=paper.content, account_id=done.account_id,
            at=done.at,
        ))  # fmt: skip


def report(
    session: Session, place_id: str, number: int, receiver: str, action: TaskAction, done: Done, *,
    share: int | None = None, seen: int,
) -> None:  # fmt: skip
    """Say how far a task is, or decide on what was said; `done.reason`: in what words; `seen`: the last number of the
    task's log that was on the page. Raises `not_found` where the task stands with no such receiver, `conflict`,
    `register_reason_needed`, `plan_wrong` (a share of progress is 0 to 99), and what `task_steps.may_follow` does."""
    if done.account_id is None:
        raise Problem("bad_request")
    held(session, [place_id])
    task = task_of(session, place_id, number)
    if task.withdrawn or receiver not in receivers(task):
        raise Problem("not_found")
    steps = steps_of(session, place_id, number)
    last = next((one for one in reversed(steps) if one.receiver == receiver), None)
    if seen != (last.seq if last else 0):
        raise Problem("conflict")
    reporter = _reporter(steps, receiver)
    may_follow(state_after(last.action if last else None), action, reporter == done.account_id)
    is_progress, words = action is TaskAction.PROGRESS, (done.reason or "").strip()
    if is_progress != (share is not None) or not 0 <= (share or 0) <= 99:
        raise Problem("plan_wrong")
    if action is not TaskAction.ACCEPT and not words:
        raise Problem("register_reason_needed")
    session.add(PlanTaskStep(
        place_id=place_id, number=number, seq=len(steps) + 1, receiver=receiver, action=action.value, share=share,
        words=words[:MAX_TEXT], reported_by=reporter if action in (TaskAction.ACCEPT, TaskAction.RETURN) else None,
        account_id=done.account_id, at=done.at,
    ))  # fmt: skip


def _reporter(steps: Sequence[PlanTaskStep], receiver: str) -> str | None:
    """Who said last that it is done."""
    said = (one.account_id for one in reversed(steps) if one.receiver == receiver and one.action == TaskAction.DONE)
    return next(said, None)


def receivers(task: PlanTask) -> list[str]:
    return [*task.communes, *task.departments]


def tasks_of(session: Session, place_id: str) -> list[PlanTask]:
    """The tasks of a province as they stand, by their last day."""
    rows = session.scalars(select(PlanTask).where(PlanTask.place_id == place_id).order_by(PlanTask.version))
    return sorted({row.number: row for row in rows}.values(), key=lambda row: (row.due, row.number))


def task_of(session: Session, place_id: str, number: int) -> PlanTask:
    """A task as it stands. Raises `not_found`."""
    versions = versions_of(session, place_id, number)
    if not versions:
        raise Problem("not_found")
    return versions[0]


def versions_of(session: Session, place_id: str, number: int) -> Sequence[PlanTask]:
    """The latest first."""
    rows = select(PlanTask).where(PlanTask.place_id == place_id, PlanTask.number == number)
    return session.scalars(rows.order_by(PlanTask.version.desc())).all()


def steps_of(session: Session, place_id: str, number: int) -> Sequence[PlanTaskStep]:
    rows = select(PlanTaskStep).where(PlanTaskStep.place_id == place_id, PlanTaskStep.number == number)
    return session.scalars(rows.order_by(PlanTaskStep.seq)).all()


def received(
    session: Session, place_id: str, given: Iterable[PlanTask], only: Iterable[str] | None = None
) -> list[Received]:
    """Each of a province's tasks (`tasks_of`) that stands with each who received it, in their order; `only`: some
    receivers."""
    wanted = None if only is None else set(only)
    last = _last_steps(session, place_id)
    return [
        Received(task, receiver, last.get((task.number, receiver)))
        for task in given
        if not task.withdrawn
        for receiver in receivers(task)
        if wanted is None or receiver in wanted
    ]


def _last_steps(session: Session, place_id: str) -> Mapping[tuple[int, str], PlanTaskStep]:
    of = PlanTaskStep
    last = (
        select(of.number, func.max(of.seq).label("seq")).where(of.place_id == place_id)
        .group_by(of.number, of.receiver).subquery()
    )  # fmt: skip
    rows = select(of).join(last, (of.number == last.c.number) & (of.seq == last.c.seq)).where(of.place_id == place_id)
    return {(row.number, row.receiver): row for row in session.scalars(rows)}


def names_of_papers(session: Session, place_id: str, hashes: Iterable[str]) -> dict[str, str]:
    """Names by hash, without their bytes."""
    rows = select(PlanPaper.sha256, PlanPaper.name).where(
        PlanPaper.place_id == place_id, PlanPaper.sha256.in_(sorted(set(hashes)))
    )
    return {row.sha256: row.name for row in session.execute(rows)}


def paper_of(session: Session, task: PlanTask, sha256: str) -> PlanPaper:
    """A paper that a task names as it stands. Raises `not_found`."""
    paper = session.get(PlanPaper, (task.place_id, sha256)) if sha256 in task.papers else None
    if paper is None:
        raise Problem("not_found")
    return paper

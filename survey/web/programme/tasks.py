"""Tasks of the plan: who received them, until when, how far they are; what is late and what is due soon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath
from urllib.parse import quote

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import PlanTarget, PlanTask
from survey.accounts.accounts import names_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.plan import tasks
from survey.plan.targets import targets_of
from survey.plan.task_steps import SOON, Timing, next_of
from survey.plan.tasks import Paper, Received, WantedTask
from survey.plan.words import SENTENCES
from survey.problems import Problem
from survey.register.places import names_in
from survey.terms import TaskAction, TaskState
from survey.text import plain_name
from survey.web.desk.home import Desk, open_desk, province_of
from survey.web.desk.household import done_now
from survey.web.programme.forms import TaskGiven, TaskReported
from survey.web.programme.plan import ENTER, READ, SET, reaches
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

TAGS = {
    TaskState.OPEN: "tag-quiet", TaskState.UNDER_WAY: "tag-accent", TaskState.REPORTED: "tag-warn",
    TaskState.RETURNED: "tag-danger", TaskState.ACCEPTED: "tag-ok",
}  # fmt: skip
blueprint = Blueprint("tasks", __name__, url_prefix="/desk")
Wrong = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Reminder:
    """How many tasks of a reader are late or due soon, and how many reports wait for the province."""

    late: int
    soon: int
    reported: int


def init_app(app: Flask) -> None:
    app.jinja_env.globals["task_reminder"] = reminder
    app.register_blueprint(blueprint)


def reminder(desk: Desk) -> Reminder | None:
    """What the first page reminds of; None where nothing is to be said."""
    province_id = province_of(desk)
    if province_id is None:
        return None
    found = _received(desk, province_id, tasks.tasks_of(get_session(), province_id))
    timed = [one.timing(day_of(now())) for one in found]
    decides = desk.commune_id is None and reaches(desk, ENTER)
    reported = sum(one.state is TaskState.REPORTED for one in found) if decides else 0
    counted = Reminder(timed.count(Timing.LATE), timed.count(Timing.SOON), reported)
    return counted if any(vars(counted).values()) else None


def _received(desk: Desk, province_id: str, given: Sequence[PlanTask]) -> list[Received]:
    only = None if desk.commune_id is None else [desk.commune_id]
    return tasks.received(get_session(), province_id, given, only)


@blueprint.get("/plan/tasks")
@blueprint.get("/<commune_id>/plan/tasks")
@permitted(READ)
def listing(commune_id: str | None = None) -> str:
    """All tasks of the province, or those that the commune received."""
    return _listing(open_desk(READ, commune_id))


def _listing(desk: Desk, form: TaskGiven | None = None, wrong: Wrong = ()) -> str:
    session, province_id = get_session(), province_of(desk)
    today = day_of(now())
    given = tasks.tasks_of(session, province_id) if province_id else []
    found = _received(desk, province_id, given) if province_id else []
    by_task: dict[int, list[Received]] = {}
    for one in found:
        by_task.setdefault(one.task.number, []).append(one)
    timings = {number: [one.timing(today) for one in those] for number, those in by_task.items()}
    asked = request.args.get("show")
    shown = [number for number in by_task if asked not in (Timing.LATE, Timing.SOON) or asked in timings[number]]
    return render_template(
        "programme/tasks/listing.html",
        desk=desk,
        province_id=province_id,
        shown=[(by_task[number], timings[number]) for number in shown],
        counts={one: sum(one in those for those in timings.values()) for one in (Timing.LATE, Timing.SOON)},
        all=len(by_task),
        asked=asked,
        withdrawn=[one for one in given if one.withdrawn and desk.commune_id is None],
        own=desk.commune_id,
        soon=SOON,
        today=today,
        tags=TAGS,
        TaskState=TaskState,
        Timing=Timing,
        **_giving(desk, province_id, _targets(province_id), form or TaskGiven(formdata=None, seen=0), wrong),
    )


def _targets(province_id: str | None) -> list[PlanTarget]:
    """Of the province's plans, as they stand."""
    return [those[0] for those in targets_of(get_session(), [province_id])] if province_id else []


def _giving(
    desk: Desk, province_id: str | None, targets: Sequence[PlanTarget], form: TaskGiven, wrong: Wrong,
    task: PlanTask | None = None,
) -> dict[str, object]:  # fmt: skip
    """What the form needs with which a new task is given, or `task` changed."""
    session = get_session()
    is_typed = form.is_submitted()
    kept = [*task.papers] if task else []
    return {
        "form": form,
        "wrong": [(field, gettext(SENTENCES.get(code, SENTENCES["blank"]))) for field, code in wrong],
        "is_new": task is None,
        "may_give": desk.commune_id is None and province_id is not None and reaches(desk, SET),
        "communes": [(one, desk.name(one)) for one in desk.communes],
        "picked": request.form.getlist("commune") if is_typed else [*task.communes] if task else [],
        "targets": targets,
        "papers": tasks.names_of_papers(session, province_id, kept) if province_id else {},
        "accept": ",".join(tasks.PAPER_ENDINGS),
    }


@blueprint.post("/plan/tasks")
@permitted(SET)
def give() -> tuple[str, int] | BaseResponse:
    """Give a new task."""
    desk, province_id = _given_at()
    form = TaskGiven()
    number, wrong = _written(province_id, form, None)
    if wrong:
        return _listing(desk, form, wrong), 422
    return redirect(url_for(".page", number=number, done="set"), 303)


@blueprint.post("/plan/tasks/<number>")
@permitted(SET)
def change(number: str) -> tuple[str, int] | BaseResponse:
    """Change a task or take it back, as its next version."""
    desk, province_id = _given_at()
    form, task = TaskGiven(), tasks.task_of(get_session(), province_id, _counted(number))
    _, wrong = _written(province_id, form, task)
    if wrong:
        return _page(desk, task, form, wrong), 422
    return redirect(url_for(".page", number=number, done="set"), 303)


def _given_at() -> tuple[Desk, str]:
    """The desk of a province whose tasks the reader gives. Raises not_found."""
    desk = open_desk(READ)
    province_id = province_of(desk)
    if province_id is None or desk.commune_id is not None or not reaches(desk, SET):
        raise Problem("not_found")
    return desk, province_id


def _written(province_id: str, form: TaskGiven, task: PlanTask | None) -> tuple[int, Wrong]:
    """Write what was filled in: the task's number; or what is wrong in it."""
    wrong = [] if form.validate() else [(name, "blank") for name in form.errors]
    wrong += [] if done_now().reason else [("reason", "blank")]
    if wrong:
        return 0, wrong
    plan, _bar, code = (form.target.data or "").rpartition("|")
    names = [plain_name(line) for line in (form.departments.data or "").splitlines()]
    wanted = WantedTask(
        province_id, form.title.data, form.words.data or "", form.due.data, tuple(request.form.getlist("commune")),
        tuple(name for name in names if name), plan, code, tuple(request.form.getlist("keep")), tuple(_papers(form)),
        form.withdrawn.data, task.number if task else None, form.seen.data,
    )  # fmt: skip
    found = list(tasks.faults(get_session(), wanted, day_of(now())))
    if found:
        return 0, found
    number = tasks.give(get_session(), wanted, done_now())
    audit.record(get_session(), now(), current_account().id, "plan.task", province_id, {"task": number})
    return number, ()


def _papers(form: TaskGiven) -> Iterable[Paper]:
    for file in form.papers.data or ():
        if file and file.filename:
            path = PureWindowsPath(file.filename)
            with file.stream as stream:
                content = stream.read(tasks.MAX_PAPER + 1)
            yield Paper(plain_name(path.stem)[:100] + plain_name(path.suffix), content)


@blueprint.get("/plan/tasks/<number>")
@blueprint.get("/<commune_id>/plan/tasks/<number>")
@permitted(READ)
def page(number: str, commune_id: str | None = None) -> str:
    """A task with its papers, who received it, and what they said."""
    desk = open_desk(READ, commune_id)
    return _page(desk, _within(desk, number))


def _counted(number: str) -> int:
    """The number of a task in an address. Raises not_found."""
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise Problem("not_found")
    return int(number)


def _within(desk: Desk, number: str) -> PlanTask:
    """A task which the reader sees. Raises not_found, as for another's."""
    province_id = province_of(desk)
    if province_id is None:
        raise Problem("not_found")
    task = tasks.task_of(get_session(), province_id, _counted(number))
    if desk.commune_id is not None and (task.withdrawn or desk.commune_id not in task.communes):
        raise Problem("not_found")
    return task


def _page(desk: Desk, task: PlanTask, form: TaskGiven | None = None, wrong: Wrong = ()) -> str:
    session, province_id = get_session(), task.place_id
    versions = tasks.versions_of(session, province_id, task.number)
    steps = tasks.steps_of(session, province_id, task.number)
    is_whole = desk.commune_id is None
    last = {step.receiver: step for step in steps}
    found = [
        Received(task, one, last.get(one)) for one in tasks.receivers(task) if is_whole or one == desk.commune_id
    ]  # fmt: skip
    steps = [step for step in steps if is_whole or step.receiver == desk.commune_id]
    targets = _targets(province_id)
    given = TaskGiven(
        formdata=None, title=task.title, words=task.words, due=task.due, departments="\n".join(task.departments),
        target=f"{task.plan}|{task.target_code}" if task.target_code else "", withdrawn=task.withdrawn,
        seen=task.version,
    )  # fmt: skip
    names = names_in(session, {*task.communes, *(step.receiver for step in steps)}, day_of(now()))
    return render_template(
        "programme/tasks/page.html",
        desk=desk,
        task=task,
        target=next((one for one in targets if (one.plan, one.code) == (task.plan, task.target_code)), None),
        received=found,
        steps=list(reversed(steps)),
        versions=versions if is_whole else versions[:1],
        name_of=lambda receiver: names.get(receiver, receiver),
        people=names_of(session, {one.account_id for one in versions} | {one.account_id for one in steps}),
        reader=current_account(),
        may_report=reaches(desk, ENTER),
        may_decide=is_whole and reaches(desk, ENTER),
        next_of=next_of,
        reported=TaskReported(formdata=None),
        today=day_of(now()),
        tags=TAGS,
        TaskAction=TaskAction,
        TaskState=TaskState,
        Timing=Timing,
        **_giving(desk, province_id, targets, form or given, wrong, task),
    )


@blueprint.post("/plan/tasks/<number>/report")
@blueprint.post("/<commune_id>/plan/tasks/<number>/report")
@permitted(ENTER)
def report(number: str, commune_id: str | None = None) -> BaseResponse:
    """Say how far a task is; at the province, accept what was reported or send it back."""
    desk = open_desk(READ, commune_id)
    task, form = _within(desk, number), TaskReported()
    if not form.validate():
        raise Problem("bad_request")
    action, receiver = TaskAction(form.action.data), form.receiver.data
    if not reaches(desk, ENTER) or (desk.commune_id is not None and receiver != desk.commune_id):
        raise Problem("not_found")
    if desk.commune_id is not None and action in (TaskAction.ACCEPT, TaskAction.RETURN):
        raise Problem("forbidden")
    share = (form.share.data or 0) if action is TaskAction.PROGRESS else None
    tasks.report(
        get_session(), task.place_id, task.number, receiver, action, done_now(), share=share, seen=form.seen.data
    )
    return redirect(url_for(".page", number=number, commune_id=desk.commune_id, done=action.value), 303)


@blueprint.get("/plan/tasks/<number>/papers/<sha256>")
@blueprint.get("/<commune_id>/plan/tasks/<number>/papers/<sha256>")
@permitted(READ)
def paper(number: str, sha256: str, commune_id: str | None = None) -> Response:
    """A guidance paper, to be kept: a browser shows none of it."""
    desk = open_desk(READ, commune_id)
    found = tasks.paper_of(get_session(), _within(desk, number), sha256)
    response = Response(found.content, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    return response

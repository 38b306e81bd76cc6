"""Held interviews: the page that lists them by reason, what can be done to many at once, and attaching one to the
household that it is of."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from survey.access import has_verb
from survey.problems import Problem
from survey.register.entries import find_household
from survey.review import confirm_day as dating
from survey.review import dossier, quarantine, queue
from survey.review.queue import Shelf
from survey.review.reassign import attach as attach_to
from survey.review.take_up import stands_against
from survey.submissions import log
from survey.submissions.conflicts import rivals
from survey.submissions.lifecycle import CONTESTED, JUDGED_AGAIN, UNDATED, NotAllowed, next_state
from survey.terms import Action, QuarantineReason, Role, SubmissionState
from survey.web.desk.forms import AttachForm, Bulk, Day, Plain, Search
from survey.web.desk.home import PAGE_SIZE, open_desk, page_number
from survey.web.desk.words import NEXT_STEP, judged_words
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("held", __name__, url_prefix="/desk/<commune_id>")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        may_attach=may_attach, may_judge=may_judge, day_form=day_form, compared_with=compared_with
    )
    app.register_blueprint(blueprint)


def may_attach(record: dossier.Record) -> bool:
    """Whether the reader may attach a record to another household."""
    return _may(record, Action.ATTACH)


def _may(record: dossier.Record, action: Action) -> bool:
    if not has_verb(current_account().role, "review.decide"):
        return False
    stands = stands_against(get_session(), current_account(), record.submission, now())
    try:
        next_state(record.state, action, reason=record.reason, own_interview=stands is not None)
    except NotAllowed:
        return False
    return stands != "somebody_may"


def may_judge(record: dossier.Record) -> bool:
    """Whether what a record is held for may have been mended at the office."""
    return record.reason in JUDGED_AGAIN and current_account().role == Role.SUPERVISOR


def day_form(record: dossier.Record) -> Day | None:
    """What the reader fills in to confirm on which day an interview was; None where they may not, or need not."""
    if record.reason not in UNDATED or not _may(record, Action.DATE):
        return None
    proposed = dating.likely_day(get_session(), record.submission, now())
    return Day(day=proposed, seen=record.seen, formdata=None)


def compared_with(commune_id: str, submission_id: str) -> str | None:
    """The other interview with which a held one is to be compared, if there is one: an undecided one before any."""
    submission, status = log.find(get_session(), commune_id, submission_id)
    if status.reason not in CONTESTED:
        return None
    found = rivals(get_session(), submission)
    found.sort(key=lambda row: row[1].state != SubmissionState.QUARANTINED)
    return found[0][0].id if found else None


def asked_reason() -> QuarantineReason | None:
    """`?reason=`."""
    said = request.args.get("reason")
    if said and said not in [reason.value for reason in QuarantineReason]:
        raise Problem("not_found")
    return QuarantineReason(said) if said else None


@blueprint.get("/held")
@permitted("review.read")
def page(commune_id: str) -> str:
    """What is held in a commune, by reason, the longest waiting first."""
    return _page(commune_id, Bulk(formdata=None))


@blueprint.post("/held")
@permitted("review.decide")
def together(commune_id: str) -> BaseResponse | tuple[str, int]:
    """Judge again, release or discard the entries that were picked of one reason."""
    form, session, account = Bulk(), get_session(), current_account()
    reason, ids = asked_reason(), request.form.getlist("entry")
    if not form.validate() or reason is None:
        raise Problem("bad_request")
    words = (form.words.data or "").strip()
    if not ids:
        return _page(commune_id, form, gettext("Pick at least one interview."), ids), 422
    if form.action.data == "judge":
        done, left = quarantine.judge_all(session, account, commune_id, now(), ids)
        return _back(commune_id, reason, "judge", done, left)
    action = Action(form.action.data)
    if action is Action.DISCARD and not words:
        return _page(commune_id, form, gettext("Write why they are discarded."), ids), 422
    done, left = quarantine.decide_all(session, account, commune_id, action, ids, words, now())
    return _back(commune_id, reason, action.value, done, left)


@blueprint.post("/held/judge")
@permitted("review.decide")
def judge_all(commune_id: str) -> BaseResponse:
    """Judge everything again that is held for what may have been mended."""
    if not Plain().validate():
        raise Problem("bad_request")
    done, left = quarantine.judge_all(get_session(), current_account(), commune_id, now())
    return _back(commune_id, None, "judge", done, left)


@blueprint.post("/records/<submission_id>/judge")
@permitted("review.decide")
def judge(commune_id: str, submission_id: str) -> BaseResponse:
    """Judge one again."""
    if not Plain().validate():
        raise Problem("bad_request")
    log.find(get_session(), commune_id, submission_id)
    done, _ = quarantine.judge_all(get_session(), current_account(), commune_id, now(), [submission_id])
    return redirect(
        url_for("review.record", commune_id=commune_id, submission_id=submission_id, judged="1" if done else "0"), 303
    )


@blueprint.post("/records/<submission_id>/day")
@permitted("review.decide")
def confirm_day(commune_id: str, submission_id: str) -> BaseResponse:
    """Confirm on which day an interview was."""
    form, words = Day(), (request.form.get("words") or "").strip()
    if not form.validate():
        raise Problem("impossible_day" if form.day.errors else "bad_request")
    comments = [{"path": None, "text": words}] if words else []
    dating.confirm(
        get_session(), current_account(), commune_id, submission_id, form.day.data, seen=form.seen.data,
        comments=comments, now=now(),
    )  # fmt: skip
    return redirect(url_for("review.record", commune_id=commune_id, submission_id=submission_id, dated="1"), 303)


def _back(commune_id: str, reason: QuarantineReason | None, what: str, done: int, left: int) -> BaseResponse:
    address = url_for(
        ".page",
        commune_id=commune_id,
        round=request.args.get("round"),
        reason=reason.value if reason else None,
        did=what,
        done=done,
        left=left,
    )
    return redirect(address, 303)


def _page(commune_id: str, form: Bulk, error: str | None = None, picked: list[str] | None = None) -> str:
    desk, session, reason, number = open_desk("review.read", commune_id), get_session(), asked_reason(), page_number()
    if desk.round is None:
        return render_template("desk/held.html", desk=desk)
    every = Shelf(commune_id, desk.round.id, SubmissionState.QUARANTINED)
    asked = Shelf(commune_id, desk.round.id, SubmissionState.QUARANTINED, None, reason)
    reasons = queue.reasons(session, every)
    total = reasons.get(reason, 0) if reason else sum(reasons.values())
    return render_template(
        "desk/held.html",
        desk=desk,
        form=form,
        error=error,
        picked=picked or [],
        reasons=reasons,
        reason=reason,
        total=sum(reasons.values()),
        next_steps=NEXT_STEP,
        rows=queue.page(session, asked, (number - 1) * PAGE_SIZE, PAGE_SIZE),
        page=number,
        pages=-(-total // PAGE_SIZE),
        discarded=queue.totals(session, every)[SubmissionState.DISCARDED],
        can_judge=JUDGED_AGAIN & reasons.keys() if current_account().role == Role.SUPERVISOR else (),
        actions=_together(reason),
        did=judged_words(request.args.get("did", ""), _number("done"), _number("left")),
    )


def _number(name: str) -> int:
    return min(max(request.args.get(name, 0, int), 0), 1_000_000)


def _together(reason: QuarantineReason | None) -> list[str]:
    """What the reader may do to several entries of a reason at once."""
    if reason is None or current_account().role != Role.SUPERVISOR:
        return []
    open_to = {
        "judge": JUDGED_AGAIN,
        "release": quarantine.RELEASED_TOGETHER,
        "discard": quarantine.DISCARDED_TOGETHER,
    }
    return [name for name, reasons in open_to.items() if reason in reasons]


@blueprint.get("/records/<submission_id>/attach")
@permitted("review.decide")
def attach(commune_id: str, submission_id: str) -> str:
    """Find the household that an interview is of."""
    return _attach_page(commune_id, submission_id)


@blueprint.post("/records/<submission_id>/attach/find")
@permitted("review.decide")
def find(commune_id: str, submission_id: str) -> str:
    """Households by name or code. A POST, so that no name stands in an address."""
    form = Search()
    if not form.validate():
        raise Problem("bad_request")
    return _attach_page(commune_id, submission_id, (form.wanted.data or "").strip())


@blueprint.post("/records/<submission_id>/attach")
@permitted("review.decide")
def confirm(commune_id: str, submission_id: str) -> BaseResponse:
    """Attach it, or take an attachment back."""
    form, session = AttachForm(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    words = (form.words.data or "").strip()
    attach_to(
        session,
        current_account(),
        commune_id,
        submission_id,
        form.household.data or None,
        seen=form.seen.data,
        comments=[{"path": None, "text": words}] if words else [],
        now=now(),
    )
    return redirect(url_for("review.record", commune_id=commune_id, submission_id=submission_id, attached="1"), 303)


def _attach_page(commune_id: str, submission_id: str, wanted: str | None = None) -> str:
    session, desk = get_session(), open_desk("review.decide", commune_id)
    record = dossier.read_record(session, commune_id, submission_id, current_language())
    if not may_attach(record):
        raise Problem(stands_against(session, current_account(), record.submission, now()) or "not_allowed_now")
    round_id = record.submission.round_id or desk.asked_round.id
    found = queue.search(session, commune_id, round_id, wanted) if wanted else None
    names = next((section for section in record.parts if section.parts), None)
    return render_template(
        "desk/attach.html",
        desk=desk,
        record=record,
        search=Search(wanted=wanted, formdata=None),
        form=AttachForm(seen=record.seen, formdata=None),
        wanted=wanted,
        found=found,
        members=[member.label for member in names.parts] if names else [],
        said=find_household(session, commune_id, record.submission.household_id),
        said_name=_said_name(record),
    )


def _said_name(record: dossier.Record) -> str:
    return record.assessment.head_name if record.assessment else ""

"""The supervisor's work: the queue, a record, the decision on it, its photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from models import Attachment, Thumbnail
from survey.access import has_verb
from survey.accounts.accounts import communes_of
from survey.clocks import day_of
from survey.files.media_types import ANY, ending, kind_of
from survey.files.store import path_of
from survey.problems import Problem
from survey.register.entries import by_code
from survey.register.places import names_in
from survey.review import decide as review
from survey.review import dossier, queue
from survey.review.decide import MAX_COMMENT
from survey.review.dossier import Record
from survey.review.queue import NO_VILLAGE, STATES, Shelf
from survey.review.signs import Sign, signs_of
from survey.review.take_up import came
from survey.submissions.lifecycle import CONTESTED, UNDATED
from survey.terms import Action, SubmissionState
from survey.web.desk.eyes import eyes_on
from survey.web.desk.forms import Decision, Search
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, open_readings, page_number
from survey.web.desk.words import NEXT_STEP, SIGNS, name_of_check
from survey.web.language import current_language
from survey.web.security import current_account, permitted, show_household
from survey.web.session import get_session, now

blueprint = Blueprint("review", __name__, url_prefix="/desk/<commune_id>")
MOST_REMARKS = 400  # boxes for a comment on a page; a longer record is commented on as a whole


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        SubmissionState=SubmissionState, Action=Action, CONTESTED=CONTESTED, name_of_check=name_of_check
    )
    app.register_blueprint(blueprint)


def asked_shelf(desk: Desk) -> Shelf:
    """The shelf that `?state=`, `?village=`, `?doubtful=` and `?sign=` name."""
    state, village = request.args.get("state"), request.args.get("village") or None
    sign = request.args.get("sign") or None
    if sign and sign not in list(Sign):
        raise Problem("not_found")
    if state and state not in [known.value for known in SubmissionState]:
        raise Problem("not_found")
    if village not in (None, NO_VILLAGE) and village not in desk.names:
        raise Problem("not_found")
    return Shelf(
        desk.communes[0],
        desk.asked_round.id,
        SubmissionState(state) if state else None,
        village,
        readings=tuple(one.name for one in open_readings(desk)),
        doubtful="doubtful" in request.args,
        sign=Sign(sign) if sign else None,
    )


def shelf_words(shelf: Shelf) -> dict[str, Any]:
    """The address parts that name a shelf."""
    named: dict[str, Any] = {"state": shelf.state.value if shelf.state else None, "village": shelf.village_id}
    named |= {"doubtful": 1 if shelf.doubtful else None, "sign": shelf.sign}
    return {key: value for key, value in named.items() if value} | {"round": shelf.round_id}


@blueprint.get("/queue")
@permitted("review.read")
def shelf(commune_id: str) -> str:
    """The submissions of a state and village, the longest waiting first."""
    desk = open_desk("review.read", commune_id)
    if desk.round is None:
        return render_template("desk/queue.html", desk=desk, form=Search())
    asked, number, session = asked_shelf(desk), page_number(), get_session()
    if "state" not in request.args:
        asked = replace(asked, state=SubmissionState.SUBMITTED)
    counts = queue.counts(session, asked)
    total = counts.get(asked.village_id, {}).get(asked.state or SubmissionState.SUBMITTED, 0)
    first = (number - 1) * PAGE_SIZE
    bearing = queue.bearing(session, asked)
    if asked.sign is not None:
        total, rows = len(bearing.ids), queue.rows_of(session, asked, bearing.ids[first : first + PAGE_SIZE])
    else:
        rows = queue.page(session, asked, first, PAGE_SIZE)
    return render_template(
        "desk/queue.html",
        desk=desk,
        form=Search(),
        shelf=asked,
        words=shelf_words(asked),
        states=STATES,
        counts=counts,
        rows=rows,
        signs=signs_of(session, commune_id, [row.submission_id for row in rows]),
        sign_words=SIGNS,
        all_asked=not bearing.more,
        most_asked=queue.MOST_ASKED,
        page=number,
        pages=-(-total // PAGE_SIZE),
        no_village=NO_VILLAGE,
    )


@blueprint.post("/search")
@permitted("review.read")
def search(commune_id: str) -> str:
    """Households by the head's name or their code. A POST, so that no name stands in an address."""
    desk = open_desk("review.read", commune_id)
    form = Search()
    if not form.validate():
        raise Problem("bad_request")
    wanted = (form.wanted.data or "").strip()
    found = queue.search(get_session(), commune_id, desk.asked_round.id, wanted)
    gone = queue.gone(get_session(), commune_id, wanted)
    reach = communes_of(get_session(), current_account(), "review.read")
    coded = by_code(get_session(), wanted.upper(), reach, commune_id) if wanted else []
    named = names_in(get_session(), {one.commune_id for one in coded}, day_of(now())) if coded else {}
    return render_template(
        "desk/search.html", desk=desk, form=form, found=found, gone=gone, wanted=wanted, coded=coded, named=named
    )


@blueprint.get("/photos/<sha256>")
@permitted("review.read")
def photo(commune_id: str, sha256: str) -> Response:
    """The bytes of a file of this commune: shown or played where a browser does that safely, else only saved."""
    attachment = get_session().get(Attachment, (commune_id, sha256))
    path = path_of(Path(current_app.config["INSTANCE"]) / "files", sha256)
    if attachment is None or not path.is_file():
        raise Problem("not_found")
    kind, shown = attachment.media_type, kind_of(attachment.media_type) != "file"
    response = send_file(
        path, mimetype=kind if shown else ANY, as_attachment=not shown, download_name=sha256[:12] + ending(kind)
    )
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.get("/photos/<sha256>/thumbnail")
@permitted("review.read")
def thumbnail(commune_id: str, sha256: str) -> Response:
    """A small picture that stands for one that has not come yet."""
    found = get_session().get(Thumbnail, (commune_id, sha256))
    if found is None:
        raise Problem("not_found")
    response = Response(found.content, mimetype=found.media_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.get("/records/<submission_id>")
@permitted("review.read")
def record(commune_id: str, submission_id: str) -> Response:
    """One record: why it is classified so, what failed, its answers beside last year's, what was done to it."""
    found = dossier.read_record(get_session(), commune_id, submission_id, current_language())
    if found.household is not None:
        show_household(commune_id, found.household.id)
    return _page(found, Decision(seen=found.seen, formdata=None), {})


@blueprint.post("/records/<submission_id>")
@permitted("review.decide")
def decide(commune_id: str, submission_id: str) -> BaseResponse:
    """Accept, return, reopen, release or set aside; then the next one of the same shelf."""
    session, form, account = get_session(), Decision(), current_account()
    if not form.validate():
        raise Problem("bad_request")
    found = dossier.read_record(session, commune_id, submission_id, current_language())
    remarks = _remarks(found)
    comments: list[dict[str, Any]] = [{"path": path, "text": text} for path, text in remarks.items()]
    if form.comment.data and form.comment.data.strip():
        comments.insert(0, {"path": None, "text": form.comment.data.strip()})
    action = Action(form.action.data)
    if action in (Action.RETURN, Action.DISCARD) and not comments:
        return _page(found, form, remarks, _wordless(action), 422)
    try:
        review.decide(
            session, account, commune_id, submission_id, action, seen=form.seen.data, comments=comments, now=now()
        )
    except Problem as refusal:
        if refusal.status != 409:
            raise
        form.seen.data = found.seen
        return _page(found, form, remarks, _refused(refusal), refusal.status)
    desk = open_desk("review.read", commune_id)
    if "state" not in request.args:
        return redirect(url_for(".record", commune_id=commune_id, submission_id=submission_id), 303)
    asked = asked_shelf(desk)
    code = found.household.code if found.household else None
    return redirect(url_for(".shelf", commune_id=commune_id, done=action.value, code=code, **shelf_words(asked)), 303)


def _wordless(action: Action) -> str:
    if action is Action.DISCARD:
        return gettext("Write why in the comment, then discard it. It stays here and can be taken back.")
    return gettext("Write a comment on the record or on a question, then return it.")


def _remarks(found: Record) -> dict[str, str]:
    """The comments on single questions, by path; what names no question of the record is not taken."""
    given = {path: request.form.get(f"remark:{path}", "").strip() for path in found.labels}
    return {path: text[:MAX_COMMENT] for path, text in given.items() if text}


def _refused(refusal: Problem) -> str:
    """Why nothing was done; the page around it shows how the record stands and keeps what was written."""
    if refusal.code == "conflict":
        return gettext("Somebody else decided on this record meanwhile. Look at it again; your comments are kept.")
    return gettext(refusal.refusal.title)


def _page(
    found: Record, form: Decision, remarks: dict[str, str], error: str | None = None, status: int = 200
) -> Response:
    commune_id = found.submission.commune_id
    desk, account = open_desk("review.read", commune_id), current_account()
    asked = asked_shelf(desk)
    before, after = None, None
    if asked.state is not None:
        before, after = queue.beside(get_session(), asked, found.submission.id)
    eyes = eyes_on(commune_id, came(found.submission))
    page = render_template(
        "desk/record.html",
        desk=desk,
        record=found,
        form=form,
        remarks=remarks,
        error=error,
        actions=review.open_actions(found, eyes.stands) if has_verb(account.role, "review.decide") else [],
        eyes=eyes,
        own=found.submission.account_id == account.id,
        words=shelf_words(asked),
        before=before,
        after=after,
        next_step=NEXT_STEP.get(found.reason) if found.reason else None,
        undated=found.reason in UNDATED,
        most_remarks=MOST_REMARKS,
        only_changes=request.args.get("only") == "changes",
    )
    # A phone may have sent half a character, which has no UTF-8.
    response = Response(page.encode("utf-8", "replace"), mimetype="text/html")
    response.status_code = status
    return response

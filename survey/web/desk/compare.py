"""Two interviews of one household beside each other, and an entry put together from both."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from models import Submission
from survey.access import has_verb
from survey.clocks import is_noticed, read_instant
from survey.form.record import FailedCheck as Fault
from survey.problems import Problem
from survey.review import decide, dossier
from survey.review import merge as merging
from survey.review.pair import Pair, read_pair
from survey.review.take_up import came
from survey.submissions.conflicts import rivals, twins
from survey.submissions.lifecycle import UNDATED
from survey.submissions.log import find
from survey.terms import Action, SubmissionState
from survey.web.desk.eyes import eyes_on
from survey.web.desk.forms import Decision, Merging
from survey.web.desk.home import open_desk
from survey.web.formats import moment
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("compare", __name__, url_prefix="/desk/<commune_id>/records/<submission_id>/beside/<other_id>")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(member_name=merging.member_name, is_noticed=is_noticed)
    app.jinja_env.filters.update(said_moment=said_moment)
    app.register_blueprint(blueprint)


def said_moment(said: str | None) -> str:
    """A phone's own clock, as it wrote it."""
    instant = read_instant(said)
    return moment(instant) if instant is not None else said or "–"


@blueprint.get("")
@permitted("review.read")
def page(commune_id: str, submission_id: str, other_id: str) -> Response:
    """Both, question by question: only what differs, or all."""
    return _page(_pair(commune_id, submission_id, other_id))


@blueprint.post("/merge")
@permitted("review.decide")
def merge(commune_id: str, submission_id: str, other_id: str) -> BaseResponse:
    """Put an entry together from both; what stands against it is told, and nothing stored then."""
    form, session = Merging(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    pair = _pair(commune_id, submission_id, other_id)
    taken = frozenset(name for name in merging.places(pair) if request.form.get(f"take:{name}") == "b")
    try:
        made = merging.merge(
            session,
            current_account(),
            merging.Merge(pair, taken),
            seen=(form.seen_a.data, form.seen_b.data),
            now=now(),
            signer=current_app.extensions["signer"],
        )
    except Problem as refusal:
        if refusal.status != 409:
            raise
        pair = _pair(commune_id, submission_id, other_id)
        return _page(pair, gettext(refusal.refusal.title), taken=taken, status=409)
    if not isinstance(made, Submission):
        parts = [each for part in pair.parts for each in (part, *part.parts)]
        labels = {line.paths[0]: line.label for part in parts for line in part.lines}
        wrong = [(labels.get(fault.path, fault.path), fault) for fault in made]
        words = gettext("Put together so, the interview does not pass its checks; nothing was stored.")
        return _page(pair, words, wrong, taken, 422)
    return redirect(url_for("review.record", commune_id=commune_id, submission_id=made.id), 303)


def _pair(commune_id: str, submission_id: str, other_id: str) -> Pair:
    """Raises not_found unless the two are of one household and round, or bear one id."""
    session = get_session()
    submission, _ = find(session, commune_id, submission_id)
    other, status = find(session, commune_id, other_id)
    near = {one.id for one, _ in (*rivals(session, submission), *twins(session, submission))}
    if other.id not in near and not _once_rivals(submission, other, status.household_id):
        raise Problem("not_found")
    return read_pair(session, commune_id, (submission_id, other_id), current_language())


def _once_rivals(submission: Submission, other: Submission, household_id: str | None) -> bool:
    """Whether both are of one household and round, even if one of them is out of the way by now."""
    status = find(get_session(), submission.commune_id, submission.id)[1]
    same = submission.id != other.id and status.household_id == household_id is not None
    return same and submission.round_id == other.round_id


def _page(
    pair: Pair,
    error: str | None = None,
    wrong: Sequence[tuple[str, Fault]] = (),
    taken: frozenset[str] = frozenset(),
    status: int = 200,
) -> Response:
    account, session = current_account(), get_session()
    first = pair.sides[0].submission
    desk, decides = open_desk("review.read", first.commune_id), has_verb(account.role, "review.decide")
    records = [
        dossier.read_record(session, first.commune_id, side.submission.id, current_language()) for side in pair.sides
    ]
    seen_by = [eyes_on(first.commune_id, came(side.submission)) for side in pair.sides]
    others = [one for one, each in rivals(session, first) if each.state == SubmissionState.QUARANTINED]
    page = render_template(
        "desk/beside.html",
        desk=desk,
        pair=pair,
        UNDATED=UNDATED,
        household=records[0].household,
        forms=[Decision(seen=side.seen, formdata=None) for side in pair.sides],
        merging=Merging(seen_a=pair.sides[0].seen, seen_b=pair.sides[1].seen, formdata=None),
        actions=[
            [one for one in decide.open_actions(record, eyes.stands) if one is not Action.REOPEN] if decides else []
            for record, eyes in zip(records, seen_by, strict=True)
        ],
        may_merge=decides and merging.may_merge(session, pair, account, now()),
        eyes=seen_by,
        owns=[side.submission.account_id == account.id for side in pair.sides],
        others=[one for one in others if one.id != pair.sides[1].submission.id],
        everything=request.args.get("show") == "all",
        error=error,
        wrong=wrong,
        taken=taken,
    )
    # A phone may have sent half a character, which has no UTF-8.
    response = Response(page.encode("utf-8", "replace"), mimetype="text/html")
    response.status_code = status
    return response

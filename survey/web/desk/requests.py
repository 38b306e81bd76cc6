"""Requests for changes of the register: the list that waits, and one with what it would do, to be decided."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from models import ChangeRequest
from survey.access import has_verb
from survey.clocks import day_of
from survey.problems import PROBLEMS, Problem
from survey.register.places import names_in
from survey.review import person_acts, proposals, register_preview, requests
from survey.review.register_acts import MAX_REASON
from survey.terms import HouseholdClass, PersonState, QuarantineReason, RequestVerdict
from survey.web.desk.forms import Plain
from survey.web.desk.home import open_desk, page_number
from survey.web.desk.household import done_now, within_reach, words_of_answers
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

SHOWN = 100  # of each list on one page
_ANSWERS = ("again", "there", "left", "aside")
blueprint = Blueprint("requests", __name__, url_prefix="/desk/<commune_id>/requests")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        RequestVerdict=RequestVerdict,
        QuarantineReason=QuarantineReason,
        HouseholdClass=HouseholdClass,
        PersonState=PersonState,
        PROBLEMS=PROBLEMS,
        PERSON_WORDS=person_acts.WORDS,
    )
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted("review.read")
def listing(commune_id: str) -> str:
    """What waits for a decision, the oldest first; what another request contradicts is marked."""
    desk, session = open_desk("review.read", commune_id), get_session()
    waiting, reach = requests.undecided(session, commune_id), _reach()
    contradicted, all_held = requests.contradicted(waiting), proposals.count_held(session, commune_id)
    pages = max(1, -(-max(len(waiting), all_held) // SHOWN))
    page = min(page_number(), pages)
    start = (page - 1) * SHOWN
    shown = waiting[start : start + SHOWN]
    return render_template(
        "desk/requests.html",
        desk=desk,
        waiting=[(one, one.id in contradicted, _may_decide(one, reach)) for one in shown],
        codes=requests.codes_of(session, shown),
        held=proposals.held(session, commune_id, start, SHOWN),
        page=page,
        pages=pages,
    )


@blueprint.get("/proposals/<proposal_id>")
@permitted("review.read")
def proposal(commune_id: str, proposal_id: str) -> str:
    """What a phone proposed and the register would not take: what it says, and why."""
    desk, session = open_desk("review.read", commune_id), get_session()
    held = proposals.find(session, commune_id, proposal_id)
    return render_template(
        "desk/proposal.html",
        desk=desk,
        held=held,
        refusal=PROBLEMS[held.rule] if held.rule else None,
        named=proposals.named_in(session, held),
        may_answer=has_verb(current_account().role, "request.members"),
        is_own=held.row.account_id == current_account().id,
        form=Plain(formdata=None),
        max_reason=MAX_REASON,
    )


@blueprint.post("/proposals/<proposal_id>")
@permitted("request.ask")
def answer(commune_id: str, proposal_id: str) -> BaseResponse:
    """Make a request of it after all, as it stands or to the household that was looked up, or set it aside with words
    for who proposed it."""
    session, done = get_session(), done_now()
    open_desk("request.ask", commune_id)
    if not Plain().validate() or request.form.get("answer") not in _ANSWERS:
        raise Problem("bad_request")
    if proposals.find(session, commune_id, proposal_id).row.account_id == current_account().id:
        raise Problem("request_own")
    if request.form["answer"] != "aside":
        made = proposals.try_again(session, commune_id, proposal_id, now(), _mending(commune_id))
        return redirect(url_for(".page", commune_id=commune_id, request_id=made, done="asked"), 303)
    proposals.set_aside(session, commune_id, proposal_id, done)
    return redirect(url_for(".listing", commune_id=commune_id, done="aside"), 303)


def _mending(commune_id: str) -> proposals.Mending:
    """What a person makes of a proposal that cannot stand as it came."""
    answer, wanted = request.form["answer"], request.form.get("other", "").strip()
    if answer == "left":
        return proposals.as_left
    is_named = answer == "there" and wanted.isprintable()
    return proposals.gone_to(get_session(), commune_id, wanted) if is_named else proposals.as_it_came


@blueprint.get("/<request_id>")
@permitted("review.read")
def page(commune_id: str, request_id: str) -> str:
    desk, session = open_desk("review.read", commune_id), get_session()
    made = requests.find(session, commune_id, request_id)
    shown = requests.standing(session, made, now())
    return render_template(
        "desk/request.html",
        desk=desk,
        shown=shown,
        refusal=PROBLEMS[shown.plan.rule] if shown.plan.rule else None,
        effects=within_reach(register_preview.effects(session, shown.plan)),
        names=names_in(session, {half.commune_id for half in shown.plan.halves}, day_of(now())),
        codes=requests.codes_of(session, [made, *shown.conflicts], shown.since.get("home", ())),
        words=words_of_answers(commune_id),
        people=shown.people,
        may_decide=_may_decide(made, _reach()),
        is_own=made.account_id == current_account().id,
        form=Plain(formdata=None),
        max_reason=MAX_REASON,
    )


@blueprint.post("/<request_id>")
@permitted("request.ask")
def decide(commune_id: str, request_id: str) -> BaseResponse:
    """Accept, refuse or take back."""
    session, verdict = get_session(), request.form.get("verdict", "")
    open_desk("request.ask", commune_id)
    if not Plain().validate() or verdict not in list(RequestVerdict):
        raise Problem("bad_request")
    made = requests.find(session, commune_id, request_id)
    if verdict != RequestVerdict.WITHDRAWN and not requests.decides(_reach(), made):
        raise Problem("forbidden")
    seen = request.form.get("basis", "")
    requests.decide(session, commune_id, request_id, RequestVerdict(verdict), done_now(), seen=seen)
    return redirect(url_for(".page", commune_id=commune_id, request_id=request_id, done=verdict), 303)


def _reach() -> requests.Reach:
    return requests.reach_of(get_session(), current_account())


def _may_decide(made: ChangeRequest, reach: requests.Reach) -> bool:
    """Whose turn it is: who has the verb in every commune that is written in, and did not ask."""
    return requests.decides(reach, made) and made.account_id != current_account().id

"""Households without an interview: what phones said of them, and what a person at the desk says to it."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from survey.access import has_verb
from survey.clocks import day_of
from survey.problems import Problem
from survey.review import outcomes, register_acts
from survey.review.dossier import photos_of_outcome
from survey.review.outcomes import Heard
from survey.review.register_acts import MAX_REASON, Wish
from survey.terms import OutcomeAction, OutcomeState
from survey.web.desk.eyes import eyes_on
from survey.web.desk.forms import OutcomeDecided
from survey.web.desk.home import open_desk
from survey.web.desk.household import done_now, other_household, reason_given, shown_act
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("outcomes", __name__, url_prefix="/desk/<commune_id>/outcomes")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(OutcomeAction=OutcomeAction, OutcomeState=OutcomeState)
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted("review.read")
def listing(commune_id: str) -> str:
    """What waits for a person; by `?state=` what was confirmed or sent back."""
    desk, session = open_desk("review.read", commune_id), get_session()
    wanted = request.args.get("state", OutcomeState.WAITING.value)
    state = OutcomeState(wanted) if wanted in list(OutcomeState) else OutcomeState.WAITING
    shelf = outcomes.shelf(session, commune_id, desk.asked_round.id, state)
    return render_template(
        "desk/outcomes/list.html",
        desk=desk,
        state=state,
        counts=shelf.counts,
        found=shelf.found,
        reader=current_account(),
    )


@blueprint.get("/<outcome_id>")
@permitted("review.read")
def one(commune_id: str, outcome_id: str) -> str:
    """What was said, by whom, when and where; what speaks against it; and the decision."""
    return _page(commune_id, outcomes.find(get_session(), commune_id, outcome_id))


@blueprint.post("/<outcome_id>")
@permitted("review.decide")
def decide(commune_id: str, outcome_id: str) -> BaseResponse:
    """Decide; where the register changes with it, that is shown first."""
    form, session = OutcomeDecided(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    action = OutcomeAction(form.action.data)
    heard = outcomes.find(session, commune_id, outcome_id)
    wish = _wish(heard, form) if action is OutcomeAction.CONFIRM else None
    done = done_now()
    if wish is not None and not (form.basis.data and reason_given()):
        outcomes.check(session, current_account(), heard, action, done)
        plan = register_acts.plan(session, commune_id, wish, day_of(now()))
        return shown_act(
            commune_id,
            wish.household_id,
            plan,
            wish.kind,
            note=gettext("With it the outcome is confirmed."),
            back=url_for(".one", commune_id=commune_id, outcome_id=outcome_id),
        )
    outcomes.decide(
        session, current_account(), commune_id, outcome_id, action, done,
        seen=form.seen.data, wish=wish, basis=form.basis.data or None,
    )  # fmt: skip
    return redirect(url_for(".one", commune_id=commune_id, outcome_id=outcome_id, done=action.value), 303)


def _page(commune_id: str, heard: Heard) -> str:
    desk, reader = open_desk("review.read", commune_id), current_account()
    stands = outcomes.stands_against(get_session(), reader, heard, now())
    return render_template(
        "desk/outcomes/one.html",
        desk=desk,
        heard=heard,
        said=heard.said,
        form=OutcomeDecided(since=day_of(heard.row.received_at), formdata=None),
        decides=has_verb(reader.role, "review.decide") and stands != "somebody_may",
        is_own=heard.row.account_id == reader.id,
        eyes=eyes_on(commune_id, outcomes.came(heard)),
        needs_other=heard.act in register_acts.OF_TWO,
        interview=heard.case.interview,
        photos=photos_of_outcome(get_session(), heard.row, gettext("Photo taken there")),
        lacks_visits=outcomes.lacks_visits(get_session(), heard),
        today=day_of(now()),
        max_reason=MAX_REASON,
    )


def _wish(heard: Heard, form: OutcomeDecided) -> Wish | None:
    """The act on the register that goes with a confirmation; None where there is none."""
    if heard.act is None or heard.household is None:
        return None
    other = None
    if heard.act in register_acts.OF_TWO:
        other = other_household(heard.row.commune_id, form.other.data or "", heard.household)
    return Wish(heard.act, heard.household.id, form.since.data or day_of(heard.row.received_at), other)

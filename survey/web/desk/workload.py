"""Who visits which household: the load of each enumerator by village, and giving households to people."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from survey.access import has_verb
from survey.accounts.assignments import assign, enumerators_of, share
from survey.clocks import day_of
from survey.problems import Problem
from survey.review import workload as work
from survey.web.desk.forms import Assigning
from survey.web.desk.home import open_desk
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("workload", __name__, url_prefix="/desk/<commune_id>/workload")
MOST = 2000  # households that one form may name


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted("review.read")
def page(commune_id: str) -> str:
    """Each enumerator and village: expected, done, sent, outstanding, last contact, behind."""
    desk, session = open_desk("review.read", commune_id), get_session()
    found = work.workload(session, commune_id, desk.asked_round, day_of(now()))
    return render_template(
        "desk/workload/page.html", desk=desk, found=found, enumerators=enumerators_of(session, commune_id)
    )


@blueprint.get("/<village_id>")
@permitted("review.read")
def village(commune_id: str, village_id: str) -> str:
    """The households of a village, and whose each is."""
    desk, session = open_desk("review.read", commune_id), get_session()
    if village_id not in desk.villages:
        raise Problem("not_found")
    return render_template(
        "desk/workload/village.html",
        desk=desk,
        village_id=village_id,
        households=work.listed(session, commune_id, desk.asked_round.id, village_id),
        people=enumerators_of(session, commune_id).get(village_id, []),
        form=Assigning(formdata=None),
        gives=has_verb(current_account().role, "work.manage"),
    )


@blueprint.post("/<village_id>")
@permitted("work.manage")
def give(commune_id: str, village_id: str) -> BaseResponse:
    """Give the households that were ticked to somebody, or share all that are left evenly among those who were."""
    desk, session, form = open_desk("work.manage", commune_id), get_session(), Assigning()
    if not form.validate():
        raise Problem("bad_request")
    households = [one.due for one in work.listed(session, commune_id, desk.asked_round.id, village_id)]
    wanted: dict[str, str | None]
    if form.action.data == "share":
        among = list(dict.fromkeys(request.form.getlist("among")[:MOST]))
        if not among:
            raise Problem("assignee_needed")
        wanted = dict(share([one.household_id for one in households if not one.is_done], among))
    else:
        ticked = set(request.form.getlist("household")[:MOST])
        if not ticked:
            raise Problem("households_needed")
        if ticked - {one.household_id for one in households}:
            raise Problem("not_found")
        wanted = dict.fromkeys(ticked, form.account.data or None)
    given = assign(session, commune_id, wanted, current_account(), now())
    where = url_for(".village", commune_id=commune_id, village_id=village_id, round=desk.asked_round.id, given=given)
    return redirect(where, 303)

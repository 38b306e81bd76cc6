"""Where the reviewed houses of a commune stand: a drawing of our own."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, request

from survey.problems import Problem
from survey.reports.house_map import MOST, houses_of, sheet
from survey.web.desk.home import Desk, open_desk
from survey.web.security import permitted
from survey.web.session import get_session

blueprint = Blueprint("house_map", __name__, url_prefix="/desk/<commune_id>/map")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted("review.read")
def page(commune_id: str) -> str:
    """The commune with its villages, or one village (`?village=`) with its houses."""
    desk = open_desk("review.read", commune_id)
    village_id = _village(desk)
    if desk.round is None:
        return render_template("programme/house_map.html", desk=desk, drawn=None, village_id=village_id)
    drawn = sheet(*houses_of(get_session(), desk.round.id, desk.communes, village_id))
    return render_template("programme/house_map.html", desk=desk, drawn=drawn, village_id=village_id, most=MOST)


def _village(desk: Desk) -> str | None:
    """`?village=`; raises not_found where the commune has none such."""
    village_id = request.args.get("village") or None
    if village_id is not None and village_id not in desk.names:
        raise Problem("not_found")
    return village_id

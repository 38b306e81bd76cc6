"""Where the reviewed houses of a commune stand: a drawing of our own, and the positions as GeoJSON."""

from __future__ import annotations

import json

from flask import Blueprint, Flask, Response, render_template, request

from survey.evidence import audit
from survey.problems import Problem
from survey.reports.house_map import MOST, as_geojson, houses_of, sheet
from survey.web.desk.home import Desk, open_desk
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

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
        return render_template("desk/house_map.html", desk=desk, drawn=None, village_id=village_id)
    drawn = sheet(*houses_of(get_session(), desk.round.id, desk.communes, village_id))
    return render_template("desk/house_map.html", desk=desk, drawn=drawn, village_id=village_id, most=MOST)


@blueprint.get("/houses.geojson")
@permitted("export.read", writes=True)
def as_file(commune_id: str) -> Response:
    """The positions of the accepted households, for a program that draws maps; put on record like every data file."""
    desk = open_desk("export.read", commune_id)
    village_id, session = _village(desk), get_session()
    houses, _without = houses_of(session, desk.asked_round.id, desk.communes, village_id)
    detail = {"file": "houses.geojson", "round": desk.asked_round.id, "households": len(houses), "village": village_id}
    audit.record(session, now(), current_account().id, "export.read", commune_id, detail)
    found = as_geojson(houses, desk.names) | {"trial": desk.asked_round.trial}
    response = Response(json.dumps(found, ensure_ascii=False), mimetype="application/geo+json")
    name = f"vi-tri-{village_id or commune_id}-{desk.asked_round.year}.geojson"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _village(desk: Desk) -> str | None:
    """`?village=`; raises not_found where the commune has none such."""
    village_id = request.args.get("village") or None
    if village_id is not None and village_id not in desk.names:
        raise Problem("not_found")
    return village_id

"""The flow of a round in a whole province, as its communes proved it."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import Round
from survey.accounts.accounts import communes_of
from survey.clocks import day_of
from survey.problems import Problem
from survey.register.places import names_in, province_of
from survey.rounds.end_states import COUNTED
from survey.rounds.joined_flow import joined_flow
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("flows", __name__, url_prefix="/rounds/<round_id>/flow")


@blueprint.get("")
@permitted("round.read")
def page(round_id: str) -> str | Response:
    """Both tables commune by commune and of the province; who has one commune is led to its own sheet."""
    session = get_session()
    survey_round = session.get(Round, round_id)
    if survey_round is None:
        raise Problem("not_found")
    reach = communes_of(session, current_account(), "round.read")
    if len(reach) == 1:
        return redirect(url_for("proofs.sheet", round_id=round_id, commune_id=reach[0]), 303)
    of: dict[str, list[str]] = {}
    for commune_id in reach:
        of.setdefault(province_of(commune_id) or "", []).append(commune_id)
    found = {province: joined_flow(session, survey_round, communes) for province, communes in sorted(of.items())}
    return render_template(
        "office/rounds/flow.html",
        one=survey_round,
        provinces={province: flow for province, flow in found.items() if flow.communes or flow.missing},
        names=names_in(session, [*reach, *filter(None, of)], day_of(now())),
        tables=COUNTED,
    )

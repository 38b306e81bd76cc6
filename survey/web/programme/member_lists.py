"""Layouts 14 and 15: the members of near-poor and poor households by name. Who may, reads; each look is written down,
with how much was seen and nobody's name."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import gettext

from survey.evidence import proof_keys
from survey.layouts import member_list, workbook
from survey.layouts.evidence import register_of
from survey.layouts.forms import KNOWN_WORDS, layouts
from survey.layouts.member_list import CLASSES, Part
from survey.layouts.tables import Scope
from survey.problems import Problem
from survey.submissions.register_table import Level
from survey.web.desk.home import Desk, open_desk, page_number
from survey.web.desk.made_lists import XLSX
from survey.web.security import permitted, put_on_record
from survey.web.session import get_session, now, put_down

VERB = "report.members"
OF_PAGE = 20  # households
blueprint = Blueprint("member_lists", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/<commune_id>/tables/members")
@permitted(VERB)
def page(commune_id: str) -> str:
    """Some households of a list."""
    desk, number, shown = open_desk(VERB, commune_id), _number(), page_number()
    if desk.round is None:
        raise Problem("not_found")
    scope = _scope(desk)
    part = Part((shown - 1) * OF_PAGE, OF_PAGE)
    book, households = member_list.make(get_session(), scope, number, now(), gettext, part)
    pages = max(1, -(-households // OF_PAGE))
    if shown > pages:
        raise Problem("not_found")
    _told(scope, number, {"page": shown})
    made = book.tables[number]
    return render_template(
        "programme/layouts/members.html",
        desk=desk,
        number=number,
        forms={one: layouts()[one] for one in CLASSES},
        made=made,
        marks=[one.sentence(gettext) for one in book.marks],
        faults=[one.sentence(gettext) for one in made.faults],
        notes=[gettext(KNOWN_WORDS[made.grid.layout.known]), *(one.sentence(gettext) for one in made.notes)],
        village=scope.village_id,
        page=shown,
        pages=pages,
        here=lambda **more: url_for(".page", **_said(desk, number) | more),
        file=url_for(".download", **_said(desk, number)),
    )


@blueprint.get("/<commune_id>/tables/members/xlsx")
@permitted(VERB)
def download(commune_id: str) -> Response:
    """The whole list as a signed workbook. Raises `layout_unfinished` for one with a fault."""
    desk, number, session = open_desk(VERB, commune_id), _number(), get_session()
    if desk.round is None:
        raise Problem("not_found")
    scope, signer = _scope(desk), current_app.extensions["prover"]
    book, households = member_list.make(session, scope, number, now(), gettext)
    if not book.whole:
        raise Problem("layout_unfinished")
    put_down(partial(proof_keys.take_up, signer=signer, now=now()))
    content, root = workbook.written(book, register_of(session, scope.communes), signer, gettext)
    _told(scope, number, {"file": "xlsx", "households": households, "root": root})
    response = Response(content, mimetype=XLSX)
    name = f"bieu-{scope.place_id}-{scope.survey_round.year}-{number}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _told(scope: Scope, number: int, detail: dict[str, Any]) -> None:
    detail |= {"round": scope.survey_round.id, "tables": [number]}
    put_on_record(VERB, scope.place_id, detail)


def _number() -> int:
    number = request.args.get("table", 15, int)
    if number not in CLASSES:
        raise Problem("not_found")
    return number


def _scope(desk: Desk) -> Scope:
    village = request.args.get("village") or None
    if desk.commune_id is None or (village is not None and village not in desk.villages):
        raise Problem("not_found")
    return Scope(desk.asked_round, village or desk.commune_id, desk.communes, Level.VILLAGE, village)


def _said(desk: Desk, number: int) -> dict[str, Any]:
    """What the address says, to be said again."""
    found = {"table": number, "round": desk.asked_round.id, "commune_id": desk.commune_id}
    return found | {"village": request.args.get("village") or None}

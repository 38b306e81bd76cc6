"""Data files for download: which, of which commune, in which state of review. Each download is put on record."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, render_template, request
from sqlalchemy.orm import Session

from models.database import snapshot
from survey.evidence import audit
from survey.exports import formats, rows
from survey.exports.files import DATA, Kind, data_files, number
from survey.exports.fixed_columns import IDENTITY
from survey.exports.formats import Manner, Offer
from survey.exports.rows import Choice
from survey.problems import Problem
from survey.reports.csvfile import Style
from survey.web.desk.home import Desk, open_desk
from survey.web.formats import round_title
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

MANY = 100_000  # households that are read in more than about half a minute before a file that is read twice begins
blueprint = Blueprint("exports", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/exports")
@blueprint.get("/<commune_id>/exports")
@permitted("export.read")
def page(commune_id: str | None = None) -> str:
    """What can be downloaded, and how many households it holds."""
    desk = open_desk("export.read", commune_id)
    everything = request.args.get("state") == "all"
    count = rows.count(get_session(), _choice(desk)) if desk.round else 0
    return render_template(
        "programme/exports.html", desk=desk, kinds=list(Kind), offers=formats.offers(), suffixes=formats.SUFFIX,
        whole=formats.WHOLE, words=_words(), many=MANY, count=count, everything=everything, style=_style(),
    )  # fmt: skip


@blueprint.get("/exports/codebook")
@blueprint.get("/<commune_id>/exports/codebook")
@permitted("export.read")
def codebook(commune_id: str | None = None) -> str:
    """What each column of the round's files means; nothing of any household."""
    desk = open_desk("export.read", commune_id)
    files = data_files(get_session(), DATA, Choice(desk.asked_round.id, desk.communes, everything=True), {})
    own = {file.kind.value: file.columns[len(IDENTITY) :] for file in files}
    return render_template(
        "programme/codebook.html", desk=desk, identity=IDENTITY, files=own, number=number, language=current_language()
    )


@blueprint.get("/exports/<name>")
@blueprint.get("/<commune_id>/exports/<name>")
@permitted("export.read", writes=True)
def download(name: str, commune_id: str | None = None) -> Response:
    """One file ("households.csv") or all of a format in one ("so-ho-stata.zip"), sent as it is read."""
    desk = open_desk("export.read", commune_id)
    offer = formats.offers().get(name)
    if offer is None:
        raise Problem("not_found")
    choice, session = _choice(desk), get_session()
    detail = {
        "file": name,
        "round": choice.round_id,
        "communes": len(choice.communes),
        "state": "all" if choice.everything else "accepted",
        "households": rows.count(session, choice),
    }
    audit.record(session, now(), current_account().id, "export.read", commune_id or "", detail)
    manner = Manner(round_title(desk.asked_round), now(), current_language(), _style(), _words())
    response = Response(_sent(offer, choice, desk.names, manner), mimetype=offer.media_type)
    state = "-tam-tinh" if choice.everything else ""
    place = f"-{commune_id}" if commune_id else ""
    stem = name.removesuffix(f".{offer.suffix}")
    filename = f"{stem}{place}-{desk.asked_round.year}{state}.{offer.suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _sent(offer: Offer, choice: Choice, names: dict[str, str], manner: Manner) -> Iterator[bytes]:
    # The request's own transaction ends before the first piece is sent: these are read in another, which only reads
    # and so holds up no phone.
    engine = current_app.extensions["reading_engine"]

    def pieces() -> Iterator[bytes]:
        with Session(engine) as session:
            snapshot(session)
            yield from formats.pieces(session, offer, choice, names, manner)

    return pieces()


def _choice(desk: Desk) -> Choice:
    return Choice(desk.asked_round.id, desk.communes, everything=request.args.get("state") == "all")


def _words() -> bool:
    return request.args.get("cells") != "codes"


def _style() -> Style:
    return Style.SEMICOLON if request.args.get("style") == Style.SEMICOLON else Style.COMMA

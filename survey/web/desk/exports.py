"""Data files for download: which, of which commune, in which state of review. Each download is put on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Blueprint, Flask, Response, current_app, render_template, request
from sqlalchemy.orm import Session

from survey.evidence import audit
from survey.problems import Problem
from survey.reports import export
from survey.reports.csvfile import Style, zipped
from survey.reports.export import Choice, Kind
from survey.web.desk.home import Desk, open_desk
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

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
    count = export.count(get_session(), _choice(desk)) if desk.round else 0
    return render_template(
        "desk/exports.html", desk=desk, kinds=list(Kind), count=count, everything=everything, style=_style()
    )


@blueprint.get("/exports/<name>")
@blueprint.get("/<commune_id>/exports/<name>")
@permitted("export.read", writes=True)
def download(name: str, commune_id: str | None = None) -> Response:
    """One file ("households.csv") or all in one ("so-ho.zip"), sent as it is read."""
    desk = open_desk("export.read", commune_id)
    kinds = {f"{kind.value}.csv": [kind] for kind in Kind} | {"so-ho.zip": list(Kind)}
    if name not in kinds:
        raise Problem("not_found")
    choice, session = _choice(desk), get_session()
    detail = {
        "file": name,
        "round": choice.round_id,
        "communes": len(choice.communes),
        "state": "all" if choice.everything else "accepted",
        "households": export.count(session, choice),
    }
    audit.record(session, now(), current_account().id, "export.read", commune_id or "", detail)
    pieces = _sent(kinds[name], choice, desk.names, _style(), as_zip=name.endswith(".zip"))
    response = Response(pieces, mimetype="application/zip" if name.endswith(".zip") else "text/csv")
    state = "-tam-tinh" if choice.everything else ""
    place = f"-{commune_id}" if commune_id else ""
    stem, _, suffix = name.partition(".")
    filename = f"{stem}{place}-{desk.asked_round.year}{state}.{suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _sent(kinds: Iterable[Kind], choice: Choice, names: dict[str, str], style: Style, as_zip: bool) -> Iterator[bytes]:
    # The request's own transaction ends before the first piece is sent: these are read in another, which only reads
    # and so holds up no phone.
    engine = current_app.extensions["reading_engine"]

    def pieces() -> Iterator[bytes]:
        with Session(engine) as session:
            files = ((f"{kind.value}.csv", export.file(session, kind, choice, names, style)) for kind in kinds)
            if as_zip:
                yield from zipped(files)
            else:
                for _name, content in files:
                    yield from content

    return pieces()


def _choice(desk: Desk) -> Choice:
    return Choice(desk.asked_round.id, desk.communes, everything=request.args.get("state") == "all")


def _style() -> Style:
    return Style.SEMICOLON if request.args.get("style") == Style.SEMICOLON else Style.COMMA

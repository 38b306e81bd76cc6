"""Data files for download: which, of which commune, in which state of review. Each download is put on record.

Files of many households are made beside the pages (`survey/work/exporting.py`) and wait a day for who asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, flash, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from models.database import snapshot
from survey.access import has_verb
from survey.exports import changes, formats, research, rows
from survey.exports.files import DATA, Kind, data_files, number
from survey.exports.fixed_columns import IDENTITY
from survey.exports.formats import Manner, Offer
from survey.exports.rows import Choice
from survey.jobs.worker import KEPT, folder_of, private
from survey.problems import Problem
from survey.reports.csvfile import Style
from survey.web.desk.home import Desk, open_desk, province_of
from survey.web.formats import round_title
from survey.web.language import current_language
from survey.web.security import current_account, permitted, put_on_record
from survey.web.session import get_session, now
from survey.work import FOLDER, exporting

MANY = 20_000  # households of more than which a file is made by a job: reading them twice takes some six seconds
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
    made = exporting.of_account(get_session(), current_account().id, now())
    return render_template(
        "programme/exports.html", desk=desk, kinds=list(Kind), offers=formats.offers(), suffixes=formats.SUFFIX,
        whole=formats.WHOLE, words=_words(), by_job=count > MANY, count=count, everything=everything, style=_style(),
        researching=has_verb(current_account().role, "export.research") and commune_id is None, bounds=research.BOUNDS,
        made=[(job, exporting.gone(job, _folder(), now())) for job in made], kept=KEPT,
        of_one_province=province_of(desk) is not None,
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
@permitted("export.read")
def download(name: str, commune_id: str | None = None) -> Response:
    """One file ("households.csv") or all of a format in one ("so-ho-stata.zip"), sent as it is read."""
    desk = open_desk("export.read", commune_id)
    offer, choice, session = _offer(name), _choice(desk), get_session()
    count = rows.count(session, choice)
    if count > MANY and not _of_no_household(offer):
        raise Problem("export_by_job")
    _put_on_record(desk, choice, {"file": name, "households": count})
    manner = Manner(round_title(desk.asked_round), now(), current_language(), _style(), _words())
    response = Response(_sent(offer, choice, desk.names, manner), mimetype=offer.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{_filename(desk, choice, offer)}"'
    return response


@blueprint.post("/exports")
@blueprint.post("/<commune_id>/exports")
@permitted("export.read")
def make(commune_id: str | None = None) -> Answer:
    """Ask for a file to be made beside the pages; leads to how far it is."""
    desk = open_desk("export.read", commune_id)
    offer, choice, session = _offer(request.form.get("file", "")), _choice(desk), get_session()
    wanted = exporting.Wanted(
        offer.name, _filename(desk, choice, offer), choice, round_title(desk.asked_round), current_language(),
        _style().value, _words(),
    )  # fmt: skip
    job = exporting.ask(session, wanted, current_account().id, desk.commune_id, _folder(), now())
    _put_on_record(desk, choice, {"file": offer.name, "job": job.id}, "export.asked")
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/exports/changes")
@blueprint.post("/<commune_id>/exports/changes")
@permitted("export.read")
def make_changes(commune_id: str | None = None) -> Answer:
    """Ask for what changed since the cursor that is brought, or for everything with the first one."""
    desk, session = open_desk("export.read", commune_id), get_session()
    choice, brought = _choice(desk), request.files.get("cursor")
    content = brought.read() if brought else b""
    if content:  # looked at before anything is written: that takes a while, and others wait for who writes
        with tempfile.NamedTemporaryFile() as kept:
            kept.write(content)
            kept.flush()
            changes.cursor_in(session, Path(kept.name), choice)
    title, place = round_title(desk.asked_round), f"-{desk.commune_id}" if desk.commune_id else ""
    filename = f"so-ho-changes{place}-{desk.asked_round.year}.zip"
    wanted = exporting.WantedChanges(filename, choice, title, current_language(), since=bool(content))
    job = exporting.ask(session, wanted, current_account().id, desk.commune_id, _folder(), now())
    if content:
        private(folder_of(_folder(), job.id) / exporting.SINCE, content)
    _put_on_record(desk, choice, {"file": changes.NAME, "job": job.id, "since": bool(content)}, "export.asked")
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/exports/research")
@permitted("export.research")
def make_research() -> Answer:
    """Ask for the research file of all of the reader's communes; leads to how far it is."""
    desk = open_desk("export.research")
    choice = Choice(desk.asked_round.id, desk.communes)
    asked = research.Asked(cells="cells" in request.form, sample="sample" in request.form)
    filename = f"so-ho-research-{desk.asked_round.year}.zip"
    wanted = exporting.WantedResearch(filename, choice, round_title(desk.asked_round), asked)
    job = exporting.ask(get_session(), wanted, current_account().id, None, _folder(), now())
    said = {"file": research.NAME, "job": job.id, "cells": asked.cells, "sample": asked.sample}
    _put_on_record(desk, choice, said, "export.asked")
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.get("/exports/made/<job_id>")
@permitted("export.read")
def made_file(job_id: str) -> Response:
    """A file that was made: whole, or from where a download was broken off (RFC 9110, Range and If-Range)."""
    session = get_session()
    job, path = exporting.kept_file(session, job_id, current_account(), _folder(), now())
    if request.method == "GET":
        detail = {"file": job.parameters["offer"], "round": job.parameters["choice"]["round_id"], "job": job.id}
        detail |= {"households": job.result["households"], "from": request.range.ranges[0][0] if request.range else 0}
        put_on_record("export.read", job.commune_id or "", detail)
    response = send_file(
        path, formats.MEDIA_TYPE[job.parameters["offer"].rpartition(".")[2]], as_attachment=True, conditional=True,
        download_name=job.parameters["filename"], etag=job.result["sha256"], last_modified=job.ended_at,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/exports/made/<job_id>/remove")
@permitted("export.read")
def remove(job_id: str) -> Answer:
    """Take away a file before its day is over."""
    job = exporting.remove(get_session(), job_id, current_account(), _folder())
    put_on_record("export.removed", job.commune_id or "", {"job": job.id})
    flash(gettext("The file was removed."))
    return redirect(url_for(".page", round=job.parameters["choice"]["round_id"], commune_id=job.commune_id), 303)


def _offer(name: str) -> Offer:
    found = formats.offers().get(name)
    if found is None:
        raise Problem("not_found")
    return found


def _of_no_household(offer: Offer) -> bool:
    """Whether it holds columns and codes alone, which are as few in a province as in a hamlet."""
    return offer == formats.CODEBOOK or offer.kinds == (Kind.CODEBOOK,)


def _put_on_record(desk: Desk, choice: Choice, what: dict[str, object], verb: str = "export.read") -> None:
    state = "all" if choice.everything else "accepted"
    detail = {"round": choice.round_id, "communes": len(choice.communes), "state": state} | what
    put_on_record(verb, desk.commune_id or "", detail)


def _filename(desk: Desk, choice: Choice, offer: Offer) -> str:
    state = "-tam-tinh" if choice.everything else ""
    place = f"-{desk.commune_id}" if desk.commune_id else ""
    stem = offer.name.removesuffix(f".{offer.suffix}")
    return f"{stem}{place}-{desk.asked_round.year}{state}.{offer.suffix}"


def _folder() -> Path:
    """Where the files of jobs lie."""
    return Path(current_app.config["INSTANCE"]) / FOLDER


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

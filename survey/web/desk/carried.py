"""Interviews carried in from a phone without network: a page that takes them in and gives receipts to carry back."""

from __future__ import annotations

import gzip
import io
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import segno
from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField

from survey.accounts.accounts import communes_of
from survey.carry import frames
from survey.carry.carry import Taken
from survey.files import bundle_parts
from survey.problems import Problem
from survey.web.carrying import bring_in_bundle, reasons_of, receipts_file
from survey.web.forms import MultipleFileField
from survey.web.security import current_account, permitted
from survey.web.session import abandon, get_session, now

VERB = "bundle.import"
CODE_LETTERS = 758  # a code of version 15, level L: still read from one phone's screen by another
MOST_CODES = 60
blueprint = Blueprint("exchange", __name__, url_prefix="/exchange")


class Carried(FlaskForm):
    """What was carried in: files, or the codes that were scanned, one a line. `parts`: files that are larger than a
    request came before it in parts, `id name` a line."""

    bundles = MultipleFileField(_("Files from phones (.shb)"))
    codes = TextAreaField(_("Codes, one a line"))
    parts = HiddenField()


@dataclass(frozen=True)
class Answer:
    """What is said of one bundle. `refusal` when nothing of it was stored."""

    name: str
    refusal: Problem | None = None
    taken: Taken | None = None
    who: str = ""
    reasons: tuple[tuple[str, int], ...] = ()
    receipts: str = ""  # a data: address
    file_name: str = ""
    codes: tuple[tuple[str, str], ...] = ()  # pictures (data: addresses) and what stands in them


@blueprint.get("/")
@permitted(VERB)
def page() -> str:
    """Choose files, or scan codes."""
    return render_template("desk/carried/page.html", form=Carried(), answers=[])


@blueprint.post("/")
@permitted(VERB)
def bring_in() -> tuple[str, int]:
    """Take the bundles in; each is whole or refused, and says so by itself."""
    form = Carried()
    answers = [_bring(name, stream) for name, stream in _uploads(form)] if form.validate_on_submit() else []
    if not answers and not form.codes.errors:
        form.bundles.errors = [gettext("Choose a file, or scan the codes.")]
    shown = render_template("desk/carried/page.html", form=form, answers=answers)
    return shown, 200 if any(answer.taken for answer in answers) else 422


@blueprint.post("/parts")
@permitted(VERB)
def begin() -> Response:
    """tus §Creation: a file that is larger than a request."""
    size = _whole("Upload-Length")
    if size > current_app.config["BUNDLE_LIMIT"]:
        raise Problem("too_large")
    part_id = bundle_parts.begin(_folder(), current_account().id, size, now())
    response = Response(status=201)
    response.headers["Location"] = url_for(".go_on", part_id=part_id)
    return response


@blueprint.route("/parts/<part_id>", methods=["PATCH"])
@permitted(VERB)
def go_on(part_id: str) -> Response:
    """tus §PATCH: its next bytes."""
    account_id, at = current_account().id, _whole("Upload-Offset")
    abandon()  # bytes may be long on their way to the disk: no transaction waits for them
    response = Response(status=204)
    response.headers["Upload-Offset"] = str(bundle_parts.append(_folder(), account_id, part_id, at, request.stream))
    return response


def _whole(header: str) -> int:
    said = request.headers.get(header, "")
    if not (said.isascii() and said.isdigit() and len(said) <= 12):
        raise Problem("bad_request", detail={"field": header})
    return int(said)


def _folder() -> Path:
    return Path(current_app.config["INSTANCE"]) / "bundles"


def _brought(form: Carried) -> Iterator[tuple[str, IO[bytes]]]:
    """What came in parts; each is taken once, whatever becomes of it."""
    for line in (form.parts.data or "").splitlines()[: bundle_parts.MOST]:
        part_id, _, name = line.partition(" ")
        try:
            path = bundle_parts.whole(_folder(), current_account().id, part_id)
        except Problem:  # taken already, or a day old: said as that no file was chosen
            continue
        try:
            with path.open("rb") as stream:
                yield name[:100], stream
        finally:
            path.unlink(missing_ok=True)
    form.parts.data = None


def _uploads(form: Carried) -> Iterator[tuple[str, IO[bytes]]]:
    yield from _brought(form)
    for upload in form.bundles.data or []:
        if upload and upload.filename:
            yield upload.filename, upload.stream
    if not (form.codes.data or "").strip():
        return
    try:
        for data in frames.read(frames.BUNDLE, form.codes.data):
            yield gettext("Codes"), io.BytesIO(data)
        form.codes.data = None
    except Problem as problem:
        form.codes.errors = [_codes_refused(problem)]


def _codes_refused(problem: Problem) -> str:
    detail = problem.detail or {}
    if problem.code == "frames_missing":
        wanted = ", ".join(str(number) for number in detail["missing"][:40])
        return gettext("Codes still missing: %(missing)s of %(total)s. Scan on.", missing=wanted, total=detail["total"])
    lines = ", ".join(str(number) for number in detail.get("lines", []))
    if lines:
        return gettext("These lines are no whole codes of a phone: %(lines)s. Scan or type them again.", lines=lines)
    return f"{gettext(problem.refusal.title)} {gettext(problem.refusal.next)}"


def _bring(name: str, stream: IO[bytes]) -> Answer:
    session, carrier = get_session(), current_account()
    try:
        taken = bring_in_bundle(session, stream, carrier)
    except Problem as problem:
        return Answer(name, refusal=problem)
    data = receipts_file(session, taken)
    return Answer(
        name,
        taken=taken,
        who=taken.account.display_name if taken.account.place_id in communes_of(session, carrier, VERB) else "",
        reasons=reasons_of(taken),
        receipts=f"data:application/json;base64,{b64encode(data).decode()}",
        file_name=f"so-ho-bien-nhan-{now():%Y%m%d}-{taken.bundle.device_id[-6:] or 'x'}.json",
        codes=tuple(_codes(data)),
    )


def _codes(data: bytes) -> list[tuple[str, str]]:
    packed = gzip.compress(data, 9, mtime=0)
    if len(packed) * 8 / 5 > MOST_CODES * CODE_LETTERS:
        return []
    texts = frames.written(frames.RECEIPTS, packed, CODE_LETTERS)
    if len(texts) > MOST_CODES:
        return []
    return [(segno.make(text, error="l", boost_error=False).svg_data_uri(scale=4), text) for text in texts]

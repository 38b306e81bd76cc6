"""Interviews carried in from a phone without network: a page that takes them in and gives receipts to carry back."""

from __future__ import annotations

import gzip
import io
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import segno
from flask import Blueprint, current_app, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import TextAreaField

from survey.accounts.accounts import communes_of
from survey.carry import frames
from survey.carry.carry import Taken
from survey.problems import Problem
from survey.web.carrying import bring_in_bundle, reasons_of, receipts_file
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

VERB = "bundle.import"
CODE_LETTERS = 758  # a code of version 15, level L: still read from one phone's screen by another
MOST_CODES = 60
blueprint = Blueprint("exchange", __name__, url_prefix="/exchange")


class Carried(FlaskForm):
    """What was carried in: files, or the codes that were scanned, one a line."""

    bundles = MultipleFileField(_("Files from phones (.shb)"))
    codes = TextAreaField(_("Codes, one a line"))


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


@blueprint.url_value_preprocessor
def _allow_uploads(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before the CSRF check, which reads the body. Whoever may not upload is turned away before that all the same.
    request.max_content_length = current_app.config["BUNDLE_LIMIT"]


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


def _uploads(form: Carried) -> Iterator[tuple[str, IO[bytes]]]:
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

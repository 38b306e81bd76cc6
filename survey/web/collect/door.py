"""The door of ODK Collect, /collect/<key>/: the OpenRosa form list, forms, media and submissions, and entity lists.

https://docs.getodk.org/openrosa/ . Collect brings no session: the key in the address is what it may come with, and is
never written anywhere (logs name the endpoint, the proxy's log cuts it out). Every answer carries the OpenRosa header,
refusals too, as an OpenRosaResponse that Collect shows to the enumerator.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, g, request
from flask_babel import force_locale, gettext, ngettext

from models import Account, CollectToken, FormVersion
from survey.clocks import day_of
from survey.collect import openrosa, submissions
from survey.collect.edition import asks_household, keep_xform, open_forms, xform_of
from survey.collect.entities import household_csv, households
from survey.collect.keys import find_token, is_valid, used
from survey.collect.xform import LIST
from survey.held import held_next
from survey.problems import Problem
from survey.questionnaires.published import content_of, files_of, find_file, given_of
from survey.web.security import answers_in_its_own, csrf, public
from survey.web.session import get_session, now, put_down
from survey.web.strangers import count_stranger

blueprint = Blueprint("openrosa", __name__, url_prefix="/collect/<key>")
BODY_LIMIT = 9 * 1024 * 1024 - 64 * 1024  # told to Collect, which splits a larger record into several posts
MAX_ASKED = 5_000  # entities in one question of integrity
XML_PART = "xml_submission_file"
INCOMPLETE = "*isIncomplete*"
_NO_VERSION = "-"  # stands in an address for a form without a version
_md5_of: dict[str, str] = {}  # by SHA-256


def init_app(app: Flask) -> None:
    csrf.exempt(blueprint)  # no cookie is read here, so no other site can lend one
    app.register_blueprint(blueprint)


@blueprint.url_value_preprocessor
def take_key(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The key is no view's business."""
    g.collect_text = (values or {}).pop("key", "")
    (values or {}).pop("rest", None)


@blueprint.before_request
def check_key() -> None:
    """Whose key it is. One that was revoked opens nothing but the door for what its phone still holds."""
    if not all(text.isprintable() for text in (request.view_args or {}).values()):
        raise Problem("not_found")
    if request.method == "POST":
        request.max_content_length = BODY_LIMIT + 64 * 1024
        request.max_form_memory_size = openrosa.MAX_XML
        request.max_form_parts = submissions.MAX_FILES + 20
        request.files  # noqa: B018  # read before the database is held
    found = find_token(get_session(), g.collect_text)
    if found is None:
        count_stranger()
        raise Problem("not_found")
    g.collect_key, g.collect_account = found
    if request.endpoint != "openrosa.submission" and not is_valid(get_session(), *found, now()):
        raise Problem("forbidden")


@blueprint.get("/formList")
@public
def form_list() -> Response:
    """The questionnaires of the rounds that are open in the commune of the key."""
    session = get_session()
    _note_use()
    wanted = request.args.get("formID")
    listed = []
    for stored in open_forms(session, _account().place_id):
        text = xform_of(session, stored)
        if text is not None and stored.xform is None:
            put_down(partial(keep_xform, form_id=stored.form_id, version=stored.version, text=text))
        if text is None or wanted not in (None, stored.form_id):
            continue
        form, version = quote(stored.form_id, safe=""), quote(stored.version or _NO_VERSION, safe="")
        has_media = asks_household(text) or _media(stored)
        listed.append(
            openrosa.ListedForm(
                stored.form_id, stored.bundle["title"], stored.version, _md5(text.encode()),
                f"{_base()}/forms/{form}/{version}.xml",
                f"{_base()}/forms/{form}/{version}/manifest" if has_media else None,
            )
        )  # fmt: skip
    return _xml(openrosa.form_list(listed))


@blueprint.get("/forms/<form_id>/<version>.xml")
@public
def form(form_id: str, version: str) -> Response:
    """A questionnaire as XForm: the same bytes for good."""
    text = xform_of(get_session(), _form(form_id, version))
    if text is None:
        raise Problem("not_found")
    return _xml(text.encode())


@blueprint.get("/forms/<form_id>/<version>/manifest")
@public
def manifest(form_id: str, version: str) -> Response:
    """What a questionnaire needs beside itself: its tables and pictures, and the list of households."""
    stored = _form(form_id, version)
    text = xform_of(get_session(), stored) or ""
    media = []
    if asks_household(text):
        media.append(
            openrosa.Medium(f"{LIST}.csv", _md5(_households()), f"{_base()}/{LIST}.csv", f"{_base()}/integrity")
        )
    where = f"{_base()}/forms/{quote(form_id, safe='')}/{quote(version, safe='')}/files"
    media += [openrosa.Medium(name, md5, f"{where}/{quote(name)}") for name, md5 in _media(stored).items()]
    return _xml(openrosa.manifest(media))


@blueprint.get("/forms/<form_id>/<version>/files/<name>")
@public
def medium(form_id: str, version: str, name: str) -> Response:
    """A table or picture of a questionnaire."""
    stored = _form(form_id, version)
    found = find_file(get_session(), stored.form_id, stored.version, name)
    if found is not None:
        return _answer(content_of(get_session(), found.sha256), found.media_type)
    content = given_of(get_session(), stored).files.get(name) if stored.source_sha256 is None else None
    if content is None:
        raise Problem("not_found")
    return _answer(content, "text/csv")


@blueprint.get("/households.csv")
@public
def household_list() -> Response:
    """The households that the enumerator may interview now, as an entity list."""
    return _answer(_households(), "text/csv")


@blueprint.get("/integrity")
@public
def integrity() -> Response:
    """Which of the entities that a phone knows are no longer in its list."""
    asked = [one for one in request.args.get("id", "").split(",") if one][:MAX_ASKED]
    here = {row["name"] for row in households(get_session(), _account(), _today())}
    return _xml(openrosa.integrity({one: one not in here for one in asked}))


@blueprint.route("/submission", methods=["GET", "POST"])
@public
def submission() -> Response:
    """Take a record or a part of one; asked with HEAD, how much may come at once."""
    if request.method != "POST":
        return _headed(Response(status=204))
    session = get_session()
    _note_use()
    xml, parts = _parts()
    by = submissions.Courier(
        account=_account(), permitted=is_valid(session, _key(), _account(), now()),
        device_id=submissions.device_id_of(_device()),
        agent=request.user_agent.string, folder=Path(current_app.config["INSTANCE"]) / "files",
        signer=current_app.extensions["signer"], quota=current_app.config["FILE_QUOTA"], skew=_skew(),
    )  # fmt: skip
    more = request.form.get(INCOMPLETE, "").strip().lower() in ("yes", "true")
    try:
        taken = submissions.take(session, by, xml, parts, now(), more_to_come=more)
    except openrosa.RefusedXml as refused:
        raise Problem("too_large" if refused.args[0] == "too_large" else "malformed") from None
    with force_locale(_account().language):
        held = taken.outcome is not None and taken.outcome.held
        return _xml(openrosa.message(_told(taken), "submit_success"), 202 if held else 201)


@blueprint.route("/", defaults={"rest": ""}, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
@public
def nothing() -> Response:
    """No other address: answered here, so that no page of ours repeats the key."""
    raise Problem("not_found")


def _answer_problem(problem: Problem) -> Response:
    account: Account | None = g.get("collect_account")
    with force_locale(account.language if account else "vi"):
        if account is None and problem.code == "not_found":
            told = gettext("This key is not known. Scan a new settings code from your supervisor.")
        elif account is not None and problem.code == "forbidden":
            told = gettext(
                "This key no longer opens the forms. Ask your supervisor for a new settings code. "
                "What is finished on this phone can still be sent."
            )
        else:
            told = f"{gettext(problem.refusal.title)} {gettext(problem.refusal.next)}"
    answer = _xml(openrosa.message(told, "submit_error"), problem.status)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


answers_in_its_own(blueprint, _answer_problem, "collect_account")


@blueprint.after_request
def _headed(response: Response) -> Response:
    response.headers["X-OpenRosa-Version"] = "1.0"
    response.headers["X-OpenRosa-Accept-Content-Length"] = str(BODY_LIMIT)
    return response


def _parts() -> tuple[bytes, list[submissions.FormPart]]:
    """The XML and the files of a multipart post. Raises `malformed` when there is not exactly one XML."""
    xml = [file.stream.read(openrosa.MAX_XML + 1) for file in request.files.getlist(XML_PART)]
    xml += [text.encode("utf-8", "surrogatepass") for text in request.form.getlist(XML_PART)]
    if len(xml) != 1:
        raise Problem("malformed")
    files = [
        submissions.FormPart((name, file.filename or ""), file.stream)
        for name, file in request.files.items(multi=True)
        if name != XML_PART
    ]
    return xml[0], files


def _told(taken: submissions.TakenIn) -> str:
    """What Collect shows to the enumerator."""
    if taken.outcome is None:
        return gettext("A part has arrived; the rest is awaited.")
    code = taken.content_hash[:8].upper()
    said = [gettext("Received. Receipt %(code)s.", code=code)]
    reason = taken.outcome.reason
    if reason is not None:
        label = reason.label(_account().language)
        said = [
            gettext("Received and held: %(reason)s.", reason=label),
            gettext(held_next(reason.value)),
            gettext("Receipt %(code)s.", code=code),
        ]
    if taken.missing:
        number = len(taken.missing)
        said.append(ngettext("%(num)s file is missing.", "%(num)s files are missing.", number))
    return " ".join(said)


def _media(stored: FormVersion) -> dict[str, str]:
    """The files of a version, {name: MD5}: bytes never change under a SHA-256, so each is read once a process."""
    if stored.source_sha256 is None:  # published before files were kept: made again from its tables
        return {name: _md5(content) for name, content in given_of(get_session(), stored).files.items()}
    found = {}
    for file in files_of(get_session(), stored):
        if file.sha256 not in _md5_of:
            _md5_of[file.sha256] = _md5(content_of(get_session(), file.sha256))
        found[file.name] = _md5_of[file.sha256]
    return found


def _form(form_id: str, version: str) -> FormVersion:
    stored = get_session().get(FormVersion, (form_id, "" if version == _NO_VERSION else version))
    if stored is None:
        raise Problem("not_found")
    return stored


def _households() -> bytes:
    return household_csv(households(get_session(), _account(), _today()))


def _today() -> Any:
    return day_of(now())


def _account() -> Account:
    account: Account = g.collect_account
    return account


def _key() -> CollectToken:
    key: CollectToken = g.collect_key
    return key


def _note_use() -> None:
    key_id, device, when = _key().id, _device(), now()
    put_down(lambda session: used(session, session.get_one(CollectToken, key_id), device, when))


def _device() -> str:
    return request.args.get("deviceID", "")


def _skew() -> timedelta | None:
    """How far ahead the phone's clock is, by the `Date` that OpenRosa has it send; None when there is none, or
    none that can be read. (Collect writes hours as a clock with twelve has them: half a day does not matter here.)"""
    said = request.headers.get("Date", "").replace("GMT+", "+").replace("GMT-", "-")
    said = re.sub(r"([+-]\d\d):(\d\d)$", r"\1\2", said)
    try:
        moment = parsedate_to_datetime(said)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now()
    except (ValueError, TypeError, OverflowError):
        return None


def _base() -> str:
    return f"{request.url_root.rstrip('/')}/collect/{g.collect_text}"


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _xml(body: bytes, status: int = 200) -> Response:
    return _answer(body, "text/xml", status)


def _answer(body: bytes, media_type: str, status: int = 200) -> Response:
    return Response(body, status, content_type=f"{media_type}; charset=utf-8")

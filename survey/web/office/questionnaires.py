"""Questionnaires as managed things: upload, check, compare, preview, publish, retire, download.

The office of the province manages them; supervisors look, preview and download. A draft's preview is the phone's own
page in a frame: it fetches the draft's bundle from `preview.json` as it would fetch a published one.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import segno
from flask import Blueprint, Flask, Response, current_app, flash, jsonify, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Account, FormDraft, FormVersion
from survey.problems import Problem
from survey.questionnaires import drafts, publishing, versions
from survey.questionnaires.check import next_version
from survey.questionnaires.form_files import GivenFile, Refused, media_type
from survey.questionnaires.published import Given, as_xlsx, content_of, for_engine, given_of
from survey.terms import FormState, RoundState, SourceKind
from survey.web.files import attached_file, file_answer
from survey.web.hosts import own_address
from survey.web.language import current_language
from survey.web.office.questionnaire_forms import ChangedDraft, NewDraft, Nothing, SeenDraft
from survey.web.questionnaire_words import FILE_CHANGES, place, refusals, sentence
from survey.web.security import HEADERS, current_account, permitted
from survey.web.session import get_session, now
from survey.xlsform.tables import shipped

blueprint = Blueprint("questionnaires", __name__, url_prefix="/questionnaires")
TYPES = {
    SourceKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    SourceKind.CSV: "text/csv",
    SourceKind.MARKDOWN: "text/markdown",
}
SHOWN_CHANGES = 300


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(fault_words=sentence, fault_place=place)


@blueprint.get("/")
@permitted("form.read")
def listing() -> str:
    """Every questionnaire with its versions and drafts."""
    session = get_session()
    by_form: dict[str, list[versions.Version]] = {}
    for one in versions.versions(session):
        by_form.setdefault(one.stored.form_id, []).append(one)
    return render_template(
        "office/questionnaires/list.html", by_form=by_form, drafts=drafts.drafts(session, current_account()),
        state=FormState, open_state=RoundState.OPEN,
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@permitted("form.manage")
def new() -> str | tuple[str, int] | BaseResponse:
    """Upload a workbook and its files: a draft, checked."""
    form, wrong = NewDraft(), list[str]()
    if form.validate_on_submit():
        try:
            draft = drafts.create_draft(
                get_session(), read_upload(form.source.data), _uploads(form.files.data), now(), current_account().id
            )
            return redirect(url_for(".draft", draft_id=draft.id), 303)
        except Refused as refused:
            wrong = refusals(refused.refusals)
    shown = render_template("office/questionnaires/new.html", form=form, wrong=wrong)
    return shown, 422 if form.is_submitted() else 200


@blueprint.get("/drafts/<draft_id>")
@permitted("form.read")
def draft(draft_id: str) -> str:
    """A draft: what the check found, what changed, its files."""
    return _draft_page(drafts.find_draft(get_session(), draft_id, current_account()), ChangedDraft(formdata=None), [])


@blueprint.post("/drafts/<draft_id>")
@permitted("form.manage")
def change(draft_id: str) -> tuple[str, int] | BaseResponse:
    """Another workbook, files added, replaced or taken away; checked again."""
    session, form = get_session(), ChangedDraft()
    found = drafts.find_draft(session, draft_id, current_account(), lock=True)
    given = form.source.data if form.source.data and form.source.data.filename else None
    try:
        drafts.change_draft(
            session, found, now(), current_account().id, read_upload(given) if given else None,
            _uploads(form.files.data), request.form.getlist("without"),
        )  # fmt: skip
    except Refused as refused:
        return _draft_page(found, form, refusals(refused.refusals)), 422
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@blueprint.post("/drafts/<draft_id>/propose")
@permitted("form.manage")
def propose(draft_id: str) -> BaseResponse:
    """Propose a draft that has no faults: a second person publishes it."""
    found = drafts.find_draft(get_session(), draft_id, current_account(), lock=True)
    publishing.propose(get_session(), found, current_account(), now())
    flash(gettext("Proposed. It is published when a second person has looked at it."))
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@blueprint.post("/drafts/<draft_id>/withdraw")
@permitted("form.manage")
def withdraw(draft_id: str) -> BaseResponse:
    """Propose a draft no more: who proposed it, or who was to confirm it."""
    found = drafts.find_draft(get_session(), draft_id, current_account(), lock=True)
    publishing.withdraw(get_session(), found, current_account(), now())
    flash(gettext("It is a draft again, and proposed by nobody."))
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@blueprint.post("/drafts/<draft_id>/publish")
@permitted("form.manage")
def publish(draft_id: str) -> tuple[str, int] | BaseResponse:
    """Publish what another person proposed, as one saw it."""
    found, form = drafts.find_draft(get_session(), draft_id, current_account(), lock=True), SeenDraft()
    if not form.validate_on_submit():
        return _draft_page(found, ChangedDraft(formdata=None), [], form), 422
    made = publishing.confirm(get_session(), found, current_account(), form.seen.data or "", now())
    flash(gettext("%(form)s %(version)s is published.", form=made.form_id, version=made.version))
    return redirect(url_for(".version", form_id=made.form_id, version=made.version), 303)


@blueprint.post("/drafts/<draft_id>/delete")
@permitted("form.manage")
def delete(draft_id: str) -> BaseResponse:
    """Throw a draft away."""
    found = drafts.find_draft(get_session(), draft_id, current_account(), lock=True)
    drafts.delete_draft(get_session(), found, now(), current_account().id)
    flash(gettext("The draft was deleted."))
    return redirect(url_for(".listing"), 303)


@blueprint.get("/drafts/<draft_id>/preview.json")
@permitted("form.read")
def draft_bundle(draft_id: str) -> Response:
    """A draft's bundle, for the preview."""
    found = drafts.find_draft(get_session(), draft_id, current_account())
    if found.bundle is None:
        raise Problem("form_has_faults")
    return _bundle(found.bundle, url_for(".draft_file", draft_id=draft_id, name=""))


@blueprint.get("/drafts/<draft_id>/preview")
@permitted("form.read")
def draft_preview(draft_id: str) -> Response:
    """A draft on the phone's page."""
    found = drafts.find_draft(get_session(), draft_id, current_account())
    if found.bundle is None:
        raise Problem("form_has_faults")
    back = url_for(".draft", draft_id=draft_id)
    return _preview(found.title, found.version or "", url_for(".draft_bundle", draft_id=draft_id), back)


@blueprint.get("/drafts/<draft_id>/files/", defaults={"name": ""})
@blueprint.get("/drafts/<draft_id>/files/<name>")
@permitted("form.read")
def draft_file(draft_id: str, name: str) -> Response:
    """A file of a draft, or a picture of ours that it names."""
    found = drafts.find_draft(get_session(), draft_id, current_account())
    files = {file.name: file for file in drafts.draft_files(get_session(), found)}
    if name in files:
        response = file_answer(files[name].sha256, files[name].media_type)
    elif name in shipped():
        response = Response(shipped()[name], mimetype=media_type(name))
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    else:
        raise Problem("not_found")
    response.headers["Cache-Control"] = "private, no-cache"  # a draft's file may be replaced
    response.headers["X-So-Ho"] = "1"
    return response


@blueprint.get("/drafts/<draft_id>/source")
@permitted("form.read")
def draft_source(draft_id: str) -> Response:
    """A draft's workbook as it was given."""
    found = drafts.find_draft(get_session(), draft_id, current_account())
    kind, content = SourceKind(found.source_kind), content_of(get_session(), found.source_sha256)
    return download(content, found.source_name, TYPES[kind])


@blueprint.get("/forms/<form_id>/<version>")
@permitted("form.read")
def version(form_id: str, version: str) -> str:
    """A published version: who uses it, its source and files, what changed against the one before."""
    session = get_session()
    stored = versions.find_version(session, form_id, version)
    given = given_of(session, stored)
    before = versions.latest(session, form_id, before=stored)
    shown = next(one for one in versions.versions(session) if one.stored.version == version and
                 one.stored.form_id == form_id)  # fmt: skip
    return render_template(
        "office/questionnaires/version.html",
        one=shown,
        given=given,
        files=versions.attachments_of(session, stored),
        publisher=session.get(Account, stored.published_by) if stored.published_by else None,
        proposer=session.get(Account, stored.proposed_by) if stored.proposed_by else None,
        before=before,
        changes=versions.changes(session, given, before) if before else None,
        file_changes=FILE_CHANGES,
        most=SHOWN_CHANGES,
        suggested=next_version(version),
        state=FormState,
        kind=SourceKind,
        nothing=Nothing(formdata=None),
    )


@blueprint.post("/forms/<form_id>/<version>/retire")
@permitted("form.manage")
def retire(form_id: str, version: str) -> BaseResponse:
    """No new round may use this version."""
    stored = versions.find_version(get_session(), form_id, version)
    versions.retire(get_session(), stored, now(), current_account().id)
    flash(gettext("%(form)s %(version)s is retired: no new round may use it.", form=form_id, version=version))
    return redirect(url_for(".version", form_id=form_id, version=version), 303)


@blueprint.post("/forms/<form_id>/<version>/restore")
@permitted("form.manage")
def restore(form_id: str, version: str) -> BaseResponse:
    """Let new rounds use a retired version again."""
    stored = versions.find_version(get_session(), form_id, version)
    versions.restore(get_session(), stored, now(), current_account().id)
    flash(gettext("%(form)s %(version)s is in use again.", form=form_id, version=version))
    return redirect(url_for(".version", form_id=form_id, version=version), 303)


@blueprint.post("/forms/<form_id>/<version>/next")
@permitted("form.manage")
def next_draft(form_id: str, version: str) -> BaseResponse:
    """Begin the next version: a draft with the same rows under a raised version."""
    session = get_session()
    stored = versions.find_version(session, form_id, version)
    raised = next_version(version)
    made = drafts.draft_from(session, stored, raised, now(), current_account().id)
    return redirect(url_for(".draft", draft_id=made.id), 303)


@blueprint.get("/forms/<form_id>/<version>/preview.json")
@permitted("form.read")
def version_bundle(form_id: str, version: str) -> Response:
    """A published version's bundle, for the preview."""
    stored = versions.find_version(get_session(), form_id, version)
    files = url_for("sync.form_file", form_id=form_id, version=version, name="x").removesuffix("x")
    return _bundle(stored.bundle, files)


@blueprint.get("/forms/<form_id>/<version>/preview")
@permitted("form.read")
def version_preview(form_id: str, version: str) -> Response:
    """A published version on the phone's page."""
    stored = versions.find_version(get_session(), form_id, version)
    bundle = url_for(".version_bundle", form_id=form_id, version=version)
    back = url_for(".version", form_id=form_id, version=version)
    return _preview(stored.bundle.get("title", form_id), version, bundle, back)


@blueprint.get("/forms/<form_id>/<version>/files/<name>")
@permitted("form.read")
def version_file(form_id: str, version: str, name: str) -> Response:
    """A file of a published version, to be kept."""
    response: Response = attached_file(form_id, version, name)
    response.headers["Content-Disposition"] = _attachment(name)
    return response


@blueprint.get("/forms/<form_id>/<version>/source")
@permitted("form.read")
def source(form_id: str, version: str) -> Response:
    """The workbook as it was given."""
    given = given_of(get_session(), versions.find_version(get_session(), form_id, version))
    return download(given.content, given.name, TYPES[given.kind])


@blueprint.get("/forms/<form_id>/<version>/source.xlsx")
@permitted("form.read")
def source_xlsx(form_id: str, version: str) -> Response:
    """The workbook as .xlsx, whatever it was given as."""
    given = given_of(get_session(), versions.find_version(get_session(), form_id, version))
    return download(_xlsx(given), f"{form_id}-{version}.xlsx", TYPES[SourceKind.XLSX])


def _draft_page(found: FormDraft, form: ChangedDraft, wrong: list[str], seen: SeenDraft | None = None) -> str:
    session = get_session()
    against = versions.latest(session, found.form_id)
    given = drafts.given_of_draft(session, found)
    return render_template(
        "office/questionnaires/draft.html",
        draft=found,
        form=form,
        wrong=wrong,
        files=[(file, len(given.files[file.name])) for file in drafts.draft_files(session, found)],
        against=against,
        changes=versions.changes(session, given, against) if against else None,
        file_changes=FILE_CHANGES,
        most=SHOWN_CHANGES,
        author=session.get(Account, found.account_id) if found.account_id else None,
        known=session.get(FormVersion, (found.form_id, found.version)) if found.form_id and found.version else None,
        nothing=Nothing(formdata=None),
        kind=SourceKind,
        proposer=session.get(Account, found.proposed_by) if found.proposed_by else None,
        objection=publishing.objection(session, found, current_account(), now()),
        seen=seen or SeenDraft(formdata=None, seen=publishing.seen_of(session, found)),
    )


def _bundle(bundle: dict[str, Any], files: str) -> Response:
    """`preview.files`: where the files that the bundle names are to be had."""
    response = jsonify(for_engine(bundle) | {"preview": {"files": files}})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-So-Ho"] = "1"  # the phone's page takes no answer that does not say it is ours
    return response


def _preview(title: str, version: str, bundle: str, back: str) -> Response:
    address = f"/?lang={current_language()}#/preview/{quote(bundle, safe='')}"
    link = own_address() + address
    page = render_template(
        "office/questionnaires/preview.html", title=title, version=version, address=address, back=back,
        link=link, code=segno.make(link, error="m").svg_data_uri(scale=4),
    )  # fmt: skip
    response = current_app.make_response(page)
    response.headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"] + "; frame-src 'self'"
    return response


def read_upload(file: FileStorage) -> GivenFile:
    with file.stream:  # a large one lies in a temporary file
        return GivenFile((file.filename or "").strip(), file.read())


def _uploads(files: list[Any] | None) -> list[GivenFile]:
    """The chosen files; a field in which none was chosen sends one without a name."""
    return [read_upload(file) for file in files or () if isinstance(file, FileStorage) and file.filename]


def _xlsx(given: Given) -> bytes:
    try:
        return as_xlsx(given)
    except ValueError:
        raise Problem("too_large") from None


def download(content: bytes, name: str, media_type: str) -> Response:
    return Response(content, mimetype=media_type, headers={"Content-Disposition": _attachment(name)})


def _attachment(name: str) -> str:
    plain = "".join(c if c.isascii() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

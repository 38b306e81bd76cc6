"""Points tables that two people type: start one, type one's own figures, see what differs, use what agrees."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Account, PointsEntry, PointsTable
from survey.problems import Problem
from survey.questionnaires import points_entry, versions
from survey.questionnaires.check import next_version
from survey.questionnaires.form_files import Refused
from survey.questionnaires.published import csv_of
from survey.terms import PointsState, SourceKind
from survey.web.language import current_language
from survey.web.office.questionnaire_forms import NewPoints, Nothing, PointsFile, VersionWithPoints
from survey.web.office.questionnaires import TYPES, download, read_upload
from survey.web.questionnaire_words import answer_words, item_words, refusals
from survey.web.security import current_account, permitted
from survey.web.session import get_session, keep_changes, now

blueprint = Blueprint("points", __name__, url_prefix="/points")
CELL = "cell-"


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/")
@permitted("form.read")
def listing() -> str:
    """Every points table, and a new one."""
    return _listing(_new_form())


@blueprint.post("/")
@permitted("form.manage")
def start() -> tuple[str, int] | BaseResponse:
    """Begin a table with the keys of a questionnaire's table."""
    form = _new_form()
    if not form.validate_on_submit():
        return _listing(form), 422
    form_id, version, name = form.table.data.split(" ")
    made = points_entry.start(
        get_session(), versions.find_version(get_session(), form_id, version), name,
        form.decision.data, form.decided_on.data, now(), current_account().id,
    )  # fmt: skip
    return redirect(url_for(".table", table_id=made.id), 303)


@blueprint.get("/<table_id>")
@permitted("form.read")
def table(table_id: str) -> str:
    """Where a table stands: who types, what differs, what can be done with it."""
    return _page(points_entry.find_table(get_session(), table_id, current_account()))


@blueprint.post("/<table_id>/begin")
@permitted("form.manage")
def begin(table_id: str) -> BaseResponse:
    """Take one of the two places."""
    found = points_entry.find_table(get_session(), table_id, current_account(), lock=True)
    points_entry.begin(get_session(), found, current_account(), now())
    return redirect(url_for(".type_in", table_id=table_id), 303)


@blueprint.get("/<table_id>/type")
@permitted("form.manage")
def type_in(table_id: str) -> str:
    """One's own figures, one item at a time."""
    found = points_entry.find_table(get_session(), table_id, current_account())
    return _grid(found, _own(found), {})


@blueprint.post("/<table_id>/type")
@permitted("form.manage")
def typed(table_id: str) -> tuple[str, int] | BaseResponse:
    """Keep an item's figures and go on to the next."""
    found = points_entry.find_table(get_session(), table_id, current_account(), lock=True)
    entry = _own(found)
    wrong = points_entry.write(get_session(), found, entry, _cells(), now())
    if wrong:
        keep_changes()  # the other cells were typed rightly
        return _grid(found, entry, wrong), 422
    if request.form.get("then") == "overview":
        return redirect(url_for(".table", table_id=table_id), 303)
    return redirect(url_for(".type_in", table_id=table_id, item=_item() + 1), 303)


@blueprint.post("/<table_id>/upload")
@permitted("form.manage")
def upload(table_id: str) -> tuple[str, int] | BaseResponse:
    """Figures from a file into one's own table."""
    found, form = points_entry.find_table(get_session(), table_id, current_account(), lock=True), PointsFile()
    entry = _own(found)
    if not form.validate_on_submit():
        return _page(found, form), 422
    try:
        figures = points_entry.read_file(found, read_upload(form.file.data))
    except Refused as refused:
        return _page(found, form, refusals(refused.refusals)), 422
    points_entry.write(get_session(), found, entry, figures, now())
    flash(ngettext("%(num)s figure was taken over.", "%(num)s figures were taken over.", len(figures)))
    return redirect(url_for(".table", table_id=table_id), 303)


@blueprint.get("/<table_id>/blank.xlsx")
@permitted("form.manage")
def blank(table_id: str) -> Response:
    """The table to be filled in a spreadsheet, with one's own figures so far and nobody else's."""
    found = points_entry.find_table(get_session(), table_id, current_account())
    own = points_entry.own_entry(get_session(), found, current_account())
    return download(points_entry.blank_xlsx(found, own), f"{found.name}.xlsx", TYPES[SourceKind.XLSX])


@blueprint.post("/<table_id>/hand-in")
@permitted("form.manage")
def hand_in(table_id: str) -> BaseResponse:
    """Say that one's own table is whole."""
    found = points_entry.find_table(get_session(), table_id, current_account(), lock=True)
    points_entry.hand_in(get_session(), found, _own(found), now())
    return redirect(url_for(".table", table_id=table_id), 303)


@blueprint.post("/<table_id>/correct")
@permitted("form.manage")
def correct(table_id: str) -> tuple[str, int] | BaseResponse:
    """Mend one's own figures where the two differ."""
    found = points_entry.find_table(get_session(), table_id, current_account(), lock=True)
    wrong = points_entry.write(get_session(), found, _own(found), _cells(), now())
    if wrong:
        keep_changes()  # the other cells were typed rightly
        return _page(found, wrong_cells=wrong), 422
    return redirect(url_for(".table", table_id=table_id), 303)


@blueprint.post("/<table_id>/withdraw/<place>")
@permitted("form.manage")
def withdraw(table_id: str, place: str) -> BaseResponse:
    """Take away one's own figures, or those of a closed account."""
    session = get_session()
    found = points_entry.find_table(session, table_id, current_account(), lock=True)
    entry = next((one for one in points_entry.entries(session, found) if str(one.place) == place), None)
    if entry is None:
        raise Problem("not_found")
    points_entry.withdraw(session, found, entry, now(), current_account())
    return redirect(url_for(".table", table_id=table_id), 303)


@blueprint.post("/<table_id>/drop")
@permitted("form.manage")
def drop(table_id: str) -> BaseResponse:
    """Give up a table that was not agreed."""
    found = points_entry.find_table(get_session(), table_id, current_account(), lock=True)
    points_entry.drop(get_session(), found, now(), current_account().id)
    flash(gettext("The points table was dropped."))
    return redirect(url_for(".listing"), 303)


@blueprint.get("/<table_id>/table.csv")
@permitted("form.read")
def agreed_csv(table_id: str) -> Response:
    """The agreed table, as a questionnaire attaches it."""
    found = points_entry.find_table(get_session(), table_id, current_account())
    if found.state != PointsState.AGREED:
        raise Problem("not_allowed_now")
    return download(csv_of(found.rows), f"{found.name}.csv", TYPES[SourceKind.CSV])


@blueprint.post("/<table_id>/draft")
@permitted("form.manage")
def make_draft(table_id: str) -> tuple[str, int] | BaseResponse:
    """Begin a version of the questionnaire with the agreed table."""
    session = get_session()
    found = points_entry.find_table(session, table_id, current_account())
    form = _version_form(found)
    if not form.validate_on_submit():
        return _page(found, version_form=form), 422
    base = versions.find_version(session, found.form_id, form.base.data)
    made = points_entry.next_version_with(session, found, base, form.version.data, now(), current_account().id)
    return redirect(url_for("questionnaires.draft", draft_id=made.id), 303)


def _listing(form: NewPoints) -> str:
    session = get_session()
    found = points_entry.tables(session, current_account())
    typists = {one.id: [_name(entry) for entry in points_entry.entries(session, one)] for one in found}
    return render_template("office/points/list.html", found=found, typists=typists, form=form, state=PointsState)


def _new_form() -> NewPoints:
    form = NewPoints()
    in_use = [one.stored for one in versions.versions(get_session()) if one.stored.retired_at is None]
    form.table.choices = [
        (f"{stored.form_id} {stored.version} {name}", f"{name} · {stored.form_id} {stored.version}")
        for stored, name in points_entry.startable(get_session(), in_use)
    ]
    return form


def _page(
    found: PointsTable,
    form: PointsFile | None = None,
    wrong: list[str] | None = None,
    wrong_cells: dict[int, str] | None = None,
    version_form: VersionWithPoints | None = None,
) -> str:
    session, account = get_session(), current_account()
    entries = points_entry.entries(session, found)
    own = next((one for one in entries if one.account_id == account.id), None)
    pair = points_entry.both(session, found)
    items = points_entry.items(session, found, current_language())
    labels = {
        (one.name, answer): (item_words(one.name, one.label), answer_words(answer, words))
        for one in items
        for answer, words in one.answers
    }
    return render_template(
        "office/points/table.html",
        table=found,
        entries=[(one, _name(one), points_entry.blanks(one), _closed(one)) for one in entries],
        own=own,
        pair=[_name(one) for one in pair] if pair else [],
        differences=points_entry.differences(session, found),
        labels=labels,
        region=region_words,
        form=form or PointsFile(formdata=None),
        wrong=wrong or [],
        wrong_cells=wrong_cells or {},
        version_form=version_form or _version_form(found),
        state=PointsState,
        nothing=Nothing(formdata=None),
        author=session.get(Account, found.account_id) if found.account_id else None,
    )


def _grid(found: PointsTable, entry: PointsEntry, wrong: dict[int, str]) -> str:
    items = points_entry.items(get_session(), found, current_language())
    at = min(_item(), len(items)) - 1
    return render_template(
        "office/points/type.html",
        table=found,
        items=[(one, sum(1 for index in one.indexes if entry.figures[index] != "")) for one in items],
        at=at,
        item=items[at],
        figures=entry.figures,
        wrong=wrong,
        region=region_words,
        item_words=item_words,
        answer_words=answer_words,
        blanks=points_entry.blanks(entry),
        nothing=Nothing(formdata=None),
    )


def region_words(region: str) -> str:
    """A region of the points table as it is read."""
    known = {
        "mien_nui_phia_bac": gettext("Northern midlands and mountains"),
        "dong_bang_song_hong": gettext("Red River delta"),
        "bac_trung_bo_dhmt": gettext("North and central coast"),
        "tay_nguyen": gettext("Central Highlands"),
        "dong_nam_bo": gettext("Southeast"),
        "dong_bang_song_cuu_long": gettext("Mekong delta"),
        "thanh_thi": gettext("Urban"),
    }
    return known.get(region, region.replace("_", " "))


def _version_form(found: PointsTable) -> VersionWithPoints:
    form = VersionWithPoints()
    published = [one.stored for one in versions.versions(get_session())]
    bases = [stored.version for stored in published if stored.form_id == found.form_id]
    form.base.choices = [(one, f"{found.form_id} {one}") for one in bases]
    if not form.version.data and bases:
        form.version.data = next_version(bases[0])
    return form


def _own(found: PointsTable) -> PointsEntry:
    """One's own entry; nobody opens another's."""
    own = points_entry.own_entry(get_session(), found, current_account())
    if own is None:
        raise Problem("not_found")
    return own


def _cells() -> dict[int, str]:
    """The figures sent, by cell."""
    sent = {name.removeprefix(CELL): text for name, text in request.form.items() if name.startswith(CELL)}
    return {int(at): text for at, text in sent.items() if at.isascii() and at.isdigit() and len(at) <= 6}


def _item() -> int:
    """`?item=`, from 1."""
    return min(max(request.args.get("item", 1, int), 1), 10_000)


def _name(entry: PointsEntry) -> str:
    return get_session().get_one(Account, entry.account_id).display_name


def _closed(entry: PointsEntry) -> bool:
    return not get_session().get_one(Account, entry.account_id).active

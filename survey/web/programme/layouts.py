"""The official tables of a round: as pages whose figures lead to their households, as CSV, as signed workbooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import gettext

from survey.clocks import day_of
from survey.evidence import proof_keys
from survey.layouts import flow_list, public, tables, workbook
from survey.layouts.evidence import register_of
from survey.layouts.figures import flowed
from survey.layouts.flat import HEADER, flat
from survey.layouts.flow_list import FlowCell
from survey.layouts.forms import KNOWN_WORDS, Layout, counted_layouts
from survey.layouts.formulas import Place as At
from survey.layouts.formulas import Value
from survey.layouts.grid import Grid, Shown
from survey.layouts.member_list import CLASSES
from survey.layouts.tables import Book, Scope
from survey.problems import Problem
from survey.register.places import names_in
from survey.reports.csvfile import written
from survey.reports.selection import Condition
from survey.rounds.end_states import COLUMNS
from survey.submissions.register_table import Level
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number, province_of
from survey.web.desk.made_lists import XLSX
from survey.web.programme.figure_cells import households_of
from survey.web.programme.layout_days import offered
from survey.web.security import permitted, put_on_record
from survey.web.session import get_session, now, put_down

blueprint = Blueprint("layouts", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/tables")
@blueprint.get("/<commune_id>/tables")
@permitted("report.read")
def page(commune_id: str | None = None) -> str:
    """One table; who sees several provinces chooses a commune first."""
    desk, number = open_desk("report.read", commune_id), _number()
    scope = _scope(desk) if desk.round is not None else None
    book = tables.make(get_session(), scope, [number], now(), gettext) if scope is not None else None
    made = book.tables[number] if book is not None else None
    return render_template(
        "programme/layouts/page.html",
        desk=desk,
        number=number,
        lists=CLASSES if desk.commune_id else (),
        forms=counted_layouts().values(),
        made=made,
        marks=[one.sentence(gettext) for one in book.marks] if book else [],
        faults=[one.sentence(gettext) for one in made.faults] if made else [],
        notes=[one.sentence(gettext) for one in made.notes] if made else [],
        known=gettext(KNOWN_WORDS[made.grid.layout.known]) if made else "",
        value_of=_values(made.grid, book) if made and book else None,
        village=_village(desk),
        former=_is_former(),
        today=day_of(now()),
        lines=offered(desk),
        day_form=url_for("layout_days.ask", commune_id=desk.commune_id, round=desk.round.id) if desk.round else "",
        address_of=lambda link: _address_of(desk, link),
        here=lambda **more: url_for(".page", **_said(desk, number) | more),
        file=lambda kind, **more: url_for(".download", kind=kind, **_said(desk, number) | more),
        public=url_for(".public_page", **_said(desk, number) | {"village": None, "borders": None}),
    )


@blueprint.get("/tables/flow")
@blueprint.get("/<commune_id>/tables/flow")
@permitted("report.read")
def flow(commune_id: str | None = None) -> str:
    """The households of a cell of tables 2 and 3, as the commune proved them; of several communes how many of each,
    and who moved between them."""
    desk, village = open_desk("report.read", commune_id), request.args.get("village") or None
    number, column = request.args.get("table", 2, int), request.args.get("column", 0, int)
    if desk.round is None or number not in flow_list.MEASURES or column not in COLUMNS:
        raise Problem("not_found")
    in_persons, either = "persons" in request.args, "either" in request.args
    cell = FlowCell(desk.commune_id or "", number, column, in_persons, village, either, "between" in request.args)
    form = counted_layouts()[number]
    said = {"desk": desk, "cell": cell, "form": form, "heading": _heading(form, column)}
    if desk.commune_id is None and not cell.between:
        return _flow_by_commune(desk, cell, said)
    session, page = get_session(), page_number()
    communes = tables.held_in(session, desk.asked_round, desk.communes)
    found = (
        flow_list.moved_between(session, desk.asked_round, communes, cell)
        if cell.between and desk.commune_id is None else flow_list.moved(session, desk.asked_round, cell)
    )  # fmt: skip
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    names = names_in(session, {one.commune_id for one in shown} or desk.communes[:1], day_of(now()))
    return render_template(
        "programme/layouts/flow.html", **said, rows=shown,
        total=len(found), counts=sum(one.counts for one in found), names=names, page=page,
        pages=max(1, -(-len(found) // PAGE_SIZE)), address=lambda more: _flow_address(desk.asked_round.id, cell, more),
    )  # fmt: skip


def _flow_by_commune(desk: Desk, cell: FlowCell, said: dict[str, Any]) -> str:
    """How many each commune proved, and what is added for who moved between them: together what the cell says."""
    communes = tables.held_in(get_session(), desk.asked_round, desk.communes)
    found = flowed(get_session(), desk.asked_round, communes, Level.COMMUNE)
    measure = flow_list.MEASURES[cell.number]
    rows = [(one, cell.counts(lines[measure])) for one, lines in sorted(found.places.items())]
    between = cell.counts(found.between[measure]) if found.between is not None else 0
    total = cell.counts(found.whole[measure]) if found.whole is not None else 0
    return render_template(
        "programme/layouts/flow_by_commune.html", **said, rows=rows, between=between, total=total,
        missing=[desk.name(one) for one in sorted(found.missing)],
        address_of=lambda **of: _flow_address(desk.asked_round.id, cell._replace(**of)),
    )  # fmt: skip


def _heading(form: Layout, column: int) -> str:
    one = next(one for one in form.columns if one.code == str(column))
    return " – ".join(part for part in (one.head, one.below) if part)


def _flow_address(round_id: str, cell: FlowCell, page: int | None = None) -> str:
    return url_for(
        "layouts.flow", commune_id=cell.commune_id or None, round=round_id, table=cell.number, column=cell.column,
        persons=1 if cell.in_persons else None, village=cell.village_id, either=1 if cell.either else None, page=page,
        between=1 if cell.between else None,
    )  # fmt: skip


@blueprint.get("/tables/public")
@blueprint.get("/<commune_id>/tables/public")
@permitted("report.read")
def public_page(commune_id: str | None = None) -> str:
    """A table as the public may have it; while the round is not over everywhere, why there is none yet."""
    desk, number = open_desk("report.read", commune_id), _number()
    scope, session = _public_scope(desk), get_session()
    is_ready = scope is not None and public.is_ready(session, scope, now())
    found = public.edition(session, scope, now(), gettext) if scope is not None and is_ready else None
    made = found.tables.get(number) if found is not None else None
    return render_template(
        "programme/layouts/public.html",
        desk=desk,
        number=number,
        forms=counted_layouts().values(),
        scope=scope,
        is_ready=is_ready,
        made=made,
        said=public.said(made.grid) if made else [],
        value_of=_values(made.grid, found) if made and found else None,
        here=lambda **more: url_for(".public_page", **_said(desk, number) | more),
        exact=url_for(".page", **_said(desk, number)),
        file=lambda kind: url_for(".public_file", kind=kind, **_said(desk, number)),
    )


@blueprint.get("/tables/public.<kind>")
@blueprint.get("/<commune_id>/tables/public.<kind>")
@permitted("export.read")
def public_file(kind: str, commune_id: str | None = None) -> Response:
    """One table of the edition for the public as CSV, or all of them as a signed workbook. Raises `public_not_over`,
    and `layout_unfinished` for a table that is not handed out to officials either."""
    desk = open_desk("export.read", commune_id)
    scope = _public_scope(desk)
    if scope is None or kind not in ("csv", "xlsx"):
        raise Problem("not_found")
    return _handed_out(public.edition(get_session(), scope, now(), gettext), kind, is_public=True)


def _public_scope(desk: Desk) -> Scope | None:
    scope = _scope(desk)
    if scope is not None and (scope.former or scope.village_id is not None):
        raise Problem("not_found")
    return scope


@blueprint.get("/tables/<kind>")
@blueprint.get("/<commune_id>/tables/<kind>")
@permitted("export.read")
def download(kind: str, commune_id: str | None = None) -> Response:
    """One table as CSV ("csv"), or all that can be handed out as one signed workbook ("xlsx"). Raises
    `layout_unfinished` for a table with a fault."""
    desk, session = open_desk("export.read", commune_id), get_session()
    scope, number = _scope(desk), _number()
    if scope is None or kind not in ("csv", "xlsx"):
        raise Problem("not_found")
    wanted = [number] if kind == "csv" else counted_layouts()
    return _handed_out(tables.make(session, scope, wanted, now(), gettext), kind)


def _handed_out(book: Book, kind: str, *, is_public: bool = False) -> Response:
    """As a file, with who took it on the record. Raises `layout_unfinished`."""
    session, scope, number = get_session(), book.scope, _number()
    if not book.whole or (kind == "csv" and number not in book.whole):
        raise Problem("layout_unfinished")
    called = "cong-khai" if is_public else "bieu"
    name = f"{called}-{scope.place_id}-{scope.survey_round.year}{'-dia-gioi-cu' if scope.former else ''}"
    detail: dict[str, Any] = {"round": scope.survey_round.id, "tables": sorted(book.whole), "file": kind}
    if is_public:
        detail |= {"public": True}
    if kind == "csv":
        put_on_record("export.read", scope.place_id, detail | {"tables": [number]})
        response, name = Response(written(HEADER, flat(book, number)), mimetype="text/csv"), f"{name}-{number}"
    else:
        signer = current_app.extensions["prover"]
        put_down(partial(proof_keys.take_up, signer=signer, now=now()))
        content, root = workbook.written(book, register_of(session, scope.communes), signer, gettext)
        put_on_record("report.signed", scope.place_id, detail | {"root": root})
        response = Response(content, mimetype=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _address_of(desk: Desk, link: Condition | FlowCell) -> str:
    """Of the households of a figure."""
    return households_of(link) if isinstance(link, Condition) else _flow_address(desk.asked_round.id, link)


def _values(grid: Grid, book: Book) -> Callable[[Shown], Value]:
    """What a cell of a table comes to."""
    values = book.values
    return lambda one: values.of(At(grid.name, one.row, one.column))


def _number() -> int:
    number = request.args.get("table", 1, int)
    if number not in counted_layouts():
        raise Problem("not_found")
    return number


def _scope(desk: Desk) -> Scope | None:
    """A commune by its villages, one village, or a province by its communes; None where several provinces are seen."""
    if desk.round is None:
        return None
    if desk.commune_id is not None:
        village = _village(desk)
        former = _is_former() and village is None
        return Scope(desk.asked_round, village or desk.commune_id, desk.communes, Level.VILLAGE, village, former)
    province = province_of(desk)
    if province is None:
        return None
    communes = tables.held_in(get_session(), desk.asked_round, desk.communes)
    return Scope(desk.asked_round, province, tuple(communes), Level.COMMUNE)


def _is_former() -> bool:
    return request.args.get("borders") == "former"


def _village(desk: Desk) -> str | None:
    wanted = request.args.get("village") or None
    if wanted is not None and (desk.commune_id is None or wanted not in desk.names or wanted == desk.commune_id):
        raise Problem("not_found")
    return wanted


def _said(desk: Desk, number: int) -> dict[str, Any]:
    """What the address says, to be said again."""
    found: dict[str, Any] = {"table": number, "round": desk.round.id if desk.round else None}
    if desk.commune_id:
        found |= {"village": _village(desk), "borders": "former" if _is_former() else None}
    return found | ({"commune_id": desk.commune_id} if desk.commune_id else {})

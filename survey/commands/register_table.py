"""`flask --app app register table`: the register as of any day, in the borders of any day, by command."""

from __future__ import annotations

import json
import sys
from datetime import date

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place
from survey.clocks import day_of
from survey.commands.days import DAY
from survey.commands.households import refuse
from survey.commands.refusals import RefusedBy, RegisterCommand, no_commune
from survey.evidence import audit
from survey.problems import Problem
from survey.reports.csvfile import written
from survey.submissions import register_lines, register_table
from survey.submissions.register_table import Level, Written
from survey.terms import PlaceKind
from survey.web.session import now, reading, transaction


@click.command("table", cls=RegisterCommand)
@click.option("--commune", "communes", multiple=True, help="The commune's code, 03757; repeatable. All unless given.")
@click.option("--province", "province_id", help="All communes of the province with this code, 14.")
@click.option("--as-of", type=DAY, help="How it was on that day; today.")
@click.option("--borders", type=DAY, help="In the villages, communes and districts of that day.")
@click.option("--up-to", type=int, help="Of one commune: as was known when event number N was written down.")
@click.option("--up-to-change", type=int, help="The same of its villages: `places history` has the numbers.")
@click.option("--by", "level", type=click.Choice([one.value for one in Level]), help="Counts by these places.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Say it as CSV.")
@with_appcontext
def table(
    communes: tuple[str, ...], province_id: str | None, as_of: date | None, borders: date | None, up_to: int | None,
    up_to_change: int | None, level: str | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """The households that were on the register on a day, or how many by village, commune or former district. A
    household whose former commune is not known stands in a row of its own."""
    if (up_to is not None or up_to_change is not None) and len(communes) != 1:
        raise click.UsageError(gettext("--up-to needs one --commune: each has numbers of its own."))
    if as_json and as_csv:
        raise click.UsageError(gettext("Choose --json or --csv."))
    with reading() as session:
        wanted = _communes(session, communes, province_id)
        known = None
        if up_to is not None or up_to_change is not None:
            last = register_table.written(session, wanted[0])
            events = last.events if up_to is None else up_to
            known = {wanted[0]: Written(events, last.changes if up_to_change is None else up_to_change)}
        try:
            found = register_table.state(session, wanted, day_of(now()), day=as_of, borders=borders, known=known)
        except Problem as refusal:
            refuse(refusal.code, as_json, {})
    if level is None:
        detail = {"communes": len(wanted), "households": len(found.rows), "file": "register table"}
        with transaction() as session:
            audit.record(session, now(), None, "export.read", wanted[0] if len(wanted) == 1 else "", detail)
    chosen = Level(level) if level else None
    if chosen is not None and chosen not in found.levels:
        raise click.ClickException(gettext("In the borders of that day there are no districts."))
    header = register_lines.COUNTS if chosen else register_lines.HEADER
    rows = register_lines.counted(found, chosen, gettext) if chosen else register_lines.listed(found, gettext)
    if as_csv:
        for piece in written(header, rows):
            sys.stdout.buffer.write(piece)
    elif as_json:
        said = {"rows": [dict(zip(header, row, strict=True)) for row in rows], "status": found.statuses}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        for row in rows:
            click.echo("\t".join("–" if cell is None else str(cell) for cell in row))
        for status, source in found.statuses:
            click.echo(gettext("Borders of before: %(status)s (%(source)s)", status=status, source=source))


def _communes(session: Session, given: tuple[str, ...], province_id: str | None) -> list[str]:
    query = select(Place.id).where(Place.kind == PlaceKind.COMMUNE.value).order_by(Place.id)
    there = list(session.scalars(query))
    for one in given:
        if one not in there:
            raise no_commune(one)
    of_province = select(Place.id).where(Place.parent_id == province_id, Place.kind == PlaceKind.COMMUNE.value)
    if province_id is not None and not (near := sorted(session.scalars(of_province))):
        raise RefusedBy(gettext("No province has the code %(code)s.", code=province_id), "place_unknown")
    return sorted(set(given)) or (near if province_id is not None else there)

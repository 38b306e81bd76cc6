"""`flask --app app register table`: the register as of any day, in the borders of any day, by command: households,
counts, what is lacked, and the flow from one day to another."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

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
from survey.rounds import flow_lines
from survey.rounds.register_flow import Flowing, between_days
from survey.submissions import register_lines, register_table
from survey.submissions.register_table import Level, Named, Written
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
@click.option("--indicators", is_flag=True, help="Who lacks each indicator and dimension; by places, or in all.")
@click.option("--since", type=DAY, help="The flow from that day to --as-of, in households and persons.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Say it as CSV.")
@with_appcontext
def table(
    communes: tuple[str, ...], province_id: str | None, as_of: date | None, borders: date | None, up_to: int | None,
    up_to_change: int | None, level: str | None, indicators: bool, since: date | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """The households that were on the register on a day, or how many by village, commune or former district; who lacks
    which of the twelve indicators; how it came from one day to another (end = 1−2−3−4+5+6+7+8). What is not known is
    counted as that; a household whose former commune is not known stands in a row of its own."""
    if (up_to is not None or up_to_change is not None) and len(communes) != 1:
        raise click.UsageError(gettext("--up-to needs one --commune: each has numbers of its own."))
    if as_json and as_csv:
        raise click.UsageError(gettext("Choose --json or --csv."))
    if since is not None and (indicators or up_to is not None or up_to_change is not None):
        raise click.UsageError(gettext("--since goes with neither --indicators nor --up-to."))
    chosen, today = Level(level) if level else None, day_of(now())
    with reading() as session:
        wanted = _communes(session, communes, province_id)
        try:
            if since is not None:
                flow = between_days(session, wanted, today, since, as_of or today, borders)
                tell_flow(flow, chosen, as_json, as_csv)
                return
            known = _known(session, communes[0], up_to, up_to_change) if len(communes) == 1 else None
            with_lacks = indicators or chosen is None
            found = register_table.state(
                session, wanted, today, day=as_of, borders=borders, known=known, with_lacks=with_lacks
            )
        except Problem as refusal:
            refuse(refusal.code, as_json, {})
    if chosen is None and not indicators:
        detail = {"communes": len(wanted), "households": len(found.rows), "file": "register table"}
        with transaction() as session:
            audit.record(session, now(), None, "export.read", wanted[0] if len(wanted) == 1 else "", detail)
    refuse_level(found, chosen)
    if indicators:
        header, rows = register_lines.LACKED, register_lines.lacked(found, chosen, gettext)
    elif chosen:
        header, rows = register_lines.COUNTS, register_lines.counted(found, chosen, gettext)
    else:
        header, rows = register_lines.HEADER, register_lines.listed(found, gettext)
    tell(header, rows, found, found.unplaced(), as_json, as_csv)


def _known(session: Session, commune_id: str, up_to: int | None, up_to_change: int | None) -> dict[str, Written] | None:
    if up_to is None and up_to_change is None:
        return None
    last = register_table.written(session, commune_id)
    events = last.events if up_to is None else up_to
    return {commune_id: Written(events, last.changes if up_to_change is None else up_to_change)}


def refuse_level(found: Named, level: Level | None) -> None:
    if level is not None and level not in found.levels:
        raise click.ClickException(gettext("In the borders of that day there are no districts."))


def tell_flow(flow: Flowing, level: Level | None, as_json: bool, as_csv: bool, **more: Any) -> None:
    refuse_level(flow.places, level)
    rows = flow_lines.flowed(flow, level, gettext)
    tell(flow_lines.HEADER, rows, flow.places, flow.unplaced(), as_json, as_csv, **more)


def tell(
    header: list[str], rows: Iterator[list[Any]], found: Named, unplaced: dict[str, int], as_json: bool, as_csv: bool,
    **more: Any,
) -> None:  # fmt: skip
    """A table as CSV, as JSON, or for people; where its borders come from is said beside it, and of how many households
    of which communes the former one is not known."""
    if as_csv:
        for piece in written(header, rows):
            sys.stdout.buffer.write(piece)
        return
    if as_json:
        lines = [dict(zip(header, row, strict=True)) for row in rows]
        said = {"rows": lines, "status": found.statuses, "former_commune_unknown": unplaced, **more}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for row in rows:
        click.echo("\t".join("–" if cell is None else str(cell) for cell in row))
    for status, source in found.statuses:
        click.echo(gettext("Borders of before: %(status)s (%(source)s)", status=status, source=source))
    for commune_id, number in unplaced.items():
        place = f"{commune_id} {found.names.get(commune_id, '')}".strip()
        words = gettext("Former commune not known in %(place)s: %(count)s households.", place=place, count=number)
        click.echo(words)


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

"""`flask --app app register duplicates`: who may stand in two households, of a commune or of a whole province."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place
from survey.commands.jobs import do_at_once
from survey.commands.refusals import RefusedBy, RegisterCommand
from survey.jobs import queue
from survey.register import duplicates
from survey.terms import PlaceKind
from survey.web.session import now, reading
from survey.work import DUPLICATES


@click.command("duplicates", cls=RegisterCommand)
@click.option("--commune", "commune_id", help="The commune's code, 03757; else every commune of --province.")
@click.option("--province", "province_id", help="The province's code, 14: also across its communes.")
@click.option("--dry-run", is_flag=True, help="Only say what was found.")
@click.option("--json", "as_json", is_flag=True, help="For programs: codes and what they agree in, no names.")
@with_appcontext
def find_duplicates(commune_id: str | None, province_id: str | None, dry_run: bool, as_json: bool) -> None:
    """Search for persons in two households. The pairs are asked about at the desk; nothing is changed by itself."""
    if (commune_id is None) == (province_id is None):
        raise click.UsageError(gettext("Name a commune or a province."))
    with reading() as session:
        communes = _communes(session, commune_id, province_id)
        if dry_run:
            made = duplicates.search(session, communes, now())
            persons, found = made.persons, list(made.found)
    if not dry_run:
        persons = _searched(communes, commune_id, province_id)
        with reading() as session:
            found = duplicates.found_among(session, communes)
    if as_json:
        click.echo(json.dumps({"persons": persons, "pairs": [_told(one) for one in found]}))
        return
    said = gettext("%(persons)s persons compared, %(pairs)s pairs of households to be looked at.")
    click.echo(said % {"persons": persons, "pairs": len(found)})
    if dry_run:
        click.echo(gettext("A trial, nothing was written down."))


def _searched(communes: list[str], commune_id: str | None, province_id: str | None) -> int:
    """Search as a job of this process; returns how many persons were compared."""
    given = {"communes": communes, "of": commune_id or province_id or ""}
    done = do_at_once(lambda session: queue.ask(session, DUPLICATES, now(), commune_id=commune_id, parameters=given))
    if done.result is None:
        raise RefusedBy(gettext("It was stopped: search again."), "stopped")
    return int(done.result["persons"])


def _communes(session: Session, commune_id: str | None, province_id: str | None) -> list[str]:
    communes = select(Place.id).where(Place.kind == PlaceKind.COMMUNE.value).order_by(Place.id)
    of = communes.where(Place.id == commune_id) if commune_id else communes.where(Place.parent_id == province_id)
    found = list(session.scalars(of))
    if not found:
        raise RefusedBy(gettext("No place has the code %(code)s.", code=commune_id or province_id), "place_unknown")
    return found


def _told(alike: Any) -> dict[str, Any]:
    return {
        "one": [alike.commune_id, alike.household_id],
        "other": [alike.other_commune_id, alike.other_id],
        "strength": alike.strength,
        "agree": [kinds for _, _, kinds in alike.persons],
    }

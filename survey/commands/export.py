"""`flask --app app export csv DIR`: the same data files as the page's, for who keeps the server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, Round
from survey.calendar.default import meant
from survey.clocks import day_of
from survey.evidence import audit
from survey.register.places import names_in
from survey.reports import export
from survey.reports.csvfile import Style
from survey.reports.export import Choice, Kind
from survey.terms import PlaceKind
from survey.web.installation import require_place
from survey.web.session import now, transaction

export_group = AppGroup("export", help="Write data files.")


@export_group.command("csv")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--kind", "kinds", type=click.Choice(list(Kind)), multiple=True, help="Only this file; all without it.")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); all without it.")
@click.option("--round", "round_id", help="The round's id; the periodic one of the year without it.")
@click.option("--state", type=click.Choice(["accepted", "all"]), default="accepted", show_default=True)
@click.option("--style", type=click.Choice([style.value for style in Style]), default="comma", show_default=True)
def write_csv(
    folder: Path | None,
    kinds: tuple[str, ...],
    communes: tuple[str, ...],
    round_id: str | None,
    state: str,
    style: str,
) -> None:
    """Write households.csv, members.csv, deprivations.csv, no_interview.csv and codebook.csv into FOLDER; without
    FOLDER one of them (households, or the --kind named) to standard output."""
    require_place()
    if folder is None and len(kinds) > 1:
        raise click.UsageError("one --kind at a time goes to standard output: name a FOLDER for several")
    wanted = [Kind(name) for name in kinds] or ([Kind.HOUSEHOLDS] if folder is None else [*Kind])
    with Session(current_app.extensions["reading_engine"]) as session:  # a long export holds up no phone
        choice = Choice(_round(session, round_id, communes), _communes(session, communes), everything=state == "all")
        names = names_in(session, choice.communes, day_of(now()))
        for kind in wanted:
            rows = export.file(session, kind, choice, names, Style(style))
            if folder is None:
                sys.stdout.buffer.writelines(rows)
            else:
                click.echo(_write(folder / f"{kind.value}.csv", rows))
        number = export.count(session, choice)
    with transaction() as session:
        files = [kind.value for kind in wanted]
        detail = {"files": files, "round": choice.round_id, "state": state, "households": number}
        audit.record(session, now(), None, "export.read", ",".join(communes), detail)
    click.echo(gettext("%(count)s households", count=number), err=folder is None)


def _write(path: Path, rows: Iterator[bytes]) -> Path:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(rows)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    return path


def _round(session: Session, wanted: str | None, communes: tuple[str, ...]) -> str:
    found = session.get(Round, wanted) if wanted else meant(session, communes or None, day_of(now()))
    if found is None:
        raise click.ClickException(gettext("There is no such round.") if wanted else gettext("There is no round yet."))
    return found.id


def _communes(session: Session, wanted: tuple[str, ...]) -> tuple[str, ...]:
    every = session.scalars(select(Place.id).where(Place.kind == PlaceKind.COMMUNE.value).order_by(Place.id)).all()
    unknown = sorted(set(wanted) - set(every))
    if unknown:
        raise click.ClickException(gettext("No commune has the code %(code)s.", code=", ".join(unknown)))
    return wanted or tuple(every)

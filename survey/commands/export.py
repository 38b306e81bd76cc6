"""`flask --app app export csv DIR`: the same data files as the page's, for who keeps the server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, Round
from models.database import snapshot
from survey.calendar.default import meant
from survey.clocks import day_of
from survey.commands.refusals import RefusingGroup
from survey.evidence import audit
from survey.exports import changes, formats, research, rows
from survey.exports.files import LONG, Kind
from survey.exports.formats import Format, Manner
from survey.exports.rows import Choice
from survey.register.places import names_in
from survey.reports.csvfile import Style
from survey.terms import PlaceKind
from survey.web.formats import round_title
from survey.web.installation import in_one_sentence, require_place
from survey.web.session import now, transaction

export_group = RefusingGroup("export", help="Write data files.")


def _what_is_exported(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every format has: which households, and in which state of review."""
    for option in (
        click.option("--state", type=click.Choice(["accepted", "all"]), default="accepted", show_default=True),
        click.option("--round", "round_id", help="The round's id; the periodic one of the year without it."),
        click.option("--commune", "communes", multiple=True, help="Only this commune (its code); all without it."),
    ):
        command = option(command)
    return command


_FOLDER = click.Path(file_okay=False, path_type=Path)
_LANGUAGE = click.option(
    "--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of labels."
)


_KIND = click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in Kind], case_sensitive=False),
    multiple=True,
    help="Only this file; all but wide without it.",
)


@export_group.command("csv")
@click.argument("folder", type=_FOLDER, required=False)
@_KIND
@click.option("--style", type=click.Choice([style.value for style in Style]), default="comma", show_default=True)
@_what_is_exported
def write_csv(folder: Path | None, kinds: tuple[str, ...], style: str, **which: Any) -> None:
    """Write households.csv, members.csv, deprivations.csv, no_interview.csv and codebook.csv into FOLDER; without
    FOLDER one of them (households, or the --kind named) to standard output. Of the kind "wide" is a row a household
    with its members and indicators beside each other."""
    if folder is None and len(kinds) > 1:
        raise click.UsageError("one --kind at a time goes to standard output: name a FOLDER for several")
    wanted = [Kind(name) for name in kinds] or ([Kind.HOUSEHOLDS] if folder is None else [*LONG])
    _export(Format.CSV, folder, wanted, style=Style(style), **which)


@export_group.command("stata")
@click.argument("folder", type=_FOLDER)
@_KIND
@_LANGUAGE
@_what_is_exported
def write_stata(folder: Path, kinds: tuple[str, ...], language: str, **which: Any) -> None:
    """Write households.dta, members.dta, deprivations.dta, no_interview.dta (Stata 14 and later) and codebook.csv into
    FOLDER."""
    _export(Format.STATA, folder, [Kind(name) for name in kinds] or LONG, language=language, **which)


@export_group.command("spss")
@click.argument("folder", type=_FOLDER)
@_KIND
@_LANGUAGE
@_what_is_exported
def write_spss(folder: Path, kinds: tuple[str, ...], language: str, **which: Any) -> None:
    """Write households.sav, members.sav, deprivations.sav, no_interview.sav and codebook.csv into FOLDER."""
    _export(Format.SPSS, folder, [Kind(name) for name in kinds] or LONG, language=language, **which)


@export_group.command("parquet")
@click.argument("folder", type=_FOLDER)
@_KIND
@_LANGUAGE
@_what_is_exported
def write_parquet(folder: Path, kinds: tuple[str, ...], language: str, **which: Any) -> None:
    """Write households.parquet, members.parquet, deprivations.parquet, no_interview.parquet and codebook.csv into
    FOLDER."""
    _export(Format.PARQUET, folder, [Kind(name) for name in kinds] or LONG, language=language, **which)


@export_group.command("xlsx")
@click.argument("folder", type=_FOLDER)
@click.option("--cells", type=click.Choice(["words", "codes"]), default="words", show_default=True)
@click.option("--shape", type=click.Choice(["long", "wide"]), default="long", show_default=True)
@_LANGUAGE
@_what_is_exported
def write_xlsx(folder: Path, cells: str, shape: str, language: str, **which: Any) -> None:
    """Write so-ho.xlsx into FOLDER: a sheet each of households, members, deprivations, no interview and the codebook;
    or so-ho-wide.xlsx, whose rows are households with their members and indicators beside each other."""
    kinds = formats.WIDE_WORKBOOK.kinds if shape == "wide" else formats.WORKBOOK.kinds
    _export(Format.XLSX, folder, kinds, language=language, words=cells == "words", **which)


@export_group.command("datapackage")
@click.argument("folder", type=_FOLDER)
@_LANGUAGE
@_what_is_exported
def write_datapackage(folder: Path, language: str, **which: Any) -> None:
    """Write the CSV files for machines into FOLDER, their cells as they are, with datapackage.json (Frictionless): the
    type of each column, the SHA-256 of each file."""
    _export(Format.DATAPACKAGE, folder, LONG, language=language, **which)


@export_group.command("ddi")
@click.argument("folder", type=_FOLDER)
@_what_is_exported
def write_ddi(folder: Path, **which: Any) -> None:
    """Write codebook.xml into FOLDER: each file, column and code in Vietnamese and English, DDI-Codebook 2.5."""
    _export(Format.DDI, folder, formats.CODEBOOK.kinds, **which)


@export_group.command("geojson")
@click.argument("folder", type=_FOLDER)
@_what_is_exported
def write_geojson(folder: Path, **which: Any) -> None:
    """Write households.geojson into FOLDER: where each interviewed household is, as far as the interview says it, with
    its class and without names."""
    _export(Format.GEOJSON, folder, formats.POSITIONS.kinds, **which)


@export_group.command("changes")
@click.argument("folder", type=_FOLDER)
@click.option(
    "--since", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="cursor.gz of the last time."
)
@_LANGUAGE
@_what_is_exported
def write_changes(
    folder: Path, since: Path | None, language: str, state: str, round_id: str | None, communes: tuple[str, ...]
) -> None:
    """Write the CSV files for machines into FOLDER with cursor.gz; with the cursor of the last time only the rows of
    households that are other than they were then, and gone.csv, which names those that are there no more."""
    require_place()
    with in_one_sentence(), Session(current_app.extensions["reading_engine"]) as session, ExitStack() as waiting:
        snapshot(session)
        survey_round = _round(session, round_id, communes)
        choice = Choice(survey_round.id, _communes(session, communes), everything=state == "all")
        cursor = changes.cursor_in(session, since, choice) if since else None
        _make(folder)
        names, manner = names_in(session, choice.communes, day_of(now())), (language, round_title(survey_round), now())
        written = []
        for name, pieces in changes.files(session, choice, names, cursor, *manner, folder, waiting):
            written.append(name)
            click.echo(_write(folder / name, pieces))
        number = rows.count(session, choice)
    _put_on_record(choice, written, number, ",".join(communes), state, since=since is not None)


@export_group.command("research")
@click.argument("folder", type=_FOLDER)
@click.option("--round", "round_id", help="The round's id; the periodic one of the year without it.")
@click.option("--cells", is_flag=True, help="With the square of 5 km in which a house stands.")
@click.option("--sample", is_flag=True, help="Of one household in five.")
def write_research(folder: Path, round_id: str | None, cells: bool, sample: bool) -> None:
    """Write households.csv and persons.csv of all accepted households into FOLDER, pseudonymised: no names, each
    combination of what rows are told apart by shared by five households or more; beside them columns.csv, and what it
    cost as report.md and report.json."""
    require_place()
    asked = research.Asked(cells, sample)
    with in_one_sentence(), Session(current_app.extensions["reading_engine"]) as session, ExitStack() as waiting:
        snapshot(session)
        survey_round = _round(session, round_id, ())
        choice = Choice(survey_round.id, _communes(session, ()))
        _make(folder)
        files = research.files(session, choice, asked, round_title(survey_round), now(), folder, waiting)
        written = []
        for name, pieces in files:
            written.append(name)
            click.echo(_write(folder / name, pieces))
        number = rows.count(session, choice)
    _put_on_record(choice, written, number, "", "accepted", cells=cells, sample=sample)


def _put_on_record(choice: Choice, files: list[str], households: int, of: str, state: str, **more: bool) -> None:
    with transaction() as session:
        detail = {"files": files, "round": choice.round_id, "state": state, "households": households} | more
        audit.record(session, now(), None, "export.read", of, detail)


def _export(
    format: Format, folder: Path | None, kinds: Iterable[Kind], communes: tuple[str, ...], round_id: str | None,
    state: str, **manner: Any,
) -> None:  # fmt: skip
    """Write the files and put that on record; without a folder the one file to standard output."""
    require_place()
    with Session(current_app.extensions["reading_engine"]) as session:  # a long export holds up no phone
        snapshot(session)
        survey_round = _round(session, round_id, communes)
        choice = Choice(survey_round.id, _communes(session, communes), everything=state == "all")
        names = names_in(session, choice.communes, day_of(now()))
        files = formats.written(
            session, format, kinds, choice, names, Manner(round_title(survey_round), now(), **manner)
        )
        written = []
        for name, pieces in files:
            written.append(name)
            if folder is None:
                sys.stdout.buffer.writelines(pieces)
            else:
                click.echo(_write(folder / name, pieces))
        number = rows.count(session, choice)
    _put_on_record(choice, written, number, ",".join(communes), state)
    click.echo(gettext("%(count)s households", count=number), err=folder is None)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from None


def _write(path: Path, pieces: Iterator[bytes]) -> Path:
    _make(path.parent)
    try:
        with path.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    return path


def _round(session: Session, wanted: str | None, communes: tuple[str, ...]) -> Round:
    found = session.get(Round, wanted) if wanted else meant(session, communes or None, day_of(now()))
    if found is None:
        raise click.ClickException(gettext("There is no such round.") if wanted else gettext("There is no round yet."))
    return found


def _communes(session: Session, wanted: tuple[str, ...]) -> tuple[str, ...]:
    every = session.scalars(select(Place.id).where(Place.kind == PlaceKind.COMMUNE.value).order_by(Place.id)).all()
    unknown = sorted(set(wanted) - set(every))
    if unknown:
        raise click.ClickException(gettext("No commune has the code %(code)s.", code=", ".join(unknown)))
    return wanted or tuple(every)

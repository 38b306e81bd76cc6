"""`flask --app app backup make FOLDER`, `backup verify FOLDER` and `backup restore FOLDER`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import gettext

from survey.operations.backup import BackupFailed, back_up, verify
from survey.operations.restore import restore
from survey.text import N_
from survey.web.installation import require_place, require_tables, tell_where
from survey.web.session import get_engine, now

LOST_FILES = 3  # the exit code of a backup that is whole but for files that the server itself has lost
backup_group = AppGroup("backup", help="Backups: make one while the server runs, verify one, put one back.")


@backup_group.command("make")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def make(folder: Path) -> None:
    """Copy database, files and keys into FOLDER, which must not exist.

    Exit code: 0 all of it, 1 nothing was kept, 3 kept without files that the server has lost: they are named.
    """
    require_place()
    try:
        manifest = back_up(get_engine(), Path(current_app.config["INSTANCE"]), folder.absolute(), now())
    except BackupFailed as refusal:
        raise _failed(refusal) from None
    click.echo(
        gettext("Backed up to %(folder)s: database, %(files)s files, keys.", folder=folder, files=manifest["files"])
    )
    click.echo(
        gettext(
            "The backup holds the key that signs receipts, and what households told: keep it where only the person in "
            "charge can open it."
        )
    )
    _say_lost(manifest)


@backup_group.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
def check(folder: Path) -> None:
    """Say whether every part of a backup is whole. Exit code as of `make`."""
    try:
        manifest = verify(folder)
    except BackupFailed as refusal:
        raise _failed(refusal) from None
    parts = len(manifest["parts"])
    click.echo(gettext("The backup is whole: %(parts)s parts, made at %(at)s.", parts=parts, at=manifest["made_at"]))
    _say_lost(manifest)


@backup_group.command("restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Data stands here: put it aside and take the backup's in its place.")
@with_appcontext
def put_back(folder: Path, replace: bool) -> None:
    """Put a backup back, with the service stopped. Phones then send again what the backup did not have."""
    instance = Path(current_app.config["INSTANCE"])
    tell_where()
    if get_engine().dialect.name != "sqlite":
        require_tables(new=True)
    try:
        done = restore(get_engine(), instance, folder.absolute(), now(), replace=replace)
    except BackupFailed as refusal:
        raise _failed(refusal) from None
    said = N_("Restored from the backup made at %(at)s: database, %(files)s files, keys.")
    click.echo(gettext(said, at=done["made_at"], files=done["files"]))
    if done["damaged"]:
        said = N_("%(count)s files are not in the backup: the phones will be asked for them again.")
        click.echo(gettext(said, count=len(done["damaged"])))
    if done["aside"] is not None:
        click.echo(gettext("What was here before lies in %(folder)s.", folder=done["aside"]))
    said = N_("New generation: %(generation)s. Start the service; phones will send again the interviews it lacks.")
    click.echo(gettext(said, generation=done["generation"]))
    click.echo(
        gettext(
            "What was done after that time is gone: look again at the phones withdrawn, the accounts closed and the "
            "interviews accepted."
        )
    )
    said = N_(
        "Sign-ins and keys that were ended since are there again. To end all: so-ho account end-sessions --everybody"
    )
    click.echo(gettext(said))


def _failed(refusal: BackupFailed) -> click.ClickException:
    return click.ClickException(gettext(refusal.template, **refusal.values))


def _say_lost(manifest: dict[str, Any]) -> None:
    """Name what the backup could not hold, and end with an exit code that a timer sees: whole, but not all."""
    if not manifest["damaged"]:
        return
    said = N_("%(count)s files are MISSING: damaged or lost on the server, and not in the backup.")
    click.echo(gettext(said, count=len(manifest["damaged"])), err=True)
    for one in manifest.get("damaged_answers") or manifest["damaged"]:
        click.echo(f"  {_answer(one)}", err=True)
    raise SystemExit(LOST_FILES)


def _answer(lost: dict[str, str] | str) -> str:
    """The answer that a lost file belongs to; a file that belongs to none, and a backup of before 0.2, say a line."""
    if isinstance(lost, str):
        return lost
    return gettext("%(sha256)s: household %(household)s, question %(path)s, interview %(entry)s", **lost)

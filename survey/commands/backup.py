"""`flask --app app backup …`: sealed copies of the instance, to whom they are sealed, whether they are whole, the way
back from one, and their end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models.database import reading_engine
from survey.evidence import audit
from survey.evidence.lineage import remembered_keys
from survey.evidence.signing import Signer, key_id
from survey.operations import retention, sealing
from survey.operations.backup import back_up, check
from survey.operations.opening import drill, is_plain, require_trusted, verify_plain
from survey.operations.restore import restore
from survey.operations.sealing import BackupFailed, read_identities
from survey.text import N_
from survey.web.installation import is_empty, require_place, require_tables, tell_where
from survey.web.session import get_engine, now, transaction

LOST_FILES = 3  # the exit code of a backup that is whole but for files that the server itself has lost
backup_group = AppGroup("backup", help="Backups: sealed while the server runs, checked, tried, put back, deleted.")
recipients_group = AppGroup("recipients", help="Who can open the backups.")
backup_group.add_command(recipients_group)
FOLDER = click.argument("folder", type=click.Path(path_type=Path))
IDENTITY = click.option(
    "--identity", type=click.File("r", encoding="utf-8", errors="replace"),
    help="The file of age-keygen that opens it; - reads it from standard input, so that it lies nowhere here.",
)  # fmt: skip
KEY = click.option("--key", help="The key that the backup was signed with, as you noted it (receipts keys).")


def in_words(command: Callable[..., None]) -> Callable[..., None]:
    """A refusal of the room ends the command in its sentence."""

    @wraps(command)
    def spoken(*given: Any, **named: Any) -> None:
        try:
            command(*given, **named)
        except BackupFailed as refusal:
            raise click.ClickException(gettext(refusal.template, **refusal.values)) from None

    return spoken


@recipients_group.command("set")
@click.argument("recipients", nargs=-1, required=True, metavar="NAME=age1…")
@in_words
def set_recipients(recipients: tuple[str, ...]) -> None:
    """Seal backups from now on to these public keys: at least two people's, each as NAME=age1…

    The pairs are made with age-keygen, never on this server. Backups of before stay sealed to whom they were.
    """
    named = sealing.check_recipients(recipients)
    with transaction() as session:
        sealing.write_recipients(_instance(), named)
        audit.record(session, now(), None, "backup_recipients_set", "", {"recipients": named})
    _tell_recipients(named)
    click.echo(gettext("Make a backup now, and try with each identity whether it opens it: backup drill."))


@recipients_group.command("list")
@in_words
def list_recipients() -> None:
    """To whom backups are sealed."""
    require_place()
    named = sealing.read_recipients(_instance())
    if not named:
        sealing.required_recipients(_instance())
    _tell_recipients(named)


def _tell_recipients(named: dict[str, str]) -> None:
    for name, key in named.items():
        click.echo(f"{name}\t{key}")


@backup_group.command("make")
@FOLDER
@with_appcontext
@in_words
def make(folder: Path) -> None:
    """Seal database, files and keys into FOLDER, which must not exist.

    Files that an earlier backup beside FOLDER holds are linked, not written again.
    Exit code: 0 all of it, 1 nothing was kept, 3 kept, and files that the server has lost are named.
    """
    require_place()
    made = back_up(get_engine(), _instance(), folder.absolute(), now())
    click.echo(gettext("Backed up to %(folder)s: database, %(files)s files, keys.", folder=folder, files=made["files"]))
    names = ", ".join(sealing.read_recipients(_instance()))
    click.echo(gettext("Only these can open it: %(names)s. Keep a copy on another machine.", names=names))
    for path in retention.plain_copies(_instance()):
        said = N_("%(folder)s is a copy of an earlier state that anybody can read. Delete it when nothing is missed.")
        click.echo(gettext(said, folder=path), err=True)
    if made["lost"]:
        said = N_("%(count)s files are damaged or lost on the server; the backup has them from an earlier one.")
        click.echo(gettext(said, count=len(made["lost"])), err=True)
    _say_lost(made["damaged"], made["damaged_answers"], failed=bool(made["lost"]))


@backup_group.command("check")
@FOLDER
@KEY
@in_words
def check_whole(folder: Path, key: str | None) -> None:
    """Say whether every part of a backup is whole and signed by this server. Needs no identity and opens nothing.

    Exit code as of `make`.
    """
    if is_plain(folder):
        old = verify_plain(folder)
        _say_whole(len(old.parts), old.made_at)
        _warn_of_plain()
        _say_lost(old.damaged, old.damaged_answers)
        return
    manifest = check(folder)
    trusted = _trusted(key)
    require_trusted(manifest["key"], trusted)
    _say_whole(len(manifest["parts"]), manifest["made_at"])
    _say_signed(key_id(manifest["key"]), known=trusted is not None)
    if manifest["damaged"]:
        said = N_("%(count)s files are MISSING: damaged or lost on the server, and not in the backup.")
        click.echo(gettext(said, count=manifest["damaged"]), err=True)
        raise SystemExit(LOST_FILES)


@backup_group.command("verify", hidden=True)
@FOLDER
@click.pass_context
def verify(context: click.Context, folder: Path) -> None:
    """The former name of `check`: timers ask by it."""
    context.invoke(check_whole, folder=folder, key=None)


@backup_group.command("drill")
@FOLDER
@IDENTITY
@KEY
@in_words
def try_out(folder: Path, identity: Any, key: str | None) -> None:
    """Open a backup wholly, where its identity is, and try whether a server could be made of it; nothing of it stays.

    Exit code as of `make`.
    """
    backup = drill(folder, _identities(identity), _trusted(key))
    said = N_("A server can be made of this backup: database, %(files)s files and keys are as they were at %(at)s.")
    click.echo(gettext(said, files=backup.files, at=backup.made_at))
    if backup.key is None:
        _warn_of_plain()
    else:
        _say_signed(backup.key, known=_trusted(key) is not None)
    _say_lost(backup.damaged, backup.damaged_answers)


@backup_group.command("restore")
@FOLDER
@IDENTITY
@KEY
@click.option("--recipient", "recipients", multiple=True, metavar="NAME=age1…", help="Where nobody is named yet.")
@click.option("--replace", is_flag=True, help="Data stands here: seal and put it aside, and take the backup's.")
@with_appcontext
@in_words
def put_back(folder: Path, identity: Any, key: str | None, recipients: tuple[str, ...], replace: bool) -> None:
    """Put a backup back, with the service stopped. Phones then send again what the backup did not have."""
    tell_where()
    if get_engine().dialect.name != "sqlite":
        require_tables(new=True)
    done = restore(
        get_engine(), _instance(), folder.absolute(), now(), identities=_identities(identity), trusted=_trusted(key),
        recipients=sealing.check_recipients(recipients) if recipients else None, replace=replace,
    )  # fmt: skip
    said = N_("Restored from the backup made at %(at)s: database, %(files)s files, keys.")
    click.echo(gettext(said, at=done["made_at"], files=done["files"]))
    if done["plain"]:
        _warn_of_plain()
    if done["damaged"]:
        said = N_("%(count)s files are not in the backup: the phones will be asked for them again.")
        click.echo(gettext(said, count=len(done["damaged"])))
    if done["aside"] is not None:
        said = N_("What was here before is sealed in %(folder)s; it can be put back like any backup.")
        click.echo(gettext(said, folder=done["aside"]))
    said = N_("New generation: %(generation)s. Start the service; phones will send again the interviews it lacks.")
    click.echo(gettext(said, generation=done["generation"]))
    said = N_(
        "Everybody signs in again. Keys of ODK Collect still deliver, into the held interviews, and give nothing: make "
        "new ones. Keys of Excel have ended."
    )
    click.echo(gettext(said))
    click.echo(
        gettext(
            "What was done after that time is gone: look again at the phones withdrawn, the accounts closed and the "
            "interviews accepted."
        )
    )


@backup_group.command("prune")
@FOLDER
@click.option("--days", type=click.IntRange(1), default=retention.LONGEST, show_default=True, help="They stay.")
@click.option("--dry-run", is_flag=True, help="Only say which would go.")
@in_words
def prune(folder: Path, days: int, dry_run: bool) -> None:
    """Delete the backups in FOLDER that are older; never the newest, and none while that one is not whole."""
    gone = retention.prune(folder, days, now(), dry_run=dry_run)
    for one in gone:
        click.echo(str(one.path))
    said = N_("%(count)s backups would be deleted.") if dry_run else N_("%(count)s backups were deleted.")
    click.echo(gettext(said, count=len(gone)))


def _instance() -> Path:
    return Path(current_app.config["INSTANCE"])


def _identities(file: Any) -> list[Any]:
    if file is None:
        return []
    if file is sys.stdin and sys.stdin.isatty():
        click.echo(gettext("Paste the identity, then end with Ctrl-D:"), err=True)
    return list(read_identities(file.read(1 << 16)))


def _trusted(given: str | None) -> set[str] | None:
    """The names of the keys that may have signed a backup of this place: the one that was given, else those that the
    place knows; None where there is no place."""
    if given:
        return {given.strip().lower()}
    signer: Signer | None = current_app.extensions["signer"]
    known = {signer.public_key} if signer else set()
    try:
        if not is_empty():
            with Session(reading_engine(get_engine())) as session:
                known |= set(remembered_keys(session))
    except SQLAlchemyError:  # a damaged database, or none: what lies in the folder is known all the same
        pass
    return {key_id(one) for one in known} or None


def _say_whole(parts: int, made_at: str) -> None:
    click.echo(gettext("The backup is whole: %(parts)s parts, made at %(at)s.", parts=parts, at=made_at))


def _say_signed(key: str, *, known: bool) -> None:
    said = N_(
        "Signed with the key %(key)s. There is no server here to compare it with: it must be the one that you noted."
    )
    if known:
        said = N_("Signed with the key %(key)s of this server.")
    click.echo(gettext(said, key=key))


def _warn_of_plain() -> None:
    said = N_(
        "This is a backup of an earlier release: whoever has it reads everything in it and can open phones. Make a new "
        "one, then delete it."
    )
    click.echo(gettext(said), err=True)


def _say_lost(damaged: list[str], answers: list[Any], *, failed: bool = False) -> None:
    """Name what the backup could not hold, and end with an exit code that a timer sees: whole, but not all."""
    if damaged:
        said = N_("%(count)s files are MISSING: damaged or lost on the server, and not in the backup.")
        click.echo(gettext(said, count=len(damaged)), err=True)
    if damaged or failed:
        for one in answers or damaged:
            click.echo(f"  {_answer(one)}", err=True)
        raise SystemExit(LOST_FILES)


def _answer(lost: dict[str, str] | str) -> str:
    """The answer that a lost file belongs to; a file that belongs to none, and a backup of before 0.2, say a line."""
    if isinstance(lost, str):
        return lost
    return gettext("%(sha256)s: household %(household)s, question %(path)s, interview %(entry)s", **lost)

"""`flask --app app migrate` and `keys accept`: what makes a place, or brings it to today's program."""

from __future__ import annotations

from pathlib import Path

import click
from alembic.util import CommandError
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import gettext, lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models.commune_counter import lock_commune
from survey.accounts import demo, guessing, sessions
from survey.evidence import audit
from survey.files.store import sweep
from survey.files.uploads import clean
from survey.operations.keys import (
    ESCROW,
    INDEX,
    MAKE,
    PROOF,
    RECEIPT,
    SESSION,
    Keys,
    make_one,
    put,
    read_keys,
    remember,
    strangers,
    wanted,
)
from survey.operations.rotation import FormerEscrow, change, forget, former_escrows
from survey.tallies import places as tallies
from survey.text import N_
from survey.web import installation
from survey.web.session import get_engine, now, reading, transaction

keys_group = AppGroup("keys", help="The keys in INSTANCE: change one, go on without one that is lost.")
CONSEQUENCES = {
    RECEIPT: lazy_gettext(
        "Phones will report a strange key and keep what is not sent until their users confirm that this number is "
        "right."
    ),
    ESCROW: lazy_gettext("A phone's PIN forgotten before the phone next speaks to the server cannot be won back."),
    SESSION: lazy_gettext("Everybody must sign in again."),
    PROOF: lazy_gettext(
        "Proofs made so far stay what they are. Publish the fingerprint of the new key: no former one introduces it."
    ),
    INDEX: lazy_gettext(
        "Workers outside the register whose numbers were entered before are not known again by them. The next backup "
        "writes every file anew."
    ),
}
ROTATED = {"session": SESSION, "receipt": RECEIPT, "escrow": ESCROW}
CHANGED = {
    SESSION: lazy_gettext("Then everybody must sign in again; a cookie that was copied opens nothing any more."),
    RECEIPT: lazy_gettext("The former key has introduced the new one to the phones."),
    ESCROW: lazy_gettext(
        "The former key lies beside it and still opens what phones locked with it. Each phone goes over to the new one "
        "when its owner opens it after its next contact. When no phone needs the former one: keys list, then keys "
        "forget."
    ),
}


@click.command()
@click.option("--new", is_flag=True, help="The place may be new: make its tables and its keys.")
@with_appcontext
def migrate(new: bool) -> None:
    """Bring the database to the newest schema. An empty one is refused: a misspelt place looks like that."""
    bring_up(new=new or current_app.config["NEW"])
    click.echo(gettext("The database is up to date."))


def bring_up(*, new: bool) -> None:
    """The place as today's program needs it; an empty one only when it may be `new`. Done at each start."""
    installation.require_whole_restore()
    if new:
        _make_folder()
    installation.require_tables(new=new)
    empty = installation.is_empty()
    if not empty:
        installation.require_known_keys()
    _make_keys(new=new or (not empty and RECEIPT not in _keys().missing))
    try:
        upgrade(get_engine())
    except (CommandError, SQLAlchemyError) as fault:
        said = N_("The database cannot be updated: %(fault)s. If a newer program made it, use that one.")
        raise SystemExit(gettext(said, fault=installation.first_line(fault))) from None
    _count_what_never_was()
    instance = Path(current_app.config["INSTANCE"])
    with transaction() as session:
        remember(session, _keys())  # whatever is signed from now on stays provable
        clean(session, instance / "uploads", now())
        sessions.forget(session, now())
        guessing.forget(session, now())
        left_over = demo.left_over(session)
    if left_over:
        said = N_(
            "Accounts of the demo stand among yours with the password that everybody knows: %(names)s. Give each of "
            "them another (so-ho account password NAME), then start again. What was done with them: so-ho audit list."
        )
        raise SystemExit(gettext(said, names=", ".join(left_over)))
    sweep(instance / "files")
    _close_to_others(instance)


def _close_to_others(instance: Path) -> None:
    """What an earlier release, or an operator's shell, left readable by others. Below the folder nobody gets past it;
    an SQLite database may lie elsewhere."""
    file = installation.file_of(get_engine())
    beside = [file.with_name(file.name + suffix) for suffix in ("", "-wal", "-shm")] if file else []
    for path, mode in [(instance, 0o700), *((one, 0o600) for one in beside)]:
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(mode)
        except OSError as fault:  # another's: it is said, and the server serves
            if path.exists():
                said = N_("%(path)s can be read by others and cannot be closed: %(fault)s")
                click.echo(gettext(said, path=path, fault=fault.strerror), err=True)


def _count_what_never_was() -> None:
    """Of a database of an earlier release: the rounds of each commune, each in a transaction of its own."""
    with reading() as session:  # at each start: nobody waits for it
        left = tallies.unfilled(session)
    for commune_id, round_id in left:
        with transaction() as session:
            lock_commune(session, commune_id)
            tallies.rebuild(session, commune_id, round_id)


def _make_keys(*, new: bool) -> None:
    """What the database knows of is there already. Of an older release one kind may be missing."""
    missing, folder = _keys().missing, Path(current_app.config["INSTANCE"])
    if missing and not new:
        raise SystemExit(installation.keys_missing(missing, folder))
    for name in (INDEX, *missing):  # of a new place before there is an escrow key
        make_one(folder, name)
    if missing:
        installation.take_keys(_app())
        said = gettext("New keys were made in %(folder)s: %(keys)s.", folder=folder, keys=", ".join(missing))
        click.echo(said, err=True)


def _make_folder() -> None:
    folder = Path(current_app.config["INSTANCE"])
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        said = gettext("The folder %(folder)s cannot be made: %(fault)s", folder=folder, fault=fault.strerror)
        raise SystemExit(said) from None


@keys_group.command("accept")
@click.argument("name", type=click.Choice(list(MAKE)))
@with_appcontext
def accept(name: str) -> None:
    """The former key NAME is lost for good: go on with the one that lies in INSTANCE, or with a new one."""
    installation.require_tables()
    folder = Path(current_app.config["INSTANCE"])
    if not folder.is_dir():
        raise click.ClickException(gettext("There is no folder %(folder)s.", folder=folder))
    with installation.in_one_sentence(), Session(get_engine()) as session, session.begin():
        missing = name in _keys().missing
        if not (missing and name in wanted(session)) and name not in strangers(session, _keys()):
            said = N_("%(name)s: the database knows no other key. There is nothing to do.")
            raise click.ClickException(gettext(said, name=name))
        if missing:
            make_one(folder, name)
            installation.take_keys(_app())
        remember(session, _keys(), [name])
        audit.record(session, now(), None, "key_accepted", f"{name} {_keys().names[name]}")
    said = N_("%(name)s: the key %(key)s is used from now on. Start the service again and make a new backup.")
    click.echo(gettext(said, name=name, key=_keys().names[name]))
    click.echo(str(CONSEQUENCES[name]))


@keys_group.command("rotate")
@click.argument("kind", type=click.Choice(list(ROTATED)))
def rotate(kind: str) -> None:
    """A new key from the next start on: of sessions, of receipts, or of the office's to locked phones (escrow)."""
    change_key(ROTATED[kind])


def change_key(file: str) -> None:
    """Put a new key in the place of the one in use, and say what follows."""
    folder = Path(current_app.config["INSTANCE"])
    with transaction() as session:
        made = change(session, folder, file, now())
    put(folder / file, made)  # only after the former is kept: a crash between the two loses nothing
    name = read_keys(folder).names[file]
    click.echo(gettext("New key %(key)s. Start the service again.", key=name))
    click.echo(str(CHANGED[file]))
    if file != SESSION:  # no backup has that one
        click.echo(gettext("Make a new backup now: the old one does not have this key."))


@keys_group.command("list")
def list_keys() -> None:
    """The keys in INSTANCE by their names, and which phones still need a former one."""
    folder = Path(current_app.config["INSTANCE"])
    with transaction() as session:
        former = former_escrows(session, folder)
        for file, name in _keys().names.items():
            click.echo(f"{file}\t{name}\t{gettext('in use')}")
        for one in former:
            click.echo(f"{one.path.name}\t{one.key_id}\t{_needed_by(one)}")


def _needed_by(former: FormerEscrow) -> str:
    if not former.is_needed:
        return gettext("former; no phone needs it: keys forget %(key)s", key=former.key_id)
    return gettext(
        "former; %(devices)s phones are locked with it, %(silent)s have not said with which key",
        devices=len(former.devices),
        silent=len(former.silent),
    )


@keys_group.command("forget")
@click.argument("key")
@click.option("--anyway", is_flag=True, help="Although phones need it: a forgotten code costs what only they hold.")
def forget_key(key: str, anyway: bool) -> None:
    """Delete a former key to phones' locks (escrow) by its name, when no phone needs it any more."""
    with transaction() as session:
        found = {one.key_id: one for one in former_escrows(session, Path(current_app.config["INSTANCE"]))}
        if key not in found:
            raise click.ClickException(gettext("There is no former key of this name. Look it up: keys list."))
        if found[key].is_needed and not anyway:
            said = N_(
                "%(needed)s. Wait until they were opened and in contact, or withdraw those that are gone; with "
                "--anyway it is deleted all the same, and who forgot a phone's code loses what only that phone holds."
            )
            raise click.ClickException(gettext(said, needed=_needed_by(found[key])))
        forget(session, found[key], now())
    click.echo(gettext("The former key was deleted. Backups of before still have it until they are pruned."))


def _keys() -> Keys:
    keys: Keys = current_app.extensions["keys"]
    return keys


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app

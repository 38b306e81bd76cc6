"""The commands that run the server: the database, the accounts, the questionnaire, the rounds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account
from survey.accounts import accounts, factor, four_eyes, guessing, passwords, sessions
from survey.clocks import instant
from survey.commands.audit import audit_group
from survey.commands.backup import backup_group
from survey.commands.carry import import_bundle
from survey.commands.corrections import correct_list, export, police_check, police_list_out, undo_list
from survey.commands.duplicates import find_duplicates
from survey.commands.export import export_group
from survey.commands.installation import keys_group, migrate
from survey.commands.jobs import do_at_once, jobs_group
from survey.commands.layouts import plan_group, report_group, residents_group
from survey.commands.places import places_group
from survey.commands.proofs import keys_group as proof_keys_group
from survey.commands.questionnaires import form_group
from survey.commands.receipts import receipts_group
from survey.commands.refusals import RefusedBy, RefusingCommand, no_account
from survey.commands.register_table import table as register_table
from survey.commands.requests import register_group
from survey.commands.round_figures import mpi, recount, what_if
from survey.commands.rounds import round_group
from survey.evidence import audit
from survey.evidence.lineage import renew_generation
from survey.files.uploads import clean
from survey.jobs import queue
from survey.problems import Problem
from survey.terms import Role
from survey.web.session import now, reading, transaction
from survey.work import REBUILD

account_group = AppGroup("account", help="Accounts: add one, set a password.")


def init_app(app: Flask) -> None:
    of_register: tuple[click.Command, ...] = (
        find_duplicates, register_table, export, correct_list, undo_list, police_list_out, police_check,
        residents_group,
    )  # fmt: skip
    for command in of_register:
        register_group.add_command(command)
    groups = (
        account_group, round_group, form_group, register_group, receipts_group, backup_group, keys_group, export_group,
        proof_keys_group, audit_group, jobs_group, places_group, report_group,
        plan_group,
    )  # fmt: skip
    for command in (migrate, rebuild_all, restored, clean_uploads, import_bundle, mpi, recount, what_if, *groups):
        app.cli.add_command(command)


@click.command("rebuild", cls=RefusingCommand)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@with_appcontext
def rebuild_all(as_json: bool) -> None:
    """Derive classes, states and counts again from what was received, beside an office that works; should the command
    die a worker goes on with it."""
    done = do_at_once(lambda session: queue.ask(session, REBUILD, now()))
    if done.result is None:
        raise RefusedBy(gettext("It was stopped: what was worked out again stays. Run it again."), "stopped")
    if as_json:
        click.echo(json.dumps(done.result))
    else:
        click.echo(gettext("%(count)s interviews were worked out again.", count=done.result["interviews"]))


@click.command()
@with_appcontext
def restored() -> None:
    """Say that the database came back from a backup: phones then send again what it may lack."""
    with transaction() as session:
        click.echo(renew_generation(session, now()))


@click.command()
@with_appcontext
def clean_uploads() -> None:
    """Remove files in parts that nobody went on with for 14 days, and rows of sessions that
    were over 90 days ago; also done by migrate."""
    with transaction() as session:
        gone = clean(session, Path(current_app.config["INSTANCE"]) / "uploads", now())
        sessions.forget(session, now())
        guessing.forget(session, now())
    click.echo(gettext("%(count)s files sent in part were removed.", count=gone))


@account_group.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", required=True, help="The person's name, as others see it.")
@click.option("--place", "place_id", help="Code of the commune (of a province officer: of the province).")
@click.option("--village", "villages", multiple=True, help="A village of an enumerator, 03757-01; repeatable.")
@click.password_option(help="Asked for when it is not given.")
def add_account(
    username: str, role: str, name: str, place_id: str | None, villages: tuple[str, ...], password: str
) -> None:
    """Add an account."""
    try:
        with transaction() as session:
            _check_password(password, [username, name, *passwords.names_of_place(session, place_id)])
            made = accounts.create_account(
                session,
                username=username,
                display_name=name,
                role=Role(role),
                password=password,
                now=now(),
                place_id=place_id,
                villages=villages,
            )
            audit.record(session, now(), None, "account_created", made.id)
    except Problem:
        raise click.ClickException(gettext("The account name %(name)s is taken.", name=username)) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made.username}: {Role(made.role).vi}")


@account_group.command("password")
@click.argument("username")
@click.password_option(help="Asked for when it is not given.")
def set_password(username: str, password: str) -> None:
    """Set an account's password; its sessions end."""
    with transaction() as session:
        account = _account(session, username)
        _check_password(password, passwords.names_about(session, account))
        accounts.set_password(account, password)
        guessing.let_in(session, account, None, now())
        audit.record(session, now(), None, "password_reset", account.id)
    click.echo(gettext("%(name)s: the new password was kept.", name=account.username))


@account_group.command("let-in")
@click.argument("username")
@with_appcontext
def let_in(username: str) -> None:
    """Let new devices try to sign in to an account again, after many wrong passwords."""
    with transaction() as session:
        account = _account(session, username)
        guessing.let_in(session, account, None, now())
    click.echo(gettext("%(name)s: new devices may sign in again.", name=account.username))


@account_group.command("hand-over")
@click.argument("username")
@with_appcontext
def hand_over(username: str) -> None:
    """Confirm that an account is its owner's, where no second officer can: the first of a province. Speak with them."""
    with transaction() as session:
        account = _account(session, username)
        try:
            four_eyes.hand_over(session, account.id, None, now())
        except Problem as refusal:
            raise click.ClickException(gettext(refusal.refusal.title)) from None
    click.echo(gettext("%(name)s: handed over.", name=account.username))


@account_group.command("sessions")
@click.argument("username")
@with_appcontext
def list_sessions(username: str) -> None:
    """Where an account is signed in: id, since when, last heard of, until when, phone or browser."""
    with reading() as session:
        for row in sessions.holding(session, _account(session, username), now()):
            click.echo("  ".join([row.id, *map(instant, (row.made, row.seen, row.ends)), row.device or row.agent[:60]]))


@account_group.command("end-sessions")
@click.argument("username", required=False)
@click.option("--everybody", is_flag=True, help="Of every account: after a theft, or a restore.")
@with_appcontext
def end_sessions(username: str | None, everybody: bool) -> None:
    """End all sessions of an account, and its keys for Collect and Excel. Phones keep what is not sent."""
    if bool(username) == everybody:
        raise click.UsageError(gettext("Name an account, or say --everybody."))
    with transaction() as session:
        every = select(Account).order_by(Account.username)
        of = list(session.scalars(every)) if everybody else [_account(session, username or "")]
        for account in of:
            sessions.end_all(session, account, None, now())
    click.echo(gettext("The sessions of %(count)s accounts were ended.", count=len(of)))


@account_group.command("factor-reset")
@click.argument("username")
@with_appcontext
def reset_factor(username: str) -> None:
    """Take the second factor off an account whose owner lost phone and recovery codes; its sessions end."""
    with transaction() as session:
        account = _account(session, username)
        if not factor.has(session, account):
            raise click.ClickException(gettext("%(name)s has no second factor.", name=account.username))
        factor.reset(session, account, None, now())
    click.echo(gettext("%(name)s: the second factor was taken off.", name=account.username))


def _account(session: Session, username: str) -> Account:
    account = accounts.find_account(session, username)
    if account is None:
        raise no_account(username)
    return account


def _check_password(password: str, names: Iterable[str]) -> None:
    try:
        passwords.check(password, names)
    except Problem as weak:
        raise click.ClickException(f"{gettext(weak.refusal.title)} {gettext(weak.refusal.next)}") from None

"""`flask --app app demo`: the demo commune into a database, and who may sign in there."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select

from models import Account
from survey.commands.installation import bring_up
from survey.demo.accounts import ACCOUNTS, PASSWORD, VILLAGES
from survey.demo.load import load_demo
from survey.problems import Problem
from survey.text import N_
from survey.web.session import now, transaction


def init_app(app: Flask) -> None:
    app.cli.add_command(demo)


@click.command()
@click.option("--if-empty", is_flag=True, help="Do nothing when somebody has an account here already.")
@with_appcontext
def demo(if_empty: bool) -> None:
    """Load the demo commune, with invented people, and say which accounts it has."""
    bring_up(new=True)  # a new place needs its tables first
    with transaction() as session:
        known = set(session.scalars(select(Account.username)))
        if not (if_empty and known):
            try:
                loaded = load_demo(session, now(), current_app.extensions["signer"])
            except Problem:
                raise click.ClickException(
                    gettext("There are accounts here: the demo is loaded into an empty database only.")
                ) from None
            known = {account.username for account in ACCOUNTS}
            said = N_("The demo is loaded: %(households)s households, %(villages)s villages.")
            click.echo(gettext(said, households=loaded.households, villages=len(VILLAGES)))
    if known >= {account.username for account in ACCOUNTS}:
        _say_accounts()


def _say_accounts() -> None:
    click.echo(gettext("Demo accounts, all with the password: %(password)s", password=PASSWORD))
    for account in ACCOUNTS:
        villages = ", ".join(VILLAGES[number - 1].name for number in account.villages)
        click.echo(f"  {account.username:<16}{account.role.vi:<20}{villages}".rstrip())

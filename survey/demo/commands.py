"""`flask --app app demo`: the demo commune into a database, and who may sign in there."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from models import Account
from survey.commands.installation import bring_up
from survey.demo.accounts import ACCOUNTS, PASSWORD, VILLAGES
from survey.demo.load import load_demo
from survey.problems import Problem
from survey.web.session import now, transaction

REFUSED = "Nơi này đã có tài khoản: bản dùng thử chỉ nạp vào cơ sở dữ liệu còn trống."


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
                raise click.ClickException(REFUSED) from None
            known = {account.username for account in ACCOUNTS}
            click.echo(f"Đã nạp bản dùng thử: {loaded.households} hộ, {len(VILLAGES)} bản, tiểu khu.")
    if known >= {account.username for account in ACCOUNTS}:
        _say_accounts()


def _say_accounts() -> None:
    click.echo(f"Tài khoản dùng thử, mật khẩu chung: {PASSWORD}")
    for account in ACCOUNTS:
        villages = ", ".join(VILLAGES[number - 1].name for number in account.villages)
        click.echo(f"  {account.username:<16}{account.role.vi:<20}{villages}".rstrip())

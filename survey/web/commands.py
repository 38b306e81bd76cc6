"""The commands that run the server: the database, the accounts, the questionnaire, the rounds."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from migrations.upgrade import upgrade
from survey.web.session import get_engine


def init_app(app: Flask) -> None:
    for command in (migrate,):
        app.cli.add_command(command)


@click.command()
@with_appcontext
def migrate() -> None:
    """Bring the database to the newest schema."""
    upgrade(get_engine())
    click.echo("Cơ sở dữ liệu đã cập nhật.")

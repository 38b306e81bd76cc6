"""`flask --app app demo`: the demo commune into a database, and who may sign in there."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select

from models import Account
from survey.accounts.demo import PASSWORD, mark
from survey.commands.installation import bring_up
from survey.demo import simulate as simulation
from survey.demo.accounts import ACCOUNTS, VILLAGES
from survey.demo.load import load_demo
from survey.form.form import Form
from survey.problems import Problem
from survey.text import N_
from survey.web.session import now, transaction


def init_app(app: Flask) -> None:
    app.cli.add_command(demo)
    app.cli.add_command(simulate)


@click.command()
@click.option("--if-empty", is_flag=True, help="Do nothing when somebody has an account here already.")
@with_appcontext
def demo(if_empty: bool) -> None:
    """Load the demo commune, with invented people, and say which accounts it has."""
    bring_up(new=True)  # a new place needs its tables first
    with transaction() as session:
        known = set(session.scalars(select(Account.username)))
        if known == {account.username for account in ACCOUNTS}:
            mark(session)  # of an earlier release: nobody works here but the demo
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


@click.command()
@click.option("--communes", type=click.IntRange(1, 75), default=1, show_default=True)
@click.option("--households", type=click.IntRange(1, 1_000_000), required=True, help="In all communes together.")
@click.option("--rounds", "rounds_back", type=click.IntRange(1, 10), default=1, show_default=True, help="Past years.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same people.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@with_appcontext
def simulate(communes: int, households: int, rounds_back: int, seed: int, as_json: bool) -> None:
    """Fill an empty database with invented communes whose past rounds are accepted: for benches and drills."""
    if households < communes:
        raise click.UsageError(gettext("Each commune needs a household."))
    bring_up(new=True)
    try:
        with transaction() as session:
            said, seasons, form = simulation.begin(
                session, now(), communes=communes, rounds_back=rounds_back, seed=seed
            )
    except Problem as problem:
        empty = N_("There are accounts or households here: only an empty database is filled with invented ones.")
        words = empty if problem.code == "conflict" else problem.refusal.title
        raise click.ClickException(gettext(words)) from None
    with simulation.seldom_swept():
        _fill(said, seasons, form, households, seed)
    with transaction() as session:
        simulation.count(session, said)
    if as_json:
        click.echo(json.dumps(asdict(said)))
        return
    words = gettext(
        "%(households)s households with %(persons)s persons and %(interviews)s interviews in %(communes)s communes.",
        households=said.households, persons=said.persons, interviews=said.interviews, communes=communes,
    )  # fmt: skip
    click.echo(words)
    click.echo(
        gettext("All accounts (quan-tri, can-bo-CODE, rsv-CODE) have the password: %(password)s", password=PASSWORD)
    )


def _fill(said: simulation.Simulated, seasons: list[simulation.Season], form: Form, households: int, seed: int) -> None:
    """Each commune, then what happens in all of them, each step in a transaction of its own."""
    shapes, signer = simulation.make_shapes(form, households, seed, seasons), current_app.extensions["signer"]
    filled = []
    for commune_id, share in zip(said.communes, simulation.shares(households, len(said.communes)), strict=True):
        with transaction() as session:
            filled.append(simulation.fill(session, commune_id, share, shapes, seasons, signer, seed))
    for step in simulation.years(filled, seasons):
        with transaction() as session:
            step(session)


def _say_accounts() -> None:
    click.echo(gettext("Demo accounts, all with the password: %(password)s", password=PASSWORD))
    for account in ACCOUNTS:
        villages = ", ".join(VILLAGES[number - 1].name for number in account.villages)
        click.echo(f"  {account.username:<16}{account.role.vi:<20}{villages}".rstrip())

"""`flask --app app import-bundle FILE…`: interviews that were carried from a phone to the server by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import with_appcontext
from flask_babel import gettext, lazy_gettext

from survey.accounts.accounts import find_account
from survey.commands.refusals import no_account
from survey.problems import Problem
from survey.text import N_
from survey.web.carrying import bring_in_bundle, reasons_of, receipts_file
from survey.web.session import transaction

FAULTS = {
    "bundle_unreadable": lazy_gettext("this is no sealed file of a phone, or damaged. Copy it from the phone again."),
    "bundle_other_server": lazy_gettext("the file was sealed for another server, this one cannot open it."),
    "bundle_of_nobody": lazy_gettext(
        "the server does not know the account that made this file. Name who brought it: --carrier ACCOUNT_NAME."
    ),
    "too_large": lazy_gettext("the file is too large. Export fewer interviews at a time."),
}


@click.command("import-bundle")
@click.argument("file", type=click.File("rb"))
@click.option("--receipts", type=click.Path(path_type=Path), help="Write the receipts to carry back into this file.")
@click.option("--begun", type=click.Path(path_type=Path), help="Write interviews that nobody finished into this file.")
@click.option("--carrier", help="Account name of who brought the file: stands in the log.")
@with_appcontext
def import_bundle(file: BinaryIO, receipts: Path | None, begun: Path | None, carrier: str | None) -> None:
    """Take in a phone's sealed FILE (docs/exchange.md). Twice, or after the phone sent the same, changes nothing."""
    with transaction() as session:
        who = find_account(session, carrier) if carrier else None
        if carrier and who is None:
            raise no_account(carrier)
        try:
            taken = bring_in_bundle(session, file, who)
        except Problem as problem:
            raise click.ClickException(gettext("Nothing was taken: %(why)s", why=FAULTS[problem.code])) from None
        back = receipts_file(session, taken)
    if receipts:
        receipts.write_bytes(back)  # after the commit: a receipt never comes before what it speaks of
    rows = taken.bundle.rows
    if begun:
        begun.write_text(json.dumps(rows.begun, ensure_ascii=False, indent=1), encoding="utf-8")
    click.echo(
        gettext(
            "%(new)s new interviews, %(known)s known already, %(held)s held, %(waiting)s still waiting for photos.",
            new=taken.new,
            known=taken.known,
            held=len(taken.held),
            waiting=taken.incomplete,
        )
    )
    for words, count in reasons_of(taken):
        click.echo("  " + gettext("held: %(why)s: %(count)s", why=words, count=count))
    if not taken.vouched:
        click.echo(gettext("The file cannot prove whose it is: its new interviews are held for a look."))
    if taken.refused_files:
        click.echo(gettext("%(count)s photos are damaged and were not taken.", count=taken.refused_files))
    if rows.begun:
        said = N_(
            "%(count)s interviews are not finished and were not taken: see --begun FILE (it holds what was told)."
        )
        click.echo(gettext(said, count=len(rows.begun)))
    if rows.damaged:
        click.echo(gettext("%(count)s damaged rows of the phone could not be read.", count=rows.damaged))

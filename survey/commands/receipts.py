"""`flask --app app receipts …`: is a receipt genuine, is what it speaks of still here; and a new key to sign with."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext

from survey.clocks import instant
from survey.commands.installation import change_key
from survey.devices.receipt_check import MAX_BYTES, Finding, Presence, Verdict, examine, read_claims
from survey.evidence.lineage import remembered_keys
from survey.evidence.signing import Signer, key_id
from survey.operations.keys import RECEIPT
from survey.problems import Problem
from survey.text import N_
from survey.web.session import transaction

receipts_group = AppGroup("receipts", help="Receipts: verify some, change the key that signs them.")
VERDICTS = {
    Verdict.GENUINE: N_("genuine"),
    Verdict.FORMER_KEY: N_("genuine (signed with a former key of this server)"),
    Verdict.FORGED: N_("FORGED: it says that it is this server's, and the signature is wrong"),
    Verdict.OTHER_SERVER: N_("not this server's: another server's, or forged"),
    Verdict.UNREADABLE: N_("no receipt"),
}
PLACES = {
    Presence.HERE: N_("on the server"),
    Presence.FILES_MISSING: N_("the interview is on the server, %(files)s of its files are missing"),
    Presence.GONE: N_("NO LONGER on the server"),
    Presence.UNKNOWN: N_("not looked for"),
}
FAULTS = {
    "malformed": N_("There is no receipt in this file. A phone's sealed file must be brought in first."),
    "too_large": N_("The file is too large: 4 MB and 2,000 receipts at a time at most."),
}


@receipts_group.command("verify")
@click.argument("file", type=click.File("rb"))
def verify(file: BinaryIO) -> None:
    """Say of each receipt in FILE ("-": standard input) whether it is genuine and what it speaks of still here.

    Exit code: 0 all genuine and here, 1 some not genuine or no receipt found, 3 genuine but something is not here.
    """
    try:
        claims = read_claims(file.read(MAX_BYTES + 1))
    except Problem as problem:
        raise click.ClickException(gettext(FAULTS[problem.code])) from None
    folder = Path(current_app.config["INSTANCE"]) / "files"
    with transaction() as session:
        found = examine(session, current_app.extensions["signer"], claims, folder)
    for number, one in enumerate(found, 1):
        click.echo("\t".join([str(number), *_told(one)]))
    good = sum(one.well for one in found)
    said = N_("%(count)s receipts: %(good)s genuine and on the server, %(others)s to be looked at.")
    click.echo(gettext(said, count=len(found), good=good, others=len(found) - good))
    if not all(one.genuine and one.matches_entry is not False for one in found):
        raise SystemExit(1)
    if good < len(found):
        raise SystemExit(3)


def _told(one: Finding) -> list[str]:
    if one.verdict is Verdict.UNREADABLE:
        return [gettext(VERDICTS[one.verdict])]
    kind = gettext("interview") if one.kind == "entry" else gettext("file")
    words = [
        gettext(VERDICTS[one.verdict]),
        f"{kind} {one.entry_id or ''}".rstrip(),
        instant(one.server_time) if one.server_time else "–",
        one.content_hash or "–",
        gettext(PLACES[one.place], files=one.missing_files),
    ]
    return [*words, gettext("NOT THE RECEIPT OF THE INTERVIEW BESIDE IT")] if one.matches_entry is False else words


@receipts_group.command("keys")
def keys() -> None:
    """The public keys (base64) that this server signs, and signed, receipts with."""
    with transaction() as session:
        current: Signer = current_app.extensions["signer"]
        former = [key for key in remembered_keys(session) if key != current.public_key]
    for key, state in [(current.public_key, gettext("in use")), *((key, gettext("former")) for key in former)]:
        click.echo(f"{key_id(key)}\t{key}\t{state}")


@receipts_group.command("rotate")
def rotate() -> None:
    """Sign with a new key from the next start on. What was signed with the former stays verifiable, and phones that
    trust the former come to trust the new one."""
    change_key(RECEIPT)

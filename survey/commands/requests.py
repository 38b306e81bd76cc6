"""`flask --app app register request …`: changes that one asked for (`register … --ask`) and another decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext
from flask_babel import gettext

from survey.commands.households import COMMUNE, JSON, as_text, done_by, refuse, say_class_within, say_plan, shown_plan
from survey.commands.persons import register_group
from survey.commands.refusals import RegisterGroup
from survey.problems import Problem
from survey.review import requests
from survey.terms import RegisterKind, RequestVerdict
from survey.web.session import now, reading, transaction

request_group = RegisterGroup("request", help="Changes of the register that one asks for and another decides.")
register_group.add_command(request_group)
ID = click.argument("request_id")
Command = TypeVar("Command", bound=Callable[..., Any])


def deciding(command: Command) -> Command:
    options = (
        COMMUNE,
        click.option("--by", "username", required=True, help="The account that decides."),
        click.option("--reason", default="", help="Why; needed to refuse."),
        click.option("--dry-run", is_flag=True, help="Only show what would happen."),
        JSON,
    )
    for option in reversed(options):
        command = option(command)
    return with_appcontext(command)


@request_group.command("list")
@COMMUNE
@JSON
@with_appcontext
def listing(commune_id: str, as_json: bool) -> None:
    """What waits for a decision, the oldest first."""
    with reading() as session:
        waiting = requests.undecided(session, commune_id)
        codes, contradicted = requests.codes_of(session, waiting), requests.contradicted(waiting)
        found = [
            {
                "request": one.id,
                "kind": one.kind,
                "code": codes[one.household_id],
                "person": one.person_id,
                "on": one.effective_on.isoformat(),
                "reason": one.reason,
                "decided_by": requests.verb_for(RegisterKind(one.kind), one.given),
                "contradicted": one.id in contradicted,
            }
            for one in waiting
        ]
    if as_json:
        click.echo(as_text(found))
        return
    for line in found:
        mark = gettext(" (another request says otherwise)") if line["contradicted"] else ""
        kind = RegisterKind(str(line["kind"])).vi
        click.echo(f"{line['request']}\t{line['code']}\t{line['on']}\t{kind}\t{line['reason']}{mark}")


@request_group.command()
@ID
@deciding
def accept(request_id: str, **words: Any) -> None:
    """Agree: what was asked for is written down."""
    _decide(request_id, RequestVerdict.ACCEPTED, **words)


@request_group.command("refuse")
@ID
@deciding
def refuse_it(request_id: str, **words: Any) -> None:
    """Do not agree; the reason stays."""
    _decide(request_id, RequestVerdict.REFUSED, **words)


@request_group.command()
@ID
@deciding
def withdraw(request_id: str, **words: Any) -> None:
    """Who asked takes it back."""
    _decide(request_id, RequestVerdict.WITHDRAWN, **words)


def _decide(
    request_id: str,
    verdict: RequestVerdict,
    *,
    commune_id: str,
    username: str,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    shown: dict[str, Any] = {}

    try:
        with reading() as session:
            one = requests.standing(session, requests.find(session, commune_id, request_id), now())
            shown = shown_plan(session, one.plan)
            shown |= {"since": {key: list(both) for key, both in one.since.items()}}
        with transaction(dry_run) as session:
            requests.decide(session, commune_id, request_id, verdict, done_by(session, username, reason))
    except Problem as refusal:
        refuse(refusal.code, as_json, shown)
    if as_json:
        click.echo(as_text({"done": not dry_run, "rule": None, "verdict": verdict.value} | shown))
        return
    click.echo(gettext("A trial, nothing was written.") if dry_run else verdict.vi)
    if verdict is RequestVerdict.ACCEPTED:
        say_plan(shown)
        say_class_within(shown)

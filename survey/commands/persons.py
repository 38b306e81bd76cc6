"""`flask --app app register person …`: what happens to the persons of a household, shown first, done, undone.

A person is named by the code or, where one member alone has it, by the name. As in `households.py`: exit code 0: done,
or could be done; 1: refused, with the rule and the way out; 2: not understood.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy.orm import Session

from models import Household
from survey.commands.households import (
    AS_OF,
    CODE,
    COMMUNE,
    JSON,
    ON,
    act_on,
    acting,
    as_text,
    found_household,
    line_as_json,
    person_as_json,
)
from survey.commands.refusals import RegisterGroup
from survey.commands.register import register_group
from survey.review import person_acts, person_story, register_acts
from survey.review.register_preview import birth_of
from survey.terms import RegisterKind
from survey.web.session import reading

person_group = RegisterGroup(
    "person", help="The persons of a household: births, deaths, marriages, moves, corrections."
)
register_group.add_command(person_group)
PERSON = click.argument("person")
HEAD = click.option("--head", help="Who is head from then on, when the head goes: name or code.")
Command = TypeVar("Command", bound=Callable[..., Any])


def saying(command: Command) -> Command:
    """What can be said of a person."""
    options = (
        click.option("--sex", type=click.Choice(person_acts.SEXES)),
        click.option("--relation", type=click.Choice(person_acts.RELATIONS), help="To the head of the household."),
        click.option("--day", type=int, help="Of birth."),
        click.option("--month", type=int, help="Of birth."),
        click.option("--year", type=int, help="Of birth."),
        click.option("--number", help="The identity number, 12 digits."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@person_group.command("add")
@CODE
@click.argument("name")
@acting
@ON
@saying
@click.option("--how", default="joined", type=click.Choice(["born", "married_in", "joined"]))
@click.option("--known", help="The code of somebody who was met before and comes back.")
def add(code: str, name: str, how: str, known: str | None, sex: str | None, relation: str | None, day: int | None,
        month: int | None, year: int | None, number: str | None, **words: Any) -> None:  # fmt: skip
    """Somebody is born into the household, married into it, or came to live there."""
    given = _given(name=name, sex=sex, relation=relation, day=day, month=month, year=year, number=number)
    act_on(RegisterKind(how), code, None, given, whom=lambda _session, _household: {"person_id": known}, **words)


@person_group.command("correct")
@CODE
@PERSON
@acting
@ON
@saying
@click.option("--name")
def correct(code: str, person: str, name: str | None, sex: str | None, relation: str | None, day: int | None,
            month: int | None, year: int | None, number: str | None, **words: Any) -> None:  # fmt: skip
    """Mend a person's name, sex, birth, relation or identity number."""
    given = _given(name=name, sex=sex, relation=relation, day=day, month=month, year=year, number=number)
    act_on(RegisterKind.PERSON, code, None, given, whom=_whom(person), **words)


@person_group.command("leave")
@CODE
@PERSON
@acting
@ON
@HEAD
@click.option("--how", required=True, type=click.Choice(["died", "married_out", "left"]))
def leave(code: str, person: str, how: str, head: str | None, **words: Any) -> None:
    """A person died, married out, or left; also of one whom an interview lists no more."""
    act_on(RegisterKind(how), code, None, {}, whom=_whom(person, head), **words)


@person_group.command("transfer")
@CODE
@PERSON
@click.argument("to")
@acting
@ON
@HEAD
@click.option("--relation", type=click.Choice(person_acts.RELATIONS), help="To the head there.")
@click.option("--to-commune", help="The code of the other household's commune, where that is another.")
def transfer(
    code: str, person: str, to: str, head: str | None, relation: str | None, to_commune: str | None, **words: Any
) -> None:
    """A person lives in the household with the other number from now on, of another commune too."""
    commune = to_commune if to_commune != words["commune_id"] else None
    given = _given(relation=relation, commune=commune)
    act_on(RegisterKind.TRANSFERRED, code, to, given, whom=_whom(person, head), **words)


@person_group.command("head")
@CODE
@PERSON
@acting
@ON
def head(code: str, person: str, **words: Any) -> None:
    """This member is the head of the household."""
    act_on(RegisterKind.HEAD, code, None, {}, whom=_whom(person), **words)


@person_group.command("identify")
@CODE
@PERSON
@acting
@ON
@click.option("--as", "same", help="Whose code or name it is; nobody who was known, when it is not given.")
def identify(code: str, person: str, same: str | None, **words: Any) -> None:
    """Say who a member of an interview is, where that was in doubt."""
    act_on(RegisterKind.IDENTIFIED, code, None, {}, whom=_whom(person, same=same), **words)


@person_group.command("history")
@CODE
@PERSON
@COMMUNE
@JSON
@AS_OF
@with_appcontext
def history(code: str, person: str, commune_id: str, as_json: bool, as_of: date | None) -> None:
    """Everything about a person: households, interviews, what was written down; with --as-of as it was on a day."""
    with reading() as session:
        household = found_household(session, commune_id, code)
        whom = person_acts.find(register_acts.known_of(session, household), household.id, person)
        story = person_story.story(session, commune_id, household.id, whom, as_of)
        if as_json:
            click.echo(as_text(_as_json(session, story)))
            return
        one = story.person
        click.echo(f"{one.name}\t{birth_of(one) or '–'}\t{one.state.vi}\t{story.household.code}\t{one.id}")
        for each in story.interviews:
            click.echo(f"{each.asked.day.isoformat()}\t{each.household.code}\t{each.asked.round_title}")
        for line in story.lines:
            undone = gettext(" (undone by %(seq)s)", seq=line.undone_by) if line.undone_by else ""
            day_text = line.effective_on.isoformat()
            click.echo(f"{line.seq}\t{day_text}\t{line.kind.vi}\t{line.household.code}\t{line.reason or ''}{undone}")


def _as_json(session: Session, story: person_story.Story) -> dict[str, Any]:
    return person_as_json(story.person) | {
        "code": story.household.code,
        "is_head": story.is_head,
        "households": [{"household": one.id, "code": one.code} for one in story.homes],
        "interviews": [
            {"day": one.asked.day, "household": one.household.id, "submission": one.asked.submission_id}
            for one in story.interviews
        ],
        "events": [line_as_json(session, one) for one in story.lines],
    }


def _given(**said: Any) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None}


def _whom(
    person: str, head: str | None = None, same: str | None = None
) -> Callable[[Session, Household], dict[str, Any]]:
    """The person, the new head and the other person by their codes, as they are known of on the day."""

    def look_up(session: Session, household: Household) -> dict[str, Any]:
        known = register_acts.known_of(session, household)
        given = {key: person_acts.find(known, household.id, one) for key, one in (("head", head), ("as", same)) if one}
        return {"person_id": person_acts.find(known, household.id, person), "given": given}

    return look_up

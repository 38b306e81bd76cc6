"""`flask --app app round compare`: the households of a round under two poverty standards, on the same answers."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import gettext

from survey.commands.proofs import AS_JSON, refuse_problem
from survey.commands.questionnaires import chosen_round
from survey.problems import PROBLEMS, Problem
from survey.rounds import log
from survey.rounds.reclassify import TwoStandards, under_standard
from survey.terms import HouseholdClass
from survey.web.session import reading


@click.command("compare", epilog="Ends with 0, 1 when it cannot be compared, 2 when called wrongly.")
@click.argument("round_id")
@click.option("--standard", "code", required=True, help="Code of the other poverty standard.")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@AS_JSON
@with_appcontext
def compare(round_id: str, code: str, communes: tuple[str, ...], as_json: bool) -> None:
    """Say of which class the households of a round are now and would be under another standard, and which households
    those are by their codes. Writes nothing."""
    try:
        with reading() as session:
            survey_round = chosen_round(session, round_id)
            there = {row.commune_id for row in log.rows_of(session, survey_round)}
            if unknown := [one for one in communes if one not in there]:
                words = gettext("The round is not held in commune %(code)s.", code=", ".join(unknown))
                if as_json:
                    click.echo(json.dumps({"problem": "round_not_there", "communes": unknown}))
                raise click.ClickException(words)
            found = under_standard(session, survey_round, code, list(communes) or sorted(there))
            said = as_told(survey_round.id, found)
    except Problem as problem:
        refuse_problem(problem, as_json)
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    _say(found)


def as_told(round_id: str, found: TwoStandards) -> dict[str, Any]:
    return {
        "round": round_id,
        "standard": found.standard.code,
        "questionnaire": [found.form.form_id, found.form.version],
        "objection": found.objection,
        "illustrative": found.illustrative,
        "without_interview": found.without_interview,
        "table": [
            {"now": now, "other": other, "households": found.table[now, other]}
            for now in (*HouseholdClass, None) for other in (*HouseholdClass, None) if found.table[now, other]
        ],
        "households": [
            {"commune": one.commune_id, "household": one.household_code, "now": one.now, "other": one.other}
            for one in found.households
        ],
    }  # fmt: skip


def _say(found: TwoStandards) -> None:
    click.echo(f"{found.standard.code}\t{found.standard.title}\t{found.form.form_id} {found.form.version}")
    if found.objection is not None:
        click.echo(gettext(PROBLEMS[found.objection].title))
    if found.illustrative:
        words = gettext("Illustrative points of B1: %(count)s households.", count=found.illustrative)
        click.echo(words)
    sides = (*HouseholdClass, None)
    click.echo("\t".join([gettext("Now, and under the other standard"), *(_named(other) for other in sides)]))
    for now in sides:
        click.echo("\t".join([_named(now), *(str(found.table[now, other]) for other in sides)]))
    click.echo(gettext("Households without an interview: %(count)s.", count=found.without_interview))
    for one in found.households:
        if one.now != one.other:
            click.echo(f"{one.household_code}\t{_named(one.now)} → {_named(one.other)}")


def _named(one: HouseholdClass | None) -> str:
    return one.vi if one is not None else gettext("cannot be told: an answer is missing")

"""`flask --app app round flow` and `round compare`: a round's flow in a province, as its communes
proved it, and its households under two poverty standards, on the same answers."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy.orm import Session

from models import Round
from survey.clocks import day_of
from survey.commands.days import DAY
from survey.commands.proofs import AS_JSON
from survey.commands.questionnaires import chosen_round
from survey.commands.refusals import RefusedBy, RoundCommand
from survey.commands.register_table import tell_flow
from survey.problems import PROBLEMS
from survey.register.places import names_in, province_of
from survey.rounds import log
from survey.rounds.joined_flow import joined_flow
from survey.rounds.reclassify import TwoStandards, under_standard
from survey.rounds.register_flow import of_round
from survey.submissions.register_table import Level
from survey.terms import HouseholdClass
from survey.web.session import now, reading


@click.command("flow", cls=RoundCommand, epilog="Ends with 0, 1 when there is no such round, 2 when called wrongly.")
@click.argument("round_id")
@click.option("--by", "level", type=click.Choice([one.value for one in Level]), help="A line for each of these places.")
@click.option("--borders", type=DAY, help="In the villages, communes and districts of that day.")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@click.option("--csv", "as_csv", is_flag=True, help="Say it as CSV; with --by or --borders.")
@AS_JSON
@with_appcontext
def flow(
    round_id: str, level: str | None, borders: date | None, communes: tuple[str, ...], as_csv: bool, as_json: bool
) -> None:
    """Say end = 1−2−3−4+5+6+7+8 commune by commune and by province; who moved between two communes of a province stands
    in neither column for it. Only what is closed and proved is counted, the rest is named. With --by or --borders: by
    village, commune or district, in the borders of any day."""
    with reading() as session:
        survey_round = chosen_round(session, round_id)
        if level or borders or communes or as_csv:
            _say_by_place(session, survey_round, communes, Level(level) if level else None, borders, as_json, as_csv)
            return
        of: dict[str, list[str]] = {}
        for row in log.rows_of(session, survey_round):
            of.setdefault(province_of(row.commune_id) or "", []).append(row.commune_id)
        found = {province: joined_flow(session, survey_round, communes) for province, communes in sorted(of.items())}
        names = names_in(session, [one for communes in of.values() for one in communes], day_of(now()))
    found = {province: one for province, one in found.items() if one.communes or one.missing}
    if as_json:
        said = {province: asdict(one) for province, one in found.items()}
        whole = {"id": survey_round.id, "trial": survey_round.trial, "provinces": said}
        click.echo(json.dumps(whole, ensure_ascii=False))
        return
    _say_trial(survey_round)
    for province, one in found.items():
        for place, line in [*one.communes.items(), (province, one.whole)]:
            for measure, both in line.items():
                for unit in ("households", "persons"):
                    click.echo("\t".join((place, measure, unit, *map(str, both[unit]))))
        for commune_id, state in one.missing.items():
            name = names.get(commune_id, commune_id)
            click.echo(gettext("Not counted: %(place)s (%(state)s).", place=f"{commune_id} {name}", state=state.vi))


def _say_by_place(
    session: Session, survey_round: Round, communes: tuple[str, ...], level: Level | None, borders: date | None,
    as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    if as_json and as_csv:
        raise click.UsageError(gettext("Choose --json or --csv."))
    found = of_round(session, survey_round, _held_in(session, survey_round, communes), day_of(now()), borders)
    told = found.round
    if not as_json and not as_csv:
        _say_trial(survey_round)
    missing = {commune_id: state.value for commune_id, state in told.missing.items()} if told else {}
    tell_flow(
        found, level, as_json, as_csv, id=survey_round.id, trial=survey_round.trial, missing=missing,
        provisional=told.provisional if told else [],
    )  # fmt: skip


def _held_in(session: Session, survey_round: Round, communes: tuple[str, ...]) -> list[str]:
    """The communes that are named, else all in which the round is held."""
    there = {row.commune_id for row in log.rows_of(session, survey_round)}
    if unknown := [one for one in communes if one not in there]:
        words = gettext("The round is not held in commune %(code)s.", code=", ".join(unknown))
        raise RefusedBy(words, "round_not_there", {"communes": unknown})
    return list(communes) or sorted(there)


@click.command("compare", cls=RoundCommand, epilog="Ends with 0, 1 when it cannot be compared, 2 when called wrongly.")
@click.argument("round_id")
@click.option("--standard", "code", required=True, help="Code of the other poverty standard.")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@AS_JSON
@with_appcontext
def compare(round_id: str, code: str, communes: tuple[str, ...], as_json: bool) -> None:
    """Say of which class the households of a round are now and would be under another standard, and which households
    those are by their codes. Writes nothing."""
    with reading() as session:
        survey_round = chosen_round(session, round_id)
        found = under_standard(session, survey_round, code, _held_in(session, survey_round, communes))
        said = as_told(survey_round, found)
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    _say_trial(survey_round)
    _say(found)


def _say_trial(survey_round: Round) -> None:
    if survey_round.trial:
        said_of_it = gettext("nothing on this sheet is an official result, and it recognises nobody.")
        click.echo(f"{gettext('TRIAL')} – {said_of_it}")


def as_told(survey_round: Round, found: TwoStandards) -> dict[str, Any]:
    return {
        "round": survey_round.id,
        "trial": survey_round.trial,
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
    for one in sides:
        click.echo("\t".join([_named(one), *(str(found.table[one, other]) for other in sides)]))
    click.echo(gettext("Households without an interview: %(count)s.", count=found.without_interview))
    for one in found.households:
        if one.now != one.other:
            click.echo(f"{one.household_code}\t{_named(one.now)} → {_named(one.other)}")


def _named(one: HouseholdClass | None) -> str:
    return one.vi if one is not None else gettext("cannot be told: an answer is missing")

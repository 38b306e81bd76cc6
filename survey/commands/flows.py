"""`flask --app app round flow`: the flow of a round in a province, as its communes proved it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import with_appcontext
from flask_babel import gettext

from survey.commands.proofs import AS_JSON
from survey.commands.questionnaires import chosen_round
from survey.commands.refusals import RoundCommand
from survey.register.places import names_in, province_of
from survey.rounds import log
from survey.rounds.joined_flow import joined_flow
from survey.web.session import now, reading


@click.command("flow", cls=RoundCommand, epilog="Ends with 0, 1 when there is no such round, 2 when called wrongly.")
@click.argument("round_id")
@AS_JSON
@with_appcontext
def flow(round_id: str, as_json: bool) -> None:
    """Say end = 1−2−3−4+5+6+7+8 commune by commune and by province; who moved between two communes of a province stands
    in neither column for it. Only what is closed and proved is counted, the rest is named."""
    with reading() as session:
        survey_round = chosen_round(session, round_id)
        of: dict[str, list[str]] = {}
        for row in log.rows_of(session, survey_round):
            of.setdefault(province_of(row.commune_id) or "", []).append(row.commune_id)
        found = {province: joined_flow(session, survey_round, communes) for province, communes in sorted(of.items())}
        names = names_in(session, [one for communes in of.values() for one in communes], now().date())
    found = {province: one for province, one in found.items() if one.communes or one.missing}
    if as_json:
        said = {province: asdict(one) for province, one in found.items()}
        click.echo(json.dumps({"id": survey_round.id, "provinces": said}, ensure_ascii=False))
        return
    for province, one in found.items():
        for place, line in [*one.communes.items(), (province, one.whole)]:
            for measure, both in line.items():
                for unit in ("households", "persons"):
                    click.echo("\t".join((place, measure, unit, *map(str, both[unit]))))
        for commune_id, state in one.missing.items():
            name = names.get(commune_id, commune_id)
            click.echo(gettext("Not counted: %(place)s (%(state)s).", place=f"{commune_id} {name}", state=state.vi))

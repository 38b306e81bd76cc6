"""`flask --app app round flow`, `round compare` and `mpi`: a round's flow in a province, as its communes proved it; its
households under two poverty standards, on the same answers; its indices of multidimensional poverty; `what-if`: what it
would have come to by other lines. And `recount`: whether what is kept counted is what the rows say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext
from flask_babel import format_decimal, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, Round
from models.commune_counter import lock_commune
from survey.clocks import day_of
from survey.commands.days import DAY
from survey.commands.proofs import AS_JSON
from survey.commands.questionnaires import chosen_round
from survey.commands.refusals import RefusedBy, RoundCommand
from survey.commands.register_table import tell_flow
from survey.poverty.indices import Identification, Rule, Unit, WrongRule, exact
from survey.poverty.scenario import INDICATORS, LEAST, LineUnit, Scenario, WrongScenario
from survey.problems import PROBLEMS
from survey.questionnaires.published import load_form
from survey.register.places import names_in, province_of
from survey.reports.indices import INDICES, Since, Told, told
from survey.reports.measured import ASKED_OF_HEAD, TWELFTHS, By, Reviewed, passage, reviewed
from survey.reports.scenarios import standing
from survey.reports.what_if import Between, Figures, WhatIf, Which, shipped, today_of, what_if_told
from survey.reports.what_if import what_if as counted_by
from survey.rounds import log
from survey.rounds.joined_flow import joined_flow
from survey.rounds.reclassify import TwoStandards, under_standard
from survey.rounds.register_flow import of_round
from survey.submissions.register_table import Level
from survey.tallies import places as tallies
from survey.terms import Dimension, HouseholdClass, Indicator
from survey.text import N_
from survey.web.session import now, reading, transaction


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
        for told in said.values():
            del told["villages"]  # `--level` tells those
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


WRONG_RULE = {
    "not_a_fraction": N_("%(given)s is no share: write 3/12 or 0.25."),
    "negative": N_("No weight is below nothing: %(given)s."),
    "sum": N_("The weights add up to %(given)s and must make 1. What is not named weighs nothing."),
    "cutoff": N_("The cut-off is more than 0 and at most 1, not %(given)s."),
    "cutoff_by_law": N_("By law the class says who is poor: leave --cutoff out, or add --identification counting."),
}
Made = TypeVar("Made")


@click.command("mpi", cls=RoundCommand, epilog="Ends with 0, 1 when it cannot be counted, 2 when called wrongly.")
@click.argument("round_id")
@click.option("--unit", type=click.Choice([one.value for one in Unit]), default="households", show_default=True)
@click.option(
    "--identification", type=click.Choice([one.value for one in Identification]), default="counting",
    show_default=True, help="Who is poor: by law, as the class says; by counting, who lacks as much as the cut-off.",
)  # fmt: skip
@click.option("--cutoff", help="By counting, exactly as written: 3/12 or 0.25.  [default: 1/4]")
@click.option("--weights", "given", multiple=True, help="INDICATOR=WEIGHT, or a file of such lines; repeatable. Sum 1.")
@click.option("--by", "grouped", type=click.Choice([one.value for one in By]), help="Also of each of these groups.")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@click.option("--since", "earlier_id", help="The change since this earlier round.")
@AS_JSON
@with_appcontext
def mpi(
    round_id: str, unit: str, identification: str, cutoff: str | None, given: tuple[str, ...], grouped: str | None,
    communes: tuple[str, ...], earlier_id: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Say H, A and M0 (Alkire and Foster) of the accepted interviews of a round: how many are poor, how much the poor
    lack, both at once; and what share of it each indicator makes. Of the households that were reviewed: H is not the
    poverty rate of a place. Ethnicity and sex are those of the head. Writes nothing."""
    rule, by = _rule(Identification(identification), cutoff, given), By(grouped) if grouped else None
    with reading() as session:
        survey_round = chosen_round(session, round_id)
        held = _held_in(session, survey_round, communes)
        found = reviewed(session, survey_round.id, held, rule, Unit(unit), by)
        since = _since(session, survey_round, earlier_id, found, held) if earlier_id else None
        said = told(survey_round, found, by, since)
        places = names_in(session, held, day_of(now()))
        names = _group_names(session, survey_round, by, places)
    if as_json:
        click.echo(json.dumps(said | {"names": names}, ensure_ascii=False))
        return
    _say_trial(survey_round)
    for line in _indices_in_words(said, names, places):
        click.echo(line)


def _rule(identification: Identification, cutoff: str | None, given: Iterable[str]) -> Rule:
    weights = dict.fromkeys(TWELFTHS, Fraction(0)) | _weights(given) if given else TWELFTHS
    least = _or_refused(exact, cutoff) if cutoff is not None else None
    if identification is Identification.COUNTING and least is None:
        least = Fraction(1, 4)
    return _or_refused(Rule, weights, identification, least)


def _or_refused(make: Callable[..., Made], *of: Any) -> Made:
    try:
        return make(*of)
    except WrongRule as wrong:
        raise RefusedBy(gettext(WRONG_RULE[wrong.code], given=wrong.of), wrong.code) from None


def _weights(given: Iterable[str]) -> dict[str, Fraction]:
    """Of lines INDICATOR=WEIGHT; a word without a sign of equality is a file of them."""
    found: dict[str, Fraction] = {}
    for line in (line for one in given for line in ([one] if "=" in one else _lines_of(Path(one)))):
        name, _, weight = (part.strip() for part in line.partition("="))
        if name not in TWELFTHS:
            words = gettext(
                "There is no indicator %(name)s. These are: %(known)s.", name=name, known=", ".join(TWELFTHS)
            )
            raise RefusedBy(words, "indicator_unknown")
        if name in found:
            raise RefusedBy(gettext("The weight of %(name)s is said twice.", name=name), "weight_twice")
        found[name] = _or_refused(exact, weight)
    return found


def _lines_of(path: Path) -> list[str]:
    """Without blank lines and those that begin with #."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        raise RefusedBy(gettext("%(path)s cannot be read as a text.", path=path), "unreadable") from None
    return [line for line in map(str.strip, lines) if line and not line.startswith("#")]


def _since(session: Session, survey_round: Round, earlier_id: str, found: Reviewed, communes: Iterable[str]) -> Since:
    earlier = chosen_round(session, earlier_id)
    if earlier.opens_on >= survey_round.opens_on:
        words = gettext("%(title)s did not begin before %(other)s.", title=earlier.title, other=survey_round.title)
        raise RefusedBy(words, "not_earlier")
    before = reviewed(session, earlier.id, communes, found.rule, found.unit)
    return Since(earlier, before, passage(session, earlier.id, survey_round.id, communes, found.rule, found.unit))


def _group_names(session: Session, survey_round: Round, by: By | None, places: Mapping[str, str]) -> dict[str, str]:
    """What the groups are called, by code."""
    if by in (By.COMMUNE, By.VILLAGE):
        return dict(places)
    if by is By.CLASS:
        return {one.value: one.vi for one in HouseholdClass}
    form = load_form(session, survey_round.form_id, survey_round.form_version) if by is not None else None
    choices = form.choices.get(ASKED_OF_HEAD[by], []) if form is not None and by is not None else []
    return {one["name"]: str(one["label"].get("vi", one["name"])) for one in choices}


def _indices_in_words(said: Told, names: Mapping[str, str], places: Mapping[str, str]) -> Iterator[str]:
    yield _who_is_poor(said)
    yield from _base_in_words(said["base"], said["unit"], places)
    if said["headline"] is None:
        yield gettext("Nobody can be counted: there is no figure.")
    elif said["headline"] == "interval":
        yield gettext(
            "More than one in twenty has an answer missing: what counts is the interval, not the figure before it."
        )
    wide = [gettext("least, whatever is missing"), gettext("greatest")]
    yield from _aligned(
        [["", gettext("complete answers"), *wide], *([_LETTERS[one], *_figure_cells(said[one])] for one in INDICES)]
    )
    yield ""
    yield from _aligned(_indicator_rows(said))
    yield ""
    yield from _aligned(_dimension_rows(said))
    if said["groups"] is not None:
        yield ""
        yield from _aligned(_group_rows(said, names))
    if (check := said["check"]) is not None:
        holds = gettext("agrees") if check["holds"] else gettext("DOES NOT AGREE")
        mean = gettext("Indicators lacked by a poor household (table 4)")
        yield f"{mean}: {_figure(check['mean_lacks'])}; 12·A: {_figure(check['twelve_a'])}: {holds}"
    if said["change"] is not None:
        yield ""
        yield from _change_in_words(said["change"], said["unit"], places)


_LETTERS = {"h": "H", "a": "A", "m0": "M0"}


def _who_is_poor(said: Told) -> str:
    counted = gettext("persons") if said["unit"] == Unit.PERSONS else gettext("households")
    if said["identification"] == Identification.LAW:
        return gettext("In %(unit)s. Poor is, by law, whose class is: %(class)s.", unit=counted, **{
            "class": HouseholdClass.POOR.vi
        })  # fmt: skip
    words = N_("In %(unit)s. Poor is who lacks %(cutoff)s or more by weight; of income this says nothing.")
    return gettext(words, unit=counted, cutoff=said["cutoff"])


def _base_in_words(base: Told, unit: str, places: Mapping[str, str]) -> Iterator[str]:
    words = N_(
        "Reviewed households, accepted: %(accepted)s = %(classified)s with a class + %(refused)s who refused to answer"
        " + %(no_class)s without a class."
    )
    yield gettext(words, **{key: base[key] for key in ("accepted", "classified", "refused", "no_class")})
    yield gettext("Of the reviewed only: H is not the poverty rate of a commune or province.")
    counted, excluded = base["counted"], base["excluded"]
    words = N_(
        "Counted: %(households)s households with %(units)s persons. Left out: %(refused)s refused, %(missing)s with an"
        " answer missing, %(unlisted)s without persons."
    )
    missing, unlisted = excluded["answer_missing"]["households"], excluded["persons_not_listed"]
    if unit == Unit.HOUSEHOLDS:
        words = N_(
            "Counted: %(households)s households. Left out: %(refused)s refused, %(missing)s with an answer missing."
        )
    yield gettext(words, **counted, refused=excluded["refused"], missing=missing, unlisted=unlisted)
    if base["illustrative"]:
        yield gettext("Illustrative points of B1: %(count)s households.", count=base["illustrative"])
    if base["provisional"]:
        named = ", ".join(_with_name(one, places) for one in base["provisional"])
        yield gettext("Provisional, the province has not accepted the result of: %(places)s.", places=named)


def _with_name(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {names.get(code, '')}".strip()


def _indicator_rows(said: Told) -> list[list[str]]:
    head = ["", gettext("weight"), gettext("lack it"), gettext("lack it and are poor"), gettext("share of M0")]
    return [
        head,
        *(
            [
                Indicator(one["indicator"]).vi,
                one["weight"],
                *(_figure(one[key]) for key in ("uncensored", "censored", "contribution")),
            ]
            for one in said["indicators"]
        ),
    ]


def _dimension_rows(said: Told) -> list[list[str]]:
    return [
        ["", gettext("weight"), gettext("share of M0")],
        *([Dimension(one["dimension"]).vi, one["weight"], _figure(one["contribution"])] for one in said["dimensions"]),
    ]


def _group_rows(said: Told, names: Mapping[str, str]) -> list[list[str]]:
    head = ["", gettext("counted"), *_LETTERS.values(), gettext("share of all"), gettext("share of M0")]
    rows = []
    for one in said["groups"]:
        name = _with_name(one["group"], names) if one["group"] is not None else gettext("nobody knows which")
        mark = " *" if one["headline"] == "interval" else ""
        figures = [_figure(one[index]["of_complete"]) for index in INDICES]
        rows.append([name + mark, str(one["units"]), *figures, _figure(one["share"]), _figure(one["contribution"])])
    note = [[gettext("* more than one in twenty has an answer missing: --json has the interval")]]
    return [head, *rows, *(note if any(row[0].endswith("*") for row in rows) else [])]


def _change_in_words(moved: Told, unit: str, places: Mapping[str, str]) -> Iterator[str]:
    since = moved["since"]
    trial = f" ({gettext('TRIAL')})" if since["trial"] else ""
    yield gettext("Since %(round)s, %(year)s:", round=since["round"], year=since["year"]) + trial
    yield from _base_in_words(moved["base"], unit, places)
    if alone := moved["communes_of_one_round"]:
        named = ", ".join(_with_name(one, places) for one in alone)
        yield gettext(
            "Interviews in one of both rounds only: %(places)s. The change is of other households too.", places=named
        )
    if moved["break"] is not None:
        yield gettext(
            "Another poverty standard (%(before)s, then %(after)s) breaks the series: no change is counted.",
            before=", ".join(moved["break"]["before"]), after=", ".join(moved["break"]["after"]),
        )  # fmt: skip
    else:
        head = ["", gettext("before"), gettext("change"), gettext("of before"), gettext("a year")]
        kinds = ("absolute", "relative", "yearly")
        rows = [
            [
                _LETTERS[one],
                _figure(moved["before"][one]["of_complete"]),
                *(_figure((moved["of_complete"][one] or {}).get(kind)) for kind in kinds),
            ]
            for one in INDICES
        ]
        yield gettext("Among complete answers:")
        yield from _aligned([head, *rows])
        if (parts := moved["m0_split"]) is not None:
            words = N_("Of the change of M0: %(incidence)s by how many are poor, %(intensity)s by how much they lack.")
            yield gettext(words, **{name: _figure(value) for name, value in parts.items()})
    sides = {
        gettext("in both, before"): moved["stayers"]["before"], gettext("in both, now"): moved["stayers"]["after"],
        gettext("only before"): moved["leavers"], gettext("only now"): moved["joiners"],
    }  # fmt: skip
    rows = [[name, str(one["units"]), *(_figure(one[index]) for index in INDICES)] for name, one in sides.items()]
    yield from _aligned([["", gettext("counted"), *_LETTERS.values()], *rows])
    if untold := moved["stayers"]["not_measured_in_both"]:
        yield gettext("In both rounds, but not measured in both: %(count)s households.", count=untold)


def _figure_cells(said: Told) -> list[str]:
    low, high = said["bounds"] or (None, None)
    return [_figure(said["of_complete"]), _figure(low), _figure(high)]


def _figure(said: Told | None) -> str:
    return "–" if said is None else format_decimal(said["value"], "0.0000")


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    """The first column to the left, figures to the right."""
    widths = [max(len(row[at]) for row in rows if at < len(row) > 1) for at in range(max(map(len, rows)))]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=False))
        yield "  ".join([first.ljust(widths[0]) if rest else first, *cells])


WRONG_SCENARIO = {
    "line": N_("A line of B1 points is from 0 to 1,000, one in đồng from 0 to 1,000,000,000."),
    "least": N_("A household is poor from 1 lack on, and at most from as many as indicators count."),
    "unasked": N_("At most 6 indicators can be new."),
    "twice": N_("An indicator is left out, or not told by its answer: not both."),
}
INDICATOR = click.Choice([one.value for one in INDICATORS])


@click.command("what-if", cls=RoundCommand, epilog="Ends with 0, 1 when it cannot be counted, 2 when called wrongly.")
@click.argument("round_id")
@click.option("--scenario", "code", help="Code of a standard (ND351-2025, ND351-2025.lines), or id of a kept scenario.")
@click.option("--unit", type=click.Choice([one.value for one in LineUnit]), default="points", show_default=True)
@click.option("--rural", type=int, help="Income line of rural households, inclusive.  [default: as today]")
@click.option("--urban", type=int, help="Income line of urban households, inclusive.  [default: as today]")
@click.option("--least", type=int, default=LEAST, show_default=True, help="Lacks from which a household is poor.")
@click.option("--leave-out", "left_out", multiple=True, type=INDICATOR, help="Does not count; repeatable.")
@click.option("--untold", multiple=True, type=INDICATOR, help="Counts, today's answer does not tell; repeatable.")
@click.option("--unasked", type=int, default=0, help="How many new indicators count that nobody was asked about.")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@AS_JSON
@with_appcontext
def what_if(
    round_id: str, code: str | None, communes: tuple[str, ...], as_json: bool, **given: Any
) -> None:  # fmt: skip
    """Say what a round would have come to under another standard: who is poor, who falls in or out, from what is
    certain to what is possible. Points of B1 and đồng are never turned into each other. Writes nothing."""
    with reading() as session:
        survey_round = chosen_round(session, round_id)
        held = _held_in(session, survey_round, communes)
        if code is None:
            scenario = _scenario(**given)
        else:
            scenario = _scenario_called(session, survey_round, code, held)
        in_points = scenario.unit is LineUnit.POINTS and (scenario.rural, scenario.urban) != (None, None)
        if in_points and today_of(session, survey_round).by_income:
            words = gettext("This round was judged by income: nobody has points of B1. Give the lines in đồng.")
            raise RefusedBy(words, "points_of_nobody")
        found = counted_by(session, survey_round, held, scenario, by_village=len(held) == 1)
        names = names_in(session, held, day_of(now()))
    if as_json:
        whole = {"round": survey_round.id, "trial": survey_round.trial, "standard": code, **what_if_told(found, names)}
        click.echo(json.dumps(whole, ensure_ascii=False))
        return
    _say_trial(survey_round)
    for line in _scenario_in_words(found, names):
        click.echo(line)


def _scenario(
    unit: str, rural: int | None, urban: int | None, least: int, left_out: Iterable[str], untold: Iterable[str],
    unasked: int,
) -> Scenario:  # fmt: skip
    out, open_ = (frozenset(map(Indicator, those)) for those in (left_out, untold))
    try:
        return Scenario(LineUnit(unit), rural, urban, least, out, open_, unasked)
    except WrongScenario as wrong:
        raise RefusedBy(gettext(WRONG_SCENARIO[wrong.code]), wrong.code) from None


def _scenario_called(session: Session, survey_round: Round, code: str, communes: Iterable[str]) -> Scenario:
    """One of a standard, or one that was kept for one of these communes or their province."""
    known = {one.code: one.scenario for one in shipped(session, survey_round)}
    places = {*communes, *session.scalars(select(Place.parent_id).where(Place.id.in_(list(communes))))} - {None}
    known |= {one.code: one.scenario for one in standing(session, sorted(filter(None, places)))}
    if code not in known:
        words = gettext("There is no scenario %(code)s. These are: %(known)s.", code=code, known=", ".join(known))
        raise RefusedBy(words, "scenario_unknown")
    return known[code]


def _scenario_in_words(found: WhatIf, names: Mapping[str, str]) -> Iterator[str]:
    whole = found.whole.whole
    words = N_("Counted: %(households)s accepted households with %(persons)s people; %(refused)s refused to answer.")
    yield gettext(words, households=whole.households, persons=whole.persons, refused=found.refused)
    if found.illustrative:
        yield gettext("Illustrative points of B1: %(count)s households.", count=found.illustrative)
    if found.differing:
        words = N_("Of %(count)s households today's lines and lacks do not give the class that they have.")
        yield gettext(words, count=found.differing)
    head = [gettext("poor now"), gettext("poor then"), gettext("fall in"), gettext("fall out")]
    rows = [["", *head, gettext("cannot be told")]]
    for place_id, one in sorted(found.places.items()):
        rows.append([_with_name(place_id, names), *_scenario_cells(one)])
    yield from _aligned([*rows, [gettext("all"), *_scenario_cells(found.whole)]])


def _scenario_cells(one: Figures) -> list[str]:
    poor = frozenset({HouseholdClass.POOR})
    ranges = [one.then(poor), one.falls_in(), one.falls_out()]
    cells = [str(one.now(poor).households), *map(_range, ranges)]
    return [*cells, str(one.of(Which.UNTOLD).households)]


def _range(found: Between) -> str:
    low, high = found.certain.households, found.possible.households
    return str(low) if low == high else f"{low}–{high}"


@click.command("recount", epilog="Ends with 0 when all is as the rows say (or was mended), 1 when not.")
@click.option("--mend", is_flag=True, help="Write what the rows say in the place of what is kept.")
@AS_JSON
@with_appcontext
def recount(mend: bool, as_json: bool) -> None:
    """Count the rounds of each commune anew from their rows, and name what pages count otherwise: for every night,
    beside the backup. What differs tells of a fault of the program or of a hand in the database."""
    with reading() as session:
        lists = tallies.lists(session)
    said = [one for of in lists for one in _recounted(*of, mend=mend)]
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        for one in said:
            place = one["household"] or f"{one['place']} {one['part']}".strip()
            click.echo(f"{one['commune']} {one['round']} {place}: {', '.join(one['what'])}")
        words = N_("%(lists)s lists of rounds were counted anew; %(count)s places differ.")
        click.echo(gettext(words, lists=len(lists), count=len(said)))
    raise SystemExit(1 if said and not mend else 0)


def _recounted(commune_id: str, round_id: str, *, mend: bool) -> list[dict[str, Any]]:
    """Looked at beside everybody else first; what seems to differ once more while nobody writes there."""
    with reading() as session:
        if not tallies.differing(session, commune_id, round_id):
            return []
    with transaction() as session:
        lock_commune(session, commune_id)
        found = tallies.differing(session, commune_id, round_id)
        if found and mend:
            tallies.rebuild(session, commune_id, round_id)
    names = {"household_id": "household", "place_id": "place"}
    of = {"commune": commune_id, "round": round_id}
    return [of | {names.get(name, name): value for name, value in one._asdict().items()} for one in found]

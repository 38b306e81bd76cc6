"""`flask --app app form …`: check a workbook, compile it, evaluate answers with it. Needs no database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
from flask import has_app_context

from survey.clocks import day_of
from survey.form.form import Form
from survey.form.record import Clock, evaluate
from survey.text import N_
from survey.web.questionnaire_words import place, sentence
from survey.xlsform.compile import WorkbookError, check_workbook
from survey.xlsform.faults import Fault, worded
from survey.xlsform.tables import beside

WORKBOOK = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("form")
def form_group() -> None:
    """Questionnaires as workbooks (XLSForm in Markdown, CSV or XLSX)."""


@form_group.command()
@click.argument("file", type=WORKBOOK)
def check(file: Path) -> None:
    """Say everything that is wrong with a workbook, by sheet, row and column."""
    form = load(file, advise=True)
    questions = sum(1 for _ in form.nodes())
    template = N_("%(name)s: %(id)s %(version)s, %(rows)s rows, languages %(languages)s: OK")
    languages = ", ".join(form.languages)
    said = _said(template, name=file.name, id=form.id, version=form.version, rows=questions, languages=languages)
    click.echo(said)


@form_group.command()
@click.argument("file", type=WORKBOOK)
def bundle(file: Path) -> None:
    """Print the bundle that phones receive."""
    click.echo(json.dumps(Form.for_phones(Form.for_engine(load(file).as_json())), ensure_ascii=False))


@form_group.command("evaluate")
@click.argument("file", type=WORKBOOK)
@click.argument("answers", type=click.File("r", encoding="utf-8"))
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="What now() gives, in UTC; today() gives the day of then in Viet Nam.",
)
def evaluate_command(file: Path, answers: TextIO, now: datetime | None) -> None:
    """Print {"values", "relevant", "problems"} for answers in JSON: groups nest, a repeat is a list.

    ANSWERS are one household, a list of them, or one on each line; each is answered with one line, in their order. A
    line that is not JSON is answered with {"line", "error"}, the rest goes on, and the command ends with 1."""
    form = load(file)
    moment = (now or datetime.now(UTC)).replace(tzinfo=UTC)
    text = _text(answers)
    try:
        given = _read(text)
    except ValueError as error:
        rows = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(rows) < 2:
            raise click.ClickException(f"{answers.name}: this is not JSON: {error}") from None
        bad = [number for number, line in rows if not _evaluate_line(form, moment, number, line)]
        if bad:
            raise click.exceptions.Exit(1) from None
        return
    for one in given if isinstance(given, list) else [given]:
        _evaluate(form, moment, one)


def _text(answers: TextIO) -> str:
    try:
        return answers.read()
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{answers.name}: this is not JSON: {error}") from None


def _read(text: str) -> Any:
    """What JSON says; ValueError when it is none, or nests deeper than a person could have answered."""
    try:
        return json.loads(text, parse_constant=str)
    except RecursionError as error:
        raise ValueError(str(error)) from None


def _evaluate_line(form: Form, moment: datetime, number: int, line: str) -> bool:
    """Print what one line comes to; False when it is not JSON."""
    try:
        given = _read(line)
    except ValueError as error:
        click.echo(json.dumps({"line": number, "error": str(error)}))
        return False
    _evaluate(form, moment, given)
    return True


def _evaluate(form: Form, moment: datetime, answers: Any) -> None:
    done = evaluate(form, answers, Clock(day_of(moment), moment))
    found = {"values": done.values, "relevant": done.relevant, "problems": [p.as_json() for p in done.problems]}
    click.echo(json.dumps(found, ensure_ascii=True))


def load(file: Path, advise: bool = False) -> Form:
    """The form of a workbook, with the tables and media beside it attached; a ClickException lists its faults."""
    source = file.read_bytes()
    try:
        form, advice = check_workbook(source.decode() if file.suffix == ".md" else source, beside(file))
    except UnicodeDecodeError:
        raise click.ClickException(_said(N_("%(name)s: this is not text in UTF-8"), name=file.name)) from None
    except WorkbookError as error:
        refused = _said(N_("%(name)s cannot be used:"), name=file.name)
        raise click.ClickException("\n  ".join([refused, *map(_line, error.faults)])) from None
    for fault in advice if advise else []:
        click.echo(_said(N_("advice: %(line)s"), line=_line(fault)), err=True)
    return form


def _said(template: str, **values: Any) -> str:
    """A sentence in the language of the app, as its other commands speak; in English where there is no app."""
    return sentence({"template": template, "values": values}) if has_app_context() else worded(template, values)


def _line(fault: Fault) -> str:
    return f"{place(vars(fault))}: {sentence(vars(fault))}" if has_app_context() else str(fault)

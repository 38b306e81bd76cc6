"""`flask --app app report tables|verify`: the official tables as signed workbooks, and a workbook checked; `register
residents …`: how many live in each place, entered by one account, confirmed by another; `plan …`: what a plan wants
and how it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Place, Round
from survey.access import may
from survey.accounts.accounts import find_account, holder_of, where_is
from survey.clocks import day_of
from survey.commands.days import DAY
from survey.commands.households import JSON, as_text
from survey.commands.proofs import printable
from survey.commands.questionnaires import chosen_round
from survey.commands.refusals import RefusedBy, RefusingGroup, RegisterGroup, no_account
from survey.evidence import audit, proof_keys
from survey.layouts import checking, member_list, tables, workbook
from survey.layouts.checking import Trust
from survey.layouts.evidence import register_of
from survey.layouts.flat import HEADER, flat
from survey.layouts.forms import counted_layouts
from survey.layouts.past import Past, check_day, counted_of
from survey.layouts.tables import Book, Scope
from survey.plan import sample, targets
from survey.plan.judging import TOLERANCE
from survey.plan.overview import Known, Row, plan_of
from survey.plan.task_steps import Timing
from survey.plan.tasks import Received, received, tasks_of
from survey.plan.words import REASONS
from survey.problems import Problem
from survey.register.csv_rows import KINDS, SENTENCES
from survey.register.event_log import Done
from survey.register.places import names_in
from survey.reports.csvfile import written
from survey.residents import entering, resident_list, residents
from survey.residents.entering import Given
from survey.residents.residents import Entered, Numbers, Window
from survey.rounds import log
from survey.submissions.register_table import Level
from survey.supports.counted import Recorded
from survey.terms import PlaceKind, ResidentAction, ResidentStatus
from survey.web.session import now, reading, transaction

VERB = "resident.enter"
FORMER = ("communes", "districts")
ENDS = "Ends with 0 when done, 1 when refused, 2 when called wrongly."
report_group = RefusingGroup("report", help="Official tables: write them signed, check a workbook.")
residents_group = RegisterGroup("residents", help=f"Residents of places: list, enter, import, confirm. {ENDS}")
plan_group = RefusingGroup("plan", help=f"The plan: show how it stands, load the one that comes along. {ENDS}")
BY = click.option("--by", "username", required=True, help="The account that does it.")
Command = TypeVar("Command", bound=Callable[..., Any])


@report_group.command("tables", epilog="Ends with 0 when all were written, 1 when some are not handed out, or refused.")
@click.argument("round_id")
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@click.option("--on", "day", type=DAY, help="As they stood at the end of this day; without it, as they stand now.")
@click.option("--borders", type=click.Choice(FORMER), help="In the former communes or districts.")
@JSON
@with_appcontext
def write_tables(
    round_id: str, folder: Path, communes: tuple[str, ...], day: date | None, borders: str | None, as_json: bool
) -> None:
    """Write each table as CSV, and all of a place as one signed workbook: of each commune by its villages, of the
    province by its communes. What cannot be handed out is named with what is missing."""
    past = _past(round_id, communes, day, is_wanted=borders is not None)
    with transaction() as session:
        survey_round, signer = chosen_round(session, round_id), current_app.extensions["prover"]
        proof_keys.take_up(session, signer, now())
        said = []
        for scope in _scopes(session, survey_round, communes, past, borders):
            book = tables.make(session, scope, counted_layouts(), now(), gettext)
            said.append(_written(session, book, folder))
        audit.record(session, now(), None, "report.signed", survey_round.id, {"files": len(said)})
    _end(said, survey_round, as_json)


def _past(round_id: str, communes: Sequence[str], day: date | None, *, is_wanted: bool) -> Past | None:
    """The communes counted as they stood on a day, one after another, in nobody's way; None: as they stand now."""
    if day is None and not is_wanted:
        return None
    with reading() as session:
        survey_round = chosen_round(session, round_id)
        at = check_day(survey_round, day or day_of(now()), now())
        rows = log.rows_of(session, survey_round)
        wanted = [row.commune_id for row in rows if not communes or row.commune_id in communes]
        return Past(at, {one: counted_of(session, survey_round, one, at) for one in wanted})


def _scopes(
    session: Session, survey_round: Round, communes: Sequence[str], past: Past | None = None, borders: str | None = None
) -> list[Scope]:
    there = [row.commune_id for row in log.rows_of(session, survey_round)]
    if unknown := [one for one in communes if one not in there]:
        words = gettext("The round is not held in commune %(code)s.", code=", ".join(unknown))
        raise RefusedBy(words, "round_not_there", {"communes": unknown})
    held = past.held if past is not None else tables.held_in(session, survey_round, sorted(there))
    of: dict[str, Any] = {"past": past, "former": borders is not None, "by_district": borders == "districts"}
    found = [Scope(survey_round, one, (one,), Level.VILLAGE, **of) for one in communes or held]
    provinces: dict[str, list[str]] = {}
    for one in held if not communes else ():
        provinces.setdefault(session.get_one(Place, one).parent_id or "", []).append(one)
    by = Level.COMMUNE if borders is None else Level.VILLAGE
    return found + [Scope(survey_round, one, tuple(those), by, **of) for one, those in provinces.items()]


def _written(session: Session, book: Book, folder: Path) -> dict[str, Any]:
    scope = book.scope
    name = f"bieu-{scope.place_id}-{scope.survey_round.year}"
    name += {"former_commune": "-xa-cu", "former_district": "-huyen-cu"}.get(scope.lines, "")
    name += f"-{scope.past.day:%Y-%m-%d}" if scope.past is not None else ""
    said: dict[str, Any] = {"place": scope.place_id, "tables": sorted(book.whole), "files": [], "root": None}
    if book.whole:
        register = register_of(session, scope.communes, scope.at)
        content, said["root"] = workbook.written(book, register, current_app.extensions["prover"], gettext)
        files = {f"{name}.xlsx": content}
        files |= {f"{name}-{one}.csv": b"".join(written(HEADER, flat(book, one))) for one in book.whole}
        for file, data in files.items():
            said["files"].append(str(_put(folder / file, data)))
    said["refused"] = _refused(book)
    return said


def _refused(book: Book) -> dict[str, list[str]]:
    return {
        str(number): [fault.sentence(gettext) for fault in made.faults]
        for number, made in book.tables.items() if made.faults
    }  # fmt: skip


@report_group.command("members", epilog="Ends with 0 when both were written, 1 when one is not handed out, or refused.")
@click.argument("round_id")
@click.argument("commune_id", metavar="COMMUNE")
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@JSON
@with_appcontext
def write_members(round_id: str, commune_id: str, folder: Path, as_json: bool) -> None:
    """Write the lists of members of near-poor (14) and poor (15) households of a commune as signed workbooks. They hold
    personal data: who may read the folder may read them. That they were written is in the log of accounts."""
    with transaction() as session:
        survey_round, signer = chosen_round(session, round_id), current_app.extensions["prover"]
        proof_keys.take_up(session, signer, now())
        [scope] = _scopes(session, survey_round, [commune_id])
        said = []
        for number in member_list.CLASSES:
            book, households = member_list.make(session, scope, number, now(), gettext)
            one: dict[str, Any] = {"place": commune_id, "tables": sorted(book.whole), "files": []}
            one["refused"] = _refused(book)
            if book.whole:
                content, root = workbook.written(book, register_of(session, scope.communes), signer, gettext)
                name = f"bieu-{commune_id}-{survey_round.year}-{number}.xlsx"
                one |= {"files": [str(_put(folder / name, content))], "households": households, "root": root}
            said.append(one)
        detail = {"round": round_id, "tables": [number for one in said for number in one["tables"]]}
        audit.record(session, now(), None, "report.members", commune_id, detail)
    _end(said, survey_round, as_json)


def _put(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        words = gettext("%(file)s cannot be written: %(fault)s", file=path, fault=error.strerror)
        raise RefusedBy(words, "file_not_written") from None
    return path


def _end(said: list[dict[str, Any]], survey_round: Round, as_json: bool) -> None:
    """Say what was written; ends with 1 where something was not handed out."""
    if as_json:
        told = {"round": survey_round.id, "trial": survey_round.trial, "places": said}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _say_written(said, survey_round)
    if any(one["refused"] for one in said):
        raise SystemExit(1)


def _say_written(said: Sequence[dict[str, Any]], survey_round: Round) -> None:
    if survey_round.trial:
        click.echo(gettext("TRIAL – nothing on this sheet is an official result, and it recognises nobody."))
    for one in said:
        for file in one["files"]:
            click.echo(file)
        for number, why in one["refused"].items():
            words = gettext("%(place)s, table %(number)s is not handed out:", place=one["place"], number=number)
            click.echo(f"{words} {' '.join(why)}")


@report_group.command("verify", epilog="Ends with 0 when it is as it was signed, 1 when not, 2 when called wrongly.")
@click.argument("file", type=click.File("rb"))
@click.option("--key", help="Fingerprint of the key that the office published; else the keys of this server.")
@JSON
@with_appcontext
def verify(file: BinaryIO, key: str | None, as_json: bool) -> None:
    """Name every cell of a workbook of tables that is not as it was signed: changed, overwritten, added, lost."""
    found = checking.verify(file.read(checking.MOST_BYTES + 1), _trust(key))
    if as_json:
        body = found.body or {}
        said = {
            "holds": found.holds, "root": found.root or None, "round": body.get("round"), "place": body.get("place"),
            "made_at": body.get("made_at"),
            "broken": [_as_json(one) for one in found.faults], "notes": [_as_json(one) for one in found.notes],
        }  # fmt: skip
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        if found.body is not None:
            one = found.body
            click.echo("\t".join(map(printable, (one["round"]["title"], one["place"], one["made_at"], found.root))))
        for fault in (*found.faults, *found.notes):
            click.echo(printable(fault.sentence(gettext)))
        if found.holds:
            click.echo(gettext("Everything is as it was signed."))
        else:
            click.echo(gettext("NOT AS IT WAS SIGNED: see above."), err=True)
    if not found.holds:
        raise SystemExit(1)


def _as_json(one: checking.Fault) -> dict[str, Any]:
    return {"code": one.code, "sheet": one.sheet, "cell": one.cell, **one.values, "title": one.sentence(gettext)}


def _trust(key: str | None) -> Trust:
    if key is not None:
        fingerprint = "".join(key.split()).lower()
        if len(fingerprint) != proof_keys.FINGERPRINT or set(fingerprint) - set("0123456789abcdef"):
            words = gettext("A fingerprint has %(count)s digits.", count=proof_keys.FINGERPRINT)
            raise click.BadParameter(words, param_hint="--key")
        return Trust(fingerprint=fingerprint)
    with reading() as session:
        known = proof_keys.keys_of(session)
        stolen = frozenset(one.public_key for one in known if one.compromised_on is not None)
        return Trust(frozenset(one.public_key for one in known), stolen)


# --- register residents ---------------------------------------------------------------------------------------------


@residents_group.command("list")
@click.argument("place_id", metavar="PLACE")
@click.option("--round", "round_id", help="What counts for this round; without it, for the last year.")
@JSON
@with_appcontext
def listing(place_id: str, round_id: str | None, as_json: bool) -> None:
    """What stands of a province, commune or village and of its parts, what is missing, what waits for another."""
    today = day_of(now())
    with reading() as session:
        _known(session, place_id)
        window = Window(today - residents.OLDEST, today)
        if round_id is not None:
            window = residents.window_of(chosen_round(session, round_id))
        parts = residents.parts_of(session, place_id, today)
        found = residents.whole(session, place_id, parts, window)
        entered = residents.entered_of(session, [place_id, *parts])
        names = names_in(session, [place_id], today)
    standing = ([found.own] if found.own else []) + list(found.parts.values())
    waiting = [one for those in entered.values() for one in those if not one.steps]
    if as_json:
        said = {
            "place": place_id, "since": window.since, "until": window.until,
            "standing": [_line(one) for one in standing], "waiting": [_line(one) for one in waiting],
            "missing": [*found.missing, *([] if found.own or found.sums else [place_id])],
            "differences": [vars(one) for one in found.differences],
        }  # fmt: skip
        click.echo(as_text(said))
        return
    for one in (*standing, *waiting):
        numbers = "\t".join("–" if number is None else str(number) for number in one.numbers)
        place = f"{one.count.place_id} {names.get(one.count.place_id, '')}".strip()
        click.echo(f"{place}\t{one.count.seq}\t{one.count.as_of}\t{numbers}\t{one.state.vi}")
    for missing in found.missing:
        click.echo(gettext("No confirmed number: %(place)s", place=f"{missing} {names.get(missing, '')}".strip()))
    for difference in found.differences:
        words = gettext("%(measure)s: whole %(whole)s, parts %(parts)s", **vars(difference))
        click.echo(words)


def _line(one: Entered) -> dict[str, Any]:
    count = one.count
    return {
        "place": count.place_id, "seq": count.seq, "act": count.act, "as_of": count.as_of, **one.numbers._asdict(),
        "status": count.status, "source": count.source, "state": one.state.value,
    }  # fmt: skip


def _known(session: Session, place_id: str) -> Place:
    found = session.get(Place, place_id)
    if found is None:
        raise RefusedBy(gettext("No place has the code %(code)s.", code=place_id), "place_unknown")
    return found


def _allowed(session: Session, username: str, places: Sequence[str], verb: str = VERB) -> Account:
    """The account, which may enter numbers (or do `verb`) in all these places. Raises `forbidden`."""
    account = find_account(session, username)
    if account is None:
        raise no_account(username)
    holder = holder_of(session, account)
    for place_id in places:
        where = where_is(session, place_id)
        if not account.active or where is None or not may(holder, verb, where):
            raise Problem("forbidden")
    return account


@residents_group.command("enter")
@click.argument("place_id", metavar="PLACE")
@click.option("--day", "as_of", type=DAY, required=True, help="As of which day.")
@click.option("--households", type=click.IntRange(0, entering.MOST), required=True)
@click.option("--persons", type=click.IntRange(0, entering.MOST))
@click.option("--kinh-households", type=click.IntRange(0, entering.MOST))
@click.option("--dtts-households", type=click.IntRange(0, entering.MOST), help="Of all other ethnic groups.")
@click.option("--kinh-persons", type=click.IntRange(0, entering.MOST))
@click.option("--dtts-persons", type=click.IntRange(0, entering.MOST))
@click.option("--status", type=click.Choice([one.value for one in resident_list.TO_WRITE]), required=True)
@click.option("--source", required=True, help="Where it is known from: paper, number, day.")
@BY
@JSON
@with_appcontext
def enter(
    place_id: str, as_of: date, status: str, source: str, username: str, as_json: bool, **numbers: int | None
) -> None:
    """Enter the numbers of a place; another account confirms them."""
    given = Given(place_id, as_of, Numbers(**numbers), ResidentStatus(status), source)
    with transaction() as session:
        _known(session, place_id)
        wrong = list(entering.faults(given, day_of(now())))
        if wrong:
            field, code = wrong[0]
            raise RefusedBy(f"--{field.replace('_', '-')}: {gettext(SENTENCES[code])}", code)
        account = _allowed(session, username, [place_id])
        done = Done(account.id, now())
        entering.enter(session, [given], done)
    words = gettext("Written down. It stands once another account has confirmed it.")
    _say(as_json, {"done": True, "act": done.act}, words)


@residents_group.command("import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--province", "province_id", required=True, help="Code of the province whose places it is of, 14.")
@click.option("--dry-run", is_flag=True, help="Only say what was read, and what is wrong by kind.")
@BY
@JSON
@with_appcontext
def import_list(path: Path, province_id: str, dry_run: bool, username: str, as_json: bool) -> None:
    """Enter a list (CSV or .xlsx) of the residents of a province, its communes and villages: all of it or nothing."""
    today = day_of(now())
    with transaction(dry_run) as session:
        _known(session, province_id)
        communes = list(session.scalars(
            select(Place.id).where(Place.parent_id == province_id, Place.kind == PlaceKind.COMMUNE).order_by(Place.id)
        ))  # fmt: skip
        names = names_in(session, [province_id], today) | names_in(session, communes, today)
        with path.open("rb") as file:
            found = resident_list.read_list(path.name, file.read(8 * 1024 * 1024), names, today)
        if found.mistakes:
            _refuse_list(found, as_json)
        account = _allowed(session, username, [one.place_id for one in found.given])
        done = Done(account.id, now())
        entering.enter(session, found.given, done)
        audit.record(session, now(), account.id, "residents.listed", province_id, {"places": len(found.given)})
    said = {"done": not dry_run, "act": done.act, "places": len(found.given), "unknown_columns": found.unknown}
    _say(as_json, said, gettext("%(count)s places were read.", count=len(found.given)))


def _refuse_list(found: resident_list.Read, as_json: bool) -> None:
    """Nothing is entered: how often each kind of mistake occurs, and the first of them."""
    if as_json:
        mistakes = [one.sentence(gettext) for one in found.mistakes[:200]]
        click.echo(as_text({"done": False, "rule": "list_wrong", "kinds": found.kinds, "mistakes": mistakes}))
        raise SystemExit(1)
    lines = [f"{number}\t{gettext(KINDS[code])}" for code, number in found.kinds.items()]
    raise click.ClickException("\n".join([*lines, *(one.sentence(gettext) for one in found.mistakes[:50])]))


def _deciding(command: Command) -> Command:
    options = (
        click.argument("place_id", metavar="PLACE"), click.argument("seq", type=click.IntRange(1, 1_000_000)), BY,
        click.option("--reason", default="", help="Why; needed unless it is confirmed."), JSON, with_appcontext,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@residents_group.command("confirm")
@_deciding
def confirm(**words: Any) -> None:
    """Confirm number SEQ of a place, as another account than the one that entered it."""
    _decide(ResidentAction.CONFIRM, **words)


@residents_group.command("refuse")
@_deciding
def refuse_it(**words: Any) -> None:
    """Do not confirm it."""
    _decide(ResidentAction.REFUSE, **words)


@residents_group.command("withdraw")
@_deciding
def withdraw(**words: Any) -> None:
    """Take back what the account entered itself, while it waits."""
    _decide(ResidentAction.WITHDRAW, **words)


@residents_group.command("revoke")
@_deciding
def revoke(**words: Any) -> None:
    """Take out a number that was confirmed; what stood before it stands again."""
    _decide(ResidentAction.REVOKE, **words)


def _decide(action: ResidentAction, *, place_id: str, seq: int, username: str, reason: str, as_json: bool) -> None:
    with transaction() as session:
        _known(session, place_id)
        account = _allowed(session, username, [place_id])
        entering.decide(session, place_id, seq, action, Done(account.id, now(), reason))
    _say(as_json, {"done": True, "action": action.value}, action.vi)


@residents_group.command("confirm-list")
@click.argument("act")
@BY
@JSON
@with_appcontext
def confirm_list(act: str, username: str, as_json: bool) -> None:
    """Confirm all that still waits of one list, by the ACT that its import said."""
    with transaction() as session:
        account = _allowed(session, username, [])
        holder = holder_of(session, account)
        places = [
            one for one in entering.places_of(session, act)
            if (where := where_is(session, one)) is not None and may(holder, VERB, where)
        ]  # fmt: skip
        number = entering.confirm_all(session, act, places, Done(account.id, now()))
    _say(as_json, {"done": True, "places": number}, gettext("%(count)s numbers were confirmed.", count=number))


# --- plan -----------------------------------------------------------------------------------------------------------


@plan_group.command("load")
@BY
@JSON
@with_appcontext
def load_plan(username: str, as_json: bool) -> None:
    """Write down the plan that comes with the program (287/KH-UBND of Sơn La, 2022), where it is not there yet."""
    with transaction() as session:
        _known(session, sample.PROVINCE)
        account = _allowed(session, username, [sample.PROVINCE], "plan.set")
        loaded = sample.load(session, Done(account.id, now()))
        audit.record(session, now(), account.id, "plan.loaded", sample.PROVINCE, loaded._asdict())
    words = gettext("New: %(targets)s targets, %(figures)s figures, %(sets)s sets of communes.", **loaded._asdict())
    _say(as_json, {"done": True, **loaded._asdict()}, words)


@plan_group.command("show")
@click.option("--place", "place_id", help="Code of a province or commune; without it, every place that has targets.")
@JSON
@with_appcontext
def show_plan(place_id: str | None, as_json: bool) -> None:
    """Each target with what was reached, its path, gap, pace and trend, and how it stands."""
    with reading() as session:
        if place_id is not None:
            _known(session, place_id)
        chosen = [place_id] if place_id is not None else targets.places_with_targets(session)
        recorded = Recorded(session, day_of(now()))
        plans = [(one, plan_of(session, one, recorded)) for one in chosen]
        rows = [(one, row) for one, plan in plans for those in plan.rows.values() for row in those]
        said = [_target(one, row) for one, row in rows]
    if as_json:
        click.echo(as_text({"targets": said}))
        return
    for one, row in rows:
        reached = "–" if row.verdict.figure is None else str(row.verdict.figure.value)
        light = row.verdict.light.vi + (f": {gettext(REASONS[row.verdict.why])}" if row.verdict.why else "")
        click.echo(f"{one}\t{row.target.plan}\t{row.target.code}\t{row.target.words}\t{reached}\t{light}")


@plan_group.command("tasks")
@click.option("--place", "place_id", required=True, help="Code of the province that gave them.")
@click.option("--late", is_flag=True, help="Only what is past its last day.")
@click.option("--soon", is_flag=True, help="Only what is due within 7 days.")
@JSON
@with_appcontext
def show_tasks(place_id: str, late: bool, soon: bool, as_json: bool) -> None:
    """Who received which task of the plan, until when, and how far it is: to remind of what is late or due soon."""
    wanted = {timing for timing, is_wanted in ((Timing.LATE, late), (Timing.SOON, soon)) if is_wanted}
    with reading() as session:
        _known(session, place_id)
        today = day_of(now())
        found = [
            one
            for one in received(session, place_id, tasks_of(session, place_id))
            if not wanted or one.timing(today) in wanted
        ]
        names = names_in(session, {one.receiver for one in found}, today)
        rows = [_task(one, today, names.get(one.receiver, one.receiver)) for one in found]
    if as_json:
        click.echo(as_text({"tasks": rows}))
        return
    for row in rows:
        click.echo("\t".join(str(row[name]) for name in ("due", "timing", "number", "title", "name", "state")))


def _task(one: Received, today: date, name: str) -> dict[str, Any]:
    return {
        "number": one.task.number, "title": one.task.title, "due": one.task.due.isoformat(), "receiver": one.receiver,
        "name": name, "state": one.state.value, "share": one.last.share if one.last else None,
        "timing": one.timing(today).value, "reported_at": one.last.at.isoformat() if one.last else None,
    }  # fmt: skip


def _target(place_id: str, row: Row) -> dict[str, Any]:
    target, verdict, what = row.target, row.verdict, row.definition
    names = ("plan", "code", "version", "words", "measure", "kind", "place_set", "base_year", "base_status", "year",
             "comparison", "status", "source")  # fmt: skip
    numbers = {name: _plain(getattr(target, name)) for name in ("base_value", "value", "value_to")}
    reached = verdict.figure
    return {
        "place": place_id, **{name: getattr(target, name) for name in names}, **numbers,
        "numerator": what.numerator, "denominator": what.denominator, "unit": what.unit.value,
        "communes": row.place_set.communes if row.place_set else [],
        "actual": _plain(reached.value) if reached else None,
        "actual_status": reached.status.value if reached else None,
        "actual_month": f"{reached.when.year}-{reached.when.month:02d}" if reached else None,
        "path": _plain(verdict.path.at(reached.when)) if verdict.path and reached else None,
        "gap": _plain(verdict.missing), "fell": _plain(verdict.fell), "pace": _plain(verdict.pace),
        "trend": _plain(row.trend.a_year) if row.trend else None,
        "trend_status": row.trend.status.value if row.trend else None,
        "light": verdict.light.value, "why": verdict.why, "hatched": verdict.is_soft, "tolerance": float(TOLERANCE),
        "figures": [_figure(one) for one in row.known],
    }  # fmt: skip


def _figure(one: Known) -> dict[str, Any]:
    counted = one.counted
    return {
        "month": f"{one.figure.when.year}-{one.figure.when.month:02d}", "value": _plain(one.figure.value),
        "status": one.figure.status.value, "source": one.entered.row.source if one.entered else None,
        "round": counted.round_id if counted else None, "numerator": counted.numerator if counted else None,
        "denominator": counted.denominator if counted else None, "why": counted.why if counted else None,
        "missing": counted.missing if counted else None, "of": counted.all if counted else None,
        "bounds": [_plain(one) for one in counted.bounds] if counted and counted.bounds else None,
        "counts": one.is_used,
    }  # fmt: skip


def _plain(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)


def _say(as_json: bool, said: dict[str, Any], words: str) -> None:
    click.echo(as_text(said) if as_json else words)

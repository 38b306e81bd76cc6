"""`flask --app app register export|correct-list|undo-list`: many households corrected by one list, as on the page;
`register police-list|police-check`: the list that the commune police check, out and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from models import Job, Place
from models.commune_counter import lock_commune
from survey.accounts.accounts import communes_of, find_account
from survey.clocks import day_of
from survey.commands.households import COMMUNE, JSON, ON, as_text, say_class_within, say_plan, shown_plan
from survey.commands.refusals import RefusedBy, RegisterCommand, no_account, no_commune
from survey.commands.register import SHOWN, answer, read_file, say_how_read, translated
from survey.corrections import corrections, police_list, register_list
from survey.corrections.corrections import ListPlan
from survey.corrections.police_check import Checked, Line
from survey.evidence import audit
from survey.jobs import queue
from survey.jobs.worker import CRASHED
from survey.problems import PROBLEMS
from survey.register import tables
from survey.register.event_log import Done
from survey.register.places import names_in
from survey.reports.csvfile import Style, written
from survey.review.register_acts import one_line
from survey.text import plain_name
from survey.web.session import now, one_of_many, reading, transaction
from survey.work import ASK_POLICE, CORRECT, UNDO_CORRECTIONS, police
from survey.work import corrections as work
from survey.work.corrections import Upload

LIST_LANGUAGE = "vi"  # of the police who check a list, whatever the terminal's is
REASON = click.option("--reason", default="", help="Why; it stands in the history of each household.")
BY = click.option("--by", "username", help="The account that decided it; it alone can ask for identity numbers.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what would happen.")


@click.command("export", cls=RegisterCommand)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@COMMUNE
@with_appcontext
def export(path: Path, commune_id: str) -> None:
    """Write the commune's register as a list (.xlsx, or .csv with semicolons) to be corrected and brought back with
    `register correct-list`."""
    with reading() as session:
        if path.suffix.lower() not in (".xlsx", ".csv"):
            raise click.ClickException(gettext("Name a file that ends in .xlsx or .csv."))
        _known(session, commune_id)
        rows = list(register_list.rows(session, commune_id, now()))
    with transaction() as session:
        audit.record(session, now(), None, "register.exported", commune_id, {"file": path.suffix.lower()[1:]})
    head = register_list.headings(gettext)
    if path.suffix.lower() == ".csv":
        data = b"".join(written(head, rows, Style.SEMICOLON))
    else:
        data = tables.written(gettext("Register"), head, rows, register_list.widths())
    path.write_bytes(data)
    path.chmod(0o600)
    click.echo(gettext("%(count)s rows were written.", count=len(rows)))


@click.command("correct-list", cls=RegisterCommand)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@COMMUNE
@ON
@REASON
@BY
@DRY_RUN
@click.option("--answer", "given", multiple=True, metavar="ID=VALUE", help="Answer a question of the list.")
@click.option("--accept-proposals", is_flag=True, help="Take the proposal of each question that has one.")
@JSON
@with_appcontext
def correct_list(
    path: Path,
    commune_id: str,
    since: date | None,
    reason: str,
    username: str | None,
    dry_run: bool,
    given: tuple[str, ...],
    accept_proposals: bool,
    as_json: bool,
) -> None:
    """Correct households on the register by a list (.xlsx or CSV): those named by code, or by village, head and the
    head's birth. One fault, and nothing is corrected. Each household's correction is undone on its own
    (`register undo`) or with the list (`register undo-list`)."""
    upload = Upload(
        commune_id, plain_name(path.name), read_file(path), since or day_of(now()),
        dict(answer(one) for one in given),
    )  # fmt: skip
    with reading() as session:
        _known(session, commune_id)
        account_id = _may(session, commune_id, username)
        made = upload.plan(session, now(), accept_proposals)
        told = _described(session, made)
    rule = _rule_against(made, account_id, reason, dry_run)
    job_id, result = None, None
    if rule is None and not dry_run:
        job_id, result = _write(upload, made, account_id, reason)
    if as_json:
        click.echo(as_text({"done": result is not None, "rule": rule, "job": job_id, "result": result} | told))
    else:
        _say(made, told, job_id, result)
    if rule is not None:
        raise SystemExit(1) if as_json else click.ClickException(_why_not(rule))


@click.command("undo-list", cls=RegisterCommand)
@click.argument("job_id")
@REASON
@BY
@DRY_RUN
@JSON
@with_appcontext
def undo_list(job_id: str, reason: str, username: str | None, dry_run: bool, as_json: bool) -> None:
    """Undo all that a list corrected (its job: `register correct-list`, `jobs list`), as far as nothing newer stands
    over it."""
    with reading() as session:
        job = session.get(Job, job_id)
        if job is None or job.kind != CORRECT or job.ended_at is None:
            raise RefusedBy(gettext("There is no list of corrections with the job %(id)s.", id=job_id), "list_unknown")
        commune_id = job.commune_id or ""
        account_id = _may(session, commune_id, username)
        acts = work.acts_of(session, job, day_of(now()), account_id)
        found = work.undoing_of(acts, work.asked_by(session, job))
    rule = "register_reason_needed" if not dry_run and not one_line(reason) else None
    result = None
    if rule is None and not dry_run:
        result = _undo(job_id, commune_id, found["can"], Done(account_id, now(), one_line(reason)))
    if as_json:
        told = found | {"can": len(found["can"])}
        click.echo(as_text({"done": result is not None, "rule": rule, "result": result} | told))
    else:
        click.echo(gettext("can be undone: %(count)s households", count=len(found["can"])))
        for code, _, why in found["blocked"]:
            click.echo(f"  {code}\t{gettext(PROBLEMS[why].title)}")
        if result is not None:
            click.echo(gettext("The corrections of %(count)s households were undone.", count=result["undone"]))
    if rule is not None:
        raise SystemExit(1) if as_json else click.ClickException(_why_not(rule))


@click.command("police-list", cls=RegisterCommand)
@COMMUNE
@click.option("--out", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".xlsx or .csv.")
@with_appcontext
def police_list_out(commune_id: str, path: Path) -> None:
    """Write everybody on the commune's register as a list that the commune police check against the population
    database; it comes back with `register police-check`. The file holds personal data."""
    kind = police_list.kind_of(path)
    if kind is None:
        raise click.ClickException(gettext("Name a file that ends in .xlsx or .csv."))
    with reading() as session:
        _known(session, commune_id)
        place = names_in(session, [commune_id], day_of(now())).get(commune_id, commune_id)
        with force_locale(LIST_LANGUAGE):
            made = police_list.make(session, commune_id, place, kind, now(), gettext)
    with transaction() as session:
        detail = {"file": kind, "persons": made.people, "households": made.households}
        audit.record(session, now(), None, police_list.EXPORTED, commune_id, detail)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(made.data)
    click.echo(gettext("%(count)s persons were written. The file holds personal data.", count=made.people))


@click.command("police-check", cls=RegisterCommand)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@COMMUNE
@click.option("--by", "username", required=True, help="The account that asks; another one decides.")
@DRY_RUN
@JSON
@with_appcontext
def police_check(path: Path, commune_id: str, username: str, dry_run: bool, as_json: bool) -> None:
    """Hold a list that the commune police checked against the register, and ask for what they say otherwise. A row with
    a mistake is left out and named; nothing is asked for twice."""
    upload = police.Upload(commune_id, plain_name(path.name), read_file(path), gettext(police_list.REASON))
    with reading() as session:
        _known(session, commune_id)
        account_id = _may(session, commune_id, username, "register.police")
        found = upload.check(session, now())
    result = None
    if found.differs and not dry_run:
        result = _ask(upload, found.differs, account_id)
    mistakes = [mistake.sentence(gettext) for mistake in found.mistakes]
    if as_json:
        lines = {name: [asdict(one) for one in getattr(found, name)]
                 for name in ("differs", "overtaken", "gone", "remarks")}  # fmt: skip
        said = {"done": result is not None, "result": result, "counts": found.counts(), "mistakes": mistakes}
        click.echo(as_text(said | lines))
    else:
        _say_police(found, mistakes, result)
    if found.mistakes and result is None:
        raise SystemExit(1)


def _ask(upload: police.Upload, lines: list[Line], account_id: str | None) -> dict[str, Any]:
    """The requests, in short transactions, as a job of this process."""
    with _job(ASK_POLICE, upload.commune_id, account_id) as (job, step):
        begun = police.begin(now())
        for start in range(0, len(lines), police.IN_ONE):
            with step() as session:
                begun = police.write(session, upload, lines, start, account_id, begun)
        job.result = police.result_of(begun)
    return dict(job.result)


def _say_police(found: Checked, mistakes: list[str], result: dict[str, Any] | None) -> None:
    if mistakes:
        click.echo(gettext("%(count)s mistakes; their rows are left out:", count=len(mistakes)))
        for line in mistakes[:SHOWN]:
            click.echo(f"  {line}")
    for one in found.differs:
        for name, (sent, known, said) in one.fields.items():
            click.echo(f"  {one.code}\t{one.name}\t{name}: {sent or '–'} | {known or '–'} → {said}")
    for title, lines in ((gettext("on the register no more:"), found.gone),
                         (gettext("changed on the register since, not asked for:"), found.overtaken),
                         (gettext("remarks to follow up by hand:"), found.remarks)):  # fmt: skip
        if lines:
            click.echo(title)
        for one in lines[:SHOWN]:
            click.echo(f"  {one.code}\t{one.name}\t{one.why or one.remark}")
    counts = found.counts()
    click.echo(
        gettext(
            "%(rows)s rows: %(right)s right, %(unchecked)s not checked, %(differs)s persons otherwise; cells asked for "
            "before: %(waiting)s, decided since: %(decided)s",
            **counts,
        )
    )
    if result is None:
        click.echo(gettext("Nothing was asked for."))
    else:
        click.echo(gettext("%(count)s requests were written; others decide on them.", count=result["asked"]))
        for code, came in result["left_out"]:
            click.echo(f"  {code}\t{came}")


def _known(session: Session, commune_id: str) -> None:
    if session.get(Place, commune_id) is None:
        raise no_commune(commune_id)


def _may(session: Session, commune_id: str, username: str | None, verb: str = "register.correct") -> str | None:
    """The account by which it is done: one that may do it on the page. None: by command alone."""
    if not username:
        return None
    account = find_account(session, username)
    if account is None:
        raise no_account(username)
    if commune_id not in communes_of(session, account, verb):
        raise RefusedBy(_why_not("forbidden"), "forbidden")
    return account.id


def _rule_against(made: ListPlan, account_id: str | None, reason: str, dry_run: bool) -> str | None:
    """Why nothing is corrected."""
    if made.mistakes:
        return "list_mistakes"
    if dry_run:
        return None
    if made.open_questions:
        return "list_questions"
    if not one_line(reason):
        return "register_reason_needed"
    return "list_asks" if made.counts()["asked"] and account_id is None else None


def _why_not(rule: str) -> str:
    return f"{gettext(PROBLEMS[rule].title)} {gettext(PROBLEMS[rule].next)} ({rule})"


def _described(session: Session, made: ListPlan) -> dict[str, Any]:
    """The plan as plain values: of each household what would be different, with all that rests on it."""
    today = day_of(now())
    found = []
    for one in made.corrections if not made.mistakes else ():
        plans = corrections.plans(session, made.commune_id, one, made.day, today)
        direct = len(plans) - len(one.asked(made.day))
        found.append(
            {
                "code": one.code,
                "household": one.household,
                "people": one.people,
                "written": [shown_plan(session, plan) for plan in plans[:direct]],
                "asked": [shown_plan(session, plan) for plan in plans[direct:]],
            }
        )
    return {
        "counts": made.counts(),
        "corrections": found,
        "faults": dict(made.faults()),
        "mistakes": [mistake.sentence(gettext) for mistake in made.mistakes],
        "questions": [
            {"id": one.id, "question": one.sentence(gettext), "proposed": one.proposed, "answer": one.answer,
             "options": {option.value: option.words(gettext) for option in one.options}}
            for one in made.questions
        ],
        "notes": [note.sentence(gettext) for note in made.notes],
        "columns_not_taken": [list(one) for one in made.unknown_columns],
    }  # fmt: skip


def _say(made: ListPlan, told: dict[str, Any], job_id: str | None, result: dict[str, Any] | None) -> None:
    say_how_read(made.notes, made.unknown_columns, made.questions)
    if made.mistakes:
        click.echo(gettext("%(count)s mistakes, nothing was corrected:", count=len(made.mistakes)))
        for code, count in made.faults():
            click.echo(f"  {count} × {translated(code)}")
        for line in told["mistakes"][:SHOWN]:
            click.echo(f"  {line}")
        return
    for one in told["corrections"]:
        for shown in one["written"]:
            say_plan(shown)
        for shown in one["asked"]:
            click.echo(gettext("  asked for: the province decides"))
            say_plan(shown)
    say_class_within(*(shown for one in told["corrections"] for shown in one["written"]))
    counts = made.counts()
    click.echo(gettext("A trial, nothing was written.") if result is None else gettext("Done."))
    click.echo(
        gettext(
            "  %(households)s households, %(asked)s identity numbers asked for, %(unchanged)s rows change nothing",
            households=counts["households"],
            asked=counts["asked"],
            unchanged=counts["unchanged"],
        )
    )
    for code, came in (result or {}).get("left_out", []):
        click.echo(f"  {code}\t{came}")
    if job_id is not None:
        click.echo(gettext("  to undo the whole list: register undo-list %(id)s", id=job_id))


def _write(upload: Upload, made: ListPlan, account_id: str | None, reason: str) -> tuple[str, dict[str, Any]]:
    """The list written down in short transactions, as a job of this process."""
    rows = work.rows_of(made)
    with _job(CORRECT, upload.commune_id, account_id) as (job, step):
        begun = work.begin(now())
        done = work.done_by(job.id, account_id, upload, one_line(reason), begun)
        for start in range(0, len(rows.corrections), work.IN_ONE):
            with step() as session:
                begun = work.write(session, upload, rows, start, done, begun)
                kept = session.get_one(Job, job.id)  # what its page says should this process die
                kept.cursor, kept.done, kept.total = begun, begun["at_row"], len(rows.corrections)
        job.result = work.result_of(begun)
    return job.id, job.result


def _undo(job_id: str, commune_id: str, seqs: list[int], done: Done) -> dict[str, Any]:
    begun = work.begin(done.at)
    with _job(UNDO_CORRECTIONS, commune_id, done.account_id) as (job, step):
        with step() as session:
            work.take_back(session, session.get_one(Job, job_id), done)
        for start in range(0, len(seqs), work.IN_ONE):
            with step() as session:
                begun = work.undo(session, commune_id, seqs, start, done, begun)
        job.result = work.undone_of(begun, job_id)
    return dict(job.result)


@contextmanager
def _job(kind: str, commune_id: str, account_id: str | None) -> Iterator[tuple[Job, Any]]:
    """A job of this process, so that no other does the like in the commune meanwhile, and its short transactions."""
    worker = f"register:{os.getpid()}"
    with transaction() as session:
        lock_commune(session, commune_id)
        if queue.under_way(session, kind, commune_id):
            raise click.ClickException(gettext("The same is being done in this commune: see jobs list."))
        job = queue.ask(session, kind, now(), account_id=account_id, commune_id=commune_id)
        queue.begin(session, job, worker, now())

    @contextmanager
    def step() -> Iterator[Session]:
        with one_of_many() as session:
            if not queue.renew(session, job.id, worker, now()):
                raise click.ClickException(gettext("This stood still for too long: what was done stays. Start again."))
            yield session

    try:
        yield job, step
    except BaseException:
        with transaction() as session:
            queue.fail(session, job.id, worker, now(), CRASHED, again=False)
        raise
    with transaction() as session:
        queue.finish(session, job.id, worker, now(), job.result)

"""`flask --app app form add|list|publish|retire|source` and `round move`: questionnaires without a browser.

The same rules as on the pages: all faults at once, nothing half kept, no points table that two people did not agree on.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormDraft, FormVersion, RegisterEntry, Round
from survey.commands.form import WORKBOOK, form_group
from survey.commands.refusals import RefusedBy, RoundCommand
from survey.problems import Problem
from survey.questionnaires import drafts, publishing, versions
from survey.questionnaires.check import TAKEN, check
from survey.questionnaires.form_files import KINDS, GivenFile, Refused, check_files, check_source, ending
from survey.questionnaires.published import Given, as_xlsx, given_of
from survey.rounds import reclassify, rounds
from survey.terms import FormState, RoundState
from survey.text import N_
from survey.web.questionnaire_words import place, refusals, sentence
from survey.web.session import now, transaction

ATTACH = click.option(
    "--attach", "attached", type=WORKBOOK, multiple=True, help="A file that the workbook names; repeatable."
)
SECOND = click.option("--second", help="The account of a second person, who has seen what changed and its hash.")
REFUSED = {
    "version_taken": N_(
        "%(form)s %(version)s is published with other content: change the version number on the sheet settings."
    ),
    "points_not_agreed": N_(
        "Two people have not come to the same points table for %(form)s %(version)s: it cannot be published."
    ),
    "form_in_use": N_("%(form)s %(version)s is used by an open round. Name the version to take its place: --instead."),
    "form_retired": N_("%(form)s %(version)s is retired."),
    "other_form": N_("This round is asked with another questionnaire."),
    "other_standard": N_("%(form)s %(version)s judges by another poverty standard than the round's."),
    "not_allowed_now": N_("This round is closed."),
    "form_seen_other": N_(
        "%(form)s %(version)s: this program makes another questionnaire of it than the draft shows. Save it once more "
        "on its page, or publish the file."
    ),
}


@form_group.command("add")
@click.argument("file", type=WORKBOOK)
@ATTACH
@with_appcontext
def add(file: Path, attached: tuple[Path, ...]) -> None:
    """Keep a workbook and its files as a draft, and say everything that is wrong with it."""
    source, files = _uploads(file, attached)
    try:
        with transaction() as session:
            draft = drafts.create_draft(session, source, files, now(), None)
            _say(draft.faults, draft.advice)
            named = f"{draft.form_id} {draft.version}" if draft.form_id else file.name
            said = N_("%(name)s: a draft, without faults.")
            if draft.faults:
                said = N_("%(name)s: a draft, %(count)s faults, cannot be published yet.")
            click.echo(gettext(said, name=f"{draft.id} {named}", count=len(draft.faults)))
    except Refused as refused:
        raise click.ClickException("\n".join(refusals(refused.refusals))) from None


@form_group.command("list")
@with_appcontext
def listing() -> None:
    """Every version and draft: state, records made with it, rounds asked with it."""
    with transaction() as session:
        for draft in drafts.drafts(session, None):
            named = f"{draft.form_id or '–'} {draft.version or '–'}"
            faults = gettext("%(count)s faults", count=len(draft.faults))
            click.echo(f"{named}\t{FormState.DRAFT.vi}\t{faults}\t{draft.id}")
        for one in versions.versions(session):
            asked = ", ".join(survey_round.title for survey_round in one.rounds) or "–"
            made = gettext("%(count)s interviews", count=one.entries)
            click.echo(f"{one.stored.form_id} {one.stored.version}\t{one.state.vi}\t{made}\t{asked}")


@form_group.command("publish")
@click.argument("target")
@ATTACH
@SECOND
@with_appcontext
def publish(target: str, attached: tuple[Path, ...], second: str | None) -> None:
    """Store a workbook (or a draft, by its id) as a version that rounds can be asked with; it never changes.

    Two people publish: who types this, and --second. Without it the hash is said, to be shown to that person.
    """
    path = Path(target)
    if not path.is_file():
        _publish_draft(target, second)
        return
    source, files = _uploads(path, attached)
    try:
        given = Given(source.name, check_source(source), source.content, check_files(files))
    except Refused as refused:
        raise click.ClickException("\n".join(refusals(refused.refusals))) from None
    with transaction() as session:
        checked = check(session, given)
        form = checked.form
        if form is not None and [fault["template"] for fault in checked.faults] == [TAKEN]:
            raise _refused("version_taken", form.id, form.version)
        if form is None or checked.faults:
            _say(checked.faults, [])
            said = N_("%(name)s: %(count)s faults, cannot be published yet.")
            raise click.ClickException(gettext(said, name=path.name, count=len(checked.faults)))
        try:
            made = versions.publish_given(session, form, given, now(), None, _people(session, form.hash, second))
        except Problem as problem:
            raise _refused(problem.code, form.id, form.version) from None
    click.echo(f"{made.form_id} {made.version} {made.hash}")


def _people(session: Session, content: str, second: str | None, draft: FormDraft | None = None) -> dict[str, str]:
    """The second person. What is published already needs nobody: it stays as it is."""
    if second is None:
        if content in versions.hashes(session):
            return {}
        said = N_(
            "A questionnaire is published by two. Let an officer of the province or an administrator look at what "
            "changed and at its hash, then name their account with --second. Or keep it as a draft (form add): it is "
            "then proposed and confirmed on its page.\nHash: %(hash)s"
        )
        raise click.ClickException(gettext(said, hash=content))
    found = publishing.second_person(session, second, draft)
    if found is None:
        said = N_("%(name)s is no account that may publish questionnaires (province or administrator).")
        raise click.ClickException(gettext(said, name=second))
    return found


def _publish_draft(draft_id: str, second: str | None) -> None:
    try:
        with transaction() as session:
            draft = drafts.find_draft(session, draft_id, None, lock=True)
            form_id, version = draft.form_id or "–", draft.version or "–"
            people = _people(session, draft.hash or "", second, draft) if not draft.faults else {}
            try:
                made = drafts.publish_draft(session, draft, now(), None, people)
            except Problem as problem:
                _say(draft.faults, [])
                raise _refused(problem.code, form_id, version) from None
    except Problem:
        raise click.ClickException(gettext("There is no file or draft %(name)s.", name=draft_id)) from None
    click.echo(f"{made.form_id} {made.version} {made.hash}")


@form_group.command("retire")
@click.argument("form_id")
@click.argument("version")
@click.option("--instead", help="Version to put in place in the open rounds that are asked with this one.")
@with_appcontext
def retire(form_id: str, version: str, instead: str | None) -> None:
    """Let no new round use a version; what is being asked with it goes on."""
    with transaction() as session:
        stored = _version(session, form_id, version)
        try:
            if instead is not None:
                other = _version(session, form_id, instead)
                for survey_round in _open_rounds(session, stored):
                    rounds.move_round(session, survey_round, other, now())
                    _say_moved(survey_round, other)
            versions.retire(session, stored, now())
        except Problem as problem:
            raise _refused(problem.code, form_id, version) from None
    click.echo(gettext("%(form)s %(version)s: no new round uses it.", form=form_id, version=version))


@form_group.command("source")
@click.argument("form_id")
@click.argument("version")
@click.option("--xlsx", is_flag=True, help="As an Excel workbook, whatever it was given as.")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder for it and its files.")
@with_appcontext
def source(form_id: str, version: str, xlsx: bool, folder: Path | None) -> None:
    """Give a version's workbook back as it was given: to the output, or with its files into a folder."""
    with transaction() as session:
        given = given_of(session, _version(session, form_id, version))
    try:
        content = as_xlsx(given) if xlsx else given.content
    except ValueError:
        said = gettext("A cell is longer than Excel allows: take the file as it was given.")
        raise click.ClickException(said) from None
    if folder is None:
        click.echo(content, nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    written = {f"{form_id}-{version}.xlsx" if xlsx else Path(given.name).name: content, **given.files}
    there = [name for name in written if (folder / name).exists()]
    if there:
        said = N_("There already in %(folder)s: %(files)s. Choose another folder.")
        raise click.ClickException(gettext(said, folder=folder, files=", ".join(there)))
    for name, data in written.items():
        (folder / name).write_bytes(data)
        click.echo(folder / name)


@click.command("move", cls=RoundCommand)
@click.argument("version")
@click.argument("round_id", required=False)
@with_appcontext
def move_round(version: str, round_id: str | None) -> None:
    """Ask an open round (the one that is open, unless named) with another version of its questionnaire."""
    with transaction() as session:
        found = chosen_round(session, round_id)
        stored = _version(session, found.form_id, version)
        try:
            judged = rounds.move_round(session, found, stored, now())
        except Problem as problem:
            raise _refused(problem.code, stored.form_id, version) from None
        _say_moved(found, stored, judged)


@click.command("changes", cls=RoundCommand)
@click.argument("version")
@click.argument("round_id", required=False)
@with_appcontext
def round_changes(version: str, round_id: str | None) -> None:
    """Say whose class another version of the questionnaire would change in a round (the one that is open, unless
    named), as JSON Lines; nothing is stored."""
    with transaction() as session:
        found = chosen_round(session, round_id)
        communes = session.scalars(
            select(RegisterEntry.commune_id).where(RegisterEntry.round_id == found.id).distinct()
        ).all()
        compared = reclassify.compare(session, found, _version(session, found.form_id, version), communes)
        for change in compared.changes:
            click.echo(json.dumps(asdict(change), ensure_ascii=False))
        click.echo(f"{len(compared.changes)} / {compared.read}", err=True)


def _say_moved(moved: Round, stored: FormVersion, judged: int = 0) -> None:
    said = gettext("%(round)s: asked with %(form)s %(version)s.", round=moved.title, form=stored.form_id,
                   version=stored.version)  # fmt: skip
    if judged:
        said += " " + gettext("%(count)s interviews were worked out again with the official points.", count=judged)
    click.echo(said)


def _uploads(file: Path, attached: tuple[Path, ...]) -> tuple[GivenFile, list[GivenFile]]:
    """A workbook and its files: those named, else those beside it that the workbook may name."""
    files = list(attached) or [
        path for path in sorted(file.parent.iterdir()) if path != file and ending(path.name) in KINDS and path.is_file()
    ]
    content = file.read_bytes()
    if not attached:  # beside it may lie what has nothing to do with it
        files = [path for path in files if path.name.encode() in content or path.stem.encode() in content
                 or ending(file.name) == "xlsx"]  # fmt: skip
    return GivenFile(file.name, content), [GivenFile(path.name, path.read_bytes()) for path in files]


def _say(faults: list[dict[str, object]], advice: list[dict[str, object]]) -> None:
    for fault in faults:
        click.echo(f"  {place(fault)}: {sentence(fault)}", err=True)
    for fault in advice:
        advised = gettext("(worth a look)")
        click.echo(f"  {advised} {place(fault)}: {sentence(fault)}", err=True)


def chosen_round(session: Session, round_id: str | None) -> Round:
    """The round of this id, else the one that is open; `RefusedBy` when that is not one."""
    query = select(Round).where(Round.id == round_id if round_id else Round.state == RoundState.OPEN.value)
    found = session.scalars(query).all()
    if len(found) != 1:
        if found:
            raise RefusedBy(gettext("Several rounds are open: name one by its id."), "round_unnamed")
        raise RefusedBy(gettext("There is no such round. Its id stands in: round list."), "round_unknown")
    return found[0]


def _version(session: Session, form_id: str, version: str) -> FormVersion:
    found = session.get(FormVersion, (form_id, version))
    if found is None:
        raise click.ClickException(gettext("%(form)s %(version)s is not published.", form=form_id, version=version))
    return found


def _open_rounds(session: Session, stored: FormVersion) -> list[Round]:
    query = select(Round).where(
        Round.form_id == stored.form_id, Round.form_version == stored.version, Round.state == RoundState.OPEN.value
    )
    return list(session.scalars(query))


def _refused(code: str, form_id: str, version: str) -> click.ClickException:
    said = REFUSED.get(code, N_("%(form)s %(version)s: it still has faults and cannot be published."))
    return click.ClickException(gettext(said, form=form_id, version=version))

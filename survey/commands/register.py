"""`flask --app app register import DIR --commune 03757`: how a real commune begins."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click
from flask_babel import gettext
from sqlalchemy.orm import Session

from models import Job, Place
from models.commune_counter import lock_commune
from survey.commands.refusals import RegisterGroup, no_commune
from survey.jobs import queue
from survey.jobs.worker import CRASHED
from survey.register import importing, loading, remembered_words
from survey.register.csv_rows import KINDS
from survey.register.event_log import Done
from survey.register.places import load_province, province_of
from survey.register.plan import Note, Plan, described
from survey.register.questions import Question
from survey.register.tables import FILE_BYTES
from survey.text import N_
from survey.web.session import now, one_of_many, reading, transaction
from survey.work import LOAD_LIST

SHOWN, SHOWN_EXAMPLES, SHOWN_OPTIONS = 200, 5, 70
REGIONS = (  # of the B1 points table
    "mien_nui_phia_bac",
    "dong_bang_song_hong",
    "bac_trung_bo_dhmt",
    "tay_nguyen",
    "dong_nam_bo",
    "dong_bang_song_cuu_long",
)
register_group = RegisterGroup("register", help="The register: load villages and households.")


@register_group.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
@click.option("--region", type=click.Choice(REGIONS), help="The province's region in B1; with its first commune.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--answer", "given", multiple=True, metavar="ID=VALUE", help="Answer a question of the list.")
@click.option("--accept-proposals", is_flag=True, help="Take the proposal of each question that has one.")
@click.option("--json", "as_json", is_flag=True, help="Say as JSON what was read: households, persons, questions.")
def import_files(
    path: Path,
    commune_id: str,
    region: str | None,
    dry_run: bool,
    given: tuple[str, ...],
    accept_proposals: bool,
    as_json: bool,
) -> None:
    """Load a list of households (.xlsx or CSV), or a folder with villages.csv, households.csv and members.csv; all or
    nothing, and what is there already stays. What a list leaves in doubt is asked: nothing is loaded until each
    question is answered."""
    files = _files(path)
    answers = dict(answer(one) for one in given)

    def make(session: Session) -> Plan:
        if importing.is_list(files):
            return importing.plan_list(session, commune_id, files, now(), answers, accept_proposals)
        return importing.plan(session, commune_id, files, now())

    made = _made(make, commune_id, region, dry_run)
    if as_json:
        click.echo(json.dumps(described(made, gettext), ensure_ascii=False, indent=1))
    else:
        _say(made)
    _refuse(made, answers, dry_run)
    if not as_json:
        _say_counts(made, dry_run)


def _files(path: Path) -> dict[str, bytes]:
    """The file, or what a folder has: the three files where it has one of them, else the one list in it."""
    if path.is_file():
        return {path.name: read_file(path)}
    three = {
        name: read_file(one)
        for name in importing.FILES
        for one in (path / name, (path / name).with_suffix(".xlsx"))
        if one.is_file()
    }
    lists = sorted(one for one in path.iterdir() if one.suffix.lower() in (".xlsx", ".csv") and one.is_file())
    if not three and len(lists) > 1:
        raise click.ClickException(gettext("The folder has several lists: name the one that is to be loaded."))
    return three or {one.name: read_file(one) for one in lists}


def read_file(path: Path) -> bytes:
    """The file; of one that is too large only as much as shows that."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES + 1)


def answer(text: str) -> tuple[str, str]:
    id, separator, value = text.partition("=")
    if not separator:
        raise click.ClickException(gettext("An answer is written ID=VALUE: %(text)s", text=text))
    return id.strip(), value.strip()


def _made(make: Callable[[Session], Plan], commune_id: str, region: str | None, dry_run: bool) -> Plan:
    """The plan, carried out unless it is a trial or something stands against it."""
    with reading() as session:
        is_there = session.get(Place, commune_id) is not None
        made = make(session) if is_there else None
    if made is None:  # nobody works yet in a commune that is not there
        with transaction() as session:
            _prepare(session, commune_id, region)
            made = make(session)
            if dry_run or made.mistakes or made.open_questions:
                session.rollback()
            else:
                loading.carry_out(session, made, now())
    elif not dry_run and not made.mistakes and not made.open_questions:
        with _alone(commune_id) as (job, step):
            made = loading.load(step, reading, made, make, Done(None, now()))
            job.result = {"counts": made.counts()}
    return made


@contextmanager
def _alone(commune_id: str) -> Iterator[tuple[Job, Callable[[], AbstractContextManager[Session]]]]:
    """The load as a job of this process, so that no other writes a list of the commune meanwhile, and its short
    transactions. Each holds the job for longer; who stood still for too long is refused the next."""
    worker = f"register import:{os.getpid()}"
    with transaction() as session:
        lock_commune(session, commune_id)
        if queue.under_way(session, LOAD_LIST, commune_id):
            said = gettext("A list of this commune is being loaded: see jobs list, and try again when it is done.")
            raise click.ClickException(said)
        job = queue.ask(session, LOAD_LIST, now(), commune_id=commune_id)
        queue.begin(session, job, worker, now())

    @contextmanager
    def step() -> Iterator[Session]:
        with one_of_many() as session:
            if not queue.renew(session, job.id, worker, now()):
                raise click.ClickException(
                    gettext("This load stood still for too long: what is there stays. Load the same list again.")
                )
            yield session

    try:
        yield job, step
    except BaseException:
        with transaction() as session:
            queue.fail(session, job.id, worker, now(), CRASHED, again=False)
        raise
    with transaction() as session:
        queue.finish(session, job.id, worker, now(), job.result)


def _say(made: Plan) -> None:
    say_how_read(made.notes, made.unknown_columns, made.questions)


def say_how_read(
    notes: Sequence[Note], unknown_columns: Sequence[tuple[str, str]], questions: Sequence[Question]
) -> None:
    """What was done with a list, and what it leaves in doubt."""
    for note in notes:
        click.echo(note.sentence(gettext), err=True)
    for file, header in unknown_columns:
        click.echo(gettext("%(file)s: the column “%(name)s” is not taken.", file=file, name=header), err=True)
    for question in questions:
        click.echo(f"\n[{question.id}] {question.sentence(gettext)}")
        for example in question.examples[:SHOWN_EXAMPLES]:
            click.echo(f"    {example.words(gettext)}")
        for option in question.options[:SHOWN_OPTIONS]:
            mark = ">" if option.value == question.taken else " "
            click.echo(f"  {mark} {option.value}: {option.words(gettext)}")


def _refuse(made: Plan, answers: Mapping[str, str], dry_run: bool) -> None:
    """Say why nothing was loaded: mistakes, answers to nothing, open questions."""
    if made.mistakes:
        lines = [gettext("%(count)s mistakes, nothing was loaded:", count=len(made.mistakes))]
        lines += [f"  {count} × {translated(code)}" for code, count in made.faults()] if len(made.mistakes) > 1 else []
        lines += [mistake.sentence(gettext) for mistake in made.mistakes[:SHOWN]]
        if len(made.mistakes) > SHOWN:
            lines.append(gettext("… and %(count)s more mistakes.", count=len(made.mistakes) - SHOWN))
        raise click.ClickException("\n  ".join(lines))
    asked = {question.id: question for question in made.questions}
    for id, value in answers.items():
        if id not in asked:
            raise click.ClickException(gettext("The list asks nothing called %(id)s.", id=id))
        if value not in {option.value for option in asked[id].options}:
            raise click.ClickException(gettext("%(value)s is no answer to %(id)s.", value=value, id=id))
    if made.open_questions and not dry_run:
        said = gettext("Nothing was loaded: %(count)s questions are open.", count=len(made.open_questions))
        how = gettext("Answer each with --answer ID=VALUE, or take the proposals (>) with --accept-proposals.")
        raise click.ClickException(f"{said}\n{how}")


def translated(code: str) -> str:
    return gettext(KINDS[code])


def _say_counts(made: Plan, dry_run: bool) -> None:
    said = made.counts()
    click.echo(gettext("A trial, nothing was loaded.") if dry_run else gettext("Loaded."))
    for line in (
        gettext("villages: %(villages)s new, %(villages_known)s there already", **said),
        gettext("households: %(households)s new, %(households_known)s there already", **said),
        gettext("members of new households: %(members)s", **said),
    ):
        click.echo(f"  {line}")


@register_group.command("words")
@click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
@click.option("--set", "given", multiple=True, metavar="KIND:WORD=MEANING", help="relation:con=con.")
@click.option("--forget", "forgotten", multiple=True, metavar="KIND:WORD", help="Ask about it again.")
def words(commune_id: str, given: tuple[str, ...], forgotten: tuple[str, ...]) -> None:
    """Show what the commune's lists were said to mean; add to it, or let a word be asked about again."""
    with transaction() as session:
        if session.get(Place, commune_id) is None:
            raise no_commune(commune_id)
        for text in given:
            (kind, word), meaning = _word(text.rpartition("=")[0]), text.rpartition("=")[2].strip()
            may = remembered_words.meanings(importing.questionnaire(session, commune_id, now()), kind)
            if meaning not in may:
                said = gettext("%(value)s is not known; write one of: %(known)s", value=meaning, known=", ".join(may))
                raise click.ClickException(said)
            remembered_words.remember(session, commune_id, {(kind, word): meaning}, now())
        for text in forgotten:
            remembered_words.forget(session, commune_id, *_word(text))
        for one in remembered_words.words_of(session, commune_id):
            click.echo(f"{one.kind}:{one.word}={one.meaning}")


def _word(text: str) -> tuple[str, str]:
    kind, _separator, word = text.partition(":")
    if kind not in remembered_words.KINDS or not word.strip():
        kinds = ", ".join(remembered_words.KINDS)
        raise click.ClickException(
            gettext("A word is written KIND:WORD, with one of the kinds %(kinds)s.", kinds=kinds)
        )
    return kind, word.strip()


def _prepare(session: Session, commune_id: str, region: str | None) -> None:
    """The commune's province and all its communes, if they are not there yet."""
    if session.get(Place, commune_id) is not None:
        return
    province = province_of(commune_id)
    if province is None:
        raise no_commune(commune_id)
    if session.get(Place, province) is None and region is None:
        said = N_("The province %(code)s is not there yet: name its region of the B1 table with --region.")
        raise click.ClickException(gettext(said, code=province))
    load_province(session, province, region=region)

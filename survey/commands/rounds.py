"""`flask --app app round …`: rounds without a browser, for operators and drills.

Every command ends with 0 when it was done (with --dry-run: when it could be), 1 when it is refused, with what stands in
the way, and 2 when it was called wrongly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

import click
from flask_babel import gettext, ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import FormVersion, Household, Job, RegisterEntry, Round, RoundCommune
from survey.calendar.default import rounds_in
from survey.clocks import day_of
from survey.commands.days import DAY
from survey.commands.jobs import do_at_once
from survey.commands.proofs import prove, verify
from survey.commands.questionnaires import chosen_round, move_round, round_changes
from survey.commands.refusals import RefusedBy, RoundGroup
from survey.commands.round_figures import compare, flow
from survey.jobs import queue
from survey.problems import PROBLEMS, Problem
from survey.round_steps import StepRefused, next_state
from survey.rounds import cancelling, closing, log, proof, rounds
from survey.rounds.closing import Break, Obstacle
from survey.terms import B1Method, CommuneState, RegisterState, RoundAction, RoundKind, RoundWeight
from survey.web.round_words import in_the_way
from survey.web.session import now, reading, transaction
from survey.work import OPEN_ROUND, REOPEN, ask_to_close, being_closed

ENDS = "Ends with 0 when done (--dry-run: when it could be done), 1 when refused, 2 when called wrongly."

round_group = RoundGroup("round", help=f"Rounds: list, open, close, accept, cancel, reopen, prove, verify. {ENDS}")
round_group.add_command(move_round)
round_group.add_command(round_changes)
round_group.add_command(prove)
round_group.add_command(verify)
round_group.add_command(flow)
round_group.add_command(compare)

MOST_NAMED = 50  # households of an obstacle

Command = TypeVar("Command", bound=Callable[..., Any])


def _common(command: Command) -> Command:
    """What every command that changes something takes."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Say it as JSON."),
        click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    ):
        command = option(command)
    return command


_COMMUNES = click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")


@round_group.command("list", epilog="Ends with 0.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_rounds(as_json: bool) -> None:
    """Every round, the one that is meant where none is named first, and in how many communes it stands where."""
    with transaction() as session:
        found = [_described(session, one.round) for one in rounds_in(session, None, day_of(now()))]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        stands = ", ".join(f"{CommuneState(state).vi} {number}" for state, number in one["communes"].items())
        title = f"{one['title']} – {RoundWeight.TRIAL.vi}" if one["trial"] else one["title"]
        click.echo(f"{one['id']}\t{title}\t{one['opens_on']} – {one['closes_on']}\t{stands}")


@round_group.command("open", epilog=ENDS)
@click.argument("title")
@click.option("--year", type=click.IntRange(2020, 2100), required=True)
@click.option("--form", "form_id", default="ra_soat_ho", show_default=True)
@click.option("--version", required=True, help="Version of the published questionnaire.")
@click.option("--opens", type=DAY, required=True)
@click.option("--closes", type=DAY, required=True)
@click.option("--kind", type=click.Choice([kind.value for kind in RoundKind]), default=RoundKind.PERIODIC.value)
@click.option("--b1", type=click.Choice([method.value for method in B1Method]), default=B1Method.TABLE.value)
@click.option("--standard", help="Code of the poverty standard, where the questionnaire names none.")
@click.option("--trial", is_flag=True, help="A trial: nothing of it becomes an official result.")
@click.option("--plan", is_flag=True, help="Only plan it; `round start` opens it, commune by commune.")
@_COMMUNES
@_common
def open_round(
    title: str, year: int, form_id: str, version: str, opens: date, closes: date, kind: str, b1: str,
    standard: str | None, trial: bool, plan: bool, communes: tuple[str, ...], as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Open a round over every household on the register (thuong_xuyen: over those that ask), in every commune unless
    some are named."""
    said: dict[str, Any] = {}

    def planned(session: Session) -> str:
        form = session.get(FormVersion, (form_id, version))
        if form is None:
            words = gettext("%(form)s %(version)s is not published.", form=form_id, version=version)
            raise RefusedBy(words, "form_unknown")
        try:
            # Planned at once; opened commune by commune, so that phones do not wait for all of them.
            opened = rounds.open_round(
                session, title=title, year=year, form=form, opens_on=opens, closes_on=closes,
                kind=RoundKind(kind), standard=standard, trial=trial, communes=communes or None,
                b1_method=B1Method(b1), now=now(), plan=True,
            )  # fmt: skip
        except ValueError:
            words = gettext("A round needs a name, and must not close before it opens.")
            raise RefusedBy(words, "bad_request") from None
        there = [row.commune_id for row in log.rows_of(session, opened)]
        count = select(func.count()).select_from(Household).where(Household.commune_id.in_(there))
        households = session.scalar(count) if kind == RoundKind.PERIODIC and not plan else 0
        said.update(id=opened.id, communes=len(there), households=households)
        return opened.id

    if dry_run or plan:
        with transaction(dry_run) as session:
            planned(session)
    else:
        _open_one_by_one(planned, None)
    round_id = said["id"]
    if dry_run:
        del said["id"]  # of a round that there is not
        _say(said, gettext("%(communes)s communes, %(households)s households", **said), as_json)
        return
    _say(said, round_id, as_json)


@round_group.command("start", epilog=ENDS)
@click.argument("round_id", required=False)
@_COMMUNES
@_common
def start_round(round_id: str | None, communes: tuple[str, ...], as_json: bool, dry_run: bool) -> None:
    """Open a planned round in communes (in all where it is planned, unless some are named)."""
    with transaction(dry_run=True) as session:  # all of them or none
        found = chosen_round(session, round_id)
        chosen = found.id
        started = [row.commune_id for row in rounds.begin(session, found, communes or None, now())]
        if not started:
            raise RefusedBy(gettext("The round is planned in no commune any more."), "nothing_planned")
    if not dry_run:
        _open_one_by_one(lambda _session: chosen, communes or None)
    _say({"id": chosen, "communes": started}, ", ".join(started), as_json)


def _open_one_by_one(planned: Callable[[Session], str], communes: Sequence[str] | None) -> None:
    """Open what `planned` names in communes (None: where it is planned), each in a transaction of its own, as a job of
    this process. A round that is planned in the same transaction as the job is asked for is opened whatever dies."""

    def ask(session: Session) -> Job:
        given = {"round": planned(session), "communes": sorted(communes) if communes is not None else None}
        return queue.ask(session, OPEN_ROUND, now(), parameters=given)

    done = do_at_once(ask)
    if done.result is None:
        words = gettext("It was stopped: it is open where it was opened, and stays planned in the rest.")
        raise RefusedBy(words, "stopped", {"id": done.parameters["round"]})


@round_group.command("close", epilog=ENDS)
@click.argument("round_id", required=False)
@_COMMUNES
@click.option("--ready", is_flag=True, help="In every commune where nothing stands in the way.")
@_common
def close_round(round_id: str | None, communes: tuple[str, ...], ready: bool, as_json: bool, dry_run: bool) -> None:
    """Close a round (the one that is open, unless named) in communes, in those that are ready, or in all; or say what
    stands in the way of any. Each commune is closed with its proof, one after another: the command waits for it."""
    with reading() as session:
        found = chosen_round(session, round_id)
        open_there = [row.commune_id for row in log.rows_of(session, found) if row.state == CommuneState.OPEN]
        there = list(communes) or open_there
        if ready:
            there = closing.ready_to_close(session, found, there)
        try:
            _check_closing(session, found, there if there and (communes or ready) else None)
            if dry_run:
                for commune_id in there:
                    proof.check(session, found, commune_id)
        except Problem as problem:
            detail = problem.detail or {}
            left = [Obstacle(*one) for one in detail.get("obstacles", [])]
            if not left:
                raise
            heading = gettext("The round %(round)s cannot be closed yet:", round=found.title)
            broken = _broken(session, found, there or open_there)
            lines = [f"  {in_the_way(*one)}" for one in left]
            lines += [line for one in left for line in _named(one, broken)]
            listed = [one._asdict() for one in broken]
            raise RefusedBy("\n".join([heading, *lines]), problem.code, {**detail, "breaks": listed}) from problem
        if set(there) & being_closed(session, found.id).keys():
            raise RefusedBy(gettext("It is being closed already: see jobs list."), "being_closed")
        if not there:
            raise RefusedBy(gettext("No commune with households is ready to be closed."), "nothing_ready")
    stays = _close_one_by_one(found, there, as_json) if not dry_run else {}
    said = {"id": found.id, "communes": [one for one in there if one not in stays]}
    if stays:
        named = [f"  {one}: {gettext(PROBLEMS[code].title)}" for one, code in stays.items()]
        words = "\n".join([gettext("The round stays open in:"), *named])
        raise RefusedBy(words, "stays_open", said | {"left": stays})
    _say(said, gettext("%(round)s: closed.", round=found.title) if not dry_run else str(len(there)), as_json)


def _close_one_by_one(survey_round: Round, communes: Sequence[str], as_json: bool) -> dict[str, str]:
    """Close it as a job of this process; returns in which communes it stays open, with the problem."""
    said = ngettext(
        "Making the proof of %(num)s commune, then closing it …", "Making the proofs of %(num)s communes, one after "
        "another, then closing each …", len(communes),
    )  # fmt: skip
    if not as_json:
        click.echo(said, err=True)
    done = do_at_once(lambda session: ask_to_close(session, survey_round, communes, now(), None))
    if done.result is None:
        words = gettext("It was stopped: the communes that were closed stay closed.")
        raise RefusedBy(words, "stopped")
    return dict(done.result["left"])


@round_group.command("accept", epilog=ENDS)
@click.argument("round_id")
@_COMMUNES
@_common
def accept_round(round_id: str, communes: tuple[str, ...], as_json: bool, dry_run: bool) -> None:
    """Accept for the province what communes have closed (all that are closed, unless some are named)."""
    with transaction(dry_run) as session:
        found = chosen_round(session, round_id)
        rows = log.rows_of(session, found, communes or None)
        wanted = [row.commune_id for row in rows if communes or row.state == CommuneState.CLOSED]
        if not wanted:
            words = gettext("No commune has closed this round, or all that have are accepted.")
            raise RefusedBy(words, "nothing_closed")
        said = {"id": found.id, "communes": wanted}
        closing.accept_communes(session, found, wanted, now())
    _say(said, ", ".join(wanted), as_json)


@round_group.command("reopen", epilog=ENDS)
@click.argument("round_id")
@click.argument("commune")
@click.option("--reason", required=True)
@_common
def reopen_round(round_id: str, commune: str, reason: str, as_json: bool, dry_run: bool) -> None:
    """Open a closed or accepted COMMUNE (its code) of a round again, with the reason."""

    def begun(session: Session) -> str:
        found = chosen_round(session, round_id)
        closing.begin_again(session, found, commune, reason, now())
        return found.id

    def ask(session: Session) -> Job:
        return queue.ask(session, REOPEN, now(), commune_id=commune, parameters={"round": begun(session)})

    if dry_run:
        with transaction(dry_run) as session:
            found_id = begun(session)
    else:
        found_id = do_at_once(ask).parameters["round"]
    _say({"id": found_id, "communes": [commune]}, commune, as_json)


@round_group.command("cancel", epilog=ENDS)
@click.argument("round_id")
@click.option("--reason", required=True)
@_COMMUNES
@_common
def cancel_round(round_id: str, reason: str, communes: tuple[str, ...], as_json: bool, dry_run: bool) -> None:
    """Take back a round that was opened by mistake, while nothing was accepted in it. What was received is kept."""
    with transaction(dry_run) as session:
        found = chosen_round(session, round_id)
        try:
            done = cancelling.cancel(session, found, reason, now(), communes=communes or None)
        except Problem as problem:
            accepted = (problem.detail or {}).get("accepted", {})
            if not accepted:
                raise
            lines = [f"  {commune_id}: {number}" for commune_id, number in accepted.items()]
            words = "\n".join([gettext(problem.refusal.title), *lines])
            raise RefusedBy(words, problem.code, {"accepted": accepted}) from problem
        said = {"id": found.id, "communes": done.communes, "held": done.held}
    words = gettext(
        "%(communes)s communes; %(held)s records kept and held", communes=len(done.communes), held=done.held
    )
    _say(said, words, as_json)


def _check_closing(session: Session, survey_round: Round, communes: Sequence[str] | None) -> None:
    """Raise what stands in the way of closing communes (None: all where it is open), as closing would."""
    for row in log.rows_of(session, survey_round, communes or ()):
        try:
            next_state(CommuneState(row.state), RoundAction.CLOSE)
        except StepRefused as refusal:
            raise Problem(refusal.code) from refusal
    if communes is not None:
        closing.check_ready(session, survey_round, communes)
    elif every := closing.obstacles(session, survey_round):
        raise Problem("round_not_ready", detail={"obstacles": [list(one) for one in every]})
    elif not any(row.state == CommuneState.OPEN for row in log.rows_of(session, survey_round)):
        raise Problem("not_allowed_now")


def _broken(session: Session, survey_round: Round, communes: Sequence[str]) -> list[Break]:
    """What is left to do, household by household, asked of the communes alone where anything is."""
    left = closing.obstacles_by_commune(session, survey_round, communes)
    where = [commune_id for commune_id in communes if left[commune_id]] or communes  # else only the proof finds it
    return [one for key in where for one in closing.breaks(session, survey_round, key, most=MOST_NAMED)]


def _named(left: Obstacle, broken: Sequence[Break]) -> list[str]:
    """The households or records that an obstacle is about."""
    named = [one.number or one.submission_id or "" for one in broken if one.code == left.code][:MOST_NAMED]
    more = " …" if len(named) < left.number else ""
    return [f"  {in_the_way(*left)}: {', '.join(named)}{more}"] if named else []


def _described(session: Session, one: Round) -> dict[str, Any]:
    counted = select(RoundCommune.state, func.count()).where(RoundCommune.round_id == one.id)
    states = {state: number for state, number in session.execute(counted.group_by(RoundCommune.state))}  # noqa: C416
    entries = select(RegisterEntry.state, func.count()).where(RegisterEntry.round_id == one.id)
    households = {state: number for state, number in session.execute(entries.group_by(RegisterEntry.state))}  # noqa: C416
    return {
        "id": one.id, "title": one.title, "kind": one.kind, "year": one.year, "trial": one.trial,
        "opens_on": one.opens_on.isoformat(), "closes_on": one.closes_on.isoformat(), "state": one.state,
        "communes": {state.value: states[state.value] for state in CommuneState if state.value in states},
        "households": {state.value: households.get(state.value, 0) for state in RegisterState},
    }  # fmt: skip


def _say(said: dict[str, Any], words: str, as_json: bool) -> None:
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else words)

"""`flask --app app places former|villages|former-of|rename|merge|split|rezone|undo|history`: villages in time, and the
borders of before. A village that becomes urban or rural: `register area`.

Everything is shown first: `--dry-run` reads and writes nothing. Exit code 0: done, or could be done; 1: refused, with
the rule and the way out; 2: not understood.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Job, Place, PlaceEvent
from survey.borders import villages
from survey.clocks import day_of, instant
from survey.commands.days import DAY
from survey.commands.households import as_text, done_by, refuse
from survey.commands.jobs import do_at_once
from survey.commands.refusals import RegisterGroup, no_commune
from survey.evidence import audit
from survey.problems import Problem
from survey.register import places
from survey.register.csv_rows import Mistake
from survey.register.event_log import Done
from survey.register.tables import FILE_BYTES
from survey.terms import Area, PlaceChange, PlaceKind
from survey.text import N_
from survey.villages import acts as village_acts
from survey.villages import former_tables, visiting
from survey.villages.acts import Plan, Wish
from survey.web.session import now, reading, transaction
from survey.work import change_villages, undo_change

places_group = RegisterGroup("places", help="Villages in time, and the communes of before.")
SHOWN = 50
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what would happen.")
JSON = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
BY = click.option("--by", "username", help="The account that decided it.")
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
VILLAGE = click.argument("village_id")


def acting(command: Callable[..., Any]) -> Any:
    """What every change of a village is given: since when, why, by whom, and whether it is only tried."""
    options = (
        click.option("--on", "since", type=DAY, help="The day since which it holds; today."),
        click.option("--reason", default="", help="Why, such as the number of the decision."),
        BY,
        DRY_RUN,
        JSON,
    )
    for option in reversed(options):
        command = option(command)
    return with_appcontext(command)


@places_group.command()
@VILLAGE
@click.option("--name", required=True, help="The new name.")
@click.option("--division", help="What kind of village; as it was unless given.")
@acting
def rename(village_id: str, name: str, division: str | None, **words: Any) -> None:
    """A village is called otherwise from a day on."""
    _act(PlaceChange.RENAMED, village_id, {"name": name, "division": division}, **words)


@places_group.command()
@VILLAGE
@click.argument("into")
@acting
def merge(village_id: str, into: str, **words: Any) -> None:
    """The first village is part of the other one from a day on; its code goes on naming that."""
    _act(PlaceChange.MERGED, village_id, {"other": into}, **words)


@places_group.command()
@VILLAGE
@click.option("--name", required=True, help="The name of the new village.")
@click.option("--division", help="What kind of village; as the old one unless given.")
@click.option("--area", type=click.Choice([one.value for one in Area]), help="As the village's unless given.")
@click.option("--household", "codes", multiple=True, help="The number of a household that lies in it; repeatable.")
@acting
def split(village_id: str, name: str, division: str | None, area: str | None, codes: tuple[str, ...],
          **words: Any) -> None:  # fmt: skip
    """Some households of a village are a village of their own from a day on."""
    given = {"name": name, "division": division, "area": area}
    _act(PlaceChange.SPLIT, village_id, given, codes=codes, **words)


@places_group.command()
@VILLAGE
@click.option("--commune", "commune", required=True, help="The code of the commune that it goes to.")
@acting
def rezone(village_id: str, commune: str, **words: Any) -> None:
    """A village goes to another commune with all its households."""
    _act(PlaceChange.REZONED, village_id, {"commune": commune}, **words)


@places_group.command("former-of")
@VILLAGE
@click.option("--former", default="", help="The code of the former commune; empty: it is not known.")
@acting
def former_of(village_id: str, former: str, **words: Any) -> None:
    """Enter which former commune a village lies in."""
    _act(PlaceChange.FORMER, village_id, {"former": former}, **words)


@places_group.command()
@click.argument("seq", type=int)
@click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
@acting
def undo(seq: int, commune_id: str, **words: Any) -> None:
    """Take back the change with this number (`places history`), with all that is undone with it."""

    def tried(session: Session) -> Plan:
        return village_acts.plan_undo(session, commune_id, seq, day_of(now()))

    def done(session: Session, by: Done, seen: str) -> Job | None:
        return undo_change(session, commune_id, seq, by, seen)

    words.pop("since")
    _run(tried, done, **words)


@places_group.command()
@click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
@JSON
@with_appcontext
def history(commune_id: str, as_json: bool) -> None:
    """Everything that happened to a commune's villages, the newest first."""
    with reading() as session:
        rows = session.scalars(
            select(PlaceEvent).where(PlaceEvent.commune_id == commune_id).order_by(PlaceEvent.seq.desc())
        ).all()
        undone = {row.voids: row.seq for row in rows}
        people = {row.account_id: session.get(Account, row.account_id) for row in rows if row.account_id}
        for row in rows if not as_json else ():
            by = people.get(row.account_id or "")
            said = [f"{row.seq}", row.effective_on.isoformat(), PlaceChange(row.kind).vi, row.village_id]
            said += [f"→ {row.other_id}"] if row.other_id else []
            said += [instant(row.at) if row.at else "–", by.username if by else "–", row.reason or ""]
            said += [gettext(" (undone by %(seq)s)", seq=undone[row.seq])] if row.seq in undone else []
            click.echo("\t".join(said))
        if as_json:
            click.echo(as_text([_row_as_json(row, undone.get(row.seq)) for row in rows]))


def _row_as_json(row: PlaceEvent, undone_by: int | None) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "kind": row.kind,
        "village": row.village_id,
        "other": row.other_id,
        "effective_on": row.effective_on,
        "at": instant(row.at) if row.at else None,
        "reason": row.reason,
        "said": row.payload,
        "voids": row.voids,
        "undone_by": undone_by,
    }


@places_group.command()
@FILE
@click.option("--province", "province_id", required=True, help="The province's code, 14.")
@BY
@DRY_RUN
@JSON
@with_appcontext
def former(file: Path, province_id: str, username: str | None, dry_run: bool, as_json: bool) -> None:
    """Load a province's former communes and districts, with the commune of today that each belongs to: a CSV or .xlsx
    in the columns former_district_code, former_district, former_commune_code, former_commune, commune_code, status,
    source, and where they are known valid_from, valid_to. All or nothing."""
    data = _read(file)
    with reading() as session:
        province = session.get(Place, province_id)
        if province is None or province.kind != PlaceKind.PROVINCE:
            raise click.ClickException(gettext("No province has the code %(code)s.", code=province_id))
        table = former_tables.read_table(session, province_id, file.name, data)
        _refuse_mistakes(table.mistakes)
    if not dry_run:
        with transaction() as session:
            former_tables.write_table(session, province_id, table)
            account = done_by(session, username, "").account_id
            detail = {"rows": len(table.rows), "added": table.added, "changed": table.changed}
            audit.record(session, now(), account, "places.former", province_id, detail)
    said: dict[str, Any] = {
        "done": not dry_run,
        "communes": len({one.code for one in table.rows}),
        "districts": table.districts,
        "added": table.added,
        "changed": table.changed,
        "statuses": sorted(table.statuses),
    }
    if as_json:
        click.echo(as_text(said))
        return
    click.echo(gettext("A trial, nothing was written.") if dry_run else gettext("Done."))
    counted = N_("%(communes)s former communes in %(districts)s districts; %(added)s rows new, %(changed)s changed.")
    click.echo(gettext(counted, **said))
    for status in said["statuses"]:
        click.echo("  " + gettext("How sure it is: %(status)s", status=status))


@places_group.command("villages")
@FILE
@click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
@click.option("--reason", default="", help="Where it is known from.")
@BY
@DRY_RUN
@with_appcontext
def enter_villages(file: Path, commune_id: str, reason: str, username: str | None, dry_run: bool) -> None:
    """Enter of many villages which former commune each lies in: a CSV or .xlsx with village_code and
    former_commune_code. All or nothing."""
    data = _read(file)
    with reading() as session:
        if session.get(Place, commune_id) is None:
            raise no_commune(commune_id)
        known = villages.fold(places.changes_in(session, [commune_id]))
        codes = [one.code for one in village_acts.former_of_commune(session, commune_id)]
        ids = [one.id for one in known.in_commune(commune_id)]
        found, mistakes = former_tables.read_villages(file.name, data, ids, codes)
        _refuse_mistakes(mistakes)
        count = len(village_acts.new_former(session, commune_id, found))
    if not dry_run:
        try:
            with transaction() as session:
                count = village_acts.enter_former(session, commune_id, found, done_by(session, username, reason))
        except Problem as refusal:
            refuse(refusal.code, False, {})
    click.echo(gettext("A trial, nothing was written.") if dry_run else gettext("Done."))
    click.echo(gettext("Of %(count)s villages the former commune is new.", count=count))


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(FILE_BYTES + 1)


def _refuse_mistakes(mistakes: Any) -> None:
    if mistakes:
        first: list[Mistake] = list(mistakes)[:SHOWN]
        lines = [gettext("%(count)s mistakes, nothing was loaded:", count=len(mistakes))]
        raise click.ClickException("\n  ".join([*lines, *(one.sentence(gettext) for one in first)]))


def _act(
    kind: PlaceChange,
    village_id: str,
    given: dict[str, Any],
    *,
    since: date | None,
    codes: tuple[str, ...] = (),
    **words: Any,
) -> None:
    commune_id = village_id.rsplit("-", 1)[0]
    day = since or day_of(now())
    said = {key: one for key, one in given.items() if one is not None}

    def wish(session: Session) -> Wish:
        if codes:
            by_code = {one.code: one.id for one in village_acts.households_on(session, commune_id, village_id, day)}
            said["households"] = [by_code.get(code, code) for code in codes]
        return Wish(kind, village_id, day, said)

    def tried(session: Session) -> Plan:
        return village_acts.plan(session, commune_id, wish(session), day_of(now()))

    def done(session: Session, by: Done, seen: str) -> Job | None:
        return change_villages(session, commune_id, wish(session), by, seen)

    _run(tried, done, **words)


def _run(
    tried: Callable[[Session], Plan],
    done: Callable[[Session, Done, str], Job | None],
    *,
    reason: str,
    username: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show what would happen, and do it, interviews judged again some at a time; only tried, it is done as well, up to
    those, and rolled back. The reason alone may be missing then."""
    with reading() as session:
        try:
            plan = tried(session)
        except Problem as refusal:
            refuse(refusal.code, as_json, {})
        shown = _shown(session, plan)
        if plan.rule is not None:
            refuse(plan.rule, as_json, shown)
    try:
        if dry_run:
            with transaction(dry_run) as session:
                done(session, done_by(session, username, reason or "…"), plan.basis)
        else:
            do_at_once(lambda session: done(session, done_by(session, username, reason), plan.basis))
    except Problem as refusal:
        refuse(refusal.code, as_json, shown)
    if as_json:
        click.echo(as_text({"done": not dry_run, "rule": None} | shown))
        return
    click.echo(gettext("A trial, nothing was written.") if dry_run else gettext("Done."))
    for one in shown["villages"]:
        click.echo(f"  {one['village']}: {one['before'] or '–'} → {one['after'] or '–'}")
    click.echo(
        gettext(
            "%(moved)s households lie in another village, %(judged)s interviews are judged by the other line, "
            "%(others)s are of another class.",
            moved=len(shown["moved"]),
            judged=shown["judged"],
            others=len(shown["others"]),
        )
    )
    if shown["leaving"]:
        names = ", ".join(shown["leaving"])
        click.echo(gettext("These accounts visit the village no more; its commune is to assign somebody: %(names)s",
                           names=names))  # fmt: skip


def _shown(session: Session, plan: Plan) -> dict[str, Any]:
    register = plan.register.halves if plan.register is not None else ()
    going = [event.household_id for half in register[:1] for event in half.events]
    return {
        "villages": [
            {
                "village": (will or was).id,  # type: ignore[union-attr]
                "before": was.name if was is not None and was.is_there else None,
                "after": will.name if will is not None and will.is_there else None,
            }
            for was, will in plan.villages
        ],
        "moved": [one._asdict() for one in plan.moved] + [{"household_id": id} for id in going],
        "judged": len(plan.judged),
        "others": [[one.code, one.before, one.after] for one in plan.others],
        "leaving": [one.username for one in visiting.leaving(session, plan.visits)],
        "resting": [one.code for one in plan.resting],
        "broken": [
            {"day": one.effective_on, "code": one.village_id, "seq": one.seq, "kind": one.kind.vi}
            for one in plan.broken
        ],
    }

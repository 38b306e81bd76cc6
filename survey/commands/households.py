"""`flask --app app register correct|move|split|merge|unmerge|end|restore|undo|history|area|verify`: it can be mended.
Persons: `persons.py`.

Everything is shown first: `--dry-run` reads and writes nothing. Exit code 0: done, or could be done; 1: refused, with
the rule and the way out; 2: not understood.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext
from flask_babel import gettext
from sqlalchemy.orm import Session

from models import Household, Place
from survey.accounts.accounts import find_account
from survey.clocks import day_of, instant
from survey.commands.days import DAY
from survey.commands.jobs import do_at_once
from survey.commands.refusals import RefusedBy, RegisterCommand, no_account, no_commune
from survey.commands.register import register_group
from survey.problems import PROBLEMS, Problem
from survey.register import event_log
from survey.register.event_log import Done
from survey.register.persons import Person
from survey.review import household_story, register_acts, register_preview, requests
from survey.review.register_acts import Plan, Wish
from survey.review.register_preview import FIELDS, PERSON_FIELDS
from survey.terms import Area, HouseholdClass, RegisterKind
from survey.text import N_
from survey.villages import area as village_area
from survey.web.round_words import class_within
from survey.web.session import now, reading, transaction
from survey.work import change_area

COMMUNE = click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
JSON = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
ON = click.option("--on", "since", type=DAY, help="The day since which it holds; today.")
AS_OF = click.option("--as-of", type=DAY, help="How it was on that day, by what is known now.")
CODE = click.argument("code")
Command = TypeVar("Command", bound=Callable[..., Any])


def acting(command: Command) -> Command:
    """What every act is given: where, why, by whom, and whether it is only tried."""
    options = (
        COMMUNE,
        click.option("--reason", default="", help="Why; it stands in the household's history."),
        click.option("--by", "username", help="The account that decided it."),
        click.option("--dry-run", is_flag=True, help="Only show what would happen."),
        click.option("--ask", "asks", is_flag=True, help="Only ask for it: another decides (`register request`)."),
        JSON,
    )
    for option in reversed(options):
        command = option(command)
    return with_appcontext(command)


@register_group.command()
@CODE
@acting
@ON
@click.option("--head", help="The head's name.")
@click.option("--village", help="The village's code, 03757-02.")
@click.option("--address", help="The address.")
@click.option("--class", "household_class", type=click.Choice([one.value for one in HouseholdClass]))
def correct(code: str, household_class: str | None, head: str | None, village: str | None, address: str | None,
            **words: Any) -> None:  # fmt: skip
    """Mend what is said of the household with this number: head, village, address, class of last year."""
    given = {"head": head, "village": village, "address": address, "class": household_class}
    act_on(RegisterKind.CORRECT, code, None, {key: one for key, one in given.items() if one is not None}, **words)


@register_group.command()
@CODE
@acting
@ON
@click.option("--village", required=True, help="The village's code, of another commune too.")
@click.option("--address", help="The new address.")
def move(code: str, village: str, address: str | None, commune_id: str, **words: Any) -> None:
    """The household went to live in another village."""
    there = village.rsplit("-", 1)[0]
    given = {"village": village, "address": address, "commune": there if there != commune_id else None}
    kept = {key: one for key, one in given.items() if one is not None}
    act_on(RegisterKind.MOVE, code, None, kept, commune_id=commune_id, **words)


@register_group.command()
@CODE
@acting
@ON
@click.option("--member", "members", multiple=True, help="The name of one who goes; repeatable.")
@click.option("--head", help="The head of the new household; the first who goes.")
@click.option("--address", help="Where the new household lives.")
def split(code: str, members: tuple[str, ...], head: str | None, address: str | None, **words: Any) -> None:
    """Some members have become a household of their own."""
    act_on(RegisterKind.SPLIT, code, None, {"members": list(members), "head": head, "address": address}, **words)


@register_group.command()
@CODE
@click.argument("into")
@acting
@ON
def merge(code: str, into: str, **words: Any) -> None:
    """The household with the first number is part of the other one from now on; its number goes on naming that. Into
    one of another commune (by its number) it moves and is merged there, in one act that is undone as one."""
    act_on(RegisterKind.MERGE, code, into, {}, **words)


@register_group.command()
@CODE
@acting
@ON
def unmerge(code: str, **words: Any) -> None:
    """The household is one of its own again."""
    act_on(RegisterKind.UNMERGE, code, None, {}, **words)


@register_group.command()
@CODE
@acting
@ON
@click.option("--as", "how", required=True, type=click.Choice(["dissolve", "died_out", "duplicate", "test"]))
@click.option("--of", "other", help="Of a duplicate: the number of the household that it is.")
def end(code: str, how: str, other: str | None, **words: Any) -> None:
    """The household is off the register: dissolved, died out, a duplicate, a test."""
    act_on(RegisterKind(how), code, other, {}, **words)


@register_group.command()
@CODE
@acting
@ON
def restore(code: str, **words: Any) -> None:
    """The household is on the register again, also one whose coming onto it was undone."""
    act_on(RegisterKind.RESTORE, code, None, {}, **words)


@register_group.command()
@click.argument("seq", type=int)
@acting
def undo(seq: int, commune_id: str, asks: bool, **words: Any) -> None:
    """Take back the event with this number (`register history`), with all that is undone with it."""
    _not_asked_for(asks)

    def tried(session: Session) -> Plan:
        by = done_by(session, words["username"], "")
        return requests.plan_undo(session, commune_id, seq, day_of(now()), by.account_id)

    def done(session: Session, by: Done) -> Plan:
        return requests.undo(session, commune_id, seq, by)

    _run(tried, done, **words)


@register_group.command()
@CODE
@COMMUNE
@JSON
@AS_OF
@with_appcontext
def history(code: str, commune_id: str, as_json: bool, as_of: date | None) -> None:
    """Everything that happened to a household, the newest first; with --as-of how it was on a day, and who lived
    there."""
    with reading() as session:
        household = found_household(session, commune_id, code)
        if as_of is not None:
            _say_state(session, household, as_of, as_json)
            return
        found = household_story.lines(session, household)
        if as_json:
            click.echo(as_text([line_as_json(session, one) for one in found]))
            return
        for one in found:
            said = f"{one.seq}\t{one.effective_on.isoformat()}\t{one.kind.vi}\t{one.household.code}"
            other = f" → {one.other.code}" if one.other else ""
            undone = gettext(" (undone by %(seq)s)", seq=one.undone_by) if one.undone_by else ""
            click.echo(f"{said}{other}\t{instant(one.at)}\t{one.by or '–'}\t{one.reason or ''}{undone}")


def _say_state(session: Session, household: Household, day: date, as_json: bool) -> None:
    story = household_story.story(session, household.commune_id, household.id, day)
    one = story.standing
    if as_json:
        shown = {name: getattr(one, name) for name in FIELDS} if one is not None else None
        members = [person_as_json(member) for member in story.members]
        click.echo(as_text({"day": day, "household": household.id, "state": shown, "members": members}))
        return
    if one is None:
        click.echo(gettext("It was not on the register on that day."))
        return
    for name, title in FIELDS.items():
        click.echo(f"{gettext(title)}: {_label(getattr(one, name))}")
    for member in story.members:
        click.echo(f"  {member.name}\t{register_preview.birth_of(member) or '–'}\t{member.id}")


def person_as_json(one: Person) -> dict[str, Any]:
    return {
        "person": one.id,
        "state": one.state.value,
        "household": one.household_id,
        "since": one.since.isoformat(),
        "said": dict(one.said),
        "doubts": list(one.doubts),
        "same_as": one.same_as,
    }


@register_group.command()
@click.argument("village_id")
@acting
@ON
@click.option("--area", required=True, type=click.Choice([one.value for one in Area]))
def area(village_id: str, area: str, commune_id: str, since: date | None, asks: bool, **words: Any) -> None:
    """A village counts as urban or rural from a day on: first says how many households would be of another class."""
    _not_asked_for(asks)
    dry_run, as_json = words.pop("dry_run"), words.pop("as_json")
    day = since or day_of(now())
    try:
        with reading() as session:
            found = village_area.recount(session, commune_id, village_id, Area(area), day, day_of(now()))
            by = None if dry_run else done_by(session, words.pop("username"), words.pop("reason"))
        if by is not None:
            do_at_once(lambda session: change_area(session, commune_id, found, by))
    except Problem as refusal:
        refuse(refusal.code, as_json, {})
    if found.rule is not None:
        refuse(found.rule, as_json, {})
    if as_json:
        judged = [one._asdict() | {"day": one.day.isoformat()} for one in found.judged]
        click.echo(as_text({"done": not dry_run, "households": found.households, "judged": judged}))
        return
    click.echo(gettext("A trial, nothing was written.") if dry_run else gettext("Done."))
    click.echo(
        gettext(
            "%(judged)s interviews are judged by the other line, %(households)s households are of another class.",
            judged=len(found.judged),
            households=found.households,
        )
    )
    for judged_one in found.others:
        click.echo(f"  {judged_one.code}\t{_label(judged_one.before)} → {_label(judged_one.after)}")


@register_group.command()
@COMMUNE
@with_appcontext
def verify(commune_id: str) -> None:
    """Whether a commune's log is as it was written; exit code 1 names the first event that is not."""
    with reading() as session:
        if session.get(Place, commune_id) is None:
            raise no_commune(commune_id)
        found = event_log.broken(session, commune_id)
        if found is not None:
            said = N_("The log of %(commune)s is not as it was written from event %(seq)s on.")
            raise click.ClickException(gettext(said, commune=commune_id, seq=found))
        count = event_log.last_seq(session, commune_id)
        click.echo(gettext("%(count)s events, each as it was written.", count=count))


def act_on(
    kind: RegisterKind,
    code: str,
    other: str | None,
    given: dict[str, Any],
    *,
    commune_id: str,
    since: date | None,
    whom: Callable[[Session, Household], dict[str, Any]] = lambda _session, _household: {},
    **words: Any,
) -> None:
    """`whom`: what else a wish says, once the household is known: of which person, and who is head then."""
    day = since or day_of(now())

    def wish(session: Session) -> Wish:
        household = found_household(session, commune_id, code)
        there, said = str(given.get("commune") or commune_id), whom(session, household)
        said_of_it = {**given, **said.get("given", {})}
        found = _found_other(session, kind, there, household, other) if other else None
        if found is not None and found.commune_id != there:
            said_of_it["commune"] = found.commune_id
        return Wish(kind, household.id, day, found.id if found else None, said_of_it, said.get("person_id"))

    def tried(session: Session) -> Plan:
        return register_acts.plan(session, commune_id, wish(session), day_of(now()))

    def done(session: Session, by: Done) -> Plan:
        return register_acts.carry_out(session, commune_id, wish(session), by)

    def asked(session: Session, by: Done) -> object:
        return requests.ask(session, commune_id, wish(session), by)

    _run(tried, asked if words.pop("asks") else done, **words)


def _run(
    tried: Callable[[Session], Plan],
    done: Callable[[Session, Done], object],
    *,
    reason: str,
    username: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show what would happen, and do it. Only tried, it is done as well and rolled back: what the preview cannot see
    refuses it there too. The reason alone may be missing then."""
    with reading() as session:
        try:
            plan = tried(session)
        except Problem as refusal:
            refuse(refusal.code, as_json, {})
        shown = shown_plan(session, plan)
        if plan.rule is not None:
            refuse(plan.rule, as_json, shown)
    try:
        with transaction(dry_run) as session:
            done(session, done_by(session, username, reason or ("…" if dry_run else "")))
    except Problem as refusal:
        refuse(refusal.code, as_json, shown)
    if as_json:
        click.echo(as_text({"done": not dry_run, "rule": None} | shown))
        return
    click.echo(gettext("A trial, nothing was written.") if dry_run else gettext("Done."))
    say_plan(shown)
    say_class_within(shown)


def found_household(session: Session, commune_id: str, code: str) -> Household:
    try:
        return household_story.find(session, commune_id, code)
    except Problem:
        said = N_("Commune %(commune)s has no household with the number %(code)s.")
        raise RefusedBy(gettext(said, commune=commune_id, code=code), "household_unknown") from None


def _found_other(session: Session, kind: RegisterKind, commune_id: str, household: Household, code: str) -> Household:
    """The other household of an act. Of another commune, as its number says, is only what one is merged into; else the
    refusal names the command that brings it here first."""
    try:
        return household_story.find_other(session, commune_id, code)
    except Problem as refusal:
        if refusal.code != "register_other_commune":
            return found_household(session, commune_id, code)
        commune = refusal.detail["commune"]
        if kind is RegisterKind.MERGE:
            return found_household(session, commune, code)
        title, following = map(gettext, PROBLEMS[refusal.code][1:])
        first = f"register move {code} --commune {commune} --village {household.village_id} --reason …"
        said = {"title": title, "next": following, "household": household.code, "first": first, **refusal.detail}
        raise RefusedBy(f"{title} {following}\n  {household.code} ← {first}", refusal.code, said) from refusal


def _not_asked_for(asks: bool) -> None:
    if asks:
        raise click.UsageError(gettext("This is not asked for: who may, does it."))


def done_by(session: Session, username: str | None, reason: str) -> Done:
    account = find_account(session, username) if username else None
    if username and account is None:
        raise no_account(username)
    return Done(account.id if account else None, now(), reason)


def refuse(code: str, as_json: bool, shown: dict[str, Any]) -> Any:
    """End with the rule and the way out."""
    title, following = map(gettext, RegisterCommand.words.get(code) or PROBLEMS[code][1:])
    if as_json:
        click.echo(as_text({"done": False, "rule": code, "title": title, "next": following} | shown))
        raise SystemExit(1)
    lines = [f"{title} {following} ({code})"]
    lines += [
        f"  {one['day']}\t{one['code']}\t"
        + (f"{one['seq']} {one['kind']}" if one["seq"] else gettext("interview %(id)s", id=one["submission_id"]))
        for one in shown.get("broken", [])
    ]
    raise click.ClickException("\n".join(lines))


def shown_plan(session: Session, plan: Plan) -> dict[str, Any]:
    changed = [
        {
            "commune": one.commune_id,
            "household": one.household_id,
            "code": one.code,
            "changes": {each.field: [each.before, each.after] for each in register_preview.differences(one)},
            "then": _then_as_json(one),
            "rounds": [place._asdict() for place in one.places],
            "interviews": [asked._asdict() | {"day": asked.day.isoformat()} for asked in one.interviews],
            "decided": [each._asdict() for each in one.decided],
            "class_within": [each._asdict() for each in one.within],
            "people": [
                {
                    "person": each.person_id,
                    "name": each.name,
                    "changes": {it.field: [it.before, it.after] for it in register_preview.person_differences(each)},
                }
                for each in one.people
            ],
        }
        for one in register_preview.effects(session, plan)
    ]
    broken = [one._asdict() | {"day": one.day.isoformat()} for one in register_preview.broken(session, plan)]
    return {"changed": changed, "broken": broken}


def _then_as_json(one: register_preview.Effect) -> dict[str, Any] | None:
    """What was another on the day of the act, where that has been said anew since."""
    changes = {each.field: [each.before, each.after] for each in register_preview.differences_then(one)}
    return {"day": one.then[0], "changes": changes} if one.then and changes else None


def say_class_within(*shown: dict[str, Any]) -> None:
    """Once, what a class that holds since a day of an open round does to the round's interviews."""
    said = {tuple(one.values()) for each in shown for changed in each["changed"] for one in changed["class_within"]}
    for one in sorted(said, key=str):
        click.echo(class_within(*one))


def say_plan(shown: dict[str, Any]) -> None:
    for one in shown["changed"]:
        click.echo(f"  {one['code']}")
        for name, (before, after) in one["changes"].items():
            click.echo(f"    {gettext(FIELDS[name])}: {_label(before)} → {_label(after)}")
        if one["then"] is not None:
            said = N_("On %(day)s: a later interview or correction has said it anew since")
            click.echo("    " + gettext(said, day=one["then"]["day"]))
            for name, (before, after) in one["then"]["changes"].items():
                click.echo(f"      {gettext(FIELDS[name])}: {_label(before)} → {_label(after)}")
        for each in one["people"]:
            click.echo(f"    {each['name']}")
            for name, (before, after) in each["changes"].items():
                click.echo(f"      {gettext(PERSON_FIELDS[name])}: {_label(before)} → {_label(after)}")
        for place in one["rounds"]:
            said = N_("leaves the list of %(round)s (%(state)s)") if place["leaves"] else N_("%(round)s (%(state)s)")
            click.echo("    " + gettext(said, round=place["round_title"], state=_label(place["state"])))
        for decided in one["decided"]:
            said = N_("%(round)s: %(household_class)s, %(state)s %(day)s; it stays as it was decided")
            words = {"round": decided["round_title"], "state": decided["state"].vi, "day": decided["closed_on"] or ""}
            line = gettext(said, household_class=_label(decided["household_class"]), **words)
            if decided["proof"]:
                number, root = decided["proof"]
                line += gettext(" (proof no. %(number)s, %(root)s)", number=number, root=root)
            click.echo(f"    {line}")
        for asked in one["interviews"]:
            said = N_("interview of %(day)s, %(state)s, %(household_class)s")
            words = {"day": asked["day"], "state": _label(asked["state"])}
            line = gettext(said, household_class=_label(asked["household_class"]), **words)
            line += f" → {_label(asked['becomes'])}" if asked["is_judged_anew"] else ""
            if asked["overridden"]:
                said = N_("does not say any more what the household is, from %(day)s on")
                line += ": " + gettext(said, day=asked["overridden"])
            click.echo(f"    {line}")


def _label(value: Any) -> str:
    if value is None:
        return "–"
    return str(getattr(value, "vi", value))


def line_as_json(session: Session, one: household_story.Line) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "kind": one.kind.value,
        "effective_on": one.effective_on.isoformat(),
        "at": instant(one.at),
        "by": one.by,
        "reason": one.reason,
        "household": one.household.id,
        "code": one.household.code,
        "other": one.other.id if one.other else None,
        "person": one.person.id if one.person else None,
        "said": {key: said for key, said in one.said.items() if key != "answers"},
        "voids": one.voids,
        "undone_by": one.undone_by,
        "rule_against_undoing": household_story.rule_against_undoing(session, one, day_of(now())),
        "without_effect": one.lost_to,
    }


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_day_as_text)


def _day_as_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError

"""`flask --app app audit list`: what was done, by person, household, act and day."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask_babel import gettext

from survey.accounts.accounts import find_account, names_of
from survey.clocks import HERE, instant
from survey.commands.days import Day
from survey.commands.refusals import RefusingGroup, no_account
from survey.evidence import acts, audit
from survey.evidence.acts import Wanted
from survey.reports.csvfile import written
from survey.web.audit_words import (
    HEADER,
    act_in_words,
    csv_rows,
    detail_in_words,
    household_ids,
    is_act,
    subjects_in_words,
)
from survey.web.session import now, transaction

audit_group = RefusingGroup("audit", help="The log of acts.")


class _Day(Day):
    """A day within the log's time."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        found = super().convert(value, param, ctx)
        if not acts.FIRST <= found <= acts.LAST:
            self.fail(gettext("Give days between 2000 and 2100, then look again."), param, ctx)
        return found


_DAY = _Day()


@audit_group.command("list", epilog="Ends with 0, with 1 when nobody has that name, with 2 when called wrongly.")
@click.option("--person", help="Only acts of this account (its name).")
@click.option("--household", help="Only acts about the household of this printed number.")
@click.option("--act", "verb", help="Only this act, by its code.")
@click.option("--since", type=_DAY, help="From this day on.")
@click.option("--until", type=_DAY, help="Until this day, included.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="50 lines each, the newest first.")
@click.option("--csv", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write every line into a file.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_acts(
    person: str | None, household: str | None, verb: str | None, since: date | None, until: date | None,
    page: int, target: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Who did what, the newest first. It holds codes and counts, never what a household answered."""
    with transaction() as session:
        account = find_account(session, person) if person else None
        if person and account is None:
            raise no_account(person)
        if verb and not (is_act(verb) or verb in acts.verbs(session)):
            words = gettext(
                "There is no act of this code; those that were done: %(acts)s", acts=", ".join(acts.verbs(session))
            )
            raise click.BadParameter(words, param_hint="--act")
        wanted = Wanted(
            person=account.id if account else None,
            subjects=household_ids(session, household) if household else None,
            verb=verb,
            since=since,
            until=until,
        )
        if target is not None:
            try:
                with target.open("wb") as file:
                    file.writelines(written(HEADER, csv_rows(session, wanted)))
            except OSError as fault:
                said = gettext("%(file)s cannot be written: %(fault)s", file=target, fault=fault.strerror)
                raise click.ClickException(said) from None
            audit.record(session, now(), None, "audit_exported", "", {"lines": acts.count(session, wanted)})
            return
        lines = acts.listed(session, wanted, (page - 1) * 50, 50)
        people = names_of(session, {one.account_id for one in lines})
        subjects = subjects_in_words(session, lines)
    for one in lines:
        who = people.get(one.account_id or "", "")
        if as_json:  # a line each: a program reads as far as it wants
            said = {"at": instant(one.at), "person": who, "act": one.verb, "subject": one.subject, "detail": one.detail}
            click.echo(json.dumps(said | {"about": subjects.get(one.subject, "")}, ensure_ascii=False))
            continue
        when = one.at.astimezone(HERE).strftime("%Y-%m-%d %H:%M")
        words = [when, who or gettext("at the server"), act_in_words(one.verb), subjects.get(one.subject, one.subject)]
        click.echo("\t".join([*words, detail_in_words(one.detail)]))

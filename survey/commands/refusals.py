"""How a command refuses: by one sentence with the way out, and 1; with --json by the rule as well, whatever refused it.

`Problem` is raised anywhere below; what a command finds itself (an account, a household that is not there) it says as
`RefusedBy`. The words of the pages' table stand, but where they speak of an address or of loading a page again.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

import click
from flask.cli import AppGroup
from flask_babel import gettext

from survey.problems import PROBLEMS, Problem
from survey.text import N_


class RefusedBy(click.ClickException):
    """A refusal that says its rule. `said`: what a program reads beside it."""

    def __init__(self, words: str, rule: str, said: dict[str, Any] | None = None) -> None:
        super().__init__(words)
        self.rule, self.said = rule, said or {}


class RefusingCommand(click.Command):
    """A command that ends in `RefusedBy` for every problem. `words`: title and next step of a problem in a terminal."""

    words: ClassVar[dict[str, tuple[str, str]]] = {
        "not_found": (N_("There is nothing of this code or number."), N_("Look it up in the list, then repeat.")),
        "conflict": (PROBLEMS["conflict"].title, N_("Repeat the command.")),
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        as_json = "--json" in args
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as wrong:
            if as_json:
                missing = wrong.param.name if isinstance(wrong, click.MissingParameter) and wrong.param else None
                rule = "reason_needed" if missing == "reason" else "called_wrongly"
                _say({"rule": rule, "title": wrong.format_message()})
            raise

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except Problem as problem:
            title, following = self.words.get(problem.code) or problem.refusal[1:]
            said = {"title": gettext(title), "next": gettext(following), **(problem.detail or {})}
            refusal: click.ClickException = RefusedBy(f"{said['title']} {said['next']}", problem.code, said)
            cause: Exception | None = problem
        except click.ClickException as found:
            refusal, cause = found, None
        if as_json:
            rule = refusal.rule if isinstance(refusal, RefusedBy) else _plain_rule(refusal)
            beside = refusal.said if isinstance(refusal, RefusedBy) else {}
            _say({"rule": rule, "title": refusal.format_message(), **beside})
        raise refusal from cause


class RefusingGroup(AppGroup):
    command_class = RefusingCommand


class RoundCommand(RefusingCommand):
    words: ClassVar[dict[str, tuple[str, str]]] = {
        "not_found": (N_("There is no such commune, or the round is not in it."), N_("Look at the commune's code.")),
        "not_allowed_now": (N_("The round is open in no commune."), N_("See where it stands: round list.")),
        "round_step": (PROBLEMS["round_step"].title, N_("See where it stands: round list.")),
    }


class RoundGroup(AppGroup):
    command_class = RoundCommand


class RegisterCommand(RefusingCommand):
    words: ClassVar[dict[str, tuple[str, str]]] = {
        "not_found": (
            N_("There is no event, request or village of this number or code in this commune."),
            N_("Look it up: register history, register request list, places villages."),
        ),
    }


class RegisterGroup(AppGroup):
    command_class = RegisterCommand


def no_account(username: str) -> RefusedBy:
    return RefusedBy(gettext("There is no account %(name)s.", name=username), "account_unknown")


def no_commune(code: str) -> RefusedBy:
    return RefusedBy(gettext("No commune has the code %(code)s.", code=code), "commune_unknown")


def _plain_rule(refusal: click.ClickException) -> str:
    return "called_wrongly" if isinstance(refusal, click.UsageError) else "refused"


def _say(said: dict[str, Any]) -> None:
    """`problem` is the name under which commands of rounds say a rule, `rule` that of the register's."""
    click.echo(json.dumps({"done": False, "problem": said["rule"], **said}, ensure_ascii=False))
